//! What several files of tests do alike.

use ninefold::engine::{Lived, Observer, Replication, Replicator};
use ninefold::measure::JourneyEstimates;
use ninefold::report::{JourneyMeasures, to_json};
use ninefold::units::SimTime;
use ninefold::{Plan, System, Topology};

/// Events that no life of a small system has.
const MANY_EVENTS: u64 = 100_000;

/// The system of a topology that has nothing wrong with it.
#[track_caller]
pub(crate) fn compiled(text: &str) -> System {
    System::compile(Topology::from_str("test", text).unwrap_or_else(|error| panic!("{error}")))
}

/// Lives the first life of a system with this seed, to its horizon.
#[track_caller]
pub(crate) fn live(system: &System, seed: u64, observer: &mut impl Observer) -> Lived {
    let horizon = SimTime::ZERO + system.topology().horizon;
    let mut replicator = Replicator::new(system.model(), horizon, MANY_EVENTS);
    replicator.replicate(Replication { seed, number: 0 }, observer).unwrap()
}

/// What so many lives say of the first journey of a system.
#[track_caller]
pub(crate) fn first_journey(system: &System, replications: u64) -> JourneyEstimates {
    let report = system.simulate(&Plan { replications, ..system.plan(1) }).unwrap();
    let JourneyMeasures::Window(found, _) = report.journeys.into_iter().next().unwrap().measures
    else {
        panic!("lives of equal length");
    };
    *found
}

/// How often a life of twenty hours loses data of the class `rows`.
#[track_caller]
pub(crate) fn losses_in_20h(text: &str) -> f64 {
    let system = compiled(&format!("topology: t\nhorizon: 20h\n{text}"));
    let report = system.simulate(&Plan { replications: 16, ..system.plan(1) }).unwrap();
    let json: serde_json::Value = serde_json::from_str(&to_json(&report)).unwrap();
    let rate = json["data"]["rows"]["loss_incidents_per_year"]["mean"].as_f64().unwrap();
    rate * 20.0 / 8760.0
}
