//! Batch runs: every instance of a suite under every variant with every seed, each in a process
//! of its own, each a record of one line.
//!
//! A suite is a file (`suite.rs`), from which follow its runs in a reproducible order
//! (`plan.rs`). A run is a child process within hard limits (`child.rs`), and ends as a
//! [`Record`], whatever happens to it. Records are appended to a journal (`journal.rs`), synced
//! one by one, so that a campaign that is killed goes on where it was. In the end all records
//! about the same instance stand against each other (`check.rs`).

mod check;
mod child;
mod folder;
mod group;
mod journal;
mod machine;
mod plan;
mod record;
mod run;
mod suite;
mod summary;

#[cfg(test)]
pub(crate) use check::tests::record as test_record;
pub use check::{Contradiction, contradictions};
pub use folder::{StoredJournal, read_folder, read_journals};
pub use journal::{Journal, JournalError};
pub use machine::Machine;
pub use plan::{Plan, Planned, Shard};
pub use record::{Measure, Outcome, Record, SCHEMA};
pub use run::{BenchError, Listener, Progress, run};
pub use suite::{Suite, SuiteError, Variant};
pub use summary::{SHIFT, Summary, case, summaries};
