//! What an append decides: in memory, on what was read under the locks, entry by entry, so that each entry sees what those before
//! it in the batch have done.

use std::collections::{BTreeMap, HashMap, HashSet};

use pipit_store::blob::{required, takes_sealed};
use pipit_store::change::{Verdict, erased, is_repetition, with_timer};
use pipit_store::encryption::{after, seal_of};
use pipit_store::log::{Append, AppendError, Appended, Facts};
use pipit_wire::event::{EventBody, GroupSettings, HistoryPolicy, MessageChange, Role};
use pipit_wire::{BlobId, ConversationId, DeviceId, Event, EventId, Seq, Timestamp, UserId};

use crate::book::{Book, Place};

/// A conversation's row, while a batch runs.
pub(crate) struct State {
    pub(crate) last_seq: Seq,
    pub(crate) last_at: Timestamp,
    pub(crate) last_message_seq: Seq,
    pub(crate) member_count: u32,
    pub(crate) owner_count: u32,
    /// The new title, where the batch has changed it.
    pub(crate) title: Option<String>,
    pub(crate) settings: GroupSettings,
    pub(crate) encrypted: bool,
    pub(crate) epoch: u64,
    pub(crate) changed: bool,
}

/// Somebody who is or was a member, while a batch runs.
#[derive(Clone, Copy)]
struct Standing {
    /// What they were before the batch.
    before: Option<Role>,
    /// What they are now.
    now: Option<Role>,
    /// Where their membership begins, where an entry of the batch added them.
    added: Option<Start>,
}

/// Where a membership begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// The first entry that they may read.
    pub(crate) first_seq: Seq,
    /// The entry that added them.
    pub(crate) joined_seq: Seq,
    /// Who asks them and when, where it is a request to them.
    pub(crate) asked: Option<(UserId, Timestamp)>,
}

/// Somebody who is kept out from now on.
pub(crate) struct Ban {
    pub(crate) conversation: ConversationId,
    pub(crate) user: UserId,
    pub(crate) by: UserId,
    pub(crate) at: Timestamp,
}

/// What has to be written about a member. One who was removed and added again has two: removed, then inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The row goes.
    Removed {
        /// What they were.
        role: Role,
    },
    /// A new row.
    Inserted {
        /// What they are.
        role: Role,
        /// Where the membership begins.
        start: Start,
    },
    /// The row stays, with another role.
    Changed {
        /// What they are.
        role: Role,
    },
}

/// What is known, and what has been decided.
#[derive(Default)]
pub(crate) struct Ledger {
    states: HashMap<ConversationId, State>,
    standings: HashMap<(ConversationId, UserId), Standing>,
    events: HashMap<(ConversationId, EventId), Event>,
    blocks: HashSet<(UserId, UserId)>,
    accounts: HashSet<UserId>,
    /// Finished files, and whether each is sealed.
    blobs: HashMap<BlobId, bool>,
    /// What becomes of messages.
    pub(crate) book: Book,
    kept_out: HashSet<(ConversationId, UserId)>,
    /// The new bans.
    pub(crate) bans: Vec<Ban>,
    /// The new entries, in order.
    pub(crate) added: Vec<Event>,
    /// The greatest count of sealed things that each device has sent with this batch, refused ones included.
    pub(crate) sealed: BTreeMap<(ConversationId, DeviceId), u64>,
    /// By how much more, or less, pictures of groups are kept.
    pub(crate) pictures: BTreeMap<BlobId, i64>,
}

/// What is decided on an entry that is not refused.
#[derive(Debug)]
pub(crate) enum Decided {
    /// It is in the log now, or was before.
    Appended(Box<Appended>),
    /// It is a change of a message that is so already, by the entry at this place.
    Stands(Place),
}

impl Ledger {
    /// There is this conversation. One that is not opened does not exist.
    pub(crate) fn open(&mut self, conversation: ConversationId, state: State) {
        self.states.insert(conversation, state);
    }

    /// This entry is in a log already.
    pub(crate) fn know_event(&mut self, event: Event) {
        self.events.insert((event.conversation, event.id), event);
    }

    /// Somebody has this role. Whoever is not known is not a member.
    pub(crate) fn know_role(&mut self, conversation: ConversationId, user: UserId, role: Role) {
        let standing = Standing {
            before: Some(role),
            now: Some(role),
            added: None,
        };
        self.standings.insert((conversation, user), standing);
    }

