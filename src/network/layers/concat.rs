//! `Concat`: tensors one behind the other along `axis`; constants may be among them.
//! <https://onnx.ai/onnx/operators/onnx__Concat.html>
//!
//! Shapes: all of one rank, and equal except along the axis.
//!
//! Canonical form: one affine map that copies, constants as bias.

use ndarray::{Array1, ArrayD, ArrayViewD, Axis};

use super::rows::{common_rank, constant_for_one_row};
use super::{Layer, Lowered, batched, element_count};
use crate::network::linear::{Linear, SparseRows};
use crate::network::operator::{
    Attribute, Constant, LayerError, Operand, Operator, OperatorReader,
};
use crate::network::relu_graph::{NodeId, ReluGraph};

#[derive(Debug)]
struct Concat {
    /// In order; `None` for data.
    operands: Vec<Option<ArrayD<f64>>>,
    axis: i64,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    let mut operands = Vec::new();
    while *reader.peek(operands.len()) != Operand::Absent {
        let index = operands.len();
        operands.push(match reader.peek(index) {
            Operand::Data => reader.data(index).map(|()| None),
            _ => reader.weights(index).map(Some),
        }?);
    }
    Ok(Box::new(Concat { operands, axis: reader.integer("axis", 0)? }))
}

impl Concat {
    /// The shapes of all operands, for those of the data.
    fn shapes<'a>(&'a self, inputs: &[&'a [usize]]) -> Vec<&'a [usize]> {
        let mut data = inputs.iter();
        let shape = |operand: &'a Option<ArrayD<f64>>| match operand {
            Some(values) => values.shape(),
            None => data.next().expect("one shape a data operand"),
        };
        self.operands.iter().map(shape).collect()
    }

    fn axis(&self, rank: usize) -> Option<usize> {
        let from_start =
            if self.axis < 0 { self.axis.checked_add(rank as i64)? } else { self.axis };
        usize::try_from(from_start).ok().filter(|&axis| axis < rank)
    }
}

impl Layer for Concat {
    fn operator(&self) -> Operator {
        let operand = |values: &Option<ArrayD<f64>>| match values {
            None => Operand::Data,
            Some(values) => Operand::Constant(Constant::Float(values.clone())),
        };
        let operator = Operator::new("Concat", self.operands.iter().map(operand).collect());
        operator.with("axis", Attribute::Integer(self.axis))
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let shapes = self.shapes(inputs);
        let refused = || LayerError::Shape {
            found: format!("operands of shapes {shapes:?} with axis {}", self.axis),
            expected: "an axis of theirs, and shapes that are equal but for it".to_string(),
        };
        let axis = self.axis(shapes[0].len()).ok_or_else(refused)?;
        let mut joined = shapes[0].to_vec();
        for shape in &shapes[1..] {
            let rest = |shape: &[usize]| [&shape[..axis], &shape[axis + 1..]].concat();
            if shape.len() != joined.len() || rest(shape) != rest(&joined) {
                return Err(refused());
            }
            joined[axis] = joined[axis].checked_add(shape[axis]).ok_or_else(refused)?;
        }
        Ok(joined)
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let (batch, rank) = (inputs[0].shape()[0], inputs[0].ndim() - 1);
        let axis = self.axis(rank).expect("checked shapes");
        let mut data = inputs.iter();
        let part = |operand: &Option<ArrayD<f64>>| match operand {
            None => data.next().expect("one array a data operand").to_owned(),
            Some(values) => {
                let shape = batched(batch, values.shape());
                values.broadcast(shape).expect("a batch axis").to_owned()
            }
        };
        let parts: Vec<ArrayD<f64>> = self.operands.iter().map(part).collect();
        let parts: Vec<ArrayViewD<f64>> = parts.iter().map(|part| part.view()).collect();
        let joined = ndarray::concatenate(Axis(axis + 1), &parts).expect("checked shapes");
        joined.as_standard_layout().into_owned()
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let shapes: Vec<&[usize]> = inputs.iter().map(|input| input.shape).collect();
        let shapes = self.shapes(&shapes);
        let axis = self.axis(shapes[0].len()).expect("checked shapes");
        let count = |shape: &[usize]| element_count(shape).expect("checked shapes");
        let front = count(&shapes[0][..axis]);
        let lengths: Vec<usize> = shapes.iter().map(|shape| count(&shape[axis..])).collect();
        let length: usize = lengths.iter().sum();
        let mut bias = Array1::zeros(front * length);
        let mut terms = Vec::new();
        let (mut data, mut start) = (inputs.iter(), 0);
        for (operand, &own) in self.operands.iter().zip(&lengths) {
            let place = |element: usize| element / own * length + start + element % own;
            match operand {
                Some(values) => {
                    let values = values.iter().enumerate();
                    values.for_each(|(element, &value)| bias[place(element)] = value);
                }
                None => {
                    let mut rows = vec![None; front * length];
                    (0..front * own).for_each(|e| rows[place(e)] = Some((e, 1.0)));
                    let linear = Linear::Sparse(SparseRows::from_rows(front * own, rows));
                    terms.push((data.next().expect("one node a data operand").node, linear));
                }
            }
            start += own;
        }
        Ok(graph.affine(terms, bias))
    }

    fn for_one_row(&self, rows: usize, inputs: &[&[usize]]) -> Option<Operator> {
        let rank = common_rank(inputs)?;
        self.axis(rank).filter(|&axis| axis > 0)?;
        let of_one_row = |values: &ArrayD<f64>| {
            // Nothing is broadcast here: as many rows as the data have.
            (values.len_of(Axis(0)) == inputs[0][0]).then_some(())?;
            constant_for_one_row(values, rows, rank)
        };
        let operands = self.operands.iter().map(|operand| match operand {
            None => Some(None),
            Some(values) if values.ndim() == rank => of_one_row(values).map(Some),
            Some(_) => None,
        });
        let operands = operands.collect::<Option<_>>()?;
        Some(Concat { operands, axis: self.axis }.operator())
    }
}
