//! How much of the target each layer still holds, and in how many directions its activations vary.

use crate::judge::{LayerSignal, RunDiagnosis};
use crate::record::Reading;
use crate::report::{
    evidence,
    figure::{Axis, Dash, Figure, Hue, Layer, Panel, Scale, Series, Style},
    ink::capital,
    series, words,
};

use super::{Chart, Story, chosen};

/// Layers that get a place; of more, the ones between which the information ends are among them.
const MOST_LAYERS: usize = 40;
/// A read-out below this is in a lane: how much worse than the mean it is says nothing about the layer.
const FLOOR: f64 = -0.1;
/// Before the first step: grey, as the untrained network is in other figures.
const START: (&str, Style) = ("before the first step", Style::bold(Hue::Muted, Dash::Dashed));
/// At the end.
const END: (&str, Style) = ("at the end", Style::bold(Hue::Blue, Dash::Solid));

/// Read-out skill and effective rank by depth.
pub struct SignalByDepth;

impl Chart for SignalByDepth {
    fn id(&self) -> &'static str {
        "signal-by-depth"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let run = story.shown.verdict;
        let ends = ends_at(run);
        let indices = layers_of(run, MOST_LAYERS);
        let layers: Vec<&LayerSignal> = indices.iter().map(|index| &run.signal[*index]).collect();
        let mark = ends.and_then(|end| indices.iter().position(|index| *index == end));
        // An output layer of one unit has one direction at most: beside the others that would look like a fault.
        let output = story.record().run.layers.last().map(|layer| layer.name.as_str());
        let hidden: Vec<&LayerSignal> =
            layers.iter().filter(|layer| Some(layer.layer.as_str()) != output).copied().collect();
        let panels: Vec<Panel> = [readout(story, &layers, mark), rank(&hidden, mark)].into_iter().flatten().collect();
        if panels.is_empty() {
            return None;
        }
        let title = title(&run.signal, ends);
        let read = panels.iter().any(|panel| panel.title == READOUT);
        let reference = super::attainable(story).filter(|_| read);
        Some(Figure {
            id: self.id(),
            alt: format!("{} by depth{}: {title}.", capital("read-out skill and effective rank"), story.whose()),
            title,
            panels,
            how_to_read: format!(
                "Read-out skill is how much of the target a linear read-out (ridge regression, judged on samples that it was \
                 not fitted to) gets from what a layer passes on: 1 is all of it, 0 is what the mean gets. At 0 nothing is \
                 left in linear form; a later non-linear layer may still make use of what is there in another form, unless \
                 the layer gives the same for every sample. Effective rank counts the directions in which a layer's answers \
                 vary; 1 is a single one, and exactly 0 is the same answer for every sample. The output layer has no more \
                 directions than outputs and is left out there.{}{}",
                if reference.is_some() {
                    " The thin line is what the best reference learner gets from the input."
                } else {
                    ""
                },
                chosen(indices.len(), run.signal.len(), "layers"),
            ),
        })
    }
}

/// Where the information ends, for verdicts for which that matters.
fn ends_at(run: &RunDiagnosis) -> Option<usize> {
    let name = run.signal_ends_at.as_ref().filter(|_| evidence::may_end(run.state))?;
    run.signal.iter().position(|layer| layer.layer == *name)
}

/// About this many layers of a run, with the first, the last, and those between which the information ends.
pub fn layers_of(run: &RunDiagnosis, most: usize) -> Vec<usize> {
    let ends = ends_at(run);
    let mut indices = series::some_of(run.signal.len(), most);
    indices.extend(ends.into_iter().flat_map(|end| [end.saturating_sub(1), end]));
    indices.sort_unstable();
    indices.dedup();
    indices
}

const READOUT: &str = "Read-out skill";

fn depth(layers: &[&LayerSignal]) -> Axis {
    let names: Vec<String> = layers.iter().map(|layer| ends_of(&layer.layer)).collect();
    let last = names.len() as f64 - 0.5;
    Axis::new("layer, from the input on", Scale::Names(names), -0.5, last)
}

/// A long name without its middle: what tells layers of one kind apart is the number at the end.
fn ends_of(name: &str) -> String {
    const MOST: usize = 16;
    let count = name.chars().count();
    if count <= MOST {
        return words::short(name, MOST);
    }
    let tail: String = name.chars().skip(count - MOST / 2).collect();
    words::short(name, MOST / 2) + &words::short(&tail, MOST)
}

