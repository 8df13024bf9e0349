//! Networks: the layers as read ([`Network`]) and the canonical form that
//! everything else computes with ([`ReluGraph`]).
//!
//! A network is a function `f: Rⁿ → Rᵐ` made of affine maps and piecewise linear
//! activations. All statements of Taut are about this function over the reals,
//! with the weights as stored in the file. One with smooth activations can be held and
//! evaluated, but has no canonical form ([`Network::lower`]).

mod assembly;
mod builder;
mod convolution;
mod dense;
mod from_graph;
mod layers;
mod linear;
mod metadata;
mod operator;
mod patch;
mod relu_graph;
mod side_by_side;
mod units;
mod window;

use ndarray::{Array2, ArrayD, ArrayView2, IxDyn};
use petgraph::Direction;
use petgraph::dot::{Config, Dot};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

pub use assembly::{
    Argument, Assembly, AssemblyError, MOST_ELEMENTS, MOST_WEIGHTS, ValueId, check_size,
};
pub use builder::{NetworkDescription, NetworkError, NodeDescription};
pub use convolution::Convolution;
pub use dense::{Activation, DenseLayer};
pub(crate) use layers::broadcast_shape;
pub use layers::{LAYERS, Layer, LayerKind, Lowered, SMOOTH_LAYERS};
pub(crate) use layers::{PIECEWISE, SMOOTH};
pub use linear::{Linear, SparseRows};
pub use metadata::{Metadata, Precision, Scaling, Units};
pub(crate) use operator::check_finite;
pub use operator::{
    Attribute, Attributes, Constant, LayerError, Operand, Operator, OperatorReader,
};
pub use relu_graph::{ActivationLayer, Affine, Node, NodeId, Phase, ReluGraph};
pub use side_by_side::Beside;
pub use window::{Window, WindowAxis};

/// A network as read: a directed acyclic graph of layers, shapes checked, with
/// one input tensor and one output tensor.
#[derive(Debug)]
pub struct Network {
    name: String,
    /// Edge weight: position among the data operands of the target.
    graph: DiGraph<Vertex, usize>,
    order: Vec<NodeIndex>,
    output: NodeIndex,
    metadata: Metadata,
    batch: Option<Batch>,
    units: Option<Units>,
    set_aside: Vec<SetAside>,
}

/// A last operator of the file that is not part of the network: its values are those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Name of the node in the file.
    pub node: String,
    /// Name of the operator, such as `Softmax`.
    pub op: String,
    /// Name of the file's output.
    pub output: String,
    /// What holds of the file's output all the same, and what does not.
    pub what_holds: &'static str,
}

/// What became of the first axis of the input, where it has several rows in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Batch {
    /// The rows are a batch: the network treats them apart and alike, and is that of one row.
    OneRow {
        /// Rows in the file.
        rows: usize,
    },
    /// The rows are not shown to be a batch: all of them together are the input.
    AllRows {
        /// Rows in the file.
        rows: usize,
        /// The first node, by its name in the file, that mixes rows or treats them differently.
        node: String,
    },
}

/// The input (no layer) or a layer of a network.
#[derive(Debug)]
struct Vertex {
    name: String,
    shape: Vec<usize>,
    layer: Option<Box<dyn Layer>>,
}

/// A view of one layer of a [`Network`].
#[derive(Clone, Debug)]
pub struct LayerView<'a> {
    /// Name in the file.
    pub name: &'a str,
    /// The layer.
    pub layer: &'a dyn Layer,
    /// Shape of its output.
    pub shape: &'a [usize],
    /// Positions of its data operands: 0 is the network's input, `k` the
    /// `k`-th layer of [`Network::layers`].
    pub inputs: Vec<usize>,
}

impl Network {
    fn new(
        name: String,
        graph: DiGraph<Vertex, usize>,
        order: Vec<NodeIndex>,
        output: NodeIndex,
    ) -> Self {
        Self {
            name,
            graph,
            order,
            output,
            metadata: Metadata::default(),
            batch: None,
            units: None,
            set_aside: Vec::new(),
        }
    }

