//! Devices with real groups (MLS) on the server's own logic: what the server carries for encrypted conversations is enough for them.
//!
//! There is no engine here: the devices are the library `e2ee` with a store in memory, and call the node's services, in an order drawn from a seed: who says something, who commits, who is restored from an old copy, who is removed,
//! added again or signed out. Checked of every entry and every device: one that is in the group at the entry's place reads it, with the text that was sent; nobody else does, though the whole log is given to everybody; and no device sends two different things under one count, of which the server knows the greatest.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]
mod phone;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_e2ee::{
    Device, Error, Goal, Identity, Log, LogHead, OutgoingCommit, Received, SignatureKey, Suite,
};
use pipit_server::node::Node;
use pipit_simulation::Plan;
use pipit_simulation::server::Server;
use pipit_store::Store as _;
use pipit_wire::encryption::{HandshakeKind, SCHEME, Seal};
use pipit_wire::event::{EventBody, Message, SealedPurpose};
use pipit_wire::rest::encryption as keys;
use pipit_wire::{Content, ConversationId, ErrorCode, EventId, Seq, UserId, rest};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::phone::{Counts, Directory, Entry, OldCopy, Phone, code, now, phone, user};

const GROUP: ConversationId = ConversationId::from_bytes([7; 16]);
/// To whom each device belongs; the first one's person owns the group.
const DEVICES: [usize; 6] = [0, 0, 1, 1, 2, 3];
const STEPS: usize = 160;
struct World {
    server: Server,
    node: Arc<Node>,
    phones: Vec<Phone>,
    rng: ChaCha8Rng,
    directory: Directory,
    /// The devices that are in the group at the log's end.
    members: BTreeSet<Identity>,
    entries: BTreeMap<EventId, Entry>,
    welcomed: BTreeSet<Identity>,
    sent: BTreeMap<(Identity, u64), Vec<u8>>,
    counts: Counts,
}
impl World {
    async fn new(seed: u64) -> Self {
        let plan = Plan {
            nodes: vec![0],
            ..Plan::draw(seed)
        };
        let people: Vec<UserId> = (0..4).map(user).collect();
        let mut server = Server::new(&plan, now(), &people).await.unwrap();
        server.start(0);
        let node = Arc::clone(&server.running(0).unwrap().node);
        let mut phones = Vec::new();
        for (number, person) in DEVICES.into_iter().enumerate() {
            phones.push(phone(&server, number, user(person)).await);
        }
        let owner = phones[0].caller;
        let group = rest::NewGroup {
            id: GROUP,
            title: None,
            members: people[1..].to_vec(),
            encrypted: true,
        };
        node.conversations.create_group(owner, group).await.unwrap();
        let mut world = Self {
            server,
            node,
            phones,
            rng: ChaCha8Rng::seed_from_u64(seed),
            directory: Directory {
                owner: Some(owner.user),
                ..Directory::default()
            },
            members: BTreeSet::new(),
            entries: BTreeMap::new(),
            welcomed: BTreeSet::new(),
            sent: BTreeMap::new(),
            counts: Counts::default(),
        };
        for at in 0..world.phones.len() {
            world.publish(at).await;
        }
        world.learn().await;
        world
    }

    /// Two devices of the owner both think that they make the group: the first commit in the log does.
    async fn found(&mut self) {
        for at in [0, 1] {
            let phone = &mut self.phones[at];
            let (port, random, suite) = (&mut phone.port, &mut phone.random, Suite::ALL[0]);
            phone
                .device
                .create_group(port, random, GROUP, suite, now())
                .unwrap();
        }
        self.say(0).await;
        assert_eq!(self.counts.stale, 1, "nobody could read it yet");
        self.members.insert(self.phones[0].me);
        self.phones[0].cursor = Some(Seq::ZERO);
        self.reconcile(0).await;
        self.reconcile(1).await;
        self.commit(0).await;
        // The other one has not heard of it.
        self.commit(1).await;
        assert_eq!(self.counts.races_lost, 1);
        let other = &mut self.phones[1];
        let (port, random) = (&mut other.port, &mut other.random);
        other.device.abandon_group(port, random, GROUP).unwrap();
        self.read_all().await;
        assert_eq!(self.members.len(), DEVICES.len(), "everybody is in");
    }

