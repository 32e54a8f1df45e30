//! Where devices are pushed to: see [`pipit_store::push`].

use async_trait::async_trait;
use pipit_store::error::StoreError;
use pipit_store::push::{PushStore, PushTarget, PushedEntry, SETTING, Subscription};
use pipit_wire::push::NotifyRule;
use pipit_wire::{ConversationId, DeviceId, Seq, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::PostgresStore;
use crate::error::{Error, corrupt, store_error};
use crate::row::{self, at, seq_number};
use crate::session::{Session, params, run};
use crate::store::work;

type Result<T> = std::result::Result<T, Error>;

pub(crate) const fn notify_number(rule: NotifyRule) -> i16 {
    match rule {
        NotifyRule::All => 0,
        NotifyRule::Mentions => 1,
        NotifyRule::Nothing => 2,
    }
}

pub(crate) fn notify(number: i16) -> Result<NotifyRule> {
    match number {
        0 => Ok(NotifyRule::All),
        1 => Ok(NotifyRule::Mentions),
        2 => Ok(NotifyRule::Nothing),
        other => Err(corrupt(format!("a rule of notification is {other}"))),
    }
}

/// The columns of [`subscription`], in its order.
macro_rules! subscription_columns {
    () => {
        "subscription.device, subscription.user_id, endpoint, subscription.key, secret, silent, made_at"
    };
}

fn subscription(row: &Row) -> Result<Subscription> {
    Ok(Subscription {
        device: row::id_at(row, 0)?,
        user: row::id_at(row, 1)?,
        endpoint: at(row, 2)?,
        key: bytes(row, 3)?,
        secret: bytes(row, 4)?,
        silent: at(row, 5)?,
        made_at: row::time_at(row, 6)?,
    })
}

fn bytes<const N: usize>(row: &Row, column: usize) -> Result<[u8; N]> {
    let bytes: &[u8] = at(row, column)?;
    let length = bytes.len();
    bytes
        .try_into()
        .map_err(|_| corrupt(format!("a key has {length} bytes")))
}

async fn key(session: &Session, candidate: &[u8; 32]) -> Result<[u8; 32]> {
    let insert = "INSERT INTO push_key (one, key) VALUES (1, $1) ON CONFLICT DO NOTHING";
    session.run(insert, params![candidate.as_slice()]).await?;
    let row = session.first("SELECT key FROM push_key", &[]).await?;
    bytes(&row.ok_or_else(|| corrupt("the key of pushes went away"))?, 0)
}

/// Two devices that say the same address wait for each other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
const FREE: &str = "DELETE FROM push_subscription WHERE endpoint = $1 AND device <> $2";
/// With the device's row, so that a sign-out either waits or is seen.
const SET: &str = "
    INSERT INTO push_subscription (device, user_id, endpoint, key, secret, silent, made_at)
    SELECT id, user_id, $3, $4, $5, $6, $7 FROM device
    WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL FOR SHARE
    ON CONFLICT (device) DO UPDATE SET endpoint = excluded.endpoint, key = excluded.key,
        secret = excluded.secret, silent = excluded.silent, made_at = excluded.made_at";

async fn set(session: &Session, new: &Subscription) -> Result<bool> {
    session.begin().await?;
    session.rows(LOCK, params![new.endpoint]).await?;
    let device = new.device.as_uuid();
    session.run(FREE, params![new.endpoint, device]).await?;
    let set = session
        .run(
            SET,
            params![
                device,
                new.user.as_uuid(),
                new.endpoint,
                new.key.as_slice(),
                new.secret.as_slice(),
                new.silent,
                new.made_at.as_ms()
            ],
        )
        .await?;
    if set == 0 {
        session.rollback().await?;
        return Ok(false);
    }
    session.commit().await?;
    Ok(true)
}

const FIND: &str = concat!(
    "SELECT ",
    subscription_columns!(),
    " FROM push_subscription AS subscription WHERE device = $1"
);

async fn find(session: &Session, device: DeviceId) -> Result<Option<Subscription>> {
    let row = session.first(FIND, params![device.as_uuid()]).await?;
    row.map(|row| subscription(&row)).transpose()
}

const REMOVE: &str =
    "DELETE FROM push_subscription WHERE device = $1 AND endpoint = coalesce($2::text, endpoint)";

async fn remove(session: &Session, device: DeviceId, endpoint: Option<&str>) -> Result<bool> {
    let removed = session.run(REMOVE, params![device.as_uuid(), endpoint]).await?;
    Ok(removed > 0)
}

async fn has_any(session: &Session) -> Result<bool> {
    let row = session
        .first("SELECT 1 FROM push_subscription LIMIT 1", &[])
        .await?;
    Ok(row.is_some())
}

const TARGETS: &str = concat!(
    "SELECT ",
    subscription_columns!(),
    ", account.handle, conversation.kind, conversation.title, personal.muted_until, personal.notify,
        personal.request, setting.value, shown.seq
    FROM member JOIN conversation ON conversation.id = member.conversation
    JOIN push_subscription AS subscription ON subscription.user_id = member.user_id
    JOIN account ON account.id = member.user_id
    LEFT JOIN personal ON personal.conversation = member.conversation AND personal.user_id = member.user_id
    LEFT JOIN setting ON setting.user_id = member.user_id AND setting.key = $7
    LEFT JOIN push_shown AS shown ON shown.user_id = member.user_id AND shown.conversation = member.conversation
        AND shown.device = subscription.device
    WHERE member.conversation = $1 AND member.user_id <> $2 AND member.first_seq <= $3 AND member.read_seq < $3
        AND member.user_id >= $4 AND (member.user_id, subscription.device) > ($4, $5)
        AND account.suspended_at IS NULL AND coalesce(personal.request, 0) < 2
        AND NOT EXISTS (SELECT 1 FROM block WHERE block.user_id = member.user_id AND block.other = $2)
    ORDER BY member.user_id, subscription.device LIMIT $6"
);

async fn targets(
    session: &Session,
    entry: PushedEntry,
    after: Option<(UserId, DeviceId)>,
    limit: u32,
) -> Result<Vec<PushTarget>> {
    let (user, device) = after.map_or((Uuid::nil(), Uuid::nil()), |(user, device)| {
        (user.as_uuid(), device.as_uuid())
    });
    let rows = session
        .rows(
            TARGETS,
            params![
                entry.conversation.as_uuid(),
                entry.sender.as_uuid(),
                seq_number(entry.seq),
                user,
                device,
                i64::from(limit),
                SETTING
            ],
        )
        .await?;
    rows.iter().map(target).collect()
}

fn target(row: &Row) -> Result<PushTarget> {
    Ok(PushTarget {
        subscription: subscription(row)?,
        handle: at(row, 7)?,
        kind: row::conversation_kind(at(row, 8)?)?,
        title: at(row, 9)?,
        muted_until: Timestamp(at::<Option<i64>>(row, 10)?.unwrap_or_default()),
        notify: notify(at::<Option<i16>>(row, 11)?.unwrap_or_default())?,
        request: row::request(at::<Option<i16>>(row, 12)?.unwrap_or_default())?,
        setting: at(row, 13)?,
        shown: row::seq(at::<Option<i64>>(row, 14)?.unwrap_or_default())?,
    })
}

const NOTE_SHOWN: &str = "
    INSERT INTO push_shown AS known (user_id, conversation, device, seq)
    SELECT user_id, $2, device, $3 FROM push_subscription WHERE device = $1
    ON CONFLICT (user_id, conversation, device) DO UPDATE SET seq = greatest(known.seq, excluded.seq)";

async fn note_shown(
    session: &Session,
    device: DeviceId,
    conversation: ConversationId,
    seq: Seq,
) -> Result<()> {
    let note = params![device.as_uuid(), conversation.as_uuid(), seq_number(seq)];
    session.run(NOTE_SHOWN, note).await?;
    Ok(())
}

const SHOWN: &str = concat!(
    "SELECT ",
    subscription_columns!(),
    " FROM push_shown AS shown JOIN push_subscription AS subscription ON subscription.device = shown.device
    WHERE shown.user_id = $1 AND shown.conversation = $2 AND shown.seq <= $3 AND subscription.silent
    ORDER BY shown.device"
);

async fn list_shown(
    session: &Session,
    user: UserId,
    conversation: ConversationId,
    read: Seq,
) -> Result<Vec<Subscription>> {
    let key = params![user.as_uuid(), conversation.as_uuid(), seq_number(read)];
    session.rows(SHOWN, key).await?.iter().map(subscription).collect()
}

const FORGET_SHOWN: &str = "
    DELETE FROM push_shown WHERE user_id = (SELECT user_id FROM push_subscription WHERE device = $1)
        AND conversation = $2 AND device = $1 AND seq <= $3";

async fn forget_shown(
    session: &Session,
    device: DeviceId,
    conversation: ConversationId,
    read: Seq,
) -> Result<()> {
    let forgotten = params![device.as_uuid(), conversation.as_uuid(), seq_number(read)];
    session.run(FORGET_SHOWN, forgotten).await?;
    Ok(())
}

#[async_trait]
impl PushStore for PostgresStore {
    async fn push_key(&self, candidate: [u8; 32]) -> std::result::Result<[u8; 32], StoreError> {
        work!(self, |session| key(session, &candidate))
    }

    async fn set_subscription(&self, subscription: Subscription) -> std::result::Result<bool, StoreError> {
        work!(self, |session| set(session, &subscription))
    }

    async fn find_subscription(
        &self,
        device: DeviceId,
    ) -> std::result::Result<Option<Subscription>, StoreError> {
        work!(self, |session| find(session, device))
    }

    async fn remove_subscription(
        &self,
        device: DeviceId,
        endpoint: Option<&str>,
    ) -> std::result::Result<bool, StoreError> {
        work!(self, |session| remove(session, device, endpoint))
    }

    async fn has_subscriptions(&self) -> std::result::Result<bool, StoreError> {
        work!(self, |session| has_any(session))
    }

    async fn list_push_targets(
        &self,
        entry: PushedEntry,
        after: Option<(UserId, DeviceId)>,
        limit: u32,
    ) -> std::result::Result<Vec<PushTarget>, StoreError> {
        work!(self, |session| targets(session, entry, after, limit))
    }

    async fn note_shown(
        &self,
        device: DeviceId,
        conversation: ConversationId,
        seq: Seq,
    ) -> std::result::Result<(), StoreError> {
        work!(self, |session| note_shown(session, device, conversation, seq))
    }

    async fn list_shown(
        &self,
        user: UserId,
        conversation: ConversationId,
        read: Seq,
    ) -> std::result::Result<Vec<Subscription>, StoreError> {
        work!(self, |session| list_shown(session, user, conversation, read))
    }

    async fn forget_shown(
        &self,
        device: DeviceId,
        conversation: ConversationId,
        read: Seq,
    ) -> std::result::Result<(), StoreError> {
        work!(self, |session| forget_shown(session, device, conversation, read))
    }
}
