//! Small clusters with timers that are known to the second, so that each step of a life is known too.

use ninefold::dist::Law;
use ninefold::engine::{Event, Observer, Placement, Replication, Replicator, State};
use ninefold::model::{JourneyId, Model, UnitId};
use ninefold::spec::{
    Act, Action, Cluster, Controller, Node, Platform, Spread, Timers, Volume, When, Workload,
};
use ninefold::units::{SimSpan, SimTime};
use ninefold::{System, Topology};

const fn seconds(seconds: u64) -> SimSpan {
    SimSpan::from_micros(seconds * 1_000_000)
}

fn fixed(seconds: f64) -> Law {
    Law::Fixed { value: seconds }
}

/// Timers of Kubernetes, without chance.
fn timers() -> Timers {
    Timers {
        lease_renew: seconds(0),
        node_monitor_grace: seconds(50),
        node_monitor_period: seconds(0),
        toleration: seconds(300),
        unhealthy_zone: 0.55,
        small_cluster: 50,
        force_detach: seconds(360),
        force_delete: None,
        termination: fixed(10.0),
        schedule: fixed(1.0),
        image_pull: fixed(15.0),
        attach: fixed(60.0),
        crash_loop_base: seconds(10),
        crash_loop_max: seconds(300),
        crash_loop_reset: seconds(600),
    }
}

/// A cluster of the nodes of a topology, and how its services are run.
fn system(text: &str, change: impl Fn(&mut Topology)) -> System {
    let text = format!(
        "topology: cluster\nhorizon: 2h\nfailures: {{act: {{every: 1y, repair: never}}, unplaced: {{every: 1y, repair: never}}, for-10m: {{every: 1y, repair: 10m}}, ends: {{every: 1y, repair: restart}}}}\n{text}"
    );
    let mut topology = Topology::from_str("cluster", &text).unwrap_or_else(|e| panic!("{e}"));
    for mode in &mut topology.modes {
        mode.every = None;
    }
    let is_node = |unit: &usize| topology.units[*unit].level.as_deref() == Some("node");
    let nodes: Vec<usize> = (0..topology.units.len()).filter(is_node).collect();
    let node = |&unit: &usize| Node {
        unit,
        cluster: 0,
        capacity: vec![4000, 8 << 30],
        taints: Vec::new(),
    };
    topology.platform = Some(Platform {
        clusters: vec![Cluster { name: "central".to_owned(), control_plane: None }],
        timers: timers(),
        resources: vec!["cpu".to_owned(), "memory".to_owned()],
        nodes: nodes.iter().map(node).collect(),
        workloads: Vec::new(),
        rollouts: Vec::new(),
        unplaced: 1,
    });
    for (index, service) in topology.services.clone().iter().enumerate() {
        if service.name == "control-plane" {
            continue;
        }
        for replica in service.replicas.clone() {
            topology.units[replica].hosts.clear();
        }
        let workload = Workload {
            service: index,
            controller: Controller::Deployment,
            cluster: 0,
            nodes: nodes.clone(),
            requests: vec![1000, 1 << 30],
            spreads: Vec::new(),
            tolerates: Vec::new(),
            toleration: None,
            min_available: 0,
            priority: 0,
            volume: Volume::Nothing,
            surge: 0,
            unavailable: 1,
        };
        topology.platform.as_mut().unwrap().workloads.push(workload);
    }
    change(&mut topology);
    System::compile(topology)
}

fn workload<'a>(topology: &'a mut Topology, name: &str) -> &'a mut Workload {
    let service = topology.services.iter().position(|service| service.name == name).unwrap();
    let workloads = &mut topology.platform.as_mut().unwrap().workloads;
    workloads.iter_mut().find(|workload| workload.service == service).unwrap()
}

fn apart(topology: &mut Topology, name: &str, is_required: bool) {
    let nodes = workload(topology, name).nodes.clone();
    let domain_of = nodes.into_iter().map(Some).collect();
    let level = "node".to_owned();
    workload(topology, name).spreads = vec![Spread { level, domain_of, is_required, skew: None }];
}

fn unit(topology: &Topology, path: &str) -> usize {
    topology.units.iter().position(|unit| unit.path == path).unwrap()
}

fn at(seconds_after: u64, action: Action) -> Act {
    Act { when: When::At(seconds(seconds_after)), action, mode: 0 }
}

