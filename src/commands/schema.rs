//! `whymean schema`.

use schemars::schema_for;

use super::output;
use crate::{
    cli::Document,
    error::Exit,
    experiment::Experiment,
    judge::{Comparison, Diagnosis},
};

/// Prints the JSON schema of a document.
pub fn run(document: Document) -> miette::Result<Exit> {
    let schema = match document {
        Document::Diagnosis => schema_for!(Diagnosis),
        Document::Comparison => schema_for!(Comparison),
        Document::Experiment => schema_for!(Experiment),
    };
    output::print_json(&schema)?;
    Ok(Exit::Learned)
}
