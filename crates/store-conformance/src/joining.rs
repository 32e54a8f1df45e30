//! What a group is set to, who comes into it by a link, who waits to be let in, and who is kept out.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::group::{NewGroupInvite, NewJoinRequest, Requested};
use pipit_store::log::{AppendError, Facts, LogRange};
use pipit_wire::event::{EventBody, GroupSettings, HistoryPolicy, Role, SettingsChange};
use pipit_wire::{ConversationId, InviteId, UserId};
use tokio::task::JoinSet;

use crate::world::{Person, START, World, member, seq, token};

fn set(change: SettingsChange) -> EventBody {
    EventBody::SettingsChanged { change }
}

fn added(person: Person) -> EventBody {
    EventBody::MemberAdded {
        member: member(person.user, Role::Member),
    }
}

const fn banned(person: Person) -> EventBody {
    EventBody::MemberRemoved {
        user: person.user,
        banned: true,
    }
}

async fn settings(world: &World, group: ConversationId, person: Person) -> GroupSettings {
    let summary = world.store.find_summary(group, person.user).await.unwrap();
    summary.unwrap().settings
}

async fn waiting(world: &World, group: ConversationId, person: Person) -> u32 {
    let summary = world.store.find_summary(group, person.user).await.unwrap();
    summary.unwrap().join_requests
}

/// A link to a group that works for an hour; the number of its token.
async fn invite(world: &World, group: ConversationId, by: Person, uses: u32) -> (InviteId, u64) {
    let (id, number) = (world.id(), world.number());
    world
        .store
        .create_group_invite(NewGroupInvite {
            id,
            token: token(number),
            conversation: group,
            made_by: by.user,
            created_at: world.now(),
            expires_at: START.plus_ms(3_600_000),
            uses,
            approval: true,
        })
        .await
        .unwrap();
    (id, number)
}

async fn request(
    world: &World,
    group: ConversationId,
    who: Person,
    invite: InviteId,
    most: u32,
) -> Requested {
    world
        .store
        .request_join(NewJoinRequest {
            conversation: group,
            user: who.user,
            invite,
            now: world.now(),
            requests_max: most,
        })
        .await
        .unwrap()
}

async fn requesters(world: &World, group: ConversationId) -> Vec<UserId> {
    let requests = world.store.list_join_requests(group, 10).await.unwrap();
    requests.into_iter().map(|request| request.profile.user).collect()
}

/// What a group is set to is what the entries have said, each field by itself.
pub async fn a_group_is_set(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    assert_eq!(settings(&world, group, bob).await, GroupSettings::default());
    let topic = SettingsChange {
        topic: Some("Leaves \u{1f343}".to_owned()),
        ..SettingsChange::default()
    };
    let modes = SettingsChange {
        announcements: Some(true),
        history: Some(HistoryPolicy::All),
        expire_after_ms: Some(60_000),
        ..SettingsChange::default()
    };
    world.enter(group, alice, set(topic)).await;
    world.enter(group, alice, set(modes)).await;
    let expect = GroupSettings {
        topic: "Leaves \u{1f343}".to_owned(),
        announcements: true,
        history: HistoryPolicy::All,
        expire_after_ms: 60_000,
        avatar: None,
    };
    assert_eq!(settings(&world, group, bob).await, expect);
    let listed = world.store.list_conversations(bob.user, None, 1).await.unwrap();
    assert_eq!(listed[0].settings, expect);
    let access = world.store.find_access(group, bob.user, None).await.unwrap();
    assert!(access.unwrap().announcements);
    // An entry of another kind leaves it as it is.
    world.append(world.message(group, alice, "tea?")).await;
    let none = SettingsChange {
        topic: Some(String::new()),
        ..SettingsChange::default()
    };
    world.enter(group, alice, set(none)).await;
    let expect = GroupSettings {
        topic: String::new(),
        ..expect
    };
    assert_eq!(settings(&world, group, alice).await, expect);
}

/// Whether only admins write is a fact like others: it is looked at under the lock, and the batch so far counts.
pub async fn announcements_are_a_fact(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    let announcements = |on| {
        set(SettingsChange {
            announcements: Some(on),
            ..SettingsChange::default()
        })
    };
    let message = |expected| {
        let mut entry = world.message(group, bob, "hi");
        entry.facts = Facts {
            announcements: Some(expected),
            ..Facts::default()
        };
        entry
    };
    let batch = vec![
        message(false),
        world.entry(group, alice, announcements(true)),
        message(false),
        message(true),
    ];
    let outcomes = world.store.append_batch(batch).await.unwrap();
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.map(|appended| appended.event.seq.get()))
        .collect();
    assert_eq!(outcomes, [Ok(2), Ok(3), Err(AppendError::Stale), Ok(4)]);
    assert_eq!(
        world.try_append(message(false)).await,
        Err(AppendError::Stale),
        "the next batch as well"
    );
}

