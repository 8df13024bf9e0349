//! Products with constant matrices: `Gemm`, `MatMul`, and what onnxruntime makes of them.
//! <https://onnx.ai/onnx/operators/onnx__Gemm.html>,
//! <https://onnx.ai/onnx/operators/onnx__MatMul.html>
//!
//! One factor is a constant, on either side; a product of two computed tensors is not
//! piecewise linear.

use ndarray::{ArrayD, Axis, Ix2, IxDyn};

use super::convolution::activated;
use super::{batched, layers};
use crate::io::onnx::call::{
    Call, Data, Operand, Wrong, wrong_attribute, wrong_operand, wrong_shape,
};
use crate::io::onnx::lowering::{Lowering, numbers, row_major, value};
use crate::network::{Attributes, LayerError};
use crate::num::exact::two_product;

const PRODUCT: &str = "a constant tensor of numbers: a product of two computed tensors is not \
                       piecewise linear";

pub fn gemm(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    if call.is_data(0) && call.is_data(1) {
        return Err(wrong_operand(1, call.peek(1), PRODUCT).into());
    }
    let transposed = call.flag("transA", false)?;
    if call.is_data(0) && !transposed && !call.is_data(2) {
        return layers::lower_as(call, lowering, "Gemm");
    }
    let (alpha, beta) = (call.float("alpha", 1.0)?, call.float("beta", 1.0)?);
    let transposed_right = call.flag("transB", false)?;
    let product = if call.is_data(0) {
        let mut x = matrix(call.data(0)?)?;
        if transposed {
            x = lowering.transpose(&x, &[1, 0])?;
        }
        let weights = constant_matrix(call.weights(1)?, 1)?;
        let weights = if transposed_right { weights.reversed_axes() } else { weights };
        lowering.matmul(&x, standard(weights))?
    } else {
        let weights = constant_matrix(call.weights(0)?, 0)?;
        let weights = if transposed { weights.reversed_axes() } else { weights };
        let mut x = matrix(call.data(1)?)?;
        if transposed_right {
            x = lowering.transpose(&x, &[1, 0])?;
        }
        lowering.add("MatMul", Attributes::new(), vec![numbers(standard(weights)), value(&x)])?
    };
    let scaled = scaled(lowering, product, alpha)?;
    let sum = match call.peek(2) {
        Operand::Absent => scaled.clone(),
        Operand::Data(_) => {
            let bias = call.data(2)?;
            let bias = self::scaled(lowering, bias, beta)?;
            lowering.of_two("Add", &scaled, &bias)?
        }
        Operand::Constant { .. } => {
            let bias = call.weights(2)?;
            // The rounded product and its rounding error: the sum is exact.
            let (high, low): (Vec<f64>, Vec<f64>) =
                bias.iter().map(|&b| two_product(beta, b)).unzip();
            let shaped = |values: Vec<f64>| {
                ArrayD::from_shape_vec(bias.raw_dim(), values).expect("as many elements")
            };
            let sum = lowering.with_constant("Add", &scaled, shaped(high))?;
            match low.iter().all(|&l| l == 0.0) {
                true => sum,
                false => lowering.with_constant("Add", &sum, shaped(low))?,
            }
        }
    };
    match sum.shape == scaled.shape {
        true => Ok(sum),
        false => {
            let found = format!("a bias that makes shape {:?} of {:?}", sum.shape, scaled.shape);
            Err(wrong_shape(found, "one that broadcasts to the product").into())
        }
    }
}

fn scaled(lowering: &mut Lowering, x: Data, factor: f64) -> Result<Data, Wrong> {
    if factor == 1.0 { Ok(x) } else { lowering.with_number("Mul", &x, factor) }
}

fn matrix(x: Data) -> Result<Data, Wrong> {
    match x.shape.len() {
        2 => Ok(x),
        _ => Err(wrong_shape(format!("a tensor of shape {:?}", x.shape), "a matrix").into()),
    }
}

fn constant_matrix(values: ArrayD<f64>, index: usize) -> Result<ndarray::Array2<f64>, Wrong> {
    let found = format!("a constant of shape {:?}", values.shape());
    values
        .into_dimensionality::<Ix2>()
        .map_err(|_| LayerError::Operand { index, found, expected: "a matrix".to_string() }.into())
}

