//! Backends that start a program: whatever the program does, there is one clear error
//! or a status, and nothing is left behind.
#![cfg(all(unix, feature = "lp-solvers"))]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use temp_dir::TempDir;

/// The backends and their programs.
const PROGRAMS: [(&str, &str); 2] = [("cbc-program", "cbc"), ("glpsol", "glpsol")];

/// Folders for programs and for temporary files.
struct Machine {
    programs: TempDir,
    temporary: TempDir,
}

impl Machine {
    /// A machine with a shell script instead of each of the programs.
    fn new(script: &str) -> Self {
        let machine = Self::without_programs();
        for (_, program) in PROGRAMS {
            let path = machine.programs.path().join(program);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
        }
        machine
    }

    fn without_programs() -> Self {
        let folder = || temp_dir::TempDir::new().expect("a folder");
        Self { programs: folder(), temporary: folder() }
    }

    fn command(&self, backend: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args(["minimize", "instances/rosenbrock4-2x25.toml", "--backend", backend]);
        command.args(more).env("PATH", self.programs.path());
        command.env("TMPDIR", self.temporary.path());
        command
    }

    fn run(&self, backend: &str, more: &[&str]) -> Output {
        let output = self.command(backend, more).output().expect("a run");
        self.is_clean(backend);
        output
    }

    fn is_clean(&self, case: &str) {
        let left = fs::read_dir(self.temporary.path()).expect("a folder").count();
        assert_eq!(left, 0, "{case}: temporary files are left");
    }
}

/// The message of a run that has failed with status 1.
fn error(output: &Output) -> String {
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

#[test]
fn a_missing_program_is_named_with_its_package() {
    let machine = Machine::without_programs();
    for ((backend, program), package) in PROGRAMS.into_iter().zip(["coinor-cbc", "glpk-utils"]) {
        let message = error(&machine.run(backend, &[]));
        let expected = format!("{backend} failed: there is no program {program} on the PATH");
        assert!(message.contains(&expected) && message.contains(package), "{message}");
    }
}

#[test]
fn programs_that_fail_are_errors() {
    // What the script does, and a part of the message.
    let cases = [
        ("kill -9 $$", "signal: 9"),
        ("echo out of memory; exit 3", "exit status: 3: out of memory"),
        // Success without any file.
        ("exit 0", ""),
        ("for f in solution.txt numbers; do echo 'what is this' > $f; done", ""),
        ("for f in solution.txt numbers; do printf '\\377\\000\\376' > $f; done", ""),
        ("printf '\\377\\376'", "UTF-8"),
        // The right words, and nothing behind them.
        ("echo 'Optimal - objective value 1' > solution.txt; echo > numbers", ""),
        ("printf 's mip 1 1 o 1\\nj 1 nan\\n' > numbers; : > solution.txt", ""),
        ("printf 's mip 1 1 o 1\\n' > numbers; echo Optimal > solution.txt", ""),
    ];
    for (script, part) in cases {
        // Not when only asked for its version.
        let machine = Machine::new(&format!("[ $# -gt 1 ] || exit 0\n{script}"));
        for (backend, _) in PROGRAMS {
            let output = machine.run(backend, &[]);
            assert_eq!(output.status.code(), Some(1), "{backend}, {script}: {output:?}");
            let message = error(&output);
            assert!(message.contains(&format!("{backend} failed: ")), "{script}: {message}");
            assert!(message.contains(part), "{script}: {message}");
        }
    }
}

/// A script around a program that hangs: also the inner one has to end. It writes
/// its process id into a file beside itself.
const HANGS: &str = "/bin/sleep 1000 &\necho $! >> \"$0.pids\"\nwait";

fn all_ended(programs: &Path) {
    for (_, program) in PROGRAMS {
        let Ok(pids) = fs::read_to_string(programs.join(format!("{program}.pids"))) else {
            continue;
        };
        for pid in pids.lines() {
            let ended = || {
                // A process that nobody has waited for yet is a zombie.
                let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                state.is_empty() || state.contains(") Z ")
            };
            let started = Instant::now();
            while !ended() && started.elapsed() < Duration::from_secs(5) {
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(ended(), "{program} goes on as {pid}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_that_hangs_is_ended_at_the_time_limit() {
    let machine = Machine::new(HANGS);
    for (backend, program) in PROGRAMS {
        let started = Instant::now();
        let output = machine.run(backend, &["--time-limit", "1", "--format", "json"]);
        // 2 s until the question for its version is given up, and 2 s of grace.
        assert!(started.elapsed() < Duration::from_secs(8), "{backend}");
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(answer["stopped_by"], "time_limit");
        assert_eq!(answer["versions"][backend], "unknown");
        let pids = machine.programs.path().join(format!("{program}.pids"));
        assert_eq!(fs::read_to_string(pids).expect("calls").lines().count(), 2, "{backend}");
        all_ended(machine.programs.path());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_ends_the_program() {
    let machine = Machine::new(HANGS);
    for (backend, program) in PROGRAMS {
        let mut command = machine.command(backend, &["--format", "json"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run");
        // The second call is the solve.
        let pids = machine.programs.path().join(format!("{program}.pids"));
        let calls = || fs::read_to_string(&pids).map_or(0, |pids| pids.lines().count());
        let started = Instant::now();
        while calls() < 2 && started.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(kill.expect("kill").success());
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(answer["stopped_by"], "interrupt");
        machine.is_clean(backend);
        all_ended(machine.programs.path());
    }
}
