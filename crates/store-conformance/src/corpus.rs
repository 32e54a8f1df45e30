//! Many messages, and questions about them: what the benchmarks of search are run on. The same on every storage and every run.

use std::sync::Arc;

use pipit_model::search::parse;
use pipit_store::Store;
use pipit_store::search::SearchMessages;
use pipit_wire::ConversationId;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::world::{Person, World};

/// How many different words there are. The word of rank n is said about 1/n times as often as the first (Zipf).
const WORDS: u32 = 50_000;
/// How many words a message has.
const WORDS_A_MESSAGE: u32 = 10;
/// How many conversations there are; alice is in the first half of them.
const CONVERSATIONS: usize = 200;
/// How many messages are appended at once.
const BATCH: usize = 1_000;

/// What was filled in.
pub struct Corpus {
    alice: Person,
    conversations: Vec<ConversationId>,
}

/// The word of a rank: letters that say nothing.
fn word(rank: u32) -> String {
    // Spread, so that neighbours in rank do not share their beginning.
    let mut number = u64::from(rank).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let mut word = String::new();
    for _ in 0..5 {
        let letter = u8::try_from(number % 26).unwrap() + b'a';
        word.push(char::from(letter));
        number /= 26;
    }
    format!("{word}{rank}")
}

/// Fills in so many messages.
pub async fn fill(store: Arc<dyn Store>, messages: usize) -> Corpus {
    let (world, alice, bob, carol) = World::with_three(store).await;
    let mut conversations = Vec::with_capacity(CONVERSATIONS);
    for number in 0..CONVERSATIONS {
        let owner = if number < CONVERSATIONS / 2 { alice } else { carol };
        conversations.push(world.group(&format!("Group {number}"), owner, &[bob]).await);
    }
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut said = 0;
    while said < messages {
        let mut batch = Vec::with_capacity(BATCH);
        for _ in 0..BATCH.min(messages - said) {
            let place = random.random_range(0..CONVERSATIONS);
            let text = sentence(&mut random);
            // Half of what alice does not see has a word that she never hears.
            let text = if place >= CONVERSATIONS / 2 {
                format!("elsewhere {text}")
            } else {
                text
            };
            batch.push(world.message(conversations[place], bob, &text));
            said += 1;
        }
        world.store.append_batch(batch).await.unwrap();
    }
    Corpus { alice, conversations }
}

fn sentence(random: &mut ChaCha8Rng) -> String {
    let mut words = Vec::new();
    for _ in 0..WORDS_A_MESSAGE {
        let uniform: f64 = random.random();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank between 1 and the number of words"
        )]
        let rank = f64::from(WORDS).powf(uniform) as u32;
        words.push(word(rank));
    }
    words.join(" ")
}

/// Indexes everything, as the server does.
pub async fn index(store: &Arc<dyn Store>) {
    let swept = store.sweep_unindexed(None, 1_000).await.unwrap();
    while store.index_entries(&swept.behind, 1_000).await.unwrap() > 0 {}
}

/// What is asked, by name.
pub fn questions(corpus: &Corpus) -> Vec<(&'static str, SearchMessages)> {
    let question = |text: &str| SearchMessages {
        asker: corpus.alice.user,
        terms: parse(text).unwrap_or_default().terms,
        from: None,
        within: None,
        has: Vec::new(),
        since: None,
        until: None,
        after: None,
        limit: 20,
    };
    let (first, second, rare) = (word(1), word(2), word(40_000));
    let beginning = |word: &str, letters: usize| word.chars().take(letters).collect::<String>();
    vec![
        ("the commonest word", question(&format!("{first} {first}"))),
        (
            "the beginning of it, two letters",
            question(&beginning(&first, 2)),
        ),
        (
            "the beginning of it, four letters",
            question(&beginning(&first, 4)),
        ),
        ("two common words", question(&format!("{first} {second} {first}"))),
        ("a phrase of both", question(&format!("\"{first} {second}\""))),
        (
            "a common and a rare word",
            question(&format!("{first} {rare} {first}")),
        ),
        ("a rare word", question(&format!("\"{rare}\""))),
        ("a word that nobody has said", question("\"nothingness\"")),
        (
            "a common word of others' conversations",
            question("\"elsewhere\""),
        ),
        (
            "a common word in one conversation",
            SearchMessages {
                within: corpus.conversations.first().map(|id| vec![*id]),
                ..question(&format!("\"{first}\""))
            },
        ),
        (
            "whatever somebody has sent",
            SearchMessages {
                from: Some(vec![corpus.alice.user]),
                terms: Vec::new(),
                ..question("")
            },
        ),
    ]
}
