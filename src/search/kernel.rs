//! The loops in which a search spends its time, with the widest vectors that the processor has.

use super::tape::LANES;
use crate::num::vectorized;

/// Rows of a block: what [`rows_times`] takes at once.
pub const ROWS: usize = 4;

/// Adds `W c` to `center` and `|W| r` to `radius`; `columns`: `W` column by column, each as
/// long as `center`.
pub fn add_ranges(columns: &[f64], [c, r]: [&[f64]; 2], [center, radius]: [&mut [f64]; 2]) {
    vectorized(
        #[inline(always)]
        || {
            let height = center.len();
            let radius = &mut radius[..height];
            for ((column, &c), &r) in columns.chunks_exact(height).zip(c).zip(r) {
                if c == 0.0 && r == 0.0 {
                    continue;
                }
                for ((w, center), radius) in column.iter().zip(&mut *center).zip(&mut *radius) {
                    *center += w * c;
                    *radius += w.abs() * r;
                }
            }
        },
    );
}

/// Adds `W x` to `sum`; `columns`: `W` column by column, each as long as `sum`.
pub fn add_product(columns: &[f64], x: &[f64], sum: &mut [f64]) {
    vectorized(
        #[inline(always)]
        || {
            for (column, &x) in columns.chunks_exact(sum.len()).zip(x) {
                if x != 0.0 {
                    column.iter().zip(&mut *sum).for_each(|(w, sum)| *sum += w * x);
                }
            }
        },
    );
}

/// Adds `A W` to `out`; `a`: `ROWS` rows of coefficients, `stride` numbers apart, `size` in
/// each; `w`: `size` rows of `width` numbers, a multiple of `LANES`; `out`: `ROWS` rows,
/// `width` apart.
pub fn rows_times(a: &[f64], stride: usize, size: usize, w: &[f64], width: usize, out: &mut [f64]) {
    vectorized(
        #[inline(always)]
        || {
            let (a0, a) = a.split_at(stride);
            let (a1, a) = a.split_at(stride);
            let (a2, a3) = a.split_at(stride);
            let (a0, a1, a2, a3) = (&a0[..size], &a1[..size], &a2[..size], &a3[..size]);
            for at in (0..width).step_by(LANES) {
                let mut sums = [[0.0; LANES]; ROWS];
                for i in 0..size {
                    let factors = [a0[i], a1[i], a2[i], a3[i]];
                    if factors == [0.0; ROWS] {
                        continue;
                    }
                    let w: &[f64; LANES] =
                        w[i * width + at..][..LANES].try_into().expect("a whole register");
                    for (sum, factor) in sums.iter_mut().zip(factors) {
                        for lane in 0..LANES {
                            sum[lane] += factor * w[lane];
                        }
                    }
                }
                for (row, sum) in sums.iter().enumerate() {
                    let out = &mut out[row * width + at..][..LANES];
                    out.iter_mut().zip(sum).for_each(|(out, sum)| *out += sum);
                }
            }
        },
    );
}

/// `Σ aᵢ bᵢ` and `Σ |aᵢ| eᵢ`, in lanes.
pub fn sums(a: &[f64], b: &[f64], e: &[f64]) -> [f64; 2] {
    vectorized(
        #[inline(always)]
        || {
            let mut sums = [[0.0; LANES]; 2];
            let chunks =
                a.chunks_exact(LANES).zip(b.chunks_exact(LANES)).zip(e.chunks_exact(LANES));
            for ((a, b), e) in chunks {
                for lane in 0..LANES {
                    sums[0][lane] += a[lane] * b[lane];
                    sums[1][lane] += a[lane].abs() * e[lane];
                }
            }
            sums.map(|lanes| lanes.iter().sum())
        },
    )
}

/// Replaces the values of activations by lines, neuron by neuron: the coefficients become those
/// of the pre-activations. Gives `Σ intercepts` and `Σ |aᵢ| eᵢ`, what rounding can do.
pub fn through_lines(
    a: &mut [f64],
    [below, above]: [&[f64]; 2],
    [intercepts_below, intercepts_above]: [&[f64]; 2],
    e: &[f64],
) -> [f64; 2] {
    vectorized(
        #[inline(always)]
        || {
            let n = a.len();
            let (below, above) = (&below[..n], &above[..n]);
            let (under, over) = (&intercepts_below[..n], &intercepts_above[..n]);
            let e = &e[..n];
            let mut sums = [[0.0; LANES]; 2];
            for at in (0..n).step_by(LANES) {
                let a: &mut [f64; LANES] =
                    (&mut a[at..at + LANES]).try_into().expect("a whole register");
                for lane in 0..LANES {
                    let i = at + lane;
                    let (up, down) = (a[lane].max(0.0), a[lane].min(0.0));
                    sums[0][lane] += up * under[i] + down * over[i];
                    sums[1][lane] += a[lane].abs() * e[i];
                    a[lane] = up * below[i] + down * above[i];
                }
            }
            sums.map(|lanes| lanes.iter().sum())
        },
    )
}
