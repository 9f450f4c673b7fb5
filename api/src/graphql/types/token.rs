//! Records of playback tokens; never a token itself.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_graphql::{
    Context, Enum, ID, Json, Object, Result, SimpleObject,
    dataloader::{DataLoader, Loader},
};
use chrono::{DateTime, Utc};
use entity::playback_token;
use ids::{ApiTokenId, TokenId, UserId};
use uuid::Uuid;

use super::{page::connection, static_token::TokenDoor};
use crate::{
    fault::Fault,
    graphql::state,
    service::{reading, revocation, tokens},
    state::State,
};

/// The record of a token that we made.
#[derive(Clone)]
pub(crate) struct PlaybackToken(pub(crate) playback_token::Model);

connection!(
    /// Records of playback tokens.
    PlaybackTokenConnection,
    PlaybackTokenEdge,
    PlaybackToken
);

#[Object]
impl PlaybackToken {
    /// Its id.
    async fn id(&self) -> ID {
        TokenId::from_uuid(self.0.id).to_string().into()
    }

    /// The claim `jti`.
    async fn jti(&self) -> ID {
        self.0.jti.as_str().into()
    }

    /// What it is for.
    async fn door(&self) -> TokenDoor {
        TokenDoor::of(&self.0.door)
    }

    /// What it is now. Revoked beats expired.
    async fn status(&self, context: &Context<'_>) -> TokenStatus {
        reading::token_is(&self.0, state(context).now()).into()
    }

    /// The viewer that it names.
    async fn user(&self) -> Option<&str> {
        self.0.viewer.as_deref()
    }

    /// Its label.
    async fn tag(&self) -> Option<&str> {
        self.0.tag.as_deref()
    }

    /// The names of the streams it is for; empty where it is for all of the organisation.
    async fn streams(&self) -> Vec<String> {
        tokens::stream_names(&self.0)
    }

    /// Whether it is for every stream of the organisation.
    async fn organisation_wide(&self) -> bool {
        self.0.organisation_wide
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }

    /// When it expires.
    async fn expires_at(&self) -> DateTime<Utc> {
        super::moment(self.0.expires_at)
    }

    /// When it was revoked.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at.map(super::moment)
    }

    /// Whether it was made so that it can be revoked by itself.
    async fn revocable(&self) -> bool {
        self.0.revocable
    }

    /// Why it cannot be revoked by itself now; null where it can.
    async fn not_revocable_because(&self, context: &Context<'_>) -> Option<&'static str> {
        tokens::not_revocable_because(state(context), &self.0)
    }

    /// Who made it.
    async fn created_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        let names = context.data_unchecked::<DataLoader<Names>>();
        Ok(names.load_one(self.0.created_by).await?)
    }

    /// What it says.
    async fn claims(&self) -> Json<serde_json::Value> {
        Json(self.0.claims.clone())
    }
}

/// What a token is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "reading::TokenIs")]
pub(crate) enum TokenStatus {
    /// It lets in.
    Active,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
}

/// Whoever did something.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Actor {
    /// The person's id, or the API token's.
    pub(crate) id: ID,
    /// What others see.
    pub(crate) name: String,
    /// Whether it is a person, or software.
    pub(crate) kind: ActorKind,
}

/// What acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum ActorKind {
    /// A person.
    User,
    /// Software, with an API token or the API key.
    ApiToken,
    /// The installation itself.
    Platform,
    /// Nobody who is known.
    Nobody,
}

/// Something that could be better about a token.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct TokenAdvice {
    /// What kind of advice, as in `NO_IP`; stays the same between versions.
    pub(crate) code: String,
    /// How much it matters.
    pub(crate) severity: Severity,
    /// A sentence for people.
    pub(crate) message: String,
}

/// How much an advice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum Severity {
    /// Good to know.
    Info,
    /// Better otherwise.
    Warn,
    /// Not for production.
    Fail,
}

/// What kind of credential a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum CredentialKind {
    /// A signed token.
    Jwt,
    /// `h_` and 22 characters, which stand for a token, or for nothing.
    Handle,
    /// A text of the organisation's list of static tokens, or `s_` and 22 characters: their form where it is made here.
    Static,
    /// Any other text: only the organisation's own backend can let it in, where it judges tokens.
    Opaque,
}

/// Those who acted, people and software, read once for a whole list.
pub(crate) struct Names(pub(crate) Arc<State>);

impl Loader<Uuid> for Names {
    type Value = Actor;
    type Error = Arc<NamesError>;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Actor>, Arc<NamesError>> {
        match reading::names(&self.0, ids).await {
            Ok((people, software)) => {
                let people = people.into_iter().map(|(id, name)| {
                    let text = UserId::from_uuid(id).to_string().into();
                    (
                        id,
                        Actor {
                            id: text,
                            name,
                            kind: ActorKind::User,
                        },
                    )
                });
                let software = software.into_iter().map(|(id, name)| {
                    let text = ApiTokenId::from_uuid(id).to_string().into();
                    (
                        id,
                        Actor {
                            id: text,
                            name,
                            kind: ActorKind::ApiToken,
                        },
                    )
                });
                Ok(people.chain(software).collect())
            }
            Err(fault) => {
                let _: Fault = fault;
                Err(Arc::new(NamesError))
            }
        }
    }
}

/// Names could not be read; what failed was logged.
#[derive(Debug, thiserror::Error)]
#[error("names of people cannot be read")]
pub(crate) struct NamesError;

/// Whom a revocation would hit.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct RevocationPreview {
    /// How many recorded tokens it would cover that are not revoked; of what customers sign there are no records.
    tokens: i32,
    /// How many sessions would end.
    sessions: i32,
    /// The viewers of those sessions, as tokens name them; the first 20 by name.
    users: Vec<String>,
    /// The streams that those sessions are on; the first 20 by name.
    streams: Vec<String>,
}

impl RevocationPreview {
    pub(crate) fn of(preview: &revocation::Preview) -> Self {
        let facts = || preview.sessions.iter().map(|session| &session.facts);
        let users: BTreeSet<_> = facts().filter_map(|facts| facts.user()).collect();
        let streams: BTreeSet<_> = facts().map(|facts| facts.name.as_str()).collect();
        let first = |names: BTreeSet<&str>| names.into_iter().take(20).map(str::to_owned).collect();
        Self {
            tokens: super::count(preview.tokens),
            sessions: i32::try_from(preview.sessions.len()).unwrap_or(i32::MAX),
            users: first(users),
            streams: first(streams),
        }
    }
}
