//! Fetching the beginning of a page that somebody else has named. Redirects are followed by hand, each of them checked like the first.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use url::Url;

use crate::config;
use crate::outgoing::{self, NotAllowed, Outgoing};

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

/// See the module.
pub(super) struct Fetcher {
    outgoing: Outgoing,
    time: Duration,
}

impl Fetcher {
    /// One that spends at most `time` on a page. An error where the system has no certificates.
    pub(super) fn new(config: &config::Outgoing, time: Duration) -> Result<Self, reqwest::Error> {
        let outgoing = Outgoing::new(config, USER_AGENT, time)?;
        Ok(Self { outgoing, time })
    }

    /// The beginning of a page.
    pub(super) async fn page(&self, url: Url) -> Result<String, FetchError> {
        let followed = tokio::time::timeout(self.time, self.follow(url)).await;
        followed.unwrap_or(Err(FetchError::TooSlow))
    }

    async fn follow(&self, mut url: Url) -> Result<String, FetchError> {
        for _ in 0..=REDIRECTS_MAX {
            let asked = self.outgoing.client_for(&url)?.get(url.clone());
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
}

impl From<NotAllowed> for FetchError {
    fn from(NotAllowed: NotAllowed) -> Self {
        Self::Refused
    }
}

fn failure(error: &reqwest::Error) -> FetchError {
    if outgoing::was_not_allowed(error) {
        FetchError::Refused
    } else if error.is_timeout() {
        FetchError::TooSlow
    } else {
        FetchError::Failed
    }
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
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
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
