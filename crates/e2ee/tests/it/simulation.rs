//! Many devices in a random order of events, from a seed: races, crashes at any write, restored old copies, removed devices that keep
//! listening.
//!
//! Checked of every entry and every device: a device that is a member at the entry's place reads it, whenever it comes to it, with the text that was sent; nobody else does; and
//! of one device no two different things are ever sent with the same count, which moves in one step with the key.

use std::collections::{BTreeMap, BTreeSet};

use pipit_e2ee::{Error, Goal, Identity, LogHead, MemoryPort, OutgoingCommit, Received, Sealed};
use pipit_wire::EventId;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use crate::world::{ADMIN, Directory, Phone, Scene, identity, log, now, user};

const STEPS: usize = 300;

enum Body {
    Message(String),
    Wish,
    Commit,
}

struct Entry {
    id: EventId,
    from: Identity,
    bytes: Vec<u8>,
    body: Body,
    /// Who is a member when the entry is put there.
    members: BTreeSet<Identity>,
}

/// The server: a log, with the three rules.
#[derive(Default)]
struct Server {
    entries: Vec<Entry>,
    epoch: u64,
    counts: BTreeMap<Identity, u64>,
    members: BTreeSet<Identity>,
    /// Welcomes, with the place in the log from which their reader is in.
    welcomes: BTreeMap<Identity, (Vec<u8>, usize)>,
    /// Everything that was ever sent, refused or not.
    sent: BTreeMap<(Identity, u64), Vec<u8>>,
}

/// A device, and where it is.
struct Person {
    phone: Phone,
    /// The next entry that it reads; none where it is in no group.
    cursor: Option<usize>,
    /// From which entry on it must be able to read.
    reads_from: usize,
    /// Sealed, not sent.
    unsent: Option<(EventId, Sealed, String)>,
    /// An old copy of everything.
    copy: Option<(MemoryPort, Option<usize>, usize)>,
    /// Must come in anew.
    astray: bool,
}

struct World {
    rng: ChaCha20Rng,
    directory: Directory,
    server: Server,
    people: Vec<Person>,
    next: u64,
    crashes: u32,
    races_lost: u32,
    restored: u32,
    read: u32,
    refused_outside: u32,
}

impl Server {
    fn note_sent(&mut self, from: Identity, count: u64, bytes: &[u8]) {
        let before = self.sent.insert((from, count), bytes.to_vec());
        assert!(
            before.is_none_or(|before| before == bytes),
            "{from:?} has used key {count} twice"
        );
        let greatest = self.counts.entry(from).or_default();
        *greatest = count.max(*greatest);
    }

    fn post(
        &mut self,
        id: EventId,
        from: Identity,
        count: u64,
        epoch: u64,
        bytes: &[u8],
        body: Body,
    ) -> bool {
        self.note_sent(from, count, bytes);
        if epoch != self.epoch || (!self.members.contains(&from) && !matches!(body, Body::Commit)) {
            return false;
        }
        self.entries.push(Entry {
            id,
            from,
            bytes: bytes.to_vec(),
            body,
            members: self.members.clone(),
        });
        true
    }

    fn post_commit(&mut self, from: Identity, outgoing: &OutgoingCommit) -> bool {
        let (id, count, epoch) = (outgoing.entry, outgoing.count, outgoing.epoch);
        if !outgoing.change.external && !self.members.contains(&from) {
            self.note_sent(from, count, &outgoing.commit);
            return false;
        }
        if !self.post(id, from, count, epoch, &outgoing.commit, Body::Commit) {
            return false;
        }
        self.epoch += 1;
        for gone in &outgoing.change.removed {
            self.members.remove(gone);
        }
        self.members.extend(outgoing.change.added.iter().copied());
        if let Some(welcome) = &outgoing.welcome {
            for newcomer in &outgoing.change.added {
                self.welcomes
                    .insert(*newcomer, (welcome.clone(), self.entries.len()));
            }
        }
        true
    }

