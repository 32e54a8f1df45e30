//! Why something was refused. After each of these the state is what it was before the call.

use openmls::framing::errors::{MessageDecryptionError, SecretTreeError};
use openmls::prelude::{
    CreateCommitError, KeyPackageVerifyError, MlsGroupStateError, ProcessMessageError,
    ProposalValidationError, StageCommitError, ValidationError, WelcomeError,
};
use openmls::treesync::errors::LeafNodeValidationError;

use crate::codec::CodecError;
use crate::identity::Identity;
use crate::port::PortError;
use crate::storage::StorageError;

/// Why something was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a message of MLS, or not of the kind that belongs here.
    #[error("malformed")]
    Malformed,
    /// Larger than anything that this program makes.
    #[error("{size} bytes, at most {max} are taken")]
    TooLarge {
        /// How large it is.
        size: usize,
        /// What is taken.
        max: usize,
    },
    /// It belongs to another group.
    #[error("belongs to another conversation")]
    WrongGroup,
    /// It was sealed for another place in the log: another message, or another conversation.
    #[error("belongs to another entry")]
    WrongEntry,
    /// There is no group for this conversation on this device.
    #[error("no group for this conversation")]
    NoGroup,
    /// There is one already.
    #[error("this conversation has a group already")]
    GroupExists,
    /// This device is not a member any longer.
    #[error("this device was removed")]
    Removed,
    /// Its key was used already: a replay.
    #[error("was read before")]
    Replayed,
    /// From an epoch, or a place in one, whose keys are gone.
    #[error("too old to be read")]
    TooOld,
    /// From an epoch that this device has not reached: commits are missing.
    #[error("from epoch {epoch}, this device is at {current}")]
    FutureEpoch {
        /// Of the message.
        epoch: u64,
        /// Of this device.
        current: u64,
    },
    /// A commit or proposal for an epoch that is over: another one came first.
    #[error("a change of epoch {epoch}, which is over; this device is at {current}")]
    PastEpoch {
        /// Of the message.
        epoch: u64,
        /// Of this device.
        current: u64,
    },
    /// The sender is no member.
    #[error("unknown sender")]
    UnknownSender,
    /// The signature, or the seal, is not that of the sender.
    #[error("not authentic")]
    NotAuthentic,
    /// A credential that this program does not make.
    #[error("not a credential of this system")]
    BadCredential,
    /// The account's list of devices does not have this key for this device, as far as is known here. It may have to be fetched again.
    #[error("nobody vouches for this device's key")]
    ForgedCredential(Identity),
    /// The same device twice in a group.
    #[error("a device would be in the group twice")]
    DoubledDevice(Identity),
    /// The committer may not do that.
    #[error("not permitted")]
    NotPermitted,
    /// A part of MLS that is not used here.
    #[error("a kind of change that is not used here")]
    Unsupported,
    /// A welcome whose keys are not on this device: for another one, or used before.
    #[error("a welcome for another device")]
    NotForThisDevice,
    /// A key package that is over, not yet begun, or good for too long.
    #[error("the key package is not valid now")]
    KeyPackageExpired,
    /// A key package that does not have the group's ciphersuite.
    #[error("the ciphersuite is not the group's")]
    WrongSuite,
    /// The group would have more devices than it may.
    #[error("too many devices")]
    TooManyDevices,
    /// Somebody's wish to leave has to be committed before anything is sealed (RFC 9420, section 12.4).
    #[error("a change has to be committed first")]
    CommitFirst,
    /// Nobody else is in the group who could take this device out.
    #[error("nobody else is in the group")]
    Alone,
    /// A commit of this device waits for the server's word.
    #[error("a commit is under way")]
    CommitPending,
    /// Since this program started nobody has compared this group with the log ([`crate::Device::confirm`]).
    #[error("not yet compared with the log")]
    Unconfirmed,
    /// The log has entries of this device that its state does not know: the state is an old copy. Only rejoining helps.
    #[error("this device's state is an old copy")]
    OldCopy,
    /// This device's own commit to rejoin waits for the server's word.
    #[error("rejoining")]
    Rejoining,
    /// Storage failed; the caller rolls back.
    #[error(transparent)]
    Storage(#[from] PortError),
    /// What is stored cannot be read.
    #[error("stored keys are damaged")]
    Corrupt(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// OpenMLS refused for a reason that has no name here, or has a bug.
    #[error("the group layer refused")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn other(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Other(Box::new(error))
    }
}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Port(error) => Self::Storage(error),
            StorageError::Codec(error) => error.into(),
        }
    }
}

impl From<CodecError> for Error {
    fn from(error: CodecError) -> Self {
        Self::Corrupt(Box::new(error))
    }
}

impl From<ProcessMessageError<StorageError>> for Error {
    fn from(error: ProcessMessageError<StorageError>) -> Self {
        match error {
            ProcessMessageError::StorageError(error) => error.into(),
            ProcessMessageError::ValidationError(error) => error.into(),
            ProcessMessageError::InvalidCommit(error) => error.into(),
            ProcessMessageError::GroupStateError(error) => error.into(),
            ProcessMessageError::IncompatibleWireFormat
            | ProcessMessageError::UnauthorizedExternalApplicationMessage
            | ProcessMessageError::UnauthorizedExternalCommitMessage
            | ProcessMessageError::UnsupportedProposalType => Self::Unsupported,
            ProcessMessageError::LibraryError(error) => Self::other(error),
        }
    }
}

