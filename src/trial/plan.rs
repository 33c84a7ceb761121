//! Which runs a diagnosis or a comparison consists of, and how their folders are called.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    SCHEMA,
    results::{ResultsError, failed},
    spec,
};
use crate::{experiment::Experiment, judge::Axis};

/// The file that holds a plan, and that tells our folders from others.
pub const PLAN_FILE: &str = "plan.json";

/// Which runs belong together: `plan.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// `whymean`.
    pub program: Program,
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name of the experiment.
    pub name: String,
    /// The command that made it, as the report shows it.
    pub command: String,
    /// The settings that vary; empty for a diagnosis.
    pub axes: Vec<Axis>,
    /// One for each combination of values; one without values for a diagnosis.
    pub cells: Vec<PlannedCell>,
    /// Seeds of each cell's runs.
    pub seeds: Vec<u64>,
}

/// The mark of our own plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Program {
    /// This program.
    Whymean,
}

/// One combination of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedCell {
    /// One value for each axis.
    pub values: Vec<String>,
    /// Its folder below that of the results.
    pub folder: String,
}

impl Plan {
    /// The plan of a diagnosis.
    pub fn diagnosis(name: &str, command: &str, seeds: Vec<u64>) -> Self {
        let cells = vec![PlannedCell { values: Vec::new(), folder: "runs".to_owned() }];
        Self::new(name, command, Vec::new(), cells, seeds)
    }

    /// The plan of a comparison; the cells are all combinations, the last axis fastest.
    pub fn comparison(name: &str, command: &str, axes: Vec<Axis>, seeds: Vec<u64>) -> Self {
        let mut combinations = vec![Vec::new()];
        for axis in &axes {
            combinations = combinations
                .iter()
                .flat_map(|begun: &Vec<String>| {
                    axis.values.iter().map(|value| begun.iter().cloned().chain([value.clone()]).collect())
                })
                .collect();
        }
        let cell = |values: Vec<String>| {
            let settings: Vec<(&str, &str)> =
                axes.iter().zip(&values).map(|(axis, value)| (axis.path.as_str(), value.as_str())).collect();
            let folder = format!("cells/{}", file_name(&settings_name(&settings)));
            PlannedCell { values, folder }
        };
        let cells = combinations.into_iter().map(cell).collect();
        Self::new(name, command, axes, cells, seeds)
    }

    fn new(name: &str, command: &str, axes: Vec<Axis>, cells: Vec<PlannedCell>, seeds: Vec<u64>) -> Self {
        let (name, command) = (name.to_owned(), command.to_owned());
        Self { program: Program::Whymean, schema: SCHEMA, name, command, axes, cells, seeds }
    }

    /// `diagnosis` or `comparison`.
    pub fn kind(&self) -> &'static str {
        if self.axes.is_empty() { "diagnosis" } else { "comparison" }
    }

    /// Folder of one run below that of the results.
    pub fn run_dir(&self, dir: &Path, cell: &PlannedCell, seed: u64) -> PathBuf {
        dir.join(&cell.folder).join(format!("seed-{seed}"))
    }

    /// The plan of the results in `dir`.
    pub fn read(dir: &Path) -> Result<Self, ResultsError> {
        Self::read_if_there(dir)?.ok_or_else(|| ResultsError::NoPlan { dir: dir.to_owned() })
    }

    /// As [`read`](Self::read); `None` when there is no plan.
    pub fn read_if_there(dir: &Path) -> Result<Option<Self>, ResultsError> {
        let path = dir.join(PLAN_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(source) => return Err(failed("read", &path, source)),
        };
        let plan: Self = serde_json::from_str(&text)
            .map_err(|error| ResultsError::Plan { path: path.clone(), why: error.to_string() })?;
        let climbs =
            |cell: &PlannedCell| Path::new(&cell.folder).components().any(|part| !matches!(part, Component::Normal(_)));
        if plan.schema != SCHEMA {
            let why = format!("it has schema {}, this version reads schema {SCHEMA}", plan.schema);
            return Err(ResultsError::Plan { path, why });
        }
        let mut seeds = plan.seeds.clone();
        seeds.sort_unstable();
        seeds.dedup();
        let mut folders: Vec<&str> = plan.cells.iter().map(|cell| cell.folder.as_str()).collect();
        folders.sort_unstable();
        folders.dedup();
        let why = if plan.seeds.is_empty() || plan.cells.is_empty() {
            "it has no runs"
        } else if plan.cells.iter().any(climbs) {
            "a run lies outside of the folder"
        } else if seeds.len() < plan.seeds.len() || folders.len() < plan.cells.len() {
            "a run is in it twice"
        } else if plan.cells.iter().any(|cell| cell.values.len() != plan.axes.len()) {
            "a setting has not one value for each axis"
        } else {
            return Ok(Some(plan));
        };
        Err(ResultsError::Plan { path, why: why.to_owned() })
    }

    /// Whether two of its settings are one: the same training, or the same folder.
    ///
    /// - Arguments: `experiments` has one for each of its cells.
    pub fn same_settings(&self, experiments: &[Experiment]) -> Option<(&PlannedCell, &PlannedCell)> {
        let trainings: Vec<_> = experiments.iter().map(spec::with_effect).collect();
        self.cells.iter().enumerate().find_map(|(at, cell)| {
            let earlier = |other: &usize| {
                self.cells[*other].folder == cell.folder
                    || trainings.get(*other).is_some_and(|training| Some(training) == trainings.get(at))
            };
            (0..at).find(earlier).map(|other| (&self.cells[other], cell))
        })
    }

    /// The values of a cell in words: `training.optimiser.lr=0.1, training.batch_size=8`.
    pub fn words(&self, cell: &PlannedCell) -> String {
        let settings = self.axes.iter().zip(&cell.values).map(|(axis, value)| format!("`{}={value}`", axis.path));
        settings.collect::<Vec<_>>().join(", ")
    }
}

