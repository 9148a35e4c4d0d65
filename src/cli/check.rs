//! `ninefold check`: is a topology right, and what does it come to?

use clap::Args;
use ninefold::System;
use ninefold::report::topology_figure;
use ninefold::spec::resolved;

use super::output::Drawing;
use super::{Failure, Outcome, WRITES_IT_OUT, load, put, refuse_standard_input, refused};

/// Check topologies without simulating them.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Topology files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Print the topology with everything written out, and where each value came from.
    #[arg(long)]
    resolved: bool,
    #[command(flatten)]
    drawing: Drawing,
}

impl Check {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        if self.drawing.is_wanted() && (self.files.len() > 1 || self.resolved) {
            return Err(Failure::Refused(
                "error: `--draw` draws one topology, without `--resolved`\n".to_owned(),
            ));
        }
        if self.resolved {
            refuse_standard_input(&self.files, "--resolved", WRITES_IT_OUT)?;
            let mut text = String::new();
            for file in &self.files {
                text += &resolved(file).map_err(refused)?;
            }
            put(&text)?;
            return Ok(Outcome::Met);
        }
        let systems: Vec<System> = load(&self.files)?.into_iter().map(System::compile).collect();
        self.drawing.prepare()?;
        for system in &systems {
            put(&summary(system))?;
            self.drawing.write(|| topology_figure(system.topology(), system.model()))?;
        }
        Ok(Outcome::Met)
    }
}

fn summary(system: &System) -> String {
    let (topology, model) = (system.topology(), system.model());
    let replicas = topology.services.iter().map(|service| service.replicas.len()).sum::<usize>();
    let per_life = model.events_per_second() * topology.horizon.seconds();
    let journeys: Vec<&str> = topology.journeys.iter().map(|j| j.name.as_str()).collect();
    let data: Vec<&str> = topology.data.iter().map(|class| class.name.as_str()).collect();
    let listed = [("journeys", journeys), ("data", data)];
    let listed = listed.iter().filter(|(_, names)| !names.is_empty());
    let listed = listed.map(|(what, names)| format!("; {what}: {}", names.join(", ")));
    format!(
        "{}: fine\n  {} domain units, {replicas} replicas of {} services, {} failure modes in all\n  \
         about {per_life:.0} events in a life{}\n",
        topology.name,
        topology.units.len() - replicas,
        topology.services.len(),
        model.clock_count(),
        listed.collect::<String>(),
    )
}
