//! Making conversations, and who is in them as what.

use std::collections::HashSet;
use std::sync::Arc;

use pipit_model::{Action, text};
use pipit_store::Facts;
use pipit_store::conversation::{ConversationAccess, Created, MemberPosition, NewDirect, NewGroup};
use pipit_store::log::{Append, AppendError, Appended};
use pipit_wire::event::{EventBody, MemberRole, Role, SettingsChange};
use pipit_wire::frame::{ConversationSummary, ListPosition, Member};
use pipit_wire::limits::{
    EXPIRE_AFTER_MS_MAX, EXPIRE_AFTER_MS_MIN, MEMBERS_PER_REQUEST_MAX, PAGE_CONVERSATIONS_MAX,
};
use pipit_wire::{ConversationId, ErrorCode, Event, EventId, UserId, WireError, rest};

use super::access::{
    ATTEMPTS_MAX, Caller, allow, allow_joining, facts_about, facts_of, members_max, not_member,
    require_access,
};
use super::attachments;
use super::expiry::without_expired;
use super::messaging::find_appended;
use super::{privacy, requests};
use crate::context::Context;
use crate::error::ServiceError;
use crate::fanout::announcer::Announcer;
use crate::fanout::appender::{AppendFailure, Appender};
use crate::fanout::hub::Hub;

/// The most members in one page.
pub const PAGE_MEMBERS_MAX: u32 = 100;
/// The longest query of a search for members, in bytes.
const QUERY_BYTES_MAX: usize = 256;

/// See the module.
pub struct Conversations {
    pub(super) context: Context,
    appender: Appender,
    announcer: Announcer,
    pub(super) hub: Arc<Hub>,
}

/// A page of the list of conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationsList {
    /// Newest first.
    pub items: Vec<ConversationSummary>,
    /// Where the next page begins; none at the end.
    pub next: Option<ListPosition>,
}

/// A page of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembersPage {
    /// Oldest first.
    pub items: Vec<Member>,
    /// The member after whom the next page begins; none at the end.
    pub next: Option<UserId>,
}

/// A page of members that a search has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundMembers {
    /// The highest roles first, then by handle.
    pub items: Vec<Member>,
    /// The place after which the next page begins; none at the end.
    pub next: Option<MemberPosition>,
}

/// A change to who is in a group as what, or to what it is called.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Add {
        user: UserId,
        /// Whether it is a message request to them.
        asks: bool,
    },
    /// Lets somebody in who has asked.
    Admit(UserId),
    /// The caller comes by a link.
    Join,
    Remove(UserId),
    Ban(UserId),
    SetRole(UserId, Role),
    Rename(String),
    Set(SettingsChange),
}

impl Conversations {
    /// The service.
    pub fn new(context: Context, appender: Appender, announcer: Announcer, hub: Arc<Hub>) -> Self {
        Self {
            context,
            appender,
            announcer,
            hub,
        }
    }

    /// The direct conversation with somebody, made where there is none. With oneself it is that of one's notes.
    pub async fn create_direct(
        &self,
        caller: Caller,
        other: UserId,
        encrypted: bool,
    ) -> Result<ConversationSummary, ServiceError> {
        self.require_users(&[other]).await?;
        self.require_unblocked(caller.user, &[other]).await?;
        privacy::require_writable(&self.context, caller.user, other, encrypted).await?;
        let asked = requests::asked(&self.context, caller.user, &[other]).await?;
        let now = self.context.now();
        let created = self
            .context
            .store
            .create_direct(NewDirect {
                id: ConversationId::new(now, self.context.random_bytes()),
                event: EventId::new(now, self.context.random_bytes()),
                creator: caller.user,
                device: caller.device,
                other,
                encrypted,
                asks: asked.contains(&other),
                now,
            })
            .await?;
        self.created(caller, created).await
    }

