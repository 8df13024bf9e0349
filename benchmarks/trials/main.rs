//! Trains the networks of a suite one after the other and measures them: accuracy on the way,
//! how complex their answers are, and how long questions about them take.
//!
//! ```sh
//! cargo run --release --package taut-benchmarks --bin trials -- \
//!     benchmarks/complexity.toml --data MNIST --out FOLDER [--quick]
//! ```
//!
//! `MNIST` is a folder with the files that `benchmarks/mnist.sh` fetches. A row is written to
//! `FOLDER/rows.csv` as soon as it is known and is not done again; `FOLDER/page.md` has all of
//! them as tables. With `--quick` small sizes show that everything works, in files of their own
//! (`quick.csv`, `quick.md`). Questions are asked on one thread and nothing runs beside them: the
//! times are worth as much as the machine is idle.

mod figures;
mod page;
mod queries;
mod rows;
mod suite;
mod training;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use taut::train::TrainError;
use taut::train::data::{DataRecipe, Split};

use crate::rows::Row;
use crate::suite::{Suite, Trial};

const USAGE: &str = "expected: SUITE.toml --data FOLDER --out FOLDER [--quick]";

/// What the command line says.
struct Arguments {
    suite: PathBuf,
    data: PathBuf,
    out: PathBuf,
    quick: bool,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let (mut suite, mut data, mut out, mut quick) = (None, None, None, false);
        while let Some(word) = words.next() {
            let mut value = || words.next().map(PathBuf::from).context(USAGE);
            match word.as_str() {
                "--data" => data = Some(value()?),
                "--out" => out = Some(value()?),
                "--quick" => quick = true,
                other if other.starts_with('-') || suite.is_some() => {
                    bail!("found '{other}'; {USAGE}")
                }
                other => suite = Some(PathBuf::from(other)),
            }
        }
        let (suite, data, out) = (suite.context(USAGE)?, data.context(USAGE)?, out.context(USAGE)?);
        Ok(Self { suite, data, out, quick })
    }
}

fn main() -> anyhow::Result<()> {
    let Arguments { suite: file, data, out, quick } = Arguments::read(std::env::args().skip(1))?;
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let suite = Suite::read(&text, quick).with_context(|| file.display().to_string())?;
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    let [csv, page] = if quick { ["quick.csv", "quick.md"] } else { ["rows.csv", "page.md"] };
    let [csv, page] = [csv, page].map(|name| out.join(name));
    let trials = suite.trials().with_context(|| file.display().to_string())?;
    let mut known = rows::read(&csv)?;
    let mut loaded: Option<(Trial, Split)> = None;
    let mut left_out = 0;
    for (number, trial) in (1..).zip(&trials) {
        if known.iter().any(|row| row.is_of(trial)) {
            continue;
        }
        let Trial { table, setting, seed, .. } = trial;
        eprintln!("{number} of {}: {table}: {setting}, seed {seed}", trials.len());
        let split = samples(&mut loaded, trial, &data)?;
        match row(trial, split, &suite) {
            Ok(row) => {
                rows::append(&csv, &row)?;
                known.push(row);
            }
            // A recipe that this Taut does not know is tried again by the next one.
            Err(error) if matches!(error.downcast_ref(), Some(TrainError::Key { .. })) => {
                eprintln!("left out: {error}");
                left_out += 1;
            }
            Err(error) => {
                return Err(error.context(format!("{table}: {setting}, seed {seed}")));
            }
        }
        fs::write(&page, page::page(&suite, &known))?;
    }
    fs::write(&page, page::page(&suite, &known)).with_context(|| page.display().to_string())?;
    println!("{}", page.display());
    ensure!(left_out == 0, "{left_out} rows are left out; the reasons stand above");
    Ok(())
}

/// The samples of a trial, which may be those of the one before.
fn samples<'a>(
    loaded: &'a mut Option<(Trial, Split)>,
    trial: &Trial,
    folder: &Path,
) -> anyhow::Result<&'a Split> {
    let is_same = |(other, _): &(Trial, Split)| {
        (&other.recipe.data, other.seed) == (&trial.recipe.data, trial.seed)
    };
    if !loaded.as_ref().is_some_and(is_same) {
        *loaded = None;
        let split = training::load(&trial.recipe, folder)?;
        return Ok(&loaded.insert((trial.clone(), split)).1);
    }
    loaded.as_ref().map(|(_, split)| split).context("samples")
}

/// Trains and measures.
fn row(trial: &Trial, split: &Split, suite: &Suite) -> anyhow::Result<Row> {
    let mut row = Row::of(trial);
    let trained = training::trained(&trial.recipe, split, suite.level, &mut row)?;
    if let Some(network) = trained.filter(|_| trial.figures) {
        let DataRecipe::Idx(images) = &trial.recipe.data else {
            bail!("data.source: found no images; expected idx, for figures")
        };
        figures::measure(network, &split.test, images.white, &suite.figures, &mut row)?;
    }
    Ok(row)
}
