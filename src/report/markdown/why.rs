//! Causes and proofs as Markdown.

use crate::judge::{Diagnosis, causes::Evidence};
use crate::report::{causes, measured_tables::TextTable, proofs, prose, words};

use super::{coded, escaped, measured};

/// The causes in full: what speaks for and against each, and what is ruled out.
pub fn why(text: &mut String, diagnosis: &Diagnosis) {
    let order = causes::placed(&diagnosis.causes);
    if let Some(none) = causes::none_found(diagnosis) {
        text.push_str(&format!("{}\n\n", coded(&none)));
    }
    if !order.is_empty() {
        text.push_str("### Why\n\n");
        for sentence in causes::together(diagnosis) {
            text.push_str(&format!("{}\n\n", coded(&sentence)));
        }
    }
    for placed in &order {
        let cause = placed.cause;
        let indent = "  ".repeat(placed.depth.min(4));
        let follows = match (placed.depth, &cause.consequence_of) {
            (1.., Some(from)) => format!(", follows from {}", coded(&format!("`{}`", words::short(from, 60)))),
            _ => String::new(),
        };
        let tie = if placed.tied { ", tied" } else { "" };
        text.push_str(&format!(
            "{indent}- **{}: {}**{follows}{tie} ({})\n",
            causes::strength(cause.support),
            escaped(&causes::plain_name(&cause.id)),
            coded(&format!("`whymean explain {}`", words::short(&cause.id, 60))),
        ));
        let line = |sign: &str, evidence: &Evidence| {
            let figure =
                evidence.figure.map_or_else(String::new, |figure| format!(" (figure `{}`)", causes::picture(figure)));
            format!("{indent}  - {sign} {}{figure}\n", coded(&prose::sentence(&evidence.text)))
        };
        causes::for_it(cause).for_each(|evidence| text.push_str(&line("for:", evidence)));
        causes::against_it(cause).for_each(|evidence| text.push_str(&line("against:", evidence)));
        // That of the change that counts stands below, with its diff.
        let best = proofs::best(diagnosis).is_some_and(|best| best.cause.id == cause.id);
        if let Some(proof) = cause.proof.as_ref().filter(|_| !best) {
            let clause = proofs::clause(proofs::Proved { cause, proof });
            text.push_str(&format!("{indent}  - {}\n", coded(&prose::sentence(&clause))));
        }
        if let Some(advice) = &cause.advice {
            text.push_str(&format!("{indent}  - what to do: {}\n", coded(&prose::sentence(advice))));
        }
    }
    if !order.is_empty() {
        text.push('\n');
    }
    if !diagnosis.ruled_out.is_empty() {
        text.push_str("<details><summary>Ruled out</summary>\n\n");
        for out in &diagnosis.ruled_out {
            let id = coded(&format!("`{}`", words::short(&out.id, 60)));
            text.push_str(&format!("- {id}: {}\n", coded(&prose::sentence(&out.text))));
        }
        text.push_str("\n</details>\n\n");
    }
}

/// What was proved, with its diff, or what to try.
pub fn change(text: &mut String, diagnosis: &Diagnosis) {
    let best = proofs::best(diagnosis);
    let untried = proofs::untried(diagnosis);
    let no_help = proofs::no_help(diagnosis);
    if words::is_calm(diagnosis.verdict.state) && diagnosis.causes.is_empty() && best.is_none() && no_help.is_none() {
        return;
    }
    text.push_str("### What to change\n\n");
    let mut clauses: Vec<String> = best.map(proofs::clause).into_iter().collect();
    clauses.extend(best.and_then(|best| proofs::still_shown(best.proof)));
    clauses.extend(untried);
    for clause in &clauses {
        text.push_str(&format!("{}\n\n", coded(&prose::sentence(clause))));
    }
    patch(text, diagnosis);
    let to_try = proofs::to_try(diagnosis);
    for (proposed, cause) in &to_try {
        let id = words::short(&cause.id, 60);
        let clause = format!("to try, for `{id}`: {}: {}", proofs::change(proposed), words::short(&proposed.why, 300));
        text.push_str(&format!("- {}\n", coded(&clause)));
    }
    if !to_try.is_empty() {
        text.push('\n');
    }
    if let Some(clause) = no_help {
        text.push_str(&format!("{}\n\n", coded(&prose::sentence(clause))));
    }
    table(text, proofs::table(diagnosis));
    table(text, proofs::tried(diagnosis));
}

fn table(text: &mut String, found: Option<TextTable>) {
    if let Some(found) = found {
        let title = found.caption.clone();
        measured(text, &title, Some(found));
    }
}

/// The diff in a fence that nothing in it can close, and the command.
fn patch(text: &mut String, diagnosis: &Diagnosis) {
    let lines = proofs::patch(diagnosis);
    if !lines.is_empty() {
        let runs = lines.iter().flat_map(|line| line.text.split(|c| c != '`')).map(str::len);
        let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
        let body: String = lines.iter().map(|line| format!("{}\n", line.text)).collect();
        text.push_str(&format!("{fence}diff\n{body}{fence}\n\n"));
    }
    if let Some(command) = proofs::command(diagnosis) {
        text.push_str(&format!("The patched configuration runs with {}\n\n", coded(&format!("`{command}`"))));
    }
}
