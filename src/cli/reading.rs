//! How the files of networks are read.

use clap::Args;
use clap::builder::{PossibleValue, TypedValueParser};
use taut::io::ReadOptions;
use taut::network::Units;

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
        ReadOptions { nnet_units: self.nnet_units.unwrap_or(default.nnet_units) }
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
