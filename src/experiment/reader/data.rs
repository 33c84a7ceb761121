//! `[data]`.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use toml::{Spanned, de::DeValue};

use super::{
    expressions::{Lists, lists},
    fields::{Fields, Walk},
    limits,
    variant::Kinds,
};
use crate::experiment::{Data, Distribution, Formula, Missing, Scaling, Source, excerpt::shortened, suggest::nearest};

const SCALINGS: &[(&str, Scaling)] =
    &[("none", Scaling::None), ("standard", Scaling::Standard), ("min_max", Scaling::MinMax)];

pub(super) const FORMULAS: &[(&str, Formula)] = &[
    ("sum", Formula::Sum),
    ("sine", Formula::Sine),
    ("product", Formula::Product),
    ("square", Formula::Square),
    ("step", Formula::Step),
    ("norm", Formula::Norm),
    ("friedman1", Formula::Friedman1),
    ("zero", Formula::Zero),
];

pub(super) const DISTRIBUTIONS: Kinds<Distribution> = Kinds {
    tag: "distribution",
    default: Some("uniform"),
    options: &[
        ("uniform", Distribution::Uniform { low: -1.0, high: 1.0 }),
        ("normal", Distribution::Normal { mean: 0.0, std: 1.0 }),
    ],
    fill: fill_distribution,
};

fn fill_distribution(walk: &mut Walk, fields: &mut Fields<'_>, template: Distribution) -> Distribution {
    match template {
        Distribution::Uniform { low, high } => {
            let low = walk.number(fields, "low", &limits::BOUND, Some(low));
            let high = walk.number(fields, "high", &limits::BOUND, Some(high));
            if low >= high {
                let message =
                    format!("`{}` ({low}) must be below `{}` ({high})", fields.path("low"), fields.path("high"));
                let key = if fields.has("low") { "low" } else { "high" };
                walk.conflict(message, &fields.place_of(key), "swap them, or widen the range");
            }
            Distribution::Uniform { low, high }
        }
        Distribution::Normal { mean, std } => Distribution::Normal {
            mean: walk.number(fields, "mean", &limits::MEAN, Some(mean)),
            std: walk.number(fields, "std", &limits::STD, Some(std)),
        },
    }
}

/// What has no default is read as required, whatever stands in the template.
const SOURCES: Kinds<Source> = Kinds {
    tag: "source",
    default: None,
    options: &[
        (
            "boxes",
            Source::Boxes {
                train_samples: 2000,
                validation_samples: 400,
                height: 64,
                width: 64,
                channels: 3,
                box_size: 12,
                noise: 0.0,
            },
        ),
        (
            "function",
            Source::Function {
                formula: Formula::Sum,
                features: 1,
                inputs: Distribution::Uniform { low: -1.0, high: 1.0 },
                noise: 0.0,
                train_samples: 1000,
                validation_samples: 200,
            },
        ),
        (
            "expressions",
            Source::Expressions {
                samples: 1000,
                validation_fraction: 0.2,
                draws: Vec::new(),
                define: Vec::new(),
                inputs: Vec::new(),
                targets: Vec::new(),
            },
        ),
        (
            "table",
            Source::Table {
                path: PathBuf::new(),
                features: Vec::new(),
                targets: Vec::new(),
                validation_fraction: 0.2,
                delimiter: ',',
                missing: Missing::Refuse,
            },
        ),
    ],
    fill: fill_source,
};

