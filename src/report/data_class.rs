//! What a report shows of a data class.

use super::answer::LossAnswer;
use super::at_once::LevelAtOnce;
use crate::exact::Simultaneous;
use crate::measure::{
    Bounded, DataEstimates, FirstOutage, Nines, StageCause, TimeToLoss, Verdict, bytes_held,
};
use crate::spec::{CatchUp, Holding, Medium};
use crate::stats::Estimate;
use crate::units::SECONDS_PER_YEAR;

/// What came of one data class.
#[derive(Clone, Debug)]
pub struct DataReport {
    /// Its name.
    pub name: String,
    /// What the topology says about it.
    pub about: Option<String>,
    /// What was estimated.
    pub measures: DataMeasures,
    /// What its copies survive, if it has any.
    pub survival: Option<Survival>,
    /// What its copies are, if it has any.
    pub held: Option<Held>,
    /// Whether data can also be lost on their way to what holds them, of which only lives know.
    pub has_way: bool,
    /// Whether they are backed up or offloaded, so that more can be lost of copies than of the data.
    pub is_copied: bool,
    /// How probable it is that losing so many holders at once destroys something, for a few numbers;
    /// none if nothing holds copies.
    pub simultaneous: Vec<Simultaneous>,
    /// The same for units of each level that holders stand on, the nearest first, where that says more.
    pub levels_at_once: Vec<LevelAtOnce>,
    /// What another route says of the first loss, or why there is none; `None` if nobody asked.
    pub second: Option<Result<LossAnswer, String>>,
    /// Whether that is nearer than the simulation, which has seen too little.
    pub is_second_nearer: bool,
}

impl DataReport {
    /// The answer of another route that stands for the simulation: there was none, or it has seen too little.
    pub fn nearer(&self) -> Option<&LossAnswer> {
        match (&self.measures, &self.second) {
            (DataMeasures::Answered(answer), _) => answer.as_ref().ok(),
            (_, Some(Ok(answer))) if self.is_second_nearer => Some(answer),
            _ => None,
        }
    }

    /// Whether it was simulated, and another route stands for how often its data are lost.
    pub(super) fn is_told_by_another(&self) -> bool {
        matches!(self.measures, DataMeasures::Window(_)) && !self.has_way && self.nearer().is_some()
    }

    /// The probability that lives say of what other routes count: a loss of copies; where none was seen a bound. Of what
    /// may be lost without a group that is any incident.
    pub(crate) fn simulated(&self) -> Option<Estimate> {
        let DataMeasures::Window(window) = &self.measures else { return None };
        let copies = window.estimates.copies.as_ref()?;
        match (self.held?.loses_groups_alone, self.has_way) {
            (true, _) => Some(copies.p_any_group_lost.estimate),
            (false, false) => Some(window.estimates.p_loss.estimate),
            (false, true) => None,
        }
    }

    /// The probability of a loss of copies, by what stands for it; where lives saw none a bound.
    pub(super) fn told(&self) -> Option<Estimate> {
        Some(self.durability()?.p_any_group_lost?.estimate)
    }

    /// Incidents of lost data a year, by what stands for them; where none was seen a bound.
    pub(super) fn incidents(&self) -> Option<Estimate> {
        Some(self.losses()?.incidents_per_year?.estimate)
    }

    /// How often data are lost, by what stands for it; `None` where lives ended with the first loss.
    pub(super) fn losses(&self) -> Option<Losses> {
        let by_lives = match &self.measures {
            DataMeasures::Window(window) => Some(Losses::of_lives(&window.estimates)),
            DataMeasures::FirstLoss(_) => return None,
            DataMeasures::Answered(_) => None,
        };
        match (self.nearer(), self.held, self.has_way) {
            (Some(answer), Some(held), false) => Some(Losses::of_answer(answer, held)),
            _ => by_lives,
        }
    }

