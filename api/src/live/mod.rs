//! What is on now: streams with a publisher, sessions, counters. Folded from what the nodes tell; never read from tables.

pub(crate) mod denials;
mod fold;
pub(crate) mod record;
mod register;
mod running;
pub(crate) mod shown;
pub(crate) mod weak;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(crate) use fold::run;
use guard::{Door, Grant, Reason, Step, Timestamp, Whose};
use ids::{DecisionId, NodeId, OrganisationId, SessionId, StreamId};
use link::{Protocol, SessionFacts, Visitor};
use register::Register;
use tokio::sync::broadcast;

use crate::alerts::On;

/// The register of what is on.
#[derive(Debug)]
pub(crate) struct Live {
    register: Mutex<Register>,
    kept: denials::Kept,
    news: broadcast::Sender<Arc<News>>,
}

/// A session that goes on.
#[derive(Clone, Debug)]
pub(crate) struct LiveSession {
    pub(crate) facts: SessionFacts,
    pub(crate) node: NodeId,
    pub(crate) started: Timestamp,
    pub(crate) beat: Timestamp,
    pub(crate) bytes: u64,
    pub(crate) requests: u64,
    /// Over the last two beats.
    pub(crate) bytes_per_second: f64,
    /// The tokens that it ran on before its newest, the newest first.
    pub(crate) earlier: Vec<Grant>,
}

/// What subscriptions hear.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub(crate) organisation: OrganisationId,
    pub(crate) at: Timestamp,
    pub(crate) what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A stream is in another state.
    Stream(Box<entity::stream::Model>),
    /// A session began.
    Started(LiveSession),
    /// A session is over.
    Ended(LiveSession, Option<Reason>),
    /// A request was refused.
    Denied(Denied),
    /// Counters may have changed.
    Beat,
}

/// A refusal.
#[derive(Clone, Debug)]
pub(crate) struct Denied {
    pub(crate) stream: String,
    pub(crate) door: Door,
    pub(crate) protocol: Protocol,
    pub(crate) address: std::net::IpAddr,
    pub(crate) reason: Reason,
    pub(crate) decision: DecisionId,
    /// What was looked at, step by step.
    pub(crate) trace: Vec<Step>,
    /// Who it was.
    pub(crate) visitor: Visitor,
}

