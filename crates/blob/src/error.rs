//! What can go wrong.

use std::error::Error;
use std::io;

/// Why an object was not written, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no such object.
    #[error("there is no such object")]
    NotFound,
    /// The disk is full.
    #[error("the disk that holds the blobs is full")]
    Full(#[source] Box<dyn Error + Send + Sync>),
    /// The folder or the bucket does not answer, or refuses.
    #[error("the blobs cannot be reached")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> Self {
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::NotFound;
        }
        if is_full(&error) {
            return Self::Full(Box::new(error));
        }
        Self::Unavailable(Box::new(error))
    }
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        if is_full(&error) {
            return Self::Full(Box::new(error));
        }
        Self::Unavailable(Box::new(error))
    }
}

/// Whether the system said so, somewhere below.
fn is_full(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(
            kind,
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        ) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_from_anything_else() {
        let wrapped = |kind: io::ErrorKind| object_store::Error::Generic {
            store: "a folder",
            source: Box::new(io::Error::from(kind)),
        };
        for (kind, full) in [
            (io::ErrorKind::StorageFull, true),
            (io::ErrorKind::QuotaExceeded, true),
            (io::ErrorKind::PermissionDenied, false),
        ] {
            assert_eq!(
                matches!(BlobError::from(wrapped(kind)), BlobError::Full(_)),
                full,
                "{kind}"
            );
        }
    }
}
