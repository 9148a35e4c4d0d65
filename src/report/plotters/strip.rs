//! One life, lane by lane.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{self, Canvas, Pattern, Rectangle, SMALL, fitted};
use super::{DrawError, MARGIN, Palette, WIDTH};
use crate::report::figure::{Condition, Lane, Stretch, Strip};
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
/// A sample in the legend, and what is around its words.
const SAMPLE: f64 = 28.0;
const GAP: f64 = 8.0;
const ROW: f64 = 22.0;

/// Height in points.
///
/// # Errors
///
/// If the width of its words cannot be told.
pub(super) fn height(strip: &Strip) -> Result<f64, DrawError> {
    let rows = legend(strip)?.last().map_or(0, |entry| entry.row + 1);
    let legend = if rows > 0 { ROW * f64::from(rows) + GAP } else { 0.0 };
    Ok(2.0 * HEADING + LANE * strip.lanes.len() as f64 + AXIS + legend)
}

/// What a stretch is drawn as.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    /// Users cannot do it, and nobody means that.
    Outage,
    Condition(Condition),
}

impl Shown {
    fn of(lane: &Lane, stretch: &Stretch) -> Shown {
        match stretch.condition {
            Condition::Down if lane.is_journey => Shown::Outage,
            condition => Shown::Condition(condition),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Shown::Outage => "users cannot do it",
            Shown::Condition(condition) => condition.words(),
        }
    }
}

/// What is shown in the legend.
struct Entry {
    shown: Shown,
    row: u32,
    x: f64,
}

/// What is drawn of any lane, from left to right, in as many rows as it takes.
fn legend(strip: &Strip) -> Result<Vec<Entry>, DrawError> {
    let is_drawn = |shown: &Shown| {
        let mut lanes = strip.lanes.iter();
        lanes.any(|lane| lane.stretches.iter().any(|stretch| Shown::of(lane, stretch) == *shown))
    };
    let mut entries = Vec::new();
    let (mut row, mut x) = (0, MARGIN);
    let all = std::iter::once(Shown::Outage).chain(Condition::ALL.map(Shown::Condition));
    for shown in all.filter(is_drawn) {
        let width = SAMPLE + GAP + canvas::width(shown.words(), SMALL)? + 2.0 * GAP;
        if x > MARGIN && x + width > f64::from(WIDTH) - MARGIN {
            (row, x) = (row + 1, MARGIN);
        }
        entries.push(Entry { shown, row, x });
        x += width;
    }
    Ok(entries)
}

/// How a condition of a unit looks: by colour, and without it by its pattern.
fn look(condition: Condition, palette: &Palette) -> (RGBColor, Pattern) {
    let colours = &palette.colours;
    match condition {
        Condition::Down => (colours[0], Pattern::Full),
        Condition::Planned => (palette.quiet, Pattern::Rising),
        Condition::Pending => (colours[1], Pattern::Empty),
        Condition::Starting => (colours[2], Pattern::Level),
        Condition::Sealed => (colours[4], Pattern::Upright),
        Condition::Stuck => (colours[6], Pattern::Crossed),
        Condition::CutOff => (colours[3], Pattern::Falling),
        Condition::Short => (colours[5], Pattern::Dotted),
        Condition::Degraded => (palette.warning, Pattern::Dotted),
    }
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
            index if index == journeys => Some("what was not as it should be"),
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
        // Planned work below, and failures above all, so that nothing hides them.
        let mut stretches: Vec<_> = lane.stretches.iter().collect();
        stretches.sort_by_key(|stretch| match stretch.condition {
            Condition::Planned | Condition::Degraded => 0,
            Condition::Down => 2,
            _ => 1,
        });
        for stretch in stretches {
            let (from, to) = (x_of(stretch.from_s), x_of(stretch.to_s));
            let x = from.min(right - LEAST);
            let width = (to - from).max(LEAST);
            let shape = Rectangle { x, y: middle - BAR / 2.0, width, height: BAR };
            bar(shape, Shown::of(lane, stretch), canvas)?;
        }
        y += LANE;
    }
    let top = bottom + AXIS;
    for Entry { shown, row, x } in legend(strip)? {
        let middle = top + ROW * f64::from(row) + ROW / 2.0;
        let sample = Rectangle { x, y: middle - BAR / 2.0, width: SAMPLE, height: BAR };
        bar(sample, shown, canvas)?;
        let beside = (HPos::Left, VPos::Center);
        canvas.text(shown.words(), SMALL, palette.ink, (x + SAMPLE + GAP, middle), beside)?;
    }
    Ok(())
}

/// A time that is shown as this.
fn bar<B>(shape: Rectangle, shown: Shown, canvas: &Canvas<'_, B>) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    /// Of what is thinner a pattern would not be seen.
    const THIN: f64 = 6.0;
    let Shown::Condition(condition) = shown else {
        return canvas.fill(shape, canvas.palette.warning);
    };
    let (colour, pattern) = look(condition, canvas.palette);
    let shape = match condition {
        // A thin one has no pattern to be told by: it is lower.
        Condition::Planned | Condition::Degraded => {
            Rectangle { y: shape.y + BAR / 4.0, height: BAR / 2.0, ..shape }
        }
        _ => shape,
    };
    if shape.width < THIN || pattern == Pattern::Full {
        return canvas.fill(shape, colour);
    }
    canvas.fill(shape, canvas.palette.paper)?;
    canvas.patterned(shape, colour, pattern)
}

/// How often and how long a lane was down.
fn sum(lane: &Lane) -> String {
    let degraded = lane.stretches.iter().filter(|s| s.condition == Condition::Degraded);
    let degraded: f64 = degraded.map(|stretch| stretch.to_s - stretch.from_s).sum();
    match lane.times {
        0 if degraded > 0.0 => format!("degraded {}", duration(degraded)),
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
