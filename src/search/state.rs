//! What a search knows: the parts that are open, and what is proven of all others.

use std::thread;

use super::frontier::Frontier;
use super::{Bounded, Fate, Found, Goal, Trace};

/// Open parts that take so long to be freed that nobody waits for it: a gigabyte of them, more
/// than a second.
const MANY: usize = 20_000;

/// What a search knows.
pub struct State<P> {
    /// Parts that may hold something better.
    pub open: Frontier<P>,
    /// Counts, and what ended the search.
    pub found: Found,
    /// The least bound of the parts that are done with, and of what was cut off.
    pub closed: f64,
    cut: f64,
}

impl<P: Send + 'static> State<P> {
    /// Nothing yet, and room for so many open parts.
    pub fn new(capacity: usize) -> Self {
        let (nodes, iterations, work) = (0, 0, 0.0);
        let found = Found { least: f64::INFINITY, stopped_by: None, nodes, iterations, work };
        let (closed, cut) = (f64::INFINITY, f64::INFINITY);
        Self { open: Frontier::new(capacity), found, closed, cut }
    }

    /// Takes a part that was bounded into account.
    pub fn take(&mut self, bounded: Bounded<P>, goal: &mut dyn Goal) {
        self.cut = self.cut.min(bounded.cut);
        self.found.nodes += bounded.nodes;
        self.found.iterations += bounded.iterations;
        self.found.work += bounded.work;
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
        if self.open.len() > MANY {
            let open = self.open;
            // Without a thread it is freed here.
            let _ = thread::Builder::new().spawn(move || drop(open));
        }
        self.found
    }
}

/// Tells of a part that was bounded.
pub fn tell<P>(trace: &mut dyn Trace<P>, bounded: &mut Bounded<P>) {
    let fate = bounded.fate();
    match (&bounded.before, &mut bounded.part) {
        (Some(before), Some(left)) => trace.keep(before, left),
        (Some(before), None) => trace.close(before, fate),
        (None, _) => {}
    }
}
