//! Files: written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

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
