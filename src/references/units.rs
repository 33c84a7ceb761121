//! Random ReLU units on the columns of a table.
//!
//! Source: Rahimi and Recht 2008, "Weighted sums of random kitchen sinks". Half of the units look at one to three columns
//! only, since a target of many columns often depends on few (Hashemi et al. 2023, "Generalization bounds for sparse
//! random feature expansions").

use nalgebra::DMatrix;

use super::{
    columns::{Design, beside, standardised},
    draw::{Draw, Purpose},
};

/// Columns and units together; more would cost seconds where there are hundreds of outputs.
const MOST_FEATURES: usize = 512;
/// Fewest and most units.
const UNITS: (usize, usize) = (128, 512);
/// Most columns that a unit with few of them looks at.
const FEW: usize = 3;

/// The columns, and random units that see them.
pub(super) fn with_units(design: &Design, seed: u64) -> Design {
    let columns = design.train.ncols();
    if columns == 0 {
        return design.clone();
    }
    let units = MOST_FEATURES.saturating_sub(columns).clamp(UNITS.0, UNITS.1);
    let mut draw = Draw::new(seed, Purpose::Units);
    let mut weights = DMatrix::zeros(columns, units);
    for unit in 0..units {
        if unit % 2 == 0 {
            weights.column_mut(unit).apply(|weight| *weight = draw.normal());
        } else {
            for _ in 0..=draw.below(FEW) {
                let column = draw.below(columns);
                weights[(column, unit)] = draw.normal();
            }
        }
    }
    // Each unit bends at a sample drawn at random, so that it bends where samples are, whatever their distribution.
    let bends: Vec<usize> = (0..units).map(|_| draw.below(design.train.nrows())).collect();
    let (mut train, mut test) = (&design.train * &weights, &design.test * &weights);
    for (unit, bend) in bends.into_iter().enumerate() {
        let at = train[(bend, unit)];
        train.column_mut(unit).apply(|value| *value = (*value - at).max(0.0));
        test.column_mut(unit).apply(|value| *value = (*value - at).max(0.0));
    }
    let units = standardised(train, test);
    // All units together weigh as much as all columns together: the penalty meets both alike.
    let scale = (columns as f64 / units.train.ncols().max(1) as f64).sqrt();
    beside(design, &units, scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_after_the_columns_and_weigh_as_much() {
        let mut draw = Draw::new(1, Purpose::Filters);
        let train = DMatrix::from_fn(100, 3, |_, _| draw.normal());
        let design = standardised(train.clone(), train);
        let wide = with_units(&design, 0);
        assert_eq!(wide.train.columns(0, 3), design.train);
        assert!(wide.train.ncols() > 400);
        let weight = wide.train.columns(3, wide.train.ncols() - 3).norm_squared();
        assert!((weight / design.train.norm_squared() - 1.0).abs() < 1e-9);
        // The same samples give the same features in both splits.
        assert!((&wide.train - &wide.test).amax() < 1e-9);
        assert_eq!(wide.train, with_units(&design, 0).train);
        assert_ne!(wide.train, with_units(&design, 1).train);
    }

    #[test]
    fn no_column_has_no_unit() {
        let nothing = Design { train: DMatrix::zeros(9, 0), test: DMatrix::zeros(2, 0) };
        assert_eq!(with_units(&nothing, 0).train.ncols(), 0);
    }
}
