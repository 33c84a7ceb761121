//! Numbers as texts: one format for sentences, one for columns that are read downwards, one for axes.

/// A number with three significant digits, as a person reads it: `0.0123`, `12345`, `2.23 million`; powers of ten only where
/// no word is left.
pub fn number(value: f64) -> String {
    let size = value.abs();
    match large(value) {
        Some(text) => text,
        None if (1e5..1e6).contains(&size) => format!("{value:.0}"),
        None => tick(value),
    }
}

/// A number beside an axis: three significant digits, and powers of ten for what would be long.
pub fn tick(value: f64) -> String {
    if !value.is_finite() {
        return "not finite".to_owned();
    }
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e5).contains(&size) {
        return power(value);
    }
    let decimals = (2 - size.log10().floor() as i32).clamp(0, 5) as usize;
    trimmed(&format!("{value:.decimals$}"))
}

fn power(value: f64) -> String {
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((digits, exponent)) => format!("{}e{exponent}", trimmed(digits)),
        None => text,
    }
}

fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

/// `2.23 million`; nothing for what needs no such word, or has none.
fn large(value: f64) -> Option<String> {
    let size = value.abs();
    let (unit, word) = match size {
        size if size < 999_999.5 => return None,
        size if size < 999.5e6 => (1e6, "million"),
        size if size < 999.5e9 => (1e9, "billion"),
        size if size < 999.5e12 => (1e12, "trillion"),
        _ => return None,
    };
    Some(format!("{} {word}", tick(value / unit)))
}

/// A number for columns of a table: three decimals below 100, fewer above, never a power of ten that a table of skills
/// would have to be read twice for.
pub fn fixed(value: f64) -> String {
    if !value.is_finite() {
        return tick(value);
    }
    let rounded = |value: f64, decimals: usize| {
        let text = format!("{value:.decimals$}");
        // What rounds to nothing has no sign.
        let nothing = !text.contains(|digit: char| ('1'..='9').contains(&digit));
        if nothing { text.trim_start_matches('-').to_owned() } else { text }
    };
    match value.abs() {
        size if size < 99.9995 => rounded(value, 3),
        size if size < 999.95 => rounded(value, 1),
        size if size < 999_999.5 => rounded(value, 0),
        _ => large(value)
            .unwrap_or_else(|| format!("{} a thousand trillion", if value < 0.0 { "below minus" } else { "above" })),
    }
}

/// A share as `49.8 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", trimmed(&format!("{:.1}", share * 100.0)))
}

/// A ratio to a limit in words: `16.8 times the limit`, `at the limit`, `40 % of the limit`, `1/1300 of the limit`.
pub fn times_the_limit(ratio: f64) -> String {
    if !ratio.is_finite() {
        return "not finite".to_owned();
    }
    match ratio {
        ratio if ratio > 1.05 => format!("{} times the limit", number(ratio)),
        ratio if ratio >= 0.95 => "at the limit".to_owned(),
        ratio if ratio >= 0.1 => format!("{:.0} % of the limit", ratio * 100.0),
        ratio if ratio > 0.0 && (1.0 / ratio).is_finite() => {
            let parts = 1.0 / ratio;
            // Two digits: of a part this small nobody needs more.
            let unit = 10f64.powf(parts.log10().floor() - 1.0);
            format!("1/{} of the limit", number((parts / unit).round() * unit))
        }
        // The curvature is nowhere upwards.
        _ => "not above 0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_no_noise() {
        let values = [0.0, 1.0, 0.01, 0.00001, 123456.0, 1234.5, 0.123456, -2.5, 2_233_512.0, 1e300, f64::NAN];
        let texts = values.map(number);
        let expected =
            ["0", "1", "0.01", "1e-5", "123456", "1234", "0.123", "-2.5", "2.23 million", "1e300", "not finite"];
        assert_eq!(texts, expected);
        assert_eq!([123456.0, 2_233_512.0, 1e-5].map(tick), ["1.23e5", "2.23e6", "1e-5"]);
    }

    #[test]
    fn columns_of_numbers_have_no_powers_and_no_sign_before_nothing() {
        let texts = [-0.0000001, -0.0, -2.29e-4, -0.0006, 12.3456, 123.456, -12345.6, 2.5e6, 999_999.7, -3e9, -1e300]
            .map(fixed);
        let expected = [
            "0.000",
            "0.000",
            "0.000",
            "-0.001",
            "12.346",
            "123.5",
            "-12346",
            "2.5 million",
            "1 million",
            "-3 billion",
            "below minus a thousand trillion",
        ];
        assert_eq!(texts, expected);
        assert_eq!([percent(0.4984), percent(0.5), percent(1.0)], ["49.8 %", "50 %", "100 %"]);
    }

    #[test]
    fn ratios_to_a_limit_are_words() {
        let texts = [16.83, 1.02, 0.4, 1.0 / 1312.0, 1e-9, 0.0, -3.0, f64::NAN].map(times_the_limit);
        let expected = [
            "16.8 times the limit",
            "at the limit",
            "40 % of the limit",
            "1/1300 of the limit",
            "1/1 billion of the limit",
            "not above 0",
            "not above 0",
            "not finite",
        ];
        assert_eq!(texts, expected);
    }
}
