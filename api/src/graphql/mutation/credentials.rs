//! What stands beside tokens: bans, the list of static tokens, and the linter.

use async_graphql::{Context, ID, InputObject, Json, Object, Result, SimpleObject};
use authz::Action;
use serde_json::Value;

use super::{
    answer,
    token_making::{expiry, scope},
};
use crate::{
    fault::UserError,
    graphql::{
        caller, state,
        types::{BannedUser, Change, CredentialKind, Moment, PlaybackToken, StaticToken, TokenAdvice, TokenDoor},
    },
    service::{bans, lint, static_tokens, tokens},
};

#[derive(Default)]
pub(super) struct Credentials;

#[Object]
impl Credentials {
    /// Bans a viewer, as tokens name them: every token that names them is refused from now on, whenever it is issued, and
    /// their sessions end.
    async fn ban_user(&self, context: &Context<'_>, input: BanUserInput) -> Result<Option<BanUserPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ViewerBan)?;
        answer(
            bans::ban(state, acting, &input.user, input.note.as_deref()).await,
            |(row, progress)| BanUserPayload {
                banned: Some(BannedUser(row)),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| BanUserPayload {
                banned: None,
                change: None,
                errors,
            },
        )
    }

    /// Takes a ban back. What was revoked stays revoked.
    async fn unban_user(&self, context: &Context<'_>, input: UnbanUserInput) -> Result<Option<UnbanUserPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::ViewerBan)?;
        answer(
            bans::unban(state, acting, &input.user).await,
            |(user, progress)| UnbanUserPayload {
                user: Some(user),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| UnbanUserPayload {
                user: None,
                change: None,
                errors,
            },
        )
    }

    /// Puts a static token into the list: a text that lets in until it expires, where the organisation's settings let
    /// static tokens in at all. A tool for tests. For administrators.
    async fn create_static_token(
        &self,
        context: &Context<'_>,
        input: CreateStaticTokenInput,
    ) -> Result<Option<CreateStaticTokenPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::StaticTokenWrite)?;
        let done = async {
            acting.needs(state, guard::policy::Package::Secure).await?;
            let new = static_tokens::New {
                scope: scope(input.streams, None, input.organisation.unwrap_or(false))?,
                expires: expiry(state, input.expires_at, input.ttl_seconds, tokens::DAY_S)?,
                name: input.name,
                text: input.text,
                door: input.door.into(),
            };
            static_tokens::create(state, acting, new).await
        };
        answer(
            done.await,
            |(row, text, progress)| CreateStaticTokenPayload {
                advice: lint::of_static(&row, state.now()),
                static_token: Some(StaticToken(row)),
                text: Some(text),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| CreateStaticTokenPayload {
                static_token: None,
                text: None,
                advice: vec![],
                change: None,
                errors,
            },
        )
    }

    /// Takes a static token out of the list; sessions on it end. For administrators.
    async fn remove_static_token(
        &self,
        context: &Context<'_>,
        input: RemoveStaticTokenInput,
    ) -> Result<Option<RemoveStaticTokenPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::StaticTokenWrite)?;
        answer(
            static_tokens::remove(state, acting, &input.id).await,
            |(id, progress)| RemoveStaticTokenPayload {
                id: Some(id.to_string().into()),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| RemoveStaticTokenPayload {
                id: None,
                change: None,
                errors,
            },
        )
    }

    /// Looks at a token: what kind it is, who signed it, what it says, and what could be better about it. Changes
    /// nothing, and keeps nothing.
    async fn lint_token(&self, context: &Context<'_>, input: LintTokenInput) -> Result<Option<LintTokenPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::TokenLint)?;
        answer(
            lint::lint(state, acting, &input.token).await,
            |seen| LintTokenPayload {
                kind: Some(seen.kind),
                signed: seen.kid.is_some(),
                kid: seen.kid,
                jti: seen.jti.map(ID),
                claims: seen.claims.map(Json),
                advice: seen.advice,
                record: seen.record.map(PlaybackToken),
                errors: vec![],
            },
            |errors| LintTokenPayload {
                kind: None,
                signed: false,
                kid: None,
                jti: None,
                claims: None,
                advice: vec![],
                record: None,
                errors,
            },
        )
    }
}

/// Who is to be banned.
#[derive(InputObject)]
pub(super) struct BanUserInput {
    /// The viewer, as tokens name them.
    user: String,
    /// Why, for people; 500 characters at most.
    note: Option<String>,
}

/// What came of banning.
#[derive(SimpleObject)]
pub(super) struct BanUserPayload {
    /// Who is banned.
    banned: Option<BannedUser>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// Whose ban is to be taken back.
#[derive(InputObject)]
pub(super) struct UnbanUserInput {
    /// The viewer, as tokens name them.
    user: String,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct UnbanUserPayload {
    /// Who is banned no more.
    user: Option<String>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What a static token is: either `streams` or `organisation`, and when it ends.
#[derive(InputObject)]
pub(super) struct CreateStaticTokenInput {
    /// What it is called; its sessions carry `static:` and this as `jti`. 100 characters at most.
    name: String,
    /// Its text, 16 to 256 letters, digits, `-`, `_` and `~`; made where it is left out.
    text: Option<String>,
    /// The door that it opens.
    #[graphql(default_with = "TokenDoor::Playback")]
    door: TokenDoor,
    /// The names of the streams it is for; 100 at most.
    streams: Option<Vec<String>>,
    /// For every stream of the organisation.
    organisation: Option<bool>,
    /// When it expires; 365 days ahead at most.
    expires_at: Option<Moment>,
    /// How long it lives, in seconds, in place of `expiresAt`; a day unless either is said.
    ttl_seconds: Option<i64>,
}

/// What came of making a static token.
#[derive(SimpleObject)]
pub(super) struct CreateStaticTokenPayload {
    /// What stands in the list.
    static_token: Option<StaticToken>,
    /// Its text; shown this once.
    text: Option<String>,
    /// What could be better about it.
    advice: Vec<TokenAdvice>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// Which static token.
#[derive(InputObject)]
pub(super) struct RemoveStaticTokenInput {
    /// Its id.
    id: ID,
}

/// What came of removing a static token.
#[derive(SimpleObject)]
pub(super) struct RemoveStaticTokenPayload {
    /// Which is gone.
    id: Option<ID>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What is to be looked at.
#[derive(InputObject)]
pub(super) struct LintTokenInput {
    /// A token, a handle, a static token, or whatever else is shown in place of one.
    token: String,
}

/// What was seen.
#[derive(SimpleObject)]
pub(super) struct LintTokenPayload {
    /// What kind of credential it is, by its form or as the organisation's list has it; null where it is malformed.
    kind: Option<CredentialKind>,
    /// Whether a key of the organisation signed it.
    signed: bool,
    /// Which key did.
    kid: Option<String>,
    /// Its id, by which its sessions go and which revokes it; a static token is removed by its name instead.
    jti: Option<ID>,
    /// What it says, under our names of claims.
    claims: Option<Json<Value>>,
    /// What could be better about it.
    advice: Vec<TokenAdvice>,
    /// Its record, where it was made here.
    record: Option<PlaybackToken>,
    /// Why it is no credential: `MALFORMED` where it is a JWT that is spoilt behind its header or asks too much in it,
    /// is empty or too long, or has two dots as a JWT has and no webhook of the organisation judges such texts.
    errors: Vec<UserError>,
}
