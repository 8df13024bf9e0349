//! Constants of ONNX: raw or typed data, inside the file or beside it.

use ndarray::{ArrayD, IxDyn};

use super::schema::{SparseTensorProto, TensorProto, data_type};
use super::value::{Kind, Tensor, Values};
use crate::io::{Beside, FormatError};
use crate::message::excerpt;
use crate::network::{Constant, Precision};

/// Most elements that a tensor of a file may claim to have.
const MOST_ELEMENTS: usize = 1 << 31;

/// Most axes that it may claim to have.
const MOST_AXES: usize = 64;

/// Value of `data_location` where the data are in another file.
const EXTERNAL: i32 = 1;

/// The constant in a tensor.
pub fn read(tensor: &TensorProto, name: &str, beside: &Beside) -> Result<Tensor, FormatError> {
    Reader { tensor, name, beside }.read()
}

/// The constant of a sparse tensor that says how many elements it has: at most so many.
pub fn read_sparse(
    sparse: &SparseTensorProto,
    name: &str,
    most: usize,
) -> Result<Tensor, FormatError> {
    let missing = TensorProto::default();
    let part = |part: &Option<TensorProto>| {
        Reader { tensor: part.as_ref().unwrap_or(&missing), name, beside: &Beside::default() }
            .read()
    };
    let (values, places) = (part(&sparse.values)?, part(&sparse.indices)?);
    let whole = TensorProto { dims: sparse.dims.clone(), ..TensorProto::default() };
    let reader = Reader { tensor: &whole, name, beside: &Beside::default() };
    let (shape, count) = reader.shape()?;
    let refused = || {
        let found = format!(
            "a sparse tensor of {count} elements, with values of shape {:?} and indices of {:?}",
            values.shape(),
            places.shape()
        );
        let expected = "a list of values, with one index or one an axis for each, inside the \
                        tensor and in ascending order";
        reader.refuse(found, &format!("{expected}; at most {most} elements"))
    };
    let Values::Integer(indices) = &places.values else { return Err(refused()) };
    let is_list = match *places.shape() {
        [length] => length == values.len(),
        [length, axes] => length == values.len() && axes == shape.len() && axes > 0,
        _ => false,
    };
    if values.shape().len() != 1 || !is_list || count > most {
        return Err(refused());
    }
    let axes: &[usize] = if places.shape().len() == 2 { &shape } else { &[count] };
    let flat: Vec<i64> = indices.iter().copied().collect();
    let position = |index: &[i64]| {
        index.iter().zip(axes).try_fold(0, |at, (&index, &length)| {
            let index = usize::try_from(index).ok().filter(|&index| index < length)?;
            Some(at * length + index)
        })
    };
    let positions: Option<Vec<usize>> = flat.chunks(axes.len()).map(position).collect();
    let positions = positions.ok_or_else(refused)?;
    if positions.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(refused());
    }
    // Each element is 0, or one of the list behind it.
    let mut sources = vec![0; count];
    positions.iter().enumerate().for_each(|(number, &at)| sources[at] = number + 1);
    let sources = ArrayD::from_shape_vec(IxDyn(&shape), sources).expect("as many elements");
    Ok(values.behind_zero().picked(&sources))
}

struct Reader<'a> {
    tensor: &'a TensorProto,
    name: &'a str,
    beside: &'a Beside,
}

