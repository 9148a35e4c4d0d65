//! Exact answers by decision diagram, against others that were computed independently.

use std::fs;

use ninefold::engine::first_hosts;
use ninefold::exact::{
    CutsBy, DownAlone, Element, NotStatic, StaticAnswer, cut_sets, static_answer,
};
use ninefold::model::JourneyId;
use ninefold::report::{JourneyMeasures, Route};
use ninefold::rng::{Purpose, Stream, StreamKey};
use ninefold::stats::Estimate;
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};
use serde_json::Value;

use crate::cuts::told;
use crate::export::ninefold;
use crate::validation::cases::{filled_in, record};

const HOUR: f64 = 3_600.0;
const YEAR: f64 = 8_760.0 * HOUR;
/// Two computations of one number: what rounding leaves of sixteen digits.
const SAME: f64 = 1e-9;

fn system(text: &str) -> System {
    System::compile(Topology::from_str("exact", text).unwrap_or_else(|error| panic!("{error}")))
}

fn answer_over(system: &System, journey: usize, seconds: f64) -> Result<StaticAnswer, NotStatic> {
    let span = (SimSpan::ZERO, SimSpan::from_seconds(seconds));
    static_answer(system.model(), JourneyId::new(journey), span)
}

fn answer(text: &str) -> Result<StaticAnswer, NotStatic> {
    answer_over(&system(text), 0, YEAR)
}

#[track_caller]
fn assert_same(what: &str, found: f64, exact: f64, tolerance: f64) {
    let distance = (found / exact - 1.0).abs();
    assert!(distance < tolerance, "{what}: {found:e}, exactly {exact:e}, off by {distance:.1e}");
}

/// Each case with an answer of this kind, and the journeys that its measures are about, by a part of
/// their label or name.
const CASES: &[(&str, &[(&str, &str)])] = &[
    ("a01-single-exp", &[("", "serve")]),
    ("a02-weibull07-det-repair", &[("", "serve")]),
    ("a04-exp-uniform-repair", &[("", "serve")]),
    ("a06-auto-restart-or-human", &[("", "serve")]),
    ("a08-erlang-up-erlang-repair", &[("", "serve")]),
    ("b01-2of3-independent-repair", &[("", "serve")]),
    ("b08-2of3-weibull-lognormal", &[("", "serve")]),
    ("c01-quorum3-one-zone", &[("", "serve")]),
    ("c02-quorum3-three-zones", &[("", "serve")]),
    ("d01-bridge-network", &[("", "serve")]),
    ("d02-two-services-shared-nodes", &[("", "serve"), ("A", "A"), ("B", "B")]),
    (
        "d04-three-tier-three-zones",
        &[("", "serve"), ("dns", "dns"), ("lb", "lb"), ("app", "app"), ("db", "db")],
    ),
    (
        "f07-ec4-over-8-drives",
        &[("read (4 of 8 shards)", "read"), ("write (5 of 8 shards)", "write")],
    ),
    ("i09-static-ft-water-network", &[("", "water")]),
    (
        "i10-database-system-independent-repair",
        &[
            ("redundancy 2 (down at 2 failed of one group)", "redundancy-2"),
            ("redundancy 3 (down at 3 failed of one group)", "redundancy-3"),
            ("redundancy 4 (down at 4 failed of one group)", "redundancy-4"),
            ("redundancy 5 (down at 5 failed of one group)", "redundancy-5"),
        ],
    ),
];

#[test]
fn cases_come_out_exactly() {
    let mut compared = 0;
    for (id, journeys) in CASES {
        let record = record(id);
        let template = fs::read_to_string(format!("tests/data/cases/{id}.yaml")).unwrap();
        let system = system(&filled_in(&template, &record["parameters"]));
        let mut known = Known::new();
        for measure in record["measures"].as_array().unwrap() {
            compared += u32::from(compare(id, journeys, &system, &mut known, measure));
        }
    }
    assert_eq!(compared, 77, "measures that there is an answer for");
}

/// What was computed already: by journey and horizon.
type Known = Vec<((usize, u64), StaticAnswer)>;

