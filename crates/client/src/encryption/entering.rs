//! How this device comes into a group: by a welcome, by itself, or by making it.
//!
//! A welcome is better than a commit from outside: with it a device reads everything from the commit on that added it, also what was said while it was away. So whoever
//! may be let in gives others a moment for it, asks for welcomes, and only then comes in by itself.

use pipit_e2ee::{Error, Goal, LogHead, Suite};
use pipit_wire::event::EventBody;
use pipit_wire::rest::encryption::{GroupState, WaitingWelcome};
use pipit_wire::{ConversationId, Event, Seq};

use super::calls::{KeyCall, from_base64};
use super::state::{GroupRecord, Stage};
use super::{Description, Patience};
use crate::engine::{Engine, Stored};
use crate::storage::{ConversationRecord, Storage};
use crate::window::Wanted;

/// How long others are given to let this device in, or to make the group: at least, and at most.
const PATIENCE_MS: (i64, i64) = (1_500, 5_000);
/// The least wait before a group is asked for again that nobody has described.
const UNDESCRIBED_MS: i64 = 2_000;
/// So many entries are looked at for a group that somebody else has made.
const BEGINNING: usize = 50;

impl<S: Storage> Engine<S> {
    /// Asks for welcomes, where there may be some.
    pub(super) fn pump_welcomes(&mut self) {
        let may_ask = self.encryption.welcomes_due
            && self.encryption.welcomes_at.is_none()
            && self.encryption.pool.is_published()
            && !self.is_asking_for(&KeyCall::Welcomes);
        if may_ask {
            self.encryption.welcomes_due = false;
            self.ask_keys(KeyCall::Welcomes, "/v1/devices/current/welcomes".to_owned());
        }
    }

    fn awaits_welcomes(&self) -> bool {
        self.encryption.welcomes_due || self.is_asking_for(&KeyCall::Welcomes)
    }

    /// The welcomes that wait for this device, oldest first, a few at a time: the latest of a conversation counts.
    pub(super) fn welcomes_came(&mut self, items: Vec<WaitingWelcome>) -> Stored {
        for item in items {
            let conversation = item.conversation;
            if self.storage.conversation(conversation)?.is_none() {
                // Its summary comes with the list. Should it not, it is not for this device any more.
                self.syncing.want_unknown(conversation);
            }
            let talk = self.encryption.talk(conversation);
            talk.has_sought = false;
            if let Some(older) = talk.welcome.replace(item)
                && talk
                    .welcome
                    .as_ref()
                    .is_some_and(|kept| kept.commit != older.commit)
            {
                self.acknowledge_welcome(conversation, older.commit);
            }
            self.encryption.nudge(conversation);
        }
        let waiting: Vec<ConversationId> = self.encryption.talks.keys().copied().collect();
        self.encryption.nudged.extend(waiting);
        Ok(())
    }

    /// Enters by the welcome that waits, once its commit is here.
    pub(super) fn try_welcome(&mut self, conversation: ConversationId) -> Stored {
        let Some(welcome) = self.encryption.talk(conversation).welcome.take() else {
            return Ok(());
        };
        let Some(commit) = self.storage.find_entry(conversation, welcome.commit)? else {
            if self.seek(conversation)? {
                self.encryption.talk(conversation).welcome = Some(welcome);
                return Ok(());
            }
            tracing::warn!(%conversation, "a welcome whose commit is not in the log");
            self.acknowledge_welcome(conversation, welcome.commit);
            return Ok(());
        };
        let group = self.group_record(conversation)?;
        if let Some(group) = group
            && group.stage == Stage::In
        {
            if group.cursor < commit.seq {
                // It has to read first that it was taken out, and is not asked again when it was not.
                self.encryption.talk(conversation).welcome = Some(welcome);
            } else {
                self.acknowledge_welcome(conversation, welcome.commit);
            }
            return Ok(());
        }
        if self.join(conversation, commit.seq, &welcome)? {
            self.look_at_pool();
        }
        self.acknowledge_welcome(conversation, welcome.commit);
        Ok(())
    }

