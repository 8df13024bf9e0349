//! `Max` and `Min` of two operands, elementwise with broadcasting: one of them may
//! be a constant. <https://onnx.ai/onnx/operators/onnx__Max.html>,
//! <https://onnx.ai/onnx/operators/onnx__Min.html>
//!
//! The standard allows any number of operands; more or fewer than two are refused.
//!
//! Canonical form: `max(a, b) = a + relu(b − a)`, `min(a, b) = a − relu(a − b)`; with a
//! constant as in [`super::clip`]. `min(relu(a), c)` with `c > 0` is a clipped ReLU with
//! a ceiling for each element, which `Clip` cannot express.

use ndarray::{Array1, ArrayD, ArrayViewD, IxDyn};

use super::add::selection;
use super::broadcast::{align, broadcast, repeated_elements};
use super::clip::at_least;
use super::rows::{common_rank, constant_for_one_row};
use super::{Layer, Lowered, batched, select};
use crate::network::linear::Linear;
use crate::network::operator::{Constant, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{Node, NodeId, ReluGraph};

#[derive(Debug)]
struct Max {
    op: &'static str,
    /// `sign · max(sign · a, sign · b)`: 1 for the maximum, −1 for the minimum.
    sign: f64,
    constant: Option<ArrayD<f64>>,
}

pub(super) fn read_max(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    read(reader, "Max", 1.0)
}

pub(super) fn read_min(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    read(reader, "Min", -1.0)
}

fn read(
    reader: &mut OperatorReader,
    op: &'static str,
    sign: f64,
) -> Result<Box<dyn Layer>, LayerError> {
    // The order of the operands makes no difference.
    let constant = match (reader.peek(0), reader.peek(1)) {
        (Operand::Data, Operand::Data) => {
            reader.data(0)?;
            reader.data(1)?;
            None
        }
        (Operand::Data, _) => {
            reader.data(0)?;
            Some(reader.weights(1)?)
        }
        _ => {
            reader.data(1)?;
            Some(reader.weights(0)?)
        }
    };
    Ok(Box::new(Max { op, sign, constant }))
}

impl Max {
    fn of(&self, a: f64, b: f64) -> f64 {
        if self.sign == 1.0 { a.max(b) } else { a.min(b) }
    }

    /// The other operand of a lowered one, in the shape of the result.
    fn lower_constant(
        &self,
        constant: &ArrayD<f64>,
        x: NodeId,
        shape: &[usize],
        graph: &mut ReluGraph,
    ) -> NodeId {
        let constant = constant.broadcast(IxDyn(shape)).expect("checked shapes");
        let limits: Array1<f64> = constant.iter().copied().collect();
        match graph.node(x) {
            Node::Relu { input } if self.sign < 0.0 && limits.iter().all(|&c| c > 0.0) => {
                let input = *input;
                graph.clip(input, limits)
            }
            _ => at_least(graph, x, &limits.mapv(|c| self.sign * c), self.sign),
        }
    }
}

impl Layer for Max {
    fn operator(&self) -> Operator {
        let second = match &self.constant {
            None => Operand::Data,
            Some(values) => Operand::Constant(Constant::Float(values.clone())),
        };
        Operator::new(self.op, vec![Operand::Data, second])
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let second = self.constant.as_ref().map_or_else(|| inputs[1], |values| values.shape());
        broadcast(inputs[0], second)
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let shapes: Vec<&[usize]> = inputs.iter().map(|x| &x.shape()[1..]).collect();
        let shape = self.output_shape(&shapes).expect("checked shapes");
        let all = batched(inputs[0].shape()[0], &shape);
        let aligned = |x| align(x, shape.len());
        let second = self.constant.as_ref().map(|values| values.view());
        let second = second.unwrap_or_else(|| aligned(inputs.last().expect("two operands")));
        let mut values = aligned(&inputs[0]).broadcast(all).expect("checked shapes").to_owned();
        values.zip_mut_with(&second, |a, &b| *a = self.of(*a, b));
        values
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let shapes: Vec<&[usize]> = inputs.iter().map(|input| input.shape).collect();
        let shape = self.output_shape(&shapes).expect("checked shapes");
        let elements = repeated_elements(inputs[0].shape, &shape);
        let a = select(graph, inputs[0].node, &elements);
        if let Some(constant) = &self.constant {
            return Ok(self.lower_constant(constant, a, &shape, graph));
        }
        let bias = Array1::zeros(elements.len());
        let scaled = |factor| Linear::scaled_identity(elements.len(), factor);
        let b = selection(inputs[1].shape, &shape, self.sign);
        let excess = vec![(inputs[1].node, b), (a, scaled(-self.sign))];
        let excess = graph.affine(excess, bias.clone());
        let excess = graph.relu(excess);
        Ok(graph.affine(vec![(a, scaled(1.0)), (excess, scaled(self.sign))], bias))
    }

    fn for_one_row(&self, rows: usize, inputs: &[&[usize]]) -> Option<Operator> {
        let rank = common_rank(inputs)?;
        let constant = match &self.constant {
            Some(values) => Some(constant_for_one_row(values, rows, rank)?),
            None => None,
        };
        Some(Max { constant, ..*self }.operator())
    }
}
