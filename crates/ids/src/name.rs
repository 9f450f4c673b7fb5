//! Public names: an organisation's hash, and the stream names that it prefixes. Neither is a credential.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Letters and digits without those that people confuse (0 O, 1 I L).
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const HASH_LENGTH: usize = 5;
const ALIAS_LENGTH: usize = 40;

/// A text that is not a public name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// An organisation's hash is 5 characters of the alphabet without look-alikes.
    #[error("an organisation's hash is 5 of the characters 2-9 and A-Z without I, L and O")]
    Hash,
    /// What follows the hash is 1 to 40 characters of `A-Za-z0-9_-`.
    #[error("a stream's alias is 1 to 40 of the characters A-Z, a-z, 0-9, `_` and `-`")]
    Alias,
}

/// The public handle of an organisation: 5 characters, as in `7KQ2M`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganisationHash([u8; HASH_LENGTH]);

impl OrganisationHash {
    /// A hash of 5 random bytes; the modulo's bias does not matter for a public name.
    pub fn mint(random: [u8; HASH_LENGTH]) -> Self {
        Self(random.map(letter))
    }

    /// The 5 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for OrganisationHash {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bytes: [u8; HASH_LENGTH] = text.as_bytes().try_into().map_err(|_| NameError::Hash)?;
        bytes
            .iter()
            .all(|byte| ALPHABET.contains(byte))
            .then_some(Self(bytes))
            .ok_or(NameError::Hash)
    }
}

/// The public name of a stream: `HASH-XXXXX`, or `HASH-` and an alias of the customer's own. Case matters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(Arc<str>);

impl StreamName {
    /// The name of a stream without an alias, of 5 random bytes.
    pub fn mint(organisation: OrganisationHash, random: [u8; HASH_LENGTH]) -> Self {
        let own = OrganisationHash::mint(random);
        Self(format!("{organisation}-{own}").into())
    }

    /// The name that an alias makes in an organisation.
    pub fn with_alias(organisation: OrganisationHash, alias: &str) -> Result<Self, NameError> {
        format!("{organisation}-{alias}").parse()
    }

    /// The organisation's part.
    pub fn organisation(&self) -> Option<OrganisationHash> {
        self.0.split_once('-').and_then(|(hash, _)| hash.parse().ok())
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StreamName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (hash, alias) = text.split_once('-').ok_or(NameError::Hash)?;
        hash.parse::<OrganisationHash>()?;
        let fits = (1..=ALIAS_LENGTH).contains(&alias.len())
            && alias
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        fits.then(|| Self(text.into())).ok_or(NameError::Alias)
    }
}

fn letter(byte: u8) -> u8 {
    let place = usize::from(byte).checked_rem(ALPHABET.len()).unwrap_or(0);
    ALPHABET.get(place).copied().unwrap_or(b'2')
}

macro_rules! text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(de::Error::custom)
            }
        }
    };
}
text!(OrganisationHash);
text!(StreamName);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{NameError, OrganisationHash, StreamName};

    #[test]
    fn a_name_begins_with_its_organisation() {
        let hash = OrganisationHash::mint([1, 2, 3, 4, 5]);
        let name = StreamName::mint(hash, [9; 5]);
        assert_eq!(name.organisation(), Some(hash));
        assert_eq!(name.as_str().parse(), Ok(name));
    }

    #[test]
    fn path_tricks_are_not_names() {
        for text in [
            "",
            "-",
            "7KQ2M",
            "7KQ2M-",
            "7KQ2M-..",
            "7KQ2M-a/b",
            "7KQ2M-%2f",
            "7kq2m-a",
            "7KQ2M-a\0",
            "0OOOO-a",
        ] {
            assert!(text.parse::<StreamName>().is_err(), "{text}");
        }
        assert_eq!(
            format!("7KQ2M-{}", "a".repeat(41)).parse::<StreamName>(),
            Err(NameError::Alias)
        );
    }

    proptest! {
        #[test]
        fn a_minted_name_reads_back(hash: [u8; 5], own: [u8; 5]) {
            let name = StreamName::mint(OrganisationHash::mint(hash), own);
            prop_assert_eq!(name.as_str().parse::<StreamName>(), Ok(name));
        }
    }
}
