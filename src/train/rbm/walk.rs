//! The chains of a step: hidden units drawn given visible ones, then visible ones given these.

use super::bits::WORD;
use super::draws::{Draws, Side, stride};
use super::logistic::Logistic;
use super::machine::{Machine, draw_units};
use super::settings::RbmSettings;
use crate::train::scalar::Scalar;

/// The memory for some chains.
#[derive(Debug, Default)]
pub struct Part<S> {
    visible: Vec<S>,
    words: Vec<u16>,
    draws: Vec<u32>,
}

/// What is the same for all chains of a step.
#[derive(Debug)]
pub struct Walk<'a, S, D> {
    pub machine: &'a Machine<S>,
    pub settings: &'a RbmSettings,
    pub draws: &'a D,
    /// Number of the step, from 0.
    pub step: u64,
}

impl<S: Logistic, D: Draws> Walk<'_, S, D> {
    /// Runs the chains from row `first` on: their ends are words, then; `means` holds those of
    /// hidden units at the samples before, and at the ends after.
    pub fn of_bits(&self, first: usize, means: &mut [S], ends: &mut [u16], part: &mut Part<S>) {
        let machine = self.machine;
        if self.settings.persistent {
            machine.means_of_bits(ends, means);
        }
        for turn in self.turns() {
            self.to_visible(turn, first, means, part);
            draw_units(&part.visible, machine.visible(), &part.draws, ends);
            machine.means_of_bits(ends, means);
        }
    }

    /// The same for Gaussian units, whose ends are numbers.
    pub fn of_numbers(&self, first: usize, means: &mut [S], ends: &mut [S], part: &mut Part<S>) {
        let machine = self.machine;
        if self.settings.persistent {
            machine.means_of_reals(ends, means);
        }
        for turn in self.turns() {
            self.to_visible(turn, first, means, part);
            ends.copy_from_slice(&part.visible);
            add_normal(ends, machine.visible(), &part.draws);
            machine.means_of_reals(ends, means);
        }
    }

    /// The numbers of the steps of the chains.
    fn turns(&self) -> impl Iterator<Item = u64> {
        let steps = self.settings.steps as u64;
        (0..steps).map(move |turn| self.step * steps + turn)
    }

    /// Draws hidden units by their means, computes the means of visible ones and fills the draws
    /// for these.
    fn to_visible(&self, turn: u64, first: usize, means: &[S], part: &mut Part<S>) {
        let (visible, hidden) = (self.machine.visible(), self.machine.hidden());
        let rows = means.len() / hidden;
        let draws = part.room(rows * stride(hidden));
        self.draws.fill(Side::Hidden, turn, first, hidden, draws);
        part.words.resize(rows * hidden.div_ceil(WORD), 0);
        draw_units(means, hidden, &part.draws, &mut part.words);
        part.visible.resize(rows * visible, S::default());
        self.machine.means_of_hidden_bits(&part.words, &mut part.visible);
        let draws = part.room(rows * stride(visible));
        self.draws.fill(Side::Visible, turn, first, visible, draws);
    }
}

impl<S> Part<S> {
    fn room(&mut self, words: usize) -> &mut [u32] {
        self.draws.resize(words, 0);
        &mut self.draws
    }
}

/// Adds standard normal numbers to rows of so many, each pair of them by a pair of random words
/// (Box and Muller).
fn add_normal<S: Scalar>(numbers: &mut [S], columns: usize, draws: &[u32]) {
    let rows = numbers.chunks_exact_mut(columns).zip(draws.chunks_exact(stride(columns)));
    for (numbers, draws) in rows {
        for (pair, draws) in numbers.chunks_mut(2).zip(draws.as_chunks::<2>().0) {
            // Neither share is 0 or 1.
            let [radius, angle] = draws.map(|draw| (f64::from(draw) + 0.5) * 2f64.powi(-32));
            let radius = (-2.0 * radius.ln()).sqrt();
            let angle = std::f64::consts::TAU * angle;
            for (number, part) in pair.iter_mut().zip([angle.cos(), angle.sin()]) {
                *number += S::of(radius * part);
            }
        }
    }
}
