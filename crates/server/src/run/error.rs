//! Why a server does not start: one line, with what to do about it and a code of its own.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;

use pipit_store::error::StoreError;

use crate::config::ConfigError;
use crate::data_dir::DataDirError;
use crate::log::LogError;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The data folder.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The storage.
    #[error("{}", with_sources(.0))]
    Store(#[from] StoreError),
    /// The storage that is asked for is not in this build.
    #[cfg(not(feature = "postgres"))]
    #[error("this build has no PostgreSQL in it")]
    WithoutPostgres,
    /// The files.
    #[error("{}", with_sources(.0))]
    Blobs(#[from] pipit_blob::BlobError),
    /// The address of the files.
    #[error("the address of the blobs {0}")]
    BlobAddress(#[from] pipit_blob::AddressError),
    /// The address of Redis.
    #[error(transparent)]
    Redis(#[from] pipit_bus::AddressError),
    /// The certificates to trust Redis by.
    #[error("cannot read {}: {source}", path.display())]
    RedisCa {
        /// Where they should be.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The system.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

impl StartError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Config(_) => "`pipit config example` prints every option",
            Self::Log(_) => "set the log level to one of error, warn, info, debug, trace",
            Self::DataDir(error) => data_dir_hint(error),
            Self::Store(error) => store_hint(error),
            #[cfg(not(feature = "postgres"))]
            Self::WithoutPostgres => "use a build with the feature `postgres`, or leave --database out",
            Self::Blobs(_) => "see that the folder or bucket of --blobs is there and may be written",
            Self::BlobAddress(_) => {
                "give --blobs a folder, or an address such as s3://pipit?endpoint=https://s3.example.org"
            }
            Self::RedisCa { .. } => "give --redis-ca a PEM file that this user may read",
            Self::Redis(_) => "give --redis an address such as redis://localhost:6379",
            Self::Listen { source, .. } => match source.kind() {
                ErrorKind::AddrInUse => "stop what uses the port, or choose another with --listen",
                ErrorKind::AddrNotAvailable => {
                    "this machine has no such address: choose another with --listen"
                }
                ErrorKind::PermissionDenied => "ports below 1024 need the capability CAP_NET_BIND_SERVICE",
                _ => "choose another address with --listen",
            },
            Self::System(_) => "see the message of the system",
        }
    }

    /// The process's exit code: those of sysexits.h.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Log(_) | Self::Redis(_) | Self::RedisCa { .. } | Self::BlobAddress(_) => {
                78
            }
            Self::Blobs(_) => 69,
            #[cfg(not(feature = "postgres"))]
            Self::WithoutPostgres => 78,
            Self::DataDir(error) => match error {
                DataDirError::NotADirectory { .. }
                | DataDirError::ReadOnly { .. }
                | DataDirError::Io { .. } => 73,
                DataDirError::Full { .. } => 74,
                DataDirError::Locked { .. } => 75,
                DataDirError::Forbidden { .. } | DataDirError::KeyExposed { .. } => 77,
                DataDirError::KeyDamaged { .. } => 65,
            },
            Self::Store(error) => match error {
                StoreError::Corrupt { .. } => 65,
                StoreError::Unavailable(_) => 69,
                StoreError::Statement(_) => 70,
                StoreError::ReadOnly(_) => 73,
                StoreError::Full(_) => 74,
                StoreError::Locked => 75,
                StoreError::NewerSchema { .. } => 76,
            },
            Self::Listen { source, .. } if source.kind() == ErrorKind::PermissionDenied => 77,
            Self::Listen { .. } => 75,
            Self::System(_) => 71,
        }
    }
}

fn data_dir_hint(error: &DataDirError) -> &'static str {
    match error {
        DataDirError::NotADirectory { .. } => "choose a folder with --data",
        DataDirError::ReadOnly { .. } => "mount it writable, or choose another folder with --data",
        DataDirError::Full { .. } => "make room; nothing that was acknowledged is lost",
        DataDirError::Forbidden { .. } => {
            "give it to the user who runs Pipit, or choose another folder with --data"
        }
        DataDirError::Locked { .. } => "stop it, or give this one a folder of its own with --data",
        DataDirError::KeyExposed { .. } => {
            "run `chmod 600` on it; where somebody may have read it, delete it, which makes a new one"
        }
        DataDirError::KeyDamaged { .. } => {
            "delete it: a new one is made, and devices fetch new access tokens by themselves"
        }
        DataDirError::Io { .. } => "choose another folder with --data",
    }
}

fn store_hint(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => "see that the database runs and can be reached",
        StoreError::Full(_) => "make room; nothing that was acknowledged is lost",
        StoreError::ReadOnly(_) => "make it writable, or choose another folder with --data",
        StoreError::Locked => "stop the other process, or choose another folder with --data",
        StoreError::NewerSchema { .. } => "install the newer Pipit again; older ones cannot read its data",
        StoreError::Corrupt { .. } => "restore a backup; the database is left as it is",
        StoreError::Statement(_) => "this is a fault in Pipit: please report it",
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text.replace('\n', " ")
}
