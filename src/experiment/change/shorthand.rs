//! What a user may write in two ways: a path of one of them leads to the other, too.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::{Change, ExperimentError};
use crate::experiment::reader::Setting;

/// Where a change is made, as keys: several places for one setting that stands for several layers.
///
/// - `model.activation` of a text with `model.layers` is the activation of each hidden layer that has one; where none has,
///   of each that may. `model.output_activation` is that of the last layer that may have one.
/// - `model.layers.2...` of a text with `model.hidden` writes the layers out first.
/// - Errors: a layer of neither form.
pub(super) fn places(document: &mut DocumentMut, change: &Change) -> Result<Vec<Vec<String>>, ExperimentError> {
    let keys: Vec<&str> = change.path.split('.').map(str::trim).collect();
    let as_given = || vec![keys.iter().map(|key| (*key).to_owned()).collect()];
    let Some(model) = document.get_mut("model").and_then(Item::as_table_like_mut) else {
        return match keys.as_slice() {
            ["model", "layers", _, ..] => Err(no_layers(change)),
            _ => Ok(as_given()),
        };
    };
    let has_layers = model.contains_key("layers");
    match keys.as_slice() {
        ["model", "layers", _, ..] if !has_layers && model.contains_key("hidden") => {
            if !write_out(model) {
                let help = "`model.hidden` is a list of whole numbers; mend it first";
                return Err(change.refused("`model.hidden` cannot be written out as layers".to_owned(), help));
            }
            Ok(as_given())
        }
        ["model", "layers", _, ..] if !has_layers => Err(no_layers(change)),
        ["model", "hidden", ..] if has_layers => {
            let help = "set `model.layers.0.units`, or another of its entries";
            Err(change.refused("the text has `model.layers`, which `model.hidden` excludes".to_owned(), help))
        }
        ["model", key @ ("activation" | "output_activation")] if has_layers => {
            let layers = model.get("layers").map(layers).unwrap_or_default();
            let chosen = if *key == "activation" { hidden(&layers) } else { output(&layers).into_iter().collect() };
            if chosen.is_empty() {
                let help = "set `model.layers.0.activation`, or that of another entry";
                return Err(change.refused("no layer of `model.layers` is meant by it".to_owned(), help));
            }
            let place = |index: usize| ["model", "layers", &index.to_string(), "activation"].map(str::to_owned).into();
            Ok(chosen.into_iter().map(place).collect())
        }
        _ => Ok(as_given()),
    }
}

fn no_layers(change: &Change) -> ExperimentError {
    let help = "set `model.hidden`, `model.activation` or `model.output_activation`";
    change.refused("the text has no `model.layers`".to_owned(), help)
}

/// A layer as the text has it: its type, and its activation where that is written.
struct Written {
    kind: String,
    activation: Option<String>,
}

impl Written {
    fn of(table: &dyn TableLike) -> Self {
        let word = |key| table.get(key).and_then(Item::as_str).map(str::to_owned);
        Self { kind: word("type").unwrap_or_default(), activation: word("activation") }
    }

    fn may_have_activation(&self) -> bool {
        matches!(self.kind.as_str(), "dense" | "conv2d" | "batch_norm" | "activation")
    }
}

fn layers(item: &Item) -> Vec<Written> {
    let from_value = |value: &Value| match value {
        Value::InlineTable(table) => Written::of(table),
        other => Written { kind: other.as_str().unwrap_or_default().to_owned(), activation: None },
    };
    match item {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| Written::of(table)).collect(),
        Item::Value(Value::Array(array)) => array.iter().map(from_value).collect(),
        _ => Vec::new(),
    }
}

/// The layer whose activation is that of the output.
fn output(layers: &[Written]) -> Option<usize> {
    layers.iter().rposition(Written::may_have_activation)
}

/// The layers before it that have an activation; where none has, those that weigh their inputs.
fn hidden(layers: &[Written]) -> Vec<usize> {
    let before = &layers[..output(layers).unwrap_or(0)];
    let chosen = |wanted: &dyn Fn(&Written) -> bool| -> Vec<usize> {
        before.iter().enumerate().filter(|(_, layer)| wanted(layer)).map(|(index, _)| index).collect()
    };
    let active = chosen(&|layer| layer.activation.as_deref().is_some_and(|activation| activation != "linear"));
    if active.is_empty() { chosen(&|layer| matches!(layer.kind.as_str(), "dense" | "conv2d")) } else { active }
}

