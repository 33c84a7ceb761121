//! How often the verdict is right: hundreds of runs whose truth is known by construction and by measurement.
//!
//! ```text
//! generators --Case--> worker: train, record  --record alone--> judge --verdict--+
//!                        |                                                       +--> score --> text, page, figure
//!                        +--> measure --> truth ---------------------------------+
//! ```
//!
//! The judge sees the record, and neither the generators nor what was measured. `docs/accuracy.md` explains the rest.

mod arguments;
mod case;
#[path = "../common/mod.rs"]
mod common;
mod cut;
mod examine;
mod figure;
mod generators;
mod measure;
mod page;
mod score;
mod show;
mod truth;
mod worker;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Instant,
};

use crate::{
    arguments::{Arguments, Half},
    case::Case,
    common::{Failure, draw, pool, problem},
    examine::{Examined, examine},
    score::{Score, score},
    truth::Facts,
    worker::{Answer, Continued},
};

fn main() -> Result<(), Failure> {
    let Some(arguments) = arguments::read()? else { return Ok(()) };
    if let Some((root, share)) = &arguments.worker {
        return worker::serve(root, *share);
    }
    let temporary;
    let root: &Path = match &arguments.keep {
        Some(folder) => folder,
        None => {
            temporary = tempfile::tempdir()?;
            temporary.path()
        }
    };
    std::fs::create_dir_all(root)?;
    measure_all(&arguments, root)
}

fn measure_all(arguments: &Arguments, root: &Path) -> Result<(), Failure> {
    let started = Instant::now();
    let everything = generators::cases(1.0).len();
    let share = arguments.runs.map_or(1.0, |runs| (runs as f64 / everything as f64).min(1.0));
    let cases = generators::cases(share);
    let wanted = |case: &&Case| {
        let half = match arguments.half {
            Half::Both => true,
            Half::Fix => case.is_for_fixing(),
            Half::Report => !case.is_for_fixing(),
        };
        half && arguments.only.is_none_or(|state| case.intended == state)
    };
    let cases: Vec<&Case> = cases.iter().filter(wanted).collect();
    let orders: Vec<String> = cases.iter().map(|case| format!("run {}", case.index)).collect();
    let answers = ask(root, share, arguments.workers, "trained", &orders)?;
    let (mut trained, mut failed) = (Vec::new(), Vec::new());
    for (case, answer) in cases.iter().zip(answers) {
        match answer {
            Answer::Trained { facts, .. } => trained.push((*case, facts)),
            // Told at the end: the others took minutes.
            Answer::Failed(why) => failed.push(format!("{} ({}): {why}", case.id, case.family)),
            Answer::Continued(_) => return Err("a worker answered another question".into()),
        }
    }
    let trained_secs = started.elapsed().as_secs_f64();
    let examined = examine_all(&trained, root, arguments.workers)?;
    let judged_secs = started.elapsed().as_secs_f64() - trained_secs;
    let continued = continue_certified(&examined, root, share, arguments.workers)?;
    let total_secs = started.elapsed().as_secs_f64();
    let kept = if arguments.keep.is_some() { " (but for those that were kept from before)" } else { "" };
    let time = format!(
        "{} runs: trained in {trained_secs:.0} s{kept}, judged in {judged_secs:.0} s, certified ones continued in {:.0} s",
        examined.len(),
        total_secs - trained_secs - judged_secs
    );

    let of_half = |fix: bool| score(examined.iter().filter(|run| run.case.is_for_fixing() == fix), &continued);
    let scores = Scores { fix: of_half(true), report: of_half(false), both: score(examined.iter(), &continued) };
    figure::draw(&scores.report, &PathBuf::from("reports/accuracy"))?;
    if let Some(path) = &arguments.write {
        page::write(path, &scores, &examined, &time)?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&scores)?);
    } else {
        print!("{}", page::composition(&examined));
        say(arguments.half, &scores, &time);
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("runs that could not be made:\n{}", failed.join("\n")).into()) }
}

fn say(half: Half, scores: &Scores, time: &str) {
    match half {
        Half::Fix => print!("{}\n{time}\n\n{}", show::all(&scores.fix, FIX, "#"), show::closing(&scores.fix)),
        Half::Report => {
            print!("{}\n{time}\n\n{}", show::all(&scores.report, REPORT, "#"), show::closing(&scores.report))
        }
        Half::Both => {
            print!("{}\n{}\n", show::all(&scores.fix, FIX, "#"), show::all(&scores.report, REPORT, "#"));
            print!("{time}\n\nBoth halves together:\n{}\n", show::closing(&scores.both));
            print!("The half on which nothing was fixed:\n{}", show::closing(&scores.report));
        }
    }
}

const FIX: &str = "The half on which thresholds may be fixed (even seeds)";
const REPORT: &str = "The half that is reported (odd seeds)";

/// The score of each half, and of both together.
#[derive(serde::Serialize)]
pub struct Scores {
    /// Even seeds.
    pub fix: Score,
    /// Odd seeds.
    pub report: Score,
    /// All.
    pub both: Score,
}

/// Judges all runs on several threads.
fn examine_all<'a>(trained: &[(&'a Case, Facts)], root: &Path, threads: usize) -> Result<Vec<Examined<'a>>, Failure> {
    let next = Mutex::new(trained.iter());
    let work = || -> Result<Vec<Examined<'a>>, String> {
        let mut done = Vec::new();
        loop {
            let taken = next.lock().map_err(|_| "a thread panicked".to_owned())?.next();
            let Some((case, facts)) = taken else { return Ok(done) };
            done.push(examine(case, root, facts.clone()).map_err(|error| format!("{}: {error}", case.id))?);
        }
    };
    let mut examined = std::thread::scope(|scope| -> Result<Vec<Examined<'a>>, Failure> {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a thread panicked")??);
        }
        Ok(all)
    })?;
    examined.sort_by_key(|run| run.case.index);
    Ok(examined)
}

/// Has workers of this program do these orders.
fn ask(root: &Path, share: f64, workers: usize, what: &str, orders: &[String]) -> Result<Vec<Answer>, Failure> {
    let arguments = ["--worker".into(), root.into(), "--share".into(), share.to_string().into()];
    let answers = pool::run(&arguments, workers, what, orders)?;
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(Answer::Failed)).collect())
}

/// Trains every certified run on.
fn continue_certified(
    examined: &[Examined],
    root: &Path,
    share: f64,
    workers: usize,
) -> Result<BTreeMap<usize, Continued>, Failure> {
    // With a schedule that is stretched over the epochs, more epochs are another training from the first step.
    let certified: Vec<(usize, u64)> = examined
        .iter()
        .filter(|run| !run.facts.schedule_ends)
        .filter_map(|run| Some((run.case.index, run.verdict.certificate.as_ref()?.step)))
        .collect();
    let orders: Vec<String> = certified.iter().map(|(index, step)| format!("continue {index} {step}")).collect();
    let answers = ask(root, share, workers, "continued", &orders)?;
    let mut continued = BTreeMap::new();
    for ((index, _), answer) in certified.iter().zip(answers) {
        match answer {
            Answer::Continued(later) => {
                continued.insert(*index, later);
            }
            Answer::Failed(why) => return Err(format!("run {index} could not be continued: {why}").into()),
            Answer::Trained { .. } => return Err("a worker answered another question".into()),
        }
    }
    Ok(continued)
}
