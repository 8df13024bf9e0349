//! Segments joined to polylines: the boundary that a neuron draws comes in one piece a
//! region, and a line in one stroke is smaller in a file and meets itself without notches.

use std::collections::HashMap;

use super::canvas::Contour;
use super::edges::Segment;

/// What a screen cannot show, in units of the canvas: ends that are as close are one point,
/// corners that are as flat are none.
const CLOSE: f64 = 0.02;

/// Most corners that are looked at again before a flat one is left out.
const MOST_FLAT: usize = 200;

/// Polylines that cover the segments; where several meet, the straightest way goes on.
pub fn chains(segments: &[Segment]) -> Vec<Contour> {
    let mut web = Web::new(segments);
    let mut chains = Vec::new();
    for (start, &[from, to]) in segments.iter().enumerate() {
        if !std::mem::replace(&mut web.is_used[start], true) {
            let mut line = web.follow(to, from);
            line.reverse();
            line.extend(web.follow(from, to));
            chains.push(Contour::open(straightened(&line)));
        }
    }
    chains
}

/// The segments and what ends where. Only looked up, so its order decides nothing.
struct Web<'a> {
    segments: &'a [Segment],
    ends: HashMap<[i64; 2], Vec<usize>>,
    is_used: Vec<bool>,
}

impl<'a> Web<'a> {
    fn new(segments: &'a [Segment]) -> Self {
        let mut ends: HashMap<[i64; 2], Vec<usize>> = HashMap::new();
        for (index, segment) in segments.iter().enumerate() {
            segment.iter().for_each(|&end| ends.entry(key(end)).or_default().push(index));
        }
        Self { segments, ends, is_used: vec![false; segments.len()] }
    }

    /// The points from `at` on, coming from `before`.
    fn follow(&mut self, mut before: [f64; 2], mut at: [f64; 2]) -> Vec<[f64; 2]> {
        let mut line = vec![at];
        while let Some((segment, next)) = self.straightest(before, at) {
            self.is_used[segment] = true;
            line.push(next);
            (before, at) = (at, next);
        }
        line
    }

    fn straightest(&self, before: [f64; 2], at: [f64; 2]) -> Option<(usize, [f64; 2])> {
        let free = self.ends[&key(at)].iter().filter(|&&segment| !self.is_used[segment]);
        let ways = free.map(|&segment| {
            let [from, to] = self.segments[segment];
            (segment, if key(from) == key(at) { to } else { from })
        });
        let turn = |next: [f64; 2]| {
            let ([a, b], [c, d]) = (step(before, at), step(at, next));
            (a * c + b * d) / (a.hypot(b) * c.hypot(d)).max(f64::MIN_POSITIVE)
        };
        ways.max_by(|(_, a), (_, b)| turn(*a).total_cmp(&turn(*b)))
    }
}

fn key(point: [f64; 2]) -> [i64; 2] {
    point.map(|coordinate| (coordinate / CLOSE).round() as i64)
}

fn step(from: [f64; 2], to: [f64; 2]) -> [f64; 2] {
    [to[0] - from[0], to[1] - from[1]]
}

/// A line without the corners that cannot be seen.
fn straightened(line: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut kept = vec![0];
    for end in 2..line.len() {
        let start = kept[kept.len() - 1];
        let is_flat = |between: &[[f64; 2]]| {
            between.iter().all(|&point| distance(line[start], line[end], point) < CLOSE)
        };
        if end - start > MOST_FLAT || !is_flat(&line[start + 1..end]) {
            kept.push(end - 1);
        }
    }
    kept.push(line.len() - 1);
    kept.into_iter().map(|place| line[place]).collect()
}

/// Distance of a point from the segment between two others.
fn distance(from: [f64; 2], to: [f64; 2], point: [f64; 2]) -> f64 {
    let ([a, b], [c, d]) = (step(from, to), step(from, point));
    let square = a * a + b * b;
    let share = if square > 0.0 { ((a * c + b * d) / square).clamp(0.0, 1.0) } else { 0.0 };
    (c - share * a).hypot(d - share * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: two lines that cross in the middle, in four pieces, are two lines; a bend
    /// stays a corner.
    #[test]
    fn lines_that_cross_go_straight_on() {
        let middle = [5.0, 5.0];
        let segments = [
            [[0.0, 0.0], middle],
            [[10.0, 0.0], middle],
            [middle, [10.0, 10.0]],
            [middle, [0.0, 10.0]],
            [[0.0, 10.0], [0.0, 20.0]],
        ];
        let lines: Vec<Vec<[f64; 2]>> =
            chains(&segments).into_iter().map(|contour| contour.points).collect();
        let expected =
            [vec![[0.0, 0.0], [10.0, 10.0]], vec![[10.0, 0.0], [0.0, 10.0], [0.0, 20.0]]];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_ring_is_closed() {
        let corners = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0]];
        let segments = [0, 1, 2].map(|k| [corners[k], corners[(k + 1) % 3]]);
        let chains = chains(&segments);
        assert_eq!(chains.len(), 1);
        assert_eq!((chains[0].points.len(), chains[0].points[0]), (4, chains[0].points[3]));
    }
}
