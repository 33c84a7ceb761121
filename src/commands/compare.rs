//! `whymean compare CONFIG --vary PATH=V1,V2`.

use std::path::Path;

use super::{
    Manner,
    gather::{Gathered, gather},
    output, runs,
};
use crate::{
    cli::CompareArguments,
    error::{Exit, UsageError},
    experiment::{change, change::Change},
    judge::{self, Axis},
    report,
    trial::plan::{self, Plan},
};

/// Trains every combination, judges and reports.
pub fn run(arguments: &CompareArguments, manner: Manner) -> miette::Result<Exit> {
    let axis = |text: &String| plan::parse_axis(text).map_err(|why| UsageError::Axis { text: text.clone(), why });
    let axes = arguments.vary.iter().map(axis).collect::<Result<Vec<Axis>, _>>()?;
    if let Some((at, axis)) =
        axes.iter().enumerate().find(|(at, axis)| axes[..*at].iter().any(|other| other.path == axis.path))
    {
        let why = format!("`{}` is there twice; give all its values at once", axis.path);
        return Err(UsageError::Axis { text: arguments.vary[at].clone(), why }.into());
    }
    runs::refuse_contradictions(&arguments.training, &axes)?;
    let (set, changes) = runs::changes(&arguments.training)?;
    let (base, config) = change::read_with(&arguments.config, &changes)?;
    let settings: Vec<(&str, &str)> = set.iter().map(|Change { path, to }| (path.as_str(), to.as_str())).collect();
    let dir = match &arguments.training.out {
        Some(out) => out.clone(),
        None => Path::new("reports").join(plan::comparison_folder_name(&base, &settings, &axes)),
    };
    let plan = Plan::comparison(&base.name, &runs::command_line(), axes, runs::seeds(&base)?);
    let mut experiments = Vec::new();
    for cell in &plan.cells {
        let varied =
            plan.axes.iter().zip(&cell.values).map(|(axis, to)| Change { path: axis.path.clone(), to: to.clone() });
        let all: Vec<Change> = changes.iter().cloned().chain(varied).collect();
        experiments.push(change::read_with(&arguments.config, &all)?.0);
    }
    if let Some((one, other)) = plan.same_settings(&experiments) {
        return Err(UsageError::SameSettings { one: plan.words(one), other: plan.words(other) }.into());
    }
    let trained = runs::train(&dir, &plan, (&arguments.config, &config), &experiments, &arguments.training, manner)?;
    let gathered = gather(&dir, &plan, &trained.deaths)?;
    judge_and_draw(&plan, &gathered, &dir, &config, manner)
}

/// Judges the records of a comparison, writes its report into `dir`, and prints it.
pub fn judge_and_draw(
    plan: &Plan,
    gathered: &Gathered,
    dir: &Path,
    config: &str,
    manner: Manner,
) -> miette::Result<Exit> {
    let mut comparison = judge::compare(&plan.name, &plan.axes, &gathered.cells);
    comparison.not_examined.extend(gathered.missing.iter().cloned());
    // What was found out is said even when it cannot be drawn.
    let drawn = report::write_comparison(dir, &comparison, &gathered.cells, config, &plan.command);
    comparison.report = drawn.as_ref().ok().cloned();
    let exit = output::comparison(&comparison, manner)?;
    drawn?;
    Ok(gathered.exit(exit))
}
