//! From a dataset to what the references attain on it.

use nalgebra::DMatrix;

use super::{
    Learner, LearnerSkill, Predictions, ReferenceSkill, References,
    bootstrap::Resamples,
    constants,
    draw::{Draw, Purpose},
    folds, gain, neighbours, ridge,
    views::Views,
};
use crate::data::{Dataset, Samples};

/// Most samples of each split that are looked at; of more, a random part.
///
/// Where 2000 samples show no signal, there is less than a few hundredths of the variance to explain; and all learners
/// together take seconds.
const MOST_SAMPLES: usize = 2000;

/// Trains the reference learners.
///
/// Skills are absent for an output whose target is constant or not finite, and there is no learner at all below eight
/// training samples. The same data and seed give the same numbers.
/// - Cost: about a second for 2000 samples of 300 inputs and 200 outputs; memory of some 100 MB at most.
pub fn train(data: &Dataset, seed: u64) -> References {
    let choose = |count, purpose| Draw::new(seed, purpose).choose(count, MOST_SAMPLES);
    let train = choose(data.train.count, Purpose::TrainingSamples);
    let test = choose(data.validation.count, Purpose::ValidationSamples);
    let folds = folds::folds(train.len());
    let mut references = References {
        samples: train.len() as u64,
        of_samples: data.train.count as u64,
        validation_samples: test.len() as u64,
        folds: folds.len() as u32,
        input: String::new(),
        learners: Vec::new(),
    };
    let outputs = data.outputs.len();
    if folds.is_empty() || outputs == 0 {
        return references;
    }
    let targets = Targets::new(data, &train, &test);
    let views = Views::new(data, &train, &test, seed);
    references.input = views.words();
    let (training, validation) = (&targets.train, &targets.test);
    let scores = Scores {
        training: Resamples::new(training, seed),
        validation: Resamples::new(validation, seed),
        targets: &targets,
        folds: folds.len(),
    };
    let constants = [(Learner::Mean, constants::mean as Constant), (Learner::Median, constants::median)];
    for (learner, constant) in constants {
        references.learners.push(scores.of(learner, &constant(training, &folds, test.len()), Against::Nothing));
    }
    for learner in [Learner::Ridge, Learner::RandomFeatures, Learner::Neighbours] {
        let predictions = match learner {
            Learner::RandomFeatures => ridge::fit(&views.random_features(seed), training, &folds),
            Learner::Neighbours => neighbours::fit(views.plain(), training, &folds),
            Learner::Ridge | Learner::Mean | Learner::Median => ridge::fit(views.plain(), training, &folds),
        };
        references.learners.push(scores.of(learner, &predictions, Against::TheMean));
    }
    references
}

/// Targets of both splits, each output on a scale of its own, which no skill depends on.
struct Targets {
    train: DMatrix<f64>,
    test: DMatrix<f64>,
    /// Whether an output varies and is finite, on the training samples.
    usable: Vec<bool>,
    /// Whether its validation targets are finite.
    testable: Vec<bool>,
}

impl Targets {
    fn new(data: &Dataset, train: &[usize], test: &[usize]) -> Self {
        let outputs = data.outputs.len();
        let gather = |samples: &Samples, rows: &[usize]| {
            DMatrix::from_fn(rows.len(), outputs, |row, output| {
                f64::from(samples.targets[rows[row] * outputs + output])
            })
        };
        let (mut train, mut test) = (gather(&data.train, train), gather(&data.validation, test));
        let (mut usable, mut testable) = (Vec::with_capacity(outputs), Vec::with_capacity(outputs));
        for output in 0..outputs {
            let (mut train, mut test) = (train.column_mut(output), test.column_mut(output));
            let finite = train.iter().all(|value| value.is_finite());
            let varies = finite && train.min() < train.max();
            usable.push(varies);
            testable.push(test.iter().all(|value| value.is_finite()));
            let mean = train.sum() / train.len() as f64;
            let std =
                (train.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / train.len() as f64).sqrt();
            let scaled = |value: f64, ok: bool| if ok { (value - mean) / std } else { 0.0 };
            train.apply(|value| *value = scaled(*value, varies));
            test.apply(|value| *value = scaled(*value, varies && testable[output]));
        }
        Self { train, test, usable, testable }
    }
}

/// Predictions by a constant; see [`constants::mean`].
type Constant = fn(&DMatrix<f64>, &[std::ops::Range<usize>], usize) -> Predictions;

/// What a learner is tested against.
#[derive(Clone, Copy, PartialEq)]
enum Against {
    Nothing,
    TheMean,
}

/// How predictions become skills.
struct Scores<'a> {
    training: Resamples,
    validation: Resamples,
    targets: &'a Targets,
    folds: usize,
}

impl Scores<'_> {
    /// Skills of a learner, and whether it beats what it is tested against.
    fn of(&self, learner: Learner, predictions: &Predictions, against: Against) -> LearnerSkill {
        let squares = |predicted: &DMatrix<f64>, targets: &DMatrix<f64>| {
            predicted.zip_map(targets, |predicted, target| (predicted - target) * (predicted - target))
        };
        let errors = squares(&predictions.cross_validated, &self.targets.train);
        let cross_validated = self.training.skills(&errors);
        let validation = self.validation.skills(&squares(&predictions.test, &self.targets.test));
        let of_output = |output: usize| {
            let usable = self.targets.usable[output];
            let p_value = (usable && against == Against::TheMean).then(|| {
                // The targets have mean 0.
                let constant: Vec<f64> =
                    self.targets.train.column(output).iter().map(|target| target * target).collect();
                gain::p_value(&constant, errors.column(output).as_slice(), self.folds)
            });
            ReferenceSkill {
                cross_validated: cross_validated[output].filter(|_| usable),
                validation: validation[output].filter(|_| usable && self.targets.testable[output]),
                p_value,
            }
        };
        LearnerSkill { learner, outputs: (0..self.targets.usable.len()).map(of_output).collect() }
    }
}

#[cfg(test)]
mod noise_tests;
#[cfg(test)]
mod tests;
