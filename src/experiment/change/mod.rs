//! A change is one dotted path and its new value, applied to the user's own text so that comments and layout stay.

mod shorthand;

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

/// The value that stands at a path now, as TOML; `None` where the text says nothing there, or is no TOML.
///
/// A word that stands for a table is looked into, `model.layers` of the shorthand, and the other way round: of the layers
/// that `model.activation` stands for it is the activation where all have the same.
pub fn value_at(text: &str, path: &str) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let change = Change { path: path.to_owned(), to: "0".to_owned() };
    let mut values = shorthand::places(&mut document, &change).ok()?.into_iter().map(|keys| {
        let mut item = document.as_item_mut();
        let mut done: Vec<&str> = Vec::new();
        for key in keys.iter().map(String::as_str) {
            shorthand::widen(item, &done);
            item = match key.parse::<usize>() {
                Ok(index) if item.is_array_of_tables() || item.is_array() => item.get_mut(index)?,
                _ => {
                    let table = item.as_table_like_mut()?;
                    let key = spelling(table, key);
                    table.get_mut(key)?
                }
            };
            done.push(key);
        }
        let value = item.clone().into_value().ok()?;
        Some(value.decorated("", "").to_string().trim().to_owned())
    });
    let first = values.next()??;
    values.all(|value| value.as_ref() == Some(&first)).then_some(first)
}

fn set(document: &mut DocumentMut, change: &Change) -> Result<(), ExperimentError> {
    for keys in shorthand::places(document, change)? {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        // OK because a path has at least one key.
        let Some((last, before)) = keys.split_last() else { continue };
        let mut item = document.as_item_mut();
        for (depth, key) in before.iter().enumerate() {
            shorthand::widen(item, &before[..depth]);
            item = step(item, key, &before[..depth], change)?;
        }
        shorthand::widen(item, before);
        put(item, last, before, change)?;
    }
    Ok(())
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
        if let Some(array) = item.as_array_mut() {
            replace_in(array, index, value);
        } else if let Some(table) = item.as_array_of_tables_mut().and_then(|tables| tables.get_mut(index)) {
            shorthand::fill(table, &format!("{place}.{index}"), value, change)?;
        }
        return Ok(());
    }
    let Some(table) = item.as_table_like_mut() else {
        return Err(
            change.refused(format!("`{place}` is a value and has no key `{key}`"), format!("set `{place}` itself"))
        );
    };
    let key = spelling(table, key);
    let before = table.len();
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
    shorthand::drop_foreign_keys(table, key, done);
    let after = table.len();
    if after != before {
        shorthand::tidy(item);
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
mod tests;
