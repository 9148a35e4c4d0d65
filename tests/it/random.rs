//! Random systems keep their invariants. In a build with debug assertions, as tests are, the engine
//! compares its state with a recomputation after every event of the first lives.

use std::fmt::Write;

use ninefold::engine::{Replication, Replicator};
use ninefold::measure::Recorder;
use ninefold::rng::{Purpose, Stream, StreamKey};
use ninefold::run::LifeWatcher;
use ninefold::units::SimTime;
use ninefold::{System, Topology, Until};

/// Draws for the making of a system.
struct Dice(Stream);

impl Dice {
    fn below(&mut self, count: u64) -> u64 {
        self.0.word() % count
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn hours(&mut self, most: u64) -> u64 {
        1 + self.below(most)
    }

    fn law(&mut self, most: u64) -> String {
        let hours = self.hours(most);
        match self.below(7) {
            0 => format!("{{exponential: {hours}h}}"),
            1 => format!("{{weibull: {{shape: 0.{}, mean: {hours}h}}}}", 5 + self.below(5)),
            2 => format!("{{lognormal: {{median: {hours}h, sigma: 1}}}}"),
            3 => format!("{{gamma: {{shape: 2, mean: {hours}h}}}}"),
            4 => format!("{{uniform: [0s, {hours}h]}}"),
            5 => format!("{{fixed: {hours}h}}"),
            _ => format!("{{mixture: [{{p: 50%, fixed: {hours}h}}, {{p: 50%, exponential: 1h}}]}}"),
        }
    }

    fn modes(&mut self) -> String {
        let modes: Vec<String> =
            (0..4).filter(|_| self.chance(50)).map(|mode| format!("m{mode}")).collect();
        modes.join(", ")
    }

    /// What must be up, of these names.
    fn expression(&mut self, names: &[String], levels: u64) -> String {
        let parts: Vec<String> = (0..1 + self.below(3))
            .map(|_| match levels > 0 && self.chance(40) {
                true => self.expression(names, levels - 1),
                false => names[self.below(names.len() as u64) as usize].clone(),
            })
            .collect();
        let word = self.one_of(&["all", "any"]);
        format!("{{{word}: [{}]}}", parts.join(", "))
    }
}

fn random_system(seed: u64) -> String {
    let mut dice = Dice(StreamKey::of_life(seed, 0).of(1, Purpose::Start).draw(0));
    let mut text = "topology: random\nhorizon: 60d\nfailures:\n".to_owned();
    for mode in 0..4 {
        let every = dice.law(400);
        let repair = match dice.below(5) {
            0 => "restart".to_owned(),
            1 if dice.chance(20) => "never".to_owned(),
            _ => dice.law(40),
        };
        let clock = if dice.chance(30) { ", clock: always" } else { "" };
        let has_work = repair.starts_with('{');
        let crew = if has_work && dice.chance(40) { ", crew: ops" } else { "" };
        let _ = writeln!(text, "  m{mode}: {{every: {every}, repair: {repair}{clock}{crew}}}");
    }
    let _ = writeln!(text, "crews: {{ops: {{size: {}, response: 1h}}}}", 1 + dice.below(3));
    text += "domains:\n";
    let mut names = Vec::new();
    let levels = 1 + dice.below(4);
    for level in 0..levels {
        let inside = if level > 0 { format!("in: d{}, ", level - 1) } else { String::new() };
        let start =
            if dice.chance(50) { format!("start: {}, ", dice.law(3)) } else { String::new() };
        let also = if level > 1 && dice.chance(50) { "also_on: [feed], " } else { "" };
        let (count, modes) = (1 + dice.below(3), dice.modes());
        let _ =
            writeln!(text, "  d{level}: {{{inside}{start}{also}count: {count}, fails: [{modes}]}}");
        names.push(format!("d{level}"));
    }
    let _ = writeln!(text, "  feed: {{fails: [{}]}}", dice.modes());
    text += "services:\n";
    for service in 0..1 + dice.below(4) {
        let replicas = 1 + dice.below(5);
        let on = dice.below(levels);
        let offers = match dice.below(4) {
            0 => "serves: any".to_owned(),
            1 => "serves: majority".to_owned(),
            2 => format!("serves: {}", 1 + dice.below(replicas)),
            _ => {
                let after = dice.one_of(&["failover", "at-once"]);
                format!("leader: {{failover: {}, after_total_loss: {after}}}", dice.law(2))
            }
        };
        let start =
            if dice.chance(70) { format!("start: {}, ", dice.law(3)) } else { String::new() };
        let needs = match service > 0 && dice.chance(40) {
            true => format!("needs: s{}, ", service - 1),
            false => String::new(),
        };
        let _ = writeln!(
            text,
            "  s{service}: {{replicas: {replicas}, on: d{on}, {start}{needs}{offers}, fails: [{}]}}",
            dice.modes()
        );
        names.push(format!("s{service}"));
    }
    text += "journeys:\n";
    for journey in 0..1 + dice.below(3) {
        let _ = writeln!(text, "  j{journey}: {{needs: {}}}", dice.expression(&names, 2));
    }
    text
}

#[test]
fn random_systems_keep_their_invariants() {
    let mut all_outages = 0;
    for seed in 0..400 {
        let text = random_system(seed);
        let topology = Topology::from_str("random", &text)
            .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        let system = System::compile(topology);
        let journeys = system.topology().journeys.len();
        let horizon = SimTime::ZERO + system.topology().horizon;
        let mut recorder = Recorder::new(journeys, Until::Horizon);
        let mut replicator = Replicator::new(system.model(), horizon, u64::MAX);
        for number in 0..4 {
            let lived = replicator.replicate(Replication { seed, number }, &mut recorder).unwrap();
            let life = recorder.take(number, lived.events, lived.end);
            for journey in 0..journeys {
                let mut free_from = SimTime::ZERO;
                for outage in life.outages.iter().filter(|o| o.journey.index() == journey) {
                    assert!(free_from <= outage.start, "seed {seed}: {outage:?}\n{text}");
                    assert!(outage.start < outage.end && outage.end <= horizon, "seed {seed}");
                    free_from = outage.end;
                    all_outages += 1;
                }
            }
        }
    }
    assert!(all_outages > 10_000, "only {all_outages} outages: hardly anything was tried");
}
