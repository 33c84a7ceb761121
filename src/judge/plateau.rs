//! How often a plateau is left.
//!
//! Whether a plateau ends cannot be read off the record. What can be said is how often plateaus of the same kind ended: in runs
//! that were trained for this purpose, flat through a whole patience and without proof that they are stuck, within as many steps
//! again. `make accuracy` measures the counts below anew; docs/accuracy.md says over which runs. They are of runs whose fault was
//! planted, so they are an experience and no law.

use super::Estimate;
use crate::{
    record::{Channel, Record, Split},
    stats::jeffreys,
};

/// What a plateau looks like in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A layer is dead on the probe set, though not proved to stay so.
    DeadLayer,
    /// A hidden layer has a bounded activation, which may be saturated.
    Bounded,
    /// None of these.
    Other,
}

impl Kind {
    fn of(record: &Record) -> Self {
        let layers = &record.run.layers;
        let dead = |name: &str| {
            let fraction = record.last(Split::Train, Channel::DeadFractionProbe, name);
            fraction.and_then(|point| point.value.finite()) == Some(1.0)
        };
        let hidden = &layers[..layers.len().saturating_sub(1)];
        if layers.iter().any(|layer| layer.activation == "relu" && dead(&layer.name)) {
            Self::DeadLayer
        } else if hidden.iter().any(|layer| matches!(layer.activation.as_str(), "sigmoid" | "tanh")) {
            Self::Bounded
        } else {
            Self::Other
        }
    }

    /// Plateaus that were left, and plateaus.
    fn measured(self) -> (u32, u32) {
        match self {
            Self::DeadLayer => (0, 21),
            Self::Bounded => (3, 76),
            Self::Other => (0, 85),
        }
    }
}

/// Share of plateaus of the run's kind that were left within as many steps again, Jeffreys interval.
pub(super) fn escape_rate(record: &Record) -> Estimate {
    let (left, plateaus) = Kind::of(record).measured();
    jeffreys(left, plateaus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::synthetic::Synthetic;

    #[test]
    fn a_plateau_is_compared_with_its_own_kind() {
        let living = Synthetic::new().record();
        let dead = Synthetic::new().epochs(Split::Train, Channel::DeadFractionProbe, "dense_1", 1, [0.97, 1.0]);
        let nearly = Synthetic::new().epochs(Split::Train, Channel::DeadFractionProbe, "dense_1", 1, [1.0, 0.99]);
        let bounded = Synthetic::new().with(|run| run.layers[0].activation = "tanh".into());
        // A bounded output alone says nothing of the layers before it.
        let output = Synthetic::new().output_activation("sigmoid");
        assert_eq!(Kind::of(&living), Kind::Other);
        assert_eq!(Kind::of(&dead.record()), Kind::DeadLayer);
        assert_eq!(Kind::of(&nearly.record()), Kind::Other);
        assert_eq!(Kind::of(&bounded.record()), Kind::Bounded);
        assert_eq!(Kind::of(&output.record()), Kind::Other);
    }

    #[test]
    fn a_rate_of_none_still_has_an_upper_end() {
        let rate = escape_rate(&Synthetic::new().record());
        assert!(rate.low <= rate.value && rate.value <= rate.high && rate.high > 0.0);
    }
}
