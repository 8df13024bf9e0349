//! A suite as a job array of Slurm: each task runs a share of the runs, as on any machine.
//!
//! What is written, `slurm.sh`, is a plain script of sbatch, and all that is kept is the number
//! of the job and of the shares, in `slurm.json`. Scheduling is Slurm's: this only submits, and
//! asks squeue what is left.

mod script;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf, absolute};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use script::{open_shares, script};

use super::folder::{read_folder, read_journals};
use super::journal::{JournalError, is_open};
use super::plan::Plan;
use super::run::{self, BenchError};
use crate::control::Clock;
use crate::io::{FileError, write_text};

/// What sbatch runs.
const SCRIPT: &str = "slurm.sh";

/// What is kept of an array.
const KEPT: &str = "slurm.json";

/// What squeue says of a job that is over for long.
const FORGOTTEN: &str = "Invalid job id";

/// A job array that was submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobArray {
    /// Its number.
    pub job: String,
    /// The cluster, where there are several.
    pub cluster: Option<String>,
    /// How many shares the runs have, each with a journal of its own.
    pub shares: usize,
    /// The shares that have something to run, one task each.
    pub tasks: Vec<usize>,
    /// When it was submitted (seconds since 1970).
    pub submitted: f64,
}

/// Why Slurm cannot run a suite.
#[derive(Debug, Error)]
pub enum SlurmError {
    /// A program of Slurm is not there.
    #[error(
        "{program}: {error}; expected the programs of Slurm, or another way to run the shares (--shard)"
    )]
    Start {
        /// The program.
        program: &'static str,
        /// Why.
        error: io::Error,
    },
    /// A program of Slurm does not do what it is asked.
    #[error("{program}: {said}")]
    Refused {
        /// The program.
        program: &'static str,
        /// What it said.
        said: String,
    },
    /// A path that cannot be written into a script of sbatch.
    #[error("'{path}': found {found}, which a script of sbatch cannot hold")]
    Path {
        /// The path.
        path: String,
        /// What is in it.
        found: &'static str,
    },
    /// Another number of shares is at work.
    #[error(
        "job {job} with {shares} shares is still at work on this folder; expected --resume and --jobs {shares}, which waits for it, or `scancel {job}` first"
    )]
    AtWork {
        /// The number of the job.
        job: String,
        /// Its shares.
        shares: usize,
    },
    /// A file that is not what was written.
    #[error("{}: {error}", path.display())]
    Kept {
        /// The file.
        path: PathBuf,
        /// What was found.
        error: serde_json::Error,
    },
    /// The system says no.
    #[error("{}: {error}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file that cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl JobArray {
    /// The last array that was submitted for a folder, if one was.
    ///
    /// # Errors
    /// [`SlurmError::System`], [`SlurmError::Kept`].
    pub fn of(folder: &Path) -> Result<Option<Self>, SlurmError> {
        let path = folder.join(KEPT);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| SlurmError::Kept { path, error }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SlurmError::System { path, error }),
        }
    }

    /// The array that is at work on a folder, or a new one of the shares that have runs without a
    /// record; none where every run has one. `resumes`: there may be records.
    ///
    /// # Errors
    /// [`BenchError`]: also an array with another number of `shares`, which may be left out (it is
    /// 1 of a new array then).
    pub fn start(
        plan: &Plan,
        suite: &Path,
        folder: &Path,
        shares: Option<usize>,
        resumes: bool,
        clock: &Clock,
    ) -> Result<Option<Self>, BenchError> {
        if let Some(array) = Self::of(folder)?
            && !array.states()?.is_empty()
        {
            return match resumes && shares.is_none_or(|shares| shares == array.shares) {
                true => Ok(Some(array)),
                false => Err(SlurmError::AtWork { job: array.job, shares: array.shares }.into()),
            };
        }
        let system = |error| SlurmError::System { path: folder.to_path_buf(), error };
        fs::create_dir_all(folder).map_err(system)?;
        for journal in read_journals(folder)? {
            let (path, count) = (journal.path, journal.records.len());
            if !resumes && count > 0 {
                return Err(JournalError::Taken { path, count }.into());
            }
            if is_open(&path).map_err(system)? {
                return Err(JournalError::Locked { path }.into());
            }
        }
        let records = read_folder(folder)?;
        run::check(plan, &records, clock)?;
        let shares = shares.unwrap_or(1);
        match open_shares(plan, shares, &records) {
            tasks if tasks.is_empty() => Ok(None),
            tasks => Ok(Some(Self::submit(plan, suite, folder, shares, tasks)?)),
        }
    }

    fn submit(
        plan: &Plan,
        suite: &Path,
        folder: &Path,
        shares: usize,
        tasks: Vec<usize>,
    ) -> Result<Self, SlurmError> {
        let system = |path: &Path, error| SlurmError::System { path: path.to_path_buf(), error };
        let program = std::env::current_exe().map_err(|e| system(Path::new("taut"), e))?;
        let whole = |path: &Path| absolute(path).map_err(|error| system(path, error));
        let (suite, folder) = (whole(suite)?, whole(folder)?);
        let path = folder.join(SCRIPT);
        write_text(&path, &script(plan, &program, &suite, &folder, &tasks, shares)?)?;
        let said = asked("sbatch", Command::new("sbatch").arg("--parsable").arg(&path))?;
        let number = said.lines().last().unwrap_or_default().trim();
        let (job, cluster) = match number.split_once(';') {
            Some((job, cluster)) => (job, Some(cluster.to_string())),
            None => (number, None),
        };
        if job.is_empty() || !job.bytes().all(|byte| byte.is_ascii_digit()) {
            let said = format!("'{number}'; expected the number of a job");
            return Err(SlurmError::Refused { program: "sbatch", said });
        }
        let submitted = SystemTime::now().duration_since(UNIX_EPOCH);
        let submitted = submitted.map_or(0.0, |since| since.as_secs_f64());
        let array = Self { job: job.to_string(), cluster, shares, tasks, submitted };
        let path = folder.join(KEPT);
        let text = serde_json::to_string(&array);
        let text = text.map_err(|error| SlurmError::Kept { path: path.clone(), error })?;
        write_text(&path, &(text + "\n"))?;
        Ok(array)
    }

    /// How many of its tasks are in which state, with Slurm's reason where it has one; empty when
    /// it has ended.
    ///
    /// # Errors
    /// [`SlurmError::Start`], [`SlurmError::Refused`].
    pub fn states(&self) -> Result<BTreeMap<String, usize>, SlurmError> {
        let mut command = Command::new("squeue");
        command.args(["--noheader", "--array", "--format=%T %r", "--jobs", &self.job]);
        command.args(self.cluster.iter().map(|cluster| format!("--clusters={cluster}")));
        let said = match asked("squeue", &mut command) {
            Err(SlurmError::Refused { said, .. }) if said.contains(FORGOTTEN) => String::new(),
            said => said?,
        };
        let mut states = BTreeMap::new();
        for line in said.lines().map(str::trim).filter(|line| !line.starts_with("CLUSTER:")) {
            let state = match line.split_once(' ') {
                Some((state, "None")) => state.to_string(),
                Some((state, reason)) => format!("{state} ({reason})"),
                None => line.to_string(),
            };
            if !state.is_empty() {
                *states.entry(state).or_insert(0) += 1;
            }
        }
        Ok(states)
    }
}

/// What a program of Slurm prints.
fn asked(program: &'static str, command: &mut Command) -> Result<String, SlurmError> {
    let output = command.output().map_err(|error| SlurmError::Start { program, error })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_string();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(SlurmError::Refused { program, said: text(&output.stderr) }),
    }
}
