//! An organisation's provider: what it is, setting it, removing it, and whom its domains lead to it.

use std::str::FromStr;

use authz::{Action, Role};
use entity::{Table, Tenanted, identity_provider, provider_domain, sign_in};
use ids::{OrganisationId, ProviderId, SignInId};
use reqwest::Url;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, ModelTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    fault::Fault,
    people::{Acting, Whose, sign_in::normal},
    service::{Work, label},
    state::State,
};

/// A group, and the role that it gives.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Mapping {
    /// As the provider names it.
    pub(crate) group: String,
    /// As in `nanoUser`.
    pub(crate) role: String,
}

/// What a provider is to be.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// None: the one it has.
    pub(crate) client_secret: Option<String>,
    pub(crate) domains: Vec<String>,
    pub(crate) group_claim: Option<String>,
    pub(crate) role_map: Vec<(String, Role)>,
    pub(crate) default_role: Option<Role>,
}

impl Mapping {
    /// Those of a provider.
    pub(crate) fn all(row: &identity_provider::Model) -> Vec<Self> {
        serde_json::from_value(row.role_map.clone()).unwrap_or_default()
    }
}

/// The provider of an organisation, with its domains.
pub(crate) async fn of(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Option<(identity_provider::Model, Vec<String>)>, Fault> {
    let Some(row) = identity_provider::Entity::in_tenant(organisation)
        .one(connection)
        .await?
    else {
        return Ok(None);
    };
    let domains = domains(connection, organisation).await?;
    Ok(Some((row, domains.into_iter().map(|row| row.domain).collect())))
}

/// Sets the organisation's provider. Another issuer or client is another provider: whom the old one knew, the new one does
/// not, and the sign-ins of the old one end.
pub(crate) async fn set(
    state: &State,
    acting: &Acting,
    wish: Wish,
) -> Result<(identity_provider::Model, Vec<String>), Fault> {
    let wish = Checked::of(state, wish)?;
    let work = Work::begin(state, acting).await?;
    let before = of(&*work.write, acting.id).await?;
    let same = before
        .as_ref()
        .filter(|(row, _)| row.issuer == wish.issuer && row.client_id == wish.client_id);
    let id = same.map_or_else(|| state.mint(), |(row, _)| ProviderId::from_uuid(row.id));
    let secret = match (&wish.client_secret, same) {
        (Some(secret), _) => state.seal.close(&place(id), secret.as_bytes()),
        (None, Some((row, _))) => row.client_secret_sealed.clone(),
        (None, None) => return Err(Fault::field("clientSecret", "REQUIRED", "this client needs its secret")),
    };
    let row = identity_provider::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(acting.id.uuid()),
        issuer: Set(wish.issuer),
        client_id: Set(wish.client_id),
        client_secret_sealed: Set(secret),
        group_claim: Set(wish.group_claim),
        role_map: Set(json!(wish.role_map)),
        default_role: Set(wish.default_role.map(|role| role.as_str().to_owned())),
        created_at: Set(same.map_or(work.at.us(), |(row, _)| row.created_at)),
    };
    let (row, ended) = if same.is_some() {
        for domain in domains(&*work.write, acting.id).await? {
            domain.delete(&*work.write).await?;
        }
        (row.update(&*work.write).await?, Vec::new())
    } else {
        let ended = match &before {
            Some((old, _)) => forget(&work, old.clone()).await?,
            None => Vec::new(),
        };
        (row.insert(&*work.write).await?, ended)
    };
    for domain in &wish.domains {
        let row = provider_domain::ActiveModel {
            id: Set(state.mint::<ProviderId>().uuid()),
            organisation_id: Set(acting.id.uuid()),
            provider_id: Set(id.uuid()),
            domain: Set(domain.clone()),
        };
        row.insert(&*work.write).await?;
    }
    let detail = json!({
        "before": before.as_ref().map(|(row, domains)| shown(row, domains)),
        "after": shown(&row, &wish.domains),
    });
    work.finish_untold(Action::ProviderUpdate, &id.to_string(), detail)
        .await?;
    tell(state, ended);
    Ok((row, wish.domains))
}

/// Removes the organisation's provider, with every sign-in that it vouched for; says whether there was one.
pub(crate) async fn remove(state: &State, acting: &Acting) -> Result<bool, Fault> {
    let work = Work::begin(state, acting).await?;
    let Some((row, domains)) = of(&*work.write, acting.id).await? else {
        return Ok(false);
    };
    let id = ProviderId::from_uuid(row.id).to_string();
    let detail = json!({ "before": shown(&row, &domains), "after": null });
    let ended = forget(&work, row).await?;
    work.finish_untold(Action::ProviderUpdate, &id, detail).await?;
    tell(state, ended);
    Ok(true)
}

/// The provider to which the domain of an address leads: the only one that names it. Several that name one lead nowhere,
/// for nobody has proven anything. Says nothing of whether there is an account.
pub(crate) async fn offered(state: &State, email: &str) -> Result<Option<identity_provider::Model>, Fault> {
    let email = normal(email);
    let Some((_, domain)) = email.rsplit_once('@') else {
        return Ok(None);
    };
    let claims = provider_domain::Entity::across_tenants("to which provider the domain of an address leads")
        .filter(provider_domain::Column::Domain.eq(domain))
        .all(state.store.read())
        .await?;
    let [claim] = claims.as_slice() else {
        return Ok(None);
    };
    let provider = identity_provider::Entity::in_tenant(OrganisationId::from_uuid(claim.organisation_id))
        .filter(identity_provider::Column::Id.eq(claim.provider_id))
        .one(state.store.read())
        .await?;
    Ok(provider)
}

