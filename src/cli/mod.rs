//! The commands. The only place that prints: the answer goes to stdout,
//! everything else to stderr.

mod analyze;
mod args;
mod bounds;
mod compare;
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

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use args::{Arguments, Command};

/// The question was answered.
const ANSWERED: u8 = 0;
/// Something went wrong; a message says what. (2 is clap's, for wrong usage.)
const FAILED: u8 = 1;
/// A limit or an interrupt came first; what is known has been printed.
const UNANSWERED: u8 = 3;

/// Runs the command that the arguments ask for.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    start_log(arguments.verbose, arguments.quiet);
    let outcome = match &arguments.command {
        Command::Info(info) => info::run(info),
        Command::Minimize(args) => optimize::run(args, taut::problem::Sense::Minimize, &arguments),
        Command::Maximize(args) => optimize::run(args, taut::problem::Sense::Maximize, &arguments),
        Command::Bounds(args) => bounds::run(args),
        Command::Analyze(args) => analyze::run(args),
        Command::Regions(args) => regions::run(args),
        Command::Scale(args) => scale::run(args),
        Command::Compare(args) => compare::run(args, &arguments),
        Command::Train(args) => train::run(args, arguments.quiet),
        Command::Convert(convert) => convert::run(convert),
        Command::Export(export) => export::run(export),
    };
    let outcome = outcome.and_then(|(text, code)| print(&text).map(|()| code));
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(FAILED)
        }
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
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .init();
}

/// Prints to stdout; a reader that has gone away is no error.
fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}
