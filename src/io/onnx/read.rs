//! From the bytes of an ONNX file to a network.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use prost::Message;
use serde::de::DeserializeOwned;

use super::functions;
use super::graph::{Built, Failure, Graph, node_name};
use super::operators::{DOMAINS, domain_of};
use super::order::order;
use super::ports::{self, Port};
use super::schema::{
    AttributeProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto,
    attribute_type,
};
use super::{INPUT_BOX, INPUT_NAMES, ORIGIN, OUTPUT_NAMES, SCALING, content};
use crate::io::{Beside, FormatError, ReadOptions};
use crate::message::{excerpt, readable};
use crate::network::{Batch, Metadata, Network, NetworkError};

/// The network of a file.
pub fn read(
    bytes: &[u8],
    name: &str,
    beside: &Beside,
    options: &ReadOptions,
) -> Result<Network, FormatError> {
    network(decoded(bytes)?, name, beside, options)
}

/// The same; the bytes are gone before memory is taken for the network.
pub fn read_owned(
    bytes: Vec<u8>,
    name: &str,
    beside: &Beside,
    options: &ReadOptions,
) -> Result<Network, FormatError> {
    let model = decoded(&bytes)?;
    drop(bytes);
    network(model, name, beside, options)
}

/// The messages of a file.
fn decoded(bytes: &[u8]) -> Result<ModelProto, FormatError> {
    if bytes.is_empty() {
        return Err(content("the file", "nothing", "an ONNX model"));
    }
    ModelProto::decode(bytes).map_err(|error| {
        content(
            "the file",
            format!("{} bytes that are not a protocol buffer ({error})", bytes.len()),
            "an ONNX model",
        )
    })
}

fn network(
    model: ModelProto,
    name: &str,
    beside: &Beside,
    options: &ReadOptions,
) -> Result<Network, FormatError> {
    let mut versions = versions(&model)?;
    let graph = model.graph.ok_or_else(|| content("the file", "no graph", "an ONNX model"))?;
    let node = functions::written_out(graph.node, &model.functions, &mut versions)?;
    let graph = GraphProto { node, ..graph };
    let properties = model.metadata_props.into_iter();
    let properties: HashMap<String, String> = properties
        .map(|entry| (entry.key.unwrap_or_default(), entry.value.unwrap_or_default()))
        .collect();
    let metadata = Metadata {
        input_box: property(&properties, INPUT_BOX)?,
        input_names: property(&properties, INPUT_NAMES)?.unwrap_or_default(),
        output_names: property(&properties, OUTPUT_NAMES)?.unwrap_or_default(),
        scaling: property(&properties, SCALING)?,
        origin: properties.get(ORIGIN).cloned(),
        ..Metadata::default()
    };
    build(graph, name, &versions, metadata, (beside, options))
}

/// The version of the operator set of each domain; none newer than those that are known.
fn versions(model: &ModelProto) -> Result<HashMap<String, i64>, FormatError> {
    let mut versions = HashMap::new();
    for set in &model.opset_import {
        let domain = domain_of(set.domain.as_deref());
        let version = set.version.unwrap_or(0);
        let newest = DOMAINS.iter().find(|(known, _)| *known == domain);
        if let Some((_, newest)) = newest.filter(|(_, newest)| version > *newest || version < 1) {
            let name = if domain.is_empty() { "standard" } else { domain };
            let found = format!("version {version} of the {name} operator set");
            let expected = format!("1 to {newest}: export for an older one (opset_version)");
            return Err(content("the file", found, &expected));
        }
        versions.insert(domain.to_string(), version);
    }
    Ok(versions)
}

