//! Signing keys: added, rotated, removed.

use async_graphql::{Context, ID, InputObject, Json, Object, Result, SimpleObject};
use authz::Action;
use serde_json::Value;

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{Change, ClaimDialect, SigningKey},
    },
    keys::{Dialect, Material},
    service::signing_keys::{self, New, Source},
};

#[derive(Default)]
pub(super) struct SigningKeys;

#[Object]
impl SigningKeys {
    /// Adds a key of the organisation's own, or a set of keys: tokens that it signed elsewhere let in from now on. For
    /// administrators.
    async fn add_signing_key(
        &self,
        context: &Context<'_>,
        input: AddSigningKeyInput,
    ) -> Result<Option<AddSigningKeyPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::SigningKeyAdd)?;
        let done = async {
            acting.needs(state, guard::policy::Package::Secure).await?;
            signing_keys::add(state, acting, input.try_into()?).await
        };
        answer(
            done.await,
            |(key, progress)| AddSigningKeyPayload {
                signing_key: Some(SigningKey(key)),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| AddSigningKeyPayload {
                signing_key: None,
                change: None,
                errors,
            },
        )
    }

    /// Signs the organisation's tokens with a new key from now on. What the old one signed stays good until its end, unless
    /// it is to end at once. For administrators.
    async fn rotate_signing_key(
        &self,
        context: &Context<'_>,
        input: RotateSigningKeyInput,
    ) -> Result<Option<RotateSigningKeyPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::SigningKeyRotate)?;
        answer(
            signing_keys::rotate(state, acting, input.end_old).await,
            |(key, progress)| RotateSigningKeyPayload {
                signing_key: Some(SigningKey(key)),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| RotateSigningKeyPayload {
                signing_key: None,
                change: None,
                errors,
            },
        )
    }

    /// Removes a key, or a set with its keys: what they signed is refused, and sessions on it end, with `TOKEN_KEY`. One that
    /// has gone on with a newer token of another key goes on. The key that signs is rotated first. For administrators.
    async fn remove_signing_key(
        &self,
        context: &Context<'_>,
        input: RemoveSigningKeyInput,
    ) -> Result<Option<RemoveSigningKeyPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::SigningKeyRemove)?;
        answer(
            signing_keys::remove(state, acting, &input.id).await,
            |(id, progress)| RemoveSigningKeyPayload {
                id: Some(id.to_string().into()),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| RemoveSigningKeyPayload {
                id: None,
                change: None,
                errors,
            },
        )
    }
}

/// A key of the organisation's own: exactly one of `publicKeyPem`, `hs256Secret` and `jwksUrl`. 8 keys at most, those of
/// sets included.
#[derive(InputObject)]
pub(super) struct AddSigningKeyInput {
    /// A public key in PEM: Ed25519, P-256, or RSA from 2048 bits.
    public_key_pem: Option<String>,
    /// A shared secret: its UTF-8 bytes, 32 at least.
    hs256_secret: Option<String>,
    /// Where a set of public keys is (JWKS), with `https://`.
    jwks_url: Option<String>,
    /// What tokens carry in their header; the key's id unless said. A token that carries none is tried with each key.
    kid: Option<String>,
    /// How its tokens name their claims; as ours do unless said.
    dialect: Option<ClaimDialect>,
    /// The customer's own names of claims, in place of `dialect`: theirs to ours, as in `{"video_id": "streams"}`.
    claim_map: Option<Json<Value>>,
}

impl TryFrom<AddSigningKeyInput> for New {
    type Error = Fault;

    fn try_from(input: AddSigningKeyInput) -> Result<Self, Fault> {
        let source = match (input.public_key_pem, input.hs256_secret, input.jwks_url) {
            (Some(pem), None, None) => Source::Key(Material::from_pem(&pem)?),
            (None, Some(secret), None) => Source::Key(Material::from_secret(secret)?),
            (None, None, Some(url)) => Source::Set(url),
            _ => {
                let message = "exactly one of `publicKeyPem`, `hs256Secret` and `jwksUrl`";
                return Err(Fault::field("publicKeyPem", "INVALID", message));
            }
        };
        let dialect = match (input.dialect, input.claim_map) {
            (Some(_), Some(_)) => {
                return Err(Fault::field("claimMap", "INVALID", "either `dialect` or `claimMap`"));
            }
            (_, Some(Json(map))) => Dialect::named(&map)?,
            (Some(ClaimDialect::AntMedia), None) => Dialect::AntMedia,
            (None | Some(ClaimDialect::Ours), None) => Dialect::Ours,
        };
        Ok(Self {
            source,
            kid: input.kid,
            dialect,
        })
    }
}

/// How to rotate.
#[derive(InputObject)]
pub(super) struct RotateSigningKeyInput {
    /// Whether the old key ends at once, with every token that it signed and every session on them: for a key that others
    /// may have.
    #[graphql(default)]
    end_old: bool,
}

/// Which key.
#[derive(InputObject)]
pub(super) struct RemoveSigningKeyInput {
    /// Its id.
    id: ID,
}

/// What came of adding a key.
#[derive(SimpleObject)]
pub(super) struct AddSigningKeyPayload {
    /// The key.
    signing_key: Option<SigningKey>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended; `PRIVATE_KEY`, `TOO_SHORT`, `UNSUPPORTED`, `UNREACHABLE`, `TAKEN` and `TOO_MANY` among others.
    errors: Vec<UserError>,
}

/// What came of rotating.
#[derive(SimpleObject)]
pub(super) struct RotateSigningKeyPayload {
    /// The key that signs now.
    signing_key: Option<SigningKey>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What came of removing a key.
#[derive(SimpleObject)]
pub(super) struct RemoveSigningKeyPayload {
    /// Which key is gone.
    id: Option<ID>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended; `IN_USE` among others.
    errors: Vec<UserError>,
}
