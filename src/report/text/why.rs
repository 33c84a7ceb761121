//! Causes and proofs on a screen: the likeliest cause with its best evidence first, then the change that was proved.

use anstyle::{AnsiColor, Style};

use crate::judge::{
    Diagnosis,
    causes::{ProofVerdict, Support},
};
use crate::report::{
    causes::{self, Placed},
    measured_tables::TextTable,
    proofs::{self, DiffKind, Proved},
    words,
};

use super::{Row, blank, faint, line, paragraph, table};

/// Causes that are listed.
const MOST_CAUSES: usize = 5;
/// Pieces of evidence for the likeliest cause, and against it.
const MOST_EVIDENCE: usize = 2;
/// Lines of a diff.
const MOST_LINES: usize = 60;
/// Changes that were tried.
const MOST_TRIED: usize = 6;

/// The causes: the first with its evidence, the others in a line each, those that are ruled out by name.
pub fn why(text: &mut String, diagnosis: &Diagnosis) {
    let order = causes::placed(&diagnosis.causes);
    if order.is_empty() {
        if let Some(none) = causes::none_found(diagnosis) {
            blank(text);
            paragraph(text, &none, "  why  ");
        }
        return;
    }
    let faint = faint();
    blank(text);
    line(text, &format!("  why {faint}(`whymean explain NAME` tells more){faint:#}"));
    for sentence in causes::together(diagnosis) {
        paragraph(text, &sentence, "    ");
    }
    for (index, placed) in order.iter().take(MOST_CAUSES).enumerate() {
        cause(text, placed, index == 0);
    }
    if order.len() > MOST_CAUSES {
        line(text, &format!("    and {} more, in the report", order.len() - MOST_CAUSES));
    }
    if !diagnosis.ruled_out.is_empty() && !words::is_calm(diagnosis.verdict.state) {
        let ids: Vec<String> = diagnosis.ruled_out.iter().map(|out| words::short(&out.id, 60)).collect();
        paragraph(text, &words::some_of_names(&ids, 24, ", "), "    ruled out  ");
    }
}

fn cause(text: &mut String, placed: &Placed<'_>, first: bool) {
    let cause = placed.cause;
    let id = words::short(&cause.id, 60);
    let rank = cause.rank;
    let follows = match (placed.depth, &cause.consequence_of) {
        (1.., Some(from)) => format!(", follows from {}", words::short(from, 60)),
        _ => String::new(),
    };
    let strength = format!("{:8}", causes::strength(cause.support));
    let name = causes::plain_name(&cause.id);
    let style = match (first, cause.support) {
        (true, _) => Style::new().bold(),
        (false, Support::Weak) => faint(),
        (false, _) => Style::new(),
    };
    let indent = 2 * placed.depth;
    let head = format!("    {rank:>2}  {:indent$}{strength}  ", "");
    let evidence: Vec<&str> = causes::for_it(cause).map(|evidence| evidence.text.as_str()).collect();
    if !first {
        let because = evidence.first().map_or_else(String::new, |best| format!(": {best}"));
        styled_paragraph(text, style, &format!("{name} ({id}){follows}{because}"), &head);
        return;
    }
    styled_paragraph(text, style, &format!("{name} ({id}){follows}"), &head);
    let against = causes::against_it(cause).map(|evidence| evidence.text.as_str());
    let signed = evidence.iter().take(MOST_EVIDENCE).map(|text| ("+", *text));
    for (sign, clause) in signed.chain(against.take(MOST_EVIDENCE).map(|text| ("-", text))) {
        paragraph(text, clause, &format!("{}{sign} ", " ".repeat(head.chars().count())));
    }
    let told = MOST_EVIDENCE.min(evidence.len()) + MOST_EVIDENCE.min(causes::against_it(cause).count());
    let all = evidence.len() + causes::against_it(cause).count();
    if all > told {
        line(text, &format!("{}and {} more, in the report", " ".repeat(head.chars().count()), all - told));
    }
}

/// A paragraph whose words, but not its head, have a style.
fn styled_paragraph(text: &mut String, style: Style, content: &str, head: &str) {
    let mut plain = String::new();
    paragraph(&mut plain, content, head);
    for (index, row) in plain.lines().enumerate() {
        let place = if index == 0 { head.len() } else { row.len() - row.trim_start().len() };
        let (before, after) = row.split_at(place.min(row.len()));
        line(text, &format!("{before}{style}{after}{style:#}"));
    }
}

