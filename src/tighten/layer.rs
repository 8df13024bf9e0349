//! The programs of one layer, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::pool::Pool;
use super::{Method, TightenCounts, TightenError, TightenOptions};
use crate::encode::Encoder;
use crate::milp::{LinearExpression, Model, VarId, dual_bound};
use crate::network::{ActivationLayer, NodeId, Phase};
use crate::num::tolerance::MILP_BOUND_MARGIN;
use crate::num::{Interval, IntervalBox};
use crate::solve::{
    Basis, Highs, LinearProgram, Silent, SolveError, SolveOptions, Solver, TerminationStatus,
};

/// Neurons that one worker takes at a time. Each batch starts from the same
/// basis, so that its results do not depend on which worker takes it.
const BATCH: usize = 8;

/// Time for one program where no limit is set: none ever takes that long.
const NO_LIMIT: Duration = Duration::from_secs(3600);

/// What to tighten.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The node of the pre-activations.
    pub node: NodeId,
    /// The activation that reads it; `None` for the network's output.
    pub layer: Option<ActivationLayer<'a>>,
    /// Whether its bounds are exact already.
    pub exact: bool,
}

impl Target<'_> {
    /// Phase of a neuron with this range; an output has none that could be proven.
    fn phase(&self, range: Interval, index: usize) -> Phase {
        self.layer.map_or(Phase::Unstable, |layer| Phase::of(range, layer.ceiling(index)))
    }
}

/// How to solve.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The user's options.
    pub options: &'a TightenOptions,
    /// Kind of programs.
    pub method: Method,
    /// End of the time.
    pub deadline: Option<Instant>,
}

/// A neuron to bound, and on which sides.
struct Task<'a> {
    index: usize,
    range: Interval,
    expression: &'a LinearExpression,
    upper: bool,
    lower: bool,
}

/// What a worker found for one neuron.
struct Found {
    index: usize,
    lower: f64,
    upper: f64,
    counts: TightenCounts,
    points: Vec<Vec<f64>>,
}

/// Tightens the target's neurons by programs over `encoder`'s model: linear ones
/// over its relaxation, or mixed-integer ones.
pub fn tighten(
    encoder: &Encoder<'_>,
    bounds: &IntervalBox,
    target: Target<'_>,
    pool: &mut Pool<'_>,
    settings: Settings<'_>,
) -> Result<(IntervalBox, TightenCounts), TightenError> {
    let started = Instant::now();
    let Settings { options, method, .. } = settings;
    let mut counts = TightenCounts { sides: 2 * bounds.len(), ..TightenCounts::new(method) };
    let tasks = tasks(encoder, bounds, target, pool, options, &mut counts);
    if tasks.is_empty() {
        return Ok((bounds.clone(), counts));
    }
    let programs = match method {
        Method::Linear => {
            let model = encoder.model().clone().relaxed();
            let basis = first_basis(&model)?;
            Programs { model, basis, inputs: encoder.inputs(), target, settings }
        }
        Method::MixedInteger => {
            let model = encoder.model().clone();
            Programs { model, basis: None, inputs: encoder.inputs(), target, settings }
        }
    };
    let found = programs.solve_all(&tasks, options.threads)?;
    let (mut lower, mut upper) = (bounds.lower().to_vec(), bounds.upper().to_vec());
    let mut points = Vec::new();
    for neuron in found {
        lower[neuron.index] = lower[neuron.index].max(neuron.lower);
        upper[neuron.index] = upper[neuron.index].min(neuron.upper);
        counts.add(&neuron.counts);
        points.extend(neuron.points);
    }
    pool.add(points);
    counts.seconds = started.elapsed().as_secs_f64();
    // Sound bounds cannot exclude each other: if they do, something is wrong
    // with the programs, and what was known before still holds.
    let narrowed = IntervalBox::new(lower, upper).unwrap_or_else(|error| {
        tracing::warn!("{error} after tightening by {method:?} programs; kept as it was");
        bounds.clone()
    });
    Ok((narrowed, counts))
}

/// The neurons worth a program, those with the largest relaxation first.
fn tasks<'a>(
    encoder: &'a Encoder<'_>,
    bounds: &IntervalBox,
    target: Target<'_>,
    pool: &Pool<'_>,
    options: &TightenOptions,
    counts: &mut TightenCounts,
) -> Vec<Task<'a>> {
    let mut tasks = Vec::new();
    for index in 0..bounds.len() {
        let range = bounds.interval(index);
        if target.phase(range, index) != Phase::Unstable {
            counts.skipped_stable += 2;
            continue;
        }
        if target.exact {
            counts.skipped_exact += 2;
            continue;
        }
        let margin = options.slack * (range.upper() - range.lower());
        let attained = pool.range(target.node, index);
        let upper = attained.is_none_or(|(_, largest)| largest < range.upper() - margin);
        let lower = attained.is_none_or(|(least, _)| least > range.lower() + margin);
        counts.skipped_attained += usize::from(!upper) + usize::from(!lower);
        if upper || lower {
            let expression = encoder.expression(target.node, index);
            tasks.push(Task { index, range, expression, upper, lower });
        }
    }
    let area = |task: &Task| task.range.upper() * -task.range.lower();
    tasks.sort_by(|a, b| area(b).total_cmp(&area(a)).then(a.index.cmp(&b.index)));
    tasks
}

/// A basis of some feasible vertex.
fn first_basis(model: &Model) -> Result<Option<Basis>, SolveError> {
    let mut program = LinearProgram::new(model)?;
    let costs = vec![0.0; model.columns().len()];
    program.minimize(&costs, NO_LIMIT)?;
    Ok(program.basis())
}