fn fill_source(walk: &mut Walk, fields: &mut Fields<'_>, template: Source) -> Source {
    match template {
        Source::Boxes { train_samples, validation_samples, height, width, channels, box_size, noise } => {
            let (train_samples, validation_samples) = samples(walk, fields, train_samples, validation_samples);
            let height = walk.count(fields, "height", &limits::SIDE, Some(height));
            let width = walk.count(fields, "width", &limits::SIDE, Some(width));
            let channels = walk.count(fields, "channels", &limits::CHANNELS, Some(channels));
            let box_size = walk.count(fields, "box_size", &limits::SIDE, Some(box_size));
            if box_size > height.min(width) {
                let message = format!(
                    "a box of {box_size} pixels (`{}`) does not fit an image of {height} x {width}",
                    fields.path("box_size")
                );
                let key = ["box_size", "height", "width"].into_iter().find(|key| fields.has(key)).unwrap_or("box_size");
                walk.conflict(message, &fields.place_of(key), "make `box_size` smaller, or the image larger");
            }
            let noise = walk.number(fields, "noise", &limits::NOISE, Some(noise));
            Source::Boxes { train_samples, validation_samples, height, width, channels, box_size, noise }
        }
        Source::Function { noise, train_samples, validation_samples, .. } => {
            let formula = formula(walk, fields);
            let features = walk.count(fields, "features", &limits::FEATURES, Some(formula.features_needed()));
            if features < formula.features_needed() {
                let message = format!(
                    "the formula needs at least {} features, `{}` is {features}",
                    formula.features_needed(),
                    fields.path("features")
                );
                walk.conflict(message, &fields.place_of("features"), "raise `features`, or leave it out");
            }
            let inputs = walk.kind(fields, "inputs", &DISTRIBUTIONS, formula.usual_inputs());
            let noise = walk.number(fields, "noise", &limits::NOISE, Some(noise));
            let (train_samples, validation_samples) = samples(walk, fields, train_samples, validation_samples);
            Source::Function { formula, features, inputs, noise, train_samples, validation_samples }
        }
        Source::Expressions { samples, validation_fraction, .. } => {
            let samples = walk.count(fields, "samples", &limits::SAMPLES, Some(samples));
            let validation_fraction =
                walk.number(fields, "validation_fraction", &limits::VALIDATION, Some(validation_fraction));
            let Lists { draws, define, inputs, targets } = lists(walk, fields);
            Source::Expressions { samples, validation_fraction, draws, define, inputs, targets }
        }
        Source::Table { validation_fraction, delimiter, missing, .. } => {
            let path = path(walk, fields);
            let features = names(walk, fields, "features", Names::Features);
            let targets = names(walk, fields, "targets", Names::Targets);
            let known: HashSet<&String> = features.iter().collect();
            if let Some(both) = targets.iter().find(|name| known.contains(name)) {
                let message = format!("column `{}` is a feature and a target", shortened(both));
                walk.conflict(
                    message,
                    &fields.place_of("targets"),
                    "a target among the features gives the answer away; name it once",
                );
            }
            Source::Table {
                path,
                features,
                targets,
                validation_fraction: walk.number(
                    fields,
                    "validation_fraction",
                    &limits::VALIDATION,
                    Some(validation_fraction),
                ),
                delimiter: read_delimiter(walk, fields, delimiter),
                missing: walk.choice(
                    fields,
                    "missing",
                    &[("refuse", Missing::Refuse), ("drop_rows", Missing::DropRows)],
                    missing,
                ),
            }
        }
    }
}

fn samples(walk: &mut Walk, fields: &mut Fields<'_>, train: u32, validation: u32) -> (u32, u32) {
    let train = walk.count(fields, "train_samples", &limits::TRAIN_SAMPLES, Some(train));
    let validation = walk.count(fields, "validation_samples", &limits::VALIDATION_SAMPLES, Some(validation));
    (train, validation)
}

fn formula(walk: &mut Walk, fields: &mut Fields<'_>) -> Formula {
    if fields.get("formula").is_none() {
        walk.missing(fields, "formula", "name a formula, such as `formula = \"sine\"`");
    }
    walk.choice(fields, "formula", FORMULAS, Formula::Sum)
}

fn path(walk: &mut Walk, fields: &mut Fields<'_>) -> PathBuf {
    let help = "a CSV file; a relative path starts at the folder of this file";
    if fields.get("path").is_none() {
        walk.missing(fields, "path", &format!("write `path = \"data.csv\"`: {help}"));
    }
    let text = walk.text(fields, "path", help).unwrap_or("data.csv");
    if text.trim().is_empty() || text.contains('\0') {
        let key = fields.path("path");
        walk.out_of_range(&key, "the path of a file", "an empty path", fields.place_of("path"), help);
    }
    PathBuf::from(text)
}