    fn id(&mut self) -> EventId {
        let mut bytes = [0; 10];
        self.rng.fill_bytes(&mut bytes);
        EventId::new(now(), bytes)
    }

    fn chance(&mut self, one_in: u32) -> bool {
        self.rng.random_range(0..one_in) == 0
    }

    /// What the server tells of the members' devices, and what devices believe from then on.
    async fn learn(&mut self) -> BTreeSet<Identity> {
        let owner = self.phones[0].caller;
        let told = self
            .node
            .encryption
            .device_keys(owner, GROUP, None)
            .await
            .unwrap();
        let summary = self.node.conversations.summary(owner.user, GROUP).await.unwrap();
        let members = summary.members.iter();
        self.directory.members = members.map(|member| member.profile.user).collect();
        let mut devices = BTreeSet::new();
        for key in told.items {
            let who = Identity {
                user: key.user,
                device: key.device,
            };
            let bytes = STANDARD.decode(key.signature_key).unwrap();
            let said = SignatureKey(bytes.try_into().unwrap());
            let known = *self.directory.keys.entry(who).or_insert(said);
            assert_eq!(known, said);
            devices.insert(who);
        }
        devices
    }

    /// Keeps the pool full; after an old copy was restored, with nothing of what was there.
    async fn publish(&mut self, at: usize) {
        let phone = &mut self.phones[at];
        let pool = self.node.encryption.pool(phone.caller).await.unwrap();
        let is_old = pool.publication > phone.publications;
        let (port, random, suite) = (&mut phone.port, &mut phone.random, Suite::ALL[0]);
        if is_old {
            phone.device.withdraw_key_packages(port, random).unwrap();
        } else if pool.count >= 2 && pool.last_resort {
            return;
        }
        let made = phone.device.make_key_packages(port, random, suite, 3, now());
        let last = phone.device.make_last_resort(port, random, suite, now());
        let package = |bytes: &Vec<u8>| keys::NewKeyPackage {
            bytes: STANDARD.encode(bytes),
            not_after: now().plus_ms(50 * 86_400_000),
        };
        phone.publications = pool.publication + 1;
        let publication = keys::NewKeyPackages {
            publication: phone.publications,
            replace_all: is_old,
            packages: made.unwrap().iter().map(package).collect(),
            last_resort: Some(package(&last.unwrap())),
        };
        let encryption = &self.node.encryption;
        encryption
            .publish_packages(phone.caller, publication)
            .await
            .unwrap();
    }

    fn note_sent(&mut self, from: Identity, count: u64, bytes: &[u8]) {
        let before = self.sent.insert((from, count), bytes.to_vec());
        assert!(
            before.is_none_or(|before| before == bytes),
            "{from:?} has used key {count} twice"
        );
    }

    async fn head(&self, at: usize) -> LogHead {
        let (me, caller) = (self.phones[at].me, self.phones[at].caller);
        let group = self.node.encryption.group(caller, GROUP).await.unwrap();
        let own = self.sent.keys().filter(|(from, _)| *from == me);
        let greatest = own.map(|(_, count)| *count).max().unwrap_or(0);
        assert_eq!(group.count, greatest, "the server counts what {me:?} has sent");
        LogHead {
            epoch: group.epoch,
            count: group.count,
        }
    }

    /// Before anything is sealed, the state is compared with the server's word.
    async fn confirm(&mut self, at: usize) {
        let head = self.head(at).await;
        let phone = &mut self.phones[at];
        let (port, random) = (&mut phone.port, &mut phone.random);
        match phone.device.confirm(port, random, GROUP, head) {
            Ok(()) | Err(Error::FutureEpoch { .. } | Error::Rejoining) => {}
            Err(Error::OldCopy) => phone.astray = true,
            Err(Error::Removed | Error::NoGroup) if self.welcomed.contains(&phone.me) => {}
            Err(Error::Removed | Error::NoGroup) => phone.astray = self.members.contains(&phone.me),
            other => panic!("{other:?}"),
        }
    }

    fn may_ask(&self, at: usize) -> bool {
        let phone = &self.phones[at];
        !phone.signed_out && self.directory.members.contains(&phone.me.user)
    }

