//! A token that somebody shows is looked at: what kind it is, who signed it, what it says, what could be better about
//! it.
//!
//! What others have is told by its form, like what does not exist.

use entity::{Tenanted, playback_token, static_token, token_handle};
use guard::{
    Door, Form, Timestamp, Token,
    lint::{DAMAGED, Traits},
    policy::{CredentialDigest, StaticToken},
    token::{Claims, Malformed, Scope},
};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use serde_json::Value;

use super::{
    advice, believed,
    proof::{self, Verdict},
    static_tokens, tokens,
};
use crate::{
    fault::Fault,
    graphql::{CredentialKind, TokenAdvice},
    people::Acting,
    state::State,
};

/// What was seen.
pub(crate) struct Seen {
    pub(crate) kind: CredentialKind,
    /// The key that signed it.
    pub(crate) kid: Option<String>,
    pub(crate) jti: Option<String>,
    /// What it says, under our names.
    pub(crate) claims: Option<Value>,
    pub(crate) advice: Vec<TokenAdvice>,
    /// Its record, where it was made here.
    pub(crate) record: Option<playback_token::Model>,
}

impl Seen {
    /// Of what nobody here knows more than its kind.
    fn of(kind: CredentialKind) -> Self {
        Self {
            kind,
            kid: None,
            jti: None,
            claims: None,
            advice: vec![],
            record: None,
        }
    }
}

/// Looks at a text that is shown as a credential, and at what became of it. The role was judged.
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
    let malformed = |why: Malformed| Fault::field("token", "MALFORMED", why.to_string());
    let form = Form::of(text).map_err(malformed)?;
    if let Form::Static(text) | Form::Opaque(text) = form
        && let Some(row) = static_tokens::by_digest(connection, acting.id, &CredentialDigest::of(text)).await?
    {
        return Ok(Seen {
            jti: Some(StaticToken::id_of(&row.name).to_string()),
            advice: of_static(&row, now),
            ..Seen::of(CredentialKind::Static)
        });
    }
    match form {
        Form::Static(_) => return Ok(Seen::of(CredentialKind::Static)),
        Form::Opaque(text) => {
            return of_opaque(connection, acting, text)
                .await?
                .ok_or_else(|| malformed(Malformed::Parts));
        }
        Form::Handle(text) => {
            let row = token_handle::Entity::in_tenant(acting.id)
                .filter(token_handle::Column::Digest.eq(CredentialDigest::of(text).bytes().to_vec()))
                .one(connection)
                .await?;
            let Some(row) = row else {
                return Ok(Seen::of(CredentialKind::Handle));
            };
            let claims: Value = serde_json::from_str(&row.claims).map_err(|error| Fault::bug(&error))?;
            let read =
                guard::token::claims_of(&row.claims, &row.jti.as_str().into()).map_err(|error| Fault::bug(&error))?;
            return Ok(Seen {
                kid: Some(row.kid),
                jti: Some(row.jti),
                claims: Some(claims),
                advice: of_ours(connection, acting, &read, now).await?,
                ..Seen::of(CredentialKind::Handle)
            });
        }
        Form::Jwt(_) => {}
    }
    match proof::judge(state, connection, acting.id, text).await? {
        Verdict::Proven(proven) => Ok(Seen {
            kid: Some(proven.key.kid().to_string()),
            jti: Some(proven.claims.jti.to_string()),
            claims: Some(Value::Object(proven.object)),
            advice: of_ours(connection, acting, &proven.claims, now).await?,
            ..Seen::of(CredentialKind::Jwt)
        }),
        Verdict::NoKey(token) | Verdict::Unsigned(token) => {
            let claims = token.claims().map_err(malformed)?;
            Ok(Seen {
                jti: Some(claims.jti.to_string()),
                claims: token.object().ok().map(Value::Object),
                advice: advice::of(&traits(acting, claims, now)),
                ..Seen::of(CredentialKind::Jwt)
            })
        }
        Verdict::Malformed(why) => Err(malformed(why)),
    }
}

/// What is seen of a text that is no token by its form. Nothing where it has two dots and no backend is asked about it, for
/// no list has dots: then it is a token that is none.
async fn of_opaque(connection: &impl ConnectionTrait, acting: &Acting, text: &str) -> Result<Option<Seen>, Fault> {
    let opaque = Seen::of(CredentialKind::Opaque);
    if !Token::looks_like_one(text) {
        return Ok(Some(opaque));
    }
    let is_asked = believed::is_backend_asked(connection, acting).await?;
    Ok(is_asked.then(|| Seen {
        advice: vec![DAMAGED.into()],
        ..opaque
    }))
}

fn traits(acting: &Acting, claims: &Claims, now: Timestamp) -> Traits {
    Traits::of(claims, acting.row.force_disconnect, now)
}

/// Advice on a token that a key of the organisation signed, the weightiest first.
async fn of_ours(
    connection: &impl ConnectionTrait,
    acting: &Acting,
    claims: &Claims,
    now: Timestamp,
) -> Result<Vec<TokenAdvice>, Fault> {
    let traits = traits(acting, claims, now);
    let all = advice::of(&traits);
    if !traits.publishes {
        return Ok(all);
    }
    let scope = match &claims.scope {
        Scope::Organisation => tokens::Scope::Organisation,
        Scope::Groups(groups) => tokens::Scope::Groups(groups.iter().map(ToString::to_string).collect()),
        Scope::Streams(streams) => tokens::Scope::Streams(streams.iter().map(ToString::to_string).collect()),
        Scope::Nothing => tokens::Scope::Streams(vec![]),
    };
    Ok(advice::with_key(connection, acting, &scope, all).await?)
}

/// Advice on a static token, the weightiest first.
pub(crate) fn of_static(row: &static_token::Model, now: Timestamp) -> Vec<TokenAdvice> {
    advice::of(&Traits {
        publishes: row.door == Door::Ingest.audience(),
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
