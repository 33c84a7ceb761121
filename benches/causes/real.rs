//! Real cases, re-made as files: each begins with a comment that says which causes count as right.

use std::path::{Path, PathBuf};

use crate::{
    Failure,
    case::{Case, Name, Text, file_is_for_fixing},
    plants::Shows,
};

/// The accepted cause that says that nothing is wrong.
pub const NO_COLLAPSE: &str = "not-a-collapse";

/// Folder of the files.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases")
}

/// Every file, by name; none where the folder is not there.
pub fn files() -> Result<Vec<PathBuf>, Failure> {
    let Ok(entries) = std::fs::read_dir(folder()) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The case of a file.
pub fn case(path: &Path) -> Result<Case, Failure> {
    let text = std::fs::read_to_string(path)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let accepted: Vec<String> = line(&text, "accepted:").split(',').map(|cause| cause.trim().to_owned()).collect();
    let accepted: Vec<String> = accepted.into_iter().filter(|cause| !cause.is_empty()).collect();
    let fix = Some(line(&text, "fix:").to_owned()).filter(|fix| !fix.is_empty());
    if accepted.is_empty() {
        return Err(format!("{} has no line `# accepted: ...`", path.display()).into());
    }
    Ok(Case {
        name: Name::Real(path.to_owned()),
        id: stem.clone(),
        family: "real case".to_owned(),
        decoy: None,
        accepted,
        fix,
        explodes: false,
        shows: Shows::Hurt,
        text: Text::File(path.to_owned()),
        seed: 0,
        for_fixing: file_is_for_fixing(&stem),
    })
}

/// What stands behind this word in the comment that a file begins with; nothing where it is not there.
fn line<'a>(text: &'a str, word: &str) -> &'a str {
    let mut comment = text.lines().take_while(|line| line.starts_with('#') || line.trim().is_empty());
    comment.find_map(|line| line.trim_start_matches('#').trim().strip_prefix(word)).unwrap_or_default().trim()
}
