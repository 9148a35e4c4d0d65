//! Objectives: what was promised, how often it was kept, and the verdict.

use serde::{Deserialize, Serialize};

use crate::spec::Slo;
use crate::stats::{Estimate, Moments, proportion, zero_event_probability};
use crate::units::{SECONDS_PER_MONTH, SimSpan, SimTime};

/// An objective against what was estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// What was promised: a share of time, or seconds.
    pub target: f64,
    /// How often it was kept: of lives for availability and RPO, of outages for the RTO. `None` where
    /// nothing could be judged.
    pub p_met: Option<Estimate>,
    /// Of calendar months, how many kept an availability; `None` if lives are shorter than a month.
    pub p_met_month: Option<Estimate>,
    /// Of windows of thirty days that end at the end of a day, how many kept an availability; `None`
    /// if lives are shorter than that.
    pub p_met_rolling_30d: Option<Estimate>,
    /// Whether it is met.
    pub verdict: Verdict,
}

/// Whether an objective is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The estimate is on the good side, and so is its whole interval.
    Met,
    /// The estimate is on the good side; its interval reaches beyond the target.
    MetUndecided,
    /// The estimate is on the bad side; its interval reaches beyond the target.
    MissedUndecided,
    /// The estimate is on the bad side, and so is its whole interval.
    Missed,
    /// Nothing to judge by: no outage was seen, or it promises nothing of any data.
    NotJudged,
}

impl Verdict {
    /// Whether it counts as missed: the point estimate decides.
    pub fn is_missed(self) -> bool {
        matches!(self, Verdict::Missed | Verdict::MissedUndecided)
    }

    /// The verdict on an estimate that should be at least `target`.
    pub(crate) fn at_least(target: f64, estimate: &Estimate) -> Verdict {
        let (low, high) = estimate.ci95.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        match (estimate.mean >= target, low >= target, high < target) {
            (true, true, _) => Verdict::Met,
            (true, false, _) => Verdict::MetUndecided,
            (false, _, true) => Verdict::Missed,
            (false, _, false) => Verdict::MissedUndecided,
        }
    }
}

/// The objectives of one journey; each is there if the topology states it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Objectives {
    /// Least share of time up.
    pub availability: Option<Objective>,
    /// Longest outage, seconds.
    pub rto_s: Option<Objective>,
    /// Most data lost, seconds.
    pub rpo_s: Option<Objective>,
}

impl Objectives {
    /// The verdicts on all but the availability.
    pub(crate) fn other_verdicts(&self) -> [Option<Verdict>; 2] {
        [self.rto_s, self.rpo_s].map(|objective| objective.map(|objective| objective.verdict))
    }
}

/// Counts what the objectives of one journey need.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ObjectiveTally {
    #[serde(skip)]
    slo: Slo,
    #[serde(skip)]
    window: (SimTime, SimTime),
    /// Downtime that a life may have, and that a month may have.
    #[serde(skip)]
    budgets: Option<(SimSpan, SimSpan)>,
    counts: Counts,
    /// Downtime of the present life by month, and by day.
    #[serde(skip)]
    by_month: Vec<u64>,
    #[serde(skip)]
    by_day: Vec<u64>,
    /// Downtime of the present life in the hours that count.
    #[serde(skip)]
    in_hours: SimSpan,
}

/// What has been counted over lives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Counts {
    lives_met: u64,
    lives: u64,
    months_met: u64,
    months: u64,
    outages_within: u64,
    outages_judged: u64,
    /// How many windows of thirty days there were, and how many of them kept the availability.
    rolling: (u64, u64),
    /// Downtime in the hours that count.
    during: Moments,
    /// Of a journey that promises something of data: how many lives kept its RPO.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lives_within_rpo: Option<u64>,
}

/// Share of lives that must keep an RPO.
pub(crate) const RPO_SHARE: f64 = 0.95;

const SECONDS_PER_DAY: f64 = 86_400.0;
/// Days in a rolling window.
const WINDOW_DAYS: usize = 30;
/// Days of a life beyond which rolling windows are not counted.
const MOST_DAYS: usize = 36_500;

