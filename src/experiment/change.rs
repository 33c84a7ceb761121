//! A change is one dotted path and its new value, applied to the user's own text so that comments and layout stay.

use std::{path::Path, str::FromStr};

use serde::{Deserialize, Serialize};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

use super::{
    Experiment, ExperimentError, ExperimentErrors,
    reader::{self, default_name, folder_of, text_of},
};

/// One setting and its new value, such as `training.optimiser.lr=0.001`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Dotted path; a number is an index into a list, from 0: `model.layers.0.activation`.
    pub path: String,
    /// The new value as it would stand in the TOML; what is no TOML value is taken as a string.
    pub to: String,
}

impl std::fmt::Display for Change {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}={}", self.path, self.to)
    }
}

impl FromStr for Change {
    type Err = ExperimentError;

    fn from_str(text: &str) -> Result<Self, ExperimentError> {
        let refuse = |why: &str| ExperimentError::Change {
            change: text.to_owned(),
            why: why.to_owned(),
            help: "write `path=value`, such as `training.optimiser.lr=0.001`".to_owned(),
        };
        let (path, to) = text.split_once('=').ok_or_else(|| refuse("there is no `=`"))?;
        let (path, to) = (path.trim(), to.trim());
        if path.is_empty() || path.split('.').any(|key| key.trim().is_empty()) {
            return Err(refuse("a key of the path is empty"));
        }
        if to.is_empty() {
            return Err(refuse("there is no value behind `=`"));
        }
        Ok(Self { path: path.to_owned(), to: to.to_owned() })
    }
}

impl Change {
    /// The value: TOML where it is valid TOML, else a bare string.
    fn value(&self) -> Value {
        self.to.parse::<Value>().unwrap_or_else(|_| Value::from(self.to.as_str()))
    }

    fn refused(&self, why: String, help: impl Into<String>) -> ExperimentError {
        ExperimentError::Change { change: self.to_string(), why, help: help.into() }
    }
}

/// The text with the changes made; layout and comments stay, missing tables are made.
///
/// - Errors: the text is not TOML, or a path leads through something that has no keys.
pub fn apply(text: &str, source_name: &str, changes: &[Change]) -> Result<String, ExperimentErrors> {
    let mut document: DocumentMut = match text.parse() {
        Ok(document) => document,
        // The reader tells what is wrong with the syntax, with more places than this parser.
        Err(_) => return Err(reader::syntax_errors(text, source_name)),
    };
    for change in changes {
        set(&mut document, change).map_err(|mistake| ExperimentErrors::new(source_name, text, vec![mistake]))?;
    }
    Ok(document.to_string())
}

/// Reads a configuration file with changes; also gives the changed text.
///
/// - Errors: all mistakes of the changed text, each with its place in it.
pub fn read_with(path: &Path, changes: &[Change]) -> Result<(Experiment, String), ExperimentErrors> {
    let text = text_of(path)?;
    let mut name = path.display().to_string();
    let changed = if changes.is_empty() { text } else { apply(&text, &name, changes)? };
    for (index, change) in changes.iter().enumerate() {
        name.push_str(if index == 0 { " with --set " } else { " --set " });
        name.push_str(&change.to_string());
    }
    let experiment = reader::parse(&changed, &name, folder_of(path), &default_name(path))?;
    Ok((experiment, changed))
}

fn set(document: &mut DocumentMut, change: &Change) -> Result<(), ExperimentError> {
    let mut keys: Vec<&str> = change.path.split('.').map(str::trim).collect();
    let Some(last) = keys.pop() else {
        return Ok(());
    }; // OK: `split` gives at least one key
    let mut item = document.as_item_mut();
    let mut done: Vec<&str> = Vec::new();
    for key in keys {
        widen(item, &done);
        item = step(item, key, &done, change)?;
        done.push(key);
    }
    widen(item, &done);
    put(item, last, &done, change)
}

