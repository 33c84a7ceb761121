//! What of a stranger's text may reach the terminal: short, and without characters that steer it.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// Whether a character steers the terminal or the direction of the text instead of standing for itself.
pub(crate) fn is_steering(character: char) -> bool {
    let direction = matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}');
    let invisible = matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    character.is_control() || direction || invisible
}

/// A name or value for a message: escaped, and cut where it is longer than any sensible one.
pub(crate) fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

/// A number in plain digits where they are few, else with a power of ten: `1e300`, not 301 digits.
pub(crate) fn number(number: f64) -> String {
    let plain = number == 0.0 || (1e-5..1e15).contains(&number.abs());
    if plain { number.to_string() } else { format!("{number:e}") }
}

/// The text of a configuration, of which a message shows only what lies around its place.
#[derive(Debug)]
pub(super) struct Excerpts {
    name: String,
    text: String,
}

impl Excerpts {
    /// Bytes shown on each side of a place in a long line, and most of the place itself.
    const AROUND: usize = 60;
    /// From this length on, a line is not shown as a whole \[bytes\].
    const LONG: usize = 200;
    /// Most lines that a place is marked over.
    const LINES: usize = 6;

    /// Steering characters become question marks; all widths stay, so that places stay right.
    pub fn new(name: &str, text: &str) -> Self {
        let clean = |character: char| match character {
            '\n' | '\r' | '\t' => character.to_string(),
            steering if is_steering(steering) => "?".repeat(steering.len_utf8()),
            plain => plain.to_string(),
        };
        Self { name: name.to_owned(), text: text.chars().map(clean).collect() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The start of a place that is longer than a message should mark.
    pub fn cut(&self, at: SourceSpan) -> SourceSpan {
        let start = self.text.floor_char_boundary(at.offset());
        let end = start.saturating_add(at.len()).min(self.text.len());
        let marked = &self.text.as_bytes()[start..end];
        let mut breaks = marked.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| index);
        let first = breaks.next();
        let lines = breaks.take(Self::LINES).count();
        match first {
            Some(first) if lines + 1 >= Self::LINES || marked.len() > Self::LONG * Self::LINES => {
                SourceSpan::from(start..start + first.min(Self::AROUND))
            }
            None if marked.len() > Self::LONG => {
                SourceSpan::from(start..self.text.floor_char_boundary(start + Self::AROUND))
            }
            _ => at,
        }
    }
}

impl SourceCode for Excerpts {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = self.text.as_str().read_span(span, context_lines_before, context_lines_after)?;
        let name = self.name.clone();
        let place_only = context_lines_before == 0 && context_lines_after == 0;
        if place_only || whole.data().split(|byte| *byte == b'\n').all(|line| line.len() <= Self::LONG) {
            let (line, column, lines) = (whole.line(), whole.column(), whole.line_count());
            let contents = MietteSpanContents::new_named(name, whole.data(), *whole.span(), line, column, lines);
            return Ok(Box::new(contents.with_language("TOML")));
        }
        // `whole` was read, so that the place lies in the text.
        let start = span.offset();
        let line_start = self.text[..start].rfind('\n').map_or(0, |found| found + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |found| start + found);
        let first = self.text.floor_char_boundary(start.saturating_sub(Self::AROUND).max(line_start));
        let last = (start + span.len()).min(line_end).max(start) + Self::AROUND;
        let last = self.text.ceil_char_boundary(last.min(line_end));
        let line = self.text[..start].bytes().filter(|byte| *byte == b'\n').count();
        let column = self.text[line_start..first].chars().count();
        let data = &self.text.as_bytes()[first..last];
        let contents = MietteSpanContents::new_named(name, data, (first..last).into(), line, column, 1);
        Ok(Box::new(contents.with_language("TOML")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_steering_text_is_made_harmless() {
        assert_eq!(shortened("Größe 2"), "Größe 2");
        assert_eq!(shortened("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
        // What has two writings keeps its own.
        assert_eq!(shortened("Gro\u{308}ße"), "Gro\u{308}ße");
        let steering = (0..=0x10_ffff).filter_map(char::from_u32).filter(|character| is_steering(*character));
        assert!(steering.map(String::from).all(|text| !shortened(&text).contains(is_steering)));
        assert_eq!(shortened(&"é".repeat(61)), format!("{}...", "é".repeat(60)));
        assert_eq!(shortened(&"é".repeat(60)), "é".repeat(60));
    }

    #[test]
    fn numbers_are_short() {
        let numbers = [0.0, -0.001, 1_000_000_003.0, 1e300, -1e-300].map(number);
        assert_eq!(numbers, ["0", "-0.001", "1000000003", "1e300", "-1e-300"]);
    }
}
