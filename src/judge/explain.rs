//! The explanations that `whymean explain` prints: symptoms, states and holds.

use super::symptoms;

/// Headings of every symptom's explanation, in order.
#[cfg(test)]
pub(super) const HEADINGS: [&str; 5] =
    ["What it is", "How it is told", "When it misleads", "How it is proved", "References"];

/// States and holds; their ids are the words of the JSON document.
const STATES: [(&str, &str); 12] = [
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
    ("stuck", include_str!("states/stuck.md")),
    ("plateau", include_str!("states/plateau.md")),
];

/// The explanation of a symptom, state or hold, as Markdown. Absent for an id that does not exist.
///
/// ```
/// assert!(whymean::judge::explain("dead-layer").is_some());
/// assert!(whymean::judge::explain("no-such-thing").is_none());
/// ```
pub fn explain(id: &str) -> Option<&'static str> {
    let states = STATES.iter().find(|(state, _)| *state == id).map(|(_, text)| *text);
    states.or_else(|| {
        symptoms::ALL.iter().map(|symptom| symptom.card()).find(|card| card.id == id).map(|card| card.explain)
    })
}

/// Every id that [`explain`] knows: states, holds, then symptoms.
pub fn explain_ids() -> Vec<&'static str> {
    STATES.iter().map(|(id, _)| *id).chain(symptoms::ALL.iter().map(|symptom| symptom.card().id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Hold, State};

    #[test]
    fn every_state_and_hold_is_explained_under_its_json_name() {
        let states = State::ALL.iter().map(serde_json::to_value);
        let holds = [Hold::Stuck, Hold::Plateau].into_iter().map(serde_json::to_value);
        let names: Vec<String> =
            states.chain(holds).map(|name| name.expect("a word").as_str().expect("a word").to_owned()).collect();
        assert_eq!(names, STATES.map(|(id, _)| id));
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
        assert_eq!(ids.len(), STATES.len() + symptoms::ALL.len());
        assert_eq!(explain("dead-lair"), None);
    }

    #[test]
    fn states_have_the_headings_too() {
        for (id, text) in STATES {
            let found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
            assert_eq!(found, HEADINGS, "`{id}`");
        }
    }
}