/// A word that stands for a table becomes that table, so that one of its keys can be set.
fn widen(item: &mut Item, path: &[&str]) {
    let Some(word) = item.as_str().map(str::to_owned) else {
        return;
    };
    let tag = match path {
        ["training", "loss" | "optimiser" | "optimizer" | "schedule"] | ["model", "init", "weights" | "bias"] => "kind",
        ["data", "inputs"] => "distribution",
        ["model", "layers", _] => "type",
        ["model", "init"] => {
            let (weights, bias) = match word.as_str() {
                "keras" => ("glorot_uniform", "zeros"),
                "pytorch" => ("pytorch_uniform", "pytorch_uniform"),
                _ => return,
            };
            *item = inline([("weights", weights), ("bias", bias)]);
            return;
        }
        _ => return,
    };
    *item = inline([(tag, word.as_str())]);
}

fn inline<const N: usize>(pairs: [(&str, &str); N]) -> Item {
    Item::Value(Value::InlineTable(InlineTable::from_iter(pairs.map(|(key, value)| (key, Value::from(value))))))
}

/// The other spelling of a key, where the text uses it.
fn spelling<'a>(table: &dyn toml_edit::TableLike, key: &'a str) -> &'a str {
    match key {
        "optimiser" if !table.contains_key(key) && table.contains_key("optimizer") => "optimizer",
        "optimizer" if !table.contains_key(key) => "optimiser",
        _ => key,
    }
}

fn step<'a>(item: &'a mut Item, key: &str, done: &[&str], change: &Change) -> Result<&'a mut Item, ExperimentError> {
    let place = done.join(".");
    if item.is_array_of_tables() || item.is_array() {
        let count = length(item);
        let index = index(key, count, &place, change)?;
        return item
            .get_mut(index)
            .ok_or_else(|| change.refused(format!("`{place}` has no entry {index}"), "count from 0"));
    }
    if (place.as_str(), key) == ("model", "layers") && item.get("layers").is_none() {
        let help = "set `model.hidden`, `model.activation` or `model.output_activation`";
        return Err(change.refused("the text has no `model.layers`".to_owned(), help));
    }
    let inside_value = item.is_value();
    let Some(table) = item.as_table_like_mut() else {
        return Err(
            change.refused(format!("`{place}` is a value and has no key `{key}`"), format!("set `{place}` itself"))
        );
    };
    let key = spelling(table, key);
    let made = table.entry(key).or_insert_with(|| {
        if inside_value {
            return Item::Value(Value::InlineTable(InlineTable::new()));
        }
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    Ok(made)
}

fn put(item: &mut Item, key: &str, done: &[&str], change: &Change) -> Result<(), ExperimentError> {
    let place = done.join(".");
    let value = change.value();
    if item.is_array_of_tables() || item.is_array() {
        let index = index(key, length(item), &place, change)?;
        let Some(array) = item.as_array_mut() else {
            return Err(change.refused(format!("`{place}.{index}` is a table"), "set its keys one by one"));
        };
        replace_in(array, index, value);
        return Ok(());
    }
    let Some(table) = item.as_table_like_mut() else {
        return Err(
            change.refused(format!("`{place}` is a value and has no key `{key}`"), format!("set `{place}` itself"))
        );
    };
    let key = spelling(table, key);
    match table.get_mut(key) {
        // The comment behind the old value stays behind the new one.
        Some(Item::Value(old)) => {
            let around = old.decor().clone();
            *old = value;
            *old.decor_mut() = around;
        }
        _ => {
            table.insert(key, Item::Value(value));
        }
    }
    Ok(())
}

fn replace_in(array: &mut Array, index: usize, value: Value) {
    if let Some(old) = array.get_mut(index) {
        let around = old.decor().clone();
        *old = value;
        *old.decor_mut() = around;
    }
}

fn length(item: &Item) -> usize {
    item.as_array()
        .map(Array::len)
        .or_else(|| item.as_array_of_tables().map(toml_edit::ArrayOfTables::len))
        .unwrap_or(0)
}

fn index(key: &str, count: usize, place: &str, change: &Change) -> Result<usize, ExperimentError> {
    match key.parse::<usize>() {
        Ok(index) if index < count => Ok(index),
        Ok(index) => {
            let help =
                if count == 0 { "the list is empty".to_owned() } else { format!("its entries are 0 to {}", count - 1) };
            Err(change.refused(format!("`{place}` has no entry {index}"), help))
        }
        Err(_) => Err(change.refused(
            format!("`{place}` is a list, and `{key}` is no index"),
            format!("write `{place}.0` for its first entry"),
        )),
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
