//! Small clusters with timers that are known to the second, so that each step of a life is known too.

use ninefold::dist::Law;
use ninefold::engine::{Event, Hold, Observer, Placement, Root, State};
use ninefold::measure::{Change, Timeline};
use ninefold::model::{JourneyId, Model, UnitId};
use ninefold::rng::{Purpose, Stream, StreamKey};
use ninefold::spec::{
    Act, Action, Cluster, Controller, Expression, Memory, Node, Platform, ReplicatedVolume, Spread,
    Timers, Volume, VolumeSpread, VolumeTimers, When, Workload,
};
use ninefold::units::{SimSpan, SimTime};
use ninefold::{Plan, System, Topology};

use crate::common::{compiled, live, losses_in_20h};

pub(crate) const fn seconds(seconds: u64) -> SimSpan {
    SimSpan::from_micros(seconds * 1_000_000)
}

pub(crate) fn fixed(seconds: f64) -> Law {
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
        volumes: VolumeTimers {
            replicas: 3,
            timeout: seconds(8),
            replenish: seconds(600),
            at_a_time: 5,
            bandwidth: 50e6,
            node_bandwidth: None,
            catch_up: fixed(100.0),
        },
        memory_every: seconds(0),
        memory_lasts: seconds(300),
    }
}

/// A cluster of the nodes of a topology, and how its services are run.
pub(crate) fn system(text: &str, change: impl FnOnce(&mut Topology)) -> System {
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
        storage: u64::MAX,
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
            memory: None,
            spreads: Vec::new(),
            tolerates: Vec::new(),
            toleration: None,
            min_available: 0,
            priority: 0,
            volume: Volume::Nothing,
            replicated: None,
            surge: 0,
            unavailable: 1,
        };
        topology.platform.as_mut().unwrap().workloads.push(workload);
    }
    change(&mut topology);
    System::compile(topology)
}

pub(crate) fn workload<'a>(topology: &'a mut Topology, name: &str) -> &'a mut Workload {
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

pub(crate) fn unit(topology: &Topology, path: &str) -> usize {
    topology.units.iter().position(|unit| unit.path == path).unwrap()
}

pub(crate) fn at(seconds_after: u64, action: Action) -> Act {
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

    fn on_down(&mut self, journey: JourneyId, at: SimTime, _: Root) {
        let name = &self.topology.journeys[journey.index()].name;
        self.lines.push(format!("{} {name} DOWN", at.micros() / 1_000_000));
    }

    fn on_up(&mut self, journey: JourneyId, at: SimTime, _: Root) {
        let name = &self.topology.journeys[journey.index()].name;
        self.lines.push(format!("{} {name} UP", at.micros() / 1_000_000));
    }
}

