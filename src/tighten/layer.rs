//! The programs of one layer, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::certificate::{Lemma, Side, signed};
use super::pool::Pool;
use super::{Goal, Method, TightenCounts, TightenError, TightenOptions};
use crate::control::{Clock, PROGRESS};
use crate::encode::Encoder;
use crate::milp::{LinearExpression, Model, VarId, dual_bound};
use crate::network::{ActivationLayer, NodeId, Phase};
use crate::num::{Interval, IntervalBox};
use crate::search::columns::{Columns, is_proven_empty};
use crate::search::{Effort, Enough};
use crate::solve::{Basis, LinearProgram, LpStatus, SolveError};

/// Neurons that one worker takes at a time. Each batch starts from the same
/// basis, so that its results do not depend on which worker takes it.
const BATCH: usize = 8;

/// Batches of a layer that has fewer neurons than fill them: work for so many
/// threads.
const LEAST_BATCHES: usize = 4;

/// What to tighten.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The node of the pre-activations.
    pub node: NodeId,
    /// The activation that reads it; `None` for inputs and outputs.
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
    /// The clock of all its programs.
    pub clock: Clock,
}

/// What came of a target.
pub struct Outcome {
    /// Bounds, perhaps narrower than before; `None` if there is no input that
    /// satisfies the constraints.
    pub bounds: Option<IntervalBox>,
    /// What happened to its sides.
    pub counts: TightenCounts,
    /// What proves the bounds that linear programs have found.
    pub lemmas: Vec<Lemma>,
}

/// A neuron to bound.
struct Task<'a> {
    index: usize,
    range: Interval,
    expression: &'a LinearExpression,
    /// Least and largest value of forward passes, if there are any.
    attained: Option<(f64, f64)>,
    sides: Vec<Ask>,
}

/// A side to bound.
#[derive(Clone, Copy)]
struct Ask {
    side: Side,
    /// The value beyond which the bound need not go.
    enough: Option<f64>,
}

/// What a worker found for one neuron.
struct Found {
    index: usize,
    lower: f64,
    upper: f64,
    counts: TightenCounts,
    points: Vec<Vec<f64>>,
    lemmas: Vec<Lemma>,
    /// Whether the program was proven to have no point.
    is_empty: bool,
}

/// Tightens the target's neurons by programs over `encoder`'s model: linear ones
/// over its relaxation, or mixed-integer ones.
pub fn tighten(
    encoder: &Encoder<'_>,
    bounds: &IntervalBox,
    target: Target<'_>,
    pool: &mut Pool<'_>,
    settings: Settings<'_>,
) -> Result<Outcome, TightenError> {
    let started = Instant::now();
    let Settings { options, method, .. } = settings;
    let mut counts = TightenCounts { sides: 2 * bounds.len(), ..TightenCounts::new(method) };
    let tasks = tasks(encoder, bounds, target, pool, options, &mut counts);
    if tasks.is_empty() {
        return Ok(Outcome { bounds: Some(bounds.clone()), counts, lemmas: Vec::new() });
    }
    let unasked = |mut counts: TightenCounts| {
        counts.skipped_time = tasks.iter().map(|task| task.sides.len()).sum();
        counts.seconds = started.elapsed().as_secs_f64();
        Ok(Outcome { bounds: Some(bounds.clone()), counts, lemmas: Vec::new() })
    };
    if settings.clock.is_stopped() {
        return unasked(counts);
    }
    let model = encoder.model().clone();
    let Some((status, basis)) = unless_failed(first_basis(&model, &settings.clock))? else {
        return unasked(counts);
    };
    if status == LpStatus::Stopped {
        return unasked(counts);
    }
    let programs = Programs { model, basis, inputs: encoder.inputs(), target, settings };
    let found = programs.solve_all(&tasks, options.threads)?;
    let (mut lower, mut upper) = (bounds.lower().to_vec(), bounds.upper().to_vec());
    let (mut points, mut lemmas) = (Vec::new(), Vec::new());
    let mut is_empty = false;
    for neuron in found {
        lower[neuron.index] = lower[neuron.index].max(neuron.lower);
        upper[neuron.index] = upper[neuron.index].min(neuron.upper);
        counts.add(&neuron.counts);
        points.extend(neuron.points);
        lemmas.extend(neuron.lemmas);
        is_empty |= neuron.is_empty;
    }
    pool.add(points);
    counts.seconds = started.elapsed().as_secs_f64();
    let bounds = if is_empty { None } else { IntervalBox::new(lower, upper).ok() };
    Ok(Outcome { bounds, counts, lemmas })
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
        if target.exact || range.lower() == range.upper() {
            counts.skipped_exact += 2;
            continue;
        }
        let attained = pool.range(target.node, index);
        let sides = match (options.goal, target.layer) {
            (Goal::Phase, Some(layer)) => phase_sides(range, layer.ceiling(index), attained),
            _ => width_sides(range, attained, options.slack),
        };
        counts.skipped_attained += 2 - sides.len();
        let expression = encoder.expression(target.node, index);
        // A side that may prove a phase may spare the other one; where there is
        // none to prove, both can be bounded at once.
        let together = if target.layer.is_some() { 2 } else { 1 };
        let groups = sides.chunks(together).map(<[Ask]>::to_vec);
        tasks.extend(groups.map(|sides| Task { index, range, expression, attained, sides }));
    }
    let area = |task: &Task| task.range.upper() * -task.range.lower();
    tasks.sort_by(|a, b| area(b).total_cmp(&area(a)).then(a.index.cmp(&b.index)));
    tasks
}

