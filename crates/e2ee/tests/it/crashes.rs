//! A device dies at each of its writes, or its transaction is rolled back: what it then does is what it would have done.

use pipit_e2ee::{Error, Goal, LogHead, OutgoingCommit, Received};

use crate::world::{Anything, Directory, Phone, Scene, entry};

/// Does a thing with a device that dies at its first write, then at its second, and so on, each time on the state of before; then
/// does it for good. Says at how many writes it died.
fn at_every_write<T>(
    phone: &mut Phone,
    restart: bool,
    mut work: impl FnMut(&mut Phone) -> Result<T, Error>,
) -> (u64, T) {
    let before = phone.port.clone();
    let confirmed = LogHead { epoch: 0, count: 0 };
    for died in 0.. {
        phone.port.fail_at(Some(died));
        let outcome = work(phone);
        phone.port.fail_at(None);
        match outcome {
            Err(Error::Storage(_)) => {
                phone.port = before.clone();
                if restart {
                    phone.restart();
                    let _ = phone.confirm(confirmed);
                } else {
                    phone.device.forget();
                }
            }
            outcome => return (died, outcome.unwrap()),
        }
    }
    unreachable!("some number of writes is enough")
}

/// Devices that die at each of their writes.
struct Life {
    scene: Scene,
    directory: Directory,
    restart: bool,
    died: u64,
}

impl Life {
    fn new(restart: bool) -> Self {
        let scene = Scene::strangers(&[(1, 1), (2, 1), (3, 1)]);
        Self {
            directory: scene.directory.clone(),
            scene,
            restart,
            died: 0,
        }
    }

    fn dying<T>(&mut self, at: usize, mut work: impl FnMut(&mut Phone, &Directory) -> Result<T, Error>) -> T {
        let phone = &mut self.scene.phones[at];
        let (died, done) = at_every_write(phone, self.restart, |phone| work(phone, &self.directory));
        self.died += died;
        done
    }

    fn commit(&mut self, at: usize, number: u64) -> OutgoingCommit {
        let outgoing = self.dying(at, |phone, directory| phone.commit(directory, entry(number)));
        outgoing.unwrap()
    }

    fn take(&mut self, at: usize, number: u64, bytes: &[u8]) -> Received {
        self.dying(at, |phone, directory| {
            phone.receive(directory, entry(number), bytes)
        })
    }

    fn all_take(&mut self, number: u64, bytes: &[u8]) {
        for at in 0..3 {
            self.take(at, number, bytes);
        }
    }

    /// The first one lets the others in.
    fn found(&mut self) {
        self.scene.phones[0].create();
        let mut goals = Vec::new();
        for at in [1, 2] {
            let key_package = self.dying(at, |phone, _| phone.make_key_package());
            goals.push(Goal::Add { key_package });
        }
        self.dying(0, |phone, directory| phone.want(directory, &goals));
        let outgoing = self.commit(0, 10);
        let welcome = outgoing.welcome.unwrap();
        self.take(0, 10, &outgoing.commit);
        for at in [1, 2] {
            self.dying(at, |phone, directory| phone.join(directory, &welcome));
        }
    }

    /// Everybody says something.
    fn talk(&mut self, number: u64) {
        for (by, number) in (0..3).zip(number..) {
            let sealed = self.dying(by, |phone, _| phone.seal(entry(number), b"hello"));
            for at in 0..3 {
                let received = self.take(at, number, &sealed.bytes);
                assert_eq!(received == Received::Own, at == by);
            }
        }
    }

    /// Two commit at once; one loses, and takes the third one out by another commit.
    fn race(&mut self) {
        let device = self.scene.phones[2].id();
        self.dying(0, |phone, directory| {
            phone.want(directory, &[Goal::Remove { device }])
        });
        self.dying(1, |phone, directory| phone.want(directory, &[Goal::Refresh]));
        self.commit(0, 30);
        let first = self.commit(1, 31);
        self.all_take(31, &first.commit);
        let second = self.commit(0, 32);
        self.all_take(32, &second.commit);
    }

    /// The third one comes back from outside.
    fn come_back(&mut self) {
        let info = self.scene.phones[0].group_info().unwrap();
        let head = LogHead { epoch: 3, count: 1 };
        let back = self.dying(2, |phone, directory| {
            phone.rejoin(directory, entry(40), &info, head)
        });
        self.all_take(40, &back.commit);
    }
}

fn whole_life(restart: bool) {
    let mut life = Life::new(restart);
    life.found();
    life.talk(20);
    life.race();
    life.come_back();
    life.talk(50);
    assert!(life.died > 200, "only {} deaths", life.died);
}

#[test]
fn every_write_of_a_life_may_be_the_last_before_a_restart() {
    whole_life(true);
}

#[test]
fn every_write_of_a_life_may_be_rolled_back_in_the_running_program() {
    whole_life(false);
}

#[test]
fn a_transaction_that_is_rolled_back_after_the_call_takes_the_ratchet_with_it() {
    let mut scene = Scene::group(&[(1, 1), (2, 1)]);
    let directory = scene.directory.clone();
    let sealed = scene.phones[0].seal(entry(20), b"hello").unwrap();
    let before = scene.phones[1].port.clone();
    for _ in 0..3 {
        let received = scene.phones[1]
            .receive(&directory, entry(20), &sealed.bytes)
            .unwrap();
        assert!(matches!(received, Received::Message { .. }));
        scene.phones[1].port = before.clone();
        scene.phones[1].device.forget();
    }
    let before = scene.phones[0].port.clone();
    let first = scene.phones[0].seal(entry(21), b"never sent").unwrap();
    scene.phones[0].port = before;
    scene.phones[0].device.forget();
    let second = scene.phones[0].seal(entry(22), b"sent").unwrap();
    assert_eq!(
        first.count, second.count,
        "what was never sent has used up nothing"
    );
    assert!(
        scene.phones[1]
            .receive(&Anything, entry(22), &second.bytes)
            .is_ok()
    );
}
