//! How mails leave, in the types of its meaning. What is wrong says so when it is parsed.

use std::{path::PathBuf, str::FromStr, time::Duration};

use lettre::{Address, message::Mailbox, transport::smtp::client::Certificate};
use zeroize::Zeroizing;

/// How mails leave, and from whom.
#[derive(Clone, Debug)]
pub struct Mail {
    from: Mailbox,
    way: Way,
}

/// How mails leave.
#[derive(Clone, Debug)]
pub enum Way {
    /// They are written to this folder, one file each.
    Folder(PathBuf),
    /// They are handed to a mail server.
    Smtp(Box<Smtp>),
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its name, which its certificate must have, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What protects the way there.
    pub security: Security,
    /// With what to log in.
    pub login: Option<Login>,
    /// An authority of one's own that signed its certificate, beside those that everybody trusts.
    pub authority: Option<Authority>,
    /// How long one mail may take; less than a minute.
    pub timeout: Duration,
}

/// What protects the way to the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// The connection is encrypted before anything else is said; one that cannot be is not used.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
    /// Nothing: for a server on this machine.
    None,
}

/// A name and a password for the mail server.
#[derive(Clone)]
pub struct Login {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
}

/// Who signs certificates.
#[derive(Clone, Debug)]
pub struct Authority(pub(super) Certificate);

/// What cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It is no address.
    #[error("not an email address, as in `Portcullis <portcullis@example.com>`")]
    From,
    /// It holds no certificate.
    #[error("not a certificate in PEM form")]
    Authority,
}

/// A text that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unfit;

impl Mail {
    /// From this address, that way.
    pub fn new(from: &str, way: Way) -> Result<Self, MailError> {
        let from = from.parse().map_err(|_| MailError::From)?;
        Ok(Self { from, way })
    }

    pub(super) const fn from(&self) -> &Mailbox {
        &self.from
    }

    pub(super) const fn way(&self) -> &Way {
        &self.way
    }
}

impl Login {
    /// A name with its password.
    pub fn new(user: String, password: String) -> Self {
        Self {
            user,
            password: Zeroizing::new(password),
        }
    }
}

impl Authority {
    /// The certificate in a file.
    pub fn from_pem(pem: &[u8]) -> Result<Self, MailError> {
        let holds = pem.windows(MARK.len()).any(|bytes| bytes == MARK);
        let parsed = Certificate::from_pem(pem).ok().filter(|_| holds);
        parsed.map(Self).ok_or(MailError::Authority)
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An address that a mail can be sent to, in the form in which addresses are compared.
pub(crate) fn address(text: &str) -> Result<String, Unfit> {
    let text = crate::people::sign_in::normal(text);
    let fits = text.len() <= LONGEST
        && text.is_ascii()
        && Address::from_str(&text).is_ok()
        && Mailbox::from_str(&text).is_ok();
    if fits { Ok(text) } else { Err(Unfit) }
}

const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";
const LONGEST: usize = crate::people::sign_in::LONGEST_EMAIL;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_mail_can_be_sent_to() {
        assert_eq!(address(" Ann.B+c@Example.COM ").as_deref(), Ok("ann.b+c@example.com"));
        for text in [
            "",
            "ann",
            "ann@",
            "@b.c",
            "a b@c.d",
            "a@b.c\r\nbcc: x@y.z",
            "a@b.c, x@y.z",
            "<a@b.c>",
            "ä@b.c",
            "a@[127.0.0.1]",
            "\"a b\"@b.c",
        ] {
            assert_eq!(address(text), Err(Unfit), "{text}");
        }
        assert!(address(&format!("{}@example.com", "a".repeat(250))).is_err());
    }

    #[test]
    fn a_password_is_not_printed() {
        assert_eq!(
            format!("{:?}", Login::new("u".to_owned(), "hunter2".to_owned())),
            "[redacted]"
        );
    }
}
