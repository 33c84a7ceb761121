//! The text of one expression becomes a tree; precedence climbing (Pratt 1973).

use std::ops::Range;

use super::{Slip, functions::Joining};
use crate::experiment::excerpt::shortened;

/// Longest text \[bytes\]: far more than anyone writes by hand.
const LONGEST: usize = 10_000;

/// Deepest nesting of brackets and signs: a stranger's text must not overflow the stack of the parser.
const DEEPEST: usize = 60;

/// Highest tree: nor that of who walks it. A sum of many terms is as high as it is long.
const HIGHEST: usize = 300;

/// One expression as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tree {
    pub form: Form,
    pub at: Range<usize>,
    /// Levels below it.
    height: usize,
}

impl Tree {
    fn new(form: Form, at: Range<usize>) -> Result<Self, Slip> {
        let below = |trees: &[Tree]| trees.iter().map(|tree| tree.height + 1).max().unwrap_or(0);
        let height = match &form {
            Form::Number(_) | Form::Name(_) => 0,
            Form::Negate(inner) => inner.height + 1,
            Form::Join(_, left, right) => left.height.max(right.height) + 1,
            Form::Call(_, _, arguments) => below(arguments),
            Form::List(items) => below(items),
        };
        if height > HIGHEST {
            return Err(Slip::new(at, format!("more than {HIGHEST} operators are too many"), SHORTER));
        }
        Ok(Self { form, at, height })
    }
}

