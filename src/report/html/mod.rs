//! The page: one file that asks for nothing else. The template holds no arithmetic; it gets ready texts.

mod facts;
mod found;
mod measured;
mod tables;
mod why;

use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;

use crate::judge::{Comparison, Diagnosis, State};
use crate::record::Record;

use facts::{facts, numbers, seeds};
use found::coded;

use super::{
    ReportError,
    figure::Figure,
    figures::cell_name,
    ink::{Format, InkError, Layout, capital, ink},
    theme, words,
};

const PAGE: &str = include_str!("page.html");
/// The figure that stands beside the change that it shows.
const PROOF: &str = "proof";
const STYLE: &str = include_str!("page.css");

/// A figure in the sizes that a page needs.
pub struct Picture {
    wide: String,
    narrow: String,
}

impl Picture {
    /// Draws a figure for a page.
    pub fn of(figure: &Figure) -> Result<Self, InkError> {
        Ok(Self { wide: drawn(figure, Layout::Wide, "wide")?, narrow: drawn(figure, Layout::Narrow, "narrow")? })
    }
}

/// Draws a figure; `name` tells drawings of the same figure apart.
fn drawn(figure: &Figure, layout: Layout, name: &str) -> Result<String, InkError> {
    let mut text = String::new();
    ink(figure, layout, Format::Svg(&mut text))?;
    Ok(placed(&text, &format!("{}-{name}", figure.id), &figure.alt))
}

/// The picture beside the verdict.
fn hero(figure: Option<&Figure>) -> Result<Option<Value>, InkError> {
    figure.map(|figure| Ok(safe(drawn(figure, Layout::First, "verdict")?))).transpose()
}

/// The drawing as a part of a page: sized by the style sheet, named, and with its description.
fn placed(svg: &str, id: &str, alt: &str) -> String {
    let view = svg.split_once("viewBox=\"").and_then(|(_, rest)| rest.split_once('"'));
    let body = svg.split_once("<svg").and_then(|(_, rest)| rest.split_once('>'));
    let (Some((view, _)), Some((_, body))) = (view, body) else {
        return String::new();
    };
    let alt = minijinja::HtmlEscape(alt);
    format!("<svg id=\"{id}\" viewBox=\"{view}\" role=\"img\" aria-label=\"{alt}\">{body}")
}

#[derive(Serialize)]
struct Page<'a> {
    title: String,
    kind: &'static str,
    name: &'a str,
    badge: Badge,
    summary: Value,
    first: Option<why::First>,
    change: Option<why::Change>,
    why: Option<why::Why>,
    found: Option<found::Found>,
    found_in_others: Vec<found::Found>,
    /// Whether there is nothing to tell, and that is good.
    unremarkable: bool,
    evidence: Vec<found::Item>,
    measured: Vec<measured::Measured>,
    numbers: Vec<(String, String)>,
    hero: Option<Value>,
    hero_caption: String,
    tables: Vec<tables::Table>,
    /// Shown on demand, after the figures.
    details: Vec<tables::Table>,
    /// Figures of the change, beside it.
    change_figures: Vec<Shown<'a>>,
    figures: Vec<Shown<'a>>,
    dead: Vec<String>,
    proofs: Vec<Proof>,
    not_examined: Vec<Value>,
    facts: Vec<(String, String)>,
    targets: Option<tables::Table>,
    config: &'a str,
    command: &'a str,
    json: String,
    style: Value,
}

#[derive(Serialize)]
struct Badge {
    state: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    title: String,
    wide: Value,
    narrow: Value,
    how_to_read: &'a str,
}

#[derive(Serialize)]
struct Proof {
    title: String,
    sentences: Vec<Value>,
}

