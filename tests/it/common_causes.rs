//! What strikes several at once: simulated, against the chain of the same model, which has no luck to use twice.

use std::collections::BTreeSet;

use ninefold::measure::Recorder;
use ninefold::model::JourneyId;
use ninefold::report::JourneyMeasures;
use ninefold::run::{LifeWatcher, MOST_STATES_BESIDE};
use ninefold::{Plan, Until};

use crate::common::{compiled, live};

/// Failures that others set off have repairs of their own, and delays of their own.
#[test]
fn no_two_failures_that_others_set_off_have_the_same_luck() {
    let causes = ["beta: 100%", "burst: {p: 100%, within: 1h, peers: 1}"];
    for cause in causes {
        let system = compiled(&format!(
            "topology: together\nhorizon: 5y\n\
             failures: {{down: {{every: 150h, {cause}, repair: {{exponential: 12h}}}}}}\n\
             domains: {{rack: {{}}, unit: {{in: rack, count: 2, fails: [down]}}}}\n\
             journeys: {{one: {{needs: unit-0}}}}\n"
        ));
        let mut recorder = Recorder::new(system.model().journey_count(), 1, Until::Horizon);
        let lived = live(&system, 1, &mut recorder);
        let outages = recorder.take(0, lived.events, lived.end).outages;
        let lengths: BTreeSet<u64> =
            outages.iter().map(|outage| (outage.end - outage.start).micros()).collect();
        assert!(outages.len() > 100, "{cause}: {}", outages.len());
        assert_eq!(lengths.len(), outages.len(), "{cause}");
    }
}

/// With one repair for a whole life the first of these comes out 3 % and the second 4 % too low.
#[test]
fn common_causes_come_out_as_their_chains_say() {
    for cause in ["beta: 20%", "burst: {p: 50%, within: 0s, peers: 1}", "shock: 20%"] {
        let system = compiled(&format!(
            "topology: together\nhorizon: 2y\n\
             failures: {{down: {{every: 500h, {cause}, repair: {{exponential: 24h}}}}}}\n\
             domains: {{rack: {{}}, unit: {{in: rack, count: 3, fails: [down]}}}}\n\
             journeys: {{work: {{needs: {{at_least: 2, of: [unit]}}}}}}\n"
        ));
        let plan = Plan { replications: 20_000, ..system.plan(1) };
        let exact = system.exact_outages(&plan, JourneyId::new(0), MOST_STATES_BESIDE).unwrap();
        let exact = exact.within.unwrap().share.value;
        let report = system.simulate(&plan).unwrap();
        let JourneyMeasures::Window(found, _) = &report.journeys[0].measures else {
            panic!("{cause}");
        };
        let (mean, error) = (found.unavailability.mean, found.unavailability.std_error.unwrap());
        assert!((mean - exact).abs() < 4.0 * error, "{cause}: {mean} +- {error}, exactly {exact}");
        assert!(error < 0.01 * exact, "{cause}: {error}");
    }
}
