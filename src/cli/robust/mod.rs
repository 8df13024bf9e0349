//! `taut robust NETWORK --input X --epsilon E`: whether points keep their class.

mod look;
mod text;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::builder::PossibleValue;
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::read_network_and_hash;
use taut::network::Network;
use taut::plot::{check_output, write};
use taut::train::data::{Targets, read_images};
use taut::verify::{Norm, VerifyOptions};

use super::domain::numbers;
use super::format::TableArgs;
use super::kinds::{self, Expected};
use super::points::PointArgs;
use super::quantity;
use super::reading::{ReadingArgs, tell_of_reading};
use super::record::{NetworkFile, Question};
use super::session::Session;
use super::shared::{ThreadsArgs, TimeLimitArgs, one_of, time_limit};
use look::Asked;
use text::picture;

/// Arguments of `robust`.
#[derive(clap::Args)]
pub struct Args {
    /// Network file (.onnx, .json, .nnet, .npz, and .gz behind it) with one output a class.
    network: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    points: PointArgs,
    /// Images from an IDX file, such as those of MNIST, as numbers from 0 to 1, which no change
    /// leads beyond.
    #[arg(long, value_name = "FILE", help_heading = "Question", requires = "labels",
          conflicts_with_all = ["input", "file"])]
    images: Option<PathBuf>,
    /// Their labels, from an IDX file.
    #[arg(long, value_name = "FILE", help_heading = "Question", requires = "images")]
    labels: Option<PathBuf>,
    /// Images at most (a count) [default: all].
    #[arg(long, value_name = "COUNT", help_heading = "Question", requires = "images")]
    first: Option<usize>,
    /// Largest change, in the norm: one number or several, separated by commas.
    #[arg(
        long,
        value_name = "NUMBERS",
        help_heading = "Question",
        required_unless_present = "closest"
    )]
    epsilon: Option<String>,
    /// How changes are measured.
    #[arg(long, default_value = NORMS[0].0, help_heading = "Question",
          value_parser = one_of(NORMS.map(|(name, help, norm)| {
              (PossibleValue::new(name).help(help), norm)
          })))]
    norm: Norm,
    /// The least change that makes another class as large, between two numbers a thousandth
    /// apart.
    #[arg(long, help_heading = "Question", conflicts_with = "epsilon")]
    closest: bool,
    /// Class that is to stay the largest [default: that of the label, or of the network].
    #[arg(long, value_name = "CLASS", help_heading = "Question")]
    class: Option<usize>,
    /// Class that must not become as large; repeatable [default: all others].
    #[arg(long, value_name = "CLASS", help_heading = "Question")]
    target: Vec<usize>,
    /// Least and largest value of each input, which no change leads beyond [default: none, and 0,1
    /// for images].
    #[arg(long, value_name = "LOWER,UPPER", allow_hyphen_values = true, help_heading = "Question")]
    range: Option<String>,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    /// Time limit for each point and each change [default: none].
    #[arg(long, value_name = "TIME", help_heading = "Limits", value_parser = quantity::seconds)]
    each: Option<f64>,
    #[command(flatten)]
    threads: ThreadsArgs,
    /// Picture of the certified accuracy over the changes (.svg, .png, .pdf) [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output", conflicts_with = "closest")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    format: TableArgs,
}

/// Every norm.
const NORMS: [(&str, &str, Norm); 2] = [
    ("linf", "The largest change of an input", Norm::Linf),
    ("l1", "The sum of the changes of all inputs", Norm::L1),
];

/// What is known of all points.
#[derive(Serialize, JsonSchema)]
pub struct Robust {
    /// How changes are measured.
    norm: Norm,
    /// In the order in which they were given.
    points: Vec<PointRecord>,
    /// Over all points, for each change.
    curve: Vec<Share>,
    /// The limit, or the interrupt, that came first.
    stopped_by: Option<StoppedBy>,
    /// The picture, where one was asked for.
    #[serde(skip)]
    picture: Option<PathBuf>,
}

/// What is known of a point.
#[derive(Serialize, JsonSchema)]
struct PointRecord {
    /// The class that is to stay the largest.
    class: usize,
    /// The class that the network says.
    predicted: usize,
    /// For each change: robust, broken, unknown or timeout.
    verdicts: Vec<&'static str>,
    /// The point of another class that was found at the least change, if any.
    counterexample: Option<Vec<f64>>,
    /// No smaller change makes another class as large; of --closest.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    /// This change does; of --closest.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
}

