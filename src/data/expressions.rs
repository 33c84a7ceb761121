//! Samples of the source `expressions`: drawn and computed row by row.

use std::{collections::HashMap, path::Path};

use super::{DataError, MOST_BYTES, draw::Draw, error::Excerpt, table::Numbers};
use crate::experiment::{
    excerpt::{number, shortened},
    expression::{Distribution, Elementwise, Joining, Named, Node, Operation, Part, Program, Reduction, Texts},
};

/// In 64 bits as they are made and as they are split, and twice in 32 bits while a network trains \[bytes\].
const BYTES_PER_NUMBER: u64 = 8 + 8 + 4 + 4;

/// Draws and computes all samples, in full precision and not scaled; also gives the names of the targets.
///
/// - Each name of `data.draws` has a stream of its own, seeded by `data.seed` and the name: what else is drawn, and how
///   many samples follow, changes nothing.
/// - Functions are computed by `libm`, not by the system, whose last digits differ from machine to machine.
/// - Errors: a text that cannot be resolved (the reader has told it before); a number that is not finite, or beyond 32
///   bits, with its sample and the part of the expression that gave it; memory.
pub(super) fn compute(texts: Texts<'_>, samples: usize, seed: u64) -> Result<(Numbers, Vec<String>), DataError> {
    let program = Program::new(texts).map_err(|mistakes| unresolved(texts, &mistakes))?;
    let (inputs, targets) = (program.input_names.len(), program.target_names.len());
    let bytes = (samples as u64).saturating_mul((inputs + targets) as u64).saturating_mul(BYTES_PER_NUMBER);
    if bytes > MOST_BYTES {
        let what =
            format!("{samples} samples of {inputs} inputs, which training holds twice and which are made in 64 bits");
        return Err(DataError::TooLarge { what, bytes, limit: MOST_BYTES, setting: "data.samples" });
    }
    let mut numbers = Numbers {
        inputs: reserved(samples.saturating_mul(inputs))?,
        targets: reserved(samples.saturating_mul(targets))?,
        features: program.input_names.clone(),
        rows: samples,
        dropped: 0,
    };
    let mut computer = Computer::new(&program, texts, seed);
    for sample in 0..samples {
        computer.next(sample);
        computer.columns(Part::Inputs, &program.inputs, &mut numbers.inputs)?;
        computer.columns(Part::Targets, &program.targets, &mut numbers.targets)?;
    }
    Ok((numbers, program.target_names))
}

/// Memory for so many numbers.
fn reserved(count: usize) -> Result<Vec<f64>, DataError> {
    let mut numbers = Vec::new();
    let refused = |_| DataError::no_memory(count as u64 * 8, "data.samples");
    numbers.try_reserve_exact(count).map_err(refused)?;
    Ok(numbers)
}

/// The texts of a part.
fn entries(texts: Texts<'_>, part: Part) -> &[Named] {
    match part {
        Part::Draws => texts.draws,
        Part::Define => texts.define,
        Part::Inputs => texts.inputs,
        Part::Targets => texts.targets,
    }
}

fn fault(
    texts: Texts<'_>,
    part: Part,
    entry: usize,
    at: std::ops::Range<usize>,
    what: String,
    help: String,
) -> DataError {
    let Named { name, expression } = entries(texts, part).get(entry).cloned().unwrap_or_default();
    let key = format!("data.{}.{}", part.key(), shortened(&name));
    // One line of the same length, so that places stay right.
    let line = expression.replace(['\n', '\r'], " ");
    let (line, at) = Excerpt::new(Path::new(&key), 1, &line, at);
    DataError::Expression { message: format!("`{key}`: {what}"), line, at, help }
}

fn unresolved(texts: Texts<'_>, mistakes: &[crate::experiment::expression::Mistake]) -> DataError {
    match mistakes.first() {
        Some(first) => {
            let at = first.at.clone().unwrap_or(0..0);
            fault(texts, first.part, first.entry, at, first.message.clone(), first.help.clone())
        }
        None => fault(texts, Part::Inputs, 0, 0..0, "it cannot be computed".to_owned(), String::new()),
    }
}

