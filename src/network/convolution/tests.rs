//! Products of a convolution against those of the dense matrix of its rows.

use ndarray::{Array1, Array2, Array4, ArrayView2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::network::linear::Linear;
use crate::network::window::WindowAxis;
use crate::num::IntervalBox;

/// A random convolution, or `None` where the window exceeds the image.
fn random_convolution(random: &mut ChaCha8Rng, widest: usize) -> Option<Convolution> {
    let mut axis = || {
        let taps = random.random_range(1..=4);
        let steps = [random.random_range(1..=3), random.random_range(1..=2)];
        let pads = [random.random_range(0..=3), random.random_range(0..=3)];
        let pixels = random.random_range(1..=widest);
        WindowAxis::new(pixels, taps, steps, pads, random.random_bool(0.3))
    };
    let (height, width) = (axis()?, axis()?);
    let groups = random.random_range(1..=3);
    let shape = (
        groups * random.random_range(1..=3),
        random.random_range(1..=3),
        height.taps(),
        width.taps(),
    );
    // Some weights are 0, as in pruned networks.
    let weight = || if random.random_bool(0.1) { 0.0 } else { random.random_range(-1.0..1.0) };
    let kernel = Array4::from_shape_simple_fn(shape, weight);
    Some(Convolution::new(Window { height, width }, groups, kernel.into_shared()))
}

fn dense(linear: &Linear) -> Array2<f64> {
    let mut matrix = Array2::zeros((linear.outputs(), linear.inputs()));
    for (row, mut to) in matrix.outer_iter_mut().enumerate() {
        for (column, weight) in linear.row(row) {
            assert_eq!(to[column], 0.0, "one entry per column");
            to[column] = weight;
        }
    }
    matrix
}

fn random_matrix(random: &mut ChaCha8Rng, rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_simple_fn((rows, columns), || random.random_range(-1.0..1.0))
}

fn assert_close(what: &str, found: ArrayView2<f64>, expected: ArrayView2<f64>) {
    assert_eq!(found.dim(), expected.dim(), "{what}");
    let close = |(f, e): (&f64, &f64)| (f - e).abs() <= 1e-12 * (1.0 + e.abs());
    assert!(found.iter().zip(&expected).all(close), "{what}: {found}; expected {expected}");
}

/// Calls `check` with the convolution, its matrix and a source of numbers.
fn for_many(check: impl Fn(&Linear, &Array2<f64>, &mut ChaCha8Rng)) {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut count = 0;
    for widest in [3, 6, 20] {
        for _ in 0..60 {
            let Some(convolution) = random_convolution(&mut random, widest) else { continue };
            let linear = Linear::Convolution(convolution);
            check(&linear, &dense(&linear), &mut random);
            count += 1;
        }
    }
    assert!(count > 100, "{count} convolutions");
}

#[test]
fn rows_are_those_of_a_sum_over_taps() {
    // By hand: one channel of 2 × 3 pixels, kernel [[1, 2], [3, 4]], a column of
    // padding on the left, stride 2 along the width.
    let height = WindowAxis::new(2, 2, [1, 1], [0, 0], false).unwrap();
    let width = WindowAxis::new(3, 2, [2, 1], [1, 0], false).unwrap();
    let kernel = Array4::from_shape_vec((1, 1, 2, 2), vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    let convolution = Convolution::new(Window { height, width }, 1, kernel.into_shared());
    assert_eq!(convolution.row(0), [(0, 2.0), (3, 4.0)]);
    assert_eq!(convolution.row(1), [(1, 1.0), (2, 2.0), (4, 3.0), (5, 4.0)]);
    assert_eq!(convolution.multiplications(), 6);
}

#[test]
fn products_of_a_batch() {
    for_many(|linear, matrix, random| {
        let x = random_matrix(random, 3, linear.inputs());
        let mut out = random_matrix(random, 3, linear.outputs());
        let expected = &out + &x.dot(&matrix.t());
        linear.add_product(x.view(), out.view_mut());
        assert_close("x Wᵀ", out.view(), expected.view());
        // Other memory layouts.
        let x = random_matrix(random, linear.inputs(), 2).reversed_axes();
        let mut out = Array2::zeros((linear.outputs(), 2)).reversed_axes();
        linear.add_product(x.view(), out.view_mut());
        assert_close("x Wᵀ by columns", out.view(), x.dot(&matrix.t()).view());
    });
}

#[test]
fn rows_times_the_matrix() {
    for_many(|linear, matrix, random| {
        let mut rows = random_matrix(random, 6, linear.outputs());
        // Rows that are mostly zero, as those of neurons are.
        rows.row_mut(1).fill(0.0);
        let chosen = random.random_range(0..linear.outputs());
        for row in [2, 3] {
            rows.row_mut(row).fill(0.0);
            rows[(row, chosen)] = -0.75;
        }
        let other = random.random_range(0..linear.outputs());
        rows[(3, other)] = 0.5;
        assert_close("rows W", linear.rows_times(&rows).view(), rows.dot(matrix).view());
        let by_columns = rows.t().as_standard_layout().into_owned().reversed_axes();
        assert_close("by columns", linear.rows_times(&by_columns).view(), rows.dot(matrix).view());
    });
}

#[test]
fn products_of_vectors() {
    for_many(|linear, matrix, random| {
        let view = |v: &Array1<f64>| v.clone().insert_axis(Axis(0));
        let x = random_matrix(random, 1, linear.inputs()).remove_axis(Axis(0)).mapv(f64::abs);
        let mut out = Array1::ones(linear.outputs());
        let expected = &out + &matrix.mapv(f64::abs).dot(&x);
        linear.add_absolute_product(&x, &mut out);
        assert_close("|W| x", view(&out).view(), view(&expected).view());
    });
}

#[test]
fn chosen_rows_with_signs() {
    for_many(|linear, matrix, random| {
        let chosen: Vec<(usize, f64)> = (0..4)
            .map(|k| (random.random_range(0..linear.outputs()), [1.0, -1.0][k % 2]))
            .collect();
        let found = linear.signed_rows(&chosen);
        for (&(row, sign), found) in chosen.iter().zip(found.outer_iter()) {
            assert_eq!(found, &matrix.row(row) * sign);
        }
    });
}

#[test]
fn ranges_over_a_box_are_outward_and_tight() {
    for_many(|linear, matrix, random| {
        let center = random_matrix(random, 1, linear.inputs()).into_raw_vec_and_offset().0;
        let width = |_| if random.random_bool(0.2) { 0.0 } else { random.random_range(0.0..2.0) };
        let widths: Vec<f64> = (0..center.len()).map(width).collect();
        let upper = center.iter().zip(&widths).map(|(c, w)| c + w).collect();
        let domain = IntervalBox::new(center, upper).unwrap();
        let mut sums = vec![RangeSum::default(); linear.outputs()];
        linear.add_ranges(&domain, &mut sums);
        for (sum, row) in sums.iter().zip(matrix.outer_iter()) {
            let (low, high) = sum.rounded_outward();
            let end = |w: f64, j: usize, least: bool| {
                let (l, u) = (domain.lower()[j], domain.upper()[j]);
                if (w > 0.0) == least { w * l } else { w * u }
            };
            let total =
                |least| -> f64 { row.iter().enumerate().map(|(j, &w)| end(w, j, least)).sum() };
            let (least, largest) = (total(true), total(false));
            assert!(low <= least && least - low < 1e-12, "{low} below {least}");
            assert!(largest <= high && high - largest < 1e-12, "{high} above {largest}");
        }
    });
}

#[test]
fn many_images_and_wide_ones_are_split() {
    // More columns than one matrix of pixels takes, along every axis.
    let height = WindowAxis::new(40, 3, [1, 1], [1, 1], false).unwrap();
    let width = WindowAxis::new(700, 3, [1, 1], [1, 1], false).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let weight = || random.random_range(-1.0..1.0);
    let kernel = Array4::from_shape_simple_fn((2, 120, 3, 3), weight);
    let convolution = Convolution::new(Window { height, width }, 1, kernel.into_shared());
    assert!(convolution.most_columns() < 700);
    let x = random_matrix(&mut random, 1, convolution.inputs());
    let y = random_matrix(&mut random, 1, convolution.outputs());
    let mut out = Array2::zeros((1, convolution.outputs()));
    convolution.add_product(x.view(), out.view_mut());
    // ⟨W x, y⟩ = ⟨x, Wᵀ y⟩, and single outputs by their rows.
    let transposed = convolution.rows_times(y.view());
    let (left, right) = ((&out * &y).sum(), (&x * &transposed).sum());
    assert!((left - right).abs() < 1e-7, "{left} {right}");
    for row in [0, 699, 700, 28_000 - 1, 28_000, 55_999, 31_234] {
        let expected: f64 = convolution.row(row).iter().map(|&(j, w)| w * x[(0, j)]).sum();
        assert!((out[(0, row)] - expected).abs() < 1e-10, "output {row}");
    }
}
