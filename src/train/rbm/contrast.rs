//! One step of contrastive divergence.
//!
//! For a batch of samples `v⁺` and the ends `v⁻` of chains, `p = P(h = 1 | v)`:
//!
//! ```text
//! g = ⟨v⁻ p⁻ᵀ⟩ − ⟨v⁺ p⁺ᵀ⟩ + λ₁ sign(W) + λ₂ W        (biases likewise, without λ)
//! u ← μ u + g,   W ← W − η u
//! ```
//!
//! A step of a chain draws `h` given `v`, then `v` given `h`. A chain begins at the samples
//! (source: Hinton, "Training products of experts by minimizing contrastive divergence" (2002))
//! or where it ended before (Tieleman, "Training restricted Boltzmann machines using
//! approximations to the likelihood gradient" (2008)). The momentum is that of PyTorch's `SGD`.
//!
//! The sums are products with bits, side by side: `⟨v⁺ p⁺ᵀ⟩ − ⟨v⁻ p⁻ᵀ⟩` is one product of
//! `[v⁺ᵀ v⁻ᵀ]` with `p⁺/n` over `−p⁻/n`. Every row is computed by itself, so that the number of
//! threads changes no bit.

use super::bits::{Table, WORD, product_of_bits, transpose};
use super::draws::Draws;
use super::logistic::Logistic;
use super::machine::{Machine, Visible};
use super::rows::{Chains, Rows};
use super::settings::RbmSettings;
use super::threads::Threads;
use super::walk::{Part, Walk};
use crate::num::vectorized;
use crate::train::scalar::{Matrix, Onto, Scalar, product};

/// Speeds of weights, biases of visible and of hidden units.
pub type Velocity<S> = [Vec<S>; 3];

/// A machine under way, and the memory for its steps.
#[derive(Debug)]
pub struct Contrast<S> {
    /// The machine.
    pub machine: Machine<S>,
    /// How fast its numbers change.
    pub velocity: Velocity<S>,
    /// Where the chains have ended: rows of words, or of numbers for Gaussian units.
    ends: Chains<S>,
    chains: usize,
    /// `p⁺/n` in whole words of rows, then `−p⁻/n`.
    means: Vec<S>,
    /// Words of `[v⁺ᵀ v⁻ᵀ]`.
    turned: Vec<u16>,
    gradient: Vec<S>,
    parts: Vec<Part<S>>,
}

impl<S: Logistic> Contrast<S> {
    /// Steps of a machine that go on from speeds and, where chains persist, from their ends.
    pub fn new(machine: Machine<S>, velocity: Velocity<S>, ends: Option<Chains<S>>) -> Self {
        let gradient = vec![S::default(); machine.weights.len()];
        let ends = ends.unwrap_or(match machine.kind {
            Visible::Binary => Chains::Words(Vec::new()),
            Visible::Gaussian => Chains::Numbers(Vec::new()),
        });
        let chains = match &ends {
            Chains::Words(words) => words.len() / machine.visible().div_ceil(WORD),
            Chains::Numbers(numbers) => numbers.len() / machine.visible(),
        };
        let (means, turned, parts) = (Vec::new(), Vec::new(), Vec::new());
        Self { machine, velocity, ends, chains, means, turned, gradient, parts }
    }

    /// Begins at rest.
    pub fn at_rest(machine: Machine<S>) -> Self {
        let lengths = [machine.weights.len(), machine.visible(), machine.hidden()];
        Self::new(machine, lengths.map(|length| vec![S::default(); length]), None)
    }

    /// Where the chains have ended.
    pub fn ends(&self) -> &Chains<S> {
        &self.ends
    }

