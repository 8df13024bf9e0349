//! Files beside a network's file that hold a part of it: weights in ONNX's external data.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::hexadecimal;

/// Bytes that are read at once: whole numbers of any type, and few beside those of a network.
const PIECE: usize = 1 << 20;

/// The folder of a network's file, and what has been read in it.
#[derive(Debug, Default)]
pub struct Beside {
    /// `None` where there is no file, so nothing beside it.
    folder: Option<PathBuf>,
    read: RefCell<Option<Sha256>>,
}

impl Beside {
    /// What lies beside the file at `path`.
    pub fn file(path: &Path) -> Self {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        Self { folder: Some(folder.to_path_buf()), read: RefCell::default() }
    }

    /// The SHA-256, in hexadecimal digits, of all bytes read so far; `None` if there are none.
    pub fn sha256(&self) -> Option<String> {
        self.read.borrow().as_ref().map(|read| hexadecimal(&read.clone().finalize()))
    }

    /// Hands out the `length` bytes from `offset` on of the file at `location`, a relative path
    /// that does not leave the folder, piece by piece: each of `PIECE` bytes but the last.
    ///
    /// # Errors
    /// What was found, where it is not that.
    pub fn read(
        &self,
        location: &str,
        offset: u64,
        length: usize,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), String> {
        let path = self.path(location)?;
        let failed =
            |error: std::io::Error| format!("'{location}', which cannot be read ({error})");
        let mut file = File::open(&path).map_err(failed)?;
        // Before memory is taken: what the file says of itself may not be true.
        let size = file.metadata().map_err(failed)?.len();
        let end = offset.checked_add(length as u64);
        if end.is_none_or(|end| end > size) {
            return Err(format!("'{location}' of {size} bytes for {length} from byte {offset} on"));
        }
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut read = self.read.borrow_mut();
        let hash = read.get_or_insert_default();
        let mut bytes = vec![0; length.min(PIECE)];
        let mut left = length;
        while left > 0 {
            let piece = &mut bytes[..left.min(PIECE)];
            file.read_exact(piece).map_err(failed)?;
            hash.update(&piece);
            take(piece);
            left -= piece.len();
        }
        Ok(())
    }

    /// Where a file is that does not leave the folder, not by a link either.
    fn path(&self, location: &str) -> Result<PathBuf, String> {
        let Some(folder) = &self.folder else {
            return Err(format!("'{location}' beside a network that is no file"));
        };
        let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if location.is_empty() || !Path::new(location).components().all(inside) {
            return Err(format!("'{location}', which leaves the folder of the network"));
        }
        let path = folder.join(location);
        let real = path.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("'{location}', which is not there"),
            _ => format!("'{location}', which cannot be read ({error})"),
        })?;
        match folder.canonicalize() {
            Ok(folder) if real.starts_with(&folder) => {}
            _ => return Err(format!("'{location}', which leads out of the folder of the network")),
        }
        // Others may have no end, or wait for somebody to write.
        if real.is_file() { Ok(real) } else { Err(format!("'{location}', which is no file")) }
    }
}
