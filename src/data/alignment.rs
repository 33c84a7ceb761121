//! Whether inputs and targets belong together in another order of the rows: shifted by one, reversed, sorted as text.
//!
//! A linear fit is enough to see it, and is made in milliseconds: where it says more than chance with the rows as they
//! are, all is well; where it says nothing so, and much in another order, that is the order they were made in.

use statrs::distribution::{Beta, ContinuousCDF};

use super::{
    Alignment, RowOrder, Samples,
    draw::{Draw, Stream},
};

/// Fewest rows that say something, and most that are looked at in their order.
const ROWS: std::ops::RangeInclusive<usize> = 30..=100_000;

/// Most rows of a fit: a share of 1 % that is explained is then ten times what one column explains by chance.
const MOST_FITTED: usize = 2_000;

/// Most columns of a fit.
const MOST_COLUMNS: usize = 64;

/// Most numbers of a fit: the work grows with the columns a second time.
const MOST_NUMBERS: usize = 64_000;

/// Random orders that tell what chance gives.
const RANDOM_ORDERS: usize = 100;

/// Random turns of each kind of order. Rows that follow each other are often alike, in inputs and targets; then any order
/// that keeps neighbours together explains something, and a turned one tells how much.
const TURNS: usize = 12;

/// Share of what the best turned order leaves unexplained that another one must explain beyond it. Of waves, bumps and
/// random walks over sorted rows (the tests), orders that mean nothing came up to 0.1 of it.
const BEYOND_TURNED: f64 = 0.5;

/// How often normal targets that belong to no input would be taken for aligned, with one order and one output.
const FALSE_ALARM: f64 = 1e-5;

const ORDERS: [RowOrder; 10] = [
    RowOrder::AsGiven,
    RowOrder::Shifted(1),
    RowOrder::Shifted(-1),
    RowOrder::Shifted(2),
    RowOrder::Shifted(-2),
    RowOrder::Shifted(3),
    RowOrder::Shifted(-3),
    RowOrder::Reversed,
    RowOrder::SortedAsText,
    RowOrder::InputsSortedAsText,
];

/// Holds the targets of the training split against its inputs in several orders of the source's rows.
///
/// - `places` is the row of the source of each training sample, of `rows` in all.
/// - Where the rows as they are explain more than chance, no other order is tried; nothing is where the rows are too few
///   or too many, or nothing varies.
/// - A shift that makes the target one of the inputs is left out: rows that are windows of one series hold each other's targets.
/// - Samples with a number that is not finite are left out.
/// - Cost: below 0.1 s.
pub(super) fn alignments(train: &Samples, places: &[usize], rows: usize, seed: u64) -> Vec<Alignment> {
    let Some(look) = Look::new(train, places, rows) else { return Vec::new() };
    let chance = look.chance(seed);
    let aligned = |order| Alignment { order, explained: look.explained(order), chance };
    let as_given = aligned(RowOrder::AsGiven);
    if as_given.explained > chance {
        return vec![as_given];
    }
    let told = ORDERS.into_iter().filter(|order| !look.is_window(*order));
    told.map(|order| if order == RowOrder::AsGiven { as_given.clone() } else { aligned(order) }).collect()
}

/// The samples that are looked at.
struct Look<'a> {
    train: &'a Samples,
    columns: usize,
    outputs: usize,
    /// Columns that are fitted.
    fitted: Vec<usize>,
    /// Of each row of the source its training sample, where it is one and all its numbers are finite.
    sample_at: Vec<Option<usize>>,
    /// The rows that have one, in the order of the source.
    present: Vec<usize>,
}

impl<'a> Look<'a> {
    fn new(train: &'a Samples, places: &[usize], rows: usize) -> Option<Self> {
        let columns = train.inputs.len().checked_div(train.count)?;
        let outputs = train.targets.len().checked_div(train.count)?;
        if !ROWS.contains(&rows) || places.len() != train.count || columns == 0 || outputs == 0 {
            return None;
        }
        let first = &train.inputs[..columns];
        let varies = |column: &usize| {
            let own = train.inputs.iter().skip(*column).step_by(columns);
            own.clone().any(|value| value.is_finite() && *value != first[*column])
        };
        let varying: Vec<usize> = (0..columns).filter(varies).collect();
        // A third of the samples: the fit of as many columns as samples explains everything.
        let most = MOST_COLUMNS.min(train.count / 3);
        let fitted = spread(&varying, most);
        let mut sample_at = vec![None; rows];
        for (sample, place) in places.iter().enumerate() {
            let inputs = &train.inputs[sample * columns..(sample + 1) * columns];
            let targets = &train.targets[sample * outputs..(sample + 1) * outputs];
            if fitted.iter().all(|column| inputs[*column].is_finite()) && targets.iter().all(|value| value.is_finite())
            {
                *sample_at.get_mut(*place)? = Some(sample);
            }
        }
        let present: Vec<usize> = (0..rows).filter(|row| sample_at[*row].is_some()).collect();
        (present.len() >= *ROWS.start() * 2 / 3 && !fitted.is_empty()).then_some(Self {
            train,
            columns,
            outputs,
            fitted,
            sample_at,
            present,
        })
    }

