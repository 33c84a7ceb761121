//! Progress on standard error: bars on a terminal, a line now and then elsewhere.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::Manner;
use crate::trial::{Progress, ProgressEvent, ProgressLine, Spec, proofs::PROOFS};

/// A bar: what is trained, how far it is, and how it looks.
const BAR: &str = "{prefix:30!} {bar:24} {pos:>5}/{len:5} epochs  {msg}";

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows how far the trials are.
pub struct Watch {
    names: Vec<String>,
    finished: usize,
    screen: Screen,
}

enum Screen {
    Bars { all: MultiProgress, bars: Vec<Option<ProgressBar>> },
    Lines { last: Instant },
    Nothing,
}

impl Watch {
    /// Watches `trials`, whose folders lie in `dir`.
    pub fn new(dir: &Path, trials: &[(PathBuf, Spec)], manner: Manner) -> Self {
        let name = |(path, _): &(PathBuf, Spec)| {
            let inner = path.strip_prefix(dir).unwrap_or(path);
            let mut parts: Vec<_> = inner.iter().skip(1).map(|part| part.to_string_lossy()).collect();
            // The changes of a proof may be longer than there is room.
            if inner.starts_with(PROOFS) {
                parts.reverse();
            }
            parts.join(" ")
        };
        let screen = if manner.quiet {
            Screen::Nothing
        } else if std::io::stderr().is_terminal() {
            Screen::Bars { all: MultiProgress::new(), bars: trials.iter().map(|_| None).collect() }
        } else {
            Screen::Lines { last: Instant::now() }
        };
        Self { names: trials.iter().map(name).collect(), finished: 0, screen }
    }

    /// Shows an event.
    pub fn see(&mut self, event: &ProgressEvent) {
        let name = &self.names[event.trial];
        if matches!(event.what, Progress::Finished | Progress::Reused) {
            self.finished += 1;
        }
        let count = format!("{} of {}", self.finished, self.names.len());
        match &mut self.screen {
            Screen::Nothing => {}
            Screen::Lines { last } => {
                let line = match &event.what {
                    Progress::Line(line) if last.elapsed() >= LINE_EVERY => {
                        format!("{name}: epoch {}/{}, {}; {count} runs finished", line.epoch, line.epochs, looks(line))
                    }
                    Progress::Finished => format!("{name}: finished; {count} runs finished"),
                    Progress::Retried { why } => {
                        format!("{name}: the run {}; it is started again", first_line(why))
                    }
                    Progress::Interrupted => format!("{name}: stopped"),
                    // A dead run is reported in full when all others are done.
                    Progress::Died { .. } => format!("{name}: died"),
                    Progress::Line(_) | Progress::Reused | Progress::Started => return,
                };
                *last = Instant::now();
                anstream::eprintln!("{line}");
            }
            Screen::Bars { all, bars } => {
                let bar = bars[event.trial].get_or_insert_with(|| all.add(new_bar(name)));
                match &event.what {
                    Progress::Line(line) => {
                        bar.set_length(u64::from(line.epochs));
                        bar.set_position(u64::from(line.epoch));
                        bar.set_message(looks(line));
                    }
                    Progress::Started => bar.set_message("starting"),
                    Progress::Retried { why } => bar.set_message(format!("{}; started again", first_line(why))),
                    Progress::Reused => bar.finish_with_message("trained before"),
                    Progress::Finished => bar.finish(),
                    Progress::Died { .. } => bar.abandon_with_message("died"),
                    Progress::Interrupted => bar.abandon_with_message("stopped"),
                }
            }
        }
    }

    /// Removes the bars, so that what follows stands alone.
    pub fn close(self) {
        if let Screen::Bars { all, .. } = self.screen {
            // A terminal that has gone away is no reason to fail.
            let _ = all.clear();
        }
    }
}

fn new_bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_prefix(name.to_owned());
    match ProgressStyle::with_template(BAR) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The numbers that tell whether the network does better than its mean.
fn looks(line: &ProgressLine) -> String {
    let number = |name: &str, value: Option<f64>| value.map(|value| format!("{name} {value:.3}"));
    let all = [number("loss/Var(y)", line.loss_ratio), number("spread", line.spread), number("skill", line.skill)];
    let known: Vec<String> = all.into_iter().flatten().collect();
    if known.is_empty() { format!("step {}", line.step) } else { known.join(", ") }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_its_own_style() {
        // A template with a mistake would silently fall back to the plain one.
        assert!(ProgressStyle::with_template(BAR).is_ok());
    }

    #[test]
    fn numbers_that_are_not_known_are_left_out() {
        let line = ProgressLine {
            seed: 1,
            epoch: 1,
            epochs: 9,
            step: 40,
            loss_ratio: Some(1.0),
            spread: None,
            skill: Some(-0.25),
            last: false,
        };
        assert_eq!(looks(&line), "loss/Var(y) 1.000, skill -0.250");
        assert_eq!(looks(&ProgressLine { loss_ratio: None, skill: None, ..line }), "step 40");
    }
}
