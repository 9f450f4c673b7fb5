//! Tokens: made, and taken back.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use authz::Action;
use chrono::{DateTime, Utc};
use guard::Timestamp;

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{Change, Moment, PlaybackToken, PlaybackUrls, TokenAdvice, moment},
    },
    service::{
        advice,
        restrictions::Restrictions,
        revocation::{self, By},
        streams, tokens,
    },
    state::State,
};

#[derive(Default)]
pub(super) struct Tokens;

#[Object]
impl Tokens {
    /// Makes a playback token. It is shown once and kept nowhere; its record stays.
    async fn create_playback_token(
        &self,
        context: &Context<'_>,
        input: CreatePlaybackTokenInput,
    ) -> Result<Option<CreatePlaybackTokenPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::TokenCreate)?;
        let done = async {
            acting.needs(state, guard::policy::Package::Secure).await?;
            let wanted = input.wanted(state)?;
            let force_disconnect = wanted.force_disconnect.unwrap_or(acting.row.force_disconnect);
            let advice = advice::on(&wanted, force_disconnect, state.now());
            let made = tokens::create(state, acting, Action::TokenCreate, wanted).await?;
            Ok((made, advice))
        };
        answer(
            done.await,
            |(made, advice)| CreatePlaybackTokenPayload {
                token: Some(made.token),
                record: Some(PlaybackToken(made.record)),
                advice,
                errors: vec![],
            },
            |errors| CreatePlaybackTokenPayload {
                token: None,
                record: None,
                advice: vec![],
                errors,
            },
        )
    }

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

/// What a token is to say: `streams` or `organisation`, and when it ends.
#[derive(InputObject)]
pub(super) struct CreatePlaybackTokenInput {
    /// The names of the streams it is for; 100 at most.
    streams: Option<Vec<String>>,
    /// For every stream of the organisation.
    organisation: Option<bool>,
    /// When it expires; 365 days ahead at most.
    expires_at: Option<Moment>,
    /// How long it lives, in seconds, in place of `expiresAt`; a day unless either is said.
    ttl_seconds: Option<i64>,
    /// From when on it lets in.
    not_before: Option<Moment>,
    /// Addresses or networks, any of which the viewer must be in; 10 at most.
    ip: Option<Vec<String>>,
    /// Hosts of pages that the viewer must come from, as in `example.com` or `*.example.com`; 10 at most. Players that send
    /// no page are refused then.
    domains: Option<Vec<String>>,
    /// Countries that the viewer must be in, as in `DE`; 100 at most. An unknown country is none of them.
    countries: Option<Vec<String>>,
    /// Networks (AS numbers) that the viewer must be in; 100 at most. An unknown network is none of them.
    asns: Option<Vec<i64>>,
    /// What the player must call itself: literally, or as `sha256:` and the lower-case hex of its digest.
    user_agent: Option<String>,
    /// How many sessions there may be at once: of its user, or of the token where it names none.
    max_sessions: Option<i64>,
    /// To how many addresses (/64 for IPv6) the token locks itself: the first that it is used from.
    bind_ips: Option<i64>,
    /// How often it lets in, in all; 1 is a one-time token.
    max_uses: Option<i64>,
    /// The viewer, by the customer's own name for them; for tracing and revoking.
    user: Option<String>,
    /// A label; for tracing and revoking.
    tag: Option<String>,
    /// Whether it can be revoked by itself; yes unless said. One that cannot lives 24 hours at most.
    revocable: Option<bool>,
    /// Whether sessions end when it expires; as the organisation says unless said.
    force_disconnect: Option<bool>,
}

impl CreatePlaybackTokenInput {
    fn wanted(self, state: &State) -> Result<tokens::Wanted, Fault> {
        let scope = match (self.streams, self.organisation.unwrap_or(false)) {
            (Some(streams), false) => tokens::Scope::Streams(streams),
            (None, true) => tokens::Scope::Organisation,
            _ => {
                return Err(Fault::field(
                    "streams",
                    "INVALID",
                    "either `streams` or `organisation: true`",
                ));
            }
        };
        let expires = match (self.expires_at, self.ttl_seconds) {
            (Some(_), Some(_)) => {
                return Err(Fault::field(
                    "expiresAt",
                    "INVALID",
                    "either `expiresAt` or `ttlSeconds`",
                ));
            }
            (Some(at), None) => at.read()?.s(),
            (None, ttl) => state.now().s().saturating_add(ttl.unwrap_or(tokens::DAY_S)),
        };
        Ok(tokens::Wanted {
            scope,
            expires,
            not_before: self.not_before.map(Moment::read).transpose()?.map(Timestamp::s),
            ip: self.ip,
            restrictions: Restrictions {
                domains: self.domains.unwrap_or_default(),
                countries: self.countries.unwrap_or_default(),
                asns: self.asns.unwrap_or_default(),
                user_agent: self.user_agent,
                max_sessions: self.max_sessions,
                bind_ips: self.bind_ips,
                max_uses: self.max_uses,
            },
            user: self.user,
            tag: self.tag,
            revocable: self.revocable.unwrap_or(true),
            force_disconnect: self.force_disconnect,
            watch: false,
        })
    }
}

/// What came of making a token.
#[derive(SimpleObject)]
pub(super) struct CreatePlaybackTokenPayload {
    /// The token; shown this once.
    token: Option<String>,
    /// Its record.
    record: Option<PlaybackToken>,
    /// What could be better about it.
    advice: Vec<TokenAdvice>,
    /// What can be mended.
    errors: Vec<UserError>,
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

/// What is to be taken back: exactly one.
#[derive(OneofObject)]
pub(super) enum RevokeTokensInput {
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
    /// How many recorded tokens it covers that were not revoked before.
    revoked: i32,
    /// What can be mended; `NOT_REVOCABLE` and `EXPIRED` among others.
    errors: Vec<UserError>,
}

/// How long the dashboard's own player may watch on one token.
const WATCH_S: i64 = 600;
