//! What subscriptions push.

use async_graphql::{Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    decision::Visitor,
    session::{self, DenyReason, Door, Protocol, Session},
    stream::StreamState,
};
use crate::{
    live::{Counters, News, What},
    service::reading,
    state::State,
};

/// A stream is in another state.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct StreamStateEvent {
    /// The stream's name.
    pub(crate) name: String,
    /// What it is now.
    pub(crate) state: StreamState,
    /// Since when.
    pub(crate) at: DateTime<Utc>,
}

/// What is on now.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub(crate) struct LiveCounters {
    /// How many watch.
    viewers: i32,
    /// How many broadcast.
    ingests: i32,
    /// Media sent to viewers, in bytes per second.
    bytes_per_second: f64,
    /// Viewers by protocol; those without viewers are left out.
    by_protocol: Vec<ProtocolViewers>,
    /// Broadcasters by protocol; those without broadcasters are left out.
    ingests_by_protocol: Vec<ProtocolIngests>,
}

/// How many watch by one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub(crate) struct ProtocolViewers {
    /// Which.
    protocol: Protocol,
    /// How many.
    viewers: i32,
}

/// How many broadcast by one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub(crate) struct ProtocolIngests {
    /// Which.
    protocol: Protocol,
    /// How many.
    ingests: i32,
}

/// Something that happened to a viewer or broadcaster.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct SessionEvent {
    /// What.
    kind: SessionEventKind,
    /// When.
    at: DateTime<Utc>,
    /// The stream's name.
    stream: String,
    /// Which way.
    door: Door,
    /// By which protocol.
    protocol: Protocol,
    /// From where; masked for `nanoReadOnly`.
    address: String,
    /// Why the platform refused or ended it.
    reason: Option<DenyReason>,
    /// A refusal's id, as in `x-decision-id`.
    decision: Option<ID>,
    /// The session, where there is one: a refusal has none.
    session: Option<Session>,
    /// Who was refused.
    visitor: Option<Visitor>,
}

/// What happened to a viewer or broadcaster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum SessionEventKind {
    /// Was let in.
    Started,
    /// Is gone.
    Ended,
    /// Was refused.
    Denied,
}

impl StreamStateEvent {
    /// The event that the news is, if it is one.
    pub(crate) fn of(state: &State, news: &News) -> Option<Self> {
        let What::Stream(row) = &news.what else {
            return None;
        };
        Some(Self {
            name: row.name.clone(),
            state: reading::stream_is(state, row).into(),
            at: super::moment(news.at.us()),
        })
    }
}

impl From<Counters> for LiveCounters {
    fn from(counters: Counters) -> Self {
        Self {
            viewers: super::count(counters.viewers.into()),
            ingests: super::count(counters.ingests.into()),
            bytes_per_second: counters.bytes_per_second,
            by_protocol: counters
                .by_protocol
                .into_iter()
                .map(|(protocol, viewers)| ProtocolViewers {
                    protocol: protocol.into(),
                    viewers: super::count(viewers.into()),
                })
                .collect(),
            ingests_by_protocol: counters
                .ingests_by_protocol
                .into_iter()
                .map(|(protocol, ingests)| ProtocolIngests {
                    protocol: protocol.into(),
                    ingests: super::count(ingests.into()),
                })
                .collect(),
        }
    }
}

impl SessionEvent {
    /// The event that the news is, if it is one. `personal`: whether addresses and users may be seen.
    pub(crate) fn of(news: &News, personal: bool) -> Option<Self> {
        let at = news.at.us();
        let (kind, session, end) = match &news.what {
            What::Started(session) => (SessionEventKind::Started, session, None),
            What::Ended(session, reason) => (SessionEventKind::Ended, session, Some((at, *reason))),
            What::Denied(denied) => {
                return Some(Self {
                    kind: SessionEventKind::Denied,
                    at: super::moment(at),
                    stream: denied.stream.clone(),
                    door: denied.door.into(),
                    protocol: denied.protocol.into(),
                    address: session::address(denied.address, personal),
                    reason: Some(denied.reason.into()),
                    decision: Some(denied.decision.to_string().into()),
                    session: None,
                    visitor: Some(Visitor::of(&denied.visitor, personal)),
                });
            }
            What::Stream(_) | What::Beat => return None,
        };
        Some(Self {
            kind,
            at: super::moment(at),
            stream: session.facts.name.to_string(),
            door: session.facts.door.into(),
            protocol: session.facts.protocol.into(),
            address: session::address(session.facts.address, personal),
            reason: end.and_then(|(_, reason)| reason).map(Into::into),
            decision: None,
            session: Some(Session::of_live(session, at, end, personal)),
            visitor: None,
        })
    }
}
