//! The same function on a domain with fewer neurons.
//!
//! Bounds that hold on the domain prove phases: an inactive neuron is 0 there, a
//! saturated one is its ceiling, an active one is its pre-activation. The first two are
//! constants, the third is linear and merges into the layers that read it. A neuron that
//! no output depends on, once these are gone, goes too. What stays are the neurons that
//! cost a binary.
//!
//! ```text
//! y = W₂ σ(a) + b₂ ,  a = W₁ x + b₁      ⇒      y = W₂ᵁ σ(aᵁ) + W₂ᴬ (W₁ᴬ x + b₁ᴬ) + W₂ˢ c + b₂
//! ```
//!
//! with the neurons that are unstable (U), active (A) and saturated (S). `W₂ᴬ W₁ᴬ` is one
//! matrix where that takes fewer multiplications than two; else the active rows stay as an
//! affine node without an activation.
//!
//! On the domain the outputs are those of the network as read up to the rounding of the
//! merged products; outside it they may be anything. Where the bounds hold under constraints,
//! so does the equality. Merging is lossless: Serra, Kumar, Ramalingam, "Lossless
//! compression of deep neural networks" (2020), arXiv:2001.00218.

mod value;

use ndarray::{Array1, Array2};
use thiserror::Error;

use crate::bounds::{NeuronBounds, read_neurons};
use crate::network::{Affine, Node, NodeId, Phase, ReluGraph};
use value::{Sum, Value};

/// Most entries of a matrix that is written out: 2 GB would be too many.
const MOST_ENTRIES: usize = 1 << 26;

/// A network with fewer neurons.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// The network; its neurons are those that were kept, in their order.
    pub graph: ReluGraph,
    /// What became of the neurons of every layer of activations.
    pub layers: Vec<PruneCounts>,
}

/// What became of the neurons of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneCounts {
    /// Constant: inactive or saturated on the domain.
    pub constant: usize,
    /// Active on the domain, now part of what reads them.
    pub merged: usize,
    /// No output depends on them.
    pub unread: usize,
    /// The rest.
    pub kept: usize,
}

/// Why a network is not pruned.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PruneError {
    /// A convolution that would lose its structure.
    #[error(
        "without its stable neurons, node {node} of the canonical form is a matrix of {rows} × {columns}; expected at most {MOST_ENTRIES} entries"
    )]
    TooLarge {
        /// Index of the node.
        node: usize,
        /// Rows of the matrix.
        rows: usize,
        /// Its columns.
        columns: usize,
    },
}

/// Removes what `bounds` prove to be constant, linear or unread.
///
/// ```
/// use taut::bounds::{Crown, Propagator};
/// use taut::prune::prune;
///
/// let network = taut::io::read_network("networks/rosenbrock4-2x25.onnx".as_ref())?;
/// let domain = network.metadata().input_box.clone().expect("a box");
/// let graph = network.lower()?;
/// let pruned = prune(&graph, &Crown.propagate(&graph, &domain)?)?;
/// assert_eq!(pruned.layers.iter().map(|layer| layer.kept).collect::<Vec<_>>(), [24, 18]);
/// let point = ndarray::arr2(&[[0.5, -1.0, 0.25, 1.5]]);
/// let (before, after) = (graph.evaluate(point.view()), pruned.graph.evaluate(point.view()));
/// assert!((before[(0, 0)] - after[(0, 0)]).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PruneError`].
///
/// # Panics
/// If the bounds are those of another network.
pub fn prune(graph: &ReluGraph, bounds: &NeuronBounds) -> Result<Pruned, PruneError> {
    let fates = fates(graph, bounds);
    let mut work =
        Work { from: graph, to: ReluGraph::new(graph.size(graph.input())), values: Vec::new() };
    for (id, node) in graph.nodes() {
        let value = match node {
            Node::Input { .. } => Value::Same(work.to.input()),
            Node::Affine(affine) => work.affine(id, affine)?,
            Node::Relu { input } => work.activation(id, *input, None, &fates[id.index()])?,
            Node::Clip { input, ceiling } => {
                work.activation(id, *input, Some(ceiling), &fates[id.index()])?
            }
        };
        work.values.push(value);
    }
    let output = work.node_of(graph.output());
    work.to.set_output(output);
    let layers = graph.activation_layers().map(|layer| count(&fates[layer.node.index()]));
    Ok(Pruned { layers: layers.collect(), graph: work.to.without_unused() })
}

/// What [`prune`] would do to the neurons of every layer of activations.
///
/// # Panics
/// If the bounds are those of another network.
pub fn redundancy(graph: &ReluGraph, bounds: &NeuronBounds) -> Vec<PruneCounts> {
    let fates = fates(graph, bounds);
    graph.activation_layers().map(|layer| count(&fates[layer.node.index()])).collect()
}

/// What becomes of a neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Constant(f64),
    Merged,
    Unread,
    Kept,
}

fn count(fates: &[Fate]) -> PruneCounts {
    let of = |test: fn(&Fate) -> bool| fates.iter().filter(|fate| test(fate)).count();
    PruneCounts {
        constant: of(|fate| matches!(fate, Fate::Constant(_))),
        merged: of(|fate| *fate == Fate::Merged),
        unread: of(|fate| *fate == Fate::Unread),
        kept: of(|fate| *fate == Fate::Kept),
    }
}

