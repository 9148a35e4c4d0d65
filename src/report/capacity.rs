//! Whether everything still has a place when nodes are lost.

use std::fmt::Write;

use serde_json::{Value, json};

use super::number::grouped;
use super::text::table;
use crate::engine::{Obstacle, Placed, Placement, State};
use crate::model::{Model, UnitId};
use crate::spec::{Platform, Topology};

/// A JSON Schema (draft 7) of what nodes have room for, as this version writes it.
pub const CAPACITY_SCHEMA: &str = include_str!("capacity.schema.json");

/// Where there are more pairs of nodes none is tried: it takes long, and nobody reads them.
const MOST_PAIRS: usize = 5_000;
/// Lines that are written about pairs of nodes.
const MOST_LINES: usize = 20;

/// What nodes have room for, and what has no place without some of them.
#[derive(Clone, Debug)]
pub struct CapacityReport {
    /// Name of the topology.
    pub topology: String,
    /// Seed of the placement: where several nodes are as good, luck decides.
    pub seed: u64,
    /// Names of resources.
    pub resources: Vec<String>,
    /// With all nodes, without each, and without each pair.
    pub cases: Vec<Case>,
    /// How many pairs there are: too many to be tried where there are no cases of them.
    pub pairs: usize,
}

/// Where everything is without some nodes.
#[derive(Clone, Debug)]
pub struct Case {
    /// The nodes that are lost, by path.
    pub lost: Vec<String>,
    /// What is requested of each node that is left.
    pub nodes: Vec<NodeUse>,
    /// Replicas without a place.
    pub pending: Vec<PendingReplica>,
}

/// What is requested of a node.
#[derive(Clone, Debug)]
pub struct NodeUse {
    /// Its path.
    pub node: String,
    /// By resource: requested, and what it has room for; `None` where the topology does not say.
    pub resources: Vec<(u64, Option<u64>)>,
    /// What its replicas really use of memory, where any service says it.
    pub memory: Option<MemoryUse>,
}

/// What replicas use of the memory of a node, whatever they request.
#[derive(Clone, Debug)]
pub struct MemoryUse {
    /// Bytes.
    pub used: u64,
    /// Bytes that they may use; `None` where the topology does not say.
    pub room: Option<u64>,
    /// Whether that is too little.
    pub is_short: bool,
    /// If it is: the replica that is evicted first, by path, if any can be.
    pub evicts: Option<String>,
}

/// A replica that no node can take.
#[derive(Clone, Debug)]
pub struct PendingReplica {
    /// Its path.
    pub replica: String,
    /// Why each node cannot, by path.
    pub obstacles: Vec<(String, Obstacle)>,
}

impl Case {
    /// Nodes that run out of memory.
    fn short(&self) -> impl Iterator<Item = (&NodeUse, &MemoryUse)> {
        let memory = self.nodes.iter().filter_map(|node| Some((node, node.memory.as_ref()?)));
        memory.filter(|(_, memory)| memory.is_short)
    }

    /// The fullest resource of the fullest node: the node, the index of the resource, and the share.
    fn fullest(&self) -> Option<(&str, usize, f64)> {
        let shares = self.nodes.iter().flat_map(|node| {
            let shares = node.resources.iter().enumerate();
            shares.filter_map(|(resource, (used, room))| {
                let room = room.filter(|room| *room > 0)?;
                Some((node.node.as_str(), resource, *used as f64 / room as f64))
            })
        });
        shares.max_by(|one, other| one.2.total_cmp(&other.2))
    }
}

/// Finds out where everything is without each node, and without each pair of them; `None` where no
/// service is placed by a controller.
pub fn capacity(topology: &Topology, model: &Model, seed: u64) -> Option<CapacityReport> {
    let platform = topology.platform.as_ref()?;
    let nodes: Vec<UnitId> = platform.nodes.iter().map(|node| UnitId::new(node.unit)).collect();
    let singles = nodes.iter().map(|node| vec![*node]);
    let pair = |(place, node): (usize, &UnitId)| {
        let node = *node;
        nodes[place + 1..].iter().map(move |other| vec![node, *other])
    };
    let pairs = nodes.len() * nodes.len().saturating_sub(1) / 2;
    let tried = if pairs > MOST_PAIRS { 0 } else { pairs };
    let lost = nodes.iter().enumerate().flat_map(pair).take(tried);
    let lost = std::iter::once(Vec::new()).chain(singles).chain(lost);
    let placed = Placed::new(model, seed);
    let case = |lost: Vec<UnitId>| {
        let state = placed.without(&lost);
        Case::new(topology, platform, model, &state, &lost)
    };
    Some(CapacityReport {
        topology: topology.name.clone(),
        seed,
        resources: platform.resources.clone(),
        cases: lost.map(case).collect(),
        pairs,
    })
}

