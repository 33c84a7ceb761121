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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        experiment::{Activation, Init},
        judge::{
            causes::staged::{bare, dense, flat, flat_at, learned, told},
            synthetic::Synthetic,
        },
        record::{Channel, Split},
    };

    fn dead(of: Synthetic, layer: &str, values: [f64; 2]) -> Synthetic {
        of.forget(Channel::DeadFractionProbe, layer).epochs(Split::Train, Channel::DeadFractionProbe, layer, 0, values)
    }

    #[test]
    fn a_proof_that_nothing_can_revive_a_layer() {
        insta::assert_snapshot!(told(&DeadRelu, dead(flat(), "dense_1", [0.3, 1.0]).certificate()), @r#"
        collapsed
        strong: all 100 units of `dense_1` are zero on all 10000 training samples, and no gradient can revive them
        -> training.optimiser.lr=0.001: smaller steps do not throw units off
        -> model.activation="leaky_relu": a unit that is off still passes a hundredth of the gradient
        -> model.activation="elu": a unit that is off still passes some gradient
        "#);
    }

    #[test]
    fn a_dead_layer_counts_where_the_network_answers_a_constant() {
        insta::assert_snapshot!(told(&DeadRelu, dead(flat(), "dense_1", [0.3, 1.0])), @r#"
        collapsed
        strong: every unit of `dense_1` is zero for every sample of the probe set
        -> training.optimiser.lr=0.001: smaller steps do not throw units off
        -> model.activation="leaky_relu": a unit that is off still passes a hundredth of the gradient
        -> model.activation="elu": a unit that is off still passes some gradient
        "#);
        let fits = told(&DeadRelu, dead(learned(), "dense_1", [0.3, 1.0]));
        assert!(fits.contains("suggestive: every unit of `dense_1`") && !fits.contains("strong"), "{fits}");
    }

    #[test]
    fn dead_units_alone_are_no_fault() {
        let evidence = |of: Synthetic| told(&DeadRelu, of).lines().nth(1).map(str::to_owned);
        insta::assert_snapshot!(evidence(dead(flat(), "dense_1", [0.3, 0.97])).expect("it fits"), @"suggestive: 97 % of the units of `dense_1` are dead at the end");
        assert_eq!(evidence(dead(flat(), "dense_1", [0.3, 0.7])).filter(|line| !line.starts_with("->")), None);
        insta::assert_snapshot!(evidence(flat()).expect("against"), @"against: ReLU units are alive: the worst layer, `dense_1`, has 30 % dead");
        insta::assert_snapshot!(evidence(learned()).expect("against"), @"against: ReLU units are alive: the worst layer, `dense_1`, has 30 % dead");
    }

    #[test]
    fn an_output_that_is_off_fits_only() {
        let off = flat_at(bare().network(&[dense(8, Activation::Tanh), dense(1, Activation::Relu)]), 0.0);
        insta::assert_snapshot!(told(&DeadRelu, dead(off, "dense_2", [0.0, 1.0])), @r#"
        collapsed
        suggestive: the output unit is off for every sample of the probe set
        -> training.optimiser.lr=0.001: smaller steps do not throw units off
        -> model.activation="leaky_relu": a unit that is off still passes a hundredth of the gradient
        -> model.activation="elu": a unit that is off still passes some gradient
        "#);
    }

    #[test]
    fn few_units_are_off_by_chance() {
        let layers = [dense(2, Activation::Relu), dense(2, Activation::Relu), dense(1, Activation::Linear)];
        let narrow = dead(flat_at(bare().network(&layers), 1.0), "dense_2", [1.0, 1.0]);
        let told = told(&DeadRelu, narrow);
        insta::assert_snapshot!(told.lines().take(3).collect::<Vec<_>>().join("\n"), @r"
        collapsed
        strong: every unit of `dense_2` is zero for every sample of the probe set
        suggestive: `dense_1` has 2 units: that all of them are off, or off on the same side, happens to some seeds by chance
        ");
    }

    #[test]
    fn biases_below_zero_are_lifted_first() {
        let low = Init { bias: BiasInit::Constant { value: -5.0 }, ..bare().run().experiment.model.init };
        let own = Layer::Dense { units: Some(8), activation: Activation::Relu, bias: true, init: Some(low) };
        let of = flat_at(bare().network(&[own, dense(1, Activation::Linear)]), 1.0)
            .experiment(move |experiment| experiment.model.init = low);
        insta::assert_snapshot!(told(&DeadRelu, dead(of, "dense_1", [1.0, 1.0])), @r#"
        collapsed
        strong: every unit of `dense_1` is zero for every sample of the probe set
        -> model.init.bias="zeros": units then start with a chance to be on
        -> model.layers.0.init.bias="zeros": units then start with a chance to be on
        -> training.optimiser.lr=0.001: smaller steps do not throw units off
        -> model.activation="leaky_relu": a unit that is off still passes a hundredth of the gradient
        -> model.activation="elu": a unit that is off still passes some gradient
        "#);
    }

    #[test]
    fn without_relu_it_is_ruled_out() {
        let tanh = bare().network(&[dense(8, Activation::Tanh), dense(1, Activation::Linear)]);
        insta::assert_snapshot!(told(&DeadRelu, flat_at(tanh, 1.0)).lines().nth(1).expect("against"), @"against: no layer has ReLU");
    }
}