    /// A device that is still with the account, in the conversation, and in the group.
    fn is_sound(&self, at: usize) -> bool {
        let phone = &self.phones[at];
        phone.cursor.is_some() && !phone.astray && self.may_ask(at) && self.members.contains(&phone.me)
    }

    async fn say(&mut self, at: usize) {
        let fresh = self.id();
        let new = || (fresh, format!("{at} says {fresh}"));
        let phone = &mut self.phones[at];
        let (id, text) = phone.waiting.take().unwrap_or_else(new);
        let (port, random) = (&mut phone.port, &mut phone.random);
        let sealed = match phone.device.seal(port, random, GROUP, id, text.as_bytes()) {
            Ok(sealed) => sealed,
            Err(error) => {
                phone.waiting = Some((id, text));
                return self.cannot_seal(at, &error).await;
            }
        };
        let (me, caller) = (phone.me, phone.caller);
        self.note_sent(me, sealed.count, &sealed.bytes);
        let (epoch, count) = (sealed.epoch, sealed.count);
        let seal = Seal { epoch, count };
        let message = Message {
            id: id.into(),
            conversation: GROUP,
            written_at: now(),
            content: Content::Sealed {
                scheme: SCHEME.to_owned(),
                bytes: STANDARD.encode(&sealed.bytes),
                seal: Some(seal),
                commitment: Some(STANDARD.encode([0; 32])),
                blobs: Vec::new(),
                purpose: SealedPurpose::Message,
            },
            reply_to: None,
        };
        match self.node.messaging.send(caller, message).await {
            Ok(_) => {
                let entry = Entry {
                    from: me,
                    text: Some(text),
                    members: self.members.clone(),
                };
                self.entries.insert(id, entry);
            }
            Err(error) => {
                assert_eq!(code(error), ErrorCode::StaleEpoch);
                self.counts.stale += 1;
                // The same message, sealed again when the group has moved on.
                self.phones[at].waiting = Some((id, text));
            }
        }
    }

    async fn cannot_seal(&mut self, at: usize, error: &Error) {
        match error {
            Error::Unconfirmed => self.confirm(at).await,
            Error::CommitFirst => self.commit(at).await,
            Error::OldCopy => self.phones[at].astray = true,
            Error::NoGroup | Error::Removed | Error::Rejoining => {}
            error => panic!("{error:?}"),
        }
    }

