//! What the index keeps of an entry of a log.
//!
//! A document is its words and its tags, separated by spaces. Tags begin with a colon, which no word has: the conversation, the
//! sender, and what the message has. So a filter is looked up like a word.

use std::collections::HashMap;

use pipit_wire::event::MessageChange;
use pipit_wire::{Attachment, Content, ConversationId, Event, EventBody, MessageId, UserId};

use super::query::{Has, Term};
use super::token::tokens;

/// How often one token counts in a text: PostgreSQL keeps 256 positions of each. Later ones stand for nothing.
const OCCURRENCES_MAX: u32 = 255;
/// The most tokens of a document, its files' names and captions included: PostgreSQL counts positions up to 16,383.
const DOCUMENT_TOKENS_MAX: usize = 16_000;
/// Keeps the place of a token that occurs too often. No query asks for it.
const FILLER: &str = ":";

/// What an entry means for the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// The entry is a message: it is found by these words from now on.
    Add {
        /// The document.
        words: String,
    },
    /// A message says something else: its words are to be those of [`edited_words`].
    Edit {
        /// Which one.
        message: MessageId,
    },
    /// A message is found no longer.
    Remove {
        /// Which one.
        message: MessageId,
    },
}

/// What this entry means for the index. Sealed messages are not indexed: what they say is not known.
pub fn step(event: &Event) -> Step {
    match &event.body {
        EventBody::Message { content, .. } => match words(event, content) {
            Some(words) => Step::Add { words },
            None => Step::Nothing,
        },
        EventBody::MessageChanged { message, change } => match change {
            MessageChange::Edit { .. } => Step::Edit { message: *message },
            MessageChange::Delete {} => Step::Remove { message: *message },
            MessageChange::React { .. }
            | MessageChange::Pin { .. }
            | MessageChange::Vote { .. }
            | MessageChange::ClosePoll {} => Step::Nothing,
        },
        _ => Step::Nothing,
    }
}

/// The document of a message that was edited; none where either has been erased or cannot be read.
pub fn edited_words(message: &Event, edit: &Event) -> Option<String> {
    words(message, &current_content(message, Some(edit))?)
}

/// What a message says, after its last edit where there is one. The files are the message's. None where it has been erased or cannot be
/// read.
pub fn current_content(message: &Event, edit: Option<&Event>) -> Option<Content> {
    let EventBody::Message {
        content:
            Content::Plain {
                text,
                attachments,
                poll,
                preview,
            },
        ..
    } = &message.body
    else {
        return None;
    };
    let text = match edit.map(|edit| &edit.body) {
        None => text,
        Some(EventBody::MessageChanged {
            change:
                MessageChange::Edit {
                    content: Content::Plain { text, .. },
                    ..
                },
            ..
        }) => text,
        Some(_) => return None,
    };
    Some(Content::Plain {
        text: text.clone(),
        attachments: attachments.clone(),
        poll: poll.clone(),
        preview: preview.clone(),
    })
}

fn words(event: &Event, content: &Content) -> Option<String> {
    let Content::Plain {
        text, attachments, ..
    } = content
    else {
        return None;
    };
    let mut document = content_words(text, attachments, options_of(content));
    document.push_str(&conversation_tag(event.conversation));
    document.push(' ');
    document.push_str(&sender_tag(event.sender));
    for has in attributes(text, attachments) {
        document.push(' ');
        document.push_str(has_tag(has));
    }
    Some(document)
}

/// The options of a poll; none where it is not one.
pub fn options_of(content: &Content) -> &[String] {
    content.poll().map_or(&[], |poll| &poll.options)
}

