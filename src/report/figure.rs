//! What a figure shows, as data: curves over a length of time, with marks. Nothing here draws.

use super::data::{JourneyMeasures, JourneyReport, Report};
use super::number::{duration, percent, significant, target_percent};
use crate::measure::JourneyEstimates;
use crate::units::SECONDS_PER_YEAR;

/// Points of a curve: enough for a smooth line, few enough for a small file.
const POINTS: usize = 300;
/// Journeys that one picture can tell apart.
const MOST_CURVES: usize = 8;

/// A picture of curves over a length of time on a logarithmic axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Part of its file name.
    pub name: &'static str,
    /// The finding.
    pub title: String,
    /// What was simulated, in a line.
    pub subtitle: String,
    /// What lies to the right.
    pub x_label: String,
    /// From where to where, seconds.
    pub x_range: (f64, f64),
    /// What lies above.
    pub y_label: String,
    /// How it is scaled.
    pub y_axis: YAxis,
    /// One for each journey.
    pub curves: Vec<Curve>,
    /// Lengths of time that matter.
    pub marks: Vec<Mark>,
}

/// The vertical axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum YAxis {
    /// A share from 0 to 1, in percent.
    Share,
    /// A number on a logarithmic axis, from where to where.
    Logarithmic(f64, f64),
}

/// A falling line.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// As the legend names it.
    pub name: String,
    /// Seconds and height.
    pub points: Vec<(f64, f64)>,
}

/// A vertical line.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where, seconds.
    pub at: f64,
    /// What it is.
    pub label: String,
}

/// The figures of a report: downtime in a year against the error budget, and how often outages last
/// longer than a given time. None where lives ended at the first outages or no outage was seen.
pub fn figures(report: &Report) -> Vec<Figure> {
    let windows: Vec<(&JourneyReport, &JourneyEstimates)> = report
        .journeys
        .iter()
        .filter_map(|journey| match &journey.measures {
            JourneyMeasures::Window(estimates, _) => Some((journey, estimates.as_ref())),
            JourneyMeasures::FirstOutage(_) => None,
        })
        .filter(|(_, estimates)| estimates.outages.is_some())
        .take(MOST_CURVES)
        .collect();
    if windows.is_empty() {
        return Vec::new();
    }
    vec![yearly_downtime(report, &windows), outage_lengths(report, &windows)]
}

type Windows<'a> = [(&'a JourneyReport, &'a JourneyEstimates)];

fn subtitle(report: &Report) -> String {
    format!(
        "{}: {} lives of {}, seed {}",
        report.topology.name,
        super::number::grouped(report.run.replications),
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
        .map(|(journey, estimates)| Curve {
            name: journey.name.clone(),
            points: thinned(&estimates.downtime_exceedance, yearly, 1.0 / lives),
        })
        .collect();
    let mut marks: Vec<Mark> = Vec::new();
    for (journey, _) in windows {
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
        title: downtime_finding(windows),
        subtitle: subtitle(report),
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
    }
}

/// The journey that keeps its budget least often, in a sentence.
fn downtime_finding(windows: &Windows<'_>) -> String {
    let kept = |(journey, estimates): &(&JourneyReport, &JourneyEstimates)| {
        let objective = estimates.objectives.availability?;
        Some((journey.name.clone(), objective.target, objective.p_met?.mean))
    };
    let worst = windows.iter().filter_map(kept).min_by(|a, b| a.2.total_cmp(&b.2));
    match worst {
        Some((name, target, p_met)) => {
            format!("{name} keeps {} in {} of lives", target_percent(target), percent(p_met, 1))
        }
        None => {
            let down = |estimates: &JourneyEstimates| estimates.downtime_s_per_year.mean;
            let most = windows.iter().max_by(|a, b| down(a.1).total_cmp(&down(b.1)));
            most.map_or_else(String::new, |(journey, estimates)| {
                format!("{} is down {} a year in the mean", journey.name, duration(down(estimates)))
            })
        }
    }
}

/// How often a year an outage lasts longer.
fn outage_lengths(report: &Report, windows: &Windows<'_>) -> Figure {
    let years = report.run.replications as f64 * report.run.horizon.seconds() / SECONDS_PER_YEAR;
    let curves: Vec<Curve> = windows
        .iter()
        .filter_map(|(journey, estimates)| {
            let points = thinned(&estimates.outages.as_ref()?.exceedance, 1.0, 1.0 / years);
            Some(Curve { name: journey.name.clone(), points })
        })
        .collect();
    let mut marks: Vec<Mark> = Vec::new();
    for (journey, _) in windows {
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
        x_label: "length of an outage".to_owned(),
        x_range,
        y_label: "outages a year that last longer".to_owned(),
        y_axis: YAxis::Logarithmic(least / 1.5, most * 1.5),
        curves: from_the_edge(curves, x_range.0),
        marks,
    }
}

/// The journey whose outages are least often within its RTO, in a sentence.
fn outage_finding(windows: &Windows<'_>) -> String {
    let within = |(journey, estimates): &(&JourneyReport, &JourneyEstimates)| {
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
            most.map_or_else(String::new, |(journey, estimates)| {
                format!("{} has {} outages a year", journey.name, significant(rate(estimates), 2))
            })
        }
    }
}

