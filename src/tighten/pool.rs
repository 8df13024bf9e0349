//! True forward passes, which tell what a bound cannot gain.

use ndarray::{Array2, Axis, concatenate};

use crate::control::Clock;
use crate::network::NodeId;
use crate::num::sample::UniformPoints;
use crate::problem::{Part, Problem};

/// Samples to begin with.
const SAMPLES: usize = 128;

/// Most points kept.
const MOST_POINTS: usize = 2048;

/// Values of all nodes at points that meet the limits on rows of inputs.
#[derive(Debug)]
pub struct Pool<'a> {
    problem: &'a Problem,
    part: &'a Part,
    clock: Clock,
    /// Whether points have to meet the limits on rows of outputs too.
    with_outputs: bool,
    /// One array (points × size) a node.
    values: Vec<Array2<f64>>,
}

impl<'a> Pool<'a> {
    /// A pool of random points of a part, which takes no more of them once the clock is over.
    pub fn new(problem: &'a Problem, part: &'a Part, seed: u32, clock: Clock) -> Self {
        let domain = &part.domain;
        let points = std::iter::once(domain.center()).chain(UniformPoints::new(domain, seed));
        let mut pool = Self { problem, part, clock, with_outputs: false, values: Vec::new() };
        pool.add(points.take(SAMPLES).collect());
        pool
    }

    /// Adds points, moved to the nearest ones of the domain; those beyond a limit are left out.
    pub fn add(&mut self, points: Vec<Vec<f64>>) {
        let held = self.values.first().map_or(0, |values| values.nrows());
        let domain = &self.part.domain;
        let points: Vec<Vec<f64>> = points
            .into_iter()
            .take(MOST_POINTS.saturating_sub(held))
            .map(|mut point| {
                self.problem.integer().iter().for_each(|&i| point[i] = point[i].round());
                domain.nearest(&point)
            })
            .take_while(|_| !self.clock.is_stopped())
            .filter(|point| self.is_inside(point, None))
            .collect();
        if points.is_empty() {
            return;
        }
        let shape = (points.len(), domain.len());
        let batch = Array2::from_shape_vec(shape, points.concat()).expect("points of one length");
        let values = self.inside(self.problem.graph().evaluate_all(batch.view()));
        self.values = match self.values.is_empty() {
            true => values,
            false => {
                let joined = self.values.iter().zip(&values).map(|(old, new)| {
                    concatenate(Axis(0), &[old.view(), new.view()]).expect("equal columns")
                });
                joined.collect()
            }
        };
    }

    /// The least and largest value of a neuron, if there is a point.
    pub fn range(&self, node: NodeId, index: usize) -> Option<(f64, f64)> {
        let column = self.values.get(node.index())?.index_axis(Axis(1), index);
        if column.is_empty() {
            return None;
        }
        let least = column.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some((least, largest))
    }

    /// From now on only points that meet the limits on rows of outputs count.
    pub fn require_outputs(&mut self) {
        self.with_outputs = true;
        let values = std::mem::take(&mut self.values);
        if !values.is_empty() {
            self.values = self.inside(values);
        }
    }

    /// The values at those points that meet the limits on rows of outputs, if these count.
    fn inside(&self, values: Vec<Array2<f64>>) -> Vec<Array2<f64>> {
        if !self.with_outputs {
            return values;
        }
        let graph = self.problem.graph();
        let inputs = values[graph.input().index()].outer_iter();
        let outputs = values[graph.output().index()].outer_iter();
        let kept = inputs
            .zip(outputs)
            .enumerate()
            .filter(|(_, (input, output))| self.is_inside(&input.to_vec(), Some(&output.to_vec())));
        let kept: Vec<usize> = kept.map(|(row, _)| row).collect();
        values.iter().map(|values| values.select(Axis(0), &kept)).collect()
    }

    /// Whether a point meets the limits on rows of inputs or, given the outputs, on those of
    /// outputs.
    fn is_inside(&self, input: &[f64], output: Option<&[f64]>) -> bool {
        let rows = self.problem.limited_rows(self.part);
        rows.filter(|row| row.has_outputs() == output.is_some())
            .all(|row| row.contains(input, output.unwrap_or_default()))
    }
}
