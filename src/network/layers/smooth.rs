//! `Tanh`: `y = tanh(x)`; `Sigmoid`: `y = 1 / (1 + e⁻ˣ)`.
//! <https://onnx.ai/onnx/operators/onnx__Tanh.html>,
//! <https://onnx.ai/onnx/operators/onnx__Sigmoid.html>
//!
//! They are smooth, so they have no canonical form: a network with them can be evaluated,
//! read and written, and [`lower`](super::Layer::lower) says why nothing exact is done with it.

use ndarray::{ArrayD, ArrayViewD};

use super::{Layer, Lowered};
use crate::network::operator::{LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};

/// Why a smooth operator has no canonical form.
pub const SMOOTH: &str = "it is smooth, not piecewise linear";

/// What is expected in the place of an activation that is not piecewise linear.
pub const PIECEWISE: &str = "Relu, LeakyRelu, PRelu, Clip, HardSigmoid, Abs or Max in its place, \
                             trained with it (piecewise linear)";

#[derive(Clone, Copy, Debug)]
enum Smooth {
    Sigmoid,
    Tanh,
}

pub(super) fn read_sigmoid(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    Ok(Box::new(Smooth::Sigmoid))
}

pub(super) fn read_tanh(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    Ok(Box::new(Smooth::Tanh))
}

/// No exponential is above 1, so none is infinite.
fn sigmoid(x: f64) -> f64 {
    let small = (-x.abs()).exp();
    let above = 1.0 / (1.0 + small);
    if x < 0.0 { small * above } else { above }
}

impl Layer for Smooth {
    fn operator(&self) -> Operator {
        let op = match self {
            Self::Sigmoid => "Sigmoid",
            Self::Tanh => "Tanh",
        };
        Operator::new(op, vec![Operand::Data])
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        Ok(inputs[0].to_vec())
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        match self {
            Self::Sigmoid => inputs[0].mapv(sigmoid),
            Self::Tanh => inputs[0].mapv(f64::tanh),
        }
    }

    fn lower(&self, _: &[Lowered<'_>], _: &mut ReluGraph) -> Result<NodeId, LayerError> {
        Err(LayerError::Shape { found: SMOOTH.to_string(), expected: PIECEWISE.to_string() })
    }

    fn for_one_row(&self, _: usize, _: &[&[usize]]) -> Option<Operator> {
        Some(self.operator())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 / (1 + e^−ln 3) = 3/4; far out the values are those of the limits, and not NaN.
    #[test]
    fn sigmoid_by_hand() {
        assert!((sigmoid(3f64.ln()) - 0.75).abs() < 1e-15);
        assert!((sigmoid(-(3f64.ln())) - 0.25).abs() < 1e-15);
        assert_eq!((sigmoid(0.0), sigmoid(1e300), sigmoid(-1e300)), (0.5, 1.0, 0.0));
        assert!(sigmoid(f64::NAN).is_nan());
    }
}
