//! Static tokens, and viewers who are banned.

use async_graphql::{Context, Enum, ID, Object, Result, dataloader::DataLoader};
use chrono::{DateTime, Utc};
use entity::{banned_viewer, static_token};
use ids::StaticTokenId;

use super::{
    page::connection,
    token::{Actor, Names},
};
use crate::service::static_tokens;

/// A text in a list that lets in until it expires: a tool for tests. Its text was shown once.
#[derive(Clone)]
pub(crate) struct StaticToken(pub(crate) static_token::Model);

#[Object]
impl StaticToken {
    /// Its id.
    async fn id(&self) -> ID {
        StaticTokenId::from_uuid(self.0.id).to_string().into()
    }

    /// What it is called; its sessions carry `static:` and this as `jti`.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How its text begins; enough to recognise it by.
    async fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// The door that it opens.
    async fn door(&self) -> TokenDoor {
        TokenDoor::of(&self.0.door)
    }

    /// The names of the streams that it is for; empty where it is for all of the organisation.
    async fn streams(&self) -> Vec<String> {
        static_tokens::streams(&self.0)
    }

    /// Whether it is for every stream of the organisation.
    async fn organisation_wide(&self) -> bool {
        self.0.organisation_wide
    }

    /// When it ends.
    async fn expires_at(&self) -> DateTime<Utc> {
        super::moment(self.0.expires_at)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }

    /// Who made it.
    async fn created_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        let names = context.data_unchecked::<DataLoader<Names>>();
        Ok(names.load_one(self.0.created_by).await?)
    }
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum TokenDoor {
    /// Watching.
    Playback,
    /// Publishing.
    Ingest,
}

impl TokenDoor {
    /// Of an audience, as columns have it.
    pub(crate) fn of(audience: &str) -> Self {
        if audience == guard::Door::Ingest.audience() {
            Self::Ingest
        } else {
            Self::Playback
        }
    }
}

impl From<TokenDoor> for guard::Door {
    fn from(door: TokenDoor) -> Self {
        match door {
            TokenDoor::Playback => Self::Playback,
            TokenDoor::Ingest => Self::Ingest,
        }
    }
}

/// A viewer whose tokens are refused, whenever they were issued.
#[derive(Clone)]
pub(crate) struct BannedUser(pub(crate) banned_viewer::Model);

connection!(
    /// Viewers who are banned.
    BannedUserConnection,
    BannedUserEdge,
    BannedUser
);

#[Object]
impl BannedUser {
    /// The viewer, as tokens name them.
    async fn user(&self) -> &str {
        &self.0.viewer
    }

    /// Why, for people.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Since when.
    async fn banned_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }

    /// Who did it.
    async fn banned_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        let names = context.data_unchecked::<DataLoader<Names>>();
        Ok(names.load_one(self.0.created_by).await?)
    }
}
