//! Pages of made-up runs.

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
