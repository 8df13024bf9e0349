//! Random numbers by their place: which step, which side, which row. So neither the number of
//! threads nor the order of their work matters.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use crate::train::Stream;

/// Words of random bits that are made at once.
const BLOCK: usize = 16;

/// Rows of a turn, so that turns do not meet.
const ROWS: u128 = 1 << 20;

/// Which units are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What is seen.
    Visible,
    /// What is behind it.
    Hidden,
}

/// A source of random words.
pub trait Draws: Sync {
    /// Overwrites the words of rows `first…`, of `stride(units)` words each, that the units of a
    /// side are drawn by in a turn.
    fn fill(&self, side: Side, turn: u64, first: usize, units: usize, words: &mut [u32]);
}

/// Words of a row for so many units: whole blocks.
pub fn stride(units: usize) -> usize {
    units.next_multiple_of(BLOCK)
}

/// Random words of one epoch.
#[derive(Debug)]
pub struct EpochDraws {
    visible: ChaCha8Rng,
    hidden: ChaCha8Rng,
}

impl EpochDraws {
    /// Those of an epoch, or another part of a training, by its number: below 2⁵⁹.
    pub fn new(seed: u64, part: u64) -> Self {
        let numbered = |side| Stream::Boltzmann.numbered(seed, 4 * part + side);
        Self { visible: numbered(0), hidden: numbered(1) }
    }

    /// Numbers for everything else in that part, such as an order of samples.
    pub fn other(seed: u64, part: u64) -> ChaCha8Rng {
        Stream::Boltzmann.numbered(seed, 4 * part + 2)
    }
}

impl Draws for EpochDraws {
    fn fill(&self, side: Side, turn: u64, first: usize, units: usize, words: &mut [u32]) {
        let mut random = match side {
            Side::Visible => self.visible.clone(),
            Side::Hidden => self.hidden.clone(),
        };
        let row = u128::from(turn) * ROWS + first as u128;
        random.set_word_pos(row * stride(units) as u128);
        let mut bytes = [0; 4 * BLOCK];
        for block in words.chunks_mut(BLOCK) {
            random.fill_bytes(&mut bytes);
            for (word, bytes) in block.iter_mut().zip(bytes.as_chunks().0) {
                *word = u32::from_le_bytes(*bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_the_same_words_whatever_is_asked_for_with_them() {
        let draws = EpochDraws::new(7, 3);
        for units in [1, 16, 40] {
            let stride = stride(units);
            let mut all = vec![0; 6 * stride];
            draws.fill(Side::Hidden, 9, 0, units, &mut all);
            let mut part = vec![0; 2 * stride];
            draws.fill(Side::Hidden, 9, 3, units, &mut part);
            assert_eq!(part, all[3 * stride..5 * stride]);
            draws.fill(Side::Visible, 9, 3, units, &mut part);
            assert_ne!(part, all[3 * stride..5 * stride]);
            draws.fill(Side::Hidden, 10, 3, units, &mut part);
            assert_ne!(part, all[3 * stride..5 * stride]);
        }
    }
}
