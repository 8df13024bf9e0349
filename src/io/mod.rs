//! Files: networks, instances, boxes, programs for other solvers.
//!
//! Readers do not build layers: they hand the operators of a file to
//! [`crate::network`] in neutral form. Every error names the file, the place in
//! it, what was found and what was expected.

mod beside;
mod bounds;
mod boxes;
mod instance;
mod json;
mod models;
mod onnx;
mod output;
mod place;
mod systems;

use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;

pub use beside::Beside;
pub use bounds::{SavedBounds, load_bounds, save_bounds};
pub use boxes::{StoredBox, read_box, stored_box};
pub use instance::{Instance, read_instance, read_problem};
pub use json::Json;
pub use models::{Lp, MODEL_FORMATS, ModelFormat, Mps, model_format, write_model};
pub use onnx::Onnx;
pub use output::{Output, check_log, check_writable, open_log};

use crate::network::{Network, NetworkError};
use crate::problem::ProblemError;

/// A file format of networks, known by its file name extension.
pub trait NetworkFormat: fmt::Debug + Sync {
    /// Name and file name extension.
    fn name(&self) -> &'static str;

    /// Reads a network from the bytes of a file; `name` is for files that do
    /// not name their network.
    ///
    /// # Errors
    /// [`FormatError`].
    fn read(&self, bytes: &[u8], name: &str) -> Result<Network, FormatError>;

    /// [`read`](Self::read), for formats whose files may have a part of the network in other
    /// files beside them.
    ///
    /// # Errors
    /// [`FormatError`].
    fn read_beside(
        &self,
        bytes: &[u8],
        name: &str,
        _beside: &Beside,
    ) -> Result<Network, FormatError> {
        self.read(bytes, name)
    }

    /// The bytes of a file that holds `network`.
    ///
    /// # Errors
    /// The format cannot hold it.
    fn write(&self, network: &Network) -> Result<Vec<u8>, FormatError>;
}

/// Every network format.
pub const FORMATS: &[&dyn NetworkFormat] = &[&Json, &Onnx];

/// What is wrong with the content of a file.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum FormatError {
    /// Something in the file is not as it should be.
    #[error("{place}: found {found}; expected {expected}")]
    Content {
        /// Where in the file.
        place: String,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// The text is not of the format; says where.
    #[error("{0}")]
    Syntax(String),
    /// The nodes do not make a network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The question does not fit the network.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}

/// Why a file could not be read or written; names the file.
#[derive(Debug, Error)]
pub enum FileError {
    /// The system said no.
    #[error("{}: {what}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        what: String,
    },
    /// No format has this extension.
    #[error("{}: not a network file by its extension; supported: {supported}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// What is supported.
        supported: String,
    },
    /// No format of programs has this extension.
    #[error("{}: not a file of a program by its extension; supported: {supported}", path.display())]
    UnknownModelFormat {
        /// The file.
        path: PathBuf,
        /// What is supported.
        supported: String,
    },
    /// The content is wrong.
    #[error("{}: {cause}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: Box<FormatError>,
    },
}

/// Largest file that is read: the limit of protocol buffers, 2 GiB.
const LARGEST_FILE: u64 = 1 << 31;

/// Reads a network; the extension tells the format.
///
/// # Errors
/// [`FileError`].
pub fn read_network(path: &Path) -> Result<Network, FileError> {
    let format = format_of(path)?;
    network_of(path, format, &read_bytes(path)?, &Beside::file(path))
}

/// [`read_network`], with the SHA-256 of the file in hexadecimal digits: of the bytes that
/// the network came from, whatever happens to the file. Where a part of them lies beside it,
/// the SHA-256 of the two sums, one text behind the other: that of the file, and that of all
/// bytes of other files in the order in which they were read.
///
/// # Errors
/// [`FileError`].
pub fn read_network_and_hash(path: &Path) -> Result<(Network, String), FileError> {
    let format = format_of(path)?;
    let (bytes, beside) = (read_bytes(path)?, Beside::file(path));
    let network = network_of(path, format, &bytes, &beside)?;
    let of_file = sha256(&bytes);
    let of_all = beside.sha256().map(|others| sha256((of_file.clone() + &others).as_bytes()));
    Ok((network, of_all.unwrap_or(of_file)))
}

fn network_of(
    path: &Path,
    format: &dyn NetworkFormat,
    bytes: &[u8],
    beside: &Beside,
) -> Result<Network, FileError> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    format.read_beside(bytes, &name, beside).map_err(|cause| content(path, cause))
}

/// The SHA-256 of bytes in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a network; the extension tells the format. The file appears complete
/// or not at all.
///
/// # Errors
/// [`FileError`].
pub fn write_network(network: &Network, path: &Path) -> Result<(), FileError> {
    let format = format_of(path)?;
    let bytes = format.write(network).map_err(|cause| content(path, cause))?;
    write_bytes(path, &bytes)
}

/// Writes a text. The file appears complete or not at all.
///
/// # Errors
/// [`FileError::System`].
pub fn write_text(path: &Path, text: &str) -> Result<(), FileError> {
    write_bytes(path, text.as_bytes())
}

/// Writes a file as a whole: it appears complete or not at all.
///
/// # Errors
/// [`FileError::System`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut output = Output::create(path)?;
    output.write_all(bytes).map_err(|error| output.failed(&error))?;
    output.commit()
}

/// Checks that a network can be written to a file of that name, before the work that leads
/// to the network.
///
/// # Errors
/// [`FileError`]: no format has this extension, or the file cannot be written.
pub fn check_network_output(path: &Path) -> Result<(), FileError> {
    format_of(path)?;
    check_writable(path)
}

fn content(path: &Path, cause: FormatError) -> FileError {
    FileError::Content { path: path.to_path_buf(), cause: Box::new(cause) }
}

/// The format of a network file by its extension.
///
/// # Errors
/// [`FileError::UnknownFormat`], or a directory.
pub fn format_of(path: &Path) -> Result<&'static dyn NetworkFormat, FileError> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    FORMATS.iter().copied().find(|format| format.name() == extension).ok_or_else(|| {
        if path.is_dir() {
            return is_directory(path);
        }
        FileError::UnknownFormat { path: path.to_path_buf(), supported: network_extensions() }
    })
}

/// The extensions of network files, for messages: `.onnx, .json`.
pub fn network_extensions() -> String {
    FORMATS.iter().map(|format| format!(".{}", format.name())).collect::<Vec<String>>().join(", ")
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let system = |what: String| FileError::System { path: path.to_path_buf(), what };
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => system("no such file".to_string()),
        _ => system(error.to_string()),
    })?;
    if path.is_dir() {
        return Err(is_directory(path));
    }
    let mut bytes = Vec::new();
    // A limit on what is read, not on the size: a device has none.
    let read = file.take(LARGEST_FILE + 1).read_to_end(&mut bytes);
    read.map_err(|error| system(error.to_string()))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(system(format!("more than {LARGEST_FILE} bytes; expected at most that many")));
    }
    Ok(bytes)
}

fn is_directory(path: &Path) -> FileError {
    FileError::System {
        path: path.to_path_buf(),
        what: "is a directory; expected a file".to_string(),
    }
}
