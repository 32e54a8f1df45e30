//! Conversations that are encrypted end to end (`docs/adr/0041-encrypted-conversations-in-the-client.md`).
//!
//! What comes of them goes through three steps that do not know of each other. Entries are fetched and stored as they are ([`crate::sync`]), sealed. Then they are *taken
//! in*, one after the other from the place where this device came into the group ([`reading`]): what was sealed is opened, checked, and put in the entry's place, as if
//! the conversation were open, so that folding, search and views know nothing of all this. And what is to be sent is sealed when its turn comes ([`sealing`]).
//!
//! Beside that the group is kept ([`keeping`]): its devices are those of the members, whoever of them commits. What is done follows from what is there, anew with
//! each input: a crash at any point leaves something from which it goes on.
//!
//! A conversation has at most one request of this module under way.

mod acquaintances;
mod authority;
mod calls;
mod content;
mod entering;
mod keeping;
mod keys;
mod reading;
mod repair;
mod sealing;
mod state;
mod trust;
mod unreadable;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use pipit_e2ee::{Device, Error, Identity, LogHead, Port, Randomness, SignatureKey};
use pipit_wire::encryption::GroupHead;
use pipit_wire::rest::encryption::WaitingWelcome;
use pipit_wire::{ConversationId, DeviceId, EventId, Seq, Timestamp, UserId};

pub(crate) use self::calls::KeyCall;
pub(crate) use self::content::{commitment_of, fits, kept_entry, opening_of};
use self::keys::Pool;
pub(crate) use self::reading::Placing;
pub(crate) use self::repair::ASKED_MAX;
use self::repair::Asking;
pub(crate) use self::sealing::{Sealing, is_sealed, sealed_body, sealed_message};
pub(crate) use self::state::RandomOf;
use self::state::{Pins, PortOf};
use self::trust::People;
pub(crate) use self::trust::{Compared, Marks, TrustLine, own_log_path};
use self::unreadable::Unreadable;
use crate::command::CommandError;
use crate::engine::{Engine, Stored};
use crate::storage::{Storage, StorageError};

/// The first and the last wait before something that failed is tried again.
const RETRY_MS: (i64, i64) = (1_000, 60_000);
/// How often the conversations are looked at anew in one input at most: each look may nudge others.
const ROUNDS_MAX: usize = 16;

/// What is known beside what is on disk.
#[derive(Default)]
pub(crate) struct Encryption {
    /// This device's keys, once they were needed.
    device: Option<Device>,
    /// The keys that the server has told of others' devices, once they were needed.
    pins: Option<Arc<Pins>>,
    /// What was seen of people's key logs, once it was needed.
    people: People,
    pool: Pool,
    talks: BTreeMap<ConversationId, Talk>,
    /// Conversations that are looked at at the end of this input.
    nudged: BTreeSet<ConversationId>,
    /// Requests that came to nothing.
    failed: Vec<(KeyCall, CommandError)>,
    /// Whether there may be welcomes that this device has not seen.
    welcomes_due: bool,
    /// Not before this: they could not be had.
    welcomes_at: Option<Timestamp>,
    /// What could not be read, until the server has been told.
    unreadable: Unreadable,
}

/// What is known of a conversation's group on this connection.
#[derive(Debug, Default)]
struct Talk {
    /// What the server knows of the group and of this device.
    head: Option<LogHead>,
    /// The members' devices, as the server has told them.
    listing: Option<Listing>,
    /// Pages of the next such list, and the last entry that was here when it was asked for.
    gathering: Vec<(Identity, SignatureKey)>,
    /// People whose key logs have to be read before the list is believed.
    logs_wanted: BTreeSet<UserId>,
    /// Those of whose logs nothing came though something was seen before.
    silent: BTreeSet<UserId>,
    asked_as_of: Option<Seq>,
    /// The last entry after which they may be others.
    changed_at: Seq,
    /// Whether the group has to be compared with the members' devices.
    is_due: bool,
    /// When this device does what others may have done by then.
    act_at: Option<Timestamp>,
    /// When what failed is tried again, and how often it has failed.
    retry_at: Option<Timestamp>,
    failures: u32,
    /// Key packages that were taken for the next commit, and devices of which there are none.
    claimed: BTreeSet<DeviceId>,
    without: BTreeSet<DeviceId>,
    /// The commit that the server has taken, and whose entry is to come.
    posted: Option<EventId>,
    /// The group is to be described for those who come in anew, and when that is looked at.
    description: Option<Description>,
    describe_at: Option<Timestamp>,
    /// A welcome whose commit is not here yet.
    welcome: Option<WaitingWelcome>,
    /// Its commit was asked for.
    has_sought: bool,
    /// What was done for being let in by others.
    patience: Patience,
    /// This device's epoch when the server named an earlier one: its word may have been overtaken by the log, and is asked for once more.
    doubted: Option<u64>,
    /// When whoever has come in is told what the group is called.
    telling: Telling,
    /// Nothing is to be done before something is sealed.
    is_open: bool,
    /// When it is asked for what could not be read.
    asking: Asking,
}

