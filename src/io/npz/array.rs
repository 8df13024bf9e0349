//! Arrays as NumPy writes them (`.npy`).
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>

use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use super::refused;
use crate::io::FormatError;
use crate::message::excerpt;
use crate::network::Precision;

const MARK: &[u8] = b"\x93NUMPY";

/// Headers are filled up to a multiple of this.
const ALIGNMENT: usize = 64;

/// An array, and whether single precision holds its numbers.
#[derive(Debug)]
pub struct Array {
    pub values: ArrayD<f64>,
    pub precision: Precision,
}

/// What is wrong with an array whose name is not known here.
#[derive(Debug, PartialEq)]
pub struct Wrong {
    found: String,
    expected: String,
}

impl Wrong {
    pub fn of(&self, key: &str) -> FormatError {
        refused(key, &self.found, &self.expected)
    }
}

fn wrong(found: impl Into<String>, expected: &str) -> Wrong {
    Wrong { found: found.into(), expected: expected.to_string() }
}

/// Reads an array; memory is taken for what the bytes hold, whatever the header says.
pub fn read(bytes: &[u8]) -> Result<Array, Wrong> {
    let (header, data) = split(bytes)?;
    let header = Header::parse(header)?;
    let count = header.shape.iter().try_fold(1_usize, |all, &length| all.checked_mul(length));
    let width = header.number.width();
    if count.and_then(|count| count.checked_mul(width)) != Some(data.len()) {
        let shape = excerpt(&format!("{:?}", header.shape)).into_owned();
        let found = format!("{} bytes for shape {shape} of {width} bytes each", data.len());
        return Err(wrong(found, "as many as the shape has"));
    }
    let values: Vec<f64> =
        data.chunks_exact(width).map(|bytes| header.number.read(bytes, header.is_big)).collect();
    let shape = IxDyn(&header.shape).set_f(header.is_fortran);
    let values = ArrayD::from_shape_vec(shape, values)
        .map_err(|error| wrong(error.to_string(), "an array that memory can hold"))?;
    if let Some((index, value)) = values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        let index: Vec<usize> = (0..values.ndim()).map(|axis| index[axis]).collect();
        return Err(wrong(format!("{value} at {index:?}"), "finite numbers"));
    }
    let precision = match header.number {
        Number::Double => Precision::F64,
        Number::Half | Number::Single => Precision::F32,
    };
    Ok(Array { values, precision })
}

/// The header's text and the numbers behind it.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), Wrong> {
    let expected = "an array as NumPy writes it";
    let rest = bytes.strip_prefix(MARK).ok_or_else(|| wrong("no NumPy array", expected))?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => {
            (usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX), rest)
        }
        [version, ..] if *version > 3 => {
            return Err(wrong(format!("version {version} of the format"), "version 1, 2 or 3"));
        }
        _ => return Err(wrong("an array that is cut off", expected)),
    };
    let cut = || wrong("a header that is cut off", expected);
    let (header, data) = rest.split_at_checked(length).ok_or_else(cut)?;
    Ok((
        std::str::from_utf8(header).map_err(|_| wrong("a header that is no text", expected))?,
        data,
    ))
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
struct Header {
    number: Number,
    is_big: bool,
    is_fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let value = |key: &str| {
            let at = text.split_once(&format!("'{key}':"));
            at.map(|(_, rest)| rest.trim_start()).ok_or_else(|| {
                let found = format!("a header without '{key}': {}", excerpt(text.trim()));
                wrong(found, "one as NumPy writes it")
            })
        };
        let descr = value("descr")?;
        let kind = descr.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
        let kind = kind.map_or(descr, |(kind, _)| kind);
        let (number, is_big) = match kind {
            "<f2" => (Number::Half, false),
            ">f2" => (Number::Half, true),
            "<f4" => (Number::Single, false),
            ">f4" => (Number::Single, true),
            "<f8" => (Number::Double, false),
            ">f8" => (Number::Double, true),
            _ => {
                let found = format!("numbers of type '{}'", excerpt(kind.trim()));
                return Err(wrong(found, "floating point of 2, 4 or 8 bytes (f2, f4, f8)"));
            }
        };
        let order = value("fortran_order")?;
        let is_fortran = order.starts_with("True");
        if !is_fortran && !order.starts_with("False") {
            return Err(wrong("a 'fortran_order' that is neither", "True or False"));
        }
        let shape = value("shape")?;
        let inside = shape.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let lengths = inside.map(|(inside, _)| inside.split(',').map(str::trim));
        let lengths = lengths.map(|words| words.filter(|word| !word.is_empty()));
        let shape = lengths.and_then(|words| words.map(|word| word.parse().ok()).collect());
        let shape = shape.ok_or_else(|| wrong("a 'shape' that is no list", "whole numbers"))?;
        Ok(Self { number, is_big, is_fortran, shape })
    }
}

