//! Batch runs: every instance of a suite under every variant with every seed, each in a process
//! of its own, each a record of one line.
//!
//! A suite is a file (`suite.rs`), from which follow its runs in a reproducible order
//! (`plan.rs`). A run is a child process within hard limits (`child.rs`), and ends as a
//! [`Record`], whatever happens to it. Records are appended to a journal (`journal.rs`), synced
//! one by one, so that a campaign that is killed goes on where it was. In the end all records
//! of the folder (`folder.rs`) about the same instance stand against each other (`check.rs`).
//!
//! One question alone can be run within this process, on bounds that variants share (`grid/`): of
//! the same variants, with the same records and checks.

mod answer;
mod check;
mod child;
mod command;
mod folder;
mod grid;
mod group;
mod journal;
mod machine;
mod merge;
mod plan;
mod properties;
mod record;
mod run;
mod slurm;
mod subject;
mod suite;
mod summary;
mod variant;

#[cfg(test)]
pub(crate) use check::tests::record as test_record;
pub use check::{Contradiction, contradictions};
pub use folder::{StoredJournal, read_folder, read_journals};
pub use grid::{
    CompareError, CompareObserver, CompareOptions, Comparison, Kept, Row, RowSeconds, Solving,
    compare, compare_property, write_csv,
};
pub use journal::{Journal, JournalError, is_open};
pub use machine::Machine;
pub use merge::{Merged, merge};
pub use plan::{ListedProperty, Plan, Planned, PlannedInstance, Shard};
pub use record::{Asked, Measure, Outcome, Record, SCHEMA};
pub use run::{BenchError, Listener, Progress, run};
pub use slurm::{JobArray, SlurmError};
pub use suite::{SlurmSettings, Suite, SuiteError, SuiteQuestion};
pub use summary::{SHIFT, Summary, case, summaries};
pub use variant::Variant;
