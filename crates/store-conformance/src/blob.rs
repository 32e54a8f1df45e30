//! Files: uploads, what becomes of them, and who may read them.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::blob::{
    AdvanceError, AdvanceUpload, BlobDetails, BlobRecord, CreateUploadError, FinishUpload, NewUpload, Piece,
    SEALED_TYPE, Thumbnail,
};
use pipit_store::log::{Append, AppendError};
use pipit_wire::encryption::Seal;
use pipit_wire::event::{
    AvatarChange, Content, EventBody, MessageChange, Role, SealedPurpose, SettingsChange,
};
use pipit_wire::{Attachment, BlobId, ConversationId, Timestamp};
use tokio::task::JoinSet;

use crate::encryption::{commit, encrypted_group};
use crate::world::{Person, START, World, member};

const SIZE: u64 = 10;

fn new(world: &World, owner: Person, size: u64) -> NewUpload {
    NewUpload {
        id: world.id(),
        owner: owner.user,
        size,
        name: "Käse \"1\".txt".to_owned(),
        media_type: "text/plain".to_owned(),
        sealed: false,
        now: world.now(),
        account_bytes_max: 1_000,
        uploads_max: 20,
    }
}

fn pieces(names: &[(&str, u64)]) -> Vec<Piece> {
    let piece = |(object, size): &(&str, u64)| Piece {
        object: (*object).to_owned(),
        size: *size,
    };
    names.iter().map(piece).collect()
}

fn part(world: &World, upload: &NewUpload, from: u64, names: &[(&str, u64)]) -> AdvanceUpload {
    AdvanceUpload {
        id: upload.id,
        owner: upload.owner,
        from,
        pieces: pieces(names),
        pieces_max: 3,
        now: world.now(),
    }
}

async fn create(world: &World, upload: &NewUpload) -> Result<BlobRecord, CreateUploadError> {
    world.store.create_upload(upload.clone()).await.unwrap()
}

async fn advance(world: &World, part: AdvanceUpload) -> Result<u64, AdvanceError> {
    world.store.advance_upload(part).await.unwrap()
}

async fn find(world: &World, blob: BlobId) -> Option<BlobRecord> {
    world.store.find_blob(blob).await.unwrap()
}

fn finish(world: &World, upload: &NewUpload) -> FinishUpload {
    FinishUpload {
        id: upload.id,
        owner: upload.owner,
        size: 7,
        details: BlobDetails {
            name: "cat.jpg".to_owned(),
            media_type: "image/jpeg".to_owned(),
            width: Some(3),
            height: Some(4),
            preview: Some("aGk=".to_owned()),
            pieces: pieces(&[("a", 7)]),
            thumbnails: vec![Thumbnail {
                pixels: 320,
                media_type: "image/jpeg".to_owned(),
                piece: pieces(&[("b", 2)]).remove(0),
            }],
            sealed: false,
        },
        now: world.now(),
    }
}

/// A finished file of somebody.
pub(crate) async fn file(world: &World, owner: Person) -> BlobId {
    let upload = new(world, owner, SIZE);
    create(world, &upload).await.unwrap();
    assert!(world.store.finish_upload(finish(world, &upload)).await.unwrap());
    upload.id
}

pub(crate) fn with_files(world: &World, place: ConversationId, sender: Person, blobs: &[BlobId]) -> Append {
    let body = EventBody::Message {
        written_at: START,
        content: Content::Plain {
            text: String::new(),
            attachments: blobs.iter().map(|blob| Attachment::of(*blob)).collect(),
            poll: None,
            preview: None,
        },
        reply_to: None,
        expires_at: None,
    };
    world.entry(place, sender, body)
}

pub(crate) async fn may_read(world: &World, reader: Person, blob: BlobId) -> bool {
    let found = world.store.filter_readable(reader.user, &[blob]).await.unwrap();
    assert!(found.iter().all(|record| record.id == blob && record.finished));
    !found.is_empty()
}

