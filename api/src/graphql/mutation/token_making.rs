//! Tokens and handles are made.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;
use guard::{Timestamp, policy::Package};

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{Change, Moment, PlaybackToken, TokenAdvice},
    },
    people::Acting,
    service::{
        advice, handles,
        restrictions::Restrictions,
        tokens::{self, Made, Wanted},
    },
    state::State,
};

#[derive(Default)]
pub(super) struct TokensMade;

#[Object]
impl TokensMade {
    /// Makes a playback token. It is shown once and kept nowhere; its record stays.
    async fn create_playback_token(
        &self,
        context: &Context<'_>,
        input: CreatePlaybackTokenInput,
    ) -> Result<Option<CreatePlaybackTokenPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::TokenCreate)?;
        let done = async {
            acting.needs(state, Package::Secure).await?;
            one(state, acting, input.wanted(state)?).await
        };
        answer(
            done.await,
            |(made, advice)| CreatePlaybackTokenPayload {
                token: Some(made.token),
                handle: made.handle,
                record: Some(PlaybackToken(made.record)),
                advice,
                errors: vec![],
            },
            |errors| CreatePlaybackTokenPayload {
                token: None,
                handle: None,
                record: None,
                advice: vec![],
                errors,
            },
        )
    }

    /// Makes many playback tokens at once: all of them, or none.
    async fn create_playback_tokens(
        &self,
        context: &Context<'_>,
        input: CreatePlaybackTokensInput,
    ) -> Result<Option<CreatePlaybackTokensPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::TokenCreate)?;
        let done = async {
            acting.needs(state, Package::Secure).await?;
            let wanted = input.tokens.into_iter().enumerate();
            let wanted = wanted.map(|(n, one)| one.wanted(state).map_err(|fault| fault.within("tokens", n)));
            let wanted: Vec<_> = wanted.collect::<Result<_, Fault>>()?;
            let advice: Vec<_> = wanted.iter().map(|one| advised(state, acting, one)).collect();
            let made = tokens::create_all(state, acting, wanted).await?;
            Ok(made.into_iter().zip(advice))
        };
        answer(
            done.await,
            |made| CreatePlaybackTokensPayload {
                tokens: made.map(CreatedToken::from).collect(),
                errors: vec![],
            },
            |errors| CreatePlaybackTokensPayload { tokens: vec![], errors },
        )
    }

    /// Makes a token with which a broadcaster publishes. It is shown once and kept nowhere; its record stays.
    async fn create_publish_token(
        &self,
        context: &Context<'_>,
        input: CreatePublishTokenInput,
    ) -> Result<Option<CreatePublishTokenPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::TokenCreate)?;
        let done = async {
            acting.needs(state, Package::Secure).await?;
            one(state, acting, input.wanted(state)?).await
        };
        answer(
            done.await,
            |(made, advice)| CreatePublishTokenPayload {
                token: Some(made.token),
                handle: made.handle,
                record: Some(PlaybackToken(made.record)),
                advice,
                errors: vec![],
            },
            |errors| CreatePublishTokenPayload {
                token: None,
                handle: None,
                record: None,
                advice: vec![],
                errors,
            },
        )
    }

    /// Makes a handle: 24 characters that stand for a token where it is too long, whoever signed it. They are shown once,
    /// known to every node when they are, and worth nothing once the token is.
    async fn create_handle(
        &self,
        context: &Context<'_>,
        input: CreateHandleInput,
    ) -> Result<Option<CreateHandlePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::TokenCreate)?;
        answer(
            handles::create(state, acting, &input.token).await,
            |(handle, progress)| CreateHandlePayload {
                handle: Some(handle),
                change: Some(progress.into()),
                errors: vec![],
            },
            |errors| CreateHandlePayload {
                handle: None,
                change: None,
                errors,
            },
        )
    }
}

async fn one(state: &State, acting: &Acting, wanted: Wanted) -> Result<(Made, Vec<TokenAdvice>), Fault> {
    let mut advice = advised(state, acting, &wanted);
    if wanted.publish {
        advice = advice::with_key(state.store.read(), acting, &wanted.scope, advice).await?;
    }
    let made = tokens::create(state, acting, Action::TokenCreate, wanted).await?;
    Ok((made, advice))
}

