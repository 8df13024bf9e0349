//! `Conv` in one, two and three dimensions, and onnxruntime's `FusedConv`.
//! <https://onnx.ai/onnx/operators/onnx__Conv.html>
//!
//! In three dimensions the planes of an image become channels of an image in two: output
//! plane `o` of channel `m` reads plane `o · stride + t · dilation − before` of channel `c` by
//! the plane `t` of the kernel, and the other planes by zeros.

use ndarray::{ArrayD, Axis, IxDyn};

use super::activations::sloped;
use super::layers;
use super::windows::{Windows, dimensions};
use crate::io::onnx::call::{Call, Data, Wrong, wrong_attribute, wrong_shape};
use crate::io::onnx::lowering::{Lowering, numbers, value};
use crate::network::{Attribute, LayerError};

/// Most weights of a convolution in three dimensions, written in two.
const MOST_UNFOLDED: usize = 1 << 24;

pub fn conv(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    if matches!(call.peek(0), crate::io::onnx::call::Operand::Data(x) if x.shape.len() == 4) {
        return layers::lower_as(call, lowering, "Conv");
    }
    let x = call.data(0)?;
    let windows = Windows::read(call, dimensions(&x)?)?;
    let group = call.integer("group", 1)?;
    let kernel = call.weights(1)?;
    let bias = call.optional_weights(2)?;
    convolved(lowering, &x, kernel, bias, group, &windows)
}

/// The convolution of images in one to three dimensions.
pub fn convolved(
    lowering: &mut Lowering,
    x: &Data,
    kernel: ArrayD<f64>,
    bias: Option<ArrayD<f64>>,
    group: i64,
    windows: &Windows,
) -> Result<Data, Wrong> {
    if kernel.ndim() != x.shape.len() || kernel.is_empty() {
        let found =
            format!("weights of shape {:?} for a tensor of shape {:?}", kernel.shape(), x.shape);
        return Err(wrong_shape(found, "weights with as many axes").into());
    }
    if let Some(shape) = &windows.kernel
        && !shape
            .iter()
            .map(|&k| usize::try_from(k).ok())
            .eq(kernel.shape()[2..].iter().map(|&k| Some(k)))
    {
        let expected = format!("{:?}, the size of the weights", &kernel.shape()[2..]);
        return Err(wrong_attribute("kernel_shape", format!("{shape:?}"), &expected).into());
    }
    let dimensions: Vec<usize> = (0..x.shape.len() - 2).collect();
    match *x.shape.as_slice() {
        [rows, channels, width] => {
            let image = lowering.reshape(x, &[rows, channels, 1, width])?;
            let kernel = kernel.insert_axis(Axis(2));
            let y = plane(lowering, &image, kernel, bias, group, windows, &dimensions)?;
            let shape = [y.shape[0], y.shape[1], y.shape[3]];
            lowering.reshape(&y, &shape)
        }
        [_, _, _, _] => plane(lowering, x, kernel, bias, group, windows, &dimensions),
        [rows, channels, depth, height, width] => {
            let (kernel, planes) = unfolded(&kernel, depth, windows)?;
            let channels = channels.saturating_mul(depth);
            let image = lowering.reshape(x, &[rows, channels, height, width])?;
            let repeated = |b: ArrayD<f64>| -> ArrayD<f64> {
                let all: Vec<f64> =
                    b.iter().flat_map(|&b| std::iter::repeat_n(b, planes)).collect();
                ndarray::Array1::from(all).into_dyn()
            };
            let bias = bias.map(repeated);
            let y = plane(lowering, &image, kernel, bias, group, windows, &[1, 2])?;
            let shape = [y.shape[0], y.shape[1] / planes, planes, y.shape[2], y.shape[3]];
            lowering.reshape(&y, &shape)
        }
        _ => unreachable!("checked dimensions"),
    }
}

