//! Files packed by gzip: those with the extension `.gz` behind that of their format.
//! <https://www.rfc-editor.org/rfc/rfc1952>

use std::io::Write;
use std::path::Path;

use flate2::{Compression, GzBuilder};

/// The extension of packed files.
pub const GZIP: &str = "gz";

/// What the extensions of a file tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extensions {
    /// That of the format, in small letters.
    pub format: String,
    /// Whether the file is packed.
    pub packed: bool,
}

impl Extensions {
    /// Those of a path.
    pub fn of(path: &Path) -> Self {
        let extension =
            |path: &Path| path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match extension(path) {
            last if last == GZIP => {
                let inner = Path::new(path.file_stem().unwrap_or_default());
                Self { format: extension(inner), packed: true }
            }
            format => Self { format, packed: false },
        }
    }

    /// The bytes of a file with these extensions that holds `text`: the same for the same text,
    /// since the header of a packed file has neither name nor time.
    pub fn bytes(&self, text: String) -> Vec<u8> {
        if !self.packed {
            return text.into_bytes();
        }
        let mut packed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
        let written = packed.write_all(text.as_bytes()).and_then(|()| packed.finish());
        written.expect("a vector takes what is written to it")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn the_extension_behind_tells_whether_a_file_is_packed() {
        for (path, format, packed) in [
            ("m.mps", "mps", false),
            ("folder.gz/m.mps", "mps", false),
            ("m.mps.gz", "mps", true),
            ("M.LP.GZ", "lp", true),
            ("a.lp.mps.gz", "mps", true),
            ("m.gz", "", true),
            (".mps.gz", "", true),
            ("m", "", false),
        ] {
            let expected = Extensions { format: format.to_string(), packed };
            assert_eq!(Extensions::of(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn packed_bytes_are_the_text_without_a_name_or_a_time() {
        let text = "NAME taut\n".repeat(100);
        let bytes = Extensions::of(Path::new("m.mps.gz")).bytes(text.clone());
        assert!(bytes.len() < text.len());
        // By RFC 1952: two bytes that mark the format, the method 8 (deflate), no flags (no
        // name), four bytes of time.
        assert_eq!(bytes[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
        let mut read = String::new();
        GzDecoder::new(&bytes[..]).read_to_string(&mut read).expect("a packed text");
        assert_eq!(read, text);
    }
}
