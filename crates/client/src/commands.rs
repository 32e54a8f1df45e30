//! Commands of views: which part of the engine does each.

use pipit_wire::frame::client::ClientInfo;
use pipit_wire::rest::{
    AddMembers, ChangeConversation, ChangeRole, FindPreview, NewAccount, NewBlobLinks, NewDirect, NewGroup,
    NewInvite, SetUp, SignIn, SignUp,
};
use pipit_wire::{ConversationId, ErrorCode, MessageId, Seq};

use crate::command::{AccountForm, Command, CommandId, Reply, ViewId};
use crate::engine::{Engine, Stored};
use crate::http::{Call, Expects, Waiting, refusal};
use crate::io::HttpMethod;
use crate::outbox::WrittenFiles;
use crate::path::{escape, found_members_path, members_path};
use crate::scheduled::Later;
use crate::search::Asked;
use crate::storage::Storage;

impl<S: Storage> Engine<S> {
    pub(crate) fn command(&mut self, view: ViewId, id: CommandId, command: Command) -> Stored {
        if self.session.is_none() && needs_session(&command) {
            let error = crate::http::local_error("signed_out", None);
            self.reply(view, id, Reply::Failed { error });
            return Ok(());
        }
        if let Command::Search {
            query,
            conversation,
            after,
            utc_offset_min,
        } = command
        {
            let asked = Asked {
                query,
                conversation,
                after,
                utc_offset_min,
            };
            return self.search(view, id, asked);
        }
        if let Command::Trust { ask } = command {
            return self.trust_command(view, id, ask);
        }
        if let Command::Report { ask } = command {
            return self.report_command(view, id, ask);
        }
        if let Command::Picture { ask } = command {
            let reply = self.picture_command(ask)?;
            self.reply(view, id, reply);
            return Ok(());
        }
        let command = match self.local_command(&view, id, command)? {
            Done::Now(reply) => {
                self.reply(view, id, reply);
                return Ok(());
            }
            Done::Asked => return Ok(()),
            Done::Not(command) => command,
        };
        let Some((expects, waiting)) = self.request_of(command) else {
            self.reply(view, id, Reply::Done);
            return Ok(());
        };
        self.call(waiting.answering(Call::Command { view, id, expects }));
        Ok(())
    }

    /// Commands that are done on the device.
    fn local_command(&mut self, view: &ViewId, id: CommandId, command: Command) -> Stored<Done> {
        match command {
            Command::SetVisible { visible } => self.set_visible(view, visible)?,
            Command::SetOnline { online } => self.set_online(online),
            Command::LoadMoreConversations => self.load_more_conversations(view),
            Command::OpenTimeline { conversation } => {
                return self.open_timeline(view, conversation).map(Done::Now);
            }
            Command::CloseTimeline => self.close_timeline(view),
            Command::LoadOlder => self.load_older(view),
            Command::MarkRead { conversation, seq } => self.view_read(view, conversation, seq)?,
            Command::SendMessage {
                message,
                conversation,
                text,
                reply_to,
                attachments,
                preview,
            } => {
                let mut files = WrittenFiles::of(attachments);
                files.preview = preview;
                return self
                    .queue_message(message, conversation, text, reply_to, files)
                    .map(Done::Now);
            }
            Command::RetryMessage { message } => return self.retry_message(message).map(Done::Now),
            Command::DiscardMessage { message } => return self.discard_message(message).map(Done::Now),
            Command::OpenTimelineAt { conversation, seq } => {
                return self.open_timeline_at(view, conversation, seq).map(Done::Now);
            }
            Command::FindPlace { conversation, at } => return self.find_place(view, id, conversation, at),
            Command::LoadNewer => self.load_newer(view),
            Command::ListEdits {
                conversation,
                message,
            } => return self.list_edits(conversation, message).map(Done::Now),
            Command::GetMessageInfo {
                conversation,
                message,
            } => return self.get_message_info(view, id, conversation, message),
            Command::SetTyping { conversation, active } => self.set_typing(conversation, active),
            Command::SaveDraft { conversation, text } => self.keep_draft(conversation, text)?,
            Command::SetListFilter { filter } => self.set_list_filter(view, filter),
            Command::ArchiveConversation {
                conversation,
                archived,
            } => self.set_archived(conversation, archived)?,
            Command::AnswerRequest { conversation, answer } => self.answer_request(conversation, answer)?,
            Command::PinConversation { conversation, place } => self.set_pinned(conversation, place)?,
            Command::MuteConversation { conversation, until } => self.mute(conversation, until)?,
            Command::SetNotify { conversation, notify } => self.set_notify(conversation, notify)?,
            Command::MarkUnread { conversation, unread } => self.mark_unread(conversation, unread)?,
            Command::SignOut => self.sign_out()?,
            Command::SignIn { ref handle, .. } if self.session.is_some() => {
                return Ok(Done::Now(self.repeated_sign_in(handle)));
            }
            Command::SignUp { ref account, .. } | Command::SetUp { ref account, .. }
                if self.session.is_some() =>
            {
                return Ok(Done::Now(self.repeated_sign_in(&account.handle)));
            }
            other => return self.sealed_command(other),
        }
        Ok(Done::Now(Reply::Done))
    }

