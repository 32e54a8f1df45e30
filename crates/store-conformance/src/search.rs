//! Finding messages: the same answers to the same questions on every storage.

use std::sync::Arc;

use pipit_model::search::{Has, parse};
use pipit_store::Store;
use pipit_store::conversation::NewDirect;
use pipit_store::search::{FoundMessages, FoundPosition, SearchMessages};
use pipit_wire::event::{Content, EventBody, MessageChange, Role, SealedPurpose};
use pipit_wire::{ConversationId, MessageId, Seq};

use crate::world::{Person, START, World, member};

/// Has the index catch up with everything, two entries at a time.
async fn index(world: &World) {
    let mut after = None;
    loop {
        let swept = world.store.sweep_unindexed(after, 2).await.unwrap();
        while !swept.behind.is_empty() && world.store.index_entries(&swept.behind, 2).await.unwrap() > 0 {}
        after = swept.next;
        if after.is_none() {
            break;
        }
    }
}

/// A question of somebody about everything.
fn question(asker: Person, query: &str) -> SearchMessages {
    let query = parse(query).unwrap();
    SearchMessages {
        asker: asker.user,
        terms: query.terms,
        from: None,
        within: None,
        has: query.has,
        since: None,
        until: None,
        after: None,
        limit: 100,
    }
}

async fn found(world: &World, search: SearchMessages) -> FoundMessages {
    world.store.search_messages(search).await.unwrap()
}

/// What is found, as texts.
async fn texts(world: &World, search: SearchMessages) -> Vec<String> {
    let found = found(world, search).await;
    let text = |content: &Content| match content {
        Content::Plain { text, .. } => text.clone(),
        other => panic!("{other:?} was found"),
    };
    found.items.iter().map(|item| text(&item.content)).collect()
}

async fn asked(world: &World, asker: Person, query: &str) -> Vec<String> {
    texts(world, question(asker, query)).await
}

/// Words, phrases and beginnings in several languages.
pub async fn words_are_found_in_many_languages(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let said = [
        "Dinner on Friday, then a movie",
        "The next Friday we stay at home",
        "Crème brûlée für alle! Straße",
        "Ёлка и чай",
        "今日は東京都へ行きます",
        "京都の桜",
        "วันนี้อากาศดี",
        "학교에서 만나요",
        "مُحَمَّد في البيت",
        "שָׁלוֹם לכולם",
        "हिन्दी में बात",
        "don't mail me; e-mail (1.5) :hfile 'x'",
    ];
    for words in said {
        world.say(direct, alice, words).await;
    }
    index(&world).await;
    for (query, expect) in [
        ("friday", vec![1, 0]),
        ("FRIDAY dinner", vec![0]),
        ("\"next friday\"", vec![1]),
        ("\"friday next\"", vec![]),
        ("fri", vec![1, 0]),
        ("fri dinner", vec![]),
        ("iday", vec![]),
        ("creme brulee", vec![2]),
        ("STRASSE", vec![2]),
        ("елка", vec![3]),
        ("東京", vec![4]),
        ("京都", vec![5, 4]),
        ("都", vec![5, 4]),
        ("東京都", vec![4]),
        ("京都府", vec![]),
        ("桜", vec![5]),
        ("อากาศ", vec![6]),
        ("학교", vec![7]),
        ("محمد", vec![8]),
        ("שלום", vec![9]),
        ("हिन्दी", vec![10]),
        ("dont", vec![11]),
        ("mail", vec![11]),
        ("\"e mail\"", vec![11]),
        ("1.5", vec![11]),
        ("nothing", vec![]),
        ("c", vec![]),
    ] {
        let expect: Vec<&str> = expect.into_iter().map(|number: usize| said[number]).collect();
        assert_eq!(asked(&world, bob, query).await, expect, "{query}");
    }
}

/// What looks like a database's own syntax is text.
pub async fn operators_of_databases_are_words(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    world.say(direct, alice, "one AND two OR three NOT four").await;
    world.say(direct, alice, "five near six words").await;
    index(&world).await;
    for (query, count) in [
        ("one AND two", 1),
        ("one OR nothing", 0),
        ("NOT five", 0),
        ("NEAR(five six)", 0),
        ("near six", 1),
        ("words:five", 0),
        ("'five' & 'six'", 1),
        ("five:* | <->", 1),
        ("^five -six *", 1),
        ("five\\ six\u{1}", 1),
    ] {
        assert_eq!(asked(&world, bob, query).await.len(), count, "{query}");
    }
}