/// A convolution in two dimensions.
fn plane(
    lowering: &mut Lowering,
    x: &Data,
    kernel: ArrayD<f64>,
    bias: Option<ArrayD<f64>>,
    group: i64,
    windows: &Windows,
    dimensions: &[usize],
) -> Result<Data, Wrong> {
    let mut attributes = windows.attributes(dimensions);
    attributes.insert("group".to_string(), Attribute::Integer(group));
    let mut arguments = vec![value(x), numbers(kernel)];
    arguments.extend(bias.map(numbers));
    lowering.add("Conv", attributes, arguments)
}

/// The kernel over planes as channels, and the number of planes of the output.
fn unfolded(
    kernel: &ArrayD<f64>,
    depth: usize,
    windows: &Windows,
) -> Result<(ArrayD<f64>, usize), Wrong> {
    let (outputs, channels, taps) = (kernel.shape()[0], kernel.shape()[1], kernel.shape()[2]);
    let [before, after] = windows.padding(0, depth, taps)?;
    let number = |value: i64| usize::try_from(value).unwrap_or(usize::MAX);
    let (stride, dilation) = (number(windows.strides[0]), number(windows.dilations[0]));
    let too_large = || LayerError::Shape {
        found: format!("weights of shape {:?} over {depth} planes", kernel.shape()),
        expected: format!(
            "a window no larger than the padded image, and at most {MOST_UNFOLDED} weights of \
             the convolution written in two dimensions"
        ),
    };
    let extent = (taps - 1).checked_mul(dilation).and_then(|e| e.checked_add(1));
    let padded = depth.checked_add(before).and_then(|d| d.checked_add(after));
    let rest = padded.zip(extent).and_then(|(padded, extent)| padded.checked_sub(extent));
    let planes = rest.ok_or_else(too_large)? / stride + 1;
    let shape = [
        outputs.saturating_mul(planes),
        channels.saturating_mul(depth),
        kernel.shape()[3],
        kernel.shape()[4],
    ];
    let count = shape.iter().try_fold(1usize, |count, &d| count.checked_mul(d));
    count.filter(|&count| count <= MOST_UNFOLDED).ok_or_else(too_large)?;
    let mut flat = ArrayD::zeros(IxDyn(&shape));
    for (index, &weight) in kernel.indexed_iter() {
        let (m, c, t) = (index[0], index[1], index[2]);
        for plane in 0..planes {
            let read = (plane * stride + t * dilation).checked_sub(before);
            if let Some(read) = read.filter(|&read| read < depth) {
                flat[[m * planes + plane, c * depth + read, index[3], index[4]]] = weight;
            }
        }
    }
    Ok((flat, planes))
}

/// `com.microsoft`: a `Conv`, a tensor added to it, an activation.
pub fn fused(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let activation = call.text("activation", "")?;
    let parameters = call.floats("activation_params")?.unwrap_or_default();
    let x = call.data(0)?;
    let windows = Windows::read(call, dimensions(&x)?)?;
    let group = call.integer("group", 1)?;
    let kernel = call.weights(1)?;
    let bias = call.optional_weights(2)?;
    let mut sum = convolved(lowering, &x, kernel, bias, group, &windows)?;
    if call.is_data(3) {
        let other = call.data(3)?;
        sum = lowering.of_two("Add", &sum, &other)?;
    } else if let Some(values) = call.optional_weights(3)? {
        sum = lowering.with_constant("Add", &sum, values)?;
    }
    activated(lowering, sum, &activation, &parameters)
}

/// The activation that onnxruntime has put into an operator before it.
pub fn activated(
    lowering: &mut Lowering,
    x: Data,
    activation: &str,
    parameters: &[f64],
) -> Result<Data, Wrong> {
    match (activation, parameters) {
        ("", []) => Ok(x),
        ("Relu", _) => lowering.relu(&x),
        ("LeakyRelu", &[alpha, ..]) => lowering.leaky_relu(&x, alpha),
        ("Clip", &[min, max]) if min < max => lowering.clip(&x, min, max),
        ("HardSigmoid", &[alpha, beta]) => sloped(lowering, &x, alpha, beta),
        _ => {
            let found = format!("'{activation}' with parameters {parameters:?}");
            let expected = "Relu, LeakyRelu (alpha), Clip (min < max) or HardSigmoid (alpha, beta)";
            Err(wrong_attribute("activation", found, expected).into())
        }
    }
}
