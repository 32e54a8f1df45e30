//! Finding people, conversations and messages: asked of the server while it can be reached, and of this device otherwise.
//!
//! The same query gives the same answers on both, as far as the device has the messages: tokens are made in [`pipit_model::search`].

use pipit_model::search::query::{Query, day_begins, is_named, parse};
use pipit_wire::event::ConversationKind;
use pipit_wire::frame::Profile;
use pipit_wire::rest::{ExcerptPart, Found};
use pipit_wire::{BlobId, ConversationId, ErrorCode, MessageId, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::command::{CommandId, Reply, ViewId};
use crate::engine::{Engine, Stored};
use crate::http::{Call, Waiting, refusal};
use crate::io::HttpMethod;
use crate::path::escape;
use crate::picture::GroupPicture;
use crate::storage::{SearchHit, Storage, StorageSearch};

/// The most messages in a page.
const PAGE: u32 = 20;
/// The most people, and the most conversations.
const NAMES_FOUND_MAX: usize = 20;
/// How many names are looked at on the device.
const NAMES_MAX: u32 = 2_000;

/// Who has answered a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// The server: of everything that one may read.
    Server,
    /// This device: only of what is on it.
    Device,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SearchResults {
    /// Who has answered.
    pub by: FoundBy,
    /// People by handle or name; on the first page of a query without operators only.
    pub people: Vec<Profile>,
    /// Conversations by name, newest first; likewise.
    pub conversations: Vec<FoundConversation>,
    /// Messages, newest first.
    pub messages: Vec<FoundMessage>,
    /// For the next page of messages; none at the end.
    pub next: Option<String>,
    /// Whether everything was looked at that whoever has answered has. If not, asking again finds more.
    pub complete: bool,
}

/// A conversation that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FoundConversation {
    /// Which one.
    pub id: ConversationId,
    /// What kind it is.
    pub kind: ConversationKind,
    /// The group's title, or the other person's name.
    pub title: String,
    /// The other person.
    pub peer: Option<UserId>,
    /// The group's picture, or the other person's.
    pub avatar: Option<BlobId>,
    /// The picture of an encrypted group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub picture: Option<GroupPicture>,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FoundMessage {
    /// Where.
    pub conversation: ConversationId,
    /// What the conversation is called; empty where the device does not know it yet.
    pub title: String,
    /// Its place there.
    pub seq: Seq,
    /// Which one.
    pub message: MessageId,
    /// Who sent it.
    pub sender: Profile,
    /// Whether that is oneself.
    pub mine: bool,
    /// When.
    pub at: Timestamp,
    /// The part that shows why it was found.
    pub excerpt: Vec<ExcerptPart>,
}

/// What a view has asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) query: String,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) after: Option<String>,
    pub(crate) utc_offset_min: i32,
}

impl Asked {
    fn path(&self) -> String {
        let mut path = format!(
            "/v1/search?query={}&limit={PAGE}&utc_offset_min={}",
            escape(&self.query),
            self.utc_offset_min
        );
        if let Some(conversation) = self.conversation {
            path.push_str("&conversation=");
            path.push_str(&conversation.to_string());
        }
        if let Some(after) = &self.after {
            path.push_str("&after=");
            path.push_str(&escape(after));
        }
        path
    }
}

impl<S: Storage> Engine<S> {
    pub(crate) fn search(&mut self, view: ViewId, id: CommandId, asked: Asked) -> Stored {
        // Words of an encrypted conversation are no business of the server's, and it could not find them.
        let is_private = match asked.conversation {
            Some(conversation) => self.is_encrypted(conversation)?,
            None => false,
        };
        if self.connection.is_up() && !is_private {
            let path = asked.path();
            let call = Call::Search { view, id, asked };
            self.call(Waiting::authorized(call, HttpMethod::Get, path));
            return Ok(());
        }
        let reply = self.search_here(&asked)?;
        self.reply(view, id, reply);
        Ok(())
    }

