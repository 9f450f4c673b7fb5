//! What outlives a restart: the account and the certificate with its key, each complete or not there, for its owner's
//! eyes only.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use instant_acme::AccountCredentials;
use serde::{Deserialize, Serialize};

use super::AcmeError;
use crate::Pair;

/// A folder.
#[derive(Debug)]
pub(super) struct Store(PathBuf);

/// An account is known to one authority only.
#[derive(Serialize, Deserialize)]
struct Account {
    directory: String,
    credentials: AccountCredentials,
}

impl Store {
    pub(super) fn open(folder: &Path) -> Result<Self, AcmeError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|source| failed(folder, source))?;
        Ok(Self(folder.to_owned()))
    }

    /// The account with this authority; none where it is another's or cannot be read.
    pub(super) fn account(&self, directory: &str) -> Option<AccountCredentials> {
        let bytes = fs::read(self.0.join(ACCOUNT)).ok()?;
        let account: Account = serde_json::from_slice(&bytes).ok()?;
        (account.directory == directory).then_some(account.credentials)
    }

    pub(super) fn keep_account(&self, directory: &str, credentials: AccountCredentials) -> Result<(), AcmeError> {
        let account = Account {
            directory: directory.to_owned(),
            credentials,
        };
        let bytes = serde_json::to_vec(&account).map_err(|error| failed(&self.0.join(ACCOUNT), error.into()))?;
        self.write(ACCOUNT, &bytes)
    }

    /// The next order is made with another account.
    pub(super) fn forget_account(&self) {
        // One that cannot be removed is asked for in vain again, and that is said.
        _ = fs::remove_file(self.0.join(ACCOUNT));
    }

    /// The certificate; none where there is none that can be used.
    pub(super) fn pair(&self) -> Option<Pair> {
        let pem = fs::read(self.0.join(CERTIFICATE)).ok()?;
        Pair::from_pem(&pem, &pem).ok()
    }

    /// Certificate and key are one file, so that no crash parts them.
    pub(super) fn keep_pair(&self, chain: &str, key: &str) -> Result<(), AcmeError> {
        self.write(CERTIFICATE, format!("{key}\n{chain}").as_bytes())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), AcmeError> {
        let path = self.0.join(name);
        replace(&path, bytes).map_err(|source| failed(&path, source))
    }
}

fn failed(path: &Path, source: io::Error) -> AcmeError {
    AcmeError::Store {
        path: path.to_owned(),
        source,
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

const ACCOUNT: &str = "account.json";
const CERTIFICATE: &str = "certificate.pem";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_kept_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("acme")).unwrap();
        store.keep_pair("chain", "key").unwrap();
        store.keep_pair("chain", "another key").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&store.0), 0o700);
        assert_eq!(mode(&store.0.join(CERTIFICATE)), 0o600);
        assert_eq!(fs::read_dir(&store.0).unwrap().count(), 1);
        assert!(store.pair().is_none());
        assert!(store.account("https://a.test").is_none());
    }
}
