//! A written mail, as its recipient reads it: a text, and the same as HTML.

use std::time::{Duration, UNIX_EPOCH};

use guard::Timestamp;
use ids::MailId;
use lettre::{
    Message,
    message::{Mailbox, MultiPart},
};
use serde::{Deserialize, Serialize};

/// A written mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// Why a mail cannot be put into its form.
#[derive(Debug, thiserror::Error)]
#[error("the mail has no form")]
pub(super) struct Formless;

impl Letter {
    /// The form in which mails travel (RFC 5322). Sent twice it has the same id, by which readers know it.
    pub(super) fn message(
        &self,
        id: MailId,
        from: &Mailbox,
        recipient: &str,
        made: Timestamp,
    ) -> Result<Message, Formless> {
        let since = Duration::from_micros(u64::try_from(made.us()).unwrap_or(0));
        Message::builder()
            .from(from.clone())
            .to(recipient.parse().map_err(|_| Formless)?)
            .subject(&self.subject)
            .date(UNIX_EPOCH + since)
            .message_id(Some(format!("<{id}@{}>", from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(self.text.clone(), self.html.clone()))
            .map_err(|_| Formless)
    }
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}
