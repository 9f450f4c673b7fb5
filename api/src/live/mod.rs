//! What is on now: streams with a publisher, sessions, counters. Folded from what the nodes tell; never read from tables.

pub(crate) mod denials;
mod fold;
pub(crate) mod record;
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
use tokio::sync::broadcast;

use crate::alerts::On;

/// The register of what is on.
#[derive(Debug)]
pub(crate) struct Live {
    register: Mutex<Register>,
    kept: denials::Kept,
    news: broadcast::Sender<Arc<News>>,
}

#[derive(Debug, Default)]
struct Register {
    publishing: HashMap<StreamId, NodeId>,
    sessions: HashMap<SessionId, LiveSession>,
    viewers: HashMap<StreamId, u32>,
    /// Sessions of each organisation.
    on: HashMap<OrganisationId, On>,
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
        self.register().on.get(&organisation).copied().unwrap_or_default()
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
        let register = self.register();
        let mut sessions = register.sessions.values();
        sessions.any(|session| {
            session.facts.organisation == organisation && session.tokens().any(|token| *token.jti == *jti)
        })
    }

    /// A session of an organisation, if it goes on.
    pub(crate) fn session_of(&self, organisation: OrganisationId, id: SessionId) -> Option<LiveSession> {
        let session = self.register().sessions.get(&id).cloned();
        session.filter(|session| session.facts.organisation == organisation)
    }

    /// How many sessions count together.
    pub(crate) fn count(&self, organisation: OrganisationId, whose: &Whose) -> u32 {
        let register = self.register();
        let counts = |session: &&LiveSession| {
            session.facts.organisation == organisation
                && match whose {
                    Whose::User(user) => session.facts.user() == Some(&**user),
                    Whose::Token(jti) => session.tokens().any(|token| token.jti == *jti),
                }
        };
        u32::try_from(register.sessions.values().filter(counts).count()).unwrap_or(u32::MAX)
    }

    /// A session that goes on.
    pub(crate) fn session(&self, session: SessionId) -> Option<LiveSession> {
        self.register().sessions.get(&session).cloned()
    }

    /// The sessions of an organisation of which `wanted` holds.
    pub(crate) fn sessions(
        &self,
        organisation: OrganisationId,
        wanted: impl Fn(&LiveSession) -> bool,
    ) -> Vec<LiveSession> {
        let register = self.register();
        let all = register.sessions.values();
        all.filter(|session| session.facts.organisation == organisation && wanted(session))
            .cloned()
            .collect()
    }

    /// How many sessions run on what each key of an organisation signed, by its name.
    pub(crate) fn on_keys(&self, organisation: OrganisationId) -> HashMap<Arc<str>, u64> {
        let mut sessions = HashMap::new();
        for session in self.register().sessions.values() {
            let kid = session.facts.grant.as_ref().and_then(|grant| grant.kid.as_ref());
            if let (true, Some(kid)) = (session.facts.organisation == organisation, kid) {
                *sessions.entry(kid.clone()).or_insert(0) += 1;
            }
        }
        sessions
    }

    /// Bytes and requests of a live session.
    pub(crate) fn passed(&self, session: SessionId) -> Option<(u64, u64)> {
        let register = self.register();
        let session = register.sessions.get(&session)?;
        Some((session.bytes, session.requests))
    }

    /// Sums over an organisation's sessions, or those of one stream.
    pub(crate) fn counters(&self, organisation: OrganisationId, stream: Option<StreamId>) -> Counters {
        let register = self.register();
        let mut counters = Counters::default();
        let (mut by_protocol, mut ingests_by_protocol) = (BTreeMap::new(), BTreeMap::new());
        let sessions = register.sessions.values().filter(|session| {
            session.facts.organisation == organisation && stream.is_none_or(|stream| session.facts.stream == stream)
        });
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

impl Register {
    fn started(&mut self, facts: SessionFacts, node: NodeId, at: Timestamp) -> LiveSession {
        let session = LiveSession {
            facts,
            node,
            started: at,
            beat: at,
            bytes: 0,
            requests: 0,
            bytes_per_second: 0.0,
            earlier: Vec::new(),
        };
        let earlier = self.sessions.insert(session.facts.session, session.clone());
        if earlier.is_none() {
            let on = self.on.entry(session.facts.organisation).or_default();
            match session.facts.door {
                Door::Ingest => on.ingests += 1,
                Door::Playback => {
                    on.viewers += 1;
                    *self.viewers.entry(session.facts.stream).or_insert(0) += 1;
                }
            }
        }
        session
    }

    /// A session goes on; which, and how many bytes more it has.
    fn beat(
        &mut self,
        session: SessionId,
        (bytes, requests): (u64, u64),
        at: Timestamp,
    ) -> Option<(&LiveSession, u64)> {
        let session = self.sessions.get_mut(&session)?;
        let more = bytes.saturating_sub(session.bytes);
        let span = at.since(session.beat).as_secs_f64();
        if span > 0.0 {
            #[expect(clippy::cast_precision_loss, reason = "a rate for people, of a few seconds' bytes")]
            let more = more as f64;
            session.bytes_per_second = more / span;
        }
        session.bytes = bytes;
        session.requests = requests;
        session.beat = at;
        Some((session, more))
    }

    fn forget(&mut self, organisation: OrganisationId, user: &str) {
        let theirs = |session: &&mut LiveSession| {
            session.facts.organisation == organisation && session.facts.user() == Some(user)
        };
        for session in self.sessions.values_mut().filter(theirs) {
            for grant in session.facts.grant.iter_mut().chain(&mut session.earlier) {
                grant.user = None;
            }
            session.facts.user_agent = None;
        }
    }

    /// Whether it is a session that runs on another token now.
    fn renewed(&mut self, session: SessionId, grant: &Grant) -> bool {
        let Some(session) = self.sessions.get_mut(&session) else {
            return false;
        };
        if session.facts.grant.as_ref() == Some(grant) {
            return false;
        }
        session.earlier.extend(session.facts.grant.replace(grant.clone()));
        session.earlier.rotate_right(1);
        session.earlier.truncate(EARLIER);
        true
    }

    fn ended(&mut self, session: SessionId) -> Option<LiveSession> {
        let session = self.sessions.remove(&session)?;
        if let Some(on) = self.on.get_mut(&session.facts.organisation) {
            let counted = match session.facts.door {
                Door::Ingest => &mut on.ingests,
                Door::Playback => &mut on.viewers,
            };
            *counted = counted.saturating_sub(1);
        }
        if session.facts.door == Door::Playback
            && let Some(viewers) = self.viewers.get_mut(&session.facts.stream)
        {
            *viewers = viewers.saturating_sub(1);
            if *viewers == 0 {
                self.viewers.remove(&session.facts.stream);
            }
        }
        Some(session)
    }
}

const NEWS: usize = 1024;
/// Tokens of one session that are remembered: as many as a node has it run on.
const EARLIER: usize = 500;
