//! Archives of encrypted conversations: hand-overs, backups and histories.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::archive::{
    AddPartError, Approval, ApproveError, ArchiveRecord, BeginArchiveError, NewArchive, NewPart,
};
use pipit_store::blob::{CreateUploadError, NewUpload};
use pipit_wire::event::EventBody;
use pipit_wire::rest::archive::ArchivePurpose;
use pipit_wire::{ArchiveId, ConversationId, DeviceId, PartId, Timestamp};
use tokio::task::JoinSet;

use crate::key_log::new_key;
use crate::world::{Person, START, World};

const SOON: Timestamp = START.plus_ms(1_000_000);
const LATE: Timestamp = START.plus_ms(100_000_000);

async fn device_of(world: &World, person: Person) -> DeviceId {
    let new = world.new_device(person.user);
    let id = new.id;
    world.store.create_device(new).await.unwrap();
    id
}

fn new_archive(world: &World, person: Person, device: DeviceId, purpose: ArchivePurpose) -> NewArchive {
    NewArchive {
        id: world.id(),
        user: person.user,
        device,
        purpose,
        conversation: None,
        proof: [3; 32],
        now: world.now(),
        expires_at: (purpose == ArchivePurpose::Handover).then_some(SOON),
        kept_max: 3,
    }
}

async fn begin(world: &World, new: &NewArchive) -> Vec<ArchiveId> {
    world.store.begin_archive(new.clone()).await.unwrap().unwrap()
}

fn approval(archive: &NewArchive, giver: DeviceId) -> Approval {
    Approval {
        archive: archive.id,
        user: archive.user,
        giver,
        salt: [5; 32],
        now: archive.now.plus_ms(10),
        expires_at: SOON,
    }
}

fn part(world: &World, archive: &NewArchive, device: DeviceId, size: u32) -> NewPart {
    let id: PartId = world.id();
    NewPart {
        archive: archive.id,
        user: archive.user,
        device,
        id,
        object: format!("{}/{id}", archive.id),
        size,
        last: false,
        replaces: Vec::new(),
        now: archive.now.plus_ms(20),
        expires_at: SOON,
        parts_max: 4,
        account_bytes_max: 1_000,
    }
}

async fn add(world: &World, part: &NewPart) -> Result<(u32, bool, Vec<String>), AddPartError> {
    let added = world.store.add_part(part.clone()).await.unwrap()?;
    Ok((added.number, added.repeated, added.rubbish))
}

async fn list(world: &World, person: Person) -> Vec<ArchiveRecord> {
    world.store.list_archives(person.user, START).await.unwrap()
}

async fn numbers(world: &World, archive: &NewArchive, device: DeviceId) -> Option<Vec<(u32, PartId)>> {
    let parts = world.store.list_parts(archive.id, archive.user, device, START);
    let parts = parts.await.unwrap()?;
    Some(parts.into_iter().map(|part| (part.number, part.id)).collect())
}

/// Asked once, approved once, by another device of the account.
pub async fn a_device_asks_and_another_hands_over(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let laptop = device_of(&world, alice).await;
    let tablet = device_of(&world, alice).await;
    let key = new_key(&world, alice.user, laptop, [9; 32]);
    world.store.publish_key(key).await.unwrap().unwrap();
    let asked = new_archive(&world, alice, laptop, ArchivePurpose::Handover);
    assert!(begin(&world, &asked).await.is_empty());
    assert!(begin(&world, &asked).await.is_empty(), "again changes nothing");
    let other = NewArchive {
        proof: [4; 32],
        ..asked.clone()
    };
    let refused = world.store.begin_archive(other).await.unwrap();
    assert_eq!(refused, Err(BeginArchiveError::IdConflict));
    let listed = list(&world, alice).await;
    assert_eq!(listed.len(), 1);
    let found = &listed[0];
    assert_eq!((found.id, found.device), (asked.id, laptop));
    assert_eq!(
        (found.device_name.as_str(), found.signature_key),
        ("Phone", Some([9; 32]))
    );
    assert_eq!((found.approval, found.complete, found.parts), (None, false, 0));
    assert!(list(&world, bob).await.is_empty());

    for (giver, user) in [(laptop, alice.user), (bob.device, bob.user)] {
        let wrong = Approval {
            user,
            ..approval(&asked, giver)
        };
        let refused = world.store.approve_archive(wrong).await.unwrap();
        assert_eq!(refused, Err(ApproveError::NotFound));
    }
    let approved = approval(&asked, alice.device);
    for _ in 0..2 {
        assert_eq!(world.store.approve_archive(approved).await.unwrap(), Ok(()));
    }
    let second = world
        .store
        .approve_archive(approval(&asked, tablet))
        .await
        .unwrap();
    assert_eq!(second, Err(ApproveError::Taken));
    assert_eq!(
        list(&world, alice).await[0].approval,
        Some((alice.device, [5; 32]))
    );

    // A device that asks anew takes its place.
    let again = new_archive(&world, alice, laptop, ArchivePurpose::Handover);
    assert_eq!(begin(&world, &again).await, [asked.id]);
    assert_eq!(numbers(&world, &asked, laptop).await, None);
}

