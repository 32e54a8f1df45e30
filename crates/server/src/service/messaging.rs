//! Writing into a conversation: messages, and that somebody is about to.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pipit_model::privacy::{Sign, Signs};
use pipit_model::{Action, commitment, text};
use pipit_store::change::{is_erased, is_repetition};
use pipit_store::encryption::seal_of;
use pipit_store::log::{Append, AppendError, Appended};
use pipit_wire::encryption::{SCHEME, Seal};
use pipit_wire::event::{EventBody, Message, SealedPurpose};
use pipit_wire::frame::client::SendTyping;
use pipit_wire::frame::server::Typing;
use pipit_wire::{BlobId, Content, ErrorCode, EventId, ServerFrame, codec};

use super::access::{ATTEMPTS_MAX, AccessCache, Caller, allow, facts_of, require_access};
use super::encryption::check_seal;
use super::{attachments, polls, previews, requests};
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::appender::{AppendFailure, Appender, Outcome, Ticket};
use crate::fanout::hub::Hub;

/// The longest name of a scheme that seals messages, in bytes.
const SCHEME_BYTES_MAX: usize = 32;

/// See the module.
pub struct Messaging {
    pub(super) context: Context,
    appender: Appender,
    pub(super) hub: Arc<Hub>,
}

/// A message on its way to the disk.
pub struct Pending {
    entry: Append,
    ticket: Ticket,
    attempts: u32,
}

impl Pending {
    /// Waits for the commit. Waiting may be given up and taken up again; once it has answered, give the answer to
    /// [`Messaging::settle`].
    pub async fn outcome(&mut self) -> Outcome {
        self.ticket.outcome().await
    }
}

/// Where a message stands.
pub enum Submitted {
    /// It waits for its commit.
    Pending(Pending),
    /// It was in the log before.
    Appended(Appended),
}

impl Messaging {
    /// The service.
    pub fn new(context: Context, appender: Appender, hub: Arc<Hub>) -> Self {
        Self {
            context,
            appender,
            hub,
        }
    }

    /// Sends a message and waits until it is on disk.
    pub async fn send(&self, caller: Caller, message: Message) -> Result<Appended, ServiceError> {
        let mut cache = AccessCache::default();
        match self.submit(caller, message, &mut cache).await? {
            Submitted::Appended(appended) => Ok(appended),
            Submitted::Pending(mut pending) => {
                let outcome = pending.outcome().await;
                self.settle(pending, outcome, &mut cache).await
            }
        }
    }

    /// Checks a message and hands it to the appender, without waiting for the commit: messages of one caller are committed in the
    /// order in which they were submitted.
    pub async fn submit(
        &self,
        caller: Caller,
        message: Message,
        cache: &mut AccessCache,
    ) -> Result<Submitted, ServiceError> {
        self.check(&message.content)?;
        if message.content.sealed_purpose().is_some() {
            check_beside(caller, &message)?;
        }
        let mut message = message;
        if !self.context.limits.link_previews
            && let Content::Plain { preview, .. } = &mut message.content
        {
            // It was made while the operator allowed it.
            *preview = None;
        }
        if let Err(refusal) = attachments::complete(&self.context, caller.user, &mut message.content).await {
            return self.find_with_files(caller, &message, refusal).await;
        }
        let entry = Append {
            id: message.id.into(),
            conversation: message.conversation,
            sender: caller.user,
            device: caller.device,
            at: self.context.now(),
            body: EventBody::Message {
                written_at: message.written_at,
                content: message.content,
                reply_to: message.reply_to,
                expires_at: None,
            },
            asks: false,
            facts: pipit_store::Facts::default(),
        };
        self.decide(entry, 1, cache).await
    }

