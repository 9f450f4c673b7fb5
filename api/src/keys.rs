//! Our signing keys: Ed25519, one in use per organisation, the private part sealed.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use entity::{Tenanted, signing_key};
use guard::{VerifyingKey, key::Algorithm};
use ids::{KeyId, OrganisationId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder};
use zeroize::Zeroizing;

use crate::{fault::Fault, seal::Seal, state::State};

/// A new key for `organisation`, in use from now on.
pub(crate) async fn create(
    state: &State,
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<signing_key::Model, Fault> {
    let seed = Zeroizing::new(state.entropy.bytes::<32>());
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|error| Fault::bug(&error))?;
    let id: KeyId = state.mint();
    let model = signing_key::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(organisation.uuid()),
        kid: Set(id.to_string()),
        algorithm: Set(Algorithm::EdDsa.as_str().to_owned()),
        public_key: Set(pair.public_key().as_ref().to_vec()),
        private_key_sealed: Set(Some(state.seal.close(&place(id), &pkcs8(&seed)))),
        created_at: Set(state.now_us()),
        retires_at: Set(None),
        removed_at: Set(None),
    };
    Ok(model.insert(connection).await?)
}

/// The key that signs for `organisation` now.
pub(crate) async fn current(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<signing_key::Model, Fault> {
    signing_key::Entity::in_tenant(organisation)
        .filter(signing_key::Column::PrivateKeySealed.is_not_null())
        .filter(signing_key::Column::RemovedAt.is_null())
        .filter(signing_key::Column::RetiresAt.is_null())
        .order_by_desc(signing_key::Column::CreatedAt)
        .one(connection)
        .await?
        .ok_or_else(|| Fault::bug(&"an organisation has no signing key"))
}

/// The private part (PKCS#8).
pub(crate) fn private(seal: &Seal, key: &signing_key::Model) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let sealed = key.private_key_sealed.as_deref().unwrap_or_default();
    seal.open(&place(KeyId::from_uuid(key.id)), sealed)
        .map_err(|error| Fault::bug(&error))
}

/// What nodes verify with.
pub(crate) fn verifying(key: &signing_key::Model) -> Result<VerifyingKey, DbErr> {
    VerifyingKey::ours(key.kid.as_str(), key.public_key.clone())
        .map_err(|error| DbErr::Custom(format!("signing_key {}: {error}", key.kid)))
}

/// Every key that verifies, of every organisation: what the installation's JWKS shows.
pub(crate) async fn published(connection: &impl ConnectionTrait) -> Result<Vec<signing_key::Model>, DbErr> {
    use entity::Table;
    signing_key::Entity::across_tenants("the installation's one JWKS")
        .filter(signing_key::Column::RemovedAt.is_null())
        .filter(signing_key::Column::PrivateKeySealed.is_not_null())
        .order_by_asc(signing_key::Column::CreatedAt)
        .all(connection)
        .await
}

fn place(id: KeyId) -> String {
    format!("signing_key:{id}")
}

/// RFC 8410 section 7: the seed as a `PrivateKeyInfo`.
fn pkcs8(seed: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    const HEAD: [u8; 16] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ];
    Zeroizing::new([HEAD.as_slice(), seed].concat())
}