/// Writes down where replicas are and whether they are up, and when journeys are down.
struct Trace<'m> {
    model: &'m Model,
    topology: &'m Topology,
    before: Vec<(Option<Placement>, bool)>,
    lines: Vec<String>,
}

impl Trace<'_> {
    fn describe(&self, unit: usize, (placement, is_up): (Option<Placement>, bool)) -> String {
        let path = |unit: UnitId| &self.topology.units[unit.index()].path;
        let place = match placement {
            None => String::new(),
            Some(Placement::Pending) => " pending".to_owned(),
            Some(Placement::Preparing(node)) => format!(" preparing on {}", path(node)),
            Some(Placement::On(node)) => format!(" on {}", path(node)),
            Some(Placement::Ending(node)) => format!(" ending on {}", path(node)),
            Some(Placement::Stuck(node)) => format!(" stuck on {}", path(node)),
        };
        let name = &self.topology.units[unit].path;
        format!("{name}{place} {}", if is_up { "up" } else { "down" })
    }
}

impl Observer for Trace<'_> {
    const SEES_EVENTS: bool = true;

    fn on_event(&mut self, at: SimTime, _: Event, state: &State) {
        for index in 0..self.before.len() {
            let unit = UnitId::new(index);
            let now = (state.placement(self.model, unit), state.is_up(unit));
            if std::mem::replace(&mut self.before[index], now) != now {
                let line = format!("{} {}", at.micros() / 1_000_000, self.describe(index, now));
                self.lines.push(line);
            }
        }
    }

    fn on_down(&mut self, journey: JourneyId, at: SimTime, _: ninefold::engine::Root) {
        let name = &self.topology.journeys[journey.index()].name;
        self.lines.push(format!("{} {name} DOWN", at.micros() / 1_000_000));
    }

    fn on_up(&mut self, journey: JourneyId, at: SimTime, _: ninefold::engine::Root) {
        let name = &self.topology.journeys[journey.index()].name;
        self.lines.push(format!("{} {name} UP", at.micros() / 1_000_000));
    }
}

/// What changes in a life, in order, as `second: what`, once the first second is over.
fn life(system: &System) -> Vec<String> {
    let (topology, model) = (system.topology(), system.model());
    let before = vec![(None, true); topology.units.len()];
    let mut trace = Trace { model, topology, before, lines: Vec::new() };
    let horizon = SimTime::ZERO + topology.horizon;
    let mut replicator = Replicator::new(model, horizon, 100_000);
    replicator.replicate(Replication { seed: 1, number: 0 }, &mut trace).unwrap();
    trace.lines
}

const NODES: &str = "
domains: {node: {level: node, count: 3, fails: []}}
services: {web: {replicas: 2, on: node, serves: any, fails: [], start: 5s}}
journeys: {browse: {needs: web}}
";

#[track_caller]
fn check(system: &System, lines: &[&str]) {
    assert_eq!(life(system), lines);
}

fn crash(topology: &Topology, second: u64, path: &str) -> Act {
    at(second, Action::Strike { units: vec![unit(topology, path)] })
}

fn restore(topology: &Topology, second: u64, path: &str) -> Act {
    at(second, Action::Restore { units: vec![unit(topology, path)] })
}

fn drain(topology: &Topology, second: u64, path: &str) -> Act {
    at(second, Action::Drain { node: unit(topology, path) })
}

#[test]
fn replicas_of_a_deployment_are_replaced_elsewhere_after_a_node_was_lost() {
    // 50 s until the lease is too old, 300 s tolerated, 1 s to schedule, 15 s for the image, 5 s to start.
    let system = system(NODES, |topology| {
        apart(topology, "web", true);
        topology.script = vec![crash(topology, 100, "node-0")];
    });
    check(
        &system,
        &[
            "100 node-0 down",
            "100 web-0 on node-2 up",
            "100 web-1 on node-0 down",
            "450 web-1 preparing on node-1 down",
            "466 web-1 on node-1 down",
            "471 web-1 on node-1 up",
        ],
    );
}

