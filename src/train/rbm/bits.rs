//! Matrices of zeros and ones, sixteen entries a word, and their products with real ones.
//!
//! A product `B M` with `B` of zeros and ones adds rows of `M`. Of four rows there are only 16
//! sums, so these are tabulated and looked up: a word of 16 entries costs four additions of a
//! row in place of 16 multiplications. Source: Arlazarov, Dinic, Kronrod, Faradzhev, "On
//! economical construction of the transitive closure of a directed graph" (1970), for sums of
//! bits; here of numbers.
//!
//! Each entry of a product is added up in one order, whichever rows are asked for together.

use crate::num::vectorized;
use crate::train::scalar::{Onto, Scalar};

/// Entries in a word.
pub const WORD: usize = 16;

/// Columns that are added up at once: the table of a word then fits a fast cache.
const WIDE: usize = 64;
const NARROW: usize = 16;

/// Rows that are looked up together, and the number of their sums.
const GROUP: usize = 4;
const SUMS: usize = 1 << GROUP;

/// A matrix of zeros and ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    rows: usize,
    columns: usize,
    /// Of each row the words; entry `c` is bit `c mod 16` of word `c div 16`.
    words: Vec<u16>,
}

impl Bits {
    /// Only zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, words: vec![0; rows * columns.div_ceil(WORD)] }
    }

    /// A matrix of words, row by row; none where they are not as many as the shape needs, or
    /// there are ones behind the last column.
    pub fn of_words(rows: usize, columns: usize, words: Vec<u16>) -> Option<Self> {
        let bits = Self { rows, columns, words };
        let rest = columns % WORD;
        let fits = bits.words.len() == rows * bits.width();
        let is_clean = rest == 0
            || (fits && (0..rows).all(|row| bits.row(row)[bits.width() - 1] >> rest == 0));
        (fits && is_clean).then_some(bits)
    }

    /// A matrix of what is 0 or 1, row by row; none where something else is.
    ///
    /// # Panics
    /// If they are not as many as the shape needs.
    pub fn of_numbers(rows: usize, columns: usize, numbers: &[f64]) -> Option<Self> {
        assert_eq!(numbers.len(), rows * columns, "as many numbers as places");
        let mut bits = Self::zeros(rows, columns);
        for (place, &number) in numbers.iter().enumerate() {
            if number == 1.0 {
                bits.set(place / columns, place % columns);
            } else if number != 0.0 {
                return None;
            }
        }
        Some(bits)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Words a row.
    pub fn width(&self) -> usize {
        self.columns.div_ceil(WORD)
    }

    /// All words, row by row.
    pub fn words(&self) -> &[u16] {
        &self.words
    }

    /// All words, to be changed.
    pub(super) fn words_mut(&mut self) -> &mut [u16] {
        &mut self.words
    }

    /// The words of a row.
    pub fn row(&self, row: usize) -> &[u16] {
        &self.words[row * self.width()..][..self.width()]
    }

    /// Whether an entry is 1.
    pub fn get(&self, row: usize, column: usize) -> bool {
        self.row(row)[column / WORD] >> (column % WORD) & 1 == 1
    }

    /// Makes an entry 1.
    pub fn set(&mut self, row: usize, column: usize) {
        let width = self.width();
        self.words[row * width + column / WORD] |= 1 << (column % WORD);
    }

    /// Puts the entries of a row into another order: first the one that was at `order[0]`.
    pub(super) fn reorder(&mut self, row: usize, order: &[usize]) {
        let old: Vec<bool> = order.iter().map(|&column| self.get(row, column)).collect();
        let width = self.width();
        self.words[row * width..][..width].fill(0);
        for (column, _) in old.into_iter().enumerate().filter(|(_, is_one)| *is_one) {
            self.set(row, column);
        }
    }

    /// These rows, in this order.
    pub fn select(&self, rows: &[usize]) -> Self {
        let words = rows.iter().flat_map(|&row| self.row(row).iter().copied()).collect();
        Self { rows: rows.len(), columns: self.columns, words }
    }

    /// Becomes the rows of another matrix, in this order.
    pub(super) fn gather(&mut self, from: &Self, rows: &[usize]) {
        (self.rows, self.columns) = (rows.len(), from.columns);
        self.words.clear();
        for &row in rows {
            self.words.extend_from_slice(from.row(row));
        }
    }

    /// The entries of a row as 0 and 1.
    pub fn numbers(&self, row: usize) -> impl Iterator<Item = f64> {
        (0..self.columns).map(move |column| f64::from(u8::from(self.get(row, column))))
    }
}

