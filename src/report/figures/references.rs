//! What learners without a network attain, beside the network.

use crate::judge::{Estimate, OutputDiagnosis};
use crate::record::Split;
use crate::references::{Learner, LearnerSkill, ReferenceSkill, References};
use crate::report::{
    figure::{Axis, Figure, Layer, Panel, Scale, Style, extent},
    words,
};

use super::{Chart, Story};

/// Outputs that get a row each; of more, each learner gets a row with the middle and the range of its outputs.
const MOST_OUTPUTS: usize = 12;
/// Skill below this is an arrow at the border.
const FLOOR: f64 = -0.5;
/// Between what stands in the row of one output, in rows.
const APART: f64 = 0.17;

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
        let count = outputs.len();
        let (names, layers) = match count {
            1 => one(&rows),
            2..=MOST_OUTPUTS => several(&rows, outputs),
            _ => many(&rows),
        };
        let drawn = layers.iter().flat_map(|layer| match layer {
            Layer::Intervals { rows, .. } => rows.iter().flat_map(|row| [row.1, row.2, row.3]).collect(),
            _ => Vec::new(),
        });
        let (low, high) = extent(drawn.chain([0.0]))?;
        let (low, high) = (low.clamp(FLOOR, -0.02), high.clamp(0.1, 1.0));
        let air = 0.03 * (high - low);
        let low = if low > FLOOR { low - air } else { low };
        let cut = layers.iter().any(|layer| match layer {
            Layer::Intervals { rows, .. } => rows.iter().any(|row| row.1 < low),
            _ => false,
        });
        let mut ink = vec![Layer::Mark { at: 0.0, label: "the mean predictor".to_owned() }];
        ink.extend(layers);
        let title = title(outputs);
        let rows_count = names.len() as f64;
        Some(Figure {
            id: self.id(),
            alt: format!("Skill of the network and of reference learners{}: {title}.", story.whose()),
            title,
            panels: vec![Panel {
                title: String::new(),
                x: Axis::new("skill: 1 - MSE / variance of targets", Scale::Linear, low, high + air),
                y: Axis::new("", Scale::Names(names), 0.0, rows_count),
                layers: ink,
            }],
            how_to_read: how_to_read(references, outputs, cut),
        })
    }
}

fn how_to_read(references: &References, outputs: &[OutputDiagnosis], cut: bool) -> String {
    let mut text = "Reference learners are simple and need no network. What one of them attains can be attained, so a \
                    network far to the left of it leaves something undone; where none is clearly above 0, the mean may be \
                    the honest answer."
        .to_owned();
    text.push_str(match outputs.len() {
        0 | 1 => " A dot is the skill, the bar its 95 % interval.",
        2..=MOST_OUTPUTS => {
            " A dot is the skill, the bar its 95 % interval; within the row of an output they stand in the order of the key."
        }
        _ => " A dot is the middle of all outputs, the bar reaches from the worst output to the best.",
    });
    if cut {
        text.push_str(" An arrow at the border leads to what lies farther left.");
    }
    format!("{text} {}", words::trained_on(references))
}

/// The skill of a reference on the split that the network is judged on.
pub fn on(split: Split, skill: &ReferenceSkill) -> Option<Estimate> {
    match split {
        Split::Validation => skill.validation.or(skill.cross_validated),
        Split::Train | Split::WholeTrain | Split::TrainingPath => skill.cross_validated,
    }
}

/// The network, then each learner in order.
fn rows(outputs: &[OutputDiagnosis], references: &References) -> Vec<Row> {
    let known = |estimate: Option<Estimate>| {
        estimate.filter(|skill| [skill.low, skill.value, skill.high].iter().all(|value| value.is_finite()))
    };
    let network = ("the network".to_owned(), outputs.iter().map(|output| known(output.skill)).collect());
    // The mean is the line at zero.
    let learners = references.learners.iter().filter(|learner| learner.learner != Learner::Mean);
    let learner = |learner: &LearnerSkill| {
        let of = |(index, output): (usize, &OutputDiagnosis)| known(on(output.split, learner.outputs.get(index)?));
        (words::learner(learner.learner).to_owned(), outputs.iter().enumerate().map(of).collect())
    };
    std::iter::once(network).chain(learners.map(learner)).collect()
}

fn place(row: f64, skill: Estimate) -> (f64, f64, f64, f64) {
    (row, skill.low, skill.value, skill.high)
}

