//! `taut convert IN OUT`.

use taut::io::{read_network, write_network};

use super::ANSWERED;
use super::args::ConvertArgs;
use super::problem::read_domain;

/// Reads one file and writes the other.
pub fn run(args: &ConvertArgs) -> anyhow::Result<(String, u8)> {
    let network = read_network(&args.input)?;
    let mut metadata = network.metadata().clone();
    if let Some(domain) = read_domain(&args.domain, &network)? {
        metadata.input_box = Some(domain);
    }
    if let Some(origin) = &args.origin {
        metadata.origin = Some(origin.clone());
    }
    let network = network.with_metadata(metadata)?;
    write_network(&network, &args.output)?;
    Ok((format!("wrote {}\n", args.output.display()), ANSWERED))
}
