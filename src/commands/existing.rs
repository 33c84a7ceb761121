//! Judging and drawing what is trained already: `whymean report DIR` and `whymean diagnose RUN-DIR`.

use std::{fs, path::Path};

use super::{
    Manner, compare, diagnose,
    gather::{Gathered, gather},
    prove,
    runs::{self, Deaths},
};
use crate::{
    cli::{DiagnoseArguments, ReportArguments},
    error::{Exit, UsageError},
    experiment::Experiment,
    record::store,
    trial::{
        folder,
        plan::{self, Plan},
        results,
    },
    verify::Configuration,
};

/// `whymean report DIR`.
pub fn draw_again(arguments: &ReportArguments, manner: Manner) -> miette::Result<Exit> {
    let plan = Plan::read(&arguments.dir)?;
    let out = arguments.out.as_ref().unwrap_or(&arguments.dir);
    draw(&arguments.dir, &plan, out, manner)
}

/// `whymean diagnose RUN-DIR`: the folder of a diagnosis, of one of its runs, or of a record.
pub fn judge_runs(arguments: &DiagnoseArguments, manner: Manner) -> miette::Result<Exit> {
    let dir = &arguments.subject;
    refuse_training(arguments, dir)?;
    if let Some(plan) = Plan::read_if_there(dir)? {
        return draw(dir, &plan, arguments.training.out.as_ref().unwrap_or(dir), manner);
    }
    let record = folder::record_dir(dir);
    let record = if record.is_dir() { &record } else { dir };
    let record = store::read(record)?;
    let experiment = &record.run.experiment;
    let plan = Plan::diagnosis(&experiment.name, &runs::command_line(), vec![record.run.seed]);
    let seed = record.run.seed.to_string();
    let out = match &arguments.training.out {
        Some(out) => out.clone(),
        None => Path::new("reports").join(plan::folder_name(experiment, &[("seed", &seed)])),
    };
    results::may_draw(&out)?;
    let config = resolved(experiment)?;
    let configuration = Configuration::new(config.clone(), Path::new(""), &experiment.name);
    let gathered = Gathered { cells: vec![(Vec::new(), vec![record])], missing: Vec::new() };
    let (diagnosis, records) = diagnose::judged(&plan, &gathered, &configuration);
    diagnose::draw(&plan, &gathered, diagnosis, &records, &out, &config, manner)
}

fn draw(dir: &Path, plan: &Plan, out: &Path, manner: Manner) -> miette::Result<Exit> {
    let gathered = gather(dir, plan, &Deaths::new())?;
    let path = dir.join("config.toml");
    let config = match fs::read_to_string(&path) {
        Ok(text) => text,
        // What the first run was trained with says the same, without the user's comments.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let first = gathered.cells.iter().flat_map(|(_, records)| records).next();
            first.map_or_else(|| Ok(String::new()), |record| resolved(&record.run.experiment))?
        }
        Err(source) => return Err(UsageError::Read { path, source }.into()),
    };
    results::refuse_links(out)?;
    let same = fs::canonicalize(out).is_ok_and(|out| fs::canonicalize(dir).is_ok_and(|dir| out == dir));
    if !same {
        results::may_draw(out)?;
    }
    if !plan.axes.is_empty() {
        return compare::judge_and_draw(plan, &gathered, out, &config, manner);
    }
    let configuration = Configuration::new(config.clone(), &path, &plan.name);
    let (diagnosis, records) = diagnose::judged(plan, &gathered, &configuration);
    let control = prove::Control { dir, plan, configuration: &configuration, records: &records };
    let mut diagnosis = prove::saved(diagnosis, &control);
    diagnosis.patched_config = prove::fixed_config_there(dir, &diagnosis);
    diagnose::draw(plan, &gathered, diagnosis, &records, out, &config, manner)
}

fn resolved(experiment: &Experiment) -> Result<String, UsageError> {
    toml::to_string(experiment).map_err(|error| UsageError::Write {
        what: "the configuration".to_owned(),
        source: std::io::Error::other(error),
    })
}

/// Options that would train mean nothing here, and are not passed over in silence.
fn refuse_training(arguments: &DiagnoseArguments, path: &Path) -> Result<(), UsageError> {
    let training = &arguments.training;
    let given = [
        ("--seeds", training.seeds.is_some()),
        ("--seed", training.seed.is_some()),
        ("--set", !training.set.is_empty()),
        ("--no-early-stop", training.no_early_stop),
        ("--resume", training.resume),
        ("--overwrite", training.overwrite),
        ("--budget", arguments.budget.is_some()),
        ("--no-fix", arguments.no_fix),
        ("--no-train", arguments.no_train),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(UsageError::NotForExistingRuns { option, path: path.to_owned() }),
        None => Ok(()),
    }
}
