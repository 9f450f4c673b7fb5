//! Setting and removing an organisation's identity provider.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::answer;
use crate::{
    fault::UserError,
    graphql::{
        caller, state,
        types::{IdentityProvider, Role},
    },
    people::provider::{self, Wish},
};

#[derive(Default)]
pub(super) struct Providers;

#[Object]
impl Providers {
    /// Sets the organisation's identity provider, in place of the one that it has. Another issuer or client is another
    /// provider: the sign-ins that the old one vouched for end.
    async fn set_identity_provider(
        &self,
        context: &Context<'_>,
        input: SetIdentityProviderInput,
    ) -> Result<Option<SetIdentityProviderPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ProviderUpdate)?;
        let groups = input.role_map.unwrap_or_default();
        let wish = Wish {
            issuer: input.issuer,
            client_id: input.client_id,
            client_secret: input.client_secret,
            domains: input.domains,
            group_claim: input.group_claim,
            role_map: groups.into_iter().map(|one| (one.group, one.role.into())).collect(),
            default_role: input.default_role.map(Into::into),
        };
        answer(
            provider::set(state, acting, wish).await,
            |(row, domains)| SetIdentityProviderPayload {
                identity_provider: Some(IdentityProvider::of(state, &row, domains)),
                errors: vec![],
            },
            |errors| SetIdentityProviderPayload {
                identity_provider: None,
                errors,
            },
        )
    }

    /// Removes the organisation's identity provider; the sign-ins that it vouched for end. Members stay members.
    async fn remove_identity_provider(&self, context: &Context<'_>) -> Result<Option<RemoveIdentityProviderPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ProviderUpdate)?;
        answer(
            provider::remove(state, acting).await,
            |removed| RemoveIdentityProviderPayload {
                removed,
                errors: vec![],
            },
            |errors| RemoveIdentityProviderPayload { removed: false, errors },
        )
    }
}

/// What the identity provider is to be.
#[derive(InputObject)]
pub(super) struct SetIdentityProviderInput {
    /// Its issuer, exactly as its ID tokens name it: an https address.
    issuer: String,
    /// As whom this installation is registered with it.
    client_id: String,
    /// The secret of that registration; without it the one of the same client stays.
    client_secret: Option<String>,
    /// The domains whose addresses it may vouch for: 1 to 10 host names.
    domains: Vec<String>,
    /// The claim that names a person's groups.
    group_claim: Option<String>,
    /// Which groups give which role; 50 at most.
    role_map: Option<Vec<RoleMappingInput>>,
    /// The role of people whose groups give none; without it they are refused.
    default_role: Option<Role>,
}

/// A group, and the role that it gives.
#[derive(InputObject)]
pub(super) struct RoleMappingInput {
    /// As the provider names it.
    group: String,
    /// What its people are.
    role: Role,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct SetIdentityProviderPayload {
    /// The provider afterwards.
    identity_provider: Option<IdentityProvider>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct RemoveIdentityProviderPayload {
    /// Whether there was one.
    removed: bool,
    /// Always empty.
    errors: Vec<UserError>,
}
