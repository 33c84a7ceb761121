//! Takes the readings of a run: in memory for the judge, in segments for the disk.
//!
//! Readings of steps are stored densely while the run is young and thinned later, with the extremes kept: up to
//! [`DENSE_STEPS`](crate::record::thinning) every step is stored; later the steps fall into windows that grow with the run, and each window
//! keeps its smallest, its largest and its first non-finite reading. A spike of one step is never lost, and
//! what is recorded of the steps grows with their logarithm.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    probes::Readings,
    record::{
        Channel, Point, ProbePredictions, Reading, Record, RunInfo, SeriesId, Split,
        store::{RecordError, Row, Store},
        thinning::{window_start, window_width},
    },
};

/// Epochs whose probe predictions are all kept; later ones are thinned to half as many per doubling.
const DENSE_LOOKS: u32 = 32;

/// Whether the predictions of an epoch's look are kept for good.
pub fn keeps_look(epoch: u32) -> bool {
    epoch.is_multiple_of((epoch.next_power_of_two() / DENSE_LOOKS).max(1))
}

/// An open window of one series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Window {
    start: u64,
    smallest: Option<Point>,
    largest: Option<Point>,
    broken: Option<Point>,
}

impl Window {
    fn new(point: Point) -> Self {
        let mut window = Self { start: window_start(point.step), smallest: None, largest: None, broken: None };
        window.add(point);
        window
    }

    fn add(&mut self, point: Point) {
        match point.value {
            Reading::NonFinite(_) => {
                self.broken.get_or_insert(point);
            }
            Reading::Finite(value) => {
                let below = |kept: &Option<Point>| kept.and_then(|p| p.value.finite()).is_none_or(|old| value < old);
                let above = |kept: &Option<Point>| kept.and_then(|p| p.value.finite()).is_none_or(|old| value > old);
                if below(&self.smallest) {
                    self.smallest = Some(point);
                }
                if above(&self.largest) {
                    self.largest = Some(point);
                }
            }
        }
    }

    /// What the window keeps, in order of steps.
    fn kept(&self) -> Vec<Point> {
        let mut points: Vec<Point> = [self.smallest, self.largest, self.broken].into_iter().flatten().collect();
        points.sort_by_key(|point| point.step);
        points.dedup_by_key(|point| point.step);
        points
    }
}

/// What a checkpoint keeps of the recorder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecorderState {
    open: Vec<(SeriesId, Window)>,
    units: Vec<(SeriesId, f64)>,
    latest: Vec<StoredLook>,
}

/// A look as a checkpoint keeps it: bits, since JSON has neither NaN nor infinities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredLook {
    split: Split,
    epoch: u32,
    samples: Vec<u32>,
    target_bits: Vec<u32>,
    prediction_bits: Vec<u32>,
}

impl StoredLook {
    fn new(look: &ProbePredictions) -> Self {
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect();
        Self {
            split: look.split,
            epoch: look.epoch,
            samples: look.samples.clone(),
            target_bits: bits(&look.targets),
            prediction_bits: bits(&look.predictions),
        }
    }

    fn look(self) -> ProbePredictions {
        let values = |bits: Vec<u32>| bits.into_iter().map(f32::from_bits).collect();
        ProbePredictions {
            split: self.split,
            epoch: self.epoch,
            samples: self.samples,
            targets: values(self.target_bits),
            predictions: values(self.prediction_bits),
        }
    }
}

/// One step series; its place in the order of readings is found again without a look-up.
struct Slot {
    id: SeriesId,
    window: Option<Window>,
}

/// Collects readings.
pub struct Recorder {
    store: Store,
    segment: u32,
    record: Record,
    pending: Vec<Row>,
    pending_looks: Vec<ProbePredictions>,
    slots: Vec<Slot>,
    cursor: usize,
    units: BTreeMap<SeriesId, f64>,
    latest: Vec<ProbePredictions>,
    now: (u64, u32),
    of_step: bool,
}

