//! Proofs in words: what was changed, what became of it, what is left to try, and what does not help.

use crate::judge::{
    Diagnosis, Hold, State,
    causes::{CauseDiagnosis, Proof, ProofVerdict, ProposedChange, Tally},
};

use super::{causes, measured_tables::TextTable, words};

/// Changes that are proposed where none is proved.
const MOST_PROPOSED: usize = 4;
/// Changes that were tried and get a row.
const MOST_TRIED: usize = 40;

/// A cause with the proof of its change.
#[derive(Clone, Copy, Debug)]
pub struct Proved<'a> {
    /// The cause.
    pub cause: &'a CauseDiagnosis,
    /// What re-training said.
    pub proof: &'a Proof,
}

/// Every proof, in the order of the causes.
pub fn all(diagnosis: &Diagnosis) -> Vec<Proved<'_>> {
    let order = causes::placed(&diagnosis.causes).into_iter();
    order.filter_map(|placed| Some(Proved { cause: placed.cause, proof: placed.cause.proof.as_ref()? })).collect()
}

/// The proof that counts: of those with the best verdict the one that changes most, since it was built upon the others; of
/// equals the first.
pub fn best(diagnosis: &Diagnosis) -> Option<Proved<'_>> {
    let merit = |proved: &Proved<'_>| {
        let verdict = match proved.proof.verdict {
            ProofVerdict::Proved => 3,
            ProofVerdict::Undecided if proved.proof.changed.learned > 0 => 2,
            ProofVerdict::Refuted => 1,
            ProofVerdict::Undecided => 0,
        };
        (verdict, proved.proof.changes.len())
    };
    all(diagnosis).into_iter().rev().max_by_key(merit)
}

/// The verdict as one word.
pub fn verdict(verdict: ProofVerdict) -> &'static str {
    match verdict {
        ProofVerdict::Proved => "proved",
        ProofVerdict::Refuted => "refuted",
        ProofVerdict::Undecided => "undecided",
    }
}

/// The verdict of a proof as one word; a change of which a single run failed was dropped, and nothing is refuted by one run.
pub fn outcome(proof: &Proof) -> &'static str {
    match proof.verdict {
        ProofVerdict::Undecided | ProofVerdict::Refuted if proof.changed.runs < 2 && proof.changed.learned == 0 => {
            "dropped"
        }
        other => verdict(other),
    }
}

/// `` `training.optimiser.lr` from `0.01` to `0.001` ``.
pub fn change(change: &ProposedChange) -> String {
    let (path, to) = (words::short(&change.path, 120), words::short(&change.to, 120));
    match &change.from {
        Some(from) => format!("`{path}` from `{}` to `{to}`", words::short(from, 120)),
        None => format!("`{path}` set to `{to}`"),
    }
}

/// Changes that are made together.
pub fn changes(changes: &[ProposedChange]) -> String {
    changes.iter().map(change).collect::<Vec<_>>().join(" and ")
}

/// `training.optimiser.lr = 0.001`, for places where nothing is code.
pub fn assignment(changes: &[ProposedChange], most: usize) -> String {
    let one = |change: &ProposedChange| format!("{} = {}", change.path, change.to);
    words::short(&changes.iter().map(one).collect::<Vec<_>>().join(", "), most)
}

/// `lr = 0.001`: the last part of the path, for places with little room.
pub fn short_assignment(changes: &[ProposedChange], most: usize) -> String {
    let last = |change: &ProposedChange| {
        let path = change.path.rsplit('.').next().unwrap_or(&change.path);
        format!("{path} = {}", change.to)
    };
    words::short(&changes.iter().map(last).collect::<Vec<_>>().join(", "), most)
}

/// `4 of 5`.
pub fn count(some: u32, all: u32) -> String {
    format!("{some} of {all}")
}

/// `p = 0.024`; of very small ones the order is enough.
pub fn p_value(value: f64) -> String {
    if !value.is_finite() {
        words::ABSENT.to_owned()
    } else if value < 0.001 {
        "p < 0.001".to_owned()
    } else {
        format!("p = {value:.3}")
    }
}

/// `proved by re-training: with ... 5 of 5 runs learn, without it 1 of 5 (p = 0.024)`.
pub fn clause(proved: Proved<'_>) -> String {
    let Proof { control, changed, .. } = proved.proof;
    let it = if proved.proof.changes.len() > 1 { "them" } else { "it" };
    format!(
        "{} by re-training: with {}, {} run{} learn; without {it}, {} ({})",
        outcome(proved.proof),
        changes(&proved.proof.changes),
        count(changed.learned, changed.runs),
        if changed.runs == 1 { "" } else { "s" },
        count(control.learned, control.runs),
        p_value(proved.proof.p_value)
    )
}

