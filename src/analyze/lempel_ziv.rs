//! Lempel–Ziv complexity of a sequence: how much of it is not a copy of what came before.
//!
//! Source: Lempel, Ziv, "On the complexity of finite sequences" (1976); the exhaustive
//! history as Kaspar and Schuster count it (1987). For the outputs of networks: Guan,
//! "Exploring the complexity of neural networks" (2024), arXiv:2409.16086, which takes
//! the size that a compressor leaves.

use std::collections::BTreeSet;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::Serialize;

/// Levels of a quantised output.
pub const LEVELS: usize = 256;

/// Complexity of a sequence of symbols.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LempelZiv {
    /// Number of symbols in the sequence.
    pub length: usize,
    /// Number of different ones.
    pub alphabet: usize,
    /// Phrases of the exhaustive history (LZ76): each is the shortest continuation that
    /// does not occur before.
    pub phrases: usize,
    /// `phrases · log_k(length) / length` with the alphabet's size `k` (at least 2): about 1
    /// for a random sequence, towards 0 for one that repeats itself.
    pub normalised: f64,
    /// Bytes that zlib leaves of it at its highest level, one byte a symbol.
    pub compressed_bytes: usize,
}

impl LempelZiv {
    /// Of a sequence.
    pub fn of(sequence: &[u8]) -> Self {
        let alphabet = sequence.iter().collect::<BTreeSet<_>>().len();
        let phrases = phrases(sequence);
        let length = sequence.len();
        let normalised = match length {
            0 | 1 => 0.0,
            _ => {
                let logarithm = (length as f64).ln() / (alphabet.max(2) as f64).ln();
                phrases as f64 * logarithm / length as f64
            }
        };
        Self { length, alphabet, phrases, normalised, compressed_bytes: compressed(sequence) }
    }
}

/// Number of phrases of the exhaustive history.
fn phrases(sequence: &[u8]) -> usize {
    let mut automaton = SuffixAutomaton::new();
    let mut phrases = 0;
    let mut start = 0;
    while start < sequence.len() {
        // The longest continuation that occurs in what comes before its last symbol: the
        // automaton knows the text up to, and without, the symbol under test.
        let mut end = start;
        let mut state = Some(0);
        while end < sequence.len() {
            state = state.and_then(|state| automaton.step(state, sequence[end]));
            automaton.push(sequence[end]);
            end += 1;
            if state.is_none() {
                break;
            }
        }
        phrases += 1;
        start = end;
    }
    phrases
}

/// All substrings of a text as an automaton; built symbol by symbol in constant time
/// each (Blumer et al., 1985).
struct SuffixAutomaton {
    states: Vec<State>,
    last: usize,
}

#[derive(Clone)]
struct State {
    length: usize,
    link: Option<usize>,
    next: Vec<(u8, usize)>,
}

impl SuffixAutomaton {
    fn new() -> Self {
        Self { states: vec![State { length: 0, link: None, next: Vec::new() }], last: 0 }
    }

    fn step(&self, state: usize, symbol: u8) -> Option<usize> {
        self.states[state].next.iter().find(|(s, _)| *s == symbol).map(|&(_, to)| to)
    }

    fn set(&mut self, state: usize, symbol: u8, to: usize) {
        let next = &mut self.states[state].next;
        match next.iter_mut().find(|(s, _)| *s == symbol) {
            Some(edge) => edge.1 = to,
            None => next.push((symbol, to)),
        }
    }

    fn push(&mut self, symbol: u8) {
        let new = self.states.len();
        let length = self.states[self.last].length + 1;
        self.states.push(State { length, link: None, next: Vec::new() });
        let mut at = Some(self.last);
        while let Some(state) = at.filter(|&state| self.step(state, symbol).is_none()) {
            self.set(state, symbol, new);
            at = self.states[state].link;
        }
        let link = match at {
            None => 0,
            Some(state) => self.target(state, symbol),
        };
        self.states[new].link = Some(link);
        self.last = new;
    }

