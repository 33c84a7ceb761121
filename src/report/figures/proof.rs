//! How often runs learn, with and without each change that was tried.

use crate::judge::causes::{ProofVerdict, ProposedChange};
use crate::report::{
    figure::{Axis, Dash, Figure, Hue, Layer, Panel, Scale, Style},
    proofs,
};
use crate::stats::{Estimate, jeffreys};

use super::{Chart, Story};

/// Changes that get a row.
const MOST_CHANGES: usize = 16;
/// Characters of the name of a change.
const NAME: usize = 34;

/// Probability of learning, unchanged and with each change.
pub struct ProofByRetraining;

/// One setting that was trained.
struct Row {
    name: String,
    learned: u32,
    runs: u32,
    p_learn: Estimate,
    outcome: &'static str,
    hue: Hue,
}

impl Chart for ProofByRetraining {
    fn id(&self) -> &'static str {
        "proof"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let (rows, all) = rows(story)?;
        let names: Vec<String> = rows
            .iter()
            .map(|row| {
                // First what must not be cut where there is little room.
                let name = if row.name.is_empty() { String::new() } else { format!(": {}", row.name) };
                format!("{} {}{name}", proofs::count(row.learned, row.runs), row.outcome)
            })
            .collect();
        // A label once: the layers differ in colour alone, and what the colour says stands in the name of the row.
        let layers = rows.iter().enumerate().map(|(index, row)| Layer::Intervals {
            label: if index == 0 { "estimate with its 95 % interval".to_owned() } else { String::new() },
            style: Style::bold(row.hue, Dash::Solid),
            rows: vec![(index as f64, row.p_learn.low, row.p_learn.value, row.p_learn.high)],
        });
        let layers = layers.collect();
        let title = title(story, &rows);
        Some(Figure {
            id: self.id(),
            alt: format!("Probability of learning for each change that was tried: {title}."),
            title,
            panels: vec![Panel {
                title: String::new(),
                x: Axis::new("probability that a run learns", Scale::Linear, 0.0, 1.0),
                y: Axis::new("", Scale::Names(names.clone()), 0.0, names.len() as f64),
                layers,
            }],
            how_to_read: format!(
                "Each row is one setting, trained on the same data and seeds as the unchanged one above it; the numbers say \
                 how many of its runs learned. A change is proved where its bar lies to the right of the unchanged one and \
                 chance would hardly put it there (p at most 0.05). Few runs make long bars: a change that was dropped \
                 after one run is not refuted, it was only overtaken.{}",
                super::chosen(rows.len() - 1, all, "changes")
            ),
        })
    }
}

/// The unchanged setting, then each change in the order in which they were tried, and how many of them there are.
fn rows(story: &Story<'_>) -> Option<(Vec<Row>, usize)> {
    let diagnosis = story.diagnosis;
    let proved = proofs::all(diagnosis);
    let tried = diagnosis.verification.iter().flat_map(|verification| &verification.tried);
    let tried: Vec<_> = tried.collect();
    let best = proofs::best(diagnosis);
    if best.is_none() && tried.is_empty() {
        return None;
    }
    let (learned, runs, p_learn) = match best {
        Some(best) => (best.proof.control.learned, best.proof.control.runs, best.proof.control.p_learn),
        None => {
            let all = diagnosis.runs.iter();
            let learned = all.filter(|run| run.state == crate::judge::State::Learned).count();
            let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            let (learned, runs) = (count(learned), count(diagnosis.runs.len()));
            (learned, runs, jeffreys(learned, runs))
        }
    };
    let unchanged = Row { name: String::new(), learned, runs, p_learn, outcome: "unchanged", hue: Hue::Muted };
    let name = |changes: &[ProposedChange]| proofs::short_assignment(changes, NAME);
    let with_proof = |proof: &crate::judge::causes::Proof| Row {
        name: name(&proof.changes),
        learned: proof.changed.learned,
        runs: proof.changed.runs,
        p_learn: proof.changed.p_learn,
        outcome: proofs::outcome(proof),
        hue: match proof.verdict {
            ProofVerdict::Proved => Hue::Green,
            ProofVerdict::Refuted => Hue::Vermilion,
            ProofVerdict::Undecided => Hue::Orange,
        },
    };
    let of_trial = |trial: &&crate::judge::causes::Trial| {
        let proof = proved.iter().find(|proved| proved.proof.changes == trial.changes);
        proof.map_or_else(
            || Row {
                name: name(&trial.changes),
                learned: trial.learned,
                runs: trial.runs,
                p_learn: jeffreys(trial.learned, trial.runs),
                outcome: "dropped",
                hue: Hue::Orange,
            },
            |proved| with_proof(proved.proof),
        )
    };
    let mut changed: Vec<Row> = tried.iter().map(of_trial).collect();
    // A proof that nobody listed among what was tried is shown all the same.
    let unlisted = proved.iter().filter(|proved| !tried.iter().any(|trial| trial.changes == proved.proof.changes));
    changed.extend(unlisted.map(|proved| with_proof(proved.proof)));
    let all = changed.len();
    // Of very many those with a verdict are kept; the order of the others stays.
    changed.sort_by_key(|row| row.outcome == "dropped" && all > MOST_CHANGES);
    changed.truncate(MOST_CHANGES);
    Some((std::iter::once(unchanged).chain(changed).collect(), all))
}

