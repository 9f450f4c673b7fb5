//! What the HTTPS door shows: certificates from files, by ACME, or of its own making.
//!
//! Connections keep what they were made with; each handshake is given the newest certificate. So one that is exchanged
//! disturbs nobody, and one that cannot be used never takes the place of one that can.

pub mod acme;
pub mod files;
mod pair;
mod self_signed;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

pub use self::{
    pair::{Pair, PairError},
    self_signed::{SelfSignedError, self_signed},
};

/// The certificate that handshakes are given at the moment; perhaps none yet.
#[derive(Clone, Debug, Default)]
pub struct Shown(Arc<ArcSwapOption<CertifiedKey>>);

impl Shown {
    /// From now on it is this one.
    pub fn show(&self, pair: &Pair) {
        self.0.store(Some(pair.key.clone()));
    }

    /// TLS 1.2 and later, with whatever is shown at each handshake. HTTP/1.1 is what is spoken.
    pub fn server(&self) -> ServerConfig {
        let mut server = ServerConfig::builder()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        server
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load_full()
    }
}
