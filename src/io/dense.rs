//! Networks that are one dense layer after the other, with ReLU between them: all that some
//! formats can hold.

use ndarray::{Array1, Array2, ArrayD, Ix2};

use super::FormatError;
use crate::message::excerpt;
use crate::network::{Constant, LayerView, Network, Operand, Operator};

/// `y = range · (Wₖ relu(… W₁ (x − mean) / range …) + bₖ) + mean`, with means and ranges of
/// the inputs and of the outputs.
#[derive(Debug)]
pub struct DenseChain {
    /// Of the inputs; zeros where nothing is subtracted.
    pub input_mean: Vec<f64>,
    /// Of the inputs; ones where nothing is divided.
    pub input_range: Vec<f64>,
    /// Weights (out × in) and biases.
    pub layers: Vec<(Array2<f64>, Array1<f64>)>,
    /// Of the outputs; zeros where nothing is added.
    pub output_mean: Vec<f64>,
    /// Of the outputs; ones where nothing is multiplied.
    pub output_range: Vec<f64>,
}

/// How far a chain has come.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Begun,
    Shifted,
    Divided,
    /// Behind weights that may still get their bias.
    Weighted,
    /// Behind weights and bias.
    Biased,
    Activated,
    Multiplied,
    Ended,
}

impl DenseChain {
    /// The layers of a network, if they are no more than that; no number is rounded.
    ///
    /// # Errors
    /// The first layer that does not fit.
    pub fn of(network: &Network) -> Result<Self, FormatError> {
        let (inputs, outputs) = (network.inputs(), network.outputs());
        let mut chain = Self {
            input_mean: vec![0.0; inputs],
            input_range: vec![1.0; inputs],
            layers: Vec::new(),
            output_mean: vec![0.0; outputs],
            output_range: vec![1.0; outputs],
        };
        let mut stage = Stage::Begun;
        let (mut size, mut last) = (inputs, None);
        for (position, view) in network.layers().enumerate() {
            if view.inputs != [position] {
                return Err(refused(&view, "an operand from another layer than the one before it"));
            }
            stage = chain.add(&view, size, stage)?;
            size = view.shape.iter().product();
            last = Some(view);
        }
        match (stage, last) {
            (Stage::Weighted | Stage::Biased | Stage::Multiplied | Stage::Ended, _) => Ok(chain),
            (Stage::Activated, Some(view)) => {
                Err(refused(&view, "a ReLU behind the last dense layer"))
            }
            _ => Err(FormatError::Content {
                place: "the network".to_string(),
                found: "no dense layer".to_string(),
                expected: EXPECTED.to_string(),
            }),
        }
    }

    /// Whether there are weights and biases alone.
    pub fn is_plain(&self) -> bool {
        let all = |values: &[f64], neutral: f64| values.iter().all(|&value| value == neutral);
        all(&self.input_mean, 0.0)
            && all(&self.output_mean, 0.0)
            && all(&self.input_range, 1.0)
            && all(&self.output_range, 1.0)
    }

    fn add(&mut self, view: &LayerView, size: usize, at: Stage) -> Result<Stage, FormatError> {
        use Stage::{Activated, Begun, Biased, Divided, Ended, Multiplied, Shifted, Weighted};
        let operator = view.layer.operator();
        let row = || row(view, &operator, size);
        Ok(match (operator.op.as_str(), at) {
            // Elements stay in their order.
            ("Identity" | "Flatten" | "Reshape", _) => at,
            ("Sub", Begun) if operator.operands[0] == Operand::Data => {
                self.input_mean = row()?;
                Shifted
            }
            ("Div", Begun | Shifted) => {
                self.input_range = row()?;
                Divided
            }
            ("Gemm" | "MatMul", Begun | Shifted | Divided | Activated) => {
                let weights = weights(view, &operator)?;
                let bias = match operator.operands.get(2) {
                    Some(Operand::Constant(Constant::Float(values))) => {
                        Some(spread(view, values, weights.nrows())?)
                    }
                    _ => None,
                };
                let stage = if bias.is_some() { Biased } else { Weighted };
                let bias = bias.unwrap_or_else(|| vec![0.0; weights.nrows()]);
                self.layers.push((weights, bias.into()));
                stage
            }
            ("Add", Weighted) => {
                let bias = row()?;
                if let Some((_, zeros)) = self.layers.last_mut() {
                    *zeros = bias.into();
                }
                Biased
            }
            ("Mul", Weighted | Biased) => {
                self.output_range = row()?;
                Multiplied
            }
            ("Add", Biased | Multiplied) => {
                self.output_mean = row()?;
                Ended
            }
            ("Relu", Weighted | Biased | Activated) => Activated,
            ("Gemm" | "MatMul", Weighted | Biased) => {
                return Err(refused(view, "a dense layer behind one without ReLU"));
            }
            (op, _) => return Err(refused(view, &format!("an operator {op}"))),
        })
    }
}

const EXPECTED: &str = "dense layers, one after the other, with ReLU between them";

fn refused(view: &LayerView, found: &str) -> FormatError {
    FormatError::Content {
        place: format!("layer '{}'", excerpt(view.name)),
        found: found.to_string(),
        expected: EXPECTED.to_string(),
    }
}

/// The constant of an elementwise operator on a row of `size` elements.
fn row(view: &LayerView, operator: &Operator, size: usize) -> Result<Vec<f64>, FormatError> {
    let constant = operator.operands.iter().find_map(|operand| match operand {
        Operand::Constant(Constant::Float(values)) => Some(values),
        _ => None,
    });
    let constant = constant.ok_or_else(|| refused(view, "an operator without a constant"))?;
    match view.shape.iter().product::<usize>() == size {
        true => spread(view, constant, size),
        false => Err(refused(view, "an operator that repeats its input")),
    }
}

/// One number for all elements, or one for each.
fn spread(view: &LayerView, values: &ArrayD<f64>, size: usize) -> Result<Vec<f64>, FormatError> {
    match values.len() {
        1 => Ok(vec![values.iter().copied().next().unwrap_or_default(); size]),
        length if length == size => Ok(values.iter().copied().collect()),
        _ => Err(refused(view, &format!("a constant of shape {:?}", values.shape()))),
    }
}

/// The matrix of a dense layer of one row, out × in.
fn weights(view: &LayerView, operator: &Operator) -> Result<Array2<f64>, FormatError> {
    let (is_left, matrix) = match operator.operands.as_slice() {
        [Operand::Constant(Constant::Float(values)), ..] => (true, values),
        [_, Operand::Constant(Constant::Float(values)), ..] => (false, values),
        _ => return Err(refused(view, "a product without a constant matrix")),
    };
    if let Some(factor) = ["alpha", "beta"].iter().find(|&&f| operator.attributes.contains_key(f)) {
        return Err(refused(view, &format!("a factor, attribute '{factor}'")));
    }
    let matrix = matrix.clone().into_dimensionality::<Ix2>();
    let matrix = matrix.map_err(|_| refused(view, "a constant that is no matrix"))?;
    // `Gemm` is written with `transB`.
    let is_out_by_in = is_left || operator.op == "Gemm";
    let matrix = if is_out_by_in { matrix } else { matrix.reversed_axes() };
    match view.shape.iter().product::<usize>() == matrix.nrows() {
        true => Ok(matrix.as_standard_layout().into_owned()),
        false => Err(refused(view, "a product with several rows")),
    }
}
