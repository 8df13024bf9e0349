//! All journals of a folder: one for each share of the runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::journal::{EXTENSION, JournalError, parse};
use super::record::Record;

/// A journal as it lies in a folder, perhaps while a batch adds to it.
#[derive(Clone, Debug)]
pub struct StoredJournal {
    /// The file.
    pub path: PathBuf,
    /// Its records, in the order in which they were added.
    pub records: Vec<Record>,
    /// Whether the last line is torn, which does not count.
    pub is_torn: bool,
}

/// The records of all journals of a folder, by the names of these. None is a record of a line
/// that is torn.
///
/// # Errors
/// [`JournalError`]: also a run that two journals have.
pub fn read_folder(folder: &Path) -> Result<Vec<Record>, JournalError> {
    let journals = read_journals(folder)?;
    check_doubles(&journals)?;
    Ok(journals.into_iter().flat_map(|journal| journal.records).collect())
}

/// The journals of a folder (`runs*.jsonl`), by their names.
///
/// # Errors
/// [`JournalError`]. A run that two journals have is none.
pub fn read_journals(folder: &Path) -> Result<Vec<StoredJournal>, JournalError> {
    Ok(read_with_texts(folder)?.into_iter().map(|(journal, _)| journal).collect())
}

/// [`read_journals`], each with its bytes: the line of each record, in their order, and perhaps a
/// torn one.
///
/// # Errors
/// Those of [`read_journals`].
pub(super) fn read_with_texts(
    folder: &Path,
) -> Result<Vec<(StoredJournal, Vec<u8>)>, JournalError> {
    let system = |path: &Path, error| JournalError::System { path: path.to_path_buf(), error };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| system(folder, error))? {
        let path = entry.map_err(|error| system(folder, error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.strip_suffix(EXTENSION).is_some_and(|name| name.starts_with("runs")) {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).map_err(|error| system(&path, error))?;
        let (records, whole) = parse(&path, &bytes)?;
        Ok((StoredJournal { path, records, is_torn: whole < bytes.len() }, bytes))
    };
    paths.into_iter().map(read).collect()
}

/// No run is in two journals.
fn check_doubles(journals: &[StoredJournal]) -> Result<(), JournalError> {
    let mut known: BTreeMap<&str, &Path> = BTreeMap::new();
    for journal in journals {
        for record in &journal.records {
            if let Some(first) = known.insert(&record.run, &journal.path) {
                let files = [first, &journal.path].map(Path::to_path_buf);
                return Err(JournalError::Doubled { files, run: record.run.clone() });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::check::tests::record;
    use crate::bench::record::Outcome;

    #[test]
    fn all_journals_are_read_and_a_run_is_in_one_of_them() {
        let folder = temp_dir::TempDir::new().expect("a folder");
        let line = |run: &str| {
            let record = record(run, Outcome::Optimal, Some(1.0), Some(1.0));
            serde_json::to_string(&record).expect("a line") + "\n"
        };
        let write = |name: &str, text: String| fs::write(folder.child(name), text).expect("a file");
        assert_eq!(read_folder(folder.path()).expect("no records"), []);
        write("runs-2-of-2.jsonl", line("b") + "{\"schema\": 1, \"ru");
        write("runs-1-of-2.jsonl", line("c") + &line("a"));
        write("other.jsonl", "no record".to_string());
        let records = read_folder(folder.path()).expect("records");
        let runs: Vec<&str> = records.iter().map(|record| record.run.as_str()).collect();
        assert_eq!(runs, ["c", "a", "b"]);
        let torn: Vec<bool> =
            read_journals(folder.path()).expect("journals").iter().map(|j| j.is_torn).collect();
        assert_eq!(torn, [false, true]);
        write("runs.jsonl", line("d") + &line("a"));
        let error = read_folder(folder.path()).expect_err("a double").to_string();
        assert!(error.contains("runs-1-of-2.jsonl") && error.contains("runs.jsonl"), "{error}");
        assert!(error.contains("the run 'a'"), "{error}");
        assert!(read_folder(&folder.child("nowhere")).is_err());
    }
}
