//! Runs what a plan says and what a journal does not have yet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use thiserror::Error;

use super::child::{self, Ended, Killed, Limits};
use super::journal::{Journal, JournalError};
use super::machine::Machine;
use super::plan::{Plan, Planned, Shard};
use super::record::{Outcome, Record, SCHEMA};
use super::suite::{PLACES, Words};
use crate::control::Clock;
use crate::io::{read_instance, read_problem, sha256};
use crate::problem::Sense;

/// Bytes of stderr that a record keeps.
const TAIL: usize = 2000;

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

/// What the runs of a batch share.
struct Batch<'a> {
    plan: &'a Plan,
    clock: &'a Clock,
    program: PathBuf,
    host: Option<String>,
    machine: Machine,
    /// Whether a command asks for boxes: only then they are read.
    needs_box: bool,
    subjects: Mutex<BTreeMap<usize, Subject>>,
    /// Hashes of programs, by their paths.
    programs: Mutex<BTreeMap<PathBuf, Option<String>>>,
}

/// What is known of an instance before it is run.
#[derive(Clone, Debug, Default)]
struct Subject {
    sha256: Option<String>,
    sense: Option<Sense>,
    reference: Option<f64>,
    network: Option<PathBuf>,
    network_sha256: Option<String>,
    /// Lower and upper ends of its box, with commas between, where they were asked for.
    ends: Option<[String; 2]>,
}

/// Runs what a share of a plan says and its journal does not have yet, so many at a time, until
/// the clock stops; the records of all runs that are done, those of earlier times first.
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
    let program = std::env::current_exe().map_err(BenchError::Program)?;
    let variants = &plan.suite.variants;
    let words = || variants.iter().flat_map(|variant| variant.command.iter().flatten());
    let batch = Batch {
        plan,
        clock,
        program,
        host: Machine::host(),
        machine: Machine::this(),
        needs_box: ["lower", "upper"].map(braced).iter().any(|p| words().any(|w| w.contains(p))),
        subjects: Mutex::new(BTreeMap::new()),
        programs: Mutex::new(BTreeMap::new()),
    };
    let mut records = std::mem::take(&mut journal.records);
    let share: Vec<&Planned> = plan.share(shard).collect();
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

impl Batch<'_> {
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
            let changed = |what: String| BenchError::Changed { what, run: record.run.clone() };
            let subject = self.subject(run);
            if subject.sha256 != record.instance_sha256 {
                return Err(changed(record.instance.clone()));
            }
            if subject.network_sha256 != record.network_sha256 {
                return Err(changed(format!("the network of {}", record.instance)));
            }
            if is_taut && record.program_sha256 != self.hash_of(&self.program) {
                return Err(changed("the program taut".to_string()));
            }
            let suite = &self.plan.suite;
            if suite.variants[run.variant].words() != record.variant_words {
                return Err(changed(format!("the command of '{}'", record.variant)));
            }
            let limits = (suite.time_limit, suite.memory_limit_mb.map(bytes), suite.threads);
            if limits != (record.limit_seconds, record.limit_memory_bytes, record.threads) {
                return Err(changed("a limit, or the number of threads,".to_string()));
            }
        }
        Ok(())
    }

    fn subject(&self, run: &Planned) -> Subject {
        let mut subjects = locked(&self.subjects);
        let subject = || Subject::of(&self.plan.file(run), self.needs_box);
        subjects.entry(run.instance).or_insert_with(subject).clone()
    }

    fn hash_of(&self, program: &Path) -> Option<String> {
        let mut programs = locked(&self.programs);
        programs.entry(program.to_path_buf()).or_insert_with(|| hash(program)).clone()
    }

    /// The command of a run, word by word.
    fn words(&self, run: &Planned, subject: &Subject) -> Vec<String> {
        let suite = &self.plan.suite;
        let file = self.plan.file(run).to_string_lossy().into_owned();
        let (limit, seed) = (suite.time_limit.to_string(), run.seed.to_string());
        let threads = suite.threads.to_string();
        let variant = &suite.variants[run.variant];
        let Some(command) = &variant.command else {
            let sense =
                if subject.sense == Some(Sense::Maximize) { "maximize" } else { "minimize" };
            let program = self.program.to_string_lossy().into_owned();
            let mut words = vec![program, sense.to_string(), file];
            words.extend(variant.options.iter().cloned());
            let own = [("--time-limit", limit), ("--seed", seed), ("--threads", threads)];
            words.extend(own.into_iter().flat_map(|(name, value)| [name.to_string(), value]));
            words.extend(["--quiet", "--format", "json"].map(String::from));
            return words;
        };
        let network = subject.network.as_ref().map(|path| path.to_string_lossy().into_owned());
        let network = network.unwrap_or_else(|| file.clone());
        let suite_folder = match self.plan.folder.as_os_str().is_empty() {
            true => ".".to_string(),
            false => self.plan.folder.to_string_lossy().into_owned(),
        };
        let [lower, upper] = subject.ends.clone().unwrap_or_default();
        let values = [file, network, lower, upper, limit, seed, threads, suite_folder];
        let filled = |word: &String| {
            let places = PLACES.iter().zip(&values);
            places.fold(word.clone(), |word, (place, value)| word.replace(&braced(place), value))
        };
        command.iter().map(filled).collect()
    }

    /// Does a run; none where it was interrupted.
    fn run(&self, run: &Planned) -> Option<Record> {
        let suite = &self.plan.suite;
        let variant = &suite.variants[run.variant];
        let subject = self.subject(run);
        let words = self.words(run, &subject);
        let limits = Limits {
            time: Duration::from_secs_f64(suite.time_limit + suite.grace),
            memory: suite.memory_limit_mb.map(bytes),
        };
        let mut record = Record {
            schema: SCHEMA,
            run: self.plan.key(run),
            instance: self.plan.instances[run.instance].clone(),
            variant: variant.name.clone(),
            variant_words: variant.words().to_vec(),
            seed: run.seed,
            threads: suite.threads,
            outcome: Outcome::NotStarted,
            question: None,
            sense: subject.sense.map(|sense| sense.name().to_string()),
            value: None,
            bound: None,
            reference: subject.reference,
            seconds: 0.0,
            limit_seconds: suite.time_limit,
            cpu_seconds: None,
            peak_memory_bytes: None,
            limit_memory_bytes: limits.memory,
            exit_status: None,
            error: None,
            instance_sha256: subject.sha256,
            network_sha256: subject.network_sha256,
            program_sha256: self.hash_of(Path::new(&words[0])),
            taut: env!("CARGO_PKG_VERSION").to_string(),
            started: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64()),
            load: [Machine::load(), None],
            host: self.host.clone(),
            machine: self.machine.clone(),
            answer: None,
            command: words,
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
            }
        }
        record.load[1] = Machine::load();
        Some(record)
    }
}

