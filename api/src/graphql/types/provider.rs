//! Identity providers: an organisation's own, and where an address leads.

use async_graphql::{ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::identity_provider;
use ids::ProviderId;
use reqwest::Url;

use super::viewer::Role;
use crate::people::provider::{self, Mapping};

/// With whom an organisation lets its people sign in (`OpenID` Connect). Its secret is never shown.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct IdentityProvider {
    /// Its id.
    id: ID,
    /// Its issuer, exactly as its ID tokens name it.
    issuer: String,
    /// As whom this installation is registered with it.
    client_id: String,
    /// The domains whose addresses it may vouch for.
    domains: Vec<String>,
    /// The claim that names a person's groups.
    group_claim: Option<String>,
    /// Which groups give which role; the most powerful role wins.
    role_map: Vec<RoleMapping>,
    /// The role of people whose groups give none; without it they are refused.
    default_role: Option<Role>,
    /// What the provider must know as the redirect address of this installation.
    redirect_url: String,
    /// When it was made.
    created_at: DateTime<Utc>,
}

/// A group, and the role that it gives.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct RoleMapping {
    /// As the provider names it.
    group: String,
    /// What its people are.
    role: Role,
}

/// How somebody with an address may sign in. Says nothing of whether there is an account.
pub(crate) struct SignInMethods(pub(crate) Option<identity_provider::Model>);

/// A provider to go to.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct SignInProvider {
    /// Its host, so that people see where they go.
    name: String,
    /// Where a browser begins, on this installation; a path. Takes `return`, a path to come back to.
    url: String,
}

#[Object]
impl SignInMethods {
    /// Whether a password is asked for here.
    async fn password(&self) -> bool {
        true
    }

    /// The identity provider to which the address's domain leads, where exactly one organisation's provider names it.
    async fn provider(&self) -> Option<SignInProvider> {
        self.0.as_ref().map(|row| SignInProvider {
            name: Url::parse(&row.issuer)
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
                .unwrap_or_default(),
            url: format!("/sign-in/provider/{}", ProviderId::from_uuid(row.id)),
        })
    }
}

impl IdentityProvider {
    pub(crate) fn of(state: &crate::state::State, row: &identity_provider::Model, domains: Vec<String>) -> Self {
        let role = |text: &str| text.parse::<authz::Role>().ok().map(Role::from);
        Self {
            id: ProviderId::from_uuid(row.id).to_string().into(),
            issuer: row.issuer.clone(),
            client_id: row.client_id.clone(),
            domains,
            group_claim: row.group_claim.clone(),
            role_map: Mapping::all(row)
                .into_iter()
                .filter_map(|one| {
                    Some(RoleMapping {
                        role: role(&one.role)?,
                        group: one.group,
                    })
                })
                .collect(),
            default_role: row.default_role.as_deref().and_then(role),
            redirect_url: provider::redirect_url(state),
            created_at: super::moment(row.created_at),
        }
    }
}
