//! `taut info NETWORK`.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::{read_network_and_hash, stored_box};
use taut::network::{Batch, Network, ReluGraph};
use taut::num::IntervalBox;
use taut::problem::spelled;

use super::check::{Checked, check};
use super::console::{HEADING, WRONG, styled};
use super::format::AnswerArgs;
use super::kinds::{self, Expected};
use super::page::Page;
use super::reading::ReadingArgs;
use super::record::{Head, NetworkFile, Question};
use super::session::{Report, Session};
use super::set_aside::SetAsideInfo;
use super::text::count;
use super::{ANSWERED, FAILED};

/// Arguments of `info`.
#[derive(clap::Args)]
pub struct Args {
    /// Network file (.onnx, .json, .nnet, .npz, and .gz behind it; - for the standard input).
    network: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Print the graph of layers in the DOT language of Graphviz instead.
    #[arg(long, conflicts_with = "format")]
    dot: bool,
    /// Compare the outputs at random points with those of onnxruntime, by Python.
    #[arg(long, conflicts_with = "dot")]
    check: bool,
    /// Python program of --check.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: String,
    #[command(flatten)]
    format: AnswerArgs,
}

/// What a network is made of.
#[derive(Serialize, JsonSchema)]
pub struct Info {
    /// Number of inputs: the elements of the input tensor.
    inputs: usize,
    /// Number of outputs.
    outputs: usize,
    /// Shape of the input tensor, the batch as 1.
    input_shape: Vec<usize>,
    /// Shape of the output tensor.
    output_shape: Vec<usize>,
    /// Number of weights and biases.
    parameters: usize,
    /// Neurons with a kink in the canonical form; none where there is no such form.
    relus: Option<usize>,
    /// Why there is none, so that nothing exact is done with the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// How many layers there are of each operator.
    operators: BTreeMap<String, usize>,
    /// The layers, operands first.
    layers: Vec<LayerInfo>,
    /// The box of the inputs in the network's file, or in OMLT's file beside it.
    input_box: Option<IntervalBox>,
    /// What became of the rows of the input, where the file has several.
    batch: Option<BatchInfo>,
    /// Last operators of the file that are not part of the network.
    set_aside: Vec<SetAsideInfo>,
    /// Names of the inputs, if the file has some.
    input_names: Vec<String>,
    /// Names of the outputs, if the file has some.
    output_names: Vec<String>,
    /// Where the network comes from, in words.
    origin: Option<String>,
    /// How outputs compare with those of onnxruntime, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<Checked>,
    /// The graph, where it was asked for instead.
    #[serde(skip)]
    dot: Option<String>,
}

/// The rows of the input in the file.
#[derive(Serialize, JsonSchema)]
struct BatchInfo {
    /// How many there are.
    rows: usize,
    /// Whether the network is that of one row: the rows are independent and alike.
    one_row: bool,
    /// Else the first node that mixes rows or treats them differently.
    mixed_at: Option<String>,
}

/// A layer of a network.
#[derive(Serialize, JsonSchema)]
struct LayerInfo {
    /// Name in the file.
    name: String,
    /// Operator, by its ONNX name.
    op: String,
    /// Shape of the output.
    shape: Vec<usize>,
    /// Number of weights and biases.
    parameters: usize,
}

/// Describes a network.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form()?, |session| {
        session.head.question = Question::of_file(&args.network, false);
        let (path, dot) = (args.network.clone(), args.dot);
        let python = args.check.then(|| args.python.clone());
        let options = args.reading.of_any_layer();
        let (info, box_file, name, file) = session.read(move || {
            kinds::check(&path, Expected::Network)?;
            tracing::info!("read: {}", path.display());
            let (network, hash) = read_network_and_hash(&path, &options)?;
            let stored = stored_box(&network, &path)?;
            let dot = dot.then(|| network.to_dot());
            let (input_box, box_file) = stored.map(|found| (found.domain, found.file)).unzip();
            let check = python.map(|python| check(&network, &path, input_box.as_ref(), &python));
            let info = Info { dot, input_box, check: check.transpose()?, ..describe(&network) };
            let file = NetworkFile::read(&path, hash, &network);
            Ok((info, box_file, network.name().to_string(), file))
        })?;
        session.head.network = Some(name);
        session.head.question.network = Some(file);
        info.input_box.iter().for_each(|domain| session.head.question.within(domain));
        if let Some(file) = box_file.filter(|_| !args.dot) {
            session.head.question.box_stored_in(file);
        }
        Ok(info)
    })
}

