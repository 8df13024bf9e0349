//! Values of the canonical form at points, the phases there, and the gradient.

use ndarray::{Array2, ArrayView2, Axis, Zip};

use super::{ActivationLayer, Affine, Node, NodeId, Phase, ReluGraph};

impl ReluGraph {
    /// Values of every node for a batch of inputs (batch × inputs): one array
    /// (batch × size) a node, in the order of [`nodes`](Self::nodes).
    ///
    /// # Panics
    /// If the number of columns is not the number of inputs.
    pub fn evaluate_all(&self, inputs: ArrayView2<f64>) -> Vec<Array2<f64>> {
        assert_eq!(inputs.ncols(), self.sizes[0], "columns of a batch of inputs");
        let mut values: Vec<Array2<f64>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let value = match node.as_ref() {
                Node::Input { .. } => inputs.to_owned(),
                Node::Affine(Affine { terms, bias }) => {
                    let shape = (inputs.nrows(), bias.len());
                    let mut out = Array2::zeros(shape);
                    for (id, linear) in terms {
                        linear.add_product(values[id.0].view(), out.view_mut());
                    }
                    out + bias
                }
                Node::Relu { input } => values[input.0].mapv(|a| a.max(0.0)),
                Node::Clip { input, ceiling } => {
                    let mut out = values[input.0].mapv(|a| a.max(0.0));
                    out.axis_iter_mut(Axis(0)).for_each(|mut row| {
                        row.zip_mut_with(ceiling, |x, c| *x = x.min(*c));
                    });
                    out
                }
            };
            values.push(value);
        }
        values
    }

    /// Outputs (batch × outputs) for a batch of inputs (batch × inputs).
    ///
    /// # Panics
    /// If the number of columns is not the number of inputs.
    pub fn evaluate(&self, inputs: ArrayView2<f64>) -> Array2<f64> {
        self.evaluate_all(inputs).swap_remove(self.output.0)
    }

    /// Gradients with respect to the inputs of `weights · value` of a node, one for each row of
    /// weights (rows × size of the node), given the values of all nodes
    /// ([`evaluate_all`](Self::evaluate_all)) at a point for each row, or at one for all of them.
    /// Where a neuron sits at a kink, the flat piece counts.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn gradients(
        &self,
        values: &[Array2<f64>],
        node: NodeId,
        weights: Array2<f64>,
    ) -> Array2<f64> {
        assert_eq!(weights.ncols(), self.size(node), "weights of a node");
        let shape = (weights.nrows(), self.sizes[0]);
        let mut gradients: Vec<Option<Array2<f64>>> = vec![None; node.0 + 1];
        gradients[node.0] = Some(weights);
        let add = |to: &mut Option<Array2<f64>>, gradient: Array2<f64>| match to {
            Some(sum) => *sum += &gradient,
            None => *to = Some(gradient),
        };
        for position in (1..=node.0).rev() {
            let Some(mut gradient) = gradients[position].take() else { continue };
            match self.nodes[position].as_ref() {
                Node::Input { .. } => {}
                Node::Affine(affine) => {
                    for (input, linear) in &affine.terms {
                        add(&mut gradients[input.0], linear.rows_times(&gradient));
                    }
                }
                Node::Relu { input } | Node::Clip { input, .. } => {
                    // The output differs from both flat values on the slope only.
                    Zip::from(&mut gradient)
                        .and_broadcast(&values[input.0])
                        .and_broadcast(&values[position])
                        .for_each(|slope, &a, &y| {
                            if a <= 0.0 || a != y {
                                *slope = 0.0;
                            }
                        });
                    add(&mut gradients[input.0], gradient);
                }
            }
        }
        gradients.swap_remove(0).unwrap_or_else(|| Array2::zeros(shape))
    }

    /// Activation pattern of a point: the phase of each neuron, layer by layer.
    /// A pre-activation of exactly 0 counts as inactive, one at the ceiling as
    /// active.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn pattern(&self, point: &[f64]) -> Vec<Vec<Phase>> {
        let batch = ArrayView2::from_shape((1, point.len()), point).expect("one row");
        let values = self.evaluate_all(batch);
        let phase = |a: f64, ceiling: Option<f64>| match ceiling {
            _ if a <= 0.0 => Phase::Inactive,
            Some(ceiling) if a > ceiling => Phase::Saturated,
            _ => Phase::Active,
        };
        let layers = self.activation_layers();
        let of_layer = |layer: ActivationLayer| {
            let a = values[layer.pre_activation.0].row(0);
            a.iter().enumerate().map(|(i, &a)| phase(a, layer.ceiling(i))).collect()
        };
        layers.map(of_layer).collect()
    }
}
