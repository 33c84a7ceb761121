//! How often learners find a signal where there is none, and whether they find it where there is one.

use super::{tests::*, *};

/// Level of one dataset's test, which all its learners and outputs share (Bonferroni).
const LEVEL: f64 = 0.01;

/// Kinds of targets that nothing predicts.
const NOISES: [(&str, fn(&mut Draw) -> f64); 8] = [
    ("normal", |draw| draw.normal()),
    // Student's t with 2 degrees of freedom, which has no variance.
    ("heavy-tailed", |draw| draw.normal() / ((draw.normal().powi(2) + draw.normal().powi(2)) / 2.0).sqrt()),
    ("lognormal", |draw| draw.normal().exp()),
    ("wide lognormal", |draw| (2.0 * draw.normal()).exp()),
    ("binary", |draw| f64::from(draw.below(2) == 0)),
    ("rare", |draw| f64::from(draw.below(20) == 0)),
    ("zero-inflated", |draw| if draw.below(5) == 0 { draw.normal().exp() } else { 0.0 }),
    ("mostly zero", |draw| if draw.below(30) == 0 { 1e6 * draw.normal().abs() } else { 0.0 }),
];

/// The smallest p-value of a dataset, times the number of tests.
fn corrected(found: &References, outputs: usize) -> f64 {
    (0..outputs).map(|output| least(found, output)).fold(1.0, f64::min) * (3 * outputs) as f64
}

#[test]
#[ignore]
fn lab() {
    let mut all = Vec::new();
    for seed in 0..1600_u64 {
        let (name, noise) = NOISES[seed as usize % NOISES.len()];
        let mut draw = Draw::new(seed, Purpose::Filters);
        let count = [30, 60, 100, 300, 1000][draw.below(5)];
        let columns = [1, 2, 5, 10, 50][draw.below(5)];
        let outputs = [1, 1, 2, 5][draw.below(4)];
        let data = table((count, 0), columns, outputs, seed, &mut |_, _, draw| noise(draw));
        let found = train(&data, 0);
        let c = corrected(&found, outputs);
        if c < 0.1 {
            eprintln!("{name} {count} {columns} {outputs} {c}");
        }
        all.push(c);
    }
    for level in [0.5, 0.2, 0.1, 0.05, 0.01, 0.001] {
        eprintln!("{level}: {} of {}", all.iter().filter(|p| **p < level).count(), all.len());
    }
}
