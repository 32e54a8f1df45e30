//! The line to the server: when to try, when to give up, and what is said first.
//!
//! Waiting times are drawn from `0` to a limit that doubles from 1 s to 30 s ("full jitter": Brooker, *Exponential Backoff And
//! Jitter*, 2015), so that clients which a restart has cut off at the same moment do not come back at the same moment. The
//! limit starts anew after a minute in which the line stood, and when the driver or a person hints that it is worth a try.

use pipit_wire::frame::PresenceState;
use pipit_wire::frame::client::{Hello, Ping};
use pipit_wire::frame::server::{Goodbye, GoodbyeReason, Welcome};
use pipit_wire::{ClientFrame, PROTOCOL_VERSION, Timestamp};

use crate::engine::{Engine, Stored};
use crate::io::Output;
use crate::request::Request;
use crate::storage::Storage;
use crate::view::ConnectionView;

/// The first limit of the waiting time.
const WAIT_FIRST_MS: i64 = 1_000;
/// The last limit of the waiting time.
const WAIT_MOST_MS: i64 = 30_000;
/// A line that stood so long was a good one.
const STABLE_MS: i64 = 60_000;
/// How long a connection may take to be made, and then to be welcomed.
const PATIENCE_MS: i64 = 20_000;
/// Silence after which the line is asked whether it is alive.
const QUIET_MS: i64 = 25_000;
/// How long it may take to say that it is.
const PONG_MS: i64 = 10_000;
/// The least wait after another connection has taken this device's place, so that two of them do not push each other out.
const REPLACED_MS: i64 = 10_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    /// Nobody is signed in.
    #[default]
    Down,
    Waiting {
        until: Timestamp,
    },
    /// For a fresh access token.
    Refreshing,
    Connecting {
        until: Timestamp,
    },
    Greeting {
        until: Timestamp,
    },
    Up {
        since: Timestamp,
        quiet_until: Timestamp,
        pong_until: Option<Timestamp>,
        caught_up: bool,
    },
}

#[derive(Debug)]
pub(crate) struct Connection {
    line: Line,
    /// Tries in a row that came to nothing.
    failures: u32,
    /// What the driver says of the network.
    online: bool,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            line: Line::Down,
            failures: 0,
            online: true,
        }
    }
}

impl Connection {
    pub(crate) const fn wait_until(&mut self, until: Timestamp) {
        self.line = Line::Waiting { until };
    }

    pub(crate) const fn is_up(&self) -> bool {
        matches!(self.line, Line::Up { .. })
    }

    /// Whether the try before this one came to something.
    pub(crate) const fn is_first_failure(&self) -> bool {
        self.failures == 0
    }

    pub(crate) const fn is_refreshing(&self) -> bool {
        matches!(self.line, Line::Refreshing)
    }

    pub(crate) const fn deadline(&self) -> Option<Timestamp> {
        match self.line {
            Line::Down | Line::Refreshing => None,
            Line::Waiting { until }
            | Line::Connecting { until }
            | Line::Greeting { until }
            | Line::Up {
                pong_until: Some(until),
                ..
            } => Some(until),
            Line::Up { quiet_until, .. } => Some(quiet_until),
        }
    }
}

impl<S: Storage> Engine<S> {
    pub(crate) fn connection_view(&self) -> ConnectionView {
        match self.connection.line {
            Line::Up { caught_up: true, .. } => ConnectionView::UpToDate,
            Line::Up { .. } => ConnectionView::CatchingUp,
            Line::Down => ConnectionView::Offline,
            _ if !self.connection.online => ConnectionView::Offline,
            Line::Waiting { until } => ConnectionView::Waiting {
                retry_at: self.clock.on_device(until),
            },
            Line::Refreshing | Line::Connecting { .. } | Line::Greeting { .. } => ConnectionView::Connecting,
        }
    }

