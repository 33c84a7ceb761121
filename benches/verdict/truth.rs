//! What a run really shows, by rules on what was measured: plain enough to be checked by reading them.
//!
//! The judge knows nothing of this file and this file nothing of the judge but the names of the states. A run that lies
//! between two states is left out of the score, by these rules alone and before the judge is asked.

use serde::{Deserialize, Serialize};
use whymean::judge::State;

/// One output on a large fresh sample whose answer is known.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OutputMeasure {
    /// Whether all predictions are numbers.
    pub finite: bool,
    /// Skill of the best predictor there is: the share of the target's variance that its mean explains.
    pub attainable: f64,
    /// True skill of the network.
    #[serde(with = "whymean::record::any_float")]
    pub skill: f64,
    /// Standard deviation of its predictions over that of the target.
    #[serde(with = "whymean::record::any_float")]
    pub spread: f64,
    /// Correlation of target and prediction; 0 where one of them is constant.
    #[serde(with = "whymean::record::any_float")]
    pub corr: f64,
    /// Slope of the target on the prediction; 0 where the prediction is constant.
    #[serde(with = "whymean::record::any_float")]
    pub slope: f64,
    /// Skill on the training set.
    #[serde(with = "whymean::record::any_float")]
    pub train_skill: f64,
    /// Standard deviation of the predictions on the training set over that of its targets.
    #[serde(with = "whymean::record::any_float")]
    pub train_spread: f64,
    /// Skill on the training set along the training path.
    #[serde(with = "whymean::record::any_float")]
    pub path_skill: f64,
}

/// One network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Each output.
    pub outputs: Vec<OutputMeasure>,
    /// Training samples.
    pub train_samples: usize,
    /// Validation samples.
    pub validation_samples: usize,
    /// Numbers in one input.
    pub features: usize,
}

/// All that the truth is told from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// The untrained network.
    pub before: Measured,
    /// The trained one.
    pub after: Measured,
    /// The same experiment with twice the epochs, where it was trained: see [`asks_for_longer`].
    pub longer: Option<Measured>,
    /// Per output of that run: by how much the lower quartile of the training skill over the last quarter of its looks is
    /// above the upper quartile around the looks at which the shorter run ended; absent where one is no number. Neither a
    /// lucky last step nor the jitter of a high rate moves it.
    pub later_gains: Vec<Option<f64>>,
    /// Whether the learning rate is (almost) 0 at the end, so that twice the epochs are another training.
    pub schedule_ends: bool,
}

/// What a run really shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Truth {
    /// This.
    Shows {
        /// The state.
        state: State,
        /// States that are right as well, because both hold or because the samples cannot tell them apart.
        also: Vec<State>,
    },
    /// It lies between states; why.
    Between(String),
}

impl Truth {
    /// Whether a verdict is right; `None` where nothing is.
    pub fn accepts(&self, verdict: State) -> Option<bool> {
        match self {
            Self::Shows { state, also } => Some(*state == verdict || also.contains(&verdict)),
            Self::Between(_) => None,
        }
    }

    /// The state.
    pub fn state(&self) -> Option<State> {
        match self {
            Self::Shows { state, .. } => Some(*state),
            Self::Between(_) => None,
        }
    }
}

/// Spread up to which predictions are a constant.
const CONSTANT_SPREAD: f64 = 0.02;
/// Spread from which they are not.
const VARYING_SPREAD: f64 = 0.08;
/// Skill up to which a constant has none.
const NO_SKILL: f64 = 0.01;
/// Attainable skill from which a constant is a collapse.
const SIGNAL: f64 = 0.2;
/// Share of the attainable skill from which an output has learned.
const LEARNED_SHARE: f64 = 0.5;
/// Share of the attainable skill from which nothing worth naming is left.
const SETTLED_SHARE: f64 = 0.9;
/// Share of the attainable skill from which no gain can matter.
const DONE_SHARE: f64 = 0.95;
/// Gain by twice the epochs, as a share of the attainable skill, from which a run was stopped early.
const CLEAR_GAIN: f64 = 0.15;
/// The same between the quartiles of the looks, see [`Facts::later_gains`].
const STEADY_GAIN: f64 = 0.05;
/// Gain up to which it was not.
const NO_GAIN: f64 = 0.05;
/// Slope of the target on the prediction from which predictions are far too small.
const SHRUNK_SLOPE: f64 = 2.2;
/// Slope up to which they are not.
const FULL_SLOPE: f64 = 1.6;
/// Skill on the training set from which it was learned by heart, where validation knows nothing.
const BY_HEART: f64 = 0.3;
/// Squared error over variance from which a network has lost its way.
const FAR: f64 = 10.0;

