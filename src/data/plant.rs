//! What `[faults]` says of the data, planted: a user with such a bug has these samples, and sums them up like any others.

use super::{
    Samples,
    draw::{Draw, Stream},
};
use crate::experiment::{Faults, TargetFault};

/// Gives each row the target of the row before, in the order of the source; the first row gets the last one's.
///
/// - Shape: the rows of `splits`, one behind the other, are the rows of the source; each has `outputs` numbers.
pub(super) fn shift<T: Copy>(splits: [&mut [T]; 2], outputs: usize) {
    let Some(last) = splits.iter().rev().find(|targets| !targets.is_empty()) else { return };
    let mut carried = last[last.len() - outputs..].to_vec();
    for targets in splits.into_iter().filter(|targets| !targets.is_empty()) {
        targets.rotate_right(outputs);
        targets[..outputs].swap_with_slice(&mut carried);
    }
}

/// Plants what does not depend on the order of the source: into samples that are split and scaled.
///
/// - Each fault has a stream of its own, seeded by `data.seed`: two together are what each is alone.
/// - No faults: the samples stay as they are, to the bit.
pub(super) fn plant(faults: &Faults, seed: u64, train: &mut Samples, validation: &mut Samples) {
    match faults.targets {
        TargetFault::Shuffled => shuffle(train, &mut Draw::new(seed, Stream::ShuffledTargets)),
        TargetFault::ShuffledValidation => shuffle(validation, &mut Draw::new(seed, Stream::ShuffledTargets)),
        // The first is no fault, the second was planted before the split, the third is the training's.
        TargetFault::Aligned | TargetFault::ShiftedByOne | TargetFault::ShuffledEachEpoch => {}
    }
    if faults.replaced_fraction > 0.0 {
        let outputs = outputs(train.targets.len(), train.count);
        let mut draw = Draw::new(seed, Stream::ReplacedTargets);
        for row in drawn(train.targets.chunks_mut(outputs), train.count, faults.replaced_fraction, &mut draw) {
            row.fill(faults.replaced_value as f32);
        }
    }
    if faults.nan_fraction > 0.0 {
        let cells = train.inputs.len();
        let mut draw = Draw::new(seed, Stream::NanInputs);
        for cell in drawn(train.inputs.iter_mut(), cells, faults.nan_fraction, &mut draw) {
            *cell = f32::NAN;
        }
    }
}

/// Numbers of one row; never 0, so that it can be a chunk's size.
fn outputs(numbers: usize, count: usize) -> usize {
    numbers.checked_div(count).unwrap_or(0).max(1)
}

/// Gives each sample the target of another one: a single cycle through all of them, so that none keeps its own.
fn shuffle(samples: &mut Samples, draw: &mut Draw) {
    let outputs = outputs(samples.targets.len(), samples.count);
    // Sattolo 1986: Fisher and Yates without the choice to stay.
    for last in (1..samples.count).rev() {
        let other = draw.below(last as u64) as usize;
        for output in 0..outputs {
            samples.targets.swap(last * outputs + output, other * outputs + output);
        }
    }
}