pub(crate) async fn take(world: &World, before: pipit_wire::Timestamp) -> Vec<BlobId> {
    let mut taken = world.store.take_abandoned(before, 100).await.unwrap();
    taken.sort_unstable();
    taken
}

/// What has come is added where it follows what was there, and comes back whole.
pub async fn an_upload_grows(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let upload = new(&world, alice, SIZE);
    let made = create(&world, &upload).await.unwrap();
    assert_eq!((made.size, made.received, made.finished), (SIZE, 0, false));
    assert_eq!(
        advance(&world, part(&world, &upload, 0, &[("a", 4)])).await,
        Ok(4)
    );
    let last = part(&world, &upload, 4, &[("b", 1), ("c", 5)]);
    assert_eq!(advance(&world, last.clone()).await, Ok(SIZE));
    let expect = BlobRecord {
        received: SIZE,
        touched_at: last.now,
        details: BlobDetails {
            pieces: pieces(&[("a", 4), ("b", 1), ("c", 5)]),
            ..made.details.clone()
        },
        ..made
    };
    assert_eq!(find(&world, upload.id).await, Some(expect.clone()));
    assert_eq!(create(&world, &upload).await, Ok(expect), "repeated");
    assert_eq!(find(&world, world.id()).await, None);
}

/// What does not follow, is too much, or is another's, changes nothing; the same again is done.
pub async fn what_does_not_fit_is_refused(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let upload = new(&world, alice, SIZE);
    create(&world, &upload).await.unwrap();
    let first = part(&world, &upload, 0, &[("a", 4)]);
    assert_eq!(advance(&world, first.clone()).await, Ok(4));
    assert_eq!(advance(&world, first).await, Ok(4), "the same again");
    let before = find(&world, upload.id).await;
    for (from, names, expect) in [
        (0, &[("b", 4)][..], AdvanceError::Offset { received: 4 }),
        (5, &[("b", 1)][..], AdvanceError::Offset { received: 4 }),
        (4, &[("b", 7)][..], AdvanceError::TooLong),
        (
            4,
            &[("b", 1), ("c", 1), ("d", 1)][..],
            AdvanceError::TooManyPieces,
        ),
    ] {
        assert_eq!(
            advance(&world, part(&world, &upload, from, names)).await,
            Err(expect)
        );
    }
    let mut others = part(&world, &upload, 4, &[("b", 1)]);
    others.owner = bob.user;
    assert_eq!(advance(&world, others).await, Err(AdvanceError::NotFound));
    let unknown = part(&world, &new(&world, alice, SIZE), 0, &[("b", 1)]);
    assert_eq!(advance(&world, unknown).await, Err(AdvanceError::NotFound));
    assert_eq!(find(&world, upload.id).await, before);
}

/// Room is given as long as there is some, counting what is reserved; an id is used once.
pub async fn room_ends(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let first = new(&world, alice, 600);
    create(&world, &first).await.unwrap();
    let large = new(&world, alice, 401);
    assert_eq!(create(&world, &large).await, Err(CreateUploadError::Quota));
    let mut fits = new(&world, alice, 400);
    fits.uploads_max = 1;
    assert_eq!(create(&world, &fits).await, Err(CreateUploadError::TooMany));
    fits.uploads_max = 2;
    create(&world, &fits).await.unwrap();
    create(&world, &new(&world, bob, 1_000)).await.unwrap();
    let others = NewUpload {
        owner: bob.user,
        size: 0,
        ..first.clone()
    };
    assert_eq!(create(&world, &others).await, Err(CreateUploadError::IdConflict));
    let longer = NewUpload {
        size: 1,
        ..first.clone()
    };
    assert_eq!(create(&world, &longer).await, Err(CreateUploadError::IdConflict));
    let list = world.store.list_uploads(alice.user, 10).await.unwrap();
    let ids: Vec<_> = list.items.iter().map(|item| item.id).collect();
    assert_eq!((ids, list.used_bytes), (vec![first.id, fits.id], 1_000));
    assert_eq!(
        world.store.list_uploads(alice.user, 1).await.unwrap().items.len(),
        1
    );
    assert!(world.store.remove_upload(alice.user, first.id).await.unwrap());
    create(&world, &large).await.unwrap();
}

