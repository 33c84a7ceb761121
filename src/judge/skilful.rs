//! Outputs whose predictions vary with the input: how much of what is attainable do they reach?
//!
//! The best predictor of a noisy target is calibrated: the slope of the target on the prediction is 1 and the spread
//! equals the correlation, whatever the noise. So a small spread is no fault by itself. It is one where the slope says
//! that the network's own predictions would be better if they were larger, or where a reference learner proves that far
//! more can be predicted.

use super::{
    BestReference, Estimate, State,
    attainable::Signal,
    constant::drives_to_median,
    limits,
    look::{OutputLook, moved_since_birth},
    trend,
    verdict::{Case, lost_its_way},
};
use crate::record::{Record, Split};

/// Judges an output that is no constant.
pub(super) fn judge(case: &Case) -> (State, String) {
    let Some(skill) = case.judged.intervals.skill else {
        return (State::Undecided, "its skill could not be measured".into());
    };
    if skill.low > 0.0 { better_than_a_constant(case, skill) } else { no_better_than_a_constant(case, skill) }
}

/// The skill is above zero beyond doubt.
fn better_than_a_constant(case: &Case, skill: Estimate) -> (State, String) {
    if case.improving.is_some() && skill.value < limits::LEARNED_SKILL && !does_as_well(case, skill) {
        return (State::Undertrained, still_rising());
    }
    if let Some(samples) = case.unusable_validation {
        let words = format!("it predicts its training set; {samples} validation samples are too few to confirm it");
        return (State::Undecided, words);
    }
    let shrunk = is_shrunk(case.judged) && !is_asked_for(case);
    if shrunk && trend::creeping(case.record, case.name) {
        let words = "its predictions are far too small, and its skill was still creeping up when it stopped";
        return (State::Undertrained, words.into());
    }
    if shrunk && !case.at_rest {
        let words = "its predictions are far too small, and there are too few epochs to say whether they still grow";
        return (State::Undecided, words.into());
    }
    if shrunk {
        let slope = case.judged.intervals.slope.map_or(f64::NAN, |slope| slope.value);
        let words = format!("its predictions point the right way but are too small by a factor of about {slope:.1}");
        return (State::Shrunk, words);
    }
    if let Some(words) = doubtful(case, skill) {
        return (State::Undecided, words);
    }
    let Some(best) = case.attainable.proof() else {
        return (State::Learned, "it predicts better than a constant".into());
    };
    let reference = format!("{} reaches {:.2}", best.learner.name(), best.skill.value);
    if skill.high < limits::ATTAINED_SHARE * best.skill.low {
        if fitted_more_than_it_predicts(case, skill) {
            let words =
                format!("it predicts the training set, and on validation far less than is attainable: {reference}");
            return (State::Memorised, words);
        }
        if spread_is_far_below(case.judged, best) && !is_asked_for(case) {
            let words = format!("its predictions point the right way with far too little spread: {reference}");
            return (State::Shrunk, words);
        }
        let words = format!(
            "it predicts better than a constant, but reaches less than half of what is attainable: {reference}"
        );
        return (State::Undecided, words);
    }
    let words = if skill.high < best.skill.low {
        format!("it predicts better than a constant, though somewhat less than is attainable: {reference}")
    } else {
        "it predicts better than a constant".to_owned()
    };
    (State::Learned, words)
}

/// Why a skill above zero is no evidence where no reference finds signal; `None` where it is.
fn doubtful(case: &Case, skill: Estimate) -> Option<String> {
    if !matches!(case.attainable.signal, Signal::NotFound | Signal::Unclear) {
        return None;
    }
    if case.judged.split == Split::Train {
        return Some(format!(
            "it predicts its training set, and {}: without validation that cannot be told from memorising",
            no_reference(case.record)
        ));
    }
    (!skill.is_surely_positive())
        .then(|| format!("it is hardly better than a constant, which may be chance: {}", no_reference(case.record)))
}

/// Whether small predictions are what the loss asks for: the conditional median of skewed noise lies nearer to zero than the
/// mean, so that slope and squared error accuse a network that does what it was asked to.
fn is_asked_for(case: &Case) -> bool {
    let std = case.record.run.data.targets.get(case.output).map_or(0.0, |target| target.train.std);
    let outward = case.judged.outward_fraction.is_some_and(|fraction| fraction >= limits::OUTWARD_FRACTION);
    drives_to_median(case.record, std) && !outward
}

