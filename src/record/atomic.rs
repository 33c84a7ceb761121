//! Files that are either wholly there or not at all: written under a temporary name beside the target, synced, renamed.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

/// How the names of unfinished files begin; what a killed writer leaves behind is found by it.
pub const UNFINISHED: &str = ".whymean-unfinished-";

/// Puts `bytes` at `path`, replacing what is there.
///
/// A reader, or a machine that loses its power, sees the old file or the new one, never a part.
/// - Errors: those of the file system; the old file is then untouched.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// As [`write()`], for content that is streamed into the file.
pub fn write_with<E: From<io::Error>>(path: &Path, fill: impl FnOnce(&mut File) -> Result<(), E>) -> Result<(), E> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    // Temporary files are private by default; this one will be the result, so the user's umask decides.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut unfinished = builder.tempfile_in(folder)?;
    fill(unfinished.as_file_mut())?;
    unfinished.as_file().sync_all()?;
    unfinished.persist(path).map_err(|failed| failed.error)?;
    sync_folder(folder)?;
    Ok(())
}

/// Makes renames and removals in `folder` survive a loss of power.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Removes what killed writers left in `folder`; how many files that were.
///
/// Only for a folder that nobody is writing to.
pub fn remove_leftovers(folder: &Path) -> io::Result<u32> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("a.json");
        write(&path, b"old").expect("write");
        write(&path, b"new").expect("write again");
        assert_eq!(std::fs::read(&path).expect("read"), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 1);
    }

    #[test]
    fn a_failed_write_keeps_the_old_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("a.json");
        write(&path, b"old").expect("write");
        let failed = write_with(&path, |file| {
            file.write_all(b"half of the ne")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).expect("read"), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 1);
    }

    #[test]
    fn leftovers_go_and_other_files_stay() {
        let folder = tempfile::tempdir().expect("temporary folder");
        std::fs::write(folder.path().join(format!("{UNFINISHED}x1")), b"half").expect("write");
        std::fs::write(folder.path().join("run.json"), b"{}").expect("write");
        assert_eq!(remove_leftovers(folder.path()).expect("remove"), 1);
        assert_eq!(remove_leftovers(folder.path()).expect("remove"), 0);
        assert!(folder.path().join("run.json").exists());
    }
}