/// The words of a text, of its files' names and captions, and of its poll's options, each with a space after it. A lone colon stands between the texts.
pub fn content_words(text: &str, attachments: &[Attachment], options: &[String]) -> String {
    let mut document = String::with_capacity(text.len() + 80);
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut room = DOCUMENT_TOKENS_MAX;
    let mut add = |text: &str| {
        for token in tokens(text) {
            if room == 0 {
                return;
            }
            room -= 1;
            let count = seen.entry(token.text.clone()).or_default();
            *count = count.saturating_add(1);
            document.push_str(if *count > OCCURRENCES_MAX {
                FILLER
            } else {
                &token.text
            });
            document.push(' ');
        }
        // What stands in different texts is no phrase.
        document.push_str(FILLER);
        document.push(' ');
    };
    add(text);
    for attachment in attachments {
        add(&attachment.name);
        if let Some(caption) = &attachment.caption {
            add(caption);
        }
    }
    for option in options {
        add(option);
    }
    document
}

/// Whether a message has all of these.
pub fn has_all(content: &Content, wanted: &[Has]) -> bool {
    match content {
        Content::Plain {
            text, attachments, ..
        } => {
            let has = attributes(text, attachments);
            wanted.iter().all(|wanted| has.contains(wanted))
        }
        Content::Sealed { .. } | Content::Erased {} => wanted.is_empty(),
    }
}

/// What a message has.
fn attributes(text: &str, attachments: &[Attachment]) -> Vec<Has> {
    let mut has = Vec::new();
    if !attachments.is_empty() {
        has.push(Has::File);
    }
    for (kind, prefix) in [
        (Has::Image, "image/"),
        (Has::Video, "video/"),
        (Has::Audio, "audio/"),
    ] {
        if attachments
            .iter()
            .any(|attachment| attachment.media_type.starts_with(prefix))
        {
            has.push(kind);
        }
    }
    if text.contains("http://") || text.contains("https://") || text.contains("www.") {
        has.push(Has::Link);
    }
    has
}

/// Whether a document has all of these words, and one of the words that stand for each filter: what the databases' indexes find, for a
/// document at hand.
pub fn document_has(document: &str, terms: &[Term], filters: &[Vec<String>]) -> bool {
    let words: Vec<&str> = document.split(' ').collect();
    let says = |term: &Term| {
        let matches = |said: &[&str]| {
            let (Some((last_said, said)), Some((last, tokens))) =
                (said.split_last(), term.tokens.split_last())
            else {
                return false;
            };
            let ends = if term.prefix {
                last_said.starts_with(last.as_str())
            } else {
                last_said == last
            };
            ends && said == tokens
        };
        words.windows(term.tokens.len().max(1)).any(matches)
    };
    let has_any = |filter: &Vec<String>| filter.iter().any(|tag| words.contains(&tag.as_str()));
    filters.iter().all(has_any) && terms.iter().all(says)
}

/// The tag of what is in a conversation.
pub fn conversation_tag(conversation: ConversationId) -> String {
    format!(":c{}", conversation.as_uuid().simple())
}

/// The tag of what somebody has sent.
pub fn sender_tag(sender: UserId) -> String {
    format!(":s{}", sender.as_uuid().simple())
}

/// The tag of what has this.
pub const fn has_tag(has: Has) -> &'static str {
    match has {
        Has::File => ":hfile",
        Has::Image => ":himage",
        Has::Video => ":hvideo",
        Has::Audio => ":haudio",
        Has::Link => ":hlink",
    }
}

#[cfg(test)]
mod tests {
    use pipit_wire::media::Attachment;
    use pipit_wire::{BlobId, EventId, Seq, Timestamp};

    use super::*;

