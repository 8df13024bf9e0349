//! Files: networks, instances, boxes, programs for other solvers.
//!
//! Readers do not build layers: they hand the operators of a file to
//! [`crate::network`] in neutral form. Every error names the file, the place in
//! it, what was found and what was expected.

mod beside;
mod bounds;
mod boxes;
mod dense;
mod gzip;
mod instance;
mod json;
mod models;
mod nnet;
mod npz;
mod onnx;
mod options;
mod output;
mod place;
mod points;
mod scaling;
mod systems;
pub mod vnnlib;

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
pub use models::{
    Lp, MODEL_FORMATS, ModelFormat, Mps, check_solution, model_format, write_model, write_solution,
};
pub use nnet::Nnet;
pub use npz::Npz;
pub use onnx::Onnx;
pub use options::ReadOptions;
pub use output::{Output, check_log, check_writable, open_log};
pub use points::read_points;
pub use scaling::{Numbers, ScalingSide, ScalingSource, ScalingTable};

use self::gzip::{Extensions, GZIP};
use crate::message::excerpt;
use crate::network::{Network, NetworkError};
use crate::problem::ProblemError;

/// A file format of networks, known by its file name extension.
pub trait NetworkFormat: fmt::Debug + Sync {
    /// Name and file name extension.
    fn name(&self) -> &'static str;

    /// Whether bytes begin as those of a file of this format do; where no format says so, a
    /// network without a file name is taken for ONNX, which begins in no special way.
    fn begins(&self, _bytes: &[u8]) -> bool {
        false
    }

    /// Whether a box, names and the origin of a network have no place in its files.
    fn holds_only_weights(&self) -> bool {
        false
    }

    /// Reads a network from the bytes of a file; `name` is for files that do
    /// not name their network.
    ///
    /// # Errors
    /// [`FormatError`].
    fn read(&self, bytes: &[u8], name: &str) -> Result<Network, FormatError>;

    /// [`read`](Self::read) by some options, for formats that know one of them or whose files may
    /// have a part of the network in other files beside them. Takes the bytes, so as not to keep
    /// them longer than it needs them.
    ///
    /// # Errors
    /// [`FormatError`].
    fn read_by(
        &self,
        bytes: Vec<u8>,
        name: &str,
        _beside: &Beside,
        _options: &ReadOptions,
    ) -> Result<Network, FormatError> {
        self.read(&bytes, name)
    }

    /// The bytes of a file that holds `network`.
    ///
    /// # Errors
    /// The format cannot hold it.
    fn write(&self, network: &Network) -> Result<Vec<u8>, FormatError>;
}

/// Every network format.
pub const FORMATS: &[&dyn NetworkFormat] = &[&Json, &Onnx, &Nnet, &Npz];

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
    /// A file of a point has another extension.
    #[error("{}: not a file of a point by its extension; expected .sol", path.display())]
    UnknownSolutionFormat {
        /// The file.
        path: PathBuf,
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

/// Reads a network; the extension tells the format, and `.gz` behind it that the file is
/// packed. The path `-` is the standard input, whose first bytes tell.
///
/// # Errors
/// [`FileError`].
pub fn read_network(path: &Path) -> Result<Network, FileError> {
    network_of(path, read_network_bytes(path)?, &ReadOptions::default(), &beside(path))
}

/// [`read_network`] by some options, with the SHA-256 of the file in hexadecimal digits: of the
/// bytes that the network came from, whatever happens to the file. Where a part of them lies beside
/// it, the SHA-256 of the two sums, one text behind the other: that of the file, and that of all
/// bytes of other files in the order in which they were read.
///
/// # Errors
/// [`FileError`].
pub fn read_network_and_hash(
    path: &Path,
    options: &ReadOptions,
) -> Result<(Network, String), FileError> {
    let (bytes, beside) = (read_network_bytes(path)?, beside(path));
    let of_file = sha256(&bytes);
    let network = network_of(path, bytes, options, &beside)?;
    let of_all = beside.sha256().map(|others| sha256((of_file.clone() + &others).as_bytes()));
    Ok((network, of_all.unwrap_or(of_file)))
}

/// Whether a path of a network stands for the standard input.
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// What lies beside a network: nothing beside the standard input.
fn beside(path: &Path) -> Beside {
    if is_stdin(path) { Beside::default() } else { Beside::file(path) }
}

fn read_network_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    if is_stdin(path) {
        return read_limited(path, std::io::stdin().lock());
    }
    format_of(path)?;
    read_bytes(path)
}

fn network_of(
    path: &Path,
    bytes: Vec<u8>,
    options: &ReadOptions,
    beside: &Beside,
) -> Result<Network, FileError> {
    let extensions = Extensions::of(path);
    let is_packed = extensions.packed || (is_stdin(path) && gzip::is_packed(&bytes));
    let bytes = match is_packed {
        false => bytes,
        true => gzip::unpacked(&bytes, gzip::most_unpacked())
            .map_err(|what| FileError::System { path: path.to_path_buf(), what })?,
    };
    let (format, name) = match is_stdin(path) {
        true => (format_by_bytes(&bytes), "stdin".into()),
        false => (format_of(path)?, extensions.stem.to_string_lossy()),
    };
    if let Some(value) = options.values.first().filter(|_| format.name() != Onnx.name()) {
        let cause = FormatError::Content {
            place: format!("the value '{}'", excerpt(value)),
            found: format!("a file of the format {}", format.name()),
            expected: "an ONNX file, which names the values inside".to_string(),
        };
        return Err(content(path, cause));
    }
    let read = format.read_by(bytes, &name, beside, options);
    let network = read.map_err(|cause| content(path, cause))?;
    if !options.smooth {
        network.check_piecewise_linear().map_err(|cause| content(path, cause.into()))?;
    }
    Ok(network)
}

/// The SHA-256 of bytes in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a network; the extension tells the format, and `.gz` behind it that the file is
/// packed. The file appears complete or not at all.
///
/// # Errors
/// [`FileError`].
pub fn write_network(network: &Network, path: &Path) -> Result<(), FileError> {
    let format = format_of(path)?;
    let bytes = format.write(network).map_err(|cause| content(path, cause))?;
    write_bytes(path, &Extensions::of(path).bytes(bytes))
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

/// The format of a network file by its extension or, where that is `.gz`, by the one in front.
///
/// # Errors
/// [`FileError::UnknownFormat`], or a directory.
pub fn format_of(path: &Path) -> Result<&'static dyn NetworkFormat, FileError> {
    let extension = Extensions::of(path).format;
    FORMATS.iter().copied().find(|format| format.name() == extension).ok_or_else(|| {
        if path.is_dir() {
            return is_directory(path);
        }
        FileError::UnknownFormat { path: path.to_path_buf(), supported: network_extensions() }
    })
}

/// The format of a network by its first bytes.
fn format_by_bytes(bytes: &[u8]) -> &'static dyn NetworkFormat {
    FORMATS.iter().copied().find(|format| format.begins(bytes)).unwrap_or(&Onnx)
}

/// The extensions of network files, for messages: `.onnx, .json; packed: .gz behind it`.
pub fn network_extensions() -> String {
    let names: Vec<String> = FORMATS.iter().map(|format| format!(".{}", format.name())).collect();
    format!("{}; packed: .{GZIP} behind it", names.join(", "))
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
    read_limited(path, file)
}

fn read_limited(path: &Path, file: impl Read) -> Result<Vec<u8>, FileError> {
    let system = |what: String| FileError::System { path: path.to_path_buf(), what };
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
