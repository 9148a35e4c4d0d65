//! Cases with records about data: how likely it is to lose some, when, and how much.

use std::fs;

use ninefold::report::to_json;
use ninefold::units::SimSpan;
use ninefold::{Plan, System, Topology, Until};
use serde_json::{Map, Value};

use super::cases::{filled_in, record};
use super::chain::{Chain, FixedRebuild};
use super::{HOUR, Page, Row, YEAR_HOURS, compared, formula, may_be_chance};

/// What is run for one label of a record.
struct Setting {
    /// A part of its label that no other label has.
    label: &'static str,
    /// Which number it is where a parameter has several.
    place: usize,
    /// The data class of the topology.
    class: &'static str,
    /// By how much drives must fail more often for a run of a few minutes to see losses; 1 where it
    /// sees them as it is.
    hurry: f64,
}

const fn setting(label: &'static str, place: usize, hurry: f64) -> Setting {
    Setting { label, place, class: "objects", hurry }
}

const CASES: &[(&str, &[Setting])] = &[
    ("f01-rf3-parallel", &[setting("realistic", 0, 500.0), setting("accelerated", 1, 1.0)]),
    ("f02-rf3-serial", &[setting("realistic", 0, 400.0), setting("accelerated", 1, 1.0)]),
    ("f03-rs6-3-parallel", &[setting("realistic", 0, 100.0), setting("accelerated", 1, 1.0)]),
    ("f05-raid5-lse", &[setting("MTTF 400000", 0, 1.0), setting("MTTF 5000", 1, 1.0)]),
    ("f07-ec4-over-8-drives", &[setting("durability", 0, 200.0)]),
    (
        "f10-rf2-deterministic-rebuild",
        &[setting("realistic", 0, 100.0), setting("accelerated", 1, 1.0)],
    ),
    (
        "f11-copysets-9-nodes",
        &[
            Setting { class: "anywhere", ..setting("objects); node loss", 0, 20.0) },
            Setting { class: "triples", ..setting("three; node loss", 0, 25.0) },
            Setting { class: "anywhere", ..setting("objects); accelerated", 1, 1.0) },
            Setting { class: "triples", ..setting("three; accelerated", 1, 1.0) },
        ],
    ),
    ("f12-raid6-limited-spares", &[setting("MTTF 50000", 0, 20.0), setting("MTTF 1500", 1, 1.0)]),
    (
        "f13-mirror-latent-errors-scrub",
        &[setting("MTTF 300000 h", 0, 30.0), setting("MTTF 3000 h", 1, 1.0)],
    ),
    ("j02-rare-ec8-3-loss", &[setting("", 0, 500.0)]),
    ("j08-rare-fleet-of-triples", &[setting("", 0, 100.0)]),
];

/// Remarks on cases, for the page.
const REMARKS: &[(&str, &str)] = &[
    ("f02-rf3-serial", "One at a time: a crew of one person."),
    ("f05-raid5-lse", "Both settings are simulated as they are."),
    (
        "f07-ec4-over-8-drives",
        "Drives only, as the case says: with nodes a copy of ours is back when its drive is mended and \
         its node is up, and in the case when its drive is mended.",
    ),
    (
        "j02-rare-ec8-3-loss",
        "Not seen by plain simulation: one life of a year in 3 x 10^11 loses anything. The accelerated variant \
         of the same model is tested.",
    ),
    (
        "j08-rare-fleet-of-triples",
        "Not seen by plain simulation: one life of a year in seven million loses anything. The accelerated \
         variant of the same model is tested.",
    ),
];

/// Lives of a year, of ten years, and to the first loss.
const LIVES: [u64; 3] = [20_000, 4_000, 2_000];
/// The same for a fleet of 1,500 drives.
const LIVES_OF_FLEET: [u64; 3] = [2_000, 400, 400];

const HEADER: &str = "
# Data: simulated against exact

