//! `ConvTranspose`: each pixel times the kernel, added to the output at `stride` times its
//! place. <https://onnx.ai/onnx/operators/onnx__ConvTranspose.html>
//!
//! As layers: zeros between the pixels, then a convolution with the kernel turned round, so
//! padded that every tap meets every pixel, then the part of its output that the padding
//! leaves.

use ndarray::{Array1, ArrayD, Axis, IxDyn};

use super::convolution::convolved;
use super::windows::{Windows, dimensions};
use crate::io::onnx::call::{Call, Data, Wrong, wrong_attribute, wrong_shape};
use crate::io::onnx::lowering::{Lowering, value};
use crate::network::{Argument, Attributes, Constant, LayerError};

/// Most zeros put between two pixels, or around them.
const MOST: usize = 1 << 20;

pub fn conv_transpose(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    let count = dimensions(&x)?;
    let windows = Windows::read(call, count)?;
    let output_padding = call.integers("output_padding")?;
    let output_shape = call.integers("output_shape")?;
    let group = call.integer("group", 1)?;
    let weights = call.weights(1)?;
    let bias = call.optional_weights(2)?;
    let kernel = turned(&weights, &x, group)?;
    if let Some(shape) = &windows.kernel
        && !shape.iter().copied().eq(kernel.shape()[2..].iter().map(|&k| k as i64))
    {
        let expected = format!("{:?}, the size of the weights", &kernel.shape()[2..]);
        return Err(wrong_attribute("kernel_shape", format!("{shape:?}"), &expected).into());
    }
    let mut stuffed = x.clone();
    let (mut before, mut after, mut crops) = (Vec::new(), Vec::new(), Vec::new());
    for axis in 0..count {
        let sizes = Sizes {
            pixels: x.shape[axis + 2],
            taps: kernel.shape()[axis + 2],
            stride: number("strides", windows.strides[axis], 1)?,
            dilation: number("dilations", windows.dilations[axis], 1)?,
            output_padding: match &output_padding {
                None => 0,
                Some(list) if list.len() == count => number("output_padding", list[axis], 0)?,
                Some(list) => {
                    let expected = "one whole number a dimension of the image";
                    return Err(
                        wrong_attribute("output_padding", format!("{list:?}"), expected).into()
                    );
                }
            },
        };
        let [start, length] = sizes.part(&windows, output_shape.as_deref(), axis, count)?;
        let reach = (sizes.taps - 1) * sizes.dilation;
        let full = (sizes.pixels - 1) * sizes.stride + 1 + reach;
        // Behind what the pixels reach there is the bias only.
        before.push(reach as i64);
        after.push((reach + (start + length).saturating_sub(full)) as i64);
        crops.push(start..start + length);
        stuffed = spread(lowering, &stuffed, axis + 2, sizes.stride)?;
    }
    let windows = windows.of_stride_one([before, after].concat());
    let mut y = convolved(lowering, &stuffed, kernel, bias, group, &windows)?;
    for (axis, crop) in crops.into_iter().enumerate() {
        y = lowering.gather(&y, axis + 2, &crop.collect::<Vec<usize>>())?;
    }
    Ok(y)
}

/// Sizes along one dimension.
struct Sizes {
    pixels: usize,
    taps: usize,
    stride: usize,
    dilation: usize,
    output_padding: usize,
}

