//! What can be wrong with data: file, column and row, what was seen, and one thing to do now.

use std::{path::Path, sync::Arc};

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::experiment::{excerpt::number, shapes::gib};

/// Why there is no dataset.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum DataError {
    /// There is no such file.
    #[error("there is no table `{path}`")]
    #[diagnostic(
        code(whymean::data::not_found),
        help("a relative `data.path` starts at the folder of the configuration file")
    )]
    NotFound {
        /// The file.
        path: String,
    },
    /// The path leads to a folder.
    #[error("`{path}` is a folder, not a table")]
    #[diagnostic(code(whymean::data::is_folder), help("give the path of a CSV file in `data.path`"))]
    IsFolder {
        /// The folder.
        path: String,
    },
    /// The path leads to something without an end, or whose numbers are gone once they are read.
    #[error("`{path}` is {what}, not a table")]
    #[diagnostic(
        code(whymean::data::no_file),
        help(
            "each run reads the table again, so it must be a file: write it to a file first, and give that file's path in `data.path`"
        )
    )]
    NoFile {
        /// The path.
        path: String,
        /// What it leads to.
        what: &'static str,
    },
    /// The system refuses the file.
    #[error("the table `{path}` cannot be read: {why}")]
    #[diagnostic(code(whymean::data::unreadable), help("check the file and its permissions"))]
    Unreadable {
        /// The file.
        path: String,
        /// The system's words.
        why: String,
    },
    /// The file is not text.
    #[error("`{path}` is not UTF-8 text: line {line} holds a byte that is not valid")]
    #[diagnostic(code(whymean::data::not_utf8), help("save the table as CSV in UTF-8 (a spreadsheet file is no CSV)"))]
    NotUtf8 {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// There is no header.
    #[error("the table `{path}` is empty")]
    #[diagnostic(code(whymean::data::empty), help("a table has a line of column names, then one line for each sample"))]
    Empty {
        /// The file.
        path: String,
    },
    /// Not enough rows to train on.
    #[error("the table `{path}` has {rows} usable {}, {needed} are needed at least{dropped}", if *.rows == 1 { "row" } else { "rows" })]
    #[diagnostic(code(whymean::data::too_few_rows), help("{help}"))]
    TooFewRows {
        /// The file.
        path: String,
        /// Rows that are left.
        rows: usize,
        /// Rows that are needed.
        needed: usize,
        /// What was left out, in words; may be empty.
        dropped: String,
        /// What to do now.
        help: String,
    },
    /// Not enough samples to train on.
    #[error("there are {samples} samples, {needed} are needed at least")]
    #[diagnostic(code(whymean::data::too_few_samples), help("raise `data.samples`"))]
    TooFewSamples {
        /// Samples that there are.
        samples: usize,
        /// Samples that are needed.
        needed: usize,
    },
    /// The header lacks a column that the configuration names.
    #[error("the table `{path}` has no column `{column}`, which `{key}` names")]
    #[diagnostic(code(whymean::data::unknown_column), help("{help}"))]
    UnknownColumn {
        /// The file.
        path: String,
        /// The column.
        column: String,
        /// The key of the configuration.
        key: &'static str,
        /// The nearest name and all names.
        help: String,
    },
    /// Every column is a target.
    #[error("the table `{path}` has no column left that is a feature")]
    #[diagnostic(code(whymean::data::no_features), help("every column is named in `data.targets`; name fewer"))]
    NoFeatures {
        /// The file.
        path: String,
    },
    /// More inputs than a network can learn from.
    #[error("the table `{path}` has {features} feature columns, {limit} are allowed at most")]
    #[diagnostic(
        code(whymean::data::too_many_features),
        help("name fewer in `data.features`; is the table transposed, with one sample in each column?")
    )]
    TooManyFeatures {
        /// The file.
        path: String,
        /// Feature columns.
        features: usize,
        /// Most that are allowed.
        limit: u32,
    },
    /// A header that does not name the columns one by one.
    #[error("{message}")]
    #[diagnostic(code(whymean::data::header), help("{help}"))]
    Header {
        /// What is wrong.
        message: String,
        /// The header.
        #[source_code]
        line: Arc<Excerpt>,
        /// The name.
        #[label("here")]
        at: SourceSpan,
        /// What to do now.
        help: String,
    },
    /// A row with too few or too many cells, or a quote that never ends.
    #[error("{message}")]
    #[diagnostic(code(whymean::data::row), help("{help}"))]
    Row {
        /// What is wrong, with the line's number.
        message: String,
        /// The row.
        #[source_code]
        line: Arc<Excerpt>,
        /// Where.
        #[label("here")]
        at: SourceSpan,
        /// What to do now.
        help: String,
    },
    /// A cell that is no number.
    #[error("column `{column}`, line {number}: {what}")]
    #[diagnostic(code(whymean::data::cell), help("{help}"))]
    Cell {
        /// The column.
        column: String,
        /// The line, from 1.
        number: usize,
        /// What is wrong, with the value that was seen.
        what: String,
        /// The row.
        #[source_code]
        line: Arc<Excerpt>,
        /// The cell.
        #[label("this cell")]
        at: SourceSpan,
        /// What to do now.
        help: String,
    },
    /// An expression that gives no number for some sample.
    #[error("{message}")]
    #[diagnostic(code(whymean::data::expression), help("{help}"))]
    Expression {
        /// Which expression, what is wrong, and of which sample.
        message: String,
        /// The expression.
        #[source_code]
        line: Arc<Excerpt>,
        /// The part of it.
        #[label("here")]
        at: SourceSpan,
        /// What to do now.
        help: String,
    },
    /// Numbers that differ and no longer do in 32 bits.
    #[error("the values of {kind} `{name}` lie between {} and {}, too close together for numbers of 32 bits", number(*.low), number(*.high))]
    #[diagnostic(
        code(whymean::data::precision),
        help(
            "networks are trained in 32 bits: write `{setting} = \"standard\"` in `[data]`, which scales in full precision"
        )
    )]
    Flattened {
        /// Target or feature.
        kind: String,
        /// The column.
        name: String,
        /// Smallest value of the training split.
        low: f64,
        /// Largest value of the training split.
        high: f64,
        /// The setting that helps.
        setting: &'static str,
    },
    /// More memory than is sensible.
    #[error("the data would take {}: {what}; the limit is {}", gib((*.bytes).into()), gib((*.limit).into()))]
    #[diagnostic(code(whymean::data::memory), help("lower `{setting}`"))]
    TooLarge {
        /// What takes it, with the numbers.
        what: String,
        /// Estimate \[bytes\].
        bytes: u64,
        /// Limit \[bytes\].
        limit: u64,
        /// The setting that helps most.
        setting: &'static str,
    },
    /// The system has no memory left.
    #[error("there is no memory for {} of data", gib((*.bytes).into()))]
    #[diagnostic(code(whymean::data::memory), help("lower `{setting}`, or end other programs"))]
    NoMemory {
        /// What was asked for \[bytes\].
        bytes: u64,
        /// The setting that helps most.
        setting: &'static str,
    },
}

