//! What is estimated of one journey.

use serde::{Deserialize, Serialize};

use super::causes::{CauseShare, CauseTally, Prolonging};
use super::first_outage::{FirstOutage, FirstOutageTally};
use super::objective::{ObjectiveTally, Objectives};
use super::outage::Outage;
use super::over_time::{OverTimeTally, PartOfLife};
use crate::spec::Slo;
use crate::stats::{
    Estimate, Lengths, Moments, RatioMoments, zero_event_probability, zero_event_rate,
};
use crate::units::{SECONDS_PER_YEAR, SimSpan, SimTime};

/// Lives after which it is worth keeping what was known by then.
const FIRST_CHECKPOINT: u64 = 16;

/// Estimates of one journey over equal lives.
#[derive(Clone, Debug)]
pub struct JourneyEstimates {
    /// Mean share of time down.
    pub unavailability: Estimate,
    /// What the unavailability is at most, with 95 % confidence, where no outage was seen.
    pub unavailability_upper95: Option<f64>,
    /// One minus the unavailability, and how it is distributed over lives.
    pub availability: Availability,
    /// Outages that begin in a year.
    pub outages_per_year: Estimate,
    /// What their rate is at most, with 95 % confidence, where none was seen.
    pub outages_per_year_upper95: Option<f64>,
    /// How long outages last; `None` where none was seen.
    pub outages: Option<OutageLengths>,
    /// Seconds of downtime in a year.
    pub downtime_s_per_year: Estimate,
    /// Probability of a life without any downtime.
    pub p_no_outage: Estimate,
    /// Whether the topology has anything that somebody may mean.
    pub may_be_planned: bool,
    /// Downtime and outages that somebody meant, and those that nobody did.
    pub by_intent: ByIntent,
    /// Seconds in a year in which it is up and not whole; `None` if it is always whole while up.
    pub degraded_s_per_year: Option<Estimate>,
    /// Share of the hours up that the availability is promised for; `None` if that is always.
    pub availability_during: Option<Estimate>,
    /// When the first outage begins.
    pub first_outage: FirstOutage,
    /// Unavailability over the time of a life.
    pub over_time: Vec<PartOfLife>,
    /// The unavailability as it was estimated after so many lives: powers of two, and all.
    pub convergence: Vec<(u64, Estimate)>,
    /// What prolonged outages that something else had started.
    pub prolonging: Vec<Prolonging>,
    /// Its objectives.
    pub objectives: Objectives,
    /// Where its outages start from, the cause of the most downtime first.
    pub causes: Vec<CauseShare>,
    /// For lengths of downtime in a life, in seconds and ascending: how many lives had more.
    pub downtime_exceedance: Vec<(f64, u64)>,
}

/// Outages that planned work started, and the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByIntent {
    /// Started by planned work.
    pub planned: Downtime,
    /// Started by anything else.
    pub unplanned: Downtime,
}

/// Some of the downtime of a journey.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Downtime {
    /// Seconds of it in a year.
    pub downtime_s_per_year: Estimate,
    /// Outages that begin in a year.
    pub outages_per_year: Estimate,
}

/// Availability over lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Availability {
    /// The mean.
    pub mean: Estimate,
    /// Availability that 95 %, 50 % and 5 % of lives reach: its 5th, 50th and 95th percentile.
    pub quantiles: [f64; 3],
}

/// How long outages last.
#[derive(Clone, Debug)]
pub struct OutageLengths {
    /// Mean length of outages that were seen to their end, seconds; `None` if there are none.
    pub mean: Option<Estimate>,
    /// The 50th, 90th, 95th and 99th percentile, seconds, each to within 0.1 %.
    pub quantiles: Option<[f64; 4]>,
    /// The longest, cut short by the end of a life or not, seconds.
    pub max: f64,
    /// How many.
    pub count: u64,
    /// How many of them the end of a life cut short.
    pub censored: u64,
    /// For lengths in seconds, ascending: how many outages were longer.
    pub exceedance: Vec<(f64, u64)>,
}

