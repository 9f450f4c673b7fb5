//! Signing keys. Ours: Ed25519, one signs per organisation at a time, the private part sealed; one that stopped signing
//! verifies for as long as anything that it signed can run. Customers': public keys, or shared secrets, sealed.

mod foreign;
mod tend;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use entity::{Tenanted, jwks_key, signing_key};
pub(crate) use foreign::{Dialect, Material, is_sound};
use guard::{VerifyingKey, key::Algorithm};
use ids::{KeyId, OrganisationId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder};
pub(crate) use tend::{ends_at, last_expiries, tend};
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
        ..Default::default()
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

/// What nodes verify with; none for a set that is fetched.
pub(crate) fn verifying(seal: &Seal, key: &signing_key::Model) -> Result<Option<VerifyingKey>, DbErr> {
    let made = if key.private_key_sealed.is_some() {
        VerifyingKey::ours(key.kid.as_str(), key.public_key.clone())
    } else if key.jwks_url.is_some() {
        return Ok(None);
    } else {
        let algorithm = algorithm(&key.algorithm)?;
        let material = match &key.secret_sealed {
            Some(sealed) => secret(seal, key.id, sealed)?,
            None => key.public_key.clone(),
        };
        VerifyingKey::theirs(key.kid.as_str(), algorithm, material, Dialect::of(key)?.into())
    };
    made.map(Some)
        .map_err(|error| DbErr::Custom(format!("signing_key {}: {error}", key.kid)))
}

/// The same of a key of a set that is fetched.
pub(crate) fn fetched(set: &signing_key::Model, key: &jwks_key::Model) -> Result<VerifyingKey, DbErr> {
    let (algorithm, dialect) = (algorithm(&key.algorithm)?, Dialect::of(set)?.into());
    VerifyingKey::theirs(key.kid.as_str(), algorithm, key.public_key.clone(), dialect)
        .map_err(|error| DbErr::Custom(format!("jwks_key {}: {error}", key.kid)))
}

/// A customer's shared secret, sealed for its key.
pub(crate) fn seal_secret(seal: &Seal, id: KeyId, secret: &[u8]) -> Vec<u8> {
    seal.close(&secret_place(id), secret)
}

fn secret(seal: &Seal, id: uuid::Uuid, sealed: &[u8]) -> Result<Vec<u8>, DbErr> {
    let opened = seal.open(&secret_place(KeyId::from_uuid(id)), sealed);
    opened
        .map(|secret| secret.to_vec())
        .map_err(|error| DbErr::Custom(error.to_string()))
}

fn algorithm(name: &str) -> Result<Algorithm, DbErr> {
    let known = Algorithm::ALL.into_iter().find(|algorithm| algorithm.as_str() == name);
    known.ok_or_else(|| DbErr::Custom(format!("a row holds what cannot be: algorithm {name}")))
}

/// Every key of ours that verifies, of every organisation: what the installation's JWKS shows.
pub(crate) async fn published(connection: &impl ConnectionTrait) -> Result<Vec<signing_key::Model>, DbErr> {
    use entity::Table;
    signing_key::Entity::across_tenants("the installation's one JWKS")
        .filter(signing_key::Column::RemovedAt.is_null())
        .filter(signing_key::Column::PrivateKeySealed.is_not_null())
        .order_by_asc(signing_key::Column::CreatedAt)
        .all(connection)
        .await
}

fn secret_place(id: KeyId) -> String {
    format!("signing_key.secret:{id}")
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