/// Compares one measure, if it is one that there is an answer for.
fn compare(
    id: &str,
    journeys: &[(&str, &str)],
    system: &System,
    known: &mut Known,
    measure: &Value,
) -> bool {
    let name = measure["name"].as_str().unwrap();
    let label = measure["label"].as_str().unwrap_or("");
    let of_part = ["availability_tier_", "availability_service_"]
        .into_iter()
        .find_map(|prefix| name.strip_prefix(prefix));
    let label = of_part.unwrap_or(label);
    let Some((_, journey)) = journeys.iter().find(|(known, _)| *known == label) else {
        return false;
    };
    let journey = system.topology().journeys.iter().position(|j| j.name == *journey).unwrap();
    let hours = measure["horizon_hours"].as_f64().unwrap_or(8_760.0);
    let key = (journey, hours as u64);
    if !known.iter().any(|(other, _)| *other == key) {
        let answer = answer_over(system, journey, hours * HOUR);
        known.push((key, answer.unwrap_or_else(|why| panic!("{id}: {why}"))));
    }
    let (_, answer) = known.iter().find(|(other, _)| *other == key).unwrap();
    let exact = measure["value"].as_f64().unwrap();
    let years = hours / 8_760.0;
    let interval = answer.interval.as_ref();
    let found = match name {
        "steady_state_unavailability" | "top_event_probability" => answer.unavailability,
        "outages_per_year" => answer.outages_per_year,
        "mean_outage_duration_hours" => answer.mean_outage_s.unwrap() / HOUR,
        "interval_unavailability" if interval.is_ok() => interval.unwrap().unavailability,
        "expected_outages_in_horizon" if interval.is_ok() => {
            interval.unwrap().outages_per_year * years
        }
        _ if of_part.is_some() => 1.0 - answer.unavailability,
        _ => return false,
    };
    // The record may be known less well than ours.
    let trusted =
        measure["digits_trusted"].as_f64().map_or(0.0, |digits| 0.5 * 10_f64.powf(1.0 - digits));
    assert_same(&format!("{id} {name} {label}"), found, exact, SAME.max(trusted));
    true
}

#[test]
fn rare_outages_keep_their_digits() {
    let of = |n: u32, k: u32, every: &str, repair: &str| {
        answer(&format!(
            "topology: t\nfailures: {{down: {{every: {every}, repair: {repair}}}}}\n\
             domains: {{unit: {{count: {n}, fails: [down]}}}}\n\
             journeys: {{j: {{needs: {{at_least: {k}, of: [unit]}}}}}}\n"
        ))
        .unwrap()
    };
    // Cases j01 and j07: one of four, and one of three with other laws.
    let found = of(4, 1, "1998h", "{exponential: 2h}");
    assert_same("j01", found.unavailability, 1e-12, SAME);
    assert_same("j01", found.outages_per_year, 1.752e-8, SAME);
    assert_same("j01", found.mean_outage_s.unwrap(), 0.5 * HOUR, SAME);
    let interval = found.interval.unwrap();
    assert_same("j01", interval.unavailability, 9.995_248_287_671_236e-13, SAME);
    assert!(interval.relative_error < 1e-11, "{interval:?}");
    let found = of(3, 1, "{weibull: {shape: 2, mean: 3000h}}", "{lognormal: {mean: 3h, sigma: 1}}");
    assert_same("j07", found.unavailability, 9.970_059_900_149_79e-10, SAME);
    assert_same("j07", found.outages_per_year, 8.733_772_472_531_215e-6, SAME);
    // Published: 3 of 5, and 17 of 20 with exponential lives and with others, to ten digits.
    let found = of(5, 3, "1000h", "{exponential: 10h}");
    assert_same("3 of 5", found.unavailability, 9.562_325_307e-6, SAME);
    let found = of(20, 17, "100000h", "{exponential: 50h}");
    assert_same("17 of 20", found.unavailability, 3.002_804_950_8e-10, SAME);
    let found = of(20, 17, "{weibull: {shape: 1.2, scale: 100000h}}", "50h");
    assert_same("17 of 20", found.unavailability, 3.833_311_368_2e-10, SAME);
    // Ten units at a thousandth, by hand.
    let found = of(10, 1, "999h", "1h");
    assert_same("1 of 10", found.unavailability, 1e-30, SAME);
    assert_same("1 of 10", found.mean_outage_s.unwrap(), 0.1 * HOUR, SAME);
}

/// How far a figure may be from one that is printed with seven digits.
const HALF_OF_THE_SEVENTH: f64 = 5e-7;

/// Members by zone, how many are needed, and the unavailability if a node is down one hour in a
/// thousand and a zone one in ten thousand: published with seven digits.
const QUORUMS: &[(&[usize], usize, f64)] = &[
    (&[3], 2, 1.029_977e-4),
    (&[2, 1], 2, 1.031_973e-4),
    (&[3, 2], 3, 1.003_097e-4),
    (&[1, 1, 1], 2, 3.626_679e-6),
    (&[2, 2, 1], 3, 6.398_594e-7),
    (&[2, 2, 2], 4, 1.247_909e-6),
    (&[2, 2, 2], 3, 3.181_021e-8),
];

#[test]
fn quorums_over_zones_come_out_as_published() {
    for (members, needed, exact) in QUORUMS {
        let (mut domains, mut places) = (String::new(), String::new());
        for (zone, count) in members.iter().enumerate() {
            domains += &format!("  z{zone}: {{fails: [zone]}}\n");
            domains += &format!("  n{zone}: {{in: z{zone}, count: {count}, fails: [node]}}\n");
            places += &format!("n{zone}, ");
        }
        let found = answer(&format!(
            "topology: t\nfailures:\n  node: {{every: 999h, repair: 1h, clock: always}}\n  \
             zone: {{every: 9999h, repair: 1h}}\ndomains:\n{domains}\
             journeys: {{j: {{needs: {{at_least: {needed}, of: [{places}]}}}}}}\n"
        ))
        .unwrap();
        assert_same(
            &format!("{needed} of {members:?}"),
            found.unavailability,
            *exact,
            HALF_OF_THE_SEVENTH,
        );
    }
}

