//! The report: a diagnosis and its records become figures (plain data), then ink, HTML, text and Markdown.
//!
//! It recomputes no statistic that the judge owns, and reads nothing but its arguments.

mod causes;
mod constant_evidence;
mod evidence;
pub mod figure;
pub mod figures;
mod files;
#[cfg(test)]
mod handbook;
mod html;
pub mod ink;
pub mod markdown;
mod measured_tables;
mod numbers;
mod proofs;
mod prose;
mod run_table;
#[cfg(test)]
mod sample;
mod series;
pub mod text;
pub mod theme;
mod words;

use std::path::{Path, PathBuf};

use crate::judge::{Comparison, Diagnosis, ReportPaths};
use crate::record::Record;

use figure::Figure;
use figures::{ComparedStory, Story};
use ink::InkError;

/// The report could not be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ReportError {
    /// A file or folder could not be written.
    #[error("cannot write `{}`", path.display())]
    #[diagnostic(
        code(whymean::report::write),
        help("choose another folder with `--out`, or make room; what was there before is unchanged")
    )]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A figure could not be drawn.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Ink(#[from] InkError),
    /// The page could not be put together.
    #[error("cannot put the page together")]
    #[diagnostic(code(whymean::report::page))]
    Page(#[from] minijinja::Error),
    /// The document could not be written as JSON.
    #[error("cannot write the diagnosis as JSON")]
    #[diagnostic(code(whymean::report::json))]
    Json(#[from] serde_json::Error),
}

/// Writes `report.html`, `figures/*.png` and `diagnosis.json` into a folder, which is made where it is missing.
///
/// Each file is written beside its place and then renamed, so a reader never sees half of one. Returns the paths as
/// they follow from `dir`; the JSON holds them as well.
pub fn write_diagnosis(
    dir: &Path,
    diagnosis: &Diagnosis,
    records: &[Record],
    config_toml: &str,
    command: &str,
) -> Result<ReportPaths, ReportError> {
    let figures = diagnosis_figures(diagnosis, records);
    write(dir, "diagnosis.json", &figures, |pictures, paths| {
        let mut document = diagnosis.clone();
        document.report = Some(paths.clone());
        let page = html::diagnosis(&document, records, &figures, pictures, config_toml, command)?;
        Ok((page, serde_json::to_string_pretty(&document)?))
    })
}

/// Writes `report.html`, `figures/*.png` and `comparison.json`; `cells` pairs the values of a cell with its records.
///
/// As [`write_diagnosis`].
pub fn write_comparison(
    dir: &Path,
    comparison: &Comparison,
    cells: &[(Vec<String>, Vec<Record>)],
    config_toml: &str,
    command: &str,
) -> Result<ReportPaths, ReportError> {
    let figures = comparison_figures(comparison, cells);
    write(dir, "comparison.json", &figures, |pictures, paths| {
        let mut document = comparison.clone();
        document.report = Some(paths.clone());
        let page = html::comparison(&document, cells, &figures, pictures, config_toml, command)?;
        Ok((page, serde_json::to_string_pretty(&document)?))
    })
}

/// The figures of a diagnosis, as data.
pub fn diagnosis_figures(diagnosis: &Diagnosis, records: &[Record]) -> Vec<Figure> {
    let story = Story::new(diagnosis, records);
    story.map_or_else(Vec::new, |story| figures::ALL.iter().filter_map(|chart| chart.draw(&story)).collect())
}

/// The figures of a comparison, as data.
pub fn comparison_figures(comparison: &Comparison, cells: &[(Vec<String>, Vec<Record>)]) -> Vec<Figure> {
    let story = ComparedStory::new(comparison, cells);
    figures::COMPARED.iter().filter_map(|chart| chart.draw(&story)).collect()
}

fn write(
    dir: &Path,
    document: &str,
    figures: &[Figure],
    compose: impl FnOnce(&[html::Picture], &ReportPaths) -> Result<(String, String), ReportError>,
) -> Result<ReportPaths, ReportError> {
    let folder = dir.join("figures");
    files::make_folder(&folder)?;
    let shown = |path: PathBuf| path.to_string_lossy().into_owned();
    let places: Vec<PathBuf> = figures.iter().map(|figure| folder.join(format!("{}.png", figure.id))).collect();
    let paths = ReportPaths {
        html: shown(dir.join("report.html")),
        png: places.iter().cloned().map(shown).collect(),
        json: shown(dir.join(document)),
    };
    let (painted, pictures) = std::thread::scope(|scope| {
        let painted = scope.spawn(|| files::paint(figures, &places));
        let pictures: Result<Vec<html::Picture>, InkError> = figures.iter().map(html::Picture::of).collect();
        (painted.join(), pictures)
    });
    match painted {
        Ok(result) => result?,
        Err(panic) => std::panic::resume_unwind(panic),
    }
    let (page, json) = compose(&pictures?, &paths)?;
    files::replace(&dir.join("report.html"), page.as_bytes())?;
    // Last, since it says where the rest is.
    files::replace(&dir.join(document), json.as_bytes())?;
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnosis_is_written_with_its_paths() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let dir = folder.path().join("demo");
        let (diagnosis, records) = sample::question();
        let paths =
            write_diagnosis(&dir, &diagnosis, &records, "seed = 1\n", "whymean diagnose demo.toml").expect("written");
        assert_eq!(Path::new(&paths.html), dir.join("report.html"));
        assert_eq!(paths.png.len(), figures::ALL.len());
        for path in paths.png.iter().chain([&paths.html, &paths.json]) {
            assert!(Path::new(path).is_file(), "{path}");
        }
        let text = std::fs::read_to_string(&paths.json).expect("read");
        let document: Diagnosis = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(document, Diagnosis { report: Some(paths), ..diagnosis });
    }
}
