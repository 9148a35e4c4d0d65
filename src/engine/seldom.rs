//! What begins an excursion so seldom that lives hardly ever see it, and so is made to begin one.
//!
//! # Method
//!
//! Lives find out how something comes near by coming near. What happens once in ten thousand lives (a fire, a deletion,
//! a common cause, or in a short mission any failure at all) they do not see, and what follows from it would be missing
//! without a trace. So each life also gets one such beginning of each kind, at a time drawn evenly from all of it: the
//! excursion that follows is tried like all others and counts for the hazard at that time, times the length of the life
//! (the intensity of a point process in the place of its points: Campbell's formula; Daley, Vere-Jones, *An
//! Introduction to the Theory of Point Processes*, 2003, chapter 2). The life goes on without it, and where it does
//! happen of itself what follows is left out.

use super::event::Event;
use super::nearness::{Beside, Nearness, Rare};
use super::roles::Kinds;
use super::unseen::{SHARE, Unseen, refusal};
use crate::model::{
    ClockId, DataId, Model, Repair, SeatId, ShockId, SpareId, TimeToFailure, UnitId,
};
use crate::rng::{Purpose, StreamKey};
use crate::spec::Scrub;
use crate::units::{SimSpan, SimTime};

/// Seldom is what happens in fewer lives than this share of them.
const SELDOM: f64 = 0.1;
/// With latent defects less probable than this more excursions would be needed than a run has.
const LEAST_DEFECTIVE: f64 = 0.001;

/// What strikes of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A failure mode of a unit.
    Clock(ClockId),
    /// A common cause.
    Shock(ShockId),
    /// All copies of a class are deleted.
    Deletion(DataId),
}

impl Source {
    pub(super) fn of(event: Event) -> Option<Source> {
        match event {
            Event::Fail(clock) => Some(Source::Clock(clock)),
            Event::Shock(shock) => Some(Source::Shock(shock)),
            Event::Delete(class) => Some(Source::Deletion(class)),
            _ => None,
        }
    }

    pub(super) fn event(self) -> Event {
        match self {
            Source::Clock(clock) => Event::Fail(clock),
            Source::Shock(shock) => Event::Shock(shock),
            Source::Deletion(class) => Event::Delete(class),
        }
    }

    /// Whether it sets off a clock that does not strike of itself.
    fn sets_off(self, model: &Model, clock: ClockId) -> bool {
        match self {
            Source::Shock(shock) => model.shocks[shock.index()].targets.contains(&clock),
            Source::Clock(by) => {
                let burst = model.clocks[by.index()].extras().burst.as_ref();
                burst.is_some_and(|burst| burst.among.contains(&clock))
            }
            Source::Deletion(_) => false,
        }
    }
}

/// What begins excursions so seldom that it is made to.
#[derive(Clone, Debug)]
pub struct Beginnings {
    kinds: Vec<Kind>,
    numbers: Kinds,
    defect: Option<(DataId, f64)>,
    is_hidden: bool,
    /// What counts as near while it is under way.
    pub(super) beside: Beside,
    /// Planned work that must be seen while something has failed, by its failure modes.
    pub(super) works: Vec<Work>,
    /// Whether what is near stays so until everything is over, and who serves then where it matters, as a rule.
    pub(super) ends_at_rest: bool,
    pub(super) usual: Vec<(SeatId, UnitId)>,
}

/// Planned work of one failure mode.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) clocks: Vec<ClockId>,
    /// Whether it must be seen to begin while something has failed, and not only be under way when something does.
    pub(super) must_begin: bool,
}

/// Sources of one kind.
#[derive(Clone, Debug)]
struct Kind {
    number: usize,
    sources: Vec<Source>,
}

/// One beginning in a life.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    pub(super) at: SimTime,
    pub(super) source: Source,
    /// How many alike there are.
    pub(super) alike: f64,
}

