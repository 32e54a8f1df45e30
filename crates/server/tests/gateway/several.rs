//! Several nodes over one log: whatever the bus loses, connections are given it, and nobody gets what is no longer theirs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use pipit_bus::{Bus, BusError, Exchange, LocalBus, Sink as _, Topic};
use pipit_server::fanout::announcement::Control;
use pipit_wire::{ConversationId, Seq, Timestamp};
use serde_json::{Value, json};

use crate::world::{Client, Server, World};

/// A bus that can be cut.
pub(crate) struct Cut {
    bus: LocalBus,
    is_cut: AtomicBool,
}

impl Cut {
    fn new(exchange: &Exchange) -> Arc<Self> {
        Arc::new(Self {
            bus: exchange.node(),
            is_cut: AtomicBool::new(false),
        })
    }

    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::Relaxed);
    }
}

#[async_trait]
impl Bus for Cut {
    fn attach(&self, sink: Weak<dyn pipit_bus::Sink>) {
        self.bus.attach(sink);
    }

    fn publish(&self, topic: Topic, payload: Bytes) {
        if !self.is_cut.load(Ordering::Relaxed) {
            self.bus.publish(topic, payload);
        }
    }

    fn subscribe(&self, topic: Topic) {
        self.bus.subscribe(topic);
    }

    fn unsubscribe(&self, topic: Topic) {
        self.bus.unsubscribe(topic);
    }

    async fn settled(&self) -> Result<(), BusError> {
        self.bus.settled().await
    }
}

/// Two nodes, the first of which has a bus that can be cut.
pub(crate) async fn two(world: &World) -> (Server, Server, Arc<Cut>) {
    let exchange = Exchange::default();
    let bus = Cut::new(&exchange);
    let first = world.server_on(bus.clone()).await;
    let second = world.server_on(Arc::new(exchange.node())).await;
    (first, second, bus)
}

async fn expect_text(client: &mut Client, text: &str) -> Value {
    let (mut event, before) = client.until("event").await;
    while event["body"]["type"] != "message" {
        event = client.until("event").await.0;
    }
    assert_eq!(event["body"]["content"]["text"], text, "{event} after {before:?}");
    event
}

#[tokio::test]
async fn a_jump_is_filled_from_the_log_in_order() {
    let world = World::new();
    let (first, second, bus) = two(&world).await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let direct = first.direct(&alice, &bob).await;
    let mut writer = first.connect(&alice).await;
    let mut reader = second.connect(&bob).await;
    writer.say(direct, "one").await;
    expect_text(&mut reader, "one").await;
    bus.cut(true);
    writer.say(direct, "two").await;
    writer.say(direct, "three").await;
    bus.cut(false);
    writer.say(direct, "four").await;
    for text in ["two", "three", "four"] {
        expect_text(&mut reader, text).await;
    }
    reader.expect_nothing().await;
    assert_eq!(second.node.stats.gaps_found.get(), 1);
}

#[tokio::test]
async fn the_last_message_is_found_when_the_bus_is_back() {
    let world = World::new();
    let (first, second, bus) = two(&world).await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let direct = first.direct(&alice, &bob).await;
    let mut writer = first.connect(&alice).await;
    let mut reader = second.connect(&bob).await;
    bus.cut(true);
    writer.say(direct, "the last").await;
    reader.expect_nothing().await;
    bus.cut(false);
    second.node.resumed();
    expect_text(&mut reader, "the last").await;
    // Nothing is given twice, however often it is looked for.
    second.node.repair.sweep().await.unwrap();
    reader.expect_nothing().await;
    assert_eq!(second.node.stats.repaired_entries.get(), 1);
}

#[tokio::test]
async fn a_removed_member_gets_nothing_on_another_node_whatever_was_lost() {
    let world = World::new();
    let (first, second, bus) = two(&world).await;
    let people = [
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    ];
    let group = first.group(&people[0], &[&people[1], &people[2]]).await;
    let mut writer = first.connect(&people[0]).await;
    let mut bob = second.connect(&people[1]).await;
    let mut carol = second.connect(&people[2]).await;
    bus.cut(true);
    first.remove(&people[0], group, people[2].user).await;
    bus.cut(false);
    writer.say(group, "between us").await;
    expect_text(&mut bob, "between us").await;
    let gone = carol.expect("conversation_gone").await;
    assert_eq!(gone["conversation"], json!(group));
    carol.expect_nothing().await;
    // And back again, with the word to the account lost as well.
    bus.cut(true);
    first.add(&people[0], group, people[2].user).await;
    bus.cut(false);
    writer.say(group, "all of us").await;
    carol.expect("conversation").await;
    expect_text(&mut carol, "all of us").await;
}

