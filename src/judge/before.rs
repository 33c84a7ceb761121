//! What data and settings alone say, before anything is trained.

use super::{
    Diagnosis, SCHEMA, State, Verdict,
    causes::{Case, Support, causes_of},
};
use crate::{data::Summary, experiment::Experiment, record::LayerInfo, references::References};

/// The causes that can be told before training, of an experiment with its data; `references` where they were trained.
///
/// The verdict is undecided and there are no runs.
pub fn before_training(
    experiment: &Experiment,
    data: &Summary,
    references: Option<&References>,
    layers: &[LayerInfo],
) -> Diagnosis {
    let case = Case::before_training(experiment, data, references, layers);
    let (causes, ruled_out) = causes_of(&[case]);
    let likely: Vec<String> =
        causes.iter().filter(|cause| cause.support == Support::Strong).map(|cause| format!("`{}`", cause.id)).collect();
    let possible = causes.len() - likely.len();
    let summary = match (likely.as_slice(), possible) {
        ([], 0) => "Not trained. Nothing in the data or the settings speaks against learning.".to_owned(),
        ([], 1) => "Not trained. One thing in the data or the settings may keep the network from learning.".to_owned(),
        ([], some) => {
            format!("Not trained. {some} things in the data and the settings may keep the network from learning.")
        }
        (likely, _) => {
            format!(
                "Not trained. From data and settings alone the network is not likely to learn: {}.",
                likely.join(", ")
            )
        }
    };
    Diagnosis {
        schema: SCHEMA,
        name: experiment.name.clone(),
        verdict: Verdict { state: State::Undecided, hold: None, constant: None, share: None, summary },
        outputs: Vec::new(),
        runs: Vec::new(),
        references: references.cloned(),
        causes,
        ruled_out,
        verification: None,
        patched_config: None,
        not_examined: vec!["everything that only a training shows: nothing was trained".to_owned()],
        report: None,
    }
}
