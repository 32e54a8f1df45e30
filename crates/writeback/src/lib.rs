//! Writes what has changed in a file to the disk, a stretch at a time.
//!
//! The system keeps what was written in memory, and `fdatasync` hands all of it to the disk at once. A disk mostly does one thing after the other: whoever else
//! waits for a few bytes then waits for all of that first. Handed over in short stretches, each waited for, they wait for a stretch at most.
//!
//! The one system call for it (`sync_file_range`) is in no library of safe calls, and this crate is the only one with unsafe code:
//! see `docs/adr/0054-folding-in-stretches.md`.

use std::fs::File;
use std::io;

/// How much is handed to the disk at once, bytes, at least: 64 pages of 4 KiB.
const STRETCH_MIN: u64 = 256 * 1_024;
/// A large file has this many stretches, which are longer: in many short ones there would be a page to write here and there, and each is waited for.
const STRETCHES_MAX: u64 = 256;

/// Hands to the disk what has changed in `file`, and waits for it, a stretch after the other. Where nothing has changed it costs about a microsecond
/// a stretch.
///
/// This is no sync: neither the disk's own cache nor what the file system notes about the file is written. Call [`File::sync_data`] afterwards, which
/// then has little to do. On systems other than Linux, and where the system does not let one, it does nothing; some file systems take the call and do nothing.
///
/// Errors: as the system says them, such as a disk that fails. Later calls for this handle do not repeat them.
pub fn write_back(file: &File) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};

    let size = file.metadata()?.len();
    let length = length(size);
    for number in 0..size.div_ceil(length) {
        match write_stretch(file, number * length, length) {
            Err(error) if matches!(error.kind(), Unsupported | PermissionDenied | InvalidInput) => {
                return Ok(());
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

/// How long the stretches of a file of so many bytes are: some number of the shortest.
fn length(size: u64) -> u64 {
    size.div_ceil(STRETCH_MIN).div_ceil(STRETCHES_MAX).max(1) * STRETCH_MIN
}

/// <https://man7.org/linux/man-pages/man2/sync_file_range.2.html>
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no library has a safe face for it")]
fn write_stretch(file: &File, from: u64, length: u64) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    const WRITE_AND_WAIT: libc::c_uint =
        libc::SYNC_FILE_RANGE_WAIT_BEFORE | libc::SYNC_FILE_RANGE_WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    let place = |bytes: u64| libc::off64_t::try_from(bytes).map_err(io::Error::other);
    let (from, length) = (place(from)?, place(length)?);
    // SAFETY: the descriptor is open for as long as `file` is borrowed; the other arguments are numbers, and no memory of ours is read or written.
    match unsafe { libc::sync_file_range(file.as_raw_fd(), from, length, WRITE_AND_WAIT) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn write_stretch(_: &File, _: u64, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_large_file_has_no_more_stretches_but_longer_ones() {
        const GIB: u64 = 1 << 30;
        for (size, stretches) in [
            (0, 0),
            (1, 1),
            (STRETCH_MIN, 1),
            (STRETCH_MIN + 1, 2),
            (GIB / 16, 256),
            (GIB / 16 + 1, 129),
            (10 * GIB, 256),
            (10 * GIB + 1, 255),
        ] {
            assert_eq!(size.div_ceil(length(size)), stretches, "{size}");
            assert_eq!(length(size) % STRETCH_MIN, 0, "{size}");
        }
    }

    /// Whether it has written something cannot be seen from here; that the call is one which the system knows can.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_takes_a_stretch() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 1_003]).unwrap();
        write_stretch(&file, 0, STRETCH_MIN).unwrap();
        write_stretch(&file, STRETCH_MIN, STRETCH_MIN).unwrap();
        write_back(&file).unwrap();
    }

    /// What cannot be written says so: a pipe has no stretches.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_systems_refusal_is_passed_on() {
        let (reader, _writer) = io::pipe().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(reader));
        let refused = write_stretch(&file, 0, STRETCH_MIN).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NotSeekable);
    }
}