/// A share of `items`, at least one: exactly as many as the rounded share of `count`, each as likely as the others.
fn drawn<T>(items: impl Iterator<Item = T>, count: usize, share: f64, draw: &mut Draw) -> impl Iterator<Item = T> {
    let mut wanted = ((count as f64 * share).round() as usize).clamp(1, count.max(1));
    let mut left = count;
    // Knuth, volume 2, algorithm S: in one pass and without a list of all of them, which images would make large.
    items.filter(move |_| {
        let taken = draw.below(left as u64) < wanted as u64;
        left = left.saturating_sub(1);
        wanted -= usize::from(taken && wanted > 0);
        taken
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 3;

    fn samples(count: usize, outputs: usize) -> Samples {
        let numbers = |columns: usize| (0..count * columns).map(|number| number as f32).collect();
        Samples { inputs: numbers(3), targets: numbers(outputs), count }
    }

    fn planted(faults: &Faults, count: usize, outputs: usize) -> [Samples; 2] {
        let (mut train, mut validation) = (samples(count, outputs), samples(count / 2, outputs));
        plant(faults, SEED, &mut train, &mut validation);
        [train, validation]
    }

    #[test]
    fn a_shift_goes_over_the_border_of_the_splits() {
        let (mut train, mut validation) = (vec![0, 10, 1, 11, 2, 12], vec![3, 13, 4, 14]);
        shift([&mut train, &mut validation], 2);
        assert_eq!((train, validation), (vec![4, 14, 0, 10, 1, 11], vec![2, 12, 3, 13]));
        let mut train = vec![1, 2, 3];
        shift([&mut train, &mut []], 1);
        assert_eq!(train, [3, 1, 2]);
        shift::<u8>([&mut [], &mut []], 1);
    }

    #[test]
    fn a_shuffle_moves_whole_rows_and_leaves_none_in_place() {
        let faults = Faults { targets: TargetFault::Shuffled, ..Faults::default() };
        let [train, validation] = planted(&faults, 1000, 2);
        let clean = samples(1000, 2);
        assert_eq!((&train.inputs, &validation), (&clean.inputs, &samples(500, 2)));
        assert!(train.targets.chunks(2).zip(clean.targets.chunks(2)).all(|(now, before)| now != before));
        let mut rows: Vec<&[f32]> = train.targets.chunks(2).collect();
        rows.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
        assert_eq!(rows.concat(), clean.targets);
        assert_eq!(planted(&faults, 1000, 2)[0], train);
        // The other split, by the same rule.
        let faults = Faults { targets: TargetFault::ShuffledValidation, ..Faults::default() };
        let [train, validation] = planted(&faults, 1000, 2);
        assert_eq!(train, clean);
        assert!(validation.targets.iter().zip(&samples(500, 2).targets).all(|(now, before)| now != before));
    }

    #[test]
    fn exactly_the_share_is_replaced_in_every_output() {
        let clean = samples(1000, 2);
        for (share, rows) in [(0.25, 250), (1.0, 1000), (1e-9, 1)] {
            let faults = Faults { replaced_fraction: share, replaced_value: -7.0, ..Faults::default() };
            let [train, validation] = planted(&faults, 1000, 2);
            let replaced = train.targets.chunks(2).filter(|row| **row == [-7.0, -7.0]).count();
            let kept = train.targets.iter().zip(&clean.targets).filter(|(now, before)| now == before);
            assert_eq!((replaced, kept.count()), (rows, 2 * (1000 - rows)), "{share}");
            assert_eq!(validation, samples(500, 2));
        }
    }

    #[test]
    fn exactly_the_share_of_the_cells_is_no_number() {
        let faults = Faults { nan_fraction: 0.1, ..Faults::default() };
        let [train, validation] = planted(&faults, 1000, 1);
        let holes: Vec<usize> = (0..3000).filter(|cell| train.inputs[*cell].is_nan()).collect();
        assert_eq!((holes.len(), &train.targets, validation), (300, &samples(1000, 1).targets, samples(500, 1)));
        // All over the split: 150 are wanted in each half, and 5 standard deviations are 41.
        let first_half = holes.iter().filter(|cell| **cell < 1500).count();
        assert!((109..=191).contains(&first_half), "{first_half}");
    }

    #[test]
    fn what_is_not_of_the_data_changes_nothing() {
        let faults = Faults {
            targets: TargetFault::ShuffledEachEpoch,
            replaced_value: 5.0,
            loss_shapes: crate::experiment::LossShapes::RowAgainstColumn,
            ..Faults::default()
        };
        assert_eq!(planted(&faults, 100, 1), [samples(100, 1), samples(50, 1)]);
        assert_eq!(planted(&Faults::default(), 100, 1), [samples(100, 1), samples(50, 1)]);
    }
}
