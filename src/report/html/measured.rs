//! Sections of what was measured beside the runs: a sentence and a table each.

use minijinja::Value;
use serde::Serialize;

use crate::judge::Diagnosis;
use crate::report::{measured_tables, words};

use super::{found, tables};

/// A section with a sentence and a table.
#[derive(Serialize)]
pub struct Measured {
    id: &'static str,
    title: &'static str,
    sentence: Value,
    table: tables::Table,
}

/// What is attainable, and where the information ends; what was not measured has no section.
pub fn of(diagnosis: &Diagnosis) -> Vec<Measured> {
    let Some(run) = words::representative(diagnosis) else { return Vec::new() };
    let section = |id, title, evidence, table| Measured {
        id,
        title,
        sentence: found::sentence(evidence, run, diagnosis),
        table: tables::measured(table),
    };
    let attainable = measured_tables::attainable(diagnosis);
    let attainable = attainable.map(|table| section("attainable", "What is attainable", "reference", table));
    let information = measured_tables::information(run);
    let title = measured_tables::information_title(run);
    let information = information.map(|table| section("information", title, "read-out", table));
    attainable.into_iter().chain(information).collect()
}