    /// Commands about archives, what encrypted groups are called and who did what in them, and all others.
    fn sealed_command(&mut self, command: Command) -> Stored<Done> {
        let command = match self.archive_command(command)? {
            Done::Not(other) => other,
            done => return Ok(done),
        };
        let command = match self.profile_command(command)? {
            Done::Not(other) => other,
            done => return Ok(done),
        };
        match self.who_command(command)? {
            Done::Not(other) => self.change_command(other),
            done => Ok(done),
        }
    }

    /// The markers of a conversation's members say how far a message of one's own has come.
    fn get_message_info(
        &mut self,
        view: &ViewId,
        id: CommandId,
        conversation: ConversationId,
        message: MessageId,
    ) -> Stored<Done> {
        let event = self.storage.find_message(conversation, message)?;
        let (Some(event), Some(record)) = (event, self.storage.conversation(conversation)?) else {
            let error = refusal(ErrorCode::NotFound, None);
            return Ok(Done::Now(Reply::Failed { error }));
        };
        if Some(event.sender) != self.me() {
            let error = refusal(ErrorCode::Forbidden, None);
            return Ok(Done::Now(Reply::Failed { error }));
        }
        let expects = Expects::Reach {
            seq: event.seq,
            others: record.member_count.saturating_sub(1),
        };
        let view = view.clone();
        let call = Call::Command { view, id, expects };
        self.call(signed(HttpMethod::Get, members_path(conversation, None)).answering(call));
        Ok(Done::Asked)
    }

    /// Commands that do something to messages.
    fn change_command(&mut self, command: Command) -> Stored<Done> {
        let reply = match command {
            Command::EditMessage {
                change,
                conversation,
                message,
                text,
            } => self.edit_message(change, conversation, message, text)?,
            Command::DeleteMessage {
                change,
                conversation,
                message,
            } => self.delete_message(change, conversation, message)?,
            Command::React {
                change,
                conversation,
                message,
                emoji,
                on,
            } => self.react(change, conversation, message, emoji, on)?,
            Command::PinMessage {
                change,
                conversation,
                message,
                on,
            } => self.pin_message(change, conversation, message, on)?,
            Command::ForwardMessages {
                conversation,
                messages,
                to,
            } => self.forward_messages(conversation, &messages, &to)?,
            Command::DeleteForMe {
                conversation,
                messages,
            } => self.delete_for_me(conversation, &messages)?,
            Command::PauseUpload { blob } => self.pause_upload(blob)?,
            Command::ResumeUpload { blob } => self.resume_upload(blob)?,
            Command::CancelUpload { blob } => self.cancel_upload(blob)?,
            other => return self.poll_command(other),
        };
        Ok(Done::Now(reply))
    }

    /// Commands about polls, and about messages that are sent later.
    fn poll_command(&mut self, command: Command) -> Stored<Done> {
        let reply = match command {
            Command::SendPoll {
                message,
                conversation,
                question,
                poll,
            } => self.send_poll(message, conversation, question, poll)?,
            Command::Vote {
                change,
                conversation,
                message,
                options,
            } => self.vote(change, conversation, message, options)?,
            Command::ClosePoll {
                change,
                conversation,
                message,
            } => self.close_poll(change, conversation, message)?,
            Command::ScheduleMessage {
                conversation,
                message,
                text,
                reply_to,
                send_at,
                attachments,
            } => self.schedule(
                conversation,
                message,
                Later {
                    text,
                    reply_to,
                    send_at,
                    attachments,
                },
            )?,
            Command::CancelScheduled {
                conversation,
                message,
            } => self.cancel_scheduled(conversation, message)?,
            Command::SendScheduled {
                conversation,
                message,
            } => self.send_scheduled(conversation, message)?,
            other => return self.wish_command(other),
        };
        Ok(Done::Now(reply))
    }

