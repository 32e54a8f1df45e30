//! Codes that people carry from one device to another, and what is made of them.
//!
//! A code has 128 random bits, so that nothing but having it opens what hangs on it: no stretching of what people think up is needed, and none is done
//! (`docs/adr/0045-archives.md`). It is written in Crockford's base32, in seven groups of four: 16 bytes of secret, then the first twelve bits of a digest of it, so that all but one in
//! 4,096 slips of the pen are found at once. A code for one purpose is never taken for one for another: their checks differ in every bit.
//!
//! ```text
//! check  = the first 12 bits of SHA-256("Pipit code 1" ‖ secret), for recovery each of them turned over
//! key    = HKDF-SHA256 (RFC 5869) (salt, secret, info), of the length that is needed
//! ```
//!
//! The infos are below, each beside what it makes; ids are 16 bytes, and everything in an info has a fixed length.

use std::fmt;

use hkdf::Hkdf;
use pipit_wire::{ArchiveId, DeviceId, UserId};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::archive::ArchiveKey;
use crate::identity::{Identity, SignatureKey};
use crate::random::Randomness;

const SECRET_BYTES: usize = 16;
/// 128 bits and twelve of the digest, five a letter.
const LETTERS: usize = 28;
const GROUP: usize = 4;
/// <https://www.crockford.com/base32.html>
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DOMAIN: &[u8] = b"Pipit code 1";

/// What a code is for. One is not taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePurpose {
    /// A new device shows it to one that is there.
    Device,
    /// It opens the backup.
    Recovery,
}

impl CodePurpose {
    /// What is turned over in the check.
    const fn mask(self) -> u16 {
        match self {
            Self::Device => 0,
            Self::Recovery => 0xFFF,
        }
    }
}

/// Why what somebody has typed or scanned is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Too short or too long.
    #[error("a code has {LETTERS} letters and digits")]
    Length,
    /// A letter that no code has.
    #[error("a code has no such letter")]
    Letter,
    /// A slip: the check does not fit.
    #[error("there is a slip in the code")]
    Slip,
    /// A code, but of the other kind.
    #[error("a code for something else")]
    OtherPurpose,
}

/// A code.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Code {
    secret: [u8; SECRET_BYTES],
    #[zeroize(skip)]
    purpose: CodePurpose,
}

impl Code {
    /// A new one.
    pub fn random(source: &mut dyn Randomness, purpose: CodePurpose) -> Self {
        let mut secret = [0; SECRET_BYTES];
        source.fill(&mut secret);
        Self { secret, purpose }
    }

    /// As it is kept on the device that shows it.
    pub fn from_bytes(secret: [u8; SECRET_BYTES], purpose: CodePurpose) -> Self {
        Self { secret, purpose }
    }

    /// For keeping it on the device that shows it.
    pub fn to_bytes(&self) -> Zeroizing<[u8; SECRET_BYTES]> {
        Zeroizing::new(self.secret)
    }

    /// What somebody has typed or scanned. Case, spaces and hyphens do not count, and letters that look like digits are those.
    pub fn parse(text: &str, purpose: CodePurpose) -> Result<Self, CodeError> {
        let mut bits: u128 = 0;
        let mut check: u16 = 0;
        let mut letters = 0;
        for letter in text.chars().filter(|letter| !is_ignored(*letter)) {
            let value = value_of(letter).ok_or(CodeError::Letter)?;
            for place in (0..5).rev() {
                let bit = value >> place & 1;
                if letters * 5 + (4 - place) < SECRET_BYTES * 8 {
                    bits = bits << 1 | u128::from(bit);
                } else {
                    check = check << 1 | u16::from(bit);
                }
            }
            letters += 1;
            if letters > LETTERS {
                return Err(CodeError::Length);
            }
        }
        if letters != LETTERS {
            return Err(CodeError::Length);
        }
        let code = Self {
            secret: bits.to_be_bytes(),
            purpose,
        };
        match check ^ code.check() {
            0 => Ok(code),
            0xFFF => Err(CodeError::OtherPurpose),
            _ => Err(CodeError::Slip),
        }
    }

    fn check(&self) -> u16 {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(DOMAIN)
            .chain_update(self.secret)
            .finalize()
            .into();
        let [first, second, ..] = digest;
        (u16::from(first) << 4 | u16::from(second >> 4)) ^ self.purpose.mask()
    }

