//! Numbers that begin where a cache line does: a vector across two lines takes twice as long to
//! load.

use std::ops::{Deref, DerefMut};

/// Numbers in a cache line, and bytes.
const LINE: usize = 8;
const BYTES: usize = 64;

/// Numbers whose first one begins a cache line.
#[derive(Debug)]
pub struct Aligned {
    /// The numbers, after a few that are not used. They never move.
    room: Box<[f64]>,
    start: usize,
    length: usize,
}

impl Aligned {
    /// So many zeros.
    pub fn zeros(length: usize) -> Self {
        let room = vec![0.0; length + LINE - 1].into_boxed_slice();
        // Where that cannot be told, any place is as good.
        let start = room.as_ptr().align_offset(BYTES).min(LINE - 1);
        Self { room, start, length }
    }
}

impl From<&[f64]> for Aligned {
    fn from(numbers: &[f64]) -> Self {
        let mut aligned = Self::zeros(numbers.len());
        aligned.copy_from_slice(numbers);
        aligned
    }
}

impl Deref for Aligned {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.room[self.start..self.start + self.length]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.room[self.start..self.start + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_a_cache_line() {
        for length in 0..20 {
            let numbers: Vec<f64> = (0..length).map(f64::from).collect();
            let aligned = Aligned::from(&numbers[..]);
            assert_eq!(aligned[..], numbers);
            assert_eq!(aligned.as_ptr() as usize % BYTES, 0, "{length}");
        }
    }
}