fn readout(story: &Story<'_>, layers: &[&LayerSignal], mark: Option<usize>) -> Option<Panel> {
    let of: [fn(&LayerSignal) -> Option<f64>; 2] = [|layer| layer.readout_at_start, |layer| layer.readout_at_end];
    if !layers.iter().any(|layer| of.iter().any(|of| of(layer).is_some())) {
        return None;
    }
    let x = depth(layers);
    let y = Axis::new("share of the targets' variance, read off linearly", Scale::Linear, FLOOR, 1.03);
    let mut ink = vec![Layer::Level { at: 0.0, label: "the mean predictor".to_owned() }];
    ink.extend(super::quiet(story, &x, &y));
    ink.extend(line(layers, of[0], &x, &y, START));
    ink.extend(line(layers, of[1], &x, &y, END));
    if let Some(at) = mark {
        ink.push(Layer::Mark { at: at as f64, label: format!("none from {} on", words::short(&layers[at].layer, 24)) });
    }
    Some(Panel { title: READOUT.to_owned(), x, y, layers: ink })
}

fn rank(layers: &[&LayerSignal], mark: Option<usize>) -> Option<Panel> {
    let of: [fn(&LayerSignal) -> Option<f64>; 2] = [|layer| layer.rank_at_start, |layer| layer.rank_at_end];
    let values: Vec<f64> = layers.iter().flat_map(|layer| of.iter().filter_map(|of| of(layer))).collect();
    if values.is_empty() {
        return None;
    }
    let x = depth(layers);
    let quantity = "directions in which answers vary (log scale)";
    // From 1 on, so that how far a rank is from its least is seen.
    let y = Axis::log(quantity, values.into_iter().filter(|value| value.is_finite()).chain([1.0, 2.0]))?;
    let mut ink = line(layers, of[0], &x, &y, START);
    ink.extend(line(layers, of[1], &x, &y, END));
    if let Some(at) = mark.filter(|at| *at < layers.len()) {
        ink.push(Layer::Mark { at: at as f64, label: String::new() });
    }
    Some(Panel { title: "Effective rank".to_owned(), x, y, layers: ink })
}

/// A line with dots; broken where a layer was not measured.
fn line(
    layers: &[&LayerSignal],
    of: fn(&LayerSignal) -> Option<f64>,
    x: &Axis,
    y: &Axis,
    (label, style): (&str, Style),
) -> Vec<Layer> {
    let places: Vec<(f64, Option<f64>)> =
        layers.iter().enumerate().map(|(place, layer)| (place as f64, of(layer))).collect();
    let mut ink = Vec::new();
    for stretch in places.split(|(_, value)| value.is_none()).filter(|stretch| !stretch.is_empty()) {
        let readings = stretch.iter().filter_map(|(place, value)| Some((*place, Reading::new((*value)?))));
        ink.extend(series::layers(series::sort(readings, y), x, y, label, style));
    }
    let dots = ink.iter().filter_map(|layer| match layer {
        Layer::Line(series) => Some(series.segments.clone()),
        _ => None,
    });
    let segments: Vec<Vec<(f64, f64)>> = dots.flatten().collect();
    if !segments.is_empty() {
        ink.push(Layer::Points(Series { label: label.to_owned(), style, segments }));
    }
    ink
}

