//! Weights to begin with.

mod calculated;
mod orthogonal;
mod rbm;
mod uniform;
mod variance;

use std::fmt::Debug;

use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;

pub use rbm::RbmInit;

use super::Halt;
use super::data::Dataset;
use super::settings::{InitRecipe, NetworkRecipe};
use crate::control::{Clock, StoppedBy};

/// Most samples that an initialisation looks at, the first ones.
pub const MOST_SAMPLES: usize = 10_000;

/// What an initialisation can look at.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Rows × columns of the weights of each layer that has some; the last is the output.
    pub shapes: &'a [(usize, usize)],
    /// The network.
    pub network: &'a NetworkRecipe,
    /// The table `[init]`.
    pub settings: &'a InitRecipe,
    /// The first training samples, up to [`MOST_SAMPLES`], scaled as they are for training.
    pub data: &'a Dataset,
    /// When it has to end.
    pub clock: &'a Clock,
}

/// Weights (rows × columns) and biases of a layer.
pub type LayerWeights = (Array2<f64>, Array1<f64>);

/// A way to choose the weights to begin with.
pub trait Initializer: Debug + Sync {
    /// Name in recipes.
    fn name(&self) -> &'static str;

    /// Weights and biases, one pair a shape.
    ///
    /// # Errors
    /// The method does not know this kind of network, or the clock has ended it.
    fn initialize(
        &self,
        start: &Start<'_>,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<LayerWeights>, Halt>;
}

/// Every initialisation.
pub const INITIALIZERS: &[&dyn Initializer] = &[
    &variance::He,
    &variance::Glorot,
    &orthogonal::Orthogonal,
    &uniform::Uniform,
    &calculated::Calculated,
    &rbm::Rbm,
];

impl Start<'_> {
    /// A matrix of so many rows and columns, filled in row-major order.
    fn filled(
        &self,
        shape: (usize, usize),
        mut number: impl FnMut() -> f64,
    ) -> Result<Array2<f64>, StoppedBy> {
        let mut matrix = Array2::zeros(shape);
        for mut row in matrix.rows_mut() {
            self.clock.go_on()?;
            row.mapv_inplace(|_| number());
        }
        Ok(matrix)
    }

    /// Weights of each layer by its shape and the factor that makes up for its activation
    /// ([`gain`]; 1 for the last layer); biases 0.
    fn each(
        &self,
        mut weights: impl FnMut((usize, usize), f64) -> Result<Array2<f64>, StoppedBy>,
    ) -> Result<Vec<LayerWeights>, Halt> {
        let last = self.shapes.len() - 1;
        let layers = self.shapes.iter().enumerate();
        layers
            .map(|(index, &shape)| {
                let gain = if index == last { 1.0 } else { gain(self.network) };
                Ok((weights(shape, gain)?, Array1::zeros(shape.0)))
            })
            .collect()
    }
}

/// `√2` for ReLU, which halves the mean square of a symmetric number; `√(2/(1 + α²))` for
/// leaky ReLU of slope `α`; 1 for `|a|` and hard tanh. For tanh 5/3 and for the logistic
/// function 1, as PyTorch's `torch.nn.init.calculate_gain` has them.
fn gain(network: &NetworkRecipe) -> f64 {
    use super::settings::ActivationName::{
        Abs, ClippedRelu, HardTanh, LeakyRelu, Relu, Sigmoid, Tanh,
    };
    match network.activation {
        Relu | ClippedRelu => 2f64.sqrt(),
        LeakyRelu => (2.0 / (1.0 + network.slope * network.slope)).sqrt(),
        HardTanh | Abs | Sigmoid => 1.0,
        Tanh => 5.0 / 3.0,
    }
}
