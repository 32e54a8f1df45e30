//! From what is to be pushed to what was: one task for each device and conversation with something on its way, and one for each message that is
//! shown there and has changed.
//!
//! What comes while something is on its way takes its place: the push service does the same with what has one topic, and the device shows one
//! notification for a conversation. So nothing that is older overtakes, however often it is tried again, and a device that is not there for long
//! has one thing waiting for each conversation. A change of an earlier message takes no message's place, and none takes its own.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use pipit_store::push::Subscription;
use pipit_wire::push::{Push, PushOutcome};
use pipit_wire::{Content, ConversationId, DeviceId, EventBody, EventId, Seq, UserId};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::payload;
use super::sender::{Parcel, Sender, Sent, Urgency};
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::lock;
use crate::stats::Stats;

/// The most that is on its way.
const WAITING_MAX: usize = 20_000;
/// The most requests to push services at one time.
const LINES: usize = 64;
/// And the most of one of them.
const LINES_EACH: usize = 16;
/// The longest that somebody waits for one who wants to see how it goes.
const LINE_WAIT_MAX: Duration = Duration::from_secs(10);
/// How often one thing is tried: the last time about four minutes after the first, where no push service says otherwise.
const TRIES_MAX: u32 = 8;
/// The longest wait that a push service may ask for; for longer ones it is given up.
const WAIT_MAX: Duration = Duration::from_hours(1);

/// How long a push service keeps a message, and what has become of it, for a device that is not there, seconds: a week.
pub(super) const MESSAGE_TTL_S: u32 = 7 * 24 * 60 * 60;
/// How long a push service keeps it that something was read, seconds: a day.
const READ_TTL_S: u32 = 24 * 60 * 60;

/// What is to be pushed where.
#[derive(Clone)]
pub(super) struct Errand {
    /// Where to.
    pub(super) to: Subscription,
    /// Of which conversation.
    pub(super) conversation: ConversationId,
    /// Which message, or up to which.
    pub(super) seq: Seq,
    /// What it is about.
    pub(super) about: About,
    /// What is pushed.
    pub(super) parcel: Parcel,
    /// How long it waits to be read elsewhere.
    pub(super) delay: Duration,
}

/// What an errand is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// A message that is to be shown.
    Message(EventId),
    /// One that may be shown, and is gone or says something else.
    Change,
    /// What was read elsewhere.
    Read,
}

impl Errand {
    /// Has what is shown of one message taken away, or changed.
    pub(super) fn changing(
        to: Subscription,
        push: &Push,
        (conversation, seq): (ConversationId, Seq),
        topic: Option<String>,
    ) -> Self {
        Self {
            to,
            conversation,
            seq,
            about: About::Change,
            parcel: Parcel {
                bytes: payload::encode(push),
                ttl_s: MESSAGE_TTL_S,
                urgency: Urgency::Normal,
                topic,
            },
            delay: Duration::ZERO,
        }
    }

    fn place(&self) -> Place {
        let change = (self.about == About::Change).then_some(self.seq);
        (self.to.user, self.conversation, self.to.device, change)
    }

    /// Has what is shown of a conversation up to `seq` cleared.
    pub(super) fn clearing(
        to: Subscription,
        conversation: ConversationId,
        seq: Seq,
        topic: Option<String>,
    ) -> Self {
        let push = Push::Read { conversation, seq };
        Self {
            to,
            conversation,
            seq,
            about: About::Read,
            parcel: Parcel {
                bytes: payload::encode(&push),
                ttl_s: READ_TTL_S,
                urgency: Urgency::Normal,
                topic,
            },
            delay: Duration::ZERO,
        }
    }
}

/// The last: of which message, where it is a change of one.
type Place = (UserId, ConversationId, DeviceId, Option<Seq>);

struct Waiting {
    /// Of the task.
    task: u64,
    /// Of the errand.
    number: u64,
    errand: Arc<Errand>,
}