/// What each journey has that no static structure has, and what is said of it.
const REFUSED: &[(&str, &str)] = &[
    ("services: {s: {replicas: 2, on: n, leader: {failover: 9s}}}", "a failover takes time"),
    ("services: {s: {replicas: 2, on: n, serves: any, fails: [f], start: 9s}}", "must start again"),
    ("services: {s: {replicas: 2, on: n, serves: any, fails: [f]}}", "stands still while"),
    ("services: {s: {fails: [f, a]}}", "stands still while"),
    ("services: {s: {fails: [a], start: 9s}}", "may fail again while it starts"),
    ("services: {s: {fails: [w, f]}}", "made new by starts after other failures"),
    // What is over at once is felt all the same.
    ("services: {s: {fails: [w, i]}}", "made new by starts after other failures"),
    ("services: {s: {on: q, start: 9s}}", "must start again"),
    ("services: {s: {on: q, fails: [w]}}", "made new by starts after other failures"),
    ("services: {s: {fails: [wa]}}", "ages while its failure mode is active"),
    ("services: {s: {replicas: 2, serves: any, fails: [d]}}", "stay in step"),
    ("services: {s: {replicas: 2, serves: any, fails: [p]}}", "repairs may wait for people"),
    ("services: {s: {replicas: 2, serves: any, fails: [c]}}", "one cause strikes several"),
    (
        "services: {s: {replicas: 2, serves: any, fails: [f], load: {1: 2, 2: 1}}}",
        "faster or slower",
    ),
    ("services: {s: {fails: [v]}}", "planned work"),
    ("services: {t: {fails: [f]}, s: {needs: {need: t, kind: crashes_with}}}", "must start again"),
    (
        "services: {t: {fails: [f]}, s: {needs: {need: t, masked_by: {cache: 9m}}}}",
        "hidden from users",
    ),
];

#[test]
fn what_is_not_static_is_refused_by_name() {
    for (service, reason) in REFUSED {
        let text = format!(
            "topology: t\nfailures:\n  f: {{every: 9h, repair: 1h}}\n  \
             a: {{every: 9h, repair: 1h, clock: always}}\n  i: {{every: 9h, repair: 0s}}\n  \
             w: {{every: {{weibull: {{shape: 2, mean: 9h}}}}, repair: 1h}}\n  \
             wa: {{every: {{weibull: {{shape: 2, mean: 9h}}}}, repair: 1h, clock: always}}\n  \
             d: {{every: {{fixed: 9h}}, repair: 1h}}\n  p: {{every: 9h, repair: 1h, crew: c}}\n  \
             c: {{every: 9h, repair: 1h, beta: 10%}}\n  \
             v: {{every: {{weibull: {{shape: 2, mean: 9h}}}}, repair: 1h, preventive: {{age: 5h, takes: 1h}}}}\n\
             crews: {{c: {{size: 1}}}}\ndomains: {{n: {{count: 2, fails: [f]}}, q: {{fails: [i]}}}}\n{service}\n\
             journeys: {{j: {{needs: s}}}}\n"
        );
        let why = answer(&text).expect_err(service).to_string();
        assert!(why.contains(reason), "{service}: {why}");
    }
}

#[test]
fn only_what_a_journey_depends_on_matters() {
    // Beside it are a leader, a crew and a shared cause.
    let found = answer(
        "topology: t\nfailures: {f: {every: 99h, repair: {exponential: 1h}}, c: {every: 9h, repair: 1h, crew: c, beta: 9%}}\n\
         crews: {c: {size: 1, hours: business}}\n\
         services: {s: {fails: [f]}, t: {replicas: 3, fails: [c], leader: {failover: 1h}}}\n\
         journeys: {j: {needs: s}, k: {needs: t}}\n",
    );
    assert_same("alone", found.unwrap().unavailability, 0.01, SAME);
}

#[test]
fn a_crew_that_nobody_waits_for_only_takes_its_time() {
    let of = |size: u32| {
        answer(&format!(
            "topology: t\nfailures: {{f: {{every: 97h, repair: {{exponential: 1h}}, crew: c}}}}\n\
             crews: {{c: {{size: {size}, response: 2h}}}}\n\
             services: {{s: {{replicas: 2, serves: any, fails: [f]}}}}\njourneys: {{j: {{needs: s}}}}\n"
        ))
    };
    assert_same("two of them", of(2).unwrap().unavailability, 9e-4, SAME);
    let why = of(1).unwrap_err().to_string();
    assert!(why.contains("may wait"), "{why}");
}