    fn set_line(&mut self, line: Line) {
        if self.connection.line != line {
            self.connection.line = line;
        }
    }

    /// Makes the line, or first gets the token that it takes.
    pub(crate) fn connect(&mut self) {
        if self.session.is_none() {
            return self.set_line(Line::Down);
        }
        if self.token_is_stale() {
            self.set_line(Line::Refreshing);
            return self.refresh_token();
        }
        self.out.push(Output::Connect);
        let until = self.clock.steady().plus_ms(PATIENCE_MS);
        self.set_line(Line::Connecting { until });
    }

    /// Closes the line for good: nobody is signed in any more.
    pub(crate) fn hang_up(&mut self) {
        self.out.push(Output::Disconnect);
        self.forget_line();
        self.connection.failures = 0;
        self.set_line(Line::Down);
    }

    /// Closes the line and tries again: after `delay_ms`, or after a time drawn at random.
    pub(crate) fn drop_line(&mut self, delay_ms: Option<i64>) {
        if self.session.is_none() {
            return self.hang_up();
        }
        if !matches!(self.connection.line, Line::Waiting { .. } | Line::Refreshing) {
            self.out.push(Output::Disconnect);
        }
        self.wait(delay_ms);
    }

    /// The driver says that the line is gone.
    pub(crate) fn line_lost(&mut self) {
        match self.connection.line {
            Line::Connecting { .. } | Line::Greeting { .. } | Line::Up { .. } => self.wait(None),
            // It was ours to close, and the wait has begun.
            Line::Down | Line::Waiting { .. } | Line::Refreshing => {}
        }
    }

    pub(crate) fn wait(&mut self, delay_ms: Option<i64>) {
        if let Line::Up { since, .. } = self.connection.line
            && self.clock.steady().since_ms(since) >= STABLE_MS
        {
            self.connection.failures = 0;
        }
        self.forget_line();
        let doublings = self.connection.failures.min(5);
        self.connection.failures = self.connection.failures.saturating_add(1);
        let limit = (WAIT_FIRST_MS << doublings).min(WAIT_MOST_MS);
        let delay = match delay_ms {
            Some(delay_ms) => delay_ms,
            None if self.connection.online => self.random_ms(limit),
            None => WAIT_MOST_MS,
        };
        let until = self.clock.steady().plus_ms(delay);
        self.set_line(Line::Waiting { until });
    }

    /// What was known of a connection ends with it.
    fn forget_line(&mut self) {
        self.requests.clear();
        self.forget_sync();
        self.forget_in_flight();
        self.receipts.forget_line();
        self.personals.forget_line();
        self.encryption.forget_line();
        self.archives.forget_line();
        self.typists.clear(&mut self.dirty);
        self.presences.clear(&mut self.dirty);
        self.names.forget_line();
        self.stop_loading();
    }

    /// The socket stands: says who this is.
    pub(crate) fn greet(&mut self) -> Stored {
        match self.connection.line {
            Line::Connecting { .. } => {}
            Line::Greeting { .. } | Line::Up { .. } => return Ok(()),
            // It comes too late: nothing is wanted of it any more.
            Line::Down | Line::Waiting { .. } | Line::Refreshing => {
                self.out.push(Output::Disconnect);
                return Ok(());
            }
        }
        let Some(session) = &self.session else {
            self.hang_up();
            return Ok(());
        };
        let (token, cursors_max) = (session.access_token.clone(), session.limits.cursors_max);
        let cursors = self.storage.cursors(cursors_max)?;
        let id = self.new_request();
        self.requests.open(id, Request::Hello);
        self.syncing.begin(id, &cursors);
        let presence = self.own_presence();
        self.presences.announced(presence);
        self.send(&ClientFrame::Hello(Hello {
            id,
            protocol: PROTOCOL_VERSION,
            token,
            client: self.config.client.clone(),
            cursors,
            presence,
        }));
        let until = self.clock.steady().plus_ms(PATIENCE_MS);
        self.set_line(Line::Greeting { until });
        Ok(())
    }

