//! Requests over HTTP: what they are for, what holds them up, and what their answers mean.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pipit_wire::preview::LinkPreview;
use pipit_wire::rest::{
    Conversation, Devices, Found, Invite, InviteInfo, Invites, Members, Place, ServerInfo, Session, Uploads,
    Users,
};
use pipit_wire::{BlobId, ConversationId, ErrorCode, Retry, Seq, Timestamp, WireError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::archive::ArchiveCall;
use crate::command::{CommandError, CommandId, ReactionBy, Reply, ViewId, VoteBy};
use crate::encryption::KeyCall;
use crate::engine::{Engine, Stored};
use crate::group::GroupExpects;
use crate::io::{FilePart, HttpAnswer, HttpId, HttpMethod, HttpRequest, Output};
use crate::notifications::{self, NotifyExpects};
use crate::path::members_path;
use crate::privacy::{self, PrivacyExpects};
use crate::reports::{self, ReportExpects};
use crate::search::Asked;
use crate::session::{RefreshFailure, ended_by};
use crate::storage::Storage;
use crate::uploads::Step;
use crate::wishes::WishCall;

/// How long an answer may take.
const PATIENCE_MS: i64 = 30_000;
/// Requests under way at most; beyond it they fail at once. A person makes a few, a broken view makes many.
const OPEN_MAX: usize = 256;

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// A command of a view.
    Command {
        view: ViewId,
        id: CommandId,
        expects: Expects,
    },
    /// A search of a view.
    Search {
        view: ViewId,
        id: CommandId,
        asked: Asked,
    },
    /// The next pair of tokens.
    Refresh,
    /// The server's name and limits, for the session.
    ServerInfo,
    /// The names of a conversation's members.
    Names {
        conversation: ConversationId,
        pages_left: u32,
    },
    /// A conversation's summary anew.
    Summary { conversation: ConversationId },
    /// A step of sending a file.
    Upload { blob: BlobId, step: Step },
    /// A step towards something that was set here.
    Wish(WishCall),
    /// Something about keys and groups.
    Keys(KeyCall),
    /// Something about archives.
    Archive(ArchiveCall),
    /// Nothing: this device's sign-out, which it does not wait for.
    Farewell,
}

impl Call {
    /// The command that it is made for.
    const fn command(&self) -> Option<(&ViewId, CommandId)> {
        match self {
            Self::Command { view, id, .. } | Self::Search { view, id, .. } => Some((view, *id)),
            _ => None,
        }
    }
}

/// What a command's answer is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expects {
    ServerInfo,
    InviteInfo,
    Session,
    Users,
    Conversation,
    Members,
    Invite,
    Invites,
    Devices,
    BlobLinks,
    StorageUse,
    Preview,
    /// Where in a log a moment is.
    Place,
    /// Who reacted to a message.
    Reactions,
    /// Who voted in a poll.
    Votes,
    /// How far the message at this place has come, and with how many others at most.
    Reach {
        seq: Seq,
        others: u32,
    },
    Group(GroupExpects),
    /// Something about notifications.
    Notify(NotifyExpects),
    /// Something about privacy.
    Privacy(PrivacyExpects),
    /// Something about reports.
    Report(ReportExpects),
    /// One's own key log, of which so many entries were seen.
    OwnKeys {
        seen: u64,
    },
    Nothing,
}

/// What the list of a message's reactions is read as; it says more than is shown.
#[derive(Deserialize)]
struct FoundReactions {
    items: Vec<ReactionBy>,
}

/// What the list of a poll's votes is read as; it says more than is shown.
#[derive(Deserialize)]
struct FoundVotes {
    items: Vec<VoteBy>,
}

/// A request that is to be made or under way.
#[derive(Clone)]
pub(crate) struct Waiting {
    call: Call,
    method: HttpMethod,
    path: String,
    body: Option<String>,
    headers: Vec<(String, String)>,
    file: Option<FilePart>,
    authorized: bool,
    /// Has been refused for its token once.
    refused: bool,
    until: Timestamp,
}

impl fmt::Debug for Waiting {
    /// Without the body and the query: they hold passwords and tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("call", &self.call)
            .field("method", &self.method)
            .field("authorized", &self.authorized)
            .finish_non_exhaustive()
    }
}

impl Waiting {
    /// A request that needs no sign-in.
    pub(crate) fn open(call: Call, method: HttpMethod, path: impl Into<String>) -> Self {
        Self {
            call,
            method,
            path: path.into(),
            body: None,
            headers: Vec::new(),
            file: None,
            authorized: false,
            refused: false,
            until: Timestamp(i64::MAX),
        }
    }

