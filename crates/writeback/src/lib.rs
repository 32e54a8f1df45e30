//! Writes what has changed in a file to the disk, a stretch at a time.
//!
//! The system keeps what was written in memory, and `fdatasync` hands all of it to the disk at once. A disk mostly does one thing after the other: whoever else
//! waits for a few bytes then waits for all of that first. Handed over in short stretches, each waited for, they wait for a stretch at most.
//!
//! The one system call for it (`sync_file_range`) is in no library of safe calls, and this crate is the only one with unsafe code:
//! see `docs/adr/0054-folding-in-stretches.md`.

use std::fs::File;
use std::io;

/// How much is handed to the disk at once, bytes: 64 pages of 4 KiB.
const STRETCH: u64 = 256 * 1_024;

/// Hands to the disk what has changed in `file`, and waits for it, a stretch after the other. Where nothing has changed it costs about a microsecond
/// a stretch.
///
/// This is no sync: neither the disk's own cache nor what the file system notes about the file is written. Call [`File::sync_data`] afterwards, which
/// then has little to do. On systems other than Linux, and where the file system knows of no stretches, it does nothing.
///
/// Errors: as the system says them, such as a disk that fails. Later calls for this handle need not repeat them; those for other handles do.
pub fn write_back(file: &File) -> io::Result<()> {
    let size = file.metadata()?.len();
    for from in starts(size) {
        match write_stretch(file, from) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(()),
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Where the stretches of a file of so many bytes begin.
fn starts(size: u64) -> impl Iterator<Item = u64> {
    (0..size.div_ceil(STRETCH)).map(|number| number * STRETCH)
}

/// <https://man7.org/linux/man-pages/man2/sync_file_range.2.html>
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no library has a safe face for it")]
fn write_stretch(file: &File, from: u64) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    const WRITE_AND_WAIT: libc::c_uint =
        libc::SYNC_FILE_RANGE_WAIT_BEFORE | libc::SYNC_FILE_RANGE_WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    let place = |bytes: u64| libc::off64_t::try_from(bytes).map_err(io::Error::other);
    let (from, length) = (place(from)?, place(STRETCH)?);
    // SAFETY: the descriptor is open for as long as `file` is borrowed; the other arguments are numbers, and no memory of ours is read or written.
    match unsafe { libc::sync_file_range(file.as_raw_fd(), from, length, WRITE_AND_WAIT) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn write_stretch(_: &File, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _, Write as _};

    use super::*;

    #[test]
    fn stretches_leave_nothing_out() {
        for (size, expected) in [
            (0, vec![]),
            (1, vec![0]),
            (STRETCH, vec![0]),
            (STRETCH + 1, vec![0, STRETCH]),
        ] {
            assert_eq!(starts(size).collect::<Vec<_>>(), expected, "{size}");
        }
    }

    #[test]
    fn a_file_is_what_it_was() {
        let mut file = tempfile::tempfile().unwrap();
        write_back(&file).unwrap();
        let bytes = vec![7; 1_000_003];
        file.write_all(&bytes).unwrap();
        write_back(&file).unwrap();
        let mut found = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut found).unwrap();
        assert_eq!(found, bytes);
    }

    /// What cannot be written says so: a pipe has no stretches.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_systems_refusal_is_passed_on() {
        let (reader, _writer) = io::pipe().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(reader));
        let refused = write_stretch(&file, 0).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NotSeekable);
    }
}
