//! Tests of [`super`].

use super::*;
use crate::experiment::rendered::rendered;

fn named(pairs: &[(&str, &str)]) -> Vec<Named> {
    pairs.iter().map(|(name, text)| Named { name: (*name).to_owned(), expression: (*text).to_owned() }).collect()
}

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn made(
    draws: Pairs<'_>,
    define: Pairs<'_>,
    inputs: Pairs<'_>,
    samples: usize,
    seed: u64,
) -> Result<Numbers, DataError> {
    let (draws, define, inputs, targets) = (named(draws), named(define), named(inputs), named(&[("y", "0")]));
    let texts = Texts { draws: &draws, define: &define, inputs: &inputs, targets: &targets };
    compute(texts, samples, seed).map(|(numbers, _)| numbers)
}

/// One expression of `x = 2`, `n = -3` and `v = [1, -2, 3]`.
fn value(text: &str) -> Vec<f64> {
    made(&[], &[("x", "2"), ("n", "-3"), ("v", "[1, -2, 3]")], &[("c", text)], 1, 0)
        .unwrap_or_else(|error| panic!("{text}: {}", rendered(&error)))
        .inputs
}

#[test]
fn operators_bind_as_in_mathematics() {
    for (text, wanted) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("2 - 3 - 4", -5.0),
        ("8 / 4 / 2", 1.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("-x^2", -4.0),
        ("x^-2", 0.25),
        ("2 * -x", -4.0),
        ("--x", 2.0),
        ("+x", 2.0),
        ("x**3", 8.0),
        ("n^3", -27.0),
        ("x^0.5", std::f64::consts::SQRT_2),
        ("7 % 3", 1.0),
        ("n % 2", 1.0),
        ("1 + 2 > 2 + 0", 1.0),
        ("x > 2", 0.0),
        ("x >= 2", 1.0),
        ("x <= 2", 1.0),
        ("x < 2", 0.0),
        ("x == 2", 1.0),
        ("x != 2", 0.0),
        ("4 + 2*(n < 0)", 6.0),
        ("1e3 + .5 + 1.5e-1", 1000.65),
        ("v2 * 10", -20.0),
    ] {
        assert_eq!(value(text), [wanted], "{text}");
    }
}

/// Against the functions of the standard library, which may differ in the last digit.
#[test]
fn functions_are_what_they_say() {
    let x = 2.0f64;
    for (text, wanted) in [
        ("sin(x)", x.sin()),
        ("cos(x)", x.cos()),
        ("tan(x)", x.tan()),
        ("asin(x / 4)", 0.5f64.asin()),
        ("acos(x / 4)", 0.5f64.acos()),
        ("atan(x)", x.atan()),
        ("sinh(x)", x.sinh()),
        ("cosh(x)", x.cosh()),
        ("tanh(x)", x.tanh()),
        ("exp(x)", x.exp()),
        ("log(x)", x.ln()),
        ("log2(x)", 1.0),
        ("log10(x)", x.log10()),
        ("sqrt(x)", x.sqrt()),
        ("abs(n)", 3.0),
        ("sign(n) + sign(0)", -1.0),
        ("floor(-1.5)", -2.0),
        ("ceil(1.5)", 2.0),
        ("round(2.5)", 3.0),
        ("step(x) + step(0)", 1.0),
        ("sigmoid(x)", 1.0 / (1.0 + (-x).exp())),
        ("relu(n) + relu(x)", 2.0),
        ("min(x, n, 7)", -3.0),
        ("max(x, n)", 2.0),
        ("clip(n, -1, 1)", -1.0),
        ("if(x > 1, 5, 6) + if(n > 1, 50, 60)", 65.0),
        ("sum(v)", 2.0),
        ("mean(v)", 2.0 / 3.0),
        ("norm(v)", 14f64.sqrt()),
        ("min(v)", -2.0),
        ("max(v)", 3.0),
        ("sin(pi / 2)", 1.0),
    ] {
        let found = value(text)[0];
        assert!((found - wanted).abs() <= 1e-14 * wanted.abs(), "{text}: {found} and {wanted}");
    }
}

