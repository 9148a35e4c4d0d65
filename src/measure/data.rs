//! What is estimated of one data class: what is lost, at which stage, why, and how its copies fare.

use serde::{Deserialize, Serialize};

use super::causes::{CauseShare, CauseTally};
use super::cycles::{CycleEstimates, CycleFacts, CycleTally};
use super::first_outage::{FirstOutage, FirstOutageTally};
use super::incident::{CopiesOfLife, LifeOfData, Stage};
use super::stages::{Amounts, StageEstimates, StageTally, Volume};
use crate::scheme::Scheme;
use crate::spec::{DataClass, Holding, Speed, Topology};
use crate::stats::{
    Estimate, Lengths, Moments, RatioMoments, proportion, zero_event_probability, zero_event_rate,
};
use crate::units::{SECONDS_PER_YEAR, SimSpan, SimTime};

/// Estimates of one data class over equal lives.
#[derive(Clone, Debug)]
pub struct DataEstimates {
    /// Incidents that begin in a year.
    pub loss_incidents_per_year: Bounded,
    /// Probability that a life has any.
    pub p_loss: Bounded,
    /// Seconds' worth of data that are lost in a year.
    pub lost_s_per_year: Bounded,
    /// How much incidents lose, seconds; `None` where none was seen.
    pub rpo: Option<SpanEstimates>,
    /// For each amount that incidents lost, seconds and ascending, how many incidents of all lives
    /// lost more.
    pub exceedance: Vec<(f64, u64)>,
    /// For each journey that promises how much may be lost: how many incidents lose more.
    pub promised: Vec<Promised>,
    /// Where data are lost, in the order of their way; stages at which something was lost.
    pub stages: Vec<StageEstimates>,
    /// What incidents start from, the cause of the most lost data first: its shares are of lost
    /// data, and of incidents.
    pub causes: Vec<CauseShare>,
    /// When the first incident begins.
    pub first_loss: FirstOutage,
    /// How long restorations from a backup take, seconds; `None` where there was none.
    pub restorations: Option<SpanEstimates>,
    /// How the copies fare; `None` if nothing holds any.
    pub copies: Option<CopyEstimates>,
    /// What comes of offloads, if there are any.
    pub offload: Option<CycleEstimates>,
    /// What comes of backups, if there are any.
    pub backup: Option<CycleEstimates>,
}

/// An estimate, and a bound where nothing was seen to estimate from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded {
    /// The estimate.
    pub estimate: Estimate,
    /// What it is at most, with 95 % confidence, where nothing was seen.
    pub upper95: Option<f64>,
}

impl Bounded {
    /// This, or where nothing was seen, at most so much.
    pub(crate) fn new(estimate: Estimate, upper95: Option<f64>) -> Bounded {
        let estimate = match upper95 {
            Some(bound) => Estimate::at_most(bound),
            None => estimate.within(0.0, f64::MAX),
        };
        Bounded { estimate, upper95 }
    }

    /// The same in another unit: so many times larger.
    pub(crate) fn scaled(self, factor: f64) -> Bounded {
        self.mapped(|value| value * factor, factor)
    }

    /// A rising function of what was estimated, with its slope at the estimate.
    pub(crate) fn mapped(self, function: impl Fn(f64) -> f64, slope: f64) -> Bounded {
        let Estimate { mean, std_error, ci95 } = self.estimate;
        let estimate = Estimate {
            mean: function(mean),
            std_error: std_error.map(|error| error * slope),
            ci95: ci95.map(|(low, high)| (function(low), function(high))),
        };
        Bounded { estimate, upper95: self.upper95.map(function) }
    }
}

/// How many nines a probability leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nines {
    /// `-log10` of it; where nothing was seen, at least so many.
    pub nines: f64,
    /// The 95 % interval; its upper end is `None` where the probability may be zero.
    pub ci95: Option<(f64, Option<f64>)>,
}

impl Nines {
    /// Those of a probability; `None` of one that is zero.
    pub(crate) fn of(p: &Bounded) -> Option<Nines> {
        // Subtracted from zero, a certain loss has no nines, and not minus none.
        let nines = |p: f64| (p > 0.0).then(|| (0.0 - libm::log10(p)).max(0.0));
        Some(Nines {
            nines: nines(p.upper95.unwrap_or(p.estimate.mean))?,
            ci95: p.estimate.ci95.and_then(|(low, high)| Some((nines(high)?, nines(low)))),
        })
    }
}

