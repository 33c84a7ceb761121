//! `docs/accuracy.md`: the explanation is written by hand in `page.md`, every number by this program.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use crate::{Failure, Scores, examine::Examined, figure, show};

/// What the runs are made of, and what they show.
pub fn composition(examined: &[Examined]) -> String {
    let mut families: Vec<(&str, u32, BTreeMap<String, u32>)> = Vec::new();
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    let mut optimisers: BTreeMap<String, u32> = BTreeMap::new();
    for run in examined {
        *kinds.entry(run.case.material.kind().to_owned()).or_default() += 1;
        let name = run.case.setup.optimiser.split('"').nth(1).unwrap_or_default();
        let momentum = if run.case.setup.optimiser.contains("momentum") { " with momentum" } else { "" };
        *optimisers.entry(format!("{name}{momentum}")).or_default() += 1;
        if families.last().is_none_or(|last| last.0 != run.case.family) {
            families.push((run.case.family, 0, BTreeMap::new()));
        }
        if let Some((_, count, shown)) = families.last_mut() {
            *count += 1;
            *shown.entry(run.truth.state().map_or_else(|| "between states".to_owned(), show::name)).or_default() += 1;
        }
    }
    let listed = |counts: &BTreeMap<String, u32>| {
        counts.iter().map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    };
    let mut text = "| family | runs | what they show |\n| --- | --- | --- |\n".to_owned();
    for (family, count, shown) in &families {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {family} | {count} | {} |", listed(shown));
    }
    let _ = writeln!(text, "\nData: {}. Optimisers: {}.\n", listed(&kinds), listed(&optimisers));
    text
}

/// Writes the page, and the figure beside it.
pub fn write(path: &Path, scores: &Scores, examined: &[Examined], time: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let text = include_str!("page.md")
        .replace("{{time}}", time)
        .replace("{{composition}}", composition(examined).trim_end())
        .replace("{{closing}}", show::closing(&scores.report).trim_end())
        .replace("{{closing_both}}", show::closing(&scores.both).trim_end())
        .replace("{{report}}", show::all(&scores.report, "The half that is reported", "##").trim_end())
        .replace("{{fix}}", show::all(&scores.fix, "The half on which thresholds may be fixed", "##").trim_end());
    std::fs::write(path, text)?;
    figure::draw(&scores.report, &folder.join("accuracy"))
}
