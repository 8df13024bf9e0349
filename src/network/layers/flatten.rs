//! `Flatten`: to two dimensions, the axes before `axis` and the rest.
//! <https://onnx.ai/onnx/operators/onnx__Flatten.html>

use ndarray::{ArrayD, ArrayViewD};

use super::{Layer, Lowered, batched, reshaped};
use crate::network::operator::{Attribute, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};

#[derive(Debug)]
struct Flatten {
    axis: i64,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    Ok(Box::new(Flatten { axis: reader.integer("axis", 1)? }))
}

impl Flatten {
    /// The first axis behind the cut, counted from the front.
    fn axis(&self, shape: &[usize]) -> Result<usize, LayerError> {
        let rank = shape.len() as i64;
        let axis = if self.axis < 0 { self.axis + rank } else { self.axis };
        if !(0..=rank).contains(&axis) {
            let found = format!("axis {} of a tensor of shape {shape:?}", self.axis);
            return Err(LayerError::Shape { found, expected: format!("-{rank} to {rank}") });
        }
        Ok(axis as usize)
    }
}

impl Layer for Flatten {
    fn operator(&self) -> Operator {
        let operator = Operator::new("Flatten", vec![Operand::Data]);
        operator.with("axis", Attribute::Integer(self.axis))
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let (front, back) = inputs[0].split_at(self.axis(inputs[0])?);
        Ok(vec![front.iter().product(), back.iter().product()])
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let shape = self.output_shape(&[&inputs[0].shape()[1..]]).expect("checked shapes");
        reshaped(&inputs[0], batched(inputs[0].shape()[0], &shape))
    }

    fn lower(&self, inputs: &[Lowered<'_>], _: &mut ReluGraph) -> Result<NodeId, LayerError> {
        Ok(inputs[0].node)
    }

    fn for_one_row(&self, _: usize, inputs: &[&[usize]]) -> Option<Operator> {
        let axis = self.axis(inputs[0]).ok()?;
        (axis > 0).then(|| self.operator())
    }
}