#[test]
fn a_replica_of_a_statefulset_stays_on_a_lost_node_until_that_returns() {
    let system = system(NODES, |topology| {
        apart(topology, "web", true);
        workload(topology, "web").controller = Controller::Statefulset;
        topology.script = vec![crash(topology, 100, "node-0"), restore(topology, 1000, "node-0")];
    });
    check(
        &system,
        &[
            "100 node-0 down",
            "100 web-0 on node-2 up",
            "100 web-1 on node-0 down",
            "450 web-1 stuck on node-0 down",
            "1000 node-0 up",
            "1000 web-1 preparing on node-1 down",
            "1016 web-1 on node-1 down",
            "1021 web-1 on node-1 up",
        ],
    );
}

#[test]
fn a_replica_that_is_deleted_by_force_takes_its_volume_elsewhere() {
    let system = system(NODES, |topology| {
        apart(topology, "web", true);
        workload(topology, "web").controller = Controller::Statefulset;
        workload(topology, "web").volume = Volume::Network;
        topology.platform.as_mut().unwrap().timers.force_delete = Some(fixed(20.0));
        topology.script = vec![crash(topology, 100, "node-0"), restore(topology, 1000, "node-0")];
    });
    check(
        &system,
        &[
            "100 node-0 down",
            "100 web-0 on node-2 up",
            "100 web-1 on node-0 down",
            "450 web-1 stuck on node-0 down",
            // 1 s to schedule, 15 s for the image, 60 s to attach.
            "470 web-1 preparing on node-1 down",
            "546 web-1 on node-1 down",
            "551 web-1 on node-1 up",
            "1000 node-0 up",
        ],
    );
}

#[test]
fn the_volume_of_a_deployment_is_held_by_a_lost_node_for_six_minutes() {
    let system = system(NODES, |topology| {
        apart(topology, "web", true);
        workload(topology, "web").volume = Volume::Network;
        topology.script = vec![crash(topology, 100, "node-0")];
    });
    // Evicted at 450, detached at 810, attached at 870.
    check(
        &system,
        &[
            "100 node-0 down",
            "100 web-0 on node-2 up",
            "100 web-1 on node-0 down",
            "450 web-1 preparing on node-1 down",
            "870 web-1 on node-1 down",
            "875 web-1 on node-1 up",
        ],
    );
}

#[test]
fn nobody_is_evicted_while_most_nodes_are_lost() {
    let system = system(NODES, |topology| {
        apart(topology, "web", false);
        topology.script = vec![
            crash(topology, 100, "node-0"),
            crash(topology, 110, "node-2"),
            restore(topology, 2000, "node-2"),
        ];
    });
    check(
        &system,
        &[
            "100 node-0 down",
            "100 web-0 on node-2 up",
            "100 web-1 on node-0 down",
            "110 node-2 down",
            "110 web-0 on node-2 down",
            "110 browse DOWN",
            "2000 node-2 up",
            "2000 web-1 preparing on node-1 down",
            "2005 web-0 on node-2 up",
            "2005 browse UP",
            "2016 web-1 on node-1 down",
            "2021 web-1 on node-1 up",
        ],
    );
}

#[test]
fn drains_wait_for_budgets_and_replicas_for_nodes() {
    let system = system(NODES, |topology| {
        apart(topology, "web", true);
        workload(topology, "web").min_available = 1;
        workload(topology, "web").controller = Controller::Statefulset;
        topology.script = vec![drain(topology, 100, "node-0"), drain(topology, 100, "node-2")];
    });
    check(
        &system,
        &[
            "100 web-0 on node-2 up",
            "100 web-1 ending on node-0 down",
            "110 web-1 preparing on node-1 down",
            "126 web-1 on node-1 down",
            // Only now may the other go, for which no node is left.
            "131 web-0 ending on node-2 down",
            "131 web-1 on node-1 up",
            "141 web-0 pending down",
        ],
    );
}

#[test]
fn a_rollout_that_surges_takes_nobody_down() {
    let system = system(NODES, |topology| {
        apart(topology, "web", true);
        (workload(topology, "web").surge, workload(topology, "web").unavailable) = (1, 0);
        topology.script = vec![at(100, Action::Rollout { service: 0 })];
    });
    // The image is new on node-1, and there already on node-0.
    check(
        &system,
        &[
            "100 web-0 on node-2 up",
            "100 web-1 on node-0 up",
            "121 web-1 on node-1 up",
            "127 web-0 on node-0 up",
        ],
    );
}

