//! HLS sessions. A player shows no id of its own choosing: what makes two requests one session is the same token, the
//! same address (/64 for IPv6) and the same user agent. It ends after three target durations of silence.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use guard::{Admitted, Denial, Timestamp};

use crate::{
    gate::{Asked, Gate, Glance},
    session::{Session, Stay},
};

/// The HLS sessions of a node.
#[derive(Debug, Default)]
pub(crate) struct Visits(Mutex<HashMap<Same, Visit>>);

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
    stay: Stay,
    seen: Timestamp,
    patience: Duration,
}

impl Visits {
    /// Whether this is a request of a session that runs.
    pub(crate) fn knows(&self, asked: &Asked) -> bool {
        self.lock()
            .get(&Same::of(asked))
            .is_some_and(|visit| visit.stay.session().reason().is_none())
    }

    /// The session of an admitted request; a new one where there is none yet.
    pub(crate) fn enter(
        &self,
        gate: &Gate,
        asked: &Asked,
        admitted: &Admitted<Glance>,
    ) -> Result<Arc<Session>, Denial> {
        let now = gate.clock().now();
        let target_s = admitted.target().stream.segments(admitted).borrow().target_duration_s;
        let patience = Duration::from_secs(target_s.max(2).saturating_mul(3));
        let mut visits = self.lock();
        let same = Same::of(asked);
        if let Some(visit) = visits
            .get_mut(&same)
            .filter(|visit| visit.stay.session().reason().is_none())
        {
            visit.seen = now;
            visit.patience = patience;
            return Ok(visit.stay.session().clone());
        }
        let stay = gate.settle(asked, admitted)?;
        let session = stay.session().clone();
        visits.insert(
            same,
            Visit {
                stay,
                seen: now,
                patience,
            },
        );
        Ok(session)
    }

    /// Ends what has been silent for too long, and forgets what was ended.
    pub(crate) fn sweep(&self, now: Timestamp) {
        let mut visits = self.lock();
        let gone: Vec<_> = visits
            .extract_if(|_, visit| visit.stay.session().reason().is_some() || now.since(visit.seen) > visit.patience)
            .collect();
        drop(visits);
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Same, Visit>> {
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
