//! Nested boxes: what stands where.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Canvas, PATTERNS, Pattern, Rectangle, SMALL, fitted, width, wrapped};
use super::{DrawError, LINE, MARGIN, WIDTH};
use crate::report::figure::{Chip, Inside, Place, Places};

/// Between the border of a box and what is in it, and between boxes.
const PAD: f64 = 8.0;
/// The name of a box.
const NAME: f64 = 20.0;
/// From chip to chip, and how high one is.
const CHIP_STEP: f64 = 24.0;
const CHIP: f64 = 20.0;
/// The widest that a chip is.
const WIDEST_CHIP: f64 = 220.0;
/// The coloured part of a chip.
const SWATCH: f64 = 12.0;
/// Chips one below the other.
const MOST_IN_COLUMN: usize = 12;
/// The column of the names of journeys.
const JOURNEYS: f64 = 150.0;
/// Above a part of the picture.
const HEADING: f64 = 26.0;

const ROOM: f64 = WIDTH as f64 - 2.0 * MARGIN;

/// Something with its place in the picture.
struct Placed<'a> {
    shape: Rectangle,
    item: Item<'a>,
    depth: usize,
}

enum Item<'a> {
    Domain(&'a Place),
    Chip(&'a Chip),
    More(String),
    Heading(&'static str),
    /// Name and words.
    Journey(&'a str, Vec<String>),
    Service(usize, Vec<String>),
}

/// Where everything goes.
pub(super) struct Layout<'a> {
    placed: Vec<Placed<'a>>,
    height: f64,
}

impl<'a> Layout<'a> {
    pub(super) fn new(places: &'a Places) -> Result<Layout<'a>, DrawError> {
        let mut layout = Layout { placed: Vec::new(), height: 0.0 };
        if !places.journeys.is_empty() {
            layout.heading("what users do = what must be up for it");
        }
        let names = places.journeys.iter().map(|journey| width(&journey.name, SMALL));
        let names = names.collect::<Result<Vec<f64>, DrawError>>()?;
        let column = names.into_iter().fold(0.0, f64::max).min(JOURNEYS) + 12.0;
        for journey in &places.journeys {
            let words = wrapped(&journey.needs, SMALL, ROOM - column)?;
            let high = LINE * words.len().max(1) as f64;
            layout.row(column, high, Item::Journey(&journey.name, words));
        }
        if !places.outermost.is_empty() {
            layout.heading("where it stands");
            let (x, y) = (MARGIN, layout.height);
            let (_, high) = layout.flow(&places.outermost, (x, y), ROOM, 0)?;
            layout.height += high + PAD;
        }
        if !places.nowhere.is_empty() {
            layout.heading("no place given");
            let high = layout.row_of_chips(&places.nowhere)?;
            layout.height += high;
        }
        if !places.services.is_empty() {
            layout.heading("the services, and how many of each are needed");
            layout.services(places)?;
        }
        layout.height += PAD;
        Ok(layout)
    }

    /// Height in points.
    pub(super) fn height(&self) -> f64 {
        self.height
    }

    fn heading(&mut self, words: &'static str) {
        self.row(0.0, HEADING, Item::Heading(words));
    }

    /// Something over the whole width; `width` is that of its first column.
    fn row(&mut self, width: f64, height: f64, item: Item<'a>) {
        let shape = Rectangle { x: MARGIN, y: self.height, width, height };
        self.placed.push(Placed { shape, item, depth: 0 });
        self.height += height;
    }

    /// Chips side by side; how high that is.
    fn row_of_chips(&mut self, chips: &'a [Chip]) -> Result<f64, DrawError> {
        let (mut x, mut y) = (0.0, 0.0);
        for chip in chips {
            let wide = chip_width(chip)?;
            if x > 0.0 && x + wide > ROOM {
                (x, y) = (0.0, y + CHIP_STEP);
            }
            let shape = Rectangle { x: MARGIN + x, y: self.height + y, width: wide, height: CHIP };
            self.placed.push(Placed { shape, item: Item::Chip(chip), depth: 0 });
            x += wide + PAD;
        }
        Ok(y + CHIP_STEP)
    }

    /// The services in two columns.
    fn services(&mut self, places: &'a Places) -> Result<(), DrawError> {
        let wide = ROOM / 2.0;
        let mut bottoms = [self.height; 2];
        let half = places.services.len().div_ceil(2);
        for (index, service) in places.services.iter().enumerate() {
            let column = index / half;
            let about = match service.about.is_empty() {
                true => service.name.clone(),
                false => format!("{}: {}", service.name, service.about),
            };
            let words = wrapped(&about, SMALL, wide - SWATCH - 28.0)?;
            let height = LINE * words.len() as f64 + 4.0;
            let (x, y) = (MARGIN + wide * column as f64, bottoms[column]);
            let shape = Rectangle { x, y, width: wide, height };
            self.placed.push(Placed { shape, item: Item::Service(index, words), depth: 0 });
            bottoms[column] += height;
        }
        self.height = bottoms[0].max(bottoms[1]);
        Ok(())
    }

    /// Boxes side by side in lines, from a corner on; how wide and high that is.
    fn flow(
        &mut self,
        inside: &'a [Inside],
        (left, top): (f64, f64),
        room: f64,
        depth: usize,
    ) -> Result<(f64, f64), DrawError> {
        let (mut x, mut y, mut line, mut widest) = (0.0, 0.0, 0.0, 0.0);
        // The boxes of the line, which become as high as the highest.
        let mut boxes: Vec<usize> = Vec::new();
        for item in inside {
            let first = self.placed.len();
            let (wide, high) = self.item(item, (left + x, top + y), room, depth)?;
            if x > 0.0 && x + wide > room {
                self.stretch(&mut boxes, line);
                let (dx, dy) = (-x, line + PAD);
                for placed in &mut self.placed[first..] {
                    placed.shape.x += dx;
                    placed.shape.y += dy;
                }
                (x, y, line) = (0.0, y + line + PAD, 0.0);
            }
            boxes.push(first);
            x += wide + PAD;
            line = f64::max(line, high);
            widest = f64::max(widest, x - PAD);
        }
        self.stretch(&mut boxes, line);
        Ok((widest, y + line))
    }

    fn stretch(&mut self, boxes: &mut Vec<usize>, height: f64) {
        for index in boxes.drain(..) {
            self.placed[index].shape.height = height;
        }
    }

    fn item(
        &mut self,
        item: &'a Inside,
        (x, y): (f64, f64),
        room: f64,
        depth: usize,
    ) -> Result<(f64, f64), DrawError> {
        let place = match item {
            Inside::Place(place) => place,
            Inside::More(count, of) => {
                let words =
                    fitted(&format!("… and {count} more of {of}"), SMALL, room - 2.0 * PAD)?;
                let wide = width(&words, SMALL)? + 2.0 * PAD;
                let high = NAME + 2.0 * PAD;
                let shape = Rectangle { x, y, width: wide, height: high };
                self.placed.push(Placed { shape, item: Item::More(words), depth });
                return Ok((wide, high));
            }
        };
        let own = self.placed.len();
        let shape = Rectangle { x, y, width: 0.0, height: 0.0 };
        self.placed.push(Placed { shape, item: Item::Domain(place), depth });
        let mut wide = width(&place.name, SMALL)?;
        let mut high = PAD / 2.0 + NAME;
        if let Some(warning) = &place.warning {
            wide = wide.max(width(warning, SMALL)?);
            high += LINE;
        }
        let columns = place.chips.len().div_ceil(MOST_IN_COLUMN).max(1);
        let rows = place.chips.len().div_ceil(columns);
        let widths = place.chips.iter().map(chip_width).collect::<Result<Vec<f64>, DrawError>>()?;
        let widest_chip = widths.into_iter().fold(0.0, f64::max);
        for (index, chip) in place.chips.iter().enumerate() {
            let shape = Rectangle {
                x: x + PAD + (widest_chip + PAD) * (index / rows) as f64,
                y: y + high + CHIP_STEP * (index % rows) as f64,
                width: widest_chip,
                height: CHIP,
            };
            self.placed.push(Placed { shape, item: Item::Chip(chip), depth });
        }
        if !place.chips.is_empty() {
            let columns = columns as f64;
            wide = wide.max(widest_chip * columns + PAD * (columns - 1.0));
            high += CHIP_STEP * rows as f64;
        }
        if !place.inside.is_empty() {
            let corner = (x + PAD, y + high);
            let (across, down) = self.flow(&place.inside, corner, room - 2.0 * PAD, depth + 1)?;
            wide = wide.max(across);
            high += down;
        }
        let (wide, high) = ((wide + 2.0 * PAD).min(room), high + PAD);
        self.placed[own].shape = Rectangle { x, y, width: wide, height: high };
        Ok((wide, high))
    }
}

fn chip_width(chip: &Chip) -> Result<f64, DrawError> {
    Ok((width(&chip.name, SMALL)? + SWATCH + 14.0).min(WIDEST_CHIP))
}

pub(super) fn draw<B>(
    layout: &Layout<'_>,
    canvas: &Canvas<'_, B>,
    top: f64,
) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let palette = canvas.palette;
    let corner = (HPos::Left, VPos::Top);
    for Placed { shape, item, depth } in &layout.placed {
        let shape = Rectangle { y: shape.y + top, ..*shape };
        let (x, y) = (shape.x, shape.y);
        match item {
            Item::Heading(words) => {
                canvas.text(words, SMALL, palette.quiet, (x, y + 4.0), corner)?;
            }
            Item::Journey(name, words) => {
                let name = fitted(name, SMALL, shape.width - 8.0)?;
                canvas.text(&name, SMALL, palette.ink, (x, y), corner)?;
                for (index, line) in words.iter().enumerate() {
                    let at = (x + shape.width, y + LINE * index as f64);
                    let line = if index == 0 { format!("= {line}") } else { line.clone() };
                    canvas.text(&line, SMALL, palette.ink, at, corner)?;
                }
            }
            Item::Service(index, words) => {
                let swatch = Rectangle { x, y: y - 1.0, width: SWATCH, height: SWATCH };
                draw_swatch(canvas, swatch, *index)?;
                for (index, line) in words.iter().enumerate() {
                    let at = (x + SWATCH + 8.0, y + LINE * index as f64);
                    canvas.text(line, SMALL, palette.ink, at, corner)?;
                }
            }
            Item::More(words) => {
                canvas.dashed_outline(shape, palette.quiet)?;
                let at = (x + PAD, y + shape.height / 2.0);
                canvas.text(words, SMALL, palette.quiet, at, (HPos::Left, VPos::Center))?;
            }
            Item::Domain(place) => {
                canvas.fill(shape, palette.boxes[*depth % palette.boxes.len()])?;
                match &place.warning {
                    None => canvas.outline(shape, palette.quiet, 1)?,
                    Some(_) => canvas.outline(shape, palette.warning, 3)?,
                }
                let room = shape.width - 2.0 * PAD;
                let name = fitted(&place.name, SMALL, room + 1.0)?;
                let at = (x + PAD, y + PAD / 2.0);
                canvas.text(&name, SMALL, palette.ink, at, corner)?;
                if let Some(warning) = &place.warning {
                    let warning = fitted(warning, SMALL, room + 1.0)?;
                    let at = (x + PAD, y + PAD / 2.0 + LINE);
                    canvas.text(&warning, SMALL, palette.quiet, at, corner)?;
                }
            }
            Item::Chip(chip) => {
                canvas.fill(shape, palette.paper)?;
                match chip.is_single {
                    true => canvas.outline(shape, palette.warning, 3)?,
                    false => canvas.outline(shape, palette.pale, 1)?,
                }
                let swatch = Rectangle { x: x + 4.0, y: y + 4.0, width: SWATCH, height: SWATCH };
                draw_swatch(canvas, swatch, chip.service)?;
                let name = fitted(&chip.name, SMALL, shape.width - SWATCH - 13.0)?;
                let at = (x + SWATCH + 9.0, y + CHIP / 2.0);
                canvas.text(&name, SMALL, palette.ink, at, (HPos::Left, VPos::Center))?;
            }
        }
    }
    Ok(())
}

/// The colour and the pattern of a service.
fn draw_swatch<B>(canvas: &Canvas<'_, B>, shape: Rectangle, service: usize) -> Result<(), DrawError>
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let colours = canvas.palette.colours;
    // Neighbours differ in both, and it takes long until both are the same again.
    let pattern: Pattern = PATTERNS[(service + service / colours.len()) % PATTERNS.len()];
    canvas.patterned(shape, colours[service % colours.len()], pattern)
}
