//! What can be wrong with an experiment's text, each mistake with its place, what was seen and what is wanted.

use std::ops::Range;

use miette::SourceSpan;

use super::excerpt::Excerpts;

/// Most mistakes of one file that are told: who has more needs another file, not a longer list.
pub(super) const MOST_MISTAKES: usize = 20;

/// Every mistake of one file, in the order of the text; of very many, the first.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` is not a usable experiment: {}", self.name(), counted(self.mistakes.len(), self.left_out))]
#[diagnostic(code(whymean::experiment))]
pub struct ExperimentErrors {
    /// The text that was read; the mistakes point into it.
    #[source_code]
    text: Excerpts,
    #[related]
    mistakes: Vec<ExperimentError>,
    /// Mistakes behind the last one that is kept.
    left_out: usize,
}

impl ExperimentErrors {
    /// Collects mistakes in the order of the text; the caller has at least one.
    pub(crate) fn new(source_name: &str, text: &str, mut mistakes: Vec<ExperimentError>) -> Self {
        mistakes.sort_by_key(|mistake| mistake.at().map_or(0, |at| at.offset()));
        let left_out = mistakes.len().saturating_sub(MOST_MISTAKES);
        mistakes.truncate(MOST_MISTAKES);
        let text = Excerpts::new(source_name, text);
        for at in mistakes.iter_mut().filter_map(ExperimentError::at_mut) {
            *at = text.cut(*at);
        }
        Self { text, mistakes, left_out }
    }

    /// Each mistake, in the order of the text; of more than 20, the first 20.
    pub fn mistakes(&self) -> &[ExperimentError] {
        &self.mistakes
    }

    /// Name of the text: the path as the user gave it, and the changes that were applied.
    pub fn name(&self) -> &str {
        self.text.name()
    }
}

fn counted(shown: usize, left_out: usize) -> String {
    match (shown, left_out) {
        (1, 0) => "1 mistake".to_owned(),
        (_, 0) => format!("{shown} mistakes"),
        _ => format!("{} mistakes; here are the first {shown}, and there are {left_out} more", shown + left_out),
    }
}