    fn join(&mut self, conversation: ConversationId, seq: Seq, welcome: &WaitingWelcome) -> Stored<bool> {
        let Some(bytes) = from_base64(&welcome.bytes) else {
            return Ok(false);
        };
        let authority = self.follower()?;
        let joined = self.with_device(|device, port, random| {
            device.join(port, random, &authority, conversation, &bytes)
        })?;
        if let Err(error) = joined {
            tracing::warn!(%conversation, %error, "a welcome could not be used");
            return Ok(false);
        }
        self.has_entered(conversation, seq)?;
        let talk = self.encryption.talk(conversation);
        talk.head = None;
        talk.listing = None;
        Ok(true)
    }

    /// This device can read what comes after this place.
    pub(super) fn has_entered(&mut self, conversation: ConversationId, seq: Seq) -> Stored {
        let talk = self.encryption.talk(conversation);
        talk.is_open = false;
        talk.patience = Patience::Fresh;
        talk.act_at = None;
        self.encryption.nudge(conversation);
        let record = GroupRecord {
            stage: Stage::In,
            cursor: seq,
            since: seq,
            to_tell: false,
            stay_from: Some(seq),
        };
        self.forget_acquaintances(conversation)?;
        self.archives.look_at_view();
        self.save_group_record(conversation, record)?;
        self.put_own_before(conversation, seq)?;
        self.epoch_is_over(conversation, seq.next())
    }

    /// The state of the group on this device is of no use: it has to come in anew.
    pub(super) fn goes_astray(&mut self, conversation: ConversationId) -> Stored {
        let talk = self.encryption.talk(conversation);
        (talk.is_open, talk.head, talk.posted) = (false, None, None);
        talk.patience = Patience::Fresh;
        self.encryption.nudge(conversation);
        if let Some(group) = self.group_record(conversation)? {
            let stage = Stage::Astray;
            self.save_group_record(conversation, GroupRecord { stage, ..group })?;
        }
        Ok(())
    }

    /// Looks for an entry that is older than what is here. False where all is here.
    fn seek(&mut self, conversation: ConversationId) -> Stored<bool> {
        let Some(record) = self.storage.conversation(conversation)? else {
            // Its summary is on its way.
            return Ok(true);
        };
        if !self.is_caught_up(&record)? {
            return Ok(true);
        }
        // A welcome is given away when its commit is in the log: perhaps this device has not heard of it.
        let talk = self.encryption.talk(conversation);
        if !std::mem::replace(&mut talk.has_sought, true) {
            self.syncing.want(conversation);
            return Ok(true);
        }
        let Some(tail) = self
            .tail(conversation)?
            .filter(|tail| tail.after >= record.first_seq)
        else {
            return Ok(false);
        };
        self.ask_for_history(conversation, Wanted::Before(tail.after.next()));
        Ok(true)
    }

    /// Whether everything that the server has said to be there is here.
    pub(super) fn is_caught_up(&self, record: &ConversationRecord) -> Stored<bool> {
        let tail = self.tail(record.id)?;
        let is_here = tail.is_some_and(|tail| tail.through >= record.last_seq);
        Ok(is_here && !self.syncing.is_behind(record.id))
    }

    /// Takes the next step of a device that is in no group.
    pub(super) fn enter(&mut self, record: &ConversationRecord) -> Stored {
        let conversation = record.id;
        if self.awaits_welcomes() || !self.is_caught_up(record)? {
            return Ok(());
        }
        // Others would see it.
        if self.is_unanswered(conversation)? || self.encryption.talk(conversation).welcome.is_some() {
            return Ok(());
        }
        let is_own = self.is_made_here(record)?;
        let talk = self.encryption.talk(conversation);
        if talk.patience == Patience::Fresh && !is_own {
            talk.patience = Patience::Waiting;
            self.act_within(conversation, PATIENCE_MS.0, PATIENCE_MS.1);
            return Ok(());
        }
        if !self.may_act(conversation) {
            return Ok(());
        }
        let talk = self.encryption.talk(conversation);
        if talk.patience == Patience::Waiting && !is_own {
            talk.patience = Patience::Looked;
            self.encryption.welcomes_due = true;
            self.pump_welcomes();
            return Ok(());
        }
        if !self.has_listing(conversation) {
            return self.ask_for_devices(conversation);
        }
        self.ask_for_group(conversation);
        Ok(())
    }

