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
        wanted.retain(|known| known == id);
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
            let lines: Vec<String> =
                explanations.iter().map(|entry| format!("{:24} {}", entry.id, title(entry.text))).collect();
            output::print(&lines.join("\n"))?;
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

/// The first heading.
fn title(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_start_matches('#').trim()
}