/// Newcomers read from their own entry on, or everything, as the group said when they came; nothing of it is unread to them.
pub async fn newcomers_read_what_the_group_says(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[]).await;
    world.append(world.message(group, alice, "before")).await;
    world.enter(group, alice, added(bob)).await;
    let all = SettingsChange {
        history: Some(HistoryPolicy::All),
        ..SettingsChange::default()
    };
    world.enter(group, alice, set(all)).await;
    world.enter(group, alice, added(carol)).await;
    let everything = LogRange::After {
        seq: seq(0),
        limit: 100,
    };
    for (person, first, count) in [(bob, 3, 3), (carol, 1, 5)] {
        let page = world.store.read_log(group, person.user, everything).await;
        let page = page.unwrap().unwrap();
        assert_eq!((page.first_seq, page.events.len()), (seq(first), count));
        let summary = world
            .store
            .find_summary(group, person.user)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((summary.first_seq, summary.unread), (seq(first), 0));
    }
    let markers = world.store.list_receipts(group, 10).await.unwrap();
    let of_carol = markers.iter().find(|markers| markers.user == carol.user).unwrap();
    assert_eq!((of_carol.delivered_seq, of_carol.read_seq), (seq(4), seq(4)));
}

/// Who is banned is removed, kept out and listed, until that is lifted.
pub async fn who_is_banned_is_kept_out(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    let other = world.group("Cake", alice, &[]).await;
    world.enter(group, alice, banned(bob)).await;
    world.enter(group, alice, banned(carol)).await;
    assert_eq!(world.store.find_summary(group, bob.user).await.unwrap(), None);
    let add = world.entry(group, alice, added(bob));
    assert_eq!(world.try_append(add.clone()).await, Err(AppendError::Stale));
    world.enter(other, alice, added(bob)).await;

    let bans = world.store.list_bans(group, 10).await.unwrap();
    let listed: Vec<_> = bans.iter().map(|ban| (ban.profile.user, ban.by.user)).collect();
    assert_eq!(
        listed,
        [(carol.user, alice.user), (bob.user, alice.user)],
        "the latest first"
    );
    assert_eq!(world.store.list_bans(group, 1).await.unwrap().len(), 1);
    assert_eq!(world.store.list_bans(other, 10).await.unwrap(), []);
    let access = |target: Person| {
        let store = Arc::clone(&world.store);
        async move {
            let access = store.find_access(group, alice.user, Some(target.user)).await;
            access.unwrap().unwrap().target_banned
        }
    };
    assert!(access(bob).await && !access(alice).await);

    assert!(!world.store.lift_ban(other, bob.user).await.unwrap());
    assert!(world.store.lift_ban(group, bob.user).await.unwrap());
    assert!(!world.store.lift_ban(group, bob.user).await.unwrap(), "again");
    assert!(!access(bob).await);
    world.append(add).await;
    assert!(access(carol).await, "the other one stays out");
}

/// A removal that is no ban keeps nobody out, and what a batch has banned stays out within the batch.
pub async fn a_ban_holds_within_its_batch(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    let removed = EventBody::MemberRemoved {
        user: carol.user,
        banned: false,
    };
    let batch = vec![
        world.entry(group, alice, banned(bob)),
        world.entry(group, alice, added(bob)),
        world.entry(group, alice, removed),
        world.entry(group, alice, added(carol)),
        world.entry(group, alice, banned(bob)),
    ];
    let outcomes = world.store.append_batch(batch).await.unwrap();
    let stale: Vec<bool> = outcomes.iter().map(Result::is_err).collect();
    assert_eq!(stale, [false, true, false, false, true]);
    let summary = world
        .store
        .find_summary(group, carol.user)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(summary.member_count, 2);
    assert_eq!(world.store.list_bans(group, 10).await.unwrap().len(), 1);
}

/// The last who has taken somebody out counts: another one, or themselves.
pub async fn who_has_taken_somebody_out_is_known(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    let other = world.group("Cake", alice, &[bob]).await;
    let find = |person: Person| {
        let store = Arc::clone(&world.store);
        async move { store.find_removal(group, person.user).await.unwrap() }
    };
    let removed = EventBody::MemberRemoved {
        user: bob.user,
        banned: false,
    };
    assert_eq!(find(bob).await, None);
    world.enter(group, alice, removed.clone()).await;
    assert_eq!(find(bob).await, Some(alice.user));
    assert_eq!(find(carol).await, None);
    assert_eq!(world.store.find_removal(other, bob.user).await.unwrap(), None);
    world.enter(group, alice, added(bob)).await;
    world.enter(group, bob, removed).await;
    assert_eq!(find(bob).await, Some(bob.user), "they have left");
    world.enter(group, alice, banned(carol)).await;
    assert_eq!(find(carol).await, Some(alice.user));
}

