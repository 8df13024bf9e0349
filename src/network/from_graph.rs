//! From the canonical form to a network of layers that files can hold.
//!
//! | canonical form | operators |
//! |---|---|
//! | dense matrix | `Gemm`, the bias in it where it is the only term |
//! | convolution | `Conv`, likewise |
//! | sparse matrix with few entries a row | `Gather`, `Mul`, summed by `Add` |
//! | other sparse matrix | `Gemm` |
//! | ReLU | `Relu` |
//! | clipped ReLU | `Clip`; `Min` of a `Relu` and a constant where ceilings differ |
//!
//! `Reshape` stands between operators that want different shapes. The operators
//! and the order of their sums depend on the structure of the graph alone, not on
//! its numbers, so that a scaled graph becomes a network of the same bits.
//!
//! Products and sums are those of [`ReluGraph::evaluate`], in its order: the network
//! gives the same bits as the graph (but for the sign of zero), except that a
//! product is rounded before it is added where a node has several terms, and that a
//! sparse matrix with many entries a row is summed as a dense one.

use std::collections::HashMap;
use std::slice;

use ndarray::{Array1, Array2, ArrayD, IxDyn, arr0};

use super::assembly::MOST_WEIGHTS;
use super::builder::{NetworkDescription, NetworkError};
use super::operator::{Attribute, Constant};
use super::{Affine, Convolution, Linear, Network, Node, NodeId, ReluGraph};

/// Most entries a row of a sparse matrix that is written without its zeros: the
/// windows of pooling layers in use; more would make long chains of operators.
const MOST_GATHERED: usize = 16;

impl Network {
    /// A network that computes `graph`, with the name, the shapes of input and
    /// output and the metadata of `like`.
    ///
    /// ```
    /// let network = taut::io::read_network("networks/peaks-2x25.onnx".as_ref())?;
    /// let copy = taut::network::Network::from_graph(&network.lower()?, &network)?;
    /// assert_eq!(copy.evaluate_point(&[0.5, -1.0]), network.evaluate_point(&[0.5, -1.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A matrix without structure that is too large to be written.
    ///
    /// # Panics
    /// If `like` has other numbers of inputs or outputs.
    pub fn from_graph(graph: &ReluGraph, like: &Self) -> Result<Self, NetworkError> {
        assert_eq!(graph.size(graph.input()), like.inputs(), "inputs of a network");
        assert_eq!(graph.size(graph.output()), like.outputs(), "outputs of a network");
        let mut writer = Writer {
            description: NetworkDescription {
                name: like.name().to_string(),
                input: like.input_name().to_string(),
                input_shape: like.input_shape().to_vec(),
                output: like.input_name().to_string(),
                nodes: Vec::new(),
                constants: HashMap::new(),
                metadata: like.metadata().clone(),
            },
            prefix: "",
            values: Vec::new(),
        };
        // The input's name is the only one that is not made here.
        if ["affine", "relu", "clip"].iter().any(|name| like.input_name().starts_with(name)) {
            writer.prefix = "node.";
        }
        for (id, node) in graph.nodes() {
            let value = writer.add(id, node)?;
            writer.values.push(value);
        }
        let output = writer.values[graph.output().index()].clone();
        let output = writer.reshaped(output, like.output_shape());
        let description = NetworkDescription { output: output.name, ..writer.description };
        description.build()
    }
}

/// A value of the network under construction.
#[derive(Clone)]
struct Value {
    name: String,
    shape: Vec<usize>,
}

impl Value {
    fn size(&self) -> usize {
        self.shape.iter().product()
    }
}

struct Writer {
    description: NetworkDescription,
    /// Begins every name but that of the input.
    prefix: &'static str,
    /// One value a node.
    values: Vec<Value>,
}

impl Writer {
    fn add(&mut self, id: NodeId, node: &Node) -> Result<Value, NetworkError> {
        match node {
            Node::Input { .. } => {
                let NetworkDescription { input, input_shape, .. } = &self.description;
                Ok(Value { name: input.clone(), shape: input_shape.clone() })
            }
            Node::Affine(affine) => self.affine(id, affine),
            Node::Relu { input } => {
                let input = self.values[input.index()].clone();
                Ok(self.elementwise(&self.name("relu", id), "Relu", &input, vec![]))
            }
            Node::Clip { input, ceiling } => {
                let input = self.values[input.index()].clone();
                Ok(self.clip(id, &input, ceiling))
            }
        }
    }

    fn name(&self, kind: &str, id: NodeId) -> String {
        format!("{}{kind}{}", self.prefix, id.index())
    }

    fn clip(&mut self, id: NodeId, input: &Value, ceiling: &Array1<f64>) -> Value {
        let name = self.name("clip", id);
        if ceiling.iter().all(|&c| c == ceiling[0]) {
            let limits = [0.0, ceiling[0]].map(|limit| Constant::Float(arr0(limit).into_dyn()));
            return self.elementwise(&name, "Clip", input, limits.into());
        }
        let positive = self.elementwise(&format!("{name}.relu"), "Relu", input, vec![]);
        let ceiling = floats(ceiling.to_vec(), &input.shape);
        self.elementwise(&name, "Min", &positive, vec![ceiling])
    }

