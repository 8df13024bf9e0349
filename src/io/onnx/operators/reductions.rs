//! `ReduceSum`, `ReduceMean`, `ReduceMax`, `ReduceMin`, `ReduceL1`, and of constants
//! `ReduceProd` too. <https://onnx.ai/onnx/operators/onnx__ReduceSum.html>
//!
//! The axes are an attribute or an operand, by the form that the file has. As layers: the axes
//! turned to the end, then a product with a column of ones (of `1/n` for the mean, the `f64`
//! next to it, as in `AveragePool`), or a `MaxPool` over all of them.

use std::rc::Rc;

use ndarray::{ArrayD, Axis, IxDyn};

use super::axes_of;
use super::pooling::integers;
use crate::io::onnx::call::{Call, Data, Wrong, wrong_shape};
use crate::io::onnx::lowering::{Lowering, value};
use crate::io::onnx::value::{Tensor, Values};
use crate::network::Attributes;

pub fn sum(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    over_axes(call, lowering, |lowering, x, axes, keep| summed(lowering, x, axes, keep, 1.0))
}

pub fn mean(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    over_axes(call, lowering, mean_over)
}

pub fn max(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    over_axes(call, lowering, max_over)
}

pub fn min(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    over_axes(call, lowering, |lowering, x, axes, keep| {
        let negative = lowering.with_number("Mul", x, -1.0)?;
        let largest = max_over(lowering, &negative, axes, keep)?;
        lowering.with_number("Mul", &largest, -1.0)
    })
}

pub fn sum_of_magnitudes(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    over_axes(call, lowering, |lowering, x, axes, keep| {
        let magnitudes = lowering.leaky_relu(x, -1.0)?;
        summed(lowering, &magnitudes, axes, keep, 1.0)
    })
}

pub fn fold_sum(call: &mut Call) -> Result<Tensor, Wrong> {
    fold(
        call,
        |values| values.iter().sum(),
        |values| values.iter().try_fold(0i64, |sum, &v| sum.checked_add(v)),
    )
}

pub fn fold_mean(call: &mut Call) -> Result<Tensor, Wrong> {
    fold(call, |values| values.iter().sum::<f64>() / values.len() as f64, |_| None)
}

pub fn fold_product(call: &mut Call) -> Result<Tensor, Wrong> {
    fold(
        call,
        |values| values.iter().product(),
        |values| values.iter().try_fold(1i64, |product, &v| product.checked_mul(v)),
    )
}

pub fn fold_max(call: &mut Call) -> Result<Tensor, Wrong> {
    let largest = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    fold(call, largest, |values| values.iter().copied().max())
}

pub fn fold_min(call: &mut Call) -> Result<Tensor, Wrong> {
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    fold(call, least, |values| values.iter().copied().min())
}

/// The mean over axes in ascending order.
pub fn mean_over(
    lowering: &mut Lowering,
    x: &Data,
    axes: &[usize],
    keep: bool,
) -> Result<Data, Wrong> {
    let count: usize = axes.iter().map(|&axis| x.shape[axis]).product();
    summed(lowering, x, axes, keep, 1.0 / count as f64)
}

/// The largest over axes in ascending order.
pub fn max_over(
    lowering: &mut Lowering,
    x: &Data,
    axes: &[usize],
    keep: bool,
) -> Result<Data, Wrong> {
    let (turned, kept) = turned(lowering, x, axes)?;
    let size: usize = axes.iter().map(|&axis| x.shape[axis]).product();
    let places: usize = kept.iter().product();
    let rows = match places % lowering.assembly.rows() {
        0 => lowering.assembly.rows(),
        _ => 1,
    };
    let image = lowering.reshape(&turned, &[rows, places / rows, 1, size])?;
    let kernel: Attributes = [("kernel_shape".to_string(), integers(&[1, size]))].into();
    let largest = lowering.add("MaxPool", kernel, vec![value(&image)])?;
    lowering.reshape(&largest, &result_shape(&x.shape, axes, keep))
}

/// `weight` times the sum over axes in ascending order.
fn summed(
    lowering: &mut Lowering,
    x: &Data,
    axes: &[usize],
    keep: bool,
    weight: f64,
) -> Result<Data, Wrong> {
    let (turned, kept) = turned(lowering, x, axes)?;
    let size: usize = axes.iter().map(|&axis| x.shape[axis]).product();
    let matrix = lowering.reshape(&turned, &[kept.iter().product(), size])?;
    let column = ArrayD::from_elem(IxDyn(&[size, 1]), weight);
    let sum = lowering.matmul(&matrix, column)?;
    lowering.reshape(&sum, &result_shape(&x.shape, axes, keep))
}

