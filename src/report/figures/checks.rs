//! Panels that stand beside others only where a check of the training fails: the loss and the gradient against what they should be,
//! and how far the parameters came.

use crate::record::{Channel, Point, Split};
use crate::report::{
    figure::{Axis, Dash, Hue, Layer, Panel, Scale, Style},
    series::{self, Time},
    words,
};

use super::{Story, finite, measured};

/// Relative difference above which two numbers that should be equal are not: far above the rounding of sums in single
/// precision, far below what a wrong loss or gradient makes.
const DIFFERS: f64 = 0.01;

/// How a check looks: unlike any layer or parameter that stands in the same key.
const CHECK: Style = Style::bold(Hue::Ink, Dash::Solid);

/// The logged loss beside the one that was recomputed, where they differ at most steps.
pub fn loss(story: &Story<'_>) -> Option<Panel> {
    let record = story.record();
    let logged = record.points(Split::Train, Channel::Loss, "");
    let recomputed = record.points(Split::Train, Channel::RecomputedLoss, "");
    let paired = record.points(Split::Train, Channel::PairedLoss, "");
    let mut gaps: Vec<f64> = pairs(logged, recomputed).map(|(one, other)| relative(one, other)).collect();
    gaps.sort_by(f64::total_cmp);
    if *gaps.get(gaps.len() / 2)? <= DIFFERS {
        return None;
    }
    let x = Time::Step.axis(logged.iter().chain(recomputed))?;
    let quantity = "loss [loss units] (log scale)";
    let all = || finite(logged).chain(finite(recomputed)).chain(finite(paired));
    let y = Axis::log(quantity, all()).or_else(|| Axis::linear("loss [loss units]", all()))?;
    let mut layers = series::line(logged, Time::Step, &x, &y, "as the training logged it", Style::nth(1));
    layers.extend(series::line(recomputed, Time::Step, &x, &y, "recomputed, each on its own target", CHECK));
    layers.extend(series::line(paired, Time::Step, &x, &y, "recomputed, over all pairs", Style::nth(2)));
    Some(Panel { title: "Logged and recomputed loss".to_owned(), x, y, layers })
}

/// How the gradient that the optimiser was given stands to that of the recomputed loss, where they differ.
pub fn gradient(story: &Story<'_>) -> Vec<Panel> {
    let record = story.record();
    let cosine = record.points(Split::Train, Channel::GradientCosine, "");
    let ratio = record.points(Split::Train, Channel::GradientRatio, "");
    let off = |points| finite(points).any(|value| relative(value, 1.0) > DIFFERS);
    let mut panels = Vec::new();
    if off(cosine)
        && let Some(x) = Time::Step.axis(cosine.iter())
    {
        let y = Axis::new("cosine", Scale::Linear, -1.05, 1.05);
        panels.push(check("Direction", "cosine of the given and the recomputed gradient", cosine, x, y));
    }
    if off(ratio)
        && let Some(x) = Time::Step.axis(ratio.iter())
        && let Some(y) = Axis::log("given / recomputed (log scale)", finite(ratio).chain([1.0]))
    {
        panels.push(check("Size", "norm of the given over that of the recomputed gradient", ratio, x, y));
    }
    panels
}

/// A line that should lie at 1.
fn check(title: &str, label: &str, points: &[Point], x: Axis, y: Axis) -> Panel {
    let mut layers = series::line(points, Time::Step, &x, &y, label, CHECK);
    layers.push(Layer::Level { at: 1.0, label: "the gradient of the loss: 1".to_owned() });
    Panel { title: title.to_owned(), x, y, layers }
}

/// How far each of these parameters came from its start; nothing where it was not measured.
pub fn distance(story: &Story<'_>, parameters: &[&str]) -> Option<Panel> {
    let found = measured(story.record(), Split::Train, Channel::DistanceFromStart, parameters.iter().copied());
    let x = Time::Epoch.axis(found.iter().flat_map(|(_, points)| *points))?;
    let quantity = "distance / norm at the start (log scale)";
    let y = Axis::log(quantity, found.iter().flat_map(|(_, points)| finite(points)))
        .unwrap_or_else(|| Axis::new(quantity, Scale::Log, 1e-3, 1.0));
    let mut layers = Vec::new();
    for (name, points) in found {
        // The look of the parameter in the panel beside it.
        let index = parameters.iter().position(|parameter| *parameter == name).unwrap_or_default();
        layers.extend(series::line(points, Time::Epoch, &x, &y, &words::short(name, 32), Style::nth(index)));
    }
    Some(Panel { title: "Distance from the start".to_owned(), x, y, layers })
}

/// Parameters that never moved, of those that were looked at.
pub fn never_moved(story: &Story<'_>) -> Vec<String> {
    let record = story.record();
    let parameters = record.run.layers.iter().flat_map(|layer| &layer.parameters).map(String::as_str);
    let found = measured(record, Split::Train, Channel::DistanceFromStart, parameters);
    let still = |points: &[Point]| {
        // The look before the first step is 0 for all.
        let moved = points.iter().filter(|point| point.epoch > 0);
        moved.clone().count() > 0 && moved.clone().all(|point| point.value.finite() == Some(0.0))
    };
    found.into_iter().filter(|(_, points)| still(points)).map(|(name, _)| words::short(name, 32)).collect()
}

