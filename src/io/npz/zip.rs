//! ZIP archives as NumPy writes them: members that are stored or deflated.
//! <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::io::FormatError;
use crate::io::gzip::most_unpacked;
use crate::message::excerpt;

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const END: &[u8; 4] = b"PK\x05\x06";

/// Bytes of the fixed parts of these records.
const LOCAL_LENGTH: usize = 30;
const CENTRAL_LENGTH: usize = 46;
const END_LENGTH: usize = 22;

/// Longest comment behind the end.
const LONGEST_COMMENT: usize = 65_535;

/// Whether bytes begin as those of an archive do.
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(LOCAL) || bytes.starts_with(END)
}

/// The members of an archive, by name, in their order.
///
/// # Errors
/// What is wrong with the archive or with a member; more bytes than the memory may take.
pub fn members(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, FormatError> {
    let end = end(bytes).ok_or_else(|| {
        content("the file", "no end of a ZIP archive", "an archive as numpy.savez writes it")
    })?;
    let count = u16_at(end, 10).unwrap_or_default();
    let mut at = size_at(end, 16).unwrap_or_default();
    let mut room = most_unpacked();
    let mut members = Vec::new();
    for _ in 0..count {
        let record = bytes.get(at..).filter(|rest| rest.starts_with(CENTRAL));
        let member = record.and_then(Member::read);
        let member = member.ok_or_else(|| {
            content("the file", "a directory that is cut off", "one entry for each member")
        })?;
        let content = member.content(bytes, room)?;
        room -= content.len() as u64;
        at += member.record;
        members.push((member.name, content));
    }
    Ok(members)
}

/// The last record of an archive.
fn end(bytes: &[u8]) -> Option<&[u8]> {
    let last = bytes.len().checked_sub(END_LENGTH)?;
    let first = last.saturating_sub(LONGEST_COMMENT);
    (first..=last).rev().map(|at| &bytes[at..]).find(|rest| rest.starts_with(END))
}

/// A member as the directory has it.
struct Member {
    name: String,
    is_encrypted: bool,
    method: u16,
    checksum: u32,
    packed: usize,
    size: usize,
    /// Where it begins.
    offset: usize,
    /// Bytes of its record in the directory.
    record: usize,
}

impl Member {
    fn read(record: &[u8]) -> Option<Self> {
        let lengths = [u16_at(record, 28)?, u16_at(record, 30)?, u16_at(record, 32)?];
        let [name, extra, comment] = lengths.map(usize::from);
        let text = record.get(CENTRAL_LENGTH..CENTRAL_LENGTH + name)?;
        Some(Self {
            name: String::from_utf8_lossy(text).into_owned(),
            is_encrypted: u16_at(record, 8)? & 1 == 1,
            method: u16_at(record, 10)?,
            checksum: u32_at(record, 16)?,
            packed: size_at(record, 20)?,
            size: size_at(record, 24)?,
            offset: size_at(record, 42)?,
            record: CENTRAL_LENGTH + name + extra + comment,
        })
    }

    /// What it holds, at most `most` bytes.
    fn content(&self, bytes: &[u8], most: u64) -> Result<Vec<u8>, FormatError> {
        let place = format!("member '{}'", excerpt(&self.name));
        let refused = |found: &str, expected: &str| content(&place, found, expected);
        if self.is_encrypted {
            return Err(refused("an encrypted member", "one without a password"));
        }
        if self.size as u64 > most {
            let found = format!("{} bytes when unpacked", self.size);
            return Err(refused(&found, &format!("at most {most} with those before it")));
        }
        let packed = self.packed(bytes);
        let packed = packed.ok_or_else(|| refused("a member that is cut off", "its bytes"))?;
        let found = match self.method {
            0 => packed.to_vec(),
            8 => {
                let mut content = Vec::new();
                // One more than there should be, to see that there are none.
                let mut unpacked = DeflateDecoder::new(packed).take(self.size as u64 + 1);
                unpacked.read_to_end(&mut content).map_err(|error| {
                    refused(&format!("bytes that cannot be unpacked ({error})"), "deflated bytes")
                })?;
                content
            }
            method => {
                let found = format!("compression method {method}");
                return Err(refused(&found, "stored (0) or deflated (8)"));
            }
        };
        let mut checksum = Crc::new();
        checksum.update(&found);
        if found.len() != self.size || checksum.sum() != self.checksum {
            return Err(refused("bytes that do not fit their checksum", "those that were written"));
        }
        Ok(found)
    }

    /// Its bytes in the file.
    fn packed<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let local = bytes.get(self.offset..).filter(|rest| rest.starts_with(LOCAL))?;
        let lengths = [u16_at(local, 26)?, u16_at(local, 28)?].map(usize::from);
        let begin = LOCAL_LENGTH + lengths[0] + lengths[1];
        local.get(begin..begin.checked_add(self.packed)?)
    }
}

