//! `MatMul`: `Y = X W` or `Y = W X` with a constant matrix `W`.
//! <https://onnx.ai/onnx/operators/onnx__MatMul.html>
//!
//! Shapes: `X W` takes `[…, k]` and `[k, m]` to `[…, m]`; `W X` takes `[m, k]`
//! and `[…, k, c]` (or `[k]`) to `[…, m, c]` (or `[m]`). Products of two
//! computed tensors are not piecewise linear and refused.

use ndarray::{ArcArray2, Array1, Array2, ArrayD, ArrayViewD, Ix2, Ix3};

use super::{Layer, Lowered, batched, element_count, reshaped};
use crate::network::linear::Linear;
use crate::network::operator::{Constant, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};

/// On which side of the product the constant stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Left,
    Right,
}

#[derive(Debug)]
struct MatMul {
    /// out × in, whatever the side.
    weights: ArcArray2<f64>,
    side: Side,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    let side = if *reader.peek(0) == Operand::Data { Side::Right } else { Side::Left };
    let (data, constant) = if side == Side::Right { (0, 1) } else { (1, 0) };
    reader.data(data)?;
    let values = reader.weights(constant)?;
    let found = format!("a constant of shape {:?}", values.shape());
    let matrix: Array2<f64> = values.into_dimensionality::<Ix2>().map_err(|_| {
        LayerError::Operand { index: constant, found, expected: "a matrix".to_string() }
    })?;
    let weights = match side {
        Side::Left => matrix,
        Side::Right => matrix.reversed_axes().as_standard_layout().into_owned(),
    };
    Ok(Box::new(MatMul { weights: weights.into_shared(), side }))
}

impl MatMul {
    /// Splits a shape into what is repeated before the contracted axis, that
    /// axis, and what is repeated behind it.
    fn split<'a>(&self, shape: &'a [usize]) -> Option<(&'a [usize], usize, &'a [usize])> {
        let contracted = match (self.side, shape.len()) {
            (_, 0) => return None,
            (Side::Left, n) if n >= 2 => n - 2,
            (_, n) => n - 1,
        };
        Some((&shape[..contracted], shape[contracted], &shape[contracted + 1..]))
    }
}

impl Layer for MatMul {
    fn operator(&self) -> Operator {
        let constant = |w: Array2<f64>| Operand::Constant(Constant::Float(w.into_dyn()));
        let operands = match self.side {
            Side::Left => vec![constant(self.weights.to_owned()), Operand::Data],
            Side::Right => {
                vec![Operand::Data, constant(self.weights.t().as_standard_layout().into_owned())]
            }
        };
        Operator::new("MatMul", operands)
    }

    fn summary(&self) -> (String, usize) {
        ("MatMul".to_string(), self.weights.len())
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let (outputs, expected) = self.weights.dim();
        match self.split(inputs[0]) {
            Some((front, length, back)) if length == expected => {
                Ok([front, &[outputs], back].concat())
            }
            _ => Err(LayerError::Shape {
                found: format!(
                    "a tensor of shape {:?} times a matrix of {outputs} outputs × {expected} inputs",
                    inputs[0]
                ),
                expected: format!("{expected} entries along the contracted axis"),
            }),
        }
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let x = &inputs[0];
        let (batch, shape) = (x.shape()[0], &x.shape()[1..]);
        let (front, length, back) = self.split(shape).expect("checked shapes");
        let blocks = batch * front.iter().product::<usize>();
        let columns: usize = back.iter().product();
        let x = reshaped(x, ndarray::IxDyn(&[blocks, length, columns]));
        let x = x.into_dimensionality::<Ix3>().expect("three axes");
        let mut y = ndarray::Array3::zeros((blocks, self.weights.nrows(), columns));
        for (x, mut y) in x.outer_iter().zip(y.outer_iter_mut()) {
            y.assign(&self.weights.dot(&x));
        }
        let shape = self.output_shape(&[shape]).expect("checked shapes");
        reshaped(&y.into_dyn().view(), batched(batch, &shape))
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let (front, _, back) = self.split(inputs[0].shape).expect("checked shapes");
        let left = element_count(front).expect("checked shapes");
        let right = element_count(back).expect("checked shapes");
        let linear = Linear::repeated(left, &self.weights, right);
        let bias = Array1::zeros(linear.outputs());
        Ok(graph.affine(vec![(inputs[0].node, linear)], bias))
    }

    fn for_one_row(&self, _: usize, inputs: &[&[usize]]) -> Option<Operator> {
        let (front, ..) = self.split(inputs[0])?;
        (!front.is_empty()).then(|| self.operator())
    }
}
