//! What a scaling may choose, and what it acts on.

use std::ops::Range;

use super::neurons::Neurons;
use super::{LARGEST_WEIGHT_EXPONENT, LEAST_RELATIVE_BIG_M, is_tame};
use crate::bounds::NeuronBounds;
use crate::network::{Linear, Node, NodeId, ReluGraph};

/// The sets of neurons that share a factor, and the weights between them.
///
/// A channel belongs to an affine node, and to the activations that read it. It is
/// one neuron; where a convolution reads or writes the node, a channel of the image.
/// All inputs are one channel.
///
/// Neurons whose output is constant by the bounds take no part: neither they nor
/// their weights are in a model.
#[derive(Clone, Debug)]
pub struct Channels {
    /// One entry per node.
    blocks: Vec<Block>,
    channels: Vec<Channel>,
    layers: Vec<Layer>,
    links: Vec<Link>,
    outputs: Range<usize>,
}

/// Neuron `i` of a node is in the channel `first + i / size` of a layer.
#[derive(Clone, Copy, Debug)]
struct Block {
    layer: usize,
    first: usize,
    size: usize,
}

/// A set of neurons that share a factor.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    /// Number of neurons.
    pub neurons: usize,
    /// Largest big-M constant `M` of its neurons: `max(−L, U)`, or `U` where all
    /// activations that read a neuron are active; not less than a millionth of the
    /// terms that it is the sum of.
    pub big_m_max: f64,
    /// Sum of their big-M constants.
    pub big_m_sum: f64,
    /// Sum of the magnitudes of their biases.
    pub bias_sum: f64,
    /// Whether its factor has to be 1.
    pub fixed: bool,
    /// Whether all its neurons are constant to all that read them.
    constant: bool,
}

impl Default for Channel {
    fn default() -> Self {
        let (big_m_max, big_m_sum, bias_sum) = (0.0, 0.0, 0.0);
        Self { neurons: 0, big_m_max, big_m_sum, bias_sum, fixed: false, constant: true }
    }
}

/// The channels of one node.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Positions of the channels.
    pub channels: Range<usize>,
    /// Positions of the links that lead here.
    incoming: Vec<usize>,
    /// Positions of the links that lead away.
    outgoing: Vec<usize>,
}

/// The weights of one term of an affine node.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// The weights other than 0.
    pub weights: Vec<Weight>,
    /// Weights whose row or column is constant.
    idle: Vec<Weight>,
}

/// Weights from one channel to another.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    /// Channel of the row.
    pub to: usize,
    /// Channel of the column.
    pub from: usize,
    /// Sum of the magnitudes of the entries.
    pub size: f64,
}

impl Channels {
    /// The channels of a network with the given bounds.
    ///
    /// # Panics
    /// If the bounds are those of another network.
    pub fn new(graph: &ReluGraph, bounds: &NeuronBounds) -> Self {
        let mut channels = Self::partition(graph);
        let neurons = Neurons::new(graph, bounds);
        for (id, node) in graph.nodes() {
            match node {
                Node::Input { .. } | Node::Relu { .. } => {}
                Node::Affine(affine) => {
                    let sizes = neurons.sizes_of_terms(affine);
                    for (index, &bias) in affine.bias.iter().enumerate() {
                        channels.add_neuron(id, index, [bias, sizes[index]], &neurons);
                    }
                }
                Node::Clip { ceiling, .. } => {
                    let wild = ceiling.iter().enumerate().filter(|(_, c)| !is_tame(**c));
                    wild.for_each(|(index, _)| channels.at(id, index).fixed = true);
                }
            }
        }
        for (id, node) in graph.nodes() {
            if let Node::Affine(affine) = node {
                affine.terms.iter().for_each(|(input, linear)| {
                    channels.add_link(id, *input, linear, &neurons);
                });
            }
        }
        let ends = [channels.layers[0].channels.clone(), channels.outputs.clone()];
        ends.into_iter().flatten().for_each(|channel| channels.channels[channel].fixed = true);
        channels
    }

    /// The channel of neuron `index` of a node.
    pub fn of(&self, node: NodeId, index: usize) -> usize {
        let block = self.blocks[node.index()];
        block.first + index / block.size
    }

    /// All channels; the first is that of the inputs.
    pub fn all(&self) -> &[Channel] {
        &self.channels
    }

