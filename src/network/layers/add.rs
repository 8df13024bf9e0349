//! `Add` and `Sub`: `y = a ± b`, elementwise with broadcasting; constants on
//! either side, or both sides computed from the input.
//! <https://onnx.ai/onnx/operators/onnx__Add.html>

use ndarray::{Array1, ArrayD, ArrayViewD, IxDyn};

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
        broadcast(&shapes[0], &shapes[1]).ok_or_else(|| LayerError::Shape {
            found: format!("operands of shapes {:?} and {:?}", shapes[0], shapes[1]),
            expected: "shapes that are equal or broadcast to each other".to_string(),
        })
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

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> NodeId {
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
        graph.affine(terms, bias)
    }
}

/// The shape that both broadcast to, by the rules of NumPy.
fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let dimension = |shape: &[usize], axis: usize| {
        (axis + shape.len()).checked_sub(rank).map_or(1, |position| shape[position])
    };
    let joined = |axis| match (dimension(a, axis), dimension(b, axis)) {
        (m, n) if m == n || n == 1 => Some(m),
        (1, n) => Some(n),
        _ => None,
    };
    (0..rank).map(joined).collect()
}

/// Puts axes of length 1 behind the batch axis until the rank is `rank + 1`.
fn align<'a>(values: &'a ArrayViewD<'a, f64>, rank: usize) -> ArrayViewD<'a, f64> {
    let mut aligned = values.view();
    while aligned.ndim() <= rank {
        aligned = aligned.insert_axis(ndarray::Axis(1));
    }
    aligned
}

/// `factor` times the map that repeats a tensor along the axes it is broadcast on.
fn selection(from: &[usize], to: &[usize], factor: f64) -> Linear {
    let size = element_count(from).expect("checked shapes");
    if from == to {
        return Linear::scaled_identity(size, factor);
    }
    let positions =
        ArrayD::from_shape_vec(IxDyn(from), (0..size).collect()).expect("one a element");
    let positions = positions.broadcast(IxDyn(to)).expect("checked shapes");
    let rows: Vec<_> = positions.iter().map(|&position| [(position, factor)]).collect();
    Linear::Sparse(SparseRows::from_rows(size, rows))
}
