//! Taut's own network format (`.json`): readable, complete, made for small
//! networks and for programs that have no ONNX.
//!
//! ```json
//! {
//!   "format": "taut-network",
//!   "version": 1,
//!   "input": {"name": "x", "shape": [1, 2]},
//!   "layers": [
//!     {"name": "dense", "op": "Gemm", "attributes": {"transB": 1}, "output": "a",
//!      "operands": ["x", {"shape": [2, 2], "values": [1, -1, 0.5, 2]}, {"shape": [2], "values": [0, 1]}]},
//!     {"name": "activation", "op": "Relu", "operands": ["a"], "output": "h"}
//!   ],
//!   "output": "h",
//!   "box": {"lower": [-1, -1], "upper": [1, 1]},
//!   "input_names": ["pressure", "heat"],
//!   "output_names": ["yield", "cost"],
//!   "scaling": {"output_mean": [0.5, 0], "output_deviation": [2, 1]},
//!   "origin": "by hand",
//!   "precision": "f64"
//! }
//! ```
//!
//! `op`, `attributes` and the order of `operands` are those of ONNX. An operand
//! is the name of a value, a constant (`values`, or `integers` for shapes; in
//! row-major order), or `""` for one that is left out. From `box` on, all keys
//! are optional; `scaling` informs and is never applied.

use std::collections::{BTreeMap, HashMap, HashSet};

use ndarray::{ArrayD, IxDyn};
use serde::{Deserialize, Serialize};

use super::{FormatError, NetworkFormat};
use crate::message::{excerpt, readable};
use crate::network::{
    Attribute, Constant, LayerView, Metadata, Network, NetworkDescription, NodeDescription,
    Operand, Precision, Scaling,
};
use crate::num::IntervalBox;

const FORMAT: &str = "taut-network";
const VERSION: u32 = 1;

/// The JSON format.
#[derive(Debug)]
pub struct Json;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    input: Input,
    layers: Vec<LayerEntry>,
    output: String,
    #[serde(default, rename = "box", skip_serializing_if = "Option::is_none")]
    input_box: Option<IntervalBox>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    input_names: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    output_names: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scaling: Option<Scaling>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(default)]
    precision: Precision,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    name: String,
    shape: Vec<usize>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerEntry {
    name: String,
    op: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, AttributeEntry>,
    operands: Vec<OperandEntry>,
    output: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, whole numbers or a text")]
enum AttributeEntry {
    Integer(i64),
    Float(f64),
    Integers(Vec<i64>),
    Text(String),
}

#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected the name of a value, or a constant with shape and values (numbers) or integers"
)]
enum OperandEntry {
    Value(String),
    Numbers(Numbers),
    Integers(Integers),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    shape: Vec<usize>,
    values: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Integers {
    shape: Vec<usize>,
    integers: Vec<i64>,
}

/// What every version of the format begins with.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

impl NetworkFormat for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn begins(&self, bytes: &[u8]) -> bool {
        bytes.trim_ascii_start().starts_with(b"{")
    }

