//! The schema reader: walks the spanned TOML tree, asks for keys, and notes every mistake instead of stopping.

use std::{cell::RefCell, collections::BTreeSet, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    limits::{CountLimits, Limits},
    strays::Stray,
};
use crate::experiment::{
    Init,
    error::{ExperimentError, span},
    excerpt::{self, shortened},
    suggest::{listed, nearest},
};

/// One table while it is read: what is there, and which keys were asked for.
pub(super) struct Fields<'a> {
    /// Dotted path of the table; empty for the root.
    pub place: String,
    /// Where the table is, for mistakes that have no better place.
    pub at: Range<usize>,
    table: Option<&'a DeTable<'a>>,
    asked: Vec<&'static str>,
    aliases: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub fn new(place: impl Into<String>, at: Range<usize>, table: Option<&'a DeTable<'a>>) -> Self {
        Self { place: place.into(), at, table, asked: Vec::new(), aliases: Vec::new() }
    }

    /// Dotted path of one of its keys.
    pub fn path(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    /// The value of a key; the key counts as allowed from now on.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table?.get(key)
    }

    /// Where the value of a key is; where it is left out, the table.
    pub fn place_of(&self, key: &str) -> Range<usize> {
        self.table.and_then(|table| table.get(key)).map_or_else(|| self.at.clone(), |value| value.span())
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Every key that was asked for, and the one that tells the kind.
    pub fn asked_with(mut self, tag: &'static str) -> Vec<&'static str> {
        self.asked.push(tag);
        self.asked
    }

    pub fn has_asked(&self, key: &str) -> bool {
        self.asked.contains(&key)
    }
}

/// The walk through one file.
#[derive(Default)]
pub(super) struct Walk {
    pub mistakes: Vec<ExperimentError>,
    pub(super) strays: Vec<Stray>,
    /// How all layers start, once it is read.
    pub(super) init: Option<Init>,
    /// Every key that was asked for anywhere, with its table.
    pub(super) homes: RefCell<BTreeSet<(String, &'static str)>>,
}

impl Walk {
    /// A table below `fields`; left out, it reads as an empty one.
    pub fn table<'a>(&mut self, fields: &mut Fields<'a>, key: &'static str) -> Fields<'a> {
        let place = fields.path(key);
        match fields.get(key) {
            None => Fields::new(place, fields.at.clone(), None),
            Some(value) => match value.get_ref() {
                DeValue::Table(table) => Fields::new(place, value.span(), Some(table)),
                other => {
                    let help = format!("write `[{place}]` on a line of its own, its keys below");
                    self.wrong_type(&place, "a table", other, value.span(), &help);
                    Fields::new(place, value.span(), None)
                }
            },
        }
    }

    /// The value under either spelling of a key.
    pub fn spelt<'a>(
        &mut self,
        fields: &mut Fields<'a>,
        key: &'static str,
        other: &'static str,
    ) -> (&'static str, Option<&'a Spanned<DeValue<'a>>>) {
        let alias = fields.table.and_then(|table| table.get(other));
        let value = fields.get(key);
        fields.aliases.push(other);
        if value.is_some() && alias.is_some() {
            self.mistakes.push(ExperimentError::Conflict {
                message: format!("`{}` and `{}` are the same setting", fields.path(key), fields.path(other)),
                at: span(&fields.place_of(other)),
                help: format!("keep one of them; `{other}` is another spelling of `{key}`"),
            });
        }
        match (value, alias) {
            (None, Some(_)) => (other, alias),
            _ => (key, value),
        }
    }

    pub fn wrong_type(&mut self, key: &str, wanted: &str, seen: &DeValue<'_>, at: Range<usize>, help: &str) {
        self.mistakes.push(ExperimentError::WrongType {
            key: key.to_owned(),
            wanted: wanted.to_owned(),
            seen: describe(seen),
            at: span(&at),
            help: help.to_owned(),
        });
    }

    pub fn out_of_range(&mut self, key: &str, wanted: &str, seen: &str, at: Range<usize>, help: &str) {
        self.mistakes.push(ExperimentError::OutOfRange {
            key: key.to_owned(),
            wanted: wanted.to_owned(),
            seen: seen.to_owned(),
            at: span(&at),
            help: help.to_owned(),
        });
    }

    pub fn conflict(&mut self, message: String, at: &Range<usize>, help: &str) {
        self.mistakes.push(ExperimentError::Conflict { message, at: span(at), help: help.to_owned() });
    }

    pub fn missing(&mut self, fields: &Fields<'_>, key: &str, help: &str) {
        self.mistakes.push(ExperimentError::MissingKey {
            key: fields.path(key),
            at: span(&fields.at),
            help: help.to_owned(),
        });
    }

    pub fn unknown_value(&mut self, key: &str, seen: &str, at: &Range<usize>, choices: &[&str]) {
        let all = format!("choose one of {}", listed(choices.iter().copied()));
        let help = match nearest(seen, choices.iter().copied()) {
            Some(name) => format!("did you mean `{name}`? {all}"),
            None => all,
        };
        self.mistakes.push(ExperimentError::UnknownValue {
            key: key.to_owned(),
            seen: shortened(seen),
            at: span(at),
            help,
        });
    }

    /// A finite number within limits; `default` where the key is left out, or a mistake where there is no default.
    pub fn number(&mut self, fields: &mut Fields<'_>, key: &'static str, limits: &Limits, default: Option<f64>) -> f64 {
        let fallback = default.unwrap_or(limits.low.max(1.0).min(limits.high));
        let Some(value) = fields.get(key) else {
            if default.is_none() {
                self.missing(
                    fields,
                    key,
                    &format!("write `{key} = ...`, a number {}; {}", limits.wanted(), limits.help),
                );
            }
            return fallback;
        };
        let path = fields.path(key);
        let number = match value.get_ref() {
            DeValue::Integer(_) => whole(value.get_ref()).map(|number| number as f64),
            DeValue::Float(float) => float.as_str().parse().ok(),
            other => {
                let wanted = format!("a number {}", limits.wanted());
                self.wrong_type(&path, &wanted, other, value.span(), limits.help);
                return fallback;
            }
        };
        match number {
            Some(number) if limits.allow(number) => number,
            Some(number) if number.is_finite() => {
                self.out_of_range(
                    &path,
                    &limits.wanted(),
                    &format!("`{}`", excerpt::number(number)),
                    value.span(),
                    limits.help,
                );
                fallback
            }
            _ => {
                let help = "`nan`, `inf` and numbers beyond 1.8e308 are no settings";
                self.out_of_range(&path, "a finite number", &describe(value.get_ref()), value.span(), help);
                fallback
            }
        }
    }

    /// A whole number within limits; as [`Self::number`].
    pub fn count(
        &mut self,
        fields: &mut Fields<'_>,
        key: &'static str,
        limits: &CountLimits,
        default: Option<u32>,
    ) -> u32 {
        let fallback = default.unwrap_or(limits.low);
        match fields.get(key) {
            None => {
                if default.is_none() {
                    self.missing(fields, key, &format!("write `{key} = ...`, {}; {}", limits.wanted(), limits.help));
                }
                fallback
            }
            Some(value) => self.count_value(&fields.path(key), value, limits).unwrap_or(fallback),
        }
    }

    /// A whole number within limits, wherever it stands.
    pub fn count_value(&mut self, path: &str, value: &Spanned<DeValue<'_>>, limits: &CountLimits) -> Option<u32> {
        let low_to_high = u64::from(limits.low)..=u64::from(limits.high);
        let help = match value.get_ref() {
            DeValue::Integer(_) => limits.advice(whole(value.get_ref())),
            _ => limits.help.to_owned(),
        };
        self.whole_value(path, value, low_to_high, &limits.wanted(), &help)
            .and_then(|number| u32::try_from(number).ok())
    }

    /// A whole number in a range.
    pub fn whole_value(
        &mut self,
        path: &str,
        value: &Spanned<DeValue<'_>>,
        range: std::ops::RangeInclusive<u64>,
        wanted: &str,
        help: &str,
    ) -> Option<u64> {
        let DeValue::Integer(integer) = value.get_ref() else {
            self.wrong_type(path, wanted, value.get_ref(), value.span(), help);
            return None;
        };
        let number = whole(value.get_ref()).and_then(|number| u64::try_from(number).ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.out_of_range(path, wanted, &format!("`{}`", shortened(integer.as_str())), value.span(), help);
        }
        number
    }

    pub fn flag(&mut self, fields: &mut Fields<'_>, key: &'static str, default: bool) -> bool {
        let Some(value) = fields.get(key) else {
            return default;
        };
        if let DeValue::Boolean(flag) = value.get_ref() {
            return *flag;
        }
        let path = fields.path(key);
        self.wrong_type(
            &path,
            "`true` or `false`",
            value.get_ref(),
            value.span(),
            "booleans are written without quotes",
        );
        default
    }

    /// One of some words.
    pub fn choice<T: Clone>(
        &mut self,
        fields: &mut Fields<'_>,
        key: &'static str,
        options: &[(&'static str, T)],
        default: T,
    ) -> T {
        let Some(value) = fields.get(key) else {
            return default;
        };
        let path = fields.path(key);
        self.word(&path, value, options).unwrap_or(default)
    }

    /// The option that a string names.
    pub fn word<T: Clone>(
        &mut self,
        path: &str,
        value: &Spanned<DeValue<'_>>,
        options: &[(&'static str, T)],
    ) -> Option<T> {
        let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
        let DeValue::String(word) = value.get_ref() else {
            let help = format!("choose one of {}", listed(names));
            self.wrong_type(path, "a string", value.get_ref(), value.span(), &help);
            return None;
        };
        let found = options.iter().find(|(name, _)| *name == word.as_ref()).map(|(_, option)| option.clone());
        if found.is_none() {
            self.unknown_value(path, word, &value.span(), &names);
        }
        found
    }

    pub fn text<'a>(&mut self, fields: &mut Fields<'a>, key: &'static str, help: &str) -> Option<&'a str> {
        let value = fields.get(key)?;
        if let DeValue::String(text) = value.get_ref() {
            return Some(text);
        }
        let path = fields.path(key);
        self.wrong_type(&path, "a string", value.get_ref(), value.span(), help);
        None
    }

    /// Notes every key of the table that nothing asked for.
    pub fn finish(&mut self, fields: &Fields<'_>) {
        self.finish_variant(fields, None);
    }

    /// As [`Self::finish`]; `variant` is what the table is, and says which other variants have a key.
    #[expect(clippy::type_complexity, reason = "one closure, used twice")]
    pub fn finish_variant(&mut self, fields: &Fields<'_>, variant: Option<(&str, &dyn Fn(&str) -> Vec<&'static str>)>) {
        self.homes.borrow_mut().extend(fields.asked.iter().map(|key| (fields.place.clone(), *key)));
        let Some(table) = fields.table else { return };
        for key in table.keys() {
            let name: &str = key.get_ref();
            if fields.has_asked(name) || fields.aliases.contains(&name) {
                continue;
            }
            self.strays.push(Stray {
                place: fields.place.clone(),
                key: name.to_owned(),
                at: key.span(),
                allowed: fields.asked.clone(),
                variant: variant.map(|(variant, others)| (variant.to_owned(), others(name))),
            });
        }
    }
}

/// A TOML integer of any radix; `None` beyond 128 bits.
pub(super) fn whole(value: &DeValue<'_>) -> Option<i128> {
    value.as_integer().and_then(|integer| i128::from_str_radix(integer.as_str(), integer.radix()).ok())
}

/// What a value is, for people.
pub(super) fn describe(value: &DeValue<'_>) -> String {
    const SHOWN: usize = 40;
    match value {
        DeValue::String(text) if text.chars().count() > SHOWN => "a long string".to_owned(),
        DeValue::String(text) => format!("the string \"{}\"", shortened(text)),
        DeValue::Integer(number) => format!("the whole number `{}`", shortened(number.as_str())),
        DeValue::Float(number) => format!("the number `{}`", shortened(number.as_str())),
        DeValue::Boolean(flag) => format!("the boolean `{flag}`"),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(items) => format!("a list of {}", items.len()),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
