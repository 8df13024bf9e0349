//! Files that are written: an output appears complete or not at all.
//!
//! A regular file is written beside its place under a name of its own, synced, and then
//! given the name that was asked for, so that of several writers one leaves its whole file
//! and a process that is killed leaves the old one. The file keeps its permissions. A link
//! is followed: the file that it points to is replaced, and the link stays. A device, a fifo
//! or an open stream such as `/dev/stdout` has no place that could be replaced and is
//! written to as it is.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::FileError;
use super::place::{Place, no_file, refused};
use super::systems::{keep_owner, only_for_owner, sync_folder};

/// A file under construction.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    writer: BufWriter<File>,
    partial: Option<Partial>,
}

impl Output {
    /// Begins a file.
    ///
    /// # Errors
    /// [`FileError::System`]: no folder, no permission, a folder of that name.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let (file, partial) = match Place::of(path)? {
            Place::File(place) => {
                let (file, partial) = Partial::create(path, place)?;
                (file, Some(partial))
            }
            stream => (stream.open(path)?, None),
        };
        Ok(Self { path: path.to_path_buf(), writer: BufWriter::new(file), partial })
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// [`FileError::System`].
    pub fn commit(mut self) -> Result<(), FileError> {
        let done = self.writer.flush().and_then(|()| match &mut self.partial {
            Some(partial) => partial.commit(self.writer.get_ref()),
            None => Ok(()),
        });
        done.map_err(|error| self.failed(&error))
    }

    /// What could not be written, by its path.
    pub fn failed(&self, error: &io::Error) -> FileError {
        refused(&self.path, error)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Checks that a file can be written, before what may take hours. Leaves nothing behind
/// and changes nothing.
///
/// # Errors
/// [`FileError::System`]: no folder, no permission, a folder of that name.
pub fn check_writable(path: &Path) -> Result<(), FileError> {
    match Place::of(path)? {
        // Dropped, and removed with that.
        Place::File(place) => Partial::create(path, place).map(|_| ()),
        stream => stream.check(path),
    }
}

/// Checks that a file can be written in place, as [`open_log`] or the solver itself does.
/// Leaves nothing behind and changes nothing.
///
/// # Errors
/// [`FileError::System`]: no folder, no permission, a folder of that name.
pub fn check_log(path: &Path) -> Result<(), FileError> {
    match Place::of(path)? {
        Place::File(place) if place.exists() => append_to(path, &place).map(|_| ()),
        Place::File(place) => Partial::create(path, place).map(|_| ()),
        stream => stream.check(path),
    }
}

/// A file that is written as things happen: a new one, or one that goes on at its end.
///
/// # Errors
/// [`FileError::System`].
pub fn open_log(path: &Path, append: bool) -> Result<File, FileError> {
    match Place::of(path)? {
        Place::File(place) if append => append_to(path, &place),
        Place::File(place) => File::create(place).map_err(|error| no_file(path, &error)),
        stream => stream.open(path),
    }
}

fn append_to(path: &Path, place: &Path) -> Result<File, FileError> {
    let opened = OpenOptions::new().append(true).create(true).open(place);
    opened.map_err(|error| no_file(path, &error))
}

/// The file of a [`Place::File`] before it has its name; removed unless it gets it.
#[derive(Debug)]
struct Partial {
    /// Where it is written.
    path: PathBuf,
    /// What it becomes.
    place: PathBuf,
    is_kept: bool,
}

/// Numbers the files that this process has begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// Characters of a file's name that the name beside it begins with: some systems allow no
/// more than 255 bytes in all.
const MOST_CHARACTERS: usize = 40;

impl Partial {
    /// A new file beside `place`, with the permissions of the one that it will replace.
    fn create(path: &Path, place: PathBuf) -> Result<(File, Self), FileError> {
        let replaced = match OpenOptions::new().write(true).open(&place) {
            Ok(file) => Some(file.metadata().map_err(|error| refused(path, &error))?),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(refused(path, &error)),
        };
        loop {
            let partial = beside(&place);
            match create_new(&partial, replaced.as_ref()) {
                Ok(file) => return Ok((file, Self { path: partial, place, is_kept: false })),
                // Left by a process that was killed, and that had the same number.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(no_file(path, &error)),
            }
        }
    }

    fn commit(&mut self, file: &File) -> io::Result<()> {
        match file.sync_all() {
            // Some file systems do not know how.
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            synced => synced?,
        }
        fs::rename(&self.path, &self.place)?;
        self.is_kept = true;
        sync_folder(folder(&self.place));
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_kept {
            // Nothing to do if even this fails; the first error is the one to tell.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A hidden name that no other writer has.
fn beside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().take(MOST_CHARACTERS).collect();
    let (process, number) = (std::process::id(), BEGUN.fetch_add(1, Ordering::Relaxed));
    folder(place).join(format!(".{name}.{process}-{number}.partial"))
}

fn folder(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a file that nobody may read who may not read the one that it replaces.
fn create_new(partial: &Path, replaced: Option<&Metadata>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let Some(replaced) = replaced else { return options.open(partial) };
    only_for_owner(&mut options);
    let file = options.open(partial)?;
    keep_owner(&file, replaced);
    let kept = file.set_permissions(replaced.permissions());
    kept.map(|()| file).inspect_err(|_| {
        // Nothing to do if even this fails.
        let _ = fs::remove_file(partial);
    })
}
