//! From a network to the bytes of an ONNX file.

use ndarray::{ArrayD, IxDyn};
use prost::Message;
use serde::Serialize;

use super::schema::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto,
    ValueInfoProto, attribute_type, data_type,
};
use super::{INPUT_BOX, INPUT_NAMES, ORIGIN, OUTPUT_NAMES, SCALING, tensor};
use crate::io::FormatError;
use crate::message::excerpt;
use crate::network::{Attribute, Constant, LayerView, Network, Operand, Precision};

/// Operator set and file version written: old enough for every reader in use,
/// new enough for `Clip` with operands and `Reshape` with `allowzero`.
const VERSIONS: (i64, i64) = (14, 7);

/// Versions for what only newer readers know: `AveragePool` with `dilations`.
const NEWER_VERSIONS: (i64, i64) = (19, 9);

pub fn write(network: &Network) -> Result<Vec<u8>, FormatError> {
    let precision = precision(network);
    let mut writer = Writer { precision, nodes: Vec::new(), initializers: Vec::new() };
    let layers: Vec<LayerView> = network.layers().collect();
    let mut names = vec![network.input_name().to_string()];
    for (position, layer) in layers.iter().enumerate() {
        // Longer than the input's name, so never equal to it.
        let output = format!("{}.{}", network.input_name(), position + 1);
        writer.add(layer, &names, &output)?;
        names.push(output);
    }
    let value = |name: &str, shape: &[usize]| ValueInfoProto {
        name: Some(name.to_string()),
        r#type: Some(tensor_type(shape, precision)),
    };
    let graph = GraphProto {
        name: Some(network.name().to_string()),
        node: writer.nodes,
        initializer: writer.initializers,
        input: vec![value(network.input_name(), network.input_shape())],
        output: vec![value(&names[network.output_position()], network.output_shape())],
        sparse_initializer: Vec::new(),
    };
    let (operator_set, file_version) = versions(network);
    let model = ModelProto {
        ir_version: Some(file_version),
        producer_name: Some("taut".to_string()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_string()),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: None, version: Some(operator_set) }],
        metadata_props: properties(network),
        functions: Vec::new(),
    };
    Ok(model.encode_to_vec())
}

/// Single precision if that is what was read and it still holds every number.
fn precision(network: &Network) -> Precision {
    let fits = |value: &f64| f64::from(*value as f32) == *value || value.is_infinite();
    let layer_fits = |view: LayerView| {
        let operator = view.layer.operator();
        operator.operands.iter().all(|operand| match operand {
            Operand::Constant(Constant::Float(values)) => values.iter().all(fits),
            _ => true,
        })
    };
    match network.metadata().precision {
        Precision::F32 if network.layers().all(layer_fits) => Precision::F32,
        _ => Precision::F64,
    }
}

fn versions(network: &Network) -> (i64, i64) {
    let newer = |view: LayerView| {
        let operator = view.layer.operator();
        operator.op == "AveragePool" && operator.attributes.contains_key("dilations")
    };
    if network.layers().any(newer) { NEWER_VERSIONS } else { VERSIONS }
}

struct Writer {
    precision: Precision,
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
}

impl Writer {
    fn add(
        &mut self,
        layer: &LayerView,
        names: &[String],
        output: &str,
    ) -> Result<(), FormatError> {
        let operator = layer.layer.operator();
        let mut data = layer.inputs.iter();
        let mut input = Vec::new();
        for (index, operand) in operator.operands.iter().enumerate() {
            input.push(match operand {
                Operand::Absent => String::new(),
                Operand::Data => names[*data.next().expect("one input a data operand")].clone(),
                Operand::Constant(constant) => {
                    let name = format!("{output}.operand{index}");
                    self.initializers.push(tensor::write(constant, name.clone(), self.precision));
                    name
                }
            });
        }
        while input.last().is_some_and(String::is_empty) {
            input.pop();
        }
        let attributes = operator.attributes.iter();
        let attribute = attributes
            .map(|(name, value)| write_attribute(layer.name, name, value))
            .collect::<Result<_, _>>()?;
        self.nodes.push(NodeProto {
            input,
            output: vec![output.to_string()],
            name: Some(layer.name.to_string()),
            op_type: Some(operator.op.clone()),
            attribute,
            domain: None,
            overload: None,
        });
        Ok(())
    }
}

fn write_attribute(
    node: &str,
    name: &str,
    value: &Attribute,
) -> Result<AttributeProto, FormatError> {
    let attribute = AttributeProto { name: Some(name.to_string()), ..AttributeProto::default() };
    Ok(match value {
        // ONNX has no attribute of double precision.
        Attribute::Float(f) if f64::from(*f as f32) != *f => {
            return Err(FormatError::Content {
                place: format!("node '{}'", excerpt(node)),
                found: format!("attribute '{}' = {f}", excerpt(name)),
                expected: format!("a number of single precision, such as {}", f64::from(*f as f32)),
            });
        }
        Attribute::Float(f) => {
            AttributeProto { f: Some(*f as f32), r#type: Some(attribute_type::FLOAT), ..attribute }
        }
        Attribute::Integer(i) => {
            AttributeProto { i: Some(*i), r#type: Some(attribute_type::INT), ..attribute }
        }
        Attribute::Integers(ints) => {
            AttributeProto { ints: ints.clone(), r#type: Some(attribute_type::INTS), ..attribute }
        }
        Attribute::Text(text) => AttributeProto {
            s: Some(text.clone().into_bytes()),
            r#type: Some(attribute_type::STRING),
            ..attribute
        },
    })
}

/// The bytes of a tensor by itself, its elements in row-major order.
pub fn tensor_bytes(name: &str, shape: &[usize], values: &[f64], precision: Precision) -> Vec<u8> {
    let values = ArrayD::from_shape_vec(IxDyn(shape), values.to_vec()).expect("all elements");
    tensor::write(&Constant::Float(values), name.to_string(), precision).encode_to_vec()
}

fn tensor_type(shape: &[usize], precision: Precision) -> TypeProto {
    let elem_type = match precision {
        Precision::F32 => data_type::FLOAT,
        Precision::F64 => data_type::DOUBLE,
    };
    let dimension = |&d: &usize| DimensionProto { dim_value: Some(d as i64), dim_param: None };
    let shape = TensorShapeProto { dim: shape.iter().map(dimension).collect() };
    TypeProto {
        tensor_type: Some(TensorTypeProto { elem_type: Some(elem_type), shape: Some(shape) }),
    }
}

fn properties(network: &Network) -> Vec<StringStringEntryProto> {
    let metadata = network.metadata();
    let names = |names: &[String]| (!names.is_empty()).then(|| json(&names));
    let entries = [
        (INPUT_BOX, metadata.input_box.as_ref().map(json)),
        (INPUT_NAMES, names(&metadata.input_names)),
        (OUTPUT_NAMES, names(&metadata.output_names)),
        (SCALING, metadata.scaling.as_ref().map(json)),
        (ORIGIN, metadata.origin.clone()),
    ];
    let present = entries.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let entry = |(key, value): (&str, String)| StringStringEntryProto {
        key: Some(key.to_string()),
        value: Some(value),
    };
    present.map(entry).collect()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("lists of numbers and texts have a JSON form")
}
