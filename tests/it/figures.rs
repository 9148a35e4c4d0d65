//! Figures say what they are meant to say: each is kept as text in `tests/data/figures`, and
//! `UPDATE_DOCS=1 cargo test` writes them anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use ninefold::report::{
    Condition, Content, Figure, Inside, Theme, figures, life_figure, to_png, to_svg,
    topology_figure,
};
use ninefold::{Plan, System, Topology};

use crate::topologies::shipped;
use crate::validation::check_document;

const KEPT: [&str; 7] = [
    "topologies/patterns/async-standby.yaml",
    "topologies/patterns/database-rf3.yaml",
    "topologies/patterns/nightly-backup.yaml",
    "topologies/patterns/pair-with-vip.yaml",
    "topologies/patterns/quorum-5-three-zones.yaml",
    "topologies/patterns/rs-6-3-fleet.yaml",
    "topologies/seed-thanos-as-written.yaml",
];

fn compiled(path: impl AsRef<Path>) -> System {
    System::compile(Topology::from_path(path).unwrap_or_else(|error| panic!("{error}")))
}

fn life(system: &System, replication: u64) -> Figure {
    let plan = system.plan(1);
    let entries = system.explain(&plan, replication).unwrap();
    let which = (replication, 1);
    life_figure(system.topology(), system.model(), &entries, plan.horizon, which)
}

/// A figure in words: all of what is said, and of what is drawn so much that a change is seen.
fn in_words(figure: &Figure) -> String {
    let mut text = format!("# {}\n{}\n{}\n", figure.name, figure.title, figure.subtitle);
    let number = |number: f64| format!("{number:.4e}");
    match &figure.content {
        Content::Curves(all) => {
            let _ = writeln!(text, "x: {}, y: {} {:?}", all.x_label, all.y_label, all.y_axis);
            for curve in &all.curves {
                let (first, last) = (curve.points[0], curve.points[curve.points.len() - 1]);
                let middle = curve.points[curve.points.len() / 2];
                let points = [first, middle, last].map(|(x, y)| (number(x), number(y)));
                let _ = writeln!(text, "  {}: {} {points:?}", curve.name, curve.points.len());
            }
            for mark in &all.marks {
                let _ = writeln!(text, "  mark at {}: {}", mark.at, mark.label);
            }
        }
        Content::Panels(all) => {
            let _ = writeln!(text, "x: {} {:?}, y: {}", all.x_label, all.x_axis, all.y_label);
            for panel in &all.panels {
                let _ = writeln!(text, "  {} (budget {:?})", panel.name, panel.budget);
                for point in panel.points.iter().step_by(5) {
                    let (low, high) = point.interval;
                    let heights = [point.mean, low, high].map(number).join(" ");
                    let _ = writeln!(text, "    {}: {heights}", point.x);
                }
            }
        }
        Content::Rankings(all) => {
            for ranking in all {
                let _ = writeln!(text, "  {}", ranking.name);
                for bar in &ranking.bars {
                    let planned = if bar.is_planned { ", planned" } else { "" };
                    let _ = writeln!(text, "    {}: {:.4}{planned}", bar.label, bar.share);
                }
            }
        }
        Content::Amounts(label, all) => {
            let _ = writeln!(text, "x: {label}");
            for amounts in all {
                let _ = writeln!(text, "  {} {:?}", amounts.name, amounts.axis);
                for amount in &amounts.amounts {
                    if let Some(line) = &amount.line_above {
                        let _ = writeln!(text, "    -- {line}");
                    }
                    let (value, label, words) =
                        (number(amount.value), &amount.label, &amount.words);
                    let _ = writeln!(text, "    {label}: {value}, {words}");
                }
            }
        }
        Content::Strip(strip) => {
            for lane in &strip.lanes {
                let down = lane.downtime_s();
                let _ = write!(
                    text,
                    "  {} {}: {} times, {down:.0} s",
                    if lane.is_journey { "journey" } else { "unit" },
                    lane.name,
                    lane.times
                );
                for condition in Condition::ALL {
                    let of_it = lane.stretches.iter().filter(|s| s.condition == condition);
                    let length: f64 = of_it.map(|stretch| stretch.to_s - stretch.from_s).sum();
                    if length > 0.0 {
                        let _ = write!(text, ", {length:.0} s {condition:?}");
                    }
                }
                text.push('\n');
            }
        }
        Content::Places(places) => {
            for journey in &places.journeys {
                let _ = writeln!(text, "  {} = {}", journey.name, journey.needs);
            }
            add_places(&mut text, &places.outermost, 1);
            for chip in &places.nowhere {
                let _ = writeln!(text, "  nowhere: {}", chip.name);
            }
            for service in &places.services {
                let _ = writeln!(text, "  service {}: {}", service.name, service.about);
            }
        }
    }
    text + figure.note.as_deref().unwrap_or("-") + "\n\n"
}