    fn head(&self, of: Identity) -> LogHead {
        LogHead {
            epoch: self.epoch,
            count: self.counts.get(&of).copied().unwrap_or(0),
        }
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let people = [(ADMIN, 1), (ADMIN, 2), (2, 1), (2, 2), (3, 1), (4, 1), (5, 1)];
        let mut scene = Scene::strangers(&people);
        scene.directory.admins.insert(user(2));
        scene.phones[0].create();
        let mut server = Server::default();
        server.members.insert(identity(ADMIN, 1));
        let people = scene.phones.into_iter().enumerate();
        let people = people.map(|(at, phone)| Person {
            phone,
            cursor: (at == 0).then_some(0),
            reads_from: 0,
            unsent: None,
            copy: None,
            astray: false,
        });
        Self {
            rng: ChaCha20Rng::seed_from_u64(seed),
            directory: scene.directory,
            people: people.collect(),
            server,
            next: 0,
            crashes: 0,
            races_lost: 0,
            restored: 0,
            read: 0,
            refused_outside: 0,
        }
    }

    /// The first device lets four others in.
    fn found(&mut self) {
        let added = 1..5;
        let goals = added.clone().map(|at| Goal::Add {
            key_package: self.people[at].phone.key_package(),
        });
        let goals: Vec<Goal> = goals.collect();
        let id = self.id();
        let first = &mut self.people[0].phone;
        first.want(&self.directory, &goals).unwrap();
        let outgoing = first.commit(&self.directory, id).unwrap().unwrap();
        assert!(self.server.post_commit(first.id(), &outgoing));
        while self.people[..5].iter().any(|person| person.cursor != Some(1)) {
            self.read_all();
        }
    }

    /// How many are in and at work.
    fn sound(&self) -> usize {
        let people = self
            .people
            .iter()
            .filter(|person| !person.astray && person.cursor.is_some());
        people
            .filter(|person| self.server.members.contains(&person.phone.id()))
            .count()
    }

    fn id(&mut self) -> EventId {
        self.next += 1;
        crate::world::entry(self.next)
    }

    fn chance(&mut self, one_in: u32) -> bool {
        self.rng.random_range(0..one_in) == 0
    }

    /// Does something with a device, which may die at any write of it.
    fn attempt<T>(
        &mut self,
        at: usize,
        work: impl FnOnce(&mut Phone, &Directory) -> Result<T, Error>,
    ) -> Option<Result<T, Error>> {
        let dies = self.chance(8).then(|| self.rng.random_range(0..12));
        let person = &mut self.people[at];
        let before = person.phone.port.clone();
        person.phone.port.fail_at(dies);
        let outcome = work(&mut person.phone, &self.directory);
        person.phone.port.fail_at(None);
        if matches!(outcome, Err(Error::Storage(_))) {
            person.phone.port = before;
            person.phone.restart();
            self.crashes += 1;
            return None;
        }
        if let Err(error) = &outcome {
            assert!(person.phone.port.same(&before), "{error:?} has changed the state");
        }
        Some(outcome)
    }

    /// What a device does before it seals anything.
    fn confirm(&mut self, at: usize) {
        let head = self.server.head(self.people[at].phone.id());
        match self.people[at].phone.confirm(head) {
            Err(Error::OldCopy) => self.people[at].astray = true,
            Ok(()) | Err(Error::FutureEpoch { .. } | Error::Rejoining) => {}
            other => panic!("{other:?}"),
        }
    }

    fn say(&mut self, at: usize) {
        let id = self.id();
        let text = format!("{} says {}", at, self.next);
        let sealed = self.attempt(at, |phone, _| phone.seal(id, text.as_bytes()));
        match sealed {
            Some(Ok(sealed)) => self.people[at].unsent = Some((id, sealed, text)),
            Some(Err(Error::Unconfirmed)) => self.confirm(at),
            Some(Err(Error::OldCopy)) => self.people[at].astray = true,
            Some(Err(Error::CommitFirst)) => self.commit(at),
            None | Some(Err(Error::NoGroup | Error::Removed | Error::Rejoining)) => {}
            Some(Err(error)) => panic!("{error:?}"),
        }
    }

