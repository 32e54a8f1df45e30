//! Polls: asked and voted in offline too, shown at once, taken back where they are refused.

use pipit_client::command::{Command, ForwardTarget, Reply};
use pipit_client::storage::Storage;
use pipit_client::view::{ItemBody, PollView};
use pipit_wire::event::{EventBody, MessageChange};
use pipit_wire::frame::client::SendChange;
use pipit_wire::poll::{Poll, PollState, Tally};
use pipit_wire::{ClientFrame, Content, ErrorCode, Event, MessageId, ServerFrame, UserId, WireError};

use crate::changes::{change_id, changed};
use crate::support::*;

fn poll() -> Poll {
    Poll {
        options: ["Here", "There", "Nowhere"].map(str::to_owned).to_vec(),
        multiple: true,
        anonymous: false,
        closes_at: None,
    }
}

fn asked(number: u64, sender: u128, poll: Poll) -> Event {
    let body = EventBody::Message {
        written_at: START,
        content: Content::Plain {
            text: "Where?".to_owned(),
            attachments: Vec::new(),
            poll: Some(Box::new(poll)),
            preview: None,
        },
        reply_to: None,
        expires_at: None,
    };
    entry(1, number, sender, body)
}

fn counted(options: &[u8], counts: [u32; 3], voters: u32) -> MessageChange {
    MessageChange::Vote {
        options: options.to_vec(),
        tally: Some(Tally {
            counts: counts.to_vec(),
            voters,
        }),
        anonymous: false,
    }
}

/// Bob, online, with the conversation open in which alice has asked something.
fn with_poll(poll: Poll) -> (Device, MessageId) {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    let hers = asked(1, ALICE, poll);
    let id = hers.id.into();
    bob.receive(&event(hers));
    bob.sent();
    (bob, id)
}

fn shown(bob: &Device) -> PollView {
    match &bob.screen.items[0].body {
        ItemBody::Message { poll: Some(poll), .. } => (**poll).clone(),
        other => panic!("{other:?}"),
    }
}

/// Counts, voters, and what is one's own.
fn standing(bob: &Device) -> (Vec<u32>, u32, Vec<usize>) {
    let poll = shown(bob);
    let mine = (0..).zip(&poll.options).filter(|(_, option)| option.mine);
    (
        poll.options.iter().map(|option| option.count).collect(),
        poll.voters,
        mine.map(|(place, _)| place).collect(),
    )
}

fn vote(bob: &mut Device, id: u128, message: MessageId, options: &[u8]) -> Reply {
    bob.tell(Command::Vote {
        change: change_id(id),
        conversation: conversation(1),
        message,
        options: options.to_vec(),
    })
}

fn sent_changes(bob: &mut Device) -> Vec<SendChange> {
    let frames = bob.sent().into_iter();
    let changes = frames.filter_map(|frame| match frame {
        ClientFrame::Change(change) => Some(change),
        _ => None,
    });
    changes.collect()
}

fn code(reply: Reply) -> String {
    match reply {
        Reply::Failed { error } => error.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_poll_made_offline_survives_a_crash_and_is_sent_once() {
    let mut bob = Device::online(vec![direct(1, 0)]);
    bob.open(1);
    bob.sent();
    bob.cut();
    let ask = |options: Vec<String>| Command::SendPoll {
        message: message(7),
        conversation: conversation(1),
        question: "Where?".to_owned(),
        poll: Poll { options, ..poll() },
    };
    assert_eq!(code(bob.tell(ask(vec!["Here".to_owned()]))), "invalid_field");
    assert_eq!(bob.tell(ask(poll().options)), Reply::Done);
    assert_eq!(bob.tell(ask(poll().options)), Reply::Done, "a tab repeats it");
    assert_eq!(shown(&bob).options.len(), 3);
    assert!(bob.screen.list[0].preview.as_ref().unwrap().poll);
    // One may vote before anybody else sees it.
    assert_eq!(vote(&mut bob, 1, message(7), &[1]), Reply::Done);
    assert_eq!(standing(&bob), (vec![0, 1, 0], 1, vec![1]));
    let mut bob = bob.crash();
    bob.go_online(vec![direct(1, 0)]);
    let sent = bob.sent_messages();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].message.content.poll(), Some(&poll()));
    bob.receive(&ack(&sent[0], 1));
    let sent = sent_changes(&mut bob);
    assert_eq!(sent[0].change.change, MessageChange::vote(vec![1]));
    bob.open(1);
    assert_eq!(standing(&bob), (vec![0, 1, 0], 1, vec![1]));
}

