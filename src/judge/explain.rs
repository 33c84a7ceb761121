//! The explanations that `whymean explain` prints, in the order of a handbook: what became of the network (states, holds,
//! constants), what was measured (measures, symptoms), why it is so (causes), and what to do (fixes).

use super::{causes, symptoms};

/// Headings of every explanation, in order.
#[cfg(test)]
pub(super) const HEADINGS: [&str; 5] =
    ["What it is", "How it is told", "When it misleads", "How it is proved", "References"];

/// States; their ids are the words of the JSON document.
const STATES: [(&str, &str); 10] = [
    ("learned", include_str!("states/learned.md")),
    ("unpredictable", include_str!("states/unpredictable.md")),
    // Also the name of a cause, and there is one thing to say under one name.
    ("undertrained", include_str!("causes/undertrained.md")),
    ("memorised", include_str!("states/memorised.md")),
    ("shrunk", include_str!("states/shrunk.md")),
    ("partial", include_str!("states/partial.md")),
    ("mismatch", include_str!("states/mismatch.md")),
    ("collapsed", include_str!("states/collapsed.md")),
    ("diverged", include_str!("states/diverged.md")),
    ("undecided", include_str!("states/undecided.md")),
];

/// How firmly a collapsed run sits on its constant.
const HOLDS: [(&str, &str); 2] =
    [("stuck", include_str!("states/stuck.md")), ("plateau", include_str!("states/plateau.md"))];

/// Constants that predictions may sit on.
const CONSTANTS: [(&str, &str); 8] = [
    ("mean", include_str!("constants/mean.md")),
    ("median", include_str!("constants/median.md")),
    ("zero", include_str!("constants/zero.md")),
    ("bound", include_str!("constants/bound.md")),
    ("clip", include_str!("constants/clip.md")),
    ("extreme", include_str!("constants/extreme.md")),
    ("initial", include_str!("constants/initial.md")),
    ("other", include_str!("constants/other.md")),
];

/// What is measured, and stands in tables and figures.
const MEASURES: [(&str, &str); 11] = [
    ("skill", include_str!("measures/skill.md")),
    ("spread", include_str!("measures/spread.md")),
    ("slope", include_str!("measures/slope.md")),
    ("reference", include_str!("measures/reference.md")),
    ("read-out", include_str!("measures/read-out.md")),
    ("effective-rank", include_str!("measures/effective-rank.md")),
    ("sharpness", include_str!("measures/sharpness.md")),
    ("saturation", include_str!("measures/saturation.md")),
    ("distance-from-start", include_str!("measures/distance-from-start.md")),
    ("recomputed-loss", include_str!("measures/recomputed-loss.md")),
    ("gradient-cosine", include_str!("measures/gradient-cosine.md")),
];

/// From a cause to what is changed.
const FIXES: [(&str, &str); 3] = [
    ("evidence", include_str!("fixes/evidence.md")),
    ("proof", include_str!("fixes/proof.md")),
    ("anti-fixes", include_str!("fixes/anti-fixes.md")),
];

/// What is explained, group by group, each id with its text.
fn groups() -> [(&'static str, Vec<(&'static str, &'static str)>); 7] {
    let symptoms = symptoms::ALL.iter().map(|symptom| symptom.card()).map(|card| (card.id, card.explain));
    let causes = causes::ALL.iter().map(|cause| cause.card()).map(|card| (card.id, card.explain));
    let causes = causes.filter(|(id, _)| STATES.iter().all(|(state, _)| state != id));
    [
        ("states", STATES.to_vec()),
        ("holds", HOLDS.to_vec()),
        ("constants", CONSTANTS.to_vec()),
        ("measures", MEASURES.to_vec()),
        ("symptoms", symptoms.collect()),
        ("causes", causes.collect()),
        ("fixes", FIXES.to_vec()),
    ]
}

/// The ids of each group: states, holds, constants, measures, symptoms, causes, then fixes.
///
/// Each id stands once: a cause that has the name of a state is explained with the state.
pub fn explain_groups() -> Vec<(&'static str, Vec<&'static str>)> {
    groups().into_iter().map(|(group, texts)| (group, texts.into_iter().map(|(id, _)| id).collect())).collect()
}

/// The explanation of a state, hold, constant, measure, symptom, cause or fix, as Markdown. Absent for an id that does not
/// exist.
///
/// ```
/// assert!(whymean::judge::explain("dead-layer").is_some());
/// assert!(whymean::judge::explain("no-such-thing").is_none());
/// ```
pub fn explain(id: &str) -> Option<&'static str> {
    let texts = groups().into_iter().flat_map(|(_, texts)| texts);
    texts.into_iter().find(|(known, _)| *known == id).map(|(_, text)| text)
}