/// For what the secret of a provider's client is sealed.
pub(super) fn place(id: ProviderId) -> String {
    format!("identity_provider:{id}")
}

/// The domains of an organisation's provider, in their order.
pub(super) async fn domains(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Vec<provider_domain::Model>, Fault> {
    let domains = provider_domain::Entity::in_tenant(organisation)
        .order_by_asc(provider_domain::Column::Domain)
        .all(connection)
        .await?;
    Ok(domains)
}

/// Takes a provider away; what refers to it goes with it. Gives back the sign-ins that end.
async fn forget(work: &Work<'_>, row: identity_provider::Model) -> Result<Vec<SignInId>, Fault> {
    let vouched = sign_in::Column::OrganisationId.eq(row.organisation_id);
    let ended = sign_in::Entity::across_tenants("the sign-ins that only a removed provider vouched for")
        .filter(vouched.clone())
        .all(&*work.write)
        .await?;
    sign_in::Entity::remove_across_tenants("the sign-ins that only a removed provider vouched for")
        .filter(vouched)
        .exec(&*work.write)
        .await?;
    row.delete(&*work.write).await?;
    Ok(ended.into_iter().map(|row| SignInId::from_uuid(row.id)).collect())
}

fn tell(state: &State, ended: Vec<SignInId>) {
    for id in ended {
        state.access.changed(Whose::SignIn(id));
    }
}

/// A provider as the audit log shows it.
fn shown(row: &identity_provider::Model, domains: &[String]) -> Value {
    json!({
        "issuer": row.issuer,
        "clientId": row.client_id,
        "domains": domains,
        "groupClaim": row.group_claim,
        "roleMap": row.role_map,
        "defaultRole": row.default_role,
    })
}

/// A wish that can be granted.
struct Checked {
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    domains: Vec<String>,
    group_claim: Option<String>,
    role_map: Vec<Mapping>,
    default_role: Option<Role>,
}

impl Checked {
    fn of(state: &State, wish: Wish) -> Result<Self, Fault> {
        let issuer = label("issuer", &wish.issuer, LONGEST)?;
        let url = Url::from_str(&issuer).ok();
        let fits =
            url.is_some_and(|url| state.outbound.allows(&url) && url.query().is_none() && url.fragment().is_none());
        if !fits {
            let why = "an https address without a query, which is not of a private network";
            return Err(Fault::field("issuer", "INVALID", why));
        }
        let client_secret = wish
            .client_secret
            .map(|secret| label("clientSecret", &secret, LONGEST_SECRET))
            .transpose()?;
        let group_claim = wish
            .group_claim
            .map(|claim| label("groupClaim", &claim, LONGEST))
            .transpose()?;
        if wish.role_map.len() > MAPPINGS {
            return Err(Fault::field("roleMap", "INVALID", format!("{MAPPINGS} groups at most")));
        }
        if group_claim.is_none() && !wish.role_map.is_empty() {
            return Err(Fault::field("groupClaim", "REQUIRED", "groups are read from a claim"));
        }
        if wish.role_map.is_empty() && wish.default_role.is_none() {
            let why = "without groups and without a role for everybody, nobody could sign in";
            return Err(Fault::field("defaultRole", "REQUIRED", why));
        }
        let mut role_map = Vec::new();
        for (group, role) in wish.role_map {
            role_map.push(Mapping {
                group: label("roleMap", &group, LONGEST)?,
                role: role.as_str().to_owned(),
            });
        }
        Ok(Self {
            issuer,
            client_id: label("clientId", &wish.client_id, LONGEST)?,
            client_secret,
            domains: hosts(&wish.domains)?,
            group_claim,
            role_map,
            default_role: wish.default_role,
        })
    }
}

fn hosts(wished: &[String]) -> Result<Vec<String>, Fault> {
    let mut hosts: Vec<_> = wished.iter().map(|host| host.trim().to_lowercase()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    if !(1..=DOMAINS).contains(&hosts.len()) || !hosts.iter().all(|host| is_host(host)) {
        let why = format!("1 to {DOMAINS} host names, as in example.com");
        return Err(Fault::field("domains", "INVALID", why));
    }
    Ok(hosts)
}

/// RFC 1123 2.1, with a dot at least, and not an address.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let named = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().any(|byte| byte.is_ascii_lowercase()));
    host.len() <= 253 && host.contains('.') && host.split('.').all(label) && named
}

const DOMAINS: usize = 10;
const MAPPINGS: usize = 50;
const LONGEST: usize = 255;
const LONGEST_SECRET: usize = 1024;

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn a_domain_is_a_host_name() {
        for host in ["example.com", "xn--mller-kva.example", "a.b-c.d1"] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "",
            "localhost",
            ".com",
            "example.",
            "a..b",
            "-a.com",
            "a_b.com",
            "*.com",
            "192.0.2.1",
            "a@b.com",
            "Ex.com",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }
}