    /// As it is shown: seven groups of four, with hyphens between them.
    pub fn text(&self) -> Zeroizing<String> {
        let bits = u128::from_be_bytes(self.secret);
        let check = self.check();
        let mut text = Zeroizing::new(String::with_capacity(LETTERS + LETTERS / GROUP));
        for letter in 0..LETTERS {
            if letter > 0 && letter % GROUP == 0 {
                text.push('-');
            }
            let mut value = 0_usize;
            for bit in letter * 5..letter * 5 + 5 {
                let is_set = match (SECRET_BYTES * 8).checked_sub(bit + 1) {
                    Some(place) => bits >> place & 1 == 1,
                    None => check >> (SECRET_BYTES * 8 + 11 - bit) & 1 == 1,
                };
                value = value << 1 | usize::from(is_set);
            }
            text.push(ALPHABET.get(value).map_or('0', |letter| char::from(*letter)));
        }
        text
    }

    /// What a device that asks shows the server: another device that is told the code sees by it that whoever has made the code has this key.
    ///
    /// `info = "Pipit hand-over proof 1" ‖ archive ‖ person ‖ device ‖ signature key (32 bytes)`, without salt.
    pub fn handover_proof(&self, archive: ArchiveId, asker: Identity, key: &SignatureKey) -> [u8; 32] {
        let mut proof = [0; 32];
        self.derive(
            &[],
            &[
                b"Pipit hand-over proof 1",
                archive.as_bytes(),
                asker.user.as_bytes(),
                asker.device.as_bytes(),
                &key.0,
            ],
            &mut proof,
        );
        proof
    }

    /// Whether that is what the maker of this code shows.
    pub fn is_handover_proof(
        &self,
        proof: &[u8],
        archive: ArchiveId,
        asker: Identity,
        key: &SignatureKey,
    ) -> bool {
        self.handover_proof(archive, asker, key)
            .as_slice()
            .ct_eq(proof)
            .into()
    }

    /// What a hand-over is sealed with.
    ///
    /// `info = "Pipit hand-over archive 1" ‖ archive ‖ person ‖ device that asks`, with the salt of the device that hands over.
    pub fn handover_key(&self, archive: ArchiveId, asker: Identity, salt: &[u8; 32]) -> ArchiveKey {
        let mut key = Zeroizing::new([0; 32]);
        self.derive(
            salt,
            &[
                b"Pipit hand-over archive 1",
                archive.as_bytes(),
                asker.user.as_bytes(),
                asker.device.as_bytes(),
            ],
            key.as_mut_slice(),
        );
        ArchiveKey::new(archive, *key)
    }

    /// What the server tells of a backup, so that a device sees at once whether a code is the one that opens it.
    ///
    /// `info = "Pipit backup proof 1" ‖ archive ‖ person`, without salt.
    pub fn backup_proof(&self, archive: ArchiveId, user: UserId) -> [u8; 32] {
        let mut proof = [0; 32];
        let info: [&[u8]; 3] = [b"Pipit backup proof 1", archive.as_bytes(), user.as_bytes()];
        self.derive(&[], &info, &mut proof);
        proof
    }

    /// Whether this code is the one that opens it.
    pub fn is_backup_proof(&self, proof: &[u8], archive: ArchiveId, user: UserId) -> bool {
        self.backup_proof(archive, user).as_slice().ct_eq(proof).into()
    }

    /// What a backup is sealed with.
    ///
    /// `info = "Pipit backup archive 1" ‖ archive ‖ person`, without salt.
    pub fn backup_key(&self, archive: ArchiveId, user: UserId) -> ArchiveKey {
        let mut key = Zeroizing::new([0; 32]);
        let info: [&[u8]; 3] = [b"Pipit backup archive 1", archive.as_bytes(), user.as_bytes()];
        self.derive(&[], &info, key.as_mut_slice());
        ArchiveKey::new(archive, *key)
    }

    /// The seed of the recovery key (Ed25519), which stands in the account's key log.
    ///
    /// `info = "Pipit recovery key 1" ‖ person ‖ the id under which it stands there`, without salt.
    pub fn recovery_seed(&self, user: UserId, id: DeviceId) -> Zeroizing<[u8; 32]> {
        let mut seed = Zeroizing::new([0; 32]);
        let info: [&[u8]; 3] = [b"Pipit recovery key 1", user.as_bytes(), id.as_bytes()];
        self.derive(&[], &info, seed.as_mut_slice());
        seed
    }

    fn derive(&self, salt: &[u8], info: &[&[u8]], made: &mut [u8]) {
        derive(salt, &self.secret, info, made);
    }
}

/// HKDF-SHA256.
pub(crate) fn derive(salt: &[u8], secret: &[u8], info: &[&[u8]], made: &mut [u8]) {
    let done = Hkdf::<Sha256>::new(Some(salt), secret).expand_multi_info(info, made);
    debug_assert!(done.is_ok(), "HKDF gives 255 times 32 bytes");
}