impl Reader<'_> {
    fn read(&self) -> Result<Tensor, FormatError> {
        let code = self.tensor.data_type.unwrap_or(0);
        let kind = Kind::of(code).ok_or_else(|| {
            let expected = "numbers (float16 to double, bfloat16), whole numbers or bool";
            self.refuse(format!("data of type {}", data_type::name(code)), expected)
        })?;
        let (shape, count) = self.shape()?;
        let wrong_length = |length: usize, what: &str| {
            let expected = format!("{count} elements for shape {}", excerpt(&format!("{shape:?}")));
            self.refuse(format!("{length} {what}"), &expected)
        };
        let TensorProto { raw_data, external_data, data_location, .. } = self.tensor;
        let beside = !external_data.is_empty() || *data_location == Some(EXTERNAL);
        let raw = raw_data.as_deref().filter(|raw| !raw.is_empty() && !beside);
        // Before memory is taken for the elements.
        if let Some(raw) = raw
            && raw.len() != bytes_of(kind, count)
        {
            return Err(wrong_length(raw.len(), "bytes"));
        }
        if kind.is_float() {
            let values = match raw {
                Some(raw) => floats_of_bytes(kind, raw),
                None if beside => self.floats_beside(kind, count)?,
                None => self.typed_floats(kind),
            };
            let length = values.len();
            let values = ArrayD::from_shape_vec(IxDyn(&shape), values);
            let values = values.map_err(|_| wrong_length(length, "numbers"))?;
            return Ok(Tensor { kind, values: Values::Float(values) });
        }
        let values = match raw {
            Some(raw) => integers_of_bytes(kind, raw, count),
            None if beside => integers_of_bytes(kind, &self.bytes_beside(kind, count)?, count),
            None => self.typed_integers(kind, count),
        };
        let (least, largest) = kind.range().expect("a type of whole numbers");
        if let Some(value) = values.iter().find(|value| !(least..=largest).contains(value)) {
            let found = format!("{value} in data of type {}", kind.name());
            return Err(self.refuse(found, &format!("{least} to {largest}")));
        }
        let length = values.len();
        let values = ArrayD::from_shape_vec(IxDyn(&shape), values);
        let values = values.map_err(|_| wrong_length(length, "whole numbers"))?;
        Ok(Tensor { kind, values: Values::Integer(values) })
    }

    fn refuse(&self, found: String, expected: &str) -> FormatError {
        FormatError::Content {
            place: format!("constant '{}'", excerpt(self.name)),
            found,
            expected: expected.to_string(),
        }
    }

    fn shape(&self) -> Result<(Vec<usize>, usize), FormatError> {
        let dims = &self.tensor.dims;
        let shape: Option<Vec<usize>> = dims.iter().map(|&d| usize::try_from(d).ok()).collect();
        let shape = shape.filter(|shape| shape.len() <= MOST_AXES);
        let count = shape.as_ref().and_then(|shape| {
            let mut dims = shape.iter();
            dims.try_fold(1usize, |count, &d| {
                count.checked_mul(d).filter(|&count| count <= MOST_ELEMENTS)
            })
        });
        shape.zip(count).ok_or_else(|| {
            self.refuse(
                format!("dimensions {}", excerpt(&format!("{dims:?}"))),
                "dimensions from 0 and at most 2^31 elements",
            )
        })
    }

    fn floats_beside(&self, kind: Kind, count: usize) -> Result<Vec<f64>, FormatError> {
        let mut values = Vec::new();
        self.pieces_beside(kind, count, |piece| {
            // Once it is known that there are as many.
            values.reserve_exact(count - values.len());
            values.extend(floats_of_bytes(kind, piece));
        })?;
        Ok(values)
    }

    fn bytes_beside(&self, kind: Kind, count: usize) -> Result<Vec<u8>, FormatError> {
        let mut bytes = Vec::new();
        self.pieces_beside(kind, count, |piece| bytes.extend(piece))?;
        Ok(bytes)
    }

    /// The bytes of the elements in another file, piece by piece.
    fn pieces_beside(
        &self,
        kind: Kind,
        count: usize,
        take: impl FnMut(&[u8]),
    ) -> Result<(), FormatError> {
        let entry = |key: &str| {
            let mut entries = self.tensor.external_data.iter();
            let entry = entries.find(|entry| entry.key.as_deref() == Some(key))?;
            Some(entry.value.as_deref().unwrap_or_default())
        };
        let number = |key: &str| match entry(key) {
            None => Ok(None),
            Some(text) => text.trim().parse::<u64>().map(Some).map_err(|_| {
                let found = format!("external data with {key} '{}'", excerpt(text));
                self.refuse(found, "a number of bytes")
            }),
        };
        let location = entry("location").unwrap_or_default();
        let expected = bytes_of(kind, count);
        if let Some(length) = number("length")?.filter(|&length| length != expected as u64) {
            let found = format!("external data of {length} bytes in '{}'", excerpt(location));
            return Err(self.refuse(found, &format!("{expected} bytes for {count} elements")));
        }
        let offset = number("offset")?.unwrap_or(0);
        let read = self.beside.read(location, offset, expected, take);
        let expected = "a file beside the model that holds them, as the exporter wrote it (or \
                        export with external_data=False)";
        read.map_err(|found| self.refuse(format!("data in the file {found}"), expected))
    }

    fn typed_floats(&self, kind: Kind) -> Vec<f64> {
        let TensorProto { float_data, double_data, int32_data, .. } = self.tensor;
        match kind {
            Kind::FLOAT => float_data.iter().map(|&v| v.into()).collect(),
            Kind::DOUBLE => double_data.clone(),
            // The bits of a number each.
            _ => int32_data.iter().map(|&v| half(kind, v as u16)).collect(),
        }
    }

    fn typed_integers(&self, kind: Kind, count: usize) -> Vec<i64> {
        let TensorProto { int32_data, int64_data, uint64_data, .. } = self.tensor;
        match kind.code() {
            data_type::INT64 => int64_data.clone(),
            data_type::UINT32 | data_type::UINT64 => {
                // What does not fit is out of the range of the type.
                uint64_data.iter().map(|&v| i64::try_from(v).unwrap_or(i64::MIN)).collect()
            }
            data_type::INT4 | data_type::UINT4 => {
                let bytes: Vec<u8> = int32_data.iter().map(|&v| v as u8).collect();
                match bytes.len() == bytes_of(kind, count) {
                    true => integers_of_bytes(kind, &bytes, count),
                    false => Vec::new(),
                }
            }
            _ => int32_data.iter().map(|&v| v.into()).collect(),
        }
    }
}