Where losses are too rare to be seen, a scaled variant is simulated instead: the same topology with drives that fail
so many times as often. Its exact answer comes from a Markov chain of a few states that the test builds and solves
itself; the rows \"Markov chain\" show that this chain gives the exact answers of the record at the record's own
rates. Probabilities of loss are shares of lives, with the error of a share under the exact answer; mean times are
of lives with `--until loss`.
";

/// All cases about data.
pub(super) fn sections(page: &mut Page) {
    page.say(HEADER);
    snapshots(page);
    for (id, settings) in CASES {
        let record = record(id);
        let title = record["title"].as_str().unwrap();
        let remark = REMARKS.iter().find(|(case, _)| case == id);
        let remark = remark.map_or_else(String::new, |(_, remark)| format!("\n\n{remark}"));
        let id_here = if id.starts_with("f07") { "f07-ec4-over-8-drives, durability" } else { id };
        page.begin(id_here, &format!("{title}{remark}"));
        for setting in *settings {
            label(page, id, &record, setting);
        }
    }
    buffer(page);
}

/// The exact answers of a case.
pub(super) enum Exact {
    Chain(Chain),
    Fixed(FixedRebuild),
    /// So many groups that know nothing of one another.
    Fleet(Chain, f64),
}

impl Exact {
    fn of(id: &str, class: &str, parameters: &Value) -> Exact {
        let number = |name: &str| parameters[name]["value"].as_f64().unwrap();
        let rate = |name: &str| 1.0 / number(name);
        let parallel = |shards, tolerated| {
            let mended = rate("rebuild");
            let chain =
                Chain::of_shards(shards, tolerated, rate("mttf"), |lost| f64::from(lost) * mended);
            Exact::Chain(chain)
        };
        match &id[..3] {
            "f01" => parallel(3, 2),
            "f02" => Exact::Chain(Chain::of_shards(3, 2, rate("mttf"), |_| rate("rebuild"))),
            "f03" => parallel(9, 3),
            "f05" => Exact::Chain(with_unreadable(8.0, rate("mttf"), rate("rebuild"), number("h"))),
            "f07" => {
                let healed = rate("heal");
                let chain =
                    Chain::of_shards(8, 4, rate("drive_mttf"), |lost| f64::from(lost) * healed);
                Exact::Chain(chain)
            }
            "f10" => Exact::Fixed(FixedRebuild {
                shards: 2.0,
                fails: rate("mttf"),
                takes: number("rebuild"),
            }),
            "f11" if class == "anywhere" => {
                let chain = Chain::of_shards(9, 2, rate("node_loss_mttf"), |lost| {
                    f64::from(lost) * rate("rebuild")
                });
                Exact::Chain(chain)
            }
            "f11" => Exact::Chain(of_triples(rate("node_loss_mttf"), rate("rebuild"))),
            "f12" => Exact::Chain(with_spares(rate("mttf"), rate("rebuild"), rate("lead_time"))),
            "f13" => Exact::Chain(with_defects(
                rate("mttf"),
                rate("latent"),
                rate("scrub"),
                rate("rebuild"),
            )),
            "j02" => parallel(11, 3),
            "j08" => match parallel(3, 2) {
                Exact::Chain(chain) => Exact::Fleet(chain, number("groups")),
                other => other,
            },
            _ => panic!("{id}: no chain"),
        }
    }

    fn mean_time(&self) -> f64 {
        match self {
            Exact::Chain(chain) => chain.mean_time(),
            Exact::Fixed(fixed) => fixed.mean_time(),
            Exact::Fleet(..) => panic!("the mean time of a fleet is nobody's question"),
        }
    }

    fn probability(&self, hours: f64) -> f64 {
        match self {
            Exact::Chain(chain) => chain.probability(hours),
            Exact::Fixed(fixed) => fixed.probability(hours),
            Exact::Fleet(chain, groups) => -(groups * (-chain.probability(hours)).ln_1p()).exp_m1(),
        }
    }

