//! Expressions: samples that are drawn and computed by a few lines of TOML, so that a problem can be told in one file.
//!
//! ```toml
//! [data]
//! source = "expressions"
//! samples = 2000
//! draws = { s = "uniform(0, 1)", w = "normal(0, 1) x 10" }   # `w` is ten numbers, `w1` to `w10`
//! define = { signal = "mix(w)" }                             # may use what is drawn, and what is defined above
//! inputs = ["4 + 2 * (s > 0.5)", "w"]                        # a name of ten numbers is ten columns
//! targets = { y = "3 * signal + s" }
//! ```
//! `parse` makes a tree of one text, `functions` knows what can be called, `names` what stands for what, `nodes` how many
//! numbers everything is, and [`Program::new`] puts the lists together; `data` computes it.

mod compile;
mod draws;
mod functions;
mod names;
mod nodes;
mod parse;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use self::{
    draws::{Distribution, Drawn},
    functions::{Elementwise, Joining, Reduction},
};

/// A name and the text that says what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Name: of what is drawn or defined, or of the column.
    pub name: String,
    /// The expression; of `draws` the distribution, such as `normal(0, 1) x 10`.
    pub expression: String,
}

/// The four lists of texts of one source.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// What is drawn for each sample.
    pub draws: &'a [Named],
    /// What is computed from it; each may use those before it.
    pub define: &'a [Named],
    /// Input columns.
    pub inputs: &'a [Named],
    /// Target columns.
    pub targets: &'a [Named],
}

/// Which of the four lists; also the key of `[data]` that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `data.draws`.
    Draws,
    /// `data.define`.
    Define,
    /// `data.inputs`.
    Inputs,
    /// `data.targets`.
    Targets,
}

impl Part {
    /// The key below `[data]`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Draws => "draws",
            Self::Define => "define",
            Self::Inputs => "inputs",
            Self::Targets => "targets",
        }
    }
}

/// What is wrong with a text, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    /// The list.
    pub part: Part,
    /// Entry of the list, from 0.
    pub entry: usize,
    /// Bytes of the entry's text; `None`: its name, or the entry as a whole.
    pub at: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// What to do now.
    pub help: String,
}

/// A mistake in one text, before it is known which text it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slip {
    at: Range<usize>,
    message: String,
    help: String,
}

impl Slip {
    fn new(at: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: help.into() }
    }
}

/// Numbers of each sample, ready to be computed: every name is resolved, every width is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// What is drawn, in the order of the text.
    pub draws: Vec<Drawn>,
    /// What is computed first, in this order.
    pub defined: Vec<Node>,
    /// Input columns, one node for each text.
    pub inputs: Vec<Node>,
    /// Target columns.
    pub targets: Vec<Node>,
    /// Names of the input columns, one for each column.
    pub input_names: Vec<String>,
    /// Names of the target columns.
    pub target_names: Vec<String>,
}

/// One operation of an expression: numbers from those of its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What is computed.
    pub operation: Operation,
    /// From what.
    pub arguments: Vec<Node>,
    /// How many numbers it gives.
    pub width: usize,
    /// Bytes of the text that it stands in.
    pub at: Range<usize>,
}

/// What a node computes. An argument of one number is repeated to the width of the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operation {
    /// This number.
    Number(f64),
    /// The number of the sample, from 0.
    Index,
    /// `0, 1, 2, ...`, as many as the node is wide.
    Count,
    /// Numbers that were drawn: of this draw, from this one on.
    Drawn(usize, usize),
    /// Numbers that were defined: of this definition, from this one on.
    Defined(usize, usize),
    /// The arguments side by side.
    List,
    /// A function of one number, of each number.
    Each(Elementwise),
    /// A function of several numbers, of each place.
    Join(Joining),
    /// One number of all numbers of the argument.
    Reduce(Reduction),
    /// Random combinations of unit norm, the first of them with this number.
    Mix(u32),
}

#[cfg(test)]
mod tests;
