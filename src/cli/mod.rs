//! The commands. The only place that prints: the answer goes to stdout,
//! everything else to stderr.

mod analyze;
mod args;
mod bounds;
mod compare;
mod console;
mod convert;
mod export;
mod info;
mod optimize;
mod problem;
mod progress;
mod recipe;
mod regions;
mod scale;
mod settings;
mod text;
mod train;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use console::{print, print_usage, tell};

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

/// Runs a command and prints its answer.
fn answer(arguments: &Arguments) -> anyhow::Result<u8> {
    start_log(arguments.verbose, arguments.quiet);
    let (text, code) = match &arguments.command {
        Command::Info(info) => info::run(info),
        Command::Minimize(args) => optimize::run(args, taut::problem::Sense::Minimize, arguments),
        Command::Maximize(args) => optimize::run(args, taut::problem::Sense::Maximize, arguments),
        Command::Bounds(args) => bounds::run(args),
        Command::Analyze(args) => analyze::run(args),
        Command::Regions(args) => regions::run(args),
        Command::Scale(args) => scale::run(args),
        Command::Compare(args) => compare::run(args, arguments),
        Command::Train(args) => train::run(args, arguments.quiet),
        Command::Convert(convert) => convert::run(convert),
        Command::Export(export) => export::run(export),
    }?;
    print(&text).map(|()| code)
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
