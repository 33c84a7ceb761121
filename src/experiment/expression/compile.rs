//! Texts become a [`Program`]: every mistake of every list is told.

use std::collections::HashMap;

use super::{
    Drawn, Mistake, Named, Node, Operation, Part, Program, Slip, Texts,
    draws::drawn,
    names::{Meaning, Names, is_name},
    nodes::numbers,
    parse::parse,
};
use crate::experiment::{
    error::MOST_MISTAKES,
    excerpt::{is_steering, shortened},
    reader::MOST_FEATURES,
};

/// Most numbers that one sample may take on the way, all operations together.
const MOST_NUMBERS: usize = 10 * MOST_FEATURES as usize;

impl Program {
    /// Resolves the texts.
    ///
    /// - Errors: every mistake, at most one of each text, in the order of the lists.
    pub fn new(texts: Texts<'_>) -> Result<Self, Vec<Mistake>> {
        let mut compiler = Compiler::default();
        let draws = compiler.draws(texts.draws);
        let defined = compiler.define(texts.define);
        let mut columns = |part, named| compiler.columns(part, named);
        let (inputs, input_names) = columns(Part::Inputs, texts.inputs);
        let (targets, target_names) = columns(Part::Targets, texts.targets);
        if compiler.mistakes.is_empty() {
            Ok(Self { draws, defined, inputs, targets, input_names, target_names })
        } else {
            Err(compiler.mistakes)
        }
    }
}

#[derive(Default)]
struct Compiler {
    names: Names,
    /// Numbers of one sample so far.
    numbers: usize,
    mistakes: Vec<Mistake>,
}

impl Compiler {
    fn note(&mut self, part: Part, entry: usize, slip: Slip) {
        let Slip { at, message, help } = slip;
        self.mistakes.push(Mistake { part, entry, at: Some(at), message, help });
    }

    fn note_name(&mut self, part: Part, entry: usize, message: String, help: &str) {
        self.mistakes.push(Mistake { part, entry, at: None, message, help: help.to_owned() });
    }

    /// Whether to stop: nobody is told more mistakes than this, and each may take time.
    fn is_enough(&self) -> bool {
        self.mistakes.len() >= MOST_MISTAKES
    }

    /// Counts the numbers of one entry.
    fn count(&mut self, part: Part, entry: usize, numbers: usize) {
        let before = self.numbers;
        self.numbers = before.saturating_add(numbers);
        if before <= MOST_NUMBERS && self.numbers > MOST_NUMBERS {
            let message = format!("a sample would take more than {MOST_NUMBERS} numbers on the way");
            self.note_name(part, entry, message, "use fewer columns");
        }
    }

    fn draws(&mut self, named: &[Named]) -> Vec<Drawn> {
        let mut draws = Vec::with_capacity(named.len());
        for (entry, Named { name, expression }) in named.iter().enumerate() {
            if self.is_enough() {
                break;
            }
            match drawn(expression) {
                Ok((distribution, count)) => {
                    self.count(Part::Draws, entry, count);
                    self.name(
                        Part::Draws,
                        entry,
                        name,
                        Meaning { operation: Operation::Drawn(entry, 0), width: count },
                    );
                    draws.push(Drawn { name: name.clone(), distribution, count });
                }
                Err(slip) => {
                    self.names.unknown.insert(name.clone(), "it has a mistake itself");
                    self.note(Part::Draws, entry, slip);
                }
            }
        }
        draws
    }

    fn define(&mut self, named: &[Named]) -> Vec<Node> {
        for Named { name, .. } in named {
            self.names.unknown.insert(name.clone(), "it is defined below; move it up");
        }
        let mut defined = Vec::with_capacity(named.len());
        for (entry, Named { name, expression }) in named.iter().enumerate() {
            if self.is_enough() {
                break;
            }
            match self.compiled(expression) {
                Ok(node) => {
                    self.count(Part::Define, entry, numbers(&node));
                    self.names.unknown.remove(name);
                    let meaning = Meaning { operation: Operation::Defined(entry, 0), width: node.width };
                    self.name(Part::Define, entry, name, meaning);
                    defined.push(node);
                }
                Err(slip) => {
                    self.names.unknown.insert(name.clone(), "it has a mistake itself");
                    self.note(Part::Define, entry, slip);
                }
            }
        }
        defined
    }

    /// Columns and their names.
    fn columns(&mut self, part: Part, named: &[Named]) -> (Vec<Node>, Vec<String>) {
        let (mut nodes, mut names) = (Vec::with_capacity(named.len()), Vec::new());
        let mut owners: HashMap<String, usize> = HashMap::new();
        for (entry, Named { name, expression }) in named.iter().enumerate() {
            if self.is_enough() {
                break;
            }
            let node = match self.compiled(expression) {
                Ok(node) => node,
                Err(slip) => {
                    self.note(part, entry, slip);
                    continue;
                }
            };
            self.count(part, entry, numbers(&node));
            if name.trim().is_empty() || name.chars().any(is_steering) {
                let message = format!("`{}` is no name of a column", shortened(name));
                self.note_name(part, entry, message, "give it a name that can be read");
            }
            let own: Vec<String> = match node.width {
                1 => vec![name.clone()],
                width if is_name(name) => (1..=width).map(|number| format!("{name}{number}")).collect(),
                width => (1..=width).map(|number| format!("{name} {number}")).collect(),
            };
            if let Some(double) = own.iter().find(|name| owners.contains_key(*name)) {
                let message = format!("two columns of `data.{}` are named `{}`", part.key(), shortened(double));
                let help = "name one of them otherwise, as in `{ name = \"copy\", expression = \"x\" }`";
                self.note_name(part, entry, message, help);
            }
            owners.extend(own.iter().map(|name| (name.clone(), entry)));
            if owners.len() > MOST_FEATURES as usize {
                let message = format!("a sample may have {MOST_FEATURES} columns of `data.{}` at most", part.key());
                self.note_name(part, entry, message, "leave some out");
                break;
            }
            names.extend(own);
            nodes.push(node);
        }
        (nodes, names)
    }

    /// Makes a name known.
    fn name(&mut self, part: Part, entry: usize, name: &str, meaning: Meaning) {
        if let Err(message) = self.names.add(name, meaning) {
            let help = "choose another name: letters, digits and `_`, as in `x` or `noise_2`";
            self.note_name(part, entry, message, help);
        }
    }

    fn compiled(&self, text: &str) -> Result<Node, Slip> {
        self.names.node(&parse(text)?)
    }
}
