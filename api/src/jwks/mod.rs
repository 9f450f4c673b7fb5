//! Sets of keys that customers keep elsewhere (JWKS): fetched when they are added, again every five minutes, and when a
//! token names a key that is not known.
//!
//! A set that does not answer, or answers nonsense, stays as it was last fetched, for a day. What its owner took out of it
//! is taken out here, and ends what runs on it. A set is asked by one at a time, whoever wants it, and never twice within
//! half a minute; one that hangs holds up nobody but its own.

mod apply;
mod set;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub(crate) use apply::{insert, room};
use entity::{Table, Tenanted, signing_key};
use ids::{KeyId, OrganisationId};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
pub(crate) use set::{Found, SetError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    fault::Fault,
    keys,
    service::{handles, revocation},
    state::State,
};

/// Whose turn it is to ask for a set.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<KeyId, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    fn of(&self, id: KeyId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(id).or_default().clone()
    }
}

/// Fetches the set at an address that a customer just entered.
pub(crate) async fn fetch(state: &State, url: &str) -> Result<Vec<Found>, SetError> {
    set::fetch(&state.outbound, url).await
}

/// Whether a customer's key may be called so: what begins like our own is ours.
pub(crate) fn is_free_name(kid: &str) -> bool {
    (1..=NAME).contains(&kid.len()) && !kid.starts_with("key_") && !kid.chars().any(char::is_control)
}

/// Looks once more for keys that a token named in vain: asks every set of the organisation that was not asked of late.
pub(crate) async fn look_again(state: &Arc<State>, organisation: OrganisationId) -> Result<(), Fault> {
    let sets = signing_key::Entity::in_tenant(organisation)
        .filter(signing_key::Column::JwksUrl.is_not_null())
        .all(state.store.read())
        .await?;
    let mut asked = JoinSet::new();
    for set in sets {
        let (state, id) = (state.clone(), KeyId::from_uuid(set.id));
        asked.spawn(async move { refresh(&state, organisation, id, LEAST).await });
    }
    while let Some(done) = asked.join_next().await {
        note(done);
    }
    Ok(())
}

/// The task: fetches what was not fetched for a while, and ends keys of ours, handles and revocations whose time is over.
pub(crate) async fn run(state: Arc<State>, stop: CancellationToken) {
    let mut under_way = JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tidy = tokio::time::interval(TIDY);
    tidy.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut forgotten = state.now();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(done) = under_way.join_next() => note(done),
            _ = tidy.tick() => {
                for done in [
                    keys::tend(&state).await,
                    handles::tend(&state).await,
                    revocation::tend(&state, &mut forgotten).await,
                ] {
                    if let Err(fault) = done {
                        tracing::warn!(?fault, "keys, handles and revocations whose time is over stay for now");
                    }
                }
            }
            _ = tick.tick() => {
                match due(&state).await {
                    Ok(sets) => for set in sets {
                        if under_way.len() >= AT_ONCE {
                            break;
                        }
                        let (state, id) = (state.clone(), KeyId::from_uuid(set.id));
                        let organisation = OrganisationId::from_uuid(set.organisation_id);
                        under_way.spawn(async move { refresh(&state, organisation, id, OFTEN).await });
                    },
                    Err(fault) => tracing::warn!(?fault, "sets of keys are not fetched: the database refused"),
                }
            }
        }
    }
    under_way.shutdown().await;
}

/// The sets that were not asked for a while, the longest first.
async fn due(state: &State) -> Result<Vec<signing_key::Model>, Fault> {
    let sets = signing_key::Entity::across_tenants("sets of keys that are due to be fetched")
        .filter(signing_key::Column::JwksUrl.is_not_null())
        .filter(unasked(state, OFTEN))
        .order_by_asc(signing_key::Column::AttemptedAt)
        .limit(AT_ONCE as u64);
    Ok(sets.all(state.store.read()).await?)
}

/// Asks for a set, unless it was asked within `least`; whoever comes meanwhile waits for the same answer.
async fn refresh(state: &State, organisation: OrganisationId, id: KeyId, least: Duration) -> Result<(), Fault> {
    let turn = state.sets.of(id);
    let _held = turn.lock().await;
    // Written down before it is asked: another process on the same database does not ask too.
    let write = state.store.write().await?;
    let taken = signing_key::Entity::change_in_tenant(organisation)
        .filter(signing_key::Column::Id.eq(id.uuid()))
        .filter(signing_key::Column::JwksUrl.is_not_null())
        .filter(unasked(state, least))
        .col_expr(signing_key::Column::AttemptedAt, Expr::value(state.now_us()))
        .exec(&*write)
        .await?;
    write.commit().await?;
    if taken.rows_affected == 0 {
        return Ok(());
    }
    let set = signing_key::Entity::in_tenant(organisation)
        .filter(signing_key::Column::Id.eq(id.uuid()))
        .one(state.store.read())
        .await?;
    let Some(url) = set.and_then(|set| set.jwks_url) else {
        return Ok(());
    };
    let found = fetch(state, &url).await;
    apply::apply(state, organisation, id, found).await
}

fn unasked(state: &State, least: Duration) -> Condition {
    let before = state.now().minus(least).us();
    let attempted = signing_key::Column::AttemptedAt;
    Condition::any().add(attempted.is_null()).add(attempted.lte(before))
}

fn note(done: Result<Result<(), Fault>, tokio::task::JoinError>) {
    match done {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => tracing::warn!(?fault, "a set of keys was not fetched"),
        Err(error) => tracing::error!(%error, "fetching a set of keys failed"),
    }
}

/// How long a set is believed without being asked again.
const OFTEN: Duration = Duration::from_mins(5);
/// How long it is left alone, whoever asks.
const LEAST: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_secs(1);
/// How often keys, handles and revocations whose time is over are looked for.
const TIDY: Duration = Duration::from_secs(10);
const AT_ONCE: usize = 16;
const NAME: usize = 256;