    fn send(&mut self, at: usize) {
        if let Some((id, sealed, text)) = self.people[at].unsent.take() {
            let from = self.people[at].phone.id();
            // Refused, it is said again some other time: nothing is lost by that but this test's patience.
            let body = Body::Message(text);
            self.server
                .post(id, from, sealed.count, sealed.epoch, &sealed.bytes, body);
        }
    }

    fn want(&mut self, at: usize) {
        let other = self.rng.random_range(0..self.people.len());
        let other_id = self.people[other].phone.id();
        let goal = match self.rng.random_range(0..6) {
            0..=2 if !self.server.members.contains(&other_id) && other != at => {
                let Some(Ok(key_package)) = self.attempt(other, |phone, _| phone.make_key_package()) else {
                    return;
                };
                Goal::Add { key_package }
            }
            3 if other != at => Goal::Remove { device: other_id },
            _ => Goal::Refresh,
        };
        let me = self.people[at].phone.id().user;
        let may = self.directory.admins.contains(&me) || matches!(goal, Goal::Refresh);
        if !may {
            return;
        }
        match self.attempt(at, |phone, directory| phone.want(directory, &[goal])) {
            None
            | Some(Ok(()) | Err(Error::NoGroup | Error::Removed | Error::Rejoining | Error::OldCopy)) => {}
            Some(Err(error)) => panic!("{error:?}"),
        }
    }

    /// Makes a commit, and sends it or not: then another may be first.
    fn commit(&mut self, at: usize) {
        let id = self.id();
        let outgoing = match self.attempt(at, |phone, directory| phone.commit(directory, id)) {
            Some(Ok(Some(outgoing))) => outgoing,
            Some(Err(Error::Unconfirmed)) => return self.confirm(at),
            Some(Err(Error::OldCopy)) => {
                self.people[at].astray = true;
                return;
            }
            None
            | Some(Ok(None) | Err(Error::NoGroup | Error::Removed | Error::Rejoining | Error::CommitFirst)) =>
            {
                return;
            }
            Some(Err(error)) => panic!("{error:?}"),
        };
        if self.chance(3) {
            return;
        }
        let from = self.people[at].phone.id();
        let already = self
            .server
            .entries
            .iter()
            .any(|entry| entry.bytes == outgoing.commit);
        if !already && !self.server.post_commit(from, &outgoing) {
            self.races_lost += 1;
            if outgoing.change.external {
                self.people[at].astray = true;
            } else if self.chance(2) {
                self.people[at].phone.rejected();
            }
        }
    }

    fn leave(&mut self, at: usize) {
        if self.sound() < 3 || !self.chance(3) {
            return;
        }
        let id = self.id();
        let sealed = self.attempt(at, |phone, _| {
            phone.device.leave(&mut phone.port, &mut phone.random, log(id))
        });
        // Two wishes at once, of the last two, would be a group in which nobody can do anything; which is what they wished.
        let wishes = self.server.entries.iter().rev();
        let mut wishes = wishes.take_while(|entry| !matches!(entry.body, Body::Commit));
        if wishes.any(|entry| matches!(entry.body, Body::Wish)) {
            return;
        }
        if let Some(Ok(sealed)) = sealed {
            let from = self.people[at].phone.id();
            self.server
                .post(id, from, sealed.count, sealed.epoch, &sealed.bytes, Body::Wish);
        }
    }

    /// The store is copied, or the copy is put back.
    fn copy_or_restore(&mut self, at: usize) {
        // Of the last one nobody could bring the group back.
        if self.people[at].copy.is_some() && (self.sound() < 3 || !self.chance(3)) {
            return;
        }
        let person = &mut self.people[at];
        match person.copy.take() {
            None => person.copy = Some((person.phone.port.clone(), person.cursor, person.reads_from)),
            Some((port, cursor, reads_from)) => {
                person.phone.port = port;
                person.phone.restart();
                (person.cursor, person.reads_from, person.unsent) = (cursor, reads_from, None);
                person.astray = false;
                self.restored += 1;
                // The key packages of an old copy may be used already: the welcome that waits is not for it.
                let id = self.people[at].phone.id();
                self.server.welcomes.remove(&id);
                if self.server.members.contains(&id) {
                    self.confirm_or_return(at);
                }
            }
        }
    }

