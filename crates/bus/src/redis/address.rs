//! Where Redis is, as people write it.

use std::fmt;
use std::str::FromStr;

use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, TlsCertificates};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Why an address is none. Says nothing of what is in it: there may be a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It begins with something else.
    #[error(
        "a Redis address begins with redis://, rediss://, redis+cluster://, rediss+cluster://, redis+sentinel:// or rediss+sentinel://"
    )]
    Scheme,
    /// A Sentinel address without the name of what the Sentinels watch.
    #[error(
        "a Sentinel address ends with the name of the service: redis+sentinel://host:port,host:port/NAME"
    )]
    NoService,
    /// The certificates to trust are none.
    #[error("the certificates for Redis are no PEM text with certificates in it")]
    Certificates,
    /// There are certificates to trust, and a line without TLS.
    #[error("certificates for Redis need an address with TLS, such as rediss://localhost:6379")]
    NoTls,
    /// What follows is no host and port.
    #[error("a Redis address names hosts and ports, such as redis://localhost:6379")]
    Host(#[source] redis::RedisError),
}

/// Where Redis is. Its `Debug` and `Display` leave out what signs in.
#[derive(Clone)]
pub enum RedisAddress {
    /// One server: `redis://[user:password@]host[:port][/database]`, or `rediss://` over TLS, or `unix:///path`.
    Single(Box<Client>),
    /// A Redis Cluster, by some of its nodes: `redis+cluster://[user:password@]host:port,host:port`.
    Cluster(Box<Shards>),
    /// A server that Sentinels watch: `redis+sentinel://[user:password@]host:port,host:port/name`. User and password are the
    /// server's; the Sentinels are asked without.
    Sentinel(Box<Sentinels>),
}

/// What it takes to find the nodes of a Redis Cluster.
#[derive(Clone)]
pub struct Shards {
    pub(super) urls: Vec<String>,
    pub(super) certificates: Option<TlsCertificates>,
}

/// What it takes to ask Sentinels.
#[derive(Clone)]
pub struct Sentinels {
    addresses: Vec<ConnectionAddr>,
    service: String,
    user: Option<String>,
    password: Option<String>,
    tls: bool,
    certificates: Option<TlsCertificates>,
}

impl Sentinels {
    pub(super) fn client(&self) -> redis::RedisResult<SentinelClient> {
        let mut builder =
            SentinelClientBuilder::new(self.addresses.clone(), &self.service, SentinelServerType::Master)?
                .set_client_to_redis_protocol(ProtocolVersion::RESP3);
        if let Some(user) = &self.user {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = &self.password {
            builder = builder.set_client_to_redis_password(password);
        }
        if self.tls {
            builder = builder
                .set_client_to_redis_tls_mode(redis::TlsMode::Secure)
                .set_client_to_sentinel_tls_mode(redis::TlsMode::Secure);
        }
        if let Some(certificates) = &self.certificates {
            builder = builder
                .set_client_to_redis_certificates(certificates.clone())
                .set_client_to_sentinel_certificates(certificates.clone());
        }
        builder.build()
    }
}

impl RedisAddress {
    /// The same address, whose servers have certificates that one of these (PEM) has signed. Without it the authorities of the system
    /// are trusted.
    pub fn trusting(self, authorities: &[u8]) -> Result<Self, AddressError> {
        let mut found = CertificateDer::pem_slice_iter(authorities).peekable();
        if found.peek().is_none() || found.any(|certificate| certificate.is_err()) {
            return Err(AddressError::Certificates);
        }
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: Some(authorities.to_vec()),
        };
        match self {
            Self::Single(client) => {
                let info = client.get_connection_info().clone();
                if !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
                    return Err(AddressError::NoTls);
                }
                let client = Client::build_with_tls(info, certificates);
                let client = client.map_err(|_refused| AddressError::Certificates)?;
                Ok(Self::Single(Box::new(client)))
            }
            Self::Cluster(mut shards) => {
                if shards.urls.iter().any(|url| !url.starts_with("rediss:")) {
                    return Err(AddressError::NoTls);
                }
                shards.certificates = Some(certificates);
                Ok(Self::Cluster(shards))
            }
            Self::Sentinel(mut sentinels) => {
                if !sentinels.tls {
                    return Err(AddressError::NoTls);
                }
                sentinels.certificates = Some(certificates);
                Ok(Self::Sentinel(sentinels))
            }
        }
    }
}