    /// Whether this device has made the conversation, and nobody its group yet, as far as is known here.
    fn is_made_here(&self, record: &ConversationRecord) -> Stored<bool> {
        if self.group_record(record.id)?.is_some() {
            return Ok(false);
        }
        let first = Seq::ZERO.next();
        let mut end = first;
        for _ in 0..BEGINNING {
            end = end.next();
        }
        // Not every conversation is held from its beginning; those that were made a moment ago are.
        let entries = self.storage.entries(record.id, Seq::ZERO, end)?;
        let is_own = entries.first().is_some_and(|event| {
            matches!(event.body, EventBody::Created { .. })
                && self.own_device().is_some()
                && event.device == self.own_device()
        });
        let has_group = |event: &Event| matches!(event.body, EventBody::Handshake { .. });
        Ok(is_own && !entries.iter().any(has_group))
    }

    pub(super) fn ask_for_group(&mut self, conversation: ConversationId) {
        let path = format!("/v1/conversations/{conversation}/group");
        self.ask_keys(KeyCall::Group { conversation }, path);
    }

    /// What the server knows of a group.
    pub(super) fn group_state_came(&mut self, conversation: ConversationId, state: &GroupState) -> Stored {
        let Some(record) = self.storage.conversation(conversation)? else {
            return Ok(());
        };
        let head = LogHead {
            epoch: state.epoch,
            count: state.count,
        };
        self.encryption.talk(conversation).head = Some(head);
        let group = self.group_record(conversation)?;
        if group.is_some_and(|group| group.is_in()) {
            self.consider_describing(conversation, state);
            return Ok(());
        }
        if !self.has_listing(conversation) || !self.is_caught_up(&record)? {
            return Ok(());
        }
        if state.epoch == 0 {
            return self.found(&record);
        }
        if let Some(info) = state.info.as_deref().and_then(from_base64) {
            return self.come_in(&record, &info, head);
        }
        self.put_off_talk(conversation, UNDESCRIBED_MS);
        Ok(())
    }

    /// Makes the group, with this device alone in it: the commit that lets the others in is the first of its log, or somebody else's is.
    fn found(&mut self, record: &ConversationRecord) -> Stored {
        let (conversation, now) = (record.id, self.server_now());
        let authority = self.follower()?;
        let made = self.with_device(|device, port, random| {
            match device.create_group(port, random, conversation, Suite::ALL[0], now) {
                Ok(()) | Err(Error::GroupExists) => {}
                Err(error) => return Err(error),
            }
            device.want(port, random, &authority, conversation, &[Goal::Refresh], now)
        })?;
        if let Err(error) = made {
            tracing::error!(%conversation, %error, "a group could not be made");
            self.put_off_talk(conversation, UNDESCRIBED_MS);
            return Ok(());
        }
        // Before the first commit nothing is sealed: what was here before is read again in a moment.
        let tail = self.tail(conversation)?;
        let start = tail.map_or(Seq::ZERO, |tail| tail.after);
        self.has_entered(conversation, start)?;
        let talk = self.encryption.talk(conversation);
        talk.is_due = true;
        Ok(())
    }

    /// Comes in by a commit from outside.
    fn come_in(&mut self, record: &ConversationRecord, info: &[u8], head: LogHead) -> Stored {
        let conversation = record.id;
        let log = self.new_entry(conversation);
        let authority = self.follower()?;
        let made = self
            .with_device(|device, port, random| device.rejoin(port, random, &authority, log, info, head))?;
        if let Err(error) = made {
            tracing::warn!(%conversation, %error, "this device cannot come into the group");
            self.put_off_talk(conversation, UNDESCRIBED_MS);
            return Ok(());
        }
        let end = self
            .tail(conversation)?
            .map_or(record.last_seq, |tail| tail.through);
        let before = self.group_record(conversation)?;
        let stay_from = before.and_then(|before| before.stay_from);
        self.has_entered(conversation, end)?;
        let stage = Stage::Entering;
        let group = GroupRecord {
            stage,
            cursor: end,
            since: end,
            to_tell: false,
            stay_from,
        };
        self.save_group_record(conversation, group)?;
        match (before, stay_from) {
            (Some(before), Some(from)) => self.want_all_again(conversation, before.cursor.max(from), end),
            _ => Ok(()),
        }
    }

    /// Somebody else may have described the group.
    fn consider_describing(&mut self, conversation: ConversationId, state: &GroupState) {
        let talk = self.encryption.talk(conversation);
        if talk.description == Some(Description::IfMissing) {
            talk.description = state.info.is_none().then_some(Description::Own);
        }
    }
}