/// Writes the transpose of `rows × 16·width` entries into columns `16·first…` of a matrix of
/// `16·width × 16·stride` entries, which has zeros behind the last row.
pub(super) fn transpose(
    words: &[u16],
    width: usize,
    result: &mut [u16],
    stride: usize,
    first: usize,
) {
    let rows = words.len() / width;
    for (block, start) in (0..rows).step_by(WORD).enumerate() {
        for column in 0..width {
            let mut square = [0; WORD];
            for (word, row) in square.iter_mut().zip(start..rows.min(start + WORD)) {
                *word = words[row * width + column];
            }
            turn(&mut square);
            for (bit, &word) in square.iter().enumerate() {
                result[(column * WORD + bit) * stride + first + block] = word;
            }
        }
    }
}

/// Transposes 16 × 16 entries, by quarters. Source: Warren, "Hacker's Delight", section 7-3.
fn turn(square: &mut [u16; WORD]) {
    for (shift, mask) in [(8, 0x00ff), (4, 0x0f0f), (2, 0x3333), (1, 0x5555_u16)] {
        for upper in (0..WORD).filter(|row| row & shift == 0) {
            let lower = upper + shift;
            let moved = (square[upper] >> shift ^ square[lower]) & mask;
            square[upper] ^= moved << shift;
            square[lower] ^= moved;
        }
    }
}

/// A matrix of numbers, perhaps seen transposed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a, S> {
    values: &'a [S],
    /// Columns of what is stored.
    stored: usize,
    is_transposed: bool,
}

impl<'a, S: Scalar> Table<'a, S> {
    /// Rows of so many columns.
    pub fn new(values: &'a [S], columns: usize) -> Self {
        Self { values, stored: columns, is_transposed: false }
    }

    /// The transposed matrix, of the same memory.
    pub fn transposed(self) -> Self {
        Self { is_transposed: !self.is_transposed, ..self }
    }

    /// Rows and columns.
    fn shape(self) -> [usize; 2] {
        let rows = self.values.len() / self.stored;
        if self.is_transposed { [self.stored, rows] } else { [rows, self.stored] }
    }

    /// Sixteen rows from `top`, of `count` columns from `left`; zeros where there are no more.
    #[inline(always)]
    fn tile<const N: usize>(self, top: usize, left: usize, count: usize) -> [[S; N]; WORD] {
        let mut tile = [[S::default(); N]; WORD];
        let rows = WORD.min(self.shape()[0] - top);
        match self.is_transposed {
            false => {
                for (row, place) in tile.iter_mut().zip(top..top + rows) {
                    let from = &self.values[place * self.stored + left..][..count];
                    row[..count].copy_from_slice(from);
                }
            }
            true => {
                for column in 0..count {
                    let from = &self.values[(left + column) * self.stored + top..][..rows];
                    for (row, &value) in tile.iter_mut().zip(from) {
                        row[column] = value;
                    }
                }
            }
        }
        tile
    }
}

/// `bits · matrix` (rows × columns), for bits with `width` words a row and a matrix of at most
/// `16 · width` rows.
///
/// # Panics
/// If the shapes do not fit.
pub(super) fn product_of_bits<S: Scalar>(
    result: &mut [S],
    onto: Onto,
    (bits, width): (&[u16], usize),
    matrix: Table<'_, S>,
) {
    let [rows, columns] = matrix.shape();
    assert_eq!(result.len() / columns, bits.len() / width, "a row for each row");
    assert!(rows.div_ceil(WORD) == width, "a bit for each row of the matrix");
    vectorized(
        #[inline(always)]
        || {
            let mut start = 0;
            while columns - start >= WIDE {
                block::<S, WIDE>(result, onto, (bits, width), matrix, start);
                start += WIDE;
            }
            while start < columns {
                block::<S, NARROW>(result, onto, (bits, width), matrix, start);
                start += NARROW;
            }
        },
    );
}

