//! Results on disk that nobody trained: written through the store, so that no test here needs libtorch.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use whymean::{
    data::{self, Moments, Summary, TargetSummary},
    experiment::{change, change::Change},
    judge::Axis,
    record::{
        self, Channel, LayerInfo, Point, ProbePredictions, Reading, RunInfo, SeriesId, Split, Status,
        store::{Row, Store},
    },
    trial::{
        self, Outcome, Spec, folder,
        plan::Plan,
        results::{self, Allowed},
    },
};

/// The configuration of all saved results.
pub const CONFIG: &str = "\
[data]
source = \"function\"
formula = \"sine\"
train_samples = 40
validation_samples = 20

[model]
hidden = [8]

[training]
epochs = 4
optimiser = { kind = \"adam\", lr = 0.01 }

[diagnosis]
seeds = 2
";

/// How a saved run looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    /// It predicts its targets.
    Learned,
    /// It predicts their mean.
    Collapsed,
    /// It was killed after its second epoch.
    Unfinished,
    /// It was never started.
    Absent,
}

/// A folder with a configuration, where the program is run.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// With `config.toml` and nothing else.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::write(folder.path().join("config.toml"), CONFIG).expect("configuration");
        Self { folder }
    }

    /// The path of something in it.
    pub fn path(&self, inner: &str) -> PathBuf {
        self.folder.path().join(inner)
    }

    /// Runs the program there.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// The program, about to be run there.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_whymean"));
        command.args(arguments).current_dir(self.folder.path()).env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE");
        command
    }

    /// Runs the program there: exit code and what it said on standard error.
    pub fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(text(&output.stdout), "", "nothing is on standard output");
        format!("exit code {}\n{}", output.status.code().unwrap_or(-1), text(&output.stderr))
    }

    /// Saves a diagnosis with the seeds 0, 1, ... in `reports/config`.
    pub fn save_diagnosis(&self, fates: &[Fate]) {
        let dir = self.path("reports/config");
        let seeds = (0..fates.len() as u64).collect();
        let plan = Plan::diagnosis("config", "whymean diagnose config.toml", seeds);
        self.save(&dir, &plan, &mut |_, seed| fates[usize::try_from(seed).expect("small")]);
    }

    /// Saves a comparison of two learning rates: one learns, the other does not.
    pub fn save_comparison(&self) {
        let dir = self.path("reports/config-compare-lr");
        let values = vec!["0.01".to_owned(), "1".to_owned()];
        let axis = Axis { path: "training.optimiser.lr".to_owned(), values };
        let plan = Plan::comparison("config", "whymean compare config.toml", vec![axis], vec![0, 1]);
        self.save(&dir, &plan, &mut |values, _| if values == ["1"] { Fate::Collapsed } else { Fate::Learned });
    }

    fn save(&self, dir: &Path, plan: &Plan, fate: &mut dyn FnMut(&[String], u64) -> Fate) {
        results::prepare(dir, plan, CONFIG, &[], &[], Allowed::Reuse).expect("an empty folder");
        for cell in &plan.cells {
            let set = plan.axes.iter().zip(&cell.values);
            let changes: Vec<Change> =
                set.map(|(axis, to)| Change { path: axis.path.clone(), to: to.clone() }).collect();
            let (experiment, _) = change::read_with(&self.path("config.toml"), &changes).expect("configuration");
            for &seed in &plan.seeds {
                let spec = Spec {
                    schema: trial::SCHEMA,
                    seed,
                    threads: 1,
                    device: "cpu".to_owned(),
                    config_name: "config.toml".to_owned(),
                    experiment: experiment.clone(),
                };
                save_run(&plan.run_dir(dir, cell, seed), &spec, fate(&cell.values, seed));
            }
        }
    }
}

/// As text, whatever it is.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every file below a folder with its bytes, except the lock.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).expect("list") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".whymean-lock") {
                let name = path.strip_prefix(folder).expect("below").display().to_string();
                found.push((name, fs::read(&path).expect("read")));
            }
        }
    }
    found.sort();
    found
}

