//! Requests to addresses that somebody else has named, without being led inside.
//!
//! An address is checked where it is used: the names of hosts are looked up here, and the connection goes to one of the addresses that were
//! found and checked, so that a name that changes its address in between leads nowhere. Addresses that stand in the URL itself are checked
//! before. Redirects are not followed: whoever wants to follow one asks anew, and is checked anew. Nothing is sent along but what to answer
//! with: no cookies, no names, no referrer, and no proxy of the environment is used.

mod address;

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::{Host, Url};

use self::address::{Inside, is_public};
use crate::config;

/// The address leads where nobody may be led.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host has no address that may be asked")]
pub struct NotAllowed;

/// See the module.
pub struct Outgoing {
    /// For the usual ports.
    usual: Client,
    /// For all others: only to where the operator allows it.
    unusual: Client,
    inside: Inside,
    /// Whether the public internet is asked by https alone.
    https_only: bool,
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

impl Outgoing {
    /// One that names itself so, and waits at most `time` for an answer. What the configuration says has been checked. An error where the system has no
    /// certificates to trust by.
    pub fn new(config: &config::Outgoing, user_agent: &str, time: Duration) -> Result<Self, reqwest::Error> {
        // Only the first may say so, and all say the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let networks = config.networks.iter();
        let inside = Inside::new(networks.filter_map(|network| network.parse::<IpNet>().ok()));
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
                .user_agent(user_agent)
                .timeout(time)
                .build()
        };
        Ok(Self {
            usual: client(true)?,
            unusual: client(false)?,
            inside,
            https_only: false,
        })
    }

    /// From now on the public internet is asked by https alone.
    #[must_use]
    pub fn https_only(self) -> Self {
        Self {
            https_only: true,
            ..self
        }
    }

    /// The client that may ask this, where any may.
    pub fn client_for(&self, url: &Url) -> Result<&Client, NotAllowed> {
        let usual = match (url.scheme(), url.port_or_known_default()) {
            ("https", Some(80 | 443)) => true,
            ("http", Some(80 | 443)) if !self.https_only => true,
            ("http" | "https", Some(_)) if !self.inside.is_empty() => false,
            _ => return Err(NotAllowed),
        };
        let literal = match url.host().ok_or(NotAllowed)? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        if literal.is_some_and(|address| !may_ask(address, &self.inside, usual)) {
            return Err(NotAllowed);
        }
        Ok(if usual { &self.usual } else { &self.unusual })
    }
}

/// Whether a request failed because the name of its host leads where nobody may be led.
pub fn was_not_allowed(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<NotAllowed>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(inside: &str) -> Outgoing {
        let config = config::Outgoing {
            networks: vec![inside.to_owned()],
        };
        Outgoing::new(&config, "test", Duration::from_secs(5)).unwrap()
    }

    #[tokio::test]
    async fn what_stands_in_the_address_is_checked() {
        let outgoing = outgoing("127.0.0.2/32");
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
            assert_eq!(outgoing.client_for(&url).is_ok(), allowed, "{url}");
        }
    }

    #[tokio::test]
    async fn where_https_is_asked_for_there_is_nothing_else() {
        let outgoing = outgoing("127.0.0.2/32").https_only();
        for (url, allowed) in [
            ("https://1.1.1.1/", true),
            ("http://1.1.1.1/", false),
            ("http://1.1.1.1:443/", false),
            ("http://127.0.0.2:1234/", true),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(outgoing.client_for(&url).is_ok(), allowed, "{url}");
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
