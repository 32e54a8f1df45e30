//! Requests about keys and groups: how they are made, and to whom their answers go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipit_wire::rest::encryption::{
    ClaimedKeyPackages, DeviceKeys, GroupState, HandshakeTaken, KeyLogs, KeyPackages, Welcomes,
};
use pipit_wire::{ConversationId, DeviceId, ErrorCode, EventId, Retry, UserId};
use serde::Serialize;

use crate::command::CommandError;
use crate::engine::{Engine, Stored};
use crate::http::{Call, Waiting, code_name, read};
use crate::io::{HttpAnswer, HttpMethod};
use crate::storage::Storage;

/// The least wait after the server has refused something that a later try may bring.
const REFUSED_MS: i64 = 60_000;
/// The wait before welcomes are asked for again.
const WELCOMES_RETRY_MS: i64 = 3_000;

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyCall {
    /// Says this device's public key.
    PublishKey,
    /// Asks how it stands with the key packages.
    Pool,
    /// Publishes more.
    PublishPackages,
    /// Asks for welcomes.
    Welcomes,
    /// A welcome was taken in, or cannot be.
    Acknowledge {
        conversation: ConversationId,
        commit: EventId,
    },
    /// Asks for the devices of the members.
    Devices { conversation: ConversationId },
    /// Asks for people's key logs, of each of which so many entries were seen.
    KeyLogs {
        conversation: ConversationId,
        asked: Vec<(UserId, u64)>,
    },
    /// Asks for one's own, of which so many entries were seen.
    OwnLog { seen: u64 },
    /// Takes key packages of these devices.
    Claim {
        conversation: ConversationId,
        devices: Vec<DeviceId>,
    },
    /// Sends a commit.
    Handshake {
        conversation: ConversationId,
        entry: EventId,
    },
    /// Asks what the server knows of the group.
    Group { conversation: ConversationId },
    /// Describes the group.
    Describe { conversation: ConversationId },
}

impl KeyCall {
    /// The conversation that waits for the answer.
    const fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Devices { conversation }
            | Self::KeyLogs { conversation, .. }
            | Self::Claim { conversation, .. }
            | Self::Handshake { conversation, .. }
            | Self::Group { conversation }
            | Self::Describe { conversation } => Some(*conversation),
            Self::PublishKey
            | Self::Pool
            | Self::PublishPackages
            | Self::Welcomes
            | Self::OwnLog { .. }
            | Self::Acknowledge { .. } => None,
        }
    }
}

/// Bytes as they travel.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes as they came; nothing where that is not base64.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

impl<S: Storage> Engine<S> {
    /// Whether a request of this conversation is under way.
    pub(super) fn is_asking(&self, conversation: ConversationId) -> bool {
        self.calls
            .is_any_open(|call| matches!(call, Call::Keys(call) if call.conversation() == Some(conversation)))
    }

    pub(super) fn is_asking_for(&self, meant: &KeyCall) -> bool {
        self.calls
            .is_any_open(|call| matches!(call, Call::Keys(call) if call == meant))
    }

    pub(super) fn ask_keys(&mut self, call: KeyCall, path: String) {
        self.call(Waiting::authorized(Call::Keys(call), HttpMethod::Get, path));
    }

    pub(super) fn say_keys(&mut self, call: KeyCall, path: String, body: &impl Serialize) {
        self.call(Waiting::authorized(Call::Keys(call), HttpMethod::Post, path).with(body));
    }

    pub(super) fn acknowledge_welcome(&mut self, conversation: ConversationId, commit: EventId) {
        let call = KeyCall::Acknowledge { conversation, commit };
        let path = format!("/v1/devices/current/welcomes/{conversation}/{commit}");
        self.call(Waiting::authorized(Call::Keys(call), HttpMethod::Delete, path));
    }

