//! Figures of data classes: how much incidents lose, at which stage, and how close groups came to it.

use super::run::{add_mark, from_the_edge, range_of, subtitle};
use super::stairs::stairs;
use super::{Amount, AmountAxis, Amounts, Content, Curve, Curves, Figure, Mark, YAxis};
use crate::measure::{Bounded, CopyEstimates, StageEstimates};
use crate::report::answer::Route;
use crate::report::answer_text::rough;
use crate::report::data::Report;
use crate::report::data_class::{DataMeasures, PromisedBy, WindowOfData};
use crate::report::data_text::stage_words;
use crate::report::number::{duration, grouped, percent, significant};
use crate::stats::Estimate;
use crate::units::SECONDS_PER_YEAR;

/// Data classes that one picture can tell apart.
const MOST_CLASSES: usize = 8;
/// The height of a mark's label, and of a picture above its axis, in the same points.
const LABEL: f64 = 18.0;
const AXIS: f64 = 330.0;
/// Rows of lost positions.
const MOST_MARGINS: usize = 16;
/// Journeys that a mark names.
const MOST_NAMES: usize = 2;

type Class<'a> = (&'a str, &'a WindowOfData);

/// The figures of the data classes of a report: how often a year more than an amount is lost against
/// what journeys promise, where it is lost, and how many positions groups had lost. None of what was
/// not seen, and none where lives ended at the first loss.
pub(super) fn data_figures(report: &Report) -> Vec<Figure> {
    let windows = report.data.iter().filter_map(|class| match &class.measures {
        DataMeasures::Window(window) => Some((class.name.as_str(), window.as_ref())),
        DataMeasures::FirstLoss(_) | DataMeasures::Answered(_) => None,
    });
    let windows: Vec<Class<'_>> = windows.collect();
    // What is lost how often is shown of what lives say, and not where another route says it more nearly.
    let is_told = |name: &str| {
        report.data.iter().any(|class| class.name == name && class.is_told_by_another())
    };
    let with_incidents = windows
        .iter()
        .copied()
        .filter(|(name, window)| window.estimates.rpo.is_some() && !is_told(name));
    let lossy: Vec<Class<'_>> = with_incidents.take(MOST_CLASSES).collect();
    let mut figures = Vec::new();
    if !lossy.is_empty() {
        let note = unseen(report, &windows, &lossy);
        figures.push(amounts_lost(report, &lossy, note.clone()));
        figures.push(stages(report, &lossy, note));
    }
    let held = report.data.iter().filter_map(|class| {
        let DataMeasures::Window(window) = &class.measures else { return None };
        let copies = window.estimates.copies.as_ref()?;
        let was_close = copies.margins_per_year.iter().any(|times| *times > 0.0);
        let held = HeldCopies {
            name: &class.name,
            copies,
            gone: class.durability()?.groups_lost_per_year?,
            route: class.nearer().map(|answer| answer.route),
        };
        was_close.then_some(held)
    });
    let held: Vec<HeldCopies<'_>> = held.take(MOST_CLASSES).collect();
    figures.extend(margins(report, &held));
    figures
}

/// What is said of classes that are not shown.
fn unseen(report: &Report, windows: &[Class<'_>], shown: &[Class<'_>]) -> String {
    let mut words = String::new();
    for (name, window) in windows {
        let estimates = &window.estimates;
        let class = report.data.iter().find(|class| class.name == *name);
        let told = class.filter(|class| class.is_told_by_another());
        if let Some((class, incidents)) = told.and_then(|class| Some((class, class.incidents()?))) {
            let route = class.nearer().map_or("another route", |answer| answer.route.words());
            words += &format!(" {name}: {} incidents a year by {route}.", rough(incidents.mean));
        } else if let Some(bound) = estimates.loss_incidents_per_year.upper95 {
            let bound = significant(bound, 2);
            words += &format!(" {name}: no incident was seen; at most {bound} a year.");
        } else if !shown.iter().any(|(known, _)| known == name) {
            words += &format!(" {name}: not shown, for want of room.");
        }
    }
    words
}

