//! The layers as the record keeps them, told from the settings: without libtorch, before anything is trained.

use super::{
    Activation, Layer, Model,
    shapes::{ShapeError, footprint, layer_names},
};
use crate::record::LayerInfo;

/// Name, output shape, activation and parameters of each layer, as a built network gives them.
///
/// - Shape: `input_shape` is `[features]` or `[C, H, W]`; `outputs` is the number of targets.
/// - Errors: as [`footprint`] of a batch of one sample.
pub fn layer_infos(model: &Model, input_shape: &[usize], outputs: usize) -> Result<Vec<LayerInfo>, ShapeError> {
    let footprint = footprint(model, input_shape, outputs, 1)?;
    let sizes = footprint.shapes.into_iter().zip(footprint.parameters);
    let layers = model.layers.iter().zip(layer_names(model)).zip(sizes);
    Ok(layers
        .map(|((layer, name), (shape, parameter_count))| LayerInfo {
            parameters: parameters(layer).iter().map(|parameter| format!("{name}.{parameter}")).collect(),
            activation: layer.activation().unwrap_or(Activation::Linear).name().to_owned(),
            name,
            shape,
            parameter_count,
        })
        .collect())
}

/// What a layer trains, in order.
fn parameters(layer: &Layer) -> &'static [&'static str] {
    match layer {
        Layer::Dense { bias: true, .. } | Layer::Conv2d { bias: true, .. } | Layer::BatchNorm { .. } => {
            &["weight", "bias"]
        }
        Layer::Dense { bias: false, .. } | Layer::Conv2d { bias: false, .. } => &["weight"],
        Layer::MaxPool2d { .. }
        | Layer::AvgPool2d { .. }
        | Layer::Flatten {}
        | Layer::Dropout { .. }
        | Layer::Activation { .. } => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::experiment::parse;

    /// One of each type; that a built network says the same is tested beside it.
    #[test]
    fn every_type_of_layer_is_told() {
        let text = "[data]\nsource = \"boxes\"\n[model]\nlayers = [\"batch_norm\", { type = \"conv2d\", filters = 4, kernel = 3, \
                    bias = false, activation = \"relu\" }, { type = \"max_pool2d\", size = 2 }, { type = \"avg_pool2d\", size = 2 }, \
                    \"flatten\", { type = \"dropout\", rate = 0.5 }, { type = \"dense\", units = 7 }, \
                    { type = \"activation\", activation = \"tanh\" }, { type = \"dense\", activation = \"sigmoid\" }]";
        let experiment = parse(text, "config.toml", Path::new("/folder"), "config").expect("it is right");
        let infos = layer_infos(&experiment.model, &[3, 64, 64], 2).expect("it fits");
        let told = infos.iter().map(|info| {
            let LayerInfo { name, shape, activation, parameters, parameter_count } = info;
            format!("{name} {shape:?} {activation} {} {parameter_count}", parameters.join(","))
        });
        insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn layers_that_do_not_fit_are_refused() {
        let text = "[data]\nsource = \"function\"\nformula = \"sum\"\n[model]\nhidden = []";
        let experiment = parse(text, "config.toml", Path::new("/folder"), "config").expect("it is right");
        assert!(layer_infos(&experiment.model, &[3, 8, 8], 1).is_err());
    }
}
