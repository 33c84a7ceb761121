//! `whymean diagnose CONFIG`.

use std::path::Path;

use super::{
    Manner,
    gather::{Gathered, gather},
    output, prove, runs,
};
use crate::{
    cli::DiagnoseArguments,
    error::Exit,
    experiment::{change, change::Change},
    judge::{self, Diagnosis},
    record::Record,
    report,
    trial::plan::{self, Plan},
    verify::{self, Configuration},
};

/// Trains, judges, proves and reports.
pub fn run(arguments: &DiagnoseArguments, manner: Manner) -> miette::Result<Exit> {
    let (set, changes) = runs::changes(&arguments.training)?;
    let (experiment, config) = change::read_with(&arguments.subject, &changes)?;
    let settings: Vec<(&str, &str)> = set.iter().map(|Change { path, to }| (path.as_str(), to.as_str())).collect();
    let dir = match &arguments.training.out {
        Some(out) => out.clone(),
        None => Path::new("reports").join(plan::folder_name(&experiment, &settings)),
    };
    let plan = Plan::diagnosis(&experiment.name, &runs::command_line(), runs::seeds(&experiment)?);
    let configuration = Configuration::new(config.clone(), &arguments.subject, &experiment.name);
    let mut trained =
        runs::train(&dir, &plan, (&arguments.subject, &config), &[experiment], &arguments.training, manner)?;
    let gathered = gather(&dir, &plan, &trained.deaths)?;
    let (mut diagnosis, records) = judged(&plan, &gathered, &configuration);
    let control = prove::Control { dir: &dir, plan: &plan, configuration: &configuration, records: &records };
    diagnosis = prove::tried(diagnosis, &control, arguments, &mut trained, manner)?;
    diagnosis.patched_config = prove::write_fixed_config(&dir, &configuration, &diagnosis)?;
    draw(&plan, &gathered, diagnosis, &records, &dir, &config, manner)
}

/// Judges the records of a diagnosis; proposes what can be changed in the configuration.
pub fn judged(plan: &Plan, gathered: &Gathered, configuration: &Configuration) -> (Diagnosis, Vec<Record>) {
    let records: Vec<Record> = gathered.cells.iter().flat_map(|(_, records)| records).cloned().collect();
    let mut diagnosis = judge::diagnose(&plan.name, &records);
    verify::keep_applicable(&mut diagnosis, configuration);
    diagnosis.not_examined.extend(gathered.missing.iter().cloned());
    (diagnosis, records)
}

/// Writes the report of a diagnosis into `dir`, and prints it.
pub fn draw(
    plan: &Plan,
    gathered: &Gathered,
    mut diagnosis: Diagnosis,
    records: &[Record],
    dir: &Path,
    config: &str,
    manner: Manner,
) -> miette::Result<Exit> {
    // What was found out is said even when it cannot be drawn.
    let drawn = report::write_diagnosis(dir, &diagnosis, records, config, &plan.command);
    diagnosis.report = drawn.as_ref().ok().cloned();
    let exit = output::diagnosis(&diagnosis, manner)?;
    drawn?;
    Ok(gathered.exit(exit))
}
