//! How well a run really does, from its record's held-out predictions and from what can be known of its problem.

use whymean::record::{Record, Split};

use crate::{
    common::{
        draw::Draw,
        material::{Material, function_samples},
    },
    setup::Setup,
};

/// Share of the variance that the best prediction explains.
pub fn attainable(setup: &Setup) -> f64 {
    const SAMPLES: usize = 4_000;
    let mut draw = Draw::new("attainable");
    let drawn = match &setup.material {
        Material::Table(problem) => Some(problem.draw(SAMPLES, &mut draw)),
        other => function_samples(other, SAMPLES, &mut draw),
    };
    match (drawn, &setup.material) {
        (Some(drawn), _) => {
            let (signal, noise) = (variance(&drawn.means), mean(&drawn.variances));
            if signal + noise > 0.0 { signal / (signal + noise) } else { 0.0 }
        }
        // The place of the box has a variance of some tenths.
        (None, Material::Boxes { noise, .. }) => 0.2 / (0.2 + noise * noise),
        (None, _) => 0.0,
    }
}

/// Share of the variance below which nothing counts as attainable.
pub const NOTHING: f64 = 0.01;

/// Mean over the outputs of `1 - MSE / Var(y)` on the held-out probe set at the end; minus infinity where a prediction is no
/// finite number or was never made.
pub fn skill(record: &Record) -> f64 {
    let Some(look) = record.last_predictions(Split::Validation) else { return f64::NEG_INFINITY };
    let outputs = record.run.data.targets.len().max(1);
    let column = |values: &[f32], output: usize| -> Vec<f64> {
        values.iter().skip(output).step_by(outputs).map(|value| f64::from(*value)).collect()
    };
    let skills = (0..outputs).filter_map(|output| {
        let (targets, predictions) = (column(&look.targets, output), column(&look.predictions, output));
        let spread = variance(&targets);
        let errors: Vec<f64> = targets.iter().zip(&predictions).map(|(y, p)| (y - p) * (y - p)).collect();
        (spread > 0.0).then(|| 1.0 - mean(&errors) / spread)
    });
    let skills: Vec<f64> = skills.collect();
    let mean = mean(&skills);
    if mean.is_finite() && !skills.is_empty() { mean } else { f64::NEG_INFINITY }
}

/// Whether the run ended in predictions that are no finite numbers.
pub fn is_not_finite(record: &Record) -> bool {
    let looks = [Split::Train, Split::Validation].into_iter().filter_map(|split| record.last_predictions(split));
    looks.flat_map(|look| &look.predictions).any(|value| !value.is_finite())
}

/// Whether a layer before the last is zero on the whole probe set at the end.
pub fn has_dead_layer(record: &Record) -> bool {
    let hidden = record.run.layers.len().saturating_sub(1);
    record.run.layers[..hidden].iter().any(|layer| {
        let last = record.last(Split::Train, whymean::record::Channel::DeadFractionProbe, &layer.name);
        last.and_then(|point| point.value.finite()) == Some(1.0)
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn variance(values: &[f64]) -> f64 {
    let middle = mean(values);
    mean(&values.iter().map(|value| (value - middle) * (value - middle)).collect::<Vec<_>>())
}
