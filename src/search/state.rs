//! What a search knows: the parts that are open, and what is proven of all others.

use super::frontier::Frontier;
use super::{Bounded, Fate, Found, Goal, Trace};

/// What a search knows.
pub struct State<P> {
    /// Parts that may hold something better.
    pub open: Frontier<P>,
    /// Counts, and what ended the search.
    pub found: Found,
    /// The least bound of the parts that are done with, and of what was cut off.
    pub closed: f64,
    cut: f64,
    /// Multiplications.
    pub work: f64,
}

impl<P> State<P> {
    /// Nothing yet, and room for so many open parts.
    pub fn new(capacity: usize) -> Self {
        let found = Found { least: f64::INFINITY, stopped_by: None, nodes: 0, iterations: 0 };
        let (closed, cut) = (f64::INFINITY, f64::INFINITY);
        Self { open: Frontier::new(capacity), found, closed, cut, work: 0.0 }
    }

    /// Takes a part that was bounded into account.
    pub fn take(&mut self, bounded: Bounded<P>, goal: &mut dyn Goal) {
        self.cut = self.cut.min(bounded.cut);
        self.found.nodes += bounded.nodes;
        self.found.iterations += bounded.iterations;
        self.work += bounded.work;
        bounded.points.iter().for_each(|point| goal.offer(point));
        match bounded.part {
            Some(part) => self.open.push(bounded.least, part),
            None => self.closed = self.closed.min(bounded.least),
        }
    }

    /// What was found; no open part has a lower bound than the lowest.
    pub fn end(mut self, trace: Option<&mut dyn Trace<P>>) -> Found {
        self.found.least = self.open.lowest().min(self.closed).min(self.cut);
        if let Some(trace) = trace {
            let open = self.open.take(self.open.len());
            open.iter().for_each(|part| trace.close(part, Fate::Open));
        }
        self.found
    }
}

/// Tells of a part that was bounded.
pub fn tell<P>(trace: &mut dyn Trace<P>, bounded: &Bounded<P>) {
    match (&bounded.before, &bounded.part) {
        (Some(before), Some(left)) => trace.keep(before, left),
        (Some(before), None) => trace.close(before, bounded.fate()),
        (None, _) => {}
    }
}