    /// A request of whoever is signed in.
    pub(crate) fn authorized(call: Call, method: HttpMethod, path: impl Into<String>) -> Self {
        Self {
            authorized: true,
            ..Self::open(call, method, path)
        }
    }

    /// The same request for another purpose.
    pub(crate) fn answering(self, call: Call) -> Self {
        Self { call, ..self }
    }

    /// With these headers too.
    pub(crate) fn headed(self, headers: Vec<(String, String)>) -> Self {
        Self { headers, ..self }
    }

    /// With a part of a file as its body.
    pub(crate) fn carrying(self, part: FilePart) -> Self {
        Self {
            file: Some(part),
            ..self
        }
    }

    pub(crate) fn with<T: Serialize>(mut self, body: &T) -> Self {
        // Bodies are plain data: none refuses itself.
        self.body = serde_json::to_string(body).ok();
        self
    }
}

#[derive(Debug, Default)]
pub(crate) struct Calls {
    last: u32,
    open: BTreeMap<HttpId, Waiting>,
    /// Wait for a fresh access token.
    held: Vec<Waiting>,
    server_info: Option<ServerInfo>,
    /// The last request before this transaction, and the commands whose answers came in it: should it fail, neither the
    /// requests after the one nor the replies to the others leave the engine.
    before: u32,
    answered: Vec<(ViewId, CommandId)>,
}

impl Calls {
    /// A transaction begins.
    pub(crate) fn begin(&mut self) {
        self.before = self.last;
        self.answered.clear();
    }

    /// The transaction has failed, and these commands were given in it. Says all whose replies are lost with it, and forgets
    /// what was to be asked for them.
    pub(crate) fn undo(
        &mut self,
        given: impl IntoIterator<Item = (ViewId, CommandId)>,
    ) -> BTreeSet<(ViewId, CommandId)> {
        let mut lost: BTreeSet<_> = given.into_iter().chain(self.answered.drain(..)).collect();
        for (_, waiting) in self.open.split_off(&HttpId(self.before.wrapping_add(1))) {
            if let Some((view, id)) = waiting.call.command() {
                lost.insert((view.clone(), id));
            }
        }
        self.held.retain(|waiting| match waiting.call.command() {
            Some((view, id)) => !lost.contains(&(view.clone(), id)),
            None => true,
        });
        lost
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.open.values().map(|waiting| waiting.until).min()
    }

    /// What the server said of itself last.
    pub(crate) const fn server_info(&self) -> Option<&ServerInfo> {
        self.server_info.as_ref()
    }

    pub(crate) fn is_refreshing(&self) -> bool {
        self.open.values().any(|waiting| waiting.call == Call::Refresh)
    }

    /// What goes on under this number goes on: it has its time anew. Says which file it is of.
    pub(crate) fn heard_of(&mut self, id: HttpId, now: Timestamp) -> Option<BlobId> {
        let waiting = self.open.get_mut(&id)?;
        waiting.until = now.plus_ms(PATIENCE_MS);
        waiting.file.as_ref().map(|part| part.blob)
    }

    /// Forgets the requests that are made for this. Says which ones the driver has to give up.
    pub(crate) fn forget(&mut self, meant: impl Fn(&Call) -> bool) -> Vec<HttpId> {
        self.held.retain(|waiting| !meant(&waiting.call));
        let ids: Vec<HttpId> = self
            .open
            .iter()
            .filter(|(_, waiting)| meant(&waiting.call))
            .map(|(id, _)| *id)
            .collect();
        for id in &ids {
            self.open.remove(id);
        }
        ids
    }

    fn is_open(&self, call: &Call) -> bool {
        self.is_any_open(|open| open == call)
    }

    /// Whether any of these is under way.
    pub(crate) fn is_any_open(&self, meant: impl Fn(&Call) -> bool) -> bool {
        let mut calls = self.open.values().chain(&self.held);
        calls.any(|waiting| meant(&waiting.call))
    }
}

