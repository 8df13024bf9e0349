//! `taut convert IN OUT`.

use std::path::PathBuf;

use anyhow::Context;
use taut::io::{check_network_output, check_writable, read_network, save_bounds, write_network};
use taut::network::{Metadata, Network};
use taut::prune::{PruneCounts, prune};
use taut::tighten::TightenOptions;

use super::args::{ConvertArgs, ProblemArgs};
use super::problem::{self, read_domain};
use super::text::count;
use super::{ANSWERED, progress, settings};

/// Reads one file and writes the other.
pub fn run(args: &ConvertArgs) -> anyhow::Result<(String, u8)> {
    let threads = settings::threads(args.threads)?;
    check_network_output(&args.output)?;
    if args.prune {
        return pruned(args, threads);
    }
    let network = read_network(&args.input)?;
    let mut metadata = network.metadata().clone();
    if let Some(domain) = read_domain(&args.domain, &network)? {
        metadata.input_box = Some(domain);
    }
    write(args, network, metadata)?;
    Ok((format!("wrote {}\n", args.output.display()), ANSWERED))
}

fn write(args: &ConvertArgs, network: Network, mut metadata: Metadata) -> anyhow::Result<()> {
    if let Some(origin) = &args.origin {
        metadata.origin = Some(origin.clone());
    }
    write_network(&network.with_metadata(metadata)?, &args.output)?;
    Ok(())
}

/// Writes what the domain leaves of the network, and the bounds that prove it.
fn pruned(args: &ConvertArgs, threads: usize) -> anyhow::Result<(String, u8)> {
    let proof = proof_path(args);
    check_writable(&proof)?;
    let question = ProblemArgs {
        problem: args.input.clone(),
        domain: args.domain.clone(),
        objective: None,
        constraints: Vec::new(),
        integer: None,
    };
    let problem = problem::read(&question, None)?;
    progress::listen();
    let tightening = settings::tightening(&args.tighten.tighten)?;
    let options = TightenOptions {
        limits: progress::limits(problem::tighten_time(args.tighten.tighten_time)?),
        threads,
        ..TightenOptions::default()
    };
    let whole = problem.whole();
    let whole = whole.context("no whole number lies in the box of an integer input")?;
    let bounds = tightening.bounds(&problem, whole, &options)?.bounds;
    let pruned = prune(problem.network_graph(), &bounds)?;
    let network = Network::from_graph(&pruned.graph, problem.network())?;
    let mut metadata = network.metadata().clone();
    metadata.input_box = Some(problem.domain().clone());
    let origin = metadata.origin.map_or(String::new(), |origin| format!("{origin}; "));
    let constraints = if problem.constraints().is_empty() { "" } else { " under the constraints" };
    metadata.origin =
        Some(format!("{origin}pruned by {} bounds for its box{constraints}", tightening.name()));
    write(args, network, metadata)?;
    save_bounds(&proof, &problem, &bounds, tightening.name())?;
    let sum = |of: fn(&PruneCounts) -> usize| pruned.layers.iter().map(of).sum::<usize>();
    let (kept, constant, merged, unread) =
        (sum(|l| l.kept), sum(|l| l.constant), sum(|l| l.merged), sum(|l| l.unread));
    let text = format!(
        "wrote {}: {} of {} kept, {constant} constant, {merged} linear, {unread} unread\n\
         wrote {}: the {} bounds that prove it\n",
        args.output.display(),
        kept,
        count(kept + constant + merged + unread, "neuron"),
        proof.display(),
        tightening.name(),
    );
    Ok((text, ANSWERED))
}

/// The file of the bounds, beside that of the network.
fn proof_path(args: &ConvertArgs) -> PathBuf {
    let mut name = args.output.clone().into_os_string();
    name.push(".bounds.json");
    name.into()
}
