//! `whymean init`.

use std::{fs::File, io::Write, path::Path};

use super::{Manner, output};
use crate::error::{Exit, UsageError};

/// The configuration that is written; a test reads it with the reader.
const TEMPLATE: &str = include_str!("init.toml");

/// Writes a configuration that runs; a file that is there stays.
pub fn run(file: &Path, manner: Manner) -> miette::Result<Exit> {
    let failed = |source| UsageError::Write { what: format!("`{}`", file.display()), source };
    // `create_new` rather than a look before: nobody can put a file there in between.
    let mut new = File::create_new(file).map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => UsageError::Exists { path: file.to_owned() },
        _ => failed(source),
    })?;
    new.write_all(TEMPLATE.as_bytes()).map_err(failed)?;
    let file = file.display();
    output::note(manner, &format!("wrote `{file}`; now run `whymean diagnose {file}`"));
    Ok(Exit::Learned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_a_configuration_without_a_mistake() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("first.toml");
        std::fs::write(&file, TEMPLATE).expect("write");
        let experiment = crate::experiment::reader::read(&file).expect("no mistake");
        assert_eq!(experiment.name, "first", "the name is that of the file");
    }
}
