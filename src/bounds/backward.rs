//! Backward substitution: the least value of linear expressions of a node's
//! neurons, by replacing every layer by lines until only the input is left.
//!
//! For a row `A` of coefficients at a node: an affine node is substituted,
//! `A x = (A W) x' + A b`; an activation is replaced, neuron by neuron, by the line
//! of [`Lines`] that bounds `Aᵢ σ(aᵢ)` from below; at the input the least value
//! over the box is taken. Source: Zhang et al., "Efficient neural network
//! robustness certification with general activation functions" (2018),
//! arXiv:1811.00866; Singh et al., "An abstract domain for certifying neural
//! networks" (2019), doi 10.1145/3290354.
//!
//! Rounding. What is computed for `A W` is `A W + E` with
//! `|Eⱼ| ≤ γ Σᵢ |Aᵢ| |Wᵢⱼ|`. Its effect on the value, `E x'`, is at most
//! `γ Σᵢ |Aᵢ| mᵢ` with `mᵢ = Σⱼ |Wᵢⱼ| max|x'ⱼ|`, and `m` needs one product of
//! matrix and vector per node. At an activation the coefficient behind the line may be rounded
//! as it likes: the line's intercept is computed for the rounded slope. So the
//! result holds over the reals, for a price far below that of the products.

use ndarray::{Array1, Array2};

use super::ball::L1Ball;
use super::lines::Lines;
use crate::network::{Affine, Node, NodeId, ReluGraph};
use crate::num::IntervalBox;
use crate::num::rounding::{Centered, RangeSum, below};

/// Bounds rows of coefficients at nodes of a graph from below.
#[derive(Debug)]
pub struct Backward<'a> {
    graph: &'a ReluGraph,
    /// Bounds of the nodes, at least of all before the target.
    boxes: &'a [IntervalBox],
    lines: &'a [Option<Lines>],
    /// Where inputs lie besides.
    ball: Option<&'a L1Ball>,
}

/// Slopes of the lines below the neurons of each activation, one set a row
/// (rows × size); those of [`Lines`] where there are none.
pub type Slopes = Vec<Option<Array2<f64>>>;

/// What a pass met on its way, for each node: coefficients of the values of an
/// activation, then those of its pre-activation and the intercepts of the lines.
#[derive(Debug, Default)]
pub struct Trace {
    /// One entry per node, `None` where no row came by.
    pub activations: Vec<Option<Replaced>>,
    /// Coefficients of the inputs.
    pub inputs: Array2<f64>,
}

/// An activation, row by row (rows × size).
#[derive(Debug)]
pub struct Replaced {
    /// Coefficients of the outputs.
    pub outputs: Array2<f64>,
    /// Slopes of the lines, times these coefficients.
    pub slopes: Array2<f64>,
    /// Intercepts of the lines, times these coefficients.
    pub intercepts: Array2<f64>,
}

/// The state of a pass: what is left of each row.
struct Pass {
    /// For each node the rows' coefficients there (rows × size).
    coefficients: Vec<Option<Array2<f64>>>,
    constant: Array1<f64>,
    /// Bound on all rounding so far.
    error: Array1<f64>,
}

impl<'a> Backward<'a> {
    /// A pass over `graph` with bounds and lines for its nodes.
    pub fn new(graph: &'a ReluGraph, boxes: &'a [IntervalBox], lines: &'a [Option<Lines>]) -> Self {
        Self { graph, boxes, lines, ball: None }
    }

    /// The same for inputs that lie in a ball besides, where there is one.
    pub fn within(self, ball: Option<&'a L1Ball>) -> Self {
        Self { ball, ..self }
    }

    /// Lower bounds of `sign · value` for the chosen neurons of an affine node,
    /// −∞ where an intermediate result overflows.
    pub fn select(&self, affine: &Affine, chosen: &[(usize, f64)]) -> Vec<f64> {
        self.select_with(affine, chosen, None, None)
    }

    /// [`select`](Self::select) with slopes of one's own, and a trace.
    pub fn select_with(
        &self,
        affine: &Affine,
        chosen: &[(usize, f64)],
        slopes: Option<&Slopes>,
        trace: Option<&mut Trace>,
    ) -> Vec<f64> {
        let mut pass = self.pass(chosen.len());
        for (row, &(index, sign)) in chosen.iter().enumerate() {
            pass.constant[row] = sign * affine.bias[index];
        }
        for (input, linear) in &affine.terms {
            // A copy with a sign: exact.
            self.add(&mut pass, *input, linear.signed_rows(chosen));
        }
        let last = affine.terms.iter().map(|(input, _)| input.index()).max();
        self.run(pass, last.map_or(0, |last| last + 1), slopes, trace)
    }

