//! Who is signed in, and the tokens that prove it.
//!
//! A refresh token is traded once for the next pair. The trade may be carried out while its answer is lost; the engine then
//! trades the same token again, which the server allows until the successor has been used. So the record is replaced only by
//! an answer, in the same transaction as whatever follows from it.

use pipit_wire::rest::{Refresh, ServerInfo, Session};
use pipit_wire::{DeviceId, Limits, Timestamp, WireError};

use crate::archive::Archives;
use crate::encryption::Encryption;
use crate::engine::{Engine, Stored};
use crate::http::{Call, Waiting};
use crate::io::{HttpAnswer, HttpMethod};
use crate::storage::{SessionRecord, Storage};
use crate::view::SessionView;

/// A token is replaced so long before it ends.
const FRESH_FOR_MS: i64 = 60_000;
/// What an access token is taken to be good for where the server's clock is not known or its word makes no sense.
const ASSUMED_LIFE_MS: i64 = 10 * 60_000;
/// No access token lives longer than this; whatever says so comes from clocks that disagree.
const LIFE_MS_MAX: i64 = 24 * 60 * 60_000;
/// The first and the last wait before a refresh that failed is tried again.
const RETRY_MS: (i64, i64) = (2_000, 60_000);

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    refreshing: bool,
    failures: u32,
    /// The server has refused the access token that this device thinks good.
    refused: bool,
    retry_at: Option<Timestamp>,
    /// Why nobody is signed in any more, where it was not by choice.
    ended: Option<String>,
}

impl Tokens {
    /// Nothing is known but whether a trade is under way.
    pub(crate) fn under_way(refreshing: bool) -> Self {
        Self {
            refreshing,
            ..Self::default()
        }
    }
}

impl<S: Storage> Engine<S> {
    pub(crate) fn session_view(&mut self) -> Stored<SessionView> {
        let shown = self.shown_me()?;
        Ok(match &self.session {
            Some(session) => SessionView::SignedIn {
                me: Box::new(shown.unwrap_or_else(|| session.me.clone())),
                device: session.device,
                limits: Box::new(session.limits.clone()),
                server_name: session.server_name.clone(),
            },
            None => SessionView::SignedOut {
                reason: self.tokens.ended.clone(),
            },
        })
    }

    /// Somebody has signed in or made an account.
    pub(crate) fn begin_session(&mut self, answer: Session) -> Stored {
        self.storage.erase()?;
        let known = self.calls.server_info();
        let record = SessionRecord {
            access_until: self.access_until(&answer, 0),
            me: answer.me,
            device: answer.device,
            limits: known.map_or_else(Limits::default, |info| info.limits.clone()),
            server_name: known.map(|info| info.name.clone()).unwrap_or_default(),
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
            clock_offset_ms: 0,
            list_loaded: false,
            list_complete: false,
        };
        self.storage.save_session(&record)?;
        self.storage.save_profile(&record.me.profile)?;
        self.names.forget_account();
        self.encryption = Encryption::default();
        self.archives = Archives::default();
        self.session = Some(record);
        self.tokens = Tokens::default();
        self.dirty.all = true;
        self.call_server_info();
        self.connect();
        Ok(())
    }

    /// Until when an access token is good, by this device's clock.
    fn access_until(&self, answer: &Session, clock_offset_ms: i64) -> Timestamp {
        let now = self.clock.now();
        let life_ms = answer.access_expires_at.plus_ms(-clock_offset_ms).since_ms(now);
        if (FRESH_FOR_MS..LIFE_MS_MAX).contains(&life_ms) {
            now.plus_ms(life_ms)
        } else {
            now.plus_ms(ASSUMED_LIFE_MS)
        }
    }

    pub(crate) fn update_session(&mut self, change: impl FnOnce(&mut SessionRecord)) -> Stored {
        if let Some(session) = &mut self.session {
            change(session);
            self.storage.save_session(session)?;
        }
        Ok(())
    }

    pub(crate) fn server_info_came(&mut self, info: &ServerInfo) -> Stored {
        self.update_session(|session| {
            session.server_name.clone_from(&info.name);
            session.limits = info.limits.clone();
        })
    }

    pub(crate) fn own_device(&self) -> Option<DeviceId> {
        self.session.as_ref().map(|session| session.device)
    }

    /// Nobody is signed in any more: the store is erased, the line closed.
    pub(crate) fn end_session(&mut self, reason: Option<&str>) -> Stored {
        if self.session.take().is_none() {
            return Ok(());
        }
        self.storage.erase()?;
        self.tokens = Tokens {
            ended: reason.map(str::to_owned),
            ..Tokens::default()
        };
        self.hang_up();
        self.forget_files();
        self.stop_wishes();
        self.encryption = Encryption::default();
        self.archives = Archives::default();
        self.fail_calls_of_session();
        self.syncing.forget_account();
        self.sending.forget_account();
        self.receipts.forget_account();
        self.names.forget_account();
        self.dirty.all = true;
        Ok(())
    }