    /// How durable copies are, by what stands for it; `None` if nothing holds any, and where lives ended with the
    /// first loss.
    pub(super) fn durability(&self) -> Option<Durability> {
        let by_lives = match &self.measures {
            DataMeasures::Window(window) => window.estimates.copies.as_ref(),
            DataMeasures::FirstLoss(_) => return None,
            DataMeasures::Answered(_) => None,
        };
        let losses = by_lives.map_or(0, |copies| copies.time_to_loss.losses);
        match (self.nearer(), self.held) {
            (Some(answer), Some(held)) => Some(Durability::of_answer(answer, held, losses)),
            _ => by_lives.map(|copies| Durability {
                groups_lost_per_year: Some(copies.groups_lost_per_year),
                p_group_lost_per_year: Some(copies.p_group_lost_per_year),
                p_any_lost_per_year: None,
                p_any_group_lost: Some(copies.p_any_group_lost),
                bytes_lost_per_year: copies.bytes_lost_per_year,
                nomdl_per_year: copies.nomdl_per_year,
                time_to_loss: Some(copies.time_to_loss),
            }),
        }
    }
}

/// What the copies of a data class are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// How many groups the data are in.
    pub groups: u32,
    /// Bytes of data, and bytes that they take with their redundancy; `None` if the topology does not say.
    pub bytes: Option<(f64, f64)>,
    /// Whether copies lose whole groups and nothing else, so that whoever counts losses counts groups.
    loses_groups_alone: bool,
    /// How long lives are measured.
    years: f64,
}

impl Held {
    pub(super) fn of(holding: &Holding, years: f64) -> Held {
        let follows_time = holding.lag.is_some() || holding.unsynced.is_some();
        Held {
            groups: holding.groups,
            bytes: bytes_held(holding),
            loses_groups_alone: !follows_time && matches!(holding.catch_up, CatchUp::AtOnce),
            years,
        }
    }

    /// The rate a year at which something comes that has a probability within the horizon, as if it came at one rate
    /// from the beginning on; `None` where it is certain.
    fn rate(self, p: Estimate) -> Option<Bounded> {
        let rate = |p: f64| -libm::log1p(-p.min(1.0)) / self.years;
        let estimate = Estimate {
            mean: rate(p.mean),
            std_error: p.std_error.map(|error| error / (1.0 - p.mean) / self.years),
            ci95: p.ci95.map(|(low, high)| (rate(low), rate(high))),
        };
        let estimate =
            Estimate { ci95: estimate.ci95.filter(|(_, high)| high.is_finite()), ..estimate };
        estimate.mean.is_finite().then(|| Bounded::new(estimate, None))
    }
}

/// How often data of a class are lost, whichever route says so: what every format shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Losses {
    /// Incidents that begin in a year.
    pub(super) incidents_per_year: Option<Bounded>,
    /// Probability that a life has any.
    pub(super) p_loss: Option<Bounded>,
    /// Seconds' worth of data that are lost in a year.
    pub(super) lost_s_per_year: Option<Bounded>,
}

impl Losses {
    fn of_lives(estimates: &DataEstimates) -> Losses {
        Losses {
            incidents_per_year: Some(estimates.loss_incidents_per_year),
            p_loss: Some(estimates.p_loss),
            lost_s_per_year: Some(estimates.lost_s_per_year),
        }
    }

    /// Other routes know how probable a loss is, and not how much it takes: at most all that a life records.
    fn of_answer(answer: &LossAnswer, held: Held) -> Losses {
        let p_loss = answer.p_loss;
        let most = p_loss.and_then(|p| Some(p.ci95?.1.min(1.0) * SECONDS_PER_YEAR));
        Losses {
            incidents_per_year: p_loss.and_then(|p| held.rate(p)),
            p_loss: p_loss.map(|p| Bounded::new(p, None)),
            lost_s_per_year: most.map(at_most),
        }
    }
}

