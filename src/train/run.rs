//! One trial from its folder to its outcome: load, train under instruments, judge at each epoch, checkpoint, resume.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use tch::{Device, Tensor};

use super::{
    TrainError, certificate,
    checkpoint::{self, Progress},
    planted,
    recorder::{Recorder, RecorderState},
    trainer::Trainer,
};
use crate::{
    data,
    judge::{self, Decision},
    record::{
        self, Channel, Record, RunInfo, Split, Status, atomic,
        store::{self, Store},
    },
    trial::{Outcome, ProgressLine, Spec, folder, shared},
};

/// Least time between two progress lines.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

pub use crate::trial::folder::WEIGHTS;

/// Trains the trial in `dir`, from its checkpoint if there is one, until it is finished or `stop` is set.
///
/// A seed gives the same run twice, and a run that was killed and resumed leaves the same record and weights, to the
/// bit, as one that was not.
///
/// # Errors
/// When data, network, device or disk do not allow it. A loss that is not finite is no error.
pub fn run_trial(
    dir: &Path,
    spec: &Spec,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(ProgressLine),
) -> Result<Outcome, TrainError> {
    open(dir, spec, PROGRESS_EVERY)?.train(stop, progress)
}

/// As [`run_trial`], with a word after every step.
#[cfg(test)]
pub(super) fn run_trial_watched(
    dir: &Path,
    spec: &Spec,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(ProgressLine),
) -> Result<Outcome, TrainError> {
    open(dir, spec, Duration::ZERO)?.train(stop, progress)
}

/// Loads the data, builds the network, and takes up the checkpoint if there is one.
fn open<'a>(dir: &'a Path, spec: &'a Spec, progress_every: Duration) -> Result<Trial<'a>, TrainError> {
    let started = Instant::now();
    // What an earlier process left when it was killed; the caller holds the lock.
    atomic::remove_leftovers(dir).map_err(|source| TrainError::Write { path: dir.to_owned(), source })?;
    let device = device(&spec.device)?;
    tch::set_num_threads(i32::try_from(spec.threads.max(1)).unwrap_or(i32::MAX));

    let data = data::load_planted(&spec.experiment.data, &spec.experiment.faults)?;
    let summary = data.summary.clone();
    let references = shared::references(dir, &spec.experiment.diagnosis, &data);
    let trainer = Trainer::new(&spec.experiment, spec.seed, data, device)?;
    let hash = spec.experiment.hash();
    let run = RunInfo {
        schema: record::SCHEMA,
        experiment: spec.experiment.without_faults(),
        experiment_hash: hash.clone(),
        seed: spec.seed,
        data: summary,
        references,
        layers: trainer.net.layers().to_vec(),
        device: spec.device.clone(),
        threads: spec.threads,
        versions: versions(),
        steps_per_epoch: trainer.steps_per_epoch(),
        epochs_done: 0,
        segments: 0,
        status: Status::Running,
        certificate: None,
        wall_secs: 0.0,
    };
    Trial::open(dir, spec, trainer, run, hash, started, progress_every)
}

/// A trial under way.
struct Trial<'a> {
    dir: &'a Path,
    spec: &'a Spec,
    trainer: Trainer,
    recorder: Recorder,
    at: Progress,
    started: Instant,
    /// Training time of the parts before this one \[s\].
    earlier_secs: f64,
    last_checkpoint: Instant,
    last_line: Option<Instant>,
    progress_every: Duration,
}

/// Why the loop ended.
enum End {
    Epochs,
    Decided(String),
    Stopped,
}