impl DataError {
    pub(super) fn no_memory(bytes: u64, setting: &'static str) -> Self {
        Self::NoMemory { bytes, setting }
    }
}

/// A path for people: relative where it lies below the current folder.
pub(super) fn shown(path: &Path) -> String {
    let below = std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    below.as_deref().unwrap_or(path).display().to_string()
}

/// One line of a file, which knows its number and, of a long line, the part around the fault.
#[derive(Debug)]
pub struct Excerpt {
    name: String,
    text: String,
    line: usize,
    column: usize,
}

impl Excerpt {
    /// Bytes shown on each side of the fault.
    const AROUND: usize = 60;

    /// The part of a line around `at`, and the place of `at` in it; `line` counts from 1.
    pub(super) fn new(path: &Path, line: usize, text: &str, at: std::ops::Range<usize>) -> (Arc<Self>, SourceSpan) {
        let (start, end) = (at.start.min(text.len()), at.end.clamp(at.start, text.len()));
        let first = text.floor_char_boundary(start.saturating_sub(Self::AROUND));
        let end = text.floor_char_boundary(end.min(start + Self::AROUND));
        let last = text.ceil_char_boundary((end + Self::AROUND).min(text.len()));
        let column = text[..first].chars().count();
        // Control characters of a stranger's file must not reach the terminal; widths stay, so that places stay right.
        let clean = |character: char| {
            if character.is_control() && character != '\t' {
                "?".repeat(character.len_utf8())
            } else {
                character.to_string()
            }
        };
        let excerpt = Self { name: shown(path), text: text[first..last].chars().map(clean).collect(), line, column };
        (Arc::new(excerpt), SourceSpan::from(start - first..end.max(start) - first))
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.as_str().read_span(span, context_lines_before, context_lines_after)?;
        let line = inner.line() + self.line.saturating_sub(1);
        let column = inner.column() + self.column;
        let (name, lines) = (self.name.clone(), inner.line_count());
        Ok(Box::new(MietteSpanContents::new_named(name, inner.data(), *inner.span(), line, column, lines)))
    }
}
