//! TOML text becomes an [`Experiment`] that cannot be wrong, or all the mistakes of the file at once.
//!
//! serde would stop at the first mistake and lose the place of most; so the spanned tree of the TOML parser is walked
//! with a small schema reader. The resolved experiment, written by serde, reads back through here as an equal value.

mod data;
mod expressions;
mod faults;
mod fields;
mod limits;
mod model;
mod strays;
mod training;
mod variant;

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    ops::Range,
    path::Path,
};

use sha2::{Digest, Sha256};
use toml::de::DeTable;

use self::fields::{Fields, Walk, describe};
pub(crate) use self::limits::MOST_FEATURES;
use super::{
    Experiment, Source, Training,
    batches::{self, Batching},
    error::{ExperimentError, ExperimentErrors, span},
    excerpt::is_steering,
    expression, held_out,
    shapes::{self, ShapeError},
};

/// Largest file that is read: a configuration is a page, so a larger file is something else.
const MOST_BYTES: u64 = 4 << 20;

/// Reads a configuration file.
///
/// - Errors: all mistakes of the file, each with its place.
pub fn read(path: &Path) -> Result<Experiment, ExperimentErrors> {
    let text = text_of(path)?;
    parse(&text, &path.display().to_string(), folder_of(path), &default_name(path))
}

/// Reads the text of a configuration.
///
/// `source_name` is what messages call the text, `folder` is where a relative `data.path` starts, `default_name` is the
/// experiment's name where the text gives none.
/// - Errors: all mistakes of the text, each with its place.
pub fn parse(text: &str, source_name: &str, folder: &Path, default_name: &str) -> Result<Experiment, ExperimentErrors> {
    let fail = |mistakes| ExperimentErrors::new(source_name, text, mistakes);
    // Editors on Windows put a byte order mark in front; a space in its stead would shift every place by two bytes.
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(fail(vec![ExperimentError::Empty { name: source_name.to_owned() }]));
    }
    let (tree, syntax) = DeTable::parse_recoverable(text);
    if !syntax.is_empty() {
        return Err(fail(syntax_mistakes(text, &syntax)));
    }
    let mut walk = Walk::default();
    let experiment = experiment(&mut walk, tree.get_ref(), folder, default_name);
    let mistakes = walk.close();
    match experiment {
        Some(experiment) if mistakes.is_empty() => Ok(experiment),
        _ => Err(fail(mistakes)),
    }
}

/// The mistakes of a text that is not TOML.
pub(super) fn syntax_errors(text: &str, source_name: &str) -> ExperimentErrors {
    let (_, syntax) = DeTable::parse_recoverable(text);
    let mut mistakes = syntax_mistakes(text, &syntax);
    if mistakes.is_empty() {
        // Two parsers of one family disagree: still an error, only without a place.
        let message = "the text cannot be edited".to_owned();
        mistakes.push(ExperimentError::Syntax {
            message,
            at: span(&(0..0)),
            help: "edit the file instead of using --set".to_owned(),
        });
    }
    ExperimentErrors::new(source_name, text, mistakes)
}

/// The text of a file, or why there is none.
pub(super) fn text_of(path: &Path) -> Result<String, ExperimentErrors> {
    let shown = path.display().to_string();
    let fail = |mistake| Err(ExperimentErrors::new(&shown, "", vec![mistake]));
    let unreadable = |why: String| ExperimentError::Unreadable { path: shown.clone(), why };
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let with_ending = path.with_extension("toml");
            let help = if path.extension().is_none() && with_ending.is_file() {
                format!("did you mean `{}`?", with_ending.display())
            } else {
                "check the path; `whymean init` writes a file to start from".to_owned()
            };
            return fail(ExperimentError::NotFound { path: shown.clone(), help });
        }
        Err(error) => return fail(unreadable(error.to_string())),
    };
    if about.is_dir() {
        return fail(ExperimentError::IsFolder { path: shown.clone() });
    }
    let mut bytes = Vec::new();
    // One byte more than allowed: a device such as `/dev/zero` says nothing of its size.
    let read = fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return fail(unreadable(error.to_string()));
    }
    if bytes.len() as u64 > MOST_BYTES {
        return fail(unreadable(format!("it has more than {MOST_BYTES} bytes; a configuration is a page")));
    }
    String::from_utf8(bytes).or_else(|error| {
        let offset = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count();
        fail(ExperimentError::NotUtf8 { path: shown.clone(), offset, line })
    })
}

