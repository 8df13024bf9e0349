//! Saved bounds (`.json`): intervals of all nodes of the canonical form, with what
//! they depend on.
//!
//! ```json
//! {"format": "taut-bounds", "version": 1, "method": "lp", "network": "SHA-256 of the
//!  canonical form", "box": {"lower": [-3, -3], "upper": [3, 3]}, "constraints":
//!  ["x0 + x1 <= 2"], "nodes": [{"lower": [-3, -3], "upper": [3, 3]}, …]}
//! ```
//!
//! Loading checks the network, the box and the constraints: bounds of another
//! question are refused. The first node is the input, which constraints may have
//! narrowed.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{FileError, FormatError, content, hexadecimal, read_bytes, write_bytes};
use crate::bounds::NeuronBounds;
use crate::message::{excerpt, readable};
use crate::network::{Node, ReluGraph};
use crate::num::IntervalBox;
use crate::problem::Problem;

const FORMAT: &str = "taut-bounds";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    method: String,
    network: String,
    #[serde(rename = "box")]
    domain: IntervalBox,
    constraints: Vec<String>,
    nodes: Vec<IntervalBox>,
}

/// Bounds from a file, and the method they were found by.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedBounds {
    /// The bounds.
    pub bounds: NeuronBounds,
    /// Name of the method.
    pub method: String,
}

/// Writes bounds of all nodes. The file appears complete or not at all.
///
/// # Errors
/// [`FileError`].
pub fn save_bounds(
    path: &Path,
    problem: &Problem,
    bounds: &NeuronBounds,
    method: &str,
) -> Result<(), FileError> {
    let nodes = problem.network_graph().nodes().map(|(id, _)| bounds.of(id).clone());
    let file = File {
        format: FORMAT.to_string(),
        version: VERSION,
        method: method.to_string(),
        network: fingerprint(problem.network_graph()),
        domain: problem.domain().clone(),
        constraints: constraints(problem),
        nodes: nodes.collect(),
    };
    let bytes = serde_json::to_vec(&file)
        .map_err(|error| content(path, FormatError::Syntax(error.to_string())))?;
    write_bytes(path, &bytes)
}

/// Reads bounds that were saved for the same network, box and constraints.
///
/// # Errors
/// [`FileError`], saying what differs.
pub fn load_bounds(path: &Path, problem: &Problem) -> Result<SavedBounds, FileError> {
    let bytes = read_bytes(path)?;
    parse(&bytes, problem).map_err(|cause| content(path, cause))
}

fn parse(bytes: &[u8], problem: &Problem) -> Result<SavedBounds, FormatError> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        let found = "no JSON object".to_string();
        let (place, expected) =
            ("the file".to_string(), "what taut bounds --save writes".to_string());
        return Err(FormatError::Content { place, found, expected });
    }
    let file: File = serde_json::from_slice(bytes)
        .map_err(|error| FormatError::Syntax(readable(&error.to_string())))?;
    let refuse = |place: &str, found: String, expected: String| {
        Err(FormatError::Content { place: place.to_string(), found, expected })
    };
    if file.format != FORMAT || file.version != VERSION {
        let found = format!("format '{}' version {}", excerpt(&file.format), file.version);
        return refuse("the file", found, format!("'{FORMAT}' version {VERSION}"));
    }
    let network = fingerprint(problem.network_graph());
    if file.network != network {
        let found = excerpt(&file.network).into_owned();
        return refuse("the network", found, format!("{network}, that of the problem"));
    }
    let expected = constraints(problem);
    if file.constraints != expected {
        return refuse("the constraints", list(&file.constraints), list(&expected));
    }
    let sizes: Vec<usize> =
        problem.network_graph().nodes().map(|(id, _)| problem.network_graph().size(id)).collect();
    let found: Vec<usize> = file.nodes.iter().map(IntervalBox::len).collect();
    if found != sizes {
        let (found, sizes) = (list(&found), list(&sizes));
        return refuse("the nodes", format!("sizes {found}"), format!("sizes {sizes}"));
    }
    if problem.domain() != &file.domain {
        let found = "bounds over another box".to_string();
        return refuse("the box", found, "the box of the problem".to_string());
    }
    Ok(SavedBounds { bounds: NeuronBounds::new(file.nodes), method: file.method })
}

/// A list as it is quoted.
fn list(entries: &impl std::fmt::Debug) -> String {
    excerpt(&format!("{entries:?}")).into_owned()
}

/// The constraints that bounds may depend on, and which inputs are whole numbers.
fn constraints(problem: &Problem) -> Vec<String> {
    let constraints = problem.constraints().iter();
    let integer = problem.integer().iter().map(|index| format!("x{index} integer"));
    constraints.map(ToString::to_string).chain(integer).collect()
}

/// SHA-256 of the canonical form: structure, weights, ceilings, bit by bit.
fn fingerprint(graph: &ReluGraph) -> String {
    let mut hash = Sha256::new();
    let mut word = |value: u64| hash.update(value.to_le_bytes());
    for (id, node) in graph.nodes() {
        match node {
            Node::Input { size } => {
                word(0);
                word(*size as u64);
            }
            Node::Affine(affine) => {
                word(1);
                affine.bias.iter().for_each(|b| word(b.to_bits()));
                for (input, linear) in &affine.terms {
                    word(input.index() as u64);
                    for row in 0..linear.outputs() {
                        for (column, weight) in linear.row(row) {
                            word(column as u64);
                            word(weight.to_bits());
                        }
                        word(u64::MAX);
                    }
                }
            }
            Node::Relu { input } => {
                word(2);
                word(input.index() as u64);
            }
            Node::Clip { input, ceiling } => {
                word(3);
                word(input.index() as u64);
                ceiling.iter().for_each(|c| word(c.to_bits()));
            }
        }
        word(graph.size(id) as u64);
    }
    word(graph.output().index() as u64);
    hexadecimal(&hash.finalize())
}