/// Curves that begin at the left edge: nothing is shorter than the shortest length that was seen.
fn from_the_edge(mut curves: Vec<Curve>, edge: f64) -> Vec<Curve> {
    for curve in &mut curves {
        if let Some(&(_, height)) = curve.points.first() {
            curve.points.insert(0, (edge, height));
        }
    }
    curves
}

/// Two journeys with the same target share a mark.
fn add_mark(marks: &mut Vec<Mark>, mark: Mark) {
    if !marks.contains(&mark) {
        marks.push(mark);
    }
}

/// A falling line through counts, with few points: lengths times `x_scale`, counts times `y_scale`.
/// It begins with everything and ends at the last length of which something is longer.
fn thinned(exceedance: &[(f64, u64)], x_scale: f64, y_scale: f64) -> Vec<(f64, f64)> {
    let positive: Vec<(f64, u64)> =
        exceedance.iter().copied().filter(|(length, _)| *length > 0.0).collect();
    let (Some(&(first, _)), Some(&(last, _))) = (positive.first(), positive.last()) else {
        return Vec::new();
    };
    let at_zero = exceedance.iter().rfind(|(length, _)| *length <= 0.0);
    // Everything that is longer than zero, from just below the first length on.
    let all = at_zero.map(|(_, longer)| *longer);
    let step = ((last / first).ln() / POINTS as f64).exp();
    let mut points = Vec::new();
    let mut next = 0.0;
    for (length, longer) in positive {
        if points.is_empty()
            && let Some(all) = all
        {
            points.push((length * x_scale, all as f64 * y_scale));
        }
        if length >= next && longer > 0 {
            points.push((length * x_scale, longer as f64 * y_scale));
            next = length * step;
        }
    }
    points
}

/// From the shortest to the longest that a figure shows, with a margin.
fn range_of(curves: &[Curve], marks: &[Mark]) -> (f64, f64) {
    let lengths = curves
        .iter()
        .flat_map(|curve| curve.points.iter().map(|point| point.0))
        .chain(marks.iter().map(|mark| mark.at));
    let (least, most) = lengths.fold((f64::MAX, f64::MIN_POSITIVE), |(least, most), length| {
        (f64::min(least, length), f64::max(most, length))
    });
    (least.min(most) / 1.3, most * 1.3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_fall_from_everything_to_the_last_that_is_exceeded() {
        let exceedance = [(0.0, 80), (10.0, 50), (20.0, 20), (40.0, 0)];
        let points = thinned(&exceedance, 2.0, 0.01);
        assert_eq!(points, [(20.0, 0.8), (20.0, 0.5), (40.0, 0.2)]);
        assert!(thinned(&[(0.0, 0)], 1.0, 1.0).is_empty());
        let many: Vec<(f64, u64)> =
            (1..=100_000).map(|i| (f64::from(i), 100_000 - i as u64)).collect();
        let points = thinned(&many, 1.0, 1.0);
        assert!(points.len() <= POINTS + 2, "{}", points.len());
        assert!(points.windows(2).all(|pair| pair[0].1 >= pair[1].1));
    }
}
