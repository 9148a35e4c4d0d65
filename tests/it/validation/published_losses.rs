//! Published figures of durability: their formulas computed anew, and what a topology can say simulated
//! at rates at which losses are seen.

use ninefold::exact::simultaneous_loss;
use ninefold::model::DataId;
use ninefold::{System, Topology};

use super::chain::{Chain, FixedRebuild, Work, in_stages, with_ever_more_stages};
use super::losses::{Lab, settled};
use super::{HOUR, Page, YEAR_HOURS, compared, printed};

const DAY_HOURS: f64 = 24.0;
const JULIAN_DAYS: f64 = 365.25;
const JULIAN_YEAR_HOURS: f64 = 8_766.0;
/// How far apart two extrapolations over numbers of stages may be, relative; runs are no better
/// than 1 %.
const STAGES_TOLERANCE: f64 = 2e-3;

pub(super) fn sections(page: &mut Page) {
    page.say(
        "
# Data: published figures

Formulas are computed anew and must give the digits that were published. Then the same model is simulated with all
failures so many times as often, against its own Markov chain or closed form at those rates.
",
    );
    mean_times(page);
    serial_repair(page);
    three_of_four(page);
    four_answers(page);
    shared_bandwidth(page);
    racks_of_drives(page);
    scrubbing(page);
    copysets(page);
    not_compared(page);
}

/// Holders whose shards go bad, and are mended together at the end of each cycle.
fn scrubbed(scheme: &str, shards: u32, bad_hours: f64, cycle_hours: f64) -> String {
    format!(
        "topology: scrubbed
failures: {{slow: {{every: 1y, repair: 1h}}}}
domains: {{drive: {{count: {shards}, fails: [slow]}}}}
data:
  objects:
    held_by: drive
    {scheme}
    latent: {{every: {bad_hours}h, scrub: {{cycle: {cycle_hours}h}}, spoils: copy}}
journeys: {{use: {{needs: drive-0}}}}\n"
    )
}

/// One drive for each shard; drives are replaced at once and then rebuilt.
fn rebuilt(shards: u32, needed: u32, mttf_hours: f64, rebuild: &str) -> String {
    let scheme = scheme(shards, needed);
    format!(
        "topology: rebuilt
failures: {{drive-dead: {{every: {mttf_hours}h, repair: 0s, wipes: true}}}}
domains: {{drive: {{level: drive, count: {shards}, fails: [drive-dead]}}}}
data: {{objects: {{held_by: drive, {scheme}, {rebuild}}}}}
journeys: {{use: {{needs: drive-0}}}}\n"
    )
}

/// As [`rebuilt`], but a drive is away until its shard is back.
fn repaired(shards: u32, needed: u32, mttf_hours: f64, repair: &str) -> String {
    let scheme = scheme(shards, needed);
    format!(
        "topology: repaired
failures: {{drive-dead: {{every: {mttf_hours}h, repair: {repair}, wipes: true}}}}
domains: {{drive: {{count: {shards}, fails: [drive-dead]}}}}
data: {{objects: {{held_by: drive, {scheme}}}}}
journeys: {{use: {{needs: drive-0}}}}\n"
    )
}

fn scheme(shards: u32, needed: u32) -> String {
    match needed {
        1 => format!("copies: {shards}"),
        _ => format!("erasure: {{data: {needed}, parity: {}}}", shards - needed),
    }
}

fn one_at_a_time(hours: f64) -> String {
    format!("rebuild: {{takes: {{exponential: {hours}h}}, at_a_time: 1}}")
}

