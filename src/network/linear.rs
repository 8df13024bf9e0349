//! Linear maps that keep their structure.

use ndarray::{ArcArray2, Array1, Array2, ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

use super::convolution::Convolution;
use crate::num::IntervalBox;
use crate::num::rounding::{Centered, RangeSum};

/// A linear map `x ↦ W x`, `W`: out × in.
#[derive(Clone, Debug, PartialEq)]
pub enum Linear {
    /// Every entry stored, once for all copies.
    Dense(ArcArray2<f64>),
    /// Only the non-zero entries stored.
    Sparse(SparseRows),
    /// Only the kernel of a convolution stored.
    Convolution(Convolution),
}

/// A sparse matrix by rows (CSR).
#[derive(Clone, Debug, PartialEq)]
pub struct SparseRows {
    starts: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<f64>,
    inputs: usize,
}

impl SparseRows {
    /// A matrix with the given rows of (column, value) pairs and `inputs` columns.
    ///
    /// # Panics
    /// If a column is out of range.
    pub fn from_rows<R>(inputs: usize, rows: impl IntoIterator<Item = R>) -> Self
    where
        R: IntoIterator<Item = (usize, f64)>,
    {
        let (mut starts, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
        for row in rows {
            for (column, value) in row {
                assert!(column < inputs, "column {column} of a matrix with {inputs} columns");
                columns.push(column);
                values.push(value);
            }
            starts.push(columns.len());
        }
        Self { starts, columns, values, inputs }
    }

    fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.starts[row]..self.starts[row + 1];
        self.columns[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }
}

impl Linear {
    /// A matrix with every entry stored.
    pub fn dense(weights: Array2<f64>) -> Self {
        Self::Dense(weights.into_shared())
    }

    /// `factor` times the identity on `size` coordinates.
    pub fn scaled_identity(size: usize, factor: f64) -> Self {
        Self::Sparse(SparseRows::from_rows(size, (0..size).map(|i| [(i, factor)])))
    }

    /// `I ⊗ weights ⊗ I` with identities of sizes `left` and `right`: the same
    /// matrix applied to each of `left` blocks, to each of `right` columns.
    pub fn repeated(left: usize, weights: &ArcArray2<f64>, right: usize) -> Self {
        if left == 1 && right == 1 {
            return Self::Dense(weights.clone());
        }
        let (m, k) = weights.dim();
        let rows = (0..left * m * right).map(|row| {
            let (block, i, column) = (row / (m * right), row / right % m, row % right);
            let entries = weights.row(i).to_vec().into_iter().enumerate();
            entries.map(move |(j, w)| ((block * k + j) * right + column, w))
        });
        Self::Sparse(SparseRows::from_rows(left * k * right, rows))
    }

    /// Number of rows.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Dense(weights) => weights.nrows(),
            Self::Sparse(rows) => rows.starts.len() - 1,
            Self::Convolution(convolution) => convolution.outputs(),
        }
    }

    /// Number of columns.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Dense(weights) => weights.ncols(),
            Self::Sparse(rows) => rows.inputs,
            Self::Convolution(convolution) => convolution.inputs(),
        }
    }

    /// Number of multiplications of one product with a vector: the entries that are
    /// not known to be 0 from the structure.
    pub fn multiplications(&self) -> usize {
        match self {
            Self::Dense(weights) => weights.len(),
            Self::Sparse(rows) => rows.values.len(),
            Self::Convolution(convolution) => convolution.multiplications(),
        }
    }

    /// The non-zero entries of a row, as (column, value).
    ///
    /// # Panics
    /// If `row` is out of range.
    pub fn row(&self, row: usize) -> Vec<(usize, f64)> {
        let nonzero = |&(_, w): &(usize, f64)| w != 0.0;
        match self {
            Self::Dense(weights) => {
                weights.row(row).iter().copied().enumerate().filter(nonzero).collect()
            }
            Self::Sparse(rows) => rows.row(row).filter(nonzero).collect(),
            Self::Convolution(convolution) => {
                convolution.row(row).into_iter().filter(nonzero).collect()
            }
        }
    }

    /// `diag(rows) · W · diag(columns)`, of the same structure. Exact for powers of
    /// two, as long as no entry leaves the range of normal numbers.
    ///
    /// # Panics
    /// If the shapes do not fit, or the factors of a convolution differ within a
    /// channel.
    pub fn scaled(&self, rows: &Array1<f64>, columns: &Array1<f64>) -> Self {
        assert_eq!((rows.len(), columns.len()), (self.outputs(), self.inputs()), "factors");
        let factor = |row: usize, column: usize| rows[row] * columns[column];
        match self {
            Self::Dense(weights) => {
                let mut weights = weights.clone();
                weights.indexed_iter_mut().for_each(|((i, j), w)| *w *= factor(i, j));
                Self::Dense(weights)
            }
            Self::Sparse(sparse) => {
                let mut sparse = sparse.clone();
                for row in 0..rows.len() {
                    for entry in sparse.starts[row]..sparse.starts[row + 1] {
                        sparse.values[entry] *= factor(row, sparse.columns[entry]);
                    }
                }
                Self::Sparse(sparse)
            }
            Self::Convolution(convolution) => Self::Convolution(convolution.scaled(rows, columns)),
        }
    }

    /// Adds `x Wᵀ` to `out`; `x`: batch × in, `out`: batch × out.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn add_product(&self, x: ArrayView2<f64>, mut out: ArrayViewMut2<f64>) {
        match self {
            Self::Dense(weights) => general_mat_mul(1.0, &x, &weights.t(), 1.0, &mut out),
            Self::Sparse(rows) => {
                for (x, mut out) in x.outer_iter().zip(out.outer_iter_mut()) {
                    for (row, value) in out.iter_mut().enumerate() {
                        *value += rows.row(row).map(|(column, w)| w * x[column]).sum::<f64>();
                    }
                }
            }
            Self::Convolution(convolution) => convolution.add_product(x, out),
        }
    }

    /// `rows · W`; `rows`: any number × out.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn rows_times(&self, rows: &Array2<f64>) -> Array2<f64> {
        match self {
            Self::Dense(weights) => rows.dot(weights),
            Self::Sparse(sparse) => {
                let mut product = Array2::zeros((rows.nrows(), sparse.inputs));
                for (from, mut to) in rows.outer_iter().zip(product.outer_iter_mut()) {
                    for (row, &factor) in from.iter().enumerate().filter(|(_, f)| **f != 0.0) {
                        sparse.row(row).for_each(|(column, w)| to[column] += factor * w);
                    }
                }
                product
            }
            Self::Convolution(convolution) => convolution.rows_times(rows.view()),
        }
    }

    /// The given rows of `W`, each with a sign of 1 or −1.
    ///
    /// # Panics
    /// If a row is out of range.
    pub fn signed_rows(&self, chosen: &[(usize, f64)]) -> Array2<f64> {
        let mut rows = Array2::zeros((chosen.len(), self.inputs()));
        for (&(row, sign), mut to) in chosen.iter().zip(rows.outer_iter_mut()) {
            let add = |(column, w): (usize, f64)| to[column] += sign * w;
            match self {
                Self::Dense(weights) => to.scaled_add(sign, &weights.row(row)),
                Self::Sparse(sparse) => sparse.row(row).for_each(add),
                Self::Convolution(convolution) => convolution.row(row).into_iter().for_each(add),
            }
        }
        rows
    }

    /// Adds `|W| x` to `out`, entry by entry absolute.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn add_absolute_product(&self, x: &Array1<f64>, out: &mut Array1<f64>) {
        match self {
            Self::Dense(weights) => {
                for (row, out) in weights.outer_iter().zip(out) {
                    *out += row.iter().zip(x).map(|(w, x)| w.abs() * x).sum::<f64>();
                }
            }
            Self::Sparse(sparse) => {
                for (row, out) in out.iter_mut().enumerate() {
                    *out += sparse.row(row).map(|(j, w)| w.abs() * x[j]).sum::<f64>();
                }
            }
            Self::Convolution(convolution) => *out += &convolution.absolute().times(x.view()),
        }
    }

    /// Adds the range of each row over a box of inputs to `sums`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn add_ranges(&self, inputs: &IntervalBox, sums: &mut [RangeSum]) {
        match self {
            Self::Dense(weights) => {
                let intervals = Centered::new(inputs.lower(), inputs.upper());
                for (row, sum) in weights.outer_iter().zip(sums) {
                    match row.as_slice() {
                        Some(row) => sum.add_row(row, &intervals),
                        None => sum.add_row(&row.to_vec(), &intervals),
                    }
                }
            }
            Self::Sparse(rows) => {
                let (lower, upper) = (inputs.lower(), inputs.upper());
                for (row, sum) in sums.iter_mut().enumerate() {
                    rows.row(row).for_each(|(j, w)| sum.add(w, lower[j], upper[j]));
                }
            }
            Self::Convolution(convolution) => {
                convolution.add_ranges(&Centered::new(inputs.lower(), inputs.upper()), sums);
            }
        }
    }
}