/// The programs of a layer: one set of rows, many objectives.
struct Programs<'a> {
    model: Model,
    basis: Option<Basis>,
    inputs: &'a [VarId],
    target: Target<'a>,
    settings: Settings<'a>,
}

/// What a worker solves with.
enum Engine {
    Linear(Box<LinearProgram>),
    MixedInteger,
}

impl Programs<'_> {
    fn engine(&self) -> Result<Engine, SolveError> {
        match self.settings.method {
            Method::Linear => LinearProgram::new(&self.model).map(Box::new).map(Engine::Linear),
            Method::MixedInteger => Ok(Engine::MixedInteger),
        }
    }

    fn solve_all(&self, tasks: &[Task<'_>], threads: usize) -> Result<Vec<Found>, SolveError> {
        let batches: Vec<&[Task]> = tasks.chunks(BATCH).collect();
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<(usize, Vec<Found>)>, SolveError> {
            let mut engine = self.engine()?;
            let mut done = Vec::new();
            loop {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                let Some(tasks) = batches.get(batch) else { return Ok(done) };
                if let (Engine::Linear(program), Some(basis)) = (&mut engine, &self.basis) {
                    program.set_basis(basis)?;
                }
                let found = tasks.iter().map(|task| self.solve_one(&mut engine, task));
                done.push((batch, found.collect::<Result<_, _>>()?));
            }
        };
        let workers = threads.clamp(1, batches.len());
        let results: Vec<_> = match workers {
            1 => vec![work()],
            _ => std::thread::scope(|scope| {
                let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
                handles.into_iter().map(|handle| handle.join().expect("a worker")).collect()
            }),
        };
        let results: Result<Vec<_>, SolveError> = results.into_iter().collect();
        let mut found: Vec<(usize, Vec<Found>)> = results?.into_iter().flatten().collect();
        found.sort_by_key(|(batch, _)| *batch);
        Ok(found.into_iter().flat_map(|(_, found)| found).collect())
    }

    /// Both sides of a neuron, the upper one first.
    fn solve_one(&self, engine: &mut Engine, task: &Task<'_>) -> Result<Found, SolveError> {
        let mut found = Found {
            index: task.index,
            lower: task.range.lower(),
            upper: task.range.upper(),
            counts: TightenCounts::new(self.settings.method),
            points: Vec::new(),
        };
        for (wanted, sign) in [(task.upper, -1.0), (task.lower, 1.0)] {
            let range = Interval::new(found.lower, found.upper).unwrap_or(task.range);
            if !wanted {
                continue;
            }
            if self.target.phase(range, task.index) != Phase::Unstable {
                found.counts.skipped_stable += 1;
                continue;
            }
            if let Some(bound) = self.side(engine, task, sign, &mut found)? {
                match sign > 0.0 {
                    true => found.lower = found.lower.max(bound),
                    false => found.upper = found.upper.min(-bound),
                }
            }
        }
        Ok(found)
    }

    /// A lower bound of `sign ·` the neuron, if there is one.
    fn side(
        &self,
        engine: &mut Engine,
        task: &Task<'_>,
        sign: f64,
        found: &mut Found,
    ) -> Result<Option<f64>, SolveError> {
        let left = match self.settings.deadline {
            None => NO_LIMIT,
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
        };
        if left.is_zero() {
            found.counts.skipped_time += 1;
            return Ok(None);
        }
        let terms = task.expression.terms.iter();
        let terms: Vec<(VarId, f64)> = terms.map(|&(column, c)| (column, sign * c)).collect();
        let objective = LinearExpression { terms, constant: sign * task.expression.constant };
        match engine {
            Engine::Linear(program) => self.linear(program, objective, left, found),
            Engine::MixedInteger => self.mixed_integer(objective, left, found),
        }
    }

    /// The dual bound, re-derived from the multipliers.
    fn linear(
        &self,
        program: &mut LinearProgram,
        objective: LinearExpression,
        left: Duration,
        found: &mut Found,
    ) -> Result<Option<f64>, SolveError> {
        let mut costs = vec![0.0; self.model.columns().len()];
        objective.terms.iter().for_each(|&(column, c)| costs[column.index()] = c);
        let outcome = match program.minimize(&costs, left) {
            // One program that HiGHS cannot solve is one bound that stays.
            Err(SolveError::Failed { what, .. }) => {
                tracing::info!("a linear program failed: {what}");
                found.counts.failed += 1;
                return Ok(None);
            }
            outcome => outcome?,
        };
        found.counts.lp_iterations += outcome.iterations;
        if outcome.status != TerminationStatus::Optimal {
            found.counts.failed += 1;
            return Ok(None);
        }
        found.counts.solved += 1;
        let point = self.inputs.iter().map(|column| outcome.point[column.index()]);
        found.points.push(point.collect());
        Ok(Some(dual_bound(&self.model, &objective, &outcome.multipliers)))
    }

    /// The solver's dual bound, whatever ended the search, with a margin for its
    /// tolerances.
    fn mixed_integer(
        &self,
        objective: LinearExpression,
        left: Duration,
        found: &mut Found,
    ) -> Result<Option<f64>, SolveError> {
        let mut model = self.model.clone();
        model.objective = objective;
        let options = SolveOptions {
            time_limit: Some(left.min(self.settings.options.neuron_time)),
            ..SolveOptions::default()
        };
        let solution = Highs.solve(&model, &options, &mut Silent)?;
        found.counts.lp_iterations += solution.lp_iterations;
        match solution.status {
            TerminationStatus::Optimal => found.counts.solved += 1,
            _ => found.counts.failed += 1,
        }
        Ok(solution.objective_bound.map(|bound| bound - MILP_BOUND_MARGIN * (1.0 + bound.abs())))
    }
}