    /// Lets chains begin at these rows.
    pub fn begin(&mut self, rows: &Rows<S>) {
        self.chains = rows.count();
        self.ends = match (rows, self.machine.kind) {
            (Rows::Bits(bits), Visible::Binary) => Chains::Words(bits.words().to_vec()),
            // What lies between 0 and 1 begins where it is nearest to.
            (Rows::Reals { .. }, Visible::Binary) => {
                let rounded =
                    |row| rows.row(row).into_iter().map(|v| f64::from(u8::from(v >= 0.5)));
                let numbers: Vec<f64> = (0..rows.count()).flat_map(rounded).collect();
                match Rows::<S>::of_numbers(&numbers, rows.columns()) {
                    Rows::Bits(bits) => Chains::Words(bits.words().to_vec()),
                    Rows::Reals { .. } => unreachable!("zeros and ones are bits"),
                }
            }
            (_, Visible::Gaussian) => {
                let row = |row| rows.row(row).into_iter().map(S::of);
                Chains::Numbers((0..rows.count()).flat_map(row).collect())
            }
        };
    }

    /// One step on a batch, the `step`-th of what the draws are for; gives back the mean square
    /// of `v⁺ − v⁻` for chains that began at the batch.
    ///
    /// # Panics
    /// If the batch is empty or not of the machine's visible units.
    pub fn step(
        &mut self,
        batch: &Rows<S>,
        settings: &RbmSettings,
        draws: &impl Draws,
        step: u64,
        threads: &Threads,
    ) -> Option<f64> {
        assert_eq!(batch.columns(), self.machine.visible(), "visible units");
        let samples = batch.count();
        if !settings.persistent {
            self.chains = samples;
        }
        let hidden = self.machine.hidden();
        let rounded = [samples, self.chains].map(|rows| rows.next_multiple_of(WORD));
        self.means.clear();
        self.means.resize((rounded[0] + rounded[1]) * hidden, S::default());
        self.walk(batch, settings, draws, step, threads);
        let scales = [1.0 / samples as f64, -1.0 / self.chains as f64].map(S::of);
        let (positive, negative) = self.means.split_at_mut(rounded[0] * hidden);
        for (means, scale) in [positive, negative].into_iter().zip(scales) {
            vectorized(
                #[inline(always)]
                || means.iter_mut().for_each(|mean| *mean *= scale),
            );
        }
        let error = (!settings.persistent).then(|| self.error(batch));
        self.correlate(batch, rounded, threads);
        self.update(batch, rounded, scales, settings);
        error
    }

    /// Computes `p⁺`, runs the chains, computes `p⁻`.
    fn walk(
        &mut self,
        batch: &Rows<S>,
        settings: &RbmSettings,
        draws: &impl Draws,
        step: u64,
        threads: &Threads,
    ) {
        let Self { machine, ends, chains, means, parts, .. } = self;
        let walk = Walk { machine, settings, draws, step };
        let (visible, hidden) = (machine.visible(), machine.hidden());
        let samples = batch.count();
        let (positive, negative) = means.split_at_mut(samples.next_multiple_of(WORD) * hidden);
        let positive = &mut positive[..samples * hidden];
        let negative = &mut negative[..*chains * hidden];
        let share = threads.share(samples);
        let pieces = positive.chunks_mut(share * hidden).enumerate();
        threads.each(pieces, |(part, positive)| {
            let (first, count) = (part * share, positive.len() / hidden);
            match batch {
                Rows::Bits(bits) => {
                    let width = bits.width();
                    machine
                        .means_of_bits(&bits.words()[first * width..][..count * width], positive);
                }
                Rows::Reals { values, .. } => {
                    let values = &values[first * visible..][..count * visible];
                    machine.means_of_reals(values, positive);
                }
            }
        });
        if !settings.persistent {
            negative.copy_from_slice(positive);
            let rows = match machine.kind {
                Visible::Binary => Chains::Words(vec![0; *chains * visible.div_ceil(WORD)]),
                Visible::Gaussian => Chains::Numbers(vec![S::default(); *chains * visible]),
            };
            if std::mem::discriminant(&rows) != std::mem::discriminant(ends)
                || rows.length() != ends.length()
            {
                *ends = rows;
            }
        }
        let share = threads.share(*chains);
        parts.resize_with(chains.div_ceil(share), Part::default);
        let pieces = negative.chunks_mut(share * hidden).zip(parts).enumerate();
        match ends {
            Chains::Words(words) => {
                let words = words.chunks_mut(share * visible.div_ceil(WORD));
                threads.each(pieces.zip(words), |((index, (means, part)), words)| {
                    walk.of_bits(index * share, means, words, part);
                });
            }
            Chains::Numbers(numbers) => {
                let numbers = numbers.chunks_mut(share * visible);
                threads.each(pieces.zip(numbers), |((index, (means, part)), numbers)| {
                    walk.of_numbers(index * share, means, numbers, part);
                });
            }
        }
    }

