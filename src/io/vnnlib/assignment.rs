//! A point as a query's assignment: what solvers print behind `sat`.
//!
//! Version 1.0: `((X_0 0.5)` … `(Y_0 1.5))`, a variable a line. Version 2.0: for each declared
//! tensor a line with its name, type and shape, and then one number a line, row by row.

use std::fmt::{self, Write};

use super::query::{NetworkDeclaration, Query, Tensor};

/// Writes the assignment of a query about one network. Numbers have the fewest digits that are
/// read again as the same number of double precision.
///
/// # Errors
/// Those of the writer.
///
/// # Panics
/// If there is not one number for each input and each output.
pub fn write_assignment(
    out: &mut dyn Write,
    query: &Query,
    (input, output): (&[f64], &[f64]),
) -> fmt::Result {
    let declared = &query.networks[0];
    let sides = [(&declared.inputs, input), (&declared.outputs, output)];
    for (tensors, values) in sides {
        assert_eq!(values.len(), tensors.iter().map(Tensor::count).sum::<usize>(), "values");
    }
    match query.version.major {
        1 => in_version_1(out, declared, (input, output)),
        _ => {
            for (tensors, values) in sides {
                let mut rest = values;
                for tensor in tensors {
                    let (own, others) = rest.split_at(tensor.count());
                    let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
                    writeln!(out, "{} {} [{}]", tensor.name, tensor.element_type, shape.join(","))?;
                    own.iter().try_for_each(|value| writeln!(out, "{value}"))?;
                    rest = others;
                }
            }
            Ok(())
        }
    }
}

fn in_version_1(
    out: &mut dyn Write,
    declared: &NetworkDeclaration,
    (input, output): (&[f64], &[f64]),
) -> fmt::Result {
    let mut names = declared.inputs.iter().chain(&declared.outputs);
    let (Some(x), Some(y)) = (names.next(), names.next()) else { return Ok(()) };
    let of_inputs = input.iter().enumerate().map(|(index, value)| (&x.name, index, value));
    let of_outputs = output.iter().enumerate().map(|(index, value)| (&y.name, index, value));
    let last = input.len() + output.len() - 1;
    for (position, (name, index, value)) in of_inputs.chain(of_outputs).enumerate() {
        let open = if position == 0 { "(" } else { " " };
        let close = if position == last { ")" } else { "" };
        writeln!(out, "{open}({name}_{index} {value}){close}")?;
    }
    Ok(())
}
