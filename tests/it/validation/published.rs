//! Published results that can be run again: quorums over zones, composite SLAs, and k out of n.

use ninefold::engine::first_hosts;
use ninefold::exact::{product_of_availabilities, static_answer};
use ninefold::model::JourneyId;
use ninefold::report::JourneyMeasures;
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology};

use super::{HOUR, Page, Row, YEAR_HOURS, formula, may_be_chance, printed};

/// Lives, and years of each after a warm-up of a year.
type Runs = (u64, f64);

/// Members by zone, how many are needed, and the unavailability if a node is down one hour in a
/// thousand, a zone one in ten thousand, and failover takes no time.
const QUORUMS: &[(&str, &[usize], usize, f64, Runs)] = &[
    ("3 members, 1 zone, 2 needed", &[3], 2, 1.029977e-4, (4_000, 50.0)),
    ("3 members, 2 zones (2+1), 2 needed", &[2, 1], 2, 1.031973e-4, (4_000, 50.0)),
    ("5 members, 2 zones (3+2), 3 needed", &[3, 2], 3, 1.003097e-4, (4_000, 50.0)),
    ("3 members, 3 zones, 2 needed", &[1, 1, 1], 2, 3.626679e-6, (8_000, 50.0)),
    ("5 members, 3 zones (2+2+1), 3 needed", &[2, 2, 1], 3, 6.398594e-7, (16_000, 50.0)),
    ("6 copies, 3 zones, write 4 of 6", &[2, 2, 2], 4, 1.247909e-6, (16_000, 50.0)),
    ("6 copies, 3 zones, read 3 of 6", &[2, 2, 2], 3, 3.181021e-8, (16_000, 100.0)),
];

/// How exactly the published figures are given.
const QUORUM_DIGITS: f64 = 5e-7;

/// k of n independent units: n, k, MTTF and MTTR in hours, unavailability.
const K_OF_N: &[(usize, usize, f64, f64, f64)] = &[
    (5, 3, 1_000.0, 10.0, 9.562_325_307e-6),
    (20, 17, 100_000.0, 50.0, 3.002_804_950_8e-10),
    (2, 1, 99.0, 1.0, 1.0 - 0.999_9),
    (3, 2, 99.0, 1.0, 1.0 - 0.999_702),
    (4, 3, 99.0, 1.0, 1.0 - 0.999_407_97),
    (4, 2, 99.0, 1.0, 1.0 - 0.999_996_03),
    (5, 3, 99.0, 1.0, 1.0 - 0.999_990_149_4),
    (3, 2, 999.0, 1.0, 1.0 - 0.999_997_002),
];

pub(super) fn sections(page: &mut Page) {
    quorums(page);
    k_of_n(page);
    composite_slas(page);
}

fn compiled(name: &str, text: &str) -> System {
    System::compile(Topology::from_str(name, text).unwrap_or_else(|error| panic!("{error}")))
}

fn quorums(page: &mut Page) {
    page.begin(
        "Quorums over zones",
        "A node is down for one hour in a thousand, a zone for one in ten thousand, all independent; a \
         member serves when its node and its zone are up. Published values, computed anew.",
    );
    for &(name, members, needed, exact, runs) in QUORUMS {
        let row = quorum(name, members, needed, exact, runs);
        page.add(match may_be_chance(row.sigmas) {
            true => quorum(name, members, needed, exact, (10 * runs.0, runs.1)),
            false => row,
        });
    }
}

fn quorum(name: &str, members: &[usize], needed: usize, exact: f64, (lives, years): Runs) -> Row {
    let mut places = String::new();
    let mut domains = String::new();
    for (zone, members) in members.iter().enumerate() {
        domains += &format!("  z{zone}: {{fails: [zone-down]}}\n");
        domains += &format!("  n{zone}: {{in: z{zone}, count: {members}, fails: [node-down]}}\n");
        places += &format!("n{zone}, ");
    }
    let text = format!(
        "topology: quorum\nfailures:\n  node-down: {{every: 999h, repair: {{exponential: 1h}}, clock: \
         always}}\n  zone-down: {{every: 9999h, repair: {{exponential: 1h}}}}\ndomains:\n{domains}\
         journeys:\n  serve: {{needs: {{at_least: {needed}, of: [{places}]}}}}\n"
    );
    let system = compiled("quorum", &text);
    let year = SimSpan::from_seconds(YEAR_HOURS * HOUR);
    let plan = Plan {
        replications: lives,
        horizon: SimSpan::from_seconds(years * YEAR_HOURS * HOUR),
        warm_up: year,
        ..system.plan(1)
    };
    let report = system.simulate(&plan).unwrap();
    let JourneyMeasures::Window(estimates, _) = &report.journeys[0].measures else {
        panic!("a run of equal lives")
    };
    let found = estimates.unavailability;
    // Beside our error stands that of a figure which is published with seven digits.
    let error = found.std_error.map(|error| f64::hypot(error, exact * QUORUM_DIGITS));
    Row {
        measure: name.to_owned(),
        run: format!("{lives} lives, {years} y after warm-up"),
        estimate: found.mean,
        std_error: error,
        exact,
        sigmas: error.map_or(f64::NAN, |error| (found.mean - exact) / error),
        digits: None,
    }
}

