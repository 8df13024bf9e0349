//! A network prepared for a walk over its linear regions.
//!
//! What is the same in all of the domain is done once: neurons that bounds prove
//! stable lose their cuts, entries that nothing reads are dropped, inputs whose
//! interval is a single number become constants. Every value that is left is an
//! affine form `g · x + c` of the free inputs on each region, and for each there
//! is one a-priori bound on the rounding errors of its computed coefficients that
//! holds on every region (source: Higham, see [`crate::num::rounding`]):
//! with `|x| ≤ X` on the domain, `A = |g| · X + |c|` of the computed form and
//! `D = |Δg| · X + |Δc|` of its error, a row `Σ wⱼ fⱼ + b` of `t` products has
//! `D ≤ Σ |wⱼ| Dⱼ + γₜ₊₁ (Σ |wⱼ| Aⱼ + |b|)` and `A ≤ Σ |wⱼ| Aⱼ + |b|`, rounded up.

use super::path::Errors;
use super::{RegionError, exact};
use crate::bounds::NeuronBounds;
use crate::network::{ActivationLayer, Node, NodeId, Phase, ReluGraph};
use crate::num::IntervalBox;
use crate::num::rounding::{above, sum_error};
use crate::problem::{Constraint, Problem, Variable};

/// Rows are stored in blocks of this many, which fit the vector registers.
pub const BLOCK: usize = 8;

/// A node whose forms are wanted on every region, and its rows: all of them where none is
/// named.
pub type Wanted<'a> = Option<(NodeId, &'a [usize])>;

/// The network, the domain and the constraints that cut it.
#[derive(Debug)]
pub struct Plan {
    /// Ends of the intervals of the free inputs.
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    /// Position of each free input among all inputs.
    pub free: Vec<usize>,
    /// All inputs; of those that are not free, the value.
    pub domain: IntervalBox,
    pub nodes: Vec<PlanNode>,
    pub stages: Vec<Stage>,
    /// Affine nodes behind the last activation, in order.
    pub tail: Vec<usize>,
    /// The node whose forms are wanted.
    pub output: Option<usize>,
    /// Number of outputs of the network.
    pub outputs: usize,
    /// Exact rows, non-negative where the problem's constraints hold.
    pub constraints: Vec<Vec<exact::Number>>,
}

/// A node of the graph, only the entries that are read.
#[derive(Debug, Default)]
pub struct PlanNode {
    pub kind: Kind,
    /// Index in the graph of each entry.
    pub entries: Vec<usize>,
    /// `D` of each entry: what the coefficients' errors do to the value.
    pub error: Vec<f64>,
    /// `A` of each entry.
    pub magnitude: Vec<f64>,
}

#[derive(Debug, Default)]
pub enum Kind {
    #[default]
    Unused,
    Input,
    Affine {
        terms: Vec<Term>,
        bias: Vec<f64>,
    },
    Activation {
        /// Number of the stage.
        stage: usize,
    },
}

/// One operand of an affine node.
#[derive(Debug)]
pub struct Term {
    pub source: usize,
    /// Non-zero entries of each row.
    pub rows: Vec<Vec<(usize, f64)>>,
    pub columns: Columns,
}

/// The same matrix by columns, for the fast path.
#[derive(Debug)]
pub enum Columns {
    /// Column after column, each padded with zeros to a multiple of [`BLOCK`].
    Dense(Vec<f64>),
    /// Non-zero entries of each column.
    Sparse(Vec<Vec<(usize, f64)>>),
}

/// An activation layer with the affine nodes that it needs.
#[derive(Debug)]
pub struct Stage {
    /// Affine nodes to compute on entry, in order.
    pub affine: Vec<usize>,
    /// The activation node.
    pub node: usize,
    /// The node of the pre-activations.
    pub input: usize,
    /// One a entry of the activation node.
    pub neurons: Vec<Neuron>,
    /// Phases of all neurons of the layer, [`Phase::Unstable`] for those that
    /// depend on the region.
    pub phases: Vec<Phase>,
}

/// A neuron whose value is read or whose phase depends on the region.
#[derive(Clone, Copy, Debug)]
pub struct Neuron {
    /// Entry of the pre-activation; `None` for a saturated neuron.
    pub input: Option<usize>,
    pub ceiling: Option<f64>,
    /// Which bends lie in the range of the pre-activation.
    pub cuts: [bool; 2],
    /// What is known of the errors of these bends' forms.
    pub errors: [Errors; 2],
    /// Bits of [`PASSED`] where no bend is cut.
    pub passed: u8,
}

