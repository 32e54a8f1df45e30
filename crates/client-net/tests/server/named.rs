//! What an encrypted group is called, is about and shows as its picture: its members know, whenever they came in; the server does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_client::command::{Command, Reply};
use pipit_client::picture::{GroupPicture, PictureChange};
use pipit_client::view::ItemBody;
use pipit_wire::event::SettingsChange;
use pipit_wire::{ConversationId, EventId, UserId};

use crate::encrypted::{has, open};
use crate::{Running, Screen, account, meet, new_message, up_to_date};

const NAME: &str = "Xanthippe reads";
const RENAMED: &str = "Zarathustra spoke";
const TOPIC: &str = "Every quodlibet on Thursdays";
/// The beginning of a PNG of one pixel, and words after it.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01 a palimpsest";

fn change() -> EventId {
    EventId::from(new_message())
}

/// Somebody whom alice has invited to the server.
pub(crate) async fn invited(
    folder: &tempfile::TempDir,
    server: &Running,
    alice: &Screen,
    handle: &str,
) -> Screen {
    let invite = Command::CreateInvite {
        expires_in_s: 3_600,
        uses: 1,
    };
    let Reply::Invite { invite } = alice.ask(invite).await else {
        panic!("no invite")
    };
    let mut person = Screen::open(&folder.path().join(format!("{handle}.db")), server.address).await;
    let sign_up = Command::SignUp {
        invite: invite.token,
        account: account(handle),
    };
    person.ask(sign_up).await;
    person.until("they are up to date", up_to_date).await;
    person
}

async fn make(alice: &Screen, members: Vec<UserId>) -> ConversationId {
    let group = Command::CreateGroup {
        id: ConversationId::from_bytes(*new_message().as_bytes()),
        title: NAME.to_owned(),
        members,
        encrypted: true,
    };
    let Reply::Conversation { conversation } = alice.ask(group).await else {
        panic!("no group")
    };
    conversation
}

async fn is_called(screen: &mut Screen, conversation: ConversationId, name: &str) {
    screen
        .until(name, |screen| {
            let found = screen.conversations.iter().find(|item| item.id == conversation);
            found.is_some_and(|item| item.title == name && item.unread == 0)
        })
        .await;
}

/// Alice says what it is about, and gives it a picture.
async fn describe(alice: &Screen, conversation: ConversationId) {
    let topic = Command::ChangeSettings {
        conversation,
        event_id: change(),
        change: SettingsChange {
            topic: Some(TOPIC.to_owned()),
            announcements: Some(true),
            ..SettingsChange::default()
        },
    };
    alice.ask(topic).await;
    let picture = Command::SetGroupPicture {
        conversation,
        event_id: change(),
        picture: PictureChange {
            picture: None,
            sealed: Some(Box::new(GroupPicture {
                media_type: "image/png".to_owned(),
                bytes: STANDARD.encode(PICTURE),
            })),
        },
    };
    alice.ask(picture).await;
}

async fn is_about(screen: &mut Screen) {
    screen
        .until("it has a topic and a picture", |screen| {
            let Some(header) = &screen.header else {
                return false;
            };
            let picture = header.picture.as_ref().map(|picture| picture.bytes.as_str());
            header.settings.topic == TOPIC && picture == Some(STANDARD.encode(PICTURE).as_str())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_encrypted_group_is_called_only_its_members_know() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let (mut alice, mut bob, _) = meet(&folder, &server).await;
    let mut carol = invited(&folder, &server, &alice, "carol").await;
    let conversation = make(&alice, vec![bob.me()]).await;
    for screen in [&mut alice, &mut bob] {
        is_called(screen, conversation, NAME).await;
        open(screen, conversation).await;
    }

    describe(&alice, conversation).await;
    is_about(&mut bob).await;
    let announces = bob
        .header
        .as_ref()
        .is_some_and(|header| header.settings.announcements);
    assert!(announces, "what is for the server is said to it");

    // Who comes in later is told.
    let add = Command::AddMembers {
        conversation,
        event_ids: vec![change()],
        users: vec![carol.me()],
    };
    alice.ask(add).await;
    is_called(&mut carol, conversation, NAME).await;
    open(&mut carol, conversation).await;
    is_about(&mut carol).await;

    // Who may not call it something else does not.
    bob.ask(rename(conversation, "Hijacked")).await;
    bob.until("bob may not", |screen| !screen.refused.is_empty())
        .await;
    is_called(&mut bob, conversation, NAME).await;
    alice.ask(rename(conversation, RENAMED)).await;
    for screen in [&mut alice, &mut bob, &mut carol] {
        is_called(screen, conversation, RENAMED).await;
        screen
            .until("it is said who has", |screen| {
                let renamed =
                    |body: &ItemBody| matches!(body, ItemBody::TitleChanged { title } if title == RENAMED);
                screen.timeline.iter().any(|item| renamed(&item.body))
            })
            .await;
    }

    for screen in [alice, bob, carol] {
        screen.client.stop().await;
    }
    server.stop().await;
    for words in [NAME, RENAMED, TOPIC, "Hijacked"] {
        assert!(!has(&data, words.as_bytes()), "the server has {words}");
    }
    assert!(!has(&data, PICTURE), "the server has the picture");
    assert!(
        !has(&data, STANDARD.encode(PICTURE).as_bytes()),
        "the server has the picture"
    );
}

fn rename(conversation: ConversationId, title: &str) -> Command {
    Command::Rename {
        conversation,
        event_id: change(),
        title: title.to_owned(),
    }
}
