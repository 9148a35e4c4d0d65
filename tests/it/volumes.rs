//! Network volumes that are replicated: where their replicas are, and who waits for them.

use std::collections::BTreeMap;
use std::ops::Range;

use ninefold::engine::{
    Event, Observer, Placement, Replication, Replicator, Root, State, VolumeView,
};
use ninefold::model::{JourneyId, UnitId};
use ninefold::report::{to_json, to_text};
use ninefold::spec::{
    Act, Action, Controller, Expression, ReplicatedVolume, Volume, VolumeSpread, When,
};
use ninefold::units::{SimSpan, SimTime};
use ninefold::{Plan, System, Topology};

use crate::common::{live, losses_in_20h};
use crate::platform::{
    crash, drain, fixed, random_cluster, restore, seconds, system, unit, workload,
};

/// Writes down what changes about the replica `db-0`, its volume and a node that is drained.
struct Trace<'m> {
    system: &'m System,
    before: String,
    lines: Vec<String>,
}

impl Trace<'_> {
    fn now(&self, state: &State) -> String {
        let (topology, model) = (self.system.topology(), self.system.model());
        let db = UnitId::new(unit(topology, "db-0"));
        let path = |unit: &UnitId| {
            topology.units[unit.index()].path.rsplit('-').next().unwrap_or_default().to_owned()
        };
        let nodes = |units: &[UnitId]| {
            let mut names: Vec<String> = units.iter().map(path).collect();
            names.sort();
            names.join(" ")
        };
        let VolumeView { healthy, others, engine, wanted } = state.volume(model, db).unwrap();
        let engine = engine.as_ref().map_or("-".to_owned(), path);
        let place = match state.placement(model, db).unwrap() {
            Placement::Pending => "pending",
            Placement::Preparing(_) => "preparing",
            Placement::On(_) => "on",
            Placement::Ending(_) => "ending",
            Placement::Stuck(_) => "stuck",
        };
        let up = if state.is_up(db) { "up" } else { "down" };
        let units = (0..topology.units.len()).map(UnitId::new);
        let drains = units.filter_map(|unit| state.node(model, unit)).any(|node| node.is_draining);
        let drains = if drains { ", a node is drained" } else { "" };
        format!(
            "{place} {up}, engine {engine}, {} of {wanted} healthy: {}; {}{drains}",
            healthy.len(),
            nodes(&healthy),
            nodes(&others)
        )
    }
}

impl Observer for Trace<'_> {
    const SEES_EVENTS: bool = true;

    fn on_down(&mut self, _: JourneyId, _: SimTime, _: Root) {}

    fn on_up(&mut self, _: JourneyId, _: SimTime, _: Root) {}

    fn on_begin(&mut self, state: &State) {
        self.before = self.now(state);
        self.lines.push(format!("0 {}", self.before));
    }

    fn on_event(&mut self, at: SimTime, _: Event, state: &State) {
        let now = self.now(state);
        if now != self.before {
            self.lines.push(format!("{} {now}", at.micros() / 1_000_000));
            self.before = now;
        }
    }
}

/// What changes in a life of two hours; of several changes at one instant the last.
#[track_caller]
fn check(system: &System, expected: &[&str]) {
    let mut trace = Trace { system, before: String::new(), lines: Vec::new() };
    live(system, 1, &mut trace);
    let second = |line: &String| line.split(' ').next().map(str::to_owned);
    let mut lines: Vec<String> = Vec::new();
    for line in trace.lines {
        if lines.last().and_then(second) == second(&line) {
            lines.pop();
        }
        lines.push(line);
    }
    assert_eq!(lines, expected);
}

/// A database that runs on node-0 alone, with a volume on others; a rebuild takes 300 s, what was missed
/// 100 s.
fn db(replicas: usize, on: &[&str], change: impl FnOnce(&mut Topology) -> Vec<Act>) -> System {
    let text = "
domains: {node: {level: node, count: 6, fails: []}}
services: {db: {on: node, fails: [], start: 5s}}
journeys: {read: {needs: db}}
";
    system(text, |topology| {
        let of = |topology: &Topology, paths: &[&str]| -> Vec<usize> {
            paths.iter().map(|path| unit(topology, path)).collect()
        };
        let (own, nodes) = (of(topology, &["node-0"]), of(topology, on));
        let spec = workload(topology, "db");
        spec.controller = Controller::Statefulset;
        spec.volume = Volume::Network;
        spec.nodes = own;
        spec.replicated = Some(ReplicatedVolume {
            replicas,
            size: 1 << 30,
            nodes,
            rebuild: fixed(300.0),
            catch_up: fixed(100.0),
            bandwidth: None,
            spreads: Vec::new(),
            is_local: false,
        });
        topology.script = change(topology);
    })
}

#[test]
fn a_replica_that_comes_back_gets_what_it_has_missed() {
    let system = db(2, &["node-1", "node-2"], |topology| {
        vec![crash(topology, 100, "node-1"), restore(topology, 650, "node-1")]
    });
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 1 2; ",
            "100 on up, engine 0, 1 of 2 healthy: 2; 1",
            "750 on up, engine 0, 2 of 2 healthy: 1 2; ",
        ],
    );
}

