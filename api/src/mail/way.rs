//! Handing a mail over: to a server, or to a folder.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use ids::MailId;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};

use super::settings::{Security, Smtp, Way};

/// Hands a mail over, or says why not, in the server's words.
pub(super) async fn hand_over(way: &Way, id: MailId, message: Message) -> Result<(), String> {
    match way {
        Way::Folder(folder) => {
            let folder = folder.clone();
            let written = tokio::task::spawn_blocking(move || write(&folder, id, &message.formatted())).await;
            match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(format!("the mail cannot be written: {error}")),
                Err(_) => Err("the mail cannot be written".to_owned()),
            }
        }
        Way::Smtp(smtp) => {
            // One that says nothing at any step is left in time, whatever it has said before.
            match tokio::time::timeout(smtp.timeout, send(smtp, message)).await {
                Ok(sent) => sent.map_err(|error| error.to_string()),
                Err(_) => Err(format!(
                    "the mail server did not answer within {} s",
                    smtp.timeout.as_secs()
                )),
            }
        }
    }
}

/// A connection for each mail: what hangs, hangs alone.
async fn send(smtp: &Smtp, message: Message) -> Result<(), lettre::transport::smtp::Error> {
    let tls = || {
        let mut parameters = TlsParameters::builder(smtp.host.clone());
        if let Some(authority) = &smtp.authority {
            parameters = parameters.add_root_certificate(authority.0.clone());
        }
        parameters.build()
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
        .port(smtp.port)
        .timeout(Some(smtp.timeout))
        .tls(match smtp.security {
            Security::StartTls => Tls::Required(tls()?),
            Security::Tls => Tls::Wrapper(tls()?),
            Security::None => Tls::None,
        });
    if let Some(login) = &smtp.login {
        builder = builder.credentials(Credentials::new(login.user.clone(), login.password.to_string()));
    }
    let transport = builder.build();
    transport.send(message).await?;
    transport.shutdown().await;
    Ok(())
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
