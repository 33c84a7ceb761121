//! What holds of every cause: its card, what it follows from, and that its fixes are settings.

use std::{collections::BTreeSet, fs, path::Path};

use super::{ALL, Case, Cause, EvidenceFigure, Fix, staged};
use crate::{
    experiment::{self, Experiment, change},
    judge::{RunDiagnosis, State, explain::HEADINGS, judge_run, synthetic::Synthetic},
    record::Record,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/judge/causes");

fn ids() -> Vec<&'static str> {
    ALL.iter().map(|cause| cause.card().id).collect()
}

/// Names of the files with this ending, without it.
fn stems(ending: &str) -> BTreeSet<String> {
    let files = fs::read_dir(FOLDER).expect("the folder of this file");
    let names = files.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
}

#[test]
fn ids_are_unique_and_in_kebab_case() {
    let ids = ids();
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids[..index].contains(id), "`{id}` twice");
        assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit()), "`{id}`");
        assert!(!id.starts_with('-') && !id.ends_with('-') && !id.contains("--"), "`{id}`");
    }
    assert_eq!(ids.len(), 23);
}

#[test]
fn every_file_is_registered() {
    let of_ids: BTreeSet<String> = ids().iter().map(|id| id.replace('-', "_")).collect();
    assert_eq!(stems(".md"), of_ids);
    let shared = ["mod", "case", "changes", "rank", "recomputed", "words", "staged"];
    let code = stems(".rs").into_iter().filter(|stem| !shared.contains(&stem.as_str()) && !stem.ends_with("_tests"));
    assert_eq!(code.collect::<BTreeSet<_>>(), of_ids);
}

#[test]
fn every_explanation_has_the_headings_in_order() {
    for card in ALL.iter().map(|cause| cause.card()) {
        let found: Vec<&str> = card.explain.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(found, HEADINGS, "`{}`", card.id);
        assert!(card.explain.starts_with(&format!("# {}\n", card.id)), "`{}`", card.id);
    }
}

#[test]
fn what_a_cause_follows_from_exists_and_goes_round_in_no_circle() {
    let find = |id: &str| ALL.iter().find(|cause| cause.card().id == id);
    for cause in ALL {
        let mut reached: Vec<&str> = cause.follows_from().to_vec();
        let mut place = 0;
        while let Some(id) = reached.get(place).copied() {
            let origin = find(id).unwrap_or_else(|| panic!("`{}` follows from `{id}`, which is none", cause.card().id));
            let further = origin.follows_from().iter().filter(|id| !reached.contains(id)).copied();
            let further: Vec<&str> = further.collect();
            reached.extend(further);
            place += 1;
        }
        assert!(!reached.contains(&cause.card().id), "`{}` follows from itself: {reached:?}", cause.card().id);
    }
}

#[test]
fn advice_is_a_clause() {
    for cause in ALL {
        if let Some(advice) = cause.advice() {
            assert!(advice.starts_with(|first: char| first.is_lowercase()), "{advice}");
            assert!(!advice.ends_with('.') && !advice.contains("  "), "{advice}");
        }
    }
}

/// Every figure that evidence may be shown in.
const FIGURES: [EvidenceFigure; 10] = [
    EvidenceFigure::PredictedAgainstTarget,
    EvidenceFigure::SpreadAndSkill,
    EvidenceFigure::ReferenceLearners,
    EvidenceFigure::SignalByDepth,
    EvidenceFigure::LossPerStep,
    EvidenceFigure::DeadUnitsPerLayer,
    EvidenceFigure::GradientNorms,
    EvidenceFigure::UpdateRatios,
    EvidenceFigure::Activations,
    EvidenceFigure::Sharpness,
];

#[test]
fn every_figure_shows_some_evidence() {
    let code: String = stems(".rs")
        .into_iter()
        .filter(|stem| stem != "mod" && !stem.ends_with("_tests"))
        .map(|stem| fs::read_to_string(format!("{FOLDER}/{stem}.rs")).expect("readable"))
        .collect();
    for figure in FIGURES {
        // A new figure has no place in this list yet, and does not compile without one.
        match figure {
            EvidenceFigure::PredictedAgainstTarget
            | EvidenceFigure::SpreadAndSkill
            | EvidenceFigure::ReferenceLearners
            | EvidenceFigure::SignalByDepth
            | EvidenceFigure::LossPerStep
            | EvidenceFigure::DeadUnitsPerLayer
            | EvidenceFigure::GradientNorms
            | EvidenceFigure::UpdateRatios
            | EvidenceFigure::Activations
            | EvidenceFigure::Sharpness => {}
        }
        assert!(code.contains(&format!("EvidenceFigure::{figure:?}")), "nothing is shown in {figure:?}");
    }
}

