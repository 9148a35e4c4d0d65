//! Lives and outages as files of rows, all of them from one more run.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ninefold::measure::Life;
use ninefold::report::{RowFormat, RowWriter, RowsOf};
use ninefold::run::RunError;
use ninefold::{Plan, Progress, System};

use super::Failure;
use super::output::{PendingFile, unwritten};

/// A file of rows that somebody asked for.
#[derive(Clone, Debug)]
pub(crate) struct RowFile {
    path: PathBuf,
    of: RowsOf,
    format: RowFormat,
}

impl RowFile {
    /// One whose format the ending of its name says.
    pub(crate) fn by_ending(path: &Path, of: RowsOf) -> Result<RowFile, Failure> {
        let format = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => RowFormat::Csv,
            Some("parquet") => RowFormat::Parquet,
            _ => {
                return Err(Failure::Refused(format!(
                    "error: `{}` says not in which format: name it `.csv` or `.parquet`\n",
                    path.display()
                )));
            }
        };
        refuse_what_is_not_built_in(format)?;
        Ok(RowFile { path: path.to_owned(), of, format })
    }

    /// The two Parquet files of a system in a folder.
    pub(crate) fn both_as_parquet(folder: &Path, stem: &str) -> [RowFile; 2] {
        [(RowsOf::Lives, "lives"), (RowsOf::Outages, "outages")].map(|(of, name)| RowFile {
            path: folder.join(format!("{stem}-{name}.parquet")),
            of,
            format: RowFormat::Parquet,
        })
    }

    /// Where it is to be.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Refuses a format that this program was built without.
pub(crate) fn refuse_what_is_not_built_in(format: RowFormat) -> Result<(), Failure> {
    if format.is_built_in() {
        return Ok(());
    }
    Err(Failure::Refused(
        "error: this program was built without Parquet; `cargo install --path . --features parquet` \
         builds it with it\n"
            .to_owned(),
    ))
}

/// Whether a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Every file is there.
    All,
    /// It was interrupted, and no file is there.
    Nothing,
}

/// Writes files of rows of all lives of a plan, by running it once more.
pub(crate) fn write_rows(
    files: &[RowFile],
    system: &System,
    plan: &Plan,
    refused: impl Fn(&RunError) -> Failure,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Written, Failure> {
    if files.is_empty() {
        return Ok(Written::All);
    }
    let named = (system.topology(), system.model());
    let mut writers = Vec::new();
    for file in files {
        let pending = PendingFile::new(&file.path)?;
        let writer = RowWriter::new(file.of, file.format, pending, named, plan.warm_up);
        writers.push(writer.map_err(|error| unwritten(&file.path, &error))?);
    }
    let mut problem: Option<(usize, io::Error)> = None;
    let each = |life: &Life| {
        for (index, writer) in writers.iter_mut().enumerate() {
            if problem.is_none() {
                problem = writer.add(life).err().map(|error| (index, error));
            }
        }
    };
    let mut is_stopped = false;
    let run = system.outages(plan, each, &mut |so_far| {
        let go_on = progress(so_far);
        is_stopped = go_on.is_break() && so_far.replications < so_far.most;
        go_on
    });
    run.map_err(|error| refused(&error))?;
    if let Some((index, error)) = problem {
        return Err(unwritten(&files[index].path, &error));
    }
    if is_stopped {
        return Ok(Written::Nothing);
    }
    for (file, writer) in files.iter().zip(writers) {
        writer.finish().map_err(|error| unwritten(&file.path, &error))?.keep()?;
    }
    Ok(Written::All)
}
