//! What a training step costs, bare and with every instrument, beside PyTorch's on the same network.
//!
//! ```text
//! cargo bench --profile dev --bench step -- [--threads N] [--repetitions N] [--steps N] [--network cnn|mlp]
//!                                           [--python PATH]  (or the variable PYTHON)
//! ```
//!
//! All contenders run interleaved in this one call, a few steps each in turn, in an order that rotates; the ratios are of
//! medians, with the spread of the ratios of single rounds. `--python` names a Python with torch 2.13 (see
//! `benches/pytorch/requirements.txt`), which then takes part through `benches/pytorch/step.py --serve`.
//!
//! Last come the looks that are not made at every step, each with its cost in steps: at the probe set after each epoch,
//! and the sparse ones (signal by depth, sharpness), which are made at the start and the end as well; and the gradient that is
//! computed anew at steps that are powers of two.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Instant,
};

use whymean::{
    data,
    experiment::{Experiment, Probes, reader},
    probes::recomputed_gradient,
    record::{Record, RunInfo, Status, store::Store},
    train::{
        recorder::{Recorder, RecorderState},
        sparse,
        trainer::Trainer,
    },
};

type Failure = Box<dyn std::error::Error>;

const CNN: &str = r#"
[data]
source = "boxes"
train_samples = 2560
validation_samples = 0
[model]
init = "keras"
layers = [
  { type = "conv2d", filters = 32, kernel = 5, stride = 2, padding = "same", activation = "relu" },
  { type = "conv2d", filters = 64, kernel = 5, stride = 2, padding = "same", activation = "relu" },
  { type = "conv2d", filters = 128, kernel = 5, stride = 2, padding = "same", activation = "relu" },
  { type = "flatten" },
  { type = "dense", units = 100, activation = "relu" },
  { type = "dense", units = 2 },
]
[training]
epochs = 1000
batch_size = 128
optimiser = { kind = "adam", lr = 0.001 }
"#;

const MLP: &str = r#"
[data]
source = "function"
formula = "norm"
features = 8
train_samples = 4096
validation_samples = 0
[model]
hidden = [64, 64, 64]
activation = "relu"
[training]
epochs = 100000
batch_size = 32
optimiser = { kind = "adam", lr = 0.001 }
"#;

/// One contender: runs some steps and says how long they took [s].
trait Contender {
    fn name(&self) -> String;
    fn run(&mut self, steps: u64) -> Result<f64, Failure>;
}

struct Ours {
    name: &'static str,
    trainer: Trainer,
    recorder: Recorder,
    order: Vec<u32>,
    step: u64,
    epoch: u32,
    _folder: tempfile::TempDir,
}

impl Ours {
    fn new(name: &'static str, text: &str, probes: Probes) -> Result<Self, Failure> {
        let mut experiment: Experiment = reader::parse(text, "bench", std::path::Path::new("."), "bench")?;
        experiment.diagnosis.probes = probes;
        let dataset = data::load(&experiment.data)?;
        let summary = dataset.summary.clone();
        let trainer = Trainer::new(&experiment, 0, dataset, tch::Device::Cpu)?;
        let folder = tempfile::tempdir()?;
        let run = RunInfo {
            schema: whymean::record::SCHEMA,
            experiment_hash: experiment.hash(),
            experiment,
            seed: 0,
            data: summary,
            references: None,
            layers: trainer.net.layers().to_vec(),
            device: "cpu".to_owned(),
            threads: 1,
            versions: std::collections::BTreeMap::new(),
            steps_per_epoch: trainer.steps_per_epoch(),
            epochs_done: 0,
            segments: 0,
            status: Status::Running,
            certificate: None,
            wall_secs: 0.0,
        };
        let record = Record { run, series: std::collections::BTreeMap::new(), probe: Vec::new() };
        let recorder = Recorder::new(Store::create(folder.path())?, record, 0, RecorderState::default());
        Ok(Self { name, order: trainer.order(1), trainer, recorder, step: 0, epoch: 1, _folder: folder })
    }
}

impl Contender for Ours {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn run(&mut self, steps: u64) -> Result<f64, Failure> {
        let size = self.trainer.training.batch_size as usize;
        let per_epoch = self.order.len() / size;
        let started = Instant::now();
        for _ in 0..steps {
            let place = self.step as usize % per_epoch;
            if place == 0 && self.step > 0 {
                self.epoch += 1;
                self.order = self.trainer.order(self.epoch);
            }
            self.step += 1;
            while recomputed_gradient::due(self.step) {
                self.step += 1; // these few are dearer, and have a row of their own
            }
            let batch = &self.order[place * size..(place + 1) * size];
            self.trainer.step(batch, self.step, self.epoch, &mut self.recorder)?;
        }
        Ok(started.elapsed().as_secs_f64())
    }
}

