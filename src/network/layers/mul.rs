//! `Mul` and `Div`: `y = x · c` and `y = x / c` for a constant `c`, elementwise with
//! broadcasting. <https://onnx.ai/onnx/operators/onnx__Mul.html>,
//! <https://onnx.ai/onnx/operators/onnx__Div.html>
//!
//! Where `c` is no power of two, `1/c` is no `f64`. `Div` as read is *defined* as
//! `x · w` with `w` the `f64` next to `1/c`, in the forward pass and in the canonical
//! form alike, so that both are the same function. It differs from the division
//! by a factor between `1 − 2⁻⁵³` and `1 + 2⁻⁵³`.
//!
//! A product of two computed tensors and a division by one are not piecewise
//! linear and refused, and so are divisors whose inverse has no normal `f64`.
//!
//! Canonical form: one affine map with one entry per row.

use ndarray::{ArrayD, ArrayViewD, IxDyn};

use super::broadcast::{align, broadcast, repeated_elements};
use super::rows::constant_for_one_row;
use super::{Layer, Lowered, batched, sparse};
use crate::network::operator::{Constant, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};

#[derive(Debug)]
enum Factor {
    /// `c`, left of `x` or not.
    Product { constant: ArrayD<f64>, left: bool },
    /// `c` and its rounded inverse.
    Quotient { divisor: ArrayD<f64>, inverse: ArrayD<f64> },
}

pub(super) fn read_mul(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    let left = *reader.peek(0) != Operand::Data;
    let (data, constant) = if left { (1, 0) } else { (0, 1) };
    reader.data(data)?;
    Ok(Box::new(Factor::Product { constant: reader.weights(constant)?, left }))
}

pub(super) fn read_div(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    let divisor = reader.weights(1)?;
    let inverse = divisor.mapv(f64::recip);
    if let Some((c, _)) = divisor.iter().zip(&inverse).find(|(_, w)| !w.is_normal()) {
        return Err(LayerError::Operand {
            index: 1,
            found: format!("a constant with {c}"),
            expected: "divisors whose inverse is a normal number of double precision".to_string(),
        });
    }
    Ok(Box::new(Factor::Quotient { divisor, inverse }))
}

impl Factor {
    /// What `x` is multiplied by.
    fn factors(&self) -> &ArrayD<f64> {
        match self {
            Self::Product { constant, .. } => constant,
            Self::Quotient { inverse, .. } => inverse,
        }
    }
}

impl Layer for Factor {
    fn operator(&self) -> Operator {
        let constant = |values: &ArrayD<f64>| Operand::Constant(Constant::Float(values.clone()));
        match self {
            Self::Product { constant: c, left: true } => {
                Operator::new("Mul", vec![constant(c), Operand::Data])
            }
            Self::Product { constant: c, left: false } => {
                Operator::new("Mul", vec![Operand::Data, constant(c)])
            }
            Self::Quotient { divisor, .. } => {
                Operator::new("Div", vec![Operand::Data, constant(divisor)])
            }
        }
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        broadcast(inputs[0], self.factors().shape())
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let shape = self.output_shape(&[&inputs[0].shape()[1..]]).expect("checked shapes");
        let all = batched(inputs[0].shape()[0], &shape);
        let x = align(&inputs[0], shape.len());
        let x = x.broadcast(all.clone()).expect("checked shapes");
        &x * &self.factors().broadcast(all).expect("checked shapes")
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let shape = self.output_shape(&[inputs[0].shape]).expect("checked shapes");
        let factors = self.factors().broadcast(IxDyn(&shape)).expect("checked shapes");
        let elements = repeated_elements(inputs[0].shape, &shape);
        let rows = elements.into_iter().zip(&factors).map(|(element, &w)| [(element, w)]);
        Ok(sparse(graph, inputs[0].node, rows))
    }

    fn for_one_row(&self, rows: usize, inputs: &[&[usize]]) -> Option<Operator> {
        let of_one = |values| constant_for_one_row(values, rows, inputs[0].len());
        let factor = match self {
            Self::Product { constant, left } => {
                Self::Product { constant: of_one(constant)?, left: *left }
            }
            Self::Quotient { divisor, inverse } => {
                Self::Quotient { divisor: of_one(divisor)?, inverse: of_one(inverse)? }
            }
        };
        Some(factor.operator())
    }
}
