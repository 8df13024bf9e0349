//! Products with several constant matrices: a `MatMul` whose constant has axes in front of its
//! last two. <https://onnx.ai/onnx/operators/onnx__MatMul.html>
//!
//! Shapes, with axes in front that broadcast: `X W` takes `[…, n, k]` and `[…, k, m]` to
//! `[…, n, m]`, `W X` takes `[…, m, k]` and `[…, k, n]` to `[…, m, n]`. A product for each of the
//! matrices, with the part of `X` that meets it; the results stand one behind the other again.

use ndarray::{ArrayD, Axis, Slice};

use crate::io::onnx::call::{Data, Wrong, wrong_shape};
use crate::io::onnx::lowering::{Lowering, numbers, row_major, value};
use crate::network::Attributes;

/// Most matrices of one product: each becomes a layer.
const MOST_MATRICES: usize = 4096;

/// `x` times weights that are operand `index`, both with two axes at least.
pub fn product(
    lowering: &mut Lowering,
    x: &Data,
    mut weights: ArrayD<f64>,
    index: usize,
) -> Result<Data, Wrong> {
    let rank = x.shape.len().max(weights.ndim());
    while weights.ndim() < rank {
        weights = weights.insert_axis(Axis(0));
    }
    let shape = [vec![1; rank - x.shape.len()], x.shape.clone()].concat();
    let front = &weights.shape()[..rank - 2];
    let fits = |(&a, &b): (&usize, &usize)| a == b || a == 1 || b == 1;
    if !front.iter().zip(&shape).all(fits) {
        let found = format!("a tensor of shape {:?} and one of {:?}", x.shape, weights.shape());
        return Err(wrong_shape(found, "axes in front of the last two that broadcast").into());
    }
    let count = front.iter().try_fold(1usize, |count, &d| count.checked_mul(d));
    if count.is_none_or(|count| count > MOST_MATRICES) {
        let found = format!("a constant of shape {:?}", weights.shape());
        return Err(wrong_shape(found, &format!("at most {MOST_MATRICES} matrices")).into());
    }
    let x = lowering.reshape(x, &shape)?;
    apart(lowering, &x, weights, index, 0)
}

/// The product, where the axes of the weights in front of `axis` have length 1.
fn apart(
    lowering: &mut Lowering,
    x: &Data,
    weights: ArrayD<f64>,
    index: usize,
    axis: usize,
) -> Result<Data, Wrong> {
    if axis + 2 == weights.ndim() {
        let mut matrix = weights;
        while matrix.ndim() > 2 {
            matrix = matrix.index_axis_move(Axis(0), 0);
        }
        let matrix = numbers(row_major(matrix));
        let arguments = if index == 1 { vec![value(x), matrix] } else { vec![matrix, value(x)] };
        return lowering.add("MatMul", Attributes::new(), arguments);
    }
    let length = weights.len_of(Axis(axis));
    if length == 1 {
        return apart(lowering, x, weights, index, axis + 1);
    }
    let mut parts = Vec::new();
    for place in 0..length {
        let met =
            if x.shape[axis] == 1 { x.clone() } else { lowering.gather(x, axis, &[place])? };
        let part = weights.slice_axis(Axis(axis), Slice::from(place..place + 1)).to_owned();
        parts.push(value(&apart(lowering, &met, part, index, axis + 1)?));
    }
    lowering.concat(parts, axis as i64)
}