    pub(crate) fn token_is_stale(&self) -> bool {
        self.tokens.refreshing
            || self.tokens.refused
            || self
                .session
                .as_ref()
                .is_some_and(|session| session.access_until.since_ms(self.clock.now()) < FRESH_FOR_MS)
    }

    /// The server has refused the access token.
    pub(crate) fn token_refused(&mut self) {
        self.tokens.refused = true;
    }

    /// When to refresh by oneself: shortly before the end while the line stands, or again after a failure.
    pub(crate) fn token_deadline(&self) -> Option<Timestamp> {
        if self.tokens.refreshing {
            return None;
        }
        if self.tokens.retry_at.is_some() {
            return self.tokens.retry_at;
        }
        let session = self.session.as_ref().filter(|_| self.connection.is_up())?;
        let left_ms = session.access_until.since_ms(self.clock.now());
        let wait_ms = left_ms.saturating_sub(FRESH_FOR_MS).max(-1).saturating_add(1);
        Some(self.clock.steady().plus_ms(wait_ms))
    }

    pub(crate) fn tokens_due(&mut self) {
        if self
            .token_deadline()
            .is_some_and(|deadline| self.clock.is_due(deadline))
        {
            self.refresh_token();
        }
    }

    /// Trades the refresh token for the next pair, unless that is under way.
    pub(crate) fn refresh_token(&mut self) {
        let Some(session) = self.session.as_ref().filter(|_| !self.tokens.refreshing) else {
            return;
        };
        let body = Refresh {
            refresh_token: session.refresh_token.clone(),
        };
        self.tokens.refreshing = true;
        self.tokens.retry_at = None;
        let waiting = Waiting::open(Call::Refresh, HttpMethod::Post, "/v1/sessions/refresh").with(&body);
        self.call(waiting);
    }

    pub(crate) fn refreshed(&mut self, answer: Result<Session, RefreshFailure>) -> Stored {
        self.tokens.refreshing = false;
        match answer {
            Ok(answer) => {
                let offset = self.session.as_ref().map_or(0, |session| session.clock_offset_ms);
                let until = self.access_until(&answer, offset);
                self.tokens = Tokens::default();
                self.update_session(|session| {
                    session.me = answer.me;
                    session.access_token = answer.access_token;
                    session.access_until = until;
                    session.refresh_token = answer.refresh_token;
                })?;
                if self.connection.is_refreshing() {
                    self.connect();
                }
                self.release_held();
                Ok(())
            }
            Err(RefreshFailure::Ended(reason)) => self.end_session(Some(reason)),
            Err(RefreshFailure::Passing(code, retry_after_ms)) => {
                let doublings = self.tokens.failures.min(5);
                self.tokens.failures = self.tokens.failures.saturating_add(1);
                if self.connection.is_refreshing() {
                    self.wait(retry_after_ms);
                } else {
                    let wait_ms = retry_after_ms.unwrap_or((RETRY_MS.0 << doublings).min(RETRY_MS.1));
                    self.tokens.retry_at = Some(self.clock.steady().plus_ms(wait_ms));
                }
                self.fail_held(&code);
                Ok(())
            }
        }
    }
}

/// Why a refresh brought nothing.
#[derive(Debug)]
pub(crate) enum RefreshFailure {
    /// The device is signed out, for this reason.
    Ended(&'static str),
    /// Not now: the code for those who wait, and the wait that the server asked for.
    Passing(String, Option<i64>),
}

impl RefreshFailure {
    /// Only what says so plainly ends a session: a server that is being repaired must not erase what its people have.
    pub(crate) fn of(answer: &HttpAnswer) -> Self {
        let HttpAnswer::Answered { body, .. } = answer else {
            return Self::Passing("offline".to_owned(), None);
        };
        let Ok(error) = serde_json::from_str::<WireError>(body) else {
            return Self::Passing("bad_answer".to_owned(), None);
        };
        match ended_by(&error) {
            Some(reason) => Self::Ended(reason),
            None if error.code == pipit_wire::ErrorCode::Unauthenticated => Self::Ended("signed_out"),
            None => Self::Passing(
                crate::http::code_name(error.code),
                error.retry_after_ms.map(i64::from),
            ),
        }
    }
}

/// Whether an error says that this device's session is over, and why.
pub(crate) const fn ended_by(error: &WireError) -> Option<&'static str> {
    match error.code {
        pipit_wire::ErrorCode::SignedOut => Some("signed_out"),
        pipit_wire::ErrorCode::Suspended => Some("suspended"),
        _ => None,
    }
}
