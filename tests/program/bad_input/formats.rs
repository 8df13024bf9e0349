//! NNet files, NumPy archives, packed files and the standard input. What else the readers of
//! NNet and NumPy refuse stands in `tests/library/nnet.rs` and `tests/library/npz.rs`.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::bad_input::{assert_file_refused, assert_refused, folder_with, taut};

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).expect("a vector");
    packed.finish().expect("a vector")
}

/// One input, one output, y = 2 x + 1, for x from 0 to 1.
const NNET: &str = "1,1,1,1,\n1,1,\n0,\n0,\n1,\n0,0,\n1,1,\n2,\n1,\n";

#[test]
fn nnet_files_that_are_wrong() {
    let cut = NNET.trim_end_matches("2,\n1,\n");
    assert_file_refused(
        "net.nnet",
        cut.as_bytes(),
        "the end of the file: found no line; expected 1 (weights of neuron 1 of layer 1)",
    );
    let long = NNET.replace("2,\n", &format!("{},\n", "x".repeat(100_000)));
    let quote = format!("{} … {} (100000 characters)", "x".repeat(38), "x".repeat(19));
    assert_file_refused(
        "net.nnet",
        long.as_bytes(),
        &format!(
            "line 8: found '{quote}'; expected finite numbers, separated by commas: 1 (weights of \
             neuron 1 of layer 1)"
        ),
    );
    // Sizes of 8 GB in a file of a few bytes.
    let huge = "2,30000,30000,30000,\n30000,30000,30000,\n";
    assert_file_refused(
        "net.nnet",
        huge.as_bytes(),
        &format!(
            "line 2: found layers with 1800060000 weights and biases in a file of {} bytes; \
             expected two bytes or more for each",
            huge.len()
        ),
    );
}

#[test]
fn archives_that_are_wrong() {
    let archive = "the file: found no end of a ZIP archive; expected an archive as numpy.savez \
                   writes it";
    for bytes in [&b""[..], b"PK\x03\x04", &[0xff; 1000]] {
        assert_file_refused("net.npz", bytes, archive);
    }
    let empty = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    let expected = "expected arrays W0, b0, W1, b1, … and no others";
    assert_file_refused("net.npz", &empty, &format!("the archive: found no array; {expected}"));
}

#[test]
fn packed_files_that_are_wrong() {
    for name in ["net.onnx.gz", "net.json.gz", "net.nnet.gz", "NET.NPZ.GZ"] {
        let message = "no gzip file by its first bytes; expected one by its extension";
        assert_file_refused(name, NNET.as_bytes(), message);
        assert_file_refused(name, b"", message);
    }
    let whole = packed(NNET.as_bytes());
    let folder = folder_with(&[("net.nnet.gz", &whole[..whole.len() - 3])]);
    let output = taut(folder.path(), &["info", "net.nnet.gz"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("net.nnet.gz: a gzip file that cannot be unpacked: "), "{message}");
    // What is inside is refused as it is without.
    assert_file_refused(
        "net.onnx.gz",
        &packed(b""),
        "the file: found nothing; expected an ONNX model",
    );
}

/// 3 GB of blanks are 3 MB when packed: more than any file may hold, and no more memory is
/// taken than that.
#[test]
fn a_file_that_unpacks_to_more_than_memory_may_take() {
    let folder = folder_with(&[]);
    let file = File::create(folder.path().join("bomb.nnet.gz")).expect("a file");
    let mut bomb = GzEncoder::new(file, Compression::best());
    let blanks = vec![b' '; 1 << 20];
    (0..3000).for_each(|_| bomb.write_all(&blanks).expect("a file"));
    bomb.finish().expect("a file");
    let output = taut(folder.path(), &["info", "bomb.nnet.gz"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    let is_told = message.starts_with("error: bomb.nnet.gz: more than ")
        && message.ends_with(" bytes when unpacked; expected at most that many\n");
    assert!(is_told, "{message}");
}

/// That the program refuses what it reads from its standard input.
fn assert_stdin_refused(bytes: &[u8], message: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_taut"))
        .args(["info", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(bytes).expect("the program reads");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("error: -: {message}\n"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_standard_input_is_told_apart_by_its_first_bytes() {
    assert_stdin_refused(b"", "the file: found nothing; expected an ONNX model");
    assert_stdin_refused(
        b"// a comment\n",
        "the end of the file: found no line; expected four numbers: layers, inputs, outputs, \
         largest layer",
    );
    assert_stdin_refused(
        b"PK\x03\x04",
        "the file: found no end of a ZIP archive; expected an archive as numpy.savez writes it",
    );
    assert_stdin_refused(
        b"{\"format\": \"taut-network\", \"version\": 2}",
        "the file: found format 'taut-network' version 2; expected 'taut-network' version 1",
    );
    assert_stdin_refused(&packed(b""), "the file: found nothing; expected an ONNX model");
}

#[test]
fn units_that_there_are_not() {
    let folder = folder_with(&[("net.nnet", NNET.as_bytes())]);
    let output = taut(folder.path(), &["info", "net.nnet", "--nnet-units", "metres"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("'metres'") && message.contains("raw, normalised"), "{message}");
    let mut arguments = vec!["convert", "net.nnet", "net.npz.txt"];
    arguments.extend(["--nnet-units", "raw"]);
    let supported = "supported: .json, .onnx, .nnet, .npz; packed: .gz behind it";
    assert_refused(
        folder.path(),
        &arguments,
        &format!("net.npz.txt: not a network file by its extension; {supported}"),
    );
}