    /// A sign-in while somebody is signed in: done, where it is the same person (a tab repeats it to a new leader).
    fn repeated_sign_in(&self, handle: &str) -> Reply {
        let same = self
            .session
            .as_ref()
            .is_some_and(|session| session.me.profile.handle.eq_ignore_ascii_case(handle));
        if same {
            return Reply::Done;
        }
        let error = refusal(ErrorCode::OutOfOrder, None);
        Reply::Failed { error }
    }

    fn sign_out(&mut self) -> Stored {
        let farewell = Waiting::authorized(Call::Farewell, HttpMethod::Delete, "/v1/sessions/current");
        self.call(farewell);
        self.end_session(None)
    }

    fn view_read(&mut self, view: &ViewId, conversation: ConversationId, seq: Seq) -> Stored {
        if self.views.note_read(view, conversation, seq) {
            self.mark_read(conversation, seq)?;
        }
        Ok(())
    }

    fn set_visible(&mut self, view: &ViewId, visible: bool) -> Stored {
        let seen = self.views.set_visible(view, visible);
        if visible {
            self.hurry();
        }
        if let Some((conversation, seq)) = seen {
            self.mark_read(conversation, seq)?;
        }
        Ok(())
    }

    /// Commands that the server carries out.
    fn request_of(&self, command: Command) -> Option<(Expects, Waiting)> {
        use HttpMethod::{Get, Post};
        let request = match command {
            Command::GetServerInfo => (Expects::ServerInfo, open(Get, "/v1/server")),
            Command::GetInviteInfo { token } => (
                Expects::InviteInfo,
                open(Get, format!("/v1/invites/{}", escape(&token))),
            ),
            Command::SearchUsers { query } => (
                Expects::Users,
                signed(Get, format!("/v1/users?query={}", escape(&query))),
            ),
            Command::CreateDirect { .. } | Command::CreateGroup { .. } => return making_request(command),
            Command::ListMembers {
                conversation,
                query,
                after,
            } => (
                Expects::Members,
                signed(
                    Get,
                    found_members_path(conversation, query.as_deref(), after.as_deref()),
                ),
            ),
            Command::ListReactions {
                conversation,
                message,
            } => (
                Expects::Reactions,
                about_message(conversation, message, "reactions"),
            ),
            Command::ListVotes {
                conversation,
                message,
            } => (Expects::Votes, about_message(conversation, message, "votes")),
            Command::FindPreview { url } => (
                Expects::Preview,
                signed(Post, "/v1/previews").with(&FindPreview { url }),
            ),
            Command::GetStorageUse => (Expects::StorageUse, signed(Get, "/v1/uploads")),
            Command::GetBlobLinks { blobs } => (
                Expects::BlobLinks,
                signed(Post, "/v1/blobs/links").with(&NewBlobLinks { blobs }),
            ),
            Command::SetUp { .. } | Command::SignUp { .. } | Command::SignIn { .. } => {
                return self.sign_in_request(command);
            }
            other => return account_request(other),
        };
        Some(request)
    }

    /// Commands that begin a session.
    fn sign_in_request(&self, command: Command) -> Option<(Expects, Waiting)> {
        use HttpMethod::Post;
        let waiting = match command {
            Command::SetUp {
                token,
                server_name,
                account,
            } => {
                let body = SetUp {
                    token,
                    server_name,
                    account: self.account(account),
                };
                open(Post, "/v1/setup").with(&body)
            }
            Command::SignUp { invite, account } => {
                let body = SignUp {
                    invite,
                    account: self.account(account),
                };
                open(Post, "/v1/accounts").with(&body)
            }
            Command::SignIn {
                handle,
                password,
                device_name,
            } => {
                let body = SignIn {
                    handle,
                    password,
                    device_name,
                    client: self.client_info(),
                };
                open(Post, "/v1/sessions").with(&body)
            }
            _ => return None,
        };
        Some((Expects::Session, waiting))
    }

