//! Groups: what is asked of the server about what they are set to, who comes in and who is kept out.

use pipit_wire::rest::{
    Approve, Bans, ChangeConversation, GroupInvite, GroupInviteInfo, GroupInvites, JoinGroup, JoinRequests,
    Joining, NewBan, NewGroupInvite,
};

use crate::command::{Command, CommandError, Reply};
use crate::engine::{Engine, Stored};
use crate::http::{Expects, Waiting, read};
use crate::io::{HttpAnswer, HttpMethod};
use crate::path::escape;
use crate::storage::Storage;

/// What the answer to a command about a group is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupExpects {
    Invite,
    Invites,
    InviteInfo,
    Joining,
    Requests,
    Bans,
}

/// Commands about who comes into a group and who is kept out, and what it is set to.
pub(crate) fn request_of(command: Command) -> Option<(Expects, Waiting)> {
    use HttpMethod::{Delete, Get, Patch, Post};
    let group = |conversation, what: &str| format!("/v1/conversations/{conversation}/{what}");
    let (expects, waiting) = match command {
        Command::ChangeSettings {
            conversation,
            event_id,
            change,
        } => {
            let body = ChangeConversation {
                event_id,
                title: None,
                topic: change.topic,
                announcements: change.announcements,
                history: change.history,
                expire_after_ms: change.expire_after_ms,
                avatar: change.avatar,
            };
            let path = format!("/v1/conversations/{conversation}");
            (Expects::Nothing, signed(Patch, path).with(&body))
        }
        Command::BanMember {
            conversation,
            event_id,
            user,
        } => {
            let body = NewBan { event_id, user };
            (
                Expects::Nothing,
                signed(Post, group(conversation, "bans")).with(&body),
            )
        }
        Command::LiftBan { conversation, user } => {
            let path = group(conversation, &format!("bans/{user}"));
            (Expects::Nothing, signed(Delete, path))
        }
        Command::ListBans { conversation } => (
            Expects::Group(GroupExpects::Bans),
            signed(Get, group(conversation, "bans")),
        ),
        Command::ApproveJoin {
            conversation,
            event_id,
            user,
        } => {
            let path = group(conversation, &format!("requests/{user}"));
            (Expects::Nothing, signed(Post, path).with(&Approve { event_id }))
        }
        Command::DeclineJoin { conversation, user } => {
            let path = group(conversation, &format!("requests/{user}"));
            (Expects::Nothing, signed(Delete, path))
        }
        Command::ListJoinRequests { conversation } => (
            Expects::Group(GroupExpects::Requests),
            signed(Get, group(conversation, "requests")),
        ),
        other => return link_request(other),
    };
    Some((expects, waiting))
}

/// Commands about links into groups.
fn link_request(command: Command) -> Option<(Expects, Waiting)> {
    use HttpMethod::{Delete, Get, Post};
    let group = |conversation| format!("/v1/conversations/{conversation}/invites");
    let (expects, waiting) = match command {
        Command::CreateGroupInvite {
            conversation,
            expires_in_s,
            uses,
            approval,
        } => {
            let body = NewGroupInvite {
                expires_in_s,
                uses,
                approval,
            };
            let expects = Expects::Group(GroupExpects::Invite);
            (expects, signed(Post, group(conversation)).with(&body))
        }
        Command::ListGroupInvites { conversation } => (
            Expects::Group(GroupExpects::Invites),
            signed(Get, group(conversation)),
        ),
        Command::RevokeGroupInvite { conversation, invite } => {
            let path = format!("{}/{invite}", group(conversation));
            (Expects::Nothing, signed(Delete, path))
        }
        Command::GetGroupInviteInfo { token } => (
            Expects::Group(GroupExpects::InviteInfo),
            signed(Get, format!("/v1/groups/invites/{}", escape(&token))),
        ),
        Command::JoinGroup { token, event_id } => (
            Expects::Group(GroupExpects::Joining),
            signed(Post, "/v1/groups/join").with(&JoinGroup { token, event_id }),
        ),
        other => return crate::notifications::request_of(other),
    };
    Some((expects, waiting))
}

fn signed(method: HttpMethod, path: impl Into<String>) -> Waiting {
    Waiting::authorized(crate::http::Call::Farewell, method, path)
}

impl<S: Storage> Engine<S> {
    pub(crate) fn read_group_reply(
        &mut self,
        expects: GroupExpects,
        answer: &HttpAnswer,
    ) -> Stored<Result<Reply, CommandError>> {
        Ok(match expects {
            GroupExpects::Invite => read::<GroupInvite>(answer).map(|invite| Reply::GroupInvite { invite }),
            GroupExpects::Invites => {
                read::<GroupInvites>(answer).map(|invites| Reply::GroupInvites { items: invites.items })
            }
            GroupExpects::InviteInfo => {
                read::<GroupInviteInfo>(answer).map(|info| Reply::GroupInviteInfo { info })
            }
            GroupExpects::Requests => read::<JoinRequests>(answer).map(|requests| Reply::JoinRequests {
                items: requests.items,
            }),
            GroupExpects::Bans => read::<Bans>(answer).map(|bans| Reply::Bans { items: bans.items }),
            GroupExpects::Joining => match read::<Joining>(answer) {
                Ok(joining) => {
                    if let Some(summary) = &joining.conversation {
                        self.apply_summary(summary)?;
                    }
                    let conversation = joining.conversation.map(|summary| summary.id);
                    Ok(Reply::Joining { conversation })
                }
                Err(error) => Err(error),
            },
        })
    }
}