/// How many bytes so many elements take.
fn bytes_of(kind: Kind, count: usize) -> usize {
    match kind.code() {
        data_type::INT4 | data_type::UINT4 => count.div_ceil(2),
        data_type::BOOL | data_type::INT8 | data_type::UINT8 => count,
        data_type::FLOAT16 | data_type::BFLOAT16 | data_type::INT16 | data_type::UINT16 => {
            2 * count
        }
        data_type::FLOAT | data_type::INT32 | data_type::UINT32 => 4 * count,
        _ => 8 * count,
    }
}

fn floats_of_bytes(kind: Kind, raw: &[u8]) -> Vec<f64> {
    match kind {
        Kind::FLOAT => words(raw).map(|word| f64::from(f32::from_le_bytes(word))).collect(),
        Kind::DOUBLE => words(raw).map(f64::from_le_bytes).collect(),
        _ => words(raw).map(|word| half(kind, u16::from_le_bytes(word))).collect(),
    }
}

fn integers_of_bytes(kind: Kind, raw: &[u8], count: usize) -> Vec<i64> {
    match kind.code() {
        data_type::INT4 => {
            let nibble = |i: usize| ((raw[i / 2] >> (4 * (i % 2))) << 4).cast_signed() >> 4;
            (0..count).map(|i| nibble(i).into()).collect()
        }
        data_type::UINT4 => (0..count).map(|i| (raw[i / 2] >> (4 * (i % 2)) & 15).into()).collect(),
        data_type::BOOL | data_type::UINT8 => raw.iter().map(|&byte| byte.into()).collect(),
        data_type::INT8 => raw.iter().map(|&byte| byte.cast_signed().into()).collect(),
        data_type::INT16 => words(raw).map(|word| i16::from_le_bytes(word).into()).collect(),
        data_type::UINT16 => words(raw).map(|word| u16::from_le_bytes(word).into()).collect(),
        data_type::INT32 => words(raw).map(|word| i32::from_le_bytes(word).into()).collect(),
        data_type::UINT32 => words(raw).map(|word| u32::from_le_bytes(word).into()).collect(),
        // Above the largest `int64`, `uint64` comes out negative: out of the range of the type.
        _ => words(raw).map(i64::from_le_bytes).collect(),
    }
}

/// The number of half precision, or of `bfloat16`, with the given bits.
fn half(kind: Kind, bits: u16) -> f64 {
    if kind == Kind::BFLOAT16 {
        return f32::from_bits(u32::from(bits) << 16).into();
    }
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, from the layouts of IEEE 754 and of the upper half of `f32`.
    #[test]
    fn numbers_of_two_bytes() {
        let of = |bits| half(Kind::FLOAT16, bits);
        assert_eq!(
            [of(0x3c00), of(0xc000), of(0x7bff), of(1)],
            [1.0, -2.0, 65504.0, 2f64.powi(-24)]
        );
        assert_eq!([of(0x7c00), of(0x3555)], [f64::INFINITY, 0.333251953125]);
        assert!(of(0x7c01).is_nan());
        assert_eq!(half(Kind::BFLOAT16, 0xc049), -3.140625);
    }

    #[test]
    fn whole_numbers_of_half_a_byte() {
        let of = |code| integers_of_bytes(Kind::of(code).unwrap(), &[0x8f, 0x07], 3);
        assert_eq!(of(data_type::INT4), [-1, -8, 7]);
        assert_eq!(of(data_type::UINT4), [15, 8, 7]);
    }
}
