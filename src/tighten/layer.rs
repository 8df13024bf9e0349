//! The linear programs of one layer, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::pool::Pool;
use super::{TightenCounts, TightenError, TightenOptions};
use crate::encode::Encoder;
use crate::milp::{LinearExpression, Model, VarId, dual_bound};
use crate::network::{ActivationLayer, NodeId, Phase};
use crate::num::{Interval, IntervalBox};
use crate::solve::{Basis, LinearProgram, SolveError, TerminationStatus};

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
    /// The activation that reads it.
    pub layer: ActivationLayer<'a>,
    /// Whether its bounds are exact already.
    pub exact: bool,
}

/// A neuron to bound, and on which sides.
struct Task<'a> {
    index: usize,
    range: Interval,
    ceiling: Option<f64>,
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

/// The box of the target's neurons after tightening.
pub fn tighten(
    encoder: &Encoder<'_>,
    bounds: &IntervalBox,
    target: Target<'_>,
    pool: &mut Pool<'_>,
    options: &TightenOptions,
    deadline: Option<Instant>,
    counts: &mut TightenCounts,
) -> Result<IntervalBox, TightenError> {
    let tasks = tasks(encoder, bounds, target, pool, options, counts);
    if tasks.is_empty() {
        return Ok(bounds.clone());
    }
    let model = encoder.model().clone().relaxed();
    let basis = first_basis(&model)?;
    let program = Programs { model: &model, inputs: encoder.inputs(), basis, deadline };
    let found = program.solve_all(&tasks, options.threads)?;
    let (mut lower, mut upper) = (bounds.lower().to_vec(), bounds.upper().to_vec());
    let mut points = Vec::new();
    for neuron in found {
        lower[neuron.index] = lower[neuron.index].max(neuron.lower);
        upper[neuron.index] = upper[neuron.index].min(neuron.upper);
        counts.solved += neuron.counts.solved;
        counts.failed += neuron.counts.failed;
        counts.skipped_time += neuron.counts.skipped_time;
        counts.skipped_stable += neuron.counts.skipped_stable;
        counts.lp_iterations += neuron.counts.lp_iterations;
        points.extend(neuron.points);
    }
    pool.add(points);
    // Sound bounds cannot exclude each other: if they do, something is wrong
    // with the programs, and what was known before still holds.
    Ok(IntervalBox::new(lower, upper).unwrap_or_else(|error| {
        tracing::warn!("layer {}: {error} after tightening; kept as it was", counts.layer);
        bounds.clone()
    }))
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
        let (range, ceiling) = (bounds.interval(index), target.layer.ceiling(index));
        if Phase::of(range, ceiling) != Phase::Unstable {
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
            tasks.push(Task { index, range, ceiling, expression, upper, lower });
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

/// The linear programs of a layer: one set of rows, many objectives.
struct Programs<'a> {
    model: &'a Model,
    inputs: &'a [VarId],
    basis: Option<Basis>,
    deadline: Option<Instant>,
}

impl Programs<'_> {
    fn solve_all(&self, tasks: &[Task<'_>], threads: usize) -> Result<Vec<Found>, SolveError> {
        let batches: Vec<&[Task]> = tasks.chunks(BATCH).collect();
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<(usize, Vec<Found>)>, SolveError> {
            let mut program = LinearProgram::new(self.model)?;
            let mut done = Vec::new();
            loop {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                let Some(tasks) = batches.get(batch) else { return Ok(done) };
                if let Some(basis) = &self.basis {
                    program.set_basis(basis)?;
                }
                let found = tasks.iter().map(|task| self.solve_one(&mut program, task));
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
    fn solve_one(&self, program: &mut LinearProgram, task: &Task<'_>) -> Result<Found, SolveError> {
        let mut found = Found {
            index: task.index,
            lower: task.range.lower(),
            upper: task.range.upper(),
            counts: TightenCounts::default(),
            points: Vec::new(),
        };
        for (wanted, sign) in [(task.upper, -1.0), (task.lower, 1.0)] {
            let range = Interval::new(found.lower, found.upper).unwrap_or(task.range);
            if !wanted {
                continue;
            }
            if Phase::of(range, task.ceiling) != Phase::Unstable {
                found.counts.skipped_stable += 1;
                continue;
            }
            if let Some(bound) = self.side(program, task, sign, &mut found)? {
                match sign > 0.0 {
                    true => found.lower = found.lower.max(bound),
                    false => found.upper = found.upper.min(-bound),
                }
            }
        }
        Ok(found)
    }

    /// A certified lower bound of `sign ·` the neuron.
    fn side(
        &self,
        program: &mut LinearProgram,
        task: &Task<'_>,
        sign: f64,
        found: &mut Found,
    ) -> Result<Option<f64>, SolveError> {
        let left = match self.deadline {
            None => NO_LIMIT,
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
        };
        if left.is_zero() {
            found.counts.skipped_time += 1;
            return Ok(None);
        }
        let mut costs = vec![0.0; self.model.columns().len()];
        let terms = task.expression.terms.iter();
        let terms: Vec<(VarId, f64)> = terms.map(|&(column, c)| (column, sign * c)).collect();
        terms.iter().for_each(|&(column, c)| costs[column.index()] = c);
        let outcome = program.minimize(&costs, left)?;
        found.counts.lp_iterations += outcome.iterations;
        if outcome.status != TerminationStatus::Optimal {
            found.counts.failed += 1;
            return Ok(None);
        }
        found.counts.solved += 1;
        let point = self.inputs.iter().map(|column| outcome.point[column.index()]);
        found.points.push(point.collect());
        let objective = LinearExpression { terms, constant: sign * task.expression.constant };
        Ok(Some(dual_bound(self.model, &objective, &outcome.multipliers)))
    }
}
