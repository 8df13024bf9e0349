//! One journal out of several.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use super::folder::{StoredJournal, read_journals};
use super::journal::{JournalError, name};
use super::plan::Shard;
use super::record::Record;
use crate::io::write_text;

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

/// Writes the records of several folders into one journal of another folder, which is made where
/// it is not there. Equal records of a run become one.
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
        let found = read_journals(folder)?;
        if found.is_empty() {
            return Err(JournalError::Empty { path: folder.clone() });
        }
        journals.extend(found);
    }
    let mut known: BTreeMap<&str, (&Record, &Path)> = BTreeMap::new();
    for StoredJournal { path, records, is_torn } in &journals {
        merged.journals.push(path.clone());
        merged.torn.extend(is_torn.then(|| path.clone()));
        for record in records {
            match known.entry(&record.run) {
                Entry::Vacant(place) => {
                    place.insert((record, path));
                    merged.records.push(record.clone());
                }
                Entry::Occupied(first) if *first.get().0 == *record => merged.doubles += 1,
                Entry::Occupied(first) => {
                    let files = [first.get().1, path].map(Path::to_path_buf);
                    return Err(JournalError::Different { files, run: record.run.clone() });
                }
            }
        }
    }
    write(&merged)?;
    Ok(merged)
}

fn write(merged: &Merged) -> Result<(), JournalError> {
    let path = &merged.path;
    let system = |error| JournalError::System { path: path.clone(), error };
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(system)?;
    let mut text = String::new();
    for record in &merged.records {
        text += &(serde_json::to_string(record).map_err(|error| system(error.into()))? + "\n");
    }
    Ok(write_text(path, &text)?)
}