impl ObjectiveTally {
    pub(crate) fn new(slo: &Slo, window: (SimTime, SimTime)) -> ObjectiveTally {
        let length = window.1 - window.0;
        // A promise for some hours is judged over whole lives only.
        let whole = |seconds: f64| match slo.availability.filter(|_| slo.during.is_none()) {
            Some(_) => (length.seconds() / seconds).floor() as usize,
            None => 0,
        };
        let (months, days) = (whole(SECONDS_PER_MONTH), whole(SECONDS_PER_DAY));
        // A rolling window needs its days, and nobody looks at more than a century of them.
        let days = if (WINDOW_DAYS..=MOST_DAYS).contains(&days) { days } else { 0 };
        let length = match &slo.during {
            Some(hours) => hours.open_between(window.0, window.1),
            None => length,
        };
        let budget = |target: f64, seconds: f64| SimSpan::from_seconds((1.0 - target) * seconds);
        ObjectiveTally {
            slo: slo.clone(),
            window,
            budgets: slo.availability.map(|target| {
                (budget(target, length.seconds()), budget(target, SECONDS_PER_MONTH))
            }),
            counts: Counts::default(),
            by_month: vec![0; months],
            by_day: vec![0; days],
            in_hours: SimSpan::ZERO,
        }
    }

    /// Adds the lives of another.
    pub(crate) fn merge(&mut self, other: &ObjectiveTally) {
        let Counts {
            lives_met,
            lives,
            months_met,
            months,
            outages_within,
            outages_judged,
            rolling,
            during,
            lives_within_rpo,
        } = &other.counts;
        let counts = &mut self.counts;
        counts.lives_met += lives_met;
        counts.lives += lives;
        counts.months_met += months_met;
        counts.months += months;
        counts.outages_within += outages_within;
        counts.outages_judged += outages_judged;
        counts.rolling.0 += rolling.0;
        counts.rolling.1 += rolling.1;
        counts.during.merge(during);
        if let Some(lives) = lives_within_rpo {
            *counts.lives_within_rpo.get_or_insert(0) += lives;
        }
    }

    /// Splits the downtime of an outage at the edges of months and days.
    pub(crate) fn add_downtime(&mut self, start: SimTime, end: SimTime) {
        if let Some(hours) = &self.slo.during {
            self.in_hours = self.in_hours + hours.open_between(start, end);
        }
        let (from, to) = ((start - self.window.0).micros(), (end - self.window.0).micros());
        split(&mut self.by_month, SECONDS_PER_MONTH, from, to);
        split(&mut self.by_day, SECONDS_PER_DAY, from, to);
    }

    /// Judges the length of an outage that began while it was measured.
    pub(crate) fn add_outage(&mut self, length: SimSpan, is_censored: bool) {
        let Some(rto) = self.slo.rto else { return };
        let is_within = length <= rto.target;
        // One that the life cut short is judged only if it was too long already.
        if !(is_censored && is_within) {
            self.counts.outages_judged += 1;
            self.counts.outages_within += u64::from(is_within);
        }
    }

    /// Judges a life by the most data that were lost at once of those that the journey promises.
    pub(crate) fn add_worst_loss(&mut self, worst: SimSpan) {
        let Some(target) = self.slo.rpo else { return };
        let is_within = worst <= SimSpan::from_seconds(target);
        *self.counts.lives_within_rpo.get_or_insert(0) += u64::from(is_within);
    }

    /// The life is over, with so much downtime.
    pub(crate) fn end_life(&mut self, downtime: SimSpan) {
        self.counts.lives += 1;
        let in_hours = std::mem::take(&mut self.in_hours);
        let downtime = if self.slo.during.is_some() { in_hours } else { downtime };
        self.counts.during.add(downtime.micros());
        let Some((life_budget, month_budget)) = self.budgets else { return };
        self.counts.lives_met += u64::from(downtime <= life_budget);
        self.counts.months += self.by_month.len() as u64;
        for downtime in &mut self.by_month {
            self.counts.months_met += u64::from(*downtime <= month_budget.micros());
            *downtime = 0;
        }
        self.end_life_of_days();
    }

    /// Every window of thirty whole days that ends at the end of a day.
    fn end_life_of_days(&mut self) {
        let Some(target) = self.slo.availability else { return };
        let budget = (1.0 - target) * WINDOW_DAYS as f64 * SECONDS_PER_DAY;
        let budget = SimSpan::from_seconds(budget).micros();
        let mut downtime: u64 = 0;
        for day in 0..self.by_day.len() {
            downtime += self.by_day[day];
            if day + 1 >= WINDOW_DAYS {
                self.counts.rolling.0 += 1;
                self.counts.rolling.1 += u64::from(downtime <= budget);
                downtime -= self.by_day[day + 1 - WINDOW_DAYS];
            }
        }
        self.by_day.fill(0);
    }

