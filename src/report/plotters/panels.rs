//! Small pictures side by side: a line with its band, or bars, for each journey.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Canvas, Pattern, Rectangle, SMALL, draw_mesh, fitted};
use super::{DrawError, MARGIN, WIDTH};
use crate::report::figure::{Panel, Panels, Ranking, XAxis};
use crate::report::number::{duration, grouped, percent};

/// Height of a panel in points, and of one that is alone.
const PANEL: f64 = 210.0;
const ALONE: f64 = 390.0;
/// Between a panel and the one below.
const BELOW: f64 = 14.0;
/// Between bars, and below the last.
const BAR: f64 = 36.0;

/// Lengths between ticks that people think in, seconds.
const STEPS: [f64; 32] = [
    0.001,
    0.01,
    0.1,
    1.0,
    5.0,
    15.0,
    60.0,
    120.0,
    300.0,
    900.0,
    1_800.0,
    3_600.0,
    7_200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    432_000.0,
    864_000.0,
    1_728_000.0,
    2_592_000.0,
    7_776_000.0,
    15_552_000.0,
    31_536_000.0,
    63_072_000.0,
    157_680_000.0,
    315_360_000.0,
    630_720_000.0,
    3_153_600_000.0,
    31_536_000_000.0,
    315_360_000_000.0,
];

fn columns(panels: usize) -> usize {
    match panels {
        1 => 1,
        2 | 4 => 2,
        _ => 3,
    }
}

/// Height of so many panels in points, with the words above and below.
pub(super) fn height(panels: usize) -> f64 {
    let rows = panels.div_ceil(columns(panels));
    let each = if panels == 1 { ALONE } else { PANEL };
    rows as f64 * each + 2.0 * LABEL
}

/// Room for the words on an axis.
const LABEL: f64 = 22.0;

/// The same for rankings, which are as high as the longest in their row.
pub(super) fn height_of_rankings(rankings: &[Ranking]) -> f64 {
    rankings.chunks(columns(rankings.len())).map(height_of_row).sum()
}

fn height_of_row(row: &[Ranking]) -> f64 {
    let bars = row.iter().map(|ranking| ranking.bars.len()).max().unwrap_or(0);
    34.0 + BAR * bars as f64
}

/// An even axis with ticks where they are wanted.
struct Ticked {
    axis: RangedCoordf64,
    ticks: Vec<f64>,
}

impl Ticked {
    fn new((from, to): (f64, f64), ticks: Vec<f64>) -> Ticked {
        Ticked { axis: (from..to).into(), ticks }
    }
}

impl Ranged for Ticked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.axis.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.axis.range()
    }
}

pub(super) fn draw<B>(panels: &Panels, canvas: &Canvas<'_, B>, top: f64) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let palette = canvas.palette;
    let columns = columns(panels.panels.len());
    let (across, high) = cell(panels.panels.len());
    canvas.text(&panels.y_label, SMALL, palette.quiet, (MARGIN, top), (HPos::Left, VPos::Top))?;
    for (index, panel) in panels.panels.iter().enumerate() {
        let x = MARGIN + across * (index % columns) as f64;
        let y = top + LABEL + high * (index / columns) as f64;
        let place = Rectangle { x, y, width: across, height: high };
        draw_panel(panels, panel, index, canvas, place)?;
    }
    let bottom = top + height(panels.panels.len()) - LABEL + 2.0;
    let middle = f64::from(WIDTH) / 2.0;
    let below = (HPos::Center, VPos::Top);
    canvas.text(&panels.x_label, SMALL, palette.quiet, (middle, bottom), below)
}

/// Width and height of each of so many panels.
fn cell(panels: usize) -> (f64, f64) {
    let across = (f64::from(WIDTH) - 2.0 * MARGIN) / columns(panels) as f64;
    (across, if panels == 1 { ALONE } else { PANEL })
}

