//! Passwords: Argon2id with 46 MiB, one pass, one lane (OWASP), a few at a time, off the async threads.
//!
//! OWASP holds 19 MiB with two passes to be as good. The larger block is more than what the allocator would keep for later
//! (32 MiB at most), so it goes back to the system each time.

use std::sync::Arc;

use argon2::{
    Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use tokio::sync::Semaphore;

use crate::fault::Fault;

/// Hashes and checks passwords.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of a password that nobody has: what an unknown address is checked against, in the same time.
    nobody: Arc<str>,
}

impl Passwords {
    /// `salt` makes the hash of the password that nobody has.
    pub(crate) fn new(salt: [u8; 16]) -> Result<Self, Fault> {
        Ok(Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            nobody: hash("", salt)?.into(),
        })
    }

    /// The PHC form of a password's hash.
    pub(crate) async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, Fault> {
        self.in_turn(move || hash(&password, salt)).await?
    }

    /// Whether `password` is the one that was hashed; takes as long, and says no, where there is no hash.
    pub(crate) async fn check(&self, password: String, hash: Option<String>) -> Result<bool, Fault> {
        let nobody = self.nobody.clone();
        self.in_turn(move || {
            let known = hash.is_some();
            let text = hash.as_deref().unwrap_or(&nobody);
            let fits = PasswordHash::new(text)
                .and_then(|parsed| argon2()?.verify_password(password.as_bytes(), &parsed))
                .is_ok();
            fits && known
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let turn = self
            .turns
            .clone()
            .acquire_owned()
            .await
            .map_err(|error| Fault::bug(&error))?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|error| Fault::bug(&error))
    }
}

/// Whether somebody may have `password`, who signs in as `email`; says what is wrong with it.
pub(crate) fn fits(field: &str, password: &str, email: &str) -> Result<(), Fault> {
    let refuse = |why: &str| Err(Fault::field(field, "WEAK", why));
    if password.chars().count() < SHORTEST {
        return refuse("a password has 10 characters at least");
    }
    if password.len() > super::sign_in::LONGEST_PASSWORD {
        return refuse("a password has 1024 characters at most");
    }
    if super::sign_in::normal(password) == email {
        return refuse("a password is not the email address: that is the first that is tried");
    }
    Ok(())
}

fn hash(password: &str, salt: [u8; 16]) -> Result<String, Fault> {
    let attempt = || {
        let salt = SaltString::encode_b64(&salt)?;
        Ok::<_, argon2::password_hash::Error>(argon2()?.hash_password(password.as_bytes(), &salt)?.to_string())
    };
    attempt().map_err(|error| Fault::bug(&error))
}

fn argon2() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(46 * 1024, 1, 1, None)?;
    Ok(Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params))
}

const SHORTEST: usize = 10;
/// How many are hashed beside each other: each takes 46 MiB.
const AT_ONCE: usize = 2;