/// See the module.
pub(super) struct Delivery {
    context: Context,
    pub(super) sender: Sender,
    stats: Arc<Stats>,
    waiting: Mutex<BTreeMap<Place, Waiting>>,
    lines: Semaphore,
    services: Mutex<HashMap<String, Weak<Semaphore>>>,
    next: AtomicU64,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Delivery {
    pub(super) fn new(
        context: Context,
        sender: Sender,
        stats: Arc<Stats>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            sender,
            stats,
            waiting: Mutex::default(),
            lines: Semaphore::new(LINES),
            services: Mutex::default(),
            next: AtomicU64::new(1),
            tasks,
            stop,
        })
    }

    /// Has it pushed, some time soon. Never waits.
    pub(super) fn put(self: &Arc<Self>, errand: Errand) {
        let place = errand.place();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let delay = errand.delay;
        {
            let mut waiting = lock(&self.waiting);
            let count = waiting.len();
            match waiting.entry(place) {
                Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    if errand.seq >= known.errand.seq {
                        known.number = number;
                        known.errand = Arc::new(errand);
                        self.stats.push_replaced.add_one();
                    }
                    return;
                }
                Entry::Vacant(_) if count >= WAITING_MAX => {
                    self.stats.push_overlooked.add_one();
                    return;
                }
                Entry::Vacant(place) => {
                    place.insert(Waiting {
                        task: number,
                        number,
                        errand: Arc::new(errand),
                    });
                }
            }
        }
        self.stats.push_waiting.add_one();
        let (this, stop) = (Arc::clone(self), self.stop.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = this.run(place, number, delay) => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Somebody has read up to here: what was not pushed yet need not be.
    pub(super) fn withdraw(&self, user: UserId, conversation: ConversationId, read: Seq) {
        let first = (user, conversation, DeviceId::from_bytes([0; 16]), None);
        let last = (
            user,
            conversation,
            DeviceId::from_bytes([0xff; 16]),
            Some(Seq::MAX),
        );
        let mut waiting = lock(&self.waiting);
        let read: Vec<_> = waiting
            .range(first..=last)
            .filter(|(_, waiting)| waiting.errand.about != About::Read && waiting.errand.seq <= read)
            .map(|(place, _)| *place)
            .collect();
        for place in read {
            waiting.remove(&place);
            self.stats.push_waiting.subtract_one();
        }
    }

    /// What was to be told to a device of one message is not to be any more. Whether there was something.
    pub(super) fn withdraw_message(
        &self,
        to: &Subscription,
        conversation: ConversationId,
        message: EventId,
    ) -> bool {
        let place = (to.user, conversation, to.device, None);
        let mut waiting = lock(&self.waiting);
        let is_it = |waiting: &Waiting| waiting.errand.about == About::Message(message);
        let is_there = waiting.get(&place).is_some_and(is_it);
        if is_there {
            waiting.remove(&place);
            self.stats.push_waiting.subtract_one();
        }
        is_there
    }

    async fn run(self: Arc<Self>, place: Place, task: u64, delay: Duration) {
        let (mut known, mut tries) = (0, 0);
        let mut wait = delay;
        loop {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            let Some((number, errand)) = self.find(place, task) else {
                return;
            };
            if number != known {
                (known, tries) = (number, 0);
            }
            let again = match self.carry_out(&errand, !wait.is_zero()).await {
                Ok(again) => again,
                Err(error) => {
                    self.stats.push_failed.add_one();
                    tracing::warn!(error = &error as &dyn std::error::Error, "a push failed");
                    None
                }
            };
            tries += 1;
            match again.map(|told| next_wait(tries, told)) {
                Some(Some(next)) => wait = next,
                over => {
                    if over.is_some() {
                        self.stats.push_given_up.add_one();
                    }
                    if self.finish(place, task, number) {
                        return;
                    }
                    wait = Duration::ZERO;
                }
            }
        }
    }

    fn find(&self, place: Place, task: u64) -> Option<(u64, Arc<Errand>)> {
        let waiting = lock(&self.waiting);
        let found = waiting.get(&place).filter(|waiting| waiting.task == task)?;
        Some((found.number, Arc::clone(&found.errand)))
    }

    /// An errand is done. False where there is another one.
    fn finish(&self, place: Place, task: u64, number: u64) -> bool {
        let mut waiting = lock(&self.waiting);
        let Entry::Occupied(found) = waiting.entry(place) else {
            return true;
        };
        if found.get().task != task {
            return true;
        }
        if found.get().number != number {
            return false;
        }
        found.remove();
        self.stats.push_waiting.subtract_one();
        true
    }

    /// Pushes, once. Where it is to be tried again, with the wait that the push service asks for.
    async fn carry_out(
        self: &Arc<Self>,
        errand: &Errand,
        has_waited: bool,
    ) -> Result<Option<Option<Duration>>, ServiceError> {
        let own = self.line_to(&errand.to);
        let waits = has_waited || own.available_permits() == 0 || self.lines.available_permits() == 0;
        // Neither is ever closed.
        let _own = own.acquire_owned().await;
        let _line = self.lines.acquire().await;
        if waits && !self.is_wanted_still(errand).await? {
            return Ok(None);
        }
        let sent = self.push_now(&errand.to, &errand.parcel).await?;
        match sent.outcome {
            PushOutcome::Taken => self.taken(errand).await?,
            PushOutcome::Busy | PushOutcome::Unreachable => return Ok(Some(sent.wait)),
            PushOutcome::Gone | PushOutcome::Refused | PushOutcome::NotSubscribed => {}
        }
        Ok(None)
    }

    /// Keeps what a device shows now, where it can be told that it need not any more.
    async fn taken(self: &Arc<Self>, errand: &Errand) -> Result<(), ServiceError> {
        let (to, conversation) = (&errand.to, errand.conversation);
        let store = &self.context.store;
        let message = match errand.about {
            About::Message(message) => message,
            About::Change => return Ok(()),
            About::Read => return Ok(store.forget_shown(to.device, conversation, errand.seq).await?),
        };
        if !to.silent {
            return Ok(());
        }
        store.note_shown(to.device, conversation, errand.seq).await?;
        // While it was on its way it was not known to be shown anywhere.
        if self.is_read(errand).await? {
            let topic = errand.parcel.topic.clone();
            self.put(Errand::clearing(to.clone(), conversation, errand.seq, topic));
        } else if !self.is_there(conversation, message).await? {
            let (seq, topic) = (errand.seq, None);
            let gone = Push::Gone { conversation, seq };
            self.put(Errand::changing(to.clone(), &gone, (conversation, seq), topic));
        }
        Ok(())
    }

    /// The lines to one push service: one that does not answer holds up its own.
    fn line_to(&self, to: &Subscription) -> Arc<Semaphore> {
        let host = Url::parse(&to.endpoint)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        let mut services = lock(&self.services);
        services.retain(|_, lines| lines.strong_count() > 0);
        let lines = services.entry(host.unwrap_or_default()).or_default();
        lines.upgrade().unwrap_or_else(|| {
            let fresh = Arc::new(Semaphore::new(LINES_EACH));
            *lines = Arc::downgrade(&fresh);
            fresh
        })
    }

    /// Pushes once, for a person who waits for it: not long, where others are before them.
    pub(super) async fn push(&self, to: &Subscription, parcel: &Parcel) -> Result<Sent, ServiceError> {
        let lines = async {
            let own = self.line_to(to).acquire_owned().await;
            (own, self.lines.acquire().await)
        };
        let Ok(_lines) = tokio::time::timeout(LINE_WAIT_MAX, lines).await else {
            return Ok(Sent::without_answer(PushOutcome::Busy));
        };
        self.push_now(to, parcel).await
    }

    /// Pushes once, counts how it went, and forgets a device that is not there any more.
    async fn push_now(&self, to: &Subscription, parcel: &Parcel) -> Result<Sent, ServiceError> {
        let sent = self.sender.push(to, parcel, self.context.now()).await?;
        let stats = &self.stats;
        match sent.outcome {
            PushOutcome::Taken => stats.push_sent.add_one(),
            PushOutcome::Busy => stats.push_busy.add_one(),
            PushOutcome::Unreachable => stats.push_unreachable.add_one(),
            PushOutcome::Refused | PushOutcome::NotSubscribed => {
                stats.push_refused.add_one();
                tracing::info!(device = %to.device, status = sent.status, "a push service refused a push");
            }
            PushOutcome::Gone => {
                let store = &self.context.store;
                store.remove_subscription(to.device, Some(&to.endpoint)).await?;
                stats.push_subscriptions_dropped.add_one();
                tracing::info!(device = %to.device, "a device is pushed to no more: its push service does not know it");
            }
        }
        Ok(sent)
    }

    /// Whether the device is still to be pushed to there, and the message is there and has not been read.
    async fn is_wanted_still(&self, errand: &Errand) -> Result<bool, ServiceError> {
        let store = &self.context.store;
        let known = store.find_subscription(errand.to.device).await?;
        if known.is_none_or(|known| known.endpoint != errand.to.endpoint || known.user != errand.to.user) {
            return Ok(false);
        }
        let About::Message(message) = errand.about else {
            return Ok(true);
        };
        Ok(!self.is_read(errand).await? && self.is_there(errand.conversation, message).await?)
    }

    /// Whether a message says anything still.
    async fn is_there(&self, conversation: ConversationId, message: EventId) -> Result<bool, ServiceError> {
        let event = self.context.store.find_event(conversation, message).await?;
        Ok(event.is_some_and(|event| {
            matches!(&event.body, EventBody::Message { content, .. } if !matches!(content, Content::Erased {}))
        }))
    }

    /// Whether whoever is told has read everything of the conversation, or is not in it any more.
    async fn is_read(&self, errand: &Errand) -> Result<bool, ServiceError> {
        let store = &self.context.store;
        let unread = store.count_unread(errand.conversation, errand.to.user, 1).await?;
        Ok(unread.unwrap_or_default() == 0)
    }
}

/// How long to wait after so many tries; none where it is given up.
fn next_wait(tries: u32, told: Option<Duration>) -> Option<Duration> {
    if tries >= TRIES_MAX {
        return None;
    }
    let wait = told.unwrap_or_else(|| Duration::from_secs(1_u64 << (tries - 1).min(10)));
    (wait <= WAIT_MAX).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<_> = (1..=TRIES_MAX).map(|tries| next_wait(tries, None)).collect();
        let expect = [1, 2, 4, 8, 16, 32, 64].map(|seconds| Some(Duration::from_secs(seconds)));
        assert_eq!(waits, [expect.as_slice(), &[None]].concat());
        let told = |seconds| next_wait(1, Some(Duration::from_secs(seconds)));
        assert_eq!(told(120), Some(Duration::from_mins(2)));
        assert_eq!(told(0), Some(Duration::ZERO));
        assert_eq!(told(3_601), None);
        assert_eq!(next_wait(TRIES_MAX, Some(Duration::ZERO)), None);
    }
}
