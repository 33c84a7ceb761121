//! The explanations that `whymean explain` prints: states, holds, constants, measures and symptoms.

use super::symptoms;

/// Headings of every symptom's explanation, in order.
#[cfg(test)]
pub(super) const HEADINGS: [&str; 5] =
    ["What it is", "How it is told", "When it misleads", "How it is proved", "References"];

/// States; their ids are the words of the JSON document.
const STATES: [(&str, &str); 10] = [
    ("learned", include_str!("states/learned.md")),
    ("unpredictable", include_str!("states/unpredictable.md")),
    ("undertrained", include_str!("states/undertrained.md")),
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
const MEASURES: [(&str, &str); 7] = [
    ("skill", include_str!("measures/skill.md")),
    ("spread", include_str!("measures/spread.md")),
    ("slope", include_str!("measures/slope.md")),
    ("reference", include_str!("measures/reference.md")),
    ("read-out", include_str!("measures/read-out.md")),
    ("effective-rank", include_str!("measures/effective-rank.md")),
    ("sharpness", include_str!("measures/sharpness.md")),
];

/// What is explained, group by group, each id with its text.
fn groups() -> [(&'static str, Vec<(&'static str, &'static str)>); 5] {
    let symptoms = symptoms::ALL.iter().map(|symptom| symptom.card()).map(|card| (card.id, card.explain));
    [
        ("states", STATES.to_vec()),
        ("holds", HOLDS.to_vec()),
        ("constants", CONSTANTS.to_vec()),
        ("measures", MEASURES.to_vec()),
        ("symptoms", symptoms.collect()),
    ]
}

/// The ids of each group: states, holds, constants, measures, then symptoms.
pub fn explain_groups() -> Vec<(&'static str, Vec<&'static str>)> {
    groups().into_iter().map(|(group, texts)| (group, texts.into_iter().map(|(id, _)| id).collect())).collect()
}

/// The explanation of a state, hold, constant, measure or symptom, as Markdown. Absent for an id that does not exist.
///
/// ```
/// assert!(whymean::judge::explain("dead-layer").is_some());
/// assert!(whymean::judge::explain("no-such-thing").is_none());
/// ```
pub fn explain(id: &str) -> Option<&'static str> {
    let texts = groups().into_iter().flat_map(|(_, texts)| texts);
    texts.into_iter().find(|(known, _)| *known == id).map(|(_, text)| text)
}

/// Other words of the output, each with the id whose explanation speaks of it.
const ALSO: [(&str, &str); 12] = [
    ("attainable", "reference"),
    ("corr", "spread"),
    ("correlation", "spread"),
    ("dead-units", "dead-layer"),
    ("escape-rate", "plateau"),
    ("hold", "plateau"),
    ("mean-predictor", "skill"),
    ("neighbours", "reference"),
    ("random-features", "reference"),
    ("ridge", "reference"),
    ("stability-limit", "sharpness"),
    ("training-path", "mismatch"),
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

    #[test]
    fn other_words_lead_to_an_id_and_hide_none() {
        let ids = explain_ids();
        for (word, id) in ALSO {
            assert!(ids.contains(&id) && !ids.contains(&word), "`{word}`");
        }
        assert_eq!(explained_under("Stability limit"), "sharpness");
        assert_eq!(explained_under("skill"), "skill");
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
        assert!(ids.ends_with(&symptoms::ALL.iter().map(|symptom| symptom.card().id).collect::<Vec<_>>()));
        assert_eq!(explain("dead-lair"), None);
    }

    #[test]
    fn every_text_has_the_headings() {
        for (id, text) in groups().into_iter().flat_map(|(_, texts)| texts) {
            let found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
            assert_eq!(found, HEADINGS, "`{id}`");
        }
    }
}