#[test]
fn a_replica_that_is_back_within_the_timeout_has_missed_nothing() {
    let system = db(2, &["node-1", "node-2"], |topology| {
        vec![crash(topology, 100, "node-1"), restore(topology, 107, "node-1")]
    });
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 1 2; ",
            "100 on up, engine 0, 1 of 2 healthy: 2; 1",
            "107 on up, engine 0, 2 of 2 healthy: 1 2; ",
        ],
    );
}

/// Two of three nodes have a replica: node-2 and node-3, by the luck of seed 1.
const WITH_A_SPARE: [&str; 3] = ["node-1", "node-2", "node-3"];

#[test]
fn a_replica_that_stays_away_is_replaced_after_ten_minutes() {
    let system = db(2, &WITH_A_SPARE, |topology| {
        vec![crash(topology, 100, "node-2"), restore(topology, 900, "node-2")]
    });
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 2 3; ",
            "100 on up, engine 0, 1 of 2 healthy: 3; 2",
            "700 on up, engine 0, 1 of 2 healthy: 3; 1",
            "1000 on up, engine 0, 2 of 2 healthy: 1 3; ",
        ],
    );
}

#[test]
fn a_replica_that_fails_again_is_waited_for_again() {
    let system = db(2, &WITH_A_SPARE, |topology| {
        vec![
            crash(topology, 100, "node-2"),
            restore(topology, 200, "node-2"),
            crash(topology, 2000, "node-2"),
        ]
    });
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 2 3; ",
            "100 on up, engine 0, 1 of 2 healthy: 3; 2",
            "300 on up, engine 0, 2 of 2 healthy: 2 3; ",
            "2000 on up, engine 0, 1 of 2 healthy: 3; 2",
            "2600 on up, engine 0, 1 of 2 healthy: 3; 1",
            "2900 on up, engine 0, 2 of 2 healthy: 1 3; ",
        ],
    );
}

#[test]
fn a_replica_that_was_wiped_is_replaced_at_once() {
    let system = db(2, &WITH_A_SPARE, |topology| {
        topology.modes[2].wipes = 1.0;
        vec![Act { mode: 2, ..crash(topology, 100, "node-2") }]
    });
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 2 3; ",
            "100 on up, engine 0, 1 of 2 healthy: 3; 1",
            "400 on up, engine 0, 2 of 2 healthy: 1 3; ",
        ],
    );
}

#[test]
fn a_rebuild_whose_node_fails_begins_anew_elsewhere() {
    let system = db(2, &["node-1", "node-2"], |topology| {
        topology.modes[2].wipes = 1.0;
        vec![
            Act { mode: 2, ..crash(topology, 100, "node-1") },
            crash(topology, 800, "node-1"),
            restore(topology, 850, "node-1"),
        ]
    });
    // Wiped and back after ten minutes, when the rebuild begins; it is lost at 800.
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 1 2; ",
            "100 on up, engine 0, 1 of 2 healthy: 2; ",
            "700 on up, engine 0, 1 of 2 healthy: 2; 1",
            "800 on up, engine 0, 1 of 2 healthy: 2; ",
            "850 on up, engine 0, 1 of 2 healthy: 2; 1",
            "1150 on up, engine 0, 2 of 2 healthy: 1 2; ",
        ],
    );
}

#[test]
fn nobody_runs_without_a_replica_of_its_volume() {
    let system = db(1, &["node-1"], |topology| {
        vec![crash(topology, 100, "node-1"), restore(topology, 1000, "node-1")]
    });
    // 10 s to end, 1 s to schedule, 60 s to attach, 5 s to start.
    check(
        &system,
        &[
            "0 on up, engine 0, 1 of 1 healthy: 1; ",
            "100 ending down, engine -, 0 of 1 healthy: ; 1",
            "110 pending down, engine -, 0 of 1 healthy: ; 1",
            "1000 preparing down, engine -, 1 of 1 healthy: 1; ",
            "1061 on down, engine 0, 1 of 1 healthy: 1; ",
            "1066 on up, engine 0, 1 of 1 healthy: 1; ",
        ],
    );
}

#[test]
fn only_the_last_replica_to_fail_has_everything() {
    let system = db(2, &["node-1", "node-2"], |topology| {
        vec![
            crash(topology, 100, "node-1"),
            crash(topology, 200, "node-2"),
            restore(topology, 500, "node-1"),
            restore(topology, 1000, "node-2"),
        ]
    });
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 1 2; ",
            "100 on up, engine 0, 1 of 2 healthy: 2; 1",
            "200 ending down, engine -, 0 of 2 healthy: ; 1 2",
            "210 pending down, engine -, 0 of 2 healthy: ; 1 2",
            "1000 preparing down, engine -, 1 of 2 healthy: 2; 1",
            "1061 on down, engine 0, 1 of 2 healthy: 2; 1",
            "1066 on up, engine 0, 1 of 2 healthy: 2; 1",
            "1161 on up, engine 0, 2 of 2 healthy: 1 2; ",
        ],
    );
}