/// Other words of the output and of its readers, each with the id whose explanation speaks of it.
const ALSO: [(&str, &str); 77] = [
    ("another-measure", "anti-fixes"),
    ("another-seed", "anti-fixes"),
    ("anti-fix", "anti-fixes"),
    ("attainable", "reference"),
    ("backprop-bug", "wrong-gradient"),
    ("batch-norm", "batchnorm-mode"),
    ("batchnorm", "batchnorm-mode"),
    ("bottleneck", "arch-destroys-info"),
    ("broadcast", "loss-broadcast"),
    ("broadcasting", "loss-broadcast"),
    ("causes", "evidence"),
    ("clipped-predictions", "anti-fixes"),
    ("consequence", "evidence"),
    ("constant-column", "data-bug"),
    ("control", "proof"),
    ("corr", "spread"),
    ("correlation", "spread"),
    ("cross-entropy", "loss-mismatch"),
    ("dead-neurons", "dead-relu"),
    ("dead-units", "dead-layer"),
    ("detached", "params-not-updated"),
    ("dropout", "over-regularised"),
    ("dying-relu", "dead-relu"),
    ("easier-question", "anti-fixes"),
    ("escape-rate", "plateau"),
    ("exploding-gradient", "exploding-nan"),
    ("forced-variance", "anti-fixes"),
    ("frozen-weights", "params-not-updated"),
    ("global-pooling", "arch-destroys-info"),
    ("gradient-ascent", "wrong-gradient"),
    ("gradient-ratio", "gradient-cosine"),
    ("hold", "plateau"),
    ("huber", "l1-median"),
    ("initialisation", "bad-init"),
    ("initialization", "bad-init"),
    ("learning-rate", "lr-too-high"),
    ("longer-when-stuck", "anti-fixes"),
    ("lr", "lr-too-high"),
    ("mae", "l1-median"),
    ("many-zeros", "zero-inflated"),
    ("mape", "loss-mismatch"),
    ("mean-predictor", "skill"),
    ("misaligned", "targets-misaligned"),
    ("missing-values", "data-bug"),
    ("more-epochs", "anti-fixes"),
    ("nan", "exploding-nan"),
    ("neighbours", "reference"),
    ("noise", "no-signal"),
    ("normalisation", "inputs-not-scaled"),
    ("normalization", "inputs-not-scaled"),
    ("output-slope", "saturation"),
    ("over-regularized", "over-regularised"),
    ("paired-loss", "recomputed-loss"),
    ("percentage-error", "loss-mismatch"),
    ("proved", "proof"),
    ("r2", "skill"),
    ("random-features", "reference"),
    ("refuted", "proof"),
    ("ridge", "reference"),
    ("running-statistics", "batchnorm-mode"),
    ("shape-mismatch", "loss-broadcast"),
    ("shuffled-labels", "targets-misaligned"),
    ("shuffled-targets", "targets-misaligned"),
    ("slow-learning", "lr-too-low"),
    ("softmax", "output-activation"),
    ("stability-limit", "sharpness"),
    ("support", "evidence"),
    ("symmetric-weights", "bad-init"),
    ("train-serve-skew", "inference-mismatch"),
    ("training-path", "mismatch"),
    ("unscaled-inputs", "inputs-not-scaled"),
    ("unscaled-targets", "targets-not-scaled"),
    ("update-ratio", "distance-from-start"),
    ("update-ratios", "distance-from-start"),
    ("update-sign", "wrong-gradient"),
    ("weight-decay", "over-regularised"),
    ("zero-grad", "wrong-gradient"),
];