#[test]
fn one_number_is_repeated_and_lists_stand_side_by_side() {
    assert_eq!(value("v * x"), [2.0, -4.0, 6.0]);
    assert_eq!(value("10 - v"), [9.0, 12.0, 7.0]);
    assert_eq!(value("v + v"), [2.0, -4.0, 6.0]);
    assert_eq!(value("max(v, 0)"), [1.0, 0.0, 3.0]);
    assert_eq!(value("if(v > 0, v, n)"), [1.0, -3.0, 3.0]);
    assert_eq!(value("[v, x, [n]]"), [1.0, -2.0, 3.0, 2.0, -3.0]);
    // A strip of pixels with a bar on it.
    assert_eq!(value("(range(6) >= x) * (range(6) < x + 3)"), [0.0, 0.0, 1.0, 1.0, 1.0, 0.0]);
    // What is not taken may be no number.
    assert_eq!(value("if(v > 0, log(max(v, 1)), 0 / 1)").len(), 3);
    assert_eq!(value("if(n > 0, log(n), 9)"), [9.0]);
}

#[test]
fn combinations_have_unit_norm_and_are_alike_for_equal_numbers() {
    // The weights themselves: of the unit vectors.
    let weights = |seed, number: u32| -> Vec<f64> {
        (0..5)
            .map(|unit| {
                let text = format!("mix(range(5) == {unit}, {number})");
                made(&[], &[], &[("c", &text)], 1, seed).expect("right").inputs[0]
            })
            .collect()
    };
    for (seed, number) in [(0, 1), (0, 2), (7, 1)] {
        let norm: f64 = weights(seed, number).iter().map(|weight| weight * weight).sum();
        assert!((norm - 1.0).abs() < 1e-12, "{norm}");
    }
    assert_ne!(weights(0, 1), weights(0, 2));
    assert_ne!(weights(0, 1), weights(7, 1));
    assert_eq!(value("mix(v)"), value("mix(v, 1)"));
    let side_by_side = [value("mix(v, 1)"), value("mix(v, 2)"), value("mix(v, 3)")].concat();
    assert_eq!(value("mixes(v, 3)"), side_by_side);
}

#[test]
fn distributions_have_their_values_and_moments() {
    let numbers = |text: &str| made(&[("d", text)], &[], &[("c", "d")], 4000, 3).expect("right").inputs;
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
    let std = |numbers: &[f64]| {
        let mean = mean(numbers);
        mean_of(numbers.iter().map(|value| (value - mean).powi(2))).sqrt()
    };
    // Mean and standard deviation; tolerances are five standard errors of 4000 samples.
    for (text, wanted_mean, wanted_std) in [
        ("uniform(-3, 5)", 1.0, 8.0 / 12f64.sqrt()),
        ("normal(10, 0.5)", 10.0, 0.5),
        ("exponential(2)", 2.0, 2.0),
        ("integer(-1, 1)", 0.0, (2.0f64 / 3.0).sqrt()),
        ("bernoulli(0.25)", 0.25, (0.25f64 * 0.75).sqrt()),
        ("choice(4, 8)", 6.0, 2.0),
        ("uniform(-pi, pi)", 0.0, std::f64::consts::PI / 3f64.sqrt()),
    ] {
        let numbers = numbers(text);
        assert!((mean(&numbers) - wanted_mean).abs() < 5.0 * wanted_std / 4000f64.sqrt(), "{text} {}", mean(&numbers));
        // The exponential's fourth moment is the largest: 9 std^4, so that its std has a standard error of 0.045.
        assert!((std(&numbers) / wanted_std - 1.0).abs() < 0.12, "{text} {}", std(&numbers));
    }
    let distinct = |text: &str| {
        let mut numbers = numbers(text);
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        numbers
    };
    assert_eq!(distinct("integer(-1, 1)"), [-1.0, 0.0, 1.0]);
    assert_eq!(distinct("bernoulli(0.5)"), [0.0, 1.0]);
    assert_eq!(distinct("bernoulli(1)"), [1.0]);
    assert_eq!(distinct("choice(1, 4, 2)"), [1.0, 2.0, 4.0]);
    assert!(numbers("uniform(2, 3)").iter().all(|value| (2.0..3.0).contains(value)));
}

