//! Where devices are pushed to: see [`pipit_store::push`].

use async_trait::async_trait;
use pipit_store::error::StoreError;
use pipit_store::push::{PushStore, PushTarget, PushedEntry, SETTING, Subscription};
use pipit_wire::push::NotifyRule;
use pipit_wire::{ConversationId, DeviceId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::error::corrupt;
use crate::row::{self, seq_number};
use crate::{SqliteStore, device};

pub(crate) const fn notify_number(rule: NotifyRule) -> i64 {
    match rule {
        NotifyRule::All => 0,
        NotifyRule::Mentions => 1,
        NotifyRule::Nothing => 2,
    }
}

pub(crate) fn notify(number: i64) -> Result<NotifyRule> {
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
        "subscription.device, subscription.user, endpoint, subscription.key, secret, silent, made_at"
    };
}

fn subscription(row: &Row<'_>) -> Result<Subscription> {
    Ok(Subscription {
        device: row::id_at(row, 0)?,
        user: row::id_at(row, 1)?,
        endpoint: row.get(2)?,
        key: row.get(3)?,
        secret: row.get(4)?,
        silent: row.get(5)?,
        made_at: row::time_at(row, 6)?,
    })
}

fn key(db: &Connection, candidate: &[u8; 32]) -> Result<[u8; 32]> {
    db.prepare_cached("INSERT INTO push_key (only, key) VALUES (1, ?1) ON CONFLICT DO NOTHING")?
        .execute([candidate])?;
    db.prepare_cached("SELECT key FROM push_key")?
        .query_row([], |row| row.get(0))
}

fn set(db: &Connection, new: &Subscription) -> Result<bool> {
    let owner = device::find(db, new.device)?.map(|device| device.user);
    if owner != Some(new.user) {
        return Ok(false);
    }
    db.prepare_cached("DELETE FROM push_subscription WHERE endpoint = ?1 AND device <> ?2")?
        .execute(params![new.endpoint, new.device.as_bytes()])?;
    db.prepare_cached(
        "INSERT INTO push_subscription (device, user, endpoint, key, secret, silent, made_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (device) DO UPDATE SET endpoint = excluded.endpoint, key = excluded.key,
            secret = excluded.secret, silent = excluded.silent, made_at = excluded.made_at",
    )?
    .execute(params![
        new.device.as_bytes(),
        new.user.as_bytes(),
        new.endpoint,
        new.key,
        new.secret,
        new.silent,
        new.made_at.as_ms()
    ])?;
    Ok(true)
}

fn find(db: &Connection, device: DeviceId) -> Result<Option<Subscription>> {
    db.prepare_cached(concat!(
        "SELECT ",
        subscription_columns!(),
        " FROM push_subscription AS subscription WHERE device = ?1"
    ))?
    .query_row([device.as_bytes()], subscription)
    .optional()
}

pub(crate) fn remove(db: &Connection, device: DeviceId, endpoint: Option<&str>) -> Result<bool> {
    let removed = db
        .prepare_cached(
            "DELETE FROM push_subscription WHERE device = ?1 AND endpoint = coalesce(?2, endpoint)",
        )?
        .execute(params![device.as_bytes(), endpoint])?;
    Ok(removed > 0)
}

/// Goes from the members to their devices: there may be many more of those on the server.
const TARGETS: &str = concat!(
    "SELECT ",
    subscription_columns!(),
    ", user.handle, conversation.kind, conversation.title, personal.muted_until, personal.notify,
        personal.request, setting.value, shown.seq
    FROM conversation CROSS JOIN member ON member.conversation = conversation.id
    CROSS JOIN push_subscription AS subscription ON subscription.user = member.user
    JOIN user ON user.id = member.user
    LEFT JOIN personal ON personal.conversation = member.conversation AND personal.user = member.user
    LEFT JOIN setting ON setting.user = member.user AND setting.key = ?7
    LEFT JOIN push_shown AS shown ON shown.user = member.user AND shown.conversation = member.conversation
        AND shown.device = subscription.device
    WHERE conversation.id = ?1 AND member.user <> ?2 AND member.first_seq <= ?3 AND member.read_seq < ?3
        AND member.user >= ?4 AND (member.user, subscription.device) > (?4, ?5)
        AND user.suspended_at IS NULL AND coalesce(personal.request, 0) < 2
        AND NOT EXISTS (SELECT 1 FROM block WHERE block.user = member.user AND block.other = ?2)
    ORDER BY member.user, subscription.device LIMIT ?6"
);

fn targets(
    db: &Connection,
    entry: PushedEntry,
    after: Option<(UserId, DeviceId)>,
    limit: u32,
) -> Result<Vec<PushTarget>> {
    let (user, device) = after.map_or(([0; 16], [0; 16]), |(user, device)| {
        (*user.as_bytes(), *device.as_bytes())
    });
    db.prepare_cached(TARGETS)?
        .query_map(
            params![
                entry.conversation.as_bytes(),
                entry.sender.as_bytes(),
                seq_number(entry.seq),
                user,
                device,
                limit,
                SETTING
            ],
            target,
        )?
        .collect()
}