/// The id under which a word is explained: itself, or the one that speaks of it.
pub fn explained_under(word: &str) -> &str {
    let word = word.trim();
    ALSO.iter().find(|(also, _)| also.eq_ignore_ascii_case(&word.replace(' ', "-"))).map_or(word, |(_, id)| id)
}

/// Every id that [`explain`] knows, in the order of [`explain_groups`].
pub fn explain_ids() -> Vec<&'static str> {
    explain_groups().into_iter().flat_map(|(_, ids)| ids).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Constant, Hold, State};

    fn words<T: serde::Serialize>(all: impl IntoIterator<Item = T>) -> Vec<String> {
        let words = all.into_iter().map(|one| serde_json::to_value(one).expect("a word"));
        words.map(|word| word.as_str().expect("a word").to_owned()).collect()
    }

    fn headings(text: &str) -> Vec<&str> {
        text.lines().filter_map(|line| line.strip_prefix("## ")).collect()
    }

    /// Stems, in order, of the files in the folder of the causes that end so.
    fn causes_that_have(ending: &str) -> Vec<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/judge/causes");
        let files = std::fs::read_dir(folder).expect("the folder of the causes");
        let names = files.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned());
        let mut stems: Vec<String> = names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect();
        stems.sort();
        stems
    }

    #[test]
    fn other_words_lead_to_an_id_and_hide_none() {
        let ids = explain_ids();
        for (index, (word, id)) in ALSO.iter().enumerate() {
            assert!(ids.contains(id) && !ids.contains(word), "`{word}`");
            assert!(ALSO[..index].iter().all(|(before, _)| before < word), "`{word}` is out of order");
        }
        assert_eq!(explained_under("Stability limit"), "sharpness");
        assert_eq!(explained_under("dying ReLU"), "dead-relu");
        assert_eq!(explained_under("skill"), "skill");
    }

    #[test]
    fn every_cause_has_a_text_and_every_text_a_cause() {
        let mut registered: Vec<String> = causes::ALL.iter().map(|cause| cause.card().id.replace('-', "_")).collect();
        registered.sort();
        assert_eq!(causes_that_have(".md"), registered);
    }

    #[test]
    fn every_cause_is_told_apart_from_at_least_two_others() {
        let ids: Vec<&str> = causes::ALL.iter().map(|cause| cause.card().id).collect();
        for card in causes::ALL.iter().map(|cause| cause.card()) {
            assert_eq!(explain(card.id), Some(card.explain), "`{}`", card.id);
            let told = card.explain.split("## ").nth(2).expect("how it is told").replace('\n', " ");
            let others = ids.iter().filter(|other| **other != card.id && told.contains(**other)).count();
            assert!(told.starts_with("How it is told") && others >= 2, "`{}` is told apart from {others}", card.id);
        }
    }

    #[test]
    fn every_state_hold_and_constant_is_explained_under_its_json_name() {
        assert_eq!(words(State::ALL), STATES.map(|(id, _)| id));
        assert_eq!(words([Hold::Stuck, Hold::Plateau]), HOLDS.map(|(id, _)| id));
        let schema = serde_json::to_value(schemars::schema_for!(Constant)).expect("JSON");
        let variants = schema["oneOf"].as_array().expect("variants").iter();
        let constants: Vec<&str> = variants.filter_map(|variant| variant["const"].as_str()).collect();
        assert_eq!(constants, CONSTANTS.map(|(id, _)| id));
    }

    #[test]
    fn ids_are_unique_and_all_are_explained_under_their_name() {
        let ids = explain_ids();
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id), "`{id}` twice");
            let text = explain(id).expect("an id has a text");
            assert!(text.starts_with(&format!("# {id}\n")), "`{id}`");
            assert!(text.lines().all(|line| line.chars().count() <= 120), "`{id}` has a line over 120");
        }
        for id in symptoms::ALL.iter().map(|one| one.card().id).chain(causes::ALL.iter().map(|one| one.card().id)) {
            assert!(ids.contains(&id), "`{id}`");
        }
        assert_eq!(explain("dead-lair"), None);
    }

    #[test]
    fn every_text_has_the_headings() {
        for (id, text) in groups().into_iter().flat_map(|(_, texts)| texts) {
            assert_eq!(headings(text), HEADINGS, "`{id}`");
        }
    }
}
