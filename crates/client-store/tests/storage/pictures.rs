//! Small pictures that were shown.

use pipit_client::storage::{PictureOf, PictureRecord, PicturesMax, Storage};
use pipit_client_store::SqliteStorage;
use pipit_wire::frame::Profile;
use pipit_wire::person::Face;
use pipit_wire::{BlobId, MessageId};

use super::{conversation, record, said, user};

const MOST: PicturesMax = PicturesMax { count: 3, bytes: 100 };

fn picture(number: u8, size: usize) -> PictureRecord {
    PictureRecord {
        blob: BlobId::from_bytes([number; 16]),
        media_type: "image/png".to_owned(),
        bytes: vec![number; size],
    }
}

fn keep(storage: &mut SqliteStorage, message: MessageId, picture: &PictureRecord) {
    let of = PictureOf::Message(conversation(1), message);
    storage.keep_picture(of, picture, MOST).unwrap();
}

fn keep_face(storage: &mut SqliteStorage, picture: &PictureRecord) {
    storage.keep_picture(PictureOf::Face, picture, MOST).unwrap();
}

fn shown(number: u8, picture: Option<&PictureRecord>) -> Profile {
    Profile {
        user: user(number),
        handle: format!("p{number}"),
        name: "P".to_owned(),
        face: Some(Face {
            avatar: picture.map(|picture| picture.blob),
            ..Face::default()
        }),
    }
}

fn is_kept(storage: &SqliteStorage, picture: &PictureRecord) -> bool {
    storage.picture(picture.blob).unwrap().as_ref() == Some(picture)
}

/// A storage with three messages.
fn with_three() -> (SqliteStorage, [MessageId; 3]) {
    let mut storage = SqliteStorage::open_in_memory().unwrap();
    storage.begin().unwrap();
    storage.save_conversation(&record(1, 1)).unwrap();
    let entries = [1, 2, 3].map(|number| said(1, number, 2, "look"));
    storage.save_entries(&entries).unwrap();
    (storage, entries.map(|entry| entry.event.id.into()))
}

#[test]
fn a_picture_goes_with_what_its_message_said() {
    let (mut storage, [one, two, three]) = with_three();
    let pictures = [1, 2, 3].map(|number| picture(number, 10));
    for (message, picture) in [one, two, three].into_iter().zip(&pictures) {
        keep(&mut storage, message, picture);
        assert!(is_kept(&storage, picture));
    }
    // Again changes nothing, and of what is not here nothing is kept.
    keep(&mut storage, two, &pictures[0]);
    let nobodys = picture(9, 10);
    keep(&mut storage, MessageId::from_bytes([9; 16]), &nobodys);
    assert!(!is_kept(&storage, &nobodys));

    storage.erase_message(conversation(1), one).unwrap();
    assert!(!is_kept(&storage, &pictures[0]), "it was deleted");
    storage.truncate_entries(conversation(1), super::seq(2)).unwrap();
    assert!(!is_kept(&storage, &pictures[2]), "the log has it no more");
    assert!(is_kept(&storage, &pictures[1]));
    storage.remove_conversation(conversation(1)).unwrap();
    assert!(!is_kept(&storage, &pictures[1]), "the conversation is left");
}

#[test]
fn the_oldest_pictures_give_way() {
    let (mut storage, [one, ..]) = with_three();
    let pictures = [1, 2, 3, 4].map(|number| picture(number, 40));
    for picture in &pictures {
        keep(&mut storage, one, picture);
    }
    let kept = pictures.each_ref().map(|picture| is_kept(&storage, picture));
    assert_eq!(kept, [false, false, true, true]);
}

#[test]
fn a_picture_of_somebody_goes_when_they_show_another_one() {
    let (mut storage, [one, ..]) = with_three();
    let [alices, carols, groups, nobodys] = [1, 2, 3, 4].map(|number| picture(number, 10));
    storage.save_profile(&shown(1, Some(&alices))).unwrap();
    storage.save_profile(&shown(2, Some(&carols))).unwrap();
    let mut group = record(1, 1);
    group.settings.avatar = Some(groups.blob);
    storage.save_conversation(&group).unwrap();
    for picture in [&alices, &carols, &groups, &nobodys] {
        keep_face(&mut storage, picture);
    }
    let kept = |storage: &SqliteStorage| {
        [&alices, &carols, &groups, &nobodys].map(|picture| is_kept(storage, picture))
    };
    assert_eq!(kept(&storage), [true, true, true, false], "of nobody");
    let blobs = [alices.blob, nobodys.blob];
    assert_eq!(storage.kept_pictures(&blobs).unwrap(), [alices.blob]);

    // The same again, another one, and none.
    storage.save_profile(&shown(1, Some(&alices))).unwrap();
    storage.save_profile(&shown(2, Some(&nobodys))).unwrap();
    assert_eq!(kept(&storage), [true, false, true, false]);
    storage.save_profile(&shown(1, None)).unwrap();
    assert_eq!(kept(&storage), [false, false, true, false]);
    group.settings.avatar = None;
    storage.save_conversation(&group).unwrap();
    assert_eq!(kept(&storage), [false; 4]);

    group.settings.avatar = Some(groups.blob);
    storage.save_conversation(&group).unwrap();
    keep_face(&mut storage, &groups);
    keep(&mut storage, one, &alices);
    storage.remove_conversation(group.id).unwrap();
    assert_eq!(kept(&storage), [false; 4], "they are gone with the conversation");
}

#[test]
fn people_and_messages_do_not_take_each_others_place() {
    let (mut storage, [one, ..]) = with_three();
    let faces = [1, 2, 3, 4].map(|number| picture(number, 1));
    for (number, face) in (1..).zip(&faces) {
        storage.save_profile(&shown(number, Some(face))).unwrap();
        keep_face(&mut storage, face);
    }
    let others = [5, 6].map(|number| picture(number, 99));
    for picture in &others {
        keep(&mut storage, one, picture);
    }
    let kept = faces.each_ref().map(|picture| is_kept(&storage, picture));
    assert_eq!(kept, [false, true, true, true], "three at most");
    let kept = others.each_ref().map(|picture| is_kept(&storage, picture));
    assert_eq!(kept, [false, true]);
    storage.erase().unwrap();
    let left = faces
        .iter()
        .chain(&others)
        .any(|picture| is_kept(&storage, picture));
    assert!(!left);
}
