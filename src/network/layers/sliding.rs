//! What the layers with a sliding window share: their attributes and the shapes
//! of images.
//!
//! `strides`, `dilations` (default 1) and `pads` = `[top, left, bottom, right]`
//! (default 0) are honoured, `auto_pad` too: with `SAME_UPPER` and `SAME_LOWER`
//! there are `⌈pixels / stride⌉` outputs, and the padding that this takes is
//! split evenly, an odd rest at the bottom and right, or at the top and left.
//! `VALID` stands for no padding. Where the standard and the programs in use
//! differ, pooling refuses: `ceil_mode` with `VALID`, and `SAME_UPPER` and
//! `SAME_LOWER` with windows that leave pixels behind the last one. Images are `[1, channels, height, width]`.

use std::fmt;

use ndarray::{ArrayD, ArrayViewD, IxDyn};

use crate::network::operator::{Attribute, LayerError, Operator, OperatorReader};
use crate::network::window::{Window, WindowAxis};

/// Largest value of an attribute: as many pixels as the largest tensor has.
const MOST: usize = 1 << 22;

/// Most taps of all windows of a pooling layer in the image, which its canonical
/// form lists: 1 GiB.
const MOST_CONNECTIONS: usize = 1 << 26;

/// Padding as a file states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Padding {
    /// Top, left, bottom, right.
    Explicit([usize; 4]),
    Valid,
    SameUpper,
    SameLower,
}

/// A sliding window as a file states it, without the image.
#[derive(Clone, Debug)]
pub(super) struct Sliding {
    /// Height and width.
    kernel: [usize; 2],
    strides: [usize; 2],
    dilations: [usize; 2],
    padding: Padding,
    round_up: bool,
}

impl Sliding {
    /// Takes the attributes of a window; `kernel`: its size where the weights tell
    /// it.
    pub(super) fn read(
        reader: &mut OperatorReader,
        kernel: Option<[usize; 2]>,
    ) -> Result<Self, LayerError> {
        let stated = list(reader, "kernel_shape", 1)?;
        let kernel = match (stated, kernel) {
            (Some(stated), Some(kernel)) if stated != kernel => {
                let expected = format!("{kernel:?}, the size of the weights");
                return Err(wrong("kernel_shape", format!("{stated:?}"), expected));
            }
            (Some(kernel), _) | (None, Some(kernel)) => kernel,
            (None, None) => {
                return Err(wrong("kernel_shape", "missing".to_string(), numbers_from(2, 1)));
            }
        };
        Ok(Self {
            kernel,
            strides: list(reader, "strides", 1)?.unwrap_or([1; 2]),
            dilations: list(reader, "dilations", 1)?.unwrap_or([1; 2]),
            padding: padding(reader)?,
            round_up: false,
        })
    }

    /// Takes the attributes of a window of a pooling layer.
    pub(super) fn read_pooling(reader: &mut OperatorReader) -> Result<Self, LayerError> {
        let sliding = Self { round_up: reader.flag("ceil_mode")?, ..Self::read(reader, None)? };
        if sliding.round_up && sliding.padding == Padding::Valid {
            // The standard's formula rounds down all the same, programs round up.
            let expected = "0 where auto_pad is VALID".to_string();
            return Err(wrong("ceil_mode", "1".to_string(), expected));
        }
        Ok(sliding)
    }

    /// The operator with the attributes of the window.
    pub(super) fn write(&self, operator: Operator) -> Operator {
        let integers =
            |values: &[usize]| Attribute::Integers(values.iter().map(|&v| v as i64).collect());
        let mut operator = operator
            .with("kernel_shape", integers(&self.kernel))
            .with("strides", integers(&self.strides));
        // AveragePool has dilations since operator set 19 only.
        if self.dilations != [1, 1] {
            operator = operator.with("dilations", integers(&self.dilations));
        }
        if self.round_up {
            operator = operator.with("ceil_mode", Attribute::Integer(1));
        }
        match self.padding {
            Padding::Explicit(pads) => operator.with("pads", integers(&pads)),
            other => operator.with("auto_pad", Attribute::Text(other.name().to_string())),
        }
    }

    /// Channels of an image of the given shape and the window over it.
    pub(super) fn over(&self, shape: &[usize]) -> Result<(usize, Window), LayerError> {
        let [1, channels, height, width] = *shape else {
            return Err(LayerError::Shape {
                found: format!("a tensor of shape {shape:?}"),
                expected: "one image, [1, channels, height, width]".to_string(),
            });
        };
        let refused = || LayerError::Shape {
            found: format!(
                "a window of {:?} with dilations {:?} over an image of {height} × {width} with {}",
                self.kernel, self.dilations, self.padding
            ),
            expected: "a window no larger than the padded image".to_string(),
        };
        let height = self.axis(0, height).ok_or_else(refused)?;
        let width = self.axis(1, width).ok_or_else(refused)?;
        Ok((channels, Window { height, width }))
    }

