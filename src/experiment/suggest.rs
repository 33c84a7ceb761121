//! "Did you mean": the nearest of the allowed names.

use super::excerpt::shortened;

/// Names that other libraries use for the same thing; the right side counts only where it is allowed.
const SYNONYMS: &[(&str, &str)] = &[
    ("alpha", "rho"),
    ("amsgrad", "adam"),
    ("avgpool", "avg_pool2d"),
    ("batch", "batch_size"),
    ("batch_normalization", "batch_norm"),
    ("beta_1", "beta1"),
    ("beta_2", "beta2"),
    ("border_mode", "padding"),
    ("channels_out", "filters"),
    ("conv", "conv2d"),
    ("convolution2d", "conv2d"),
    ("eps", "epsilon"),
    ("fc", "dense"),
    ("hidden_layers", "hidden"),
    ("identity", "linear"),
    ("initialization", "init"),
    ("kernel_size", "kernel"),
    ("l1", "mae"),
    ("l2", "weight_decay"),
    ("learning_rate", "lr"),
    ("linear", "dense"),
    ("maxpool", "max_pool2d"),
    ("mean_absolute_error", "mae"),
    ("mean_squared_error", "mse"),
    ("nb_epoch", "epochs"),
    ("neurons", "units"),
    ("num_epochs", "epochs"),
    ("opt", "optimiser"),
    ("out_features", "units"),
    ("pool_size", "size"),
    ("probability", "rate"),
    ("separator", "delimiter"),
    ("smooth_l1", "huber"),
    ("strides", "stride"),
    ("subsample", "stride"),
    ("swish", "gelu"),
    ("target", "targets"),
    ("validation_split", "validation_fraction"),
    ("warmup", "warmup_steps"),
    ("xavier_normal", "glorot_normal"),
    ("xavier_uniform", "glorot_uniform"),
    ("zscore", "standard"),
];

/// The allowed name that the user most likely meant, if one is near.
pub(crate) fn nearest<'a>(seen: &str, allowed: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    /// Longest word that is compared \[bytes\].
    const MOST_COMPARED: usize = 200;
    let plain = seen.trim().to_lowercase().replace(['-', ' '], "_");
    if let Some(same) = allowed.clone().into_iter().find(|name| *name == plain) {
        return Some(same);
    }
    let squeezed = plain.replace('_', "");
    let synonym = SYNONYMS.iter().find(|(other, _)| other.replace('_', "") == squeezed).map(|(_, ours)| *ours);
    if let Some(same) = allowed.clone().into_iter().find(|name| Some(*name) == synonym) {
        return Some(same);
    }
    // A third of the letters wrong still reads as a typo; more reads as another word.
    let tolerated = (plain.chars().count() / 3).max(1);
    allowed
        .into_iter()
        // A word of a megabyte is no slip of the hand, and comparing it would take its square.
        .filter(|name| plain.len() <= MOST_COMPARED && name.len() <= MOST_COMPARED)
        .map(|name| (strsim::damerau_levenshtein(&plain, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= tolerated)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `` `a`, `b`, `c` ``, cut after some.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 24;
    let mut names = names.into_iter();
    let shown: Vec<String> = names.by_ref().take(SHOWN).map(|name| format!("`{}`", shortened(name))).collect();
    match names.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_synonyms_and_cases_are_understood() {
        assert_eq!(nearest("epoch", ["epochs", "batch_size"]), Some("epochs"));
        assert_eq!(nearest("ReLU", ["relu", "tanh"]), Some("relu"));
        assert_eq!(nearest("learning-rate", ["lr", "momentum"]), Some("lr"));
        assert_eq!(nearest("kernelsize", ["kernel", "filters"]), Some("kernel"));
    }

    #[test]
    fn another_word_suggests_nothing() {
        assert_eq!(nearest("banana", ["lr", "momentum"]), None);
        assert_eq!(nearest("x", ["lr", "momentum"]), None);
        assert_eq!(nearest("", ["lr"]), None);
    }
}
