//! What is said to a provider, and what of its answer is believed.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use entity::identity_provider;
use guard::Timestamp;
use ids::ProviderId;
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
        CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
        CoreTokenType,
    },
};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Problem, settings::place};
use crate::{outbound::OutboundError, state::State};

/// What providers say of themselves, for five minutes, and how many are asked at once.
#[derive(Debug)]
pub(crate) struct Known {
    said: Mutex<HashMap<ProviderId, (Timestamp, CoreProviderMetadata)>>,
    asked: Mutex<HashMap<ProviderId, usize>>,
}

/// The right to ask a provider, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    known: &'a Known,
    id: ProviderId,
}

/// The secrets of one sign-in, between the browser and us.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Secrets {
    /// What the provider sends back with the browser.
    pub(super) state: String,
    /// What the ID token must repeat.
    pub(super) nonce: String,
    /// What proves that whoever redeems the code is who asked for it (RFC 7636).
    pub(super) verifier: String,
}

/// What a provider says of a person, once all of it was verified.
#[derive(Debug)]
pub(super) struct Vouched {
    /// The provider's own name for the person.
    pub(super) subject: String,
    /// The address, where the provider says that it is the person's.
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) groups: Vec<String>,
    /// Whether the person showed more than one factor there (RFC 8176).
    pub(super) second_factor: bool,
}

impl Known {
    pub(crate) fn new() -> Self {
        Self {
            said: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// A turn to ask a provider: strangers can make us ask. One that does not answer holds up its own people only.
    pub(super) fn turn(&self, id: ProviderId) -> Result<Turn<'_>, Problem> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let own = asked.get(&id).copied().unwrap_or(0);
        if own >= AT_ONCE || asked.values().sum::<usize>() >= AT_ONCE_ALL {
            return Err(Problem::Busy);
        }
        asked.insert(id, own + 1);
        Ok(Turn { known: self, id })
    }

    fn remembered(&self, id: ProviderId, issuer: &str, now: Timestamp) -> Option<CoreProviderMetadata> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, (at, _)| now.since(*at) < FRESH);
        let (_, metadata) = said.get(&id)?;
        (metadata.issuer().as_str() == issuer).then(|| metadata.clone())
    }

    fn remember(&self, id: ProviderId, metadata: &CoreProviderMetadata, now: Timestamp) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() < MOST {
            said.insert(id, (now, metadata.clone()));
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut asked = self.known.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let left = asked.get(&self.id).map_or(0, |own| own.saturating_sub(1));
        if left == 0 {
            asked.remove(&self.id);
        } else {
            asked.insert(self.id, left);
        }
    }
}

/// Where the browser has to go.
pub(super) async fn question(state: &State, row: &identity_provider::Model, secrets: &Secrets) -> Result<Url, Problem> {
    let id = ProviderId::from_uuid(row.id);
    let metadata = match state.providers.remembered(id, &row.issuer, state.now()) {
        Some(metadata) => metadata,
        None => discover(state, row).await?,
    };
    let scopes = metadata.scopes_supported().cloned().unwrap_or_default();
    let client = client(state, row, metadata)?;
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(secrets.verifier.clone()));
    let csrf = CsrfToken::new(secrets.state.clone());
    let nonce = Nonce::new(secrets.nonce.clone());
    let mut request = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || csrf, move || nonce)
        .add_scope(Scope::new("email".to_owned()))
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge);
    // Several providers tell groups only to who asks for a scope of that name.
    for scope in scopes
        .into_iter()
        .filter(|scope| Some(scope.as_str()) == row.group_claim.as_deref())
    {
        request = request.add_scope(scope);
    }
    let (url, _, _) = request.url();
    if state.outbound.allows(&url) {
        Ok(url)
    } else {
        Err(Problem::ProviderUnreachable)
    }
}

