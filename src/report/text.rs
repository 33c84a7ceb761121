//! The diagnosis in a terminal: the answer on the first screen, what it rests on below.
//!
//! Styles are ANSI; the caller prints through a stream that strips them where they are not wanted.

mod why;

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::judge::{Comparison, Diagnosis, ReportPaths, RunDiagnosis, State};

use super::{evidence, figures::cell_name, prose, run_table::RunTable, words};

/// Columns of a screen that text is wrapped to.
const COLUMNS: usize = 100;
/// Columns of a line that is cut, not wrapped.
const CUT: usize = 88;
/// Runs that the table lists.
const MOST_RUNS: usize = 12;
/// Findings of the run that stands for all.
const MOST_FINDINGS: usize = 4;
/// Pieces of evidence of that run.
const MOST_EVIDENCE: usize = 6;
/// Lines for what was not examined.
const MOST_LINES: usize = 5;

/// A diagnosis, with ANSI styles.
pub fn diagnosis(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    let style = state_style(diagnosis.verdict.state).bold();
    let name = words::short(&diagnosis.name, 60);
    let verdict = words::headline(diagnosis);
    line(&mut text, &format!("{name}: {style}{verdict}{style:#}"));
    paragraph(&mut text, &diagnosis.verdict.summary, "");
    // First what a person came for: why, and what to change; what it rests on comes after it.
    why::why(&mut text, diagnosis);
    why::change(&mut text, diagnosis);
    runs(&mut text, &diagnosis.runs);
    if let Some(share) = evidence::share(diagnosis) {
        let faint = faint();
        line(&mut text, &format!("  {faint}{share}{faint:#}"));
    }
    if let Some(run) = words::representative(diagnosis) {
        found(&mut text, run, diagnosis);
    }
    // Where nothing is wrong, causes that were not looked for are no news; the report has them.
    if !words::is_calm(diagnosis.verdict.state) {
        not_examined(&mut text, &diagnosis.not_examined);
    }
    paths(&mut text, diagnosis.report.as_ref());
    text
}

/// A comparison, with ANSI styles.
pub fn comparison(comparison: &Comparison) -> String {
    let mut text = String::new();
    let bold = Style::new().bold();
    let name = words::short(&comparison.name, 60);
    line(&mut text, &format!("{name}: {bold}comparison{bold:#}"));
    paragraph(&mut text, &comparison.summary, "");
    blank(&mut text);
    let mut rows =
        vec![Row::head(&["setting", "runs", "P(collapse) [95 %]", "median skill [worst, best]", "ended as"])];
    for cell in &comparison.cells {
        rows.push(Row {
            style: Style::new(),
            cells: vec![
                words::short(&cell_name(comparison, &cell.values), 40),
                cell.states.values().sum::<u32>().to_string(),
                words::estimate(Some(cell.p_collapse)),
                words::estimate(cell.skill),
                words::states(&cell.states),
            ],
            styled: None,
        });
    }
    table(&mut text, &rows, &[false, true, false, false, false]);
    not_examined(&mut text, &comparison.not_examined);
    paths(&mut text, comparison.report.as_ref());
    text
}

fn state_style(state: State) -> Style {
    let colour = match state {
        State::Learned => AnsiColor::Green,
        State::Memorised | State::Undertrained | State::Shrunk | State::Partial => AnsiColor::Yellow,
        State::Collapsed | State::Mismatch | State::Diverged => AnsiColor::Red,
        State::Unpredictable => AnsiColor::Cyan,
        State::Undecided => AnsiColor::Magenta,
    };
    Style::new().fg_color(Some(colour.into()))
}

fn faint() -> Style {
    Style::new().dimmed()
}

fn line(text: &mut String, content: &str) {
    text.push_str(content.trim_end());
    text.push('\n');
}

fn blank(text: &mut String) {
    text.push('\n');
}

/// A paragraph, wrapped; lines after the first are indented like the text after the head.
fn paragraph(text: &mut String, content: &str, head: &str) {
    let mut row = head.to_owned();
    let indent = " ".repeat(head.chars().count());
    let content = words::short(content, 2_000);
    let mut fresh = true;
    for word in content.split_whitespace() {
        if !fresh && row.chars().count() + 1 + word.chars().count() > COLUMNS {
            line(text, &row);
            row = indent.clone();
            fresh = true;
        }
        if !fresh {
            row.push(' ');
        }
        row.push_str(word);
        fresh = false;
    }
    line(text, &row);
}

struct Row {
    style: Style,
    cells: Vec<String>,
    /// One cell that has its own style.
    styled: Option<(usize, Style)>,
}

impl Row {
    fn head(cells: &[&str]) -> Self {
        Self { style: faint(), cells: cells.iter().map(|cell| (*cell).to_owned()).collect(), styled: None }
    }
}

