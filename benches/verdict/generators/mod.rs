//! The families of runs: each says what its runs are meant to show. Whether they do is measured, see `truth`.

mod collapsed;
mod faulty;
mod partial;
mod sound;
mod unsettled;

use whymean::judge::State;

use crate::{
    case::{Case, Family, Group, optimiser},
    draw::Draw,
};

/// Every family, in the order of the summary.
pub fn families() -> Vec<&'static Family> {
    [sound::FAMILIES, unsettled::FAMILIES, collapsed::FAMILIES, partial::FAMILIES, faulty::FAMILIES]
        .into_iter()
        .flatten()
        .collect()
}

/// Every run; with `share` below 1 only that part of each family, at least one.
pub fn cases(share: f64) -> Vec<Case> {
    let mut cases = Vec::new();
    for family in families() {
        let count = ((family.count as f64 * share).round() as usize).max(1);
        for number in 0..count {
            cases.push(Case::new(cases.len(), family, number));
        }
    }
    cases
}

/// The group of the issue that a state belongs to.
pub fn group(state: State) -> Group {
    match state {
        State::Learned | State::Unpredictable | State::Undertrained | State::Memorised | State::Undecided => {
            Group::Sound
        }
        State::Shrunk | State::Partial | State::Mismatch | State::Collapsed | State::Diverged => Group::Fault,
    }
}

/// Optimisers with rates at which small networks on scaled data learn soon; all kinds in turn.
fn usual_optimiser(draw: &mut Draw, number: usize) -> String {
    let factor = draw.log_between(0.6, 1.6);
    match number % 6 {
        0 => optimiser("adam", 0.005 * factor, ""),
        1 => optimiser("sgd", 0.1 * factor, ""),
        2 => optimiser("sgd", 0.02 * factor, "momentum = 0.9"),
        3 => optimiser("adamw", 0.005 * factor, ""),
        4 => optimiser("rmsprop", 0.003 * factor, ""),
        _ => optimiser("sgd", 0.02 * factor, "momentum = 0.9, nesterov = true"),
    }
}

/// Activations in turn, bounded ones with the others.
const ACTIVATIONS: [&str; 7] = ["relu", "tanh", "gelu", "leaky_relu", "elu", "softplus", "sigmoid"];