/// Counts, not estimates: they are what was seen.
fn title(story: &Story<'_>, rows: &[Row]) -> String {
    let Some(best) = proofs::best(story.diagnosis) else {
        return format!("no change was trained to a verdict; unchanged, {} runs learn", shares(&rows[0]));
    };
    let change = proofs::short_assignment(&best.proof.changes, 60);
    format!(
        "with {change}, {} runs learn; without, {}: {}",
        proofs::count(best.proof.changed.learned, best.proof.changed.runs),
        proofs::count(best.proof.control.learned, best.proof.control.runs),
        proofs::outcome(best.proof)
    )
}

fn shares(row: &Row) -> String {
    proofs::count(row.learned, row.runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn drawn(change: impl FnOnce(&mut crate::judge::Diagnosis)) -> Option<Figure> {
        let (mut diagnosis, records) = sample::question();
        change(&mut diagnosis);
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        ProofByRetraining.draw(&story)
    }

    #[test]
    fn every_change_stands_below_the_control_with_its_verdict() {
        let figure = drawn(|_| {}).expect("the sample has a proof");
        insta::assert_json_snapshot!("proof", figure);
    }

    #[test]
    fn what_was_never_tried_has_no_figure_and_what_was_dropped_is_not_called_refuted() {
        assert!(drawn(sample::caused::forget).is_none());
        let figure = drawn(|diagnosis| {
            diagnosis.causes.iter_mut().for_each(|cause| cause.proof = None);
        });
        let figure = figure.expect("changes were tried");
        assert_eq!(figure.title, "no change was trained to a verdict; unchanged, 1 of 5 runs learn");
        let Scale::Names(names) = &figure.panels[0].y.scale else { panic!("names") };
        assert!(names.iter().skip(1).all(|name| name.contains(" dropped: ")), "{names:?}");
    }

    #[test]
    fn of_very_many_changes_those_with_a_verdict_are_drawn() {
        let figure = drawn(|diagnosis| {
            let tried = &mut diagnosis.verification.as_mut().expect("in the sample").tried;
            let dropped = tried[1].clone();
            (0..40).for_each(|index| {
                let mut trial = dropped.clone();
                trial.changes[0].to = format!("{index}.5");
                tried.insert(0, trial);
            });
        });
        let figure = figure.expect("changes were tried");
        let Scale::Names(names) = &figure.panels[0].y.scale else { panic!("names") };
        assert_eq!(names.len(), MOST_CHANGES + 1);
        assert!(names[1].contains(" proved: ") && names[2].contains(" refuted: "), "{names:?}");
        assert!(figure.how_to_read.contains("16 of 43 changes are drawn"), "{}", figure.how_to_read);
    }
}