/// Mean times to loss with one exponential rebuild at a time.
fn mean_times(page: &mut Page) {
    /// Rates a day.
    const FAILS: f64 = 8.1345e-3;
    const MENDED: f64 = 66.013;
    page.begin(
        "Mean times with one rebuild at a time",
        "Ford et al., *Availability in globally distributed storage systems*, OSDI 2010, section 8.2: chunks are lost \
         at 8.1345e-3 a day and recovered at 66.013 a day, one at a time; mean time in days. Their Table 3 counts \
         unavailability over 15 minutes; these are losses. In a topology: `rebuild: {takes: {exponential: ...}, \
         at_a_time: 1}`. Last: 30 PB in three copies, 3,000 nodes that fail every four years, blocks of 256 MiB at 1 \
         Gb/s (binary units), a year of 365 days.",
    );
    for (name, shards, needed, published, hurry) in [
        ("R=2", 2, 1, 4.989_97e5, 100.0),
        ("R=3", 3, 1, 1.349_99e9, 200.0),
        ("R=4", 4, 1, 2.739_18e12, 400.0),
        ("RS(6,3)", 9, 6, 2.176_64e10, 200.0),
        ("RS(8,4)", 12, 8, 5.623_78e12, 200.0),
    ] {
        let chain =
            |fails: f64| Chain::of_shards(shards, shards - needed, fails, |_| MENDED).mean_time();
        page.add(printed(name, "Markov chain", chain(FAILS), published, 6));
        let fails = FAILS * hurry;
        let rebuild = one_at_a_time(DAY_HOURS / MENDED);
        let lab = Lab::new(name, &rebuilt(shards, needed, DAY_HOURS / fails, &rebuild));
        let title = format!("{name}, failures {hurry} times as often, hours");
        page.add(lab.time_to_loss(&title, "objects", 2_000, DAY_HOURS * chain(fails)));
    }
    let binary = |exponent: i32| f64::powi(2.0, exponent);
    let a_day = 86_400.0 * binary(30) / (256.0 * binary(23));
    let one = Chain::of_shards(3, 2, 1.0 / (4.0 * 365.0), |_| a_day).mean_time();
    let groups = 30.0 * binary(50) / (3.0 * binary(28));
    page.add(printed("3,000 nodes, 30 PB", "Markov chain", one / groups, 2.307_9e10, 5));
}

/// Losses in a year with one exponential rebuild at a time, an hour each, and outages that destroy.
fn serial_repair(page: &mut Page) {
    page.begin(
        "Losses in a year with one rebuild at a time",
        "Rebuilds take an hour in the mean, one after another; a year has 8,766 hours; chunks are lost at 4 % or 6.3 % \
         a year, or with a zone. An outage strikes once a year and destroys each chunk with a probability of 1 %: \
         `shock: 1%`.",
    );
    let hourly = |a_year: f64| a_year / JULIAN_YEAR_HOURS;
    for (name, shards, needed, yearly, outage, published, digits, hurry, harm) in [
        ("RS(6,3), 4 %", 9, 6, 0.04, None, 1.149e-14, 4, 2_000.0, 0.0),
        ("RS(6,3), 6.3 %", 9, 6, 0.063, None, 7.069e-14, 4, 1_000.0, 0.0),
        ("RS(8,4), 4 % and outages", 12, 8, 0.04, Some(0.01), 7.527e-8, 4, 1_000.0, 0.25),
        ("RS(9,6), 4 % and outages", 15, 9, 0.04, Some(0.01), 6.116e-11, 4, 1_000.0, 0.35),
        ("three copies in three zones", 3, 1, 0.05, None, 9.758e-12, 4, 2_000.0, 0.0),
    ] {
        let lost = |fails: f64, outage: Option<f64>| {
            let chain = struck(shards, shards - needed, fails, outage);
            chain.probability(JULIAN_YEAR_HOURS)
        };
        page.add(printed(name, "Markov chain", lost(hourly(yearly), outage), published, digits));
        let rebuild = one_at_a_time(1.0);
        let text = if needed == 1 {
            let every = |a_year: f64| 1.0 / hourly(a_year * hurry);
            format!(
                "topology: zones
failures:
  zone-lost:  {{every: {}h, repair: 0s, wipes: true}}
  drive-dead: {{every: {}h, repair: 0s, wipes: true}}
domains:
  zone: {{count: {shards}, fails: [zone-lost]}}
  drive: {{in: zone, count: 1, fails: [drive-dead]}}
data: {{objects: {{held_by: drive, copies: {shards}, {rebuild}}}}}
journeys: {{use: {{needs: zone-0}}}}\n",
                every(0.01),
                every(0.04)
            )
        } else {
            rebuilt(shards, needed, 1.0 / hourly(yearly * hurry), &rebuild)
        };
        let (text, outage) = match outage {
            None => (text, None),
            Some(_) => (with_outages(&text, harm), Some(harm)),
        };
        let lab = Lab::new(name, &text);
        let exact = lost(hourly(yearly * hurry), outage);
        let harm = outage.map_or_else(String::new, |_| format!(", outages that destroy {harm}"));
        let title = format!("{name}, failures {hurry} times as often{harm}");
        page.add(lab.loss_within(&title, "objects", JULIAN_YEAR_HOURS, 4_000, exact));
    }
}

