//! The score as text: Markdown tables, which read well in a terminal too.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    common::count::{Count, heads, percent, row},
    score::{Found, Miss, Score},
};

fn share(count: Count) -> String {
    if count.of == 0 { String::new() } else { percent(count.estimate()) }
}

fn found<'a>(title: &str, rows: impl Iterator<Item = (&'a str, Found)>) -> String {
    let mut text = String::new();
    heads(&mut text, &[title, "first", "share, 95 % interval", "first three", "share, 95 % interval"]);
    for (what, found) in rows {
        let (first, three) = (found.first, found.among_three);
        row(&mut text, &[what.to_owned(), first.to_string(), share(first), three.to_string(), share(three)]);
    }
    text
}

/// How often the right cause is named.
pub fn accuracy(score: &Score) -> String {
    let total = [("planted faults", score.planted), ("real cases", score.real)];
    let oddity = score.by_oddity.iter().map(|(what, found)| (*what, *found));
    found("cases", total.into_iter().chain(oddity))
}

/// The same by planted cause.
pub fn by_cause(score: &Score) -> String {
    found("planted", score.by_cause.iter().map(|(cause, found)| (cause.as_str(), *found)))
}

/// Planted by ranked first.
pub fn confusion(score: &Score) -> String {
    let mut text = String::new();
    heads(&mut text, &["planted", "ranked first"]);
    for (planted, named) in &score.confusion {
        row(&mut text, &[planted.clone(), listed(named)]);
    }
    text
}

/// Names with their numbers, the most frequent first.
pub fn listed(counts: &BTreeMap<String, u32>) -> String {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), name.as_str()));
    counts.into_iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

/// Causes called strong where nothing is wrong.
pub fn strong(score: &Score) -> String {
    let mut text = String::new();
    heads(&mut text, &["runs without a fault", "with a cause called strong", "share, 95 % interval"]);
    let rows = score.strong_on_healthy.iter().map(|(family, count)| (family.as_str(), *count));
    let all = [("all of these", score.healthy()), ("twins of the planted faults", score.twins())];
    for (what, count) in rows.chain(all) {
        row(&mut text, &[what.to_owned(), count.to_string(), share(count)]);
    }
    if !score.wrongly_strong.is_empty() {
        let _ = writeln!(text, "\nCalled strong: {}.", listed(&score.wrongly_strong));
    }
    text
}

/// The published rules, beside the judge.
pub fn rules(score: &Score) -> String {
    let mut text = String::new();
    heads(
        &mut text,
        &["on the same runs", "first", "first three", "any", "real cases, first", "alarms on healthy runs"],
    );
    row(
        &mut text,
        &[
            "whymean".to_owned(),
            share(score.planted.first),
            share(score.planted.among_three),
            String::new(),
            share(score.real.first),
            format!("{} {}", score.healthy(), share(score.healthy())),
        ],
    );
    for rules in &score.rules {
        row(
            &mut text,
            &[
                rules.name.to_owned(),
                share(rules.first),
                share(rules.among_three),
                share(rules.any),
                share(rules.real),
                format!("{} {}", rules.healthy, share(rules.healthy)),
            ],
        );
    }
    text
}

/// Repairs, where they were asked for.
pub fn repairs(score: &Score) -> String {
    let mut text = String::new();
    if score.repairs.proposed.of + score.repairs_real.proposed.of == 0 {
        return "None were asked for.\n".to_owned();
    }
    let heading = ["cases", "repaired and proved by", "number", "share, 95 % interval", "trainings, median"];
    heads(&mut text, &heading);
    for (what, repairs) in [("planted faults", &score.repairs), ("real cases", &score.repairs_real)] {
        let rows = [
            ("what the causes propose", repairs.proposed, &repairs.trainings_proposed),
            ("chance", repairs.chance, &repairs.trainings_chance),
        ];
        for (by, count, trainings) in rows {
            let median = median(trainings).map_or_else(String::new, |median| format!("{median:.1}"));
            row(&mut text, &[what.to_owned(), by.to_owned(), count.to_string(), share(count), median]);
        }
    }
    let (ours, theirs) = (&score.repairs.trainings_proposed, &score.repairs.trainings_chance);
    if let (Some(ours), Some(theirs)) = (median(ours), median(theirs)) {
        let _ = writeln!(text, "\nRatio of the medians, planted faults: {:.2}.", ours / theirs);
    }
    let sometimes = score.repairs.fails_sometimes + score.repairs_real.fails_sometimes;
    if sometimes > 0 {
        let _ = writeln!(text, "\nNot counted: {sometimes} that learned with another of the three seeds.");
    }
    let unrepaired: Vec<&String> = score.repairs.unrepaired.iter().chain(&score.repairs_real.unrepaired).collect();
    if !unrepaired.is_empty() {
        let _ = writeln!(text, "\nNot repaired by what the causes propose:\n");
    }
    for line in unrepaired {
        let _ = writeln!(text, "- {line}");
    }
    text
}

