//! A certificate with its chain, and the private key that fits it.

use std::sync::Arc;

use guard::Timestamp;
use rustls::{
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    sign::CertifiedKey,
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

/// A certificate that can be shown.
#[derive(Clone, Debug)]
pub struct Pair {
    pub(crate) key: Arc<CertifiedKey>,
    begins: Timestamp,
    ends: Timestamp,
    names: Vec<String>,
}

/// Why a certificate cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// The chain is not in PEM.
    #[error("the certificate cannot be read")]
    Certificate(#[source] pem::Error),
    /// There is none.
    #[error("there is no certificate")]
    Empty,
    /// What is inside is no certificate.
    #[error("the certificate has no form that is known")]
    Form,
    /// The key is not in PEM, or there is none.
    #[error("the private key cannot be read")]
    Key(#[source] pem::Error),
    /// The key is of no kind that is known, or is another certificate's.
    #[error("the private key does not fit the certificate")]
    Fit(#[source] rustls::Error),
    /// It was valid once, or will be.
    #[error("the certificate is not valid now")]
    Time,
}

impl Pair {
    /// Reads both, and sees that they belong together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, PairError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(PairError::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(PairError::Key)?;
        let first = chain.first().ok_or(PairError::Empty)?;
        let (_, read) = X509Certificate::from_der(first).map_err(|_| PairError::Form)?;
        let (begins, ends) = (at(read.validity().not_before), at(read.validity().not_after));
        let names = names(&read);
        let provider = CryptoProvider::get_default().ok_or(PairError::Form)?;
        let key = CertifiedKey::from_der(chain, key, provider).map_err(PairError::Fit)?;
        Ok(Self {
            key: Arc::new(key),
            begins,
            ends,
            names,
        })
    }

    /// The same, for those that are valid now only.
    pub fn valid(self, now: Timestamp) -> Result<Self, PairError> {
        let valid = self.begins <= now && now < self.ends;
        if valid { Ok(self) } else { Err(PairError::Time) }
    }

    /// From when until when it is valid.
    pub fn validity(&self) -> (Timestamp, Timestamp) {
        (self.begins, self.ends)
    }

    /// Whether it is for all of these hosts, by their own names.
    pub fn covers(&self, hosts: &[String]) -> bool {
        hosts
            .iter()
            .all(|host| self.names.iter().any(|name| name.eq_ignore_ascii_case(host)))
    }
}

fn at(time: x509_parser::time::ASN1Time) -> Timestamp {
    Timestamp::from_s(time.timestamp())
}

/// The hosts in the certificate's alternative names.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    use x509_parser::extensions::GeneralName;
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let names = alternatives.map(|extension| extension.value.general_names.iter());
    names
        .into_iter()
        .flatten()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect()
}
