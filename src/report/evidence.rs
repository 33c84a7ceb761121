//! The evidence behind a verdict as clauses, each under the name by which `whymean explain` knows it.

use crate::judge::{Constant, ConstantFit, Diagnosis, Estimate, LayerSignal, OutputDiagnosis, RunDiagnosis, State};

use super::words;

/// Outputs that a clause names one by one.
const MOST_OUTPUTS: usize = 3;

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What `whymean explain` is asked for.
    pub id: &'static str,
    /// A clause without full stop; names in backticks.
    pub clause: String,
    /// Whether it matters for this verdict, or is only good to know.
    pub matters: bool,
}

impl Evidence {
    /// The clause behind the name of the evidence, as a sentence.
    pub fn sentence(&self) -> String {
        let name = match self.id {
            "reference" => "Reference learners".to_owned(),
            "sharpness" => "Sharpness".to_owned(),
            "slope" | "mismatch" | "read-out" => return super::prose::sentence(&self.clause),
            "plateau" => "Plateau".to_owned(),
            constant => format!("Constant ({constant})"),
        };
        format!("{name}: {}.", self.clause)
    }
}

/// Everything that speaks for the state of a run, in the order in which a person would ask.
pub fn of(run: &RunDiagnosis, diagnosis: &Diagnosis) -> Vec<Evidence> {
    let ill = run.state != State::Learned;
    let evidence = |id, clause: String, matters| Evidence { id, clause, matters };
    // A read-out that ends nowhere tells of a network that holds the target and does not answer it, and of no other.
    let tells =
        run.signal_ends_at.is_some() || matches!(run.state, State::Collapsed | State::Partial | State::Mismatch);
    let mut found = Vec::new();
    found.extend(attainable(run, diagnosis).map(|clause| evidence("reference", clause, true)));
    found.extend(constants(run).into_iter().map(|(id, clause)| evidence(id, clause, true)));
    found.extend(run.escape_rate.map(|rate| evidence("plateau", escape(rate), true)));
    found.extend(slope(run).map(|clause| evidence("slope", clause, true)));
    found.extend(paths(run).map(|clause| evidence("mismatch", clause, true)));
    found.extend(information(run).map(|clause| evidence("read-out", clause, ill && tells)));
    let beyond = run.sharpness.iter().any(|reading| is_beyond(reading.stability_ratio));
    found.extend(sharpness(run).map(|clause| evidence("sharpness", clause, ill && beyond)));
    found
}

fn interval(estimate: Estimate) -> String {
    format!("{} ({} to {})", words::fixed(estimate.value), words::fixed(estimate.low), words::fixed(estimate.high))
}

/// The lowest and the highest of some numbers, as `0.1` or `0.1 to 0.3`.
fn range(values: impl Iterator<Item = f64>) -> Option<String> {
    let (low, high) = super::figure::extent(values)?;
    let (low, high) = (words::fixed(low), words::fixed(high));
    Some(if low == high { low } else { format!("{low} to {high}") })
}

/// What the best references attain.
fn attainable(run: &RunDiagnosis, diagnosis: &Diagnosis) -> Option<String> {
    let best: Vec<_> =
        run.outputs.iter().filter_map(|output| Some((output, output.best_reference.as_ref()?))).collect();
    let on = diagnosis.references.as_ref().map_or_else(String::new, |references| {
        if references.samples < references.of_samples {
            format!(", on {}", words::sample_count(references))
        } else {
            String::new()
        }
    });
    let signal = best.iter().filter(|(_, best)| best.finds_signal).count();
    let attains = match best.as_slice() {
        [] => return None,
        [(_, only)] if run.outputs.len() == 1 => {
            format!("{} attains skill {}", words::learner(only.learner), interval(only.skill))
        }
        [(_, first), ..] if best.len() <= MOST_OUTPUTS => {
            let same = best.iter().all(|(_, other)| other.learner == first.learner);
            let each = best.iter().map(|(output, best)| {
                let skill = format!("`{}` {}", output.name, words::fixed(best.skill.value));
                if same { skill } else { format!("{skill} by {}", words::learner(best.learner)) }
            });
            let by = if same { format!(" by {}", words::learner(first.learner)) } else { String::new() };
            format!("skill {}{by}", each.collect::<Vec<_>>().join(", "))
        }
        many => format!(
            "skill {} over {} outputs",
            range(many.iter().map(|(_, best)| best.skill.value)).unwrap_or_else(|| "nothing finite".to_owned()),
            many.len()
        ),
    };
    let doubt = match signal {
        0 => "; no reference learner is clearly better than a constant".to_owned(),
        some if some < best.len() => format!("; clearly better than a constant for {some} of {} outputs", best.len()),
        _ => String::new(),
    };
    Some(format!("{attains}{on}{doubt}"))
}

