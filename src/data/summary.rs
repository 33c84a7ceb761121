//! What the record keeps of the data.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::{
    Alignment, Atom, Moments, Samples, Summary, TargetSummary,
    columns::{self, NOTHING},
};

impl Moments {
    /// Location and spread of some numbers; `None` where there are none.
    ///
    /// Two passes in f64: with one, the spread of nearly equal numbers would be mostly rounding.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let (mut count, mut sum, mut min, mut max) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
        for value in values.clone() {
            count += 1.0;
            sum += value;
            min = min.min(value);
            max = max.max(value);
        }
        if count == 0.0 {
            return None;
        }
        if min == max {
            // By the range, not the squares: rounding leaves a constant 0.1 a spread of 1e-17.
            return Some(Self { mean: min, std: 0.0, min, max });
        }
        let mean = sum / count;
        let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
        Some(Self { mean, std: (squares / count).sqrt(), min, max })
    }
}

/// The middle of sorted values; between the middle two where their number is even. `None` where there are none.
fn median(sorted: &[f32]) -> Option<f64> {
    let upper = f64::from(*sorted.get(sorted.len() / 2)?);
    let lower = if sorted.len().is_multiple_of(2) { f64::from(sorted[sorted.len() / 2 - 1]) } else { upper };
    Some(lower + (upper - lower) / 2.0)
}

/// The value that occurs most often among sorted values, the smallest of several; `None` where each occurs once.
fn most_common(sorted: &[f32]) -> Option<Atom> {
    let runs = sorted.chunk_by(|a, b| a == b).filter(|run| run.len() > 1);
    let longest = runs.reduce(|longest, run| if run.len() > longest.len() { run } else { longest })?;
    Some(Atom { value: f64::from(longest[0]), fraction: longest.len() as f64 / sorted.len() as f64 })
}

/// Numbers of one column of row-major `[N, columns]`.
fn column(values: &[f32], column: usize, columns: usize) -> impl Iterator<Item = f64> + Clone {
    values.iter().skip(column).step_by(columns.max(1)).map(|value| f64::from(*value))
}

/// Sums up both splits; the training split has at least two samples.
pub(super) fn summary(
    train: &Samples,
    validation: &Samples,
    input_shape: &[usize],
    features: Vec<String>,
    outputs: &[String],
    dropped_rows: u64,
    alignments: Vec<Alignment>,
) -> Summary {
    let count = outputs.len();
    let target = |(index, name): (usize, &String)| {
        // Copied once: a column of 200 has a cache line of its own for each number, and is gone through several times.
        let mut sorted: Vec<f32> = train.targets.iter().skip(index).step_by(count).copied().collect();
        let moments = Moments::of(sorted.iter().map(|value| f64::from(*value))).unwrap_or(NOTHING);
        sorted.sort_unstable_by(f32::total_cmp);
        let share = |equal: usize| equal as f64 / sorted.len().max(1) as f64;
        let at_min = sorted.iter().take_while(|value| f64::from(**value) == moments.min).count();
        let at_max = sorted.iter().rev().take_while(|value| f64::from(**value) == moments.max).count();
        TargetSummary {
            name: name.clone(),
            median: median(&sorted).unwrap_or(0.0),
            validation: Moments::of(column(&validation.targets, index, count)),
            most_common: most_common(&sorted),
            at_min_fraction: share(at_min),
            at_max_fraction: share(at_max),
            train: moments,
        }
    };
    let columns = columns::summaries(train, validation, input_shape, &features);
    Summary {
        train_samples: train.count as u64,
        validation_samples: validation.count as u64,
        input_shape: input_shape.to_vec(),
        inputs: Moments::of(train.inputs.iter().filter(|value| value.is_finite()).map(|value| f64::from(*value)))
            .unwrap_or(NOTHING),
        targets: outputs.iter().enumerate().map(target).collect(),
        equal_columns: columns::equal(train, &features, &columns),
        features,
        columns,
        alignments,
        dropped_rows,
        fingerprint: fingerprint(train, validation, input_shape, count),
    }
}