    fn client_info(&self) -> ClientInfo {
        self.config.client.clone()
    }

    fn account(&self, form: AccountForm) -> NewAccount {
        NewAccount {
            handle: form.handle,
            name: form.name,
            password: form.password,
            device_name: form.device_name,
            client: self.client_info(),
        }
    }
}

/// Commands that make a conversation.
fn making_request(command: Command) -> Option<(Expects, Waiting)> {
    let waiting = match command {
        Command::CreateDirect { user, encrypted } => {
            let body = NewDirect { user, encrypted };
            signed(HttpMethod::Post, "/v1/conversations/direct").with(&body)
        }
        Command::CreateGroup {
            id,
            title,
            members,
            encrypted,
        } => {
            let body = NewGroup {
                id,
                title: (!encrypted).then_some(title),
                members,
                encrypted,
            };
            signed(HttpMethod::Post, "/v1/conversations/group").with(&body)
        }
        _ => return None,
    };
    Some((Expects::Conversation, waiting))
}

pub(crate) enum Done {
    Now(Reply),
    /// The server has been asked.
    Asked,
    Not(Command),
}

/// Commands about one's own account and who may come here.
fn account_request(command: Command) -> Option<(Expects, Waiting)> {
    use HttpMethod::{Delete, Get, Post};
    let request = match command {
        Command::CreateInvite { expires_in_s, uses } => (
            Expects::Invite,
            signed(Post, "/v1/invites").with(&NewInvite { expires_in_s, uses }),
        ),
        Command::ListInvites => (Expects::Invites, signed(Get, "/v1/invites")),
        Command::RevokeInvite { invite } => {
            (Expects::Nothing, signed(Delete, format!("/v1/invites/{invite}")))
        }
        Command::ListDevices => (Expects::Devices, signed(Get, "/v1/devices")),
        Command::SignOutDevice { device } => {
            (Expects::Nothing, signed(Delete, format!("/v1/devices/{device}")))
        }
        group_change => return group_request(group_change),
    };
    Some(request)
}

/// Changes to a group.
fn group_request(command: Command) -> Option<(Expects, Waiting)> {
    use HttpMethod::{Delete, Patch, Post};
    let waiting = match command {
        Command::AddMembers {
            conversation,
            event_ids,
            users,
        } => signed(Post, members_path(conversation, None)).with(&AddMembers { event_ids, users }),
        Command::RemoveMember { conversation, user } => {
            signed(Delete, format!("{}/{user}", members_path(conversation, None)))
        }
        Command::ChangeRole {
            conversation,
            event_id,
            user,
            role,
        } => signed(Patch, format!("{}/{user}", members_path(conversation, None)))
            .with(&ChangeRole { event_id, role }),
        Command::Rename {
            conversation,
            event_id,
            title,
        } => signed(Patch, format!("/v1/conversations/{conversation}")).with(&ChangeConversation {
            event_id,
            title: Some(title),
            topic: None,
            announcements: None,
            history: None,
            expire_after_ms: None,
            avatar: None,
        }),
        other => return crate::group::request_of(other),
    };
    Some((Expects::Nothing, waiting))
}

fn open(method: HttpMethod, path: impl Into<String>) -> Waiting {
    Waiting::open(Call::Farewell, method, path)
}

fn signed(method: HttpMethod, path: impl Into<String>) -> Waiting {
    Waiting::authorized(Call::Farewell, method, path)
}

const fn needs_session(command: &Command) -> bool {
    !matches!(
        command,
        Command::GetServerInfo
            | Command::GetInviteInfo { .. }
            | Command::SetUp { .. }
            | Command::SignUp { .. }
            | Command::SignIn { .. }
            | Command::SignOut
            | Command::SetVisible { .. }
            | Command::SetOnline { .. }
            | Command::CloseTimeline
    )
}

/// What the server knows of one message.
fn about_message(conversation: ConversationId, message: MessageId, what: &str) -> Waiting {
    let path = format!("/v1/conversations/{conversation}/messages/{message}/{what}");
    signed(HttpMethod::Get, path)
}
