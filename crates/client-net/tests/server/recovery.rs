//! What the account's backup brings back when all devices are lost, by the recovery code; and what the server's disk has of it.

use pipit_client::command::{Command, Reply, TrustCommand};
use pipit_client::view::{BackupState, ItemBody, TrustState};
use pipit_wire::{ConversationId, EventId, MessageId};
use tempfile::TempDir;

use crate::encrypted::{meet_sealed, open};
use crate::handover::{assert_nothing_is_left, is_done, refusal, sign_in, trust_in, verify};
use crate::{Running, Screen, meet, new_message};

const SAID: [&str; 4] = ["quetzalcoatl", "zwiebelkuchen", "syzygy", "to be deleted"];

fn state(screen: &Screen) -> Option<&BackupState> {
    screen.archives.backup.as_ref().map(|backup| &backup.state)
}

async fn until_state(screen: &mut Screen, expect: BackupState) {
    let what = format!("the backup is {expect:?}");
    screen.until(&what, |screen| state(screen) == Some(&expect)).await;
}

async fn new_code(screen: &Screen) -> String {
    let Reply::RecoveryCode { code } = screen.ask(Command::NewRecoveryCode).await else {
        panic!("no code")
    };
    code
}

/// An encrypted conversation in which something was said.
async fn chat(folder: &TempDir, server: &Running) -> (Screen, Screen, ConversationId) {
    let (mut alice, mut bob, _) = meet(folder, server).await;
    let conversation = meet_sealed(&mut alice, &mut bob).await;
    for text in SAID {
        bob.write(conversation, text).await;
    }
    for screen in [&mut alice, &mut bob] {
        screen
            .until("all of it is there", |screen| screen.texts() == SAID)
            .await;
    }
    (alice, bob, conversation)
}

/// Deletes the last message for everyone, and edits the one before.
async fn change(bob: &mut Screen, conversation: ConversationId) {
    let is_message = |item: &&pipit_client::view::TimelineItem| matches!(item.body, ItemBody::Message { .. });
    let keys: Vec<MessageId> = bob
        .timeline
        .iter()
        .filter(is_message)
        .map(|item| item.key)
        .collect();
    let [_, _, edited, deleted]: [MessageId; 4] = keys.try_into().unwrap();
    bob.ask(Command::EditMessage {
        change: EventId::from(new_message()),
        conversation,
        message: edited,
        text: "a syzygy of moons".to_owned(),
    })
    .await;
    bob.ask(Command::DeleteMessage {
        change: EventId::from(new_message()),
        conversation,
        message: deleted,
    })
    .await;
    bob.until("it is changed", |screen| screen.texts() == NOW).await;
}

const NOW: [&str; 3] = ["quetzalcoatl", "zwiebelkuchen", "a syzygy of moons"];

/// The account's own devices: whether each is approved, and whether by the recovery key.
async fn approvals(screen: &Screen) -> Vec<(bool, bool)> {
    let Reply::OwnKeys { own } = screen
        .ask(Command::Trust {
            ask: TrustCommand::Own,
        })
        .await
    else {
        panic!("no keys")
    };
    own.devices
        .iter()
        .map(|device| (device.approved, device.by_recovery))
        .collect()
}

async fn restore(device: &mut Screen, code: &str) {
    until_state(device, BackupState::Locked).await;
    let restore = Command::RestoreBackup {
        code: code.to_lowercase(),
    };
    assert_eq!(device.ask(restore).await, Reply::Done);
    until_state(device, BackupState::Kept).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_brings_back_what_all_devices_have_lost() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let (mut alice, mut bob, conversation) = chat(&folder, &server).await;
    change(&mut bob, conversation).await;
    until_state(&mut bob, BackupState::Off).await;
    verify(&bob, &alice).await;
    let code = new_code(&bob).await;
    assert_eq!(
        state(&bob),
        Some(&BackupState::Off),
        "a code that was only shown is nothing"
    );
    assert_eq!(
        bob.ask(Command::BeginBackup { code: code.clone() }).await,
        Reply::Done
    );
    until_state(&mut bob, BackupState::Kept).await;
    bob.client.stop().await;

    let mut phone = sign_in(&folder.path().join("phone.db"), &server, "phone").await;
    until_state(&mut phone, BackupState::Locked).await;
    let other = new_code(&phone).await;
    for (wrong, expect) in [("nonsense", "code_malformed"), (other.as_str(), "code_wrong")] {
        let restore = Command::RestoreBackup {
            code: wrong.to_owned(),
        };
        assert_eq!(refusal(&phone, restore).await, expect);
    }
    restore(&mut phone, &code).await;
    open(&mut phone, conversation).await;
    phone
        .until("all of it came back, and nothing that was deleted", |screen| {
            screen.texts() == NOW
        })
        .await;
    assert_eq!(trust_in(&phone, &alice).await.state, TrustState::Verified);
    assert_eq!(approvals(&phone).await, [(true, false), (true, true)]);
    phone.write(conversation, "and on").await;
    alice
        .until("it goes on", |screen| screen.texts().last() == Some(&"and on"))
        .await;

    // Without a line it is done later.
    let address = server.address;
    server.stop().await;
    assert_eq!(phone.ask(Command::EndBackup).await, Reply::Done);
    let server = Running::start(&data, address).await;
    until_state(&mut phone, BackupState::Off).await;
    // It is erased, and the next device is not asked for a code.
    let mut tablet = sign_in(&folder.path().join("tablet.db"), &server, "tablet").await;
    until_state(&mut tablet, BackupState::Off).await;
    for screen in [alice, phone, tablet] {
        screen.client.stop().await;
    }
    server.stop().await;
    assert_nothing_is_left(&data);
}