impl<'a> Trial<'a> {
    /// A new trial, or the rest of one that has a checkpoint.
    fn open(
        dir: &'a Path,
        spec: &'a Spec,
        mut trainer: Trainer,
        mut run: RunInfo,
        hash: String,
        started: Instant,
        progress_every: Duration,
    ) -> Result<Self, TrainError> {
        let checkpoints = folder::checkpoint_dir(dir);
        let records = folder::record_dir(dir);
        let (at, recorder) = match checkpoint::read(&checkpoints, &hash)? {
            Some((at, tensors)) => {
                restore(&mut trainer, &tensors, at.step)
                    .map_err(|why| TrainError::Checkpoint { path: checkpoints.clone(), why })?;
                let store = Store::open(&records)?;
                let earlier = store.read_run()?;
                if earlier.data.fingerprint != run.data.fingerprint {
                    return Err(TrainError::DataChanged { path: dir.to_owned() });
                }
                run.epochs_done = at.epoch.saturating_sub(1);
                run.segments = at.segment;
                run.wall_secs = at.wall_secs;
                // One that was made after the checkpoint will be made again.
                run.certificate = earlier.certificate.filter(|certificate| certificate.step <= at.step);
                // Before the segments go: a run that was killed as it finished says that it has them all.
                store.write_run(&run)?;
                store.remove_leftovers()?;
                store.drop_segments_after(at.segment)?;
                run.epochs_done = at.epoch - 1;
                // `run.json` may be newer than the checkpoint; what was proved after it will be proved again.
                run.certificate = store.read_run()?.certificate.filter(|certificate| certificate.step <= at.step);
                let record = if at.segment == 0 { empty(run) } else { Record { run, ..store::read(&records)? } };
                store.write_run(&record.run)?; // it says `interrupted` until now
                let recorder = Recorder::new(store, record, at.segment, at.recorder.clone());
                (at, recorder)
            }
            None => {
                let store = Store::create(&records)?;
                store.write_run(&run)?; // a segment's outputs are named by it
                let recorder = Recorder::new(store, empty(run), 0, RecorderState::default());
                (Progress::new(hash, 0, 1, 0), recorder)
            }
        };
        let earlier_secs = at.wall_secs;
        let now = Instant::now();
        Ok(Self {
            dir,
            spec,
            trainer,
            recorder,
            at,
            started,
            earlier_secs,
            last_checkpoint: now,
            last_line: None,
            progress_every,
        })
    }

    fn train(&mut self, stop: &AtomicBool, progress: &mut dyn FnMut(ProgressLine)) -> Result<Outcome, TrainError> {
        let status = match self.epochs(stop, progress)? {
            End::Stopped => {
                self.recorder.run().status = Status::Interrupted;
                self.checkpoint()?;
                progress(ProgressLine { last: true, ..self.line() });
                return Ok(self.outcome());
            }
            End::Epochs => Status::Completed,
            End::Decided(_) if judge::not_finite(self.recorder.record()).is_some() => Status::NonFinite,
            End::Decided(why) => Status::Decided { why },
        };
        self.trainer.look_at_end(self.at.step, self.at.epoch - 1, &mut self.recorder)?;
        let wall_secs = self.wall_secs();
        let run = self.recorder.run();
        run.status = status;
        run.wall_secs = wall_secs;
        self.recorder.finish()?;
        progress(ProgressLine { last: true, ..self.line() });
        checkpoint::write_tensors(&self.dir.join(WEIGHTS), &self.trainer.net.state())?;
        let outcome = self.outcome();
        folder::write_outcome(self.dir, &outcome).map_err(|error| TrainError::Outcome(Box::new(error)))?;
        // Only now: a kill before this line resumes from the last checkpoint and ends in the same outcome.
        checkpoint::remove(&folder::checkpoint_dir(self.dir))?;
        Ok(outcome)
    }

    /// Trains until something ends it.
    fn epochs(&mut self, stop: &AtomicBool, progress: &mut dyn FnMut(ProgressLine)) -> Result<End, TrainError> {
        if self.at.step == 0 && self.recorder.record().probe.is_empty() {
            self.trainer.look(0, 0, &mut self.recorder)?;
        }
        while self.at.epoch <= self.trainer.training.epochs {
            let order = self.trainer.order(self.at.epoch);
            for batch in self.trainer.batches(&order).skip(self.at.batches_done as usize) {
                if stop.load(Ordering::Relaxed) {
                    return Ok(End::Stopped);
                }
                self.trainer.step(batch, self.at.step + 1, self.at.epoch, &mut self.recorder)?;
                self.at.step += 1;
                self.at.batches_done += 1;
                self.speak(progress);
            }
            self.trainer.look(self.at.step, self.at.epoch, &mut self.recorder)?;
            self.recorder.run().epochs_done = self.at.epoch;
            self.at.epoch += 1;
            self.at.batches_done = 0;
            match judge::decide(self.recorder.record()) {
                Decision::GoOn => {}
                Decision::Stop { why } => return Ok(End::Decided(why)),
                Decision::Certify { layers } => {
                    let model = &self.spec.experiment.model;
                    let certificate = certificate::certify(&mut self.trainer, model, &layers, self.at.step)?;
                    self.recorder.run().certificate = certificate;
                    if let Decision::Stop { why } = judge::decide(self.recorder.record()) {
                        return Ok(End::Decided(why));
                    }
                }
            }
            if self.last_checkpoint.elapsed().as_secs_f64() >= self.trainer.training.checkpoint_secs {
                self.checkpoint()?;
            }
            self.speak(progress);
        }
        Ok(End::Epochs)
    }

