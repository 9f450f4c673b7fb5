//! Entries of the audit log.

use async_graphql::{Context, ID, InputObject, Json, Object, Result, dataloader::DataLoader};
use chrono::{DateTime, Utc};
use entity::audit_entry;
use ids::AuditId;

use super::{
    moment::Moment,
    page::connection,
    token::{Actor, ActorKind, Names},
    viewer::Role,
};
use crate::{
    fault::Fault,
    service::audit_log::{self, Which},
};

/// Who did what to which object, from where, when.
#[derive(Clone)]
pub(crate) struct AuditEntry(pub(crate) audit_entry::Model);

connection!(
    /// Entries of the audit log.
    AuditEntryConnection,
    AuditEntryEdge,
    AuditEntry
);

#[Object]
impl AuditEntry {
    /// Its id.
    async fn id(&self) -> ID {
        AuditId::from_uuid(self.0.id).to_string().into()
    }

    /// Its number in the organisation's chain, from 1; none for entries from before there was a chain.
    async fn sequence(&self) -> Option<i32> {
        self.0.sequence.map(|number| i32::try_from(number).unwrap_or(i32::MAX))
    }

    /// When it was made.
    async fn at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }

    /// Who did it; none for the platform, for nobody who is known, and for who is not there any more.
    async fn actor(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        let Some(actor) = audit_log::actor(&self.0) else {
            return Ok(None);
        };
        let names = context.data_unchecked::<DataLoader<Names>>();
        Ok(names.load_one(actor).await?)
    }

    /// What acted.
    async fn actor_kind(&self) -> ActorKind {
        match self.0.actor_kind.as_str() {
            "api_token" => ActorKind::ApiToken,
            "platform" | "operator" => ActorKind::Platform,
            "nobody" => ActorKind::Nobody,
            _ => ActorKind::User,
        }
    }

    /// With which role.
    async fn role(&self) -> Option<Role> {
        let role: Option<authz::Role> = self.0.role.as_deref().and_then(|role| role.parse().ok());
        role.map(Into::into)
    }

    /// The operation, as in `stream.lock`.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// What it was done to, by id or name.
    async fn object(&self) -> &str {
        audit_log::object(&self.0)
    }

    /// What else belongs to it: before and after where it matters; never a secret.
    async fn detail(&self) -> Json<serde_json::Value> {
        Json(self.0.detail.clone())
    }

    /// From which address; none where it was erased.
    async fn address(&self) -> Option<&str> {
        audit_log::personal(&self.0, "address")
    }

    /// The address of the person whom it concerns; none where it was erased.
    async fn email(&self) -> Option<&str> {
        audit_log::personal(&self.0, "email")
    }

    /// The request that did it; answers carry it as `x-request-id`.
    async fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Its hash, in hexadecimal: over everything but addresses, and over the hash of the entry before it.
    async fn hash(&self) -> Option<String> {
        self.0.hash.as_deref().map(hex::encode)
    }
}

/// Which entries.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct AuditFilter {
    /// Of this operation, as in `stream.lock`, or of those that begin alike, as in `stream.*`.
    action: Option<String>,
    /// By this person or API token.
    actor: Option<ID>,
    /// On this object.
    object: Option<String>,
    /// From then on.
    from: Option<Moment>,
    /// Before then.
    to: Option<Moment>,
}

impl TryFrom<AuditFilter> for Which {
    type Error = Fault;

    fn try_from(filter: AuditFilter) -> Result<Self, Fault> {
        Ok(Self {
            action: filter.action,
            actor: filter.actor.map(|id| id.0),
            object: filter.object,
            from: filter.from.map(Moment::read).transpose()?,
            to: filter.to.map(Moment::read).transpose()?,
        })
    }
}