    /// The state that `symbol` leads to from `state`, split off if it stands for longer
    /// strings too.
    fn target(&mut self, state: usize, symbol: u8) -> usize {
        let to = self.step(state, symbol).expect("an edge that was found");
        let length = self.states[state].length + 1;
        if self.states[to].length == length {
            return to;
        }
        let copy = self.states.len();
        let mut split = self.states[to].clone();
        split.length = length;
        self.states.push(split);
        self.states[to].link = Some(copy);
        let mut at = Some(state);
        while let Some(state) = at.filter(|&state| self.step(state, symbol) == Some(to)) {
            self.set(state, symbol, copy);
            at = self.states[state].link;
        }
        copy
    }
}

fn compressed(sequence: &[u8]) -> usize {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(sequence).and_then(|()| encoder.finish());
    written.expect("a vector takes all").len()
}

/// A number as one of [`LEVELS`] levels between its 1 % and 99 % quantiles; all 0 where
/// these are equal.
pub fn quantised(values: &[f64]) -> Vec<u8> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        let position = share * (sorted.len().max(1) - 1) as f64;
        sorted.get(position.round() as usize).copied().unwrap_or(0.0)
    };
    let (low, high) = (quantile(0.01), quantile(0.99));
    let level = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        // A cast saturates.
        (share * (LEVELS - 1) as f64).round().clamp(0.0, (LEVELS - 1) as f64) as u8
    };
    values.iter().map(|&value| level(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition: each phrase is extended while it occurs in the text before its
    /// last symbol.
    fn phrases_by_definition(text: &[u8]) -> usize {
        let (mut start, mut count) = (0, 0);
        while start < text.len() {
            let mut end = start + 1;
            let occurs = |end: usize| {
                let phrase = &text[start..end];
                text[..end - 1].windows(phrase.len()).any(|window| window == phrase)
            };
            while end < text.len() && occurs(end) {
                end += 1;
            }
            count += 1;
            start = end;
        }
        count
    }

    #[test]
    fn phrases_of_known_sequences() {
        // Lempel and Ziv's own example: 0·001·10·100·1000·101.
        let text: Vec<u8> = "0001101001000101".bytes().collect();
        assert_eq!(phrases(&text), 6);
        // By hand: 0·0000000.
        assert_eq!(phrases(&[0; 8]), 2);
        // 0·1·01010101.
        assert_eq!(phrases(&[0, 1, 0, 1, 0, 1, 0, 1, 0, 1]), 3);
        assert_eq!((phrases(&[]), phrases(&[7])), (0, 1));
    }

    #[test]
    fn phrases_are_those_of_the_definition() {
        let mut state = 12345u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 24
        };
        for case in 0..300 {
            let symbols = 1 + case % 5;
            let text: Vec<u8> = (0..case % 70).map(|_| (draw() % symbols) as u8).collect();
            assert_eq!(phrases(&text), phrases_by_definition(&text), "{text:?}");
        }
    }

    #[test]
    fn levels_by_hand() {
        // Quantiles 0.01 and 0.99 of 0, …, 100 are 1 and 99.
        let values: Vec<f64> = (0..=100).map(f64::from).collect();
        let levels = quantised(&values);
        assert_eq!((levels[0], levels[1], levels[99], levels[100]), (0, 0, 255, 255));
        assert_eq!(levels[50], 128);
        assert_eq!(quantised(&[3.0; 4]), [0; 4]);
        assert!(quantised(&[]).is_empty());
    }

    #[test]
    fn a_constant_sequence_is_simple_and_a_random_one_is_not() {
        let constant = LempelZiv::of(&[1; 4096]);
        assert_eq!((constant.alphabet, constant.phrases), (1, 2));
        assert!(constant.normalised < 0.01 && constant.compressed_bytes < 64);
        let mut state = 1u64;
        let random: Vec<u8> = (0..4096)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 63) as u8
            })
            .collect();
        let random = LempelZiv::of(&random);
        assert!((0.8..1.3).contains(&random.normalised), "{random:?}");
        // A bit a symbol cannot be compressed further: 512 bytes.
        assert!(random.compressed_bytes > 500, "{random:?}");
    }
}
