//! Whose a token is that somebody shows: parsed, and its signature checked with the organisation's keys. Says nothing of
//! whether it lets in; that is the decision's.

use std::sync::Arc;

use entity::{Tenanted, jwks_key, signing_key};
use guard::{
    Token, VerifyingKey, signature,
    token::{Claims, Malformed},
    visible,
};
use ids::OrganisationId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};
use serde_json::{Map, Value};

use crate::{keys, state::State};

/// A token that a key of the organisation signed.
pub(crate) struct Proven {
    pub(crate) key: Arc<VerifyingKey>,
    /// What it says, under our names.
    pub(crate) object: Map<String, Value>,
    pub(crate) claims: Claims,
}

/// Whether a key of the organisation signed a token.
pub(crate) enum Verdict {
    /// One did.
    Proven(Box<Proven>),
    /// It is no token.
    Malformed(Malformed),
    /// The organisation has no key that it could be signed with.
    NoKey(Token),
    /// None of them fits.
    Unsigned(Token),
}

/// Judges a text.
pub(crate) async fn judge(
    state: &State,
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    text: &str,
) -> Result<Verdict, DbErr> {
    let token = match Token::parse(visible(text)) {
        Ok(token) => token,
        Err(malformed) => return Ok(Verdict::Malformed(malformed)),
    };
    let keys = verifying(state, connection, organisation).await?;
    let candidates: Vec<_> = keys
        .into_iter()
        .filter(|key| match &token.kid {
            Some(kid) => key.kid() == kid,
            None => !key.is_ours(),
        })
        .collect();
    if candidates.is_empty() {
        return Ok(Verdict::NoKey(token));
    }
    let Some(key) = candidates.into_iter().find(|key| signature::fits(&token, key)) else {
        return Ok(Verdict::Unsigned(token));
    };
    let said = token
        .claims_under(&key)
        .map(std::borrow::Cow::into_owned)
        .and_then(|claims| Ok((claims, token.object_under(&key)?)));
    Ok(match said {
        Ok((claims, object)) => Verdict::Proven(Box::new(Proven {
            key: Arc::new(key),
            object,
            claims,
        })),
        Err(malformed) => Verdict::Malformed(malformed),
    })
}

/// Every key that verifies tokens of the organisation.
async fn verifying(
    state: &State,
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<Vec<VerifyingKey>, DbErr> {
    let rows = signing_key::Entity::in_tenant(organisation)
        .filter(signing_key::Column::RemovedAt.is_null())
        .all(connection)
        .await?;
    let fetched = jwks_key::Entity::in_tenant(organisation).all(connection).await?;
    let mut all = Vec::new();
    for row in rows {
        all.extend(keys::verifying(&state.seal, &row)?);
        for key in fetched.iter().filter(|key| key.signing_key_id == row.id) {
            all.push(keys::fetched(&row, key)?);
        }
    }
    Ok(all)
}