/// One row for each learner, named with its number.
fn one(rows: &[Row]) -> (Vec<String>, Vec<Layer>) {
    let name = |(name, skills): &Row| {
        let skill = skills.first().copied().flatten();
        // The number first, since a narrow page cuts the end.
        let skill = skill.map_or_else(|| words::ABSENT.to_owned(), |skill| words::fixed(skill.value));
        format!("{skill}  {name}")
    };
    let layer = |(index, (_, skills)): (usize, &Row)| {
        let skill = skills.first().copied().flatten()?;
        Some(Layer::Intervals {
            // Named by its row: a key would say it again.
            label: String::new(),
            style: Style::nth(usize::from(index > 0)),
            rows: vec![place(index as f64, skill)],
        })
    };
    (rows.iter().map(name).collect(), rows.iter().enumerate().filter_map(layer).collect())
}

/// One row for each output.
fn several(rows: &[Row], outputs: &[OutputDiagnosis]) -> (Vec<String>, Vec<Layer>) {
    let middle = (rows.len() as f64 - 1.0) / 2.0;
    let layer = |(index, (label, skills)): (usize, &Row)| {
        let beside = (index as f64 - middle) * APART;
        let places = skills.iter().enumerate();
        let places = places.filter_map(|(output, skill)| Some(place(output as f64 + beside, (*skill)?)));
        Layer::Intervals { label: label.clone(), style: Style::nth(index), rows: places.collect() }
    };
    let names = outputs.iter().map(|output| words::short(&output.name, 32)).collect();
    (names, rows.iter().enumerate().map(layer).collect())
}

/// One row for each learner: the middle and the range over the outputs.
fn many(rows: &[Row]) -> (Vec<String>, Vec<Layer>) {
    let layer = |(index, (_, skills)): (usize, &Row)| {
        let mut values: Vec<f64> = skills.iter().flatten().map(|skill| skill.value).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (*values.first()?, *values.last()?);
        let range = Estimate { value: values[values.len() / 2], low, high };
        let style = Style::nth(usize::from(index > 0));
        Some(Layer::Intervals { label: String::new(), style, rows: vec![place(index as f64, range)] })
    };
    let names = rows.iter().map(|(name, skills)| format!("{name}, {} outputs", skills.iter().flatten().count()));
    (names.collect(), rows.iter().enumerate().filter_map(layer).collect())
}

/// The network against the best reference.
fn title(outputs: &[OutputDiagnosis]) -> String {
    let skill = |output: &OutputDiagnosis| output.skill.map(|skill| skill.value).filter(|value| value.is_finite());
    let network = super::between(outputs.iter().filter_map(skill))
        .map_or_else(|| "the network has no finite skill".to_owned(), |at| format!("the network is at {at}"));
    let best: Vec<_> = outputs.iter().filter_map(|output| output.best_reference.as_ref()).collect();
    if best.is_empty() {
        return network;
    }
    if best.iter().all(|best| !best.finds_signal) {
        return format!("{network}, and no reference learner is clearly better than the mean");
    }
    let reached =
        super::between(best.iter().map(|best| best.skill.value)).unwrap_or_else(|| "nothing finite".to_owned());
    let first = best[0].learner;
    if best.iter().all(|best| best.learner == first) {
        format!("{network}, {} reaches {reached}", words::learner(first))
    } else {
        format!("{network}, the best reference learners reach {reached}")
    }
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
        assert_eq!(figure.title, "the network is at -0.001, ridge on random features reaches 0.620");
        insta::assert_json_snapshot!("references_of_one_output", figure);
    }

    #[test]
    fn several_outputs_have_a_row_each_and_many_a_range() {
        let figure = drawn(&with_outputs(&["x", "y"])).expect("trained");
        assert_eq!(figure.title, "the network is at -0.001, ridge on random features reaches 0.470 to 0.620");
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
        assert_eq!(title(&none), "the network is at -0.001, and no reference learner is clearly better than the mean");
        let mixed = |output: &mut OutputDiagnosis| {
            if let Some(best) = output.best_reference.as_mut().filter(|_| output.name == "y") {
                best.learner = Learner::Neighbours;
            }
        };
        assert_eq!(title(&mixed), "the network is at -0.001, the best reference learners reach 0.470 to 0.620");
        assert_eq!(title(&|output| output.best_reference = None), "the network is at -0.001");
        let lost = |output: &mut OutputDiagnosis| output.skill = None;
        assert_eq!(title(&lost), "the network has no finite skill, ridge on random features reaches 0.470 to 0.620");
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
