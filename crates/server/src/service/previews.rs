//! Previews of links: what a page says of itself, fetched by the server of whoever sends the link, where the operator allows it.
//!
//! Readers never ask a foreign server. Whoever sends does not either: their server does, and says nothing of them. What is found is kept for a
//! while in memory, so that a link that many send is fetched once; so is that nothing was found.

mod fetch;
mod page;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pipit_model::preview;
use pipit_model::text::TextError;
use pipit_wire::preview::{LinkPreview, URL_BYTES_MAX};
use pipit_wire::{ErrorCode, Timestamp, UserId};
use tokio::sync::Semaphore;
use url::Url;

use self::fetch::{FetchError, Fetched, Fetcher};
use super::media::Drawing;
use crate::config;
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::lock;
use crate::limit::Limit;
use crate::stats::Stats;

/// The most pages that are fetched at one time.
const FETCHES_MAX: usize = 16;
/// The most answers that are kept, of at most about 16 KiB each, most of it the picture.
const KEPT_MAX: usize = 1_000;
/// How long what a page says is kept, milliseconds.
const KEPT_MS: i64 = 30 * 60 * 1_000;
/// How long it is kept that there is nothing.
const NOTHING_KEPT_MS: i64 = 60 * 1_000;
/// What to wait where too many are under way, milliseconds.
const BUSY_MS: u32 = 2_000;

/// See the module.
pub struct Previews {
    context: Context,
    stats: Arc<Stats>,
    /// None where the operator does not allow it.
    fetcher: Option<Fetcher>,
    by_user: Limit<UserId>,
    /// What makes the pages' pictures small.
    drawing: Arc<Drawing>,
    slots: Semaphore,
    kept: Mutex<Kept>,
}

impl Previews {
    /// The service. What the configuration says has been checked; where the system has no certificates to trust by, there are no previews.
    pub fn new(
        context: Context,
        stats: Arc<Stats>,
        config: &config::Previews,
        outgoing: &config::Outgoing,
        by_user: Limit<UserId>,
        drawing: Arc<Drawing>,
    ) -> Self {
        let time = Duration::from_millis(u64::from(config.timeout_ms));
        let fetcher = config.enabled.then(|| Fetcher::new(outgoing, time)).transpose();
        let fetcher = fetcher.unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "there are no previews of links");
            None
        });
        Self {
            context,
            stats,
            fetcher,
            by_user,
            drawing,
            slots: Semaphore::new(FETCHES_MAX),
            kept: Mutex::default(),
        }
    }

    /// What the page at an address says of itself. Why there is nothing is not told: it would tell what is inside.
    pub async fn find(&self, user: UserId, address: &str) -> Result<LinkPreview, ServiceError> {
        let Some(fetcher) = &self.fetcher else {
            return Err(ServiceError::refused(
                ErrorCode::Forbidden,
                "this server makes no previews",
            ));
        };
        let url = parse(address)?;
        self.by_user.check(&user).await.map_err(ServiceError::Refused)?;
        let now = self.context.now();
        let kept = lock(&self.kept).get(&url, now);
        if let Some(kept) = kept {
            self.stats.previews_kept.add_one();
            return shown(address, kept);
        }
        let Ok(_slot) = self.slots.try_acquire() else {
            let busy = pipit_wire::WireError::new(ErrorCode::Unavailable, "too many previews are under way");
            return Err(ServiceError::Refused(busy.after_ms(BUSY_MS)));
        };
        let said = self.fetch(fetcher, url.clone()).await;
        let until = now.plus_ms(if said.is_ok() { KEPT_MS } else { NOTHING_KEPT_MS });
        lock(&self.kept).keep(url, said.clone(), until);
        shown(address, said)
    }

    async fn fetch(&self, fetcher: &Fetcher, url: Url) -> Said {
        // Half a megabyte of tags is some milliseconds of work.
        let read = |html: String| async move {
            let said = tokio::task::spawn_blocking(move || page::read(&html)).await;
            said.ok().flatten()
        };
        let Fetched { said, picture } = match fetcher.fetch(url, read).await {
            Ok(page) => page,
            Err(error) => {
                let counter = match error {
                    FetchError::Refused => &self.stats.previews_refused,
                    FetchError::TooSlow => &self.stats.previews_late,
                    FetchError::Failed => &self.stats.previews_failed,
                    FetchError::Unfit => &self.stats.previews_empty,
                };
                counter.add_one();
                tracing::debug!(?error, "no preview");
                return Err(Nothing);
            }
        };
        self.stats.previews_made.add_one();
        let picture = match picture {
            Some(Ok(bytes)) => self.draw(bytes).await,
            Some(Err(error)) => {
                tracing::debug!(?error, "no picture of a preview");
                self.stats.preview_pictures_refused.add_one();
                None
            }
            None => None,
        };
        Ok(LinkPreview {
            url: String::new(),
            title: said.title,
            description: said.description,
            site_name: said.site_name,
            picture,
        })
    }

    /// Makes a picture small. Whatever is wrong with it, there is none then.
    async fn draw(&self, bytes: Bytes) -> Option<String> {
        let small = self
            .drawing
            .small(bytes, self.context.limits.media.image_pixels_max)
            .await;
        let counter = match small {
            Some(_) => &self.stats.preview_pictures_made,
            None => &self.stats.preview_pictures_refused,
        };
        counter.add_one();
        small.map(|small| STANDARD.encode(small))
    }
}

