//! The local pool: each trial is a child process, `jobs` of them at a time.
//!
//! A child that is killed takes no other with it. Its standard input is a pipe that nobody writes to: when it closes,
//! because we ask the child to stop or because we are gone, the child writes a checkpoint and ends.

mod death;

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{
    Progress, ProgressEvent, ProgressLine, Spec, TrialEnd, TrialError, TrialRunner, folder,
    interrupt::{INTERRUPTED, Interrupts},
};

/// How often a trial that was killed by a signal is started, in all.
const STARTS: u32 = 2;
/// How long the pool sleeps when no child says anything \[s\].
const TICK: Duration = Duration::from_millis(50);
/// How long a dead child's last lines are waited for; somebody else may hold the other end of its pipe.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Runs trials as child processes of this one.
#[derive(Debug)]
pub struct Pool {
    program: PathBuf,
    jobs: usize,
    interrupts: Interrupts,
    stop_at: Option<Instant>,
}

impl Pool {
    /// A pool of this program's own processes.
    ///
    /// - Errors: when the system does not tell where this program is.
    pub fn new(jobs: usize, interrupts: Interrupts) -> Result<Self, TrialError> {
        let program = std::env::current_exe()
            .map_err(|source| TrialError::Start { program: PathBuf::from("whymean"), source })?;
        Ok(Self::with_program(program, jobs, interrupts))
    }

    /// A pool of another program's processes, called as `PROGRAM trial DIR`.
    pub fn with_program(program: PathBuf, jobs: usize, interrupts: Interrupts) -> Self {
        Self { program, jobs: jobs.max(1), interrupts, stop_at: None }
    }

    /// The same pool, which from then on stops what runs as a first interrupt does, and starts no more.
    pub fn stopping_at(self, at: Instant) -> Self {
        Self { stop_at: Some(at), ..self }
    }

    /// How often it was asked to stop, by the user or by the clock.
    fn asked_to_stop(&self) -> u32 {
        let late = self.stop_at.is_some_and(|at| Instant::now() >= at);
        self.interrupts.count().max(u32::from(late))
    }

    fn start(&self, trial: usize, dir: &Path, say: &mpsc::Sender<Said>) -> Result<Running, TrialError> {
        let log = folder::log_file(dir);
        let log = OpenOptions::new().create(true).append(true).open(&log).map_err(|source| TrialError::File {
            action: "write",
            path: log,
            source,
        })?;
        self.spawn(trial, dir, log, say).map_err(|source| TrialError::Start { program: self.program.clone(), source })
    }

    fn spawn(&self, trial: usize, dir: &Path, log: File, say: &mpsc::Sender<Said>) -> std::io::Result<Running> {
        let mut child = Command::new(&self.program)
            .arg("trial")
            .arg(dir)
            .arg("--watch-stdin")
            // Each child gets its threads from its spec; those of polars would only stand in line behind them.
            .env("POLARS_MAX_THREADS", "1")
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        if let Some(lines) = child.stdout.take() {
            let say = say.clone();
            thread::spawn(move || {
                for line in BufReader::new(lines).lines() {
                    let Ok(line) = line else { break };
                    // Other lines are not ours to understand: libraries print, too.
                    if let Some(line) = ProgressLine::from_json(&line) {
                        let _ = say.send(Said { trial, what: Saying::Line(line) });
                    }
                }
                let _ = say.send(Said { trial, what: Saying::NoMore });
            });
        }
        Ok(Running { trial, stdin: child.stdin.take(), child, silent: false, exited: None })
    }
}

/// What a reader thread hands over.
struct Said {
    trial: usize,
    what: Saying,
}

enum Saying {
    Line(ProgressLine),
    NoMore,
}

/// A child process.
struct Running {
    trial: usize,
    child: Child,
    /// Open while the child should go on.
    stdin: Option<ChildStdin>,
    /// Whether its standard output has come to its end.
    silent: bool,
    exited: Option<(ExitStatus, Instant)>,
}

