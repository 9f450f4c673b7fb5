//! A token that somebody shows is looked at: who signed it, what it says, what could be better about it.

use entity::{Tenanted, playback_token, static_token, token_handle};
use guard::{
    Timestamp,
    lint::Traits,
    policy::{CredentialDigest, StaticToken},
    token::Claims,
};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::Value;

use super::{
    advice,
    proof::{self, Verdict},
    static_tokens, tokens,
};
use crate::{fault::Fault, graphql::TokenAdvice, people::Acting, state::State};

/// What was seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// The key that signed it.
    pub(crate) kid: Option<String>,
    pub(crate) jti: Option<String>,
    /// What it says, under our names.
    pub(crate) claims: Option<Value>,
    pub(crate) advice: Vec<TokenAdvice>,
    /// Its record, where it was made here.
    pub(crate) record: Option<playback_token::Model>,
}

/// Looks at a token, a handle or a static token, and at what became of it. The role was judged.
pub(crate) async fn lint(state: &State, acting: &Acting, text: &str) -> Result<Seen, Fault> {
    let seen = look(state, acting, text).await?;
    let record = match &seen.jti {
        Some(jti) => match tokens::by_jti(state.store.read(), acting.id, jti).await {
            Ok(record) => Some(record),
            Err(Fault::NotFound) => None,
            Err(fault) => return Err(fault),
        },
        None => None,
    };
    Ok(Seen { record, ..seen })
}

async fn look(state: &State, acting: &Acting, text: &str) -> Result<Seen, Fault> {
    let (connection, now) = (state.store.read(), state.now());
    let traits = |claims: &Claims| advice::of(&Traits::of(claims, acting.row.force_disconnect, now));
    if let Some(row) = static_tokens::by_text(connection, acting.id, text).await? {
        return Ok(Seen {
            jti: Some(StaticToken::id_of(&row.name).to_string()),
            advice: of_static(&row, now),
            ..Seen::default()
        });
    }
    let handle = token_handle::Entity::in_tenant(acting.id)
        .filter(token_handle::Column::Digest.eq(CredentialDigest::of(text).bytes().to_vec()))
        .one(connection)
        .await?;
    if let Some(row) = handle {
        let claims: Value = serde_json::from_str(&row.claims).map_err(|error| Fault::bug(&error))?;
        let read =
            guard::token::claims_of(&row.claims, &row.jti.as_str().into()).map_err(|error| Fault::bug(&error))?;
        return Ok(Seen {
            kid: Some(row.kid),
            jti: Some(row.jti),
            claims: Some(claims),
            advice: traits(&read),
            record: None,
        });
    }
    let malformed = |why: guard::token::Malformed| Fault::field("token", "MALFORMED", why.to_string());
    match proof::judge(state, connection, acting.id, text).await? {
        Verdict::Proven(proven) => Ok(Seen {
            kid: Some(proven.key.kid().to_string()),
            jti: Some(proven.claims.jti.to_string()),
            claims: Some(Value::Object(proven.object)),
            advice: traits(&proven.claims),
            record: None,
        }),
        Verdict::NoKey(token) | Verdict::Unsigned(token) => {
            let claims = token.claims().map_err(malformed)?;
            Ok(Seen {
                jti: Some(claims.jti.to_string()),
                claims: token.object().ok().map(Value::Object),
                advice: traits(claims),
                kid: None,
                record: None,
            })
        }
        Verdict::Malformed(why) => Err(malformed(why)),
    }
}

/// Advice on a static token, the weightiest first.
pub(crate) fn of_static(row: &static_token::Model, now: Timestamp) -> Vec<TokenAdvice> {
    advice::of(&Traits {
        lifetime: Timestamp::from_us(row.expires_at).since(now),
        organisation_wide: row.organisation_wide,
        has_ip: false,
        has_domains: false,
        has_user: false,
        has_tag: false,
        revocable: true,
        force_disconnect: true,
        is_static: true,
    })
}
