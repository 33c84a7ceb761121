//! What the learners see of the inputs.

use super::{
    columns::{self, Design, Rows},
    images::{self, Images},
    units,
};
use crate::data::Dataset;

/// The inputs of both splits, as plain columns and as random features of them.
pub(super) struct Views<'a> {
    plain: Design,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Table { columns: usize },
    Images { train: Images<'a>, test: Images<'a> },
}

impl<'a> Views<'a> {
    /// Looks at the `train` and `test` samples of the two splits.
    pub fn new(data: &'a Dataset, train: &'a [usize], test: &'a [usize], seed: u64) -> Self {
        if let [channels, height, width] = data.input_shape[..] {
            let images = |values, chosen| Images { values, channels, height, width, chosen };
            let (train, test) = (images(&data.train.inputs, train), images(&data.validation.inputs, test));
            return Self { plain: images::pooled(train, test), kind: Kind::Images { train, test } };
        }
        let columns = data.input_shape.iter().product();
        let rows = |values, chosen| Rows { values, columns, chosen };
        let (train, test) = (rows(&data.train.inputs, train), rows(&data.validation.inputs, test));
        Self { plain: columns::of_table(train, test, seed), kind: Kind::Table { columns } }
    }

    /// The columns of a table, or the pooled pixels of images.
    pub fn plain(&self) -> &Design {
        &self.plain
    }

    /// Random features of them.
    pub fn random_features(&self, seed: u64) -> Design {
        match self.kind {
            Kind::Table { .. } => units::with_units(&self.plain, seed),
            Kind::Images { train, test } => images::filtered(train, test, seed),
        }
    }

    /// What is seen, such as `8 columns`.
    pub fn words(&self) -> String {
        match self.kind {
            Kind::Table { columns: 1 } => "1 column".to_owned(),
            Kind::Table { columns } if columns > columns::MOST_COLUMNS => {
                format!("{columns} columns, added up at random into {}", columns::MOST_COLUMNS)
            }
            Kind::Table { columns } => format!("{columns} columns"),
            Kind::Images { train, .. } => train.words(),
        }
    }
}