    /// The slopes of the lines at hand, one set a row.
    pub fn adaptive_slopes(&self, rows: usize) -> Slopes {
        let of_layer = |lines: &Lines| {
            Array2::from_shape_fn((rows, lines.len()), |(_, index)| lines.slope_below(index))
        };
        self.lines.iter().map(|lines| lines.as_ref().map(of_layer)).collect()
    }

    /// Whether the slope below a neuron may be chosen.
    pub fn is_free(&self, node: usize, index: usize) -> bool {
        self.lines[node].as_ref().is_some_and(|lines| lines.is_free(index))
    }

    /// The node that an activation reads, by position.
    ///
    /// # Panics
    /// If the node is no activation.
    pub fn pre_activation(&self, node: usize) -> usize {
        match self.graph.nodes().nth(node) {
            Some((_, Node::Relu { input } | Node::Clip { input, .. })) => input.index(),
            _ => panic!("node {node} is no activation"),
        }
    }

    /// For each row of a traced pass the values of all nodes (rows × size) at the
    /// corner of the box where the bound is attained, with every activation
    /// replaced by the line of that row.
    pub fn relaxed_values(&self, trace: &Trace) -> Vec<Array2<f64>> {
        let domain = &self.boxes[0];
        let rows = trace.inputs.nrows();
        let corner = |(row, j): (usize, usize)| match trace.inputs[(row, j)] >= 0.0 {
            true => domain.lower()[j],
            false => domain.upper()[j],
        };
        let mut values: Vec<Array2<f64>> = Vec::new();
        for (position, (_, node)) in self.graph.nodes().take(self.boxes.len()).enumerate() {
            values.push(match node {
                Node::Input { size } => Array2::from_shape_fn((rows, *size), corner),
                Node::Affine(affine) => {
                    let mut sum = Array2::zeros((rows, affine.bias.len()));
                    for (input, linear) in &affine.terms {
                        linear.add_product(values[input.index()].view(), sum.view_mut());
                    }
                    sum + &affine.bias
                }
                Node::Relu { input } | Node::Clip { input, .. } => {
                    let a = &values[input.index()];
                    match &trace.activations[position] {
                        None => Array2::zeros(a.raw_dim()),
                        Some(line) => Array2::from_shape_fn(a.raw_dim(), |at| {
                            let coefficient = line.outputs[at];
                            match coefficient == 0.0 {
                                true => 0.0,
                                false => {
                                    (line.slopes[at] * a[at] + line.intercepts[at]) / coefficient
                                }
                            }
                        }),
                    }
                }
            });
        }
        values
    }

    fn pass(&self, rows: usize) -> Pass {
        Pass {
            coefficients: vec![None; self.boxes.len()],
            constant: Array1::zeros(rows),
            error: Array1::zeros(rows),
        }
    }

    /// Substitutes the nodes before position `end`, last first.
    fn run(
        &self,
        mut pass: Pass,
        end: usize,
        slopes: Option<&Slopes>,
        mut trace: Option<&mut Trace>,
    ) -> Vec<f64> {
        if let Some(trace) = &mut trace {
            trace.activations = (0..self.boxes.len()).map(|_| None).collect();
        }
        let nodes: Vec<(NodeId, &Node)> = self.graph.nodes().take(end).collect();
        for (id, node) in nodes.into_iter().rev() {
            let Some(rows) = pass.coefficients[id.index()].take() else { continue };
            match node {
                Node::Input { .. } => {
                    let bounds = self.at_input(pass, &rows);
                    if let Some(trace) = trace {
                        trace.inputs = rows;
                    }
                    return bounds;
                }
                Node::Affine(affine) => self.through_affine(&mut pass, affine, &rows),
                Node::Relu { input } | Node::Clip { input, .. } => {
                    let lines = self.lines[id.index()].as_ref().expect("lines of an activation");
                    let slopes = slopes.and_then(|slopes| slopes[id.index()].as_ref());
                    let rows = match &mut trace {
                        None => through_activation(&mut pass, lines, slopes, rows, None),
                        Some(trace) => {
                            let outputs = rows.clone();
                            let mut intercepts = Array2::zeros(rows.raw_dim());
                            let rows = through_activation(
                                &mut pass,
                                lines,
                                slopes,
                                rows,
                                Some(&mut intercepts),
                            );
                            let slopes = rows.clone();
                            trace.activations[id.index()] =
                                Some(Replaced { outputs, slopes, intercepts });
                            rows
                        }
                    };
                    self.add(&mut pass, *input, rows);
                }
            }
        }
        // Nothing depends on the input.
        finish(&pass.constant, &pass.error)
    }

