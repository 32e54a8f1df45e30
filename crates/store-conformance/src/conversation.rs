//! Making conversations, and who is in them.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::conversation::{ConversationAccess, CreateError, Created, MemberPosition};
use pipit_wire::event::{ConversationKind, EventBody, Role};
use pipit_wire::frame::RequestState;
use pipit_wire::{ConversationId, Event, Seq, UserId};
use tokio::task::JoinSet;

use crate::world::{Person, World, member, seq};

async fn members(world: &World, conversation: ConversationId) -> Vec<(UserId, Role)> {
    let viewer = world.id();
    let members = world.store.list_members(conversation, viewer, None, 100).await;
    let members = members.unwrap();
    members
        .into_iter()
        .map(|member| (member.profile.user, member.role))
        .collect()
}

/// A direct conversation begins with an entry that names its two members.
pub async fn a_direct_conversation_is_made(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let new = world.new_direct(bob, alice);
    let created = world.store.create_direct(new.clone()).await.unwrap();
    let event = Event {
        id: new.event,
        conversation: new.id,
        seq: seq(1),
        at: new.now,
        sender: bob.user,
        device: Some(bob.device),
        body: EventBody::Created {
            kind: ConversationKind::Direct,
            title: None,
            members: vec![member(bob.user, Role::Member), member(alice.user, Role::Member)],
            encrypted: false,
        },
    };
    assert_eq!(
        created,
        Created {
            conversation: new.id,
            event: Some(event.clone())
        }
    );
    assert_eq!(
        world.store.find_event(new.id, new.event).await.unwrap(),
        Some(event)
    );
    assert_eq!(world.store.last_seq(new.id).await.unwrap(), Some(seq(1)));
    assert_eq!(
        members(&world, new.id).await,
        [(alice.user, Role::Member), (bob.user, Role::Member)]
    );
}

/// Two people have one direct conversation, whoever asks for it and however often.
pub async fn two_people_have_one_direct_conversation(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let first = world.direct(alice, bob).await;
    for new in [world.new_direct(alice, bob), world.new_direct(bob, alice)] {
        let again = world.store.create_direct(new.clone()).await.unwrap();
        assert_eq!(
            again,
            Created {
                conversation: first,
                event: None
            }
        );
        assert_eq!(
            world.store.last_seq(new.id).await.unwrap(),
            None,
            "the other id was not used"
        );
    }
    assert_eq!(world.store.last_seq(first).await.unwrap(), Some(seq(1)));
    let other = world.direct(alice, carol).await;
    assert_ne!(other, first);
    assert_ne!(world.direct(bob, carol).await, other);
}

/// The direct conversation with oneself has one member, is one, and is nobody else's.
pub async fn notes_are_a_direct_conversation_with_oneself(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let notes = world.direct(alice, alice).await;
    assert_eq!(world.direct(alice, alice).await, notes);
    assert_ne!(world.direct(alice, bob).await, notes);
    assert_ne!(world.direct(bob, bob).await, notes);
    assert_eq!(members(&world, notes).await, [(alice.user, Role::Member)]);
    let summary = world
        .store
        .find_summary(notes, alice.user)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (summary.kind, summary.member_count),
        (ConversationKind::Direct, 1)
    );
    let access = world
        .store
        .find_access(notes, alice.user, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (access.role, access.peer, access.blocked),
        (Some(Role::Member), None, false)
    );
    let access = world
        .store
        .find_access(notes, bob.user, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((access.role, access.peer), (None, None));
}

/// Several who ask at once, from both sides, get one conversation, and one of them made it.
pub async fn concurrent_direct_conversations_are_one(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let mut tasks = JoinSet::new();
    for number in 0..10 {
        let store = Arc::clone(&world.store);
        let new = if number % 2 == 0 {
            world.new_direct(alice, bob)
        } else {
            world.new_direct(bob, alice)
        };
        tasks.spawn(async move { store.create_direct(new).await.unwrap() });
    }
    let created = tasks.join_all().await;
    assert_eq!(
        created.iter().filter(|created| created.event.is_some()).count(),
        1
    );
    assert!(
        created
            .iter()
            .all(|other| other.conversation == created[0].conversation)
    );
    assert_eq!(
        world.store.list_conversation_ids(alice.user).await.unwrap(),
        [created[0].conversation]
    );
    assert_eq!(members(&world, created[0].conversation).await.len(), 2);
}

