//! Runs what a plan says and what a journal does not have yet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::answer::judge;
use super::child::{self, Ended, Killed, Limits};
use super::command;
use super::journal::{Journal, JournalError};
use super::machine::Machine;
use super::plan::{Plan, Planned, Shard};
use super::record::{Outcome, Record};
use super::slurm::SlurmError;
use super::subject::{Subject, hash, hash_of_network};
use crate::control::{Clock, StoppedBy};

/// A signal that reaches a run reaches the batch too by then, if it is for both.
const SAME_SIGNAL: Duration = Duration::from_millis(500);

/// Between two looks whether it has.
const LOOK: Duration = Duration::from_millis(5);

/// Exit statuses of shells whose program a signal has ended.
const SIGNALLED: std::ops::Range<i32> = 129..160;

/// Why a batch cannot go on.
#[derive(Debug, Error)]
pub enum BenchError {
    /// Records cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What was run is not what would be run now.
    #[error(
        "{what} has changed since the run '{run}' was recorded; expected the same, or a new folder"
    )]
    Changed {
        /// A file.
        what: String,
        /// A run with it.
        run: String,
    },
    /// The program that runs.
    #[error("the program taut itself: {0}")]
    Program(std::io::Error),
    /// Slurm does not do what it is asked.
    #[error(transparent)]
    Slurm(#[from] SlurmError),
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Runs with a record, those of earlier times among them.
    pub done: usize,
    /// All runs of the share.
    pub all: usize,
    /// Seconds that the rest will take, as those of this time did; none before the first.
    pub seconds_left: Option<f64>,
}

/// Hears of each record, and how far the batch is then.
pub type Listener<'a> = dyn FnMut(&Record, Progress) + Send + 'a;

/// SHA-256 by paths; none of what cannot be read.
type Hashes = BTreeMap<PathBuf, Option<String>>;

/// What the runs of a batch share.
struct Batch<'a> {
    plan: &'a Plan,
    clock: &'a Clock,
    program: PathBuf,
    /// A record of nothing yet.
    blank: Record,
    /// Whether a command asks for boxes: only then they are read.
    needs_box: bool,
    subjects: Mutex<BTreeMap<usize, Subject>>,
    /// Hashes of programs, by their paths.
    programs: Mutex<Hashes>,
    /// Hashes of networks, which many instances may have in common.
    networks: Mutex<Hashes>,
}

/// Runs what a share of a plan says and no journal of the folder has yet, so many at a time, until
/// the clock stops; the records of all runs of the share that are done, those of earlier times
/// first.
///
/// # Errors
/// [`BenchError`]. A run that fails is a record.
pub fn run(
    plan: &Plan,
    shard: Shard,
    mut journal: Journal,
    jobs: usize,
    clock: &Clock,
    listener: &mut Listener<'_>,
) -> Result<Vec<Record>, BenchError> {
    let batch = Batch::new(plan, clock)?;
    let share: Vec<&Planned> = plan.share(shard).collect();
    let keys: BTreeSet<String> = share.iter().map(|run| plan.key(run)).collect();
    let mut records = std::mem::take(&mut journal.records);
    // Done when the runs were shared otherwise.
    let others = std::mem::take(&mut journal.others).into_iter();
    records.extend(others.filter(|record| keys.contains(&record.run)));
    batch.check(&records, &share)?;
    let done: BTreeSet<&str> = records.iter().map(|record| record.run.as_str()).collect();
    let open: Vec<&Planned> =
        share.iter().copied().filter(|run| !done.contains(plan.key(run).as_str())).collect();
    let (all, before, started) = (share.len(), share.len() - open.len(), Instant::now());
    let queue = Mutex::new(open.into_iter());
    let shared = Mutex::new((journal, Vec::new(), listener));
    let work = || -> Result<(), BenchError> {
        loop {
            let Some(run) = locked(&queue).next() else { return Ok(()) };
            if clock.is_stopped() {
                return Ok(());
            }
            // One that was interrupted is done again another time.
            let Some(record) = batch.run(run) else { return Ok(()) };
            let mut shared = locked(&shared);
            let (journal, records, listener) = &mut *shared;
            journal.add(&record)?;
            let now = records.len() + 1;
            let each = started.elapsed().as_secs_f64() / now as f64;
            let seconds_left = Some(each * (all - before - now) as f64);
            listener(&record, Progress { done: before + now, all, seconds_left });
            records.push(record);
        }
    };
    let outcomes: Vec<Result<(), BenchError>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().map(join).collect()
    });
    outcomes.into_iter().collect::<Result<(), _>>()?;
    let (_, new, _) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    records.extend(new);
    Ok(records)
}

/// Whether records are about what a plan would run now.
///
/// # Errors
/// [`BenchError::Changed`].
pub(super) fn check(plan: &Plan, records: &[Record], clock: &Clock) -> Result<(), BenchError> {
    let all: Vec<&Planned> = plan.runs.iter().collect();
    Batch::new(plan, clock)?.check(records, &all)
}