/// What the changed runs still show, as a clause; nothing where they show nothing.
pub fn still_shown(proof: &Proof) -> Option<String> {
    if proof.causes_after.is_empty() {
        return None;
    }
    let ids: Vec<String> = proof.causes_after.iter().map(|id| format!("`{}`", words::short(id, 60))).collect();
    Some(format!("judged again, the changed runs still show {}", words::some_of_names(&ids, 4, " and ")))
}

/// What the numbers of a proof are, for its note.
pub fn seeds(proof: &Proof) -> String {
    let seeds: Vec<String> = proof.seeds.iter().map(u64::to_string).collect();
    words::some_of_names(&seeds, 12, ", ")
}

/// The unchanged setting and the changed one, a row each.
pub fn before_and_after(proved: Proved<'_>) -> TextTable {
    let Proof { control, changed, .. } = proved.proof;
    let unchanged = row("unchanged".to_owned(), proved.proof, control, None);
    TextTable {
        caption: "Before and after, on the same data, split and seeds".to_owned(),
        columns: ["setting", "collapsed", "learned", "verdict", "P(learn) [95 %]", "median skill", "p", "seeds"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![unchanged, row(assignment(&proved.proof.changes, 160), proved.proof, changed, Some(proved.proof))],
        note: "P(learn): probability that a run learns, Jeffreys interval over the seeds. p: Fisher's exact test, one-sided, \
               that the change makes more runs learn. Proved: the changed runs learn, and p is at most 0.05; refuted: they \
               do not learn either. Collapsed counts runs that diverged as well."
            .to_owned(),
    }
}

fn row(name: String, of: &Proof, tally: &Tally, changed: Option<&Proof>) -> Vec<String> {
    let or_absent = |text: Option<String>| text.unwrap_or_else(|| words::ABSENT.to_owned());
    vec![
        name,
        count(tally.collapsed, tally.runs),
        count(tally.learned, tally.runs),
        or_absent(changed.map(|proof| outcome(proof).to_owned())),
        words::estimate(Some(tally.p_learn)),
        or_absent(tally.skill.map(words::fixed)),
        or_absent(changed.map(|proof| p_value(proof.p_value))),
        seeds(of),
    ]
}

/// The unchanged setting beside every changed one that was trained to the end; nothing where none was.
pub fn table(diagnosis: &Diagnosis) -> Option<TextTable> {
    let proofs = all(diagnosis);
    let best = best(diagnosis)?;
    let mut table = before_and_after(best);
    table.rows.clear();
    let mut shown: Vec<&Proof> = Vec::new();
    // Each changed setting stands below the control that it was trained beside.
    for of in std::iter::once(&best).chain(&proofs).map(|proved| proved.proof) {
        let same = |proof: &Proof| proof.seeds == of.seeds && proof.control == of.control;
        if shown.iter().any(|before| same(before)) {
            continue;
        }
        shown.push(of);
        table.rows.push(row("unchanged".to_owned(), of, &of.control, None));
        for proof in proofs.iter().map(|proved| proved.proof).filter(|proof| same(proof)) {
            table.rows.push(row(assignment(&proof.changes, 160), proof, &proof.changed, Some(proof)));
        }
    }
    Some(table)
}

/// Every change that was tried, in order; nothing where none was.
pub fn tried(diagnosis: &Diagnosis) -> Option<TextTable> {
    let verification = diagnosis.verification.as_ref()?;
    if verification.tried.is_empty() {
        return None;
    }
    let rows = verification.tried.iter().take(MOST_TRIED).map(|trial| {
        vec![
            assignment(&trial.changes, 160),
            words::short(&trial.cause, 60),
            count(trial.learned, trial.runs),
            words::short(&trial.outcome, 160),
        ]
    });
    let more = match verification.tried.len().saturating_sub(MOST_TRIED) {
        0 => String::new(),
        more => format!(" {more} more are in the JSON."),
    };
    Some(TextTable {
        caption: "Every change that was tried".to_owned(),
        columns: ["change", "proposed by", "learned", "outcome"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        note: format!("{}{more}", super::prose::sentence(&budget(diagnosis).unwrap_or_default())),
    })
}

/// `14 of 40 trainings used: ended because ...`; nothing where nothing was re-trained.
pub fn budget(diagnosis: &Diagnosis) -> Option<String> {
    let verification = diagnosis.verification.as_ref()?;
    let ended = words::short(verification.ended.trim_end_matches('.'), 300);
    let used = format!("{} of {} trainings used", verification.trainings, verification.trainings_allowed);
    Some(if ended.is_empty() { used } else { format!("{used}: {ended}") })
}

/// Why nothing was re-trained, as a clause; nothing where something was.
pub fn untried(diagnosis: &Diagnosis) -> Option<String> {
    if let Some(verification) = &diagnosis.verification {
        let ended = words::short(verification.ended.trim_end_matches('.'), 300);
        return verification.tried.is_empty().then(|| format!("nothing was re-trained: {ended}"));
    }
    if !all(diagnosis).is_empty() {
        return None;
    }
    let changes = diagnosis.causes.iter().any(|cause| !cause.changes.is_empty());
    Some(
        match (diagnosis.runs.is_empty(), diagnosis.verdict.state, changes) {
            (true, _, true) => "nothing was trained, so nothing is proved (`--no-train`)",
            (true, _, false) => "nothing was trained, and nothing is proposed (`--no-train`)",
            (_, State::Learned | State::Unpredictable, _) => "nothing was re-trained, since the network did not fail",
            (_, _, true) => "no re-training is on record (`--no-fix`, or what was kept of it is missing or damaged), so nothing is proved",
            (_, _, false) if diagnosis.causes.is_empty() => {
                "nothing was re-trained: no cause was found that proposes a change"
            }
            (_, _, false) => "nothing was re-trained: no setting removes these causes",
        }
        .to_owned(),
    )
}

/// Changes that are worth a try, each with its reason: those that were not tried, where none is proved.
pub fn to_try(diagnosis: &Diagnosis) -> Vec<(&ProposedChange, &CauseDiagnosis)> {
    if best(diagnosis).is_some_and(|best| best.proof.verdict == ProofVerdict::Proved) {
        return Vec::new();
    }
    let tried = diagnosis.verification.iter().flat_map(|verification| &verification.tried);
    let tried: Vec<&ProposedChange> = tried.flat_map(|trial| &trial.changes).collect();
    let proposed = causes::placed(&diagnosis.causes).into_iter();
    let proposed = proposed.flat_map(|placed| placed.cause.changes.iter().map(move |change| (change, placed.cause)));
    let mut fresh: Vec<(&ProposedChange, &CauseDiagnosis)> = Vec::new();
    for (change, cause) in proposed {
        let same = |other: &&ProposedChange| other.path == change.path && other.to == change.to;
        if !tried.iter().any(same) && !fresh.iter().any(|(other, _)| same(other)) {
            fresh.push((change, cause));
        }
    }
    fresh.truncate(MOST_PROPOSED);
    fresh
}

/// What to do where no setting removes a cause: the cause and the advice, the best supported first.
pub fn advice(diagnosis: &Diagnosis) -> Vec<(&CauseDiagnosis, &str)> {
    let order = causes::placed(&diagnosis.causes).into_iter();
    order.filter_map(|placed| Some((placed.cause, placed.cause.advice.as_deref()?))).collect()
}

/// What is often done and cannot help here, as a clause.
pub fn no_help(diagnosis: &Diagnosis) -> Option<&'static str> {
    match (diagnosis.verdict.state, diagnosis.verdict.hold) {
        (State::Collapsed, Some(Hold::Stuck)) => {
            Some("training longer cannot help (it is proved stuck), nor can forcing variance into the loss")
        }
        (State::Unpredictable, _) => {
            Some("no setting makes predictable what these inputs do not hold; look for other inputs, or more samples")
        }
        _ => None,
    }
}

/// The command that trains with the patched configuration.
pub fn command(diagnosis: &Diagnosis) -> Option<String> {
    let path = diagnosis.patched_config.as_deref()?;
    let plain = |c: char| c.is_alphanumeric() || "_-./".contains(c);
    let path = words::short(path, 2_000);
    // As a shell takes it.
    let path = if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) };
    Some(format!("whymean diagnose {path}"))
}