#[test]
fn a_vote_is_shown_at_once_and_said_anew_while_it_waits() {
    let (mut bob, poll) = with_poll(poll());
    bob.receive(&event(changed(2, ALICE, poll, counted(&[0], [1, 0, 0], 1))));
    bob.cut();
    vote(&mut bob, 1, poll, &[0, 2]);
    assert_eq!(standing(&bob), (vec![2, 0, 1], 2, vec![0, 2]));
    vote(&mut bob, 2, poll, &[1]);
    assert_eq!(standing(&bob), (vec![1, 1, 0], 2, vec![1]));
    let mut bob = bob.crash();
    bob.go_online(vec![direct(1, 2)]);
    let sent = sent_changes(&mut bob);
    assert_eq!(sent.len(), 1, "one vote, though it was changed");
    assert_eq!(
        (sent[0].change.id, &sent[0].change.change),
        (change_id(1), &MessageChange::vote(vec![1]))
    );
    bob.open(1);
    // Meanwhile somebody else has voted: the entry says how it stands, and nothing is counted twice.
    bob.receive(&event(changed(3, ALICE, poll, counted(&[2], [0, 0, 1], 1))));
    assert_eq!(standing(&bob), (vec![0, 1, 1], 2, vec![1]));
    bob.receive(&event(Event {
        id: sent[0].change.id,
        ..changed(4, BOB, poll, counted(&[1], [0, 1, 1], 2))
    }));
    assert_eq!(standing(&bob), (vec![0, 1, 1], 2, vec![1]));
    assert!(bob.engine.storage().outbox(conversation(1)).unwrap().is_empty());
    assert_eq!(vote(&mut bob, 3, poll, &[1]), Reply::Done);
    assert!(sent_changes(&mut bob).is_empty(), "it is so already");
    vote(&mut bob, 4, poll, &[]);
    assert_eq!(standing(&bob), (vec![0, 0, 1], 1, vec![]));
}

#[test]
fn a_refused_vote_is_taken_back() {
    let (mut bob, poll) = with_poll(poll());
    vote(&mut bob, 1, poll, &[2]);
    let sent = sent_changes(&mut bob).remove(0);
    let error = WireError::new(ErrorCode::PollClosed, "too late").answering(Some(sent.id));
    bob.receive(&ServerFrame::Error(error));
    assert_eq!(standing(&bob), (vec![0, 0, 0], 0, vec![]));
    assert_eq!(bob.screen.refused, [(poll, "poll_closed".to_owned())]);
}

#[test]
fn what_is_no_vote_is_refused_here() {
    let one = Poll {
        multiple: false,
        ..poll()
    };
    let (mut bob, poll) = with_poll(one);
    for options in [&[3][..], &[0, 1]] {
        assert_eq!(code(vote(&mut bob, 1, poll, options)), "invalid_field");
    }
    let edit = Command::EditMessage {
        change: change_id(2),
        conversation: conversation(1),
        message: poll,
        text: "When?".to_owned(),
    };
    assert_eq!(code(bob.tell(edit)), "forbidden");
    let close = |bob: &mut Device, id| {
        bob.tell(Command::ClosePoll {
            change: change_id(id),
            conversation: conversation(1),
            message: poll,
        })
    };
    assert_eq!(code(close(&mut bob, 3)), "forbidden", "it is hers");
    assert!(!shown(&bob).can_close);
    bob.receive(&event(changed(2, ALICE, poll, MessageChange::ClosePoll {})));
    assert!(shown(&bob).closed && !shown(&bob).can_vote);
    assert_eq!(code(vote(&mut bob, 4, poll, &[0])), "poll_closed");
}

#[test]
fn a_poll_ends_by_its_time() {
    let ending = Poll {
        closes_at: Some(START.plus_ms(60_000)),
        ..poll()
    };
    let (mut bob, poll) = with_poll(ending);
    assert!(shown(&bob).can_vote);
    bob.pass(61_000);
    bob.open(1);
    assert!(shown(&bob).closed);
    assert_eq!(code(vote(&mut bob, 1, poll, &[0])), "poll_closed");
}

