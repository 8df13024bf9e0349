//! `taut supports --CAPABILITY`: what the solver can do, as the VNN-LIB standard has tools ask.

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use taut::io::Onnx;

use super::{ANSWERED, console};

/// A question of the standard (chapter "Solver command-line interface").
struct Capability {
    /// Its option.
    name: &'static str,
    help: &'static str,
    /// The lines of the answer.
    answer: fn() -> Vec<String>,
}

/// All of them.
const CAPABILITIES: &[Capability] = &[
    Capability {
        name: "onnx-opset-versions",
        help: "Oldest and newest operator set of ONNX",
        answer: || Onnx::OPERATOR_SETS.iter().map(i64::to_string).collect(),
    },
    Capability {
        name: "onnx-element-types",
        help: "Types of numbers that proofs are about: `unsat` is proven over the real numbers",
        answer: || words(&["real"]),
    },
    Capability {
        name: "onnx-operators",
        help: "Operators of ONNX: products, quotients and casts where they are piecewise linear",
        answer: || words(&Onnx::operators()),
    },
    Capability {
        name: "vnnlib-versions",
        help: "Oldest and newest version of VNN-LIB",
        answer: || words(&["1.0", "2.0"]),
    },
    Capability {
        name: "hidden-node-theories",
        help: "NH, H: no hidden values, or some",
        answer: || words(&["NH", "H"]),
    },
    Capability {
        name: "multiple-input-output-theories",
        help: "SIO, MIO: one input and output, or several",
        answer: || words(&["SIO", "MIO"]),
    },
    Capability {
        name: "multiple-network-theories",
        help: "SNET, MENET, MINET, MNET: one network, or several that are equal, isomorphic, any",
        answer: || words(&["SNET", "MENET", "MINET", "MNET"]),
    },
    Capability {
        name: "multiple-node-comparison-theories",
        help: "SNC, MNC: conditions on one tensor, or on several",
        answer: || words(&["SNC", "MNC"]),
    },
    Capability {
        name: "arithmetic-complexity-theories",
        help: "BND, OUTC, LIN: bounds, comparisons of outputs, linear conditions",
        answer: || words(&["BND", "OUTC", "LIN"]),
    },
    Capability {
        name: "optimised-disjunctive-reasoning",
        help: "Whether disjunctions are more than multiplied out",
        answer: || words(&["true"]),
    },
    Capability {
        name: "serialise-assignments",
        help: "Whether assignments can be written as files of ONNX tensors",
        answer: || words(&["true"]),
    },
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// Arguments of `supports`: one option a capability, exactly one of which is given.
pub struct Args(&'static Capability);

impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        let flag = |capability: &Capability| {
            Arg::new(capability.name)
                .long(capability.name)
                .help(capability.help)
                .action(ArgAction::SetTrue)
        };
        let names = CAPABILITIES.iter().map(|capability| capability.name);
        let one = ArgGroup::new("capability").args(names).required(true);
        command
            .args(CAPABILITIES.iter().map(flag))
            .group(one)
            .override_usage("taut supports --<CAPABILITY>")
            .arg_required_else_help(true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_asked = |capability: &&Capability| matches.get_flag(capability.name);
        let missing = || clap::Error::new(clap::error::ErrorKind::MissingRequiredArgument);
        CAPABILITIES.iter().find(is_asked).map(Self).ok_or_else(missing)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Prints the answer, a line a word.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    let lines = (args.0.answer)().iter().map(|line| format!("{line}\n")).collect::<String>();
    console::print_record(&lines)?;
    Ok(ANSWERED)
}