/// Turns `hidden`, `activation` and `output_activation` into the layers that they stand for; false where they are wrong.
fn write_out(model: &mut dyn TableLike) -> bool {
    let word = |model: &dyn TableLike, key: &str, usual: &str| {
        model.get(key).and_then(Item::as_str).unwrap_or(usual).to_owned()
    };
    let (inner, last) = (word(model, "activation", "relu"), word(model, "output_activation", "linear"));
    let Some(hidden) = model.get("hidden").and_then(Item::as_array) else { return false };
    let mut layers = Array::new();
    let mut push = |units: Option<i64>, activation: &str| {
        let mut layer = InlineTable::new();
        layer.insert("type", "dense".into());
        if let Some(units) = units {
            layer.insert("units", units.into());
        }
        layer.insert("activation", activation.into());
        let mut value = Value::InlineTable(layer);
        value.decor_mut().set_prefix("\n    ");
        layers.push_formatted(value);
    };
    for units in hidden {
        let Some(units) = units.as_integer() else { return false };
        push(Some(units), &inner);
    }
    push(None, &last);
    layers.set_trailing_comma(true);
    layers.set_trailing("\n");
    // A comment above `hidden` is one on the layers.
    let above = model.key("hidden").and_then(|key| key.leaf_decor().prefix().cloned());
    for key in ["hidden", "activation", "output_activation"] {
        model.remove(key);
    }
    model.insert("layers", Item::Value(Value::Array(layers)));
    if let (Some(above), Some(mut key)) = (above, model.key_mut("layers")) {
        key.leaf_decor_mut().set_prefix(above);
    }
    true
}

/// A word that stands for a table becomes that table, so that one of its keys can be set.
pub(super) fn widen(item: &mut Item, path: &[&str]) {
    let Some(word) = item.as_str().map(str::to_owned) else { return };
    if matches!(path, ["model", "init"] | ["model", "layers", _, "init"]) {
        let (weights, bias) = match word.as_str() {
            "keras" => ("glorot_uniform", "zeros"),
            "pytorch" => ("pytorch_uniform", "pytorch_uniform"),
            _ => return,
        };
        replace(item, inline([("weights", weights), ("bias", bias)]));
    } else if let Some(setting) = Setting::at(path).filter(|setting| setting.keys(&word).is_some()) {
        replace(item, inline([(setting.tag, word.as_str())]));
    }
}

/// Another value where the old one stood, with the comment behind it.
fn replace(item: &mut Item, mut value: Value) {
    if let Some(old) = item.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(value);
}

fn inline<const N: usize>(pairs: [(&str, &str); N]) -> Value {
    Value::InlineTable(InlineTable::from_iter(pairs.map(|(key, value)| (key, Value::from(value)))))
}

/// Puts a whole layer where `[[model.layers]]` has a table.
pub(super) fn fill(table: &mut Table, place: &str, value: Value, change: &Change) -> Result<(), ExperimentError> {
    let new = match value {
        Value::InlineTable(new) => new,
        Value::String(word) if place.starts_with("model.layers.") => {
            InlineTable::from_iter([("type", Value::from(word.value().as_str()))])
        }
        _ => {
            let help = "write a layer, such as `{ type = \"dense\", units = 8 }`";
            return Err(change.refused(format!("`{place}` is a table"), help));
        }
    };
    table.clear();
    for (key, value) in new {
        table.insert(&key, Item::Value(value.decorated(" ", "")));
    }
    Ok(())
}

/// Takes away what another kind has no use for, once a setting is of that kind.
pub(super) fn drop_foreign_keys(table: &mut dyn TableLike, key: &str, path: &[&str]) {
    let Some(setting) = Setting::at(path).filter(|setting| setting.tag == key) else { return };
    let kind = table.get(key).and_then(Item::as_str);
    // Of a kind that there is not, the reader has more to say.
    let Some(own) = kind.and_then(|kind| setting.keys(kind)) else { return };
    let foreign: Vec<String> =
        table.iter().map(|(key, _)| key.to_owned()).filter(|key| !own.contains(&key.as_str())).collect();
    for key in foreign {
        table.remove(&key);
    }
}

/// Sets the spaces of an inline table to which a key came or from which one went; one over several lines is left as it is.
pub(super) fn tidy(item: &mut Item) {
    if let Some(Value::InlineTable(table)) = item.as_value_mut() {
        let inner = Value::InlineTable(table.clone()).decorated("", "").to_string();
        if !inner.contains('\n') {
            table.fmt();
        }
    }
}
