//! What an encrypted group is called, is about, and shows as its picture (`docs/adr/0048-sealed-names.md`).
//!
//! The server has none of it. It is said sealed, by those who may change it, and kept beside the log, each part with the place at which it was said: the last one counts, in
//! whatever order they come. Who comes in later cannot open what was said before: whoever has let them in tells it again, or, should that not happen, somebody else does.

use pipit_model::{picture, text};
use pipit_wire::event::{ConversationKind, GroupSettings, SealedPurpose, SettingsChange};
use pipit_wire::{ArchiveId, ConversationId, ErrorCode, EventId, Seq, UserId};
use serde::{Deserialize, Serialize};

use crate::archive::bytes_32;
use crate::command::{Command, Reply};
use crate::commands::Done;
use crate::encryption::ASKED_MAX;
use crate::engine::{Engine, Stored};
use crate::http::refusal;
use crate::picture::{GROUP_PICTURE_BYTES_MAX, GROUP_PICTURE_PIXELS_MAX, GroupPicture, PictureChange};
use crate::storage::{ConversationRecord, OutboxBody, OutboxRecord, OutboxState, Storage};

/// The most people that are shown a history at a time: who is added at a time.
const SHOWN_TO_MAX: usize = 1_000;
/// So many members are named in place of a group's name, where that is not known.
const NAMED: usize = 3;

/// What is said of an encrypted group as a whole, sealed (`docs/protocol.md`, "What is sealed").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ProfileSaid {
    /// It is called something else.
    TitleChanged {
        /// The name.
        title: String,
    },
    /// It is about something else.
    SettingsChanged {
        /// A topic alone.
        change: SettingsChange,
    },
    /// It has another picture, or none.
    PictureChanged {
        /// The picture.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        picture: Option<GroupPicture>,
    },
    /// How it stands, told again to whoever has come in.
    Profile {
        /// The name, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What it is about.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        topic: String,
        /// The picture, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        picture: Option<GroupPicture>,
    },
    /// These people are shown what was said before they came ([`EventBody::HistoryShown`](pipit_wire::event::EventBody::HistoryShown)).
    HistoryShown {
        /// Where it is.
        archive: ArchiveId,
        /// What opens it: 32 bytes, in base64.
        key: String,
        /// To whom.
        users: Vec<UserId>,
    },
    /// The device that says this could not read these entries.
    AskedAgain {
        /// Their places, each once.
        seqs: Vec<Seq>,
        /// What the answer is sealed to: 32 bytes, in base64.
        key: String,
    },
    /// What a device could not read, for that device alone.
    ToldAgain {
        /// The entry that asked.
        asked: EventId,
        /// What those entries say, sealed to the key that came with it; in base64.
        sealed: String,
    },
}

impl ProfileSaid {
    /// What the server has to know of it.
    pub(crate) const fn purpose(&self) -> SealedPurpose {
        match self {
            Self::TitleChanged { .. } | Self::SettingsChanged { .. } | Self::PictureChanged { .. } => {
                SealedPurpose::Profile
            }
            Self::Profile { .. }
            | Self::HistoryShown { .. }
            | Self::AskedAgain { .. }
            | Self::ToldAgain { .. } => SealedPurpose::Change,
        }
    }

    /// Whether it makes devices do something, and stands beside what was said of the same before, not in its place. Nobody says it for somebody else.
    pub(crate) const fn asks_something(&self) -> bool {
        matches!(
            self,
            Self::HistoryShown { .. } | Self::AskedAgain { .. } | Self::ToldAgain { .. }
        )
    }

