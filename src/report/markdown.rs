//! The diagnosis as Markdown, for an issue or a pull request.

mod why;

use crate::judge::{Comparison, Diagnosis, ReportPaths, RunDiagnosis};

use super::{
    evidence,
    figures::cell_name,
    ink::capital,
    measured_tables::{self, TextTable},
    prose::{self, Part},
    run_table::RunTable,
    words,
};

/// A diagnosis as GitHub's Markdown.
pub fn diagnosis(diagnosis: &Diagnosis) -> String {
    let mut text = format!(
        "## {}: {}\n\n{}\n\n",
        escaped(&words::short(&diagnosis.name, 120)),
        words::headline(diagnosis),
        coded(&diagnosis.verdict.summary)
    );
    why::why(&mut text, diagnosis);
    why::change(&mut text, diagnosis);
    if let Some(share) = evidence::share(diagnosis) {
        text.push_str(&format!("{}\n\n", escaped(&prose::sentence(&share))));
    }
    if let Some(run) = words::representative(diagnosis) {
        let more = |id: &str| format!(" (`whymean explain {}`)", words::short(id, 60));
        let found = run.findings.iter();
        let found: Vec<String> =
            found.map(|finding| format!("{}{}", prose::sentence(&finding.sentence), more(&finding.id))).collect();
        let evidence = evidence::of(run, diagnosis).into_iter();
        let evidence = evidence.map(|evidence| format!("{}{}", evidence.sentence(), more(evidence.id)));
        let found: Vec<String> = found.into_iter().chain(evidence).collect();
        list(&mut text, &format!("What was found in the run with seed {}", run.seed), &found);
    }
    runs(&mut text, &diagnosis.runs);
    if diagnosis.outputs.len() > 1 {
        let rows = diagnosis.outputs.iter().map(|output| {
            vec![
                words::short(&output.name, 60),
                words::state(output.state).to_owned(),
                output.constant.map_or(words::ABSENT, words::constant).to_owned(),
                words::estimate(output.skill),
                words::estimate(output.train_skill),
                words::estimate(output.spread),
                output.corr.map_or_else(|| words::ABSENT.to_owned(), words::fixed),
            ]
        });
        let columns = ["output", "state", "constant", "skill [95 %]", "on training", "spread [95 %]", "corr"];
        table(&mut text, &columns, rows);
    }
    measured(&mut text, "What is attainable", measured_tables::attainable(diagnosis));
    if let Some(run) = words::representative(diagnosis) {
        let title = measured_tables::information_title(run);
        measured(&mut text, title, measured_tables::information(run));
    }
    let dead = words::dead_by_seed(&diagnosis.runs).into_iter();
    let dead: Vec<String> = dead.map(|(seeds, layers)| format!("{seeds}: {layers}")).collect();
    list(&mut text, "Dead units at the end", &dead);
    for run in &diagnosis.runs {
        if let Some(proof) = &run.certificate {
            list(&mut text, &format!("Proof that seed {} is stuck", run.seed), &words::certificate(proof));
        }
    }
    list(&mut text, "Not examined", &diagnosis.not_examined);
    paths(&mut text, diagnosis.report.as_ref());
    text
}

fn measured(text: &mut String, title: &str, found: Option<TextTable>) {
    let Some(found) = found else { return };
    text.push_str(&format!("**{title}**\n\n"));
    let columns: Vec<&str> = found.columns.iter().map(String::as_str).collect();
    table(text, &columns, found.rows.into_iter());
    text.push_str(&format!("{}\n\n", escaped(&found.note)));
}

