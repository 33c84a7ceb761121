#![doc = include_str!("dead_relu.md")]

use super::{Card, Case, Cause, Evidence, EvidenceFigure, Fix, case::percent, changes};
use crate::{
    experiment::{BiasInit, Layer},
    record::LayerInfo,
};

/// Share of dead units from which a layer is close to the end, and up to which it is fine.
const NEARLY: f64 = 0.9;
/// See [`NEARLY`].
const FINE: f64 = 0.5;

/// ReLU units that are zero for every input, so that nothing passes them in either direction.
pub struct DeadRelu;

impl Cause for DeadRelu {
    fn card(&self) -> Card {
        Card { id: "dead-relu", since: "0.1", explain: include_str!("dead_relu.md") }
    }

    fn follows_from(&self) -> &'static [&'static str] {
        &[
            "bad-init",
            "zero-inflated",
            "lr-too-high",
            "inputs-not-scaled",
            "targets-not-scaled",
            "over-regularised",
            "wrong-gradient",
            "data-bug",
            "loss-mismatch",
        ]
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let relus: Vec<&LayerInfo> = case.layers.iter().filter(|layer| layer.activation == "relu").collect();
        if relus.is_empty() {
            return vec![Evidence::against("no layer has ReLU")];
        }
        let mut evidence = Vec::new();
        if let Some(certificate) = case.trained.and_then(|trained| trained.run.certificate.as_ref()) {
            evidence.push(
                Evidence::strong(format!(
                    "all {} units of `{}` are zero on all {} training samples, and no gradient can revive them",
                    certificate.units, certificate.layer, certificate.samples
                ))
                .shown_in(EvidenceFigure::DeadUnitsPerLayer)
                .number("units", certificate.units as f64),
            );
        }
        let hidden = case.dead_layers();
        if evidence.is_empty()
            && let Some((layer, _)) = hidden.first()
        {
            let text = format!("every unit of `{}` is zero for every sample of the probe set", layer.name);
            let evidence_of = if case.is_flat() { Evidence::strong(text) } else { Evidence::suggestive(text) };
            evidence.push(evidence_of.shown_in(EvidenceFigure::DeadUnitsPerLayer));
        }
        let output_is_off = case
            .output_layer()
            .filter(|layer| layer.activation == "relu")
            .is_some_and(|layer| case.dead_fraction(&layer.name).1 == Some(1.0));
        if evidence.is_empty() && output_is_off && case.is_flat() {
            let text = "the output unit is off for every sample of the probe set";
            evidence.push(Evidence::suggestive(text).shown_in(EvidenceFigure::DeadUnitsPerLayer));
        }
        let worst = relus
            .iter()
            .filter_map(|layer| Some((layer.name.as_str(), case.dead_fraction(&layer.name).1?)))
            .max_by(|one, other| one.1.total_cmp(&other.1));
        match worst {
            Some((layer, fraction)) if evidence.is_empty() && fraction > NEARLY => evidence.push(
                Evidence::suggestive(format!("{} of the units of `{layer}` are dead at the end", percent(fraction)))
                    .shown_in(EvidenceFigure::DeadUnitsPerLayer)
                    .number("dead", fraction),
            ),
            Some((layer, fraction)) if evidence.is_empty() && fraction < FINE => evidence.push(Evidence::against(
                format!("ReLU units are alive: the worst layer, `{layer}`, has {} dead", percent(fraction)),
            )),
            _ => {}
        }
        let few = relus.iter().find(|layer| layer.shape.iter().product::<usize>() <= 4 && !is_output(case, layer));
        if let Some(layer) = few.filter(|_| case.is_flat() || !evidence.is_empty()) {
            let units = layer.shape.iter().product::<usize>();
            evidence.push(Evidence::suggestive(format!(
                "`{}` has {units} units: that all of them are off, or off on the same side, happens to some seeds by chance",
                layer.name
            )));
        }
        evidence
    }

    fn fixes(&self, case: &Case<'_>) -> Vec<Fix> {
        let mut fixes = Vec::new();
        if let BiasInit::Constant { value } = case.experiment.model.init.bias
            && value < 0.0
        {
            fixes.push(Fix::new("model.init.bias", "\"zeros\"", "units then start with a chance to be on"));
        }
        for (index, layer) in case.experiment.model.layers.iter().enumerate() {
            if let Layer::Dense { init: Some(init), .. } | Layer::Conv2d { init: Some(init), .. } = layer
                && matches!(init.bias, BiasInit::Constant { value } if value < 0.0)
            {
                fixes.push(Fix::new(
                    &format!("model.layers.{index}.init.bias"),
                    "\"zeros\"",
                    "units then start with a chance to be on",
                ));
            }
        }
        fixes.push(changes::lr_times(case, 0.1, "smaller steps do not throw units off"));
        fixes.push(changes::hidden_activation(
            "leaky_relu",
            "a unit that is off still passes a hundredth of the gradient",
        ));
        fixes.push(changes::hidden_activation("elu", "a unit that is off still passes some gradient"));
        fixes
    }
}

fn is_output(case: &Case<'_>, layer: &LayerInfo) -> bool {
    case.output_layer().is_some_and(|last| last.name == layer.name)
}
