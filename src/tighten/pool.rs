//! True forward passes, which tell what a bound cannot gain.

use ndarray::{Array2, Axis, concatenate};

use crate::network::NodeId;
use crate::num::IntervalBox;
use crate::num::sample::UniformPoints;
use crate::problem::Problem;

/// Samples to begin with.
const SAMPLES: usize = 128;

/// Most points kept.
const MOST_POINTS: usize = 2048;

/// Values of all nodes at points that satisfy the problem's constraints on inputs.
#[derive(Debug)]
pub struct Pool<'a> {
    problem: &'a Problem,
    domain: &'a IntervalBox,
    /// Whether points have to satisfy the constraints on outputs too.
    with_outputs: bool,
    /// One array (points × size) a node.
    values: Vec<Array2<f64>>,
}

impl<'a> Pool<'a> {
    /// A pool of random points of the domain.
    pub fn new(problem: &'a Problem, domain: &'a IntervalBox, seed: u32) -> Self {
        let points = std::iter::once(domain.center()).chain(UniformPoints::new(domain, seed));
        let mut pool = Self { problem, domain, with_outputs: false, values: Vec::new() };
        pool.add(points.take(SAMPLES).collect());
        pool
    }

    /// Adds points, moved into the domain; those that fail a constraint are left
    /// out.
    pub fn add(&mut self, points: Vec<Vec<f64>>) {
        let graph = self.problem.graph();
        let held = self.values.first().map_or(0, |values| values.nrows());
        let points: Vec<Vec<f64>> = points
            .into_iter()
            .take(MOST_POINTS.saturating_sub(held))
            .map(|point| self.domain.nearest(&point))
            .filter(|point| self.is_satisfied(point, None))
            .collect();
        if points.is_empty() {
            return;
        }
        let shape = (points.len(), self.domain.len());
        let batch = Array2::from_shape_vec(shape, points.concat()).expect("points of one length");
        let values = self.feasible(graph.evaluate_all(batch.view()));
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

    /// From now on only points that satisfy the constraints on outputs count.
    pub fn require_outputs(&mut self) {
        self.with_outputs = true;
        let values = std::mem::take(&mut self.values);
        if !values.is_empty() {
            self.values = self.feasible(values);
        }
    }

    /// The values at those points that satisfy the constraints on outputs, if they
    /// count.
    fn feasible(&self, values: Vec<Array2<f64>>) -> Vec<Array2<f64>> {
        if !self.with_outputs {
            return values;
        }
        let graph = self.problem.graph();
        let inputs = values[graph.input().index()].outer_iter();
        let outputs = values[graph.output().index()].outer_iter();
        let kept = inputs.zip(outputs).enumerate().filter(|(_, (input, output))| {
            self.is_satisfied(&input.to_vec(), Some(&output.to_vec()))
        });
        let kept: Vec<usize> = kept.map(|(row, _)| row).collect();
        values.iter().map(|values| values.select(Axis(0), &kept)).collect()
    }

    /// Whether a point satisfies the constraints on inputs or, given the outputs,
    /// those on outputs.
    fn is_satisfied(&self, input: &[f64], output: Option<&[f64]>) -> bool {
        let constraints = self.problem.constraints().iter();
        constraints
            .filter(|constraint| constraint.expression().has_outputs() == output.is_some())
            .all(|constraint| {
                let value = constraint.expression().evaluate(input, output.unwrap_or_default());
                constraint.excess(value).is_none()
            })
    }
}
