//! From the bytes of an ONNX file to a network.

use std::collections::{HashMap, HashSet};

use prost::Message;
use serde::de::DeserializeOwned;

use super::schema::{
    AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto, attribute_type, data_type,
};
use super::{INPUT_BOX, INPUT_NAMES, ORIGIN, OUTPUT_NAMES, SCALING, tensor};
use crate::io::FormatError;
use crate::message::{excerpt, readable};
use crate::network::{
    Attribute, Attributes, Constant, Metadata, Network, NetworkDescription, NetworkError,
    NodeDescription, Precision,
};

pub fn read(bytes: &[u8], name: &str) -> Result<Network, FormatError> {
    if bytes.is_empty() {
        return Err(content("the file", "nothing", "an ONNX model"));
    }
    let model = ModelProto::decode(bytes).map_err(|error| {
        content(
            "the file",
            format!("{} bytes that are not a protocol buffer ({error})", bytes.len()),
            "an ONNX model",
        )
    })?;
    let graph = model.graph.ok_or_else(|| content("the file", "no graph", "an ONNX model"))?;
    let properties = model.metadata_props.into_iter();
    let properties: HashMap<String, String> = properties
        .map(|entry| (entry.key.unwrap_or_default(), entry.value.unwrap_or_default()))
        .collect();
    let mut description = describe(graph, name)?;
    description.metadata = Metadata {
        input_box: property(&properties, INPUT_BOX)?,
        input_names: property(&properties, INPUT_NAMES)?.unwrap_or_default(),
        output_names: property(&properties, OUTPUT_NAMES)?.unwrap_or_default(),
        scaling: property(&properties, SCALING)?,
        origin: properties.get(ORIGIN).cloned(),
        precision: description.metadata.precision,
    };
    Ok(description.build_for_one_row()?)
}

fn describe(graph: GraphProto, name: &str) -> Result<NetworkDescription, FormatError> {
    if !graph.sparse_initializer.is_empty() {
        return Err(content("the graph", "sparse initialisers", "dense ones"));
    }
    let mut constants = HashMap::new();
    for initializer in &graph.initializer {
        let name = initializer.name.clone().unwrap_or_default();
        let constant = tensor::read(initializer, &name)?;
        if constants.insert(name.clone(), constant).is_some() {
            return Err(content(&place_of_constant(&name), "two of that name", "one"));
        }
    }
    let initialized: HashSet<String> = constants.keys().cloned().collect();
    let mut nodes = Vec::new();
    let needed = needed(&graph.node, &graph.output)?;
    for (position, node) in graph.node.into_iter().enumerate().filter(|(i, _)| needed[*i]) {
        let node = NodeProto { name: Some(node_name(&node, position)), ..node };
        if node.op_type.as_deref() == Some("Constant") {
            let (name, constant) = constant_node(&node)?;
            if constants.insert(name.clone(), constant).is_some() {
                return Err(content(&place_of_constant(&name), "two of that name", "one"));
            }
        } else {
            nodes.push(describe_node(node)?);
        }
    }
    // Old files list initialisers among the inputs too.
    let is_data =
        |info: &&ValueInfoProto| !initialized.contains(info.name.as_deref().unwrap_or_default());
    let inputs: Vec<&ValueInfoProto> = graph.input.iter().filter(is_data).collect();
    let outputs: Vec<&ValueInfoProto> = graph.output.iter().collect();
    let (input, output) = (single(&inputs, "input")?, single(&outputs, "output")?);
    let (input_shape, precision) = shape_and_precision(input)?;
    Ok(NetworkDescription {
        name: name.to_string(),
        input: input.name.clone().unwrap_or_default(),
        input_shape,
        output: output.name.clone().unwrap_or_default(),
        nodes,
        constants,
        metadata: Metadata { precision, ..Metadata::default() },
    })
}