/// For each constant that outputs sit on: how near, and what fits as well.
fn constants(run: &RunDiagnosis) -> Vec<(&'static str, String)> {
    let mut groups: Vec<(Constant, Vec<(&OutputDiagnosis, &ConstantFit)>)> = Vec::new();
    for (output, fit) in run.outputs.iter().filter_map(|output| Some((output, output.constant_fit.as_ref()?))) {
        match groups.iter_mut().find(|(constant, _)| *constant == fit.constant) {
            Some((_, group)) => group.push((output, fit)),
            None => groups.push((fit.constant, vec![(output, fit)])),
        }
    }
    let several = groups.len() > 1;
    let said = groups.into_iter().map(|(constant, group)| {
        let whose = if several {
            let names: Vec<String> = group.iter().map(|(output, _)| format!("`{}`", output.name)).collect();
            format!("{}: ", words::some_of_names(&names, MOST_OUTPUTS, ", "))
        } else {
            String::new()
        };
        (words::constant(constant), format!("{whose}{}", fits(constant, &group)))
    });
    said.take(MOST_OUTPUTS).collect()
}

/// Of outputs that sit on the same constant.
fn fits(constant: Constant, group: &[(&OutputDiagnosis, &ConstantFit)]) -> String {
    let farthest = super::figure::extent(group.iter().filter_map(|(_, fit)| fit.distance)).map(|(_, high)| high);
    let level = || range(group.iter().map(|(_, fit)| fit.level)).unwrap_or_else(|| "not finite".to_owned());
    let near = match (constant, farthest) {
        (Constant::Other, _) => return format!("the predictions sit at {}, on none of the known constants", level()),
        (_, None) => format!("the predictions sit on it, at {}", level()),
        (_, Some(distance)) => {
            let most = if group.len() > 1 { "at most " } else { "" };
            format!("{most}{} standard deviations from it", words::fixed(distance))
        }
    };
    let mut others: Vec<Constant> = Vec::new();
    for alternative in group.iter().flat_map(|(_, fit)| &fit.alternatives) {
        if !others.contains(alternative) {
            others.push(*alternative);
        }
    }
    let names: Vec<&str> = others.iter().map(|other| words::constant(*other)).collect();
    match names.as_slice() {
        [] => format!("{near}; no other known constant fits"),
        [only] => format!("{near}; {only} fits as well"),
        several => format!("{near}; {} fit as well", several.join(", ")),
    }
}

/// How often others left such a plateau.
fn escape(rate: Estimate) -> String {
    format!("of comparable plateaus a share of {} left within as many steps again", interval(rate))
}

/// How far the predictions of shrunk outputs would have to be stretched.
fn slope(run: &RunDiagnosis) -> Option<String> {
    let shrunk = run.outputs.iter().filter(|output| output.state == State::Shrunk);
    let slopes: Vec<Estimate> = shrunk.filter_map(|output| output.slope).collect();
    let shown = match slopes.as_slice() {
        [] => return None,
        [only] => interval(*only),
        several => format!("{} over {} outputs", range(several.iter().map(|slope| slope.value))?, several.len()),
    };
    Some(format!("slope of the target on the prediction {shown}; 1 is calibrated"))
}

/// The same weights on both paths.
fn paths(run: &RunDiagnosis) -> Option<String> {
    let split = run.outputs.iter().filter(|output| output.state == State::Mismatch);
    let pairs: Vec<(Estimate, Estimate)> =
        split.filter_map(|output| Some((output.training_path_skill?, output.train_skill?))).collect();
    let training = range(pairs.iter().map(|(training, _)| training.value))?;
    let inference = range(pairs.iter().map(|(_, inference)| inference.value))?;
    Some(format!(
        "the same weights and samples have skill {training} on the training path and {inference} at inference"
    ))
}

