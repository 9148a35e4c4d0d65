//! One life, lane by lane.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Canvas, Pattern, Rectangle, SMALL, fitted};
use super::{DrawError, MARGIN, WIDTH};
use crate::report::figure::{Lane, Strip};
use crate::report::number::duration;

/// From lane to lane, and how high a bar is.
const LANE: f64 = 20.0;
const BAR: f64 = 12.0;
/// Width of the names, and of the sums behind the lanes.
const NAMES: f64 = 190.0;
const SUMS: f64 = 150.0;
/// Between journeys and units, with the words that head them.
const HEADING: f64 = 30.0;
/// The axis with its words.
const AXIS: f64 = 52.0;
/// What is shorter would not be seen.
const LEAST: f64 = 1.5;
const DAY: f64 = 86_400.0;

/// Height in points.
pub(super) fn height(strip: &Strip) -> f64 {
    2.0 * HEADING + LANE * strip.lanes.len() as f64 + AXIS
}

pub(super) fn draw<B>(strip: &Strip, canvas: &Canvas<'_, B>, top: f64) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let palette = canvas.palette;
    let left = MARGIN + NAMES;
    let right = f64::from(WIDTH) - MARGIN - SUMS;
    let x_of = |seconds: f64| left + (right - left) * seconds / strip.length_s;
    let bottom = top + 2.0 * HEADING + LANE * strip.lanes.len() as f64;
    let tip = (HPos::Center, VPos::Top);
    let (unit, words) = unit_of(strip.length_s);
    for tick in ticks(strip.length_s / unit) {
        let x = x_of(tick * unit);
        canvas.line((x, top + HEADING), (x, bottom), palette.pale)?;
        canvas.text(&format!("{tick}"), SMALL, palette.ink, (x, bottom + 6.0), tip)?;
    }
    canvas.line((left, bottom), (right, bottom), palette.quiet)?;
    let middle = (left + right) / 2.0;
    canvas.text(words, SMALL, palette.ink, (middle, bottom + 24.0), tip)?;

    let corner = (HPos::Left, VPos::Top);
    let journeys = strip.lanes.iter().filter(|lane| lane.is_journey).count();
    let mut y = top;
    for (index, lane) in strip.lanes.iter().enumerate() {
        let heading = match index {
            0 if journeys > 0 => Some("what users could not do"),
            index if index == journeys => Some("what was down"),
            _ => None,
        };
        if let Some(heading) = heading {
            canvas.text(heading, SMALL, palette.quiet, (MARGIN, y + 8.0), corner)?;
            y += HEADING;
        }
        let middle = y + LANE / 2.0;
        canvas.line((left, middle), (right, middle), palette.pale)?;
        let name = fitted(&lane.name, SMALL, NAMES - 10.0)?;
        let beside = (HPos::Left, VPos::Center);
        canvas.text(&name, SMALL, palette.ink, (MARGIN, middle), beside)?;
        canvas.text(&sum(lane), SMALL, palette.ink, (right + 12.0, middle), beside)?;
        let colour = if lane.is_journey { palette.warning } else { palette.colours[0] };
        // Planned work below, so that it hides no failure.
        let planned = lane.stretches.iter().filter(|stretch| stretch.is_planned);
        let failures = lane.stretches.iter().filter(|stretch| !stretch.is_planned);
        for stretch in planned.chain(failures) {
            let (from, to) = (x_of(stretch.from_s), x_of(stretch.to_s));
            let x = from.min(right - LEAST);
            let width = (to - from).max(LEAST);
            let shape = Rectangle { x, y: middle - BAR / 2.0, width, height: BAR };
            if !stretch.is_planned {
                canvas.fill(shape, colour)?;
                continue;
            }
            // Of a thin bar a pattern would not be seen: it is lower.
            let low = Rectangle { y: middle - BAR / 4.0, height: BAR / 2.0, ..shape };
            if width < 6.0 {
                canvas.fill(low, palette.quiet)?;
            } else {
                canvas.fill(low, palette.paper)?;
                canvas.patterned(low, palette.quiet, Pattern::Rising)?;
            }
        }
        y += LANE;
    }
    Ok(())
}

/// How often and how long a lane was down.
fn sum(lane: &Lane) -> String {
    match lane.stretches.len() {
        0 => "never down".to_owned(),
        times => format!("{times} ×, {}", duration(lane.downtime_s())),
    }
}

/// What the time of a life is counted in, seconds: days, or less for a life that has few.
fn unit_of(length_s: f64) -> (f64, &'static str) {
    let units = [(DAY, "days"), (3_600.0, "hours"), (60.0, "minutes")];
    let fits = |(unit, _): &&(f64, &str)| length_s >= 3.0 * unit;
    units.iter().find(fits).copied().unwrap_or((1.0, "seconds"))
}

/// Times with a number: at most fourteen.
fn ticks(length: f64) -> Vec<f64> {
    let steps = [1.0, 2.0, 5.0, 10.0, 30.0, 50.0, 100.0, 365.0, 730.0, 3_650.0];
    let fits = |step: &&f64| length / **step <= 13.0;
    let step = steps.iter().find(fits).copied().unwrap_or(length / 10.0);
    let count = (length / step).floor() as u32;
    (0..=count).map(|index| step * f64::from(index)).collect()
}
