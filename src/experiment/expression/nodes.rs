//! A tree becomes a node: its names are resolved, its width is known.

use super::{
    Elementwise, Joining, Node, Operation, Slip,
    draws::counted,
    functions::{Callee, Function, function},
    names::{Meaning, Names},
    parse::{Form, Tree},
};
use crate::experiment::reader::MOST_FEATURES;

/// Most weights of the random combinations of one call \[numbers\].
const MOST_WEIGHTS: usize = 10_000_000;

impl Names {
    /// The node of a tree.
    pub fn node(&self, tree: &Tree) -> Result<Node, Slip> {
        let at = tree.at.clone();
        let leaf = |operation, width| Node { operation, arguments: Vec::new(), width, at: at.clone() };
        match &tree.form {
            Form::Number(number) => Ok(leaf(Operation::Number(*number), 1)),
            Form::Name(name) if name == "pi" => Ok(leaf(Operation::Number(std::f64::consts::PI), 1)),
            Form::Name(name) if name == "index" => Ok(leaf(Operation::Index, 1)),
            Form::Name(name) => match self.meaning(name) {
                Some(Meaning { operation, width }) => Ok(leaf(operation, width)),
                None => Err(self.unknown_name(name, at)),
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
pub(super) fn numbers(node: &Node) -> usize {
    node.arguments.iter().map(numbers).fold(node.width, usize::saturating_add)
}
