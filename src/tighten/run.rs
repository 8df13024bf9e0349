//! The order of the work: nodes forward, then again with constraints on outputs.

use super::certificate::Certificate;
use super::ground::Ground;
use super::layer::{self, Settings, Target};
use super::pool::Pool;
use super::{Method, TightenCounts, TightenError, TightenOptions, Tightened};
use crate::bounds::{AlphaCrown, NeuronBounds, Propagator, node_range, refine};
use crate::control::{Clock, StoppedBy};
use crate::network::{ActivationLayer, Node, NodeId};
use crate::num::IntervalBox;
use crate::problem::{Part, Problem};

/// A tightening on its way.
pub struct Run<'a> {
    problem: &'a Problem,
    part: &'a Part,
    options: &'a TightenOptions,
    pool: Pool<'a>,
    counts: Vec<TightenCounts>,
    certificates: Vec<Certificate>,
}

/// The share of the time left that one layer may take, unless it is the last: what an early
/// layer gains narrows all that come after it, and its programs are the smallest, but it must
/// not starve the late ones, whose constants are the largest. What a layer leaves goes to
/// those after it. Within a layer the neurons with the largest relaxation come first.
const LAYER_SHARE: f64 = 0.5;

/// One pass over all nodes.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// The method.
    pub method: Method,
    /// Whether constraints on outputs take part.
    pub with_outputs: bool,
    /// The clock of all of it.
    pub clock: Clock,
}

impl<'a> Run<'a> {
    pub fn new(
        problem: &'a Problem,
        part: &'a Part,
        options: &'a TightenOptions,
        clock: Clock,
    ) -> Self {
        Self {
            problem,
            part,
            options,
            pool: Pool::new(problem, part, options.seed, clock),
            counts: Vec::new(),
            certificates: Vec::new(),
        }
    }

    /// Each node over those before it.
    pub fn forward(
        &mut self,
        pass: Pass,
        mut known: Option<NeuronBounds>,
    ) -> Result<NeuronBounds, TightenError> {
        let graph = self.problem.graph();
        let mut ground = Ground::new(pass.method, self.problem, self.part);
        for (id, node) in graph.nodes() {
            let boxes = ground.bounds();
            let first = boxes.first().unwrap_or(&self.part.domain);
            let mut before = node_range(id, node, boxes, first)?;
            if id == self.problem.rows() {
                before = before.within(&self.part.rows).ok_or_else(|| empty(id))?;
            }
            if let Some(known) = &known {
                before = before.intersection(known.of(id)).ok_or_else(|| empty(id))?;
            }
            ground.add(before.clone())?;
            let bounds = self.tighten(&ground, id, before.clone(), pass)?;
            ground.narrow(id, &bounds);
            known = Some(match known {
                None => AlphaCrown.propagate_within(graph, &bounds, &pass.clock)?,
                Some(known) if bounds == before => known,
                // What was gained here narrows the nodes to come, asked or not.
                Some(known) => {
                    let first = &ground.bounds()[0];
                    refine(graph, first, &known.with(id, bounds), &pass.clock)?
                }
            });
        }
        Ok(NeuronBounds::new(ground.bounds().to_vec()))
    }

    /// Each node again, over all of them with the constraints on outputs.
    pub fn with_outputs(
        &mut self,
        pass: Pass,
        mut bounds: NeuronBounds,
    ) -> Result<NeuronBounds, TightenError> {
        let graph = self.problem.graph();
        self.pool.require_outputs();
        for (id, _) in graph.nodes() {
            if self.targets(id, pass).is_empty() {
                continue;
            }
            let boxes = graph.nodes().map(|(id, _)| bounds.of(id).clone());
            let ground = Ground::new(pass.method, self.problem, self.part).with(boxes)?;
            let narrowed = self.tighten(&ground, id, bounds.of(id).clone(), pass)?;
            if narrowed != *bounds.of(id) {
                bounds = bounds.with(id, narrowed);
                let domain = bounds.of(graph.input()).clone();
                bounds = refine(graph, &domain, &bounds, &pass.clock)?;
            }
        }
        Ok(bounds)
    }