/// Lengths of time, of incidents or of restorations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanEstimates {
    /// Their mean, seconds.
    pub mean: Estimate,
    /// Their 50th, 95th and 99th percentile, seconds, each to within 0.1 %.
    pub quantiles: [f64; 3],
    /// The longest, seconds.
    pub max: f64,
    /// How many.
    pub count: u64,
}

/// How much of a data class a journey promises to lose at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promised {
    /// The index of the journey.
    pub journey: usize,
    /// At most so much, seconds.
    pub target_s: f64,
    /// The share of incidents that lose more; `None` where none was seen.
    pub share_exceeding: Option<f64>,
}

/// How the copies of a data class fare.
#[derive(Clone, Debug)]
pub struct CopyEstimates {
    /// How many groups the data are in.
    pub groups: u32,
    /// How many positions of a group may be lost whichever they are, and whether one more always
    /// loses it; some codes may recover from more, as it happens.
    pub tolerance: (u32, bool),
    /// Bytes of data, and bytes that they take with their redundancy; `None` if the topology does
    /// not say.
    pub bytes: Option<(f64, f64)>,
    /// Groups that are lost in a year.
    pub groups_lost_per_year: Bounded,
    /// Probability that a given group is lost in a year.
    pub p_group_lost_per_year: Bounded,
    /// Probability that any group is lost in a life.
    pub p_any_group_lost: Bounded,
    /// Bytes of data that are lost in a year; `None` where `bytes` is.
    pub bytes_lost_per_year: Option<Bounded>,
    /// The normalised magnitude of data loss: bytes lost in a year by bytes of data; `None` where
    /// `bytes` is.
    pub nomdl_per_year: Option<Bounded>,
    /// Mean time to the first loss of copies.
    pub time_to_loss: TimeToLoss,
    /// Share of the time in which at least one copy is lost and not yet back.
    pub reduced_share: Estimate,
    /// Seconds in a year for which groups cannot be read, summed over groups.
    pub unreadable_group_s_per_year: Estimate,
    /// Copies that come back in a year.
    pub rebuilt_per_year: Estimate,
    /// Bytes that are moved for that in a year; `None` if the topology does not say.
    pub rebuilt_bytes_per_year: Option<Estimate>,
    /// How often in a year a group has lost one position, two, and so on, and is not gone with it.
    pub margins_per_year: Vec<f64>,
}

/// Mean time to the first loss of copies, by exposure: all time without a loss by the number of first
/// losses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeToLoss {
    /// The mean, seconds; `None` where no loss was seen.
    pub mean: Option<Estimate>,
    /// What it is at least, with 95 % confidence, where no loss was seen, seconds.
    pub lower95: Option<f64>,
    /// How many lives had one.
    pub losses: u64,
}

/// Lengths of time and their mean over lives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct SpanTally {
    /// Total length over number.
    totals: RatioMoments,
    lengths: Lengths,
}

impl SpanTally {
    fn add_life(&mut self, spans: impl Iterator<Item = SimSpan>) {
        let (mut total, mut count) = (SimSpan::ZERO, 0);
        for span in spans {
            total = total + span;
            count += 1;
            self.lengths.add(span);
        }
        self.totals.add(total.micros(), count);
    }

    fn merge(&mut self, other: &SpanTally) {
        self.totals.merge(&other.totals);
        self.lengths.merge(&other.lengths);
    }

    fn estimates(&self) -> Option<SpanEstimates> {
        let mean = self.totals.ratio(1e6)?.within(0.0, f64::MAX);
        let quantile = |q: f64| self.lengths.quantile(q).unwrap_or_default();
        Some(SpanEstimates {
            mean,
            quantiles: [0.5, 0.95, 0.99].map(quantile),
            max: self.lengths.max().seconds(),
            count: self.lengths.count(),
        })
    }
}

/// What a topology says of a data class, as far as estimates need it.
#[derive(Clone, Debug, Default)]
struct Facts {
    window: (SimTime, SimTime),
    /// Bytes that are born in a second.
    rate: Option<f64>,
    /// For each journey that promises how much may be lost: its index, and how much.
    promised: Vec<(usize, SimSpan)>,
    copies: Option<CopyFacts>,
    offload: Option<CycleFacts>,
    backup: Option<CycleFacts>,
}

impl Facts {
    fn groups(&self) -> u32 {
        self.copies.map_or(1, |copies| copies.groups.max(1))
    }