/// The bytes of an archive with these members, stored.
///
/// # Errors
/// More than such an archive can hold.
pub fn write(members: &[(String, Vec<u8>)]) -> Result<Vec<u8>, FormatError> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, member) in members {
        let mut checksum = Crc::new();
        checksum.update(member);
        let (offset, size) = (field(bytes.len())?, field(member.len())?);
        // Version 2.0, stored, 1 January 1980: the same bytes for the same network.
        let mut common: Vec<u8> =
            [20_u16, 0, 0, 0, 1 << 5 | 1].into_iter().flat_map(u16::to_le_bytes).collect();
        common.extend(checksum.sum().to_le_bytes());
        common.extend([size, size].concat());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0; 2]);
        bytes.extend([&LOCAL[..], &common, name.as_bytes(), member].concat());
        directory.extend([&CENTRAL[..], &[20, 0], &common, &[0; 10], &offset].concat());
        directory.extend(name.as_bytes());
    }
    let (offset, size) = (field(bytes.len())?, field(directory.len())?);
    let count = u16::try_from(members.len()).map_err(|_| too_large())?.to_le_bytes();
    bytes.extend(directory);
    bytes.extend([&END[..], &[0; 4], &count, &count, &size, &offset, &[0; 2]].concat());
    Ok(bytes)
}

fn field(size: usize) -> Result<[u8; 4], FormatError> {
    u32::try_from(size).map(u32::to_le_bytes).map_err(|_| too_large())
}

fn too_large() -> FormatError {
    content("the network", "more than 4 GiB or 65535 arrays", "what a ZIP archive can hold")
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    u32_at(bytes, at)?.try_into().ok()
}

fn content(place: &str, found: &str, expected: &str) -> FormatError {
    FormatError::Content {
        place: place.to_string(),
        found: found.to_string(),
        expected: expected.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let written = [("W0.npy".to_string(), vec![1, 2, 3]), ("b0.npy".to_string(), vec![])];
        let bytes = write(&written).expect("an archive");
        assert!(begins(&bytes));
        assert_eq!(members(&bytes).expect("an archive"), written);
        // Something behind it is its comment.
        assert_eq!(members(&[&bytes[..], b"comment"].concat()).expect("an archive"), written);
    }

    /// Offsets by the records of the specification: a local one of 30 bytes and a name of 6, the
    /// content, the same in the directory with 46.
    #[test]
    fn archives_that_are_wrong() {
        let bytes = write(&[("W0.npy".to_string(), vec![1, 2, 3])]).expect("an archive");
        let directory = 30 + 6 + 3;
        let with = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            bytes
        };
        for (bytes, message) in [
            (with(36, 9), "bytes that do not fit their checksum"),
            (with(directory + 10, 8), "bytes that cannot be unpacked"),
            (with(directory + 10, 12), "compression method 12"),
            (with(directory + 8, 1), "an encrypted member"),
            (with(directory + 20, 200), "a member that is cut off"),
            (with(directory + 24, 4), "bytes that do not fit their checksum"),
            (with(directory + 27, 255), "bytes when unpacked"),
            (with(directory + 42, 7), "a member that is cut off"),
            (with(directory, 7), "a directory that is cut off"),
            (bytes[..bytes.len() - 1].to_vec(), "no end of a ZIP archive"),
            (Vec::new(), "no end of a ZIP archive"),
        ] {
            let error = members(&bytes).expect_err("wrong").to_string();
            assert!(error.contains(message), "{error}\nexpected: {message}");
        }
    }
}
