//! The order of the work: nodes forward, then again with conditions on outputs.

use super::budget::Budget;
use super::certificate::Certificate;
use super::layer::{self, Settings, Target};
use super::pool::Pool;
use super::{Method, TightenCounts, TightenError, TightenOptions, Tightened};
use crate::bounds::{AlphaCrown, NeuronBounds, Propagator, node_range, refine};
use crate::encode::{BigM, Encoder, ReluEncoding, Triangle};
use crate::network::{ActivationLayer, Node, NodeId};
use crate::num::IntervalBox;
use crate::problem::Problem;

/// A tightening on its way.
pub struct Run<'a> {
    problem: &'a Problem,
    methods: &'a [Method],
    options: &'a TightenOptions,
    budget: Budget,
    pool: Pool<'a>,
    /// Whether conditions on outputs take part by now.
    with_outputs: bool,
    counts: Vec<TightenCounts>,
    certificates: Vec<Certificate>,
}

impl<'a> Run<'a> {
    pub fn new(
        problem: &'a Problem,
        domain: &'a IntervalBox,
        methods: &'a [Method],
        options: &'a TightenOptions,
    ) -> Self {
        Self {
            problem,
            methods,
            options,
            budget: Budget::new(options.time_limit),
            pool: Pool::new(problem, domain, options.seed),
            with_outputs: false,
            counts: Vec::new(),
            certificates: Vec::new(),
        }
    }

    /// Each node over the relaxation of those before it.
    pub fn forward(&mut self, domain: &IntervalBox) -> Result<NeuronBounds, TightenError> {
        let graph = self.problem.graph();
        // Conditions on outputs have a pass of their own to come.
        let budget = if self.has_output_conditions() { self.budget.half() } else { self.budget };
        let mut encoders: Vec<Encoder> =
            self.methods.iter().map(|_| Encoder::new(self.problem)).collect();
        let mut boxes: Vec<IntervalBox> = Vec::new();
        let mut known: Option<NeuronBounds> = None;
        for (id, node) in graph.nodes() {
            let first = boxes.first().unwrap_or(domain);
            let mut before = node_range(id, node, &boxes, first)?;
            if let Some(known) = &known {
                before = before.intersection(known.of(id)).ok_or_else(|| empty(id))?;
            }
            for (encoder, &method) in encoders.iter_mut().zip(self.methods) {
                encoder.add(before.clone(), encoding(method))?;
            }
            let bounds = self.tighten(&encoders, id, before.clone(), budget)?;
            encoders.iter_mut().for_each(|encoder| encoder.narrow(id, &bounds));
            known = Some(match known {
                None => AlphaCrown.propagate(graph, &bounds)?,
                Some(known) if bounds == before => known,
                // What was gained here narrows the nodes to come, program or not.
                Some(known) => refine(graph, &boxes[0], &known.with(id, bounds.clone()))?,
            });
            boxes.push(bounds);
        }
        Ok(NeuronBounds::new(boxes))
    }

    /// Each node again, over the relaxation of all with the conditions on outputs,
    /// if there are any.
    pub fn with_outputs(&mut self, mut bounds: NeuronBounds) -> Result<NeuronBounds, TightenError> {
        if !self.has_output_conditions() {
            return Ok(bounds);
        }
        let graph = self.problem.graph();
        self.pool.require_outputs();
        self.with_outputs = true;
        for (id, _) in graph.nodes() {
            if self.targets(id).is_empty() {
                continue;
            }
            let over = |&method: &Method| {
                let boxes = graph.nodes().map(|(id, _)| bounds.of(id).clone());
                let mut encoder = Encoder::over(self.problem, boxes, encoding(method))?;
                encoder.add_output_conditions();
                Ok(encoder)
            };
            let encoders: Vec<Encoder> =
                self.methods.iter().map(over).collect::<Result<_, TightenError>>()?;
            let narrowed = self.tighten(&encoders, id, bounds.of(id).clone(), self.budget)?;
            if narrowed != *bounds.of(id) {
                bounds = bounds.with(id, narrowed);
                let domain = bounds.of(graph.input()).clone();
                bounds = refine(graph, &domain, &bounds)?;
            }
        }
        Ok(bounds)
    }

    pub fn finish(self, bounds: NeuronBounds) -> Tightened {
        Tightened { bounds, layers: self.counts, certificates: self.certificates }
    }

    /// Bounds of a node by programs of all kinds, one after the other.
    fn tighten(
        &mut self,
        encoders: &[Encoder<'_>],
        id: NodeId,
        mut bounds: IntervalBox,
        budget: Budget,
    ) -> Result<IntervalBox, TightenError> {
        let graph = self.problem.graph();
        let with_outputs = self.with_outputs;
        let exact = !with_outputs && self.is_exact(id);
        let budget = if id == graph.output() { budget } else { budget.half() };
        for (number, layer) in self.targets(id) {
            for (encoder, &method) in encoders.iter().zip(self.methods) {
                let size = encoder.model().size();
                if method == Method::MixedInteger && size.binaries + size.integers == 0 {
                    continue; // What linear programs have found is exact.
                }
                let target = Target { node: id, layer, exact };
                let settings = Settings { options: self.options, method, budget };
                let outcome = layer::tighten(encoder, &bounds, target, &mut self.pool, settings)?;
                self.counts.push(TightenCounts { layer: number, with_outputs, ..outcome.counts });
                if !outcome.lemmas.is_empty() {
                    self.certificates.push(Certificate {
                        node: id,
                        premises: NeuronBounds::new(encoder.bounds().to_vec()),
                        with_outputs,
                        lemmas: outcome.lemmas,
                    });
                }
                bounds = outcome.bounds.ok_or_else(|| empty(id))?;
            }
        }
        if id == graph.input() {
            self.integral(bounds).ok_or_else(|| empty(id))
        } else {
            Ok(bounds)
        }
    }

    /// What a node is read as, each with the number of the layer: inputs that
    /// conditions may narrow, pre-activations, outputs.
    fn targets(&self, id: NodeId) -> Vec<(usize, Option<ActivationLayer<'a>>)> {
        let graph = self.problem.graph();
        let layers: Vec<ActivationLayer> = graph.activation_layers().collect();
        let readers = layers.iter().enumerate().filter(|(_, layer)| layer.pre_activation == id);
        let mut targets: Vec<_> = readers.map(|(k, layer)| (k + 1, Some(*layer))).collect();
        if id == graph.input() && (self.with_outputs || self.has_input_conditions()) {
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
        only_inputs && !self.has_input_conditions()
    }

    fn has_input_conditions(&self) -> bool {
        self.problem.constraints().iter().any(|c| !c.expression().has_outputs())
    }

    fn has_output_conditions(&self) -> bool {
        self.problem.constraints().iter().any(|c| c.expression().has_outputs())
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

fn encoding(method: Method) -> &'static dyn ReluEncoding {
    match method {
        Method::Linear => &Triangle,
        Method::MixedInteger => &BigM,
    }
}