/// A chain with one rebuild an hour, and an outage a year that destroys each shard with a probability.
fn struck(shards: u32, tolerated: u32, fails: f64, outage: Option<f64>) -> Chain {
    Chain::explore(0, |&lost: &u32| {
        let after = |lost: u32| (lost <= tolerated).then_some(lost);
        let there = shards - lost;
        let mut moves = vec![(after(lost + 1), f64::from(there) * fails)];
        if lost > 0 {
            moves.push((Some(lost - 1), 1.0));
        }
        if let Some(harm) = outage {
            for hit in 1..=there {
                let chance = binomial(there, hit)
                    * harm.powi(hit as i32)
                    * (1.0 - harm).powi((there - hit) as i32);
                moves.push((after(lost + hit), chance / JULIAN_YEAR_HOURS));
            }
        }
        moves
    })
}

fn with_outages(text: &str, harm: f64) -> String {
    let outage = format!(
        "outage: {{every: {JULIAN_YEAR_HOURS}h, repair: 0s, wipes: true, shock: {}%}}",
        100.0 * harm
    );
    text.replace("failures: {", &format!("failures: {{{outage}, "))
        .replace("fails: [drive-dead]", "fails: [drive-dead, outage]")
}

fn binomial(of: u32, chosen: u32) -> f64 {
    (0..chosen).map(|place| f64::from(of - place) / f64::from(place + 1)).product()
}

/// A code of four disks, as often as it is.
fn three_of_four(page: &mut Page) {
    page.begin(
        "A 3-of-4 code with one repair at a time",
        "Disks are lost at 5 % a year; durability after a year, with a repair a week, a day and an hour. The first is \
         simulated as it is.",
    );
    const FAILS: f64 = 0.05;
    for (name, repairs, published) in [
        ("repair a week", 365.0 / 7.0, 0.999_439_532_18),
        ("repair a day", 365.0, 0.999_918_115_04),
        ("repair an hour", YEAR_HOURS, 0.999_996_575_88),
    ] {
        let loss = Chain::of_shards(4, 1, FAILS, |_| repairs).probability(1.0);
        page.add(printed(name, "Markov chain", 1.0 - loss, published, 11));
    }
    let loss = Chain::of_shards(4, 1, FAILS, |_| 365.0 / 7.0).probability(1.0);
    let rebuild = one_at_a_time(7.0 * DAY_HOURS);
    let lab = Lab::new("3-of-4", &rebuilt(4, 3, YEAR_HOURS / FAILS, &rebuild));
    page.add(lab.loss_within("loss, repair a week", "objects", YEAR_HOURS, 400_000, loss));
}

