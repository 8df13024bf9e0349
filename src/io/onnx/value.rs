//! Constant tensors with the types of the standard: numbers as `f64`, whole numbers and truth
//! values as `i64`. Both hold every number of the types that are read.

use ndarray::{ArrayD, IxDyn};

use super::schema::data_type;

/// Type of the elements of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(i32);

/// A constant tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Type of its elements, which all of them fit.
    pub kind: Kind,
    /// The elements.
    pub values: Values,
}

/// The elements of a [`Tensor`].
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers.
    Float(ArrayD<f64>),
    /// Whole numbers and truth values (0, 1).
    Integer(ArrayD<i64>),
}

impl Kind {
    pub const FLOAT: Self = Self(data_type::FLOAT);
    pub const DOUBLE: Self = Self(data_type::DOUBLE);
    pub const FLOAT16: Self = Self(data_type::FLOAT16);
    pub const BFLOAT16: Self = Self(data_type::BFLOAT16);
    pub const BOOL: Self = Self(data_type::BOOL);
    pub const INT64: Self = Self(data_type::INT64);

    /// The types that can be read, by their number in the standard.
    pub fn of(code: i32) -> Option<Self> {
        let kind = Self(code);
        (kind.is_float() || kind.range().is_some()).then_some(kind)
    }

    pub fn code(self) -> i32 {
        self.0
    }

    pub fn name(self) -> String {
        data_type::name(self.0)
    }

    pub fn is_float(self) -> bool {
        [Self::FLOAT, Self::DOUBLE, Self::FLOAT16, Self::BFLOAT16].contains(&self)
    }

    /// Least and largest number of a type of whole numbers; those of `uint64` above the
    /// largest `int64` are refused.
    pub fn range(self) -> Option<(i64, i64)> {
        Some(match self.0 {
            data_type::BOOL => (0, 1),
            data_type::INT4 => (-8, 7),
            data_type::UINT4 => (0, 15),
            data_type::INT8 => (i8::MIN.into(), i8::MAX.into()),
            data_type::UINT8 => (0, u8::MAX.into()),
            data_type::INT16 => (i16::MIN.into(), i16::MAX.into()),
            data_type::UINT16 => (0, u16::MAX.into()),
            data_type::INT32 => (i32::MIN.into(), i32::MAX.into()),
            data_type::UINT32 => (0, u32::MAX.into()),
            data_type::INT64 => (i64::MIN, i64::MAX),
            data_type::UINT64 => (0, i64::MAX),
            _ => return None,
        })
    }

    /// The number of a floating-point type next to `value`, ties to even.
    pub fn round(self, value: f64) -> f64 {
        match self {
            Self::FLOAT => f64::from(value as f32),
            Self::FLOAT16 => rounded(value, 11, -14, 65504.0),
            Self::BFLOAT16 => rounded(value, 8, -126, f64::from(f32::from_bits(0x7f7f_0000))),
            _ => value,
        }
    }
}

/// `value` to `digits` binary digits, with the exponent of the least normal number and the
/// largest number of the type.
fn rounded(value: f64, digits: i32, least: i32, largest: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let exponent = ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let unit = 2f64.powi(exponent.max(least) - digits + 1);
    let rounded = (value / unit).round_ties_even() * unit;
    if rounded.abs() > largest { f64::INFINITY.copysign(value) } else { rounded }
}

impl Tensor {
    /// Numbers, rounded to the type.
    pub fn floats(kind: Kind, mut values: ArrayD<f64>) -> Self {
        if kind != Kind::DOUBLE {
            values.mapv_inplace(|value| kind.round(value));
        }
        Self { kind, values: Values::Float(values) }
    }

    /// Whole numbers that are known to fit `int64`.
    pub fn integers(values: ArrayD<i64>) -> Self {
        Self { kind: Kind::INT64, values: Values::Integer(values) }
    }

    /// A list of whole numbers.
    pub fn list(values: Vec<i64>) -> Self {
        Self::integers(ndarray::Array1::from(values).into_dyn())
    }

    /// A list of 0 and the elements.
    pub fn behind_zero(&self) -> Self {
        let values = match &self.values {
            Values::Float(values) => {
                let all = std::iter::once(0.0).chain(values.iter().copied());
                Values::Float(all.collect::<ndarray::Array1<f64>>().into_dyn())
            }
            Values::Integer(values) => {
                let all = std::iter::once(0).chain(values.iter().copied());
                Values::Integer(all.collect::<ndarray::Array1<i64>>().into_dyn())
            }
        };
        Self { kind: self.kind, values }
    }

    pub fn shape(&self) -> &[usize] {
        match &self.values {
            Values::Float(values) => values.shape(),
            Values::Integer(values) => values.shape(),
        }
    }

    pub fn len(&self) -> usize {
        match &self.values {
            Values::Float(values) => values.len(),
            Values::Integer(values) => values.len(),
        }
    }

    /// The same elements in another shape of as many.
    pub fn reshaped(self, shape: &[usize]) -> Self {
        let values = match self.values {
            Values::Float(values) => Values::Float(in_shape(values, shape)),
            Values::Integer(values) => Values::Integer(in_shape(values, shape)),
        };
        Self { values, ..self }
    }

    /// The elements at the given positions, in row-major order.
    pub fn picked(&self, positions: &ArrayD<usize>) -> Self {
        let values = match &self.values {
            Values::Float(values) => Values::Float(picked(values, positions)),
            Values::Integer(values) => Values::Integer(picked(values, positions)),
        };
        Self { kind: self.kind, values }
    }
}

fn in_shape<T: Clone>(values: ArrayD<T>, shape: &[usize]) -> ArrayD<T> {
    let flat = match values.is_standard_layout() {
        true => values.into_raw_vec_and_offset().0,
        false => values.iter().cloned().collect(),
    };
    ArrayD::from_shape_vec(IxDyn(shape), flat).expect("as many elements")
}

fn picked<T: Clone>(values: &ArrayD<T>, positions: &ArrayD<usize>) -> ArrayD<T> {
    let flat = values.as_standard_layout();
    let flat = flat.as_slice().expect("standard layout");
    positions.mapv(|position| flat[position].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: f16 has 11 digits, 65520 is the tie above its largest number; bf16 has 8.
    #[test]
    fn numbers_are_rounded_to_their_type() {
        assert_eq!(Kind::FLOAT16.round(1.0 + 2f64.powi(-11)), 1.0);
        assert_eq!(Kind::FLOAT16.round(1.0 + 1.5 * 2f64.powi(-11)), 1.0 + 2f64.powi(-10));
        assert_eq!(Kind::FLOAT16.round(2f64.powi(-25)), 0.0);
        assert_eq!(Kind::FLOAT16.round(1.5 * 2f64.powi(-25)), 2f64.powi(-24));
        assert_eq!(Kind::FLOAT16.round(65519.0), 65504.0);
        assert_eq!(Kind::FLOAT16.round(-65520.0), f64::NEG_INFINITY);
        assert_eq!(Kind::BFLOAT16.round(1.0 + 2f64.powi(-8)), 1.0);
        assert_eq!(Kind::BFLOAT16.round(1.0 + 1.5 * 2f64.powi(-8)), 1.0 + 2f64.powi(-7));
        assert_eq!(Kind::FLOAT.round(0.1), f64::from(0.1_f32));
        assert_eq!(Kind::DOUBLE.round(0.1), 0.1);
    }
}