    /// The answer to a measure of a record.
    fn answer(&self, measure: &str) -> f64 {
        let hours = if measure.contains("_10_years") { 10.0 * YEAR_HOURS } else { YEAR_HOURS };
        match (measure, self) {
            ("mttdl_hours", _) => self.mean_time(),
            ("mttdl_years", _) => self.mean_time() / YEAR_HOURS,
            ("expected_groups_lost_in_1_year", Exact::Fleet(chain, groups)) => {
                groups * chain.probability(hours)
            }
            (one, Exact::Fleet(chain, _)) if one.ends_with("_one_group") => {
                chain.probability(hours)
            }
            _ => self.probability(hours),
        }
    }
}

/// One loss is survived, and the end of its rebuild with a probability only.
fn with_unreadable(drives: f64, fails: f64, mended: f64, unreadable: f64) -> Chain {
    Chain::explore(0, |&lost: &u32| match lost {
        0 => vec![(Some(1), drives * fails)],
        _ => vec![
            (None, (drives - 1.0) * fails),
            (Some(0), mended * (1.0 - unreadable)),
            (None, mended * unreadable),
        ],
    })
}

/// Three groups of three copies: how many of each are lost, the most first.
fn of_triples(fails: f64, mended: f64) -> Chain {
    Chain::explore([0_u32; 3], |state: &[u32; 3]| {
        let sorted = |group: usize, lost: u32| {
            let mut next = *state;
            next[group] = lost;
            next.sort_unstable_by(|one, other| other.cmp(one));
            next
        };
        let mut moves = Vec::new();
        for (group, &lost) in state.iter().enumerate() {
            let worse = (lost < 2).then(|| sorted(group, lost + 1));
            moves.push((worse, f64::from(3 - lost) * fails));
            if lost > 0 {
                moves.push((Some(sorted(group, lost - 1)), f64::from(lost) * mended));
            }
        }
        moves
    })
}

/// Ten drives that survive two losses, and two spares: how many are being rebuilt, how many wait for a
/// spare, and how many spares are ordered.
fn with_spares(fails: f64, mended: f64, comes: f64) -> Chain {
    Chain::explore((0, 0, 0), |&(rebuilt, waiting, ordered): &(u32, u32, u32)| {
        let lost = rebuilt + waiting;
        let worse = match ordered {
            2 => (rebuilt, waiting + 1, 2),
            _ => (rebuilt + 1, waiting, ordered + 1),
        };
        let worse = (lost < 2).then_some(worse);
        let mut moves = vec![(worse, f64::from(10 - lost) * fails)];
        if rebuilt > 0 {
            moves.push((Some((rebuilt - 1, waiting, ordered)), f64::from(rebuilt) * mended));
        }
        if ordered > 0 {
            let arrived = match waiting {
                0 => (rebuilt, 0, ordered - 1),
                _ => (rebuilt + 1, waiting - 1, ordered),
            };
            moves.push((Some(arrived), f64::from(ordered) * comes));
        }
        moves
    })
}

/// A mirror: how many of its drives have a defect, or that one is being rebuilt.
fn with_defects(fails: f64, latent: f64, scrub: f64, mended: f64) -> Chain {
    const REBUILT: u32 = 3;
    Chain::explore(0, |&defects: &u32| match defects {
        0 => vec![(Some(1), 2.0 * latent), (Some(REBUILT), 2.0 * fails)],
        1 => vec![
            (Some(2), latent),
            (Some(0), scrub),
            // The one with the defect, and the other one.
            (Some(REBUILT), fails),
            (None, fails),
        ],
        2 => vec![(Some(1), 2.0 * scrub), (None, 2.0 * fails)],
        _ => vec![(Some(0), mended), (None, fails)],
    })
}

/// A setting of a case as it is, for whoever can see losses that rare.
pub(super) struct Solvable {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) class: &'static str,
    pub(super) measures: Vec<Value>,
}