/// Bits of a neuron: which bends its pre-activation has passed, 0 and the ceiling.
pub const PASSED: [u8; 2] = [1, 2];

impl Neuron {
    /// The pre-activation at which bend 0 or 1 lies.
    pub fn level(&self, bend: usize) -> f64 {
        if bend == 0 { 0.0 } else { self.ceiling.unwrap_or(f64::INFINITY) }
    }
}

/// Phase of a neuron that has passed these bends.
pub fn phase(passed: u8) -> Phase {
    match passed {
        0 => Phase::Inactive,
        1 => Phase::Active,
        _ => Phase::Saturated,
    }
}

impl Plan {
    /// Prepares a network whose neurons lie in `bounds`, on the part of a box where
    /// the constraints, as [`rows`], are not negative.
    pub fn new(
        graph: &ReluGraph,
        domain: &IntervalBox,
        constraints: &[Vec<exact::Number>],
        bounds: &NeuronBounds,
        wanted: Wanted<'_>,
    ) -> Self {
        let free: Vec<usize> = domain.varying().collect();
        let mut plan = Self {
            lower: free.iter().map(|&i| domain.lower()[i]).collect(),
            upper: free.iter().map(|&i| domain.upper()[i]).collect(),
            free,
            domain: domain.clone(),
            nodes: Vec::new(),
            stages: Vec::new(),
            tail: Vec::new(),
            output: wanted.map(|(node, _)| node.index()),
            outputs: graph.size(graph.output()),
            constraints: constraints.to_vec(),
        };
        plan.add_nodes(graph, bounds, wanted);
        plan
    }

    /// Number of free inputs.
    pub fn dimension(&self) -> usize {
        self.free.len()
    }

    fn add_nodes(&mut self, graph: &ReluGraph, bounds: &NeuronBounds, wanted: Wanted<'_>) {
        let layers: Vec<ActivationLayer> = graph.activation_layers().collect();
        let phases: Vec<Vec<Phase>> = layers
            .iter()
            .map(|&layer| (0..graph.size(layer.node)).map(|i| bounds.phase(layer, i)).collect())
            .collect();
        let needed = needed(graph, &layers, &phases, wanted);
        let mut waiting = Vec::new();
        for (id, node) in graph.nodes() {
            let entries: Vec<usize> =
                (0..graph.size(id)).filter(|&i| needed[id.index()][i]).collect();
            let mut prepared = PlanNode { entries, ..PlanNode::default() };
            match node {
                Node::Input { .. } => self.prepare_input(&mut prepared),
                Node::Affine(affine) => {
                    self.prepare_affine(&mut prepared, affine);
                    waiting.push(id.index());
                }
                Node::Relu { .. } | Node::Clip { .. } => {
                    let stage = self.stages.len();
                    let layer = layers[stage];
                    let pre = layer.pre_activation.index();
                    let neurons = self.neurons(&prepared.entries, layer, bounds);
                    self.prepare_activation(&mut prepared, &neurons, pre);
                    prepared.kind = Kind::Activation { stage };
                    let affine = std::mem::take(&mut waiting);
                    let phases = phases[stage].clone();
                    let node = id.index();
                    self.stages.push(Stage { affine, node, input: pre, neurons, phases });
                }
            }
            self.nodes.push(prepared);
        }
        waiting.retain(|&node| self.output.is_some() && !self.nodes[node].entries.is_empty());
        self.tail = waiting;
    }

    fn prepare_input(&self, node: &mut PlanNode) {
        node.kind = Kind::Input;
        let largest = |i: &usize| self.domain.lower()[*i].abs().max(self.domain.upper()[*i].abs());
        node.magnitude = node.entries.iter().map(largest).collect();
        node.error = vec![0.0; node.entries.len()];
    }

