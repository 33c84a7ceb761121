//! Trees become a [`Program`]: names are resolved, the width of everything is known and limited.

use std::collections::HashMap;

use super::{
    Drawn, Elementwise, Joining, Mistake, Named, Node, Operation, Part, Program, Slip, Texts,
    draws::{counted, drawn},
    functions::{Callee, FUNCTIONS, Function, function},
    parse::{Form, Tree, parse},
};
use crate::experiment::{
    excerpt::{is_steering, shortened},
    reader::MOST_FEATURES,
    suggest::{listed, nearest},
};

/// Most numbers that one sample may take on the way, all operations together.
const MOST_NUMBERS: usize = 10 * MOST_FEATURES as usize;

/// Most weights of the random combinations of one call \[numbers\].
const MOST_WEIGHTS: usize = 10_000_000;

/// Names that are always there.
const CONSTANTS: &[&str] = &["index", "pi"];

/// What a name stands for.
#[derive(Clone, Copy)]
struct Meaning {
    operation: Operation,
    width: usize,
}

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
    meanings: HashMap<String, Meaning>,
    /// In the order of the text, for help.
    names: Vec<String>,
    /// Names that a mistake or a later line keeps from being known, and why.
    unknown: HashMap<String, &'static str>,
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

    fn draws(&mut self, named: &[Named]) -> Vec<Drawn> {
        let mut draws = Vec::with_capacity(named.len());
        for (entry, Named { name, expression }) in named.iter().enumerate() {
            match drawn(expression) {
                Ok((distribution, count)) => {
                    self.name(Part::Draws, entry, name, count, |first| Operation::Drawn(entry, first));
                    draws.push(Drawn { name: name.clone(), distribution, count });
                }
                Err(slip) => {
                    self.unknown.insert(name.clone(), "it has a mistake itself");
                    self.note(Part::Draws, entry, slip);
                }
            }
        }
        draws
    }

    fn define(&mut self, named: &[Named]) -> Vec<Node> {
        for Named { name, .. } in named {
            self.unknown.insert(name.clone(), "it is defined below; move it up");
        }
        let mut defined = Vec::with_capacity(named.len());
        for (entry, Named { name, expression }) in named.iter().enumerate() {
            match self.compiled(expression) {
                Ok(node) => {
                    self.unknown.remove(name);
                    self.name(Part::Define, entry, name, node.width, |first| Operation::Defined(entry, first));
                    defined.push(node);
                }
                Err(slip) => {
                    self.unknown.insert(name.clone(), "it has a mistake itself");
                    self.note(Part::Define, entry, slip);
                }
            }
        }
        defined
    }

    /// Makes a name known, and of several numbers each with its own number behind the name.
    fn name(&mut self, part: Part, entry: usize, name: &str, width: usize, operation: impl Fn(usize) -> Operation) {
        let help = "choose another name: letters, digits and `_`, as in `x` or `noise_2`";
        if !is_name(name) {
            return self.note_name(part, entry, format!("`{}` is no name", shortened(name)), help);
        }
        if function(name).is_some() || CONSTANTS.contains(&name) {
            return self.note_name(part, entry, format!("`{name}` has a meaning of its own"), help);
        }
        let mut new = vec![(name.to_owned(), Meaning { operation: operation(0), width })];
        if width > 1 {
            let one = |place| (format!("{name}{}", place + 1), Meaning { operation: operation(place), width: 1 });
            new.extend((0..width).map(one));
        }
        if let Some((taken, _)) = new.iter().find(|(name, _)| self.meanings.contains_key(name)) {
            return self.note_name(part, entry, format!("there already is a `{}`", shortened(taken)), help);
        }
        self.names.push(name.to_owned());
        self.meanings.extend(new);
    }

    /// Columns and their names.
    fn columns(&mut self, part: Part, named: &[Named]) -> (Vec<Node>, Vec<String>) {
        let (mut nodes, mut names) = (Vec::with_capacity(named.len()), Vec::new());
        let mut owners: HashMap<String, usize> = HashMap::new();
        for (entry, Named { name, expression }) in named.iter().enumerate() {
            let node = match self.compiled(expression) {
                Ok(node) => node,
                Err(slip) => {
                    self.note(part, entry, slip);
                    continue;
                }
            };
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

    fn compiled(&self, text: &str) -> Result<Node, Slip> {
        let node = self.node(&parse(text)?)?;
        let numbers = numbers(&node);
        if numbers > MOST_NUMBERS {
            let message = format!("a sample would take {numbers} numbers on the way, {MOST_NUMBERS} are the limit");
            return Err(Slip::new(0..text.len(), message, "use fewer columns"));
        }
        Ok(node)
    }

    fn node(&self, tree: &Tree) -> Result<Node, Slip> {
        let at = tree.at.clone();
        let leaf = |operation, width| Node { operation, arguments: Vec::new(), width, at: at.clone() };
        match &tree.form {
            Form::Number(number) => Ok(leaf(Operation::Number(*number), 1)),
            Form::Name(name) if name == "pi" => Ok(leaf(Operation::Number(std::f64::consts::PI), 1)),
            Form::Name(name) if name == "index" => Ok(leaf(Operation::Index, 1)),
            Form::Name(name) => match self.meanings.get(name) {
                Some(Meaning { operation, width }) => Ok(leaf(*operation, *width)),
                None => Err(self.unknown_name(name, tree)),
            },
            Form::Negate(inner) => {
                let inner = self.node(inner)?;
                let width = inner.width;
                Ok(Node { operation: Operation::Each(Elementwise::Negate), arguments: vec![inner], width, at })
            }
            Form::Join(joining, left, right) => {
                joined(Operation::Join(*joining), vec![self.node(left)?, self.node(right)?], at)
            }
            Form::List(items) => {
                let arguments = self.nodes(items)?;
                let width: usize = arguments.iter().map(|item| item.width).sum();
                if width == 0 {
                    return Err(Slip::new(at, "a list has at least one number", "write `[a, b]`"));
                }
                limited(Node { operation: Operation::List, arguments, width, at })
            }
            Form::Call(name, name_at, arguments) => {
                let Some(function) = function(name) else {
                    return Err(self.unknown_function(name, name_at.clone()));
                };
                self.call(function, arguments, tree)
            }
        }
    }

    fn nodes(&self, trees: &[Tree]) -> Result<Vec<Node>, Slip> {
        trees.iter().map(|tree| self.node(tree)).collect()
    }

    fn call(&self, function: &Function, arguments: &[Tree], tree: &Tree) -> Result<Node, Slip> {
        let at = tree.at.clone();
        if !function.arguments.contains(&arguments.len()) {
            let message = format!("`{}` cannot have {}", function.name, counted(arguments.len()));
            return Err(Slip::new(at, message, format!("it is written {}", function.usage)));
        }
        // OK because every function has at least one argument.
        let reduced = |reduction, inner: &Tree| {
            let inner = self.node(inner)?;
            Ok(Node { operation: Operation::Reduce(reduction), arguments: vec![inner], width: 1, at: at.clone() })
        };
        match function.callee {
            Callee::Each(each) => {
                let inner = self.node(&arguments[0])?;
                let width = inner.width;
                Ok(Node { operation: Operation::Each(each), arguments: vec![inner], width, at })
            }
            Callee::Join(joining) => joined(Operation::Join(joining), self.nodes(arguments)?, at),
            Callee::Reduce(reduction) => reduced(reduction, &arguments[0]),
            Callee::Either(reduction, _) if arguments.len() == 1 => reduced(reduction, &arguments[0]),
            Callee::Either(_, joining) => joined(Operation::Join(joining), self.nodes(arguments)?, at),
            Callee::Range => {
                let width = whole(&arguments[0], function)?;
                limited(Node { operation: Operation::Count, arguments: Vec::new(), width, at })
            }
            Callee::Mix | Callee::Mixes => {
                let inner = self.node(&arguments[0])?;
                let number = arguments.get(1).map_or(Ok(1), |number| whole(number, function))?;
                let (first, width) = if function.callee == Callee::Mix { (number, 1) } else { (1, number) };
                let weights = inner.width.saturating_mul(width);
                if weights > MOST_WEIGHTS {
                    let message = format!("this would take {weights} weights, {MOST_WEIGHTS} are the limit");
                    return Err(Slip::new(at, message, "use fewer columns"));
                }
                // OK because `whole` keeps it far below 2^32.
                limited(Node { operation: Operation::Mix(first as u32), arguments: vec![inner], width, at })
            }
        }
    }

    fn unknown_name(&self, name: &str, tree: &Tree) -> Slip {
        if function(name).is_some() {
            let message = format!("`{name}` is a function");
            return Slip::new(tree.at.clone(), message, format!("call it, as in `{name}(...)`"));
        }
        let message = format!("there is no `{}`", shortened(name));
        if let Some(why) = self.unknown.get(name) {
            return Slip::new(tree.at.clone(), format!("`{}` is not known here", shortened(name)), *why);
        }
        let known = self.names.iter().map(String::as_str).chain(CONSTANTS.iter().copied());
        let all = format!("known here: {}", listed(known.clone()));
        // `w11` of `w x 10` is nearer to `w` than to anything else, but the numbers of `w` say more.
        let base = name.trim_end_matches(|last: char| last.is_ascii_digit());
        let help = match self.meanings.get(base).filter(|_| base != name) {
            Some(Meaning { width: 1, .. }) => format!("`{base}` is a single number; {all}"),
            Some(Meaning { width, .. }) => format!("`{base}` has the numbers `{base}1` to `{base}{width}`; {all}"),
            None => match nearest(name, known.collect::<Vec<_>>()) {
                Some(near) => format!("did you mean `{near}`? {all}"),
                None => all,
            },
        };
        Slip::new(tree.at.clone(), message, help)
    }

    fn unknown_function(&self, name: &str, at: std::ops::Range<usize>) -> Slip {
        let message = format!("there is no function `{}`", shortened(name));
        if self.meanings.contains_key(name) {
            return Slip::new(at, message, format!("a product needs its `*`, as in `{name} * (...)`"));
        }
        // Names that other languages have for the same.
        let synonym = match name {
            "ln" => Some("log"),
            "pow" | "power" => return Slip::new(at, message, "a power is written `x ^ 2`"),
            "mod" => return Slip::new(at, message, "a remainder is written `x % 3`"),
            "where" | "select" | "ifelse" => Some("if"),
            "clamp" => Some("clip"),
            "logistic" | "expit" => Some("sigmoid"),
            "heaviside" => Some("step"),
            "linspace" | "arange" => Some("range"),
            "average" => Some("mean"),
            "dot" => Some("sum"),
            _ => None,
        };
        let names = FUNCTIONS.iter().map(|function| function.name);
        let all = format!("there are {}", listed_all(names.clone()));
        let help = match synonym.or_else(|| nearest(name, names)) {
            Some(near) => {
                let usage = function(near).map_or("", |function| function.usage);
                format!("did you mean {usage}? {all}")
            }
            None => all,
        };
        Slip::new(at, message, help)
    }
}

/// Whether an expression could call it so.
fn is_name(text: &str) -> bool {
    let plain = |character: char| character.is_alphanumeric() || character == '_';
    text.starts_with(|first: char| first.is_alphabetic() || first == '_') && text.chars().all(plain)
}

/// All of them, since the list is the only place where a user sees what there is.
fn listed_all<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Arguments of one width, or of one number, which is repeated.
fn joined(operation: Operation, arguments: Vec<Node>, at: std::ops::Range<usize>) -> Result<Node, Slip> {
    let width = arguments.iter().map(|argument| argument.width).max().unwrap_or(1);
    if let Some(other) = arguments.iter().find(|argument| argument.width != 1 && argument.width != width) {
        let message = format!("{} numbers and {width} numbers do not go together", other.width);
        let help = "both sides have the same number of columns, or one side has one";
        return Err(Slip::new(at, message, help));
    }
    Ok(Node { operation, arguments, width, at })
}

fn limited(node: Node) -> Result<Node, Slip> {
    if node.width > MOST_FEATURES as usize {
        let message = format!("{} numbers are too many, {MOST_FEATURES} are the limit", node.width);
        return Err(Slip::new(node.at, message, "use fewer columns"));
    }
    Ok(node)
}

/// A count that stands in the text.
fn whole(tree: &Tree, function: &Function) -> Result<usize, Slip> {
    let number = constant(tree)?;
    if number.fract() == 0.0 && (1.0..=f64::from(MOST_FEATURES)).contains(&number) {
        return Ok(number as usize);
    }
    let message = format!("this must be a whole number from 1 to {MOST_FEATURES}");
    Err(Slip::new(tree.at.clone(), message, format!("it is written {}", function.usage)))
}

/// The value of numbers, `pi` and the four operations.
pub(super) fn constant(tree: &Tree) -> Result<f64, Slip> {
    match &tree.form {
        Form::Number(number) => Ok(*number),
        Form::Name(name) if name == "pi" => Ok(std::f64::consts::PI),
        Form::Negate(inner) => Ok(-constant(inner)?),
        Form::Join(joining, left, right) => {
            let (left, right) = (constant(left)?, constant(right)?);
            match joining {
                Joining::Add => Ok(left + right),
                Joining::Subtract => Ok(left - right),
                Joining::Multiply => Ok(left * right),
                Joining::Divide => Ok(left / right),
                _ => Err(not_constant(tree)),
            }
        }
        Form::Name(_) | Form::Call(..) | Form::List(_) => Err(not_constant(tree)),
    }
}

fn not_constant(tree: &Tree) -> Slip {
    let help = "numbers, `pi` and `+ - * /` are allowed here; what depends on a sample goes to `data.define`";
    Slip::new(tree.at.clone(), "this must be a number", help)
}

/// Numbers that one sample takes on the way.
fn numbers(node: &Node) -> usize {
    node.arguments.iter().map(numbers).fold(node.width, usize::saturating_add)
}
