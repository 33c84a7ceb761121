//! `docs/handbook.md`: everything that `whymean explain` knows as one document, kept fresh by a test.

use crate::judge::{explain, explain_groups, explain_ids};

/// What stands above the first group.
const PREFACE: &str = "# Handbook

Everything that `whymean explain` knows, in one document: causes, and what they are told by. It is made from the texts in
`src/judge/`, so edit those; the same texts are printed by `whymean explain --all`.
";

/// The document.
fn handbook() -> String {
    let groups = explain_groups();
    let mut text = PREFACE.to_owned();
    text.push('\n');
    for (group, ids) in &groups {
        let links: Vec<String> = ids.iter().map(|id| format!("[{id}](#{id})")).collect();
        text.push_str(&format!("- **[{}](#{})**: {}\n", capital(group), anchor(group), links.join(", ")));
    }
    for (group, ids) in groups {
        text.push_str(&format!("\n## {}\n", capital(group)));
        for id in ids {
            text.push('\n');
            text.push_str(&chapter(id, explain(id).unwrap_or_default()));
        }
    }
    text
}

fn capital(name: &str) -> String {
    super::ink::capital(name)
}

/// As GitHub makes it of a heading.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

/// A text below a group: its headings two deeper, and the other ids that it names as links.
fn chapter(id: &str, text: &str) -> String {
    let mut fenced = false;
    let mut chapter = String::new();
    for line in text.trim_end().lines() {
        fenced ^= line.starts_with("```");
        let is_code = fenced || line.starts_with("    ");
        if line.starts_with('#') && !is_code {
            chapter.push_str(&format!("##{line}\n"));
        } else if is_code {
            chapter.push_str(&format!("{line}\n"));
        } else {
            chapter.push_str(&format!("{}\n", linked(line, id)));
        }
    }
    chapter
}

/// A line in which every other id between backticks leads to its chapter.
fn linked(line: &str, id: &str) -> String {
    let pieces: Vec<&str> = line.split('`').collect();
    let known = explain_ids();
    let mut text = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let closed = index % 2 == 1 && index + 1 < pieces.len();
        match (index % 2 == 1, closed && *piece != id && known.contains(piece)) {
            (false, _) => text.push_str(piece),
            (true, true) => text.push_str(&format!("[`{piece}`](#{piece})")),
            (true, false) if closed => text.push_str(&format!("`{piece}`")),
            (true, false) => text.push_str(&format!("`{piece}")),
        }
    }
    text
}

#[test]
fn the_handbook_is_what_explain_says() {
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/handbook.md");
    let fresh = handbook();
    // The switch by which snapshots are accepted.
    if std::env::var("INSTA_UPDATE").is_ok_and(|switch| switch == "always") {
        std::fs::write(&place, &fresh).expect("the repository can be written");
    }
    let kept = std::fs::read_to_string(&place).unwrap_or_default();
    let first = kept.lines().zip(fresh.lines()).find(|(old, new)| old != new);
    assert!(
        kept == fresh,
        "docs/handbook.md is stale: `INSTA_UPDATE=always cargo test --lib handbook` writes it anew; first difference: {first:?}"
    );
}

#[test]
fn every_id_has_a_chapter_and_every_link_leads_to_one() {
    let text = handbook();
    for id in explain_ids() {
        assert!(text.contains(&format!("\n### {id}\n")), "`{id}`");
    }
    for link in text.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        let led = text.lines().filter(|line| line.starts_with("## ") || line.starts_with("### "));
        assert!(led.map(|line| anchor(line.trim_start_matches(['#', ' ']))).any(|known| known == link), "`{link}`");
    }
}

#[test]
fn names_of_others_are_links_and_code_stays_as_it_is() {
    assert_eq!(linked("a `plateau`, no `nonsense`", "stuck"), "a [`plateau`](#plateau), no `nonsense`");
    assert_eq!(linked("`stuck` and a stray `", "stuck"), "`stuck` and a stray `");
    assert_eq!(chapter("x", "# x\n\n## A\n\n    `plateau`\n"), "### x\n\n#### A\n\n    `plateau`\n");
}