fn target(row: &Row<'_>) -> Result<PushTarget> {
    let muted_until: Option<i64> = row.get(10)?;
    Ok(PushTarget {
        subscription: subscription(row)?,
        handle: row.get(7)?,
        kind: row::conversation_kind(row.get(8)?)?,
        title: row.get(9)?,
        muted_until: Timestamp(muted_until.unwrap_or_default()),
        notify: notify(row.get::<_, Option<i64>>(11)?.unwrap_or_default())?,
        request: row::request(row.get::<_, Option<i64>>(12)?.unwrap_or_default())?,
        setting: row.get(13)?,
        shown: row::seq(row.get::<_, Option<i64>>(14)?.unwrap_or_default())?,
    })
}

fn note_shown(db: &Connection, device: DeviceId, conversation: ConversationId, seq: Seq) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO push_shown (user, conversation, device, seq)
        SELECT user, ?2, device, ?3 FROM push_subscription WHERE device = ?1
        ON CONFLICT (user, conversation, device) DO UPDATE SET seq = max(seq, excluded.seq)",
    )?
    .execute(params![
        device.as_bytes(),
        conversation.as_bytes(),
        seq_number(seq)
    ])?;
    Ok(())
}

const SHOWN: &str = concat!(
    "SELECT ",
    subscription_columns!(),
    " FROM push_shown AS shown JOIN push_subscription AS subscription ON subscription.device = shown.device
    WHERE shown.user = ?1 AND shown.conversation = ?2 AND shown.seq <= ?3 AND subscription.silent
    ORDER BY shown.device"
);

fn shown(
    db: &Connection,
    user: UserId,
    conversation: ConversationId,
    read: Seq,
) -> Result<Vec<Subscription>> {
    let key = params![user.as_bytes(), conversation.as_bytes(), seq_number(read)];
    db.prepare_cached(SHOWN)?.query_map(key, subscription)?.collect()
}

fn forget_shown(db: &Connection, device: DeviceId, conversation: ConversationId, read: Seq) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM push_shown WHERE user = (SELECT user FROM push_subscription WHERE device = ?1)
            AND conversation = ?2 AND device = ?1 AND seq <= ?3",
    )?
    .execute(params![
        device.as_bytes(),
        conversation.as_bytes(),
        seq_number(read)
    ])?;
    Ok(())
}

#[async_trait]
impl PushStore for SqliteStore {
    async fn push_key(&self, candidate: [u8; 32]) -> std::result::Result<[u8; 32], StoreError> {
        self.engine.write(move |db| key(db, &candidate)).await
    }

    async fn set_subscription(&self, subscription: Subscription) -> std::result::Result<bool, StoreError> {
        self.engine.write(move |db| set(db, &subscription)).await
    }

    async fn find_subscription(
        &self,
        device: DeviceId,
    ) -> std::result::Result<Option<Subscription>, StoreError> {
        self.engine.read(move |db| find(db, device)).await
    }

    async fn remove_subscription(
        &self,
        device: DeviceId,
        endpoint: Option<&str>,
    ) -> std::result::Result<bool, StoreError> {
        let endpoint = endpoint.map(str::to_owned);
        self.engine
            .write(move |db| remove(db, device, endpoint.as_deref()))
            .await
    }

    async fn has_subscriptions(&self) -> std::result::Result<bool, StoreError> {
        self.engine
            .read(|db| {
                db.prepare_cached("SELECT 1 FROM push_subscription LIMIT 1")?
                    .exists([])
            })
            .await
    }

    async fn list_push_targets(
        &self,
        entry: PushedEntry,
        after: Option<(UserId, DeviceId)>,
        limit: u32,
    ) -> std::result::Result<Vec<PushTarget>, StoreError> {
        self.engine.read(move |db| targets(db, entry, after, limit)).await
    }

    async fn note_shown(
        &self,
        device: DeviceId,
        conversation: ConversationId,
        seq: Seq,
    ) -> std::result::Result<(), StoreError> {
        self.engine
            .write(move |db| note_shown(db, device, conversation, seq))
            .await
    }

    async fn list_shown(
        &self,
        user: UserId,
        conversation: ConversationId,
        read: Seq,
    ) -> std::result::Result<Vec<Subscription>, StoreError> {
        self.engine
            .read(move |db| shown(db, user, conversation, read))
            .await
    }

    async fn forget_shown(
        &self,
        device: DeviceId,
        conversation: ConversationId,
        read: Seq,
    ) -> std::result::Result<(), StoreError> {
        self.engine
            .write(move |db| forget_shown(db, device, conversation, read))
            .await
    }
}