/// Whether the truth cannot be told without training the same experiment for twice the epochs.
pub fn asks_for_longer(after: &Measured) -> bool {
    after.outputs.iter().any(|output| {
        let flat = output.spread <= CONSTANT_SPREAD && output.path_skill < LEARNED_SHARE * output.attainable;
        let short = output.skill > 0.0 && output.skill < DONE_SHARE * output.attainable;
        let lost = output.skill <= 0.0 && output.train_skill < BY_HEART;
        output.finite && output.attainable > 0.0 && (flat || short || lost)
    })
}

/// The truth of a run: that of its outputs, taken together.
pub fn truth(facts: &Facts) -> Truth {
    let outputs: Vec<Truth> = (0..facts.after.outputs.len()).map(|index| of_output(facts, index)).collect();
    together(&outputs, facts)
}

fn shows(state: State, also: &[State]) -> Truth {
    Truth::Shows { state, also: also.to_vec() }
}

fn between(why: &str) -> Truth {
    Truth::Between(why.to_owned())
}

/// One output.
fn of_output(facts: &Facts, index: usize) -> Truth {
    let (Some(before), Some(now)) = (facts.before.outputs.get(index), facts.after.outputs.get(index)) else {
        return between("an output was not measured");
    };
    let longer = facts.longer.as_ref().and_then(|longer| longer.outputs.get(index));
    if !now.finite {
        return shows(State::Diverged, &[]);
    }
    let walks_well = now.attainable >= SIGNAL && now.path_skill >= LEARNED_SHARE * now.attainable;
    if walks_well && now.skill <= 0.1 * now.attainable && now.train_skill <= 0.1 {
        return if now.spread <= VARYING_SPREAD {
            shows(State::Mismatch, &[])
        } else {
            between("the inference path answers garbage instead of a constant")
        };
    }
    let (error, error_before) = (1.0 - now.skill, 1.0 - before.skill);
    if now.spread <= CONSTANT_SPREAD && now.skill <= NO_SKILL {
        return flat(now, longer, error, error_before);
    }
    if error > FAR {
        return if error > error_before { shows(State::Diverged, &[]) } else { between("far off since its start") };
    }
    if now.attainable == 0.0 {
        return without_signal(now);
    }
    if now.skill <= 0.0 && now.train_skill >= BY_HEART {
        let weak = weak_evidence(now, &facts.after);
        return shows(State::Memorised, if weak { &[State::Unpredictable] } else { &[] });
    }
    varying(now, longer, facts.later_gains.get(index).copied().flatten(), facts)
}

/// Predictions that are one constant.
fn flat(now: &OutputMeasure, longer: Option<&OutputMeasure>, error: f64, error_before: f64) -> Truth {
    if now.attainable == 0.0 {
        return if error < 1.1 {
            shows(State::Unpredictable, &[])
        } else {
            between("a constant far from the mean, of noise")
        };
    }
    if now.attainable < SIGNAL {
        return between("a constant, and little signal");
    }
    match longer {
        Some(longer) if longer.finite && longer.spread > CONSTANT_SPREAD => {
            between("a constant, but not after twice the epochs")
        }
        // A constant that was thrown so far off.
        _ if error > FAR && error > 2.0 * error_before => shows(State::Collapsed, &[State::Diverged]),
        _ => shows(State::Collapsed, &[]),
    }
}

/// Predictions that vary, of a target that cannot be predicted.
fn without_signal(now: &OutputMeasure) -> Truth {
    if now.train_skill >= BY_HEART {
        shows(State::Memorised, &[State::Unpredictable])
    } else if now.train_skill >= 0.1 {
        shows(State::Unpredictable, &[State::Memorised])
    } else if now.skill > -0.2 {
        shows(State::Unpredictable, &[])
    } else {
        between("noise, predicted far worse than by the mean")
    }
}

