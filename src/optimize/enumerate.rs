//! The least value by enumeration: on each linear region the objective is affine.
//!
//! With two inputs a region is a polygon, and the least value is attained at a corner: no
//! solver takes part, which makes this the independent check of those that do. What is
//! exact is which regions there are; vertices and affine maps are rounded to floating
//! point, which the bound allows for. With other numbers of inputs a region's least value
//! comes from a linear program, its bound from the multipliers; regions whose affine map
//! has no better value on all of the box need none.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{
    Answer, Clock, OptimizeError, OptimizeOptions, Recheck, Status, StoppedBy, blank, first_point,
    settle, timed,
};
use crate::bounds::{Crown, Propagator};
use crate::encode::{BigM, EncodedProblem, encode};
use crate::milp::{LinearExpression, Model, dual_bound};
use crate::num::Interval;
use crate::num::tolerance::ENUMERATION_ROUNDING;
use crate::problem::{Candidate, Problem, Sense, Variable};
use crate::regions::{self, Cell, Method, RegionOptions, visit};
use crate::solve::{LinearProgram, LpStatus};
use crate::tighten::TightenError;

/// [`optimize`](super::optimize) by enumeration.
///
/// # Errors
/// The regions cannot be enumerated (conditions on outputs, integer inputs); a value by a
/// forward pass that is beyond the bound.
pub fn optimize_by_enumeration(
    problem: &Problem,
    options: &OptimizeOptions,
) -> Result<Answer, OptimizeError> {
    options.solve.validate()?;
    let clock = Clock::start(options.solve.time_limit);
    let mut answer = blank(problem, options);
    answer.solver = "enumerate";
    answer.backend = "none";
    answer.encoding = "none".into();
    answer.tighten = "crown";
    answer.scale = "none";
    answer.versions.retain(|&name, _| name == "taut");
    let limits = RegionOptions {
        method: Method::Auto,
        time_limit: clock.left(),
        cell_limit: options.solve.node_limit,
        stop: options.tightening.stop,
        ..RegionOptions::default()
    };
    let sense = problem.sense();
    let first = first_point(problem, options.solve.seed);
    let best = first.as_ref().map(|first| (first.objective, first.input.clone()));
    let mut search = Search { problem, best, bound: None, open: Vec::new() };
    let counted = timed(&mut answer.seconds.solve, || {
        visit(problem, &limits, &mut |cell| {
            search.see(cell);
            ControlFlow::Continue(())
        })
    });
    let counted = match counted {
        Err(regions::RegionError::NoInterior) => {
            // Whether anything is left of the box, regions do not tell.
            answer.status = Status::Unknown;
            answer.warnings.push(regions::RegionError::NoInterior.to_string());
            return Ok(answer);
        }
        counted => counted?,
    };
    answer.nodes = counted.at_least;
    answer.stopped_by = counted.stopped_by.and_then(|stopped| match stopped {
        regions::StoppedBy::TimeLimit => Some(StoppedBy::TimeLimit),
        regions::StoppedBy::CellLimit => Some(StoppedBy::NodeLimit),
        regions::StoppedBy::Interrupt => Some(StoppedBy::Interrupt),
        regions::StoppedBy::Visitor => None,
    });
    if answer.stopped_by.is_none() {
        let stop = options.tightening.stop;
        let mut seconds = 0.0;
        let ended = timed(&mut seconds, || search.solve_open(clock, stop));
        answer.seconds.solve += seconds;
        answer.stopped_by = ended?;
    }
    let found = search
        .best
        .take()
        .and_then(|(value, point)| Some((value, problem.evaluate(problem.nearest_input(&point)?))));
    let points = [found.as_ref().map(|(_, point)| point.clone()), first];
    let best: Option<Candidate> =
        points.into_iter().flatten().filter(|point| point.feasible).reduce(|best, next| {
            if sense.better(next.objective, best.objective) { next } else { best }
        });
    answer.seconds.total = clock.elapsed();
    let Some(best) = best else {
        answer.status = Status::Unknown;
        return Ok(answer);
    };
    answer.recheck = Some(Recheck {
        feasible: best.feasible,
        objective_error: found.as_ref().map(|(value, point)| (value - point.objective).abs()),
        violation: best.violation,
    });
    match (answer.stopped_by, search.bound) {
        (None, Some(bound)) => {
            let slack = ENUMERATION_ROUNDING * (1.0 + bound.abs());
            let bound = match sense {
                Sense::Minimize => bound - slack,
                Sense::Maximize => bound + slack,
            };
            settle(&mut answer, sense, best, bound, options)?;
        }
        // Regions that were not seen may hold anything.
        _ => {
            answer.status = Status::Feasible;
            answer.objective = Some(best.objective);
            answer.input = Some(best.input);
            answer.output = Some(best.output);
        }
    }
    Ok(answer)
}

/// What the regions so far have shown.
struct Search<'a> {
    problem: &'a Problem,
    /// The best value known, and where it is attained.
    best: Option<(f64, Vec<f64>)>,
    /// No point of the regions so far is better.
    bound: Option<f64>,
    /// Regions that need a linear program: the best value of their affine map on all of
    /// the box, and a point inside.
    open: Vec<(f64, Vec<f64>)>,
}

