//! Where a server is.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;
use hyper::http::uri::{PathAndQuery, Scheme};

/// Why text is not the address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is not an address at all.
    #[error("not an address: write it like https://chat.example.org")]
    Malformed,
    /// It does not begin with `http://` or `https://`.
    #[error("an address begins with https:// (or http:// inside of a network that is trusted)")]
    Scheme,
    /// It has a name and password, a path, a query or a fragment: a server is found by its host alone.
    #[error("an address is a host and perhaps a port: leave out {0}")]
    Extra(&'static str),
}

/// The address of a server: scheme, host and port.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerAddress(Uri);

impl ServerAddress {
    /// Whether the line is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == Some(&Scheme::HTTPS)
    }

    /// The address of something that HTTP serves; none where `path` is not a path.
    pub(crate) fn http(&self, path: &str) -> Option<Uri> {
        let mut parts = self.0.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_str(path).ok()?);
        Uri::from_parts(parts).ok()
    }

    /// The address of the WebSocket.
    pub(crate) fn websocket(&self) -> String {
        let scheme = if self.is_encrypted() { "wss" } else { "ws" };
        let authority = self.0.authority().map_or("", |authority| authority.as_str());
        format!("{scheme}://{authority}/v1/ws")
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        // `Uri` drops a fragment in silence.
        if text.contains('#') {
            return Err(AddressError::Extra("the part from # on"));
        }
        let uri = Uri::from_str(text.trim()).map_err(|_source| AddressError::Malformed)?;
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => {}
            _ => return Err(AddressError::Scheme),
        }
        let authority = uri.authority().ok_or(AddressError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(AddressError::Extra("name and password"));
        }
        // What `Uri` takes for an authority may have an empty port, or one that is too great.
        let has_port = authority.as_str().len() > authority.host().len();
        if authority.host().is_empty() || (has_port && authority.port_u16().is_none()) {
            return Err(AddressError::Malformed);
        }
        if uri.query().is_some() {
            return Err(AddressError::Extra("the part from ? on"));
        }
        if !matches!(uri.path(), "" | "/") {
            return Err(AddressError::Extra("the path"));
        }
        Ok(Self(uri))
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_string().trim_end_matches('/'))
    }
}

impl fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<(&str, &str), AddressError>) {
        let found = text.parse::<ServerAddress>();
        let shown = found
            .as_ref()
            .map(|address| (address.to_string(), address.websocket()));
        let expect = expect.map(|(http, websocket)| (http.to_owned(), websocket.to_owned()));
        assert_eq!(shown.map_err(Clone::clone), expect, "{text}");
    }

    #[test]
    fn an_address_is_scheme_host_and_port() {
        check(
            "https://chat.example.org",
            Ok(("https://chat.example.org", "wss://chat.example.org/v1/ws")),
        );
        check(
            "https://chat.example.org/",
            Ok(("https://chat.example.org", "wss://chat.example.org/v1/ws")),
        );
        check(
            " http://127.0.0.1:8080 ",
            Ok(("http://127.0.0.1:8080", "ws://127.0.0.1:8080/v1/ws")),
        );
        check(
            "http://[::1]:8080",
            Ok(("http://[::1]:8080", "ws://[::1]:8080/v1/ws")),
        );
    }

    #[test]
    fn anything_else_is_refused_with_what_is_wrong() {
        check("", Err(AddressError::Malformed));
        check("chat.example.org", Err(AddressError::Scheme));
        check("ftp://chat.example.org", Err(AddressError::Scheme));
        check("http://", Err(AddressError::Malformed));
        check("http://exa mple.org", Err(AddressError::Malformed));
        check("http://example.org:99999", Err(AddressError::Malformed));
        check(
            "https://me:secret@chat.example.org",
            Err(AddressError::Extra("name and password")),
        );
        check(
            "https://chat.example.org/pipit",
            Err(AddressError::Extra("the path")),
        );
        check(
            "https://chat.example.org/?a=1",
            Err(AddressError::Extra("the part from ? on")),
        );
        check(
            "https://chat.example.org/#a",
            Err(AddressError::Extra("the part from # on")),
        );
    }

    #[test]
    fn paths_of_requests_keep_their_query() {
        let address: ServerAddress = "https://chat.example.org".parse().unwrap();
        let uri = address.http("/v1/users?q=a%20b").unwrap();
        assert_eq!(uri.to_string(), "https://chat.example.org/v1/users?q=a%20b");
        assert_eq!(address.http("no path"), None);
    }
}
