//! A static journey as a fault tree, for other programs.

use super::NotStatic;
use super::basic_event::{BasicEvent, basic_events};
use super::skeleton::Skeleton;
use crate::model::{ClockId, JourneyId, Model, UnitId};

/// What takes a journey down, as gates over independent basic events.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultTree {
    /// Inputs before what reads them; the last is the journey.
    pub gates: Vec<FaultGate>,
    /// What happens by itself: all of it is repaired, or nothing is.
    pub events: Vec<FaultEvent>,
}

/// A gate of a fault tree.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultGate {
    /// The unit that is down then, if it stands for one.
    pub unit: Option<UnitId>,
    /// How many of its inputs make it fail.
    pub fatal: usize,
    /// Each of them once.
    pub inputs: Vec<FaultInput>,
}

/// What a gate of a fault tree reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultInput {
    /// A gate, by its index.
    Gate(usize),
    /// A basic event, by its index.
    Event(usize),
}

/// A basic event: failure modes of a unit, of which at most one is active at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultEvent {
    /// The unit.
    pub unit: UnitId,
    /// Its failure modes, or some of them.
    pub modes: Vec<ClockId>,
    /// How probable it is.
    pub law: FaultLaw,
    /// By failure mode how often it strikes while none is active, and is over while it is, in a second; `None` unless all
    /// of that is memoryless.
    pub rates: Option<Vec<(f64, f64)>>,
}

/// How probable a basic event is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaultLaw {
    /// The share of time in the long run.
    Share(f64),
    /// It comes at this rate, in a second, and stays.
    Rate(f64),
}

/// A static journey as a fault tree; nothing, if nothing can take it down.
///
/// # Errors
///
/// If the journey is not static, or has units that no basic event stands for.
pub fn fault_tree(model: &Model, journey: JourneyId) -> Result<Option<FaultTree>, NotStatic> {
    let skeleton = Skeleton::new(model, |unit| model.hosts.of(unit.index()), journey);
    let mut by_unit = vec![None; model.units.len()];
    for event in basic_events(model, &skeleton)? {
        let unit = event.unit.index();
        by_unit[unit] = Some(event);
    }
    let mut tree = FaultTree { gates: Vec::new(), events: Vec::new() };
    // By part: its gate, unless it never fails.
    let mut parts: Vec<Option<usize>> = Vec::with_capacity(skeleton.parts.len());
    for part in &skeleton.parts {
        let mut inputs: Vec<FaultInput> = Vec::new();
        for gate in part.inputs.iter().filter_map(|input| parts[*input]) {
            // Other programs take an input once; one that counts twice gets a gate of its own.
            let input = FaultInput::Gate(gate);
            inputs.push(match inputs.contains(&input) {
                true => tree.gate(None, 1, vec![input]),
                false => input,
            });
        }
        let fatal = part.fatal();
        let fails = fatal <= inputs.len();
        let own = match part.unit.and_then(|unit| by_unit[unit.index()].as_ref()) {
            Some(event) => tree.events_of(event)?,
            None => Vec::new(),
        };
        let gate = match (own.is_empty(), fails) {
            (true, false) => None,
            (true, true) => Some(tree.gate(part.unit, fatal, inputs)),
            (false, false) => Some(tree.gate(part.unit, 1, own)),
            // A unit goes down with each thing that it stands on.
            (false, true) => Some(tree.gate(part.unit, 1, [own, inputs].concat())),
        };
        parts.push(gate.map(|gate| match gate {
            FaultInput::Gate(index) | FaultInput::Event(index) => index,
        }));
    }
    let Some(tree) = parts.last().copied().flatten().map(|_| tree.reachable()) else {
        return Ok(None);
    };
    let is_final = |event: &&FaultEvent| matches!(event.law, FaultLaw::Rate(_));
    let finals = tree.events.iter().filter(is_final).count();
    match tree.events.iter().find(is_final) {
        Some(event) if finals < tree.events.len() => {
            Err(NotStatic::RepairedInPart { unit: event.unit })
        }
        _ => Ok(Some(tree)),
    }
}

impl FaultTree {
    fn gate(&mut self, unit: Option<UnitId>, fatal: usize, inputs: Vec<FaultInput>) -> FaultInput {
        self.gates.push(FaultGate { unit, fatal, inputs });
        FaultInput::Gate(self.gates.len() - 1)
    }

    /// Only what can have to do with the last gate, renumbered.
    fn reachable(mut self) -> FaultTree {
        let mut gates = vec![false; self.gates.len()];
        let mut events = vec![false; self.events.len()];
        gates.iter_mut().last().into_iter().for_each(|top| *top = true);
        for (index, gate) in self.gates.iter().enumerate().rev() {
            let inputs = if gates[index] { gate.inputs.as_slice() } else { &[] };
            for input in inputs {
                match *input {
                    FaultInput::Gate(below) => gates[below] = true,
                    FaultInput::Event(below) => events[below] = true,
                }
            }
        }
        let (gate_numbers, event_numbers) = (numbers(&gates), numbers(&events));
        for input in self.gates.iter_mut().flat_map(|gate| &mut gate.inputs) {
            match input {
                FaultInput::Gate(below) => *below = gate_numbers[*below],
                FaultInput::Event(below) => *below = event_numbers[*below],
            }
        }
        self.gates = kept(self.gates, &gates);
        self.events = kept(self.events, &events);
        self
    }

    /// Adds what a unit does by itself.
    fn events_of(&mut self, event: &BasicEvent) -> Result<Vec<FaultInput>, NotStatic> {
        let groups: Vec<BasicEvent> = match event.modes_overlap {
            true => event.alone(),
            false => vec![event.clone()],
        };
        groups.into_iter().map(|group| self.event(&group)).collect()
    }

    fn event(&mut self, event: &BasicEvent) -> Result<FaultInput, NotStatic> {
        let finals = event.modes.iter().filter(|mode| mode.is_final()).count();
        let law = match finals {
            0 => FaultLaw::Share(event.in_the_long_run().down),
            all if all == event.modes.len() => {
                // Without repair the rate is that of the first failure, if it has no memory.
                let long_run_only = NotStatic::LongRunOnly { unit: event.unit };
                FaultLaw::Rate(event.memoryless_rate().ok_or(long_run_only)?)
            }
            _ => return Err(NotStatic::RepairedInPart { unit: event.unit }),
        };
        let modes = event.modes.iter().map(|mode| mode.clock).collect();
        let rates = event.rates();
        self.events.push(FaultEvent { unit: event.unit, modes, law, rates });
        Ok(FaultInput::Event(self.events.len() - 1))
    }
}

/// What number each has among those that are kept.
fn numbers(is_kept: &[bool]) -> Vec<usize> {
    let before = |count: &mut usize, is_kept: &bool| {
        let number = *count;
        *count += usize::from(*is_kept);
        Some(number)
    };
    is_kept.iter().scan(0, before).collect()
}

fn kept<T>(all: Vec<T>, is_kept: &[bool]) -> Vec<T> {
    all.into_iter().zip(is_kept).filter(|(_, is_kept)| **is_kept).map(|(one, _)| one).collect()
}
