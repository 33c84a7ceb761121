//! Results on standard output.

use std::io::{self, Write};

use serde::Serialize;

use super::Manner;
use crate::{
    cli::Format,
    error::{Exit, UsageError},
    judge::{Comparison, Diagnosis, State},
    report::{markdown, text},
};

/// Prints text; a reader that has gone away (`| head`) is no error.
pub fn print(text: &str) -> miette::Result<()> {
    let mut stdout = anstream::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let written = write!(stdout, "{text}{end}").and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(UsageError::Write { what: "standard output".to_owned(), source: error }.into())
        }
        _ => Ok(()),
    }
}

/// Prints one JSON document.
pub fn print_json<T: Serialize>(value: &T) -> miette::Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| UsageError::Write { what: "JSON".to_owned(), source: io::Error::other(error) })?;
    print(&text)
}

/// Prints a diagnosis; what it means for scripts.
pub fn diagnosis(diagnosis: &Diagnosis, manner: Manner) -> miette::Result<Exit> {
    match manner.format {
        Format::Text => print(&text::diagnosis(diagnosis))?,
        Format::Json => print_json(diagnosis)?,
        Format::Markdown => print(&markdown::diagnosis(diagnosis))?,
    }
    Ok(match diagnosis.verdict.state {
        State::Learned => Exit::Learned,
        State::Unpredictable
        | State::Undertrained
        | State::Memorised
        | State::Shrunk
        | State::Partial
        | State::Mismatch
        | State::Collapsed
        | State::Diverged
        | State::Undecided => Exit::NotLearned,
    })
}

/// Prints a comparison; what it means for scripts: whether some setting learned with every seed.
pub fn comparison(comparison: &Comparison, manner: Manner) -> miette::Result<Exit> {
    match manner.format {
        Format::Text => print(&text::comparison(comparison))?,
        Format::Json => print_json(comparison)?,
        Format::Markdown => print(&markdown::comparison(comparison))?,
    }
    let learned = comparison
        .cells
        .iter()
        .any(|cell| !cell.runs.is_empty() && cell.runs.iter().all(|run| run.state == State::Learned));
    Ok(if learned { Exit::Learned } else { Exit::NotLearned })
}

/// A line on standard error, unless the user wants quiet.
pub fn note(manner: Manner, line: &str) {
    if !manner.quiet {
        anstream::eprintln!("{line}");
    }
}

/// An error that does not end the call, on standard error.
pub fn warn(error: miette::Report) {
    anstream::eprintln!("{error:?}");
}
