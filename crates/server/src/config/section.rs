//! The sections of the configuration, each with its checks.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Invalid;
use super::option::section;

/// The longest that a node may wait before it stops: whoever stops it does not wait for ever either.
const STOP_DELAY_MS_MAX: u32 = 60_000;

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Whoever has an invite link.
    Invite,
    /// Anybody.
    Open,
}

/// Who may make invite links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inviters {
    /// Everybody with an account.
    Members,
    /// Administrators.
    Admins,
}

/// Whose first message waits until it is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageRequests {
    /// That of strangers.
    Strangers,
    /// Nobody's.
    Off,
}

/// Who may read `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricsAccess {
    /// Programs on the same machine that do not come through a proxy.
    Local,
    /// Whoever reaches the server.
    Everyone,
    /// Nobody.
    Off,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Text.
    Text,
    /// One JSON object a line.
    Json,
}

section! {
    #[expect(clippy::doc_markdown, reason = "these docs are the example's comments, which are not Markdown")]
    /// The top of the file: what most installs set.
    General in "" {
        /// The folder that keeps everything: the database and the key that signs tokens. It is made where it is missing.
        data: PathBuf = PathBuf::from("./pipit-data");
        /// The address and port to listen on. Port 0 takes any free one.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080));
        /// Where people reach the server, for the links that it makes, such as "https://chat.example.org".
        /// Without it links lead to the address that it listens on.
        public_url: Option<String> = None, sample "https://chat.example.org";
        /// A PostgreSQL database to use in place of the embedded one.
        database: Option<String> = None, sample "postgres://pipit@localhost/pipit";
        /// Standbys of that database, which answer what may be a moment old. As a flag it may be repeated; in the environment they
        /// are separated by spaces.
        database_read: Vec<String> = Vec::new();
        /// The Redis (7 or newer) by which several nodes of one database reach each other. Without it this node is alone.
        redis: Option<String> = None, sample "redis://localhost:6379";
        /// A file (PEM) with the certificates of the authorities that Redis is trusted by, where its address begins with "rediss". Without it the
        /// system's are.
        redis_ca: Option<PathBuf> = None, sample "/etc/pipit/redis-ca.pem";
        /// How long a node that stops says at /readyz that it is not ready while it still serves, milliseconds, so that a balancer that asks
        /// sends nobody to it any more. Only with `redis`: a node that is alone has nobody to hand over to.
        stop_delay_ms: u32 = 3_000;
        /// Where the bytes of files are: a folder, or a bucket that speaks S3, such as "s3://pipit?endpoint=https://s3.example.org". Without it they
        /// are in the folder "blobs" of `data`. Nodes of one database share one.
        blobs: Option<String> = None, sample "s3://pipit?endpoint=https://s3.example.org&region=garage";
        /// Who may sign up: "invite" (whoever has an invite link) or "open" (anybody).
        registration: Registration = Registration::Invite;
        /// Who may make invite links: "members" (everybody) or "admins".
        invites: Inviters = Inviters::Members;
        /// Whose first message waits until it is accepted: "strangers" (of whoever is in no conversation with one, where neither has come by the
        /// other's invite) or "off" (nobody's).
        message_requests: MessageRequests = MessageRequests::Strangers;
        /// Who may read /metrics: "local" (programs on the same machine, not through a proxy), "everyone" or "off".
        metrics: MetricsAccess = MetricsAccess::Local;
    }
}

section! {
    #[expect(clippy::doc_markdown, reason = "these docs are the example's comments, which are not Markdown")]
    /// What is written to the log, on standard error.
    Log in "log" {
        /// "auto" (text on a terminal, JSON elsewhere), "text" or "json".
        format: LogFormat = LogFormat::Auto;
        /// "error", "warn", "info", "debug" or "trace"; or by part, such as "info,pipit_server=debug".
        level: String = String::from("info");
    }
}

section! {
    /// How much one client, and all of them, may ask for.
    Limits in "limits" {
        /// The most connections at one time, of all kinds. Further ones wait in the system's queue.
        connections_max: u32 = 20_000;
        /// Attempts to sign in, sign up or set up that one address has a minute (an IPv6 network of /64 counts as one).
        attempts_per_minute_address: u32 = 30;
        /// Attempts to sign in that one account has a minute, from anywhere.
        attempts_per_minute_account: u32 = 10;
        /// Requests that one signed-in device has a minute.
        requests_per_minute_device: u32 = 1_200;
        /// Frames (messages, markers, signs of typing) that one connection may send a second in the long run. A bridge or a bot may need more.
        frames_per_second: u32 = 200;
        /// Frames that one connection may send at once, before that.
        frames_burst: u32 = 1_000;
    }
}

