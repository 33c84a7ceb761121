#![doc = include_str!("flat_prediction.md")]

use super::{Card, Finding, Symptom, names, numbers, step_of_look};
use crate::{
    judge::{limits::COLLAPSE_SPREAD, look::OutputLook},
    record::{Record, Split},
};

/// Predictions that hardly vary.
pub struct FlatPrediction;

impl Symptom for FlatPrediction {
    fn card(&self) -> Card {
        Card { id: "flat-prediction", since: "0.1", explain: include_str!("flat_prediction.md") }
    }

    fn look(&self, record: &Record) -> Option<Finding> {
        let looks = record.outputs().enumerate().filter_map(|(index, name)| {
            let look = OutputLook::newest(record, Split::Train, index)?;
            let spread = look.intervals.spread.filter(|_| look.target_varies)?;
            (spread.high < COLLAPSE_SPREAD).then(|| (name.to_owned(), spread.value, look.epoch))
        });
        let flat: Vec<(String, f64, u32)> = looks.collect();
        let widest = flat.iter().map(|(_, spread, _)| *spread).fold(0.0, f64::max);
        let epoch = flat.first()?.2;
        let subjects: Vec<String> = flat.into_iter().map(|(name, ..)| name).collect();
        Some(Finding {
            id: self.card().id.to_owned(),
            sentence: format!("predictions of {} {}", names(&subjects), how_flat(widest)),
            subjects,
            numbers: numbers([("spread", widest), ("limit", COLLAPSE_SPREAD)]),
            step: step_of_look(record, epoch),
            split: Split::Train,
        })
    }
}

fn how_flat(spread: f64) -> String {
    if spread == 0.0 {
        "do not vary at all".to_owned()
    } else {
        format!("vary by at most {:.2} % of what the target varies by", (100.0 * spread).max(0.01))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::{Synthetic, calibrated};

    #[test]
    fn fires_on_a_flat_line_and_not_on_weak_but_honest_predictions() {
        let flat = Synthetic::new().looks(4, |_, _, y| 1.0 + 0.001 * y).record();
        let found = FlatPrediction.look(&flat).expect("flat");
        assert_eq!(found.sentence, "predictions of `y` vary by at most 0.10 % of what the target varies by");
        let to_the_bit = FlatPrediction.look(&Synthetic::new().looks(4, |_, _, _| 1.0).record()).expect("flat");
        assert_eq!(to_the_bit.sentence, "predictions of `y` do not vary at all");
        assert_eq!((found.step, found.subjects.as_slice()), (40, ["y".to_owned()].as_slice()));
        let weak = Synthetic::new().looks(4, |_, i, y| calibrated(0.02, i, y)).record();
        assert_eq!(FlatPrediction.look(&weak), None);
    }

    #[test]
    fn a_constant_target_makes_no_prediction_flat() {
        let record = Synthetic::new().look(Split::Train, 3, &[2.0; 30], &[2.0; 30]).record();
        assert_eq!(FlatPrediction.look(&record), None);
    }
}