/// One sample at a time.
struct Computer<'a> {
    program: &'a Program,
    texts: Texts<'a>,
    streams: Vec<Draw>,
    /// Of each call: number of the combination and width of what is combined.
    weights: HashMap<(u32, usize), Vec<f64>>,
    sample: usize,
    drawn: Vec<Vec<f64>>,
    defined: Vec<Vec<f64>>,
}

impl<'a> Computer<'a> {
    fn new(program: &'a Program, texts: Texts<'a>, seed: u64) -> Self {
        let streams = program.draws.iter().map(|drawn| Draw::named(seed, &format!("draw {}", drawn.name))).collect();
        let mut weights = HashMap::new();
        for node in [&program.defined, &program.inputs, &program.targets].into_iter().flatten() {
            note_weights(node, seed, &mut weights);
        }
        Self { program, texts, streams, weights, sample: 0, drawn: Vec::new(), defined: Vec::new() }
    }

    /// Draws the next sample and computes what is defined.
    fn next(&mut self, sample: usize) {
        self.sample = sample;
        let draws = self.program.draws.iter().zip(&mut self.streams);
        self.drawn =
            draws.map(|(drawn, stream)| (0..drawn.count).map(|_| one(&drawn.distribution, stream)).collect()).collect();
        self.defined.clear();
        for node in &self.program.defined {
            let mut numbers = Vec::with_capacity(node.width);
            self.push(node, &mut numbers);
            self.defined.push(numbers);
        }
    }

    /// Appends the columns of one part.
    fn columns(&self, part: Part, nodes: &[Node], numbers: &mut Vec<f64>) -> Result<(), DataError> {
        for (entry, node) in nodes.iter().enumerate() {
            let before = numbers.len();
            self.push(node, numbers);
            // One zero, not two: data that are equal have one fingerprint.
            numbers[before..].iter_mut().filter(|value| **value == 0.0).for_each(|value| *value = 0.0);
            if let Some(wrong) = numbers[before..].iter().find(|value| !usable(**value)) {
                return Err(self.blame(part, entry, node, *wrong));
            }
        }
        Ok(())
    }

    /// Appends the numbers of a node.
    fn push(&self, node: &Node, numbers: &mut Vec<f64>) {
        let start = numbers.len();
        let own = |list: &[Vec<f64>], which: usize, first: usize, numbers: &mut Vec<f64>| {
            numbers.extend(list[which].iter().skip(first).take(node.width));
        };
        match node.operation {
            Operation::Number(number) => return numbers.push(number),
            Operation::Index => return numbers.push(self.sample as f64),
            Operation::Count => return numbers.extend((0..node.width).map(|place| place as f64)),
            Operation::Drawn(which, first) => return own(&self.drawn, which, first, numbers),
            Operation::Defined(which, first) => return own(&self.defined, which, first, numbers),
            Operation::List | Operation::Each(_) | Operation::Join(_) | Operation::Reduce(_) | Operation::Mix(_) => {}
        }
        let mut starts = Vec::with_capacity(node.arguments.len());
        for argument in &node.arguments {
            starts.push(numbers.len());
            self.push(argument, numbers);
        }
        let end = numbers.len();
        // Of an argument of one number, that number at each place.
        let at = |numbers: &[f64], argument: usize, place: usize| {
            numbers[starts[argument] + if node.arguments[argument].width == 1 { 0 } else { place }]
        };
        match node.operation {
            Operation::Each(function) => {
                return numbers[start..].iter_mut().for_each(|value| *value = each(function, *value));
            }
            Operation::Join(joining) => {
                for place in 0..node.width {
                    let value = joined(joining, node.arguments.len(), &|argument| at(numbers, argument, place));
                    numbers.push(value);
                }
            }
            Operation::Reduce(reduction) => {
                let value = reduced(reduction, &numbers[start..end]);
                numbers.push(value);
            }
            Operation::Mix(first) => {
                for place in 0..node.width {
                    // OK because `note_weights` went over the same nodes, and no width is near 2^32.
                    let weights = &self.weights[&(first + place as u32, end - start)];
                    let value = weights.iter().zip(&numbers[start..end]).map(|(weight, value)| weight * value).sum();
                    numbers.push(value);
                }
            }
            // The arguments side by side are there already; the rest have none.
            Operation::List
            | Operation::Number(_)
            | Operation::Index
            | Operation::Count
            | Operation::Drawn(..)
            | Operation::Defined(..) => return,
        }
        numbers.drain(start..end);
    }

