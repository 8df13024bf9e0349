//! Constants of ONNX: raw or typed data, `f32`, `f64`, `int32`, `int64`.

use ndarray::{ArrayD, IxDyn};

use super::schema::{TensorProto, data_type};
use crate::io::FormatError;
use crate::message::excerpt;
use crate::network::{Constant, Precision};

/// Most elements that a tensor of a file may claim to have.
const MOST_ELEMENTS: usize = 1 << 31;

/// The constant in a tensor.
pub fn read(tensor: &TensorProto, name: &str) -> Result<Constant, FormatError> {
    let refuse = |found: String, expected: &str| FormatError::Content {
        place: format!("constant '{}'", excerpt(name)),
        found,
        expected: expected.to_string(),
    };
    if !tensor.external_data.is_empty() {
        return Err(refuse("data in another file".to_string(), "data inside this file"));
    }
    let dims: Option<Vec<usize>> = tensor.dims.iter().map(|&d| usize::try_from(d).ok()).collect();
    let count = dims.as_ref().and_then(|dims| {
        dims.iter()
            .try_fold(1usize, |count, &d| count.checked_mul(d).filter(|&c| c <= MOST_ELEMENTS))
    });
    let (Some(dims), Some(count)) = (dims, count) else {
        return Err(refuse(
            format!("dimensions {}", excerpt(&format!("{:?}", tensor.dims))),
            "dimensions from 0 and at most 2^31 elements",
        ));
    };
    let shape = IxDyn(&dims);
    let wrong_length = |length: usize, what: &str| {
        let shape = format!("{dims:?}");
        let expected = format!("{count} elements for shape {}", excerpt(&shape));
        refuse(format!("{length} {what}"), &expected)
    };
    let raw = tensor.raw_data.as_deref().filter(|raw| !raw.is_empty());
    let kind = tensor.data_type.unwrap_or(0);
    match kind {
        data_type::FLOAT | data_type::DOUBLE => {
            let values: Vec<f64> = match (raw, kind) {
                (Some(raw), data_type::FLOAT) => {
                    words(raw).map(|w| f64::from(f32::from_le_bytes(w))).collect()
                }
                (Some(raw), _) => words(raw).map(f64::from_le_bytes).collect(),
                (None, data_type::FLOAT) => tensor.float_data.iter().map(|&v| v.into()).collect(),
                (None, _) => tensor.double_data.clone(),
            };
            check_raw(raw, values.len() * if kind == data_type::FLOAT { 4 } else { 8 })
                .map_err(|length| wrong_length(length, "bytes"))?;
            let length = values.len();
            let values = ArrayD::from_shape_vec(shape, values);
            Ok(Constant::Float(values.map_err(|_| wrong_length(length, "numbers"))?))
        }
        data_type::INT32 | data_type::INT64 => {
            let values: Vec<i64> = match (raw, kind) {
                (Some(raw), data_type::INT32) => {
                    words(raw).map(|w| i32::from_le_bytes(w).into()).collect()
                }
                (Some(raw), _) => words(raw).map(i64::from_le_bytes).collect(),
                (None, data_type::INT32) => tensor.int32_data.iter().map(|&v| v.into()).collect(),
                (None, _) => tensor.int64_data.clone(),
            };
            check_raw(raw, values.len() * if kind == data_type::INT32 { 4 } else { 8 })
                .map_err(|length| wrong_length(length, "bytes"))?;
            let length = values.len();
            let values = ArrayD::from_shape_vec(shape, values);
            Ok(Constant::Integer(values.map_err(|_| wrong_length(length, "whole numbers"))?))
        }
        other => Err(refuse(
            format!("data of type {}", data_type::name(other)),
            "float, double, int32 or int64",
        )),
    }
}

/// A constant as a tensor; numbers in the given precision.
pub fn write(constant: &Constant, name: String, precision: Precision) -> TensorProto {
    let dims = |shape: &[usize]| shape.iter().map(|&d| d as i64).collect();
    let (shape, kind, raw): (&[usize], i32, Vec<u8>) = match constant {
        Constant::Integer(values) => (
            values.shape(),
            data_type::INT64,
            values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ),
        Constant::Float(values) => match precision {
            Precision::F32 => (
                values.shape(),
                data_type::FLOAT,
                values.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect(),
            ),
            Precision::F64 => (
                values.shape(),
                data_type::DOUBLE,
                values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            ),
        },
    };
    TensorProto {
        dims: dims(shape),
        data_type: Some(kind),
        name: Some(name),
        raw_data: Some(raw),
        ..TensorProto::default()
    }
}

/// The whole words of `N` bytes in `raw`.
fn words<const N: usize>(raw: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    raw.chunks_exact(N).map(|chunk| chunk.try_into().expect("chunks of N bytes"))
}

/// That no bytes are left over; else how many there are.
fn check_raw(raw: Option<&[u8]>, used: usize) -> Result<(), usize> {
    match raw {
        Some(raw) if raw.len() != used => Err(raw.len()),
        _ => Ok(()),
    }
}
