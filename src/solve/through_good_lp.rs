//! What all backends by the crate good_lp share.
//!
//! good_lp itself tells a point or an error: no bound, one error for all limits
//! but time. So it builds the model here, and the solver is asked how it ended.
//!
//! These solvers tell no dual bound that could be relied on. Where one says that
//! it has solved to its gap, and its point is feasible, the bound is its objective
//! less what its rules let it overlook ([`Allowance`]); after a limit there is none.

use good_lp::{ProblemVariables, SolverModel};

use super::{Embedding, PortableModel, Solution, SolveError, SolveOptions, TerminationStatus};
use crate::control::Clock;
use crate::milp::{Column, Kind, Model, check};
use crate::num::tolerance::{ABSOLUTE_GAP, CLAIMED_OPTIMUM_FEASIBILITY};

/// The program in the model of a solver; its variables stand in the order of the
/// columns, without names: lp-solvers would cut them down to letters.
pub(super) fn build<S: good_lp::Solver>(
    model: &PortableModel,
    solver: S,
) -> Result<S::Model, SolveError> {
    let mut variables = ProblemVariables::new();
    let embedding = Embedding::named(model.model(), &mut variables, |_| String::new());
    let objective = embedding.expression(&model.model().objective);
    let problem = variables.minimise(objective).using(solver);
    Ok(embedding.constraints()?.into_iter().fold(problem, SolverModel::with))
}

/// By how much a solver's claimed optimum may miss the true one.
pub(super) struct Allowance {
    /// Units of the objective.
    pub absolute: f64,
    /// Relative to the objective.
    pub relative: f64,
}

/// What a solver says about a model.
pub(super) struct Claim {
    pub status: TerminationStatus,
    /// One number per column, those of the portable form at the end.
    pub point: Option<Vec<f64>>,
    pub node_count: u64,
    pub lp_iterations: u64,
}

impl Claim {
    /// A claim without counts.
    pub fn new(status: TerminationStatus, point: Option<Vec<f64>>) -> Self {
        Self { status, point, node_count: 0, lp_iterations: 0 }
    }
}

/// The solution that a claim stands for.
pub(super) fn weighed(
    model: &Model,
    portable: &PortableModel,
    solver: &'static str,
    claim: Claim,
    allowance: &Allowance,
) -> Result<Solution, SolveError> {
    let mut point = claim.point;
    // After a limit the numbers may be those of a relaxation.
    let feasible = point.as_ref().is_some_and(|point| {
        check(portable.model(), point, CLAIMED_OPTIMUM_FEASIBILITY).is_empty()
    });
    if !feasible && claim.status != TerminationStatus::Optimal {
        point = None;
    }
    if claim.status == TerminationStatus::Infeasible {
        let finite = |c: &Column| c.bounds.lower().is_finite() && c.bounds.upper().is_finite();
        if !model.columns().iter().all(finite) {
            let what = "infeasible or unbounded, it says; expected finite bounds on every column";
            return Err(SolveError::Failed { solver, what: what.to_string() });
        }
        point = None;
    }
    if let Some(point) = &mut point {
        point.truncate(model.columns().len());
    }
    let objective = point.as_ref().map(|point| model.objective.evaluate(point));
    // A point that is no optimum, because it is no point, proves nothing; it may
    // still lead to one.
    let optimum = objective.filter(|_| feasible && claim.status == TerminationStatus::Optimal);
    let bound = optimum.map(|objective| {
        if model.columns().iter().all(|column| column.kind == Kind::Continuous) {
            return objective;
        }
        let loss = allowance.absolute.max(allowance.relative * objective.abs());
        objective - loss
    });
    Ok(Solution {
        status: claim.status,
        point,
        objective,
        objective_bound: bound,
        node_count: claim.node_count,
        lp_iterations: claim.lp_iterations,
        multipliers: Vec::new(),
    })
}

/// Share of the wanted gap that these solvers are given, because their bounds are
/// weakened by all that they were given; the rest is for their tolerances.
pub(super) const GAP_SHARE: f64 = 0.1;

/// Least difference of objective values at which CBC goes on searching.
const LEAST_INCREMENT: f64 = 1e-9;

/// Largest relative gap that is passed on: at 1 a bound would say nothing.
const LARGEST_RELATIVE_GAP: f64 = 0.5;

/// Parameters of CBC, library and program alike, and what they let it overlook.
pub(super) fn cbc_parameters(
    options: &SolveOptions,
    clock: &Clock,
) -> (Vec<(&'static str, String)>, Allowance) {
    let absolute = GAP_SHARE * options.absolute_gap.unwrap_or(ABSOLUTE_GAP);
    let increment = absolute.max(LEAST_INCREMENT);
    let ratio = (GAP_SHARE * options.relative_gap).min(LARGEST_RELATIVE_GAP);
    let tolerance = options.feasibility_tolerance;
    let mut parameters = vec![
        ("ratioGap", ratio.to_string()),
        ("allowableGap", absolute.to_string()),
        // By default CBC prunes what is not better by 1e-5.
        ("increment", increment.to_string()),
        // With it CBC 2.10 calls wrong values optimal and feasible models infeasible,
        // about once in 200 random networks, in encodings with copies of columns.
        ("preprocess", "off".to_string()),
        ("primalTolerance", tolerance.to_string()),
        ("integerTolerance", tolerance.to_string()),
        ("randomCbcSeed", options.seed.to_string()),
        ("timeMode", "elapsed".to_string()),
    ];
    parameters.extend(clock.left().map(|t| ("seconds", t.as_secs_f64().to_string())));
    parameters.extend(options.limits.nodes.map(|nodes| ("maxNodes", nodes.to_string())));
    // The gap is relative to the larger of objective and bound.
    (parameters, Allowance { absolute: increment, relative: ratio / (1.0 - ratio) })
}