    /// A message whose files cannot be sent (any more) is fine where it has been sent already.
    async fn find_with_files(
        &self,
        caller: Caller,
        message: &Message,
        refusal: ServiceError,
    ) -> Result<Submitted, ServiceError> {
        let found = self
            .context
            .store
            .find_event(message.conversation, message.id.into())
            .await?;
        let same = |event: &pipit_wire::Event| {
            let is_it = attachments::has_same_files(&event.body, &message.content) || is_erased(&event.body);
            event.sender == caller.user && is_it
        };
        if let Some(event) = found.filter(same) {
            return Ok(Submitted::Appended(Appended {
                event,
                repeated: true,
            }));
        }
        if let (Content::Sealed { seal: Some(seal), .. }, Some(device)) = (&message.content, caller.device) {
            let store = &self.context.store;
            store
                .note_sealed(message.conversation, device, seal.count)
                .await?;
        }
        Err(refusal)
    }

    /// What became of a message: where its facts had changed meanwhile it is decided again, a few times.
    pub async fn settle(
        &self,
        pending: Pending,
        outcome: Outcome,
        cache: &mut AccessCache,
    ) -> Result<Appended, ServiceError> {
        let (mut pending, mut outcome) = (pending, outcome);
        loop {
            match outcome {
                Err(AppendFailure::Refused(AppendError::Stale)) if pending.attempts < ATTEMPTS_MAX => {
                    cache.forget(pending.entry.conversation);
                    match self.decide(pending.entry, pending.attempts + 1, cache).await? {
                        Submitted::Appended(appended) => return Ok(appended),
                        Submitted::Pending(again) => pending = again,
                    }
                    outcome = pending.outcome().await;
                }
                outcome => return outcome.map_err(ServiceError::from),
            }
        }
    }

    pub(super) async fn decide(
        &self,
        mut entry: Append,
        attempts: u32,
        cache: &mut AccessCache,
    ) -> Result<Submitted, ServiceError> {
        match self.authorize(&mut entry, cache).await {
            Ok(()) => {
                let ticket = self.appender.submit(entry.clone()).await;
                Ok(Submitted::Pending(Pending {
                    entry,
                    ticket,
                    attempts,
                }))
            }
            // Whoever has sent it while they might gets the first acknowledgement still.
            Err(refusal) => {
                if let Some(appended) = find_appended(&self.context, &entry).await? {
                    return Ok(Submitted::Appended(appended));
                }
                self.note_refused(&entry).await?;
                Err(refusal)
            }
        }
    }

    /// Puts an entry into the log that is decided on like a message, and waits until it is on disk.
    pub(super) async fn enter(&self, entry: Append) -> Result<Appended, ServiceError> {
        let mut cache = AccessCache::default();
        match self.decide(entry, 1, &mut cache).await? {
            Submitted::Appended(appended) => Ok(appended),
            Submitted::Pending(mut pending) => {
                let outcome = pending.outcome().await;
                self.settle(pending, outcome, &mut cache).await
            }
        }
    }

    /// Whatever a device has sealed is counted, refused or not: it has left the device, and its key must not be used again.
    pub(super) async fn note_refused(&self, entry: &Append) -> Result<(), ServiceError> {
        if let (Some(seal), Some(device)) = (seal_of(&entry.body), entry.device) {
            let store = &self.context.store;
            store.note_sealed(entry.conversation, device, seal.count).await?;
        }
        Ok(())
    }

    async fn authorize(&self, entry: &mut Append, cache: &mut AccessCache) -> Result<(), ServiceError> {
        if let EventBody::MessageChanged { message, .. } = &entry.body {
            let message = *message;
            return self.authorize_change(entry, message, cache).await;
        }
        let action = action_of(&entry.body);
        let group_members_max = self.context.limits.group_members_max;
        let now = self.context.now();
        // What was read for something else may refuse this, and a refusal is never kept.
        if let Some(access) = cache.get(entry.conversation, now)
            && allow(access, action, group_members_max).is_ok()
        {
            entry.facts = facts_of(entry.sender, access);
            return Ok(());
        }
        let mut access = require_access(&self.context, entry.conversation, entry.sender, None).await?;
        allow(&access, action, group_members_max)?;
        requests::accept_by_acting(
            &self.context,
            &self.hub,
            entry.sender,
            entry.conversation,
            &mut access,
        )
        .await?;
        entry.facts = facts_of(entry.sender, &access);
        cache.keep(entry.conversation, access, now);
        Ok(())
    }

