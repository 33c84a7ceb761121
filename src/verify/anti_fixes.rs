//! Changes that hide a fault, or spend time on one that cannot pass by itself. They are refused whoever proposes them.

use crate::{
    experiment::{Activation, Experiment, Layer},
    judge::RunDiagnosis,
};

use super::counting::is_stuck;

/// A kind of change that repairs nothing.
pub struct AntiFix {
    /// What it is.
    pub name: &'static str,
    /// Why it is refused: a clause, lower case, no full stop.
    pub why: &'static str,
    /// Whether going from one experiment to the other, with these runs of the one, is such a change.
    is: fn(&Experiment, &Experiment, &[RunDiagnosis]) -> bool,
}

/// All of them.
pub const ALL: &[AntiFix] = &[
    AntiFix {
        name: "longer-when-stuck",
        why: "no number of epochs frees a run that is proved stuck",
        is: |before, after, runs| is_stuck(runs) && only_longer(before, after),
    },
    AntiFix {
        name: "clipped-predictions",
        why: "a narrower range of the output cuts predictions off and makes none of them better",
        is: |before, after, _| narrows(output_range(before), output_range(after)),
    },
    AntiFix {
        name: "forced-variance",
        why: "predictions that are stretched or shifted after the fact vary more and know no more",
        is: |before, after, _| plants(before, after, is_after_the_fact),
    },
    AntiFix {
        name: "planted-bug",
        why: "it plants a bug",
        is: |before, after, _| plants(before, after, |key| !is_after_the_fact(key)),
    },
    AntiFix {
        name: "another-measure",
        why: "it changes how the run is examined, and not the run",
        is: |before, after, _| before.diagnosis != after.diagnosis,
    },
    AntiFix {
        name: "another-seed",
        why: "another draw is luck: the same fault comes back with the next one",
        is: |before, after, _| before.seed != after.seed || before.data.seed != after.data.seed,
    },
    AntiFix {
        name: "easier-question",
        why: "other targets, or less noise on them, are another question",
        is: |before, after, _| before.data.source != after.data.source && !same_question(before, after),
    },
];

/// The anti-fix that leads from one experiment to the other, if one does.
pub fn refused(before: &Experiment, after: &Experiment, runs: &[RunDiagnosis]) -> Option<&'static AntiFix> {
    ALL.iter().find(|anti_fix| (anti_fix.is)(before, after, runs))
}

/// Whether it trains for longer and differs in nothing else that could set a run free.
fn only_longer(before: &Experiment, after: &Experiment) -> bool {
    let mut as_long = after.clone();
    as_long.training.epochs = before.training.epochs;
    after.training.epochs > before.training.epochs && as_long == *before
}

/// The activation that the predictions leave by.
fn output_range(experiment: &Experiment) -> (f64, f64) {
    let last = experiment.model.layers.iter().rev().find_map(|layer| match layer {
        Layer::Dense { activation, .. }
        | Layer::Conv2d { activation, .. }
        | Layer::BatchNorm { activation, .. }
        | Layer::Activation { activation } => Some(*activation),
        Layer::MaxPool2d { .. } | Layer::AvgPool2d { .. } | Layer::Flatten {} | Layer::Dropout { .. } => None,
    });
    match last.unwrap_or(Activation::Linear) {
        Activation::Linear | Activation::LeakyRelu => (f64::NEG_INFINITY, f64::INFINITY),
        Activation::Relu | Activation::Softplus => (0.0, f64::INFINITY),
        Activation::Elu => (-1.0, f64::INFINITY),
        // Its lowest point, at -0.7518.
        Activation::Gelu => (-0.17, f64::INFINITY),
        Activation::Tanh => (-1.0, 1.0),
        Activation::Sigmoid | Activation::Softmax => (0.0, 1.0),
    }
}

fn narrows(before: (f64, f64), after: (f64, f64)) -> bool {
    before != after && after.0 >= before.0 && after.1 <= before.1
}

/// Whether it is a fault that stretches or shifts what inference gives.
fn is_after_the_fact(key: &str) -> bool {
    key.starts_with("inference_output_")
}

