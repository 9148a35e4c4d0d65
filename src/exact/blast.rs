//! What a single failure takes down: the blast radius of each place and each replica.

use crate::model::{GateId, Input, JourneyId, Model, UnitId, Watch};

/// What goes down with one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct BlastRadius {
    /// The unit that fails.
    pub unit: UnitId,
    /// How many others go down with it.
    pub units: usize,
    /// The journeys that go down, if everything else is up; a failover or a mask may end that later.
    pub journeys: Vec<JourneyId>,
}

/// What the failure of each of these units takes down, if it takes down a journey or another unit; in their order.
///
/// `hosts` is what each unit stands on, by unit. Only the structure is asked: whatever stands on the unit goes down
/// with it, and whatever crashes with a gate that does. A seat is taken as long as any member is up, and nothing is hidden.
pub fn blast_radii(
    model: &Model,
    hosts: &[Vec<UnitId>],
    journeys: usize,
    units: impl Iterator<Item = UnitId>,
) -> Vec<BlastRadius> {
    let mut structure = Structure::new(model, hosts);
    units
        .map(|unit| structure.fail(unit, journeys))
        .filter(|radius| radius.units > 0 || !radius.journeys.is_empty())
        .collect()
}

struct Structure<'m> {
    model: &'m Model,
    /// The units that stand on each unit when a life begins.
    guests: Vec<Vec<UnitId>>,
    down: Vec<bool>,
    gates: Vec<bool>,
}

impl<'m> Structure<'m> {
    fn new(model: &'m Model, hosts: &[Vec<UnitId>]) -> Structure<'m> {
        let mut guests = vec![Vec::new(); model.units.len()];
        for (unit, hosts) in hosts.iter().enumerate() {
            hosts.iter().for_each(|host| guests[host.index()].push(UnitId::new(unit)));
        }
        Structure {
            model,
            guests,
            down: vec![false; model.units.len()],
            gates: vec![true; model.gates.len()],
        }
    }

    fn fail(&mut self, unit: UnitId, journeys: usize) -> BlastRadius {
        self.down.fill(false);
        self.take_down(unit);
        // What crashes with a gate may take down another gate.
        loop {
            self.evaluate();
            let crashed: Vec<UnitId> = self
                .model
                .watches
                .iter()
                .filter(|(gate, _)| !self.gates[gate.index()])
                .filter_map(|(_, watch)| match watch {
                    Watch::Crash(units) => Some(units),
                    _ => None,
                })
                .flatten()
                .copied()
                .filter(|unit| !self.down[unit.index()])
                .collect();
            if crashed.is_empty() {
                break;
            }
            crashed.into_iter().for_each(|unit| self.take_down(unit));
        }
        let is_down = |journey: &usize| !self.gates[self.model.journeys[*journey].index()];
        BlastRadius {
            unit,
            units: self.down.iter().filter(|down| **down).count() - 1,
            journeys: (0..journeys).filter(is_down).map(JourneyId::new).collect(),
        }
    }

    fn take_down(&mut self, unit: UnitId) {
        let mut frontier = vec![unit];
        while let Some(unit) = frontier.pop() {
            if !std::mem::replace(&mut self.down[unit.index()], true) {
                frontier.extend(&self.guests[unit.index()]);
            }
        }
    }

    /// A gate is added after its inputs, so this is from the bottom up.
    fn evaluate(&mut self) {
        for index in 0..self.gates.len() {
            let gate = &self.model.gates[index];
            let up = gate.inputs.iter().filter(|input| self.is_up(**input)).count();
            self.gates[index] = up >= gate.needed as usize;
        }
    }

    fn is_up(&self, input: Input) -> bool {
        let gate_is_up = |gate: GateId| self.gates[gate.index()];
        match input {
            Input::Unit(unit) => !self.down[unit.index()],
            Input::Gate(gate) => gate_is_up(gate),
            Input::Mask(mask) => gate_is_up(self.model.masks[mask.index()].gate),
            Input::Seat(seat) => {
                let roster = &self.model.rosters[self.model.seats[seat.index()].index()];
                let up = roster.members.iter().filter(|member| !self.down[member.index()]).count();
                up > seat.index() - roster.seats.start as usize
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::compile;
    use crate::spec::Topology;

    #[test]
    fn what_a_failure_takes_down() {
        let text = "topology: t
failures: {f: {every: 1y, repair: 1h}}
domains: {site: {fails: [f]}, node: {in: site, count: 3, fails: [f]}}
services:
  quorum: {replicas: 3, on: node, serves: majority}
  single: {on: node-1}
  follower: {on: node-2, needs: {need: single, kind: crashes_with}}
  pair: {replicas: 2, on: [node-0, node-1], standby: {active: 1}}
journeys: {vote: {needs: quorum}, one: {needs: single}, follow: {needs: follower}, swap: {needs: pair}}
";
        let topology = Topology::from_str("t", text).unwrap_or_else(|error| panic!("{error}"));
        let model = compile(&topology);
        let hosts: Vec<Vec<UnitId>> =
            (0..model.units.len()).map(|unit| model.hosts.of(unit).to_vec()).collect();
        let radii = blast_radii(&model, &hosts, 4, (0..model.units.len()).map(UnitId::new));
        let of = |path: &str| {
            let radius = radii.iter().find(|r| topology.units[r.unit.index()].path == path);
            radius.map(|radius| {
                let journeys: Vec<&str> = radius
                    .journeys
                    .iter()
                    .map(|journey| topology.journeys[journey.index()].name.as_str())
                    .collect();
                (radius.units, journeys.join(" "))
            })
        };
        let found = |units, journeys: &str| Some((units, journeys.to_owned()));
        assert_eq!(of("site"), found(10, "vote one follow swap"));
        assert_eq!(of("node-0"), found(2, ""));
        assert_eq!(of("node-1"), found(4, "one follow"));
        assert_eq!(of("node-2"), found(2, "follow"));
        assert_eq!(of("single-0"), found(1, "one follow"));
        assert_eq!(of("quorum-0"), None);
    }
}