    /// Replaces what is known beside the layers.
    ///
    /// # Errors
    /// Names or a box whose number does not fit the network.
    pub fn with_metadata(mut self, metadata: Metadata) -> Result<Self, NetworkError> {
        let sides = [
            ("input", metadata.input_names.len(), self.inputs()),
            ("output", metadata.output_names.len(), self.outputs()),
        ];
        for (side, count, expected) in sides {
            if count != 0 && count != expected {
                return Err(NetworkError::NameCount { side, count, expected });
            }
        }
        if let Some(found) = metadata.input_box.as_ref().map(|b| b.len())
            && found != self.inputs()
        {
            return Err(NetworkError::BoxLength { found, expected: self.inputs() });
        }
        self.metadata = metadata;
        Ok(self)
    }

    /// Name of the network.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is known beside the layers.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Says what became of the first axis of the input.
    #[must_use]
    pub fn with_batch(self, batch: Batch) -> Self {
        Self { batch: Some(batch), ..self }
    }

    /// Says which last operators of the file are not part of the network.
    #[must_use]
    pub fn with_set_aside(self, set_aside: Vec<SetAside>) -> Self {
        Self { set_aside, ..self }
    }

    /// The last operators of the file that are not part of the network.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// What became of the first axis of the input, where it has several rows in the file.
    pub fn batch(&self) -> Option<&Batch> {
        self.batch.as_ref()
    }

    /// Says in which units the file was read.
    #[must_use]
    pub fn with_units(self, units: Units) -> Self {
        Self { units: Some(units), ..self }
    }

    /// In which units the file was read, where it states a normalisation.
    pub fn units(&self) -> Option<Units> {
        self.units
    }

    /// Name of the input tensor.
    pub fn input_name(&self) -> &str {
        &self.graph[self.order[0]].name
    }

    /// Shape of the input tensor.
    pub fn input_shape(&self) -> &[usize] {
        &self.graph[self.order[0]].shape
    }

    /// Shape of the output tensor.
    pub fn output_shape(&self) -> &[usize] {
        &self.graph[self.output].shape
    }

    /// Number of inputs `n`: the elements of the input tensor.
    pub fn inputs(&self) -> usize {
        self.input_shape().iter().product()
    }

    /// Number of outputs `m`: the elements of the output tensor.
    pub fn outputs(&self) -> usize {
        self.output_shape().iter().product()
    }

