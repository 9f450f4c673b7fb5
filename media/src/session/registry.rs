//! The live sessions of a node, found by whatever a change can name.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use guard::{
    Door, End, Place, Policy, Request, Timestamp, Whose,
    policy::{Subject, Touched},
    rules::{Rule, RuleScope},
};
use ids::{OrganisationId, SessionId, StreamId};
use link::Protocol;

use super::{Held, Session, Shared, places::Places};
use crate::count;

/// Every live session, and an index by organisation, stream, token, user, tag and key, and by what rules look at.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Index>);

/// Who else is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Others {
    /// How many watch streams of the organisation.
    pub(crate) viewers: u32,
    /// How many run for the same viewer, or on the same token where it names none.
    pub(crate) sessions: u32,
}

#[derive(Debug, Default)]
struct Index {
    sessions: HashMap<SessionId, Shared>,
    found_by: HashMap<Handle, HashSet<SessionId>>,
    places: Places,
    /// How many watch streams of an organisation.
    viewers: HashMap<OrganisationId, u32>,
    /// How many bits a second went out to them when it was measured last.
    bandwidth: HashMap<OrganisationId, u64>,
    /// How many went on when they were counted last, of each kind that there ever was.
    counted: BTreeMap<(Door, Protocol), u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Handle {
    Organisation(OrganisationId),
    Stream(StreamId),
    Token(OrganisationId, Subject),
    /// By what it was shown.
    Credential([u8; 32]),
}

impl Registry {
    /// Takes a session in; gives back who was there before, `besides` one of them.
    pub(crate) fn insert(&self, session: &Shared, besides: Option<SessionId>) -> Others {
        let mut index = self.lock();
        let organisation = session.permit().organisation();
        let sessions = whose(session).map_or(0, |whose| index.count(organisation, &whose, besides));
        index.sessions.insert(session.id, session.clone());
        for handle in handles(session) {
            index.found_by.entry(handle).or_default().insert(session.id);
        }
        index.places.insert(organisation, &session.request(), session.id);
        if session.permit().door() != Door::Playback {
            return Others { viewers: 0, sessions };
        }
        let viewers = index.viewers.entry(organisation).or_default();
        let others = Others {
            viewers: *viewers,
            sessions,
        };
        *viewers = viewers.saturating_add(1);
        others
    }

    /// How many sessions count together, `besides` one of them.
    pub(crate) fn count(&self, organisation: OrganisationId, whose: &Whose, besides: Option<SessionId>) -> u32 {
        self.lock().count(organisation, whose, besides)
    }

    /// Finds a session by a newer token too, on which it runs from now on; false where it is over.
    pub(crate) fn renew(
        &self,
        session: &Session,
        request: Request,
        held: Held,
        end: Option<End>,
        now: Timestamp,
    ) -> bool {
        let mut index = self.lock();
        if !index.sessions.contains_key(&session.id) {
            return false;
        }
        let before = handles(session);
        // Where it is known to be may be newer than what was decided on.
        let place = session.request().place;
        session.renew(Request { place, ..request }, held, end, now);
        let after = handles(session);
        for gone in before.iter().filter(|handle| !after.contains(handle)) {
            index.lose(gone, session.id);
        }
        for handle in after {
            index.found_by.entry(handle).or_default().insert(session.id);
        }
        true
    }

    /// The sessions that were shown a credential.
    pub(crate) fn showing(&self, digest: [u8; 32]) -> Vec<Shared> {
        let index = self.lock();
        index
            .found(&Handle::Credential(digest))
            .filter_map(|id| index.sessions.get(id).cloned())
            .collect()
    }

    /// Finds a session by another place from now on; whether that is a change.
    pub(crate) fn relocate(&self, session: &Session, place: Place) -> bool {
        let mut index = self.lock();
        let known = index.sessions.contains_key(&session.id);
        if !known || session.request().place == place {
            return false;
        }
        let organisation = session.permit().organisation();
        index.places.remove(organisation, &session.request(), session.id);
        session.relocate(place);
        index.places.insert(organisation, &session.request(), session.id);
        true
    }

    pub(crate) fn remove(&self, session: &Session) {
        let mut index = self.lock();
        let organisation = session.permit().organisation();
        index.places.remove(organisation, &session.request(), session.id);
        let known = index.sessions.remove(&session.id).is_some();
        let watched = known && session.permit().door() == Door::Playback;
        if watched && let Some(viewers) = index.viewers.get_mut(&organisation) {
            *viewers = viewers.saturating_sub(1);
            if *viewers == 0 {
                index.viewers.remove(&organisation);
            }
        }
        for handle in handles(session) {
            index.lose(&handle, session.id);
        }
        drop(index);
        if known {
            count::media(session.permit().door(), session.protocol, session.since_measured());
        }
    }

    /// The sessions that a change can have touched.
    pub(crate) fn touched(&self, touched: &Touched) -> Vec<Shared> {
        let handle = match touched.clone() {
            Touched::Organisation(organisation) | Touched::Tokens(organisation, Subject::Everything) => {
                Handle::Organisation(organisation)
            }
            Touched::Stream(stream) | Touched::Tokens(_, Subject::Stream(stream)) => Handle::Stream(stream),
            Touched::Tokens(organisation, subject) => Handle::Token(organisation, subject),
            Touched::Rule(organisation, rule) => return self.about(organisation, &rule),
            Touched::Ended(organisation, session) => {
                let session = self.lock().sessions.get(&session).cloned();
                return session
                    .filter(|session| session.permit().organisation() == organisation)
                    .into_iter()
                    .collect();
            }
        };
        let index = self.lock();
        index
            .found(&handle)
            .filter_map(|id| index.sessions.get(id).cloned())
            .collect()
    }

