//! Arithmetic of constants, elementwise with broadcasting: whole numbers exactly or refused,
//! numbers rounded once to their type, as the standard's programs do.

use std::rc::Rc;

use ndarray::{ArrayD, IxDyn, Zip};

use super::check_made;
use crate::io::onnx::call::{Call, Wrong, wrong_shape};
use crate::io::onnx::value::{Kind, Tensor, Values};
use crate::message::excerpt;
use crate::network::broadcast_shape;

type OfTwo<T, R> = fn(T, T) -> R;

pub fn add(call: &mut Call) -> Result<Tensor, Wrong> {
    of_two(call, |a, b| a + b, i64::checked_add)
}

pub fn sub(call: &mut Call) -> Result<Tensor, Wrong> {
    of_two(call, |a, b| a - b, i64::checked_sub)
}

pub fn mul(call: &mut Call) -> Result<Tensor, Wrong> {
    of_two(call, |a, b| a * b, i64::checked_mul)
}

/// Whole numbers towards 0.
pub fn div(call: &mut Call) -> Result<Tensor, Wrong> {
    of_two(call, |a, b| a / b, i64::checked_div)
}

/// With `fmod` the sign is that of the dividend, else that of the divisor.
pub fn modulo(call: &mut Call) -> Result<Tensor, Wrong> {
    if call.flag("fmod", false)? {
        return of_two(call, |a, b| a % b, i64::checked_rem);
    }
    let floored = |a: f64, b: f64| {
        let rest = a % b;
        if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
    };
    of_two(call, floored, |a, b| {
        let rest = a.checked_rem(b)?;
        Some(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
    })
}

pub fn max(call: &mut Call) -> Result<Tensor, Wrong> {
    of_all(call, larger, |a, b| Some(a.max(b)))
}

pub fn min(call: &mut Call) -> Result<Tensor, Wrong> {
    of_all(call, smaller, |a, b| Some(a.min(b)))
}

pub fn sum(call: &mut Call) -> Result<Tensor, Wrong> {
    of_all(call, |a, b| a + b, i64::checked_add)
}

pub fn mean(call: &mut Call) -> Result<Tensor, Wrong> {
    let count = call.count() as f64;
    let sum = sum(call)?;
    of_one(sum, |a| a / count, |_| None)
}

/// NaN is the result of NaN.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

fn smaller(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// Exponents for which the power is a product or a root that is rounded once.
pub fn pow(call: &mut Call) -> Result<Tensor, Wrong> {
    let exponent = call.constant(1)?;
    let number = match &exponent.values {
        Values::Float(values) if values.len() == 1 => values.iter().next().copied(),
        Values::Integer(values) if values.len() == 1 => values.iter().next().map(|&v| v as f64),
        _ => None,
    };
    let base = unshared(call.constant(0)?);
    let whole: fn(i64) -> Option<i64> = match number {
        Some(1.0) => Some,
        Some(2.0) => |a| a.checked_mul(a),
        _ => |_| None,
    };
    match number {
        Some(1.0) => of_one(base, |a| a, whole),
        Some(2.0) => of_one(base, |a| a * a, whole),
        Some(0.5) => of_one(base, f64::sqrt, whole),
        Some(-1.0) => of_one(base, f64::recip, whole),
        _ => {
            let exponents = format!("{:?}", exponent.values);
            let found = format!("a power of constants with the exponent {}", excerpt(&exponents));
            Err(wrong_shape(found, "the exponent 0.5, 1, 2 or -1").into())
        }
    }
}

pub fn neg(call: &mut Call) -> Result<Tensor, Wrong> {
    of_one(unshared(call.constant(0)?), |a| -a, i64::checked_neg)
}

pub fn abs(call: &mut Call) -> Result<Tensor, Wrong> {
    of_one(unshared(call.constant(0)?), f64::abs, i64::checked_abs)
}

pub fn sign(call: &mut Call) -> Result<Tensor, Wrong> {
    let sign = |a: f64| if a == 0.0 || a.is_nan() { a } else { a.signum() };
    of_one(unshared(call.constant(0)?), sign, |a| Some(a.signum()))
}

pub fn sqrt(call: &mut Call) -> Result<Tensor, Wrong> {
    of_one(unshared(call.constant(0)?), f64::sqrt, |_| None)
}

pub fn reciprocal(call: &mut Call) -> Result<Tensor, Wrong> {
    of_one(unshared(call.constant(0)?), f64::recip, |_| None)
}

pub fn floor(call: &mut Call) -> Result<Tensor, Wrong> {
    of_one(unshared(call.constant(0)?), f64::floor, |_| None)
}

pub fn ceil(call: &mut Call) -> Result<Tensor, Wrong> {
    of_one(unshared(call.constant(0)?), f64::ceil, |_| None)
}

pub fn round(call: &mut Call) -> Result<Tensor, Wrong> {
    of_one(unshared(call.constant(0)?), f64::round_ties_even, |_| None)
}

pub fn equal(call: &mut Call) -> Result<Tensor, Wrong> {
    compare(call, |a, b| a == b, |a, b| a == b)
}

pub fn greater(call: &mut Call) -> Result<Tensor, Wrong> {
    compare(call, |a, b| a > b, |a, b| a > b)
}

pub fn greater_or_equal(call: &mut Call) -> Result<Tensor, Wrong> {
    compare(call, |a, b| a >= b, |a, b| a >= b)
}

pub fn less(call: &mut Call) -> Result<Tensor, Wrong> {
    compare(call, |a, b| a < b, |a, b| a < b)
}

pub fn less_or_equal(call: &mut Call) -> Result<Tensor, Wrong> {
    compare(call, |a, b| a <= b, |a, b| a <= b)
}

pub fn and(call: &mut Call) -> Result<Tensor, Wrong> {
    logical(call, |a, b| a && b)
}

pub fn or(call: &mut Call) -> Result<Tensor, Wrong> {
    logical(call, |a, b| a || b)
}

pub fn xor(call: &mut Call) -> Result<Tensor, Wrong> {
    logical(call, |a, b| a != b)
}

pub fn not(call: &mut Call) -> Result<Tensor, Wrong> {
    let tensor = unshared(call.constant(0)?);
    truth(&tensor)?;
    of_one(tensor, |a| a, |a| Some(1 - a))
}

/// The tensor, copied only where others have it too.
pub fn unshared(tensor: Rc<Tensor>) -> Tensor {
    Rc::unwrap_or_clone(tensor)
}

fn truth(tensor: &Tensor) -> Result<(), Wrong> {
    match tensor.kind {
        Kind::BOOL => Ok(()),
        kind => Err(wrong_shape(format!("a constant of type {}", kind.name()), "type bool").into()),
    }
}

fn of_one(
    tensor: Tensor,
    float: impl Fn(f64) -> f64,
    integer: impl Fn(i64) -> Option<i64>,
) -> Result<Tensor, Wrong> {
    match tensor.values {
        Values::Float(values) => Ok(Tensor::floats(tensor.kind, values.mapv_into(float))),
        Values::Integer(values) => {
            let mut exact = true;
            let result = values.mapv(|value| {
                integer(value).unwrap_or_else(|| {
                    exact = false;
                    0
                })
            });
            whole(tensor.kind, result, exact)
        }
    }
}

fn of_all(
    call: &mut Call,
    float: OfTwo<f64, f64>,
    integer: OfTwo<i64, Option<i64>>,
) -> Result<Tensor, Wrong> {
    let mut result = unshared(call.constant(0)?);
    for index in 1..call.count() {
        let next = call.constant(index)?;
        result = both(call, &result, &next, float, integer)?;
    }
    Ok(result)
}

fn of_two(
    call: &mut Call,
    float: OfTwo<f64, f64>,
    integer: OfTwo<i64, Option<i64>>,
) -> Result<Tensor, Wrong> {
    let (a, b) = (call.constant(0)?, call.constant(1)?);
    both(call, &a, &b, float, integer)
}

fn both(
    call: &Call,
    a: &Tensor,
    b: &Tensor,
    float: OfTwo<f64, f64>,
    integer: OfTwo<i64, Option<i64>>,
) -> Result<Tensor, Wrong> {
    let shape = broadcast(call, a.shape(), b.shape())?;
    match (&a.values, &b.values) {
        (Values::Float(x), Values::Float(y)) if a.kind == b.kind => {
            Ok(Tensor::floats(a.kind, zipped(x, y, &shape, float)))
        }
        (Values::Integer(x), Values::Integer(y)) if a.kind == b.kind => {
            let results = zipped(x, y, &shape, integer);
            let exact = results.iter().all(Option::is_some);
            whole(a.kind, results.mapv(Option::unwrap_or_default), exact)
        }
        _ => Err(different_types(a, b)),
    }
}

fn compare(
    call: &mut Call,
    float: OfTwo<f64, bool>,
    integer: OfTwo<i64, bool>,
) -> Result<Tensor, Wrong> {
    let (a, b) = (call.constant(0)?, call.constant(1)?);
    let shape = broadcast(call, a.shape(), b.shape())?;
    let truths = match (&a.values, &b.values) {
        (Values::Float(x), Values::Float(y)) if a.kind == b.kind => zipped(x, y, &shape, float),
        (Values::Integer(x), Values::Integer(y)) if a.kind == b.kind => {
            zipped(x, y, &shape, integer)
        }
        _ => return Err(different_types(&a, &b)),
    };
    Ok(Tensor { kind: Kind::BOOL, values: Values::Integer(truths.mapv(i64::from)) })
}

fn logical(call: &mut Call, operation: fn(bool, bool) -> bool) -> Result<Tensor, Wrong> {
    let (a, b) = (call.constant(0)?, call.constant(1)?);
    truth(&a)?;
    truth(&b)?;
    let shape = broadcast(call, a.shape(), b.shape())?;
    let (Values::Integer(x), Values::Integer(y)) = (&a.values, &b.values) else {
        return Err(different_types(&a, &b));
    };
    let truths = zipped(&x.mapv(|a| a != 0), &y.mapv(|b| b != 0), &shape, operation);
    Ok(Tensor { kind: Kind::BOOL, values: Values::Integer(truths.mapv(i64::from)) })
}

fn different_types(a: &Tensor, b: &Tensor) -> Wrong {
    let found = format!("constants of types {} and {}", a.kind.name(), b.kind.name());
    wrong_shape(found, "operands of one type").into()
}

/// Whole numbers that have to fit their type.
fn whole(kind: Kind, values: ArrayD<i64>, exact: bool) -> Result<Tensor, Wrong> {
    let (least, largest) = kind.range().expect("a type of whole numbers");
    match exact && values.iter().all(|value| (least..=largest).contains(value)) {
        true => Ok(Tensor { kind, values: Values::Integer(values) }),
        false => {
            let found = format!("a result that is no number of type {}", kind.name());
            Err(wrong_shape(found, "one that is").into())
        }
    }
}

/// The elements of two tensors in the shape that both broadcast to.
fn zipped<T: Copy, R>(
    x: &ArrayD<T>,
    y: &ArrayD<T>,
    shape: &[usize],
    operation: fn(T, T) -> R,
) -> ArrayD<R> {
    let x = x.broadcast(IxDyn(shape)).expect("a shape to broadcast to");
    let y = y.broadcast(IxDyn(shape)).expect("a shape to broadcast to");
    Zip::from(&x).and(&y).map_collect(|&a, &b| operation(a, b))
}

/// The shape that both broadcast to, which has to be small enough.
pub fn broadcast(call: &Call, a: &[usize], b: &[usize]) -> Result<Vec<usize>, Wrong> {
    let shape = broadcast_shape(a, b).ok_or_else(|| {
        let found = format!("operands of shapes {a:?} and {b:?}");
        wrong_shape(found, "shapes that are equal or broadcast to each other")
    })?;
    check_made(call, &shape)?;
    Ok(shape)
}