    /// What the server has found. Conversations that the device did not know are known from now on: they can be opened.
    pub(crate) fn found_there(&mut self, asked: &Asked, found: Found) -> Stored<SearchResults> {
        self.save_names(&found.people)?;
        self.save_names(found.messages.iter().map(|message| &message.sender))?;
        let people = self.with_faces(found.people)?;
        let mut conversations = Vec::with_capacity(found.conversations.len());
        for summary in &found.conversations {
            self.apply_summary(summary)?;
            conversations.extend(self.found_conversation(summary.id)?);
        }
        let mut messages = Vec::with_capacity(found.messages.len());
        for message in found.messages {
            // What one has deleted for oneself the server has still.
            if self.hidden(message.conversation)?.contains(&message.seq) {
                continue;
            }
            let title = if let Some(known) = self.found_conversation(message.conversation)? {
                known.title
            } else {
                self.call_summary(message.conversation);
                String::new()
            };
            messages.push(FoundMessage {
                conversation: message.conversation,
                title,
                seq: message.seq,
                message: message.message,
                mine: self.is_me(message.sender.user),
                sender: message.sender,
                at: message.at,
                excerpt: message.excerpt,
            });
        }
        if asked.after.is_none() && asked.conversation.is_none() {
            messages.extend(self.found_private(asked)?);
            messages
                .sort_by_key(|message| std::cmp::Reverse((message.at, message.conversation, message.seq)));
        }
        Ok(SearchResults {
            by: FoundBy::Server,
            people,
            conversations,
            messages,
            next: found.next,
            complete: found.complete,
        })
    }

    /// What this device finds in encrypted conversations, the newest: they go with the first page of what the server finds in the others.
    fn found_private(&mut self, asked: &Asked) -> Stored<Vec<FoundMessage>> {
        let encrypted = self.storage.encrypted_conversations()?;
        let Ok(query) = parse(&asked.query) else {
            return Ok(Vec::new());
        };
        let mut search = self.storage_search(asked, query, None)?;
        let asked_within = search.within.take();
        let is_asked = |id: &ConversationId| asked_within.as_ref().is_none_or(|within| within.contains(id));
        search.within = Some(encrypted.into_iter().filter(is_asked).collect());
        let mut found = Vec::new();
        for hit in self.storage.search(&search)? {
            found.push(self.found_here(hit)?);
        }
        Ok(found)
    }

    /// What is asked, as the storage takes it.
    fn storage_search(
        &mut self,
        asked: &Asked,
        query: Query,
        after: Option<(Timestamp, ConversationId, Seq)>,
    ) -> Stored<StorageSearch> {
        Ok(StorageSearch {
            from: self.senders_here(&query)?,
            within: self.within_here(asked.conversation, &query)?,
            since: query.after.map(|day| day_begins(day, asked.utc_offset_min)),
            until: query.before.map(|day| day_begins(day, asked.utc_offset_min)),
            terms: query.terms,
            has: query.has,
            after,
            limit: PAGE,
        })
    }

    /// What this device finds.
    pub(crate) fn search_here(&mut self, asked: &Asked) -> Stored<Reply> {
        let Ok(query) = parse(&asked.query) else {
            let error = refusal(ErrorCode::InvalidField, Some("query"));
            return Ok(Reply::Failed { error });
        };
        let after = asked.after.as_deref().and_then(position);
        if asked.after.is_some() && after.is_none() {
            let error = refusal(ErrorCode::InvalidField, Some("after"));
            return Ok(Reply::Failed { error });
        }
        let names_count = !query.is_of_messages_alone() && after.is_none() && asked.conversation.is_none();
        let (people, conversations) = if names_count {
            let text = asked.query.trim();
            (self.people_here(text)?, self.conversations_here(text)?)
        } else {
            (Vec::new(), Vec::new())
        };
        let search = self.storage_search(asked, query, after)?;
        let hits = self.storage.search(&search)?;
        let full = u32::try_from(hits.len()).is_ok_and(|count| count >= PAGE);
        let next = hits
            .last()
            .filter(|_| full)
            .map(|hit| format!("{}.{}.{}", hit.at.as_ms(), hit.conversation, hit.seq.get()));
        let mut messages = Vec::with_capacity(hits.len());
        for hit in hits {
            messages.push(self.found_here(hit)?);
        }
        let results = SearchResults {
            by: FoundBy::Device,
            people,
            conversations,
            messages,
            next,
            complete: true,
        };
        Ok(Reply::SearchResults { results })
    }

