//! Invitations, and how far their mail got.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context, Enum, ID, Object, Result, SimpleObject,
    dataloader::{DataLoader, Loader},
};
use authz::Action;
use chrono::{DateTime, Utc};
use entity::{Table, invitation, mail};
use ids::InvitationId;
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::{
    Names, Part, moment,
    page::{connection, wanted},
    token::Actor,
    viewer::Role,
};
use crate::{
    fault::Fault,
    graphql::{caller, state},
    service::invitations::{self, InvitationIs, Offer},
    state::State,
};

/// An invitation into the organisation: single use, bound to an address and a role.
#[derive(Clone)]
pub(crate) struct Invitation(pub(crate) invitation::Model);

#[Object]
#[expect(
    clippy::unused_async,
    reason = "the library wants resolvers to be async, awaiting or not"
)]
impl Invitation {
    /// Its id.
    async fn id(&self) -> ID {
        InvitationId::from_uuid(self.0.id).to_string().into()
    }

    /// The address, in lower case.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The role that accepting it gives.
    async fn role(&self) -> Result<Role> {
        let role: authz::Role = self.0.role.parse().map_err(|error| Fault::bug(&error))?;
        Ok(role.into())
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        moment(self.0.created_at)
    }

    /// Until when it can be accepted; sending it again moves that.
    async fn expires_at(&self) -> DateTime<Utc> {
        moment(self.0.expires_at)
    }

    /// What it is now.
    async fn status(&self, context: &Context<'_>) -> InvitationStatus {
        invitations::invitation_is(&self.0, state(context).now()).into()
    }

    /// Who invites; none where the installation's operators do.
    async fn invited_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        let Some(inviter) = self.0.invited_by else {
            return Ok(None);
        };
        Ok(context.data_unchecked::<DataLoader<Names>>().load_one(inviter).await?)
    }

    /// How far the newest mail with its link got; none once that is forgotten.
    async fn mail(&self, context: &Context<'_>) -> Result<Option<MailDelivery>> {
        let Some(mail) = self.0.mail_id else {
            return Ok(None);
        };
        let mails = context.data_unchecked::<DataLoader<Mails>>();
        Ok(mails.load_one(mail).await?)
    }
}

/// What an invitation is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "InvitationIs")]
pub(crate) enum InvitationStatus {
    /// It can be accepted.
    Pending,
    /// It was accepted.
    Accepted,
    /// It was taken back.
    Withdrawn,
    /// Nobody accepted it in time.
    Expired,
}

connection!(
    /// A part of the list of invitations.
    InvitationConnection,
    InvitationEdge,
    Invitation
);

/// How far a mail got.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct MailDelivery {
    /// Where it is.
    status: MailStatus,
    /// How often it was tried.
    attempts: i32,
    /// When it is tried next; none once it was sent or given up.
    next_attempt_at: Option<DateTime<Utc>>,
    /// When the mail server took it.
    sent_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed, in the mail server's words.
    trouble: Option<String>,
}

/// Where a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum MailStatus {
    /// It waits for its next attempt.
    Queued,
    /// The mail server took it.
    Sent,
    /// It is not tried any more: the mail server refused it for good, for three days it did not go out, or its link died.
    GivenUp,
}

/// What an invitation offers, for whoever has its link.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct InvitationOffer {
    /// The only address that may accept it.
    email: String,
    /// With which role.
    role: Role,
    /// What people call the organisation.
    organisation: String,
    /// Whether that address has an account of its own: then it is accepted signed in, else with a name and a password. One
    /// that only identity providers vouched for is none.
    has_account: bool,
    /// Until when it can be accepted.
    expires_at: DateTime<Utc>,
}

impl InvitationOffer {
    pub(crate) fn of(offer: Offer) -> Result<Self, Fault> {
        let role: authz::Role = offer.invitation.role.parse().map_err(|error| Fault::bug(&error))?;
        let has_account = offer.has_account();
        Ok(Self {
            email: offer.invitation.email,
            role: role.into(),
            organisation: offer.organisation.name,
            has_account,
            expires_at: moment(offer.invitation.expires_at),
        })
    }
}

/// The invitations of the organisation in which the request acts.
pub(super) async fn connection_of(
    context: &Context<'_>,
    first: Option<i32>,
    after: Option<&str>,
    pending_only: bool,
) -> Result<InvitationConnection> {
    let state = state(context);
    let acting = caller(context).may(state, Action::MemberRead)?;
    let page = invitations::list(state, acting.id, pending_only, wanted(context, first, after)?).await?;
    let key = |row: &invitation::Model| InvitationId::from_uuid(row.id).to_string();
    Ok(Part::of(page, key, Invitation).into())
}

/// Mails by their id, read once for a whole list.
pub(crate) struct Mails(pub(crate) Arc<State>);

impl Loader<Uuid> for Mails {
    type Value = MailDelivery;
    type Error = Arc<MailsError>;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, MailDelivery>, Arc<MailsError>> {
        let rows = mail::Entity::across_tenants("the mails of invitations that the caller may read")
            .filter(mail::Column::Id.is_in(ids.iter().copied()))
            .all(self.0.store.read())
            .await;
        match rows.map_err(Fault::from) {
            Ok(rows) => Ok(rows.into_iter().map(|row| (row.id, row.into())).collect()),
            Err(fault) => {
                let _: Fault = fault;
                Err(Arc::new(MailsError))
            }
        }
    }
}

impl From<mail::Model> for MailDelivery {
    fn from(row: mail::Model) -> Self {
        let status = match (row.sent_at, row.given_up_at) {
            (Some(_), _) => MailStatus::Sent,
            (None, Some(_)) => MailStatus::GivenUp,
            (None, None) => MailStatus::Queued,
        };
        Self {
            status,
            attempts: row.attempts,
            next_attempt_at: (status == MailStatus::Queued).then(|| moment(row.next_at)),
            sent_at: row.sent_at.map(moment),
            trouble: row.trouble,
        }
    }
}

/// Mails could not be read; what failed was logged.
#[derive(Debug, thiserror::Error)]
#[error("mails cannot be read")]
pub(crate) struct MailsError;
