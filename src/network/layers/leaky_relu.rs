//! `LeakyRelu`: `y = x` for `x ≥ 0`, `y = αx` for `x < 0`.
//! <https://onnx.ai/onnx/operators/onnx__LeakyRelu.html>
//!
//! Canonical form: `αx + (1 − α)·relu(x)`. Where `1 − α` has no exact `f64`, the
//! two terms `relu(x) − α·relu(x)` stand in its place.

use ndarray::{Array1, ArrayD, ArrayViewD};

use super::{Layer, Lowered};
use crate::network::linear::Linear;
use crate::network::operator::{Attribute, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};
use crate::num::exact::exact_difference;

/// Slope below zero where the attribute is left out, from the ONNX standard, whose
/// attributes have single precision.
const DEFAULT_ALPHA: f32 = 0.01;

#[derive(Debug)]
struct LeakyRelu {
    alpha: f64,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    Ok(Box::new(LeakyRelu { alpha: reader.float("alpha", DEFAULT_ALPHA.into())? }))
}

impl Layer for LeakyRelu {
    fn operator(&self) -> Operator {
        let operator = Operator::new("LeakyRelu", vec![Operand::Data]);
        operator.with("alpha", Attribute::Float(self.alpha))
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        Ok(inputs[0].to_vec())
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        inputs[0].mapv(|x| if x >= 0.0 { x } else { self.alpha * x })
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let x = inputs[0].node;
        let size = graph.size(x);
        let positive_part = graph.relu(x);
        let scaled = |factor| Linear::scaled_identity(size, factor);
        let mut terms = vec![(x, scaled(self.alpha))];
        match exact_difference(1.0, self.alpha) {
            Some(rest) => terms.push((positive_part, scaled(rest))),
            None => {
                terms.push((positive_part, scaled(1.0)));
                terms.push((positive_part, scaled(-self.alpha)));
            }
        }
        Ok(graph.affine(terms, Array1::zeros(size)))
    }

    fn for_one_row(&self, _: usize, _: &[&[usize]]) -> Option<Operator> {
        Some(self.operator())
    }
}