section! {
    #[expect(clippy::doc_markdown, reason = "these docs are the example's comments, which are not Markdown")]
    /// What people may send besides words.
    Media in "media" {
        /// The largest file, in bytes. 0 for none at all.
        file_bytes_max: u64 = 100 * 1024 * 1024;
        /// How many bytes all files of one account may have together.
        account_bytes_max: u64 = 5 * 1024 * 1024 * 1024;
        /// How many uploads of one account may be unfinished at one time.
        uploads_max: u32 = 32;
        /// The most pixels of a picture. Making the smaller ones takes about 10 bytes of memory for each.
        image_pixels_max: u32 = 50_000_000;
        /// What the bucket knows this server by. Without it AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are used, or the machine's role.
        access_key: Option<String> = None, sample "GK31c2f218a2e44f485b94239e";
        /// Its secret. Better set in the environment than in a file that others may read.
        secret_key: Option<String> = None, sample "b892c0665f0ada8a4755dae98baa3b133590e11dae3bcc1f9d769d67f16c3835";
    }
}

section! {
    /// How long messages may be changed by those who wrote them.
    Messages in "messages" {
        /// For how long a message may be edited after it was sent, seconds. 0: never; -1: always.
        edit_window_s: i64 = 24 * 60 * 60;
        /// For how long its author may delete a message for everyone, seconds. 0: never; -1: always. Moderators of a group may always.
        delete_window_s: i64 = -1;
    }
}

section! {
    /// Requests that this server makes to addresses that people name.
    Outgoing in "outgoing" {
        /// Networks that may be asked beside the public internet, on any port and without TLS too, such as "10.1.0.0/16" for an intranet: its pages for
        /// previews of links, and a push service of your own. As a flag it may be repeated; in the environment they are separated by spaces.
        networks: Vec<String> = Vec::new();
    }
}

section! {
    /// Previews of links: what the pages that people link to say of themselves.
    Previews in "previews" {
        /// Whether this server fetches pages that people name, so that titles can be shown beside links. It reaches the public internet alone, on the
        /// ports 80 and 443, and tells the pages nothing of who links to them; their operators see that this server asked.
        enabled: bool = false;
        /// Previews that one account may ask for a minute.
        per_minute: u32 = 30;
        /// How long a page may take, milliseconds, redirects included.
        timeout_ms: u32 = 5_000;
    }
}

section! {
    /// What stands in front of the server, if anything.
    Proxy in "proxy" {
        /// The header in which a trusted proxy gives its client's address, such as "x-forwarded-for"; its last entry counts.
        /// Set it only where every connection comes through that proxy: anybody else can write there what they like.
        address_header: Option<String> = None, sample "x-forwarded-for";
    }
}

impl General {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if self.data.as_os_str().is_empty() {
            return Err(Invalid::new("data", "names no folder"));
        }
        if let Some(url) = &self.public_url {
            check_public_url(url).map_err(|message| Invalid::new("public_url", message))?;
        }
        // The text is not repeated: it may hold a password.
        let is_address = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
        for (option, mut urls) in [
            ("database", self.database.as_slice().iter()),
            ("database_read", self.database_read.iter()),
        ] {
            if !urls.all(|url| is_address(url)) {
                return Err(Invalid::new(option, "begins with postgres:// or postgresql://"));
            }
        }
        if self.stop_delay_ms > STOP_DELAY_MS_MAX {
            let message = format!("is at most {STOP_DELAY_MS_MAX}");
            return Err(Invalid::new("stop_delay_ms", message));
        }
        if self.database.is_none() && !self.database_read.is_empty() {
            return Err(Invalid::new("database_read", "needs `database`"));
        }
        if let Some(address) = &self.blobs
            && let Err(error) = address.parse::<pipit_blob::BlobAddress>()
        {
            return Err(Invalid::new("blobs", error.to_string()));
        }
        if let Some(address) = &self.redis {
            if let Err(error) = address.parse::<pipit_bus::RedisAddress>() {
                return Err(Invalid::new("redis", error.to_string()));
            }
            if self.database.is_none() {
                return Err(Invalid::new("redis", "needs `database`: nodes share one"));
            }
        }
        if self.redis_ca.is_some() && self.redis.is_none() {
            return Err(Invalid::new("redis_ca", "needs `redis`"));
        }
        Ok(())
    }
}

