//! Rows (or columns, where there are more rows) that are orthogonal and of length `g`.
//! Source: Saxe, McClelland, Ganguli (2014), arXiv:1312.6120.

use ndarray::Array2;
use rand_chacha::ChaCha8Rng;

use super::{Initializer, LayerWeights, Start};
use crate::control::{Clock, StoppedBy};
use crate::num::random::normal;
use crate::train::Halt;

#[derive(Debug)]
pub(super) struct Orthogonal;

impl Initializer for Orthogonal {
    fn name(&self) -> &'static str {
        "orthogonal"
    }

    fn initialize(
        &self,
        start: &Start<'_>,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<LayerWeights>, Halt> {
        start.each(|(rows, columns), gain| {
            let weights = match rows <= columns {
                true => orthonormal_rows(rows, columns, random, start.clock)?,
                false => orthonormal_rows(columns, rows, random, start.clock)?.reversed_axes(),
            };
            // In row-major order, like all weights.
            Ok(Array2::from_shape_fn((rows, columns), |at| gain * weights[at]))
        })
    }
}

/// The method of Gram and Schmidt on normal numbers, done twice against rounding.
fn orthonormal_rows(
    count: usize,
    length: usize,
    random: &mut ChaCha8Rng,
    clock: &Clock,
) -> Result<Array2<f64>, StoppedBy> {
    let mut rows = Array2::<f64>::zeros((count, length));
    for row in 0..count {
        clock.go_on()?;
        let mut vector = rows.row(row).mapv(|_| normal(random));
        for _ in 0..2 {
            for earlier in 0..row {
                let along = rows.row(earlier).dot(&vector);
                vector.scaled_add(-along, &rows.row(earlier));
            }
            vector /= vector.dot(&vector).sqrt();
        }
        rows.row_mut(row).assign(&vector);
    }
    Ok(rows)
}
