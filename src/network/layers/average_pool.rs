//! `AveragePool`: `y(o) = Σ x / k` over the pixels under a window, channel by
//! channel. <https://onnx.ai/onnx/operators/onnx__AveragePool.html>
//!
//! `k` is the number of pixels under the window, with `count_include_pad` that of
//! its taps in the padded image. Taps beyond the padding, which `ceil_mode` brings
//! about, never count. Attributes: those of [`super::sliding`], `ceil_mode` (not
//! with `auto_pad` VALID) and `count_include_pad`.
//!
//! Where `k` is no power of two, `1/k` is no `f64`. The layer as read is *defined*
//! as `Σ x · w` with `w` the `f64` next to `1/k`, in the forward pass and in the
//! canonical form alike, so that both are the same function. It differs from the
//! division by a factor between `1 − 2⁻⁵³` and `1 + 2⁻⁵³`.
//!
//! Canonical form: one affine map with sparse rows.

use ndarray::{ArrayD, ArrayViewD};

use super::sliding::{Sliding, pooled};
use super::{Layer, Lowered, sparse};
use crate::network::operator::{Attribute, LayerError, Operand, Operator, OperatorReader};
use crate::network::relu_graph::{NodeId, ReluGraph};
use crate::network::window::Window;

#[derive(Debug)]
struct AveragePool {
    sliding: Sliding,
    count_padding: bool,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    let sliding = Sliding::read_pooling(reader)?;
    Ok(Box::new(AveragePool { sliding, count_padding: reader.flag("count_include_pad")? }))
}

impl AveragePool {
    fn over(&self, shape: &[usize]) -> Result<(usize, Window), LayerError> {
        self.sliding.pooling_over(shape, !self.count_padding)
    }

    /// The weight of the pixels under the window of an output.
    fn weight(&self, window: &Window, row: usize, column: usize) -> f64 {
        let (height, width) = (&window.height, &window.width);
        let count = match self.count_padding {
            true => height.padded_taps_of(row) * width.padded_taps_of(column),
            false => height.taps_of(row).len() * width.taps_of(column).len(),
        };
        1.0 / count as f64
    }
}

impl Layer for AveragePool {
    fn operator(&self) -> Operator {
        let operator = self.sliding.write(Operator::new("AveragePool", vec![Operand::Data]));
        match self.count_padding {
            true => operator.with("count_include_pad", Attribute::Integer(1)),
            false => operator,
        }
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let (channels, window) = self.over(inputs[0])?;
        Ok(vec![1, channels, window.height.outputs(), window.width.outputs()])
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let (_, window) = self.over(&inputs[0].shape()[1..]).expect("checked shapes");
        pooled(&inputs[0], &window, |plane, row, column| {
            let weight = self.weight(&window, row, column);
            window.taps_of(row, column).map(|(_, pixel)| plane[pixel] * weight).sum()
        })
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let (channels, window) = self.over(inputs[0].shape).expect("checked shapes");
        let columns = window.width.outputs();
        let rows = (0..channels * window.outputs()).map(|output| {
            let (channel, place) = (output / window.outputs(), output % window.outputs());
            let (row, column) = (place / columns, place % columns);
            let weight = self.weight(&window, row, column);
            let start = channel * window.pixels();
            window.taps_of(row, column).map(move |(_, pixel)| (start + pixel, weight))
        });
        Ok(sparse(graph, inputs[0].node, rows))
    }

    fn for_one_row(&self, _: usize, _: &[&[usize]]) -> Option<Operator> {
        Some(self.operator())
    }
}
