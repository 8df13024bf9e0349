//! What cannot be written is told before the work, and the check itself changes nothing.

use std::fs;
use std::path::Path;

use crate::files::{NETWORK, answered, names, refused};

const INSTANCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instances/peaks-2x50.toml");

/// Every option that names a file to write, with work that would take hours: `FILE` stands
/// for the file, with its extension.
const OUTPUTS: [(&str, &str); 14] = [
    ("json", "convert NETWORK FILE"),
    ("json", "convert NETWORK FILE --prune"),
    ("json", "scale NETWORK -o FILE"),
    ("mps", "export INSTANCE -o FILE --tighten milp"),
    ("json", "bounds INSTANCE --save FILE --tighten milp"),
    ("jsonl", "regions NETWORK --list FILE"),
    ("svg", "regions INSTANCE --plot FILE"),
    ("log", "minimize INSTANCE --log-file FILE"),
    ("log", "maximize INSTANCE --log-file FILE --parts 1000"),
    ("onnx", "train --function peaks --epochs 1000000000 -o FILE"),
    ("json", "train --function peaks --epochs 1000000000 -o FILE"),
    ("png", "train --function peaks --epochs 1000000000 --plot FILE"),
    ("jsonl", "train --function peaks --epochs 1000000000 --log FILE"),
    ("json", "train --function peaks --epochs 1000000000 --checkpoint FILE"),
];

/// A command with its file.
fn arguments(command: &str, file: &str) -> Vec<String> {
    let word = |word: &str| match word {
        "NETWORK" => NETWORK.to_string(),
        "INSTANCE" => INSTANCE.to_string(),
        "FILE" => file.to_string(),
        other => other.to_string(),
    };
    command.split(' ').map(word).collect()
}

fn refusal(folder: &Path, command: &str, file: &str) -> String {
    let arguments = arguments(command, file);
    refused(folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn what_cannot_be_written_is_told_before_the_work() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    fs::write(folder.path().join("file"), "").unwrap();
    for (extension, command) in OUTPUTS {
        let name = format!("net.{extension}");
        fs::create_dir(folder.path().join(&name)).unwrap();
        for (file, expected) in [
            (format!("no/{name}"), "the folder does not exist"),
            (format!("file/{name}"), "cannot be written: Not a directory"),
            (name.clone(), "is a directory; expected a file"),
        ] {
            let message = refusal(folder.path(), command, &file);
            let start = format!("error: {file}: {expected}");
            assert!(message.starts_with(&start), "{command}\n{message}");
        }
        fs::remove_dir(folder.path().join(&name)).unwrap();
        assert_eq!(names(folder.path()), ["file"], "{command}");
    }
}

/// The bounds that prove a pruned network stand in a second file.
#[test]
fn the_second_file_of_a_pruned_network_is_checked_too() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join("net.json.pruning.json")).unwrap();
    let message = refusal(folder.path(), "convert NETWORK FILE --prune", "net.json");
    let expected = "error: net.json.pruning.json: is a directory; expected a file\n";
    assert_eq!(message, expected);
    assert_eq!(names(folder.path()), ["net.json.pruning.json"]);
}

/// A recipe of samples in a file.
const TABLE: &str = "--set data.source=csv --set data.file=none.csv --set data.targets=['y']";

/// Commands that fail after the check: the file is as it was, and no other is left.
#[test]
fn a_check_leaves_nothing_and_changes_nothing() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    for (extension, command) in OUTPUTS {
        let file = format!("net.{extension}");
        let path = folder.path().join(&file);
        let command = command.replace("NETWORK", "none.onnx").replace("INSTANCE", "none.toml");
        let command = command.replace("--function peaks", TABLE);
        refusal(folder.path(), &command, &file);
        assert_eq!(names(folder.path()), [""; 0], "{command}");
        fs::write(&path, "old").unwrap();
        refusal(folder.path(), &command, &file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old", "{command}");
        assert_eq!(names(folder.path()), [file], "{command}");
        fs::remove_file(&path).unwrap();
    }
}

/// A solve may end without a word from the solver; then there is no log, or an empty one.
#[test]
fn a_log_file_that_can_be_written_is_no_error() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    answered(folder.path(), &["minimize", NETWORK, "--log-file", "solver.log", "--tighten", "lp"]);
    assert!(names(folder.path()).iter().all(|name| name == "solver.log"));
}

#[cfg(unix)]
mod permissions {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::Output;

    use super::{OUTPUTS, arguments};
    use crate::files::taut;

    /// The user and group "nobody", whom root can be for a run: root may write everything.
    const NOBODY: u32 = 65534;

    /// A run without the rights of root; `None` where the program cannot be run so.
    fn run(folder: &Path, arguments: &[String]) -> Option<Output> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = taut(folder, &arguments);
        if fs::metadata(folder).expect("a folder").uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().ok()
    }

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
    }

    #[test]
    fn what_must_not_be_written_is_told_before_the_work() {
        let folder = temp_dir::TempDir::new().expect("a folder");
        for (extension, command) in OUTPUTS {
            let file = format!("net.{extension}");
            let arguments = arguments(command, &file);
            let path = folder.path().join(&file);
            // First a folder that takes no file, then a file that must not be changed.
            for (folder_mode, is_there) in [(0o555, false), (0o777, true)] {
                if is_there {
                    fs::write(&path, "old").expect("a file");
                    set(&path, 0o444);
                }
                set(folder.path(), folder_mode);
                let Some(output) = run(folder.path(), &arguments) else {
                    eprintln!("skipped: another user cannot run the program");
                    return;
                };
                let message = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(1), "{command}\n{message}");
                let expected = format!("error: {file}: cannot be written: Permission denied");
                assert!(message.starts_with(&expected), "{command}\n{message}");
                set(folder.path(), 0o755);
            }
            assert_eq!(fs::read_to_string(&path).expect("a file"), "old");
            fs::remove_file(&path).expect("the file");
        }
    }
}
