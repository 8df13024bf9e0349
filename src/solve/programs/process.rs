//! Running a program: limits, interrupts, and an end in any case.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[cfg(unix)]
use nix::sys::signal::Signal::SIGKILL;

use super::{Call, LOG, text_of};
use crate::control::{Clock, Observer, Progress, StoppedBy};

/// Time after the limit until a program is ended.
const GRACE: Duration = Duration::from_millis(300);

/// How often a running program is looked at.
const PERIOD: Duration = Duration::from_millis(5);

/// How often the observer hears of it.
const TICK: Duration = Duration::from_millis(100);

/// Lines of a log that tell why a program failed.
const LAST_LINES: usize = 2;

/// Bytes of its output in which a program tells its version.
const BANNER: u64 = 4096;

/// How a program ended.
pub(super) enum Ended {
    /// By itself, with success.
    Itself,
    /// It was ended.
    Stopped(StoppedBy),
    /// It failed, with these last words.
    Failed(String),
}

/// Runs a program to its end, or ends it.
pub(super) fn run(
    call: &Call,
    arguments: &[String],
    folder: &Path,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Ended, String> {
    let mut child = Running(spawn(call, arguments, folder)?);
    let mut heard = Instant::now();
    let mut late: Option<(StoppedBy, Instant)> = None;
    loop {
        if let Some(status) = child.0.try_wait().map_err(|error| error.to_string())? {
            if status.success() {
                return Ok(Ended::Itself);
            }
            let log = text_of(folder, LOG)?;
            let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
            let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("; ");
            return Ok(Ended::Failed(format!("{} ended with {status}: {last}", call.program)));
        }
        if heard.elapsed() >= TICK {
            heard = Instant::now();
            let progress = Progress { seconds: clock.seconds(), ..Progress::default() };
            if let Some(reason) = clock.tell(observer, &progress) {
                late = late.or(Some((reason, Instant::now())));
            }
            // It may end by itself, with what it has found; an interrupt does not reach it.
            if let Some((reason, since)) = late
                && (reason != StoppedBy::TimeLimit || since.elapsed() > GRACE)
            {
                return Ok(Ended::Stopped(reason));
            }
        }
        std::thread::sleep(PERIOD);
    }
}

/// A program that does not outlive its caller, nor do those that it has started: it
/// may be a script around the solver.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        #[cfg(unix)]
        if let (Ok(None), Ok(group)) = (self.0.try_wait(), i32::try_from(self.0.id())) {
            let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group), SIGKILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn(call: &Call, arguments: &[String], folder: &Path) -> Result<Child, String> {
    let log = File::create(folder.join(LOG)).map_err(|error| format!("{LOG}: {error}"))?;
    let mut command = command(call.program);
    command.args(arguments).current_dir(folder).stdout(log);
    command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!(
            "there is no program {} on the PATH; expected that it is installed (Debian: package {})",
            call.program, call.package
        ),
        _ => format!("{}: {error}", call.program),
    })
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    // A group of its own: Ctrl-C on a terminal reaches the whole group of Taut, but
    // the observer decides, and what the program starts can be ended with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// The word after `before` in what the program says about itself.
pub(super) fn version(program: &str, argument: &str, before: &str) -> String {
    let unknown = || "unknown".to_string();
    let Ok(child) = command(program).arg(argument).stdout(Stdio::piped()).spawn() else {
        return unknown();
    };
    let mut child = Running(child);
    let started = Instant::now();
    while matches!(child.0.try_wait(), Ok(None)) && started.elapsed() < GRACE {
        std::thread::sleep(PERIOD);
    }
    let output = child.0.stdout.take();
    drop(child);
    let mut bytes = Vec::new();
    // What cannot be read tells no version.
    let _ = output.map(|output| output.take(BANNER).read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    let rest = text.split_once(before).map_or("", |(_, rest)| rest);
    rest.split_whitespace().next().map_or_else(unknown, str::to_string)
}
