use std::time::Instant;

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
#[ignore]
fn timing() {
    for (n, d, q) in [
        (2000, 300, 200),
        (2000, 8, 1),
        (2000, 1000, 200),
        (2000, 1000, 1),
        (1000, 999, 2),
        (600, 1000, 1),
        (30, 5, 1),
        (2500, 20000, 1),
        (2500, 100000, 1),
    ] {
        let data = table((n, n), d, q, 1, &mut |x, o, draw| x[o % d] + draw.normal());
        let started = Instant::now();
        let found = train(&data, 0);
        eprintln!(
            "{n} x {d} x {q}: {:?} {:?}",
            started.elapsed(),
            found.learners.iter().map(|l| (l.learner, l.outputs[0].cross_validated.unwrap().value)).collect::<Vec<_>>()
        );
    }
}
