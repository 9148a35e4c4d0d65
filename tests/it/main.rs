//! Integration tests: one binary, a file for each thing that is promised.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod behaviours;
mod capacity;
mod command_line;
mod common;
mod common_causes;
mod compare;
mod coverage;
mod cuts;
mod data;
mod data_classes;
mod data_reports;
mod determinism;
mod elsewhere;
mod exact;
mod examples;
mod export;
mod figures;
mod importances;
mod library;
mod memory;
mod mutations;
mod overlays;
#[cfg(feature = "parquet")]
mod parquet;
mod parts;
mod people;
mod platform;
mod random;
mod rare;
mod readme;
mod rebuilds;
mod redundancy;
mod refusals;
mod scenarios;
mod schemas;
mod set_times;
mod tidy;
mod told;
mod topologies;
mod validation;
mod volumes;
mod wiping;
