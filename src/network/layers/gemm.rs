//! `Gemm`: `Y = α X W + β C`, the dense layer.
//! <https://onnx.ai/onnx/operators/onnx__Gemm.html>
//!
//! Shapes: `X` is rows × in, `W` in × out (out × in with `transB`), `C`
//! broadcasts to rows × out. `X` must be computed from the input and not
//! transposed (`transA = 0`); `W` and `C` are constants.

use ndarray::{ArcArray2, Array1, Array2, ArrayD, ArrayViewD, Ix2, IxDyn};

use super::rows::constant_for_one_row;
use super::{Layer, Lowered, add_bias, reshaped};
use crate::network::linear::Linear;
use crate::network::operator::{
    Attribute, Constant, LayerError, Operand, Operator, OperatorReader,
};
use crate::network::relu_graph::{NodeId, ReluGraph};
use crate::num::exact::two_product;

#[derive(Debug)]
struct Gemm {
    /// out × in.
    weights: ArcArray2<f64>,
    bias: Option<ArrayD<f64>>,
    alpha: f64,
    beta: f64,
}

pub(super) fn read(reader: &mut OperatorReader) -> Result<Box<dyn Layer>, LayerError> {
    reader.data(0)?;
    let values = reader.weights(1)?;
    let found = format!("a constant of shape {:?}", values.shape());
    let expected = "a matrix".to_string();
    let matrix: Array2<f64> = values
        .into_dimensionality::<Ix2>()
        .map_err(|_| LayerError::Operand { index: 1, found, expected })?;
    let bias = reader.optional_weights(2)?;
    let (alpha, beta) = (reader.float("alpha", 1.0)?, reader.float("beta", 1.0)?);
    if reader.flag("transA")? {
        let (name, found) = ("transA".to_string(), "1".to_string());
        return Err(LayerError::Attribute { name, found, expected: "0".to_string() });
    }
    let weights = match reader.flag("transB")? {
        true => matrix,
        false => matrix.reversed_axes().as_standard_layout().into_owned(),
    };
    let weights = weights.into_shared();
    let factors = [(alpha, 1, Some(weights.view().into_dyn()))];
    let factors = factors.into_iter().chain([(beta, 2, bias.as_ref().map(|b| b.view()))]);
    for (factor, index, values) in factors {
        let holds = |&v: &f64| v == 0.0 || factor == 0.0 || (factor * v).is_normal();
        if !values.is_none_or(|values| values.iter().all(holds)) {
            let found = format!("a constant whose product with {factor} overflows or underflows");
            let expected = "products that f64 can hold".to_string();
            return Err(LayerError::Operand { index, found, expected });
        }
    }
    Ok(Box::new(Gemm { weights, bias, alpha, beta }))
}

impl Layer for Gemm {
    fn operator(&self) -> Operator {
        let constant = |values: ArrayD<f64>| Operand::Constant(Constant::Float(values));
        let bias = self.bias.clone().map_or(Operand::Absent, constant);
        let operands = vec![Operand::Data, constant(self.weights.to_owned().into_dyn()), bias];
        let mut operator = Operator::new("Gemm", operands).with("transB", Attribute::Integer(1));
        for (name, value) in [("alpha", self.alpha), ("beta", self.beta)] {
            if value != 1.0 {
                operator = operator.with(name, Attribute::Float(value));
            }
        }
        operator
    }

    fn summary(&self) -> (String, usize) {
        let bias = self.bias.as_ref().filter(|bias| bias.ndim() > 0).map_or(0, ArrayD::len);
        ("Gemm".to_string(), self.weights.len() + bias)
    }

    fn output_shape(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, LayerError> {
        let (outputs, expected) = self.weights.dim();
        let refused = |found: String, expected: String| Err(LayerError::Shape { found, expected });
        match *inputs[0] {
            [rows, columns] if columns == expected => match &self.bias {
                Some(c) if c.broadcast((rows, outputs)).is_none() => refused(
                    format!("a bias of shape {:?}", c.shape()),
                    format!("one that broadcasts to [{rows}, {outputs}]"),
                ),
                _ => Ok(vec![rows, outputs]),
            },
            ref other => refused(
                format!("a tensor of shape {other:?} times weights {outputs} × {expected}"),
                format!("shape [rows, {expected}]"),
            ),
        }
    }

    fn evaluate(&self, inputs: &[ArrayViewD<f64>]) -> ArrayD<f64> {
        let shape = inputs[0].shape();
        let (batch, rows, columns) = (shape[0], shape[1], shape[2]);
        let x = inputs[0].to_shape((batch * rows, columns)).expect("three axes");
        let mut y = x.dot(&self.weights.t());
        y *= self.alpha;
        let outputs = self.weights.nrows();
        // A product may come out in column-major layout.
        let mut y = reshaped(&y.view().into_dyn(), IxDyn(&[batch, rows, outputs]));
        if let Some(c) = &self.bias {
            let c = c.broadcast((rows, outputs)).expect("checked shapes");
            let c = c.broadcast(y.raw_dim()).expect("a batch axis");
            y.scaled_add(self.beta, &c);
        }
        y
    }

    fn lower(&self, inputs: &[Lowered<'_>], graph: &mut ReluGraph) -> Result<NodeId, LayerError> {
        let (rows, outputs) = (inputs[0].shape[0], self.weights.nrows());
        // β C as a rounded part and its rounding error: the sum is exact.
        let (bias, rest): (Array1<f64>, Array1<f64>) = match &self.bias {
            None => (Array1::zeros(rows * outputs), Array1::zeros(rows * outputs)),
            Some(c) => {
                let c = c.broadcast((rows, outputs)).expect("checked shapes");
                let (high, low): (Vec<f64>, Vec<f64>) =
                    c.iter().map(|&c| two_product(self.beta, c)).unzip();
                (high.into(), low.into())
            }
        };
        let plain = self.alpha == 1.0;
        let exact = plain || self.weights.iter().all(|&w| two_product(self.alpha, w).1 == 0.0);
        let node = if exact {
            let weights = match plain {
                true => self.weights.clone(),
                false => self.weights.mapv(|w| self.alpha * w).into_shared(),
            };
            graph.affine(vec![(inputs[0].node, Linear::repeated(rows, &weights, 1))], bias)
        } else {
            let product = Linear::repeated(rows, &self.weights, 1);
            let zero = Array1::zeros(rows * outputs);
            let product = graph.affine(vec![(inputs[0].node, product)], zero);
            let factor = Linear::scaled_identity(rows * outputs, self.alpha);
            graph.affine(vec![(product, factor)], bias)
        };
        Ok(add_bias(graph, node, rest))
    }

    fn for_one_row(&self, rows: usize, inputs: &[&[usize]]) -> Option<Operator> {
        let bias = match &self.bias {
            Some(values) => Some(constant_for_one_row(values, rows, inputs[0].len())?),
            None => None,
        };
        Some(Gemm { weights: self.weights.clone(), bias, ..*self }.operator())
    }
}