    /// Whether a shift makes some target a copy of one of the inputs, but for scaling.
    fn is_window(&self, order: RowOrder) -> bool {
        /// Correlation of a copy, which was rounded when it was scaled.
        const COPY: f64 = 1.0 - 1e-6;
        /// Pairs of rows that show it.
        const PAIRS: usize = 500;
        if !matches!(order, RowOrder::Shifted(_)) {
            return false;
        }
        partners(order, self.sample_at.len()).iter().any(|partner| {
            let both = |row: &usize| Some((self.sample_at[*row]?, self.sample_at[partner[*row]?]?));
            let pairs = spread(&self.present.iter().filter_map(both).collect::<Vec<_>>(), PAIRS);
            let column = |numbers: &[f32], width: usize, at: usize, samples: &mut dyn Iterator<Item = usize>| {
                unit(centred(samples.map(|sample| f64::from(numbers[sample * width + at])).collect()))
            };
            let targets: Vec<Vec<f64>> = (0..self.outputs)
                .filter_map(|at| {
                    column(&self.train.targets, self.outputs, at, &mut pairs.iter().map(|(_, target)| *target))
                })
                .collect();
            self.fitted.iter().any(|at| {
                let input = column(&self.train.inputs, self.columns, *at, &mut pairs.iter().map(|(input, _)| *input));
                input.is_some_and(|input| targets.iter().any(|target| dot(target, &input).abs() > COPY))
            })
        })
    }

    fn most_fitted(&self) -> usize {
        MOST_FITTED.min(MOST_NUMBERS / self.fitted.len().max(1))
    }

    /// The share that the best of the outputs has explained; of an order that has several readings, the best of them.
    fn explained(&self, order: RowOrder) -> f64 {
        let readings = partners(order, self.sample_at.len());
        let best = readings.iter().map(|partner| {
            let pairs: Vec<(usize, usize)> = self
                .present
                .iter()
                .filter_map(|row| Some((self.sample_at[*row]?, self.sample_at[partner[*row]?]?)))
                .collect();
            let pairs = spread(&pairs, self.most_fitted());
            let inputs: Vec<usize> = pairs.iter().map(|(input, _)| *input).collect();
            let targets: Vec<usize> = pairs.iter().map(|(_, target)| *target).collect();
            self.best(&Fit::new(self, &inputs), &targets)
        });
        best.fold(f64::NEG_INFINITY, f64::max)
    }

    /// What chance gives at most: the largest of many random orders, or what normal targets would hardly ever reach.
    fn chance(&self, seed: u64) -> f64 {
        let mut draw = Draw::new(seed, Stream::Alignment);
        let all: Vec<usize> = self.present.iter().filter_map(|row| self.sample_at[*row]).collect();
        let places: Vec<usize> = (0..all.len()).collect();
        let fitted = spread(&places, self.most_fitted());
        let inputs: Vec<usize> = fitted.iter().map(|place| all[*place]).collect();
        let fit = Fit::new(self, &inputs);
        let mut chance = fit.hardly_ever(FALSE_ALARM / self.outputs as f64);
        let mut shuffled = all.clone();
        for _ in 0..RANDOM_ORDERS {
            for place in 0..inputs.len() {
                let other = place + draw.below((shuffled.len() - place) as u64) as usize;
                shuffled.swap(place, other);
            }
            chance = chance.max(self.best(&fit, &shuffled[..inputs.len()]));
        }
        let mut turned_best = f64::NEG_INFINITY;
        for order in [RowOrder::AsGiven, RowOrder::Reversed, RowOrder::SortedAsText, RowOrder::InputsSortedAsText] {
            for partner in partners(order, all.len()) {
                for _ in 0..TURNS {
                    // Far enough that what is turned is no shift by some rows.
                    let turn = all.len() / 10 + draw.below((all.len() - 2 * (all.len() / 10)) as u64) as usize;
                    let turned = |place: &usize| all[(partner[*place].unwrap_or(0) + turn) % all.len()];
                    let targets: Vec<usize> = fitted.iter().map(turned).collect();
                    turned_best = turned_best.max(self.best(&fit, &targets));
                }
            }
        }
        if turned_best > chance { turned_best + BEYOND_TURNED * (1.0 - turned_best) } else { chance }
    }

    /// The largest adjusted share over the outputs; 0 where no target varies.
    fn best(&self, fit: &Fit, targets: &[usize]) -> f64 {
        let number = |output: usize| {
            let own = targets.iter().map(|sample| f64::from(self.train.targets[sample * self.outputs + output]));
            fit.explained(own.collect())
        };
        (0..self.outputs).filter_map(number).reduce(f64::max).unwrap_or(0.0)
    }
}

/// So many of the items, evenly spread.
fn spread<T: Copy>(items: &[T], most: usize) -> Vec<T> {
    let count = items.len().min(most);
    (0..count).map(|index| items[index * items.len() / count]).collect()
}

