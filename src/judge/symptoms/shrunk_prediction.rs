#![doc = include_str!("shrunk_prediction.md")]

use super::{Card, Finding, Symptom, names, numbers, step_of_look};
use crate::{
    judge::{look::OutputLook, skilful::is_shrunk, stats, verdict::is_flat},
    record::{Record, Split},
};

/// Predictions in the right direction with far too little spread.
pub struct ShrunkPrediction;

impl Symptom for ShrunkPrediction {
    fn card(&self) -> Card {
        Card { id: "shrunk-prediction", since: "0.1", explain: include_str!("shrunk_prediction.md") }
    }

    fn look(&self, record: &Record) -> Option<Finding> {
        let looks = record.outputs().enumerate().filter_map(|(index, name)| {
            let look = OutputLook::newest(record, Split::Train, index)?;
            let slope = look.intervals.slope.filter(|_| is_shrunk(&look) && !is_flat(&look))?;
            Some((name.to_owned(), slope.value, look.epoch))
        });
        let shrunk: Vec<(String, f64, u32)> = looks.collect();
        let slope = stats::median(&shrunk.iter().map(|(_, slope, _)| *slope).collect::<Vec<_>>())?;
        let epoch = shrunk.first()?.2;
        let subjects: Vec<String> = shrunk.into_iter().map(|(name, ..)| name).collect();
        Some(Finding {
            id: self.card().id.to_owned(),
            sentence: format!(
                "predictions of {} point the right way but would fit better {slope:.1} times as far from their mean",
                names(&subjects)
            ),
            subjects,
            numbers: numbers([("slope", slope)]),
            step: step_of_look(record, epoch),
            split: Split::Train,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::{Synthetic, calibrated, noise};

    #[test]
    fn fires_on_a_fifth_of_the_range_and_not_on_calibrated_noise_or_a_flat_line() {
        let look = |predict: fn(usize, f64) -> f64| {
            ShrunkPrediction.look(&Synthetic::new().looks(4, |_, i, y| predict(i, y)).record())
        };
        let found = look(|_, y| 1.0 + 0.2 * (y - 1.0)).expect("shrunk");
        insta::assert_snapshot!(found.sentence, @"predictions of `y` point the right way but would fit better 5.0 times as far from their mean");
        assert_eq!(look(|i, y| calibrated(0.1, i, y)), None);
        assert_eq!(look(|_, _| 1.0), None);
        assert_eq!(look(|i, _| 0.3 * noise(i + 9)), None);
        assert_eq!(look(|_, y| y), None);
    }
}
