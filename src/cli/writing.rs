//! How the files of networks are written.

use std::path::Path;

use taut::io::{format_of, write_network};
use taut::network::{Metadata, Network};

/// Writes a network; the extension tells the format. Warns of what has no place in it.
///
/// # Errors
/// The format cannot hold the network, or the system says no.
pub fn write(network: &Network, path: &Path) -> anyhow::Result<()> {
    write_network(network, path)?;
    let Metadata { input_box, input_names, output_names, scaling, origin, precision: _ } =
        network.metadata();
    let is_bare = input_box.is_none()
        && input_names.is_empty()
        && output_names.is_empty()
        && scaling.is_none()
        && origin.is_none();
    if format_of(path)?.holds_only_weights() && !is_bare {
        tracing::warn!(
            "{}: holds weights only; box, names, scaling and origin of the network are left out",
            path.display()
        );
    }
    Ok(())
}