/// How durable copies of data are, whichever route says so: what every format shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Durability {
    /// Groups that are lost in a year.
    pub(super) groups_lost_per_year: Option<Bounded>,
    /// Probability that a given group is lost in a year.
    pub(super) p_group_lost_per_year: Option<Bounded>,
    /// Probability that any group is lost in a year; `None` where only lives know it.
    pub(super) p_any_lost_per_year: Option<Bounded>,
    /// Probability that any group is lost in a life.
    pub(super) p_any_group_lost: Option<Bounded>,
    /// Bytes of data that are lost in a year.
    pub(super) bytes_lost_per_year: Option<Bounded>,
    /// That by bytes of data.
    pub(super) nomdl_per_year: Option<Bounded>,
    /// Mean time to the first loss of copies.
    pub(super) time_to_loss: Option<TimeToLoss>,
}

impl Durability {
    /// Other routes know how probable a loss is, and not how many groups it takes: one at least, and all at most.
    fn of_answer(answer: &LossAnswer, held: Held, losses: u64) -> Durability {
        let groups = f64::from(held.groups.max(1));
        let p_any = answer.p_loss.map(|p| match (held.loses_groups_alone, p.ci95) {
            (true, _) => Bounded::new(p, None),
            // What had not been copied yet is lost without any group.
            (false, ends) => at_most(ends.map_or(p.mean, |(_, high)| high)),
        });
        let rate = p_any.and_then(|p| match p.upper95 {
            None => held.rate(p.estimate),
            Some(bound) => {
                held.rate(Estimate::at_most(bound)).map(|rate| match rate.estimate.ci95 {
                    Some((_, bound)) => at_most(bound),
                    None => rate,
                })
            }
        });
        let of_all = rate.map(|rate| match (held.groups, rate.upper95) {
            (..=1, _) => rate,
            (_, Some(bound)) => at_most(groups * bound),
            (_, None) => {
                let ends = rate.estimate.ci95.map(|(low, high)| (low, groups * high));
                Bounded::new(Estimate { std_error: None, ci95: ends, ..rate.estimate }, None)
            }
        });
        let of_one = of_all.map(|rate| rate.scaled(1.0 / groups));
        let mean = answer.first_loss_s.or_else(|| mean_time(rate?.estimate));
        let least = rate.and_then(|rate| Some(SECONDS_PER_YEAR / rate.upper95?));
        let in_a_year =
            |rate: Bounded| rate.mapped(|rate| -libm::expm1(-rate), libm::exp(-rate.estimate.mean));
        Durability {
            groups_lost_per_year: of_all,
            p_group_lost_per_year: of_one.map(in_a_year),
            p_any_lost_per_year: rate.map(in_a_year),
            p_any_group_lost: p_any,
            bytes_lost_per_year: of_one
                .and_then(|rate| Some(rate.scaled(held.bytes.map(|(usable, _)| usable)?))),
            nomdl_per_year: of_one.filter(|_| held.bytes.is_some()),
            time_to_loss: (mean.is_some() || least.is_some()).then_some(TimeToLoss {
                mean,
                lower95: least.filter(|_| mean.is_none()),
                losses,
            }),
        }
    }

    /// How many nines the probability has that a given group is not lost in a year.
    pub(super) fn nines(&self) -> Option<Nines> {
        Nines::of(&self.p_group_lost_per_year?)
    }
}

fn at_most(bound: f64) -> Bounded {
    Bounded::new(Estimate::at_most(bound), Some(bound))
}

/// The mean time until something that comes at such a rate a year, seconds; `None` where it never comes.
fn mean_time(rate: Estimate) -> Option<Estimate> {
    let time = |rate: f64| SECONDS_PER_YEAR / rate;
    (rate.mean > 0.0).then(|| Estimate {
        mean: time(rate.mean),
        std_error: rate.std_error.map(|error| time(rate.mean) * error / rate.mean),
        ci95: rate.ci95.filter(|(low, _)| *low > 0.0).map(|(low, high)| (time(high), time(low))),
    })
}