/// The sides that no forward pass comes close to, the upper one first.
fn width_sides(range: Interval, attained: Option<(f64, f64)>, slack: f64) -> Vec<Ask> {
    let margin = slack * (range.upper() - range.lower());
    let mut sides = Vec::new();
    if attained.is_none_or(|(_, largest)| largest < range.upper() - margin) {
        sides.push(Ask { side: Side::Upper, enough: None });
    }
    if attained.is_none_or(|(least, _)| least > range.lower() + margin) {
        sides.push(Ask { side: Side::Lower, enough: None });
    }
    sides
}

/// The sides that may prove the phase that forward passes leave possible.
fn phase_sides(range: Interval, ceiling: Option<f64>, attained: Option<(f64, f64)>) -> Vec<Ask> {
    let ask = |side, enough| Ask { side, enough };
    let Some((least, largest)) = attained else {
        return vec![ask(Side::Upper, None), ask(Side::Lower, None)];
    };
    let ceiling = ceiling.unwrap_or(f64::INFINITY);
    let mut sides = Vec::new();
    if largest <= 0.0 {
        sides.push(ask(Side::Upper, Some(0.0)));
    } else if least >= ceiling {
        sides.push(ask(Side::Lower, Some(ceiling)));
    } else if least >= 0.0 && largest <= ceiling {
        if range.upper() > ceiling {
            sides.push(ask(Side::Upper, Some(ceiling)));
        }
        if range.lower() < 0.0 {
            sides.push(ask(Side::Lower, Some(0.0)));
        }
    }
    sides
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
    MixedInteger(Box<Columns>),
}

