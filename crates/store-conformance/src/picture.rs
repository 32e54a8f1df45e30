//! Pictures: of groups, and what people show of themselves.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::log::AppendError;
use pipit_wire::event::{AvatarChange, EventBody, Role, SettingsChange};
use pipit_wire::person::{Face, FaceChange, Status, StatusChange};
use pipit_wire::{BlobId, Timestamp};

use crate::blob::{file, may_read, take, with_files};
use crate::world::{Person, World, member};

fn shows(blob: Option<BlobId>) -> EventBody {
    EventBody::SettingsChanged {
        change: SettingsChange {
            avatar: Some(AvatarChange { blob }),
            ..SettingsChange::default()
        },
    }
}

fn face_with(blob: Option<BlobId>) -> FaceChange {
    FaceChange {
        avatar: Some(AvatarChange { blob }),
        ..FaceChange::default()
    }
}

/// A group's picture is for its members, whenever they came, and for nobody else.
pub async fn members_see_the_groups_picture(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let place = world.group("Birds", alice, &[bob]).await;
    let (first, second) = (file(&world, alice).await, file(&world, alice).await);
    let shown = async || {
        let summary = world.store.find_summary(place, bob.user).await.unwrap();
        summary.unwrap().settings.avatar
    };
    assert!(!may_read(&world, bob, first).await);
    world.enter(place, alice, shows(Some(first))).await;
    assert_eq!(shown().await, Some(first));
    assert!(may_read(&world, bob, first).await);
    assert!(!may_read(&world, carol, first).await, "not a member");
    let joins = EventBody::MemberAdded {
        member: member(carol.user, Role::Member),
    };
    world.enter(place, alice, joins).await;
    assert!(may_read(&world, carol, first).await, "from before her time");
    world.enter(place, alice, shows(Some(second))).await;
    assert_eq!(shown().await, Some(second));
    assert!(!may_read(&world, carol, first).await, "not the picture any more");
    assert!(may_read(&world, carol, second).await);
    world.append(world.message(place, alice, "another entry")).await;
    assert_eq!(shown().await, Some(second));
    let removed = EventBody::MemberRemoved {
        user: bob.user,
        banned: false,
    };
    world.enter(place, alice, removed).await;
    assert!(!may_read(&world, bob, second).await);
    let missing = world.entry(place, alice, shows(Some(world.id())));
    assert_eq!(world.try_append(missing).await, Err(AppendError::Stale));
}

/// A picture is kept while a group shows it, and given up when it shows another one or none; what a message has too stays.
pub async fn a_groups_old_picture_is_given_up(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let place = world.group("Birds", alice, &[bob]).await;
    let (first, second) = (file(&world, alice).await, file(&world, alice).await);
    world.append(with_files(&world, place, alice, &[second])).await;
    world.enter(place, alice, shows(Some(first))).await;
    assert!(!world.store.remove_upload(alice.user, first).await.unwrap());
    assert_eq!(take(&world, world.now()).await, []);
    world.enter(place, alice, shows(Some(first))).await;
    assert_eq!(take(&world, world.now()).await, [], "the same again");
    world.enter(place, alice, shows(Some(second))).await;
    assert_eq!(take(&world, Timestamp(1)).await, [first]);
    world.enter(place, alice, shows(None)).await;
    assert_eq!(take(&world, world.now()).await, [], "a message has it");
    assert!(may_read(&world, bob, second).await);
}

/// In one batch too: what it sets and replaces at once was never kept.
pub async fn pictures_of_a_batch_are_counted(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let place = world.group("Birds", alice, &[bob]).await;
    let (first, second) = (file(&world, alice).await, file(&world, alice).await);
    let batch = [Some(first), Some(second), Some(first), None, Some(second)]
        .map(|blob| world.entry(place, alice, shows(blob)))
        .into();
    for outcome in world.store.append_batch(batch).await.unwrap() {
        outcome.unwrap();
    }
    assert!(may_read(&world, bob, second).await);
    assert!(!may_read(&world, bob, first).await);
    world.enter(place, alice, shows(None)).await;
    let mut both = [first, second];
    both.sort_unstable();
    let taken = take(&world, Timestamp(i64::MAX)).await;
    assert_eq!(taken, both, "neither is kept by anything");
}