impl FromStr for RedisAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        match scheme {
            "redis" | "rediss" | "unix" => {
                let info = text.into_connection_info().map_err(AddressError::Host)?;
                let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
                let client = Client::open(info.set_redis_settings(settings)).map_err(AddressError::Host)?;
                Ok(Self::Single(Box::new(client)))
            }
            "redis+cluster" | "rediss+cluster" => {
                let scheme = scheme.trim_end_matches("+cluster");
                let (sign_in, hosts) = split_sign_in(rest);
                let hosts = hosts.trim_end_matches('/').split(',');
                let urls: Vec<_> = hosts.map(|host| format!("{scheme}://{sign_in}{host}")).collect();
                for url in &urls {
                    url.as_str().into_connection_info().map_err(AddressError::Host)?;
                }
                Ok(Self::Cluster(Box::new(Shards {
                    urls,
                    certificates: None,
                })))
            }
            "redis+sentinel" | "rediss+sentinel" => {
                let (sign_in, rest) = split_sign_in(rest);
                let (hosts, service) = rest.split_once('/').ok_or(AddressError::NoService)?;
                if service.is_empty() {
                    return Err(AddressError::NoService);
                }
                let scheme = scheme.trim_end_matches("+sentinel");
                let infos = hosts
                    .split(',')
                    .map(|host| format!("{scheme}://{sign_in}{host}").into_connection_info())
                    .collect::<redis::RedisResult<Vec<_>>>()
                    .map_err(AddressError::Host)?;
                let settings = infos
                    .first()
                    .map(|info| info.redis_settings().clone())
                    .unwrap_or_default();
                Ok(Self::Sentinel(Box::new(Sentinels {
                    addresses: infos.iter().map(|info| info.addr().clone()).collect(),
                    service: service.to_owned(),
                    user: settings.username().map(str::to_owned),
                    password: settings.password().map(str::to_owned),
                    tls: scheme == "rediss",
                    certificates: None,
                })))
            }
            _ => Err(AddressError::Scheme),
        }
    }
}

/// `user:password@` (or nothing), and what follows.
fn split_sign_in(rest: &str) -> (&str, &str) {
    rest.rfind('@').map_or(("", rest), |at| rest.split_at(at + 1))
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(client) => write!(formatter, "{}", client.get_connection_info().addr()),
            Self::Cluster(shards) => {
                let hosts: Vec<_> = shards
                    .urls
                    .iter()
                    .map(|url| url.rsplit(['@', '/']).next().unwrap_or_default())
                    .collect();
                write!(formatter, "{} (cluster)", hosts.join(","))
            }
            Self::Sentinel(sentinels) => {
                let hosts: Vec<_> = sentinels.addresses.iter().map(ToString::to_string).collect();
                write!(
                    formatter,
                    "{} by {} (sentinel)",
                    sentinels.service,
                    hosts.join(",")
                )
            }
        }
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RedisAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_what_signs_in() {
        for (text, expect) in [
            ("redis://localhost", Ok("localhost:6379")),
            (
                "redis://ada:secret@redis.example:7000/2",
                Ok("redis.example:7000"),
            ),
            ("rediss://:secret@redis.example", Ok("redis.example:6379")),
            ("unix:///run/redis.sock", Ok("/run/redis.sock")),
            (
                "redis+cluster://:secret@a:7000,b:7001",
                Ok("a:7000,b:7001 (cluster)"),
            ),
            (
                "redis+sentinel://ada:secret@a:26379,b/pipit",
                Ok("pipit by a:26379,b:6379 (sentinel)"),
            ),
            ("redis+sentinel://a:26379", Err("the name of the service")),
            ("redis+sentinel://a:26379/", Err("the name of the service")),
            ("redis+cluster://a:secret", Err("hosts and ports")),
            ("redis://", Err("hosts and ports")),
            ("localhost:6379", Err("begins with")),
            ("postgres://secret", Err("begins with")),
        ] {
            let shown = text.parse::<RedisAddress>().map(|address| format!("{address:?}"));
            match expect {
                Ok(expect) => assert_eq!(shown.unwrap(), format!("RedisAddress({expect})")),
                Err(expect) => {
                    let error = shown.unwrap_err().to_string();
                    assert!(
                        error.contains(expect) && !error.contains("secret"),
                        "{text}: {error}"
                    );
                }
            }
        }
    }
}