    pub(super) fn check(&self, content: &Content) -> Result<(), ServiceError> {
        let limits = &self.context.limits;
        match content {
            Content::Plain {
                text,
                attachments,
                poll: Some(poll),
                preview,
            } => {
                if preview.is_some() {
                    return Err(ServiceError::field("preview", "a poll has none"));
                }
                self.check_text(text)?;
                polls::check_poll(text, poll, !attachments.is_empty())
            }
            // Files may speak for themselves.
            Content::Plain {
                text,
                attachments,
                preview: None,
                ..
            } if text.is_empty() && !attachments.is_empty() => Ok(()),
            Content::Plain { text, preview, .. } => {
                self.check_text(text)?;
                match preview {
                    Some(preview) => previews::check(preview, text),
                    None => Ok(()),
                }
            }
            Content::Erased {} => Err(ServiceError::field("content", "only the server erases")),
            Content::Sealed {
                scheme,
                bytes,
                seal,
                commitment,
                blobs,
                purpose,
            } => {
                check_what_goes_with(scheme, *seal, commitment.as_deref(), blobs, *purpose)?;
                let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
                if scheme.is_empty() || scheme.len() > SCHEME_BYTES_MAX || !scheme.bytes().all(allowed) {
                    return Err(ServiceError::field("scheme", "1 to 32 of a-z, 0-9 and _"));
                }
                let sealed = STANDARD
                    .decode(bytes)
                    .map_err(|error| ServiceError::field("bytes", error))?;
                if sealed.is_empty() {
                    return Err(ServiceError::field("bytes", "it is empty"));
                }
                let bytes_max = usize::try_from(limits.sealed_bytes_max).unwrap_or(usize::MAX);
                if sealed.len() > bytes_max {
                    return Err(too_large("bytes", format_args!("it is longer than {bytes_max}")));
                }
                Ok(())
            }
        }
    }

    pub(super) fn check_text(&self, text: &str) -> Result<(), ServiceError> {
        let bytes_max = usize::try_from(self.context.limits.message_text_bytes_max).unwrap_or(usize::MAX);
        match text::message(text, bytes_max) {
            Err(error @ text::TextError::TooLong { .. }) => Err(too_large("text", error)),
            result => result.map_err(|error| ServiceError::text("text", error)),
        }
    }

    /// Tells the others in a conversation that the caller is typing, or has stopped. Nothing is stored.
    pub async fn typing(
        &self,
        caller: Caller,
        signs: Signs,
        typing: SendTyping,
        cache: &mut AccessCache,
    ) -> Result<(), ServiceError> {
        let now = self.context.now();
        let group_members_max = self.context.limits.group_members_max;
        let allowed = |access| allow(access, Action::ShowTyping, group_members_max).is_ok();
        if !cache.get(typing.conversation, now).is_some_and(allowed) {
            let access = require_access(&self.context, typing.conversation, caller.user, None).await?;
            allow(&access, Action::ShowTyping, group_members_max)?;
            cache.keep(typing.conversation, access, now);
        }
        if !signs.has(Sign::Typing) {
            return Ok(());
        }
        let frame = ServerFrame::Typing(Typing {
            conversation: typing.conversation,
            user: caller.user,
            active: typing.active,
        });
        let text = Bytes::from(codec::encode_server(&frame));
        self.hub.announce_typing(typing.conversation, caller.user, &text);
        Ok(())
    }
}

pub(super) fn too_large(field: &'static str, why: impl std::fmt::Display) -> ServiceError {
    ServiceError::Refused(
        pipit_wire::WireError::new(ErrorCode::TooLarge, format!("`{field}`: {why}")).about(field),
    )
}

