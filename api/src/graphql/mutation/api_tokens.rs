//! API tokens and the API key: made, replaced, revoked.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::{answer, token_making::expiry};
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{ApiToken, Moment, Role},
    },
    service::api_tokens::{self, New},
    state::State,
};

#[derive(Default)]
pub(super) struct ApiTokens;

#[Object]
impl ApiTokens {
    /// Makes an API token for the person who asks, with at most their role. Its secret is shown this once.
    async fn create_api_token(
        &self,
        context: &Context<'_>,
        input: CreateApiTokenInput,
    ) -> Result<Option<CreateApiTokenPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::AccountUse)?;
        acting.member()?;
        let done = async { api_tokens::create(state, acting, input.wanted(state)?).await };
        answer(
            done.await,
            |(row, secret)| CreateApiTokenPayload {
                api_token: Some(ApiToken(row)),
                secret: Some(secret.reveal()),
                errors: vec![],
            },
            |errors| CreateApiTokenPayload {
                api_token: None,
                secret: None,
                errors,
            },
        )
    }

    /// Revokes an API token: one's own; for administrators anybody's, and the API key. Its open subscriptions end.
    async fn revoke_api_token(
        &self,
        context: &Context<'_>,
        input: RevokeApiTokenInput,
    ) -> Result<Option<RevokeApiTokenPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::AccountUse)?;
        answer(
            api_tokens::revoke(state, acting, &input.id).await,
            |row| RevokeApiTokenPayload {
                api_token: Some(ApiToken(row)),
                errors: vec![],
            },
            |errors| RevokeApiTokenPayload {
                api_token: None,
                errors,
            },
        )
    }

    /// Makes the organisation's API key, in place of the one that it had, which is worth nothing from then on. Its secret
    /// is shown this once.
    async fn rotate_api_key(&self, context: &Context<'_>) -> Result<Option<RotateApiKeyPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ApiKeyRotate)?;
        answer(
            api_tokens::rotate_key(state, acting).await,
            |(row, secret)| RotateApiKeyPayload {
                api_token: Some(ApiToken(row)),
                secret: Some(secret.reveal()),
                errors: vec![],
            },
            |errors| RotateApiKeyPayload {
                api_token: None,
                secret: None,
                errors,
            },
        )
    }
}

/// What an API token is to be.
#[derive(InputObject)]
pub(super) struct CreateApiTokenInput {
    /// What people call it; 100 characters at most.
    name: String,
    /// With which role it acts; at most the maker's.
    role: Role,
    /// Until when it acts; 365 days ahead at most.
    expires_at: Option<Moment>,
    /// How long it acts, in seconds, in place of `expiresAt`; 30 days unless either is said.
    ttl_seconds: Option<i64>,
}

impl CreateApiTokenInput {
    fn wanted(self, state: &State) -> Result<New, Fault> {
        let expires = expiry(state, self.expires_at, self.ttl_seconds, api_tokens::DEFAULT_S)?;
        Ok(New {
            name: self.name,
            role: self.role.into(),
            expires,
        })
    }
}

/// What came of making an API token.
#[derive(SimpleObject)]
pub(super) struct CreateApiTokenPayload {
    /// Its record.
    api_token: Option<ApiToken>,
    /// The secret; shown this once.
    secret: Option<String>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// Which API token.
#[derive(InputObject)]
pub(super) struct RevokeApiTokenInput {
    /// Its id.
    id: ID,
}

/// What came of revoking an API token.
#[derive(SimpleObject)]
pub(super) struct RevokeApiTokenPayload {
    /// Its record.
    api_token: Option<ApiToken>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of making the API key anew.
#[derive(SimpleObject)]
pub(super) struct RotateApiKeyPayload {
    /// Its record.
    api_token: Option<ApiToken>,
    /// The secret; shown this once.
    secret: Option<String>,
    /// What can be mended.
    errors: Vec<UserError>,
}
