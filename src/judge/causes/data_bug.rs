#![doc = include_str!("data_bug.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
};
use crate::data::{ColumnSummary, TargetSummary};

/// Share of the targets that have to equal one value before it is more than a coincidence.
const MOST: f64 = 0.5;
/// Share of the targets that one value inside their range may make by nature (no change, the usual mark): more is a default.
const NEARLY_ALL: f64 = 0.8;
/// Standard deviations by which a value has to be inside the range of the targets to be no natural end of it.
const INSIDE: f64 = 0.5;

/// Numbers in the data that are not what they should be.
pub struct DataBug;

impl Cause for DataBug {
    fn card(&self) -> Card {
        Card { id: "data-bug", since: "0.1", explain: include_str!("data_bug.md") }
    }

    fn is_told_of_unpredictable(&self) -> bool {
        true
    }

    fn evidence(&self, case: &Case<'_>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        let broken: Vec<&ColumnSummary> = case.data.columns.iter().filter(|column| column.non_finite > 0).collect();
        if let Some(first) = broken.first() {
            let cells: u64 = broken.iter().map(|column| column.non_finite).sum();
            evidence.push(
                Evidence::strong(format!(
                    "{cells} cells of the training inputs are NaN or infinite, the first in column `{}`",
                    first.name
                ))
                .number("cells", cells as f64),
            );
        }
        let constant = |column: &&ColumnSummary| column.train.std == 0.0 || column.train.min == column.train.max;
        let constants: Vec<&ColumnSummary> = case.data.columns.iter().filter(constant).collect();
        match (constants.len(), case.data.columns.len()) {
            (0, _) => {}
            (some, all) if some == all => {
                evidence.push(Evidence::strong("every input column is constant on the training split"));
            }
            (some, all) => {
                let text = format!("{some} of {all} input columns are constant, which harms nothing by itself");
                evidence.push(before_or_silent(case, text).number("columns", some as f64));
            }
        }
        if let Some((copy, first)) = case.data.equal_columns.first() {
            let count = case.data.equal_columns.len();
            let more = if count > 1 { format!(", and so are {} more", count - 1) } else { String::new() };
            let text = format!("input column `{copy}` is equal to `{first}`{more}, which harms nothing by itself");
            evidence.push(before_or_silent(case, text).number("columns", count as f64));
        }
        let appearing = constants.iter().find(|column| {
            column.validation.is_some_and(|validation| {
                validation.std > 0.0 || (validation.mean - column.train.mean).abs() > 1e-6 * column.train.mean.abs()
            })
        });
        if let Some(column) = appearing {
            evidence.push(Evidence::suggestive(format!(
                "column `{}` is constant in training and takes other values on validation",
                column.name
            )));
        }
        let constant = |target: &&TargetSummary| target.train.std == 0.0;
        let targets = &case.data.targets;
        match targets.iter().find(constant) {
            Some(first) if targets.iter().all(|target| constant(&target)) => {
                let text = format!("every training target of `{}` is {}", first.name, shown(first.train.mean));
                evidence.push(Evidence::strong(text).shown_in(EvidenceFigure::PredictedAgainstTarget));
            }
            Some(first) => {
                let value = shown(first.train.mean);
                let text = format!("every training target of `{}` is {value}, so that output says nothing", first.name);
                evidence.push(before_or_silent(case, text));
            }
            None => {}
        }
        for target in case.faulty_targets() {
            evidence.extend(of_target(target).or_else(|| code_for_missing(target)));
        }
        evidence
    }

    fn fixes(&self, _case: &Case<'_>) -> Vec<Fix> {
        vec![
            Fix::new("faults.replaced_fraction", "0.0", "targets are then those of the data"),
            Fix::new("faults.nan_fraction", "0.0", "inputs are then those of the data"),
        ]
    }

    fn advice(&self) -> Option<&'static str> {
        Some(
            "look at the rows themselves: how many targets are a default, which cells are missing, and what the code does with a \
             key it does not find",
        )
    }
}

/// What is worth knowing before a training, and no reason for what one ended in.
fn before_or_silent(case: &Case<'_>, text: String) -> Evidence {
    if case.trained.is_none() { Evidence::suggestive(text) } else { Evidence::silent(text) }
}

/// A value that several targets share and that lies far from all others, such as -999.
fn code_for_missing(target: &TargetSummary) -> Option<Evidence> {
    /// Share of the targets that are a code.
    const LEAST: f64 = 0.01;
    /// Standard deviations of the other targets by which it lies off their mean.
    const FAR: f64 = 5.0;
    let atom = target.most_common.filter(|atom| atom.fraction >= LEAST && atom.fraction < 1.0)?;
    let (mean, std, share) = (target.train.mean, target.train.std, atom.fraction);
    // Mean and variance of the others, from those of all.
    let others = (mean - share * atom.value) / (1.0 - share);
    let square = (std * std + mean * mean - share * atom.value * atom.value) / (1.0 - share);
    let spread = (square - others * others).max(0.0).sqrt();
    let off = (atom.value - others).abs() / spread;
    (spread > 0.0 && off > FAR && (atom.value == target.train.min || atom.value == target.train.max)).then(|| {
        let text = format!(
            "{} of the training targets of `{}` are exactly {}, and the others lie around {} within {}: a code for a missing value",
            percent(share),
            target.name,
            shown(atom.value),
            shown(others),
            shown(spread)
        );
        Evidence::strong(text)
            .shown_in(EvidenceFigure::PredictedAgainstTarget)
            .number("fraction", share)
            .number("value", atom.value)
    })
}

