//! From a diagnosis to its proofs: a pool that trains, records that are read and judged, and what was saved before.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{Manner, gather, output, runs::Trained, watch::Watch};
use crate::{
    cli::DiagnoseArguments,
    data,
    error::UsageError,
    experiment::{Experiment, Source},
    judge::{self, Diagnosis},
    record::Record,
    trial::{
        ProgressEvent, Spec, TrialEnd, TrialError, TrialRunner,
        fixed_config::{self, FIXED_CONFIG, Written},
        folder,
        plan::Plan,
        pool::Pool,
    },
    verify::{self, Configuration, Saved, Surroundings},
};

/// What was diagnosed.
pub struct Control<'a> {
    /// Folder of the results.
    pub dir: &'a Path,
    /// Which runs there are.
    pub plan: &'a Plan,
    /// What they were trained with.
    pub configuration: &'a Configuration,
    /// What they left.
    pub records: &'a [Record],
}

impl Control<'_> {
    /// What the first of the runs was told; with the threads that it had.
    fn spec(&self) -> Option<Spec> {
        let first = self.records.first()?;
        let cell = self.plan.cells.first()?;
        let spec = folder::read_spec(&self.plan.run_dir(self.dir, cell, first.run.seed)).ok().flatten()?;
        Some(Spec { threads: first.run.threads, ..spec })
    }
}

/// The diagnosis with what an earlier call proved of the same runs, if one did.
pub fn saved(diagnosis: Diagnosis, control: &Control<'_>) -> Diagnosis {
    let found = control.spec().and_then(|spec| Saved::read(control.dir, &diagnosis, &spec));
    match found {
        Some(saved) => saved.complete(diagnosis),
        None => diagnosis,
    }
}

/// The diagnosis with what is proved: by this call where it may train for it, else by an earlier one.
///
/// What was saved is used as it is, unless it ended early and the user wants it to go on, or allows another budget.
pub fn tried(
    diagnosis: Diagnosis,
    control: &Control<'_>,
    arguments: &DiagnoseArguments,
    trained: &mut Trained,
    manner: Manner,
) -> miette::Result<Diagnosis> {
    let Some(spec) = control.spec() else { return Ok(diagnosis) };
    let goes_on = (arguments.training.resume || arguments.budget.is_some()) && !arguments.no_fix;
    if let Some(saved) = Saved::read(control.dir, &diagnosis, &spec).filter(|saved| saved.is_final || !goes_on) {
        if !saved.is_final && !arguments.no_fix {
            let ended = saved.verification.ended.split(';').next().unwrap_or_default();
            output::note(manner, &format!("the search for a change ended early: {ended}; `--resume` goes on with it"));
        }
        return Ok(saved.complete(diagnosis));
    }
    if arguments.no_fix || !verify::is_wanted(&diagnosis) {
        return Ok(diagnosis);
    }
    if cfg!(not(feature = "torch")) {
        output::note(manner, "this build of whymean cannot train, so that no change is tried");
        return Ok(diagnosis);
    }
    let budget = arguments.budget.unwrap_or_default();
    output::note(
        manner,
        &format!(
            "changes are tried beside the unchanged runs, in up to {} trainings and {}; Ctrl-C keeps what is \
             proved",
            budget.trainings,
            budget.time()
        ),
    );
    let interrupts = trained.interrupts()?;
    // Also between two rounds: what is proved has to be written.
    let _heeding = interrupts.heed();
    let begun = Instant::now();
    let pool = Pool::new(trained.jobs(spec.threads), interrupts)?
        .stopping_at(begun + Duration::from_secs_f64(budget.minutes * 60.0));
    let mut runner = Shown { pool, dir: control.dir, manner };
    let mut world = World { begun, control, spec: &spec, warned: false };
    let unchanged = verify::Control { dir: control.dir, configuration: control.configuration, spec: &spec };
    Ok(verify::verify(diagnosis, &unchanged, budget, &mut runner, &mut world))
}