    /// `Σ Wₜ xₜ + b`, summed from the left.
    fn affine(&mut self, id: NodeId, affine: &Affine) -> Result<Value, NetworkError> {
        let name = self.name("affine", id);
        if let [(input, linear)] = affine.terms.as_slice() {
            return self.product(&name, *input, linear, Some(&affine.bias));
        }
        let mut sum: Option<Value> = None;
        for (number, (input, linear)) in affine.terms.iter().enumerate() {
            let product = self.product(&format!("{name}.{number}"), *input, linear, None)?;
            sum = Some(match sum {
                None => product,
                Some(sum) => self.sum(&format!("{name}.sum{number}"), sum, product),
            });
        }
        Ok(self.biased(&name, sum.expect("an operand"), &affine.bias))
    }

    fn product(
        &mut self,
        name: &str,
        input: NodeId,
        linear: &Linear,
        bias: Option<&Array1<f64>>,
    ) -> Result<Value, NetworkError> {
        let input = self.values[input.index()].clone();
        match linear {
            Linear::Dense(weights) => Ok(self.gemm(name, input, weights.to_owned(), bias)),
            Linear::Convolution(convolution) => Ok(self.conv(name, input, convolution, bias)),
            Linear::Sparse(_) => {
                let rows: Vec<Vec<(usize, f64)>> =
                    (0..linear.outputs()).map(|row| linear.row(row)).collect();
                let product = match rows.iter().map(Vec::len).max() {
                    Some(longest) if longest > MOST_GATHERED => {
                        let weights = unfolded(name, &rows, linear.inputs())?;
                        self.gemm(&format!("{name}.product"), input, weights, None)
                    }
                    longest => self.gathered(name, &input, &rows, longest.unwrap_or(0).max(1)),
                };
                Ok(match bias {
                    None => product,
                    Some(bias) => self.biased(name, product, bias),
                })
            }
        }
    }

    fn gemm(
        &mut self,
        name: &str,
        input: Value,
        weights: Array2<f64>,
        bias: Option<&Array1<f64>>,
    ) -> Value {
        let input = self.flat(input);
        let shape = vec![1, weights.nrows()];
        let mut constants = vec![Constant::Float(weights.into_dyn())];
        let bias = bias.filter(|bias| is_needed(bias));
        constants.extend(bias.map(|bias| Constant::Float(bias.clone().into_dyn())));
        let attributes = [("transB", Attribute::Integer(1))];
        self.operator(name, "Gemm", &attributes, &[input], constants, shape)
    }

    fn conv(
        &mut self,
        name: &str,
        input: Value,
        convolution: &Convolution,
        bias: Option<&Array1<f64>>,
    ) -> Value {
        let (window, kernel) = (convolution.window(), convolution.kernel());
        let axes = [&window.height, &window.width];
        let channels = kernel.nrows();
        let taps = axes.map(|axis| axis.taps());
        let weights = [channels, kernel.ncols() / window.taps(), taps[0], taps[1]];
        let mut constants = vec![floats(kernel.iter().copied().collect(), &weights)];
        // One bias a channel fits into the operator.
        let of_channel = |bias: &Array1<f64>| -> Option<Array1<f64>> {
            let channels = bias.exact_chunks(window.outputs()).into_iter();
            channels.map(|c| c.iter().all(|b| *b == c[0]).then_some(c[0])).collect()
        };
        let inside = bias.and_then(of_channel);
        let outside = bias.filter(|_| inside.is_none());
        let inside = inside.filter(is_needed).map(Array1::into_dyn);
        constants.extend(inside.map(Constant::Float));
        let pixels = axes.map(|axis| axis.pixels());
        let image = [1, convolution.input_channels(), pixels[0], pixels[1]];
        let input = self.reshaped(input, &image);
        let pads = axes.map(|axis| axis.padding());
        let integers = |values: &[usize]| {
            Attribute::Integers(values.iter().map(|&value| value as i64).collect())
        };
        let attributes = [
            ("kernel_shape", integers(&taps)),
            ("strides", integers(&axes.map(|axis| axis.stride()))),
            ("dilations", integers(&axes.map(|axis| axis.dilation()))),
            ("pads", integers(&[pads[0][0], pads[1][0], pads[0][1], pads[1][1]])),
            ("group", Attribute::Integer(convolution.groups() as i64)),
        ];
        let shape = vec![1, channels, window.height.outputs(), window.width.outputs()];
        match outside {
            None => self.operator(name, "Conv", &attributes, &[input], constants, shape),
            Some(bias) => {
                let name_of_product = format!("{name}.product");
                let product = self.operator(
                    &name_of_product,
                    "Conv",
                    &attributes,
                    &[input],
                    constants,
                    shape,
                );
                self.biased(name, product, bias)
            }
        }
    }