#[test]
fn modes_of_one_unit_exclude_or_overlap_one_another() {
    let of = |clock: &str| {
        answer(&format!(
            "topology: t\nfailures:\n  f: {{every: 100h, repair: {{exponential: 10h}}{clock}}}\n  \
             g: {{every: 50h, repair: {{exponential: 10h}}{clock}}}\n\
             services: {{s: {{fails: [f, g]}}}}\njourneys: {{j: {{needs: s}}}}\n"
        ))
        .unwrap()
    };
    // At most one at a time: 10/100 + 10/50 against that and one.
    let found = of("");
    assert_same("exclusive", found.unavailability, 0.3 / 1.3, SAME);
    assert_same("exclusive", found.outages_per_year, 8_760.0 * 0.03 / 1.3, SAME);
    let shares: Vec<f64> = found.importances.of_units.iter().map(|mode| mode.criticality).collect();
    assert_same("g", shares[0], 2.0 / 3.0, SAME);
    assert_same("f", shares[1], 1.0 / 3.0, SAME);
    // Both may be active: up while neither is.
    let found = of(", clock: always");
    let up = (100.0 / 110.0) * (50.0 / 60.0);
    assert_same("overlapping", found.unavailability, 1.0 - up, SAME);
    assert_same("overlapping", found.outages_per_year, 8_760.0 * 0.03 * up, SAME);
}

#[test]
fn what_is_never_repaired_is_lost_in_the_long_run_and_not_before() {
    let found = answer(
        "topology: t\nfailures: {f: {every: 1y, repair: never}}\n\
         services: {s: {fails: [f]}}\njourneys: {j: {needs: s}}\n",
    )
    .unwrap();
    assert_eq!((found.unavailability, found.mean_outage_s), (1.0, None));
    let interval = found.interval.unwrap();
    // The mean of 1 - exp(-t) over [0, 1], its end, and as many outages.
    assert_same("mean", interval.unavailability, (-1.0_f64).exp(), SAME);
    assert_same("end", interval.unavailability_at_end, -(-1.0_f64).exp_m1(), SAME);
    assert_same("outages", interval.outages_per_year, -(-1.0_f64).exp_m1(), SAME);
}

/// A random structure of units that stand on one another, which is evaluated here by other means.
pub(crate) struct Structure {
    /// Of each unit: what it stands on, and the hours up and down.
    units: Vec<(Vec<usize>, u64, u64)>,
    /// By gate: how many it needs of units, and of gates before it.
    gates: Vec<(usize, Vec<usize>, Vec<usize>)>,
}

impl Structure {
    pub(crate) fn random(seed: u64) -> Structure {
        let mut dice = StreamKey::of_life(seed, 0).of(0, Purpose::Failure).draw(0);
        let mut below = |count: usize| (Stream::word(&mut dice) % count as u64) as usize;
        let count = 3 + below(8);
        let units = (0..count).map(|unit| {
            let hosts = (0..unit).filter(|_| below(6) == 0).collect();
            (hosts, 5 + below(200) as u64, 1 + below(20) as u64)
        });
        let units = units.collect::<Vec<_>>();
        let mut gates: Vec<(usize, Vec<usize>, Vec<usize>)> = Vec::new();
        for gate in 0..1 + below(5) {
            let mut of_units: Vec<usize> = (0..count).filter(|_| below(3) == 0).collect();
            let one_at_least = below(count);
            if !of_units.contains(&one_at_least) {
                of_units.push(one_at_least);
            }
            let of_gates: Vec<usize> = (0..gate).filter(|_| below(2) == 0).collect();
            let inputs = of_units.len() + of_gates.len();
            gates.push((1 + below(inputs), of_units, of_gates));
        }
        Structure { units, gates }
    }

    pub(crate) fn len(&self) -> usize {
        self.units.len()
    }

    /// The name of a unit.
    pub(crate) fn path(unit: usize) -> String {
        format!("u{unit}")
    }

    /// The same with nothing that stands on anything.
    pub(crate) fn flat(mut self) -> Structure {
        self.units.iter_mut().for_each(|(hosts, ..)| hosts.clear());
        self
    }

    pub(crate) fn topology(&self) -> String {
        let failure = |(unit, (_, up, down)): (usize, &(Vec<usize>, u64, u64))| {
            format!(
                "  f{unit}: {{every: {up}h, repair: {{exponential: {down}h}}, clock: always}}\n"
            )
        };
        let failures: String = self.units.iter().enumerate().map(failure).collect();
        self.with_failures(&failures, |unit| format!("f{unit}"))
    }

    /// A topology of it, with these failure modes, and the names of those of each unit.
    pub(crate) fn with_failures(&self, failures: &str, of: impl Fn(usize) -> String) -> String {
        let mut domains = String::new();
        for (unit, (hosts, ..)) in self.units.iter().enumerate() {
            let hosts: Vec<String> = hosts.iter().map(|host| Structure::path(*host)).collect();
            let on = match hosts.as_slice() {
                [] => String::new(),
                [only] => format!(", in: {only}"),
                [first, others @ ..] => format!(", in: {first}, also_on: [{}]", others.join(", ")),
            };
            domains += &format!("  u{unit}: {{fails: [{}]{on}}}\n", of(unit));
        }
        let top = self.expression(self.gates.len() - 1);
        format!(
            "topology: random\nhorizon: 1000h\nfailures:\n{failures}domains:\n{domains}\
             journeys: {{j: {{needs: {top}}}}}\n"
        )
    }

