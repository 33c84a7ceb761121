//! Tests of [`super`] on tables far wider or with cells far longer than any sensible one. Nothing here is timed: work that
//! grows with the square of these sizes would keep the tests from ending.

use std::fmt::Write;

use super::{tests::table, *};
use crate::experiment::rendered::rendered;

/// A header and four rows of `columns` numbers and a target.
fn wide(columns: usize) -> String {
    let mut text: String = (0..columns).fold(String::new(), |mut text, column| {
        write!(text, "x{column},").expect("writing to a String");
        text
    });
    text.push_str("y\n");
    for row in 0..4 {
        text.push_str(&"1,".repeat(columns));
        writeln!(text, "{row}").expect("writing to a String");
    }
    text
}

#[test]
fn wide_tables_are_read_up_to_the_limit() {
    let dataset = table(&wide(100_000), "").expect("as wide as allowed");
    assert_eq!(dataset.input_shape, [100_000]);
    assert!(matches!(table(&wide(100_001), ""), Err(DataError::TooManyFeatures { features: 100_001, .. })));
    // All but a few columns are left out.
    let few = table(&wide(200_000), "features = [\"x199999\", \"x0\"]").expect("two features");
    assert_eq!(few.summary.features, ["x199999", "x0"]);
    let named: Vec<String> = (0..50_000).rev().map(|column| format!("\"x{column}\"")).collect();
    let named = table(&wide(100_000), &format!("features = [{}]", named.join(","))).expect("named one by one");
    assert_eq!(named.summary.features[0], "x49999");
}

#[test]
fn faults_of_endless_cells_and_names_are_told_shortly() {
    let long = 4 << 20;
    let (digits, letters) = ("9".repeat(long), "x".repeat(long));
    for text in [
        format!("x,y\n{digits},1\n"),
        format!("x,y\n0.{digits},1\n"),
        format!("x,y\n{letters},1\n"),
        format!("{letters},{letters},y\n1,2,3\n"),
        format!("{letters},z\n1,2\n"),
        format!("{letters},y\na,2\n"),
        format!("x,y\n1,2,{digits}\n"),
        format!("x,y\n1,2\"\n\"{letters}"),
    ] {
        let answer = rendered(&table(&text, "").expect_err("a fault was planted"));
        assert!(answer.len() < 2_000, "{:?}: {} bytes", &text[..20], answer.len());
    }
}