impl Recorder {
    /// A recorder over an empty store, or over one that holds `record` up to `segment`.
    pub fn new(store: Store, mut record: Record, segment: u32, state: RecorderState) -> Self {
        // The newest look may be one that is not kept for good, and then no segment holds it.
        let latest: Vec<ProbePredictions> = state.latest.into_iter().map(StoredLook::look).collect();
        for look in &latest {
            if !record.probe.iter().any(|kept| kept.split == look.split && kept.epoch == look.epoch) {
                record.probe.push(look.clone());
            }
        }
        let slots = state.open.into_iter().map(|(id, window)| Slot { id, window: Some(window) }).collect();
        Self {
            store,
            segment,
            record,
            pending: Vec::new(),
            pending_looks: Vec::new(),
            slots,
            cursor: 0,
            units: state.units.into_iter().collect(),
            latest,
            now: (0, 0),
            of_step: false,
        }
    }

    /// Readings that follow belong to this step.
    pub fn at_step(&mut self, step: u64, epoch: u32) {
        self.now = (step, epoch);
        self.of_step = true;
        self.cursor = 0;
    }

    /// Readings that follow belong to the look after this epoch.
    pub fn at_look(&mut self, step: u64, epoch: u32) {
        self.now = (step, epoch);
        self.of_step = false;
    }

    /// The predictions of a look at the probe set.
    pub fn look(&mut self, look: ProbePredictions) {
        if keeps_look(look.epoch) {
            self.pending_looks.push(look.clone());
        }
        // In memory the judge always sees the newest look, kept for good or not.
        self.record.probe.retain(|old| old.split != look.split || keeps_look(old.epoch));
        self.record.probe.push(look.clone());
        self.latest.retain(|old| old.split != look.split);
        self.latest.push(look);
    }

    /// The run so far, for the judge.
    ///
    /// Windows that are still open are not in it: what the judge sees does not depend on when it looks.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// What is known of the run; the caller keeps it up to date.
    pub fn run(&mut self) -> &mut RunInfo {
        &mut self.record.run
    }

    /// Writes what is pending as the next segment and answers its number and what a checkpoint must keep.
    ///
    /// # Errors
    /// When the disk refuses; everything pending is still there for another try.
    pub fn flush(&mut self) -> Result<(u32, RecorderState), RecordError> {
        if !self.pending.is_empty() || !self.pending_looks.is_empty() {
            self.store.write_segment(self.segment + 1, &self.pending, &self.pending_looks)?;
            self.segment += 1;
            self.pending.clear();
            self.pending_looks.clear();
        }
        self.record.run.segments = self.segment;
        self.store.write_run(&self.record.run)?;
        let open =
            self.slots.iter().filter_map(|slot| slot.window.clone().map(|window| (slot.id.clone(), window))).collect();
        let units = self.units.iter().map(|(id, value)| (id.clone(), *value)).collect();
        let latest = self.latest.iter().map(StoredLook::new).collect();
        Ok((self.segment, RecorderState { open, units, latest }))
    }

    /// Closes all windows, keeps the newest look for good, and writes everything.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(&mut self) -> Result<(), RecordError> {
        let slots = std::mem::take(&mut self.slots);
        for slot in slots {
            if let Some(window) = slot.window {
                for point in window.kept() {
                    self.keep(slot.id.clone(), point);
                }
            }
        }
        self.pending_looks.extend(self.latest.iter().filter(|look| !keeps_look(look.epoch)).cloned());
        self.flush().map(|_| ())
    }

    fn keep(&mut self, id: SeriesId, point: Point) {
        self.record.series.entry(id.clone()).or_default().push(point);
        self.pending.push(Row { id, point });
    }

    /// Index of the slot of a step series. Probes take their readings in the same order at every step, so the slot is
    /// nearly always the one after the last.
    fn slot(&mut self, split: Split, channel: Channel, layer: &str) -> usize {
        let fits = |slot: &Slot| slot.id.split == split && slot.id.channel == channel && slot.id.layer == layer;
        let index = if self.slots.get(self.cursor).is_some_and(fits) {
            self.cursor
        } else {
            self.slots.iter().position(fits).unwrap_or_else(|| {
                let id = SeriesId { split, channel, layer: layer.to_owned(), unit: None };
                self.slots.push(Slot { id, window: None });
                self.slots.len() - 1
            })
        };
        self.cursor = index + 1;
        index
    }
}

