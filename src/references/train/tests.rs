use super::*;
use crate::data::{Moments, Summary};

/// A dataset of given numbers.
pub fn dataset(shape: &[usize], outputs: usize, train: (Vec<f32>, Vec<f32>), test: (Vec<f32>, Vec<f32>)) -> Dataset {
    let samples = |(inputs, targets): (Vec<f32>, Vec<f32>)| Samples { count: targets.len() / outputs, inputs, targets };
    let (train, validation) = (samples(train), samples(test));
    let summary = Summary {
        train_samples: train.count as u64,
        validation_samples: validation.count as u64,
        input_shape: shape.to_vec(),
        features: Vec::new(),
        inputs: Moments { mean: 0.0, std: 1.0, min: 0.0, max: 1.0 },
        targets: Vec::new(),
        dropped_rows: 0,
        fingerprint: String::new(),
        columns: Vec::new(),
        equal_columns: Vec::new(),
        alignments: Vec::new(),
    };
    let outputs = (0..outputs).map(|output| format!("y{output}")).collect();
    Dataset { input_shape: shape.to_vec(), outputs, train, validation, summary }
}

/// A table of normal inputs, whose targets are `target` of a sample and of numbers that are nobody's.
pub fn table(
    (count, tests): (usize, usize),
    columns: usize,
    outputs: usize,
    seed: u64,
    target: &mut dyn FnMut(&[f64], usize, &mut Draw) -> f64,
) -> Dataset {
    let mut draw = Draw::new(seed, Purpose::Units);
    let mut split = |count: usize| {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let sample: Vec<f64> = (0..columns).map(|_| draw.normal()).collect();
            targets.extend((0..outputs).map(|output| target(&sample, output, &mut draw) as f32));
            inputs.extend(sample.into_iter().map(|value| value as f32));
        }
        (inputs, targets)
    };
    let (train, test) = (split(count), split(tests));
    dataset(&[columns], outputs, train, test)
}

/// The smallest p-value of an output.
pub fn least(found: &References, output: usize) -> f64 {
    found.learners.iter().filter_map(|learner| learner.outputs[output].p_value).fold(1.0, f64::min)
}

fn skill(found: &References, learner: Learner) -> (f64, f64) {
    let of = found.learners.iter().find(|skills| skills.learner == learner).expect("trained");
    let value = |estimate: Option<crate::stats::Estimate>| estimate.expect("defined").value;
    (value(of.outputs[0].cross_validated), value(of.outputs[0].validation))
}

#[test]
fn every_learner_is_trained_and_says_what_it_saw() {
    let data = table((300, 100), 2, 1, 1, &mut |x, _, draw| x[0] * 2.0 + 0.1 * draw.normal());
    let found = train(&data, 0);
    assert_eq!((found.samples, found.of_samples, found.validation_samples, found.folds), (300, 300, 100, 5));
    assert_eq!(found.input, "2 columns");
    let learners: Vec<Learner> = found.learners.iter().map(|learner| learner.learner).collect();
    use Learner::{Mean, Median, Neighbours, RandomFeatures, Ridge};
    assert_eq!(learners, [Mean, Median, Ridge, RandomFeatures, Neighbours]);
    for constant in [Mean, Median] {
        let (cross_validated, validation) = skill(&found, constant);
        assert!(cross_validated <= 0.0 && cross_validated > -0.05 && validation.abs() < 0.05);
    }
    for learner in [Ridge, RandomFeatures, Neighbours] {
        let (cross_validated, validation) = skill(&found, learner);
        assert!(cross_validated > 0.9 && validation > 0.9, "{learner:?} {cross_validated} {validation}");
    }
    assert_eq!(found.learners[0].outputs[0].p_value, None);
}

#[test]
fn the_same_data_and_seed_give_the_same_bytes() {
    let data = table((2500, 100), 3, 2, 1, &mut |x, _, draw| x[0] * x[1] + draw.normal());
    let found = train(&data, 0);
    assert_eq!((found.samples, found.of_samples), (2000, 2500));
    assert_eq!(format!("{found:?}"), format!("{:?}", train(&data, 0)));
    assert_ne!(found, train(&data, 1));
}

#[test]
fn no_skill_depends_on_the_unit_of_inputs_or_targets() {
    let make = |input: f32, target: f64| {
        let mut data = table((200, 50), 3, 1, 1, &mut |x, _, draw| (x[0] + draw.normal()) * target);
        let samples = data.train.inputs.iter_mut().chain(&mut data.validation.inputs);
        samples.for_each(|value| *value = *value * input + input);
        train(&data, 0)
    };
    let plain = make(1.0, 1.0);
    for (input, target) in [(255.0, 1.0), (1.0, 1e30), (1e-20, 1e-6)] {
        let other = make(input, target);
        for (plain, other) in plain.learners.iter().zip(&other.learners) {
            let skill = |learner: &LearnerSkill| learner.outputs[0].cross_validated.expect("defined").value;
            // Inputs and targets are rounded to 32 bits anew.
            assert!((skill(plain) - skill(other)).abs() < 1e-3, "{input} {target} {plain:?} {other:?}");
        }
    }
}

