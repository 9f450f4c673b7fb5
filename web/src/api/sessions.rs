//! Sessions: who watches and who publishes, now and lately.

use cynic::{MutationBuilder, QueryBuilder};

use super::{
    client::{Api, settle},
    events::{SessionEvent, SessionEventKind},
    failure::Failure,
    people::{UserError, first_error},
    scalar::DateTime,
    schema,
    tokens::Change,
};

/// One viewer's or broadcaster's stay.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: cynic::Id,
    pub(crate) stream: String,
    pub(crate) door: Door,
    pub(crate) protocol: Protocol,
    pub(crate) address: String,
    pub(crate) user: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) started_at: DateTime,
    pub(crate) ended_at: Option<DateTime>,
    pub(crate) reason: Option<Reason>,
}

/// Which way media goes.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Playback,
    Ingest,
}

/// How a session is carried.
#[derive(cynic::Enum, Clone, Debug, PartialEq, Eq)]
#[cynic(non_exhaustive)]
pub(crate) enum Protocol {
    Hls,
    Progressive,
    Rtmp,
    TestSource,
    #[cynic(rename = "WEBSOCKET")]
    WebSocket,
    #[cynic(fallback)]
    Other(String),
}

impl Protocol {
    /// Those that this dashboard knows.
    pub(crate) const ALL: [Self; 5] = [
        Self::Hls,
        Self::Progressive,
        Self::WebSocket,
        Self::Rtmp,
        Self::TestSource,
    ];

    /// The one that viewers or broadcasters choose, by its word in addresses.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "hls" => Some(Self::Hls),
            "progressive" => Some(Self::Progressive),
            "rtmp" => Some(Self::Rtmp),
            "test_source" => Some(Self::TestSource),
            "websocket" => Some(Self::WebSocket),
            _ => None,
        }
    }

    /// Its word in addresses.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Hls => "hls",
            Self::Progressive => "progressive",
            Self::Rtmp => "rtmp",
            Self::TestSource => "test_source",
            Self::WebSocket => "websocket",
            Self::Other(name) => name,
        }
        .to_owned()
    }

    /// As people call it.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Hls => "HLS",
            Self::Progressive => "Progressive MP4",
            Self::Rtmp => "RTMP",
            Self::TestSource => "Test source",
            Self::WebSocket => "WebSocket",
            Self::Other(name) => name,
        }
        .to_owned()
    }
}

/// Why somebody was turned away, by its public name. Its words stand in `guard`, with its codes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Reason(String);

impl cynic::Enum for Reason {
    type SchemaType = schema::DenyReason;
}
cynic::impl_coercions!(Reason, schema::DenyReason);

impl Reason {
    /// The reason of that public name.
    pub(crate) fn of(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// `TOKEN_EXPIRED` and its like.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// One sentence; empty for a reason newer than this dashboard.
    pub(crate) fn sentence(&self) -> String {
        let known = guard::Reason::ALL.iter().find(|reason| reason.as_str() == self.name());
        known
            .map(|reason| super::failure::sentence(reason.sentence()))
            .unwrap_or_default()
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct NameVariables<'a> {
    name: &'a str,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "NameVariables")]
struct SessionsQuery {
    #[arguments(name: $name)]
    stream: Option<SessionsOfStream>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Stream")]
struct SessionsOfStream {
    #[arguments(first: 100)]
    sessions: SessionConnection,
}

#[derive(cynic::QueryFragment, Debug)]
struct SessionConnection {
    nodes: Vec<Session>,
}

/// Who watches a stream now, a hundred at most.
pub(crate) async fn of_stream(api: Api, name: &str) -> Result<Vec<Session>, Failure> {
    let stream = api
        .query(SessionsQuery::build(NameVariables { name }))
        .await?
        .stream
        .ok_or(Failure::NotFound)?;
    Ok(stream
        .sessions
        .nodes
        .into_iter()
        .filter(|session| session.ended_at.is_none() && session.door == Door::Playback)
        .collect())
}

#[derive(cynic::InputObject, Debug)]
struct EndSessionInput {
    id: cynic::Id,
}

#[derive(cynic::QueryVariables, Debug)]
struct EndVariables {
    input: EndSessionInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "EndVariables")]
struct End {
    #[arguments(input: $input)]
    end_session: Option<EndSessionPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
struct EndSessionPayload {
    change: Option<Change>,
    jti: Option<cynic::Id>,
    not_revocable_because: Option<String>,
    errors: Vec<UserError>,
}

/// A session that was ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) change: Change,
    /// The id of the token that it ran on, where that can still be revoked by it.
    pub(crate) revocable: Option<cynic::Id>,
}

/// Ends a session; who was in it is kept out from there for five minutes.
pub(crate) async fn end(api: Api, id: cynic::Id) -> Result<Ended, Failure> {
    let input = EndSessionInput { id };
    let answer = api.mutate(End::build(EndVariables { input })).await?;
    let payload = settle(answer.end_session, |payload| first_error(&payload.errors))?;
    let change = payload.change.ok_or(Failure::Server)?;
    Ok(Ended {
        change,
        revocable: payload.jti.filter(|_| payload.not_revocable_because.is_none()),
    })
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
struct RecentQuery {
    organisation: SessionsOfOrganisation,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organisation")]
struct SessionsOfOrganisation {
    #[arguments(first: 50)]
    sessions: Option<SessionConnection>,
}

/// The latest sessions of the organisation as the events that they were, newest first; without refusals, which are no
/// sessions.
pub(crate) async fn recent_events(api: Api) -> Result<Vec<SessionEvent>, Failure> {
    let sessions = api.query(RecentQuery::build(())).await?.organisation.sessions;
    let sessions = sessions.ok_or(Failure::Forbidden)?.nodes;
    let mut events: Vec<_> = sessions.into_iter().flat_map(|session| events_of(&session)).collect();
    events.sort_by(|a, b| b.at.0.cmp(&a.at.0));
    Ok(events)
}

fn events_of(session: &Session) -> impl Iterator<Item = SessionEvent> + use<> {
    let event = |kind, at: &DateTime, session: &Session| SessionEvent {
        kind,
        at: at.clone(),
        stream: session.stream.clone(),
        door: session.door,
        protocol: session.protocol.clone(),
        address: session.address.clone(),
        reason: session.reason.clone().filter(|_| kind == SessionEventKind::Ended),
        decision: None,
        session: Some(session.clone()),
        visitor: None,
    };
    let ended = session
        .ended_at
        .as_ref()
        .map(|at| event(SessionEventKind::Ended, at, session));
    let started = event(SessionEventKind::Started, &session.started_at, session);
    ended.into_iter().chain([started])
}
