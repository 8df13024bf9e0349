//! Numbers that training computes with, and products of matrices of them.
//!
//! A product runs on one thread, in an order that depends on the shapes alone, so that
//! the same data give the same bits. The crate is faer: at 64 × 50 × 50 in `f32` its
//! kernels take 1.8 µs where those of `gemm` take 2.2 and those of `matrixmultiply` 3.0
//! (AVX-512, least of 200), at 256 × 784 × 256 they are within 7 % of the fastest, and
//! its interface is safe.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef, Par};

use crate::network::Precision;

/// `f32` or `f64`.
pub trait Scalar:
    ComplexField
    + Copy
    + Default
    + PartialOrd
    + Debug
    + Send
    + Sync
    + Sum
    + AddAssign
    + SubAssign
    + MulAssign
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
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
}

macro_rules! scalar {
    ($type:ty, $precision:expr) => {
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
        }
    };
}

scalar!(f32, Precision::F32);
scalar!(f64, Precision::F64);

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

    fn view(self) -> MatRef<'a, S> {
        let stored = MatRef::from_row_major_slice(self.values, self.rows, self.columns);
        if self.transposed { stored.transpose() } else { stored }
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
    let result = MatMut::from_row_major_slice_mut(result, left.nrows(), right.ncols());
    let accumulate = match onto {
        Onto::Replace => Accum::Replace,
        Onto::Add => Accum::Add,
    };
    matmul(result, accumulate, left, right, S::of(1.0), Par::Seq);
}

/// Runs a loop over numbers with the widest vectors that the processor has. The loop's
/// results do not depend on them: nothing is reordered or fused.
#[inline(always)]
pub fn vectorized<R>(operation: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(operation)
}
