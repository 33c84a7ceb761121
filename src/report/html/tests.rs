//! Pages of made-up runs.

use std::collections::BTreeSet;

use super::*;
use crate::judge::causes::ProposedChange;
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

/// Puts a text wherever causes and proofs hold one.
fn defile(document: &mut Diagnosis, hostile: &str) {
    let taint = |change: &mut ProposedChange| {
        change.path = hostile.to_owned();
        change.from = change.from.as_ref().map(|_| hostile.to_owned());
        change.to = hostile.to_owned();
        change.why = hostile.to_owned();
    };
    for cause in &mut document.causes {
        // A cause without an id of its own would be the same one.
        cause.id = format!("{}{hostile}", cause.rank);
        cause.consequence_of = cause.consequence_of.as_ref().map(|_| format!("1{hostile}"));
        cause.evidence.iter_mut().for_each(|evidence| evidence.text = hostile.to_owned());
        cause.changes.iter_mut().for_each(taint);
        cause.advice = cause.advice.as_ref().map(|_| hostile.to_owned());
        if let Some(proof) = &mut cause.proof {
            proof.changes.iter_mut().for_each(taint);
            proof.causes_after.iter_mut().for_each(|id| *id = hostile.to_owned());
        }
    }
    for out in &mut document.ruled_out {
        out.id = hostile.to_owned();
        out.text = hostile.to_owned();
    }
    let verification = document.verification.as_mut().expect("in the sample");
    verification.ended = hostile.to_owned();
    verification.patch = Some(format!("--- a\n+++ b\n@@ -1,2 +1,2 @@\n same\n-{hostile}\n+{hostile}\n"));
    for trial in &mut verification.tried {
        trial.cause = hostile.to_owned();
        trial.outcome = hostile.to_owned();
        trial.changes.iter_mut().for_each(taint);
    }
    document.patched_config = Some(hostile.to_owned());
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
        defile(&mut document, hostile);
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
        for banned in ["script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"] {
            assert!(!elements.contains(banned), "{banned}");
        }
        for banned in ["src", "xlink:href", "style", "onload", "onclick", "srcset"] {
            assert!(!attributes.contains(banned), "{banned}");
        }
        // Links stay inside of the page, and lead to something.
        for link in page.split("href=\"").skip(1).map(|rest| &rest[..rest.find('"').expect("quotes close")]) {
            let place = link.strip_prefix('#').expect("inside of the page");
            assert!(ids.iter().any(|id| id == place), "{link}");
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
fn the_change_is_on_the_page_as_a_diff_that_can_be_copied() {
    let (document, records) = sample::question();
    let text = page(&document, &records, "a = 1", "whymean");
    let diff = text.split("<pre class=\"diff\"").nth(1).and_then(|rest| rest.split("</pre>").next()).expect("a diff");
    let plain: String = diff
        .split_once('>')
        .expect("a tag ends")
        .1
        .split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
        .collect();
    let patch = document.verification.and_then(|verification| verification.patch).expect("in the sample");
    assert_eq!(plain.replace("&quot;", "\""), patch);
    assert!(text.contains("<code>whymean diagnose reports&#x2f;boxes&#x2f;boxes.patched.toml</code>"));
}

#[test]
fn a_look_before_the_training_names_no_runs_and_no_verdict() {
    let (mut document, _) = sample::question();
    document.runs.clear();
    document.outputs.clear();
    document.verification = None;
    document.patched_config = None;
    document.causes.iter_mut().for_each(|cause| cause.proof = None);
    document.verdict.state = State::Undecided;
    document.verdict.hold = None;
    document.verdict.constant = None;
    document.verdict.share = None;
    let text = page(&document, &[], "a = 1", "whymean");
    assert!(text.contains("not trained, examined from data and settings alone"));
    assert!(text.contains("Likely cause") && text.contains("To try: "), "{text}");
    assert!(!text.contains("What happened") && !text.contains(">undecided<"));
    for told in [crate::report::text::diagnosis(&document), crate::report::markdown::diagnosis(&document)] {
        assert!(told.contains("not trained, examined from data and settings alone"), "{told}");
        assert!(
            told.contains("nothing was trained, so nothing is proved") || told.contains("Nothing was trained"),
            "{told}"
        );
        assert!(!told.contains("seed  ") && !told.contains("| seed"), "{told}");
    }
}

#[test]
fn a_diagnosis_without_records_still_has_a_page() {
    let (document, _) = sample::question();
    let text = page(&document, &[], "a = 1", "whymean");
    assert!(text.contains(&coded(&document.verdict.summary).to_string()) && !text.contains("<svg "));
}
