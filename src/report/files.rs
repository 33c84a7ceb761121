//! Writing that never leaves half a file behind.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    ReportError,
    figure::Figure,
    ink::{Format, Layout, ink},
};

fn failed(path: &Path) -> impl FnOnce(io::Error) -> ReportError {
    let path = path.to_owned();
    move |source| ReportError::Write { path, source }
}

/// Makes a folder and those above it.
pub fn make_folder(path: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(path).map_err(failed(path))
}

fn temporary(place: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
    let suffix = place.extension().map_or_else(String::new, |name| format!(".{}", name.to_string_lossy()));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".partial-").suffix(&suffix);
    // Readable as any other file that a program writes; the default is for secrets.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}

/// Writes a file beside its place and renames it.
pub fn replace(place: &Path, content: &[u8]) -> Result<(), ReportError> {
    let write = || -> io::Result<()> {
        let mut file = temporary(place)?;
        io::Write::write_all(&mut file, content)?;
        file.as_file().sync_all()?;
        file.persist(place).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(failed(place))
}

/// Draws each figure as a picture to its place.
pub fn paint(figures: &[Figure], places: &[PathBuf]) -> Result<(), ReportError> {
    std::thread::scope(|scope| {
        let jobs: Vec<_> =
            figures.iter().zip(places).map(|(figure, place)| scope.spawn(|| picture(figure, place))).collect();
        jobs.into_iter().try_for_each(|job| match job.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

fn picture(figure: &Figure, place: &Path) -> Result<(), ReportError> {
    let file = temporary(place).map_err(failed(place))?.into_temp_path();
    ink(figure, Layout::Wide, Format::Png(&file))?;
    file.persist(place).map_err(|error| failed(place)(error.error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().join("a.json");
        replace(&place, b"one").expect("written");
        replace(&place, b"two").expect("written again");
        assert_eq!(fs::read(&place).expect("read"), b"two");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("file");
        fs::write(&file, b"").expect("written");
        let error = make_folder(&file.join("below")).expect_err("a file is no folder");
        assert!(error.to_string().ends_with("file/below`"), "{error}");
        let error = replace(&folder.path().join("missing/a.json"), b"").expect_err("no such folder");
        assert!(error.to_string().ends_with("missing/a.json`"), "{error}");
    }
}