/// One pool, asked four times.
fn four_answers(page: &mut Page) {
    /// A year for each shard, days for a replacement.
    const FAILS: f64 = 0.004_05;
    const DAYS: f64 = 6.5;
    const YEAR_DAYS: f64 = 365.0;
    page.begin(
        "Four answers to one question",
        "A pool of 17+3 whose shards are lost at 0.405 % a year and replaced in 6.5 days: how likely is it to lose data \
         in a year? It depends on what 6.5 days means:\n\n\
         | answer | 6.5 days are | computed as | in a topology | a year |\n\
         |---|---|---|---|---|\n\
         | fixed windows | a window of the calendar; more than 3 losses in one | binomial, times windows a year | \
         `latent: {every: ..., scrub: {cycle: 6.5d}, spoils: copy}` | 7.354e-12 |\n\
         | sliding window | as long as each replacement takes | C(20, 4) x 4 x rate x (probability in 6.5 days)^3 | \
         `repair: 6.5d` | 2.944e-11 |\n\
         | exponential, parallel | the mean of each replacement | Markov chain | `repair: {exponential: 6.5d}` | \
         2.8433e-11 |\n\
         | exponential, serial | the mean of one replacement after another | Markov chain | and `crew`, or `rebuild: \
         {takes: {exponential: 6.5d}, at_a_time: 1}` | 1.6679e-10 |\n\n\
         Fixed windows are four times too good, since a window that slides finds what falls across a boundary. The \
         sliding window and the parallel chain differ by a life's beginning only, when nothing is lost yet. What \
         shares one pair of hands is six times worse.\n\n\
         All are simulated with shards that are lost 160 times as often, the first in 56 windows. The exact answer for a fixed \
         time is that of replacements in 4, 8 and 16 exponential stages, extrapolated.",
    );
    let daily = FAILS / YEAR_DAYS;
    let window = -(-daily * DAYS).exp_m1();
    let more_than_3 = |window: f64| {
        let many = |lost: i32| {
            binomial(20, lost as u32) * window.powi(lost) * (1.0 - window).powi(20 - lost)
        };
        (4..=20).map(many).sum::<f64>()
    };
    let tumbling = more_than_3(window) * YEAR_DAYS / DAYS;
    page.add(printed("fixed windows", "closed form", tumbling, 7.354e-12, 4));
    let sliding = binomial(20, 4) * 4.0 * FAILS * window.powi(3);
    page.add(printed("sliding window", "closed form", sliding, 2.944e-11, 4));
    let parallel = |fails: f64| Chain::of_shards(20, 3, fails, |lost| f64::from(lost) / DAYS);
    let serial = |fails: f64| Chain::of_shards(20, 3, fails, |_| 1.0 / DAYS);
    let a_year = parallel(daily).probability(YEAR_DAYS);
    page.add(printed("exponential, parallel", "Markov chain", a_year, 2.843_3e-11, 5));
    let a_year = serial(daily).probability(YEAR_DAYS);
    page.add(printed("exponential, serial", "Markov chain", a_year, 1.667_9e-10, 5));

    let fails = 160.0 * daily;
    let mttf = DAY_HOURS / fails;
    const WINDOWS: f64 = 56.0;
    let more_than_3 = more_than_3(-(-fails * DAYS).exp_m1());
    let tumbling = -(WINDOWS * (-more_than_3).ln_1p()).exp_m1();
    let text = scrubbed("erasure: {data: 17, parity: 3}", 20, mttf, DAYS * DAY_HOURS);
    let lab = Lab::new("fixed windows", &text);
    let hours = WINDOWS * DAYS * DAY_HOURS;
    page.add(lab.loss_within(
        "fixed windows, 160 times as often",
        "objects",
        hours,
        4_000,
        tumbling,
    ));
    let fixed = extrapolated(|stages| in_stages((20, 3), fails, DAYS, (Work::Each, false), stages));
    for (name, text, exact) in [
        ("sliding window", repaired(20, 17, mttf, "6.5d"), fixed),
        (
            "exponential, parallel",
            repaired(20, 17, mttf, "{exponential: 6.5d}"),
            parallel(fails).mean_time(),
        ),
        (
            "exponential, serial",
            rebuilt(20, 17, mttf, &one_at_a_time(DAYS * DAY_HOURS)),
            serial(fails).mean_time(),
        ),
    ] {
        let title = format!("{name}, 160 times as often, mean hours to loss");
        page.add(Lab::new(name, &text).time_to_loss(&title, "objects", 4_000, DAY_HOURS * exact));
    }
}