    #[test]
    fn a_document_at_hand_is_asked_like_the_index() {
        let document = "low tide at noon : high water : :c1 :s2 :hlink";
        let term = |words: &str, prefix| Term {
            tokens: words.split(' ').map(str::to_owned).collect(),
            prefix,
        };
        for (words, prefix, expect) in [
            ("tide", false, true),
            ("tid", false, false),
            ("tid", true, true),
            ("ide", true, false),
            ("low tide", false, true),
            ("low ti", true, true),
            ("lo tide", true, false),
            ("tide low", false, false),
            ("low at", false, false),
            ("noon high", false, false),
            ("water", false, true),
        ] {
            let terms = [term(words, prefix)];
            assert_eq!(document_has(document, &terms, &[]), expect, "{words} {prefix}");
        }
        let both = [term("tide", false), term("wat", true)];
        assert!(document_has(document, &both, &[]));
        assert!(!document_has(
            document,
            &[term("tide", false), term("ebb", false)],
            &[]
        ));
        let filter = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        assert!(document_has(
            document,
            &both,
            &[filter(&[":s1", ":s2"]), filter(&[":hlink"])]
        ));
        assert!(!document_has(document, &both, &[filter(&[":s1"])]));
        assert!(!document_has(
            document,
            &both,
            &[filter(&[":s2"]), filter(&[":hfile"])]
        ));
    }

    fn event(body: EventBody) -> Event {
        Event {
            id: EventId::from_bytes([1; 16]),
            conversation: ConversationId::from_bytes([2; 16]),
            seq: Seq::new(7).unwrap(),
            at: Timestamp(1_000),
            sender: UserId::from_bytes([3; 16]),
            device: None,
            body,
        }
    }

    fn message(content: Content) -> Event {
        event(EventBody::Message {
            written_at: Timestamp(0),
            content,
            reply_to: None,
            expires_at: None,
        })
    }

    fn changed(change: MessageChange) -> Event {
        event(EventBody::MessageChanged {
            message: MessageId::from_bytes([1; 16]),
            change,
        })
    }

    fn photo() -> Attachment {
        Attachment {
            name: "Lake view.jpg".to_owned(),
            media_type: "image/jpeg".to_owned(),
            caption: Some("At dawn".to_owned()),
            ..Attachment::of(BlobId::from_bytes([4; 16]))
        }
    }

    #[test]
    fn a_document_has_words_and_tags() {
        let content = Content::Plain {
            text: "See https://example.org".to_owned(),
            attachments: vec![photo()],
            poll: None,
            preview: None,
        };
        let Step::Add { words } = step(&message(content)) else {
            panic!("a message is added");
        };
        assert_eq!(
            words,
            format!(
                "see https example org : lake view jpg : at dawn : :c{} :s{} :hfile :himage :hlink",
                "02".repeat(16),
                "03".repeat(16)
            )
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_indexed() {
        let sealed = Content::Sealed {
            seal: None,
            commitment: None,
            scheme: "mls1".to_owned(),
            bytes: "AAAA".to_owned(),
            blobs: Vec::new(),
            purpose: pipit_wire::event::SealedPurpose::Message,
        };
        assert_eq!(step(&message(sealed.clone())), Step::Nothing);
        assert_eq!(step(&message(Content::Erased {})), Step::Nothing);
        let edit = changed(MessageChange::Edit {
            content: sealed,
            expires_at: None,
        });
        assert_eq!(edited_words(&message(Content::text("old")), &edit), None);
        let edit = changed(MessageChange::Edit {
            content: Content::text("new"),
            expires_at: None,
        });
        assert_eq!(edited_words(&message(Content::Erased {}), &edit), None);
    }

    #[test]
    fn an_edit_keeps_the_files() {
        let before = message(Content::Plain {
            text: "old www.example.org".to_owned(),
            attachments: vec![photo()],
            poll: None,
            preview: None,
        });
        let edit = changed(MessageChange::Edit {
            content: Content::text("new"),
            expires_at: None,
        });
        let words = edited_words(&before, &edit).unwrap();
        assert!(words.starts_with("new : lake view jpg : at dawn : :c"), "{words}");
        assert!(words.ends_with(":hfile :himage"), "{words}");
    }

    #[test]
    fn a_token_counts_a_bounded_number_of_times() {
        let words = step(&message(Content::text("a ".repeat(300))));
        let Step::Add { words } = words else {
            panic!("a message is added");
        };
        assert_eq!(words.split(' ').filter(|word| *word == "a").count(), 255);
        assert_eq!(
            words.split(' ').filter(|word| *word == ":").count(),
            300 - 255 + 1
        );
    }
}