impl Programs<'_> {
    fn engine(&self) -> Result<Engine, SolveError> {
        match self.settings.method {
            Method::Linear => LinearProgram::new(&self.model).map(Box::new).map(Engine::Linear),
            Method::MixedInteger => {
                Columns::new(&self.model).map(Box::new).map(Engine::MixedInteger)
            }
        }
    }

    fn solve_all(&self, tasks: &[Task<'_>], threads: usize) -> Result<Vec<Found>, SolveError> {
        let size = tasks.len().div_ceil(LEAST_BATCHES).min(BATCH);
        let batches: Vec<&[Task]> = tasks.chunks(size).collect();
        let count = tasks.len();
        let (next, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || -> Result<Vec<(usize, Vec<Found>)>, SolveError> {
            let mut engine = self.engine()?;
            let mut done = Vec::new();
            loop {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                let Some(tasks) = batches.get(batch) else { return Ok(done) };
                if let (Engine::Linear(program), Some(basis)) = (&mut engine, &self.basis) {
                    program.set_basis(basis)?;
                }
                let found = tasks.iter().map(|task| {
                    let found = self.solve_one(&mut engine, task);
                    let asked = asked.fetch_add(1, Ordering::Relaxed) + 1;
                    tracing::trace!(target: PROGRESS, "{asked} of {count} programs");
                    found
                });
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

    /// The sides of a neuron, one after the other.
    fn solve_one(&self, engine: &mut Engine, task: &Task<'_>) -> Result<Found, SolveError> {
        let mut found = Found {
            index: task.index,
            lower: task.range.lower(),
            upper: task.range.upper(),
            counts: TightenCounts::new(self.settings.method),
            points: Vec::new(),
            lemmas: Vec::new(),
            is_empty: false,
        };
        for &ask in &task.sides {
            let Some(range) = Interval::new(found.lower, found.upper) else { break };
            if self.target.phase(range, task.index) != Phase::Unstable {
                found.counts.skipped_stable += 1;
                continue;
            }
            if self.settings.clock.is_stopped() {
                found.counts.skipped_time += 1;
                continue;
            }
            let objective = signed(task.expression, ask.side);
            let bound = match engine {
                Engine::Linear(program) => self.linear(program, &objective, ask, &mut found)?,
                Engine::MixedInteger(columns) => {
                    self.mixed_integer(columns, &objective, (task, ask), &mut found)?
                }
            };
            match (bound, ask.side) {
                (None, _) => {}
                (Some(bound), Side::Lower) => found.lower = found.lower.max(bound),
                (Some(bound), Side::Upper) => found.upper = found.upper.min(-bound),
            }
        }
        Ok(found)
    }

    /// The dual bound, re-derived from the multipliers.
    fn linear(
        &self,
        program: &mut LinearProgram,
        objective: &LinearExpression,
        ask: Ask,
        found: &mut Found,
    ) -> Result<Option<f64>, SolveError> {
        let mut costs = vec![0.0; self.model.columns().len()];
        objective.terms.iter().for_each(|&(column, c)| costs[column.index()] = c);
        program.stop_above(ask.enough.map(|value| ask.side.sign() * value - objective.constant))?;
        let outcome = program.minimize(&costs, &self.settings.clock);
        let Some(outcome) = unless_failed(outcome)? else {
            found.counts.failed += 1;
            return Ok(None);
        };
        found.counts.lp_iterations += outcome.iterations;
        match outcome.status {
            LpStatus::Optimal | LpStatus::Above => found.counts.solved += 1,
            LpStatus::Infeasible => {
                found.is_empty |= is_proven_empty(&self.model, &outcome.multipliers);
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
            found.points.push(self.input(&outcome.point));
        }
        let bound = dual_bound(&self.model, objective, &outcome.multipliers);
        let nonzero = outcome.multipliers.into_iter().enumerate().filter(|(_, y)| *y != 0.0);
        let (index, side) = (found.index, ask.side);
        let bound_of_neuron = side.sign() * bound;
        let multipliers = nonzero.collect();
        found.lemmas.push(Lemma { index, side, bound: bound_of_neuron, multipliers });
        Ok(Some(bound))
    }

    /// The bound that a search has proven when it ends.
    fn mixed_integer(
        &self,
        columns: &mut Columns,
        objective: &LinearExpression,
        (task, ask): (&Task<'_>, Ask),
        found: &mut Found,
    ) -> Result<Option<f64>, SolveError> {
        // Beyond what a forward pass attains there is nothing to prove.
        let attained = task.attained.map_or(f64::INFINITY, |(least, largest)| match ask.side {
            Side::Lower => least,
            Side::Upper => -largest,
        });
        let slack = self.settings.options.slack * (task.range.upper() - task.range.lower());
        let enough = match ask.enough {
            Some(value) => ask.side.sign() * value,
            None => attained - slack,
        };
        let clock = self.settings.clock.within(self.settings.options.neuron_time);
        let mut first = None;
        let visit = |point: &[f64]| _ = first.get_or_insert_with(|| self.input(point));
        let mut goal = Enough { bound: enough, visit };
        let basis = self.basis.as_ref();
        let searched = columns.least(objective, basis, &mut goal, &Effort::until(clock));
        let Some((searched, is_complete)) = unless_failed(searched)? else {
            found.counts.failed += 1;
            return Ok(None);
        };
        found.counts.lp_iterations += searched.iterations;
        found.is_empty |= searched.least == f64::INFINITY;
        match is_complete {
            true => found.counts.solved += 1,
            false => found.counts.failed += 1,
        }
        found.points.extend(first);
        Ok(Some(searched.least).filter(|bound| bound.is_finite()))
    }

    /// The inputs at a point of the program.
    fn input(&self, point: &[f64]) -> Vec<f64> {
        self.inputs.iter().map(|column| point[column.index()]).collect()
    }
}
