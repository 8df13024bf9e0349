//! `Conv`: `yₘ(o) = Bₘ + Σ_c Σ_t W_{m,c,t} x_c(o · stride + t · dilation − pad)`, the
//! convolution of an image. <https://onnx.ai/onnx/operators/onnx__Conv.html>
//!
//! Shapes: `X` is 1 × channels × height × width, `W` (constant) outputs ×
//! channels / group × height × width of the window, `B` (constant, may be left out)
//! outputs. Output channel `m` reads the channels of its group only. The attributes
//! are those of [`super::sliding`] and `group`; `kernel_shape`, if given, must
//! agree with `W`. Convolutions in one or three dimensions are refused, and so
//! are several images at once.
//!
//! Canonical form: one affine map, its matrix kept as the kernel.

use ndarray::{ArcArray, Array1, Array2, ArrayD, ArrayViewD, Ix1, Ix4};

use super::sliding::Sliding;
use super::{Layer, Lowered, batched};
use crate::network::convolution::Convolution;
use crate::network::linear::Linear;
use crate::network::operator::{
    Attribute, Constant, LayerError, Operand, Operator, OperatorReader,
};
use crate::network::relu_graph::{NodeId, ReluGraph};
use crate::network::window::Window;

#[derive(Debug)]
struct Conv {
    /// Outputs × channels of a group × height × width.
    kernel: ArcArray<f64, Ix4>,
    bias: Option<Array1<f64>>,
    groups: usize,
    sliding: Sliding,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    let kernel = kernel(reader.weights(1)?)?;
    let (outputs, _, height, width) = kernel.dim();
    let bias = match reader.optional_weights(2)? {
        None => None,
        Some(values) => Some(bias(values, outputs)?),
    };
    let group = reader.integer("group", 1)?;
    let groups = usize::try_from(group).ok().filter(|&g| g > 0 && outputs % g == 0);
    let groups = groups.ok_or_else(|| LayerError::Attribute {
        name: "group".to_string(),
        found: group.to_string(),
        expected: format!("a divisor of the {outputs} output channels"),
    })?;
    let sliding = Sliding::read(reader, Some([height, width]))?;
    Ok(Box::new(Conv { kernel, bias, groups, sliding }))
}

fn kernel(values: ArrayD<f64>) -> Result<ArcArray<f64, Ix4>, LayerError> {
    let found = format!("a constant of shape {:?}", values.shape());
    let expected =
        "outputs × channels / group × height × width (images in two dimensions)".to_string();
    match values.into_dimensionality::<Ix4>() {
        Ok(kernel) if !kernel.is_empty() => Ok(kernel.into_shared()),
        _ => Err(LayerError::Operand { index: 1, found, expected }),
    }
}

fn bias(values: ArrayD<f64>, outputs: usize) -> Result<Array1<f64>, LayerError> {
    let found = format!("a constant of shape {:?}", values.shape());
    match values.into_dimensionality::<Ix1>() {
        Ok(bias) if bias.len() == outputs => Ok(bias),
        _ => Err(LayerError::Operand { index: 2, found, expected: format!("shape [{outputs}]") }),
    }
}

impl Conv {
    /// Checks the channels.
    fn over(&self, shape: &[usize]) -> Result<Window, LayerError> {
        let (channels, window) = self.sliding.over(shape)?;
        let expected = self.groups * self.kernel.dim().1;
        if channels != expected {
            let (weights, groups) = (self.kernel.shape(), self.groups);
            return Err(LayerError::Shape {
                found: format!("an image of shape {shape:?}"),
                expected: format!(
                    "{expected} channels for weights of shape {weights:?}, group {groups}"
                ),
            });
        }
        Ok(window)
    }

    fn convolution(&self, shape: &[usize]) -> Convolution {
        let window = self.over(shape).expect("checked shapes");
        Convolution::new(window, self.groups, self.kernel.clone())
    }

    /// The bias of every output element.
    fn biases(&self, outputs: usize) -> Array1<f64> {
        match &self.bias {
            None => Array1::zeros(outputs),
            Some(bias) => {
                let pixels = outputs / bias.len();
                bias.iter().flat_map(|&b| std::iter::repeat_n(b, pixels)).collect()
            }
        }
    }
}

impl Layer for Conv {
    fn operator(&self) -> Operator {
        let constant = |values: ArrayD<f64>| Operand::Constant(Constant::Float(values));
        let kernel = constant(self.kernel.to_owned().into_dyn());
        let bias = self.bias.clone().map_or(Operand::Absent, |b| constant(b.into_dyn()));
        let operator = Operator::new("Conv", vec![Operand::Data, kernel, bias]);
        self.sliding.write(operator.with("group", Attribute::Integer(self.groups as i64)))
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let window = self.over(inputs[0])?;
        Ok(vec![1, self.kernel.dim().0, window.height.outputs(), window.width.outputs()])
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let (batch, shape) = (inputs[0].shape()[0], &inputs[0].shape()[1..]);
        let convolution = self.convolution(shape);
        let x = inputs[0].to_shape((batch, convolution.inputs())).expect("one row an image");
        let mut y = Array2::zeros((batch, convolution.outputs()));
        convolution.add_product(x.view(), y.view_mut());
        y += &self.biases(convolution.outputs());
        let shape = self.output_shape(&[shape]).expect("checked shapes");
        y.into_dyn().into_shape_with_order(batched(batch, &shape)).expect("standard layout")
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let convolution = self.convolution(inputs[0].shape);
        let bias = self.biases(convolution.outputs());
        Ok(graph.affine(vec![(inputs[0].node, Linear::Convolution(convolution))], bias))
    }

    fn for_one_row(&self, _: usize, _: &[&[usize]]) -> Option<Operator> {
        Some(self.operator())
    }
}
