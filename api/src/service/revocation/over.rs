//! The end of revocations of single tokens, once the tokens are over: nodes forget them. Rows stay for as long as the
//! organisation keeps sessions, which say that their token was taken back. Those that cover many are kept for good.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use entity::{Table, Tenanted, revocation};
use guard::{Timestamp, Update};
use ids::OrganisationId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QuerySelect, Select, sea_query::Expr};
use serde_json::json;
use uuid::Uuid;

use crate::{fault::Fault, people::By, service::Work, state::State};

/// Has nodes forget those whose tokens are over since `told`, which is now from then on. An hour's go at once.
pub(crate) async fn tend(state: &State, told: &mut Timestamp) -> Result<(), Fault> {
    use revocation::Column;
    let now = state.now();
    if told.plus(LATE) > now {
        return Ok(());
    }
    let rows: Vec<(Uuid, String)> = over(*told, now)
        .select_only()
        .column(Column::OrganisationId)
        .column(Column::Subject)
        .into_tuple()
        .all(state.store.read())
        .await?;
    let mut all: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for (organisation, subject) in rows {
        all.entry(organisation).or_default().push(subject);
    }
    for (id, subjects) in all {
        let organisation = OrganisationId::from_uuid(id);
        let work = Work::on(state, organisation, By::platform(state)).await?;
        let mut updates = Vec::new();
        let mut many = 0;
        for some in subjects.chunks(BATCH) {
            let kept = kept(&*work.write, organisation, some, now).await?;
            let tokens: Vec<_> = some
                .iter()
                .filter(|jti| !kept.contains(*jti))
                .map(|jti| jti.as_str().into())
                .collect();
            many += tokens.len();
            updates.push(Update::RevocationsOver { organisation, tokens });
        }
        work.finish_unfollowed("revocation.end", "revocations", json!({ "tokens": many }), &updates)
            .await?;
    }
    *told = now;
    Ok(())
}

/// What was taken back twice may be known for longer by the other row.
async fn kept(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    subjects: &[String],
    now: Timestamp,
) -> Result<HashSet<String>, DbErr> {
    use revocation::Column;
    let kept: Vec<String> = revocation::Entity::in_tenant(organisation)
        .select_only()
        .column(Column::Subject)
        .filter(Column::Kind.eq("token"))
        .filter(Column::Subject.is_in(subjects))
        .filter(Column::KeepUntil.gt(now.us()))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(kept.into_iter().collect())
}

/// Those whose tokens are over since then, by then, as the index holds them.
fn over(since: Timestamp, by: Timestamp) -> Select<revocation::Entity> {
    use revocation::Column;
    revocation::Entity::across_tenants("revocations of tokens that are over")
        .filter(Expr::cust("revocation.kind = 'token'"))
        .filter(Column::KeepUntil.gt(since.us()))
        .filter(Column::KeepUntil.lte(by.us()))
}

/// For how long one that is over waits for others.
const LATE: Duration = Duration::from_hours(1);
/// So many in one update: a millisecond of a node's work.
const BATCH: usize = 500;

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait};
    use testkit::{Database, Kind};

    use super::*;
    use crate::{
        service::revocation::bulk_moments,
        store::{Store, tests},
    };

    /// Whoever takes back a token at each sign-out has a hundred thousand rows of one kind, and hardly any of another.
    #[tokio::test]
    async fn what_covers_many_tokens_and_what_is_over_is_found_by_an_index_among_many_of_one() {
        let database = Database::new(Kind::Sqlite);
        let store = Store::open(database.url()).await.unwrap();
        let organisation = OrganisationId::from_uuid(Uuid::nil());
        let plan = async |query: Select<revocation::Entity>| {
            tests::plan(&store, query.build(DbBackend::Sqlite)).await.join("; ")
        };
        let check = async || {
            let bulk = plan(bulk_moments(organisation)).await;
            assert!(
                bulk.contains("INDEX revocation_bulk (organisation_id=?)") && !bulk.contains("B-TREE"),
                "{bulk}"
            );
            let over = plan(over(Timestamp::from_s(1), Timestamp::from_s(2))).await;
            assert!(
                over.contains("INDEX revocation_over (keep_until>? AND keep_until<?)") && !over.contains("B-TREE"),
                "{over}"
            );
        };
        check().await;
        let columns = "kind, subject, at, keep_until, created_at";
        tests::crowd(&store, "revocation", columns, "'token', n, 1, 1, 1").await;
        check().await;
    }
}