    /// Between these two stands a block.
    pub(crate) fn know_block(&mut self, one: UserId, other: UserId) {
        self.blocks.insert((one, other));
    }

    /// Somebody is kept out.
    pub(crate) fn know_ban(&mut self, conversation: ConversationId, user: UserId) {
        self.kept_out.insert((conversation, user));
    }

    /// This account exists.
    pub(crate) fn know_account(&mut self, user: UserId) {
        self.accounts.insert(user);
    }

    /// This file is there and finished, and is sealed or not.
    pub(crate) fn know_blob(&mut self, blob: BlobId, sealed: bool) {
        self.blobs.insert(blob, sealed);
    }

    /// Decides on one entry.
    pub(crate) fn append(&mut self, entry: &Append) -> Result<Decided, AppendError> {
        self.note_sealed(entry)?;
        if let Some(event) = self.events.get(&(entry.conversation, entry.id)) {
            return if is_repetition(event, entry.sender, &entry.body) {
                Ok(Decided::Appended(Box::new(Appended {
                    event: event.clone(),
                    repeated: true,
                })))
            } else {
                Err(AppendError::IdConflict)
            };
        }
        let epoch = self.epoch_after(entry)?;
        let mut target = None;
        if let EventBody::MessageChanged { message, change } = &entry.body {
            let known = self.events.get(&(entry.conversation, (*message).into()));
            let event = known.filter(|event| matches!(event.body, EventBody::Message { .. }));
            let event = event.ok_or(AppendError::NoMessage)?;
            match self.book.decide(event, entry.sender, change)? {
                Verdict::Stands(seq) => return Ok(Decided::Stands((entry.conversation, seq))),
                Verdict::Apply => target = Some((event.clone(), change)),
            }
        }
        let settings = self.states.get(&entry.conversation).map(|state| &state.settings);
        let settings = settings.ok_or(AppendError::NoConversation)?;
        let message = target.as_ref().map(|(message, _)| message);
        let body = with_timer(entry.body.clone(), entry.at, settings, message);
        let body = self.book.with_tally(body, message, entry.sender);
        let seq = self.apply(entry).ok_or(AppendError::Stale)?;
        if let Some(state) = self.states.get_mut(&entry.conversation) {
            state.epoch = epoch;
        }
        if let Some((target, change)) = target {
            self.book.apply(&target, entry.sender, seq, change);
            self.book.voted(&target, entry.sender, seq, &body);
            if matches!(change, MessageChange::Delete {}) {
                self.erase(&target);
            }
        }
        let event = Event {
            id: entry.id,
            conversation: entry.conversation,
            seq,
            at: entry.at,
            sender: entry.sender,
            device: entry.device,
            body,
        };
        self.events.insert((event.conversation, event.id), event.clone());
        self.added.push(event.clone());
        Ok(Decided::Appended(Box::new(Appended {
            event,
            repeated: false,
        })))
    }

    /// Whatever a device has sealed for this log is counted, whether it gets in or not.
    fn note_sealed(&mut self, entry: &Append) -> Result<(), AppendError> {
        let state = self.states.get(&entry.conversation);
        let state = state.ok_or(AppendError::NoConversation)?;
        if let (Some(seal), Some(device)) = (seal_of(&entry.body), entry.device)
            && state.encrypted
        {
            let count = self.sealed.entry((entry.conversation, device)).or_default();
            *count = seal.count.max(*count);
        }
        Ok(())
    }

    /// The epoch of the log after this entry, where its facts hold and it may stand there.
    fn epoch_after(&self, entry: &Append) -> Result<u64, AppendError> {
        if !self.do_facts_hold(entry.conversation, &entry.facts) {
            return Err(AppendError::Stale);
        }
        let state = self.states.get(&entry.conversation);
        let state = state.ok_or(AppendError::NoConversation)?;
        after(state.encrypted, state.epoch, &entry.body)
    }

