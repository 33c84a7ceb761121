#![doc = include_str!("data_bug.md")]

use super::{
    Card, Case, Cause, Evidence, EvidenceFigure, Fix,
    case::{percent, shown},
};
use crate::data::{ColumnSummary, TargetSummary};

/// Share of the targets that have to equal one value before it is more than a coincidence.
const MOST: f64 = 0.5;
/// Share of the targets that a zero between two signs may make by nature: more is a default that was filled in.
const NEARLY_ALL: f64 = 0.85;
/// Standard deviations by which a value has to be inside the range of the targets to be no natural end of it.
const INSIDE: f64 = 0.5;

/// Numbers in the data that are not what they should be.
pub struct DataBug;

impl Cause for DataBug {
    fn card(&self) -> Card {
        Card { id: "data-bug", since: "0.1", explain: include_str!("data_bug.md") }
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
            (some, all) => evidence.push(
                Evidence::silent(format!("{some} of {all} input columns are constant, which harms nothing by itself"))
                    .number("columns", some as f64),
            ),
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
        for target in case.faulty_targets() {
            evidence.extend(of_target(target));
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

/// A target that is constant, or mostly a value that is no natural end of its range.
fn of_target(target: &TargetSummary) -> Option<Evidence> {
    if target.train.std == 0.0 {
        let text = format!("every training target of `{}` is {}", target.name, shown(target.train.mean));
        return Some(Evidence::strong(text).shown_in(EvidenceFigure::PredictedAgainstTarget));
    }
    let atom = target.most_common.filter(|atom| atom.fraction >= MOST)?;
    let inside = (atom.value - target.train.min).min(target.train.max - atom.value) / target.train.std;
    // A natural floor or ceiling, such as no rain, is `zero-inflated`, and so may be a zero between two signs.
    (inside > INSIDE).then(|| {
        let text = format!(
            "{} of the training targets of `{}` are exactly {}, though others lie on both sides of it: a default that was filled in",
            percent(atom.fraction),
            target.name,
            shown(atom.value)
        );
        let natural = atom.value == 0.0 && atom.fraction < NEARLY_ALL;
        let evidence = if natural { Evidence::suggestive(text) } else { Evidence::strong(text) };
        evidence
            .shown_in(EvidenceFigure::PredictedAgainstTarget)
            .number("fraction", atom.fraction)
            .number("value", atom.value)
    })
}
