//! `Gather`: the slices at constant positions along one axis.
//! <https://onnx.ai/onnx/operators/onnx__Gather.html>
//!
//! Shapes: an axis of length `n` is replaced by the axes of `indices`, whole numbers
//! from `−n` to `n − 1`; negative ones count from the end.
//!
//! Canonical form: one affine map that copies.

use ndarray::{Array1, ArrayD, ArrayViewD, Axis, IxDyn};

use super::{Layer, Lowered, batched, element_count, reshaped, select};
use crate::network::operator::{
    Attribute, Constant, LayerError, Operand, Operator, OperatorReader,
};
use crate::network::relu_graph::{NodeId, ReluGraph};

#[derive(Debug)]
struct Gather {
    indices: ArrayD<i64>,
    axis: i64,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    let indices = reader.integer_array(1)?;
    Ok(Box::new(Gather { indices, axis: reader.integer("axis", 0)? }))
}

impl Gather {
    /// The axis, and the positions along it.
    fn over(&self, shape: &[usize]) -> Result<(usize, Vec<usize>), LayerError> {
        let refused = |what: String, expected: String| {
            let found = format!("{what} of a tensor of shape {shape:?}");
            LayerError::Shape { found, expected }
        };
        let position = |index: i64, length: usize| {
            let from_start =
                if index < 0 { index.checked_add_unsigned(length as u64)? } else { index };
            usize::try_from(from_start).ok().filter(|&position| position < length)
        };
        let rank = shape.len();
        let axis = position(self.axis, rank).ok_or_else(|| {
            refused(format!("axis {}", self.axis), format!("-{rank} to {}", rank.max(1) - 1))
        })?;
        let length = shape[axis];
        let positions = self.indices.iter().map(|&index| {
            position(index, length).ok_or_else(|| {
                let what = format!("index {index} along axis {axis}");
                refused(what, format!("-{length} to {}", length.max(1) - 1))
            })
        });
        Ok((axis, positions.collect::<Result<_, _>>()?))
    }
}

impl Layer for Gather {
    fn operator(&self) -> Operator {
        let indices = Operand::Constant(Constant::Integer(self.indices.clone()));
        let operator = Operator::new("Gather", vec![Operand::Data, indices]);
        operator.with("axis", Attribute::Integer(self.axis))
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let (axis, _) = self.over(inputs[0])?;
        let (front, back) = (&inputs[0][..axis], &inputs[0][axis + 1..]);
        Ok([front, self.indices.shape(), back].concat())
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let (batch, shape) = (inputs[0].shape()[0], &inputs[0].shape()[1..]);
        let (axis, positions) = self.over(shape).expect("checked shapes");
        let gathered = inputs[0].select(Axis(axis + 1), &positions);
        let shape = self.output_shape(&[shape]).expect("checked shapes");
        reshaped(&gathered.view(), batched(batch, &shape))
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let shape = inputs[0].shape;
        let (axis, positions) = self.over(shape).expect("checked shapes");
        let size = element_count(shape).expect("checked shapes");
        let elements = Array1::from_iter(0..size).into_shape_with_order(IxDyn(shape));
        let gathered = elements.expect("one a place").select(Axis(axis), &positions);
        let elements: Vec<usize> = gathered.iter().copied().collect();
        Ok(select(graph, inputs[0].node, &elements))
    }

    fn for_one_row(&self, _: usize, inputs: &[&[usize]]) -> Option<Operator> {
        let (axis, _) = self.over(inputs[0]).ok()?;
        (axis > 0).then(|| self.operator())
    }
}
