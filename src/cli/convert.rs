//! `taut convert IN OUT`.

use std::fmt::{self, Write};
use std::path::PathBuf;

use anyhow::ensure;
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::{
    check_network_output, check_writable, is_stdin, read_network_and_hash, save_bounds,
};
use taut::network::{Metadata, Network};
use taut::prune::{PruneCounts, prune};
use taut::tighten::TightenOptions;

use super::domain::BoxArgs;
use super::format::FormatArgs;
use super::kinds::{self, Expected};
use super::page::Page;
use super::problem::{Objective, ProblemArgs, whole};
use super::reading::{ReadingArgs, tell_of_reading};
use super::record::{Head, NetworkFile, Question};
use super::session::{Report, Session};
use super::set_aside::{SetAsideInfo, left_out};
use super::shared::{ThreadsArgs, TightenArgs, TimeLimitArgs};
use super::text::count;
use super::writing;

/// Arguments of `convert`.
#[derive(clap::Args)]
pub struct Args {
    /// Network file to read (.onnx, .json, .nnet, .npz, and .gz behind it; - for the standard
    /// input); with --prune, also an instance file (.toml).
    input: PathBuf,
    /// Network file to write (.onnx, .json, .nnet, .npz, and .gz behind it).
    output: PathBuf,
    #[command(flatten)]
    domain: BoxArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Words on where the network comes from, stored in the file.
    #[arg(long, value_name = "TEXT")]
    origin: Option<String>,
    /// Leave out the neurons that are constant, linear or unread on the domain, and write
    /// the bounds that prove it to a file beside OUTPUT.
    #[arg(long)]
    prune: bool,
    /// File for the bounds of --prune, which is replaced if it is there
    /// [default: OUTPUT.pruning.json, which must not be there].
    #[arg(long, value_name = "FILE", requires = "prune")]
    bounds: Option<PathBuf>,
    #[command(flatten)]
    tighten: TightenArgs,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    #[command(flatten)]
    threads: ThreadsArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// What was written, as a record.
#[derive(Serialize, JsonSchema)]
pub struct Converted {
    /// The file that was written.
    file: PathBuf,
    /// What ended the work on the bounds early.
    stopped_by: Option<StoppedBy>,
    /// Last operators of the file that was read, which the file that was written does not have.
    set_aside: Vec<SetAsideInfo>,
    /// What became of the neurons, if any were to be left out.
    pruned: Option<Pruning>,
}

/// What became of the neurons of all layers.
#[derive(Serialize, JsonSchema)]
struct Pruning {
    /// Method of the bounds.
    tighten: &'static str,
    /// Neurons that are left.
    kept: usize,
    /// Neurons that are constant on the domain.
    constant: usize,
    /// Neurons that are linear on the domain.
    linear: usize,
    /// Neurons that no output depends on.
    unread: usize,
    /// The file with the bounds that prove it.
    bounds: PathBuf,
}

/// Reads one file and writes the other.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form(), |session| {
        args.time_limit.read(session)?;
        let threads = args.threads.read(session)?;
        check_network_output(&args.output)?;
        if args.prune { pruned(args, threads, session) } else { converted(args, session) }
    })
}

fn converted(args: &Args, session: &mut Session) -> anyhow::Result<Converted> {
    session.head.question = Question::of_file(&args.input, false);
    let (input, output) = (args.input.clone(), args.output.clone());
    let (domain, options) = (args.domain.clone(), args.reading.of_any_layer());
    let (network, hash, domain) = session.read(move || {
        kinds::check(&input, Expected::Network)?;
        ensure!(
            is_stdin(&input) || input.exists() || !output.exists(),
            "{}: no such file, but {} is there; expected IN, then OUT",
            input.display(),
            output.display()
        );
        tracing::info!("read: {}", input.display());
        let (network, hash) = read_network_and_hash(&input, &options)?;
        tell_of_reading(&network, &input);
        let domain = domain.read_or_stored(&network, &input)?;
        Ok((network, hash, domain))
    })?;
    session.head.network = Some(network.name().to_string());
    session.head.question.network = Some(NetworkFile::read(&args.input, hash, &network));
    domain.iter().for_each(|domain| session.head.question.within(domain));
    let metadata = Metadata { input_box: domain, ..network.metadata().clone() };
    let set_aside = SetAsideInfo::of(&network);
    write(args, network, metadata)?;
    Ok(Converted { file: args.output.clone(), stopped_by: None, set_aside, pruned: None })
}

