//! The register itself. Sessions are kept by organisation: who looks at those of one does not wait for the crowd of another.

use std::collections::HashMap;

use guard::{Door, Grant, Timestamp, token::Jti};
use ids::{NodeId, OrganisationId, SessionId, StreamId};
use link::SessionFacts;

use super::LiveSession;
use crate::alerts::On;

#[derive(Debug, Default)]
pub(super) struct Register {
    /// Streams that have a publisher, and where.
    pub(super) publishing: HashMap<StreamId, NodeId>,
    /// How many watch each stream.
    pub(super) viewers: HashMap<StreamId, u32>,
    /// Those of which sessions go on.
    organisations: HashMap<OrganisationId, Sessions>,
    /// Whose each session is.
    whose: HashMap<SessionId, OrganisationId>,
}

/// What goes on of one organisation.
#[derive(Debug, Default)]
struct Sessions {
    all: HashMap<SessionId, LiveSession>,
    on: On,
    /// How many tokens of sessions have each id.
    tokens: HashMap<Jti, u32>,
}

impl Register {
    /// A session that goes on.
    pub(super) fn session(&self, id: SessionId) -> Option<&LiveSession> {
        self.organisations.get(self.whose.get(&id)?)?.all.get(&id)
    }

    /// The sessions of an organisation.
    pub(super) fn of(&self, organisation: OrganisationId) -> impl Iterator<Item = &LiveSession> {
        let sessions = self.organisations.get(&organisation);
        sessions.into_iter().flat_map(|sessions| sessions.all.values())
    }

    /// How many watch and broadcast in an organisation.
    pub(super) fn on(&self, organisation: OrganisationId) -> On {
        let sessions = self.organisations.get(&organisation);
        sessions.map_or_else(On::default, |sessions| sessions.on)
    }

    /// Whether a session of the organisation runs on a token.
    pub(super) fn runs_on(&self, organisation: OrganisationId, jti: &str) -> bool {
        let sessions = self.organisations.get(&organisation);
        sessions.is_some_and(|sessions| sessions.tokens.contains_key(jti))
    }

    /// The sessions that a node carries.
    pub(super) fn on_node(&self, node: NodeId) -> impl Iterator<Item = &LiveSession> {
        let all = self.organisations.values().flat_map(|sessions| sessions.all.values());
        all.filter(move |session| session.node == node)
    }

    /// A session begins. One that is told twice is the one that was told last.
    pub(super) fn started(&mut self, facts: SessionFacts, node: NodeId, at: Timestamp) -> LiveSession {
        self.ended(facts.session);
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
        let (id, organisation) = (session.facts.session, session.facts.organisation);
        self.whose.insert(id, organisation);
        let sessions = self.organisations.entry(organisation).or_default();
        sessions.all.insert(id, session.clone());
        for token in session.tokens() {
            sessions.hold(token);
        }
        match session.facts.door {
            Door::Ingest => sessions.on.ingests += 1,
            Door::Playback => {
                sessions.on.viewers += 1;
                *self.viewers.entry(session.facts.stream).or_insert(0) += 1;
            }
        }
        session
    }

