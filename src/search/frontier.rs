//! The open parts of a search: the one with the least bound first; near the end of the memory
//! the newest first, so that their number stays.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Of the capacity, from which on parts are taken newest first.
const NEARLY_FULL: f64 = 0.75;

/// Open parts.
#[derive(Debug)]
pub struct Frontier<P> {
    heap: BinaryHeap<Open<P>>,
    /// The newest last; those that came when there was little room.
    stack: Vec<Open<P>>,
    capacity: usize,
    count: u64,
}

/// A part; of equal bounds the newer one comes first, which is narrower.
#[derive(Debug)]
struct Open<P> {
    least: f64,
    number: u64,
    part: P,
}

impl<P> Frontier<P> {
    /// Room for so many parts.
    pub fn new(capacity: usize) -> Self {
        Self { heap: BinaryHeap::new(), stack: Vec::new(), capacity, count: 0 }
    }

    /// Number of open parts.
    pub fn len(&self) -> usize {
        self.heap.len() + self.stack.len()
    }

    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room left.
    pub fn is_full(&self) -> bool {
        self.len() > self.capacity
    }

    fn is_nearly_full(&self) -> bool {
        self.len() as f64 > NEARLY_FULL * self.capacity as f64
    }

    /// The least bound of the open parts; infinite where there are none.
    pub fn lowest(&self) -> f64 {
        let best = self.heap.peek().map_or(f64::INFINITY, |open| open.least);
        self.stack.iter().fold(best, |least, open| least.min(open.least))
    }

    /// Adds a part.
    pub fn push(&mut self, least: f64, part: P) {
        self.count += 1;
        let open = Open { least, number: self.count, part };
        match self.is_nearly_full() {
            true => self.stack.push(open),
            false => self.heap.push(open),
        }
    }

    /// Takes so many parts, the most promising first.
    pub fn take(&mut self, count: usize) -> Vec<P> {
        let next = |_| self.stack.pop().or_else(|| self.heap.pop());
        (0..count).map_while(next).map(|open| open.part).collect()
    }
}

impl<P> Ord for Open<P> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.least.total_cmp(&self.least).then(self.number.cmp(&other.number))
    }
}

impl<P> PartialOrd for Open<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P> PartialEq for Open<P> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<P> Eq for Open<P> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_bound_comes_first_and_the_newest_where_room_is_short() {
        let mut open = Frontier::new(4);
        for (least, part) in [(2.0, 'a'), (1.0, 'b'), (1.0, 'c'), (3.0, 'd')] {
            open.push(least, part);
        }
        assert_eq!((open.len(), open.lowest(), open.is_full()), (4, 1.0, false));
        // There is little room: what comes now goes first, whatever its bound.
        open.push(5.0, 'e');
        open.push(4.0, 'f');
        assert!(open.is_full());
        assert_eq!(open.take(3), ['f', 'e', 'c'], "of equal bounds the newer one");
        assert_eq!((open.lowest(), open.take(9)), (1.0, vec!['b', 'a', 'd']));
        assert!(open.is_empty() && open.lowest() == f64::INFINITY);
    }
}
