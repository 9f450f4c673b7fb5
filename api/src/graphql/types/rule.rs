//! Guardian rules.

use async_graphql::{Context, Enum, ID, Object, Result, dataloader::DataLoader};
use chrono::{DateTime, Utc};
use entity::guardian_rule;
use guard::rules;
use ids::{OrganisationId, RuleId};

use super::{StreamGroup, page::connection};
use crate::graphql::loaders::Groups;

/// A rule on who may watch or publish, whatever they hold. The most specific rule of a kind wins; a deny by any one kind
/// denies.
#[derive(Clone)]
pub(crate) struct GuardianRule(pub(crate) guardian_rule::Model);

connection!(
    /// Guardian rules.
    GuardianRuleConnection,
    GuardianRuleEdge,
    GuardianRule
);

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Kind")]
pub(crate) enum GuardianKind {
    /// The address: an address or a network.
    Ip,
    /// The network's number; `none` for an unknown one, `*` for all.
    Asn,
    /// The country's code of two letters; `none` for an unknown one, `*` for all.
    Country,
    /// The page's host, or `*.` and all hosts below one; `none` for a missing one, `*` for all.
    Referrer,
    /// What the player calls itself, literally or with `*`; `none` for a missing one, `*` for all.
    UserAgent,
}

/// What becomes of whom a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Action")]
pub(crate) enum GuardianAction {
    /// They pass, as far as this kind is concerned.
    Allow,
    /// They do not.
    Deny,
}

/// Whether a rule decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Mode")]
pub(crate) enum GuardianMode {
    /// It does.
    Enforce,
    /// It counts, decides nothing, and hides no other rule.
    Monitor,
}

/// The doors that a rule stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Doors")]
pub(crate) enum GuardianDoor {
    /// Viewers'.
    Playback,
    /// Broadcasters'.
    Ingest,
    /// Both.
    Both,
}

#[Object]
impl GuardianRule {
    /// Its id.
    async fn id(&self) -> ID {
        RuleId::from_uuid(self.0.id).to_string().into()
    }

    /// What it looks at.
    async fn kind(&self) -> Result<GuardianKind> {
        Ok(self.rule()?.matcher.kind().into())
    }

    /// What it looks for, in its shortest form.
    async fn value(&self) -> &str {
        &self.0.value
    }

    /// What becomes of whom it is about.
    async fn action(&self) -> Result<GuardianAction> {
        Ok(self.rule()?.action.into())
    }

    /// Whether it decides.
    async fn mode(&self) -> Result<GuardianMode> {
        Ok(self.rule()?.mode.into())
    }

    /// The doors that it stands at.
    async fn door(&self) -> Result<GuardianDoor> {
        Ok(self.rule()?.doors.into())
    }

    /// The one stream that it is for, by its id.
    async fn stream_id(&self) -> Option<ID> {
        self.0
            .stream_id
            .map(|id| ids::StreamId::from_uuid(id).to_string().into())
    }

    /// The one group that it is for.
    async fn group(&self, context: &Context<'_>) -> Result<Option<StreamGroup>> {
        let Some(group) = self.0.group_id else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Groups>>();
        let key = (OrganisationId::from_uuid(self.0.organisation_id), group);
        Ok(loader.load_one(key).await?.map(StreamGroup))
    }

    /// From when on it is as if it were not there.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at.map(super::moment)
    }

    /// What people say of it.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }
}

impl GuardianRule {
    fn rule(&self) -> Result<rules::Rule, crate::fault::Fault> {
        Ok(crate::service::rules::rule(&self.0)?)
    }
}
