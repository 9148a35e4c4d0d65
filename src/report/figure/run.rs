//! Figures of a run: how much downtime, how long it lasts, where it starts, when in a life it comes,
//! and how sure that is.

use super::data::data_figures;
use super::stairs::stairs;
use super::{
    Bar, Content, Curve, Curves, Figure, Mark, Panel, PanelPoint, Panels, Ranking, XAxis, YAxis,
};
use crate::measure::{JourneyEstimates, PartOfLife};
use crate::report::data::{Causes, JourneyMeasures, JourneyReport, ModeCause, Report};
use crate::report::number::{duration, grouped, percent, significant, target_percent};
use crate::stats::Estimate;
use crate::units::SECONDS_PER_YEAR;

/// Journeys that one picture can tell apart.
const MOST_CURVES: usize = 8;
/// Causes of a journey that have a bar of their own.
const MOST_BARS: usize = 4;
/// How far above what is known in the end a panel reaches.
const HEADROOM: f64 = 2.5;
/// Standard errors from which on a difference is no luck.
const CLEAR: f64 = 4.0;
/// The share of a curve's height that it may lose to the left of what is shown.
const CUT: f64 = 0.01;

/// The figures of a report: those of journeys, and those of data classes.
pub fn figures(report: &Report) -> Vec<Figure> {
    let mut figures = journey_figures(report);
    figures.append(&mut data_figures(report));
    figures
}

/// Of journeys: downtime in a year against the error budget, how often outages last longer
/// than a given time, what they come from, downtime over the time of a life, and how the estimate
/// settles. None where lives ended at the first outages or no outage was seen.
fn journey_figures(report: &Report) -> Vec<Figure> {
    let windows: Vec<Window<'_>> = report
        .journeys
        .iter()
        .filter_map(|journey| match &journey.measures {
            JourneyMeasures::Window(estimates, causes) => {
                Some((journey, estimates.as_ref(), causes))
            }
            JourneyMeasures::FirstOutage(_) | JourneyMeasures::Answered(_) => None,
        })
        .filter(|(_, estimates, _)| estimates.outages.is_some())
        .take(MOST_CURVES)
        .collect();
    if windows.is_empty() {
        return Vec::new();
    }
    // How much a journey is down is shown of what lives say, and not where another route says it more nearly; where its
    // downtime starts only lives know.
    let by_lives: Vec<Window<'_>> =
        windows.iter().copied().filter(|(journey, ..)| !journey.is_told_by_another()).collect();
    if by_lives.is_empty() {
        return vec![causes(report, &windows)];
    }
    vec![
        yearly_downtime(report, &by_lives),
        outage_lengths(report, &by_lives),
        causes(report, &windows),
        over_time(report, &by_lives),
        convergence(report, &by_lives),
    ]
}

type Window<'a> = (&'a JourneyReport, &'a JourneyEstimates, &'a Causes);
type Windows<'a> = [Window<'a>];

pub(super) fn subtitle(report: &Report) -> String {
    format!(
        "{}: {} lives of {}, seed {}",
        report.topology.name,
        grouped(report.run.replications),
        duration(report.run.horizon.seconds()),
        report.run.seed
    )
}

/// How probable a year with more downtime is.
fn yearly_downtime(report: &Report, windows: &Windows<'_>) -> Figure {
    let lives = report.run.replications as f64;
    let yearly = SECONDS_PER_YEAR / report.run.horizon.seconds();
    let curves: Vec<Curve> = windows
        .iter()
        .map(|(journey, estimates, _)| Curve {
            name: journey.name.clone(),
            points: stairs(
                &estimates.downtime_exceedance,
                report.run.replications,
                (yearly, 1.0 / lives),
            ),
        })
        .collect();
    let mut marks: Vec<Mark> = Vec::new();
    for (journey, ..) in windows {
        let Some(target) = journey.slo.availability.filter(|target| *target < 1.0) else {
            continue;
        };
        let budget = (1.0 - target) * SECONDS_PER_YEAR;
        let label = format!("budget of {}: {}", target_percent(target), duration(budget));
        add_mark(&mut marks, Mark { at: budget, label });
    }
    let is_one_year = report.run.horizon.seconds() == SECONDS_PER_YEAR;
    let x_range = range_of(&curves, &marks);
    Figure {
        name: "downtime",
        title: downtime_finding(windows, is_one_year),
        subtitle: subtitle(report),
        note: None,
        content: Content::Curves(Curves {
            x_label: match is_one_year {
                true => "downtime in a year".to_owned(),
                false => "downtime a year, mean over a life".to_owned(),
            },
            x_range,
            y_label: match is_one_year {
                true => "share of years with more downtime".to_owned(),
                false => "share of lives with more downtime".to_owned(),
            },
            y_axis: YAxis::Share,
            curves: from_the_edge(curves, x_range.0),
            marks,
        }),
    }
}

