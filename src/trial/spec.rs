//! When two specs train the same thing, and where they first differ.

use serde_json::Value;

use super::Spec;
use crate::experiment::Experiment;

/// The first setting in which two experiments differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Dotted path, such as `training.optimiser.lr`.
    pub path: String,
    /// Its value in the folder; `None` where it has none.
    pub there: Option<String>,
    /// Its value in the experiment at hand.
    pub here: Option<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        write!(to, "there `{}` is {}, here it is {}", self.path, words(&self.there), words(&self.here))
    }
}

/// Settings that do not change what one seed trains: names, how many seeds there are, how often it is saved.
const WITHOUT_EFFECT: &[&str] = &["name", "seed", "diagnosis.seeds", "training.checkpoint_secs"];

/// The settings of an experiment that change what one seed trains.
pub(super) fn with_effect(experiment: &Experiment) -> Value {
    let mut settings = serde_json::to_value(experiment).unwrap_or_default();
    WITHOUT_EFFECT.iter().for_each(|path| remove(&mut settings, path));
    settings
}

impl Spec {
    /// SHA-256 of what any of its seeds trains, hexadecimal; equal for specs without a [`first_difference`] but their seed
    /// and device.
    ///
    /// [`first_difference`]: Self::first_difference
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        let settings = with_effect(&self.experiment).to_string();
        Sha256::digest(settings).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The first setting in which training `self` differs from the trial `there`; `None` when it is the same training.
    ///
    /// Threads are not compared: a trial goes on with those it began with, and a finished one is as good with others.
    pub fn first_difference(&self, there: &Self) -> Option<Difference> {
        let (here, was) = (with_effect(&self.experiment), with_effect(&there.experiment));
        differ("", Some(&was), Some(&here))
            .or_else(|| differ("seed", Some(&there.seed.into()), Some(&self.seed.into())))
            .or_else(|| differ("device", Some(&there.device.as_str().into()), Some(&self.device.as_str().into())))
    }
}

fn remove(value: &mut Value, path: &str) {
    match path.split_once('.') {
        Some((table, rest)) => {
            if let Some(inner) = value.get_mut(table) {
                remove(inner, rest);
            }
        }
        None => {
            if let Some(table) = value.as_object_mut() {
                table.remove(path);
            }
        }
    }
}

fn differ(path: &str, there: Option<&Value>, here: Option<&Value>) -> Option<Difference> {
    if there == here {
        return None;
    }
    let inner = |key: &str| {
        if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
    };
    let found = match (there, here) {
        (Some(Value::Object(there)), Some(Value::Object(here))) => {
            // The setting that tells the kind first: with another optimiser, all its numbers differ as well.
            let kinds = ["kind", "type", "source", "distribution", "formula"].into_iter();
            let keys = kinds.chain(there.keys().map(String::as_str)).chain(here.keys().map(String::as_str));
            keys.map(|key| differ(&inner(key), there.get(key), here.get(key))).find_map(|found| found)
        }
        (Some(Value::Array(there)), Some(Value::Array(here))) if there.len() == here.len() => {
            let pairs = there.iter().zip(here).enumerate();
            pairs
                .map(|(at, (there, here))| differ(&inner(&at.to_string()), Some(there), Some(here)))
                .find_map(|found| found)
        }
        _ => None,
    };
    let text = |value: &Value| match value {
        Value::Array(items) => format!("{} entries", items.len()),
        Value::Object(_) => "a table".to_owned(),
        other => other.to_string(),
    };
    Some(found.unwrap_or_else(|| Difference {
        path: path.to_owned(),
        there: there.filter(|value| !value.is_null()).map(text),
        here: here.filter(|value| !value.is_null()).map(text),
    }))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::{experiment::Optimiser, trial::SCHEMA};

    /// A spec as the command line makes them.
    pub fn spec(seed: u64) -> Spec {
        Spec {
            schema: SCHEMA,
            seed,
            threads: 1,
            device: "cpu".to_owned(),
            config_name: "config.toml".to_owned(),
            experiment: toml::from_str(include_str!("../../fixtures/record/experiment.toml")).expect("fixture"),
        }
    }

    #[test]
    fn names_seeds_and_threads_make_no_other_training() {
        let mut other = spec(1);
        other.experiment.name = "other".to_owned();
        other.experiment.seed = 9;
        other.experiment.diagnosis.seeds = 8;
        other.experiment.training.checkpoint_secs = 60.0;
        other.threads = 4;
        assert_eq!(other.first_difference(&spec(1)), None);
        assert_eq!(other.fingerprint(), spec(2).fingerprint());
        other.experiment.training.epochs += 1;
        assert_ne!(other.fingerprint(), spec(2).fingerprint());
    }

    #[test]
    fn the_first_difference_is_named_with_both_values() {
        let words = |change: &dyn Fn(&mut Spec)| {
            let mut here = spec(1);
            change(&mut here);
            here.first_difference(&spec(1)).map(|difference| difference.to_string()).unwrap_or_default()
        };
        let all = [
            words(&|here| here.experiment.training.epochs = 3),
            words(&|here| here.experiment.training.clip_norm = Some(0.5)),
            words(&|here| here.experiment.model.layers.truncate(1)),
            words(&|here| here.experiment.data.seed = 7),
            words(&|here| here.device = "cuda:0".to_owned()),
            words(&|here| here.seed = 2),
            words(&|here| {
                here.experiment.training.optimiser =
                    Optimiser::Sgd { lr: 0.1, momentum: 0.9, nesterov: false, weight_decay: 0.0 };
            }),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }
}
