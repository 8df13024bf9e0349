//! What a proof costs: the parts of a search, the bytes of its tree, and the time of deriving the
//! bound again, in units of that of the search.
//!
//! `cargo bench --package taut-benchmarks --bench proofs -- FILE...` prints CSV; the files are
//! instances with absolute paths, four of this project by default. One thread, gap 1e-4.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use taut::control::{Clock, Limits, Silent};
use taut::optimize::{OptimizeOptions, optimize_proven, optimize_within};
use taut::search::replay;
use taut::solve::SolveOptions;

const LIMIT: Duration = Duration::from_secs(60);

fn main() -> anyhow::Result<()> {
    let given = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    let mut files: Vec<PathBuf> = given.map(PathBuf::from).collect();
    if files.is_empty() {
        let names = ["peaks-2x25", "peaks-2x50", "rosenbrock4-2x25", "ackley5-2x25"];
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../instances"));
        files.extend(names.map(|name| folder.join(name).with_extension("toml")));
    }
    println!("instance,parts,bytes,bytes_a_part,search_seconds,replay_over_search");
    for file in files {
        let problem = taut::io::read_problem(&file)?;
        let options = OptimizeOptions {
            method: taut::optimize::Method::Search,
            solve: SolveOptions { threads: 1, ..SolveOptions::default() },
            ..OptimizeOptions::default()
        };
        let clock = || Clock::start(&Limits::of_time(LIMIT));
        let started = Instant::now();
        optimize_within(&problem, &options, &clock(), &mut Silent)?;
        let search = started.elapsed().as_secs_f64();
        let (answer, tree) = optimize_proven(&problem, &options, &clock(), &mut Silent)?;
        let started = Instant::now();
        let least = replay(&problem, &tree)?;
        let replayed = started.elapsed().as_secs_f64();
        let bound = answer.bound.map(|bound| problem.sense().signed(bound));
        anyhow::ensure!(
            bound.is_some_and(|bound| least >= bound),
            "{least} proven, {bound:?} told"
        );
        let (parts, bytes) = (tree.parts.len(), tree.bytes());
        println!(
            "{},{parts},{bytes},{},{search:.4},{:.2}",
            file.display(),
            bytes / parts.max(1),
            replayed / search,
        );
    }
    Ok(())
}
