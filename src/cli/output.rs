//! Files: written whole or not at all; and what a picture becomes in them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ninefold::Report;
use ninefold::report::{DrawError, Figure, Sheet, Theme, figures, to_html, to_json, to_text};
use tempfile::NamedTempFile;

use super::Failure;
use super::arguments::ThemeArgument;

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

    /// Refuses a picture that could not be written, before anything is done for it.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        self.draw.as_deref().map_or(Ok(()), refuse_unwritable)
    }

    /// Draws and writes the figure, if a picture was asked for.
    pub(crate) fn write(&self, figure: impl FnOnce() -> Figure) -> Result<(), Failure> {
        let Some(path) = &self.draw else { return Ok(()) };
        let ending = Ending::of(path).unwrap_or(Ending::Svg);
        let figure = figure();
        write_file(path, &drawn(&laid_out(&figure)?, self.theme.into(), ending)?)
    }
}

/// A figure as the bytes of a file.
fn drawn(sheet: &Sheet<'_>, theme: Theme, ending: Ending) -> Result<Vec<u8>, Failure> {
    let bytes = match ending {
        Ending::Svg => sheet.to_svg(theme).map(String::into_bytes),
        Ending::Png => sheet.to_png(theme),
    };
    bytes.map_err(undrawn)
}

fn laid_out(figure: &Figure) -> Result<Sheet<'_>, Failure> {
    Sheet::new(figure).map_err(undrawn)
}

fn undrawn(error: DrawError) -> Failure {
    Failure::Unfinished(format!("error: {error}\n"))
}

/// A folder for results. What was made for it goes again if nothing comes to be in it.
pub(crate) struct Folder {
    path: PathBuf,
    /// Folders that were not there before, the innermost first.
    made: Vec<PathBuf>,
    /// Files that were written, whole.
    written: Vec<String>,
}

impl Folder {
    /// Makes a folder, and those that it stands in; what cannot be written is better known before a long run.
    pub(crate) fn make(path: &Path) -> Result<Folder, Failure> {
        let is_new = |folder: &&Path| *folder != Path::new("") && !folder.exists();
        let made = path.ancestors().take_while(is_new).map(Path::to_owned).collect();
        let folder = Folder { path: path.to_owned(), made, written: Vec::new() };
        fs::create_dir_all(path).map_err(|error| {
            let path = path.display();
            Failure::Refused(format!("error: cannot make the folder `{path}`: {error}\n"))
        })?;
        // Any name: what is written there later has others.
        refused_if_unwritable(path, &path.join("result"))?;
        Ok(folder)
    }

    /// Writes a file into it; if it cannot, it says which it could.
    pub(crate) fn write(&mut self, name: String, bytes: &[u8]) -> Result<(), Failure> {
        write_file(&self.path.join(&name), bytes).map_err(|failure| match failure {
            Failure::Unfinished(message) if !self.written.is_empty() => Failure::Unfinished(
                format!("{message}  complete there: {}\n", self.written.join(", ")),
            ),
            failure => failure,
        })?;
        self.written.push(name);
        Ok(())
    }

    /// Writes a figure as SVG and as PNG.
    pub(crate) fn write_figure(
        &mut self,
        stem: &str,
        figure: &Figure,
        theme: Theme,
    ) -> Result<(), Failure> {
        let sheet = laid_out(figure)?;
        [(Ending::Svg, "svg"), (Ending::Png, "png")].into_iter().try_for_each(|(ending, name)| {
            self.write(format!("{stem}.{name}"), &drawn(&sheet, theme, ending)?)
        })
    }

    /// Writes one report as text, JSON, a page of HTML and figures.
    pub(crate) fn write_report(&mut self, report: &Report, theme: Theme) -> Result<(), Failure> {
        let stem = file_stem(&report.topology.name);
        self.write(format!("{stem}.txt"), to_text(report).as_bytes())?;
        self.write(format!("{stem}.json"), to_json(report).as_bytes())?;
        self.write(format!("{stem}.html"), to_html(report, theme).map_err(undrawn)?.as_bytes())?;
        figures(report).iter().try_for_each(|figure| {
            self.write_figure(&format!("{stem}-{}", figure.name), figure, theme)
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Only what is empty can be removed so.
        self.made.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

/// Refuses a file that could not be written: a long run whose result cannot be kept is better not begun.
pub(crate) fn refuse_unwritable(path: &Path) -> Result<(), Failure> {
    // What takes the place of a folder fails at the end only, and that of a device is no file any more.
    if fs::metadata(path).is_ok_and(|known| !known.is_file()) {
        return Err(Failure::Refused(format!(
            "error: cannot write `{}`: it is there, and no file\n",
            path.display()
        )));
    }
    refused_if_unwritable(path, path)
}

/// Tries to write `path`, and leaves nothing behind; what cannot be written is called `what`.
fn refused_if_unwritable(what: &Path, path: &Path) -> Result<(), Failure> {
    match temporary_beside(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::Refused(not_written(what, &error))),
    }
}

/// Writes a file by way of a temporary one beside it, so that an interruption leaves either the old
/// file or the new one.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_with(path, |file| file.write_all(bytes))
}

/// The same for what is written piece by piece.
pub(crate) fn write_with(
    path: &Path,
    write: impl FnOnce(&mut PendingFile) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut file = PendingFile::new(path)?;
    write(&mut file).map_err(|error| unwritten(path, &error))?;
    file.keep()
}

/// A file that is not there before it is kept.
pub(crate) struct PendingFile {
    path: PathBuf,
    file: io::BufWriter<NamedTempFile>,
}

impl PendingFile {
    /// A temporary file beside `path`.
    pub(crate) fn new(path: &Path) -> Result<PendingFile, Failure> {
        let file = temporary_beside(path).map_err(|error| unwritten(path, &error))?;
        Ok(PendingFile { path: path.to_owned(), file: io::BufWriter::new(file) })
    }

    /// Puts the file, whole, where it belongs.
    pub(crate) fn keep(self) -> Result<(), Failure> {
        let PendingFile { path, file } = self;
        let file = file.into_inner().map_err(|error| unwritten(&path, error.error()))?;
        file.as_file().sync_all().map_err(|error| unwritten(&path, &error))?;
        file.persist(&path).map_err(|error| unwritten(&path, &error.error))?;
        Ok(())
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file of another name in the same folder.
fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    tempfile::Builder::new()
        .prefix(".ninefold-")
        .permissions(permissions())
        .tempfile_in(folder.unwrap_or(Path::new(".")))
}

/// Says that a file could not be written.
pub(crate) fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::Unfinished(not_written(path, error))
}

fn not_written(path: &Path, error: &io::Error) -> String {
    // The error may name the temporary file, which nobody knows.
    let error = error.to_string();
    let problem = error.split_once(" at path ").map_or(error.as_str(), |(problem, _)| problem);
    format!("error: cannot write `{}`: {problem}\n", path.display())
}

/// What a new file may be done with: temporary files are private, results are not.
#[cfg(unix)]
fn permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o666)
}

#[cfg(not(unix))]
fn permissions() -> fs::Permissions {
    fs::metadata(".").map(|folder| folder.permissions()).expect("the current folder exists")
}

/// A topology's name as part of the name of a file, which never looks like an option.
pub(crate) fn file_stem(name: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' };
    let kept: String = name.chars().map(keep).collect();
    match kept.trim_start_matches('-') {
        "" => "unnamed".to_owned(),
        stem => stem.to_owned(),
    }
}
