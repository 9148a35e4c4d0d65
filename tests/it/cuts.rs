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

pub(crate) fn told(arguments: &[&str], input: &str) -> String {
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
What takes down the units of these sets
 unit        level      fails by   down alone
----------------------------------------------
 server-0   server   server-down       1.0e-3
 server-1   server   server-down       1.0e-3
Exactly, in the long run: unavailability 1.0100e-4, 4.0 nines, 8.935e-1 outages a year
Over 1y from new: unavailability 1.0099e-4, 4.0 nines, 8.935e-1 outages a year
 failure mode                down   Birnbaum   criticality   Fussell-Vesely   of outages
-----------------------------------------------------------------------------------------
 rack-down of rack         1.0e-4      1.0e0        99.0 %           99.0 %       98.0 %
 server-down of server-0   1.0e-3     1.0e-3         1.0 %            1.0 %        1.0 %
 server-down of server-1   1.0e-3     1.0e-3         1.0 %            1.0 %        1.0 %
Each failure mode in all units that have it
 failure mode               down   criticality   Fussell-Vesely   of outages
-----------------------------------------------------------------------------
 rack-down of 1 unit      1.0e-4        99.0 %           99.0 %       98.0 %
 server-down of 2 units   2.0e-3         1.0 %            1.0 %        2.0 %
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

/// Of 95 hours up a server has 3 down by its disk and 2 by a crash; a gateway, one of them with nothing to stand in for it.
const PAIR: &str = "topology: pair
failures:
  crash: {every: 95h, repair: {exponential: 2h}}
  disk: {every: 95h, repair: {exponential: 3h}}
  stop: {every: 999h, repair: {exponential: 1h}}
domains: {server: {count: 2, fails: [crash, disk]}, gateway: {fails: [stop]}}
journeys: {serve: {needs: {all: [{any: [server]}, gateway]}}}
";

const PAIR_BY_UNIT: &str = "pair: what takes down each journey

serve: 3 units that it depends on can fail
One single point of failure
 unit        level   fails by   down alone
-------------------------------------------
 gateway   gateway       stop       1.0e-3
One set of 2 that takes it down together
 units                  level   all down
-----------------------------------------
 server-0 + server-1   server     2.5e-3
No set of 3 or 4.
What takes down the units of these sets
 unit        level                        fails by   down alone
----------------------------------------------------------------
 server-0   server   crash (40.0 %), disk (60.0 %)       5.0e-2
 server-1   server   crash (40.0 %), disk (60.0 %)       5.0e-2
";

const PAIR_BY_MODE: &str = "pair: what takes down each journey

serve: 3 units that it depends on can fail
One single point of failure
 unit        level   fails by   down alone
-------------------------------------------
 gateway   gateway       stop       1.0e-3
4 sets of 2 that take it down together
 units                                level   all down
-------------------------------------------------------
 server-0: disk + server-1: disk     server     9.0e-4
 server-0: disk + server-1: crash    server     6.0e-4
 server-0: crash + server-1: disk    server     6.0e-4
 server-0: crash + server-1: crash   server     4.0e-4
No set of 3 or 4.
";

/// Without crashes both servers are down with 0.03 each, which leaves 9e-4 of the 25e-4, times 0.999; what of these are
/// crashes belongs to a set that is down whenever both servers are, 16e-4, whether the gateway is up or not.
#[test]
fn sets_and_importances_are_by_failure_mode_too() {
    let by_unit = told(&["cuts", "-"], PAIR);
    assert!(by_unit.starts_with(PAIR_BY_UNIT), "{by_unit}");
    let by_mode = told(&["cuts", "-", "--by", "mode"], PAIR);
    assert!(by_mode.starts_with(PAIR_BY_MODE), "{by_mode}");
    for line in [
        "Each failure mode in all units that have it",
        " disk of 2 units    5.9e-2        60.0 %           60.0 %       33.4 %",
    ] {
        assert!(by_unit.contains(line), "{line}\n{by_unit}");
    }
    let json = told(&["cuts", "-", "--by", "mode", "--format", "json"], PAIR);
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["by"], "mode");
    let serve = &found["journeys"]["serve"];
    let likeliest = &serve["orders"][1]["cuts"][0];
    assert_eq!(likeliest["units"][0]["modes"][0], "disk");
    let number = |value: &Value| value.as_f64().unwrap();
    let same = |value: &Value, exact: f64| {
        assert!((number(value) / exact - 1.0).abs() < 1e-12, "{value} is not {exact}");
    };
    same(&likeliest["probability"], 9e-4);
    same(&likeliest["units"][0]["by_mode"][0]["probability"], 0.03);
    let exact = &serve["exact"];
    let unavailability = 1e-3 + 0.999 * 25e-4;
    same(&exact["unavailability"], unavailability);
    let modes = exact["mode_importances"].as_array().unwrap();
    let of = |name: &str| modes.iter().find(|found| found["mode"] == name).unwrap();
    let crash = of("crash");
    assert_eq!((&crash["in_units"], &crash["birnbaum"]), (&2.into(), &Value::Null));
    same(&crash["unavailability"], 1.0 - 0.98 * 0.98);
    same(&crash["criticality"], 0.999 * 16e-4 / unavailability);
    same(&crash["fussell_vesely"], 16e-4 / unavailability);
    same(&of("disk")["criticality"], 0.999 * 21e-4 / unavailability);
    same(&of("stop")["birnbaum"], 1.0 - 25e-4);
    let server = &exact["unit_importances"][0];
    assert_eq!(server["unit"], "server-0");
    same(&server["unavailability"], 0.05);
    same(&server["birnbaum"], 0.999 * 0.05);
    same(&server["fussell_vesely"], 25e-4 / unavailability);
}

/// In the long run what is never repaired is down, and nothing else makes any difference: that is 0, and not unknown.
#[test]
fn what_makes_no_difference_is_zero() {
    let text = "topology: gone
failures: {dead: {every: 1000h, repair: never}, crash: {every: 99h, repair: {exponential: 1h}}}
domains: {disk: {fails: [dead]}, server: {fails: [crash]}}
journeys: {serve: {needs: {all: [disk, server]}}}
";
    let text = told(&["cuts", "-"], text);
    let row = text.lines().find(|line| line.starts_with(" crash of server")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells[3..5], ["1.0e-2", "0"], "{text}");
}

/// What a common cause sets off, and nothing else, is in no set but that of the common cause.
#[test]
fn what_only_strikes_together_is_one_element() {
    let text = "topology: together
failures: {fire: {every: 1000h, repair: {exponential: 10h}, shock: 100%}, crash: {every: 90h, repair: {exponential: 1h}}}
domains: {unit: {count: 3, fails: [fire, crash]}}
journeys: {serve: {needs: {at_least: 2, of: [unit]}}}
";
    let json = told(&["cuts", "-", "--by", "mode", "--format", "json"], text);
    let found: Value = serde_json::from_str(&json).unwrap();
    let counts: Vec<u64> = found["journeys"]["serve"]["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["count"].as_u64().unwrap())
        .collect();
    // The fire alone; any two crashes.
    assert_eq!(counts[..2], [1, 3], "{json}");
    assert!(counts[2..].iter().all(|count| *count == 0), "{json}");
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
        (&["cuts", "-", "--by", "domain"], SHOP, "[possible values: unit, mode]"),
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
