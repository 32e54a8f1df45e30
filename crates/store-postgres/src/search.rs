//! Finding messages: a GIN index over words that are split and folded already.
//!
//! GIN gives all that matches, in no order: the newest twenty of a word that a third of all messages have would cost a third of the table.
//! So the newest messages are looked through first, where such a word soon fills a page; only what is rare among them is looked up in
//! the index, and rare is cheap there. Filters (conversation, sender, attributes) are lexemes beside the words.

use pipit_model::search::document::{conversation_tag, has_tag, sender_tag};
use pipit_model::search::{Term, current_content};
use pipit_store::search::{FoundMessage, FoundMessages, FoundPosition, NamedConversation, SearchMessages};
use pipit_wire::{ConversationId, Event, Seq, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::Error;
use crate::row::{self, at, event_columns, seq_number};
use crate::session::{Params, Session, params};

pub(crate) mod index;

pub(crate) use index::{FORGET, HOLD, index_entries, list_unindexed, sweep};

type Result<T> = std::result::Result<T, Error>;

/// How many of the newest messages are looked through before the index is asked.
const RECENT: i64 = 4_000;
/// For members of more conversations than this their tags are many to ask for: the index is asked without them, and what others have found is passed over.
const CONVERSATION_TAGS_MAX: usize = 400;

/// Requests that somebody has not accepted are not searched.
macro_rules! answered {
    () => {
        " AND NOT EXISTS (
            SELECT 1 FROM personal WHERE personal.conversation = member.conversation
                AND personal.user_id = member.user_id AND request > 0)"
    };
}

macro_rules! found {
    ($among:expr) => {
        concat!(
            "WITH asked AS MATERIALIZED (SELECT $2::text::tsquery AS query), found AS MATERIALIZED (",
            $among,
            ") SELECT found.conversation, found.seq, found.at, found.source FROM found
            JOIN member ON member.conversation = found.conversation AND member.user_id = $1
                AND found.seq >= member.first_seq
            WHERE found.conversation = ANY($8)
            ORDER BY found.at DESC, found.conversation DESC, found.seq DESC LIMIT $7"
        )
    };
}

/// What of the newest messages since `$3` and before the place `$4`, `$5`, `$6` matches `$2` (everything does where that is null), is in the conversations `$8` and may be read by `$1`,
/// newest first, at most `$7`. What is asked is read from its text once: where it stands in a condition, a plan for any parameters reads it for each row.
pub(crate) const AMONG_RECENT: &str = found!(
    "SELECT * FROM (
        SELECT * FROM search_entry WHERE at >= $3 AND (at, conversation, seq) < ($4, $5, $6)
        ORDER BY at DESC, conversation DESC, seq DESC LIMIT $9
    ) AS recent WHERE conversation = ANY($8) AND (words @@ (SELECT query FROM asked)) IS NOT FALSE"
);
/// The same of all messages that match `$2`. The sum keeps the index by time out of it: the words are what is rare.
pub(crate) const AMONG_ALL: &str = found!(
    "SELECT * FROM search_entry WHERE words @@ (SELECT query FROM asked) AND at + 0 >= $3
        AND (at + 0, conversation, seq) < ($4, $5, $6)"
);
/// The entries at these places.
pub(crate) const LOAD: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM unnest($1::uuid[], $2::bigint[]) AS wanted (conversation, seq) CROSS JOIN LATERAL (
        SELECT * FROM event WHERE conversation = wanted.conversation AND seq = wanted.seq LIMIT 1
    ) AS event"
);

/// A place that matches, and the entry that has its text.
struct Place {
    position: FoundPosition,
    source: Seq,
}

pub(crate) async fn find(session: &Session, search: &SearchMessages) -> Result<FoundMessages> {
    let readable = find_readable(session, search).await?;
    if readable.is_empty() || search.limit == 0 || search.from.as_ref().is_some_and(Vec::is_empty) {
        return Ok(FoundMessages::default());
    }
    let places = find_places(session, search, &readable).await?;
    let limit = usize::try_from(search.limit).unwrap_or(usize::MAX);
    let next = places.get(limit.saturating_sub(1)).map(|place| place.position);
    let items = load(session, &places).await?;
    Ok(FoundMessages { items, next })
}

async fn find_readable(session: &Session, search: &SearchMessages) -> Result<Vec<ConversationId>> {
    let within: Option<Vec<Uuid>> = search
        .within
        .as_ref()
        .map(|within| within.iter().map(ConversationId::as_uuid).collect());
    let rows = session
        .rows(
            concat!(
                "SELECT conversation FROM member
                WHERE user_id = $1 AND ($2::uuid[] IS NULL OR conversation = ANY($2))",
                answered!()
            ),
            params![search.asker.as_uuid(), within],
        )
        .await?;
    rows.iter().map(|row| row::id_at(row, 0)).collect()
}

