//! The diagnosis on one screen of a terminal.
//!
//! Styles are ANSI; the caller prints through a stream that strips them where they are not wanted.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::judge::{Comparison, Diagnosis, ReportPaths, RunDiagnosis, State};

use super::{figures::cell_name, words};

/// Columns of a screen that text is wrapped to.
const COLUMNS: usize = 88;
/// Runs that the table lists.
const MOST_RUNS: usize = 12;
/// Lines for dead units, and for what was not examined.
const MOST_LINES: usize = 5;

/// A diagnosis, with ANSI styles.
pub fn diagnosis(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    let style = state_style(diagnosis.verdict.state).bold();
    let name = words::short(&diagnosis.name, 60);
    let verdict = words::verdict(&diagnosis.verdict);
    line(&mut text, &format!("{name}: {style}{verdict}{style:#}"));
    paragraph(&mut text, &diagnosis.verdict.summary, "");
    blank(&mut text);
    runs(&mut text, &diagnosis.runs);
    dead_units(&mut text, &diagnosis.runs);
    not_examined(&mut text, &diagnosis.not_examined);
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
        State::Memorised | State::Undertrained | State::Partial => AnsiColor::Yellow,
        State::Collapsed | State::Diverged => AnsiColor::Red,
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
    let mut rows =
        vec![Row::head(&["seed", "lr", "state", "hold", "constant", "skill [95 %]", "spread", "corr", "at step"])];
    for run in runs.iter().take(MOST_RUNS) {
        let (skill, spread, corr) = words::skill_and_spread(run);
        rows.push(Row {
            style: Style::new(),
            cells: vec![
                run.seed.to_string(),
                words::number(run.lr),
                words::state(run.state).to_owned(),
                run.hold.map_or(words::ABSENT, words::hold).to_owned(),
                run.constant.map_or(words::ABSENT, words::constant).to_owned(),
                skill,
                spread,
                corr,
                run.collapsed_at_step.map_or_else(|| words::ABSENT.to_owned(), |step| step.to_string()),
            ],
            styled: Some((2, state_style(run.state))),
        });
    }
    table(text, &rows, &[true, true, false, false, false, false, true, true, true]);
    if runs.len() > MOST_RUNS {
        line(text, &format!("  and {} more runs, in the report", runs.len() - MOST_RUNS));
    }
    if let Some(more) = runs.iter().map(|run| run.outputs.len()).max().filter(|count| *count > 1) {
        let name = runs.iter().find_map(|run| run.outputs.first()).map_or("", |output| &output.name);
        let faint = faint();
        let name = words::short(name, 40);
        line(text, &format!("  {faint}numbers are those of `{name}`, the first of {more} outputs{faint:#}"));
    }
}

fn dead_units(text: &mut String, runs: &[RunDiagnosis]) {
    let groups = words::dead_by_seed(runs);
    if groups.is_empty() {
        return;
    }
    blank(text);
    for (seeds, layers) in groups.iter().take(MOST_LINES) {
        paragraph(text, layers, &format!("  dead units, {seeds}: "));
    }
    if groups.len() > MOST_LINES {
        line(text, &format!("  and in {} more groups of runs", groups.len() - MOST_LINES));
    }
}

fn not_examined(text: &mut String, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    blank(text);
    paragraph(text, &words::some_of_names(lines, MOST_LINES, "; "), "  not examined: ");
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
    fn a_diagnosis_of_five_runs_fits_one_screen() {
        let (mut document, _) = sample::question();
        document.report = Some(paths_of("boxes"));
        let text = plain(&diagnosis(&document));
        assert!(text.lines().count() <= 30, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
        assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
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
        assert!(text.lines().count() < 60, "{}", text.lines().count());
    }
}
