//! The loss per step beside the loss of the mean predictor.

use crate::record::{Channel, Record, Split};
use crate::report::{
    figure::{Axis, Dash, Figure, Hue, Layer, Panel, Style},
    ink::capital,
    series::{self, Time},
    words,
};

use super::{Chart, Story, finite};

/// Loss of each step, as a ratio to the variance of the targets.
pub struct LossPerStep;

impl Chart for LossPerStep {
    fn id(&self) -> &'static str {
        "loss"
    }

    fn draw(&self, story: &Story<'_>) -> Option<Figure> {
        let record = story.record();
        let points = loss(record);
        let others: Vec<_> = story.others.iter().map(|told| loss(told.record)).collect();
        let all = || std::iter::once(points).chain(others.iter().copied());
        let x = Time::Step.axis(all().flatten())?;
        let quantity = "mean squared error / variance of targets (log scale)";
        let y = Axis::log(quantity, all().flat_map(finite).chain([1.0]))?;

        let mut layers = Vec::new();
        for other in series::some_of(others.len(), 24).into_iter().map(|index| others[index]) {
            layers.extend(series::line(other, Time::Step, &x, &y, Story::OTHERS, Style::thin(Hue::Muted)));
        }
        let style = Style::bold(Hue::Blue, Dash::Solid);
        layers.extend(series::line(points, Time::Step, &x, &y, "each step's batch", style));
        layers.push(Layer::Level { at: 1.0, label: "the mean predictor: 1".to_owned() });
        layers.extend(super::collapse_mark(story));

        let mut title = title(points);
        let mut panels = vec![Panel { title: String::new(), x, y, layers }];
        let mut about = "";
        if let Some(check) = super::checks::loss(story) {
            title.push_str("; the logged loss is not the recomputed one");
            about = " Right: the loss as it was logged, and the same loss recomputed with each prediction against its own \
                     target. They have to be equal; where the logged one follows the one over all pairs, shapes were \
                     broadcast.";
            panels[0].title = "Squared error".to_owned();
            panels.push(check);
        }
        Some(Figure {
            id: self.id(),
            alt: format!("Loss per step{}. {}.", story.whose(), capital(&title)),
            title,
            panels,
            how_to_read: format!(
                "The squared error of each batch, recomputed from predictions and targets, over the variance of the targets. \
                 At 1 the network is as good as one that always says the mean; single batches scatter around that. A line \
                 that settles at 1 has collapsed, one that falls well below 1 has learned.{about}{}",
                story.about_others()
            ),
        })
    }
}

fn loss(record: &Record) -> &[crate::record::Point] {
    record.points(Split::Train, Channel::LossRatio, "")
}

fn title(points: &[crate::record::Point]) -> String {
    let highest = points
        .iter()
        .filter_map(|point| Some((point.value.finite()?, point.step)))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    // From where on no reading is finite.
    let lost = points.iter().rposition(|point| point.value.finite().is_some()).map_or(0, |last| last + 1);
    let first = points.first().map(|point| point.step);
    let last = settled(points);
    match (points.get(lost), highest, last) {
        (Some(lost), ..) => format!("the loss is NaN or infinite from step {} on", lost.step),
        // A loss that is highest where it starts has no peak: it falls.
        (None, Some((peak, step)), Some(last)) if peak > 3.0 && peak > 3.0 * last && Some(step) != first => format!(
            "the loss peaks at step {step} with {} times the targets' variance and ends near {} times",
            words::number(peak),
            words::number(last)
        ),
        (None, _, Some(last)) => format!("the loss ends near {} times the targets' variance", words::number(last)),
        (None, _, None) => "no loss was read".to_owned(),
    }
}

/// The middle one of the finite readings of the last epoch: a single batch may be far off.
fn settled(points: &[crate::record::Point]) -> Option<f64> {
    let epoch = points.last()?.epoch;
    let of_epoch: Vec<crate::record::Point> = points.iter().copied().filter(|point| point.epoch == epoch).collect();
    let mut values: Vec<f64> = finite(&of_epoch).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