/// Dense layers in the short form, everything else left to the defaults.
const SHORT: &str = "\
[data]
source = \"function\"
formula = \"friedman1\"
train_samples = 40

[model]
hidden = [2, 32]

[training]
batch_size = 4
";

/// The short form with all that a fix may take back.
const SICK: &str = "\
[data]
source = \"function\"
formula = \"friedman1\"

[model]
hidden = [1, 32]
activation = \"tanh\"
output_activation = \"sigmoid\"
init = { weights = { kind = \"normal\", std = 1e-4 }, gain = 30.0, bias = { kind = \"constant\", value = -5.0 } }

[training]
loss = { kind = \"huber\", delta = 0.01 }
batch_size = 2000
drop_last = true

[training.optimizer]
kind = \"sgd\"
lr = 3.0
weight_decay = 1.0

[faults]
targets = \"shuffled\"
replaced_fraction = 0.9
";

/// Every kind of layer, one by one.
const LAYERS: &str = "\
[data]
source = \"boxes\"
height = 16
width = 16
channels = 1
train_samples = 200
validation_samples = 50

[model]
init = \"keras\"
layers = [
    { type = \"conv2d\", filters = 4, kernel = 3, activation = \"relu\" }, # it sees
    { type = \"batch_norm\", momentum = 0.0001, activation = \"relu\" },
    { type = \"avg_pool2d\", size = 8 },
    \"flatten\",
    { type = \"dropout\", rate = 0.9 },
    { type = \"dense\", units = 2, activation = \"relu\", init = { weights = \"he_normal\", bias = { kind = \"constant\", value = -5.0 } } },
    \"dense\",
]

[training]
loss = \"mae\"
optimiser = { kind = \"adamw\", lr = 0.1, weight_decay = 2.0 }
";

/// Layers as an array of tables.
const TABLES: &str = "\
[data]
source = \"function\"
formula = \"sine\"

[[model.layers]]
type = \"dense\"
units = 1
activation = \"sigmoid\"

[[model.layers]]
type = \"dropout\"
rate = 0.5

[[model.layers]]
type = \"dense\"
activation = \"relu\"
";

const TEXTS: [&str; 4] = [SHORT, SICK, LAYERS, TABLES];

fn parsed(text: &str) -> Result<Experiment, String> {
    let found = experiment::parse(text, "config.toml", Path::new("/folder"), "config");
    found.map_err(|errors| errors.mistakes().iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// A run of this text, without any instrument.
fn run_of(text: &str) -> Synthetic {
    let experiment = parsed(text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let shape: &[usize] = if text.contains("boxes") { &[1, 16, 16] } else { &[5] };
    let of = Synthetic::new().inputs(shape);
    let of = if text.contains("boxes") { of.outputs(&["x", "y"]) } else { of };
    of.network(&experiment.model.layers.clone()).experiment(move |of| *of = experiment.without_faults()).with(|run| {
        run.data.train_samples = 200;
    })
}

/// Every cause with runs of this text: in every state, and proved to be stuck.
fn for_each_case(text: &str, mut look: impl FnMut(&dyn Cause, &Case<'_>)) {
    for of in [run_of(text), run_of(text).certificate()] {
        let record: Record = of.record();
        let judged = judge_run(&record);
        for state in State::ALL {
            let run = RunDiagnosis { state, ..judged.clone() };
            ALL.iter().for_each(|cause| look(*cause, &Case::of_run(&record, &run)));
        }
        let case = Case::before_training(&record.run.experiment, &record.run.data, None, &record.run.layers);
        ALL.iter().for_each(|cause| look(*cause, &case));
    }
}

#[test]
fn every_fix_is_a_setting_of_the_users_text() {
    for text in TEXTS {
        let mut tried = BTreeSet::new();
        for_each_case(text, |cause, case| {
            for fix in cause.fixes(case) {
                let said = format!("`{}`: {}", cause.card().id, fix.change);
                if !tried.insert(said.clone()) {
                    continue;
                }
                let changed = change::apply(text, "config.toml", std::slice::from_ref(&fix.change))
                    .unwrap_or_else(|errors| panic!("{said}: {}\n{text}", errors.mistakes()[0]));
                if let Err(mistakes) = parsed(&changed) {
                    panic!("{said}: {mistakes}\n{changed}");
                }
            }
        });
        assert!(tried.len() > 20, "{tried:?}");
    }
}

/// The ids of the causes with a fix that changes what is trained.
fn causes_with_a_fix(text: &str) -> BTreeSet<&'static str> {
    let before = parsed(text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut found = BTreeSet::new();
    for_each_case(text, |cause, case| {
        let changes = |fix: &Fix| {
            let changed = change::apply(text, "config.toml", std::slice::from_ref(&fix.change)).ok();
            changed.and_then(|text| parsed(&text).ok()).is_some_and(|after| after != before)
        };
        if cause.fixes(case).iter().any(changes) {
            found.insert(cause.card().id);
        }
    });
    found
}

#[test]
fn what_is_wrong_in_a_text_is_changed_by_a_fix() {
    let sick = causes_with_a_fix(SICK);
    for id in ["output-activation", "bad-init", "vanishing-gradient", "over-regularised", "l1-median", "data-bug"] {
        assert!(sick.contains(id), "`{id}` of {sick:?}");
    }
    for id in ["params-not-updated", "targets-misaligned", "arch-destroys-info"] {
        assert!(sick.contains(id), "`{id}` of {sick:?}");
    }
    let layers = causes_with_a_fix(LAYERS);
    for id in ["batchnorm-mode", "over-regularised", "dead-relu", "arch-destroys-info", "l1-median", "bad-init"] {
        assert!(layers.contains(id), "`{id}` of {layers:?}");
    }
    let tables = causes_with_a_fix(TABLES);
    for id in ["output-activation", "vanishing-gradient", "over-regularised"] {
        assert!(tables.contains(id), "`{id}` of {tables:?}");
    }
}

#[test]
fn no_fix_is_an_anti_fix() {
    for text in TEXTS {
        let before = parsed(text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        for_each_case(text, |cause, case| {
            for fix in cause.fixes(case) {
                let path = fix.change.path.as_str();
                let said = format!("`{}`: {}", cause.card().id, fix.change);
                // The picture, the seeds and how long it is looked at are not the network.
                let of_training = ["data.", "model.", "training.", "faults."].iter().any(|of| path.starts_with(of));
                assert!(of_training, "{said}");
                assert!(!path.starts_with("data.source") && path != "training.clip_value", "{said}");
                let longer = path == "training.epochs";
                assert!(!(longer && case.is_stuck()), "{said} when it is proved to be stuck");
                if longer {
                    let epochs: u32 = fix.change.to.parse().expect("a whole number");
                    assert!(epochs > before.training.epochs, "{said}");
                }
            }
        });
    }
}

#[test]
fn no_fix_is_proposed_twice_and_each_says_why() {
    for text in TEXTS {
        for_each_case(text, |cause, case| {
            let fixes = cause.fixes(case);
            for (index, fix) in fixes.iter().enumerate() {
                assert!(fixes[..index].iter().all(|other| other.change != fix.change), "{} twice", fix.change);
                assert!(fix.why.starts_with(|first: char| first.is_lowercase()), "{}", fix.why);
                assert!(!fix.why.ends_with('.'), "{}", fix.why);
            }
        });
    }
}

#[test]
fn the_staged_runs_are_what_they_are_called() {
    assert_eq!(judge_run(&staged::learned().record()).state, State::Learned);
    assert_eq!(judge_run(&staged::flat().record()).state, State::Collapsed);
    let empty = |cause: &&dyn Cause| {
        let record = staged::learned().record();
        let run = judge_run(&record);
        cause.evidence(&Case::of_run(&record, &run)).is_empty()
    };
    // Most of what is asked is answered there: the instruments are played.
    assert!(ALL.iter().filter(|cause| !empty(cause)).count() >= 18);
}
