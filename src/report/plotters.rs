//! Figures as SVG and PNG.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use super::figure::{Figure, YAxis};
use super::number::{duration, significant};

/// Size of a figure in points.
const WIDTH: u32 = 900;
const HEIGHT: u32 = 500;
/// SVG coordinates of the library are whole numbers: drawn ten times as large and shown ten times as
/// small, curves are smooth.
const SVG_SCALE: u32 = 10;
/// Pixels of a PNG for each point, so that it is sharp on good screens.
const PNG_SCALE: u32 = 2;

/// The letters: see `font/README.md`.
const FONT: &[u8] = include_bytes!("font/ninefold-sans.otf");
const FAMILY: &str = "sans-serif";

const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const PALE: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
const QUIET: RGBColor = RGBColor(0x66, 0x66, 0x66);

/// Colours that colour-blind readers can tell apart (Okabe and Ito), darkest first.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x00, 0x00, 0x00),
    RGBColor(0x88, 0x66, 0x44),
];

/// Dashes and gaps in points, so that curves can be told apart without colour; none is a full line.
const DASHES: [Option<(u32, u32)>; 4] = [None, Some((9, 4)), Some((2, 3)), Some((14, 3))];

/// Lengths of time that people think in, seconds.
const LENGTHS: [f64; 18] = [
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
];

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the figure: {0}")]
pub struct DrawError(String);

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for DrawError {
    fn from(error: DrawingAreaErrorKind<E>) -> DrawError {
        DrawError(error.to_string())
    }
}

/// A figure as an SVG document.
///
/// # Errors
///
/// If the library cannot draw it.
pub fn to_svg(figure: &Figure) -> Result<String, DrawError> {
    let mut text = String::new();
    {
        let size = (WIDTH * SVG_SCALE, HEIGHT * SVG_SCALE);
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(figure, &area, SVG_SCALE)?;
        area.present()?;
    }
    // Large coordinates in a picture of the size that is meant.
    let large = format!("width=\"{}\" height=\"{}\"", WIDTH * SVG_SCALE, HEIGHT * SVG_SCALE);
    Ok(text.replacen(&large, &format!("width=\"{WIDTH}\" height=\"{HEIGHT}\""), 1))
}

/// A figure as a PNG file, two pixels for each point.
///
/// # Errors
///
/// If the library cannot draw it.
pub fn to_png(figure: &Figure) -> Result<Vec<u8>, DrawError> {
    let (width, height) = (WIDTH * PNG_SCALE, HEIGHT * PNG_SCALE);
    let mut pixels = vec![0; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        draw(figure, &area, PNG_SCALE)?;
        area.present()?;
    }
    let failed = |error: png::EncodingError| DrawError(error.to_string());
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(file)
}

type Area<B> = DrawingArea<B, Shift>;

fn draw<B>(figure: &Figure, area: &Area<B>, scale: u32) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    // Registering again what is registered changes nothing.
    register_font(FAMILY, FontStyle::Normal, FONT)
        .map_err(|_| DrawError("the font that comes with the program is broken".to_owned()))?;
    area.fill(&WHITE)?;
    let s = scale as i32;
    area.draw_text(&figure.title, &text(19, &INK, scale), (20 * s, 14 * s))?;
    area.draw_text(&figure.subtitle, &text(13, &QUIET, scale), (20 * s, 42 * s))?;
    let (chart, legend) = area.split_horizontally((WIDTH - 190) * scale);
    let chart = chart.margin(72 * scale, 12 * scale, 14 * scale, 8 * scale);
    match figure.y_axis {
        YAxis::Share => draw_curves(figure, &chart, 0.0..1.0, percent_label, scale)?,
        YAxis::Logarithmic(least, most) => {
            let ticks = decades(least, most);
            let axis = (least..most).log_scale().with_key_points(ticks);
            draw_curves(figure, &chart, axis, |number| significant(*number, 1), scale)?;
        }
    }
    draw_legend(figure, &legend, scale)
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
    figure: &Figure,
    area: &Area<B>,
    y_axis: Y,
    y_text: impl Fn(&f64) -> String,
    scale: u32,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    let (from, to) = figure.x_range;
    let ticks = LENGTHS.into_iter().filter(|length| (from..to).contains(length)).collect();
    let mut chart = ChartBuilder::on(area)
        .x_label_area_size(46 * scale)
        .y_label_area_size(66 * scale)
        .build_cartesian_2d((from..to).log_scale().with_key_points(ticks), y_axis)?;
    chart
        .configure_mesh()
        .axis_style(QUIET.stroke_width(scale))
        .bold_line_style(PALE.stroke_width(scale))
        .light_line_style(TRANSPARENT)
        .label_style(text(13, &INK, scale))
        .axis_desc_style(text(14, &INK, scale))
        .x_desc(&figure.x_label)
        .y_desc(&figure.y_label)
        .x_label_formatter(&|seconds| duration(*seconds))
        .y_label_formatter(&|number| y_text(number))
        .set_all_tick_mark_size(4 * scale)
        .draw()?;
    for (index, curve) in figure.curves.iter().enumerate() {
        let style = line_style(index, scale);
        let points = curve.points.iter().copied();
        match DASHES[index % DASHES.len()] {
            None => chart.draw_series(LineSeries::new(points, style)).map(|_| ())?,
            Some((dash, gap)) => chart
                .draw_series(DashedLineSeries::new(points, dash * scale, gap * scale, style))
                .map(|_| ())?,
        }
    }
    draw_marks(figure, &mut chart, scale)
}

