//! How many look at what was watched at once: who adds up sessions holds a connection to the database for long, and what is
//! recorded, revoked and decided needs one at any moment.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ids::OrganisationId;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::{fault::Fault, store::CONNECTIONS};

/// Turns to look: of all together, and of each organisation its own, so that none waits for the crowd of another.
#[derive(Debug)]
pub(super) struct Turns {
    of_all: Arc<Semaphore>,
    of_each: Mutex<HashMap<OrganisationId, Arc<Semaphore>>>,
    /// For how long one is waited for.
    patience: Duration,
}

/// A turn, until it is dropped. Whoever has one takes no second.
#[derive(Debug)]
pub(crate) struct Turn {
    _own: OwnedSemaphorePermit,
    _among_all: OwnedSemaphorePermit,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            of_all: Arc::new(Semaphore::new(AT_ONCE)),
            of_each: Mutex::default(),
            patience: PATIENCE,
        }
    }

    /// The organisation's next turn; refused where none comes in time.
    pub(super) async fn soon(&self, organisation: OrganisationId) -> Result<Turn, Fault> {
        match tokio::time::timeout(self.patience, self.next(organisation)).await {
            Ok(turn) => turn,
            Err(_) => Err(Fault::RateLimited { retry_after_s: RETRY_S }),
        }
    }

    /// The organisation's next turn, whenever it comes.
    pub(super) async fn next(&self, organisation: OrganisationId) -> Result<Turn, Fault> {
        let turn = async {
            // In this order: whoever waits for their own organisation keeps no turn from others.
            let own = self.of(organisation).acquire_owned().await?;
            let among_all = self.of_all.clone().acquire_owned().await?;
            Ok::<_, AcquireError>(Turn {
                _own: own,
                _among_all: among_all,
            })
        };
        turn.await.map_err(|error| Fault::bug(&error))
    }

    fn of(&self, organisation: OrganisationId) -> Arc<Semaphore> {
        let mut all = self.of_each.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            // Whoever has a turn, or waits for one, holds one more.
            all.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let fresh = || Arc::new(Semaphore::new(OF_ONE));
        all.entry(organisation).or_insert_with(fresh).clone()
    }
}

/// Half of the connections that there are.
const AT_ONCE: usize = CONNECTIONS as usize / 2;
/// Of one organisation.
const OF_ONE: usize = 2;
/// For so long one is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// In seconds: by then somebody's turn is over, as a rule.
const RETRY_S: u64 = 10;
/// Organisations whose turns are kept, beside those that are taken.
const REMEMBERED: usize = 1_000;

#[cfg(test)]
mod tests {
    use testkit::{Database, Kind};

    use super::*;
    use crate::store::Store;

    fn organisation(n: u8) -> OrganisationId {
        OrganisationId::mint(1, [n; 10])
    }

    #[tokio::test]
    async fn an_organisation_has_so_many_turns_at_once_and_delays_no_other() {
        let turns = Turns::new();
        let mut own = Vec::new();
        for _ in 0..OF_ONE {
            own.push(turns.soon(organisation(1)).await.unwrap());
        }
        let waiting = turns.next(organisation(1));
        tokio::pin!(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(turns.soon(organisation(2)).await.unwrap());
        own.pop();
        drop(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn who_waits_too_long_for_a_turn_is_refused_and_keeps_none() {
        let turns = Turns {
            patience: Duration::from_millis(10),
            ..Turns::new()
        };
        let mut held = Vec::new();
        for n in 0..u8::try_from(AT_ONCE).unwrap() {
            held.push(turns.soon(organisation(n)).await.unwrap());
        }
        let refused = turns.soon(organisation(100)).await.unwrap_err();
        assert!(matches!(refused, Fault::RateLimited { retry_after_s: RETRY_S }));
        // One attempt, of many.
        let told = async_graphql::Error::from(refused).message;
        assert_eq!(told, "too often, or too many at once; try again in 10 s");
        held.pop();
        drop(turns.soon(organisation(100)).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_recorded_finds_a_connection_while_everybody_looks() {
        for kind in [Kind::Sqlite, Kind::Postgres] {
            let database = Database::new(kind);
            let store = Store::open(database.url()).await.unwrap();
            let turns = Turns::new();
            let mut looking = Vec::new();
            for n in 0..u8::try_from(AT_ONCE).unwrap() {
                let turn = turns.soon(organisation(n)).await.unwrap();
                looking.push((turn, store.moment().await.unwrap()));
            }
            store.takes_writes().await.unwrap();
            let next = turns.next(organisation(100));
            tokio::pin!(next);
            assert!(futures_util::poll!(&mut next).is_pending());
        }
    }
}