/// What was proved, or what to try, and what does not help.
pub fn change(text: &mut String, diagnosis: &Diagnosis) {
    let best = proofs::best(diagnosis);
    // Without a cause there is nothing that could have been tried, and the section above says so.
    let untried = proofs::untried(diagnosis).filter(|_| !diagnosis.causes.is_empty());
    let no_help = proofs::no_help(diagnosis);
    if best.is_none() && untried.is_none() && diagnosis.verification.is_none() && no_help.is_none() {
        return;
    }
    blank(text);
    line(text, "  what to change");
    if let Some(best) = best {
        proved(text, best);
    }
    patch(text, diagnosis);
    for (proposed, cause) in proofs::to_try(diagnosis) {
        let why = words::short(&proposed.why, 200);
        let id = words::short(&cause.id, 60);
        paragraph(text, &format!("{} ({id}): {why}", proofs::change(proposed)), "    to try   ");
    }
    let is_proved = best.is_some_and(|best| best.proof.verdict == ProofVerdict::Proved);
    // Beside a proved change only what is as likely as its cause is worth a line, and what is weak only where nothing else is.
    let least = match (is_proved, diagnosis.causes.iter().map(|cause| cause.support).max()) {
        (true, _) => Support::Strong,
        (false, Some(Support::Weak)) => Support::Weak,
        (false, _) => Support::Suggestive,
    };
    let advice = proofs::advice(diagnosis).into_iter().filter(|(cause, _)| cause.support >= least);
    for (cause, advice) in advice.take(MOST_EVIDENCE) {
        paragraph(text, &format!("{advice} ({})", words::short(&cause.id, 60)), "    to do    ");
    }
    if let Some(mut tried) = proofs::tried(diagnosis) {
        let shown = best.map(|best| proofs::assignment(&best.proof.changes, 160));
        tried.rows.retain(|row| shown.as_ref() != row.first());
        tried.columns[0] = if shown.is_some() { "tried as well" } else { "tried" }.to_owned();
        if !tried.rows.is_empty() {
            small_table(text, &tried, &[0, 2, 3], MOST_TRIED);
        }
    }
    let clauses = [untried, proofs::budget(diagnosis)];
    if let Some(clause) = clauses.into_iter().flatten().next() {
        paragraph(text, &clause, "    ");
    }
    if let Some(clause) = no_help {
        paragraph(text, clause, "    ");
    }
}

/// What re-training said of the change that counts: before and after.
fn proved(text: &mut String, best: Proved<'_>) {
    let style = verdict_style(best.proof.verdict).bold();
    styled_paragraph(text, style, &proofs::clause(best), "    ");
    if let Some(clause) = proofs::still_shown(best.proof) {
        paragraph(text, &clause, "    ");
    }
    small_table(text, &proofs::before_and_after(best), &[0, 1, 2, 4, 5], 2);
    let faint = faint();
    line(text, &format!("    {faint}same data and seeds: {}{faint:#}", proofs::seeds(best.proof)));
}

fn verdict_style(verdict: ProofVerdict) -> Style {
    let colour = match verdict {
        ProofVerdict::Proved => AnsiColor::Green,
        ProofVerdict::Refuted => AnsiColor::Red,
        ProofVerdict::Undecided => AnsiColor::Yellow,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// Some columns and rows of a table, below their heads.
fn small_table(text: &mut String, found: &TextTable, columns: &[usize], most: usize) {
    let pick = |cells: &[String]| -> Vec<String> {
        columns.iter().filter_map(|column| cells.get(*column)).map(|cell| words::short(cell, 60)).collect()
    };
    let heads = pick(&found.columns);
    let mut rows = vec![Row::head(&heads.iter().map(String::as_str).collect::<Vec<_>>())];
    let cells = found.rows.iter().take(most).map(|row| pick(row));
    rows.extend(cells.map(|cells| Row { style: Style::new(), cells, styled: None }));
    let mut drawn = String::new();
    table(&mut drawn, &rows, &vec![false; columns.len()]);
    for row in drawn.lines() {
        line(text, &format!("  {row}"));
    }
    if found.rows.len() > most {
        line(text, &format!("    and {} more, in the report", found.rows.len() - most));
    }
}

/// The diff, flush left so that it can be copied, and what to do with it.
fn patch(text: &mut String, diagnosis: &Diagnosis) {
    let lines = proofs::patch(diagnosis);
    if !lines.is_empty() {
        blank(text);
        for one in lines.iter().take(MOST_LINES) {
            let style = match one.kind {
                DiffKind::Head => faint(),
                DiffKind::Same => Style::new(),
                DiffKind::Added => Style::new().fg_color(Some(AnsiColor::Green.into())),
                DiffKind::Removed => Style::new().fg_color(Some(AnsiColor::Red.into())),
            };
            text.push_str(&format!("{style}{}{style:#}\n", one.text));
        }
        if lines.len() > MOST_LINES {
            line(text, &format!("    and {} more lines, in the report", lines.len() - MOST_LINES));
        }
    }
    if let Some(command) = proofs::command(diagnosis) {
        let bold = Style::new().bold();
        blank(text);
        line(text, &format!("    run it   {bold}{command}{bold:#}"));
    }
}
