//! Reading from standbys, where an answer that is a moment old does no harm.
//!
//! # The rule
//! An answer may come from a replica where nobody can tell that it is old, or where being old for a second means nothing:
//!
//! | question | from | why |
//! | --- | --- | --- |
//! | `read_log`, before a seq | a replica that has that part of the log | entries change only when a message is deleted, which is seen two seconds late at most, and what has become of messages is told as of the page's last entry; asked again of the primary where the replica's log ends before, or does not know the member |
//! | `find_profiles`, `search_users` | a replica | a name that is a second old |
//! | `last_seen` | a replica | written once a second at most anyway |
//! | `list_receipts` | a replica | markers only move forward, and whoever asks gets the later ones as they come |
//! | `read_log` after a seq, the newest; `catch_up`; `last_seq` | the primary | they repair gaps: an old answer looks like the end of the log |
//! | `find_access`, `find_user`, `find_credential`, `find_device`, `find_opening`, `list_devices`, `find_invite`, `list_invites`, `find_server` | the primary | who may do what: a block, a removal or a sign-out counts at once |
//! | `list_conversations`, `list_conversation_ids`, `list_memberships`, `find_summary`, `count_unread`, `list_blocked`, `list_blocked_people`, `find_setting` | the primary | people look there for what they have just done |
//! | `list_members`, `filter_acquainted`, `filter_blocked`, `find_privacy`, `list_directs` | the primary | clients keep the answer and apply later entries to it: one that is old would stay wrong |
//! | `list_reactions`, `list_votes`, `list_pins`, `find_faces` | the primary | people look there for what they have just done |
//! | `find_event`, `ping` | the primary | checks |
//!
//! # Which replica
//! In turn. One that fails, is no standby, has lost its primary, or is more than two seconds behind is left out, and looked at again
//! a while later; where none is left, the primary answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;
use crate::row::at;
use crate::session::{Session, Sessions};

/// How long a replica is taken for what it was.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How long one that is left out is left alone.
const BAD_FOR: Duration = Duration::from_secs(5);
/// How long a replica may take to say how it is.
const CHECK_TIMEOUT: Duration = Duration::from_millis(500);
/// How long it may take to answer; then the primary is asked.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// One that has applied all that it has got is as new as its primary says; one that is busy is as old as what it applied last.
const FRESH: &str = "
    SELECT pg_is_in_recovery() AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver) AND coalesce(
        pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn()
            OR now() - pg_last_xact_replay_timestamp() < interval '2 seconds', false)";

/// The replicas, in the order of the configuration.
pub(crate) struct Replicas {
    all: Vec<Replica>,
    next: AtomicUsize,
}

/// A standby.
pub(crate) struct Replica {
    sessions: Sessions,
    standing: Mutex<Standing>,
}

#[derive(Clone, Copy, Default)]
struct Standing {
    usable: bool,
    check_at: Option<Instant>,
}

impl Replicas {
    pub(crate) fn new(all: impl IntoIterator<Item = Sessions>) -> Self {
        let replica = |sessions| Replica {
            sessions,
            standing: Mutex::default(),
        };
        Self {
            all: all.into_iter().map(replica).collect(),
            next: AtomicUsize::new(0),
        }
    }

    pub(crate) fn close(&self) {
        for replica in &self.all {
            replica.sessions.close();
        }
    }

    /// The next one that can be used.
    pub(crate) async fn pick(&self) -> Option<&Replica> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for step in 0..self.all.len() {
            let place = first.wrapping_add(step).checked_rem(self.all.len())?;
            let replica = self.all.get(place)?;
            if replica.is_usable().await {
                return Some(replica);
            }
        }
        None
    }
}

impl Replica {
    /// A connection to it.
    pub(crate) async fn session(&self) -> Result<Session, Error> {
        self.sessions.session(&self.sessions.call()).await
    }

    /// It has not answered as it should: others are asked for a while.
    pub(crate) fn leave_out(&self, why: &Error) {
        tracing::warn!(error = %why, "a replica of the database is left out");
        self.note(false);
    }

    /// Looks how it is, where that is not known. Who asks meanwhile is told how it was.
    async fn is_usable(&self) -> bool {
        let now = Instant::now();
        {
            let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
            if standing.check_at.is_some_and(|at| now < at) {
                return standing.usable;
            }
            standing.check_at = Some(now + CHECK_TIMEOUT);
        }
        let checked = tokio::time::timeout(CHECK_TIMEOUT, self.is_fresh()).await;
        match checked.unwrap_or(Err(Error::Hung)) {
            Ok(fresh) => {
                self.note(fresh);
                fresh
            }
            Err(error) => {
                self.leave_out(&error);
                false
            }
        }
    }

    async fn is_fresh(&self) -> Result<bool, Error> {
        let session = self.session().await?;
        let row = session.first(FRESH, &[]).await;
        session.settle(row.is_ok());
        row?.map_or(Ok(false), |row| at(&row, 0))
    }

    fn note(&self, usable: bool) {
        let check_at = Some(Instant::now() + if usable { GOOD_FOR } else { BAD_FOR });
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Standing { usable, check_at };
    }
}

/// Does a unit of work that only reads on a replica, and on the primary where none can be used or its answer will not do:
/// `read!(store, |session| log::read(session, …), |page| page.is_some())`.
macro_rules! read {
    ($store:ident, |$session:ident| $work:expr, |$answer:ident| $will_do:expr) => {{
        let mut answered = None;
        if let Some(replica) = $store.replicas.pick().await {
            let asking = async {
                let owned = replica.session().await?;
                let outcome = {
                    let $session = &owned;
                    $work.await
                };
                owned.settle(outcome.is_ok());
                outcome
            };
            let outcome = tokio::time::timeout($crate::replica::READ_TIMEOUT, asking).await;
            match outcome.unwrap_or(Err($crate::error::Error::Hung)) {
                Ok($answer) => {
                    let will_do = $will_do;
                    answered = will_do.then_some($answer);
                }
                Err(error) => replica.leave_out(&error),
            }
        }
        match answered {
            Some(answer) => Ok(answer),
            None => async { run!($store.sessions, |$session| $work) }
                .await
                .map_err(store_error),
        }
    }};
}
pub(crate) use read;
