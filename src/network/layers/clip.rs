//! `Clip`: `y = min(max(x, min), max)`; limits as operands (opset 11) or as
//! attributes (opset 6). <https://onnx.ai/onnx/operators/onnx__Clip.html>
//!
//! Canonical form: `min + clip(x − min)` with ceiling `max − min`. Where that
//! difference has no exact `f64`, or there is one limit only, one side after the
//! other: `max(x, min) = min + relu(x − min)` and `min(x, max)` likewise. A limit
//! so large that shifting by it would drown `x` in rounding errors (exporters
//! write the largest number for "no limit") becomes `x + relu(min − x)`.

use ndarray::{Array1, ArrayD, ArrayViewD, arr0};

use super::{Layer, Lowered, add_bias};
use crate::network::linear::Linear;
use crate::network::operator::{Constant, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};
use crate::num::exact::exact_difference;

/// Largest limit that `x` is shifted by: costs 20 of its 53 bits at worst.
const LARGEST_SHIFT: f64 = 1048576.0;

#[derive(Debug)]
struct Clip {
    min: Option<f64>,
    max: Option<f64>,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    let min = limit(reader, 1, "min", f64::NEG_INFINITY)?;
    let max = limit(reader, 2, "max", f64::INFINITY)?;
    if let (Some(min), Some(max)) = (min, max)
        && min >= max
    {
        let found = format!("limits min = {min}, max = {max}");
        return Err(LayerError::Shape { found, expected: "min < max".to_string() });
    }
    Ok(Box::new(Clip { min, max }))
}

/// A limit from its operand or, in old files, its attribute; `None` if there is
/// none on this side.
fn limit(
    reader: &mut OperatorReader,
    index: usize,
    name: &'static str,
    none: f64,
) -> Result<Option<f64>, LayerError> {
    let value = match reader.optional_number(index)? {
        Some(value) => value,
        None => reader.float(name, none)?,
    };
    if value == -none {
        let found = format!("{name} = {value}");
        return Err(LayerError::Shape {
            found,
            expected: "a limit that leaves a value".to_string(),
        });
    }
    Ok((value != none).then_some(value))
}

impl Layer for Clip {
    fn operator(&self) -> Operator {
        let limit = |value: Option<f64>| match value {
            None => Operand::Absent,
            Some(value) => Operand::Constant(Constant::Float(arr0(value).into_dyn())),
        };
        Operator::new("Clip", vec![Operand::Data, limit(self.min), limit(self.max)])
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        Ok(inputs[0].to_vec())
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let min = self.min.unwrap_or(f64::NEG_INFINITY);
        let max = self.max.unwrap_or(f64::INFINITY);
        inputs[0].mapv(|x| x.max(min).min(max))
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let mut x = inputs[0].node;
        let size = graph.size(x);
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min.abs() <= LARGEST_SHIFT
            && let Some(ceiling) = exact_difference(max, min)
        {
            let above = add_bias(graph, x, Array1::from_elem(size, -min));
            let clipped = graph.clip(above, Array1::from_elem(size, ceiling));
            return Ok(add_bias(graph, clipped, Array1::from_elem(size, min)));
        }
        if let Some(min) = self.min {
            x = at_least(graph, x, &Array1::from_elem(size, min), 1.0);
        }
        if let Some(max) = self.max {
            x = at_least(graph, x, &Array1::from_elem(size, -max), -1.0);
        }
        Ok(x)
    }

    fn for_one_row(&self, _: usize, _: &[&[usize]]) -> Option<Operator> {
        Some(self.operator())
    }
}

/// `sign · max(sign · x, limits)`, for a sign of 1 or −1.
pub(super) fn at_least(
    graph: &mut ReluGraph,
    x: NodeId,
    limits: &Array1<f64>,
    sign: f64,
) -> NodeId {
    let size = graph.size(x);
    let scaled = |factor| Linear::scaled_identity(size, factor);
    if limits.iter().all(|limit| limit.abs() <= LARGEST_SHIFT) {
        let above = match sign == 1.0 {
            true => add_bias(graph, x, -limits),
            false => graph.affine(vec![(x, scaled(-1.0))], -limits),
        };
        let positive_part = graph.relu(above);
        return match sign == 1.0 {
            true => add_bias(graph, positive_part, limits.clone()),
            false => graph.affine(vec![(positive_part, scaled(-1.0))], -limits),
        };
    }
    let missing = graph.affine(vec![(x, scaled(-sign))], limits.clone());
    let missing = graph.relu(missing);
    graph.affine(vec![(x, scaled(1.0)), (missing, scaled(sign))], Array1::zeros(size))
}
