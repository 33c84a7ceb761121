//! The verdict in one to three sentences.

use super::{constant, count, estimate, list, number, past, past_plural};
use crate::{
    judge::{Constant, OutputDiagnosis, RunDiagnosis, State, constant::agreed, stats},
    record::{Split, StuckCertificate},
};

/// The answer that a person reads first: what became of the network, in how many runs, what was seen, and what the
/// other runs did. `outputs` are those over the runs that share the state.
pub(in crate::judge) fn verdict(state: State, runs: &[RunDiagnosis], outputs: &[OutputDiagnosis]) -> String {
    if runs.is_empty() {
        return "No run left a record, so there is nothing to judge.".to_owned();
    }
    let sharing: Vec<&RunDiagnosis> = runs.iter().filter(|run| run.state == state).collect();
    let share = match runs.len() {
        1 => String::new(),
        all => format!("in {} of {all} runs ", sharing.len()),
    };
    let lead = match state {
        State::Learned => {
            let beside = match outputs {
                [only] => only.seen.strip_prefix("it predicts better than a constant").unwrap_or_default(),
                _ => "",
            };
            format!("The network learned: {share}it predicts better than a constant, {}{beside}.", skills(outputs))
        }
        State::Unpredictable => unpredictable(&sharing, &share, outputs),
        State::Shrunk => format!("The network answers too timidly: {share}{}.", seen(outputs, State::Shrunk)),
        State::Mismatch => format!(
            "The network learned, but predicts by another path than it was trained on: {share}{}.",
            seen(outputs, State::Mismatch)
        ),
        State::Memorised => format!(
            "The network memorised its training set: {share}it is no better than a constant on validation, {}.",
            both_skills(outputs)
        ),
        State::Undertrained => {
            format!("The network was not trained to the end: {share}{}; {}.", still_moving(outputs), skills(outputs))
        }
        State::Partial => format!("The network collapsed in part: {share}{}.", partial(outputs)),
        State::Collapsed => collapsed(&sharing, runs.len(), outputs),
        State::Diverged => format!("The network diverged: {share}{}.", seen(outputs, State::Diverged)),
        State::Undecided => format!("The verdict is open: {share}{}.", undecided(outputs)),
    };
    std::iter::once(lead).chain(others(state, runs)).collect::<Vec<_>>().join(" ")
}

fn collapsed(sharing: &[&RunDiagnosis], all: usize, outputs: &[OutputDiagnosis]) -> String {
    let answer = answer(sharing, outputs);
    let stuck: Vec<&StuckCertificate> = sharing.iter().filter_map(|run| run.certificate.as_ref()).collect();
    let steps: Vec<f64> = sharing.iter().filter_map(|run| run.collapsed_at_step).map(|step| step as f64).collect();
    let born_flat = !steps.is_empty() && steps.iter().all(|step| *step == 0.0);
    let at = match stats::median(&steps) {
        None => String::new(),
        Some(_) if born_flat => " before its first step".to_owned(),
        Some(step) if steps.len() > 1 => format!(" at step {step:.0} (median)"),
        Some(step) if sharing.len() > 1 => format!(", one of them at step {step:.0}"),
        Some(step) => format!(" at step {step:.0}"),
    };
    let share = match all {
        1 => String::new(),
        all => format!("in {} of {all} runs ", sharing.len()),
    };
    let happened = match (sharing.len(), stuck.len()) {
        (1, 0) => format!("{share}it collapsed{at}, and no proof was found that it is stuck"),
        (1, _) => format!("{share}it collapsed{at} and is proved stuck"),
        (_, 0) => format!("{share}it collapsed{at}, none of them proved stuck"),
        (many, proved) if proved == many => {
            format!("{share}it collapsed{at}, all of them proved stuck")
        }
        (_, proved) => format!("{share}it collapsed ({proved} proved stuck){at}"),
    };
    let mechanism = mechanism(sharing, &stuck).map_or_else(String::new, |mechanism| format!("; {mechanism}"));
    format!("The network answers {answer} for {}: {happened}{mechanism}.", inputs(sharing))
}

