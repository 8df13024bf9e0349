//! `Add` and `Sub`: `y = a ± b`, elementwise with broadcasting; constants on
//! either side, or both sides computed from the input.
//! <https://onnx.ai/onnx/operators/onnx__Add.html>

use ndarray::{Array1, ArrayD, ArrayViewD, IxDyn};

use super::broadcast::{align, broadcast, repeated_elements};
use super::rows::{common_rank, constant_for_one_row};
use super::{Layer, Lowered, batched, element_count};
use crate::network::linear::{Linear, SparseRows};
use crate::network::operator::{Constant, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};

#[derive(Debug)]
struct Add {
    op: &'static str,
    /// Sign of the second operand.
    sign: f64,
    /// The two operands; `None` for data.
    operands: [Option<ArrayD<f64>>; 2],
}

pub(super) fn read_add(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    read(reader, "Add", 1.0)
}

pub(super) fn read_sub(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    read(reader, "Sub", -1.0)
}

fn read(
    reader: &mut OperatorReader,
    op: &'static str,
    sign: f64,
) -> Result<Box<dyn Layer>, LayerError> {
    let mut operand = |index: usize| match reader.peek(index) {
        Operand::Data => reader.data(index).map(|()| None),
        _ => reader.weights(index).map(Some),
    };
    Ok(Box::new(Add { op, sign, operands: [operand(0)?, operand(1)?] }))
}

impl Add {
    fn sign(&self, index: usize) -> f64 {
        if index == 0 { 1.0 } else { self.sign }
    }
}

impl Layer for Add {
    fn operator(&self) -> Operator {
        let operand = |values: &Option<ArrayD<f64>>| match values {
            None => Operand::Data,
            Some(values) => Operand::Constant(Constant::Float(values.clone())),
        };
        Operator::new(self.op, self.operands.iter().map(operand).collect())
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let mut data = inputs.iter();
        let shapes = self.operands.each_ref().map(|operand| match operand {
            Some(values) => values.shape().to_vec(),
            None => data.next().expect("one shape a data operand").to_vec(),
        });
        broadcast(&shapes[0], &shapes[1])
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let shapes: Vec<&[usize]> = inputs.iter().map(|x| &x.shape()[1..]).collect();
        let shape = self.output_shape(&shapes).expect("checked shapes");
        let batch = inputs[0].shape()[0];
        let mut sum = ArrayD::zeros(batched(batch, &shape));
        let mut data = inputs.iter();
        for (index, operand) in self.operands.iter().enumerate() {
            let values = match operand {
                Some(values) => values.view(),
                None => align(data.next().expect("one array a data operand"), shape.len()),
            };
            let values = values.broadcast(sum.raw_dim()).expect("checked shapes");
            sum.scaled_add(self.sign(index), &values);
        }
        sum
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let shapes: Vec<&[usize]> = inputs.iter().map(|input| input.shape).collect();
        let shape = self.output_shape(&shapes).expect("checked shapes");
        let size = element_count(&shape).expect("checked shapes");
        let mut bias = Array1::zeros(size);
        let mut terms = Vec::new();
        let mut data = inputs.iter();
        for (index, operand) in self.operands.iter().enumerate() {
            let sign = self.sign(index);
            match operand {
                // Only one operand is a constant, so this adds to zero: exact.
                Some(values) => {
                    let values = values.broadcast(IxDyn(&shape)).expect("checked shapes");
                    bias.iter_mut().zip(values).for_each(|(b, v)| *b += sign * v);
                }
                None => {
                    let input = data.next().expect("one node a data operand");
                    terms.push((input.node, selection(input.shape, &shape, sign)));
                }
            }
        }
        Ok(graph.affine(terms, bias))
    }

    fn for_one_row(&self, rows: usize, inputs: &[&[usize]]) -> Option<Operator> {
        let rank = common_rank(inputs)?;
        let [first, second] = self.operands.each_ref().map(|operand| match operand {
            Some(values) => constant_for_one_row(values, rows, rank).map(Some),
            None => Some(None),
        });
        Some(Add { operands: [first?, second?], ..*self }.operator())
    }
}

/// `factor` times the map that repeats a tensor along the axes it is broadcast on.
pub(super) fn selection(from: &[usize], to: &[usize], factor: f64) -> Linear {
    let size = element_count(from).expect("checked shapes");
    if from == to {
        return Linear::scaled_identity(size, factor);
    }
    let elements = repeated_elements(from, to);
    let rows = elements.into_iter().map(|element| [(element, factor)]);
    Linear::Sparse(SparseRows::from_rows(size, rows))
}
