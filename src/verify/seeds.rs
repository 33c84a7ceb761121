//! Which seeds both sides are trained with.

use std::collections::{BTreeMap, BTreeSet};

use super::counting::Repaired;
use crate::{
    experiment::LARGEST_SEED,
    judge::{Diagnosis, RunDiagnosis},
};

/// Least seeds of a proof: fewer cannot prove anything.
pub const LEAST: usize = 3;
/// Seeds that are used where the control has more of them.
const USUAL: usize = 5;
/// Most seeds, where the control fails only sometimes.
pub const MOST: usize = 8;

/// The seeds of the proofs with the control's runs, as far as they are trained.
pub struct Seeds {
    /// In the order in which they are used; those of the diagnosis come first.
    order: Vec<u64>,
    /// The control's runs.
    control: BTreeMap<u64, RunDiagnosis>,
    /// Seeds that the control cannot be trained with.
    dropped: BTreeSet<u64>,
    /// Seeds that a proof begins with.
    begin: usize,
    /// The seed of the first round: one that failed.
    first: u64,
}

impl Seeds {
    /// Chooses from what the diagnosis trained; absent where none of the control's runs that would be used failed.
    ///
    /// The control's first seeds are taken as they come, and not those that failed: choosing them would count the control
    /// worse than it is.
    pub fn choose(diagnosis: &Diagnosis, rule: Repaired) -> Option<Self> {
        let order: Vec<u64> = diagnosis.runs.iter().map(|run| run.seed).collect();
        let failed = diagnosis.runs.iter().take(MOST).position(|run| !rule.counts(run))?;
        let begin = order.len().clamp(LEAST, USUAL).max(failed + 1);
        let first = order[failed];
        let control = diagnosis.runs.iter().map(|run| (run.seed, run.clone())).collect();
        let mut seeds = Self { order, control, dropped: BTreeSet::new(), begin, first };
        seeds.grow_to(begin);
        Some(seeds)
    }

    /// The seed of the first round.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Seeds that a proof begins with.
    pub fn begin(&self) -> usize {
        self.begin.min(self.order.len())
    }

    /// The first `count` seeds.
    pub fn take(&self, count: usize) -> &[u64] {
        &self.order[..count.min(self.order.len())]
    }

    /// Sees that there are `count` seeds: those after the largest, then those before the smallest.
    pub fn grow_to(&mut self, count: usize) {
        while self.order.len() < count {
            let known = || self.order.iter().chain(&self.dropped).copied();
            let (largest, smallest) = (known().max().unwrap_or(0), known().min().unwrap_or(0));
            let next = (largest < LARGEST_SEED).then(|| largest + 1).or_else(|| smallest.checked_sub(1));
            let Some(next) = next else { return };
            self.order.push(next);
        }
    }

    /// Those of the first `count` seeds that the control is not trained with.
    pub fn without_control(&self, count: usize) -> Vec<u64> {
        self.take(count).iter().copied().filter(|seed| !self.control.contains_key(seed)).collect()
    }

    /// Adds a run of the control.
    pub fn add(&mut self, run: RunDiagnosis) {
        self.control.insert(run.seed, run);
    }

    /// Leaves out a seed that the control cannot be trained with.
    pub fn drop(&mut self, seed: u64) {
        self.order.retain(|other| *other != seed);
        self.dropped.insert(seed);
    }

    /// The control's runs of these seeds, as far as they are trained.
    pub fn control(&self, seeds: &[u64]) -> Vec<&RunDiagnosis> {
        seeds.iter().filter_map(|seed| self.control.get(seed)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{judge::State, verify::fake::diagnosis};

    fn chosen(states: &[State]) -> Option<(Vec<u64>, u64, usize)> {
        let seeds = Seeds::choose(&diagnosis(states), Repaired::Learned)?;
        Some((seeds.take(seeds.begin()).to_vec(), seeds.first(), seeds.without_control(seeds.begin()).len()))
    }

    #[test]
    fn three_at_least_five_at_most_and_those_of_the_diagnosis_first() {
        let (bad, good) = (State::Collapsed, State::Learned);
        assert_eq!(chosen(&[bad]), Some((vec![0, 1, 2], 0, 2)));
        assert_eq!(chosen(&[good, bad, bad]), Some((vec![0, 1, 2], 1, 0)));
        assert_eq!(chosen(&[bad; 7]), Some((vec![0, 1, 2, 3, 4], 0, 0)));
        // The first five learned, by chance; one that failed has to be among those that are counted.
        assert_eq!(chosen(&[good, good, good, good, good, good, bad, bad]), Some((vec![0, 1, 2, 3, 4, 5, 6], 6, 0)));
        assert_eq!(chosen(&[good; 4]), None);
    }

    #[test]
    fn further_seeds_are_new_ones() {
        let mut diagnosis = diagnosis(&[State::Collapsed; 2]);
        diagnosis.runs[1].seed = LARGEST_SEED;
        diagnosis.runs[0].seed = LARGEST_SEED - 1;
        let mut seeds = Seeds::choose(&diagnosis, Repaired::Learned).expect("they failed");
        assert_eq!(seeds.take(3), [LARGEST_SEED - 1, LARGEST_SEED, LARGEST_SEED - 2]);
        seeds.drop(LARGEST_SEED);
        seeds.grow_to(3);
        assert_eq!(
            seeds.take(9),
            [LARGEST_SEED - 1, LARGEST_SEED - 2, LARGEST_SEED - 3],
            "not the one that was dropped"
        );
    }
}