    /// What is known of the bytes that are lost at a stage: with all copies goes what they held; else it is as much as was
    /// born in the time that is lost.
    fn volume(&self, stage: Stage) -> Option<Volume> {
        let groups = f64::from(self.groups());
        let held = self.copies.and_then(|copies| copies.bytes);
        match (stage, held) {
            (Stage::AllCopies | Stage::Deleted, Some((usable, _))) => {
                Some(Volume::Groups(usable / groups))
            }
            _ => self.rate.map(|rate| Volume::GroupMillis(rate / 1e3 / groups)),
        }
    }
}

/// Bytes of data, and bytes that they take with their redundancy; `None` if the topology does not say.
pub(crate) fn bytes_held(holding: &Holding) -> Option<(f64, f64)> {
    let scheme = &holding.scheme;
    let usable_share = f64::from(scheme.data()) / f64::from(scheme.width());
    let raw = holding.size? * holding.holders.len() as f64;
    Some((raw * usable_share, raw))
}

#[derive(Clone, Copy, Debug)]
struct CopyFacts {
    groups: u32,
    /// How many copies or shards there are.
    copies: f64,
    tolerance: (u32, bool),
    bytes: Option<(f64, f64)>,
    /// Bytes that are moved to bring a copy back.
    bytes_a_copy: Option<f64>,
}

impl CopyFacts {
    fn of(holding: &Holding) -> CopyFacts {
        let scheme = &holding.scheme;
        let moved = holding.rebuild.as_ref().and_then(|rebuild| match rebuild.speed {
            Speed::Bandwidth { bytes, .. } => Some(bytes),
            Speed::Law(_) => None,
        });
        CopyFacts {
            groups: holding.groups,
            copies: holding.holders.len() as f64,
            tolerance: (scheme.tolerance(), matches!(scheme, Scheme::Threshold { .. })),
            bytes: bytes_held(holding),
            bytes_a_copy: moved.or(holding.size),
        }
    }
}

/// Counts what the estimates of one data class need.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DataTally {
    #[serde(skip)]
    facts: Facts,
    lives_with: u64,
    all: Amounts,
    incidents: SpanTally,
    restorations: SpanTally,
    /// Incidents that lost more than a journey promises, for each that does.
    exceeding: Vec<u64>,
    /// By stage, in their order.
    stages: Vec<StageTally>,
    causes: CauseTally,
    first_loss: FirstOutageTally,
    copies: CopyTally,
    offload: CycleTally,
    backup: CycleTally,
}

/// Counts what copies do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct CopyTally {
    groups_lost: Moments,
    lives_with_lost_groups: u64,
    /// Time without a loss of copies, and whether there was one then.
    exposure: RatioMoments,
    lives_with_loss: u64,
    reduced: Moments,
    /// Milliseconds, since whole microseconds of many groups are beyond 64 bits.
    unreadable_millis: Moments,
    rebuilt: Moments,
    margins: Vec<u64>,
}

impl CopyTally {
    fn add(&mut self, copies: &CopiesOfLife, groups_lost: u64, exposed: SimSpan, has_lost: bool) {
        self.groups_lost.add(groups_lost);
        self.lives_with_lost_groups += u64::from(groups_lost > 0);
        self.exposure.add(exposed.micros(), u64::from(has_lost));
        self.lives_with_loss += u64::from(has_lost);
        self.reduced.add(copies.reduced.micros());
        let millis = u64::try_from(copies.unreadable_micros / 1_000).unwrap_or(u64::MAX);
        self.unreadable_millis.add(millis);
        self.rebuilt.add(copies.rebuilt);
        self.add_margins(&copies.margins);
    }

    fn add_margins(&mut self, margins: &[u64]) {
        if self.margins.len() < margins.len() {
            self.margins.resize(margins.len(), 0);
        }
        for (sum, margin) in self.margins.iter_mut().zip(margins) {
            *sum += margin;
        }
    }

    fn merge(&mut self, other: &CopyTally) {
        let CopyTally {
            groups_lost,
            lives_with_lost_groups,
            exposure,
            lives_with_loss,
            reduced,
            unreadable_millis,
            rebuilt,
            margins,
        } = other;
        self.groups_lost.merge(groups_lost);
        self.lives_with_lost_groups += lives_with_lost_groups;
        self.exposure.merge(exposure);
        self.lives_with_loss += lives_with_loss;
        self.reduced.merge(reduced);
        self.unreadable_millis.merge(unreadable_millis);
        self.rebuilt.merge(rebuilt);
        self.add_margins(margins);
    }

