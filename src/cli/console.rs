//! What is printed: the answer to stdout, everything else to stderr. An answer that cannot
//! be printed is an error; where stderr cannot be written, there is nobody to tell.
//!
//! Texts for readers carry their styles; where a stream takes no colours, they are left out
//! ([`ColorChoice`], `NO_COLOR`, `CLICOLOR_FORCE`, no terminal).

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::num::{ParseFloatError, ParseIntError};

use anstream::{AutoStream, ColorChoice};
use anyhow::Context;
use clap::ValueEnum;
use clap::builder::styling::{AnsiColor, Style};
use clap::error::ErrorKind as UsageKind;
use taut::message::readable;
use terminal_size::{Width, terminal_size};

use super::page::wrapped;
use super::progress;

/// An answer that closes the question.
pub const CLOSED: Style = AnsiColor::Green.on_default().bold();
/// One that leaves it open, and a warning.
pub const OPEN: Style = AnsiColor::Yellow.on_default().bold();
/// What went wrong.
pub const WRONG: Style = AnsiColor::Red.on_default().bold();
/// The first line of an answer, and that of a table.
pub const HEADING: Style = Style::new().bold();
/// What stands beside.
pub const ASIDE: Style = Style::new().dimmed();

/// A text in a style.
pub fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Where colours are used.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Color {
    /// On terminals, as the variables NO_COLOR and CLICOLOR_FORCE say.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

impl Color {
    /// What arguments say that have not been read yet.
    pub fn of_arguments(words: &[OsString]) -> Self {
        let mut words = words.iter().filter_map(|word| word.to_str());
        while let Some(word) = words.next() {
            let value = match word {
                "--color" => words.next(),
                _ => word.strip_prefix("--color="),
            };
            if let Some(color) = value.and_then(|value| Self::from_str(value, true).ok()) {
                return color;
            }
        }
        Self::Auto
    }

    /// Of all that is printed from now on.
    pub fn set(self) {
        let choice = match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// Columns of the terminal that answers are printed on; `None` where they go elsewhere.
pub fn columns() -> Option<usize> {
    columns_of(&io::stdout())
}

/// Columns of the terminal behind stderr, if there is one.
pub fn columns_of_stderr() -> Option<usize> {
    columns_of(&io::stderr())
}

fn columns_of(stream: &impl IsTerminal) -> Option<usize> {
    let size = stream.is_terminal().then(terminal_size).flatten();
    // A terminal that does not know its width says 0.
    size.map(|(Width(columns), _)| columns.into()).filter(|&columns| columns > 0)
}

/// Prints a text for readers to stdout; a reader that has gone away is no error.
pub fn print_text(text: &str) -> anyhow::Result<()> {
    print(AutoStream::auto(io::stdout()), text)
}

/// Prints a record to stdout, byte by byte.
pub fn print_record(text: &str) -> anyhow::Result<()> {
    print(io::stdout(), text)
}

fn print(mut stream: impl Write, text: &str) -> anyhow::Result<()> {
    progress::end();
    printed(stream.write_all(text.as_bytes()).and_then(|()| stream.flush()))
}

/// Tells what ended the command.
pub fn tell_error(message: &str) {
    progress::end();
    tell(&format!("{} {}", styled(WRONG, "error:"), readable(message)));
}

/// Tells what a reader should know, while the work goes on.
pub fn tell(line: &str) {
    let line = wrapped(line, columns_of_stderr());
    progress::aside(|| {
        let _ = writeln!(AutoStream::auto(io::stderr()), "{line}");
    });
}

/// Prints what clap has to say: the help that was asked for, or what is wrong with the
/// arguments.
pub fn print_usage(usage: &clap::Error) -> anyhow::Result<()> {
    if !usage.use_stderr() {
        return printed(usage.print().and_then(|()| io::stdout().flush()));
    }
    let text = usage.render().to_string();
    // What the parsers of numbers say is for programmers.
    let told = usage.source().map(ToString::to_string).unwrap_or_default();
    let plain = match usage.source() {
        Some(source) if source.is::<ParseIntError>() => "expected a whole number",
        Some(source) if source.is::<ParseFloatError>() => "expected a number",
        _ => &told,
    };
    if plain != told {
        tell(&readable(&text.replace(&told, plain)));
        return Ok(());
    }
    let is_help = usage.kind() == UsageKind::DisplayHelpOnMissingArgumentOrSubcommand;
    match is_help || readable(&text) == text.trim_end_matches('\n') {
        // In colours.
        true => drop(usage.print()),
        false => tell(&readable(&text)),
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
