//! Whose word on a token an organisation takes, beside what is recorded here: of such a token only its id is known.

use std::collections::HashSet;

use entity::{Tenanted, organisation, signing_key, static_token, stream};
use guard::policy::{CredentialDigest, Package, StaticToken};
use ids::OrganisationId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter};

use crate::{people::Acting, publisher::policy};

/// Who vouches for tokens of which there is no record.
#[derive(Clone, Debug)]
pub(crate) struct Believed {
    /// Whether keys of the organisation's own do: whatever id they sign is theirs.
    keys: bool,
    /// The names of its static tokens.
    listed: HashSet<String>,
    /// Whether a webhook of its own judges what is neither a JWT nor a handle.
    pub(crate) backend: bool,
}

impl Believed {
    /// Whom an organisation believes.
    pub(crate) async fn by(connection: &impl ConnectionTrait, organisation: OrganisationId) -> Result<Self, DbErr> {
        let keys = signing_key::Entity::in_tenant(organisation)
            .filter(signing_key::Column::PrivateKeySealed.is_null())
            .count(connection)
            .await?;
        let listed = static_token::Entity::in_tenant(organisation).all(connection).await?;
        let row = organisation::Entity::in_tenant(organisation).one(connection).await?;
        Ok(Self {
            keys: keys > 0,
            listed: listed.into_iter().map(|row| row.name).collect(),
            backend: row.is_some_and(|row| row.judges_backend),
        })
    }

    /// Why a token of that id, of which there is no record, cannot be revoked by it; `None` where somebody may vouch for it.
    pub(crate) fn stranger_because(&self, jti: &str) -> Option<&'static str> {
        if self.keys {
            None
        } else if let Some(name) = StaticToken::name_in(jti) {
            (!self.listed.contains(name)).then_some("there is no static token of that name any more")
        } else if CredentialDigest::is_opaque_id(jti) {
            (!self.backend).then_some("no webhook of yours judges tokens any more")
        } else {
            Some("no key of your own signed it")
        }
    }
}

/// Whether a webhook of the organisation is asked, for some stream at least, about a text that is neither a JWT nor a
/// handle, and in no list.
pub(crate) async fn is_backend_asked(connection: &impl ConnectionTrait, acting: &Acting) -> Result<bool, DbErr> {
    let is_there = acting.row.judges_backend && policy::packages(connection, acting.id).await?.has(Package::Webhooks);
    if !is_there || acting.row.backend_tokens {
        return Ok(is_there);
    }
    let on = stream::Entity::in_tenant(acting.id)
        .filter(stream::Column::DeletedAt.is_null())
        .filter(stream::Column::BackendTokens.eq("on"))
        .count(connection)
        .await?;
    Ok(on > 0)
}
