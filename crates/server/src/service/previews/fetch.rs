//! Fetching the beginning of a page that somebody else has named, and the picture that the page names. Redirects are followed by hand, each of
//! them checked like the first, and so is the picture's address.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use url::Url;

use super::page::Said;
use crate::config;
use crate::outgoing::{self, NotAllowed, Outgoing};

/// The most redirects that are followed.
const REDIRECTS_MAX: usize = 4;
/// The most bytes that are read of a page: its head is at its beginning.
const PAGE_BYTES_MAX: usize = 512 * 1024;
/// The most bytes of a page's picture.
const PICTURE_BYTES_MAX: usize = 4 * 1024 * 1024;
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
    /// What came is no page, or says nothing; no picture, or too much of one.
    Unfit,
}

/// What was found.
pub(super) struct Fetched {
    /// What the page says.
    pub(super) said: Said,
    /// The picture that it names, as it came; none where it names none.
    pub(super) picture: Option<Result<Bytes, FetchError>>,
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

    /// What a page says, and its picture where there is time left for it.
    pub(super) async fn fetch(
        &self,
        url: Url,
        read: impl AsyncFnOnce(String) -> Option<Said>,
    ) -> Result<Fetched, FetchError> {
        let mut over = pin!(tokio::time::sleep(self.time));
        let page = async {
            let (response, at) = self.follow(url, "text/html, application/xhtml+xml").await?;
            Ok::<_, FetchError>((page(response).await?, at))
        };
        let (html, at) = tokio::select! {
            page = page => page?,
            () = &mut over => return Err(FetchError::TooSlow),
        };
        let said = read(html).await.ok_or(FetchError::Unfit)?;
        let Some(named) = said.picture.as_deref() else {
            return Ok(Fetched { said, picture: None });
        };
        let picture = async {
            let url = at.join(named).map_err(|_no_url| FetchError::Unfit)?;
            let (response, _at) = self
                .follow(url, "image/jpeg, image/png, image/webp, image/gif")
                .await?;
            picture(response).await
        };
        let picture = tokio::select! {
            picture = picture => picture,
            () = &mut over => Err(FetchError::TooSlow),
        };
        let picture = Some(picture);
        Ok(Fetched { said, picture })
    }

    /// What answers at an address, and which one that is in the end.
    async fn follow(&self, mut url: Url, accept: &str) -> Result<(Response, Url), FetchError> {
        for _ in 0..=REDIRECTS_MAX {
            let asked = self.outgoing.client_for(&url)?.get(url.clone());
            let sent = asked.header(ACCEPT, accept).send();
            let response = sent.await.map_err(|error| failure(&error))?;
            if !response.status().is_redirection() {
                return Ok((response, url));
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
async fn page(mut response: Response) -> Result<String, FetchError> {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let is_page = ["text/html", "application/xhtml+xml"]
        .iter()
        .any(|page| essence.eq_ignore_ascii_case(page));
    if !response.status().is_success() || !is_page {
        return Err(FetchError::Unfit);
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

/// Reads a picture, whole or not at all. What it is, is told by its bytes.
async fn picture(mut response: Response) -> Result<Bytes, FetchError> {
    let stated = response.content_length().unwrap_or(0);
    if !response.status().is_success() || stated > PICTURE_BYTES_MAX as u64 {
        return Err(FetchError::Unfit);
    }
    let mut bytes: Vec<u8> = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if chunk.len() > PICTURE_BYTES_MAX.saturating_sub(bytes.len()) {
            return Err(FetchError::Unfit);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}
