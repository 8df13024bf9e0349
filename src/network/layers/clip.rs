//! `Clip`: `y = min(max(x, min), max)`; limits as operands (opset 11) or as
//! attributes (opset 6). <https://onnx.ai/onnx/operators/onnx__Clip.html>
//!
//! Canonical form: `min + clip(x − min)` with ceiling `max − min`; where that
//! difference has no exact `f64`, `min + relu(x − min) − relu(x − max)`.

use ndarray::{Array1, ArrayD, ArrayViewD, arr0};

use super::{Layer, Lowered, add_bias};
use crate::network::linear::Linear;
use crate::network::operator::{Constant, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};
use crate::num::exact::exact_difference;

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

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> NodeId {
        let x = inputs[0].node;
        let size = graph.size(x);
        let constant = |value: f64| Array1::from_elem(size, value);
        let scaled = |factor| Linear::scaled_identity(size, factor);
        match (self.min, self.max) {
            (None, None) => x,
            (Some(min), None) => {
                let above = add_bias(graph, x, constant(-min));
                let positive_part = graph.relu(above);
                add_bias(graph, positive_part, constant(min))
            }
            (None, Some(max)) => {
                let below = graph.affine(vec![(x, scaled(-1.0))], constant(max));
                let positive_part = graph.relu(below);
                graph.affine(vec![(positive_part, scaled(-1.0))], constant(max))
            }
            (Some(min), Some(max)) => {
                let above = add_bias(graph, x, constant(-min));
                if let Some(ceiling) = exact_difference(max, min) {
                    let clipped = graph.clip(above, constant(ceiling));
                    return add_bias(graph, clipped, constant(min));
                }
                let excess = add_bias(graph, x, constant(-max));
                let terms = [(above, 1.0), (excess, -1.0)];
                let terms = terms.map(|(node, factor)| (graph.relu(node), scaled(factor)));
                graph.affine(terms.into(), constant(min))
            }
        }
    }
}