    /// Whether it is a name, a topic and a picture as a client makes them, what opens a history, or what is asked for or told again, and nothing else.
    pub(crate) fn is_fit(&self) -> bool {
        let is_title = |title: &String| text::title(title).is_ok_and(|kept| kept == *title);
        let is_topic = |topic: &String| text::topic(topic).is_ok_and(|kept| kept == *topic);
        match self {
            Self::TitleChanged { title } => is_title(title),
            Self::SettingsChanged { change } => {
                let topic = change.topic.clone();
                topic.as_ref().is_some_and(is_topic)
                    && *change
                        == SettingsChange {
                            topic,
                            ..SettingsChange::default()
                        }
            }
            Self::PictureChanged { picture } => picture.iter().all(is_picture),
            Self::Profile {
                title,
                topic,
                picture,
            } => title.iter().all(is_title) && is_topic(topic) && picture.iter().all(is_picture),
            Self::HistoryShown { key, users, .. } => {
                bytes_32(key).is_some() && (1..=SHOWN_TO_MAX).contains(&users.len())
            }
            Self::AskedAgain { seqs, key } => {
                bytes_32(key).is_some() && (1..=ASKED_MAX).contains(&seqs.len())
            }
            Self::ToldAgain { sealed, .. } => !sealed.is_empty(),
        }
    }
}

/// Whether it is what it says, of a kind that is shown, and not too large.
fn is_picture(picture: &GroupPicture) -> bool {
    let found = picture::small(&picture.bytes, GROUP_PICTURE_BYTES_MAX, GROUP_PICTURE_PIXELS_MAX);
    found == Some(picture.media_type.as_str())
}

/// Something that was said, and at which place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Said<T> {
    seq: Seq,
    value: T,
}

/// What this device knows of an encrypted group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    title: Option<Said<String>>,
    topic: Option<Said<String>>,
    picture: Option<Said<Option<GroupPicture>>>,
    /// What a group is to be called that is being made on this device.
    #[serde(default)]
    wanted: Option<String>,
}

impl Profile {
    fn title(&self) -> Option<&String> {
        self.title.as_ref().map(|said| &said.value)
    }

    fn topic(&self) -> String {
        self.topic
            .as_ref()
            .map(|said| said.value.clone())
            .unwrap_or_default()
    }

    fn picture(&self) -> Option<GroupPicture> {
        self.picture.as_ref().and_then(|said| said.value.clone())
    }

    /// As it is told to who has come in; none where nothing is known.
    fn told(&self) -> Option<ProfileSaid> {
        let is_known = self.title.is_some() || self.topic.is_some() || self.picture.is_some();
        is_known.then(|| ProfileSaid::Profile {
            title: self.title().cloned(),
            topic: self.topic(),
            picture: self.picture(),
        })
    }

    /// Takes in what was said at this place. What is told again counts for what is not known; the last change counts for all else.
    fn take(&mut self, seq: Seq, said: &ProfileSaid) {
        match said {
            ProfileSaid::TitleChanged { title } => change(&mut self.title, seq, title),
            ProfileSaid::SettingsChanged { change: settings } => {
                if let Some(topic) = &settings.topic {
                    change(&mut self.topic, seq, topic);
                }
            }
            ProfileSaid::PictureChanged { picture } => change(&mut self.picture, seq, picture),
            ProfileSaid::Profile {
                title,
                topic,
                picture,
            } => {
                if let (None, Some(title)) = (&self.title, title) {
                    change(&mut self.title, seq, title);
                }
                if self.topic.is_none() && !topic.is_empty() {
                    change(&mut self.topic, seq, topic);
                }
                if self.picture.is_none() && picture.is_some() {
                    change(&mut self.picture, seq, picture);
                }
            }
            ProfileSaid::HistoryShown { .. }
            | ProfileSaid::AskedAgain { .. }
            | ProfileSaid::ToldAgain { .. } => {}
        }
    }
}

fn change<T: Clone>(known: &mut Option<Said<T>>, seq: Seq, value: &T) {
    if known.as_ref().is_none_or(|known| known.seq < seq) {
        *known = Some(Said {
            seq,
            value: value.clone(),
        });
    }
}

