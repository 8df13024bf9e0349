//! From the arrays of an archive to dense layers.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, ArrayD, Ix2};

use super::array::Array;
use super::refused;
use crate::io::FormatError;
use crate::message::excerpt;
use crate::network::{Activation, DenseLayer};

/// Whether a matrix of that shape and its transpose may both be meant.
pub fn is_ambiguous((rows, columns): (usize, usize)) -> bool {
    rows == columns && rows > 1
}

/// The order of the axes of all matrices.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    InOut,
    OutIn,
}

impl Order {
    fn name(self) -> &'static str {
        match self {
            Self::InOut => "in × out",
            Self::OutIn => "out × in",
        }
    }
}

/// The layers, first to last.
///
/// # Errors
/// An array that is missing, superfluous, of the wrong shape, or that may be read in two ways.
pub fn layers(mut arrays: BTreeMap<String, Array>) -> Result<Vec<DenseLayer>, FormatError> {
    let mut pairs = Vec::new();
    while !arrays.is_empty() || pairs.is_empty() {
        let [w, b] = ["W", "b"].map(|letter| format!("{letter}{}", pairs.len()));
        let Some(weights) = arrays.remove(&w) else {
            let found = arrays
                .keys()
                .next()
                .map_or("no array".to_string(), |key| format!("'{}' and no '{w}'", excerpt(key)));
            return Err(FormatError::Content {
                place: "the archive".to_string(),
                found,
                expected: "arrays W0, b0, W1, b1, … and no others".to_string(),
            });
        };
        let Some(bias) = arrays.remove(&b) else {
            return Err(refused(&w, &format!("no '{b}' beside it"), "a bias for all weights"));
        };
        let weights = matrix(&w, weights.values)?;
        pairs.push((weights, row(&b, bias.values)?));
    }
    let order = order(&pairs)?;
    let last = pairs.len() - 1;
    let mut inputs = None;
    let mut layers = Vec::new();
    for (number, (weights, bias)) in pairs.into_iter().enumerate() {
        let shape = weights.shape().to_vec();
        let weights = match order {
            Order::InOut => weights.reversed_axes().as_standard_layout().into_owned(),
            Order::OutIn => weights,
        };
        if let Some(before) = inputs.filter(|before| *before != weights.ncols()) {
            let found =
                format!("shape {shape:?}, {} with {} inputs", order.name(), weights.ncols());
            let expected = format!("{before}, as many as layer {} has outputs", number - 1);
            return Err(refused(&format!("W{number}"), &found, &expected));
        }
        inputs = Some(weights.nrows());
        let activation = if number < last { Activation::Relu } else { Activation::Linear };
        layers.push(DenseLayer { weights, bias, activation });
    }
    Ok(layers)
}

/// The order that the lengths of the biases tell.
fn order(pairs: &[(Array2<f64>, Array1<f64>)]) -> Result<Order, FormatError> {
    let mut told: Option<(usize, Order)> = None;
    for (number, (weights, bias)) in pairs.iter().enumerate() {
        let key = format!("W{number}");
        let shape = format!("shape {:?} beside {} biases", weights.shape(), bias.len());
        let order = match (weights.dim(), bias.len()) {
            (dim, outputs) if dim.0 == dim.1 && dim.0 == outputs => continue,
            ((_, columns), outputs) if columns == outputs => Order::InOut,
            ((rows, _), outputs) if rows == outputs => Order::OutIn,
            _ => return Err(refused(&key, &shape, "one axis with an entry for each bias")),
        };
        match told {
            None => told = Some((number, order)),
            Some((first, other)) if other != order => {
                let found = format!("{shape}, which is {}", order.name());
                return Err(refused(&key, &found, &format!("{} as W{first} is", other.name())));
            }
            Some(_) => {}
        }
    }
    match (told, pairs.iter().position(|(weights, _)| is_ambiguous(weights.dim()))) {
        (Some((_, order)), _) => Ok(order),
        (None, None) => Ok(Order::InOut),
        (None, Some(number)) => {
            let found = format!(
                "shape {:?}, and no matrix of another shape: in × out or out × in",
                pairs[number].0.shape()
            );
            Err(refused(&format!("W{number}"), &found, "one that is not square, to tell"))
        }
    }
}

