//! The same network in the units of the world: a scaling as layers of its own.

use ndarray::{ArrayD, IxDyn};
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::assembly::read_layer;
use super::operator::{Attributes, Constant, Operand};
use super::{Metadata, Network, NetworkError, Scaling, Vertex};
use crate::num::IntervalBox;

impl Network {
    /// The network of raw inputs and outputs: `raw = deviation · scaled + mean` on both sides.
    /// Layers before it scale the inputs and layers behind it take the outputs back, so that what
    /// is asked is asked in raw units; factors `1 / deviation` are the nearest numbers of double
    /// precision. What has no numbers stays as it is.
    ///
    /// # Errors
    /// Numbers that do not fit the network, deviations that are not positive.
    pub fn in_raw_units(mut self, scaling: &Scaling) -> Result<Self, NetworkError> {
        scaling.check(self.inputs(), self.outputs())?;
        let Scaling { input_mean, input_deviation, output_mean, output_deviation } = scaling;
        let steps = [("input_mean", "Sub", input_mean), ("input_range", "Div", input_deviation)];
        let before = self.chain(self.order[0], &steps)?;
        if let Some(&last) = before.last() {
            self.lead_through(&before, last);
        }
        let steps =
            [("output_range", "Mul", output_deviation), ("output_mean", "Add", output_mean)];
        let behind = self.chain(self.output, &steps)?;
        self.output = behind.last().copied().unwrap_or(self.output);
        self.order.extend(behind);
        let domain = self.metadata.input_box.take();
        let input_box = domain.map(|domain| scaling.raw_box(&domain));
        self.metadata = Metadata { input_box, scaling: None, ..self.metadata };
        Ok(self)
    }

    /// Layers one behind the other, from a vertex on: of each the name, the operator and the
    /// numbers; none where there are no numbers.
    fn chain(
        &mut self,
        from: NodeIndex,
        steps: &[(&str, &str, &Vec<f64>)],
    ) -> Result<Vec<NodeIndex>, NetworkError> {
        let mut chain = Vec::new();
        let shape = self.graph[from].shape.clone();
        // Axes of length 1 in front come by broadcasting.
        let leading = shape.iter().take_while(|&&size| size == 1).count();
        let own = IxDyn(&shape[leading.min(shape.len().saturating_sub(1))..]);
        let mut last = from;
        for (name, op, numbers) in steps.iter().filter(|(.., numbers)| !numbers.is_empty()) {
            let constant = ArrayD::from_shape_vec(own.clone(), (*numbers).clone());
            let constant = Constant::Float(constant.expect("one number an element"));
            let operands = vec![Operand::Data, Operand::Constant(constant)];
            let layer = read_layer(name, op, Attributes::default(), operands)?;
            let vertex =
                Vertex { name: name.to_string(), shape: shape.clone(), layer: Some(layer) };
            let next = self.graph.add_node(vertex);
            self.graph.add_edge(last, next, 0);
            chain.push(next);
            last = next;
        }
        Ok(chain)
    }

    /// What read the input from now on reads the last of a chain of layers.
    fn lead_through(&mut self, chain: &[NodeIndex], last: NodeIndex) {
        let input = self.order[0];
        let readers = self.graph.edges(input).filter(|edge| edge.target() != chain[0]);
        let readers: Vec<_> =
            readers.map(|edge| (edge.id(), edge.target(), *edge.weight())).collect();
        for (_, reader, place) in &readers {
            self.graph.add_edge(last, *reader, *place);
        }
        let removed: Vec<_> = readers.into_iter().map(|(id, _, _)| id).collect();
        self.graph.retain_edges(|_, edge| !removed.contains(&edge));
        let rest = self.order.split_off(1);
        self.order.extend(chain);
        self.order.extend(rest);
        if self.output == input {
            self.output = last;
        }
    }
}

impl Scaling {
    /// That it fits a network.
    ///
    /// # Errors
    /// [`NetworkError::Scaling`].
    pub fn check(&self, inputs: usize, outputs: usize) -> Result<(), NetworkError> {
        let sides = [
            ("means of inputs", &self.input_mean, inputs, false),
            ("deviations of inputs", &self.input_deviation, inputs, true),
            ("means of outputs", &self.output_mean, outputs, false),
            ("deviations of outputs", &self.output_deviation, outputs, true),
        ];
        for (what, numbers, expected, is_positive) in sides {
            let refused = |found: String, expected: String| {
                Err(NetworkError::Scaling { what: what.to_string(), found, expected })
            };
            if !numbers.is_empty() && numbers.len() != expected {
                return refused(numbers.len().to_string(), format!("{expected}, one for each"));
            }
            let is_wrong = |x: &&f64| !x.is_finite() || (is_positive && **x <= 0.0);
            if let Some(wrong) = numbers.iter().find(is_wrong) {
                let kind = if is_positive { "positive numbers" } else { "numbers" };
                return refused(wrong.to_string(), kind.to_string());
            }
        }
        Ok(())
    }

    /// A box of scaled inputs in raw units, its ends rounded outward.
    pub fn raw_box(&self, scaled: &IntervalBox) -> IntervalBox {
        let side = |ends: &[f64], outward: fn(f64) -> f64| {
            let raw = ends.iter().enumerate().map(|(input, &end)| {
                let deviation = self.input_deviation.get(input).copied().unwrap_or(1.0);
                let mean = self.input_mean.get(input).copied().unwrap_or(0.0);
                let exact = deviation == 1.0 && mean == 0.0;
                let raw = deviation * end + mean;
                if exact { raw } else { outward(raw) }
            });
            raw.collect()
        };
        let (lower, upper) =
            (side(scaled.lower(), f64::next_down), side(scaled.upper(), f64::next_up));
        IntervalBox::new(lower, upper).expect("ends in order")
    }
}
