//! What became of one output, from its newest predictions on both splits.
//!
//! The order of the questions matters. What is not a number cannot be judged further; a flat line is looked for before
//! anything else, because a wrong constant has a very negative skill that would read as divergence; and learned is only
//! said on evidence, so that what fits nowhere is undecided.

use super::{
    Estimate, State, limits,
    look::OutputLook,
    trend::{self, Improvement},
};
use crate::record::{Channel, Record, Split, Status};

/// The state of one output with the sentence that says what was seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OutputVerdict {
    /// Its state.
    pub state: State,
    /// What was seen: a clause about `it`, lower case, no full stop.
    pub seen: String,
    /// The look on which it was judged: validation where there is one.
    pub judged: Option<OutputLook>,
    /// The look at the training split.
    pub train: Option<OutputLook>,
}

/// Judges one output (by index).
pub(super) fn judge_output(record: &Record, output: usize) -> OutputVerdict {
    let train = OutputLook::newest(record, Split::Train, output);
    let validation = OutputLook::newest(record, Split::Validation, output);
    let (state, seen) = decide(record, output, train.as_ref(), validation.as_ref());
    let judged = validation.filter(can_judge).or_else(|| train.clone());
    OutputVerdict {
        state,
        seen,
        judged,
        train,
    }
}

/// Whether a look has what a judgement needs.
fn can_judge(look: &OutputLook) -> bool {
    look.samples >= limits::MIN_SAMPLES && look.target_varies && look.intervals.skill.is_some()
}

fn decide(
    record: &Record,
    output: usize,
    train: Option<&OutputLook>,
    validation: Option<&OutputLook>,
) -> (State, String) {
    let looks: Vec<&OutputLook> = train.into_iter().chain(validation).collect();
    let non_finite: usize = looks.iter().map(|look| look.non_finite).sum();
    if non_finite > 0 {
        let samples: usize = looks.iter().map(|look| look.samples).sum();
        return (
            State::Diverged,
            format!("{non_finite} of {samples} predictions are NaN or infinite"),
        );
    }
    if record.run.status == Status::NonFinite {
        return (
            State::Diverged,
            "the loss or the weights were NaN or infinite for a whole epoch".into(),
        );
    }
    let Some(first) = looks.first() else {
        return (
            State::Undecided,
            "no look at the trained network was recorded".into(),
        );
    };
    if !looks.iter().any(|look| look.target_varies) {
        return (
            State::Undecided,
            "its targets are all the same, so there is nothing to predict".into(),
        );
    }
    let usable: Vec<&OutputLook> = looks
        .iter()
        .copied()
        .filter(|look| can_judge(look))
        .collect();
    let Some(judged) = usable.last() else {
        let samples = looks
            .iter()
            .map(|look| look.samples)
            .max()
            .unwrap_or(first.samples);
        let noun = if samples == 1 { "sample" } else { "samples" };
        return (
            State::Undecided,
            format!("{samples} {noun} with a target that hardly varies are too few to judge by"),
        );
    };
    // OK because the record was asked for this output's look above, which needs its name.
    let name = record
        .run
        .data
        .targets
        .get(output)
        .map_or("", |target| target.name.as_str());
    if usable.iter().all(|look| is_flat(look)) {
        let growing = !matches!(record.run.status, Status::Decided { .. })
            && trend::leaving_plateau(record, name);
        return if growing {
            (
                State::Undertrained,
                "its predictions are still almost one constant, but their spread was growing"
                    .into(),
            )
        } else {
            (State::Collapsed, "its predictions are one constant".into())
        };
    }
    let improving = trend::improving(record, name);
    judge_skill(
        record,
        name,
        train.filter(|look| can_judge(look)),
        judged,
        improving,
    )
}

/// Whether predictions are a constant, for all that the samples can tell.
pub(super) fn is_flat(look: &OutputLook) -> bool {
    look.intervals
        .spread
        .is_some_and(|spread| spread.high < limits::COLLAPSE_SPREAD)
        && look
            .intervals
            .skill
            .is_some_and(|skill| skill.high < limits::COLLAPSE_SKILL)
}

/// Whether predictions point the right way with far too little spread.
pub(super) fn is_shrunk(look: &OutputLook) -> bool {
    look.intervals
        .slope
        .is_some_and(|slope| slope.low > limits::SHRUNK_SLOPE)
        && look
            .intervals
            .skill
            .is_some_and(|skill| skill.value < limits::LEARNED_SKILL)
}

