//! A hand-written encoder of ONNX files, so that tests control every byte.
//!
//! It shares nothing with the reader under test. Field numbers are those of
//! <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>, the encoding that of
//! <https://protobuf.dev/programming-guides/encoding>.

/// Numbers of `TensorProto.DataType`.
pub const FLOAT: i64 = 1;
/// See [`FLOAT`].
pub const INT32: i64 = 6;
/// See [`FLOAT`].
pub const INT64: i64 = 7;
/// See [`FLOAT`].
pub const FLOAT16: i64 = 10;
/// See [`FLOAT`].
pub const DOUBLE: i64 = 11;
/// See [`FLOAT`].
pub const COMPLEX64: i64 = 14;

/// The fields of a protocol buffer, in the order in which they are added.
#[derive(Clone, Debug, Default)]
pub struct Message(Vec<u8>);

impl Message {
    /// A whole number (wire type 0).
    pub fn integer(mut self, field: u64, value: i64) -> Self {
        self.varint(field << 3);
        // Negative numbers take ten bytes of two's complement.
        self.varint(value.cast_unsigned());
        self
    }

    /// A number of single precision (wire type 5).
    pub fn float(mut self, field: u64, value: f32) -> Self {
        self.varint(field << 3 | 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Bytes or a text (wire type 2).
    pub fn bytes(mut self, field: u64, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self = self.length(field, bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    /// A message in this one.
    pub fn message(self, field: u64, message: Message) -> Self {
        self.bytes(field, message.0)
    }

    /// A list of whole numbers, packed into one field.
    pub fn packed(self, field: u64, values: &[i64]) -> Self {
        let mut list = Message::default();
        values.iter().for_each(|value| list.varint(value.cast_unsigned()));
        self.message(field, list)
    }

    /// Only the head of a field of bytes: the length that it claims.
    pub fn length(mut self, field: u64, length: u64) -> Self {
        self.varint(field << 3 | 2);
        self.varint(length);
        self
    }

    /// The bytes.
    pub fn encode(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// Little-endian bytes of numbers, for raw data.
pub fn raw<const N: usize, T: Copy>(values: &[T], bytes: fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&value| bytes(value)).collect()
}

/// A tensor (`TensorProto`) without data.
pub fn tensor(name: &str, data_type: i64, dims: &[i64]) -> Message {
    let tensor = dims.iter().fold(Message::default(), |tensor, &d| tensor.integer(1, d));
    tensor.integer(2, data_type).bytes(8, name)
}

/// A tensor of single precision as raw data.
pub fn floats(name: &str, dims: &[i64], values: &[f32]) -> Message {
    tensor(name, FLOAT, dims).bytes(9, raw(values, f32::to_le_bytes))
}

/// A tensor of single precision in `float_data`.
pub fn typed_floats(name: &str, dims: &[i64], values: &[f32]) -> Message {
    tensor(name, FLOAT, dims).bytes(4, raw(values, f32::to_le_bytes))
}

/// A tensor of double precision as raw data.
pub fn doubles(name: &str, dims: &[i64], values: &[f64]) -> Message {
    tensor(name, DOUBLE, dims).bytes(9, raw(values, f64::to_le_bytes))
}

/// A tensor of double precision in `double_data`.
pub fn typed_doubles(name: &str, dims: &[i64], values: &[f64]) -> Message {
    tensor(name, DOUBLE, dims).bytes(10, raw(values, f64::to_le_bytes))
}

/// A list of `int64` as raw data.
pub fn int64s(name: &str, values: &[i64]) -> Message {
    tensor(name, INT64, &[values.len() as i64]).bytes(9, raw(values, i64::to_le_bytes))
}

/// A list of `int64` in `int64_data`.
pub fn typed_int64s(name: &str, values: &[i64]) -> Message {
    tensor(name, INT64, &[values.len() as i64]).packed(7, values)
}

/// A list of `int32` as raw data.
pub fn int32s(name: &str, values: &[i32]) -> Message {
    tensor(name, INT32, &[values.len() as i64]).bytes(9, raw(values, i32::to_le_bytes))
}

/// A list of `int32` in `int32_data`.
pub fn typed_int32s(name: &str, values: &[i32]) -> Message {
    let wide: Vec<i64> = values.iter().map(|&value| value.into()).collect();
    tensor(name, INT32, &[values.len() as i64]).packed(5, &wide)
}

/// A node (`NodeProto`); an empty name is left out of the file.
#[derive(Clone, Debug)]
pub struct Node {
    name: String,
    message: Message,
}

impl Node {
    /// An operator with its operands, the value it computes and its name.
    pub fn new(op: &str, operands: &[&str], output: &str, name: &str) -> Self {
        let message = operands.iter().fold(Message::default(), |node, name| node.bytes(1, name));
        let message = message.bytes(2, output).bytes(4, op);
        let message = if name.is_empty() { message } else { message.bytes(3, name) };
        Self { name: name.to_string(), message }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One more output.
    pub fn and_output(self, name: &str) -> Self {
        self.with(|node| node.bytes(2, name))
    }

    /// The domain of the operator.
    pub fn domain(self, domain: &str) -> Self {
        self.with(|node| node.bytes(7, domain))
    }

    /// An attribute that is a number.
    pub fn float(self, name: &str, value: f32) -> Self {
        self.attribute(name, 1, |attribute| attribute.float(2, value))
    }

    /// An attribute that is a whole number.
    pub fn integer(self, name: &str, value: i64) -> Self {
        self.attribute(name, 2, |attribute| attribute.integer(3, value))
    }

    /// An attribute that is a whole number and does not say so, as in old files.
    pub fn untyped_integer(self, name: &str, value: i64) -> Self {
        self.with(|node| node.message(5, Message::default().bytes(1, name).integer(3, value)))
    }

    /// An attribute that is a text.
    pub fn text(self, name: &str, value: &str) -> Self {
        self.attribute(name, 3, |attribute| attribute.bytes(4, value))
    }

    /// An attribute that is a tensor.
    pub fn tensor(self, name: &str, value: Message) -> Self {
        self.attribute(name, 4, |attribute| attribute.message(5, value))
    }

    /// An attribute that is a list of numbers.
    pub fn floats(self, name: &str, values: &[f32]) -> Self {
        self.attribute(name, 6, |attribute| {
            values.iter().fold(attribute, |attribute, &value| attribute.float(7, value))
        })
    }

    /// An attribute that is a list of whole numbers.
    pub fn integers(self, name: &str, values: &[i64]) -> Self {
        self.attribute(name, 7, |attribute| attribute.packed(8, values))
    }

    fn attribute(self, name: &str, kind: i64, value: impl FnOnce(Message) -> Message) -> Self {
        let attribute = value(Message::default().bytes(1, name)).integer(20, kind);
        self.with(|node| node.message(5, attribute))
    }

    fn with(self, add: impl FnOnce(Message) -> Message) -> Self {
        Self { message: add(self.message), ..self }
    }
}

/// A dimension of a tensor in its description.
#[derive(Clone, Copy, Debug)]
pub enum Dimension {
    /// A number.
    Number(i64),
    /// A symbol such as `batch`.
    Symbol(&'static str),
    /// Nothing at all.
    Missing,
}

/// The description of an input or output (`ValueInfoProto`).
pub fn value_info(name: &str, data_type: i64, shape: &[Dimension]) -> Message {
    let shape = shape.iter().fold(Message::default(), |shape, dimension| {
        let empty = Message::default();
        shape.message(
            1,
            match dimension {
                Dimension::Number(value) => empty.integer(1, *value),
                Dimension::Symbol(symbol) => empty.bytes(2, symbol),
                Dimension::Missing => empty,
            },
        )
    });
    let tensor_type = Message::default().integer(1, data_type).message(2, shape);
    Message::default().bytes(1, name).message(2, Message::default().message(1, tensor_type))
}

/// An ONNX file (`ModelProto` with its `GraphProto`).
#[derive(Clone, Debug)]
pub struct Model {
    graph: Message,
    model: Message,
}

impl Default for Model {
    /// A file of operator set 13 without inputs, nodes and outputs.
    fn default() -> Self {
        Self::of_operator_set(13)
    }
}

impl Model {
    /// A file without inputs, nodes and outputs.
    pub fn of_operator_set(version: i64) -> Self {
        let operator_set = Message::default().bytes(1, "").integer(2, version);
        let model = Message::default().integer(1, 7).message(8, operator_set);
        Self { graph: Message::default().bytes(2, "graph"), model }
    }

    /// A file with the input `x` and the output `y`, both of single precision.
    pub fn from_x_to_y(shape: &[i64]) -> Self {
        Self::default().input("x", FLOAT, shape).output("y", FLOAT)
    }

    /// One more input of fixed shape.
    pub fn input(self, name: &str, data_type: i64, shape: &[i64]) -> Self {
        let shape: Vec<_> = shape.iter().map(|&d| Dimension::Number(d)).collect();
        self.described_input(value_info(name, data_type, &shape))
    }

    /// One more input.
    pub fn described_input(mut self, info: Message) -> Self {
        self.graph = self.graph.message(11, info);
        self
    }

    /// One more output; its shape is left to the reader.
    pub fn output(mut self, name: &str, data_type: i64) -> Self {
        let tensor_type = Message::default().integer(1, data_type);
        let info = Message::default().bytes(1, name);
        let info = info.message(2, Message::default().message(1, tensor_type));
        self.graph = self.graph.message(12, info);
        self
    }

    /// One more node without a name.
    pub fn node(self, op: &str, operands: &[&str], output: &str) -> Self {
        self.with(Node::new(op, operands, output, ""))
    }

    /// One more node.
    pub fn with(mut self, node: Node) -> Self {
        self.graph = self.graph.message(1, node.message);
        self
    }

    /// One more initialiser.
    pub fn constant(mut self, tensor: Message) -> Self {
        self.graph = self.graph.message(5, tensor);
        self
    }

    /// One more entry of the metadata.
    pub fn metadata(mut self, key: &str, value: &str) -> Self {
        self.model = self.model.message(14, Message::default().bytes(1, key).bytes(2, value));
        self
    }

    /// A function of the domain `own` from `t` to `u`, of one node in an operator set.
    pub fn function(mut self, name: &str, version: i64, body: Node) -> Self {
        let operator_set = Message::default().bytes(1, "").integer(2, version);
        let function = Message::default().bytes(1, name).bytes(4, "t").bytes(5, "u");
        let function = function.message(7, body.message).message(9, operator_set).bytes(10, "own");
        self.model = self.model.message(25, function);
        self
    }

    /// Any field of the graph.
    pub fn graph_field(mut self, field: u64, message: Message) -> Self {
        self.graph = self.graph.message(field, message);
        self
    }

    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        self.model.clone().message(7, self.graph.clone()).0
    }
}

/// `y = x t` with the 2 × 3 numbers `t` in another file; entries of the list that says where.
pub fn external(entries: &[(&str, &str)]) -> Model {
    let entry = |weights: Message, (key, value): &(&str, &str)| {
        weights.message(13, Message::default().bytes(1, key).bytes(2, value))
    };
    let weights = entries.iter().fold(tensor("t", FLOAT, &[2, 3]), entry).integer(14, 1);
    Model::from_x_to_y(&[1, 2]).constant(weights).with(Node::new(
        "MatMul",
        &["x", "t"],
        "y",
        "product",
    ))
}
