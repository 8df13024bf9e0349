//! Where bytes go: through links, into devices, fifos and open streams.

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use taut::io::read_network;

use crate::files::{NETWORK, answered, names, taut};

fn folder() -> temp_dir::TempDir {
    temp_dir::TempDir::new().expect("a folder")
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).expect("an entry").is_symlink()
}

/// Whether a program of the system did what it was asked to.
fn made(program: &str, arguments: &[&str], folder: &Path) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn a_link_stays_and_what_it_points_to_is_written() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("far")).unwrap();
    fs::write(at("far/there.json"), "old").unwrap();
    // Relative to the folder of the link; one through another link; one to no file yet.
    symlink("far/there.json", at("link.json")).unwrap();
    symlink("link.json", at("chain.json")).unwrap();
    symlink("far/new.json", at("dangling.json")).unwrap();
    for (link, file) in [
        ("link.json", "far/there.json"),
        ("chain.json", "far/there.json"),
        ("dangling.json", "far/new.json"),
    ] {
        answered(folder.path(), &["convert", NETWORK, link, "--origin", link]);
        assert!(is_link(&at(link)), "{link}");
        assert!(!is_link(&at(file)), "{file}");
        let network = read_network(&at(file)).expect("a network");
        assert_eq!(network.metadata().origin.as_deref(), Some(link));
    }
    assert_eq!(names(&at("far")), ["new.json", "there.json"]);
    symlink("circle.json", at("circle.json")).unwrap();
    let message = crate::files::refused(folder.path(), &["convert", NETWORK, "circle.json"]);
    assert!(message.starts_with("error: circle.json: more than 40 links"), "{message}");
}

#[test]
fn a_file_keeps_its_permissions_and_a_new_one_has_the_usual_ones() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let mode = |name: &str| fs::metadata(at(name)).expect("a file").mode() & 0o7777;
    fs::write(at("usual.json"), "").unwrap();
    for wanted in [0o600, 0o640, 0o666, 0o755] {
        fs::write(at("net.json"), "old").unwrap();
        fs::set_permissions(at("net.json"), Permissions::from_mode(wanted)).unwrap();
        answered(folder.path(), &["convert", NETWORK, "net.json"]);
        assert_eq!(mode("net.json"), wanted, "{wanted:o}");
        assert!(read_network(&at("net.json")).is_ok());
    }
    answered(folder.path(), &["convert", NETWORK, "new.json"]);
    assert_eq!(mode("new.json"), mode("usual.json"));
}

/// What a reader at the other end of a fifo gets, and that the fifo is still one.
fn through_fifo(folder: &Path, name: &str, arguments: &[&str]) -> String {
    assert!(made("mkfifo", &[name], folder), "mkfifo");
    let mut child = taut(folder, arguments).stdout(Stdio::null()).spawn().expect("a run");
    let mut text = String::new();
    let mut fifo = File::open(folder.join(name)).expect("a fifo");
    fifo.read_to_string(&mut text).expect("text");
    assert!(child.wait().expect("an end").success());
    assert!(fs::metadata(folder.join(name)).expect("a fifo").file_type().is_fifo());
    text
}

#[test]
fn a_fifo_is_written_to() {
    let folder = folder();
    let network = through_fifo(folder.path(), "net.json", &["convert", NETWORK, "net.json"]);
    fs::write(folder.path().join("copy.json"), network).unwrap();
    assert!(read_network(&folder.path().join("copy.json")).is_ok());
    let instance = concat!(env!("CARGO_MANIFEST_DIR"), "/instances/peaks-2x25.toml");
    let arguments = ["regions", instance, "--lower=0", "--upper=0.1", "--list", "cells"];
    let cells = through_fifo(folder.path(), "cells", &arguments);
    assert!(cells.lines().count() > 1);
    assert!(cells.lines().all(|line| line.starts_with("{\"pattern\":")), "{cells}");
    assert_eq!(names(folder.path()), ["cells", "copy.json", "net.json"]);
}

/// Nodes of its own, never those of the system: one that takes everything, and one that is
/// always full.
#[test]
fn a_device_is_written_to_and_not_replaced() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let nodes = [("sink.json", "3"), ("full.json", "7")];
    if !nodes.iter().all(|(name, minor)| made("mknod", &[name, "c", "1", minor], folder.path())) {
        eprintln!("skipped: mknod needs the rights of root");
        return;
    }
    if File::options().write(true).open(at("sink.json")).is_err() {
        eprintln!("skipped: this file system has no devices");
        return;
    }
    symlink("sink.json", at("link.json")).unwrap();
    for name in ["sink.json", "link.json"] {
        answered(folder.path(), &["convert", NETWORK, name]);
    }
    let message = crate::files::refused(folder.path(), &["convert", NETWORK, "full.json"]);
    assert!(message.starts_with("error: full.json: cannot be written: No space"), "{message}");
    assert!(is_link(&at("link.json")));
    for (name, _) in nodes {
        let kind = fs::symlink_metadata(at(name)).expect("a node").file_type();
        assert!(kind.is_char_device(), "{name}");
    }
    assert_eq!(names(folder.path()), ["full.json", "link.json", "sink.json"]);
}

/// `/dev/stdout` is a link to the stream, also where that is a file: then it goes on where
/// the file is, and the answer follows.
#[test]
fn an_open_stream_is_written_to() {
    if !Path::new("/dev/stdout").exists() {
        eprintln!("skipped: there is no /dev/stdout");
        return;
    }
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    symlink("/dev/stdout", at("out.json")).unwrap();
    let check = |text: &str| {
        let (network, answer) = text.split_once('\n').expect("two lines");
        fs::write(at("copy.json"), network).unwrap();
        assert!(read_network(&at("copy.json")).is_ok());
        assert_eq!(answer, "wrote out.json\n");
    };
    let arguments = ["convert", NETWORK, "out.json"];
    check(&answered(folder.path(), &arguments));
    fs::write(at("all.txt"), "before\n").unwrap();
    let file = File::options().append(true).open(at("all.txt")).unwrap();
    let status = taut(folder.path(), &arguments).stdout(file).status().expect("a run");
    assert!(status.success());
    let text = fs::read_to_string(at("all.txt")).unwrap();
    check(text.strip_prefix("before\n").expect("what stood there"));
    assert!(is_link(&at("out.json")) && is_link(Path::new("/dev/stdout")));
}

/// A log is written as the training goes on, and through a link too.
#[test]
fn a_log_goes_through_a_link() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("there.jsonl"), "old\n").unwrap();
    symlink("there.jsonl", at("log.jsonl")).unwrap();
    let arguments = "train --function peaks --samples 50 --hidden 3 --epochs 2 --log log.jsonl";
    answered(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
    assert!(is_link(&at("log.jsonl")));
    let log = fs::read_to_string(at("there.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 3, "{log}");
    assert!(log.lines().all(|line| line.starts_with("{\"phase\":")), "{log}");
}
