//! How each cause is planted: a healthy configuration, and the same with one thing wrong.
//!
//! Which causes count as right is decided here, by the mechanism, before any run is judged: the planted one, and another
//! only where its own remedy removes the same fault. A consequence (the dead units behind a learning rate that is too high) is
//! no second name of its cause.

mod bugs;
mod data;
mod network;
mod rates;
mod scales;
mod targets;

use crate::{common::draw::Draw, setup::Setup};

/// What a run must show, beyond falling far short of its twin, to be what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Nothing more.
    Hurt,
    /// A prediction that is no finite number.
    NotFinite,
    /// A hidden layer whose units are zero on the whole probe set.
    DeadLayer,
}

/// A configuration with a fault, and without.
pub struct Plant {
    /// With it.
    pub sick: Setup,
    /// Without it.
    pub twin: Setup,
    /// Causes that are truly there.
    pub accepted: Vec<&'static str>,
    /// Whether `exploding-nan` is there too where the run ends in numbers that are not finite: then it is the same fault by
    /// the name of its outcome.
    pub explodes: bool,
    /// What it must show.
    pub shows: Shows,
}

impl Plant {
    fn new(twin: Setup, accepted: &[&'static str], change: impl FnOnce(&mut Setup)) -> Self {
        let mut sick = twin.clone();
        change(&mut sick);
        Self { sick, twin, accepted: accepted.to_vec(), explodes: false, shows: Shows::Hurt }
    }

    /// It may end in numbers that are not finite.
    fn may_explode(self) -> Self {
        Self { explodes: true, ..self }
    }

    fn must_show(self, shows: Shows) -> Self {
        Self { shows, ..self }
    }
}

/// One cause and the ways in which it is planted.
pub struct Fault {
    /// Id of the cause.
    pub cause: &'static str,
    /// Ways, in turn.
    pub ways: &'static [fn(&mut Draw) -> Plant],
}

/// Runs of each cause.
pub const RUNS: usize = 14;

/// Every cause.
pub const ALL: &[Fault] = &[
    Fault { cause: "loss-broadcast", ways: bugs::LOSS_BROADCAST },
    Fault { cause: "dead-relu", ways: network::DEAD_RELU },
    Fault { cause: "output-activation", ways: scales::OUTPUT_ACTIVATION },
    Fault { cause: "lr-too-high", ways: rates::LR_TOO_HIGH },
    Fault { cause: "lr-too-low", ways: rates::LR_TOO_LOW },
    Fault { cause: "inputs-not-scaled", ways: scales::INPUTS_NOT_SCALED },
    Fault { cause: "targets-not-scaled", ways: scales::TARGETS_NOT_SCALED },
    Fault { cause: "zero-inflated", ways: targets::ZERO_INFLATED },
    Fault { cause: "no-signal", ways: targets::NO_SIGNAL },
    Fault { cause: "inference-mismatch", ways: bugs::INFERENCE_MISMATCH },
    Fault { cause: "undertrained", ways: rates::UNDERTRAINED },
    Fault { cause: "exploding-nan", ways: rates::EXPLODING_NAN },
    Fault { cause: "bad-init", ways: network::BAD_INIT },
    Fault { cause: "over-regularised", ways: rates::OVER_REGULARISED },
    Fault { cause: "params-not-updated", ways: bugs::PARAMS_NOT_UPDATED },
    Fault { cause: "arch-destroys-info", ways: network::ARCH_DESTROYS_INFO },
    Fault { cause: "data-bug", ways: data::DATA_BUG },
    Fault { cause: "batchnorm-mode", ways: network::BATCHNORM_MODE },
    Fault { cause: "vanishing-gradient", ways: network::VANISHING_GRADIENT },
    Fault { cause: "targets-misaligned", ways: data::TARGETS_MISALIGNED },
    Fault { cause: "l1-median", ways: targets::L1_MEDIAN },
    Fault { cause: "loss-mismatch", ways: targets::LOSS_MISMATCH },
    Fault { cause: "wrong-gradient", ways: bugs::WRONG_GRADIENT },
];
