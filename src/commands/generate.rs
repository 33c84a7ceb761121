//! `whymean completions` and `whymean man`.

use clap::{Command, CommandFactory};
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
    let command: Command = match verb {
        None => program,
        Some(verb) => {
            let found = program.find_subcommand(verb).cloned();
            let found = found.ok_or_else(|| UsageError::UnknownVerb { verb: verb.to_owned() })?;
            let name = format!("whymean-{}", found.get_name());
            found.name(name)
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|source| UsageError::Write { what: "the manual page".to_owned(), source })?;
    output::print(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Learned)
}