/// `every input`, or the share of them that is answered alike in every collapsed output.
fn inputs(sharing: &[&RunDiagnosis]) -> String {
    let collapsed = sharing.iter().flat_map(|run| &run.outputs).filter(|output| output.state == State::Collapsed);
    let same = collapsed.filter_map(|output| output.constant_fit.as_ref()?.same_fraction);
    match same.fold(1.0, f64::min) {
        1.0 => "every input".to_owned(),
        // Rounded down: nine hundred and ninety-nine of a thousand are not all.
        least => format!("at least {:.0} % of the inputs", (100.0 * least).floor()),
    }
}

/// Nothing was found to predict; what the network answers instead, and whether it could have found anything.
fn unpredictable(sharing: &[&RunDiagnosis], share: &str, outputs: &[OutputDiagnosis]) -> String {
    let all = sharing.iter().flat_map(|run| &run.outputs);
    let honest = match agreed(all.map(|output| output.constant)) {
        Some(Constant::Median) => "median",
        _ => "mean",
    };
    let stuck = sharing.iter().filter(|run| run.certificate.is_some()).count();
    let beside = match stuck {
        0 => String::new(),
        stuck => format!(
            " The network could not have found anything: {stuck} of {} proved stuck.",
            count(u32::try_from(sharing.len()).unwrap_or(u32::MAX), "run")
        ),
    };
    format!(
        "The {honest} is the honest answer on this evidence: {share}{}.{beside}",
        seen(outputs, State::Unpredictable)
    )
}

/// The constant, where all runs and outputs agree; else that of each output, where the runs agree on each.
fn answer(sharing: &[&RunDiagnosis], outputs: &[OutputDiagnosis]) -> String {
    let all = sharing.iter().flat_map(|run| &run.outputs);
    if let Some(one) = agreed(all.map(|output| output.constant)) {
        return constant(Some(one)).to_owned();
    }
    if outputs.len() < 2 || outputs.iter().any(|output| output.constant.is_none()) {
        return constant(None).to_owned();
    }
    let each = outputs.iter().map(|output| format!("`{}`: {}", output.name, constant(output.constant)));
    format!("a constant ({})", shorten(each.collect()))
}

/// What was seen to hold it there: the proof, or else a dead layer.
fn mechanism(sharing: &[&RunDiagnosis], stuck: &[&StuckCertificate]) -> Option<String> {
    if let Some(first) = stuck.first() {
        let same = stuck.iter().all(|proof| proof.layer == first.layer && proof.samples == first.samples);
        return Some(if same {
            format!(
                "`{}` has 0 of {} alive on all {} training samples, and no gradient reaches it or what lies before it",
                first.layer,
                count(u32::try_from(first.units).unwrap_or(u32::MAX), "unit"),
                first.samples
            )
        } else {
            let layers: std::collections::BTreeSet<String> =
                stuck.iter().map(|proof| format!("`{}`", proof.layer)).collect();
            let layers: Vec<String> = layers.into_iter().collect();
            format!(
                "all units of {} are dead on every training sample, and no gradient passes them",
                list(&layers).replace(" and ", " or ")
            )
        });
    }
    let dead = |run: &&&RunDiagnosis| run.dead_units.iter().any(|dead| dead.fraction == 1.0);
    let runs: Vec<&&RunDiagnosis> = sharing.iter().filter(dead).collect();
    let layer = runs.first()?.dead_units.iter().find(|dead| dead.fraction == 1.0)?;
    let share = if runs.len() == sharing.len() { String::new() } else { format!("in {} of these ", runs.len()) };
    let units = count(u32::try_from(layer.units).unwrap_or(u32::MAX), "unit");
    Some(format!("{share}`{}` has 0 of {units} alive on the probe set", layer.layer))
}

/// One sentence for each state that other runs ended in.
fn others(state: State, runs: &[RunDiagnosis]) -> Vec<String> {
    let sentences = State::ALL.into_iter().filter(|other| *other != state).filter_map(|other| {
        let same: Vec<&RunDiagnosis> = runs.iter().filter(|run| run.state == other).collect();
        let detail = if other == State::Learned { learned_detail(&same) } else { String::new() };
        match same.len() {
            0 => None,
            1 => Some(format!("One run {}{detail}.", past(other))),
            many => Some(format!("{many} runs {}{detail}.", past_plural(other))),
        }
    });
    sentences.collect()
}

