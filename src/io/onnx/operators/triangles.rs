//! `CumSum` and `Trilu`: sums and elements up to a diagonal.
//! <https://onnx.ai/onnx/operators/onnx__CumSum.html>,
//! <https://onnx.ai/onnx/operators/onnx__Trilu.html>
//!
//! As layers: a product along the axis with a triangle of ones, and a product element by element
//! with one.

use std::rc::Rc;

use ndarray::{Array2, ArrayD, Axis, Zip};

use super::{axis_of, layers};
use crate::io::onnx::call::{Call, Data, Operand, Wrong, wrong_operand, wrong_shape};
use crate::io::onnx::lowering::{Lowering, numbers, value};
use crate::io::onnx::value::{Tensor, Values};
use crate::network::{Attributes, LayerError};

/// Largest distance of a diagonal.
const MOST: i64 = 1 << 31;

/// Takes the operand that is one whole number; `default` where it is left out.
fn whole(call: &mut Call, index: usize, default: Option<i64>) -> Result<i64, LayerError> {
    match (call.optional_list(index)?.as_deref(), default) {
        (Some([number]), _) => Ok(*number),
        (None, Some(default)) => Ok(default),
        (found, _) => {
            let found = format!("{} whole numbers as operand {index}", found.unwrap_or(&[]).len());
            Err(wrong_shape(found, "one"))
        }
    }
}

// --- CumSum -----------------------------------------------------------------------------

/// Along which axis, and which places along it a sum has: (sum, place).
type Places = fn(usize, usize) -> bool;

fn sums(call: &mut Call, rank: usize) -> Result<(usize, Places), LayerError> {
    let axis = whole(call, 1, None)?;
    let places: Places = match (call.flag("exclusive", false)?, call.flag("reverse", false)?) {
        (false, false) => |sum, place| place <= sum,
        (true, false) => |sum, place| place < sum,
        (false, true) => |sum, place| place >= sum,
        (true, true) => |sum, place| place > sum,
    };
    Ok((axis_of(axis, rank)?, places))
}

pub fn cumulative(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    let (axis, places) = sums(call, x.shape.len())?;
    let (front, length, back) = around(&x.shape, axis);
    // One entry for each element of the output and each along the axis.
    if front.saturating_mul(back).saturating_mul(length).saturating_mul(length) > call.most {
        let found = format!("sums along axis {axis} of a tensor of shape {:?}", x.shape);
        return Err(wrong_shape(found, &format!("at most {} terms", call.most)).into());
    }
    let ones = |(sum, place)| f64::from(u8::from(places(sum, place)));
    let triangle = Array2::from_shape_fn((length, length), ones).into_dyn();
    let apart = lowering.reshape(&x, &[front, length, back])?;
    let arguments = vec![numbers(triangle), value(&apart)];
    let sums = lowering.add("MatMul", Attributes::new(), arguments)?;
    lowering.reshape(&sums, &x.shape)
}

fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    (shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product())
}

pub fn fold_cumulative(call: &mut Call) -> Result<Tensor, Wrong> {
    let Operand::Constant { tensor, .. } = call.peek(0) else {
        return Err(wrong_operand(0, call.peek(0), "a tensor").into());
    };
    let Values::Integer(values) = &tensor.values else { return layers::fold(call) };
    let (kind, mut result) = (tensor.kind, values.clone());
    call.take(0);
    let (axis, places) = sums(call, result.ndim())?;
    for mut lane in result.lanes_mut(Axis(axis)) {
        let before = lane.to_vec();
        for (sum, out) in lane.iter_mut().enumerate() {
            let mut terms = before.iter().enumerate().filter(|(place, _)| places(sum, *place));
            let total = terms.try_fold(0i64, |total, (_, &term)| total.checked_add(term));
            let (least, largest) = kind.range().expect("a type of whole numbers");
            let total = total.filter(|total| (least..=largest).contains(total));
            *out = total.ok_or_else(|| {
                wrong_shape("a sum that its type does not hold", &format!("{least} to {largest}"))
            })?;
        }
    }
    Ok(Tensor { kind, values: Values::Integer(result) })
}

// --- Trilu ------------------------------------------------------------------------------

/// Takes what tells the triangle: 1 in it and 0 outside, rows × columns of the last two axes.
fn triangle(call: &mut Call, shape: &[usize]) -> Result<ArrayD<i64>, LayerError> {
    let [.., rows, columns] = *shape else {
        return Err(wrong_shape(format!("a tensor of shape {shape:?}"), "two axes at least"));
    };
    let diagonal = whole(call, 1, Some(0))?.clamp(-MOST, MOST);
    let upper = call.flag("upper", true)?;
    let inside = |(row, column): (usize, usize)| {
        let distance = column as i64 - row as i64;
        i64::from(if upper { distance >= diagonal } else { distance <= diagonal })
    };
    Ok(Array2::from_shape_fn((rows, columns), inside).into_dyn())
}

pub fn triangular(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    let ones = triangle(call, &x.shape)?.mapv(|one| one as f64);
    lowering.with_constant("Mul", &x, ones)
}

pub fn fold_triangular(call: &mut Call) -> Result<Tensor, Wrong> {
    let Operand::Constant { tensor, .. } = call.take(0) else {
        return Err(wrong_operand(0, &Operand::Absent, "a tensor").into());
    };
    let ones = triangle(call, tensor.shape())?;
    let ones = ones.broadcast(tensor.shape()).expect("the last two axes");
    let Tensor { kind, mut values } = Rc::unwrap_or_clone(tensor);
    match &mut values {
        Values::Float(values) => keep(values, &ones, 0.0),
        Values::Integer(values) => keep(values, &ones, 0),
    }
    Ok(Tensor { kind, values })
}

fn keep<T: Copy>(values: &mut ArrayD<T>, ones: &ndarray::ArrayViewD<i64>, zero: T) {
    Zip::from(values).and(ones).for_each(|value, &one| {
        if one == 0 {
            *value = zero;
        }
    });
}