/// What the looks of a network in training cost, in bare steps of `step_secs` and as a share of the training they belong
/// to, one row each.
fn looks(ours: &mut Ours, step_secs: f64, epoch_steps: u64, repetitions: usize) -> Result<(), Failure> {
    println!("\n| look | ms (median) | steps | made every | share of the training |");
    println!("|---|---|---|---|---|");
    let row = |what: &str, every: u64, times: &mut [f64]| {
        let steps = median(times) / step_secs;
        let (ms, share) = (median(times) * 1e3, steps / every as f64);
        println!("| {what} | {ms:.1} | {steps:.2} | {every} steps | {share:.4} |");
    };
    let mut probe_set = Vec::new();
    let mut signal = Vec::new();
    let mut sharpness = Vec::new();
    let mut anew = Vec::new();
    for repetition in 0..repetitions {
        // A step that is no sparse one.
        let (step, epoch) = (ours.trainer.steps_per_epoch() + repetition as u64, ours.epoch + repetition as u32);
        let started = Instant::now();
        ours.trainer.look(step, epoch, &mut ours.recorder)?;
        probe_set.push(started.elapsed().as_secs_f64());
        let started = Instant::now();
        ours.trainer.look_at_signal(step, epoch, &mut ours.recorder)?;
        signal.push(started.elapsed().as_secs_f64());
        let started = Instant::now();
        ours.trainer.look_at_curvature(step, epoch, &mut ours.recorder)?;
        sharpness.push(started.elapsed().as_secs_f64());
        let size = ours.trainer.training.batch_size as usize;
        let mut timed = |step: u64| -> Result<f64, Failure> {
            let started = Instant::now();
            ours.trainer.step(&ours.order[..size], step, epoch, &mut ours.recorder)?;
            Ok(started.elapsed().as_secs_f64())
        };
        let usual = timed((1 << 20) + 1)?;
        anew.push((timed(1 << 20)? - usual).max(0.0));
    }
    row("probe set, training split", epoch_steps, &mut probe_set);
    row("signal by depth", sparse::EVERY_STEPS, &mut signal);
    row("sharpness", sparse::EVERY_STEPS, &mut sharpness);
    let training = 100 * epoch_steps;
    row("gradient computed anew, in 100 epochs", training / u64::from(training.ilog2() + 1), &mut anew);
    Ok(())
}

/// PyTorch in a process of its own, which answers `run K` with seconds.
struct PyTorch {
    name: &'static str,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl PyTorch {
    fn new(name: &'static str, python: &str, network: &str, threads: &str, extra: &[&str]) -> Result<Self, Failure> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pytorch/step.py");
        let mut child = Command::new(python)
            .args([script, "--serve", "--network", network, "--threads", threads])
            .args(extra)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().ok_or("no standard input")?;
        let from = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        Ok(Self { name, child, to, from })
    }
}

impl Contender for PyTorch {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn run(&mut self, steps: u64) -> Result<f64, Failure> {
        writeln!(self.to, "run {steps}")?;
        self.to.flush()?;
        let mut answer = String::new();
        self.from.read_line(&mut answer)?;
        Ok(answer.trim().parse()?)
    }
}

impl Drop for PyTorch {
    fn drop(&mut self) {
        // The process would end with its input anyway; a failure to kill it changes nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn argument(name: &str, default: &str) -> String {
    let arguments: Vec<String> = std::env::args().collect();
    let place = arguments.iter().position(|argument| argument == name);
    place.and_then(|place| arguments.get(place + 1).cloned()).unwrap_or_else(|| default.to_owned())
}

fn main() -> Result<(), Failure> {
    let threads = argument("--threads", "1");
    let network = argument("--network", "cnn");
    let repetitions: usize = argument("--repetitions", "11").parse()?;
    let steps: u64 = argument("--steps", if network == "cnn" { "6" } else { "400" }).parse()?;
    let python = argument("--python", &std::env::var("PYTHON").unwrap_or_default());
    tch::set_num_threads(threads.parse()?);
    let text = if network == "cnn" { CNN } else { MLP };

    let mut contenders: Vec<Box<dyn Contender>> = vec![
        Box::new(Ours::new("whymean, no instruments", text, Probes::None)?),
        Box::new(Ours::new("whymean, all instruments at every step", text, Probes::All)?),
    ];
    if !python.is_empty() {
        contenders.push(Box::new(PyTorch::new("PyTorch eager", &python, &network, &threads, &[])?));
        if network == "cnn" {
            // PyTorch has no `same` for strides; many write kernel / 2 instead, which shifts the grid but saves the padded copy.
            let half = ["--padding", "half"];
            contenders.push(Box::new(PyTorch::new(
                "PyTorch eager, symmetric padding",
                &python,
                &network,
                &threads,
                &half,
            )?));
        }
        contenders.push(Box::new(PyTorch::new(
            "PyTorch eager, hand-written hooks",
            &python,
            &network,
            &threads,
            &["--hooks"],
        )?));
    }
    let count = contenders.len();
    for contender in &mut contenders {
        contender.run(steps)?; // warm-up: allocations, code caches, Python's first calls
    }
    let mut seconds = vec![Vec::with_capacity(repetitions); count];
    for repetition in 0..repetitions {
        for turn in 0..count {
            let index = (repetition + turn) % count;
            seconds[index].push(contenders[index].run(steps)? / steps as f64);
        }
    }
    println!(
        "{network}, {threads} threads, {repetitions} rounds of {steps} steps, interleaved; ratios to the first row"
    );
    println!("| contender | ms / step (median) | ratio of medians | ratios of single rounds, middle half |");
    println!("|---|---|---|---|");
    let base = median(&mut seconds[0].clone());
    for (contender, times) in contenders.iter().zip(&seconds) {
        let mut ratios: Vec<f64> = times.iter().zip(&seconds[0]).map(|(time, bare)| time / bare).collect();
        ratios.sort_by(f64::total_cmp);
        let (low, high) = (ratios[ratios.len() / 4], ratios[ratios.len() * 3 / 4]);
        let middle = median(&mut times.clone());
        println!("| {} | {:.3} | {:.3} | {low:.3} to {high:.3} |", contender.name(), middle * 1e3, middle / base);
    }
    let mut trained = Ours::new("whymean, all instruments at every step", text, Probes::All)?;
    trained.run(2 * steps)?;
    // The question has 10000 images; this bench makes do with fewer.
    let epoch_steps = if network == "cnn" { 10_000_u64.div_ceil(128) } else { trained.trainer.steps_per_epoch() };
    looks(&mut trained, base, epoch_steps, repetitions)
}