/// A link works until it is used up, ended or over, and belongs to one group.
pub async fn a_link_to_a_group_is_used_up(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    let other = world.group("Cake", alice, &[]).await;
    let (first, first_token) = invite(&world, group, alice, 2).await;
    let (second, _) = invite(&world, group, bob, 5).await;
    let now = world.now();
    let found = world.store.find_group_invite(&token(first_token), now).await;
    let found = found.unwrap().unwrap();
    assert_eq!((found.id, found.conversation, found.uses_left), (first, group, 2));
    assert_eq!(
        (found.made_by.handle.as_str(), found.approval, found.works),
        ("alice", true, true)
    );
    assert_eq!(
        world.store.find_group_invite(&token(999), now).await.unwrap(),
        None
    );
    let ids = |limit| {
        let store = Arc::clone(&world.store);
        async move {
            let invites = store.list_group_invites(group, now, limit).await.unwrap();
            invites.into_iter().map(|invite| invite.id).collect::<Vec<_>>()
        }
    };
    assert_eq!(ids(10).await, [second, first], "newest first");
    assert_eq!(ids(1).await, [second]);
    assert_eq!(world.store.list_group_invites(other, now, 10).await.unwrap(), []);

    for worked in [true, true, false] {
        assert_eq!(world.store.use_group_invite(first, now).await.unwrap(), worked);
    }
    assert_eq!(ids(10).await, [second]);
    let used_up = world.store.find_group_invite(&token(first_token), now).await;
    assert!(
        !used_up.unwrap().unwrap().works,
        "known, though it works no longer"
    );
    let over = START.plus_ms(3_600_000);
    assert!(!world.store.use_group_invite(second, over).await.unwrap(), "over");
    assert!(!world.store.revoke_group_invite(other, second, now).await.unwrap());
    assert!(world.store.revoke_group_invite(group, second, now).await.unwrap());
    assert!(!world.store.revoke_group_invite(group, second, now).await.unwrap());
    assert!(!world.store.use_group_invite(second, now).await.unwrap(), "ended");
    let before = START.plus_ms(3_600_001);
    assert_eq!(world.store.prune_invites(START, 10).await.unwrap(), 0);
    assert_eq!(world.store.prune_invites(before, 10).await.unwrap(), 2);
    assert_eq!(world.store.prune_invites(before, 10).await.unwrap(), 0);
}

/// Many who come at once by the last use of a link: one of them comes.
pub async fn the_last_use_of_a_link_is_one(store: Arc<dyn Store>) {
    let (world, alice, _, _) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[]).await;
    let (invite, _) = invite(&world, group, alice, 1).await;
    let now = world.now();
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&world.store);
        tasks.spawn(async move { store.use_group_invite(invite, now).await.unwrap() });
    }
    let used = tasks.join_all().await.into_iter().filter(|used| *used).count();
    assert_eq!(used, 1);
}

/// Who asks to be let in waits once, takes a use of the link, and waits no longer once they are a member or were refused.
pub async fn requests_to_be_let_in(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let dave = world.person("dave", "Dave").await;
    let erin = world.person("erin", "Erin").await;
    let group = world.group("Tea", alice, &[dave]).await;
    let (link, number) = invite(&world, group, alice, 3).await;
    assert_eq!(request(&world, group, bob, link, 2).await, Requested::Made);
    assert_eq!(request(&world, group, bob, link, 2).await, Requested::Known);
    assert_eq!(request(&world, group, carol, link, 2).await, Requested::Made);
    assert_eq!(request(&world, group, erin, link, 2).await, Requested::Full);
    assert_eq!(
        request(&world, group, erin, world.id(), 3).await,
        Requested::NoInvite
    );
    let left = world.store.find_group_invite(&token(number), world.now()).await;
    assert_eq!(left.unwrap().unwrap().uses_left, 1, "asking twice takes one use");

    assert_eq!(requesters(&world, group).await, [bob.user, carol.user]);
    assert!(world.store.has_join_request(group, bob.user).await.unwrap());
    assert!(!world.store.has_join_request(group, dave.user).await.unwrap());
    assert_eq!(waiting(&world, group, alice).await, 2);
    assert_eq!(waiting(&world, group, dave).await, 0, "only admins are told");

    world.enter(group, alice, added(bob)).await;
    assert_eq!(
        requesters(&world, group).await,
        [carol.user],
        "who is let in waits no longer"
    );
    assert!(world.store.remove_join_request(group, carol.user).await.unwrap());
    assert!(!world.store.remove_join_request(group, carol.user).await.unwrap());
    assert_eq!(waiting(&world, group, alice).await, 0);
    assert_eq!(
        request(&world, group, carol, link, 2).await,
        Requested::Made,
        "may ask again"
    );
    assert_eq!(
        request(&world, group, erin, link, 2).await,
        Requested::NoInvite,
        "used up"
    );
}
