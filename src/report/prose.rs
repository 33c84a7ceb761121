//! Sentences of the judge, in which names stand in backticks.

/// A part of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Words.
    Words(&'a str),
    /// A name that stood in backticks, without them; not empty.
    Name(&'a str),
}

/// The parts of a sentence; where backticks have no partner, or hold nothing, all of it is words.
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let pieces: Vec<&str> = text.split('`').collect();
    let mut names = pieces.iter().skip(1).step_by(2);
    if pieces.len().is_multiple_of(2) || names.any(|name| name.is_empty()) {
        return vec![Part::Words(text)];
    }
    let parts = pieces.iter().enumerate().map(|(index, piece)| match index % 2 {
        0 => Part::Words(piece),
        _ => Part::Name(piece),
    });
    parts.filter(|part| *part != Part::Words("")).collect()
}

/// A clause as a sentence: with a capital where it begins with a word, and a full stop.
pub fn sentence(clause: &str) -> String {
    let text = super::ink::capital(clause.trim());
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

/// The matter without its reasons and examples: what comes before the first colon, without a bracket at its end.
pub fn matter(text: &str) -> &str {
    let matter = text.split_once(": ").map_or(text, |(matter, _)| matter);
    match matter.strip_suffix(')').and_then(|open| open.rsplit_once(" (")) {
        Some((before, _)) => before,
        None => matter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_words_and_stray_backticks_are_words() {
        assert_eq!(
            parts("all of `a` or `b`."),
            [Part::Words("all of "), Part::Name("a"), Part::Words(" or "), Part::Name("b"), Part::Words(".")]
        );
        for whole in ["", "no name", "a ` alone", "``", "`a` and `"] {
            assert_eq!(
                parts(whole),
                [Part::Words(whole)].into_iter().filter(|_| !whole.is_empty()).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn clauses_become_sentences() {
        assert_eq!(sentence("the loss rose"), "The loss rose.");
        assert_eq!(sentence("`dense_1` is zero"), "`dense_1` is zero.");
        assert_eq!(matter("the cause: nothing was tried"), "the cause");
        assert_eq!(matter("the cause"), "the cause");
        assert_eq!(matter("the mode (dropout): nothing"), "the mode");
    }
}
