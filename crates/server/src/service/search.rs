//! Finding people, conversations and messages again.
//!
//! Whoever asks first has the index catch up in their own conversations, so that everything is found from the moment at which it was
//! acknowledged; where too much is left for one question, the answer says so.

pub mod indexing;

use std::collections::HashMap;

use std::sync::Arc;

use pipit_model::search::excerpt;
use pipit_model::search::query::{Query, QueryError, day_begins, is_named, parse};
use pipit_store::change::is_expired;
use pipit_store::search::{FoundMessage, FoundMessages, FoundPosition, NamedConversation, SearchMessages};
use pipit_wire::frame::Profile;
use pipit_wire::{ConversationId, MessageId, Seq, Timestamp, UserId, rest};

use super::access::require_access;
use super::expiry::without_expired;
use crate::context::Context;
use crate::error::ServiceError;
use crate::stats::Stats;

/// The most messages in one page.
pub const PAGE_FOUND_MAX: u32 = 50;
/// The most people, and the most conversations.
const NAMES_FOUND_MAX: usize = 20;
/// How many of one's conversations are compared by name.
const NAMES_MAX: u32 = 5_000;
/// The most minutes that a clock is ahead of UTC or behind it.
const UTC_OFFSET_MIN_MAX: i32 = 14 * 60;
/// How many entries are indexed for one question before it is answered from what there is, and how many at a time.
const CATCH_UP_MAX: u32 = 5_000;
const CATCH_UP_BATCH: u32 = 500;
/// How many conversations of the asker are caught up at a time.
const BEHIND_MAX: u32 = 200;

/// What somebody looks for.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// As they typed it.
    pub text: String,
    /// Only in this conversation.
    pub conversation: Option<ConversationId>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// The most messages in the page.
    pub limit: u32,
    /// How many minutes their clock is ahead of UTC: days begin by it.
    pub utc_offset_min: i32,
}

/// See the module.
pub struct Search {
    context: Context,
    stats: Arc<Stats>,
}

impl Search {
    /// The service.
    pub fn new(context: Context, stats: Arc<Stats>) -> Self {
        Self { context, stats }
    }

    /// Finds.
    pub async fn find(&self, asker: UserId, question: &Question) -> Result<rest::Found, ServiceError> {
        let query = parse(&question.text).map_err(refusal)?;
        if !(1..=PAGE_FOUND_MAX).contains(&question.limit) {
            return Err(ServiceError::field("limit", format!("is 1 to {PAGE_FOUND_MAX}")));
        }
        if question.utc_offset_min.abs() > UTC_OFFSET_MIN_MAX {
            return Err(ServiceError::field("utc_offset_min", "is -840 to 840"));
        }
        let after = question.after.as_deref().map(position).transpose()?;
        if let Some(conversation) = question.conversation {
            require_access(&self.context, conversation, asker, None).await?;
        }
        let complete = self.catch_up(asker, question.conversation).await;
        let names = if question.conversation.is_none() || !query.within.is_empty() {
            self.context.store.list_names(asker, NAMES_MAX).await?
        } else {
            Vec::new()
        };
        let search = SearchMessages {
            asker,
            from: self.senders(asker, &query).await?,
            within: within(question.conversation, &query, &names),
            since: query.after.map(|day| day_begins(day, question.utc_offset_min)),
            until: query.before.map(|day| day_begins(day, question.utc_offset_min)),
            terms: query.terms.clone(),
            has: query.has.clone(),
            after,
            limit: question.limit,
        };
        let mut found = self.context.store.search_messages(search).await?;
        // What erases itself stays in the index until its task has run.
        let now = self.context.now();
        found.items.retain(|item| !is_expired(&item.event.body, now));
        let (people, conversations) =
            if after.is_none() && question.conversation.is_none() && !query.is_of_messages_alone() {
                let text = question.text.trim();
                (
                    self.people(asker, text).await?,
                    self.conversations(asker, text, &names).await?,
                )
            } else {
                (Vec::new(), Vec::new())
            };
        let next = found.next.map(position_text);
        Ok(rest::Found {
            people,
            conversations,
            messages: self.messages(found, &query).await?,
            next,
            complete,
        })
    }

