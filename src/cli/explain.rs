//! `ninefold explain`: one life, change by change.

use clap::Args;
use ninefold::report::{life_figure, timeline_to_text, timers_to_text};
use ninefold::run::RunError;
use ninefold::units::{SimSpan, SimTime};
use ninefold::{Plan, System};

use super::arguments::{at_least, length_of_life};
use super::output::Drawing;
use super::progress::{Bar, stop_on_interrupt};
use super::{Failure, Outcome, journey_named, load, put};

/// Tell one life of a topology: who failed, what followed, who repaired, what users saw.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The topology file; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: String,

    /// Which life, by its number.
    #[arg(long, value_name = "N", conflicts_with = "worst", value_parser = at_least::<0>)]
    replication: Option<u64>,

    /// The life in which this journey is down for longest.
    #[arg(long, value_name = "JOURNEY")]
    worst: Option<String>,

    /// Among how many lives the worst is sought.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1_000,
          value_parser = at_least::<1>)]
    replications: u64,

    /// The seed of the run whose life it is.
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = at_least::<0>)]
    seed: u64,

    /// How long the life lasts, instead of what the topology says.
    #[arg(long, value_name = "1y", value_parser = length_of_life)]
    horizon: Option<f64>,

    /// Tell everything, not only outages and the hour before each.
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    drawing: Drawing,
}

impl Explain {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let topology = load(std::slice::from_ref(&self.file))?.remove(0);
        self.drawing.prepare()?;
        let system = System::compile(topology);
        let usual = system.plan(self.seed);
        let horizon = self.horizon.map_or(usual.horizon, SimSpan::from_seconds);
        let plan = Plan { replications: self.replications, horizon, ..usual };
        let (replication, sought) = match &self.worst {
            None => (self.replication.unwrap_or(0), None),
            Some(journey) => worst(&system, &plan, journey)?,
        };
        let entries = system.explain(&plan, replication).map_err(|error| refused(&error))?;
        let text = timeline_to_text(system.topology(), system.model(), &entries, self.all);
        self.drawing.write(|| {
            let which = (replication, self.seed);
            life_figure(system.topology(), system.model(), &entries, plan.horizon, which)
        })?;
        let name = &system.topology().name;
        let timers = timers_to_text(system.topology());
        let partial = sought.map_or_else(String::new, |lives| {
            format!("  interrupted: it is the worst of the {lives} lives that were complete\n")
        });
        put(&format!("{name}: life {replication} of seed {}\n{partial}{timers}{text}", self.seed))?;
        Ok(if sought.is_some() { Outcome::Unfinished } else { Outcome::Met })
    }
}

fn refused(error: &RunError) -> Failure {
    Failure::Refused(format!("error: {error}\n"))
}

/// The life with the most downtime of a journey, the first of several; and among how many, if that was
/// interrupted.
fn worst(system: &System, plan: &Plan, journey: &str) -> Result<(u64, Option<u64>), Failure> {
    let index = journey_named(system.topology(), journey)?;
    let (mut worst, mut most) = (0, SimSpan::ZERO);
    let bar = Bar::new(&system.topology().name, stop_on_interrupt());
    let found = system
        .outages(
            plan,
            |life| {
                let downtime = life.of_journey(index, SimTime::ZERO).downtime;
                if downtime > most {
                    (worst, most) = (life.replication, downtime);
                }
            },
            &mut |progress| bar.show(progress),
        )
        .map_err(|error| refused(&error))?;
    Ok((worst, found.is_partial.then_some(found.replications)))
}