    fn estimates(&self, facts: &CopyFacts, years: f64) -> CopyEstimates {
        let lives = self.groups_lost.count();
        let all_years = lives as f64 * years;
        let groups = f64::from(facts.groups.max(1));
        // Where none was lost nobody knows how many go at a time: it may be all of them.
        let saw_none = self.lives_with_lost_groups == 0;
        let bound = saw_none.then(|| groups * zero_event_rate(all_years));
        let groups_lost_per_year = Bounded::new(self.groups_lost.mean(years), bound);
        let rate = groups_lost_per_year.scaled(1.0 / groups);
        let bytes_lost = |(usable, _): (f64, f64)| rate.scaled(usable);
        // Of what was never seen there is only a bound: all that there is of it at a time, for as long as a life.
        let seldom = zero_event_probability(lives);
        let or_at_most = |seen: &Moments, scale: f64, bound: f64| match seen.sum() > 0.0 {
            true => seen.mean(scale).within(0.0, f64::MAX),
            false => Estimate::at_most(bound),
        };
        let rebuilt_per_year =
            or_at_most(&self.rebuilt, years, facts.copies * zero_event_rate(all_years));
        let rebuilt = Bounded { estimate: rebuilt_per_year, upper95: None };
        let any = proportion(self.lives_with_lost_groups, lives);
        CopyEstimates {
            groups: facts.groups,
            tolerance: facts.tolerance,
            bytes: facts.bytes,
            groups_lost_per_year,
            p_group_lost_per_year: rate
                .mapped(|rate| -libm::expm1(-rate), libm::exp(-rate.estimate.mean)),
            p_any_group_lost: Bounded::new(
                any.unwrap_or(Estimate::at_most(1.0)),
                saw_none.then(|| zero_event_probability(lives)),
            ),
            bytes_lost_per_year: facts.bytes.map(bytes_lost),
            nomdl_per_year: facts.bytes.map(|_| rate),
            time_to_loss: TimeToLoss {
                mean: self.exposure.ratio(1e6).map(|mean| mean.within(0.0, f64::MAX)),
                lower95: (self.lives_with_loss == 0)
                    .then(|| SECONDS_PER_YEAR / zero_event_rate(all_years)),
                losses: self.lives_with_loss,
            },
            reduced_share: or_at_most(&self.reduced, 1e6 * SECONDS_PER_YEAR * years, seldom)
                .within(0.0, 1.0),
            unreadable_group_s_per_year: or_at_most(
                &self.unreadable_millis,
                1e3 * years,
                groups * seldom * SECONDS_PER_YEAR,
            ),
            rebuilt_per_year,
            rebuilt_bytes_per_year: facts.bytes_a_copy.map(|bytes| rebuilt.scaled(bytes).estimate),
            margins_per_year: self.margins.iter().map(|times| *times as f64 / all_years).collect(),
        }
    }
}

impl DataTally {
    /// For a data class of a topology, by its index.
    pub(crate) fn new(topology: &Topology, index: usize, window: (SimTime, SimTime)) -> DataTally {
        let promises = topology.journeys.iter().enumerate().filter_map(|(number, journey)| {
            let target = journey.slo.rpo.filter(|_| journey.data.contains(&index))?;
            Some((number, SimSpan::from_seconds(target)))
        });
        DataTally::of(&topology.data[index], promises.collect(), window)
    }

    fn of(
        class: &DataClass,
        promised: Vec<(usize, SimSpan)>,
        window: (SimTime, SimTime),
    ) -> DataTally {
        DataTally {
            lives_with: 0,
            all: Amounts::default(),
            incidents: SpanTally::default(),
            restorations: SpanTally::default(),
            exceeding: vec![0; promised.len()],
            stages: vec![StageTally::default(); Stage::ALL.len()],
            causes: CauseTally::default(),
            first_loss: FirstOutageTally::default(),
            copies: CopyTally::default(),
            offload: CycleTally::default(),
            backup: CycleTally::default(),
            facts: Facts {
                window,
                rate: class.rate,
                promised,
                copies: class.holding.as_ref().map(CopyFacts::of),
                offload: class.offload.as_ref().map(|offload| CycleFacts::of(offload, false)),
                backup: class.backup.as_ref().map(|backup| CycleFacts::of(backup, true)),
            },
        }
    }

