//! HLS sessions. A player shows no id of its own choosing: what makes two requests one session is the same token, the
//! same address (/64 for IPv6) and the same user agent. A session that took newer tokens is known by each of them. It ends
//! after three target durations of silence. One that was ended is known for as long: whoever still shows an older token of
//! it, which has expired meanwhile, is told why it was ended.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use guard::{Admitted, Credential, Denial, Timestamp};
use ids::SessionId;

use crate::{
    gate::{Asked, Gate, Glance},
    session::{Session, Stay},
};

/// The HLS sessions of a node.
#[derive(Debug, Default)]
pub(crate) struct Visits(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    visits: HashMap<SessionId, Visit>,
    known: HashMap<Same, SessionId>,
}

/// What makes requests one session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Same {
    stream: String,
    token: Option<[u8; 32]>,
    address: IpAddr,
    user_agent: Option<Arc<str>>,
}

#[derive(Debug)]
struct Visit {
    session: Arc<Session>,
    /// Its end, where that was not yet.
    stay: Option<Stay>,
    seen: Timestamp,
    patience: Duration,
    /// As what it is known; first what it was admitted as, which its addresses may say for as long as it lasts.
    names: Vec<Same>,
}

impl Visits {
    /// The session that a request belongs to, whether it runs or was ended a moment ago.
    pub(crate) fn of(&self, asked: &Asked, now: Timestamp) -> Option<Arc<Session>> {
        let mut index = self.lock();
        let Index { visits, known } = &mut *index;
        let visit = visits.get_mut(known.get(&Same::of(asked))?)?;
        if visit.session.reason().is_some() {
            // One that runs is seen where it is let in.
            visit.seen = now;
        }
        Some(visit.session.clone())
    }

    /// The session of an admitted request; a new one where there is none yet. None where it was admitted as one of a session
    /// that has ended since: then it has to be decided anew.
    pub(crate) fn enter(
        &self,
        gate: &Gate,
        asked: &Asked,
        admitted: &Admitted<Glance>,
    ) -> Result<Option<Arc<Session>>, Denial> {
        let now = gate.clock().now();
        let target_s = admitted.target().stream.segments(admitted).borrow().target_duration_s;
        let patience = Duration::from_secs(target_s.max(2).saturating_mul(3));
        let mut index = self.lock();
        let index = &mut *index;
        let same = Same::of(asked);
        let known = index.known.get(&same).and_then(|id| index.visits.get_mut(id));
        if let Some(visit) = known.filter(|visit| visit.session.reason().is_none()) {
            visit.seen = now;
            visit.patience = patience;
            visit.session.requested();
            return Ok(Some(visit.session.clone()));
        }
        let Some(stay) = gate.settle(asked, admitted)? else {
            return Ok(None);
        };
        let session = stay.session().clone();
        index.known.insert(same.clone(), session.id);
        let visit = Visit {
            session: session.clone(),
            stay: Some(stay),
            seen: now,
            patience,
            names: vec![same],
        };
        index.visits.insert(session.id, visit);
        Ok(Some(session))
    }

    /// A session that took a newer token is known by that too; one of another protocol is none of these.
    pub(crate) fn also(&self, session: &Session, token: &Credential) {
        let mut index = self.lock();
        let Index { visits, known } = &mut *index;
        let Some(visit) = visits.get_mut(&session.id) else {
            return;
        };
        let Some(first) = visit.names.first() else { return };
        let same = Same {
            token: token.digest(),
            ..first.clone()
        };
        if visit.names.contains(&same) {
            return;
        }
        if visit.names.len() >= NAMES {
            let old = visit.names.remove(1);
            if known.get(&old) == Some(&session.id) {
                known.remove(&old);
            }
        }
        known.insert(same.clone(), session.id);
        visit.names.push(same);
    }

    /// Ends what has been silent for too long, and lets go of what was ended.
    pub(crate) fn sweep(&self, now: Timestamp) {
        let mut index = self.lock();
        let Index { visits, known } = &mut *index;
        let over: Vec<_> = visits
            .values_mut()
            .filter(|visit| visit.session.reason().is_some())
            .filter_map(|visit| visit.stay.take())
            .collect();
        let gone: Vec<_> = visits
            .extract_if(|_, visit| now.since(visit.seen) > visit.patience)
            .collect();
        for (id, visit) in &gone {
            for name in &visit.names {
                // Another session may have its place by now.
                if known.get(name) == Some(id) {
                    known.remove(name);
                }
            }
        }
        drop(index);
        drop((over, gone));
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Same {
    fn of(asked: &Asked) -> Self {
        Self {
            stream: asked.name.clone(),
            token: asked.credential.digest(),
            address: guard::block(asked.address),
            user_agent: asked.user_agent.clone(),
        }
    }
}

/// Tokens by which one session is known at once.
const NAMES: usize = 32;
