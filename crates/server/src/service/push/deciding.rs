//! From what has happened to what is pushed: who is concerned, what their rules say, and whether they are there anyway.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use pipit_store::push::{PushTarget, PushedEntry};
use pipit_wire::event::ConversationKind;
use pipit_wire::push::{Previews, Push};
use pipit_wire::{Content, ConversationId, DeviceId, Event, EventBody, EventId, Seq, UserId};
use sha2::Sha256;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::delivery::{Delivery, Errand};
use super::payload;
use super::queue::Job;
use super::rules::{Facts, Verdict, decide, settings_of};
use super::sender::{Parcel, Urgency};
use crate::context::Context;
use crate::error::ServiceError;
use crate::service::presence::Presence;
use crate::stats::Stats;

/// How much is looked at at one time.
const BATCH_MAX: usize = 256;
/// How many devices are read at one time.
const PAGE: u32 = 500;
/// How long a push service keeps a message for a device that is not there, seconds: a week.
const MESSAGE_TTL_S: u32 = 7 * 24 * 60 * 60;

/// See the module.
pub(super) struct Deciding {
    pub(super) context: Context,
    pub(super) presence: Arc<Presence>,
    pub(super) delivery: Arc<Delivery>,
    pub(super) stats: Arc<Stats>,
    /// How long a message waits for being read where somebody is.
    pub(super) active_delay: Duration,
    /// What topics are made with, so that push services cannot tell conversations.
    pub(super) topics: Hmac<Sha256>,
}

/// A message that is looked at.
struct News<'a> {
    event: &'a Event,
    text: &'a str,
    /// Whose message it answers.
    answers: Option<UserId>,
    /// Whether it is to erase itself: then nothing of it is left on a locked screen.
    fades: bool,
}

