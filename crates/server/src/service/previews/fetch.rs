//! Fetching a page that somebody else has named, without being led inside.
//!
//! An address is checked where it is used: the names of hosts are looked up here, and the connection goes to one of the addresses that were
//! found and checked, so that a name that changes its address in between leads nowhere. Addresses that stand in the URL itself are checked
//! before. Redirects are followed by hand, each of them checked like the first. Nothing is sent along but what to answer with: no cookies, no
//! names, no referrer, and no proxy of the environment is used.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::{Host, Url};

use super::address::{Inside, is_public};

/// The most redirects that are followed.
const REDIRECTS_MAX: usize = 4;
/// The most bytes that are read of a page: its head is at its beginning.
const PAGE_BYTES_MAX: usize = 512 * 1024;
/// What ends the part of a page that is of use.
const HEAD_END: &[u8] = b"</head";
const USER_AGENT: &str = concat!("Pipit/", env!("CARGO_PKG_VERSION"), " (link preview)");

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FetchError {
    /// It leads where nobody may be led.
    Refused,
    /// It did not come in time.
    TooSlow,
    /// It did not come.
    Failed,
    /// What came is no page.
    NoPage,
}

/// A host has no address that may be asked.
#[derive(Debug, thiserror::Error)]
#[error("the host has no address that may be asked")]
struct NotAllowed;

/// See the module.
pub(super) struct Fetcher {
    /// For the usual ports.
    usual: Client,
    /// For all others: only to where the operator allows it.
    unusual: Client,
    inside: Inside,
    time: Duration,
}

/// Looks hosts up, and passes on what may be asked.
struct Lookup {
    inside: Inside,
    public: bool,
}

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        let (inside, public) = (self.inside.clone(), self.public);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|found| may_ask(found.ip(), &inside, public))
                .collect();
            if allowed.is_empty() {
                return Err(Box::<dyn Error + Send + Sync>::from(NotAllowed));
            }
            Ok::<Addrs, _>(Box::new(allowed.into_iter()))
        })
    }
}

fn may_ask(address: IpAddr, inside: &Inside, public: bool) -> bool {
    inside.contains(address) || (public && is_public(address))
}

impl Fetcher {
    /// One that spends at most `time` on a page. An error where the system has no certificates.
    pub(super) fn new(inside: Inside, time: Duration) -> Result<Self, reqwest::Error> {
        // Only the first may say so, and all say the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = |public| {
            let lookup = Lookup {
                inside: inside.clone(),
                public,
            };
            Client::builder()
                .dns_resolver(lookup)
                .redirect(Policy::none())
                .no_proxy()
                .referer(false)
                .user_agent(USER_AGENT)
                .pool_max_idle_per_host(0)
                .build()
        };
        Ok(Self {
            usual: client(true)?,
            unusual: client(false)?,
            inside,
            time,
        })
    }

    /// The beginning of a page.
    pub(super) async fn page(&self, url: Url) -> Result<String, FetchError> {
        let followed = tokio::time::timeout(self.time, self.follow(url)).await;
        followed.unwrap_or(Err(FetchError::TooSlow))
    }

    async fn follow(&self, mut url: Url) -> Result<String, FetchError> {
        for _ in 0..=REDIRECTS_MAX {
            let asked = self.client_for(&url)?.get(url.clone());
            let sent = asked.header(ACCEPT, "text/html, application/xhtml+xml").send();
            let response = sent.await.map_err(|error| failure(&error))?;
            if !response.status().is_redirection() {
                return read(response).await;
            }
            let to = response.headers().get(LOCATION).ok_or(FetchError::Failed)?;
            let to = to.to_str().map_err(|_not_text| FetchError::Failed)?;
            url = url.join(to).map_err(|_no_url| FetchError::Failed)?;
        }
        Err(FetchError::Failed)
    }

    /// Who may fetch this, where anybody may.
    fn client_for(&self, url: &Url) -> Result<&Client, FetchError> {
        let usual = match (url.scheme(), url.port_or_known_default()) {
            ("http" | "https", Some(80 | 443)) => true,
            ("http" | "https", Some(_)) => false,
            _ => return Err(FetchError::Refused),
        };
        let literal = match url.host().ok_or(FetchError::Refused)? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        if literal.is_some_and(|address| !may_ask(address, &self.inside, usual)) {
            return Err(FetchError::Refused);
        }
        Ok(if usual { &self.usual } else { &self.unusual })
    }
}

fn failure(error: &reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<NotAllowed>() {
            return FetchError::Refused;
        }
        cause = error.source();
    }
    FetchError::Failed
}

/// Reads until the head has ended, or as much as is read of any page.
async fn read(mut response: Response) -> Result<String, FetchError> {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let is_page = ["text/html", "application/xhtml+xml"]
        .iter()
        .any(|page| essence.eq_ignore_ascii_case(page));
    if !response.status().is_success() || !is_page {
        return Err(FetchError::NoPage);
    }
    let charset = kind
        .split(';')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .and_then(|(_, label)| encoding_rs::Encoding::for_label(label.trim_matches('"').as_bytes()));
    let mut bytes: Vec<u8> = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_broken| FetchError::Failed)? {
        let room = PAGE_BYTES_MAX.saturating_sub(bytes.len());
        let searched = bytes.len().saturating_sub(HEAD_END.len());
        bytes.extend(chunk.iter().take(room));
        let new = bytes.get(searched..).unwrap_or_default();
        let ended = new
            .windows(HEAD_END.len())
            .any(|window| window.eq_ignore_ascii_case(HEAD_END));
        if ended || bytes.len() >= PAGE_BYTES_MAX {
            break;
        }
    }
    let (text, ..) = charset.unwrap_or(encoding_rs::UTF_8).decode(&bytes);
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetcher(inside: &str) -> Fetcher {
        let inside = Inside::new([inside.parse().unwrap()]);
        Fetcher::new(inside, Duration::from_secs(5)).unwrap()
    }

    #[tokio::test]
    async fn what_stands_in_the_address_is_checked() {
        let fetcher = fetcher("127.0.0.2/32");
        for (url, allowed) in [
            ("http://127.0.0.1/", false),
            ("http://127.0.0.2:1234/", true),
            ("http://1.1.1.1/", true),
            ("http://1.1.1.1:22/", false),
            ("https://1.1.1.1:80/", true),
            // All of these are 127.0.0.1.
            ("http://2130706433/", false),
            ("http://0x7f.1/", false),
            ("http://0177.0.0.1/", false),
            ("http://127.1/", false),
            ("http://[::1]/", false),
            ("http://[::ffff:127.0.0.1]/", false),
            ("http://[64:ff9b::7f00:1]/", false),
            ("http://①②⑦.0.0.1/", false),
            ("ftp://1.1.1.1/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(fetcher.client_for(&url).is_ok(), allowed, "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_has_no_address() {
        let lookup = |public| Lookup {
            inside: Inside::default(),
            public,
        };
        for public in [false, true] {
            let found = lookup(public).resolve("localhost".parse().unwrap()).await;
            assert!(found.is_err(), "{public}");
        }
        let allowed = Lookup {
            inside: Inside::new(["127.0.0.0/8".parse().unwrap()]),
            public: false,
        };
        let found = allowed.resolve("localhost".parse().unwrap()).await.unwrap();
        assert!(found.map(|found| found.ip()).all(|address| address.is_loopback()));
    }
}
