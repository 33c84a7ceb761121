//! `whymean explain`.

use serde::Serialize;

use super::{Manner, output};
use crate::{
    cli::{ExplainArguments, Format},
    error::{Exit, UsageError},
    judge,
};

/// Least likeness of names (Jaro-Winkler, 0..1) for one to be offered in place of the other.
const ALIKE: f64 = 0.75;

/// Columns of a line of the list.
const COLUMNS: usize = 100;

#[derive(Serialize)]
struct Explanation {
    id: &'static str,
    /// Markdown.
    text: &'static str,
}

/// Explains one thing, everything, or lists what there is.
pub fn run(arguments: &ExplainArguments, manner: Manner) -> miette::Result<Exit> {
    let mut wanted = judge::explain_ids();
    if let Some(id) = &arguments.id {
        wanted.retain(|known| *known == judge::explained_under(id));
        if wanted.is_empty() {
            return Err(UsageError::UnknownId { id: id.clone(), help: help(id) }.into());
        }
    }
    let explain = |id| judge::explain(id).map(|text| Explanation { id, text });
    let explanations: Vec<Explanation> = wanted.into_iter().filter_map(explain).collect();
    let list_only = arguments.id.is_none() && !arguments.all;
    match (manner.format, list_only) {
        (Format::Json, _) => output::print_json(&explanations)?,
        (Format::Text | Format::Markdown, true) => {
            output::print(&list())?;
        }
        (Format::Text | Format::Markdown, false) => {
            let texts: Vec<&str> = explanations.iter().map(|entry| entry.text.trim_end()).collect();
            output::print(&texts.join("\n\n"))?;
        }
    }
    Ok(Exit::Learned)
}

fn help(id: &str) -> String {
    let nearest = judge::explain_ids()
        .into_iter()
        .map(|known| (strsim::jaro_winkler(known, &id.to_lowercase()), known))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((likeness, known)) if likeness >= ALIKE => {
            format!("did you mean `{known}`? `whymean explain` lists them all")
        }
        _ => "`whymean explain` lists what there is".to_owned(),
    }
}

/// Every id in its group, with its first sentence.
fn list() -> String {
    let groups = judge::explain_groups();
    let width = groups.iter().flat_map(|(_, ids)| ids).map(|id| id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (group, ids) in groups {
        text.push_str(&format!("{}{group}\n", if text.is_empty() { "" } else { "\n" }));
        for id in ids {
            let head = format!("  {id:width$}  ");
            text.push_str(&wrapped(&first_sentence(judge::explain(id).unwrap_or_default()), &head));
        }
    }
    text
}

/// A text behind a head, in lines that fit a terminal; later lines begin below the text.
fn wrapped(text: &str, head: &str) -> String {
    let (mut lines, mut line) = (String::new(), head.to_owned());
    for word in text.split(' ') {
        if line.len() > head.len() && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            lines.push_str(&format!("{line}\n"));
            line = " ".repeat(head.len());
        }
        if line.len() > head.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    format!("{lines}{line}\n")
}

/// What it is, in one sentence: the first of the first section.
fn first_sentence(text: &str) -> String {
    let section = text.lines().skip_while(|line| !line.starts_with("## ")).skip(1);
    let paragraph: Vec<&str> = section.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    match paragraph.split_once(". ") {
        Some((sentence, _)) => format!("{sentence}."),
        None => paragraph,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_id_with_a_sentence_that_ends() {
        let list = list();
        assert!(list.lines().all(|line| line.chars().count() <= COLUMNS), "{list}");
        let ids = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let ids: Vec<&str> = ids.filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(ids, judge::explain_ids());
        for id in ids {
            let sentence = first_sentence(judge::explain(id).expect("an id has a text"));
            assert!(sentence.len() > 20 && sentence.ends_with('.'), "`{id}`: {sentence}");
        }
    }
}