const fn is_ignored(letter: char) -> bool {
    letter == '-'
        || letter == '\u{2010}'
        || letter == '\u{2011}'
        || letter.is_ascii_whitespace()
        || letter == '\u{a0}'
}

fn value_of(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        letter => letter,
    };
    let at = ALPHABET.iter().position(|known| char::from(*known) == letter)?;
    u8::try_from(at).ok()
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.purpose == other.purpose && bool::from(self.secret.ct_eq(&other.secret))
    }
}

impl Eq for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({:?})", self.purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(secret: [u8; 16]) -> Code {
        Code::from_bytes(secret, CodePurpose::Device)
    }

    proptest! {
        #[test]
        fn a_code_goes_there_and_back(secret: [u8; 16]) {
            let code = code(secret);
            let text = code.text();
            prop_assert_eq!(text.len(), 34);
            prop_assert_eq!(Code::parse(&text, CodePurpose::Device), Ok(code.clone()));
            let sloppy = text.to_lowercase().replace('-', "  ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(Code::parse(&sloppy, CodePurpose::Device), Ok(code));
            prop_assert_eq!(Code::parse(&text, CodePurpose::Recovery), Err(CodeError::OtherPurpose));
        }

        #[test]
        fn what_was_never_shown_is_none(text in ".{0,60}") {
            prop_assert!(Code::parse(&text, CodePurpose::Device).is_err());
        }
    }

    #[test]
    fn slips_are_found() {
        let text = code(*b"sixteen bytes ok").text();
        let mut found = 0;
        for at in (0..text.len()).filter(|at| text.as_bytes()[*at] != b'-') {
            for letter in ALPHABET.iter().filter(|letter| **letter != text.as_bytes()[at]) {
                let mut slip = text.to_string();
                slip.replace_range(at..=at, &char::from(*letter).to_string());
                found += usize::from(Code::parse(&slip, CodePurpose::Device).is_err());
            }
        }
        // One of 28 × 31 may be another code's.
        assert!(found >= 28 * 31 - 2, "{found}");
        assert_eq!(
            Code::parse(&text[..33], CodePurpose::Device),
            Err(CodeError::Length)
        );
        assert_eq!(
            Code::parse(&format!("{}0", *text), CodePurpose::Device),
            Err(CodeError::Length)
        );
        assert_eq!(Code::parse("U", CodePurpose::Device), Err(CodeError::Letter));
    }

    #[test]
    fn what_is_made_of_a_code_is_for_one_thing() {
        let (one, other) = (code([1; 16]), code([2; 16]));
        let (archive, next) = (ArchiveId::from_bytes([3; 16]), ArchiveId::from_bytes([4; 16]));
        let asker = Identity {
            user: UserId::from_bytes([5; 16]),
            device: DeviceId::from_bytes([6; 16]),
        };
        let someone = Identity {
            device: DeviceId::from_bytes([7; 16]),
            ..asker
        };
        let (key, forged) = (SignatureKey([8; 32]), SignatureKey([9; 32]));
        let proof = one.handover_proof(archive, asker, &key);
        assert!(one.is_handover_proof(&proof, archive, asker, &key));
        assert!(!one.is_handover_proof(&proof, archive, asker, &forged));
        assert!(!one.is_handover_proof(&proof, archive, someone, &key));
        assert!(!one.is_handover_proof(&proof, next, asker, &key));
        assert!(!one.is_handover_proof(&proof[..31], archive, asker, &key));
        assert!(!other.is_handover_proof(&proof, archive, asker, &key));
        let proof = one.backup_proof(archive, asker.user);
        assert!(one.is_backup_proof(&proof, archive, asker.user));
        assert!(!other.is_backup_proof(&proof, archive, asker.user));
        let keys = [
            one.handover_key(archive, asker, &[0; 32]),
            one.handover_key(archive, asker, &[1; 32]),
            one.handover_key(archive, someone, &[0; 32]),
            one.backup_key(archive, asker.user),
            one.backup_key(next, asker.user),
            other.backup_key(archive, asker.user),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(keys.iter().skip(at + 1).all(|other| other != key));
        }
    }

    /// Computed apart from this code, with Python's `hashlib` and `hmac`.
    #[test]
    fn the_construction_is_the_documented_one() {
        let code = code(*b"sixteen bytes ok");
        assert_eq!(*code.text(), "EDMQ-GX35-CNQ2-0RKS-EHJQ-683F-DEFG");
    }
}
