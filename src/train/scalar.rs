//! Numbers that training computes with, and products of matrices of them.
//!
//! A product runs on one thread, in an order that depends on the shapes alone, so that
//! the same data give the same bits. The kernels are those of `matrixmultiply`, which
//! ndarray brings: at 64 × 50 × 50 in `f32` those of `faer` take three quarters of the
//! time, but four minutes of processor time to build.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{AddAssign, MulAssign, Neg, SubAssign};

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, LinalgScalar};

use super::decay;
use crate::network::Precision;

/// `f32` or `f64`.
pub trait Scalar:
    LinalgScalar
    + Default
    + PartialOrd
    + Debug
    + Send
    + Sync
    + Sum
    + AddAssign
    + SubAssign
    + MulAssign
    + Neg<Output = Self>
    + 'static
{
    /// Which of the two.
    const PRECISION: Precision;

    /// The nearest number.
    fn of(value: f64) -> Self;

    /// The same number.
    fn wide(self) -> f64;

    /// Square root.
    fn root(self) -> Self;

    /// `eˣ`.
    fn exponential(self) -> Self;

    /// `eˣ − 1` for `x ≤ 0`, without a call, so that loops over it are vectorised; its error is
    /// about the last digit.
    fn decay(self) -> Self;
}

macro_rules! scalar {
    ($type:ty, $precision:expr, $decay:path) => {
        impl Scalar for $type {
            const PRECISION: Precision = $precision;

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, trivial_numeric_casts)]
            fn of(value: f64) -> Self {
                value as $type
            }

            #[inline(always)]
            fn wide(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn exponential(self) -> Self {
                self.exp()
            }

            #[inline(always)]
            fn decay(self) -> Self {
                $decay(self)
            }
        }
    };
}

scalar!(f32, Precision::F32, decay::single);
scalar!(f64, Precision::F64, decay::double);

/// The same numbers.
pub(super) fn wide<S: Scalar>(numbers: &[S]) -> Vec<f64> {
    numbers.iter().map(|number| number.wide()).collect()
}

/// The nearest numbers.
pub(super) fn narrow<S: Scalar>(numbers: &[f64]) -> Vec<S> {
    numbers.iter().map(|&number| S::of(number)).collect()
}

/// A matrix in row-major order, perhaps seen transposed.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, S> {
    values: &'a [S],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a, S: Scalar> Matrix<'a, S> {
    /// `rows × columns` numbers, one row after the other.
    pub fn new(values: &'a [S], rows: usize, columns: usize) -> Self {
        debug_assert_eq!(values.len(), rows * columns);
        Self { values, rows, columns, transposed: false }
    }

    /// The transposed matrix, of the same memory.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    fn view(self) -> ArrayView2<'a, S> {
        let stored = ArrayView2::from_shape((self.rows, self.columns), self.values)
            .expect("as many numbers as places");
        if self.transposed { stored.reversed_axes() } else { stored }
    }
}

/// What becomes of the numbers in the place of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// They are overwritten.
    Replace,
    /// The product is added to them.
    Add,
}

/// `left · right`, row-major.
///
/// # Panics
/// If the shapes do not fit.
pub fn product<S: Scalar>(result: &mut [S], onto: Onto, left: Matrix<S>, right: Matrix<S>) {
    let (left, right) = (left.view(), right.view());
    let mut result = ArrayViewMut2::from_shape((left.nrows(), right.ncols()), result)
        .expect("as many numbers as places");
    let kept = match onto {
        Onto::Replace => S::zero(),
        Onto::Add => S::one(),
    };
    general_mat_mul(S::one(), &left, &right, kept, &mut result);
}
