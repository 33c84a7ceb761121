//! How often the right cause is named: hundreds of runs in which one was planted, and hundreds in which none was.
//!
//! ```text
//! plants, decoys, healthy --Case--> worker: train it and its twin, measure whether it hurts --records alone--> judge
//!                                                                          |                                     |
//! real cases (files) --------------------------------------------> published rules -----> score --> text, page <--+
//! ```
//!
//! The judge sees records, which never hold what was planted. `docs/causes-accuracy.md` explains the rest.

mod arguments;
mod base;
mod baselines;
mod case;
#[path = "../common/mod.rs"]
mod common;
mod decoy;
mod difference;
mod edit;
mod examine;
mod healthy;
mod measure;
mod page;
mod plants;
mod real;
mod repair;
mod score;
mod setup;
mod show;
mod worker;

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::Instant,
};

use crate::{
    arguments::{Arguments, Half},
    case::{Case, Group, Name},
    common::{Failure, pool},
    examine::{Examined, examine},
    score::{Score, score},
    worker::{Answer, Facts, Order},
};

fn main() -> Result<(), Failure> {
    let Some(arguments) = arguments::read()? else { return Ok(()) };
    if let Some(root) = &arguments.worker {
        return worker::serve(root);
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

/// The cases that were asked for.
fn wanted(arguments: &Arguments) -> Result<Vec<Name>, Failure> {
    let everything = case::names(1.0)?.len();
    let share = arguments.runs.map_or(1.0, |runs| (runs as f64 / everything as f64).min(1.0));
    let mut names = Vec::new();
    for name in case::names(share)? {
        let case = name.case(0)?;
        let half = match arguments.half {
            Half::Both => true,
            Half::Fix => case.for_fixing,
            Half::Report => !case.for_fixing,
        };
        let only =
            |cause: &String| case.family == *cause || (name.group() == Group::Real && case.accepted.contains(cause));
        if half && arguments.only.as_ref().is_none_or(only) {
            names.push(name);
        }
    }
    Ok(names)
}

fn measure_all(arguments: &Arguments, root: &Path) -> Result<(), Failure> {
    let started = Instant::now();
    let names = wanted(arguments)?;
    let orders: Vec<Order> = names.iter().cloned().map(Order::Train).collect();
    let answers = ask(root, arguments.workers, "trained", &orders)?;
    let (mut trained, mut failed) = (Vec::new(), Vec::new());
    for (name, answer) in names.into_iter().zip(answers) {
        match answer {
            Answer::Trained(facts) => trained.push((name.case(facts.attempt)?, facts)),
            Answer::Repaired(_) => return Err("a worker answered another question".into()),
            // Told at the end: the others took minutes.
            Answer::Failed(why) => failed.push(format!("{name:?}: {why}")),
        }
    }
    let trained_secs = started.elapsed().as_secs_f64();
    let mut examined = examine_all(trained, root, arguments.workers)?;
    let judged_secs = started.elapsed().as_secs_f64() - trained_secs;
    let unrepaired = repair_some(&mut examined, arguments, root)?;
    failed.extend(unrepaired);
    let repaired_secs = started.elapsed().as_secs_f64() - trained_secs - judged_secs;
    let kept = if arguments.keep.is_some() { " (but for those that were kept from before)" } else { "" };
    let mut time =
        format!("{} cases: trained in {trained_secs:.0} s{kept}, judged in {judged_secs:.0} s", examined.len());
    if arguments.repair > 0 {
        time.push_str(&format!(", repaired in {repaired_secs:.0} s"));
    }
    let of_half = |fix: bool| score(examined.iter().filter(|run| run.case.for_fixing == fix));
    let scores = Scores { fix: of_half(true), report: of_half(false), both: score(examined.iter()) };
    if let Some(path) = &arguments.write {
        page::write(path, &scores, &examined, &time)?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&scores)?);
    } else {
        print!("{}", page::composition(&examined));
        say(arguments, &scores, &time);
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("cases that could not be made:\n{}", failed.join("\n")).into()) }
}