/// The fate of every neuron of every activation node.
fn fates(graph: &ReluGraph, bounds: &NeuronBounds) -> Vec<Vec<Fate>> {
    let read = read_neurons(graph, bounds, graph.output());
    let mut fates = vec![Vec::new(); read.len()];
    for layer in graph.activation_layers() {
        let fate = |index: usize| match bounds.phase(layer, index) {
            _ if !read[layer.node.index()][index] => Fate::Unread,
            Phase::Inactive => Fate::Constant(0.0),
            Phase::Saturated => Fate::Constant(layer.ceiling(index).unwrap_or(0.0)),
            Phase::Active => Fate::Merged,
            Phase::Unstable => Fate::Kept,
        };
        fates[layer.node.index()] = (0..graph.size(layer.node)).map(fate).collect();
    }
    fates
}

/// A graph under construction.
struct Work<'a> {
    from: &'a ReluGraph,
    to: ReluGraph,
    /// The value of each node of `from` so far, in terms of `to`.
    values: Vec<Value>,
}

impl Work<'_> {
    /// All rows of an affine node; as it is where its operands are.
    fn affine(&mut self, id: NodeId, affine: &Affine) -> Result<Value, PruneError> {
        let same = affine.terms.iter().map(|(operand, linear)| {
            let Value::Same(operand) = &self.values[operand.index()] else { return None };
            Some((*operand, linear.clone()))
        });
        if let Some(terms) = same.collect() {
            return Ok(Value::Same(self.to.affine(terms, affine.bias.clone())));
        }
        let all: Vec<usize> = (0..affine.bias.len()).collect();
        let sum = self.rows(id, &all)?;
        Ok(Value::Same(sum.into_node(&mut self.to)))
    }

    /// The layer without what the fates make superfluous.
    fn activation(
        &mut self,
        id: NodeId,
        input: NodeId,
        ceiling: Option<&Array1<f64>>,
        fates: &[Fate],
    ) -> Result<Value, PruneError> {
        let of = |fate: Fate| -> Vec<usize> {
            (0..fates.len()).filter(|&index| fates[index] == fate).collect()
        };
        let (kept, merged) = (of(Fate::Kept), of(Fate::Merged));
        if kept.len() == fates.len() {
            let pre_activation = self.node_of(input);
            return Ok(Value::Same(self.add_activation(pre_activation, ceiling.cloned())));
        }
        let mut sum = Sum::zeros(fates.len());
        for (index, fate) in fates.iter().enumerate() {
            if let Fate::Constant(value) = fate {
                sum.constant[index] = *value;
            }
        }
        if !kept.is_empty() {
            let pre_activation = self.rows(input, &kept)?.into_node(&mut self.to);
            let ceiling = ceiling.map(|ceiling| kept.iter().map(|&i| ceiling[i]).collect());
            let node = self.add_activation(pre_activation, ceiling);
            sum.add(node, selection(fates.len(), &kept));
        }
        if !merged.is_empty() {
            let linear = self.rows(input, &merged)?;
            let linear = match linear.columns() * self.readers(id) <= linear.cost(self.readers(id))
            {
                true => linear,
                false => Sum::of_node(linear.into_node(&mut self.to), merged.len()),
            };
            sum.add_rows(&linear, &merged);
        }
        Ok(Value::Mixed(sum))
    }

    /// Rows of all nodes that read `id`.
    fn readers(&self, id: NodeId) -> usize {
        let nodes = self.from.nodes().filter(|(_, node)| node.operands().contains(&id));
        nodes.map(|(reader, _)| self.from.size(reader)).sum()
    }

    fn add_activation(&mut self, input: NodeId, ceiling: Option<Array1<f64>>) -> NodeId {
        match ceiling {
            None => self.to.relu(input),
            Some(ceiling) => self.to.clip(input, ceiling),
        }
    }

    /// Some rows of a node of `from`.
    fn rows(&self, id: NodeId, rows: &[usize]) -> Result<Sum, PruneError> {
        let Node::Affine(affine) = self.from.node(id) else {
            return Ok(self.values[id.index()].rows(rows, self.from.size(id)));
        };
        let mut sum = Sum::zeros(rows.len());
        sum.constant = rows.iter().map(|&row| affine.bias[row]).collect();
        for (operand, linear) in &affine.terms {
            let columns = linear.inputs();
            if rows.len().saturating_mul(columns) > MOST_ENTRIES {
                return Err(PruneError::TooLarge { node: id.index(), rows: rows.len(), columns });
            }
            let chosen: Vec<(usize, f64)> = rows.iter().map(|&row| (row, 1.0)).collect();
            let weights: Array2<f64> = linear.signed_rows(&chosen);
            self.values[operand.index()].add_product(weights, &mut sum);
        }
        Ok(sum)
    }

    /// A node of `to` with the value of a node of `from`.
    fn node_of(&mut self, id: NodeId) -> NodeId {
        if let Value::Same(node) = self.values[id.index()] {
            return node;
        }
        let all: Vec<usize> = (0..self.from.size(id)).collect();
        let sum = self.values[id.index()].rows(&all, all.len());
        sum.into_node(&mut self.to)
    }
}

/// The matrix that puts coordinate `k` in row `places[k]`.
fn selection(rows: usize, places: &[usize]) -> Array2<f64> {
    let mut matrix = Array2::zeros((rows, places.len()));
    for (column, &row) in places.iter().enumerate() {
        matrix[(row, column)] = 1.0;
    }
    matrix
}