    fn expression(&self, gate: usize) -> String {
        let (needed, units, gates) = &self.gates[gate];
        let units = units.iter().map(|unit| Structure::path(*unit));
        let parts: Vec<String> =
            units.chain(gates.iter().map(|gate| self.expression(*gate))).collect();
        format!("{{at_least: {needed}, of: [{}]}}", parts.join(", "))
    }

    /// Whether the journey is up if these units are down by themselves: a bit each.
    pub(crate) fn is_up(&self, down: u32) -> bool {
        let mut units: Vec<bool> = Vec::new();
        for (unit, (hosts, ..)) in self.units.iter().enumerate() {
            let is_up = down >> unit & 1 == 0 && hosts.iter().all(|host| units[*host]);
            units.push(is_up);
        }
        let mut gates: Vec<bool> = Vec::new();
        for (needed, of_units, of_gates) in &self.gates {
            let up = of_units.iter().filter(|unit| units[**unit]).count()
                + of_gates.iter().filter(|gate| gates[**gate]).count();
            gates.push(up >= *needed);
        }
        gates[gates.len() - 1]
    }

    /// Units that take down the journey, with none to spare.
    pub(crate) fn minimal_cuts(&self) -> Vec<u32> {
        let is_minimal = |down: &u32| {
            let spared = (0..self.len()).filter(|unit| down >> unit & 1 == 1);
            !self.is_up(*down) && spared.into_iter().all(|unit| self.is_up(down & !(1 << unit)))
        };
        (0..1_u32 << self.len()).filter(is_minimal).collect()
    }

    /// The unavailability, and outages an hour, over all combinations of units; and by unit, the
    /// probability that it makes the difference, and that a minimal cut set that it belongs to is down.
    fn enumerated(&self) -> (f64, f64, Vec<(f64, f64)>) {
        let (mut unavailability, mut rate) = (0.0, 0.0);
        let mut by_unit = vec![(0.0, 0.0); self.len()];
        let cuts = self.minimal_cuts();
        for down in 0..1_u32 << self.len() {
            let probability: f64 = (0..self.len())
                .map(|unit| {
                    let (_, up, repair) = &self.units[unit];
                    let now = if down >> unit & 1 == 1 { repair } else { up };
                    *now as f64 / (up + repair) as f64
                })
                .product();
            for (unit, (birnbaum, involved)) in by_unit.iter_mut().enumerate() {
                if self.is_up(down & !(1 << unit)) && !self.is_up(down | 1 << unit) {
                    *birnbaum += probability;
                }
                if cuts.iter().any(|cut| cut & !down == 0 && cut >> unit & 1 == 1) {
                    *involved += probability;
                }
            }
            if !self.is_up(down) {
                unavailability += probability;
                continue;
            }
            let ends = (0..self.len()).filter(|unit| !self.is_up(down | 1 << unit));
            let ends = ends.filter(|unit| down >> unit & 1 == 0);
            rate += probability * ends.map(|unit| 1.0 / self.units[unit].1 as f64).sum::<f64>();
        }
        (unavailability, rate, by_unit)
    }
}

/// How often each random structure is tried.
const STRUCTURES: u64 = 200;

#[test]
fn random_structures_come_out_as_by_enumeration() {
    for seed in 0..STRUCTURES {
        let structure = Structure::random(seed);
        let text = structure.topology();
        let system = system(&text);
        let found = answer_over(&system, 0, YEAR).unwrap();
        let (unavailability, rate, by_unit) = structure.enumerated();
        let named = |what: &str| format!("{what} of seed {seed}\n{text}");
        assert_same(&named("unavailability"), found.unavailability, unavailability, SAME);
        assert_same(&named("outages"), found.outages_per_year, 8_760.0 * rate, SAME);
        for importance in &found.importances.units {
            let (birnbaum, involved) = by_unit[importance.of.index()];
            assert!(
                (importance.birnbaum.unwrap() - birnbaum).abs() < SAME,
                "{}",
                named("Birnbaum")
            );
            let involved = importance.fussell_vesely.unwrap() - involved / unavailability;
            assert!(involved.abs() < SAME, "{}", named("Fussell-Vesely"));
        }
    }
}

