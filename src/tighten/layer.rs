//! The neurons of one layer: which of their sides are worth asking, and what came of it.

use std::time::Instant;

use super::certificate::{Lemma, Side};
use super::ground::Ground;
use super::pool::Pool;
use super::programs::{Linear, MixedInteger, Programs};
use super::searches::Searches;
use super::workers::{Found, bound_all};
use super::{Goal, Method, TightenCounts, TightenError, TightenOptions};
use crate::control::Clock;
use crate::network::{ActivationLayer, NodeId, Phase};
use crate::num::{Interval, IntervalBox};

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
    pub fn phase(&self, range: Interval, index: usize) -> Phase {
        self.layer.map_or(Phase::Unstable, |layer| Phase::of(range, layer.ceiling(index)))
    }
}

/// How to bound.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The user's options.
    pub options: &'a TightenOptions,
    /// The method.
    pub method: Method,
    /// The clock of the layer.
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
pub struct Task {
    pub index: usize,
    pub range: Interval,
    /// Least and largest value of forward passes, if there are any.
    pub attained: Option<(f64, f64)>,
    pub sides: Vec<Ask>,
}

/// A side to bound.
#[derive(Clone, Copy)]
pub struct Ask {
    pub side: Side,
    /// The value beyond which the bound need not go.
    pub enough: Option<f64>,
}

impl Task {
    /// The least value of forward passes, times the sign of a side; infinite where there are
    /// none.
    pub fn attained(&self, side: Side) -> f64 {
        self.attained.map_or(f64::INFINITY, |(least, largest)| match side {
            Side::Lower => least,
            Side::Upper => -largest,
        })
    }

    /// A share of the neuron's range.
    pub fn share(&self, share: f64) -> f64 {
        share * (self.range.upper() - self.range.lower())
    }
}

/// Tightens the target's neurons over what is known of the nodes before them.
pub fn tighten(
    ground: &Ground<'_>,
    bounds: &IntervalBox,
    target: Target<'_>,
    pool: &mut Pool<'_>,
    settings: Settings<'_>,
) -> Result<Outcome, TightenError> {
    let started = Instant::now();
    let mut counts =
        TightenCounts { sides: 2 * bounds.len(), ..TightenCounts::new(settings.method) };
    let tasks = tasks(bounds, target, pool, settings, &mut counts);
    if tasks.is_empty() {
        return Ok(Outcome { bounds: Some(bounds.clone()), counts, lemmas: Vec::new() });
    }
    let Some(found) = found(ground, &tasks, target, settings)? else {
        counts.skipped_time = tasks.iter().map(|task| task.sides.len()).sum();
        counts.seconds = started.elapsed().as_secs_f64();
        return Ok(Outcome { bounds: Some(bounds.clone()), counts, lemmas: Vec::new() });
    };
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

/// What the method of the ground finds; `None` where there was no time to begin.
fn found(
    ground: &Ground<'_>,
    tasks: &[Task],
    target: Target<'_>,
    settings: Settings<'_>,
) -> Result<Option<Vec<Found>>, TightenError> {
    if settings.clock.is_stopped() {
        return Ok(None);
    }
    let found = match ground {
        Ground::Linear(encoder) => match Programs::new(encoder, target.node, settings)? {
            None => return Ok(None),
            Some(programs) => bound_all(&Linear(programs), tasks, target, settings)?,
        },
        Ground::MixedInteger(encoder) => match Programs::new(encoder, target.node, settings)? {
            None => return Ok(None),
            Some(programs) => bound_all(&MixedInteger(programs), tasks, target, settings)?,
        },
        Ground::Search(problem, part, boxes) => {
            let searches = Searches::new(problem, part, boxes, (target.node, tasks), settings)?;
            bound_all(&searches, tasks, target, settings)?
        }
    };
    Ok(Some(found))
}

/// The neurons worth asking, those with the largest relaxation first.
fn tasks(
    bounds: &IntervalBox,
    target: Target<'_>,
    pool: &Pool<'_>,
    settings: Settings<'_>,
    counts: &mut TightenCounts,
) -> Vec<Task> {
    let slack = settings.options.slack_of(settings.method);
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
        let sides = match (settings.options.goal, target.layer) {
            (Goal::Phase, Some(layer)) => phase_sides(range, layer.ceiling(index), attained),
            _ => width_sides(range, attained, slack),
        };
        counts.skipped_attained += 2 - sides.len();
        // A side that may prove a phase may spare the other one; where there is
        // none to prove, both can be bounded at once.
        let together = if target.layer.is_some() { 2 } else { 1 };
        let groups = sides.chunks(together).map(<[Ask]>::to_vec);
        tasks.extend(groups.map(|sides| Task { index, range, attained, sides }));
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
