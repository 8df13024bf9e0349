//! README.md and the pages in docs/ do what they say: console blocks are run and compared,
//! Rust blocks are documentation tests of the library, and links lead somewhere. Files and
//! records fit the JSON Schemas.
//!
//! A package of its own, which knows of taut only the program: build that first.

mod links;
mod markdown;
mod python;
mod schemas;
#[path = "../support/texts.rs"]
mod texts;

use std::path::{Path, PathBuf};

/// The folder of the project.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The program `taut`, which stands where cargo has put it, beside the tests.
fn program() -> PathBuf {
    let program = trycmd::cargo::cargo_bin("taut");
    assert!(program.exists(), "{} is missing: build it first", program.display());
    program
}

/// What the commands on the pages find in their folder, beside the files that a page takes
/// for granted.
const FOLDERS: [&str; 3] = ["networks", "instances", "benchmarks"];

/// Files that a page takes for granted: what the scripts of docs/from-python.md have
/// written (PyTorch's without its stack traces, which hold the paths of a machine).
const GIVEN: &str = "tests/pages/files";

/// The pages whose console blocks are run: README.md and those in docs/.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(ROOT);
    let docs = std::fs::read_dir(root.join("docs")).expect("a folder");
    let mut pages: Vec<PathBuf> = docs
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension() == Some("md".as_ref()))
        .collect();
    pages.push(root.join("README.md"));
    pages.sort();
    pages
}

/// A folder in which the commands of the pages are run, so that what they write does not
/// lie among the sources.
fn workplace() -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a folder");
    for folder in FOLDERS {
        let target = place.path().join(folder);
        std::os::unix::fs::symlink(Path::new(ROOT).join(folder), target).expect("a link");
    }
    for file in std::fs::read_dir(Path::new(ROOT).join(GIVEN)).expect("a folder") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), place.path().join(file.file_name())).expect("a copy");
    }
    place
}

#[test]
fn the_console_blocks_hold() {
    let place = workplace();
    std::env::set_current_dir(place.path()).expect("a folder");
    let cases = trycmd::TestCases::new();
    for page in pages() {
        cases.case(page);
    }
    cases.run();
}

#[test]
fn rust_blocks_are_documentation_tests() {
    let library = std::fs::read_to_string(Path::new(ROOT).join("src/lib.rs")).expect("a file");
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        if markdown::blocks(&text).any(|block| block.language == "rust") {
            let name = page.strip_prefix(ROOT).expect("a page of the project").display();
            let include = format!("include_str!(\"../{name}\")");
            assert!(
                library.contains(&include),
                "{name} has Rust blocks; src/lib.rs lacks {include}"
            );
        }
    }
}