    /// The layers, operands first.
    pub fn layers(&self) -> impl Iterator<Item = LayerView<'_>> {
        let position = |index: NodeIndex| {
            self.order.iter().position(|&other| other == index).expect("a node of the graph")
        };
        self.order.iter().filter_map(move |&index| {
            let Vertex { name, shape, layer } = &self.graph[index];
            let inputs = self.operands(index).into_iter().map(position).collect();
            layer.as_deref().map(|layer| LayerView { name, layer, shape, inputs })
        })
    }

    /// Position of the output in the numbering of [`LayerView::inputs`].
    pub fn output_position(&self) -> usize {
        self.order.iter().position(|&index| index == self.output).expect("a node of the graph")
    }

    /// Outputs (batch × m) for a batch of inputs (batch × n), layer by layer as
    /// read, in `f64`.
    ///
    /// # Panics
    /// If the number of columns is not the number of inputs.
    pub fn evaluate(&self, inputs: ArrayView2<f64>) -> Array2<f64> {
        self.evaluate_rounded(inputs, |value| value)
    }

    /// The output at one point, the values between layers rounded to single precision: what a
    /// program computes that adds up in more digits than it keeps.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn evaluate_single(&self, point: &[f64]) -> Vec<f64> {
        let batch = ArrayView2::from_shape((1, point.len()), point).expect("one row");
        self.evaluate_rounded(batch, |value| f64::from(value as f32)).into_iter().collect()
    }

    /// [`evaluate`](Self::evaluate) with what comes out of each layer rounded.
    fn evaluate_rounded(
        &self,
        inputs: ArrayView2<f64>,
        rounded: impl Fn(f64) -> f64,
    ) -> Array2<f64> {
        assert_eq!(inputs.ncols(), self.inputs(), "columns of a batch of inputs");
        let batch = inputs.nrows();
        let mut values: Vec<Option<ArrayD<f64>>> = vec![None; self.graph.node_count()];
        for &index in &self.order {
            let Vertex { shape, layer, .. } = &self.graph[index];
            let mut value = match layer {
                None => {
                    let shape = IxDyn(&[&[batch], shape.as_slice()].concat());
                    let flat: Vec<f64> = inputs.iter().copied().collect();
                    ArrayD::from_shape_vec(shape, flat).expect("elements of the input")
                }
                Some(layer) => {
                    let operands: Vec<_> = self
                        .operands(index)
                        .into_iter()
                        .map(|o| values[o.index()].as_ref().expect("operands first").view())
                        .collect();
                    layer.evaluate(&operands)
                }
            };
            value.mapv_inplace(&rounded);
            values[index.index()] = Some(value);
        }
        let output = values[self.output.index()].take().expect("the output is in the order");
        let flat: Vec<f64> = output.into_iter().collect();
        Array2::from_shape_vec((batch, self.outputs()), flat).expect("elements of the output")
    }

    /// The output at one point.
    ///
    /// # Panics
    /// If the number of coordinates is not the number of inputs.
    pub fn evaluate_point(&self, point: &[f64]) -> Vec<f64> {
        let batch = ArrayView2::from_shape((1, point.len()), point).expect("one row");
        self.evaluate(batch).into_iter().collect()
    }

    /// The canonical form.
    ///
    /// # Errors
    /// [`NetworkError::Layer`] with the first layer that is not piecewise linear.
    pub fn lower(&self) -> Result<ReluGraph, NetworkError> {
        let mut graph = ReluGraph::new(self.inputs());
        let mut nodes = vec![graph.input(); self.graph.node_count()];
        for &index in &self.order {
            if let Some(layer) = &self.graph[index].layer {
                let operands: Vec<Lowered> = self
                    .operands(index)
                    .into_iter()
                    .map(|o| Lowered { node: nodes[o.index()], shape: &self.graph[o].shape })
                    .collect();
                let lowered = layer.lower(&operands, &mut graph);
                nodes[index.index()] = lowered.map_err(|cause| self.refused(index, cause))?;
            }
        }
        graph.set_output(nodes[self.output.index()]);
        // A layer may find a better form than that of its operand (`layers/max.rs`).
        Ok(graph.without_unused())
    }

    /// That all layers are piecewise linear: that there is a canonical form.
    ///
    /// # Errors
    /// That of [`lower`](Self::lower).
    pub fn check_piecewise_linear(&self) -> Result<(), NetworkError> {
        let is_smooth = |layer: &dyn Layer| {
            let (op, _) = layer.summary();
            SMOOTH_LAYERS.iter().any(|kind| kind.op == op)
        };
        let mut layers = self.graph.node_weights().filter_map(|vertex| vertex.layer.as_deref());
        if layers.any(is_smooth) { self.lower().map(drop) } else { Ok(()) }
    }

    fn refused(&self, index: NodeIndex, cause: LayerError) -> NetworkError {
        let Vertex { name, layer, .. } = &self.graph[index];
        let op = layer.as_ref().map_or_else(String::new, |layer| layer.operator().op);
        NetworkError::Layer { node: name.clone(), op, cause }
    }

    /// The graph of layers in the DOT language of Graphviz.
    pub fn to_dot(&self) -> String {
        let label = |_, (_, vertex): (NodeIndex, &Vertex)| {
            let op = vertex.layer.as_ref().map_or("input".to_string(), |l| l.operator().op);
            let name = vertex.name.replace(['"', '\\'], "_");
            format!("shape=box label=\"{op}\\n{name}\\n{:?}\"", vertex.shape)
        };
        let no_attributes = |_, _| String::new();
        let config = [Config::EdgeNoLabel, Config::NodeNoLabel];
        let dot = Dot::with_attr_getters(&self.graph, &config, &no_attributes, &label);
        // The formatter asks for Debug of the weights only for labels, which are off.
        format!("{dot:?}")
    }

    /// Data operands of a layer in order.
    fn operands(&self, index: NodeIndex) -> Vec<NodeIndex> {
        let edges = self.graph.edges_directed(index, Direction::Incoming);
        let mut operands: Vec<_> = edges.map(|edge| (*edge.weight(), edge.source())).collect();
        operands.sort_unstable();
        operands.into_iter().map(|(_, source)| source).collect()
    }
}
