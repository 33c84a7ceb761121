//! Eigenvalues in closed form. The limits are tested in `train/`, where the optimisers are.

use super::*;

#[test]
fn the_largest_eigenvalue_of_small_matrices_is_the_known_one() {
    assert_eq!(largest_eigenvalue(&[], &[]), 0.0);
    assert_eq!(largest_eigenvalue(&[0.0, 0.0], &[0.0]), 0.0);
    for (diagonal, beside, wanted) in [
        (vec![-3.0], vec![], -3.0),
        (vec![2.0, 5.0, 3.0], vec![0.0, 0.0], 5.0),
        (vec![2.0, 2.0], vec![1.0], 3.0),
        (vec![-2.0, -2.0], vec![1.0], -1.0),
        // The second difference of n points: 2 - 2 cos(k pi / (n + 1)).
        (vec![2.0; 9], vec![-1.0; 8], 2.0 + 2.0 * (std::f64::consts::PI / 10.0).cos()),
    ] {
        let found = largest_eigenvalue(&diagonal, &beside);
        assert!((found - wanted).abs() < 1e-12, "{diagonal:?}: {found} is not {wanted}");
    }
    // A coupling behind the last row is no part of the matrix: Lanczos has it before it knows the next row.
    assert!((largest_eigenvalue(&[2.0, 2.0], &[1.0, 50.0]) - 3.0).abs() < 1e-12);
    assert!(largest_eigenvalue(&[1.0, f64::NAN], &[0.5]).is_nan());
}

#[test]
fn limits_are_those_of_the_papers() {
    let sgd = |momentum, nesterov| Optimiser::Sgd { lr: 9.0, momentum, nesterov, weight_decay: 0.0 };
    assert_eq!(stability_limit(sgd(0.0, false), 0.1), 20.0);
    assert!((stability_limit(sgd(0.9, false), 0.1) - 38.0).abs() < 1e-12);
    assert!((stability_limit(sgd(0.9, true), 0.1) - 38.0 / 2.8).abs() < 1e-12);
    let adam = Optimiser::Adam { lr: 9.0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
    assert!((stability_limit(adam, 0.001) - 38_000.0).abs() < 1e-6); // the 38 / lr of Cohen et al. 2022
    assert_eq!(stability_limit(adam, 0.0), f64::INFINITY);
}