    /// A session goes on; which, and how many bytes more it has.
    pub(super) fn beat(
        &mut self,
        session: SessionId,
        (bytes, requests): (u64, u64),
        at: Timestamp,
    ) -> Option<(&LiveSession, u64)> {
        let session = self.sessions(session)?.all.get_mut(&session)?;
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

    /// Takes the viewer's name, and what their player calls itself, off the sessions that go on.
    pub(super) fn forget(&mut self, organisation: OrganisationId, user: &str) {
        let sessions = self.organisations.get_mut(&organisation);
        let all = sessions.into_iter().flat_map(|sessions| sessions.all.values_mut());
        for session in all.filter(|session| session.facts.user() == Some(user)) {
            for grant in session.facts.grant.iter_mut().chain(&mut session.earlier) {
                grant.user = None;
            }
            session.facts.user_agent = None;
        }
    }

    /// Whether it is a session that runs on another token now.
    pub(super) fn renewed(&mut self, id: SessionId, grant: &Grant) -> bool {
        let Some(sessions) = self.sessions(id) else {
            return false;
        };
        let Some(session) = sessions.all.get_mut(&id) else {
            return false;
        };
        if session.facts.grant.as_ref() == Some(grant) {
            return false;
        }
        if let Some(before) = session.facts.grant.replace(grant.clone()) {
            session.earlier.insert(0, before);
        }
        let forgotten = session.earlier.split_off(EARLIER.min(session.earlier.len()));
        sessions.hold(grant);
        for token in &forgotten {
            sessions.let_go(token);
        }
        true
    }

    /// A session is over; which, if it went on.
    pub(super) fn ended(&mut self, id: SessionId) -> Option<LiveSession> {
        let organisation = self.whose.remove(&id)?;
        let sessions = self.organisations.get_mut(&organisation)?;
        let session = sessions.all.remove(&id)?;
        for token in session.tokens() {
            sessions.let_go(token);
        }
        let counted = match session.facts.door {
            Door::Ingest => &mut sessions.on.ingests,
            Door::Playback => &mut sessions.on.viewers,
        };
        *counted = counted.saturating_sub(1);
        if sessions.all.is_empty() {
            self.organisations.remove(&organisation);
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

    /// Those of the organisation whose session it is.
    fn sessions(&mut self, id: SessionId) -> Option<&mut Sessions> {
        self.organisations.get_mut(self.whose.get(&id)?)
    }
}

impl Sessions {
    fn hold(&mut self, token: &Grant) {
        *self.tokens.entry(token.jti.clone()).or_insert(0) += 1;
    }

    fn let_go(&mut self, token: &Grant) {
        if let Some(times) = self.tokens.get_mut(&token.jti) {
            *times -= 1;
            if *times == 0 {
                self.tokens.remove(&token.jti);
            }
        }
    }
}

/// Tokens of one session that are remembered: as many as a node has it run on.
const EARLIER: usize = 500;

#[cfg(test)]
mod tests {
    use guard::{Place, Word, lint::Marks};
    use link::Protocol;

    use super::*;

    const NOW: Timestamp = Timestamp::from_s(1_800_000_000);

    fn grant(jti: &str) -> Grant {
        Grant {
            jti: jti.into(),
            kid: None,
            user: None,
            tag: None,
            issued: None,
            expires: Timestamp::from_s(1_800_003_600),
            revocable: true,
            word: Word::Signed { ours: true },
            marks: Marks::default(),
        }
    }

    /// The `n`th session of the `owner`th organisation.
    fn facts(owner: u8, n: u8, door: Door, jti: Option<&str>) -> SessionFacts {
        SessionFacts {
            session: SessionId::mint(u64::from(n), [owner; 10]),
            organisation: OrganisationId::mint(1, [owner; 10]),
            stream: StreamId::mint(1, [owner; 10]),
            name: "7KQ2M-STAGE".parse().unwrap(),
            door,
            protocol: Protocol::Hls,
            address: [203, 0, 113, 9].into(),
            place: Place::default(),
            provider: None,
            encrypted: false,
            grant: jti.map(grant),
            user_agent: None,
            referrer: None,
        }
    }

    fn node(n: u8) -> NodeId {
        NodeId::mint(1, [n; 10])
    }

    #[test]
    fn each_organisation_has_its_own_sessions_however_many_another_has() {
        let mut register = Register::default();
        let (one, other) = (
            facts(1, 1, Door::Playback, Some("a")),
            facts(2, 1, Door::Playback, Some("b")),
        );
        register.started(one.clone(), node(1), NOW);
        register.started(other.clone(), node(1), NOW);
        register.started(facts(2, 2, Door::Ingest, None), node(2), NOW);
        assert_eq!(register.of(one.organisation).count(), 1);
        assert_eq!(register.of(other.organisation).count(), 2);
        let on = |register: &Register, facts: &SessionFacts| {
            let on = register.on(facts.organisation);
            (on.viewers, on.ingests)
        };
        assert_eq!((on(&register, &one), on(&register, &other)), ((1, 0), (1, 1)));
        assert!(register.runs_on(one.organisation, "a"));
        assert!(!register.runs_on(one.organisation, "b"), "that is another's");
        assert_eq!(register.on_node(node(1)).count(), 2);

        assert_eq!(
            register.ended(other.session).unwrap().facts.organisation,
            other.organisation
        );
        assert!(register.ended(other.session).is_none(), "once");
        assert!(register.session(other.session).is_none());
        assert_eq!((on(&register, &one), on(&register, &other)), ((1, 0), (0, 1)));
        assert_eq!(register.viewers.len(), 1);
        register.ended(one.session);
        register.ended(facts(2, 2, Door::Ingest, None).session);
        assert!(register.organisations.is_empty() && register.whose.is_empty() && register.viewers.is_empty());
    }

    #[test]
    fn a_session_that_is_told_twice_counts_once() {
        let mut register = Register::default();
        let facts = facts(1, 1, Door::Playback, Some("a"));
        register.started(facts.clone(), node(1), NOW);
        register.started(facts.clone(), node(1), NOW);
        assert_eq!(register.on(facts.organisation).viewers, 1);
        assert_eq!(register.viewers[&facts.stream], 1);
        register.ended(facts.session);
        assert!(!register.runs_on(facts.organisation, "a"));
    }

    #[test]
    fn a_session_runs_on_each_of_its_tokens_for_as_long_as_they_are_remembered() {
        let mut register = Register::default();
        let facts = facts(1, 1, Door::Playback, Some("first"));
        let runs = |register: &Register, jti: &str| register.runs_on(facts.organisation, jti);
        register.started(facts.clone(), node(1), NOW);
        assert!(register.renewed(facts.session, &grant("second")));
        assert!(!register.renewed(facts.session, &grant("second")), "it does already");
        assert!(runs(&register, "first") && runs(&register, "second"));
        for n in 0..EARLIER {
            assert!(runs(&register, "first"), "after {n} more");
            register.renewed(facts.session, &grant(&format!("more {n}")));
        }
        assert!(!runs(&register, "first"), "so many before its newest are remembered");
        assert!(runs(&register, "second"));
        register.ended(facts.session);
        assert!(!runs(&register, "second"));
    }
}
