//! What the judge makes of the records of a case, and what the published rules make of them.

use std::path::Path;

use whymean::{
    judge::{self, Diagnosis, State, causes::Support},
    record::{Record, store},
    trial::folder,
};

use crate::{
    Failure, baselines,
    case::{Case, Group},
    real::NO_COLLAPSE,
    repair::Repaired,
    worker::{Facts, folder_of},
};

/// A case with all that is known and said about it.
pub struct Examined {
    /// The case.
    pub case: Case,
    /// What was measured.
    pub facts: Facts,
    /// What the judge says of its records.
    pub diagnosis: Diagnosis,
    /// Causes that the judge calls strong in its twin.
    pub strong_in_twin: Vec<String>,
    /// Of each of [`baselines::ALL`]: the causes behind the rules that fire, in order.
    pub alarms: Vec<Vec<baselines::Alarm>>,
    /// What became of its repair, where that was asked for.
    pub repaired: Option<Repaired>,
    /// One line about its settings, for a reader.
    pub summary: String,
}

/// Judges a case that was trained.
pub fn examine(mut case: Case, root: &Path, facts: Facts) -> Result<Examined, Failure> {
    let read =
        |name: &String| -> Result<Record, Failure> { Ok(store::read(&folder::record_dir(&folder_of(root, name)))?) };
    let records = facts.runs.iter().map(read).collect::<Result<Vec<Record>, _>>()?;
    if case.explodes && facts.not_finite && !case.accepted.iter().any(|cause| cause == "exploding-nan") {
        case.accepted.push("exploding-nan".to_owned());
    }
    let strong_in_twin = match &facts.twin {
        Some(twin) => strong(&judge::diagnose("twin", &[read(twin)?])),
        None => Vec::new(),
    };
    let first = records.first().ok_or("a case without a record")?;
    Ok(Examined {
        strong_in_twin,
        alarms: baselines::ALL.iter().map(|baseline| (baseline.alarms)(first)).collect(),
        repaired: None,
        summary: summary(first),
        diagnosis: judge::diagnose(&case.id, &records),
        case,
        facts,
    })
}

/// Ids of the strong causes, in order.
fn strong(diagnosis: &Diagnosis) -> Vec<String> {
    let causes = diagnosis.causes.iter().filter(|cause| cause.support == Support::Strong);
    causes.map(|cause| cause.id.clone()).collect()
}

impl Examined {
    /// Strong causes that are not there: on a target that nothing predicts, that there is no signal is right.
    pub fn wrongly_strong(&self) -> Vec<String> {
        let right = |cause: &String| self.facts.unpredictable && cause == "no-signal";
        strong(&self.diagnosis).into_iter().filter(|cause| !right(cause)).collect()
    }

    /// Whether one of the first so many causes is right; that nothing is wrong is right where no cause is strong.
    pub fn is_right_within(&self, first: usize) -> bool {
        let named = |cause: &String| self.diagnosis.causes.iter().take(first).any(|found| found.id == *cause);
        let sound = |cause: &String| cause == NO_COLLAPSE && strong(&self.diagnosis).is_empty();
        self.case.accepted.iter().any(|cause| named(cause) || sound(cause))
    }

    /// Whether it fails, and one changed setting is known to mend it.
    pub fn is_to_be_repaired(&self) -> bool {
        let mendable = match self.case.name.group() {
            Group::Planted => self.facts.differences == 1,
            Group::Real => self.case.fix.is_some(),
            Group::Healthy => false,
        };
        mendable && self.diagnosis.verdict.state != State::Learned
    }

    /// The cause that is ranked first.
    pub fn first(&self) -> &str {
        self.diagnosis.causes.first().map_or("none", |cause| cause.id.as_str())
    }

    /// Whether one of the first so many rules of a baseline that fire stands for a cause that is right.
    pub fn is_right_in(&self, baseline: usize, first: usize) -> bool {
        let mut alarms = self.alarms[baseline].iter().take(first);
        alarms.any(|alarm| alarm.iter().any(|cause| self.case.accepted.iter().any(|accepted| accepted == cause)))
    }
}

fn summary(record: &Record) -> String {
    let experiment = &record.run.experiment;
    let layers: Vec<String> = record
        .run
        .layers
        .iter()
        .map(|layer| {
            let shape: Vec<String> = layer.shape.iter().map(usize::to_string).collect();
            format!("{} {}", shape.join("x"), layer.activation)
        })
        .collect();
    let plain = |value: serde_json::Value| value.to_string().replace(['{', '}', '"'], "");
    let shown = |value: Result<serde_json::Value, serde_json::Error>| value.map(plain).unwrap_or_default();
    format!(
        "{} features of {} rows, {} | {}, {}, batch {}, {} epochs",
        record.run.data.input_shape.iter().product::<usize>(),
        record.run.data.train_samples,
        layers.join(" > "),
        shown(serde_json::to_value(experiment.training.optimiser)),
        shown(serde_json::to_value(experiment.training.loss)),
        experiment.training.batch_size,
        record.run.epochs_done,
    )
}