/// What a list of names is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Targets,
    Features,
    Layers,
}

/// Names of columns or layers: a list of strings, or one string.
pub(super) fn names(walk: &mut Walk, fields: &mut Fields<'_>, key: &'static str, of: Names) -> Vec<String> {
    let (word, example) = match of {
        Names::Targets => ("column", "y"),
        Names::Features => ("column", "x"),
        Names::Layers => ("layer", "dense_1"),
    };
    let help = format!("names of {word}s, such as `{key} = [\"{example}\"]`");
    let path = fields.path(key);
    let Some(value) = fields.get(key) else {
        if of == Names::Targets {
            walk.missing(fields, key, &help);
        }
        return Vec::new();
    };
    let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
        DeValue::String(_) => vec![value],
        DeValue::Array(array) => array.iter().collect(),
        other => {
            walk.wrong_type(&path, "a list of strings", other, value.span(), &help);
            return Vec::new();
        }
    };
    if items.is_empty() && of == Names::Targets {
        walk.out_of_range(&path, "at least one name", "an empty list", value.span(), &help);
    }
    let mut names: Vec<String> = Vec::with_capacity(items.len());
    let mut known = HashSet::new();
    for item in items {
        match item.get_ref() {
            DeValue::String(name) if !known.insert(name.as_ref()) => {
                walk.conflict(
                    format!("`{path}` names {word} `{}` twice", shortened(name)),
                    &item.span(),
                    &format!("name each {word} once"),
                );
            }
            DeValue::String(name) => names.push(name.to_string()),
            other => walk.wrong_type(&path, "a list of strings", other, item.span(), &help),
        }
    }
    names
}

fn read_delimiter(walk: &mut Walk, fields: &mut Fields<'_>, default: char) -> char {
    let help = "one character, such as `\",\"`, `\";\"` or `\"\\t\"`";
    let Some(text) = walk.text(fields, "delimiter", help) else {
        return default;
    };
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        // Digits, signs, points, letters and quotes occur inside cells.
        (Some(character), None)
            if character == '\t'
                || character == ' '
                || (character.is_ascii_punctuation() && !"\"'.+-_".contains(character)) =>
        {
            character
        }
        _ => {
            let path = fields.path("delimiter");
            let word = match nearest(text, ["tab", "comma", "semicolon", "space"]) {
                Some("tab") => "; a tab is written `\"\\t\"`",
                _ => "",
            };
            let seen = format!("\"{}\"", shortened(text));
            walk.out_of_range(
                &path,
                "one ASCII character that no number contains",
                &seen,
                fields.place_of("delimiter"),
                &format!("{help}{word}"),
            );
            default
        }
    }
}

/// `[data]`; `folder` is where a relative path starts.
pub(super) fn data(walk: &mut Walk, root: &mut Fields<'_>, folder: &Path) -> Option<Data> {
    if !root.has("data") {
        walk.missing(root, "data", "add `[data]` with `source = \"table\"`, `path` and `targets`");
    }
    let mut fields = walk.table(root, "data");
    let fields = &mut fields;
    let seed = super::seed(walk, fields);
    let scale_inputs = walk.choice(fields, "scale_inputs", SCALINGS, Scaling::None);
    let scale_targets = walk.choice(fields, "scale_targets", SCALINGS, Scaling::None);
    if !root.has("data") {
        return None;
    }
    let (name, template) = walk.tagged(fields, &SOURCES)?;
    let mut source = fill_source(walk, fields, template);
    walk.finish_kind(fields, name, &SOURCES);
    if let Source::Table { path, .. } = &mut source {
        match std::path::absolute(folder.join(&path)) {
            Ok(whole) if whole.to_str().is_some() => *path = whole,
            _ => {
                let help = "the folder of this file must have a name in UTF-8; move it";
                walk.out_of_range("data.path", "a path in UTF-8", "this path", fields.place_of("path"), help);
            }
        }
    }
    Some(Data { source, scale_inputs, scale_targets, seed })
}
