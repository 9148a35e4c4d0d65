//! Data classes: what is read, and what it means.

use ninefold::dist::Law;
use ninefold::report::{JourneyMeasures, to_json};
use ninefold::scheme::Scheme;
use ninefold::spec::{CatchUp, DataClass, Medium, Placement, Speed};
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};
use serde_json::Value;

fn classes() -> Topology {
    Topology::from_path("tests/data/classes.yaml").unwrap_or_else(|error| panic!("{error}"))
}

fn named<'a>(topology: &'a Topology, name: &str) -> &'a DataClass {
    topology.data.iter().find(|class| class.name == name).unwrap()
}

#[test]
fn what_a_file_says_of_data_is_read() {
    let topology = classes();
    assert_eq!(topology.warning_count(), 0, "{}", topology.warnings);
    let held = |name: &str| named(&topology, name).holding.clone().unwrap();

    let orders = held("orders");
    assert_eq!((orders.scheme, orders.ack), (Scheme::copies(3), Some(2)));
    assert_eq!((orders.groups, orders.placement), (1, Placement::Partitioned));
    assert_eq!(topology.services[orders.service.unwrap()].name, "db");
    assert!(orders.lag.is_some() && orders.unsynced.is_some() && orders.deleted.is_some());
    assert!(matches!(orders.catch_up, CatchUp::After(_)));
    let class = named(&topology, "orders");
    let backup = class.backup.clone().unwrap();
    let hours = |hours: f64| Law::fixed(3_600.0 * hours).unwrap();
    assert_eq!((backup.every, backup.usable_after), (hours(6.0), hours(0.5)));
    assert_eq!((backup.fails, class.restore.is_some()), (0.01, true));
    assert_eq!(class.retention, Some(SimSpan::from_seconds(365.0 * 86_400.0)), "from the defaults");

    // A service that replicates on a ring: a group for each of its neighbourhoods.
    let samples = held("samples");
    assert_eq!((samples.medium, samples.ack, samples.groups), (Medium::Memory, Some(2), 5));
    let Placement::Explicit(rings) = &samples.placement else { panic!("{:?}", samples.placement) };
    assert_eq!(rings[4], [4, 0, 1]);
    let way = named(&topology, "samples").pipeline.clone().unwrap();
    let buffer = way.buffer.unwrap();
    assert!(way.sink.is_some() && buffer.survives_node && buffer.survives_process);
    assert_eq!(buffer.drain, 4.0);

    let files = held("files");
    assert_eq!(files.holders.len(), 18);
    assert_eq!((files.most_per_place, files.places[17]), (2, 2));
    assert_eq!(files.placement, Placement::Declustered { seed: 3 });
    let rebuild = files.rebuild.unwrap();
    let Speed::Bandwidth { bytes, each, shared, source, per_level } = rebuild.speed else {
        panic!()
    };
    assert_eq!((bytes, each, shared), (8e12, Some(5e7), Some(400.0 * 1_048_576.0)));
    assert_eq!(source, None);
    assert_eq!(per_level.len(), 2);
    assert_eq!((per_level[0].0[2], per_level[0].1), (1, 1.25e8));
    assert_eq!((per_level[1].0[17], per_level[1].1), (2, 1.25e9));
    assert_eq!((rebuild.at_a_time, rebuild.lazy, rebuild.by_margin), (Some(2), 2, true));
    assert_eq!(files.unreadable, 0.08);

    let whole = held("whole");
    assert_eq!((whole.scheme, whole.groups), (Scheme::erasure(4, 2), 1));
    assert_eq!((whole.rebuild, whole.unreadable), (None, 0.05));
    let parts = held("parts");
    assert_eq!((parts.scheme, parts.groups), (Scheme::copies(1), 4), "each has a share of its own");
    assert_eq!(held("archive").scheme.width(), 7);
    assert_eq!(held("vaults").groups, 2);
    assert_eq!(held("chunks").placement, Placement::Copyset { scatter_width: 4, seed: 1 });
    assert_eq!((held("pairs").placement, held("pairs").groups), (Placement::EveryCombination, 1));
    assert_eq!(held("known").placement, Placement::Explicit(vec![vec![0, 1], vec![1, 2]]));
    assert_eq!(held("known").service, None);

    let journeys: Vec<_> = topology.journeys.iter().map(|journey| journey.data.clone()).collect();
    assert_eq!(journeys, [vec![0], vec![1, 2]]);
    assert!(topology.modes[0].wipes == 1.0 && topology.modes[2].cuts_power);
}

/// With a spread, holders are in an order in which they can be cut: each set keeps it.
#[test]
fn sets_of_a_partition_keep_the_spread() {
    let topology = classes();
    let checked = named(&topology, "checked").holding.clone().unwrap();
    assert_eq!(checked.placement, Placement::Partitioned);
    for set in checked.places.chunks(6) {
        let mut places = set.to_vec();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 6, "{:?}", checked.places);
    }
    let mut holders = checked.holders.clone();
    holders.sort_unstable();
    assert_eq!(holders, named(&topology, "files").holding.as_ref().unwrap().holders);
}