/// Whether a run that still improves does as well as the best reference already, and gains little.
fn does_as_well(case: &Case, skill: Estimate) -> bool {
    let best = case.attainable.proof();
    best.is_some_and(|best| skill.value >= best.skill.value)
        && case.improving.is_some_and(|improving| improving.from - improving.to < limits::WORTHWHILE_GAIN)
}

/// The skill cannot be told from zero, or is below.
fn no_better_than_a_constant(case: &Case, skill: Estimate) -> (State, String) {
    // Of a target without signal nothing can be gained but the way back to the mean.
    let on_the_way_back = case.attainable.signal == Signal::NotFound && skill.value > limits::HONEST_SKILL;
    if case.improving.is_some() && !on_the_way_back {
        return (State::Undertrained, still_rising());
    }
    // The correlation is known more exactly than the skill, which scatters with the target's mean and variance as well.
    let follows = case.judged.intervals.correlation.is_some_and(|corr| corr.is_surely_positive()) && skill.value > 0.0;
    if follows && case.attainable.signal == Signal::Found && !fitted_more_than_it_predicts(case, skill) {
        // What follows the target by far too little has not learned it, however surely it follows.
        if is_shrunk(case.judged) && !is_asked_for(case) {
            let slope = case.judged.intervals.slope.map_or(f64::NAN, |slope| slope.value);
            let words =
                format!("its predictions point the right way but are too small by a factor of about {slope:.1}");
            return (if case.at_rest { State::Shrunk } else { State::Undecided }, words);
        }
        if case.attainable.proof().is_some_and(|best| skill.high < limits::ATTAINED_SHARE * best.skill.low) {
            let words = "its predictions follow the target, and carry far less of it than is attainable";
            return (State::Undecided, format!("{words}{}", though(case)));
        }
        let words =
            "its predictions follow the target, though the interval of its skill still touches that of a constant";
        return (State::Learned, words.into());
    }
    if let Some(state) = memorised(case, skill) {
        return state;
    }
    if follows_bulk(case) {
        return (State::Undecided, BULK.into());
    }
    if let Some(words) = lost_its_way(case) {
        return (State::Diverged, words);
    }
    if case.attainable.signal != Signal::NotFound && hardly_moved(case) {
        return (State::Undertrained, "its predictions have hardly moved from those of the untrained network".into());
    }
    match case.attainable.signal {
        // A point estimate this high in a sample this small is no evidence that there is nothing.
        Signal::NotFound
            if !follows && skill.value < limits::MEMORISED_SKILL && skill.value > limits::UNRELATED_SKILL =>
        {
            let words = "its predictions vary for nothing and are no better than a constant, and";
            (State::Unpredictable, format!("{words} {}", no_reference(case.record)))
        }
        Signal::Found | Signal::Unknown if flat_but_for_outliers(case) => {
            let same = case.judged.same_fraction.unwrap_or(1.0) * case.judged.samples as f64;
            let words = format!(
                "its predictions are one constant for {same:.0} of {} inputs and wild for the others{}",
                case.judged.samples,
                though(case)
            );
            (State::Collapsed, words)
        }
        Signal::Found if nearly_flat(case) => {
            (State::Collapsed, format!("its predictions hardly vary and carry nothing of the target{}", though(case)))
        }
        Signal::Found | Signal::NotFound | Signal::Unclear | Signal::Unknown => {
            let words = if skill.high < 0.0 {
                "its predictions vary with the input but are worse than a constant"
            } else {
                "its predictions vary with the input but cannot be told from a constant in skill"
            };
            (State::Undecided, format!("{words}{}", though(case)))
        }
    }
}

fn still_rising() -> String {
    "its skill was still rising when it stopped".to_owned()
}

/// `, though ridge regression reaches 0.52`; empty where no reference finds signal.
pub(super) fn though(case: &Case) -> String {
    case.attainable.proof().map_or_else(String::new, |best| {
        format!(", though {} reaches a skill of {:.2}", best.learner.name(), best.skill.value)
    })
}

/// `no reference learner beats a constant on 442 samples`.
pub(super) fn no_reference(record: &Record) -> String {
    let samples = record.run.references.as_ref().map_or(0, |references| references.samples);
    format!("no reference learner beats a constant on {samples} samples")
}