impl Beginnings {
    /// Those of lives of so many seconds.
    ///
    /// # Errors
    ///
    /// If there is something that lives hardly ever see and that cannot be made to begin one.
    pub fn new(model: &Model, rare: Rare, seconds: f64) -> Result<Beginnings, Unseen> {
        let mut nearness = Nearness::new(model, rare);
        let is_seldom = seldom_kinds(model, &nearness, seconds);
        refusal(model, &nearness, &is_seldom)?;
        let defect = defect(model, rare, seconds);
        if let Some((class, _)) = defect.filter(|(_, probability)| *probability < LEAST_DEFECTIVE) {
            return Err(Unseen::Defect(class));
        }
        let mut kinds: Vec<Kind> = Vec::new();
        let mut all = nearness.sources();
        let numbers = nearness.kinds.clone();
        all.retain(|source| is_seldom[numbers.of(*source)]);
        let is_silent = all.iter().any(|source| nearness.is_silent(*source));
        all.sort_by_key(|source| numbers.of(*source));
        for source in all {
            let number = numbers.of(source);
            match kinds.last_mut() {
                Some(kind) if kind.number == number => kind.sources.push(source),
                _ => kinds.push(Kind { number, sources: vec![source] }),
            }
        }
        let is_hidden = nearness.is_uneven || is_silent;
        // The failure that is there when work begins is as likely as the one that comes during it, but for how long they last.
        let longest =
            nearness.clocks.iter().map(|clock| nearness.lasts(*clock)).fold(0.0, f64::max);
        let is_short = |clocks: &Vec<ClockId>| {
            clocks.iter().any(|clock| longest > SHARE * nearness.lasts(*clock))
        };
        let works = nearness.works.iter();
        let work =
            |clocks: &Vec<ClockId>| Work { clocks: clocks.clone(), must_begin: is_short(clocks) };
        let works = works.map(work).collect();
        let beside = nearness.beside;
        let (ends_at_rest, usual) = (false, Vec::new());
        Ok(Beginnings { kinds, numbers, defect, is_hidden, beside, works, ends_at_rest, usual })
    }

    /// These where an excursion ends when everything is over that its failures have set off, and somebody serves who does
    /// as a rule.
    pub fn ending_at_rest(self, usual: Vec<(SeatId, UnitId)>) -> Beginnings {
        Beginnings { ends_at_rest: true, usual, ..self }
    }

    /// Work that must be seen while something has failed: one of each kind.
    pub fn works(&self) -> impl Iterator<Item = ClockId> + '_ {
        self.works.iter().map(|work| work.clocks[0])
    }

    /// These where only what seldom happens counts as near while it is under way by itself: the rest lives see as often as
    /// it is.
    pub fn narrowed(&self, model: &Model) -> Beginnings {
        let is_seldom = |clock: &ClockId| match model.clocks[clock.index()].to_failure {
            TimeToFailure::SetOff => self.sources().any(|source| source.sets_off(model, *clock)),
            _ => self.include(Source::Clock(*clock)),
        };
        let is_used_seldom = |spare: &SpareId| {
            let crew = model.spares[spare.index()];
            let uses = |clock: &ClockId| match model.clocks[clock.index()].repair {
                Repair::After(task) => {
                    model.stages_of(task).iter().any(|stage| stage.crew == Some(crew))
                }
                Repair::Restart | Repair::Never => false,
            };
            let mut users = (0..model.clocks.len()).map(ClockId::new).filter(uses);
            users.all(|clock| is_seldom(&clock))
        };
        // Whoever serves leaves when what it stands on fails, too.
        let is_left_seldom = |(_, unit): &(SeatId, UnitId)| {
            let below = model.with_hosts(*unit);
            below.iter().all(|unit| model.unit_clocks.of(unit.index()).iter().all(is_seldom))
        };
        let beside = Beside {
            seats: self.beside.seats.iter().copied().filter(is_left_seldom).collect(),
            clocks: self.beside.clocks.iter().copied().filter(is_seldom).collect(),
            spares: self.beside.spares.iter().copied().filter(is_used_seldom).collect(),
        };
        Beginnings { beside, ..self.clone() }
    }

    /// How much there is that counts as near while it is under way by itself.
    pub fn beside(&self) -> usize {
        self.beside.clocks.len() + self.beside.spares.len() + self.beside.seats.len()
    }

    /// How probable a latent defect of a copy in one of its groups is at an instant, about, where its class has such:
    /// nothing makes it more probable, so that many excursions must be seen for some to begin with one.
    pub fn defect(&self) -> Option<(DataId, f64)> {
        self.defect
    }

    /// Whether nothing is made to begin them.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// A failure or common cause among them, and not what takes all at once.
    pub fn failure(&self) -> Option<Source> {
        self.sources().copied().find(|source| !matches!(source, Source::Deletion(_)))
    }

    /// Whether anything among them can leap over levels, or takes all at once, or levels do not tell of all that comes
    /// nearer.
    pub fn can_leap(&self, model: &Model) -> bool {
        self.is_hidden
            || self.sources().any(|source| match source {
                Source::Clock(clock) => {
                    let spec = &model.clocks[clock.index()];
                    spec.extras().burst.is_some()
                        || spec.cuts_power
                        || !model.guests.of(spec.unit.index()).is_empty()
                }
                Source::Shock(_) | Source::Deletion(_) => true,
            })
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        self.kinds.iter().flat_map(|kind| &kind.sources)
    }

    /// Whether what begins with this is counted where it is made to begin.
    pub(super) fn include(&self, source: Source) -> bool {
        self.kinds.iter().any(|kind| kind.number == self.numbers.of(source))
    }

    /// One of each kind in a life that ends at a time, in order of time.
    pub(super) fn draw(&self, key: StreamKey, end: SimTime) -> Vec<Beginning> {
        let whole = (end - SimTime::ZERO).seconds();
        let of_kind = |kind: &Kind| {
            let mut luck = key.of(kind.number as u64, Purpose::Beginning).draw(0);
            let after = whole * luck.open_unit();
            Beginning {
                at: SimTime::ZERO + SimSpan::from_seconds(after),
                source: kind.sources[luck.below(kind.sources.len())],
                alike: kind.sources.len() as f64,
            }
        };
        let mut drawn: Vec<Beginning> = self.kinds.iter().map(of_kind).collect();
        drawn.sort_by_key(|beginning| beginning.at);
        drawn
    }
}

