//! Sessions. What they show depends on the role: `nanoReadOnly` sees addresses masked, and no users.

use std::net::IpAddr;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Result, SimpleObject, dataloader::DataLoader};
use authz::Action;
use chrono::{DateTime, Utc};
use entity::{session, stream};
use guard::lint::Marks;
use ids::SessionId;

use super::{
    Part, TokenAdvice,
    page::{connection, wanted},
};
use crate::{
    fault::Fault,
    graphql::{
        caller,
        loaders::{Below, StreamSessions},
        state,
    },
    live::{LiveSession, record},
    privacy::is_masked,
    service::reading,
    state::State,
};

/// A viewer's or broadcaster's stay, from admission to end.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Session {
    /// Its id, minted by the server.
    id: ID,
    /// The stream's name.
    stream: String,
    /// Which way.
    door: Door,
    /// By which protocol.
    protocol: Protocol,
    /// From where; `192.0.2.0/24` or `2001:db8::/48` for `nanoReadOnly`.
    address: String,
    /// In which country that is (ISO 3166-1 alpha-2), where it is known.
    country: Option<String>,
    /// In which network (AS number) that is, where it is known.
    asn: Option<i64>,
    /// Who runs that network, where it is known.
    provider: Option<String>,
    /// Whether nobody on the way could read it.
    encrypted: bool,
    /// The viewer that the token names; hidden from `nanoReadOnly`.
    user: Option<String>,
    /// The token's label.
    tag: Option<String>,
    /// The token's id; hidden from `nanoReadOnly`.
    jti: Option<ID>,
    /// The player's name for itself.
    user_agent: Option<String>,
    /// The host of the page it came from.
    referrer: Option<String>,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended; none while it goes on.
    ended_at: Option<DateTime<Utc>>,
    /// How long it lasted so far, in seconds.
    duration_s: f64,
    /// Bytes of media so far.
    bytes: f64,
    /// Requests so far: of HLS each playlist and segment; one that stays open is one. None for sessions from before that was
    /// kept.
    requests: Option<i64>,
    /// Why the platform ended it; none where the peer left or the stream ended.
    reason: Option<DenyReason>,
    #[graphql(skip)]
    marks: Marks,
}

#[ComplexObject]
impl Session {
    /// What could be better about the newest token that it runs on, the weightiest first; empty where it has none, and where
    /// only a webhook can read it.
    async fn token_advice(&self) -> Vec<TokenAdvice> {
        self.marks.findings().into_iter().map(Into::into).collect()
    }
}

connection!(
    /// Sessions.
    SessionConnection,
    SessionEdge,
    Session
);

/// Which sessions.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct SessionFilter {
    /// On the stream of this name.
    pub(crate) stream: Option<String>,
    /// Those that go on, or those that are over.
    live: Option<bool>,
    /// Which way.
    pub(crate) door: Option<Door>,
    /// Of this viewer; not for `nanoReadOnly`.
    pub(crate) user: Option<String>,
    /// With this label.
    pub(crate) tag: Option<String>,
    /// With this token, be it the newest or one that it ran on before; not for `nanoReadOnly`.
    pub(crate) jti: Option<ID>,
    /// From this address, or this /64 of IPv6; not for `nanoReadOnly`.
    pub(crate) ip: Option<String>,
}

/// Which way a stream flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "guard::Door")]
pub(crate) enum Door {
    /// To a viewer.
    Playback,
    /// From a broadcaster.
    Ingest,
}

/// How a session reaches us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "link::Protocol")]
pub(crate) enum Protocol {
    /// HLS on fragmented MP4.
    Hls,
    /// Progressive fragmented MP4.
    Progressive,
    /// RTMP.
    Rtmp,
    /// The built-in test source.
    TestSource,
    /// Fragmented MP4 over WebSocket.
    #[graphql(name = "WEBSOCKET")]
    WebSocket,
}

impl SessionFilter {
    /// Who asks for a person's sessions must be allowed to see whose they are.
    pub(crate) fn is_personal(&self) -> bool {
        self.user.is_some() || self.jti.is_some() || self.ip.is_some()
    }

    /// The address, or the /64, as rows have it; one that is neither is nobody's.
    pub(crate) fn address(&self) -> Option<String> {
        let text = self.ip.as_deref()?.trim();
        if let Some(Ok(IpAddr::V6(six))) = text.strip_suffix("/64").map(str::parse) {
            return Some(format!("{}/64", guard::block(six.into())));
        }
        Some(address_text(text))
    }
}

impl From<SessionFilter> for reading::Sessions {
    fn from(filter: SessionFilter) -> Self {
        Self {
            address: filter.address(),
            stream: filter.stream,
            live: filter.live,
            door: filter.door.map(Into::into),
            user: filter.user,
            tag: filter.tag,
            jti: filter.jti.map(|jti| jti.0),
            from: None,
            to: None,
        }
    }
}

