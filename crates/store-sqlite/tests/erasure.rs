//! Erased is erased: what a deleted message said is not to be found in any of the database's files.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;
use std::sync::Arc;

use pipit_store::Store;
use pipit_store_conformance::world::World;
use pipit_store_sqlite::{Options, SqliteStore};
use pipit_wire::event::{Content, EventBody, MessageChange};

/// Whether any file of the folder has these bytes.
fn is_there(folder: &Path, needle: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_deleted_is_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipit.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, Options::default()).unwrap());
    let (world, alice, bob, _) = World::with_three(Arc::clone(&store)).await;
    let place = world.direct(alice, bob).await;
    // A short one, within a page; one that takes pages of its own; and what is to stay.
    let long = "planted-long ".repeat(2_000);
    let (short, long) = (
        world.message(place, alice, "planted-short xylophone"),
        world.message(place, alice, &long),
    );
    let change = |message: &pipit_store::log::Append, change| EventBody::MessageChanged {
        message: message.id.into(),
        change,
    };
    for entry in [&short, &long] {
        world.append(entry.clone()).await;
        for number in 0..20 {
            world.say(place, bob, &format!("staying {number}")).await;
        }
    }
    // The first text is in the index before it is edited: it leaves the index by the edit, the log by the deletion.
    while store.index_entries(&[place], 10).await.unwrap() > 0 {}
    let content = Content::text("planted-edit ".repeat(500));
    world
        .enter(place, alice, change(&short, MessageChange::Edit { content }))
        .await;
    let emoji = "🥸".to_owned();
    let reaction = MessageChange::React { emoji, on: true };
    world.enter(place, bob, change(&short, reaction)).await;
    while store.index_entries(&[place], 10).await.unwrap() > 0 {}
    assert!(store.scrub().await.unwrap());
    let planted = ["planted-short", "planted-long", "planted-edit", "planted long", "planted edit", "xylophone"];
    for needle in planted {
        assert!(is_there(folder.path(), needle), "{needle} was there");
    }

    for message in [&short, &long] {
        world
            .enter(place, alice, change(message, MessageChange::Delete {}))
            .await;
    }
    assert!(store.scrub().await.unwrap());
    for needle in planted {
        assert!(!is_there(folder.path(), needle), "{needle} is gone");
    }
    assert!(is_there(folder.path(), "staying 19"));
}
