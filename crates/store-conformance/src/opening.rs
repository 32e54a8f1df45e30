//! What a client that connects asks of a storage, on a large one: for the benchmarks named `open`.
//!
//! 10,000 groups of four with 100 messages each: a million entries, written by one SQL for both databases ([`Dialect`]). One
//! account is in 50 of the groups, another one in 5,000. `MESSAGES_EACH=1000` makes it ten million.

use pipit_store::Store;
use pipit_wire::frame::Cursor;
use pipit_wire::limits::CURSORS_MAX;
use pipit_wire::{ConversationId, DeviceId, UserId};
use uuid::Uuid;

use crate::world::seq;

/// What differs between the databases in the SQL that fills them.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The table of accounts.
    pub account: &'static str,
    /// The column with an account's id in other tables.
    pub user: &'static str,
    /// From here to a number and a closing parenthesis: the number as eight hexadecimal digits.
    pub hex8: &'static str,
    /// The same with ten digits.
    pub hex10: &'static str,
    /// An id begins so, then comes its text.
    pub id_begins: &'static str,
    /// And ends so.
    pub id_ends: &'static str,
}

/// An account of the benchmark.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// How many conversations it has.
    pub conversations: usize,
    /// The number of its id, and of its device's.
    pub number: u64,
}

/// The account with few conversations, and the one with many.
pub const ACCOUNTS: [Account; 2] = [
    Account {
        conversations: 50,
        number: 1,
    },
    Account {
        conversations: 5_000,
        number: 2,
    },
];

/// The calls of a connection that opens.
pub const STEPS: [&str; 3] = ["find_opening", "list_conversations", "catch_up"];

/// As many conversations as a client shows at first.
const PAGE: u32 = 30;
/// As many cursors as the server asks for in one call.
const CURSORS_AT_ONCE: usize = 32;
/// In so many conversations five entries are new.
const WITH_NEWS: usize = 20;

/// Messages in each group: 100, or what the environment says, from 10 on.
pub fn messages_each() -> u64 {
    std::env::var("MESSAGES_EACH").map_or(100, |each| each.parse().unwrap())
}

/// The id that the SQL makes.
pub fn id(kind: u8, number: u64) -> Uuid {
    let spread = u128::from(number * 2_654_435_761 % 4_294_967_296);
    let middle = 0x0000_7000_8000_u128;
    Uuid::from_u128(spread << 96 | middle << 48 | u128::from(kind) << 40 | u128::from(number))
}

/// The cursors of a client that was away for a little while: at most what one `hello` may hold.
pub async fn cursors(store: &dyn Store, account: Account) -> Vec<Cursor> {
    let user = UserId::from(id(0xa0, account.number));
    let ids: Vec<ConversationId> = store.list_conversation_ids(user).await.unwrap();
    assert_eq!(ids.len(), account.conversations);
    let last = messages_each();
    let cursor = |(place, conversation)| Cursor {
        conversation,
        seq: seq(if place < WITH_NEWS { last - 5 } else { last }),
    };
    ids.into_iter()
        .take(CURSORS_MAX)
        .enumerate()
        .map(cursor)
        .collect()
}

/// Makes one of the calls, and says how much it answered.
pub async fn call(store: &dyn Store, account: Account, cursors: &[Cursor], step: &str) -> usize {
    let user = UserId::from(id(0xa0, account.number));
    match step {
        "find_opening" => {
            let device = DeviceId::from(id(0xd0, account.number));
            let opening = store.find_opening(device).await.unwrap().unwrap();
            opening.conversations.len()
        }
        "list_conversations" => store.list_conversations(user, None, PAGE).await.unwrap().len(),
        _ => {
            let mut rows = 0;
            for chunk in cursors.chunks(CURSORS_AT_ONCE) {
                rows += store.catch_up(user, chunk, 100).await.unwrap().len();
            }
            rows
        }
    }
}

