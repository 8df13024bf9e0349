//! A process and all that it starts: a group, which is asked to end, is killed and is measured as
//! one. Where there are no groups, or nothing that tells of them, it is the process alone.

use std::io;
use std::process::{Child, Command, ExitStatus};

/// Makes it the first of a group of its own.
pub fn lead(command: &mut Command) {
    system::lead(command);
}

/// Asks the group to end.
pub fn ask(child: &Child) {
    system::ask(child);
}

/// Ends the group.
pub fn kill(child: &Child) {
    system::kill(child);
}

/// Resident bytes of the group, where the system has `/proc`.
pub fn memory(child: &Child) -> Option<u64> {
    system::memory(child)
}

/// How the process ended, and the time on processors (seconds) of it and of those that it waited
/// for, where the system tells; none before its end.
///
/// # Errors
/// It cannot be waited for.
pub fn ended(child: &mut Child) -> io::Result<Option<(ExitStatus, Option<f64>)>> {
    // The time is to be had from its end until it is waited for.
    let cpu_seconds = match unburied::has_ended(child) {
        Some(false) => return Ok(None),
        Some(true) => unburied::cpu_seconds(child),
        None => None,
    };
    Ok(child.try_wait()?.map(|status| (status, cpu_seconds)))
}

#[cfg(unix)]
mod system {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;

    pub fn lead(command: &mut Command) {
        command.process_group(0);
    }

    pub fn ask(child: &Child) {
        signal(child, Signal::SIGTERM);
    }

    pub fn kill(child: &Child) {
        signal(child, Signal::SIGKILL);
    }

    fn signal(child: &Child, signal: Signal) {
        // One that is gone needs none.
        let _ = i32::try_from(child.id()).map(|id| killpg(Pid::from_raw(id), signal));
    }

    pub fn memory(child: &Child) -> Option<u64> {
        let group = child.id().to_string();
        let mut bytes = None;
        for entry in std::fs::read_dir("/proc").ok()?.flatten() {
            let is_process =
                entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok());
            if !is_process {
                continue;
            }
            let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
            // State, parent, group, …
            if super::behind_name(&stat).get(2) != Some(&group.as_str()) {
                continue;
            }
            let Ok(status) = std::fs::read_to_string(entry.path().join("status")) else { continue };
            let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let kilobytes = resident.and_then(|text| text.split_whitespace().next()?.parse().ok());
            *bytes.get_or_insert(0) += kilobytes.unwrap_or(0u64) << 10;
        }
        bytes
    }
}

#[cfg(not(unix))]
mod system {
    use std::process::{Child, Command};

    pub fn lead(_: &mut Command) {}

    pub fn ask(_: &Child) {}

    pub fn kill(_: &Child) {}

    pub fn memory(_: &Child) -> Option<u64> {
        None
    }
}

/// The fields of `/proc/PID/stat` behind the name, which may hold anything.
#[cfg(unix)]
fn behind_name(stat: &str) -> Vec<&str> {
    stat.rsplit_once(')').map_or_else(Vec::new, |(_, fields)| fields.split_whitespace().collect())
}

/// What Linux tells of a process that has ended and has not been waited for.
#[cfg(target_os = "linux")]
mod unburied {
    use std::process::Child;

    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
    use nix::unistd::{Pid, SysconfVar, sysconf};

    /// Where the times lie behind the name: user, system, and both of the processes waited for.
    const TIMES: std::ops::Range<usize> = 11..15;

    /// Whether it has ended, where that is known.
    pub fn has_ended(child: &Child) -> Option<bool> {
        let id = Id::Pid(Pid::from_raw(i32::try_from(child.id()).ok()?));
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        waitid(id, look).ok().map(|status| status != WaitStatus::StillAlive)
    }

    pub fn cpu_seconds(child: &Child) -> Option<f64> {
        let a_second = sysconf(SysconfVar::CLK_TCK).ok()??;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
        let fields = super::behind_name(&stat);
        let ticks: Result<u64, _> = fields.get(TIMES)?.iter().map(|text| text.parse::<u64>()).sum();
        Some(ticks.ok()? as f64 / a_second as f64)
    }
}

#[cfg(not(target_os = "linux"))]
mod unburied {
    use std::process::Child;

    pub fn has_ended(_: &Child) -> Option<bool> {
        None
    }

    pub fn cpu_seconds(_: &Child) -> Option<f64> {
        None
    }
}