fn standard(matrix: ndarray::Array2<f64>) -> ArrayD<f64> {
    row_major(matrix.into_dyn())
}

pub fn matmul(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    if call.is_data(0) && call.is_data(1) {
        return Err(wrong_operand(1, call.peek(1), PRODUCT).into());
    }
    if call.is_data(0) {
        let x = call.data(0)?;
        let weights = call.weights(1)?;
        product(lowering, &x, weights, 1)
    } else {
        let weights = call.weights(0)?;
        let x = call.data(1)?;
        product(lowering, &x, weights, 0)
    }
}

/// `x` times weights that are operand `index`: vectors, matrices, and several matrices.
pub fn product(
    lowering: &mut Lowering,
    x: &Data,
    mut weights: ArrayD<f64>,
    index: usize,
) -> Result<Data, Wrong> {
    let rank = weights.ndim();
    if rank == 0 || x.shape.is_empty() {
        let found = format!("a constant of shape {:?}", weights.shape());
        let expected = "a vector, a matrix or several matrices".to_string();
        return Err(LayerError::Operand { index, found, expected }.into());
    }
    while weights.ndim() > 2 && weights.len_of(Axis(0)) == 1 {
        weights = weights.index_axis_move(Axis(0), 0);
    }
    if weights.ndim() == 1 {
        weights = weights.insert_axis(Axis(index));
    }
    let several = weights.ndim() > 2;
    let is_vector = x.shape.len() == 1;
    let result = if several {
        // An axis for a vector, which is none of the result's.
        let shape = if index == 1 { [1, x.shape[0]] } else { [x.shape[0], 1] };
        let x = if is_vector { lowering.reshape(x, &shape)? } else { x.clone() };
        batched::product(lowering, &x, weights, index)?
    } else {
        let weights = numbers(row_major(weights));
        let arguments = if index == 1 { vec![value(x), weights] } else { vec![weights, value(x)] };
        lowering.add("MatMul", Attributes::new(), arguments)?
    };
    let mut shape = result.shape.clone();
    if several && is_vector {
        shape.remove(shape.len() - 1 - index);
    }
    if rank == 1 {
        // The axis that the vector has made is none of the result's.
        let behind = usize::from(index == 0 && !is_vector);
        shape.remove(shape.len() - 1 - behind);
    }
    // Axes in front, one more than the input has where the constant has more.
    let made = if is_vector && rank > 2 { rank - 1 } else { x.shape.len().max(rank) };
    while rank > 2 && shape.len() < made {
        shape.insert(0, 1);
    }
    lowering.reshape(&result, &shape)
}

/// `com.microsoft`: a `Gemm` with an activation behind it.
pub fn fused_gemm(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let activation = call.text("activation", "")?;
    let parameters: Vec<f64> =
        [call.optional_float("activation_alpha")?, call.optional_float("activation_beta")?]
            .into_iter()
            .flatten()
            .collect();
    call.ignore("activation_gamma");
    let sum = gemm(call, lowering)?;
    activated(lowering, sum, &activation, &parameters)
}

/// `com.microsoft`: `alpha` times a `MatMul`, its factors transposed in their last two axes.
pub fn fused_matmul(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let alpha = call.float("alpha", 1.0)?;
    for name in ["transBatchA", "transBatchB"] {
        if call.flag(name, false)? {
            return Err(wrong_attribute(name, "1", "0").into());
        }
    }
    let flags = [call.flag("transA", false)?, call.flag("transB", false)?];
    if call.is_data(0) && call.is_data(1) {
        return Err(wrong_operand(1, call.peek(1), PRODUCT).into());
    }
    let (data, constant) = if call.is_data(0) { (0, 1) } else { (1, 0) };
    let turned = |rank: usize| -> Vec<usize> {
        let mut axes: Vec<usize> = (0..rank).collect();
        if rank >= 2 {
            axes.swap(rank - 2, rank - 1);
        }
        axes
    };
    let mut x = call.data(data)?;
    if flags[data] {
        x = lowering.transpose(&x, &turned(x.shape.len()))?;
    }
    let mut weights = call.weights(constant)?;
    if flags[constant] {
        let axes = turned(weights.ndim());
        weights = weights.permuted_axes(IxDyn(&axes));
    }
    let result = product(lowering, &x, weights, constant)?;
    scaled(lowering, result, alpha)
}
