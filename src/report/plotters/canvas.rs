//! Shapes and words in points from the upper left corner, whatever the picture is made of.

use plotters::coord::Shift;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{DrawError, Palette};

/// What an SVG asks for: the typeface that words are measured by, under two of its names, for the same
/// picture where it is installed; then one that is common where no fonts were chosen, because not every
/// program that shows SVG knows what a sans-serif is.
pub(super) const FAMILY: &str = "Noto Sans CJK KR, Noto Sans KR, DejaVu Sans, sans-serif";
/// Size of small letters; smaller ones cannot be read where a picture is shown a little smaller.
pub(super) const SMALL: u32 = 13;

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rectangle {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// From line to line of a pattern.
const STEP: f64 = 4.0;

/// A pattern that is told apart without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Full,
    Rising,
    Level,
    Empty,
    Upright,
    Falling,
    Crossed,
    Dotted,
}

pub(super) const PATTERNS: [Pattern; 4] =
    [Pattern::Full, Pattern::Rising, Pattern::Level, Pattern::Empty];

/// Something to draw on.
pub(super) struct Canvas<'a, B: DrawingBackend> {
    pub(super) area: &'a DrawingArea<B, Shift>,
    pub(super) scale: u32,
    /// How far letters are to be lowered, relative to their size.
    pub(super) lowered: f64,
    pub(super) palette: &'a Palette,
}

impl<B: DrawingBackend> Canvas<'_, B>
where
    B::ErrorType: 'static,
{
    fn at(&self, x: f64, y: f64) -> (i32, i32) {
        let scale = f64::from(self.scale);
        ((x * scale).round() as i32, (y * scale).round() as i32)
    }

    pub(super) fn fill(&self, shape: Rectangle, colour: RGBColor) -> Result<(), DrawError> {
        self.area.draw(&plotters::element::Rectangle::new(self.corners(shape), colour.filled()))?;
        Ok(())
    }

    pub(super) fn outline(
        &self,
        shape: Rectangle,
        colour: RGBColor,
        width: u32,
    ) -> Result<(), DrawError> {
        // Four bars: the joints of closed paths are not always drawn.
        let Rectangle { x, y, width: w, height: h } = shape;
        let thick = f64::from(width);
        let (left, top) = (x - thick / 2.0, y - thick / 2.0);
        let bar = |x, y, width, height| self.fill(Rectangle { x, y, width, height }, colour);
        bar(left, top, w + thick, thick)?;
        bar(left, top + h, w + thick, thick)?;
        bar(left, top, thick, h + thick)?;
        bar(left + w, top, thick, h + thick)
    }

    pub(super) fn dashed_outline(
        &self,
        shape: Rectangle,
        colour: RGBColor,
    ) -> Result<(), DrawError> {
        let Rectangle { x, y, width: w, height: h } = shape;
        let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
        let path: Vec<(i32, i32)> = corners.into_iter().map(|(x, y)| self.at(x, y)).collect();
        let style = colour.stroke_width(self.scale);
        let dashes = DashedPathElement::new(path, 3 * self.scale, 3 * self.scale, style);
        self.area.draw(&dashes)?;
        Ok(())
    }

    pub(super) fn line(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        colour: RGBColor,
    ) -> Result<(), DrawError> {
        let path = vec![self.at(from.0, from.1), self.at(to.0, to.1)];
        self.area.draw(&PathElement::new(path, colour.stroke_width(self.scale)))?;
        Ok(())
    }

    pub(super) fn dashed(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        colour: RGBColor,
    ) -> Result<(), DrawError> {
        let path = vec![self.at(from.0, from.1), self.at(to.0, to.1)];
        let style = colour.stroke_width(self.scale);
        let dashes = DashedPathElement::new(path, 5 * self.scale, 4 * self.scale, style);
        self.area.draw(&dashes)?;
        Ok(())
    }

    /// A rectangle in a colour and a pattern, with an outline.
    pub(super) fn patterned(
        &self,
        shape: Rectangle,
        colour: RGBColor,
        pattern: Pattern,
    ) -> Result<(), DrawError> {
        let Rectangle { x, y, width, height } = shape;
        match pattern {
            Pattern::Full => self.fill(shape, colour)?,
            Pattern::Empty => {}
            Pattern::Level => {
                let rows = (height / STEP).floor() as u32;
                for row in 1..=rows {
                    let y = y + STEP * f64::from(row) - 1.0;
                    self.line((x, y), (x + width, y), colour)?;
                }
            }
            Pattern::Upright => {
                let columns = (width / STEP).floor() as u32;
                for column in 1..=columns {
                    let x = x + STEP * f64::from(column) - 1.0;
                    self.line((x, y), (x, y + height), colour)?;
                }
            }
            Pattern::Dotted => {
                let (columns, rows) = ((width / STEP).floor() as u32, (height / 3.0) as u32);
                for (column, row) in (0..columns).flat_map(|c| (0..rows).map(move |r| (c, r))) {
                    let x = x + STEP * f64::from(column) + 1.0 + f64::from(row % 2) * STEP / 2.0;
                    let y = y + 3.0 * f64::from(row) + 1.0;
                    self.fill(Rectangle { x, y, width: 1.5, height: 1.5 }, colour)?;
                }
            }
            Pattern::Falling => self.hatched(shape, colour, STEP, true)?,
            Pattern::Rising => self.hatched(shape, colour, STEP, false)?,
            Pattern::Crossed => {
                // Twice as many lines at the usual distance would be black.
                self.hatched(shape, colour, 2.0 * STEP, true)?;
                self.hatched(shape, colour, 2.0 * STEP, false)?;
            }
        }
        self.outline(shape, colour, 1)
    }

    /// A rectangle full of slanting lines, without an outline.
    fn hatched(
        &self,
        shape: Rectangle,
        colour: RGBColor,
        step: f64,
        is_falling: bool,
    ) -> Result<(), DrawError> {
        let Rectangle { x, y, width, height } = shape;
        let lines = ((width + height) / step).floor() as u32;
        for line in 1..=lines {
            // Where `along - right` is the distance of a rising line below the upper edge.
            let along = step * f64::from(line);
            let (left, right) = ((along - height).max(0.0), along.min(width));
            let (from, to) = (along - left, along - right);
            let (low, high) = match is_falling {
                true => (height - from, height - to),
                false => (from, to),
            };
            self.line((x + left, y + low), (x + right, y + high), colour)?;
        }
        Ok(())
    }

    pub(super) fn text(
        &self,
        words: &str,
        size: u32,
        colour: RGBColor,
        (x, y): (f64, f64),
        (horizontal, vertical): (HPos, VPos),
    ) -> Result<(), DrawError> {
        let style = style(size, colour, self.scale).pos(Pos::new(horizontal, vertical));
        self.area.draw_text(words, &style, self.at(x, y + self.lowered * f64::from(size)))?;
        Ok(())
    }

    fn corners(&self, shape: Rectangle) -> [(i32, i32); 2] {
        let Rectangle { x, y, width, height } = shape;
        [self.at(x, y), self.at(x + width, y + height)]
    }
}