    /// The channels by node: the inputs, then the affine nodes, operands first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The weights, in the order of the layers that they lead to.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The channels of the outputs.
    pub fn outputs(&self) -> Range<usize> {
        self.outputs.clone()
    }

    /// For each channel of a layer `Σ |w| / s` over its rows and `Σ |w| s` over its
    /// columns, with `s` the factor at the other end.
    pub fn sums(&self, layer: &Layer, factors: &[f64]) -> Vec<[f64; 2]> {
        self.sums_of(layer, factors, |link| &link.weights)
    }

    fn sums_of<'a>(
        &'a self,
        layer: &Layer,
        factors: &[f64],
        weights: impl Fn(&'a Link) -> &'a Vec<Weight>,
    ) -> Vec<[f64; 2]> {
        let mut sums = vec![[0.0; 2]; layer.channels.len()];
        let first = layer.channels.start;
        for weight in layer.incoming.iter().flat_map(|&link| weights(&self.links[link])) {
            sums[weight.to - first][0] += weight.size / factors[weight.from];
        }
        for weight in layer.outgoing.iter().flat_map(|&link| weights(&self.links[link])) {
            sums[weight.from - first][1] += weight.size * factors[weight.to];
        }
        sums
    }

    /// Gives the channels that take no part factors that suit their neighbours, so
    /// that files have no odd weights.
    pub(super) fn settle_constant(&self, factors: &mut [f64]) {
        for layer in &self.layers {
            let sums = self.sums_of(layer, factors, |link| &link.idle);
            for (channel, [rows, columns]) in layer.channels.clone().zip(sums) {
                let Channel { constant, fixed, bias_sum, .. } = self.channels[channel];
                let factor = (columns / (rows + bias_sum)).sqrt();
                if constant && !fixed && factor.log2().is_finite() {
                    factors[channel] = factor;
                }
            }
        }
    }

    /// Changes exponents where weights would become larger than
    /// [`LARGEST_WEIGHT_EXPONENT`] allows, and than they are.
    ///
    /// These are difference constraints, `e_to ≤ e_from + room` with `room ≥ 0`. The pass
    /// forward lowers what is too high; what is left are fixed channels, and the pass
    /// backward raises what they read, to 0 at most.
    pub(super) fn limit_weights(&self, exponents: &mut [i32]) {
        let room = |weight: &Weight| {
            let exponent = weight.size.log2().ceil();
            (f64::from(LARGEST_WEIGHT_EXPONENT) - exponent).max(0.0) as i32
        };
        for layer in &self.layers {
            for weight in layer.incoming.iter().flat_map(|&link| &self.links[link].weights) {
                if !self.channels[weight.to].fixed {
                    let most = exponents[weight.from] + room(weight);
                    exponents[weight.to] = exponents[weight.to].min(most);
                }
            }
        }
        for layer in self.layers.iter().rev() {
            for weight in layer.outgoing.iter().flat_map(|&link| &self.links[link].weights) {
                if !self.channels[weight.from].fixed {
                    let least = exponents[weight.to] - room(weight);
                    exponents[weight.from] = exponents[weight.from].max(least);
                }
            }
        }
    }

    /// The channels without neurons and links.
    fn partition(graph: &ReluGraph) -> Self {
        let sizes = block_sizes(graph);
        let (mut blocks, mut layers, mut count): (Vec<Block>, Vec<Layer>, _) = (vec![], vec![], 0);
        for (id, node) in graph.nodes() {
            if let Node::Relu { input } | Node::Clip { input, .. } = node {
                blocks.push(blocks[input.index()]);
                continue;
            }
            let size = sizes[id.index()];
            blocks.push(Block { layer: layers.len(), first: count, size });
            let channels = count..count + graph.size(id) / size;
            count = channels.end;
            layers.push(Layer { channels, incoming: Vec::new(), outgoing: Vec::new() });
        }
        let outputs = layers[blocks[graph.output().index()].layer].channels.clone();
        let channels = vec![Channel::default(); count];
        Self { blocks, channels, layers, links: Vec::new(), outputs }
    }

    fn at(&mut self, node: NodeId, index: usize) -> &mut Channel {
        let channel = self.of(node, index);
        &mut self.channels[channel]
    }

