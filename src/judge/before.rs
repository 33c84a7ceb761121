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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::Moments,
        experiment::{Activation, Layer},
        judge::synthetic::{Synthetic, reference},
    };

    fn dense(activation: Activation) -> Layer {
        Layer::Dense { units: Some(1), activation, bias: true, init: None }
    }

    fn usual() -> Synthetic {
        let hidden = Layer::Dense { units: Some(32), activation: Activation::Relu, bias: true, init: None };
        Synthetic::new().inputs(&[4]).network(&[hidden, dense(Activation::Linear)]).references(&[reference(0.8, 1e-12)])
    }

    fn before(of: &Synthetic) -> Diagnosis {
        let run = of.run();
        before_training(&run.experiment, &run.data, run.references.as_ref(), &run.layers)
    }

    fn ids(diagnosis: &Diagnosis) -> Vec<&str> {
        diagnosis.causes.iter().map(|cause| cause.id.as_str()).collect()
    }

    #[test]
    fn usual_settings_are_accused_of_nothing() {
        let found = before(&usual());
        assert_eq!(ids(&found), [""; 0]);
        insta::assert_snapshot!(found.verdict.summary, @"Not trained. Nothing in the data or the settings speaks against learning.");
        let mut ruled_out: Vec<&str> = found.ruled_out.iter().map(|cause| cause.id.as_str()).collect();
        ruled_out.sort_unstable();
        insta::assert_snapshot!(ruled_out.join(" "), @"bad-init batchnorm-mode inputs-not-scaled l1-median loss-mismatch no-signal output-activation over-regularised targets-not-scaled vanishing-gradient zero-inflated");
    }

    #[test]
    fn one_thing_and_two_that_may_be_wrong() {
        let one = before(&usual().column(0, 128.0, 70.0));
        assert_eq!(ids(&one), ["inputs-not-scaled"]);
        insta::assert_snapshot!(one.verdict.summary, @"Not trained. One thing in the data or the settings may keep the network from learning.");
        // Within reach of the bias in the steps that are planned.
        let off = Moments { mean: 25.0, std: 4.0, min: 10.0, max: 40.0 };
        let two = before(&usual().column(0, 128.0, 70.0).target(off));
        assert_eq!(ids(&two), ["inputs-not-scaled", "targets-not-scaled"]);
        insta::assert_snapshot!(two.verdict.summary, @"Not trained. 2 things in the data and the settings may keep the network from learning.");
    }

    #[test]
    fn what_is_likely_is_named() {
        let far = Moments { mean: 500.0, std: 90.0, min: 100.0, max: 900.0 };
        let found = before(
            &usual()
                .network(&[dense(Activation::Linear), dense(Activation::Sigmoid)])
                .target(far)
                .with(|run| run.data.columns[1].non_finite = 3),
        );
        insta::assert_snapshot!(found.verdict.summary, @"Not trained. From data and settings alone the network is not likely to learn: `data-bug`, `output-activation`, `targets-not-scaled`.");
        assert!(found.causes.iter().zip(1..).all(|(cause, rank)| cause.rank == rank));
        let changes =
            |id: &str| found.causes.iter().find(|cause| cause.id == id).map_or(0, |cause| cause.changes.len());
        assert!(changes("output-activation") > 0 && changes("data-bug") > 0);
    }

    #[test]
    fn nothing_is_said_of_a_training_that_was_not() {
        let found = before(&usual().certificate().with(|run| run.data.columns[1].non_finite = 3));
        assert_eq!((found.verdict.state, found.verdict.hold, found.verdict.share), (State::Undecided, None, None));
        assert!(found.runs.is_empty() && found.outputs.is_empty() && found.verification.is_none());
        assert_eq!(found.not_examined.len(), 1);
        let unmeasured = ["dead-relu", "lr-too-high", "lr-too-low", "undertrained", "exploding-nan", "wrong-gradient"];
        assert!(ids(&found).iter().all(|id| !unmeasured.contains(id)), "{:?}", ids(&found));
        // And the document survives JSON.
        let text = serde_json::to_string(&found).expect("plain data");
        assert_eq!(serde_json::from_str::<Diagnosis>(&text).expect("its own text"), found);
    }

    #[test]
    fn data_of_nothing_get_an_answer() {
        let nothing = usual().with(|run| {
            (run.data.columns, run.data.targets, run.layers) = (Vec::new(), Vec::new(), Vec::new());
            run.references = None;
        });
        assert_eq!(ids(&before(&nothing)), [""; 0]);
    }
}
