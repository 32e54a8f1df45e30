//! People, ids and times of the cases: counted, so that a failing case fails the same way again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pipit_store::Store;
use pipit_store::account::{CreateAccount, NewDevice, NewUser, PasswordHash, TokenHash};
use pipit_store::conversation::{Created, NewDirect, NewGroup};
use pipit_store::log::{Append, AppendError, Appended, Facts, ReceiptAdvance, ReceiptOutcome};
use pipit_wire::event::{Content, EventBody, MemberRole, Role};
use pipit_wire::frame::client::ClientInfo;
use pipit_wire::{ConversationId, DeviceId, EventId, Seq, Timestamp, UserId};
use uuid::Uuid;

/// 2026-01-01T00:00:00Z: where the clock of every case begins.
pub const START: Timestamp = Timestamp(1_767_225_600_000);

/// The id with this number: a UUIDv7 by its form, so that ids sort as they are counted.
pub fn uuid(number: u64) -> Uuid {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(START.as_ms().cast_unsigned(), &random).into_uuid()
}

/// The hash of the token with this number.
pub fn token(number: u64) -> TokenHash {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    TokenHash(bytes)
}

/// A seq.
pub fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

/// A message that says `text`.
pub fn text(text: &str) -> EventBody {
    EventBody::Message {
        written_at: START,
        content: Content::text(text),
        reply_to: None,
        expires_at: None,
    }
}

/// A member with a role.
pub const fn member(user: UserId, role: Role) -> MemberRole {
    MemberRole { user, role }
}

/// A person and their device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their account.
    pub user: UserId,
    /// Their first device.
    pub device: DeviceId,
    /// The number of the device's first refresh token.
    pub refresh: u64,
}

/// A storage with a clock and a source of ids.
#[derive(Clone)]
pub struct World {
    /// What is tested.
    pub store: Arc<dyn Store>,
    counter: Arc<AtomicU64>,
}

impl World {
    /// An empty world.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            counter: Arc::new(AtomicU64::new(1)),
        }
    }

    /// A world with alice, bob and carol in it.
    pub async fn with_three(store: Arc<dyn Store>) -> (Self, Person, Person, Person) {
        let world = Self::new(store);
        let alice = world.person("alice", "Alice Liddell").await;
        let bob = world.person("bob", "Bob Cratchit").await;
        let carol = world.person("carol", "Carol King").await;
        (world, alice, bob, carol)
    }

    /// The next number.
    pub fn number(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// The next id.
    pub fn id<T: From<Uuid>>(&self) -> T {
        T::from(uuid(self.number()))
    }

    /// The time, a second after it was asked for last.
    pub fn now(&self) -> Timestamp {
        START.plus_ms(i64::try_from(self.number()).unwrap() * 1_000)
    }

    /// An account to make, with its device.
    pub fn new_account(&self, handle: &str, name: &str) -> CreateAccount {
        let user = self.id();
        CreateAccount {
            account: NewUser {
                id: user,
                handle: handle.to_owned(),
                name: name.to_owned(),
                password: PasswordHash(format!("$argon2id$of${handle}")),
                admin: false,
            },
            device: self.new_device(user),
            invite: None,
            now: self.now(),
        }
    }

    /// A device to make. The number of its refresh token is `refresh_number` of it.
    pub fn new_device(&self, user: UserId) -> NewDevice {
        let number = self.number();
        NewDevice {
            id: self.id(),
            user,
            name: "Phone".to_owned(),
            client: ClientInfo {
                name: "pipit-test".to_owned(),
                version: "1.2.3".to_owned(),
            },
            refresh: token(number),
            now: self.now(),
        }
    }

    /// Makes an account.
    pub async fn person(&self, handle: &str, name: &str) -> Person {
        let account = self.new_account(handle, name);
        let person = Person {
            user: account.account.id,
            device: account.device.id,
            refresh: u64::from_be_bytes(account.device.refresh.0[..8].try_into().unwrap()),
        };
        self.store.create_account(account).await.unwrap().unwrap();
        person
    }

    /// A direct conversation to make.
    pub fn new_direct(&self, creator: Person, other: Person) -> NewDirect {
        NewDirect {
            id: self.id(),
            event: self.id(),
            creator: creator.user,
            device: Some(creator.device),
            other: other.user,
            encrypted: false,
            asks: false,
            now: self.now(),
        }
    }

    /// Makes or finds the direct conversation of two people.
    pub async fn direct(&self, creator: Person, other: Person) -> ConversationId {
        let new = self.new_direct(creator, other);
        self.store.create_direct(new).await.unwrap().conversation
    }

    /// A group to make.
    pub fn new_group(&self, title: &str, creator: Person, members: &[Person]) -> NewGroup {
        NewGroup {
            id: self.id(),
            event: self.id(),
            creator: creator.user,
            device: Some(creator.device),
            title: Some(title.to_owned()),
            encrypted: false,
            members: members.iter().map(|person| person.user).collect(),
            asked: Vec::new(),
            now: self.now(),
        }
    }

    /// Makes a group.
    pub async fn group(&self, title: &str, creator: Person, members: &[Person]) -> ConversationId {
        let new = self.new_group(title, creator, members);
        let Created { conversation, event } = self.store.create_group(new).await.unwrap().unwrap();
        assert!(event.is_some(), "a new group has a first entry");
        conversation
    }

    /// An entry to append, with no facts.
    pub fn entry(&self, conversation: ConversationId, sender: Person, body: EventBody) -> Append {
        Append {
            id: self.id(),
            conversation,
            sender: sender.user,
            device: Some(sender.device),
            at: self.now(),
            body,
            asks: false,
            facts: Facts::default(),
        }
    }

    /// A message to append, with no facts.
    pub fn message(&self, conversation: ConversationId, sender: Person, words: &str) -> Append {
        self.entry(conversation, sender, text(words))
    }

    /// Appends one entry.
    pub async fn try_append(&self, entry: Append) -> Result<Appended, AppendError> {
        let mut outcomes = self.store.append_batch(vec![entry]).await.unwrap();
        assert_eq!(outcomes.len(), 1, "one outcome an entry");
        outcomes.remove(0)
    }

    /// Appends one entry that must be new, and returns its seq.
    pub async fn append(&self, entry: Append) -> u64 {
        let appended = self.try_append(entry).await.unwrap();
        assert!(!appended.repeated, "the entry is new");
        appended.event.seq.get()
    }

    /// Appends a message and returns its seq.
    pub async fn say(&self, conversation: ConversationId, sender: Person, words: &str) -> u64 {
        self.append(self.message(conversation, sender, words)).await
    }

    /// Appends an entry of another kind and returns its seq.
    pub async fn enter(&self, conversation: ConversationId, sender: Person, body: EventBody) -> u64 {
        self.append(self.entry(conversation, sender, body)).await
    }

    /// Moves a member's markers.
    pub async fn advance(
        &self,
        conversation: ConversationId,
        person: Person,
        delivered: u64,
        read: u64,
    ) -> ReceiptOutcome {
        let advance = ReceiptAdvance {
            conversation,
            user: person.user,
            delivered_seq: seq(delivered),
            read_seq: seq(read),
        };
        let outcomes = self.store.advance_receipts(&[advance]).await.unwrap();
        assert_eq!(outcomes.len(), 1, "one outcome an advance");
        outcomes[0]
    }

    /// The whole log as storage has it, found by the ids given; checks nothing.
    pub async fn seq_of(&self, conversation: ConversationId, event: EventId) -> Option<u64> {
        let found = self.store.find_event(conversation, event).await.unwrap();
        found.map(|event| event.seq.get())
    }
}