/// Share of the axis up to which a label fits to the right.
const ROOM_FOR_LABELS: f64 = 0.82;

/// Vertical lines with their names beside them, one below the other.
fn draw_marks<B, X, Y>(
    figure: &Figure,
    chart: &mut ChartContext<'_, B, Cartesian2d<X, Y>>,
    scale: u32,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    let heights = chart.y_range();
    let (from, to) = figure.x_range;
    for (index, mark) in figure.marks.iter().enumerate() {
        let line = [(mark.at, heights.start), (mark.at, heights.end)].into_iter();
        let style = INK.stroke_width(scale);
        chart.draw_series(DashedLineSeries::new(line, 5 * scale, 4 * scale, style))?;
        // To the right, where falling curves leave room at the top, as long as it fits there.
        let s = scale as i32;
        let (side, aside) = match (mark.at / from).ln() < ROOM_FOR_LABELS * (to / from).ln() {
            true => (HPos::Left, 6 * s),
            false => (HPos::Right, -6 * s),
        };
        let below = (6 + 18 * index as i32) * s;
        let style = text(13, &INK, scale).pos(Pos::new(side, VPos::Top));
        let label = Text::new(mark.label.clone(), (aside, below), style);
        let place = EmptyElement::at((mark.at, heights.end));
        chart.draw_series(std::iter::once(place + label))?;
    }
    Ok(())
}

fn text(size: u32, colour: &RGBColor, scale: u32) -> TextStyle<'_> {
    TextStyle::from((FAMILY, size * scale).into_font()).color(colour)
}

fn draw_legend<B>(figure: &Figure, area: &Area<B>, scale: u32) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let s = scale as i32;
    let style_of_text = text(13, &INK, scale).pos(Pos::new(HPos::Left, VPos::Center));
    for (index, curve) in figure.curves.iter().enumerate() {
        let y = (90 + 24 * index as i32) * s;
        let style = line_style(index, scale);
        let line = [(8 * s, y), (40 * s, y)];
        match DASHES[index % DASHES.len()] {
            None => area.draw(&PathElement::new(line, style))?,
            Some((dash, gap)) => {
                area.draw(&DashedPathElement::new(line, dash * scale, gap * scale, style))?
            }
        }
        area.draw_text(&shortened(&curve.name), &style_of_text, (48 * s, y))?;
    }
    Ok(())
}

/// The end of a long name is cut off, where the picture would end.
fn shortened(name: &str) -> String {
    const MOST: usize = 18;
    match name.chars().count() > MOST {
        true => name.chars().take(MOST - 1).chain(['…']).collect(),
        false => name.to_owned(),
    }
}

/// Thick lines first; where the dashes begin again, thin ones.
fn line_style(index: usize, scale: u32) -> ShapeStyle {
    let width = if index < DASHES.len() { 2 } else { 1 };
    COLOURS[index % COLOURS.len()].stroke_width(width * scale)
}
