//! `docs/causes-accuracy.md`: the explanation is written by hand in `page.md`, every number by this program.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use crate::{
    Failure, Scores,
    case::{Group, Text},
    common::count::{heads, row},
    examine::Examined,
    show,
};

/// What the cases are made of.
pub fn composition(examined: &[Examined]) -> String {
    let mut families: BTreeMap<(Group, &str), [u32; 4]> = BTreeMap::new();
    let (mut kinds, mut optimisers, mut oddities) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let add = |counts: &mut BTreeMap<String, u32>, what: &str| *counts.entry(what.to_owned()).or_default() += 1;
    for run in examined {
        let counts = families.entry((run.case.name.group(), run.case.family.as_str())).or_default();
        counts[0] += 1;
        counts[1] += u32::from(run.case.decoy.is_some());
        counts[2] += run.facts.harmless;
        counts[3] += run.facts.unlearned;
        if let Some(decoy) = run.case.decoy {
            add(&mut oddities, decoy);
        }
        if let Text::Made { judged, .. } = &run.case.text {
            add(&mut kinds, judged.material.kind());
            add(&mut optimisers, judged.optimiser.kind);
        }
    }
    let mut text = String::new();
    heads(
        &mut text,
        &["cases", "number", "with an oddity", "drawn and harmless", "drawn and did not learn without it"],
    );
    for ((_, family), counts) in &families {
        let counts = counts.map(|count| count.to_string());
        row(&mut text, &[&[(*family).to_owned()], counts.as_slice()].concat());
    }
    let _ = writeln!(
        text,
        "\nData: {}. Optimisers: {}. Oddities: {}.\n",
        show::listed(&kinds),
        show::listed(&optimisers),
        show::listed(&oddities)
    );
    text
}

/// Writes the page.
pub fn write(path: &Path, scores: &Scores, examined: &[Examined], time: &str) -> Result<(), Failure> {
    let text = include_str!("page.md")
        .replace("{{time}}", time)
        .replace("{{composition}}", composition(examined).trim_end())
        .replace("{{closing}}", show::closing(&scores.report).trim_end())
        .replace("{{closing_both}}", show::closing(&scores.both).trim_end())
        .replace("{{report}}", show::all(&scores.report, "The half that is reported", "##").trim_end())
        .replace("{{fix}}", show::all(&scores.fix, "The half on which thresholds may be fixed", "##").trim_end());
    std::fs::write(path, text)?;
    Ok(())
}
