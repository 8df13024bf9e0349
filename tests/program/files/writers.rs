//! Several processes that write one file, some of which are killed: it is one whole file
//! at any time.

use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::io::read_network;

use crate::files::{answered, names, taut};

/// Networks of different sizes, so that a mixture of two is no JSON.
const NETWORKS: [&str; 3] = ["rosenbrock4-2x25", "peaks-2x25", "ackley5-2x25"];

/// One in so many processes is killed.
const KILLED: usize = 3;

/// Longest time before that, about what a process takes in all (microseconds).
const LONGEST_LIFE: u64 = 8000;

/// One process after the other; gives back how many were killed before their end.
fn write(folder: &Path, writer: usize, writes: usize) -> usize {
    let mut random = ChaCha8Rng::seed_from_u64(writer as u64);
    let mut killed = 0;
    for write in 0..writes {
        let name = NETWORKS[(writer + write) % NETWORKS.len()];
        let network = format!("{}/networks/{name}.onnx", env!("CARGO_MANIFEST_DIR"));
        let mut child = taut(folder, &["convert", &network, "net.json"]);
        let mut child = child.stdout(Stdio::null()).spawn().expect("a run");
        if random.random_range(0..KILLED) == 0 {
            std::thread::sleep(Duration::from_micros(random.random_range(0..LONGEST_LIFE)));
            child.kill().expect("a kill");
        }
        let status = child.wait().expect("an end");
        assert!(status.success() || status.code().is_none(), "{status}");
        killed += usize::from(!status.success());
    }
    killed
}

/// Reads the file again and again while others write; gives back how often.
fn read(file: &Path, writing: &AtomicUsize) -> usize {
    let mut reads = 0;
    while writing.load(Ordering::Relaxed) > 0 {
        let network = read_network(file).expect("one whole network");
        assert!(NETWORKS.contains(&network.name()) || network.name() == "net");
        reads += 1;
    }
    reads
}

fn race(writers: usize, writes: usize) {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let file = folder.path().join("net.json");
    answered(folder.path(), &["convert", crate::files::NETWORK, "net.json"]);
    let writing = AtomicUsize::new(writers);
    let killed = std::thread::scope(|scope| {
        let reader = scope.spawn(|| read(&file, &writing));
        let threads: Vec<_> = (0..writers)
            .map(|writer| {
                let (folder, writing) = (folder.path(), &writing);
                scope.spawn(move || {
                    let killed = std::panic::catch_unwind(|| write(folder, writer, writes));
                    writing.fetch_sub(1, Ordering::Relaxed);
                    killed.expect("runs that succeed or are killed")
                })
            })
            .collect();
        let killed: usize = threads.into_iter().map(|t| t.join().expect("a writer")).sum();
        assert!(reader.join().expect("a reader") > 0);
        killed
    });
    assert!(read_network(&file).is_ok());
    let left = names(folder.path());
    let is_partial = |name: &&String| name.starts_with(".net.json.") && name.ends_with(".partial");
    let partial = left.iter().filter(is_partial).count();
    // Only who is killed leaves something behind.
    assert!(partial <= killed && partial + 1 == left.len(), "{killed} killed: {left:?}");
}

#[test]
fn two_and_four_writers_leave_one_whole_file() {
    for writers in [2, 4] {
        race(writers, 25);
    }
}

#[test]
#[ignore = "takes a minute"]
fn up_to_eight_writers_of_200_files_leave_one_whole_file() {
    for writers in [2, 4, 8] {
        race(writers, 200);
    }
}