/// How often a year an incident loses more.
fn amounts_lost(report: &Report, lossy: &[Class<'_>], unseen: String) -> Figure {
    let years = report.run.replications as f64 * report.run.horizon.seconds() / SECONDS_PER_YEAR;
    let curves: Vec<Curve> = lossy
        .iter()
        .map(|(name, window)| {
            let count = window.estimates.rpo.map_or(0, |rpo| rpo.count);
            let points = stairs(&window.estimates.exceedance, count, (1.0, 1.0 / years));
            Curve { name: (*name).to_owned(), points }
        })
        .collect();
    let heights = || curves.iter().flat_map(|curve| &curve.points).map(|point| point.1);
    let most = heights().fold(f64::MIN_POSITIVE, f64::max);
    let least = heights().filter(|height| *height > 0.0).fold(most, f64::min);
    let mut marks = promises(lossy);
    let x_range = range_of(&curves, &marks);
    let breaks_at_all = lossy.iter().flat_map(|(_, window)| &window.promised);
    if let Some(names) = promising(breaks_at_all.filter(|by| by.target_s == 0.0)) {
        // A logarithmic axis has no zero: whatever is lost is beyond its left end.
        let label = format!("RPO 0s of {names}, left of the axis: every incident is too much");
        marks.insert(0, Mark { at: x_range.0, label });
    }
    // A power of ten at the bottom, and room at the top for what marks say.
    let bottom = 10_f64.powf((least / 1.5).log10().floor());
    let room = ((LABEL * marks.len() as f64 + 12.0) / AXIS).min(0.4);
    let top = most * 10_f64.powf((most / bottom).log10() * room / (1.0 - room));
    let mut curves = from_the_edge(curves, x_range.0);
    for curve in &mut curves {
        // No incident loses more than the worst.
        curve.points.extend(curve.points.last().map(|worst| (worst.0, bottom)));
    }
    Figure {
        name: "data-lost",
        title: amounts_finding(lossy),
        subtitle: subtitle(report),
        note: Some(format!("A curve ends at the worst incident that was seen.{unseen}")),
        content: Content::Curves(Curves {
            x_label: "lost by an incident: the time in which these data were born".to_owned(),
            x_range,
            y_label: "incidents a year that lose more".to_owned(),
            y_axis: YAxis::Logarithmic(bottom, top),
            curves,
            marks,
        }),
    }
}

/// A mark at each promise but those to lose nothing.
fn promises(lossy: &[Class<'_>]) -> Vec<Mark> {
    let all = || lossy.iter().flat_map(|(_, window)| &window.promised);
    let mut targets: Vec<f64> =
        all().map(|by| by.target_s).filter(|target| *target > 0.0).collect();
    targets.sort_by(f64::total_cmp);
    let mut marks = Vec::new();
    for target in targets {
        let names = promising(all().filter(|by| by.target_s == target)).unwrap_or_default();
        add_mark(
            &mut marks,
            Mark { at: target, label: format!("RPO {} of {names}", duration(target)) },
        );
    }
    marks
}

/// The journeys that promise something, in words.
fn promising<'a>(promises: impl Iterator<Item = &'a PromisedBy>) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for by in promises {
        if !names.contains(&by.journey.as_str()) {
            names.push(&by.journey);
        }
    }
    let others = names.len().saturating_sub(MOST_NAMES);
    let named = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    match (names.is_empty(), others) {
        (true, _) => None,
        (false, 0) => Some(named),
        (false, others) => Some(format!("{named} and {others} more")),
    }
}