    /// Takes what a message, its edits and the votes in it say out of the entries of this batch; those of the log are erased there.
    fn erase(&mut self, target: &Event) {
        let is_of = |event: &Event| {
            let has_content = matches!(&event.body, EventBody::MessageChanged {
                message, change: MessageChange::Edit { .. } | MessageChange::Vote { .. }
            } if EventId::from(*message) == target.id);
            event.conversation == target.conversation && (event.id == target.id || has_content)
        };
        let known = self.events.values_mut().chain(&mut self.added);
        for event in known.filter(|event| is_of(event)) {
            event.body = erased(&event.body);
        }
    }

    /// From where on somebody reads who comes in at this place.
    fn first_seq(&self, conversation: ConversationId, seq: Seq) -> Option<Seq> {
        Some(match self.states.get(&conversation)?.settings.history {
            HistoryPolicy::None => seq,
            HistoryPolicy::All => Seq::ZERO.next(),
        })
    }

    /// Gives the entry, whose facts hold, its place and does what it says. None, and nothing has changed, where that cannot be done.
    fn apply(&mut self, entry: &Append) -> Option<Seq> {
        let sealed = takes_sealed(&entry.body);
        let fits = |blob: &BlobId| self.blobs.get(blob) == Some(&sealed);
        if !required(&entry.body).iter().all(fits) {
            return None;
        }
        let seq = self.states.get(&entry.conversation)?.last_seq.next();
        match &entry.body {
            EventBody::MemberAdded { member } => {
                let key = (entry.conversation, member.user);
                let known = self.role(key.0, key.1).is_some();
                if known || self.kept_out.contains(&key) || !self.accounts.contains(&member.user) {
                    return None;
                }
                let start = Start {
                    first_seq: self.first_seq(entry.conversation, seq)?,
                    joined_seq: seq,
                    asked: entry.asks.then_some((entry.sender, entry.at)),
                };
                self.stand(entry.conversation, member.user, Some(member.role), Some(start));
            }
            EventBody::MemberRemoved { user, banned } => {
                self.role(entry.conversation, *user)?;
                self.stand(entry.conversation, *user, None, None);
                if *banned {
                    self.keep_out(entry, *user);
                }
            }
            EventBody::RoleChanged { member } => {
                self.role(entry.conversation, member.user)?;
                let key = (entry.conversation, member.user);
                let added = self.standings.get(&key).and_then(|standing| standing.added);
                self.stand(entry.conversation, member.user, Some(member.role), added);
            }
            EventBody::Message { .. }
            | EventBody::TitleChanged { .. }
            | EventBody::SettingsChanged { .. }
            | EventBody::MessageChanged { .. }
            | EventBody::Handshake { .. }
            | EventBody::Created { .. }
            | EventBody::HistoryShown { .. }
            | EventBody::Unknown => {}
        }
        let state = self.states.get_mut(&entry.conversation)?;
        match &entry.body {
            EventBody::Message { content, .. } if content.is_sealed_change() => {}
            EventBody::Message { .. } => state.last_message_seq = seq,
            EventBody::TitleChanged { title } => state.title = Some(title.clone()),
            EventBody::SettingsChanged { change } => {
                let before = state.settings.avatar;
                state.settings.apply(change);
                let now = state.settings.avatar;
                if before != now {
                    let counted = now
                        .map(|now| (now, 1))
                        .into_iter()
                        .chain(before.map(|before| (before, -1)));
                    for (blob, by) in counted {
                        *self.pictures.entry(blob).or_default() += by;
                    }
                }
            }
            _ => {}
        }
        state.last_seq = seq;
        state.last_at = entry.at;
        state.changed = true;
        Some(seq)
    }

    fn keep_out(&mut self, entry: &Append, user: UserId) {
        self.kept_out.insert((entry.conversation, user));
        self.bans.push(Ban {
            conversation: entry.conversation,
            user,
            by: entry.sender,
            at: entry.at,
        });
    }

    fn do_facts_hold(&self, conversation: ConversationId, facts: &Facts) -> bool {
        let Some(state) = self.states.get(&conversation) else {
            return false;
        };
        facts.owner_count.is_none_or(|owners| owners == state.owner_count)
            && facts
                .member_count_max
                .is_none_or(|most| state.member_count <= most)
            && facts
                .announcements
                .is_none_or(|announcements| announcements == state.settings.announcements)
            && facts
                .roles
                .iter()
                .all(|(user, expected)| self.role(conversation, *user) == *expected)
            && facts.not_blocked.is_none_or(|pair| !self.blocks.contains(&pair))
    }