/// What changes in a life, in order, as `second: what`, once the first second is over.
pub(crate) fn life(system: &System) -> Vec<String> {
    let (topology, model) = (system.topology(), system.model());
    let before = vec![(None, true); topology.units.len()];
    let mut trace = Trace { model, topology, before, lines: Vec::new() };
    live(system, 1, &mut trace);
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

pub(crate) fn crash(topology: &Topology, second: u64, path: &str) -> Act {
    at(second, Action::Strike { units: vec![unit(topology, path)] })
}

pub(crate) fn restore(topology: &Topology, second: u64, path: &str) -> Act {
    at(second, Action::Restore { units: vec![unit(topology, path)] })
}

pub(crate) fn drain(topology: &Topology, second: u64, path: &str) -> Act {
    at(second, Action::Drain { node: unit(topology, path) })
}

/// Two replicas on three nodes, each on one of its own, and a script.
fn web(controller: Controller, script: impl FnOnce(&Topology) -> Vec<Act>) -> System {
    system(NODES, |topology| {
        apart(topology, "web", true);
        workload(topology, "web").controller = controller;
        topology.script = script(topology);
    })
}

#[test]
fn replicas_of_a_deployment_are_replaced_elsewhere_after_a_node_was_lost() {
    // 50 s until the lease is too old, 300 s tolerated, 1 s to schedule, 15 s for the image, 5 s to start.
    let system = web(Controller::Deployment, |topology| vec![crash(topology, 100, "node-0")]);
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
    let system = web(Controller::Statefulset, |topology| {
        vec![crash(topology, 100, "node-0"), restore(topology, 1000, "node-0")]
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
    // The time line says who a drain waits for, once for each that begins to hold it up.
    let mut timeline = Timeline::new(system.model());
    live(&system, 1, &mut timeline);
    let holds = timeline.entries.iter().filter_map(|entry| match entry.change {
        Change::Holds(node, unit, Hold::Budget) => {
            Some((entry.at.micros() / 1_000_000, node, unit))
        }
        _ => None,
    });
    let id = |path: &str| UnitId::new(unit(system.topology(), path));
    assert_eq!(holds.collect::<Vec<_>>(), [(100, id("node-2"), id("web-0"))]);
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
fn a_rollout_takes_down_no_more_than_it_may() {
    let system = system(&NODES.replace("replicas: 2", "replicas: 3"), |topology| {
        topology.script = vec![at(100, Action::Rollout { service: 0 })];
    });
    // One after another: each is scheduled within a second, has its image, and starts in 5 s.
    let lines = life(&system);
    let back = lines.iter().filter(|line| line.ends_with("up") && !line.starts_with("100 "));
    assert_eq!(back.count(), 3, "{lines:?}");
    let seconds: Vec<u64> = lines
        .iter()
        .filter(|line| line.contains("preparing"))
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(seconds.len(), 3, "{lines:?}");
    assert!(seconds.windows(2).all(|pair| pair[1] >= pair[0] + 6), "{lines:?}");
}

#[test]
fn a_statefulset_is_rolled_out_one_by_one_from_the_last() {
    let system = web(Controller::Statefulset, |_| vec![at(100, Action::Rollout { service: 0 })]);
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
    let system = web(Controller::Deployment, |topology| {
        let node = unit(topology, "node-0");
        vec![at(100, Action::CutOff { node }), restore(topology, 1000, "node-0")]
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
        let control_plane = Expression::Unit(unit(topology, "control-plane-0"));
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

/// Draws for the making of a cluster.
struct Dice(Stream);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0.below(count)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// A cluster of a few nodes with a few services, and a script that shakes it.
pub(crate) fn random_cluster(seed: u64, only_drains: bool) -> System {
    let mut dice = Dice(StreamKey::of_life(seed, 0).of(0, Purpose::Failure).draw(0));
    let nodes = 1 + dice.below(6);
    let services = 1 + dice.below(4);
    let mut text =
        format!("domains: {{node: {{level: node, count: {nodes}, fails: []}}}}\nservices:\n");
    for service in 0..services {
        let (replicas, start) = (1 + dice.below(4), dice.below(30));
        text += &format!(
            "  s{service}: {{replicas: {replicas}, on: node, serves: any, fails: [], start: {start}s}}\n"
        );
    }
    text += "  control-plane: {on: node-0, fails: [], start: 10s}\njourneys: {all: {needs: s0}}\n";
    system(&text, |topology| {
        if dice.chance(50) && !only_drains {
            let control_plane = Expression::Unit(unit(topology, "control-plane-0"));
            topology.platform.as_mut().unwrap().clusters[0].control_plane = Some(control_plane);
        }
        if dice.chance(30) {
            topology.platform.as_mut().unwrap().timers.force_delete = Some(fixed(20.0));
        }
        let platform = topology.platform.as_mut().unwrap();
        platform.timers.volumes.replenish = seconds(dice.below(900) as u64);
        platform.timers.volumes.at_a_time = 1 + dice.below(2) as u32;
        for node in &mut platform.nodes {
            node.storage = if dice.chance(50) { u64::MAX } else { (dice.below(6) as u64) << 30 };
        }
        topology.modes[2].wipes = f64::from(u8::from(dice.chance(30)));
        for service in 0..services {
            let name = format!("s{service}");
            if dice.chance(60) {
                apart(topology, &name, dice.chance(50));
                workload(topology, &name).spreads[0].skew = dice.chance(40).then_some(1);
            }
            let size = topology.services[service].replicas.len();
            let spec = workload(topology, &name);
            if dice.chance(50) {
                spec.controller = Controller::Statefulset;
            }
            (spec.surge, spec.unavailable) = [(1, 0), (0, 1), (2, 1)][dice.below(3)];
            spec.requests = vec![250 * (1 + dice.below(12) as u64), 1 << (20 + dice.below(13))];
            spec.min_available = dice.below(size + 1);
            // The most urgent take the room of others whatever their budgets.
            spec.priority = if only_drains { 0 } else { dice.below(3) as i64 };
            spec.volume = [Volume::Nothing, Volume::Local, Volume::Network][dice.below(3)];
            if spec.volume == Volume::Network && dice.chance(60) {
                spec.replicated = Some(ReplicatedVolume {
                    replicas: 1 + dice.below(4),
                    size: 1 << 30,
                    nodes: spec.nodes.clone(),
                    rebuild: fixed(dice.below(600) as f64),
                    catch_up: fixed(dice.below(60) as f64),
                    bandwidth: None,
                    spreads: Vec::new(),
                    is_local: false,
                });
            }
        }
        let units: Vec<usize> = (0..topology.units.len()).collect();
        for _ in 0..dice.below(25) {
            let node = dice.below(nodes);
            let some = vec![units[dice.below(units.len())]];
            let action = match if only_drains { 6 + dice.below(2) } else { dice.below(12) } {
                0 | 1 => Action::Strike { units: some },
                2 | 3 => Action::Restore { units: some },
                4 => Action::Delete { units: some, is_forced: dice.chance(50) },
                5 => Action::CutOff { node },
                6 => Action::Drain { node },
                7 => Action::Uncordon { node },
                8 => Action::Rollout { service: dice.below(services) },
                9 => Action::Unseal { units: some },
                10 => Action::Restore { units: units.clone() },
                _ => Action::Strike { units: vec![node] },
            };
            let span = seconds(dice.below(900) as u64);
            let when = if dice.chance(60) { When::At(span + span) } else { When::After(span) };
            let mode =
                if matches!(action, Action::Strike { .. }) { [0, 2, 3][dice.below(3)] } else { 0 };
            topology.script.push(Act { when, action, mode });
        }
        if dice.chance(40) && !only_drains {
            uses_memory(topology, &mut dice, services);
        }
        if dice.chance(50) {
            keeps_volumes_apart(topology, &mut dice);
        }
    })
}

/// Volumes that follow their processes, keep to domains, or share the bandwidth of nodes.
fn keeps_volumes_apart(topology: &mut Topology, dice: &mut Dice) {
    let platform = topology.platform.as_mut().unwrap();
    platform.timers.volumes.node_bandwidth = dice.chance(60).then_some(5e6);
    for workload in &mut platform.workloads {
        let Some(replicated) = &mut workload.replicated else { continue };
        replicated.is_local = dice.chance(60);
        replicated.bandwidth = dice.chance(60).then_some(1e7);
        if dice.chance(50) {
            let domain_of = replicated.nodes.iter().map(|node| Some(node % 2)).collect();
            replicated.spreads = vec![VolumeSpread { domain_of, is_required: dice.chance(50) }];
        }
    }
}

/// Services that use memory, whatever they request, and more of it from time to time.
fn uses_memory(topology: &mut Topology, dice: &mut Dice, services: usize) {
    let platform = topology.platform.as_mut().unwrap();
    platform.timers.memory_every = seconds(10);
    for workload in &mut platform.workloads {
        let limit = if dice.chance(50) { u64::MAX } else { 4 << 30 };
        workload.memory = Some(Memory { uses: (dice.below(8) as u64) << 29, limit });
        if dice.chance(30) {
            workload.requests = vec![0, 0];
        }
    }
    for _ in 0..dice.below(6) {
        let (service, memory) = (dice.below(services), (dice.below(10) as u64) << 30);
        let when = When::At(seconds(dice.below(1_800) as u64));
        topology.script.push(Act { when, action: Action::Use { service, memory }, mode: 0 });
    }
}

#[test]
fn random_clusters_keep_their_invariants() {
    // After each event the engine compares its state with a recomputation: what nodes have left, who is
    // where, that nobody is up who is nowhere.
    let mut lines = 0;
    for seed in 0..2_000 {
        let system = random_cluster(seed, false);
        let once = life(&system);
        assert_eq!(once, life(&system), "seed {seed}");
        lines += once.len();
    }
    assert!(lines > 50_000, "{lines} lines: hardly anything happened");
}

/// Watches that drains leave as many replicas up as budgets want, wherever those were up before.
struct Budgets<'m> {
    system: &'m System,
    up: Vec<usize>,
    evictions: usize,
}

impl Observer for Budgets<'_> {
    const SEES_EVENTS: bool = true;

    fn on_down(&mut self, _: JourneyId, _: SimTime, _: Root) {}

    fn on_up(&mut self, _: JourneyId, _: SimTime, _: Root) {}

    fn on_event(&mut self, _: SimTime, _: Event, state: &State) {
        let topology = self.system.topology();
        for (index, workload) in topology.platform.as_ref().unwrap().workloads.iter().enumerate() {
            let replicas = topology.services[workload.service].replicas.clone();
            let up = replicas.filter(|unit| state.is_up(UnitId::new(*unit))).count();
            let before = std::mem::replace(&mut self.up[index], up);
            self.evictions += usize::from(up < before);
            assert!(up >= workload.min_available.min(before), "{up} of {before} of {index}");
        }
    }
}

#[test]
fn drains_never_break_a_budget() {
    let mut evictions = 0;
    for seed in 0..1_000 {
        let system = random_cluster(seed, true);
        let workloads = system.topology().platform.as_ref().unwrap().workloads.len();
        // At the beginning all are taken for up, also those for which there is no room.
        let mut budgets = Budgets { system: &system, up: vec![0; workloads], evictions: 0 };
        live(&system, seed, &mut budgets);
        evictions += budgets.evictions;
    }
    assert!(evictions > 500, "{evictions} evictions: hardly any drain");
}

/// How many losses of data there are in twenty hours in which the only node of a replica fails once.
fn losses(service: &str, data: &str, wipes: bool) -> f64 {
    losses_in_20h(&format!(
        "platform: kubernetes
failures: {{down: {{every: {{fixed: 10h}}, repair: 5h, wipes: {wipes}}}}}
domains: {{site: {{fails: [down]}}, node: {{level: node, in: site}}}}
services: {{db: {{on: node, {service}}}}}
data: {{rows: {{held_by: db, copies: 1, deleted: 50000y, {data}}}}}
journeys: {{write: {{needs: db}}}}"
    ))
}

#[test]
fn what_a_replica_kept_on_its_node_is_lost_with_that() {
    let stateful = |volume: &str| format!("controller: statefulset, volume: {volume}");
    assert_eq!(losses(&stateful("local"), "medium: local", true), 1.0);
    assert_eq!(losses(&stateful("local"), "medium: local", false), 0.0);
    assert_eq!(losses(&stateful("network"), "medium: network", true), 0.0);
    assert_eq!(losses("controller: deployment", "medium: ephemeral", false), 1.0);
    assert_eq!(losses("controller: deployment", "medium: memory", false), 1.0);
    // If it is not said what they are on, that follows from the volume.
    for (service, survives) in [
        (stateful("local"), [false, true]),
        (stateful("network"), [true, true]),
        ("controller: deployment".to_owned(), [false, false]),
    ] {
        let found = [true, false].map(|wipes| losses(&service, "ack: 1", wipes) == 0.0);
        assert_eq!(found, survives, "{service}");
    }
}

/// The same as the table says that is printed.
#[test]
fn the_table_of_what_copies_survive_knows_volumes() {
    for (service, row) in [
        ("controller: statefulset, volume: local", "local kept lost kept lost kept"),
        ("controller: statefulset, volume: network", "network kept kept kept kept kept"),
        ("controller: deployment", "ephemeral kept lost lost lost lost"),
        ("fails: [down]", "local kept lost kept lost kept"),
    ] {
        let system = compiled(&format!(
            "topology: t
platform: kubernetes
failures: {{down: {{every: 90d, repair: 5h, wipes: true}}}}
domains: {{node: {{level: node, fails: [down]}}}}
services: {{db: {{on: node, {service}}}}}
data: {{rows: {{held_by: db, deleted: 50y}}}}
journeys: {{write: {{needs: db}}}}"
        ));
        let report = system.simulate(&Plan { replications: 2, ..system.plan(1) }).unwrap();
        let text = ninefold::report::to_text(&report);
        let (_, table) = text.split_once("What copies survive").unwrap();
        let found = table.lines().find(|line| line.trim_start().starts_with("rows")).unwrap();
        let words: Vec<&str> = found.split_whitespace().skip(1).collect();
        assert_eq!(words.join(" "), row, "{service}");
    }
}

#[test]
fn plans_that_meet_on_a_node_are_all_done() {
    // Those that come later drain a node that is being worked on, and wait until that is over: 15 m, 30 m
    // and 1 h without a gap, and so the second time.
    crate::behaviours::check(
        "horizon: 50h
platform: kubernetes
domains: {node: {level: node, count: 1}}
services: {web: {on: node, controller: deployment}}
calendar:
  kernel: {every: 20h, at: 10h, order: [node], each: 30m, drain: true}
  firmware: {every: 20h, at: 10h, order: [node], each: 15m, drain: true}
  disks: {every: 20h, at: 10h15m, order: [node], each: 1h, drain: true}
journeys: {work: {needs: node-0}}",
        &[
            "work: 10-11.75 firmware@node-0 planned for disks@node-0",
            "work: 30-31.75 firmware@node-0 planned for disks@node-0",
        ],
    );
}

#[test]
fn a_replica_of_a_statefulset_that_is_deleted_where_nobody_can_be_told_goes_on_there() {
    let system = web(Controller::Statefulset, |topology| {
        let (node, web) = (unit(topology, "node-0"), unit(topology, "web-1"));
        vec![
            at(100, Action::CutOff { node }),
            at(110, Action::Delete { units: vec![web], is_forced: false }),
            restore(topology, 1000, "node-0"),
        ]
    });
    check(
        &system,
        &[
            "100 web-0 on node-2 up",
            "100 web-1 on node-0 up",
            "110 web-1 stuck on node-0 up",
            "1000 web-1 ending on node-0 down",
            "1010 web-1 preparing on node-1 down",
            "1026 web-1 on node-1 down",
            "1031 web-1 on node-1 up",
        ],
    );
}

#[test]
fn nodes_that_are_worked_on_together_are_drained_together() {
    // A deployment's replica leaves its node at once, so that work begins where a drain does. It begins in
    // its hours: Monday from 10 to 11.
    crate::behaviours::check(
        "horizon: 200h
platform: kubernetes
domains: {node: {level: node, count: 4}}
services: {web: {on: node, controller: deployment}}
calendar:
  kernel: {every: 30d, order: [node], each: 40m, drain: true, at_a_time: 2, hours: [Mon 10:00-11:00]}
journeys: {zero: {needs: node-0}, one: {needs: node-1}, two: {needs: node-2}, three: {needs: node-3}}",
        &[
            "zero: 10-10.666666666666666 kernel@node-0 planned",
            "one: 10-10.666666666666666 kernel@node-1 planned",
            "two: 10.666666666666666-11.333333333333334 kernel@node-2 planned",
            "three: 10.666666666666666-11.333333333333334 kernel@node-3 planned",
        ],
    );
}