    fn read(&self, bytes: &[u8], name: &str) -> Result<Network, FormatError> {
        // A list would be taken for the fields of the object, in order.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            let found = String::from_utf8_lossy(&bytes[..bytes.len().min(20)]).into_owned();
            let expected = "an object that describes a network, {\"format\": …}";
            return Err(content("the file", format!("'{found}'"), expected));
        }
        let file: File = serde_json::from_slice(bytes).map_err(|error| {
            // Another version may have other keys: that is what to tell then.
            let head = serde_json::from_slice::<Head>(bytes).ok();
            let told = head.and_then(|head| check_version(&head.format, head.version).err());
            told.unwrap_or_else(|| FormatError::Syntax(readable(&error.to_string())))
        })?;
        check_version(&file.format, file.version)?;
        let mut taken: HashSet<String> =
            file.layers.iter().map(|layer| layer.output.clone()).collect();
        taken.insert(file.input.name.clone());
        let mut constants = HashMap::new();
        let layers = file.layers.into_iter();
        let nodes = layers
            .map(|layer| describe(layer, &taken, &mut constants))
            .collect::<Result<_, _>>()?;
        let description = NetworkDescription {
            name: file.name.unwrap_or_else(|| name.to_string()),
            input: file.input.name,
            input_shape: file.input.shape,
            output: file.output,
            nodes,
            constants,
            metadata: Metadata {
                input_box: file.input_box,
                input_names: file.input_names,
                output_names: file.output_names,
                scaling: file.scaling,
                origin: file.origin,
                precision: file.precision,
            },
        };
        Ok(description.build()?)
    }

    fn write(&self, network: &Network) -> Result<Vec<u8>, FormatError> {
        let mut names = vec![network.input_name().to_string()];
        let mut layers = Vec::new();
        for (position, layer) in network.layers().enumerate() {
            // Longer than the input's name, so never equal to it.
            let output = format!("{}.{}", network.input_name(), position + 1);
            layers.push(entry(&layer, &names, &output));
            names.push(output);
        }
        let Metadata { input_box, input_names, output_names, scaling, origin, precision } =
            network.metadata().clone();
        let file = File {
            format: FORMAT.to_string(),
            version: VERSION,
            name: Some(network.name().to_string()),
            input: Input {
                name: network.input_name().to_string(),
                shape: network.input_shape().to_vec(),
            },
            layers,
            output: names[network.output_position()].clone(),
            input_box,
            input_names,
            output_names,
            scaling,
            origin,
            precision,
        };
        let mut bytes = serde_json::to_vec(&file)
            .map_err(|error| content("the network", error.to_string(), "finite numbers"))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

fn check_version(format: &str, version: u32) -> Result<(), FormatError> {
    if format == FORMAT && version == VERSION {
        return Ok(());
    }
    let found = format!("format '{}' version {version}", excerpt(format));
    Err(content("the file", found, &format!("'{FORMAT}' version {VERSION}")))
}

fn describe(
    layer: LayerEntry,
    taken: &HashSet<String>,
    constants: &mut HashMap<String, Constant>,
) -> Result<NodeDescription, FormatError> {
    let mut operands = Vec::new();
    for (index, operand) in layer.operands.into_iter().enumerate() {
        let constant = match operand {
            OperandEntry::Value(name) => {
                operands.push(name);
                continue;
            }
            OperandEntry::Numbers(Numbers { shape, values }) => {
                shaped(shape, values, &layer.name, index).map(Constant::Float)
            }
            OperandEntry::Integers(Integers { shape, integers }) => {
                shaped(shape, integers, &layer.name, index).map(Constant::Integer)
            }
        }?;
        let mut name = format!("{}.operand{index}", layer.output);
        while taken.contains(&name) || constants.contains_key(&name) {
            name.push('\'');
        }
        constants.insert(name.clone(), constant);
        operands.push(name);
    }
    let attributes = layer.attributes.into_iter().map(|(name, value)| {
        let value = match value {
            AttributeEntry::Integer(value) => Attribute::Integer(value),
            AttributeEntry::Float(value) => Attribute::Float(value),
            AttributeEntry::Integers(values) => Attribute::Integers(values),
            AttributeEntry::Text(text) => Attribute::Text(text),
        };
        (name, value)
    });
    let attributes = attributes.collect();
    let LayerEntry { name, op, output, .. } = layer;
    Ok(NodeDescription { name, op, attributes, operands, output })
}

fn shaped<T>(
    shape: Vec<usize>,
    values: Vec<T>,
    layer: &str,
    index: usize,
) -> Result<ArrayD<T>, FormatError> {
    let found = format!("{} values for shape {}", values.len(), excerpt(&format!("{shape:?}")));
    ArrayD::from_shape_vec(IxDyn(&shape), values).map_err(|_| {
        let place = format!("operand {index} of layer '{}'", excerpt(layer));
        content(&place, found, "as many values as the shape has elements")
    })
}

fn entry(layer: &LayerView, names: &[String], output: &str) -> LayerEntry {
    let operator = layer.layer.operator();
    let mut data = layer.inputs.iter();
    let operands = operator.operands.into_iter().map(|operand| match operand {
        Operand::Absent => OperandEntry::Value(String::new()),
        Operand::Data => {
            OperandEntry::Value(names[*data.next().expect("one input a data operand")].clone())
        }
        Operand::Constant(Constant::Float(values)) => OperandEntry::Numbers(Numbers {
            shape: values.shape().to_vec(),
            values: values.into_iter().collect(),
        }),
        Operand::Constant(Constant::Integer(values)) => OperandEntry::Integers(Integers {
            shape: values.shape().to_vec(),
            integers: values.into_iter().collect(),
        }),
    });
    let operands = operands.collect();
    let attributes = operator.attributes.into_iter().map(|(name, value)| {
        let value = match value {
            Attribute::Integer(value) => AttributeEntry::Integer(value),
            Attribute::Float(value) => AttributeEntry::Float(value),
            Attribute::Integers(values) => AttributeEntry::Integers(values),
            Attribute::Text(text) => AttributeEntry::Text(text),
        };
        (name, value)
    });
    LayerEntry {
        name: layer.name.to_string(),
        op: operator.op,
        attributes: attributes.collect(),
        operands,
        output: output.to_string(),
    }
}

fn content(place: &str, found: String, expected: &str) -> FormatError {
    FormatError::Content { place: place.to_string(), found, expected: expected.to_string() }
}