/// Sender, conversation, attributes and times narrow it down.
pub async fn a_search_is_narrowed(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    world.say(direct, alice, "tea one").await;
    world.say(direct, bob, "tea two https://example.org").await;
    world.say(group, carol, "tea three").await;
    let before = world.now();
    world.say(group, bob, "tea four").await;
    index(&world).await;
    let all = |change: fn(&mut SearchMessages)| {
        let mut search = question(alice, "tea");
        change(&mut search);
        search
    };
    assert_eq!(
        texts(&world, all(|_| {})).await,
        ["tea four", "tea three", "tea two https://example.org", "tea one"]
    );
    let mut search = question(alice, "tea");
    search.from = Some(vec![bob.user]);
    assert_eq!(
        texts(&world, search.clone()).await,
        ["tea four", "tea two https://example.org"]
    );
    search.within = Some(vec![group, world.id()]);
    assert_eq!(texts(&world, search.clone()).await, ["tea four"]);
    search.from = Some(vec![]);
    assert_eq!(texts(&world, search).await, [""; 0]);
    let mut search = question(alice, "tea");
    search.since = Some(before);
    assert_eq!(texts(&world, search.clone()).await, ["tea four"]);
    search.since = None;
    search.until = Some(before);
    assert_eq!(texts(&world, search).await.len(), 3);
    let search = question(alice, "has:link");
    assert_eq!(search.has, [Has::Link]);
    assert_eq!(texts(&world, search).await, ["tea two https://example.org"]);
    let mut search = question(alice, "has:link");
    search.has = vec![];
    search.from = Some(vec![carol.user]);
    assert_eq!(texts(&world, search.clone()).await, ["tea three"]);
    search.limit = 0;
    assert_eq!(texts(&world, search).await, [""; 0]);
}

/// Nobody finds what they may not read now.
pub async fn only_what_may_be_read_is_found(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let group = world.group("Tea", alice, &[bob]).await;
    world.say(group, alice, "tea before").await;
    let added = member(carol.user, Role::Member);
    world
        .enter(group, alice, EventBody::MemberAdded { member: added })
        .await;
    world.say(group, alice, "tea after").await;
    index(&world).await;
    assert_eq!(asked(&world, bob, "tea").await, ["tea after", "tea before"]);
    assert_eq!(asked(&world, carol, "tea").await, ["tea after"]);
    let mut narrowed = question(carol, "tea");
    narrowed.within = Some(vec![group]);
    assert_eq!(texts(&world, narrowed).await, ["tea after"]);
    world
        .enter(
            group,
            alice,
            EventBody::MemberRemoved {
                user: bob.user,
                banned: false,
            },
        )
        .await;
    world.say(group, alice, "tea without bob").await;
    index(&world).await;
    assert_eq!(asked(&world, bob, "tea").await, [""; 0]);
    let mut narrowed = question(bob, "tea");
    narrowed.within = Some(vec![group]);
    assert_eq!(texts(&world, narrowed).await, [""; 0]);
    let stranger = world.person("dave", "Dave").await;
    assert_eq!(asked(&world, stranger, "tea").await, [""; 0]);
    // Who comes again finds from there on.
    let added = member(bob.user, Role::Member);
    world
        .enter(group, alice, EventBody::MemberAdded { member: added })
        .await;
    world.say(group, alice, "tea with bob").await;
    index(&world).await;
    assert_eq!(asked(&world, bob, "tea").await, ["tea with bob"]);
}

/// Members of hundreds of conversations find the same.
pub async fn members_of_many_conversations_find_everything(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let mut last = None;
    for number in 0..410 {
        let group = world.group(&format!("Group {number}"), alice, &[]).await;
        last = Some(group);
    }
    let other = world.direct(bob, carol).await;
    world.say(other, bob, "tea of others").await;
    world.say(last.unwrap(), alice, "tea of mine").await;
    // What somebody has not accepted is not found, however many their conversations are.
    let request = NewDirect {
        asks: true,
        ..world.new_direct(carol, alice)
    };
    let request = world.store.create_direct(request).await.unwrap().conversation;
    world.say(request, carol, "tea of a stranger").await;
    index(&world).await;
    assert_eq!(asked(&world, alice, "tea").await, ["tea of mine"]);
    assert_eq!(asked(&world, bob, "tea").await, ["tea of others"]);
}

