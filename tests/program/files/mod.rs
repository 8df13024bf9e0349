//! Files that are written: what becomes of links, permissions, devices, of a file that
//! several processes write, and of one that cannot be written.

mod beside;
mod checks;
#[cfg(unix)]
mod places;
#[cfg(unix)]
mod writers;

use std::path::Path;
use std::process::{Command, Output};

/// A network of the repository, by its whole path.
const NETWORK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/networks/rosenbrock4-2x25.onnx");

/// The program, to be run in `folder`.
fn taut(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taut"));
    command.current_dir(folder).args(arguments);
    command
}

fn output(folder: &Path, arguments: &[&str]) -> Output {
    taut(folder, arguments).output().expect("a run")
}

/// A run that has to succeed; gives back its stdout.
fn answered(folder: &Path, arguments: &[&str]) -> String {
    let output = output(folder, arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {message}");
    String::from_utf8(output.stdout).expect("text")
}

/// A run that has to fail; gives back its one message.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = output(folder, arguments);
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}