fn draw_panel<B>(
    panels: &Panels,
    panel: &Panel,
    index: usize,
    canvas: &Canvas<'_, B>,
    place: Rectangle,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let Canvas { scale, palette, .. } = *canvas;
    let pixels = |points: f64| points as u32 * scale;
    let name = fitted(&panel.name, 14, place.width - 76.0)?;
    let corner = (HPos::Left, VPos::Top);
    canvas.text(&name, 14, palette.ink, (place.x + 62.0, place.y), corner)?;
    let area = canvas.area.clone().shrink(
        (pixels(place.x), pixels(place.y + LABEL)),
        (pixels(place.width - 14.0), pixels(place.height - LABEL - BELOW)),
    );
    let (from, to) = panels.x_range;
    let ticks = match panels.x_axis {
        XAxis::Time => ticks(to, place.width / 80.0),
        XAxis::Lives => {
            (0..18).map(|power| 10f64.powi(power)).filter(|n| (from..=to).contains(n)).collect()
        }
    };
    let y_ticks = self::ticks(panel.y_most, place.height / 34.0);
    let y_axis = Ticked::new((0.0, panel.y_most), y_ticks);
    let mut builder = ChartBuilder::on(&area);
    builder.x_label_area_size(22 * scale).y_label_area_size(60 * scale);
    match panels.x_axis {
        XAxis::Time => {
            let mut chart = builder.build_cartesian_2d(Ticked::new((from, to), ticks), y_axis)?;
            draw_line(panel, index, &mut chart, canvas, |seconds| duration(*seconds), panels)
        }
        XAxis::Lives => {
            let x_axis = (from..to).log_scale().with_key_points(ticks);
            let mut chart = builder.build_cartesian_2d(x_axis, y_axis)?;
            draw_line(panel, index, &mut chart, canvas, |lives| grouped(*lives as u64), panels)
        }
    }
}

fn draw_line<B, X, Y>(
    panel: &Panel,
    index: usize,
    chart: &mut ChartContext<'_, B, Cartesian2d<X, Y>>,
    canvas: &Canvas<'_, B>,
    x_text: impl Fn(&f64) -> String,
    panels: &Panels,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let Canvas { scale, palette, .. } = *canvas;
    draw_mesh(chart, canvas, None, x_text, |seconds| duration(*seconds))?;
    let colour = palette.colours[index % palette.colours.len()];
    let cut = |height: f64| height.clamp(0.0, panel.y_most);
    let upper = panel.points.iter().map(|point| (point.x, cut(point.interval.1)));
    let lower = panel.points.iter().rev().map(|point| (point.x, cut(point.interval.0)));
    let band: Vec<(f64, f64)> = upper.chain(lower).collect();
    chart.draw_series(std::iter::once(Polygon::new(band, colour.mix(0.25))))?;
    let line = panel.points.iter().map(|point| (point.x, cut(point.mean)));
    chart.draw_series(LineSeries::new(line, colour.stroke_width(2 * scale)))?;
    if let Some(budget) = panel.budget {
        let (from, to) = panels.x_range;
        let line = [(from, budget), (to, budget)].into_iter();
        let style = palette.ink.stroke_width(scale);
        chart.draw_series(DashedLineSeries::new(line, 5 * scale, 4 * scale, style))?;
    }
    Ok(())
}

/// At most so many multiples of a length that people think in, from zero up to this, seconds.
pub(super) fn ticks(most: f64, at_most: f64) -> Vec<f64> {
    let fits = |step: &&f64| most / **step <= at_most;
    let step = STEPS.iter().find(fits).copied().unwrap_or(most);
    let count = (most / step).floor() as u32;
    (0..=count).map(|index| step * f64::from(index)).collect()
}

pub(super) fn draw_rankings<B>(
    rankings: &[Ranking],
    canvas: &Canvas<'_, B>,
    top: f64,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let palette = canvas.palette;
    let (across, _) = cell(rankings.len());
    let room = across - 20.0;
    let mut y = top;
    let corner = (HPos::Left, VPos::Top);
    for (row, members) in rankings.chunks(columns(rankings.len())).enumerate() {
        for (column, ranking) in members.iter().enumerate() {
            let x = MARGIN + across * column as f64;
            let index = row * columns(rankings.len()) + column;
            let colour = palette.colours[index % palette.colours.len()];
            let name = fitted(&ranking.name, 15, room)?;
            canvas.text(&name, 15, palette.ink, (x, y), corner)?;
            for (index, bar) in ranking.bars.iter().enumerate() {
                let y = y + 24.0 + BAR * index as f64;
                let share = percent(bar.share, if bar.share < 0.1 { 1 } else { 0 });
                let label = fitted(&bar.label, SMALL, room - 56.0)?;
                canvas.text(&label, SMALL, palette.ink, (x, y), corner)?;
                let end = (HPos::Right, VPos::Top);
                canvas.text(&share, SMALL, palette.ink, (x + room, y), end)?;
                let full = Rectangle { x, y: y + 17.0, width: room, height: 10.0 };
                canvas.fill(full, palette.pale)?;
                let width = (room * bar.share).max(1.0);
                let shape = Rectangle { width, ..full };
                if bar.is_planned {
                    canvas.fill(shape, palette.paper)?;
                    canvas.patterned(shape, colour, Pattern::Rising)?;
                } else {
                    canvas.patterned(shape, colour, Pattern::Full)?;
                }
            }
        }
        y += height_of_row(members);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_and_round() {
        assert_eq!(ticks(3_000.0, 4.0), [0.0, 900.0, 1_800.0, 2_700.0]);
        assert_eq!(ticks(31_536_000.0, 3.0).len(), 3);
        assert!(STEPS.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
