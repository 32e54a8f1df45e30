//! Message requests: what a stranger begins waits, and they learn nothing until it is answered.

use std::sync::Arc;

use pipit_model::search::parse;
use pipit_store::Store;
use pipit_store::account::NewInvite;
use pipit_store::conversation::{NewDirect, NewGroup};
use pipit_store::log::{Append, ReceiptOutcome};
use pipit_store::search::SearchMessages;
use pipit_wire::event::{EventBody, MemberRole, Role};
use pipit_wire::frame::{PersonalChange, Receipt, RequestState};
use pipit_wire::{ConversationId, UserId};

use crate::world::{Person, World, seq, token};

/// What `from` begins with `to` as a request.
async fn ask(world: &World, from: Person, to: Person) -> ConversationId {
    let new = NewDirect {
        asks: true,
        ..world.new_direct(from, to)
    };
    world.store.create_direct(new).await.unwrap().conversation
}

async fn stands(world: &World, conversation: ConversationId, person: Person) -> RequestState {
    let summary = world.store.find_summary(conversation, person.user).await.unwrap();
    let listed = world
        .store
        .list_conversations(person.user, None, 9)
        .await
        .unwrap();
    let access = world
        .store
        .find_access(conversation, person.user, None)
        .await
        .unwrap();
    let state = summary.unwrap().personal.request;
    let in_list = listed.iter().find(|listed| listed.id == conversation).unwrap();
    assert_eq!(in_list.personal.request, state, "the list says the same");
    assert_eq!(access.unwrap().request, state, "so do the facts of the rules");
    state
}

async fn asked_by(world: &World, conversation: ConversationId, person: Person) -> Option<UserId> {
    let summary = world.store.find_summary(conversation, person.user).await.unwrap();
    summary.unwrap().personal.asked_by
}

async fn answer(world: &World, conversation: ConversationId, person: Person, request: RequestState) {
    let change = PersonalChange {
        request: Some(request),
        ..PersonalChange::default()
    };
    let set = world
        .store
        .set_personal(conversation, person.user, change, world.now());
    assert_eq!(set.await.unwrap().unwrap().request, request);
}

async fn acquainted(world: &World, asker: Person, other: Person) -> bool {
    let others: [UserId; 1] = [other.user];
    let found = world.store.filter_acquainted(asker.user, &others).await.unwrap();
    found == others
}

async fn finds(world: &World, asker: Person, query: &str) -> usize {
    let search = SearchMessages {
        asker: asker.user,
        terms: parse(query).unwrap().terms,
        from: None,
        within: None,
        has: Vec::new(),
        since: None,
        until: None,
        after: None,
        limit: 9,
    };
    world.store.search_messages(search).await.unwrap().items.len()
}

/// It waits for whom it was begun with, and for nobody else; beginning it again changes nothing.
pub async fn a_request_waits_for_an_answer(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let place = ask(&world, alice, bob).await;
    assert_eq!(stands(&world, place, bob).await, RequestState::Waiting);
    assert_eq!(stands(&world, place, alice).await, RequestState::Accepted);
    assert_eq!(ask(&world, alice, bob).await, place);
    assert_eq!(world.direct(bob, alice).await, place);
    assert_eq!(stands(&world, place, bob).await, RequestState::Waiting);
    let draft = PersonalChange {
        draft: Some("Who are you?".to_owned()),
        ..PersonalChange::default()
    };
    let kept = world
        .store
        .set_personal(place, bob.user, draft, world.now())
        .await;
    assert_eq!(
        kept.unwrap().unwrap().request,
        RequestState::Waiting,
        "a draft is no answer"
    );
    for state in [RequestState::Refused, RequestState::Accepted] {
        answer(&world, place, bob, state).await;
        assert_eq!(stands(&world, place, bob).await, state);
        assert_eq!(ask(&world, alice, bob).await, place);
        assert_eq!(stands(&world, place, bob).await, state, "asking again is in vain");
    }
    assert_eq!(stands(&world, place, alice).await, RequestState::Accepted);
}