/// What is common among what others say, and rare among what one reads, is found as completely as anything.
pub async fn what_others_say_hides_nothing(store: Arc<dyn Store>) {
    const MESSAGES: usize = 2_600;
    const ONE_IN: usize = 13;
    let (world, alice, bob, carol) = World::with_three(store).await;
    for number in 0..9 {
        world.group(&format!("Group {number}"), alice, &[]).await;
    }
    let mine = world.group("Mine", alice, &[bob]).await;
    let other = world.direct(bob, carol).await;
    let mut expect = Vec::new();
    let mut batch = Vec::new();
    for number in 0..MESSAGES {
        let (place, words) = match number % ONE_IN {
            0 => (mine, format!("tide {number}")),
            1 => (other, "ebb".to_owned()),
            _ => (other, "tide".to_owned()),
        };
        if place == mine {
            expect.push(words.clone());
        }
        batch.push(world.message(place, bob, &words));
        if batch.len() == 200 {
            world
                .store
                .append_batch(std::mem::take(&mut batch))
                .await
                .unwrap();
        }
    }
    expect.reverse();
    index(&world).await;
    // As a word, as a beginning, everywhere and in one place.
    for query in ["\"tide\"", "tid", "tide"] {
        for within in [None, Some(vec![mine])] {
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let search = SearchMessages {
                    limit: 190,
                    after,
                    within: within.clone(),
                    ..question(alice, query)
                };
                let page = found(&world, search.clone()).await;
                paged.extend(texts(&world, search).await);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(paged, expect, "{query} {within:?}");
        }
    }
    assert_eq!(asked(&world, alice, "ebb").await, Vec::<String>::new());
}

/// Pages follow one another without holes or repetitions, though many messages have the same time.
pub async fn what_is_found_is_paged(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let group = world.group("Tea", alice, &[bob, carol]).await;
    for number in 0..23 {
        let place = if number % 3 == 0 { direct } else { group };
        let mut entry = world.message(place, alice, &format!("tea {number}"));
        entry.at = START.plus_ms(i64::from(number) / 5);
        world.append(entry).await;
    }
    index(&world).await;
    let all = found(&world, question(bob, "tea")).await;
    let position = |item: &pipit_store::search::FoundMessage| FoundPosition {
        at: item.event.at,
        conversation: item.event.conversation,
        seq: item.event.seq,
    };
    let places: Vec<FoundPosition> = all.items.iter().map(position).collect();
    assert_eq!(places.len(), 23);
    assert!(places.is_sorted_by(|one, other| one > other), "{places:?}");
    assert_eq!(all.next, None);
    for limit in [1, 4, 7] {
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let mut search = question(bob, "tea");
            (search.limit, search.after) = (limit, after);
            let page = found(&world, search).await;
            assert!(page.items.len() <= usize::try_from(limit).unwrap());
            paged.extend(page.items.iter().map(position));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, places, "{limit} a page");
    }
}

fn change(message: MessageId, change: MessageChange) -> EventBody {
    EventBody::MessageChanged { message, change }
}

fn edited(content: Content) -> MessageChange {
    MessageChange::Edit {
        content,
        expires_at: None,
    }
}

async fn message(world: &World, place: ConversationId, sender: Person, words: &str) -> MessageId {
    let entry = world.message(place, sender, words);
    let id = MessageId::from(entry.id.as_uuid());
    world.append(entry).await;
    id
}

/// A message is found by what it says now, and its place is that of the message.
pub async fn an_edited_message_is_found_by_its_last_text(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let id = message(&world, direct, alice, "old words").await;
    let edit = |words: &str| {
        let content = Content::text(words);
        change(id, edited(content))
    };
    index(&world).await;
    for words in ["middle words", "new words"] {
        world.enter(direct, alice, edit(words)).await;
    }
    index(&world).await;
    assert_eq!(asked(&world, bob, "old").await, [""; 0]);
    assert_eq!(asked(&world, bob, "middle").await, [""; 0]);
    let found = found(&world, question(bob, "new")).await;
    assert_eq!(found.items.len(), 1);
    assert_eq!(found.items[0].event.seq, Seq::new(2).unwrap());
    assert_eq!(found.items[0].content, Content::text("new words"));
    // Both at once, in one batch of the index.
    let id = message(&world, direct, alice, "first text").await;
    let content = Content::text("second text");
    world.enter(direct, alice, change(id, edited(content))).await;
    world.store.index_entries(&[direct], 100).await.unwrap();
    assert_eq!(asked(&world, bob, "first").await, [""; 0]);
    assert_eq!(asked(&world, bob, "text").await, ["second text"]);
}

