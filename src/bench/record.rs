//! What is known of a run when it has ended.

use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::variant::Variant;
use crate::optimize::relative_gap;

/// Version of the schema of records of runs.
pub const SCHEMA: u32 = 1;

/// A run: one line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Version of the schema: it grows where a key goes or means something else.
    pub schema: u32,
    /// What the run is called, uniquely within its suite.
    pub run: String,
    /// The instance, by the folder of the suite; of a list of properties, the network and the
    /// property with a space between.
    pub instance: String,
    /// What was asked.
    #[serde(default)]
    pub question: Asked,
    /// The variant.
    pub variant: String,
    /// Its options of `taut minimize`, `taut regions` or `taut verify`, or the words of its command
    /// before they are filled in.
    pub variant_words: Vec<String>,
    /// The seed.
    pub seed: u64,
    /// Threads allowed.
    pub threads: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Direction of the optimisation, where the instance was read: minimize or maximize. Of
    /// regions: minimize.
    pub sense: Option<String>,
    /// Value of the best point, as the program says; of regions, their number where it is exact.
    pub value: Option<f64>,
    /// No point has a better value, as the program says; of regions, the same number.
    pub bound: Option<f64>,
    /// The value that the instance states as known.
    pub reference: Option<f64>,
    /// Wall-clock time from the start of the process to its end; of a row of `taut compare`, of the
    /// solve and the bounds that it stands on.
    pub seconds: f64,
    /// What the program itself tells, without its start; none where it tells nothing.
    #[serde(default)]
    pub own_seconds: Option<f64>,
    /// The limit for it; none in `taut compare` without one.
    pub limit_seconds: Option<f64>,
    /// Time on processors (user and system, in steps of the system's clock, often 10 ms) of the
    /// process and of those that it waited for; none where the system does not tell.
    pub cpu_seconds: Option<f64>,
    /// Most resident memory that was seen of the process and those that it started, by looks 50 ms
    /// apart; none where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
    /// The limit for that.
    pub limit_memory_bytes: Option<u64>,
    /// Exit status; none where a signal ended the process.
    pub exit_status: Option<i32>,
    /// What went wrong, in words: the end of what the program printed to stderr.
    pub error: Option<String>,
    /// The command, word by word; of `taut compare` that of all rows.
    pub command: Vec<String>,
    /// SHA-256 of the instance file, or of the property.
    pub instance_sha256: Option<String>,
    /// SHA-256 of the file of its network; where weights lie in other files, of that and theirs.
    pub network_sha256: Option<String>,
    /// SHA-256 of the program.
    pub program_sha256: Option<String>,
    /// Version of the Taut that ran the suite.
    pub taut: String,
    /// Seconds since 1970 when the process was started.
    pub started: f64,
    /// Mean number of processes that waited for a processor in the minute before the run, and
    /// before its end; none where the system does not tell.
    pub load: [Option<f64>; 2],
    /// Name of the machine, where the system tells.
    pub host: Option<String>,
    /// Where it ran.
    pub machine: Machine,
    /// The whole answer of Taut; of a program of `taut compare` with `relaxation` and `cuts`.
    pub answer: Option<serde_json::Value>,
}

/// What a run is asked.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// The least or largest value, as the instance says.
    #[default]
    Optimum,
    /// The number of activation patterns with inner points.
    Regions,
    /// Whether there is a counterexample to a property.
    Property,
}

/// What counts as the time of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// From the start of the process to its end.
    #[default]
    Wall,
    /// What its threads took of the processors: less is changed by what runs beside it.
    Cpu,
    /// What the program itself tells, without its start: for programs that take long to start.
    Own,
}

impl Measure {
    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Cpu => "cpu",
            Self::Own => "own",
        }
    }

    /// Seconds of a run, at most its limit; where it was not solved, so many times the limit, or
    /// what it took where there is none.
    pub fn of(self, record: &Record, unsolved: f64) -> f64 {
        if let (false, Some(limit)) = (record.outcome.is_solved(), record.limit_seconds) {
            return unsolved * limit;
        }
        let seconds = match self {
            Self::Wall => record.seconds,
            Self::Cpu => record.cpu_seconds.unwrap_or(record.seconds),
            Self::Own => record.own_seconds.unwrap_or(record.seconds),
        };
        seconds.min(record.limit_seconds.unwrap_or(f64::INFINITY))
    }
}

/// What a run is called, uniquely among those of one folder.
pub(super) fn run_name(instance: &str, variant: &str, seed: u64) -> String {
    format!("{instance} | {variant} | seed {seed}")
}