fn advised(state: &State, acting: &Acting, wanted: &Wanted) -> Vec<TokenAdvice> {
    let force_disconnect = wanted.force_disconnect.unwrap_or(acting.row.force_disconnect);
    advice::on(wanted, force_disconnect, state.now())
}

/// Exactly one scope.
pub(super) fn scope(
    streams: Option<Vec<String>>,
    groups: Option<Vec<ID>>,
    organisation: bool,
) -> Result<tokens::Scope, Fault> {
    match (streams, groups, organisation) {
        (Some(streams), None, false) => Ok(tokens::Scope::Streams(streams)),
        (None, Some(groups), false) => Ok(tokens::Scope::Groups(groups.into_iter().map(|id| id.0).collect())),
        (None, None, true) => Ok(tokens::Scope::Organisation),
        _ => {
            let message = "exactly one of `streams`, `groups` and `organisation: true`";
            Err(Fault::field("streams", "INVALID", message))
        }
    }
}

/// The moment at which it ends, in unix seconds; after so many unless said.
pub(super) fn expiry(state: &State, at: Option<Moment>, ttl: Option<i64>, usual_s: i64) -> Result<i64, Fault> {
    match (at, ttl) {
        (Some(_), Some(_)) => {
            let message = "either `expiresAt` or `ttlSeconds`";
            Err(Fault::field("expiresAt", "INVALID", message))
        }
        (Some(at), None) => Ok(at.read()?.s()),
        (None, Some(ttl)) if ttl < 1 => Err(Fault::field("ttlSeconds", "INVALID", "at least one second")),
        (None, Some(ttl)) if ttl > tokens::YEAR_S => Err(Fault::field("ttlSeconds", "TOO_LONG", "365 days at most")),
        (None, ttl) => Ok(state.now().s().saturating_add(ttl.unwrap_or(usual_s))),
    }
}

/// What a token is to say: exactly one of `streams`, `groups` and `organisation`, and when it ends.
#[derive(InputObject)]
pub(super) struct CreatePlaybackTokenInput {
    /// The names of the streams it is for; 100 at most.
    streams: Option<Vec<String>>,
    /// The groups whose streams it is for; 100 at most.
    groups: Option<Vec<ID>>,
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
    /// How its bearer was recognised, as in `["pwd", "mfa"]` (RFC 8176).
    amr: Option<Vec<String>>,
    /// Whether a handle is wanted too: 24 characters that stand for it, where it is too long.
    handle: Option<bool>,
}

impl CreatePlaybackTokenInput {
    fn wanted(self, state: &State) -> Result<tokens::Wanted, Fault> {
        let scope = scope(self.streams, self.groups, self.organisation.unwrap_or(false))?;
        let expires = expiry(state, self.expires_at, self.ttl_seconds, tokens::DAY_S)?;
        Ok(tokens::Wanted {
            scope,
            publish: false,
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
            amr: self.amr.unwrap_or_default(),
            handle: self.handle.unwrap_or(false),
            watch: false,
        })
    }
}