impl<S: Storage> Engine<S> {
    /// Makes a request, at once or when there is a fresh token.
    pub(crate) fn call(&mut self, mut waiting: Waiting) {
        let full = self.calls.open.len() + self.calls.held.len() >= OPEN_MAX;
        if full && waiting.call != Call::Refresh {
            return self.fail_call(&waiting.call, local_error("rate_limited", Some(1_000)));
        }
        let bearer = match (&self.session, waiting.authorized) {
            (_, false) => None,
            (None, true) => return self.fail_call(&waiting.call, local_error("signed_out", None)),
            (Some(_), true) if self.token_is_stale() => {
                self.calls.held.push(waiting);
                return self.refresh_token();
            }
            (Some(session), true) => Some(session.access_token.clone()),
        };
        self.calls.last = self.calls.last.wrapping_add(1);
        let id = HttpId(self.calls.last);
        waiting.until = self.clock.steady().plus_ms(PATIENCE_MS);
        self.out.push(Output::Http(HttpRequest {
            id,
            method: waiting.method,
            path: waiting.path.clone(),
            bearer,
            body: waiting.body.clone(),
            headers: waiting.headers.clone(),
            file: waiting.file.clone(),
        }));
        self.calls.open.insert(id, waiting);
    }

    pub(crate) fn call_server_info(&mut self) {
        self.call(Waiting::open(Call::ServerInfo, HttpMethod::Get, "/v1/server"));
    }

    /// Asks for the names of a conversation's members, a page at a time.
    pub(crate) fn call_names(&mut self, conversation: ConversationId, after: Option<&str>, pages_left: u32) {
        let path = members_path(conversation, after);
        let call = Call::Names {
            conversation,
            pages_left,
        };
        if !self.calls.is_open(&call) {
            self.call(Waiting::authorized(call, HttpMethod::Get, path));
        }
    }

    /// Asks how the server sees a conversation now. False while an older question is under way.
    pub(crate) fn call_summary(&mut self, conversation: ConversationId) -> bool {
        let call = Call::Summary { conversation };
        let asks = !self.calls.is_open(&call);
        if asks {
            let path = format!("/v1/conversations/{conversation}");
            self.call(Waiting::authorized(call, HttpMethod::Get, path));
        }
        asks
    }

    pub(crate) fn release_held(&mut self) {
        for waiting in std::mem::take(&mut self.calls.held) {
            self.call(waiting);
        }
    }

    pub(crate) fn fail_held(&mut self, code: &str) {
        for waiting in std::mem::take(&mut self.calls.held) {
            self.fail_call(&waiting.call, local_error(code, None));
        }
    }

