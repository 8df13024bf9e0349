//! `taut verify NETWORK PROPERTY`.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::vnnlib::{self, ElementType, NetworkDeclaration, Query, Tensor, write_assignment};
use taut::io::{
    FileError, ReadOptions, check_writable, is_stdin, read_network_and_hash, write_bytes,
    write_text,
};
use taut::message::excerpt;
use taut::network::{Batch, Network};
use taut::verify::{Property, StageRecord, Unknown, Verdict, VerifyOptions, verify};

use super::console::OPEN;
use super::format::AnswerArgs;
use super::kinds::{self, Expected};
use super::networks::{Given, equal_to};
use super::page::Page;
use super::progress::Monitor;
use super::quantity;
use super::reading::{ReadingArgs, tell_of_reading};
use super::record::{Head, NetworkFile, Question};
use super::session::{Report, Session};
use super::shared::{ThreadsArgs, time_limit};
use super::text::{count_of, seconds};
use super::{ANSWERED, UNANSWERED};

/// Arguments of `verify`.
#[derive(clap::Args)]
pub struct Args {
    /// Network file (.onnx, .json, .nnet, .npz, and .gz behind it) and property (.vnnlib, and .gz
    /// behind it); or the property alone, beside --network.
    #[arg(value_name = "NETWORK PROPERTY", num_args = 1..=2, required = true)]
    files: Vec<PathBuf>,
    /// Network of a property that names it, as the VNN-LIB standard has it; once for each of
    /// several.
    #[arg(long, value_name = "NAME=FILE", help_heading = "Question")]
    network: Vec<String>,
    /// Refuse properties about numbers of a floating-point type: proofs are about real numbers.
    #[arg(long, help_heading = "Question")]
    strict: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Time limit for the whole run (seconds, or with a unit: 500ms, 1.5m, 2h)
    /// [default: none].
    #[arg(long, visible_alias = "timeout", value_name = "TIME", allow_hyphen_values = true,
          help_heading = "Limits", value_parser = quantity::seconds)]
    time_limit: Option<f64>,
    #[command(flatten)]
    threads: ThreadsArgs,
    /// Seed of the attack (a whole number).
    #[arg(long, value_name = "NUMBER", default_value_t = 0, help_heading = "Method")]
    seed: u32,
    /// Tell which stage decided, and what each one took.
    #[arg(long, help_heading = "Output")]
    explain: bool,
    /// Write the counterexample as ONNX tensors, a file for each variable, into this folder instead
    /// of printing it [default: none].
    #[arg(long, value_name = "FOLDER", help_heading = "Output")]
    serialise_assignments: Option<PathBuf>,
    /// Write verdict and counterexample to this file too, as the competition expects them
    /// [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    counterexample: Option<PathBuf>,
    #[command(flatten)]
    format: AnswerArgs,
}

/// What is known of a property.
#[derive(Serialize, JsonSchema)]
pub struct Verified {
    /// sat: there is a counterexample; unsat: there is none; unknown; timeout.
    verdict: &'static str,
    /// A point of the inputs' type for which the query holds, and the outputs there.
    counterexample: Option<Point>,
    /// Why the verdict is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The stage that decided; none where the property leaves no box.
    decided_by: Option<&'static str>,
    /// What each stage did.
    stages: Vec<StageRecord>,
    /// Boxes of the property.
    parts: usize,
    /// Parts of the search.
    nodes: u64,
    /// The limit, or the interrupt, that came first.
    stopped_by: Option<StoppedBy>,
    /// Wall-clock seconds of the whole run.
    seconds: f64,
    /// The assignment in the words of the property.
    #[serde(skip)]
    assignment: String,
    #[serde(skip)]
    is_serialised: bool,
    #[serde(skip)]
    explain: bool,
    /// Whether it was asked in the standard's form, which spells a timeout otherwise.
    #[serde(skip)]
    is_standard: bool,
}

/// A counterexample.
#[derive(Serialize, JsonSchema)]
struct Point {
    /// The inputs, numbers of the network's type; of several networks one behind the other.
    input: Vec<f64>,
    /// The outputs of a forward pass in that type, likewise.
    output: Vec<f64>,
    /// The values inside the networks that the property speaks of, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hidden: Vec<f64>,
}

impl Point {
    /// Of the values of a query's variables.
    fn new(query: &Query, values: &[f64]) -> Self {
        let of = |tensors: fn(&NetworkDeclaration) -> &[Tensor]| {
            let tensors = query.networks.iter().flat_map(tensors);
            let values = tensors.flat_map(|t| &values[t.first.0..][..t.count()]);
            values.copied().collect()
        };
        Self { input: of(|n| &n.inputs), output: of(|n| &n.outputs), hidden: of(|n| &n.hidden) }
    }
}

