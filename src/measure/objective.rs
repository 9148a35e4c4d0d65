//! Objectives: what was promised, how often it was kept, and the verdict.

use crate::spec::Slo;
use crate::stats::{Estimate, proportion};
use crate::units::{SECONDS_PER_MONTH, SimSpan, SimTime};

/// An objective against what was estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// What was promised: a share of time, or seconds.
    pub target: f64,
    /// How often it was kept: of lives for availability, of outages for the RTO. `None` where nothing
    /// could be judged, or where this version does not evaluate it.
    pub p_met: Option<Estimate>,
    /// Of calendar months, how many kept an availability; `None` if lives are shorter than a month.
    pub p_met_month: Option<Estimate>,
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
    /// Nothing to judge by: no outage was seen, or this version does not evaluate it.
    NotJudged,
}

impl Verdict {
    /// Whether it counts as missed: the point estimate decides.
    pub fn is_missed(self) -> bool {
        matches!(self, Verdict::Missed | Verdict::MissedUndecided)
    }

    /// The verdict on an estimate that should be at least `target`.
    fn at_least(target: f64, estimate: &Estimate) -> Verdict {
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
    /// Whether any of them is missed.
    pub fn any_missed(&self) -> bool {
        let all = [self.availability, self.rto_s, self.rpo_s];
        all.iter().flatten().any(|objective| objective.verdict.is_missed())
    }
}

/// Counts what the objectives of one journey need.
#[derive(Clone, Debug)]
pub(crate) struct ObjectiveTally {
    slo: Slo,
    window: (SimTime, SimTime),
    /// Downtime that a life may have, and that a month may have.
    budgets: Option<(SimSpan, SimSpan)>,
    lives_met: u64,
    lives: u64,
    months_met: u64,
    months: u64,
    outages_within: u64,
    outages_judged: u64,
    /// Downtime of the present life by month.
    by_month: Vec<u64>,
}

impl ObjectiveTally {
    pub(crate) fn new(slo: Slo, window: (SimTime, SimTime)) -> ObjectiveTally {
        let length = window.1 - window.0;
        let months = match slo.availability {
            Some(_) => (length.seconds() / SECONDS_PER_MONTH).floor() as usize,
            None => 0,
        };
        let budget = |target: f64, seconds: f64| SimSpan::from_seconds((1.0 - target) * seconds);
        ObjectiveTally {
            slo,
            window,
            budgets: slo.availability.map(|target| {
                (budget(target, length.seconds()), budget(target, SECONDS_PER_MONTH))
            }),
            lives_met: 0,
            lives: 0,
            months_met: 0,
            months: 0,
            outages_within: 0,
            outages_judged: 0,
            by_month: vec![0; months],
        }
    }

    /// Splits the downtime of an outage at the edges of months.
    pub(crate) fn add_downtime(&mut self, start: SimTime, end: SimTime) {
        if self.by_month.is_empty() {
            return;
        }
        let month = SimSpan::from_seconds(SECONDS_PER_MONTH).micros();
        let (mut from, to) = ((start - self.window.0).micros(), (end - self.window.0).micros());
        while from < to {
            let index = from / month;
            let until = to.min((index + 1) * month);
            match self.by_month.get_mut(index as usize) {
                Some(downtime) => *downtime += until - from,
                None => return,
            }
            from = until;
        }
    }

    /// Judges the length of an outage that began while it was measured.
    pub(crate) fn add_outage(&mut self, length: SimSpan, is_censored: bool) {
        let Some(rto) = self.slo.rto else { return };
        let is_within = length <= rto.target;
        // One that the life cut short is judged only if it was too long already.
        if !(is_censored && is_within) {
            self.outages_judged += 1;
            self.outages_within += u64::from(is_within);
        }
    }

    /// The life is over, with so much downtime.
    pub(crate) fn end_life(&mut self, downtime: SimSpan) {
        self.lives += 1;
        let Some((life_budget, month_budget)) = self.budgets else { return };
        self.lives_met += u64::from(downtime <= life_budget);
        self.months += self.by_month.len() as u64;
        for downtime in &mut self.by_month {
            self.months_met += u64::from(*downtime <= month_budget.micros());
            *downtime = 0;
        }
    }

    /// The objectives, given the estimate of the availability.
    pub(crate) fn objectives(&self, availability: &Estimate) -> Objectives {
        Objectives {
            availability: self.slo.availability.map(|target| Objective {
                target,
                p_met: proportion(self.lives_met, self.lives),
                p_met_month: proportion(self.months_met, self.months),
                verdict: Verdict::at_least(target, availability),
            }),
            rto_s: self.slo.rto.map(|rto| {
                let p_met = proportion(self.outages_within, self.outages_judged);
                Objective {
                    target: rto.target.seconds(),
                    p_met,
                    p_met_month: None,
                    verdict: p_met
                        .map_or(Verdict::NotJudged, |p_met| Verdict::at_least(rto.share, &p_met)),
                }
            }),
            rpo_s: self.slo.rpo.map(|target| Objective {
                target,
                p_met: None,
                p_met_month: None,
                verdict: Verdict::NotJudged,
            }),
        }
    }
}