/// Whether the samples can hardly show that there is any signal.
fn weak_evidence(now: &OutputMeasure, measured: &Measured) -> bool {
    let odds = now.attainable / (1.0 - now.attainable).max(1e-3);
    let validation = measured.validation_samples as f64;
    let train = measured.train_samples as f64;
    odds * validation < 25.0 || odds * train < 25.0 + 2.0 * measured.features as f64
}

/// Predictions that vary, of a target with signal.
fn varying(now: &OutputMeasure, longer: Option<&OutputMeasure>, later_gain: Option<f64>, facts: &Facts) -> Truth {
    let share = now.skill / now.attainable;
    let gain = longer.map(|longer| if longer.finite { (longer.skill - now.skill) / now.attainable } else { f64::NAN });
    let steady = later_gain.is_some_and(|gain| gain >= STEADY_GAIN * now.attainable);
    let rising = gain.is_some_and(|gain| gain >= CLEAR_GAIN) && steady && !facts.schedule_ends;
    let done = gain.is_none_or(|gain| gain <= NO_GAIN) || facts.schedule_ends;
    let weak = weak_evidence(now, &facts.after);
    let and_weak = |also: &[State]| {
        let doubts: &[State] = if weak { &[State::Unpredictable, State::Undecided] } else { &[] };
        [also, doubts].concat()
    };
    if share >= LEARNED_SHARE && now.slope > FULL_SLOPE && !rising {
        return between("learned, with too little spread");
    }
    if share >= SETTLED_SHARE {
        // Nearly all is learned, and the rest still comes.
        return shows(State::Learned, &and_weak(if done { &[] } else { &[State::Undertrained] }));
    }
    if rising {
        return shows(State::Undertrained, &and_weak(&[]));
    }
    if share >= LEARNED_SHARE {
        return if done { shows(State::Learned, &and_weak(&[])) } else { between("learned, and a little more later") };
    }
    if weak {
        return between("little signal for so few samples, and little of it learned");
    }
    let small = now.slope >= SHRUNK_SLOPE && now.corr >= 0.3 && now.spread >= VARYING_SPREAD;
    if small && gain.is_some_and(|gain| gain <= NO_GAIN) && !facts.schedule_ends {
        return shows(State::Shrunk, &[]);
    }
    between("short of what is attainable, for no single reason")
}

/// All outputs together: one that is lost among others that are not makes the run partial.
fn together(outputs: &[Truth], facts: &Facts) -> Truth {
    let states: Vec<Option<State>> = outputs.iter().map(Truth::state).collect();
    let has = |state: State| states.contains(&Some(state));
    let all = |allowed: &[State]| states.iter().all(|state| state.is_some_and(|state| allowed.contains(&state)));
    if has(State::Diverged) {
        return shows(State::Diverged, &[]);
    }
    if let [first, rest @ ..] = outputs
        && rest.iter().all(|other| other == first)
    {
        return first.clone();
    }
    // In between does not matter beside a collapse, as long as the output clearly varies.
    let varies =
        |index: usize| facts.after.outputs[index].spread >= VARYING_SPREAD && facts.after.outputs[index].skill > 0.1;
    if has(State::Collapsed) && !all(&[State::Collapsed]) {
        return if (0..outputs.len()).any(|index| states[index] == Some(State::Learned) || varies(index)) {
            shows(State::Partial, &[])
        } else {
            between("some outputs collapsed, the others unclear")
        };
    }
    if let Some(Truth::Between(why)) = outputs.iter().find(|output| matches!(output, Truth::Between(_))) {
        return Truth::Between(why.clone());
    }
    if all(&[State::Collapsed]) {
        return shows(State::Collapsed, &[State::Diverged]);
    }
    // Nothing is wrong with a network that learned what there is, and answers the mean where there is nothing.
    let mut named: Vec<State> = states.iter().flatten().copied().collect();
    named.sort_by_key(|state| std::cmp::Reverse(state.severity()));
    named.dedup();
    match named.as_slice() {
        [State::Unpredictable, State::Learned] => shows(State::Learned, &[State::Unpredictable]),
        [first, rest @ ..] => shows(*first, rest),
        [] => between("no outputs"),
    }
}
