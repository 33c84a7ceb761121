//! Causes and proofs for the page, as ready texts.

use minijinja::Value;
use serde::Serialize;

use crate::judge::{
    Diagnosis,
    causes::{Evidence, Support},
};
use crate::report::{
    causes::{self, Placed},
    figure::Figure,
    proofs::{self, DiffKind},
    prose, words,
};

use super::{
    found::coded,
    tables::{self, Table},
};

/// Pieces of evidence beside the verdict.
const FIRST_EVIDENCE: usize = 2;

/// What stands beside the verdict: the likeliest cause, and the change.
#[derive(Serialize)]
pub struct First {
    strength: &'static str,
    name: String,
    evidence: Vec<Value>,
    change: Option<Value>,
    verdict: &'static str,
}

/// The section of the causes.
#[derive(Serialize)]
pub struct Why {
    together: Vec<Value>,
    none: Option<Value>,
    causes: Vec<Cause>,
    ruled_out: Vec<(String, Value)>,
}

/// A cause.
#[derive(Serialize)]
struct Cause {
    rank: u32,
    depth: usize,
    tied: bool,
    strength: &'static str,
    name: String,
    id: String,
    follows: Option<String>,
    for_it: Vec<Piece>,
    against_it: Vec<Piece>,
    changes: Vec<Value>,
    advice: Option<Value>,
    proof: Option<Value>,
}

/// A piece of evidence, and the figure of this page that shows it.
#[derive(Serialize)]
struct Piece {
    text: Value,
    figure: Option<&'static str>,
    title: String,
}

/// The section of the change.
#[derive(Serialize)]
pub struct Change {
    sentences: Vec<Value>,
    diff: Vec<(&'static str, String)>,
    command: Option<String>,
    to_try: Vec<Value>,
    no_help: Option<Value>,
    table: Option<Table>,
    tried: Option<Table>,
}

/// The likeliest cause and the change that counts; nothing without a cause.
pub fn first(diagnosis: &Diagnosis) -> Option<First> {
    let cause = causes::placed(&diagnosis.causes).first()?.cause;
    let best = proofs::best(diagnosis);
    let evidence = causes::for_it(cause).take(FIRST_EVIDENCE);
    let to_try = || {
        let (change, _) = *proofs::to_try(diagnosis).first()?;
        Some(coded(&format!("To try: {}.", proofs::change(change))))
    };
    let advised = || {
        let (_, advice) = *proofs::advice(diagnosis).first()?;
        Some(coded(&prose::sentence(advice)))
    };
    let proved = best.map(|best| coded(&prose::sentence(&proofs::clause(best))));
    Some(First {
        strength: capital_strength(cause.support),
        name: causes::plain_name(&cause.id),
        evidence: evidence.map(|evidence| coded(&prose::sentence(&evidence.text))).collect(),
        change: proved.or_else(to_try).or_else(advised),
        verdict: best.map_or("", |best| proofs::outcome(best.proof)),
    })
}

fn capital_strength(support: Support) -> &'static str {
    match support {
        Support::Strong => "Likely cause",
        Support::Suggestive => "Possible cause",
        Support::Weak => "Weak evidence for one cause",
    }
}

/// The causes; nothing where there is nothing to say of them.
pub fn why(diagnosis: &Diagnosis, figures: &[Figure]) -> Option<Why> {
    let order = causes::placed(&diagnosis.causes);
    let none = causes::none_found(diagnosis);
    if order.is_empty() && none.is_none() && diagnosis.ruled_out.is_empty() {
        return None;
    }
    let ruled_out = diagnosis.ruled_out.iter();
    Some(Why {
        together: causes::together(diagnosis).iter().map(|sentence| coded(sentence)).collect(),
        none: none.map(|none| coded(&none)),
        causes: order.iter().map(|placed| cause(placed, figures)).collect(),
        ruled_out: ruled_out.map(|out| (words::short(&out.id, 60), coded(&prose::sentence(&out.text)))).collect(),
    })
}

fn cause(placed: &Placed<'_>, figures: &[Figure]) -> Cause {
    let cause = placed.cause;
    let piece = |evidence: &Evidence| {
        let shown = evidence.figure.map(causes::picture);
        let shown = shown.and_then(|id| figures.iter().find(|figure| figure.id == id));
        Piece {
            text: coded(&prose::sentence(&evidence.text)),
            figure: shown.map(|figure| figure.id),
            title: shown.map_or_else(String::new, |figure| figure.id.replace('-', " ")),
        }
    };
    let change = |change: String| coded(&prose::sentence(&change));
    let proposed = cause.changes.iter();
    Cause {
        rank: cause.rank,
        depth: placed.depth.min(3),
        tied: placed.tied,
        strength: causes::strength(cause.support),
        name: causes::plain_name(&cause.id),
        id: words::short(&cause.id, 60),
        follows: cause.consequence_of.as_deref().filter(|_| placed.depth > 0).map(|from| words::short(from, 60)),
        for_it: causes::for_it(cause).map(piece).collect(),
        against_it: causes::against_it(cause).map(piece).collect(),
        changes: proposed
            .map(|proposed| change(format!("{}: {}", proofs::change(proposed), words::short(&proposed.why, 300))))
            .collect(),
        advice: cause.advice.as_deref().map(|advice| coded(&prose::sentence(advice))),
        proof: cause.proof.as_ref().map(|proof| change(proofs::clause(proofs::Proved { cause, proof }))),
    }
}

/// What was proved, what to try and what does not help; nothing where all is well.
pub fn change(diagnosis: &Diagnosis) -> Option<Change> {
    let best = proofs::best(diagnosis);
    let no_help = proofs::no_help(diagnosis);
    if words::is_calm(diagnosis.verdict.state) && diagnosis.causes.is_empty() && best.is_none() && no_help.is_none() {
        return None;
    }
    let mut clauses: Vec<String> = best.map(proofs::clause).into_iter().collect();
    clauses.extend(best.and_then(|best| proofs::still_shown(best.proof)));
    clauses.extend(proofs::untried(diagnosis));
    let to_try = proofs::to_try(diagnosis).into_iter();
    let to_try = to_try.map(|(proposed, cause)| {
        let id = words::short(&cause.id, 60);
        coded(&format!("For `{id}`: {}: {}.", proofs::change(proposed), words::short(&proposed.why, 300)))
    });
    let diff = proofs::patch(diagnosis).into_iter().map(|line| {
        let class = match line.kind {
            DiffKind::Head => "place",
            DiffKind::Same => "same",
            DiffKind::Added => "added",
            DiffKind::Removed => "removed",
        };
        (class, line.text)
    });
    Some(Change {
        sentences: clauses.iter().map(|clause| coded(&prose::sentence(clause))).collect(),
        diff: diff.collect(),
        command: proofs::command(diagnosis),
        to_try: to_try.collect(),
        no_help: no_help.map(|clause| coded(&prose::sentence(clause))),
        table: proofs::table(diagnosis).map(tables::measured),
        tried: proofs::tried(diagnosis).map(tables::measured),
    })
}
