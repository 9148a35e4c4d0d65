//! Falling curves over a length of time, with marks and a legend.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Canvas, SMALL, draw_mesh, fitted, style, width};
use super::{DrawError, Palette, WIDTH};
use crate::report::figure::{Curves, Mark, YAxis};
use crate::report::number::{duration, significant};

/// Height in points.
pub(super) const HEIGHT: f64 = 420.0;
/// Width of the legend.
const LEGEND: f64 = 190.0;

/// Dashes and gaps in points, so that curves can be told apart without colour; none is a full line.
const DASHES: [Option<(u32, u32)>; 4] = [None, Some((9, 4)), Some((2, 3)), Some((14, 3))];

/// Lengths of time that people think in, seconds.
const LENGTHS: [f64; 20] = [
    0.001,
    0.01,
    0.1,
    1.0,
    3.0,
    10.0,
    30.0,
    60.0,
    300.0,
    900.0,
    3_600.0,
    14_400.0,
    43_200.0,
    86_400.0,
    259_200.0,
    604_800.0,
    2_592_000.0,
    31_536_000.0,
    315_360_000.0,
    3_153_600_000.0,
];

pub(super) fn draw<B>(figure: &Curves, canvas: &Canvas<'_, B>, top: f64) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let scale = canvas.scale;
    let above = top as u32 * scale;
    let size = ((WIDTH - LEGEND as u32) * scale, HEIGHT as u32 * scale);
    let area = canvas.area.clone().shrink((0, above), size);
    let area = area.margin(0, 8 * scale, 14 * scale, 8 * scale);
    match figure.y_axis {
        YAxis::Share => draw_curves(figure, canvas, &area, 0.0..1.0, percent_label)?,
        YAxis::Logarithmic(least, most) => {
            let axis = (least..most).log_scale().with_key_points(decades(least, most));
            draw_curves(figure, canvas, &area, axis, |number| significant(*number, 1))?;
        }
    }
    draw_legend(figure, canvas, top)
}

