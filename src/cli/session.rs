//! One command under way: its clock, the head of its record, and the only place where
//! answers are printed and exit statuses are made.

use std::fmt::{self, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anstream::adapter::strip_str;
use schemars::JsonSchema;
use serde::Serialize;
use taut::bench::Machine;
use taut::control::{Clock, Limits, StoppedBy};
use taut::io::write_text;
use thiserror::Error;

use super::console::OPEN;
use super::format::{Form, Format};
use super::page::Page;
use super::record::Head;

use super::{ANSWERED, UNANSWERED, console, progress};

/// What a command found. As JSON it is an object whose keys follow those of [`Head`].
pub trait Report: Serialize + JsonSchema {
    /// Whether the record has a `status`.
    const HAS_STATUS: bool = false;

    /// For readers.
    ///
    /// # Errors
    /// Those of the writer.
    fn text(&self, head: &Head, out: &mut Page) -> fmt::Result;

    /// As a table, where the command has one.
    ///
    /// # Errors
    /// Those of the writer.
    fn csv(&self, _head: &Head) -> anyhow::Result<String> {
        unreachable!("the format is offered by commands with a table")
    }

    /// The limit or the interrupt that came first, if one did.
    fn stopped_by(&self) -> Option<StoppedBy>;

    /// The exit status.
    fn exit(&self) -> u8 {
        if self.stopped_by().is_none() { ANSWERED } else { UNANSWERED }
    }
}

/// A command under way.
pub struct Session {
    /// Runs since before anything was read.
    pub clock: Clock,
    /// What is known of the question so far.
    pub head: Head,
    /// The options on the command line, by the names of their fields.
    given: Vec<String>,
}

impl Session {
    /// Starts now; the first Ctrl-C stops it.
    pub fn start(command: &'static str, given: Vec<String>) -> Self {
        let clock = Clock::start(&progress::limits(None));
        Self { clock, head: Head::new(command), given }
    }

    /// Whether an option was given.
    pub fn is_given(&self, option: &str) -> bool {
        self.given.iter().any(|given| given == option)
    }

    /// Sets the time limit of the whole run.
    pub fn end_within(&mut self, limit: Option<Duration>) {
        if let Some(limit) = limit {
            self.clock = self.clock.within(limit);
            self.head.limits.time_seconds = Some(limit.as_secs_f64());
        }
    }

    /// What is left of the time, or of this share of it: to be asked for when the work begins.
    pub fn limits(&self, time: Option<Duration>) -> Limits {
        self.clock.at_most(time).limits()
    }

    /// Reads files, unless the clock comes first.
    ///
    /// # Errors
    /// Those of `work`; [`Unread`].
    pub fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        unless_stopped(&self.clock, work)
    }

    /// Does the work of the command and prints what it finds; the exit status.
    ///
    /// # Errors
    /// Those of `work`; an answer that cannot be printed.
    pub fn answer<R: Report>(
        mut self,
        form: Form,
        work: impl FnOnce(&mut Self) -> anyhow::Result<R>,
    ) -> anyhow::Result<u8> {
        match work(&mut self) {
            Ok(report) => give(&self.head, &report, &form),
            Err(error) => match error.downcast::<Unread>() {
                Ok(unread) => {
                    let status = R::HAS_STATUS.then_some("unknown");
                    give(&self.head, &Nothing { status, stopped_by: unread.0 }, &form)
                }
                Err(error) => Err(error),
            },
        }
    }
}

/// Writes and prints a report as asked for; the exit status.
fn give<R: Report>(head: &Head, report: &R, form: &Form) -> anyhow::Result<u8> {
    if let Some((path, format)) = &form.written {
        let text = match format {
            // No styles, and as wide as it is.
            Format::Text => strip_str(&page(head, report, None)?.finish()).to_string(),
            format => record(head, report, *format)?,
        };
        write_text(path, &text)?;
    }
    match form.printed {
        Format::Text => {
            let mut page = page(head, report, console::columns())?;
            if let Some((path, _)) = &form.written {
                writeln!(page, "\n  wrote   {}", path.display())?;
            }
            console::print_text(&page.finish())?;
        }
        format => console::print_record(&record(head, report, format)?)?,
    }
    Ok(report.exit())
}

/// A report for readers.
fn page<R: Report>(head: &Head, report: &R, columns: Option<usize>) -> anyhow::Result<Page> {
    let mut page = Page::new(columns);
    report.text(head, &mut page)?;
    if let Some(file) = head.question.box_file_beside() {
        writeln!(page, "box of inputs from {}", file.display())?;
    }
    if let Some((file, units)) = head.question.units() {
        writeln!(page, "inputs and outputs in {} units of {}", units.name(), file.display())?;
    }
    Ok(page)
}

/// A report for programs.
fn record<R: Report>(head: &Head, report: &R, format: Format) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Record<'a, R> {
        #[serde(flatten)]
        head: &'a Head,
        machine: Machine,
        #[serde(flatten)]
        report: &'a R,
    }
    match format {
        Format::Csv => report.csv(head),
        Format::Text | Format::Json => {
            let record = Record { head, machine: Machine::this(), report };
            Ok(serde_json::to_string(&record)? + "\n")
        }
    }
}

/// The clock came before the files were read.
#[derive(Debug, Error)]
#[error("stopped by {} while the files were read", .0.words())]
pub struct Unread(StoppedBy);

/// What is known where a limit or an interrupt came before the files were read.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Stopped")]
pub struct Nothing {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// The limit, or the interrupt.
    stopped_by: StoppedBy,
}

impl Report for Nothing {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        out.headline(OPEN, &format!("unknown: {}", Unread(self.stopped_by)))
    }

    fn csv(&self, _: &Head) -> anyhow::Result<String> {
        Ok(format!("stopped_by\n{}\n", self.stopped_by.name()))
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        Some(self.stopped_by)
    }
}

/// Time between two looks at the clock.
const TICK: Duration = Duration::from_millis(5);

/// Stack of the thread that reads, in bytes: that of a main thread, which it stands in for.
const STACK: usize = 8 << 20;

/// Works on a thread of its own while this one watches the clock: reading a file and
/// building what stands in it ask no clock. Where the clock comes first, the thread is left
/// behind and ends with the process.
fn unless_stopped<T: Send + 'static>(
    clock: &Clock,
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let (sender, receiver) = channel();
    let worker = thread::Builder::new().stack_size(STACK).spawn(move || {
        // Nobody listens any more where the clock came first.
        let _ = sender.send(work());
    })?;
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(found) => return found,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(reason) = clock.stopped() {
                    return Err(Unread(reason).into());
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    match worker.join() {
        Err(panic) => std::panic::resume_unwind(panic),
        Ok(()) => unreachable!("what was found is sent before the thread ends"),
    }
}
