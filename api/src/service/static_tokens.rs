//! Static tokens: texts in a list that let in until they expire. A tool for tests, and for devices that can do no better.

use authz::Action;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Tenanted, revocation, static_token, stream};
use guard::{
    Door, Timestamp, Update,
    policy::{CredentialDigest, Package, StaticScope, StaticToken, Subject},
};
use ids::{OrganisationId, StaticTokenId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, ModelTrait, PaginatorTrait, QueryFilter,
    QueryOrder,
};
use serde_json::json;

use super::{Work, label, organisations, tokens};
use crate::{
    fault::{Fault, UserError},
    people::Acting,
    publisher::{
        Progress,
        policy::{Extent, subject_columns},
    },
    state::State,
};

/// What is to be put into the list.
pub(crate) struct New {
    pub(crate) name: String,
    /// The text; made where there is none.
    pub(crate) text: Option<String>,
    pub(crate) door: Door,
    pub(crate) scope: tokens::Scope,
    /// Unix seconds.
    pub(crate) expires: i64,
}

/// The organisation's static tokens, the newest first.
pub(crate) async fn all(state: &State, acting: &Acting) -> Result<Vec<static_token::Model>, Fault> {
    let rows = static_token::Entity::in_tenant(acting.id)
        .order_by_desc(static_token::Column::Id)
        .all(state.store.read())
        .await?;
    Ok(rows)
}

/// Puts one into the list; gives back its text, which is kept nowhere. The role was judged.
pub(crate) async fn create(
    state: &State,
    acting: &Acting,
    new: New,
) -> Result<(static_token::Model, String, Progress), Fault> {
    acting.needs(state, Package::Secure).await?;
    let name = label("name", &new.name, NAME)?;
    let text = match new.text {
        Some(text) => chosen(text)?,
        None => format!("s_{}", URL_SAFE_NO_PAD.encode(state.entropy.bytes::<16>())),
    };
    let now = state.now().s();
    if !(now < new.expires && new.expires <= now.saturating_add(tokens::YEAR_S)) {
        return Err(Fault::field("expiresAt", "INVALID", "between now and 365 days ahead"));
    }
    let work = Work::begin(state, acting).await?;
    organisations::row(&*work.write, acting.id).await?;
    let digest = CredentialDigest::of(&text);
    check_place(&work, &name, digest).await?;
    let streams = tokens::scoped(&work, &new.scope).await?;
    let streams = match streams {
        tokens::Scoped::Streams(streams) => Some(streams),
        tokens::Scoped::Organisation => None,
        tokens::Scoped::Groups(_) => {
            return Err(Fault::field(
                "groups",
                "INVALID",
                "a static token is for streams, or for all of them",
            ));
        }
    };
    let names = |streams: &Vec<stream::Model>| streams.iter().map(|stream| stream.name.clone()).collect::<Vec<_>>();
    let id: StaticTokenId = state.mint();
    let row = static_token::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(acting.id.uuid()),
        name: Set(name),
        prefix: Set(text.chars().take(PREFIX).collect()),
        digest: Set(digest.bytes().to_vec()),
        door: Set(new.door.audience().to_owned()),
        organisation_wide: Set(streams.is_none()),
        streams: Set(json!(streams.as_ref().map(names).unwrap_or_default())),
        expires_at: Set(Timestamp::from_s(new.expires).us()),
        created_by: Set(acting.actor.uuid().ok_or(Fault::Internal)?),
        created_at: Set(work.at.us()),
    }
    .insert(&*work.write)
    .await?;
    let update = Update::StaticToken {
        organisation: acting.id,
        token: token(&row)?,
    };
    let detail = shown(&row);
    let progress = work
        .finish(Action::StaticTokenWrite, &id.to_string(), detail, &[update])
        .await?;
    Ok((row, text, progress))
}

/// Takes one out of the list; sessions on it end. The role was judged.
pub(crate) async fn remove(state: &State, acting: &Acting, id: &str) -> Result<(StaticTokenId, Progress), Fault> {
    let id: StaticTokenId = id.parse().map_err(|_| Fault::NotFound)?;
    let work = Work::begin(state, acting).await?;
    let row = static_token::Entity::in_tenant(acting.id)
        .filter(static_token::Column::Id.eq(id.uuid()))
        .one(&*work.write)
        .await?
        .ok_or(Fault::NotFound)?;
    let update = Update::StaticTokenRemoved {
        organisation: acting.id,
        name: row.name.as_str().into(),
    };
    let detail = json!({ "before": shown(&row) });
    row.delete(&*work.write).await?;
    let progress = work
        .finish(Action::StaticTokenWrite, &id.to_string(), detail, &[update])
        .await?;
    Ok((id, progress))
}

