//! What is drawn for each sample: `uniform(0, 1)`, `normal(0, 1) x 10`.

use super::{
    Slip,
    nodes::constant,
    parse::{self, Draw},
};
use crate::experiment::{
    excerpt::{number, shortened},
    reader::MOST_FEATURES,
    suggest::{listed, nearest},
};

/// One name of `data.draws`.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Its name, which also seeds it: what else is drawn changes nothing.
    pub name: String,
    /// How each number is drawn.
    pub distribution: Distribution,
    /// Numbers of one sample.
    pub count: usize,
}

/// A distribution of one number.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// `uniform(low, high)`.
    Uniform(f64, f64),
    /// `normal(mean, std)`.
    Normal(f64, f64),
    /// `exponential(mean)`.
    Exponential(f64),
    /// `integer(low, high)`: both ends come.
    Integer(i64, i64),
    /// `bernoulli(p)`: 1 with this probability, else 0.
    Bernoulli(f64),
    /// `choice(a, b, ...)`: each as likely.
    Choice(Vec<f64>),
}

/// Name and usage of each.
const DISTRIBUTIONS: &[(&str, &str)] = &[
    ("uniform", "`uniform(low, high)`"),
    ("normal", "`normal(mean, std)`"),
    ("exponential", "`exponential(mean)`"),
    ("integer", "`integer(low, high)`, both ends come"),
    ("bernoulli", "`bernoulli(p)`, 1 with probability p and else 0"),
    ("choice", "`choice(4, 6, 8)`, each as likely"),
];

/// Largest number of a distribution: a product of two is far from the limits of f64.
const LARGEST: f64 = 1e15;

/// The distribution and the count of a text.
pub(super) fn drawn(text: &str) -> Result<(Distribution, usize), Slip> {
    let Draw { name: (name, name_at), arguments, count, at } = parse::parse_draw(text)?;
    let Some((_, usage)) = DISTRIBUTIONS.iter().find(|(known, _)| *known == name) else {
        let names = DISTRIBUTIONS.iter().map(|(name, _)| *name);
        let all = format!("choose one of {}", listed(names.clone()));
        let help = nearest(&name, names).map_or_else(|| all.clone(), |near| format!("did you mean `{near}`? {all}"));
        return Err(Slip::new(name_at, format!("there is no distribution `{}`", shortened(&name)), help));
    };
    let numbers = arguments.iter().map(constant).collect::<Result<Vec<f64>, Slip>>()?;
    if let Some(place) = numbers.iter().position(|value| value.abs().is_nan() || value.abs() > LARGEST) {
        let (at, seen) = (arguments[place].at.clone(), number(numbers[place]));
        return Err(Slip::new(at, format!("{seen} is no sensible number here"), "the limit is 1e15"));
    }
    let refused = |message: &str| Err(Slip::new(at.clone(), message, format!("it is written {usage}")));
    let distribution = match (name.as_str(), numbers.as_slice()) {
        ("uniform", [low, high]) if low < high => Distribution::Uniform(*low, *high),
        ("normal", [mean, std]) if *std >= 0.0 => Distribution::Normal(*mean, *std),
        ("exponential", [mean]) if *mean > 0.0 => Distribution::Exponential(*mean),
        ("integer", [low, high]) if low <= high && low.fract() == 0.0 && high.fract() == 0.0 => {
            Distribution::Integer(*low as i64, *high as i64)
        }
        ("bernoulli", [p]) if (0.0..=1.0).contains(p) => Distribution::Bernoulli(*p),
        ("choice", [_, ..]) => Distribution::Choice(numbers),
        ("uniform", [_, _]) => return refused("the first number must be below the second"),
        ("normal", [_, _]) => return refused("a standard deviation must not be negative"),
        ("exponential", [_]) => return refused("the mean must be above 0"),
        ("integer", [_, _]) => {
            return refused("both must be whole numbers, and the first must not be above the second");
        }
        ("bernoulli", [_]) => return refused("a probability is from 0 to 1"),
        _ => return refused(&format!("`{name}` cannot have {}", counted(numbers.len()))),
    };
    let count = match count {
        None => 1,
        Some((count, _)) if count.fract() == 0.0 && (1.0..=f64::from(MOST_FEATURES)).contains(&count) => count as usize,
        Some((_, at)) => {
            let message = format!("the count must be a whole number from 1 to {MOST_FEATURES}");
            return Err(Slip::new(at, message, "write `normal(0, 1) x 10` for ten numbers of each sample"));
        }
    };
    Ok((distribution, count))
}

/// `2 arguments`.
pub(super) fn counted(count: usize) -> String {
    match count {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        _ => format!("{count} arguments"),
    }
}