    fn prepare_affine(&self, node: &mut PlanNode, affine: &crate::network::Affine) {
        let bias: Vec<f64> = node.entries.iter().map(|&i| affine.bias[i]).collect();
        let mut magnitude: Vec<f64> = bias.iter().map(|b| b.abs()).collect();
        let mut error = vec![0.0; bias.len()];
        let mut count = vec![1; bias.len()];
        let mut terms = Vec::new();
        for (id, linear) in &affine.terms {
            let source = &self.nodes[id.index()];
            let mut position = vec![None; linear.inputs()];
            source.entries.iter().enumerate().for_each(|(k, &i)| position[i] = Some(k));
            let row = |&i: &usize| {
                let entries = linear.row(i).into_iter();
                entries.filter_map(|(j, w)| Some((position[j]?, w))).collect::<Vec<_>>()
            };
            let rows: Vec<_> = node.entries.iter().map(row).collect();
            for (i, row) in rows.iter().enumerate() {
                count[i] += row.len();
                for &(j, w) in row {
                    magnitude[i] += w.abs() * source.magnitude[j];
                    error[i] += w.abs() * source.error[j];
                }
            }
            let columns = Columns::new(&rows, source.entries.len());
            terms.push(Term { source: id.index(), rows, columns });
        }
        // Underflow of a coefficient counts `x` times.
        let largest = self.lower.iter().zip(&self.upper).map(|(l, u)| l.abs().max(u.abs()));
        let reach: f64 = 1.0 + largest.sum::<f64>();
        for i in 0..bias.len() {
            let of_errors = sum_error(count[i], error[i]);
            let of_rounding = sum_error(2 * count[i], magnitude[i]);
            let underflow = count[i] as f64 * reach * f64::MIN_POSITIVE;
            error[i] = above(error[i], of_errors + of_rounding + underflow);
            magnitude[i] = above(magnitude[i], sum_error(2 * count[i], magnitude[i]));
        }
        (node.magnitude, node.error) = (magnitude, error);
        node.kind = Kind::Affine { terms, bias };
    }

    fn prepare_activation(&self, node: &mut PlanNode, neurons: &[Neuron], pre: usize) {
        let pre = &self.nodes[pre];
        let magnitude = |neuron: &Neuron| {
            let value = neuron.input.map_or(0.0, |i| pre.magnitude[i]);
            value.max(neuron.ceiling.unwrap_or(0.0))
        };
        node.magnitude = neurons.iter().map(magnitude).collect();
        node.error = neurons.iter().map(|n| n.input.map_or(0.0, |i| pre.error[i])).collect();
    }

    fn neurons(
        &self,
        entries: &[usize],
        layer: ActivationLayer,
        bounds: &NeuronBounds,
    ) -> Vec<Neuron> {
        let pre = layer.pre_activation.index();
        let neuron = |&i: &usize| {
            let ceiling = layer.ceiling(i);
            let a = bounds.pre_activation(layer, i);
            let cut = |level: f64| a.lower() < level && level < a.upper();
            let (cuts, passed) = match bounds.phase(layer, i) {
                Phase::Inactive => ([false, false], 0),
                Phase::Active => ([false, false], PASSED[0]),
                Phase::Saturated => ([false, false], PASSED[0] | PASSED[1]),
                Phase::Unstable => {
                    let cuts = [cut(0.0), ceiling.is_some_and(cut)];
                    (cuts, if cuts[0] { 0 } else { PASSED[0] })
                }
            };
            let input = self.nodes[pre].entries.binary_search(&i).ok();
            let input = input.filter(|_| passed & PASSED[1] == 0);
            let levels = [0.0, ceiling.unwrap_or_default()];
            let errors = levels.map(|level| {
                input.map_or_else(Errors::default, |entry| self.bend_errors(pre, entry, level))
            });
            Neuron { input, ceiling, cuts, errors, passed }
        };
        entries.iter().map(neuron).collect()
    }

    /// The errors of the form of an entry of a node minus `level`, on every region.
    pub fn bend_errors(&self, node: usize, entry: usize, level: f64) -> Errors {
        let node = &self.nodes[node];
        let magnitude = node.magnitude[entry] + level;
        let of_level = if level == 0.0 { 0.0 } else { f64::EPSILON * magnitude };
        Errors::new(node.error[entry] + of_level, magnitude, self.dimension() + 1)
    }

    /// The point of all inputs with these free ones.
    pub fn complete(&self, free: &[f64]) -> Vec<f64> {
        let mut point = self.domain.lower().to_vec();
        self.free.iter().zip(free).for_each(|(&i, &x)| point[i] = x);
        point
    }
}

impl Columns {
    /// Share of non-zero entries from which on a matrix is stored in full.
    const DENSE: usize = 4;

