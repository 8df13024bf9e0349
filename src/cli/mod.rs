//! The commands. The only place that prints: the answer goes to stdout,
//! everything else to stderr.

mod analyze;
mod bench;
mod bounds;
mod boxes;
mod check;
mod checkpoints;
mod compare;
mod completions;
mod console;
mod convert;
mod domain;
mod evaluate;
mod export;
mod find;
mod format;
mod gan;
mod info;
mod kinds;
mod log;
mod man;
mod nearest;
mod networks;
mod optimize;
mod overrides;
mod page;
mod point;
mod points;
mod problem;
mod progress;
mod quantity;
mod rbm;
mod reading;
mod recipe;
mod record;
mod regions;
mod report;
mod robust;
mod scale;
mod schema;
mod session;
mod set_aside;
mod settings;
mod shared;
mod solution;
mod supports;
mod text;
mod train;
mod verify;
mod writing;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use taut::problem::Sense;

use console::{Color, print_usage, tell_error};
use session::Session;

/// Exact answers about trained ReLU networks.
#[derive(Parser)]
#[command(version, about, after_help = EXIT_STATUS, max_term_width = 100)]
struct Arguments {
    /// What to do.
    #[command(subcommand)]
    command: Command,
    /// Tell the story of the run on stderr (twice: all of it).
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    verbose: u8,
    /// No progress and no warnings.
    #[arg(short, long, global = true, help_heading = "Output")]
    quiet: bool,
    /// Where to use colours; auto: on terminals, as NO_COLOR and CLICOLOR_FORCE say.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    color: Color,
}

const EXIT_STATUS: &str = "Exit status: 0 answered, 1 error, 2 wrong usage, \
3 a limit or an interrupt came first (what is known is printed).";

/// The commands.
#[derive(Subcommand)]
enum Command {
    /// Layers, shapes, parameters and operators of a network.
    Info(info::Args),
    /// Least value of an expression of a network's inputs and outputs over a box.
    #[command(aliases = ["minimise", "min"])]
    Minimize(optimize::Args),
    /// Largest value of an expression of a network's inputs and outputs over a box.
    #[command(aliases = ["maximise", "max"])]
    Maximize(optimize::Args),
    /// Any point of the box for which constraints hold, or that there is none.
    Find(find::Args),
    /// The point whose outputs come nearest to given ones, or the least change of given inputs
    /// that reaches what constraints say.
    Nearest(nearest::Args),
    /// Whether a property holds: sat with a counterexample, unsat, unknown or timeout.
    Verify(verify::Args),
    /// Whether points keep their class under small changes: certified accuracy.
    Robust(robust::Args),
    /// Outputs of a network at given inputs, with activation pattern and gradient.
    #[command(alias = "eval")]
    Evaluate(evaluate::Args),
    /// Bounds and phase of every neuron, stable counts, big-M constants.
    Bounds(bounds::Args),
    /// Why a problem is easy or hard: big-M constants, stable neurons, linear regions,
    /// Lipschitz bounds, sensitivity and complexity in one table.
    #[command(alias = "analyse")]
    Analyze(analyze::Args),
    /// Number of linear regions in the box; lists and draws them.
    Regions(regions::Args),
    /// Writes the same function with smaller big-M constants.
    Scale(scale::Args),
    /// Trains a network on samples of a test function, a table or images, as a recipe says.
    Train(Box<train::Args>),
    /// Trains stacks of restricted Boltzmann machines, on spins for one, and measures what they
    /// see.
    Rbm(Box<rbm::Args>),
    /// Trains a generator and a discriminator against each other, as a recipe says.
    Gan(Box<gan::Args>),
    /// Writes a network in another format, by file name extension (.onnx, .json, .nnet,
    /// .npz, and .gz behind it).
    Convert(convert::Args),
    /// The same problem under several encodings, bounds and scalings, and by methods without
    /// them: one row each, checked against each other.
    Compare(compare::Args),
    /// Every instance of a suite under every variant with every seed, a process each: one record
    /// a run, which a batch that was ended goes on from.
    Bench(Box<bench::Args>),
    /// What batch runs show: tables, figures and a page to read; two batches pair by pair.
    Report(report::Args),
    /// Writes a problem as a mixed-integer program for other solvers, by file name
    /// extension (.mps, .lp).
    Export(export::Args),
    /// Prints a script that completes commands, options and names in a shell.
    Completions(completions::Args),
    /// Prints the manual page, or writes those of all commands.
    Man(man::Args),
    /// Prints the JSON Schema of instance files, recipes or records.
    Schema(schema::Args),
    /// What properties and networks `verify` takes, as the VNN-LIB standard has tools ask.
    Supports(supports::Args),
}

/// The question was answered.
const ANSWERED: u8 = 0;
/// Something went wrong; a message says what. (2 is clap's, for wrong usage.)
const FAILED: u8 = 1;
/// A limit or an interrupt came first; what is known has been printed.
const UNANSWERED: u8 = 3;