/// What holds for a share of the points.
#[derive(Clone, Copy, Serialize, JsonSchema)]
struct Share {
    /// The change.
    epsilon: f64,
    /// Points whose class stays, which is proven.
    robust: usize,
    /// Points with a counterexample, or of another class themselves.
    broken: usize,
    /// Points of which neither is known.
    unknown: usize,
    /// `robust` as a share of all points.
    certified_accuracy: f64,
}

/// A point with its class.
struct Sample {
    point: Vec<f64>,
    label: Option<usize>,
}

/// Verifies and prints.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form()?, |session| find(args, session))
}

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Robust> {
    args.time_limit.read(session)?;
    let each = time_limit("time limit of each point", args.each)?;
    let threads = args.threads.read(session)?;
    args.plot.as_deref().map(check_output).transpose()?;
    kinds::check(&args.network, Expected::Network)?;
    session.head.question = Question::of_file(&args.network, false);
    let (path, reading) = (args.network.clone(), args.reading);
    let (network, hash) = session.read(move || {
        let read = read_network_and_hash(&path, &reading.options())?;
        tell_of_reading(&read.0, &path);
        Ok(read)
    })?;
    session.head.network = Some(network.name().to_string());
    session.head.question.network = Some(NetworkFile::read(&args.network, hash, &network));
    let samples = samples(args, &network)?;
    let epsilons = match &args.epsilon {
        Some(text) => epsilons(text)?,
        None => Vec::new(),
    };
    let range = match (&args.range, &args.images) {
        (Some(text), _) => Some(range(text)?),
        (None, Some(_)) => Some([0.0, 1.0]),
        (None, None) => None,
    };
    let options = VerifyOptions { threads, ..VerifyOptions::default() };
    let (network, clock) = (Arc::new(network), session.clock);
    let asked = Asked { network, args, range, each, options, clock };
    let mut points = Vec::new();
    for (position, sample) in samples.iter().enumerate() {
        if asked.clock.is_stopped() {
            break;
        }
        let place = || format!("point {position}");
        points.push(asked.look(sample, &epsilons).with_context(place)?);
    }
    let all = samples.len();
    let curve = epsilons.iter().enumerate().map(|(place, &epsilon)| {
        let with = |verdict: &str| points.iter().filter(|p| p.verdicts[place] == verdict).count();
        let (robust, broken) = (with("robust"), with("broken"));
        let certified_accuracy = robust as f64 / all.max(1) as f64;
        Share { epsilon, robust, broken, unknown: all - robust - broken, certified_accuracy }
    });
    let curve: Vec<Share> = curve.collect();
    if let Some(path) = &args.plot {
        write(path, &picture(&curve, args.norm, asked.network.name()).picture(None))?;
    }
    let stopped_by = asked.clock.stopped().filter(|_| points.len() < all);
    Ok(Robust { norm: args.norm, points, curve, stopped_by, picture: args.plot.clone() })
}

/// The points of the arguments.
fn samples(args: &Args, network: &Network) -> anyhow::Result<Vec<Sample>> {
    if let (Some(images), Some(labels)) = (&args.images, &args.labels) {
        let data = read_images(images, labels, 1.0)?;
        let Targets::Classes { labels, .. } = &data.targets else {
            unreachable!("images have classes")
        };
        let rows = data.inputs.rows().into_iter().zip(labels);
        let samples = rows.map(|(row, &label)| Sample { point: row.to_vec(), label: Some(label) });
        return Ok(samples.take(args.first.unwrap_or(usize::MAX)).collect());
    }
    ensure!(!args.points.is_empty(), "no point is given; expected --input, --file or --images");
    let points = args.points.read(network)?;
    Ok(points.into_iter().map(|point| Sample { point, label: None }).collect())
}

/// Changes, the least first.
fn epsilons(text: &str) -> anyhow::Result<Vec<f64>> {
    let parse = |part: &str| {
        let number: Option<f64> = part.trim().parse().ok();
        let number = number.filter(|number| number.is_finite() && *number >= 0.0);
        number.with_context(|| format!("--epsilon: found '{part}', expected a number from 0"))
    };
    let mut epsilons: Vec<f64> = text.split(',').map(parse).collect::<anyhow::Result<_>>()?;
    epsilons.sort_by(f64::total_cmp);
    epsilons.dedup();
    Ok(epsilons)
}

fn range(text: &str) -> anyhow::Result<[f64; 2]> {
    let ends = numbers("--range", text, 2)?;
    ensure!(ends[0] <= ends[1], "--range: found {} above {}", ends[0], ends[1]);
    Ok([ends[0], ends[1]])
}
