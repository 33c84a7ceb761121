//! Whether a network and its training fit a table: what only the file tells, told before anything is written.

use super::Dataset;
use crate::experiment::{
    Experiment, Training,
    batches::{self, Batching},
    shapes,
    shapes::ShapeError,
};

/// Checks shapes, memory and batches against the data.
///
/// Of drawn data the reader has checked the same; of a table, only the file tells its columns and rows.
/// - Errors: the first layer that does not fit, or that cannot normalise the last batch.
pub fn check(experiment: &Experiment, dataset: &Dataset) -> Result<(), ShapeError> {
    let (model, shape, outputs) = (&experiment.model, &dataset.input_shape, dataset.outputs.len());
    let Training { batch_size, drop_last, .. } = experiment.training;
    shapes::footprint(model, shape, outputs, batch_size)?;
    batches::check(model, shape, outputs, Batching { batch_size, drop_last }, Some(dataset.train.count as u64))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{data::load, experiment::parse};

    fn checked(layers: &str, batch_size: u32) -> Result<(), ShapeError> {
        let text = format!(
            "[data]\nsource = \"table\"\npath = \"fixtures/diabetes.csv\"\ntargets = [\"progression\"]\n\
             [model]\nlayers = [{layers}]\n[training]\nbatch_size = {batch_size}\n"
        );
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let experiment = parse(&text, "config.toml", folder, "config").expect("the columns are not known yet");
        check(&experiment, &load(&experiment.data).expect("a right table"))
    }

    #[test]
    fn the_rows_of_a_table_are_held_against_its_batches() {
        // 354 rows of the training split.
        let error = checked("\"batch_norm\", \"dense\"", 353).expect_err("353 + 1");
        assert!(matches!(error, ShapeError::LoneSample { train_samples: Some(354), .. }), "{error}");
        assert_eq!(checked("\"batch_norm\", \"dense\"", 352), Ok(()));
        assert_eq!(checked("\"dense\"", 353), Ok(()));
    }

    #[test]
    fn the_columns_of_a_table_are_held_against_its_layers() {
        let error = checked("{ type = \"conv2d\", filters = 1, kernel = 1 }, \"flatten\", \"dense\"", 32);
        assert!(matches!(error, Err(ShapeError::NeedsImage { .. })), "{error:?}");
    }
}