    /// Nobody is signed in any more: what was asked in their name has no answer, and their tokens are not traded.
    pub(crate) fn fail_calls_of_session(&mut self) {
        self.fail_held("signed_out");
        let of_session = |waiting: &Waiting| {
            waiting.call == Call::Refresh || (waiting.authorized && waiting.call != Call::Farewell)
        };
        let ids: Vec<HttpId> = self
            .calls
            .open
            .iter()
            .filter(|(_, waiting)| of_session(waiting))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            if let Some(waiting) = self.calls.open.remove(&id) {
                self.fail_call(&waiting.call, local_error("signed_out", None));
            }
        }
    }

    pub(crate) fn calls_due(&mut self) -> Stored {
        let late: Vec<(HttpId, bool)> = self
            .calls
            .open
            .iter()
            .filter(|(_, waiting)| self.clock.is_due(waiting.until))
            .map(|(id, waiting)| (*id, waiting.file.is_some()))
            .collect();
        for (id, carries_file) in late {
            if carries_file {
                self.out.push(Output::AbortHttp { id });
            }
            self.http_done(id, &HttpAnswer::Unreachable)?;
        }
        Ok(())
    }

    pub(crate) fn http_done(&mut self, id: HttpId, answer: &HttpAnswer) -> Stored {
        let Some(mut waiting) = self.calls.open.remove(&id) else {
            return Ok(());
        };
        if let Some((view, id)) = waiting.call.command() {
            self.calls.answered.push((view.clone(), id));
        }
        if waiting.call == Call::Refresh {
            let outcome = read::<Session>(answer).map_err(|_| RefreshFailure::of(answer));
            return self.refreshed(outcome);
        }
        let Some(error) = read_error(answer) else {
            return self.answered(waiting.call, answer);
        };
        if waiting.authorized
            && let Some(wire) = wire_error(answer)
        {
            if let Some(reason) = ended_by(&wire) {
                self.fail_call(&waiting.call, error);
                return self.end_session(Some(reason));
            }
            if wire.code == ErrorCode::Unauthenticated && !waiting.refused {
                waiting.refused = true;
                self.token_refused();
                self.call(waiting);
                return Ok(());
            }
            if let Call::Summary { conversation } = waiting.call
                && matches!(wire.code, ErrorCode::NotMember | ErrorCode::NotFound)
            {
                return self.conversation_gone(conversation, false);
            }
        }
        if let Call::Search { view, id, asked } = &waiting.call
            && error.code == "offline"
        {
            let reply = self.search_here(asked)?;
            self.reply(view.clone(), *id, reply);
            return Ok(());
        }
        self.fail_call(&waiting.call, error);
        Ok(())
    }

    fn fail_call(&mut self, call: &Call, error: CommandError) {
        if let Some((view, id)) = call.command() {
            self.reply(view.clone(), id, Reply::Failed { error });
        } else if let Call::Upload { blob, .. } = call {
            self.uploads.refused(*blob, error);
        } else if let Call::Wish(wish) = call {
            self.wishes.refused(*wish, error);
        } else if let Call::Keys(keys) = call {
            self.encryption.refused(keys.clone(), error);
        } else if let Call::Archive(archive) = call {
            self.archives.refused(archive.clone(), error);
        }
    }

    fn answered(&mut self, call: Call, answer: &HttpAnswer) -> Stored {
        match call {
            Call::Command { view, id, expects } => {
                let reply = match self.read_reply(expects, answer)? {
                    Ok(reply) => reply,
                    Err(error) => Reply::Failed { error },
                };
                self.reply(view, id, reply);
            }
            Call::Search { view, id, asked } => {
                let reply = match read::<Found>(answer) {
                    Ok(found) => Reply::SearchResults {
                        results: self.found_there(&asked, found)?,
                    },
                    Err(error) => Reply::Failed { error },
                };
                self.reply(view, id, reply);
            }
            Call::ServerInfo => {
                if let Ok(info) = read::<ServerInfo>(answer) {
                    self.server_info_came(&info)?;
                    self.calls.server_info = Some(info);
                }
            }
            Call::Names {
                conversation,
                pages_left,
            } => {
                if let Ok(members) = read::<Members>(answer) {
                    self.names_came(conversation, members, pages_left)?;
                }
            }
            Call::Summary { .. } => {
                if let Ok(found) = read::<Conversation>(answer) {
                    self.apply_summary(&found.conversation)?;
                }
            }
            Call::Upload { blob, step } => self.upload_answered(blob, step, answer)?,
            Call::Wish(wish) => self.wish_answered(wish, answer)?,
            Call::Keys(keys) => self.keys_answered(&keys, answer)?,
            Call::Archive(archive) => self.archive_answered(&archive, answer)?,
            Call::Refresh | Call::Farewell => {}
        }
        Ok(())
    }

    /// What the server says of one message.
    fn read_about_message(
        &mut self,
        expects: Expects,
        answer: &HttpAnswer,
    ) -> Stored<Result<Reply, CommandError>> {
        if let Expects::Reach { seq, others } = expects {
            return match read::<Members>(answer) {
                Ok(members) => {
                    self.save_names(members.items.iter().map(|member| &member.profile))?;
                    Ok(Ok(self.message_info(seq, others, members.items)))
                }
                Err(error) => Ok(Err(error)),
            };
        }
        if let Expects::Votes = expects {
            return match read::<FoundVotes>(answer) {
                Ok(found) => {
                    self.save_names(found.items.iter().map(|vote| &vote.profile))?;
                    Ok(Ok(Reply::Votes { items: found.items }))
                }
                Err(error) => Ok(Err(error)),
            };
        }
        match read::<FoundReactions>(answer) {
            Ok(found) => {
                self.save_names(found.items.iter().map(|reaction| &reaction.profile))?;
                Ok(Ok(Reply::Reactions { items: found.items }))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    fn read_members(&mut self, answer: &HttpAnswer) -> Stored<Result<Reply, CommandError>> {
        let mut members = match read::<Members>(answer) {
            Ok(members) => members,
            Err(error) => return Ok(Err(error)),
        };
        self.save_names(members.items.iter().map(|member| &member.profile))?;
        for member in &mut members.items {
            member.profile = self.with_face(member.profile.clone())?;
        }
        Ok(Ok(Reply::Members {
            items: members.items,
            next: members.next,
        }))
    }

    fn read_reply(&mut self, expects: Expects, answer: &HttpAnswer) -> Stored<Result<Reply, CommandError>> {
        let reply = match expects {
            Expects::Nothing => {
                // Answers of changes to a conversation may carry its new summary.
                if let Ok(changed) = read::<Conversation>(answer) {
                    self.apply_summary(&changed.conversation)?;
                }
                Ok(Reply::Done)
            }
            Expects::ServerInfo => {
                let info = read::<ServerInfo>(answer);
                if let Ok(info) = &info {
                    self.calls.server_info = Some(info.clone());
                    self.server_info_came(info)?;
                }
                info.map(|info| Reply::ServerInfo { info })
            }
            Expects::InviteInfo => read::<InviteInfo>(answer).map(|info| Reply::InviteInfo { info }),
            Expects::Session => match read::<Session>(answer) {
                Ok(session) => {
                    self.begin_session(session)?;
                    Ok(Reply::Done)
                }
                Err(error) => Err(error),
            },
            Expects::Users => match read::<Users>(answer) {
                Ok(users) => Ok(Reply::Users {
                    items: self.with_faces(users.items)?,
                }),
                Err(error) => Err(error),
            },
            Expects::Conversation => match read::<Conversation>(answer) {
                Ok(made) => {
                    let conversation = made.conversation.id;
                    self.apply_summary(&made.conversation)?;
                    Ok(Reply::Conversation { conversation })
                }
                Err(error) => Err(error),
            },
            Expects::Members => self.read_members(answer)?,
            Expects::Invite => read::<Invite>(answer).map(|invite| Reply::Invite { invite }),
            Expects::Invites => {
                read::<Invites>(answer).map(|invites| Reply::Invites { items: invites.items })
            }
            Expects::Devices => {
                read::<Devices>(answer).map(|devices| Reply::Devices { items: devices.items })
            }
            Expects::Notify(expects) => notifications::read_reply(expects, answer),
            Expects::Privacy(expects) => privacy::read_reply(expects, answer),
            Expects::Report(expects) => reports::read_reply(expects, answer),
            Expects::Group(expects) => return self.read_group_reply(expects, answer),
            Expects::OwnKeys { seen } => return self.read_own_keys(seen, answer),
            Expects::Preview => read::<LinkPreview>(answer).map(|preview| Reply::Preview { preview }),
            Expects::StorageUse => read_use(answer),
            Expects::Place => read::<Place>(answer).map(|place| Reply::Place { seq: place.seq }),
            Expects::BlobLinks => return self.read_links(answer),
            Expects::Reactions | Expects::Votes | Expects::Reach { .. } => {
                return self.read_about_message(expects, answer);
            }
        };
        Ok(reply)
    }
}

fn read_use(answer: &HttpAnswer) -> Result<Reply, CommandError> {
    read::<Uploads>(answer).map(|uploads| Reply::StorageUse {
        used_bytes: uploads.used_bytes,
    })
}

/// A failure that the server has not named.
pub(crate) fn local_error(code: &str, retry_after_ms: Option<u32>) -> CommandError {
    CommandError {
        code: code.to_owned(),
        field: None,
        retry: match code {
            "signed_out" | "bad_answer" | "file_gone" => Retry::Never,
            _ => Retry::Later,
        },
        retry_after_ms,
    }
}

/// A refusal by the engine itself, by a code of the protocol.
pub(crate) fn refusal(code: ErrorCode, field: Option<&str>) -> CommandError {
    CommandError {
        code: code_name(code),
        field: field.map(str::to_owned),
        retry: code.retry(),
        retry_after_ms: None,
    }
}

/// The name of a code as it travels.
pub(crate) fn code_name(code: ErrorCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(name)) => name,
        _ => "unknown".to_owned(),
    }
}