/// The axes at the end, and the shape of those in front.
fn turned(lowering: &mut Lowering, x: &Data, axes: &[usize]) -> Result<(Data, Vec<usize>), Wrong> {
    let kept: Vec<usize> = (0..x.shape.len()).filter(|axis| !axes.contains(axis)).collect();
    let turned = lowering.transpose(x, &[kept.as_slice(), axes].concat())?;
    Ok((turned, kept.into_iter().map(|axis| x.shape[axis]).collect()))
}

fn result_shape(shape: &[usize], axes: &[usize], keep: bool) -> Vec<usize> {
    let dimension = |(axis, &d): (usize, &usize)| match axes.contains(&axis) {
        false => Some(d),
        true => keep.then_some(1),
    };
    shape.iter().enumerate().filter_map(dimension).collect()
}

/// The axes of a tensor, and whether they stay with length 1; `None` where nothing is reduced.
fn axes(call: &mut Call, rank: usize) -> Result<Option<(Vec<usize>, bool)>, Wrong> {
    let keep = call.flag("keepdims", true)?;
    let nothing_if_empty = call.flag("noop_with_empty_axes", false)?;
    let stated = call.list_of_either("axes", 1)?;
    match stated.filter(|axes| !axes.is_empty()) {
        None if nothing_if_empty => Ok(None),
        None => Ok(Some(((0..rank).collect(), keep))),
        Some(axes) => Ok(Some((axes_of(&axes, rank)?, keep))),
    }
}

fn over_axes(
    call: &mut Call,
    lowering: &mut Lowering,
    reduce: impl Fn(&mut Lowering, &Data, &[usize], bool) -> Result<Data, Wrong>,
) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    match axes(call, x.shape.len())? {
        None if call.op == "ReduceL1" => lowering.leaky_relu(&x, -1.0),
        None => Ok(x),
        // There is no axis: the one element is its sum, its mean and its largest.
        Some((axes, keep)) => reduce(lowering, &x, &axes, keep),
    }
}

fn fold(
    call: &mut Call,
    float: impl Fn(&[f64]) -> f64,
    integer: impl Fn(&[i64]) -> Option<i64>,
) -> Result<Tensor, Wrong> {
    let x = call.constant(0)?;
    let Some((axes, keep)) = axes(call, x.shape().len())? else {
        return Ok(Rc::unwrap_or_clone(x));
    };
    let shape = result_shape(x.shape(), &axes, keep);
    super::check_made(call, &shape)?;
    let refused = || {
        let found = format!("a constant of shape {:?}, type {}", x.shape(), x.kind.name());
        wrong_shape(found, "elements along the axes whose result is of the same type")
    };
    if axes.iter().any(|&axis| x.shape()[axis] == 0) {
        return Err(refused().into());
    }
    match &x.values {
        Values::Float(values) => {
            let values = lanes(values, &axes).into_iter().map(|lane| float(&lane)).collect();
            let values = ArrayD::from_shape_vec(IxDyn(&shape), values).expect("one a lane");
            Ok(Tensor::floats(x.kind, values))
        }
        Values::Integer(values) => {
            let (least, largest) = x.kind.range().expect("a type of whole numbers");
            let of_lane =
                |lane: Vec<i64>| integer(&lane).filter(|value| (least..=largest).contains(value));
            let values = lanes(values, &axes).into_iter().map(of_lane).collect::<Option<Vec<_>>>();
            let values = ArrayD::from_shape_vec(IxDyn(&shape), values.ok_or_else(refused)?);
            Ok(Tensor { kind: x.kind, values: Values::Integer(values.expect("one a lane")) })
        }
    }
}

/// The elements along the axes, for each place of the others.
fn lanes<T: Copy>(values: &ArrayD<T>, axes: &[usize]) -> Vec<Vec<T>> {
    let kept: Vec<usize> = (0..values.ndim()).filter(|axis| !axes.contains(axis)).collect();
    let turned = values.view().permuted_axes(IxDyn(&[kept.as_slice(), axes].concat()));
    let size = axes.iter().map(|&axis| values.len_of(Axis(axis))).product::<usize>();
    let flat: Vec<T> = turned.iter().copied().collect();
    flat.chunks(size.max(1)).map(<[T]>::to_vec).collect()
}