impl Search<'_> {
    fn see(&mut self, cell: &Cell) {
        if cell.vertices.is_none() {
            self.put_off(cell.point.clone(), self.extreme(cell));
        }
        for corner in cell.corners(self.problem.domain()) {
            let value = cell.value(self.problem.objective(), &corner);
            self.weaken(value);
            self.propose(value, corner);
        }
    }

    fn put_off(&mut self, point: Vec<f64>, extreme: f64) {
        match self.is_hopeless(extreme) {
            true => self.weaken(extreme),
            false => self.open.push((extreme, point)),
        }
    }

    /// Whether a value is not better than the best known.
    fn is_hopeless(&self, value: f64) -> bool {
        let sense = self.problem.sense();
        self.best.as_ref().is_some_and(|(best, _)| !sense.better(value, *best))
    }

    /// Solves the linear programs of the open regions, the most promising first. Says what
    /// ended it early.
    fn solve_open(
        &mut self,
        clock: Clock,
        stop: Option<&AtomicBool>,
    ) -> Result<Option<StoppedBy>, OptimizeError> {
        let mut open = std::mem::take(&mut self.open);
        if open.is_empty() {
            return Ok(None);
        }
        let sense = self.problem.sense();
        open.sort_by(|a, b| match sense {
            Sense::Minimize => a.0.total_cmp(&b.0),
            Sense::Maximize => b.0.total_cmp(&a.0),
        });
        let mut programs = Programs::new(self.problem)?;
        for (extreme, point) in open {
            if self.is_hopeless(extreme) {
                self.weaken(extreme);
                continue;
            }
            let left = clock.left().unwrap_or(Duration::MAX);
            if left.is_zero() {
                return Ok(Some(StoppedBy::TimeLimit));
            }
            if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Ok(Some(StoppedBy::Interrupt));
            }
            let (bound, found) = programs.solve(self.problem, &point)?;
            // The affine map on all of the box bounds a region whose program failed.
            let bound = if sense.better(bound, extreme) { extreme } else { bound };
            self.weaken(bound);
            if let Some(input) = found.and_then(|input| self.problem.nearest_input(&input)) {
                let candidate = self.problem.evaluate(input);
                if candidate.feasible {
                    self.propose(candidate.objective, candidate.input);
                }
            }
        }
        Ok(None)
    }

    /// The best value of a region's affine map on all of the box.
    fn extreme(&self, cell: &Cell) -> f64 {
        let domain = self.problem.domain();
        let objective = self.problem.objective();
        let slope = |input: usize| {
            let terms = objective.terms().iter().map(|&(variable, coefficient)| match variable {
                Variable::Input(index) if index == input => coefficient,
                Variable::Input(_) => 0.0,
                Variable::Output(index) => coefficient * cell.weights[(index, input)],
            });
            terms.sum::<f64>()
        };
        let reach = (0..domain.len()).map(|input| {
            let width = domain.upper()[input] - domain.lower()[input];
            0.5 * width * slope(input).abs()
        });
        let (center, reach) = (cell.value(objective, &domain.center()), reach.sum::<f64>());
        match self.problem.sense() {
            Sense::Minimize => center - reach,
            Sense::Maximize => center + reach,
        }
    }

    fn propose(&mut self, value: f64, input: Vec<f64>) {
        let sense = self.problem.sense();
        if self.best.as_ref().is_none_or(|(best, _)| sense.better(value, *best)) {
            self.best = Some((value, input));
        }
    }

    fn weaken(&mut self, bound: f64) {
        let sense = self.problem.sense();
        let worst = self.bound.filter(|worst| !sense.better(bound, *worst));
        self.bound = Some(worst.unwrap_or(bound));
    }
}

/// The linear programs of all regions, as one whose binaries are fixed in turn.
struct Programs {
    encoded: EncodedProblem,
    model: Model,
    program: LinearProgram,
    /// The objective as a minimisation.
    objective: LinearExpression,
    costs: Vec<f64>,
}

impl Programs {
    fn new(problem: &Problem) -> Result<Self, OptimizeError> {
        let bounds = Crown.propagate(problem.graph(), problem.domain());
        let encoded = encode(problem, &bounds.map_err(TightenError::from)?, &BigM)?;
        let model = encoded.model.clone().relaxed();
        let objective = match problem.sense() {
            Sense::Minimize => model.objective.clone(),
            Sense::Maximize => -model.objective.clone(),
        };
        let mut costs = vec![0.0; model.columns().len()];
        for &(column, cost) in &objective.terms {
            costs[column.index()] = cost;
        }
        Ok(Self { program: LinearProgram::new(&model)?, encoded, model, objective, costs })
    }

    /// The bound that multipliers prove for the region of a point, in the direction of the
    /// problem, and the best point the solver found.
    fn solve(
        &mut self,
        problem: &Problem,
        point: &[f64],
    ) -> Result<(f64, Option<Vec<f64>>), OptimizeError> {
        for (column, value) in self.encoded.phases(problem.graph(), point) {
            let fixed = Interval::new(value, value).expect("a number");
            if self.model.column_at(column).bounds != fixed {
                self.model.set_bounds(column, fixed);
                self.program.set_bounds(column, fixed)?;
            }
        }
        let solved = self.program.minimize(&self.costs, PROGRAM_TIME)?;
        let bound = match solved.status {
            // It has inner points, so the point was too close to its boundary for the
            // forward pass to tell the phases: no bound.
            LpStatus::Infeasible => f64::NEG_INFINITY,
            _ => dual_bound(&self.model, &self.objective, &solved.multipliers),
        };
        let bound = match problem.sense() {
            Sense::Minimize => bound,
            Sense::Maximize => -bound,
        };
        let columns = self.encoded.inputs.iter();
        let input = (!solved.point.is_empty())
            .then(|| columns.map(|column| solved.point[column.index()]).collect());
        Ok((bound, input))
    }
}

/// Most time for one linear program.
const PROGRAM_TIME: Duration = Duration::from_secs(10);