    /// Mean square of the difference between samples and ends.
    fn error(&self, batch: &Rows<S>) -> f64 {
        let sum = match (batch, &self.ends) {
            (Rows::Bits(bits), Chains::Words(words)) => {
                let pairs = bits.words().iter().zip(words);
                f64::from(pairs.map(|(a, b)| (a ^ b).count_ones()).sum::<u32>())
            }
            (Rows::Reals { values, .. }, Chains::Numbers(numbers)) => {
                let squares = values.iter().zip(numbers).map(|(&a, &b)| (a - b) * (a - b));
                squares.map(Scalar::wide).sum()
            }
            (Rows::Reals { values, columns }, Chains::Words(words)) => {
                let width = columns.div_ceil(WORD);
                let rows = values.chunks_exact(*columns).zip(words.chunks_exact(width));
                let squares = rows.flat_map(|(values, words)| {
                    values.iter().enumerate().map(|(unit, value)| {
                        let end = f64::from(words[unit / WORD] >> (unit % WORD) & 1);
                        (value.wide() - end) * (value.wide() - end)
                    })
                });
                squares.sum()
            }
            (Rows::Bits(_), Chains::Numbers(numbers)) => {
                let row = |row| batch.row(row).into_iter();
                let values = (0..batch.count()).flat_map(row);
                values.zip(numbers).map(|(a, b)| (a - b.wide()) * (a - b.wide())).sum()
            }
        };
        sum / (batch.count() * batch.columns()) as f64
    }

    /// Computes `⟨v⁺ p⁺ᵀ⟩ − ⟨v⁻ p⁻ᵀ⟩`.
    fn correlate(&mut self, batch: &Rows<S>, rounded: [usize; 2], threads: &Threads) {
        let (visible, hidden) = (self.machine.visible(), self.machine.hidden());
        let Self { means, turned, gradient, ends, .. } = self;
        let has_reals = matches!(batch, Rows::Reals { .. }) || matches!(ends, Chains::Numbers(_));
        if has_reals {
            gradient.fill(S::default());
        }
        let (positive, negative) = means.split_at(rounded[0] * hidden);
        let mut product_of = |values: &[S], means: &[S]| {
            let rows = values.len() / visible;
            let means = Matrix::new(&means[..rows * hidden], rows, hidden);
            product(gradient, Onto::Add, Matrix::new(values, rows, visible).transposed(), means);
        };
        if let Rows::Reals { values, .. } = batch {
            product_of(values, positive);
        }
        if let Chains::Numbers(numbers) = ends {
            product_of(numbers, negative);
        }
        let width = visible.div_ceil(WORD);
        let (with_batch, with_ends) =
            (matches!(batch, Rows::Bits(_)), matches!(ends, Chains::Words(_)));
        let of_batch = if with_batch { rounded[0] / WORD } else { 0 };
        let words = of_batch + if with_ends { rounded[1] / WORD } else { 0 };
        if words == 0 {
            return;
        }
        turned.resize(width * WORD * words, 0);
        if let Rows::Bits(bits) = batch {
            transpose(bits.words(), width, turned, words, 0);
        }
        if let Chains::Words(ends) = ends {
            transpose(ends, width, turned, words, of_batch);
        }
        let matrix = match (with_batch, with_ends) {
            (true, true) => &**means,
            (true, false) => positive,
            _ => negative,
        };
        let share = threads.share(visible);
        let pieces = gradient.chunks_mut(share * hidden).zip(turned.chunks(share * words));
        threads.each(pieces, |(gradient, turned)| {
            let rows = gradient.len() / hidden;
            let onto = if has_reals { Onto::Add } else { Onto::Replace };
            let matrix = Table::new(matrix, hidden);
            product_of_bits(gradient, onto, (&turned[..rows * words], words), matrix);
        });
    }