    /// Wants in the group whom the server says is in the conversation, and out whom it does not.
    async fn reconcile(&mut self, at: usize) {
        let devices = self.learn().await;
        let phone = &mut self.phones[at];
        let Ok(view) = phone.device.group(&mut phone.port, &mut phone.random, GROUP) else {
            return;
        };
        let inside: BTreeSet<Identity> = view.members.iter().map(|(who, _)| *who).collect();
        let is_owner = self.directory.owner == Some(phone.me.user);
        let has_device = |who: &Identity| inside.iter().any(|other| other.user == who.user);
        let missing = devices.difference(&inside);
        let missing = missing.filter(|who| is_owner || has_device(who));
        let missing: Vec<_> = missing.map(|who| who.device).collect();
        let gone = inside.difference(&devices).filter(|_| is_owner);
        let mut goals: Vec<Goal> = gone.map(|device| Goal::Remove { device: *device }).collect();
        if !missing.is_empty() {
            let claim = keys::ClaimKeyPackages { devices: missing };
            let encryption = &self.node.encryption;
            let claimed = encryption.claim(phone.caller, GROUP, claim).await.unwrap();
            goals.extend(claimed.items.iter().map(|package| Goal::Add {
                key_package: STANDARD.decode(&package.bytes).unwrap(),
            }));
        }
        if goals.is_empty() {
            goals.push(Goal::Refresh);
        }
        let (port, random) = (&mut phone.port, &mut phone.random);
        let directory = &self.directory;
        match phone.device.want(port, random, directory, GROUP, &goals, now()) {
            Ok(()) | Err(Error::NoGroup | Error::Removed | Error::Rejoining | Error::OldCopy) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    async fn commit(&mut self, at: usize) {
        let entry = self.id();
        let log = Log {
            conversation: GROUP,
            entry,
        };
        let phone = &mut self.phones[at];
        let (port, random) = (&mut phone.port, &mut phone.random);
        match phone.device.commit(port, random, &self.directory, log, now()) {
            Ok(Some(outgoing)) => self.post(at, outgoing).await,
            Err(Error::Unconfirmed) => self.confirm(at).await,
            Err(Error::OldCopy) => phone.astray = true,
            Ok(None) | Err(Error::NoGroup | Error::Removed | Error::Rejoining | Error::CommitFirst) => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Sends a commit; one that is under way already is sent again, as after a lost answer.
    async fn post(&mut self, at: usize, outgoing: OutgoingCommit) {
        let (me, caller) = (self.phones[at].me, self.phones[at].caller);
        self.note_sent(me, outgoing.count, &outgoing.commit);
        let mut added = outgoing.change.added.clone();
        added.retain(|who| *who != me);
        let welcome = outgoing.welcome.as_ref().map(|welcome| keys::NewWelcome {
            devices: added.iter().map(|who| who.device).collect(),
            bytes: STANDARD.encode(welcome),
        });
        let handshake = keys::NewHandshake {
            id: outgoing.entry,
            kind: HandshakeKind::Commit,
            seal: Seal {
                epoch: outgoing.epoch,
                count: outgoing.count,
            },
            bytes: STANDARD.encode(&outgoing.commit),
            welcome,
        };
        match self.node.encryption.handshake(caller, GROUP, handshake).await {
            Ok(appended) if appended.repeated => {}
            Ok(appended) => {
                let entry = Entry {
                    from: me,
                    text: None,
                    members: self.members.clone(),
                };
                self.entries.insert(outgoing.entry, entry);
                for gone in &outgoing.change.removed {
                    self.members.remove(gone);
                }
                self.members.extend(&outgoing.change.added);
                self.welcomed.extend(added);
                if outgoing.change.external {
                    let (phone, seq) = (&mut self.phones[at], appended.event.seq);
                    (phone.cursor, phone.reads_after, phone.astray) = (Some(seq.previous()), seq, false);
                    self.counts.came_back += 1;
                }
            }
            Err(error) => {
                assert_eq!(code(error), ErrorCode::StaleEpoch);
                self.counts.races_lost += 1;
                let phone = &mut self.phones[at];
                let (port, random) = (&mut phone.port, &mut phone.random);
                if outgoing.change.external {
                    phone.astray = true;
                } else {
                    phone.device.rejected(port, random, GROUP).unwrap();
                }
            }
        }
    }

    /// Takes in the welcomes that wait.
    async fn join(&mut self, at: usize) {
        let caller = self.phones[at].caller;
        let waiting = self.node.encryption.welcomes(caller).await.unwrap();
        for welcome in waiting.items {
            let commit = self.server.truth.find_event(GROUP, welcome.commit).await.unwrap();
            let seq = commit.unwrap().seq;
            let phone = &mut self.phones[at];
            let bytes = STANDARD.decode(&welcome.bytes).unwrap();
            let (port, random) = (&mut phone.port, &mut phone.random);
            match phone.device.join(port, random, &self.directory, GROUP, &bytes) {
                Ok(_) => {
                    (phone.cursor, phone.reads_after, phone.astray) = (Some(seq), seq, false);
                    self.counts.joined += 1;
                }
                // It may not have read yet that it was taken out before.
                Err(Error::GroupExists) => return,
                // An old copy has not the secret of what was given away since.
                Err(Error::NotForThisDevice) => phone.astray = true,
                Err(error) => panic!("{error:?}"),
            }
            let encryption = &self.node.encryption;
            encryption
                .acknowledge(caller, GROUP, welcome.commit)
                .await
                .unwrap();
        }
        self.welcomed.remove(&self.phones[at].me);
    }

    /// Reads the next entry: the log is given to everybody here, a member or not.
    async fn read(&mut self, at: usize) -> bool {
        let Some(cursor) = self.phones[at].cursor else {
            return false;
        };
        let next = self.server.truth.read_entries(GROUP, cursor, 1).await.unwrap();
        let Some(event) = next.first() else {
            return false;
        };
        let phone = &mut self.phones[at];
        phone.cursor = Some(event.seq);
        let bytes = match &event.body {
            EventBody::Message {
                content: Content::Sealed { bytes, .. },
                ..
            }
            | EventBody::Handshake { bytes, .. } => STANDARD.decode(bytes).unwrap(),
            EventBody::Message { content, .. } => panic!("{content:?} in an encrypted conversation"),
            _ => return true,
        };
        let log = Log {
            conversation: GROUP,
            entry: event.id,
        };
        let (port, random) = (&mut phone.port, &mut phone.random);
        let received = phone.device.receive(port, random, &self.directory, log, &bytes);
        let (me, entry) = (phone.me, &self.entries[&event.id]);
        let is_in = entry.members.contains(&me)
            && event.seq > phone.reads_after
            && !phone.astray
            && !self.welcomed.contains(&me);
        match (received, &entry.text) {
            (Ok(Received::Message { sender, content, .. }), Some(text)) => {
                assert!(entry.members.contains(&me), "{me:?} reads what is not for it");
                assert_eq!((sender, content), (entry.from, text.clone().into_bytes()));
                self.counts.read += 1;
            }
            (Ok(Received::Own), Some(_)) => assert_eq!(entry.from, me),
            (Ok(Received::Own | Received::RejoinLost), None) => phone.astray = true,
            (Ok(Received::Changed(applied)), None) => {
                assert_eq!(applied.change.committer, entry.from);
                self.describe(at).await;
            }
            (Err(error), _) => {
                assert!(!is_in, "{me:?} cannot read {}: {error:?}", event.seq);
                self.counts.refused_outside += 1;
            }
            (Ok(received), text) => panic!("{received:?} of {text:?}"),
        }
        true
    }

    /// Whoever is at the log's end describes the group to those who may have to come in anew.
    async fn describe(&mut self, at: usize) {
        if !self.is_sound(at) {
            return;
        }
        let phone = &mut self.phones[at];
        let (port, random) = (&mut phone.port, &mut phone.random);
        let Ok(info) = phone.device.group_info(port, random, GROUP) else {
            return;
        };
        let view = phone.device.group(port, random, GROUP).unwrap();
        let info = keys::NewGroupInfo {
            epoch: view.epoch,
            bytes: STANDARD.encode(info),
        };
        if let Err(error) = self.node.encryption.keep_info(phone.caller, GROUP, info).await {
            assert_eq!(code(error), ErrorCode::StaleEpoch);
        }
    }

    async fn come_back(&mut self, at: usize) {
        if !self.phones[at].astray || !self.may_ask(at) {
            return;
        }
        let caller = self.phones[at].caller;
        let head = self.head(at).await;
        let group = self.node.encryption.group(caller, GROUP).await.unwrap();
        let Some(info) = group.info else {
            return;
        };
        let (info, entry) = (STANDARD.decode(info).unwrap(), self.id());
        let log = Log {
            conversation: GROUP,
            entry,
        };
        let phone = &mut self.phones[at];
        let (port, random) = (&mut phone.port, &mut phone.random);
        let outgoing = phone
            .device
            .rejoin(port, random, &self.directory, log, &info, head);
        let mut outgoing = outgoing.unwrap();
        if self.members.contains(&phone.me) {
            outgoing.change.removed = vec![phone.me];
        }
        self.post(at, outgoing).await;
    }

    /// The store is copied, or the copy is put back.
    async fn copy_or_restore(&mut self, at: usize) {
        let sound = (0..self.phones.len()).filter(|at| self.is_sound(*at)).count();
        let phone = &mut self.phones[at];
        match phone.copy.take() {
            None => {
                phone.copy = Some(OldCopy {
                    port: phone.port.clone(),
                    publications: phone.publications,
                    cursor: phone.cursor,
                    reads_after: phone.reads_after,
                });
            }
            // Of the last ones nobody could bring the group back.
            Some(copy) if sound < 3 => phone.copy = Some(copy),
            Some(copy) => {
                (phone.port, phone.publications) = (copy.port, copy.publications);
                (phone.cursor, phone.reads_after) = (copy.cursor, copy.reads_after);
                phone.device = Device::open(&phone.port).unwrap().unwrap();
                (phone.waiting, phone.astray) = (None, false);
                self.counts.restored += 1;
                if self.may_ask(at) {
                    self.publish(at).await;
                    self.confirm(at).await;
                }
            }
        }
    }

    /// Somebody is removed from the conversation, or added again, by the owner's device that has read everything.
    async fn change_people(&mut self) {
        self.read_all().await;
        let (owner, event) = (self.phones[0].caller, self.id());
        let who = user(self.rng.random_range(1..4));
        let conversations = &self.node.conversations;
        if self.directory.members.contains(&who) {
            let removed = conversations.remove_member(owner, GROUP, who, event);
            removed.await.unwrap();
        } else {
            let add = rest::AddMembers {
                event_ids: vec![event],
                users: vec![who],
            };
            conversations.add_members(owner, GROUP, add).await.unwrap();
        }
        self.learn().await;
        self.reconcile(0).await;
        self.commit(0).await;
    }

    async fn sign_out(&mut self, at: usize) {
        self.read_all().await;
        let Phone { me, signed_out, .. } = &mut self.phones[at];
        if me.user == user(0) || std::mem::replace(signed_out, true) {
            return;
        }
        let truth = &self.server.truth;
        assert!(truth.revoke_device(me.user, me.device, now()).await.unwrap());
        self.welcomed.remove(me);
        self.reconcile(0).await;
        self.commit(0).await;
    }

    async fn step(&mut self) {
        let at = self.rng.random_range(0..self.phones.len());
        match self.rng.random_range(0..40) {
            0..=9 if self.is_sound(at) => self.say(at).await,
            10..=13 if self.is_sound(at) => {
                self.reconcile(at).await;
                self.commit(at).await;
            }
            14..=15 if self.is_sound(at) => self.commit(at).await,
            16 if !self.phones[at].signed_out => self.copy_or_restore(at).await,
            17 => self.come_back(at).await,
            18 => self.change_people().await,
            19 if self.chance(8) => self.sign_out(at).await,
            20..=24 if self.may_ask(at) => {
                self.publish(at).await;
                self.join(at).await;
            }
            25.. => {
                for _ in 0..self.rng.random_range(1..6) {
                    self.read(at).await;
                }
            }
            _ => {}
        }
    }

    async fn read_all(&mut self) {
        for at in 0..self.phones.len() {
            for _ in 0..3 {
                while self.read(at).await {}
                if self.may_ask(at) {
                    self.join(at).await;
                }
            }
        }
    }

    /// In the end everybody who is in the conversation is in the group and reads what the others say, and nobody else does.
    async fn settle(&mut self) {
        for _ in 0..6 {
            self.read_all().await;
            for at in 0..self.phones.len() {
                self.describe(at).await;
                self.come_back(at).await;
                self.read_all().await;
                if self.is_sound(at) {
                    self.confirm(at).await;
                    self.reconcile(at).await;
                    self.commit(at).await;
                    self.read_all().await;
                }
            }
        }
        let devices = self.learn().await;
        assert_eq!(self.members, devices, "{:?}", self.counts);
        let before = self.counts.read;
        let sound: Vec<usize> = (0..self.phones.len()).filter(|at| self.is_sound(*at)).collect();
        assert_eq!(sound.len(), devices.len());
        for at in &sound {
            for _ in 0..4 {
                let entries = self.entries.len();
                self.say(*at).await;
                let said = self.entries.len() > entries && self.phones[*at].waiting.is_none();
                self.read_all().await;
                if said {
                    break;
                }
            }
        }
        let read = usize::try_from(self.counts.read - before).unwrap();
        assert!(
            read >= sound.len() * (sound.len() - 1),
            "{read} of {}",
            sound.len()
        );
    }
}
#[tokio::test]
async fn members_read_everything_and_others_nothing_over_the_real_server() {
    let mut total = Counts::default();
    for seed in 0..4 {
        let mut world = World::new(seed).await;
        world.found().await;
        for _ in 0..STEPS {
            world.step().await;
        }
        world.settle().await;
        let counts = &world.counts;
        total.read += counts.read;
        total.stale += counts.stale;
        total.races_lost += counts.races_lost;
        total.restored += counts.restored;
        total.came_back += counts.came_back;
        total.refused_outside += counts.refused_outside;
        total.joined += counts.joined;
        let World { mut server, node, .. } = world;
        drop(node);
        server.stop(0).await;
    }
    assert!(
        total.read > 100
            && total.stale > 10
            && total.races_lost > 8
            && total.restored > 2
            && total.came_back > 0
            && total.refused_outside > 4
            && total.joined > 20,
        "too little has happened: {total:?}"
    );
}
