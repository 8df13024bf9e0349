//! The commands. The only place that prints: the answer goes to stdout,
//! everything else to stderr.

mod analyze;
mod bounds;
mod compare;
mod completions;
mod console;
mod convert;
mod export;
mod info;
mod man;
mod optimize;
mod problem;
mod progress;
mod recipe;
mod record;
mod regions;
mod scale;
mod schema;
mod session;
mod settings;
mod shared;
mod text;
mod train;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use taut::problem::Sense;

use console::{print_usage, tell};
use session::Session;

/// Exact answers about trained ReLU networks.
#[derive(Parser)]
#[command(version, about, after_help = EXIT_STATUS, max_term_width = 100)]
struct Arguments {
    /// What to do.
    #[command(subcommand)]
    command: Command,
    /// Tell more on stderr (twice: much more).
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    verbose: u8,
    /// No progress and no warnings.
    #[arg(short, long, global = true, help_heading = "Output")]
    quiet: bool,
}

const EXIT_STATUS: &str = "Exit status: 0 answered, 1 error, 2 wrong usage, \
3 a limit or an interrupt came first (what is known is printed).";

/// The commands.
#[derive(Subcommand)]
enum Command {
    /// Layers, shapes, parameters and operators of a network.
    Info(info::Args),
    /// Least value of an expression of a network's inputs and outputs over a box.
    Minimize(optimize::Args),
    /// Largest value of an expression of a network's inputs and outputs over a box.
    Maximize(optimize::Args),
    /// Bounds and phase of every neuron, stable counts, big-M constants.
    Bounds(bounds::Args),
    /// Why a problem is easy or hard: big-M constants, stable neurons, linear regions,
    /// Lipschitz bounds, sensitivity and complexity in one table.
    Analyze(analyze::Args),
    /// Number of linear regions in the box; lists and draws them.
    Regions(regions::Args),
    /// Writes the same function with smaller big-M constants.
    Scale(scale::Args),
    /// Trains a network on samples of a test function, a table or images, as a recipe says.
    Train(Box<train::Args>),
    /// Writes a network in another format, by file name extension (.onnx, .json).
    Convert(convert::Args),
    /// The same problem under several encodings, bounds and scalings: one row a
    /// combination, checked against each other.
    Compare(compare::Args),
    /// Writes a problem as a mixed-integer program for other solvers, by file name
    /// extension (.mps, .lp).
    Export(export::Args),
    /// Prints a script that completes commands, options and names in a shell.
    Completions(completions::Args),
    /// Prints the manual page, or writes those of all commands.
    Man(man::Args),
    /// Prints the JSON Schema of instance files, recipes or records.
    Schema(schema::Args),
}

/// The question was answered.
const ANSWERED: u8 = 0;
/// Something went wrong; a message says what. (2 is clap's, for wrong usage.)
const FAILED: u8 = 1;
/// A limit or an interrupt came first; what is known has been printed.
const UNANSWERED: u8 = 3;

/// Runs the command that the arguments ask for.
pub fn run() -> ExitCode {
    let outcome = match Arguments::try_parse() {
        Ok(arguments) => answer(&arguments),
        Err(usage) => {
            print_usage(&usage).map(|()| u8::try_from(usage.exit_code()).unwrap_or(FAILED))
        }
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tell(&format!("error: {error:#}"));
            ExitCode::from(FAILED)
        }
    }
}

/// Runs a command, which prints its answer.
fn answer(arguments: &Arguments) -> anyhow::Result<u8> {
    start_log(arguments.verbose, arguments.quiet);
    progress::listen();
    let start = |command| Session::start(command, arguments.quiet);
    match &arguments.command {
        Command::Info(args) => info::run(args, start("info")),
        Command::Minimize(args) => optimize::run(args, Sense::Minimize, start("minimize")),
        Command::Maximize(args) => optimize::run(args, Sense::Maximize, start("maximize")),
        Command::Bounds(args) => bounds::run(args, start("bounds")),
        Command::Analyze(args) => analyze::run(args, start("analyze")),
        Command::Regions(args) => regions::run(args, start("regions")),
        Command::Scale(args) => scale::run(args, start("scale")),
        Command::Compare(args) => compare::run(args, start("compare")),
        Command::Train(args) => train::run(args, start("train")),
        Command::Convert(args) => convert::run(args, start("convert")),
        Command::Export(args) => export::run(args, start("export")),
        Command::Completions(args) => completions::run(args, Arguments::command()),
        Command::Man(args) => man::run(args, Arguments::command()),
        Command::Schema(args) => schema::run(args),
    }
}

/// Warnings by default; more with `-v`, only errors with `-q`.
fn start_log(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => tracing::Level::ERROR,
        (false, 0) => tracing::Level::WARN,
        (false, 1) => tracing::Level::INFO,
        (false, _) => tracing::Level::DEBUG,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(console::Log::new)
        .log_internal_errors(false)
        .without_time()
        .with_target(false)
        .init();
}
