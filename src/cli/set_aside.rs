//! Last operators of a network's file that are set aside, as answers tell of them.

use std::fmt::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use taut::network::{Network, SetAside};

use super::page::Page;

/// A last operator of the file that is not part of the network.
#[derive(Serialize, JsonSchema)]
pub struct SetAsideInfo {
    /// Name of the node in the file.
    pub node: String,
    /// Operator, by its ONNX name.
    pub op: String,
    /// Name of the file's output.
    pub output: String,
    /// What holds of the file's output all the same, and what does not.
    pub what_holds: String,
}

impl SetAsideInfo {
    /// Those of a network.
    pub fn of(network: &Network) -> Vec<Self> {
        let info = |SetAside { node, op, output, what_holds }: SetAside| Self {
            node,
            op,
            output,
            what_holds: what_holds.to_string(),
        };
        network.set_aside().iter().cloned().map(info).collect()
    }
}

/// Says that a file that was written ends before the one that was read.
pub fn left_out(list: &[SetAsideInfo], label: &str, out: &mut Page) -> fmt::Result {
    list.iter().try_for_each(|SetAsideInfo { node, op, output, .. }| {
        writeln!(
            out,
            "{label}the {op} at the end (node '{node}'): in place of '{output}', the new file's \
             outputs are the values before it"
        )
    })
}