fn add_places(text: &mut String, inside: &[Inside], depth: usize) {
    let indent = "  ".repeat(depth);
    for item in inside {
        match item {
            Inside::More(count, of) => {
                let _ = writeln!(text, "{indent}... and {count} more {of}");
            }
            Inside::Place(place) => {
                let warning = place.warning.as_deref().unwrap_or("-");
                let _ = writeln!(text, "{indent}{} ({warning})", place.name);
                for chip in &place.chips {
                    let mark = if chip.is_single { " !" } else { "" };
                    let _ = writeln!(text, "{indent}  [{}{mark}]", chip.name);
                }
                add_places(text, &place.inside, depth + 1);
            }
        }
    }
}

#[test]
fn figures_say_what_they_said() {
    fs::create_dir_all("tests/data/figures").unwrap();
    for path in KEPT {
        let system = compiled(path);
        let report = system.simulate(&Plan { replications: 500, ..system.plan(1) }).unwrap();
        let mut text: String = figures(&report).iter().map(in_words).collect();
        text += &in_words(&life(&system, 3));
        text += &in_words(&topology_figure(system.topology(), system.model()));
        let name = format!("{}.txt", system.topology().name);
        check_document(&Path::new("tests/data/figures").join(name), &text);
    }
}

#[test]
fn every_shipped_topology_and_its_life_are_drawn() {
    for path in shipped() {
        let system = compiled(&path);
        let figures = [topology_figure(system.topology(), system.model()), life(&system, 0)];
        for figure in figures {
            for theme in [Theme::Light, Theme::Dark] {
                let svg = to_svg(&figure, theme).unwrap();
                assert!(svg.contains("</svg>"), "{}", path.display());
            }
            assert!(to_png(&figure, Theme::Light).unwrap().starts_with(b"\x89PNG"));
        }
    }
}

/// A hundred nodes are not a hundred boxes, and a life with many units is no carpet.
#[test]
fn large_systems_are_drawn_in_part() {
    let text = "topology: large
failures: {crash: {every: 30d, repair: 5m}}
domains: {node: {count: 100, fails: [crash]}}
services: {web: {on: node, serves: any}, odd: {on: node-70}}
journeys: {use: {needs: {all: [web, odd]}}}
";
    let system = System::compile(Topology::from_str("large", text).unwrap());
    let figure = topology_figure(system.topology(), system.model());
    let Content::Places(places) = &figure.content else { panic!("{figure:?}") };
    assert_eq!(places.outermost.len(), 7, "{places:?}");
    assert_eq!(places.outermost[6], Inside::More(94, "node".to_owned()));
    // The one that differs is among those that are drawn.
    let is_odd = |item: &Inside| matches!(item, Inside::Place(place) if place.name == "node-70");
    assert!(places.outermost.iter().any(is_odd));

    let figure = life(&system, 0);
    let Content::Strip(strip) = &figure.content else { panic!("{figure:?}") };
    assert_eq!(strip.lanes.len(), 30);
    assert!(figure.note.unwrap().contains("Left out: "));
}