    /// Makes a group with the caller as its owner. Repeating it returns the same group.
    pub async fn create_group(
        &self,
        caller: Caller,
        group: rest::NewGroup,
    ) -> Result<ConversationSummary, ServiceError> {
        let title = match (&group.title, group.encrypted) {
            (None, true) => None,
            (Some(_), true) => {
                let why = "what an encrypted group is called is sealed";
                return Err(ServiceError::refused(ErrorCode::SealedOnly, why));
            }
            (title, false) => {
                let title = text::title(title.as_deref().unwrap_or_default());
                Some(title.map_err(|error| ServiceError::text("title", error))?)
            }
        };
        require_distinct("members", &group.members)?;
        if group.members.contains(&caller.user) {
            return Err(ServiceError::field(
                "members",
                "whoever makes a group is in it anyway",
            ));
        }
        self.require_users(&group.members).await?;
        self.require_unblocked(caller.user, &group.members).await?;
        self.require_addable(caller, group.id, "members", &group.members)
            .await?;
        let asked = requests::asked(&self.context, caller.user, &group.members).await?;
        let now = self.context.now();
        let created = self
            .context
            .store
            .create_group(NewGroup {
                id: group.id,
                event: EventId::new(now, self.context.random_bytes()),
                creator: caller.user,
                device: caller.device,
                title,
                encrypted: group.encrypted,
                members: group.members,
                asked,
                now,
            })
            .await?
            .map_err(|error| ServiceError::refused(ErrorCode::IdConflict, error.to_string()))?;
        self.created(caller, created).await
    }

    /// A page of the caller's conversations, newest first, beginning after `after`.
    pub async fn list(
        &self,
        user: UserId,
        after: Option<ListPosition>,
        limit: u32,
    ) -> Result<ConversationsList, ServiceError> {
        if limit == 0 || limit > PAGE_CONVERSATIONS_MAX {
            return Err(ServiceError::field(
                "limit",
                format_args!("1 to {PAGE_CONVERSATIONS_MAX}"),
            ));
        }
        let mut items = self
            .context
            .store
            .list_conversations(user, after, limit + 1)
            .await?;
        let now = self.context.now();
        items = items.into_iter().map(|item| without_expired(item, now)).collect();
        let full = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > full;
        items.truncate(full);
        let last = items.last().filter(|_| more);
        let next = last.map(|last| ListPosition {
            last_at: last.last_at,
            conversation: last.id,
        });
        Ok(ConversationsList { items, next })
    }

