//! `docs/accuracy.md`: the explanation is written by hand in `page.md`, every number by this program.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use crate::{Failure, Scores, examine::Examined, figure, show};

/// What the runs are made of.
pub fn composition(examined: &[Examined]) -> String {
    let mut families: Vec<(&str, u32, u32, f64)> = Vec::new();
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    let mut optimisers: BTreeMap<String, u32> = BTreeMap::new();
    for run in examined {
        *kinds.entry(run.case.material.kind()).or_default() += 1;
        let name = run.case.setup.optimiser.split('"').nth(1).unwrap_or_default();
        let momentum = if run.case.setup.optimiser.contains("momentum") { " with momentum" } else { "" };
        *optimisers.entry(format!("{name}{momentum}")).or_default() += 1;
        match families.last_mut() {
            Some(last) if last.0 == run.case.family => {
                last.1 += 1;
                last.2 += u32::from(run.truth.state() == Some(run.case.intended));
            }
            _ => families.push((run.case.family, 1, u32::from(run.truth.state() == Some(run.case.intended)), 0.0)),
        }
    }
    let mut text = "| family | runs | show what they are meant to |\n| --- | --- | --- |\n".to_owned();
    for (family, count, shown, _) in families {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {family} | {count} | {shown} |");
    }
    let listed = |counts: Vec<(String, u32)>| {
        counts.into_iter().map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    };
    let kinds = kinds.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    let _ = writeln!(text, "\nData: {}. Optimisers: {}.\n", listed(kinds), listed(optimisers.into_iter().collect()));
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
