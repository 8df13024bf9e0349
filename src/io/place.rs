//! Where the bytes that are written to a path go: through links, to devices, fifos and
//! open streams, or to a regular file.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::systems::{is_fifo, open_stream, stream_number};
use super::{FileError, is_directory};

/// Where the bytes for a path go.
#[derive(Debug)]
pub enum Place {
    /// A regular file, or none yet, behind all links.
    File(PathBuf),
    /// A device or a fifo.
    Special(Metadata),
    /// An open stream of this process, by its number.
    Stream(u32),
}

/// Most links from one to the next, as Linux has it.
const MOST_LINKS: usize = 40;

impl Place {
    /// Follows all links.
    ///
    /// # Errors
    /// A folder, or what the system does not let this process look at.
    pub fn of(path: &Path) -> Result<Self, FileError> {
        let failed = |error: io::Error| refused(path, &error);
        let mut place = path.to_path_buf();
        for _ in 0..MOST_LINKS {
            if let Some(number) = stream_number(&place) {
                return Ok(Self::Stream(number));
            }
            match fs::symlink_metadata(&place) {
                Ok(found) if found.is_symlink() => {
                    let target = fs::read_link(&place).map_err(failed)?;
                    place = place.parent().unwrap_or(Path::new("")).join(target);
                }
                Ok(found) if found.is_dir() => return Err(is_directory(path)),
                Ok(found) if found.is_file() => return Ok(Self::File(place)),
                Ok(found) => return Ok(Self::Special(found)),
                Err(error) if error.kind() == ErrorKind::NotFound && !names_folder(path) => {
                    return Ok(Self::File(place));
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Err(system(path, format!("more than {MOST_LINKS} links, one to the next")))
    }

    /// Opens what is no regular file.
    ///
    /// # Errors
    /// The system says no.
    pub fn open(&self, path: &Path) -> Result<File, FileError> {
        let opened = match self {
            Self::Stream(number) => open_stream(*number, path),
            _ => OpenOptions::new().append(true).open(path),
        };
        opened.map_err(|error| refused(path, &error))
    }

    /// Checks that what is no regular file can be written, without writing.
    ///
    /// # Errors
    /// The system says no.
    pub fn check(&self, path: &Path) -> Result<(), FileError> {
        match self {
            // To open and close a fifo would tell its reader that all has been written.
            Self::Special(found) if is_fifo(found) => match found.permissions().readonly() {
                true => Err(refused(path, &ErrorKind::PermissionDenied.into())),
                false => Ok(()),
            },
            _ => self.open(path).map(|_| ()),
        }
    }
}

/// Whether a path ends like that of a folder.
fn names_folder(path: &Path) -> bool {
    path.as_os_str()
        .as_encoded_bytes()
        .last()
        .is_some_and(|&byte| std::path::is_separator(byte.into()))
}

/// The error where no file can be made in a folder.
pub fn no_file(path: &Path, error: &io::Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound => system(path, "the folder does not exist".to_string()),
        _ => refused(path, error),
    }
}

/// The error where the system says no.
pub fn refused(path: &Path, error: &io::Error) -> FileError {
    system(path, format!("cannot be written: {error}"))
}

fn system(path: &Path, what: String) -> FileError {
    FileError::System { path: path.to_path_buf(), what }
}
