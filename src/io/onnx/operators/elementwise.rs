//! Elementwise operators of what depends on the input: sums, products with constants, choices
//! by constants. `Sum`, `Mean`, `Max` and `Min` of any number of operands are taken two by
//! two; constants among them are put together first.

use ndarray::{ArrayD, IxDyn, Zip};

use super::arithmetic::broadcast;
use super::constants;
use super::layers;
use crate::io::onnx::call::{Call, Data, Operand, Wrong, wrong_operand, wrong_shape};
use crate::io::onnx::lowering::{Lowering, numbers, value};
use crate::io::onnx::value::Values;
use crate::network::{Argument, Attributes};

pub fn add(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    layers::lower(call, lowering)
}

pub fn sub(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    layers::lower(call, lowering)
}

pub fn mul(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    if call.is_data(0) && call.is_data(1) {
        let expected = "a constant: a product of two computed tensors is not piecewise linear";
        return Err(wrong_operand(1, call.peek(1), expected).into());
    }
    layers::lower(call, lowering)
}

pub fn div(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    if call.is_data(1) {
        let expected = "a constant: a quotient by a computed tensor is not piecewise linear";
        return Err(wrong_operand(1, call.peek(1), expected).into());
    }
    layers::lower(call, lowering)
}

pub fn neg(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let x = call.data(0)?;
    lowering.with_number("Mul", &x, -1.0)
}

/// Only the exponent 1 is linear.
pub fn pow(call: &mut Call, _: &mut Lowering) -> Result<Data, Wrong> {
    let expected = "an exponent of 1: other powers are not piecewise linear";
    let is_one = match call.peek(1) {
        Operand::Constant { tensor, .. } if tensor.len() == 1 => match &tensor.values {
            Values::Float(values) => values.iter().all(|&v| v == 1.0),
            Values::Integer(values) => values.iter().all(|&v| v == 1),
        },
        _ => false,
    };
    if !is_one {
        return Err(wrong_operand(1, call.peek(1), expected).into());
    }
    call.constant(1)?;
    Ok(call.data(0)?)
}

pub fn sum(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let count = call.count();
    of_all(call, lowering, "Add", count, |a, b| a + b)
}

pub fn mean(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let count = call.count();
    let sum = of_all(call, lowering, "Add", count, |a, b| a + b)?;
    lowering.with_number("Div", &sum, count as f64)
}

pub fn max(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let count = call.count();
    of_all(call, lowering, "Max", count, f64::max)
}

pub fn min(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let count = call.count();
    of_all(call, lowering, "Min", count, f64::min)
}

/// `op` over all operands; `fold` is its value for two constants.
fn of_all(
    call: &mut Call,
    lowering: &mut Lowering,
    op: &str,
    count: usize,
    fold: fn(f64, f64) -> f64,
) -> Result<Data, Wrong> {
    if count == 2 && op == call.op {
        return layers::lower(call, lowering);
    }
    let mut result: Option<Data> = None;
    let mut constants: Vec<ArrayD<f64>> = Vec::new();
    for index in 0..count {
        if call.is_data(index) {
            let next = call.data(index)?;
            result = Some(match result {
                None => next,
                Some(sum) => lowering.of_two(op, &sum, &next)?,
            });
        } else {
            constants.push(call.weights(index)?);
        }
    }
    let mut result = result.expect("an operand that depends on the input");
    // Sums of constants would be rounded where they are put together.
    if op == "Add" {
        for values in constants {
            result = lowering.with_constant("Add", &result, values)?;
        }
        return Ok(result);
    }
    let mut all: Option<ArrayD<f64>> = None;
    for next in constants {
        all = Some(match all {
            None => next,
            Some(values) => {
                let shape = IxDyn(&broadcast(call, values.shape(), next.shape())?);
                let a = values.broadcast(shape.clone()).expect("a shape to broadcast to");
                let b = next.broadcast(shape).expect("a shape to broadcast to");
                Zip::from(&a).and(&b).map_collect(|&a, &b| fold(a, b))
            }
        });
    }
    match all {
        None => Ok(result),
        Some(values) => lowering.with_constant(op, &result, values),
    }
}

pub fn concat(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let axis = constants::concat_axis(call)?;
    let mut parts = Vec::new();
    for index in 0..call.count() {
        parts.push(match call.peek(index) {
            Operand::Absent => {
                return Err(wrong_operand(index, call.peek(index), "a tensor").into());
            }
            Operand::Data(_) => value(&call.data(index)?),
            Operand::Constant { .. } => numbers(call.weights(index)?),
        });
    }
    lowering.concat(parts, axis)
}

/// `Where` by a constant condition: `c ⊙ a + (1 − c) ⊙ b`, the constants among `a` and `b` taken
/// where they count and 0 elsewhere.
pub fn choice(call: &mut Call, lowering: &mut Lowering) -> Result<Data, Wrong> {
    let condition = constants::condition(call)?;
    let (a, b) =
        (side(call, 1, &condition, lowering)?, side(call, 2, &condition.mapv(|c| !c), lowering)?);
    lowering.add("Add", Attributes::new(), vec![a, b])
}

/// An operand where it is chosen, else 0.
fn side(
    call: &mut Call,
    index: usize,
    chosen: &ArrayD<bool>,
    lowering: &mut Lowering,
) -> Result<Argument, Wrong> {
    if call.is_data(index) {
        let data = call.data(index)?;
        let factors = chosen.mapv(|c| f64::from(u8::from(c)));
        return Ok(value(&lowering.with_constant("Mul", &data, factors)?));
    }
    let tensor = call.constant(index)?;
    let Values::Float(values) = &tensor.values else {
        return Err(wrong_shape("a constant of whole numbers", "one of numbers").into());
    };
    let shape = IxDyn(&broadcast(call, values.shape(), chosen.shape())?);
    let values = values.broadcast(shape.clone()).expect("a shape to broadcast to");
    let chosen = chosen.broadcast(shape).expect("a shape to broadcast to");
    Ok(numbers(Zip::from(&values).and(&chosen).map_collect(|&v, &c| if c { v } else { 0.0 })))
}
