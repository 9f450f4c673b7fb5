//! What arrives by subscription: states, counters, sessions that start, end or are refused, changes on their way.

use cynic::{StreamingOperation, SubscriptionBuilder};

use super::{
    decisions::Refused,
    scalar::{DateTime, StreamState},
    schema,
    sessions::{Door, Protocol, Reason, Session},
};

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription")]
pub(crate) struct StreamStates {
    pub(crate) stream_state: StreamStateEvent,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
pub(crate) struct StreamStateEvent {
    pub(crate) name: String,
    pub(crate) state: StreamState,
}

/// Every change of state in the organisation.
pub(crate) fn stream_states() -> StreamingOperation<StreamStates, ()> {
    StreamStates::build(())
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription")]
pub(crate) struct AccessStates {
    #[arguments(names: [])]
    #[expect(dead_code, reason = "no event ever comes: that it ends is the news")]
    stream_state: StreamStateEvent,
}

/// No event at all; the server ends it when the person's access changes.
pub(crate) fn access() -> StreamingOperation<AccessStates, ()> {
    AccessStates::build(())
}

#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct OfStream {
    stream: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription", variables = "OfStream")]
pub(crate) struct Counters {
    #[arguments(stream: $stream)]
    pub(crate) live: LiveCounters,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct LiveCounters {
    pub(crate) viewers: i32,
    pub(crate) ingests: i32,
    pub(crate) bytes_per_second: f64,
}

/// What is counted now: of one stream, or of the whole organisation.
pub(crate) fn counters(stream: Option<String>) -> StreamingOperation<Counters, OfStream> {
    Counters::build(OfStream { stream })
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct SessionFilter {
    #[cynic(skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    door: Option<Door>,
}

#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct SessionVariables {
    filter: Option<SessionFilter>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription", variables = "SessionVariables")]
pub(crate) struct SessionEvents {
    #[arguments(filter: $filter)]
    pub(crate) session_events: SessionEvent,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionEvent {
    pub(crate) kind: SessionEventKind,
    pub(crate) at: DateTime,
    pub(crate) stream: String,
    pub(crate) door: Door,
    pub(crate) protocol: Protocol,
    pub(crate) address: String,
    pub(crate) reason: Option<Reason>,
    pub(crate) decision: Option<cynic::Id>,
    pub(crate) session: Option<Session>,
    pub(crate) visitor: Option<Refused>,
}

impl SessionEvent {
    /// Whether it is the same one, told again or asked for; unknown, and no, of what has no id.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let of = |one: &Self| {
            (
                one.session.as_ref().map(|session| session.id.clone()),
                one.decision.clone(),
            )
        };
        let which = of(self);
        self.kind == other.kind && which != (None, None) && which == of(other)
    }

    /// The viewer whom a token named.
    pub(crate) fn user(&self) -> Option<&str> {
        let seen = self.session.as_ref().map(|session| session.user.as_deref());
        seen.or_else(|| self.visitor.as_ref().map(|visitor| visitor.user.as_deref()))?
    }
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionEventKind {
    Started,
    Ended,
    Denied,
}

/// Sessions that start, end or are refused: of one stream, or of the whole organisation; at one door, or at both.
pub(crate) fn session_events(
    stream: Option<String>,
    door: Option<Door>,
) -> StreamingOperation<SessionEvents, SessionVariables> {
    SessionEvents::build(SessionVariables {
        filter: Some(SessionFilter { stream, door }),
    })
}

#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct ChangeVariables {
    id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription", variables = "ChangeVariables")]
pub(crate) struct ChangeEvents {
    #[arguments(id: $id)]
    pub(crate) change_progress: ChangeProgress,
}

/// How far a change has come.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub(crate) struct ChangeProgress {
    pub(crate) acknowledged: i32,
    pub(crate) nodes: i32,
    pub(crate) sessions_ended: i32,
    pub(crate) after_ms: Option<f64>,
    pub(crate) bytes_after: f64,
    pub(crate) done: bool,
}

/// A change on its way to the nodes.
pub(crate) fn change_progress(id: cynic::Id) -> StreamingOperation<ChangeEvents, ChangeVariables> {
    ChangeEvents::build(ChangeVariables { id })
}