fn mean_of(numbers: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = numbers.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    sum / count
}

/// What a user adds to a problem must not change what was there.
#[test]
fn names_have_streams_of_their_own() {
    let few = made(&[("a", "normal(0, 1) x 3")], &[], &[("c", "a")], 10, 5).expect("right");
    let draws: Pairs<'_> = &[("b", "uniform(0, 1)"), ("a", "normal(0, 1) x 3")];
    let many = made(draws, &[], &[("c", "a")], 100, 5).expect("right");
    assert_eq!(few.inputs, many.inputs[..30]);
    assert_ne!(few.inputs, made(&[("a", "normal(0, 1) x 3")], &[], &[("c", "a")], 10, 6).expect("right").inputs);
    let alike = made(&[("a", "uniform(0, 1)"), ("b", "uniform(0, 1)")], &[], &[("c", "a"), ("d", "b")], 10, 5);
    assert!(alike.expect("right").inputs.chunks(2).all(|row| row[0] != row[1]));
}

/// To the bit, on every machine: a change here changes the data of everyone who has such a file.
#[test]
fn known_numbers() {
    let draws: Pairs<'_> = &[("u", "uniform(0, 1)"), ("n", "normal(0, 1)"), ("i", "integer(0, 999)")];
    let inputs: Pairs<'_> =
        &[("c", "u"), ("d", "n"), ("e", "i"), ("f", "exp(u) + tanh(n) * sin(i)"), ("g", "mix([u, n])")];
    let numbers = made(draws, &[], inputs, 2, 1).expect("right").inputs;
    insta::assert_debug_snapshot!(numbers);
}

#[test]
fn samples_are_counted_from_0() {
    let numbers = made(&[], &[("t", "index / 10")], &[("x", "index"), ("y", "t^2")], 4, 0).expect("right");
    let wanted = [0.0, 1.0, 2.0, 3.0].map(|index: f64| [index, (index / 10.0) * (index / 10.0)]).concat();
    assert_eq!((numbers.inputs, numbers.rows), (wanted, 4));
}

#[test]
fn what_is_no_number_is_told_with_its_sample_and_part() {
    let refused = |define: &str, input: &str| {
        let answer = made(&[], &[("d", define)], &[("c", input)], 100, 0).expect_err("no number");
        rendered(&answer)
    };
    let answers = [
        refused("index - 7", "2 + log(d) * 3"),
        refused("sqrt(20 - index)", "1 + d"),
        refused("1", "10 ^ (index + d)"),
        refused("1", "exp(1000 * (index > 3))"),
    ];
    insta::assert_snapshot!(answers.join("\n\n"));
    // A comparison with what is no number is none either, and `relu` and `max` do not hide it.
    for hidden in
        ["log(d) > 1", "relu(log(d))", "max(log(d), 0)", "clip(log(d), 0, 1)", "step(log(d))", "if(log(d), 1, 2)"]
    {
        let text = refused("-1 - index", hidden);
        assert!(text.contains("`log(d)` of sample 0 is NaN"), "{hidden}: {text}");
    }
}

#[test]
fn too_much_is_refused_before_it_is_taken() {
    let error = made(&[("w", "normal(0, 1) x 1000")], &[], &[("w", "w")], 100_000_000, 0).expect_err("too large");
    assert!(matches!(error, DataError::TooLarge { setting: "data.samples", .. }), "{error}");
}