#[test]
fn of_replicas_that_fail_together_any_one_is_enough() {
    let system = db(2, &["node-1", "node-2"], |topology| {
        vec![
            crash(topology, 100, "node-1"),
            crash(topology, 105, "node-2"),
            restore(topology, 1000, "node-1"),
        ]
    });
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 1 2; ",
            "100 on up, engine 0, 1 of 2 healthy: 2; 1",
            "105 ending down, engine -, 0 of 2 healthy: ; 1 2",
            "115 pending down, engine -, 0 of 2 healthy: ; 1 2",
            "1000 preparing down, engine -, 1 of 2 healthy: 1; 2",
            "1061 on down, engine 0, 1 of 2 healthy: 1; 2",
            "1066 on up, engine 0, 1 of 2 healthy: 1; 2",
        ],
    );
}

#[test]
fn nothing_is_written_while_the_node_of_the_engine_is_down() {
    // Whatever fails meanwhile misses nothing.
    let system = db(2, &["node-1", "node-2"], |topology| {
        vec![
            crash(topology, 100, "node-0"),
            crash(topology, 200, "node-1"),
            restore(topology, 250, "node-1"),
            restore(topology, 300, "node-0"),
        ]
    });
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 1 2; ",
            "100 on down, engine -, 2 of 2 healthy: 1 2; ",
            "200 on down, engine -, 1 of 2 healthy: 2; 1",
            "250 on down, engine -, 2 of 2 healthy: 1 2; ",
            "300 on down, engine 0, 2 of 2 healthy: 1 2; ",
            "305 on up, engine 0, 2 of 2 healthy: 1 2; ",
        ],
    );
}

#[test]
fn a_volume_of_which_nothing_is_left_is_made_anew() {
    let system = db(1, &["node-1"], |topology| {
        topology.modes[2].wipes = 1.0;
        vec![Act { mode: 2, ..crash(topology, 100, "node-1") }]
    });
    // The node is back after ten minutes.
    check(
        &system,
        &[
            "0 on up, engine 0, 1 of 1 healthy: 1; ",
            "100 ending down, engine -, 0 of 1 healthy: ; ",
            "110 pending down, engine -, 0 of 1 healthy: ; ",
            "700 preparing down, engine -, 1 of 1 healthy: 1; ",
            "761 on down, engine 0, 1 of 1 healthy: 1; ",
            "766 on up, engine 0, 1 of 1 healthy: 1; ",
        ],
    );
}

#[test]
fn what_lacks_something_does_not_save_a_volume() {
    // node-1 failed first and comes back with what it had; the other one is wiped.
    let system = db(2, &["node-1", "node-2"], |topology| {
        topology.modes[2].wipes = 1.0;
        vec![
            crash(topology, 100, "node-1"),
            Act { mode: 2, ..crash(topology, 300, "node-2") },
            restore(topology, 500, "node-1"),
        ]
    });
    // The new volume is on node-1 as soon as that is there, and on node-2 when that is back.
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 1 2; ",
            "100 on up, engine 0, 1 of 2 healthy: 2; 1",
            "300 ending down, engine -, 0 of 2 healthy: ; ",
            "310 pending down, engine -, 0 of 2 healthy: ; ",
            "500 preparing down, engine -, 1 of 2 healthy: 1; ",
            "561 on down, engine 0, 1 of 2 healthy: 1; ",
            "566 on up, engine 0, 1 of 2 healthy: 1; ",
            "900 on up, engine 0, 1 of 2 healthy: 1; 2",
            "1200 on up, engine 0, 2 of 2 healthy: 1 2; ",
        ],
    );
}

#[test]
fn what_lacks_something_lacks_it_whether_or_not_a_control_plane_knows() {
    let system = db(2, &["node-1", "node-2"], |topology| {
        topology.modes[2].wipes = 1.0;
        let control_plane = Expression::Unit(unit(topology, "node-5"));
        topology.platform.as_mut().unwrap().clusters[0].control_plane = Some(control_plane);
        vec![
            crash(topology, 50, "node-5"),
            crash(topology, 100, "node-1"),
            Act { mode: 2, ..crash(topology, 300, "node-2") },
            restore(topology, 1000, "node-5"),
        ]
    });
    // Nothing is left, and the new volume is on node-2, which was back at 900.
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 1 2; ",
            "100 on up, engine 0, 1 of 2 healthy: 2; 1",
            "300 ending down, engine -, 0 of 2 healthy: ; ",
            "310 pending down, engine -, 0 of 2 healthy: ; ",
            "1000 preparing down, engine -, 1 of 2 healthy: 2; ",
            "1061 on down, engine 0, 1 of 2 healthy: 2; ",
            "1066 on up, engine 0, 1 of 2 healthy: 2; ",
        ],
    );
}

