//! Reaching the database: what an address may say, TLS, the pool, and how a connection is set up.
//!
//! # TLS
//! `sslmode=require` (or `verify-full`) in the address encrypts, and always checks the server's certificate and name: against the
//! system's certificate authorities, or those in the PEM file that `sslrootcert` names. There is no mode that encrypts without
//! checking, as libpq's `require` does: it stops nobody who can get into the line. Without `sslmode` the line is plain.
//!
//! # Settings of a connection
//! * Plans are made once a connection (`plan_cache_mode = force_generic_plan`): planning a statement over 16 partitions takes
//!   longer than running it. Measured 2026-11-24 at 64 a batch: 36,641 messages a second, and 12,748 without.
//! * Every statement here is written for an index. `enable_seqscan = off` keeps a plan that was made while a table was
//!   small, or had no statistics yet, from reading all of it a minute later. `enable_bitmapscan = off`, because a bitmap
//!   is complete before its first row: it would read all of a long log for the one page that a `LIMIT` asks for.
//! * `synchronous_commit` is at least `on`: what is acknowledged is on disk.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use pipit_store::error::StoreError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, store_error};

/// How the database is used.
#[derive(Clone, Debug)]
pub struct Options {
    /// The most connections of this node at once. All nodes together have to stay below the server's `max_connections`.
    pub connections_max: usize,
    /// How long a call waits for a connection, milliseconds; then it is `Unavailable`.
    pub wait_timeout_ms: u64,
    /// How long connecting to one host may take, milliseconds.
    pub connect_timeout_ms: u64,
    /// How long one statement may take, waiting for locks included, milliseconds; then the call is `Unavailable`.
    /// The server keeps this limit.
    pub statement_timeout_ms: u64,
    /// After how long the server ends a transaction that this node has left open, milliseconds: so long can a node that hangs
    /// keep a conversation locked.
    pub idle_transaction_timeout_ms: u64,
    /// For how long after its beginning a call is tried again that lost its connection, or found none, milliseconds: a failover takes
    /// this long at most, or is noticed. Zero: never.
    pub retry_ms: u64,
    /// How long a call takes at most, its tries included, milliseconds; then it is `Unavailable`, and its connection is closed. This
    /// node keeps this limit, also where the server hangs.
    pub call_timeout_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections_max: 16,
            wait_timeout_ms: 5_000,
            connect_timeout_ms: 5_000,
            statement_timeout_ms: 10_000,
            idle_transaction_timeout_ms: 10_000,
            retry_ms: 10_000,
            call_timeout_ms: 12_000,
        }
    }
}

/// An address that says something that cannot be followed.
#[derive(Debug, thiserror::Error)]
enum AddressError {
    /// It is no address of a PostgreSQL server.
    #[error("not the address of a PostgreSQL database, such as postgres://user:password@host:5432/name")]
    Invalid(#[source] tokio_postgres::Error),
    /// The certificates that it names cannot be read.
    #[error("the certificates in {path} cannot be used")]
    Certificates {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is nothing to check the server's certificate against.
    #[error("the system has no certificate authorities: name a PEM file with sslrootcert")]
    NoAuthorities,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

impl From<AddressError> for StoreError {
    fn from(error: AddressError) -> Self {
        Self::Statement(Box::new(error))
    }
}

/// Where the database is, and how to get there.
pub(crate) struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Address {
    pub(crate) fn parse(url: &str, options: &Options) -> Result<Self, StoreError> {
        let (url, root_certificates) = split_parameters(url);
        let mut config = Config::from_str(&url).map_err(AddressError::Invalid)?;
        if config.get_application_name().is_none() {
            config.application_name("pipit");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_millis(options.connect_timeout_ms));
        }
        // A server whose machine is gone does not close its connections.
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_millis(options.call_timeout_ms));
        }
        if !url.contains("keepalives") {
            config.keepalives_idle(Duration::from_secs(10));
            config.keepalives_interval(Duration::from_secs(5));
            config.keepalives_retries(3);
        }
        let tls = if config.get_ssl_mode() == SslMode::Require {
            Some(MakeRustlsConnect::new(tls_config(root_certificates.as_deref())?))
        } else {
            config.ssl_mode(SslMode::Disable);
            None
        };
        Ok(Self { config, tls })
    }

    /// One connection outside the pool, without its timeouts: for migrations.
    pub(crate) async fn connect(&self) -> Result<Client, StoreError> {
        let failed = |error| store_error(Error::Postgres(error));
        if let Some(tls) = &self.tls {
            let (client, connection) = self.config.connect(tls.clone()).await.map_err(failed)?;
            drive(connection);
            Ok(client)
        } else {
            let (client, connection) = self.config.connect(NoTls).await.map_err(failed)?;
            drive(connection);
            Ok(client)
        }
    }

    pub(crate) fn pool(&self, options: &Options) -> Result<Pool, StoreError> {
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = match &self.tls {
            Some(tls) => Manager::from_config(self.config.clone(), tls.clone(), recycling),
            None => Manager::from_config(self.config.clone(), NoTls, recycling),
        };
        let settings: Arc<str> = settings(options).into();
        let set_up = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let settings = Arc::clone(&settings);
            Box::pin(async move { client.batch_execute(&settings).await.map_err(HookError::Backend) })
        });
        Pool::builder(manager)
            .max_size(options.connections_max.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(Duration::from_millis(options.wait_timeout_ms)))
            // As long as connecting and its set-up may take, where the address names several hosts.
            .create_timeout(Some(Duration::from_millis(
                options.connect_timeout_ms.saturating_mul(4),
            )))
            .post_create(set_up)
            .build()
            .map_err(|error| StoreError::Statement(Box::new(error)))
    }
}

/// A connection's own task: it carries bytes until the client is dropped or the line breaks, which the client then says itself.
fn drive<S>(connection: tokio_postgres::Connection<tokio_postgres::Socket, S>)
where
    S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
{
    #[expect(
        clippy::disallowed_methods,
        reason = "ends by itself with the client that is dropped when the migration is done"
    )]
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the database ended");
        }
    });
}

/// Takes out what the driver does not know: `sslrootcert`, and `verify-full`, which is what `require` means here.
fn split_parameters(url: &str) -> (String, Option<String>) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let mut root_certificates = None;
    let mut kept = Vec::new();
    for parameter in query.split('&') {
        match parameter.split_once('=') {
            Some(("sslrootcert", path)) => root_certificates = Some(path.to_owned()),
            Some(("sslmode", "verify-full")) => kept.push("sslmode=require"),
            _ => kept.push(parameter),
        }
    }
    let url = if kept.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", kept.join("&"))
    };
    (url, root_certificates)
}

fn tls_config(root_certificates: Option<&str>) -> Result<ClientConfig, AddressError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = root_certificates {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| AddressError::Certificates {
            path: path.to_owned(),
            source,
        };
        let certificates =
            CertificateDer::pem_file_iter(Path::new(path)).map_err(|error| failed(error.into()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| failed(error.into()))?;
            roots.add(certificate).map_err(|error| failed(error.into()))?;
        }
    } else {
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "some of the system's certificate authorities cannot be read");
        }
        roots.add_parsable_certificates(system.certs);
    }
    if roots.is_empty() {
        return Err(AddressError::NoAuthorities);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(AddressError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// What every connection of the pool begins with.
pub(crate) fn settings(options: &Options) -> String {
    format!(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
        SET enable_bitmapscan = off; SET jit = off;
        SET default_transaction_isolation = 'read committed';
        SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {};
        SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') IN ('off', 'local')",
        options.statement_timeout_ms, options.idle_transaction_timeout_ms
    )
}