/// The page of the caller's organisation's sessions.
pub(crate) async fn connection(
    context: &Context<'_>,
    filter: SessionFilter,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<SessionConnection> {
    let state = state(context);
    let acting = caller(context).may(state, Action::SessionRead)?;
    let personal = acting.may(state, Action::SessionReadPersonal);
    if filter.is_personal() && !personal {
        return Err(Fault::Forbidden.into());
    }
    let page = reading::sessions(state, acting.id, filter.into(), wanted(context, first, after)?).await?;
    let key = |row: &session::Model| SessionId::from_uuid(row.id).to_string();
    Ok(Part::of(page, key, |row| Session::of_row(state, row, personal)).into())
}

/// The sessions of one stream, read together with those of the other streams of a list.
pub(crate) async fn of_stream(
    context: &Context<'_>,
    stream: &stream::Model,
    live: Option<bool>,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<SessionConnection> {
    let state = state(context);
    let acting = caller(context).may(state, Action::SessionRead)?;
    let personal = acting.may(state, Action::SessionReadPersonal);
    let below = Below {
        parent: (stream.id, stream.name.clone()),
        wanted: wanted(context, first, after)?,
        live,
    };
    let none = below.wanted.of_none();
    let loader = context.data_unchecked::<DataLoader<StreamSessions>>();
    let page = loader.load_one((acting.id, below)).await?.unwrap_or(none);
    let key = |row: &session::Model| SessionId::from_uuid(row.id).to_string();
    Ok(Part::of(page, key, |row| Session::of_row(state, row, personal)).into())
}

impl Session {
    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 20] = [
        "id",
        "stream",
        "door",
        "protocol",
        "address",
        "country",
        "asn",
        "provider",
        "encrypted",
        "user",
        "tag",
        "jti",
        "user_agent",
        "referrer",
        "started_at",
        "ended_at",
        "duration_s",
        "bytes",
        "requests",
        "reason",
    ];

    /// A line of a file.
    pub(crate) fn cells(&self) -> [String; 20] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            self.id.to_string(),
            self.stream.clone(),
            guard::Door::from(self.door).as_str().to_owned(),
            link::Protocol::from(self.protocol).as_str().to_owned(),
            self.address.clone(),
            text(&self.country),
            self.asn.map(|asn| asn.to_string()).unwrap_or_default(),
            text(&self.provider),
            self.encrypted.to_string(),
            text(&self.user),
            text(&self.tag),
            self.jti.as_ref().map(|id| id.0.clone()).unwrap_or_default(),
            text(&self.user_agent),
            text(&self.referrer),
            super::written(self.started_at),
            self.ended_at.map(super::written).unwrap_or_default(),
            format!("{:.3}", self.duration_s),
            format!("{:.0}", self.bytes),
            self.requests.map(|requests| requests.to_string()).unwrap_or_default(),
            self.reason
                .map(|reason| guard::Reason::from(reason).as_str().to_owned())
                .unwrap_or_default(),
        ]
    }

    pub(crate) fn of_row(state: &State, row: session::Model, personal: bool) -> Self {
        let id = SessionId::from_uuid(row.id);
        let live = if row.ended_at.is_none() {
            state.live.passed(id)
        } else {
            None
        };
        let (bytes, requests) = match live {
            Some((bytes, requests)) => (bytes, i64::try_from(requests).ok()),
            None => (u64::try_from(row.bytes).unwrap_or(0), row.requests),
        };
        let end = row.ended_at.unwrap_or_else(|| state.now_us());
        Self {
            id: id.to_string().into(),
            stream: row.stream_name,
            door: record::door_of(&row.door).into(),
            protocol: protocol(&row.protocol),
            address: if personal {
                row.address
            } else {
                masked_text(&row.address)
            },
            country: row.country,
            asn: row.asn,
            provider: row.provider,
            encrypted: row.encrypted,
            user: row.viewer.filter(|_| personal),
            tag: row.tag,
            jti: row.jti.filter(|_| personal).map(ID),
            user_agent: row.user_agent,
            referrer: row.referrer,
            started_at: super::moment(row.started_at),
            ended_at: row.ended_at.map(super::moment),
            duration_s: seconds(end.saturating_sub(row.started_at)),
            bytes: super::float(bytes),
            requests,
            reason: row.reason.as_deref().and_then(reason),
            marks: record::marks_of(row.token_marks),
        }
    }

    /// A session as the register has it; `ended` where it is over.
    pub(crate) fn of_live(
        session: &LiveSession,
        now_us: i64,
        ended: Option<(i64, Option<guard::Reason>)>,
        personal: bool,
    ) -> Self {
        let facts = &session.facts;
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        let end = ended.map_or(now_us, |(at, _)| at);
        Self {
            id: facts.session.to_string().into(),
            stream: facts.name.to_string(),
            door: facts.door.into(),
            protocol: facts.protocol.into(),
            address: address(facts.address, personal),
            country: facts.place.country.map(|country| country.to_string()),
            asn: facts.place.asn.map(|asn| asn.number().into()),
            provider: text(&facts.provider),
            encrypted: facts.encrypted,
            user: facts.user().map(str::to_owned).filter(|_| personal),
            tag: facts.tag().map(str::to_owned),
            jti: facts.jti().filter(|_| personal).map(ID::from),
            user_agent: text(&facts.user_agent),
            referrer: text(&facts.referrer),
            started_at: super::moment(session.started.us()),
            ended_at: ended.map(|(at, _)| super::moment(at)),
            duration_s: seconds(end.saturating_sub(session.started.us())),
            bytes: super::float(session.bytes),
            requests: i64::try_from(session.requests).ok(),
            reason: ended.and_then(|(_, reason)| reason).map(Into::into),
            marks: facts.grant.as_ref().map(|grant| grant.marks).unwrap_or_default(),
        }
    }
}