/// Outputs whose predictions vary with the input.
fn judge_skill(
    record: &Record,
    name: &str,
    train: Option<&OutputLook>,
    judged: &OutputLook,
    improving: Option<Improvement>,
) -> (State, String) {
    let Some(skill) = judged.intervals.skill else {
        return (State::Undecided, "its skill could not be measured".into());
    };
    let moving = || "its skill was still rising when it stopped".to_owned();
    if skill.low > 0.0 {
        return if is_shrunk(judged) && improving.is_none() {
            let slope = judged.intervals.slope.map_or(f64::NAN, |slope| slope.value);
            let words = format!(
                "its predictions point the right way but are too small by a factor of about {slope:.1}"
            );
            (State::Undecided, words)
        } else if improving.is_some() && skill.value < limits::LEARNED_SKILL {
            (State::Undertrained, moving())
        } else {
            (State::Learned, "it predicts better than a constant".into())
        };
    }
    if improving.is_some() {
        return (State::Undertrained, moving());
    }
    if let Some(state) = judge_generalisation(train, judged, skill) {
        return state;
    }
    let ratio = 1.0 - skill.value;
    if ratio > limits::DIVERGED_RATIO && ratio > limits::DIVERGED_RATIO * lowest_ratio(record, name)
    {
        let words = format!(
            "its squared error ended at {ratio:.3e} times the variance of the target and did not return"
        );
        return (State::Diverged, words);
    }
    let words = if skill.high < 0.0 {
        "its predictions vary with the input but are worse than a constant"
    } else {
        "its predictions vary with the input but cannot be told from a constant in skill"
    };
    (State::Undecided, words.into())
}

/// Training set learned, validation not: memorised, or too few samples to say.
fn judge_generalisation(
    train: Option<&OutputLook>,
    judged: &OutputLook,
    skill: Estimate,
) -> Option<(State, String)> {
    let learned = train?.intervals.skill?;
    if judged.split == Split::Train || learned.low <= 0.0 || learned.value < limits::MEMORISED_SKILL
    {
        return None;
    }
    if skill.value <= 0.0 || skill.high < limits::MEMORISED_SHARE * learned.low {
        let words = "it predicts the training set but is no better than a constant on validation";
        return Some((State::Memorised, words.into()));
    }
    let words = format!(
        "it predicts the training set; {} validation samples are too few to confirm it",
        judged.samples
    );
    Some((State::Undecided, words))
}