/// What goes along with a sealed message in the clear is nothing that says something.
fn check_beside(caller: Caller, message: &Message) -> Result<(), ServiceError> {
    if message.reply_to.is_some() {
        return Err(ServiceError::field("reply_to", "it goes inside what is sealed"));
    }
    if caller.device.is_none() {
        return Err(ServiceError::field("seal", "only a device seals"));
    }
    Ok(())
}

/// What somebody needs to be allowed who puts this into a log.
const fn action_of(body: &EventBody) -> Action {
    match body {
        EventBody::Message { content, .. } => match content.sealed_purpose() {
            Some(SealedPurpose::Message) => Action::SendSealed,
            Some(SealedPurpose::Change) => Action::ChangeSealed,
            Some(SealedPurpose::Profile) => Action::ChangeSealedProfile,
            None => Action::Send,
        },
        EventBody::Handshake { .. } => Action::ChangeDevices,
        _ => Action::Send,
    }
}

/// The entry with this id, where it is in the log and says the same.
pub(super) async fn find_appended(
    context: &Context,
    entry: &Append,
) -> Result<Option<Appended>, ServiceError> {
    let event_id: EventId = entry.id;
    let found = context.store.find_event(entry.conversation, event_id).await?;
    Ok(found
        .filter(|event| is_repetition(event, entry.sender, &entry.body))
        .map(|event| Appended {
            event,
            repeated: true,
        }))
}

impl From<AppendFailure> for ServiceError {
    fn from(failure: AppendFailure) -> Self {
        match failure {
            AppendFailure::Refused(AppendError::NoConversation) => super::access::not_member(),
            AppendFailure::Refused(AppendError::NoMessage) => super::changes::no_message(),
            AppendFailure::Refused(AppendError::LimitReached) => {
                Self::refused(ErrorCode::LimitReached, "there are as many as may be")
            }
            AppendFailure::Refused(AppendError::PollClosed) => super::polls::closed(),
            AppendFailure::Refused(AppendError::StaleEpoch { epoch }) => {
                Self::refused(ErrorCode::StaleEpoch, format!("the log is in epoch {epoch}"))
            }
            AppendFailure::Refused(AppendError::NotSealed) => {
                Self::refused(ErrorCode::SealedOnly, AppendError::NotSealed.to_string())
            }
            AppendFailure::Refused(AppendError::IdConflict) => {
                Self::refused(ErrorCode::IdConflict, "the id was used before for something else")
            }
            AppendFailure::Refused(AppendError::Stale) => {
                Self::refused(ErrorCode::Unavailable, "the conversation is changing too fast")
            }
            AppendFailure::Store(_) => Self::refused(ErrorCode::Unavailable, "the storage does not answer"),
            AppendFailure::Stopped => Self::refused(ErrorCode::Unavailable, "the server stops"),
        }
    }
}

/// What stands beside sealed bytes belongs together.
fn check_what_goes_with(
    scheme: &str,
    seal: Option<Seal>,
    commitment: Option<&str>,
    blobs: &[BlobId],
    purpose: SealedPurpose,
) -> Result<(), ServiceError> {
    let Some(seal) = seal else {
        return if !blobs.is_empty() {
            Err(ServiceError::field("blobs", "files go with a `seal`"))
        } else if !purpose.is_message() {
            Err(ServiceError::field("purpose", "it goes with a `seal`"))
        } else if commitment.is_some() {
            Err(ServiceError::field("commitment", "it goes with a `seal`"))
        } else {
            Ok(())
        };
    };
    check_seal(seal)?;
    if scheme != SCHEME {
        return Err(ServiceError::field("scheme", "it is mls1 here"));
    }
    // In an encrypted conversation nothing is said that could not be shown to have been said.
    if !commitment.is_some_and(commitment::is_commitment) {
        return Err(ServiceError::field("commitment", "HMAC-SHA256 in base64"));
    }
    Ok(())
}
