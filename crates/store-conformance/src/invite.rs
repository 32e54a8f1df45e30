//! Invites to the server.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::account::{CreateAccountError, InviteRecord, NewInvite};
use pipit_wire::Timestamp;
use tokio::task::JoinSet;

use crate::world::{Person, World, token};

const DAY_MS: i64 = 86_400_000;

async fn invite(world: &World, maker: Person, number: u64, uses: u32) -> NewInvite {
    let now = world.now();
    let invite = NewInvite {
        id: world.id(),
        token: token(number),
        made_by: maker.user,
        created_at: now,
        expires_at: now.plus_ms(DAY_MS),
        uses,
    };
    world.store.create_invite(invite.clone()).await.unwrap();
    invite
}

async fn join(
    world: &World,
    invite: &NewInvite,
    handle: &str,
    now: Timestamp,
) -> Result<(), CreateAccountError> {
    let mut account = world.new_account(handle, handle);
    account.invite = Some(invite.token.clone());
    account.now = now;
    world.store.create_account(account).await.unwrap()
}

async fn uses_left(world: &World, invite: &NewInvite) -> Option<u32> {
    let found = world.store.find_invite(&invite.token, world.now()).await.unwrap();
    found.map(|invite| invite.uses_left)
}

/// An invite is found with who made it, and counts its uses down to none.
pub async fn an_invite_is_used_up(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let invite = invite(&world, alice, 1, 2).await;
    let expect = InviteRecord {
        id: invite.id,
        made_by: alice.user,
        made_by_name: "Alice Liddell".to_owned(),
        expires_at: invite.expires_at,
        uses_left: 2,
    };
    assert_eq!(
        world.store.find_invite(&invite.token, world.now()).await.unwrap(),
        Some(expect)
    );
    assert_eq!(
        world.store.find_invite(&token(2), world.now()).await.unwrap(),
        None
    );
    join(&world, &invite, "dave", world.now()).await.unwrap();
    assert_eq!(uses_left(&world, &invite).await, Some(1));
    join(&world, &invite, "erin", world.now()).await.unwrap();
    assert_eq!(uses_left(&world, &invite).await, None);
    let outcome = join(&world, &invite, "frank", world.now()).await;
    assert_eq!(outcome, Err(CreateAccountError::InviteInvalid));
    assert!(world.store.find_credential("frank").await.unwrap().is_none());
}

/// An invite works until just before it expires.
pub async fn an_invite_expires(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let invite = invite(&world, alice, 1, 9).await;
    let last = invite.expires_at.plus_ms(-1);
    assert!(
        world
            .store
            .find_invite(&invite.token, last)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        world
            .store
            .find_invite(&invite.token, invite.expires_at)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        world.store.list_invites(None, invite.expires_at).await.unwrap(),
        []
    );
    let outcome = join(&world, &invite, "dave", invite.expires_at).await;
    assert_eq!(outcome, Err(CreateAccountError::InviteInvalid));
    join(&world, &invite, "dave", last).await.unwrap();
    let late = world
        .store
        .revoke_invite(invite.id, None, invite.expires_at)
        .await
        .unwrap();
    assert!(!late, "what has expired is not revoked");
}

/// What ended before a time is forgotten, some at a time; what still works, or ended later, is not.
pub async fn ended_invites_are_pruned(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let mut invites = Vec::new();
    for number in 0..4 {
        invites.push(invite(&world, alice, number, 1).await);
    }
    join(&world, &invites[0], "dave", world.now()).await.unwrap();
    let prune = async |before, limit| world.store.prune_invites(before, limit).await.unwrap();
    assert_eq!(prune(invites[0].expires_at, 100).await, 0);
    assert_eq!(prune(invites[3].expires_at, 2).await, 2);
    assert_eq!(prune(invites[3].expires_at, 100).await, 1);
    assert_eq!(prune(invites[3].expires_at, 100).await, 0);
    for (invite, expect) in invites.iter().zip([None, None, None, Some(1)]) {
        assert_eq!(uses_left(&world, invite).await, expect);
    }
}

/// An invite is ended by who made it, or by anyone in nobody's name; once.
pub async fn an_invite_is_revoked(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let first = invite(&world, alice, 1, 9).await;
    let second = invite(&world, alice, 2, 9).await;
    let now = world.now();
    assert!(
        !world
            .store
            .revoke_invite(first.id, Some(bob.user), now)
            .await
            .unwrap(),
        "another's"
    );
    assert_eq!(uses_left(&world, &first).await, Some(9));
    assert!(
        world
            .store
            .revoke_invite(first.id, Some(alice.user), now)
            .await
            .unwrap()
    );
    assert!(
        !world
            .store
            .revoke_invite(first.id, Some(alice.user), now)
            .await
            .unwrap(),
        "twice"
    );
    assert!(world.store.revoke_invite(second.id, None, now).await.unwrap());
    assert!(
        !world.store.revoke_invite(world.id(), None, now).await.unwrap(),
        "unknown"
    );
    for invite in [&first, &second] {
        assert_eq!(uses_left(&world, invite).await, None);
        let outcome = join(&world, invite, "dave", world.now()).await;
        assert_eq!(outcome, Err(CreateAccountError::InviteInvalid));
    }
}

/// The list has what still works, newest first: of one who makes them, or of all.
pub async fn invites_are_listed(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let first = invite(&world, alice, 1, 1).await;
    let second = invite(&world, bob, 2, 1).await;
    let third = invite(&world, alice, 3, 1).await;
    let used = invite(&world, alice, 4, 1).await;
    join(&world, &used, "dave", world.now()).await.unwrap();
    let revoked = invite(&world, alice, 5, 1).await;
    assert!(
        world
            .store
            .revoke_invite(revoked.id, None, world.now())
            .await
            .unwrap()
    );
    let now = world.now();
    let all = world.store.list_invites(None, now).await.unwrap();
    assert_eq!(
        all.iter().map(|invite| invite.id).collect::<Vec<_>>(),
        [third.id, second.id, first.id]
    );
    assert_eq!(all[1].made_by_name, "Bob Cratchit");
    let hers = world.store.list_invites(Some(alice.user), now).await.unwrap();
    assert_eq!(
        hers.iter().map(|invite| invite.id).collect::<Vec<_>>(),
        [third.id, first.id]
    );
}

/// An account that was not made has used no invite.
pub async fn a_refused_account_uses_no_invite(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let invite = invite(&world, alice, 1, 1).await;
    let outcome = join(&world, &invite, "bob", world.now()).await;
    assert_eq!(outcome, Err(CreateAccountError::HandleTaken));
    assert_eq!(uses_left(&world, &invite).await, Some(1));
    join(&world, &invite, "dave", world.now()).await.unwrap();
}

/// Of several that want the last use at once, one gets it.
pub async fn concurrent_accounts_share_no_last_use(store: Arc<dyn Store>) {
    let (world, alice, ..) = World::with_three(store).await;
    let invite = invite(&world, alice, 1, 3).await;
    let mut tasks = JoinSet::new();
    for number in 0..12 {
        let (world, invite) = (world.clone(), invite.clone());
        let now = world.now();
        tasks.spawn(async move { join(&world, &invite, &format!("new{number}"), now).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    let refused = outcomes
        .iter()
        .filter(|outcome| **outcome == Err(CreateAccountError::InviteInvalid));
    assert_eq!(refused.count(), 9);
}
