//! The live sessions of a node, found by whatever a change can name.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use guard::{
    Door, Policy, Request,
    policy::{Subject, Touched},
};
use ids::{OrganisationId, SessionId, StreamId};

use super::{Session, Shared};

/// Every live session, and an index by organisation, stream, token, user, tag and key.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    sessions: HashMap<SessionId, Shared>,
    found_by: HashMap<Handle, HashSet<SessionId>>,
    /// How many watch streams of an organisation.
    viewers: HashMap<OrganisationId, u32>,
    /// How many bits a second went out to them when it was measured last.
    bandwidth: HashMap<OrganisationId, u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Handle {
    Organisation(OrganisationId),
    Stream(StreamId),
    Token(OrganisationId, Subject),
}

impl Registry {
    /// Takes a session in; gives back how many others watch streams of its organisation.
    pub(crate) fn insert(&self, session: &Shared) -> u32 {
        let mut index = self.lock();
        index.sessions.insert(session.id, session.clone());
        for handle in handles(session) {
            index.found_by.entry(handle).or_default().insert(session.id);
        }
        if session.permit().door() != Door::Playback {
            return 0;
        }
        let viewers = index.viewers.entry(session.permit().organisation()).or_default();
        let others = *viewers;
        *viewers = viewers.saturating_add(1);
        others
    }

    pub(crate) fn remove(&self, session: &Session) {
        let mut index = self.lock();
        if index.sessions.remove(&session.id).is_some() && session.permit().door() == Door::Playback {
            let organisation = session.permit().organisation();
            if let Some(viewers) = index.viewers.get_mut(&organisation) {
                *viewers = viewers.saturating_sub(1);
                if *viewers == 0 {
                    index.viewers.remove(&organisation);
                }
            }
        }
        for handle in handles(session) {
            if let Some(ids) = index.found_by.get_mut(&handle) {
                ids.remove(&session.id);
                if ids.is_empty() {
                    index.found_by.remove(&handle);
                }
            }
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
        };
        let index = self.lock();
        index
            .found_by
            .get(&handle)
            .into_iter()
            .flatten()
            .filter_map(|id| index.sessions.get(id).cloned())
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

    /// Measures what went out to viewers since this was called last, a second ago.
    pub(crate) fn measure(&self) {
        let mut index = self.lock();
        let mut bandwidth: HashMap<_, u64> = HashMap::new();
        for session in index.sessions.values() {
            if session.permit().door() == Door::Playback {
                let bits = session.since_measured().saturating_mul(8);
                let sum = bandwidth.entry(session.permit().organisation()).or_default();
                *sum = sum.saturating_add(bits);
            }
        }
        index.bandwidth = bandwidth;
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Shared> {
        self.lock().sessions.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn handles(session: &Session) -> Vec<Handle> {
    let permit = session.permit();
    let organisation = permit.organisation();
    let mut handles = vec![Handle::Organisation(organisation), Handle::Stream(permit.stream())];
    if let Some(grant) = permit.grant() {
        let subjects = [
            Some(Subject::Token(grant.jti.clone())),
            Some(Subject::Key(grant.kid.clone())),
            grant.user.clone().map(Subject::User),
            grant.tag.clone().map(Subject::Tag),
        ];
        handles.extend(
            subjects
                .into_iter()
                .flatten()
                .map(|subject| Handle::Token(organisation, subject)),
        );
    }
    handles
}
