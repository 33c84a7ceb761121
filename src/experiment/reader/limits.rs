//! Ranges of settings. Upper ends are far above anything sensible: they catch slips of the hand before memory is taken.

/// Range of a number.
pub(super) struct Limits {
    pub low: f64,
    pub low_included: bool,
    pub high: f64,
    pub high_included: bool,
    /// Why, or what is usual.
    pub help: &'static str,
}

impl Limits {
    pub fn allow(&self, number: f64) -> bool {
        let above = if self.low_included { number >= self.low } else { number > self.low };
        let below = if self.high_included { number <= self.high } else { number < self.high };
        above && below
    }

    pub fn wanted(&self) -> String {
        let low = if self.low_included { "at least" } else { "greater than" };
        let high = if self.high_included { "at most" } else { "less than" };
        format!("{low} {} and {high} {}", shown(self.low), shown(self.high))
    }
}

/// Plain digits where they are short, else a power of ten.
fn shown(number: f64) -> String {
    if number.abs() >= 1e5 { format!("{number:e}") } else { number.to_string() }
}

const fn open_closed(low: f64, high: f64, help: &'static str) -> Limits {
    Limits { low, low_included: false, high, high_included: true, help }
}

const fn closed(low: f64, high: f64, help: &'static str) -> Limits {
    Limits { low, low_included: true, high, high_included: true, help }
}

const fn closed_open(low: f64, high: f64, help: &'static str) -> Limits {
    Limits { low, low_included: true, high, high_included: false, help }
}

pub(super) const LR: Limits = open_closed(0.0, 1e6, "common starts: 1e-3 for Adam, 1e-2 for SGD");
pub(super) const MOMENTUM: Limits = closed_open(0.0, 1.0, "common: 0.9; at 1 old gradients would never fade");
pub(super) const BETA: Limits = closed_open(0.0, 1.0, "common: `beta1 = 0.9`, `beta2 = 0.999`");
pub(super) const RHO: Limits = closed_open(0.0, 1.0, "common: 0.99 (PyTorch's `alpha`), 0.9 (Keras' `rho`)");
pub(super) const EPSILON: Limits = open_closed(0.0, 1e3, "common: 1e-8; it keeps a division by zero away");
pub(super) const WEIGHT_DECAY: Limits = closed(0.0, 1e6, "0 is none; common: 1e-5 to 1e-2");
pub(super) const DELTA: Limits = open_closed(0.0, 1e12, "in units of the scaled target; common: 1");
pub(super) const FACTOR: Limits = open_closed(0.0, 1.0, "the learning rate is multiplied by it; common: 0.1");
pub(super) const FINAL_FACTOR: Limits = closed(0.0, 1.0, "the share of the learning rate that is left at the end");
pub(super) const CLIP: Limits = open_closed(0.0, 1e12, "common: 1; leave the key out to clip nothing");
pub(super) const CHECKPOINT_SECS: Limits =
    closed(0.0, 2.592e6, "seconds; 0 writes a checkpoint after each epoch, 10 is usual");
pub(super) const NOISE: Limits = closed(0.0, 1e12, "standard deviation of the noise in units of the target; 0 is none");
pub(super) const BOUND: Limits = closed(-1e12, 1e12, "a bound of the inputs");
pub(super) const MEAN: Limits = closed(-1e12, 1e12, "the mean of the inputs");
pub(super) const STD: Limits = open_closed(0.0, 1e12, "a standard deviation");
pub(super) const VALIDATION: Limits = closed(0.0, 0.9, "a share, not percent; common: 0.2; 0 holds nothing out");
pub(super) const DROPOUT: Limits = closed_open(0.0, 1.0, "a probability; common: 0.1 to 0.5");
pub(super) const NORM_MOMENTUM: Limits =
    open_closed(0.0, 1.0, "the weight of the new batch: PyTorch's 0.1; Keras' 0.99 is 0.01 here");
pub(super) const GAIN: Limits = closed(0.0, 1e6, "the weights are multiplied by it; 1 changes nothing");
pub(super) const INIT_STD: Limits = closed(0.0, 1e6, "a standard deviation; common: 0.01 to 0.1");
pub(super) const SHARE: Limits = closed(0.0, 1.0, "a share, not percent; 0 is none");
pub(super) const PLANTED: Limits = closed(-1e12, 1e12, "any number; a factor of 1 and a shift of 0 change nothing");
pub(super) const BIAS: Limits = closed(-1e9, 1e9, "common: 0 or a small number such as 0.1");

