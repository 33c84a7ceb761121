//! What learners without a network attain, beside the network.

use crate::judge::{Estimate, OutputDiagnosis};
use crate::record::Split;
use crate::references::{Learner, LearnerSkill, ReferenceSkill, References};
use crate::report::{
    figure::{Axis, Figure, Layer, Panel, Scale, Style, extent},
    words,
};

use super::{Chart, Story};

/// Outputs that get a panel each, with a row for each learner.
const MOST_PANELS: usize = 4;
/// Outputs that get a row each, with the network and its best reference; of more, each learner gets a row with the middle and
/// the range of its outputs.
const MOST_ROWS: usize = 12;
/// Skill below this is an arrow at the border.
const FLOOR: f64 = -0.5;
/// From the network to its best reference in the row of one output, in rows: half of it to each side of the line.
const APART: f64 = 0.36;

/// Skill of each reference learner and of the network.
pub struct ReferenceLearners;

/// A name in the key and the skill of each output, where it is known.
type Row = (String, Vec<Option<Estimate>>);

impl Chart for ReferenceLearners {
    fn id(&self) -> &'static str {
        "references"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let outputs = &story.shown.verdict.outputs;
        let references = story.diagnosis.references.as_ref()?;
        let rows = rows(outputs, references);
        if rows.len() < 2 || rows.iter().flat_map(|(_, skills)| skills).all(Option::is_none) {
            return None;
        }
        let drawn: Vec<Drawn> = match outputs.len() {
            count @ 1..=MOST_PANELS => (0..count).map(|index| one(&rows, index, outputs)).collect(),
            count if count <= MOST_ROWS => vec![several(outputs)],
            _ => vec![many(&rows)],
        };
        let places = || {
            drawn.iter().flat_map(|drawn| &drawn.layers).flat_map(|layer| match layer {
                Layer::Intervals { rows, .. } => rows.as_slice(),
                _ => &[],
            })
        };
        let (low, high) = extent(places().flat_map(|row| [row.1, row.2, row.3]).chain([0.0]))?;
        let (low, high) = (low.clamp(FLOOR, -0.02), high.clamp(0.1, 1.0));
        let air = 0.03 * (high - low);
        let low = if low > FLOOR { low - air } else { low };
        let cut = places().any(|row| row.1 < low);
        // One range for all, so that panels can be compared.
        let panel = |drawn: Drawn| {
            let rows_count = drawn.names.len() as f64;
            let mut layers = vec![Layer::Mark { at: 0.0, label: "the mean predictor".to_owned() }];
            layers.extend(drawn.layers);
            Panel {
                title: drawn.title,
                x: Axis::new("skill: 1 - MSE / variance of targets", Scale::Linear, low, high + air),
                y: Axis::new("", Scale::Names(drawn.names), 0.0, rows_count),
                layers,
            }
        };
        let title = title(outputs);
        Some(Figure {
            id: self.id(),
            alt: format!("Skill of the network and of reference learners{}: {title}.", story.whose()),
            title,
            how_to_read: how_to_read(references, outputs, cut),
            panels: drawn.into_iter().map(panel).collect(),
        })
    }
}

/// A panel before its axes.
struct Drawn {
    title: String,
    names: Vec<String>,
    layers: Vec<Layer>,
}

fn how_to_read(references: &References, outputs: &[OutputDiagnosis], cut: bool) -> String {
    let mut text = "Reference learners are simple and need no network. What one of them attains can be attained, so a \
                    network far to the left of it leaves something undone; where none is clearly above 0, the mean may be \
                    the honest answer."
        .to_owned();
    text.push_str(match outputs.len() {
        0..=MOST_PANELS => " A dot is the skill, the bar its 95 % interval.",
        5..=MOST_ROWS => {
            " A dot is the skill, the bar its 95 % interval. Each output has the network above its line and the reference \
             learner that does best below it; the number is the network's."
        }
        _ => " A dot is the middle of all outputs, the bar reaches from the worst output to the best.",
    });
    if cut {
        text.push_str(" An arrow at the border leads to what lies farther left, at the number beside it.");
    }
    format!("{text} {}", words::trained_on(references))
}

/// The skill of a reference on the split that the network is judged on.
pub fn on(split: Split, skill: &ReferenceSkill) -> Option<Estimate> {
    match split {
        Split::Validation => skill.validation.or(skill.cross_validated),
        Split::Train | Split::WholeTrain | Split::TrainingPath | Split::StandardisedInputs => skill.cross_validated,
    }
}

/// The network, then each learner in order.
fn rows(outputs: &[OutputDiagnosis], references: &References) -> Vec<Row> {
    let network = ("the network".to_owned(), outputs.iter().map(|output| known(output.skill)).collect());
    // The mean is the line at zero.
    let learners = references.learners.iter().filter(|learner| learner.learner != Learner::Mean);
    let learner = |learner: &LearnerSkill| {
        let of = |(index, output): (usize, &OutputDiagnosis)| known(on(output.split, learner.outputs.get(index)?));
        (words::learner(learner.learner).to_owned(), outputs.iter().enumerate().map(of).collect())
    };
    std::iter::once(network).chain(learners.map(learner)).collect()
}

