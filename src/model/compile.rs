//! From a checked topology to a model.

use super::structure::clock_name;
use super::{
    Clock, Crew, CrewId, Input, Leader, LeaderId, Model, ModelBuilder, Repair, TimeToFailure,
    UnitId,
};
use crate::dist::Law;
use crate::rng::hash_text;
use crate::spec::{self, Expression, Topology};

/// Compiles a topology.
///
/// Units keep their indices; the clocks of a unit come in the order of its failure modes, unit after
/// unit; journeys keep their indices too.
///
/// # Examples
///
/// ```
/// let topology = ninefold::spec::Topology::from_str("pair", "
/// topology: pair
/// failures: {crash: {every: 30d, repair: 5m}}
/// services: {web: {replicas: 2, serves: any, fails: [crash]}}
/// journeys: {browse: {needs: web}}
/// ")?;
/// let model = ninefold::model::compile(&topology);
/// assert_eq!((model.unit_count(), model.clock_count(), model.journey_count()), (2, 2, 1));
/// # Ok::<(), ninefold::spec::SpecError>(())
/// ```
pub fn compile(topology: &Topology) -> Model {
    let mut compiler = Compiler {
        topology,
        builder: ModelBuilder::new(),
        operations: topology.services.iter().map(|s| vec![None; s.operations.len()]).collect(),
        leaders: Vec::new(),
    };
    let crews = compiler.crews();
    compiler.units(&crews);
    compiler.leaders();
    for journey in &topology.journeys {
        let input = compiler.input(&journey.needs);
        let gate = match input {
            Input::Gate(gate) => gate,
            other => compiler.builder.gate(1, vec![other]),
        };
        compiler.builder.journey(gate);
    }
    compiler.builder.finish()
}

struct Compiler<'a> {
    topology: &'a Topology,
    builder: ModelBuilder,
    /// The gate or unit that decides each operation, once it is there.
    operations: Vec<Vec<Option<Input>>>,
    leaders: Vec<Option<LeaderId>>,
}

impl Compiler<'_> {
    fn crews(&mut self) -> Vec<CrewId> {
        let crew = |crew: &spec::Crew| Crew { size: crew.size, response: crew.response.clone() };
        self.topology.crews.iter().map(|c| self.builder.crew(crew(c))).collect()
    }

    fn units(&mut self, crews: &[CrewId]) {
        for unit in &self.topology.units {
            let name = hash_text(&unit.path);
            let is_replica = unit.level.is_none();
            let hosts = unit.hosts.iter().map(|&host| UnitId::new(host)).collect();
            let id = self.builder.unit(name, unit.start.clone(), is_replica, hosts);
            for &mode in &unit.modes {
                let spec = &self.topology.modes[mode];
                self.builder.clock(Clock {
                    unit: id,
                    mode: mode as u32,
                    name: clock_name(name, &spec.name),
                    to_failure: match &spec.every {
                        Law::Exponential { mean } => TimeToFailure::Memoryless { mean: *mean },
                        law => TimeToFailure::Aging(law.clone()),
                    },
                    always: spec.always,
                    repair: match &spec.repair {
                        spec::Repair::After(law) => Repair::After(law.clone()),
                        spec::Repair::Restart => Repair::Restart,
                        spec::Repair::Never => Repair::Never,
                    },
                    crew: spec.crew.map(|crew| crews[crew]),
                });
            }
        }
    }

    fn leaders(&mut self) {
        for service in &self.topology.services {
            let leader = service.leader.as_ref().map(|leader| {
                self.builder.leader(Leader {
                    name: hash_text(&service.name),
                    members: service.replicas.clone().map(UnitId::new).collect(),
                    failover: leader.failover.clone(),
                    failover_after_total_loss: leader.failover_after_total_loss,
                })
            });
            self.leaders.push(leader);
        }
    }

    /// What decides an expression: a unit itself where that is enough.
    fn input(&mut self, expression: &Expression) -> Input {
        match expression {
            Expression::Unit(unit) => Input::Unit(UnitId::new(*unit)),
            Expression::Operation(service, operation) => self.operation(*service, *operation),
            Expression::AtLeast(needed, parts) => {
                let inputs = parts.iter().map(|part| self.input(part)).collect();
                self.at_least(*needed, inputs)
            }
        }
    }

    fn at_least(&mut self, needed: usize, inputs: Vec<Input>) -> Input {
        match inputs.as_slice() {
            &[only] => only,
            _ => Input::Gate(self.builder.gate(needed, inputs)),
        }
    }

    /// What decides an operation: enough replicas, a leader where one is needed, and what the service
    /// needs of others.
    fn operation(&mut self, service: usize, operation: usize) -> Input {
        if let Some(input) = self.operations[service][operation] {
            return input;
        }
        let topology = self.topology;
        let spec = &topology.services[service];
        let offered = &spec.operations[operation];
        let replicas = spec.replicas.clone().map(|unit| Input::Unit(UnitId::new(unit))).collect();
        let mut parts = vec![self.at_least(offered.needed, replicas)];
        if let (true, Some(leader)) = (offered.needs_leader, self.leaders[service]) {
            parts.push(Input::Leader(leader));
        }
        if let Some(needs) = &spec.needs {
            parts.push(self.input(needs));
        }
        let input = self.at_least(parts.len(), parts);
        self.operations[service][operation] = Some(input);
        input
    }
}