/// Median of numbers of trainings.
fn median(trainings: &[u32]) -> Option<f64> {
    let trainings: Vec<f64> = trainings.iter().map(|count| f64::from(*count)).collect();
    whymean::stats::median(&trainings)
}

/// Every miss on one line.
pub fn misses(misses: &[Miss]) -> String {
    let mut text = String::new();
    for miss in misses {
        let skill = |skill: Option<f64>| skill.map_or_else(|| "none".to_owned(), |skill| format!("{skill:.2}"));
        let decoy = miss.decoy.map_or_else(String::new, |decoy| format!(", with {decoy}"));
        let _ = writeln!(
            text,
            "- {} ({}{decoy}): right: {}; named: {} [{}; skill {}, twin {}; {}]",
            miss.id,
            miss.family,
            if miss.accepted.is_empty() { "none".to_owned() } else { miss.accepted.join(", ") },
            if miss.named.is_empty() { "none".to_owned() } else { miss.named.join(", ") },
            miss.state,
            skill(miss.skills.0),
            skill(miss.skills.1),
            miss.summary
        );
    }
    if text.is_empty() { "None.\n".to_owned() } else { text }
}

/// The evidence behind the misses, for whoever mends them.
pub fn evidence(misses: &[Miss]) -> String {
    let mut text = String::new();
    for miss in misses {
        let _ = writeln!(text, "\n{} ({}), right: {}", miss.id, miss.family, miss.accepted.join(", "));
        for line in &miss.evidence {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

/// The lines that a reader looks for.
pub fn closing(score: &Score) -> String {
    let repaired = if score.repairs.proposed.of == 0 {
        String::new()
    } else {
        let (ours, theirs) = (&score.repairs.trainings_proposed, &score.repairs.trainings_chance);
        let shown = |trainings: &[u32]| median(trainings).map_or_else(String::new, |median| format!("{median:.1}"));
        format!(
            "planted, repaired and proved: {}, by chance {}; median trainings {} and {}\n",
            score.repairs.proposed,
            score.repairs.chance,
            shown(ours),
            shown(theirs)
        )
    };
    format!(
        "planted, right cause first: {} = {}\nplanted, among the first three: {} = {}\nreal cases, right cause first: {} = {}\n\
         strong causes on healthy runs: {}\nstrong causes on twins: {}\n{repaired}",
        score.planted.first,
        share(score.planted.first),
        score.planted.among_three,
        share(score.planted.among_three),
        score.real.first,
        share(score.real.first),
        score.healthy(),
        score.twins(),
    )
}

/// All of it, under headings of this depth.
pub fn all(score: &Score, title: &str, depth: &str) -> String {
    let parts = [
        ("Right causes", accuracy(score)),
        ("By planted cause", by_cause(score)),
        ("Planted by ranked first", confusion(score)),
        ("Strong causes where nothing is wrong", strong(score)),
        ("Published rules", rules(score)),
        ("Repairs", repairs(score)),
        ("Misses", misses(&score.misses)),
        ("False alarms", misses(&score.false_alarms)),
    ];
    let mut text = format!("{depth} {title}\n");
    for (heading, body) in parts {
        let _ = write!(text, "\n{depth}# {heading}\n\n{body}");
    }
    text
}
