//! The machine: weights, biases, and what they say of one side given the other.

use serde::{Deserialize, Serialize};

use super::bits::{Bits, Table, product_of_bits};
use super::logistic::Logistic;
use super::rows::Rows;
use crate::num::random::normal;
use crate::num::vectorized;
use crate::train::TrainError;
use crate::train::scalar::{Matrix, Onto, Scalar, product};
use crate::train::softplus::softplus;
use rand_chacha::ChaCha8Rng;

/// What visible units are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Visible {
    /// 0 or 1; numbers between are probabilities.
    #[default]
    Binary,
    /// Numbers with deviation 1 around their mean.
    Gaussian,
}

impl Visible {
    /// Name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Gaussian => "gaussian",
        }
    }
}

/// A restricted Boltzmann machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine<S> {
    /// What visible units are.
    pub kind: Visible,
    /// `W`, visible × hidden, row by row.
    pub weights: Vec<S>,
    /// `b`, one a visible unit.
    pub visible_bias: Vec<S>,
    /// `c`, one a hidden unit.
    pub hidden_bias: Vec<S>,
}

impl<S: Logistic> Machine<S> {
    /// Normal weights of a standard deviation, biases 0.
    pub fn random(
        kind: Visible,
        [visible, hidden]: [usize; 2],
        deviation: f64,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let weights = (0..visible * hidden).map(|_| S::of(deviation * normal(random))).collect();
        let [visible_bias, hidden_bias] = [visible, hidden].map(|count| vec![S::default(); count]);
        Self { kind, weights, visible_bias, hidden_bias }
    }

    /// Number of visible units.
    pub fn visible(&self) -> usize {
        self.visible_bias.len()
    }

    /// Number of hidden units.
    pub fn hidden(&self) -> usize {
        self.hidden_bias.len()
    }

    /// Checks numbers that were read.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`].
    pub fn check(&self, [visible, hidden]: [usize; 2]) -> Result<(), TrainError> {
        let lengths = [self.visible(), self.hidden(), self.weights.len()];
        let expected = [visible, hidden, visible * hidden];
        if lengths == expected {
            return Ok(());
        }
        let words = |[v, h, w]: [usize; 3]| format!("{v} visible, {h} hidden units, {w} weights");
        Err(TrainError::Checkpoint { found: words(lengths), expected: words(expected) })
    }

    /// The same machine in double precision.
    pub fn wide(&self) -> Machine<f64> {
        let wide = crate::train::scalar::wide;
        Machine {
            kind: self.kind,
            weights: wide(&self.weights),
            visible_bias: wide(&self.visible_bias),
            hidden_bias: wide(&self.hidden_bias),
        }
    }

    /// The machine in these numbers.
    pub fn narrow(machine: &Machine<f64>) -> Self {
        let narrow = crate::train::scalar::narrow;
        Self {
            kind: machine.kind,
            weights: narrow(&machine.weights),
            visible_bias: narrow(&machine.visible_bias),
            hidden_bias: narrow(&machine.hidden_bias),
        }
    }

    /// Mean magnitude of the weights.
    pub fn mean_weight(&self) -> f64 {
        let sum = self.weights.iter().map(|weight| weight.wide().abs()).sum::<f64>();
        sum / self.weights.len() as f64
    }

    /// `P(h = 1 | v)` of each row, rows × hidden.
    pub fn hidden_means(&self, visible: &Rows<S>) -> Vec<S> {
        let mut means = vec![S::default(); visible.count() * self.hidden()];
        match visible {
            Rows::Bits(bits) => self.means_of_bits(bits.words(), &mut means),
            Rows::Reals { values, .. } => self.means_of_reals(values, &mut means),
        }
        means
    }

    /// Overwrites the means of hidden units for visible ones in words.
    pub(super) fn means_of_bits(&self, words: &[u16], means: &mut [S]) {
        spread(&self.hidden_bias, means);
        let width = self.visible().div_ceil(super::bits::WORD);
        let weights = Table::new(&self.weights, self.hidden());
        product_of_bits(means, Onto::Add, (words, width), weights);
        S::logistic(means);
    }

    /// Overwrites the means of hidden units for visible ones.
    pub(super) fn means_of_reals(&self, visible: &[S], means: &mut [S]) {
        spread(&self.hidden_bias, means);
        let rows = visible.len() / self.visible();
        let visible = Matrix::new(visible, rows, self.visible());
        product(
            means,
            Onto::Add,
            visible,
            Matrix::new(&self.weights, self.visible(), self.hidden()),
        );
        S::logistic(means);
    }