fn describe(network: &Network) -> Info {
    let graph = network.lower();
    let relus =
        |graph: &ReluGraph| graph.activation_layers().map(|layer| graph.size(layer.node)).sum();
    let mut operators = BTreeMap::new();
    let mut layers = Vec::new();
    for view in network.layers() {
        let (op, parameters) = view.layer.summary();
        *operators.entry(op.clone()).or_insert(0) += 1;
        let (name, shape) = (view.name.to_string(), view.shape.to_vec());
        layers.push(LayerInfo { name, op, shape, parameters });
    }
    let metadata = network.metadata().clone();
    Info {
        inputs: network.inputs(),
        outputs: network.outputs(),
        input_shape: network.input_shape().to_vec(),
        output_shape: network.output_shape().to_vec(),
        parameters: layers.iter().map(|layer| layer.parameters).sum(),
        relus: graph.as_ref().ok().map(relus),
        refused: graph.err().map(|error| error.to_string()),
        operators,
        layers,
        input_box: None,
        batch: network.batch().map(batch),
        set_aside: SetAsideInfo::of(network),
        input_names: metadata.input_names,
        output_names: metadata.output_names,
        origin: metadata.origin,
        check: None,
        dot: None,
    }
}

fn batch(batch: &Batch) -> BatchInfo {
    match batch {
        Batch::OneRow { rows } => BatchInfo { rows: *rows, one_row: true, mixed_at: None },
        Batch::AllRows { rows, node } => {
            BatchInfo { rows: *rows, one_row: false, mixed_at: Some(node.clone()) }
        }
    }
}

impl Report for Info {
    fn text(&self, head: &Head, out: &mut Page) -> fmt::Result {
        match &self.dot {
            Some(dot) => out.write_str(dot),
            None => text(self, head, out),
        }
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        None
    }

    fn exit(&self) -> u8 {
        let differs = self.check.as_ref().is_some_and(|check| !check.agrees);
        if differs { FAILED } else { ANSWERED }
    }
}

/// Inputs whose box is printed in full.
const MOST_INTERVALS: usize = 8;

fn text(info: &Info, head: &Head, text: &mut Page) -> fmt::Result {
    let line = format!(
        "{}: {} → {}, {}, {}",
        head.network.as_deref().unwrap_or_default(),
        count(info.inputs, "input"),
        count(info.outputs, "output"),
        count(info.parameters, "parameter"),
        info.relus.map_or("smooth".to_string(), |relus| count(relus, "ReLU"))
    );
    text.headline(HEADING, &line)?;
    if let Some(origin) = &info.origin {
        writeln!(text, "  origin  {origin}")?;
    }
    if let Some(reason) = &info.refused {
        writeln!(text, "  exact   nothing: {reason}")?;
    }
    if let Some(b) = &info.input_box {
        let intervals: Vec<String> = (0..b.len().min(MOST_INTERVALS))
            .map(|i| format!("[{}, {}]", b.lower()[i], b.upper()[i]))
            .collect();
        let more = if b.len() > MOST_INTERVALS { " × …" } else { "" };
        writeln!(text, "  box     {}{more}", intervals.join(" × "))?;
    }
    if let Some(Checked { onnxruntime, points, largest_difference, agrees }) = &info.check {
        let verdict = match agrees {
            true => "the same outputs".to_string(),
            false => styled(WRONG, "OTHER outputs"),
        };
        writeln!(
            text,
            "  check   {verdict} as onnxruntime {onnxruntime} at {points} random points, largest \
             relative difference {largest_difference:.1e}"
        )?;
    }
    match &info.batch {
        Some(BatchInfo { rows, mixed_at: Some(node), .. }) => writeln!(
            text,
            "  batch   none: the {rows} rows of the input are mixed at node '{node}', so that all \
             are one input"
        )?,
        Some(BatchInfo { rows, .. }) => writeln!(
            text,
            "  batch   {rows} rows in the file, which do not interact; this is one of them"
        )?,
        None => {}
    }
    for SetAsideInfo { node, op, what_holds, .. } in &info.set_aside {
        writeln!(text, "  end     without the {op} of node '{node}': {what_holds}")?;
    }
    for (what, names) in [("inputs", &info.input_names), ("outputs", &info.output_names)] {
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| spelled(name)).collect();
            writeln!(text, "  {what:<7} {}", names.join(", "))?;
        }
    }
    let mut rows =
        vec![vec!["(input)".to_string(), String::new(), shape(&info.input_shape), String::new()]];
    rows.extend(info.layers.iter().map(|layer| {
        let parameters = layer.parameters.to_string();
        vec![layer.name.clone(), layer.op.clone(), shape(&layer.shape), parameters]
    }));
    text.table(&["layer", "operator", "output", "parameters"], (1, 2), &rows)
}

fn shape(shape: &[usize]) -> String {
    let dimensions: Vec<String> = shape.iter().map(usize::to_string).collect();
    dimensions.join(" × ")
}