/// A table whose columns are as wide as their widest cell; `right` says which are flush right.
fn table(text: &mut String, rows: &[Row], right: &[bool]) {
    let width = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.cells.get(column));
        widths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..right.len()).map(width).collect();
    for row in rows {
        let mut content = String::new();
        for (column, cell) in row.cells.iter().enumerate() {
            let air = " ".repeat(widths[column] - cell.chars().count());
            let style = match row.styled {
                Some((styled, style)) if styled == column => style,
                _ => row.style,
            };
            // Padding stays outside of the style, and the last cell has none, so that no line ends in spaces.
            let cell = format!("{style}{cell}{style:#}");
            let last = column + 1 == row.cells.len();
            let written = match (right[column], last) {
                (true, _) => write!(content, "  {air}{cell}"),
                (false, true) => write!(content, "  {cell}"),
                (false, false) => write!(content, "  {cell}{air}"),
            };
            debug_assert!(written.is_ok(), "a string takes all that is written");
        }
        line(text, &content);
    }
}

fn runs(text: &mut String, runs: &[RunDiagnosis]) {
    if runs.is_empty() {
        return;
    }
    blank(text);
    let listed = RunTable::of(runs.iter().take(MOST_RUNS));
    let heads: Vec<&str> = listed.columns.iter().map(|column| column.0).collect();
    let right: Vec<bool> = listed.columns.iter().map(|column| column.1).collect();
    let styled = runs.iter().map(|run| Some((RunTable::STATE, state_style(run.state))));
    let rows = listed.rows.into_iter().zip(styled);
    let rows = rows.map(|(cells, styled)| Row { style: Style::new(), cells, styled });
    let rows: Vec<Row> = std::iter::once(Row::head(&heads)).chain(rows).collect();
    table(text, &rows, &right);
    if runs.len() > MOST_RUNS {
        line(text, &format!("  and {} more runs, in the report", runs.len() - MOST_RUNS));
    }
    if let Some(whose) = listed.whose {
        let faint = faint();
        line(text, &format!("  {faint}{whose}{faint:#}"));
    }
}

/// Symptoms, evidence and dead units of the run that stands for all.
fn found(text: &mut String, run: &RunDiagnosis, diagnosis: &Diagnosis) {
    let faint = faint();
    let evidence = evidence::of(run, diagnosis).into_iter().filter(|evidence| evidence.matters);
    let evidence: Vec<(String, String)> =
        evidence.take(MOST_EVIDENCE).map(|evidence| (evidence.id.to_owned(), evidence.clause)).collect();
    let findings = run.findings.iter().take(MOST_FINDINGS);
    let findings = findings.map(|finding| (words::short(&finding.id, 40), finding.sentence.clone()));
    let found: Vec<(String, String)> = findings.chain(evidence).collect();
    if !found.is_empty() {
        blank(text);
        line(text, &format!("  found in seed {} {faint}(`whymean explain NAME` tells more){faint:#}", run.seed));
        let width = found.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, sentence) in &found {
            paragraph(text, sentence, &format!("    {name:width$}  "));
        }
        if run.findings.len() > MOST_FINDINGS {
            line(text, &format!("    and {} more, in the report", run.findings.len() - MOST_FINDINGS));
        }
    }
    // A dead unit here and there is the rule in networks that learn.
    if !run.dead_units.is_empty() && !words::is_calm(run.state) {
        if found.is_empty() {
            blank(text);
        }
        let dead = words::dead_of(run);
        let others = diagnosis.runs.iter().filter(|other| other.seed != run.seed && !other.dead_units.is_empty());
        let others: Vec<String> = others.map(words::dead_of).collect();
        let same = !others.is_empty() && others.iter().all(|other| *other == dead);
        let alike = if same { " (others alike)" } else { "" };
        paragraph(text, &format!("{dead}{alike}"), &format!("  dead units, seed {}: ", run.seed));
    }
}

/// One line each: the matter; the reasons are in the report.
fn not_examined(text: &mut String, lines: &[String]) {
    const HEAD: &str = "  not examined: ";
    if lines.is_empty() {
        return;
    }
    blank(text);
    let room = CUT - HEAD.len();
    for (index, matter) in lines.iter().take(MOST_LINES).enumerate() {
        let head = if index == 0 { HEAD.to_owned() } else { " ".repeat(HEAD.len()) };
        line(text, &format!("{head}{}", words::short(prose::matter(matter), room)));
    }
    if lines.len() > MOST_LINES {
        line(text, &format!("{}and {} more", " ".repeat(HEAD.len()), lines.len() - MOST_LINES));
    }
}