impl Case {
    fn new(
        topology: &Topology,
        platform: &Platform,
        model: &Model,
        state: &State,
        lost: &[UnitId],
    ) -> Case {
        let path = |unit: UnitId| topology.units[unit.index()].path.clone();
        let left = platform.nodes.iter().filter(|node| !lost.contains(&UnitId::new(node.unit)));
        let nodes = left.map(|node| {
            let unit = UnitId::new(node.unit);
            let room = node.capacity.iter().map(|room| (*room != u64::MAX).then_some(*room));
            let resources = state.requested_of(model, unit).into_iter().zip(room).collect();
            let memory = state.memory(model, unit).map(|memory| MemoryUse {
                used: memory.used,
                room: memory.room,
                is_short: memory.is_short(),
                evicts: memory.goes_first.filter(|_| memory.is_short()).map(path),
            });
            NodeUse { node: path(unit), resources, memory }
        });
        let replicas = platform.workloads.iter().flat_map(|workload| {
            topology.services[workload.service].replicas.clone().map(UnitId::new)
        });
        let is_pending = |unit: &UnitId| state.placement(model, *unit) == Some(Placement::Pending);
        let pending = replicas.filter(is_pending).map(|unit| {
            let obstacles = state.obstacles(model, unit).into_iter();
            let is_left = |(node, _): &(UnitId, Obstacle)| !lost.contains(node);
            let obstacles = obstacles.filter(is_left).map(|(node, why)| (path(node), why));
            PendingReplica { replica: path(unit), obstacles: obstacles.collect() }
        });
        Case {
            lost: lost.iter().copied().map(path).collect(),
            nodes: nodes.collect(),
            pending: pending.collect(),
        }
    }
}

/// Why a node cannot take a replica, in a few words.
pub fn obstacle_text(obstacle: Obstacle, resources: &[String]) -> String {
    match obstacle {
        Obstacle::NotReady => "is not ready".to_owned(),
        Obstacle::Cordoned => "is cordoned".to_owned(),
        Obstacle::Volume => "does not have its volume".to_owned(),
        Obstacle::Faulted => "cannot reach a replica of its volume".to_owned(),
        Obstacle::Spread => "has one too close (spread)".to_owned(),
        Obstacle::Room(resource) => format!("has too little {}", resources[resource]),
        Obstacle::Pressure => "is short of memory".to_owned(),
    }
}

/// An amount of a resource, as people write it.
fn amount(resource: &str, amount: u64) -> String {
    const GIB: f64 = (1_u64 << 30) as f64;
    match resource {
        "memory" => format!("{:.1}GiB", amount as f64 / GIB),
        _ => format!("{}", amount as f64 / 1000.0),
    }
}

/// So much of all there is of a resource.
fn of_room(resource: &str, used: u64, room: Option<u64>) -> String {
    match room {
        None => amount(resource, used),
        Some(room) => format!(
            "{} of {} ({:.0} %)",
            amount(resource, used),
            amount(resource, room),
            100.0 * used as f64 / room.max(1) as f64
        ),
    }
}

/// The report as text.
pub fn capacity_to_text(report: &CapacityReport) -> String {
    let mut text = format!("{}: capacity, placed with seed {}\n\n", report.topology, report.seed);
    let [whole, cases @ ..] = report.cases.as_slice() else { return text };
    let mut header = vec!["node"];
    header.extend(report.resources.iter().map(String::as_str));
    let says_memory = whole.nodes.iter().any(|node| node.memory.is_some());
    header.extend(says_memory.then_some("memory used"));
    let rows = whole.nodes.iter().map(|node| {
        let used = report.resources.iter().zip(&node.resources);
        let cells = used.map(|(resource, (used, room))| of_room(resource, *used, *room));
        let memory = node.memory.as_ref().map(|memory| of_room("memory", memory.used, memory.room));
        std::iter::once(node.node.clone()).chain(cells).chain(memory).collect()
    });
    text += "requested of each node\n";
    text += &table(&header, rows.collect());
    put_pending(&mut text, "with all nodes", whole, report);
    for (count, title) in [(1, "one node lost"), (2, "two nodes lost")] {
        let of_count: Vec<&Case> = cases.iter().filter(|case| case.lost.len() == count).collect();
        if of_count.is_empty() {
            if count == 2 && report.pairs > 0 {
                let pairs = grouped(report.pairs as u64);
                let _ = writeln!(text, "{title}: {pairs} pairs are too many to try");
            }
            continue;
        }
        let bad = of_count.iter().filter(|case| !case.pending.is_empty()).count();
        let _ = write!(
            text,
            "{title}: in {} of {} cases something has no place",
            grouped(bad as u64),
            grouped(of_count.len() as u64)
        );
        if says_memory {
            let short = of_count.iter().filter(|case| case.short().next().is_some()).count();
            let _ = write!(text, ", in {} a node runs out of memory", grouped(short as u64));
        }
        text.push('\n');
        // Without one node each is told; of pairs only those without which something is wrong.
        let is_wrong = |case: &&&Case| !case.pending.is_empty() || case.short().next().is_some();
        let told: Vec<&&Case> =
            of_count.iter().filter(|case| count == 1 || is_wrong(case)).collect();
        for case in told.iter().take(MOST_LINES) {
            put_pending(&mut text, &case.lost.join(" and "), case, report);
        }
        if told.len() > MOST_LINES {
            let _ = writeln!(text, "  and {} more", told.len() - MOST_LINES);
        }
        text.push('\n');
    }
    text
}