    /// Of an old copy it may be that the group is not in it at all.
    fn confirm_or_return(&mut self, at: usize) {
        let head = self.server.head(self.people[at].phone.id());
        match self.people[at].phone.confirm(head) {
            Ok(()) | Err(Error::FutureEpoch { .. }) => {}
            Err(Error::Removed) if self.server.welcomes.contains_key(&self.people[at].phone.id()) => {}
            Err(Error::OldCopy | Error::NoGroup | Error::Rejoining | Error::Removed) => {
                self.people[at].astray = true;
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Comes in anew, with what somebody who is at the log's end gives.
    fn come_back(&mut self, at: usize) {
        if !self.people[at].astray {
            return;
        }
        let end = self.server.entries.len();
        let helper = (0..self.people.len()).find(|other| {
            *other != at
                && self.people[*other].cursor == Some(end)
                && !self.people[*other].astray
                && self.server.members.contains(&self.people[*other].phone.id())
        });
        let Some(Ok(info)) = helper.map(|helper| self.people[helper].phone.group_info()) else {
            return;
        };
        let id = self.id();
        let me = self.people[at].phone.id();
        let head = self.server.head(me);
        let Some(outgoing) = self.attempt(at, |phone, directory| phone.rejoin(directory, id, &info, head))
        else {
            return;
        };
        let mut outgoing = outgoing.unwrap();
        // The server tells from the log whom a way back replaces.
        if self.server.members.contains(&me) {
            outgoing.change.removed = vec![me];
        }
        assert!(self.server.post_commit(me, &outgoing));
        let person = &mut self.people[at];
        (person.astray, person.cursor, person.reads_from) = (false, Some(end), end + 1);
    }

    fn join(&mut self, at: usize) {
        let me = self.people[at].phone.id();
        let Some((welcome, place)) = self.server.welcomes.get(&me).cloned() else {
            return;
        };
        match self.attempt(at, |phone, directory| phone.join(directory, &welcome)) {
            Some(Ok(())) => {
                self.server.welcomes.remove(&me);
                let person = &mut self.people[at];
                (person.cursor, person.reads_from, person.astray) = (Some(place), place, false);
            }
            // It may not have read yet that it was taken out before.
            None | Some(Err(Error::GroupExists)) => {}
            Some(Err(error)) => panic!("{error:?}"),
        }
    }

    /// Reads the next entry, a member or not.
    fn read(&mut self, at: usize) -> bool {
        let Some(cursor) = self.people[at].cursor else {
            return false;
        };
        let Some(entry) = self.server.entries.get(cursor) else {
            return false;
        };
        let (id, bytes) = (entry.id, entry.bytes.clone());
        let Some(outcome) = self.attempt(at, |phone, directory| phone.receive(directory, id, &bytes)) else {
            return true;
        };
        let entry = &self.server.entries[cursor];
        let person = &mut self.people[at];
        let me = person.phone.id();
        // Whose welcome still waits is in, and reads what follows it once it is read.
        let waits = self.server.welcomes.contains_key(&me);
        let is_in = entry.members.contains(&me) && cursor >= person.reads_from && !person.astray && !waits;
        match (outcome, &entry.body) {
            (Ok(Received::Message { sender, content, .. }), Body::Message(text)) => {
                assert!(entry.members.contains(&me), "{me:?} reads what is not for it");
                assert_eq!((sender, content), (entry.from, text.clone().into_bytes()));
                self.read += 1;
            }
            (Ok(Received::Own), Body::Message(_) | Body::Wish) => assert_eq!(entry.from, me),
            (Ok(Received::Own), Body::Commit) => {
                assert_eq!(entry.from, me);
                person.astray = true;
            }
            (Ok(Received::Wish { by, .. }), Body::Wish) => assert_eq!(by, entry.from),
            (Ok(Received::Changed(applied)), Body::Commit) => {
                assert_eq!(applied.own, entry.from == me);
                assert_eq!(applied.change.committer, entry.from);
            }
            (Ok(Received::RejoinLost), Body::Commit) => person.astray = true,
            (Err(error), _) => {
                assert!(!is_in, "{me:?} cannot read entry {cursor}: {error:?}");
                self.refused_outside += 1;
            }
            (Ok(received), _) => panic!("{received:?} of another kind of entry"),
        }
        person.cursor = Some(cursor + 1);
        true
    }

    fn step(&mut self) {
        let at = self.rng.random_range(0..self.people.len());
        match self.rng.random_range(0..40) {
            0..=5 => self.say(at),
            6..=9 => self.send(at),
            10..=12 => self.want(at),
            13..=16 => self.commit(at),
            17 => self.leave(at),
            18 => self.copy_or_restore(at),
            19..=20 => self.come_back(at),
            21..=24 => self.join(at),
            _ => {
                for _ in 0..self.rng.random_range(1..6) {
                    self.read(at);
                }
            }
        }
    }

    fn read_all(&mut self) {
        for at in 0..self.people.len() {
            self.join(at);
            while self.read(at) {}
            if self.people[at].astray {
                self.come_back(at);
                while self.read(at) {}
            }
        }
    }

    /// Everybody comes to the end of the log; then each one who is in says something that all others who are in read.
    fn settle(&mut self) {
        for _ in 0..12 {
            self.read_all();
            for at in 0..self.people.len() {
                if self.server.members.contains(&self.people[at].phone.id()) {
                    self.confirm_or_return(at);
                    self.commit(at);
                    self.read_all();
                }
            }
        }
        let read_before = self.read;
        let mut said = 0;
        let mut silent = Vec::new();
        // Of an old copy nobody comes back where nobody is left who can describe the group.
        let of_members = self.people.iter();
        let members: Vec<&Person> = of_members
            .filter(|person| self.server.members.contains(&person.phone.id()))
            .collect();
        let astray = members.iter().filter(|person| person.astray).count();
        assert!(
            astray == 0 || astray == members.len(),
            "somebody could have helped"
        );
        let count = members.len() - astray;
        for at in 0..self.people.len() {
            self.people[at].unsent = None;
            if !self.server.members.contains(&self.people[at].phone.id()) || self.people[at].astray {
                continue;
            }
            for _ in 0..20 {
                if self.people[at].unsent.is_some() {
                    break;
                }
                self.say(at);
                self.read_all();
            }
            let entries = self.server.entries.len();
            self.send(at);
            if self.server.entries.len() > entries {
                said += 1;
            } else {
                let refused = self.people[at].phone.seal(crate::world::entry(0), b"");
                let view = self.people[at].phone.view();
                silent.push((refused, view, self.people[at].cursor, entries));
            }
            self.read_all();
        }
        assert_eq!(said, count, "every member can speak in the end: {silent:?}");
        assert!(usize::try_from(self.read - read_before).unwrap() >= count * count.saturating_sub(1));
        let _ = now();
    }
}

#[test]
fn members_read_everything_others_nothing_and_no_key_is_used_twice() {
    let mut totals = [0; 5];
    for seed in 0..16 {
        let mut world = World::new(seed);
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            world.found();
            for _ in 0..STEPS {
                world.step();
            }
            world.settle();
        }));
        assert!(run.is_ok(), "seed {seed}");
        let counted = [
            world.crashes,
            world.races_lost,
            world.restored,
            world.read,
            world.refused_outside,
        ];
        totals
            .iter_mut()
            .zip(counted)
            .for_each(|(total, more)| *total += more);
    }
    let [crashes, races_lost, restored, read, refused_outside] = totals;
    assert!(
        crashes > 50 && races_lost > 8 && restored > 6 && read > 400 && refused_outside > 10,
        "too little has happened: {totals:?}"
    );
}
