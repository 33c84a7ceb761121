//! `config.fixed.toml`: the configuration with what was proved. It is there to be edited, so it says itself whether it was.

use std::{fs, io, path::Path};

use sha2::{Digest, Sha256};

use crate::record::atomic;

/// Its name, beside the report.
pub const FIXED_CONFIG: &str = "config.fixed.toml";

/// How its first line begins; the sum of all that follows it ends the line.
const MARK: &str = "# Written by whymean, which replaces it only while it is as written: ";

/// What became of writing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is there, as it should be.
    Whole,
    /// What is there is the user's, and stays.
    TheirsIsThere,
}

/// Writes it into `dir`, unless something is there that somebody else made or changed.
///
/// - Errors: those of the file system.
pub fn write(dir: &Path, text: &str) -> io::Result<Written> {
    let path = dir.join(FIXED_CONFIG);
    if fs::symlink_metadata(&path).is_ok() && !is_ours(&path) {
        return Ok(Written::TheirsIsThere);
    }
    let text = marked(text);
    // The same bytes again would only change its date.
    if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
        atomic::write(&path, text.as_bytes())?;
    }
    Ok(Written::Whole)
}

/// Whether the file is as it was written; not where it cannot be read.
pub fn is_ours(path: &Path) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    let text = if is_file { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    text.split_once('\n').is_some_and(|(first, rest)| first.strip_prefix(MARK) == Some(sum(rest).as_str()))
}

fn marked(text: &str) -> String {
    // A byte order mark in the middle of a file is no TOML.
    let text = text.trim_start_matches('\u{feff}');
    format!("{MARK}{}\n{text}", sum(text))
}

/// Enough of the SHA-256 to tell an edit from none.
fn sum(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_replaced_and_theirs_is_not() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join(FIXED_CONFIG);
        assert_eq!(write(folder.path(), "lr = 1 # comment\n").expect("write"), Written::Whole);
        assert!(is_ours(&path));
        let text = fs::read_to_string(&path).expect("read");
        assert!(text.starts_with("# ") && text.ends_with("\nlr = 1 # comment\n"), "{text}");
        assert_eq!(write(folder.path(), "\u{feff}lr = 2\n").expect("write"), Written::Whole);
        let text = fs::read_to_string(&path).expect("read");
        assert!(text.ends_with("\nlr = 2\n") && !text.contains('\u{feff}'), "{text}");
        fs::write(&path, text.replace("lr = 2", "lr = 3")).expect("write");
        assert!(!is_ours(&path));
        assert_eq!(write(folder.path(), "lr = 4\n").expect("write"), Written::TheirsIsThere);
        assert!(fs::read_to_string(&path).expect("read").contains("lr = 3"));
    }

    #[test]
    fn what_is_no_file_of_ours_stays() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join(FIXED_CONFIG);
        assert!(!is_ours(&path));
        fs::create_dir(&path).expect("create");
        assert_eq!(write(folder.path(), "lr = 4\n").expect("nothing is written"), Written::TheirsIsThere);
    }
}