#[tokio::test]
async fn what_changed_while_the_bus_was_away_is_put_right() {
    let world = World::new();
    let (first, second, bus) = two(&world).await;
    let people = [
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    ];
    let group = first.group(&people[0], &[&people[1]]).await;
    let mut bob = second.connect(&people[1]).await;
    let mut carol = second.connect(&people[2]).await;
    bus.cut(true);
    first.add(&people[0], group, people[2].user).await;
    first.remove(&people[0], group, people[1].user).await;
    bus.cut(false);
    second.node.resumed();
    let (gone, _) = bob.until("conversation_gone").await;
    assert_eq!(gone["conversation"], json!(group));
    let (conversation, _) = carol.until("conversation").await;
    assert_eq!(conversation["id"], json!(group));
    assert_eq!(second.node.hub.audience(group), 1);
}

#[tokio::test]
async fn a_lost_word_of_a_new_membership_is_made_good_by_the_next_sweep() {
    let world = World::new();
    let (first, second, bus) = two(&world).await;
    let people = [
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    ];
    let group = first.group(&people[0], &[&people[1]]).await;
    let mut writer = first.connect(&people[0]).await;
    // Nobody on her node is in the group: its announcements do not come there.
    let mut carol = second.connect(&people[2]).await;
    bus.cut(true);
    first.add(&people[0], group, people[2].user).await;
    bus.cut(false);
    writer.say(group, "unheard").await;
    carol.expect_nothing().await;
    second.node.repair.sweep().await.unwrap();
    let (conversation, _) = carol.until("conversation").await;
    assert_eq!(conversation["id"], json!(group));
    writer.say(group, "heard").await;
    expect_text(&mut carol, "heard").await;
}

#[tokio::test]
async fn a_word_of_a_membership_that_comes_after_its_end_changes_nothing() {
    let world = World::new();
    for is_bob_there in [false, true] {
        let (first, second, _bus) = two(&world).await;
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| format!("{name}_{is_bob_there}"));
        let people = [
            world.person(&alice).await,
            world.person(&bob).await,
            world.person(&carol).await,
        ];
        let group = first.group(&people[0], &[&people[1]]).await;
        let mut writer = first.connect(&people[0]).await;
        let mut bob = None;
        if is_bob_there {
            bob = Some(second.connect(&people[1]).await);
        }
        let mut carol = second.connect(&people[2]).await;
        first.add(&people[0], group, people[2].user).await;
        first.remove(&people[0], group, people[2].user).await;
        carol.until("conversation_gone").await;
        let late = Control::Joined {
            conversation: group,
            seq: Seq::new(2).unwrap(),
        };
        second.node.hub.control(people[2].user, &late);
        writer.say(group, "between us").await;
        // She may be told once more that it is gone, and of nothing else.
        while second.node.hub.audience(group) > usize::from(is_bob_there) {
            carol.expect("conversation_gone").await;
        }
        writer.say(group, "between us, too").await;
        if let Some(bob) = &mut bob {
            expect_text(bob, "between us").await;
            expect_text(bob, "between us, too").await;
        }
        carol.send(json!({"type": "ping", "id": 99})).await;
        let (_, before) = carol.until("pong").await;
        let told = before.iter().find(|frame| frame["type"] != "conversation_gone");
        assert_eq!(told, None, "carol is no member");
        // Whoever comes back is back, however late the first word of it is.
        first.add(&people[0], group, people[2].user).await;
        second.node.hub.control(people[2].user, &late);
        let (conversation, _) = carol.until("conversation").await;
        assert_eq!(conversation["id"], json!(group));
        writer.say(group, "all of us").await;
        expect_text(&mut carol, "all of us").await;
        assert_eq!(second.node.hub.audience(group), 1 + usize::from(is_bob_there));
    }
}