/// Redeems the code that the browser brought, and verifies what comes for it. The provider's keys are read anew, so that
/// a key that it took back yesterday, or five minutes ago, is worth nothing.
pub(super) async fn redeem(
    state: &State,
    row: &identity_provider::Model,
    secrets: Secrets,
    code: String,
) -> Result<Vouched, Problem> {
    let metadata = discover(state, row).await?;
    let client = client(state, row, metadata)?;
    let exchange = client
        .exchange_code(AuthorizationCode::new(code))
        .map_err(|error| unreachable(row, &error))?
        .set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier));
    let tokens: Tokens = exchange
        .request_async(&state.outbound)
        .await
        .map_err(|error| match error {
            RequestTokenError::Request(error) => unreachable(row, &error),
            error => untrue(row, &error),
        })?;
    let token = tokens.id_token().ok_or(Problem::ProviderAnswer)?;
    let now = moment(state.now());
    let verifier = client
        .id_token_verifier()
        // INVARIANT: neither `none` nor a shared secret: the provider's published keys alone speak for it.
        .set_allowed_algs(SIGNED.iter().cloned())
        .set_time_fn(move || now)
        .set_issue_time_verifier_fn(move |issued| {
            let skew = now.signed_duration_since(issued).num_seconds().saturating_neg();
            if skew > SKEW_S {
                Err("it is of tomorrow".to_owned())
            } else {
                Ok(())
            }
        });
    let claims = token
        .claims(&verifier, &Nonce::new(secrets.nonce))
        .map_err(|error| untrue(row, &error))?;
    if let Some(expected) = claims.access_token_hash() {
        let hash = token.signing_alg().ok().zip(token.signing_key(&verifier).ok());
        let hash = hash.and_then(|(alg, key)| AccessTokenHash::from_token(tokens.access_token(), alg, key).ok());
        if hash.as_ref() != Some(expected) {
            return Err(Problem::ProviderAnswer);
        }
    }
    let mut vouched = Vouched {
        subject: claims.subject().to_string(),
        email: claims.email().map(|email| email.to_string()),
        name: claims
            .name()
            .and_then(|name| name.get(None))
            .map(|name| name.to_string()),
        groups: groups(row, claims.additional_claims()),
        second_factor: claims
            .auth_method_refs()
            .is_some_and(|methods| methods.iter().any(|method| method.as_str() == "mfa")),
    };
    let mut verified = claims.email_verified();
    if vouched.email.is_none() {
        // Providers may tell of a person apart from the ID token; it is about the same person, or an error.
        let asked = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()));
        if let Ok(asked) = asked {
            let told: UserInfoClaims<Others, CoreGenderClaim> = asked
                .request_async(&state.outbound)
                .await
                .map_err(|error| untrue(row, &error))?;
            vouched.email = told.email().map(|email| email.to_string());
            verified = told.email_verified();
            let name = told.name().and_then(|name| name.get(None)).map(|name| name.to_string());
            vouched.name = vouched.name.or(name);
            if vouched.groups.is_empty() {
                vouched.groups = groups(row, told.additional_claims());
            }
        }
    }
    if verified != Some(true) {
        vouched.email = None;
    }
    Ok(vouched)
}

/// What a provider says of itself, with its keys.
async fn discover(state: &State, row: &identity_provider::Model) -> Result<CoreProviderMetadata, Problem> {
    let issuer = IssuerUrl::new(row.issuer.clone()).map_err(|error| unreachable(row, &error))?;
    let metadata = CoreProviderMetadata::discover_async(issuer, &state.outbound)
        .await
        .map_err(|error| unreachable(row, &error))?;
    state
        .providers
        .remember(ProviderId::from_uuid(row.id), &metadata, state.now());
    Ok(metadata)
}

fn client(state: &State, row: &identity_provider::Model, metadata: CoreProviderMetadata) -> Result<Asking, Problem> {
    let secret = state
        .seal
        .open(&place(ProviderId::from_uuid(row.id)), &row.client_secret_sealed)
        .map_err(|error| unreachable(row, &error))?;
    let secret = ClientSecret::new(String::from_utf8_lossy(&secret).into_owned());
    let redirect = RedirectUrl::new(super::flow::redirect_url(state)).map_err(|error| unreachable(row, &error))?;
    let methods = metadata.token_endpoint_auth_methods_supported();
    let by_body = methods.is_some_and(|methods| {
        methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
    });
    let auth = if by_body {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    };
    Ok(
        Client::from_provider_metadata(metadata, ClientId::new(row.client_id.clone()), Some(secret))
            .set_redirect_uri(redirect)
            .set_auth_type(auth),
    )
}

/// The groups in the claim that the organisation named: an array of texts, or one text.
fn groups(row: &identity_provider::Model, others: &Others) -> Vec<String> {
    let claim = row.group_claim.as_ref().and_then(|claim| others.0.get(claim));
    match claim {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(group)) => vec![group.clone()],
        _ => Vec::new(),
    }
}

fn unreachable(row: &identity_provider::Model, error: &dyn std::error::Error) -> Problem {
    told(row, error);
    Problem::ProviderUnreachable
}

fn untrue(row: &identity_provider::Model, error: &dyn std::error::Error) -> Problem {
    told(row, error);
    Problem::ProviderAnswer
}

/// For the log; what was said stays out of it, for it may hold tokens.
fn told(row: &identity_provider::Model, error: &dyn std::error::Error) {
    let chain = std::iter::successors(error.source(), |error| (*error).source());
    let private = chain
        .filter_map(|error| error.downcast_ref::<OutboundError>())
        .map(ToString::to_string)
        .next();
    let provider = ProviderId::from_uuid(row.id);
    tracing::warn!(provider.id = %provider, %error, outbound = private, "a sign-in with an identity provider failed");
}

fn moment(now: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(now.us()).unwrap_or_default()
}

/// Every claim that the library does not know.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Others(HashMap<String, Value>);

impl AdditionalClaims for Others {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Others,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type Asking = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// With which algorithms an ID token may be signed.
const SIGNED: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
const FRESH: Duration = Duration::from_mins(5);
const MOST: usize = 1000;
/// Requests to one provider, and to all of them.
const AT_ONCE: usize = 8;
const AT_ONCE_ALL: usize = 128;
/// How far a provider's clock may run ahead.
const SKEW_S: i64 = 300;
