//! Signing keys; of ours never the private part, of customers' never the secret.

use async_graphql::{Enum, ID, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use ids::KeyId;
use serde_json::Value;

use crate::{keys, service::signing_keys::Known};

/// A key that verifies tokens, or a set of keys that is kept elsewhere; its private part is never shown.
#[derive(Clone)]
pub(crate) struct SigningKey(pub(crate) Known);

#[Object]
impl SigningKey {
    /// Its id.
    async fn id(&self) -> ID {
        KeyId::from_uuid(self.0.row.id).to_string().into()
    }

    /// What tokens carry in their header; of a set, its id.
    async fn kid(&self) -> &str {
        &self.0.row.kid
    }

    /// As in `EdDSA`; `JWKS` for a set of keys.
    async fn algorithm(&self) -> &str {
        &self.0.row.algorithm
    }

    /// Whether it is ours, or the customer's own.
    async fn ours(&self) -> bool {
        self.0.row.private_key_sealed.is_some()
    }

    /// Whether it signs the tokens that are made here.
    async fn signs(&self) -> bool {
        self.0.row.private_key_sealed.is_some() && self.0.row.retires_at.is_none()
    }

    /// When it was made, or added.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.row.created_at)
    }

    /// When it stopped signing.
    async fn retires_at(&self) -> Option<DateTime<Utc>> {
        self.0.row.retires_at.map(super::moment)
    }

    /// When it verifies no more, because nothing that it signed can run; null while it signs, and for the customer's own.
    async fn ends_at(&self) -> Option<DateTime<Utc>> {
        keys::ends_at(&self.0.row, self.0.last_expiry).map(super::moment)
    }

    /// How many of the tokens that it signed here are neither expired nor revoked.
    async fn tokens(&self) -> i32 {
        super::count(self.0.tokens)
    }

    /// How many sessions run on what it signed; they end when it is removed.
    async fn sessions(&self) -> i32 {
        super::count(self.0.sessions)
    }

    /// How its tokens name their claims, where they name them as others do.
    async fn dialect(&self) -> Option<ClaimDialect> {
        (self.0.row.dialect.as_deref() == Some("ant_media")).then_some(ClaimDialect::AntMedia)
    }

    /// The customer's names of claims: theirs to ours.
    async fn claim_map(&self) -> Option<Json<Value>> {
        self.0.row.claim_map.clone().map(Json)
    }

    /// Where the set is fetched from.
    async fn jwks_url(&self) -> Option<&str> {
        self.0.row.jwks_url.as_deref()
    }

    /// The keys of the set, as it was last fetched.
    async fn keys(&self) -> Vec<FetchedKey> {
        let keys = self.0.fetched.iter().map(|key| FetchedKey {
            kid: key.kid.clone(),
            algorithm: key.algorithm.clone(),
            created_at: super::moment(key.created_at),
        });
        keys.collect()
    }

    /// When the set was last fetched.
    async fn fetched_at(&self) -> Option<DateTime<Utc>> {
        self.0.row.fetched_at.map(super::moment)
    }

    /// What is wrong with the set since then.
    async fn fetch_error(&self) -> Option<&str> {
        self.0.row.fetch_error.as_deref()
    }
}

/// A key of a set.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct FetchedKey {
    /// What tokens carry in their header.
    kid: String,
    /// As in `ES256`.
    algorithm: String,
    /// When it was first seen in the set.
    created_at: DateTime<Utc>,
}

/// How tokens name their claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum ClaimDialect {
    /// As ours do.
    Ours,
    /// As Ant Media's do: `streamId`, `type`, `exp`.
    AntMedia,
}
