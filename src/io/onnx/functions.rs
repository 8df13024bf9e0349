//! Operators that a file itself defines: a node that calls one becomes the nodes of its body.
//! <https://github.com/onnx/onnx/blob/main/docs/IR.md#functions>
//!
//! A value inside a body gets a name that begins with that of the node. An attribute that refers
//! to one of the function's is the node's, else the default that the function has for it, else it
//! is left out.

use std::collections::HashMap;

use prost::Message;

use super::content;
use super::graph::node_name;
use super::operators::{DOMAINS, domain_of};
use super::schema::{AttributeProto, FunctionProto, NodeProto};
use crate::io::FormatError;
use crate::message::excerpt;

/// Most functions one inside another; a file whose functions call each other in a circle has
/// more.
const DEEPEST: usize = 64;

/// Most nodes of a graph in which all functions have been written out, calls of functions
/// included: bodies without a node could call each other without end.
const MOST_NODES: usize = 1 << 20;

/// Bytes that they may take in a file: a body stands there once, however often it is called.
const MOST_BYTES: usize = 1 << 30;

/// The nodes of a graph without calls of functions, each name of a value once. Versions of
/// operator sets that only functions name are added.
///
/// # Errors
/// A function in another version of an operator set than the file, too many operands, too many
/// nodes.
pub fn written_out(
    nodes: Vec<NodeProto>,
    functions: &[FunctionProto],
    versions: &mut HashMap<String, i64>,
) -> Result<Vec<NodeProto>, FormatError> {
    if functions.is_empty() {
        return Ok(nodes);
    }
    let key = |function: &'_ FunctionProto| {
        let FunctionProto { domain, name, overload, .. } = function;
        key(domain, name, overload)
    };
    let functions = functions.iter().map(|function| (key(function), function)).collect();
    let mut writer = Writer { functions, versions, calls: 0, bytes: 0, nodes: Vec::new() };
    for (position, node) in nodes.into_iter().enumerate() {
        let name = node_name(&node, position);
        writer.take(node, &name, 0)?;
    }
    Ok(writer.nodes)
}

/// What a node calls an operator by: domain, name and overload.
type Key = [String; 3];

fn key(domain: &Option<String>, name: &Option<String>, overload: &Option<String>) -> Key {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [domain_of(domain.as_deref()).to_string(), text(name), text(overload)]
}

struct Writer<'a> {
    functions: HashMap<Key, &'a FunctionProto>,
    versions: &'a mut HashMap<String, i64>,
    calls: usize,
    bytes: usize,
    nodes: Vec<NodeProto>,
}

impl<'a> Writer<'a> {
    fn take(&mut self, node: NodeProto, name: &str, depth: usize) -> Result<(), FormatError> {
        let place = || format!("node '{}'", excerpt(name));
        self.bytes += node.encoded_len();
        if self.nodes.len() + self.calls >= MOST_NODES || self.bytes > MOST_BYTES {
            let found = "more nodes than that with all functions written out";
            let expected = format!("at most {MOST_NODES} nodes of {MOST_BYTES} bytes");
            return Err(content("the graph", found, &expected));
        }
        let Some(function) = self.function(&node) else {
            self.nodes.push(node);
            return Ok(());
        };
        let op = excerpt(node.op_type.as_deref().unwrap_or_default()).into_owned();
        if depth == DEEPEST {
            let found = format!("the function '{op}' inside {DEEPEST} others");
            return Err(content(&place(), found, "functions that do not call each other for ever"));
        }
        for (what, given, named) in [
            ("operands", node.input.len(), function.input.len()),
            ("outputs", node.output.len(), function.output.len()),
        ] {
            if given > named {
                let found = format!("{given} {what} of the function '{op}'");
                return Err(content(&place(), found, &format!("at most {named}")));
            }
        }
        self.check_versions(function)?;
        self.calls += 1;
        let inside = Inside { name, number: self.calls, call: &node, function };
        for (position, inner) in function.node.iter().enumerate() {
            let inner_name = format!("{name}/{}", node_name(inner, position));
            let inner = inside.node(inner, &inner_name);
            self.take(inner, &inner_name, depth + 1)?;
        }
        Ok(())
    }

    fn function(&self, node: &NodeProto) -> Option<&'a FunctionProto> {
        self.functions.get(&key(&node.domain, &node.op_type, &node.overload)).copied()
    }

    /// That a body is written in the operator sets of the file.
    fn check_versions(&mut self, function: &FunctionProto) -> Result<(), FormatError> {
        for set in &function.opset_import {
            let domain = domain_of(set.domain.as_deref());
            let version = set.version.unwrap_or(0);
            if !DOMAINS.iter().any(|(known, _)| *known == domain) {
                continue;
            }
            let of_file = *self.versions.entry(domain.to_string()).or_insert(version);
            if of_file != version {
                let name = excerpt(function.name.as_deref().unwrap_or_default()).into_owned();
                let found = format!("operator set {version} in a file of {of_file}");
                return Err(content(&format!("the function '{name}'"), found, "the same"));
            }
        }
        Ok(())
    }
}

/// The body of a function at one of its calls.
struct Inside<'a> {
    name: &'a str,
    /// Of all calls, so that names of values differ.
    number: usize,
    call: &'a NodeProto,
    function: &'a FunctionProto,
}

impl Inside<'_> {
    fn node(&self, inner: &NodeProto, name: &str) -> NodeProto {
        let values = |names: &[String]| names.iter().map(|name| self.value(name)).collect();
        NodeProto {
            input: values(&inner.input),
            output: values(&inner.output),
            name: Some(name.to_string()),
            attribute: inner.attribute.iter().filter_map(|given| self.attribute(given)).collect(),
            ..inner.clone()
        }
    }

    /// The name that a value of the body has outside.
    fn value(&self, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        let place = |names: &[String]| names.iter().position(|other| other == name);
        if let Some(index) = place(&self.function.input) {
            return self.call.input.get(index).cloned().unwrap_or_default();
        }
        let output = place(&self.function.output).and_then(|index| self.call.output.get(index));
        match output {
            Some(output) if !output.is_empty() => output.clone(),
            _ => format!("{}/{}/{name}", self.name, self.number),
        }
    }

    fn attribute(&self, given: &AttributeProto) -> Option<AttributeProto> {
        let Some(name) = given.ref_attr_name.as_deref().filter(|name| !name.is_empty()) else {
            return Some(given.clone());
        };
        let named = |attribute: &&AttributeProto| attribute.name.as_deref() == Some(name);
        let of_call = self.call.attribute.iter().find(named);
        let found = of_call.or_else(|| self.function.attribute_proto.iter().find(named))?;
        Some(AttributeProto { name: given.name.clone(), ..found.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each function calls the one before twice, and the first has no node: 2³⁹ calls of nothing.
    #[test]
    fn calls_of_nothing_end() {
        let own = || Some("own".to_string());
        let call = |k: usize| NodeProto {
            op_type: Some(format!("F{k}")),
            domain: own(),
            ..NodeProto::default()
        };
        let function = |k: usize| FunctionProto {
            name: Some(format!("F{k}")),
            domain: own(),
            node: if k == 0 { Vec::new() } else { vec![call(k - 1); 2] },
            ..FunctionProto::default()
        };
        let functions: Vec<FunctionProto> = (0..40).map(function).collect();
        let written = written_out(vec![call(39)], &functions, &mut HashMap::new());
        let error = written.expect_err("too many calls").to_string();
        assert!(error.ends_with("expected at most 1048576 nodes of 1073741824 bytes"), "{error}");
    }
}
