//! The scripts of docs/from-python.md, run as they stand there. They need PyTorch,
//! scikit-learn and Keras, so the test is run by hand: CONTRIBUTING.md says how.

use std::path::Path;
use std::process::Command;

use super::markdown::blocks;
use super::{ROOT, program};

/// The folder of the program under test, in front of the others.
fn search_path() -> std::ffi::OsString {
    let program = program();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let folders = program.parent().map(Path::to_owned).into_iter();
    std::env::join_paths(folders.chain(std::env::split_paths(&others))).expect("folders")
}

#[test]
#[ignore = "needs PyTorch, scikit-learn and Keras"]
fn the_python_scripts_hold() {
    let page =
        std::fs::read_to_string(Path::new(ROOT).join("docs/from-python.md")).expect("a page");
    let place = tempfile::tempdir().expect("a folder");
    let mut scripts = Vec::new();
    for block in blocks(&page).filter(|block| block.language == "python") {
        let first = block.text.lines().next().expect("a line");
        let name = first.strip_prefix("# ").expect("the name of the script in its first line");
        std::fs::write(place.path().join(name), block.text).expect("a script");
        scripts.push(name);
    }
    assert!(scripts.len() >= 3, "only {scripts:?}");
    for script in scripts {
        let mut python = Command::new("python3");
        let status = python.arg(script).current_dir(&place).env("PATH", search_path()).status();
        assert!(status.expect("python3").success(), "{script}");
    }
}