/// Where all of it has a place.
fn known(estimate: Option<Estimate>) -> Option<Estimate> {
    estimate.filter(|skill| [skill.low, skill.value, skill.high].iter().all(|value| value.is_finite()))
}

fn place(row: f64, skill: Estimate) -> (f64, f64, f64, f64) {
    (row, skill.low, skill.value, skill.high)
}

/// One row for each learner, named with its number.
fn one(rows: &[Row], output: usize, outputs: &[OutputDiagnosis]) -> Drawn {
    let skill = |skills: &[Option<Estimate>]| skills.get(output).copied().flatten();
    let layer = |(index, (_, skills)): (usize, &Row)| {
        let skill = skill(skills)?;
        Some(Layer::Intervals {
            // Named by its row: a key would say it again.
            label: String::new(),
            style: Style::nth(usize::from(index > 0)),
            rows: vec![place(index as f64, skill)],
        })
    };
    Drawn {
        title: if outputs.len() > 1 { words::short(&outputs[output].name, 40) } else { String::new() },
        names: rows
            .iter()
            .map(|(name, skills)| {
                // Beside another panel there is no room for more.
                let name = if outputs.len() > 1 { name.trim_start_matches("ridge on ") } else { name };
                numbered(skill(skills), name)
            })
            .collect(),
        layers: rows.iter().enumerate().filter_map(layer).collect(),
    }
}

/// The number first, since a narrow page cuts the end.
fn numbered(skill: Option<Estimate>, name: &str) -> String {
    let skill = skill.map_or_else(|| words::ABSENT.to_owned(), |skill| words::fixed(skill.value));
    format!("{skill}  {name}")
}

/// One row for each output: the network, and what does best.
fn several(outputs: &[OutputDiagnosis]) -> Drawn {
    let layer = |index: usize, label: &str, skill: &dyn Fn(&OutputDiagnosis) -> Option<Estimate>| {
        let beside = (index as f64 - 0.5) * APART;
        let places = outputs.iter().enumerate();
        let places = places.filter_map(|(row, output)| Some(place(row as f64 + beside, known(skill(output))?)));
        Layer::Intervals { label: label.to_owned(), style: Style::nth(index), rows: places.collect() }
    };
    let best = |output: &OutputDiagnosis| output.best_reference.as_ref().map(|best| best.skill);
    Drawn {
        title: String::new(),
        names: outputs.iter().map(|output| numbered(known(output.skill), &words::short(&output.name, 32))).collect(),
        layers: vec![layer(0, "the network", &|output| output.skill), layer(1, "the best reference learner", &best)],
    }
}

/// One row for each learner: the middle and the range over the outputs.
fn many(rows: &[Row]) -> Drawn {
    let layer = |(index, (_, skills)): (usize, &Row)| {
        let mut values: Vec<f64> = skills.iter().flatten().map(|skill| skill.value).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (*values.first()?, *values.last()?);
        let range = Estimate { value: values[values.len() / 2], low, high };
        let style = Style::nth(usize::from(index > 0));
        Some(Layer::Intervals { label: String::new(), style, rows: vec![place(index as f64, range)] })
    };
    let names = rows.iter().map(|(name, skills)| format!("{name}, {} outputs", skills.iter().flatten().count()));
    Drawn { title: String::new(), names: names.collect(), layers: rows.iter().enumerate().filter_map(layer).collect() }
}

