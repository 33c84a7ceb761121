//! The figures: each maps a story to a [`Figure`], or to nothing where nothing was measured.
//!
//! A new one is a file here and a line in [`ALL`] or [`COMPARED`].

mod activations;
mod checks;
mod collapse_probability;
mod dead_units;
mod gradients;
mod learning_rates;
mod loss;
mod predicted_against_target;
mod proof;
pub mod references;
mod sharpness;
pub mod signal_by_depth;
mod spread_and_skill;

use crate::{
    judge::{Comparison, Diagnosis, RunDiagnosis, State},
    record::{Channel, Point, Record, Split},
};

use super::{
    figure::{Axis, Dash, Figure, Hue, Layer, Series, Style, Weight},
    words,
};

/// Draws one figure of a diagnosis.
pub trait Chart: Sync {
    /// Kebab case, unique; the name of the picture.
    fn id(&self) -> &'static str;
    /// The figure; `None` where the record has nothing to show.
    fn draw(&self, story: &Story<'_>) -> Option<Figure>;
}

/// Draws one figure of a comparison.
pub trait ComparedChart: Sync {
    /// Kebab case, unique; the name of the picture.
    fn id(&self) -> &'static str;
    /// The figure; `None` where the records have nothing to show.
    fn draw(&self, story: &ComparedStory<'_>) -> Option<Figure>;
}

/// In the order of the report: what happened, then where, then why, then what helped.
pub const ALL: &[&dyn Chart] = &[
    &predicted_against_target::PredictedAgainstTarget,
    &spread_and_skill::SpreadAndSkill,
    &references::ReferenceLearners,
    &signal_by_depth::SignalByDepth,
    &loss::LossPerStep,
    &dead_units::DeadUnitsPerLayer,
    &gradients::GradientNorms,
    &gradients::UpdateRatios,
    &activations::Activations,
    &sharpness::Sharpness,
    &proof::ProofByRetraining,
];

/// In the order of the report.
pub const COMPARED: &[&dyn ComparedChart] =
    &[&collapse_probability::CollapseProbability, &learning_rates::LearningRatesSideBySide];

/// One run: what the judge says and what the instruments read.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What the judge says.
    pub verdict: &'a RunDiagnosis,
    /// What the instruments read.
    pub record: &'a Record,
}

/// What the figures of a diagnosis are drawn from.
#[derive(Clone, Debug)]
pub struct Story<'a> {
    /// What the judge says of all runs, and what the references attain.
    pub diagnosis: &'a Diagnosis,
    /// The run that is shown: the first that shares the verdict's state.
    pub shown: Told<'a>,
    /// The other runs.
    pub others: Vec<Told<'a>>,
}

impl<'a> Story<'a> {
    /// Pairs runs with their records by seed; `None` where no run has a record.
    pub fn new(diagnosis: &'a Diagnosis, records: &'a [Record]) -> Option<Self> {
        let mut runs = told(&diagnosis.runs, records);
        let shares = |told: &Told<'_>| told.verdict.state == diagnosis.verdict.state;
        let shown = runs.iter().position(shares).unwrap_or(0);
        if runs.is_empty() {
            return None;
        }
        let shown = runs.remove(shown);
        Some(Self { diagnosis, shown, others: runs })
    }

    /// The record of the run that is shown.
    pub fn record(&self) -> &'a Record {
        self.shown.record
    }

    /// ` (seed 7)` where there are several runs.
    pub fn whose(&self) -> String {
        if self.others.is_empty() { String::new() } else { format!(" (seed {})", self.shown.verdict.seed) }
    }

    /// ` Thin grey lines are the other 4 runs.`, where there are some.
    pub fn about_others(&self) -> String {
        match self.others.len() {
            0 => String::new(),
            1 => {
                format!(" The run in front has seed {}; the thin grey line is the other run.", self.shown.verdict.seed)
            }
            count => format!(
                " The run in front has seed {}; thin grey lines are the other {count} runs.",
                self.shown.verdict.seed
            ),
        }
    }

    /// Name of the other runs in keys.
    pub const OTHERS: &'static str = "other runs";
}