#[test]
fn random_structures_have_the_cut_sets_of_an_enumeration() {
    for seed in 0..STRUCTURES {
        let structure = Structure::random(seed);
        let system = system(&structure.topology());
        let model = system.model();
        let hosts = first_hosts(model);
        let horizon = SimSpan::from_seconds(YEAR);
        let down_alone = DownAlone::new(model, horizon);
        let (journey, limits) = (JourneyId::new(0), (4, usize::MAX));
        let found = cut_sets(model, &hosts, journey, CutsBy::Unit, limits, &down_alone);
        let mut cuts: Vec<u32> = Vec::new();
        for cut in found.orders.iter().flat_map(|order| &order.cuts) {
            let bit = |element: &Element| match element {
                Element::Unit(unit) => 1 << unit.index(),
                other => panic!("{other:?} is no unit"),
            };
            cuts.push(cut.elements.iter().map(bit).sum());
        }
        cuts.sort_unstable();
        let mut expected = structure.minimal_cuts();
        expected.retain(|cut| cut.count_ones() <= 4);
        assert_eq!(cuts, expected, "seed {seed}\n{}", structure.topology());
        for order in &found.orders {
            assert_eq!(order.count, order.cuts.len() as u64);
            assert!(order.cuts.is_sorted_by(|one, other| one.probability >= other.probability));
        }
    }
}

#[test]
fn random_structures_come_out_as_simulated() {
    const MOST_SIGMAS: f64 = 4.0;
    for seed in 0..8 {
        let system = system(&Structure::random(seed).topology());
        let plan = Plan { replications: 400, ..system.plan(seed) };
        let report = system.simulate(&plan).unwrap();
        let JourneyMeasures::Window(found, _) = &report.journeys[0].measures else {
            panic!("a run of equal lives")
        };
        let exact = answer_over(&system, 0, 1_000.0 * HOUR).unwrap().interval.unwrap();
        for (name, estimate, exact) in [
            ("unavailability", found.unavailability, exact.unavailability),
            ("outages", found.outages_per_year, exact.outages_per_year),
        ] {
            let sigmas = estimate.sigmas_from(exact).unwrap();
            assert!(sigmas.abs() < MOST_SIGMAS, "seed {seed}: {name} {sigmas} from {exact:e}");
        }
    }
}

/// What an answer that is computed may be off by, and the simulator's error is a thousand times more.
const FAR_BELOW_CHANCE: f64 = 1e-5;

/// Repairs of every kind, some of them shared by several modes of a unit, against the simulator.
const REPAIRS: &[&str] = &[
    "{lognormal: {median: 4h, sigma: 1.2}}",
    "{uniform: [1h, 9h]}",
    "{fixed: 5h}",
    "[{detect: 10m}, {fix: {gamma: {shape: 3, mean: 6h}}}]",
    "{mixture: [{p: 80%, fixed: 3m}, {p: 20%, lognormal: {mean: 8h, sigma: 1}}]}",
    "{weibull: {shape: 0.7, mean: 5h}}",
    "{triangular: [1h, 2h, 12h]}",
];

#[test]
fn repairs_of_every_law_come_out_as_simulated() {
    const MOST_SIGMAS: f64 = 4.0;
    for (seed, repair) in REPAIRS.iter().enumerate() {
        let system = system(&format!(
            "topology: t\nhorizon: 48h\nfailures:\n  f: {{every: 40h, repair: {repair}}}\n  \
             g: {{every: 90h, repair: {{exponential: 2h}}}}\n\
             services: {{s: {{replicas: 3, serves: majority, fails: [f, g]}}}}\n\
             journeys: {{j: {{needs: s}}}}\n"
        ));
        let plan = Plan { replications: 20_000, ..system.plan(seed as u64) };
        let report = system.simulate(&plan).unwrap();
        let JourneyMeasures::Window(found, _) = &report.journeys[0].measures else {
            panic!("a run of equal lives")
        };
        let exact = answer_over(&system, 0, 48.0 * HOUR).unwrap().interval.unwrap();
        assert!(exact.relative_error < FAR_BELOW_CHANCE, "{repair}: {exact:?}");
        for (name, estimate, exact) in [
            ("unavailability", found.unavailability, exact.unavailability),
            ("outages", found.outages_per_year, exact.outages_per_year),
        ] {
            let sigmas = estimate.sigmas_from(exact).unwrap();
            assert!(sigmas.abs() < MOST_SIGMAS, "{repair}: {name} {sigmas} from {exact:e}");
        }
    }
}

#[test]
fn who_takes_over_at_once_is_as_good_as_whoever_serves() {
    let of = |service: &str, more: &str| {
        answer(&format!(
            "topology: t\nfailures: {{f: {{every: 99h, repair: {{exponential: 1h}}{more}}}}}\n\
             services: {{s: {{replicas: 4, {service}, fails: [f]}}}}\njourneys: {{j: {{needs: s}}}}\n"
        ))
    };
    let any = of("serves: any", "").unwrap();
    let alone = of("standby: {active: 1}", "").unwrap();
    assert_same("one of four", alone.unavailability, any.unavailability, SAME);
    let two = of("serves: 2", "").unwrap();
    let pair = of("standby: {active: 2}", "").unwrap();
    assert_same("two of four", pair.unavailability, two.unavailability, SAME);
    assert_same("two of four", pair.outages_per_year, two.outages_per_year, SAME);
    for (service, more) in [
        ("leader: {failover: 9s}", ""),
        ("standby: {active: 2}, coverage: {p: 90%}", ""),
        ("standby: {active: 2}", ", grey: 9m"),
    ] {
        let why = of(service, more).unwrap_err().to_string();
        assert!(why.contains("a failover takes time"), "{service}{more}: {why}");
    }
}