fn build(
    mut graph: GraphProto,
    name: &str,
    versions: &HashMap<String, i64>,
    mut metadata: Metadata,
    (beside, options): (&Beside, &ReadOptions),
) -> Result<Network, FormatError> {
    // Behind the others, whose positions are names.
    graph.node.extend(std::mem::take(&mut graph.sparse_initializer).into_iter().map(constant));
    let mut initializers: HashMap<String, TensorProto> = HashMap::new();
    for mut initializer in std::mem::take(&mut graph.initializer) {
        let name = initializer.name.take().unwrap_or_default();
        if initializers.contains_key(&name) {
            let place = format!("constant '{}'", excerpt(&name));
            return Err(content(&place, "two of that name", "one"));
        }
        initializers.insert(name, initializer);
    }
    // Old files list initialisers among the inputs too.
    let is_data = |name: &str| !initializers.contains_key(name);
    let inputs = graph.input.iter().filter(|i| is_data(i.name.as_deref().unwrap_or_default()));
    let inputs = inputs.map(Port::read).collect::<Result<Vec<Port>, _>>()?;
    let outputs = graph.output.iter().map(|info| info.name.clone().unwrap_or_default());
    let mut outputs: Vec<String> = outputs.collect();
    let Some(first) = inputs.first() else {
        return Err(content("the graph", "no input", "at least one input"));
    };
    if outputs.is_empty() {
        return Err(content("the graph", "no output", "at least one output"));
    }
    metadata.precision = first.precision;
    for value in &options.values {
        if !graph.node.iter().any(|node| node.output.contains(value)) {
            let found = "no node that computes it".to_string();
            let expected = "the name of a value that a node of the file computes";
            return Err(content(&format!("the value '{}'", excerpt(value)), found, expected));
        }
        outputs.push(value.clone());
    }
    let mut known: HashSet<&str> = initializers.keys().map(String::as_str).collect();
    for input in &inputs {
        if !known.insert(&input.name) {
            return Err(NetworkError::DuplicateValue { value: input.name.clone() }.into());
        }
    }
    let name_of = |position: usize| node_name(&graph.node[position], position);
    let order = order(&graph.node, name_of, &outputs, &known)?;
    let graph = Graph {
        name,
        nodes: &graph.node,
        order: &order,
        inputs: &inputs,
        outputs: &outputs,
        stored: initializers.len(),
        initializers: RefCell::new(initializers),
        versions,
        beside,
    };
    let is_batch = !options.all_rows && !names_all_elements(graph.inputs, &metadata);
    let rows = if is_batch { ports::rows(graph.inputs) } else { 1 };
    let Built { network, sizes } = one_row(&graph, rows)?;
    name_elements(&graph, &network, &sizes, &mut metadata);
    Ok(network.with_metadata(metadata)?)
}

/// A sparse initialiser as a node of its value.
fn constant(sparse: SparseTensorProto) -> NodeProto {
    let name = sparse.values.as_ref().and_then(|values| values.name.clone());
    let value = AttributeProto {
        name: Some("sparse_value".to_string()),
        r#type: Some(attribute_type::SPARSE_TENSOR),
        sparse_tensor: Some(sparse),
        ..AttributeProto::default()
    };
    NodeProto {
        output: vec![name.clone().unwrap_or_default()],
        name,
        op_type: Some("Constant".to_string()),
        attribute: vec![value],
        ..NodeProto::default()
    }
}

/// The network of one of so many rows of a batch, where every layer treats them apart and alike;
/// else all rows together are the input.
fn one_row(graph: &Graph, rows: usize) -> Result<Built, FormatError> {
    if rows <= 1 {
        return graph.build(1).map_err(|failure| match failure {
            Failure::Wrong(error) => error,
            Failure::Mixed(node) => unreachable!("one row has none to be mixed with: {node}"),
        });
    }
    let node = match graph.build(rows) {
        Ok(Built { network, sizes }) => {
            let network = network.with_batch(Batch::OneRow { rows });
            return Ok(Built { network, sizes });
        }
        Err(Failure::Wrong(error)) => return Err(error),
        Err(Failure::Mixed(node)) => node,
    };
    match graph.build(1) {
        Ok(Built { network, sizes }) => {
            let network = network.with_batch(Batch::AllRows { rows, node });
            Ok(Built { network, sizes })
        }
        Err(Failure::Wrong(FormatError::Network(cause))) => {
            Err(NetworkError::Batch { rows, node, cause: Box::new(cause) }.into())
        }
        Err(Failure::Wrong(error)) => Err(error),
        Err(Failure::Mixed(node)) => unreachable!("one row has none to be mixed with: {node}"),
    }
}

/// Whether the file has a box or names for every element of the input, which then is no
/// batch to who wrote it.
fn names_all_elements(inputs: &[Port], metadata: &Metadata) -> bool {
    let elements = inputs.iter().try_fold(0usize, |sum, port| sum.checked_add(port.size()?));
    let coordinates = metadata.input_box.as_ref().map(|domain| domain.len());
    let names = Some(metadata.input_names.len());
    [coordinates, names].into_iter().any(|count| count.is_some() && count == elements)
}

/// Names for the elements of several inputs or outputs, where the file gives none.
fn name_elements(graph: &Graph, network: &Network, sizes: &[usize], metadata: &mut Metadata) {
    let rows = match network.batch() {
        Some(Batch::OneRow { rows }) => *rows,
        Some(Batch::AllRows { .. }) | None => 1,
    };
    let of = |port: &Port| (port.name.clone(), port.size().unwrap_or_default() / rows);
    let inputs: Vec<(String, usize)> = graph.inputs.iter().map(of).collect();
    let outputs: Vec<(String, usize)> =
        graph.outputs.iter().cloned().zip(sizes.iter().copied()).collect();
    let names = |values: &[(String, usize)]| match values {
        [_] => Vec::new(),
        several => ports::element_names(several),
    };
    let (inputs, outputs) = ports::distinct_sides(names(&inputs), names(&outputs));
    if metadata.input_names.is_empty() {
        metadata.input_names = inputs;
    }
    if metadata.output_names.is_empty() {
        metadata.output_names = outputs;
    }
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
