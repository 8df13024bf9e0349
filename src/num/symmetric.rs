//! Symmetric matrices: eigenvalues by the method of Jacobi, and the square root.
//!
//! A sweep turns every pair of axes such that the entry between them becomes 0: with
//! `θ = (a_qq − a_pp)/(2 a_pq)`, the tangent of the angle is the smaller root
//! `t = sign(θ)/(|θ| + √(θ² + 1))`. The sum of the squares beside the diagonal falls with each
//! turn, in the end quadratically. Source: Golub and Van Loan, Matrix Computations, section 8.5.

use ndarray::{Array1, Array2, ArrayView2};

/// Sweeps, of which a dozen are enough for matrices of any size that is used here.
const SWEEPS: usize = 100;

/// Eigenvalues, in no order, and eigenvectors as columns: `A = V diag(λ) Vᵀ`. Only what stands on
/// and above the diagonal is read. For `n` rows, some 10 n³ operations.
///
/// # Panics
/// If the matrix is not square.
pub fn eigen(matrix: ArrayView2<f64>) -> (Array1<f64>, Array2<f64>) {
    let count = matrix.nrows();
    assert_eq!(matrix.ncols(), count, "a square matrix");
    let mut a = Array2::from_shape_fn((count, count), |(i, j)| matrix[[i.min(j), i.max(j)]]);
    let largest = a.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    let mut vectors = Array2::eye(count);
    for _ in 0..SWEEPS {
        let mut is_done = true;
        for p in 0..count {
            for q in p + 1..count {
                // Where it changes no digit of the largest entry, it is 0.
                if largest + 0.01 * a[[p, q]].abs() == largest {
                    (a[[p, q]], a[[q, p]]) = (0.0, 0.0);
                    continue;
                }
                is_done = false;
                let theta = 0.5 * (a[[q, q]] - a[[p, p]]) / a[[p, q]];
                let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                turn(&mut a, &mut vectors, [p, q], [cosine, tangent * cosine]);
            }
        }
        if is_done {
            break;
        }
    }
    (a.diag().to_owned(), vectors)
}

/// Turns the axes `p` and `q`: `A ← Jᵀ A J`, `V ← V J`.
fn turn(a: &mut Array2<f64>, vectors: &mut Array2<f64>, [p, q]: [usize; 2], [c, s]: [f64; 2]) {
    for k in 0..a.nrows() {
        let (x, y) = (a[[k, p]], a[[k, q]]);
        (a[[k, p]], a[[k, q]]) = (c * x - s * y, s * x + c * y);
    }
    for k in 0..a.nrows() {
        let (x, y) = (a[[p, k]], a[[q, k]]);
        (a[[p, k]], a[[q, k]]) = (c * x - s * y, s * x + c * y);
        let (x, y) = (vectors[[k, p]], vectors[[k, q]]);
        (vectors[[k, p]], vectors[[k, q]]) = (c * x - s * y, s * x + c * y);
    }
}

/// The symmetric square root of a matrix without negative eigenvalues; what rounding has put
/// below 0 counts as 0.
///
/// # Panics
/// If the matrix is not square.
pub fn root(matrix: ArrayView2<f64>) -> Array2<f64> {
    let (values, vectors) = eigen(matrix);
    let scaled = &vectors * &values.mapv(|value| value.max(0.0).sqrt());
    scaled.dot(&vectors.t())
}

#[cfg(test)]
mod tests {
    use ndarray::{arr1, arr2};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::num::random::normal;

    fn largest(matrix: &Array2<f64>) -> f64 {
        matrix.iter().fold(0.0, |largest, x| largest.max(x.abs()))
    }

    /// By hand: (2 1; 1 2) has 1 and 3; its root is ½(√3 + 1, √3 − 1; √3 − 1, √3 + 1).
    #[test]
    fn two_rows_by_hand() {
        let matrix = arr2(&[[2.0, 1.0], [1.0, 2.0]]);
        let (mut values, _) = eigen(matrix.view());
        values.as_slice_mut().unwrap().sort_by(f64::total_cmp);
        assert!((&values - &arr1(&[1.0, 3.0])).iter().all(|x| x.abs() < 1e-15), "{values}");
        let (plus, minus) = (0.5 * (3f64.sqrt() + 1.0), 0.5 * (3f64.sqrt() - 1.0));
        let expected = arr2(&[[plus, minus], [minus, plus]]);
        assert!(largest(&(&root(matrix.view()) - &expected)) < 1e-15);
        assert_eq!(root(Array2::zeros((3, 3)).view()), Array2::<f64>::zeros((3, 3)));
    }

    /// `B Bᵀ` of a random `B`, of full rank and not: the root's square is the matrix, the
    /// vectors are orthogonal.
    #[test]
    fn random_matrices_come_back() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for (count, rank) in [(1, 1), (5, 5), (20, 20), (20, 7)] {
            let b = Array2::from_shape_simple_fn((count, rank), || normal(&mut random));
            let matrix = b.dot(&b.t());
            let (_, vectors) = eigen(matrix.view());
            assert!(largest(&(vectors.t().dot(&vectors) - Array2::<f64>::eye(count))) < 1e-13);
            let root = root(matrix.view());
            let error = largest(&(root.dot(&root) - &matrix));
            assert!(error < 1e-13 * largest(&matrix), "{count}, {rank}: {error}");
        }
    }
}