impl Subject {
    fn of(file: &Path, needs_box: bool) -> Self {
        // What cannot be read is for the run to tell.
        let problem = needs_box.then(|| read_problem(file).ok()).flatten();
        let text = |ends: &[f64]| ends.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
        let ends = problem.map(|p| [text(p.domain().lower()), text(p.domain().upper())]);
        let sha256 = hash(file);
        if file.extension().is_none_or(|extension| extension != "toml") {
            let (sense, network_sha256) = (Some(Sense::Minimize), sha256.clone());
            let network = Some(file.to_path_buf());
            return Self { sha256, sense, reference: None, network, network_sha256, ends };
        }
        let Ok(instance) = read_instance(file) else {
            return Self { sha256, ends, ..Self::default() };
        };
        Self {
            sha256,
            sense: Some(instance.sense.unwrap_or_default()),
            reference: instance.reference.map(|reference| reference.objective),
            network_sha256: hash(&instance.network),
            network: Some(instance.network),
            ends,
        }
    }
}

/// Says how a process ended, and what it answered.
fn judge(record: &mut Record, ended: &Ended, words: Option<&Words>) {
    let stdout = String::from_utf8_lossy(&ended.stdout);
    let answered = match words {
        None => of_taut(record, &stdout),
        Some(words) => of_words(record, words, &stdout),
    };
    record.outcome = match (ended.killed, ended.status.code()) {
        (Some(Killed::Memory), _) => Outcome::Memory,
        (Some(_), _) => Outcome::Timeout,
        (None, None) => Outcome::Crashed,
        // Taut ends with 3 where a limit came first.
        (None, Some(0)) => answered.unwrap_or(Outcome::Unreadable),
        (None, Some(3)) if words.is_none() => answered.unwrap_or(Outcome::Unreadable),
        (None, Some(_)) => Outcome::Failed,
    };
    if record.outcome.is_failure() {
        // Nothing that it says counts.
        (record.value, record.bound) = (None, None);
        let text = match ended.stderr.is_empty() {
            true => &ended.stdout,
            false => &ended.stderr,
        };
        let tail = String::from_utf8_lossy(&text[text.len().saturating_sub(TAIL)..]);
        record.error = Some(tail.trim().to_string()).filter(|text| !text.is_empty());
    }
}

/// Takes what Taut prints.
fn of_taut(record: &mut Record, stdout: &str) -> Option<Outcome> {
    let answer: serde_json::Value = serde_json::from_str(stdout).ok()?;
    let outcome = match answer.get("status")?.as_str()? {
        "optimal" => Outcome::Optimal,
        "infeasible" => Outcome::Infeasible,
        "feasible" | "unknown" => Outcome::Open,
        _ => return None,
    };
    let number = |name: &str| answer.get(name).and_then(serde_json::Value::as_f64);
    (record.value, record.bound) = (number("objective"), number("bound"));
    record.answer = Some(answer);
    Some(outcome)
}

/// Takes what another program prints.
fn of_words(record: &mut Record, words: &Words, stdout: &str) -> Option<Outcome> {
    let has = |word: &String| stdout.contains(word.as_str());
    let number = |word: &Option<String>| {
        let word = word.as_deref()?;
        let line = stdout.lines().rfind(|line| line.contains(word))?;
        number(line.rsplit_once(word)?.1)
    };
    (record.value, record.bound) = (number(&words.value), number(&words.bound));
    match () {
        () if has(&words.optimal) => Some(Outcome::Optimal),
        () if words.infeasible.as_ref().is_some_and(has) => Some(Outcome::Infeasible),
        () if record.value.is_some() || record.bound.is_some() => Some(Outcome::Open),
        () => None,
    }
}

/// The number that a text begins with, after spaces and signs that lead to it.
fn number(text: &str) -> Option<f64> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | '"'));
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    text[..end].parse().ok().filter(|number: &f64| number.is_finite())
}

/// A name as it stands in a command.
fn braced(place: &str) -> String {
    format!("{{{place}}}")
}

/// Bytes of so many megabytes.
fn bytes(megabytes: u64) -> u64 {
    megabytes.saturating_mul(1 << 20)
}

fn hash(file: &Path) -> Option<String> {
    std::fs::read(file).ok().map(|bytes| sha256(&bytes))
}

/// What a mutex holds, whatever became of others that held it.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_behind_words() {
        for (text, expected) in [
            (": -6.5e-1, x", Some(-0.65)),
            (" = 3", Some(3.0)),
            ("\": 12}", Some(12.0)),
            (" null", None),
            (": inf", None),
            ("", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