/// Runs the command that the arguments ask for.
pub fn run() -> ExitCode {
    let words = words();
    // Also for what is wrong with the arguments.
    Color::of_arguments(&words).set();
    let outcome = match parsed(&words) {
        // What the VNN-LIB standard has tools ask, beside `--version`.
        _ if words.get(1..).is_some_and(|words| words == ["--name"]) => {
            console::print_record("Taut\n").map(|()| ANSWERED)
        }
        Ok((arguments, given)) => answer(&arguments, given),
        Err(usage) => {
            print_usage(&usage).map(|()| u8::try_from(usage.exit_code()).unwrap_or(FAILED))
        }
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tell_error(&format!("{error:#}"));
            ExitCode::from(FAILED)
        }
    }
}

/// Reads the arguments, and says which options of the command were given; a negative number is
/// the value of the option before it.
fn parsed(words: &[OsString]) -> Result<(Arguments, Vec<String>), clap::Error> {
    match matched(Arguments::command(), words) {
        Err(error) if error.kind() == ErrorKind::UnknownArgument => {
            matched(with_negative_numbers(), words).map_err(refined)
        }
        parsed => parsed,
    }
}

fn matched(
    mut command: clap::Command,
    words: &[OsString],
) -> Result<(Arguments, Vec<String>), clap::Error> {
    let mut matches = command.try_get_matches_from_mut(words)?;
    let is_given =
        |of: &ArgMatches, id: &str| of.value_source(id) == Some(ValueSource::CommandLine);
    let given = matches.subcommand().map_or_else(Vec::new, |(_, of)| {
        let ids = of.ids().map(ToString::to_string);
        ids.filter(|id| of.try_contains_id(id).is_ok() && is_given(of, id)).collect()
    });
    let arguments = Arguments::from_arg_matches_mut(&mut matches);
    Ok((arguments.map_err(|error| error.format(&mut command))?, given))
}

fn with_negative_numbers() -> clap::Command {
    let number = |argument: Arg| match argument.is_positional() {
        true => argument,
        false => argument.allow_negative_numbers(true),
    };
    Arguments::command().mut_subcommands(|command| command.mut_args(number))
}

/// Without the advice on how an unknown option could be the name of a file.
fn refined(mut error: clap::Error) -> clap::Error {
    if error.to_string().contains(" as a value, use '-- ") {
        error.remove(ContextKind::Suggested);
    }
    error
}

/// The arguments. One that ends in a comma goes on in the next: `--lower -2, 0`.
fn words() -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    for word in std::env::args_os() {
        match words.last_mut() {
            Some(last) if last.as_encoded_bytes().ends_with(b",") && !is_option(&word) => {
                last.push(word);
            }
            _ => words.push(word),
        }
    }
    words
}

/// Whether a word is an option, and no negative number.
fn is_option(word: &OsStr) -> bool {
    let mut bytes = word.as_encoded_bytes().iter();
    bytes.next() == Some(&b'-') && !bytes.next().is_some_and(|b| b.is_ascii_digit() || *b == b'.')
}

/// Runs a command, which prints its answer.
fn answer(arguments: &Arguments, given: Vec<String>) -> anyhow::Result<u8> {
    progress::start(arguments.quiet);
    log::start(arguments.verbose, arguments.quiet);
    progress::listen();
    let start = |command| Session::start(command, given);
    match &arguments.command {
        Command::Info(args) => info::run(args, start("info")),
        Command::Minimize(args) => optimize::run(args, Sense::Minimize, start("minimize")),
        Command::Maximize(args) => optimize::run(args, Sense::Maximize, start("maximize")),
        Command::Find(args) => find::run(args, start("find")),
        Command::Nearest(args) => nearest::run(args, start("nearest")),
        Command::Verify(args) => verify::run(args, start("verify")),
        Command::Robust(args) => robust::run(args, start("robust")),
        Command::Evaluate(args) => evaluate::run(args, start("evaluate")),
        Command::Bounds(args) => bounds::run(args, start("bounds")),
        Command::Analyze(args) => analyze::run(args, start("analyze")),
        Command::Regions(args) => regions::run(args, start("regions")),
        Command::Scale(args) => scale::run(args, start("scale")),
        Command::Compare(args) => compare::run(args, start("compare")),
        Command::Bench(args) => bench::run_suite(args, start(bench::name(args))),
        Command::Report(args) => report::run(args, start("report")),
        Command::Train(args) => train::run(args, start("train")),
        Command::Rbm(args) => rbm::run(args, start("rbm")),
        Command::Gan(args) => gan::run(args, start("gan")),
        Command::Convert(args) => convert::run(args, start("convert")),
        Command::Export(args) => export::run(args, start("export")),
        Command::Completions(args) => completions::run(args, Arguments::command()),
        Command::Man(args) => man::run(args, Arguments::command()),
        Command::Schema(args) => schema::run(args),
        Command::Supports(args) => supports::run(args),
    }
}