/// The mean time of rebuilds of a fixed length.
fn extrapolated(chain: impl Fn(usize) -> Chain) -> f64 {
    let (time, apart) = with_ever_more_stages(|stages| chain(stages).mean_time());
    assert!(apart < STAGES_TOLERANCE, "extrapolations differ by {apart}");
    time
}

/// Drives that share the bandwidth of their rebuilds, or do not.
fn shared_bandwidth(page: &mut Page) {
    const DRIVE: f64 = 20.0 * (1_u64 << 40) as f64;
    const BANDWIDTH: f64 = 100.0 * (1_u64 << 20) as f64;
    let days = DRIVE / BANDWIDTH / HOUR / DAY_HOURS;
    page.begin(
        "Rebuilds that share bandwidth",
        "Ten pools of 7+3 on 100 drives of 20 TiB, 5 % of which fail in a year; what is lost is rebuilt at 100 MiB/s, \
         which takes 2.427 days: nines of durability in a year. With bandwidth of its own for each, `bandwidth: \
         100MiB/s`, a pool is six times better than with one that all of its rebuilds share, `shared: 100MiB/s`. The \
         published 7.018 is a simulation, with an error of 0.008; ours is a chain of 8 stages for each rebuild. One \
         pool is simulated whose drives fail 71 times as often; its exact answers are chains of 4, 8 and 16 stages, \
         extrapolated, in which a drive that fails while it is rebuilt begins anew.",
    );
    let daily = -(0.95_f64).ln() / JULIAN_DAYS;
    let nines = |a_pool: f64| -(-(10.0 * (-a_pool).ln_1p()).exp_m1()).log10();
    let each = binomial(10, 4) * 4.0 * daily.powi(4) * days.powi(3) * JULIAN_DAYS;
    page.add(printed("own bandwidth", "closed form", -(10.0 * each).log10(), 7.768, 4));
    // Of m that share, one is through m times as late: 3! for three at once.
    page.add(printed("constant total rate", "closed form", -(60.0 * each).log10(), 6.990, 4));
    let chain = in_stages((10, 3), daily, days, (Work::Shared, false), 8);
    let found = (nines(chain.probability(JULIAN_DAYS)), Some(0.008));
    page.add(compared("shared bandwidth", "Markov chain".to_owned(), found, 7.018));

    let fails = 0.01;
    let staged =
        |work| extrapolated(|stages| in_stages((10, 3), fails, days, (work, true), stages));
    let constant = Chain::of_shards(10, 3, fails, |_| 1.0 / days).mean_time();
    let by = |key: &str| format!("size: {DRIVE}B, rebuild: {{{key}: 100MiB/s}}");
    for (name, rebuild, exact) in [
        ("own bandwidth", by("bandwidth"), staged(Work::Each)),
        ("constant total rate, exponential", one_at_a_time(days * DAY_HOURS), constant),
        ("shared bandwidth", by("shared"), staged(Work::Shared)),
        ("shared in each pool", by("per: {pool"), staged(Work::Shared)),
    ] {
        let mut text = rebuilt(10, 7, DAY_HOURS / fails, &rebuild);
        if rebuild.contains("per: {pool") {
            text = text
                .replace("100MiB/s}", "100MiB/s}}")
                .replace("domains: {drive: {", "domains: {pool: {}, drive: {in: pool, ");
        }
        let title = format!("{name}, mean hours to loss");
        page.add(Lab::new(name, &text).time_to_loss(&title, "objects", 4_000, DAY_HOURS * exact));
    }
}