/// Which nodes the outputs need; the rest may be of any kind.
fn needed(nodes: &[NodeProto], outputs: &[ValueInfoProto]) -> Result<Vec<bool>, FormatError> {
    let mut producers: HashMap<&str, usize> = HashMap::new();
    for (position, node) in nodes.iter().enumerate() {
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            if producers.insert(name, position).is_some() {
                return Err(NetworkError::DuplicateValue { value: name.clone() }.into());
            }
        }
    }
    let mut needed = vec![false; nodes.len()];
    let mut open: Vec<&str> = outputs.iter().filter_map(|info| info.name.as_deref()).collect();
    while let Some(name) = open.pop() {
        if let Some(&position) = producers.get(name)
            && !std::mem::replace(&mut needed[position], true)
        {
            open.extend(nodes[position].input.iter().map(String::as_str));
        }
    }
    Ok(needed)
}

fn single<'a>(
    values: &[&'a ValueInfoProto],
    side: &str,
) -> Result<&'a ValueInfoProto, FormatError> {
    match values {
        [value] => Ok(value),
        others => {
            let names = others.iter().map(|v| v.name.clone().unwrap_or_default());
            let names: Vec<String> = names.collect();
            let found = match others.len() {
                0 => format!("no {side}"),
                count => format!("{count} {side}s ({})", excerpt(&names.join(", "))),
            };
            Err(content("the graph", found, &format!("one {side}")))
        }
    }
}

/// The shape of the input, a symbolic batch as 1, and the type of its numbers.
fn shape_and_precision(input: &ValueInfoProto) -> Result<(Vec<usize>, Precision), FormatError> {
    let place = format!("input '{}'", excerpt(input.name.as_deref().unwrap_or_default()));
    let tensor = input.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let tensor = tensor.ok_or_else(|| content(&place, "no tensor type", "a tensor"))?;
    let precision = match tensor.elem_type {
        Some(data_type::FLOAT) => Precision::F32,
        Some(data_type::DOUBLE) => Precision::F64,
        other => {
            let found = format!("elements of type {}", data_type::name(other.unwrap_or(0)));
            return Err(content(&place, found, "float or double"));
        }
    };
    let shape = tensor.shape.as_ref();
    let shape = shape.ok_or_else(|| content(&place, "no shape", "a shape"))?;
    let dimension = |(axis, d): (usize, &super::schema::DimensionProto)| match d.dim_value {
        Some(value) if value > 0 => usize::try_from(value)
            .map_err(|_| content(&place, format!("dimension {value}"), "a smaller one")),
        // Exporters write the free batch as a symbol, 0, −1 or nothing.
        _ if axis == 0 && shape.dim.len() > 1 => Ok(1),
        other => {
            let symbol = d.dim_param.clone().unwrap_or_default();
            let found = match other {
                Some(value) => format!("dimension {axis} is {value}"),
                None if symbol.is_empty() => format!("dimension {axis} is not given"),
                None => format!("dimension {axis} is the symbol '{}'", excerpt(&symbol)),
            };
            Err(content(&place, found, "a positive number (only the batch may be symbolic)"))
        }
    };
    let shape = shape.dim.iter().enumerate().map(dimension).collect::<Result<_, _>>()?;
    Ok((shape, precision))
}

/// The node's own name, or its position where it has none.
fn node_name(node: &NodeProto, position: usize) -> String {
    match node.name.as_deref() {
        None | Some("") => format!("#{position}"),
        Some(name) => name.to_string(),
    }
}

fn describe_node(node: NodeProto) -> Result<NodeDescription, FormatError> {
    let name = node.name.unwrap_or_default();
    let place = format!("node '{}'", excerpt(&name));
    let op = node.op_type.unwrap_or_default();
    if let Some(domain) = node.domain.filter(|domain| !matches!(domain.as_str(), "" | "ai.onnx")) {
        let found = format!("operator '{}' of the domain '{}'", excerpt(&op), excerpt(&domain));
        return Err(content(&place, found, "an operator of the ONNX standard"));
    }
    let attributes: Attributes = node
        .attribute
        .iter()
        .map(|attribute| read_attribute(attribute, &place))
        .collect::<Result<_, _>>()?;
    // An optional further output, such as the mask of Dropout, may be unnamed.
    let outputs: Vec<String> = node.output.into_iter().filter(|name| !name.is_empty()).collect();
    match <[String; 1]>::try_from(outputs) {
        Ok([output]) => Ok(NodeDescription { name, op, attributes, operands: node.input, output }),
        Err(outputs) => Err(content(&place, format!("{} outputs", outputs.len()), "one")),
    }
}

