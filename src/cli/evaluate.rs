//! `taut evaluate NETWORK --input X`.

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use ndarray::{Array2, ArrayView1, ArrayView2};
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::message::excerpt;
use taut::network::{Network, Phase, ReluGraph};
use taut::problem::{Variable, Vocabulary};

use super::console::HEADING;
use super::format::AnswerArgs;
use super::kinds::{self, Expected};
use super::page::Page;
use super::point::{self, MOST_COORDINATES};
use super::points::PointArgs;
use super::problem::{Loaded, is_instance};
use super::reading::ReadingArgs;
use super::record::{Head, Question};
use super::session::{Report, Session};
use super::text::number;

/// Arguments of `evaluate`.
#[derive(clap::Args)]
pub struct Args {
    /// Network file (.onnx, .json, .nnet, .npz, and .gz behind it; - for the standard input), or
    /// instance file (.toml), whose names and units hold.
    network: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    points: PointArgs,
    /// Add the affine map of the linear region that each point lies in.
    #[arg(long, help_heading = "Output")]
    gradient: bool,
    #[command(flatten)]
    format: AnswerArgs,
}

/// A network at given points.
#[derive(Serialize, JsonSchema)]
pub struct Evaluated {
    /// In the order in which they were given.
    points: Vec<Point>,
    #[serde(skip)]
    inputs: Vec<String>,
    #[serde(skip)]
    outputs: Vec<String>,
}

/// A network at a point.
#[derive(Serialize, JsonSchema)]
struct Point {
    /// The inputs.
    input: Vec<f64>,
    /// The outputs, by a forward pass of the network as read in double precision.
    output: Vec<f64>,
    /// The activation pattern, a text a layer: 0 for an inactive neuron, 1 for an active one, 2
    /// for one at its ceiling; none of a network with smooth layers.
    pattern: Vec<String>,
    /// For each output the affine map of the linear region around the point; on the border of
    /// several, of that in which neurons at 0 are inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    affine: Option<Vec<AffineMap>>,
}

/// `gradient · x + constant`.
#[derive(Serialize, JsonSchema)]
struct AffineMap {
    /// One number an input.
    gradient: Vec<f64>,
    /// What is added.
    constant: f64,
}

/// Evaluates and prints.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form()?, |session| evaluate(args, session))
}

fn evaluate(args: &Args, session: &mut Session) -> anyhow::Result<Evaluated> {
    ensure!(!args.points.is_empty(), "no point is given; expected --input or --file");
    session.head.question = Question::of_file(&args.network, is_instance(&args.network));
    let (path, options) = (args.network.clone(), args.reading.of_any_layer());
    let Loaded { network, file, .. } = session.read(move || {
        kinds::check(&path, Expected::Problem)?;
        Loaded::read(&path, &options)
    })?;
    session.head.network = Some(network.name().to_string());
    session.head.question.network = Some(file);
    let points = args.points.read(&network)?;
    let graph = match network.lower() {
        Err(error) if args.gradient => {
            return Err(error).with_context(|| format!("--gradient of {}", args.network.display()));
        }
        graph => graph.ok(),
    };
    let evaluated = |input| evaluated(&network, graph.as_ref(), input, args.gradient);
    let points = points.into_iter().map(evaluated);
    let name = |variable| Vocabulary::of(&network).name(variable);
    Ok(Evaluated {
        points: points.collect(),
        inputs: (0..network.inputs()).map(|index| name(Variable::Input(index))).collect(),
        outputs: (0..network.outputs()).map(|index| name(Variable::Output(index))).collect(),
    })
}

/// The network at a point, with what its canonical form tells where it has one.
fn evaluated(
    network: &Network,
    graph: Option<&ReluGraph>,
    input: Vec<f64>,
    gradient: bool,
) -> Point {
    let output = network.evaluate_point(&input);
    let sign = |phase: &Phase| match phase {
        Phase::Inactive | Phase::Unstable => '0',
        Phase::Active => '1',
        Phase::Saturated => '2',
    };
    let pattern = graph.map(|graph| graph.pattern(&input)).unwrap_or_default();
    let pattern = pattern.iter().map(|layer| layer.iter().map(sign).collect()).collect();
    let affine = graph.filter(|_| gradient).map(|graph| affine(graph, &input, &output));
    Point { input, output, pattern, affine }
}

/// The affine map of each output around a point.
fn affine(graph: &ReluGraph, input: &[f64], output: &[f64]) -> Vec<AffineMap> {
    let batch = ArrayView2::from_shape((1, input.len()), input).expect("one row");
    let values = graph.evaluate_all(batch);
    let gradients = graph.gradients(&values, graph.output(), Array2::eye(output.len()));
    let map = |(gradient, &value): (ArrayView1<f64>, &f64)| {
        let gradient = gradient.to_vec();
        let product: f64 = gradient.iter().zip(input).map(|(slope, x)| slope * x).sum();
        AffineMap { gradient, constant: value - product }
    };
    gradients.outer_iter().zip(output).map(map).collect()
}

/// `x0 = 1, x1 = 2`, as many as are printed.
fn listed(names: &[String], values: &[f64]) -> String {
    let texts: Vec<String> = values.iter().copied().map(number).collect();
    point::listed(&texts, &BTreeSet::new(), |index| names[index].clone())
}

impl AffineMap {
    /// `2 x0 - x1 + 0.5`, as much as is printed.
    fn words(&self, inputs: &[String]) -> String {
        let terms = inputs.iter().zip(&self.gradient).filter(|(_, slope)| **slope != 0.0);
        let count = terms.clone().count();
        let terms = terms.take(MOST_COORDINATES).map(|(name, &slope)| (slope, format!(" {name}")));
        let mut text = String::new();
        for (value, name) in terms.chain([(self.constant, String::new())]) {
            let sign = match (text.is_empty(), value < 0.0) {
                (true, false) => "",
                (true, true) => "-",
                (false, false) => " + ",
                (false, true) => " - ",
            };
            text += &format!("{sign}{}{name}", number(value.abs()));
        }
        match count.saturating_sub(MOST_COORDINATES) {
            0 => text,
            more => format!("{text} + … ({more} more terms)"),
        }
    }
}

impl Report for Evaluated {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        for (position, point) in self.points.iter().enumerate() {
            if position > 0 {
                writeln!(out)?;
            }
            out.headline(HEADING, &listed(&self.outputs, &point.output))?;
            writeln!(out, "  at      {}", listed(&self.inputs, &point.input))?;
            for (layer, pattern) in (1..).zip(&point.pattern) {
                let active = pattern.bytes().filter(|&byte| byte != b'0').count();
                let (neurons, pattern) = (pattern.len(), excerpt(pattern));
                writeln!(out, "  layer   {layer}: {active} of {neurons} active, {pattern}")?;
            }
            for (name, map) in self.outputs.iter().zip(point.affine.iter().flatten()) {
                writeln!(out, "  around  {name} = {}", map.words(&self.inputs))?;
            }
        }
        Ok(())
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        None
    }
}
