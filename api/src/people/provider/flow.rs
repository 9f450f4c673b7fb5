//! The two steps of signing in with a provider: the browser is sent there, and comes back with a code.
//!
//! What binds them is a sealed cookie. It is `SameSite=Lax`, because it is another site that sends the browser back; it
//! is good for ten minutes, for this one purpose, and taken away by the second step.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Table, Tenanted, identity_provider, organisation, provider_domain};
use ids::{OrganisationId, ProviderId, UserId};
use reqwest::Url;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Problem, account,
    client::{self, Secrets, Vouched},
    settings,
};
use crate::{
    audit,
    people::{
        Actor, By, Presented, Whose,
        sign_in::{self, How, LONGEST_EMAIL, normal},
    },
    service::{Work, api_tokens},
    state::State,
};

/// The name of the cookie that binds the two steps.
pub(crate) const COOKIE: &str = "portcullis_provider";

/// The first step done.
pub(crate) struct Begun {
    /// Where the browser has to go.
    pub(crate) url: Url,
    /// The value of `set-cookie`.
    pub(crate) cookie: String,
}

/// The second step done.
pub(crate) struct Finished {
    pub(crate) secret: sign_in::Secret,
    /// Where the person wanted to go: a path of ours.
    pub(crate) back: String,
}

/// What the cookie holds.
#[derive(Deserialize, Serialize)]
struct Pending {
    provider: ProviderId,
    secrets: Secrets,
    back: String,
    until_us: i64,
}

/// Begins: makes the secrets, and says where to go with them.
pub(crate) async fn begin(
    state: &State,
    presented: &Presented,
    id: &str,
    back: Option<&str>,
) -> Result<Begun, Problem> {
    let id: ProviderId = id.parse().map_err(|_| Problem::ProviderUnknown)?;
    let row = by_id(state, id).await?;
    let _turn = state.providers.turn(id)?;
    let random = || URL_SAFE_NO_PAD.encode(state.entropy.bytes::<32>());
    let secrets = Secrets {
        state: random(),
        nonce: random(),
        verifier: random(),
    };
    let url = client::question(state, &row, &secrets).await?;
    let pending = Pending {
        provider: id,
        secrets,
        back: own_path(back),
        until_us: state.now_us().saturating_add(MINUTES_10_US),
    };
    let text = serde_json::to_vec(&pending).map_err(|_| Problem::Internal)?;
    let sealed = URL_SAFE_NO_PAD.encode(state.seal.close(COOKIE, &text));
    Ok(Begun {
        url,
        cookie: cookie(&sealed, 600, presented.https),
    })
}

/// Finishes: redeems the code, and opens a sign-in that acts in the provider's organisation only.
pub(crate) async fn finish(
    state: &Arc<State>,
    presented: &Presented,
    sealed: Option<&str>,
    answer: Answer,
) -> Result<Finished, Problem> {
    let pending = sealed
        .and_then(|sealed| pending(state, sealed))
        .filter(|pending| state.now_us() < pending.until_us)
        // One comes from the sealed cookie: comparing them tells nobody anything.
        .filter(|pending| answer.state.as_deref() == Some(&pending.secrets.state))
        .ok_or(Problem::SignInExpired)?;
    let row = by_id(state, pending.provider).await?;
    let back = pending.back.clone();
    let mut email = None;
    match redeem(state, presented, &row, pending, answer, &mut email).await {
        Ok(secret) => Ok(Finished { secret, back }),
        Err(problem) => {
            failed(state, presented, &row, problem, email).await;
            Err(problem)
        }
    }
}

/// What the browser brought back.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) state: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) error: Option<String>,
    /// Who answers (RFC 9207).
    pub(crate) issuer: Option<String>,
}

async fn redeem(
    state: &State,
    presented: &Presented,
    row: &identity_provider::Model,
    pending: Pending,
    answer: Answer,
    told: &mut Option<String>,
) -> Result<sign_in::Secret, Problem> {
    if answer.issuer.is_some_and(|issuer| issuer != row.issuer) {
        return Err(Problem::ProviderAnswer);
    }
    if answer.error.is_some() {
        return Err(Problem::ProviderRefused);
    }
    let code = answer.code.ok_or(Problem::ProviderAnswer)?;
    let vouched = {
        let _turn = state.providers.turn(ProviderId::from_uuid(row.id))?;
        client::redeem(state, row, pending.secrets, code).await?
    };
    if vouched.subject.is_empty() || vouched.subject.len() > LONGEST_SUBJECT {
        return Err(Problem::ProviderAnswer);
    }
    let email = vouched.email.as_deref().map(normal).ok_or(Problem::EmailNotVerified)?;
    *told = Some(email.chars().take(LONGEST_EMAIL).collect());
    open(state, presented, row, &vouched, &email).await
}