impl Readings for Recorder {
    fn put(&mut self, split: Split, channel: Channel, layer: &str, value: f64) {
        let (step, epoch) = self.now;
        let point = Point { step, epoch, value: Reading::new(value) };
        if !self.of_step {
            self.keep(SeriesId { split, channel, layer: layer.to_owned(), unit: None }, point);
            return;
        }
        if window_width(step) == 1 {
            self.keep(SeriesId { split, channel, layer: layer.to_owned(), unit: None }, point);
            return;
        }
        let index = self.slot(split, channel, layer);
        let slot = &mut self.slots[index];
        let closed = match &mut slot.window {
            Some(window) if window.start == window_start(step) => {
                window.add(point);
                None
            }
            window => window.replace(Window::new(point)),
        };
        if let Some(closed) = closed {
            let id = slot.id.clone();
            for point in closed.kept() {
                self.keep(id.clone(), point);
            }
        }
    }

    fn put_change(&mut self, id: SeriesId, value: f64) {
        if self.units.insert(id.clone(), value) != Some(value) {
            let (step, epoch) = self.now;
            self.keep(id, Point { step, epoch, value: Reading::new(value) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_keeps_its_extremes_and_its_first_broken_reading() {
        let point = |step, value| Point { step, epoch: 1, value: Reading::new(value) };
        let mut window = Window::new(point(513, 2.0));
        for (step, value) in [(514, f64::NAN), (515, 9.0), (516, 1.0), (517, f64::INFINITY), (518, 3.0)] {
            window.add(point(step, value));
        }
        let kept: Vec<u64> = window.kept().iter().map(|point| point.step).collect();
        assert_eq!(kept, [514, 515, 516]);
        let constant = Window::new(point(700, 5.0));
        assert_eq!(constant.kept().len(), 1);
    }

    #[test]
    fn a_look_that_is_not_finite_comes_back_from_a_checkpoint() {
        let look = ProbePredictions {
            split: Split::Validation,
            epoch: 3,
            samples: vec![0, 7],
            targets: vec![0.1, f32::MAX],
            predictions: vec![f32::NEG_INFINITY, f32::NAN],
        };
        let text = serde_json::to_string(&StoredLook::new(&look)).expect("plain data");
        let back = serde_json::from_str::<StoredLook>(&text).expect("its own text").look();
        assert!(back.predictions[0] == f32::NEG_INFINITY && back.predictions[1].is_nan());
        assert_eq!((back.targets, back.samples), (look.targets, look.samples));
    }

    #[test]
    fn looks_are_kept_densely_then_by_halves() {
        let kept: Vec<u32> = (0..=64).filter(|&epoch| keeps_look(epoch)).collect();
        assert_eq!(kept[..33], (0..=32).collect::<Vec<u32>>());
        assert_eq!(kept[33..36], [34, 36, 38]);
        assert!((0..=100_000).filter(|&epoch| keeps_look(epoch)).count() < 300);
    }
}

#[cfg(test)]
pub(super) mod tests_support {
    use std::path::Path;

    use super::*;
    use crate::{data, experiment::Experiment, record::Status};

    /// A recorder of a run that has not begun.
    pub fn recorder(folder: &Path, experiment: &Experiment) -> Recorder {
        let run = RunInfo {
            schema: crate::record::SCHEMA,
            experiment: experiment.clone(),
            experiment_hash: experiment.hash(),
            seed: 0,
            data: data::load(&experiment.data).expect("synthetic").summary,
            references: None,
            layers: Vec::new(),
            device: "cpu".to_owned(),
            threads: 1,
            versions: BTreeMap::new(),
            steps_per_epoch: 1,
            epochs_done: 0,
            segments: 0,
            status: Status::Running,
            certificate: None,
            wall_secs: 0.0,
        };
        let record = Record { run, series: BTreeMap::new(), probe: Vec::new() };
        Recorder::new(Store::create(folder).expect("a new folder"), record, 0, RecorderState::default())
    }
}
