//! CROWN (DeepPoly): every pre-activation bounded by backward substitution.
//!
//! Forward through the graph; each node gets interval bounds from the nodes
//! before it, and the neurons of a pre-activation whose phase these leave open
//! get rows of a backward pass ([`super::backward`]), one per side. The result is
//! the intersection with interval propagation, so it is never worse. Rounding
//! is covered by an a-priori bound, stated there.
//!
//! Cost: for `k` layers of `n` neurons `O(k² n³)`.

use super::backward::Backward;
use super::ball::L1Ball;
use super::interval::{self, IntervalPropagation};
use super::lines::Lines;
use super::{BoundsError, NeuronBounds, Propagator};
use crate::control::Clock;
use crate::network::{Affine, Node, Phase, ReluGraph};
use crate::num::IntervalBox;

/// Coefficients of a pass at one node, 16 MB of them; what is more goes into
/// several passes.
const MOST_COEFFICIENTS: usize = 1 << 21;

/// Multiplications of a pass at most, where it can be: a fifth of a second, so that the clock
/// is heard.
const MOST_WORK: usize = 1 << 31;

/// Neurons of a pass at least: below that products of matrices are slow.
const LEAST_CHUNK: usize = 32;

/// CROWN with adaptive lower slopes.
#[derive(Debug)]
pub struct Crown;

impl Propagator for Crown {
    fn name(&self) -> &'static str {
        "crown"
    }

    fn propagate_within(
        &self,
        graph: &ReluGraph,
        domain: &IntervalBox,
        clock: &Clock,
    ) -> Result<NeuronBounds, BoundsError> {
        self.propagate_in(graph, (domain, None), &NeuronBounds::default(), clock)
    }
}

/// CROWN, given bounds that are known to hold: the result is never wider. The
/// first node's are those of `domain`. What the clock leaves no time for stays as it was.
///
/// # Errors
/// A bound overflows `f64`, or the known bounds prove that there is no input.
pub fn refine(
    graph: &ReluGraph,
    domain: &IntervalBox,
    known: &NeuronBounds,
    clock: &Clock,
) -> Result<NeuronBounds, BoundsError> {
    let whole = (domain, None);
    substitute(graph, whole, known, clock, |pass, affine, chosen| pass.select(affine, chosen))
}

impl Crown {
    /// [`propagate_within`](Propagator::propagate_within) for the inputs of the box that also lie
    /// in a ball, whose centre the box holds, given bounds of the first nodes, or of none, that
    /// are known to hold there.
    ///
    /// # Errors
    /// A bound overflows `f64`, or the known bounds prove that there is no input.
    ///
    /// # Panics
    /// If box and ball do not have one interval and one coordinate per input.
    pub fn propagate_in(
        &self,
        graph: &ReluGraph,
        whole: (&IntervalBox, Option<&L1Ball>),
        known: &NeuronBounds,
        clock: &Clock,
    ) -> Result<NeuronBounds, BoundsError> {
        let mut bounds = IntervalPropagation.propagate(graph, whole.0)?;
        for (id, _) in graph.nodes() {
            if let Some(known) = known.get(id) {
                let both = bounds.of(id).intersection(known);
                bounds = bounds.with(id, both.ok_or(BoundsError::Empty { node: id.index() })?);
            }
        }
        substitute(graph, whole, &bounds, clock, |pass, affine, chosen| pass.select(affine, chosen))
    }
}