impl<S: Storage> Engine<S> {
    /// Commands that give an encrypted group another name, topic or picture. What else they say is for the server.
    pub(crate) fn profile_command(&mut self, command: Command) -> Stored<Done> {
        match command {
            Command::CreateGroup {
                id,
                title,
                members,
                encrypted: true,
            } => {
                // It is said once there is a group in which it can be sealed.
                let Ok(title) = text::title(&title) else {
                    return Ok(Done::Now(unfit("title")));
                };
                let mut profile = self.group_profile(id)?;
                profile.wanted = Some(title);
                self.keep_profile(id, &profile)?;
                Ok(Done::Not(Command::CreateGroup {
                    id,
                    title: String::new(),
                    members,
                    encrypted: true,
                }))
            }
            Command::Rename {
                conversation,
                event_id,
                title,
            } if self.is_encrypted(conversation)? => {
                let said = ProfileSaid::TitleChanged { title };
                self.profile_reply(conversation, event_id, said)
            }
            Command::ChangeSettings {
                conversation,
                event_id,
                mut change,
            } if change.topic.is_some() && self.is_encrypted(conversation)? => {
                let sealed = SettingsChange {
                    topic: change.topic.take(),
                    ..SettingsChange::default()
                };
                let is_all = change == SettingsChange::default();
                let id = if is_all { event_id } else { self.new_event() };
                let said = ProfileSaid::SettingsChanged { change: sealed };
                match self.say_profile(conversation, id, said)? {
                    Err(reply) => Ok(Done::Now(reply)),
                    Ok(()) if is_all => Ok(Done::Now(Reply::Done)),
                    Ok(()) => Ok(Done::Not(Command::ChangeSettings {
                        conversation,
                        event_id,
                        change,
                    })),
                }
            }
            Command::SetGroupPicture {
                conversation,
                event_id,
                picture:
                    PictureChange {
                        picture: None,
                        sealed,
                    },
            } if self.is_encrypted(conversation)? => {
                let picture = sealed.map(|sealed| *sealed);
                let said = ProfileSaid::PictureChanged { picture };
                self.profile_reply(conversation, event_id, said)
            }
            other => Ok(Done::Not(other)),
        }
    }

    fn profile_reply(
        &mut self,
        conversation: ConversationId,
        id: EventId,
        said: ProfileSaid,
    ) -> Stored<Done> {
        let said = self.say_profile(conversation, id, said)?;
        Ok(Done::Now(said.err().unwrap_or(Reply::Done)))
    }

    /// Puts something into the outbox that is to be said of a group. What was to be said of the same and has not left yet is not said.
    pub(crate) fn say_profile(
        &mut self,
        conversation: ConversationId,
        id: EventId,
        said: ProfileSaid,
    ) -> Stored<Result<(), Reply>> {
        let said = match said {
            ProfileSaid::TitleChanged { title } => match text::title(&title) {
                Ok(title) => ProfileSaid::TitleChanged { title },
                Err(_) => return Ok(Err(unfit("title"))),
            },
            ProfileSaid::SettingsChanged { mut change } => {
                match change.topic.as_deref().map(text::topic).transpose() {
                    Ok(topic) => change.topic = topic,
                    Err(_) => return Ok(Err(unfit("topic"))),
                }
                ProfileSaid::SettingsChanged { change }
            }
            other => other,
        };
        if !said.is_fit() {
            return Ok(Err(unfit("picture")));
        }
        if self.storage.find_outbox(id)?.is_some() {
            return Ok(Ok(()));
        }
        for waiting in self.storage.outbox(conversation)? {
            let is_same = matches!(&waiting.body, OutboxBody::Profile { said: before }
                if !before.asks_something() && std::mem::discriminant(before) == std::mem::discriminant(&said));
            if is_same && !waiting.sent && waiting.sealed.is_none() {
                self.storage.remove_outbox(waiting.id)?;
            }
        }
        self.storage.save_outbox(&OutboxRecord {
            id,
            conversation,
            written_at: self.clock.now(),
            body: OutboxBody::Profile { said },
            sent: false,
            state: OutboxState::Queued,
            sealed: None,
        })?;
        self.sending.nudge(conversation);
        self.dirty.conversation(conversation);
        Ok(Ok(()))
    }