const SHORTER: &str = "name parts of it in `data.define`";

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Number(f64),
    Name(String),
    Negate(Box<Tree>),
    Join(Joining, Box<Tree>, Box<Tree>),
    /// A name, where it stands, and what it is called with.
    Call(String, Range<usize>, Vec<Tree>),
    List(Vec<Tree>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Operator(&'static str),
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
}

/// Longer ones first: `<=` is not `<`.
const OPERATORS: &[&str] = &["<=", ">=", "==", "!=", "**", "<", ">", "+", "-", "*", "/", "%", "^"];

/// How tightly an operator binds, from the left and from the right; the minus in front of a number stands between
/// products and powers, so that `-x^2` is `-(x^2)`.
fn binding(operator: &str) -> Option<(u8, u8, Joining)> {
    Some(match operator {
        "<" => (1, 2, Joining::Less),
        "<=" => (1, 2, Joining::LessOrEqual),
        ">" => (1, 2, Joining::Greater),
        ">=" => (1, 2, Joining::GreaterOrEqual),
        "==" => (1, 2, Joining::Equal),
        "!=" => (1, 2, Joining::Unequal),
        "+" => (3, 4, Joining::Add),
        "-" => (3, 4, Joining::Subtract),
        "*" => (5, 6, Joining::Multiply),
        "/" => (5, 6, Joining::Divide),
        "%" => (5, 6, Joining::Remainder),
        // From the right: 2^3^2 is 2^9.
        "^" | "**" => (9, 8, Joining::Power),
        _ => return None,
    })
}
const SIGN: u8 = 7;

/// The tree of a text.
pub(super) fn parse(text: &str) -> Result<Tree, Slip> {
    let mut parser = Parser::new(text)?;
    let tree = parser.expression(0, 0)?;
    parser.end("an operator, such as `*`, or nothing more")?;
    Ok(tree)
}

/// `name(arguments)`, and behind it `x count`.
pub(super) struct Draw {
    pub name: (String, Range<usize>),
    pub arguments: Vec<Tree>,
    pub count: Option<(f64, Range<usize>)>,
    pub at: Range<usize>,
}

/// The tree of a distribution: `normal(0, 1) x 10`.
pub(super) fn parse_draw(text: &str) -> Result<Draw, Slip> {
    const HELP: &str = "write a distribution, such as `uniform(0, 1)`, `normal(0, 1)` or `normal(0, 1) x 10`";
    let mut parser = Parser::new(text)?;
    let Some((Token::Name(name), name_at)) = parser.next() else {
        return Err(Slip::new(parser.before(), "a distribution is expected", HELP));
    };
    if !parser.skip(&Token::Open) {
        return Err(Slip::new(parser.place(), "`(` is expected", HELP));
    }
    let arguments = parser.arguments(0, &Token::Close, ")")?;
    let at = name_at.start..parser.before().end;
    let mut count = None;
    match parser.next() {
        None => {}
        Some((Token::Operator("*"), _)) => count = Some(parser.count(HELP)?),
        Some((Token::Name(times), _)) if times == "x" => count = Some(parser.count(HELP)?),
        Some((Token::Name(times), at)) => match times.strip_prefix('x').and_then(|digits| digits.parse().ok()) {
            Some(number) => count = Some((number, at)),
            None => return Err(Slip::new(at, format!("`{}` is unexpected", shortened(&times)), HELP)),
        },
        Some((_, at)) => return Err(Slip::new(at, "this is unexpected", HELP)),
    }
    parser.end("nothing more")?;
    Ok(Draw { name: (name, name_at), arguments, count, at })
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    next: usize,
    end: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Self, Slip> {
        if text.len() > LONGEST {
            let message = format!("an expression has at most {LONGEST} bytes, this one has {}", text.len());
            return Err(Slip::new(0..text.len(), message, SHORTER));
        }
        if text.trim().is_empty() {
            let help = "write what it is, such as `2 * x + 1`";
            return Err(Slip::new(0..text.len(), "the expression is empty", help));
        }
        Ok(Self { tokens: tokens(text)?, next: 0, end: text.len() })
    }

    fn next(&mut self) -> Option<(Token, Range<usize>)> {
        let token = self.tokens.get(self.next).cloned();
        self.next += usize::from(token.is_some());
        token
    }

    fn skip(&mut self, token: &Token) -> bool {
        let found = self.tokens.get(self.next).is_some_and(|(next, _)| next == token);
        self.next += usize::from(found);
        found
    }

    /// Where the next token is; behind the last one, the last one.
    fn place(&self) -> Range<usize> {
        self.tokens.get(self.next).map_or_else(|| self.before(), |(_, at)| at.clone())
    }

    /// Where the token was that was taken last.
    fn before(&self) -> Range<usize> {
        let last = self.next.checked_sub(1).and_then(|last| self.tokens.get(last));
        last.map_or(0..self.end, |(_, at)| at.clone())
    }

    fn end(&mut self, wanted: &str) -> Result<(), Slip> {
        match self.next() {
            None => Ok(()),
            Some((Token::Close, at)) => Err(Slip::new(at, "this `)` closes nothing", "take it away, or open it")),
            Some((_, at)) => Err(Slip::new(at, "this is unexpected", format!("expected: {wanted}"))),
        }
    }

    fn count(&mut self, help: &str) -> Result<(f64, Range<usize>), Slip> {
        match self.next() {
            Some((Token::Number(number), at)) => Ok((number, at)),
            Some((_, at)) => Err(Slip::new(at, "a whole number is expected", help)),
            None => Err(Slip::new(self.before(), "a whole number is expected behind it", help)),
        }
    }

    /// An expression whose operators bind at least as tightly as `least`.
    fn expression(&mut self, least: u8, depth: usize) -> Result<Tree, Slip> {
        if depth > DEEPEST {
            return Err(Slip::new(self.place(), format!("more than {DEEPEST} levels are too deep"), SHORTER));
        }
        let mut left = self.operand(depth)?;
        while let Some((Token::Operator(operator), _)) = self.tokens.get(self.next) {
            let Some((before, behind, join)) = binding(operator) else { break };
            if before < least {
                break;
            }
            self.next += 1;
            let right = self.expression(behind, depth + 1)?;
            let at = left.at.start..right.at.end;
            left = Tree::new(Form::Join(join, Box::new(left), Box::new(right)), at)?;
        }
        Ok(left)
    }

    fn operand(&mut self, depth: usize) -> Result<Tree, Slip> {
        const HELP: &str = "a number, a name, a function or `(` belongs here";
        let missing = |at, what: &str| Err(Slip::new(at, what, HELP));
        let Some((token, at)) = self.next() else {
            return missing(self.before(), "something is missing behind this");
        };
        match token {
            Token::Number(number) => Tree::new(Form::Number(number), at),
            Token::Name(name) => {
                if !self.skip(&Token::Open) {
                    return Tree::new(Form::Name(name), at);
                }
                let arguments = self.arguments(depth, &Token::Close, ")")?;
                let whole = at.start..self.before().end;
                Tree::new(Form::Call(name, at, arguments), whole)
            }
            Token::Operator("-") => {
                let inner = self.expression(SIGN, depth + 1)?;
                let at = at.start..inner.at.end;
                Tree::new(Form::Negate(Box::new(inner)), at)
            }
            Token::Operator("+") => self.expression(SIGN, depth + 1),
            Token::Open => {
                let inner = self.expression(0, depth + 1)?;
                if self.skip(&Token::Close) {
                    return Ok(Tree { at: at.start..self.before().end, ..inner });
                }
                match self.next() {
                    None => Err(Slip::new(at, "this `(` is never closed", "add `)`")),
                    Some((_, at)) => Err(Slip::new(at, "`)` or an operator is expected", "close the bracket before")),
                }
            }
            Token::OpenList => {
                let items = self.arguments(depth, &Token::CloseList, "]")?;
                let at = at.start..self.before().end;
                Tree::new(Form::List(items), at)
            }
            Token::Operator(_) | Token::Close | Token::CloseList | Token::Comma => {
                missing(at, "something is missing before this")
            }
        }
    }

    /// What stands between brackets whose first is taken.
    fn arguments(&mut self, depth: usize, close: &Token, shown: &str) -> Result<Vec<Tree>, Slip> {
        let open = self.before();
        let mut arguments = Vec::new();
        if self.skip(close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(0, depth + 1)?);
            if self.skip(close) {
                return Ok(arguments);
            }
            if !self.skip(&Token::Comma) {
                return Err(match self.next() {
                    None => Slip::new(open, "this bracket is never closed", format!("add `{shown}`")),
                    Some((_, at)) => Slip::new(at, format!("`,` or `{shown}` is expected"), "close the bracket before"),
                });
            }
        }
    }
}

fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, Slip> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if first.is_ascii_digit() || first == '.' {
            number(rest, at)?
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len());
            (Token::Name(rest[..length].to_owned()), length)
        } else if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
            (Token::Operator(operator), operator.len())
        } else {
            let token = match first {
                '(' => Token::Open,
                ')' => Token::Close,
                '[' => Token::OpenList,
                ']' => Token::CloseList,
                ',' => Token::Comma,
                other => {
                    let help = match other {
                        '=' => "two values are compared by `==`",
                        '&' => "for both, multiply: `(a > 0) * (b > 0)`",
                        '|' => "for either, take the larger: `max(a > 0, b > 0)`",
                        '!' => "the opposite of a condition is `1 - (a > 0)`",
                        _ => "an expression has numbers, names, `+ - * / % ^`, comparisons and functions",
                    };
                    let message = format!("`{}` means nothing here", shortened(&other.to_string()));
                    return Err(Slip::new(at..at + other.len_utf8(), message, help));
                }
            };
            (token, 1)
        };
        tokens.push((token, at..at + length));
        at += length;
    }
    Ok(tokens)
}

/// A number at the start of `rest`, and its length; `e` and a sign are part of it.
fn number(rest: &str, at: usize) -> Result<(Token, usize), Slip> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let following = rest[length..].chars().next().filter(|next| next.is_alphanumeric() || matches!(next, '_' | '.'));
    match rest[..length].parse::<f64>() {
        Ok(number) if number.is_finite() && following.is_none() => Ok((Token::Number(number), length)),
        _ => {
            let word = rest[length..].find(|next: char| !next.is_alphanumeric() && !matches!(next, '_' | '.'));
            let end = word.map_or(rest.len(), |end| length + end);
            let help = "numbers are written `2`, `0.5` or `1e-3`; a product needs its `*`, as in `2*x`";
            let message = format!("`{}` is no number", shortened(&rest[..end]));
            Err(Slip::new(at..at + end, message, help))
        }
    }
}