/// Where the information ends, or else what is left of it.
fn title(signal: &[LayerSignal], ends: Option<usize>) -> String {
    let name = |index: usize| match signal[index].layer.as_str() {
        "input" => "the input".to_owned(),
        layer => words::short(layer, 32),
    };
    let at_end = |index: usize| signal[index].readout_at_end.filter(|value| value.is_finite());
    let shown = |index: usize| at_end(index).map_or_else(String::new, words::fixed);
    if let Some(end) = ends {
        return match end.checked_sub(1).filter(|before| at_end(*before).is_some()) {
            Some(before) => format!(
                "a linear read-out has skill {} from {} and none from {} on",
                shown(before),
                name(before),
                name(end)
            ),
            None => format!("a linear read-out has no skill from {} on", name(end)),
        };
    }
    let first = (0..signal.len()).find(|index| at_end(*index).is_some());
    let last = (0..signal.len()).rev().find(|index| at_end(*index).is_some());
    match (first, last) {
        (Some(first), Some(last)) if first < last => format!(
            "a linear read-out has skill {} from {} and {} from {}",
            shown(first),
            name(first),
            shown(last),
            name(last)
        ),
        (Some(only), _) => format!("a linear read-out has skill {} from {}", shown(only), name(only)),
        _ => "what a linear read-out gets at the end was not measured".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn drawn(change: impl Fn(&mut Vec<LayerSignal>, &mut Option<String>)) -> Option<Figure> {
        let (mut diagnosis, records) = sample::question();
        let run = &mut diagnosis.runs[0];
        change(&mut run.signal, &mut run.signal_ends_at);
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        SignalByDepth.draw(&story)
    }

    #[test]
    fn where_the_information_ends_is_title_and_mark() {
        let figure = drawn(|_, _| {}).expect("measured");
        assert_eq!(figure.title, "a linear read-out has skill 0.310 from conv2d_2 and none from dense_1 on");
        insta::assert_json_snapshot!("signal_by_depth", figure);
    }

    #[test]
    fn without_an_end_the_title_says_what_is_left() {
        let figure = drawn(|_, ends| *ends = None).expect("measured");
        assert_eq!(figure.title, "a linear read-out has skill 0.520 from the input and -0.002 from dense_2");
        assert!(!figure.panels.iter().flat_map(|panel| &panel.layers).any(|layer| matches!(layer, Layer::Mark { .. })));
        let only = drawn(|signal, ends| {
            signal.truncate(1);
            *ends = None;
        });
        assert_eq!(only.expect("measured").title, "a linear read-out has skill 0.520 from the input");
        let first = drawn(|_, ends| *ends = Some("input".to_owned())).expect("measured");
        assert_eq!(first.title, "a linear read-out has no skill from the input on");
    }

    #[test]
    fn a_network_that_learned_has_no_end_and_the_output_layer_no_rank() {
        let (mut diagnosis, records) = sample::of(&[sample::Fate::Learns], crate::judge::Hold::Plateau);
        diagnosis.runs[0].signal_ends_at = Some("dense_1".to_owned());
        let story = Story::new(&diagnosis, &records).expect("the sample has records");
        let figure = SignalByDepth.draw(&story).expect("measured");
        assert_eq!(figure.title, "a linear read-out has skill 0.520 from the input and 0.970 from dense_2");
        assert!(!figure.panels.iter().flat_map(|panel| &panel.layers).any(|layer| matches!(layer, Layer::Mark { .. })));
        let names = figure.panels.iter().map(|panel| match &panel.x.scale {
            Scale::Names(names) => names.last().cloned(),
            Scale::Linear | Scale::Log => None,
        });
        assert_eq!(names.collect::<Vec<_>>(), [Some("dense_2".to_owned()), Some("dense_1".to_owned())]);
    }

    #[test]
    fn what_was_not_measured_is_a_gap_and_what_is_far_below_is_in_its_lane() {
        let figure = drawn(|signal, ends| {
            *ends = None;
            signal[2].readout_at_end = None;
            signal[3].readout_at_end = Some(-7.0);
            signal[4].readout_at_end = Some(f64::NAN);
            for layer in signal {
                (layer.rank_at_start, layer.rank_at_end) = (None, None);
            }
        })
        .expect("measured");
        assert_eq!(figure.panels.len(), 1);
        let lines = figure.panels[0].layers.iter().filter_map(|layer| match layer {
            Layer::Line(series) if series.label == END.0 => Some(series.segments.clone()),
            _ => None,
        });
        assert_eq!(lines.flatten().collect::<Vec<_>>(), [vec![(0.0, 0.52), (1.0, 0.41)]]);
        let lanes = figure.panels[0].layers.iter().filter_map(|layer| match layer {
            Layer::Lane(lane) => Some((lane.what.as_str(), lane.spans.clone())),
            _ => None,
        });
        let lanes: Vec<_> = lanes.collect();
        assert_eq!(lanes, [("below -0.1", vec![(3.0, 3.0)]), ("NaN or infinite", vec![(4.0, 4.0)])]);
        assert_eq!(figure.title, "a linear read-out has skill 0.520 from the input and -7.000 from dense_1");
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(ends_of("conv2d_1"), "conv2d_1");
        assert_eq!(ends_of("batch_normalisation_60"), "batch_n\u{2026}ation_60");
    }

    #[test]
    fn nothing_measured_is_no_figure_and_many_layers_keep_the_one_that_matters() {
        assert!(drawn(|signal, _| signal.clear()).is_none());
        let figure = drawn(|signal, ends| {
            let model = signal[1].clone();
            signal.extend((0..200).map(|depth| LayerSignal { layer: format!("layer_{depth}"), ..model.clone() }));
            *ends = Some("layer_101".to_owned());
        })
        .expect("measured");
        assert_eq!(figure.title, "a linear read-out has skill 0.410 from layer_100 and none from layer_101 on");
        let Scale::Names(names) = &figure.panels[0].x.scale else { panic!("layers have names") };
        assert!(names.len() <= MOST_LAYERS + 2 && names.iter().any(|name| name == "layer_100"));
        let marks = figure.panels[0].layers.iter().filter_map(|layer| match layer {
            Layer::Mark { at, .. } => Some(names[*at as usize].as_str()),
            _ => None,
        });
        assert_eq!(marks.collect::<Vec<_>>(), ["layer_101"]);
    }
}
