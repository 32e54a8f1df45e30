//! Previews of links: what a page says of itself, fetched by the server of whoever sends the link, where the operator allows it.
//!
//! Readers never ask a foreign server. Whoever sends does not either: their server does, and says nothing of them. What is found is kept for a
//! while in memory, so that a link that many send is fetched once; so is that nothing was found.

mod fetch;
mod page;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipit_model::text::TextError;
use pipit_wire::preview::{
    DESCRIPTION_CHARS_MAX, LinkPreview, SITE_NAME_CHARS_MAX, TITLE_CHARS_MAX, URL_BYTES_MAX,
};
use pipit_wire::{ErrorCode, Timestamp, UserId};
use tokio::sync::Semaphore;
use url::Url;

use self::fetch::{FetchError, Fetcher};
use crate::config;
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::lock;
use crate::limit::Limit;
use crate::stats::Stats;

/// The most pages that are fetched at one time.
const FETCHES_MAX: usize = 16;
/// The most answers that are kept, of at most about 4 KiB each.
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
        let html = match fetcher.page(url).await {
            Ok(html) => html,
            Err(error) => {
                let counter = match error {
                    FetchError::Refused => &self.stats.previews_refused,
                    FetchError::TooSlow => &self.stats.previews_late,
                    FetchError::Failed => &self.stats.previews_failed,
                    FetchError::NoPage => &self.stats.previews_empty,
                };
                counter.add_one();
                tracing::debug!(?error, "no preview");
                return Err(Nothing);
            }
        };
        // Half a megabyte of tags is some milliseconds of work.
        let said = tokio::task::spawn_blocking(move || page::read(&html)).await;
        let said = said.ok().flatten().ok_or(Nothing);
        let counter = if said.is_ok() {
            &self.stats.previews_made
        } else {
            &self.stats.previews_empty
        };
        counter.add_one();
        said
    }
}

/// A page says nothing of itself, or there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Nothing;

type Said = Result<page::Said, Nothing>;

fn shown(address: &str, said: Said) -> Result<LinkPreview, ServiceError> {
    match said {
        Ok(said) => Ok(LinkPreview {
            url: address.to_owned(),
            title: said.title,
            description: said.description,
            site_name: said.site_name,
        }),
        Err(Nothing) => Err(ServiceError::refused(
            ErrorCode::NotFound,
            "there is nothing to show of this address",
        )),
    }
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
    let wrong = |why: &str| Err(ServiceError::field("preview", why));
    if parse(&preview.url).is_err() || !text.contains(&preview.url) {
        return wrong("its link does not stand in the text");
    }
    let is_line = |line: &str, chars_max: usize| {
        !line.trim().is_empty() && !line.chars().any(char::is_control) && line.chars().count() <= chars_max
    };
    let optional =
        |line: &Option<String>, chars_max| line.as_deref().is_none_or(|line| is_line(line, chars_max));
    if is_line(&preview.title, TITLE_CHARS_MAX)
        && optional(&preview.description, DESCRIPTION_CHARS_MAX)
        && optional(&preview.site_name, SITE_NAME_CHARS_MAX)
    {
        Ok(())
    } else {
        wrong("each of its texts is a line, and not too long")
    }
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
    fn a_preview_belongs_to_its_text() {
        let good = LinkPreview {
            url: "https://example.org/a".to_owned(),
            title: "A".to_owned(),
            description: Some("About".to_owned()),
            site_name: None,
        };
        let text = "see https://example.org/a";
        assert!(check(&good, text).is_ok());
        assert!(check(&good, "see https://example.org/b").is_err());
        let long = |chars_max: usize| "a".repeat(chars_max + 1);
        let with = |change: fn(&mut LinkPreview, String), line: &str| {
            let mut preview = good.clone();
            change(&mut preview, line.to_owned());
            check(&preview, text).is_ok()
        };
        let title: fn(&mut LinkPreview, String) = |preview, line| preview.title = line;
        let about: fn(&mut LinkPreview, String) = |preview, line| preview.description = Some(line);
        let site: fn(&mut LinkPreview, String) = |preview, line| preview.site_name = Some(line);
        for (change, line, expect) in [
            (title, "B", true),
            (title, " ", false),
            (title, "two\nlines", false),
            (title, &long(TITLE_CHARS_MAX), false),
            (about, &long(DESCRIPTION_CHARS_MAX), false),
            (site, &long(SITE_NAME_CHARS_MAX), false),
        ] {
            assert_eq!(with(change, line), expect, "{line}");
        }
        let script = LinkPreview {
            url: "javascript:alert(1)".to_owned(),
            ..good
        };
        assert!(check(&script, "javascript:alert(1)").is_err());
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