    /// Follows the gradient.
    fn update(
        &mut self,
        batch: &Rows<S>,
        rounded: [usize; 2],
        scales: [S; 2],
        settings: &RbmSettings,
    ) {
        let (visible, hidden) = (self.machine.visible(), self.machine.hidden());
        let [weights, visible_bias, hidden_bias] = &mut self.velocity;
        let decay = [settings.l1, settings.l2].map(S::of);
        follow(&mut self.machine.weights, weights, &self.gradient, decay, settings);
        let none = [S::default(); 2];
        let mut of_hidden = vec![S::default(); hidden];
        debug_assert_eq!(self.means.len(), (rounded[0] + rounded[1]) * hidden);
        add_rows(&self.means, &mut of_hidden);
        follow(&mut self.machine.hidden_bias, hidden_bias, &of_hidden, none, settings);
        let mut of_visible = vec![S::default(); visible];
        let mut counts = vec![0; visible];
        let mut add_words = |words: &[u16], scale: S, sums: &mut [S]| {
            count_ones(words, &mut counts);
            sums.iter_mut().zip(&counts).for_each(|(sum, &n)| *sum += scale * S::of(n.into()));
        };
        let add_numbers = |numbers: &[S], scale: S, sums: &mut [S]| {
            let mut own = vec![S::default(); visible];
            add_rows(numbers, &mut own);
            sums.iter_mut().zip(own).for_each(|(sum, number)| *sum += scale * number);
        };
        match batch {
            Rows::Bits(bits) => add_words(bits.words(), scales[0], &mut of_visible),
            Rows::Reals { values, .. } => add_numbers(values, scales[0], &mut of_visible),
        }
        match &self.ends {
            Chains::Words(words) => add_words(words, scales[1], &mut of_visible),
            Chains::Numbers(numbers) => add_numbers(numbers, scales[1], &mut of_visible),
        }
        follow(&mut self.machine.visible_bias, visible_bias, &of_visible, none, settings);
    }
}

impl<S> Chains<S> {
    fn length(&self) -> usize {
        match self {
            Self::Words(words) => words.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }
}

/// `u ← μ u − g + λ₁ sign(p) + λ₂ p`, `p ← p − η u`, where `g` is the way uphill.
fn follow<S: Scalar>(
    numbers: &mut [S],
    velocity: &mut [S],
    uphill: &[S],
    [l1, l2]: [S; 2],
    settings: &RbmSettings,
) {
    let (momentum, rate, zero) =
        (S::of(settings.momentum), S::of(settings.learning_rate), S::zero());
    vectorized(
        #[inline(always)]
        || {
            for ((p, u), &g) in numbers.iter_mut().zip(velocity).zip(uphill) {
                let old = *p;
                // Selections, not branches.
                let above = if old > zero { l1 } else { zero };
                let below = if old < zero { l1 } else { zero };
                let speed = momentum * *u - g + (above - below) + l2 * old;
                (*u, *p) = (speed, old - rate * speed);
            }
        },
    );
}

/// Adds the rows of a matrix, from the first to the last.
fn add_rows<S: Scalar>(matrix: &[S], sums: &mut [S]) {
    vectorized(
        #[inline(always)]
        || {
            for row in matrix.chunks_exact(sums.len()) {
                for (sum, &value) in sums.iter_mut().zip(row) {
                    *sum += value;
                }
            }
        },
    );
}

/// Overwrites counts with how many rows of words have a one in each column.
fn count_ones(words: &[u16], counts: &mut [u32]) {
    counts.fill(0);
    vectorized(
        #[inline(always)]
        || {
            for row in words.chunks_exact(counts.len().div_ceil(WORD)) {
                for (counts, &word) in counts.chunks_mut(WORD).zip(row) {
                    for (bit, count) in counts.iter_mut().enumerate() {
                        *count += u32::from(word >> bit & 1);
                    }
                }
            }
        },
    );
}
