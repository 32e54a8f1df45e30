//! Files of messages in the outbox.

use pipit_client::storage::{Storage as _, UploadRecord, UploadStage};
use pipit_wire::{Attachment, BlobId};

use crate::{committed, conversation, message, waiting, with_conversations};

#[test]
fn files_wait_with_their_message_and_go_with_it() {
    let mut storage = with_conversations(1);
    let upload = |message_number: u8, number: u8| UploadRecord {
        message: message(message_number),
        conversation: conversation(1),
        file: Attachment {
            name: "a.jpg".to_owned(),
            size: 1 << 40,
            caption: Some("the lake".to_owned()),
            ..Attachment::of(BlobId::from_bytes([number; 16]))
        },
        stage: UploadStage::Waiting,
        sent: None,
    };
    let changed = UploadRecord {
        stage: UploadStage::Failed {
            code: "file_gone".to_owned(),
        },
        sent: Some(1 << 33),
        ..upload(1, 9)
    };
    committed(&mut storage, |storage| {
        storage.save_outbox(&waiting(1, 1)).unwrap();
        storage.save_outbox(&waiting(2, 1)).unwrap();
        for (message, number) in [(1, 9), (2, 3), (1, 2)] {
            storage.save_upload(&upload(message, number)).unwrap();
        }
        storage.save_upload(&changed).unwrap();
    });
    assert_eq!(
        storage.uploads_of(message(1)).unwrap(),
        [changed.clone(), upload(1, 2)]
    );
    assert_eq!(
        storage.uploads().unwrap(),
        [changed.clone(), upload(2, 3), upload(1, 2)]
    );
    assert_eq!(storage.upload(changed.file.blob).unwrap(), Some(changed.clone()));
    committed(&mut storage, |storage| {
        storage.remove_upload(changed.file.blob).unwrap();
    });
    assert_eq!(storage.uploads_of(message(1)).unwrap(), [upload(1, 2)]);
    committed(&mut storage, |storage| {
        storage.remove_outbox(message(1).into()).unwrap();
    });
    assert_eq!(storage.uploads().unwrap(), [upload(2, 3)]);
    committed(&mut storage, |storage| {
        storage.remove_conversation(conversation(1)).unwrap();
    });
    assert_eq!(storage.uploads().unwrap(), []);
}