/// By the giver alone, for the asker alone, up to the last.
pub async fn parts_are_numbered_once_and_in_order(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let laptop = device_of(&world, alice).await;
    let asked = new_archive(&world, alice, laptop, ArchivePurpose::Handover);
    begin(&world, &asked).await;
    let early = part(&world, &asked, alice.device, 10);
    assert_eq!(
        add(&world, &early).await,
        Err(AddPartError::NotFound),
        "nobody has approved it"
    );
    world
        .store
        .approve_archive(approval(&asked, alice.device))
        .await
        .unwrap()
        .unwrap();
    for device in [laptop, bob.device] {
        let wrong = part(&world, &asked, device, 10);
        assert_eq!(add(&world, &wrong).await, Err(AddPartError::NotFound));
    }
    let first = part(&world, &asked, alice.device, 10);
    assert_eq!(add(&world, &first).await, Ok((1, false, Vec::new())));
    let repeated = NewPart {
        object: "another".to_owned(),
        ..first.clone()
    };
    assert_eq!(
        add(&world, &repeated).await,
        Ok((1, true, vec!["another".to_owned()]))
    );
    let last = NewPart {
        last: true,
        ..part(&world, &asked, alice.device, 20)
    };
    assert_eq!(add(&world, &last).await, Ok((2, false, Vec::new())));
    let more = part(&world, &asked, alice.device, 10);
    assert_eq!(add(&world, &more).await, Err(AddPartError::Complete));
    let found = &list(&world, alice).await[0];
    assert_eq!((found.parts, found.size, found.complete), (2, 30, true));
    let expect = Some(vec![(1, first.id), (2, last.id)]);
    assert_eq!(numbers(&world, &asked, laptop).await, expect);
    assert_eq!(
        numbers(&world, &asked, alice.device).await,
        None,
        "it is the asker's alone"
    );
    let others = world.store.list_parts(asked.id, bob.user, bob.device, START);
    assert_eq!(others.await.unwrap(), None);
    let folders = [asked.id.as_uuid().into(), bob.user.as_uuid().into()];
    let known = world.store.filter_known_blobs(&folders).await.unwrap();
    assert_eq!(known, [asked.id.as_uuid().into()]);
    assert!(!world.store.remove_archive(asked.id, bob.user).await.unwrap());
    assert!(world.store.remove_archive(asked.id, alice.user).await.unwrap());
    assert_eq!(numbers(&world, &asked, laptop).await, None);
}

/// One an account, written by all of its devices; a part takes the place of others in one moment.
pub async fn a_backup_is_one_and_its_parts_give_way(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let laptop = device_of(&world, alice).await;
    let backup = new_archive(&world, alice, alice.device, ArchivePurpose::Backup);
    begin(&world, &backup).await;
    let one = part(&world, &backup, alice.device, 10);
    let two = part(&world, &backup, laptop, 20);
    for (part, number) in [(&one, 1), (&two, 2)] {
        assert_eq!(add(&world, part).await, Ok((number, false, Vec::new())));
    }
    let others = part(&world, &backup, bob.device, 10);
    let others = NewPart {
        user: bob.user,
        ..others
    };
    assert_eq!(add(&world, &others).await, Err(AddPartError::NotFound));
    let both = NewPart {
        replaces: vec![one.id, two.id, two.id, world.id()],
        last: true,
        ..part(&world, &backup, laptop, 25)
    };
    assert_eq!(
        add(&world, &both).await,
        Ok((3, false, vec![one.object, two.object]))
    );
    assert_eq!(numbers(&world, &backup, laptop).await, Some(vec![(3, both.id)]));
    let found = &list(&world, alice).await[0];
    assert_eq!((found.parts, found.size, found.complete), (1, 25, false));
    for _ in 0..3 {
        let more = part(&world, &backup, laptop, 1);
        add(&world, &more).await.unwrap();
    }
    let beyond = part(&world, &backup, laptop, 1);
    assert_eq!(add(&world, &beyond).await, Err(AddPartError::TooMany));
    let next = new_archive(&world, alice, laptop, ArchivePurpose::Backup);
    assert_eq!(begin(&world, &next).await, [backup.id]);
    assert_eq!(list(&world, alice).await.len(), 1);
}

