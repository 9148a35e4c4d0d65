//! What a unit does by itself: up and down, whatever the others do.

use super::NotStatic;
use super::skeleton::{Skeleton, longest, strikes, takes_time};
use super::transient::{Downtime, Transient};
use crate::dist::Law;
use crate::model::{Clock, ClockId, Model, Repair, Task, TimeToFailure, UnitId};

/// A unit that goes down by itself, independently of all others.
///
/// # Formula
///
/// If its clocks stand still while it is down, at most one of its failure modes is active at a time. Each
/// clock is then a renewal process on the time up, so that in the long run mode `i` strikes `1 / T_i` times in
/// an hour up, whatever the laws: with the mean times down `D_i` the unit is up for a share
/// `a = 1 / (1 + sum D_i / T_i)`, down by mode `i` for `a D_i / T_i`, and goes down by it with rate `a / T_i`.
/// If its clocks run always each mode is such a unit of its own, and the unit is up while all are.
///
/// # Source
///
/// Ross, *Stochastic Processes*, 1996, 3.4.1 (alternating renewal processes) and 3.6 (rewards).
#[derive(Clone, Debug)]
pub(super) struct BasicEvent {
    pub(super) unit: UnitId,
    /// Whether its modes are independent of one another, because their clocks always run, and not each
    /// only while none of them is active.
    pub(super) modes_overlap: bool,
    pub(super) modes: Vec<Mode>,
    /// Whether times at which it goes down and comes back are multiples of some length of time.
    is_periodic: bool,
}

/// A failure mode of such a unit.
#[derive(Clone, Debug)]
pub(super) struct Mode {
    pub(super) clock: ClockId,
    /// Mean time up until it strikes, seconds.
    mean_up: f64,
    /// Mean time down with its start, seconds; infinite if it is never repaired.
    mean_down: f64,
    /// Whether it strikes without regard to age.
    is_memoryless: bool,
    /// What its time down is the sum of.
    laws: Vec<Law>,
}

/// How probable it is that a unit, or one of its failure modes, is down, and how often it goes down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chance {
    /// Of being down: small ones keep their digits.
    pub(super) down: f64,
    /// Of being up: likewise.
    pub(super) up: f64,
    /// How often it goes down, in a second.
    pub(super) rate: f64,
}

impl Chance {
    /// Of something that is up while both are, which are independent.
    pub(super) fn and(self, other: Chance) -> Chance {
        Chance {
            down: self.down + self.up * other.down,
            up: self.up * other.up,
            rate: self.rate * other.up + other.rate * self.up,
        }
    }

    /// Of nothing that could go down.
    pub(super) const NEVER_DOWN: Chance = Chance { down: 0.0, up: 1.0, rate: 0.0 };
}

impl BasicEvent {
    /// In the long run.
    pub(super) fn in_the_long_run(&self) -> Chance {
        if self.modes_overlap {
            let alone = self.modes.iter().map(Mode::in_the_long_run);
            return alone.fold(Chance::NEVER_DOWN, Chance::and);
        }
        let odds: f64 = self.modes.iter().map(Mode::odds).sum();
        if odds.is_infinite() {
            return Chance { down: 1.0, up: 0.0, rate: 0.0 };
        }
        let up = 1.0 / (1.0 + odds);
        let rate: f64 = self.modes.iter().map(|mode| 1.0 / mode.mean_up).sum();
        Chance { down: odds * up, up, rate: rate * up }
    }

    /// Each of its modes in the long run, in their order.
    pub(super) fn modes_in_the_long_run(&self) -> Vec<Chance> {
        let whole = self.in_the_long_run();
        let lost: f64 =
            self.modes.iter().filter(|mode| mode.is_final()).map(|mode| 1.0 / mode.mean_up).sum();
        let share = |mode: &Mode| {
            if self.modes_overlap {
                return mode.in_the_long_run();
            }
            // Whatever else may be, in the end it is one of those that nobody repairs.
            let down = match lost > 0.0 {
                true if mode.is_final() => 1.0 / mode.mean_up / lost,
                true => 0.0,
                false => whole.up * mode.odds(),
            };
            Chance { down, up: 1.0 - down, rate: whole.up / mode.mean_up }
        };
        self.modes.iter().map(share).collect()
    }

