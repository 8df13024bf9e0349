//! Which layer draws the edge between two regions: the first in which their patterns differ.
//!
//! Neighbours that share a whole edge find each other by its ends. Where an edge meets parts
//! of several others, the network is asked what lies behind it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::network::Phase;
use crate::problem::Problem;
use crate::regions::Cell;

/// Two ends, in the plane of the two inputs.
pub type Segment = [[f64; 2]; 2];

/// Ends that are as close, as a share of the width of the domain, are the same point.
const CLOSE: f64 = 1e-7;

/// How far beyond an edge the region on its other side is looked for, likewise.
const BEYOND: f64 = 1e-6;

/// An edge whose other side is not known yet.
#[derive(Debug)]
struct Open {
    number: u64,
    segment: Segment,
    pattern: Arc<Vec<Vec<Phase>>>,
    point: Arc<Vec<f64>>,
}

/// The edges of regions.
#[derive(Debug)]
pub struct Edges<'a> {
    problem: &'a Problem,
    /// The two inputs that vary.
    axes: [usize; 2],
    /// By their ends; the order of the numbers decides, never that of the map.
    open: HashMap<[i64; 4], Open>,
    count: u64,
    /// Of each layer.
    drawn: Vec<Vec<Segment>>,
}

impl<'a> Edges<'a> {
    /// No edges yet, of the layers of the problem's network.
    pub fn new(problem: &'a Problem, axes: [usize; 2]) -> Self {
        let layers = problem.network_graph().activation_layers().count();
        Self { problem, axes, open: HashMap::new(), count: 0, drawn: vec![Vec::new(); layers] }
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.drawn.len()
    }

    /// Adds the edges of a region with these vertices, counter-clockwise.
    pub fn add(&mut self, cell: &Cell, vertices: &[[f64; 2]]) {
        let pattern = Arc::new(cell.pattern.clone());
        let point = Arc::new(cell.point.clone());
        for (index, &from) in vertices.iter().enumerate() {
            let to = vertices[(index + 1) % vertices.len()];
            let (a, b) = (self.key(from), self.key(to));
            if a == b {
                continue;
            }
            let [[x1, y1], [x2, y2]] = if a < b { [a, b] } else { [b, a] };
            self.count += 1;
            match self.open.remove(&[x1, y1, x2, y2]) {
                Some(other) => self.draw([from, to], &pattern, &other.pattern),
                None => {
                    let (pattern, point) = (Arc::clone(&pattern), Arc::clone(&point));
                    let open = Open { number: self.count, segment: [from, to], pattern, point };
                    self.open.insert([x1, y1, x2, y2], open);
                }
            }
        }
    }

    /// The edges that each layer draws, when all regions are there.
    pub fn finish(mut self) -> Vec<Vec<Segment>> {
        let mut open: Vec<Open> = self.open.drain().map(|(_, open)| open).collect();
        open.sort_unstable_by_key(|open| open.number);
        for open in open {
            if let Some(other) = self.pattern_behind(&open) {
                self.draw(open.segment, &open.pattern, &other);
            }
        }
        self.drawn
    }

    fn draw(&mut self, segment: Segment, one: &[Vec<Phase>], other: &[Vec<Phase>]) {
        if let Some(layer) = (0..one.len()).find(|&layer| one[layer] != other[layer]) {
            self.drawn[layer].push(segment);
        }
    }

    /// The pattern on the other side of an edge; none outside the domain.
    fn pattern_behind(&self, open: &Open) -> Option<Vec<Vec<Phase>>> {
        let [from, to] = open.segment;
        let domain = self.problem.domain();
        // The outer normal of an edge whose region is on its left, in units of the domain.
        let along = [0, 1].map(|axis| (to[axis] - from[axis]) / self.width(axis));
        let length = along[0].hypot(along[1]);
        let normal = [along[1] / length, -along[0] / length];
        let mut outside = (*open.point).clone();
        for (axis, &input) in self.axes.iter().enumerate() {
            outside[input] = 0.5 * from[axis] + 0.5 * to[axis];
            outside[input] += BEYOND * normal[axis] * self.width(axis);
        }
        domain.contains(&outside).then(|| self.problem.network_graph().pattern(&outside))
    }

    fn width(&self, axis: usize) -> f64 {
        let (domain, input) = (self.problem.domain(), self.axes[axis]);
        domain.upper()[input] - domain.lower()[input]
    }

    fn key(&self, point: [f64; 2]) -> [i64; 2] {
        [0, 1].map(|axis| {
            let low = self.problem.domain().lower()[self.axes[axis]];
            ((point[axis] - low) / self.width(axis) / CLOSE).round() as i64
        })
    }
}
