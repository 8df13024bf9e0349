//! `taut robust NETWORK --input X --epsilon E`: whether points keep their class.

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::builder::PossibleValue;
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::{Clock, StoppedBy};
use taut::io::read_network_and_hash;
use taut::network::Network;
use taut::plot::{Chart, Scale, Series, Style, check_output, write};
use taut::train::data::{Targets, read_images};
use taut::verify::{Norm, Robustness, Unknown, Verdict, VerifyOptions, verify};

use super::console::{CLOSED, HEADING, OPEN};
use super::format::TableArgs;
use super::kinds::{self, Expected};
use super::page::Page;
use super::points::PointArgs;
use super::problem::{numbers, tell_of_reading};
use super::progress::Monitor;
use super::quantity;
use super::reading::ReadingArgs;
use super::record::{Head, NetworkFile, Question};
use super::session::{Report, Session};
use super::shared::{ThreadsArgs, TimeLimitArgs, one_of, time_limit};
use super::text::{count, number};
use super::{ANSWERED, UNANSWERED};

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

/// What all points share.
struct Asked<'a> {
    network: Arc<Network>,
    args: &'a Args,
    range: Option<[f64; 2]>,
    each: Option<Duration>,
    options: VerifyOptions,
    clock: Clock,
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

/// Relative distance of the two ends of the least change.
const CLOSE: f64 = 1e-3;

/// The first change that is tried for the least one, and how often it is doubled.
const FIRST_CHANGE: f64 = 1.0 / 256.0;
const DOUBLINGS: i32 = 40;

impl Asked<'_> {
    fn look(&self, sample: &Sample, epsilons: &[f64]) -> anyhow::Result<PointRecord> {
        let outputs = self.network.evaluate_point(&sample.point);
        let predicted = largest(&outputs);
        let class = self.args.class.or(sample.label).unwrap_or(predicted);
        let network = self.network.clone();
        let robustness =
            Robustness::new(network, &sample.point, class, &self.args.target, self.range)?;
        let mut record = PointRecord {
            class,
            predicted,
            verdicts: Vec::new(),
            counterexample: None,
            at_least: None,
            at_most: None,
        };
        if self.args.closest {
            self.closest(&robustness, &mut record)?;
            return Ok(record);
        }
        for &epsilon in epsilons {
            let verdict = match record.verdicts.last() {
                // What breaks a class at a smaller change does so at a larger one.
                Some(&"broken") => "broken",
                _ => self.verdict(&robustness, epsilon, &mut record)?,
            };
            record.verdicts.push(verdict);
        }
        Ok(record)
    }

    fn verdict(
        &self,
        robustness: &Robustness,
        epsilon: f64,
        record: &mut PointRecord,
    ) -> anyhow::Result<&'static str> {
        let property = robustness.within(epsilon, self.args.norm)?;
        let clock = self.clock.at_most(self.each);
        Ok(match verify(&property, &self.options, &clock, &mut Monitor)?.verdict {
            Verdict::Holds => "robust",
            Verdict::Violated(point) => {
                record.counterexample = Some(point.input);
                "broken"
            }
            Verdict::Unknown(Unknown::Stopped(StoppedBy::TimeLimit)) => "timeout",
            Verdict::Unknown(_) => "unknown",
        })
    }

    /// Halves the distance between a change that is robust and one that is not.
    fn closest(&self, robustness: &Robustness, record: &mut PointRecord) -> anyhow::Result<()> {
        let (mut low, mut high) = (0.0, None);
        let mut next = FIRST_CHANGE;
        for _ in 0..DOUBLINGS {
            let verdict = self.verdict(robustness, next, record)?;
            record.verdicts = vec![verdict];
            match verdict {
                "robust" => low = next,
                "broken" => high = Some(next),
                _ => break,
            }
            next = match high {
                None => 2.0 * low,
                Some(high) if high - low <= CLOSE * high => break,
                Some(high) => 0.5 * (low + high),
            };
        }
        (record.at_least, record.at_most) = (Some(low), high);
        Ok(())
    }
}

