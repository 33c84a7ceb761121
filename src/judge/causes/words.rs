//! Numbers as they stand in a sentence.

/// A number for a sentence: three digits that count.
pub(super) fn shown(number: f64) -> String {
    let size = number.abs();
    if size.is_infinite() {
        return if number > 0.0 { "more than 1e300".to_owned() } else { "less than -1e300".to_owned() };
    }
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        return format!("{number:.1e}");
    }
    let places = if size >= 100.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        3
    };
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `61 %`.
pub(super) fn percent(fraction: f64) -> String {
    let percent = fraction * 100.0;
    match percent.abs() {
        size if size > 0.0 && size < 0.05 || size >= 1e5 => format!("{} %", shown(percent)),
        size if size > 0.0 && size < 1.0 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_count() {
        let all = [0.0, -0.0001, 0.0123, 0.5, 1.0, 9.876, 12.34, 123.4, 99_999.0, 1e5, -3e-9, f64::INFINITY];
        let expected = [
            "0",
            "-1.0e-4",
            "0.012",
            "0.5",
            "1",
            "9.88",
            "12.3",
            "123",
            "99999",
            "1.0e5",
            "-3.0e-9",
            "more than 1e300",
        ];
        assert_eq!(all.map(shown), expected);
        assert_eq!(shown(f64::NEG_INFINITY), "less than -1e300");
    }

    #[test]
    fn a_small_share_is_not_nothing() {
        let all = [0.0, 1e-6, 0.0003, 0.004, 0.61, 1.0, 12.0, 1e9, f64::INFINITY];
        let expected =
            ["0 %", "1.0e-4 %", "0.03 %", "0.4 %", "61 %", "100 %", "1200 %", "1.0e11 %", "more than 1e300 %"];
        assert_eq!(all.map(percent), expected);
    }
}
