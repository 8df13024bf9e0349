//! The loops in which a search spends its time, with the widest vectors that the processor has.

use pulp::{Simd, WithSimd};

use crate::num::vectorized;

/// Rows of a block: what [`RowsTimes`] takes at once.
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

/// Adds `A W` to `out`.
#[derive(Debug)]
pub struct RowsTimes<'a> {
    /// [`ROWS`] rows of coefficients, `stride` numbers apart.
    pub a: &'a [f64],
    /// See `a`.
    pub stride: usize,
    /// Coefficients of a row, and rows of `w`.
    pub size: usize,
    /// Rows of `width` numbers, a multiple of [`LANES`](super::tape::LANES).
    pub w: &'a [f64],
    /// See `w`.
    pub width: usize,
    /// [`ROWS`] rows, `width` numbers apart.
    pub out: &'a mut [f64],
    /// Room for what is not 0.
    pub factors: &'a mut Vec<(usize, [f64; ROWS])>,
}

impl RowsTimes<'_> {
    /// Computes it.
    pub fn run(self) {
        pulp::Arch::new().dispatch(self);
    }

    /// A few registers of the product of all rows.
    #[inline(always)]
    fn columns<S: Simd, const COUNT: usize>(
        simd: S,
        factors: &[(usize, [f64; ROWS])],
        w: &[S::f64s],
        (width, at): (usize, usize),
        out: &mut [S::f64s],
    ) {
        let mut sums = [[simd.splat_f64s(0.0); COUNT]; ROWS];
        for &(i, factors) in factors {
            let w = &w[i * width + at..][..COUNT];
            for (sums, factor) in sums.iter_mut().zip(factors) {
                let factor = simd.splat_f64s(factor);
                for (sum, &w) in sums.iter_mut().zip(w) {
                    *sum = simd.mul_add_e_f64s(factor, w, *sum);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let out = &mut out[row * width + at..][..COUNT];
            out.iter_mut().zip(sums).for_each(|(out, &sum)| *out = simd.add_f64s(*out, sum));
        }
    }
}

impl WithSimd for RowsTimes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, stride, size, w, width, out, factors } = self;
        let (a0, rest) = a.split_at(stride);
        let (a1, rest) = rest.split_at(stride);
        let (a2, a3) = rest.split_at(stride);
        let (a0, a1, a2, a3) = (&a0[..size], &a1[..size], &a2[..size], &a3[..size]);
        factors.clear();
        for i in 0..size {
            let column = [a0[i], a1[i], a2[i], a3[i]];
            if column != [0.0; ROWS] {
                factors.push((i, column));
            }
        }
        let (w, _) = S::as_simd_f64s(w);
        let (out, _) = S::as_mut_simd_f64s(out);
        // Rows are whole registers.
        let width = width / S::F64_LANES;
        let mut at = 0;
        // Twelve sums, three registers of weights and a factor: sixteen registers.
        while at + 3 <= width {
            Self::columns::<S, 3>(simd, factors, w, (width, at), out);
            at += 3;
        }
        match width - at {
            2 => Self::columns::<S, 2>(simd, factors, w, (width, at), out),
            1 => Self::columns::<S, 1>(simd, factors, w, (width, at), out),
            _ => {}
        }
    }
}

/// `Σ aᵢ bᵢ` and `Σ |aᵢ| eᵢ`; all arrays are of whole registers.
#[derive(Debug)]
pub struct Sums<'a> {
    /// See [`Sums`].
    pub a: &'a [f64],
    /// See [`Sums`].
    pub b: &'a [f64],
    /// See [`Sums`].
    pub e: &'a [f64],
}

impl Sums<'_> {
    /// Computes them.
    pub fn run(self) -> [f64; 2] {
        pulp::Arch::new().dispatch(self)
    }
}

impl WithSimd for Sums<'_> {
    type Output = [f64; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; 2] {
        let [a, b, e] = [self.a, self.b, self.e].map(|numbers| S::as_simd_f64s(numbers).0);
        let (mut sum, mut error) = (simd.splat_f64s(0.0), simd.splat_f64s(0.0));
        for ((&a, &b), &e) in a.iter().zip(b).zip(e) {
            sum = simd.mul_add_e_f64s(a, b, sum);
            error = simd.mul_add_e_f64s(simd.abs_f64s(a), e, error);
        }
        [simd.reduce_sum_f64s(sum), simd.reduce_sum_f64s(error)]
    }
}

/// Replaces the values of activations by lines, neuron by neuron: the coefficients become those
/// of the pre-activations. All arrays are of whole registers.
#[derive(Debug)]
pub struct ThroughLines<'a> {
    /// The coefficients.
    pub a: &'a mut [f64],
    /// Slopes of the lines below and above.
    pub slopes: [&'a [f64]; 2],
    /// Their intercepts.
    pub intercepts: [&'a [f64]; 2],
    /// What rounding can do, for each unit of a coefficient.
    pub e: &'a [f64],
}

impl ThroughLines<'_> {
    /// Gives `Σ intercepts` and `Σ |aᵢ| eᵢ`, what rounding can do.
    pub fn run(self) -> [f64; 2] {
        pulp::Arch::new().dispatch(self)
    }
}

impl WithSimd for ThroughLines<'_> {
    type Output = [f64; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; 2] {
        let (a, _) = S::as_mut_simd_f64s(self.a);
        let [below, above] = self.slopes.map(|slopes| S::as_simd_f64s(slopes).0);
        let [under, over] = self.intercepts.map(|intercepts| S::as_simd_f64s(intercepts).0);
        let (e, _) = S::as_simd_f64s(self.e);
        let zero = simd.splat_f64s(0.0);
        let (mut intercepts, mut error) = (zero, zero);
        let lines = below.iter().zip(above).zip(under.iter().zip(over));
        for ((a, ((&below, &above), (&under, &over))), &e) in a.iter_mut().zip(lines).zip(e) {
            let (up, down) = (simd.max_f64s(*a, zero), simd.min_f64s(*a, zero));
            intercepts = simd.mul_add_e_f64s(up, under, intercepts);
            intercepts = simd.mul_add_e_f64s(down, over, intercepts);
            // A coefficient that is no number makes the error none.
            error = simd.mul_add_e_f64s(simd.abs_f64s(*a), e, error);
            *a = simd.add_f64s(simd.mul_f64s(up, below), simd.mul_f64s(down, above));
        }
        [simd.reduce_sum_f64s(intercepts), simd.reduce_sum_f64s(error)]
    }
}
