//! Partition encodings: between big-M and the convex hull.
//!
//! The inputs of `a = w·x + b ∈ [L, U]`, `L < 0 < U`, are divided into groups
//! `S₁, …, S_N`; the partial sum `Σ_{i ∈ Sₖ} wᵢxᵢ ∈ [lₖ, uₖ]` takes the place of a single
//! input. With a binary `z = 1 ⇔ a ≥ 0`, `pₖ` is the partial sum where the neuron is on
//! and 0 elsewhere:
//!
//! ```text
//! lₖ z ≤ pₖ ≤ uₖ z      lₖ(1 − z) ≤ Σ_{i ∈ Sₖ} wᵢxᵢ − pₖ ≤ uₖ(1 − z)      k = 1, …, N
//! 0 ≤ y = Σₖ pₖ + b z ≤ U z
//! L(1 − z) ≤ w·x − Σₖ pₖ + b(1 − z) ≤ 0
//! ```
//!
//! For a clipped ReLU `y = min(max(a, 0), c)`, `c < U`, with `z₁ = 1 ⇔ a ≥ 0`,
//! `z₂ = 1 ⇔ a ≥ c`, `m = z₁ − z₂`, the partial sum has a part `pₖ¹` where the neuron is
//! linear and `pₖ²` where it is saturated:
//!
//! ```text
//! lₖ m ≤ pₖ¹ ≤ uₖ m      lₖ z₂ ≤ pₖ² ≤ uₖ z₂
//! lₖ(1 − z₁) ≤ Σ_{i ∈ Sₖ} wᵢxᵢ − pₖ¹ − pₖ² ≤ uₖ(1 − z₁)
//! 0 ≤ Σₖ pₖ¹ + b m = y − c z₂ ≤ c m      c z₂ ≤ Σₖ pₖ² + b z₂ ≤ U z₂
//! L(1 − z₁) ≤ w·x − Σₖ (pₖ¹ + pₖ²) + b(1 − z₁) ≤ 0
//! ```
//!
//! and, where `L ≥ 0` decides `z₁`, the same without the piece off: `m = 1 − z₂`,
//! `pₖ¹` is what `pₖ²` leaves of the partial sum, and `y − c z₂ ≥ L m`.
//!
//! One group is as strong as big-M, one group per input as strong as
//! [`super::MultipleChoice`]. Source: Tsay, Kronqvist, Thebelt, Misener,
//! "Partition-based formulations for mixed-integer optimization of trained ReLU neural
//! networks" (2021), arXiv:2102.04373, eqs. (13)–(17), where `σ = 1 − z`. The rows with
//! `L` and `U` are added here: without them bounds narrower than the sums of the
//! `[lₖ, uₖ]` would be lost, and a finer partition could be weaker than big-M. The
//! clipped form follows from the hull in `disjunction.rs`.
//!
//! Groups: the inputs in the order of `wᵢ (Uᵢ − Lᵢ)`, the weight by the width of the
//! input's range, cut into N runs whose sizes differ by one at most. Where all inputs have
//! ranges of one width, these are the groups by sorted weights of Tsay et al.; and they
//! stay the same when inputs get other units. Cut number `k` comes after input `⌊k n / N⌋`, so the groups of
//! `2N` lie within those of `N`, and the relaxation is at least as strong. A neuron with
//! fewer inputs than `N` has a group for each. `[lₖ, uₖ]` comes from the bounds of the
//! columns, rounded outward.
//!
//! The rows that one neuron gets in two groups (`y = max(2x₀ − x₁ + x₂, 0)`, `x₀`, `x₁`,
//! `x₂ ∈ [0, 1]`); those that say no more than the bounds of a column are left out:
//!
//! ```
//! # use taut::{encode::{Partition, ReluEncoding, ReluNeuron}, milp::Model, num::Interval};
//! let interval = |l, u| Interval::new(l, u).expect("l ≤ u");
//! let mut model = Model::default();
//! let bounds = [interval(0.0, 1.0); 3];
//! let inputs = ["x0", "x1", "x2"].map(|x| model.continuous(x.to_string(), bounds[0]));
//! let neuron = ReluNeuron {
//!     label: "1_0",
//!     inputs: &inputs,
//!     weights: &[2.0, -1.0, 1.0],
//!     bias: 0.0,
//!     input_bounds: &bounds,
//!     pre_activation: interval(-1.0, 3.0),
//!     ceiling: None,
//! };
//! Partition::new(2).encode(&neuron, &mut model)?;
//! let rows: Vec<String> = model.rows().iter().map(|row| model.row_text(row)).collect();
//! assert_eq!(rows, [
//!     // Group 0 is x₁, group 1 is x₂ and x₀.
//!     "h1_0.off.0.above: -x1 - z1_0 - p1_0.linear.0 >= -1",
//!     "h1_0.off.0.below: -x1 - p1_0.linear.0 <= 0",
//!     "h1_0.off.1.above: 2 x0 + x2 - p1_0.linear.1 >= 0",
//!     "h1_0.off.1.below: 2 x0 + x2 + 3 z1_0 - p1_0.linear.1 <= 3",
//!     "h1_0.off.above: 2 x0 - x1 + x2 - z1_0 - p1_0.linear.0 - p1_0.linear.1 >= -1",
//!     "h1_0.off.below: 2 x0 - x1 + x2 - p1_0.linear.0 - p1_0.linear.1 <= 0",
//!     "h1_0.linear.0.above: z1_0 + p1_0.linear.0 >= 0",
//!     "h1_0.linear.1.below: -3 z1_0 + p1_0.linear.1 <= 0",
//!     "h1_0.linear.below: h1_0 - 3 z1_0 <= 0",
//!     "h1_0.is: -h1_0 + p1_0.linear.0 + p1_0.linear.1 = 0",
//! ]);
//! # Ok::<(), taut::encode::EncodeError>(())
//! ```