/// A group begins with an entry that names its title, its owner and its members.
pub async fn a_group_is_made(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let new = world.new_group("Tea", bob, &[carol, alice]);
    let created = world.store.create_group(new.clone()).await.unwrap().unwrap();
    let event = Event {
        id: new.event,
        conversation: new.id,
        seq: seq(1),
        at: new.now,
        sender: bob.user,
        device: Some(bob.device),
        body: EventBody::Created {
            kind: ConversationKind::Group,
            encrypted: false,
            title: Some("Tea".to_owned()),
            members: vec![
                member(bob.user, Role::Owner),
                member(carol.user, Role::Member),
                member(alice.user, Role::Member),
            ],
        },
    };
    assert_eq!(
        created,
        Created {
            conversation: new.id,
            event: Some(event.clone())
        }
    );
    assert_eq!(
        world.store.find_event(new.id, new.event).await.unwrap(),
        Some(event)
    );
    let expect = [
        (alice.user, Role::Member),
        (bob.user, Role::Owner),
        (carol.user, Role::Member),
    ];
    assert_eq!(members(&world, new.id).await, expect);
    let alone = world.group("Notes", alice, &[]).await;
    assert_eq!(members(&world, alone).await, [(alice.user, Role::Owner)]);
}

/// Making a group again returns it; the id is refused to anyone and anything else.
pub async fn a_group_is_made_once(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let new = world.new_group("Tea", alice, &[bob, carol]);
    world.store.create_group(new.clone()).await.unwrap().unwrap();
    world
        .enter(
            new.id,
            alice,
            EventBody::TitleChanged {
                title: "Coffee".to_owned(),
            },
        )
        .await;
    let mut again = new.clone();
    (again.event, again.now) = (world.id(), world.now());
    let found = world.store.create_group(again).await.unwrap().unwrap();
    assert_eq!(
        found,
        Created {
            conversation: new.id,
            event: None
        },
        "what happened since does not matter"
    );

    let mut conflicts = vec![new.clone(), new.clone(), new.clone()];
    conflicts[0].title = Some("Coffee".to_owned());
    conflicts[1].members = vec![bob.user];
    conflicts[2].creator = bob.user;
    conflicts[2].members = vec![alice.user, carol.user];
    for conflict in conflicts {
        assert_eq!(
            world.store.create_group(conflict).await.unwrap(),
            Err(CreateError::IdConflict)
        );
    }
    let mut direct = world.new_group("Tea", alice, &[bob]);
    direct.id = world.direct(alice, bob).await;
    assert_eq!(
        world.store.create_group(direct).await.unwrap(),
        Err(CreateError::IdConflict)
    );
    assert_eq!(world.store.last_seq(new.id).await.unwrap(), Some(seq(2)));
    assert_eq!(members(&world, new.id).await.len(), 3);
}

/// Several repetitions of one group at once make one.
pub async fn concurrent_groups_with_one_id_are_one(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let new = world.new_group("Tea", alice, &[bob]);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (store, new) = (Arc::clone(&world.store), new.clone());
        tasks.spawn(async move { store.create_group(new).await.unwrap().unwrap() });
    }
    let created = tasks.join_all().await;
    assert_eq!(
        created.iter().filter(|created| created.event.is_some()).count(),
        1
    );
    assert_eq!(members(&world, new.id).await.len(), 2);
}

/// The facts about a group: roles, counts, ends of the log.
pub async fn the_access_to_a_group_is_found(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let dave = world.person("dave", "Dave").await;
    let group = world.group("Tea", alice, &[bob]).await;
    world
        .enter(
            group,
            alice,
            EventBody::MemberAdded {
                member: member(carol.user, Role::Owner),
            },
        )
        .await;
    let access = |user: Person, target: Option<Person>| {
        let store = Arc::clone(&world.store);
        async move {
            store
                .find_access(group, user.user, target.map(|person| person.user))
                .await
                .unwrap()
                .unwrap()
        }
    };
    let expect = ConversationAccess {
        kind: ConversationKind::Group,
        encrypted: false,
        role: Some(Role::Owner),
        first_seq: seq(2),
        last_seq: seq(2),
        member_count: 3,
        owner_count: 2,
        target_role: Some(Role::Member),
        peer: None,
        blocked: false,
        suspended: false,
        announcements: false,
        target_banned: false,
        request: RequestState::Accepted,
    };
    assert_eq!(access(carol, Some(bob)).await, expect);
    assert_eq!(access(carol, None).await.target_role, None);
    assert_eq!(access(carol, Some(dave)).await.target_role, None, "not a member");
    let outsider = access(dave, Some(alice)).await;
    assert_eq!((outsider.role, outsider.target_role), (None, Some(Role::Owner)));
    assert_eq!((outsider.member_count, outsider.last_seq), (3, seq(2)));
    world
        .store
        .set_blocked(bob.user, alice.user, true, world.now())
        .await
        .unwrap();
    assert!(
        !access(bob, Some(alice)).await.blocked,
        "blocks do not count in groups"
    );
    world
        .store
        .set_suspended(bob.user, Some(world.now()))
        .await
        .unwrap();
    assert!(access(bob, None).await.suspended);
    assert!(
        !access(alice, Some(bob)).await.suspended,
        "it is the one who asks that counts"
    );
    let none = world.store.find_access(world.id(), alice.user, None);
    assert_eq!(none.await.unwrap(), None);
}

