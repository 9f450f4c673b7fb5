//! Tables taken away as files: what the audit log says of it, and how many at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ids::OrganisationId;
use serde_json::Value;

use super::Work;
use crate::{fault::Fault, people::Acting, state::State};

/// The files that are on their way: each holds rows in memory while whoever asked for it reads.
#[derive(Debug, Default)]
pub(crate) struct Exports(Arc<Mutex<HashMap<OrganisationId, usize>>>);

/// A file's place among those of its organisation, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    among: Arc<Mutex<HashMap<OrganisationId, usize>>>,
    organisation: OrganisationId,
}

/// What of a table is taken away.
#[derive(Debug)]
pub(crate) struct Part {
    /// As in `token-usage`.
    pub(crate) table: &'static str,
    /// What it was narrowed by and its order; nothing that names a person.
    pub(crate) detail: Value,
    /// Whom it was narrowed to, as in `user anna`: it can be erased.
    pub(crate) whom: Option<String>,
}

/// Records that a table is exported, by whom and which part of it. The role was judged.
pub(crate) async fn begin(state: &State, acting: &Acting, part: Part) -> Result<Place, Fault> {
    let place = state.exports.place(acting.id)?;
    let mut work = Work::begin(state, acting).await?;
    if let Some(whom) = part.whom {
        work = work.about(&format!("{} of {whom}", part.table));
    }
    work.finish_untold(EXPORT, part.table, part.detail).await?;
    Ok(place)
}

impl Exports {
    fn place(&self, organisation: OrganisationId) -> Result<Place, Fault> {
        let mut running = held(&self.0);
        let running = running.entry(organisation).or_default();
        if *running >= AT_ONCE {
            return Err(Fault::RateLimited { retry_after_s: 10 });
        }
        *running += 1;
        Ok(Place {
            among: self.0.clone(),
            organisation,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = held(&self.among);
        if let Some(count) = running.get_mut(&self.organisation) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.organisation);
            }
        }
    }
}

fn held(running: &Mutex<HashMap<OrganisationId, usize>>) -> MutexGuard<'_, HashMap<OrganisationId, usize>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As the audit log calls it.
const EXPORT: &str = "table.export";
/// Of one organisation.
const AT_ONCE: usize = 4;

#[cfg(test)]
mod tests {
    use ids::OrganisationId;

    use super::{AT_ONCE, Exports};
    use crate::fault::Fault;

    #[test]
    fn an_organisation_has_so_many_at_once_and_delays_no_other() {
        let exports = Exports::default();
        let (one, other) = (OrganisationId::mint(1, [1; 10]), OrganisationId::mint(2, [2; 10]));
        let mut places: Vec<_> = (0..AT_ONCE).map(|_| exports.place(one).unwrap()).collect();
        assert!(matches!(exports.place(one), Err(Fault::RateLimited { .. })));
        drop(exports.place(other).unwrap());
        places.pop();
        drop(exports.place(one).unwrap());
        drop(places);
        assert!(exports.0.lock().unwrap().is_empty());
    }
}
