//! Small pictures that were shown.

use pipit_client::storage::{PictureRecord, Storage};
use pipit_client_store::SqliteStorage;
use pipit_wire::{BlobId, MessageId};

use super::{conversation, record, said};

const LIMIT: u64 = 100;

fn picture(number: u8, size: usize) -> PictureRecord {
    PictureRecord {
        blob: BlobId::from_bytes([number; 16]),
        media_type: "image/png".to_owned(),
        bytes: vec![number; size],
    }
}

fn keep(storage: &mut SqliteStorage, message: MessageId, picture: &PictureRecord) {
    let place = (conversation(1), message);
    storage.keep_picture(place, picture, LIMIT).unwrap();
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