    fn role(&self, conversation: ConversationId, user: UserId) -> Option<Role> {
        self.standings.get(&(conversation, user))?.now
    }

    /// Notes what somebody is from now on, and keeps the counts.
    fn stand(&mut self, conversation: ConversationId, user: UserId, now: Option<Role>, added: Option<Start>) {
        let standing = self.standings.entry((conversation, user)).or_insert(Standing {
            before: None,
            now: None,
            added: None,
        });
        let before = std::mem::replace(&mut standing.now, now);
        standing.added = added;
        if let Some(state) = self.states.get_mut(&conversation) {
            let recount = |count: u32, was: bool, is: bool| match (was, is) {
                (false, true) => count.saturating_add(1),
                (true, false) => count.saturating_sub(1),
                _ => count,
            };
            let is_owner = |role: Option<Role>| role == Some(Role::Owner);
            state.member_count = recount(state.member_count, before.is_some(), now.is_some());
            state.owner_count = recount(state.owner_count, is_owner(before), is_owner(now));
        }
    }

    /// The conversations that have changed.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (ConversationId, &State)> {
        let states = self.states.iter().filter(|(_, state)| state.changed);
        states.map(|(conversation, state)| (*conversation, state))
    }

    /// What has to be written about members.
    pub(crate) fn fates(&self) -> impl Iterator<Item = (ConversationId, UserId, Fate)> {
        self.standings
            .iter()
            .flat_map(|((conversation, user), standing)| {
                let fates = match (standing.before, standing.now, standing.added) {
                    (before, Some(role), Some(start)) => [
                        before.map(|role| Fate::Removed { role }),
                        Some(Fate::Inserted { role, start }),
                    ],
                    (Some(role), None, _) => [Some(Fate::Removed { role }), None],
                    (Some(before), Some(role), None) if before != role => {
                        [Some(Fate::Changed { role }), None]
                    }
                    _ => [None, None],
                };
                fates
                    .into_iter()
                    .flatten()
                    .map(|fate| (*conversation, *user, fate))
            })
    }
}

#[cfg(test)]
mod tests {
    use pipit_wire::event::{Content, MemberRole, SettingsChange};
    use uuid::Uuid;

    use super::*;

    fn id<T: From<Uuid>>(number: u128) -> T {
        T::from(Uuid::from_u128(number))
    }

    const OWNER: u128 = 1;
    const MEMBER: u128 = 2;
    const NEWCOMER: u128 = 3;

