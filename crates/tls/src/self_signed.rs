//! A certificate of one's own making, for trying things out on one machine.

use std::time::Duration;

use guard::Timestamp;
use rcgen::{CertificateParams, KeyPair};
use time::OffsetDateTime;

use crate::{Pair, PairError};

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum SelfSignedError {
    /// The library refused.
    #[error("a certificate cannot be made")]
    Made(#[from] rcgen::Error),
    /// What it made cannot be used.
    #[error("the certificate that was made cannot be used")]
    Pair(#[from] PairError),
}

/// Makes one for `localhost` and the loopback addresses; its PEM is what a client has to be told to believe.
pub fn self_signed(now: Timestamp) -> Result<(Pair, String), SelfSignedError> {
    let mut parameters = CertificateParams::new(NAMES.map(str::to_owned))?;
    // Clocks differ.
    parameters.not_before = at(Timestamp::from_s(now.s() - 3600));
    parameters.not_after = at(now.plus(LASTS));
    let key = KeyPair::generate()?;
    let certificate = parameters.self_signed(&key)?.pem();
    let pair = Pair::from_pem(certificate.as_bytes(), key.serialize_pem().as_bytes())?;
    Ok((pair, certificate))
}

fn at(moment: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(moment.s()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Browsers take no longer ones.
const LASTS: Duration = Duration::from_hours(397 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_for_this_machine_and_valid_from_now_on() {
        _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let now = Timestamp::from_s(1_800_000_000);
        let (pair, pem) = self_signed(now).unwrap();
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(pair.covers(&["localhost".to_owned()]));
        assert!(pair.valid(now).is_ok());
    }
}