/// A fleet of pools of 2+1.
fn racks_of_drives(page: &mut Page) {
    /// Drives of 20 TiB at 40 MiB/s, after half an hour of detection.
    const DAYS: f64 = 20.0 * 1_048_576.0 / 40.0 / 86_400.0 + 0.5 / DAY_HOURS;
    page.begin(
        "57,600 drives",
        "Drives of 20 TiB, 1 % of which fail in a year, each rebuilt at 40 MiB/s after half an hour; a mission of a \
         year: nines, by the closed form of a sliding window. Its authors' simulation gave 0.758 for 2+1 and 15.397 \
         for 14+6. The 19,200 pools of 2+1 are simulated as they are, against the exact answer for fixed rebuilds: \
         0.757 nines.",
    );
    let daily = -(0.99_f64).ln() / JULIAN_DAYS;
    let nines = |pools: f64, shards: u32, lost: u32| {
        let rate = binomial(shards, lost)
            * f64::from(lost)
            * daily.powi(lost as i32)
            * DAYS.powi(lost as i32 - 1);
        -(-(-pools * rate * JULIAN_DAYS).exp_m1()).log10()
    };
    page.add(printed("2+1", "closed form", nines(19_200.0, 3, 2), 0.754, 3));
    page.add(printed("14+6", "closed form", nines(2_880.0, 20, 7), 15.459, 5));
    let fixed = FixedRebuild { shards: 3.0, fails: daily, takes: DAYS };
    let a_pool = fixed.probability(JULIAN_DAYS);
    let exact = -(19_200.0 * (-a_pool).ln_1p()).exp_m1();
    page.add(printed("2+1, fixed rebuild", "closed form", -exact.log10(), 0.757, 3));
    let text = repaired(57_600, 2, DAY_HOURS / daily, &format!("{}h", DAYS * DAY_HOURS)).replace(
        "erasure: {data: 2, parity: 57598}",
        "erasure: {data: 2, parity: 1}, placement: partitioned, groups: 19200",
    );
    let lab = Lab::new("57,600 drives", &text);
    let title = "2+1, probability of loss in a year";
    page.add(lab.loss_within(title, "objects", JULIAN_YEAR_HOURS, 500, exact));
}

/// What placements lose when many nodes are lost at once.
fn copysets(page: &mut Page) {
    page.begin(
        "Copysets",
        "Cidon et al., *Copysets: reducing the frequency of data loss in cloud storage*, USENIX ATC 2013, and the same \
         formula for codes: of 5,000 nodes 50 are lost at once; how likely is it that all of some set are among them? \
         Sets of nodes are drawn and looked up in the placement that the topology makes. The number of sets is \
         `groups`. One given set is all lost with a probability that is known exactly. A placement of 10^7 sets alone would \
         take half a gigabyte; sets that are drawn at random, each anew, all survive with (1 - p)^groups, where p is that \
         of one, which the program says; that this is so is seen of the 275,000.",
    );
    let three = "copies: 3";
    let eight_four = "erasure: {data: 8, parity: 4}";
    let ten_four = "erasure: {data: 10, parity: 4}";
    let of_one = |scheme: &str| {
        let text = copies_on_nodes(scheme, "random", 1);
        let system = System::compile(Topology::from_str("one", &text).unwrap());
        simultaneous_loss(system.model().holding(DataId::new(0)), 50).p_group.unwrap()
    };
    let all_survive = |scheme: &str, groups: f64| groups * (-of_one(scheme)).ln_1p();
    let exactly = "of one set, exactly";
    page.add(printed("one given triple", exactly, of_one(three), 9.413_647_435_37e-7, 12));
    // About 1.3e7 is what gives the share that was published.
    let sets = (4e-6_f64).ln() / all_survive(three, 1.0);
    page.add(printed("random sets of which 99.9996 % lose some", exactly, sets, 1.3e7, 2));
    for (name, scheme, exact) in [
        ("RS(8,4), 10^7 random stripes", eight_four, 0.4580),
        ("RS(10,4), 10^7 random stripes", ten_four, 0.7824),
    ] {
        let lost = -all_survive(scheme, 1e7).exp_m1();
        page.add(printed(name, exactly, lost, exact, 4));
    }
    for (name, scheme, placement, groups, exact) in [
        ("one permutation", three, "{copyset: 2}", 1_666, 0.001_567),
        ("five permutations", three, "{copyset: 10}", 8_330, 0.007_81),
        ("275,000 random sets", three, "random", 275_000, 0.228_1),
        (
            "RS(4,2), one permutation",
            "erasure: {data: 4, parity: 2}",
            "{copyset: 5}",
            833,
            0.015_237,
        ),
        (
            "RS(6,3), one permutation",
            "erasure: {data: 6, parity: 3}",
            "{copyset: 8}",
            555,
            5.965e-4,
        ),
    ] {
        let text = copies_on_nodes(scheme, placement, groups);
        let topology = Topology::from_str(name, &text).unwrap_or_else(|error| panic!("{error}"));
        let system = System::compile(topology);
        let found = simultaneous_loss(system.model().holding(DataId::new(0)), 50);
        let error = (exact * (1.0 - exact) / found.tried as f64).sqrt();
        let run = format!("{} sets of 50 nodes", found.tried);
        page.add(settled(|_| compared(name, run.clone(), (found.p_loss.mean, Some(error)), exact)));
    }
}