/// The facts about a direct conversation: the other one, and a block from either side.
pub async fn the_access_to_a_direct_conversation_is_found(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let direct = world.direct(bob, alice).await;
    let access = |user: Person| {
        let store = Arc::clone(&world.store);
        async move { store.find_access(direct, user.user, None).await.unwrap().unwrap() }
    };
    let expect = ConversationAccess {
        kind: ConversationKind::Direct,
        encrypted: false,
        role: Some(Role::Member),
        first_seq: seq(1),
        last_seq: seq(1),
        member_count: 2,
        owner_count: 0,
        target_role: None,
        peer: Some(bob.user),
        blocked: false,
        suspended: false,
        announcements: false,
        target_banned: false,
        request: RequestState::Accepted,
    };
    assert_eq!(access(alice).await, expect);
    assert_eq!(access(bob).await.peer, Some(alice.user));
    assert_eq!(access(carol).await.role, None);
    for (who, whom) in [(alice, bob), (bob, alice)] {
        world
            .store
            .set_blocked(who.user, whom.user, true, world.now())
            .await
            .unwrap();
        assert!(
            access(alice).await.blocked && access(bob).await.blocked,
            "a block holds from both sides"
        );
        world
            .store
            .set_blocked(who.user, whom.user, false, world.now())
            .await
            .unwrap();
        assert!(!access(alice).await.blocked);
    }
    world
        .store
        .set_blocked(alice.user, carol.user, true, world.now())
        .await
        .unwrap();
    assert!(!access(alice).await.blocked, "a block of somebody else");
}

