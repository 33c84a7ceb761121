//! `[data]` of the source `expressions`: lists of named texts, whose mistakes point into the texts.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::fields::{Fields, Walk};
use crate::experiment::{
    error::{ExperimentError, span},
    excerpt::shortened,
    expression::{Mistake, Named, Part, Program, Texts},
};

/// Most entries of one list: far more than a problem that anyone would post.
const MOST_ENTRIES: usize = 10_000;

/// One list and where its entries are.
#[derive(Default)]
struct Entries {
    named: Vec<Named>,
    places: Vec<Place>,
}

struct Place {
    /// Dotted path, for messages.
    path: String,
    /// The name, or the whole entry where it has none.
    name: Range<usize>,
    /// The string with the expression, quotes and all.
    text: Range<usize>,
}

/// The four lists, checked as far as they can be without a sample.
pub(super) struct Lists {
    pub draws: Vec<Named>,
    pub define: Vec<Named>,
    pub inputs: Vec<Named>,
    pub targets: Vec<Named>,
}

pub(super) fn lists(walk: &mut Walk, fields: &mut Fields<'_>) -> Lists {
    let before = walk.mistakes.len();
    let [draws, define, inputs, targets] =
        [Part::Draws, Part::Define, Part::Inputs, Part::Targets].map(|part| entries(walk, fields, part));
    let texts = Texts { draws: &draws.named, define: &define.named, inputs: &inputs.named, targets: &targets.named };
    // A list that could not be read has names that nothing knows: told once is enough.
    if walk.mistakes.len() == before
        && let Err(mistakes) = Program::new(texts)
    {
        for Mistake { part, entry, at, message, help } in mistakes {
            let entries = match part {
                Part::Draws => &draws,
                Part::Define => &define,
                Part::Inputs => &inputs,
                Part::Targets => &targets,
            };
            let (Some(place), Some(named)) = (entries.places.get(entry), entries.named.get(entry)) else { continue };
            let at = at.map_or(place.name.clone(), |at| inside(&place.text, named.expression.len(), at));
            let key = place.path.clone();
            walk.mistakes.push(ExperimentError::Expression { key, message, at: span(&at), help });
        }
    }
    Lists { draws: draws.named, define: define.named, inputs: inputs.named, targets: targets.named }
}

/// Where a part of a string stands in the file; the whole string where an escape has moved its places.
fn inside(string: &Range<usize>, length: usize, at: Range<usize>) -> Range<usize> {
    // One quote on each side, three, or three with a line break behind the first ones.
    let before = match string.len().checked_sub(length) {
        Some(2) => 1,
        Some(6) => 3,
        Some(7) => 4,
        Some(8) => 5,
        _ => return string.clone(),
    };
    let end = at.end.min(length);
    string.start + before + at.start.min(end)..string.start + before + end
}

fn entries(walk: &mut Walk, fields: &mut Fields<'_>, part: Part) -> Entries {
    let path = fields.path(part.key());
    let help = match part {
        Part::Draws => "write `draws = { x = \"uniform(0, 1)\", w = \"normal(0, 1) x 10\" }`",
        Part::Define => "write `define = { signal = \"mix(w)\" }`",
        Part::Inputs => "write `inputs = [\"x\", \"w\"]`, or with names `inputs = { x = \"4 + 2 * s\" }`",
        Part::Targets => "write `targets = { y = \"sin(3 * x)\" }`",
    };
    let key = part.key();
    let Some(value) = fields.get(key) else {
        if matches!(part, Part::Inputs | Part::Targets) {
            walk.missing(fields, key, help);
        }
        return Entries::default();
    };
    let mut list = Entries::default();
    let before = walk.mistakes.len();
    match value.get_ref() {
        DeValue::Table(table) => {
            // In the order of the text, which is the order of the columns.
            let mut rows: Vec<_> = table.iter().collect();
            rows.sort_by_key(|(key, _)| key.span().start);
            for (key, value) in rows {
                let (name, path) = (key.get_ref().to_string(), format!("{path}.{}", shortened(key.get_ref())));
                list.add(walk, Some((name, key.span())), path, value, help);
            }
        }
        DeValue::Array(array) => {
            for (index, item) in array.iter().enumerate() {
                let path = format!("{path}.{index}");
                match item.get_ref() {
                    DeValue::Table(table) => list.add_pair(walk, path, table, item, help),
                    _ if matches!(part, Part::Inputs | Part::Targets) => list.add(walk, None, path, item, help),
                    other => walk.wrong_type(&path, "a name and its expression", other, item.span(), help),
                }
            }
        }
        DeValue::String(_) if matches!(part, Part::Inputs | Part::Targets) => {
            list.add(walk, None, path.clone(), value, help);
            // The usual name of the only target, unless the text is a name itself.
            if let (Part::Targets, [only]) = (part, list.named.as_mut_slice())
                && !only.name.chars().all(|character| character.is_alphanumeric() || character == '_')
            {
                "y".clone_into(&mut only.name);
            }
        }
        other => walk.wrong_type(&path, "a table of names and expressions", other, value.span(), help),
    }
    if list.named.is_empty() && walk.mistakes.len() == before && matches!(part, Part::Inputs | Part::Targets) {
        walk.out_of_range(&path, "at least one expression", "an empty list", value.span(), help);
    }
    if list.named.len() > MOST_ENTRIES {
        let seen = format!("{} entries", list.named.len());
        let wanted = format!("at most {MOST_ENTRIES} entries");
        walk.out_of_range(&path, &wanted, &seen, value.span(), "`w = \"normal(0, 1) x 100\"` is one entry");
    }
    list
}

impl Entries {
    fn add(
        &mut self,
        walk: &mut Walk,
        name: Option<(String, Range<usize>)>,
        path: String,
        value: &Spanned<DeValue<'_>>,
        help: &str,
    ) {
        let expression = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            // A constant column needs no quotes.
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            other => return walk.wrong_type(&path, "an expression in quotes", other, value.span(), help),
        };
        let (name, name_at) = name.unwrap_or_else(|| (expression.trim().to_owned(), value.span()));
        self.named.push(Named { name, expression });
        self.places.push(Place { path, name: name_at, text: value.span() });
    }

    /// `{ name = "y", expression = "2 * x" }`.
    fn add_pair(
        &mut self,
        walk: &mut Walk,
        path: String,
        table: &DeTable<'_>,
        item: &Spanned<DeValue<'_>>,
        help: &str,
    ) {
        let mut fields = Fields::new(path.clone(), item.span(), Some(table));
        let fields = &mut fields;
        let name = walk.text(fields, "name", "the name of the column").map(str::to_owned);
        match (name, fields.get("expression")) {
            (Some(name), Some(expression)) => {
                let name = (name, fields.place_of("name"));
                self.add(walk, Some(name), format!("{path}.expression"), expression, help);
            }
            (None, _) if fields.has("name") => {}
            (None, _) => walk.missing(fields, "name", "write `{ name = \"y\", expression = \"2 * x\" }`"),
            (_, None) => walk.missing(fields, "expression", "write `{ name = \"y\", expression = \"2 * x\" }`"),
        }
        walk.finish(fields);
    }
}