#[test]
fn an_anonymous_vote_counts_without_a_name() {
    let anonymous = Poll {
        anonymous: true,
        ..poll()
    };
    let (mut bob, poll) = with_poll(anonymous);
    let MessageChange::Vote { tally, .. } = counted(&[], [0, 0, 1], 1) else {
        panic!("a vote");
    };
    let veiled = MessageChange::Vote {
        options: Vec::new(),
        tally,
        anonymous: true,
    };
    let nobody = UserId::from_bytes([0; 16]);
    bob.receive(&event(Event {
        sender: nobody,
        ..changed(2, ALICE, poll, veiled)
    }));
    assert_eq!(standing(&bob), (vec![0, 0, 1], 1, vec![]));
    let state = bob.engine.storage().fold(conversation(1), seq(1)).unwrap();
    let expect = PollState {
        tally: Tally {
            counts: vec![0, 0, 1],
            voters: 1,
        },
        ..PollState::default()
    };
    assert_eq!(state.folded.poll, Some(expect));
}

#[test]
fn a_forwarded_poll_is_asked_anew_and_its_options_are_found() {
    let ending = Poll {
        closes_at: Some(START.plus_ms(60_000)),
        ..poll()
    };
    let mut bob = Device::online(vec![direct(1, 0), direct(2, 0)]);
    let hers = asked(1, ALICE, ending);
    let id = MessageId::from(hers.id);
    bob.receive(&event(hers));
    bob.receive(&event(changed(2, ALICE, id, counted(&[0], [1, 0, 0], 1))));
    bob.open(2);
    bob.sent();
    let forward = Command::ForwardMessages {
        conversation: conversation(1),
        messages: vec![id],
        to: vec![ForwardTarget {
            conversation: conversation(2),
            ids: vec![message(1)],
        }],
    };
    assert_eq!(bob.tell(forward), Reply::Done);
    assert_eq!(standing(&bob), (vec![0, 0, 0], 0, vec![]));
    assert_eq!(bob.sent_messages()[0].message.content.poll(), Some(&poll()));
    for query in ["nowhere", "where"] {
        let found = bob.engine.storage().search(&words(query)).unwrap();
        assert_eq!(found.len(), 1, "{query}");
    }
    // The options go with the message: nothing finds them afterwards.
    bob.receive(&event(changed(3, ALICE, id, MessageChange::Delete {})));
    assert!(bob.engine.storage().search(&words("nowhere")).unwrap().is_empty());
    let left = bob
        .engine
        .storage()
        .changes_of(conversation(1), id, seq(0))
        .unwrap();
    assert!(
        left.iter()
            .all(|change| !format!("{change:?}").contains("counts: [1")),
        "{left:?}"
    );
}

/// Who has voted in an encrypted conversation is what is shown there, one's own vote that waits with it.
#[test]
fn who_voted_is_told_as_it_is_shown() {
    let mut summary = direct(1, 0);
    summary.encrypted = true;
    let mut bob = Device::online(vec![summary]);
    bob.open(1);
    bob.cut();
    let asked = bob.tell(Command::SendPoll {
        message: message(7),
        conversation: conversation(1),
        question: "Where?".to_owned(),
        poll: poll(),
    });
    assert_eq!(asked, Reply::Done);
    let who = |bob: &mut Device| {
        let list = Command::ListVotes {
            conversation: conversation(1),
            message: message(7),
        };
        let Reply::Votes { items } = bob.tell(list) else {
            panic!("nobody says who voted")
        };
        let said = items.into_iter().map(|vote| (vote.profile.user, vote.options));
        said.collect::<Vec<_>>()
    };
    assert_eq!(who(&mut bob), []);
    vote(&mut bob, 1, message(7), &[0, 2]);
    assert_eq!(standing(&bob), (vec![1, 0, 1], 1, vec![0, 2]));
    assert_eq!(who(&mut bob), [(user(BOB), vec![0, 2])]);
    vote(&mut bob, 2, message(7), &[]);
    assert_eq!(who(&mut bob), []);
}