/// Sums over live sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counters {
    pub(crate) viewers: u32,
    pub(crate) ingests: u32,
    pub(crate) bytes_per_second: f64,
    /// Viewers, in the order of the protocols.
    pub(crate) by_protocol: Vec<(Protocol, u32)>,
    /// Broadcasters, in the order of the protocols.
    pub(crate) ingests_by_protocol: Vec<(Protocol, u32)>,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            register: Mutex::default(),
            kept: denials::Kept::default(),
            news: broadcast::Sender::new(NEWS),
        }
    }

    /// Whether a stream has a publisher.
    pub(crate) fn is_live(&self, stream: StreamId) -> bool {
        self.register().publishing.contains_key(&stream)
    }

    /// Streams that have one.
    pub(crate) fn publishing(&self) -> HashSet<StreamId> {
        self.register().publishing.keys().copied().collect()
    }

    /// How many watch and broadcast in an organisation.
    pub(crate) fn on(&self, organisation: OrganisationId) -> On {
        self.register().on(organisation)
    }

    /// How many watch and broadcast these streams.
    pub(crate) fn on_streams<'a>(&self, streams: impl Iterator<Item = &'a StreamId>) -> On {
        let register = self.register();
        let mut on = On::default();
        for stream in streams {
            on.viewers += register.viewers.get(stream).copied().unwrap_or(0);
            on.ingests += u32::from(register.publishing.contains_key(stream));
        }
        on
    }

    /// How many watch a stream.
    pub(crate) fn viewers(&self, stream: StreamId) -> u32 {
        self.register().viewers.get(&stream).copied().unwrap_or(0)
    }

    /// Whether a session runs on a token.
    pub(crate) fn runs_on(&self, organisation: OrganisationId, jti: &str) -> bool {
        self.register().runs_on(organisation, jti)
    }

    /// A session of an organisation, if it goes on.
    pub(crate) fn session_of(&self, organisation: OrganisationId, id: SessionId) -> Option<LiveSession> {
        let session = self.session(id);
        session.filter(|session| session.facts.organisation == organisation)
    }

    /// How many sessions count together.
    pub(crate) fn count(&self, organisation: OrganisationId, whose: &Whose) -> u32 {
        let register = self.register();
        let counts = |session: &&LiveSession| match whose {
            Whose::User(user) => session.facts.user() == Some(&**user),
            Whose::Token(jti) => session.tokens().any(|token| token.jti == *jti),
        };
        u32::try_from(register.of(organisation).filter(counts).count()).unwrap_or(u32::MAX)
    }

    /// A session that goes on.
    pub(crate) fn session(&self, session: SessionId) -> Option<LiveSession> {
        self.register().session(session).cloned()
    }

    /// The sessions of an organisation of which `wanted` holds.
    pub(crate) fn sessions(
        &self,
        organisation: OrganisationId,
        wanted: impl Fn(&LiveSession) -> bool,
    ) -> Vec<LiveSession> {
        let register = self.register();
        register
            .of(organisation)
            .filter(|session| wanted(session))
            .cloned()
            .collect()
    }

    /// How many sessions run on what each key of an organisation signed, by its name.
    pub(crate) fn on_keys(&self, organisation: OrganisationId) -> HashMap<Arc<str>, u64> {
        let mut sessions = HashMap::new();
        for session in self.register().of(organisation) {
            let kid = session.facts.grant.as_ref().and_then(|grant| grant.kid.as_ref());
            if let Some(kid) = kid {
                *sessions.entry(kid.clone()).or_insert(0) += 1;
            }
        }
        sessions
    }

    /// Bytes and requests of a live session.
    pub(crate) fn passed(&self, session: SessionId) -> Option<(u64, u64)> {
        let register = self.register();
        let session = register.session(session)?;
        Some((session.bytes, session.requests))
    }

    /// Sums over an organisation's sessions, or those of one stream.
    pub(crate) fn counters(&self, organisation: OrganisationId, stream: Option<StreamId>) -> Counters {
        let register = self.register();
        let mut counters = Counters::default();
        let (mut by_protocol, mut ingests_by_protocol) = (BTreeMap::new(), BTreeMap::new());
        let sessions = register
            .of(organisation)
            .filter(|session| stream.is_none_or(|stream| session.facts.stream == stream));
        for session in sessions {
            match session.facts.door {
                Door::Ingest => {
                    counters.ingests += 1;
                    *ingests_by_protocol.entry(session.facts.protocol).or_insert(0) += 1;
                }
                Door::Playback => {
                    counters.viewers += 1;
                    counters.bytes_per_second += session.bytes_per_second;
                    *by_protocol.entry(session.facts.protocol).or_insert(0) += 1;
                }
            }
        }
        counters.by_protocol = by_protocol.into_iter().collect();
        counters.ingests_by_protocol = ingests_by_protocol.into_iter().collect();
        counters
    }

    /// What happens from now on. Who falls behind misses the oldest.
    pub(crate) fn news(&self) -> broadcast::Receiver<Arc<News>> {
        self.news.subscribe()
    }

    /// Tells subscriptions.
    pub(crate) fn tell(&self, organisation: OrganisationId, at: Timestamp, what: What) {
        // Nobody may be listening.
        let _ = self.news.send(Arc::new(News { organisation, at, what }));
    }

    /// Takes the viewer's name, and what their player calls itself, off the sessions that go on.
    pub(crate) fn forget(&self, organisation: OrganisationId, user: &str) {
        self.register().forget(organisation, user);
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LiveSession {
    /// Its tokens, the newest first.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &Grant> {
        self.facts.grant.iter().chain(&self.earlier)
    }
}

const NEWS: usize = 1024;