fn write(args: &Args, network: Network, mut metadata: Metadata) -> anyhow::Result<()> {
    if let Some(origin) = &args.origin {
        metadata.origin = Some(origin.clone());
    }
    writing::write(&network.with_metadata(metadata)?, &args.output)
}

/// Writes what the domain leaves of the network, and the bounds that prove it.
fn pruned(args: &Args, threads: usize, session: &mut Session) -> anyhow::Result<Converted> {
    let proof = proof_path(args)?;
    let (tighten, time) = (args.tighten.tighten, args.tighten.time.read(session)?);
    session.head.with_tightening(tighten);
    let problem = ProblemArgs::of(&args.input, &args.domain, args.reading)
        .read(Objective::Unasked, session)?;
    let limits = session.limits(time);
    let options = TightenOptions { limits, threads, ..TightenOptions::default() };
    let tightened = tighten.bounds(&problem, whole(&problem)?, &options)?;
    let pruned = prune(problem.network_graph(), &tightened.bounds)?;
    let network = Network::from_graph(&pruned.graph, problem.network())?;
    let mut metadata = network.metadata().clone();
    metadata.input_box = Some(problem.domain().clone());
    let origin = metadata.origin.map_or(String::new(), |origin| format!("{origin}; "));
    let constraints = if problem.constraints().is_empty() { "" } else { " under the constraints" };
    metadata.origin =
        Some(format!("{origin}pruned by {} bounds for its box{constraints}", tighten.name()));
    write(args, network, metadata)?;
    save_bounds(&proof, &problem, &tightened.bounds, tighten.name())?;
    let sum = |of: fn(&PruneCounts) -> usize| pruned.layers.iter().map(of).sum::<usize>();
    let pruned = Pruning {
        tighten: tighten.name(),
        kept: sum(|layer| layer.kept),
        constant: sum(|layer| layer.constant),
        linear: sum(|layer| layer.merged),
        unread: sum(|layer| layer.unread),
        bounds: proof,
    };
    let (file, stopped_by) = (args.output.clone(), tightened.stopped_by);
    let set_aside = SetAsideInfo::of(problem.network());
    Ok(Converted { file, stopped_by, set_aside, pruned: Some(pruned) })
}

/// The file of the bounds: the one that was named, or a new one beside that of the network.
fn proof_path(args: &Args) -> anyhow::Result<PathBuf> {
    let path = args.bounds.clone().unwrap_or_else(|| {
        let mut name = args.output.clone().into_os_string();
        name.push(".pruning.json");
        name.into()
    });
    check_writable(&path)?;
    ensure!(
        args.bounds.is_some() || path.symlink_metadata().is_err(),
        "{}: there is such a file already; expected none, or --bounds FILE to name it",
        path.display()
    );
    ensure!(
        path != args.output,
        "{}: found as the output and with --bounds; expected two files",
        path.display()
    );
    Ok(path)
}

impl Report for Converted {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        write!(out, "wrote {}", self.file.display())?;
        let Some(Pruning { tighten, kept, constant, linear, unread, bounds }) = &self.pruned else {
            writeln!(out)?;
            return left_out(&self.set_aside, "without ", out);
        };
        let neurons = count(kept + constant + linear + unread, "neuron");
        writeln!(
            out,
            ": {kept} of {neurons} kept, {constant} constant, {linear} linear, {unread} unread"
        )?;
        writeln!(out, "wrote {}: the {tighten} bounds that prove it", bounds.display())?;
        left_out(&self.set_aside, "without ", out)?;
        out.stopped(self.stopped_by)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.stopped_by
    }
}
