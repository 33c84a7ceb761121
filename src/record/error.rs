//! What can be wrong with a record on disk.

use std::path::PathBuf;

/// A record cannot be written or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RecordError {
    /// The file system refused.
    #[error("cannot {action} `{}`", .path.display())]
    #[diagnostic(
        code(whymean::record::file),
        help("check that the folder exists, is yours, and that the disk is not full")
    )]
    File {
        /// What was tried: `read`, `write`, `remove`, `list`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A file of the record is not there.
    #[error("`{}` is missing", .path.display())]
    #[diagnostic(code(whymean::record::missing), help("{help}"))]
    Missing {
        /// The file.
        path: PathBuf,
        /// What to do now.
        help: String,
    },
    /// A segment cannot be read as Parquet.
    #[error("`{}` is no whole Parquet file: {why}", .path.display())]
    #[diagnostic(
        code(whymean::record::torn),
        help("the file is cut short or damaged; delete the folder of that run, and the same command trains it again")
    )]
    Torn {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        why: String,
    },
    /// A segment could not be encoded.
    #[error("cannot encode `{}`: {why}", .path.display())]
    #[diagnostic(
        code(whymean::record::encode),
        help("this should not happen; please report it with the configuration")
    )]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        why: String,
    },
    /// A column is not there, or not of its type.
    #[error("`{}`: column `{column}` {found}, expected {expected}", .path.display())]
    #[diagnostic(
        code(whymean::record::column),
        help(
            "this file was not written by whymean, or was changed since; delete the folder of that run, and the same command trains it again"
        )
    )]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// What is there: `is missing`, `has type f32`.
        found: String,
        /// The type it should have.
        expected: String,
    },
    /// A cell holds what it cannot hold.
    #[error("`{}`: column `{column}`, row {row}: {why}", .path.display())]
    #[diagnostic(
        code(whymean::record::cell),
        help(
            "this file was not written by this version of whymean; delete the folder of that run, and the same command trains it again"
        )
    )]
    Cell {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// The row, from 1.
        row: usize,
        /// What is wrong with it.
        why: String,
    },
    /// `run.json` is not JSON, or not ours.
    #[error("`{}` is not a run: {why}", .path.display())]
    #[diagnostic(
        code(whymean::record::run),
        help("the file was damaged or changed; delete the folder of that run, and the same command trains it again")
    )]
    Run {
        /// The file.
        path: PathBuf,
        /// What the reader said, with line and column.
        why: String,
    },
    /// The record is of another version.
    #[error("`{}` has schema {found}, this version of whymean reads schema {expected}", .path.display())]
    #[diagnostic(
        code(whymean::record::schema),
        help(
            "read it with the version of whymean that wrote it (`versions` in the file), or delete the folder of that run, and the same command trains it again"
        )
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its number.
        found: u64,
        /// Ours.
        expected: u32,
    },
    /// What was to be stored would not be the same when read back.
    #[error("cannot store `{}`: {why}", .path.display())]
    #[diagnostic(
        code(whymean::record::unstorable),
        help("check the configuration for numbers that are infinite or not a number")
    )]
    Unstorable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Predictions of the probe set do not fit together.
    #[error(
        "predictions of epoch {epoch}: {samples} samples and {outputs} outputs, but {targets} targets and {predictions} predictions"
    )]
    #[diagnostic(
        code(whymean::record::shape),
        help("this is a mistake in whymean; please report it with the configuration")
    )]
    Shape {
        /// Epoch of the look.
        epoch: u32,
        /// Number of samples.
        samples: usize,
        /// Number of outputs.
        outputs: usize,
        /// Number of targets.
        targets: usize,
        /// Number of predictions.
        predictions: usize,
    },
}
