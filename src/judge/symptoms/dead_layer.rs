#![doc = include_str!("dead_layer.md")]

use super::{Card, Finding, Symptom, names, numbers};
use crate::record::{Channel, Record, Split};

/// A layer all of whose units are exactly zero for every sample of the probe set.
pub struct DeadLayer;

impl Symptom for DeadLayer {
    fn card(&self) -> Card {
        Card { id: "dead-layer", since: "0.1", explain: include_str!("dead_layer.md") }
    }

    fn look(&self, record: &Record) -> Option<Finding> {
        let dead: Vec<_> = record
            .run
            .layers
            .iter()
            .filter_map(|layer| {
                let last = record.last(Split::Train, Channel::DeadFractionProbe, &layer.name)?;
                // The untrained network may be dead and yet revive; what counts is a look after training.
                (last.epoch > 0 && last.value.finite() == Some(1.0)).then_some((layer, last))
            })
            .collect();
        let (first, last) = dead.first()?;
        let units = first.shape.first().copied().unwrap_or(0);
        let subjects: Vec<String> = dead.iter().map(|(layer, _)| layer.name.clone()).collect();
        let verb = if subjects.len() == 1 { "is" } else { "are" };
        Some(Finding {
            id: self.card().id.to_owned(),
            sentence: format!(
                "{} {verb} exactly zero in all units for every sample of the probe set",
                names(&subjects)
            ),
            subjects,
            numbers: numbers([("dead_fraction", 1.0), ("units", units as f64)]),
            step: last.step,
            split: Split::Train,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::Synthetic;

    #[test]
    fn fires_on_a_wholly_dead_layer_and_not_on_a_nearly_dead_or_revived_one() {
        let look = |fractions: &[f64]| {
            let values = fractions.iter().copied();
            DeadLayer
                .look(&Synthetic::new().epochs(Split::Train, Channel::DeadFractionProbe, "dense_1", 0, values).record())
        };
        let found = look(&[0.0, 0.9, 1.0]).expect("dead");
        assert_eq!(found.sentence, "`dense_1` is exactly zero in all units for every sample of the probe set");
        assert_eq!((found.step, found.numbers["units"]), (20, 100.0));
        assert_eq!(look(&[0.0, 0.99]), None);
        assert_eq!(look(&[0.0, 1.0, 0.97]), None);
        assert_eq!(look(&[1.0]), None);
    }
}