/// The folder of a file; `.` for a bare name.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name of the file without its ending, made one that a folder may have.
pub(super) fn default_name(path: &Path) -> String {
    let Some(stem) = path.file_stem() else {
        return "experiment".to_owned();
    };
    let text = stem.to_string_lossy();
    if is_file_name(&text) {
        return text.into_owned();
    }
    // Two files whose names lose the same characters must not share a folder: the hash is over what they lose, too.
    let hash: String =
        Sha256::digest(stem.as_encoded_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let plain: String = text.chars().filter(|character| is_plain(*character)).collect();
    let plain = plain.trim_start_matches(['.', '-', ' ']);
    let short = plain[..plain.floor_char_boundary(LONGEST_NAME - 1 - hash.len())].trim_end_matches(['.', ' ']);
    format!("{}-{hash}", if short.is_empty() { "experiment" } else { short })
}

fn syntax_mistakes(text: &str, errors: &[toml::de::Error]) -> Vec<ExperimentError> {
    // After a first slip in a line the parser stumbles over the rest of it; that is one mistake.
    let mut mistakes = Vec::new();
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let mut told = BTreeSet::new();
    for error in errors {
        let at = error.span().unwrap_or(0..0);
        let at = at.start.min(text.len())..at.end.min(text.len());
        if !told.insert(breaks.partition_point(|end| *end < at.start)) {
            continue;
        }
        let message: String = error.message().lines().next().unwrap_or("unreadable").chars().take(200).collect();
        mistakes.push(ExperimentError::Syntax {
            help: syntax_help(&message, &text[line_at(text, at.start)]),
            message,
            at: span(&at),
        });
    }
    mistakes
}

/// The line around an offset.
fn line_at(text: &str, offset: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let start = bytes[..offset].iter().rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
    let end = bytes[offset..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |found| offset + found);
    start..end
}

fn syntax_help(message: &str, line: &str) -> String {
    let value = line.split_once('=').map_or("", |(_, value)| value.trim());
    if message.contains("duplicate") {
        "keep one of the two".to_owned()
    } else if value.starts_with(|first: char| first.is_alphabetic()) {
        "text needs quotes: `key = \"word\"`; `true` and `false` are written without".to_owned()
    } else if matches!(value, "True" | "False") {
        "booleans are `true` and `false`".to_owned()
    } else {
        "a line is `key = value`, `[table]` or `# comment`".to_owned()
    }
}

/// A setting of several kinds, each with keys of its own, and how its kind is told.
pub(super) struct Setting {
    /// The key that tells the kind.
    pub tag: &'static str,
    keys: fn(&str) -> Option<Vec<&'static str>>,
}

impl Setting {
    /// The setting at a path, where it is one of these.
    pub fn at(path: &[&str]) -> Option<Self> {
        let (tag, keys): (_, fn(&str) -> _) = match path {
            ["training", "loss"] => ("kind", |kind| training::LOSSES.keys(kind)),
            ["training", "optimiser" | "optimizer"] => ("kind", |kind| training::OPTIMISERS.keys(kind)),
            ["training", "schedule"] => ("kind", |kind| training::SCHEDULES.keys(kind)),
            ["model", "init", "weights"] | ["model", "layers", _, "init", "weights"] => {
                ("kind", |kind| model::WEIGHTS.keys(kind))
            }
            ["model", "init", "bias"] | ["model", "layers", _, "init", "bias"] => {
                ("kind", |kind| model::BIASES.keys(kind))
            }
            ["model", "layers", _] => ("type", |kind| model::LAYERS.keys(kind)),
            ["data", "inputs"] => ("distribution", |kind| data::DISTRIBUTIONS.keys(kind)),
            _ => return None,
        };
        Some(Self { tag, keys })
    }

    /// The keys of a kind, its tag among them; `None` of a kind that there is not.
    pub fn keys(&self, kind: &str) -> Option<Vec<&'static str>> {
        (self.keys)(kind)
    }
}

fn experiment(walk: &mut Walk, tree: &DeTable<'_>, folder: &Path, default_name: &str) -> Option<Experiment> {
    let mut root = Fields::new("", 0..0, Some(tree));
    let root = &mut root;
    let name = name(walk, root, default_name);
    let seed = seed(walk, root);
    let data = data::data(walk, root, folder);
    let (model, places) = model::model(walk, root);
    let (training, batch_place) = training::training(walk, root);
    let diagnosis = training::diagnosis(walk, root);
    let (faults, fault_places) = faults::faults(walk, root);
    walk.finish(root);
    let experiment = Experiment { name, seed, data: data?, model, training, diagnosis, faults };
    check_seeds(walk, root, &experiment);
    // Shapes are judged only where everything before could be read: a wrong number of units is told once, not twice.
    if walk.mistakes.is_empty() {
        faults::check_layers(walk, &experiment, &fault_places);
        check_shapes(walk, &experiment, &places, &batch_place);
    }
    Some(experiment)
}

