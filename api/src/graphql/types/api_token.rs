//! Records of API tokens; never a secret.
#![expect(
    clippy::unused_async,
    reason = "the library wants resolvers to be async, awaiting or not"
)]

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, dataloader::DataLoader};
use chrono::{DateTime, Utc};
use entity::api_token;
use ids::ApiTokenId;

use super::{
    page::connection,
    token::{Actor, Names},
    viewer::{Role, ViewerKind},
};
use crate::{fault::Fault, graphql::state, service::api_tokens};

/// A token with which software acts for the organisation. Its secret was shown once.
#[derive(Clone)]
pub(crate) struct ApiToken(pub(crate) api_token::Model);

connection!(
    /// Records of API tokens.
    ApiTokenConnection,
    ApiTokenEdge,
    ApiToken
);

#[Object]
impl ApiToken {
    /// Its id.
    async fn id(&self) -> ID {
        ApiTokenId::from_uuid(self.0.id).to_string().into()
    }

    /// A member's token, or the organisation's API key.
    async fn kind(&self) -> ViewerKind {
        match self.0.member_id {
            Some(_) => ViewerKind::ApiToken,
            None => ViewerKind::ApiKey,
        }
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// With which role it acts.
    async fn role(&self) -> Result<Role> {
        let role: authz::Role = self.0.role.parse().map_err(|error| Fault::bug(&error))?;
        Ok(role.into())
    }

    /// How its secret begins; enough to recognise it by.
    async fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// What it is now.
    async fn status(&self, context: &Context<'_>) -> ApiTokenStatus {
        api_tokens::status(state(context), &self.0).into()
    }

    /// Who made it.
    async fn created_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        let names = context.data_unchecked::<DataLoader<Names>>();
        Ok(names.load_one(self.0.created_by).await?)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }

    /// Until when it acts; the API key does not expire.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at.map(super::moment)
    }

    /// When it was revoked.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at.map(super::moment)
    }

    /// When it was last used, to the minute.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.used_at.map(super::moment)
    }

    /// From where it was last used.
    async fn last_used_address(&self) -> Option<&str> {
        self.0.used_address.as_deref()
    }
}

/// What an API token is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "api_tokens::Status")]
pub(crate) enum ApiTokenStatus {
    /// It acts.
    Active,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
}

/// Which API tokens.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub(crate) struct ApiTokenFilter {
    /// In this state.
    status: Option<ApiTokenStatus>,
    /// The caller's own only; others see no others anyway.
    mine: Option<bool>,
}

impl From<ApiTokenFilter> for api_tokens::Which {
    fn from(filter: ApiTokenFilter) -> Self {
        Self {
            status: filter.status.map(Into::into),
            mine: filter.mine.unwrap_or(false),
        }
    }
}