/// Whether a fault of `[faults]` is planted that was not there.
fn plants(before: &Experiment, after: &Experiment, which: fn(&str) -> bool) -> bool {
    let keys = |experiment: &Experiment| serde_json::to_value(&experiment.faults).unwrap_or_default();
    let none = serde_json::to_value(crate::experiment::Faults::default()).unwrap_or_default();
    let (before, after) = (keys(before), keys(after));
    let planted = |key: &String| which(key) && after.get(key) != none.get(key) && after.get(key) != before.get(key);
    after.as_object().is_some_and(|keys| keys.keys().any(planted))
}

/// Whether the same targets are asked for, from the same samples or from more or other inputs of them.
fn same_question(before: &Experiment, after: &Experiment) -> bool {
    use crate::experiment::Source;
    match (&before.data.source, &after.data.source) {
        (Source::Table { path: was, targets: asked, .. }, Source::Table { path, targets, .. }) => {
            was == path && asked == targets
        }
        (
            Source::Function { formula: was, noise: noisy, inputs: drawn, .. },
            Source::Function { formula, noise, inputs, .. },
        ) => was == formula && noisy == noise && drawn == inputs,
        (Source::Boxes { noise: noisy, box_size: side, .. }, Source::Boxes { noise, box_size, .. }) => {
            noisy == noise && side == box_size
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::{Hold, State},
        verify::fake::{configuration, run},
    };

    /// What is said of a change of the fixture's configuration, of which one run is stuck or not.
    fn said(change: &str, stuck: bool) -> Option<&'static str> {
        let configuration = configuration();
        let before = configuration.experiment(&[]).expect("the fixture");
        let after = configuration.experiment(&[change.parse().expect("a change")]).expect("it can be made");
        let mut run = run(0, State::Collapsed);
        run.hold = Some(if stuck { Hold::Stuck } else { Hold::Plateau });
        refused(&before, &after, &[run]).map(|anti_fix| anti_fix.name)
    }

    #[test]
    fn each_is_refused() {
        assert_eq!(said("training.epochs=600", true), Some("longer-when-stuck"));
        assert_eq!(said("model.output_activation=tanh", false), Some("clipped-predictions"));
        assert_eq!(said("model.output_activation=relu", false), Some("clipped-predictions"));
        assert_eq!(said("faults.inference_output_factor=5", false), Some("forced-variance"));
        assert_eq!(said("faults.targets=shuffled", false), Some("planted-bug"));
        assert_eq!(said("diagnosis.references=false", false), Some("another-measure"));
        assert_eq!(said("seed=7", false), Some("another-seed"));
        assert_eq!(said("data.seed=7", false), Some("another-seed"));
        assert_eq!(said("data.noise=0", false), Some("easier-question"));
        assert_eq!(said("data.formula=sum", false), Some("easier-question"));
        let names: std::collections::BTreeSet<&str> = ALL.iter().map(|anti_fix| anti_fix.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn repairs_are_not() {
        for change in [
            "training.optimiser.lr=0.001",
            "training.loss=mae",
            "model.activation=leaky_relu",
            "model.init=keras",
            "data.scale_inputs=standard",
            "data.scale_targets=standard",
            "data.train_samples=2000",
            "faults.loss_shapes=equal",
        ] {
            assert_eq!(said(change, true), None, "{change}");
        }
        assert_eq!(said("training.epochs=600", false), None, "a plateau may be left");
        assert_eq!(said("training.epochs=1", true), None);
    }

    #[test]
    fn a_bounded_output_may_be_opened_and_a_planted_bug_taken_out() {
        let configuration = configuration();
        let with = |changes: &[&str]| {
            let changes: Vec<_> = changes.iter().map(|change| change.parse().expect("a change")).collect();
            configuration.experiment(&changes).expect("it can be made")
        };
        let sigmoid = with(&["model.output_activation=sigmoid", "faults.gradients=negated"]);
        for open in ["tanh", "linear", "relu"] {
            let opened = with(&[&format!("model.output_activation={open}")]);
            assert!(refused(&sigmoid, &opened, &[]).is_none(), "{open}");
        }
        let other = with(&["model.output_activation=sigmoid", "faults.gradients=accumulated"]);
        assert_eq!(refused(&sigmoid, &other, &[]).map(|anti_fix| anti_fix.name), Some("planted-bug"));
    }
}
