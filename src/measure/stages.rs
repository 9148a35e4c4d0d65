//! What of a data class is lost at each stage of its way, and by what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::causes::pairs;
use super::incident::{Incident, Stage};
use crate::engine::Root;
use crate::stats::{Estimate, Moments};
use crate::units::SimSpan;

/// What is lost at one stage.
#[derive(Clone, Debug, PartialEq)]
pub struct StageEstimates {
    /// Which.
    pub stage: Stage,
    /// Incidents that begin in a year.
    pub loss_incidents_per_year: Estimate,
    /// Seconds' worth of data that are lost in a year.
    pub lost_s_per_year: Estimate,
    /// Bytes of data that are lost in a year; `None` if the topology does not say.
    pub lost_bytes_per_year: Option<Estimate>,
    /// Its share of all that is lost.
    pub share: f64,
    /// What that starts from, the cause of the most lost data first.
    pub causes: Vec<StageCause>,
}

/// What is lost at one stage by one cause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageCause {
    /// What started the incidents.
    pub root: Root,
    /// Incidents that begin in a year.
    pub loss_incidents_per_year: Estimate,
    /// Seconds' worth of data that are lost in a year.
    pub lost_s_per_year: Estimate,
    /// Bytes of data that are lost in a year; `None` if the topology does not say.
    pub lost_bytes_per_year: Option<Estimate>,
}

/// Counts and amounts over lives.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Amounts {
    pub(super) incidents: Moments,
    pub(super) micros: Moments,
}

impl Amounts {
    pub(super) fn add_life(&mut self, incidents: u64, lost: SimSpan) {
        self.incidents.add(incidents);
        self.micros.add(lost.micros());
    }

    pub(super) fn merge(&mut self, other: &Amounts) {
        self.incidents.merge(&other.incidents);
        self.micros.merge(&other.micros);
    }
}

/// What is lost at one stage, in all and by cause.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct StageTally {
    all: AmountsOfStage,
    #[serde(with = "pairs")]
    by_cause: BTreeMap<Root, AmountsOfStage>,
    /// By cause in the present life.
    #[serde(skip)]
    this_life: Vec<(Root, Lost)>,
}

/// Amounts of lives; lives without any may be missing.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct AmountsOfStage {
    amounts: Amounts,
    /// What [`Volume`] counts.
    volume: Moments,
}

/// What one life has lost.
#[derive(Clone, Copy, Debug, Default)]
struct Lost {
    incidents: u64,
    span: SimSpan,
    groups: u64,
    /// Microseconds, each as often as it is of a group.
    group_micros: u128,
}

impl Lost {
    fn add(&mut self, incident: &Incident, all_groups: u32) {
        // What is lost of the newest data, or on the way, is lost of all groups.
        let groups = if incident.groups == 0 { all_groups } else { incident.groups };
        self.incidents += 1;
        self.span = self.span + incident.lost;
        self.groups += u64::from(groups);
        self.group_micros += u128::from(groups) * u128::from(incident.lost.micros());
    }
}

impl AmountsOfStage {
    fn add_life(&mut self, lost: &Lost, volume: Option<Volume>) {
        self.amounts.add_life(lost.incidents, lost.span);
        self.volume.add(volume.map_or(0, |volume| volume.count(lost)));
    }

    fn merge(&mut self, other: &AmountsOfStage) {
        self.amounts.merge(&other.amounts);
        self.volume.merge(&other.volume);
    }

    /// Incidents, seconds and bytes a year, of so many lives.
    fn per_year(
        &self,
        lives: u64,
        years: f64,
        volume: Option<Volume>,
    ) -> (Estimate, Estimate, Option<Estimate>) {
        let of = |moments: &Moments, unit: f64| {
            moments.mean_of(lives, unit * years).within(0.0, f64::MAX)
        };
        let bytes = volume.map(|volume| of(&self.volume, 1.0 / volume.bytes_of_one()));
        (of(&self.amounts.incidents, 1.0), of(&self.amounts.micros, 1e6), bytes)
    }
}

impl StageTally {
    /// Adds an incident of the present life, of a class of so many groups.
    pub(super) fn add(&mut self, incident: &Incident, all_groups: u32) {
        let place = self.this_life.iter().position(|(root, _)| *root == incident.cause);
        let place = place.unwrap_or_else(|| {
            self.this_life.push((incident.cause, Lost::default()));
            self.this_life.len() - 1
        });
        self.this_life[place].1.add(incident, all_groups);
    }

    /// The life is over, with so many incidents and so much lost.
    pub(super) fn end_life(&mut self, volume: Option<Volume>) -> (u64, SimSpan) {
        let mut sum = Lost::default();
        for (root, lost) in self.this_life.drain(..) {
            self.by_cause.entry(root).or_default().add_life(&lost, volume);
            sum.incidents += lost.incidents;
            sum.span = sum.span + lost.span;
            sum.groups += lost.groups;
            sum.group_micros += lost.group_micros;
        }
        self.all.add_life(&sum, volume);
        (sum.incidents, sum.span)
    }

    /// Adds the lives of another.
    pub(super) fn merge(&mut self, other: &StageTally) {
        self.all.merge(&other.all);
        for (root, amounts) in &other.by_cause {
            self.by_cause.entry(*root).or_default().merge(amounts);
        }
    }

    /// How many incidents there were.
    pub(super) fn incidents(&self) -> f64 {
        self.all.amounts.incidents.sum()
    }

    pub(super) fn estimates(
        &self,
        stage: Stage,
        years: f64,
        all_lost: f64,
        volume: Option<Volume>,
    ) -> StageEstimates {
        let lives = self.all.amounts.incidents.count();
        let cause = |(root, amounts): (&Root, &AmountsOfStage)| {
            let (incidents, seconds, bytes) = amounts.per_year(lives, years, volume);
            StageCause {
                root: *root,
                loss_incidents_per_year: incidents,
                lost_s_per_year: seconds,
                lost_bytes_per_year: bytes,
            }
        };
        let mut causes: Vec<StageCause> = self.by_cause.iter().map(cause).collect();
        // The sort is stable: equal ones stay in the order of their ids.
        causes.sort_by(|a, b| b.lost_s_per_year.mean.total_cmp(&a.lost_s_per_year.mean));
        let (incidents, seconds, bytes) = self.all.per_year(lives, years, volume);
        StageEstimates {
            stage,
            loss_incidents_per_year: incidents,
            lost_s_per_year: seconds,
            lost_bytes_per_year: bytes,
            share: self.all.amounts.micros.sum() / all_lost,
            causes,
        }
    }
}

/// What bytes are worked out from, as whole numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Volume {
    /// Milliseconds of groups, in each of which so many bytes are born. Microseconds of many groups are beyond 64 bits.
    GroupMillis(f64),
    /// Groups, each of so many bytes.
    Groups(f64),
}

impl Volume {
    fn count(self, lost: &Lost) -> u64 {
        match self {
            Volume::GroupMillis(_) => {
                u64::try_from((lost.group_micros + 500) / 1_000).unwrap_or(u64::MAX)
            }
            Volume::Groups(_) => lost.groups,
        }
    }

    fn bytes_of_one(self) -> f64 {
        match self {
            Volume::GroupMillis(bytes) | Volume::Groups(bytes) => bytes,
        }
    }
}
