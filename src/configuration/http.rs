//! `[http]`, `[https]`, `[acme]` and `[rtmp]`: where the doors are, and what is believed in front of them.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use media::proxies::Networks;
use serde::Deserialize;

use super::{address, public};

/// Where HTTP is, and who stands in front.
#[derive(Debug)]
pub(crate) struct Http {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How it is reached from outside, where that differs.
    pub(crate) public: Option<String>,
    /// The proxies that are believed.
    pub(crate) trusted: Networks,
    /// Whether they begin with the head of the PROXY protocol.
    pub(crate) proxy_protocol: bool,
    /// Who may connect, where not everybody may.
    pub(crate) only: Option<Networks>,
}

/// Where HTTPS is.
#[derive(Debug)]
pub(crate) struct Https {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Whose certificate it shows.
    pub(crate) certificate: Certificate,
    /// For how long browsers are told to come by HTTPS only; 0: they are not told.
    pub(crate) hsts_s: u64,
}

/// Where a certificate comes from.
#[derive(Debug)]
pub(crate) enum Certificate {
    Files(tls::files::Files),
    Acme(Box<tls::acme::Acme>),
    SelfSigned,
}

/// Where RTMP is.
#[derive(Debug)]
pub(crate) struct Rtmp {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How it is reached from outside, where that differs.
    pub(crate) public: Option<String>,
    /// The proxies that begin with the head of the PROXY protocol.
    pub(crate) proxies: Networks,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpKeys {
    address: String,
    public_url: String,
    trusted_proxies: Vec<String>,
    proxy_protocol: bool,
    origin_only: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpsKeys {
    address: String,
    certificate_file: String,
    key_file: String,
    self_signed: bool,
    hsts_s: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AcmeKeys {
    names: Vec<String>,
    contact: String,
    directory_url: String,
    ca_file: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RtmpKeys {
    address: String,
    public_url: String,
    proxy_protocol: bool,
}

impl HttpKeys {
    pub(super) fn parse(&self) -> anyhow::Result<Http> {
        let trusted = Networks::parse(&self.trusted_proxies).context("http.trusted_proxies")?;
        ensure!(
            !trusted.holds_everybody(),
            "http.trusted_proxies: where everybody is believed, nobody's address is known"
        );
        ensure!(
            !self.proxy_protocol || !trusted.is_empty(),
            "http.proxy_protocol: needs http.trusted_proxies, which alone are believed"
        );
        let only = Networks::parse(&self.origin_only).context("http.origin_only")?;
        Ok(Http {
            address: address("http.address", &self.address)?,
            public: public("http.public_url", &self.public_url, &["http://", "https://"])?,
            trusted,
            proxy_protocol: self.proxy_protocol,
            only: (!only.is_empty()).then_some(only),
        })
    }
}

impl RtmpKeys {
    /// `http`: the section that lists the proxies.
    pub(super) fn parse(&self, http: &Http) -> anyhow::Result<Rtmp> {
        ensure!(
            !self.proxy_protocol || !http.trusted.is_empty(),
            "rtmp.proxy_protocol: needs http.trusted_proxies, which alone are believed"
        );
        let proxies = if self.proxy_protocol {
            http.trusted.clone()
        } else {
            Networks::default()
        };
        Ok(Rtmp {
            address: address("rtmp.address", &self.address)?,
            public: public("rtmp.public_url", &self.public_url, &["rtmp://", "rtmps://"])?,
            proxies,
        })
    }
}

impl HttpsKeys {
    pub(super) fn parse(self, acme: AcmeKeys, data: &Path) -> anyhow::Result<Option<Https>> {
        ensure!(
            self.certificate_file.is_empty() == self.key_file.is_empty(),
            "https.key_file: a certificate needs its key, and a key its certificate"
        );
        let files = (!self.key_file.is_empty()).then(|| {
            Certificate::Files(tls::files::Files {
                certificate: self.certificate_file.into(),
                key: self.key_file.into(),
            })
        });
        let ordered = acme.parse(data)?.map(|acme| Certificate::Acme(Box::new(acme)));
        let own = self.self_signed.then_some(Certificate::SelfSigned);
        let mut certificates = [files, ordered, own].into_iter().flatten();
        let (certificate, other) = (certificates.next(), certificates.next());
        ensure!(
            other.is_none(),
            "https.certificate_file: a certificate comes from files, by acme.names, or is self_signed: one of the three"
        );
        if self.address.is_empty() {
            ensure!(certificate.is_none(), "https.address: a certificate is shown nowhere");
            return Ok(None);
        }
        let Some(certificate) = certificate else {
            bail!("https.certificate_file: HTTPS needs a certificate: from files, by acme.names, or self_signed");
        };
        Ok(Some(Https {
            address: address("https.address", &self.address)?,
            certificate,
            hsts_s: self.hsts_s,
        }))
    }
}

impl AcmeKeys {
    fn parse(self, data: &Path) -> anyhow::Result<Option<tls::acme::Acme>> {
        ensure!(
            self.directory_url.starts_with("https://"),
            "acme.directory_url: must begin with https://"
        );
        if self.names.is_empty() {
            return Ok(None);
        }
        for name in &self.names {
            ensure!(
                is_host(name),
                "acme.names: `{name}` is not the name of a host, as in video.example.com"
            );
        }
        ensure!(
            self.contact.is_empty() || self.contact.contains('@'),
            "acme.contact: `{}` is not an email address",
            self.contact
        );
        let root = if self.ca_file.is_empty() {
            None
        } else {
            Some(fs::read(&self.ca_file).with_context(|| format!("acme.ca_file: cannot read `{}`", self.ca_file))?)
        };
        Ok(Some(tls::acme::Acme {
            names: self.names,
            contact: (!self.contact.is_empty()).then(|| format!("mailto:{}", self.contact)),
            directory: self.directory_url,
            root,
            folder: data.join("acme"),
        }))
    }
}

/// Whether `http-01` can prove it: no address, and no wildcard.
fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(plain) && !label.starts_with('-')
    };
    name.len() <= 253 && name.split('.').all(label) && name.parse::<IpAddr>().is_err()
}
