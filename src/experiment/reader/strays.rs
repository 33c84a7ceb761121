//! Keys that nothing reads: where they belong, or what was meant.

use std::{collections::BTreeSet, ops::Range};

use super::fields::Walk;
use crate::experiment::{
    error::{ExperimentError, MOST_MISTAKES, span},
    excerpt::shortened,
    suggest::{listed, nearest},
};

/// A key that nothing asked for; judged at the end, when all homes of keys are known.
pub(super) struct Stray {
    pub place: String,
    pub key: String,
    pub at: Range<usize>,
    pub allowed: Vec<&'static str>,
    /// The variant that the table is, and the other variants that have such a key.
    pub variant: Option<(String, Vec<&'static str>)>,
}

impl Walk {
    /// Judges the stray keys, now that every place of every key is known.
    pub fn close(mut self) -> Vec<ExperimentError> {
        let homes = self.homes.into_inner();
        let everywhere: BTreeSet<&str> = homes.iter().map(|(_, key)| *key).collect();
        self.strays.sort_by_key(|stray| stray.at.start);
        // No more of them are told, and looking for the nearest name takes time.
        let nearest = |index: usize, stray: &Stray, names: &mut dyn Iterator<Item = &'static str>| {
            (index < MOST_MISTAKES).then(|| nearest(&stray.key, names.collect::<Vec<_>>())).flatten()
        };
        for (index, stray) in self.strays.iter().enumerate() {
            let key = shortened(&stray.key);
            let path = if stray.place.is_empty() { key.clone() } else { format!("{}.{key}", stray.place) };
            let allowed = format!("allowed here: {}", listed(stray.allowed.iter().copied()));
            if let Some((variant, others)) = &stray.variant
                && !others.is_empty()
            {
                self.mistakes.push(ExperimentError::MisplacedKey {
                    key: path,
                    variant: variant.clone(),
                    at: span(&stray.at),
                    help: format!("`{key}` belongs to {}; {allowed}", listed(others.iter().copied())),
                });
                continue;
            }
            let near = nearest(index, stray, &mut stray.allowed.iter().copied());
            let elsewhere = nearest(index, stray, &mut everywhere.iter().copied())
                .and_then(|key| homes.iter().find(|(place, home)| *home == key && !place.contains(".layers.")));
            let help = match (near, elsewhere) {
                (Some(name), _) => format!("did you mean `{name}`? {allowed}"),
                (None, Some((place, key))) if place.is_empty() => {
                    format!("did you mean `{key}` at the top of the file, above all tables? {allowed}")
                }
                (None, Some((place, key))) => {
                    format!("did you mean `{key}` in `[{place}]`? {allowed}")
                }
                (None, None) => allowed,
            };
            self.mistakes.push(ExperimentError::UnknownKey { key: path, at: span(&stray.at), help });
        }
        self.mistakes
    }
}
