//! How much may be trained to prove a fix.

use std::{fmt, str::FromStr};

/// Trainings that are allowed unless the user says otherwise: a dozen candidates that die in one training each, and a proof.
const TRAININGS: u32 = 24;
/// Minutes that are allowed unless the user says otherwise.
const MINUTES: f64 = 10.0;
/// Most trainings that can be asked for.
const MOST_TRAININGS: u32 = 10_000;
/// Most minutes that can be asked for: a week.
const MOST_MINUTES: f64 = 7.0 * 24.0 * 60.0;

/// Trainings and minutes; whichever is used up first ends the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Trainings, those of the control that are trained for a proof included.
    pub trainings: u32,
    /// Minutes of this call.
    pub minutes: f64,
}

impl Budget {
    /// Its time in words.
    pub fn time(&self) -> String {
        let seconds = self.minutes * 60.0;
        if seconds < 120.0 { format!("{} seconds", seconds.round()) } else { format!("{} minutes", self.minutes) }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { trainings: TRAININGS, minutes: MINUTES }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{},{}m", self.trainings, self.minutes)
    }
}

impl FromStr for Budget {
    type Err = String;

    /// `24` trainings, `10m` (or `90s`, `1.5h`), or both: `24,10m`. What is not said keeps its default.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mut trainings, mut minutes) = (None, None);
        for part in text.split(',').map(str::trim) {
            let twice = match part.parse::<u32>() {
                Ok(number) if (1..=MOST_TRAININGS).contains(&number) => trainings.replace(number).is_some(),
                Ok(_) => return Err(format!("expected 1 to {MOST_TRAININGS} trainings; `--no-fix` trains none")),
                Err(_) => minutes.replace(minutes_of(part)?).is_some(),
            };
            if twice {
                return Err(format!("`{text}` says the same twice"));
            }
        }
        let usual = Self::default();
        Ok(Self { trainings: trainings.unwrap_or(usual.trainings), minutes: minutes.unwrap_or(usual.minutes) })
    }
}

fn minutes_of(part: &str) -> Result<f64, String> {
    let expected = || {
        format!("`{part}` is neither a number of trainings nor a time; write `24`, `10m` (`90s`, `1.5h`) or `24,10m`")
    };
    let unit = part.chars().last().ok_or_else(expected)?;
    let minutes_per_unit = match unit {
        's' => 1.0 / 60.0,
        'm' => 1.0,
        'h' => 60.0,
        _ => return Err(expected()),
    };
    let number: f64 = part[..part.len() - unit.len_utf8()].trim().parse().map_err(|_| expected())?;
    let minutes = number * minutes_per_unit;
    if minutes > 0.0 && minutes <= MOST_MINUTES {
        Ok(minutes)
    } else {
        Err("expected a time above zero and of at most a week; `--no-fix` takes none".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_may_be_said_alone() {
        let read = |text: &str| text.parse::<Budget>();
        assert_eq!(read("8"), Ok(Budget { trainings: 8, minutes: 10.0 }));
        assert_eq!(read("5m"), Ok(Budget { trainings: 24, minutes: 5.0 }));
        assert_eq!(read("90s"), Ok(Budget { trainings: 24, minutes: 1.5 }));
        assert_eq!(read(" 100 , 1.5h "), Ok(Budget { trainings: 100, minutes: 90.0 }));
        assert_eq!(read("10m,24"), Ok(Budget::default()));
        assert_eq!(Budget::default().to_string().parse(), Ok(Budget::default()), "what is shown can be given");
    }

    #[test]
    fn short_times_are_told_in_seconds() {
        let told = |text: &str| text.parse::<Budget>().expect("a budget").time();
        assert_eq!(
            [told("3s"), told("1.5m"), told("10m"), told("1h")],
            ["3 seconds", "90 seconds", "10 minutes", "60 minutes"]
        );
    }

    #[test]
    fn mistakes_are_said() {
        let refused = |text: &str| text.parse::<Budget>().expect_err("no budget");
        let all = ["", "0", "-3", "2.5", "24,", "m", "0m", "nanm", "infh", "8d", "10m,5m", "3,4", "20000", "5\u{b5}"];
        insta::assert_snapshot!(all.map(refused).join("\n"));
    }
}