/// The network against the best reference.
fn title(outputs: &[OutputDiagnosis]) -> String {
    let skills = outputs.iter().filter_map(|output| Some((output.name.as_str(), output.skill?.value)));
    let network = words::each_value(skills)
        .map_or_else(|| "the network has no finite skill".to_owned(), |skill| format!("the network has skill {skill}"));
    let best: Vec<_> = outputs.iter().filter_map(|output| Some((output, output.best_reference.as_ref()?))).collect();
    let signal: Vec<_> = best.iter().filter(|(_, best)| best.finds_signal).collect();
    let Some((_, first)) = signal.first() else {
        return if best.is_empty() {
            network
        } else {
            format!("{network}, the reference learners none beyond the mean")
        };
    };
    let who = if signal.iter().all(|(_, best)| best.learner == first.learner) {
        words::learner(first.learner)
    } else {
        "the best reference learners"
    };
    let values = || signal.iter().map(|(output, best)| (output.name.as_str(), best.skill.value));
    let all = best.len();
    let reached = match signal.len() {
        some if some == all => words::each_value(values()),
        // One value alone does not say whose it is.
        1 => words::each_value(values()).map(|skill| format!("{skill} on {}", words::short(&signal[0].0.name, 24))),
        some => extent(values().map(|(_, skill)| skill)).map(|(low, high)| {
            let (low, high) = (words::fixed(low), words::fixed(high));
            let range = if low == high { low } else { format!("{low} to {high}") };
            format!("{range} on {some} of {all} outputs")
        }),
    };
    let reached = reached.unwrap_or_else(|| "no finite one".to_owned());
    let none = if signal.len() < all { ", none beyond the mean on the rest" } else { "" };
    format!("{network}, {who} {reached}{none}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{BestReference, Diagnosis};
    use crate::record::Record;
    use crate::report::sample::{self, Fate};

    fn with_outputs(names: &[&str]) -> (Diagnosis, Vec<Record>) {
        let (mut diagnosis, records) = sample::of(&[Fate::Collapses], crate::judge::Hold::Stuck);
        sample::measured::give_outputs(&mut diagnosis, names);
        (diagnosis, records)
    }

    fn drawn((diagnosis, records): &(Diagnosis, Vec<Record>)) -> Option<Figure> {
        ReferenceLearners.draw(&Story::new(diagnosis, records).expect("the sample has records"))
    }

    #[test]
    fn one_output_has_a_row_for_each_learner() {
        let figure = drawn(&with_outputs(&["x"])).expect("trained");
        assert_eq!(figure.title, "the network has skill -0.001, ridge on random features 0.620");
        insta::assert_json_snapshot!("references_of_one_output", figure);
    }

    #[test]
    fn several_outputs_have_a_row_each_and_many_a_range() {
        let figure = drawn(&with_outputs(&["x", "y"])).expect("trained");
        assert_eq!(
            figure.title,
            "the network has skill -0.001 on both outputs, ridge on random features 0.620 on x and 0.470 on y"
        );
        insta::assert_json_snapshot!("references_of_two_outputs", figure);
        let names: Vec<String> = (0..200).map(|index| format!("output {index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let figure = drawn(&with_outputs(&names)).expect("trained");
        let Scale::Names(rows) = &figure.panels[0].y.scale else { panic!("rows have names") };
        assert_eq!(rows.len(), 5);
        assert_eq!(rows[0], "the network, 200 outputs");
    }

    #[test]
    fn titles_follow_the_evidence() {
        let title = |change: &dyn Fn(&mut OutputDiagnosis)| {
            let mut sample = with_outputs(&["x", "y"]);
            sample.0.runs[0].outputs.iter_mut().for_each(change);
            drawn(&sample).expect("trained").title
        };
        let none = |output: &mut OutputDiagnosis| {
            output.best_reference =
                output.best_reference.clone().map(|best| BestReference { finds_signal: false, ..best });
        };
        assert_eq!(
            title(&none),
            "the network has skill -0.001 on both outputs, the reference learners none beyond the mean"
        );
        let mixed = |output: &mut OutputDiagnosis| {
            if let Some(best) = output.best_reference.as_mut().filter(|_| output.name == "y") {
                best.learner = Learner::Neighbours;
            }
        };
        assert_eq!(
            title(&mixed),
            "the network has skill -0.001 on both outputs, the best reference learners 0.620 on x and 0.470 on y"
        );
        assert_eq!(title(&|output| output.best_reference = None), "the network has skill -0.001 on both outputs");
        let lost = |output: &mut OutputDiagnosis| output.skill = None;
        assert_eq!(title(&lost), "the network has no finite skill, ridge on random features 0.620 on x and 0.470 on y");
    }

    #[test]
    fn five_outputs_have_a_row_each_on_whose_line_the_pair_is_centred() {
        let mut sample = with_outputs(&["a", "b", "c", "d", "e"]);
        sample.0.runs[0].outputs[2].skill = Some(Estimate { value: -45.285, low: -50.0, high: -40.0 });
        if let Some(best) = &mut sample.0.runs[0].outputs[0].best_reference {
            best.finds_signal = false;
        }
        let figure = drawn(&sample).expect("trained");
        assert_eq!(
            figure.title,
            "the network has skill -45.285 (c) to -0.001 (a) over 5 outputs, ridge on random features 0.620 \
             on 4 of 5 outputs, none beyond the mean on the rest"
        );
        let Scale::Names(names) = &figure.panels[0].y.scale else { panic!("rows have names") };
        assert_eq!(names[2], "-45.285  c");
        let rows = figure.panels[0].layers.iter().filter_map(|layer| match layer {
            Layer::Intervals { rows, .. } => Some(rows[2].0),
            _ => None,
        });
        let rows: Vec<f64> = rows.collect();
        assert!(rows.len() == 2 && (rows[0] + rows[1] - 4.0).abs() < 1e-12, "{rows:?}");
    }

    #[test]
    fn what_is_far_below_stays_on_the_page_and_is_said() {
        let mut sample = with_outputs(&["x"]);
        sample.0.runs[0].outputs[0].skill = Some(Estimate { value: -1e6, low: -1e7, high: -1e5 });
        let figure = drawn(&sample).expect("trained");
        assert_eq!(figure.panels[0].x.low, FLOOR);
        assert!(figure.how_to_read.contains("An arrow"));
        sample.0.references = None;
        assert!(drawn(&sample).is_none());
    }
}
