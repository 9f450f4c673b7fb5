//! Refusals, kept for whoever asks why: the newest of each organisation, and for thirty days.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use entity::{Table, Tenanted, denial};
use guard::Timestamp;
use ids::OrganisationId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};

use super::Denied;

/// How many were kept of late, by organisation.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<HashMap<OrganisationId, u64>>);

/// A refusal in an organisation.
pub(super) struct Refusal {
    pub(super) organisation: OrganisationId,
    pub(super) at: Timestamp,
    pub(super) denied: Denied,
}

impl Kept {
    /// Those of a batch that are kept, the newest of each moment: a crowd of refusals costs no more than so many at once of
    /// each organisation. What waited for the database comes in one batch, and was not at once.
    pub(super) fn choose(refusals: Vec<Refusal>) -> Vec<Refusal> {
        let mut taken: HashMap<(OrganisationId, i64), usize> = HashMap::new();
        let mut chosen = refusals;
        chosen.reverse();
        chosen.retain(|refusal| {
            let moment = refusal.at.us().div_euclid(MOMENT_US);
            let taken = taken.entry((refusal.organisation, moment)).or_default();
            *taken += 1;
            *taken <= AT_ONCE
        });
        chosen
    }

    /// Writes them, and forgets the oldest of an organisation that has many.
    pub(super) async fn write(&self, connection: &impl ConnectionTrait, refusals: Vec<Refusal>) -> Result<(), DbErr> {
        let mut more: HashMap<OrganisationId, u64> = HashMap::new();
        let rows: Vec<_> = refusals
            .into_iter()
            .map(|refusal| {
                *more.entry(refusal.organisation).or_default() += 1;
                row(refusal)
            })
            .collect();
        for chunk in rows.chunks(ROWS) {
            denial::Entity::insert_many(chunk.to_vec())
                .on_conflict(OnConflict::column(denial::Column::Id).do_nothing().to_owned())
                .exec_without_returning(connection)
                .await?;
        }
        for organisation in self.crowded(more) {
            prune(connection, organisation).await?;
        }
        Ok(())
    }

    fn crowded(&self, more: HashMap<OrganisationId, u64>) -> Vec<OrganisationId> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut crowded = Vec::new();
        for (organisation, more) in more {
            let count = kept.entry(organisation).or_insert(LOOK_AFTER);
            *count += more;
            if *count >= LOOK_AFTER {
                *count = 0;
                crowded.push(organisation);
            }
        }
        crowded
    }
}

/// Forgets what is older than anybody asks about.
pub(crate) async fn forget(connection: &impl ConnectionTrait, now: Timestamp) -> Result<(), DbErr> {
    denial::Entity::remove_across_tenants("refusals that are older than anybody asks about")
        .filter(denial::Column::CreatedAt.lt(now.minus(AGE).us()))
        .exec(connection)
        .await
        .map(drop)
}

/// Forgets all but the newest of an organisation.
async fn prune(connection: &impl ConnectionTrait, organisation: OrganisationId) -> Result<(), DbErr> {
    let first_too_many = denial::Entity::in_tenant(organisation)
        .order_by_desc(denial::Column::CreatedAt)
        .offset(MOST)
        .limit(1)
        .one(connection)
        .await?;
    if let Some(first) = first_too_many {
        denial::Entity::remove_in_tenant(organisation)
            .filter(denial::Column::CreatedAt.lte(first.created_at))
            .exec(connection)
            .await?;
    }
    Ok(())
}

fn row(
    Refusal {
        organisation,
        at,
        denied,
    }: Refusal,
) -> denial::ActiveModel {
    let visitor = &denied.visitor;
    let grant = visitor.grant.as_ref();
    denial::ActiveModel {
        id: Set(denied.decision.uuid()),
        organisation_id: Set(organisation.uuid()),
        stream_name: Set(denied.stream),
        door: Set(denied.door.as_str().to_owned()),
        protocol: Set(denied.protocol.as_str().to_owned()),
        address: Set(denied.address.to_string()),
        reason: Set(denied.reason.as_str().to_owned()),
        trace: Set(serde_json::to_value(&denied.trace).unwrap_or_default()),
        created_at: Set(at.us()),
        jti: Set(grant.map(|grant| grant.jti.to_string())),
        viewer: Set(grant.and_then(|grant| grant.user.as_deref().map(ToOwned::to_owned))),
        tag: Set(grant.and_then(|grant| grant.tag.as_deref().map(ToOwned::to_owned))),
        country: Set(visitor.place.country.map(|country| country.to_string())),
        asn: Set(visitor.place.asn.map(|asn| asn.number().into())),
        provider: Set(visitor.provider.as_deref().map(ToOwned::to_owned)),
        user_agent: Set(visitor.user_agent.as_deref().map(ToOwned::to_owned)),
        referrer: Set(visitor.referrer.as_deref().map(ToOwned::to_owned)),
    }
}

/// How many are kept of an organisation's.
const MOST: u64 = 10_000;
/// After how many more it is looked whether there are too many.
const LOOK_AFTER: u64 = 1_000;
/// Of one organisation, in one batch and one moment.
const AT_ONCE: usize = 50;
/// About as often as what is told is written.
const MOMENT_US: i64 = 50_000;
const AGE: Duration = Duration::from_hours(30 * 24);
/// SQLite allows 32766 parameters in a statement.
const ROWS: usize = 500;

#[cfg(test)]
mod tests {
    use guard::{Door, Reason};
    use ids::DecisionId;
    use link::{Protocol, Visitor};

    use super::*;

    fn refusal(n: u8, at_ms: i64) -> Refusal {
        Refusal {
            organisation: OrganisationId::mint(1, [1; 10]),
            at: Timestamp::from_us(1_800_000_000_000_000 + at_ms * 1_000),
            denied: Denied {
                stream: "7KQ2M-a".to_owned(),
                door: Door::Playback,
                protocol: Protocol::Hls,
                address: [192, 0, 2, n].into(),
                reason: Reason::TokenExpired,
                decision: DecisionId::mint(1, [n; 10]),
                trace: vec![],
                visitor: Visitor::default(),
            },
        }
    }

    #[test]
    fn what_waited_for_the_database_is_kept_by_when_it_was_refused_and_a_flood_is_not() {
        let outage = (0..120).map(|n| refusal(n, 375 * i64::from(n))).collect();
        assert_eq!(Kept::choose(outage).len(), 120);
        let flood = (0..120).map(|n| refusal(n, 0)).collect();
        let kept = Kept::choose(flood);
        let kept: Vec<_> = kept.iter().map(|one| one.denied.address.to_string()).collect();
        let ends = (kept[0].as_str(), kept[49].as_str());
        assert_eq!((kept.len(), ends), (50, ("192.0.2.119", "192.0.2.70")));
    }
}
