//! Which nodes of a graph the outputs need, and in which order they can be taken.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use super::schema::NodeProto;
use crate::network::NetworkError;

/// Positions of the nodes that the outputs need, operands first; the file's own order where it
/// can be kept. `name` gives the name of a node, `known` are the values that no node computes.
///
/// # Errors
/// A value that is provided twice, an output that nothing provides, a cycle.
pub fn order(
    nodes: &[NodeProto],
    name: impl Fn(usize) -> String,
    outputs: &[String],
    known: &HashSet<&str>,
) -> Result<Vec<usize>, NetworkError> {
    let mut producers: HashMap<&str, usize> = HashMap::new();
    for (position, node) in nodes.iter().enumerate() {
        for value in node.output.iter().filter(|value| !value.is_empty()) {
            if known.contains(value.as_str()) || producers.insert(value, position).is_some() {
                return Err(NetworkError::DuplicateValue { value: value.clone() });
            }
        }
    }
    let unknown = |value: &&String| {
        !(known.contains(value.as_str()) || producers.contains_key(value.as_str()))
    };
    if let Some(value) = outputs.iter().find(unknown) {
        return Err(NetworkError::UnknownOutput { value: value.clone() });
    }
    let producers_of = |position: usize| {
        let operands = nodes[position].input.iter();
        operands.filter_map(|operand| producers.get(operand.as_str()).copied())
    };
    let mut needed = vec![false; nodes.len()];
    let mut open: Vec<usize> =
        outputs.iter().filter_map(|output| producers.get(output.as_str()).copied()).collect();
    while let Some(position) = open.pop() {
        if !std::mem::replace(&mut needed[position], true) {
            open.extend(producers_of(position));
        }
    }
    // Always the first node that has all its operands.
    let mut missing = vec![0; nodes.len()];
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for position in (0..nodes.len()).filter(|&position| needed[position]) {
        for producer in producers_of(position) {
            missing[position] += 1;
            readers[producer].push(position);
        }
    }
    let is_ready = |position: &usize| needed[*position] && missing[*position] == 0;
    let mut ready: BinaryHeap<Reverse<usize>> =
        (0..nodes.len()).filter(is_ready).map(Reverse).collect();
    let mut order = Vec::new();
    while let Some(Reverse(position)) = ready.pop() {
        order.push(position);
        for &reader in &readers[position] {
            missing[reader] -= 1;
            if missing[reader] == 0 {
                ready.push(Reverse(reader));
            }
        }
    }
    // Every node that is left waits for another one, so that following them for as many steps
    // as there are nodes ends on a cycle.
    if let Some(first) = (0..nodes.len()).find(|&position| missing[position] > 0) {
        let blocking = |at: usize| producers_of(at).find(|&producer| missing[producer] > 0);
        let on_cycle = (0..nodes.len()).fold(first, |at, _| blocking(at).unwrap_or(at));
        return Err(NetworkError::Cycle { node: name(on_cycle) });
    }
    Ok(order)
}
