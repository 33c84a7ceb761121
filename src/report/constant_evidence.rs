//! What speaks for the constant that outputs answer: how near it is, and what fits as well.

use crate::judge::{Constant, ConstantFit, OutputDiagnosis, RunDiagnosis, State};

use super::words;

/// Outputs or constants that are named one by one.
const MOST: usize = 3;

/// For each constant that outputs sit on, the name by which it is explained and a clause.
///
/// Only of outputs whose state is about a constant: a prediction that swings sits nowhere.
pub fn of(run: &RunDiagnosis) -> Vec<(&'static str, String)> {
    let told = |output: &&OutputDiagnosis| {
        matches!(output.state, State::Collapsed | State::Partial | State::Unpredictable | State::Mismatch)
    };
    let mut groups: Vec<(Constant, Vec<(&OutputDiagnosis, &ConstantFit)>)> = Vec::new();
    let fits = run.outputs.iter().filter(told).filter_map(|output| Some((output, output.constant_fit.as_ref()?)));
    for (output, fit) in fits {
        match groups.iter_mut().find(|(constant, _)| *constant == fit.constant) {
            Some((_, group)) => group.push((output, fit)),
            None => groups.push((fit.constant, vec![(output, fit)])),
        }
    }
    let named = run.outputs.len() > 1;
    let said = groups.into_iter().map(|(constant, group)| (words::constant(constant), clause(constant, &group, named)));
    said.take(MOST).collect()
}

/// Of outputs that sit on the same constant.
fn clause(constant: Constant, group: &[(&OutputDiagnosis, &ConstantFit)], named: bool) -> String {
    let answer = |(index, (output, fit)): (usize, &(&OutputDiagnosis, &ConstantFit))| {
        let verb = if index == 0 { "answers " } else { "" };
        let answer = format!("{verb}{}", level(fit, fit.level));
        if named { format!("`{}` {answer}", words::short(&output.name, 40)) } else { answer }
    };
    let answers: Vec<String> = group.iter().enumerate().map(answer).collect();
    let answers = words::some_of_names(&answers, MOST, ", ");
    let bounds = group.iter().map(|(_, fit)| fit.at);
    let Some(what) = name(constant, bounds.fold(f64::NEG_INFINITY, f64::max)) else {
        return format!("{answers}, none of the known constants");
    };
    let farthest = super::figure::extent(group.iter().filter_map(|(_, fit)| fit.distance));
    // The place is said where it is one, and the answer is not just it.
    let place = match group {
        [(_, fit)] if constant != Constant::Zero && level(fit, fit.level) != level(fit, fit.at) => {
            format!("near {what}, {}", level(fit, fit.at))
        }
        [_, _, ..] if farthest.is_some_and(|(_, farthest)| farthest >= 5e-4) => format!("near {what}"),
        _ => what.to_owned(),
    };
    let away = farthest.map_or_else(String::new, |(_, farthest)| {
        let most = if group.len() > 1 { "at most " } else { "" };
        format!(" ({most}{} standard deviations away)", words::fixed(farthest))
    });
    let mut others: Vec<&str> = Vec::new();
    for alternative in group.iter().flat_map(|(_, fit)| &fit.alternatives) {
        let alternative = words::constant(*alternative);
        if !others.contains(&alternative) {
            others.push(alternative);
        }
    }
    let others = match others.as_slice() {
        [] => "no other known constant fits".to_owned(),
        [only] => format!("{only} fits as well"),
        several => format!("{} fit as well", several.join(", ")),
    };
    format!("{answers}, {place}{away}; {others}")
}

/// What lies where a constant is; nothing for [`Constant::Other`].
fn name(constant: Constant, at: f64) -> Option<&'static str> {
    Some(match constant {
        Constant::Mean => "the mean of the training targets",
        Constant::Median => "the median of the training targets",
        Constant::Zero => "zero",
        // Every activation that has a bound above 0 has it at 1; those at 0 and -1 are lower ones.
        Constant::Bound if at > 0.0 => "the upper bound of the output activation",
        Constant::Bound => "the lower bound of the output activation",
        Constant::Clip => "the value at which the targets were clipped",
        Constant::Extreme => "the smallest or largest training target",
        Constant::Initial => "the mean prediction of the untrained network",
        Constant::Other => return None,
    })
}

/// A value in target units; what is nothing beside the spread of the targets is 0.
fn level(fit: &ConstantFit, value: f64) -> String {
    let std =
        fit.distance.filter(|distance| *distance > 0.0).map_or(0.0, |distance| (fit.level - fit.at).abs() / distance);
    words::number(if value.abs() < 1e-6 * std { 0.0 } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn said(state: State, fit: ConstantFit) -> Vec<(&'static str, String)> {
        let (mut diagnosis, _) = sample::question();
        sample::measured::give_outputs(&mut diagnosis, &["x"]);
        diagnosis.runs[0].outputs[0].state = state;
        diagnosis.runs[0].outputs[0].constant_fit = Some(fit);
        of(&diagnosis.runs[0])
    }

    fn fit(constant: Constant, level: f64, at: f64, distance: f64) -> ConstantFit {
        ConstantFit {
            constant,
            level,
            at,
            distance: Some(distance),
            same_fraction: Some(1.0),
            alternatives: Vec::new(),
        }
    }

    #[test]
    fn the_value_is_named_and_what_the_distance_is_from() {
        let clause = |fit| said(State::Collapsed, fit)[0].1.clone();
        assert_eq!(
            clause(fit(Constant::Bound, 1.0, 1.0, 0.0)),
            "answers 1, the upper bound of the output activation (0.000 standard deviations away); no other known \
             constant fits"
        );
        assert_eq!(
            clause(fit(Constant::Median, 0.3, 0.25, 0.09)),
            "answers 0.3, near the median of the training targets, 0.25 (0.090 standard deviations away); no other known \
             constant fits"
        );
        assert!(
            clause(fit(Constant::Mean, 0.004, -3.12e-9, 0.004)).contains("near the mean of the training targets, 0 (")
        );
        assert!(clause(fit(Constant::Bound, -1.0, -1.0, 0.0)).contains("the lower bound"));
        assert_eq!(
            clause(fit(Constant::Zero, 0.0, 0.0, 0.0)),
            "answers 0, zero (0.000 standard deviations away); no other known constant fits"
        );
        assert_eq!(clause(fit(Constant::Other, -23.7, -23.7, 0.0)), "answers -23.7, none of the known constants");
    }

    #[test]
    fn what_swings_sits_nowhere() {
        for state in State::ALL {
            let told = matches!(state, State::Collapsed | State::Partial | State::Unpredictable | State::Mismatch);
            let found = said(state, fit(Constant::Other, -23.7, -23.7, 0.0));
            assert_eq!(!found.is_empty(), told, "{state:?}");
        }
    }
}
