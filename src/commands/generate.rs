//! `whymean completions` and `whymean man`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::output;
use crate::{
    cli::Cli,
    error::{Exit, UsageError},
};

/// Prints the completion script of a shell.
pub fn completions(shell: Shell) -> miette::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "whymean", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Learned)
}

/// Prints the manual page of the program, or of one verb.
pub fn manual(verb: Option<&str>) -> miette::Result<Exit> {
    let mut program = Cli::command();
    program.build();
    // Built, the verbs know their full names: `whymean-diagnose` for the page, `whymean diagnose` for its synopsis.
    let command = match verb {
        None => program,
        Some(verb) => {
            program.find_subcommand(verb).cloned().ok_or_else(|| UsageError::UnknownVerb { verb: verb.to_owned() })?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|source| UsageError::Write { what: "the manual page".to_owned(), source })?;
    output::print(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Learned)
}
