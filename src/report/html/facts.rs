//! Small lists of a page: numbers below the verdict, and what made the runs.

use crate::judge::Diagnosis;
use crate::record::{Record, RunInfo, Split};
use crate::report::{evidence, words};

/// The few numbers below the verdict.
pub fn numbers(diagnosis: &Diagnosis) -> Vec<(String, String)> {
    let mut states = std::collections::BTreeMap::new();
    for run in &diagnosis.runs {
        *states.entry(run.state).or_insert(0) += 1;
    }
    let mut numbers = Vec::new();
    if !states.is_empty() {
        numbers.push(("Runs".to_owned(), words::states(&states)));
    }
    numbers.extend(evidence::share(diagnosis).map(|share| ("Over seeds".to_owned(), share)));
    if let Some(output) = words::deciding(&diagnosis.outputs, diagnosis.verdict.state) {
        let of = match diagnosis.outputs.len() {
            1 => String::new(),
            _ => format!(" of {}", words::short(&output.name, 40)),
        };
        if output.skill.is_none() && output.spread.is_none() {
            return numbers;
        }
        numbers.push((format!("Skill{of}"), words::estimate(output.skill)));
        if output.split == Split::Validation && output.train_skill.is_some() {
            numbers.push((format!("Skill{of} on training"), words::estimate(output.train_skill)));
        }
        numbers.push((format!("Spread{of}"), words::estimate(output.spread)));
        if let Some(best) = &output.best_reference {
            let skill = if best.finds_signal {
                format!("{}, by {}", words::estimate(Some(best.skill)), words::learner(best.learner))
            } else {
                "none beyond the mean".to_owned()
            };
            numbers.push((format!("Attainable skill{of}"), skill));
        }
    }
    numbers
}

/// The first few seeds.
pub fn seeds<'a>(records: impl Iterator<Item = &'a Record>) -> String {
    let mut seeds: Vec<u64> = records.map(|record| record.run.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    words::some_names(&seeds.iter().map(u64::to_string).collect::<Vec<_>>())
}

/// What made the runs, by name.
pub fn facts(run: &RunInfo, seeds: &str) -> Vec<(String, String)> {
    let shape = run.data.input_shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
    let layers = run.layers.iter().map(|layer| words::short(&layer.name, 60)).collect::<Vec<_>>();
    let parameters: u64 = run.layers.iter().map(|layer| layer.parameter_count).sum();
    let mut facts = vec![
        (
            "Samples".to_owned(),
            format!("{} training, {} validation", run.data.train_samples, run.data.validation_samples),
        ),
        ("Shape of one input".to_owned(), shape),
        ("Network".to_owned(), format!("{} ({parameters} parameters)", layers.join(", "))),
        ("Seeds".to_owned(), seeds.to_owned()),
        ("Device".to_owned(), format!("{}, {} threads", run.device, run.threads)),
    ];
    if run.data.dropped_rows > 0 {
        facts.push(("Rows left out for missing cells".to_owned(), run.data.dropped_rows.to_string()));
    }
    let versions = run.versions.iter().map(|(name, version)| format!("{name} {version}"));
    facts.push(("Versions".to_owned(), versions.collect::<Vec<_>>().join(", ")));
    facts.push(("Fingerprint of the data".to_owned(), run.data.fingerprint.clone()));
    facts.push(("Fingerprint of the experiment".to_owned(), run.experiment_hash.clone()));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::State;
    use crate::report::sample;

    #[test]
    fn numbers_are_those_of_the_output_that_decides() {
        let (mut diagnosis, _) = sample::of(&[sample::Fate::Learns], crate::judge::Hold::Plateau);
        diagnosis.verdict.state = State::Partial;
        diagnosis.outputs[1].state = State::Collapsed;
        if let Some(best) = &mut diagnosis.outputs[1].best_reference {
            best.finds_signal = false;
        }
        let numbers = numbers(&diagnosis);
        assert!(numbers.iter().any(|(name, _)| name == "Skill of y"), "{numbers:?}");
        let attainable = ("Attainable skill of y".to_owned(), "none beyond the mean".to_owned());
        assert!(numbers.contains(&attainable), "{numbers:?}");
    }
}