/// Several modes that age, of machines that keep their age over a start: in the long run only means count.
#[test]
fn machines_that_age_come_out_as_simulated_in_the_long_run() {
    const MOST_SIGMAS: f64 = 4.0;
    let system = system(
        "topology: t
horizon: 3000h
failures:
  w1: {every: {weibull: {shape: 3, mean: 50h}}, repair: {fixed: 10h}}
  w2: {every: {weibull: {shape: 0.7, mean: 80h}}, repair: {uniform: [1h, 9h]}}
  m: {every: 70h, repair: {lognormal: {mean: 4h, sigma: 1}}}
domains: {u: {count: 3, start: {uniform: [1h, 3h]}, fails: [w1, w2, m]}}
journeys: {j: {needs: {at_least: 2, of: [u]}}}
",
    );
    let warm_up = SimSpan::from_seconds(3_000.0 * HOUR);
    let plan = Plan { replications: 1_000, warm_up, ..system.plan(1) };
    let report = system.simulate(&plan).unwrap();
    let JourneyMeasures::Window(found, _) = &report.journeys[0].measures else {
        panic!("a run of equal lives")
    };
    let exact = answer_over(&system, 0, YEAR).unwrap();
    assert!(exact.interval.is_err());
    for (name, estimate, exact) in [
        ("unavailability", found.unavailability, exact.unavailability),
        ("outages", found.outages_per_year, exact.outages_per_year),
    ] {
        let sigmas = estimate.sigmas_from(exact).unwrap();
        assert!(sigmas.abs() < MOST_SIGMAS, "{name} {sigmas} from {exact:e}");
    }
}

#[test]
fn a_crew_that_calls_others_is_refused() {
    let why = answer(
        "topology: calls\nfailures: {n: {every: 20h, repair: 1h, crew: a}}\n\
         crews: {a: {response: 20m, escalates: {after: 5m, to: b}}, b: {response: 2m}}\n\
         domains: {d: {fails: [n]}}\njourneys: {j: {needs: d}}\n",
    );
    assert!(why.is_err(), "{why:?}");
}

/// The unavailability at the end of the horizon of one unit, of eleven of which one is needed, and of one with repairs
/// that take a set time: a chain, a diagram, and both.
#[test]
fn unavailability_at_an_instant_is_as_closed_forms_say() {
    let (fail, mend) = (1.0 / 90.0_f64, 1.0 / 10.0_f64);
    let one = |hours: f64| fail / (fail + mend) * -(-(fail + mend) * hours).exp_m1();
    let text = |count: u32, repair: &str| {
        format!(
            "topology: t\nfailures: {{f: {{every: 90h, repair: {repair}}}}}\n\
             domains: {{u: {{count: {count}, fails: [f]}}}}\njourneys: {{j: {{needs: {{any: [u]}}}}}}\n"
        )
    };
    // Repaired after eight hours. Up after twelve is what never failed, and what failed within four hours and not again.
    let fixed = |hours: f64| {
        let again = (hours - 8.0).max(0.0);
        -(-fail * hours).exp_m1() - fail * again * (-fail * again).exp()
    };
    for (count, repair, route, exact) in [
        (1, "{exponential: 10h}", "markov", [one(8.0), one(12.0)]),
        (11, "{exponential: 10h}", "decision-diagram", [one(8.0).powi(11), one(12.0).powi(11)]),
        (1, "8h", "markov", [fixed(8.0), fixed(12.0)]),
    ] {
        for (hours, exact) in [8, 12].into_iter().zip(exact) {
            let horizon = format!("{hours}h");
            let arguments = ["simulate", "-", "--exact", "only", "--horizon", &horizon];
            let json =
                told(&[&arguments[..], &["--format", "json"]].concat(), &text(count, repair));
            let found: Value = serde_json::from_str(&json).unwrap();
            let answer = &found["journeys"]["j"]["exact"];
            assert_eq!(answer["route"], route);
            let at_end = answer["unavailability_at_end"]["mean"].as_f64().unwrap();
            assert_same(&format!("{count} for {hours} h"), at_end, exact, SAME);
            let words = told(&arguments, &text(count, repair));
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("down at the end of the horizon with probability"), "{words}");
        }
    }
    // After a warm-up the instant is that much later.
    let arguments = [
        "simulate",
        "-",
        "--exact",
        "only",
        "--horizon",
        "4h",
        "--warm-up",
        "8h",
        "--format",
        "json",
    ];
    let found: Value =
        serde_json::from_str(&told(&arguments, &text(1, "{exponential: 10h}"))).unwrap();
    let at_end = found["journeys"]["j"]["exact"]["unavailability_at_end"]["mean"].as_f64().unwrap();
    assert_same("after a warm-up", at_end, one(12.0), SAME);
}