    pub fn finish(self, bounds: NeuronBounds, clock: &Clock) -> Tightened {
        // A layer may have used up its share while there was time for others.
        let is_cut = self.counts.iter().any(|layer| layer.skipped_time > 0);
        let stopped_by = clock.stopped().or(is_cut.then_some(StoppedBy::TimeLimit));
        Tightened { bounds, layers: self.counts, certificates: self.certificates, stopped_by }
    }

    /// Bounds of a node by the method of a pass.
    fn tighten(
        &mut self,
        ground: &Ground<'_>,
        id: NodeId,
        mut bounds: IntervalBox,
        pass: Pass,
    ) -> Result<IntervalBox, TightenError> {
        let graph = self.problem.graph();
        let Pass { method, with_outputs, clock } = pass;
        if ground.is_continuous() {
            return Ok(bounds); // What linear programs have found is exact.
        }
        let exact = !with_outputs && self.is_exact(id);
        let clock = if id == graph.output() { clock } else { clock.share(LAYER_SHARE) };
        for (number, layer) in self.targets(id, pass) {
            let target = Target { node: id, layer, exact };
            let layers = graph.activation_layers().count();
            let words = match number {
                0 => "inputs".to_string(),
                number if number > layers => "outputs".to_string(),
                number => format!("layer {number} of {layers}"),
            };
            let outputs = if with_outputs { " with constraints on outputs" } else { "" };
            tracing::info!("{} bounds: {words}{outputs}", method.name());
            let settings = Settings { options: self.options, method, clock };
            let outcome = layer::tighten(ground, &bounds, target, &mut self.pool, settings)?;
            self.counts.push(TightenCounts { layer: number, with_outputs, ..outcome.counts });
            if !outcome.lemmas.is_empty() {
                self.certificates.push(Certificate {
                    node: id,
                    premises: NeuronBounds::new(ground.bounds().to_vec()),
                    lemmas: outcome.lemmas,
                });
            }
            bounds = outcome.bounds.ok_or_else(|| empty(id))?;
        }
        if id == graph.input() {
            self.integral(bounds).ok_or_else(|| empty(id))
        } else {
            Ok(bounds)
        }
    }

    /// What a node is read as, each with the number of the layer: inputs that
    /// constraints may narrow, pre-activations, outputs.
    fn targets(&self, id: NodeId, pass: Pass) -> Vec<(usize, Option<ActivationLayer<'a>>)> {
        let graph = self.problem.graph();
        let layers: Vec<ActivationLayer> = graph.activation_layers().collect();
        let readers = layers.iter().enumerate().filter(|(_, layer)| layer.pre_activation == id);
        let mut targets: Vec<_> = readers.map(|(k, layer)| (k + 1, Some(*layer))).collect();
        if id == graph.input() && (pass.with_outputs || self.has_input_constraints()) {
            targets.insert(0, (0, None));
        }
        if id == graph.output() && matches!(graph.node(id), Node::Affine(_)) {
            targets.push((layers.len() + 1, None));
        }
        targets
    }

    /// Whether interval bounds are exact: affine in the inputs of a box.
    fn is_exact(&self, id: NodeId) -> bool {
        let graph = self.problem.graph();
        let only_inputs = match graph.node(id) {
            Node::Input { .. } => true,
            Node::Affine(affine) => {
                affine.terms.len() == 1
                    && affine.terms.iter().all(|(input, _)| *input == graph.input())
            }
            Node::Relu { .. } | Node::Clip { .. } => false,
        };
        only_inputs && !self.has_input_constraints()
    }

    fn has_input_constraints(&self) -> bool {
        self.problem.limited_rows(self.part).any(|row| !row.has_outputs())
    }

    /// Bounds of the inputs with those of whole numbers rounded inward; `None` if
    /// that leaves nothing.
    fn integral(&self, bounds: IntervalBox) -> Option<IntervalBox> {
        let (mut lower, mut upper) = (bounds.lower().to_vec(), bounds.upper().to_vec());
        for &index in self.problem.integer() {
            lower[index] = lower[index].ceil();
            upper[index] = upper[index].floor();
        }
        IntervalBox::new(lower, upper).ok()
    }
}

fn empty(node: NodeId) -> TightenError {
    TightenError::Infeasible { node: node.index() }
}