/// Settings that cannot be compared, and why.
const NO_AXES: &[(&str, &str)] = &[
    ("seed", "every setting is trained with the same seeds; choose them with `--seed` and `--seeds`"),
    ("diagnosis.seeds", "every setting is trained with the same seeds; choose them with `--seed` and `--seeds`"),
    ("name", "a name changes nothing that is trained"),
    ("training.checkpoint_secs", "how often a run is saved changes nothing that is trained"),
];

/// Reads `training.optimiser.lr=1e-4,1e-3`: a setting and its values.
///
/// Commas inside of quotes and brackets do not separate.
/// - Errors: what is wrong, in words.
pub fn parse_axis(text: &str) -> Result<Axis, String> {
    let (path, values) = text.split_once('=').ok_or("there is no `=`")?;
    let (mut parts, mut depth, mut quote) = (vec![String::new()], 0_u32, None);
    for letter in values.chars() {
        match (letter, quote) {
            (',', None) if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            ('[' | '{', None) => depth += 1,
            (']' | '}', None) => depth = depth.saturating_sub(1),
            ('"' | '\'', None) => quote = Some(letter),
            (_, Some(open)) if letter == open => quote = None,
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    let values: Vec<String> = parts.iter().map(|part| part.trim().to_owned()).collect();
    if path.trim().is_empty() {
        return Err("there is no path before `=`".to_owned());
    }
    if let Some((_, why)) = NO_AXES.iter().find(|(fixed, _)| *fixed == path.trim()) {
        return Err((*why).to_owned());
    }
    if values.iter().any(String::is_empty) {
        return Err("a value is empty".to_owned());
    }
    if let Some(twice) = values.iter().enumerate().find(|(at, value)| values[..*at].contains(value)) {
        return Err(format!("the value `{}` is there twice", twice.1));
    }
    if values.len() < 2 {
        return Err("a comparison needs at least two values".to_owned());
    }
    Ok(Axis { path: path.trim().to_owned(), values })
}

/// Name of the folder of an experiment with changes: `cv-261704-lr=0.001`.
pub fn folder_name(experiment: &Experiment, settings: &[(&str, &str)]) -> String {
    if settings.is_empty() {
        return file_name(&experiment.name);
    }
    file_name(&format!("{}-{}", experiment.name, settings_name(settings)))
}

/// Name of the folder of a comparison: `cv-261704-compare-lr`.
pub fn comparison_folder_name(experiment: &Experiment, settings: &[(&str, &str)], axes: &[Axis]) -> String {
    let varied: Vec<&str> = axes.iter().map(|axis| axis.path.rsplit('.').next().unwrap_or_default()).collect();
    let changed = if settings.is_empty() { String::new() } else { format!("-{}", settings_name(settings)) };
    file_name(&format!("{}{changed}-compare-{}", experiment.name, varied.join("+")))
}

/// `lr=0.01,batch_size=32`: the last key of each path, the whole path where that would be ambiguous.
pub fn settings_name(settings: &[(&str, &str)]) -> String {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let name = |&(path, value): &(&str, &str)| {
        let alone = settings.iter().filter(|(other, _)| last(other) == last(path)).count() == 1;
        format!("{}={}", if alone { last(path) } else { path.to_owned() }, value.trim_matches(['"', '\'']))
    };
    settings.iter().map(name).collect::<Vec<_>>().join(",")
}

/// The text as a name that every file system takes; what had to be changed is told apart by a short hash.
pub(super) fn file_name(text: &str) -> String {
    const LONGEST: usize = 100;
    let safe = |letter: char| letter.is_ascii_alphanumeric() || "-_.,=+".contains(letter);
    let mut name: String = text.chars().map(|letter| if safe(letter) { letter } else { '_' }).take(LONGEST).collect();
    if name.starts_with('.') || name.is_empty() {
        name.insert(0, '_');
    }
    if name != text {
        use sha2::Digest;
        let hash = sha2::Sha256::digest(text.as_bytes());
        let short: String = hash.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
        name = format!("{name}-{short}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_stay_apart() {
        assert_eq!(file_name("cv-261704-lr=1e-3"), "cv-261704-lr=1e-3");
        for odd in ["", ".", "..", "../../etc", "a/b", "a b", "lr=\u{3bb}", &"x".repeat(500)] {
            let name = file_name(odd);
            assert!(name.len() <= 120 && !name.starts_with('.') && !name.contains('/') && name != odd, "{name}");
        }
        assert_ne!(file_name("a/b"), file_name("a\\b"));
        assert_eq!(file_name("a/b"), file_name("a/b"));
    }

    #[test]
    fn the_last_key_names_a_setting_unless_it_is_ambiguous() {
        assert_eq!(
            settings_name(&[("training.optimiser.lr", "0.1"), ("training.optimiser.kind", "\"sgd\"")]),
            "lr=0.1,kind=sgd"
        );
        let both = [("data.seed", "1"), ("seed", "2")];
        assert_eq!(settings_name(&both), "data.seed=1,seed=2");
    }

    #[test]
    fn a_comparison_plans_every_combination_once() {
        let axis = |path: &str, values: &[&str]| Axis {
            path: path.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let axes = vec![axis("training.optimiser.lr", &["0.1", "1"]), axis("training.batch_size", &["8", "16", "32"])];
        let plan = Plan::comparison("n", "c", axes, vec![0]);
        let folders: Vec<&str> = plan.cells.iter().map(|cell| cell.folder.as_str()).collect();
        insta::assert_snapshot!(folders.join("\n"), @r"
        cells/lr=0.1,batch_size=8
        cells/lr=0.1,batch_size=16
        cells/lr=0.1,batch_size=32
        cells/lr=1,batch_size=8
        cells/lr=1,batch_size=16
        cells/lr=1,batch_size=32
        ");
    }

    #[test]
    fn settings_that_train_the_same_are_found() {
        let axis = |values: &[&str]| Axis {
            path: "training.epochs".to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let experiment = |epochs: u32, name: &str| {
            let mut experiment = spec::tests::spec(0).experiment;
            experiment.training.epochs = epochs;
            experiment.name = name.to_owned();
            experiment
        };
        let plan = Plan::comparison("n", "c", vec![axis(&["2", "1_0", "10"])], vec![0]);
        let found = plan.same_settings(&[experiment(2, "a"), experiment(10, "b"), experiment(10, "c")]);
        let (one, other) = found.expect("ten is ten");
        assert_eq!(
            (plan.words(one).as_str(), plan.words(other).as_str()),
            ("`training.epochs=1_0`", "`training.epochs=10`")
        );
        assert_eq!(plan.same_settings(&[experiment(2, "a"), experiment(10, "a"), experiment(11, "a")]), None);
    }

    #[test]
    fn a_plan_that_was_changed_by_hand_is_refused() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let said = |change: &dyn Fn(&mut Plan)| {
            let mut plan = Plan::diagnosis("n", "c", vec![0, 1]);
            change(&mut plan);
            fs::write(folder.path().join(PLAN_FILE), serde_json::to_string(&plan).expect("json")).expect("write");
            match Plan::read(folder.path()) {
                Ok(_) => "fine".to_owned(),
                Err(ResultsError::Plan { why, .. }) => why,
                Err(other) => other.to_string(),
            }
        };
        let all = [
            said(&|_| {}),
            said(&|plan| plan.seeds.clear()),
            said(&|plan| plan.cells.clear()),
            said(&|plan| plan.seeds = vec![0, 1, 0]),
            said(&|plan| plan.cells.push(plan.cells[0].clone())),
            said(&|plan| plan.cells[0].folder = "../runs".to_owned()),
            said(&|plan| plan.cells[0].values.push("0.1".to_owned())),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        fine
        it has no runs
        it has no runs
        a run is in it twice
        a run is in it twice
        a run lies outside of the folder
        a setting has not one value for each axis
        ");
    }

    #[test]
    fn axes_are_read_and_mistakes_are_said() {
        let axis = |text: &str| match parse_axis(text) {
            Ok(axis) => format!("{} -> {}", axis.path, axis.values.join(" | ")),
            Err(why) => why,
        };
        let all = [
            "training.optimiser.lr = 1e-4, 1e-3",
            "model.hidden=[8, 8],[16]",
            "training.optimiser={ kind = \"sgd\", lr = 0.1 },'adam, really'",
            "lr",
            "=1,2",
            "lr=1,,2",
            "lr=1",
            "lr=1,2,1",
            "lr=",
            "seed=1,2",
            " diagnosis.seeds = 1,3",
            "name=a,b",
            "data.seed=1,2",
        ];
        insta::assert_snapshot!(all.map(axis).join("\n"));
    }
}