    fn found_here(&mut self, hit: SearchHit) -> Stored<FoundMessage> {
        let title = self
            .found_conversation(hit.conversation)?
            .map(|known| known.title)
            .unwrap_or_default();
        let sender = self.profile(hit.sender)?.unwrap_or(Profile {
            user: hit.sender,
            handle: String::new(),
            name: String::new(),
            face: None,
        });
        Ok(FoundMessage {
            conversation: hit.conversation,
            title,
            seq: hit.seq,
            message: hit.message,
            mine: self.is_me(hit.sender),
            sender,
            at: hit.at,
            excerpt: hit.excerpt,
        })
    }

    pub(crate) fn is_me(&self, user: UserId) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.me.profile.user == user)
    }

    fn found_conversation(&mut self, id: ConversationId) -> Stored<Option<FoundConversation>> {
        let Some(record) = self.storage.conversation(id)? else {
            return Ok(None);
        };
        let avatar = match record.peer {
            Some(peer) => self.face(peer)?.avatar,
            None => self.group_picture(id, record.settings.avatar)?,
        };
        let (title, picture) = self.shown_name(&record)?;
        Ok(Some(FoundConversation {
            id,
            kind: record.kind,
            title,
            peer: record.peer,
            avatar,
            picture,
        }))
    }

    fn people_here(&mut self, text: &str) -> Stored<Vec<Profile>> {
        let mut people = self.storage.profiles(NAMES_MAX)?;
        people.retain(|profile| {
            !self.is_me(profile.user) && is_named(text, [profile.handle.as_str(), profile.name.as_str()])
        });
        people.truncate(NAMES_FOUND_MAX);
        self.with_faces(people)
    }

    fn conversations_here(&mut self, text: &str) -> Stored<Vec<FoundConversation>> {
        let mut found = Vec::new();
        for id in self.storage.recent_conversations(NAMES_MAX)? {
            if found.len() >= NAMES_FOUND_MAX {
                break;
            }
            let Some(conversation) = self.found_conversation(id)? else {
                continue;
            };
            let peer = match conversation.peer {
                Some(peer) => self.profile(peer)?,
                None => None,
            };
            let handle = peer.as_ref().map_or("", |peer| peer.handle.as_str());
            if is_named(text, [conversation.title.as_str(), handle]) {
                found.push(conversation);
            }
        }
        Ok(found)
    }

    fn senders_here(&self, query: &Query) -> Stored<Option<Vec<UserId>>> {
        if query.from.is_empty() {
            return Ok(None);
        }
        let known = self.storage.profiles(NAMES_MAX)?;
        let asked = |profile: &&Profile| {
            let handle = if self.is_me(profile.user) { "me" } else { "" };
            query
                .from
                .iter()
                .any(|from| *from == profile.handle || from == handle)
        };
        Ok(Some(
            known.iter().filter(asked).map(|profile| profile.user).collect(),
        ))
    }

    fn within_here(
        &mut self,
        conversation: Option<ConversationId>,
        query: &Query,
    ) -> Stored<Option<Vec<ConversationId>>> {
        if query.within.is_empty() {
            return Ok(conversation.map(|conversation| vec![conversation]));
        }
        let mut within = Vec::new();
        for name in &query.within {
            within.extend(self.conversations_here(name)?.into_iter().map(|found| found.id));
        }
        if let Some(conversation) = conversation {
            within.retain(|found| *found == conversation);
        }
        Ok(Some(within))
    }
}

/// A place in what was found, as the server writes it.
fn position(text: &str) -> Option<(Timestamp, ConversationId, Seq)> {
    let mut parts = text.split('.');
    let at = parts.next()?.parse().ok()?;
    let conversation = parts.next()?.parse().ok()?;
    let seq = Seq::new(parts.next()?.parse().ok()?)?;
    parts
        .next()
        .is_none()
        .then_some((Timestamp(at), conversation, seq))
}