/// Opens the sign-in, in one transaction with everything that it needs.
async fn open(
    state: &State,
    presented: &Presented,
    row: &identity_provider::Model,
    vouched: &Vouched,
    email: &str,
) -> Result<sign_in::Secret, Problem> {
    let here = OrganisationId::from_uuid(row.organisation_id);
    let role = account::role(row, &vouched.groups)?;
    let by = By {
        actor: Actor::Nobody,
        role: None,
        address: presented.address,
        request: presented.request,
    };
    let work = Work::on(state, here, by).await?;
    let write = &work.write;
    // The provider may have been removed, or changed, while it was asked.
    let still = identity_provider::Entity::in_tenant(here)
        .filter(identity_provider::Column::Id.eq(row.id))
        .one(&**write)
        .await?;
    if still.as_ref() != Some(row) {
        return Err(Problem::ProviderUnknown);
    }
    let domains = settings::domains(&**write, here).await?;
    if !of_domain(email, &domains) {
        return Err(Problem::DomainNotAllowed);
    }
    let organisation = organisation::Entity::in_tenant(here).one(&**write).await?;
    if organisation.is_none_or(|organisation| organisation.standing != "active") {
        return Err(Problem::OrganisationSuspended);
    }
    let user = account::find_or_make(state, write, row, vouched, email).await?;
    let id = UserId::from_uuid(user.id);
    let placed = account::place(&work, presented, id, role).await?;
    let how = How {
        name: "provider",
        second_factor: vouched.second_factor,
        only: Some(here),
    };
    let (_, secret) = sign_in::open(state, presented, write, &user, how).await?;
    work.write.commit().await?;
    if placed.changed {
        state.access.changed(Whose::User(id));
    }
    api_tokens::tell(state, &placed.ended);
    Ok(secret)
}

/// Whether an address is of one of the domains; of exactly one, and in no second way of reading it.
fn of_domain(email: &str, domains: &[provider_domain::Model]) -> bool {
    let plain =
        email.is_ascii() && email.len() <= LONGEST_EMAIL && !email.bytes().any(|byte| byte <= b' ' || byte == 127);
    let Some((local, domain)) = email.split_once('@') else {
        return false;
    };
    let quoted = local.contains(['"', '(', ')', '<', '>', ',', ';', ':', '\\', '[', ']']);
    plain && !local.is_empty() && !quoted && domains.iter().any(|row| row.domain == domain)
}

async fn by_id(state: &State, id: ProviderId) -> Result<identity_provider::Model, Problem> {
    identity_provider::Entity::across_tenants("the provider with which a browser wants to sign in")
        .filter(identity_provider::Column::Id.eq(id.uuid()))
        .one(state.store.read())
        .await?
        .ok_or(Problem::ProviderUnknown)
}

/// Records in the provider's organisation that somebody could not sign in.
async fn failed(
    state: &State,
    presented: &Presented,
    row: &identity_provider::Model,
    problem: Problem,
    email: Option<String>,
) {
    let mut personal = audit::from_address(presented.address);
    if let (Some(email), Some(map)) = (email, personal.as_object_mut()) {
        map.insert("email".to_owned(), email.into());
    }
    let entry = audit::Entry {
        organisation: Some(OrganisationId::from_uuid(row.organisation_id)),
        actor: Actor::Nobody,
        role: None,
        action: "sign_in.failed",
        object: ProviderId::from_uuid(row.id).to_string(),
        detail: json!({ "how": "provider", "problem": problem.as_str() }),
        personal,
        request: Some(presented.request),
        at: state.now(),
    };
    let done = async {
        let write = state.store.write().await?;
        audit::append(state, &*write, entry).await?;
        write.commit().await
    };
    if let Err(error) = done.await {
        tracing::error!(%error, "a failed sign-in could not be recorded");
    }
}

fn pending(state: &State, sealed: &str) -> Option<Pending> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let text = state.seal.open(COOKIE, &sealed).ok()?;
    serde_json::from_slice(&text).ok()
}

/// A path of ours; anything else is the first page.
fn own_path(wanted: Option<&str>) -> String {
    let ours = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && path.len() <= LONGEST_PATH
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    wanted.filter(ours).unwrap_or("/").to_owned()
}

/// Where providers send browsers back to; they must be told exactly this.
pub(crate) fn redirect_url(state: &State) -> String {
    format!("{}/sign-in/callback", state.addresses.http)
}

/// The value of `set-cookie` that takes the cookie away.
pub(crate) fn no_cookie(https: bool) -> String {
    cookie("", 0, https)
}

fn cookie(value: &str, max_age_s: u32, https: bool) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/sign-in/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}")
}

const MINUTES_10_US: i64 = 10 * 60 * 1_000_000;
const LONGEST_SUBJECT: usize = 255;
const LONGEST_PATH: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_goes_back_to_a_path_of_ours_only() {
        for path in ["/streams", "/a?b=c#d"] {
            assert_eq!(own_path(Some(path)), path);
        }
        for elsewhere in [
            "",
            "streams",
            "//evil.test",
            "/\\evil.test",
            "https://evil.test",
            "/a\r\nset-cookie: x",
            "/\t/evil.test",
        ] {
            assert_eq!(own_path(Some(elsewhere)), "/", "{elsewhere:?}");
        }
    }

    #[test]
    fn an_address_is_of_a_domain_in_one_way_only() {
        let row = provider_domain::Model {
            id: uuid::Uuid::nil(),
            organisation_id: uuid::Uuid::nil(),
            provider_id: uuid::Uuid::nil(),
            domain: "example.com".to_owned(),
        };
        let of = |email| of_domain(email, std::slice::from_ref(&row));
        assert!(of("ann@example.com"));
        for email in [
            "ann@evil-example.com",
            "ann@sub.example.com",
            "ann@evil.test@example.com",
            "\"a@evil.test\"@example.com",
            "@example.com",
            "ann@example.com.",
            "ann@example.com ",
            "ann\n@example.com",
            "example.com",
            "änn@example.com",
        ] {
            assert!(!of(email), "{email:?}");
        }
    }
}
