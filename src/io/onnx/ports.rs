//! Inputs and outputs of a file: one vector each for the network.

use std::collections::HashSet;

use super::content;
use super::schema::{DimensionProto, ValueInfoProto, data_type};
use crate::io::FormatError;
use crate::message::excerpt;
use crate::network::{NetworkError, Precision};

/// An input of a file.
#[derive(Clone, Debug)]
pub struct Port {
    pub name: String,
    /// A free batch as 1.
    pub shape: Vec<usize>,
    pub precision: Precision,
}

impl Port {
    /// The input that is described.
    pub fn read(info: &ValueInfoProto) -> Result<Self, FormatError> {
        let name = info.name.clone().unwrap_or_default();
        let place = format!("input '{}'", excerpt(&name));
        let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
        let tensor = tensor.ok_or_else(|| content(&place, "no tensor type", "a tensor"))?;
        let precision = match tensor.elem_type {
            Some(data_type::FLOAT | data_type::FLOAT16 | data_type::BFLOAT16) => Precision::F32,
            Some(data_type::DOUBLE) => Precision::F64,
            other => {
                let found = format!("elements of type {}", data_type::name(other.unwrap_or(0)));
                return Err(content(&place, found, "numbers: float, double, float16 or bfloat16"));
            }
        };
        let shape = tensor.shape.as_ref();
        let shape = shape.ok_or_else(|| content(&place, "no shape", "a shape"))?;
        let rank = shape.dim.len();
        let dimension = |(axis, d)| dimension(&place, rank, axis, d);
        let shape = shape.dim.iter().enumerate().map(dimension).collect::<Result<_, _>>()?;
        Ok(Self { name, shape, precision })
    }

    /// Number of elements; `None` where there are too many to count.
    pub fn size(&self) -> Option<usize> {
        self.shape.iter().try_fold(1usize, |count, &d| count.checked_mul(d))
    }
}

fn dimension(
    place: &str,
    rank: usize,
    axis: usize,
    dimension: &DimensionProto,
) -> Result<usize, FormatError> {
    match dimension.dim_value {
        Some(value) if value > 0 => usize::try_from(value)
            .map_err(|_| content(place, format!("dimension {value}"), "a smaller one")),
        // Exporters write the free batch as a symbol, 0, −1 or nothing.
        _ if axis == 0 && rank > 1 => Ok(1),
        other => {
            let symbol = dimension.dim_param.clone().unwrap_or_default();
            let found = match other {
                Some(value) => format!("dimension {axis} is {value}"),
                None if symbol.is_empty() => format!("dimension {axis} is not given"),
                None => format!("dimension {axis} is the symbol '{}'", excerpt(&symbol)),
            };
            Err(content(place, found, "a positive number (only the batch may be symbolic)"))
        }
    }
}

/// Rows of a batch that the inputs may have: as many in front of each, more than one.
pub fn rows(inputs: &[Port]) -> usize {
    let first = |port: &Port| match *port.shape {
        [rows, _, ..] if rows > 1 => Some(rows),
        _ => None,
    };
    match inputs.first().and_then(first) {
        Some(rows) if inputs.iter().all(|port| first(port) == Some(rows)) => rows,
        _ => 1,
    }
}

/// The network's input for one of `rows` rows: its name and its shape, with all rows.
pub fn joined(inputs: &[Port], rows: usize) -> Result<(String, Vec<usize>), NetworkError> {
    if let [input] = inputs {
        return Ok((input.name.clone(), input.shape.clone()));
    }
    let size = inputs.iter().try_fold(0usize, |sum, port| sum.checked_add(port.size()?));
    let total = size.unwrap_or(usize::MAX);
    Ok(("inputs".to_string(), vec![rows, total / rows]))
}

/// A name for each element of several values, `name` for a single one and `name[i]` for others,
/// in row-major order; none where names would be alike.
pub fn element_names(values: &[(String, usize)]) -> Vec<String> {
    let names: Vec<String> = values
        .iter()
        .flat_map(|(name, size)| {
            let of_one = *size == 1;
            (0..*size).map(move |i| if of_one { name.clone() } else { format!("{name}[{i}]") })
        })
        .collect();
    let distinct: HashSet<&String> = names.iter().collect();
    if distinct.len() == names.len() { names } else { Vec::new() }
}

/// Leaves out names of inputs and outputs that are alike.
pub fn distinct_sides(inputs: Vec<String>, outputs: Vec<String>) -> (Vec<String>, Vec<String>) {
    let clash = inputs.iter().any(|name| outputs.contains(name));
    if clash { (Vec::new(), Vec::new()) } else { (inputs, outputs) }
}
