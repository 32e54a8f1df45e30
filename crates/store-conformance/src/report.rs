//! Reports.

use std::sync::Arc;

use pipit_store::Store;
use pipit_store::report::{AddedReport, NewReport};
use pipit_wire::report::{Evidence, ReportReason, ReportedFile};
use pipit_wire::{ConversationId, MessageId, ReportId, Timestamp};
use tokio::task::JoinSet;

use crate::world::{Person, World, seq};

fn report(world: &World, reporter: Person, user: Person, at: i64) -> NewReport {
    NewReport {
        id: ReportId::from(world.id::<MessageId>().as_uuid()),
        at: Timestamp(at),
        reporter: reporter.user,
        user: user.user,
        reason: ReportReason::Other,
        note: "as I said".to_owned(),
        conversation: None,
        evidence: Vec::new(),
    }
}

async fn add(world: &World, report: &NewReport, open_max: u32) -> AddedReport {
    world.store.add_report(report.clone(), open_max).await.unwrap()
}

async fn ids(world: &World, closed: bool, after: Option<(Timestamp, ReportId)>, limit: u32) -> Vec<ReportId> {
    let found = world.store.list_reports(closed, after, limit).await.unwrap();
    found.iter().map(|report| report.id).collect()
}

fn shown(world: &World) -> Evidence {
    Evidence {
        seq: seq(3),
        message: world.id(),
        at: Timestamp(77),
        edit: true,
        sealed: true,
        text: "\"quoted\" \\u0000 🦆".to_owned(),
        options: vec!["yes".to_owned(), "no".to_owned()],
        files: vec![ReportedFile {
            name: "a.png".to_owned(),
            media_type: "image/png".to_owned(),
            size: 5,
            caption: Some("a boat".to_owned()),
        }],
        preview: None,
    }
}

/// What was reported is there as it was said, the oldest first.
pub async fn reports_are_kept_and_listed(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let place: ConversationId = world.group("Den", alice, &[bob, carol]).await;
    let shown = shown(&world);
    let first = NewReport {
        conversation: Some(place),
        evidence: vec![shown.clone()],
        reason: ReportReason::Danger,
        ..report(&world, alice, bob, 10)
    };
    let (second, third) = (report(&world, bob, alice, 10), report(&world, carol, bob, 30));
    for new in [&third, &first, &second] {
        assert_eq!(add(&world, new, 9).await, AddedReport::Added);
    }
    let mut tie = [first.id, second.id];
    tie.sort_unstable();
    let open = world.store.list_reports(false, None, 9).await.unwrap();
    let listed: Vec<_> = open.iter().map(|report| report.id).collect();
    assert_eq!(listed, [tie[0], tie[1], third.id]);
    let found = open.iter().find(|report| report.id == first.id).unwrap();
    assert_eq!(found.evidence, [shown]);
    assert_eq!((found.reporter.user, found.user.user), (alice.user, bob.user));
    assert_eq!(
        (found.reason, found.conversation),
        (ReportReason::Danger, Some(place))
    );
    assert_eq!(
        (found.note.as_str(), found.at, &found.closed),
        ("as I said", Timestamp(10), &None)
    );
    let after = Some((Timestamp(10), tie[0]));
    assert_eq!(ids(&world, false, after, 1).await, [tie[1]]);
}

/// What was closed is there, the latest first, until it has served its time; the first time counts.
pub async fn reports_are_closed_and_pruned(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let reports = [10, 20, 30].map(|at| report(&world, alice, bob, at));
    for new in &reports {
        assert_eq!(add(&world, new, 9).await, AddedReport::Added);
    }
    let [first, second, third] = reports.map(|report| report.id);
    let close = async |id, at, note: &str| {
        let closed = world.store.close_report(id, carol.user, Timestamp(at), note);
        closed.await.unwrap()
    };
    assert!(close(third, 50, "warned").await);
    assert!(close(first, 60, "").await);
    assert!(close(third, 70, "the second time").await);
    let unknown = ReportId::from(world.id::<MessageId>().as_uuid());
    assert!(!close(unknown, 70, "").await);
    assert_eq!(ids(&world, false, None, 9).await, [second]);
    let closed = world.store.list_reports(true, None, 9).await.unwrap();
    let listed: Vec<_> = closed.iter().map(|report| report.id).collect();
    assert_eq!(listed, [first, third]);
    let ended = closed[1].closed.as_ref().unwrap();
    assert_eq!(
        (ended.at, ended.by.user, ended.note.as_str()),
        (Timestamp(50), carol.user, "warned")
    );
    assert_eq!(ids(&world, true, Some((Timestamp(60), first)), 9).await, [third]);

    let prune = async |before, limit| world.store.prune_reports(Timestamp(before), limit).await.unwrap();
    assert_eq!(prune(50, 9).await, 0);
    assert_eq!(prune(100, 1).await, 1);
    assert_eq!(prune(100, 9).await, 1);
    assert_eq!(ids(&world, true, None, 9).await, []);
    assert_eq!(ids(&world, false, None, 9).await, [second], "what is open stays");
}

/// One is one however often it is sent, its id is nobody else's, and nobody has more open than they may.
pub async fn a_reporter_has_so_many_open(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let (first, second) = (report(&world, alice, bob, 1), report(&world, alice, carol, 2));
    assert_eq!(add(&world, &first, 1).await, AddedReport::Added);
    assert_eq!(add(&world, &first, 1).await, AddedReport::Repeated);
    assert_eq!(add(&world, &second, 1).await, AddedReport::TooMany);
    let taken = NewReport {
        id: first.id,
        ..report(&world, bob, alice, 3)
    };
    assert_eq!(add(&world, &taken, 1).await, AddedReport::Taken);
    assert_eq!(
        add(&world, &report(&world, bob, alice, 3), 1).await,
        AddedReport::Added
    );
    let closed = world.store.close_report(first.id, carol.user, Timestamp(5), "");
    assert!(closed.await.unwrap());
    assert_eq!(
        add(&world, &first, 1).await,
        AddedReport::Repeated,
        "closed or not"
    );
    let many: Vec<_> = (0..8).map(|at| report(&world, alice, bob, at)).collect();
    let mut tasks = JoinSet::new();
    for new in many {
        let store = Arc::clone(&world.store);
        tasks.spawn(async move { store.add_report(new, 3).await.unwrap() });
    }
    let added = tasks.join_all().await;
    let made = added.iter().filter(|added| **added == AddedReport::Added);
    assert_eq!(made.count(), 3, "also when they come at once");
}