/// A backup that a new device began has nothing of what was before it: a device that has that adds it, and so does one that got it handed over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_gets_what_any_device_has() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder.path().join("data"), ([127, 0, 0, 1], 0).into()).await;
    let (alice, mut bob, conversation) = chat(&folder, &server).await;
    let store = folder.path().join("laptop.db");
    let mut laptop = sign_in(&store, &server, "laptop").await;
    // It puts by what it can read, and with that says how far it is: all that it cannot read lies before.
    open(&mut laptop, conversation).await;
    laptop.write(conversation, "and on").await;
    let said = [SAID.as_slice(), &["and on"]].concat();
    bob.until("it is there", |screen| screen.texts() == said).await;
    let first = new_code(&laptop).await;
    laptop.ask(Command::BeginBackup { code: first.clone() }).await;
    until_state(&mut laptop, BackupState::Kept).await;

    // By entering the code.
    restore(&mut bob, &first).await;
    let mut phone = sign_in(&folder.path().join("phone.db"), &server, "phone").await;
    restore(&mut phone, &first).await;
    open(&mut phone, conversation).await;
    phone
        .until("bob has added it", |screen| screen.texts() == said)
        .await;
    phone.client.stop().await;

    // By being handed over.
    let second = new_code(&laptop).await;
    laptop.ask(Command::BeginBackup { code: second.clone() }).await;
    until_state(&mut laptop, BackupState::Kept).await;
    let code = crate::handover::code_of(&mut laptop, &mut bob).await;
    bob.ask(Command::ApproveDevice { code }).await;
    laptop.until("it was handed over", is_done).await;
    let size = |screen: &Screen| screen.archives.backup.as_ref().map_or(0, |backup| backup.size);
    let before = size(&laptop);
    // It waits a while for more; who starts has waited.
    laptop.client.stop().await;
    let mut laptop = Screen::open(&store, server.address).await;
    laptop
        .until("what came is put by, too", |screen| {
            state(screen) == Some(&BackupState::Kept) && size(screen) > before
        })
        .await;
    let mut tablet = sign_in(&folder.path().join("tablet.db"), &server, "tablet").await;
    restore(&mut tablet, &second).await;
    open(&mut tablet, conversation).await;
    tablet.until("it is there", |screen| screen.texts() == said).await;
    for screen in [alice, bob, laptop, tablet] {
        screen.client.stop().await;
    }
    server.stop().await;
}

/// A backup that was to be turned off while there was no line is not the one that somebody has begun since, nor is the key of that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turning_off_late_leaves_the_next_backup_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let (alice, mut bob, conversation) = chat(&folder, &server).await;
    let store = folder.path().join("laptop.db");
    let mut laptop = sign_in(&store, &server, "laptop").await;
    let first = new_code(&laptop).await;
    laptop.ask(Command::BeginBackup { code: first }).await;
    until_state(&mut laptop, BackupState::Kept).await;

    let address = server.address;
    server.stop().await;
    laptop.ask(Command::EndBackup).await;
    laptop.client.stop().await;
    let server = Running::start(&data, address).await;
    let second = new_code(&bob).await;
    let begin = Command::BeginBackup { code: second.clone() };
    bob.ask(begin).await;
    until_state(&mut bob, BackupState::Kept).await;
    let mut laptop = Screen::open(&store, address).await;
    until_state(&mut laptop, BackupState::Locked).await;

    let mut phone = sign_in(&folder.path().join("phone.db"), &server, "phone").await;
    restore(&mut phone, &second).await;
    open(&mut phone, conversation).await;
    phone.until("it is there", |screen| screen.texts() == SAID).await;
    assert_eq!(approvals(&phone).await.last(), Some(&(true, true)));
    for screen in [alice, bob, laptop, phone] {
        screen.client.stop().await;
    }
    server.stop().await;
}
