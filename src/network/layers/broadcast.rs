//! Broadcasting by the rules of NumPy.
//! <https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md>

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn};

use super::element_count;
use crate::network::operator::LayerError;

/// The shape that both broadcast to, if there is one.
pub fn broadcast_shape(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let dimension = |shape: &[usize], axis: usize| {
        (axis + shape.len()).checked_sub(rank).map_or(1, |position| shape[position])
    };
    let joined = |axis| match (dimension(a, axis), dimension(b, axis)) {
        (m, n) if m == n || n == 1 => Some(m),
        (1, n) => Some(n),
        _ => None,
    };
    (0..rank).map(joined).collect()
}

/// The shape that both broadcast to.
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, LayerError> {
    broadcast_shape(a, b).ok_or_else(|| LayerError::Shape {
        found: format!("operands of shapes {a:?} and {b:?}"),
        expected: "shapes that are equal or broadcast to each other".to_string(),
    })
}

/// Puts axes of length 1 behind the batch axis until the rank is `rank + 1`.
pub(super) fn align<'a>(values: &'a ArrayViewD<'a, f64>, rank: usize) -> ArrayViewD<'a, f64> {
    let mut aligned = values.view();
    while aligned.ndim() <= rank {
        aligned = aligned.insert_axis(Axis(1));
    }
    aligned
}

/// For each element of a tensor of shape `to`, the element of a tensor of shape
/// `from` that it repeats.
pub(super) fn repeated_elements(from: &[usize], to: &[usize]) -> Vec<usize> {
    let size = element_count(from).expect("checked shapes");
    let elements = ArrayD::from_shape_vec(IxDyn(from), (0..size).collect()).expect("one a place");
    elements.broadcast(IxDyn(to)).expect("checked shapes").iter().copied().collect()
}