fn paths(text: &mut String, paths: Option<&ReportPaths>) {
    let Some(paths) = paths else { return };
    blank(text);
    line(text, &format!("  report    {}", paths.html));
    if let Some(first) = paths.png.first() {
        let folder =
            std::path::Path::new(first).parent().map_or_else(String::new, |folder| folder.display().to_string());
        line(text, &format!("  pictures  {folder}/ ({} files)", paths.png.len()));
    }
    line(text, &format!("  json      {}", paths.json));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn paths_of(name: &str) -> ReportPaths {
        ReportPaths {
            html: format!("reports/{name}/report.html"),
            png: vec![format!("reports/{name}/figures/loss.png")],
            json: format!("reports/{name}/diagnosis.json"),
        }
    }

    #[test]
    fn the_answer_fits_one_screen_and_what_it_rests_on_another() {
        let (mut document, _) = sample::question();
        document.report = Some(paths_of("boxes"));
        let text = plain(&diagnosis(&document));
        let answer = text.lines().take_while(|line| !line.contains("run it")).count();
        assert!(answer < 40 && text.lines().count() - answer <= 36, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
        assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
        let cut = text.lines().skip_while(|line| !line.contains("not examined")).take(2);
        assert!(cut.clone().count() == 2 && cut.into_iter().all(|line| line.chars().count() <= CUT), "{text}");
        insta::assert_snapshot!("diagnosis", text);
    }

    #[test]
    fn a_run_that_diverged_has_no_numbers_and_no_zeros_in_their_place() {
        let (document, _) = sample::of(&[sample::Fate::Explodes], crate::judge::Hold::Plateau);
        let text = plain(&diagnosis(&document));
        assert!(!text.contains("0.000"), "{text}");
        insta::assert_snapshot!("diverged", text);
    }

    #[test]
    fn the_best_two_pieces_of_evidence_and_the_diff_come_before_the_numbers() {
        let (document, _) = sample::question();
        let text = plain(&diagnosis(&document));
        let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("`{part}` is missing in {text}"));
        let parts = [
            "collapsed, stuck",
            "1  likely    learning rate too high (lr-too-high)",
            "+ before the first step the sharpness is 42 times",
            "+ the loss peaks at step 2",
            "- one of 5 seeds learned",
            "follows from lr-too-high",
            "proved by re-training",
            "\n-optimiser = { kind = \"adam\", lr = 0.01 }\n+optimiser",
            "run it   whymean diagnose reports/boxes/boxes.patched.toml",
            "training longer cannot help",
            "  seed  ",
        ];
        assert!(parts.map(place).is_sorted(), "{text}");
        // Colour is there, and is not the only cue.
        assert!(diagnosis(&document).contains("\u{1b}[31m-optimiser"));
    }

    #[test]
    fn what_was_not_tried_is_proposed_and_a_run_that_learned_is_left_in_peace() {
        let (mut document, _) = sample::question();
        document.verification = None;
        document.patched_config = None;
        document.causes.iter_mut().for_each(|cause| cause.proof = None);
        let text = plain(&diagnosis(&document));
        assert!(text.contains("    to try   `training.optimiser.lr` from `0.01` to `0.001` (lr-too-high)"), "{text}");
        assert!(text.contains("`--no-fix`") && !text.contains("proved by re-training"), "{text}");
        // What to do about a weak cause is no news beside likely ones; alone it is all there is.
        assert!(!text.contains("to do"), "{text}");
        document.causes.retain(|cause| cause.id == "data-bug");
        let text = plain(&diagnosis(&document));
        assert!(text.contains("    to do    look at the rows as the network gets them"), "{text}");
        let (document, _) = sample::of(&[sample::Fate::Learns], crate::judge::Hold::Plateau);
        let text = plain(&diagnosis(&document));
        assert!(!text.contains("  why") && !text.contains("what to change"), "{text}");
    }

    #[test]
    fn dead_units_here_and_there_are_no_news_of_a_run_that_learned() {
        let told = |state: State| {
            let (mut document, _) = sample::of(&[sample::Fate::Learns], crate::judge::Hold::Plateau);
            let dead = crate::judge::DeadUnits { layer: "dense_2".to_owned(), fraction: 0.08, units: 64 };
            document.runs[0].dead_units = vec![dead];
            document.runs[0].state = state;
            document.verdict.state = state;
            let text = plain(&diagnosis(&document));
            (text.contains("dead units"), text.contains("not examined"))
        };
        assert_eq!(told(State::Learned), (false, false));
        assert_eq!(told(State::Unpredictable), (false, false));
        assert_eq!(told(State::Undertrained), (true, true));
    }

    #[test]
    fn a_comparison_shows_intervals() {
        let (document, _) = sample::compared();
        insta::assert_snapshot!("comparison", plain(&comparison(&document)));
    }

    #[test]
    fn names_cannot_steer_the_terminal_or_fill_it() {
        let (mut document, _) = sample::question();
        document.name = "\u{1b}[2Jx\u{202e}".to_owned();
        document.verdict.summary = "\u{1b}]0;title\u{7} ".to_owned() + &"word ".repeat(5_000);
        for run in &mut document.runs {
            run.dead_units[..].iter_mut().for_each(|dead| dead.layer = "\u{1b}[31m".repeat(3_000));
        }
        let text = diagnosis(&document);
        assert!(!text.contains("\u{1b}[2J") && !text.contains("\u{1b}]") && !text.contains('\u{202e}'));
        assert!(text.lines().count() < 95, "{}", text.lines().count());
    }
}