fn learned_detail(runs: &[&RunDiagnosis]) -> String {
    let mean_skill = |run: &&RunDiagnosis| {
        stats::mean(&run.outputs.iter().filter_map(|output| Some(output.skill?.value)).collect::<Vec<_>>())
    };
    let skills: Vec<f64> = runs.iter().filter_map(mean_skill).collect();
    match (stats::median(&skills), skills.len()) {
        (None, _) => String::new(),
        (Some(skill), 1) => format!(" (skill {})", number(skill)),
        (Some(skill), _) => format!(" (median skill {})", number(skill)),
    }
}

fn split_words(split: Split) -> &'static str {
    match split {
        Split::Train | Split::WholeTrain | Split::TrainingPath | Split::StandardisedInputs => "on the training set",
        Split::Validation => "on validation",
    }
}

/// `skill 0.97 (0.96 to 0.98) on validation`; named where there are several outputs.
fn skills(outputs: &[OutputDiagnosis]) -> String {
    let parts: Vec<String> = outputs
        .iter()
        .map(|output| match output.skill {
            Some(skill) if outputs.len() == 1 => {
                format!("skill {} {}", estimate(skill), split_words(output.split))
            }
            Some(skill) => format!("`{}` with skill {} {}", output.name, estimate(skill), split_words(output.split)),
            None => format!("`{}` without a skill that could be measured", output.name),
        })
        .collect();
    shorten(parts)
}

fn both_skills(outputs: &[OutputDiagnosis]) -> String {
    let parts = outputs.iter().filter(|output| output.state == State::Memorised).map(|output| {
        let shown = |skill: Option<crate::judge::Estimate>| skill.map_or("unknown".to_owned(), estimate);
        let name = if outputs.len() == 1 { String::new() } else { format!("`{}` with ", output.name) };
        format!("{name}skill {} there against {} on training", shown(output.skill), shown(output.train_skill))
    });
    shorten(parts.collect())
}

fn still_moving(outputs: &[OutputDiagnosis]) -> String {
    let moving: Vec<&OutputDiagnosis> = outputs.iter().filter(|output| output.state == State::Undertrained).collect();
    match moving.as_slice() {
        [only] if outputs.len() == 1 => only.seen.clone(),
        _ => {
            let names: Vec<String> = moving.iter().map(|output| format!("`{}`", output.name)).collect();
            let verb = if names.len() == 1 { "was" } else { "were" };
            format!("{} {verb} still improving when it stopped", shorten(names))
        }
    }
}

fn partial(outputs: &[OutputDiagnosis]) -> String {
    // What collapsed comes first, as only the first few are named.
    let mut sorted: Vec<&OutputDiagnosis> = outputs.iter().collect();
    sorted.sort_by_key(|output| output.state != State::Collapsed);
    let parts = sorted.into_iter().map(|output| match (output.state, output.skill) {
        (State::Collapsed, _) => {
            format!("`{}` is answered with {} for every input", output.name, constant(output.constant))
        }
        (State::Learned, Some(skill)) => {
            format!("`{}` learned (skill {})", output.name, number(skill.value))
        }
        (state, _) => format!("`{}` {}", output.name, past(state)),
    });
    shorten(parts.collect())
}

fn seen(outputs: &[OutputDiagnosis], state: State) -> String {
    let parts = outputs.iter().filter(|output| output.state == state).map(|output| {
        if outputs.len() == 1 { output.seen.clone() } else { format!("`{}`: {}", output.name, output.seen) }
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "nothing was recorded".to_owned() } else { shorten(parts) }
}

fn undecided(outputs: &[OutputDiagnosis]) -> String {
    let numbers = match outputs {
        [OutputDiagnosis { skill: Some(skill), spread: Some(spread), split, .. }] => {
            format!(" (skill {}, spread {}, {})", estimate(*skill), number(spread.value), split_words(*split))
        }
        _ => String::new(),
    };
    format!("{}{numbers}", seen(outputs, State::Undecided))
}

/// At most four items are named: the rest is in the table of outputs.
fn shorten(mut items: Vec<String>) -> String {
    const NAMED: usize = 4;
    if items.len() > NAMED + 1 {
        let rest = items.len() - NAMED;
        items.truncate(NAMED);
        items.push(format!("{rest} more"));
    }
    list(&items)
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
