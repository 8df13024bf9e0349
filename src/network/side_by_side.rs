//! Several networks as one: for conditions on the outputs of all of them.

use ndarray::Array1;

use super::assembly::{Argument, Assembly, AssemblyError, ValueId};
use super::{Attribute, Attributes, Constant, LayerView, Network, NetworkError, Operand};

/// A network, and where its inputs come from.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The network.
    pub network: &'a Network,
    /// Of each of its inputs, the coordinate of the common input that it is.
    pub inputs: &'a [usize],
}

impl Network {
    /// The network from a common input of so many numbers to the outputs of all `networks`, one
    /// behind the other. Its layers are theirs, as read.
    ///
    /// # Errors
    /// [`NetworkError::Size`]: together they are too large.
    ///
    /// # Panics
    /// If there is no network, a coordinate that is none of the common input, or not one for each
    /// input.
    pub fn side_by_side(
        name: &str,
        inputs: usize,
        networks: &[Beside<'_>],
    ) -> Result<Self, NetworkError> {
        let mut joined = Joined { assembly: Assembly::new(name, "x", &[1, inputs], 1)? };
        let mut outputs = Vec::new();
        for (number, beside) in networks.iter().enumerate() {
            assert_eq!(beside.inputs.len(), beside.network.inputs(), "a coordinate for each input");
            let output = joined.add(number, *beside)?;
            outputs.push(Argument::Value(output));
        }
        let axis = Attributes::from([("axis".to_string(), Attribute::Integer(1))]);
        let output = match outputs[..] {
            [Argument::Value(only)] => only,
            _ => joined.layer("outputs", "Concat", axis, outputs)?,
        };
        let precision = networks[0].network.metadata().precision;
        let metadata = super::Metadata { precision, ..super::Metadata::default() };
        joined.assembly.finish(output).with_metadata(metadata)
    }

    /// The first layer in which another network differs in what it does or in the shape of what
    /// comes out, as far as weights and biases do not matter: its name there, `None` where the
    /// networks are isomorphic.
    pub fn first_difference(&self, other: &Self) -> Option<String> {
        let alike = |own: &LayerView<'_>, theirs: &LayerView<'_>| {
            let op = |layer: &LayerView<'_>| layer.layer.summary().0;
            op(own) == op(theirs) && own.shape == theirs.shape && own.inputs == theirs.inputs
        };
        let (own, theirs): (Vec<_>, Vec<_>) = (self.layers().collect(), other.layers().collect());
        let mut pairs = own.iter().zip(&theirs);
        match pairs.find(|(own, theirs)| !alike(own, theirs)) {
            Some((_, layer)) => Some(layer.name.to_string()),
            None if self.input_shape() != other.input_shape() => Some("the input".to_string()),
            None if own.len() > theirs.len() => Some("the end".to_string()),
            None => theirs.get(own.len()).map(|layer| layer.name.to_string()),
        }
    }
}

struct Joined {
    assembly: Assembly,
}

impl Joined {
    /// Adds the layers of a network; gives back its outputs as one row.
    fn add(
        &mut self,
        number: usize,
        Beside { network, inputs }: Beside<'_>,
    ) -> Result<ValueId, NetworkError> {
        let own = |name: &str| format!("{name} (network {})", number + 1);
        let all = self.assembly.shape(self.assembly.input())[1];
        let mut input = self.assembly.input();
        if !inputs.iter().copied().eq(0..all) {
            let indices = inputs.iter().map(|&input| i64::try_from(input).expect("a coordinate"));
            let indices = Constant::Integer(Array1::from_iter(indices).into_dyn());
            let axis = Attributes::from([("axis".to_string(), Attribute::Integer(1))]);
            let arguments = vec![Argument::Value(input), Argument::Constant(indices)];
            input = self.layer(&own("inputs"), "Gather", axis, arguments)?;
        }
        let mut values = vec![self.reshaped(&own("input"), input, network.input_shape())?];
        for LayerView { name, layer, inputs, .. } in network.layers() {
            let operator = layer.operator();
            let mut data = inputs.iter().map(|&input| Argument::Value(values[input]));
            let argument = |operand| match operand {
                Operand::Data => data.next().expect("a value for each operand"),
                Operand::Constant(constant) => Argument::Constant(constant),
                Operand::Absent => Argument::Absent,
            };
            let arguments = operator.operands.into_iter().map(argument).collect();
            values.push(self.layer(&own(name), &operator.op, operator.attributes, arguments)?);
        }
        let output = values[network.output_position()];
        self.reshaped(&own("output"), output, &[1, network.outputs()])
    }

    fn reshaped(
        &mut self,
        name: &str,
        value: ValueId,
        shape: &[usize],
    ) -> Result<ValueId, NetworkError> {
        if self.assembly.shape(value) == shape {
            return Ok(value);
        }
        let target = shape.iter().map(|&size| i64::try_from(size).expect("a dimension"));
        let target = Constant::Integer(Array1::from_iter(target).into_dyn());
        let arguments = vec![Argument::Value(value), Argument::Constant(target)];
        self.layer(name, "Reshape", Attributes::new(), arguments)
    }

    fn layer(
        &mut self,
        name: &str,
        op: &str,
        attributes: Attributes,
        arguments: Vec<Argument>,
    ) -> Result<ValueId, NetworkError> {
        self.assembly.add(name, op, attributes, arguments).map_err(|error| match error {
            AssemblyError::Network(error) => *error,
            AssemblyError::Mixed { .. } => unreachable!("one row has none to be mixed with"),
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::network::{Activation, DenseLayer};

    fn small(weight: f64) -> Network {
        let layers = vec![
            DenseLayer {
                weights: array![[weight, -1.0], [1.0, 2.0]],
                bias: array![0.5, 0.0],
                activation: Activation::Relu,
            },
            DenseLayer {
                weights: array![[1.0, 3.0]],
                bias: array![0.25],
                activation: Activation::Linear,
            },
        ];
        Network::dense("small", layers).expect("a network")
    }

    /// By hand: each network at its own coordinates.
    #[test]
    fn each_has_its_own_inputs() {
        let (f, g) = (small(2.0), small(-3.0));
        let both =
            [Beside { network: &f, inputs: &[0, 2] }, Beside { network: &g, inputs: &[2, 1] }];
        let joined = Network::side_by_side("both", 3, &both).expect("a network");
        let x = [0.7, -0.4, 1.3];
        let expected = [f.evaluate_point(&[0.7, 1.3]), g.evaluate_point(&[1.3, -0.4])].concat();
        assert_eq!(joined.evaluate_point(&x), expected);
        let lowered = joined.lower().expect("a canonical form");
        let lowered = lowered.evaluate(array![[0.7, -0.4, 1.3]].view());
        assert!(lowered.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{lowered:?}");
        assert_eq!(f.first_difference(&g), None);
    }
}