    pub(crate) fn keys_answered(&mut self, call: &KeyCall, answer: &HttpAnswer) -> Stored {
        if let Some(conversation) = call.conversation() {
            self.encryption.talk(conversation).failures = 0;
            self.encryption.nudge(conversation);
        }
        match call {
            KeyCall::PublishKey => self.key_published(),
            KeyCall::Pool => match read::<KeyPackages>(answer) {
                Ok(pool) => self.pool_came(&pool),
                Err(error) => self.key_call_failed(call, &error),
            },
            KeyCall::PublishPackages => match read::<KeyPackages>(answer) {
                Ok(pool) => self.packages_published(&pool),
                Err(error) => self.key_call_failed(call, &error),
            },
            KeyCall::Welcomes => match read::<Welcomes>(answer) {
                Ok(welcomes) => self.welcomes_came(welcomes.items),
                Err(error) => self.key_call_failed(call, &error),
            },
            KeyCall::Acknowledge { .. } => {
                // There may be more of them.
                self.encryption.welcomes_due = true;
                self.pump_welcomes();
                Ok(())
            }
            KeyCall::Devices { conversation } => match read::<DeviceKeys>(answer) {
                Ok(page) => self.devices_came(*conversation, page),
                Err(error) => self.key_call_failed(call, &error),
            },
            KeyCall::KeyLogs { conversation, asked } => match read::<KeyLogs>(answer) {
                Ok(page) => self.logs_came(*conversation, asked, &page),
                Err(error) => self.key_call_failed(call, &error),
            },
            KeyCall::OwnLog { seen } => match read::<KeyLogs>(answer) {
                Ok(page) => self.own_log_came(*seen, &page),
                Err(error) => self.key_call_failed(call, &error),
            },
            KeyCall::Claim {
                conversation,
                devices,
            } => match read::<ClaimedKeyPackages>(answer) {
                Ok(claimed) => self.packages_came(*conversation, devices, claimed.items),
                Err(error) => self.key_call_failed(call, &error),
            },
            KeyCall::Handshake { conversation, entry } => match read::<HandshakeTaken>(answer) {
                Ok(taken) => self.handshake_taken(*conversation, *entry, taken.seq),
                Err(error) => self.key_call_failed(call, &error),
            },
            KeyCall::Group { conversation } => match read::<GroupState>(answer) {
                Ok(state) => self.group_state_came(*conversation, &state),
                Err(error) => self.key_call_failed(call, &error),
            },
            KeyCall::Describe { conversation } => {
                self.encryption.talk(*conversation).description = None;
                Ok(())
            }
        }
    }

    /// A request came to nothing: it is made again, if it still has to be, with what follows from what is there then.
    pub(super) fn key_call_failed(&mut self, call: &KeyCall, error: &CommandError) -> Stored {
        let is = |code: ErrorCode| error.code == code_name(code);
        let least_ms = match error.retry {
            Retry::Later => error.retry_after_ms.map_or(0, i64::from),
            Retry::Never | Retry::AfterSignIn => REFUSED_MS,
        };
        match call {
            KeyCall::PublishKey | KeyCall::Pool | KeyCall::PublishPackages => {
                self.pool_call_failed(call, error, least_ms);
            }
            KeyCall::Welcomes => {
                let wait_ms = least_ms.max(WELCOMES_RETRY_MS);
                self.encryption.welcomes_due = true;
                self.encryption.welcomes_at = Some(self.clock.steady().plus_ms(wait_ms));
            }
            // It comes again with the next look, and then again cannot be used; one's own log with the next line.
            KeyCall::Acknowledge { .. } | KeyCall::OwnLog { .. } => {}
            KeyCall::Handshake { conversation, .. } => {
                let conversation = *conversation;
                if error.retry == Retry::Later {
                    self.put_off_talk(conversation, least_ms);
                } else {
                    let stale = is(ErrorCode::StaleEpoch);
                    self.handshake_refused(conversation)?;
                    self.put_off_talk(conversation, if stale { 0 } else { least_ms });
                }
            }
            KeyCall::Describe { conversation } => {
                let conversation = *conversation;
                if error.retry == Retry::Later {
                    self.put_off_talk(conversation, least_ms);
                } else {
                    self.encryption.talk(conversation).description = None;
                    self.encryption.nudge(conversation);
                }
            }
            KeyCall::Devices { conversation }
            | KeyCall::KeyLogs { conversation, .. }
            | KeyCall::Claim { conversation, .. }
            | KeyCall::Group { conversation } => {
                self.forget_gathering(*conversation);
                self.put_off_talk(*conversation, least_ms);
            }
        }
        Ok(())
    }
}