#[test]
fn a_process_whose_volume_fails_where_nobody_can_be_told_is_not_started_elsewhere() {
    let system = db(1, &["node-1"], |topology| {
        let node = unit(topology, "node-0");
        vec![
            Act { when: When::At(seconds(90)), action: Action::CutOff { node }, mode: 0 },
            crash(topology, 100, "node-1"),
            restore(topology, 200, "node-1"),
            restore(topology, 1000, "node-0"),
        ]
    });
    check(
        &system,
        &[
            "0 on up, engine 0, 1 of 1 healthy: 1; ",
            "100 stuck down, engine -, 0 of 1 healthy: ; 1",
            "200 stuck down, engine -, 1 of 1 healthy: 1; ",
            "1000 preparing down, engine -, 1 of 1 healthy: 1; ",
            "1061 on down, engine 0, 1 of 1 healthy: 1; ",
            "1066 on up, engine 0, 1 of 1 healthy: 1; ",
        ],
    );
}

#[test]
fn nothing_is_rebuilt_without_a_control_plane() {
    let system = db(2, &["node-1", "node-2"], |topology| {
        let control_plane = Expression::Unit(unit(topology, "node-5"));
        topology.platform.as_mut().unwrap().clusters[0].control_plane = Some(control_plane);
        vec![
            crash(topology, 50, "node-5"),
            crash(topology, 100, "node-1"),
            restore(topology, 200, "node-1"),
            restore(topology, 1000, "node-5"),
        ]
    });
    // node-1 does not know what to run before the control plane is back.
    check(
        &system,
        &[
            "0 on up, engine 0, 2 of 2 healthy: 1 2; ",
            "100 on up, engine 0, 1 of 2 healthy: 2; 1",
            "1100 on up, engine 0, 2 of 2 healthy: 1 2; ",
        ],
    );
}

#[test]
fn a_drain_waits_for_the_last_replica_of_a_volume() {
    let drained = |replicas, nodes: &[&str]| {
        db(replicas, nodes, |topology| {
            let node = unit(topology, "node-1");
            vec![
                drain(topology, 100, "node-1"),
                Act { when: When::At(seconds(500)), action: Action::Uncordon { node }, mode: 0 },
            ]
        })
    };
    check(
        &drained(1, &["node-1"]),
        &[
            "0 on up, engine 0, 1 of 1 healthy: 1; ",
            "100 on up, engine 0, 1 of 1 healthy: 1; , a node is drained",
            "500 on up, engine 0, 1 of 1 healthy: 1; ",
        ],
    );
    check(&drained(2, &["node-1", "node-2"]), &["0 on up, engine 0, 2 of 2 healthy: 1 2; "]);
}

#[test]
fn a_volume_has_no_more_replicas_than_there_is_room_for() {
    let system = db(3, &["node-1", "node-2", "node-3"], |topology| {
        for path in ["node-2", "node-3"] {
            let unit = unit(topology, path);
            let nodes = &mut topology.platform.as_mut().unwrap().nodes;
            nodes.iter_mut().find(|node| node.unit == unit).unwrap().storage = 1 << 29;
        }
        Vec::new()
    });
    check(&system, &["0 on up, engine 0, 1 of 3 healthy: 1; "]);
}

/// Of each of several volumes on two nodes, when all of its replicas were healthy again after a crash of
/// one node, seconds.
fn whole_again(volumes: usize, at_a_time: u32) -> Vec<u64> {
    let text = format!(
        "
domains: {{node: {{level: node, count: 3, fails: []}}}}
services: {{db: {{replicas: {volumes}, serves: all, on: node, fails: [], start: 5s}}}}
journeys: {{read: {{needs: db}}}}
"
    );
    let system = system(&text, |topology| {
        let (own, nodes) = (
            vec![unit(topology, "node-0")],
            vec![unit(topology, "node-1"), unit(topology, "node-2")],
        );
        let spec = workload(topology, "db");
        (spec.volume, spec.nodes, spec.requests) = (Volume::Network, own, vec![0, 0]);
        let (rebuild, catch_up) = (fixed(300.0), fixed(100.0));
        spec.replicated = Some(ReplicatedVolume {
            replicas: 2,
            size: 0,
            nodes,
            rebuild,
            catch_up,
            bandwidth: None,
            spreads: Vec::new(),
            is_local: false,
        });
        topology.platform.as_mut().unwrap().timers.volumes.at_a_time = at_a_time;
        topology.script = vec![crash(topology, 100, "node-1"), restore(topology, 400, "node-1")];
    });
    let units = system.topology().services[0].replicas.clone();
    let mut whole = Whole { system: &system, at: vec![0; volumes], units };
    let horizon = SimTime::ZERO + system.topology().horizon;
    let mut replicator = Replicator::new(system.model(), horizon, 100_000);
    replicator.replicate(Replication { seed: 1, number: 0 }, &mut whole).unwrap();
    whole.at.sort_unstable();
    whole.at
}

/// When the volume of each of these replicas of a service was last made whole.
struct Whole<'m> {
    system: &'m System,
    at: Vec<u64>,
    units: Range<usize>,
}

