//! What only some systems have: fifos, open streams as files, permissions and owners, figures
//! of the memory.

/// Free memory in bytes, where the system tells: Linux does.
pub fn free_memory() -> Option<u64> {
    let figures = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = figures.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

pub use family::{is_fifo, keep_owner, only_for_owner, open_stream, stream_number, sync_folder};

#[cfg(unix)]
mod family {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, fchown};
    use std::path::Path;

    /// Whether what is written waits for a reader.
    pub fn is_fifo(found: &Metadata) -> bool {
        found.file_type().is_fifo()
    }

    /// The number in `/dev/fd/1` or `/proc/self/fd/1`, where `/dev/stdout` leads to.
    pub fn stream_number(place: &Path) -> Option<u32> {
        let number = place.file_name()?.to_str()?.parse().ok()?;
        let folder = std::fs::canonicalize(place.parent()?).ok()?;
        let own = Path::new("/proc").join(std::process::id().to_string()).join("fd");
        (folder == own || folder == Path::new("/dev/fd")).then_some(number)
    }

    /// Another handle of an open stream, which goes on where the stream is.
    pub fn open_stream(number: u32, path: &Path) -> io::Result<File> {
        let owned = |fd: io::Result<OwnedFd>| fd.map(File::from);
        match number {
            1 => owned(io::stdout().as_fd().try_clone_to_owned()),
            2 => owned(io::stderr().as_fd().try_clone_to_owned()),
            // What a shell has opened; a file is not cut off.
            _ => OpenOptions::new().append(true).open(path),
        }
    }

    /// Until the permissions are known.
    pub fn only_for_owner(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    /// Gives a file to the owner and the group of the one that it replaces, where the
    /// system lets this process do that.
    pub fn keep_owner(file: &File, replaced: &Metadata) {
        let is_kept = file
            .metadata()
            .is_ok_and(|own| (own.uid(), own.gid()) == (replaced.uid(), replaced.gid()));
        if !is_kept {
            let _ = fchown(file, Some(replaced.uid()), Some(replaced.gid()));
        }
    }

    /// Sees to it that a name in a folder survives a loss of power. Some file systems
    /// cannot do that for folders, and the file itself is safe.
    pub fn sync_folder(folder: &Path) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// Elsewhere there are neither fifos nor streams as files, and folders cannot be synced.
#[cfg(not(unix))]
mod family {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    pub fn is_fifo(_: &Metadata) -> bool {
        false
    }

    pub fn stream_number(_: &Path) -> Option<u32> {
        None
    }

    pub fn open_stream(_: u32, path: &Path) -> io::Result<File> {
        OpenOptions::new().append(true).open(path)
    }

    pub fn only_for_owner(_: &mut OpenOptions) {}

    pub fn keep_owner(_: &File, _: &Metadata) {}

    pub fn sync_folder(_: &Path) {}
}
