//! What a report shows of a data class.

use super::answer::LossAnswer;
use crate::exact::Simultaneous;
use crate::measure::{DataEstimates, FirstOutage};
use crate::spec::Medium;
use crate::stats::Estimate;

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
    /// How probable it is that losing so many holders at once destroys something, for a few numbers;
    /// none if nothing holds copies.
    pub simultaneous: Vec<Simultaneous>,
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

    /// The probability that lives say of a loss of copies; where none was seen a bound.
    pub(crate) fn simulated(&self) -> Option<Estimate> {
        match &self.measures {
            DataMeasures::Window(window) => {
                Some(window.estimates.copies.as_ref()?.p_any_group_lost.estimate)
            }
            DataMeasures::FirstLoss(_) | DataMeasures::Answered(_) => None,
        }
    }

    /// The probability of a loss of copies, by what stands for it.
    pub(super) fn told(&self) -> Option<Estimate> {
        match self.nearer() {
            Some(answer) => answer.p_loss,
            None => self.simulated(),
        }
    }

    /// Incidents of lost data a year; where none was seen a bound.
    pub(super) fn incidents(&self) -> Option<Estimate> {
        match &self.measures {
            DataMeasures::Window(window) => Some(window.estimates.loss_incidents_per_year.estimate),
            DataMeasures::FirstLoss(_) | DataMeasures::Answered(_) => None,
        }
    }
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
        match self.medium {
            Medium::Memory => "memory",
            Medium::Ephemeral => "ephemeral",
            Medium::Local => "local",
            Medium::Network => "network",
        }
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
