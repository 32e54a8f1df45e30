//! The test vectors of RFC 9420, run through our build of OpenMLS: the same version, features and cryptography as in Pipit's devices.
//!
//! `vectors/README.md` says what they are. Nothing else depends on this crate.
#![warn(missing_docs)]

use std::fmt;

use data_encoding::HEXLOWER;
use openmls::prelude::tls_codec::Deserialize as _;
use openmls::prelude::{
    HpkePrivateKey, KeyPackage, KeyPackageBundle, MIXED_PLAINTEXT_WIRE_FORMAT_POLICY, MlsGroup,
    MlsGroupJoinConfig, MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, ProcessedWelcome,
    RatchetTreeIn,
};
use openmls::schedule::PreSharedKeyId;
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider as _;
use openmls_traits::storage::StorageProvider as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;

#[cfg(target_family = "wasm")]
pub mod browser;
pub mod groups;

/// Bytes, in hexadecimal.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER.decode(text.as_bytes());
        bytes.map(Self).map_err(serde::de::Error::custom)
    }
}

/// A device that only listens: what it is given, and what has to come of it.
#[derive(Deserialize)]
pub struct PassiveClient {
    external_psks: Vec<ExternalPsk>,
    key_package: Bytes,
    encryption_priv: Bytes,
    init_priv: Bytes,
    welcome: Bytes,
    ratchet_tree: Option<Bytes>,
    initial_epoch_authenticator: Bytes,
    epochs: Vec<Epoch>,
}

#[derive(Deserialize)]
struct ExternalPsk {
    psk_id: Bytes,
    psk: Bytes,
}

#[derive(Deserialize)]
struct Epoch {
    proposals: Vec<Bytes>,
    commit: Bytes,
    #[serde(rename = "epoch_authenticator")]
    authenticator: Bytes,
}

/// Where a vector and OpenMLS differ.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {why}")]
pub struct Failure {
    step: &'static str,
    why: String,
}

impl Failure {
    /// Whether a key package is not good any more by the clock of this machine.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.why.contains("Expired")
    }
}

/// What went wrong in a step.
trait In<T> {
    fn at(self, step: &'static str) -> Result<T, Failure>;
}

impl<T, E: fmt::Debug> In<T> for Result<T, E> {
    fn at(self, step: &'static str) -> Result<T, Failure> {
        self.map_err(|error| Failure {
            step,
            why: format!("{error:?}"),
        })
    }
}

/// Reads a file of vectors.
pub fn read(file: &str) -> Result<Vec<PassiveClient>, Failure> {
    serde_json::from_str(file).at("reading the vectors")
}

impl PassiveClient {
    /// Joins, follows every commit, and compares what has to be the same.
    pub fn run(&self) -> Result<(), Failure> {
        let provider = OpenMlsRustCrypto::default();
        for ExternalPsk { psk_id, psk } in &self.external_psks {
            let id = PreSharedKeyId::external(psk_id.0.clone(), Vec::new());
            id.store(&provider, &psk.0).at("keeping a pre-shared key")?;
        }
        self.keep_key_package(&provider)?;
        let mut group = self.join(&provider)?;
        compare(&group, &self.initial_epoch_authenticator, "after joining")?;
        for epoch in &self.epochs {
            for message in epoch.proposals.iter().chain([&epoch.commit]) {
                take(&provider, &mut group, message)?;
            }
            compare(&group, &epoch.authenticator, "after a commit")?;
        }
        Ok(())
    }

    /// What making the key package would have left in the store.
    fn keep_key_package(&self, provider: &OpenMlsRustCrypto) -> Result<(), Failure> {
        let MlsMessageBodyIn::KeyPackage(package) = message(&self.key_package)?.extract() else {
            return Err("another message").at("the key package");
        };
        // It is this device's own, whose time has passed since it was made: nothing of it is to be proved.
        let package = serde_json::to_value(package).at("the key package")?;
        let package: KeyPackage = serde_json::from_value(package).at("the key package")?;
        let reference = package.hash_ref(provider.crypto()).at("the key package")?;
        // OpenMLS makes these itself, and has no other way in for one that is there already.
        let bundle: KeyPackageBundle = serde_json::from_value(json!({
            "key_package": package,
            "private_init_key": HpkePrivateKey::from(self.init_priv.0.clone()),
            "private_encryption_key": { "key": HpkePrivateKey::from(self.encryption_priv.0.clone()) },
        }))
        .at("the key package's secrets")?;
        let storage = provider.storage();
        storage
            .write_key_package(&reference, &bundle)
            .at("keeping the key package")
    }

    fn join(&self, provider: &OpenMlsRustCrypto) -> Result<MlsGroup, Failure> {
        let config = MlsGroupJoinConfig::builder()
            .use_ratchet_tree_extension(true)
            .wire_format_policy(MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
            .number_of_resumption_psks(16)
            .build();
        let MlsMessageBodyIn::Welcome(welcome) = message(&self.welcome)?.extract() else {
            return Err("another message").at("the welcome");
        };
        let welcome = ProcessedWelcome::new_from_welcome(provider, &config, welcome).at("the welcome")?;
        let mut joining = openmls::group::JoinBuilder::new(provider, welcome).skip_lifetime_validation();
        if let Some(tree) = &self.ratchet_tree {
            let tree = RatchetTreeIn::tls_deserialize_exact(&tree.0).at("the tree")?;
            joining = joining.with_ratchet_tree(tree);
        }
        joining.build().at("joining")?.into_group(provider).at("joining")
    }
}

fn message(bytes: &Bytes) -> Result<MlsMessageIn, Failure> {
    MlsMessageIn::tls_deserialize_exact(&bytes.0).at("reading a message")
}

fn take(provider: &OpenMlsRustCrypto, group: &mut MlsGroup, bytes: &Bytes) -> Result<(), Failure> {
    let message = message(bytes)?.try_into_protocol_message().at("a message")?;
    let processed = group.process_message(provider, message).at("a message")?;
    match processed.into_content() {
        ProcessedMessageContent::ProposalMessage(proposal) => group
            .store_pending_proposal(provider.storage(), *proposal)
            .at("keeping a proposal"),
        ProcessedMessageContent::StagedCommitMessage(commit) => {
            group.merge_staged_commit(provider, *commit).at("a commit")
        }
        _ => Err("neither proposal nor commit").at("a message"),
    }
}

fn compare(group: &MlsGroup, wanted: &Bytes, step: &'static str) -> Result<(), Failure> {
    let is_wanted = group.epoch_authenticator().as_slice() == wanted.0;
    is_wanted
        .then_some(())
        .ok_or("another epoch authenticator")
        .at(step)
}
