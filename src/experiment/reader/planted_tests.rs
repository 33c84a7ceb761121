//! Tests of [`super`]: planted bugs, and settings that are as odd as bugs.

use super::{
    tests::{SHORTEST, mistakes, parsed},
    *,
};
use crate::experiment::{
    Activation, BiasInit, Faults, GradientFault, Init, Layer, LossShapes, TargetFault, TrainingMode, WeightInit,
};

/// Each fault alone, each of its values once; and all together.
pub(super) fn planted() -> Vec<Faults> {
    let none = Faults::default;
    let (targets, gradients) = (
        [
            TargetFault::Shuffled,
            TargetFault::ShiftedByOne,
            TargetFault::ShuffledEachEpoch,
            TargetFault::ShuffledValidation,
        ],
        [GradientFault::Negated, GradientFault::Accumulated, GradientFault::Reversed],
    );
    let shapes = [LossShapes::ColumnAgainstVector, LossShapes::RowAgainstColumn];
    let mut planted: Vec<Faults> = targets.map(|targets| Faults { targets, ..none() }).into();
    planted.extend(gradients.map(|gradients| Faults { gradients, ..none() }));
    planted.extend(shapes.map(|loss_shapes| Faults { loss_shapes, ..none() }));
    planted.extend([
        Faults { replaced_fraction: 0.25, replaced_value: -1.5, ..none() },
        Faults { nan_fraction: 1.0, ..none() },
        Faults { untrained_layers: vec!["dense_1".into(), "dense_2".into()], ..none() },
        Faults { detached_layer: "dense_1".into(), ..none() },
        Faults { training_mode: TrainingMode::Eval, ..none() },
        Faults { inference_input_factor: 255.0, inference_input_shift: -1.0, ..none() },
        Faults { inference_output_factor: 0.0, inference_output_shift: 3.0, ..none() },
    ]);
    planted
}

#[test]
fn faults_left_out_are_none() {
    assert!(parsed(SHORTEST).faults.is_none());
    assert!(parsed(&format!("{SHORTEST}[faults]\n")).faults.is_none());
    let said =
        "[faults]\ntargets = \"aligned\"\nloss_shapes = \"equal\"\nuntrained_layers = []\ninference_input_factor = 1\n";
    assert!(parsed(&format!("{SHORTEST}{said}")).faults.is_none());
    let one = parsed(&format!("{SHORTEST}[faults]\nuntrained_layers = \"dense_2\"\n"));
    assert_eq!(one.faults.untrained_layers, ["dense_2"]);
    // What is planted is part of the experiment, and not of what judge and report see.
    assert_ne!(one.hash(), parsed(SHORTEST).hash());
    assert_eq!(one.without_faults(), parsed(SHORTEST));
}

#[test]
fn faults_are_switched_off_in_a_text_with_and_without_the_table() {
    use crate::experiment::{Change, change::apply};
    let off: Change = "faults.loss_shapes=equal".parse().expect("a change");
    for table in ["", "[faults]\n", "[faults]\nloss_shapes = \"row_against_column\" # planted\n"] {
        let text = format!("{SHORTEST}{table}");
        let changed = apply(&text, "config.toml", std::slice::from_ref(&off)).expect("it can be applied");
        assert!(parsed(&changed).faults.is_none(), "{changed}");
        assert!(changed.contains("[faults]\nloss_shapes = \"equal\""), "{changed}");
    }
    let inline = format!("faults = {{ loss_shapes = \"row_against_column\", nan_fraction = 0.1 }}\n{SHORTEST}");
    let changed = parsed(&apply(&inline, "config.toml", &[off]).expect("it can be applied"));
    assert_eq!(changed.faults, Faults { nan_fraction: 0.1, ..Faults::default() });
}

#[test]
fn a_layer_starts_as_all_do_where_it_does_not_say() {
    let layers = |init: &str, own: &str| {
        let text = format!(
            "[data]\nsource = \"function\"\nformula = \"sum\"\n[model]\nlayers = [{{ type = \"dense\", units = 2, init = {own} }}, \"dense\"]\n{init}"
        );
        parsed(&text).model.layers
    };
    let own = |layers: &[Layer]| match layers {
        [Layer::Dense { init: Some(init), .. }, Layer::Dense { init: None, .. }] => *init,
        other => panic!("{other:?}"),
    };
    let all = "init = { weights = \"he_normal\", gain = 2, bias = \"zeros\" }";
    let he = Init { weights: WeightInit::HeNormal {}, gain: 2.0, bias: BiasInit::Zeros {} };
    assert_eq!(own(&layers(all, "{}")), he);
    assert_eq!(own(&layers(all, "{ gain = 3 }")), Init { gain: 3.0, ..he });
    assert_eq!(
        own(&layers(all, "{ bias = { kind = \"constant\", value = -5 } }")),
        Init { bias: BiasInit::Constant { value: -5.0 }, ..he }
    );
    // A word stands for all three.
    let keras = Init { weights: WeightInit::GlorotUniform {}, gain: 1.0, bias: BiasInit::Zeros {} };
    assert_eq!(own(&layers(all, "\"keras\"")), keras);
    let pytorch = Init { weights: WeightInit::PytorchUniform {}, gain: 1.0, bias: BiasInit::PytorchUniform {} };
    assert_eq!(own(&layers("", "{ gain = 0 }")), Init { gain: 0.0, ..pytorch });
}

/// Faults that people have are no mistakes of the file.
#[test]
fn odd_but_possible_settings_are_let_through() {
    let softmax = parsed(&format!("{SHORTEST}output_activation = \"softmax\"\n[training]\nloss = \"cross_entropy\"\n"));
    assert_eq!(softmax.model.layers[1].activation(), Some(Activation::Softmax));
    let data = "[data]\nsource = \"function\"\nformula = \"sum\"\ntrain_samples = 33\n";
    let normed =
        |training: &str| format!("{data}[model]\nlayers = [\"batch_norm\", \"dense\"]\n[training]\n{training}\n");
    assert_eq!(mistakes(&normed("batch_size = 32")).len(), 1);
    for training in ["batch_size = 32\ndrop_last = true", "batch_size = 64\ndrop_last = true", "batch_size = 33"] {
        parsed(&normed(training));
    }
}

/// The list of names and their enums are the same: a name that is missing could not be written.
#[test]
fn names_of_activations_are_those_of_the_enum() {
    for (name, activation) in model::ACTIVATIONS {
        assert_eq!(*name, activation.name());
    }
}
