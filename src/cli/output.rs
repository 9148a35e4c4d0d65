//! Files: written whole or not at all; and what a picture becomes in them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use ninefold::report::{DrawError, Figure, Theme, to_png, to_svg};

use super::Failure;

/// Where a command draws, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Drawing {
    /// Also draw a picture of it into this file, as SVG or PNG by the end of its name.
    #[arg(long, value_name = "FILE.svg|FILE.png", value_parser = picture_path)]
    draw: Option<PathBuf>,

    /// What the picture is to lie on.
    #[arg(long, value_enum, default_value_t = ThemeArgument::Light, requires = "draw")]
    theme: ThemeArgument,
}

/// What pictures are to lie on.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ThemeArgument {
    /// White paper.
    Light,
    /// A dark screen.
    Dark,
}

impl From<ThemeArgument> for Theme {
    fn from(theme: ThemeArgument) -> Theme {
        match theme {
            ThemeArgument::Light => Theme::Light,
            ThemeArgument::Dark => Theme::Dark,
        }
    }
}

/// The kinds of files that pictures are written into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Svg,
    Png,
}

impl Ending {
    /// That of a file.
    fn of(path: &Path) -> Option<Ending> {
        let ending = path.extension()?.to_str()?;
        match ending.to_ascii_lowercase().as_str() {
            "svg" => Some(Ending::Svg),
            "png" => Some(Ending::Png),
            _ => None,
        }
    }
}

fn picture_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match Ending::of(&path) {
        Some(_) => Ok(path),
        None => Err("the name of a picture ends with `.svg` or `.png`".to_owned()),
    }
}

impl Drawing {
    /// Whether a picture was asked for.
    pub(crate) fn is_wanted(&self) -> bool {
        self.draw.is_some()
    }

    /// Draws and writes the figure, if a picture was asked for.
    pub(crate) fn write(&self, figure: impl FnOnce() -> Figure) -> Result<(), Failure> {
        let Some(path) = &self.draw else { return Ok(()) };
        let ending = Ending::of(path).unwrap_or(Ending::Svg);
        write_file(path, &drawn(&figure(), self.theme.into(), ending)?)
    }
}

/// A figure as the bytes of a file.
pub(crate) fn drawn(figure: &Figure, theme: Theme, ending: Ending) -> Result<Vec<u8>, Failure> {
    let bytes = match ending {
        Ending::Svg => to_svg(figure, theme).map(String::into_bytes),
        Ending::Png => to_png(figure, theme),
    };
    bytes.map_err(|error: DrawError| Failure::Unfinished(format!("error: {error}\n")))
}

/// Writes a file by way of a temporary one beside it, so that an interruption leaves either the old
/// file or the new one.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_with(path, |file| file.write_all(bytes))
}

/// The same for what is written piece by piece.
pub(crate) fn write_with(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<(), Failure> {
    let unfinished = |error: &dyn std::fmt::Display| {
        Failure::Unfinished(format!("error: cannot write `{}`: {error}\n", path.display()))
    };
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let file = tempfile::Builder::new()
        .prefix(".ninefold-")
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(|error| unfinished(&error))?;
    let mut buffered = io::BufWriter::new(file);
    write(&mut buffered).map_err(|error| unfinished(&error))?;
    let file = buffered.into_inner().map_err(|error| unfinished(&error.error()))?;
    file.as_file().sync_all().map_err(|error| unfinished(&error))?;
    file.persist(path).map_err(|error| unfinished(&error.error))?;
    Ok(())
}

/// What a new file may be done with: temporary files are private, results are not.
#[cfg(unix)]
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}

#[cfg(not(unix))]
fn permissions() -> std::fs::Permissions {
    std::fs::metadata(".").map(|folder| folder.permissions()).expect("the current folder exists")
}

/// A topology's name as part of the name of a file.
pub(crate) fn file_stem(name: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' };
    name.chars().map(keep).collect()
}
