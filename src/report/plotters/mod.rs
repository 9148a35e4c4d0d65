//! Figures as SVG and PNG, on light and on dark paper.

mod amounts;
mod canvas;
mod curves;
mod panels;
mod places;
mod strip;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{FontStyle, register_font};

use self::canvas::{Canvas, FAMILY, SMALL, wrapped};
use super::figure::{Content, Figure};

/// Width of every figure in points.
const WIDTH: u32 = 900;
/// Room to the left and to the right.
const MARGIN: f64 = 20.0;
/// SVG coordinates of the library are whole numbers: drawn ten times as large and shown ten times as
/// small, curves are smooth.
const SVG_SCALE: u32 = 10;
/// Pixels of a PNG for each point, so that it is sharp on good screens.
const PNG_SCALE: u32 = 2;
/// The library sets the letters of a PNG higher than those of an SVG, by so much of their size.
const PNG_LOWERED: f64 = 0.115;
/// Size of the letters of titles.
const TITLE: u32 = 19;
/// From line to line.
const TITLE_LINE: f64 = 24.0;
const LINE: f64 = 18.0;

/// The letters: see `font/README.md`.
const FONT: &[u8] = include_bytes!("../font/ninefold-sans.otf");

/// What a picture is to lie on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// White paper.
    #[default]
    Light,
    /// A dark screen.
    Dark,
}

/// The colours of a theme.
struct Palette {
    paper: RGBColor,
    /// Letters and lines.
    ink: RGBColor,
    /// What is less important.
    quiet: RGBColor,
    /// Lines of a grid.
    pale: RGBColor,
    /// Boxes within boxes, the outermost first, in turn.
    boxes: [RGBColor; 2],
    /// What alone takes down a journey.
    warning: RGBColor,
    /// Colours that colour-blind readers can tell apart (Okabe and Ito), with the most contrast first.
    colours: [RGBColor; 8],
}

const LIGHT: Palette = Palette {
    paper: RGBColor(0xff, 0xff, 0xff),
    ink: RGBColor(0x22, 0x22, 0x22),
    quiet: RGBColor(0x66, 0x66, 0x66),
    pale: RGBColor(0xdd, 0xdd, 0xdd),
    boxes: [RGBColor(0xf3, 0xf3, 0xf1), RGBColor(0xff, 0xff, 0xff)],
    warning: RGBColor(0xd5, 0x5e, 0x00),
    colours: [
        RGBColor(0x00, 0x72, 0xb2),
        RGBColor(0xd5, 0x5e, 0x00),
        RGBColor(0x00, 0x9e, 0x73),
        RGBColor(0xcc, 0x79, 0xa7),
        RGBColor(0xe6, 0x9f, 0x00),
        RGBColor(0x56, 0xb4, 0xe9),
        RGBColor(0x00, 0x00, 0x00),
        RGBColor(0x88, 0x66, 0x44),
    ],
};

/// The same hues, as light as a dark ground needs them.
const DARK: Palette = Palette {
    paper: RGBColor(0x15, 0x17, 0x1c),
    ink: RGBColor(0xec, 0xec, 0xec),
    quiet: RGBColor(0xa8, 0xac, 0xb3),
    pale: RGBColor(0x3a, 0x3e, 0x46),
    boxes: [RGBColor(0x20, 0x23, 0x2a), RGBColor(0x15, 0x17, 0x1c)],
    warning: RGBColor(0xf0, 0x7f, 0x2e),
    colours: [
        RGBColor(0x56, 0xb4, 0xe9),
        RGBColor(0xf0, 0x7f, 0x2e),
        RGBColor(0x2f, 0xc0, 0x95),
        RGBColor(0xdd, 0x96, 0xbd),
        RGBColor(0xe6, 0x9f, 0x00),
        RGBColor(0xf0, 0xe4, 0x42),
        RGBColor(0xff, 0xff, 0xff),
        RGBColor(0xb8, 0x99, 0x78),
    ],
};

impl Theme {
    fn palette(self) -> &'static Palette {
        match self {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }

    /// What a browser takes for what it adds itself, as bars to scroll by.
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The colours of the paper and of what is written on it, as CSS has them.
    pub(super) fn page(self) -> (String, String) {
        let css = |RGBColor(red, green, blue): RGBColor| format!("#{red:02x}{green:02x}{blue:02x}");
        let Palette { paper, ink, .. } = *self.palette();
        (css(paper), css(ink))
    }
}

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
pub fn to_svg(figure: &Figure, theme: Theme) -> Result<String, DrawError> {
    Sheet::new(figure)?.to_svg(theme)
}

/// A figure as a PNG file, two pixels for each point.
///
/// # Errors
///
/// If the library cannot draw it.
pub fn to_png(figure: &Figure, theme: Theme) -> Result<Vec<u8>, DrawError> {
    Sheet::new(figure)?.to_png(theme)
}

