//! Getting what was said in an encrypted group before this account came into it, from who has let it in ([`super::showing`]).
//!
//! Whoever shows it says what others have said: the log knows who spoke and when, and not what. So it counts only for what was said before this account was in the group, where no device of its own
//! could know better, and never for what the account has said itself; and the timeline says who has shown it.

use pipit_wire::event::EventBody;
use pipit_wire::rest::archive::Part;
use pipit_wire::{ArchiveId, ConversationId, Event, Seq, UserId};
use serde::{Deserialize, Serialize};

use super::giving::bytes_32;
use super::records::{Record, open_part};
use super::{ArchiveCall, SEEING};
use crate::engine::{Engine, Stored};
use crate::range;
use crate::storage::Storage;
use crate::window::Wanted;

/// Within so many entries before the one by which this device has come in, that by which its account has is looked for.
const LOOKED_BACK: u64 = 2_000;
/// So many histories are waited for at most.
const SEEING_MAX: usize = 32;

/// What this device is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seeing {
    conversation: ConversationId,
    archive: ArchiveId,
    key: [u8; 32],
    /// Who shows it.
    by: UserId,
    /// Where the account has come in, once that is known.
    joined: Option<Seq>,
    /// The part that comes next.
    next: u32,
}

impl<S: Storage> Engine<S> {
    fn seeings(&self) -> Stored<Vec<Seeing>> {
        Ok(self.kept_archive(SEEING)?.unwrap_or_default())
    }

    fn save_seeings(&mut self, all: &[Seeing]) -> Stored {
        self.keep_list(SEEING, all)
    }

    /// Whether something is to be got.
    pub(super) fn is_seeing(&self) -> Stored<bool> {
        Ok(!self.seeings()?.is_empty())
    }

    /// Somebody shows these people what was said.
    pub(crate) fn history_shown(
        &mut self,
        event: &Event,
        archive: ArchiveId,
        key: &str,
        users: &[UserId],
    ) -> Stored {
        if self.is_me(event.sender) {
            return self.history_told(archive);
        }
        let is_for_me = self.me().is_some_and(|me| users.contains(&me));
        let Some(key) = bytes_32(key).filter(|_| is_for_me) else {
            return Ok(());
        };
        let mut all = self.seeings()?;
        if all.len() >= SEEING_MAX || all.iter().any(|one| one.archive == archive) {
            return Ok(());
        }
        all.push(Seeing {
            conversation: event.conversation,
            archive,
            key,
            by: event.sender,
            joined: None,
            next: 1,
        });
        self.save_seeings(&all)
    }

    /// Takes the next step of each.
    pub(super) fn see_on(&mut self) -> Stored {
        for one in self.seeings()? {
            let (archive, number) = (one.archive, one.next);
            if one.joined.is_none() {
                match self.place_of_joining(&one)? {
                    Joining::Known(seq) => self.joined_at(archive, seq)?,
                    Joining::Asked => continue,
                    Joining::Unknown => {
                        self.seeing_ends(archive, "not_a_newcomer")?;
                        continue;
                    }
                }
            }
            if !self.is_asking_archive(&ArchiveCall::Fetch { archive, number }) {
                self.call_fetch(archive, number);
            }
        }
        Ok(())
    }

    fn joined_at(&mut self, archive: ArchiveId, seq: Seq) -> Stored {
        let mut all = self.seeings()?;
        for one in &mut all {
            if one.archive == archive {
                one.joined = Some(seq);
            }
        }
        self.save_seeings(&all)
    }

    /// This account is not in a conversation any more.
    pub(crate) fn seeings_gone(&mut self, conversation: ConversationId) -> Stored {
        let mut all = self.seeings()?;
        let before = all.len();
        all.retain(|one| one.conversation != conversation);
        if all.len() == before {
            return Ok(());
        }
        self.save_seeings(&all)
    }