fn command_error(error: WireError) -> CommandError {
    CommandError {
        code: code_name(error.code),
        field: error.field,
        retry: error.retry,
        retry_after_ms: error.retry_after_ms,
    }
}

fn wire_error(answer: &HttpAnswer) -> Option<WireError> {
    match answer {
        HttpAnswer::Answered { status, body } if *status >= 400 => serde_json::from_str(body).ok(),
        _ => None,
    }
}

fn read_error(answer: &HttpAnswer) -> Option<CommandError> {
    match answer {
        HttpAnswer::Unreachable => Some(local_error("offline", None)),
        HttpAnswer::FileGone => Some(local_error("file_gone", None)),
        HttpAnswer::Received { .. } => None,
        HttpAnswer::Answered { status, .. } if (200..300).contains(status) => None,
        HttpAnswer::Answered { .. } => {
            Some(wire_error(answer).map_or_else(|| local_error("bad_answer", None), command_error))
        }
    }
}

pub(crate) fn read<T: DeserializeOwned>(answer: &HttpAnswer) -> Result<T, CommandError> {
    match answer {
        HttpAnswer::Answered { status, body } if (200..300).contains(status) => serde_json::from_str(body)
            .map_err(|error| {
                tracing::warn!(%error, "an answer was not understood");
                local_error("bad_answer", None)
            }),
        _ => Err(local_error("bad_answer", None)),
    }
}
