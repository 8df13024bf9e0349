//! Pruning by magnitude: the smallest weights become 0 and stay so. Source: Han, Pool,
//! Tran, Dally (2015), arXiv:1506.02626.

use crate::train::model::Weighted;
use crate::train::scalar::Scalar;

/// Which parameters are kept at 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    /// Positions in the vector of parameters.
    zeros: Vec<usize>,
}

impl Mask {
    /// The weights that are 0.
    pub fn of_zeros<S: Scalar>(parameters: &[S], layers: &[Weighted]) -> Self {
        let weights = layers.iter().flat_map(|layer| layer.weights.clone());
        Self { zeros: weights.filter(|&at| parameters.get(at) == Some(&S::default())).collect() }
    }

    /// Puts 0 where it belongs.
    pub fn apply<S: Scalar>(&self, numbers: &mut [S]) {
        for &at in &self.zeros {
            numbers[at] = S::default();
        }
    }
}

/// Makes a share of the weights of each layer but the last 0, rounded down to a whole
/// number of them; of equal ones the first.
pub fn prune<S: Scalar>(parameters: &mut [S], layers: &[Weighted], share: f64) {
    let hidden = layers.len().saturating_sub(1);
    for layer in &layers[..hidden] {
        let mut order: Vec<usize> = layer.weights.clone().collect();
        order.sort_by(|&a, &b| {
            let magnitude = |at: usize| parameters[at].wide().abs();
            magnitude(a).total_cmp(&magnitude(b))
        });
        let count = (share * order.len() as f64).floor();
        let zeros = order.iter().enumerate().take_while(|(rank, _)| (*rank as f64) < count);
        for (_, &at) in zeros {
            parameters[at] = S::default();
        }
    }
}