impl Running {
    /// Its exit status, once all it said has been read.
    fn ended(&mut self) -> Option<ExitStatus> {
        if self.exited.is_none() {
            // An error here means that there is no such process: look again, it is the same next time.
            if let Ok(Some(status)) = self.child.try_wait() {
                self.exited = Some((status, Instant::now()));
            }
        }
        let (status, at) = self.exited?;
        (self.silent || at.elapsed() > LAST_LINES).then_some(status)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.exited.is_none() {
            // Only when the pool itself fails: no child may outlive it, nor stay as a zombie.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl TrialRunner for Pool {
    fn run(
        &mut self,
        trials: &[(PathBuf, Spec)],
        watch: &mut dyn FnMut(&ProgressEvent),
    ) -> Result<Vec<TrialEnd>, TrialError> {
        let _heeding = self.interrupts.heed();
        let mut ends: Vec<Option<TrialEnd>> = trials.iter().map(|_| None).collect();
        let mut waiting = VecDeque::new();
        for (trial, (dir, spec)) in trials.iter().enumerate() {
            match prepare(dir, spec) {
                Ok(None) => waiting.push_back((trial, 1)),
                Ok(Some(end)) => {
                    watch(&ProgressEvent { trial, what: Progress::Reused });
                    ends[trial] = Some(end);
                }
                Err(error) => {
                    watch(&ProgressEvent { trial, what: Progress::Died { why: error.to_string() } });
                    ends[trial] = Some(TrialEnd::Died { dir: dir.clone(), error });
                }
            }
        }
        let (say, hear) = mpsc::channel();
        let mut running: Vec<(Running, u32)> = Vec::new();
        loop {
            let interrupts = self.asked_to_stop();
            while interrupts == 0 && running.len() < self.jobs {
                let Some((trial, starts)) = waiting.pop_front() else {
                    break;
                };
                match self.start(trial, &trials[trial].0, &say) {
                    Ok(child) => {
                        running.push((child, starts));
                        watch(&ProgressEvent { trial, what: Progress::Started });
                    }
                    // One child that cannot be started may be a lack of memory; the others may still be.
                    Err(error) => {
                        watch(&ProgressEvent { trial, what: Progress::Died { why: error.to_string() } });
                        ends[trial] = Some(TrialEnd::Died { dir: trials[trial].0.clone(), error });
                    }
                }
            }
            if running.is_empty() && (waiting.is_empty() || interrupts > 0) {
                break;
            }
            for (child, _) in &mut running {
                if interrupts > 0 {
                    // Closes the pipe. Ctrl-C in a terminal reaches the children as well, a SIGTERM only reaches us.
                    child.stdin = None;
                }
                if interrupts > 1 && child.exited.is_none() {
                    let _ = child.child.kill();
                }
            }
            if let Ok(said) = hear.recv_timeout(TICK) {
                for said in std::iter::once(said).chain(hear.try_iter()) {
                    match said.what {
                        Saying::Line(line) => watch(&ProgressEvent { trial: said.trial, what: Progress::Line(line) }),
                        Saying::NoMore => {
                            for (child, _) in running.iter_mut().filter(|(child, _)| child.trial == said.trial) {
                                child.silent = true;
                            }
                        }
                    }
                }
            }
            let mut at = 0;
            while at < running.len() {
                let Some(status) = running[at].0.ended() else {
                    at += 1;
                    continue;
                };
                let (child, starts) = running.swap_remove(at);
                let (trial, dir) = (child.trial, &trials[child.trial].0);
                let what = match self.judge_end(dir, status, starts) {
                    End::Again(why) => {
                        waiting.push_back((trial, starts + 1));
                        Progress::Retried { why }
                    }
                    End::For(end) => {
                        let what = match &end {
                            TrialEnd::Finished { .. } => Progress::Finished,
                            TrialEnd::Died { error, .. } => Progress::Died { why: error.to_string() },
                            TrialEnd::Interrupted { .. } => Progress::Interrupted,
                        };
                        ends[trial] = Some(end);
                        what
                    }
                };
                watch(&ProgressEvent { trial, what });
            }
        }
        let never_ran = |trial: usize| TrialEnd::Interrupted { dir: trials[trial].0.clone() };
        Ok(ends.into_iter().enumerate().map(|(trial, end)| end.unwrap_or_else(|| never_ran(trial))).collect())
    }
}

enum End {
    Again(String),
    For(TrialEnd),
}

impl Pool {
    fn judge_end(&self, dir: &Path, status: ExitStatus, starts: u32) -> End {
        let dir = dir.to_owned();
        match folder::read_outcome(&dir) {
            // What counts is the outcome: with it the trial is whole, however its process ended after that.
            Ok(Some(outcome)) => {
                return End::For(TrialEnd::Finished { dir, outcome, reused: false });
            }
            Err(error) => return End::For(TrialEnd::Died { dir, error }),
            Ok(None) => {}
        }
        let stopped = status.code() == Some(i32::from(INTERRUPTED));
        if stopped || self.asked_to_stop() > 0 {
            return End::For(TrialEnd::Interrupted { dir });
        }
        let (how, log) = (death::how_it_died(status), death::last_words(&dir));
        match death::signal(status) {
            Some(_) if starts < STARTS => End::Again(how + &log),
            killed => {
                let help = match killed {
                    Some(9) => "SIGKILL often means that memory ran out; try `--jobs 1`, or a smaller network or batch",
                    Some(_) => "run the same command with `--resume` to try it again from its last checkpoint",
                    None => "its whole log is `log.txt` in that folder",
                };
                End::For(TrialEnd::Died {
                    error: TrialError::Died { dir: dir.clone(), how, log, help: help.to_owned() },
                    dir,
                })
            }
        }
    }
}

/// Writes the spec of a trial that is to be run; the end of one that is finished.
fn prepare(dir: &Path, spec: &Spec) -> Result<Option<TrialEnd>, TrialError> {
    if let Some(there) = folder::spec_of_run(dir)? {
        if let Some(difference) = spec.first_difference(&there) {
            return Err(TrialError::OtherExperiment { dir: dir.to_owned(), difference });
        }
        // The spec that is there stays: a trial goes on with the threads it began with.
        let outcome = folder::read_outcome(dir)?;
        return Ok(outcome.map(|outcome| TrialEnd::Finished { dir: dir.to_owned(), outcome, reused: true }));
    }
    folder::write_spec(dir, spec)?;
    Ok(None)
}

#[cfg(all(test, unix))]
mod tests;
