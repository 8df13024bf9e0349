//! One journal out of several.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::folder::{StoredJournal, read_journals, read_with_texts};
use super::journal::{JournalError, name};
use super::plan::Shard;
use super::record::Record;
use crate::io::write_bytes;

/// What was brought together.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    /// The journal that was written.
    pub path: PathBuf,
    /// All records, those of the first folder first.
    pub records: Vec<Record>,
    /// Records that were there more than once, and equal.
    pub doubles: usize,
    /// The journals that were read.
    pub journals: Vec<PathBuf>,
    /// Those whose last line is torn, which does not count.
    pub torn: Vec<PathBuf>,
}

/// A line of a journal, and the record that it is.
struct Line<'a> {
    text: &'a [u8],
    record: &'a Record,
    journal: &'a Path,
}

/// Writes the records of several folders into one journal of another folder, which is made where
/// it is not there, each line as it was: a record of a newer version may have keys that this one
/// does not know. Equal records of a run become one.
///
/// # Errors
/// [`JournalError`]: also a folder without journals, different records of a run, a folder that has
/// records already.
pub fn merge(folders: &[PathBuf], into: &Path) -> Result<Merged, JournalError> {
    let mut merged = Merged { path: into.join(name(Shard::WHOLE)), ..Merged::default() };
    if into.exists() {
        for StoredJournal { path, records, .. } in read_journals(into)? {
            if !records.is_empty() {
                return Err(JournalError::Taken { path, count: records.len() });
            }
        }
    }
    let mut journals = Vec::new();
    for folder in folders {
        let found = read_with_texts(folder)?;
        if found.is_empty() {
            return Err(JournalError::Empty { path: folder.clone() });
        }
        journals.extend(found);
    }
    let mut known: BTreeMap<&str, Line<'_>> = BTreeMap::new();
    let mut all = Vec::new();
    for (StoredJournal { path, records, is_torn }, bytes) in &journals {
        merged.journals.push(path.clone());
        merged.torn.extend(is_torn.then(|| path.clone()));
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        for (record, text) in records.iter().zip(lines) {
            let line = Line { text, record, journal: path };
            match known.entry(&record.run) {
                Entry::Vacant(place) => {
                    place.insert(line);
                    merged.records.push(record.clone());
                    all.extend_from_slice(text);
                }
                Entry::Occupied(first) if first.get().is_same_as(&line) => merged.doubles += 1,
                Entry::Occupied(first) => {
                    let files = [first.get().journal, path].map(Path::to_path_buf);
                    return Err(JournalError::Different { files, run: record.run.clone() });
                }
            }
        }
    }
    let system = |error| JournalError::System { path: merged.path.clone(), error };
    merged.path.parent().map_or(Ok(()), fs::create_dir_all).map_err(system)?;
    write_bytes(&merged.path, &all)?;
    Ok(merged)
}

impl Line<'_> {
    /// Whether two records of a run are equal, in what this version does not know too.
    fn is_same_as(&self, other: &Self) -> bool {
        self.text == other.text
            || (self.record == other.record && self.unknown() == other.unknown())
    }

    /// The keys of the line that are none of the record's. Those that an older version left out
    /// say nothing else.
    fn unknown(&self) -> Option<Map<String, Value>> {
        let known = serde_json::to_value(self.record).ok()?;
        let mut line: Map<String, Value> = serde_json::from_slice(self.text).ok()?;
        line.retain(|key, _| known.get(key).is_none());
        Some(line)
    }
}