/// What somebody shows is changed piece by piece, and is what lists of members say of them.
pub async fn a_face_is_changed(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let place = world.group("Birds", alice, &[bob]).await;
    let picture = file(&world, alice).await;
    let status = Status {
        emoji: "🚣".to_owned(),
        text: "on the water".to_owned(),
        until: Some(Timestamp(9_000)),
    };
    let first = FaceChange {
        avatar: Some(AvatarChange { blob: Some(picture) }),
        about: Some("Rows".to_owned()),
        status: Some(StatusChange {
            status: Some(status.clone()),
        }),
    };
    let mut expect = Face {
        avatar: Some(picture),
        about: "Rows".to_owned(),
        status: Some(status),
    };
    let set = async |change: &FaceChange| world.store.set_face(alice.user, change).await.unwrap();
    assert_eq!(set(&first).await, Some(expect.clone()));
    assert_eq!(set(&first).await, Some(expect.clone()), "again");
    let quiet = FaceChange {
        status: Some(StatusChange::default()),
        ..FaceChange::default()
    };
    expect.status = None;
    assert_eq!(set(&quiet).await, Some(expect.clone()));

    let face_of = |members: &[pipit_wire::frame::Member], who: Person| {
        let found = members.iter().find(|member| member.profile.user == who.user);
        found.unwrap().profile.face.clone()
    };
    let (store, viewer) = (&world.store, bob.user);
    let members = store.list_members(place, viewer, None, 10).await.unwrap();
    assert_eq!(face_of(&members, alice), Some(expect.clone()));
    assert_eq!(face_of(&members, bob), None, "never said anything");
    let next = store.list_members(place, viewer, Some(viewer), 10).await;
    let searched = store.search_members(place, viewer, "ali", None, 10).await;
    assert_eq!(face_of(&searched.unwrap(), alice), Some(expect.clone()));
    assert!(next.unwrap().len() < members.len());
    for reader in [alice, bob] {
        let summary = store.find_summary(place, reader.user).await.unwrap().unwrap();
        assert_eq!(face_of(&summary.members, alice), Some(expect.clone()));
        let list = store.list_conversations(reader.user, None, 5).await.unwrap();
        assert_eq!(face_of(&list[0].members, alice), Some(expect.clone()));
    }
    let user = world.store.find_user(alice.user).await.unwrap().unwrap();
    assert_eq!(user.profile.face, Some(expect.clone()));
    let found = world
        .store
        .find_faces(&[alice.user, bob.user, world.id()])
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    let names = world.store.find_profiles(&[alice.user]).await.unwrap();
    assert_eq!(names[0].face, None, "who only needs names gets no more");
    let strangers = world.store.search_users(bob.user, "alice", 5).await.unwrap();
    assert_eq!(strangers[0].face, None, "a search finds names");
    assert_eq!(world.store.set_face(world.id(), &first).await.unwrap(), None);
}

/// Somebody's picture is for those who share a conversation with them, while they do, and is given up when there is another one.
pub async fn acquaintances_see_a_picture(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let place = world.group("Birds", alice, &[bob]).await;
    let (first, second) = (file(&world, alice).await, file(&world, alice).await);
    let set = async |blob| world.store.set_face(alice.user, &face_with(blob)).await.unwrap();
    assert_eq!(set(Some(world.id())).await, None, "there is no such file");
    assert!(set(Some(first)).await.is_some());
    assert!(may_read(&world, bob, first).await);
    assert!(may_read(&world, alice, first).await);
    assert!(!may_read(&world, carol, first).await, "a stranger");
    assert_eq!(take(&world, Timestamp(1)).await, [], "it is kept");
    let removed = EventBody::MemberRemoved {
        user: bob.user,
        banned: false,
    };
    world.enter(place, alice, removed).await;
    assert!(!may_read(&world, bob, first).await, "a stranger by now");
    world.direct(alice, carol).await;
    assert!(may_read(&world, carol, first).await);
    set(Some(second)).await;
    assert!(!may_read(&world, carol, first).await, "not the picture any more");
    assert_eq!(take(&world, Timestamp(1)).await, [first]);
    set(None).await;
    assert_eq!(take(&world, Timestamp(1)).await, [second]);
}