#[test]
fn a_statefulset_is_rolled_out_one_by_one_from_the_last() {
    let system = system(NODES, |topology| {
        apart(topology, "web", true);
        workload(topology, "web").controller = Controller::Statefulset;
        topology.script = vec![at(100, Action::Rollout { service: 0 })];
    });
    check(
        &system,
        &[
            "100 web-0 on node-2 up",
            "100 web-1 ending on node-0 down",
            "110 web-1 preparing on node-1 down",
            "126 web-1 on node-1 down",
            "131 web-0 ending on node-2 down",
            "131 web-1 on node-1 up",
            "141 web-0 preparing on node-2 down",
            "142 web-0 on node-2 down",
            "147 web-0 on node-2 up",
        ],
    );
}

#[test]
fn a_node_that_is_cut_off_is_emptied_though_it_runs() {
    let system = system(NODES, |topology| {
        apart(topology, "web", true);
        let node = unit(topology, "node-0");
        topology.script = vec![at(100, Action::CutOff { node }), restore(topology, 1000, "node-0")];
    });
    check(
        &system,
        &[
            "100 web-0 on node-2 up",
            "100 web-1 on node-0 up",
            "450 web-1 preparing on node-1 down",
            "466 web-1 on node-1 down",
            "471 web-1 on node-1 up",
        ],
    );
}

const WITH_CONTROL_PLANE: &str = "
domains: {node: {level: node, count: 3, fails: []}}
services:
  web: {replicas: 2, on: node, serves: any, fails: [], start: 5s}
  control-plane: {on: node-1, fails: [], start: 0s}
journeys: {browse: {needs: web}}
";

#[test]
fn nothing_is_noticed_or_started_without_a_control_plane() {
    let system = system(WITH_CONTROL_PLANE, |topology| {
        apart(topology, "web", true);
        let control_plane = ninefold::spec::Expression::Unit(unit(topology, "control-plane-0"));
        topology.platform.as_mut().unwrap().clusters[0].control_plane = Some(control_plane);
        topology.script = vec![
            crash(topology, 100, "node-1"),
            crash(topology, 110, "node-0"),
            restore(topology, 2000, "node-0"),
            restore(topology, 3000, "node-1"),
        ];
    });
    // node-0 is back at 2000, and does not know what to run before the control plane is back at 3000.
    check(
        &system,
        &[
            "100 node-1 down",
            "100 web-0 on node-2 up",
            "100 web-1 on node-0 up",
            "100 control-plane-0 down",
            "110 node-0 down",
            "110 web-1 on node-0 down",
            "2000 node-0 up",
            "3000 node-1 up",
            "3000 control-plane-0 up",
            "3005 web-1 on node-0 up",
        ],
    );
}

#[test]
fn containers_that_end_often_wait_before_they_start() {
    let system = system(NODES, |topology| {
        topology.script = (0..5)
            .map(|number| at(100 + 100 * number, crash(topology, 0, "web-0").action))
            .collect();
        for act in &mut topology.script {
            act.mode = 3;
        }
    });
    let ups: Vec<String> = life(&system)
        .into_iter()
        .filter(|line| !line.starts_with('1') && line.contains("web-0") && line.ends_with("up"))
        .collect();
    // At once, then 10, 20, 40 and 80 s, and 5 s to start.
    assert_eq!(
        ups,
        [
            "215 web-0 on node-2 up",
            "325 web-0 on node-2 up",
            "445 web-0 on node-2 up",
            "585 web-0 on node-2 up"
        ]
    );
}

#[test]
fn the_most_urgent_take_the_room_of_others() {
    let text = "
domains: {node: {level: node, count: 2, fails: []}}
services:
  batch: {replicas: 2, on: node, serves: any, fails: [], start: 5s}
  web: {replicas: 2, on: node, serves: any, fails: [], start: 5s}
journeys: {browse: {needs: web}}
";
    let system = system(text, |topology| {
        workload(topology, "web").requests = vec![2500, 1 << 30];
        workload(topology, "web").priority = 10;
        workload(topology, "batch").requests = vec![1500, 1 << 30];
        topology.script = vec![crash(topology, 100, "node-0")];
    });
    // No node has room for two of web; those of batch have to wait.
    let end = life(&system);
    assert!(
        end.iter()
            .any(|line| line.ends_with("batch-0 pending down")
                || line.ends_with("batch-1 pending down")),
        "{end:?}"
    );
    assert!(
        end.iter().filter(|line| line.contains("web") && line.contains("pending")).count() == 1,
        "{end:?}"
    );
}