/// An address as the caller may see it.
pub(crate) fn address(address: IpAddr, personal: bool) -> String {
    let address = guard::fold(address);
    if personal { address.to_string() } else { masked(address) }
}

/// An address as rows have it; a text that is none stays what it is.
pub(crate) fn address_text(text: &str) -> String {
    let text = text.trim();
    text.parse()
        .map_or_else(|_| text.to_owned(), |address| guard::fold(address).to_string())
}

fn masked_text(text: &str) -> String {
    if is_masked(text) {
        return text.to_owned();
    }
    text.parse()
        .map_or_else(|_| String::new(), |address| masked(guard::fold(address)))
}

fn masked(address: IpAddr) -> String {
    match address {
        IpAddr::V4(four) => {
            let [a, b, c, _] = four.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(six) => {
            let network = six.to_bits() & !((1_u128 << 80) - 1);
            format!("{}/48", std::net::Ipv6Addr::from_bits(network))
        }
    }
}

fn seconds(us: i64) -> f64 {
    super::float(u64::try_from(us).unwrap_or(0)) / 1e6
}

/// The column `protocol`.
pub(crate) fn protocol(column: &str) -> Protocol {
    match column {
        "hls" => Protocol::Hls,
        "progressive" => Protocol::Progressive,
        "rtmp" => Protocol::Rtmp,
        "test_source" => Protocol::TestSource,
        _ => Protocol::WebSocket,
    }
}

/// The column `reason`.
pub(crate) fn reason(column: &str) -> Option<DenyReason> {
    guard::Reason::ALL
        .iter()
        .find(|reason| reason.as_str() == column)
        .map(|reason| (*reason).into())
}

/// Why a request may not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "guard::Reason")]
pub(crate) enum DenyReason {
    /// This stream needs a token, and none was presented.
    TokenMissing,
    /// What was presented is not a token.
    TokenMalformed,
    /// The token was signed with a key that is not known for this stream.
    TokenKey,
    /// The token's signature does not fit its content.
    TokenSignature,
    /// The token was made for another door.
    TokenAudience,
    /// The token is not valid yet.
    TokenNotYetValid,
    /// The token has expired.
    TokenExpired,
    /// The token was revoked.
    TokenRevoked,
    /// The token was already used as often as it may be.
    TokenUsed,
    /// This viewer is banned.
    TokenUserBanned,
    /// The token is for other streams.
    TokenScope,
    /// The token is not valid from this address.
    TokenIp,
    /// The token is not valid on this site.
    TokenDomain,
    /// The token is not valid in this country.
    TokenCountry,
    /// The token is not valid in this network.
    TokenAsn,
    /// The token is not valid for this player.
    TokenUserAgent,
    /// The token is bound to other addresses.
    TokenBound,
    /// The stream needs a token of a second factor.
    TokenMfa,
    /// This address is blocked.
    GuardianIp,
    /// This network is blocked.
    GuardianAsn,
    /// This country is blocked.
    GuardianCountry,
    /// This site is blocked.
    GuardianReferrer,
    /// This player is blocked.
    GuardianUserAgent,
    /// Too many sessions at once.
    SessionLimit,
    /// The stream has as many viewers as it may have.
    ViewerLimit,
    /// Too many refused requests from this address.
    Throttled,
    /// The broadcaster's own service refused.
    BackendDenied,
    /// The broadcaster's own service does not answer.
    BackendUnavailable,
    /// An operator ended this session.
    SessionEnded,
    /// There is no such stream.
    StreamUnknown,
    /// The stream is not live.
    StreamOffline,
    /// The stream is locked.
    StreamLocked,
    /// The stream was stopped by an operator.
    StreamStopped,
    /// The stream has a publisher already.
    StreamInUse,
    /// Another publisher took the stream over.
    PublisherReplaced,
    /// The key does not fit the stream.
    IngestKey,
    /// The stream must be published encrypted.
    EncryptionRequired,
    /// This server answers its delivery network only.
    OriginOnly,
    /// The organisation is suspended.
    OrganisationSuspended,
    /// The organisation lacks a package for this.
    PackageRequired,
    /// This server has no policy, or one that is too old.
    NotReady,
}