use std::borrow::Cow;
use std::num::NonZeroUsize;

use super::disjunction::{Piece, Pieces, Summand};
use super::family::EncodingFamily;
use super::rows::NeuronRows;
use super::{EncodeError, EncodedNeuron, ReluEncoding, ReluNeuron};
use crate::milp::{LinearExpression, Model, VarId};
use crate::num::directed::weighted_sum;

/// Partial sums of the inputs for every linear piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Number of groups; `None` for one per input.
    groups: Option<NonZeroUsize>,
}

/// The partitions by the number of their groups.
pub const PARTITIONS: EncodingFamily = EncodingFamily {
    name: "partition",
    parameter: "N",
    expected: "the number of groups of inputs from 1, or 'full'",
    member: |parameter| Partition::from_parameter(parameter).map(|p| Box::new(p) as _),
};

/// The parameter of one group per input.
const FULL: &str = "full";

impl Partition {
    /// At most `groups` groups.
    ///
    /// # Panics
    /// If it is 0.
    pub const fn new(groups: usize) -> Self {
        Self { groups: Some(NonZeroUsize::new(groups).expect("at least one group")) }
    }

    /// One group per input.
    pub const fn full() -> Self {
        Self { groups: None }
    }

    fn from_parameter(text: &str) -> Option<Self> {
        if text == FULL {
            return Some(Self::full());
        }
        // One spelling for one encoding: no +3, no 03.
        let groups: NonZeroUsize = text.parse().ok()?;
        (groups.to_string() == text).then_some(Self { groups: Some(groups) })
    }

    /// The groups, as positions of inputs, by what each input can add.
    fn groups(self, swings: &[f64]) -> Vec<Vec<usize>> {
        let n = swings.len();
        let mut order: Vec<usize> = (0..n).collect();
        // A stable sort: equal ones keep the order of the inputs.
        order.sort_by(|&i, &j| swings[i].total_cmp(&swings[j]));
        let count = self.groups.map_or(n, |groups| groups.get().min(n));
        let cut = |k: usize| k * n / count;
        (0..count).map(|k| order[cut(k)..cut(k + 1)].to_vec()).collect()
    }
}

/// `wᵢ (Uᵢ − Lᵢ)` for each input.
fn swings(neuron: &ReluNeuron<'_>) -> Vec<f64> {
    let inputs = neuron.weights.iter().zip(neuron.input_bounds);
    inputs.map(|(weight, range)| weight * (range.upper() - range.lower())).collect()
}

