//! The outputs of a graph as one vector.

use super::builder::{Builder, Known};
use super::call::{Data, Wrong};
use super::content;
use super::graph::{Built, Failure, failure};
use super::lowering::{Lowering, numbers, value};
use super::value::{Tensor, Values};
use crate::message::excerpt;
use crate::network::{Argument, NetworkError};

impl Builder<'_> {
    /// The network from the inputs to the outputs.
    pub fn finish(mut self) -> Result<Built, Failure> {
        let mut outputs = Vec::new();
        for name in self.graph.outputs {
            match self.value(name)? {
                Some(known) => outputs.push((name.clone(), known)),
                None => return Err(NetworkError::UnknownOutput { value: name.clone() }.into()),
            }
        }
        let sizes = outputs.iter().map(|(_, known)| match known {
            Known::Data(data) => data.shape.iter().product::<usize>() / self.assembly.rows(),
            Known::Constant(tensor) => tensor.len() / self.assembly.rows(),
        });
        let sizes = sizes.collect();
        let id = match outputs.as_slice() {
            [(_, Known::Data(data))] => data.id,
            _ => self.joined(&outputs)?.id,
        };
        let network = self.assembly.finish(id).with_set_aside(self.set_aside);
        Ok(Built { network, sizes })
    }

    /// Several outputs, or one that is constant, as one vector.
    fn joined(&mut self, outputs: &[(String, Known)]) -> Result<Data, Failure> {
        let input = self.assembly.input();
        let input = Data { id: input, shape: self.assembly.shape(input) };
        let rows = self.assembly.rows();
        let name = match outputs {
            [(name, _)] => name.clone(),
            _ => "outputs".to_string(),
        };
        let mut lowering = Lowering { assembly: &mut self.assembly, node: &name, op: "output" };
        let mut parts = Vec::new();
        let mut constants = Vec::new();
        for (output, known) in outputs {
            match known {
                Known::Data(data) => {
                    let size = data.shape.iter().product::<usize>();
                    let part = lowering.reshape(data, &[rows, size / rows]);
                    parts.push(value(&part.map_err(|wrong| failure(wrong, output, "output"))?));
                }
                Known::Constant(tensor) => {
                    let Values::Float(_) = &tensor.values else {
                        let place = format!("output '{}'", excerpt(output));
                        let found = format!("a constant of type {}", tensor.kind.name());
                        return Err(content(&place, found, "numbers").into());
                    };
                    if tensor.len() % rows != 0 || tensor.len() == 0 {
                        return Err(match rows {
                            1 => NetworkError::ConstantOutput { value: output.clone() }.into(),
                            _ => Failure::Mixed(output.clone()),
                        });
                    }
                    let shape = [rows, tensor.len() / rows];
                    let Values::Float(values) = Tensor::clone(tensor).reshaped(&shape).values
                    else {
                        unreachable!("numbers stay numbers")
                    };
                    constants.push(values.clone());
                    parts.push(numbers(values));
                }
            }
        }
        let joined = if parts.iter().any(|part| matches!(part, Argument::Value(_))) {
            lowering.concat(parts, 1)
        } else {
            // Nothing depends on the input: 0 times it, plus the constants.
            nothing(&mut lowering, &input, rows).and_then(|zero| {
                let views: Vec<_> = constants.iter().map(|values| values.view()).collect();
                let all = ndarray::concatenate(ndarray::Axis(1), &views).expect("as many rows");
                lowering.with_constant("Add", &zero, all)
            })
        };
        joined.map_err(|wrong| failure(wrong, &name, "output"))
    }
}

/// A column of zeros, one a row, that depends on the input.
fn nothing(lowering: &mut Lowering, input: &Data, rows: usize) -> Result<Data, Wrong> {
    let size = input.shape.iter().product::<usize>() / rows;
    let flat = lowering.reshape(input, &[rows, size])?;
    let first = lowering.gather(&flat, 1, &[0])?;
    lowering.with_number("Mul", &first, 0.0)
}