/// A page says nothing of itself, or there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Nothing;

/// What is said of an address, without it.
type Said = Result<LinkPreview, Nothing>;

fn shown(address: &str, said: Said) -> Result<LinkPreview, ServiceError> {
    let nothing =
        |Nothing| ServiceError::refused(ErrorCode::NotFound, "there is nothing to show of this address");
    Ok(LinkPreview {
        url: address.to_owned(),
        ..said.map_err(nothing)?
    })
}

/// An address that a preview may be of.
fn parse(address: &str) -> Result<Url, ServiceError> {
    if address.len() > URL_BYTES_MAX {
        return Err(ServiceError::text(
            "url",
            TextError::TooLong { max: URL_BYTES_MAX },
        ));
    }
    let mut url = Url::parse(address).map_err(|error| ServiceError::field("url", error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ServiceError::field("url", "begins with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ServiceError::field("url", "has a user name in it"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Whether what comes with a message is a preview of it: of a link that stands in its text. What it says is the sender's word, like the text.
pub(super) fn check(preview: &LinkPreview, text: &str) -> Result<(), ServiceError> {
    parse(&preview.url).map_err(|_no_link| ServiceError::field("preview", preview::PreviewError::Link))?;
    preview::check(preview, text).map_err(|error| ServiceError::field("preview", error))
}

/// The answers of the last while: what came first goes first.
#[derive(Default)]
struct Kept {
    answers: HashMap<Url, (Said, Timestamp)>,
    order: VecDeque<Url>,
}

impl Kept {
    fn get(&self, url: &Url, now: Timestamp) -> Option<Said> {
        let (said, until) = self.answers.get(url)?;
        (now < *until).then(|| said.clone())
    }

    fn keep(&mut self, url: Url, said: Said, until: Timestamp) {
        if self.answers.insert(url.clone(), (said, until)).is_none() {
            self.order.push_back(url);
        }
        if self.order.len() > KEPT_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_ends() {
        let mut kept = Kept::default();
        let url = |number: usize| Url::parse(&format!("https://example.org/{number}")).unwrap();
        for number in 0..KEPT_MAX + 10 {
            kept.keep(url(number), Err(Nothing), Timestamp(10));
            kept.keep(url(number), Err(Nothing), Timestamp(20));
        }
        assert_eq!((kept.answers.len(), kept.order.len()), (KEPT_MAX, KEPT_MAX));
        assert_eq!(kept.get(&url(9), Timestamp(0)), None);
        assert_eq!(kept.get(&url(10), Timestamp(19)), Some(Err(Nothing)));
        assert_eq!(kept.get(&url(10), Timestamp(20)), None);
    }

    #[test]
    fn only_pages_have_addresses() {
        for (address, expect) in [
            ("https://example.org/a?b#c", true),
            ("http://example.org", true),
            ("ftp://example.org", false),
            ("javascript:alert(1)", false),
            ("https://ada:secret@example.org", false),
            ("https://ada@example.org", false),
            ("example.org", false),
            ("", false),
        ] {
            assert_eq!(parse(address).is_ok(), expect, "{address}");
        }
        assert!(parse(&format!("https://example.org/{}", "a".repeat(URL_BYTES_MAX))).is_err());
    }
}
