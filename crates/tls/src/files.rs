//! A certificate and its key in files, which somebody else exchanges.
//!
//! The two are seldom exchanged in one step, so what does not fit together is tried again until it does; until then the
//! old pair stays.

use std::{error::Error, fs, io, os::unix::fs::MetadataExt, path::PathBuf, time::Duration};

use link::Clock;

use crate::{Pair, PairError, Shown};

/// Where they are.
#[derive(Clone, Debug)]
pub struct Files {
    /// The certificate with its chain, in PEM.
    pub certificate: PathBuf,
    /// The private key, in PEM.
    pub key: PathBuf,
}

/// Why they cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// One of them is not there, or not for us.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// They are no pair.
    #[error("`{}` cannot be used", .certificate.display())]
    Pair {
        /// The certificate.
        certificate: PathBuf,
        /// Why.
        #[source]
        source: PairError,
    },
}

/// Files whose content is known.
#[derive(Debug)]
pub struct Opened {
    files: Files,
    /// What they were before they were read.
    mark: Mark,
    /// What was in them.
    pub pair: Pair,
}

/// What changes whenever a file is written or exchanged.
type Mark = [Option<(u64, u64, u64, i64, i64)>; 2];

impl Files {
    /// Reads them.
    pub fn open(self) -> Result<Opened, FileError> {
        let mark = self.mark();
        let pair = self.read()?;
        Ok(Opened {
            files: self,
            mark,
            pair,
        })
    }

    fn read(&self) -> Result<Pair, FileError> {
        let read = |path: &PathBuf| {
            fs::read(path).map_err(|source| FileError::Read {
                path: path.clone(),
                source,
            })
        };
        Pair::from_pem(&read(&self.certificate)?, &read(&self.key)?).map_err(|source| self.unfit(source))
    }

    fn unfit(&self, source: PairError) -> FileError {
        FileError::Pair {
            certificate: self.certificate.clone(),
            source,
        }
    }

    fn mark(&self) -> Mark {
        [&self.certificate, &self.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some((
                found.dev(),
                found.ino(),
                found.size(),
                found.ctime(),
                found.ctime_nsec(),
            ))
        })
    }
}

impl Opened {
    /// Looks again, for ever: what is in the files is shown as soon as it is a pair and valid.
    pub async fn follow(self, shown: Shown, clock: Clock, every: Duration) {
        let Self { files, mut mark, .. } = self;
        let mut fits = true;
        loop {
            tokio::time::sleep(every).await;
            let now = files.mark();
            let changed = std::mem::replace(&mut mark, now) != now;
            if !changed && fits {
                continue;
            }
            let read = files.read();
            let valid = read.and_then(|pair| pair.valid(clock.now()).map_err(|source| files.unfit(source)));
            fits = valid.is_ok();
            match valid {
                Ok(pair) => {
                    shown.show(&pair);
                    tracing::info!(certificate = %files.certificate.display(), "a new certificate is shown");
                }
                Err(error) if changed => {
                    let error = &error as &(dyn Error + 'static);
                    tracing::warn!(error, "the new certificate cannot be used; the old one stays");
                }
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use guard::Timestamp;
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    const EVERY: Duration = Duration::from_millis(10);

    struct Folder(tempfile::TempDir, Shown);

    impl Folder {
        fn new() -> Self {
            _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            let folder = Self(tempfile::tempdir().unwrap(), Shown::default());
            folder.write(&made(1, 100));
            folder
        }

        fn files(&self) -> Files {
            Files {
                certificate: self.0.path().join("cert.pem"),
                key: self.0.path().join("key.pem"),
            }
        }

        fn write(&self, (certificate, key): &(String, String)) {
            fs::write(self.files().certificate, certificate).unwrap();
            fs::write(self.files().key, key).unwrap();
        }

        fn shown(&self) -> Option<Vec<u8>> {
            self.1.0.load().as_ref().map(|key| key.cert[0].to_vec())
        }

        async fn until(&self, wanted: impl Fn(&Option<Vec<u8>>) -> bool) {
            let found = async {
                while !wanted(&self.shown()) {
                    tokio::time::sleep(EVERY).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), found).await.unwrap();
        }
    }

    /// A certificate that is valid from one second after 1970 until another, and its key.
    fn made(begins: i64, ends: i64) -> (String, String) {
        let mut parameters = CertificateParams::new(["a.test".to_owned(), "b.test".to_owned()]).unwrap();
        parameters.not_before = time::OffsetDateTime::from_unix_timestamp(begins).unwrap();
        parameters.not_after = time::OffsetDateTime::from_unix_timestamp(ends).unwrap();
        let key = KeyPair::generate().unwrap();
        (parameters.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn a_pair_knows_its_time_and_its_hosts() {
        let folder = Folder::new();
        let pair = folder.files().open().unwrap().pair;
        assert_eq!(pair.validity(), (Timestamp::from_s(1), Timestamp::from_s(100)));
        assert!(pair.covers(&["A.test".to_owned(), "b.test".to_owned()]));
        assert!(!pair.covers(&["a.test".to_owned(), "c.test".to_owned()]));
        for (now, valid) in [(0, false), (1, true), (99, true), (100, false)] {
            assert_eq!(pair.clone().valid(Timestamp::from_s(now)).is_ok(), valid, "{now}");
        }
    }

    #[test]
    fn what_is_no_pair_is_refused_and_says_why() {
        let folder = Folder::new();
        let (certificate, key) = made(1, 100);
        for (certificate, key, why) in [
            ("", key.as_str(), "no certificate"),
            (
                "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----",
                &key,
                "cannot be read",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
                &key,
                "no form",
            ),
            (certificate.as_str(), "", "private key cannot be read"),
            (&certificate, &made(1, 100).1, "does not fit"),
        ] {
            folder.write(&(certificate.to_owned(), key.to_owned()));
            let error = folder.files().open().unwrap_err();
            let source = error.source().unwrap().to_string();
            assert!(source.contains(why), "{source}");
        }
        fs::remove_file(folder.files().key).unwrap();
        let error = folder.files().open().unwrap_err();
        assert!(error.to_string().contains("key.pem"), "{error}");
    }

    #[tokio::test]
    async fn a_new_pair_is_shown_and_one_that_cannot_be_used_leaves_the_old_one() {
        let folder = Folder::new();
        let opened = folder.files().open().unwrap();
        folder.1.show(&opened.pair);
        let first = folder.shown();
        let clock = Clock::manual(Timestamp::from_s(50));
        let following = tokio::spawn(opened.follow(folder.1.clone(), clock, EVERY));

        // Half exchanged, out of date, and no pair at all: each is looked at, and the first stays.
        let second = made(1, 100);
        for bad in [
            (second.0.clone(), "no key".to_owned()),
            made(1, 40),
            (made(1, 100).0, second.1.clone()),
        ] {
            folder.write(&bad);
            tokio::time::sleep(EVERY * 10).await;
            assert_eq!(folder.shown(), first);
        }
        folder.write(&second);
        folder.until(|shown| *shown != first).await;
        // Exchanged by names, as tools do that keep every version.
        let third = folder.shown();
        let (certificate, key) = made(1, 100);
        for (file, text) in [(folder.files().certificate, certificate), (folder.files().key, key)] {
            let draft = file.with_extension("draft");
            fs::write(&draft, text).unwrap();
            fs::rename(draft, file).unwrap();
        }
        folder.until(|shown| *shown != third).await;
        following.abort();
    }
}