/// Files and archives share what an account may use.
pub async fn archives_share_the_accounts_room(store: Arc<dyn Store>) {
    let (world, alice, _, _) = World::with_three(store).await;
    let backup = new_archive(&world, alice, alice.device, ArchivePurpose::Backup);
    begin(&world, &backup).await;
    let large = part(&world, &backup, alice.device, 900);
    add(&world, &large).await.unwrap();
    let upload = NewUpload {
        id: world.id(),
        owner: alice.user,
        size: 101,
        name: String::new(),
        media_type: String::new(),
        sealed: false,
        now: world.now(),
        account_bytes_max: 1_000,
        uploads_max: 9,
    };
    let refused = world.store.create_upload(upload.clone()).await.unwrap();
    assert_eq!(refused, Err(CreateUploadError::Quota));
    let fits = NewUpload { size: 100, ..upload };
    world.store.create_upload(fits).await.unwrap().unwrap();
    let more = part(&world, &backup, alice.device, 1);
    assert_eq!(add(&world, &more).await, Err(AddPartError::Quota));
    let in_place = NewPart {
        replaces: vec![large.id],
        ..part(&world, &backup, alice.device, 900)
    };
    add(&world, &in_place).await.unwrap();
    let used = world.store.list_uploads(alice.user, 9).await.unwrap().used_bytes;
    assert_eq!(used, 1_000);
}