    /// Which part of an expression gave a number that cannot be used.
    fn blame(&self, part: Part, entry: usize, node: &Node, wrong: f64) -> DataError {
        let (mut part, mut entry, mut node) = (part, entry, node);
        let numbers = |node: &Node| {
            let mut numbers = Vec::new();
            self.push(node, &mut numbers);
            numbers
        };
        loop {
            if let Operation::Defined(which, _) = node.operation {
                (part, entry, node) = (Part::Define, which, &self.program.defined[which]);
                continue;
            }
            let bad = |argument: &&Node| numbers(argument).iter().any(|value| !value.is_finite());
            match node.arguments.iter().find(bad) {
                Some(argument) => node = argument,
                None => break,
            }
        }
        let own = numbers(node);
        let wrong = own.iter().find(|value| !usable(**value)).copied().unwrap_or(wrong);
        let text = entries(self.texts, part).get(entry).map_or("", |named| named.expression.as_str());
        let shown = shortened(text.get(node.at.clone()).unwrap_or(text));
        let what = if wrong.is_finite() {
            format!(
                "`{shown}` of sample {} is {}, beyond what a 32-bit number holds (3.4e38)",
                self.sample,
                number(wrong)
            )
        } else {
            format!("`{shown}` of sample {} is {wrong}", self.sample)
        };
        let place = own.iter().position(|value| value.to_bits() == wrong.to_bits()).unwrap_or(0);
        let from: Vec<String> = node
            .arguments
            .iter()
            .map(|argument| {
                let values = numbers(argument);
                number(values.get(place).or(values.first()).copied().unwrap_or(f64::NAN))
            })
            .collect();
        let help = if from.is_empty() {
            "samples are numbers; `nan_fraction` in `[faults]` plants some that are not".to_owned()
        } else {
            format!("it is computed from {}; keep that in range, as in `log(max(x, 1e-6))`", from.join(" and "))
        };
        fault(self.texts, part, entry, node.at.clone(), what, help)
    }
}

/// Whether a network can be given the number.
fn usable(value: f64) -> bool {
    value.abs() <= f64::from(f32::MAX)
}

fn note_weights(node: &Node, seed: u64, weights: &mut HashMap<(u32, usize), Vec<f64>>) {
    if let (Operation::Mix(first), [combined]) = (node.operation, node.arguments.as_slice()) {
        for number in (first..).take(node.width) {
            weights.entry((number, combined.width)).or_insert_with(|| unit_norm(number, combined.width, seed));
        }
    }
    node.arguments.iter().for_each(|argument| note_weights(argument, seed, weights));
}

/// A random direction: normal numbers, divided by their norm.
fn unit_norm(number: u32, width: usize, seed: u64) -> Vec<f64> {
    let mut draw = Draw::named(seed, &format!("mix {number} of {width}"));
    let numbers: Vec<f64> = (0..width).map(|_| draw.normal()).collect();
    let norm = numbers.iter().map(|value| value * value).sum::<f64>().sqrt();
    numbers.iter().map(|value| value / norm).collect()
}

fn one(distribution: &Distribution, draw: &mut Draw) -> f64 {
    match distribution {
        Distribution::Uniform(low, high) => low + (high - low) * draw.unit(),
        Distribution::Normal(mean, std) => mean + std * draw.normal(),
        // `1 - unit` is never 0.
        Distribution::Exponential(mean) => -mean * libm::log(1.0 - draw.unit()),
        // OK because both are below 2^50.
        Distribution::Integer(low, high) => (low + draw.below((high - low) as u64 + 1) as i64) as f64,
        Distribution::Bernoulli(p) => f64::from(draw.unit() < *p),
        Distribution::Choice(values) => values.get(draw.below(values.len() as u64) as usize).copied().unwrap_or(0.0),
    }
}

