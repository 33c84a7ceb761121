//! `whymean diagnose CONFIG`.

use std::path::Path;

use super::{
    Manner,
    gather::{Gathered, gather},
    output, runs,
};
use crate::{
    cli::DiagnoseArguments,
    error::Exit,
    experiment::{change, change::Change},
    judge, report,
    trial::plan::{self, Plan},
};

/// Trains, judges and reports.
pub fn run(arguments: &DiagnoseArguments, manner: Manner) -> miette::Result<Exit> {
    let (set, changes) = runs::changes(&arguments.training)?;
    let (experiment, config) = change::read_with(&arguments.subject, &changes)?;
    let settings: Vec<(&str, &str)> = set.iter().map(|Change { path, to }| (path.as_str(), to.as_str())).collect();
    let dir = match &arguments.training.out {
        Some(out) => out.clone(),
        None => Path::new("reports").join(plan::folder_name(&experiment, &settings)),
    };
    let plan = Plan::diagnosis(&experiment.name, &runs::command_line(), runs::seeds(&experiment)?);
    let deaths = runs::train(&dir, &plan, (&arguments.subject, &config), &[experiment], &arguments.training, manner)?;
    let gathered = gather(&dir, &plan, &deaths)?;
    judge_and_draw(&plan, &gathered, &dir, &config, manner)
}

/// Judges the records of a diagnosis, writes its report into `dir`, and prints it.
pub fn judge_and_draw(
    plan: &Plan,
    gathered: &Gathered,
    dir: &Path,
    config: &str,
    manner: Manner,
) -> miette::Result<Exit> {
    let records: Vec<_> = gathered.cells.iter().flat_map(|(_, records)| records).cloned().collect();
    let mut diagnosis = judge::diagnose(&plan.name, &records);
    diagnosis.not_examined.extend(gathered.missing.iter().cloned());
    // What was found out is said even when it cannot be drawn.
    let drawn = report::write_diagnosis(dir, &diagnosis, &records, config, &plan.command);
    diagnosis.report = drawn.as_ref().ok().cloned();
    let exit = output::diagnosis(&diagnosis, manner)?;
    drawn?;
    Ok(gathered.exit(exit))
}