/// What the figures of a comparison are drawn from.
#[derive(Clone, Debug)]
pub struct ComparedStory<'a> {
    /// What the judge says.
    pub comparison: &'a Comparison,
    /// Each cell's name and runs, in the order of the comparison.
    pub cells: Vec<(String, Vec<Told<'a>>)>,
}

impl<'a> ComparedStory<'a> {
    /// Pairs cells with their records by their values, and runs by seed.
    pub fn new(comparison: &'a Comparison, records: &'a [(Vec<String>, Vec<Record>)]) -> Self {
        let cells = comparison.cells.iter().map(|cell| {
            let found = records.iter().find(|(values, _)| *values == cell.values);
            let runs = found.map_or_else(Vec::new, |(_, records)| told(&cell.runs, records));
            (cell_name(comparison, &cell.values), runs)
        });
        Self { comparison, cells: cells.collect() }
    }
}

/// `lr = 0.01, batch_size = 8`: the last part of each path and its value.
pub fn cell_name(comparison: &Comparison, values: &[String]) -> String {
    let parts = comparison.axes.iter().zip(values).map(|(axis, value)| {
        let path = axis.path.rsplit('.').next().unwrap_or(&axis.path);
        format!("{path} = {value}")
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn told<'a>(runs: &'a [RunDiagnosis], records: &'a [Record]) -> Vec<Told<'a>> {
    let record_of = |run: &RunDiagnosis| records.iter().find(|record| record.run.seed == run.seed);
    let runs = runs.iter();
    runs.filter_map(|verdict| record_of(verdict).map(|record| Told { verdict, record })).collect()
}

/// The layers (or parameters, or outputs) that have points of this kind, in the order of the network.
fn measured<'a>(
    record: &'a Record,
    split: Split,
    channel: Channel,
    names: impl Iterator<Item = &'a str>,
) -> Vec<(&'a str, &'a [Point])> {
    names.map(|name| (name, record.points(split, channel, name))).filter(|(_, points)| !points.is_empty()).collect()
}

/// Names of the layers, in order.
fn layer_names(record: &Record) -> impl Iterator<Item = &str> {
    record.run.layers.iter().map(|layer| layer.name.as_str())
}

/// Finite values of points.
fn finite(points: &[Point]) -> impl Iterator<Item = f64> {
    points.iter().filter_map(|point| point.value.finite())
}

/// The points at the end that are all exactly 0.
fn zero_at_end(points: &[Point]) -> &[Point] {
    let other = points.iter().rposition(|point| point.value.finite() != Some(0.0));
    &points[other.map_or(0, |last| last + 1)..]
}

/// Whether points reach over at least so many steps: a single look is no stretch.
fn spans(points: &[Point], steps: u64) -> bool {
    match points {
        [first, .., last] => last.step - first.step + 1 >= steps,
        _ => points.len() as u64 >= steps,
    }
}

/// ` 6 of 40 layers are drawn.`, where not all are.
fn chosen(drawn: usize, all: usize, what: &str) -> String {
    if drawn < all {
        format!(" {drawn} of {all} {what} are drawn, evenly spaced from the first to the last.")
    } else {
        String::new()
    }
}

/// When the outputs that collapsed did, and which they are where others did not: `collapsed at step 9 (temp)`, `flat from the
/// start`; nothing where the run has no such step.
fn collapse(story: &Story<'_>) -> Option<(u64, String)> {
    let run = story.shown.verdict;
    let step = run.collapsed_at_step?;
    let outputs = run.outputs.iter().filter(|output| output.state == State::Collapsed);
    let names: Vec<String> = outputs.map(|output| words::short(&output.name, 24)).collect();
    let who = match names.len() {
        0 => String::new(),
        count if count == run.outputs.len() => String::new(),
        _ => format!(" ({})", words::some_of_names(&names, 3, ", ")),
    };
    let what = if step == 0 { "flat from the start".to_owned() } else { format!("collapsed at step {step}") };
    Some((step, format!("{what}{who}")))
}

/// The mark of the collapse on an axis of steps; a network that was flat from the start has no place there.
fn collapse_mark(story: &Story<'_>) -> Option<Layer> {
    let (step, label) = collapse(story)?;
    (step > 0).then_some(Layer::Mark { at: step as f64, label })
}

/// What the best reference learner attains, and its name in keys; of several outputs the mean over those that have one. Where
/// none finds signal, that is what the mean attains.
fn attainable(story: &Story<'_>) -> Option<(String, f64)> {
    let outputs = story.shown.verdict.outputs.iter();
    let best: Vec<_> = outputs.filter_map(|output| output.best_reference.as_ref()).collect();
    let skills: Vec<f64> = best.iter().map(|best| best.skill.value).filter(|value| value.is_finite()).collect();
    if skills.is_empty() {
        return None;
    }
    if best.iter().all(|best| !best.finds_signal) {
        return Some(("reference learners: none beyond the mean".to_owned(), 0.0));
    }
    let mean = skills.iter().sum::<f64>() / skills.len() as f64;
    let name = match best.as_slice() {
        [only] => words::learner(only.learner).to_owned(),
        several => format!("best reference learners, mean of {} outputs", several.len()),
    };
    Some((format!("{name}: {}", words::fixed(mean)), mean))
}

/// The level of the best reference learner, in the background; nothing where it has no place on the axis.
fn quiet(story: &Story<'_>, x: &Axis, y: &Axis) -> Option<Layer> {
    let (label, level) = attainable(story)?;
    (y.low..=y.high).contains(&level).then(|| {
        let style = Style { hue: Hue::Purple, dash: Dash::DashDot, weight: Weight::Thin };
        Layer::Line(Series { label, style, segments: vec![vec![(x.low, level), (x.high, level)]] })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn identities_are_kebab_case_unique_and_those_of_their_figures() {
        let (diagnosis, records) = sample::question();
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        let mut ids: Vec<&str> =
            ALL.iter().map(|chart| chart.id()).chain(COMPARED.iter().map(|chart| chart.id())).collect();
        for chart in ALL {
            let figure = chart.draw(&story).expect("the sample has every series");
            assert_eq!(figure.id, chart.id());
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
    }

    #[test]
    fn the_run_that_is_shown_shares_the_state_of_the_verdict() {
        let (mut diagnosis, records) = sample::question();
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        assert_eq!(story.shown.verdict.state, diagnosis.verdict.state);
        assert_eq!(story.others.len(), records.len() - 1);
        diagnosis.verdict.state = crate::judge::State::Learned;
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        assert_eq!(story.shown.verdict.state, crate::judge::State::Learned);
        assert!(Story::new(&diagnosis, &[]).is_none());
    }

    #[test]
    fn a_record_without_readings_gives_no_figure() {
        let (mut diagnosis, mut records) = sample::question();
        sample::measured::forget(&mut diagnosis);
        sample::caused::forget(&mut diagnosis);
        for record in &mut records {
            record.series.clear();
            record.probe.clear();
        }
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        assert!(ALL.iter().all(|chart| chart.draw(&story).is_none()));
    }

    fn only(channel: Channel, layer: &str, values: &[f64]) -> Figure {
        let (diagnosis, records) = sample::tiny(channel, layer, values);
        let story = Story::new(&diagnosis, &records).expect("the sample has a record");
        let mut figures: Vec<Figure> = ALL.iter().filter_map(|chart| chart.draw(&story)).collect();
        assert_eq!(figures.len(), 1);
        figures.remove(0)
    }

    #[test]
    fn a_loss_with_a_spike_and_nan_is_whole_as_data() {
        insta::assert_json_snapshot!(
            "loss",
            only(Channel::LossRatio, "", &[1.5, 5_800.0, 1.0, f64::NAN, f64::INFINITY])
        );
    }

    #[test]
    fn gradients_of_exactly_zero_are_in_their_lane() {
        let figure = only(Channel::GradientNorm, "dense_1.weight", &[3.0, 0.5, 0.0, 0.0]);
        insta::assert_json_snapshot!("gradient_norms", figure);
    }

    #[test]
    fn a_layer_that_is_silent_in_batches_but_alive_on_the_probe_set_is_not_called_dead() {
        let (diagnosis, mut records) = sample::tiny(Channel::DeadFraction, "dense_1", &[0.2, 1.0, 1.0]);
        let (_, mut probe) = sample::tiny(Channel::DeadFractionProbe, "dense_1", &[0.0, 0.9]);
        records[0].series.append(&mut probe[0].series);
        let story = Story::new(&diagnosis, &records).expect("the sample has a record");
        let figure = dead_units::DeadUnitsPerLayer.draw(&story).expect("dead units were read");
        assert_eq!(figure.title, "at the end 90 of 100 units of dense_1 are dead on the whole probe set");
    }

    #[test]
    fn predictions_that_vary_are_titled_by_what_they_explain() {
        let title = |value: f64| {
            let (mut diagnosis, records) = sample::of(&[sample::Fate::Learns], crate::judge::Hold::Plateau);
            for output in &mut diagnosis.runs[0].outputs {
                output.skill = Some(crate::judge::Estimate { value, low: value - 0.1, high: value + 0.1 });
            }
            let story = Story::new(&diagnosis, &records).expect("the sample has a record");
            predicted_against_target::PredictedAgainstTarget.draw(&story).expect("there are predictions").title
        };
        assert_eq!(title(0.973), "the predictions explain 97.3 % of the variance of each target on validation");
        assert_eq!(title(-0.2), "the predictions vary, but explain nothing of the targets' variance on validation");
    }

    #[test]
    fn titles_say_what_is_seen() {
        let dead = |values: &[f64]| only(Channel::DeadFraction, "dense_1", values).title;
        assert_eq!(dead(&[0.2, 1.0, 1.0]), "every unit of dense_1 is dead from step 2 on");
        assert_eq!(dead(&[0.2, 1.0, 0.9]), "at the end 90 of 100 units of dense_1 are dead in the last batch");
        assert_eq!(dead(&[0.2, 0.0]), "at the end no unit is dead in the last batch");
        let loss = |values: &[f64]| only(Channel::LossRatio, "", values).title;
        assert_eq!(loss(&[1.0, f64::NAN, 1.0]), "the loss ends near 1 times the targets' variance");
        assert_eq!(loss(&[1.0, f64::NAN]), "the loss is NaN or infinite from step 2 on");
        assert_eq!(
            loss(&[1.0, 9.0, 1.0]),
            "the loss peaks at step 2 with 9 times the targets' variance and ends near 1 times"
        );
        // Highest at the first step is no peak: every healthy run begins like that.
        assert_eq!(loss(&[9.0, 1.0, 0.5]), "the loss ends near 0.5 times the targets' variance");
        let gradient = |values: &[f64]| only(Channel::GradientNorm, "dense_1.weight", values).title;
        assert_eq!(gradient(&[1.0, 0.0]), "the gradient of all weights drawn is exactly 0 at the last recorded step");
        assert_eq!(gradient(&[0.0, f64::NAN]), "the gradient of all weights drawn ends NaN or infinite");
        assert_eq!(gradient(&[0.0, 1.0]), "the last gradient norms lie between 1 and 1");
        let spread = |values: &[f64]| only(Channel::ActivationStd, "dense_1", values).title;
        assert_eq!(spread(&[1.0, 0.0]), "dense_1 gives the same for every sample at the last recorded step");
        assert_eq!(spread(&[0.0, 1.0]), "the last standard deviations lie between 1 and 1");
        let hardly = "dense_1 hardly varies (less than 1/20 of its first standard deviation)";
        assert_eq!(
            spread(&[1.0, 0.00759]),
            format!("{hardly}: the last standard deviations lie between 0.00759 and 0.00759")
        );
        assert!(!spread(&[0.1, 0.00759]).contains("hardly"));
        let mut long = vec![1.0];
        long.resize(20, 0.0);
        assert_eq!(spread(&long), "dense_1 gives the same for every sample from step 2 on");
    }
}
