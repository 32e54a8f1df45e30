//! From what has happened to what is pushed: who is concerned, what their rules say, and whether they are there anyway.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use pipit_store::push::{PushTarget, PushedEntry};
use pipit_wire::event::ConversationKind;
use pipit_wire::frame::RequestState;
use pipit_wire::push::{Previews, Push};
use pipit_wire::{Content, ConversationId, DeviceId, Event, EventBody, EventId, MessageId, Seq, UserId};
use sha2::Sha256;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::delivery::{About, Delivery, Errand, MESSAGE_TTL_S};
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

/// How far somebody has come with the devices that a message may be pushed to.
#[derive(Default)]
struct Turn {
    after: Option<(UserId, DeviceId)>,
    is_last: bool,
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
                Job::Changed {
                    conversation,
                    message,
                    edit,
                } => self.done(self.changed(conversation, message, edit).await),
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
        let Some(event) = self.context.store.find_event(conversation, id).await? else {
            return Ok(());
        };
        let Some(news) = self.news(&event).await? else {
            return Ok(());
        };
        let mut turn = Turn::default();
        while let Some(page) = self.page(&event, &mut turn).await? {
            self.tell(&news, page).await?;
        }
        Ok(())
    }

    /// A message is gone or says something else, and so does what is shown of it, and what waits to be.
    async fn changed(
        &self,
        conversation: ConversationId,
        message: MessageId,
        edit: Option<EventId>,
    ) -> Result<(), ServiceError> {
        let store = &self.context.store;
        let Some(mut event) = store.find_event(conversation, message.into()).await? else {
            return Ok(());
        };
        if let Some(edit) = edit {
            let entry = store.find_event(conversation, edit).await?;
            if !entry.is_some_and(|entry| payload::say_instead(&mut event, entry.body)) {
                return Ok(());
            }
        }
        let news = self.news(&event).await?;
        let mut turn = Turn::default();
        while let Some(page) = self.page(&event, &mut turn).await? {
            let mut waiting = Vec::new();
            for target in page {
                let to = &target.subscription;
                let push = change(news.as_ref(), &event, &target);
                if let Some(push) = push.filter(|_| to.silent && target.shown >= event.seq) {
                    let topic = self.topic(to.device, conversation, Some(event.id));
                    let place = (conversation, event.seq);
                    self.delivery
                        .put(Errand::changing(to.clone(), &push, place, Some(topic)));
                }
                if self.delivery.withdraw_message(to, conversation, event.id) {
                    waiting.push(target);
                }
            }
            if let Some(news) = &news {
                self.tell(news, waiting).await?;
            }
        }
        Ok(())
    }

    /// What there is to tell of a message; nothing where it is gone, or none.
    async fn news<'a>(&self, event: &'a Event) -> Result<Option<News<'a>>, ServiceError> {
        let EventBody::Message {
            content,
            reply_to,
            expires_at,
            ..
        } = &event.body
        else {
            return Ok(None);
        };
        let text = match content {
            Content::Plain { text, .. } => text.as_str(),
            Content::Sealed { .. } => "",
            Content::Erased {} => return Ok(None),
        };
        let store = &self.context.store;
        let answered = match reply_to {
            Some(answered) => store.find_event(event.conversation, (*answered).into()).await?,
            None => None,
        };
        Ok(Some(News {
            event,
            text,
            answers: answered.map(|answered| answered.sender),
            fades: expires_at.is_some(),
        }))
    }

    /// The next devices that a message may be pushed to; none after the last.
    async fn page(&self, event: &Event, turn: &mut Turn) -> Result<Option<Vec<PushTarget>>, ServiceError> {
        if turn.is_last {
            return Ok(None);
        }
        let entry = PushedEntry {
            conversation: event.conversation,
            seq: event.seq,
            sender: event.sender,
        };
        let page = self
            .context
            .store
            .list_push_targets(entry, turn.after, PAGE)
            .await?;
        turn.is_last = page.len() < PAGE as usize;
        turn.after = page
            .last()
            .map(|target| (target.subscription.user, target.subscription.device));
        Ok(Some(page))
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
                topic: Some(self.topic(to.device, event.conversation, None)),
            },
            to,
            conversation: event.conversation,
            seq: event.seq,
            about: About::Message(event.id),
            delay,
        }
    }

    async fn read(&self, user: UserId, conversation: ConversationId, read: Seq) -> Result<(), ServiceError> {
        self.delivery.withdraw(user, conversation, read);
        for to in self.context.store.list_shown(user, conversation, read).await? {
            let topic = self.topic(to.device, conversation, None);
            self.delivery
                .put(Errand::clearing(to, conversation, read, Some(topic)));
        }
        Ok(())
    }

    /// At most 32 characters of URL-safe base64 (RFC 8030, section 5.4): of 24 bytes.
    fn topic(&self, device: DeviceId, conversation: ConversationId, changed: Option<EventId>) -> String {
        let mut mac = self
            .topics
            .clone()
            .chain_update(device.as_bytes())
            .chain_update(conversation.as_bytes());
        if let Some(message) = changed {
            mac.update(message.as_bytes());
        }
        let mac = mac.finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(mac.get(..24).unwrap_or_default())
    }
}

/// What a device is told of a message that it may show; nothing where it shows none of what has changed.
fn change(news: Option<&News<'_>>, event: &Event, target: &PushTarget) -> Option<Push> {
    let Some(news) = news else {
        return Some(Push::Gone {
            conversation: event.conversation,
            seq: event.seq,
        });
    };
    let settings = settings_of(target.setting.as_deref());
    let shows = settings.previews == Previews::Message && target.request != RequestState::Waiting;
    (shows && !news.fades).then(|| payload::edited(event))
}

fn warn(error: &ServiceError) {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "what is to be pushed could not be found out"
    );
}