/// What the smallest p-value of three learners must be below, at a level of 1 %.
const LEVEL: f64 = 0.01 / 3.0;

#[test]
fn constant_and_broken_targets_have_no_skill_and_spoil_no_other() {
    let mut data = table((100, 40), 2, 4, 1, &mut |x, output, _| if output == 0 { 3.0 } else { x[0] });
    data.train.targets[6] = f32::NAN;
    data.validation.targets[7] = f32::INFINITY;
    let found = train(&data, 0);
    for learner in &found.learners {
        assert_eq!(learner.outputs[0], ReferenceSkill { cross_validated: None, validation: None, p_value: None });
        assert_eq!(learner.outputs[2], ReferenceSkill { cross_validated: None, validation: None, p_value: None });
        assert!(learner.outputs[1].validation.is_some());
        assert!(learner.outputs[3].cross_validated.is_some() && learner.outputs[3].validation.is_none());
    }
    assert!(least(&found, 1) < LEVEL);
}

#[test]
fn hostile_inputs_do_no_harm() {
    let make = |break_it: &dyn Fn(&mut Dataset)| {
        let mut data = table((120, 30), 4, 1, 2, &mut |x, _, _| x[0]);
        break_it(&mut data);
        let found = train(&data, 0);
        assert_eq!(found.learners.len(), 5);
        least(&found, 0)
    };
    // One outlier of 1e6 leaves the signal in its column visible; so do broken numbers elsewhere.
    assert!(make(&|data| data.train.inputs[20] = 1e6) < LEVEL);
    assert!(make(&|data| (0..8).for_each(|at| data.train.inputs[at * 4 + 1] = f32::NAN)) < LEVEL);
    assert!(make(&|data| data.train.inputs[0] = f32::INFINITY) < LEVEL);
    assert!(make(&|data| data.train.inputs[1] = f32::MAX) < LEVEL);
    // A column that is constant, and one that is there twice.
    assert!(
        make(&|data| data.train.inputs.chunks_mut(4).for_each(|row| {
            row[1] = 7.0;
            row[2] = row[3];
        })) < LEVEL
    );
    assert_eq!(make(&|data| data.train.inputs.fill(1.0)), 1.0);
    assert_eq!(make(&|data| data.train.inputs.fill(f32::NAN)), 1.0);
    assert!(make(&|data| data.train.targets[0] = 1e6) > 1e-3);
}

#[test]
fn from_a_handful_of_samples_on_there_are_learners() {
    for count in 0..40 {
        let data = table((count, 0), 2, 1, 1, &mut |x, _, _| x[0]);
        let found = train(&data, 0);
        assert_eq!(found.learners.is_empty(), count < folds::FEWEST_SAMPLES, "{count} samples");
        assert!(found.learners.iter().all(|learner| learner.outputs[0].validation.is_none()));
    }
    let nothing = dataset(&[0], 1, (Vec::new(), [1.0, 2.0, 3.0].repeat(4)), (Vec::new(), Vec::new()));
    assert_eq!(train(&nothing, 0).learners.len(), 5);
}

/// Images of a white square on black, at a place that the targets tell.
fn squares(
    count: usize,
    (channels, height, width): (usize, usize, usize),
    bright: f32,
    draw: &mut Draw,
) -> (Vec<f32>, Vec<f32>) {
    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (top, left) = (draw.below(height - 5), draw.below(width - 5));
        for (row, column) in (0..channels * height).flat_map(|row| (0..width).map(move |column| (row % height, column)))
        {
            let inside = (top..top + 5).contains(&row) && (left..left + 5).contains(&column);
            inputs.push(if inside { bright } else { 0.0 });
        }
        targets.extend([left as f32, top as f32]);
    }
    (inputs, targets)
}

#[test]
fn the_place_of_a_square_is_found_in_images() {
    for (shape, bright) in [((1, 20, 30), 255.0), ((3, 32, 32), 1.0)] {
        let mut draw = Draw::new(1, Purpose::Units);
        let (train_split, test) = (squares(300, shape, bright, &mut draw), squares(100, shape, bright, &mut draw));
        let data = dataset(&[shape.0, shape.1, shape.2], 2, train_split, test);
        let found = train(&data, 0);
        for learner in [Learner::Ridge, Learner::RandomFeatures, Learner::Neighbours] {
            let (cross_validated, validation) = skill(&found, learner);
            assert!(cross_validated > 0.8 && validation > 0.8, "{learner:?} {cross_validated} {validation}");
        }
        assert!(least(&found, 0) < 1e-6 && least(&found, 1) < 1e-6);
    }
}

#[test]
fn images_say_nothing_of_targets_that_are_noise() {
    let mut draw = Draw::new(3, Purpose::Units);
    let (inputs, _) = squares(200, (1, 20, 20), 1.0, &mut draw);
    let targets = (0..200).map(|_| draw.normal() as f32).collect();
    let found = train(&dataset(&[1, 20, 20], 1, (inputs, targets), (Vec::new(), Vec::new())), 0);
    assert!(least(&found, 0) > 0.05);
}