/// One mistake.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ExperimentError {
    /// There is no such file.
    #[error("there is no file `{path}`")]
    #[diagnostic(code(whymean::experiment::not_found), help("{help}"))]
    NotFound {
        /// As the user gave it.
        path: String,
        /// What to do now.
        help: String,
    },
    /// The path leads to a folder.
    #[error("`{path}` is a folder, not a configuration file")]
    #[diagnostic(
        code(whymean::experiment::is_folder),
        help("give the path of a TOML file, such as `{path}/config.toml`")
    )]
    IsFolder {
        /// As the user gave it.
        path: String,
    },
    /// The file exists and cannot be read, or is far too large.
    #[error("`{path}` cannot be read: {why}")]
    #[diagnostic(code(whymean::experiment::unreadable), help("check the path and its permissions"))]
    Unreadable {
        /// As the user gave it.
        path: String,
        /// The system's words.
        why: String,
    },
    /// The file is not text.
    #[error("`{path}` is not UTF-8 text: byte {offset} (line {line}) is not valid")]
    #[diagnostic(code(whymean::experiment::not_utf8), help("save the file as UTF-8; is it really a TOML file?"))]
    NotUtf8 {
        /// As the user gave it.
        path: String,
        /// Offset of the first bad byte.
        offset: usize,
        /// Its line, from 1.
        line: usize,
    },
    /// There is nothing in the file.
    #[error("`{name}` says nothing: it is empty")]
    #[diagnostic(code(whymean::experiment::empty), help("`whymean init` writes a commented file that runs"))]
    Empty {
        /// Name of the text.
        name: String,
    },
    /// The text is not TOML.
    #[error("not valid TOML: {message}")]
    #[diagnostic(code(whymean::experiment::syntax), help("{help}"))]
    Syntax {
        /// The parser's words.
        message: String,
        /// Where.
        #[label("here")]
        at: SourceSpan,
        /// What to do now.
        help: String,
    },
    /// A key that nothing reads.
    #[error("unknown key `{key}`")]
    #[diagnostic(code(whymean::experiment::unknown_key), help("{help}"))]
    UnknownKey {
        /// Dotted path of the key.
        key: String,
        /// Where.
        #[label("nothing reads this")]
        at: SourceSpan,
        /// The nearest name and the allowed ones.
        help: String,
    },
    /// A key that belongs to another variant.
    #[error("`{key}` does not belong to `{variant}`")]
    #[diagnostic(code(whymean::experiment::misplaced_key), help("{help}"))]
    MisplacedKey {
        /// Dotted path of the key.
        key: String,
        /// The variant it stands in.
        variant: String,
        /// Where.
        #[label("`{variant}` has no such key")]
        at: SourceSpan,
        /// Where it belongs and what is allowed here.
        help: String,
    },
    /// A value of another type.
    #[error("`{key}` must be {wanted}")]
    #[diagnostic(code(whymean::experiment::wrong_type), help("{help}"))]
    WrongType {
        /// Dotted path of the key.
        key: String,
        /// What is wanted.
        wanted: String,
        /// What was seen.
        seen: String,
        /// Where.
        #[label("this is {seen}")]
        at: SourceSpan,
        /// What to write.
        help: String,
    },
    /// A number (or text) outside what makes sense.
    #[error("`{key}` must be {wanted}")]
    #[diagnostic(code(whymean::experiment::out_of_range), help("{help}"))]
    OutOfRange {
        /// Dotted path of the key.
        key: String,
        /// What is wanted.
        wanted: String,
        /// What was seen.
        seen: String,
        /// Where.
        #[label("{seen} is not")]
        at: SourceSpan,
        /// Why, or what is usual.
        help: String,
    },
    /// A word that is not one of the choices.
    #[error("`{key}` cannot be `{seen}`")]
    #[diagnostic(code(whymean::experiment::unknown_value), help("{help}"))]
    UnknownValue {
        /// Dotted path of the key.
        key: String,
        /// What was seen.
        seen: String,
        /// Where.
        #[label("not one of the choices")]
        at: SourceSpan,
        /// The nearest name and all choices.
        help: String,
    },
    /// A key that has no default and is not there.
    #[error("`{key}` is missing")]
    #[diagnostic(code(whymean::experiment::missing_key), help("{help}"))]
    MissingKey {
        /// Dotted path of the key.
        key: String,
        /// The table that should have it.
        #[label("it belongs here")]
        at: SourceSpan,
        /// What to write.
        help: String,
    },
    /// Two settings that exclude each other.
    #[error("{message}")]
    #[diagnostic(code(whymean::experiment::conflict), help("{help}"))]
    Conflict {
        /// What excludes what.
        message: String,
        /// Where.
        #[label("this one")]
        at: SourceSpan,
        /// What to do now.
        help: String,
    },
    /// An expression that cannot be computed.
    #[error("`{key}`: {message}")]
    #[diagnostic(code(whymean::experiment::expression), help("{help}"))]
    Expression {
        /// Dotted path of the expression.
        key: String,
        /// What is wrong with it.
        message: String,
        /// The part of it.
        #[label("here")]
        at: SourceSpan,
        /// What to do now.
        help: String,
    },
    /// Layers that do not fit the data or each other.
    #[error("{message}")]
    #[diagnostic(code(whymean::experiment::shape), help("{help}"))]
    Shape {
        /// Which layer, and both shapes.
        message: String,
        /// The layer.
        #[label("this layer")]
        at: SourceSpan,
        /// What to do now.
        help: String,
    },
    /// A change (`--set`) that cannot be applied to the text.
    #[error("`{change}` cannot be applied: {why}")]
    #[diagnostic(code(whymean::experiment::change), help("{help}"))]
    Change {
        /// The change, as the user gave it.
        change: String,
        /// Why.
        why: String,
        /// What to write.
        help: String,
    },
}

impl ExperimentError {
    /// The place in the text; `None` for mistakes of the file as a whole.
    pub fn at(&self) -> Option<SourceSpan> {
        match self {
            Self::NotFound { .. }
            | Self::IsFolder { .. }
            | Self::Unreadable { .. }
            | Self::NotUtf8 { .. }
            | Self::Empty { .. }
            | Self::Change { .. } => None,
            Self::Syntax { at, .. }
            | Self::UnknownKey { at, .. }
            | Self::MisplacedKey { at, .. }
            | Self::WrongType { at, .. }
            | Self::OutOfRange { at, .. }
            | Self::UnknownValue { at, .. }
            | Self::MissingKey { at, .. }
            | Self::Conflict { at, .. }
            | Self::Expression { at, .. }
            | Self::Shape { at, .. } => Some(*at),
        }
    }

    /// As [`Self::at`], to be shortened.
    fn at_mut(&mut self) -> Option<&mut SourceSpan> {
        match self {
            Self::NotFound { .. }
            | Self::IsFolder { .. }
            | Self::Unreadable { .. }
            | Self::NotUtf8 { .. }
            | Self::Empty { .. }
            | Self::Change { .. } => None,
            Self::Syntax { at, .. }
            | Self::UnknownKey { at, .. }
            | Self::MisplacedKey { at, .. }
            | Self::WrongType { at, .. }
            | Self::OutOfRange { at, .. }
            | Self::UnknownValue { at, .. }
            | Self::MissingKey { at, .. }
            | Self::Conflict { at, .. }
            | Self::Expression { at, .. }
            | Self::Shape { at, .. } => Some(at),
        }
    }
}

/// A byte range as miette wants it.
pub(crate) fn span(range: &Range<usize>) -> SourceSpan {
    SourceSpan::from(range.clone())
}