fn largest(outputs: &[f64]) -> usize {
    (0..outputs.len())
        .fold(0, |best, other| if outputs[other] > outputs[best] { other } else { best })
}

fn picture(curve: &[Share], norm: Norm, network: &str) -> Chart {
    let all = |of: fn(&Share) -> f64| curve.iter().map(|s| [s.epsilon, of(s)]).collect();
    Chart {
        title: format!("{network}: certified accuracy"),
        axes: [
            Scale::linear(match norm {
                Norm::Linf => "largest change of each input",
                Norm::L1 => "sum of the changes of all inputs",
            }),
            Scale::linear("share of points").holding([0.0, 1.0]),
        ],
        series: vec![
            Series {
                name: "robust, proven".to_string(),
                style: Style::Line,
                points: all(|s| s.certified_accuracy),
            },
            Series {
                name: "not broken".to_string(),
                style: Style::Line,
                points: all(|s| {
                    let points = (s.robust + s.broken + s.unknown).max(1) as f64;
                    1.0 - s.broken as f64 / points
                }),
            },
        ],
        guides: Vec::new(),
    }
}

impl Report for Robust {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        for (position, point) in self.points.iter().enumerate() {
            let (Some(low), high) = (point.at_least, point.at_most) else { continue };
            let line = match high {
                Some(high) => format!("closest: between {} and {}", number(low), number(high)),
                None => format!("closest: at least {}", number(low)),
            };
            out.headline(if high.is_some() { CLOSED } else { OPEN }, &line)?;
            writeln!(out, "  point   {position}, class {}", point.class)?;
        }
        if let ([point], [verdict]) = (&self.points[..], self.first_verdicts())
            && point.at_least.is_none()
        {
            let style = if ["robust", "broken"].contains(verdict) { CLOSED } else { OPEN };
            out.headline(style, verdict)?;
            writeln!(out, "  class   {}, predicted {}", point.class, point.predicted)?;
        } else if !self.curve.is_empty() {
            out.headline(
                HEADING,
                &format!("certified accuracy of {}", count(self.points.len(), "point")),
            )?;
            let rows = self.curve.iter().map(|share| {
                let counts = [share.robust, share.broken, share.unknown].map(|n| n.to_string());
                let accuracy = format!("{:.1} %", 100.0 * share.certified_accuracy);
                [vec![number(share.epsilon)], counts.to_vec(), vec![accuracy]].concat()
            });
            let header = ["epsilon", "robust", "broken", "unknown", "certified accuracy"];
            out.table(&header, (1, 0), &rows.collect::<Vec<_>>())?;
        }
        out.stopped(self.stopped_by)?;
        match &self.picture {
            Some(file) => writeln!(out, "  wrote   {}", file.display()),
            None => Ok(()),
        }
    }

    fn csv(&self, _: &Head) -> anyhow::Result<String> {
        let mut text = "epsilon,robust,broken,unknown,certified_accuracy\n".to_string();
        for Share { epsilon, robust, broken, unknown, certified_accuracy } in &self.curve {
            writeln!(text, "{epsilon},{robust},{broken},{unknown},{certified_accuracy}")?;
        }
        Ok(text)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }

    fn exit(&self) -> u8 {
        let is_open = |verdict: &&str| !["robust", "broken"].contains(verdict);
        let all = self.points.iter().flat_map(|point| &point.verdicts);
        let is_answered = self.stopped_by.is_none() && !all.into_iter().any(is_open);
        if is_answered { ANSWERED } else { UNANSWERED }
    }
}

impl Robust {
    /// The verdicts of the first point.
    fn first_verdicts(&self) -> &[&'static str] {
        self.points.first().map_or(&[], |point| &point.verdicts)
    }
}