    fn new(rows: &[Vec<(usize, f64)>], inputs: usize) -> Self {
        let stored: usize = rows.iter().map(Vec::len).sum();
        let entries = rows.iter().enumerate();
        if stored * Self::DENSE < rows.len() * inputs {
            let mut columns = vec![Vec::new(); inputs];
            entries.for_each(|(i, row)| row.iter().for_each(|&(j, w)| columns[j].push((i, w))));
            return Self::Sparse(columns);
        }
        let stride = rows.len().next_multiple_of(BLOCK);
        let mut values = vec![0.0; stride * inputs];
        entries.for_each(|(i, row)| row.iter().for_each(|&(j, w)| values[j * stride + i] = w));
        Self::Dense(values)
    }
}

/// The entries of each node that a region's pattern or, if wanted, its outputs
/// or rows that are wanted depend on.
fn needed(
    graph: &ReluGraph,
    layers: &[ActivationLayer],
    phases: &[Vec<Phase>],
    wanted: Wanted<'_>,
) -> Vec<Vec<bool>> {
    let mut needed: Vec<Vec<bool>> =
        graph.nodes().map(|(id, _)| vec![false; graph.size(id)]).collect();
    match wanted {
        None => {}
        Some((node, [])) => needed[node.index()].fill(true),
        Some((node, rows)) => rows.iter().for_each(|&row| needed[node.index()][row] = true),
    }
    let mut stage = layers.len();
    let nodes: Vec<_> = graph.nodes().collect();
    for (id, node) in nodes.into_iter().rev() {
        let (before, rest) = needed.split_at_mut(id.index());
        let here = &mut rest[0];
        match node {
            Node::Input { .. } => {}
            Node::Affine(affine) => {
                for (source, linear) in &affine.terms {
                    for i in (0..here.len()).filter(|&i| here[i]) {
                        linear.row(i).iter().for_each(|&(j, _)| before[source.index()][j] = true);
                    }
                }
            }
            Node::Relu { input } | Node::Clip { input, .. } => {
                stage -= 1;
                for (i, phase) in phases[stage].iter().enumerate() {
                    match phase {
                        Phase::Inactive => here[i] = false,
                        Phase::Saturated => {}
                        Phase::Active => before[input.index()][i] |= here[i],
                        Phase::Unstable => {
                            here[i] = true;
                            before[input.index()][i] = true;
                        }
                    }
                }
            }
        }
    }
    needed
}

/// Refuses what has no linear regions in the sense of this module.
///
/// # Errors
/// Constraints on outputs, integer inputs.
pub fn check(problem: &Problem) -> Result<(), RegionError> {
    if let Some(&index) = problem.integer().first() {
        return Err(RegionError::Integer {
            input: problem.vocabulary().name(Variable::Input(index)),
        });
    }
    match problem.constraints().iter().find(|c| c.expression().has_outputs()) {
        Some(constraint) => {
            Err(RegionError::OutputConstraint { constraint: constraint.to_string() })
        }
        None => Ok(()),
    }
}

/// The sides of constraints on inputs as exact rows in the free inputs. One that fixed inputs
/// decide is a constant: it cuts nothing where it holds, and is kept where it fails.
pub fn rows(constraints: &[Constraint], domain: &IntervalBox) -> Vec<Vec<exact::Number>> {
    let free: Vec<usize> = domain.varying().collect();
    let holds_everywhere = |row: &[exact::Number]| {
        let (constant, slope) = row.split_last().expect("a constant");
        slope.iter().all(exact::Number::is_zero) && exact::sign(constant).is_ge()
    };
    let mut rows = Vec::new();
    for constraint in constraints {
        let mut row = vec![exact::Number::ZERO; free.len() + 1];
        for &(variable, coefficient) in constraint.expression().terms() {
            let Variable::Input(index) = variable else { continue };
            let coefficient = exact::number(coefficient);
            match free.binary_search(&index) {
                Ok(position) => row[position] += coefficient,
                Err(_) => row[free.len()] += coefficient * exact::number(domain.lower()[index]),
            }
        }
        for (sign, bound) in [(1.0, constraint.lower()), (-1.0, constraint.upper())] {
            if bound.is_finite() {
                let mut side = row.clone();
                side[free.len()] -= exact::number(bound);
                let sign = exact::number(sign);
                rows.push(side.into_iter().map(|number| number * &sign).collect());
            }
        }
    }
    rows.retain(|row: &Vec<_>| !holds_everywhere(row));
    rows
}