fn say(arguments: &Arguments, scores: &Scores, time: &str) {
    let one =
        |score: &Score, title: &str| print!("{}\n{time}\n\n{}", show::all(score, title, "#"), show::closing(score));
    let shown = match arguments.half {
        Half::Fix => &scores.fix,
        Half::Report => &scores.report,
        Half::Both => &scores.both,
    };
    match arguments.half {
        Half::Fix => one(&scores.fix, FIX),
        Half::Report => one(&scores.report, REPORT),
        Half::Both => {
            print!("{}\n{}\n", show::all(&scores.fix, FIX, "#"), show::all(&scores.report, REPORT, "#"));
            print!("{time}\n\nBoth halves together:\n{}\n", show::closing(&scores.both));
            print!("The half on which nothing was fixed:\n{}", show::closing(&scores.report));
        }
    }
    if arguments.show_misses {
        print!("\n# Evidence behind the misses\n{}", show::evidence(&shown.misses));
        print!("\n# Evidence behind the false alarms\n{}", show::evidence(&shown.false_alarms));
    }
}

const FIX: &str = "The half on which thresholds may be fixed";
const REPORT: &str = "The half that is reported";

/// The score of each half, and of both together.
#[derive(serde::Serialize)]
pub struct Scores {
    /// Cases on which thresholds may be fixed.
    pub fix: Score,
    /// The others.
    pub report: Score,
    /// All.
    pub both: Score,
}

/// Has workers of this program do these orders.
fn ask(root: &Path, workers: usize, what: &str, orders: &[Order]) -> Result<Vec<Answer>, Failure> {
    let arguments = ["--worker".into(), PathBuf::from(root).into_os_string()];
    let lines = orders.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    let answers = pool::run(&arguments, workers, what, &lines)?;
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(Answer::Failed)).collect())
}

/// Repairs as many of the cases as were asked for, some of each cause; gives those that could not even be tried.
fn repair_some(examined: &mut [Examined], arguments: &Arguments, root: &Path) -> Result<Vec<String>, Failure> {
    let mut wanted: Vec<usize> = (0..examined.len()).filter(|place| examined[*place].is_to_be_repaired()).collect();
    // The first of each cause, then the second: few are not all of one cause.
    let mut seen = std::collections::BTreeMap::new();
    wanted.sort_by_cached_key(|place| {
        let count: &mut usize = seen.entry(examined[*place].case.family.clone()).or_default();
        *count += 1;
        (*count, *place)
    });
    wanted.truncate(arguments.repair);
    let order = |place: &usize| {
        let run = &examined[*place];
        Order::Repair(run.case.name.clone(), run.facts.clone(), arguments.allowed)
    };
    let orders: Vec<Order> = wanted.iter().map(order).collect();
    let answers = ask(root, arguments.workers, "repaired", &orders)?;
    let mut failed = Vec::new();
    for (place, answer) in wanted.into_iter().zip(answers) {
        match answer {
            Answer::Repaired(repaired) => examined[place].repaired = Some(repaired),
            Answer::Failed(why) => failed.push(format!("{} could not be repaired: {why}", examined[place].case.id)),
            Answer::Trained(_) => return Err("a worker answered another question".into()),
        }
    }
    Ok(failed)
}

/// Judges all cases on several threads.
fn examine_all(trained: Vec<(Case, Facts)>, root: &Path, threads: usize) -> Result<Vec<Examined>, Failure> {
    let next = Mutex::new(trained.into_iter().enumerate());
    let work = || -> Result<Vec<(usize, Examined)>, String> {
        let mut done = Vec::new();
        loop {
            let taken = next.lock().map_err(|_| "a thread panicked".to_owned())?.next();
            let Some((place, (case, facts))) = taken else { return Ok(done) };
            let id = case.id.clone();
            done.push((place, examine(case, root, facts).map_err(|error| format!("{id}: {error}"))?));
        }
    };
    let mut examined = std::thread::scope(|scope| -> Result<Vec<(usize, Examined)>, Failure> {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a thread panicked")??);
        }
        Ok(all)
    })?;
    examined.sort_by_key(|(place, _)| *place);
    Ok(examined.into_iter().map(|(_, run)| run).collect())
}
