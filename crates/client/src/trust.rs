//! Commands about whose devices are whose: comparing safety numbers with another person, and vouching for one's own devices.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use pipit_e2ee::key_log::device_code;
use pipit_e2ee::{Identity, KeyLog, SafetyNumber, SignatureKey};
use pipit_wire::key_log::KeyHolder;
use pipit_wire::rest::encryption::{KeyLogs, NewVouch, Vouch};
use pipit_wire::{DeviceId, ErrorCode, UserId};

use crate::command::{CommandError, CommandId, Reply, TrustCommand, ViewId};
use crate::encryption::{Marks, own_log_path};
use crate::engine::{Engine, Stored};
use crate::http::{Call, Expects, Waiting, local_error, read, refusal};
use crate::io::{HttpAnswer, HttpMethod};
use crate::storage::Storage;
use crate::view::{LoggedDevice, OwnKeys, PersonTrust, SafetyOutcome, TrustState};

/// What stands before the QR code's content.
const CODE_PREFIX: &str = "pipit-safety:";

/// Groups of five digits, as they are shown.
fn shown(groups: &[u32]) -> Vec<String> {
    groups.iter().map(|group| format!("{group:05}")).collect()
}

/// The devices that are somebody's now, the earliest first.
fn devices_of(log: &KeyLog) -> Vec<LoggedDevice> {
    let mut devices: Vec<_> = log.devices().collect();
    devices.sort_by_key(|(_, key)| key.number);
    // The earliest root, be it removed or not: what hangs on another one was approved by none of those that were there first.
    let roots = devices.iter().map(|(device, _)| log.root_of(*device));
    let numbered = roots.filter_map(|root| log.keys().find(|(id, _)| *id == root));
    let first = numbered.min_by_key(|(_, key)| key.number).map(|(id, _)| id);
    let shown = devices.into_iter().map(|(device, key)| {
        let by_recovery = key.voucher.is_some_and(|by| {
            log.keys()
                .any(|(id, key)| id == by && key.holder == KeyHolder::Recovery)
        });
        LoggedDevice {
            device,
            since: key.at,
            approved: first == Some(log.root_of(device)),
            by: key.voucher.filter(|_| !by_recovery),
            by_recovery,
            code: None,
        }
    });
    shown.collect()
}

impl<S: Storage> Engine<S> {
    pub(crate) fn trust_command(&mut self, view: ViewId, id: CommandId, ask: TrustCommand) -> Stored {
        let reply = match ask {
            TrustCommand::Person { user } => Reply::PersonTrust {
                person: self.person_trust(user)?,
            },
            TrustCommand::CheckCode { user, code } => Reply::SafetyCode {
                outcome: self.check_code(user, &code)?,
            },
            TrustCommand::SetVerified { user, number } => self.set_verified(user, number)?,
            TrustCommand::BeginAnew { user } => {
                self.begin_anew(user)?;
                Reply::Done
            }
            TrustCommand::Own => match self.ask_for_own_keys()? {
                None => Reply::OwnKeys {
                    own: self.own_keys()?,
                },
                Some((expects, waiting)) => {
                    self.call(waiting.answering(Call::Command { view, id, expects }));
                    return Ok(());
                }
            },
            TrustCommand::Approve { device, code } => match self.approval(device, &code)? {
                Err(error) => Reply::Failed { error },
                Ok(waiting) => {
                    let expects = Expects::Nothing;
                    self.call(waiting.answering(Call::Command { view, id, expects }));
                    return Ok(());
                }
            },
        };
        self.reply(view, id, reply);
        Ok(())
    }

    /// Whether somebody is who they are taken to be.
    pub(crate) fn trust_state(&mut self, user: UserId) -> Stored<TrustState> {
        let person = self.person(user)?;
        Ok(if person.marks.broken {
            TrustState::Broken
        } else if person.log.number() == 0 {
            TrustState::Unknown
        } else if person.is_verified() {
            TrustState::Verified
        } else if person.marks.verified.is_some() {
            TrustState::Changed
        } else {
            TrustState::Unverified
        })
    }

    /// The safety number of oneself and somebody; none while one of the two has no device, as far as is known.
    fn safety_number(&mut self, user: UserId) -> Stored<Option<SafetyNumber>> {
        let Some(me) = self.me().filter(|me| *me != user) else {
            return Ok(None);
        };
        let mine = self.person(me)?.marks.roots.clone();
        let theirs = &self.person(user)?.marks.roots;
        if mine.is_empty() || theirs.is_empty() {
            return Ok(None);
        }
        Ok(Some(SafetyNumber::new((me, &mine), (user, theirs))))
    }

    fn person_trust(&mut self, user: UserId) -> Stored<PersonTrust> {
        let number = self.safety_number(user)?;
        let state = self.trust_state(user)?;
        let person = self.person(user)?;
        let verified = person.marks.verified.as_ref();
        Ok(PersonTrust {
            user,
            state,
            number: number.as_ref().map(|number| shown(&number.groups())),
            code: number.map(|number| {
                let payload = STANDARD_NO_PAD.encode(number.qr_payload());
                format!("{CODE_PREFIX}{payload}")
            }),
            verified_at: verified.map(|(_, at)| *at),
            devices: devices_of(&person.log),
        })
    }

