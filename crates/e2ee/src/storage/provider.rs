//! The trait of OpenMLS. Every method is one read, write or removal; what differs is the key.

use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};

use super::{Kind, Overlay, StorageError, device_key, group_item_key, group_key};
use crate::codec;

/// The version of OpenMLS's storage that this implements.
const V: u16 = CURRENT_VERSION;

impl StorageProvider<V> for Overlay<'_> {
    type Error = StorageError;

    fn write_mls_join_config<G: traits::GroupId<V>, T: traits::MlsGroupJoinConfig<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        let bytes = codec::encode_described(value)?;
        let key = group_key(group, Kind::JoinConfig)?;
        self.writes.borrow_mut().insert(key, Some(bytes));
        Ok(())
    }

    fn write_tree<G: traits::GroupId<V>, T: traits::TreeSync<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(group_key(group, Kind::Tree)?, value)
    }

    fn write_interim_transcript_hash<G: traits::GroupId<V>, T: traits::InterimTranscriptHash<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(group_key(group, Kind::InterimTranscriptHash)?, value)
    }

    fn write_context<G: traits::GroupId<V>, T: traits::GroupContext<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(group_key(group, Kind::Context)?, value)
    }

    fn write_confirmation_tag<G: traits::GroupId<V>, T: traits::ConfirmationTag<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(group_key(group, Kind::ConfirmationTag)?, value)
    }

    fn write_group_state<T: traits::GroupState<V>, G: traits::GroupId<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(group_key(group, Kind::GroupState)?, value)
    }

    fn write_message_secrets<G: traits::GroupId<V>, T: traits::MessageSecrets<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(group_key(group, Kind::MessageSecrets)?, value)
    }

    fn write_resumption_psk_store<G: traits::GroupId<V>, T: traits::ResumptionPskStore<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(group_key(group, Kind::ResumptionPsks)?, value)
    }

    fn write_own_leaf_index<G: traits::GroupId<V>, T: traits::LeafNodeIndex<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(group_key(group, Kind::OwnLeafIndex)?, value)
    }

    fn write_group_epoch_secrets<G: traits::GroupId<V>, T: traits::GroupEpochSecrets<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(group_key(group, Kind::EpochSecrets)?, value)
    }

    fn mls_group_join_config<G: traits::GroupId<V>, T: traits::MlsGroupJoinConfig<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageError> {
        self.read(&group_key(group, Kind::JoinConfig)?)
    }

    fn tree<G: traits::GroupId<V>, T: traits::TreeSync<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageError> {
        self.read(&group_key(group, Kind::Tree)?)
    }

    fn interim_transcript_hash<G: traits::GroupId<V>, T: traits::InterimTranscriptHash<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageError> {
        self.read(&group_key(group, Kind::InterimTranscriptHash)?)
    }

    fn group_context<G: traits::GroupId<V>, T: traits::GroupContext<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageError> {
        self.read(&group_key(group, Kind::Context)?)
    }

    fn confirmation_tag<G: traits::GroupId<V>, T: traits::ConfirmationTag<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageError> {
        self.read(&group_key(group, Kind::ConfirmationTag)?)
    }

    fn group_state<T: traits::GroupState<V>, G: traits::GroupId<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageError> {
        self.read(&group_key(group, Kind::GroupState)?)
    }

    fn message_secrets<G: traits::GroupId<V>, T: traits::MessageSecrets<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageError> {
        self.read(&group_key(group, Kind::MessageSecrets)?)
    }

    fn resumption_psk_store<G: traits::GroupId<V>, T: traits::ResumptionPskStore<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageError> {
        self.read(&group_key(group, Kind::ResumptionPsks)?)
    }

    fn own_leaf_index<G: traits::GroupId<V>, T: traits::LeafNodeIndex<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageError> {
        self.read(&group_key(group, Kind::OwnLeafIndex)?)
    }

    fn group_epoch_secrets<G: traits::GroupId<V>, T: traits::GroupEpochSecrets<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageError> {
        self.read(&group_key(group, Kind::EpochSecrets)?)
    }

    fn delete_own_leaf_nodes<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::OwnLeafNodes)?);
        Ok(())
    }

    fn delete_group_config<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::JoinConfig)?);
        Ok(())
    }

    fn delete_tree<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::Tree)?);
        Ok(())
    }

    fn delete_confirmation_tag<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::ConfirmationTag)?);
        Ok(())
    }

    fn delete_group_state<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::GroupState)?);
        Ok(())
    }

    fn delete_context<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::Context)?);
        Ok(())
    }

    fn delete_interim_transcript_hash<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::InterimTranscriptHash)?);
        Ok(())
    }

    fn delete_message_secrets<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::MessageSecrets)?);
        Ok(())
    }

    fn delete_all_resumption_psk_secrets<G: traits::GroupId<V>>(
        &self,
        group: &G,
    ) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::ResumptionPsks)?);
        Ok(())
    }

    fn delete_own_leaf_index<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::OwnLeafIndex)?);
        Ok(())
    }

    fn delete_group_epoch_secrets<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageError> {
        self.remove(group_key(group, Kind::EpochSecrets)?);
        Ok(())
    }

    fn append_own_leaf_node<G: traits::GroupId<V>, T: traits::LeafNode<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageError> {
        self.append(group_key(group, Kind::OwnLeafNodes)?, value)
    }

    fn own_leaf_nodes<G: traits::GroupId<V>, T: traits::LeafNode<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<T>, StorageError> {
        self.appended(&group_key(group, Kind::OwnLeafNodes)?)
    }

    fn queue_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>, T: traits::QueuedProposal<V>>(
        &self,
        group: &G,
        reference: &R,
        value: &T,
    ) -> Result<(), StorageError> {
        let item = group_item_key(group, Kind::Proposal, reference)?;
        // The same proposal again is still one.
        if self.read::<T>(&item)?.is_none() {
            self.append(group_key(group, Kind::ProposalRefs)?, reference)?;
        }
        self.write(item, value)
    }

    fn queued_proposal_refs<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<R>, StorageError> {
        self.appended(&group_key(group, Kind::ProposalRefs)?)
    }

    fn queued_proposals<G: traits::GroupId<V>, R: traits::ProposalRef<V>, T: traits::QueuedProposal<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<(R, T)>, StorageError> {
        let references: Vec<R> = self.queued_proposal_refs(group)?;
        let mut proposals = Vec::with_capacity(references.len());
        for reference in references {
            let item = group_item_key(group, Kind::Proposal, &reference)?;
            let proposal = self.read(&item)?.ok_or(codec::CodecError::Damaged)?;
            proposals.push((reference, proposal));
        }
        Ok(proposals)
    }

    fn remove_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
        reference: &R,
    ) -> Result<(), StorageError> {
        let list = group_key(group, Kind::ProposalRefs)?;
        let gone = codec::encode(reference)?;
        let mut items: Vec<Vec<u8>> = self.read_list(&list)?;
        items.retain(|item| *item != *gone);
        self.write(list, &items)?;
        self.remove(group_item_key(group, Kind::Proposal, reference)?);
        Ok(())
    }

    fn clear_proposal_queue<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<(), StorageError> {
        for reference in self.queued_proposal_refs::<G, R>(group)? {
            self.remove(group_item_key(group, Kind::Proposal, &reference)?);
        }
        self.remove(group_key(group, Kind::ProposalRefs)?);
        Ok(())
    }

    fn write_encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        T: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
        pairs: &[T],
    ) -> Result<(), StorageError> {
        self.write(
            group_item_key(group, Kind::EpochKeyPairs, &(epoch, leaf_index))?,
            pairs,
        )
    }

    fn encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        T: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<Vec<T>, StorageError> {
        self.read_list(&group_item_key(group, Kind::EpochKeyPairs, &(epoch, leaf_index))?)
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<(), StorageError> {
        self.remove(group_item_key(group, Kind::EpochKeyPairs, &(epoch, leaf_index))?);
        Ok(())
    }

    fn write_signature_key_pair<K: traits::SignaturePublicKey<V>, T: traits::SignatureKeyPair<V>>(
        &self,
        key: &K,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(device_key(Kind::SignatureKeyPair, key)?, value)
    }

    fn signature_key_pair<K: traits::SignaturePublicKey<V>, T: traits::SignatureKeyPair<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StorageError> {
        self.read(&device_key(Kind::SignatureKeyPair, key)?)
    }

    fn delete_signature_key_pair<K: traits::SignaturePublicKey<V>>(
        &self,
        key: &K,
    ) -> Result<(), StorageError> {
        self.remove(device_key(Kind::SignatureKeyPair, key)?);
        Ok(())
    }

    fn write_encryption_key_pair<K: traits::EncryptionKey<V>, T: traits::HpkeKeyPair<V>>(
        &self,
        key: &K,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(device_key(Kind::EncryptionKeyPair, key)?, value)
    }

    fn encryption_key_pair<T: traits::HpkeKeyPair<V>, K: traits::EncryptionKey<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StorageError> {
        self.read(&device_key(Kind::EncryptionKeyPair, key)?)
    }

    fn delete_encryption_key_pair<K: traits::EncryptionKey<V>>(&self, key: &K) -> Result<(), StorageError> {
        self.remove(device_key(Kind::EncryptionKeyPair, key)?);
        Ok(())
    }

    fn write_key_package<K: traits::HashReference<V>, T: traits::KeyPackage<V>>(
        &self,
        key: &K,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(device_key(Kind::KeyPackage, key)?, value)
    }

    fn key_package<K: traits::HashReference<V>, T: traits::KeyPackage<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StorageError> {
        self.read(&device_key(Kind::KeyPackage, key)?)
    }

    fn delete_key_package<K: traits::HashReference<V>>(&self, key: &K) -> Result<(), StorageError> {
        self.remove(device_key(Kind::KeyPackage, key)?);
        Ok(())
    }

    fn write_psk<K: traits::PskId<V>, T: traits::PskBundle<V>>(
        &self,
        key: &K,
        value: &T,
    ) -> Result<(), StorageError> {
        self.write(device_key(Kind::Psk, key)?, value)
    }

    fn psk<T: traits::PskBundle<V>, K: traits::PskId<V>>(&self, key: &K) -> Result<Option<T>, StorageError> {
        self.read(&device_key(Kind::Psk, key)?)
    }

    fn delete_psk<K: traits::PskId<V>>(&self, key: &K) -> Result<(), StorageError> {
        self.remove(device_key(Kind::Psk, key)?);
        Ok(())
    }
}