/// What came of making a token.
#[derive(SimpleObject)]
pub(super) struct CreatePlaybackTokenPayload {
    /// The token; shown this once.
    token: Option<String>,
    /// A short text that stands for it, where one was wanted; shown this once.
    handle: Option<String>,
    /// Its record.
    record: Option<PlaybackToken>,
    /// What could be better about it.
    advice: Vec<TokenAdvice>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// What tokens are to say, 100 at most.
#[derive(InputObject)]
pub(super) struct CreatePlaybackTokensInput {
    /// Each of them.
    tokens: Vec<CreatePlaybackTokenInput>,
}

/// A token that was made with others.
#[derive(SimpleObject)]
pub(super) struct CreatedToken {
    /// The token; shown this once.
    token: String,
    /// A short text that stands for it, where one was wanted; shown this once.
    handle: Option<String>,
    /// Its record.
    record: PlaybackToken,
    /// What could be better about it.
    advice: Vec<TokenAdvice>,
}

impl From<(Made, Vec<TokenAdvice>)> for CreatedToken {
    fn from((made, advice): (Made, Vec<TokenAdvice>)) -> Self {
        Self {
            token: made.token,
            handle: made.handle,
            record: PlaybackToken(made.record),
            advice,
        }
    }
}

/// What came of making many.
#[derive(SimpleObject)]
pub(super) struct CreatePlaybackTokensPayload {
    /// The tokens, in the order of the input; none where there are errors.
    tokens: Vec<CreatedToken>,
    /// What can be mended; the path says of which token.
    errors: Vec<UserError>,
}

/// What a token for a broadcaster is to say: exactly one of `streams`, `groups` and `organisation`, and when it ends.
#[derive(InputObject)]
pub(super) struct CreatePublishTokenInput {
    /// The names of the streams it is for; 100 at most.
    streams: Option<Vec<String>>,
    /// The groups whose streams it is for; 100 at most.
    groups: Option<Vec<ID>>,
    /// For every stream of the organisation.
    organisation: Option<bool>,
    /// When it expires; 365 days ahead at most.
    expires_at: Option<Moment>,
    /// How long it lives, in seconds, in place of `expiresAt`; a day unless either is said.
    ttl_seconds: Option<i64>,
    /// From when on it lets in.
    not_before: Option<Moment>,
    /// Addresses or networks, any of which the broadcaster must be in; 10 at most.
    ip: Option<Vec<String>>,
    /// Countries that the broadcaster must be in, as in `DE`; 100 at most. An unknown country is none of them.
    countries: Option<Vec<String>>,
    /// Networks (AS numbers) that the broadcaster must be in; 100 at most. An unknown network is none of them.
    asns: Option<Vec<i64>>,
    /// The broadcaster, by the customer's own name for them; for tracing and revoking.
    user: Option<String>,
    /// A label; for tracing and revoking.
    tag: Option<String>,
    /// How often it lets in, in all.
    max_uses: Option<i64>,
    /// Whether it can be revoked by itself; yes unless said. One that cannot lives 24 hours at most.
    revocable: Option<bool>,
    /// Whether the broadcast ends when it expires; as the organisation says unless said.
    force_disconnect: Option<bool>,
    /// Whether a handle is wanted too: 24 characters that stand for it, where an encoder takes no longer ones.
    handle: Option<bool>,
}

impl CreatePublishTokenInput {
    fn wanted(self, state: &State) -> Result<Wanted, Fault> {
        Ok(Wanted {
            scope: scope(self.streams, self.groups, self.organisation.unwrap_or(false))?,
            publish: true,
            expires: expiry(state, self.expires_at, self.ttl_seconds, tokens::DAY_S)?,
            not_before: self.not_before.map(Moment::read).transpose()?.map(Timestamp::s),
            ip: self.ip,
            restrictions: Restrictions {
                countries: self.countries.unwrap_or_default(),
                asns: self.asns.unwrap_or_default(),
                max_uses: self.max_uses,
                ..Restrictions::default()
            },
            user: self.user,
            tag: self.tag,
            revocable: self.revocable.unwrap_or(true),
            force_disconnect: self.force_disconnect,
            handle: self.handle.unwrap_or(false),
            ..Wanted::default()
        })
    }
}

/// What came of making a token for a broadcaster.
#[derive(SimpleObject)]
pub(super) struct CreatePublishTokenPayload {
    /// The token; shown this once.
    token: Option<String>,
    /// A short text that stands for it, where one was wanted; shown this once.
    handle: Option<String>,
    /// Its record.
    record: Option<PlaybackToken>,
    /// What could be better about it.
    advice: Vec<TokenAdvice>,
    /// What can be mended.
    errors: Vec<UserError>,
}

/// For which token a handle is to stand.
#[derive(InputObject)]
pub(super) struct CreateHandleInput {
    /// The token.
    token: String,
}

/// What came of making a handle.
#[derive(SimpleObject)]
pub(super) struct CreateHandlePayload {
    /// The handle; shown this once.
    handle: Option<String>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended; `MALFORMED`, `KEY`, `SIGNATURE` and `EXPIRED` among others.
    errors: Vec<UserError>,
}
