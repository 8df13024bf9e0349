//! `taut info NETWORK`.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::read_network_and_hash;
use taut::network::{Constant, Network, Operand};
use taut::num::IntervalBox;
use taut::problem::spelled;

use super::record::{Head, Question};
use super::session::{Report, Session};
use super::shared::FormatArgs;
use super::text::{count, table};

/// Arguments of `info`.
#[derive(clap::Args)]
pub struct Args {
    /// Network file (.onnx, .json).
    network: PathBuf,
    /// Print the graph of layers in the DOT language of Graphviz instead.
    #[arg(long, conflicts_with = "format")]
    dot: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// What a network is made of.
#[derive(Serialize)]
struct Info {
    inputs: usize,
    outputs: usize,
    input_shape: Vec<usize>,
    output_shape: Vec<usize>,
    parameters: usize,
    /// Neurons with a kink in the canonical form.
    relus: usize,
    operators: BTreeMap<String, usize>,
    layers: Vec<LayerInfo>,
    input_box: Option<IntervalBox>,
    input_names: Vec<String>,
    output_names: Vec<String>,
    origin: Option<String>,
    /// The graph, where it was asked for instead.
    #[serde(skip)]
    dot: Option<String>,
}

#[derive(Serialize)]
struct LayerInfo {
    name: String,
    op: String,
    shape: Vec<usize>,
    parameters: usize,
}

/// Describes a network.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.format, |session| {
        session.head.question = Question::of_file(&args.network, false);
        let (path, dot) = (args.network.clone(), args.dot);
        let (info, name, hash) = session.read(move || {
            let (network, hash) = read_network_and_hash(&path)?;
            let dot = dot.then(|| network.to_dot());
            Ok((Info { dot, ..describe(&network) }, network.name().to_string(), hash))
        })?;
        session.head.network = Some(name);
        session.head.question.read_from(&args.network, hash);
        info.input_box.iter().for_each(|domain| session.head.question.within(domain));
        Ok(info)
    })
}

fn describe(network: &Network) -> Info {
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
        let (name, shape) = (view.name.to_string(), view.shape.to_vec());
        layers.push(LayerInfo { name, op: operator.op, shape, parameters });
    }
    let metadata = network.metadata().clone();
    Info {
        inputs: network.inputs(),
        outputs: network.outputs(),
        input_shape: network.input_shape().to_vec(),
        output_shape: network.output_shape().to_vec(),
        parameters: layers.iter().map(|layer| layer.parameters).sum(),
        relus,
        operators,
        layers,
        input_box: metadata.input_box,
        input_names: metadata.input_names,
        output_names: metadata.output_names,
        origin: metadata.origin,
        dot: None,
    }
}

impl Report for Info {
    fn text(&self, head: &Head, out: &mut String) -> fmt::Result {
        match &self.dot {
            Some(dot) => out.write_str(dot),
            None => text(self, head, out),
        }
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        None
    }
}

/// Inputs whose box is printed in full.
const MOST_INTERVALS: usize = 8;

fn text(info: &Info, head: &Head, text: &mut String) -> fmt::Result {
    writeln!(
        text,
        "{}: {} → {}, {}, {}",
        head.network.as_deref().unwrap_or_default(),
        count(info.inputs, "input"),
        count(info.outputs, "output"),
        count(info.parameters, "parameter"),
        count(info.relus, "ReLU")
    )?;
    if let Some(origin) = &info.origin {
        writeln!(text, "  origin  {origin}")?;
    }
    if let Some(b) = &info.input_box {
        let intervals: Vec<String> = (0..b.len().min(MOST_INTERVALS))
            .map(|i| format!("[{}, {}]", b.lower()[i], b.upper()[i]))
            .collect();
        let more = if b.len() > MOST_INTERVALS { " × …" } else { "" };
        writeln!(text, "  box     {}{more}", intervals.join(" × "))?;
    }
    for (what, names) in [("inputs", &info.input_names), ("outputs", &info.output_names)] {
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| spelled(name)).collect();
            writeln!(text, "  {what:<7} {}", names.join(", "))?;
        }
    }
    text.push('\n');
    let mut rows =
        vec![vec!["(input)".to_string(), String::new(), shape(&info.input_shape), String::new()]];
    rows.extend(info.layers.iter().map(|layer| {
        let parameters = layer.parameters.to_string();
        vec![layer.name.clone(), layer.op.clone(), shape(&layer.shape), parameters]
    }));
    text.push_str(&table(&["layer", "operator", "output", "parameters"], 2, rows));
    Ok(())
}

fn shape(shape: &[usize]) -> String {
    let dimensions: Vec<String> = shape.iter().map(usize::to_string).collect();
    dimensions.join(" × ")
}
