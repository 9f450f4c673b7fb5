//! Mail: queued within the transaction of what it tells of, sent afterwards, again and again where the server is away.
//!
//! What a mail says may hold a secret link, so it is sealed while it waits, and gone once it is sent; only a demo keeps it,
//! for its page.

mod kept;
mod letter;
mod sender;
mod settings;
mod text;
mod way;

use std::net::IpAddr;

use entity::mail;
use ids::{MailId, OrganisationId, RequestId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub(crate) use kept::{Kept, kept};
pub(crate) use letter::Letter;
pub(crate) use sender::run;
pub(crate) use settings::address;
pub use settings::{Authority, Login, Mail, MailError, Security, Smtp, Way};
pub(crate) use text::{
    AccountChange, Alert, account_change, alert, alert_trial, escape, invitation, no_password, package_declined,
    package_request, password_reset,
};

use crate::{fault::Fault, state::State};

/// What every part of the control plane needs to send mail.
#[derive(Debug)]
pub(crate) struct Post {
    wanted: Notify,
    settings: Mail,
}

/// A mail to send.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) kind: Kind,
    /// On whose behalf; none where it is about a person or the installation.
    pub(crate) organisation: Option<OrganisationId>,
    pub(crate) recipient: String,
    pub(crate) content: Content,
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An invitation into an organisation.
    Invitation,
    /// A way to a new password.
    PasswordReset,
    /// A customer asks for a package.
    PackageRequest,
    /// The operators declined that.
    PackageDeclined,
    /// Something of a person's account was changed.
    AccountChange,
    /// An organisation's alert.
    Alert,
}

/// What a mail says; sealed in the database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Content {
    /// It is written.
    Written(Letter),
    /// Somebody forgot a password: who they are is looked up when it is sent, so that asking tells nothing.
    Forgotten { address: IpAddr, request: RequestId },
}

impl Post {
    pub(crate) fn new(settings: Mail) -> Self {
        Self {
            wanted: Notify::new(),
            settings,
        }
    }

    /// Has what is due sent at once; call it after the commit.
    pub(crate) fn wake(&self) {
        self.wanted.notify_one();
    }
}

impl Kind {
    /// As the column has it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
            Self::PackageRequest => "package_request",
            Self::PackageDeclined => "package_declined",
            Self::AccountChange => "account_change",
            Self::Alert => "alert",
        }
    }
}

/// Queues a mail as part of the caller's transaction; [`Post::wake`] after its commit sends it at once.
pub(crate) async fn queue(state: &State, connection: &impl ConnectionTrait, mail: Outgoing) -> Result<MailId, Fault> {
    let id: MailId = state.mint();
    let now = state.now_us();
    mail::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(mail.organisation.map(OrganisationId::uuid)),
        kind: Set(mail.kind.as_str().to_owned()),
        recipient: Set(mail.recipient),
        content_sealed: Set(seal(state, id, &mail.content)?),
        attempts: Set(0),
        next_at: Set(now),
        sent_at: Set(None),
        given_up_at: Set(None),
        trouble: Set(None),
        created_at: Set(now),
    }
    .insert(connection)
    .await?;
    Ok(id)
}

/// Stops a mail whose link died before it was sent.
pub(crate) async fn cancel(state: &State, connection: &impl ConnectionTrait, id: uuid::Uuid) -> Result<(), Fault> {
    use entity::Table;
    use sea_orm::{ColumnTrait, QueryFilter, sea_query::Expr};
    mail::Entity::change_across_tenants("a mail that carries a dead link, by its invitation")
        .col_expr(mail::Column::GivenUpAt, Expr::value(state.now_us()))
        .col_expr(mail::Column::ContentSealed, Expr::value(Vec::<u8>::new()))
        .filter(mail::Column::Id.eq(id))
        .filter(mail::Column::SentAt.is_null())
        .filter(mail::Column::GivenUpAt.is_null())
        .exec(connection)
        .await?;
    Ok(())
}

/// What a mail says, for its place in the database.
pub(crate) fn seal(state: &State, id: MailId, content: &Content) -> Result<Vec<u8>, Fault> {
    let bytes = serde_json::to_vec(content).map_err(|error| Fault::bug(&error))?;
    Ok(state.seal.close(&place(id), &bytes))
}

/// What a mail says; none where that is gone because it was sent.
pub(crate) fn content(state: &State, row: &mail::Model) -> Result<Option<Content>, Fault> {
    if row.content_sealed.is_empty() {
        return Ok(None);
    }
    let place = place(MailId::from_uuid(row.id));
    let bytes = state
        .seal
        .open(&place, &row.content_sealed)
        .map_err(|error| Fault::bug(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| Fault::bug(&error))
}

fn place(id: MailId) -> String {
    format!("mail:{id}")
}
