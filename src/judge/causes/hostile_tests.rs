//! Every cause over records that no trainer would write: no panic, no claim without a measurement, and words in order.

use super::{ALL, Case, Evidence, Weight, causes_of, staged};
use crate::{
    data::Moments,
    experiment::{Activation, Layer, Loss},
    judge::{RunDiagnosis, State, judge_run, synthetic::Synthetic},
    record::{Reading, Record, Split, Status},
};

/// Words of a sentence on screen: a clause, lower case but for names, no full stop, no number that is none.
fn mistakes_of(words: &str) -> Option<&'static str> {
    let names = ["ReLU", "`"];
    if !(names.iter().any(|name| words.starts_with(name))
        || words.starts_with(|first: char| first.is_lowercase() || first.is_ascii_digit()))
    {
        return Some("it begins with a capital");
    }
    if words.ends_with('.') || words.contains(". ") {
        return Some("it is a sentence");
    }
    if words.contains("  ") {
        return Some("a space too many");
    }
    // Cells and losses may be `NaN or infinite`; a number in a sentence may not.
    let others = words.replace("NaN or infinite", "").replace("be NaN", "").replace("was NaN", "");
    let is_no_number = |word: &str| {
        let word = word.trim_matches(|of: char| !of.is_alphanumeric() && of != '-');
        ["NaN", "inf", "-inf"].contains(&word)
    };
    others.split_whitespace().any(is_no_number).then_some("a number that is none")
}

/// Asks every cause, checks what it says, and gives the ids of those that say something strong.
pub(super) fn ask(case: &Case<'_>) -> Result<Vec<&'static str>, String> {
    let mut strong = Vec::new();
    for cause in ALL {
        let id = cause.card().id;
        let evidence = cause.evidence(case);
        for Evidence { text, numbers, .. } in &evidence {
            if let Some(mistake) = mistakes_of(text) {
                return Err(format!("`{id}`: {mistake}: {text}"));
            }
            if let Some((name, value)) = numbers.iter().find(|(_, value)| !value.is_finite()) {
                return Err(format!("`{id}`: {name} is {value}: {text}"));
            }
        }
        for fix in cause.fixes(case) {
            let no_number = ["NaN", "inf"].iter().any(|word| fix.change.to.contains(word));
            if let Some(mistake) = mistakes_of(&fix.why).or(no_number.then_some("a value that is none")) {
                return Err(format!("`{id}`: {mistake}: {}: {}", fix.change, fix.why));
            }
        }
        if evidence.iter().any(|piece| piece.weight == Weight::Strong) {
            strong.push(id);
        }
    }
    Ok(strong)
}

/// All that is strong of a record in any state, before training as well.
fn strong(record: &Record) -> Vec<&'static str> {
    let judged = judge_run(record);
    let states = State::ALL.into_iter().map(|state| RunDiagnosis { state, ..judged.clone() });
    let mut found: Vec<&'static str> = states
        .flat_map(|run| {
            let case = Case::of_run(record, &run);
            let (causes, _) = causes_of(&[case]);
            assert!(causes.iter().zip(1..).all(|(cause, rank)| cause.rank == rank));
            let told = ask(&case).unwrap_or_else(|mistake| panic!("{mistake}"));
            // Of a run that is called so by its verdict.
            told.into_iter().filter(move |id| *id != "undertrained" || run.state != State::Undertrained)
        })
        .collect();
    let info = &record.run;
    let before = Case::before_training(&info.experiment, &info.data, info.references.as_ref(), &info.layers);
    found.extend(ask(&before).unwrap_or_else(|mistake| panic!("{mistake}")));
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn the_words_are_checked() {
    for right in
        ["`dense_1` is dead", "ReLU units are alive", "61 % of it", "the loss was NaN or infinite, first at step 3"]
    {
        assert_eq!(mistakes_of(right), None, "{right}");
    }
    for wrong in
        ["The loss", "it is dead.", "a skill of NaN", "it rose to inf times", "from -inf to 3", "(NaN)", "two  spaces"]
    {
        assert!(mistakes_of(wrong).is_some(), "{wrong}");
    }
}

#[test]
fn a_record_without_a_reading_accuses_nobody() {
    assert_eq!(strong(&Synthetic::new().record()), [""; 0]);
    assert_eq!(strong(&staged::bare().record()), [""; 0]);
    for status in
        [Status::Running, Status::NonFinite, Status::Interrupted, Status::Decided { why: "it is flat".into() }]
    {
        assert_eq!(strong(&staged::bare().status(status).record()), [""; 0]);
    }
    // Epochs without a single instrument, and a certificate without one.
    assert_eq!(strong(&staged::bare().with(|run| run.epochs_done = 30).record()), [""; 0]);
    assert_eq!(strong(&staged::bare().certificate().record()), ["dead-relu"]);
}

/// The record with every reading replaced.
fn replaced(of: Synthetic, value: f64) -> Record {
    let mut record = of.record();
    for points in record.series.values_mut() {
        points.iter_mut().for_each(|point| point.value = Reading::new(value));
    }
    record.probe.iter_mut().for_each(|look| look.predictions.fill(value as f32));
    record
}

#[test]
fn readings_that_are_no_numbers_accuse_only_what_makes_them() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for of in [staged::learned(), staged::flat(), tanh()] {
            let found = strong(&replaced(of, value));
            let expected = ["exploding-nan", "lr-too-high"];
            assert!(found.iter().all(|id| expected.contains(id)), "{value}: {found:?}");
        }
    }
}