impl ReluEncoding for Partition {
    fn name(&self) -> Cow<'static, str> {
        let parameter = self.groups.map_or(FULL.to_string(), |groups| groups.to_string());
        format!("{}:{parameter}", PARTITIONS.name).into()
    }

    fn encode(
        &self,
        neuron: &ReluNeuron<'_>,
        model: &mut Model,
    ) -> Result<EncodedNeuron, EncodeError> {
        let mut rows = NeuronRows::new(neuron, model);
        let pieces = Pieces::add(&mut rows);
        let groups = self.groups(&swings(neuron)).into_iter().enumerate();
        let summands: Vec<_> =
            groups.map(|(k, group)| add_parts(&mut rows, &pieces, k, &group)).collect();
        pieces.add_hull(&mut rows, &summands);
        Ok(rows.finish())
    }
}

/// Adds the parts of the partial sum over group `k`; the first piece has what the
/// others leave.
fn add_parts(rows: &mut NeuronRows<'_>, pieces: &Pieces, k: usize, group: &[usize]) -> Summand {
    let ReluNeuron { inputs, weights, input_bounds, .. } = rows.neuron;
    let range = weighted_sum(group.iter().map(|&i| (weights[i], input_bounds[i])));
    let sum: Vec<(VarId, f64)> = group.iter().map(|&i| (inputs[i], weights[i])).collect();
    let mut add_part = |piece: &Piece| {
        let name = format!("p{}.{}.{k}", rows.neuron.label, piece.name);
        let value = LinearExpression::new(sum.clone(), 0.0);
        rows.auxiliary(name, range.with_zero(), piece.when.clone(), value)
    };
    let columns: Vec<VarId> = pieces.iter().skip(1).map(&mut add_part).collect();
    let rest = sum.iter().copied().chain(columns.iter().map(|&column| (column, -1.0)));
    let mut parts: Vec<Vec<(VarId, f64)>> = vec![rest.collect()];
    parts.extend(columns.iter().map(|&column| vec![(column, 1.0)]));
    Summand { name: k.to_string(), factor: 1.0, range, parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_runs_of_the_sorted_swings() {
        // By hand: sorted, the positions are 3, 1, 4, 0, 2; cuts after ⌊5k / N⌋.
        let swings = [1.0, -2.0, 3.0, -5.0, 0.5];
        let groups = |n: usize| Partition::new(n).groups(&swings);
        assert_eq!(groups(1), [vec![3, 1, 4, 0, 2]]);
        assert_eq!(groups(2), [vec![3, 1], vec![4, 0, 2]]);
        assert_eq!(groups(4), [vec![3], vec![1], vec![4], vec![0, 2]]);
        assert_eq!(groups(9), Partition::full().groups(&swings));
        assert_eq!(Partition::full().groups(&swings).concat(), [3, 1, 4, 0, 2]);
        assert!(Partition::new(2).groups(&[]).is_empty());
    }

    #[test]
    fn twice_as_many_groups_lie_within_the_groups() {
        for n in 1..40 {
            let swings: Vec<f64> = (0..n).map(|i: u32| f64::from((7 * i) % 11)).collect();
            for count in [1, 2, 3, 4, 8] {
                let coarse = Partition::new(count).groups(&swings);
                for fine in Partition::new(2 * count).groups(&swings) {
                    let within = coarse.iter().any(|group| fine.iter().all(|i| group.contains(i)));
                    assert!(within && !fine.is_empty(), "{n} inputs, {count} groups: {fine:?}");
                }
            }
        }
    }

    #[test]
    fn a_partition_has_one_name() {
        for (text, partition) in [("2", Partition::new(2)), ("full", Partition::full())] {
            assert_eq!(Partition::from_parameter(text), Some(partition));
            assert_eq!(partition.name(), format!("partition:{text}"));
        }
        for text in ["0", "+2", "02", "-1", "2.0", "", "FULL", "99999999999999999999999"] {
            assert_eq!(Partition::from_parameter(text), None, "{text}");
        }
    }
}
