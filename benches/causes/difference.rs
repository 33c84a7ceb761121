//! In how many settings two experiments differ.

use serde_json::Value;
use whymean::experiment::Experiment;

use super::common::Failure;

/// Number of settings that one would have to change to make one of the other; more than any where their tables differ.
///
/// A choice that brings keys of its own (another optimiser, another start of the biases) is one setting.
pub fn settings(one: &Experiment, other: &Experiment, same_table: bool) -> Result<usize, Failure> {
    let differing = count(&serde_json::to_value(one)?, &serde_json::to_value(other)?);
    Ok(if same_table { differing } else { usize::MAX })
}

fn count(one: &Value, other: &Value) -> usize {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            let tag = |key: &str| left.get(key).is_some_and(|value| Some(value) != right.get(key));
            if ["kind", "type", "source"].into_iter().any(tag) {
                return 1;
            }
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            let nothing = Value::Null;
            keys.into_iter()
                .map(|key| count(left.get(key).unwrap_or(&nothing), right.get(key).unwrap_or(&nothing)))
                .sum()
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            left.iter().zip(right).map(|(left, right)| count(left, right)).sum()
        }
        _ => usize::from(one != other),
    }
}
