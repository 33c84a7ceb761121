//! Causes in words: their order, their names, how likely they are, and what speaks for and against them.

use crate::judge::{
    Diagnosis, State,
    causes::{CauseDiagnosis, Evidence, EvidenceFigure, Support, Weight},
};

use super::words;

/// A cause at its place in the report.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The cause.
    pub cause: &'a CauseDiagnosis,
    /// How many causes stand between it and one that nothing brings about.
    pub depth: usize,
    /// Whether another one, which is no consequence either, is as well supported.
    pub tied: bool,
}

/// Every cause, the best supported first, and below each those that it brings about.
pub fn placed(causes: &[CauseDiagnosis]) -> Vec<Placed<'_>> {
    let known = |id: &str| causes.iter().any(|cause| cause.id == id);
    let mut order = Vec::new();
    let roots = causes.iter().filter(|cause| !cause.consequence_of.as_deref().is_some_and(known));
    for root in roots {
        place(root, 0, causes, &mut order);
    }
    // Consequences in a circle have no root; they are shown all the same.
    for cause in causes {
        place(cause, 0, causes, &mut order);
    }
    let roots: Vec<Support> =
        order.iter().filter(|placed| placed.depth == 0).map(|placed| placed.cause.support).collect();
    for placed in order.iter_mut().filter(|placed| placed.depth == 0) {
        placed.tied = roots.iter().filter(|support| **support == placed.cause.support).count() > 1;
    }
    order
}

fn place<'a>(cause: &'a CauseDiagnosis, depth: usize, causes: &'a [CauseDiagnosis], order: &mut Vec<Placed<'a>>) {
    if order.iter().any(|placed| placed.cause.id == cause.id) {
        return;
    }
    order.push(Placed { cause, depth, tied: false });
    for consequence in causes.iter().filter(|other| other.consequence_of.as_deref() == Some(&cause.id)) {
        place(consequence, depth + 1, causes, order);
    }
}

/// How likely a cause is, as one word; *proved* is said of changes only.
pub fn strength(support: Support) -> &'static str {
    match support {
        Support::Strong => "likely",
        Support::Suggestive => "possible",
        Support::Weak => "weak",
    }
}

/// The id in plain words: `lr-too-high` is `learning rate too high`.
pub fn plain_name(id: &str) -> String {
    let word = |word| match word {
        "lr" => "learning rate",
        "arch" => "architecture",
        "init" => "initialisation",
        "params" => "parameters",
        "relu" => "ReLU",
        "l1" => "L1",
        "nan" => "NaN",
        "info" => "information",
        "batchnorm" => "batch normalisation",
        word => word,
    };
    words::short(&id.split('-').map(word).collect::<Vec<_>>().join(" "), 60)
}

/// The name of the picture that shows a piece of evidence.
pub fn picture(figure: EvidenceFigure) -> &'static str {
    match figure {
        EvidenceFigure::PredictedAgainstTarget => "predicted-against-target",
        EvidenceFigure::SpreadAndSkill => "spread-and-skill",
        EvidenceFigure::ReferenceLearners => "references",
        EvidenceFigure::SignalByDepth => "signal-by-depth",
        EvidenceFigure::LossPerStep => "loss",
        EvidenceFigure::DeadUnitsPerLayer => "dead-units",
        EvidenceFigure::GradientNorms => "gradient-norms",
        EvidenceFigure::UpdateRatios => "update-ratios",
        EvidenceFigure::Activations => "activations",
        EvidenceFigure::Sharpness => "sharpness",
    }
}

/// What speaks for a cause, the weightiest first.
pub fn for_it(cause: &CauseDiagnosis) -> impl Iterator<Item = &Evidence> {
    cause.evidence.iter().filter(|evidence| matches!(evidence.weight, Weight::Suggestive | Weight::Strong))
}

/// What speaks against it.
pub fn against_it(cause: &CauseDiagnosis) -> impl Iterator<Item = &Evidence> {
    cause.evidence.iter().filter(|evidence| evidence.weight == Weight::Against)
}

/// How several causes hang together, as sentences.
pub fn together(diagnosis: &Diagnosis) -> Vec<String> {
    let order = placed(&diagnosis.causes);
    let Some(first) = order.first() else { return Vec::new() };
    let equals = order.iter().filter(|placed| placed.depth == 0 && placed.cause.support == first.cause.support);
    let equals: Vec<String> = equals.map(|placed| format!("`{}`", words::short(&placed.cause.id, 60))).collect();
    let named = words::some_of_names(&equals, 4, " and ");
    match (first.cause.support, equals.len()) {
        (Support::Strong, 0 | 1) => Vec::new(),
        (Support::Strong, _) => vec![format!(
            "A tie: {named} are likely, and none of them brings about another. They may hold at once, each with a change of its \
             own, and one may hide another; they stand in the order in which they act in a training."
        )],
        (_, 0 | 1) => vec!["No cause is likely on this evidence; only re-training can tell.".to_owned()],
        (_, _) => vec![format!(
            "No cause is likely on this evidence, and {named} tie: only re-training can tell them apart. They stand in the order \
             in which they act in a training."
        )],
    }
}

