#![doc = include_str!("still_improving.md")]

use super::{Card, Finding, Symptom, names, numbers};
use crate::{
    judge::{
        limits::LEARNED_SKILL,
        trend::{Improvement, improving},
    },
    record::Record,
};

/// Skill that was still rising when the run stopped.
pub struct StillImproving;

impl Symptom for StillImproving {
    fn card(&self) -> Card {
        Card { id: "still-improving", since: "0.1", explain: include_str!("still_improving.md") }
    }

    fn look(&self, record: &Record) -> Option<Finding> {
        // What is nearly perfect keeps improving for ever, and nobody needs to hear it.
        let unfinished = |found: &Improvement| found.to > 1.0 - LEARNED_SKILL;
        let rising: Vec<(String, Improvement)> = record
            .outputs()
            .filter_map(|name| Some((name.to_owned(), improving(record, name).filter(unfinished)?)))
            .collect();
        let (_, first) = *rising.first().as_ref()?;
        let subjects: Vec<String> = rising.iter().map(|(name, _)| name.clone()).collect();
        Some(Finding {
            id: self.card().id.to_owned(),
            sentence: format!(
                "the squared error of {} was still falling: from {:.3} to {:.3} times the variance in the last third",
                names(&subjects),
                first.from,
                first.to
            ),
            subjects,
            numbers: numbers([("from", first.from), ("to", first.to)]),
            step: first.step,
            split: first.split,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::Synthetic;

    #[test]
    fn fires_on_a_rise_and_not_on_a_plateau_or_near_perfection() {
        let look = |skill: fn(f64) -> f64| {
            StillImproving.look(&Synthetic::new().skills((0..30).map(|epoch| skill(f64::from(epoch)))).record())
        };
        let found = look(|epoch| 0.01 * epoch).expect("rising");
        insta::assert_snapshot!(found.sentence, @"the squared error of `y` was still falling: from 0.800 to 0.720 times the variance in the last third");
        assert_eq!(look(|_| 0.3), None);
        assert_eq!(look(|epoch| 1.0 - 0.1 * (-0.3 * epoch).exp()), None);
    }
}