fn matrix(key: &str, values: ArrayD<f64>) -> Result<Array2<f64>, FormatError> {
    let found = format!("shape {:?}", values.shape());
    let matrix = values.into_dimensionality::<Ix2>();
    let matrix = matrix.map_err(|_| refused(key, &found, "a matrix"))?;
    match matrix.is_empty() {
        true => Err(refused(key, &found, "a matrix with rows and columns")),
        false => Ok(matrix.as_standard_layout().into_owned()),
    }
}

/// A vector, or what has one axis that is longer than 1.
fn row(key: &str, values: ArrayD<f64>) -> Result<Array1<f64>, FormatError> {
    match values.shape().iter().filter(|&&length| length != 1).count() {
        0 | 1 => Ok(values.iter().copied().collect()),
        _ => Err(refused(key, &format!("shape {:?}", values.shape()), "a vector")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Precision;

    /// Keys and shapes.
    type Shapes<'a> = &'a [(&'a str, &'a [usize])];

    fn read(shapes: Shapes) -> Result<Vec<DenseLayer>, String> {
        let array = |shape: &[usize]| {
            let count: usize = shape.iter().product();
            let values = ArrayD::from_shape_vec(shape, (0..count).map(|i| i as f64).collect());
            Array { values: values.expect("a shape"), precision: Precision::F64 }
        };
        let arrays = shapes.iter().map(|(key, shape)| ((*key).to_string(), array(shape)));
        layers(arrays.collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn one_matrix_that_is_not_square_tells_the_order_of_all() {
        let rows = ndarray::arr2(&[[0.0, 1.0], [2.0, 3.0]]);
        for (last, weights) in [([2, 1], rows.t().to_owned()), ([1, 2], rows)] {
            let read = read(&[("W0", &[2, 2]), ("b0", &[2]), ("W1", &last), ("b1", &[1])]);
            let read = read.expect("two layers");
            assert_eq!(read[0].weights, weights);
            assert_eq!(read[1].weights, ndarray::arr2(&[[0.0, 1.0]]));
            assert_eq!(read[0].activation, Activation::Relu);
            assert_eq!(read[1].activation, Activation::Linear);
        }
        // The two readings of a matrix of one entry are the same.
        assert!(read(&[("W0", &[1, 1]), ("b0", &[1, 1])]).is_ok());
    }

    #[test]
    fn arrays_that_are_no_layers() {
        let cases: [(Shapes, &str); 9] = [
            (&[], "the archive: found no array; expected arrays W0, b0, W1, b1, … and no others"),
            (
                &[("W0", &[2, 1]), ("b0", &[1]), ("mean", &[2])],
                "the archive: found 'mean' and no 'W1'; expected arrays W0, b0, W1, b1, … and no \
                 others",
            ),
            (
                &[("W0", &[3, 3]), ("b0", &[3])],
                "array 'W0': found shape [3, 3], and no matrix of another shape: in × out or out × \
                 in; expected one that is not square, to tell",
            ),
            (
                &[("W0", &[2, 3]), ("b0", &[3]), ("W1", &[1, 3]), ("b1", &[1])],
                "array 'W1': found shape [1, 3] beside 1 biases, which is out × in; expected in × \
                 out as W0 is",
            ),
            (
                &[("W0", &[2, 3]), ("b0", &[3]), ("W1", &[4, 1]), ("b1", &[1])],
                "array 'W1': found shape [4, 1], in × out with 4 inputs; expected 3, as many as \
                 layer 0 has outputs",
            ),
            (
                &[("W0", &[2, 3]), ("b0", &[4])],
                "array 'W0': found shape [2, 3] beside 4 biases; expected one axis with an entry \
                 for each bias",
            ),
            (&[("W0", &[2]), ("b0", &[1])], "array 'W0': found shape [2]; expected a matrix"),
            (
                &[("W0", &[0, 1]), ("b0", &[1])],
                "array 'W0': found shape [0, 1]; expected a matrix with rows and columns",
            ),
            (
                &[("W0", &[2, 4]), ("b0", &[2, 2])],
                "array 'b0': found shape [2, 2]; expected a vector",
            ),
        ];
        for (shapes, message) in cases {
            assert_eq!(read(shapes).expect_err("no layers"), message);
        }
    }
}