impl Deciding {
    /// Looks at what comes, until `stop`.
    pub(super) async fn run(self, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) {
        let mut batch = Vec::new();
        loop {
            let received = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                received = jobs.recv_many(&mut batch, BATCH_MAX) => received,
            };
            if received == 0 {
                return;
            }
            let work = self.look_at(&mut batch);
            tokio::select! {
                () = work => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn look_at(&self, batch: &mut Vec<Job>) {
        // Once for all of them: on most servers at most times that is all that there is to do.
        let is_any = match self.context.store.has_subscriptions().await {
            Ok(is_any) => is_any,
            Err(error) => {
                warn(&error.into());
                // Whether there are any is asked again with each of them.
                true
            }
        };
        let mut reads: BTreeMap<(UserId, ConversationId), Seq> = BTreeMap::new();
        for job in batch.drain(..).filter(|_| is_any) {
            match job {
                Job::Message { conversation, event } => {
                    self.done(self.message(conversation, event).await);
                    self.stats.push_considered.add_one();
                }
                // Many of somebody's markers move together: the last one says it all.
                Job::Read {
                    user,
                    conversation,
                    read,
                } => {
                    let known = reads.entry((user, conversation)).or_insert(read);
                    *known = read.max(*known);
                }
            }
        }
        for ((user, conversation), read) in reads {
            self.done(self.read(user, conversation, read).await);
        }
    }

    fn done(&self, outcome: Result<(), ServiceError>) {
        if let Err(error) = outcome {
            self.stats.push_failed.add_one();
            warn(&error);
        }
    }

    async fn message(&self, conversation: ConversationId, id: EventId) -> Result<(), ServiceError> {
        let store = &self.context.store;
        let Some(event) = store.find_event(conversation, id).await? else {
            return Ok(());
        };
        let EventBody::Message {
            content,
            reply_to,
            expires_at,
            ..
        } = &event.body
        else {
            return Ok(());
        };
        let text = match content {
            Content::Plain { text, .. } => text.as_str(),
            Content::Sealed { .. } => "",
            Content::Erased {} => return Ok(()),
        };
        let answered = match reply_to {
            Some(answered) => store.find_event(conversation, (*answered).into()).await?,
            None => None,
        };
        let news = News {
            event: &event,
            text,
            answers: answered.map(|answered| answered.sender),
            fades: expires_at.is_some(),
        };
        let entry = PushedEntry {
            conversation,
            seq: event.seq,
            sender: event.sender,
        };
        let mut after = None;
        loop {
            let page = store.list_push_targets(entry, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            after = page
                .last()
                .map(|target| (target.subscription.user, target.subscription.device));
            self.tell(&news, page).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    async fn tell(&self, news: &News<'_>, page: Vec<PushTarget>) -> Result<(), ServiceError> {
        let now = self.context.now();
        let judged = page.into_iter().map(|target| {
            let settings = settings_of(target.setting.as_deref());
            let facts = Facts {
                text: news.text,
                answers: news.answers == Some(target.subscription.user),
            };
            let verdict = decide(&target, &settings, &facts, now);
            (target, verdict)
        });
        let told: Vec<_> = judged
            .filter(|(_, verdict)| *verdict != Verdict::Nothing)
            .collect();
        let mut users: Vec<_> = told.iter().map(|(target, _)| target.subscription.user).collect();
        users.dedup();
        let Some(sender) = self.sender_of(news, &users).await? else {
            return Ok(());
        };
        let active = self.presence.in_use(&users).await;
        for (target, verdict) in told {
            let to = &target.subscription;
            // A device that is in use waits like the others: it may have lost its line, or be where nobody looks.
            let delay = if active.contains(&to.user) {
                self.active_delay
            } else {
                Duration::ZERO
            };
            self.delivery
                .put(self.errand(news, target, verdict, &sender, delay));
        }
        Ok(())
    }

    /// The name of who has written; none where nobody is told it.
    async fn sender_of(&self, news: &News<'_>, users: &[UserId]) -> Result<Option<String>, ServiceError> {
        if users.is_empty() {
            return Ok(None);
        }
        let found = self.context.store.find_profiles(&[news.event.sender]).await?;
        Ok(found.into_iter().next().map(|profile| profile.name))
    }

    fn errand(
        &self,
        news: &News<'_>,
        target: PushTarget,
        verdict: Verdict,
        sender: &str,
        delay: Duration,
    ) -> Errand {
        let event = news.event;
        let (push, mention) = match verdict {
            Verdict::Message { previews, mention } => {
                let previews = match previews {
                    Previews::Message if news.fades => Previews::Names,
                    previews => previews,
                };
                let push = payload::message(event, &target, sender, previews, mention);
                (push, mention)
            }
            Verdict::Request | Verdict::Nothing => {
                let request = Push::Request {
                    conversation: event.conversation,
                    seq: event.seq,
                };
                (request, false)
            }
        };
        let is_personal = mention || target.kind == ConversationKind::Direct;
        let urgency = if is_personal && verdict != Verdict::Request {
            Urgency::High
        } else {
            Urgency::Normal
        };
        let to = target.subscription;
        Errand {
            parcel: Parcel {
                bytes: payload::encode(&push),
                ttl_s: MESSAGE_TTL_S,
                urgency,
                topic: Some(self.topic(to.device, event.conversation)),
            },
            to,
            conversation: event.conversation,
            seq: event.seq,
            message: Some(event.id),
            delay,
        }
    }

    async fn read(&self, user: UserId, conversation: ConversationId, read: Seq) -> Result<(), ServiceError> {
        self.delivery.withdraw(user, conversation, read);
        for to in self.context.store.list_shown(user, conversation, read).await? {
            let topic = self.topic(to.device, conversation);
            self.delivery
                .put(Errand::clearing(to, conversation, read, Some(topic)));
        }
        Ok(())
    }

    /// At most 32 characters of URL-safe base64 (RFC 8030, section 5.4): of 24 bytes.
    fn topic(&self, device: DeviceId, conversation: ConversationId) -> String {
        let mac = self
            .topics
            .clone()
            .chain_update(device.as_bytes())
            .chain_update(conversation.as_bytes())
            .finalize()
            .into_bytes();
        URL_SAFE_NO_PAD.encode(mac.get(..24).unwrap_or_default())
    }
}

fn warn(error: &ServiceError) {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "what is to be pushed could not be found out"
    );
}
