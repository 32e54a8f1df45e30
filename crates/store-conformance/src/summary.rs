//! Conversations as one of their members sees them in the list.

use std::sync::Arc;

use pipit_store::Store;
use pipit_wire::ConversationId;
use pipit_wire::event::{ConversationKind, EventBody, Role};
use pipit_wire::frame::{ConversationSummary, ListPosition};
use pipit_wire::limits::SUMMARY_MEMBERS_MAX;

use crate::world::{Person, World, member, seq};

async fn summary(world: &World, conversation: ConversationId, person: Person) -> ConversationSummary {
    world
        .store
        .find_summary(conversation, person.user)
        .await
        .unwrap()
        .unwrap()
}

async fn list(world: &World, person: Person) -> Vec<ConversationId> {
    let list = world
        .store
        .list_conversations(person.user, None, 50)
        .await
        .unwrap();
    list.into_iter().map(|summary| summary.id).collect()
}

/// A summary says everything that the list shows, from the point of view of who asks.
pub async fn a_summary_says_it_all(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    let hello = world.message(group, alice, "hello");
    let said = world.try_append(hello.clone()).await.unwrap().event;
    let entry = world.entry(
        group,
        alice,
        EventBody::MemberAdded {
            member: member(carol.user, Role::Admin),
        },
    );
    world.append(entry.clone()).await;
    world.advance(group, bob, 2, 1).await;

    let of_bob = summary(&world, group, bob).await;
    assert_eq!(of_bob.kind, ConversationKind::Group);
    assert_eq!(of_bob.title.as_deref(), Some("Tea"));
    assert_eq!(of_bob.member_count, 3);
    assert_eq!(
        (of_bob.first_seq, of_bob.last_seq, of_bob.last_at),
        (seq(1), seq(3), entry.at)
    );
    assert_eq!(
        of_bob.last_message,
        Some(said),
        "the last message, not the last entry"
    );
    assert_eq!(of_bob.unread, 1);
    let members: Vec<_> = of_bob
        .members
        .iter()
        .map(|member| (member.profile.handle.as_str(), member.role))
        .collect();
    assert_eq!(
        members,
        [
            ("alice", Role::Owner),
            ("bob", Role::Member),
            ("carol", Role::Admin)
        ]
    );
    let markers = &of_bob.members[1];
    assert_eq!((markers.delivered_seq, markers.read_seq), (seq(2), seq(1)));

    let of_alice = summary(&world, group, alice).await;
    assert_eq!(of_alice.unread, 0, "one's own message is not unread");
    let of_carol = summary(&world, group, carol).await;
    assert_eq!(of_carol.first_seq, seq(3));
    assert_eq!(
        of_carol.last_message, None,
        "what was said before one came is not shown"
    );
    assert_eq!(of_carol.unread, 0);
    let listed = world.store.list_conversations(bob.user, None, 50).await.unwrap();
    assert_eq!(listed, [of_bob]);
}

/// A direct conversation has no title, and both people in its summary.
pub async fn a_direct_conversation_has_no_title(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let of_bob = summary(&world, direct, bob).await;
    assert_eq!((of_bob.kind, of_bob.title), (ConversationKind::Direct, None));
    assert_eq!((of_bob.member_count, of_bob.members.len()), (2, 2));
    assert_eq!(of_bob.last_message, None);
    assert_eq!(
        world.store.find_summary(direct, carol.user).await.unwrap(),
        None,
        "not a member"
    );
    assert_eq!(
        world.store.find_summary(world.id(), bob.user).await.unwrap(),
        None,
        "no such conversation"
    );
}

/// A new title is what the summary shows.
pub async fn a_new_title_is_shown(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    world
        .enter(
            group,
            alice,
            EventBody::TitleChanged {
                title: "Coffee".to_owned(),
            },
        )
        .await;
    assert_eq!(summary(&world, group, bob).await.title.as_deref(), Some("Coffee"));
    world.say(group, alice, "hm").await;
    assert_eq!(summary(&world, group, bob).await.title.as_deref(), Some("Coffee"));
}

/// A large group's summary has the first members, and whoever asks in any case.
pub async fn a_large_group_shows_its_first_members(store: Arc<dyn Store>) {
    let world = World::new(store);
    let owner = world.person("owner", "Owner").await;
    let mut people = vec![owner];
    for number in 0..SUMMARY_MEMBERS_MAX + 8 {
        people.push(world.person(&format!("p{number}"), "Person").await);
    }
    let group = world.group("Town", owner, &people[1..]).await;
    let first: Vec<_> = people[..SUMMARY_MEMBERS_MAX]
        .iter()
        .map(|person| person.user)
        .collect();
    for (place, asker) in people.iter().enumerate() {
        let shown = summary(&world, group, *asker).await;
        let users: Vec<_> = shown.members.iter().map(|member| member.profile.user).collect();
        assert_eq!(users.len(), SUMMARY_MEMBERS_MAX);
        assert!(users.contains(&asker.user), "member {place} sees themselves");
        let others = SUMMARY_MEMBERS_MAX - usize::from(place >= SUMMARY_MEMBERS_MAX);
        assert_eq!(users[..others], first[..others], "member {place} sees the first");
        assert_eq!(shown.member_count as usize, people.len());
    }
}

/// The list is ordered by the last entry, newest first, and a new entry brings a conversation to the top.
pub async fn the_list_is_newest_first(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let first = world.direct(alice, bob).await;
    let second = world.direct(alice, carol).await;
    let third = world.group("Tea", alice, &[bob]).await;
    assert_eq!(list(&world, alice).await, [third, second, first]);
    world.say(first, bob, "hello").await;
    assert_eq!(list(&world, alice).await, [first, third, second]);
    assert_eq!(list(&world, bob).await, [first, third]);
    world.advance(second, alice, 1, 1).await;
    assert_eq!(
        list(&world, alice).await,
        [first, third, second],
        "a receipt moves nothing"
    );
    world
        .enter(
            third,
            alice,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    assert_eq!(
        list(&world, bob).await,
        [first],
        "one that was left is not listed"
    );
}

/// Pages join without a gap or a repetition, also where conversations have one time.
pub async fn the_list_is_paged(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let moment = world.now();
    for number in 0..23_u64 {
        let mut new = world.new_group(&format!("Group {number}"), alice, &[bob]);
        // Three conversations share each moment, so that the id decides among them.
        new.now = moment.plus_ms(i64::try_from(number / 3).unwrap());
        world.store.create_group(new).await.unwrap().unwrap();
    }
    let all = world
        .store
        .list_conversations(alice.user, None, 50)
        .await
        .unwrap();
    assert_eq!(all.len(), 23);
    assert!(all.is_sorted_by(|one, other| (one.last_at, one.id) > (other.last_at, other.id)));
    for limit in [1, 2, 5, 22, 23, 24] {
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = world
                .store
                .list_conversations(alice.user, after, limit)
                .await
                .unwrap();
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            after = Some(ListPosition {
                last_at: last.last_at,
                conversation: last.id,
            });
            paged.extend(page);
        }
        assert_eq!(paged, all, "in pages of {limit}");
    }
}
