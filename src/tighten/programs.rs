//! Neurons by programs: one set of rows, many objectives. Linear ones over a relaxation, each
//! bound re-derived from its multipliers, or mixed-integer ones.

use super::certificate::{Lemma, Side, signed};
use super::layer::{Ask, Settings, Task};
use super::workers::{Found, Way};
use crate::control::Clock;
use crate::encode::Encoder;
use crate::milp::{LinearExpression, Model, dual_bound};
use crate::network::NodeId;
use crate::search::columns::{Columns, is_proven_empty};
use crate::search::{Effort, Enough};
use crate::solve::{Basis, LinearProgram, LpStatus, SolveError};

/// Neurons that one worker takes at a time. Each batch starts from the same
/// basis, so that its results do not depend on which worker takes it.
const BATCH: usize = 8;

/// The programs of a layer.
pub struct Programs<'a> {
    encoder: &'a Encoder<'a>,
    model: Model,
    basis: Option<Basis>,
    node: NodeId,
    settings: Settings<'a>,
}

/// Linear programs.
pub struct Linear<'a>(pub Programs<'a>);

/// Mixed-integer programs, by a certified branch and bound.
pub struct MixedInteger<'a>(pub Programs<'a>);

impl<'a> Programs<'a> {
    /// The programs of the neurons of a node; `None` where there is no time for the first, or
    /// it fails.
    pub fn new(
        encoder: &'a Encoder<'a>,
        node: NodeId,
        settings: Settings<'a>,
    ) -> Result<Option<Self>, SolveError> {
        let model = encoder.model().clone();
        let first = unless_failed(first_basis(&model, &settings.clock))?;
        let basis = first.filter(|(status, _)| *status != LpStatus::Stopped);
        Ok(basis.map(|(_, basis)| Self { encoder, model, basis, node, settings }))
    }

    /// What is to be made small for a side of a neuron.
    fn objective(&self, task: &Task, side: Side) -> LinearExpression {
        signed(self.encoder.expression(self.node, task.index), side)
    }

    /// The inputs at a point of the program.
    fn input(&self, point: &[f64]) -> Vec<f64> {
        self.encoder.inputs().iter().map(|column| point[column.index()]).collect()
    }
}

impl Way for Linear<'_> {
    type Worker = LinearProgram;

    const BATCH: usize = BATCH;

    fn worker(&self) -> Result<LinearProgram, SolveError> {
        LinearProgram::new(&self.0.model)
    }

    fn begin(&self, program: &mut LinearProgram) -> Result<(), SolveError> {
        self.0.basis.iter().try_for_each(|basis| program.set_basis(basis))
    }

    /// The dual bound, re-derived from the multipliers.
    fn bound(
        &self,
        program: &mut LinearProgram,
        task: &Task,
        ask: Ask,
        found: &mut Found,
    ) -> Result<Option<f64>, SolveError> {
        let Programs { model, settings, .. } = &self.0;
        let objective = &self.0.objective(task, ask.side);
        let mut costs = vec![0.0; model.columns().len()];
        objective.terms.iter().for_each(|&(column, c)| costs[column.index()] = c);
        program.stop_above(ask.enough.map(|value| ask.side.sign() * value - objective.constant))?;
        let outcome = program.minimize(&costs, &settings.clock);
        let Some(outcome) = unless_failed(outcome)? else {
            found.counts.failed += 1;
            return Ok(None);
        };
        found.counts.lp_iterations += outcome.iterations;
        match outcome.status {
            LpStatus::Optimal | LpStatus::Above => found.counts.solved += 1,
            LpStatus::Infeasible => {
                found.is_empty |= is_proven_empty(model, &outcome.multipliers);
                found.counts.failed += usize::from(!found.is_empty);
                found.counts.solved += usize::from(found.is_empty);
                return Ok(None);
            }
            LpStatus::Stopped => {
                found.counts.skipped_time += 1;
                return Ok(None);
            }
        }
        // HiGHS calls a program optimal even where its point misses a row by more
        // than the tolerance, once the scaling is undone: then there is none.
        if !outcome.point.is_empty() {
            found.points.push(self.0.input(&outcome.point));
        }
        let bound = dual_bound(model, objective, &outcome.multipliers);
        let nonzero = outcome.multipliers.into_iter().enumerate().filter(|(_, y)| *y != 0.0);
        let (index, side) = (found.index, ask.side);
        let bound_of_neuron = side.sign() * bound;
        let multipliers = nonzero.collect();
        found.lemmas.push(Lemma { index, side, bound: bound_of_neuron, multipliers });
        Ok(Some(bound))
    }
}

impl Way for MixedInteger<'_> {
    type Worker = Columns;

    const BATCH: usize = BATCH;

    fn worker(&self) -> Result<Columns, SolveError> {
        Columns::new(&self.0.model)
    }

    fn begin(&self, _: &mut Columns) -> Result<(), SolveError> {
        Ok(())
    }

    /// The bound that a search has proven when it ends.
    fn bound(
        &self,
        columns: &mut Columns,
        task: &Task,
        ask: Ask,
        found: &mut Found,
    ) -> Result<Option<f64>, SolveError> {
        let Programs { basis, settings: Settings { options, method, clock }, .. } = &self.0;
        let enough = match ask.enough {
            Some(value) => ask.side.sign() * value,
            // Beyond what a forward pass attains there is nothing to prove.
            None => task.attained(ask.side) - task.share(options.slack_of(*method)),
        };
        let clock = clock.within(options.neuron_time);
        let nodes = options.limits.nodes.unwrap_or(u64::MAX);
        let effort = Effort { nodes, ..Effort::until(clock) };
        let objective = self.0.objective(task, ask.side);
        let mut first = None;
        let visit = |point: &[f64]| _ = first.get_or_insert_with(|| self.0.input(point));
        let mut goal = Enough { bound: enough, visit };
        let outcome = columns.least(&objective, basis.as_ref(), &mut goal, &effort);
        let Some((outcome, is_complete)) = unless_failed(outcome)? else {
            found.counts.failed += 1;
            return Ok(None);
        };
        found.counts.nodes += outcome.nodes;
        found.counts.lp_iterations += outcome.iterations;
        found.is_empty |= outcome.least == f64::INFINITY;
        match is_complete {
            true => found.counts.solved += 1,
            false => found.counts.failed += 1,
        }
        found.points.extend(first);
        Ok(Some(outcome.least).filter(|bound| bound.is_finite()))
    }
}

/// A basis of some feasible vertex, if HiGHS finds one in time.
fn first_basis(model: &Model, clock: &Clock) -> Result<(LpStatus, Option<Basis>), SolveError> {
    let mut program = LinearProgram::new(model)?;
    let costs = vec![0.0; model.columns().len()];
    match unless_failed(program.minimize(&costs, clock))? {
        Some(outcome) => Ok((outcome.status, program.basis())),
        None => Ok((LpStatus::Infeasible, None)),
    }
}

/// `None` for a program that the solver gives up, or calls unbounded although all
/// its columns are bounded: one bound that stays as it was.
fn unless_failed<T>(outcome: Result<T, SolveError>) -> Result<Option<T>, SolveError> {
    match outcome {
        Err(
            error @ (SolveError::Failed { .. } | SolveError::Unbounded | SolveError::Number { .. }),
        ) => {
            tracing::debug!("bounds: no program for one side, {error}");
            Ok(None)
        }
        outcome => outcome.map(Some),
    }
}