/// 5,000 nodes with so many groups of a code.
fn copies_on_nodes(scheme: &str, placement: &str, groups: u32) -> String {
    format!(
        "topology: copysets
failures: {{gone: {{every: 1y, repair: 1h, wipes: true}}}}
domains: {{node: {{count: 5000, fails: [gone]}}}}
data: {{objects: {{held_by: node, {scheme}, placement: {placement}, groups: {groups}}}}}
journeys: {{use: {{needs: node-0}}}}\n"
    )
}

/// Blocks that go bad between two scrubs.
fn scrubbing(page: &mut Page) {
    const COPIES: i32 = 3;
    const CYCLES: f64 = 41.0;
    const BLOCKS: f64 = 33_554_432.0;
    const FAULTS: f64 = 4_932.0;
    page.begin(
        "Scrubbing",
        "Twenty years in 41 cycles of 180 days; three copies of 16 TiB in blocks of 512 KiB; 4,932 sector faults to a \
         copy and cycle, in any of its blocks; repaired at the end of each cycle: the probability that some block is \
         lost everywhere. In a topology: `latent: {every: ..., scrub: {cycle: 180d}, spoils: copy}`. One block is \
         simulated whose copies go bad in 20,000 hours, 1,500 times as often.",
    );
    // Of faults that fall on any block a block is spared by each.
    let lost =
        |goes_bad: f64, blocks: f64| -(CYCLES * blocks * (-goes_bad.powi(COPIES)).ln_1p()).exp_m1();
    let goes_bad = -(FAULTS * (-1.0 / BLOCKS).ln_1p()).exp_m1();
    page.add(printed("some block", "closed form", lost(goes_bad, BLOCKS), 4.358_222_98e-3, 9));
    let (every, cycle) = (20_000.0, 180.0 * DAY_HOURS);
    let goes_bad = -(-cycle / every).exp_m1();
    let lab = Lab::new("scrubbing", &scrubbed("copies: 3", 3, every, cycle));
    page.add(lab.loss_within("one block", "objects", CYCLES * cycle, 20_000, lost(goes_bad, 1.0)));
}

fn not_compared(page: &mut Page) {
    page.say(
        "
## Published, and not compared

- The authors' own simulation of pools of 14+6, 15.397 nines: nothing that plain simulation sees, and the method is
  not said; the closed form is above.
",
    );
}
