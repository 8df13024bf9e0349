//! `MaxPool` and `AveragePool` in one, two and three dimensions, and over whole images.
//! <https://onnx.ai/onnx/operators/onnx__MaxPool.html>,
//! <https://onnx.ai/onnx/operators/onnx__AveragePool.html>
//!
//! In three dimensions: over the planes first, then along the depth of what they leave. The
//! largest of the largest is the largest, and the taps of a window that count are a product
//! too, so that the average of averages is the average.

use super::reductions;
use super::windows::{Windows, dimensions};
use crate::io::onnx::call::{Call, Data, Operand, Wrong, wrong_shape};
use crate::io::onnx::lowering::{Lowering, value};
use crate::network::{Attribute, Attributes};

pub fn max_pool(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    pool(call, lowering, "MaxPool")
}

pub fn average_pool(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    pool(call, lowering, "AveragePool")
}

fn pool(call: &mut Call, lowering: &mut Lowering, op: &str) -> Result<Data, Wrong> {
    if matches!(call.peek(0), Operand::Data(x) if x.shape.len() == 4) {
        return super::layers::lower_as(call, lowering, op);
    }
    let x = call.data(0)?;
    let windows = Windows::read(call, dimensions(&x)?)?;
    let rest = call.rest()?;
    let with_rest = |mut attributes: Attributes| -> Attributes {
        attributes.extend(rest.clone());
        attributes
    };
    match *x.shape.as_slice() {
        [rows, channels, width] => {
            let image = lowering.reshape(&x, &[rows, channels, 1, width])?;
            let attributes = with_rest(windows.attributes(&[0]));
            let y = lowering.add(op, attributes, vec![value(&image)])?;
            let shape = [y.shape[0], y.shape[1], y.shape[3]];
            lowering.reshape(&y, &shape)
        }
        [rows, channels, depth, height, width] => {
            let planes = channels.saturating_mul(depth);
            let image = lowering.reshape(&x, &[rows, planes, height, width])?;
            let attributes = with_rest(windows.attributes(&[1, 2]));
            let y = lowering.add(op, attributes, vec![value(&image)])?;
            let (height, width) = (y.shape[2], y.shape[3]);
            let lines = lowering.reshape(&y, &[rows, channels, depth, height * width])?;
            let lines = lowering.transpose(&lines, &[0, 1, 3, 2])?;
            let attributes = with_rest(windows.attributes(&[0]));
            let y = lowering.add(op, attributes, vec![value(&lines)])?;
            let depth = y.shape[3];
            let y = lowering.transpose(&y, &[0, 1, 3, 2])?;
            lowering.reshape(&y, &[rows, channels, depth, height, width])
        }
        _ => unreachable!("checked dimensions"),
    }
}

pub fn global_average(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = whole_image(call)?;
    let axes: Vec<usize> = (2..x.shape.len()).collect();
    reductions::mean_over(lowering, &x, &axes, true)
}

pub fn global_max(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = whole_image(call)?;
    let axes: Vec<usize> = (2..x.shape.len()).collect();
    reductions::max_over(lowering, &x, &axes, true)
}

fn whole_image(call: &mut Call) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    match x.shape.len() > 2 {
        true => Ok(x),
        false => {
            let found = format!("a tensor of shape {:?}", x.shape);
            Err(wrong_shape(found, "images, [rows, channels, …]").into())
        }
    }
}

/// A list of whole numbers as an attribute.
pub fn integers(values: &[usize]) -> Attribute {
    Attribute::Integers(values.iter().map(|&value| value as i64).collect())
}
