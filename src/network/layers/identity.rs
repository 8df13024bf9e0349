//! `Identity`: `y = x`.
//! <https://onnx.ai/onnx/operators/onnx__Identity.html>

use ndarray::{ArrayD, ArrayViewD};

use super::{Layer, Lowered};
use crate::network::operator::{LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};

#[derive(Debug)]
struct Identity;

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    Ok(Box::new(Identity))
}

impl Layer for Identity {
    fn operator(&self) -> Operator {
        Operator::new("Identity", vec![Operand::Data])
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        Ok(inputs[0].to_vec())
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        inputs[0].to_owned()
    }

    fn lower(&self, inputs: &[Lowered<'_>], _: &mut ReluGraph) -> Result<NodeId, LayerError> {
        Ok(inputs[0].node)
    }

    fn for_one_row(&self, _: usize, _: &[&[usize]]) -> Option<Operator> {
        Some(self.operator())
    }
}