/// The journey that keeps its budget least often, in a sentence.
fn downtime_finding(windows: &Windows<'_>, is_one_year: bool) -> String {
    let kept = |window: &Window<'_>| window.1.objectives.availability?.p_met.map(|met| met.mean);
    let lives = if is_one_year { "years" } else { "lives" };
    let each = if is_one_year { "" } else { " a year" };
    let of_lowest = windows.iter().filter(|window| kept(window).is_some());
    let worst = of_lowest.min_by(|a, b| kept(a).unwrap_or(1.0).total_cmp(&kept(b).unwrap_or(1.0)));
    let Some((journey, estimates, _)) = worst else {
        let down = |estimates: &JourneyEstimates| estimates.downtime_s_per_year.mean;
        let most = windows.iter().max_by(|a, b| down(a.1).total_cmp(&down(b.1)));
        return most.map_or_else(String::new, |(journey, estimates, _)| {
            format!("{} is down {} a year in the mean", journey.name, duration(down(estimates)))
        });
    };
    let name = &journey.name;
    let target = journey.slo.availability.unwrap_or(1.0);
    let budget = duration((1.0 - target) * SECONDS_PER_YEAR);
    let median = (1.0 - estimates.availability.quantiles[1]) * SECONDS_PER_YEAR;
    let p_met = worst.and_then(kept).unwrap_or(1.0);
    match p_met < 0.5 && median > 0.0 {
        true => format!(
            "{name}: half of the {lives} are down for more than {}{each}; {budget} are allowed",
            duration(median)
        ),
        false => format!(
            "{name}: {} of the {lives} are down for more than the {budget}{each} that are allowed",
            percent(1.0 - p_met, 1)
        ),
    }
}

/// How often a year an outage lasts longer.
fn outage_lengths(report: &Report, windows: &Windows<'_>) -> Figure {
    let years = report.run.replications as f64 * report.run.horizon.seconds() / SECONDS_PER_YEAR;
    let curves: Vec<Curve> = windows
        .iter()
        .filter_map(|(journey, estimates, _)| {
            let lengths = estimates.outages.as_ref()?;
            // How long those last that a life does not see the end of is not known.
            let count = lengths.count - lengths.censored;
            let points = stairs(&lengths.exceedance, count, (1.0, 1.0 / years));
            Some(Curve { name: journey.name.clone(), points })
        })
        .collect();
    let mut marks: Vec<Mark> = Vec::new();
    for (journey, ..) in windows {
        let Some(rto) = journey.slo.rto else { continue };
        let at = rto.target.seconds();
        if at > 0.0 {
            add_mark(&mut marks, Mark { at, label: format!("RTO {}", duration(at)) });
        }
    }
    let heights = || curves.iter().flat_map(|curve| &curve.points).map(|point| point.1);
    let most = heights().fold(f64::MIN_POSITIVE, f64::max);
    let least = heights().filter(|height| *height > 0.0).fold(most, f64::min);
    let x_range = range_of(&curves, &marks);
    Figure {
        name: "outages",
        title: outage_finding(windows),
        subtitle: subtitle(report),
        note: None,
        content: Content::Curves(Curves {
            x_label: "length of an outage".to_owned(),
            x_range,
            y_label: "outages a year that last longer".to_owned(),
            y_axis: YAxis::Logarithmic(least / 1.5, most * 1.5),
            curves: from_the_edge(curves, x_range.0),
            marks,
        }),
    }
}

/// The journey whose outages are least often within its RTO, in a sentence.
fn outage_finding(windows: &Windows<'_>) -> String {
    let within = |(journey, estimates, _): &Window<'_>| {
        let objective = estimates.objectives.rto_s?;
        Some((journey.name.clone(), objective.target, objective.p_met?.mean))
    };
    let worst = windows.iter().filter_map(within).min_by(|a, b| a.2.total_cmp(&b.2));
    match worst {
        Some((name, target, p_met)) => format!(
            "{} of {name}'s outages are over within its RTO of {}",
            percent(p_met, 1),
            duration(target)
        ),
        None => {
            let rate = |estimates: &JourneyEstimates| estimates.outages_per_year.mean;
            let most = windows.iter().max_by(|a, b| rate(a.1).total_cmp(&rate(b.1)));
            most.map_or_else(String::new, |(journey, estimates, _)| {
                format!("{} has {} outages a year", journey.name, significant(rate(estimates), 2))
            })
        }
    }
}

