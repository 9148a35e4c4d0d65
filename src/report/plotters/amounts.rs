//! Horizontal bars over axes of their own, with intervals.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Canvas, Pattern, Rectangle, SMALL, fitted, width};
use super::panels::ticks;
use super::{DrawError, MARGIN, WIDTH};
use crate::report::figure::{Amount, AmountAxis, Amounts};
use crate::report::number::{duration, significant};

/// The name of a group of bars.
const NAME: f64 = 28.0;
/// From bar to bar, and how high one is, below its words.
const ROW: f64 = 40.0;
const BAR: f64 = 14.0;
/// For a line above a bar, with its words.
const LINE: f64 = 22.0;
/// The numbers of an axis, and what it is of.
const AXIS: f64 = 26.0;
const LABEL: f64 = 22.0;
/// Powers of ten side by side.
const MOST_POWERS: i32 = 9;

/// Height in points.
pub(super) fn height(groups: &[Amounts]) -> f64 {
    groups.iter().map(height_of).sum::<f64>() + LABEL
}

fn height_of(group: &Amounts) -> f64 {
    NAME + rows(group) + AXIS + 10.0
}

fn rows(group: &Amounts) -> f64 {
    let lines = group.amounts.iter().filter(|amount| amount.line_above.is_some()).count();
    ROW * group.amounts.len() as f64 + LINE * lines as f64
}

const LEFT: f64 = MARGIN;
const ROOM: f64 = WIDTH as f64 - 2.0 * MARGIN;

/// Where an amount is on an axis.
fn place(axis: AmountAxis, value: f64) -> f64 {
    let share = match axis {
        AmountAxis::Time(most) => value / most,
        AmountAxis::Logarithmic(from, to) => (value.max(from) / from).ln() / (to / from).ln(),
    };
    LEFT + ROOM * share.clamp(0.0, 1.0)
}

fn ticks_of(axis: AmountAxis) -> Vec<(f64, String)> {
    match axis {
        AmountAxis::Time(most) => {
            ticks(most, ROOM / 90.0).into_iter().map(|tick| (tick, duration(tick))).collect()
        }
        AmountAxis::Logarithmic(from, to) => {
            // Half a step of rounding, or the first power would be missing.
            let (first, last) = ((from.log10() - 1e-9).ceil() as i32, to.log10().floor() as i32);
            let every = ((last - first) / MOST_POWERS + 1).max(1);
            let powers = (first..=last).step_by(every as usize);
            powers.map(|power| 10_f64.powi(power)).map(|n| (n, significant(n, 1))).collect()
        }
    }
}

pub(super) fn draw<B>(
    groups: &[Amounts],
    label: &str,
    canvas: &Canvas<'_, B>,
    top: f64,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let palette = canvas.palette;
    let mut y = top;
    for (index, group) in groups.iter().enumerate() {
        // Beside the colour of losses there is one other.
        let is_of_losses = group.amounts.iter().any(|amount| amount.line_above.is_some());
        let index = if is_of_losses { 0 } else { index };
        let colour = palette.colours[index % palette.colours.len()];
        let name = fitted(&group.name, 15, ROOM)?;
        canvas.text(&name, 15, palette.ink, (LEFT, y), (HPos::Left, VPos::Top))?;
        let (above, below) = (y + NAME, y + NAME + rows(group));
        for (at, words) in ticks_of(group.axis) {
            let x = place(group.axis, at);
            canvas.line((x, above), (x, below), palette.pale)?;
            // Words at the edges would stand beyond them.
            let half = width(&words, SMALL)? / 2.0;
            let x = x.clamp(LEFT + half, LEFT + ROOM - half);
            canvas.text(&words, SMALL, palette.ink, (x, below + 5.0), (HPos::Center, VPos::Top))?;
        }
        canvas.line((LEFT, below), (LEFT + ROOM, below), palette.quiet)?;
        canvas.line((LEFT, above), (LEFT, below), palette.quiet)?;
        let mut row = above;
        for amount in &group.amounts {
            if let Some(words) = &amount.line_above {
                draw_line(words, canvas, row)?;
                row += LINE;
            }
            draw_amount(amount, group.axis, colour, canvas, row)?;
            row += ROW;
        }
        y += height_of(group);
    }
    let middle = (f64::from(WIDTH) / 2.0, y - 4.0);
    canvas.text(label, SMALL, palette.quiet, middle, (HPos::Center, VPos::Top))
}

/// A dashed line across, with words.
fn draw_line<B>(words: &str, canvas: &Canvas<'_, B>, y: f64) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let palette = canvas.palette;
    canvas.dashed((LEFT, y + 4.0), (LEFT + ROOM, y + 4.0), palette.warning)?;
    let wide = width(words, SMALL)?;
    let x = LEFT + ROOM - wide;
    canvas.fill(Rectangle { x, y: y + 6.0, width: wide, height: 17.0 }, palette.paper)?;
    let end = (LEFT + ROOM, y + 6.0);
    canvas.text(words, SMALL, palette.warning, end, (HPos::Right, VPos::Top))
}

fn draw_amount<B>(
    amount: &Amount,
    axis: AmountAxis,
    colour: RGBColor,
    canvas: &Canvas<'_, B>,
    y: f64,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let palette = canvas.palette;
    // The grid must not go through letters.
    let words = format!("{}: {}", amount.label, amount.words);
    let words = fitted(&words, SMALL, ROOM - 12.0)?;
    let behind = Rectangle { x: LEFT + 3.0, y, width: width(&words, SMALL)?, height: 20.0 };
    canvas.fill(behind, palette.paper)?;
    let corner = (HPos::Left, VPos::Top);
    canvas.text(&words, SMALL, palette.ink, (LEFT + 6.0, y + 3.0), corner)?;
    let bar = y + 21.0;
    let shape = |to: f64, height: f64| Rectangle {
        x: LEFT,
        y: bar + (BAR - height) / 2.0,
        width: (place(axis, to) - LEFT).max(1.0),
        height,
    };
    let is_loss = amount.line_above.is_some();
    if amount.value > 0.0 {
        let pattern = if is_loss { Pattern::Rising } else { Pattern::Full };
        let colour = if is_loss { palette.warning } else { colour };
        canvas.fill(shape(amount.value, BAR), palette.paper)?;
        canvas.patterned(shape(amount.value, BAR), colour, pattern)?;
    }
    let Some((low, high)) = amount.interval else { return Ok(()) };
    if amount.value <= 0.0 {
        return canvas.dashed_outline(shape(high, BAR), palette.warning);
    }
    let middle = bar + BAR / 2.0;
    let (from, to) = (place(axis, low), place(axis, high));
    // With a rim, so that it is seen on the bar.
    let rim = Rectangle { x: from - 1.0, y: middle - 2.5, width: to - from + 2.0, height: 5.0 };
    canvas.fill(rim, palette.paper)?;
    let line = Rectangle { x: from, y: middle - 1.0, width: to - from, height: 2.0 };
    canvas.fill(line, palette.ink)?;
    for x in [from, to] {
        canvas.fill(
            Rectangle { x: x - 1.0, y: middle - 5.0, width: 2.0, height: 10.0 },
            palette.ink,
        )?;
    }
    Ok(())
}