/// All settings of all cases as they are.
pub(super) fn settings() -> impl Iterator<Item = Solvable> {
    let all = CASES.iter().flat_map(|(id, settings)| settings.iter().map(move |s| (*id, s)));
    all.map(|(id, setting)| {
        let record = record(id);
        let parameters = chosen(&record["parameters"], setting);
        let title = record["title"].as_str().unwrap();
        Solvable {
            id,
            title: format!("{title} {}", setting.label).trim_end().to_owned(),
            text: filled_in(&template_of(id), &parameters),
            class: setting.class,
            measures: measures_of(&record, setting).cloned().collect(),
        }
    })
}

fn template_of(id: &str) -> String {
    let suffix = if id.starts_with("f07") { "-durability" } else { "" };
    fs::read_to_string(format!("tests/data/cases/{id}{suffix}.yaml")).unwrap()
}

/// The measures of a record that are about losses in a setting.
fn measures_of<'r>(record: &'r Value, setting: &Setting) -> impl Iterator<Item = &'r Value> {
    record["measures"].as_array().unwrap().iter().filter(move |measure| {
        let name = measure["name"].as_str().unwrap();
        let is_of_losses = ["mttdl", "prob_data", "expected_groups"];
        let label = measure["label"].as_str().unwrap_or("");
        is_of_losses.iter().any(|start| name.starts_with(start)) && label.contains(setting.label)
    })
}

/// All of one label of a record.
fn label(page: &mut Page, id: &str, record: &Value, setting: &Setting) {
    let measures: Vec<&Value> = measures_of(record, setting).collect();
    let name = |measure: &Value| measure["name"].as_str().unwrap().to_owned();
    let is_scaled = setting.hurry != 1.0;
    let mut parameters = chosen(&record["parameters"], setting);
    if is_scaled {
        let exact = Exact::of(id, setting.class, &parameters);
        for measure in &measures {
            let found = exact.answer(&name(measure));
            let label = measure["label"].as_str();
            let label = label.map_or_else(String::new, |label| format!(" [{label}]"));
            let row = formula(&format!("{}{label}", name(measure)), found, value(measure));
            let run = match exact {
                Exact::Fixed(_) => "closed form",
                _ => "Markov chain",
            };
            page.add(Row { run: run.to_owned(), ..row });
        }
    }
    let failing = ["mttf", "drive_mttf", "node_loss_mttf"];
    let failing = failing.into_iter().find(|name| !parameters[*name].is_null()).unwrap();
    let mttf = parameters[failing]["value"].as_f64().unwrap() / setting.hurry;
    parameters[failing]["value"] = mttf.into();
    let lab = Lab::new(id, &filled_in(&template_of(id), &parameters));
    let exact = Exact::of(id, setting.class, &parameters);
    let lives = if id.starts_with("j08") { LIVES_OF_FLEET } else { LIVES };
    let mut to_loss: Option<Row> = None;
    for measure in measures {
        let name = name(measure);
        let (label, exact) = match is_scaled {
            true => (format!("scaled: MTTF {mttf} h"), exact.answer(&name)),
            false => (measure["label"].as_str().unwrap_or("").to_owned(), value(measure)),
        };
        let title = format!("{name} [{label}]");
        let row = match name.as_str() {
            "prob_data_loss_in_1_year" => {
                lab.loss_within(&title, setting.class, YEAR_HOURS, lives[0], exact)
            }
            "prob_data_loss_in_10_years" => {
                lab.loss_within(&title, setting.class, 10.0 * YEAR_HOURS, lives[1], exact)
            }
            "mttdl_hours" => {
                let row = lab.time_to_loss(&title, setting.class, lives[2], exact);
                to_loss = Some(row.clone());
                row
            }
            // The same run in another unit.
            "mttdl_years" => {
                let row = to_loss.clone().expect("hours come before years");
                let (estimate, error) = (row.estimate, row.std_error.unwrap());
                let in_years = (estimate / YEAR_HOURS, Some(error / YEAR_HOURS));
                compared(&title, row.run, in_years, exact)
            }
            // Of a fleet: what is lost once is full and new again in ours, and gone in the case.
            _ => continue,
        };
        page.add(row);
    }
}