/// What is said where no cause is supported; nothing where that is no news.
pub fn none_found(diagnosis: &Diagnosis) -> Option<String> {
    if !diagnosis.causes.is_empty() {
        return None;
    }
    let examined = diagnosis.ruled_out.len();
    match (diagnosis.runs.is_empty(), diagnosis.verdict.state) {
        (true, _) => Some("Nothing in the data and the settings speaks for a known cause.".to_owned()),
        (false, State::Learned) => None,
        (false, State::Unpredictable) => {
            Some("No cause was found, and none is needed: there is nothing to predict on this evidence.".to_owned())
        }
        (false, _) if examined == 0 => Some("No cause was found.".to_owned()),
        (false, _) => Some(format!("No cause was found; the evidence rules out {examined}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{figures, sample};

    #[test]
    fn every_figure_of_evidence_is_one_that_is_drawn_and_so_it_is_called_in_json() {
        let schema = serde_json::to_value(schemars::schema_for!(EvidenceFigure)).expect("JSON");
        let variants = schema["oneOf"].as_array().expect("variants").iter();
        let names: Vec<&str> = variants.filter_map(|variant| variant["const"].as_str()).collect();
        assert!(names.len() >= 10, "{schema}");
        for name in names {
            assert!(figures::ALL.iter().any(|chart| chart.id() == name), "`{name}` is no figure");
            let figure: EvidenceFigure = serde_json::from_value(name.into()).expect("a variant");
            assert_eq!(picture(figure), name);
        }
    }

    #[test]
    fn consequences_stand_below_what_brings_them_about_and_a_circle_loses_none() {
        let (mut diagnosis, _) = sample::question();
        let shown = |causes: &[CauseDiagnosis]| {
            placed(causes).iter().map(|placed| (placed.cause.id.clone(), placed.depth)).collect::<Vec<_>>()
        };
        let ids = |expected: &[(&str, usize)]| {
            expected.iter().map(|(id, depth)| ((*id).to_owned(), *depth)).collect::<Vec<_>>()
        };
        diagnosis.causes.rotate_left(1);
        let order = shown(&diagnosis.causes);
        let place = |id: &str| order.iter().position(|(known, _)| known == id).expect("it is shown");
        assert_eq!(place("dead-relu"), place("lr-too-high") + 1);
        assert_eq!(order[place("dead-relu")].1, 1);
        diagnosis.causes.truncate(2);
        diagnosis.causes[0].id = "a".to_owned();
        diagnosis.causes[0].consequence_of = Some("b".to_owned());
        diagnosis.causes[1].id = "b".to_owned();
        diagnosis.causes[1].consequence_of = Some("a".to_owned());
        assert_eq!(shown(&diagnosis.causes), ids(&[("a", 0), ("b", 1)]));
        diagnosis.causes[1].consequence_of = Some("gone".to_owned());
        assert_eq!(shown(&diagnosis.causes), ids(&[("b", 0), ("a", 1)]));
    }

    #[test]
    fn a_tie_is_shown_as_a_tie_and_a_consequence_is_no_rival() {
        let (mut diagnosis, _) = sample::question();
        let tied = |diagnosis: &Diagnosis| {
            let order = placed(&diagnosis.causes).into_iter();
            order.filter(|placed| placed.tied).map(|placed| placed.cause.id.clone()).collect::<Vec<_>>()
        };
        // The dead units are as likely as the rate, and follow from it.
        assert_eq!(together(&diagnosis), [""; 0]);
        assert_eq!(tied(&diagnosis), [""; 0]);
        let second = diagnosis.causes.iter().position(|cause| cause.id == "inputs-not-scaled").expect("in the sample");
        diagnosis.causes[second].support = Support::Strong;
        let said = together(&diagnosis).join(" ");
        assert!(said.starts_with("A tie: `lr-too-high` and `inputs-not-scaled` are likely, and none"), "{said}");
        assert_eq!(tied(&diagnosis), ["lr-too-high", "inputs-not-scaled"]);
        diagnosis.causes.iter_mut().for_each(|cause| cause.support = Support::Suggestive);
        let said = together(&diagnosis).join(" ");
        assert!(said.starts_with("No cause is likely on this evidence, and `lr-too-high` and"), "{said}");
        diagnosis.causes.truncate(1);
        assert_eq!(together(&diagnosis), ["No cause is likely on this evidence; only re-training can tell."]);
        diagnosis.causes.clear();
        assert_eq!(together(&diagnosis), [""; 0]);
    }

    #[test]
    fn names_are_words() {
        assert_eq!(plain_name("lr-too-high"), "learning rate too high");
        assert_eq!(plain_name("dead-relu"), "dead ReLU");
        assert_eq!(plain_name("arch-destroys-info"), "architecture destroys information");
        assert_eq!(plain_name("something-new"), "something new");
    }

    #[test]
    fn no_cause_is_news_only_where_something_is_wrong() {
        let (mut diagnosis, _) = sample::question();
        assert_eq!(none_found(&diagnosis), None);
        diagnosis.causes.clear();
        assert!(
            none_found(&diagnosis).is_some_and(|said| said.starts_with("No cause was found; the evidence rules out"))
        );
        diagnosis.verdict.state = State::Learned;
        assert_eq!(none_found(&diagnosis), None);
        diagnosis.runs.clear();
        assert!(none_found(&diagnosis).is_some_and(|said| said.contains("data and the settings")));
    }
}