#[tokio::test]
async fn devices_that_may_no_longer_be_here_are_cut() {
    let world = World::new();
    let (_first, second, _bus) = two(&world).await;
    let people = [
        world.person("alice").await,
        world.person("bob").await,
        world.person("carol").await,
    ];
    let mut alice = second.connect(&people[0]).await;
    let mut bob = second.connect(&people[1]).await;
    let mut carol = second.connect(&people[2]).await;
    // The words of it were lost: only the storage knows.
    let now = Timestamp(1_767_225_600_000);
    let store = &world.store;
    assert!(
        store
            .revoke_device(people[0].user, people[0].device, now)
            .await
            .unwrap()
    );
    assert!(store.set_suspended(people[1].user, Some(now)).await.unwrap());
    second.node.repair.sweep().await.unwrap();
    alice.expect_error("signed_out").await;
    alice.expect_close(1008).await;
    bob.expect_error("suspended").await;
    bob.expect_close(1008).await;
    carol.expect_nothing().await;
}

#[tokio::test]
async fn a_device_signed_out_on_one_node_is_cut_on_the_other_at_once() {
    let world = World::new();
    let (first, second, _bus) = two(&world).await;
    let alice = world.person("alice").await;
    let mut client = second.connect(&alice).await;
    first.node.hub.device_signed_out(alice.user, alice.device);
    client.expect_error("signed_out").await;
    client.expect_close(1008).await;
}

#[tokio::test]
async fn a_message_sent_again_on_another_node_is_the_same_and_reaches_who_has_missed_it() {
    let world = World::new();
    let (first, second, bus) = two(&world).await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let direct = first.direct(&alice, &bob).await;
    let mut reader = second.connect(&bob).await;
    let mut writer = first.connect(&alice).await;
    let message = writer.message(direct, "once");
    let frame = json!({"type": "message", "id": 3, "message": message});
    // The first node appends it, and tells nobody.
    bus.cut(true);
    writer.send(frame.clone()).await;
    let (ack, _) = writer.until("ack").await;
    let mut again = second.connect(&alice).await;
    again.send(frame).await;
    let (second_ack, _) = again.until("ack").await;
    assert_eq!(ack, second_ack);
    expect_text(&mut reader, "once").await;
    reader.expect_nothing().await;
}

#[tokio::test]
async fn a_marker_in_a_large_group_goes_to_the_devices_of_its_account_alone_on_every_node() {
    const MANY: usize = 65;
    let world = World::new();
    let (first, second, _bus) = two(&world).await;
    let alice = world.person("alice").await;
    let laptop = world.another_device(&alice).await;
    let mut members = Vec::new();
    for number in 0..MANY {
        members.push(world.person(&format!("member{number}")).await);
    }
    let group = first.group(&alice, &members.iter().collect::<Vec<_>>()).await;
    let mut there = Vec::new();
    for member in &members {
        there.push(first.connect(member).await);
    }
    let mut phone = first.connect(&alice).await;
    let mut laptop = second.connect(&laptop).await;
    let mut elsewhere = second.connect(&world.another_device(&members[0]).await).await;
    phone
        .send(json!({"type": "receipt", "conversation": group, "delivered_seq": 1, "read_seq": 1}))
        .await;
    for device in [&mut phone, &mut laptop] {
        assert_eq!(device.expect("receipt").await["read_seq"], 1);
    }
    elsewhere.expect_nothing().await;
    there[1].expect_nothing().await;
}

/// Says this many messages, and collects the seqs of all that comes.
async fn talk(mut client: Client, direct: ConversationId, count: usize, total: usize) -> Vec<u64> {
    let mut seqs = Vec::new();
    let take = |frames: Vec<Value>, seqs: &mut Vec<u64>| {
        let events = frames.iter().filter(|frame| frame["type"] == "event");
        seqs.extend(events.map(|event| event["seq"].as_u64().unwrap()));
    };
    for number in 0..count {
        let (_, frames) = client.say(direct, &format!("{number}")).await;
        take(frames, &mut seqs);
    }
    while seqs.len() < total {
        let (event, _) = client.until("event").await;
        take(vec![event], &mut seqs);
    }
    client.expect_nothing().await;
    seqs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_write_at_once_give_everything_once_and_in_order() {
    const EACH: usize = 60;
    let world = World::new();
    let (first, second, _bus) = two(&world).await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let direct = first.direct(&alice, &bob).await;
    let one = first.connect(&alice).await;
    let other = second.connect(&bob).await;
    let (one, other) = tokio::join!(
        talk(one, direct, EACH, 2 * EACH),
        talk(other, direct, EACH, 2 * EACH),
    );
    let expect: Vec<u64> = (2..).take(2 * EACH).collect();
    assert_eq!(one, expect);
    assert_eq!(other, expect);
}
