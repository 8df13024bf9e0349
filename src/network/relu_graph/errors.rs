//! What rounding does to values at a point, and values in twice the digits.

use ndarray::{Array1, Array2, ArrayView2};

use super::{Affine, Node, NodeId, ReluGraph};
use crate::num::IntervalBox;
use crate::num::rounding::{above, below, sum_error};
use crate::num::twofold::Twofold;

impl ReluGraph {
    /// Bounds on what rounding has done to each neuron of a node at one point, given the values of all
    /// nodes there ([`evaluate_all`](Self::evaluate_all) of one row): `e(a) = |W| e(x) +
    /// γ (|W| |x| + |b|)`, in whatever order sums are taken.
    pub fn rounding_errors(&self, values: &[Array2<f64>], node: NodeId) -> Array1<f64> {
        self.forward_errors(node, |affine, mut before| {
            let mut magnitude = affine.bias.mapv(f64::abs);
            for (operand, linear) in &affine.terms {
                let size = values[operand.0].row(0).mapv(f64::abs);
                linear.add_absolute_product(&size, &mut magnitude);
            }
            let terms = 1 + affine.terms.iter().map(|(_, linear)| linear.inputs()).sum::<usize>();
            before.zip_mut_with(&magnitude, |e, &m| *e += sum_error(terms, m + *e));
            before
        })
    }

    /// Bounds on what underflow alone has done to each neuron of a node, in `f64` or in twice
    /// the digits.
    fn underflow_errors(&self, node: NodeId) -> Array1<f64> {
        self.forward_errors(node, |affine, before| {
            let terms = 1 + affine.terms.iter().map(|(_, linear)| linear.inputs()).sum::<usize>();
            // The last digit there is, for each product and each of its two errors.
            let last = 4.0 * terms as f64 * f64::from_bits(1);
            before.mapv(|e: f64| (e * (1.0 + 1e-9) + last).next_up())
        })
    }

    /// Errors forward through the graph: `of_affine` makes of `|W| e(x)` the error of an affine
    /// node; activations magnify none.
    fn forward_errors(
        &self,
        last: NodeId,
        of_affine: impl Fn(&Affine, Array1<f64>) -> Array1<f64>,
    ) -> Array1<f64> {
        let mut errors: Vec<Array1<f64>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes[..=last.0] {
            errors.push(match node.as_ref() {
                Node::Input { size } => Array1::zeros(*size),
                Node::Relu { input } | Node::Clip { input, .. } => errors[input.0].clone(),
                Node::Affine(affine) => {
                    let mut before = Array1::zeros(affine.bias.len());
                    for (operand, linear) in &affine.terms {
                        linear.add_absolute_product(&errors[operand.0], &mut before);
                    }
                    of_affine(affine, before)
                }
            });
        }
        errors.swap_remove(last.0)
    }

    /// Bounds of a node at one point, as close as `f64` can tell: computed in twice the
    /// digits, in which sums have at most the error that [`rounding_errors`](Self::rounding_errors)
    /// bounds for `f64`, times `2⁻⁴⁸`: each operation is off by some units of the last of 104
    /// bits. `None` where a value is not finite.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn bounds_at(&self, input: &[f64], node: NodeId) -> Option<IntervalBox> {
        /// Far above `16 · 2⁻⁵³`, which the operations come to.
        const OF_TWICE_THE_DIGITS: f64 = 1.0 / (1u64 << 48) as f64;
        let batch = ArrayView2::from_shape((1, input.len()), input).expect("one row");
        let errors = self.rounding_errors(&self.evaluate_all(batch), node);
        let values = self.evaluate_accurately(input, node);
        // More digits do not mend what underflows.
        let underflow = self.underflow_errors(node);
        let ends =
            values.iter().zip(errors.iter().zip(&underflow)).map(|(value, (error, lost))| {
                let value = value.rounded();
                let error = (OF_TWICE_THE_DIGITS * error + lost).next_up();
                // One more step for the rounding of the value itself.
                (below(value.next_down(), error), above(value.next_up(), error))
            });
        let (lower, upper) = ends.unzip();
        IntervalBox::new(lower, upper).ok()
    }

    /// A node at one point in twice the digits.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn evaluate_accurately(&self, input: &[f64], node: NodeId) -> Vec<Twofold> {
        assert_eq!(input.len(), self.sizes[0], "coordinates of a point");
        let mut values: Vec<Vec<Twofold>> = Vec::with_capacity(self.nodes.len());
        let last = node;
        for node in &self.nodes[..=last.0] {
            values.push(match node.as_ref() {
                Node::Input { .. } => input.iter().map(|&x| x.into()).collect(),
                Node::Relu { input } => {
                    values[input.0].iter().map(|a| a.max(Twofold::default())).collect()
                }
                Node::Clip { input, ceiling } => {
                    let neurons = values[input.0].iter().zip(ceiling);
                    neurons.map(|(a, &c)| a.max(Twofold::default()).min(c.into())).collect()
                }
                Node::Affine(affine) => {
                    let row = |row: usize| {
                        let mut sum = Twofold::from(affine.bias[row]);
                        for (operand, linear) in &affine.terms {
                            for (column, weight) in linear.row(row) {
                                sum.add_product(weight, values[operand.0][column]);
                            }
                        }
                        sum
                    };
                    (0..affine.bias.len()).map(row).collect()
                }
            });
        }
        values.swap_remove(last.0)
    }

    /// The size of the sums behind each output at one point, given the values of all nodes
    /// there ([`evaluate_all`](Self::evaluate_all) of one row): `Σ |w| |x| + |b|` through the
    /// affine maps behind the last activation. Rounding errors of a forward pass are relative
    /// to it, not to the outputs, which may be differences of large numbers.
    pub fn magnitudes(&self, values: &[Array2<f64>]) -> Array1<f64> {
        self.magnitudes_of(self.output, values)
    }

    fn magnitudes_of(&self, id: NodeId, values: &[Array2<f64>]) -> Array1<f64> {
        match self.nodes[id.0].as_ref() {
            Node::Input { .. } => values[id.0].row(0).mapv(f64::abs),
            Node::Relu { input } | Node::Clip { input, .. } => self.magnitudes_of(*input, values),
            Node::Affine(affine) => {
                let mut sum = affine.bias.mapv(f64::abs);
                for (operand, linear) in &affine.terms {
                    let size = match self.nodes[operand.0].as_ref() {
                        Node::Affine(_) => self.magnitudes_of(*operand, values),
                        _ => values[operand.0].row(0).mapv(f64::abs),
                    };
                    linear.add_absolute_product(&size, &mut sum);
                }
                sum
            }
        }
    }
}
