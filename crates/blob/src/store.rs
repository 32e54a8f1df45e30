//! Objects in a folder or a bucket.

use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutPayload};

use crate::{BlobAddress, BlobError, Bucket, Keys};

/// Bytes as they come.
pub type ByteStream = BoxStream<'static, Result<Bytes, BlobError>>;

/// An object that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// How many bytes it has.
    pub size: u64,
    /// When it was written, by the clock of the folder or bucket, in milliseconds since the epoch.
    pub written_at_ms: i64,
}

/// Says that this process makes TLS by ring. HTTP clients of the crate `reqwest` need to be told before they are made, wherever this crate
/// is linked. Saying so again changes nothing.
pub fn install_tls() {
    // Refused only where one is installed already, which is the same.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Objects in a folder or a bucket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct BlobStore {
    pub(crate) objects: Arc<dyn ObjectStore>,
}

impl BlobStore {
    /// Opens what the address names. For a bucket without `keys` they are taken from where AWS's own tools take them: the
    /// environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and so on) or the machine's role.
    pub fn open(address: &BlobAddress, keys: Option<&Keys>) -> Result<Self, BlobError> {
        match address {
            BlobAddress::Folder(folder) => Self::open_folder(folder),
            BlobAddress::Bucket(bucket) => Self::open_bucket(bucket, keys),
        }
    }

    fn open_folder(folder: &FilePath) -> Result<Self, BlobError> {
        std::fs::create_dir_all(folder)?;
        let objects = LocalFileSystem::new_with_prefix(folder)?
            .with_fsync(true)
            .with_automatic_cleanup(true);
        Ok(Self {
            objects: Arc::new(objects),
        })
    }

    fn open_bucket(bucket: &Bucket, keys: Option<&Keys>) -> Result<Self, BlobError> {
        install_tls();
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&bucket.name)
            .with_region(bucket.region.as_deref().unwrap_or("us-east-1"));
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder
                .with_endpoint(endpoint)
                .with_virtual_hosted_style_request(false)
                .with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some(keys) = keys {
            builder = builder
                .with_access_key_id(&keys.access_key)
                .with_secret_access_key(&keys.secret_key);
        }
        let objects = builder.build()?;
        let objects: Arc<dyn ObjectStore> = if bucket.prefix.is_empty() {
            Arc::new(objects)
        } else {
            Arc::new(PrefixStore::new(objects, bucket.prefix.as_str()))
        };
        Ok(Self { objects })
    }

    /// Whether it answers: a key that is never there is looked for.
    pub async fn ping(&self) -> Result<(), BlobError> {
        match self
            .objects
            .head(&Path::from("ping"))
            .await
            .map_err(BlobError::from)
        {
            Ok(_) | Err(BlobError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Writes an object. It is on disk when this returns; where it fails, or is given up, there is none or a whole one.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), BlobError> {
        self.objects
            .put(&Path::from(key), PutPayload::from_bytes(bytes))
            .await?;
        Ok(())
    }

    /// Reads a part of an object. A range that ends behind the object's end gives what there is.
    pub async fn read(&self, key: &str, range: Range<u64>) -> Result<ByteStream, BlobError> {
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let found = self.objects.get_opts(&Path::from(key), options).await?;
        Ok(found.into_stream().map_err(BlobError::from).boxed())
    }

    /// Reads a whole object, which the caller knows to be small.
    pub async fn read_whole(&self, key: &str) -> Result<Bytes, BlobError> {
        Ok(self.objects.get(&Path::from(key)).await?.bytes().await?)
    }

    /// Removes an object. It is no error where there is none.
    pub async fn remove(&self, key: &str) -> Result<(), BlobError> {
        match self
            .objects
            .delete(&Path::from(key))
            .await
            .map_err(BlobError::from)
        {
            Ok(()) | Err(BlobError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes every object whose key begins with `folder` and a slash, and says how many there were.
    pub async fn remove_folder(&self, folder: &str) -> Result<usize, BlobError> {
        let found: Vec<_> = self.objects.list(Some(&Path::from(folder))).try_collect().await?;
        for object in &found {
            match self
                .objects
                .delete(&object.location)
                .await
                .map_err(BlobError::from)
            {
                Ok(()) | Err(BlobError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found.len())
    }

    /// Every object, or those whose key begins with `folder` and a slash, in any order.
    pub fn list(&self, folder: Option<&str>) -> BoxStream<'static, Result<Listed, BlobError>> {
        let folder = folder.map(Path::from);
        self.objects
            .list(folder.as_ref())
            .map_ok(|object| Listed {
                key: object.location.to_string(),
                size: object.size,
                written_at_ms: object.last_modified.timestamp_millis(),
            })
            .map_err(BlobError::from)
            .boxed()
    }
}