/// The page of a diagnosis.
pub fn diagnosis(
    diagnosis: &Diagnosis,
    records: &[Record],
    figures: &[Figure],
    pictures: &[Picture],
    config: &str,
    command: &str,
) -> Result<String, ReportError> {
    let state = diagnosis.verdict.state;
    let dead = words::dead_by_seed(&diagnosis.runs).into_iter();
    let dead = dead.map(|(seeds, layers)| format!("{seeds}: {layers}"));
    let proofs = diagnosis.runs.iter().filter_map(|run| {
        let proof = run.certificate.as_ref()?;
        Some(Proof {
            title: format!("Seed {}: proved stuck after step {}", run.seed, proof.step),
            sentences: words::certificate(proof).iter().map(|sentence| coded(sentence)).collect(),
        })
    });
    let (found, found_in_others) = found::of(diagnosis);
    let mut tables = Vec::new();
    if !diagnosis.runs.is_empty() {
        tables.push(tables::runs(&diagnosis.runs, "Run by run"));
    }
    if diagnosis.outputs.len() > 1 {
        tables.push(tables::outputs(diagnosis));
    }
    let wanted = match state {
        State::Diverged => "loss",
        State::Undertrained | State::Undecided | State::Mismatch => "spread-and-skill",
        State::Unpredictable => "references",
        State::Learned | State::Memorised | State::Shrunk | State::Partial | State::Collapsed => {
            "predicted-against-target"
        }
    };
    let first = figures.iter().find(|figure| figure.id == wanted).or(figures.first());
    let run = records.first().map(|record| &record.run);
    let change = why::change(diagnosis);
    let beside = |shown: &Shown<'_>| change.is_some() && shown.id == PROOF;
    let (change_figures, figures_below) = shown(figures, pictures).into_iter().partition(beside);
    render(&Page {
        title: format!("{}: {}", diagnosis.name, words::headline(diagnosis)),
        kind: "Diagnosis",
        name: &diagnosis.name,
        badge: Badge { state: words::state(state), text: words::headline(diagnosis) },
        summary: coded(&diagnosis.verdict.summary),
        first: why::first(diagnosis),
        change,
        why: why::why(diagnosis, figures),
        found,
        found_in_others,
        unremarkable: found::is_unremarkable(diagnosis),
        evidence: words::representative(diagnosis).map_or_else(Vec::new, |run| found::evidence(run, diagnosis)),
        measured: measured::of(diagnosis),
        numbers: numbers(diagnosis),
        hero: hero(first)?,
        details: Vec::new(),
        hero_caption: first.map_or_else(String::new, |figure| capital(&figure.title)),
        tables,
        change_figures,
        figures: figures_below,
        dead: dead.collect(),
        proofs: proofs.collect(),
        not_examined: diagnosis.not_examined.iter().map(|line| coded(line)).collect(),
        facts: run.map_or_else(Vec::new, |run| facts(run, &seeds(records.iter()))),
        targets: run.map(tables::targets),
        config,
        command,
        json: file_name(diagnosis.report.as_ref().map(|paths| paths.json.as_str())),
        style: style(),
    })
}

/// The page of a comparison.
pub fn comparison(
    comparison: &Comparison,
    cells: &[(Vec<String>, Vec<Record>)],
    figures: &[Figure],
    pictures: &[Picture],
    config: &str,
    command: &str,
) -> Result<String, ReportError> {
    let details = comparison.cells.iter().map(|cell| {
        let name = words::short(&cell_name(comparison, &cell.values), 200);
        tables::runs(&cell.runs, &format!("Runs with {name}"))
    });
    let details = details.collect();
    let count: usize = comparison.cells.iter().map(|cell| cell.runs.len()).sum();
    let records = || cells.iter().flat_map(|(_, records)| records);
    let run = records().next().map(|record| &record.run);
    render(&Page {
        title: format!("{}: comparison", comparison.name),
        kind: "Comparison",
        name: &comparison.name,
        badge: Badge {
            state: words::state(State::Undecided),
            text: format!("{} settings, {count} runs", comparison.cells.len()),
        },
        summary: coded(&comparison.summary),
        first: None,
        change: None,
        why: None,
        found: None,
        found_in_others: Vec::new(),
        unremarkable: false,
        evidence: Vec::new(),
        measured: Vec::new(),
        numbers: Vec::new(),
        hero: hero(figures.first())?,
        hero_caption: figures.first().map_or_else(String::new, |figure| capital(&figure.title)),
        tables: vec![tables::settings(comparison)],
        details,
        change_figures: Vec::new(),
        figures: shown(figures, pictures),
        dead: Vec::new(),
        proofs: Vec::new(),
        not_examined: comparison.not_examined.iter().map(|line| coded(line)).collect(),
        facts: run.map_or_else(Vec::new, |run| facts(run, &seeds(records()))),
        targets: run.map(tables::targets),
        config,
        command,
        json: file_name(comparison.report.as_ref().map(|paths| paths.json.as_str())),
        style: style(),
    })
}

fn render(page: &Page<'_>) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    Ok(environment.render_str(PAGE, minijinja::value::Serde(page))?)
}

/// Marks what was made here as markup; everything else is escaped.
fn safe(markup: String) -> Value {
    Value::from_safe_string(markup)
}

fn style() -> Value {
    let states = State::ALL
        .map(|state| format!(".{}{{--state:var(--{})}}\n", words::state(state), theme::name(theme::state(state))));
    safe(format!("{}{}{STYLE}", theme::style_sheet(), states.concat()))
}

fn shown<'a>(figures: &'a [Figure], pictures: &[Picture]) -> Vec<Shown<'a>> {
    let pairs = figures.iter().zip(pictures);
    pairs
        .map(|(figure, picture)| Shown {
            id: figure.id,
            title: capital(&figure.title),
            wide: safe(picture.wide.clone()),
            narrow: safe(picture.narrow.clone()),
            how_to_read: &figure.how_to_read,
        })
        .collect()
}

fn file_name(path: Option<&str>) -> String {
    let name = path.and_then(|path| std::path::Path::new(path).file_name());
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