/// Two in a rack, each on a node of its own: of every placement that chooses, and of the sets of a partition.
#[test]
fn groups_keep_the_spread_over_each_level() {
    for placement in ["random", "declustered", "partitioned"] {
        let groups = if placement == "partitioned" { "" } else { ", groups: 200" };
        let text = format!(
            "topology: t\nfailures: {{dead: {{every: 1y, repair: 1h, wipes: true}}}}\n\
             domains:\n  rack: {{count: 4}}\n  node: {{in: rack, count: 3}}\n  \
             drive: {{in: node, count: 2, fails: [dead]}}\n\
             data:\n  rows:\n    held_by: drive\n    erasure: {{data: 4, parity: 2}}{groups_line}\n    \
             placement: {placement}\n    spread: [{{by: rack, at_most: 2}}, {{by: node}}]\n",
            groups_line = groups.replace(", ", "\n    "),
        );
        let topology = Topology::from_str("t", &text).unwrap_or_else(|error| panic!("{error}"));
        let model = ninefold::model::compile(&topology);
        let holding = topology.data[0].holding.as_ref().unwrap();
        let unit = |holder: u32| topology.units[holding.holders[holder as usize]].path.as_str();
        let compiled = model.holding(ninefold::model::DataId::new(0));
        let mut seen = std::collections::BTreeSet::new();
        for group in 0..compiled.group_count() as u32 {
            let members = compiled.group(group);
            let of_level = |parts: usize| {
                let mut places: Vec<String> = members
                    .iter()
                    .map(|holder| {
                        unit(*holder).split('/').take(parts).collect::<Vec<_>>().join("/")
                    })
                    .collect();
                places.sort();
                places
            };
            let racks = of_level(1);
            assert!(racks.chunk_by(|a, b| a == b).all(|same| same.len() <= 2), "{racks:?}");
            let nodes = of_level(2);
            assert!(nodes.windows(2).all(|pair| pair[0] != pair[1]), "{nodes:?}");
            assert_eq!(nodes.len(), 6);
            seen.insert(of_level(3));
        }
        // Chance does not stop at a few.
        assert!(seen.len() >= if placement == "partitioned" { 4 } else { 150 }, "{}", seen.len());
    }
}

/// A topology that is written out says the same of its data.
#[test]
fn data_survive_being_written_out() {
    let text = ninefold::spec::resolved("tests/data/classes.yaml").unwrap();
    let again = Topology::from_str("resolved", &text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.data, classes().data);
    assert!(text.contains("catch_up: at-once  # default"), "{text}");
}

/// Whether a store reads, and whether it writes, once so many of its servers are gone for good.
fn works_without(lost: u32, servers: u32, drives: u32, data: u32, parity: u32) -> (bool, bool) {
    let mut domains = String::new();
    let mut hosts = Vec::new();
    for (name, count, fails) in [("good", servers - lost, ""), ("bad", lost, "gone")] {
        if count > 0 {
            domains += &format!("  {name}: {{count: {count}, fails: [{fails}]}}\n");
            hosts.push(name);
        }
    }
    let text = format!(
        "topology: store
horizon: 10h
failures: {{gone: {{every: {{fixed: 1h}}, repair: never}}}}
domains:
{domains}  drive: {{in: [{}], count: {drives}}}
services: {{store: {{on: drive, erasure: {{data: {data}, parity: {parity}}}}}}}
journeys: {{read: {{needs: store.read}}, write: {{needs: store.write}}}}",
        hosts.join(", ")
    );
    let topology = Topology::from_str("store", &text).unwrap_or_else(|error| panic!("{error}"));
    let system = System::compile(topology);
    let report = system.simulate(&Plan { replications: 2, ..system.plan(1) }).unwrap();
    let is_up = |journey: usize| match &report.journeys[journey].measures {
        JourneyMeasures::Window(estimates, _) => estimates.unavailability.mean == 0.0,
        _ => panic!("a run of equal lives"),
    };
    (is_up(0), is_up(1))
}

/// How many servers an object store may lose, as its makers say: it reads with as many shards as hold
/// data, and writes with one more if there is as much parity. Found by taking servers away.
#[test]
fn object_stores_survive_the_loss_of_as_many_servers_as_their_makers_say() {
    for (servers, drives, data, parity, reads, writes) in [
        (4, 1, 2, 2, 2, 1),
        (4, 2, 4, 4, 2, 1),
        (6, 1, 3, 3, 3, 2),
        (8, 1, 4, 4, 4, 3),
        (8, 2, 12, 4, 2, 2),
    ] {
        let mut survived = (0, 0);
        for lost in 1..=servers {
            let (read, write) = works_without(lost, servers, drives, data, parity);
            survived.0 += u32::from(read);
            survived.1 += u32::from(write);
        }
        let what = format!("{servers} servers of {drives} drives, {data}+{parity}");
        assert_eq!(survived, (reads, writes), "{what}");
    }
}

/// A holder has one defect at a time: as many come until one is found as it takes to find one, so that it has one half
/// of the time, when the other holder of all its groups is wiped. Did they add up it would be `1 - exp(-1)`.
#[test]
fn a_holder_has_one_defect_at_a_time() {
    let text = "
topology: defects
horizon: 1010h
failures: {dead: {every: {fixed: 1000h}, repair: 1h, wipes: true}}
domains: {a: {fails: [dead]}, b: {}}
data:
  rows: {held_by: [a, b], copies: 2, groups: 10, latent: {every: 100h, scrub: {exponential: 100h}}}
";
    let topology = Topology::from_str("defects", text).unwrap();
    assert_eq!(topology.warning_count(), 1, "{}", topology.warnings);
    let system = System::compile(topology);
    let lives = 4_000.0_f64;
    let report = system.simulate(&Plan { replications: lives as u64, ..system.plan(1) }).unwrap();
    let json: Value = serde_json::from_str(&to_json(&report)).unwrap();
    let p_loss = json["data"]["rows"]["p_loss"]["mean"].as_f64().unwrap();
    assert!((p_loss - 0.5).abs() < 4.0 * (0.25 / lives).sqrt(), "{p_loss}");
}
