//! One list of cases for a folder and for a bucket behind a real server that speaks S3.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "every function here is a test or a helper of one: to panic is to fail"
)]

mod bucket;

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use pipit_blob::{BlobAddress, BlobError, BlobStore};
use tempfile::TempDir;

fn folder() -> (BlobStore, TempDir) {
    let keep = tempfile::tempdir().unwrap();
    let address = BlobAddress::Folder(keep.path().join("not/there/yet"));
    (BlobStore::open(&address, None).unwrap(), keep)
}

macro_rules! cases {
    ($($case:ident,)*) => {
        mod in_a_folder {
            $(#[tokio::test]
            async fn $case() {
                let (store, _keep) = super::folder();
                super::$case(store).await;
            })*
        }

        mod in_a_bucket {
            $(#[tokio::test]
            async fn $case() {
                let service = super::bucket::Service::start("pipit").await;
                super::$case(service.store("s3://pipit")).await;
            })*
        }
    };
}

cases! {
    what_was_put_is_read,
    parts_are_read,
    what_is_not_there_is_not_found,
    a_removed_object_is_gone,
    a_folder_is_removed_with_all_in_it,
    objects_are_listed,
    a_large_object_comes_back,
    many_are_put_at_once,
    it_answers,
}

async fn read(store: &BlobStore, key: &str, range: std::ops::Range<u64>) -> Result<Vec<u8>, BlobError> {
    let parts: Vec<Bytes> = store.read(key, range).await?.try_collect().await?;
    Ok(parts.concat())
}

async fn keys(store: &BlobStore, folder: Option<&str>) -> BTreeSet<String> {
    store
        .list(folder)
        .map_ok(|found| found.key)
        .try_collect()
        .await
        .unwrap()
}

async fn what_was_put_is_read(store: BlobStore) {
    store.put("a/1", Bytes::from_static(b"first")).await.unwrap();
    store.put("a/2", Bytes::new()).await.unwrap();
    assert_eq!(store.read_whole("a/1").await.unwrap(), "first");
    assert_eq!(store.read_whole("a/2").await.unwrap(), "");
    // The same again, as after an answer that was lost.
    store.put("a/1", Bytes::from_static(b"first")).await.unwrap();
    assert_eq!(store.read_whole("a/1").await.unwrap(), "first");
}

async fn parts_are_read(store: BlobStore) {
    store.put("a/1", Bytes::from_static(b"0123456789")).await.unwrap();
    for (range, expect) in [
        (0..10, "0123456789"),
        (0..1, "0"),
        (3..7, "3456"),
        (9..10, "9"),
        (5..99, "56789"),
        (4..4, ""),
    ] {
        let found = read(&store, "a/1", range.clone()).await.unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), expect, "{range:?}");
    }
}

async fn what_is_not_there_is_not_found(store: BlobStore) {
    assert!(matches!(store.read_whole("a/1").await, Err(BlobError::NotFound)));
    assert!(matches!(
        read(&store, "a/1", 0..1).await,
        Err(BlobError::NotFound)
    ));
}

async fn a_removed_object_is_gone(store: BlobStore) {
    store.put("a/1", Bytes::from_static(b"x")).await.unwrap();
    store.remove("a/1").await.unwrap();
    store.remove("a/1").await.unwrap();
    assert!(matches!(store.read_whole("a/1").await, Err(BlobError::NotFound)));
    store.put("a/1", Bytes::from_static(b"y")).await.unwrap();
    assert_eq!(store.read_whole("a/1").await.unwrap(), "y");
}

async fn a_folder_is_removed_with_all_in_it(store: BlobStore) {
    for key in ["a/1", "a/2", "ab/1"] {
        store.put(key, Bytes::from_static(b"x")).await.unwrap();
    }
    assert_eq!(store.remove_folder("a").await.unwrap(), 2);
    assert_eq!(store.remove_folder("a").await.unwrap(), 0);
    assert_eq!(keys(&store, None).await, BTreeSet::from(["ab/1".to_owned()]));
}

async fn objects_are_listed(store: BlobStore) {
    assert_eq!(keys(&store, None).await, BTreeSet::new());
    for key in ["a/1", "a/2", "b/1"] {
        store.put(key, Bytes::from_static(b"x")).await.unwrap();
    }
    let all = ["a/1", "a/2", "b/1"].map(str::to_owned);
    assert_eq!(keys(&store, None).await, BTreeSet::from(all.clone()));
    assert_eq!(
        keys(&store, Some("a")).await,
        all[..2].iter().cloned().collect::<BTreeSet<_>>()
    );
    assert_eq!(keys(&store, Some("c")).await, BTreeSet::new());
    let listed: Vec<_> = store.list(Some("b")).try_collect().await.unwrap();
    assert_eq!(listed[0].size, 1);
    // By the clock of this machine, which is the folder's and the bucket's here: after 2020.
    assert!(listed[0].written_at_ms > 1_577_836_800_000, "{listed:?}");
}

async fn a_large_object_comes_back(store: BlobStore) {
    let pattern: Vec<u8> = (0..9_000_001_u32).map(|number| (number % 251) as u8).collect();
    store.put("a/large", Bytes::from(pattern.clone())).await.unwrap();
    assert_eq!(store.read_whole("a/large").await.unwrap(), pattern);
    let part = read(&store, "a/large", 4_000_000..8_500_000).await.unwrap();
    assert_eq!(part, pattern[4_000_000..8_500_000]);
}

async fn many_are_put_at_once(store: BlobStore) {
    let puts = (0..20).map(|number| {
        let store = store.clone();
        async move {
            let key = format!("a/{number:02}");
            store.put(&key, Bytes::from(key.clone())).await.unwrap();
        }
    });
    futures_util::future::join_all(puts).await;
    assert_eq!(keys(&store, Some("a")).await.len(), 20);
    assert_eq!(store.read_whole("a/07").await.unwrap(), "a/07");
}

async fn it_answers(store: BlobStore) {
    store.ping().await.unwrap();
}

/// Two servers may share a bucket, each under a prefix of its own.
#[tokio::test]
async fn prefixes_keep_apart() {
    let service = bucket::Service::start("pipit").await;
    let (one, other) = (service.store("s3://pipit/one"), service.store("s3://pipit/other"));
    one.put("a/1", Bytes::from_static(b"x")).await.unwrap();
    assert_eq!(keys(&one, None).await, BTreeSet::from(["a/1".to_owned()]));
    assert_eq!(keys(&other, None).await, BTreeSet::new());
    assert_eq!(other.remove_folder("a").await.unwrap(), 0);
    assert_eq!(one.read_whole("a/1").await.unwrap(), "x");
}

/// Nothing is read or written with keys that the service does not know.
#[tokio::test]
async fn what_the_service_refuses_is_unavailable() {
    let service = bucket::Service::start("pipit").await;
    let stranger = service.stranger("s3://pipit");
    assert!(matches!(
        stranger.put("a/1", Bytes::from_static(b"x")).await,
        Err(BlobError::Unavailable(_))
    ));
    assert!(matches!(stranger.ping().await, Err(BlobError::Unavailable(_))));
}

/// A folder that cannot be made is refused when it is opened.
#[tokio::test]
async fn a_file_is_no_folder() {
    let keep = tempfile::tempdir().unwrap();
    let file = keep.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let opened = BlobStore::open(&BlobAddress::Folder(file.join("blobs")), None);
    assert!(matches!(opened, Err(BlobError::Unavailable(_))), "{opened:?}");
}