/// Counts some of the downtime.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct DowntimeTally {
    micros: Moments,
    outages: Moments,
}

impl DowntimeTally {
    fn merge(&mut self, other: &DowntimeTally) {
        self.micros.merge(&other.micros);
        self.outages.merge(&other.outages);
    }

    /// Where none was seen there are only bounds, unless there can be none.
    fn estimates(&self, years: f64, is_possible: bool) -> Downtime {
        let lives = self.micros.count();
        Downtime {
            downtime_s_per_year: match self.micros.sum() > 0.0 || !is_possible {
                true => self.micros.mean(1e6 * years).within(0.0, f64::MAX),
                false => downtime_at_most(lives),
            },
            outages_per_year: match self.outages.sum() > 0.0 || !is_possible {
                true => self.outages.mean(years).within(0.0, f64::MAX),
                false => Estimate::at_most(zero_event_rate(lives as f64 * years)),
            },
        }
    }
}

/// Seconds a year of what none of so many lives had any of: as if one that has it had nothing else.
fn downtime_at_most(lives: u64) -> Estimate {
    Estimate::at_most(zero_event_probability(lives) * SECONDS_PER_YEAR)
}

/// Counts what one journey's estimates need.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct JourneyTally {
    #[serde(skip)]
    window: (SimTime, SimTime),
    #[serde(skip)]
    may_be_planned: bool,
    downtime: Moments,
    downtime_lengths: Lengths,
    lives_without: u64,
    outages: Moments,
    /// Total length of outages seen to their end, and their number.
    complete: RatioMoments,
    lengths: Lengths,
    longest: SimSpan,
    censored: u64,
    objectives: ObjectiveTally,
    causes: CauseTally,
    planned: DowntimeTally,
    unplanned: DowntimeTally,
    /// Time not whole less time down; kept of journeys that can be degraded.
    degraded: Moments,
    first_outage: FirstOutageTally,
    over_time: OverTimeTally,
    /// How many lives of the run are before the first of these, which may be a part of it.
    #[serde(skip)]
    lives_before: u64,
    /// Downtime of those of these lives that are before each power of two of lives of the run.
    checkpoints: Vec<Moments>,
}

impl JourneyTally {
    pub(crate) fn new(
        slo: &Slo,
        window: (SimTime, SimTime),
        lives_before: u64,
        may_be_planned: bool,
    ) -> JourneyTally {
        JourneyTally {
            window,
            may_be_planned,
            downtime: Moments::default(),
            downtime_lengths: Lengths::default(),
            lives_without: 0,
            outages: Moments::default(),
            complete: RatioMoments::default(),
            lengths: Lengths::default(),
            longest: SimSpan::ZERO,
            censored: 0,
            objectives: ObjectiveTally::new(slo, window),
            causes: CauseTally::default(),
            planned: DowntimeTally::default(),
            unplanned: DowntimeTally::default(),
            degraded: Moments::default(),
            first_outage: FirstOutageTally::default(),
            over_time: OverTimeTally::new(window),
            lives_before,
            checkpoints: Vec::new(),
        }
    }