/// The promise that is broken most often, in a sentence.
fn amounts_finding(lossy: &[Class<'_>]) -> String {
    let incidents = |window: &WindowOfData| window.estimates.loss_incidents_per_year.estimate.mean;
    let broken = lossy.iter().flat_map(|(name, window)| {
        let rate = incidents(window);
        window
            .promised
            .iter()
            .map(move |by| (rate * by.share_exceeding.unwrap_or_default(), name, by))
    });
    if let Some((rate, name, by)) = broken.max_by(|a, b| a.0.total_cmp(&b.0)) {
        let (journey, rate) = (&by.journey, (rate > 0.0).then(|| significant(rate, 2)));
        return match (rate, by.target_s > 0.0) {
            (Some(rate), true) => format!(
                "{name}: {rate} incidents a year lose more than the {} that {journey} promises",
                duration(by.target_s)
            ),
            (Some(rate), false) => {
                format!(
                    "{name}: {rate} incidents a year lose something, and {journey} promises to lose nothing"
                )
            }
            (None, _) => "No incident loses more than journeys promise".to_owned(),
        };
    }
    let most = lossy.iter().max_by(|a, b| incidents(a.1).total_cmp(&incidents(b.1)));
    most.map_or_else(String::new, |(name, window)| {
        let rpo = window.estimates.rpo;
        format!(
            "{name}: {} incidents a year, half of which lose more than {}",
            significant(incidents(window), 2),
            duration(rpo.map_or(0.0, |rpo| rpo.quantiles[0]))
        )
    })
}

/// Where data are lost.
fn stages(report: &Report, lossy: &[Class<'_>], unseen: String) -> Figure {
    let lost = |window: &WindowOfData| window.estimates.lost_s_per_year.estimate;
    let amounts = |(name, window): &Class<'_>| {
        let mut stages: Vec<&StageEstimates> = window.estimates.stages.iter().collect();
        stages.sort_by(|a, b| b.lost_s_per_year.mean.total_cmp(&a.lost_s_per_year.mean));
        let ends = stages.iter().map(|stage| upper(&stage.lost_s_per_year));
        let most = ends.fold(f64::MIN_POSITIVE, f64::max);
        let amount = |stage: &&StageEstimates| {
            let lost = &stage.lost_s_per_year;
            Amount {
                label: stage_words(stage.stage).to_owned(),
                words: format!(
                    "{}{} a year; {} incidents a year",
                    duration(lost.mean),
                    in_brackets(lost, duration),
                    significant(stage.loss_incidents_per_year.mean, 2)
                ),
                value: lost.mean,
                interval: lost.ci95,
                line_above: None,
            }
        };
        Amounts {
            name: format!("{name}: {} of data a year", duration(lost(window).mean)),
            axis: AmountAxis::Time(1.05 * most),
            amounts: stages.iter().map(amount).collect(),
        }
    };
    let most = lossy.iter().max_by(|a, b| lost(a.1).mean.total_cmp(&lost(b.1).mean));
    let title = most.and_then(|(name, window)| {
        let stages = &window.estimates.stages;
        let largest = stages.iter().max_by(|a, b| a.share.total_cmp(&b.share))?;
        Some(format!(
            "{name}: {} of the {} lost a year were {}",
            percent(largest.share, 0),
            duration(lost(window).mean),
            stage_words(largest.stage)
        ))
    });
    Figure {
        name: "data-stages",
        title: title.unwrap_or_default(),
        subtitle: subtitle(report),
        note: Some(format!(
            "Bars: the time in which data were born that are lost in a year; lines: 95 % intervals.\
             {unseen}"
        )),
        content: Content::Amounts("lost in a year".to_owned(), lossy.iter().map(amounts).collect()),
    }
}

fn upper(estimate: &Estimate) -> f64 {
    estimate.ci95.map_or(estimate.mean, |(_, high)| high.max(estimate.mean))
}

fn in_brackets(estimate: &Estimate, shown: impl Fn(f64) -> String) -> String {
    let ends = estimate.ci95.map(|(low, high)| format!(" ({} to {})", shown(low), shown(high)));
    ends.unwrap_or_default()
}

/// Copies of a class, and how many groups of them are lost a year by whatever says so.
struct HeldCopies<'a> {
    name: &'a str,
    copies: &'a CopyEstimates,
    gone: Bounded,
    /// Which route says so, if lives do not.
    route: Option<Route>,
}