/// Hand-overs expire, and only so many wait.
pub async fn what_nobody_came_for_goes(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let mut asked = Vec::new();
    for _ in 0..4 {
        let device = device_of(&world, alice).await;
        let new = new_archive(&world, alice, device, ArchivePurpose::Handover);
        let gone = begin(&world, &new).await;
        let expect: Vec<ArchiveId> = if asked.len() == 3 {
            vec![asked[0]]
        } else {
            Vec::new()
        };
        assert_eq!(gone, expect);
        asked.push(new.id);
    }
    let backup = new_archive(&world, bob, bob.device, ArchivePurpose::Backup);
    begin(&world, &backup).await;
    assert!(
        world
            .store
            .take_expired_archives(START, 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        world
            .store
            .list_archives(alice.user, LATE)
            .await
            .unwrap()
            .is_empty()
    );
    let mut taken = world.store.take_expired_archives(LATE, 2).await.unwrap();
    assert_eq!(taken.len(), 2);
    taken.extend(world.store.take_expired_archives(LATE, 9).await.unwrap());
    let mut expect: Vec<_> = asked[1..].iter().map(|id| (alice.user, *id)).collect();
    taken.sort();
    expect.sort();
    assert_eq!(taken, expect, "a backup does not expire");
}

/// Who is signed out neither gets nor gives any more. What is complete can still be fetched, and a backup stays.
pub async fn archives_end_with_their_device(store: Arc<dyn Store>) {
    let (world, alice, _, _) = World::with_three(store).await;
    let laptop = device_of(&world, alice).await;
    let tablet = device_of(&world, alice).await;
    let backup = new_archive(&world, alice, laptop, ArchivePurpose::Backup);
    begin(&world, &backup).await;
    let to_laptop = new_archive(&world, alice, laptop, ArchivePurpose::Handover);
    let to_tablet = new_archive(&world, alice, tablet, ArchivePurpose::Handover);
    for archive in [&to_laptop, &to_tablet] {
        begin(&world, archive).await;
        world
            .store
            .approve_archive(approval(archive, alice.device))
            .await
            .unwrap()
            .unwrap();
    }
    let last = NewPart {
        last: true,
        ..part(&world, &to_tablet, alice.device, 10)
    };
    add(&world, &last).await.unwrap();
    for (signed_out, expect) in [
        (alice.device, vec![backup.id, to_tablet.id]),
        (tablet, vec![backup.id]),
        (laptop, vec![backup.id]),
    ] {
        let now = world.now();
        assert!(
            world
                .store
                .revoke_device(alice.user, signed_out, now)
                .await
                .unwrap()
        );
        let left: Vec<ArchiveId> = list(&world, alice).await.iter().map(|found| found.id).collect();
        assert_eq!(left, expect);
    }
    let nobody = new_archive(&world, alice, laptop, ArchivePurpose::Handover);
    let refused = world.store.begin_archive(nobody).await.unwrap();
    assert_eq!(refused, Err(BeginArchiveError::NoDevice));
}

fn new_history(world: &World, person: Person, conversation: ConversationId) -> NewArchive {
    NewArchive {
        conversation: Some(conversation),
        proof: [0; 32],
        expires_at: Some(SOON),
        ..new_archive(world, person, person.device, ArchivePurpose::History)
    }
}

async fn read_by(world: &World, archive: &NewArchive, person: Person) -> Option<usize> {
    let parts = world
        .store
        .list_parts(archive.id, person.user, person.device, START);
    parts.await.unwrap().map(|parts| parts.len())
}

/// Written by the device that has begun it, read by whoever is a member at the time, and no matter to hand-overs and backups.
pub async fn a_history_is_for_the_members(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Den", alice, &[bob]).await;
    let laptop = device_of(&world, alice).await;
    let backup = new_archive(&world, alice, laptop, ArchivePurpose::Backup);
    let asked = new_archive(&world, alice, alice.device, ArchivePurpose::Handover);
    let history = new_history(&world, alice, group);
    for new in [&backup, &asked, &history, &history] {
        assert!(begin(&world, new).await.is_empty());
    }
    let elsewhere = world.group("Attic", alice, &[]).await;
    let moved = NewArchive {
        conversation: Some(elsewhere),
        ..history.clone()
    };
    let refused = world.store.begin_archive(moved).await.unwrap();
    assert_eq!(refused, Err(BeginArchiveError::IdConflict));
    let refused = world.store.approve_archive(approval(&history, laptop)).await;
    assert_eq!(refused.unwrap(), Err(ApproveError::NotFound));

    let by_laptop = part(&world, &history, laptop, 10);
    assert_eq!(add(&world, &by_laptop).await, Err(AddPartError::NotFound));
    let first = part(&world, &history, alice.device, 10);
    assert_eq!(add(&world, &first).await, Ok((1, false, Vec::new())));
    let last = NewPart {
        last: true,
        ..part(&world, &history, alice.device, 10)
    };
    assert_eq!(add(&world, &last).await, Ok((2, false, Vec::new())));
    let more = part(&world, &history, alice.device, 1);
    assert_eq!(add(&world, &more).await, Err(AddPartError::Complete));
    let listed = list(&world, alice).await;
    let found = listed.iter().find(|found| found.id == history.id).unwrap();
    assert_eq!(
        (found.purpose, found.conversation, found.complete, found.approval),
        (ArchivePurpose::History, Some(group), true, None)
    );
    assert!(list(&world, bob).await.is_empty());

    assert_eq!(read_by(&world, &history, bob).await, Some(2));
    assert_eq!(read_by(&world, &history, carol).await, None);
    let gone = EventBody::MemberRemoved {
        user: bob.user,
        banned: false,
    };
    world.enter(group, alice, gone).await;
    assert_eq!(
        read_by(&world, &history, bob).await,
        None,
        "with who is no member"
    );
    assert!(!world.store.remove_archive(history.id, bob.user).await.unwrap());
}

/// A complete one stays when its device goes, for a time; the oldest gives way.
pub async fn histories_stay_for_a_time(store: Arc<dyn Store>) {
    let (world, alice, _, _) = World::with_three(store).await;
    let group = world.group("Den", alice, &[]).await;
    let laptop = device_of(&world, alice).await;
    let backup = new_archive(&world, alice, laptop, ArchivePurpose::Backup);
    let history = new_history(&world, alice, group);
    for new in [&backup, &history] {
        begin(&world, new).await;
    }
    let last = NewPart {
        last: true,
        ..part(&world, &history, alice.device, 10)
    };
    add(&world, &last).await.unwrap();
    let half = new_history(&world, alice, group);
    begin(&world, &half).await;
    let now = world.now();
    world
        .store
        .revoke_device(alice.user, alice.device, now)
        .await
        .unwrap();
    let left: Vec<ArchiveId> = list(&world, alice).await.iter().map(|found| found.id).collect();
    assert_eq!(left, [backup.id, history.id]);
    let mut later = Vec::new();
    for number in 0..3 {
        let new = NewArchive {
            device: laptop,
            ..new_history(&world, alice, group)
        };
        let expect = if number == 2 { vec![history.id] } else { Vec::new() };
        assert_eq!(begin(&world, &new).await, expect);
        later.push((alice.user, new.id));
    }
    let mut taken = world.store.take_expired_archives(LATE, 9).await.unwrap();
    taken.sort();
    assert_eq!(taken, later);
}

/// Two parts do not both get the last room, nor the same number.
pub async fn concurrent_parts_share_no_room(store: Arc<dyn Store>) {
    let (world, alice, _, _) = World::with_three(store).await;
    let backup = new_archive(&world, alice, alice.device, ArchivePurpose::Backup);
    begin(&world, &backup).await;
    let mut adding = JoinSet::new();
    for _ in 0..8 {
        let part = NewPart {
            parts_max: 99,
            ..part(&world, &backup, alice.device, 300)
        };
        let world = world.clone();
        adding.spawn(async move { add(&world, &part).await.map(|(number, ..)| number) });
    }
    let mut outcomes = adding.join_all().await;
    outcomes.sort_by_key(|outcome| outcome.unwrap_or(u32::MAX));
    assert_eq!(outcomes[..3], [Ok(1), Ok(2), Ok(3)]);
    assert!(
        outcomes[3..]
            .iter()
            .all(|outcome| *outcome == Err(AddPartError::Quota))
    );
}