fn save_run(dir: &Path, spec: &Spec, fate: Fate) {
    if fate == Fate::Absent {
        return;
    }
    folder::write_spec(dir, spec).expect("spec");
    let epochs = if fate == Fate::Unfinished { 2 } else { spec.experiment.training.epochs };
    let store = Store::create(&folder::record_dir(dir)).expect("record");
    let status = if fate == Fate::Unfinished { Status::Running } else { Status::Completed };
    store.write_run(&run_info(spec, epochs, status.clone())).expect("run.json");
    let looks: Vec<ProbePredictions> = (0..=epochs)
        .flat_map(|epoch| [(Split::Train, epoch), (Split::Validation, epoch)])
        .map(|(split, epoch)| look(split, epoch, fate))
        .collect();
    store.write_segment(1, &rows(&looks), &looks).expect("segment");
    if status.is_final() {
        let outcome = Outcome {
            schema: trial::SCHEMA,
            seed: spec.seed,
            status,
            epochs,
            steps: u64::from(epochs) * 2,
            wall_secs: 0.25,
            peak_memory_bytes: None,
        };
        folder::write_outcome(dir, &outcome).expect("outcome");
    }
}

fn look(split: Split, epoch: u32, fate: Fate) -> ProbePredictions {
    let samples: Vec<u32> = (0..20).collect();
    let targets: Vec<f32> = samples.iter().map(|&sample| sample as f32 / 19.0 - 0.5).collect();
    // Half of the way in the first epoch, then nearly all of it; or nowhere at all.
    let share = match (fate, epoch) {
        (Fate::Learned, 0) => 0.0,
        (Fate::Learned, 1) => 0.5,
        (Fate::Learned, _) => 0.98,
        _ => 0.0,
    };
    let predictions = targets.iter().map(|target| target * share).collect();
    ProbePredictions { split, epoch, samples, targets, predictions }
}

fn rows(looks: &[ProbePredictions]) -> Vec<Row> {
    let mut rows = Vec::new();
    for look in looks {
        let of = |values: &[f32]| {
            let count = values.len() as f64;
            let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
            (mean, (values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count).sqrt())
        };
        let ((mean, std), (_, target_std)) = (of(&look.predictions), of(&look.targets));
        let errors: Vec<f32> = look.predictions.iter().zip(&look.targets).map(|(seen, meant)| seen - meant).collect();
        let mse = errors.iter().map(|&error| f64::from(error).powi(2)).sum::<f64>() / errors.len() as f64;
        let skill = 1.0 - mse / target_std.powi(2);
        let step = u64::from(look.epoch) * 2;
        let mut add = |channel, layer: &str, value: f64| {
            let id = SeriesId { split: look.split, channel, layer: layer.to_owned(), unit: None };
            rows.push(Row { id, point: Point { step, epoch: look.epoch, value: Reading::new(value) } });
        };
        add(Channel::PredictionMean, "y", mean);
        add(Channel::PredictionStd, "y", std);
        add(Channel::Spread, "y", std / target_std);
        add(Channel::Skill, "y", skill);
        if look.split == Split::Train && look.epoch > 0 {
            add(Channel::Loss, "", mse);
            add(Channel::LossRatio, "", 1.0 - skill);
        }
    }
    rows
}

fn run_info(spec: &Spec, epochs_done: u32, status: Status) -> RunInfo {
    let moments = Moments { mean: 0.0, std: 0.303, min: -0.5, max: 0.5 };
    let target = TargetSummary {
        name: "y".to_owned(),
        train: moments,
        median: 0.0,
        validation: Some(moments),
        most_common: None,
        at_min_fraction: 0.1,
        at_max_fraction: 0.1,
    };
    let layer = |name: &str, units: usize, activation: &str| LayerInfo {
        name: name.to_owned(),
        shape: vec![units],
        activation: activation.to_owned(),
        parameters: vec![format!("{name}.weight"), format!("{name}.bias")],
        parameter_count: 2 * units as u64,
    };
    RunInfo {
        schema: record::SCHEMA,
        experiment: spec.experiment.clone(),
        experiment_hash: spec.experiment.hash(),
        seed: spec.seed,
        data: Summary {
            train_samples: 40,
            validation_samples: 20,
            input_shape: vec![1],
            features: vec!["x1".to_owned()],
            inputs: moments,
            targets: vec![target],
            dropped_rows: 0,
            fingerprint: data::load(&spec.experiment.data).expect("data").summary.fingerprint,
            columns: Vec::new(),
            equal_columns: Vec::new(),
            alignments: Vec::new(),
        },
        references: None,
        layers: vec![layer("dense_1", 8, "relu"), layer("dense_2", 1, "linear")],
        device: "cpu".to_owned(),
        threads: 1,
        versions: std::collections::BTreeMap::from([("whymean".to_owned(), "0.1.0".to_owned())]),
        steps_per_epoch: 2,
        epochs_done,
        segments: 1,
        status,
        certificate: None,
        wall_secs: 0.25,
    }
}