/// How many positions groups had lost, and how often.
fn margins(report: &Report, held: &[HeldCopies<'_>]) -> Option<Figure> {
    let HeldCopies { name, copies, gone, route } =
        held.iter().max_by(|a, b| nearness(a).total_cmp(&nearness(b)))?;
    let deepest = deepest(copies);
    let times = |lost: usize| {
        let times = copies.margins_per_year.get(lost.wrapping_sub(1));
        significant(times.copied().unwrap_or_default(), 2)
    };
    let end = lost_at(copies);
    let seen = match copies.groups {
        1 => format!("{name}: never seen with more than {deepest} lost"),
        _ => format!("{name}: no group was seen with more than {deepest} lost"),
    };
    let title = match (route, gone.upper95, copies.groups) {
        (Some(route), None, _) => {
            let [gone, by] = [rough(gone.estimate.mean), route.words().to_owned()];
            format!("{seen} ({} times a year); lost {gone} times a year by {by}", times(deepest))
        }
        (None, None, 1) => {
            let gone = significant(gone.estimate.mean, 2);
            format!("{name}: its data are lost {gone} times a year")
        }
        (None, None, groups) => {
            let gone = significant(gone.estimate.mean, 2);
            format!("{name}: {gone} of {} groups are lost a year", grouped(groups.into()))
        }
        (_, Some(_), _) => format!("{seen} ({} times a year); {end}", times(deepest)),
    };
    Some(Figure {
        name: "data-margins",
        title,
        subtitle: subtitle(report),
        note: Some(
            "Bars: how often a year a group had then lost so many copies or shards and was not \
             gone, over all groups. Below the line: groups whose data are lost, whatever took them; \
             a dashed box is a bound, where none was seen."
                .to_owned(),
        ),
        content: Content::Amounts(
            "times a year, over all groups".to_owned(),
            held.iter().map(margins_of).collect(),
        ),
    })
}

/// How many positions a group had lost at most without being gone.
fn deepest(copies: &CopyEstimates) -> usize {
    copies.margins_per_year.iter().rposition(|times| *times > 0.0).map_or(0, |place| place + 1)
}

/// How close to a loss groups came: one, where there was one.
fn nearness(HeldCopies { copies, gone, route, .. }: &HeldCopies<'_>) -> f64 {
    match (route, gone.upper95) {
        (None, None) => 1.0 + copies.p_group_lost_per_year.estimate.mean,
        (Some(_), _) | (_, Some(_)) => deepest(copies) as f64 / f64::from(copies.tolerance.0 + 1),
    }
}

fn lost_at(copies: &CopyEstimates) -> String {
    match copies.tolerance {
        (tolerance, true) => format!("data are lost at {}", tolerance + 1),
        (tolerance, false) => format!("data may be lost from {} on", tolerance + 1),
    }
}

fn margins_of(HeldCopies { name, copies, gone, route }: &HeldCopies<'_>) -> Amounts {
    let margins = &copies.margins_per_year;
    let rows = deepest(copies).max(copies.tolerance.0 as usize).min(MOST_MARGINS);
    let mut amounts: Vec<Amount> = (0..rows)
        .map(|place| {
            let value = margins.get(place).copied().unwrap_or_default();
            Amount {
                label: format!("{} lost", place + 1),
                words: match value > 0.0 {
                    true => format!("{} times a year", significant(value, 3)),
                    false => "not seen".to_owned(),
                },
                value,
                interval: None,
                line_above: None,
            }
        })
        .collect();
    amounts.push(Amount {
        label: "data gone".to_owned(),
        words: match (gone.upper95, route) {
            (Some(bound), _) => {
                format!("not seen; at most {} groups a year", significant(bound, 2))
            }
            (None, Some(route)) => {
                let at_once = if copies.groups > 1 { ", if one at a time" } else { "" };
                format!("{} groups a year by {}{at_once}", rough(gone.estimate.mean), route.words())
            }
            (None, None) => format!(
                "{}{} groups a year",
                significant(gone.estimate.mean, 3),
                in_brackets(&gone.estimate, |value| significant(value, 3))
            ),
        },
        value: gone.estimate.mean,
        interval: gone.estimate.ci95,
        line_above: Some(lost_at(copies)),
    });
    let shown = amounts
        .iter()
        .flat_map(|amount| [amount.value, amount.interval.map_or(0.0, |(_, high)| high)]);
    let positive: Vec<f64> = shown.filter(|value| *value > 0.0).collect();
    let least = positive.iter().copied().fold(f64::MAX, f64::min);
    let most = positive.iter().copied().fold(0.0, f64::max);
    // From a power of ten on that leaves the smallest a bar.
    let from = 10_f64.powf((least / 1.5).log10().floor());
    Amounts {
        name: match copies.groups {
            1 => format!("{name}: so many of its copies or shards lost"),
            groups => format!("{name}: groups with so many lost, of {}", grouped(groups.into())),
        },
        axis: AmountAxis::Logarithmic(from, (1.2 * most).max(10.0 * from)),
        amounts,
    }
}