    /// A group is here that was not: what it was made to be called is said.
    pub(crate) fn name_made_group(&mut self, conversation: ConversationId) -> Stored {
        let mut profile = self.group_profile(conversation)?;
        let Some(title) = profile.wanted.take() else {
            return Ok(());
        };
        self.keep_profile(conversation, &profile)?;
        let id = self.new_event();
        if self
            .say_profile(conversation, id, ProfileSaid::TitleChanged { title })?
            .is_err()
        {
            tracing::warn!(%conversation, "what a group is to be called cannot be said");
        }
        Ok(())
    }

    /// Tells a group what it is called, for those who have come in. Nothing where nothing is known.
    pub(crate) fn tell_profile(&mut self, conversation: ConversationId) -> Stored {
        if let Some(told) = self.group_profile(conversation)?.told() {
            let id = self.new_event();
            if self.say_profile(conversation, id, told)?.is_err() {
                tracing::warn!(%conversation, "what is known of a group cannot be told");
            }
        }
        Ok(())
    }

    /// Tells a group that newcomers to it are shown what was said before they came.
    pub(crate) fn tell_history(&mut self, conversation: ConversationId, said: ProfileSaid) -> Stored {
        let id = self.new_event();
        if self.say_profile(conversation, id, said)?.is_err() {
            tracing::warn!(%conversation, "a group cannot be told what newcomers to it are shown");
        }
        Ok(())
    }

    /// Something was said of a group at this place.
    pub(crate) fn profile_said(
        &mut self,
        conversation: ConversationId,
        seq: Seq,
        said: &ProfileSaid,
    ) -> Stored {
        let mut profile = self.group_profile(conversation)?;
        let before = profile.clone();
        profile.take(seq, said);
        if profile != before {
            self.keep_profile(conversation, &profile)?;
            self.dirty.conversation(conversation);
        }
        Ok(())
    }

    /// An encrypted group as it is shown: with what waits to be said of it.
    fn shown_profile(&self, conversation: ConversationId) -> Stored<Profile> {
        let mut profile = self.group_profile(conversation)?;
        for waiting in self.storage.outbox(conversation)? {
            if let OutboxBody::Profile { said } = &waiting.body {
                profile.take(Seq::MAX, said);
            }
        }
        Ok(profile)
    }

    /// What to call a conversation, and the picture of an encrypted group.
    pub(crate) fn shown_name(
        &mut self,
        record: &ConversationRecord,
    ) -> Stored<(String, Option<GroupPicture>)> {
        let title = match (record.kind, record.peer) {
            (ConversationKind::Direct, Some(peer)) => self.name_in(record.id, peer)?,
            (ConversationKind::Direct, None) => String::new(),
            (ConversationKind::Group, _) if record.encrypted => {
                let profile = self.shown_profile(record.id)?;
                let title = match profile.title() {
                    Some(title) => title.clone(),
                    None => self.names_of_members(record)?,
                };
                return Ok((title, profile.picture()));
            }
            (ConversationKind::Group, _) => record.title.clone().unwrap_or_default(),
        };
        Ok((title, None))
    }

    /// What an encrypted group is called whose name is not known.
    fn names_of_members(&mut self, record: &ConversationRecord) -> Stored<String> {
        let mut names = Vec::new();
        for member in self.storage.members(record.id)? {
            if !self.is_me(member.user) && names.len() < NAMED {
                let name = self.name_in(record.id, member.user)?;
                names.extend(Some(name).filter(|name| !name.is_empty()));
            }
        }
        Ok(names.join(", "))
    }

    /// What a group is set to, as it is shown.
    pub(crate) fn shown_settings(&self, record: &ConversationRecord) -> Stored<GroupSettings> {
        let mut settings = record.settings.clone();
        if record.encrypted {
            settings.topic = self.shown_profile(record.id)?.topic();
            settings.avatar = None;
        }
        Ok(settings)
    }
}

fn unfit(field: &str) -> Reply {
    Reply::Failed {
        error: refusal(ErrorCode::InvalidField, Some(field)),
    }
}