    fn checkpoint(&mut self) -> Result<(), TrainError> {
        let wall_secs = self.wall_secs();
        self.recorder.run().wall_secs = wall_secs;
        let (segment, recorder) = self.recorder.flush()?;
        self.at.segment = segment;
        self.at.recorder = recorder;
        self.at.wall_secs = wall_secs;
        let tensors: Vec<(String, Tensor)> =
            [self.trainer.net.state(), self.trainer.optimiser.state(), self.trainer.planted.state(&self.trainer.net)]
                .into_iter()
                .flatten()
                .collect();
        checkpoint::write(&folder::checkpoint_dir(self.dir), &self.at, &tensors)?;
        self.last_checkpoint = Instant::now();
        Ok(())
    }

    fn wall_secs(&self) -> f64 {
        self.earlier_secs + self.started.elapsed().as_secs_f64()
    }

    fn speak(&mut self, progress: &mut dyn FnMut(ProgressLine)) {
        if self.last_line.is_none_or(|last| last.elapsed() >= self.progress_every) {
            self.last_line = Some(Instant::now());
            progress(self.line());
        }
    }

    fn line(&self) -> ProgressLine {
        let record = self.recorder.record();
        let newest =
            |channel, layer: &str| record.last(Split::Train, channel, layer).and_then(|point| point.value.finite());
        let worst = |channel| record.outputs().filter_map(|name| newest(channel, name)).min_by(f64::total_cmp);
        ProgressLine {
            seed: self.spec.seed,
            epoch: record.run.epochs_done,
            epochs: self.trainer.training.epochs,
            step: self.at.step,
            loss_ratio: newest(Channel::LossRatio, ""),
            spread: worst(Channel::Spread),
            skill: worst(Channel::Skill),
            last: false,
        }
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            schema: crate::trial::SCHEMA,
            seed: self.spec.seed,
            status: self.recorder.record().run.status.clone(),
            epochs: self.recorder.record().run.epochs_done,
            steps: self.at.step,
            wall_secs: self.wall_secs(),
            peak_memory_bytes: peak_memory(),
        }
    }
}

fn empty(run: RunInfo) -> Record {
    Record { run, series: BTreeMap::new(), probe: Vec::new() }
}

fn restore(trainer: &mut Trainer, tensors: &[(String, Tensor)], step: u64) -> Result<(), String> {
    let (moments, state): (Vec<_>, Vec<_>) = tensors
        .iter()
        .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
        .partition(|(name, _)| name.starts_with("optimiser."));
    let (sums, state): (Vec<_>, Vec<_>) = state.into_iter().partition(|(name, _)| name.starts_with(planted::STATE));
    trainer.net.load_state(&state).map_err(|error| error.to_string())?;
    trainer.planted.load_state(&trainer.net, &sums)?;
    trainer.optimiser.load_state(&moments, step)
}

/// Reads `cpu`, `cuda` or `cuda:1`.
fn device(name: &str) -> Result<Device, TrainError> {
    let refused = |why: &str| TrainError::Device { device: name.to_owned(), why: why.to_owned() };
    let number = match name {
        "cpu" => return Ok(Device::Cpu),
        "cuda" => 0,
        _ => name
            .strip_prefix("cuda:")
            .and_then(|number| number.parse::<usize>().ok())
            .ok_or_else(|| refused("a device is `cpu`, `cuda` or `cuda:0`"))?,
    };
    if !tch::Cuda::is_available() {
        return Err(refused("this libtorch has no CUDA, or there is no GPU"));
    }
    let there = tch::Cuda::device_count();
    if number as i64 >= there {
        return Err(refused(&format!("there are {there} GPUs, counted from 0")));
    }
    Ok(Device::Cuda(number))
}

fn versions() -> BTreeMap<String, String> {
    let version = |name: &str, version: &str| (name.to_owned(), version.to_owned());
    BTreeMap::from([version("whymean", env!("CARGO_PKG_VERSION")), version("libtorch", env!("WHYMEAN_LIBTORCH"))])
}

/// Largest resident memory of this process so far \[bytes\]; `None` where the system does not tell.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}