/// What a device that is in no group has done for being let in by others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Patience {
    #[default]
    Fresh,
    /// Others are given a moment to let it in, or to make the group.
    Waiting,
    /// Welcomes were asked for after that.
    Looked,
}

/// When whoever has come in is told what the group is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Telling {
    #[default]
    Undecided,
    /// Should nobody else have done it by then.
    At(Timestamp),
    Due,
}

impl Telling {
    const fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::Undecided | Self::Due => None,
        }
    }
}

/// Who describes the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Description {
    /// This device: the last commit was its own.
    Own,
    /// This device, should nobody else have done it.
    IfMissing,
}

/// The devices of a conversation's members.
#[derive(Clone, Debug)]
struct Listing {
    devices: BTreeMap<Identity, SignatureKey>,
    /// The last entry that was here when it was asked for.
    as_of: Seq,
    at: Timestamp,
}

impl fmt::Debug for Encryption {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryption")
            .field("talks", &self.talks)
            .field("nudged", &self.nudged)
            .finish_non_exhaustive()
    }
}

impl Encryption {
    fn talk(&mut self, conversation: ConversationId) -> &mut Talk {
        self.talks.entry(conversation).or_default()
    }

    pub(crate) fn nudge(&mut self, conversation: ConversationId) {
        self.nudged.insert(conversation);
    }

    /// The line is gone: what the server said may not be so any more.
    pub(crate) fn forget_line(&mut self) {
        self.talks.clear();
        self.failed.clear();
        self.welcomes_at = None;
        self.pool.forget_line();
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let talks = self.talks.values();
        talks
            .flat_map(|talk| {
                let telling_at = talk.telling.at();
                [
                    talk.act_at,
                    talk.retry_at,
                    talk.describe_at,
                    telling_at,
                    talk.asking.at,
                ]
            })
            .flatten()
            .chain(self.pool.deadline())
            .chain(self.welcomes_at)
            .chain(self.unreadable.tell_at())
            .min()
    }

    /// A request of these came to nothing.
    pub(crate) fn refused(&mut self, call: KeyCall, error: CommandError) {
        self.failed.push((call, error));
    }
}

impl<S: Storage> Engine<S> {
    /// Whether a conversation is encrypted end to end: then no words leave this device in the clear.
    pub(crate) fn is_encrypted(&self, conversation: ConversationId) -> Stored<bool> {
        let record = self.storage.conversation(conversation)?;
        Ok(record.is_some_and(|record| record.encrypted))
    }

    /// What falls due is looked at.
    pub(crate) fn encryption_due(&mut self) {
        let clock = self.clock;
        let is_due = |at: &mut Option<Timestamp>| {
            let due = at.is_some_and(|at| clock.is_due(at));
            if due {
                *at = None;
            }
            due
        };
        is_due(&mut self.encryption.welcomes_at);
        is_due(self.encryption.unreadable.tell_at_mut());
        let mut nudged = Vec::new();
        for (conversation, talk) in &mut self.encryption.talks {
            if is_due(&mut talk.telling.at()) {
                talk.telling = Telling::Due;
                nudged.push(*conversation);
            }
            let times = [
                &mut talk.act_at,
                &mut talk.retry_at,
                &mut talk.describe_at,
                &mut talk.asking.at,
            ];
            if times
                .into_iter()
                .filter_map(|at| is_due(at).then_some(()))
                .count()
                > 0
            {
                nudged.push(*conversation);
            }
        }
        self.encryption.nudged.extend(nudged);
    }

    /// The line stands.
    pub(crate) fn encryption_welcomed(&mut self) -> Stored {
        self.encryption.welcomes_due = true;
        self.encryption.pool.begin(self.clock.steady());
        let encrypted = self.storage.encrypted_conversations()?;
        self.encryption.nudged.extend(encrypted);
        self.repairs_welcomed()?;
        if self.pool_record()?.is_published {
            self.ask_for_own_log()?;
        }
        Ok(())
    }