/// Bounds by backward substitution from every node whose bounds matter, never
/// wider than `known`, for the inputs of a box, and of a ball where there is one. `lower_bounds`
/// bounds `sign · value` of the chosen neurons.
///
/// # Errors
/// A bound overflows `f64`, or the known bounds prove that there is no input.
pub fn substitute(
    graph: &ReluGraph,
    (domain, ball): (&IntervalBox, Option<&L1Ball>),
    known: &NeuronBounds,
    clock: &Clock,
    lower_bounds: impl Fn(&Backward<'_>, &Affine, &[(usize, f64)]) -> Vec<f64>,
) -> Result<NeuronBounds, BoundsError> {
    let wanted = wanted(graph);
    let mut boxes: Vec<IntervalBox> = Vec::new();
    let mut lines: Vec<Option<Lines>> = Vec::new();
    let mut nonlinear: Vec<bool> = Vec::new();
    let layers: Vec<_> = graph.activation_layers().collect();
    let largest = graph.nodes().map(|(id, _)| graph.size(id)).max().unwrap_or(1);
    let by_memory = MOST_COEFFICIENTS / largest.max(1);
    let by_time = MOST_WORK / graph.weights().max(1);
    // Two rows per neuron.
    let chunk = (by_memory.min(by_time) / 2).max(LEAST_CHUNK);
    for (id, node) in graph.nodes() {
        let range = interval::range(id, node, &boxes, domain)?;
        let empty = || BoundsError::Empty { node: id.index() };
        let mut bounds = range.intersection(known.of(id)).ok_or_else(empty)?;
        let behind_activation = match node {
            // Intervals are exact over a box, and not over a ball.
            Node::Input { .. } => ball.is_some(),
            Node::Affine(affine) => affine.terms.iter().any(|(i, _)| nonlinear[i.index()]),
            Node::Relu { .. } | Node::Clip { .. } => true,
        };
        nonlinear.push(behind_activation);
        if let Node::Affine(affine) = node
            && behind_activation
            && let Some(ceilings) = &wanted[id.index()]
        {
            let open = |&i: &usize| {
                if id != graph.output()
                    && ceilings.is_empty()
                    && is_multiple(graph, affine, i, &wanted)
                {
                    return false;
                }
                let phase = |ceiling: &Ceiling| Phase::of(bounds.interval(i), ceiling(i));
                ceilings.is_empty() || ceilings.iter().any(|c| phase(c) == Phase::Unstable)
            };
            let rows: Vec<usize> = (0..bounds.len()).filter(open).collect();
            let pass = Backward::new(graph, &boxes, &lines).within(ball);
            for rows in rows.chunks(chunk) {
                if clock.is_stopped() {
                    break;
                }
                let tightened =
                    tightened(&bounds, rows, |chosen| lower_bounds(&pass, affine, chosen));
                bounds = tightened.ok_or_else(empty)?;
            }
        }
        let layer = layers.iter().find(|layer| layer.node == id);
        lines.push(layer.map(|layer| Lines::new(*layer, &boxes[layer.pre_activation.index()])));
        boxes.push(bounds);
    }
    Ok(NeuronBounds::new(boxes))
}

type Ceiling<'a> = Box<dyn Fn(usize) -> Option<f64> + 'a>;

/// Nodes whose bounds matter: those that activations read, with the ceilings of
/// these, and the output and what no node reads, such as the rows of a question, with none.
fn wanted(graph: &ReluGraph) -> Vec<Option<Vec<Ceiling<'_>>>> {
    let mut wanted: Vec<Option<Vec<Ceiling<'_>>>> = graph.nodes().map(|_| None).collect();
    for layer in graph.activation_layers() {
        let ceilings = wanted[layer.pre_activation.index()].get_or_insert_default();
        ceilings.push(Box::new(move |index| layer.ceiling(index)));
    }
    let ends = graph.nodes().zip(graph.are_unread()).filter(|(_, is_unread)| *is_unread);
    let ends = ends.map(|((id, _), _)| id).chain([graph.output()]);
    ends.for_each(|id| wanted[id.index()] = Some(Vec::new()));
    wanted
}

/// Whether a row is a multiple of one neuron that is bounded itself: substitution would gain
/// nothing.
fn is_multiple(
    graph: &ReluGraph,
    affine: &Affine,
    row: usize,
    wanted: &[Option<Vec<Ceiling<'_>>>],
) -> bool {
    let mut terms = affine.terms.iter().flat_map(|(operand, linear)| {
        let is_bounded = *operand == graph.input() || wanted[operand.index()].is_some();
        linear.row(row).into_iter().map(move |_| is_bounded)
    });
    match (terms.next(), terms.next()) {
        (None, _) => true,
        (Some(is_bounded), None) => is_bounded,
        _ => false,
    }
}

/// The box with the chosen coordinates bounded from both sides, `None` if that
/// leaves nothing; a bound that overflowed gains nothing.
fn tightened(
    bounds: &IntervalBox,
    rows: &[usize],
    lower_bounds: impl Fn(&[(usize, f64)]) -> Vec<f64>,
) -> Option<IntervalBox> {
    let chosen: Vec<(usize, f64)> = rows.iter().flat_map(|&i| [(i, 1.0), (i, -1.0)]).collect();
    let found = lower_bounds(&chosen);
    let (mut lower, mut upper) = (bounds.lower().to_vec(), bounds.upper().to_vec());
    for (&(index, sign), bound) in chosen.iter().zip(found) {
        match sign > 0.0 {
            true => lower[index] = lower[index].max(bound),
            false => upper[index] = upper[index].min(-bound),
        }
    }
    IntervalBox::new(lower, upper).ok()
}
