//! `ninefold cuts`: what has to be down together to take a journey down.

use ninefold::model::JourneyId;
use ninefold::run::MOST_STATES_BESIDE;
use serde_json::Value;

use crate::common::compiled;
use crate::export::ninefold;

const SHOP: &str = "topology: shop
failures:
  server-down: {every: 999h, repair: {exponential: 1h}, clock: always}
  rack-down: {every: 9999h, repair: {exponential: 1h}}
domains:
  rack: {level: rack, fails: [rack-down]}
  server: {level: server, in: rack, count: 2, fails: [server-down]}
services:
  web: {replicas: 2, on: server, serves: any}
  db: {replicas: 2, on: server, leader: {failover: 30s}}
journeys: {browse: {needs: web}, buy: {needs: [web, db]}}
";

fn told(arguments: &[&str], input: &str) -> String {
    let output = ninefold(arguments, input);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const BROWSE: &str = "shop: what takes down each journey

browse: 3 units that it depends on can fail
One single point of failure
 unit   level    fails by   down alone
---------------------------------------
 rack    rack   rack-down       1.0e-4
One set of 2 that takes it down together
 units                  level   all down
-----------------------------------------
 server-0 + server-1   server     1.0e-6
No set of 3 or 4.
Exactly, in the long run: unavailability 1.0100e-4, 4.0 nines, 8.935e-1 outages a year
Over 1y from new: unavailability 1.0099e-4, 4.0 nines, 8.935e-1 outages a year
 failure mode                down   Birnbaum   criticality   Fussell-Vesely   of outages
-----------------------------------------------------------------------------------------
 rack-down of rack         1.0e-4      1.0e0        99.0 %           99.0 %       98.0 %
 server-down of server-0   1.0e-3     1.0e-3         1.0 %            1.0 %        1.0 %
 server-down of server-1   1.0e-3     1.0e-3         1.0 %            1.0 %        1.0 %
";

#[test]
fn people_read_single_points_first() {
    assert_eq!(told(&["cuts", "-", "--journey", "browse"], SHOP), BROWSE);
    let text = told(&["cuts", "-", "--order", "1"], SHOP);
    assert!(text.contains("sets of the structure alone: it has no time for a failover."), "{text}");
    let why =
        "No exact figures: a failover takes time, or depends on who served before: first at db-0.";
    assert!(text.contains(why), "{text}");
    assert!(!text.contains("down together"), "{text}");
}

#[test]
fn programs_read_all_of_it() {
    let json = told(&["cuts", "-", "--format", "json"], SHOP);
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["schema"], "ninefold-cuts/1");
    let browse = &found["journeys"]["browse"];
    assert_eq!((&browse["order_asked"], &browse["order_reached"]), (&4.into(), &4.into()));
    assert_eq!(browse["orders"][0]["cuts"][0]["units"][0]["unit"], "rack");
    assert_eq!(browse["orders"][1]["cuts"][0]["units"][1]["level"], "server");
    assert_eq!(browse["orders"][1]["count"], 1);
    // 1e-4 and, while the rack is up, both servers.
    let unavailability = browse["exact"]["unavailability"].as_f64().unwrap();
    assert!((unavailability / (1e-4 + 0.9999 * 1e-6) - 1.0).abs() < 1e-12, "{unavailability}");
    assert_eq!(browse["exact"]["importances"][0]["mode"], "rack-down");
    assert!(browse["not_exact"].is_null());
    let year = &browse["exact"]["interval"];
    assert!(year["unavailability"].as_f64().unwrap() < unavailability, "{year}");
    assert!(year["relative_error"].as_f64().unwrap() < 1e-11, "{year}");
    assert!(browse["exact"]["not_over_horizon"].is_null());
    let buy = &found["journeys"]["buy"];
    assert_eq!(buy["leaves_out"][0], "failover");
    assert!(buy["exact"].is_null());
    assert!(buy["not_exact"].as_str().unwrap().contains("first at db-0"));
}

#[test]
fn what_cannot_be_answered_is_refused() {
    for (arguments, input, reason) in [
        (&["cuts", "-", "--journey", "sell"][..], SHOP, "no journey `sell`; there are browse, buy"),
        (&["cuts", "-", "--order", "5"], SHOP, "5 is not in 1..=4"),
        (&["cuts", "-", "--seed", "7"], SHOP, "`--seed` is about lives, and none are simulated"),
        (&["cuts", "topologies/patterns/rs-6-3-fleet.yaml"], "", "no journeys"),
        (&["cuts", "-"], "topology: [", "error"),
    ] {
        let output = ninefold(arguments, input);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(reason), "{told}");
    }
}

/// Where nothing is exactly known of a journey, what goes away without each failure mode is what two Markov chains say:
/// with it and without it. One crew of one makes the journey no static structure.
#[test]
fn what_goes_away_without_a_mode_is_simulated() {
    let text = |modes: &str| {
        format!(
            "topology: t
failures:
  disk: {{every: 200h, repair: {{exponential: 20h}}, crew: ops}}
  power: {{every: 300h, repair: {{exponential: 5h}}, crew: ops}}
crews: {{ops: {{size: 1}}}}
domains: {{node: {{count: 2, fails: [{modes}]}}}}
journeys: {{serve: {{needs: {{any: [node]}}}}}}
"
        )
    };
    let down_s_per_year = |modes: &str| {
        let system = compiled(&text(modes));
        let exact = system.exact_outages(&system.plan(1), JourneyId::new(0), MOST_STATES_BESIDE);
        exact.unwrap().within.unwrap().share.value * 365.0 * 86_400.0
    };
    let both = down_s_per_year("disk, power");
    let whole = text("disk, power");
    let json = told(&["cuts", "-", "-n", "2000", "--format", "json"], &whole);
    let found: Value = serde_json::from_str(&json).unwrap();
    let serve = &found["journeys"]["serve"];
    assert!(serve["exact"].is_null(), "{serve}");
    for (index, (mode, other)) in [("disk", "power"), ("power", "disk")].into_iter().enumerate() {
        let simulated = &serve["simulated"][index];
        assert_eq!((&simulated["mode"], &simulated["pairs"]), (&mode.into(), &2_000.into()));
        let number = |what: &str, part: &str| simulated[what][part].as_f64().unwrap();
        for (what, exact) in
            [("downtime_s_per_year", both), ("goes_away_s_per_year", both - down_s_per_year(other))]
        {
            let sigmas = (number(what, "mean") - exact) / number(what, "std_error");
            assert!(sigmas.abs() < 4.0, "{mode}, {what}: {sigmas} from {exact}: {simulated}");
        }
    }
    let told_to_people = told(&["cuts", "-", "-n", "500"], &whole);
    let line =
        "Without each failure mode, by simulation (500 pairs of lives each, with the same luck)";
    assert!(told_to_people.contains(line), "{told_to_people}");
    let plain = told(&["cuts", "-"], &whole);
    assert!(!plain.contains("by simulation"), "{plain}");
}
