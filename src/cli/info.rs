//! `taut info NETWORK`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use taut::io::read_network;
use taut::network::{Constant, Network, Operand};
use taut::num::IntervalBox;
use taut::optimize::SCHEMA;

use super::ANSWERED;
use super::args::{Format, InfoArgs};
use super::text::{count, table};

/// What `--format json` prints.
#[derive(Serialize)]
struct Info<'a> {
    schema: u32,
    command: &'static str,
    network: &'a str,
    inputs: usize,
    outputs: usize,
    input_shape: &'a [usize],
    output_shape: &'a [usize],
    parameters: usize,
    /// Neurons with a kink in the canonical form.
    relus: usize,
    operators: BTreeMap<String, usize>,
    layers: Vec<LayerInfo<'a>>,
    input_box: Option<&'a IntervalBox>,
    input_names: &'a [String],
    output_names: &'a [String],
    origin: Option<&'a str>,
}

#[derive(Serialize)]
struct LayerInfo<'a> {
    name: &'a str,
    op: String,
    shape: &'a [usize],
    parameters: usize,
}

/// Describes a network.
pub fn run(args: &InfoArgs) -> anyhow::Result<(String, u8)> {
    let network = read_network(&args.network)?;
    let text = match (args.dot, args.format) {
        (true, _) => network.to_dot(),
        (false, Format::Json) => serde_json::to_string(&describe(&network))? + "\n",
        (false, Format::Text) => text(&describe(&network))?,
    };
    Ok((text, ANSWERED))
}

fn describe(network: &Network) -> Info<'_> {
    let graph = network.lower();
    let relus = graph.activation_layers().map(|layer| graph.size(layer.node)).sum();
    let mut operators = BTreeMap::new();
    let mut layers = Vec::new();
    for view in network.layers() {
        let operator = view.layer.operator();
        *operators.entry(operator.op.clone()).or_insert(0) += 1;
        let parameters = operator.operands.iter().map(|operand| match operand {
            // Numbers that stand alone are limits and the like.
            Operand::Constant(Constant::Float(values)) if values.ndim() > 0 => values.len(),
            _ => 0,
        });
        let parameters = parameters.sum();
        layers.push(LayerInfo { name: view.name, op: operator.op, shape: view.shape, parameters });
    }
    let metadata = network.metadata();
    Info {
        schema: SCHEMA,
        command: "info",
        network: network.name(),
        inputs: network.inputs(),
        outputs: network.outputs(),
        input_shape: network.input_shape(),
        output_shape: network.output_shape(),
        parameters: layers.iter().map(|layer| layer.parameters).sum(),
        relus,
        operators,
        layers,
        input_box: metadata.input_box.as_ref(),
        input_names: &metadata.input_names,
        output_names: &metadata.output_names,
        origin: metadata.origin.as_deref(),
    }
}

/// Inputs whose box is printed in full.
const MOST_INTERVALS: usize = 8;

fn text(info: &Info) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(
        text,
        "{}: {} → {}, {}, {}",
        info.network,
        count(info.inputs, "input"),
        count(info.outputs, "output"),
        count(info.parameters, "parameter"),
        count(info.relus, "ReLU")
    )?;
    if let Some(origin) = info.origin {
        writeln!(text, "  origin  {origin}")?;
    }
    if let Some(b) = info.input_box {
        let intervals: Vec<String> = (0..b.len().min(MOST_INTERVALS))
            .map(|i| format!("[{}, {}]", b.lower()[i], b.upper()[i]))
            .collect();
        let more = if b.len() > MOST_INTERVALS { " × …" } else { "" };
        writeln!(text, "  box     {}{more}", intervals.join(" × "))?;
    }
    for (what, names) in [("inputs", info.input_names), ("outputs", info.output_names)] {
        if !names.is_empty() {
            writeln!(text, "  {what:<7} {}", names.join(", "))?;
        }
    }
    text.push('\n');
    let mut rows =
        vec![vec!["(input)".to_string(), String::new(), shape(info.input_shape), String::new()]];
    rows.extend(info.layers.iter().map(|layer| {
        let parameters = layer.parameters.to_string();
        vec![layer.name.to_string(), layer.op.clone(), shape(layer.shape), parameters]
    }));
    text += &table(&["layer", "operator", "output", "parameters"], 2, rows);
    Ok(text)
}

fn shape(shape: &[usize]) -> String {
    let dimensions: Vec<String> = shape.iter().map(usize::to_string).collect();
    dimensions.join(" × ")
}
