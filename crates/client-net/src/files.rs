//! The bytes of files that are to be sent: kept on this device until the engine says that they are not needed.

use std::collections::HashMap;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use pipit_client::files::{ContentDigest, PartSealer};
use pipit_client::io::FilePart;
use pipit_wire::BlobId;
use tokio::fs;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

/// So much of a file is read at a time where its digest is taken.
const HASHED_BYTES: u64 = 1024 * 1024;
/// What a file is called until all of its bytes are there.
const UNFINISHED: &str = "part";

/// Where the bytes are.
#[derive(Clone, Debug)]
pub struct Files {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Folder(Arc<Path>),
    Memory(Arc<Mutex<HashMap<BlobId, Bytes>>>),
}

impl Files {
    /// In a folder, made where there is none: they survive the end of the program.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        let place = Place::Folder(folder.into().into());
        Self { place }
    }

    /// In memory: messages whose files were not sent before the end of the program fail with `file_gone`.
    pub fn in_memory() -> Self {
        let place = Place::Memory(Arc::default());
        Self { place }
    }

    /// Keeps bytes under this id, before the message that has them is given to the engine. When it returns they are on disk.
    pub async fn keep(&self, blob: BlobId, bytes: Bytes) -> io::Result<()> {
        match &self.place {
            Place::Memory(files) => {
                files
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(blob, bytes);
                Ok(())
            }
            Place::Folder(folder) => {
                fs::create_dir_all(folder).await?;
                let unfinished = folder.join(format!("{blob}.{UNFINISHED}"));
                let mut file = fs::File::create(&unfinished).await?;
                file.write_all(&bytes).await?;
                file.sync_all().await?;
                put_in_place(folder, &unfinished, blob).await
            }
        }
    }

    /// Keeps a copy of a file under this id, as [`Files::keep`] does. Says how many bytes it has.
    pub async fn keep_copy(&self, blob: BlobId, of: &Path) -> io::Result<u64> {
        let Place::Folder(folder) = &self.place else {
            let bytes = Bytes::from(fs::read(of).await?);
            let size = bytes.len() as u64;
            self.keep(blob, bytes).await?;
            return Ok(size);
        };
        fs::create_dir_all(folder).await?;
        let unfinished = folder.join(format!("{blob}.{UNFINISHED}"));
        let size = fs::copy(of, &unfinished).await?;
        fs::File::open(&unfinished).await?.sync_all().await?;
        put_in_place(folder, &unfinished, blob).await?;
        Ok(size)
    }

    /// A part, sealed where it is to be; none where it is not there, or not whole.
    pub(crate) async fn part(&self, part: &FilePart) -> Option<Bytes> {
        let Some(seal) = &part.seal else {
            return self.read(part.blob, part.offset, part.length).await;
        };
        let sealer = PartSealer::new(seal)?;
        let wanted = part.offset..part.offset.checked_add(part.length)?;
        let needed = sealer.needed(&wanted);
        let content = self
            .read(part.blob, needed.start, needed.end - needed.start)
            .await?;
        sealer.seal(&wanted, &content).map(Bytes::from)
    }

    /// SHA-256 of a file of so many bytes, in base64; none where it is not there, or of another length.
    pub(crate) async fn digest(&self, blob: BlobId, size: u64) -> Option<String> {
        let mut digest = ContentDigest::default();
        let mut at = 0;
        while at < size {
            let length = HASHED_BYTES.min(size - at);
            digest.update(&self.read(blob, at, length).await?);
            at += length;
        }
        // There is nothing behind it.
        let is_whole = self.read(blob, size, 1).await.is_none();
        is_whole.then(|| digest.finish())
    }

    async fn read(&self, blob: BlobId, offset: u64, length: u64) -> Option<Bytes> {
        let length = usize::try_from(length).ok()?;
        match &self.place {
            Place::Memory(files) => {
                let files = files.lock().unwrap_or_else(PoisonError::into_inner);
                let offset = usize::try_from(offset).ok()?;
                let end = offset.checked_add(length)?;
                let bytes = files.get(&blob)?;
                (end <= bytes.len()).then(|| bytes.slice(offset..end))
            }
            Place::Folder(folder) => read_part(&folder.join(blob.to_string()), offset, length)
                .await
                .inspect_err(|error| tracing::warn!(%error, %blob, "a file to be sent cannot be read"))
                .ok(),
        }
    }

    /// Forgets one.
    pub(crate) async fn forget(&self, blob: BlobId) {
        match &self.place {
            Place::Memory(files) => {
                files.lock().unwrap_or_else(PoisonError::into_inner).remove(&blob);
            }
            Place::Folder(folder) => remove(&folder.join(blob.to_string())).await,
        }
    }

    /// Forgets all but these, and but those that are younger than this.
    pub(crate) async fn keep_only(&self, wanted: &[BlobId], younger_than: Duration) {
        match &self.place {
            // What is in memory came in this run of the program: it is young.
            Place::Memory(files) if younger_than.is_zero() => {
                let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
                files.retain(|blob, _| wanted.contains(blob));
            }
            Place::Memory(_) => {}
            Place::Folder(folder) => {
                if let Err(error) = sweep(folder, wanted, younger_than).await {
                    tracing::warn!(%error, "files that are not wanted any more could not be removed");
                }
            }
        }
    }
}

