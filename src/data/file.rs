//! The text of a table's file, or why there is none.

use std::{fs, io::Read, path::Path};

use super::{DataError, MOST_BYTES, error::shown};

/// Reads a regular file, as text.
pub(super) fn text(path: &Path) -> Result<String, DataError> {
    /// The text, polars' cells and the numbers of it are in memory at the same time.
    const BYTES_PER_BYTE: u64 = 6;
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => DataError::NotFound { path: shown(path) },
        _ => DataError::Unreadable { path: shown(path), why: error.to_string() },
    };
    let about = fs::metadata(path).map_err(unreadable)?;
    if about.is_dir() {
        return Err(DataError::IsFolder { path: shown(path) });
    }
    // Before it is opened: opening a pipe waits for whoever writes into it.
    if !about.is_file() {
        return Err(DataError::NoFile { path: shown(path), what: kind(about.file_type()) });
    }
    let too_large = |size: u64| {
        let what = format!("`{}` alone has {size} bytes", shown(path));
        let bytes = size.saturating_mul(BYTES_PER_BYTE);
        DataError::TooLarge { what, bytes, limit: MOST_BYTES, setting: "the number of rows in the file" }
    };
    let most = MOST_BYTES / BYTES_PER_BYTE;
    if about.len() > most {
        return Err(too_large(about.len()));
    }
    // The file may still grow.
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(too_large(bytes.len() as u64));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        DataError::NotUtf8 { path: shown(path), line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    })
}

/// What a path leads to that is neither file nor folder.
#[cfg(unix)]
fn kind(found: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if found.is_fifo() {
        "a pipe"
    } else if found.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn kind(_: fs::FileType) -> &'static str {
    "a device"
}