/// The lowest squared error over variance that was seen, on any look and over any batch.
fn lowest_ratio(record: &Record, name: &str) -> f64 {
    let skills =
        [Split::Train, Split::Validation].map(|split| record.points(split, Channel::Skill, name));
    let looks = skills
        .into_iter()
        .flatten()
        .filter_map(|point| Some(1.0 - point.value.finite()?));
    let batches = record
        .points(Split::Train, Channel::LossRatio, "")
        .iter()
        .filter_map(|point| point.value.finite());
    looks.chain(batches).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::{Synthetic, calibrated, noise, targets};

    fn state(builder: Synthetic) -> State {
        judge_output(&builder.record(), 0).state
    }

    /// Looks at 30 epochs, settled from the first one on.
    fn settled(predict: impl Fn(usize, f64) -> f64) -> Synthetic {
        Synthetic::new().looks(30, move |epoch, i, y| {
            if epoch == 0 {
                noise(i + 77)
            } else {
                predict(i, y)
            }
        })
    }

    #[test]
    fn the_table_of_cases() {
        let table: Vec<(&str, Synthetic, State)> = vec![
            (
                "healthy",
                settled(|i, y| y + 0.2 * noise(i + 9)),
                State::Learned,
            ),
            ("perfect", settled(|_, y| y), State::Learned),
            (
                "the mean, with jitter",
                settled(|i, _| 1.0 + 0.01 * noise(i + 9)),
                State::Collapsed,
            ),
            (
                "the mean, to the bit",
                settled(|_, _| 1.0),
                State::Collapsed,
            ),
            ("the median", settled(|_, _| 0.5), State::Collapsed),
            ("zero", settled(|_, _| 0.0), State::Collapsed),
            (
                "a bound",
                settled(|_, _| 3.0).output_activation("relu"),
                State::Collapsed,
            ),
            (
                "a constant far away",
                settled(|_, _| -9e24),
                State::Collapsed,
            ),
            (
                "one is NaN",
                settled(|i, y| if i == 3 { f64::NAN } else { y }),
                State::Diverged,
            ),
            (
                "all are infinite",
                settled(|_, _| f64::INFINITY),
                State::Diverged,
            ),
            (
                "huge, after a good start",
                settled(|i, _| 1e4 * noise(i + 9)),
                State::Diverged,
            ),
            (
                "huge from the start",
                Synthetic::new().looks(30, |_, i, _| 1e4 * noise(i + 9)),
                State::Undecided,
            ),
            (
                "shrunk and at rest",
                settled(|i, y| 1.0 + 0.15 * (y - 1.0) + 0.01 * noise(i + 9)),
                State::Undecided,
            ),
            (
                "unrelated to the target",
                settled(|i, _| 1.0 + 0.5 * noise(i + 9)),
                State::Undecided,
            ),
            ("the wrong way", settled(|_, y| 2.0 - y), State::Undecided),
            (
                "memorised",
                settled(|i, y| {
                    if i < 5000 {
                        y
                    } else {
                        1.0 + 2.0 * noise(i + 9)
                    }
                }),
                State::Memorised,
            ),
            (
                "memorised, timid on validation",
                settled(|i, y| if i < 5000 { y } else { 1.0 }),
                State::Memorised,
            ),
            (
                "untrained only",
                Synthetic::new().looks(0, |_, i, _| noise(i)),
                State::Undecided,
            ),
            ("nothing", Synthetic::new(), State::Undecided),
            (
                "cut short while learning",
                Synthetic::new()
                    .looks(2, |e, i, y| if e == 0 { noise(i) } else { y })
                    .status(Status::Running),
                State::Learned,
            ),
            (
                "one epoch",
                Synthetic::new().looks(1, |e, i, y| {
                    if e == 0 {
                        noise(i + 9)
                    } else {
                        calibrated(0.5, i, y)
                    }
                }),
                State::Learned,
            ),
            (
                "one epoch, collapsed",
                Synthetic::new().looks(1, |e, i, _| if e == 0 { noise(i) } else { 1.0 }),
                State::Collapsed,
            ),
            (
                "non-finite by status",
                settled(|_, y| y).status(Status::NonFinite),
                State::Diverged,
            ),
        ];
        for (name, builder, expected) in table {
            let found = judge_output(&builder.record(), 0);
            assert_eq!(
                found.state,
                expected,
                "{name}: {} {:?}",
                found.seen,
                found.judged.map(|look| look.intervals)
            );
        }
    }

    #[test]
    fn calibrated_noise_is_learned_at_every_strength() {
        for skill in [0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9] {
            // 500 samples: the standard error of a skill near 0.05 is 0.02.
            let targets = targets(0, 500);
            let predictions: Vec<f64> = targets
                .iter()
                .enumerate()
                .map(|(i, y)| calibrated(skill, i, *y))
                .collect();
            let builder = (1..=12).fold(Synthetic::new(), |builder, epoch| {
                builder.look(Split::Train, epoch, &targets, &predictions)
            });
            assert_eq!(state(builder), State::Learned, "skill {skill}");
        }
    }

    #[test]
    fn still_improving_is_undertrained_unless_already_good() {
        let rising = |end: f64| {
            Synthetic::new().looks(30, move |epoch, i, y| {
                let share = end * f64::from(epoch) / 30.0;
                1.0 + share * (y - 1.0) + 0.1 * noise(i + 9)
            })
        };
        assert_eq!(state(rising(0.5)), State::Undertrained);
        assert_eq!(state(rising(0.95)), State::Learned);
        let from_afar =
            Synthetic::new().looks(30, |epoch, i, _| 60.0 - f64::from(epoch) + noise(i + 9));
        assert_eq!(state(from_afar), State::Undertrained);
    }

    #[test]
    fn leaving_the_plateau_is_undertrained_unless_the_run_was_decided() {
        let growing = || {
            Synthetic::new().looks(30, |epoch, _, y| {
                1.0 + 0.02 * 1.2_f64.powi(epoch as i32 - 30) * (y - 1.0)
            })
        };
        assert_eq!(state(growing()), State::Undertrained);
        assert_eq!(
            state(growing().status(Status::Decided {
                why: "plateau".into()
            })),
            State::Collapsed
        );
    }

    #[test]
    fn a_few_samples_suffice_for_what_is_exact_only() {
        let tiny = |count: usize, predict: fn(f64) -> f64| {
            let targets: Vec<f64> = [0.0, 1.0, 1.0, 0.0, 2.0].into_iter().take(count).collect();
            let predictions: Vec<f64> = targets.iter().map(|y| predict(*y)).collect();
            state(Synthetic::new().look(Split::Train, 5, &targets, &predictions))
        };
        assert_eq!(tiny(1, |y| y), State::Undecided);
        assert_eq!(tiny(3, |_| 0.5), State::Undecided);
        assert_eq!(tiny(4, |_| 0.5), State::Collapsed);
        assert_eq!(tiny(4, |y| y), State::Learned);
    }

    #[test]
    fn a_constant_target_cannot_be_judged() {
        let found = judge_output(
            &Synthetic::new()
                .look(Split::Train, 5, &[3.0; 50], &[3.0; 50])
                .record(),
            0,
        );
        assert_eq!(found.state, State::Undecided);
        assert_eq!(
            found.seen,
            "its targets are all the same, so there is nothing to predict"
        );
    }

    #[test]
    fn a_small_validation_set_does_not_make_a_memoriser() {
        let train = targets(0, 200);
        let fitted: Vec<f64> = train
            .iter()
            .enumerate()
            .map(|(i, y)| calibrated(0.3, i, *y))
            .collect();
        let few = targets(5000, 8);
        let unsure: Vec<f64> = few
            .iter()
            .enumerate()
            .map(|(i, y)| 1.0 + 0.2 * (y - 1.0) + 0.9 * noise(i + 321))
            .collect();
        let found = judge_output(
            &Synthetic::new()
                .look(Split::Train, 9, &train, &fitted)
                .look(Split::Validation, 9, &few, &unsure)
                .record(),
            0,
        );
        assert_ne!(found.state, State::Learned, "{}", found.seen);
    }
}