/// Mean slope of the output's activation; nothing for one that is linear.
pub fn output_slope(story: &Story<'_>) -> Option<Panel> {
    let record = story.record();
    let last = record.run.layers.last()?;
    let points = record.points(Split::Train, Channel::OutputSlope, &last.name);
    if finite(points).all(|slope| relative(slope, 1.0) <= DIFFERS) {
        return None;
    }
    let x = Time::Epoch.axis(points.iter())?;
    let y = Axis::new("mean slope", Scale::Linear, -0.02, finite(points).fold(1.0, f64::max) * 1.04);
    let label = words::short(&last.name, 32);
    let mut layers = series::line(points, Time::Epoch, &x, &y, &label, CHECK);
    layers.push(Layer::Level { at: 0.0, label: "no gradient passes: 0".to_owned() });
    Some(Panel { title: "Slope of the output's activation".to_owned(), x, y, layers })
}

fn relative(one: f64, other: f64) -> f64 {
    let size = one.abs().max(other.abs());
    if size > 0.0 { (one - other).abs() / size } else { 0.0 }
}

/// Finite values of two series at the same steps.
fn pairs<'a>(one: &'a [Point], other: &'a [Point]) -> impl Iterator<Item = (f64, f64)> + 'a {
    let at = |step: u64| {
        let index = other.binary_search_by_key(&step, |point| point.step).ok()?;
        other[index].value.finite()
    };
    one.iter().filter_map(move |point| Some((point.value.finite()?, at(point.step)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::report::{
        figure::Figure,
        figures::{Chart, activations::Activations, gradients, loss::LossPerStep},
        sample,
    };

    /// A made-up run with these series.
    fn drawn(chart: &dyn Chart, series: &[(Channel, &str, &[f64])]) -> Figure {
        let (channel, layer, values) = series[0];
        let (diagnosis, mut records) = sample::tiny(channel, layer, values);
        for (channel, layer, values) in &series[1..] {
            let (_, mut more) = sample::tiny(*channel, layer, values);
            records[0].series.append(&mut more[0].series);
        }
        let records: Vec<Record> = records;
        let story = Story::new(&diagnosis, &records).expect("the sample has a record");
        chart.draw(&story).expect("measured")
    }

    fn titles(figure: &Figure) -> Vec<&str> {
        figure.panels.iter().map(|panel| panel.title.as_str()).collect()
    }

    #[test]
    fn a_logged_loss_that_is_another_function_stands_beside_the_recomputed_one() {
        let of = |logged: &[f64]| {
            drawn(
                &LossPerStep,
                &[
                    (Channel::LossRatio, "", &[1.0, 0.5, 0.1]),
                    (Channel::Loss, "", logged),
                    (Channel::RecomputedLoss, "", &[0.31, 0.155, 0.031]),
                    (Channel::PairedLoss, "", &[0.62]),
                ],
            )
        };
        let broadcast = of(&[0.62, 0.62, 0.62]);
        assert_eq!(titles(&broadcast), ["Squared error", "Logged and recomputed loss"]);
        assert!(broadcast.title.ends_with("the logged loss is not the recomputed one"), "{}", broadcast.title);
        let sound = of(&[0.310_001, 0.155, 0.031]);
        assert_eq!(titles(&sound), [""]);
        assert!(!sound.title.contains("recomputed"), "{}", sound.title);
    }

    #[test]
    fn a_gradient_that_is_not_that_of_the_loss_is_drawn_and_one_that_is_is_not() {
        let of = |cosine: &[f64], ratio: &[f64]| {
            drawn(
                &gradients::GradientNorms,
                &[
                    (Channel::GradientNorm, "dense_1.weight", &[1.0, 1.0]),
                    (Channel::GradientCosine, "", cosine),
                    (Channel::GradientRatio, "", ratio),
                ],
            )
        };
        assert_eq!(titles(&of(&[1.0, 0.999_999], &[1.0, 1.000_001])), [""]);
        let negated = of(&[-1.0, -1.0], &[1.0, 1.0]);
        assert_eq!(titles(&negated), ["Norms", "Direction"]);
        assert!(negated.title.starts_with("the optimiser is not given the gradient of the loss"), "{}", negated.title);
        let summed = of(&[1.0, 0.8], &[1.0, 1.9]);
        assert_eq!(titles(&summed).len(), 3);
    }

    #[test]
    fn parameters_that_never_moved_are_named_and_those_that_did_are_not() {
        let of = |distance: &[f64]| {
            drawn(
                &gradients::UpdateRatios,
                &[
                    (Channel::UpdateRatio, "dense_1.weight", &[1e-3, 1e-3]),
                    (Channel::DistanceFromStart, "dense_1.weight", distance),
                ],
            )
        };
        let frozen = of(&[0.0, 0.0]);
        assert_eq!(titles(&frozen), ["Update ratio", "Distance from the start"]);
        assert!(frozen.title.starts_with("dense_1.weight never moved"), "{}", frozen.title);
        assert!(!of(&[0.0, 0.3]).title.contains("never moved"));
    }

    #[test]
    fn the_slope_of_an_output_is_drawn_unless_it_is_linear() {
        let of = |slope: &[f64]| {
            drawn(
                &Activations,
                &[(Channel::ActivationStd, "dense_2", &[1.0, 1.0]), (Channel::OutputSlope, "dense_2", slope)],
            )
        };
        assert!(titles(&of(&[0.25, 0.001])).contains(&"Slope of the output's activation"));
        assert!(!titles(&of(&[1.0, 1.0])).contains(&"Slope of the output's activation"));
    }
}
