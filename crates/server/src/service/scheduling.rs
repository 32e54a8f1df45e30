//! Messages that are sent later: what may be scheduled, and sending what is due.
//!
//! What is scheduled is a part of what people keep of a conversation for themselves ([`super::personal`]), and comes to their devices as that
//! does. When its time has come it takes the way of every message ([`super::messaging`]), with the checks of that moment; its id was chosen when
//! it was scheduled. So it is sent once, whoever sends it and however often: two nodes at the same time, or one after another that died between
//! sending it and noting that.
//!
//! A node sleeps until the next message is due, or until one is scheduled on it. What was scheduled on another node that is no more is found by
//! looking again once a minute.

use std::sync::Arc;
use std::time::Duration;

use pipit_model::text::{self, TextError};
use pipit_store::schedule::DueMessage;
use pipit_wire::event::Message;
use pipit_wire::frame::{Personal, PersonalChange};
use pipit_wire::scheduled::{SCHEDULED_BYTES_MAX, Scheduled};
use pipit_wire::{Content, ErrorCode, Retry, Timestamp, UserId, WireError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::access::Caller;
use super::attachments;
use super::messaging::Messaging;
use super::personal::Personals;
use crate::context::Context;
use crate::error::ServiceError;
use crate::stats::Stats;

/// The longest sleep.
const SLEEP_MS_MAX: i64 = 60_000;
/// How many are sent before it is asked again which are due.
const BATCH: u32 = 100;

/// Wakes the one who sends, because something was scheduled.
#[derive(Clone, Default)]
pub struct Alarm(Arc<Notify>);

impl Alarm {
    /// Something may be due earlier than was known.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

/// Whether these messages may be scheduled, beside what is so already. What the server knows of their files is put in.
pub(super) async fn check(
    context: &Context,
    user: UserId,
    before: &Personal,
    change: &mut PersonalChange,
) -> Result<(), ServiceError> {
    for entry in change.schedule.values_mut().flatten() {
        attachments::complete_files(context, user, &mut entry.attachments).await?;
    }
    let now = context.now();
    let mut new = 0_u32;
    for (message, entry) in &change.schedule {
        let known = before.scheduled.get(message);
        // From that moment on it may be under way.
        let is_due = known.and_then(Scheduled::due_at).is_some_and(|due| due <= now);
        if is_due && entry.as_ref() != known {
            let why = "the message is being sent";
            return Err(ServiceError::refused(ErrorCode::WindowClosed, why));
        }
        if let Some(entry) = entry {
            check_entry(context, entry, now)?;
            new = new.saturating_add(u32::from(known.is_none()));
        }
    }
    if new > 0 {
        let waiting = context.store.count_scheduled(user).await?;
        let most = context.limits.scheduled_max;
        if waiting.saturating_add(new) > most {
            let why = format!("at most {most} messages may be scheduled");
            return Err(ServiceError::refused(ErrorCode::LimitReached, why));
        }
    }
    let after = before.clone().with(change);
    let bytes: usize = after.scheduled.values().map(bytes_of).sum();
    if new > 0 && bytes > SCHEDULED_BYTES_MAX {
        let why = format!("what is scheduled in a conversation has at most {SCHEDULED_BYTES_MAX} bytes");
        return Err(ServiceError::refused(ErrorCode::LimitReached, why));
    }
    Ok(())
}

/// How much it is that travels with the list of conversations.
fn bytes_of(entry: &Scheduled) -> usize {
    let file_bytes = |file| serde_json::to_string(file).map_or(usize::MAX, |json| json.len());
    let files = entry.attachments.iter().map(file_bytes);
    files.fold(entry.text.len(), usize::saturating_add)
}

fn check_entry(context: &Context, entry: &Scheduled, now: Timestamp) -> Result<(), ServiceError> {
    let bytes_max = usize::try_from(context.limits.message_text_bytes_max).unwrap_or(usize::MAX);
    // Files may speak for themselves.
    let wordless = entry.text.is_empty() && !entry.attachments.is_empty();
    match text::message(&entry.text, bytes_max) {
        _ if wordless => {}
        Err(error @ TextError::TooLong { .. }) => {
            let refusal = WireError::new(ErrorCode::TooLarge, format!("`text`: {error}"));
            return Err(ServiceError::Refused(refusal.about("text")));
        }
        result => result.map_err(|error| ServiceError::text("text", error))?,
    }
    if entry.failed.is_some() {
        return Err(ServiceError::field("failed", "only the server says so"));
    }
    if entry.send_at.since_ms(now) > context.limits.scheduled_ahead_ms_max {
        return Err(ServiceError::field("send_at", "it is too far ahead"));
    }
    Ok(())
}

/// See the module.
pub struct Scheduling {
    context: Context,
    messaging: Arc<Messaging>,
    personals: Arc<Personals>,
    stats: Arc<Stats>,
    alarm: Alarm,
}

impl Scheduling {
    /// Somebody has to run [`Scheduling::run`].
    pub const fn new(
        context: Context,
        messaging: Arc<Messaging>,
        personals: Arc<Personals>,
        stats: Arc<Stats>,
        alarm: Alarm,
    ) -> Self {
        Self {
            context,
            messaging,
            personals,
            stats,
            alarm,
        }
    }

    /// Sends what is due, until `shutdown`, which also ends it half-way.
    pub async fn run(self, shutdown: CancellationToken) {
        loop {
            let work = async {
                if let Err(error) = self.send_due().await {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "scheduled messages could not be sent"
                    );
                }
                let sleep = self.until_next().await;
                tokio::select! {
                    () = tokio::time::sleep(sleep) => {}
                    () = self.alarm.0.notified() => {}
                }
            };
            tokio::select! {
                () = work => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn until_next(&self) -> Duration {
        let next = self.context.store.next_scheduled().await.ok().flatten();
        let now = self.context.now();
        // What is due still, though it was just tried, is tried again a second later.
        let wait_ms = next.map_or(SLEEP_MS_MAX, |next| next.since_ms(now).clamp(1_000, SLEEP_MS_MAX));
        Duration::from_millis(wait_ms.unsigned_abs())
    }

    /// Sends everything that is due by now.
    pub async fn send_due(&self) -> Result<(), ServiceError> {
        loop {
            let due = self.context.store.list_due(self.context.now(), BATCH).await?;
            let count = due.len();
            let mut failed = None;
            for message in due {
                // One that cannot be sent now keeps none of the others.
                if let Err(error) = self.send(message).await {
                    failed = Some(error);
                }
            }
            match failed {
                Some(error) => return Err(error),
                None if count < BATCH as usize => return Ok(()),
                None => {}
            }
        }
    }

    async fn send(&self, due: DueMessage) -> Result<(), ServiceError> {
        let DueMessage {
            conversation,
            user,
            message: id,
            scheduled,
        } = due;
        let message = Message {
            id,
            conversation,
            written_at: scheduled.send_at,
            content: Content::Plain {
                text: scheduled.text.clone(),
                attachments: scheduled.attachments.clone(),
                poll: None,
                preview: None,
            },
            reply_to: scheduled.reply_to,
        };
        let caller = Caller { user, device: None };
        let entry = match self.messaging.send(caller, message).await {
            Ok(_) => {
                self.stats.scheduled_sent.add_one();
                None
            }
            Err(ServiceError::Refused(refusal)) if refusal.retry == Retry::Never => {
                self.stats.scheduled_refused.add_one();
                Some(Scheduled {
                    failed: Some(refusal.code),
                    ..scheduled
                })
            }
            Err(error) => return Err(error),
        };
        let change = PersonalChange {
            schedule: [(id, entry)].into(),
            ..PersonalChange::default()
        };
        self.personals.keep(user, conversation, change).await?;
        Ok(())
    }
}