impl<'a> Batch<'a> {
    fn new(plan: &'a Plan, clock: &'a Clock) -> Result<Self, BenchError> {
        let program = std::env::current_exe().map_err(BenchError::Program)?;
        let asks = |place: &str| plan.suite.variants.iter().any(|v| v.asks_for(place));
        Ok(Self {
            plan,
            clock,
            program,
            blank: Record::of(""),
            needs_box: asks("lower") || asks("upper"),
            subjects: Mutex::new(BTreeMap::new()),
            programs: Mutex::new(BTreeMap::new()),
            networks: Mutex::new(BTreeMap::new()),
        })
    }

    /// Whether records of earlier times are about what would be run now.
    fn check(&self, records: &[Record], share: &[&Planned]) -> Result<(), BenchError> {
        let planned: BTreeMap<String, &Planned> =
            share.iter().map(|run| (self.plan.key(run), *run)).collect();
        for record in records {
            let Some(run) = planned.get(&record.run) else {
                let what = "the suite: it no longer has this run, and so".to_string();
                return Err(BenchError::Changed { what, run: record.run.clone() });
            };
            let is_taut = self.plan.suite.variants[run.variant].command.is_none();
            if let Some(what) = record.change(&self.start(run), is_taut) {
                return Err(BenchError::Changed { what, run: record.run.clone() });
            }
        }
        Ok(())
    }

    fn subject(&self, run: &Planned) -> Subject {
        let mut subjects = locked(&self.subjects);
        let (instance, asked) = (self.plan.instance(run), self.plan.asked(run));
        let of_network = |file: &Path| kept(&self.networks, file, hash_of_network);
        let subject = || Subject::of(instance, asked, self.needs_box, &of_network);
        subjects.entry(run.instance).or_insert_with(subject).clone()
    }

    fn hash_of(&self, program: &Path) -> Option<String> {
        kept(&self.programs, program, hash)
    }

    /// Whether the batch is to end: a scheduler sends its signal to all processes of a job, and the
    /// run may hear it first.
    fn is_stopped_soon(&self) -> bool {
        let started = Instant::now();
        while !self.clock.is_stopped() && started.elapsed() < SAME_SIGNAL {
            thread::sleep(LOOK);
        }
        self.clock.is_stopped()
    }

    /// What is known of a run that starts now.
    fn start(&self, run: &Planned) -> Record {
        let suite = &self.plan.suite;
        let subject = self.subject(run);
        let command = command::words(self.plan, run, &subject, &self.program);
        let like = Record {
            instance: self.plan.instance(run).name.clone(),
            question: self.plan.asked(run),
            threads: suite.threads,
            limit_seconds: Some(self.plan.seconds(run)),
            limit_memory_bytes: suite.memory_limit_mb.map(bytes),
            program_sha256: self.hash_of(Path::new(&command[0])),
            command,
            ..self.blank.clone()
        };
        subject.told_in(like).start(&suite.variants[run.variant], run.seed)
    }

    /// Does a run; none where it was interrupted.
    fn run(&self, run: &Planned) -> Option<Record> {
        let suite = &self.plan.suite;
        let variant = &suite.variants[run.variant];
        let mut record = self.start(run);
        let limits = Limits {
            time: Duration::from_secs_f64(self.plan.seconds(run) + suite.grace),
            memory: record.limit_memory_bytes,
        };
        let mut command = Command::new(&record.command[0]);
        command.args(&record.command[1..]);
        match child::run(command, limits, &|| self.clock.is_stopped()) {
            Err(error) => record.error = Some(error.to_string()),
            Ok(Ended { killed: Some(Killed::Interrupt), .. }) => return None,
            Ok(ended) => {
                record.seconds = ended.seconds;
                record.peak_memory_bytes = ended.peak_memory;
                record.cpu_seconds = ended.cpu_seconds;
                record.exit_status = ended.status.code();
                judge(&mut record, &ended, variant.output.as_ref());
                if ended.killed.is_none() && is_cut_short(&record) && self.is_stopped_soon() {
                    return None;
                }
            }
        }
        record.load[1] = Machine::load();
        Some(record)
    }
}

/// The hash of a file, computed once.
fn kept(
    hashes: &Mutex<Hashes>,
    file: &Path,
    compute: fn(&Path) -> Option<String>,
) -> Option<String> {
    locked(hashes).entry(file.to_path_buf()).or_insert_with(|| compute(file)).clone()
}

/// Whether somebody else's signal may have ended the run.
fn is_cut_short(record: &Record) -> bool {
    record.outcome == Outcome::Crashed
        || record.exit_status.is_some_and(|status| SIGNALLED.contains(&status))
        || record.told("/stopped_by") == Some(StoppedBy::Interrupt)
}

/// Bytes of so many megabytes.
fn bytes(megabytes: u64) -> u64 {
    megabytes.saturating_mul(1 << 20)
}

/// What a mutex holds, whatever became of others that held it.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