    /// How often it goes down while it is up, in a second, if that is always the same.
    pub(super) fn memoryless_rate(&self) -> Option<f64> {
        let rate = self.modes.iter().map(|mode| 1.0 / mode.mean_up).sum();
        self.modes.iter().all(|mode| mode.is_memoryless).then_some(rate)
    }

    /// By mode how often it strikes while the unit is up, and is over while it is down, in a second; `None` unless all of
    /// that is always the same.
    pub(super) fn rates(&self) -> Option<Vec<(f64, f64)>> {
        let is_memoryless = |mode: &Mode| mode.is_memoryless && mode.comes_back_memoryless();
        let rates = |mode: &Mode| (1.0 / mode.mean_up, 1.0 / mode.mean_down);
        self.modes.iter().all(is_memoryless).then(|| self.modes.iter().map(rates).collect())
    }

    /// Each of its modes as if it were the only one: where they overlap that is what they are.
    pub(super) fn alone(&self) -> Vec<BasicEvent> {
        let of = |mode: &Mode| BasicEvent { modes: vec![mode.clone()], ..self.clone() };
        self.modes.iter().map(of).collect()
    }

    /// The fastest rate at which it forgets how it began, in a second.
    pub(super) fn fastest(&self) -> f64 {
        let up: f64 = self.modes.iter().map(|mode| 1.0 / mode.mean_up).sum();
        let down = self.modes.iter().map(|mode| 1.0 / mode.mean_down).fold(0.0, f64::max);
        up + down
    }
}

impl Mode {
    fn in_the_long_run(&self) -> Chance {
        if self.is_final() {
            return Chance { down: 1.0, up: 0.0, rate: 0.0 };
        }
        let cycle = self.mean_up + self.mean_down;
        Chance { down: self.mean_down / cycle, up: self.mean_up / cycle, rate: 1.0 / cycle }
    }

    /// Mean time down against mean time up.
    fn odds(&self) -> f64 {
        self.mean_down / self.mean_up
    }

    /// Whether it is never repaired.
    pub(super) fn is_final(&self) -> bool {
        self.mean_down.is_infinite()
    }

    /// Whether its time down is exponential, or without end.
    fn comes_back_memoryless(&self) -> bool {
        self.is_final() || matches!(self.laws.as_slice(), [Law::Exponential { .. }])
    }
}

/// What units do from the beginning of a life on: those that are alike share what is computed.
pub(super) struct Courses {
    seconds: f64,
    transients: Vec<Transient>,
}

/// What a unit does from the beginning of a life on: it is up while all of these are.
pub(super) struct Course(Vec<Step>);

/// One of the independent parts of that.
enum Step {
    /// Times up and down are exponential.
    Simple { rate: f64, mean_down: f64 },
    /// Only times up are: the number of what is computed of it.
    Computed(usize),
}

impl Courses {
    /// For so many seconds.
    pub(super) fn new(seconds: f64) -> Courses {
        Courses { seconds, transients: Vec::new() }
    }

    /// That of a unit; `None` if its laws have no formula.
    pub(super) fn of(&mut self, event: &BasicEvent) -> Option<Course> {
        let groups = if event.modes_overlap { event.alone() } else { vec![event.clone()] };
        groups.iter().map(|group| self.step(group)).collect::<Option<_>>().map(Course)
    }

    /// That of a unit of which one mode at a time can be active.
    fn step(&mut self, event: &BasicEvent) -> Option<Step> {
        let rate = event.memoryless_rate()?;
        let first = event.modes.first()?;
        let are_alike =
            |mode: &Mode| mode.comes_back_memoryless() && mode.mean_down == first.mean_down;
        if event.modes.iter().all(are_alike) {
            return Some(Step::Simple { rate, mean_down: first.mean_down });
        }
        if event.modes.iter().any(Mode::is_final) {
            return None;
        }
        let share = |mode: &Mode| (1.0 / (mode.mean_up * rate), mode.laws.clone());
        let down = Downtime::new(&event.modes.iter().map(share).collect::<Vec<_>>())?;
        let known = self.transients.iter().position(|transient| transient.is_of(rate, &down));
        Some(Step::Computed(known.unwrap_or_else(|| {
            self.transients.push(Transient::new(rate, down, self.seconds));
            self.transients.len() - 1
        })))
    }