fn tanh() -> Synthetic {
    let layers =
        [staged::dense(8, Activation::Tanh), staged::dense(8, Activation::Tanh), staged::dense(1, Activation::Linear)];
    staged::flat_at(staged::bare().network(&layers), 1.0)
}

#[test]
fn a_record_cut_short_accuses_nobody() {
    for of in [staged::learned(), staged::flat(), tanh()] {
        let whole = of.record();
        for kept in [0, 1, 2, 5] {
            let mut cut = whole.clone();
            cut.series.values_mut().for_each(|points| points.truncate(kept));
            cut.probe.truncate(kept);
            cut.run.epochs_done = cut.probe.iter().map(|look| look.epoch).max().unwrap_or(0);
            cut.run.status = Status::Interrupted;
            assert_eq!(strong(&cut), [""; 0], "{kept} points kept");
        }
    }
}

#[test]
fn each_series_alone_accuses_nobody() {
    for of in [staged::learned(), staged::flat(), tanh()] {
        let whole = of.record();
        for (id, points) in &whole.series {
            let mut alone = whole.clone();
            alone.series = [(id.clone(), points.clone())].into();
            assert_eq!(strong(&alone), [""; 0], "{id:?}");
        }
    }
}

#[test]
fn a_run_of_no_step_is_told_as_such_and_nothing_more() {
    let none = staged::bare().with(|run| (run.epochs_done, run.steps_per_epoch) = (30, 0));
    assert_eq!(strong(&none.record()), ["params-not-updated"]);
}

#[test]
fn a_constant_target_is_a_bug_of_the_data_and_nothing_more() {
    let constant = Moments { mean: 2.5, std: 0.0, min: 2.5, max: 2.5 };
    for level in [2.5, 0.0, -40.0] {
        assert_eq!(strong(&staged::flat_at(staged::bare().target(constant), level).record()), ["data-bug"], "{level}");
    }
}

#[test]
fn one_sample_accuses_nobody() {
    let one = |of: Synthetic| {
        of.with(|run| {
            (run.data.train_samples, run.data.validation_samples, run.experiment.training.batch_size) = (1, 0, 1);
            run.data.targets.iter_mut().for_each(|target| target.validation = None);
            run.data.columns.iter_mut().for_each(|column| column.validation = None);
            run.references = None;
        })
    };
    let look = |epoch, of: Synthetic| of.look(Split::Train, epoch, &[1.0], &[0.9]);
    let of = (0..=3).fold(one(staged::bare()), |of, epoch| look(epoch, of));
    assert_eq!(strong(&staged::instrumented(of, 1.0).record()), [""; 0]);
}

#[test]
fn layers_without_parameters_and_no_layers_accuse_nobody() {
    let no_layers = |of: Synthetic| of.with(|run| (run.layers, run.experiment.model.layers) = (Vec::new(), Vec::new()));
    assert_eq!(strong(&no_layers(staged::flat()).record()), [""; 0]);
    let plain = staged::flat().with(|run| {
        run.experiment.model.layers = vec![
            Layer::Activation { activation: Activation::Relu },
            Layer::Activation { activation: Activation::Linear },
        ];
        run.layers.iter_mut().for_each(|layer| layer.parameters.clear());
    });
    assert_eq!(strong(&plain.record()), [""; 0]);
    // Layers of the record and of the settings that do not fit each other.
    let torn = staged::flat().with(|run| run.experiment.model.layers.truncate(1));
    assert_eq!(strong(&torn.record()), [""; 0]);
    let torn = staged::flat().with(|run| run.layers.truncate(1));
    strong(&torn.record());
}

#[test]
fn data_that_are_no_numbers_are_a_bug_of_the_data_and_nothing_more() {
    let nan = Moments { mean: f64::NAN, std: f64::NAN, min: f64::NAN, max: f64::NAN };
    let broken = staged::flat().with(|run| {
        run.data.columns.iter_mut().for_each(|column| {
            (column.train, column.validation, column.non_finite) = (nan, Some(nan), 9);
        });
    });
    assert_eq!(strong(&broken.record()), ["data-bug"]);
    for loss in [Loss::Mse {}, Loss::Mape {}, Loss::BinaryCrossEntropy {}, Loss::Mae {}] {
        let broken = staged::bare().with(move |run| {
            let target = &mut run.data.targets[0];
            (target.train, target.median, target.validation) = (nan, f64::NAN, Some(nan));
            run.experiment.training.loss = loss;
        });
        assert_eq!(strong(&broken.record()), [""; 0], "{loss:?}");
    }
    let nothing = staged::bare().with(|run| {
        (run.data.columns, run.data.targets, run.data.input_shape) = (Vec::new(), Vec::new(), Vec::new());
        run.references = None;
    });
    assert_eq!(strong(&nothing.record()), [""; 0]);
}