fn check_shapes(walk: &mut Walk, experiment: &Experiment, places: &model::Places, batch_place: &Range<usize>) {
    let (input_shape, outputs, samples) = match &experiment.data.source {
        Source::Boxes { height, width, channels, train_samples, .. } => {
            (vec![*channels as usize, *height as usize, *width as usize], 2, Some(u64::from(*train_samples)))
        }
        Source::Function { features, train_samples, .. } => {
            (vec![*features as usize], 1, Some(u64::from(*train_samples)))
        }
        Source::Expressions { samples, validation_fraction, draws, define, inputs, targets } => {
            let texts = expression::Texts { draws, define, inputs, targets };
            // OK because what could not be resolved was told before.
            let Ok(program) = expression::Program::new(texts) else { return };
            let rows = *samples as usize;
            let train = held_out(rows, *validation_fraction).map(|held_out| (rows - held_out) as u64);
            (vec![program.input_names.len()], program.target_names.len(), train)
        }
        // Without names the table itself says how many columns there are; `data::load` knows then.
        Source::Table { features, .. } if features.is_empty() => return,
        Source::Table { features, targets, .. } => (vec![features.len()], targets.len(), None),
    };
    let Training { batch_size, drop_last, .. } = experiment.training;
    let model = &experiment.model;
    let checked = shapes::footprint(model, &input_shape, outputs, batch_size)
        .and_then(|_| batches::check(model, &input_shape, outputs, Batching { batch_size, drop_last }, samples));
    match checked {
        Ok(()) => {}
        Err(error @ ShapeError::LoneSample { .. }) => walk.conflict(error.to_string(), batch_place, &error.advice()),
        Err(error) => {
            let at = error.layer().and_then(|layer| places.layers.get(layer)).unwrap_or(&places.model);
            let (message, help) = (error.to_string(), error.advice());
            walk.mistakes.push(ExperimentError::Shape { message, at: span(at), help });
        }
    }
}

/// The largest seed: every reader of the JSON, JavaScript too, sees the same number.
pub const LARGEST_SEED: u64 = (1 << 53) - 1;

fn seed(walk: &mut Walk, fields: &mut Fields<'_>) -> u64 {
    let Some(value) = fields.get("seed") else {
        return 0;
    };
    let path = fields.path("seed");
    let wanted = format!("a whole number from 0 to {LARGEST_SEED}");
    walk.whole_value(&path, value, 0..=LARGEST_SEED, &wanted, "any number will do; the same number gives the same run")
        .unwrap_or(0)
}

/// The runs have the seeds from `seed` on; the last one must be a seed too.
fn check_seeds(walk: &mut Walk, root: &Fields<'_>, experiment: &Experiment) {
    let (first, count) = (experiment.seed, experiment.diagnosis.seeds);
    // OK because both were read within their limits.
    let last = first + u64::from(count.saturating_sub(1));
    if last > LARGEST_SEED {
        let message = format!("the last of {count} seeds would be {last}, and the largest seed is {LARGEST_SEED}");
        walk.conflict(message, &root.place_of("seed"), "lower `seed`, or `diagnosis.seeds`");
    }
}

/// Longest name: most file systems allow 255 bytes, and dates and endings are added.
const LONGEST_NAME: usize = 100;

fn name(walk: &mut Walk, root: &mut Fields<'_>, default_name: &str) -> String {
    let help = "it names the folder of the report, such as `name = \"my-network\"`";
    let Some(name) = walk.text(root, "name", help) else {
        return default_name.to_owned();
    };
    if !is_file_name(name) {
        let wanted = format!(
            "a file name of 1 to {LONGEST_NAME} bytes, without invisible characters and `/ \\ : * ? \" < > |` and not starting with `.` or `-`"
        );
        let seen = root.get("name").map_or_else(String::new, |value| describe(value.get_ref()));
        walk.out_of_range("name", &wanted, &seen, root.place_of("name"), help);
    }
    name.to_owned()
}

/// Whether a folder may have this name, on any system.
fn is_file_name(name: &str) -> bool {
    !name.trim().is_empty()
        && name.len() <= LONGEST_NAME
        && name.chars().all(is_plain)
        && !name.starts_with(['.', '-', ' '])
        && !name.ends_with(['.', ' '])
}

/// Whether a character may stand in a name: it steers no terminal, and no system gives it a meaning of its own.
fn is_plain(character: char) -> bool {
    !is_steering(character) && character != char::REPLACEMENT_CHARACTER && !r#"/\:*?"<>|"#.contains(character)
}

#[cfg(test)]
mod expression_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod planted_tests;
#[cfg(test)]
mod tests;