fn percent_label(share: &f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Powers of ten in a range.
fn decades(least: f64, most: f64) -> Vec<f64> {
    let powers = least.log10().ceil() as i32..=most.log10().floor() as i32;
    powers.map(|power| 10f64.powi(power)).collect()
}

fn draw_curves<B, Y>(
    figure: &Curves,
    canvas: &Canvas<'_, B>,
    area: &DrawingArea<B, Shift>,
    y_axis: Y,
    y_text: impl Fn(&f64) -> String,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    let Canvas { scale, palette, .. } = *canvas;
    let (from, to) = figure.x_range;
    let ticks = LENGTHS.into_iter().filter(|length| (from..to).contains(length)).collect();
    let mut chart = ChartBuilder::on(area)
        .x_label_area_size(46 * scale)
        .y_label_area_size(66 * scale)
        .build_cartesian_2d((from..to).log_scale().with_key_points(ticks), y_axis)?;
    let labels = Some((figure.x_label.as_str(), figure.y_label.as_str()));
    draw_mesh(&mut chart, canvas, labels, |seconds| duration(*seconds), y_text)?;
    let wide = f64::from(chart.plotting_area().dim_in_pixel().0) / f64::from(scale);
    let names = self::labels(figure, wide, scale)?;
    draw_marks(figure, &names, &mut chart, canvas)?;
    for (index, curve) in figure.curves.iter().enumerate() {
        let style = line_style(index, scale, palette);
        let points = curve.points.iter().copied();
        match DASHES[index % DASHES.len()] {
            None => chart.draw_series(LineSeries::new(points, style)).map(|_| ())?,
            Some((dash, gap)) => chart
                .draw_series(DashedLineSeries::new(points, dash * scale, gap * scale, style))
                .map(|_| ())?,
        }
    }
    draw_labels(figure, &names, &mut chart, canvas)
}

/// Where the name of a mark goes, in pixels from the top of its line; one below the other.
struct Label {
    side: HPos,
    aside: i32,
    below: i32,
    /// Where the ground behind it ends.
    far: i32,
}

fn labels(figure: &Curves, axis: f64, scale: u32) -> Result<Vec<Label>, DrawError> {
    let (from, to) = figure.x_range;
    let s = scale as i32;
    let label = |(index, mark): (usize, &Mark)| {
        // To the right, where falling curves leave room at the top, as long as it fits there.
        let room = axis * (to / mark.at).ln() / (to / from).ln();
        let wide = width(&mark.label, SMALL)?;
        let (side, aside) = match wide + 6.0 < room {
            true => (HPos::Left, 6 * s),
            false => (HPos::Right, -6 * s),
        };
        let far = aside + aside.signum() * (wide * f64::from(scale)) as i32;
        Ok(Label { side, aside, below: (6 + 18 * index as i32) * s, far })
    };
    figure.marks.iter().enumerate().map(label).collect()
}

/// Vertical lines, with a clear ground for their names, so that no line of another mark or of the grid
/// goes through these.
fn draw_marks<B, X, Y>(
    figure: &Curves,
    labels: &[Label],
    chart: &mut ChartContext<'_, B, Cartesian2d<X, Y>>,
    canvas: &Canvas<'_, B>,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    let Canvas { scale, palette, .. } = *canvas;
    let heights = chart.y_range();
    for mark in &figure.marks {
        let line = [(mark.at, heights.start), (mark.at, heights.end)].into_iter();
        let stroke = palette.ink.stroke_width(scale);
        chart.draw_series(DashedLineSeries::new(line, 5 * scale, 4 * scale, stroke))?;
    }
    let s = scale as i32;
    for (mark, label) in figure.marks.iter().zip(labels) {
        let corners = [(label.aside, label.below - 2 * s), (label.far, label.below + 16 * s)];
        let ground = Rectangle::new(corners, palette.paper.filled());
        let place = EmptyElement::at((mark.at, heights.end));
        chart.draw_series(std::iter::once(place + ground))?;
    }
    Ok(())
}

/// The names of marks, over everything else.
fn draw_labels<B, X, Y>(
    figure: &Curves,
    labels: &[Label],
    chart: &mut ChartContext<'_, B, Cartesian2d<X, Y>>,
    canvas: &Canvas<'_, B>,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    let Canvas { scale, palette, .. } = *canvas;
    let top = chart.y_range().end;
    for (mark, label) in figure.marks.iter().zip(labels) {
        let words = style(SMALL, palette.ink, scale).pos(Pos::new(label.side, VPos::Top));
        let text = Text::new(mark.label.clone(), (label.aside, label.below), words);
        let place = EmptyElement::at((mark.at, top));
        chart.draw_series(std::iter::once(place + text))?;
    }
    Ok(())
}

fn draw_legend<B>(figure: &Curves, canvas: &Canvas<'_, B>, top: f64) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let Canvas { area, scale, palette, .. } = *canvas;
    let left = f64::from(WIDTH) - LEGEND;
    for (index, curve) in figure.curves.iter().enumerate() {
        let y = top + 18.0 + 24.0 * index as f64;
        let style = line_style(index, scale, palette);
        let at = |x: f64| ((x * f64::from(scale)) as i32, (y * f64::from(scale)) as i32);
        let line = [at(left + 8.0), at(left + 40.0)];
        match DASHES[index % DASHES.len()] {
            None => area.draw(&PathElement::new(line, style))?,
            Some((dash, gap)) => {
                area.draw(&DashedPathElement::new(line, dash * scale, gap * scale, style))?
            }
        }
        let name = fitted(&curve.name, SMALL, LEGEND - 48.0 - 8.0)?;
        let beside = (HPos::Left, VPos::Center);
        canvas.text(&name, SMALL, palette.ink, (left + 48.0, y), beside)?;
    }
    Ok(())
}

/// Thick lines first; where the dashes begin again, thin ones.
fn line_style(index: usize, scale: u32, palette: &Palette) -> ShapeStyle {
    let width = if index < DASHES.len() { 2 } else { 1 };
    palette.colours[index % palette.colours.len()].stroke_width(width * scale)
}
