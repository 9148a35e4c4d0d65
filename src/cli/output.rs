//! Files: written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Failure;

/// Makes a folder for results, and those that it stands in.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| {
        let folder = folder.display();
        Failure::Refused(format!("error: cannot make the folder `{folder}`: {error}\n"))
    })
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
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let file = tempfile::Builder::new()
            .prefix(".ninefold-")
            .permissions(permissions())
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| unwritten(path, &error))?;
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

/// Says that a file could not be written.
pub(crate) fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::Unfinished(format!("error: cannot write `{}`: {error}\n", path.display()))
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

/// A topology's name as part of the name of a file.
pub(crate) fn file_stem(name: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' };
    name.chars().map(keep).collect()
}