/// The difference between the configuration and the patched one, line by line; nothing where nothing was proved.
pub fn patch(diagnosis: &Diagnosis) -> Vec<DiffLine> {
    let patch = diagnosis.verification.as_ref().and_then(|verification| verification.patch.as_deref());
    patch.unwrap_or_default().lines().map(DiffLine::new).collect()
}

/// A line of a unified diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// What it does.
    pub kind: DiffKind,
    /// The whole line, its sign included; nothing in it moves a cursor.
    pub text: String,
}

/// What a line of a diff does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffKind {
    /// Names a file or a place.
    Head,
    /// Is the same in both.
    Same,
    /// Is new.
    Added,
    /// Is gone.
    Removed,
}

impl DiffLine {
    fn new(line: &str) -> Self {
        let kind = match line.as_bytes() {
            [b'+', b'+', b'+', b' ', ..] | [b'-', b'-', b'-', b' ', ..] | [b'@', b'@', ..] => DiffKind::Head,
            [b'+', ..] => DiffKind::Added,
            [b'-', ..] => DiffKind::Removed,
            _ => DiffKind::Same,
        };
        // A tab is part of the file that the diff is applied to; a line is never cut for the same reason.
        let parts: Vec<String> = line.split('\t').map(|part| words::short(part, usize::MAX)).collect();
        Self { kind, text: parts.join("\t") }
    }
}

#[cfg(test)]
#[path = "proofs_tests.rs"]
mod tests;