fn put_pending(text: &mut String, title: &str, case: &Case, report: &CapacityReport) {
    put_places(text, title, case, report);
    for (node, memory) in case.short() {
        let used = of_room("memory", memory.used, memory.room);
        let evicts = match &memory.evicts {
            Some(replica) => format!("it evicts {replica} first"),
            None => "nothing there can be evicted".to_owned(),
        };
        let _ = writeln!(text, "    {} runs out of memory: {used} are used; {evicts}", node.node);
    }
}

fn put_places(text: &mut String, title: &str, case: &Case, report: &CapacityReport) {
    if case.pending.is_empty() {
        let fullest = case.fullest().map_or_else(String::new, |(node, resource, share)| {
            let resource = &report.resources[resource];
            format!("; fullest: {node}, {:.0} % of its {resource}", 100.0 * share)
        });
        let _ = writeln!(text, "  {title}: everything has a place{fullest}");
        return;
    }
    let _ = writeln!(text, "  {title}:");
    for pending in &case.pending {
        let _ = writeln!(text, "    {} is pending: {}", pending.replica, why(pending, report));
    }
}

/// Why no node takes a replica: each reason once, with the nodes that have it.
fn why(pending: &PendingReplica, report: &CapacityReport) -> String {
    let mut reasons: Vec<(Obstacle, Vec<&str>)> = Vec::new();
    for (node, obstacle) in &pending.obstacles {
        match reasons.iter_mut().find(|(known, _)| known == obstacle) {
            Some((_, nodes)) => nodes.push(node),
            None => reasons.push((*obstacle, vec![node])),
        }
    }
    let reason = |(obstacle, nodes): &(Obstacle, Vec<&str>)| {
        let why = obstacle_text(*obstacle, &report.resources);
        match nodes.as_slice() {
            [node] => format!("{node} {why}"),
            nodes if nodes.len() == pending.obstacles.len() => format!("each node left {why}"),
            nodes => format!("each of {} {why}", nodes.join(", ")),
        }
    };
    if reasons.is_empty() {
        return "no node is left".to_owned();
    }
    reasons.iter().map(reason).collect::<Vec<_>>().join("; ")
}

/// The report as JSON, `ninefold-capacity/1`: amounts of `cpu` in processors, of `memory` in bytes.
pub fn capacity_to_json(report: &CapacityReport) -> String {
    let number = |resource: &String, amount: u64| match resource.as_str() {
        "memory" => json!(amount),
        _ => json!(amount as f64 / 1000.0),
    };
    let node = |node: &NodeUse| {
        let resources = report.resources.iter().zip(&node.resources);
        let of = |(name, (used, room)): (&String, &(u64, Option<u64>))| {
            let room = room.map(|room| number(name, room));
            (name.clone(), json!({"requested": number(name, *used), "capacity": room}))
        };
        let mut value =
            json!({"node": node.node, "resources": Value::Object(resources.map(of).collect())});
        if let Some(memory) = &node.memory {
            value["memory"] =
                json!({"used": memory.used, "room": memory.room, "evicts": memory.evicts});
        }
        value
    };
    let pending = |pending: &PendingReplica| {
        let why = pending.obstacles.iter().map(|(node, obstacle)| {
            json!({"node": node, "reason": obstacle_text(*obstacle, &report.resources)})
        });
        json!({"replica": pending.replica, "obstacles": why.collect::<Vec<_>>()})
    };
    let case = |case: &Case| {
        json!({
            "lost": case.lost,
            "nodes": case.nodes.iter().map(node).collect::<Vec<_>>(),
            "pending": case.pending.iter().map(pending).collect::<Vec<_>>(),
        })
    };
    let whole = json!({
        "schema": "ninefold-capacity/1",
        "topology": report.topology,
        "seed": report.seed,
        "cases": report.cases.iter().map(case).collect::<Vec<_>>(),
        "pairs": report.pairs,
    });
    format!("{whole:#}\n")
}
