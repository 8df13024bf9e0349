//! Windows over images in one, two or three dimensions, as files state them.
//!
//! The network's layers take images in two. An image in one is one of height 1; one in three
//! is taken apart into its planes (`convolution.rs`, `pooling.rs`).

use crate::io::onnx::call::{Call, Data, wrong_attribute, wrong_shape};
use crate::network::{Attribute, Attributes, LayerError};

/// Most dimensions of an image.
const MOST_DIMENSIONS: usize = 3;

/// The attributes of a window; one number a dimension of the image, two for `pads`.
#[derive(Clone, Debug)]
pub struct Windows {
    pub kernel: Option<Vec<i64>>,
    pub strides: Vec<i64>,
    pub dilations: Vec<i64>,
    pub pads: Option<Vec<i64>>,
    pub auto_pad: String,
    /// Which of them were given.
    given: [bool; 3],
}

/// Dimensions of the image in a tensor rows × channels × image.
pub fn dimensions(x: &Data) -> Result<usize, LayerError> {
    match x.shape.len().checked_sub(2) {
        Some(count) if (1..=MOST_DIMENSIONS).contains(&count) => Ok(count),
        _ => Err(wrong_shape(
            format!("a tensor of shape {:?}", x.shape),
            "images in one to three dimensions: [rows, channels, …]",
        )),
    }
}

impl Windows {
    /// Takes the attributes of windows over images in so many dimensions.
    pub fn read(call: &mut Call, dimensions: usize) -> Result<Self, LayerError> {
        let kernel = list(call, "kernel_shape", dimensions)?;
        let strides = list(call, "strides", dimensions)?;
        let dilations = list(call, "dilations", dimensions)?;
        let pads = list(call, "pads", 2 * dimensions)?;
        let given = [strides.is_some(), dilations.is_some(), call.has("auto_pad")];
        let auto_pad = call.text("auto_pad", "NOTSET")?;
        let ones = || vec![1; dimensions];
        Ok(Self {
            kernel,
            strides: strides.unwrap_or_else(ones),
            dilations: dilations.unwrap_or_else(ones),
            pads,
            auto_pad,
            given,
        })
    }

    /// The attributes of a layer over the given dimensions of the image, at most two; one of
    /// height 1 and no padding in front where there is one only.
    pub fn attributes(&self, dimensions: &[usize]) -> Attributes {
        let narrow = dimensions.len() == 1;
        let chosen = |values: &[i64], filling: i64| -> Vec<i64> {
            let front = narrow.then_some(filling).into_iter();
            front.chain(dimensions.iter().map(|&d| values[d])).collect()
        };
        let mut attributes = Attributes::new();
        let mut set = |name: &str, values: Vec<i64>| {
            attributes.insert(name.to_string(), Attribute::Integers(values));
        };
        if let Some(kernel) = &self.kernel {
            set("kernel_shape", chosen(kernel, 1));
        }
        if self.given[0] {
            set("strides", chosen(&self.strides, 1));
        }
        if self.given[1] {
            set("dilations", chosen(&self.dilations, 1));
        }
        if let Some(pads) = &self.pads {
            let (before, after) = pads.split_at(pads.len() / 2);
            set("pads", [chosen(before, 0), chosen(after, 0)].concat());
        }
        if self.given[2] {
            attributes.insert("auto_pad".to_string(), Attribute::Text(self.auto_pad.clone()));
        }
        attributes
    }

    /// Windows of the same taps, a stride of 1 and the given padding.
    pub fn of_stride_one(&self, pads: Vec<i64>) -> Self {
        Self {
            strides: vec![1; self.strides.len()],
            pads: Some(pads),
            auto_pad: "NOTSET".to_string(),
            given: [false, self.given[1], false],
            ..self.clone()
        }
    }

    /// Padding before and after along a dimension of `pixels` pixels under `taps` taps.
    pub fn padding(
        &self,
        dimension: usize,
        pixels: usize,
        taps: usize,
    ) -> Result<[usize; 2], LayerError> {
        let wrong = |name: &str, found: String| {
            wrong_attribute(name, found, "whole numbers from 0 (pads) or 1")
        };
        let positive = |name: &str, values: &[i64]| {
            let value = usize::try_from(values[dimension]).ok().filter(|&value| value > 0);
            value.ok_or_else(|| wrong(name, format!("{values:?}")))
        };
        let stride = positive("strides", &self.strides)?;
        let dilation = positive("dilations", &self.dilations)?;
        let reach = ((pixels.max(1) - 1) / stride)
            .checked_mul(stride)
            .and_then(|last| last.checked_add((taps - 1).checked_mul(dilation)?)?.checked_add(1))
            .ok_or_else(|| wrong("dilations", format!("{:?}", self.dilations)))?;
        let same = reach.saturating_sub(pixels);
        Ok(match (self.auto_pad.as_str(), &self.pads) {
            ("NOTSET", None) | ("VALID", _) => [0, 0],
            ("NOTSET", Some(pads)) => {
                let side = |index: usize| {
                    usize::try_from(pads[index]).map_err(|_| wrong("pads", format!("{pads:?}")))
                };
                [side(dimension)?, side(dimension + pads.len() / 2)?]
            }
            ("SAME_UPPER", None) => [same / 2, same - same / 2],
            ("SAME_LOWER", None) => [same - same / 2, same / 2],
            (name, _) => {
                let expected = "NOTSET, VALID, SAME_UPPER or SAME_LOWER, and no pads beside these";
                return Err(wrong_attribute("auto_pad", format!("'{name}'"), expected));
            }
        })
    }
}

/// Takes a list of so many whole numbers; `None` where it is left out.
fn list(call: &mut Call, name: &'static str, count: usize) -> Result<Option<Vec<i64>>, LayerError> {
    match call.integers(name)? {
        Some(values) if values.len() != count => {
            let expected = format!("{count} whole numbers for an image of this shape");
            Err(wrong_attribute(name, format!("{values:?}"), &expected))
        }
        values => Ok(values),
    }
}