fn read_attribute(
    attribute: &AttributeProto,
    place: &str,
) -> Result<(String, Attribute), FormatError> {
    let name = attribute.name.clone().unwrap_or_default();
    let kind = attribute.r#type.unwrap_or_else(|| guessed_type(attribute));
    let value = match kind {
        // A field with the default value 0 may be left out of the file.
        attribute_type::FLOAT => Attribute::Float(attribute.f.unwrap_or(0.0).into()),
        attribute_type::INT => Attribute::Integer(attribute.i.unwrap_or(0)),
        attribute_type::INTS => Attribute::Integers(attribute.ints.clone()),
        attribute_type::STRING => {
            let bytes = attribute.s.as_deref().unwrap_or_default();
            Attribute::Text(String::from_utf8_lossy(bytes).into_owned())
        }
        other => {
            let found = format!("attribute '{}' of type {other}", excerpt(&name));
            return Err(content(place, found, "a number, whole numbers or a text"));
        }
    };
    Ok((name, value))
}

/// The type of an attribute in files so old that they do not say it.
fn guessed_type(attribute: &AttributeProto) -> i32 {
    match attribute {
        AttributeProto { f: Some(_), .. } => attribute_type::FLOAT,
        AttributeProto { i: Some(_), .. } => attribute_type::INT,
        AttributeProto { s: Some(_), .. } => attribute_type::STRING,
        AttributeProto { t: Some(_), .. } => attribute_type::TENSOR,
        AttributeProto { floats, .. } if !floats.is_empty() => attribute_type::FLOATS,
        _ => attribute_type::INTS,
    }
}

/// The value of a `Constant` node.
fn constant_node(node: &NodeProto) -> Result<(String, Constant), FormatError> {
    let name = node.name.as_deref().unwrap_or_default();
    let place = format!("node '{}' (Constant)", excerpt(name));
    let output = node.output.first().cloned().unwrap_or_default();
    let [attribute] = node.attribute.as_slice() else {
        return Err(content(&place, format!("{} attributes", node.attribute.len()), "one"));
    };
    let list = |values: Vec<f64>| Constant::Float(ndarray::Array1::from(values).into_dyn());
    let whole = |values: Vec<i64>| Constant::Integer(ndarray::Array1::from(values).into_dyn());
    let constant = match (attribute.name.as_deref().unwrap_or_default(), &attribute.t) {
        ("value", Some(value)) => tensor::read(value, &output)?,
        ("value_float", _) => {
            let value = f64::from(attribute.f.unwrap_or(0.0));
            Constant::Float(ndarray::arr0(value).into_dyn())
        }
        ("value_int", _) => Constant::Integer(ndarray::arr0(attribute.i.unwrap_or(0)).into_dyn()),
        ("value_floats", _) => list(attribute.floats.iter().map(|&v| v.into()).collect()),
        ("value_ints", _) => whole(attribute.ints.clone()),
        (other, _) => {
            let found = format!("attribute '{}'", excerpt(other));
            let expected = "value, value_float, value_floats, value_int or value_ints";
            return Err(content(&place, found, expected));
        }
    };
    Ok((output, constant))
}

fn property<T: DeserializeOwned>(
    properties: &HashMap<String, String>,
    key: &str,
) -> Result<Option<T>, FormatError> {
    let Some(text) = properties.get(key) else { return Ok(None) };
    serde_json::from_str(text).map(Some).map_err(|error| {
        let place = format!("metadata '{key}'");
        let error = readable(&error.to_string());
        content(&place, format!("'{}' ({error})", excerpt(text)), expected_property(key))
    })
}

fn expected_property(key: &str) -> &'static str {
    match key {
        INPUT_BOX => r#"{"lower": [numbers], "upper": [numbers]}"#,
        SCALING => r#"{"input_mean": [numbers], "input_deviation": [numbers], …}"#,
        _ => r#"["name", …]"#,
    }
}

fn place_of_constant(name: &str) -> String {
    format!("constant '{}'", excerpt(name))
}

fn content(place: &str, found: impl Into<String>, expected: &str) -> FormatError {
    FormatError::Content {
        place: place.to_string(),
        found: found.into(),
        expected: expected.to_string(),
    }
}
