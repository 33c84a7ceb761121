//! Symptoms: what is found in a record, before anybody asks why. One file each, beside it its explanation.
//!
//! A symptom is no verdict: dead units can learn, and a learned network may have had a loss spike.

mod dead_layer;
mod flat_prediction;
mod gradient_cut;
mod loss_spike;
mod non_finite;
mod shrunk_prediction;
mod still_improving;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::{Record, Split};

/// Every symptom; the order is the order in the report, from what the user saw towards what lies behind it.
pub const ALL: &[&dyn Symptom] = &[
    &flat_prediction::FlatPrediction,
    &shrunk_prediction::ShrunkPrediction,
    &still_improving::StillImproving,
    &non_finite::NonFiniteNumbers,
    &loss_spike::LossSpike,
    &dead_layer::DeadLayer,
    &gradient_cut::GradientCut,
];

/// Something that can be found in a record.
pub trait Symptom: Sync {
    /// Its name and explanation.
    fn card(&self) -> Card;
    /// Looks for it. Total: what was not measured is not found.
    fn look(&self, record: &Record) -> Option<Finding>;
}

/// Name and explanation of a symptom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Card {
    /// Kebab case, unique, never reused.
    pub id: &'static str,
    /// Version that first had it.
    pub since: &'static str,
    /// The explanation, Markdown with fixed headings.
    pub explain: &'static str,
}

/// A symptom that was found, with the numbers behind its sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Id of the symptom.
    pub id: String,
    /// What it was found on: outputs, layers or parameters, in order.
    pub subjects: Vec<String>,
    /// What was found: a clause, lower case, no full stop.
    pub sentence: String,
    /// The numbers behind the sentence, by name; all finite.
    pub numbers: BTreeMap<String, f64>,
    /// Step of the reading.
    pub step: u64,
    /// Part of the data it was read on.
    pub split: Split,
}

/// Every symptom that is found, in the order of [`ALL`].
pub fn look(record: &Record) -> Vec<Finding> {
    ALL.iter().filter_map(|symptom| symptom.look(record)).collect()
}

/// Numbers by name, without those that are not finite (JSON has no NaN).
fn numbers<const N: usize>(named: [(&str, f64); N]) -> BTreeMap<String, f64> {
    named.into_iter().filter(|(_, value)| value.is_finite()).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `` `a` ``, `` `a` and `b` ``, `` `a`, `b` and 3 more ``.
pub(super) fn names(subjects: &[String]) -> String {
    let quoted: Vec<String> = subjects.iter().map(|subject| format!("`{subject}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more", rest.len()),
    }
}

/// Step of the newest look at a split's probe set.
fn step_of_look(record: &Record, epoch: u32) -> u64 {
    u64::from(epoch) * record.run.steps_per_epoch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::explain::HEADINGS;

    #[test]
    fn ids_are_unique_and_in_kebab_case() {
        let ids: Vec<&str> = ALL.iter().map(|symptom| symptom.card().id).collect();
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id), "`{id}` twice");
            assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()), "`{id}`");
            assert!(!id.starts_with('-') && !id.ends_with('-') && !id.contains("--"), "`{id}`");
        }
    }

    #[test]
    fn every_file_is_registered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/judge/symptoms");
        let files = std::fs::read_dir(folder).expect("the folder of this file");
        let mut stems: Vec<String> = files
            .filter_map(|file| {
                file.expect("readable").file_name().to_string_lossy().strip_suffix(".md").map(str::to_owned)
            })
            .collect();
        let mut ids: Vec<String> = ALL.iter().map(|symptom| symptom.card().id.replace('-', "_")).collect();
        stems.sort();
        ids.sort();
        assert_eq!(stems, ids);
    }

    #[test]
    fn every_explanation_has_the_headings_in_order() {
        for card in ALL.iter().map(|symptom| symptom.card()) {
            let found: Vec<&str> = card.explain.lines().filter_map(|line| line.strip_prefix("## ")).collect();
            assert_eq!(found, HEADINGS, "`{}`", card.id);
            assert!(card.explain.starts_with(&format!("# {}\n", card.id)), "`{}`", card.id);
        }
    }

    #[test]
    fn an_empty_record_shows_nothing() {
        assert_eq!(look(&crate::judge::synthetic::Synthetic::new().record()), []);
    }

    #[test]
    fn a_healthy_run_shows_nothing() {
        use crate::judge::synthetic::{Synthetic, calibrated, noise};
        for skill in [0.2, 0.97] {
            let healthy = Synthetic::new()
                .looks(30, |epoch, i, y| if epoch == 0 { noise(i) } else { calibrated(skill, i, y) })
                .loss_ratios((0..300).map(|step| 1.0 - skill + (-f64::from(step) / 20.0).exp()))
                .steps(crate::record::Channel::GradientNorm, "dense_1.weight", [0.3; 300])
                .epochs(Split::Train, crate::record::Channel::DeadFractionProbe, "dense_1", 0, [0.9; 31]);
            assert_eq!(look(&healthy.record()), [], "skill {skill}");
        }
    }
}