/// Where the information ends, or what is left of it.
pub fn information(run: &RunDiagnosis) -> Option<String> {
    let name = |layer: &LayerSignal| match layer.layer.as_str() {
        "input" => "the input".to_owned(),
        layer => format!("`{layer}`"),
    };
    let number = |layer: &LayerSignal| layer.readout_at_end.map(words::fixed);
    let skill = |layer: &LayerSignal| number(layer).map_or_else(String::new, |skill| format!(" ({skill})"));
    let ends = run.signal_ends_at.as_ref().and_then(|end| run.signal.iter().position(|layer| layer.layer == *end));
    if let Some(end) = ends {
        let layer = &run.signal[end];
        return Some(match end.checked_sub(1).map(|before| &run.signal[before]) {
            Some(before) => format!(
                "the target can be read up to {}{}, and no more from {} on",
                name(before),
                skill(before),
                name(layer)
            ),
            None => format!("the target cannot be read from {} on{}", name(layer), skill(layer)),
        });
    }
    let mut read = run.signal.iter().filter_map(|layer| Some((layer, number(layer)?)));
    let (first, at_first) = read.next()?;
    let at_last =
        read.next_back().map_or_else(String::new, |(last, skill)| format!(" and {skill} from {}", name(last)));
    Some(format!("a linear read-out of the training targets has skill {at_first} from {}{at_last}", name(first)))
}

/// Above the stability limit; what is not a number is no evidence of being within it.
fn is_beyond(ratio: f64) -> bool {
    ratio.is_nan() || ratio > 1.0
}

/// Whether the first steps, or any, were beyond the stability limit.
fn sharpness(run: &RunDiagnosis) -> Option<String> {
    let (first, last) = (run.sharpness.first()?, run.sharpness.last()?);
    let at = |step: u64| if step == 0 { "before step 1".to_owned() } else { format!("after step {step}") };
    let ratio = words::number;
    if !first.stability_ratio.is_finite() {
        return Some(format!("not finite {}", at(first.step)));
    }
    let most = run.sharpness.iter().max_by(|one, other| one.stability_ratio.total_cmp(&other.stability_ratio))?;
    let later = if run.sharpness.len() > 1 {
        format!(", {} times {}", ratio(last.stability_ratio), at(last.step))
    } else {
        String::new()
    };
    Some(if !most.stability_ratio.is_finite() {
        format!(
            "{} times the stability limit {}, not finite {}",
            ratio(first.stability_ratio),
            at(first.step),
            at(most.step)
        )
    } else if first.stability_ratio > 1.0 {
        format!("{} times the stability limit {}{later}", ratio(first.stability_ratio), at(first.step))
    } else if is_beyond(most.stability_ratio) {
        format!(
            "within the stability limit {}; highest {}, {} times the limit",
            at(first.step),
            at(most.step),
            ratio(most.stability_ratio)
        )
    } else {
        format!("within the stability limit, at most at {} of it", ratio(most.stability_ratio))
    })
}

/// How many runs share the verdict, with the interval over seeds; nothing for a single run, and nothing where the
/// verdict is that nothing worse was seen.
pub fn share(diagnosis: &Diagnosis) -> Option<String> {
    let (state, runs) = (diagnosis.verdict.state, &diagnosis.runs);
    let share = diagnosis.verdict.share.filter(|_| runs.len() > 1)?;
    let as_bad = runs.iter().filter(|run| run.state.severity() >= state.severity()).count();
    let same = runs.iter().filter(|run| run.state == state).count();
    // Every run is as bad as learned or worse: that says something only where all of them are just that.
    if state == State::Learned && same < runs.len() {
        return None;
    }
    let what =
        if same == as_bad { words::state(state).to_owned() } else { format!("{} or worse", words::state(state)) };
    Some(format!(
        "{as_bad} of {} runs {what}; 95 % interval of the share over seeds {} to {}",
        runs.len(),
        words::number(rounded(share.low)),
        words::number(rounded(share.high))
    ))
}

/// Two decimals: a share over a few seeds has no more.
fn rounded(share: f64) -> f64 {
    (share * 100.0).round() / 100.0
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
