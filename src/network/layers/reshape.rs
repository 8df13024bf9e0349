//! `Reshape`: the same elements in another shape; −1 stands for what is left, 0
//! for the dimension of the input (unless `allowzero`).
//! <https://onnx.ai/onnx/operators/onnx__Reshape.html>

use ndarray::{Array1, ArrayD, ArrayViewD};

use super::{Layer, Lowered, batched, element_count, reshaped};
use crate::network::operator::{
    Attribute, Constant, LayerError, Operand, Operator, OperatorReader,
};
use crate::network::relu_graph::{NodeId, ReluGraph};

#[derive(Debug)]
struct Reshape {
    target: Vec<i64>,
    allow_zero: bool,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    Ok(Box::new(Reshape { target: reader.integers(1)?, allow_zero: reader.flag("allowzero")? }))
}

impl Layer for Reshape {
    fn operator(&self) -> Operator {
        let target = Constant::Integer(Array1::from(self.target.clone()).into_dyn());
        let operator = Operator::new("Reshape", vec![Operand::Data, Operand::Constant(target)]);
        match self.allow_zero {
            false => operator,
            true => operator.with("allowzero", Attribute::Integer(1)),
        }
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let shape = inputs[0];
        let refused = || LayerError::Shape {
            found: format!("a tensor of shape {shape:?} to be reshaped to {:?}", self.target),
            expected: "a target with as many elements and at most one -1".to_string(),
        };
        let dimension = |(axis, &d): (usize, &i64)| match d {
            0 if !self.allow_zero => shape.get(axis).copied().map(Some).ok_or_else(refused),
            -1 => Ok(None),
            d => usize::try_from(d).map(Some).map_err(|_| refused()),
        };
        let target: Vec<Option<usize>> =
            self.target.iter().enumerate().map(dimension).collect::<Result<_, _>>()?;
        let known: Vec<usize> = target.iter().flatten().copied().collect();
        let known = element_count(&known).ok_or_else(refused)?;
        let total = element_count(shape).ok_or_else(refused)?;
        let rest = match target.len() - target.iter().flatten().count() {
            0 if known == total => 1,
            1 if known > 0 && total % known == 0 => total / known,
            _ => return Err(refused()),
        };
        Ok(target.into_iter().map(|d| d.unwrap_or(rest)).collect())
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let shape = self.output_shape(&[&inputs[0].shape()[1..]]).expect("checked shapes");
        reshaped(&inputs[0], batched(inputs[0].shape()[0], &shape))
    }

    fn lower(&self, inputs: &[Lowered<'_>], _: &mut ReluGraph) -> Result<NodeId, LayerError> {
        Ok(inputs[0].node)
    }

    /// In row-major order the blocks stay whole where their number divides the new first axis.
    fn for_one_row(&self, rows: usize, inputs: &[&[usize]]) -> Option<Operator> {
        let mut shape = self.output_shape(inputs).ok()?;
        let first = shape.first_mut().filter(|first| first.is_multiple_of(rows))?;
        *first /= rows;
        let target = shape.into_iter().map(|d| i64::try_from(d).ok()).collect::<Option<_>>()?;
        Some(Reshape { target, allow_zero: false }.operator())
    }
}
