//! The live sessions of a node, found by whatever a change can name.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use guard::policy::{Subject, Touched};
use ids::{OrganisationId, SessionId, StreamId};

use super::{Session, Shared};

/// Every live session, and an index by organisation, stream, token, user, tag and key.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    sessions: HashMap<SessionId, Shared>,
    found_by: HashMap<Handle, HashSet<SessionId>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Handle {
    Organisation(OrganisationId),
    Stream(StreamId),
    Token(OrganisationId, Subject),
}

impl Registry {
    pub(crate) fn insert(&self, session: &Shared) {
        let mut index = self.lock();
        index.sessions.insert(session.id, session.clone());
        for handle in handles(session) {
            index.found_by.entry(handle).or_default().insert(session.id);
        }
    }

    pub(crate) fn remove(&self, session: &Session) {
        let mut index = self.lock();
        index.sessions.remove(&session.id);
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