/// The axes and the grid of a chart, as all charts have them; `x_text` and `y_text` say what stands at
/// a tick, and `labels` beside the axes.
pub(super) fn draw_mesh<B, X, Y>(
    chart: &mut ChartContext<'_, B, Cartesian2d<X, Y>>,
    canvas: &Canvas<'_, B>,
    labels: Option<(&str, &str)>,
    x_text: impl Fn(&f64) -> String,
    y_text: impl Fn(&f64) -> String,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let Canvas { scale, palette, .. } = *canvas;
    let mut mesh = chart.configure_mesh();
    mesh.axis_style(palette.quiet.stroke_width(scale))
        .bold_line_style(palette.pale.stroke_width(scale))
        .light_line_style(TRANSPARENT)
        .label_style(style(SMALL, palette.ink, scale))
        .axis_desc_style(style(14, palette.ink, scale))
        .x_label_formatter(&x_text)
        .y_label_formatter(&y_text)
        .set_all_tick_mark_size(4 * scale);
    if let Some((x_label, y_label)) = labels {
        mesh.x_desc(x_label).y_desc(y_label);
    }
    mesh.draw()?;
    Ok(())
}

/// How letters look.
pub(super) fn style(size: u32, colour: RGBColor, scale: u32) -> TextStyle<'static> {
    let font = (FAMILY, size * scale).into_font();
    TextStyle { color: colour.to_backend_color(), ..TextStyle::from(font) }
}

/// How wide a text is in points. The letters of other typefaces, with which a browser may show an SVG,
/// are wider: those of DejaVu Sans by up to 10 %.
pub(super) fn width(words: &str, size: u32) -> Result<f64, DrawError> {
    const FINE: u32 = 10;
    let font = (FAMILY, size * FINE).into_font();
    let (width, _) = font.box_size(words).map_err(|error| DrawError(error.to_string()))?;
    Ok(1.1 * f64::from(width) / f64::from(FINE))
}

/// A text cut off where it would be too wide.
pub(super) fn fitted(words: &str, size: u32, most: f64) -> Result<String, DrawError> {
    let mut kept = words.to_owned();
    let mut shown = kept.clone();
    while !kept.is_empty() && width(&shown, size)? > most {
        kept.pop();
        shown = format!("{}…", kept.trim_end());
    }
    Ok(shown)
}

/// A text in lines that are not too wide.
pub(super) fn wrapped(words: &str, size: u32, most: f64) -> Result<Vec<String>, DrawError> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match (longer, lines.last_mut()) {
            (Some(longer), Some(line)) if width(&longer, size)? <= most => *line = longer,
            _ => lines.push(fitted(word, size, most)?),
        }
    }
    Ok(lines)
}