    /// The sessions that a rule can be about.
    fn about(&self, organisation: OrganisationId, rule: &Rule) -> Vec<Shared> {
        let index = self.lock();
        let wide = match rule.scope {
            RuleScope::Stream(stream) => Handle::Stream(stream),
            RuleScope::Organisation | RuleScope::Group(_) => Handle::Organisation(organisation),
        };
        let ids: Vec<_> = match (index.places.about(organisation, &rule.matcher), rule.scope) {
            (None, _) => index.found(&wide).copied().collect(),
            (Some(ids), RuleScope::Stream(_)) => index.found(&wide).filter(|id| ids.contains(id)).copied().collect(),
            (Some(ids), _) => ids.into_iter().collect(),
        };
        let sessions = ids.iter().filter_map(|id| index.sessions.get(id));
        sessions
            .filter(|session| {
                session.permit().organisation() == organisation && rule.doors.have(session.permit().door())
            })
            .cloned()
            .collect()
    }

    /// How many watch streams of the organisation whose stream this viewer asks for, and how many bits a second go out to
    /// them; where that is limited.
    pub(crate) fn load(&self, policy: &Policy, request: &Request) -> (u32, u64) {
        let tenant = request.stream.as_ref().and_then(|name| policy.tenant_of(name));
        let limited = tenant.map(|tenant| &tenant.organisation).filter(|organisation| {
            request.door == Door::Playback
                && (organisation.viewers.is_some() || organisation.bandwidth_mbit_s.is_some())
        });
        let Some(organisation) = limited else {
            return (0, 0);
        };
        let index = self.lock();
        let viewers = index.viewers.get(&organisation.id).copied().unwrap_or(0);
        (viewers, index.bandwidth.get(&organisation.id).copied().unwrap_or(0))
    }

    /// Measures what came in and went out since this was called last, a second ago, and counts who is there.
    pub(crate) fn measure(&self) {
        let mut index = self.lock();
        let mut bandwidth: HashMap<_, u64> = HashMap::new();
        let mut kinds: BTreeMap<_, (u32, u64)> = BTreeMap::new();
        for session in index.sessions.values() {
            let (door, bytes) = (session.permit().door(), session.since_measured());
            let (sessions, sum) = kinds.entry((door, session.protocol)).or_default();
            *sessions = sessions.saturating_add(1);
            *sum = sum.saturating_add(bytes);
            if door == Door::Playback {
                let sum = bandwidth.entry(session.permit().organisation()).or_default();
                *sum = sum.saturating_add(bytes.saturating_mul(8));
            }
        }
        index.bandwidth = bandwidth;
        index.counted.values_mut().for_each(|sessions| *sessions = 0);
        for ((door, protocol), (sessions, bytes)) in kinds {
            index.counted.insert((door, protocol), sessions);
            count::media(door, protocol, bytes);
        }
        count::going_on(&index.counted);
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Shared> {
        self.lock().sessions.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn found(&self, handle: &Handle) -> impl Iterator<Item = &SessionId> {
        self.found_by.get(handle).into_iter().flatten()
    }

    fn count(&self, organisation: OrganisationId, whose: &Whose, besides: Option<SessionId>) -> u32 {
        let ids = self.found_by.get(&counted(organisation, whose));
        let besides = ids.zip(besides).is_some_and(|(ids, one)| ids.contains(&one));
        ids.map_or(0, |ids| {
            u32::try_from(ids.len().saturating_sub(besides.into())).unwrap_or(u32::MAX)
        })
    }

    fn lose(&mut self, handle: &Handle, id: SessionId) {
        if let Some(ids) = self.found_by.get_mut(handle) {
            ids.remove(&id);
            if ids.is_empty() {
                self.found_by.remove(handle);
            }
        }
    }
}

fn counted(organisation: OrganisationId, whose: &Whose) -> Handle {
    let subject = match whose {
        Whose::User(user) => Subject::User(user.clone()),
        Whose::Token(jti) => Subject::Token(jti.clone()),
    };
    Handle::Token(organisation, subject)
}

/// With whose sessions this one counts.
fn whose(session: &Session) -> Option<Whose> {
    let grant = session.permit().grant()?;
    let user = grant.user.clone().map(Whose::User);
    Some(user.unwrap_or_else(|| Whose::Token(grant.jti.clone())))
}

/// Each once.
fn handles(session: &Session) -> HashSet<Handle> {
    let permit = session.permit();
    let organisation = permit.organisation();
    let mut handles = HashSet::from([Handle::Organisation(organisation), Handle::Stream(permit.stream())]);
    for Held { grant, digest } in session.tokens().iter() {
        let subjects = [
            Some(Subject::Token(grant.jti.clone())),
            grant.kid.clone().map(Subject::Key),
            grant.user.clone().map(Subject::User),
            grant.tag.clone().map(Subject::Tag),
        ];
        handles.extend(
            subjects
                .into_iter()
                .flatten()
                .map(|subject| Handle::Token(organisation, subject)),
        );
        handles.extend(digest.map(Handle::Credential));
    }
    handles
}
