//! One process within hard limits on time and memory.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::group;
use super::run::locked;

/// What is kept of an output: what is beyond is read and forgotten.
const MOST_OUTPUT: usize = 64 << 20;

/// Between two looks at a process: first, and at most.
const FIRST_LOOK: Duration = Duration::from_micros(500);
const LAST_LOOK: Duration = Duration::from_millis(20);

/// Between two looks at its memory.
const MEMORY_LOOK: Duration = Duration::from_millis(50);

/// From the signal that asks a process to end to the one that makes it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a process may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub time: Duration,
    /// Resident bytes of the process and what it starts.
    pub memory: Option<u64>,
}

/// Why a process was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Killed {
    Time,
    Memory,
    Interrupt,
}

/// What became of a process.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub killed: Option<Killed>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub seconds: f64,
    /// Most bytes that were seen, where the system tells.
    pub peak_memory: Option<u64>,
    /// Time on processors, its own and that of processes that it waited for, where the system
    /// tells.
    pub cpu_seconds: Option<f64>,
}

/// What a look at a process has shown until it ended.
struct Watched {
    status: ExitStatus,
    killed: Option<Killed>,
    peak_memory: Option<u64>,
    cpu_seconds: Option<f64>,
}

/// Runs a program to its end, or to that of its limits.
///
/// # Errors
/// It cannot be started or waited for.
pub fn run(
    mut command: Command,
    limits: Limits,
    is_interrupted: &dyn Fn() -> bool,
) -> io::Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    group::lead(&mut command);
    let started = Instant::now();
    let mut child = command.spawn()?;
    let stdout = reader(child.stdout.take());
    let stderr = reader(child.stderr.take());
    let watched = watch(&mut child, limits, started, is_interrupted);
    // What it has started ends with it, and lets go of its outputs.
    group::kill(&child);
    let seconds = started.elapsed().as_secs_f64();
    let (stdout, stderr) = (stdout.finish(), stderr.finish());
    let Watched { status, killed, peak_memory, cpu_seconds } = watched?;
    Ok(Ended { status, killed, stdout, stderr, seconds, peak_memory, cpu_seconds })
}

fn watch(
    child: &mut Child,
    limits: Limits,
    started: Instant,
    is_interrupted: &dyn Fn() -> bool,
) -> io::Result<Watched> {
    let (mut look, mut memory_look) = (FIRST_LOOK, started);
    let (mut killed, mut peak) = (None, None);
    loop {
        if let Some((status, cpu_seconds)) = group::ended(child)? {
            let killed = killed.map(|(why, _)| why);
            return Ok(Watched { status, killed, peak_memory: peak, cpu_seconds });
        }
        let now = Instant::now();
        if now >= memory_look {
            memory_look = now + MEMORY_LOOK;
            peak = group::memory(child).map(|bytes| bytes.max(peak.unwrap_or(0))).or(peak);
        }
        let is_too_large = limits.memory.zip(peak).is_some_and(|(most, bytes)| bytes > most);
        let why = match killed {
            Some(_) => None,
            None if is_too_large => Some(Killed::Memory),
            None if now - started >= limits.time => Some(Killed::Time),
            None if is_interrupted() => Some(Killed::Interrupt),
            None => None,
        };
        if let Some(why) = why {
            killed = Some((why, now));
            match why {
                // It must not grow while it is asked.
                Killed::Memory => group::kill(child),
                Killed::Time | Killed::Interrupt => group::ask(child),
            }
        }
        if killed.is_some_and(|(_, since)| now - since >= PATIENCE) {
            group::kill(child);
            child.kill()?;
        }
        thread::sleep(look);
        look = (look * 2).min(LAST_LOOK);
    }
}

/// Reads an output as it comes.
struct Reader {
    kept: Arc<Mutex<Vec<u8>>>,
    thread: JoinHandle<()>,
}

fn reader(stream: Option<impl Read + Send + 'static>) -> Reader {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let to = Arc::clone(&kept);
    let thread = thread::spawn(move || {
        let Some(mut stream) = stream else { return };
        let mut room = [0; 1 << 14];
        while let Ok(count @ 1..) = stream.read(&mut room) {
            let mut kept = locked(&to);
            let left = MOST_OUTPUT.saturating_sub(kept.len());
            kept.extend_from_slice(&room[..count.min(left)]);
        }
    });
    Reader { kept, thread }
}

impl Reader {
    /// What has come. Something that has left the group may hold the output open for long.
    fn finish(self) -> Vec<u8> {
        let started = Instant::now();
        while !self.thread.is_finished() && started.elapsed() < PATIENCE {
            thread::sleep(FIRST_LOOK);
        }
        std::mem::take(&mut *locked(&self.kept))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, seconds: f64, memory: Option<u64>) -> Ended {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let limits = Limits { time: Duration::from_secs_f64(seconds), memory };
        run(command, limits, &|| false).expect("a process")
    }

    #[test]
    fn a_process_ends_by_itself() {
        let ended = shell("echo out; echo err >&2; exit 7", 60.0, None);
        assert_eq!((ended.status.code(), ended.killed), (Some(7), None));
        assert_eq!((&ended.stdout[..], &ended.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
    }

    #[test]
    fn one_that_ignores_the_signal_is_killed_with_what_it_started() {
        let ended = shell("trap '' TERM; sleep 600 & echo $!; sleep 600", 0.2, None);
        assert_eq!((ended.status.code(), ended.killed), (None, Some(Killed::Time)));
        let child = String::from_utf8_lossy(&ended.stdout).trim().to_string();
        assert!(!child.is_empty());
        if std::path::Path::new("/proc/self").exists() {
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat"));
            // Gone, or waiting to be buried.
            assert!(stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z")));
        }
    }

    /// The shell counts in a loop for at least that long, and so does another that it waits for.
    #[test]
    #[cfg(target_os = "linux")]
    fn time_on_processors_is_that_of_all_that_were_waited_for() {
        let count = "i=0; while [ $i -lt 500000 ]; do i=$((i + 1)); done";
        let one = shell(count, 60.0, None).cpu_seconds.expect("a time");
        let both = shell(&format!("{count}; sh -c '{count}'"), 60.0, None);
        let two = both.cpu_seconds.expect("a time");
        assert!(one > 0.02 && two > 1.3 * one, "{one} {two}");
        let idle = shell("sleep 0.3", 60.0, None).cpu_seconds.expect("a time");
        assert!(idle < 0.2, "{idle}");
    }

    #[test]
    fn an_interrupt_ends_it() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let limits = Limits { time: Duration::from_secs(600), memory: None };
        let ended = run(command, limits, &|| true).expect("a process");
        assert_eq!(ended.killed, Some(Killed::Interrupt));
    }
}
