//! What the layers share that work on the rows of a batch one by one
//! ([`Layer::for_one_row`](super::Layer::for_one_row)).

use ndarray::{ArrayD, Axis, Slice};

/// The part of a constant that one of `rows` equal blocks along the first axis of a tensor
/// with `rank` axes meets, by the rules of broadcasting; `None` if blocks meet different
/// parts, or if the constant gives the result an axis in front of the first one.
pub(super) fn constant_for_one_row(
    values: &ArrayD<f64>,
    rows: usize,
    rank: usize,
) -> Option<ArrayD<f64>> {
    if values.ndim() > rank {
        return None;
    }
    if values.ndim() < rank || values.len_of(Axis(0)) == 1 {
        return Some(values.clone());
    }
    let length = values.len_of(Axis(0));
    if !length.is_multiple_of(rows) {
        return None;
    }
    let first = values.slice_axis(Axis(0), Slice::from(..length / rows));
    let mut blocks = values.axis_chunks_iter(Axis(0), length / rows);
    blocks.all(|block| block == first).then(|| first.to_owned())
}

/// The rank of operands that are cut alike: of one rank, and as long along the first axis.
pub(super) fn common_rank(inputs: &[&[usize]]) -> Option<usize> {
    let (first, rest) = inputs.split_first()?;
    let alike = |other: &&[usize]| other.len() == first.len() && other.first() == first.first();
    (!first.is_empty() && rest.iter().all(alike)).then_some(first.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{IxDyn, arr0, arr1, arr2};

    #[test]
    fn constants_are_cut_like_the_rows_they_meet() {
        let of = |values: &ArrayD<f64>, rank| constant_for_one_row(values, 2, rank);
        let bias = arr1(&[1.0, 2.0]).into_dyn();
        assert_eq!(of(&bias, 2), Some(bias.clone()));
        // Along the only axis, the two blocks meet 1 and 2.
        assert_eq!(of(&bias, 1), None);
        assert_eq!(of(&arr0(3.0).into_dyn(), 1), Some(arr0(3.0).into_dyn()));
        let row = arr2(&[[1.0, 2.0]]).into_dyn();
        assert_eq!(of(&arr2(&[[1.0, 2.0], [1.0, 2.0]]).into_dyn(), 2), Some(row.clone()));
        assert_eq!(of(&arr2(&[[1.0, 2.0], [1.0, 3.0]]).into_dyn(), 2), None);
        assert_eq!(of(&row, 2), Some(row.clone()));
        assert_eq!(of(&row, 1), None);
        let pairs = arr2(&[[1.0], [2.0], [1.0], [2.0]]).into_dyn();
        assert_eq!(of(&pairs, 2), Some(arr2(&[[1.0], [2.0]]).into_dyn()));
        assert_eq!(of(&ArrayD::zeros(IxDyn(&[3, 1])), 2), None);
    }
}