    fn through_affine(&self, pass: &mut Pass, affine: &Affine, rows: &Array2<f64>) {
        pass.constant += &rows.dot(&affine.bias);
        let mut magnitude = affine.bias.mapv(f64::abs);
        let mut largest: f64 = 1.0;
        for (input, linear) in &affine.terms {
            let size = self.largest(*input);
            largest = size.iter().fold(largest, |a, &b| a.max(b));
            linear.add_absolute_product(&size, &mut magnitude);
            self.add(pass, *input, linear.rows_times(rows));
        }
        let sizes = affine.terms.iter().map(|(_, linear)| linear.inputs());
        let products = rows.ncols() * sizes.sum::<usize>();
        // One factor for the sums over rows and terms, one for what underflows.
        let relative = (rows.ncols() + affine.terms.len() + 8) as f64 * f64::EPSILON;
        let underflow = products as f64 * f64::MIN_POSITIVE * largest;
        for (error, row) in pass.error.iter_mut().zip(rows.outer_iter()) {
            let weighted: f64 = row.iter().zip(&magnitude).map(|(a, m)| a.abs() * m).sum();
            *error += relative * weighted + underflow;
        }
    }

    /// The largest magnitude of each neuron of a node.
    fn largest(&self, node: NodeId) -> Array1<f64> {
        let bounds = &self.boxes[node.index()];
        bounds.lower().iter().zip(bounds.upper()).map(|(l, u)| l.abs().max(u.abs())).collect()
    }

    /// Adds coefficients to those that other readers of the node have left.
    fn add(&self, pass: &mut Pass, node: NodeId, rows: Array2<f64>) {
        let Some(sum) = &mut pass.coefficients[node.index()] else {
            pass.coefficients[node.index()] = Some(rows);
            return;
        };
        *sum += &rows;
        let largest = self.largest(node);
        for (error, row) in pass.error.iter_mut().zip(sum.outer_iter()) {
            let weighted: f64 = row.iter().zip(&largest).map(|(a, x)| a.abs() * x).sum();
            *error += f64::EPSILON * weighted;
        }
    }

    fn at_input(&self, pass: Pass, rows: &Array2<f64>) -> Vec<f64> {
        let domain = &self.boxes[0];
        let intervals = Centered::new(domain.lower(), domain.upper());
        let least = rows.outer_iter().zip(&pass.constant).map(|(row, &constant)| {
            let mut sum = RangeSum::default();
            sum.add(1.0, constant, constant);
            let copied;
            let row = match row.as_slice() {
                Some(row) => row,
                None => {
                    copied = row.to_vec();
                    &copied
                }
            };
            sum.add_row(row, &intervals);
            let in_ball = self.ball.map(|ball| ball.least(row, constant, domain));
            sum.rounded_outward().0.max(in_ball.unwrap_or(f64::NEG_INFINITY))
        });
        finish(&least.collect(), &pass.error)
    }
}

/// Replaces an activation by lines; the rows become those of its pre-activation.
fn through_activation(
    pass: &mut Pass,
    lines: &Lines,
    slopes: Option<&Array2<f64>>,
    mut rows: Array2<f64>,
    mut kept: Option<&mut Array2<f64>>,
) -> Array2<f64> {
    let relative = (rows.ncols() + 8) as f64 * f64::EPSILON;
    for (position, mut row) in rows.outer_iter_mut().enumerate() {
        let (mut intercepts, mut magnitude) = (0.0, 0.0);
        for (index, coefficient) in row.iter_mut().enumerate() {
            let line = match slopes {
                None => lines.below(index, *coefficient),
                Some(slopes) => lines.below_with(index, *coefficient, slopes[(position, index)]),
            };
            intercepts += line.intercept;
            magnitude += line.magnitude;
            *coefficient = line.slope;
            if let Some(kept) = &mut kept {
                kept[(position, index)] = line.intercept;
            }
        }
        pass.constant[position] += intercepts;
        pass.error[position] += relative * (magnitude + pass.constant[position].abs());
    }
    rows
}

fn finish(values: &Array1<f64>, errors: &Array1<f64>) -> Vec<f64> {
    let bound = |(&value, &error): (&f64, &f64)| {
        // Twice, for the rounding of the error terms themselves.
        let bound = below(value, 2.0 * error);
        if bound.is_finite() { bound } else { f64::NEG_INFINITY }
    };
    values.iter().zip(errors).map(bound).collect()
}