impl Observer for Whole<'_> {
    const SEES_EVENTS: bool = true;

    fn on_down(&mut self, _: JourneyId, _: SimTime, _: Root) {}

    fn on_up(&mut self, _: JourneyId, _: SimTime, _: Root) {}

    fn on_event(&mut self, at: SimTime, _: Event, state: &State) {
        for (place, unit) in self.units.clone().enumerate() {
            let view = state.volume(self.system.model(), UnitId::new(unit)).unwrap();
            if view.healthy.len() < view.wanted {
                self.at[place] = 0;
            } else if self.at[place] == 0 {
                self.at[place] = at.micros() / 1_000_000;
            }
        }
    }
}

#[test]
fn a_node_rebuilds_only_so_many_replicas_at_a_time() {
    assert_eq!(whole_again(5, 5), [500, 500, 500, 500, 500]);
    assert_eq!(whole_again(5, 2), [500, 500, 600, 600, 700]);
    assert_eq!(whole_again(3, 1), [500, 600, 700]);
}

/// When the volumes of two services on two nodes were healthy again that are made anew from 400 s on, each
/// with 1 MB/s at most: so many of 300 MB, and one of 600 MB.
fn made_anew(volumes: usize, at_a_time: u32, node_bandwidth: Option<f64>) -> (Vec<u64>, u64) {
    let text = format!(
        "
domains: {{node: {{level: node, count: 3, fails: []}}}}
services:
  db: {{replicas: {volumes}, serves: all, on: node, fails: [], start: 5s}}
  log: {{on: node, fails: [], start: 5s}}
journeys: {{read: {{needs: {{all: [db, log]}}}}}}
"
    );
    let system = system(&text, |topology| {
        topology.modes[0].wipes = 1.0;
        let own = vec![unit(topology, "node-0")];
        let nodes = vec![unit(topology, "node-1"), unit(topology, "node-2")];
        for (name, size) in [("db", 300_000_000), ("log", 600_000_000)] {
            let spec = workload(topology, name);
            (spec.volume, spec.nodes, spec.requests) = (Volume::Network, own.clone(), vec![0, 0]);
            spec.replicated = Some(ReplicatedVolume {
                replicas: 2,
                size,
                nodes: nodes.clone(),
                rebuild: fixed(size as f64 / 1e6),
                catch_up: fixed(100.0),
                bandwidth: Some(1e6),
                spreads: Vec::new(),
                is_local: false,
            });
        }
        let volumes = &mut topology.platform.as_mut().unwrap().timers.volumes;
        (volumes.at_a_time, volumes.node_bandwidth) = (at_a_time, node_bandwidth);
        topology.script = vec![crash(topology, 100, "node-1"), restore(topology, 400, "node-1")];
    });
    let whole = |service: usize| {
        let units = system.topology().services[service].replicas.clone();
        let mut whole = Whole { system: &system, at: vec![0; units.len()], units };
        let horizon = SimTime::ZERO + system.topology().horizon;
        let mut replicator = Replicator::new(system.model(), horizon, 100_000);
        replicator.replicate(Replication { seed: 1, number: 0 }, &mut whole).unwrap();
        whole.at.sort_unstable();
        whole.at
    };
    (whole(0), whole(1)[0])
}

#[test]
fn rebuilds_share_what_a_node_has() {
    assert_eq!(made_anew(1, 5, None), (vec![700], 1000));
    // Nobody gets more than its own.
    assert_eq!(made_anew(1, 5, Some(9e6)), (vec![700], 1000));
    // Half of it each: 300 MB in 600 s. What is left of the other is 300 MB, which then has all of it.
    assert_eq!(made_anew(1, 5, Some(1e6)), (vec![1000], 1300));
    // A third each: after 900 s the last 300 MB are alone.
    assert_eq!(made_anew(2, 5, Some(1e6)), (vec![1300, 1300], 1600));
    // Two of three at a time: 300 MB each in 600 s, and then the third.
    assert_eq!(made_anew(2, 2, Some(1e6)), (vec![1000, 1000], 1600));
}

/// Two replicas of each of twenty volumes on four nodes, the first two of which are in one zone.
fn two_zones(is_required: bool) -> System {
    let text = "
domains: {node: {level: node, count: 6, fails: []}}
services: {db: {replicas: 20, serves: all, on: node, fails: [], start: 5s}}
journeys: {read: {needs: db}}
";
    system(text, |topology| {
        let own = vec![unit(topology, "node-0")];
        let nodes: Vec<usize> =
            (1..5).map(|index| unit(topology, &format!("node-{index}"))).collect();
        let spec = workload(topology, "db");
        (spec.volume, spec.nodes, spec.requests) = (Volume::Network, own, vec![0, 0]);
        spec.replicated = Some(ReplicatedVolume {
            replicas: 2,
            size: 0,
            nodes,
            rebuild: fixed(300.0),
            catch_up: fixed(100.0),
            bandwidth: None,
            spreads: vec![VolumeSpread {
                domain_of: vec![Some(0), Some(0), Some(1), Some(1)],
                is_required,
            }],
            is_local: false,
        });
        topology.platform.as_mut().unwrap().timers.volumes.at_a_time = 20;
        topology.script = vec![crash(topology, 100, "node-1"), crash(topology, 2000, "node-2")];
    })
}

