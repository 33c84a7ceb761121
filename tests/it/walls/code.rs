//! Rust text as far as the walls need it: the paths that it names, without comments, strings and characters.

use std::ops::Range;

/// A path that the code names, such as `std::fs::read`; the paths of a `use` with braces one by one.
pub struct Used {
    /// The path, without a leading `::`.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// Whether it stands in an item under `#[cfg(test)]`.
    pub in_tests: bool,
}

/// The words and signs of a Rust file, each with its line; what stands in comments and quotes is left out.
pub struct Code {
    tokens: Vec<(String, usize)>,
}

impl Code {
    /// Takes a text apart.
    pub fn new(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
        while at < letters.len() {
            let end = match skipped(&letters, at) {
                Some(end) => end,
                None if is_word(letters[at]) => {
                    let end = end_of(&letters, at, |letter| is_word(letter));
                    tokens.push((letters[at..end].iter().collect(), line));
                    end
                }
                None if letters[at..].starts_with(&[':', ':']) => {
                    tokens.push(("::".to_owned(), line));
                    at + 2
                }
                None => {
                    if !letters[at].is_whitespace() {
                        tokens.push((letters[at].to_string(), line));
                    }
                    at + 1
                }
            };
            line += letters[at..end].iter().filter(|&&letter| letter == '\n').count();
            at = end;
        }
        Self { tokens }
    }

    /// How often a word stands in the code.
    pub fn count(&self, word: &str) -> usize {
        self.tokens.iter().filter(|(token, _)| token == word).count()
    }

    /// Every path that the code names.
    pub fn paths(&self) -> Vec<Used> {
        let tests = self.items_for_tests();
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if self.tokens[at].0.starts_with(is_word) {
                let first = at;
                let mut paths = Vec::new();
                at = self.path(at, String::new(), &mut paths);
                let in_tests = tests.iter().any(|item| item.contains(&first));
                found.extend(paths.into_iter().map(|(path, line)| Used { path, line, in_tests }));
            } else {
                at += 1;
            }
        }
        found
    }

    /// Reads the rest of a path, from a word or a group in braces; gives the place after it.
    fn path(&self, mut at: usize, mut path: String, found: &mut Vec<(String, usize)>) -> usize {
        let token = |at: usize| self.tokens.get(at).map_or("", |(token, _)| token.as_str());
        let line = self.tokens[at].1;
        loop {
            match token(at) {
                "{" => {
                    at += 1;
                    while !matches!(token(at), "}" | "") {
                        at = match token(at) {
                            "," => at + 1,
                            "as" => at + 2,
                            _ => self.path(at, path.clone(), found),
                        };
                    }
                    return at + 1;
                }
                "self" if !path.is_empty() => {}
                word => path = if path.is_empty() { word.to_owned() } else { format!("{path}::{word}") },
            }
            let goes_on = token(at + 1) == "::" && (token(at + 2).starts_with(is_word) || "{*".contains(token(at + 2)));
            if !goes_on {
                found.push((path, line));
                return at + 1;
            }
            at += 2;
        }
    }

    /// The items under `#[cfg(test)]`, without the attribute itself.
    fn items_for_tests(&self) -> Vec<Range<usize>> {
        let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
        let starts = (0..self.tokens.len()).filter(|&at| {
            attribute
                .iter()
                .enumerate()
                .all(|(n, sign)| self.tokens.get(at + n).is_some_and(|(token, _)| token == sign))
        });
        starts.map(|at| at + attribute.len()..self.end_of_item(at + attribute.len())).collect()
    }

    /// The place after an item: behind its `;` or its last brace.
    fn end_of_item(&self, from: usize) -> usize {
        let mut depth = 0;
        for (at, (token, _)) in self.tokens.iter().enumerate().skip(from) {
            match token.as_str() {
                "{" | "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                "}" if depth == 1 => return at + 1,
                "}" => depth -= 1,
                ";" if depth == 0 => return at + 1,
                _ => {}
            }
        }
        self.tokens.len()
    }
}

/// The modules that `file` declares under `#[cfg(test)]` in files of their own, as paths without `.rs`.
pub fn modules_for_tests(file: &str, code: &Code) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let folder = match stem.rsplit_once('/') {
        Some((folder, "mod")) => format!("{folder}/"),
        _ if ["main", "lib", "mod"].contains(&stem) => String::new(),
        _ => format!("{stem}/"),
    };
    let items = code.items_for_tests().into_iter();
    let modules = items.filter_map(|item| {
        let words: Vec<&str> = code.tokens[item].iter().map(|(token, _)| token.as_str()).collect();
        match words.as_slice() {
            [.., "mod", name, ";"] => Some(format!("{folder}{name}")),
            _ => None,
        }
    });
    modules.collect()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn end_of(letters: &[char], from: usize, part: impl Fn(char) -> bool) -> usize {
    letters[from..].iter().position(|&letter| !part(letter)).map_or(letters.len(), |length| from + length)
}

/// The end of the comment, string or character that begins at `at`, if one does.
fn skipped(letters: &[char], at: usize) -> Option<usize> {
    let rest = &letters[at..];
    match rest {
        ['/', '/', ..] => Some(end_of(letters, at, |letter| letter != '\n')),
        ['/', '*', ..] => Some(at + comment(rest)),
        ['r', '"' | '#', ..] | ['b', 'r', '"' | '#', ..] => raw_string(rest).map(|length| at + length),
        ['"', ..] => Some(at + string(rest)),
        // A character ends with a quote; a lifetime does not.
        ['\'', '\\', ..] => Some(end_of(letters, at + 3, |letter| letter != '\'') + 1),
        ['\'', _, '\'', ..] => Some(at + 3),
        _ => None,
    }
}

fn comment(letters: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < letters.len() {
        match letters[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(letters: &[char]) -> usize {
    let mut at = 1;
    while at < letters.len() {
        match letters[at] {
            '"' => return at + 1,
            '\\' => at += 2,
            _ => at += 1,
        }
    }
    letters.len()
}

/// `r"..."` and `r#"..."#`; not `r#type`.
fn raw_string(letters: &[char]) -> Option<usize> {
    let start = letters.iter().position(|&letter| letter == 'r')? + 1;
    let hashes = letters[start..].iter().take_while(|&&letter| letter == '#').count();
    let body = start + hashes;
    if letters.get(body) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let length = letters[body + 1..].windows(end.len()).position(|window| window == end)?;
    Some(body + 1 + length + end.len())
}