async fn find_places(
    session: &Session,
    search: &SearchMessages,
    readable: &[ConversationId],
) -> Result<Vec<Place>> {
    let since = search.since.map_or(i64::MIN, Timestamp::as_ms);
    let until = search.until.map_or(i64::MAX, Timestamp::as_ms);
    // Before the end of a time is before the first place of it.
    let (before_at, before_conversation, before_seq) = match search.after {
        Some(after) if after.at.as_ms() < until => (
            after.at.as_ms(),
            after.conversation.as_uuid(),
            seq_number(after.seq),
        ),
        _ => (until, Uuid::nil(), 0),
    };
    let (asker, limit) = (search.asker.as_uuid(), i64::from(search.limit));
    let within: Vec<Uuid> = readable.iter().map(ConversationId::as_uuid).collect();
    let words = expression(search, None);
    let recent: Params<'_> = params![
        asker,
        words,
        since,
        before_at,
        before_conversation,
        before_seq,
        limit,
        within,
        RECENT
    ];
    let found = session.rows(AMONG_RECENT, recent).await?;
    if found.len() as u64 >= u64::from(search.limit) {
        return found.iter().map(place).collect();
    }
    let are_few = readable.len() <= CONVERSATION_TAGS_MAX;
    let with_tags = expression(search, (are_few || words.is_none()).then_some(readable));
    let all: Params<'_> = params![
        asker,
        with_tags,
        since,
        before_at,
        before_conversation,
        before_seq,
        limit,
        within
    ];
    let found = session.rows(AMONG_ALL, all).await?;
    found.iter().map(place).collect()
}

fn place(row: &Row) -> Result<Place> {
    Ok(Place {
        position: FoundPosition {
            conversation: row::id_at(row, 0)?,
            seq: row::seq_at(row, 1)?,
            at: row::time_at(row, 2)?,
        },
        source: row::seq_at(row, 3)?,
    })
}

/// What is looked for as a `tsquery`, in some conversations or in any; none where that would be everything. Words and tags are letters, digits and
/// colons, so that none is an operator in its quotes.
fn expression(search: &SearchMessages, within: Option<&[ConversationId]>) -> Option<String> {
    let mut all: Vec<String> = search.terms.iter().map(phrase).collect();
    all.extend(search.has.iter().map(|has| quoted(has_tag(*has))));
    if let Some(from) = &search.from {
        all.push(any(from.iter().map(|user| sender_tag(*user))));
    }
    all.extend(within.map(|within| any(within.iter().map(|id| conversation_tag(*id)))));
    (!all.is_empty()).then(|| all.join(" & "))
}

fn phrase(term: &Term) -> String {
    let words: Vec<String> = term.tokens.iter().map(|token| quoted(token)).collect();
    let beginning = if term.prefix { ":*" } else { "" };
    format!("({}{beginning})", words.join(" <-> "))
}

/// A lexeme in its quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace(['\'', '\\', '\0'], ""))
}

fn any(tags: impl Iterator<Item = String>) -> String {
    let tags: Vec<String> = tags.map(|tag| quoted(&tag)).collect();
    format!("({})", tags.join(" | "))
}

/// The messages at these places, but those that have been erased since they were indexed.
async fn load(session: &Session, places: &[Place]) -> Result<Vec<FoundMessage>> {
    let mut wanted: Vec<(ConversationId, Seq)> = Vec::with_capacity(places.len());
    for Place { position, source } in places {
        wanted.push((position.conversation, position.seq));
        if *source != position.seq {
            wanted.push((position.conversation, *source));
        }
    }
    let (conversations, seqs): (Vec<Uuid>, Vec<i64>) = wanted
        .iter()
        .map(|(conversation, seq)| (conversation.as_uuid(), seq_number(*seq)))
        .unzip();
    let rows = session.rows(LOAD, params![conversations, seqs]).await?;
    let events: Vec<Event> = rows.iter().map(|row| row::event(row, 0)).collect::<Result<_>>()?;
    let at_place = |conversation: ConversationId, seq: Seq| {
        events
            .iter()
            .find(|event| event.conversation == conversation && event.seq == seq)
    };
    let mut found = Vec::with_capacity(places.len());
    for Place { position, source } in places {
        let Some(event) = at_place(position.conversation, position.seq) else {
            continue;
        };
        let edit = (*source != position.seq).then(|| at_place(position.conversation, *source));
        // An edit that is not there has been erased.
        if edit.is_some_and(|edit| edit.is_none()) {
            continue;
        }
        found.extend(
            current_content(event, edit.flatten()).map(|content| FoundMessage {
                event: event.clone(),
                content,
            }),
        );
    }
    Ok(found)
}

pub(crate) async fn list_names(
    session: &Session,
    user: UserId,
    limit: u32,
) -> Result<Vec<NamedConversation>> {
    let rows = session
        .rows(
            concat!(
                "SELECT conversation.id, conversation.title, peer.handle, peer.name FROM member
            JOIN conversation ON conversation.id = member.conversation
            LEFT JOIN account AS peer ON peer.id = CASE WHEN low = $1 THEN high ELSE low END
            WHERE member.user_id = $1",
                answered!(),
                " ORDER BY conversation.last_at DESC, conversation.id DESC LIMIT $2"
            ),
            params![user.as_uuid(), i64::from(limit)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (handle, name): (Option<String>, Option<String>) = (at(row, 2)?, at(row, 3)?);
            Ok(NamedConversation {
                conversation: row::id_at(row, 0)?,
                title: at(row, 1)?,
                peer: handle.zip(name),
            })
        })
        .collect()
}
