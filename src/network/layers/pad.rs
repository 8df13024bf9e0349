//! `Pad`: elements of one value around a tensor, `pads[i]` of them before and
//! `pads[rank + i]` behind along axis `i`.
//! <https://onnx.ai/onnx/operators/onnx__Pad.html>
//!
//! `pads` and the value (default 0) are operands, or attributes in old files
//! (operator set 2 to 10). The mode must be `constant`; negative pads, which cut off,
//! and the operand `axes` are refused.
//!
//! Canonical form: one affine map that copies, the value as bias.

use ndarray::{Array1, ArrayD, ArrayView, ArrayViewD, IxDyn, Slice, arr0};

use super::{Layer, Lowered, element_count};
use crate::network::linear::{Linear, SparseRows};
use crate::network::operator::{Constant, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};

/// Most elements on one side: as many as the largest tensor has.
const MOST: i64 = 1 << 22;

#[derive(Debug)]
struct Pad {
    before: Vec<usize>,
    behind: Vec<usize>,
    value: f64,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    let wrong = |name: &str, found: String, expected: &str| {
        let (name, expected) = (name.to_string(), expected.to_string());
        LayerError::Attribute { name, found, expected }
    };
    let mode = reader.text("mode", "constant")?;
    if mode != "constant" {
        return Err(wrong("mode", format!("'{mode}'"), "constant"));
    }
    let (pads, value) = match reader.integer_list("pads")? {
        Some(pads) => (pads, reader.float("value", 0.0)?),
        None => (reader.integers(1)?, reader.optional_number(2)?.unwrap_or(0.0)),
    };
    if !value.is_finite() {
        let (found, expected) = (format!("the constant {value}"), "a finite number".to_string());
        return Err(LayerError::Operand { index: 2, found, expected });
    }
    let (before, behind) = pads.split_at(pads.len() / 2);
    if before.len() != behind.len() || !pads.iter().all(|pad| (0..=MOST).contains(pad)) {
        let expected = "two whole numbers an axis, none negative or above 4194304";
        return Err(wrong("pads", format!("{pads:?}"), expected));
    }
    let sizes = |pads: &[i64]| pads.iter().map(|&pad| pad as usize).collect();
    Ok(Box::new(Pad { before: sizes(before), behind: sizes(behind), value }))
}

impl Pad {
    /// Surrounds the last axes of `values` by `filling`.
    fn surround<T: Clone>(&self, values: ArrayView<T, IxDyn>, filling: T) -> ArrayD<T> {
        let batch_axes = values.ndim() - self.before.len();
        let (batch, shape) = values.shape().split_at(batch_axes);
        let shape = self.padded(shape);
        let mut all = ArrayD::from_elem(IxDyn(&[batch, &shape].concat()), filling);
        let mut inside =
            all.slice_each_axis_mut(|axis| match axis.axis.index().checked_sub(batch_axes) {
                None => Slice::from(..),
                Some(axis) => Slice::from(self.before[axis]..shape[axis] - self.behind[axis]),
            });
        inside.assign(&values);
        all
    }

    fn padded(&self, shape: &[usize]) -> Vec<usize> {
        let pads = self.before.iter().zip(&self.behind);
        shape.iter().zip(pads).map(|(d, (before, behind))| before + d + behind).collect()
    }
}

impl Layer for Pad {
    fn operator(&self) -> Operator {
        let pads = self.before.iter().chain(&self.behind).map(|&pad| pad as i64);
        let pads = Constant::Integer(Array1::from_iter(pads).into_dyn());
        let mut operands = vec![Operand::Data, Operand::Constant(pads)];
        if self.value != 0.0 {
            operands.push(Operand::Constant(Constant::Float(arr0(self.value).into_dyn())));
        }
        Operator::new("Pad", operands)
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let shape = inputs[0];
        if shape.len() != self.before.len() {
            return Err(LayerError::Shape {
                found: format!("{} pads for a tensor of shape {shape:?}", 2 * self.before.len()),
                expected: "two an axis".to_string(),
            });
        }
        Ok(self.padded(shape))
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        self.surround(inputs[0].view(), self.value)
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        if self.before.iter().chain(&self.behind).all(|&pad| pad == 0) {
            return Ok(inputs[0].node);
        }
        let size = element_count(inputs[0].shape).expect("checked shapes");
        let elements = (0..size).map(Some).collect();
        let elements = ArrayD::from_shape_vec(IxDyn(inputs[0].shape), elements);
        let places = self.surround(elements.expect("one a place").view(), None);
        let copied = places.iter().map(|place| place.map(|element| (element, 1.0)));
        let linear = Linear::Sparse(SparseRows::from_rows(size, copied));
        let filled = places.iter().map(|place| if place.is_none() { self.value } else { 0.0 });
        Ok(graph.affine(vec![(inputs[0].node, linear)], filled.collect()))
    }

    fn for_one_row(&self, _: usize, _: &[&[usize]]) -> Option<Operator> {
        let first = (self.before.first()?, self.behind.first()?);
        (first == (&0, &0)).then(|| self.operator())
    }
}
