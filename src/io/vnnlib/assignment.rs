//! A point as a query's assignment: what solvers print behind `sat`, or write as ONNX tensors.
//!
//! Version 1.0: `((X_0 0.5)` … `(Y_0 1.5))`, a variable a line. Version 2.0: for each declared
//! tensor a line with its name, type and shape, and then one number a line, row by row.

use std::fmt::{self, Write};

use super::query::{ElementType, Query, Tensor};
use crate::io::onnx;
use crate::network::Precision;

/// Writes the assignment of a query: the values of its variables, by their numbers. Numbers have
/// the fewest digits that are read again as the same number of double precision.
///
/// # Errors
/// Those of the writer.
///
/// # Panics
/// If there is not one number for each variable.
pub fn write_assignment(out: &mut dyn Write, query: &Query, values: &[f64]) -> fmt::Result {
    assert_eq!(values.len(), query.variable_count(), "a value for each variable");
    if query.version.major == 1 {
        return in_version_1(out, query, values);
    }
    for tensor in query.tensors() {
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        writeln!(out, "{} {} [{}]", tensor.name, tensor.element_type, shape.join(","))?;
        let mut own = values[tensor.first.0..][..tensor.count()].iter();
        own.try_for_each(|value| writeln!(out, "{value}"))?;
    }
    Ok(())
}

fn in_version_1(out: &mut dyn Write, query: &Query, values: &[f64]) -> fmt::Result {
    let elements = |tensor: &Tensor| {
        let name = tensor.name.clone();
        (0..tensor.count()).map(move |index| (name.clone(), index))
    };
    let names = query.tensors().flat_map(elements);
    let last = values.len() - 1;
    for (position, ((name, index), value)) in names.zip(values).enumerate() {
        let open = if position == 0 { "(" } else { " " };
        let close = if position == last { ")" } else { "" };
        writeln!(out, "{open}({name}_{index} {value}){close}")?;
    }
    Ok(())
}

/// A variable's values as the bytes of an ONNX tensor, of the type that the query declares: of
/// real numbers that of the network, and single precision for half, whose numbers it has.
///
/// # Panics
/// If there is not one value for each element.
pub fn tensor_bytes(tensor: &Tensor, values: &[f64], of_network: Precision) -> Vec<u8> {
    assert_eq!(values.len(), tensor.count(), "a value for each element");
    let precision = match tensor.element_type {
        ElementType::Float16 | ElementType::Float32 => Precision::F32,
        ElementType::Float64 => Precision::F64,
        ElementType::Real => of_network,
    };
    onnx::tensor_bytes(&tensor.name, &tensor.shape, values, precision)
}