/// Of several that want the last room at once, so many get it as there is room for.
pub async fn concurrent_uploads_share_no_room(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let mut tasks = JoinSet::new();
    for _ in 0..12 {
        let (world, upload) = (world.clone(), new(&world, alice, 300));
        tasks.spawn(async move { create(&world, &upload).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    let list = world.store.list_uploads(alice.user, 100).await.unwrap();
    assert_eq!(list.used_bytes, 900);
}

/// Of two that add at the same place at once, one does.
pub async fn concurrent_parts_do_not_mix(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let upload = new(&world, alice, SIZE);
    create(&world, &upload).await.unwrap();
    let mut tasks = JoinSet::new();
    for name in ["a", "b", "c", "d"] {
        let (world, part) = (world.clone(), part(&world, &upload, 0, &[(name, 4)]));
        tasks.spawn(async move { advance(&world, part).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(4)).count(), 1);
    let found = find(&world, upload.id).await.unwrap();
    assert_eq!((found.received, found.details.pieces.len()), (4, 1));
}

/// A finished file is what it was found to be, once, and takes no more.
pub async fn an_upload_is_finished(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let upload = new(&world, alice, SIZE);
    create(&world, &upload).await.unwrap();
    let mut others = finish(&world, &upload);
    others.owner = bob.user;
    assert!(!world.store.finish_upload(others).await.unwrap(), "another's");
    let done = finish(&world, &upload);
    assert!(world.store.finish_upload(done.clone()).await.unwrap());
    let found = find(&world, upload.id).await.unwrap();
    assert!(found.finished);
    assert_eq!(
        (found.size, found.received, &found.details),
        (7, 7, &done.details)
    );
    let mut again = finish(&world, &upload);
    "other".clone_into(&mut again.details.name);
    assert!(!world.store.finish_upload(again).await.unwrap(), "twice");
    assert_eq!(
        advance(&world, part(&world, &upload, 7, &[("z", 1)])).await,
        Err(AdvanceError::NotFound)
    );
    let list = world.store.list_uploads(alice.user, 10).await.unwrap();
    assert_eq!((list.items, list.used_bytes), (vec![], 7));
}

/// A message with a file that is not there or not finished is not appended, and leaves nothing behind.
pub async fn a_message_needs_its_files(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let place = world.direct(alice, bob).await;
    let (whole, unfinished) = (file(&world, alice).await, new(&world, alice, SIZE));
    create(&world, &unfinished).await.unwrap();
    for missing in [unfinished.id, world.id()] {
        let message = with_files(&world, place, alice, &[whole, missing]);
        assert_eq!(world.try_append(message).await, Err(AppendError::Stale));
    }
    assert_eq!(find(&world, whole).await.unwrap().attachments, 0);
    let message = with_files(&world, place, alice, &[whole, whole]);
    assert_eq!(world.append(message.clone()).await, 2, "no gap");
    assert!(world.try_append(message).await.unwrap().repeated);
    assert_eq!(find(&world, whole).await.unwrap().attachments, 1, "once");
}

/// Who may read a message may read its files; nobody else but the owner.
pub async fn members_read_files(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let place = world.group("Birds", alice, &[bob]).await;
    let sent = file(&world, alice).await;
    assert!(may_read(&world, alice, sent).await, "her own");
    assert!(!may_read(&world, bob, sent).await, "not sent yet");
    world.append(with_files(&world, place, alice, &[sent])).await;
    assert!(may_read(&world, bob, sent).await);
    assert!(!may_read(&world, carol, sent).await);
    let joins = EventBody::MemberAdded {
        member: member(carol.user, Role::Member),
    };
    world.enter(place, alice, joins).await;
    assert!(!may_read(&world, carol, sent).await, "before her time");
    let later = file(&world, alice).await;
    world.append(with_files(&world, place, alice, &[later])).await;
    assert!(may_read(&world, carol, later).await);
    world
        .enter(
            place,
            alice,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    assert!(!may_read(&world, bob, sent).await, "removed");
    let elsewhere = world.direct(alice, bob).await;
    world.append(with_files(&world, elsewhere, alice, &[sent])).await;
    assert!(may_read(&world, bob, sent).await, "forwarded");
    assert!(!may_read(&world, bob, later).await);
    let both = world
        .store
        .filter_readable(alice.user, &[sent, later])
        .await
        .unwrap();
    assert_eq!(both.len(), 2);
    let unfinished = new(&world, alice, SIZE);
    create(&world, &unfinished).await.unwrap();
    assert!(!may_read(&world, alice, unfinished.id).await, "not finished");
}

/// What no message has is given up after its time; what one has is kept.
pub async fn the_abandoned_are_taken(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let place = world.direct(alice, bob).await;
    let unfinished = new(&world, alice, SIZE);
    create(&world, &unfinished).await.unwrap();
    let (unsent, sent) = (file(&world, alice).await, file(&world, alice).await);
    world.append(with_files(&world, place, alice, &[sent])).await;
    assert_eq!(take(&world, unfinished.now).await, []);
    assert_eq!(take(&world, world.now()).await, [unfinished.id, unsent]);
    assert_eq!(take(&world, world.now()).await, []);
    assert_eq!(find(&world, unsent).await, None);
    let asked = [unfinished.id, unsent, sent];
    assert_eq!(world.store.filter_known_blobs(&asked).await.unwrap(), [sent]);
    assert!(
        !world.store.remove_upload(alice.user, sent).await.unwrap(),
        "sent"
    );
    assert!(may_read(&world, bob, sent).await);
    for _ in 0..3 {
        file(&world, alice).await;
    }
    let some = world.store.take_abandoned(world.now(), 2).await.unwrap();
    assert_eq!(some.len(), 2, "the limit");
}

/// A file goes with the last message that has it, at once.
pub async fn files_go_with_their_last_message(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let (here, there) = (world.direct(alice, bob).await, world.direct(alice, carol).await);
    let (both, one) = (file(&world, alice).await, file(&world, alice).await);
    let first = with_files(&world, here, alice, &[both, one]);
    let second = with_files(&world, there, alice, &[both]);
    world.append(first.clone()).await;
    world.append(second.clone()).await;
    world.store.release_attachments(here, first.id).await.unwrap();
    assert!(!may_read(&world, bob, both).await);
    assert!(may_read(&world, carol, both).await);
    assert_eq!(take(&world, START).await, [one]);
    world.store.release_attachments(here, first.id).await.unwrap();
    assert_eq!(take(&world, START).await, [], "twice is once");
    world.store.release_attachments(there, second.id).await.unwrap();
    assert_eq!(take(&world, START).await, [both]);
}

/// Files are removed by who made them.
pub async fn only_the_owner_removes(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let sent = file(&world, alice).await;
    assert!(!world.store.remove_upload(bob.user, sent).await.unwrap());
    assert!(world.store.remove_upload(alice.user, sent).await.unwrap());
    assert!(!world.store.remove_upload(alice.user, sent).await.unwrap());
}

/// A finished file that its device has sealed.
async fn sealed_file(world: &World, owner: Person) -> BlobId {
    let upload = NewUpload {
        sealed: true,
        ..new(world, owner, SIZE)
    };
    let made = create(world, &upload).await.unwrap();
    let finish = FinishUpload {
        size: SIZE,
        details: BlobDetails {
            pieces: pieces(&[("a", SIZE)]),
            ..made.details
        },
        ..finish(world, &upload)
    };
    assert!(world.store.finish_upload(finish).await.unwrap());
    upload.id
}

fn sealed_with(blobs: &[BlobId]) -> EventBody {
    EventBody::Message {
        written_at: START,
        content: Content::Sealed {
            scheme: "mls1".to_owned(),
            bytes: "AAEC".to_owned(),
            seal: Some(Seal { epoch: 1, count: 2 }),
            commitment: None,
            blobs: blobs.to_vec(),
            purpose: SealedPurpose::Message,
        },
        reply_to: None,
        expires_at: None,
    }
}

/// Sealed files go with sealed messages and open ones with open messages. They are read by who may read the message, and go with it.
pub async fn sealed_files_go_with_sealed_messages_alone(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let den = encrypted_group(&world, alice, &[bob]).await;
    let square = world.group("Square", alice, &[bob]).await;
    world.append(world.entry(den, alice, commit(0, 1))).await;
    let (sealed, open) = (sealed_file(&world, alice).await, file(&world, alice).await);
    for blobs in [&[open][..], &[sealed, open], &[world.id()]] {
        let entry = world.entry(den, alice, sealed_with(blobs));
        assert_eq!(world.try_append(entry).await.unwrap_err(), AppendError::Stale);
    }
    for blobs in [&[sealed][..], &[open, sealed]] {
        let entry = with_files(&world, square, alice, blobs);
        assert_eq!(world.try_append(entry).await.unwrap_err(), AppendError::Stale);
    }
    let avatar = EventBody::SettingsChanged {
        change: SettingsChange {
            avatar: Some(AvatarChange { blob: Some(sealed) }),
            ..SettingsChange::default()
        },
    };
    let entry = world.entry(square, alice, avatar);
    assert_eq!(world.try_append(entry).await.unwrap_err(), AppendError::Stale);
    assert!(!may_read(&world, bob, sealed).await);
    let sent = world.entry(den, alice, sealed_with(&[sealed]));
    world.append(sent.clone()).await;
    assert!(may_read(&world, bob, sealed).await && !may_read(&world, carol, sealed).await);
    let delete = EventBody::MessageChanged {
        message: sent.id.into(),
        change: MessageChange::Delete {},
    };
    world.append(world.entry(den, alice, delete)).await;
    assert!(!may_read(&world, bob, sealed).await);
    assert_eq!(take(&world, Timestamp(1)).await, [sealed]);
}

/// Whatever a device says of a sealed file, neither its name nor what it is comes into the store.
pub async fn nothing_is_kept_of_what_a_sealed_file_is(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let upload = NewUpload {
        sealed: true,
        ..new(&world, alice, SIZE)
    };
    let silent = BlobDetails {
        media_type: SEALED_TYPE.to_owned(),
        sealed: true,
        ..BlobDetails::default()
    };
    assert_eq!(create(&world, &upload).await.unwrap().details, silent);
    let with = |details: BlobDetails| FinishUpload {
        details,
        ..finish(&world, &upload)
    };
    let known = finish(&world, &upload).details;
    let named = BlobDetails {
        name: "plan.txt".to_owned(),
        ..silent.clone()
    };
    let seen = BlobDetails {
        thumbnails: known.thumbnails.clone(),
        ..silent.clone()
    };
    let opened = known.clone();
    let sealed_picture = BlobDetails {
        sealed: true,
        ..known
    };
    for details in [named, seen, sealed_picture, opened] {
        assert!(!world.store.finish_upload(with(details)).await.unwrap());
    }
    assert_eq!(find(&world, upload.id).await.unwrap().details, silent);
    assert!(world.store.finish_upload(with(silent.clone())).await.unwrap());
    assert_eq!(find(&world, upload.id).await.unwrap().details, silent);
}