/// Where the downtime of each journey starts.
fn causes(report: &Report, windows: &Windows<'_>) -> Figure {
    let down = |(journey, estimates, _): &Window<'_>| {
        let told = journey.outages().and_then(|told| told.downtime_s_per_year);
        told.unwrap_or(estimates.downtime_s_per_year).mean
    };
    let ranking = |window: &Window<'_>| {
        let ((journey, _, causes), down) = (window, down(window));
        let shown = causes.by_mode.iter().take(MOST_BARS);
        let mut bars: Vec<Bar> = shown
            .map(|cause| Bar {
                label: cause_label(cause),
                share: cause.downtime_share,
                is_planned: cause.is_planned,
            })
            .collect();
        let rest: f64 = causes.by_mode.iter().skip(MOST_BARS).map(|c| c.downtime_share).sum();
        if let Some(others) = causes.by_mode.len().checked_sub(MOST_BARS).filter(|n| *n > 0) {
            let label = format!("{others} other{}", if others == 1 { "" } else { "s" });
            bars.push(Bar { label, share: rest, is_planned: false });
        }
        Ranking { name: format!("{}: {} a year", journey.name, duration(down)), bars }
    };
    let most = windows.iter().max_by(|a, b| down(a).total_cmp(&down(b)));
    let title = most.and_then(|(journey, _, causes)| {
        let cause = causes.by_mode.first()?;
        Some(format!(
            "{}: {} of the downtime starts with {}",
            journey.name,
            percent(cause.downtime_share, 0),
            cause_label(cause)
        ))
    });
    Figure {
        name: "causes",
        title: title.unwrap_or_default(),
        subtitle: subtitle(report),
        note: Some(
            "Bars: the share of the journey's downtime in outages that start with this failure; \
             light and hatched: planned work."
                .to_owned(),
        ),
        content: Content::Rankings(windows.iter().map(ranking).collect()),
    }
}

/// A failure mode with where it strikes, if that is one place.
fn cause_label(cause: &ModeCause) -> String {
    match cause.units.as_slice() {
        [unit] => format!("{} of {unit}", cause.mode),
        [] => cause.mode.clone(),
        units => format!("{} of {} units", cause.mode, units.len()),
    }
}

/// Downtime over the time of a life: it begins with everything up and new.
fn over_time(report: &Report, windows: &Windows<'_>) -> Figure {
    let panel = |(journey, estimates, _): &Window<'_>| {
        let point = |part: &PartOfLife| PanelPoint {
            x: (part.from_s + part.to_s) / 2.0,
            ..yearly(0.0, &part.unavailability)
        };
        panel(journey, estimates.over_time.iter().map(point).collect(), None)
    };
    let halves = |window: &Window<'_>| {
        let parts = &window.1.over_time;
        let (first, second) = parts.split_at(parts.len() / 2);
        (rate_of(first), rate_of(second))
    };
    let sigmas = |window: &Window<'_>| {
        let ((first, first_error), (second, second_error)) = halves(window);
        (second - first).abs() / first_error.hypot(second_error).max(f64::MIN_POSITIVE)
    };
    let most = windows.iter().max_by(|a, b| sigmas(a).total_cmp(&sigmas(b)));
    let title = match most.filter(|window| sigmas(window) > CLEAR) {
        Some(window) => {
            let ((first, _), (second, _)) = halves(window);
            let name = &window.0.name;
            let (first, second) = (duration(first), duration(second));
            format!(
                "{name}: down {first} a year in the first half of a life, {second} in the second"
            )
        }
        None => "No journey is clearly worse in one half of a life than in the other".to_owned(),
    };
    Figure {
        name: "over-time",
        title,
        subtitle: subtitle(report),
        note: Some(PANEL_NOTE.to_owned()),
        content: Content::Panels(Panels {
            x_label: "time in a life".to_owned(),
            x_axis: XAxis::Time,
            x_range: (0.0, report.run.horizon.seconds()),
            y_label: "downtime a year, at the rate of then".to_owned(),
            panels: windows.iter().map(panel).collect(),
        }),
    }
}

/// Downtime a year over some parts of a life, and its standard error, as if they were independent.
fn rate_of(parts: &[PartOfLife]) -> (f64, f64) {
    let sum: f64 = parts.iter().map(|part| part.unavailability.mean).sum();
    let errors = parts.iter().map(|part| part.unavailability.std_error.unwrap_or_default());
    let error = errors.fold(0.0, f64::hypot);
    let scale = SECONDS_PER_YEAR / parts.len().max(1) as f64;
    (sum * scale, error * scale)
}

/// What a band and a dashed line mean in every panel.
const PANEL_NOTE: &str = "Line: the estimate; band: its 95 % interval; dashed: what is allowed. \
                          Each panel has a scale of its own.";