impl From<ValidationError> for Error {
    fn from(error: ValidationError) -> Self {
        match error {
            ValidationError::WrongGroupId => Self::WrongGroup,
            ValidationError::UnknownMember
            | ValidationError::UnauthorizedExternalSender
            | ValidationError::NoExternalSendersExtension
            | ValidationError::NonMemberApplicationMessage => Self::UnknownSender,
            ValidationError::NoPastEpochData => Self::TooOld,
            ValidationError::InvalidSignature
            | ValidationError::InvalidLeafNodeSignature
            | ValidationError::InvalidMembershipTag
            | ValidationError::MissingMembershipTag => Self::NotAuthentic,
            ValidationError::UnableToDecrypt(error) => error.into(),
            ValidationError::KeyPackageVerifyError(error) => error.into(),
            ValidationError::LibraryError(error) => Self::other(error),
            _ => Self::Malformed,
        }
    }
}

impl From<MessageDecryptionError> for Error {
    fn from(error: MessageDecryptionError) -> Self {
        match error {
            MessageDecryptionError::SecretTreeError(error) => match error {
                SecretTreeError::SecretReuseError => Self::Replayed,
                SecretTreeError::TooDistantInThePast => Self::TooOld,
                SecretTreeError::TooDistantInTheFuture
                | SecretTreeError::IndexOutOfBounds
                | SecretTreeError::RatchetTooLong => Self::NotAuthentic,
                error => Self::other(error),
            },
            MessageDecryptionError::AeadError | MessageDecryptionError::GenerationOutOfBound => {
                Self::NotAuthentic
            }
            MessageDecryptionError::WrongWireFormat | MessageDecryptionError::MalformedContent => {
                Self::Malformed
            }
            MessageDecryptionError::LibraryError(error) => Self::other(error),
        }
    }
}

impl From<StageCommitError> for Error {
    fn from(error: StageCommitError) -> Self {
        match error {
            StageCommitError::LibraryError(error) => Self::other(error),
            StageCommitError::ProposalValidationError(error) => error.into(),
            StageCommitError::LeafNodeValidation(error) => error.into(),
            StageCommitError::PathLeafNodeVerificationFailure | StageCommitError::ConfirmationTagMismatch => {
                Self::NotAuthentic
            }
            StageCommitError::TooManyNewMembers => Self::TooManyDevices,
            StageCommitError::SenderTypeExternal | StageCommitError::SenderTypeNewMemberProposal => {
                Self::UnknownSender
            }
            _ => Self::Malformed,
        }
    }
}

impl From<ProposalValidationError> for Error {
    fn from(error: ProposalValidationError) -> Self {
        match error {
            ProposalValidationError::UnknownMember => Self::UnknownSender,
            ProposalValidationError::InvalidAddProposalCiphersuiteOrVersion => Self::WrongSuite,
            ProposalValidationError::LeafNodeValidation(error) => error.into(),
            ProposalValidationError::LibraryError(error) => Self::other(error),
            _ => Self::Malformed,
        }
    }
}

impl From<LeafNodeValidationError> for Error {
    fn from(error: LeafNodeValidationError) -> Self {
        match error {
            LeafNodeValidationError::Lifetime(_) => Self::KeyPackageExpired,
            LeafNodeValidationError::CiphersuiteNotInCapabilities => Self::WrongSuite,
            _ => Self::Malformed,
        }
    }
}

impl From<KeyPackageVerifyError> for Error {
    fn from(error: KeyPackageVerifyError) -> Self {
        match error {
            KeyPackageVerifyError::LifetimeError(_) => Self::KeyPackageExpired,
            KeyPackageVerifyError::InvalidSignature | KeyPackageVerifyError::InvalidLeafNodeSignature => {
                Self::NotAuthentic
            }
            KeyPackageVerifyError::LibraryError(error) => Self::other(error),
            _ => Self::Malformed,
        }
    }
}

impl From<MlsGroupStateError> for Error {
    fn from(error: MlsGroupStateError) -> Self {
        match error {
            MlsGroupStateError::UseAfterEviction => Self::Removed,
            MlsGroupStateError::PendingCommit => Self::CommitPending,
            MlsGroupStateError::PendingProposal => Self::CommitFirst,
            error => Self::other(error),
        }
    }
}

impl From<WelcomeError<StorageError>> for Error {
    fn from(error: WelcomeError<StorageError>) -> Self {
        match error {
            WelcomeError::StorageError(error) => error.into(),
            WelcomeError::NoMatchingKeyPackage
            | WelcomeError::JoinerSecretNotFound
            | WelcomeError::NoMatchingEncryptionKey
            | WelcomeError::PrivateInitKeyNotFound => Self::NotForThisDevice,
            WelcomeError::CiphersuiteMismatch | WelcomeError::UnsupportedCiphersuite(_) => Self::WrongSuite,
            WelcomeError::GroupAlreadyExists => Self::GroupExists,
            WelcomeError::UnableToDecrypt
            | WelcomeError::GroupSecrets(_)
            | WelcomeError::GroupInfo(_)
            | WelcomeError::ConfirmationTagMismatch
            | WelcomeError::InvalidGroupInfoSignature => Self::NotAuthentic,
            WelcomeError::UnknownSender => Self::UnknownSender,
            WelcomeError::LibraryError(error) => Self::other(error),
            _ => Self::Malformed,
        }
    }
}

impl From<CreateCommitError> for Error {
    fn from(error: CreateCommitError) -> Self {
        match error {
            CreateCommitError::ProposalValidationError(error) => error.into(),
            CreateCommitError::CannotRemoveSelf => Self::NotPermitted,
            error => Self::other(error),
        }
    }
}