/// Under its name, for good.
async fn put_in_place(folder: &Path, unfinished: &Path, blob: BlobId) -> io::Result<()> {
    fs::rename(unfinished, folder.join(blob.to_string())).await?;
    // The name is on disk when the folder is.
    fs::File::open(folder).await?.sync_all().await
}

async fn read_part(path: &Path, offset: u64, length: usize) -> io::Result<Bytes> {
    let mut file = fs::File::open(path).await?;
    file.seek(SeekFrom::Start(offset)).await?;
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes).await?;
    Ok(bytes.into())
}

async fn remove(path: &Path) {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(), "a file that was sent could not be removed");
        }
        _ => {}
    }
}

async fn sweep(folder: &Path, wanted: &[BlobId], younger_than: Duration) -> io::Result<()> {
    let mut entries = match fs::read_dir(folder).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name();
        let blob = name.to_str().and_then(|name| name.parse::<BlobId>().ok());
        let is_wanted = blob.is_some_and(|blob| wanted.contains(&blob));
        let young = age(entry.metadata().await?.modified()?) < younger_than;
        if !is_wanted && !young {
            remove(&entry.path()).await;
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "times of files are by the system's clock, whatever the driver is given"
)]
fn age(modified: SystemTime) -> Duration {
    SystemTime::now().duration_since(modified).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use pipit_client::io::PartSeal;

    use super::*;

    fn blob(number: u8) -> BlobId {
        BlobId::from_bytes([number; 16])
    }

    fn part(number: u8, offset: u64, length: u64) -> FilePart {
        FilePart {
            blob: blob(number),
            offset,
            length,
            seal: None,
        }
    }

    async fn check(files: Files) {
        files
            .keep(blob(1), Bytes::from_static(b"0123456789"))
            .await
            .unwrap();
        files.keep(blob(2), Bytes::from_static(b"other")).await.unwrap();
        assert_eq!(files.part(&part(1, 2, 3)).await.unwrap(), "234");
        assert_eq!(files.part(&part(1, 0, 10)).await.unwrap(), "0123456789");
        assert_eq!(files.part(&part(1, 8, 3)).await, None);
        assert_eq!(files.part(&part(3, 0, 1)).await, None);
        files.keep_only(&[blob(1)], Duration::from_hours(1)).await;
        assert!(files.part(&part(2, 0, 5)).await.is_some(), "it came a moment ago");
        files.keep_only(&[blob(1)], Duration::ZERO).await;
        assert_eq!(files.part(&part(2, 0, 5)).await, None);
        assert!(files.part(&part(1, 0, 10)).await.is_some());
        files.forget(blob(1)).await;
        files.forget(blob(1)).await;
        assert_eq!(files.part(&part(1, 0, 10)).await, None);
    }

    #[tokio::test]
    async fn bytes_are_kept_until_they_are_not_wanted() {
        let folder = tempfile::tempdir().unwrap();
        check(Files::in_memory()).await;
        check(Files::in_folder(folder.path().join("files"))).await;
    }

    #[tokio::test]
    async fn a_sealed_file_is_sealed_the_same_way_in_whatever_parts_and_hashed_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..200_000_u32).map(|at| (at / 3).to_le_bytes()[0]).collect();
        for files in [Files::in_memory(), Files::in_folder(folder.path())] {
            files.keep(blob(1), Bytes::from(content.clone())).await.unwrap();
            let seal = PartSeal {
                key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
                content: content.len() as u64,
            };
            let of = |offset, length| FilePart {
                seal: Some(seal.clone()),
                ..part(1, offset, length)
            };
            let length = PartSealer::new(&seal).unwrap().sealed_bytes();
            let whole = files.part(&of(0, length)).await.unwrap();
            let first = files.part(&of(0, 70_000)).await.unwrap();
            let rest = files.part(&of(70_000, length - 70_000)).await.unwrap();
            assert_eq!([first, rest].concat(), whole);
            assert!(
                whole
                    .windows(8)
                    .all(|bytes| !content.windows(8).step_by(4_096).any(|other| other == bytes))
            );
            assert_eq!(files.part(&of(0, length + 1)).await, None);
            let digest = files.digest(blob(1), content.len() as u64).await;
            assert_eq!(
                digest.as_deref(),
                Some("VHYNwoz4RTd5EoTfHRsJNgD80sb94mF+hf1GfZ9KadE=")
            );
            assert_eq!(
                files.digest(blob(1), content.len() as u64 - 1).await,
                None,
                "it is longer"
            );
            assert_eq!(
                files.digest(blob(1), content.len() as u64 + 1).await,
                None,
                "it is shorter"
            );
            assert_eq!(files.digest(blob(2), 1).await, None, "it is not there");
        }
    }

    #[tokio::test]
    async fn a_copy_stays_when_the_file_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.txt");
        std::fs::write(&path, "dear").unwrap();
        let files = Files::in_folder(folder.path().join("files"));
        assert_eq!(files.keep_copy(blob(1), &path).await.unwrap(), 4);
        std::fs::remove_file(&path).unwrap();
        let again = Files::in_folder(folder.path().join("files"));
        assert_eq!(again.part(&part(1, 0, 4)).await.unwrap(), "dear");
    }
}
