//! The command line: arguments in, library calls, text out.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