/// The ids are those of the conversations that somebody is in now.
pub async fn conversation_ids_are_listed(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    assert_eq!(world.store.list_conversation_ids(alice.user).await.unwrap(), []);
    let direct = world.direct(alice, bob).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    let mut ids = world.store.list_conversation_ids(bob.user).await.unwrap();
    ids.sort_unstable();
    assert_eq!(ids, [direct, group]);
    world
        .enter(
            group,
            bob,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    assert_eq!(
        world.store.list_conversation_ids(bob.user).await.unwrap(),
        [direct]
    );
}

/// Each membership of those that are asked for, once, and nobody else's.
pub async fn memberships_of_many_are_listed(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    let nobody: UserId = world.id();
    let listed = async |users: &[UserId]| {
        let mut listed = world.store.list_memberships(users).await.unwrap();
        listed.sort_unstable();
        listed
    };
    let mut expect = vec![(alice.user, direct), (alice.user, group), (carol.user, group)];
    expect.sort_unstable();
    assert_eq!(listed(&[carol.user, nobody, alice.user]).await, expect);
    assert_eq!(listed(&[]).await, []);
    world
        .enter(
            group,
            bob,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    assert_eq!(listed(&[bob.user]).await, [(bob.user, direct)]);
}

/// Members are paged in the order in which they came, then of their ids.
pub async fn members_are_paged(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", carol, &[]).await;
    let mut expect = vec![carol.user];
    for person in [bob, alice] {
        let added = member(person.user, Role::Member);
        world
            .enter(group, carol, EventBody::MemberAdded { member: added })
            .await;
        expect.push(person.user);
    }
    for number in 0..7 {
        let person = world.person(&format!("dave{number}"), "Dave").await;
        let added = member(person.user, Role::Member);
        world
            .enter(group, carol, EventBody::MemberAdded { member: added })
            .await;
        expect.push(person.user);
    }
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = world
            .store
            .list_members(group, alice.user, after, 3)
            .await
            .unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = Some(last.profile.user);
        paged.extend(page.iter().map(|member| member.profile.user));
    }
    assert_eq!(paged, expect);
    let nowhere = world.store.list_members(world.id(), alice.user, None, 3).await;
    assert_eq!(nowhere.unwrap(), []);
    let page = world
        .store
        .list_members(group, alice.user, Some(carol.user), 1)
        .await
        .unwrap();
    assert_eq!(
        (page[0].profile.handle.as_str(), page[0].profile.name.as_str()),
        ("bob", "Bob Cratchit")
    );
    assert_eq!(
        (page[0].delivered_seq, page[0].read_seq),
        (seq(1), seq(1)),
        "just before the entry that added them"
    );
}

/// Whoever pages, and meanwhile the last of a page has left, misses nobody.
pub async fn members_after_one_that_has_left(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    let all = members(&world, group).await;
    let (left, _) = all[1];
    world
        .enter(
            group,
            alice,
            EventBody::MemberRemoved {
                user: left,
                banned: false,
            },
        )
        .await;
    let page = world
        .store
        .list_members(group, alice.user, Some(left), 100)
        .await
        .unwrap();
    let page: Vec<UserId> = page.iter().map(|member| member.profile.user).collect();
    let stay: Vec<UserId> = [all[0].0, all[2].0].to_vec();
    assert_eq!(page.iter().filter(|user| stay.contains(user)).count(), 2);
    assert_eq!(page.len(), 2);
}

/// Who is in any conversation with somebody is acquainted with them.
pub async fn the_acquainted_are_filtered(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let dave = world.person("dave", "Dave").await;
    world.direct(alice, bob).await;
    let group = world.group("Tea", carol, &[alice]).await;
    world.group("Cake", dave, &[bob]).await;
    let filter = |user: Person, others: Vec<UserId>| {
        let store = Arc::clone(&world.store);
        async move {
            let mut found = store.filter_acquainted(user.user, &others).await.unwrap();
            found.sort_unstable();
            found
        }
    };
    let everyone = vec![dave.user, carol.user, bob.user, world.id()];
    assert_eq!(filter(alice, everyone.clone()).await, [bob.user, carol.user]);
    assert_eq!(filter(alice, vec![]).await, []);
    world
        .enter(
            group,
            alice,
            EventBody::MemberRemoved {
                user: alice.user,
                banned: false,
            },
        )
        .await;
    assert_eq!(filter(alice, everyone).await, [bob.user]);
}

/// A large group is made at once, and has all of its members.
pub async fn a_large_group_is_made(store: Arc<dyn Store>) {
    let world = World::new(store);
    let owner = world.person("owner", "Owner").await;
    let mut others = Vec::new();
    for number in 0..120 {
        others.push(world.person(&format!("p{number}"), "Person").await);
    }
    let group = world.group("Town", owner, &others).await;
    let access = world
        .store
        .find_access(group, owner.user, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (access.member_count, access.owner_count, access.last_seq),
        (121, 1, Seq::ZERO.next())
    );
    let all = world.store.list_members(group, owner.user, None, 1_000).await;
    let all = all.unwrap();
    assert_eq!(all.len(), 121);
}

/// Beginnings of handles and of words of names are found, in pages that join, the highest roles first.
pub async fn members_are_searched_by_role_first(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let dave = world.person("dave", "Dave Éclair").await;
    let group = world.group("Tea", carol, &[dave, bob, alice]).await;
    for (person, role) in [(bob, Role::Moderator), (dave, Role::Admin)] {
        let member = member(person.user, role);
        world.enter(group, carol, EventBody::RoleChanged { member }).await;
    }
    let find = |query: &'static str, after: Option<MemberPosition>, limit| {
        let store = Arc::clone(&world.store);
        async move {
            store
                .search_members(group, alice.user, query, after, limit)
                .await
                .unwrap()
        }
    };
    let users = |page: &[pipit_wire::frame::Member]| -> Vec<UserId> {
        page.iter().map(|member| member.profile.user).collect()
    };
    let all = [carol.user, dave.user, bob.user, alice.user];
    assert_eq!(users(&find("", None, 50).await), all);
    for limit in [1, 2, 3] {
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = find("", after, limit).await;
            let Some(last) = page.last() else { break };
            after = Some(MemberPosition {
                role: last.role,
                handle: last.profile.handle.clone(),
            });
            paged.extend(users(&page));
        }
        assert_eq!(paged, all, "in pages of {limit}");
    }
    for (query, expect) in [
        ("da", vec![dave.user]),
        ("ÉCL", vec![dave.user]),
        ("lid", vec![alice.user]),
        ("c", vec![carol.user, bob.user]),
        ("ob", vec![]),
        ("%", vec![]),
    ] {
        assert_eq!(users(&find(query, None, 50).await), expect, "{query}");
    }
    let erin = world.person("erin", "Erin").await;
    assert!(find("erin", None, 50).await.is_empty(), "{erin:?} is no member");
}