    /// [`over`](Self::over) for a pooling layer; with `pixels`, every output needs
    /// a tap in the image.
    pub(super) fn pooling_over(
        &self,
        shape: &[usize],
        pixels: bool,
    ) -> Result<(usize, Window), LayerError> {
        let (channels, window) = self.over(shape)?;
        let short = (0..2).any(|axis| self.reach(axis, shape[axis + 2]) < shape[axis + 2]);
        if short && matches!(self.padding, Padding::SameUpper | Padding::SameLower) {
            // The standard's padding is negative here; programs do different things.
            return Err(LayerError::Shape {
                found: format!(
                    "windows of {:?}, strides {:?}, that need no padding with {}",
                    self.kernel, self.strides, self.padding
                ),
                expected: "explicit pads, or windows that reach the end of the image".to_string(),
            });
        }
        let connections = window.connections().saturating_mul(channels);
        if connections > MOST_CONNECTIONS {
            return Err(LayerError::Shape {
                found: format!("{connections} pixels in all windows together"),
                expected: format!("at most {MOST_CONNECTIONS}"),
            });
        }
        for (name, axis) in [("row", &window.height), ("column", &window.width)] {
            let empty = (0..axis.outputs()).find(|&output| axis.taps_of(output).is_empty());
            if let Some(output) = empty.filter(|_| pixels) {
                return Err(LayerError::Shape {
                    found: format!("only padding under the windows of output {name} {output}"),
                    expected: "a pixel of the image under every window".to_string(),
                });
            }
        }
        Ok((channels, window))
    }

    /// Pixels from the start of the first of `⌈pixels / stride⌉` windows to the end of
    /// the last one.
    fn reach(&self, axis: usize, pixels: usize) -> usize {
        let stride = self.strides[axis];
        (pixels.div_ceil(stride) - 1) * stride + (self.kernel[axis] - 1) * self.dilations[axis] + 1
    }

    fn axis(&self, axis: usize, pixels: usize) -> Option<WindowAxis> {
        let same = self.reach(axis, pixels).saturating_sub(pixels);
        let pads = match self.padding {
            Padding::Explicit(pads) => [pads[axis], pads[axis + 2]],
            Padding::Valid => [0, 0],
            Padding::SameUpper => [same / 2, same - same / 2],
            Padding::SameLower => [same - same / 2, same / 2],
        };
        let steps = [self.strides[axis], self.dilations[axis]];
        WindowAxis::new(pixels, self.kernel[axis], steps, pads, self.round_up)
    }
}

/// A pooling layer: `value` of each plane of pixels (batch × 1 × channels × height ×
/// width), row and column of the output.
pub(super) fn pooled(
    images: &ArrayViewD<f64>,
    window: &Window,
    value: impl Fn(&[f64], usize, usize) -> f64,
) -> ArrayD<f64> {
    let (batch, channels) = (images.shape()[0], images.shape()[2]);
    let (height, width) = (window.height.outputs(), window.width.outputs());
    let images = images.as_standard_layout();
    let planes = images.as_slice().expect("standard layout").chunks_exact(window.pixels());
    let mut values = Vec::with_capacity(batch * channels * window.outputs());
    for plane in planes {
        for row in 0..height {
            values.extend((0..width).map(|column| value(plane, row, column)));
        }
    }
    let shape = IxDyn(&[batch, 1, channels, height, width]);
    ArrayD::from_shape_vec(shape, values).expect("one value an output")
}

impl Padding {
    /// The value of `auto_pad`.
    fn name(self) -> &'static str {
        match self {
            Self::Explicit(_) => "NOTSET",
            Self::Valid => "VALID",
            Self::SameUpper => "SAME_UPPER",
            Self::SameLower => "SAME_LOWER",
        }
    }
}

impl fmt::Display for Padding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit(pads) => write!(f, "pads {pads:?}"),
            other => write!(f, "auto_pad {}", other.name()),
        }
    }
}

fn padding(reader: &mut OperatorReader) -> Result<Padding, LayerError> {
    let name = reader.text("auto_pad", "NOTSET")?;
    let pads = list(reader, "pads", 0)?;
    let automatic = [Padding::Valid, Padding::SameUpper, Padding::SameLower];
    match (automatic.into_iter().find(|padding| padding.name() == name), pads) {
        (None, pads) if name == "NOTSET" => Ok(Padding::Explicit(pads.unwrap_or([0; 4]))),
        (None, _) => {
            let expected = "NOTSET, VALID, SAME_UPPER or SAME_LOWER".to_string();
            Err(wrong("auto_pad", format!("'{name}'"), expected))
        }
        (Some(padding), None) => Ok(padding),
        // Some exporters write both.
        (Some(Padding::Valid), Some([0, 0, 0, 0])) => Ok(Padding::Valid),
        (Some(_), Some(pads)) => {
            let expected = format!("none beside auto_pad {name}");
            Err(wrong("pads", format!("{pads:?}"), expected))
        }
    }
}

/// Takes the attribute `name`, `N` whole numbers from `least` on.
fn list<const N: usize>(
    reader: &mut OperatorReader,
    name: &'static str,
    least: usize,
) -> Result<Option<[usize; N]>, LayerError> {
    let Some(values) = reader.integer_list(name)? else { return Ok(None) };
    let number = |&value: &i64| usize::try_from(value).ok().filter(|v| (least..=MOST).contains(v));
    let numbers: Option<Vec<usize>> = values.iter().map(number).collect();
    match numbers.map(<[usize; N]>::try_from) {
        Some(Ok(numbers)) => Ok(Some(numbers)),
        _ => Err(wrong(name, format!("{values:?}"), numbers_from(N, least))),
    }
}

fn numbers_from(count: usize, least: usize) -> String {
    format!("{count} whole numbers from {least} to {MOST} (images in two dimensions)")
}

fn wrong(name: &str, found: String, expected: String) -> LayerError {
    LayerError::Attribute { name: name.to_string(), found, expected }
}