/// By kind: whether it happens in few lives of so many seconds, or drags others along and seldom does. Sources whose hazard
/// is not known count too: where lives see those, they see what begins with the kind.
fn seldom_kinds(model: &Model, nearness: &Nearness<'_>, seconds: f64) -> Vec<bool> {
    let mut expected = vec![0.0; nearness.kinds.count];
    let mut drags = vec![false; expected.len()];
    let beside = nearness.beside.clocks.iter().copied();
    let beside = beside.filter(|clock| nearness.all_clocks.binary_search(clock).is_err());
    let clocks = nearness.all_clocks.iter().copied().chain(beside).map(Source::Clock);
    let shocks = nearness.all_shocks.iter().copied().map(Source::Shock);
    let deletion = match nearness.rare {
        Rare::Outage(_) => None,
        Rare::Loss(class) => Some(Source::Deletion(class)),
    };
    for source in clocks.chain(shocks).chain(deletion) {
        let kind = nearness.kinds.of(source);
        expected[kind] += expected_of(model, source, seconds);
        drags[kind] |= drags_seldom(model, source) || hits_several_seldom(model, source, seconds);
    }
    expected.iter().zip(drags).map(|(expected, drags)| drags || *expected < SELDOM).collect()
}

/// How often a source strikes in so many seconds in the mean, about.
fn expected_of(model: &Model, source: Source, seconds: f64) -> f64 {
    match source {
        Source::Clock(clock) => within(&model.clocks[clock.index()].to_failure, seconds),
        Source::Shock(shock) => {
            let spec = &model.shocks[shock.index()];
            spec.probability * within(&spec.to_failure, seconds)
        }
        Source::Deletion(class) => {
            model.holding(class).deleted.as_ref().map_or(0.0, |law| seconds / law.mean())
        }
    }
}

/// How often something strikes in so many seconds in the mean, about.
fn within(to_failure: &TimeToFailure, seconds: f64) -> f64 {
    match to_failure {
        TimeToFailure::Memoryless { mean } => seconds / mean,
        TimeToFailure::Aging(law) => {
            let most = seconds / law.mean();
            law.cdf(seconds).map_or(most, |first| first.min(most))
        }
        TimeToFailure::SetOff => f64::INFINITY,
    }
}

/// Whether a common cause hits several at once in few lives, if it hits one in many: then it is as if those were seldom.
fn hits_several_seldom(model: &Model, source: Source, seconds: f64) -> bool {
    let Source::Shock(shock) = source else { return false };
    let spec = &model.shocks[shock.index()];
    let (count, misses) = (spec.targets.len() as i32, 1.0 - spec.each);
    let none = libm::pow(misses, f64::from(count));
    let one = f64::from(count) * spec.each * libm::pow(misses, f64::from(count - 1));
    count > 1 && expected_of(model, source, seconds) * (1.0 - none - one) < SELDOM
}

/// Whether a failure drags others along, and seldom: what it drags along is seldom even if it is not.
fn drags_seldom(model: &Model, source: Source) -> bool {
    let Source::Clock(clock) = source else { return false };
    let burst = model.clocks[clock.index()].extras().burst.as_ref();
    burst.is_some_and(|burst| burst.probability < SELDOM)
}

/// The class that is sought, if its copies have latent defects; and how probable it is at an instant that a copy has one
/// in one of its groups, about.
fn defect(model: &Model, rare: Rare, seconds: f64) -> Option<(DataId, f64)> {
    let Rare::Loss(class) = rare else { return None };
    let holding = model.holding(class);
    let latent = holding.latent.as_ref()?;
    let lasts = match &latent.scrub {
        Some(Scrub::After(law)) => law.mean().min(seconds),
        Some(Scrub::Cycle(cycle)) => 0.5 * cycle.seconds().min(seconds),
        None => seconds,
    };
    let groups_each = holding.groups_of.items().len() as f64 / f64::from(holding.count);
    Some((class, lasts / latent.every.mean() / groups_each.max(1.0)))
}
