//! Files packed by gzip: those with the extension `.gz` behind that of their format.
//! <https://www.rfc-editor.org/rfc/rfc1952>

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};

use super::LARGEST_FILE;
use super::systems::free_memory;

/// The extension of packed files.
pub const GZIP: &str = "gz";

/// What packed files begin with.
const MARK: [u8; 2] = [0x1f, 0x8b];

/// Of the free memory, one part in so many may be filled with what is unpacked: a network
/// takes several times the size of its file.
const PARTS_OF_MEMORY: u64 = 4;

/// What the extensions of a file tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extensions {
    /// That of the format, in small letters.
    pub format: String,
    /// Whether the file is packed.
    pub packed: bool,
    /// The name in front of them.
    pub stem: OsString,
}

impl Extensions {
    /// Those of a path.
    pub fn of(path: &Path) -> Self {
        let extension =
            |path: &Path| path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let stem = |path: &Path| path.file_stem().unwrap_or_default().to_os_string();
        match extension(path) {
            last if last == GZIP => {
                let inner = Path::new(path.file_stem().unwrap_or_default());
                Self { format: extension(inner), packed: true, stem: stem(inner) }
            }
            format => Self { format, packed: false, stem: stem(path) },
        }
    }

    /// The bytes of a file with these extensions that holds `content`: the same for the same
    /// content, since the header of a packed file has neither name nor time.
    pub fn bytes(&self, content: Vec<u8>) -> Vec<u8> {
        if !self.packed {
            return content;
        }
        let mut packed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
        let written = packed.write_all(&content).and_then(|()| packed.finish());
        written.expect("a vector takes what is written to it")
    }
}

/// Whether bytes begin as those of a packed file do.
pub fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&MARK)
}

/// Most bytes that a packed file may hold: as many as a file may have, or fewer where the
/// memory is small.
pub fn most_unpacked() -> u64 {
    free_memory().map_or(LARGEST_FILE, |free| LARGEST_FILE.min(free / PARTS_OF_MEMORY))
}

/// What a packed file holds: at most `most` bytes, and no memory is taken for more.
///
/// # Errors
/// What is wrong with the file.
pub fn unpacked(bytes: &[u8], most: u64) -> Result<Vec<u8>, String> {
    if !is_packed(bytes) {
        return Err("no gzip file by its first bytes; expected one by its extension".to_string());
    }
    let mut content = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(most + 1).read_to_end(&mut content);
    // One that is cut off as well as one that is damaged.
    read.map_err(|error| format!("a gzip file that cannot be unpacked: {error}"))?;
    if content.len() as u64 > most {
        return Err(format!("more than {most} bytes when unpacked; expected at most that many"));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn the_extension_behind_tells_whether_a_file_is_packed() {
        for (path, stem, format, packed) in [
            ("m.mps", "m", "mps", false),
            ("folder.gz/m.mps", "m", "mps", false),
            ("m.mps.gz", "m", "mps", true),
            ("M.LP.GZ", "M", "lp", true),
            ("a.lp.mps.gz", "a.lp", "mps", true),
            ("m.gz", "m", "", true),
            (".mps.gz", ".mps", "", true),
            ("m", "m", "", false),
        ] {
            let (stem, format) = (stem.into(), format.to_string());
            let expected = Extensions { format, packed, stem };
            assert_eq!(Extensions::of(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn packed_bytes_are_the_text_without_a_name_or_a_time() {
        let text = "NAME taut\n".repeat(100);
        let bytes = Extensions::of(Path::new("m.mps.gz")).bytes(text.clone().into_bytes());
        assert!(bytes.len() < text.len());
        // By RFC 1952: two bytes that mark the format, the method 8 (deflate), no flags (no
        // name), four bytes of time.
        assert_eq!(bytes[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
        let mut read = String::new();
        GzDecoder::new(&bytes[..]).read_to_string(&mut read).expect("a packed text");
        assert_eq!(read, text);
    }

    #[test]
    fn what_is_packed_is_unpacked_up_to_a_size() {
        let content = b"0 1 2 3".repeat(1000);
        let packed = Extensions::of(Path::new("n.onnx.gz")).bytes(content.clone());
        assert_eq!(unpacked(&packed, 7000), Ok(content.clone()));
        // Several members, one behind the other, are one file.
        assert_eq!(unpacked(&packed.repeat(2), 14_000), Ok(content.repeat(2)));
        let error = unpacked(&packed, 6999).expect_err("too many");
        assert_eq!(error, "more than 6999 bytes when unpacked; expected at most that many");
        for cut in [&packed[..packed.len() - 1], &packed[..12]] {
            let error = unpacked(cut, 7000).expect_err("an end");
            assert!(error.starts_with("a gzip file that cannot be unpacked: "), "{error}");
        }
        let error = unpacked(b"{}", 7000).expect_err("no gzip file");
        assert_eq!(error, "no gzip file by its first bytes; expected one by its extension");
    }
}