    /// Adds a life, with when its copies lost a group.
    ///
    /// An incident that began before the window belongs to another time, with all that it lost; one
    /// that began in it counts whole, as far as the life goes.
    pub(crate) fn add(&mut self, life: &LifeOfData, losses: impl Iterator<Item = SimTime>) {
        let (start, end) = self.facts.window;
        let within = || life.incidents_from(start);
        let all_groups = self.facts.groups();
        let mut groups_lost: u64 = 0;
        for incident in within() {
            self.stages[incident.stage as usize].add(incident, all_groups);
            groups_lost += u64::from(incident.groups);
            self.causes.add_started(incident.cause, incident.lost, true);
            for (exceeding, (_, target)) in self.exceeding.iter_mut().zip(&self.facts.promised) {
                *exceeding += u64::from(incident.lost > *target);
            }
        }
        let (mut all, mut all_lost) = (0, SimSpan::ZERO);
        for (stage, tally) in Stage::ALL.iter().zip(&mut self.stages) {
            let (incidents, lost) = tally.end_life(self.facts.volume(*stage));
            all += incidents;
            all_lost = all_lost + lost;
        }
        self.all.add_life(all, all_lost);
        self.lives_with += u64::from(all > 0);
        self.incidents.add_life(within().map(|incident| incident.lost));
        self.restorations.add_life(within().filter_map(|incident| incident.restored_in));
        self.causes.end_life(all_lost);
        self.first_loss.add(within().next().map(|incident| incident.at - start));
        if self.facts.copies.is_some() {
            let first = losses.filter(|at| *at >= start).min();
            let exposed = first.unwrap_or(end) - start;
            self.copies.add(&life.copies, groups_lost, exposed, first.is_some());
        }
        for (tally, of_life) in
            [(&mut self.offload, &life.offload), (&mut self.backup, &life.backup)]
        {
            of_life.iter().for_each(|of_life| tally.add(of_life));
        }
    }

    /// Adds the lives of another.
    pub(crate) fn merge(&mut self, other: &DataTally) {
        let DataTally {
            facts: _,
            lives_with,
            all,
            incidents,
            restorations,
            exceeding,
            stages,
            causes,
            first_loss,
            copies,
            offload,
            backup,
        } = other;
        self.lives_with += lives_with;
        self.all.merge(all);
        self.incidents.merge(incidents);
        self.restorations.merge(restorations);
        for (sum, exceeding) in self.exceeding.iter_mut().zip(exceeding) {
            *sum += exceeding;
        }
        for (own, others) in self.stages.iter_mut().zip(stages) {
            own.merge(others);
        }
        self.causes.merge(causes);
        self.first_loss.merge(first_loss);
        self.copies.merge(copies);
        self.offload.merge(offload);
        self.backup.merge(backup);
    }

    /// Half of the width of the interval of incidents a year, relative to them; `None` while none was
    /// seen.
    pub(crate) fn relative_half_width(&self) -> Option<f64> {
        self.all.incidents.mean(1.0).relative_half_width()
    }