    /// A group of an owner and a member, whose log has one entry.
    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        let state = State {
            last_seq: Seq::ZERO.next(),
            last_at: Timestamp(0),
            last_message_seq: Seq::ZERO,
            member_count: 2,
            owner_count: 1,
            title: None,
            settings: GroupSettings::default(),
            encrypted: false,
            epoch: 0,
            changed: false,
        };
        ledger.open(id(7), state);
        ledger.know_role(id(7), id(OWNER), Role::Owner);
        ledger.know_role(id(7), id(MEMBER), Role::Member);
        ledger.know_account(id(NEWCOMER));
        ledger.know_account(id(MEMBER));
        ledger
    }

    fn member(user: u128, role: Role) -> MemberRole {
        MemberRole { user: id(user), role }
    }

    fn added(user: u128, role: Role) -> EventBody {
        EventBody::MemberAdded {
            member: member(user, role),
        }
    }

    fn removed(user: u128) -> EventBody {
        EventBody::MemberRemoved {
            user: id(user),
            banned: false,
        }
    }

    fn changed(user: u128, role: Role) -> EventBody {
        EventBody::RoleChanged {
            member: member(user, role),
        }
    }

    fn message() -> EventBody {
        EventBody::Message {
            written_at: Timestamp(0),
            content: Content::text("hi"),
            reply_to: None,
            expires_at: None,
        }
    }

    /// What is decided on each body in turn (seqs, or none where stale), the fates of members, and the counts.
    fn check(
        bodies: &[EventBody],
        expect: &[Option<u64>],
        expect_fates: &[(u128, Fate)],
        counts: (u32, u32),
    ) {
        let mut ledger = ledger();
        let mut seqs = Vec::new();
        for (body, number) in bodies.iter().zip(100..) {
            let entry = Append {
                id: id(number),
                conversation: id(7),
                sender: id(OWNER),
                device: None,
                at: Timestamp(5),
                body: body.clone(),
                asks: false,
                facts: Facts::default(),
            };
            seqs.push(match ledger.append(&entry) {
                Ok(Decided::Appended(appended)) => Some(appended.event.seq.get()),
                Ok(Decided::Stands((_, seq))) => Some(seq.get()),
                Err(_) => None,
            });
        }
        assert_eq!(seqs, expect);
        let mut fates: Vec<_> = ledger.fates().map(|(_, user, fate)| (user, fate)).collect();
        fates.sort_by_key(|(user, fate)| (*user, !matches!(fate, Fate::Removed { .. })));
        let expect_fates: Vec<_> = expect_fates
            .iter()
            .map(|(user, fate)| (id(*user), *fate))
            .collect();
        assert_eq!(fates, expect_fates);
        let state = &ledger.states[&id(7)];
        assert_eq!((state.member_count, state.owner_count), counts);
    }

    fn inserted(role: Role, joined: u64) -> Fate {
        let joined_seq = Seq::new(joined).unwrap();
        let start = Start {
            first_seq: joined_seq,
            joined_seq,
            asked: None,
        };
        Fate::Inserted { role, start }
    }

    #[test]
    fn messages_change_no_member() {
        check(&[message(), message()], &[Some(2), Some(3)], &[], (2, 1));
    }

    #[test]
    fn who_is_added_and_promoted_is_inserted_once() {
        let bodies = [
            added(NEWCOMER, Role::Member),
            message(),
            changed(NEWCOMER, Role::Owner),
        ];
        check(
            &bodies,
            &[Some(2), Some(3), Some(4)],
            &[(NEWCOMER, inserted(Role::Owner, 2))],
            (3, 2),
        );
    }

    #[test]
    fn who_is_added_and_removed_was_never_there() {
        check(
            &[added(NEWCOMER, Role::Owner), removed(NEWCOMER)],
            &[Some(2), Some(3)],
            &[],
            (2, 1),
        );
    }

    #[test]
    fn who_is_removed_and_added_begins_anew() {
        let fates = [
            (MEMBER, Fate::Removed { role: Role::Member }),
            (MEMBER, inserted(Role::Admin, 3)),
        ];
        check(
            &[removed(MEMBER), added(MEMBER, Role::Admin)],
            &[Some(2), Some(3)],
            &fates,
            (2, 1),
        );
    }

    #[test]
    fn who_is_banned_does_not_come_back() {
        let banned = EventBody::MemberRemoved {
            user: id(MEMBER),
            banned: true,
        };
        check(
            &[banned, added(MEMBER, Role::Member)],
            &[Some(2), None],
            &[(MEMBER, Fate::Removed { role: Role::Member })],
            (1, 1),
        );
    }

    #[test]
    fn newcomers_read_what_the_group_says_when_they_come() {
        let history = |history| EventBody::SettingsChanged {
            change: SettingsChange {
                history: Some(history),
                ..SettingsChange::default()
            },
        };
        let start = Start {
            first_seq: Seq::ZERO.next(),
            joined_seq: Seq::new(3).unwrap(),
            asked: None,
        };
        let role = Role::Member;
        check(
            &[
                history(HistoryPolicy::All),
                added(NEWCOMER, role),
                history(HistoryPolicy::None),
            ],
            &[Some(2), Some(3), Some(4)],
            &[(NEWCOMER, Fate::Inserted { role, start })],
            (3, 1),
        );
    }

    #[test]
    fn what_cannot_be_done_takes_no_place() {
        let bodies = [
            added(MEMBER, Role::Admin),
            removed(NEWCOMER),
            changed(NEWCOMER, Role::Admin),
            added(999, Role::Member),
            changed(MEMBER, Role::Owner),
        ];
        let fates = [(MEMBER, Fate::Changed { role: Role::Owner })];
        check(&bodies, &[None, None, None, None, Some(2)], &fates, (2, 2));
    }

    #[test]
    fn a_role_that_changes_back_needs_no_writing() {
        let bodies = [changed(MEMBER, Role::Admin), changed(MEMBER, Role::Member)];
        check(&bodies, &[Some(2), Some(3)], &[], (2, 1));
    }
}