/// A comparison as GitHub's Markdown.
pub fn comparison(comparison: &Comparison) -> String {
    let name = words::short(&comparison.name, 120);
    let mut text = format!("## {}: comparison\n\n{}\n\n", escaped(&name), coded(&comparison.summary));
    let rows = comparison.cells.iter().map(|cell| {
        vec![
            words::short(&cell_name(comparison, &cell.values), 80),
            cell.states.values().sum::<u32>().to_string(),
            words::states(&cell.states),
            words::estimate(Some(cell.p_collapse)),
            words::estimate(cell.skill),
        ]
    });
    table(&mut text, &["setting", "runs", "ended as", "P(collapse) [95 %]", "median skill [worst, best]"], rows);
    list(&mut text, "Not examined", &comparison.not_examined);
    paths(&mut text, comparison.report.as_ref());
    text
}

fn runs(text: &mut String, runs: &[RunDiagnosis]) {
    if runs.is_empty() {
        return;
    }
    let listed = RunTable::of(runs.iter());
    let columns: Vec<&str> = listed.columns.iter().map(|column| column.0).collect();
    table(text, &columns, listed.rows.into_iter());
    if let Some(whose) = listed.whose {
        text.push_str(&format!("{}\n\n", coded(&prose::sentence(&whose))));
    }
}

fn table(text: &mut String, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let row = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    text.push_str(&row(&mut columns.iter().map(|name| escaped(name))));
    text.push_str(&row(&mut columns.iter().map(|_| "---".to_owned())));
    for cells in rows {
        text.push_str(&row(&mut cells.iter().map(|cell| escaped(cell))));
    }
    text.push('\n');
}

fn list(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    text.push_str(&format!("**{title}**\n\n"));
    for line in lines {
        text.push_str(&format!("- {}\n", coded(line)));
    }
    text.push('\n');
}

fn paths(text: &mut String, paths: Option<&ReportPaths>) {
    let Some(paths) = paths else { return };
    let code = |path: &str| format!("`{}`", path.replace(['`', '\n'], " "));
    text.push_str(&format!("{}: {}, {}\n", capital("report"), code(&paths.html), code(&paths.json)));
}

/// A sentence whose names in backticks are code, as far as they are plain; everything else is text as it is.
fn coded(text: &str) -> String {
    // In code nothing can be escaped, so only what needs no escape may be there.
    let plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "_-.,:/=+ \"'{}[]()".contains(c));
    let parts = prose::parts(text).into_iter().map(|part| match part {
        Part::Words(words) => escaped(words),
        Part::Name(name) if plain(name) => format!("`{name}`"),
        Part::Name(name) => escaped(&format!("`{name}`")),
    });
    parts.collect()
}

/// Text as it is: no markup, no markup of HTML, no mention, one line.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // An entity is text to Markdown, and a mention would call people.
            '@' => safe.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '|' | '#' | '~' | '$' | '!' => {
                safe.push('\\');
                safe.push(character);
            }
            // Brackets are markup only where a link could follow, and intervals are written with them.
            '(' if safe.ends_with(']') => safe.push_str("\\("),
            character if character.is_control() => safe.push(' '),
            character => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_diagnosis_reads_well() {
        let (mut document, _) = sample::question();
        document.runs.truncate(3);
        insta::assert_snapshot!("diagnosis", diagnosis(&document));
    }

    #[test]
    fn a_comparison_reads_well() {
        let (document, _) = sample::compared();
        insta::assert_snapshot!("comparison", comparison(&document));
    }

    #[test]
    fn only_plain_names_are_code() {
        assert_eq!(coded("all of `dense_1` is *dead*"), "all of `dense_1` is \\*dead\\*");
        assert_eq!(coded("`<b>` and `c`"), "\\`&lt;b&gt;\\` and `c`");
        assert_eq!(coded("a ` b"), "a \\` b");
    }

    #[test]
    fn names_are_no_markup() {
        assert_eq!(
            escaped("<b>|`*[a](http://x) @you #1\n![i](x)"),
            "&lt;b&gt;\\|\\`\\*[a]\\(http://x) &#64;you \\#1 \\![i]\\(x)"
        );
        assert_eq!(escaped("0.1 [0.0, 0.2]"), "0.1 [0.0, 0.2]");
    }
}