/// SHA-256 over shapes and numbers: equal data, equal fingerprint, on every machine.
fn fingerprint(train: &Samples, validation: &Samples, input_shape: &[usize], outputs: usize) -> String {
    /// Large enough that the calls do not count, small enough for the first cache.
    const CHUNK: usize = 4096;
    let mut hash = Sha256::new();
    let shape = [train.count, validation.count, outputs, input_shape.len()];
    for size in shape.iter().chain(input_shape) {
        hash.update((*size as u64).to_le_bytes());
    }
    let mut bytes = Vec::with_capacity(4 * CHUNK);
    for values in [&train.inputs, &train.targets, &validation.inputs, &validation.targets] {
        for chunk in values.chunks(CHUNK) {
            bytes.clear();
            chunk.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            hash.update(&bytes);
        }
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // OK because writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(inputs: &[f32], targets: &[f32]) -> Samples {
        Samples { inputs: inputs.to_vec(), targets: targets.to_vec(), count: inputs.len() }
    }

    #[test]
    fn moments_and_medians_per_output() {
        let train = Samples {
            inputs: vec![1.0, 2.0, 3.0, 6.0],
            targets: vec![1.0, 5.0, 3.0, 5.0, 2.0, 5.0, 10.0, 5.0],
            count: 4,
        };
        let outputs = ["a".to_owned(), "b".to_owned()];
        let summary = summary(&train, &Samples::default(), &[1], vec!["x".into()], &outputs, 3, Vec::new());
        assert_eq!(summary.inputs, Moments { mean: 3.0, std: 3.5f64.sqrt(), min: 1.0, max: 6.0 });
        assert_eq!(summary.targets[0].train.mean, 4.0);
        assert_eq!(summary.targets[0].median, 2.5);
        assert_eq!(summary.targets[0].most_common, None);
        assert_eq!((summary.targets[0].at_min_fraction, summary.targets[0].at_max_fraction), (0.25, 0.25));
        assert_eq!(summary.targets[1].most_common, Some(Atom { value: 5.0, fraction: 1.0 }));
        assert_eq!(most_common(&[0.0, 0.0, 1.0, 2.0, 2.0]), Some(Atom { value: 0.0, fraction: 0.4 }));
        assert_eq!(summary.targets[1].train, Moments { mean: 5.0, std: 0.0, min: 5.0, max: 5.0 });
        assert_eq!((summary.targets[1].validation, summary.dropped_rows), (None, 3));
    }

    #[test]
    fn the_fingerprint_follows_every_number_and_the_split() {
        let base = || fingerprint(&samples(&[1.0, 2.0], &[3.0, 4.0]), &samples(&[5.0], &[6.0]), &[1], 1);
        assert_eq!(base(), base());
        assert_eq!(base().len(), 64);
        let others = [
            fingerprint(&samples(&[1.0, 2.0], &[3.0, 4.5]), &samples(&[5.0], &[6.0]), &[1], 1),
            fingerprint(&samples(&[1.0], &[3.0]), &samples(&[2.0, 5.0], &[4.0, 6.0]), &[1], 1),
            fingerprint(&samples(&[1.0, 2.0], &[3.0, 4.0]), &samples(&[5.0], &[6.0]), &[1, 1], 1),
        ];
        assert!(others.iter().all(|other| *other != base()));
    }

    /// SHA-256 of the shape words 1, 0, 1, 1, 1 and the numbers 1.0 and 2.0, by Python's hashlib.
    #[test]
    fn the_fingerprint_is_sha_256() {
        let known = fingerprint(&samples(&[1.0], &[2.0]), &Samples::default(), &[1], 1);
        assert_eq!(known, KNOWN);
    }
    const KNOWN: &str = "0be08d2b1ee17b3af191b49bbeb065cd71019c7574690ca56375fab4b817fa4c";
}