/// Verifies and prints.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form()?, |session| {
        args.counterexample.as_deref().map(check_writable).transpose()?;
        let found = find(args, session)?;
        if let Some(path) = &args.counterexample {
            write_text(path, &format!("{}\n{}", found.verdict, found.assignment))?;
        }
        Ok(found)
    })
}

/// The files of networks, and that of the property.
fn files(files: &[PathBuf], named: &[String]) -> anyhow::Result<(Given, PathBuf)> {
    match (files, named) {
        ([first, second], []) => {
            // In either order: the names tell.
            let (network, property) = match is_property(first) && !is_property(second) {
                true => (second, first),
                false => (first, second),
            };
            Ok((Given::at_place(network)?, property.clone()))
        }
        ([_], []) => bail!("found one file; expected a network and a property, or --network"),
        ([property], named) => Ok((Given::named(named)?, property.clone())),
        _ => bail!("found a network both as a file and as --network; expected one of them"),
    }
}

/// Whether a file is a property, by its name.
pub fn is_property(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    name.ends_with(".vnnlib") || name.ends_with(".vnnlib.gz")
}

/// Boxes without a point that are told one by one: disjunctions multiply them.
const MOST_EMPTY: usize = 3;

fn find(args: &Args, session: &mut Session) -> anyhow::Result<Verified> {
    session.end_within(time_limit("time limit", args.time_limit)?);
    let threads = args.threads.read(session)?;
    session.head.seed = Some(args.seed.into());
    let given = files(&args.files, &args.network)?;
    let (property, query) = read(given, (args.reading, args.strict), session)?;
    let options = VerifyOptions { threads, seed: args.seed };
    let clock = &session.clock;
    let verified = verify(&property, &options, clock, &mut Monitor)?;
    let decided_by = verified.stages.last().map(|last| last.stage.name());
    let decided_by = decided_by.filter(|_| !matches!(verified.verdict, Verdict::Unknown(_)));
    let mut found = Verified {
        verdict: verified.verdict.name(),
        counterexample: None,
        reason: None,
        decided_by,
        stages: verified.stages,
        parts: verified.parts,
        nodes: verified.nodes,
        stopped_by: verified.verdict.stopped_by(),
        seconds: clock.seconds(),
        assignment: String::new(),
        is_serialised: false,
        explain: args.explain,
        is_standard: !args.network.is_empty(),
    };
    match verified.verdict {
        Verdict::Holds | Verdict::Unknown(Unknown::Stopped(_)) => {}
        Verdict::Violated(point) => {
            let values = property.values(&point);
            write_assignment(&mut found.assignment, &query, &values)?;
            found.counterexample = Some(Point::new(&query, &values));
            if let Some(folder) = &args.serialise_assignments {
                write_tensors(folder, &query, &values, property.network())?;
                found.is_serialised = true;
            }
        }
        Verdict::Unknown(Unknown::Disagreement(_)) => {
            found.reason = Some(
                "a point is a counterexample either over the real numbers or in the type of the \
                 network, and not in both",
            );
        }
        Verdict::Unknown(Unknown::NoNumber) => {
            found.reason = Some(
                "no number of the network's type lies within the bounds of an input, so that \
                 there is no point to show",
            );
        }
        Verdict::Unknown(Unknown::Border) => {
            found.reason = Some("what is left lies on the border of what the property says");
        }
    }
    Ok(found)
}

/// The property of a network in a file.
pub fn property_of(
    network: &Path,
    property: &Path,
    reading: ReadingArgs,
    session: &mut Session,
) -> anyhow::Result<Property> {
    let given = files(&[network, property].map(Path::to_path_buf), &[])?;
    Ok(read(given, (reading, false), session)?.0)
}

/// Reads a property within the session's time and puts it into its head.
fn read(
    (given, path): (Given, PathBuf),
    (reading, strict): (ReadingArgs, bool),
    session: &mut Session,
) -> anyhow::Result<(Property, Query)> {
    let first = given.first().unwrap_or(Path::new(""));
    session.head.question = Question::of_property(first, &path);
    let reading = reading.options();
    let (property, query, mut records) = session.read(move || {
        let query = vnnlib::read_query(&path)?;
        if strict {
            check_strict(&query).with_context(|| path.display().to_string())?;
        }
        let files = given.files(&query).with_context(|| path.display().to_string())?;
        let (networks, records) = read_all(&query, &files, &reading)?;
        let property = Property::of_networks(&networks, &query);
        let property = property.with_context(|| path.display().to_string())?;
        let empty = property.empty();
        for warning in query.warnings.iter().chain(empty.iter().take(MOST_EMPTY)) {
            tracing::warn!("{}: {warning}", path.display());
        }
        if empty.len() > MOST_EMPTY {
            let more = empty.len() - MOST_EMPTY;
            tracing::warn!("{}: no point in {more} other boxes either", path.display());
        }
        Ok((property, query, records))
    })?;
    session.head.network = Some(property.network().name().to_string());
    match records.len() {
        1 => session.head.question.network = records.pop(),
        _ => (session.head.question.network, session.head.question.networks) = (None, records),
    }
    Ok((property, query))
}

