//! What is done to a table before it is written: harmless oddities, and bugs of the data.

use super::common::{draw::Draw, problem::Drawn};

/// One change of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// One more input column, all of one value.
    ConstantColumn(f64),
    /// One more input column, equal to the first.
    CopiedColumn,
    /// Input columns in units of their own: this factor for the first, its square root for the second, and so on in turn.
    Units(f64),
    /// The first input column times this.
    FirstColumnTimes(f64),
    /// All inputs moved by this.
    InputsMoved(f64),
    /// Every input cell becomes this value.
    InputsConstant(f64),
    /// This share of the rows has this value for every input.
    InputSentinel { share: f64, value: f64 },
    /// This share of the rows has this target.
    TargetSentinel { share: f64, value: f64 },
    /// Each input has the target of this many rows later, the last rows those of the first.
    TargetsLater(usize),
    /// The targets from last to first.
    TargetsReversed,
    /// The targets in the order of their row numbers as text.
    TargetsSortedAsText,
}

impl Edit {
    /// Input columns that it adds.
    pub fn columns(&self) -> usize {
        usize::from(matches!(self, Self::ConstantColumn(_) | Self::CopiedColumn))
    }
}

/// Makes the changes in order.
pub fn apply(edits: &[Edit], drawn: &mut Drawn, mut features: usize, outputs: usize, draw: &mut Draw) {
    for edit in edits {
        let rows = drawn.inputs.len() / features.max(1);
        match edit {
            Edit::ConstantColumn(value) => widen(drawn, features, |_| *value),
            Edit::CopiedColumn => widen(drawn, features, |row| row[0]),
            Edit::Units(factor) => {
                for row in drawn.inputs.chunks_mut(features) {
                    for (place, cell) in row.iter_mut().enumerate() {
                        *cell *= factor.powf([1.0, 0.5, 0.0, 0.75][place % 4]);
                    }
                }
            }
            Edit::FirstColumnTimes(factor) => {
                drawn.inputs.iter_mut().step_by(features).for_each(|cell| *cell *= factor);
            }
            Edit::InputsMoved(shift) => drawn.inputs.iter_mut().for_each(|cell| *cell += shift),
            Edit::InputsConstant(value) => drawn.inputs.fill(*value),
            Edit::InputSentinel { share, value } => {
                for row in drawn.inputs.chunks_mut(features) {
                    if draw.unit() < *share {
                        row.fill(*value);
                    }
                }
            }
            Edit::TargetSentinel { share, value } => {
                for row in drawn.targets.chunks_mut(outputs) {
                    if draw.unit() < *share {
                        row.fill(*value);
                    }
                }
            }
            Edit::TargetsLater(count) => drawn.targets.rotate_left(count * outputs % (rows * outputs).max(1)),
            Edit::TargetsReversed => reorder(drawn, outputs, (0..rows).rev()),
            Edit::TargetsSortedAsText => {
                let mut order: Vec<usize> = (0..rows).collect();
                order.sort_by_key(usize::to_string);
                reorder(drawn, outputs, order.into_iter());
            }
        }
        features += edit.columns();
    }
}

fn widen(drawn: &mut Drawn, features: usize, value: impl Fn(&[f64]) -> f64) {
    let rows = drawn.inputs.chunks(features);
    drawn.inputs = rows.flat_map(|row| row.iter().copied().chain([value(row)]).collect::<Vec<_>>()).collect();
}

fn reorder(drawn: &mut Drawn, outputs: usize, order: impl Iterator<Item = usize>) {
    drawn.targets = order.flat_map(|row| drawn.targets[row * outputs..(row + 1) * outputs].to_vec()).collect();
}
