//! microlp, a solver in pure Rust: a second opinion that shares no code with
//! HiGHS. Slower; meant for small models.

use std::time::Duration;

use ::microlp::{
    ComparisonOp, Error, LinearExpr, OptimizationDirection, Problem, ResumeOptions, SolveOutcome,
    TerminationReason, Variable,
};

use super::{Backend, Solution, SolveError, SolveOptions, TerminationStatus, prepare};
use crate::control::{Clock, Observer, Progress, StoppedBy};
use crate::milp::{Kind, Model};

/// How long microlp runs between two looks at the observer.
const SLICE: Duration = Duration::from_millis(100);

/// The MILP and LP solver microlp. Uses one thread and no seed, log or preset.
#[derive(Debug)]
pub struct Microlp;

impl Backend for Microlp {
    fn name(&self) -> &'static str {
        "microlp"
    }

    fn version(&self) -> String {
        // microlp does not export its version; Cargo.toml pins this one.
        "0.7".to_string()
    }

    fn run(
        &self,
        model: &Model,
        options: &SolveOptions,
        clock: &Clock,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        let (problem, variables) = build(model)?;
        let start = &options.start;
        let start = start.iter().map(|&(column, value)| (variables[column.index()], value));
        let mut first = ::microlp::SolveOptions::default();
        first.time_limit = Some(clock.left().unwrap_or(SLICE).min(SLICE));
        first.node_limit = options.limits.nodes;
        first.mip_gap = options.relative_gap;
        first.int_tol = options.feasibility_tolerance;
        first.tolerances.feasibility = options.feasibility_tolerance;
        first.warm_start = Some(start.collect::<Vec<_>>()).filter(|start| !start.is_empty());
        let mut outcome = match problem.solve_with(first) {
            Ok(outcome) => outcome,
            Err(error) => return unfinished(error),
        };
        loop {
            let stats = outcome.stats();
            let progress = Progress {
                seconds: clock.seconds(),
                objective: outcome.solution().map(::microlp::Solution::objective),
                objective_bound: stats.best_bound,
                node_count: stats.nodes_solved,
                lp_iterations: stats.lp_iterations,
            };
            let status = match outcome.termination_reason() {
                TerminationReason::ProvenOptimal | TerminationReason::MipGap => {
                    Some(TerminationStatus::Optimal)
                }
                TerminationReason::NodeLimit => {
                    Some(TerminationStatus::Stopped(StoppedBy::NodeLimit))
                }
                _ => None,
            };
            let stopped = clock.tell(observer, &progress).map(TerminationStatus::Stopped);
            if let Some(status) = status.or(stopped) {
                return Ok(finished(model, &variables, &outcome, &progress, status));
            }
            let mut next = ResumeOptions::default();
            next.time_limit = Some(clock.left().unwrap_or(SLICE).min(SLICE));
            // The budget is per call here, the option is for the whole search.
            next.node_limit =
                options.limits.nodes.map(|limit| limit.saturating_sub(progress.node_count).max(1));
            next.mip_gap = Some(options.relative_gap);
            outcome = match outcome.resume_with(next) {
                Ok(outcome) => outcome,
                Err(error) => return unfinished(error),
            };
        }
    }
}

fn build(model: &Model) -> Result<(Problem, Vec<Variable>), SolveError> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let mut costs = vec![0.0; model.columns().len()];
    model.objective.terms.iter().for_each(|&(column, cost)| costs[column.index()] = cost);
    // The constant of the objective as a column: the relative gap is one of the
    // whole objective.
    prepare::check_number(
        || "the constant of the objective".to_string(),
        model.objective.constant,
    )?;
    problem.add_var(model.objective.constant, (1.0, 1.0));
    let mut variables = Vec::new();
    for (column, &cost) in model.columns().iter().zip(&costs) {
        let (lower, upper) = (column.bounds.lower(), column.bounds.upper());
        prepare::check_number(|| format!("the cost of {}", column.name), cost)?;
        variables.push(match column.kind {
            Kind::Continuous => problem.add_var(cost, (lower, upper)),
            Kind::Integer => {
                let whole = |value: f64| match value as i32 {
                    whole if f64::from(whole) == value => Ok(whole),
                    _ => Err(SolveError::Number {
                        place: format!("a bound of {}", column.name),
                        value,
                        expected: "a whole number of 32 bits".to_string(),
                    }),
                };
                problem.add_integer_var(cost, (whole(lower)?, whole(upper)?))
            }
        });
    }
    for row in model.rows() {
        let row = prepare::row(model, row)?;
        let (lower, upper) = (row.bounds.lower(), row.bounds.upper());
        let mut add = |relation, side| {
            let mut expression = LinearExpr::empty();
            for &(column, c) in &row.terms {
                expression.add(variables[column.index()], c);
            }
            problem.add_constraint(expression, relation, side);
        };
        if lower == upper {
            add(ComparisonOp::Eq, lower);
            continue;
        }
        if lower.is_finite() {
            add(ComparisonOp::Ge, lower);
        }
        if upper.is_finite() {
            add(ComparisonOp::Le, upper);
        }
    }
    Ok((problem, variables))
}

fn finished(
    model: &Model,
    variables: &[Variable],
    outcome: &SolveOutcome,
    progress: &Progress,
    status: TerminationStatus,
) -> Solution {
    let values = |s: &::microlp::Solution| variables.iter().map(|&v| s.var_value(v)).collect();
    let point: Option<Vec<f64>> = outcome.solution().map(values);
    let objective = point.as_ref().map(|point| model.objective.evaluate(point));
    Solution {
        status,
        // A linear program that ran to its end has no search and so no bound of
        // its own: its optimum is one.
        objective_bound: progress
            .objective_bound
            .or(objective.filter(|_| status == TerminationStatus::Optimal)),
        point,
        objective,
        node_count: progress.node_count,
        lp_iterations: progress.lp_iterations,
        multipliers: Vec::new(),
    }
}

fn unfinished(error: Error) -> Result<Solution, SolveError> {
    match error {
        Error::Infeasible => Ok(Solution::without_point(TerminationStatus::Infeasible)),
        Error::Unbounded => Err(SolveError::Unbounded),
        other => Err(SolveError::Failed { solver: "microlp", what: other.to_string() }),
    }
}