    /// Availability in the hours that it is promised for, if that is not always.
    pub(crate) fn availability_during(&self) -> Option<Estimate> {
        let open = self.slo.during.as_ref()?.open_between(self.window.0, self.window.1);
        let during = &self.counts.during;
        let share = match during.sum() > 0.0 {
            true => during.mean(open.micros().max(1) as f64).within(0.0, 1.0),
            false => Estimate::at_most(zero_event_probability(during.count())),
        };
        Some(share.complement())
    }

    /// The objectives, given the estimate of the availability.
    pub(crate) fn objectives(&self, availability: &Estimate) -> Objectives {
        Objectives {
            availability: self.slo.availability.map(|target| Objective {
                target,
                p_met: proportion(self.counts.lives_met, self.counts.lives),
                p_met_month: proportion(self.counts.months_met, self.counts.months),
                p_met_rolling_30d: proportion(self.counts.rolling.1, self.counts.rolling.0),
                verdict: match self.availability_during() {
                    Some(during) => Verdict::at_least(target, &during),
                    None => Verdict::at_least(target, availability),
                },
            }),
            rto_s: self.slo.rto.map(|rto| {
                let p_met = proportion(self.counts.outages_within, self.counts.outages_judged);
                Objective {
                    target: rto.target.seconds(),
                    p_met,
                    p_met_month: None,
                    p_met_rolling_30d: None,
                    verdict: p_met
                        .map_or(Verdict::NotJudged, |p_met| Verdict::at_least(rto.share, &p_met)),
                }
            }),
            rpo_s: self.slo.rpo.map(|target| {
                let within = self.counts.lives_within_rpo;
                let p_met = within.and_then(|within| proportion(within, self.counts.lives));
                Objective {
                    target,
                    p_met,
                    p_met_month: None,
                    p_met_rolling_30d: None,
                    verdict: p_met
                        .map_or(Verdict::NotJudged, |p_met| Verdict::at_least(RPO_SHARE, &p_met)),
                }
            }),
        }
    }
}