/// `442 samples are too few to tell whether there is anything to predict`.
pub(super) fn too_few_to_tell(record: &Record) -> String {
    let samples = record.run.references.as_ref().map_or(0, |references| references.samples);
    format!("{samples} samples are too few to tell whether there is anything to predict")
}

/// What is said of [`follows_bulk`].
pub(super) const BULK: &str = "a few outlying targets make most of its variance, and it does not predict them; the other targets \
                               its predictions follow";

/// Whether predictions follow all but a few outlying targets, on every split.
pub(super) fn follows_bulk(case: &Case) -> bool {
    case.on_every_split(|look| look.follows_bulk)
}

/// Whether predictions point the right way with a slope far above 1: made larger, they would be better.
pub(super) fn is_shrunk(look: &OutputLook) -> bool {
    look.intervals.slope.is_some_and(|slope| slope.low > limits::SHRUNK_SLOPE)
        && look.intervals.skill.is_some_and(|skill| skill.value < limits::LEARNED_SKILL)
}

/// Whether the spread, too, is that of less than half of what is attainable: of a calibrated prediction its square is the
/// skill.
fn spread_is_far_below(look: &OutputLook, best: &BestReference) -> bool {
    look.intervals.spread.is_some_and(|spread| spread.high.powi(2) < limits::ATTAINED_SHARE * best.skill.low)
}

/// Training skill more than twice that of validation, beyond doubt.
fn fitted_more_than_it_predicts(case: &Case, skill: Estimate) -> bool {
    case.judged.split != Split::Train
        && case.train.and_then(|train| train.intervals.skill).is_some_and(|train| {
            train.value >= limits::MEMORISED_SKILL && skill.high < limits::MEMORISED_SHARE * train.low
        })
}

/// Training set learned, validation not: memorised, or too few samples to say.
fn memorised(case: &Case, skill: Estimate) -> Option<(State, String)> {
    let learned = case.train?.intervals.skill?;
    // Where nothing can be predicted, some fit of the noise is what any network does; memorised is what fitted most of it.
    let least = match case.attainable.signal {
        Signal::NotFound => limits::FITTED_SKILL,
        Signal::Found | Signal::Unclear | Signal::Unknown => limits::MEMORISED_SKILL,
    };
    if case.judged.split == Split::Train || learned.low <= 0.0 || learned.value < least {
        return None;
    }
    if skill.high < limits::MEMORISED_SHARE * learned.low {
        if skill.value < 1.0 - limits::DIVERGED_RATIO {
            let words = "it predicts the training set and is far off on validation: a few samples dominate one of them, or the \
                         two differ in kind";
            return Some((State::Undecided, words.into()));
        }
        let words = "it predicts the training set but is no better than a constant on validation";
        let nor = match case.attainable.signal {
            Signal::NotFound => format!("; {} either", no_reference(case.record)),
            Signal::Found | Signal::Unclear | Signal::Unknown => though(case),
        };
        return Some((State::Memorised, format!("{words}{nor}")));
    }
    let words =
        format!("it predicts the training set; {} validation samples are too few to confirm it", case.judged.samples);
    Some((State::Undecided, words))
}

/// Spread and skill that are small beside what is attainable, though not small by themselves.
fn nearly_flat(case: &Case) -> bool {
    let Some(best) = case.attainable.proof() else { return false };
    let attainable = best.skill.low.max(0.0);
    let small = |look: &OutputLook| {
        look.intervals.spread.is_some_and(|spread| spread.high < limits::NEARLY_FLAT_SHARE * attainable.sqrt())
            && look.intervals.skill.is_some_and(|skill| skill.high < limits::NEARLY_FLAT_SHARE * attainable)
    };
    case.on_every_split(small)
}

/// One answer for nearly all inputs, on every split, and no skill. A sparse target is answered with one value for nearly all
/// inputs as well, but then the others give it skill.
fn flat_but_for_outliers(case: &Case) -> bool {
    let same = |look: &OutputLook| look.same_fraction.is_some_and(|same| same >= limits::SAME_FRACTION);
    case.on_every_split(same)
}

/// Whether the trained network still answers as the untrained one did.
fn hardly_moved(case: &Case) -> bool {
    moved_since_birth(case.record, case.judged.split, case.output).is_some_and(|moved| moved < limits::HARDLY_MOVED)
}
