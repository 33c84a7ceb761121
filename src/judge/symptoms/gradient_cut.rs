#![doc = include_str!("gradient_cut.md")]

use super::{Card, Finding, Symptom, numbers};
use crate::record::{Channel, LayerInfo, Record, Split};

/// Gradients that are exactly zero from the input up to some layer, through the whole last epoch.
pub struct GradientCut;

impl Symptom for GradientCut {
    fn card(&self) -> Card {
        Card { id: "gradient-cut", since: "0.1", explain: include_str!("gradient_cut.md") }
    }

    fn look(&self, record: &Record) -> Option<Finding> {
        let with_parameters = record.run.layers.iter().filter(|layer| !layer.parameters.is_empty());
        let cut: Vec<&LayerInfo> = with_parameters.take_while(|layer| is_cut(record, layer)).collect();
        let last = cut.last()?;
        let step = record.last(Split::Train, Channel::GradientNorm, last.parameters.first()?)?.step;
        let parameters: Vec<String> = cut.iter().flat_map(|layer| layer.parameters.clone()).collect();
        Some(Finding {
            id: self.card().id.to_owned(),
            sentence: format!(
                "the gradient of every parameter up to and in `{}` was exactly zero at every step of the last epoch",
                last.name
            ),
            numbers: numbers([("parameters", parameters.len() as f64)]),
            subjects: parameters,
            step,
            split: Split::Train,
        })
    }
}

/// Whether every parameter of a layer was measured in the last epoch and had exactly no gradient in it.
fn is_cut(record: &Record, layer: &LayerInfo) -> bool {
    let Some(epoch) = record.last(Split::Train, Channel::Loss, "").map(|point| point.epoch) else {
        return false;
    };
    layer.parameters.iter().all(|parameter| {
        let norms = record.points(Split::Train, Channel::GradientNorm, parameter);
        let mut newest = norms.iter().rev().take_while(|point| point.epoch == epoch).peekable();
        newest.peek().is_some() && newest.all(|point| point.value.finite() == Some(0.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::Synthetic;

    fn run(first: [f64; 20], second: [f64; 20]) -> Synthetic {
        Synthetic::new()
            .steps(Channel::Loss, "", [1.0; 20])
            .steps(Channel::GradientNorm, "dense_1.weight", first)
            .steps(Channel::GradientNorm, "dense_1.bias", first)
            .steps(Channel::GradientNorm, "dense_2.weight", second)
            .steps(Channel::GradientNorm, "dense_2.bias", second)
    }

    /// Ten steps make an epoch: nonzero in the first, zero in the second.
    fn died() -> [f64; 20] {
        std::array::from_fn(|step| if step < 10 { 0.3 } else { 0.0 })
    }

    #[test]
    fn fires_where_the_last_epoch_is_exactly_zero_from_the_input_on() {
        let found = GradientCut.look(&run(died(), [0.1; 20]).record()).expect("cut");
        insta::assert_snapshot!(found.sentence, @"the gradient of every parameter up to and in `dense_1` was exactly zero at every step of the last epoch");
        assert_eq!(found.subjects, ["dense_1.weight", "dense_1.bias"]);
        let all = GradientCut.look(&run(died(), died()).record()).expect("cut");
        assert!(all.sentence.contains("dense_2"));
    }

    #[test]
    fn silent_on_tiny_gradients_one_living_step_and_what_was_not_measured() {
        let mut one = died();
        one[15] = 1e-30;
        assert_eq!(GradientCut.look(&run(one, [0.1; 20]).record()), None);
        assert_eq!(
            GradientCut.look(&run([1e-20; 20], died()).record()),
            None,
            "a zero behind a living layer cuts nothing"
        );
        let mut unmeasured = run(died(), died()).record();
        unmeasured.series.retain(|id, _| id.layer != "dense_1.bias");
        assert_eq!(GradientCut.look(&unmeasured), None);
        let mut nan = died();
        nan[12] = f64::NAN;
        assert_eq!(GradientCut.look(&run(nan, [0.1; 20]).record()), None);
    }
}
