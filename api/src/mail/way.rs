//! Handing a mail over: to a server, or to a folder.
//!
//! A mail that a server took is sent, whatever happens afterwards; one that it refuses for good is not tried again. What
//! a server says goes to the log and to administrators, so links and passwords in it are blotted out.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    time::Duration,
};

use ids::MailId;
use lettre::{
    Message,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
    },
};
use tokio::time::timeout;

use super::settings::{Security, Smtp, Way};

/// Why a mail was not handed over, in words that hold no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another time it may be.
    Later(String),
    /// The server refuses this mail, or its recipient, whatever the time.
    ForGood(String),
}

/// Hands a mail over, or says why not, in the server's words.
pub(super) async fn hand_over(way: &Way, id: MailId, message: Message) -> Result<(), Trouble> {
    match way {
        Way::Folder(folder) => {
            let folder = folder.clone();
            let written = tokio::task::spawn_blocking(move || write(&folder, id, &message.formatted())).await;
            match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(Trouble::Later(format!("the mail cannot be written: {error}"))),
                Err(_) => Err(Trouble::Later("the mail cannot be written".to_owned())),
            }
        }
        Way::Smtp(smtp) => send(smtp, &message).await,
    }
}

/// A connection for each mail: what hangs, hangs alone. One that says nothing is left in time, whatever it said before.
async fn send(smtp: &Smtp, message: &Message) -> Result<(), Trouble> {
    let sent = timeout(smtp.timeout, async {
        let mut server = connect(smtp).await.map_err(|error| later(smtp, &error))?;
        let outcome = transact(smtp, &mut server, message).await;
        Ok((server, outcome))
    });
    let (mut server, outcome) = sent.await.unwrap_or_else(|_| {
        let seconds = smtp.timeout.as_secs();
        Err(Trouble::Later(format!(
            "the mail server did not answer within {seconds} s"
        )))
    })?;
    // Good manners, and nothing more: whoever hangs now has the mail already, or has refused it.
    let _ = timeout(FAREWELL, server.quit()).await;
    outcome
}

/// Up to the point at which mails are taken. Whatever fails here is not the mail's fault.
async fn connect(smtp: &Smtp) -> Result<AsyncSmtpConnection, Error> {
    let tls = || {
        let mut parameters = TlsParameters::builder(smtp.host.clone());
        if let Some(authority) = &smtp.authority {
            parameters = parameters.add_root_certificate(authority.0.clone());
        }
        parameters.build()
    };
    let (host, name) = ((smtp.host.as_str(), smtp.port), ClientId::default());
    let wrapped = match smtp.security {
        Security::Tls => Some(tls()?),
        Security::StartTls | Security::None => None,
    };
    let mut server = AsyncSmtpConnection::connect_tokio1(host, Some(smtp.timeout), &name, wrapped, None).await?;
    if smtp.security == Security::StartTls {
        server.starttls(tls()?, &name).await?;
    }
    if let Some(login) = &smtp.login {
        let credentials = Credentials::new(login.user.clone(), login.password.to_string());
        server.auth(DEFAULT_MECHANISMS, &credentials).await?;
    }
    Ok(server)
}

/// One mail (RFC 5321 3.3). It is ASCII, so nothing has to be negotiated.
async fn transact(smtp: &Smtp, server: &mut AsyncSmtpConnection, message: &Message) -> Result<(), Trouble> {
    let envelope = message.envelope();
    let sender = Mail::new(envelope.from().cloned(), Vec::new());
    // A sender that is refused is this installation's, and its operator can mend that.
    server.command(sender).await.map_err(|error| later(smtp, &error))?;
    for recipient in envelope.to() {
        let recipient = Rcpt::new(recipient.clone(), Vec::new());
        server.command(recipient).await.map_err(|error| refused(smtp, &error))?;
    }
    server.command(Data).await.map_err(|error| later(smtp, &error))?;
    let taken = server.message(&message.formatted()).await;
    taken.map(drop).map_err(|error| refused(smtp, &error))
}

fn later(smtp: &Smtp, error: &Error) -> Trouble {
    Trouble::Later(harmless(smtp, &error.to_string()))
}

/// A 5yz reply is for good (RFC 5321 4.2.1), unless it only wants us to log in.
fn refused(smtp: &Smtp, error: &Error) -> Trouble {
    let log_in = error.status().is_some_and(|code| u16::from(code) == LOG_IN);
    if error.is_permanent() && !log_in {
        Trouble::ForGood(harmless(smtp, &error.to_string()))
    } else {
        later(smtp, error)
    }
}

/// A server's words without what it may repeat of ours: the password, and the secret of a link.
fn harmless(smtp: &Smtp, words: &str) -> String {
    let words = match &smtp.login {
        Some(login) => words.replace(login.password.as_str(), BLOT),
        None => words.to_owned(),
    };
    let secret = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let mut out = String::with_capacity(words.len());
    let mut rest = words.as_str();
    while !rest.is_empty() {
        let run = rest.find(|c| !secret(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(run);
        out.push_str(if run.len() < SECRET { run } else { BLOT });
        let other = after.find(secret).unwrap_or(after.len());
        let (other, after) = after.split_at(other);
        out.push_str(other);
        rest = after;
    }
    out
}

/// Whole or not at all, and for its owner only.
fn write(folder: &Path, id: MailId, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unfinished = folder.join(format!(".{id}"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(format!("{id}.eml")))
}

/// How long a server may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);
/// The reply that wants us to log in first (RFC 4954 6).
const LOG_IN: u16 = 530;
const BLOT: &str = "[redacted]";
/// So many letters and digits in a row may be the secret of a link, which has 43.
const SECRET: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Login;

    #[test]
    fn what_a_server_repeats_of_our_secrets_is_blotted_out() {
        let smtp = Smtp {
            host: "localhost".to_owned(),
            port: 25,
            security: Security::None,
            login: Some(Login::new("u".to_owned(), "hunter2".to_owned())),
            authority: None,
            timeout: Duration::from_secs(1),
        };
        let secret = "abcdefghijklmnopqrstuvwxyz-_ABCDEFGHIJ01234";
        let words = format!("554 5.7.1 <ä@b.c>: https://live.example.com/reset#{secret}, not hunter2");
        assert_eq!(
            harmless(&smtp, &words),
            "554 5.7.1 <ä@b.c>: https://live.example.com/reset#[redacted], not [redacted]"
        );
    }
}
