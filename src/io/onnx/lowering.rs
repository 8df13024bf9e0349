//! The layers that operators become: shorthands for adding them to a network.
//!
//! All shapes are those of the file, with all rows of a batch.

use ndarray::{ArrayD, IxDyn, arr0};

use super::call::{Data, Wrong, wrong_shape};
use crate::network::{
    Argument, Assembly, AssemblyError, Attribute, Attributes, Constant, NetworkError,
};

/// Adds the layers of one node.
pub struct Lowering<'a> {
    pub assembly: &'a mut Assembly,
    pub node: &'a str,
    pub op: &'a str,
}

impl Lowering<'_> {
    /// Adds a layer; errors name the operator of the file.
    pub fn add(
        &mut self,
        op: &str,
        attributes: Attributes,
        arguments: Vec<Argument>,
    ) -> Result<Data, Wrong> {
        let added = self.assembly.add(self.node, op, attributes, arguments);
        let id = added.map_err(|error| match error {
            AssemblyError::Network(error) => match *error {
                NetworkError::Layer { node, cause, .. } => {
                    NetworkError::Layer { node, op: self.op.to_string(), cause }.into()
                }
                other => other.into(),
            },
            mixed @ AssemblyError::Mixed { .. } => mixed,
        })?;
        Ok(Data { id, shape: self.assembly.shape(id) })
    }

    fn plain(&mut self, op: &str, arguments: Vec<Argument>) -> Result<Data, Wrong> {
        self.add(op, Attributes::new(), arguments)
    }

    fn with(
        &mut self,
        op: &str,
        name: &str,
        value: Attribute,
        arguments: Vec<Argument>,
    ) -> Result<Data, Wrong> {
        self.add(op, [(name.to_string(), value)].into(), arguments)
    }

    /// `op(x, values)` for an elementwise operator.
    pub fn with_constant(
        &mut self,
        op: &str,
        x: &Data,
        values: ArrayD<f64>,
    ) -> Result<Data, Wrong> {
        self.plain(op, vec![value(x), numbers(values)])
    }

    /// `op(x, number)`.
    pub fn with_number(&mut self, op: &str, x: &Data, number: f64) -> Result<Data, Wrong> {
        self.with_constant(op, x, arr0(number).into_dyn())
    }

    /// `op(a, b)` of two values.
    pub fn of_two(&mut self, op: &str, a: &Data, b: &Data) -> Result<Data, Wrong> {
        self.plain(op, vec![value(a), value(b)])
    }

    pub fn relu(&mut self, x: &Data) -> Result<Data, Wrong> {
        self.plain("Relu", vec![value(x)])
    }

    /// `x` above 0, `alpha · x` below.
    pub fn leaky_relu(&mut self, x: &Data, alpha: f64) -> Result<Data, Wrong> {
        self.with("LeakyRelu", "alpha", Attribute::Float(alpha), vec![value(x)])
    }

    /// `min(max(x, min), max)`; infinite limits are none.
    pub fn clip(&mut self, x: &Data, min: f64, max: f64) -> Result<Data, Wrong> {
        let limit = |limit: f64| numbers(arr0(limit).into_dyn());
        self.plain("Clip", vec![value(x), limit(min), limit(max)])
    }

    pub fn reshape(&mut self, x: &Data, shape: &[usize]) -> Result<Data, Wrong> {
        if x.shape == shape {
            return Ok(x.clone());
        }
        let target = Argument::Constant(Constant::Integer(list(shape)?));
        // Only dimensions of 0, of which there are none, would need `allowzero`.
        self.plain("Reshape", vec![value(x), target])
    }

    pub fn transpose(&mut self, x: &Data, permutation: &[usize]) -> Result<Data, Wrong> {
        if permutation.iter().copied().eq(0..x.shape.len()) {
            return Ok(x.clone());
        }
        let axes = permutation.iter().map(|&axis| axis as i64).collect();
        self.with("Transpose", "perm", Attribute::Integers(axes), vec![value(x)])
    }

    /// The slices at `positions` along an axis.
    pub fn gather(&mut self, x: &Data, axis: usize, positions: &[usize]) -> Result<Data, Wrong> {
        if positions.iter().copied().eq(0..x.shape[axis]) {
            return Ok(x.clone());
        }
        let indices = Argument::Constant(Constant::Integer(list(positions)?));
        self.with("Gather", "axis", Attribute::Integer(axis as i64), vec![value(x), indices])
    }

    /// The elements at `positions`, numbered in row-major order; in rows of a batch where each
    /// row has its elements from itself, and all alike.
    pub fn select(&mut self, x: &Data, positions: &ArrayD<usize>) -> Result<Data, Wrong> {
        let flat: Vec<usize> = positions.iter().copied().collect();
        let size: usize = x.shape.iter().product();
        if flat.is_empty() {
            let found = format!("an output of shape {:?}", positions.shape());
            return Err(wrong_shape(found, "dimensions from 1").into());
        }
        let rows = self.assembly.rows();
        let row = flat.len() / rows;
        let apart = flat.len().is_multiple_of(rows)
            && size.is_multiple_of(rows)
            && flat.iter().enumerate().all(|(place, &element)| {
                let (block, within) = (place / row, place % row);
                element == flat[within] + block * (size / rows) && flat[within] < size / rows
            });
        let blocks = if apart { rows } else { 1 };
        let x = self.reshape(x, &[blocks, size / blocks])?;
        let picked = self.gather(&x, 1, &flat[..flat.len() / blocks])?;
        self.reshape(&picked, positions.shape())
    }

    /// The values one behind the other along an axis.
    pub fn concat(&mut self, parts: Vec<Argument>, axis: i64) -> Result<Data, Wrong> {
        if let [Argument::Value(id)] = *parts.as_slice() {
            return Ok(Data { id, shape: self.assembly.shape(id) });
        }
        self.with("Concat", "axis", Attribute::Integer(axis), parts)
    }

    /// `x` times a matrix from the right.
    pub fn matmul(&mut self, x: &Data, weights: ArrayD<f64>) -> Result<Data, Wrong> {
        self.plain("MatMul", vec![value(x), numbers(weights)])
    }
}

/// A value as an argument.
pub fn value(data: &Data) -> Argument {
    Argument::Value(data.id)
}

/// Numbers as an argument.
pub fn numbers(values: ArrayD<f64>) -> Argument {
    Argument::Constant(Constant::Float(values))
}

/// The numbers in row-major order, without a copy where they are.
pub fn row_major(values: ArrayD<f64>) -> ArrayD<f64> {
    if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() }
}

/// Sizes and positions as whole numbers of a file.
fn list(values: &[usize]) -> Result<ArrayD<i64>, Wrong> {
    let whole: Option<Vec<i64>> = values.iter().map(|&v| i64::try_from(v).ok()).collect();
    let whole = whole.ok_or_else(|| wrong_shape("a dimension above 2^63", "a smaller one"))?;
    Ok(ArrayD::from_shape_vec(IxDyn(&[whole.len()]), whole).expect("a list"))
}