    /// Does what is to be done, as far as it can be done now.
    pub(crate) fn pump_encryption(&mut self) -> Stored {
        if self.session.is_none() {
            self.encryption = Encryption::default();
            return Ok(());
        }
        for (call, error) in std::mem::take(&mut self.encryption.failed) {
            self.key_call_failed(&call, &error)?;
        }
        let waiting = self.sending.nudged_conversations();
        self.encryption.nudged.extend(waiting);
        if self.connection.is_up() {
            self.pump_pool()?;
            self.pump_welcomes();
            self.tell_unreadable();
        }
        for _ in 0..ROUNDS_MAX {
            let nudged = std::mem::take(&mut self.encryption.nudged);
            if nudged.is_empty() {
                break;
            }
            for conversation in nudged {
                let Some(record) = self.storage.conversation(conversation)? else {
                    continue;
                };
                if !record.encrypted {
                    continue;
                }
                self.take_in_entries(&record)?;
                if self.connection.is_up() && self.encryption.pool.is_published() {
                    self.drive(conversation)?;
                    self.ask_again(conversation)?;
                }
            }
        }
        Ok(())
    }

    /// Takes the next step towards a group in which things can be sealed and opened.
    fn drive(&mut self, conversation: ConversationId) -> Stored {
        let Some(record) = self.storage.conversation(conversation)? else {
            return Ok(());
        };
        if self.encryption.talk(conversation).retry_at.is_some() || self.is_asking(conversation) {
            return Ok(());
        }
        self.try_welcome(conversation)?;
        let group = self.group_record(conversation)?;
        match group {
            Some(group) if group.is_in() => self.keep(&record, &group),
            _ => self.enter(&record),
        }
    }

    /// What the server knows of a group came with what was missed of its log.
    pub(crate) fn head_came(&mut self, conversation: ConversationId, head: GroupHead) {
        let head = LogHead {
            epoch: head.epoch,
            count: head.count,
        };
        self.encryption.talk(conversation).head = Some(head);
        self.encryption.nudge(conversation);
    }

    /// The conversation is gone: so are its keys. How much this device has sealed there stays known: whoever is added again counts on.
    pub(crate) fn encryption_gone(&mut self, conversation: ConversationId) -> Stored {
        self.encryption.talks.remove(&conversation);
        self.encryption.nudged.remove(&conversation);
        self.forget_trust_lines(conversation)?;
        self.forget_profile(conversation)?;
        self.showings_gone(conversation)?;
        self.seeings_gone(conversation)?;
        self.repair_gone(conversation)?;
        if self.group_record(conversation)?.is_none() {
            return Ok(());
        }
        self.forget_group_record(conversation)?;
        match self.with_device(|device, port, random| device.abandon_group(port, random, conversation))? {
            Ok(()) | Err(Error::NoGroup) => {}
            Err(error) => {
                tracing::warn!(%conversation, %error, "what was left of a group could not be removed");
            }
        }
        Ok(())
    }

    /// Calls the layer of groups, on the engine's storage and in its transaction. What storage refuses ends the transaction.
    fn with_device<T>(
        &mut self,
        work: impl FnOnce(&mut Device, &mut dyn Port, &mut dyn Randomness) -> Result<T, Error>,
    ) -> Stored<Result<T, Error>> {
        self.require_device()?;
        let Some(device) = &mut self.encryption.device else {
            return Ok(Err(Error::NoGroup));
        };
        let mut port = PortOf(&mut self.storage);
        let mut random = RandomOf(&mut self.config.random);
        sorted(work(device, &mut port, &mut random))
    }

    /// Not before this, and later each time.
    fn put_off_talk(&mut self, conversation: ConversationId, least_ms: i64) {
        let failures = self.encryption.talk(conversation).failures;
        let limit_ms = (RETRY_MS.0 << failures.min(6)).min(RETRY_MS.1);
        let wait_ms = self.random_ms(limit_ms).max(least_ms).max(RETRY_MS.0 / 4);
        let at = self.clock.steady().plus_ms(wait_ms);
        let talk = self.encryption.talk(conversation);
        talk.failures = failures.saturating_add(1);
        talk.retry_at = Some(at);
    }

    /// At this moment, or at a later one that is drawn, lest all devices do the same at once.
    fn act_within(&mut self, conversation: ConversationId, least_ms: i64, most_ms: i64) {
        let wait_ms = least_ms.saturating_add(self.random_ms(most_ms.saturating_sub(least_ms)));
        let at = self.clock.steady().plus_ms(wait_ms);
        let talk = self.encryption.talk(conversation);
        talk.act_at = Some(talk.act_at.map_or(at, |before| before.min(at)));
        self.encryption.nudge(conversation);
    }

    /// Whether the time has come for what others may do too.
    fn may_act(&self, conversation: ConversationId) -> bool {
        let talk = self.encryption.talks.get(&conversation);
        talk.is_none_or(|talk| talk.act_at.is_none())
    }
}

/// What the layer of groups refuses is for the caller; what the storage refuses ends the transaction.
fn sorted<T>(done: Result<T, Error>) -> Stored<Result<T, Error>> {
    match done {
        Err(Error::Storage(error)) => Err(match error.0.downcast::<StorageError>() {
            Ok(error) => *error,
            Err(other) => StorageError::Failed(other),
        }),
        done => Ok(done),
    }
}