/// A target that is mostly a value that is no natural end of its range.
fn of_target(target: &TargetSummary) -> Option<Evidence> {
    let atom = target.most_common.filter(|atom| atom.fraction >= MOST && target.train.std > 0.0)?;
    let inside = (atom.value - target.train.min).min(target.train.max - atom.value) / target.train.std;
    // A natural floor or ceiling, such as no rain, is `zero-inflated`, and so may be a zero between two signs.
    (inside > INSIDE).then(|| {
        let text = format!(
            "{} of the training targets of `{}` are exactly {}, though others lie on both sides of it: a default that was filled in",
            percent(atom.fraction),
            target.name,
            shown(atom.value)
        );
        let natural = atom.fraction < NEARLY_ALL;
        let evidence = if natural { Evidence::suggestive(text) } else { Evidence::strong(text) };
        evidence
            .shown_in(EvidenceFigure::PredictedAgainstTarget)
            .number("fraction", atom.fraction)
            .number("value", atom.value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::{Atom, Moments},
        judge::{
            causes::staged::{bare, flat, flat_at, learned, told, told_before},
            synthetic::Synthetic,
        },
    };

    #[test]
    fn cells_that_are_no_numbers() {
        let broken = |of: Synthetic| of.with(|run| run.data.columns[2].non_finite = 7);
        insta::assert_snapshot!(told(&DataBug, broken(flat())), @r"
        collapsed
        strong: 7 cells of the training inputs are NaN or infinite, the first in column `x2`
        -> faults.replaced_fraction=0.0: targets are then those of the data
        -> faults.nan_fraction=0.0: inputs are then those of the data
        ");
        assert_eq!(told_before(&DataBug, broken(bare())).lines().next(), told(&DataBug, broken(flat())).lines().nth(1));
    }

    #[test]
    fn inputs_that_never_change() {
        let constant = |of: Synthetic, columns: usize| (0..columns).fold(of, |of, index| of.column(index, 3.0, 0.0));
        insta::assert_snapshot!(told(&DataBug, constant(flat(), 4)), @r"
        collapsed
        strong: every input column is constant on the training split
        -> faults.replaced_fraction=0.0: targets are then those of the data
        -> faults.nan_fraction=0.0: inputs are then those of the data
        ");
        // One of several harms nothing.
        insta::assert_snapshot!(told(&DataBug, constant(learned(), 1)), @r"
        learned
        silent: 1 of 4 input columns are constant, which harms nothing by itself
        -> faults.replaced_fraction=0.0: targets are then those of the data
        -> faults.nan_fraction=0.0: inputs are then those of the data
        ");
        let elsewhere = constant(flat(), 1).with(|run| {
            run.data.columns[0].validation = Some(Moments { mean: 4.0, std: 0.5, min: 3.0, max: 5.0 });
        });
        insta::assert_snapshot!(told(&DataBug, elsewhere), @r"
        collapsed
        silent: 1 of 4 input columns are constant, which harms nothing by itself
        suggestive: column `x0` is constant in training and takes other values on validation
        -> faults.replaced_fraction=0.0: targets are then those of the data
        -> faults.nan_fraction=0.0: inputs are then those of the data
        ");
    }

    fn mostly(value: f64, fraction: f64) -> Synthetic {
        flat().with(move |run| run.data.targets[0].most_common = Some(Atom { value, fraction }))
    }

    #[test]
    fn a_default_among_the_targets_is_told_from_a_natural_value() {
        insta::assert_snapshot!(told(&DataBug, mostly(0.7, 0.9)), @r"
        collapsed
        strong: 90 % of the training targets of `y` are exactly 0.7, though others lie on both sides of it: a default that was filled in
        -> faults.replaced_fraction=0.0: targets are then those of the data
        -> faults.nan_fraction=0.0: inputs are then those of the data
        ");
        // Two thirds may be alike by nature, such as no change.
        insta::assert_snapshot!(told(&DataBug, mostly(0.0, 0.66)).lines().nth(1).expect("fits"), @"suggestive: 66 % of the training targets of `y` are exactly 0, though others lie on both sides of it: a default that was filled in");
        // The smallest value is zero-inflated.
        insta::assert_snapshot!(told(&DataBug, mostly(-8.0, 0.75)), @r"
        collapsed
        -> faults.replaced_fraction=0.0: targets are then those of the data
        -> faults.nan_fraction=0.0: inputs are then those of the data
        ");
    }

    #[test]
    fn a_target_that_never_changes() {
        let constant = Moments { mean: 2.5, std: 0.0, min: 2.5, max: 2.5 };
        insta::assert_snapshot!(told(&DataBug, flat_at(bare().target(constant), 2.5)), @r"
        undecided
        strong: every training target of `y` is 2.5
        -> faults.replaced_fraction=0.0: targets are then those of the data
        -> faults.nan_fraction=0.0: inputs are then those of the data
        ");
    }

    #[test]
    fn data_in_order_say_nothing() {
        insta::assert_snapshot!(told(&DataBug, learned()), @r"
        learned
        -> faults.replaced_fraction=0.0: targets are then those of the data
        -> faults.nan_fraction=0.0: inputs are then those of the data
        ");
    }
}