/// A deleted message is found no longer, whether it was indexed or not, edited or not.
pub async fn a_deleted_message_is_not_found(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let indexed = message(&world, direct, alice, "tea one").await;
    let changed = message(&world, direct, alice, "tea two").await;
    let content = Content::text("tea two, edited");
    world.enter(direct, alice, change(changed, edited(content))).await;
    world.say(direct, alice, "tea that stays").await;
    index(&world).await;
    assert_eq!(asked(&world, bob, "tea").await.len(), 3);
    let fresh = message(&world, direct, alice, "tea three").await;
    for id in [indexed, changed, fresh] {
        world
            .enter(direct, alice, change(id, MessageChange::Delete {}))
            .await;
    }
    index(&world).await;
    assert_eq!(asked(&world, bob, "tea").await, ["tea that stays"]);
    assert_eq!(asked(&world, bob, "edited").await, [""; 0]);
}

/// What cannot be read is not found.
pub async fn sealed_messages_are_not_found(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let content = Content::Sealed {
        seal: None,
        commitment: None,
        scheme: "mls1".to_owned(),
        bytes: "dGVh".to_owned(),
        blobs: Vec::new(),
        purpose: SealedPurpose::Message,
    };
    let sealed = EventBody::Message {
        written_at: START,
        content,
        reply_to: None,
        expires_at: None,
    };
    world.enter(direct, alice, sealed).await;
    world.say(direct, alice, "tea").await;
    index(&world).await;
    let mut everything = question(bob, "tea");
    everything.terms.clear();
    assert_eq!(texts(&world, everything).await, ["tea"]);
    assert_eq!(asked(&world, bob, "dgvh").await, [""; 0]);
}

/// The index goes over each entry once and knows what is left.
pub async fn the_index_catches_up(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let group = world.group("Tea", alice, &[carol]).await;
    world.say(direct, alice, "tea").await;
    let behind = |person: Person| {
        let store = Arc::clone(&world.store);
        async move {
            let mut behind = store.list_unindexed(person.user, 10).await.unwrap();
            behind.sort_unstable();
            behind
        }
    };
    let mut both = vec![direct, group];
    both.sort_unstable();
    assert_eq!(behind(alice).await, both);
    assert_eq!(world.store.list_unindexed(alice.user, 1).await.unwrap().len(), 1);
    assert_eq!(behind(bob).await, [direct]);
    let swept = world.store.sweep_unindexed(None, 10).await.unwrap();
    assert_eq!((swept.behind, swept.next), (both.clone(), None));
    assert_eq!(world.store.index_entries(&both, 2).await.unwrap(), 2);
    assert_eq!(world.store.index_entries(&both, 100).await.unwrap(), 1);
    assert_eq!(world.store.index_entries(&both, 100).await.unwrap(), 0);
    assert_eq!(world.store.index_entries(&[world.id()], 100).await.unwrap(), 0);
    assert_eq!(behind(alice).await, []);
    let swept = world.store.sweep_unindexed(None, 1).await.unwrap();
    assert_eq!((swept.behind, swept.next), (vec![], Some(both[0])));
    world.say(group, alice, "more tea").await;
    assert_eq!(behind(bob).await, []);
    assert_eq!(behind(carol).await, [group]);
}

/// Whoever indexes at the same time does nothing twice and misses nothing.
pub async fn concurrent_indexing_is_one(store: Arc<dyn Store>) {
    let (world, alice, bob, _) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let batch = (0..60)
        .map(|number| world.message(direct, alice, &format!("tea {number}")))
        .collect();
    world.store.append_batch(batch).await.unwrap();
    let one = || async {
        for _ in 0..40 {
            world.store.index_entries(&[direct], 7).await.unwrap();
        }
    };
    tokio::join!(one(), one(), one());
    assert_eq!(asked(&world, bob, "tea").await.len(), 60);
    assert_eq!(world.store.list_unindexed(bob.user, 9).await.unwrap(), []);
}

/// Conversations are named as their member sees them, newest first.
pub async fn conversations_are_listed_by_name(store: Arc<dyn Store>) {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let direct = world.direct(alice, bob).await;
    let group = world.group("Tea", carol, &[alice]).await;
    world.direct(bob, carol).await;
    let names = world.store.list_names(alice.user, 10).await.unwrap();
    let seen: Vec<_> = names
        .into_iter()
        .map(|named| (named.conversation, named.title, named.peer))
        .collect();
    let peer = ("bob".to_owned(), "Bob Cratchit".to_owned());
    assert_eq!(
        seen,
        [(group, Some("Tea".to_owned()), None), (direct, None, Some(peer))]
    );
    assert_eq!(world.store.list_names(alice.user, 1).await.unwrap().len(), 1);
    let of_bob = world.store.list_names(bob.user, 10).await.unwrap();
    let handles: Vec<_> = of_bob
        .into_iter()
        .filter_map(|named| named.peer)
        .map(|peer| peer.0)
        .collect();
    assert_eq!(handles, ["carol", "alice"]);
}