/// `ID(kind,number)` is an id, `LAST` how many messages each group has. The entries come in the order of time: all logs grow at once.
const FILL: &str = "
    INSERT INTO ACCOUNT (id, handle, name, password, admin, created_at)
        WITH RECURSIVE n (n) AS (SELECT cast(1 AS bigint) UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
        SELECT ID(a0,n), 'handle' || n, 'Name ' || n, '', false, 0 FROM n;
    INSERT INTO device (id, USER, name, client_name, client_version, signed_in_at, last_seen_at)
        WITH RECURSIVE n (n) AS (SELECT cast(1 AS bigint) UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
        SELECT ID(d0,n), ID(a0,n), 'Device', 'pipit', '1', 0, 0 FROM n;
    INSERT INTO conversation (id, kind, title, last_seq, last_at, last_message_seq, member_count, owner_count)
        WITH RECURSIVE n (n) AS (SELECT cast(1 AS bigint) UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
        SELECT ID(c0,n), 1, 'Group ' || n, LAST, 1000000 + n * 7919 % 10000, LAST, 4, 0 FROM n;
    INSERT INTO member (conversation, USER, role, first_seq, delivered_seq, read_seq)
        WITH RECURSIVE n (n) AS (SELECT cast(1 AS bigint) UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
        SELECT ID(c0,n), ID(a0,CASE WHEN n <= 50 THEN 1 WHEN n <= 5050 THEN 2 ELSE 3 + n % 998 END), 0, 1, LAST - 5, LAST - 10 FROM n;
    INSERT INTO member (conversation, USER, role, first_seq, delivered_seq, read_seq)
        WITH RECURSIVE n (n) AS (SELECT cast(1 AS bigint) UNION ALL SELECT n + 1 FROM n WHERE n < 10000),
            m (m) AS (SELECT cast(1 AS bigint) UNION ALL SELECT m + 1 FROM m WHERE m < 3)
        SELECT ID(c0,n), ID(a0,3 + (n + m * 331) % 998), 0, 1, LAST - 5, LAST - 10 FROM n CROSS JOIN m;
    INSERT INTO event (conversation, seq, id, kind, sender, device, at, body)
        WITH RECURSIVE n (n) AS (SELECT cast(0 AS bigint) UNION ALL SELECT n + 1 FROM n WHERE n < LAST * 10000 - 1)
        SELECT ID(c0,1 + n % 10000), 1 + n / 10000, IN_ORDER(n), 1, ID(a0,3 + (1 + n % 10000 + 331) % 998), NULL, n, 'BODY'
        FROM n;
";

/// The SQL that fills an empty, migrated database; every message has this body (JSON).
pub fn fill_sql(dialect: &Dialect, body: &str) -> String {
    let mut sql = FILL
        .replace("ACCOUNT", dialect.account)
        .replace("USER", dialect.user)
        .replace("LAST", &messages_each().to_string())
        .replace("BODY", &body.replace('\'', "''"));
    let Dialect {
        hex8,
        hex10,
        id_begins,
        id_ends,
        ..
    } = dialect;
    while let Some(begin) = sql.find("ID(") {
        let (kind, number, end) = arguments(&sql, begin + 3);
        let id = format!(
            "{id_begins}{hex8} ({number}) * 2654435761 % 4294967296) || '000070008000{kind}' || {hex10} {number}){id_ends}"
        );
        sql.replace_range(begin..end, &id);
    }
    let in_order = format!("{id_begins}{hex8} n) || '000070008000e0' || {hex10} n){id_ends}");
    sql.replace("IN_ORDER(n)", &in_order)
}

/// The two arguments that begin here, and where the parenthesis behind them has ended.
fn arguments(sql: &str, begin: usize) -> (String, String, usize) {
    let mut depth = 1;
    let length = sql[begin..].find(|character| {
        depth += i32::from(character == '(') - i32::from(character == ')');
        depth == 0
    });
    let end = begin + length.unwrap();
    let (kind, number) = sql[begin..end].split_once(',').unwrap();
    (kind.to_owned(), number.to_owned(), end + 1)
}