/// A type of floating point.
#[derive(Clone, Copy, Debug)]
enum Number {
    Half,
    Single,
    Double,
}

impl Number {
    fn width(self) -> usize {
        match self {
            Self::Half => 2,
            Self::Single => 4,
            Self::Double => 8,
        }
    }

    /// The number in [`width`](Self::width) bytes.
    fn read(self, bytes: &[u8], is_big: bool) -> f64 {
        let bits = match is_big {
            true => bytes.iter().fold(0, |bits, &byte| bits << 8 | u64::from(byte)),
            false => bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte)),
        };
        match self {
            Self::Half => half(bits as u16),
            Self::Single => f64::from(f32::from_bits(bits as u32)),
            Self::Double => f64::from_bits(bits),
        }
    }
}

/// IEEE half precision: a sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    }
}

/// The bytes of an array, in row-major order, least significant bytes first.
pub fn write(values: &ArrayD<f64>, precision: Precision) -> Vec<u8> {
    let kind = if precision == Precision::F32 { "<f4" } else { "<f8" };
    let lengths: String = values.shape().iter().map(|length| format!("{length}, ")).collect();
    // A single length keeps its comma, as a tuple does in Python.
    let lengths =
        if values.ndim() == 1 { lengths.trim_end() } else { lengths.trim_end_matches(", ") };
    let mut header =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({lengths}), }}");
    let before = MARK.len() + 4;
    let length = (before + header.len() + 1).next_multiple_of(ALIGNMENT) - before;
    header.push_str(&" ".repeat(length - header.len() - 1));
    header.push('\n');
    let mut bytes = [MARK, &[1, 0]].concat();
    // Two lengths and a few words: far from the 65 535 that version 1 allows.
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(header.into_bytes());
    match precision {
        Precision::F32 => bytes.extend(values.iter().flat_map(|&v| (v as f32).to_le_bytes())),
        Precision::F64 => bytes.extend(values.iter().flat_map(|v| v.to_le_bytes())),
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the format of IEEE half precision; `numpy.float16` gives the same.
    #[test]
    fn half_precision() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_953_125),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_625e-5),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:#06x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    fn array(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = [MARK, &[1, 0]].concat();
        bytes.extend((header.len() as u16).to_le_bytes());
        [&bytes, header.as_bytes(), data].concat()
    }

    #[test]
    fn orders_of_axes_and_bytes() {
        let header = |kind: &str, order: &str| {
            format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': (2, 3), }}\n")
        };
        let rows = ndarray::arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).into_dyn();
        let big = |values: [f32; 6]| values.map(f32::to_be_bytes).concat();
        let little = |values: [f64; 6]| values.map(f64::to_le_bytes).concat();
        for bytes in [
            array(&header(">f4", "False"), &big([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
            array(&header("<f8", "True"), &little([1.0, 4.0, 2.0, 5.0, 3.0, 6.0])),
        ] {
            assert_eq!(read(&bytes).expect("an array").values, rows);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for (values, precision) in [
            (ndarray::arr1(&[0.5, -3.0]).into_dyn(), Precision::F32),
            (ndarray::arr2(&[[0.1, 2.0], [1e-300, 4.0], [5.0, 6.0]]).into_dyn(), Precision::F64),
        ] {
            let bytes = write(&values, precision);
            assert_eq!(
                (bytes.len() - values.len() * if precision == Precision::F32 { 4 } else { 8 }) % 64,
                0
            );
            let array = read(&bytes).expect("an array");
            assert_eq!((array.values, array.precision), (values, precision));
        }
    }

    #[test]
    fn arrays_that_are_wrong() {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
        let single = |values: [f32; 2]| values.map(f32::to_le_bytes).concat();
        let infinite = array(header, &single([1.0, f32::INFINITY]));
        let whole = array(&header.replace("<f4", "<i8"), &[0; 16]);
        let huge = array(&header.replace("(2,)", "(4611686018427387904, 4)"), &[0; 8]);
        let keyless = array(&header.replace("shape", "form"), &[0; 8]);
        let good = array(header, &single([1.0, 2.0]));
        for (bytes, found) in [
            (&infinite[..], "inf at [1]"),
            (&whole, "numbers of type '<i8'"),
            (&huge, "8 bytes for shape [4611686018427387904, 4] of 4 bytes each"),
            (&good[..good.len() - 1], "7 bytes for shape [2] of 4 bytes each"),
            (&good[..9], "an array that is cut off"),
            (&good[..20], "a header that is cut off"),
            (b"PK", "no NumPy array"),
            (b"\x93NUMPY\x04\x00\x00\x00", "version 4 of the format"),
        ] {
            assert_eq!(read(bytes).expect_err("wrong").found, found);
        }
        let found = read(&keyless).expect_err("no shape").found;
        assert!(found.starts_with("a header without 'shape': {'descr'"), "{found}");
    }
}