/// Of each row of the inputs the row of its target; some orders can be read in two ways.
fn partners(order: RowOrder, rows: usize) -> Vec<Vec<Option<usize>>> {
    let each = |partner: &dyn Fn(usize) -> Option<usize>| (0..rows).map(partner).collect::<Vec<_>>();
    match order {
        RowOrder::AsGiven => vec![each(&Some)],
        RowOrder::Shifted(by) => {
            let by = by as isize;
            vec![each(&|row| row.checked_add_signed(by).filter(|row| *row < rows))]
        }
        RowOrder::Reversed => vec![each(&|row| Some(rows - 1 - row))],
        RowOrder::InputsSortedAsText => {
            sorted_as_text(rows).into_iter().map(|sorted| each(&|row| Some(sorted[row]))).collect()
        }
        RowOrder::SortedAsText => sorted_as_text(rows)
            .into_iter()
            .map(|sorted| {
                let mut place = vec![None; rows];
                sorted.iter().enumerate().for_each(|(at, row)| place[*row] = Some(at));
                place
            })
            .collect(),
    }
}

/// The rows in the order of their numbers as text, counted from 0 and from 1: `row_1`, `row_10`, `row_100`, `row_2`, ...
fn sorted_as_text(rows: usize) -> [Vec<usize>; 2] {
    // As one turns the pages of a dictionary: ten times as far where that is there, else on to the next.
    let numbers = |last: usize| {
        let mut number = 1;
        (0..last)
            .map(|_| {
                let this = number;
                if number * 10 <= last {
                    number *= 10;
                } else {
                    while number % 10 == 9 || number + 1 > last {
                        number /= 10;
                    }
                    number += 1;
                }
                this
            })
            .collect::<Vec<usize>>()
    };
    let mut from_0 = numbers(rows - 1);
    from_0.insert(0, 0);
    let from_1 = numbers(rows).iter().map(|number| number - 1).collect();
    [from_0, from_1]
}

/// Directions of the inputs of some samples, centred and at right angles: a fit is then a projection.
struct Fit {
    directions: Vec<Vec<f64>>,
    samples: usize,
}

impl Fit {
    /// - `inputs` are the samples, whose columns are those that `look` fits.
    fn new(look: &Look<'_>, inputs: &[usize]) -> Self {
        /// A column of which less is left is a sum of those before it.
        const NEW: f64 = 1e-6;
        let mut directions: Vec<Vec<f64>> = Vec::with_capacity(look.fitted.len());
        for column in &look.fitted {
            let numbers = inputs.iter().map(|sample| f64::from(look.train.inputs[sample * look.columns + column]));
            let Some(mut own) = unit(centred(numbers.collect())) else { continue };
            for direction in &directions {
                let along = dot(direction, &own);
                own.iter_mut().zip(direction).for_each(|(value, base)| *value -= along * base);
            }
            if dot(&own, &own).sqrt() > NEW {
                directions.extend(unit(own));
            }
        }
        Self { directions, samples: inputs.len() }
    }

    /// Share of the variance that the fit explains, adjusted for the number of columns; `None` of constant targets.
    fn explained(&self, targets: Vec<f64>) -> Option<f64> {
        let targets = unit(centred(targets))?;
        let share: f64 = self.directions.iter().map(|direction| dot(direction, &targets).powi(2)).sum();
        Some(self.adjusted(share))
    }

    fn adjusted(&self, share: f64) -> f64 {
        let (samples, columns) = (self.samples as f64, self.directions.len() as f64);
        1.0 - (1.0 - share) * (samples - 1.0) / (samples - columns - 1.0).max(1.0)
    }

    /// The adjusted share that normal targets reach with this probability; without columns, or samples, nothing less than 1.
    fn hardly_ever(&self, probability: f64) -> f64 {
        let (samples, columns) = (self.samples as f64, self.directions.len() as f64);
        // Of targets that belong to no input the share is Beta distributed.
        let beta = Beta::new(columns / 2.0, (samples - columns - 1.0) / 2.0);
        beta.map_or(1.0, |beta| self.adjusted(beta.inverse_cdf(1.0 - probability)))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Four sums, so that the processor need not wait for each.
    let mut sums = [0.0; 4];
    let (a, b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

fn centred(mut numbers: Vec<f64>) -> Vec<f64> {
    let mean = numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
    numbers.iter_mut().for_each(|value| *value -= mean);
    numbers
}

/// Scaled to norm 1; `None` where there is nothing but rounding.
fn unit(mut numbers: Vec<f64>) -> Option<Vec<f64>> {
    let norm = dot(&numbers, &numbers).sqrt();
    if norm.is_nan() || norm <= f64::MIN_POSITIVE {
        return None;
    }
    numbers.iter_mut().for_each(|value| *value /= norm);
    Some(numbers)
}

#[cfg(test)]
#[path = "alignment_tests.rs"]
mod tests;