impl Sizes {
    /// The first element of the output in the whole one, and how many there are.
    fn part(
        &self,
        windows: &Windows,
        output_shape: Option<&[i64]>,
        axis: usize,
        count: usize,
    ) -> Result<[usize; 2], LayerError> {
        let reach = (self.taps - 1) * self.dilation;
        let whole = (self.pixels - 1) * self.stride + reach + 1 + self.output_padding;
        let same = matches!(windows.auto_pad.as_str(), "SAME_UPPER" | "SAME_LOWER");
        let asked = match output_shape {
            // Some files list rows and channels too.
            Some(list) if list.len() == count || list.len() == count + 2 => {
                Some(number("output_shape", list[list.len() - count + axis], 1)?)
            }
            Some(list) => {
                let expected = "one whole number a dimension of the image";
                return Err(wrong_attribute("output_shape", format!("{list:?}"), expected));
            }
            None if same => Some(self.pixels * self.stride),
            None => None,
        };
        let Some(length) = asked else {
            let [before, after] = windows.padding(axis, self.pixels, self.taps)?;
            let length = whole.checked_sub(before).and_then(|rest| rest.checked_sub(after));
            let length = length.filter(|&length| length > 0).ok_or_else(|| {
                wrong_attribute("pads", format!("{:?}", windows.pads), "less than the output")
            })?;
            return Ok([before, length]);
        };
        let total = whole.checked_sub(length).ok_or_else(|| {
            let found = format!("an output of {length} where there are {whole} without padding");
            wrong_shape(found, "at most as many")
        })?;
        Ok([if windows.auto_pad == "SAME_UPPER" { total / 2 } else { total - total / 2 }, length])
    }
}

fn number(name: &str, value: i64, least: usize) -> Result<usize, LayerError> {
    let number = usize::try_from(value).ok().filter(|value| (least..=MOST).contains(value));
    number.ok_or_else(|| {
        wrong_attribute(name, value.to_string(), &format!("whole numbers from {least} to {MOST}"))
    })
}

/// The kernel of the convolution: weights inputs × outputs / group × window as outputs × inputs
/// / group × window, turned round.
fn turned(weights: &ArrayD<f64>, x: &Data, group: i64) -> Result<ArrayD<f64>, Wrong> {
    let shape = weights.shape();
    let groups = usize::try_from(group).ok().filter(|&g| g > 0);
    let fits = shape.len() == x.shape.len() && !weights.is_empty() && shape[0] == x.shape[1];
    let Some(groups) = groups.filter(|groups| fits && shape[0].is_multiple_of(*groups)) else {
        let found = format!(
            "weights of shape {shape:?}, group {group}, for a tensor of shape {:?}",
            x.shape
        );
        let expected = "channels × outputs / group × window, group a divisor of the channels";
        return Err(wrong_shape(found, expected).into());
    };
    let (inputs, outputs) = (shape[0] / groups, shape[1]);
    let mut kernel = ArrayD::zeros(IxDyn(&[&[groups * outputs, inputs], &shape[2..]].concat()));
    for group in 0..groups {
        for input in 0..inputs {
            for output in 0..outputs {
                let of = weights.index_axis(Axis(0), group * inputs + input);
                let mut of = of.index_axis_move(Axis(0), output);
                (0..of.ndim()).for_each(|axis| of.invert_axis(Axis(axis)));
                let mut to = kernel.index_axis_mut(Axis(0), group * outputs + output);
                to.index_axis_mut(Axis(0), input).assign(&of);
            }
        }
    }
    Ok(kernel)
}

/// `stride − 1` zeros between neighbours along an axis.
fn spread(lowering: &mut Lowering, x: &Data, axis: usize, stride: usize) -> Result<Data, Wrong> {
    let length = x.shape[axis];
    if stride == 1 || length == 1 {
        return Ok(x.clone());
    }
    let front: usize = x.shape[..axis].iter().product();
    let back: usize = x.shape[axis + 1..].iter().product();
    let apart = lowering.reshape(x, &[front, length, 1, back])?;
    let zeros = i64::try_from(stride - 1).unwrap_or(i64::MAX);
    let pads = Array1::from(vec![0, 0, 0, 0, 0, 0, zeros, 0]).into_dyn();
    let pads = Argument::Constant(Constant::Integer(pads));
    let padded = lowering.add("Pad", Attributes::new(), vec![value(&apart), pads])?;
    let flat = lowering.reshape(&padded, &[front, length * stride, back])?;
    let kept: Vec<usize> = (0..(length - 1) * stride + 1).collect();
    let kept = lowering.gather(&flat, 1, &kept)?;
    let mut shape = x.shape.clone();
    shape[axis] = (length - 1) * stride + 1;
    lowering.reshape(&kept, &shape)
}
