//! What was measured beside the runs as tables of texts; Markdown and the page show the same.

use crate::judge::{Diagnosis, Estimate, OutputDiagnosis, RunDiagnosis};
use crate::record::Split;
use crate::references::{LearnerSkill, References};

use super::{
    evidence,
    figures::{references, signal_by_depth},
    words,
};

/// Outputs that get a column of their own.
const MOST_OUTPUTS: usize = 4;
/// Layers that get a row; of more, those between which the information ends are among them.
const MOST_LAYERS: usize = 24;

/// A table of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTable {
    /// What it shows.
    pub caption: String,
    /// Heads of the columns.
    pub columns: Vec<String>,
    /// The rows, each as long as the heads.
    pub rows: Vec<Vec<String>>,
    /// What has to be known to read it.
    pub note: String,
}

/// The skill of the network and of each reference learner; nothing where none was trained.
pub fn attainable(diagnosis: &Diagnosis) -> Option<TextTable> {
    let references = diagnosis.references.as_ref()?;
    let outputs = &diagnosis.outputs;
    if references.learners.is_empty() || outputs.is_empty() {
        return None;
    }
    let on = |split: Split| match split {
        Split::Validation if references.validation_samples > 0 => "on validation",
        _ => "on training samples that were left out",
    };
    let few = outputs.len() <= MOST_OUTPUTS;
    let columns: Vec<String> = if outputs.len() == 1 {
        vec![format!("skill {} [95 %]", on(outputs[0].split))]
    } else if few {
        outputs.iter().map(|output| format!("{} [95 %]", words::short(&output.name, 40))).collect()
    } else {
        ["lowest skill", "middle", "highest"].map(|name| format!("{name} of {} outputs", outputs.len())).to_vec()
    };
    let cells = |skills: Vec<Option<Estimate>>| {
        if few { skills.into_iter().map(words::estimate).collect() } else { spread(skills.into_iter().flatten()) }
    };
    let row = |name: &str, skills: Vec<Option<Estimate>>| {
        std::iter::once(name.to_owned()).chain(cells(skills)).collect::<Vec<String>>()
    };
    let learner = |learner: &LearnerSkill| {
        let skills = outputs.iter().enumerate();
        let skills = skills.map(|(index, output)| references::on(output.split, learner.outputs.get(index)?));
        row(words::learner(learner.learner), skills.collect())
    };
    let network = row("the network", outputs.iter().map(|output| output.skill).collect());
    let rows = std::iter::once(network).chain(references.learners.iter().map(learner));
    Some(TextTable {
        caption: "Skill of the network and of reference learners".to_owned(),
        columns: std::iter::once("learner".to_owned()).chain(columns).collect(),
        rows: rows.collect(),
        note: note(references, outputs),
    })
}

fn note(references: &References, outputs: &[OutputDiagnosis]) -> String {
    let best = outputs.iter().filter_map(|output| output.best_reference.as_ref());
    let signal = best.clone().filter(|best| best.finds_signal).count();
    let found = match (best.count(), signal) {
        (0, _) => "",
        (_, 0) => {
            " None of them is clearly better than a constant: that is evidence that there is little to predict, no proof."
        }
        (all, some) if some == all => {
            " That one of them is clearly better than a constant proves that there is something to predict."
        }
        _ => " For some outputs one of them is clearly better than a constant, for others none is.",
    };
    format!("{}{found}", words::trained_on(references))
}

/// The lowest, the middle and the highest value.
fn spread(skills: impl Iterator<Item = Estimate>) -> Vec<String> {
    let mut values: Vec<f64> = skills.map(|skill| skill.value).filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).map_or_else(|| words::ABSENT.to_owned(), |value| words::fixed(*value));
    vec![at(0), at(values.len() / 2), at(values.len().saturating_sub(1))]
}

/// The title of [`information`].
pub fn information_title(run: &RunDiagnosis) -> &'static str {
    if run.signal_ends_at.is_some() && evidence::may_end(run.state) {
        "Where the information ends"
    } else {
        "How far the information comes"
    }
}

/// Read-out skill and effective rank of each layer of a run; nothing where they were not measured.
pub fn information(run: &RunDiagnosis) -> Option<TextTable> {
    if run.signal.is_empty() {
        return None;
    }
    let shown = signal_by_depth::layers_of(run, MOST_LAYERS);
    let or_absent = |value: Option<f64>, text: fn(f64) -> String| value.map_or_else(|| words::ABSENT.to_owned(), text);
    let rows = shown.iter().map(|index| {
        let layer = &run.signal[*index];
        vec![
            words::short(&layer.layer, 60),
            or_absent(layer.readout_at_start, words::fixed),
            or_absent(layer.readout_at_end, words::fixed),
            or_absent(layer.rank_at_start, words::number),
            or_absent(layer.rank_at_end, words::number),
        ]
    });
    let left_out = match run.signal.len() - shown.len() {
        0 => String::new(),
        _ => format!(" {} of {} layers are shown.", shown.len(), run.signal.len()),
    };
    Some(TextTable {
        caption: format!("Layer by layer, in the run with seed {}", run.seed),
        columns: ["layer", "read-out at start", "at end", "effective rank at start", "at end"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
        note: format!(
            "Read-out: skill of a linear read-out of the targets from the layer, on samples that it was not fitted to, averaged \
             over the outputs. Effective rank: the number of directions in which the layer's answers vary; of the output \
             layer at most the number of outputs.{left_out}"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn few_outputs_have_columns_and_many_a_range() {
        let (mut diagnosis, _) = sample::question();
        let table = attainable(&diagnosis).expect("trained");
        assert_eq!(table.columns, ["learner", "x [95 %]", "y [95 %]"]);
        assert_eq!(table.rows.len(), 6);
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
        sample::measured::give_outputs(&mut diagnosis, &["a", "b", "c", "d", "y"]);
        let table = attainable(&diagnosis).expect("trained");
        assert_eq!(table.columns.len(), 4);
        assert_eq!(table.rows[3], ["ridge regression", "0.430", "0.530", "0.530"]);
        sample::measured::forget(&mut diagnosis);
        assert_eq!(attainable(&diagnosis), None);
        assert_eq!(information(&diagnosis.runs[0]), None);
    }

    #[test]
    fn what_was_not_measured_is_no_zero_and_many_layers_are_cut() {
        let (mut diagnosis, _) = sample::question();
        let signal = &mut diagnosis.runs[0].signal;
        signal[0].readout_at_start = None;
        let model = signal[1].clone();
        signal.resize(100, model);
        signal[51].layer = "the_last".to_owned();
        diagnosis.runs[0].signal_ends_at = Some("the_last".to_owned());
        let table = information(&diagnosis.runs[0]).expect("measured");
        assert_eq!(table.rows[0], ["input", words::ABSENT, "0.520", "38", "38"]);
        assert_eq!(table.rows.len(), MOST_LAYERS + 1);
        assert!(table.rows.iter().any(|row| row[0] == "the_last"));
        assert!(table.note.ends_with("25 of 100 layers are shown."));
    }
}