fn each(function: Elementwise, x: f64) -> f64 {
    match function {
        Elementwise::Negate => 0.0 - x,
        Elementwise::Sin => libm::sin(x),
        Elementwise::Cos => libm::cos(x),
        Elementwise::Tan => libm::tan(x),
        Elementwise::Asin => libm::asin(x),
        Elementwise::Acos => libm::acos(x),
        Elementwise::Atan => libm::atan(x),
        Elementwise::Sinh => libm::sinh(x),
        Elementwise::Cosh => libm::cosh(x),
        Elementwise::Tanh => libm::tanh(x),
        Elementwise::Exp => libm::exp(x),
        Elementwise::Log => libm::log(x),
        Elementwise::Log2 => libm::log2(x),
        Elementwise::Log10 => libm::log10(x),
        Elementwise::Sqrt => x.sqrt(),
        Elementwise::Abs => x.abs(),
        Elementwise::Sign => f64::from(x > 0.0) - f64::from(x < 0.0) + if x.is_nan() { x } else { 0.0 },
        Elementwise::Floor => x.floor(),
        Elementwise::Ceil => x.ceil(),
        Elementwise::Round => x.round(),
        Elementwise::Step => condition(x, x > 0.0),
        Elementwise::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
        // Not `max`, which would make 0 of NaN.
        Elementwise::Relu => {
            if x < 0.0 {
                0.0
            } else {
                x
            }
        }
    }
}

/// 1 or 0, and NaN of NaN: a comparison must not hide it.
fn condition(of: f64, holds: bool) -> f64 {
    if of.is_nan() { of } else { f64::from(holds) }
}

fn joined(joining: Joining, count: usize, argument: &dyn Fn(usize) -> f64) -> f64 {
    let (a, b) = (argument(0), if count > 1 { argument(1) } else { 0.0 });
    // The sum is NaN where one of them is.
    let compared = |holds: bool| condition(if a.is_nan() { a } else { b }, holds);
    match joining {
        Joining::Add => a + b,
        Joining::Subtract => a - b,
        Joining::Multiply => a * b,
        Joining::Divide => a / b,
        // As floored division leaves it: of the sign of `b`, so that `index % 3` and `(index - 9) % 3` are alike.
        Joining::Remainder => a - b * (a / b).floor(),
        // By a product, which is exact to the last digit.
        Joining::Power if b == 2.0 => a * a,
        Joining::Power => libm::pow(a, b),
        Joining::Less => compared(a < b),
        Joining::LessOrEqual => compared(a <= b),
        Joining::Greater => compared(a > b),
        Joining::GreaterOrEqual => compared(a >= b),
        Joining::Equal => compared(a == b),
        Joining::Unequal => compared(a != b),
        Joining::Min => (1..count).fold(a, |least, next| smaller(least, argument(next))),
        Joining::Max => (1..count).fold(a, |most, next| larger(most, argument(next))),
        Joining::Clip => smaller(larger(a, b), argument(2)),
        Joining::If if a.is_nan() => a,
        Joining::If if a == 0.0 => argument(2),
        Joining::If => b,
    }
}

/// NaN where one is NaN, unlike `f64::min`.
fn smaller(a: f64, b: f64) -> f64 {
    if a.is_nan() || a < b { a } else { b }
}

fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

fn reduced(reduction: Reduction, numbers: &[f64]) -> f64 {
    let sum = || numbers.iter().sum::<f64>();
    match reduction {
        Reduction::Sum => sum(),
        Reduction::Mean => sum() / numbers.len() as f64,
        Reduction::Norm => numbers.iter().map(|value| value * value).sum::<f64>().sqrt(),
        Reduction::Min => numbers.iter().copied().reduce(smaller).unwrap_or(f64::NAN),
        Reduction::Max => numbers.iter().copied().reduce(larger).unwrap_or(f64::NAN),
    }
}

#[cfg(test)]
#[path = "expressions_tests.rs"]
mod tests;