    /// Where this account was added to a group by who shows it what was said. Before that none of its devices could read anything.
    fn place_of_joining(&mut self, one: &Seeing) -> Stored<Joining> {
        let (conversation, archive) = (one.conversation, one.archive);
        let (Some(record), Some(group), Some(me)) = (
            self.storage.conversation(conversation)?,
            self.group_record(conversation)?,
            self.me(),
        ) else {
            return Ok(Joining::Unknown);
        };
        let since = group.since();
        let floor = Seq::new(since.get().saturating_sub(LOOKED_BACK)).unwrap_or(Seq::ZERO);
        let floor = floor.max(record.first_seq.previous());
        let ranges = self.storage.ranges(conversation)?;
        let held = range::containing(&ranges, floor).map_or(floor, |range| range.through);
        if held < since {
            // What brings nothing is asked for again on the next connection.
            let is_news = self.archives.looked_for.get(&archive) != Some(&held);
            if is_news && self.ask_for_history(conversation, Wanted::After(held)) {
                self.archives.looked_for.insert(archive, held);
            }
            return Ok(Joining::Asked);
        }
        let is_mine =
            |event: &Event| matches!(&event.body, EventBody::MemberAdded { member } if member.user == me);
        let entries = self.storage.entries(conversation, floor, since)?;
        let found = entries.into_iter().rev().find(is_mine);
        let found = found.filter(|event| event.sender == one.by);
        Ok(found.map_or(Joining::Unknown, |event| Joining::Known(event.seq)))
    }

    /// A part of what this device is shown is here.
    pub(super) fn history_part_came(&mut self, archive: ArchiveId, number: u32, part: &Part) -> Stored {
        let (mut all, me) = (self.seeings()?, self.me());
        let Some(one) = all.iter_mut().find(|one| one.archive == archive) else {
            return Ok(());
        };
        let Some(joined) = one.joined.filter(|_| one.next == number) else {
            return Ok(());
        };
        let read = open_part(archive, one.key, part).filter(|(head, _)| head.index == number);
        let Some((head, sections)) = read else {
            return self.seeing_ends(archive, "damaged");
        };
        one.next = number.saturating_add(1);
        let conversation = one.conversation;
        self.save_seeings(&all)?;
        let mut came = 0;
        for mut section in sections {
            if section.conversation == conversation {
                section.entries.retain(|entry| counts(entry, joined, me));
                came += self.put_section(section)?;
            }
        }
        tracing::debug!(%conversation, %archive, number, came, "a part of what was said before is here");
        if head.last {
            all.retain(|one| one.archive != archive);
            self.save_seeings(&all)?;
        }
        Ok(())
    }

    /// Nothing more comes of it. What came stays.
    pub(super) fn seeing_ends(&mut self, archive: ArchiveId, code: &str) -> Stored {
        let mut all = self.seeings()?;
        let before = all.len();
        all.retain(|one| one.archive != archive);
        if all.len() < before {
            tracing::warn!(%archive, code, "what was said before does not come");
            self.save_seeings(&all)?;
        }
        Ok(())
    }
}

/// Whether what somebody else says of an entry counts for an account that has come into the group at `joined`.
fn counts(entry: &Record, joined: Seq, me: Option<UserId>) -> bool {
    entry.seq < joined && Some(entry.sender) != me
}

enum Joining {
    Known(Seq),
    /// Entries have been asked for.
    Asked,
    Unknown,
}

#[cfg(test)]
mod tests {
    use pipit_wire::EventId;
    use serde_json::Value;

    use super::*;

    /// Nobody is told by others what was said where a device of theirs could know better, nor what they have said themselves.
    #[test]
    fn what_others_show_counts_only_for_what_was_before() {
        let (me, other) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        let joined = Seq::new(10).unwrap();
        for (place, sender, expect) in [
            (9, other, true),
            (10, other, false),
            (11, other, false),
            (9, me, false),
        ] {
            let entry = Record {
                seq: Seq::new(place).unwrap(),
                id: EventId::from_bytes([3; 16]),
                sender,
                body: Value::Null,
            };
            assert_eq!(counts(&entry, joined, Some(me)), expect, "{place} {sender}");
        }
    }
}
