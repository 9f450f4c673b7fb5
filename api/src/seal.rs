//! Secrets that must be read back are sealed in the database under a master key in a file outside it.
//!
//! XChaCha20-Poly1305 with a random nonce; the place of a secret (table and id) is authenticated with it, so that what
//! was sealed for one row cannot be moved to another.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use link::Entropy;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The master key.
pub(crate) struct Seal {
    key: Zeroizing<[u8; KEY]>,
    entropy: Entropy,
}

/// Something sealed cannot be read: another master key, or another place.
#[derive(Debug, thiserror::Error)]
#[error("a secret cannot be read with this master key")]
pub(crate) struct Unreadable;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Others may read it.
    #[error("the master key must be readable by its owner only (mode 0600)")]
    Mode,
    /// It is not 64 hexadecimal digits.
    #[error("the master key file does not hold 64 hexadecimal digits")]
    Form,
    /// The file system refused.
    #[error("the master key file cannot be used")]
    File(#[source] io::Error),
}

impl Seal {
    /// Reads the master key, or makes it where the file is absent.
    pub(crate) fn from_file(path: &Path, entropy: Entropy) -> Result<Self, MasterKeyError> {
        let key = match fs::read_to_string(path) {
            Ok(text) => {
                let mode = fs::metadata(path).map_err(MasterKeyError::File)?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(MasterKeyError::Mode);
                }
                let text = Zeroizing::new(text);
                let bytes = Zeroizing::new(hex::decode(text.trim()).map_err(|_| MasterKeyError::Form)?);
                Zeroizing::new(<[u8; KEY]>::try_from(bytes.as_slice()).map_err(|_| MasterKeyError::Form)?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Zeroizing::new(entropy.bytes::<KEY>());
                create(path, &key).map_err(MasterKeyError::File)?;
                key
            }
            Err(error) => return Err(MasterKeyError::File(error)),
        };
        Ok(Self { key, entropy })
    }

    /// `secret`, sealed for `place`.
    pub(crate) fn close(&self, place: &str, secret: &[u8]) -> Vec<u8> {
        let nonce = self.entropy.bytes::<NONCE>();
        let payload = Payload {
            msg: secret,
            aad: place.as_bytes(),
        };
        let sealed = self.cipher().encrypt(XNonce::from_slice(&nonce), payload);
        // INVARIANT: sealing fails only beyond 256 GB.
        [nonce.as_slice(), &sealed.unwrap_or_default()].concat()
    }

    /// What was sealed for `place`.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(Unreadable)?;
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        self.cipher()
            .decrypt(XNonce::from_slice(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| Unreadable)
    }

    /// 32 bytes that only the holder of the master key can know, the same each time for one `label`.
    pub(crate) fn derive(&self, label: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"portcullis derive\0");
        hash.update(*self.key);
        hash.update(label.as_bytes());
        hash.finalize().into()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key).into())
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

fn create(path: &Path, key: &[u8; KEY]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(Zeroizing::new(hex::encode(key)).as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

const KEY: usize = 32;
const NONCE: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_at_its_own_place_only() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::from_file(&folder.path().join("key"), Entropy::seeded(1)).unwrap();
        let sealed = seal.close("stream:1", b"secret");
        assert_eq!(seal.open("stream:1", &sealed).unwrap().as_slice(), b"secret");
        assert!(seal.open("stream:2", &sealed).is_err());
        assert!(seal.open("stream:1", &sealed[1..]).is_err());
        assert!(!format!("{seal:?}").contains("secret"));
    }

    #[test]
    fn the_master_key_is_its_owners_alone_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let first = Seal::from_file(&path, Entropy::seeded(1)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let sealed = first.close("a", b"b");
        let second = Seal::from_file(&path, Entropy::seeded(2)).unwrap();
        assert_eq!(second.open("a", &sealed).unwrap().as_slice(), b"b");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            Seal::from_file(&path, Entropy::seeded(2)),
            Err(MasterKeyError::Mode)
        ));
    }
}