/// Of units that age nothing but the long run is known by a diagram; beside it is what is known over the horizon. Each row
/// says which it is.
#[test]
fn a_row_says_over_what_time_it_is() {
    let text = "topology: both
horizon: 10h
failures:
  plain: {every: 90h, repair: {exponential: 10h}}
  aging: {every: {weibull: {shape: 2, mean: 90h}}, repair: {exponential: 10h}}
domains: {one: {fails: [plain]}, other: {fails: [aging]}}
journeys:
  near: {needs: one, slo: {availability: 95%}}
  far: {needs: other, slo: {availability: 95%}}
";
    let arguments = ["simulate", "-", "--exact", "only"];
    let output = |arguments: &[&str]| {
        let output = ninefold(arguments, text);
        assert_eq!(output.status.code(), Some(1), "an objective is missed");
        String::from_utf8(output.stdout).unwrap()
    };
    let words = output(&arguments);
    let row = |name: &str| {
        let row = words.lines().find(|line| line.trim().starts_with(name)).unwrap();
        row.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("journey")[1], "over");
    let (near, far) = (row("near"), row("far"));
    assert_eq!(near[1..3], ["the", "horizon"], "{words}");
    assert_eq!(far[1..5], ["the", "long", "run", "90.0000"], "{words}");
    // One is judged by the beginning, in which it is still new, and the other one by what comes of it.
    assert_eq!((near.last().unwrap().as_str(), far.last().unwrap().as_str()), ("met", "MISSED"));
    let json = output(&[&arguments[..], &["--format", "json"]].concat());
    let found: Value = serde_json::from_str(&json).unwrap();
    let over = |name: &str| found["journeys"][name]["exact"]["over"].clone();
    assert_eq!((over("near"), over("far")), ("horizon".into(), "long-run".into()));
    assert!(found["journeys"]["far"]["exact"]["unavailability"].is_null(), "{json}");
}

/// After a warm-up a decision diagram of eleven units, six of which are needed, says of the horizon and its end what
/// uniformisation of their chain says; and of repairs of a set time what closed forms say of the end.
#[test]
fn a_diagram_says_what_follows_a_warm_up() {
    let text = |repair: &str| {
        format!(
            "topology: t
failures: {{f: {{every: 90h, repair: {repair}}}}}
domains: {{u: {{count: 11, fails: [f]}}}}
journeys: {{j: {{needs: {{at_least: 6, of: [u]}}}}}}"
        )
    };
    let hours = |hours: f64| SimSpan::from_seconds(hours * HOUR);
    for (warm_up, horizon) in [(0.0, 4.0), (8.0, 4.0), (3.0, 500.0), (1000.0, 2.0)] {
        let exponential = system(&text("{exponential: 10h}"));
        let plan = Plan { warm_up: hours(warm_up), horizon: hours(horizon), ..exponential.plan(1) };
        let answers = exponential.exact_answers(&plan, 1_000);
        let answer = answers.journeys[0].as_ref().unwrap();
        assert_eq!(answer.route, Route::DecisionDiagram);
        let chain = exponential.exact_outages(&plan, JourneyId::new(0), 1_000).unwrap();
        let within = chain.within.unwrap();
        let years = plan.horizon.seconds() / YEAR;
        let same = |what: &str, found: Option<Estimate>, exact: f64| {
            let what = format!("{what} of {horizon} h after {warm_up} h");
            assert_same(&what, found.unwrap().mean, exact, SAME);
        };
        same("share", answer.unavailability, within.share.value);
        same("outages", answer.outages_per_year, within.count.value / years);
        same("end", answer.unavailability_at_end, within.at_end.value);
        let mean_s = within.share.value * plan.horizon.seconds() / within.count.value;
        same("mean outage", answer.mean_outage_s, mean_s);
        let long_run = chain.long_run.unwrap();
        same(
            "long-run mean outage",
            answer.long_run_mean_outage_s,
            long_run.share.value / long_run.frequency.value,
        );
    }
    // Up after twelve hours is what never failed, and what failed within four hours and not again.
    let fixed = system(&text("8h"));
    let plan = Plan { warm_up: hours(8.0), horizon: hours(4.0), ..fixed.plan(1) };
    let answers = fixed.exact_answers(&plan, 1_000);
    let answer = answers.journeys[0].as_ref().unwrap();
    let fail = 1.0 / 90.0_f64;
    let down = -(-fail * 12.0).exp_m1() - fail * 4.0 * (-fail * 4.0).exp();
    let choose = [462.0, 330.0, 165.0, 55.0, 11.0, 1.0];
    let of =
        |(choose, downs): (f64, i32)| choose * down.powi(downs) * (1.0 - down).powi(11 - downs);
    let exact: f64 = choose.into_iter().zip(6..).map(of).sum();
    assert_same("end", answer.unavailability_at_end.unwrap().mean, exact, SAME);
}