    /// What a unit does after so many seconds.
    pub(super) fn at(&self, course: &Course, seconds: f64) -> Chance {
        let each = course.0.iter().map(|step| match *step {
            Step::Simple { rate, mean_down } => two_states(rate, mean_down, seconds),
            Step::Computed(number) => self.transients[number].at(seconds),
        });
        each.fold(Chance::NEVER_DOWN, Chance::and)
    }

    /// Instants at which what units do is not smooth, seconds.
    pub(super) fn kinks(&self) -> Vec<f64> {
        self.transients.iter().flat_map(Transient::kinks).collect()
    }

    /// How far what is computed may be off, against its value.
    pub(super) fn relative_error(&self) -> f64 {
        self.transients.iter().map(Transient::relative_error).fold(0.0, f64::max)
    }
}

/// Something that goes down with this rate, and is down for an exponential time with this mean, so many
/// seconds after it was up and new.
///
/// # Formula
///
/// With failure rate `l` and repair rate `m` the probability to be down is
/// `l / (l + m) (1 - exp(-(l + m) t))`; with `m = 0` without repair.
fn two_states(rate: f64, mean_down: f64, seconds: f64) -> Chance {
    let whole = rate + 1.0 / mean_down;
    let forgotten = -libm::expm1(-whole * seconds);
    let down = rate / whole * forgotten;
    let up = (1.0 / mean_down + rate * libm::exp(-whole * seconds)) / whole;
    Chance { down, up, rate: rate * up }
}

/// Finds what the units of a journey do by themselves: one for each that can fail.
///
/// # Errors
///
/// If some of them are not independent of the others, or follow no law of which enough is known.
pub(super) fn basic_events(
    model: &Model,
    skeleton: &Skeleton,
) -> Result<Vec<BasicEvent>, NotStatic> {
    if let Some(&(what, unit)) = skeleton.omissions.first() {
        return Err(NotStatic::Dynamic { what, unit });
    }
    let mut events = Vec::new();
    // By part: something below it that can fail.
    let mut exposed_to: Vec<Option<UnitId>> = Vec::with_capacity(skeleton.parts.len());
    // By part: whether anything that it stands on can fail, if only for an instant.
    let mut is_shaken: Vec<bool> = Vec::with_capacity(skeleton.parts.len());
    for part in &skeleton.parts {
        let below = part.inputs.iter().find_map(|input| exposed_to[*input]);
        let is_shaken_below = part.inputs.iter().any(|input| is_shaken[*input]);
        let (mut event, mut strikes_itself) = (None, false);
        if let Some(unit) = part.unit {
            let mut striking = model.unit_clocks.of(unit.index()).iter();
            strikes_itself = striking.any(|id| strikes(model, *id));
            event = basic_event(model, unit, below, is_shaken_below)?;
        }
        exposed_to.push(below.or(event.as_ref().map(|event| event.unit)));
        is_shaken.push(is_shaken_below || strikes_itself);
        events.extend(event);
    }
    let mut periodic = events.iter().filter(|event| event.is_periodic).map(|event| event.unit);
    if let (Some(first), Some(second)) = (periodic.next(), periodic.next()) {
        return Err(NotStatic::InStep { first, second });
    }
    Ok(events)
}

