//! What can be called, with how many arguments.

use std::ops::RangeInclusive;

/// Functions of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as in the text; `FUNCTIONS` says what it is")]
pub enum Elementwise {
    Negate,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Exp,
    Log,
    Log2,
    Log10,
    Sqrt,
    Abs,
    Sign,
    Floor,
    Ceil,
    Round,
    Step,
    Sigmoid,
    Relu,
}

/// Functions and operators of several numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as in the text; `FUNCTIONS` and `parse` say what it is")]
pub enum Joining {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Unequal,
    Min,
    Max,
    Clip,
    If,
}

/// One number of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as in the text; `FUNCTIONS` says what it is")]
pub enum Reduction {
    Sum,
    Mean,
    Norm,
    Min,
    Max,
}

/// What a name calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callee {
    Each(Elementwise),
    Join(Joining),
    Reduce(Reduction),
    /// Of one argument the first, of several the second.
    Either(Reduction, Joining),
    /// `mix(v)`, `mix(v, 2)`.
    Mix,
    /// `mixes(v, 30)`.
    Mixes,
    /// `range(32)`.
    Range,
}

pub(super) struct Function {
    pub name: &'static str,
    pub callee: Callee,
    pub arguments: RangeInclusive<usize>,
    /// How it is written, for help.
    pub usage: &'static str,
}

const fn each(name: &'static str, function: Elementwise, usage: &'static str) -> Function {
    Function { name, callee: Callee::Each(function), arguments: 1..=1, usage }
}

const fn reduce(name: &'static str, function: Reduction, usage: &'static str) -> Function {
    Function { name, callee: Callee::Reduce(function), arguments: 1..=1, usage }
}

/// Most arguments of `min` and `max`.
const MANY: usize = 100;

/// Every function, in the order in which they are listed to people.
pub(super) const FUNCTIONS: &[Function] = &[
    each("sin", Elementwise::Sin, "`sin(x)`, in radians"),
    each("cos", Elementwise::Cos, "`cos(x)`, in radians"),
    each("tan", Elementwise::Tan, "`tan(x)`, in radians"),
    each("asin", Elementwise::Asin, "`asin(x)`"),
    each("acos", Elementwise::Acos, "`acos(x)`"),
    each("atan", Elementwise::Atan, "`atan(x)`"),
    each("sinh", Elementwise::Sinh, "`sinh(x)`"),
    each("cosh", Elementwise::Cosh, "`cosh(x)`"),
    each("tanh", Elementwise::Tanh, "`tanh(x)`"),
    each("exp", Elementwise::Exp, "`exp(x)`"),
    each("log", Elementwise::Log, "`log(x)`, the natural logarithm"),
    each("log2", Elementwise::Log2, "`log2(x)`"),
    each("log10", Elementwise::Log10, "`log10(x)`"),
    each("sqrt", Elementwise::Sqrt, "`sqrt(x)`"),
    each("abs", Elementwise::Abs, "`abs(x)`"),
    each("sign", Elementwise::Sign, "`sign(x)`, -1, 0 or 1"),
    each("floor", Elementwise::Floor, "`floor(x)`"),
    each("ceil", Elementwise::Ceil, "`ceil(x)`"),
    each("round", Elementwise::Round, "`round(x)`, halves away from 0"),
    each("step", Elementwise::Step, "`step(x)`, 1 where x > 0 and else 0"),
    each("sigmoid", Elementwise::Sigmoid, "`sigmoid(x)`"),
    each("relu", Elementwise::Relu, "`relu(x)`, x where x > 0 and else 0"),
    Function {
        name: "min",
        callee: Callee::Either(Reduction::Min, Joining::Min),
        arguments: 1..=MANY,
        usage: "`min(a, b)` of each place, or `min(v)` of all numbers of `v`",
    },
    Function {
        name: "max",
        callee: Callee::Either(Reduction::Max, Joining::Max),
        arguments: 1..=MANY,
        usage: "`max(a, b)` of each place, or `max(v)` of all numbers of `v`",
    },
    Function { name: "clip", callee: Callee::Join(Joining::Clip), arguments: 3..=3, usage: "`clip(x, low, high)`" },
    Function {
        name: "if",
        callee: Callee::Join(Joining::If),
        arguments: 3..=3,
        usage: "`if(condition, then, otherwise)`, as in `if(x > 0, x, 0)`",
    },
    reduce("sum", Reduction::Sum, "`sum(v)`, of all numbers of `v`"),
    reduce("mean", Reduction::Mean, "`mean(v)`, of all numbers of `v`"),
    reduce("norm", Reduction::Norm, "`norm(v)`, the root of the sum of the squares"),
    Function {
        name: "mix",
        callee: Callee::Mix,
        arguments: 1..=2,
        usage: "`mix(v)`, a random combination of unit norm that `data.seed` draws; `mix(v, 2)` is another one",
    },
    Function {
        name: "mixes",
        callee: Callee::Mixes,
        arguments: 2..=2,
        usage: "`mixes(v, 30)`, the combinations `mix(v, 1)` to `mix(v, 30)` side by side",
    },
    Function { name: "range", callee: Callee::Range, arguments: 1..=1, usage: "`range(32)`, the numbers 0 to 31" },
];

pub(super) fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}