impl Record {
    /// Of an instance and on this machine; nothing else is known.
    pub(super) fn of(instance: &str) -> Self {
        Self {
            schema: SCHEMA,
            run: String::new(),
            instance: instance.to_string(),
            question: Asked::default(),
            variant: String::new(),
            variant_words: Vec::new(),
            seed: 0,
            threads: 1,
            outcome: Outcome::NotStarted,
            sense: None,
            value: None,
            bound: None,
            reference: None,
            seconds: 0.0,
            own_seconds: None,
            limit_seconds: None,
            cpu_seconds: None,
            peak_memory_bytes: None,
            limit_memory_bytes: None,
            exit_status: None,
            error: None,
            command: Vec::new(),
            instance_sha256: None,
            network_sha256: None,
            program_sha256: None,
            taut: env!("CARGO_PKG_VERSION").to_string(),
            started: 0.0,
            load: [None; 2],
            host: Machine::host(),
            machine: Machine::this(),
            answer: None,
        }
    }

    /// Of a run that starts now, with what this one has in common with it.
    pub(super) fn start(&self, variant: &Variant, seed: u64) -> Self {
        Self {
            run: run_name(&self.instance, &variant.name, seed),
            variant: variant.name.clone(),
            variant_words: variant.words().to_vec(),
            seed,
            started: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64()),
            load: [Machine::load(), None],
            ..self.clone()
        }
    }

    /// What has changed since it was recorded, if that is to be done now; `is_taut`: the program
    /// counts.
    pub(super) fn change(&self, now: &Self, is_taut: bool) -> Option<String> {
        let limits = |r: &Self| (r.limit_seconds, r.limit_memory_bytes, r.threads);
        let changes = [
            (self.instance_sha256 != now.instance_sha256, self.instance.clone()),
            (
                self.network_sha256 != now.network_sha256,
                format!("the network of {}", self.instance),
            ),
            (is_taut && self.program_sha256 != now.program_sha256, "the program taut".to_string()),
            (self.variant_words != now.variant_words, format!("the command of '{}'", self.variant)),
            (self.question != now.question, "the question".to_string()),
            (limits(self) != limits(now), "a limit, or the number of threads,".to_string()),
        ];
        changes.into_iter().find_map(|(is_one, what)| is_one.then_some(what))
    }

    /// What the answer tells at a JSON pointer, such as `/seconds/total`, if it does.
    pub fn told<T: DeserializeOwned>(&self, pointer: &str) -> Option<T> {
        T::deserialize(self.answer.as_ref()?.pointer(pointer)?).ok()
    }

    /// The relative gap between value and bound; infinite where one of them is missing.
    pub fn gap(&self) -> f64 {
        match (self.value, self.bound) {
            (Some(value), Some(bound)) => relative_gap(value, bound),
            _ => f64::INFINITY,
        }
    }
}

/// How a run ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The optimum, within the gap asked for; the exact number of regions.
    Optimal,
    /// There is no point.
    Infeasible,
    /// There is a counterexample.
    Sat,
    /// There is no counterexample.
    Unsat,
    /// It ended by itself without an answer, such as at its own limit; points and bounds count.
    Open,
    /// It was killed for its time.
    Timeout,
    /// It was killed for its memory.
    Memory,
    /// A signal that was not sent for a limit ended it.
    Crashed,
    /// It ended with an error.
    Failed,
    /// It ended well, but its answer cannot be read.
    Unreadable,
    /// It could not be started.
    NotStarted,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Optimal,
        Self::Infeasible,
        Self::Sat,
        Self::Unsat,
        Self::Open,
        Self::Timeout,
        Self::Memory,
        Self::Crashed,
        Self::Failed,
        Self::Unreadable,
        Self::NotStarted,
    ];

    /// Name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Optimal => "optimal",
            Self::Infeasible => "infeasible",
            Self::Sat => "sat",
            Self::Unsat => "unsat",
            Self::Open => "open",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Crashed => "crashed",
            Self::Failed => "failed",
            Self::Unreadable => "unreadable",
            Self::NotStarted => "not_started",
        }
    }

    /// Whether the question was answered.
    pub fn is_solved(self) -> bool {
        matches!(self, Self::Optimal | Self::Infeasible | Self::Sat | Self::Unsat)
    }

    /// Whether it was ended for a limit.
    pub fn is_killed(self) -> bool {
        matches!(self, Self::Timeout | Self::Memory)
    }

    /// Whether nothing can be said of what the run would have answered.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Crashed | Self::Failed | Self::Unreadable | Self::NotStarted)
    }
}
