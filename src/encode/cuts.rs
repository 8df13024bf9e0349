//! Rounds of separation: rows that the relaxation at the root violates, frozen
//! into the model.
//!
//! HiGHS takes no cuts while it searches, so an encoding with more rows than one
//! can write down gets those that matter at the root: the linear relaxation is
//! solved, every neuron adds the rows its point violates most, and again, until
//! none is violated, the bound stops moving or a limit is reached.

use std::time::Duration;

use serde::Serialize;

use super::{EncodedNeuron, EncodedProblem, ReluEncoding, ReluNeuron};
use crate::control::{Clock, Limits, Silent};
use crate::milp::{LinearExpression, VarId};
use crate::num::Interval;
use crate::solve::{Backend, Highs, SolveError, SolveOptions};

/// A row `expression ≤ limit` that holds for every point of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// The left-hand side, without a constant.
    pub expression: LinearExpression,
    /// The right-hand side.
    pub limit: f64,
}

impl Cut {
    /// By how much a point violates it, relative to `1 + |limit|`.
    pub fn violation(&self, point: &[f64]) -> f64 {
        (self.expression.evaluate(point) - self.limit) / (1.0 + self.limit.abs())
    }
}

/// Limits of the separation.
#[derive(Clone, Debug)]
pub struct CutOptions {
    /// Solves of the relaxation at most. Default 10.
    pub rounds: usize,
    /// A row is added if the point violates it by more, relative. Default 1e-6.
    pub violation: f64,
    /// Rounds go on only while the bound moves by more, relative. Default 1e-4.
    pub progress: f64,
    /// Time for all rounds. Default 20 s.
    pub limits: Limits,
}

impl Default for CutOptions {
    fn default() -> Self {
        Self {
            rounds: 10,
            violation: 1e-6,
            progress: 1e-4,
            limits: Limits::of_time(Duration::from_secs(20)),
        }
    }
}

/// What the separation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CutCounts {
    /// Relaxations solved.
    pub rounds: usize,
    /// Rows added.
    pub rows: usize,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// A neuron as it was encoded, for encodings that come back to it.
#[derive(Clone, Debug)]
pub struct StoredNeuron {
    label: String,
    inputs: Vec<VarId>,
    weights: Vec<f64>,
    bias: f64,
    input_bounds: Vec<Interval>,
    pre_activation: Interval,
    ceiling: Option<f64>,
    encoded: EncodedNeuron,
}

impl StoredNeuron {
    /// A copy.
    pub fn new(neuron: &ReluNeuron<'_>, encoded: &EncodedNeuron) -> Self {
        Self {
            label: neuron.label.to_string(),
            inputs: neuron.inputs.to_vec(),
            weights: neuron.weights.to_vec(),
            bias: neuron.bias,
            input_bounds: neuron.input_bounds.to_vec(),
            pre_activation: neuron.pre_activation,
            ceiling: neuron.ceiling,
            encoded: encoded.clone(),
        }
    }

    fn neuron(&self) -> ReluNeuron<'_> {
        ReluNeuron {
            label: &self.label,
            inputs: &self.inputs,
            weights: &self.weights,
            bias: self.bias,
            input_bounds: &self.input_bounds,
            pre_activation: self.pre_activation,
            ceiling: self.ceiling,
        }
    }
}

impl EncodedProblem {
    /// Adds rows that the relaxation violates, as the encoding finds them; nothing
    /// for an encoding that has none. The relaxation is solved by HiGHS.
    ///
    /// # Errors
    /// The solver failed.
    pub fn separate(
        &mut self,
        encoding: &dyn ReluEncoding,
        options: &CutOptions,
    ) -> Result<CutCounts, SolveError> {
        let clock = Clock::start(&options.limits);
        let mut counts = CutCounts::default();
        let mut last: Option<f64> = None;
        while !self.neurons.is_empty() && counts.rounds < options.rounds {
            if clock.is_stopped() {
                break;
            }
            let relaxed = self.model.clone().relaxed();
            let solve = SolveOptions::default();
            let solution = Highs.solve_within(&relaxed, &solve, &clock, &mut Silent)?;
            counts.rounds += 1;
            let (Some(point), Some(value)) = (solution.point, solution.objective) else { break };
            let stalls = last.is_some_and(|last: f64| {
                (value - last).abs() <= options.progress * (1.0 + last.abs())
            });
            if stalls {
                break;
            }
            last = Some(value);
            let added = self.add_violated(encoding, &point, options.violation);
            counts.rows += added;
            if added == 0 {
                break;
            }
        }
        counts.seconds = clock.seconds();
        Ok(counts)
    }

    fn add_violated(
        &mut self,
        encoding: &dyn ReluEncoding,
        point: &[f64],
        violation: f64,
    ) -> usize {
        let mut added = 0;
        for stored in &self.neurons {
            let cuts = encoding.cuts(&stored.neuron(), &stored.encoded, point);
            for cut in cuts.into_iter().filter(|cut| cut.violation(point) > violation) {
                let name = format!("h{}.cut{}", stored.label, self.model.rows().len());
                self.model.range(name, cut.expression, f64::NEG_INFINITY, cut.limit);
                added += 1;
            }
        }
        added
    }
}