    /// One conversation as the caller sees it.
    pub async fn summary(
        &self,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<ConversationSummary, ServiceError> {
        self.context
            .store
            .find_summary(conversation, user)
            .await?
            .map(|summary| without_expired(summary, self.context.now()))
            .ok_or_else(not_member)
    }

    /// A page of the members, oldest first, beginning after the member `after`.
    pub async fn members(
        &self,
        user: UserId,
        conversation: ConversationId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<MembersPage, ServiceError> {
        if limit == 0 || limit > PAGE_MEMBERS_MAX {
            return Err(ServiceError::field(
                "limit",
                format_args!("1 to {PAGE_MEMBERS_MAX}"),
            ));
        }
        let access = require_access(&self.context, conversation, user, None).await?;
        self.allow(&access, Action::Read)?;
        let mut items = self
            .context
            .store
            .list_members(conversation, user, after, limit + 1)
            .await?;
        let full = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > full;
        items.truncate(full);
        let next = items.last().filter(|_| more).map(|last| last.profile.user);
        Ok(MembersPage { items, next })
    }

    /// A page of the members that a search finds, the highest roles first, beginning after the place `after`.
    pub async fn search_members(
        &self,
        user: UserId,
        conversation: ConversationId,
        query: &str,
        after: Option<MemberPosition>,
        limit: u32,
    ) -> Result<FoundMembers, ServiceError> {
        if limit == 0 || limit > PAGE_MEMBERS_MAX {
            return Err(ServiceError::field(
                "limit",
                format_args!("1 to {PAGE_MEMBERS_MAX}"),
            ));
        }
        if query.len() > QUERY_BYTES_MAX {
            return Err(ServiceError::field(
                "query",
                format_args!("at most {QUERY_BYTES_MAX} bytes"),
            ));
        }
        let access = require_access(&self.context, conversation, user, None).await?;
        self.allow(&access, Action::Read)?;
        let query = query.trim();
        let query = query.strip_prefix('@').unwrap_or(query);
        let mut items = self
            .context
            .store
            .search_members(conversation, user, query, after, limit + 1)
            .await?;
        let full = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > full;
        items.truncate(full);
        let next = items.last().filter(|_| more).map(|last| MemberPosition {
            role: last.role,
            handle: last.profile.handle.clone(),
        });
        Ok(FoundMembers { items, next })
    }

    /// Adds people to a group. Who is a member already stays what they are. What they see begins with their own entry.
    pub async fn add_members(
        &self,
        caller: Caller,
        conversation: ConversationId,
        request: rest::AddMembers,
    ) -> Result<ConversationSummary, ServiceError> {
        let rest::AddMembers { event_ids, users } = request;
        if users.is_empty() {
            return Err(ServiceError::field("users", "nobody is named"));
        }
        if event_ids.len() != users.len() || event_ids.iter().collect::<HashSet<_>>().len() != users.len() {
            return Err(ServiceError::field(
                "event_ids",
                "one of its own for each of `users`",
            ));
        }
        require_distinct("users", &users)?;
        let access = require_access(&self.context, conversation, caller.user, None).await?;
        // Room is asked for one by one, because some of them may be members already.
        self.allow(&access, Action::AddMembers { count: 1 })
            .or_else(|refusal| match &refusal {
                ServiceError::Refused(WireError {
                    code: ErrorCode::GroupTooLarge,
                    ..
                }) => Ok(()),
                _ => Err(refusal),
            })?;
        self.require_users(&users).await?;
        self.require_unblocked(caller.user, &users).await?;
        self.require_addable(caller, conversation, "users", &users)
            .await?;
        let asked = requests::asked(&self.context, caller.user, &users).await?;
        for (event, user) in event_ids.into_iter().zip(users) {
            let asks = asked.contains(&user);
            self.change(caller, conversation, event, &Change::Add { user, asks })
                .await?;
        }
        self.summary(caller.user, conversation).await
    }

    /// Removes a member, or leaves where `user` is the caller.
    pub async fn remove_member(
        &self,
        caller: Caller,
        conversation: ConversationId,
        user: UserId,
        event: EventId,
    ) -> Result<(), ServiceError> {
        self.change(caller, conversation, event, &Change::Remove(user))
            .await?;
        Ok(())
    }

    /// Changes what a member is; one's own role only downwards.
    pub async fn change_role(
        &self,
        caller: Caller,
        conversation: ConversationId,
        user: UserId,
        request: rest::ChangeRole,
    ) -> Result<rest::MemberChanged, ServiceError> {
        let change = Change::SetRole(user, request.role);
        self.change(caller, conversation, request.event_id, &change)
            .await?;
        let member = MemberRole {
            user,
            role: request.role,
        };
        Ok(rest::MemberChanged {
            conversation,
            member,
            kind: pipit_wire::event::ConversationKind::Group,
        })
    }

    /// Renames a group, or changes what it is set to.
    pub async fn change_conversation(
        &self,
        caller: Caller,
        conversation: ConversationId,
        request: rest::ChangeConversation,
    ) -> Result<ConversationSummary, ServiceError> {
        let settings = SettingsChange {
            topic: request.topic,
            announcements: request.announcements,
            history: request.history,
            expire_after_ms: request.expire_after_ms,
            avatar: request.avatar,
        };
        let change = match (request.title, settings == SettingsChange::default()) {
            (Some(title), true) => {
                let title = text::title(&title).map_err(|error| ServiceError::text("title", error))?;
                Change::Rename(title)
            }
            (None, false) => {
                if let Some(blob) = settings.avatar.and_then(|avatar| avatar.blob) {
                    attachments::require_picture(&self.context, caller.user, blob).await?;
                }
                Change::Set(checked(&settings)?)
            }
            (Some(_), false) => return Err(ServiceError::field("title", "goes into a request of its own")),
            (None, true) => return Err(ServiceError::field("title", "nothing is to change")),
        };
        self.change(caller, conversation, request.event_id, &change)
            .await?;
        self.summary(caller.user, conversation).await
    }

    /// Tells everybody of a conversation that was made by this call, and shows it to its maker.
    async fn created(&self, caller: Caller, created: Created) -> Result<ConversationSummary, ServiceError> {
        if let Some(event) = created.event {
            let _announced: Event = self.announcer.announce(event);
        }
        self.summary(caller.user, created.conversation).await
    }

    /// Decides on a change, appends it, and decides anew where its facts have changed meanwhile. None where nothing had to change.
    pub(super) async fn change(
        &self,
        caller: Caller,
        conversation: ConversationId,
        event: EventId,
        change: &Change,
    ) -> Result<Option<Appended>, ServiceError> {
        let mut entry = Append {
            id: event,
            conversation,
            sender: caller.user,
            device: caller.device,
            at: self.context.now(),
            body: change.body(caller.user),
            asks: matches!(change, Change::Add { asks: true, .. }),
            facts: Facts::default(),
        };
        for _ in 0..ATTEMPTS_MAX {
            // A repetition is answered like the first time, whatever the caller may do by now.
            match self.decide(caller, conversation, change).await {
                Ok(Some(facts)) => entry.facts = facts,
                Ok(None) => return find_appended(&self.context, &entry).await,
                Err(refusal) => {
                    let appended = find_appended(&self.context, &entry).await?;
                    return appended.map(Some).ok_or(refusal);
                }
            }
            match self.appender.append(entry.clone()).await {
                Err(AppendFailure::Refused(AppendError::Stale)) => {}
                outcome => return Ok(Some(outcome?)),
            }
        }
        Err(AppendFailure::Refused(AppendError::Stale).into())
    }

    /// The facts on which the change is allowed; none where there is nothing to change.
    async fn decide(
        &self,
        caller: Caller,
        conversation: ConversationId,
        change: &Change,
    ) -> Result<Option<Facts>, ServiceError> {
        let target = match change {
            Change::Add { user, .. }
            | Change::Admit(user)
            | Change::Remove(user)
            | Change::Ban(user)
            | Change::SetRole(user, _) => Some(*user),
            Change::Join => return self.decide_join(caller, conversation).await,
            Change::Rename(_) | Change::Set(_) => None,
        };
        let access = require_access(&self.context, conversation, caller.user, target).await?;
        match change {
            Change::Add { user, .. } => {
                self.decide_add(caller, &access, *user, Action::AddMembers { count: 1 })
            }
            Change::Admit(user) => self.decide_add(caller, &access, *user, Action::ManageInvites),
            Change::Remove(user) if *user == caller.user => {
                self.allow(&access, Action::Leave)?;
                let mut facts = facts_of(caller.user, &access);
                facts.owner_count = (access.role == Some(Role::Owner)).then_some(access.owner_count);
                Ok(Some(facts))
            }
            Change::Remove(user) => {
                let target = require_target(&access)?;
                self.allow(&access, Action::Remove { target })?;
                Ok(Some(facts_about(caller.user, &access, *user, Some(target))))
            }
            Change::Ban(user) => {
                let target = require_target(&access)?;
                self.allow(&access, Action::Ban { target })?;
                Ok(Some(facts_about(caller.user, &access, *user, Some(target))))
            }
            Change::SetRole(user, to) if *user == caller.user => {
                self.allow(&access, Action::StepDown { to: *to })?;
                let mut facts = facts_of(caller.user, &access);
                facts.owner_count = (access.role == Some(Role::Owner)).then_some(access.owner_count);
                Ok(Some(facts))
            }
            Change::SetRole(user, to) => {
                let target = require_target(&access)?;
                self.allow(&access, Action::ChangeRole { target, to: *to })?;
                let changes = target != *to;
                Ok(changes.then(|| facts_about(caller.user, &access, *user, Some(target))))
            }
            Change::Rename(_) => {
                self.allow(&access, Action::ChangeProfile)?;
                Ok(Some(facts_of(caller.user, &access)))
            }
            Change::Set(settings) => {
                let of_the_group = settings.announcements.is_some() || settings.history.is_some();
                if settings.expire_after_ms.is_some() {
                    self.allow(&access, Action::SetTimer)?;
                }
                if settings.topic.is_some() || settings.avatar.is_some() {
                    self.allow(&access, Action::ChangeProfile)?;
                }
                if of_the_group {
                    self.allow(&access, Action::ChangeSettings)?;
                }
                Ok(Some(facts_of(caller.user, &access)))
            }
            Change::Join => Err(not_member()),
        }
    }

    fn decide_add(
        &self,
        caller: Caller,
        access: &ConversationAccess,
        user: UserId,
        action: Action,
    ) -> Result<Option<Facts>, ServiceError> {
        self.allow(access, action)?;
        if access.target_role.is_some() {
            return Ok(None);
        }
        allow_joining(access, false, self.context.limits.group_members_max)?;
        let mut facts = facts_about(caller.user, access, user, None);
        let most = members_max(access, self.context.limits.group_members_max);
        facts.member_count_max = Some(most.saturating_sub(1));
        Ok(Some(facts))
    }

    async fn decide_join(
        &self,
        caller: Caller,
        conversation: ConversationId,
    ) -> Result<Option<Facts>, ServiceError> {
        let store = &self.context.store;
        let access = store
            .find_access(conversation, caller.user, Some(caller.user))
            .await?;
        let access = access.ok_or_else(not_member)?;
        if access.role.is_some() {
            return Ok(None);
        }
        let most = self.context.limits.group_members_max;
        allow_joining(&access, access.suspended, most)?;
        let mut facts = facts_of(caller.user, &access);
        facts.member_count_max = Some(members_max(&access, most).saturating_sub(1));
        Ok(Some(facts))
    }

    pub(super) fn allow(&self, access: &ConversationAccess, action: Action) -> Result<(), ServiceError> {
        allow(access, action, self.context.limits.group_members_max)
    }

    async fn require_users(&self, users: &[UserId]) -> Result<(), ServiceError> {
        if users.is_empty() {
            return Ok(());
        }
        let found = self.context.store.find_profiles(users).await?;
        if found.len() == users.len() {
            Ok(())
        } else {
            Err(ServiceError::refused(
                ErrorCode::NotFound,
                "there is no such account",
            ))
        }
    }

    /// Whoever does not want to be added by the caller is not, nor is anybody else then. Those who are in the group are not asked: a
    /// repetition is answered like the first time.
    async fn require_addable(
        &self,
        caller: Caller,
        conversation: ConversationId,
        field: &'static str,
        users: &[UserId],
    ) -> Result<(), ServiceError> {
        let store = &self.context.store;
        for user in privacy::not_to_be_added(&self.context, caller.user, users).await? {
            let access = store.find_access(conversation, caller.user, Some(user)).await?;
            let is_in = access.is_some_and(|access| access.role.is_some() && access.target_role.is_some());
            if !is_in {
                return Err(privacy::declined(field));
            }
        }
        Ok(())
    }

    /// Whoever has blocked the caller, or is blocked by them, cannot be brought into a conversation by them.
    async fn require_unblocked(&self, user: UserId, others: &[UserId]) -> Result<(), ServiceError> {
        if others.is_empty() || self.context.store.filter_blocked(user, others).await?.is_empty() {
            return Ok(());
        }
        Err(ServiceError::refused(
            ErrorCode::Blocked,
            "one of the two has blocked the other",
        ))
    }
}

impl Change {
    fn body(&self, caller: UserId) -> EventBody {
        let added = |user| EventBody::MemberAdded {
            member: MemberRole {
                user,
                role: Role::Member,
            },
        };
        let removed = |user, banned| EventBody::MemberRemoved { user, banned };
        match self {
            Self::Add { user, .. } | Self::Admit(user) => added(*user),
            Self::Join => added(caller),
            Self::Remove(user) => removed(*user, false),
            Self::Ban(user) => removed(*user, true),
            Self::Set(change) => EventBody::SettingsChanged {
                change: change.clone(),
            },
            Self::SetRole(user, role) => EventBody::RoleChanged {
                member: MemberRole {
                    user: *user,
                    role: *role,
                },
            },
            Self::Rename(title) => EventBody::TitleChanged { title: title.clone() },
        }
    }
}

/// A change of settings that says something acceptable.
fn checked(change: &SettingsChange) -> Result<SettingsChange, ServiceError> {
    let topic = change.topic.as_deref().map(text::topic).transpose();
    let topic = topic.map_err(|error| ServiceError::text("topic", error))?;
    let timers = EXPIRE_AFTER_MS_MIN..=EXPIRE_AFTER_MS_MAX;
    if let Some(after_ms) = change.expire_after_ms
        && after_ms != 0
        && !timers.contains(&after_ms)
    {
        let why = format_args!("0, or {EXPIRE_AFTER_MS_MIN} to {EXPIRE_AFTER_MS_MAX}");
        return Err(ServiceError::field("expire_after_ms", why));
    }
    Ok(SettingsChange {
        topic,
        ..change.clone()
    })
}

fn require_target(access: &ConversationAccess) -> Result<Role, ServiceError> {
    access
        .target_role
        .ok_or_else(|| ServiceError::refused(ErrorCode::NotFound, "they are not a member"))
}

fn require_distinct(field: &'static str, users: &[UserId]) -> Result<(), ServiceError> {
    if users.len() > MEMBERS_PER_REQUEST_MAX {
        return Err(ServiceError::field(
            field,
            format_args!("at most {MEMBERS_PER_REQUEST_MAX} at a time"),
        ));
    }
    let mut seen = HashSet::new();
    if users.iter().all(|user| seen.insert(user)) {
        Ok(())
    } else {
        Err(ServiceError::field(field, "somebody is named twice"))
    }
}