/// Writes the repaired configuration into `dir` where something is proved; its path, unless what is there is the user's own.
pub fn write_fixed_config(
    dir: &Path,
    configuration: &Configuration,
    diagnosis: &Diagnosis,
) -> miette::Result<Option<String>> {
    let Some(proved) = verify::proved_changes(diagnosis) else { return Ok(None) };
    let text = verify::fixed_text(configuration, &proved, dir)?;
    let path = dir.join(FIXED_CONFIG);
    let written = fixed_config::write(dir, &text)
        .map_err(|source| UsageError::Write { what: format!("`{}`", path.display()), source })?;
    match written {
        Written::Whole => Ok(Some(path.to_string_lossy().into_owned())),
        Written::TheirsIsThere => {
            output::warn(UsageError::FixedConfigIsTheirs { path }.into());
            Ok(None)
        }
    }
}

/// The repaired configuration that an earlier call wrote into `dir`, where something is proved and it is still there.
pub fn fixed_config_there(dir: &Path, diagnosis: &Diagnosis) -> Option<String> {
    let path = dir.join(FIXED_CONFIG);
    let there = verify::proved_changes(diagnosis).is_some() && fixed_config::is_ours(&path);
    there.then(|| path.to_string_lossy().into_owned())
}

/// A pool whose trials are watched, round by round.
struct Shown<'a> {
    pool: Pool,
    dir: &'a Path,
    manner: Manner,
}

impl TrialRunner for Shown<'_> {
    fn run(
        &mut self,
        trials: &[(PathBuf, Spec)],
        watch: &mut dyn FnMut(&ProgressEvent),
    ) -> Result<Vec<TrialEnd>, TrialError> {
        let mut shown = Watch::new(self.dir, trials, self.manner);
        let ends = self.pool.run(trials, &mut |event| {
            shown.see(event);
            watch(event);
        });
        shown.close();
        ends
    }
}

/// Data, records, the clock and the disk.
struct World<'a> {
    begun: Instant,
    control: &'a Control<'a>,
    spec: &'a Spec,
    /// Whether it was said already that nothing can be kept.
    warned: bool,
}

impl Surroundings for World<'_> {
    fn can_train(&mut self, experiment: &Experiment) -> Result<(), String> {
        // Of drawn data the reader has checked all there is.
        let Source::Table { .. } = experiment.data.source else { return Ok(()) };
        let dataset = data::load_planted(&experiment.data, &experiment.faults).map_err(|error| error.to_string())?;
        data::check(experiment, &dataset).map_err(|error| error.to_string())
    }

    fn judge(&mut self, trials: &[(PathBuf, Spec)]) -> Result<Diagnosis, String> {
        let mut records = Vec::new();
        let mut first = None;
        for (dir, spec) in trials {
            let found = gather::finished(dir, spec.seed, &mut first).map_err(|error| error.to_string())?;
            let (_, record) = found.ok_or_else(|| format!("`{}` is not finished", dir.display()))?;
            self.same_data(&record)?;
            records.push(record);
        }
        Ok(judge::diagnose(&self.control.plan.name, &records))
    }

    fn seconds(&mut self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    fn keep(&mut self, saved: &Saved) {
        if let Err(source) = saved.write(self.control.dir)
            && !self.warned
        {
            self.warned = true;
            output::warn(UsageError::Write { what: "what was proved".to_owned(), source }.into());
        }
    }
}

impl World<'_> {
    /// Refuses a run that an earlier call trained with a table that has changed since.
    fn same_data(&self, record: &Record) -> Result<(), String> {
        let Some(unchanged) = self.control.records.first() else { return Ok(()) };
        let same_settings = record.run.experiment.data == self.spec.experiment.data;
        if same_settings
            && self.spec.experiment.faults.is_none()
            && record.run.data.fingerprint != unchanged.run.data.fingerprint
        {
            return Err("it was trained with other data; delete its folder, and it is trained again".to_owned());
        }
        Ok(())
    }
}
