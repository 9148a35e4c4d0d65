//! Laws as phases one after another, each memoryless or of a set time.

use crate::dist::Law;

/// The phase of what is not under way.
pub(super) const IDLE: u32 = 0;
/// The phase of what happens at once.
pub(super) const AT_ONCE: u32 = 1;

/// A gamma law of more stages than this is nearly fixed, and each stage is a state more.
const MOST_STAGES: f64 = 64.0;
/// How far from a whole number the shape of an Erlang law may be written.
const SHAPE_TOLERANCE: f64 = 1e-9;

/// One phase.
#[derive(Clone, Copy, Debug)]
struct Phase {
    lasts: Lasts,
    /// What follows; [`IDLE`] if it is the last.
    next: u32,
}

/// How long a phase lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lasts {
    /// Memoryless: how often it ends in a second while it lasts.
    Rate(f64),
    /// Always so many seconds.
    Set(f64),
}

/// With which phases something begins, and how probably.
type Begins = Vec<(f64, u32)>;

/// The phases of all laws of a model that have been asked for.
#[derive(Clone, Debug)]
pub(super) struct Phases {
    phases: Vec<Phase>,
    /// Each law, and with which phases it begins how probably; nothing if it has none.
    laws: Vec<(Law, Option<Begins>)>,
}

impl Phases {
    pub(super) fn new() -> Phases {
        // Neither of the first two ever ends: nothing is under way, or is over at once.
        let none = Phase { lasts: Lasts::Rate(0.0), next: IDLE };
        Phases { phases: vec![none, none], laws: Vec::new() }
    }

    /// With which phases a law begins, and how probably; `None` if it is not made of phases.
    pub(super) fn of(&mut self, law: &Law) -> Option<&[(f64, u32)]> {
        let known = self.laws.iter().position(|(other, _)| other == law);
        let place = known.unwrap_or_else(|| {
            let begins = branches(law).map(|branches| {
                let branches = branches.into_iter();
                branches.map(|(probability, phases)| (probability, self.add(&phases))).collect()
            });
            self.laws.push((law.clone(), begins));
            self.laws.len() - 1
        });
        self.laws[place].1.as_deref()
    }

    /// The phase of what takes so many seconds.
    pub(super) fn of_set_time(&mut self, seconds: f64) -> u32 {
        self.of(&Law::Fixed { value: seconds }).map_or(AT_ONCE, |begins| begins[0].1)
    }

    /// Adds phases one after another; the first.
    fn add(&mut self, all: &[Lasts]) -> u32 {
        let mut next = IDLE;
        for &lasts in all.iter().rev() {
            self.phases.push(Phase { lasts, next });
            next = u32::try_from(self.phases.len() - 1).expect("a model has fewer phases");
        }
        if all.is_empty() { AT_ONCE } else { next }
    }

    /// How often a phase ends in a second; never, if it takes a set time.
    #[inline]
    pub(super) fn rate(&self, phase: u32) -> f64 {
        match self.phases[phase as usize].lasts {
            Lasts::Rate(rate) => rate,
            Lasts::Set(_) => 0.0,
        }
    }

    /// How many seconds a phase takes, if that is set.
    #[inline]
    pub(super) fn set_time(&self, phase: u32) -> Option<f64> {
        match self.phases[phase as usize].lasts {
            Lasts::Rate(_) => None,
            Lasts::Set(seconds) => Some(seconds),
        }
    }

    /// Whether this phase or one after it takes a set time.
    pub(super) fn has_set_times_from(&self, mut phase: u32) -> bool {
        while phase != IDLE && self.set_time(phase).is_none() {
            phase = self.next(phase);
        }
        phase != IDLE
    }

    /// The phase after this one; [`IDLE`] if it is the last.
    #[inline]
    pub(super) fn next(&self, phase: u32) -> u32 {
        self.phases[phase as usize].next
    }
}

/// The ways that a law can go: the probability of each, and its phases.
fn branches(law: &Law) -> Option<Vec<(f64, Vec<Lasts>)>> {
    let certainly = |phases: Vec<Lasts>| Some(vec![(1.0, phases)]);
    match law {
        Law::Exponential { mean } => certainly(vec![Lasts::Rate(1.0 / mean)]),
        Law::Weibull { shape: 1.0, scale } => certainly(vec![Lasts::Rate(1.0 / scale)]),
        Law::Gamma { shape, scale }
            if (shape - shape.round()).abs() < SHAPE_TOLERANCE
                && (1.0..=MOST_STAGES).contains(&shape.round()) =>
        {
            certainly(vec![Lasts::Rate(1.0 / scale); shape.round() as usize])
        }
        law if law.longest() == 0.0 => certainly(Vec::new()),
        Law::Fixed { value } if value.is_finite() => certainly(vec![Lasts::Set(*value)]),
        Law::Mixture(parts) => {
            let mut all = Vec::new();
            for part in parts {
                for (probability, phases) in branches(&part.law)? {
                    all.push((part.probability * probability, phases));
                }
            }
            Some(all)
        }
        Law::Sum(parts) => {
            let mut all = vec![(1.0, Vec::new())];
            for part in parts {
                let ways = branches(part)?;
                let join = |(before, done): &(f64, Vec<Lasts>)| {
                    let join = |(probability, phases): &(f64, Vec<Lasts>)| {
                        (before * probability, [done.as_slice(), phases].concat())
                    };
                    ways.iter().map(join).collect::<Vec<_>>()
                };
                all = all.iter().flat_map(join).collect();
            }
            Some(all)
        }
        _ => None,
    }
}