/// A figure with its words broken into lines and its height known: laid out once, it can be drawn as
/// often as it is wanted.
pub struct Sheet<'a> {
    figure: &'a Figure,
    /// Where boxes go, if it has any.
    boxes: Option<places::Layout<'a>>,
    title: Vec<String>,
    subtitle: Vec<String>,
    note: Vec<String>,
    /// Where the content begins and ends, points from above.
    body: (f64, f64),
    height: u32,
}

impl<'a> Sheet<'a> {
    /// Lays out a figure.
    ///
    /// # Errors
    ///
    /// If the width of its words cannot be told.
    pub fn new(figure: &'a Figure) -> Result<Sheet<'a>, DrawError> {
        // Registering again what is registered changes nothing.
        register_font(FAMILY, FontStyle::Normal, FONT)
            .map_err(|_| DrawError("the font that comes with the program is broken".to_owned()))?;
        let room = f64::from(WIDTH) - 2.0 * MARGIN;
        let title = wrapped(&figure.title, TITLE, room)?;
        let subtitle = wrapped(&figure.subtitle, SMALL, room)?;
        let note = wrapped(figure.note.as_deref().unwrap_or_default(), SMALL, room)?;
        let lines = subtitle.len() as f64;
        let top = 18.0 + TITLE_LINE * title.len() as f64 + LINE * lines + 12.0;
        let boxes = match &figure.content {
            Content::Places(places) => Some(places::Layout::new(places)?),
            _ => None,
        };
        let content = match &figure.content {
            Content::Curves(_) => curves::HEIGHT,
            Content::Panels(panels) => panels::height(panels.panels.len()),
            Content::Rankings(rankings) => panels::height_of_rankings(rankings),
            Content::Amounts(_, amounts) => amounts::height(amounts),
            Content::Strip(strip) => strip::height(strip)?,
            Content::Places(_) => boxes.as_ref().map_or(0.0, places::Layout::height),
        };
        let bottom = top + content;
        let below = LINE * note.len() as f64;
        let height = (bottom + below + 14.0).ceil() as u32;
        Ok(Sheet { figure, boxes, title, subtitle, note, body: (top, bottom), height })
    }

    /// As an SVG document.
    ///
    /// # Errors
    ///
    /// If the library cannot draw it.
    pub fn to_svg(&self, theme: Theme) -> Result<String, DrawError> {
        let (width, height) = (WIDTH * SVG_SCALE, self.height * SVG_SCALE);
        let mut text = String::new();
        {
            let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
            self.draw(&area, (SVG_SCALE, 0.0), theme)?;
            area.present()?;
        }
        // Large coordinates in a picture of the size that is meant.
        let large = format!("width=\"{width}\" height=\"{height}\"");
        let meant = format!("width=\"{WIDTH}\" height=\"{}\"", self.height);
        Ok(text.replacen(&large, &meant, 1))
    }

    /// As a PNG file, two pixels for each point.
    ///
    /// # Errors
    ///
    /// If the library cannot draw it.
    pub fn to_png(&self, theme: Theme) -> Result<Vec<u8>, DrawError> {
        let (width, height) = (WIDTH * PNG_SCALE, self.height * PNG_SCALE);
        let mut pixels = vec![0; (width * height * 3) as usize];
        {
            let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
            self.draw(&area, (PNG_SCALE, PNG_LOWERED), theme)?;
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

    fn draw<B>(
        &self,
        area: &DrawingArea<B, Shift>,
        (scale, lowered): (u32, f64),
        theme: Theme,
    ) -> Result<(), DrawError>
    where
        B: DrawingBackend,
        B::ErrorType: 'static,
    {
        let palette = theme.palette();
        let canvas = Canvas { area, scale, lowered, palette };
        area.fill(&palette.paper)?;
        let corner = (HPos::Left, VPos::Top);
        let mut y = 14.0;
        for line in &self.title {
            canvas.text(line, TITLE, palette.ink, (MARGIN, y), corner)?;
            y += TITLE_LINE;
        }
        y += 4.0;
        for line in &self.subtitle {
            canvas.text(line, SMALL, palette.quiet, (MARGIN, y), corner)?;
            y += LINE;
        }
        let (top, bottom) = self.body;
        match &self.figure.content {
            Content::Curves(curves) => curves::draw(curves, &canvas, top)?,
            Content::Panels(panels) => panels::draw(panels, &canvas, top)?,
            Content::Rankings(rankings) => panels::draw_rankings(rankings, &canvas, top)?,
            Content::Amounts(label, amounts) => amounts::draw(amounts, label, &canvas, top)?,
            Content::Strip(strip) => strip::draw(strip, &canvas, top)?,
            Content::Places(_) => {
                self.boxes.iter().try_for_each(|boxes| places::draw(boxes, &canvas, top))?;
            }
        }
        let mut y = bottom + 2.0;
        for line in &self.note {
            canvas.text(line, SMALL, palette.quiet, (MARGIN, y), corner)?;
            y += LINE;
        }
        Ok(())
    }
}