    /// Adds a life by its outages, and by the times in which it was not whole where there are any.
    ///
    /// Of an outage that began before the window, the downtime in the window counts, and nothing
    /// else: its length is unknown, and its beginning belongs to another time.
    pub(crate) fn add<'a>(
        &mut self,
        outages: impl Iterator<Item = &'a Outage>,
        not_whole: Option<impl Iterator<Item = &'a Outage>>,
    ) {
        let (mut downtime, mut began) = (SimSpan::ZERO, 0);
        let (mut planned_downtime, mut planned) = (SimSpan::ZERO, 0);
        let (mut complete_length, mut complete) = (SimSpan::ZERO, 0);
        let mut first = None;
        let start_of_window = self.window.0;
        for outage in outages.filter(|outage| outage.end > start_of_window) {
            let start = outage.start.max(self.window.0);
            let length = outage.end - start;
            let began_here = outage.start >= self.window.0;
            first = first.or(Some(start - self.window.0));
            downtime = downtime + length;
            self.objectives.add_downtime(start, outage.end);
            self.over_time.add(outage);
            self.causes.add(outage, length, began_here);
            if outage.cause.is_planned {
                planned_downtime = planned_downtime + length;
                planned += u64::from(began_here);
            }
            if !began_here {
                continue;
            }
            began += 1;
            self.longest = self.longest.max(length);
            self.objectives.add_outage(length, outage.is_censored());
            if outage.is_censored() {
                self.censored += 1;
            } else {
                complete_length = complete_length + length;
                complete += 1;
                self.lengths.add(length);
            }
        }
        if let Some(not_whole) = not_whole {
            let within = not_whole.filter(|outage| outage.end > start_of_window);
            let lengths = within.map(|outage| outage.end - outage.start.max(start_of_window));
            let not_whole = lengths.fold(SimSpan::ZERO, |sum, length| sum + length);
            self.degraded.add((not_whole - downtime).micros());
        }
        self.downtime.add(downtime.micros());
        self.downtime_lengths.add(downtime);
        self.lives_without += u64::from(downtime == SimSpan::ZERO);
        self.outages.add(began);
        self.complete.add(complete_length.micros(), complete);
        self.planned.micros.add(planned_downtime.micros());
        self.planned.outages.add(planned);
        self.unplanned.micros.add((downtime - planned_downtime).micros());
        self.unplanned.outages.add(began - planned);
        self.first_outage.add(first);
        self.over_time.end_life();
        self.causes.end_life(downtime);
        self.objectives.end_life(downtime);
        let lives = self.lives_before + self.downtime.count();
        if lives >= FIRST_CHECKPOINT && lives.is_power_of_two() {
            self.checkpoints.push(self.downtime);
        }
    }

    /// Adds the most data that a life, added beside, has lost at once of those that the journey
    /// promises.
    pub(crate) fn add_worst_loss(&mut self, worst: SimSpan) {
        self.objectives.add_worst_loss(worst);
    }

    /// Adds the lives of another, which was measured in the same window and comes after this one.
    pub(crate) fn merge(&mut self, other: &JourneyTally) {
        let JourneyTally {
            window: _,
            may_be_planned: _,
            downtime,
            downtime_lengths,
            lives_without,
            outages,
            complete,
            lengths,
            longest,
            censored,
            objectives,
            causes,
            planned,
            unplanned,
            degraded,
            first_outage,
            over_time,
            lives_before: _,
            checkpoints,
        } = other;
        // The lives of the other come after these.
        self.checkpoints.extend(checkpoints.iter().map(|checkpoint| {
            let mut all = self.downtime;
            all.merge(checkpoint);
            all
        }));
        self.downtime.merge(downtime);
        self.downtime_lengths.merge(downtime_lengths);
        self.lives_without += lives_without;
        self.outages.merge(outages);
        self.complete.merge(complete);
        self.lengths.merge(lengths);
        self.longest = self.longest.max(*longest);
        self.censored += censored;
        self.objectives.merge(objectives);
        self.causes.merge(causes);
        self.planned.merge(planned);
        self.unplanned.merge(unplanned);
        self.degraded.merge(degraded);
        self.first_outage.merge(first_outage);
        self.over_time.merge(over_time);
    }

    /// The interval of the unavailability, relative to it.
    pub(crate) fn relative_half_width(&self) -> Option<f64> {
        self.unavailability().relative_half_width()
    }

    fn length(&self) -> SimSpan {
        self.window.1 - self.window.0
    }

    fn unavailability(&self) -> Estimate {
        self.unavailability_of(&self.downtime)
    }

    fn unavailability_of(&self, downtime: &Moments) -> Estimate {
        downtime.mean(self.length().micros() as f64).within(0.0, 1.0)
    }

    /// What was known after powers of two of lives, from when there had been downtime, and at the end.
    fn convergence(&self) -> Vec<(u64, Estimate)> {
        let has_end = self.checkpoints.last().is_some_and(|last| *last == self.downtime);
        let end = (!has_end).then_some(&self.downtime);
        let seen = self.checkpoints.iter().chain(end).filter(|downtime| downtime.sum() > 0.0);
        seen.map(|downtime| (downtime.count(), self.unavailability_of(downtime))).collect()
    }

    pub(crate) fn estimates(&self) -> JourneyEstimates {
        let lives = self.downtime.count();
        let seconds = self.length().seconds();
        let years = seconds / SECONDS_PER_YEAR;
        // Where no outage was seen the spread of what was seen says nothing: there is only a bound.
        let saw_none = self.lives_without == lives;
        let share_bound = saw_none.then(|| zero_event_probability(lives));
        let none_began = self.outages.sum() == 0.0;
        let rate_bound = none_began.then(|| zero_event_rate(lives as f64 * years));
        let or_at_most = |estimate: Estimate, bound: Option<f64>| match bound {
            Some(bound) => Estimate::at_most(bound),
            None => estimate.within(0.0, f64::MAX),
        };
        let unavailability = or_at_most(self.unavailability(), share_bound);
        let availability = unavailability.complement();
        let availability_of =
            |q: f64| 1.0 - self.downtime_lengths.quantile(q).unwrap_or(0.0) / seconds;
        let per_year = self.downtime.mean(1e6 * years);
        JourneyEstimates {
            unavailability,
            unavailability_upper95: share_bound,
            availability: Availability {
                mean: availability,
                quantiles: [0.95, 0.5, 0.05].map(availability_of),
            },
            outages_per_year: or_at_most(self.outages.mean(years), rate_bound),
            outages_per_year_upper95: rate_bound,
            outages: self.outage_lengths(),
            downtime_s_per_year: or_at_most(
                per_year,
                share_bound.map(|share| share * SECONDS_PER_YEAR),
            ),
            p_no_outage: crate::stats::proportion(self.lives_without, lives)
                .expect("a run has at least one life"),
            may_be_planned: self.may_be_planned,
            by_intent: ByIntent {
                planned: self.planned.estimates(years, self.may_be_planned),
                unplanned: self.unplanned.estimates(years, true),
            },
            degraded_s_per_year: (self.degraded.count() > 0).then(|| {
                match self.degraded.sum() > 0.0 {
                    true => self.degraded.mean(1e6 * years).within(0.0, f64::MAX),
                    false => downtime_at_most(lives),
                }
            }),
            availability_during: self.objectives.availability_during(),
            first_outage: self.first_outage.estimates(),
            over_time: self.over_time.parts(unavailability.ci95.map_or(1.0, |(_, high)| high)),
            convergence: self.convergence(),
            prolonging: self.causes.prolonging(),
            objectives: self.objectives.objectives(&availability),
            causes: self.causes.shares(),
            downtime_exceedance: self.downtime_lengths.exceedance(),
        }
    }

    fn outage_lengths(&self) -> Option<OutageLengths> {
        let count = self.lengths.count() + self.censored;
        (count > 0).then(|| OutageLengths {
            mean: self.complete.ratio(1e6).map(|mean| mean.within(0.0, f64::MAX)),
            quantiles: self.lengths.quantile(0.5).map(|_| {
                [0.5, 0.9, 0.95, 0.99].map(|q| self.lengths.quantile(q).unwrap_or_default())
            }),
            max: self.longest.seconds(),
            count,
            censored: self.censored,
            exceedance: self.lengths.exceedance(),
        })
    }
}
