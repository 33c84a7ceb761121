//! How tests print a diagnostic: as a terminal does, but always alike.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

/// Fixed width, no colour, plain characters.
pub(crate) fn rendered(diagnostic: &dyn Diagnostic) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::none())
        .with_width(100)
        .with_links(false)
        .render_report(&mut text, diagnostic)
        .expect("writing to a String");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// The files below `fixtures/broken` with an ending, in order. Relative, as a user would give them.
pub(crate) fn broken(ending: &str) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir("fixtures/broken").expect("tests run in the package's folder");
    let mut paths: Vec<_> = folder.map(|entry| entry.expect("a folder that can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    paths.sort();
    paths
}
