//! The page: one file that asks for nothing else. The template holds no arithmetic; it gets ready texts.

mod facts;
mod found;
mod measured;
mod tables;

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
    let mut tables = vec![tables::runs(&diagnosis.runs, "Run by run")];
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
    render(&Page {
        title: format!("{}: {}", diagnosis.name, words::verdict(&diagnosis.verdict)),
        kind: "Diagnosis",
        name: &diagnosis.name,
        badge: Badge { state: words::state(state), text: words::verdict(&diagnosis.verdict) },
        summary: coded(&diagnosis.verdict.summary),
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
        figures: shown(figures, pictures),
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
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::{comparison_figures, diagnosis_figures, sample};

    fn page(document: &Diagnosis, records: &[Record], config: &str, command: &str) -> String {
        let figures = diagnosis_figures(document, records);
        let pictures: Vec<Picture> = figures.iter().map(|figure| Picture::of(figure).expect("drawn")).collect();
        diagnosis(document, records, &figures, &pictures, config, command).expect("a page")
    }

    /// Names of all elements and attributes of a page, and all ids; text may hold no `<`.
    fn markup(page: &str) -> (BTreeSet<String>, BTreeSet<String>, Vec<String>) {
        let (mut elements, mut attributes, mut ids) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for tag in page.split('<').skip(1) {
            let mut rest = tag;
            let end = rest.find([' ', '>', '\n']).expect("a tag ends");
            elements.insert(rest[..end].trim_start_matches('/').trim_end_matches('/').to_owned());
            rest = rest[end..].trim_start();
            while let Some(equals) = rest.find('=').filter(|equals| !rest[..*equals].contains('>')) {
                let name = rest[..equals].trim().to_owned();
                let value = rest[equals + 1..].strip_prefix('"').expect("values are quoted");
                let close = value.find('"').expect("quotes close");
                if name == "id" {
                    ids.push(value[..close].to_owned());
                }
                attributes.insert(name);
                rest = &value[close + 1..];
            }
        }
        (elements, attributes, ids)
    }

    #[test]
    fn hostile_names_are_text_and_nothing_else() {
        let (plain, records) = sample::question();
        let expected = markup(&page(&plain, &records, "a = 1", "whymean"));
        let long = "x".repeat(10_000);
        for hostile in [
            "<script>alert(1)</script>",
            "\" onload=\"alert(1)",
            "' x='&amp;<b",
            "\u{202e}evil\u{0}]]>",
            "`<img src=x>`",
            long.as_str(),
        ] {
            let (mut document, mut records) = sample::question();
            document.name = hostile.to_owned();
            document.verdict.summary = hostile.to_owned();
            document.not_examined = vec![hostile.to_owned()];
            for run in &mut document.runs {
                for finding in &mut run.findings {
                    finding.id = hostile.to_owned();
                    finding.sentence = hostile.to_owned();
                }
                run.outputs[0].seen = hostile.to_owned();
                run.stopped = format!("{hostile}{}", run.seed);
                run.outputs[0].name = hostile.to_owned();
                run.signal[3].layer = hostile.to_owned();
                run.signal_ends_at = Some(hostile.to_owned());
                for dead in &mut run.dead_units {
                    dead.layer = hostile.to_owned();
                }
                if let Some(proof) = &mut run.certificate {
                    proof.layer = hostile.to_owned();
                    proof.frozen_parameters = vec![hostile.to_owned()];
                }
            }
            document.outputs[0].name = hostile.to_owned();
            if let Some(references) = &mut document.references {
                references.input = hostile.to_owned();
            }
            document.outputs[0].seen = hostile.to_owned();
            for record in &mut records {
                sample::rename(record, "x", hostile);
                sample::rename(record, "dense_1", hostile);
                sample::rename(record, "dense_1.weight", hostile);
                record.run.device = hostile.to_owned();
                record.run.versions.insert(hostile.to_owned(), hostile.to_owned());
            }
            let text = page(&document, &records, hostile, hostile);
            assert!(!text.contains("<script") && !text.contains("\" onload"), "{hostile}");
            let found = markup(&text);
            assert_eq!(found, expected, "{hostile:.40}");
        }
    }

    #[test]
    fn a_page_asks_for_nothing_and_its_ids_are_unique() {
        let (document, records) = sample::question();
        let diagnosed = page(&document, &records, "a = 1", "whymean");
        let (compared, cells) = sample::compared();
        let figures = comparison_figures(&compared, &cells);
        let pictures: Vec<Picture> = figures.iter().map(|figure| Picture::of(figure).expect("drawn")).collect();
        let compared = comparison(&compared, &cells, &figures, &pictures, "", "").expect("a page");
        for page in [diagnosed, compared] {
            assert!(page.contains("default-src 'none'"));
            let (elements, attributes, mut ids) = markup(&page);
            for banned in ["script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use", "a"] {
                assert!(!elements.contains(banned), "{banned}");
            }
            for banned in ["src", "href", "xlink:href", "style", "onload", "onclick", "srcset"] {
                assert!(!attributes.contains(banned), "{banned}");
            }
            assert!(!page.contains("url(") && !page.contains("@import"));
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count);
            assert_eq!(page.matches("<svg ").count(), page.matches("role=\"img\" aria-label=\"").count());
        }
    }

    #[test]
    fn nothing_unusual_is_said_only_where_there_is_nothing() {
        const NOTHING: &str = "Nothing unusual was found in the record";
        let said = |fate, forget: bool| {
            let (mut document, records) = sample::of(&[fate], crate::judge::Hold::Plateau);
            document.runs.iter_mut().for_each(|run| run.findings.clear());
            if forget {
                sample::measured::forget(&mut document);
            }
            let text = page(&document, &records, "a = 1", "whymean");
            (text.contains(NOTHING), text.contains("id=\"found\""), text.contains("No symptom"))
        };
        assert_eq!(said(sample::Fate::Learns, true), (true, true, false));
        assert_eq!(said(sample::Fate::Learns, false), (false, true, false));
        assert_eq!(said(sample::Fate::Explodes, true), (false, false, false));
    }

    #[test]
    fn the_page_and_markdown_list_the_same_evidence_and_the_terminal_its_first() {
        let (document, records) = sample::question();
        let text = page(&document, &records, "a = 1", "whymean");
        let found = crate::report::evidence::of(&document.runs[0], &document);
        let markdown = crate::report::markdown::diagnosis(&document);
        let terminal = crate::report::text::diagnosis(&document);
        assert!(found.len() > 3);
        for one in found {
            let told = format!("whymean explain {}", one.id);
            assert_eq!(text.matches(&format!("<code>{told}</code>")).count(), 1, "{told}");
            assert_eq!(markdown.matches(&format!("(`{told}`)")).count(), 1, "{told}");
            assert_eq!(terminal.contains(&format!("    {} ", one.id)), one.matters, "{told}");
        }
    }

    #[test]
    fn a_diagnosis_without_records_still_has_a_page() {
        let (document, _) = sample::question();
        let text = page(&document, &[], "a = 1", "whymean");
        assert!(text.contains(&coded(&document.verdict.summary).to_string()) && !text.contains("<svg "));
    }
}
