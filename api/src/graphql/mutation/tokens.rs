//! Tokens: those for the dashboard's own player, and taking back.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use authz::Action;
use chrono::{DateTime, Utc};

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{Change, Moment, PlaybackUrls, moment},
    },
    service::{
        revocation::{self, By},
        streams, tokens,
    },
};

#[derive(Default)]
pub(super) struct Tokens;

#[Object]
impl Tokens {
    /// What the dashboard's own player needs: a token of 10 minutes, bound to the asker's address. For every role.
    async fn watch_stream(&self, context: &Context<'_>, input: WatchStreamInput) -> Result<Option<WatchStreamPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::StreamWatch)?;
        let row = streams::by_name(state.store.read(), acting.id, &input.name).await?;
        let wanted = tokens::Wanted {
            scope: tokens::Scope::Streams(vec![row.name.clone()]),
            expires: state.now().s() + WATCH_S,
            ip: Some(vec![guard::fold(acting.address).to_string()]),
            user: Some(acting.actor.viewer()),
            revocable: true,
            watch: true,
            ..tokens::Wanted::default()
        };
        let done = match tokens::create(state, acting, Action::StreamWatch, wanted).await {
            // Without the package playback is open: there is nothing to make, and nothing needed.
            Err(Fault::PackageRequired(_)) => Ok(None),
            done => done.map(Some),
        };
        answer(
            done,
            |made| WatchStreamPayload {
                expires_at: made.as_ref().map(|made| moment(made.record.expires_at)),
                token: made.map(|made| made.token),
                playback_urls: Some(PlaybackUrls::of(&state.addresses, &row.name)),
                errors: vec![],
            },
            |errors| WatchStreamPayload {
                token: None,
                expires_at: None,
                playback_urls: None,
                errors,
            },
        )
    }

    /// Takes tokens back. Recorded durably before it is answered; running sessions end in the same moment. By stream,
    /// signing key or moment of issue: for administrators.
    async fn revoke_tokens(
        &self,
        context: &Context<'_>,
        input: RevokeTokensInput,
    ) -> Result<Option<RevokeTokensPayload>> {
        let state = state(context);
        let by = By::try_from(input);
        // What is no moment is judged like one.
        let action = by.as_ref().map_or(Action::TokenRevokeBulk, By::action);
        let acting = caller(context).may(state, action)?;
        answer(
            revocation::revoke(state, acting, by?).await,
            |(progress, revoked)| RevokeTokensPayload {
                change: Some(progress.into()),
                revoked: i32::try_from(revoked).unwrap_or(i32::MAX),
                errors: vec![],
            },
            |errors| RevokeTokensPayload {
                change: None,
                revoked: 0,
                errors,
            },
        )
    }
}

/// What is to be watched.
#[derive(InputObject)]
pub(super) struct WatchStreamInput {
    /// The stream's public name.
    name: String,
}

/// What a player needs.
#[derive(SimpleObject)]
pub(super) struct WatchStreamPayload {
    /// The token; none where playback is open.
    token: Option<String>,
    /// When the token expires.
    expires_at: Option<DateTime<Utc>>,
    /// Where the stream is played.
    playback_urls: Option<PlaybackUrls>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What is to be taken back: exactly one. All but `token` and `jti` take back many, and cover tokens of your own keys
/// that have no `iat` for good, those made later too.
#[derive(OneofObject)]
pub(crate) enum RevokeTokensInput {
    /// The token with this text.
    Token(String),
    /// The token with this id.
    Jti(ID),
    /// Every token of this viewer, issued up to now.
    User(String),
    /// Every token with this label, issued up to now.
    Tag(String),
    /// Every token, for the stream of this name, issued up to now.
    Stream(String),
    /// Every token signed with this key, issued up to now.
    SigningKey(ID),
    /// Every token of the organisation, issued up to then.
    IssuedBefore(Moment),
}

impl TryFrom<RevokeTokensInput> for By {
    type Error = Fault;

    fn try_from(input: RevokeTokensInput) -> Result<Self, Fault> {
        Ok(match input {
            RevokeTokensInput::Token(token) => Self::Token(token),
            RevokeTokensInput::Jti(jti) => Self::Jti(jti.0),
            RevokeTokensInput::User(user) => Self::User(user),
            RevokeTokensInput::Tag(tag) => Self::Tag(tag),
            RevokeTokensInput::Stream(stream) => Self::Stream(stream),
            RevokeTokensInput::SigningKey(key) => Self::SigningKey(key.0),
            RevokeTokensInput::IssuedBefore(at) => Self::IssuedBefore(at.read()?),
        })
    }
}

/// What came of taking back.
#[derive(SimpleObject)]
pub(super) struct RevokeTokensPayload {
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// How many tokens it covers that were not revoked before: those made here, and one of the customer's own that was
    /// named.
    revoked: i32,
    /// What can be mended; `NOT_REVOCABLE` and `EXPIRED` among others.
    errors: Vec<UserError>,
}

/// How long the dashboard's own player may watch on one token.
const WATCH_S: i64 = 600;
