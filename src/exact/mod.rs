//! Numbers without luck, from the same model: what formulas say, right or wrong.

mod blast;
mod product;

pub use blast::{BlastRadius, blast_radii};
pub use product::{Omission, Product, product_of_availabilities};