    /// Indexes what is left in the asker's conversations, or some of it. Whether nothing is left.
    async fn catch_up(&self, asker: UserId, conversation: Option<ConversationId>) -> bool {
        match self.try_catch_up(asker, conversation).await {
            Ok(complete) => complete,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the search index could not catch up"
                );
                false
            }
        }
    }

    async fn try_catch_up(
        &self,
        asker: UserId,
        conversation: Option<ConversationId>,
    ) -> Result<bool, ServiceError> {
        let store = &self.context.store;
        let mut indexed = 0_u32;
        loop {
            let behind = match conversation {
                Some(conversation) => vec![conversation],
                None => store.list_unindexed(asker, BEHIND_MAX).await?,
            };
            if behind.is_empty() {
                return Ok(true);
            }
            if indexed >= CATCH_UP_MAX {
                return Ok(false);
            }
            let entries = store.index_entries(&behind, CATCH_UP_BATCH).await?;
            if entries == 0 {
                return Ok(true);
            }
            self.stats
                .entries_indexed
                .add(usize::try_from(entries).unwrap_or(usize::MAX));
            indexed = indexed.saturating_add(entries);
        }
    }

    async fn senders(&self, asker: UserId, query: &Query) -> Result<Option<Vec<UserId>>, ServiceError> {
        if query.from.is_empty() {
            return Ok(None);
        }
        let mut senders = Vec::with_capacity(query.from.len());
        for handle in &query.from {
            if handle == "me" {
                senders.push(asker);
            } else if let Some(known) = self.context.store.find_credential(handle).await? {
                senders.push(known.user.profile.user);
            }
        }
        Ok(Some(senders))
    }

    async fn people(&self, asker: UserId, text: &str) -> Result<Vec<Profile>, ServiceError> {
        let text = text.trim_start_matches('@');
        if text.is_empty() || text.chars().any(char::is_control) {
            return Ok(Vec::new());
        }
        let limit = u32::try_from(NAMES_FOUND_MAX).unwrap_or(u32::MAX);
        Ok(self.context.store.search_users(asker, text, limit).await?)
    }

    async fn conversations(
        &self,
        asker: UserId,
        text: &str,
        names: &[NamedConversation],
    ) -> Result<Vec<pipit_wire::frame::ConversationSummary>, ServiceError> {
        let mut found = Vec::new();
        for named in names
            .iter()
            .filter(|named| is_called(named, text))
            .take(NAMES_FOUND_MAX)
        {
            let summary = self.context.store.find_summary(named.conversation, asker).await?;
            found.extend(summary.map(|summary| without_expired(summary, self.context.now())));
        }
        Ok(found)
    }

    async fn messages(
        &self,
        found: FoundMessages,
        query: &Query,
    ) -> Result<Vec<rest::FoundMessage>, ServiceError> {
        let mut senders: Vec<UserId> = found.items.iter().map(|item| item.event.sender).collect();
        senders.sort_unstable();
        senders.dedup();
        let profiles = self.context.store.find_profiles(&senders).await?;
        let profiles: HashMap<UserId, Profile> = profiles
            .into_iter()
            .map(|profile| (profile.user, profile))
            .collect();
        let message = |FoundMessage { event, content }: FoundMessage| {
            Some(rest::FoundMessage {
                sender: profiles.get(&event.sender)?.clone(),
                conversation: event.conversation,
                seq: event.seq,
                message: MessageId::from(event.id.as_uuid()),
                at: event.at,
                excerpt: excerpt(&content, &query.terms),
            })
        };
        Ok(found.items.into_iter().filter_map(message).collect())
    }
}

fn refusal(error: QueryError) -> ServiceError {
    ServiceError::field("query", error)
}

/// The conversations that are looked in; none for all.
fn within(
    conversation: Option<ConversationId>,
    query: &Query,
    names: &[NamedConversation],
) -> Option<Vec<ConversationId>> {
    if query.within.is_empty() {
        return conversation.map(|conversation| vec![conversation]);
    }
    let called = |named: &&NamedConversation| {
        query.within.iter().any(|name| is_called(named, name))
            && conversation.is_none_or(|conversation| conversation == named.conversation)
    };
    Some(
        names
            .iter()
            .filter(called)
            .map(|named| named.conversation)
            .collect(),
    )
}

fn is_called(named: &NamedConversation, text: &str) -> bool {
    let peer = named
        .peer
        .iter()
        .flat_map(|(handle, name)| [handle.as_str(), name.as_str()]);
    is_named(text, named.title.as_deref().into_iter().chain(peer))
}

fn position_text(position: FoundPosition) -> String {
    let FoundPosition {
        at,
        conversation,
        seq,
    } = position;
    format!("{}.{conversation}.{}", at.as_ms(), seq.get())
}

fn position(text: &str) -> Result<FoundPosition, ServiceError> {
    let not_a_next = || ServiceError::field("after", "is the `next` of another page");
    let mut parts = text.split('.');
    let (Some(at), Some(conversation), Some(seq), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(not_a_next());
    };
    let at = at.parse().map_err(|_| not_a_next())?;
    let conversation = conversation.parse().map_err(|_| not_a_next())?;
    let seq = seq.parse().ok().and_then(Seq::new).ok_or_else(not_a_next)?;
    Ok(FoundPosition {
        at: Timestamp(at),
        conversation,
        seq,
    })
}