/// Adds an interval to the whole periods that it lies in.
fn split(periods: &mut [u64], seconds: f64, mut from: u64, to: u64) {
    let period = SimSpan::from_seconds(seconds).micros();
    while from < to {
        let index = from / period;
        let until = to.min((index + 1) * period);
        match periods.get_mut(index as usize) {
            Some(downtime) => *downtime += until - from,
            None => return,
        }
        from = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Rto;
    use crate::units::WeekHours;

    const HOUR: f64 = 3_600.0;

    fn at(hours: f64) -> SimTime {
        SimTime::ZERO + SimSpan::from_seconds(hours * HOUR)
    }

    fn tally(slo: Slo, from: f64, to: f64) -> ObjectiveTally {
        ObjectiveTally::new(&slo, (at(from), at(to)))
    }

    fn availability(target: f64) -> Slo {
        Slo { availability: Some(target), ..Slo::default() }
    }

    fn estimate(mean: f64, half: f64) -> Estimate {
        Estimate { mean, std_error: Some(half / 2.0), ci95: Some((mean - half, mean + half)) }
    }

    #[test]
    fn downtime_is_split_at_the_edges_of_months_from_the_window_on() {
        // Two whole months of 730 h after a warm-up of 100 h, and 40 h that are no month.
        let mut tally = tally(availability(0.99), 100.0, 1_600.0);
        // 7 h in the first month and 8 h in the second: 1 % of a month is 7.3 h.
        tally.add_downtime(at(823.0), at(838.0));
        tally.end_life(SimSpan::from_seconds(15.0 * HOUR));
        // Only in what is no month: 50 h of 1500 h break the life's budget of 15 h.
        tally.add_downtime(at(1_550.0), at(1_600.0));
        tally.end_life(SimSpan::from_seconds(50.0 * HOUR));
        let objective = tally.objectives(&estimate(0.99, 0.001)).availability.unwrap();
        assert_eq!(objective.p_met.unwrap().mean, 0.5);
        // Second month of the first life missed; in the second life 10 h of the 50 lie in a month.
        assert_eq!(objective.p_met_month.unwrap().mean, 0.5);
    }

    #[test]
    fn rolling_windows_are_of_thirty_days_and_end_with_a_day() {
        // 1 % of thirty days is 7.2 h. Forty days have eleven windows; an outage of 8 h on day 35
        // spoils the six that reach it.
        let mut tally = tally(availability(0.99), 0.0, 40.0 * 24.0);
        tally.add_downtime(at(34.0 * 24.0 + 2.0), at(34.0 * 24.0 + 10.0));
        tally.end_life(SimSpan::from_seconds(8.0 * HOUR));
        let objective = tally.objectives(&estimate(0.99, 0.001)).availability.unwrap();
        assert_eq!(objective.p_met_rolling_30d.unwrap().mean, 5.0 / 11.0);
    }

    #[test]
    fn only_the_hours_that_count_count() {
        let slo = Slo { during: Some(WeekHours::business()), ..availability(0.9) };
        let mut tally = tally(slo, 0.0, 168.0);
        // Monday 15:00 to Tuesday 11:00: four of twenty hours are business hours.
        tally.add_downtime(at(15.0), at(35.0));
        tally.end_life(SimSpan::from_seconds(20.0 * HOUR));
        assert_eq!(tally.availability_during().unwrap().mean, 0.9);
        // 10 % of 40 h are 4 h: kept.
        let objective = tally.objectives(&estimate(0.5, 0.1)).availability.unwrap();
        assert_eq!(objective.p_met.unwrap().mean, 1.0);
        assert!(!objective.verdict.is_missed());
    }

    #[test]
    fn a_life_shorter_than_a_month_has_no_months() {
        let mut tally = tally(availability(0.5), 0.0, 100.0);
        tally.add_downtime(at(1.0), at(51.0));
        tally.end_life(SimSpan::from_seconds(50.0 * HOUR));
        let objective = tally.objectives(&estimate(0.5, 0.1)).availability.unwrap();
        assert!(objective.p_met_month.is_none());
        // A length equal to a target meets it.
        assert_eq!(objective.p_met.unwrap().mean, 1.0);
    }

    #[test]
    fn an_outage_that_was_cut_short_is_judged_only_if_it_was_too_long_already() {
        let rto = Some(Rto { target: SimSpan::from_seconds(HOUR), share: 0.6 });
        let mut tally = tally(Slo { rto, ..Slo::default() }, 0.0, 100.0);
        let hours = |hours: f64| SimSpan::from_seconds(hours * HOUR);
        assert_eq!(
            tally.objectives(&estimate(0.9, 0.1)).rto_s.unwrap().verdict,
            Verdict::NotJudged
        );
        tally.add_outage(hours(1.0), false);
        tally.add_outage(hours(0.5), true);
        tally.add_outage(hours(2.0), true);
        let objective = tally.objectives(&estimate(0.9, 0.1)).rto_s.unwrap();
        assert_eq!(objective.p_met.unwrap().mean, 0.5);
        assert!(objective.verdict.is_missed());
    }

    #[test]
    fn an_rpo_is_kept_by_lives() {
        let slo = Slo { rpo: Some(30.0), ..Slo::default() };
        let mut tally = tally(slo, 0.0, 100.0);
        let judged = |tally: &ObjectiveTally| tally.objectives(&estimate(0.9, 0.1)).rpo_s.unwrap();
        tally.end_life(SimSpan::ZERO);
        assert_eq!(judged(&tally).verdict, Verdict::NotJudged, "it promises nothing of data");
        tally.counts = Counts::default();
        for life in 0..1_000 {
            // As much as the target is within it.
            tally.add_worst_loss(SimSpan::from_seconds(if life < 100 { 30.1 } else { 30.0 }));
            tally.end_life(SimSpan::ZERO);
        }
        let objective = judged(&tally);
        assert_eq!((objective.p_met.unwrap().mean, objective.verdict), (0.9, Verdict::Missed));
        for _ in 0..1_100 {
            tally.add_worst_loss(SimSpan::ZERO);
            tally.end_life(SimSpan::ZERO);
        }
        assert_eq!(judged(&tally).verdict, Verdict::MetUndecided);
        let mut other = tally.clone();
        other.merge(&tally);
        assert_eq!(judged(&other).p_met.unwrap().mean, judged(&tally).p_met.unwrap().mean);
    }

    #[test]
    fn the_point_decides_and_the_interval_says_how_surely() {
        for (mean, half, verdict) in [
            (0.95, 0.01, Verdict::Met),
            (0.95, 0.1, Verdict::MetUndecided),
            (0.85, 0.1, Verdict::MissedUndecided),
            (0.85, 0.01, Verdict::Missed),
            (0.9, 0.0, Verdict::Met),
        ] {
            assert_eq!(Verdict::at_least(0.9, &estimate(mean, half)), verdict, "{mean} +- {half}");
        }
        let alone = Estimate { mean: 1.0, std_error: None, ci95: None };
        assert_eq!(Verdict::at_least(0.9, &alone), Verdict::MetUndecided);
    }
}
