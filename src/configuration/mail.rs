//! `[mail]`: how mails leave.

use std::{fs, net::IpAddr, path::Path, time::Duration};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mail {
    from: String,
    host: String,
    port: u16,
    security: Security,
    user: String,
    password: String,
    password_file: String,
    ca_file: String,
    timeout_s: u64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Security {
    Starttls,
    Tls,
    None,
}

impl Mail {
    /// In the types of its meaning; without a server, mails are kept in the folder `mail` of the data folder.
    pub(super) fn parse(self, data: &Path) -> anyhow::Result<api::Mail> {
        let way = if self.host.is_empty() {
            api::Way::Folder(data.join("mail"))
        } else {
            api::Way::Smtp(Box::new(self.smtp()?))
        };
        api::Mail::new(&self.from, way).with_context(|| format!("mail.from: `{}`", self.from))
    }

    fn smtp(&self) -> anyhow::Result<api::Smtp> {
        ensure!(
            (1..=59).contains(&self.timeout_s),
            "mail.timeout_s: must be 1 to 59 seconds"
        );
        let security = match self.security {
            Security::Starttls => api::Security::StartTls,
            Security::Tls => api::Security::Tls,
            Security::None => {
                let loopback = self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
                if !loopback && self.host != "localhost" {
                    bail!("mail.security: without encryption only a server on this machine is spoken to");
                }
                api::Security::None
            }
        };
        let password = if self.password_file.is_empty() {
            self.password.clone()
        } else {
            fs::read_to_string(&self.password_file)
                .with_context(|| format!("mail.password_file: cannot read `{}`", self.password_file))?
                .trim()
                .to_owned()
        };
        ensure!(
            self.user.is_empty() == password.is_empty(),
            "mail.user: a user needs a password, and a password a user"
        );
        let authority = if self.ca_file.is_empty() {
            None
        } else {
            let pem =
                fs::read(&self.ca_file).with_context(|| format!("mail.ca_file: cannot read `{}`", self.ca_file))?;
            Some(api::Authority::from_pem(&pem).with_context(|| format!("mail.ca_file: `{}`", self.ca_file))?)
        };
        Ok(api::Smtp {
            host: self.host.clone(),
            port: self.port,
            security,
            login: (!self.user.is_empty()).then(|| api::Login::new(self.user.clone(), password)),
            authority,
            timeout: Duration::from_secs(self.timeout_s),
        })
    }
}