    pub(crate) fn estimates(&self) -> DataEstimates {
        let lives = self.all.incidents.count();
        let (start, end) = self.facts.window;
        let years = (end - start).seconds() / SECONDS_PER_YEAR;
        let saw_none = self.lives_with == 0;
        let probability = saw_none.then(|| zero_event_probability(lives));
        let rate = saw_none.then(|| zero_event_rate(lives as f64 * years));
        let all_lost = self.all.micros.sum().max(1.0);
        let stages = Stage::ALL.iter().zip(&self.stages);
        let seen = stages.filter(|(_, tally)| tally.incidents() > 0.0);
        let count = self.incidents.lengths.count();
        let promised = self.facts.promised.iter().zip(&self.exceeding);
        DataEstimates {
            loss_incidents_per_year: Bounded::new(self.all.incidents.mean(years), rate),
            p_loss: Bounded::new(
                proportion(self.lives_with, lives).unwrap_or(Estimate::at_most(1.0)),
                probability,
            ),
            lost_s_per_year: Bounded::new(
                self.all.micros.mean(1e6 * years),
                // As if what was not seen lost all that a life records.
                probability.map(|probability| probability * SECONDS_PER_YEAR),
            ),
            rpo: self.incidents.estimates(),
            exceedance: self.incidents.lengths.exceedance(),
            promised: promised
                .map(|(&(journey, target), &exceeding)| Promised {
                    journey,
                    target_s: target.seconds(),
                    share_exceeding: (count > 0).then(|| exceeding as f64 / count as f64),
                })
                .collect(),
            stages: seen
                .map(|(stage, tally)| {
                    tally.estimates(*stage, years, all_lost, self.facts.volume(*stage))
                })
                .collect(),
            causes: self.causes.shares(),
            first_loss: self.first_loss.estimates(),
            restorations: self.restorations.estimates(),
            copies: self.facts.copies.map(|facts| self.copies.estimates(&facts, years)),
            offload: self.facts.offload.map(|facts| self.offload.estimates(&facts, years)),
            backup: self.facts.backup.map(|facts| self.backup.estimates(&facts, years)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::incident::Incident;
    use super::super::incident::tests::{HOUR, at, class, root, seconds};
    use super::super::outage::Outage;
    use super::super::pipeline::{Struck, walk};
    use super::*;
    use crate::model::JourneyId;
    use crate::rng::{Purpose, Stream, StreamKey};
    use crate::spec::{Buffer, CatchUp, Medium, Placement};

    const YEAR: u64 = 8_760 * HOUR;

    fn incident(time: u64, stage: Stage, lost: u64, groups: u32) -> Incident {
        Incident {
            at: at(time),
            stage,
            lost: seconds(lost),
            groups,
            cause: root(time as usize % 2),
            restored_in: (stage == Stage::BackupAge).then(|| seconds(60)),
        }
    }

    fn holding() -> Holding {
        Holding {
            holders: vec![0, 1, 2, 3, 4, 5],
            places: vec![0, 1, 2, 3, 4, 5],
            most_per_place: 1,
            also: Vec::new(),
            scheme: Scheme::copies(3),
            ack: None,
            groups: 10,
            placement: Placement::Random { seed: 0 },
            medium: Medium::Local,
            size: Some(1e12),
            rebuild: None,
            unreadable: 0.0,
            latent: None,
            deleted: None,
            lag: None,
            service: None,
            unsynced: None,
            catch_up: CatchUp::AtOnce,
        }
    }

    fn held() -> DataClass {
        DataClass { holding: Some(holding()), ..class() }
    }

    #[test]
    fn what_was_lost_is_told_by_stage_and_cause() {
        // Two years after a warm-up of one, in two lives.
        let window = (at(YEAR), at(3 * YEAR));
        let promised = vec![(0, seconds(0)), (4, seconds(90))];
        let mut tally = DataTally::of(&held(), promised, window);
        let mut life = LifeOfData {
            incidents: vec![
                incident(YEAR - 2, Stage::NeverRecorded, 1_000, 0),
                incident(YEAR, Stage::NeverRecorded, 100, 0),
                incident(YEAR + 11, Stage::Buffer, 80, 0),
                incident(2 * YEAR, Stage::BackupAge, 220, 3),
            ],
            copies: CopiesOfLife {
                reduced: seconds(YEAR / 2),
                unreadable_micros: 5_000_000,
                rebuilt: 8,
                margins: vec![8, 2],
            },
            ..LifeOfData::default()
        };
        tally.add(&life, [at(5), at(2 * YEAR), at(2 * YEAR + 1)].into_iter());
        life.incidents.truncate(1);
        life.copies = CopiesOfLife::default();
        tally.add(&life, std::iter::empty());
        let found = tally.estimates();
        // Three incidents in four years lose 400 s.
        assert_eq!(found.loss_incidents_per_year.estimate.mean, 0.75);
        assert_eq!(found.lost_s_per_year.estimate.mean, 100.0);
        assert_eq!((found.p_loss.estimate.mean, found.p_loss.upper95), (0.5, None));
        let rpo = found.rpo.unwrap();
        assert_eq!((rpo.count, rpo.max), (3, 220.0));
        assert!((rpo.mean.mean - 400.0 / 3.0).abs() < 1e-9);
        let shares: Vec<_> = found.promised.iter().map(|one| one.share_exceeding).collect();
        assert_eq!(shares, [Some(1.0), Some(2.0 / 3.0)]);
        let stages: Vec<_> = found
            .stages
            .iter()
            .map(|one| (one.stage.name(), one.lost_s_per_year.mean, one.share))
            .collect();
        let wanted =
            [("never-recorded", 25.0, 0.25), ("buffer", 20.0, 0.2), ("backup-age", 55.0, 0.55)];
        assert_eq!(stages, wanted);
        let causes: Vec<_> = found
            .causes
            .iter()
            .map(|one| (one.root, one.downtime_share, one.outage_share))
            .collect();
        assert_eq!(causes, [(root(0), 0.8, 2.0 / 3.0), (root(1), 0.2, 1.0 / 3.0)]);
        assert_eq!(found.first_loss.quantiles[0], Some(0.0));
        assert_eq!(found.restorations.unwrap().mean.mean, 60.0);
        let copies = found.copies.unwrap();
        // Three of ten groups of 2 TB in all in four years.
        assert_eq!(copies.bytes, Some((2e12, 6e12)));
        assert_eq!(copies.groups_lost_per_year.estimate.mean, 0.75);
        assert!((copies.bytes_lost_per_year.unwrap().estimate.mean / 1.5e11 - 1.0).abs() < 1e-12);
        assert!((copies.nomdl_per_year.unwrap().estimate.mean - 0.075).abs() < 1e-12);
        let p = copies.p_group_lost_per_year.estimate;
        assert!((p.mean - (1.0 - (-0.075_f64).exp())).abs() < 1e-12);
        assert_eq!(copies.p_any_group_lost.estimate.mean, 0.5);
        // One life is exposed for a year and has a loss then, the other for two years.
        let time = copies.time_to_loss;
        assert_eq!((time.losses, time.lower95), (1, None));
        assert_eq!(time.mean.unwrap().mean, 3.0 * SECONDS_PER_YEAR);
        assert_eq!(copies.reduced_share.mean, 0.125);
        assert_eq!(copies.unreadable_group_s_per_year.mean, 1.25);
        assert_eq!(copies.rebuilt_per_year.mean, 2.0);
        assert_eq!(copies.rebuilt_bytes_per_year.unwrap().mean, 2e12);
        assert_eq!(copies.margins_per_year, [2.0, 0.5]);
    }

    #[test]
    fn bytes_are_what_was_born_meanwhile_or_what_copies_held() {
        let of = |class: DataClass| {
            let mut tally = DataTally::of(&class, Vec::new(), (at(0), at(2 * YEAR)));
            let incidents = [
                incident(2, Stage::Buffer, 40, 0),
                incident(4, Stage::BackupAge, 200, 3),
                incident(5, Stage::BackupAge, 100, 10),
                incident(6, Stage::AllCopies, 6, 4),
            ];
            for incident in incidents {
                let life = LifeOfData { incidents: vec![incident], ..LifeOfData::default() };
                tally.add(&life, std::iter::empty());
            }
            tally.estimates().stages
        };
        let bytes = |stages: &[StageEstimates]| -> Vec<_> {
            stages.iter().map(|one| one.lost_bytes_per_year.map(|bytes| bytes.mean)).collect()
        };
        // In eight years; a group of ten holds 0.2 TB, and a tenth of what is born.
        let rate = Some(1e6);
        let (bare, sized) = (Holding { size: None, ..holding() }, holding());
        let by_rate = of(DataClass { rate, holding: Some(bare.clone()), ..class() });
        assert_eq!(bytes(&by_rate), [Some(5e6), Some(160e6 / 8.0), Some(2.4e6 / 8.0)]);
        let by_both = of(DataClass { rate, holding: Some(sized.clone()), ..class() });
        assert_eq!(bytes(&by_both), [Some(5e6), Some(20e6), Some(1e11)]);
        let by_size = of(DataClass { holding: Some(sized), ..class() });
        assert_eq!(bytes(&by_size), [None, None, Some(1e11)]);
        let by_neither = of(DataClass { holding: Some(bare), ..class() });
        assert_eq!(bytes(&by_neither), [None, None, None]);
        // By cause, the one with the most seconds first, each over all four lives.
        let causes = &by_rate[1].causes;
        let shown: Vec<_> = causes
            .iter()
            .map(|one| (one.root, one.lost_s_per_year.mean, one.lost_bytes_per_year.unwrap().mean))
            .collect();
        assert_eq!(shown, [(root(0), 25.0, 7.5e6), (root(1), 12.5, 12.5e6)]);
        assert_eq!(causes[0].loss_incidents_per_year.mean, 0.125);
        // One life of four had it: the error of the mean of 1, 0, 0, 0, in two years.
        let error = causes[0].loss_incidents_per_year.std_error.unwrap();
        assert!((error - 0.125).abs() < 1e-12, "{error}");
    }

    #[test]
    fn nothing_lost_is_a_bound() {
        let mut tally = DataTally::of(&held(), vec![(0, seconds(0))], (at(0), at(2 * YEAR)));
        for _ in 0..10 {
            tally.add(&LifeOfData::default(), std::iter::empty());
        }
        let found = tally.estimates();
        let rate = zero_event_rate(20.0);
        assert_eq!(found.loss_incidents_per_year.upper95, Some(rate));
        assert_eq!(found.p_loss.upper95, Some(zero_event_probability(10)));
        assert_eq!(
            found.lost_s_per_year.upper95,
            Some(zero_event_probability(10) * 365.0 * 86_400.0)
        );
        assert!(found.rpo.is_none() && found.stages.is_empty() && found.causes.is_empty());
        assert_eq!(found.promised[0].share_exceeding, None);
        let copies = found.copies.unwrap();
        // One incident may take all ten groups.
        assert!((copies.groups_lost_per_year.upper95.unwrap() / (10.0 * rate) - 1.0).abs() < 1e-12);
        let p = 1.0 - libm::exp(-rate);
        assert!((copies.p_group_lost_per_year.upper95.unwrap() / p - 1.0).abs() < 1e-12);
        assert_eq!(copies.time_to_loss.mean, None);
        let least = copies.time_to_loss.lower95.unwrap();
        assert!((least / (SECONDS_PER_YEAR / rate) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn parts_merge_to_the_whole_and_are_read_as_written() {
        let new = || DataTally::of(&held(), vec![(0, seconds(30))], (at(0), at(YEAR)));
        let (mut all, mut first, mut second) = (new(), new(), new());
        for number in 0..40 {
            let stage = Stage::ALL[number as usize % Stage::ALL.len()];
            let life = LifeOfData {
                incidents: vec![incident(number, stage, 7 * number, number as u32 % 3)],
                copies: CopiesOfLife { margins: vec![number, 1], ..CopiesOfLife::default() },
                ..LifeOfData::default()
            };
            all.add(&life, std::iter::once(at(number)));
            let part = if number < 13 { &mut first } else { &mut second };
            part.add(&life, std::iter::once(at(number)));
        }
        let text = serde_json::to_string(&first).unwrap();
        let read: DataTally = serde_json::from_str(&text).unwrap();
        let mut merged = new();
        merged.merge(&read);
        merged.merge(&second);
        assert_eq!(format!("{:?}", merged.estimates()), format!("{:?}", all.estimates()));
    }

    /// Exponential lengths of time with this mean, in hours.
    fn exponential(dice: &mut Stream, hours: f64) -> SimSpan {
        SimSpan::from_seconds(-libm::log(dice.open_unit()) * hours * 3_600.0)
    }

    /// A backend that is up for 200 h and down for 1.5 h, both exponential, behind a buffer of 4 h: an
    /// outage is longer with probability exp(-4/1.5), and then by 1.5 h in the mean.
    #[test]
    fn a_buffer_loses_what_the_closed_form_says() {
        const LIVES: u64 = 4_000;
        let (up, down, held) = (200.0, 1.5, 4.0);
        let buffer = Buffer {
            horizon: SimSpan::from_seconds(held * 3_600.0),
            survives_process: true,
            survives_node: true,
            drain: f64::INFINITY,
        };
        // A warm-up, since lives begin with the backend up.
        let window = (at(2_000 * HOUR), at(2_000 * HOUR + YEAR));
        let mut tally = DataTally::of(&class(), Vec::new(), window);
        for number in 0..LIVES {
            let mut dice = StreamKey::of_life(11, number).of(1, Purpose::Start).draw(0);
            let (mut outages, mut now) = (Vec::new(), SimTime::ZERO);
            // Beyond the window, so that no incident is cut short.
            let end = window.1 + seconds(100 * HOUR);
            loop {
                let start = now + exponential(&mut dice, up);
                if start >= end {
                    break;
                }
                now = start + exponential(&mut dice, down);
                let ended_by = (now < end).then(|| root(0));
                let (journey, cause) = (JourneyId::new(0), root(0));
                outages.push(Outage { journey, cause, ended_by, start, end: now.min(end) });
            }
            let (lost, sums, _) =
                walk(Some(&buffer), std::iter::empty(), outages.iter(), end, &|_, _| {
                    Struck::Process
                });
            assert!(sums.holds());
            let incidents = lost.iter().filter(|loss| loss.at < window.1).map(|loss| Incident {
                at: loss.at,
                stage: Stage::Buffer,
                lost: loss.lost,
                groups: 0,
                cause: loss.cause,
                restored_in: None,
            });
            let life = LifeOfData { incidents: incidents.collect(), ..LifeOfData::default() };
            tally.add(&life, std::iter::empty());
        }
        let found = tally.estimates();
        let per_year = 8_760.0 / (up + down) * libm::exp(-held / down);
        let near = |what: &str, estimate: Estimate, exact: f64| {
            let sigmas = estimate.sigmas_from(exact).unwrap();
            assert!(sigmas.abs() < 4.0, "{what}: {} for {exact}", estimate.mean);
        };
        assert!((per_year - 3.020_72).abs() < 1e-5, "{per_year}");
        near("incidents", found.loss_incidents_per_year.estimate, per_year);
        near("lost", found.lost_s_per_year.estimate, per_year * down * 3_600.0);
        near("each", found.rpo.unwrap().mean, down * 3_600.0);
    }
}
