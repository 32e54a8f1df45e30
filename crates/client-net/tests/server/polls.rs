//! A poll in an encrypted conversation: the devices count, and the server has neither what is asked nor who chose what.

use pipit_client::command::{Command, Reply, VoteBy};
use pipit_client::view::{ItemBody, PollView};
use pipit_wire::poll::Poll;
use pipit_wire::{ConversationId, EventId, MessageId};

use crate::encrypted::{has, meet_sealed, sign_in_anew};
use crate::{Running, Screen, meet, new_message};

const QUESTION: &str = "Whither, gastarbeiter?";
const OPTIONS: [&str; 2] = ["Popocatépetl", "Titicaca"];

fn poll(screen: &Screen) -> Option<&PollView> {
    screen.timeline.iter().find_map(|item| match &item.body {
        ItemBody::Message { poll: Some(poll), .. } => Some(&**poll),
        _ => None,
    })
}

/// Counts, what is one's own, and how many have voted.
fn standing(screen: &Screen) -> Option<([u32; 2], [bool; 2], u32)> {
    let poll = poll(screen)?;
    let [one, other] = &poll.options[..] else {
        return None;
    };
    Some(([one.count, other.count], [one.mine, other.mine], poll.voters))
}

async fn stands(screen: &mut Screen, counts: [u32; 2], mine: [bool; 2], voters: u32) {
    let expected = Some((counts, mine, voters));
    screen
        .until(&format!("{expected:?}"), |screen| standing(screen) == expected)
        .await;
}

struct Asked {
    conversation: ConversationId,
    message: MessageId,
}

impl Asked {
    fn vote(&self, options: &[u8]) -> Command {
        Command::Vote {
            change: EventId::from(new_message()),
            conversation: self.conversation,
            message: self.message,
            options: options.to_vec(),
        }
    }

    async fn who(&self, screen: &Screen) -> Vec<(String, Vec<u8>)> {
        let list = Command::ListVotes {
            conversation: self.conversation,
            message: self.message,
        };
        let Reply::Votes { items } = screen.ask(list).await else {
            panic!("nobody says who voted")
        };
        let said = |VoteBy { options, profile }| (profile.name, options);
        items.into_iter().map(said).collect()
    }
}

/// Alice asks; and is not let ask anonymously.
async fn ask(alice: &Screen, conversation: ConversationId) -> Asked {
    let message = new_message();
    let asking = |anonymous| Command::SendPoll {
        message,
        conversation,
        question: QUESTION.to_owned(),
        poll: Poll {
            options: OPTIONS.map(str::to_owned).to_vec(),
            anonymous,
            ..Poll::default()
        },
    };
    let refused = alice.view.request(asking(true)).await.unwrap();
    assert!(matches!(refused, Reply::Failed { .. }), "{refused:?}");
    assert_eq!(alice.ask(asking(false)).await, Reply::Done);
    Asked {
        conversation,
        message,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_devices_count_the_votes_of_an_encrypted_conversation() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Running::start(&data, ([127, 0, 0, 1], 0).into()).await;
    let (mut alice, mut bob, _plain) = meet(&folder, &server).await;
    let conversation = meet_sealed(&mut alice, &mut bob).await;
    let mut laptop = sign_in_anew(&folder.path().join("laptop.db"), &server, conversation).await;
    laptop.write(conversation, "the laptop is in").await;
    for screen in [&mut alice, &mut bob] {
        screen
            .until("the laptop is in", |screen| screen.texts().len() == 1)
            .await;
    }

    let asked = ask(&alice, conversation).await;
    for screen in [&mut alice, &mut bob, &mut laptop] {
        stands(screen, [0, 0], [false, false], 0).await;
    }
    bob.ask(asked.vote(&[1])).await;
    stands(&mut alice, [0, 1], [false, false], 1).await;
    stands(&mut laptop, [0, 1], [false, true], 1).await;
    // On another device, otherwise.
    laptop.ask(asked.vote(&[0])).await;
    stands(&mut alice, [1, 0], [false, false], 1).await;
    alice.ask(asked.vote(&[1])).await;
    stands(&mut alice, [1, 1], [false, true], 2).await;
    for screen in [&mut bob, &mut laptop] {
        stands(screen, [1, 1], [true, false], 2).await;
    }
    let expected = [("bob".to_owned(), vec![0]), ("alice".to_owned(), vec![1])];
    for screen in [&alice, &bob, &laptop] {
        assert_eq!(asked.who(screen).await, expected);
    }
    // Taken back.
    bob.ask(asked.vote(&[])).await;
    stands(&mut alice, [0, 1], [false, true], 1).await;

    assert!(poll(&alice).unwrap().can_close);
    assert!(!poll(&bob).unwrap().can_close, "its author alone ends it");
    let end = Command::ClosePoll {
        change: EventId::from(new_message()),
        conversation,
        message: asked.message,
    };
    alice.ask(end).await;
    for screen in [&mut alice, &mut bob, &mut laptop] {
        screen
            .until("it has ended", |screen| {
                poll(screen).is_some_and(|poll| poll.closed)
            })
            .await;
    }
    let late = bob.view.request(asked.vote(&[1])).await.unwrap();
    assert!(matches!(late, Reply::Failed { .. }), "{late:?}");
    for screen in [alice, bob, laptop] {
        screen.client.stop().await;
    }
    server.stop().await;
    for words in [QUESTION, OPTIONS[0], OPTIONS[1]] {
        assert!(!has(&data, words.as_bytes()), "the server has {words}");
    }
}