    /// `E(v | h)` of each row, rows × visible.
    pub fn visible_means(&self, hidden: &Rows<S>) -> Vec<S> {
        let mut means = vec![S::default(); hidden.count() * self.visible()];
        match hidden {
            Rows::Bits(bits) => self.means_of_hidden_bits(bits.words(), &mut means),
            Rows::Reals { values, .. } => {
                spread(&self.visible_bias, &mut means);
                let hidden = Matrix::new(values, hidden.count(), self.hidden());
                let weights = Matrix::new(&self.weights, self.visible(), self.hidden());
                product(&mut means, Onto::Add, hidden, weights.transposed());
                self.finish_visible(&mut means);
            }
        }
        means
    }

    /// Overwrites the means of visible units for hidden ones in words.
    pub(super) fn means_of_hidden_bits(&self, words: &[u16], means: &mut [S]) {
        spread(&self.visible_bias, means);
        let width = self.hidden().div_ceil(super::bits::WORD);
        let weights = Table::new(&self.weights, self.hidden());
        product_of_bits(means, Onto::Add, (words, width), weights.transposed());
        self.finish_visible(means);
    }

    fn finish_visible(&self, means: &mut [S]) {
        match self.kind {
            Visible::Binary => S::logistic(means),
            Visible::Gaussian => {}
        }
    }

    /// `F(v) = −ln Σ_h e^{−E(v, h)}`, in double precision.
    pub fn free_energy(&self, visible: &[f64]) -> f64 {
        let bias = self.visible_bias.iter().map(|b| b.wide());
        let own: f64 = match self.kind {
            Visible::Binary => visible.iter().zip(bias).map(|(v, b)| -v * b).sum(),
            Visible::Gaussian => {
                visible.iter().zip(bias).map(|(v, b)| 0.5 * (v - b) * (v - b)).sum()
            }
        };
        own - self.activations(visible).iter().map(|&a| softplus(a)).sum::<f64>()
    }

    /// `c + Wᵀ v`, in double precision.
    pub(super) fn activations(&self, visible: &[f64]) -> Vec<f64> {
        let mut activations: Vec<f64> = self.hidden_bias.iter().map(|c| c.wide()).collect();
        for (&v, row) in visible.iter().zip(self.weights.chunks_exact(self.hidden())) {
            if v != 0.0 {
                for (activation, weight) in activations.iter_mut().zip(row) {
                    *activation += v * weight.wide();
                }
            }
        }
        activations
    }
}

/// Overwrites every row with the same numbers.
fn spread<S: Scalar>(numbers: &[S], rows: &mut [S]) {
    for row in rows.chunks_exact_mut(numbers.len()) {
        row.copy_from_slice(numbers);
    }
}

/// Draws words of units by their means: rows of `units` each, and random words with their own
/// [stride](super::draws::stride).
pub(super) fn draw_units<S: Logistic>(means: &[S], units: usize, draws: &[u32], words: &mut [u16]) {
    use super::bits::WORD;
    use super::draws::stride;
    let rows = means.chunks_exact(units).zip(draws.chunks_exact(stride(units)));
    vectorized(
        #[inline(always)]
        || {
            for ((means, draws), words) in rows.zip(words.chunks_exact_mut(units.div_ceil(WORD))) {
                let parts = means.chunks(WORD).zip(draws.as_chunks::<WORD>().0);
                for ((means, draws), word) in parts.zip(words) {
                    *word = match <&[S; WORD]>::try_from(means) {
                        Ok(means) => {
                            let mut bits = 0;
                            for (bit, (&mean, &draw)) in means.iter().zip(draws).enumerate() {
                                bits |= u16::from(S::share(draw) < mean) << bit;
                            }
                            bits
                        }
                        Err(_) => {
                            let pairs = means.iter().zip(draws).enumerate();
                            pairs.fold(0, |bits, (bit, (&mean, &draw))| {
                                bits | u16::from(S::share(draw) < mean) << bit
                            })
                        }
                    };
                }
            }
        },
    );
}

/// A sample of units by their means, in the rows of `draws` of a part.
pub fn sampled<S: Logistic>(
    means: &[S],
    units: usize,
    draws: &impl super::Draws,
    turn: u64,
) -> Bits {
    let mut bits = Bits::zeros(means.len() / units, units);
    let mut words = vec![0; bits.rows() * super::draws::stride(units)];
    draws.fill(super::Side::Hidden, turn, 0, units, &mut words);
    draw_units(means, units, &words, bits.words_mut());
    bits
}
