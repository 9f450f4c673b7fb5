//! Where alerts go: addresses of mails, and collectors of syslog. Webhooks are told by their own settings.

use std::fmt;

use entity::alert_receiver;
use ids::AlertReceiverId;

/// Where one receiver is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Email(Vec<String>),
    Syslog(Collector),
}

/// A collector of syslog (RFC 5424), over TCP (RFC 6587) or TLS (RFC 5425).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Collector {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    /// The certificate that vouches for it, as PEM; none: a public authority does.
    pub(crate) authority: Option<String>,
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.tls { "tls" } else { "tcp" };
        if self.host.contains(':') {
            write!(f, "{how}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{how}://{}:{}", self.host, self.port)
        }
    }
}

/// A receiver's id.
pub(crate) fn id(row: &alert_receiver::Model) -> AlertReceiverId {
    AlertReceiverId::from_uuid(row.id)
}

/// Where a row's receiver is.
pub(crate) fn place(row: &alert_receiver::Model) -> Place {
    if row.kind == SYSLOG {
        Place::Syslog(Collector {
            host: row.host.clone(),
            port: u16::try_from(row.port).unwrap_or(0),
            tls: row.tls,
            authority: row.authority.clone(),
        })
    } else {
        Place::Email(serde_json::from_value(row.emails.clone()).unwrap_or_default())
    }
}

pub(crate) const EMAIL: &str = "email";
pub(crate) const SYSLOG: &str = "syslog";
