//! Single changes that more than one cause proposes.

use super::{Case, Fix};
use crate::experiment::{Activation, Layer};

/// The learning rate times a factor.
pub(super) fn lr_times(case: &Case<'_>, factor: f64, why: &str) -> Fix {
    Fix::new("training.optimiser.lr", short(case.lr() * factor), why)
}

/// As many epochs times a factor.
pub(super) fn epochs_times(case: &Case<'_>, factor: u32, why: &str) -> Fix {
    /// Most epochs that are proposed.
    const MOST: u32 = 100_000;
    let epochs = case.experiment.training.epochs.saturating_mul(factor).min(MOST);
    Fix::new("training.epochs", epochs, why)
}

/// Inputs to mean 0 and standard deviation 1.
pub(super) fn scale_inputs() -> Fix {
    let why = "every column then has mean 0 and standard deviation 1, which the initial weights are made for";
    Fix::new("data.scale_inputs", "\"standard\"", why)
}

/// Targets to mean 0 and standard deviation 1.
pub(super) fn scale_targets() -> Fix {
    let why = "the output layer then starts where the targets are, and steps fit their size";
    Fix::new("data.scale_targets", "\"standard\"", why)
}

/// A linear output layer.
pub(super) fn linear_output() -> Fix {
    Fix::new("model.output_activation", "\"linear\"", "a linear output reaches every target, and its slope is never 0")
}

/// Another activation of the hidden layers.
pub(super) fn hidden_activation(to: &str, why: &str) -> Fix {
    Fix::new("model.activation", format!("\"{to}\""), why)
}

/// The initial weights and biases that PyTorch and Keras users get.
pub(super) fn usual_init(case: &Case<'_>) -> Fix {
    // What is made for the activation: He's variance keeps the signal of a ReLU network, Glorot's that of the others.
    let relu = matches!(case.hidden_activation(), Some(Activation::Relu | Activation::LeakyRelu | Activation::Elu));
    let weights = if relu { "he_uniform" } else { "glorot_uniform" };
    Fix::new(
        "model.init",
        format!("{{ weights = \"{weights}\", bias = \"zeros\" }}"),
        "weights of this size keep the signal's size through the layers",
    )
}

/// No dropout in one of the layers, each of them in turn.
pub(super) fn without_dropout(case: &Case<'_>) -> Vec<Fix> {
    let layers = case.experiment.model.layers.iter().enumerate();
    let with_dropout = layers.filter(|(_, layer)| matches!(layer, Layer::Dropout { rate } if *rate > 0.0));
    with_dropout
        .map(|(index, _)| {
            Fix::new(&format!("model.layers.{index}.rate"), "0.0", "nothing is then dropped in this layer")
        })
        .collect()
}

/// A number with two digits that count, as it would stand in a configuration.
pub(super) fn short(number: f64) -> String {
    let text = format!("{number:.1e}");
    // OK because the text was made from a number.
    let rounded: f64 = text.parse().unwrap_or(number);
    if (1e-4..1e5).contains(&rounded.abs()) { format!("{rounded:?}") } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_as_people_write_them() {
        let all = [0.01 / 10.0, 0.3 * 0.1, 3.0e-7, 1.0, 20.0, 1e-5].map(short);
        assert_eq!(all, ["0.001", "0.03", "3e-7", "1.0", "20.0", "1e-5"]);
    }
}
