//! What the names of expressions stand for.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use super::{
    Operation, Slip,
    functions::{FUNCTIONS, function},
};
use crate::experiment::{
    excerpt::shortened,
    suggest::{listed, nearest},
};

/// Names that are always there.
const CONSTANTS: &[&str] = &["index", "pi"];

/// What a name stands for.
#[derive(Clone, Copy)]
pub(super) struct Meaning {
    pub operation: Operation,
    pub width: usize,
}

/// Every name so far.
#[derive(Default)]
pub(super) struct Names {
    /// A name of several numbers stands for each of them, too, with its number behind the name.
    meanings: BTreeMap<String, Meaning>,
    /// In the order of the text, for help.
    listed: Vec<String>,
    /// Names that a mistake or a later line keeps from being known, and why.
    pub unknown: HashMap<String, &'static str>,
}

impl Names {
    /// Makes a name known.
    ///
    /// - Errors: it is no name, or there is one already, in words.
    pub fn add(&mut self, name: &str, meaning: Meaning) -> Result<(), String> {
        if !is_name(name) {
            return Err(format!("`{}` is no name", shortened(name)));
        }
        if function(name).is_some() || CONSTANTS.contains(&name) {
            return Err(format!("`{name}` has a meaning of its own"));
        }
        // Its own numbers must not be known as names, nor it as the number of another one.
        let digits = format!("{name}0")..format!("{name}:");
        let own = self.meanings.range(digits).map(|(other, _)| other).find(|other| {
            let number = number(&other[name.len()..]);
            meaning.width > 1 && number.is_some_and(|number| (1..=meaning.width).contains(&number))
        });
        let taken = if self.meaning(name).is_some() { Some(name) } else { own.map(String::as_str) };
        if let Some(taken) = taken {
            return Err(format!("there already is a `{}`", shortened(taken)));
        }
        self.listed.push(name.to_owned());
        self.meanings.insert(name.to_owned(), meaning);
        Ok(())
    }

    /// What a name stands for: itself, or a number of a name of several.
    pub fn meaning(&self, name: &str) -> Option<Meaning> {
        if let Some(meaning) = self.meanings.get(name) {
            return Some(*meaning);
        }
        // The digits behind the name: `w12` is the second number of `w1`, or the twelfth of `w`; never both, as `add` sees to.
        let first = name.trim_end_matches(|last: char| last.is_ascii_digit()).len();
        (first..name.len()).rev().find_map(|at| {
            let Meaning { operation, width } = *self.meanings.get(&name[..at])?;
            let place = number(&name[at..])?.checked_sub(1)?;
            let operation = match operation {
                Operation::Drawn(which, _) => Operation::Drawn(which, place),
                Operation::Defined(which, _) => Operation::Defined(which, place),
                _ => return None,
            };
            (width > 1 && place < width).then_some(Meaning { operation, width: 1 })
        })
    }

    /// What to say of a name that stands for nothing here.
    pub fn unknown_name(&self, name: &str, at: Range<usize>) -> Slip {
        if function(name).is_some() {
            let message = format!("`{name}` is a function");
            return Slip::new(at, message, format!("call it, as in `{name}(...)`"));
        }
        let message = format!("there is no `{}`", shortened(name));
        if let Some(why) = self.unknown.get(name) {
            return Slip::new(at, format!("`{}` is not known here", shortened(name)), *why);
        }
        let known = self.listed.iter().map(String::as_str).chain(CONSTANTS.iter().copied());
        let all = format!("known here: {}", listed(known.clone()));
        // `w11` of `w x 10` is nearer to `w` than to anything else, but the numbers of `w` say more.
        let base = name.trim_end_matches(|last: char| last.is_ascii_digit());
        let help = match self.meanings.get(base).filter(|_| base != name) {
            Some(Meaning { width: 1, .. }) => format!("`{base}` is a single number; {all}"),
            Some(Meaning { width, .. }) => format!("`{base}` has the numbers `{base}1` to `{base}{width}`; {all}"),
            None => match nearest(name, known.collect::<Vec<_>>()) {
                Some(near) => format!("did you mean `{near}`? {all}"),
                None => all,
            },
        };
        Slip::new(at, message, help)
    }

    /// What to say of a function that there is not.
    pub fn unknown_function(&self, name: &str, at: Range<usize>) -> Slip {
        let message = format!("there is no function `{}`", shortened(name));
        if self.meaning(name).is_some() {
            return Slip::new(at, message, format!("a product needs its `*`, as in `{name} * (...)`"));
        }
        // Names that other languages have for the same.
        let synonym = match name {
            "ln" => Some("log"),
            "pow" | "power" => return Slip::new(at, message, "a power is written `x ^ 2`"),
            "mod" => return Slip::new(at, message, "a remainder is written `x % 3`"),
            "where" | "select" | "ifelse" => Some("if"),
            "clamp" => Some("clip"),
            "logistic" | "expit" => Some("sigmoid"),
            "heaviside" => Some("step"),
            "linspace" | "arange" => Some("range"),
            "average" => Some("mean"),
            "dot" => Some("sum"),
            _ => None,
        };
        let names = FUNCTIONS.iter().map(|function| function.name);
        let all = format!("there are {}", listed_all(names.clone()));
        let help = match synonym.or_else(|| nearest(name, names)) {
            Some(near) => {
                let usage = function(near).map_or("", |function| function.usage);
                format!("did you mean {usage}? {all}")
            }
            None => all,
        };
        Slip::new(at, message, help)
    }
}

/// The number that digits behind a name stand for; `w01` is a name of its own.
fn number(digits: &str) -> Option<usize> {
    digits.parse().ok().filter(|_| digits.starts_with(|first: char| matches!(first, '1'..='9')))
}

/// Whether an expression could call it so.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |character: char| character.is_alphanumeric() || character == '_';
    text.starts_with(|first: char| first.is_alphabetic() || first == '_') && text.chars().all(plain)
}

/// All of them, since the list is the only place where a user sees what there is.
fn listed_all<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
