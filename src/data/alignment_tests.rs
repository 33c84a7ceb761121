//! Tests of [`super`].

use super::*;

/// `columns` normal inputs and their sum with some noise: 80 % of the variance can be explained.
fn made(rows: usize, columns: usize, seed: u64) -> Samples {
    let mut draw = Draw::named(seed, "test");
    let mut samples = Samples { count: rows, ..Samples::default() };
    for _ in 0..rows {
        let row: Vec<f32> = (0..columns).map(|_| draw.normal() as f32).collect();
        samples.targets.push(row.iter().sum::<f32>() + (0.25 * columns as f64).sqrt() as f32 * draw.normal() as f32);
        samples.inputs.extend(row);
    }
    samples
}

/// The training split of a table: four fifths of the rows, in random order.
fn split(samples: &Samples, seed: u64) -> (Samples, Vec<usize>) {
    let places = crate::data::split::split(samples.count, 0.2, seed).expect("enough rows").train;
    let columns = samples.inputs.len() / samples.count;
    let inputs = places.iter().flat_map(|row| samples.inputs[row * columns..(row + 1) * columns].to_vec()).collect();
    let targets = places.iter().map(|row| samples.targets[*row]).collect();
    (Samples { inputs, targets, count: places.len() }, places)
}

fn looked_at(samples: &Samples, seed: u64) -> Vec<Alignment> {
    let (train, places) = split(samples, seed);
    alignments(&train, &places, samples.count, seed)
}

/// The orders that say more than chance.
fn found(samples: &Samples, seed: u64) -> Vec<RowOrder> {
    let all = looked_at(samples, seed);
    all.iter().filter(|alignment| alignment.explained > alignment.chance).map(|alignment| alignment.order).collect()
}

/// The targets in another order: the target of row `i` goes to row `to(i)`.
fn moved(samples: &Samples, to: impl Fn(usize) -> usize) -> Samples {
    let mut other = samples.clone();
    for (row, target) in samples.targets.iter().enumerate() {
        other.targets[to(row)] = *target;
    }
    other
}

/// The rows in the order of their numbers as text, by sorting them.
fn by_sorting(rows: usize, first: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by_key(|row| (row + first).to_string());
    order
}

#[test]
fn numbers_are_sorted_as_text() {
    for rows in [2, 9, 10, 11, 100, 101, 1234, 20_000] {
        assert_eq!(sorted_as_text(rows), [by_sorting(rows, 0), by_sorting(rows, 1)], "{rows}");
    }
}

#[test]
fn right_rows_are_told_as_such_and_nothing_else_is_tried() {
    for (rows, columns) in [(60, 3), (500, 10), (5000, 100), (200, 1)] {
        let all = looked_at(&made(rows, columns, 1), 1);
        assert_eq!(all.len(), 1, "{rows} {columns}: {all:?}");
        assert_eq!(all[0].order, RowOrder::AsGiven);
        assert!(all[0].explained > all[0].chance);
    }
}

#[test]
fn each_order_is_found_where_it_was_planted() {
    for (rows, columns) in [(120, 4), (1001, 8)] {
        let right = made(rows, columns, 2);
        for by in 1..=3 {
            // Each row has the target of `by` rows before: its own stands as many rows later.
            assert_eq!(found(&moved(&right, |row| (row + by) % rows), 2), [RowOrder::Shifted(by as i32)]);
            let back = |row: usize| (row + rows - by) % rows;
            assert_eq!(found(&moved(&right, back), 2), [RowOrder::Shifted(-(by as i32))]);
        }
        assert_eq!(found(&moved(&right, |row| rows - 1 - row), 2), [RowOrder::Reversed]);
        for first in [0, 1] {
            let sorted = by_sorting(rows, first);
            // Place `j` of the targets has the one of row `sorted[j]`.
            let mut place = vec![0; rows];
            sorted.iter().enumerate().for_each(|(at, row)| place[*row] = at);
            assert_eq!(found(&moved(&right, |row| place[row]), 2), [RowOrder::SortedAsText], "{rows} {first}");
            assert_eq!(found(&moved(&right, |row| sorted[row]), 2), [RowOrder::InputsSortedAsText], "{rows} {first}");
        }
    }
}

#[test]
fn the_share_is_that_of_the_fit() {
    let shifted = moved(&made(4000, 8, 3), |row| (row + 1) % 4000);
    let all = looked_at(&shifted, 3);
    assert_eq!(all.len(), ORDERS.len());
    // 8 of 8 + 2 parts of variance; 2000 rows leave a standard error below 0.01.
    let right = all.iter().find(|alignment| alignment.order == RowOrder::Shifted(1)).expect("it is tried");
    assert!((right.explained - 0.8).abs() < 0.04, "{right:?}");
    assert!(all[0].explained.abs() < 0.02 && all[0].chance < 0.03, "{all:?}");
}

