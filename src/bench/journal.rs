//! Records on disk: one JSON object a line, appended and synced one by one, never rewritten.
//!
//! A process that is killed leaves at most one line that is torn, the last one. It is cut off
//! when the journal is opened again, and its run is done once more.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::folder::read_journals;
use super::plan::Shard;
use super::record::{Record, SCHEMA};
use crate::io::FileError;

/// How the name of a journal ends.
pub(super) const EXTENSION: &str = ".jsonl";

/// How long a look at whether a journal is taken keeps it, at most.
const GLANCE: Duration = Duration::from_millis(200);

/// A journal that records are added to; nobody else does as long as it is open.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Records that were there when it was opened.
    pub records: Vec<Record>,
    /// Those of the other journals of the folder.
    pub others: Vec<Record>,
    /// Whether a torn line was cut off.
    pub was_torn: bool,
}

/// Why records cannot be read or written.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The system says no.
    #[error("{}: {error}", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Somebody else has it open.
    #[error("{}: another run of this suite is writing to it", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It has records already.
    #[error("{}: has {count} records; expected a new folder, or --resume", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
    },
    /// A line that is no record.
    #[error("{}:{line}: {what}; expected a record of schema {SCHEMA}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was found.
        what: String,
    },
    /// A run with two records.
    #[error("{}:{line}: the run '{run}' has a record already", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The run.
        run: String,
    },
    /// A run that two journals have.
    #[error("{} and {} both have a record of the run '{run}'", files[0].display(), files[1].display())]
    Doubled {
        /// The journals.
        files: [PathBuf; 2],
        /// The run.
        run: String,
    },
    /// Two journals that disagree on a run.
    #[error(
        "{} and {} have different records of the run '{run}'; expected one of them, or equal ones",
        files[0].display(), files[1].display()
    )]
    Different {
        /// The journals.
        files: [PathBuf; 2],
        /// The run.
        run: String,
    },
    /// A folder without any.
    #[error("{}: found no journal (runs*{EXTENSION}); expected the folder of a batch", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A file that cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Journal {
    /// Opens the journal of a share in a folder, which is made where it is not there; `resumes`:
    /// there may be records.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(folder: &Path, shard: Shard, resumes: bool) -> Result<Self, JournalError> {
        let system = |path: &Path, error| JournalError::System { path: path.to_path_buf(), error };
        fs::create_dir_all(folder).map_err(|error| system(folder, error))?;
        let path = folder.join(name(shard));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(|error| system(&path, error))?;
        if !lock(&file).map_err(|error| system(&path, error))? {
            return Err(JournalError::Locked { path });
        }
        let others = others(folder, shard, resumes)?;
        let bytes = fs::read(&path).map_err(|error| system(&path, error))?;
        let (records, whole) = parse(&path, &bytes)?;
        if !resumes && !records.is_empty() {
            return Err(JournalError::Taken { path, count: records.len() });
        }
        let was_torn = whole < bytes.len();
        let cut = |file: &mut File| {
            file.set_len(whole as u64)?;
            file.seek(SeekFrom::End(0))?;
            file.sync_all()
        };
        cut(&mut file).map_err(|error| system(&path, error))?;
        Ok(Self { path, file, records, others, was_torn })
    }

    /// Adds a record; it is on disk afterwards.
    ///
    /// # Errors
    /// [`JournalError::System`].
    pub fn add(&mut self, record: &Record) -> Result<(), JournalError> {
        let mut add = || {
            let line = serde_json::to_string(record)? + "\n";
            self.file.write_all(line.as_bytes())?;
            self.file.sync_data()
        };
        add().map_err(|error| JournalError::System { path: self.path.clone(), error })
    }
}

/// The name of the journal of a share.
pub(super) fn name(shard: Shard) -> String {
    match shard.count {
        1 => format!("runs{EXTENSION}"),
        count => format!("runs-{}-of-{count}{EXTENSION}", shard.number),
    }
}

/// Takes a file for itself; false where somebody else keeps it.
fn lock(file: &File) -> io::Result<bool> {
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if started.elapsed() > GLANCE => return Ok(false),
            // Somebody may only look whether it is taken.
            Err(TryLockError::WouldBlock) => thread::sleep(GLANCE / 10),
        }
    }
}

/// Whether a batch has a journal open.
///
/// # Errors
/// The system says no.
pub fn is_open(journal: &Path) -> io::Result<bool> {
    match File::open(journal)?.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The records of all other journals of the folder. Where the runs were shared otherwise before,
/// nobody may do so still, and the records are only gone on from.
fn others(folder: &Path, shard: Shard, resumes: bool) -> Result<Vec<Record>, JournalError> {
    let own = name(shard);
    let alike: BTreeSet<String> =
        (1..=shard.count).map(|number| name(Shard { number, ..shard })).collect();
    let mut records = Vec::new();
    for journal in read_journals(folder)? {
        let path = journal.path;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == own {
            continue;
        }
        if !alike.contains(&name) {
            match is_open(&path) {
                Ok(false) => {}
                Ok(true) => return Err(JournalError::Locked { path }),
                Err(error) => return Err(JournalError::System { path, error }),
            }
            if !resumes && !journal.records.is_empty() {
                return Err(JournalError::Taken { path, count: journal.records.len() });
            }
        }
        records.extend(journal.records);
    }
    Ok(records)
}

/// The records of a file, and how many of its bytes they take: the last line may be torn.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<(Vec<Record>, usize), JournalError> {
    let mut records: Vec<Record> = Vec::new();
    let mut known = BTreeSet::new();
    let (mut whole, mut line) = (0, 0);
    while let Some(length) = bytes[whole..].iter().position(|byte| *byte == b'\n') {
        line += 1;
        let text = &bytes[whole..whole + length];
        let is_last = whole + length + 1 == bytes.len();
        let owned = || path.to_path_buf();
        let record: Record = match serde_json::from_slice(text) {
            Ok(record) => record,
            // A crash of the machine may leave what was never written as zeros.
            Err(_) if is_last => break,
            Err(error) => {
                return Err(JournalError::Line { path: owned(), line, what: error.to_string() });
            }
        };
        if record.schema != SCHEMA {
            let what = format!("a record of schema {}", record.schema);
            return Err(JournalError::Line { path: owned(), line, what });
        }
        if !known.insert(record.run.clone()) {
            return Err(JournalError::Twice { path: owned(), line, run: record.run });
        }
        records.push(record);
        whole += length + 1;
    }
    Ok((records, whole))
}
