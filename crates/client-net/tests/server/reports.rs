//! Reporting what somebody has said in an encrypted conversation.

use pipit_client::command::{Command, Reply, ReportCommand};
use pipit_wire::report::{Report, ReportReason};
use pipit_wire::{ConversationId, MessageId, ReportId, Timestamp, UserId};

use crate::encrypted::{change, meet_sealed, message_that_says};
use crate::{Running, Screen, meet, new_message};

const SAID: &str = "zwiebelkuchen";
const MEANT: &str = "quetzalcoatl";
const OTHER: &str = "syzygy";

async fn send(by: &Screen, of: UserId, place: ConversationId, messages: &[MessageId]) -> Reply {
    let ask = ReportCommand::Send {
        id: ReportId::new(Timestamp(1), *new_message().as_bytes().last_chunk().unwrap()),
        user: of,
        reason: ReportReason::Harassment,
        note: "this".to_owned(),
        conversation: Some(place),
        messages: messages.to_vec(),
    };
    by.ask(Command::Report { ask }).await
}

async fn open_reports(by: &Screen) -> Vec<Report> {
    let ask = ReportCommand::List {
        closed: false,
        after: None,
    };
    match by.ask(Command::Report { ask }).await {
        Reply::Reports { items, .. } => items,
        other => panic!("no reports: {other:?}"),
    }
}

/// Bob has said something and edited it. What alice, who runs the server, gets to see of the conversation is what is reported, by whoever could read it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_could_read_it_can_show_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder.path().join("data"), ([127, 0, 0, 1], 0).into()).await;
    let (mut alice, mut bob, _) = meet(&folder, &server).await;
    let place = meet_sealed(&mut alice, &mut bob).await;
    bob.write(place, SAID).await;
    alice.until("it comes", |screen| screen.texts() == [SAID]).await;
    let message = message_that_says(&alice, SAID);
    bob.until("it was sent", |screen| screen.texts() == [SAID]).await;
    let edit = Command::EditMessage {
        change: change(),
        conversation: place,
        message,
        text: MEANT.to_owned(),
    };
    bob.ask(edit).await;
    alice
        .until("it is edited", |screen| screen.texts() == [MEANT])
        .await;
    alice.write(place, OTHER).await;
    bob.until("the answer comes", |screen| screen.texts() == [MEANT, OTHER])
        .await;
    alice
        .until("alice has her own", |screen| screen.texts() == [MEANT, OTHER])
        .await;

    // What is not theirs, or not here, is left out.
    let (own, unknown) = (message_that_says(&alice, OTHER), new_message());
    let sent = send(&alice, bob.me(), place, &[message, own, unknown]).await;
    assert_eq!(
        sent,
        Reply::Reported {
            shown: 1,
            left_out: 2
        }
    );
    let sent = send(&bob, alice.me(), place, &[own]).await;
    assert_eq!(
        sent,
        Reply::Reported {
            shown: 1,
            left_out: 0
        }
    );
    let found = open_reports(&alice).await;
    let texts = |report: &Report| -> Vec<(String, bool, bool)> {
        let shown = report.evidence.iter();
        shown
            .map(|shown| (shown.text.clone(), shown.edit, shown.sealed))
            .collect()
    };
    assert_eq!(
        texts(&found[0]),
        [(SAID.to_owned(), false, true), (MEANT.to_owned(), true, true)]
    );
    assert_eq!(texts(&found[1]), [(OTHER.to_owned(), false, true)]);

    let close = ReportCommand::Close {
        id: found[0].id,
        note: "spoken to".to_owned(),
    };
    assert_eq!(alice.ask(Command::Report { ask: close }).await, Reply::Done);
    assert_eq!(open_reports(&alice).await.len(), 1);
    for screen in [alice, bob] {
        screen.client.stop().await;
    }
    server.stop().await;
}