    fn add_neuron(
        &mut self,
        node: NodeId,
        index: usize,
        [bias, terms]: [f64; 2],
        neurons: &Neurons<'_>,
    ) {
        let constant = neurons.is_constant(node, index);
        let big_m = match constant {
            true => 0.0,
            false => neurons.big_m(node, index).max(LEAST_RELATIVE_BIG_M * terms),
        };
        let wild = !is_tame(bias) || !is_tame(neurons.magnitude(node, index));
        let channel = self.at(node, index);
        channel.neurons += 1;
        channel.big_m_max = channel.big_m_max.max(big_m);
        channel.big_m_sum += big_m;
        channel.bias_sum += bias.abs();
        channel.fixed |= wild;
        channel.constant &= constant;
    }

    fn add_link(&mut self, node: NodeId, input: NodeId, linear: &Linear, neurons: &Neurons<'_>) {
        let block = self.blocks[input.index()];
        let every = |is: &dyn Fn(usize) -> bool| -> Vec<bool> {
            let indices: Vec<usize> = (0..linear.inputs()).collect();
            indices.chunks(block.size).map(|channel| channel.iter().all(|&i| is(i))).collect()
        };
        let constant = every(&|index| neurons.is_constant(input, index));
        let tame = every(&|index| is_tame(neurons.magnitude(input, index)));
        let mut link = Link::default();
        for_each_weight(linear, |row, column, weight, count| {
            let (to, from) = (self.of(node, row), self.of(input, column));
            let size = weight.abs() * count;
            self.channels[from].fixed |= !is_tame(weight);
            self.channels[to].fixed |= !is_tame(weight) || !tame[from - block.first];
            let idle = self.channels[to].constant || constant[from - block.first];
            let weights = if idle { &mut link.idle } else { &mut link.weights };
            weights.push(Weight { to, from, size });
        });
        let to = self.blocks[node.index()].layer;
        self.layers[to].incoming.push(self.links.len());
        self.layers[block.layer].outgoing.push(self.links.len());
        self.links.push(link);
    }
}

/// Number of neurons of each node that must share a factor, neighbours in its order.
fn block_sizes(graph: &ReluGraph) -> Vec<usize> {
    let mut sizes = vec![1; graph.nodes().count()];
    let mut bases: Vec<usize> = Vec::new();
    for (id, node) in graph.nodes() {
        bases.push(match node {
            Node::Input { .. } | Node::Affine(_) => id.index(),
            Node::Relu { input } | Node::Clip { input, .. } => bases[input.index()],
        });
        let Node::Affine(affine) = node else { continue };
        for (input, linear) in &affine.terms {
            if let Linear::Convolution(convolution) = linear {
                let window = convolution.window();
                let ends =
                    [(id.index(), window.outputs()), (bases[input.index()], window.pixels())];
                for (base, size) in ends {
                    // Both divide the number of neurons: where the borders of both agree.
                    sizes[base] = least_common_multiple(sizes[base], size);
                }
            }
        }
    }
    sizes[0] = graph.size(graph.input());
    sizes
}

fn least_common_multiple(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}

/// Calls `f` with row, column, value and number of the stored weights other than 0;
/// for a convolution, with the first row and column of the channels.
pub(super) fn for_each_weight(linear: &Linear, mut f: impl FnMut(usize, usize, f64, f64)) {
    match linear {
        Linear::Dense(weights) => {
            for ((row, column), &weight) in weights.indexed_iter().filter(|(_, w)| **w != 0.0) {
                f(row, column, weight, 1.0);
            }
        }
        Linear::Sparse(_) => {
            for row in 0..linear.outputs() {
                linear.row(row).into_iter().for_each(|(column, w)| f(row, column, w, 1.0));
            }
        }
        Linear::Convolution(convolution) => {
            let window = convolution.window();
            for ((channel, entry), &weight) in convolution.kernel().indexed_iter() {
                let tap = entry % window.taps();
                let (y, x) = (tap / window.width.taps(), tap % window.width.taps());
                let uses = window.height.outputs_of(y).len() * window.width.outputs_of(x).len();
                if weight != 0.0 && uses > 0 {
                    let column = convolution.input_channel(channel, entry) * window.pixels();
                    f(channel * window.outputs(), column, weight, uses as f64);
                }
            }
        }
    }
}
