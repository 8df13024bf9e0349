//! Machines on top of each other: the hidden units of one are the visible units of the next.

use serde::{Deserialize, Serialize};

use super::draws::EpochDraws;
use super::logistic::Logistic;
use super::machine::{Machine, sampled};
use super::rows::Rows;
use crate::train::scalar::{Matrix, Onto, product};

/// What the hidden units of a machine give to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Upward {
    /// A sample of them: zeros and ones.
    #[default]
    Samples,
    /// Their means: probabilities.
    Means,
}

/// Trained machines, the one that sees the data first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack<S> {
    /// The machines.
    pub machines: Vec<Machine<S>>,
}

/// Passes of a machine over rows are drawn apart from its epochs.
const UPWARD: u64 = 1 << 63 >> 5;

impl<S: Logistic> Stack<S> {
    /// The rows that the machine number `part` (from 0) hands to the next one.
    pub fn upward(
        machine: &Machine<S>,
        rows: &Rows<S>,
        upward: Upward,
        (seed, part): (u64, u64),
    ) -> Rows<S> {
        let means = machine.hidden_means(rows);
        let columns = machine.hidden();
        match upward {
            Upward::Means => Rows::Reals { values: means, columns },
            Upward::Samples => {
                let draws = EpochDraws::new(seed, UPWARD + part);
                Rows::Bits(sampled(&means, columns, &draws, 0))
            }
        }
    }

    /// Means of the units of a layer (0: what is seen) for rows of visible ones, layer by layer.
    pub fn up(&self, rows: &Rows<S>, layer: usize) -> Rows<S> {
        let mut rows = rows.clone();
        for machine in &self.machines[..layer] {
            rows = Rows::Reals { values: machine.hidden_means(&rows), columns: machine.hidden() };
        }
        rows
    }

    /// Means of the visible units for means of the units of a layer.
    pub fn down(&self, rows: Rows<S>, layer: usize) -> Rows<S> {
        let mut rows = rows;
        for machine in self.machines[..layer].iter().rev() {
            rows = Rows::Reals { values: machine.visible_means(&rows), columns: machine.visible() };
        }
        rows
    }

    /// Receptive fields of the units of a layer from 1, `r = W⁽¹⁾ ⋯ W⁽ˡ⁾`: units × visible.
    pub fn fields(&self, layer: usize) -> Vec<Vec<f64>> {
        let Some((first, others)) = self.machines[..layer].split_first() else { return Vec::new() };
        let first = first.wide();
        let visible = first.visible();
        let (mut fields, mut units) = (first.weights, first.hidden_bias.len());
        for machine in others {
            let machine = machine.wide();
            let mut next = vec![0.0; visible * machine.hidden()];
            let weights = Matrix::new(&machine.weights, units, machine.hidden());
            product(&mut next, Onto::Replace, Matrix::new(&fields, visible, units), weights);
            (units, fields) = (machine.hidden(), next);
        }
        let field = |unit| fields.iter().skip(unit).step_by(units).copied().collect();
        (0..units).map(field).collect()
    }
}
