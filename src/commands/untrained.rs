//! `whymean diagnose CONFIG --no-train`: what data and settings say by themselves.

use super::{Manner, output, runs};
use crate::{
    cli::DiagnoseArguments,
    data,
    error::Exit,
    experiment::{self, Probes, change},
    judge::{self, causes::Support},
    references, report,
    trial::{results, shared},
    verify::{self, Configuration},
};

/// Loads the data, trains the learners without a network, judges, and prints; writes a report only where `--out` says.
///
/// A likely cause ends with 1. Without one it ends with 0, since the verb did what it was asked; nobody has seen the network
/// learn, and the verdict is undecided either way.
pub fn run(arguments: &DiagnoseArguments, manner: Manner) -> miette::Result<Exit> {
    let (_, changes) = runs::changes(&arguments.training)?;
    let (experiment, config) = change::read_with(&arguments.subject, &changes)?;
    let out = arguments.training.out.as_deref();
    if let Some(dir) = out {
        results::may_draw(dir)?;
    }
    let dataset = data::load_planted(&experiment.data, &experiment.faults)?;
    data::check(&experiment, &dataset)?;
    let layers = experiment::layer_infos(&experiment.model, &dataset.input_shape, dataset.outputs.len())?;
    let wanted = experiment.diagnosis.references && experiment.diagnosis.probes != Probes::None;
    let references = wanted.then(|| references::train(&dataset, shared::SEED));
    // The judge never sees what was planted.
    let known = experiment.without_faults();
    let mut diagnosis = judge::before_training(&known, &dataset.summary, references.as_ref(), &layers);
    let configuration = Configuration::new(config.clone(), &arguments.subject, &experiment.name);
    verify::keep_applicable(&mut diagnosis, &configuration);
    let drawn = out.map(|dir| report::write_diagnosis(dir, &diagnosis, &[], &config, &runs::command_line()));
    let drawn = drawn.transpose();
    diagnosis.report = drawn.as_ref().ok().cloned().flatten();
    output::diagnosis(&diagnosis, manner)?;
    drawn?;
    let likely = diagnosis.causes.iter().any(|cause| cause.support == Support::Strong);
    Ok(if likely { Exit::NotLearned } else { Exit::Learned })
}