    fn check_code(&mut self, user: UserId, code: &str) -> Stored<SafetyOutcome> {
        let payload = code
            .trim()
            .strip_prefix(CODE_PREFIX)
            .and_then(|payload| STANDARD_NO_PAD.decode(payload).ok());
        let (Some(payload), Some(number)) = (payload, self.safety_number(user)?) else {
            return Ok(SafetyOutcome::NotACode);
        };
        Ok(match number.matches(&payload) {
            Ok(true) => SafetyOutcome::Match,
            Ok(false) => SafetyOutcome::Mismatch,
            Err(_) => SafetyOutcome::NotACode,
        })
    }

    fn set_verified(&mut self, user: UserId, number: Option<Vec<String>>) -> Stored<Reply> {
        let current = self.safety_number(user)?.map(|number| shown(&number.groups()));
        let now = self.server_now();
        let marks = self.person(user)?.marks.clone();
        // After what was said before, whatever clock that was by.
        let now = marks.decided_at().map_or(now, |at| now.max(at.plus_ms(1)));
        let unverified_at = number.is_none().then_some(now).or(marks.unverified_at);
        let verified = match number {
            None => None,
            Some(number) => {
                if marks.broken || current != Some(number) {
                    let error = local_error("number_changed", None);
                    return Ok(Reply::Failed { error });
                }
                Some((marks.roots.clone(), now))
            }
        };
        let marks = Marks {
            verified,
            unverified_at,
            ..marks
        };
        self.save_marks(user, marks)?;
        self.back_up_soon();
        Ok(Reply::Done)
    }

    /// What is to be asked of the server; nothing without a line.
    fn ask_for_own_keys(&mut self) -> Stored<Option<(Expects, Waiting)>> {
        let Some(me) = self.me().filter(|_| self.connection.is_up()) else {
            return Ok(None);
        };
        let seen = self.person(me)?.log.number();
        let waiting = Waiting::authorized(Call::Farewell, HttpMethod::Get, own_log_path(seen));
        Ok(Some((Expects::OwnKeys { seen }, waiting)))
    }

    pub(crate) fn read_own_keys(
        &mut self,
        seen: u64,
        answer: &HttpAnswer,
    ) -> Stored<Result<Reply, CommandError>> {
        match read::<KeyLogs>(answer) {
            Ok(page) => {
                self.own_log_came(seen, &page)?;
                Ok(Ok(Reply::OwnKeys {
                    own: self.own_keys()?,
                }))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    fn own_keys(&mut self) -> Stored<OwnKeys> {
        let Some(me) = self.me() else {
            return Ok(OwnKeys {
                devices: Vec::new(),
                broken: false,
            });
        };
        let person = self.person(me)?;
        let mut devices = devices_of(&person.log);
        for shown_device in &mut devices {
            let device = shown_device.device;
            let key = person.log.device(device).map(|logged| logged.key);
            shown_device.code = key.map(|key| code_of(me, device, &key));
        }
        Ok(OwnKeys {
            devices,
            broken: person.marks.broken,
        })
    }

    /// The vouch of this device for another one of the account, whose code the user has compared.
    fn approval(&mut self, device: DeviceId, code: &[String]) -> Stored<Result<Waiting, CommandError>> {
        let Some(me) = self.me() else {
            return Ok(Err(local_error("signed_out", None)));
        };
        let logged = self.person(me)?.log.device(device).map(|logged| logged.key);
        let Some(key) = logged else {
            return Ok(Err(refusal(ErrorCode::NotFound, None)));
        };
        if code_of(me, device, &key) != code {
            return Ok(Err(local_error("number_changed", None)));
        }
        Ok(self.vouch_for(device, &key)?.ok_or_else(|| {
            tracing::error!("this device cannot vouch for another one");
            local_error("storage", None)
        }))
    }

    /// The request by which this device vouches for another one of the account. None where this device has no key.
    pub(crate) fn vouch_for(&mut self, device: DeviceId, key: &SignatureKey) -> Stored<Option<Waiting>> {
        let Some(vouch) = self.vouch(KeyHolder::Device, device, key)? else {
            return Ok(None);
        };
        let body = NewVouch {
            signature_key: STANDARD.encode(key.0),
            vouch: Vouch {
                by: vouch.by,
                signature: STANDARD.encode(vouch.signature),
            },
        };
        let path = format!("/v1/devices/{device}/vouch");
        Ok(Some(
            Waiting::authorized(Call::Farewell, HttpMethod::Post, path).with(&body),
        ))
    }
}

fn code_of(user: UserId, device: DeviceId, key: &SignatureKey) -> Vec<String> {
    shown(&device_code(Identity { user, device }, key))
}