/// Every static token, for a policy; or the one that is shown.
pub(crate) async fn policy(connection: &impl ConnectionTrait, extent: Extent<'_>) -> Result<Vec<Update>, DbErr> {
    let listed = extent.listed::<static_token::Entity>(static_token::Column::Digest);
    let rows = listed.all(connection).await?;
    let update = |row: &static_token::Model| {
        Ok(Update::StaticToken {
            organisation: OrganisationId::from_uuid(row.organisation_id),
            token: token(row)?,
        })
    };
    rows.iter().map(update).collect()
}

/// The static token whose text has that digest, if there is one.
pub(crate) async fn by_digest(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    digest: &CredentialDigest,
) -> Result<Option<static_token::Model>, DbErr> {
    static_token::Entity::in_tenant(organisation)
        .filter(static_token::Column::Digest.eq(digest.bytes().to_vec()))
        .one(connection)
        .await
}

/// The static token of that name, if there is one.
pub(crate) async fn by_name(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    name: &str,
) -> Result<Option<static_token::Model>, DbErr> {
    static_token::Entity::in_tenant(organisation)
        .filter(static_token::Column::Name.eq(name))
        .one(connection)
        .await
}

/// The names of the streams that it is for.
pub(crate) fn streams(row: &static_token::Model) -> Vec<String> {
    serde_json::from_value(row.streams.clone()).unwrap_or_default()
}

/// A text that the customer chose. What is a token or a handle by its form is never looked up in the list.
fn chosen(text: String) -> Result<String, Fault> {
    let letters = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte));
    if letters && (SHORTEST..=LONGEST).contains(&text.len()) && !text.starts_with("h_") {
        return Ok(text);
    }
    let message = format!("{SHORTEST} to {LONGEST} letters, digits, `-`, `_` and `~`, not beginning with `h_`");
    Err(Fault::field("text", "INVALID", message))
}

async fn check_place(work: &Work<'_>, name: &str, digest: CredentialDigest) -> Result<(), Fault> {
    let all = static_token::Entity::in_tenant(work.organisation)
        .all(&*work.write)
        .await?;
    if all.len() >= MOST {
        return Err(Fault::Caller(UserError {
            code: "TOO_MANY".to_owned(),
            message: format!("an organisation has {MOST} static tokens at most"),
            field: None,
        }));
    }
    if all.iter().any(|row| row.name == name) {
        return Err(Fault::field(
            "name",
            "TAKEN",
            "there is a static token of that name already",
        ));
    }
    if all.iter().any(|row| row.digest == digest.bytes()) {
        return Err(Fault::field("text", "TAKEN", "this text is in the list already"));
    }
    // The same name is the same id.
    let (kind, id) = subject_columns(&Subject::Token(StaticToken::id_of(name)));
    let revoked = revocation::Entity::in_tenant(work.organisation)
        .filter(revocation::Column::Kind.eq(kind))
        .filter(revocation::Column::Subject.eq(id))
        .count(&*work.write)
        .await?;
    if revoked > 0 {
        return Err(Fault::field(
            "name",
            "REVOKED",
            "a static token of that name was revoked, and what was revoked stays so: choose another name",
        ));
    }
    Ok(())
}

fn token(row: &static_token::Model) -> Result<StaticToken, DbErr> {
    let unreadable = || DbErr::Custom(format!("a row holds what cannot be: static_token {}", row.id));
    let scope = if row.organisation_wide {
        StaticScope::Organisation
    } else {
        let names = streams(row);
        let names = names.iter().map(|name| name.parse().map_err(|_| unreadable()));
        StaticScope::Streams(names.collect::<Result<_, _>>()?)
    };
    let digest = row.digest.as_slice().try_into().map_err(|_| unreadable())?;
    Ok(StaticToken {
        name: row.name.as_str().into(),
        digest: CredentialDigest::from_bytes(digest),
        door: match row.door.as_str() {
            "play" => Door::Playback,
            "publish" => Door::Ingest,
            _ => return Err(unreadable()),
        },
        scope,
        made: Some(Timestamp::from_us(row.created_at)),
        expires: Timestamp::from_us(row.expires_at),
    })
}

fn shown(row: &static_token::Model) -> serde_json::Value {
    json!({
        "name": row.name,
        "door": row.door,
        "streams": row.streams,
        "organisationWide": row.organisation_wide,
        "expiresAt": row.expires_at,
    })
}

const NAME: usize = 100;
const PREFIX: usize = 6;
const SHORTEST: usize = 16;
const LONGEST: usize = 256;
const MOST: usize = 100;
