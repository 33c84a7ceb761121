//! The probe set: fixed samples that every epoch is looked at with.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Indices of at most `most` samples of `[N, outputs]` targets, in increasing order.
///
/// Stratified over the target: the samples are put in order of their standardised target (the mean over outputs), cut
/// into `most` strata of equal size, and one sample is drawn from each, so that rare large targets are seen in
/// proportion. The draw depends on `seed` alone, so all runs on the same data look at the same samples.
pub fn choose(targets: &[f32], outputs: usize, most: usize, seed: u64) -> Vec<u32> {
    let count = targets.len() / outputs.max(1);
    let mut ranked: Vec<(f64, u32)> = standardised(targets, outputs).into_iter().zip(0..).collect();
    if count > most {
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        ranked = (0..most)
            .map(|stratum| {
                let (from, to) = (stratum * count / most, (stratum + 1) * count / most);
                ranked[generator.random_range(from..to)] // OK because count > most: no stratum is empty
            })
            .collect();
    }
    let mut chosen: Vec<u32> = ranked.into_iter().map(|(_, sample)| sample).collect();
    chosen.sort_unstable();
    chosen
}

/// Mean over outputs of each sample's standardised target; constant outputs count as 0.
fn standardised(targets: &[f32], outputs: usize) -> Vec<f64> {
    let count = targets.len() / outputs.max(1);
    let mut score = vec![0.0; count];
    for output in 0..outputs {
        let column = || targets.iter().skip(output).step_by(outputs).map(|&value| f64::from(value));
        let mean = column().sum::<f64>() / count as f64;
        let std = (column().map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64).sqrt();
        if std > 0.0 {
            for (score, value) in score.iter_mut().zip(column()) {
                *score += (value - mean) / std;
            }
        }
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_splits_are_taken_whole() {
        assert_eq!(choose(&[3.0, 1.0, 2.0], 1, 3, 0), [0, 1, 2]);
        assert_eq!(choose(&[], 1, 3, 0), [0_u32; 0]);
    }

    #[test]
    fn each_stratum_of_the_target_gives_one_sample() {
        let targets: Vec<f32> = (0..1000).map(|i| ((i * 7919) % 1000) as f32).collect();
        let chosen = choose(&targets, 1, 100, 1);
        assert_eq!(chosen.len(), 100);
        assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        let mut strata: Vec<usize> = chosen.iter().map(|&sample| targets[sample as usize] as usize / 10).collect();
        strata.sort_unstable();
        assert_eq!(strata, (0..100).collect::<Vec<_>>());
        assert_eq!(chosen, choose(&targets, 1, 100, 1));
        assert_ne!(chosen, choose(&targets, 1, 100, 2));
    }

    #[test]
    fn a_constant_output_does_not_hide_the_others() {
        let targets: Vec<f32> = (0..200).flat_map(|i| [5.0, i as f32]).collect();
        let chosen = choose(&targets, 2, 20, 3);
        let strata: Vec<u32> = chosen.iter().map(|sample| sample / 10).collect();
        assert_eq!(strata, (0..20).collect::<Vec<_>>());
    }
}