fn basic_event(
    model: &Model,
    unit: UnitId,
    below: Option<UnitId>,
    is_shaken: bool,
) -> Result<Option<BasicEvent>, NotStatic> {
    let spec = &model.units[unit.index()];
    let all = model.unit_clocks.of(unit.index()).iter().copied();
    let striking = all.clone().filter(|id| strikes(model, *id)).count();
    let clocks: Vec<ClockId> = all.filter(|id| takes_time(model, *id)).collect();
    let Some(&first) = clocks.first() else { return Ok(None) };
    let clock_of = |id: ClockId| &model.clocks[id.index()];
    let ages = |id: &ClockId| matches!(clock_of(*id).to_failure, TimeToFailure::Aging(_));
    let start = spec.start.filter(|start| longest(model, *start) > 0.0);
    let modes_overlap = clock_of(first).always;
    if let Some(&other) = clocks.iter().find(|id| clock_of(**id).always != modes_overlap) {
        let pausing = if modes_overlap { other } else { first };
        return Err(NotStatic::Pauses { clock: pausing, while_down: unit });
    }
    match (modes_overlap, below) {
        (false, Some(while_down)) => return Err(NotStatic::Pauses { clock: first, while_down }),
        (true, _) if start.is_some() => return Err(NotStatic::FailsWhileStarting { unit }),
        (true, _) => {
            if let Some(&clock) = clocks.iter().find(|id| ages(id)) {
                return Err(NotStatic::AgesWhileDown { clock });
            }
        }
        // What starts anew is all new, also after what is over at once: who strikes first depends on more than
        // means.
        (false, None)
            if spec.renews_on_start && (is_shaken || striking > 1) && clocks.iter().any(ages) =>
        {
            return Err(NotStatic::RenewsTogether { unit });
        }
        (false, None) => {}
    }
    let modes = clocks.iter().map(|id| Mode::new(model, *id, start)).collect();
    let is_periodic = clocks.iter().all(|id| is_periodic(model, clock_of(*id), start));
    Ok(Some(BasicEvent { unit, modes_overlap, modes, is_periodic }))
}

impl Mode {
    fn new(model: &Model, id: ClockId, start: Option<Task>) -> Mode {
        let clock = &model.clocks[id.index()];
        let tasks = tasks(clock, start);
        let mean_down = match clock.repair {
            Repair::Never => f64::INFINITY,
            _ => tasks.iter().map(|task| model.mean_of(*task)).sum(),
        };
        let laws = laws(model, &tasks).filter(|law| law.longest() > 0.0).cloned().collect();
        Mode {
            clock: id,
            mean_up: clock.to_failure.mean().unwrap_or(f64::INFINITY),
            mean_down,
            is_memoryless: matches!(clock.to_failure, TimeToFailure::Memoryless { .. }),
            laws,
        }
    }
}

/// What brings a unit back.
fn tasks(clock: &Clock, start: Option<Task>) -> Vec<Task> {
    let repair = match clock.repair {
        Repair::After(task) => Some(task),
        Repair::Restart | Repair::Never => None,
    };
    repair.into_iter().chain(start).collect()
}

/// The laws of all stages of tasks, and of the responses of those who do them.
fn laws<'m>(model: &'m Model, tasks: &[Task]) -> impl Iterator<Item = &'m Law> {
    let stages = tasks.iter().flat_map(|task| model.stages_of(*task));
    stages.flat_map(|stage| {
        let crew = stage.crew.and_then(|crew| model.crews[crew.index()].response.as_ref());
        [Some(&stage.law), crew].into_iter().flatten()
    })
}

/// Whether all lengths of time that a failure mode has are multiples of some length.
fn is_periodic(model: &Model, clock: &Clock, start: Option<Task>) -> bool {
    let TimeToFailure::Aging(up) = &clock.to_failure else { return false };
    !matches!(clock.repair, Repair::Never)
        && is_lattice(up)
        && laws(model, &tasks(clock, start)).all(is_lattice)
}

fn is_lattice(law: &Law) -> bool {
    match law {
        Law::Fixed { .. } | Law::Empirical(_) => true,
        Law::Uniform { low, high } | Law::Triangular { low, high, .. } => low == high,
        Law::Mixture(branches) => branches.iter().all(|branch| is_lattice(&branch.law)),
        Law::Sum(parts) => parts.iter().all(is_lattice),
        Law::Exponential { .. } | Law::Weibull { .. } | Law::Gamma { .. } => false,
        Law::LogNormal { sigma, .. } => *sigma == 0.0,
    }
}