fn check_public_url(url: &str) -> Result<(), &'static str> {
    let uri: axum::http::Uri = url.parse().map_err(|_not_a_uri| "is not a URL")?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("begins with http:// or https://");
    }
    match uri.authority() {
        None => return Err("names no host"),
        Some(authority) if authority.as_str().contains('@') => return Err("has a user name in it"),
        Some(_) => {}
    }
    if url.contains('#')
        || !matches!(
            uri.path_and_query().map(axum::http::uri::PathAndQuery::as_str),
            None | Some("" | "/")
        )
    {
        return Err("has nothing after the host and port: Pipit is served from the top of a host");
    }
    Ok(())
}

impl Log {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        tracing_subscriber::EnvFilter::try_new(&self.level)
            .map(|_filter| ())
            .map_err(|error| Invalid::new("log.level", error.to_string()))
    }
}

impl Limits {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        for (name, value, max) in [
            ("limits.connections_max", self.connections_max, 1_000_000),
            (
                "limits.attempts_per_minute_address",
                self.attempts_per_minute_address,
                1_000_000,
            ),
            (
                "limits.attempts_per_minute_account",
                self.attempts_per_minute_account,
                1_000_000,
            ),
            (
                "limits.requests_per_minute_device",
                self.requests_per_minute_device,
                1_000_000,
            ),
            ("limits.frames_per_second", self.frames_per_second, 1_000_000),
            ("limits.frames_burst", self.frames_burst, 1_000_000),
        ] {
            if value == 0 || value > max {
                return Err(Invalid::new(name, format!("is between 1 and {max}")));
            }
        }
        Ok(())
    }
}

impl Media {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        // JavaScript's numbers, which limits are told in, end at 2^53.
        const BYTES_MAX: u64 = 1 << 50;
        for (name, value) in [
            ("media.file_bytes_max", self.file_bytes_max),
            ("media.account_bytes_max", self.account_bytes_max),
        ] {
            if value > BYTES_MAX {
                return Err(Invalid::new(name, format!("is at most {BYTES_MAX}")));
            }
        }
        if self.uploads_max == 0 || self.uploads_max > 10_000 {
            return Err(Invalid::new("media.uploads_max", "is between 1 and 10000"));
        }
        if self.image_pixels_max == 0 || self.image_pixels_max > 500_000_000 {
            return Err(Invalid::new(
                "media.image_pixels_max",
                "is between 1 and 500000000",
            ));
        }
        if self.access_key.is_some() != self.secret_key.is_some() {
            return Err(Invalid::new("media.secret_key", "goes with `media.access_key`"));
        }
        Ok(())
    }
}

impl Messages {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        /// A hundred years.
        const SECONDS_MAX: i64 = 100 * 365 * 24 * 60 * 60;
        for (name, value) in [
            ("messages.edit_window_s", self.edit_window_s),
            ("messages.delete_window_s", self.delete_window_s),
        ] {
            if !(-1..=SECONDS_MAX).contains(&value) {
                return Err(Invalid::new(name, format!("is between -1 and {SECONDS_MAX}")));
            }
        }
        Ok(())
    }

    /// A window of seconds in milliseconds; never and always stay what they are.
    pub(crate) const fn window_ms(seconds: i64) -> i64 {
        if seconds > 0 {
            seconds.saturating_mul(1_000)
        } else {
            seconds
        }
    }
}

impl Outgoing {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        for network in &self.networks {
            if network.parse::<ipnet::IpNet>().is_err() {
                let message = format!("{network:?} is not a network, such as 10.1.0.0/16");
                return Err(Invalid::new("outgoing.networks", message));
            }
        }
        Ok(())
    }
}

impl Previews {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        for (name, value, max) in [
            ("previews.per_minute", self.per_minute, 1_000_000),
            ("previews.timeout_ms", self.timeout_ms, 60_000),
        ] {
            if value == 0 || value > max {
                return Err(Invalid::new(name, format!("is between 1 and {max}")));
            }
        }
        Ok(())
    }
}

impl Proxy {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        match self
            .address_header
            .as_deref()
            .map(axum::http::HeaderName::try_from)
        {
            Some(Err(_)) => Err(Invalid::new(
                "proxy.address_header",
                "is not the name of a header",
            )),
            Some(Ok(_)) | None => Ok(()),
        }
    }
}