/// Range of a whole number.
pub(super) struct CountLimits {
    pub low: u32,
    pub high: u32,
    /// What is usual.
    pub help: &'static str,
    /// Why no less; may be empty.
    pub why_low: &'static str,
}

impl CountLimits {
    pub fn wanted(&self) -> String {
        format!("a whole number from {} to {}", self.low, self.high)
    }

    /// What helps where `number` was seen; `None` is one beyond all that can be counted.
    pub fn advice(&self, number: Option<i128>) -> String {
        let Self { low, high, help, why_low } = self;
        match number {
            Some(number) if number < i128::from(*low) && !why_low.is_empty() => format!("{why_low}; {help}"),
            Some(number) if number <= i128::from(*high) => (*help).to_owned(),
            _ => format!("{high} is the limit, far above what is usual; {help}"),
        }
    }

    const fn because(self, why_low: &'static str) -> Self {
        Self { why_low, ..self }
    }
}

const fn count(low: u32, high: u32, help: &'static str) -> CountLimits {
    CountLimits { low, high, help, why_low: "" }
}

pub(super) const EPOCHS: CountLimits = count(1, 1_000_000, "passes over the training data; common: 10 to 1000");
pub(super) const BATCH_SIZE: CountLimits = count(1, 1_048_576, "samples per step; common: 16 to 256");
pub(super) const WARMUP: CountLimits = count(0, 100_000_000, "steps; 0 is no warm-up, 500 is usual");
pub(super) const EVERY_EPOCHS: CountLimits = count(1, 1_000_000, "epochs between two drops; common: 30");
pub(super) const SEEDS: CountLimits = count(1, 1_000, "each is one full training; 4 to 8 tell chance from cause");
pub(super) const PROBE_SAMPLES: CountLimits = count(16, 65_536, "common: 512").because("fewer than 16 say nothing");
pub(super) const PATIENCE: CountLimits = count(1, 1_000_000, "epochs without improvement; common: 20");
pub(super) const TRAIN_SAMPLES: CountLimits =
    count(2, 100_000_000, "common: 1000 to 10000").because("a spread needs 2 samples");
pub(super) const VALIDATION_SAMPLES: CountLimits =
    count(0, 100_000_000, "0 is no validation; common: a fifth of the training samples");
pub(super) const SAMPLES: CountLimits =
    count(4, 100_000_000, "common: 1000 to 10000").because("a spread needs 2 samples, in training and in validation");
pub(super) const SIDE: CountLimits = count(1, 16_384, "pixels; common: 32 to 256");
pub(super) const CHANNELS: CountLimits = count(1, 1_024, "1 for grey, 3 for colour");
/// Most inputs of one sample: a first layer of 64 units then has 6.4 million weights, far more than samples can set.
pub(crate) const MOST_FEATURES: u32 = 100_000;
pub(super) const FEATURES: CountLimits =
    count(1, MOST_FEATURES, "the number of inputs of one sample; common: 1 to 1000");
pub(super) const UNITS: CountLimits = count(1, 1_000_000, "common: 16 to 1024; left out, it is the number of targets");
pub(super) const HIDDEN_UNITS: CountLimits = count(1, 1_000_000, "units of one hidden layer; common: 16 to 1024");
pub(super) const FILTERS: CountLimits = count(1, 65_536, "common: 16 to 512");
pub(super) const KERNEL: CountLimits = count(1, 1_024, "side of the square kernel; common: 3 or 5");
pub(super) const STRIDE: CountLimits = count(1, 1_024, "common: 1 or 2");
pub(super) const POOL: CountLimits = count(1, 16_384, "side of the window; common: 2");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_count_as_they_say() {
        assert!(!LR.allow(0.0) && LR.allow(f64::MIN_POSITIVE) && LR.allow(1e6) && !LR.allow(1e6 + 1.0));
        assert!(MOMENTUM.allow(0.0) && !MOMENTUM.allow(1.0));
        assert!(!LR.allow(f64::NAN) && !LR.allow(f64::INFINITY));
        assert_eq!(LR.wanted(), "greater than 0 and at most 1e6");
        assert_eq!(MOMENTUM.wanted(), "at least 0 and less than 1");
    }
}
