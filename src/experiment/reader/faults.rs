//! `[faults]`.

use std::ops::Range;

use super::{
    data::{Names, names},
    fields::{Fields, Walk},
    limits,
};
use crate::experiment::{
    Experiment, Faults, GradientFault, LossShapes, TargetFault, TrainingMode, shapes::layer_names,
};

const TARGETS: &[(&str, TargetFault)] = &[
    ("aligned", TargetFault::Aligned),
    ("shuffled", TargetFault::Shuffled),
    ("shifted_by_one", TargetFault::ShiftedByOne),
    ("shuffled_each_epoch", TargetFault::ShuffledEachEpoch),
    ("shuffled_validation", TargetFault::ShuffledValidation),
];

const SHAPES: &[(&str, LossShapes)] = &[
    ("equal", LossShapes::Equal),
    ("column_against_vector", LossShapes::ColumnAgainstVector),
    ("row_against_column", LossShapes::RowAgainstColumn),
];

const GRADIENTS: &[(&str, GradientFault)] = &[
    ("correct", GradientFault::Correct),
    ("negated", GradientFault::Negated),
    ("accumulated", GradientFault::Accumulated),
    ("reversed", GradientFault::Reversed),
];

const MODES: &[(&str, TrainingMode)] = &[("train", TrainingMode::Train), ("eval", TrainingMode::Eval)];

/// Where layers are named, for what is checked once they are known.
pub(super) struct Places {
    untrained: Range<usize>,
    detached: Range<usize>,
}

/// What is planted; nothing where the table is left out.
pub(super) fn faults(walk: &mut Walk, root: &mut Fields<'_>) -> (Faults, Places) {
    let mut fields = walk.table(root, "faults");
    let fields = &mut fields;
    let none = Faults::default();
    let planted =
        |walk: &mut Walk, fields: &mut Fields<'_>, key, usual| walk.number(fields, key, &limits::PLANTED, Some(usual));
    let layer = "the name of a layer, such as `\"dense_1\"`";
    let faults = Faults {
        targets: walk.choice(fields, "targets", TARGETS, none.targets),
        replaced_fraction: walk.number(fields, "replaced_fraction", &limits::SHARE, Some(none.replaced_fraction)),
        replaced_value: planted(walk, fields, "replaced_value", none.replaced_value),
        nan_fraction: walk.number(fields, "nan_fraction", &limits::SHARE, Some(none.nan_fraction)),
        loss_shapes: walk.choice(fields, "loss_shapes", SHAPES, none.loss_shapes),
        untrained_layers: names(walk, fields, "untrained_layers", Names::Layers),
        detached_layer: walk.text(fields, "detached_layer", layer).unwrap_or_default().to_owned(),
        gradients: walk.choice(fields, "gradients", GRADIENTS, none.gradients),
        training_mode: walk.choice(fields, "training_mode", MODES, none.training_mode),
        inference_input_factor: planted(walk, fields, "inference_input_factor", none.inference_input_factor),
        inference_input_shift: planted(walk, fields, "inference_input_shift", none.inference_input_shift),
        inference_output_factor: planted(walk, fields, "inference_output_factor", none.inference_output_factor),
        inference_output_shift: planted(walk, fields, "inference_output_shift", none.inference_output_shift),
    };
    let places = Places { untrained: fields.place_of("untrained_layers"), detached: fields.place_of("detached_layer") };
    walk.finish(fields);
    (faults, places)
}

/// Layers that are named must be there.
pub(super) fn check_layers(walk: &mut Walk, experiment: &Experiment, places: &Places) {
    let layers = layer_names(&experiment.model);
    let choices: Vec<&str> = layers.iter().map(String::as_str).collect();
    let Faults { untrained_layers, detached_layer, .. } = &experiment.faults;
    for name in untrained_layers.iter().filter(|name| !layers.contains(name)) {
        walk.unknown_value("faults.untrained_layers", name, &places.untrained, &choices);
    }
    if !detached_layer.is_empty() && !layers.contains(detached_layer) {
        walk.unknown_value("faults.detached_layer", detached_layer, &places.detached, &choices);
    }
}
