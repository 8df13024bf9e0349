//! What is printed: the answer to stdout, everything else to stderr. An answer that cannot
//! be printed is an error; where stderr cannot be written, there is nobody to tell.

use std::io::{self, ErrorKind, Stderr, Write};

use anyhow::Context;
use clap::error::ErrorKind as UsageKind;
use taut::message::readable;

/// Prints to stdout; a reader that has gone away is no error.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    printed(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Tells what went wrong.
pub fn tell(message: &str) {
    let _ = writeln!(io::stderr(), "{}", readable(message));
}

/// Prints what clap has to say: the help that was asked for, or what is wrong with the
/// arguments.
pub fn print_usage(usage: &clap::Error) -> anyhow::Result<()> {
    if !usage.use_stderr() {
        return printed(usage.print().and_then(|()| io::stdout().flush()));
    }
    let text = usage.render().to_string();
    let is_help = usage.kind() == UsageKind::DisplayHelpOnMissingArgumentOrSubcommand;
    match is_help || readable(&text) == text.trim_end_matches('\n') {
        // In colours.
        true => drop(usage.print()),
        false => tell(&text),
    }
    Ok(())
}

fn printed(outcome: io::Result<()>) -> anyhow::Result<()> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}

/// Stderr for a log: what it does not take is lost without a word.
pub struct Log(Stderr);

impl Log {
    /// A handle.
    pub fn new() -> Self {
        Self(io::stderr())
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Ok(bytes.len()),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