    pub(crate) fn welcomed(&mut self, welcome: &Welcome) -> Stored {
        if !matches!(self.connection.line, Line::Greeting { .. }) {
            return Ok(());
        }
        let now = self.clock.steady();
        self.set_line(Line::Up {
            since: now,
            quiet_until: now.plus_ms(QUIET_MS),
            pong_until: None,
            caught_up: false,
        });
        self.dirty.all = true;
        let offset = welcome.now.since_ms(self.clock.now());
        self.save_names([&welcome.profile])?;
        self.update_session(|session| {
            session.clock_offset_ms = offset;
            session.me.profile = welcome.profile.clone();
            session.limits = welcome.limits.clone();
        })?;
        if self
            .session
            .as_ref()
            .is_some_and(|session| session.server_name.is_empty())
        {
            self.call_server_info();
        }
        self.first_page(&welcome.conversations, welcome.next)?;
        self.resend_outbox()?;
        self.uploads.hurry();
        self.wishes.hurry();
        self.resend_personals()?;
        self.encryption_welcomed()?;
        self.archives_welcomed()?;
        self.resend_receipts()
    }

    /// Everything that `hello` asked for is here.
    pub(crate) fn caught_up(&mut self) {
        if let Line::Up { caught_up, .. } = &mut self.connection.line
            && !*caught_up
        {
            *caught_up = true;
        }
    }

    /// A frame came: the line is alive.
    pub(crate) fn heard(&mut self) {
        let until = self.clock.steady().plus_ms(QUIET_MS);
        if let Line::Up {
            quiet_until,
            pong_until,
            ..
        } = &mut self.connection.line
        {
            *quiet_until = until;
            *pong_until = None;
        }
    }

    pub(crate) fn connection_due(&mut self) {
        let deadline = self.connection.deadline();
        if !deadline.is_some_and(|deadline| self.clock.is_due(deadline)) {
            return;
        }
        match &mut self.connection.line {
            Line::Waiting { .. } => self.connect(),
            Line::Up {
                pong_until: pong_until @ None,
                ..
            } => {
                *pong_until = Some(self.clock.steady().plus_ms(PONG_MS));
                let id = self.new_request();
                self.requests.open(id, Request::Ping);
                self.send(&ClientFrame::Ping(Ping { id }));
            }
            Line::Connecting { .. } | Line::Greeting { .. } | Line::Up { .. } => self.drop_line(None),
            Line::Down | Line::Refreshing => {}
        }
    }

    /// The server ends the connection in good order.
    pub(crate) fn goodbye(&mut self, goodbye: &Goodbye) {
        let asked = i64::from(goodbye.reconnect_after_ms);
        let delay = match goodbye.reason {
            GoodbyeReason::Replaced => asked.max(REPLACED_MS),
            // The server spreads its clients by what it asks; a second more of our own does no harm.
            GoodbyeReason::Shutdown | GoodbyeReason::SlowReader | GoodbyeReason::Unknown => {
                asked.saturating_add(self.random_ms(WAIT_FIRST_MS))
            }
        };
        self.drop_line(Some(delay));
    }

    /// The driver's hint on the network.
    pub(crate) fn set_online(&mut self, online: bool) {
        self.connection.online = online;
        if online {
            self.hurry();
        } else if !matches!(self.connection.line, Line::Down | Line::Refreshing) {
            self.drop_line(None);
        }
    }

    /// It is worth a try right now.
    pub(crate) fn hurry(&mut self) {
        self.connection.failures = 0;
        if let Line::Waiting { .. } = self.connection.line {
            self.connect();
        }
    }

    pub(crate) fn own_presence(&self) -> PresenceState {
        if self.views.any_visible() {
            PresenceState::Online
        } else {
            PresenceState::Away
        }
    }
}