/// Noise in many draws: a false alarm has odds of 1e-4 each.
#[test]
fn no_order_is_found_where_there_is_none() {
    for seed in 0..30 {
        let (rows, columns) = [(40, 5), (300, 20), (700, 3)][seed as usize % 3];
        let mut noise = made(rows, columns, seed);
        let mut draw = Draw::named(seed, "noise");
        // Every other time with tails as heavy as those of incomes.
        let number = |draw: &mut Draw| if seed % 2 == 0 { draw.normal() } else { (1.5 * draw.normal()).exp() };
        noise.targets.iter_mut().for_each(|target| *target = number(&mut draw) as f32);
        assert_eq!(found(&noise, seed), [], "{seed}");
    }
}

/// Rows that follow each other are alike here: every order that keeps neighbours together explains something, and none
/// of it is a wrong order.
#[test]
fn sorted_rows_and_random_walks_raise_no_alarm() {
    for rows in [200, 1000, 3000] {
        let of = |target: &dyn Fn(f64) -> f64| {
            let inputs: Vec<f32> = (0..rows).map(|row| 2.0 * row as f32 / rows as f32 - 1.0).collect();
            let targets = inputs.iter().map(|x| target(f64::from(*x)) as f32).collect();
            Samples { inputs, targets, count: rows }
        };
        for (name, samples) in [
            ("square", of(&|x| x * x)),
            ("wave", of(&|x| (20.0 * x).sin())),
            ("slow wave", of(&|x| (std::f64::consts::PI * x).cos())),
            ("bump", of(&|x| (-50.0 * (x - 0.3) * (x - 0.3)).exp())),
        ] {
            let wrong: Vec<RowOrder> =
                found(&samples, 4).into_iter().filter(|order| *order != RowOrder::AsGiven).collect();
            assert_eq!(wrong, [], "{name} {rows}");
        }
    }
    for seed in 0..8 {
        let mut draw = Draw::named(seed, "walk");
        let mut walk = |noise: f64| {
            let mut place = 0.0;
            let mut step = || {
                place += draw.normal();
                (place + noise) as f32
            };
            (0..800).map(|_| step()).collect::<Vec<f32>>()
        };
        let samples = Samples { inputs: walk(0.0), targets: walk(0.0), count: 800 };
        let wrong: Vec<RowOrder> =
            found(&samples, seed).into_iter().filter(|order| *order != RowOrder::AsGiven).collect();
        assert_eq!(wrong, [], "{seed}");
    }
}

/// Each row is a window of one series and its target the number behind it: the rows hold each other's targets.
#[test]
fn windows_of_a_series_are_no_misplaced_rows() {
    let mut draw = Draw::named(5, "test");
    let series: Vec<f32> = (0..520).map(|_| draw.normal() as f32).collect();
    let rows = series.windows(9);
    let samples = Samples {
        inputs: rows.clone().flat_map(|row| row[..8].to_vec()).collect(),
        targets: rows.map(|row| row[8]).collect(),
        count: 512,
    };
    assert_eq!(found(&samples, 3), []);
}

#[test]
fn where_nothing_can_be_said_nothing_is() {
    let with = |change: &dyn Fn(&mut Samples)| {
        let mut samples = made(300, 3, 5);
        change(&mut samples);
        looked_at(&samples, 5)
    };
    assert_eq!(looked_at(&made(29, 3, 5), 5), []);
    assert_eq!(with(&|samples| samples.inputs.fill(1.0)), []);
    assert_eq!(with(&|samples| samples.inputs.fill(f32::NAN)), []);
    // Constant targets: tried, and nothing is found.
    assert!(with(&|samples| samples.targets.fill(3.0)).iter().all(|alignment| alignment.explained == 0.0));
    // Every other row has a hole; the rest still tell.
    let holes = with(&|samples| (0..150).for_each(|row| samples.inputs[6 * row] = f32::NAN));
    assert_eq!(holes.len(), 1, "{holes:?}");
    // A copy of a column and a constant say nothing new, and do no harm.
    let copies = with(&|samples| {
        for row in samples.inputs.chunks_mut(3) {
            row[1] = row[0];
            row[2] = 7.0;
        }
    });
    assert_eq!(copies.len(), 1, "{copies:?}");
}

#[test]
fn the_best_of_several_outputs_counts() {
    let right = made(300, 4, 6);
    let mut draw = Draw::named(6, "noise");
    let mut two = right.clone();
    two.targets = right.targets.iter().flat_map(|target| [draw.normal() as f32, *target]).collect();
    let places: Vec<usize> = (0..300).collect();
    assert_eq!(alignments(&two, &places, 300, 6).len(), 1);
    two.targets.rotate_right(2);
    let all = alignments(&two, &places, 300, 6);
    let found: Vec<RowOrder> = all.iter().filter(|one| one.explained > one.chance).map(|one| one.order).collect();
    assert_eq!(found, [RowOrder::Shifted(1)]);
}

#[test]
fn many_rows_and_columns_are_thinned() {
    let wide = made(20_000, 100, 7);
    assert_eq!(found(&moved(&wide, |row| (row + 1) % 20_000), 7), [RowOrder::Shifted(1)]);
}