/// Counts volumes that have so many replicas in each of two zones, by the second.
struct Zones<'m> {
    system: &'m System,
    found: Vec<(u64, BTreeMap<[usize; 2], usize>)>,
}

impl Zones<'_> {
    fn count(&mut self, at: u64, state: &State) {
        let topology = self.system.topology();
        let mut found = BTreeMap::new();
        for unit in topology.services[0].replicas.clone() {
            let view = state.volume(self.system.model(), UnitId::new(unit)).unwrap();
            let zone = |node: &UnitId| {
                usize::from(!["node-1", "node-2"].contains(&&*topology.units[node.index()].path))
            };
            let mut zones = [0, 0];
            view.healthy.iter().for_each(|node| zones[zone(node)] += 1);
            *found.entry(zones).or_insert(0) += 1;
        }
        self.found.push((at, found));
    }
}

impl Observer for Zones<'_> {
    const SEES_EVENTS: bool = true;

    fn on_down(&mut self, _: JourneyId, _: SimTime, _: Root) {}

    fn on_up(&mut self, _: JourneyId, _: SimTime, _: Root) {}

    fn on_begin(&mut self, state: &State) {
        self.count(0, state);
    }

    fn on_event(&mut self, at: SimTime, _: Event, state: &State) {
        self.count(at.micros() / 1_000_000, state);
    }
}

#[test]
fn replicas_of_a_volume_keep_to_zones_of_their_own() {
    for (is_required, at_last) in [(true, [0, 1]), (false, [0, 2])] {
        let system = two_zones(is_required);
        let mut zones = Zones { system: &system, found: Vec::new() };
        let horizon = SimTime::ZERO + system.topology().horizon;
        let mut replicator = Replicator::new(system.model(), horizon, 100_000);
        replicator.replicate(Replication { seed: 1, number: 0 }, &mut zones).unwrap();
        let until = |second: u64| {
            let found = zones.found.iter().rfind(|(at, _)| *at <= second).unwrap();
            found.1.clone()
        };
        assert_eq!(until(0), BTreeMap::from([([1, 1], 20)]));
        // Ten of them lose one; it is made anew in the same zone.
        assert_eq!(until(100), BTreeMap::from([([0, 1], 10), ([1, 1], 10)]));
        assert_eq!(until(1_999), BTreeMap::from([([1, 1], 20)]));
        // The zone is lost: its replicas are nowhere, or in the other one.
        assert_eq!(until(7_000), BTreeMap::from([(at_last, 20)]), "{is_required}");
    }
}

/// A database that may run on two nodes, with two replicas of its volume on any of four, one of them where
/// it runs; one of the two is drained.
fn follows(also_on: &str, spreads: Vec<VolumeSpread>) -> System {
    db(2, &["node-0", "node-1", "node-2", "node-3"], |topology| {
        let both = vec![unit(topology, "node-0"), unit(topology, also_on)];
        let spec = workload(topology, "db");
        spec.nodes = both;
        let replicated = spec.replicated.as_mut().unwrap();
        (replicated.is_local, replicated.spreads) = (true, spreads);
        vec![drain(topology, 100, "node-0")]
    })
}

#[test]
fn a_replica_of_a_volume_follows_its_process() {
    // It is there from the beginning. 10 s to end, 1 s to schedule, 15 s for the image, 60 s to attach; then it
    // takes 300 s to make one there, and the one that was on the first node is not needed any more.
    check(
        &follows("node-3", Vec::new()),
        &[
            "0 on up, engine 0, 2 of 2 healthy: 0 1; ",
            "100 ending down, engine -, 2 of 2 healthy: 0 1; , a node is drained",
            "110 preparing down, engine -, 2 of 2 healthy: 0 1; ",
            "186 on down, engine 3, 2 of 2 healthy: 0 1; ",
            "191 on up, engine 3, 2 of 2 healthy: 0 1; ",
            "486 on up, engine 3, 2 of 2 healthy: 1 3; ",
        ],
    );
    // The one in the same zone goes, so that each zone has one.
    let domain_of = vec![Some(0), Some(1), Some(1), Some(0)];
    check(
        &follows("node-3", vec![VolumeSpread { domain_of, is_required: true }]),
        &[
            "0 on up, engine 0, 2 of 2 healthy: 0 2; ",
            "100 ending down, engine -, 2 of 2 healthy: 0 2; , a node is drained",
            "110 preparing down, engine -, 2 of 2 healthy: 0 2; ",
            "186 on down, engine 3, 2 of 2 healthy: 0 2; ",
            "191 on up, engine 3, 2 of 2 healthy: 0 2; ",
            "486 on up, engine 3, 2 of 2 healthy: 2 3; ",
        ],
    );
    // Where there can be none it stays where it is.
    check(
        &follows("node-4", Vec::new()),
        &[
            "0 on up, engine 0, 2 of 2 healthy: 0 1; ",
            "100 ending down, engine -, 2 of 2 healthy: 0 1; , a node is drained",
            "110 preparing down, engine -, 2 of 2 healthy: 0 1; ",
            "186 on down, engine 4, 2 of 2 healthy: 0 1; ",
            "191 on up, engine 4, 2 of 2 healthy: 0 1; ",
        ],
    );
}