/// The estimate after few lives and after many.
fn convergence(report: &Report, windows: &Windows<'_>) -> Figure {
    let panel = |(journey, estimates, _): &Window<'_>| {
        let points = estimates.convergence.iter();
        let points = points.map(|(lives, estimate)| yearly(*lives as f64, estimate)).collect();
        panel(journey, points, Some(yearly(0.0, &estimates.unavailability).interval.1))
    };
    let width = |window: &Window<'_>| window.1.unavailability.relative_half_width();
    let known = windows.iter().filter(|window| width(window).is_some());
    let widest =
        known.max_by(|a, b| width(a).unwrap_or_default().total_cmp(&width(b).unwrap_or_default()));
    let title = widest.and_then(|window| {
        Some(format!(
            "{} is known to ±{} after {} lives; everything else better",
            window.0.name,
            percent(width(window)?, 1),
            grouped(report.run.replications)
        ))
    });
    let title = title.map(|title| match windows.len() {
        1 => title.replace("; everything else better", ""),
        _ => title,
    });
    let lives = report.run.replications as f64;
    let first = windows.iter().filter_map(|window| window.1.convergence.first());
    let first = first.map(|(lives, _)| *lives).min().unwrap_or(1) as f64;
    Figure {
        name: "convergence",
        title: title.unwrap_or_default(),
        subtitle: subtitle(report),
        note: Some(PANEL_NOTE.to_owned()),
        content: Content::Panels(Panels {
            x_label: "lives".to_owned(),
            x_axis: XAxis::Lives,
            x_range: (first.min(lives / 2.0), lives),
            y_label: "downtime a year, estimated".to_owned(),
            panels: windows.iter().map(panel).collect(),
        }),
    }
}

/// An unavailability as downtime a year.
fn yearly(x: f64, unavailability: &Estimate) -> PanelPoint {
    let mean = unavailability.mean * SECONDS_PER_YEAR;
    let (low, high) = unavailability.ci95.unwrap_or((0.0, 1.0));
    PanelPoint { x, mean, interval: (low * SECONDS_PER_YEAR, high * SECONDS_PER_YEAR) }
}

/// A panel that shows all estimates, and most of their bands; `known` is how high the last one is.
fn panel(journey: &JourneyReport, points: Vec<PanelPoint>, known: Option<f64>) -> Panel {
    let highest = |height: fn(&PanelPoint) -> f64| points.iter().map(height).fold(0.0, f64::max);
    let bands = highest(|point| point.interval.1);
    let means = highest(|point| point.mean);
    let known = known.unwrap_or(means);
    let y_most = (1.1 * bands).min((HEADROOM * known).max(1.1 * means)).max(f64::MIN_POSITIVE);
    let budget = journey.slo.availability.map(|target| (1.0 - target) * SECONDS_PER_YEAR);
    // An objective just above is worth seeing, one far above would make the rest flat.
    let budget = budget.filter(|budget| *budget > 0.0 && *budget < HEADROOM * y_most);
    let y_most = y_most.max(1.1 * budget.unwrap_or(0.0));
    Panel { name: journey.name.clone(), y_most, points, budget }
}

/// Curves that begin at the left edge, as high as they are there.
pub(super) fn from_the_edge(mut curves: Vec<Curve>, edge: f64) -> Vec<Curve> {
    for curve in &mut curves {
        let before = curve.points.partition_point(|point| point.0 <= edge);
        if let Some(&(_, height)) = curve.points.get(before.saturating_sub(1)) {
            curve.points.splice(..before, [(edge, height)]);
        }
    }
    curves
}

/// Two journeys with the same target share a mark.
pub(super) fn add_mark(marks: &mut Vec<Mark>, mark: Mark) {
    if !marks.contains(&mark) {
        marks.push(mark);
    }
}

/// From where the first curve falls, or the first mark, to the longest, with a margin.
pub(super) fn range_of(curves: &[Curve], marks: &[Mark]) -> (f64, f64) {
    let falls = curves.iter().filter_map(|curve| {
        let all = curve.points.first()?.1;
        let falls = curve.points.iter().find(|point| point.1 < (1.0 - CUT) * all);
        Some(falls.or(curve.points.last())?.0)
    });
    let marked = || marks.iter().map(|mark| mark.at);
    let ends = curves.iter().filter_map(|curve| Some(curve.points.last()?.0));
    let least = falls.chain(marked()).fold(f64::MAX, f64::min);
    let most = ends.chain(marked()).fold(f64::MIN_POSITIVE, f64::max);
    (least.min(most) / 2.0, most * 1.3)
}
