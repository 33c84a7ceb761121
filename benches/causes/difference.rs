//! In how many settings two configurations differ.

use serde_json::Value;

use super::common::Failure;

/// Number of settings that one would have to change to make one of the other; more than any where their tables differ.
///
/// A choice that brings keys of its own (another optimiser, another start of the biases) is one setting.
pub fn settings(one: &str, other: &str, same_table: bool) -> Result<usize, Failure> {
    let differing = count(&toml::from_str(one)?, &toml::from_str(other)?);
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
        // A list of numbers is one setting, a list of layers is not.
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() && left.iter().any(Value::is_object) => {
            left.iter().zip(right).map(|(left, right)| count(left, right)).sum()
        }
        _ => usize::from(one != other),
    }
}
