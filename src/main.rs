//! The program: parses the command line, does what it says, turns the end into an exit code.

use std::process::ExitCode;

use clap::Parser;
use whymean::{cli::Cli, commands, error::Exit};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => {
            // Help and version are answers, too; whoever reads them may be gone (`| head`).
            let _ = answer.print();
            let usage_is_wrong = answer.use_stderr();
            return if usage_is_wrong { Exit::CouldNotRun } else { Exit::Learned }.into();
        }
    };
    match commands::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            anstream::eprintln!("{error:?}");
            Exit::CouldNotRun.into()
        }
    }
}
