//! Sections of what was measured beside the runs: a table each; what it says stands among the evidence.

use serde::Serialize;

use crate::judge::Diagnosis;
use crate::report::{measured_tables, words};

use super::tables;

/// A section with a table.
#[derive(Serialize)]
pub struct Measured {
    id: &'static str,
    title: &'static str,
    table: tables::Table,
}

/// What is attainable, and where the information ends; what was not measured has no section.
pub fn of(diagnosis: &Diagnosis) -> Vec<Measured> {
    let Some(run) = words::representative(diagnosis) else { return Vec::new() };
    let section = |id, title, table| Measured { id, title, table: tables::measured(table) };
    let attainable = measured_tables::attainable(diagnosis);
    let attainable = attainable.map(|table| section("attainable", "What is attainable", table));
    let information = measured_tables::information(run);
    let title = measured_tables::information_title(run);
    let information = information.map(|table| section("information", title, table));
    attainable.into_iter().chain(information).collect()
}