fn k_of_n(page: &mut Page) {
    page.begin(
        "k out of n by the product of availabilities",
        "Where units are independent the spreadsheet's number is exact in the long run; here it is against \
         published closed forms.",
    );
    for &(n, k, mttf, mttr, exact) in K_OF_N {
        let text = format!(
            "topology: k-of-n\nfailures: {{down: {{every: {mttf}h, repair: {{exponential: {mttr}h}}}}}}\n\
             domains: {{unit: {{count: {n}, fails: [down]}}}}\n\
             journeys: {{serve: {{needs: {{at_least: {k}, of: [unit]}}}}}}\n"
        );
        let system = compiled("k-of-n", &text);
        let product = product_of_availabilities(
            system.model(),
            &first_hosts(system.model()),
            JourneyId::new(0),
        )
        .unwrap();
        let name = format!("{k} of {n}, MTTF {mttf} h, MTTR {mttr} h");
        page.add(formula(&name, product.unavailability, exact));
    }
    let text = "topology: k-of-n\nfailures: {down: {every: 9h, repair: 1h}}\n\
         domains: {unit: {count: 32, fails: [down]}}\n\
         journeys: {serve: {needs: {at_least: 16, of: [unit]}}}\n";
    let system = compiled("k-of-n", text);
    let product =
        product_of_availabilities(system.model(), &first_hosts(system.model()), JourneyId::new(0))
            .unwrap();
    // Published as an availability of 0.999999998717867.
    let exact = 1.282_133e-9;
    let name = "16 of 32 fragments, a tenth of the machines down";
    page.add(printed(name, "formula", product.unavailability, exact, 7));
    let text = "topology: k-of-n\nfailures: {down: {every: 9h, repair: 1h}}\n\
         domains: {unit: {count: 2, fails: [down]}}\njourneys: {serve: {needs: {any: [unit]}}}\n";
    let system = compiled("k-of-n", text);
    let product =
        product_of_availabilities(system.model(), &first_hosts(system.model()), JourneyId::new(0))
            .unwrap();
    let name = "1 of 2 replicas, a tenth of the machines down";
    page.add(formula(name, product.unavailability, 0.01));
    // What only means decide, whatever the law: the mean of the lives is 100,000 h times gamma(1 + 1/1.2).
    let text = "topology: k-of-n\nfailures: {down: {every: {weibull: {shape: 1.2, scale: 100000h}}, repair: 50h}}\n\
         domains: {unit: {count: 20, fails: [down]}}\n\
         journeys: {serve: {needs: {at_least: 17, of: [unit]}}}\n";
    let system = compiled("k-of-n", text);
    let horizon = SimSpan::from_seconds(YEAR_HOURS * HOUR);
    let answer =
        static_answer(system.model(), JourneyId::new(0), (SimSpan::ZERO, horizon)).unwrap();
    let name = "17 of 20, Weibull lives of shape 1.2, MTTR 50 h";
    page.add(printed(name, "decision diagram", answer.unavailability, 3.833_311_368_2e-10, 11));
}

fn composite_slas(page: &mut Page) {
    page.begin(
        "Composite SLAs",
        "99.95 % and 99.99 % one after the other; and two such regions behind 99.99 %. Published by the \
         clouds, computed anew.",
    );
    let pair = "failures: {web: {every: 9995h, repair: 5h}, db: {every: 9999h, repair: 1h}}";
    let one = format!(
        "topology: sla\n{pair}\nservices: {{web: {{fails: [web]}}, db: {{fails: [db]}}}}\n\
         journeys: {{serve: {{needs: [web, db]}}}}\n"
    );
    let two = format!(
        "topology: sla\n{pair}\nservices: {{w1: {{fails: [web]}}, d1: {{fails: [db]}}, w2: {{fails: \
         [web]}}, d2: {{fails: [db]}}, front: {{fails: [db]}}}}\n\
         journeys: {{serve: {{needs: [{{any: [{{all: [w1, d1]}}, {{all: [w2, d2]}}]}}, front]}}}}\n"
    );
    let regions = 1.0 - (1.0 - (1.0 - 0.999_400_05_f64).powi(2)) * 0.9999;
    for (name, text, exact) in
        [("one region", one, 1.0 - 0.999_400_05), ("two regions behind a front", two, regions)]
    {
        let system = compiled("sla", &text);
        let product = product_of_availabilities(
            system.model(),
            &first_hosts(system.model()),
            JourneyId::new(0),
        )
        .unwrap();
        page.add(formula(name, product.unavailability, exact));
    }
}
