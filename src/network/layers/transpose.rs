//! `Transpose`: axis `i` of the output is axis `perm[i]` of the input; without
//! `perm`, the axes in reverse.
//! <https://onnx.ai/onnx/operators/onnx__Transpose.html>
//!
//! Canonical form: one affine map, a permutation.

use ndarray::{ArrayD, ArrayViewD, IxDyn};

use super::{Layer, Lowered, element_count, reshaped, select};
use crate::network::operator::{Attribute, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};

#[derive(Debug)]
struct Transpose {
    permutation: Option<Vec<usize>>,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    let Some(axes) = reader.integer_list("perm")? else {
        return Ok(Box::new(Transpose { permutation: None }));
    };
    let each_once = (0..axes.len() as i64).all(|axis| axes.contains(&axis));
    let permutation = axes.iter().map(|&axis| usize::try_from(axis).ok()).collect();
    match permutation {
        Some(permutation) if each_once => {
            Ok(Box::new(Transpose { permutation: Some(permutation) }))
        }
        _ => Err(LayerError::Attribute {
            name: "perm".to_string(),
            found: format!("{axes:?}"),
            expected: format!("the numbers from 0 to {}, each once", axes.len().max(1) - 1),
        }),
    }
}

impl Transpose {
    fn axes(&self, rank: usize) -> Vec<usize> {
        self.permutation.clone().unwrap_or_else(|| (0..rank).rev().collect())
    }
}

impl Layer for Transpose {
    fn operator(&self) -> Operator {
        let operator = Operator::new("Transpose", vec![Operand::Data]);
        match &self.permutation {
            None => operator,
            Some(axes) => {
                let axes = axes.iter().map(|&axis| axis as i64).collect();
                operator.with("perm", Attribute::Integers(axes))
            }
        }
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let (shape, axes) = (inputs[0], self.axes(inputs[0].len()));
        if axes.len() != shape.len() {
            return Err(LayerError::Shape {
                found: format!("a tensor of shape {shape:?} with perm {axes:?}"),
                expected: "as many axes in perm as the tensor has".to_string(),
            });
        }
        Ok(axes.into_iter().map(|axis| shape[axis]).collect())
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let axes = self.axes(inputs[0].ndim() - 1).into_iter().map(|axis| axis + 1);
        let axes: Vec<usize> = std::iter::once(0).chain(axes).collect();
        let permuted = inputs[0].view().permuted_axes(axes);
        let shape = permuted.raw_dim();
        reshaped(&permuted, shape)
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let shape = inputs[0].shape;
        let size = element_count(shape).expect("checked shapes");
        let elements = ArrayD::from_shape_vec(IxDyn(shape), (0..size).collect::<Vec<usize>>());
        let permuted = elements.expect("one a place").permuted_axes(self.axes(shape.len()));
        let elements: Vec<usize> = permuted.iter().copied().collect();
        Ok(select(graph, inputs[0].node, &elements))
    }

    fn for_one_row(&self, _: usize, inputs: &[&[usize]]) -> Option<Operator> {
        let axes = self.axes(inputs[0].len());
        (axes.first() == Some(&0)).then(|| self.operator())
    }
}