/// Sees to it that engines are where their replicas are, and that nobody runs without a healthy replica
/// of its volume or has two on one node.
struct Invariants<'m> {
    system: &'m System,
    degraded: usize,
    faulted: usize,
}

impl Observer for Invariants<'_> {
    const SEES_EVENTS: bool = true;

    fn on_down(&mut self, _: JourneyId, _: SimTime, _: Root) {}

    fn on_up(&mut self, _: JourneyId, _: SimTime, _: Root) {}

    fn on_event(&mut self, _: SimTime, _: Event, state: &State) {
        let model = self.system.model();
        for unit in (0..self.system.topology().units.len()).map(UnitId::new) {
            let Some(view) = state.volume(model, unit) else { continue };
            let placement = state.placement(model, unit).unwrap();
            if let Some(engine) = view.engine {
                let is_there =
                    [Placement::On(engine), Placement::Stuck(engine)].contains(&placement);
                assert!(is_there, "an engine where its replica is not");
                assert!(state.is_up(engine), "an engine on a node that is down");
                assert!(!view.healthy.is_empty(), "an engine without a replica");
            }
            assert!(!state.is_up(unit) || view.engine.is_some(), "a process without an engine");
            let mut nodes: Vec<UnitId> = view.healthy.iter().chain(&view.others).copied().collect();
            let all = nodes.len();
            nodes.sort_unstable();
            nodes.dedup();
            assert_eq!(nodes.len(), all, "two replicas on one node");
            assert!(all <= view.wanted);
            assert!(view.healthy.iter().all(|node| state.is_up(*node)));
            self.degraded += usize::from(view.engine.is_some() && view.healthy.len() < view.wanted);
            self.faulted += usize::from(view.healthy.is_empty());
        }
    }
}

#[test]
fn volumes_of_random_clusters_keep_their_invariants() {
    let (mut degraded, mut faulted) = (0, 0);
    for seed in 0..700 {
        let system = random_cluster(seed, false);
        let mut invariants = Invariants { system: &system, degraded: 0, faulted: 0 };
        live(&system, seed, &mut invariants);
        degraded += invariants.degraded;
        faulted += invariants.faulted;
    }
    assert!(degraded > 1_000 && faulted > 1_000, "{degraded} and {faulted}: hardly anything fails");
}

const HOUR: f64 = 3600.0;

/// The long-run unavailability of a replica whose volume has so many replicas on as many nodes, which
/// fail every 100 h and are back after 10 h, and the standard error of that.
fn unavailability(replicas: usize) -> (f64, f64) {
    let text = format!(
        "topology: t
horizon: 20000h
platform:
  profile: kubernetes
  termination: 0s
  schedule: 0s
  image_pull: 0s
  attach: 0s
  volumes: {{timeout: 0s, replenish: 1000y, catch_up: 0s}}
failures: {{down: {{every: 100h, repair: {{exponential: 10h}}}}}}
domains: {{store: {{level: node, count: {replicas}, fails: [down]}}, node: {{}}}}
services:
  db: {{on: node, controller: statefulset, volume: {{network: {{size: 1GB, replicas: {replicas}, on: [store]}}}}}}
  agent: {{on: store, controller: daemonset, serves: any}}
journeys: {{read: {{needs: db}}}}"
    );
    let topology = Topology::from_str("t", &text).unwrap_or_else(|error| panic!("{error}"));
    let system = System::compile(topology);
    let warm_up = SimSpan::from_seconds(1_000.0 * HOUR);
    let plan = Plan { replications: 400, warm_up, ..system.plan(7) };
    let report = system.simulate(&plan).unwrap();
    let json: serde_json::Value = serde_json::from_str(&to_json(&report)).unwrap();
    let estimate = &json["journeys"]["read"]["unavailability"];
    (estimate["mean"].as_f64().unwrap(), estimate["std_error"].as_f64().unwrap())
}

