//! A linear region: all neurons as affine forms of the free inputs, and the rows around it.

use ndarray::{Array2, Axis};

use super::Regions;
use crate::network::{ActivationLayer, Node, Phase};

/// What the cosine of parallel slopes is short of 1 at most.
const PARALLEL: f64 = 1e-12;

/// All neurons over a region, as affine functions of steps of the free inputs.
pub(super) struct Region {
    /// For each node, values where the steps begin (first row), and derivatives.
    forms: Vec<Array2<f64>>,
    /// For each node that is an activation, the phases.
    pub phases: Vec<Vec<Phase>>,
}

/// A neuron that changes its phase at a point, and its phase beyond.
#[derive(Clone, Copy)]
pub(super) struct Kink {
    pub node: usize,
    pub index: usize,
    pub beyond: Phase,
}

/// `slopes · step + constant ≥ 0`.
pub(super) struct Row {
    pub slopes: Vec<f64>,
    pub constant: f64,
    pub kink: Option<Kink>,
}

impl Regions<'_> {
    /// The region that a point lies in.
    pub(super) fn around(&self, at: &[f64]) -> Region {
        self.region(at, |layer, index, value| match layer.ceiling(index) {
            _ if value <= 0.0 => Phase::Inactive,
            Some(ceiling) if value >= ceiling => Phase::Saturated,
            _ => Phase::Active,
        })
    }

    /// The region of some phases, seen from a point.
    pub(super) fn region(
        &self,
        at: &[f64],
        phase: impl Fn(ActivationLayer<'_>, usize, f64) -> Phase,
    ) -> Region {
        let graph = self.graph();
        let mut layers = graph.activation_layers();
        let mut region = Region { forms: Vec::new(), phases: Vec::new() };
        for (_, node) in graph.nodes() {
            let mut phases = Vec::new();
            region.forms.push(match node {
                Node::Input { size } => {
                    let mut form = Array2::zeros((self.free.len() + 1, *size));
                    at.iter().enumerate().for_each(|(i, x)| form[(0, i)] = *x);
                    self.free.iter().enumerate().for_each(|(row, &i)| form[(row + 1, i)] = 1.0);
                    form
                }
                Node::Affine(affine) => {
                    let mut sum = Array2::zeros((self.free.len() + 1, affine.bias.len()));
                    for (from, linear) in &affine.terms {
                        linear.add_product(region.forms[from.index()].view(), sum.view_mut());
                    }
                    let mut values = sum.index_axis_mut(Axis(0), 0);
                    values += &affine.bias;
                    sum
                }
                Node::Relu { input } | Node::Clip { input, .. } => {
                    let layer = layers.next().expect("one layer for each activation");
                    let mut form = region.forms[input.index()].clone();
                    for (index, mut column) in form.axis_iter_mut(Axis(1)).enumerate() {
                        let phase = phase(layer, index, column[0]);
                        phases.push(phase);
                        match phase {
                            Phase::Active => {}
                            Phase::Saturated => {
                                column.fill(0.0);
                                column[0] = layer.ceiling(index).unwrap_or(0.0);
                            }
                            Phase::Inactive | Phase::Unstable => column.fill(0.0),
                        }
                    }
                    form
                }
            });
            region.phases.push(phases);
        }
        region
    }

    /// What bounds a region within the box.
    pub(super) fn rows(&self, region: &Region) -> Vec<Row> {
        let mut rows = Vec::new();
        for layer in self.graph().activation_layers() {
            let (node, before) = (layer.node.index(), layer.pre_activation.index());
            for (index, &phase) in region.phases[node].iter().enumerate() {
                if self.bounds.phase(layer, index) != Phase::Unstable {
                    continue;
                }
                let mut bend = |sign: f64, end: f64, beyond: Phase| {
                    let kink = Some(Kink { node, index, beyond });
                    rows.push(Row { kink, ..region.row(before, index, sign, sign * end) });
                };
                let ceiling = layer.ceiling(index);
                match phase {
                    Phase::Inactive => bend(-1.0, 0.0, Phase::Active),
                    Phase::Active => {
                        bend(1.0, 0.0, Phase::Inactive);
                        ceiling.into_iter().for_each(|end| bend(-1.0, end, Phase::Saturated));
                    }
                    Phase::Saturated => {
                        ceiling.into_iter().for_each(|end| bend(1.0, end, Phase::Active));
                    }
                    Phase::Unstable => {}
                }
            }
        }
        let node = self.problem.rows().index();
        for (index, limit) in self.part.rows.iter().enumerate().skip(1) {
            for (sign, end) in [(1.0, limit.lower()), (-1.0, limit.upper())] {
                if end.is_finite() {
                    rows.push(region.row(node, index, sign, sign * end));
                }
            }
        }
        rows
    }
}

impl Row {
    /// Its value some steps away.
    pub(super) fn at(&self, steps: &[f64]) -> f64 {
        self.constant + self.slopes.iter().zip(steps).map(|(a, step)| a * step).sum::<f64>()
    }

    /// The length of its slopes.
    pub(super) fn norm(&self) -> f64 {
        self.slopes.iter().map(|a| a * a).sum::<f64>().sqrt()
    }

    /// Whether the slopes are multiples of each other, as in the two halves of `|x|`.
    pub(super) fn is_parallel(&self, other: &Self) -> bool {
        let product: f64 = self.slopes.iter().zip(&other.slopes).map(|(a, b)| a * b).sum();
        product.abs() >= (1.0 - PARALLEL) * self.norm() * other.norm()
    }
}

impl Region {
    /// `sign · entry − shift`.
    pub(super) fn row(&self, node: usize, index: usize, sign: f64, shift: f64) -> Row {
        let form = self.forms[node].column(index);
        let slopes = form.iter().skip(1).map(|a| sign * a).collect();
        Row { slopes, constant: sign * form[0] - shift, kink: None }
    }
}
