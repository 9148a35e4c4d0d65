//! `ninefold completions` and `ninefold man`: the arguments, as shells and manuals want them.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::output::Folder;
use super::{Arguments, Failure, Outcome, put};

/// Print what a shell needs to complete the arguments of this program.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let mut command = Arguments::command();
        let name = command.get_name().to_owned();
        // In memory first: the generator panics where a pipe is closed.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        put(&String::from_utf8_lossy(&script))?;
        Ok(Outcome::Met)
    }
}

/// Print the manual page of this program, or write one page a command into a folder.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write the pages of the program and of each of its commands into this folder instead, as
    /// `ninefold.1`, `ninefold-simulate.1` and so on.
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        // The command `help` has no page: `--help` says the same.
        let mut command = Arguments::command().disable_help_subcommand(true);
        command.build();
        let Some(folder) = self.out else {
            put(&String::from_utf8_lossy(&page(command)?.1))?;
            return Ok(Outcome::Met);
        };
        let mut folder = Folder::make(&folder)?;
        let commands: Vec<clap::Command> = command.get_subcommands().cloned().collect();
        for command in commands.into_iter().chain([command]) {
            let (name, page) = page(command)?;
            folder.write(name, &page)?;
        }
        Ok(Outcome::Met)
    }
}

/// The page of a command, and the name of its file.
fn page(command: clap::Command) -> Result<(String, Vec<u8>), Failure> {
    let man = clap_mangen::Man::new(command);
    let mut page = Vec::new();
    man.render(&mut page)?;
    Ok((man.get_filename(), page))
}
