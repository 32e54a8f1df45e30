//! What the nodes of one process share.
#![allow(
    clippy::unwrap_used,
    reason = "every function here is a test or a helper of one: to panic is to fail"
)]

use pipit_bus::{Exchange, Shared, Taken};
use pipit_wire::UserId;
use pipit_wire::frame::PresenceState;

#[tokio::test]
async fn a_limit_holds_for_all_nodes_together_and_comes_back() {
    let exchange = Exchange::default();
    let (first, second) = (exchange.node(), exchange.node());
    assert_eq!(first.take("a", 2).await.unwrap(), Taken::Yes);
    assert_eq!(second.take("a", 2).await.unwrap(), Taken::Yes);
    let refused = Taken::No { wait_ms: 30_000 };
    assert_eq!(first.take("a", 2).await.unwrap(), refused);
    assert_eq!(first.take("b", 2).await.unwrap(), Taken::Yes);
    exchange.set_now_ms(29_999);
    assert_eq!(second.take("a", 2).await.unwrap(), Taken::No { wait_ms: 1 });
    exchange.set_now_ms(30_000);
    assert_eq!(second.take("a", 2).await.unwrap(), Taken::Yes);
    assert_eq!(second.take("a", 2).await.unwrap(), refused);
}

#[tokio::test]
async fn presence_is_of_other_nodes_and_expires() {
    let exchange = Exchange::default();
    let (first, second, third) = (exchange.node(), exchange.node(), exchange.node());
    let user = UserId::from_bytes([1; 16]);
    let online = [(user, PresenceState::Online)];
    first.show_presence(&online).await.unwrap();
    assert_eq!(first.presence(&[user]).await.unwrap(), []);
    assert_eq!(second.presence(&[user]).await.unwrap(), online);
    exchange.set_now_ms(10_000);
    let away = [(user, PresenceState::Away)];
    second.show_presence(&away).await.unwrap();
    assert_eq!(third.presence(&[user]).await.unwrap(), online);
    exchange.set_now_ms(30_000);
    assert_eq!(third.presence(&[user]).await.unwrap(), away);
    second
        .show_presence(&[(user, PresenceState::Offline)])
        .await
        .unwrap();
    assert_eq!(third.presence(&[user]).await.unwrap(), []);
}
