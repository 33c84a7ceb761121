//! What of a stranger's text may reach the terminal: short, and without characters that steer it.

/// Whether a character steers the terminal or the direction of the text instead of standing for itself.
pub(crate) fn is_steering(character: char) -> bool {
    let direction = matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}');
    let invisible = matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    character.is_control() || direction || invisible
}

/// A name or value for a message: escaped, and cut where it is longer than any sensible one.
pub(crate) fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    let escaped = |text: &str| {
        let escape = |character: char| match character {
            // `escape_debug` leaves what changes the direction of the text as it is.
            steering if is_steering(steering) => steering.escape_unicode().to_string(),
            plain => plain.escape_debug().to_string(),
        };
        text.chars().map(escape).collect::<String>()
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", escaped(&text[..end])),
        None => escaped(text),
    }
}

/// A number in plain digits where they are few, else with a power of ten: `1e300`, not 301 digits.
pub(crate) fn number(number: f64) -> String {
    let plain = number == 0.0 || (1e-5..1e15).contains(&number.abs());
    if plain { number.to_string() } else { format!("{number:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_steering_text_is_made_harmless() {
        assert_eq!(shortened("Größe 2"), "Größe 2");
        assert_eq!(shortened("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
        assert_eq!(shortened(&"é".repeat(61)), format!("{}...", "é".repeat(60)));
        assert_eq!(shortened(&"é".repeat(60)), "é".repeat(60));
    }

    #[test]
    fn numbers_are_short() {
        let numbers = [0.0, -0.001, 1_000_000_003.0, 1e300, -1e-300].map(number);
        assert_eq!(numbers, ["0", "-0.001", "1000000003", "1e300", "-1e-300"]);
    }
}
