//! Certificates by ACME (RFC 8555): ordered, kept in a folder, renewed when a third of their time is left.
//!
//! Names are proven by `http-01` alone: the authority asks the HTTP door for a text that only whoever holds the account
//! can know (RFC 8555 8.3).

mod client;
mod order;
mod store;

use std::{
    collections::HashMap,
    error::Error,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use guard::Timestamp;
use link::Clock;

use self::{client::Client, store::Store};
use crate::{Pair, PairError, Shown};

/// What is ordered, and from whom.
#[derive(Clone, Debug)]
pub struct Acme {
    /// The hosts that the certificate is for.
    pub names: Vec<String>,
    /// Where the authority writes to before something ends, as in `mailto:you@example.com`.
    pub contact: Option<String>,
    /// The authority.
    pub directory: String,
    /// Who signed the authority's own certificate, in PEM, beside those that everybody trusts.
    pub root: Option<Vec<u8>>,
    /// Where account and certificate are kept; made with mode 0700.
    pub folder: PathBuf,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The folder cannot be used.
    #[error("cannot use `{}`", .path.display())]
    Store {
        /// The folder, or what is in it.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The authority's root is no certificate, or requests cannot be made at all.
    #[error("the authority cannot be asked")]
    Client(#[from] reqwest::Error),
    /// The authority does not answer, or answers otherwise than it should.
    #[error("the authority did not do what it was asked for")]
    Authority(#[from] instant_acme::Error),
    /// The authority has another way of proof only.
    #[error("the authority does not prove `{0}` by http-01")]
    NoProof(String),
    /// The authority found no proof.
    #[error("the authority refused: {0}")]
    Refused(String),
    /// What it sent cannot be used.
    #[error("the certificate cannot be used")]
    Pair(#[from] PairError),
    /// It took too long.
    #[error("the authority did not finish in time")]
    Late,
}

/// The proofs that are asked for at the moment.
#[derive(Clone, Debug, Default)]
pub struct Challenges(Arc<Mutex<HashMap<String, String>>>);

/// One of them; gone when dropped.
struct Open {
    challenges: Challenges,
    token: String,
}

impl Challenges {
    /// What `/.well-known/acme-challenge/TOKEN` answers.
    pub fn answer(&self, token: &str) -> Option<String> {
        self.lock().get(token).cloned()
    }

    fn open(&self, token: &str, answer: &str) -> Open {
        self.lock().insert(token.to_owned(), answer.to_owned());
        Open {
            challenges: self.clone(),
            token: token.to_owned(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.challenges.lock().remove(&self.token);
    }
}

/// Keeps a certificate, for ever: shows the one that is kept, and orders another in time.
pub struct Keeper {
    acme: Acme,
    client: Client,
    store: Store,
    kept: Option<Pair>,
}

impl Keeper {
    /// Opens the folder and shows what is kept in it, if that is for these names.
    pub fn open(acme: Acme, shown: &Shown) -> Result<Self, AcmeError> {
        let client = Client::new(acme.root.as_deref())?;
        let store = Store::open(&acme.folder)?;
        let kept = store.pair().filter(|pair| pair.covers(&acme.names));
        if let Some(pair) = &kept {
            shown.show(pair);
        }
        Ok(Self {
            acme,
            client,
            store,
            kept,
        })
    }

    /// Orders when it is time, and shows what comes. A failure is tried again, and less and less often.
    pub async fn keep(mut self, shown: Shown, challenges: Challenges, clock: Clock) {
        let mut failures = 0;
        loop {
            let wait = self.kept.as_ref().map_or(Duration::ZERO, |kept| {
                let (begins, ends) = kept.validity();
                due(begins, ends).since(clock.now())
            });
            if !wait.is_zero() {
                // Clocks are set, and machines sleep.
                tokio::time::sleep(wait.min(LOOK)).await;
                continue;
            }
            let pause = match self.order(&challenges).await {
                Ok(pair) => {
                    failures = 0;
                    shown.show(&pair);
                    let (_, ends) = pair.validity();
                    tracing::info!(names = ?self.acme.names, until_s = ends.s(), "a certificate was issued");
                    self.kept = Some(pair);
                    // One that is due at once must not be ordered without end.
                    ISSUED
                }
                Err(error) => {
                    let pause = pause(failures);
                    failures += 1;
                    let error = &error as &(dyn Error + 'static);
                    tracing::warn!(error, again_in_s = pause.as_secs(), "no certificate was issued");
                    pause
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn order(&self, challenges: &Challenges) -> Result<Pair, AcmeError> {
        let ordered = order::order(&self.acme, &self.client, &self.store, challenges);
        tokio::time::timeout(ORDER, ordered)
            .await
            .map_err(|_| AcmeError::Late)?
    }
}

/// When a certificate is replaced: when a third of its time is left.
fn due(begins: Timestamp, ends: Timestamp) -> Timestamp {
    let third = ends.since(begins) / 3;
    begins.plus(third * 2)
}

/// How long to wait after so many failures in a row. Authorities count failures: five in an hour are too many.
fn pause(failures: u32) -> Duration {
    let minutes = 4_u64.saturating_pow(failures.min(8));
    Duration::from_mins(minutes.min(6 * 60))
}

/// From the first question to the certificate.
const ORDER: Duration = Duration::from_mins(5);
const LOOK: Duration = Duration::from_hours(1);
const ISSUED: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_replaced_when_a_third_of_its_time_is_left() {
        let day: i64 = 86_400;
        let at = |days| Timestamp::from_s(days * day);
        assert_eq!(due(at(0), at(90)), at(60));
        assert_eq!(due(at(10), at(16)), at(14));
        assert_eq!(due(at(10), at(10)), at(10));
    }

    #[test]
    fn failures_are_tried_again_less_and_less_often() {
        let minutes: Vec<_> = (0..7).map(|failures| pause(failures).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 4, 16, 64, 256, 360, 360]);
        assert_eq!(pause(u32::MAX), Duration::from_hours(6));
    }

    #[test]
    fn a_proof_is_answered_only_while_it_is_asked_for() {
        let challenges = Challenges::default();
        let open = challenges.open("token", "answer");
        assert_eq!(challenges.answer("token").as_deref(), Some("answer"));
        assert_eq!(challenges.answer("other"), None);
        drop(open);
        assert_eq!(challenges.answer("token"), None);
    }
}