fn value(measure: &Value) -> f64 {
    measure["value"].as_f64().unwrap()
}

/// The parameters of a setting, each with one number.
fn chosen(parameters: &Value, setting: &Setting) -> Value {
    let mut chosen = Map::new();
    for (name, parameter) in parameters.as_object().unwrap() {
        let mut parameter = parameter.clone();
        if let Some(several) = parameter["value"].as_array() {
            parameter["value"] = several[setting.place].clone();
        }
        chosen.insert(name.clone(), parameter);
    }
    Value::Object(chosen)
}

/// A topology whose data are lost now and then.
pub(super) struct Lab(System);

impl Lab {
    pub(super) fn new(name: &str, text: &str) -> Lab {
        let topology = Topology::from_str(name, text);
        Lab(System::compile(topology.unwrap_or_else(|error| panic!("{error}"))))
    }

    /// A report as JSON.
    fn run(&self, change: impl FnOnce(Plan) -> Plan) -> Value {
        let report = self.0.simulate(&change(self.0.plan(1))).unwrap();
        serde_json::from_str(&to_json(&report)).unwrap()
    }

    /// The share of lives in which a class loses something, against the exact probability.
    pub(super) fn loss_within(
        &self,
        title: &str,
        class: &str,
        hours: f64,
        lives: u64,
        exact: f64,
    ) -> Row {
        settled(|factor| {
            let lives = lives * factor;
            let horizon = SimSpan::from_seconds(hours * HOUR);
            let json = self.run(|plan| Plan { replications: lives, horizon, ..plan });
            let share = json["data"][class]["p_any_group_lost"]["mean"].as_f64().unwrap();
            let error = (exact * (1.0 - exact) / lives as f64).sqrt();
            compared(title, format!("{lives} lives of {hours} h"), (share, Some(error)), exact)
        })
    }

    /// The mean time to the first loss of a class in hours, against the exact one.
    pub(super) fn time_to_loss(&self, title: &str, class: &str, lives: u64, exact: f64) -> Row {
        settled(|factor| {
            let lives = lives * factor;
            let horizon = self.0.horizon_to_first_outage();
            let until = Until::FirstLoss;
            let json = self.run(|plan| Plan { replications: lives, horizon, until, ..plan });
            let time = &json["data"][class]["time_to_first_loss_s"];
            assert_eq!(time["censored"], 0, "{title}: every life has a loss");
            let hours = |name: &str| time[name].as_f64().unwrap() / HOUR;
            let found = (hours("mean"), Some(hours("std_error")));
            compared(title, format!("{lives} lives to the first loss"), found, exact)
        })
    }
}

/// A row, or the one with ten times the lives if it misses by little.
pub(super) fn settled(row: impl Fn(u64) -> Row) -> Row {
    let first = row(1);
    if may_be_chance(first.sigmas) { row(10) } else { first }
}

/// Lives and years after a warm-up, for what is measured in the long run.
const LONG_RUN: (u64, f64, f64) = (2_000, 50.0, 20.0);

fn long_run(lab: &Lab, factor: u64) -> (Value, String) {
    let (lives, years, warm_up) = LONG_RUN;
    let lives = lives * factor;
    let span = |years: f64| SimSpan::from_seconds(years * YEAR_HOURS * HOUR);
    let json = lab.run(|plan| Plan {
        replications: lives,
        horizon: span(years),
        warm_up: span(warm_up),
        ..plan
    });
    (json, format!("{lives} lives, {years} y after warm-up"))
}

fn of_record(id: &str) -> (Value, Lab) {
    let record = record(id);
    let template = fs::read_to_string(format!("tests/data/cases/{id}.yaml")).unwrap();
    let lab = Lab::new(id, &filled_in(&template, &record["parameters"]));
    (record, lab)
}

