//! What a cause is judged by: the data and settings of a run, and, once it is trained, its record and verdict.

use crate::{
    data::Summary,
    experiment::Experiment,
    judge::RunDiagnosis,
    record::{LayerInfo, Record},
    references::References,
};

/// One run, or an experiment before its first.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The experiment, without what was planted.
    pub experiment: &'a Experiment,
    /// What is known of the data.
    pub data: &'a Summary,
    /// What other learners attain; absent where they were not trained.
    pub references: Option<&'a References>,
    /// Layers in order.
    pub layers: &'a [LayerInfo],
    /// What the training left; absent before it.
    pub trained: Option<Trained<'a>>,
}

/// What a training left.
#[derive(Clone, Copy, Debug)]
pub struct Trained<'a> {
    /// The record.
    pub record: &'a Record,
    /// What the judge says of it.
    pub run: &'a RunDiagnosis,
}

impl<'a> Case<'a> {
    /// A run that was trained and judged.
    pub fn of_run(record: &'a Record, run: &'a RunDiagnosis) -> Self {
        let info = &record.run;
        Self {
            experiment: &info.experiment,
            data: &info.data,
            references: info.references.as_ref(),
            layers: &info.layers,
            trained: Some(Trained { record, run }),
        }
    }

    /// An experiment before its first run.
    pub fn before_training(
        experiment: &'a Experiment,
        data: &'a Summary,
        references: Option<&'a References>,
        layers: &'a [LayerInfo],
    ) -> Self {
        Self { experiment, data, references, layers, trained: None }
    }
}