#[test]
fn a_volume_is_as_available_as_the_replicas_that_have_everything() {
    let (fails, mends) = (1.0 / 100.0, 1.0 / 10.0);
    // One replica: its node.
    let one: f64 = fails / (fails + mends);
    // Two: none is up, or only the one that failed first and lacks what was written after that. With the
    // probabilities of: all up A, one up B, none up C, the wrong one up D,
    //   A 2f = (B + D) m,  B (f + m) = A 2f + C m,  C 2m = (B + D) f,  D (f + m) = C m.
    let none = 1.0;
    let wrong = none * mends / (fails + mends);
    let single = (2.0 * mends * none - wrong * fails) / fails;
    let all = (single + wrong) * mends / (2.0 * fails);
    let two = (none + wrong) / (all + single + none + wrong);
    for (replicas, exact) in [(1, one), (2, two)] {
        let (mean, std_error) = unavailability(replicas);
        let sigmas = (mean - exact) / std_error;
        assert!(sigmas.abs() < 4.0, "{replicas}: {mean} +- {std_error}, exactly {exact}");
    }
}

/// How many losses of data there are in twenty hours in which one of three nodes is wiped once.
fn losses(replicas: usize, on: &str) -> f64 {
    losses_in_20h(&format!(
        "platform: kubernetes
failures: {{wiped: {{every: {{fixed: 10h}}, repair: 5h, wipes: true}}}}
domains: {{bad: {{level: node, fails: [wiped]}}, node: {{level: node, count: 2}}}}
services:
  db: {{on: node, controller: statefulset, volume: {{network: {{size: 1GB, replicas: {replicas}, on: {on}}}}}}}
  agent: {{on: bad, controller: daemonset}}
data: {{rows: {{held_by: db, copies: 1, medium: network}}}}
journeys: {{write: {{needs: db}}}}"
    ))
}

#[test]
fn data_are_lost_with_the_last_replica_of_their_volume() {
    assert_eq!(losses(1, "[bad]"), 1.0);
    assert_eq!(losses(2, "[bad, node-0]"), 0.0);
    assert_eq!(losses(3, "[bad, node]"), 0.0);
    assert_eq!(losses(1, "[node-0]"), 0.0);
}

/// Volumes lose their data as pairs of disks do: with f and m for how often one is wiped and a rebuild is
/// through, one is missing with probability 2f / (2f + m), and then the other one is wiped with rate f.
#[test]
fn data_on_two_replicas_are_lost_as_often_as_on_a_mirrored_pair() {
    let text = "topology: t
horizon: 20000h
platform:
  profile: kubernetes
  termination: 0s
  schedule: 0s
  image_pull: 0s
  attach: 0s
failures: {wiped: {every: 100h, repair: 1s, wipes: true}}
domains: {store: {level: node, count: 2, fails: [wiped]}, node: {}}
services:
  agent: {on: store, controller: daemonset, serves: any}
  db: {on: node, controller: statefulset, volume: {network: {replicas: 2, on: [store], rebuild: {exponential: 10h}}}}
data: {rows: {held_by: db, copies: 1, medium: network}}
journeys: {write: {needs: [db, agent]}}";
    let system = System::compile(Topology::from_str("t", text).unwrap());
    let warm_up = SimSpan::from_seconds(1_000.0 * HOUR);
    let plan = Plan { replications: 200, warm_up, ..system.plan(3) };
    let report = system.simulate(&plan).unwrap();
    let json: serde_json::Value = serde_json::from_str(&to_json(&report)).unwrap();
    let losses = &json["data"]["rows"]["loss_incidents_per_year"];
    let (mean, std_error) =
        (losses["mean"].as_f64().unwrap(), losses["std_error"].as_f64().unwrap());
    let (fails, mends) = (1.0 / 100.0, 1.0 / 10.0);
    let exact = 8760.0 * fails * 2.0 * fails / (2.0 * fails + mends);
    let sigmas = (mean - exact) / std_error;
    assert!(sigmas.abs() < 4.0, "{mean} +- {std_error}, exactly {exact}");
    // Narrow enough for that to mean something.
    assert!(std_error < exact / 40.0);
}

/// What all replicas of a volume stand on takes down its service, and a spreadsheet has it as a factor.
#[test]
fn the_only_replica_of_a_volume_is_a_single_point_of_failure() {
    let topology = Topology::from_path("topologies/patterns/replicated-volumes.yaml").unwrap();
    let system = System::compile(topology);
    let report = system.simulate(&Plan { replications: 10, ..system.plan(1) }).unwrap();
    let text = to_text(&report);
    assert!(text.contains("\n  storage-0: one\n"), "{text}");
    assert!(!text.contains("\n  storage-1: "), "{text}");
    let rack =
        "domains: {rack: {fails: [down]}, store: {in: rack, level: node, count: 2}, node: {}}";
    let text = format!(
        "topology: t
platform: {{profile: kubernetes, nodes: [store, node]}}
failures: {{down: {{every: 100h, repair: 10h}}}}
{rack}
services: {{db: {{on: node, controller: statefulset, volume: {{network: {{size: 1GB, replicas: 2, on: store}}}}}}}}
journeys: {{read: {{needs: db}}}}"
    );
    let system = System::compile(Topology::from_str("t", &text).unwrap());
    let report = system.simulate(&Plan { replications: 10, ..system.plan(1) }).unwrap();
    let text = to_text(&report);
    assert!(text.contains("\n  rack: read\n"), "{text}");
    assert!(!text.contains("\n  store-0: "), "{text}");
}