/// What was estimated of one data class.
#[derive(Clone, Debug)]
pub enum DataMeasures {
    /// Over equal lives.
    Window(Box<WindowOfData>),
    /// Over lives that ended when data were lost: when; `None` if nothing holds it.
    FirstLoss(Option<FirstOutage>),
    /// By another route alone, or why not.
    Answered(Result<LossAnswer, String>),
}

/// What equal lives say of one data class.
#[derive(Clone, Debug)]
pub struct WindowOfData {
    /// What was estimated.
    pub estimates: DataEstimates,
    /// Where its incidents start from: the twenty causes with the most lost data.
    pub causes: Vec<DataCause>,
    /// For each stage of the estimates, where what is lost there starts from: the twenty causes with the most lost data.
    pub stage_causes: Vec<Vec<DataStageCause>>,
    /// The journeys that promise how much of it may be lost.
    pub promised: Vec<PromisedBy>,
}

/// A promise of a journey, and how incidents of one data class keep it.
#[derive(Clone, Debug, PartialEq)]
pub struct PromisedBy {
    /// The journey.
    pub journey: String,
    /// At most so much, seconds.
    pub target_s: f64,
    /// The share of incidents that lose more; `None` where none was seen.
    pub share_exceeding: Option<f64>,
    /// Whether the journey keeps it, over all data classes that it is about.
    pub verdict: Verdict,
}

/// Where losses of data start from: a failure mode of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct DataCause {
    /// The failure mode.
    pub mode: String,
    /// The unit that failed.
    pub unit: String,
    /// The branch that its repair took, where branches have names.
    pub branch: Option<String>,
    /// Whether somebody meant it to happen.
    pub is_planned: bool,
    /// Its share of all that is lost.
    pub lost_share: f64,
    /// The 95 % interval of that.
    pub lost_share_ci95: Option<(f64, f64)>,
    /// Its share of all incidents.
    pub incident_share: f64,
    /// How well its numbers are known, if the topology says so.
    pub grade: Option<&'static str>,
}

/// Where what is lost at one stage starts from: a failure mode of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct DataStageCause {
    /// The failure mode.
    pub mode: String,
    /// The unit that failed.
    pub unit: String,
    /// The branch that its repair took, where branches have names.
    pub branch: Option<String>,
    /// How much is lost by it.
    pub estimates: StageCause,
}

/// What a copy survives, by the medium that it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survival {
    /// What it is on.
    pub medium: Medium,
    /// Whether the newest data are gone with the power.
    pub loses_newest_without_power: bool,
}

impl Survival {
    /// What may happen to what holds a copy, and whether the copy is there afterwards.
    pub fn matrix(&self) -> [(&'static str, bool); 5] {
        let kept = match self.medium {
            Medium::Memory => [false; 5],
            Medium::Ephemeral => [true, false, false, false, false],
            // What is local stays where it is, and a pod that moves begins with nothing.
            Medium::Local => [true, false, true, false, true],
            Medium::Network => [true; 5],
        };
        let events = ["process restart", "pod move", "node reboot", "node loss", "site power"];
        std::array::from_fn(|place| (events[place], kept[place]))
    }

    /// The name of the medium, as topologies have it.
    pub fn medium_name(&self) -> &'static str {
        self.medium.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_medium_survives_what_it_survives() {
        for (medium, kept) in [
            (Medium::Memory, "-----"),
            (Medium::Ephemeral, "+----"),
            (Medium::Local, "+-+-+"),
            (Medium::Network, "+++++"),
        ] {
            let survival = Survival { medium, loses_newest_without_power: false };
            let found: String =
                survival.matrix().iter().map(|(_, kept)| if *kept { '+' } else { '-' }).collect();
            assert_eq!(found, kept, "{}", survival.medium_name());
        }
    }
}
