//! Every error that a client can meet: a stable code, a sentence, and whether to try again.

use serde::{Deserialize, Serialize};

use crate::ids::RequestId;

/// Whether trying the same thing again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The same request will fail again: it has to change first.
    Never,
    /// The same request may succeed after `retry_after_ms`.
    Later,
    /// A fresh access token is needed first.
    AfterSignIn,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident => $status:literal, $retry:ident;)*) => {
        /// A stable name for what went wrong. Codes are only ever added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// A code that this version does not know: treat it by the error's `retry`.
            #[serde(other)]
            Unknown,
        }

        impl ErrorCode {
            /// Every code that this version can send, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The HTTP status that carries this code over REST (RFC 9110, section 15).
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$name => $status,)* Self::Unknown => 500 }
            }

            /// Whether trying again can help. The one place where a code's retry class is decided.
            pub const fn retry(self) -> Retry {
                match self { $(Self::$name => Retry::$retry,)* Self::Unknown => Retry::Never }
            }
        }
    };
}

error_codes! {
    /// The text is not a JSON object, or not valid UTF-8.
    Malformed => 400, Never;
    /// The frame or body is longer than the limit.
    TooLarge => 413, Never;
    /// The `type` is not one that this server knows.
    UnknownType => 400, Never;
    /// A field is not one that this frame or request has.
    UnknownField => 400, Never;
    /// A field is missing, of the wrong type, or out of range.
    InvalidField => 400, Never;
    /// The frame is not allowed now: anything before `hello`, or a second `hello`.
    OutOfOrder => 409, Never;
    /// The protocol version is not spoken here.
    UnsupportedVersion => 400, Never;
    /// There is no valid access token: it is missing, malformed or expired.
    Unauthenticated => 401, AfterSignIn;
    /// The device was signed out, or its refresh token was used twice.
    SignedOut => 401, Never;
    /// Handle or password is wrong. Which one is not said.
    WrongCredentials => 401, Never;
    /// The account is suspended on this server.
    Suspended => 403, Never;
    /// Not allowed to do this.
    Forbidden => 403, Never;
    /// Does not exist, or is not visible to whoever asks. Which one is not said.
    NotFound => 404, Never;
    /// Not a member of this conversation (any more).
    NotMember => 403, Never;
    /// One of the two has blocked the other.
    Blocked => 403, Never;
    /// They do not take this from whoever asks: who may begin a conversation with them, or add them to groups, is for them to say.
    Declined => 403, Never;
    /// Banned from this conversation: somebody who keeps order there has to lift that first.
    Banned => 403, Never;
    /// The handle is taken.
    HandleTaken => 409, Never;
    /// The id was used before, for something else.
    IdConflict => 409, Never;
    /// The invite or set-up link is unknown, expired, revoked or used up.
    InviteInvalid => 410, Never;
    /// Sign-up needs an invite on this server.
    InviteRequired => 403, Never;
    /// The server has been set up already.
    AlreadySetUp => 409, Never;
    /// The password is shorter or longer than allowed.
    PasswordUnacceptable => 422, Never;
    /// A group of this size is not allowed.
    GroupTooLarge => 422, Never;
    /// A group must keep an owner.
    OwnerRequired => 409, Never;
    /// The files of the account would have more bytes than it is allowed: delete some first.
    QuotaExceeded => 413, Never;
    /// So many uploads are under way that another one has to wait until one of them has ended.
    TooManyUploads => 429, Later;
    /// The upload has another offset than the request says: ask for it, and go on from there.
    OffsetConflict => 409, Never;
    /// What has arrived is not what was sent: send it again.
    ChecksumMismatch => 460, Later;
    /// The picture has more pixels than this server takes.
    PictureTooLarge => 422, Never;
    /// A file of the message is not there, is not finished, or is not the sender's to send. Which one is not said.
    AttachmentUnusable => 422, Never;
    /// The time in which the message may be edited or deleted has passed.
    WindowClosed => 403, Never;
    /// The poll takes no more votes.
    PollClosed => 409, Never;
    /// The conversation's group of devices has moved on: take in what the log has, and seal it again.
    StaleEpoch => 409, Never;
    /// The conversation is encrypted: only what was sealed on a device goes into it.
    SealedOnly => 403, Never;
    /// There are as many of these as are allowed: different reactions to a message, pinned messages.
    LimitReached => 409, Never;
    /// The server's disk is full.
    StorageFull => 507, Later;
    /// Too many requests: wait for `retry_after_ms`.
    RateLimited => 429, Later;
    /// The server cannot do this now: wait for `retry_after_ms`.
    Unavailable => 503, Later;
    /// A fault in the server. The incident id in `message` finds it in the log.
    Internal => 500, Later;
}

/// An error as a client gets it, in an `error` frame or as the body of an HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[error("{code:?}: {message}")]
pub struct WireError {
    /// The request that failed, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub id: Option<RequestId>,
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong, for developers, in English. Never shown to people: clients have a catalogue by code.
    pub message: String,
    /// The frame type or field that the error is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub field: Option<String>,
    /// Whether trying again can help.
    pub retry: Retry,
    /// How long to wait first, milliseconds, where `retry` is `later`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub retry_after_ms: Option<u32>,
}

impl WireError {
    /// An error with this code; its retry class comes from the code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let retry_after_ms = match code.retry() {
            Retry::Later => Some(1_000),
            Retry::Never | Retry::AfterSignIn => None,
        };
        Self {
            id: None,
            code,
            message: message.into(),
            field: None,
            retry: code.retry(),
            retry_after_ms,
        }
    }

    /// The same error, about this field or frame type.
    #[must_use]
    pub fn about(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same error, in answer to this request.
    #[must_use]
    pub fn answering(mut self, id: Option<RequestId>) -> Self {
        self.id = id;
        self
    }

    /// The same error, with this time to wait.
    #[must_use]
    pub fn after_ms(mut self, retry_after_ms: u32) -> Self {
        self.retry_after_ms = Some(retry_after_ms);
        self
    }
}