/// That a query is about real numbers, as proofs are.
fn check_strict(query: &Query) -> anyhow::Result<()> {
    let is_real = |tensor: &&Tensor| tensor.element_type == ElementType::Real;
    match query.tensors().find(|tensor| !is_real(tensor)) {
        None => Ok(()),
        Some(Tensor { name, element_type, position, .. }) => bail!(
            "{position}: '{}' is of type {element_type}; expected real (--strict), since proofs are \
             about real numbers",
            excerpt(name)
        ),
    }
}

/// The networks that a query declares from their files, each file once, and their records.
fn read_all(
    query: &Query,
    files: &[PathBuf],
    reading: &ReadOptions,
) -> anyhow::Result<(Vec<Arc<Network>>, Vec<NetworkFile>)> {
    let (mut networks, mut records): (Vec<Arc<Network>>, _) = (Vec::new(), Vec::new());
    for (index, (declared, file)) in query.networks.iter().zip(files).enumerate() {
        if let Some(other) = equal_to(declared)
            && values_inside(&query.networks[other]) == values_inside(declared)
        {
            networks.push(networks[other].clone());
            continue;
        }
        kinds::check(file, Expected::Network)?;
        let (network, hash) = read_for(declared, file, reading)?;
        tell_of_reading(&network, file);
        ensure!(
            network.set_aside().is_empty(),
            "{}: the last operator is set aside; expected a network whose outputs are those of \
             the file, as the property speaks of their values",
            file.display()
        );
        if !files[..index].contains(file) {
            records.push(NetworkFile::read(file, hash, &network));
        }
        networks.push(Arc::new(network));
    }
    Ok((networks, records))
}

/// Names of the values inside a network that a query speaks of.
fn values_inside(declared: &NetworkDeclaration) -> Vec<String> {
    declared.hidden.iter().filter_map(|tensor| tensor.onnx_name.clone()).collect()
}

/// A network of a file and the hash of the file. Of a batch whose rows do not interact it is that
/// of one row, unless the query declares more inputs than that.
fn read_for(
    declared: &NetworkDeclaration,
    file: &Path,
    reading: &ReadOptions,
) -> Result<(Network, String), FileError> {
    let options = ReadOptions { values: values_inside(declared), ..reading.clone() };
    let (network, hash) = read_network_and_hash(file, &options)?;
    let is_of_one = declared.inputs.iter().map(Tensor::count).sum::<usize>() == network.inputs();
    match network.batch() {
        Some(Batch::OneRow { .. }) if !is_of_one && !is_stdin(file) => {
            read_network_and_hash(file, &ReadOptions { all_rows: true, ..options })
        }
        _ => Ok((network, hash)),
    }
}

/// Writes each variable of a query as an ONNX tensor, `NAME.pb` in a folder.
fn write_tensors(
    folder: &Path,
    query: &Query,
    values: &[f64],
    network: &Network,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for tensor in query.tensors() {
        let own = &values[tensor.first.0..][..tensor.count()];
        let bytes = vnnlib::tensor_bytes(tensor, own, network.metadata().precision);
        write_bytes(&folder.join(format!("{}.pb", tensor.name)), &bytes)?;
    }
    Ok(())
}

impl Report for Verified {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        // As programs expect it: the word alone, without a style.
        match self.verdict {
            "timeout" if self.is_standard => writeln!(out, "timed-out")?,
            verdict => writeln!(out, "{verdict}")?,
        }
        if !self.is_serialised {
            out.write_str(&self.assignment)?;
        }
        if let Some(reason) = self.reason {
            out.headline(OPEN, &format!("  {reason}"))?;
        }
        if !self.explain {
            return Ok(());
        }
        if let Some(stage) = self.decided_by {
            writeln!(out, "  decided by {stage}, after {}", seconds(self.seconds))?;
        }
        let boxes = if self.parts == 1 { "box" } else { "boxes" };
        let nodes = count_of(self.nodes, "part");
        writeln!(out, "  {} {boxes}, {nodes} of the search", self.parts)?;
        let rows = self.stages.iter().map(|stage| {
            let StageRecord { stage, alternatives, closed, seconds: time } = stage;
            let numbers = [alternatives.to_string(), closed.to_string(), seconds(*time)];
            [vec![stage.name().to_string()], numbers.to_vec()].concat()
        });
        out.table(&["stage", "open before", "closed", "time"], (1, 1), &rows.collect::<Vec<_>>())
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }

    fn exit(&self) -> u8 {
        // Where no box is left, no stage has had anything to decide.
        if matches!(self.verdict, "sat" | "unsat") { ANSWERED } else { UNANSWERED }
    }
}