/// An estimate in JSON, in other units.
fn estimate(of: &Value, scale: f64) -> (f64, Option<f64>) {
    let number = |name: &str| of[name].as_f64().map(|number| number * scale);
    (number("mean").unwrap(), number("std_error"))
}

/// A record of one setting whose measures are compared one by one.
fn by_measure(page: &mut Page, id: &str, compare: impl Fn(&Lab, &str, f64, u64) -> Row) {
    let (record, lab) = of_record(id);
    page.begin(id, record["title"].as_str().unwrap());
    for measure in record["measures"].as_array().unwrap() {
        let name = measure["name"].as_str().unwrap();
        page.add(settled(|factor| compare(&lab, name, value(measure), factor)));
    }
}

/// Disasters, and snapshots that come too late to be of use.
fn snapshots(page: &mut Page) {
    by_measure(page, "e07-rpo-periodic-snapshots", |lab, name, exact, factor| {
        let (json, run) = long_run(lab, factor);
        let data = &json["data"]["rows"];
        let journey = &json["journeys"]["use"];
        let rpo = |of: &str| data["rpo_s"][of].as_f64().unwrap() / HOUR;
        let count = data["rpo_s"]["count"].as_f64().unwrap();
        // Losses lie between half an hour and six and a half, each as likely.
        const WIDTH: f64 = 6.0;
        let found = match name {
            "mean_rpo_hours" => estimate(&data["rpo_s"], 1.0 / HOUR),
            "max_rpo_hours" => (rpo("max"), Some(WIDTH / count)),
            "rpo_p95_hours" => {
                let by_luck = WIDTH * (0.05 * 0.95 / count).sqrt();
                // Percentiles are kept to within 0.1 %.
                (rpo("p95"), Some(by_luck.hypot(1e-3 * exact)))
            }
            "prob_rpo_exceeds_6h" => {
                let share = data["promised"][0]["share_exceeding"].as_f64().unwrap();
                (share, Some((exact * (1.0 - exact) / count).sqrt()))
            }
            "mean_rto_hours" => estimate(&journey["outage_s"], 1.0 / HOUR),
            "steady_state_availability" => estimate(&journey["availability"], 1.0),
            "disasters_per_year" => estimate(&data["loss_incidents_per_year"], 1.0),
            "expected_lost_data_hours_per_year" => estimate(&data["lost_s_per_year"], 1.0 / HOUR),
            other => panic!("no way to compare {other}"),
        };
        compared(name, run, found, exact)
    });
}

/// Writes that a buffer keeps while nobody takes them.
fn buffer(page: &mut Page) {
    by_measure(page, "h01-write-buffer-exp", |lab, name, exact, factor| {
        if name == "prob_any_loss_in_year" {
            let lives = LIVES[0] * factor;
            let json = lab.run(|plan| Plan { replications: lives, ..plan });
            let share = json["data"]["writes"]["p_loss"]["mean"].as_f64().unwrap();
            let error = (exact * (1.0 - exact) / lives as f64).sqrt();
            let run = format!("{lives} lives of {YEAR_HOURS} h");
            return compared(name, run, (share, Some(error)), exact);
        }
        let (json, run) = long_run(lab, factor);
        let data = &json["data"]["writes"];
        let found = match name {
            "expected_lost_hours_per_year" => estimate(&data["lost_s_per_year"], 1.0 / HOUR),
            "loss_events_per_year" => estimate(&data["loss_incidents_per_year"], 1.0),
            "mean_lost_hours_per_loss_event" => estimate(&data["rpo_s"], 1.0 / HOUR),
            "backend_unavailability" => estimate(&json["journeys"]["use"]["unavailability"], 1.0),
            other => panic!("no way to compare {other}"),
        };
        compared(name, run, found, exact)
    });
}
