//! Where the records of a comparison are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::bench::journal::{Journal, JournalError};
use crate::bench::plan::{ListedProperty, PlannedInstance, Shard};
use crate::bench::record::{Asked, Record, run_name};
use crate::bench::run::BenchError;
use crate::bench::subject::{Subject, hash, hash_of_network};
use crate::bench::variant::Variant;
use crate::control::Limits;

/// The records of a comparison: in memory alone, or in the journal of a folder, where those of
/// earlier times are.
#[derive(Debug)]
pub struct Kept {
    /// What all of them say.
    pub(super) like: Record,
    journal: Option<Journal>,
    /// Those of earlier times, by their runs.
    known: BTreeMap<String, Record>,
}

impl Kept {
    /// In memory alone, about a file: an instance or a network, perhaps with a property.
    pub fn in_memory((file, property): (&Path, Option<&Path>)) -> Self {
        let like = Record::of(&name(file, property));
        Self { like, journal: None, known: BTreeMap::new() }
    }

    /// In the journal of a folder; `resumes`: there may be records of the same `command` on the
    /// same files: an instance or a network, perhaps with a property.
    ///
    /// # Errors
    /// [`BenchError`].
    pub fn in_folder(
        folder: &Path,
        resumes: bool,
        (file, property): (&Path, Option<&Path>),
        command: Vec<String>,
    ) -> Result<Self, BenchError> {
        let mut journal = Journal::open(folder, Shard::WHOLE, resumes)?;
        if journal.was_torn {
            tracing::warn!("the last record was torn; its run is done again");
        }
        let records = std::mem::take(&mut journal.records);
        let known = records.into_iter().chain(std::mem::take(&mut journal.others));
        let known = known.map(|record| (record.run.clone(), record)).collect();
        let name = name(file, property);
        let property = property.map(Path::to_path_buf);
        let instance = PlannedInstance {
            name: name.clone(),
            file: file.to_path_buf(),
            property: property.map(|file| ListedProperty { file, seconds: f64::INFINITY }),
        };
        let program: PathBuf = std::env::current_exe().map_err(BenchError::Program)?;
        let like = Record { command, program_sha256: hash(&program), ..Record::of(&name) };
        let like = Subject::of(&instance, Asked::Optimum, false, &hash_of_network).told_in(like);
        Ok(Self { like, journal: Some(journal), known })
    }

    /// Takes what is asked within which limits; records of earlier times have to be about it.
    pub(super) fn ask(&mut self, question: Asked, limits: &Limits) -> Result<(), BenchError> {
        self.like.question = question;
        self.like.limit_seconds = limits.time.map(|limit| limit.as_secs_f64());
        for record in self.known.values() {
            let words = record.variant_words.clone();
            let now = Record { variant_words: words, threads: record.threads, ..self.like.clone() };
            let command = (record.command != now.command).then(|| "the command".to_string());
            if let Some(what) = command.or_else(|| record.change(&now, true)) {
                return Err(BenchError::Changed { what, run: record.run.clone() });
            }
        }
        Ok(())
    }

    /// Whether there is a record of an earlier time.
    pub(super) fn has(&self, variant: &Variant, seed: u32) -> bool {
        self.known.contains_key(&run_name(&self.like.instance, &variant.name, seed.into()))
    }

    /// That record.
    pub(super) fn take(&mut self, run: &str) -> Option<Record> {
        self.known.remove(run)
    }

    /// Adds a record.
    pub(super) fn add(&mut self, record: &Record) -> Result<(), JournalError> {
        self.journal.as_mut().map_or(Ok(()), |journal| journal.add(record))
    }
}

/// What records call a file, perhaps with a property.
fn name(file: &Path, property: Option<&Path>) -> String {
    let property = property.map(|property| format!(" {}", property.display()));
    format!("{}{}", file.display(), property.unwrap_or_default())
}
