//! How the files of networks are read.

use std::path::Path;

use clap::Args;
use clap::builder::{PossibleValue, TypedValueParser};
use taut::io::ReadOptions;
use taut::message::excerpt;
use taut::network::{Batch, Network, SetAside, Units};
use taut::num::IntervalBox;

use super::shared::one_of;

/// What files of networks leave open.
#[derive(Args, Clone, Copy, Default)]
pub struct ReadingArgs {
    /// Units of the network of an NNet file [default: raw].
    #[arg(help_heading = "Question", long, value_name = "UNITS", value_parser = units())]
    nnet_units: Option<Units>,
}

impl ReadingArgs {
    /// The options of the readers.
    pub fn options(&self) -> ReadOptions {
        let default = ReadOptions::default();
        ReadOptions { nnet_units: self.nnet_units.unwrap_or(default.nnet_units), ..default }
    }

    /// The options for commands that evaluate a network or look at it, which smooth layers allow.
    pub fn of_any_layer(&self) -> ReadOptions {
        ReadOptions { smooth: true, ..self.options() }
    }
}

fn units() -> impl TypedValueParser<Value = Units> {
    one_of(Units::ALL.map(|units| {
        let help = match units {
            Units::Raw => "Those of the world: the file's normalisation becomes layers",
            Units::Normalised => "Those of its layers, without the normalisation",
        };
        (PossibleValue::new(units.name()).help(help), units)
    }))
}

/// Warns where the network is that of one row of the file's, or ends before the file does.
pub fn tell_of_reading(network: &Network, path: &Path) {
    if let Some(Batch::OneRow { rows }) = network.batch() {
        tracing::warn!(
            "{}: exported for a batch of {rows}, whose rows do not interact; read as one of them: \
             {} inputs, {} outputs",
            path.display(),
            network.inputs(),
            network.outputs()
        );
    }
    for SetAside { node, op, output, what_holds } in network.set_aside() {
        tracing::warn!(
            "{}: the {op} at the end (node '{}', output '{}') is set aside: {what_holds}",
            path.display(),
            excerpt(node),
            excerpt(output)
        );
    }
}

/// Warns where the inputs may leave the box of an NNet file, at which other programs clip them.
pub fn tell_of_clipping(network: &Network, domain: &IntervalBox, path: &Path) {
    let (Some(_), Some(stated)) = (network.units(), &network.metadata().input_box) else { return };
    let leaves =
        |i: usize| domain.lower()[i] < stated.lower()[i] || domain.upper()[i] > stated.upper()[i];
    if let Some(input) = (0..domain.len().min(stated.len())).find(|&input| leaves(input)) {
        tracing::warn!(
            "{}: input {input} may leave the range that the NNet file states; some programs move \
             it back into it, Taut does not",
            path.display()
        );
    }
}
