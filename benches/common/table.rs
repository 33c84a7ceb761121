//! Tables as CSV files.

use std::{io, path::Path};

use super::problem::Drawn;

/// Writes samples as a table with the columns `x1`, `x2`, ... and `y1`, `y2`, ...
pub fn write(csv: &Path, features: usize, outputs: usize, drawn: &Drawn) -> io::Result<()> {
    let names = (1..=features).map(|place| format!("x{place}")).chain((1..=outputs).map(|place| format!("y{place}")));
    let mut text = names.collect::<Vec<_>>().join(",") + "\n";
    for (inputs, targets) in drawn.inputs.chunks(features).zip(drawn.targets.chunks(outputs)) {
        let cells: Vec<String> = inputs.iter().chain(targets).map(|value| format!("{value:.9e}")).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    std::fs::write(csv, text)
}

/// The keys of `[data]` of a table with these columns, names quoted and separated by commas.
pub fn toml(csv: &Path, features: &str, targets: &str, train: u32, validation: u32) -> String {
    let share = f64::from(validation) / f64::from(train + validation);
    let path = csv.display();
    format!(
        "source = \"table\"\npath = '{path}'\nfeatures = [{features}]\ntargets = [{targets}]\nvalidation_fraction = {share:.6}"
    )
}