/// Until it is accepted no marker of whom it asks moves, and they are not known to the stranger.
pub async fn a_stranger_learns_nothing(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let place = ask(&world, alice, bob).await;
    let last = world.say(place, alice, "tea?").await;
    for state in [RequestState::Waiting, RequestState::Refused] {
        answer(&world, place, bob, state).await;
        assert_eq!(
            world.advance(place, bob, last, last).await,
            ReceiptOutcome::Unchanged
        );
        assert!(!acquainted(&world, alice, bob).await, "{state:?}");
        assert!(acquainted(&world, bob, alice).await, "who asks can be looked at");
    }
    assert!(matches!(
        world.advance(place, alice, last, last).await,
        ReceiptOutcome::Advanced { .. }
    ));
    answer(&world, place, bob, RequestState::Accepted).await;
    assert!(acquainted(&world, alice, bob).await);
    let ReceiptOutcome::Advanced { receipt, .. } = world.advance(place, bob, last, last).await else {
        panic!("the marker moves now");
    };
    assert_eq!((receipt.user, receipt.read_seq.get()), (bob.user, last));
}

/// What waits, or was refused, is not among what a search finds; for the stranger it is.
pub async fn a_request_is_not_searched(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let place = ask(&world, alice, bob).await;
    world.say(place, alice, "tea?").await;
    world.store.index_entries(&[place], 9).await.unwrap();
    assert_eq!(finds(&world, alice, "tea").await, 1);
    for state in [RequestState::Waiting, RequestState::Refused] {
        answer(&world, place, bob, state).await;
        assert_eq!(finds(&world, bob, "tea").await, 0, "{state:?}");
        assert_eq!(world.store.list_names(bob.user, 9).await.unwrap(), []);
    }
    answer(&world, place, bob, RequestState::Accepted).await;
    assert_eq!(finds(&world, bob, "tea").await, 1);
    assert_eq!(world.store.list_names(bob.user, 9).await.unwrap().len(), 1);
}

/// A group waits for whom it asks, whether they were in it from its beginning or were added later; the others see what they always do. It
/// ends with the membership.
pub async fn who_is_added_to_a_group_may_be_asked(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let new = NewGroup {
        asked: vec![bob.user],
        ..world.new_group("Garden", alice, &[bob, carol])
    };
    let garden = world.store.create_group(new).await.unwrap().unwrap().conversation;
    assert_eq!(stands(&world, garden, bob).await, RequestState::Waiting);
    assert_eq!(stands(&world, garden, carol).await, RequestState::Accepted);
    assert_eq!(stands(&world, garden, alice).await, RequestState::Accepted);
    assert_eq!(asked_by(&world, garden, bob).await, Some(alice.user));
    assert!(
        !acquainted(&world, carol, bob).await,
        "they do not know of each other yet"
    );
    assert!(acquainted(&world, alice, carol).await);

    let boat = world.group("Boat", carol, &[alice]).await;
    for asks in [true, false] {
        let added = EventBody::MemberAdded {
            member: MemberRole {
                user: bob.user,
                role: Role::Member,
            },
        };
        let entry = Append {
            asks,
            ..world.entry(boat, carol, added)
        };
        let last = world.try_append(entry).await.unwrap().event.seq.get();
        let (state, by, outcome) = if asks {
            (RequestState::Waiting, Some(carol.user), ReceiptOutcome::Unchanged)
        } else {
            let receipt = Receipt {
                conversation: boat,
                user: bob.user,
                delivered_seq: seq(last),
                read_seq: seq(last),
            };
            (
                RequestState::Accepted,
                None,
                ReceiptOutcome::Advanced {
                    receipt,
                    delivered: true,
                },
            )
        };
        assert_eq!(stands(&world, boat, bob).await, state);
        assert_eq!(asked_by(&world, boat, bob).await, by);
        assert_eq!(world.advance(boat, bob, last, last).await, outcome);
        let removed = EventBody::MemberRemoved {
            user: bob.user,
            banned: false,
        };
        world.try_append(world.entry(boat, bob, removed)).await.unwrap();
    }
}

/// It is remembered by whose invite somebody has come.
pub async fn who_has_invited_whom_is_known(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let now = world.now();
    let invite = NewInvite {
        id: world.id(),
        token: token(1),
        made_by: alice.user,
        created_at: now,
        expires_at: now.plus_ms(1_000_000),
        uses: 2,
    };
    world.store.create_invite(invite).await.unwrap();
    let mut account = world.new_account("dave", "Dave");
    account.invite = Some(token(1));
    let dave = account.account.id;
    world.store.create_account(account).await.unwrap().unwrap();
    for (one, other, expect) in [
        (alice.user, dave, true),
        (dave, alice.user, true),
        (bob.user, dave, false),
        (alice.user, bob.user, false),
        (dave, dave, false),
    ] {
        let found = world.store.filter_invited(one, &[other]).await.unwrap();
        assert_eq!(found, if expect { vec![other] } else { Vec::new() });
    }
}