/// The columns `start…` of [`product_of_bits`], at most `N` of them.
#[inline(always)]
fn block<S: Scalar, const N: usize>(
    result: &mut [S],
    onto: Onto,
    (bits, width): (&[u16], usize),
    matrix: Table<'_, S>,
    start: usize,
) {
    let columns = matrix.shape()[1];
    let count = N.min(columns - start);
    let mut table = [[[S::default(); N]; SUMS]; WORD / GROUP];
    for word in 0..width {
        let tile = matrix.tile::<N>(word * WORD, start, count);
        for (sums, rows) in table.iter_mut().zip(tile.as_chunks::<GROUP>().0) {
            for (bit, row) in rows.iter().enumerate() {
                for rest in 0..1 << bit {
                    let mut sum = sums[rest];
                    sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += value);
                    sums[1 << bit | rest] = sum;
                }
            }
        }
        let [first, second, third, fourth] = &table;
        let words = bits.chunks_exact(width).map(|row| usize::from(row[word]));
        let begins = word == 0 && onto == Onto::Replace;
        for (row, bits) in result.chunks_exact_mut(columns).zip(words) {
            let [a, b, c, d] = [
                &first[bits & 15],
                &second[bits >> 4 & 15],
                &third[bits >> 8 & 15],
                &fourth[bits >> 12 & 15],
            ];
            let row = &mut row[start..start + count];
            if begins {
                row.fill(S::default());
            }
            match <&mut [S; N]>::try_from(&mut *row) {
                // Of a length that the compiler knows.
                Ok(row) => add_four(row, [a, b, c, d]),
                Err(_) => add_four(row, [a, b, c, d]),
            }
        }
    }
}

/// Adds four rows to one that is no longer.
#[inline(always)]
fn add_four<S: Scalar, const N: usize>(sums: &mut [S], [a, b, c, d]: [&[S; N]; 4]) {
    for (((sum, &a), &b), (&c, &d)) in sums.iter_mut().zip(a).zip(b).zip(c.iter().zip(d)) {
        *sum += (a + b) + (c + d);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(rows: usize, columns: usize) -> Bits {
        let mut bits = Bits::zeros(rows, columns);
        for row in 0..rows {
            for column in 0..columns {
                if (7 * row + 5 * column + row * column).is_multiple_of(3) {
                    bits.set(row, column);
                }
            }
        }
        bits
    }

    /// Small whole numbers, of which every sum is exact: entry by entry.
    #[test]
    fn products_are_sums_of_rows() {
        for (rows, inner, columns) in
            [(1, 1, 1), (3, 16, 5), (7, 33, 16), (20, 50, 83), (5, 4, 130)]
        {
            let bits = example(rows, inner);
            let entry = |k: usize, n: usize| ((3 * k + 11 * n) % 17) as f64 - 8.0;
            let matrix: Vec<f64> =
                (0..inner).flat_map(|k| (0..columns).map(move |n| entry(k, n))).collect();
            let turned: Vec<f64> =
                (0..columns).flat_map(|n| (0..inner).map(move |k| entry(k, n))).collect();
            let tables = [Table::new(&matrix, columns), Table::new(&turned, inner).transposed()];
            for (table, onto) in
                tables.into_iter().flat_map(|t| [(t, Onto::Add), (t, Onto::Replace)])
            {
                let mut result = vec![0.5; rows * columns];
                product_of_bits(&mut result, onto, (bits.words(), bits.width()), table);
                let before = if onto == Onto::Add { 0.5 } else { 0.0 };
                for row in 0..rows {
                    for n in 0..columns {
                        let chosen = (0..inner).filter(|&k| bits.get(row, k));
                        let expected = before + chosen.map(|k| entry(k, n)).sum::<f64>();
                        assert_eq!(result[row * columns + n], expected, "{row} {n}");
                    }
                }
            }
        }
    }

    #[test]
    fn transposing_moves_every_entry() {
        let (upper, lower) = (example(35, 20), example(9, 20));
        let stride = 4;
        let mut result = vec![0; 2 * WORD * stride];
        transpose(upper.words(), 2, &mut result, stride, 0);
        transpose(lower.words(), 2, &mut result, stride, 3);
        for column in 0..20 {
            for row in 0..64 {
                let found = result[column * stride + row / WORD] >> (row % WORD) & 1 == 1;
                let expected = match row {
                    0..35 => upper.get(row, column),
                    48..57 => lower.get(row - 48, column),
                    _ => false,
                };
                assert_eq!(found, expected, "{row} {column}");
            }
        }
    }

    #[test]
    fn words_that_do_not_fit_and_numbers_between_are_refused() {
        assert_eq!(Bits::of_words(1, 17, vec![1]), None);
        assert_eq!(Bits::of_words(1, 17, vec![1, 2]), None);
        assert!(Bits::of_words(1, 17, vec![1, 1]).is_some_and(|bits| bits.get(0, 16)));
        assert_eq!(Bits::of_numbers(1, 2, &[0.0, 0.5]), None);
        let bits = Bits::of_numbers(1, 2, &[0.0, 1.0]).expect("zeros and ones");
        assert_eq!(bits.numbers(0).collect::<Vec<_>>(), [0.0, 1.0]);
    }
}