    /// `Σₜ wₜ ⊙ x[iₜ]` over the `t`-th entries of the rows.
    fn gathered(
        &mut self,
        name: &str,
        input: &Value,
        rows: &[Vec<(usize, f64)>],
        longest: usize,
    ) -> Value {
        let input = self.flat(input.clone());
        let mut sum: Option<Value> = None;
        for entry in 0..longest {
            let entries = rows.iter().map(|row| row.get(entry).copied().unwrap_or((0, 0.0)));
            let (columns, weights): (Vec<usize>, Vec<f64>) = entries.unzip();
            let mut product = input.clone();
            if !columns.iter().copied().eq(0..input.size()) {
                let shape = vec![1, columns.len()];
                let indices = columns.into_iter().map(|column| column as i64).collect();
                let indices = Constant::Integer(shaped(indices, &shape[1..]));
                let (name, axis) = (format!("{name}.gather{entry}"), Attribute::Integer(1));
                let (axis, input) = ([("axis", axis)], [product]);
                product = self.operator(&name, "Gather", &axis, &input, vec![indices], shape);
            }
            if weights.iter().any(|&w| w != 1.0) {
                let weights = floats(weights, &product.shape);
                let name = format!("{name}.mul{entry}");
                product = self.elementwise(&name, "Mul", &product, vec![weights]);
            }
            sum = Some(match sum {
                None => product,
                Some(sum) => self.sum(&format!("{name}.add{entry}"), sum, product),
            });
        }
        sum.expect("at least one entry")
    }

    fn sum(&mut self, name: &str, a: Value, b: Value) -> Value {
        let b = self.reshaped(b, &a.shape);
        let shape = a.shape.clone();
        self.operator(name, "Add", &[], &[a, b], Vec::new(), shape)
    }

    fn biased(&mut self, name: &str, value: Value, bias: &Array1<f64>) -> Value {
        if !is_needed(bias) {
            return value;
        }
        let bias = floats(bias.to_vec(), &value.shape);
        self.elementwise(&format!("{name}.bias"), "Add", &value, vec![bias])
    }

    fn flat(&mut self, value: Value) -> Value {
        let size = value.size();
        self.reshaped(value, &[1, size])
    }

    fn reshaped(&mut self, value: Value, shape: &[usize]) -> Value {
        if value.shape == shape {
            return value;
        }
        let name = format!("{}.as{shape:?}", value.name).replace(", ", "x");
        let shape = shape.to_vec();
        if self.description.nodes.iter().any(|node| node.name == name) {
            return Value { name, shape };
        }
        let sizes: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        let target = Constant::Integer(shaped(sizes, &[shape.len()]));
        self.operator(&name, "Reshape", &[], &[value], vec![target], shape)
    }

    fn elementwise(
        &mut self,
        name: &str,
        op: &str,
        input: &Value,
        constants: Vec<Constant>,
    ) -> Value {
        self.operator(name, op, &[], slice::from_ref(input), constants, input.shape.clone())
    }

    /// Adds an operator of values and constants, in this order.
    fn operator(
        &mut self,
        name: &str,
        op: &str,
        attributes: &[(&str, Attribute)],
        inputs: &[Value],
        constants: Vec<Constant>,
        shape: Vec<usize>,
    ) -> Value {
        let mut operands: Vec<String> = inputs.iter().map(|value| value.name.clone()).collect();
        for (number, constant) in constants.into_iter().enumerate() {
            let constant_name = format!("{name}.constant{number}");
            operands.push(self.description.constant(constant_name, constant));
        }
        self.description.node(name.to_string(), op, attributes, operands);
        Value { name: name.to_string(), shape }
    }
}

/// Whether adding it changes anything.
fn is_needed(bias: &Array1<f64>) -> bool {
    bias.iter().any(|&b| b != 0.0)
}

fn floats(values: Vec<f64>, shape: &[usize]) -> Constant {
    Constant::Float(shaped(values, shape))
}

fn shaped<T>(values: Vec<T>, shape: &[usize]) -> ArrayD<T> {
    ArrayD::from_shape_vec(IxDyn(shape), values).expect("elements of a shape")
}

/// The matrix with its zeros.
fn unfolded(
    name: &str,
    rows: &[Vec<(usize, f64)>],
    columns: usize,
) -> Result<Array2<f64>, NetworkError> {
    let shape = [rows.len(), columns];
    if rows.len().saturating_mul(columns) > MOST_WEIGHTS {
        let what = format!("the sparse matrix of {name}, written with its zeros,");
        return Err(NetworkError::Size { what, shape: shape.to_vec(), most: MOST_WEIGHTS });
    }
    let mut matrix = Array2::zeros(shape);
    for (row, entries) in rows.iter().enumerate() {
        entries.iter().for_each(|&(column, weight)| matrix[(row, column)] += weight);
    }
    Ok(matrix)
}
