//! A disk that is full when a test says so: the error is the one that the system gives.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::BlobStore;

impl BlobStore {
    /// The same objects, on a disk that has room for so many bytes more.
    #[must_use]
    pub fn with_room(self, bytes: u64) -> Self {
        Self {
            objects: Arc::new(Bounded {
                objects: self.objects,
                room: AtomicU64::new(bytes),
            }),
        }
    }
}

#[derive(Debug)]
struct Bounded {
    objects: Arc<dyn ObjectStore>,
    room: AtomicU64,
}

impl fmt::Display for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a small disk")
    }
}

#[async_trait]
impl ObjectStore for Bounded {
    async fn put_opts(&self, place: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let size = payload.content_length() as u64;
        let taken = self
            .room
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| {
                room.checked_sub(size)
            });
        if taken.is_err() {
            return Err(object_store::Error::Generic {
                store: "a small disk",
                source: io::Error::from(io::ErrorKind::StorageFull).into(),
            });
        }
        self.objects.put_opts(place, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        place: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(place, options).await
    }

    async fn get_opts(&self, place: &Path, options: GetOptions) -> Result<GetResult> {
        self.objects.get_opts(place, options).await
    }

    fn delete_stream(&self, places: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.objects.delete_stream(places)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
