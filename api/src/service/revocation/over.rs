//! The end of revocations of single tokens, once the tokens are over: those that cover many are kept for good.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use entity::{Table, Tenanted, revocation};
use guard::{Timestamp, Update};
use ids::OrganisationId;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};
use serde_json::json;
use uuid::Uuid;

use crate::{fault::Fault, people::By, service::Work, state::State};

/// Forgets those whose tokens are over, here and at the nodes. Where tokens end all the time, those of an hour go at once.
pub(crate) async fn tend(state: &State) -> Result<(), Fault> {
    use revocation::Column;
    let late = over(state.now().minus(LATE)).one(state.store.read()).await?;
    if late.is_none() {
        return Ok(());
    }
    let rows = over(state.now()).limit(BATCH).all(state.store.read()).await?;
    let mut all: BTreeMap<Uuid, Vec<revocation::Model>> = BTreeMap::new();
    for row in rows {
        all.entry(row.organisation_id).or_default().push(row);
    }
    for (id, theirs) in all {
        let organisation = OrganisationId::from_uuid(id);
        let work = Work::on(state, organisation, By::platform(state)).await?;
        revocation::Entity::remove_in_tenant(organisation)
            .filter(Column::Id.is_in(theirs.iter().map(|row| row.id)))
            .exec(&*work.write)
            .await?;
        let gone: BTreeSet<String> = theirs.into_iter().map(|row| row.subject).collect();
        // What was taken back twice may be kept for longer by the other row.
        let kept: Vec<String> = revocation::Entity::in_tenant(organisation)
            .select_only()
            .column(Column::Subject)
            .filter(Column::Kind.eq("token"))
            .filter(Column::Subject.is_in(&gone))
            .into_tuple()
            .all(&*work.write)
            .await?;
        let kept: HashSet<String> = kept.into_iter().collect();
        let tokens: Vec<_> = gone
            .into_iter()
            .filter(|jti| !kept.contains(jti))
            .map(Into::into)
            .collect();
        let detail = json!({ "tokens": tokens.len() });
        let updates = [Update::RevocationsOver { organisation, tokens }];
        work.finish_unfollowed("revocation.end", "revocations", detail, &updates)
            .await?;
    }
    Ok(())
}

/// Those whose tokens are over by then, the longest first, as the index holds them.
fn over(by: Timestamp) -> Select<revocation::Entity> {
    use revocation::Column;
    revocation::Entity::across_tenants("revocations of tokens that are over")
        .filter(Expr::cust("revocation.kind = 'token'"))
        .filter(Column::KeepUntil.lte(by.us()))
        .order_by_asc(Column::KeepUntil)
}

/// For how long one that is over waits for others.
const LATE: Duration = Duration::from_hours(1);
/// So many go at once: a millisecond of a node's work.
const BATCH: u64 = 500;

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DbBackend, QueryTrait, Statement};
    use testkit::{Database, Kind};

    use super::*;
    use crate::{service::revocation::bulk_moments, store::Store};

    const ORGANISATION: &str = "INSERT INTO organisation (id, hash, name, standing, secure_playback, ingest_authorisation, \
         force_disconnect, created_at) VALUES (x'01', '7KQ2M', 'One', 'active', 0, 'key', 0, 1)";

    /// Whoever takes back a token at each sign-out has a hundred thousand rows of one kind, and hardly any of another.
    #[tokio::test]
    async fn what_covers_many_tokens_and_what_is_over_is_found_by_an_index_among_many_of_one() {
        let database = Database::new(Kind::Sqlite);
        let store = Store::open(database.url()).await.unwrap();
        let organisation = OrganisationId::from_uuid(Uuid::nil());
        let plan = async |query: Select<revocation::Entity>| {
            let statement = query.build(DbBackend::Sqlite);
            let explain = Statement::from_sql_and_values(
                DbBackend::Sqlite,
                format!("EXPLAIN QUERY PLAN {}", statement.sql),
                statement.values.unwrap(),
            );
            let rows = store.read().query_all_raw(explain).await.unwrap();
            let steps = rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap());
            steps.collect::<Vec<_>>().join("; ")
        };
        let check = async || {
            let bulk = plan(bulk_moments(organisation)).await;
            assert!(
                bulk.contains("INDEX revocation_bulk (organisation_id=?)") && !bulk.contains("B-TREE"),
                "{bulk}"
            );
            let over = plan(over(Timestamp::from_s(1)).limit(BATCH)).await;
            assert!(
                over.contains("INDEX revocation_over (keep_until<?)") && !over.contains("B-TREE"),
                "{over}"
            );
        };
        check().await;
        store.read().execute_unprepared(ORGANISATION).await.unwrap();
        let rows = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30000) INSERT INTO revocation \
             (id, kind, subject, at, keep_until, created_at, organisation_id) \
             SELECT CAST(n AS blob), 'token', n, 1, 1, 1, x'01' FROM n; \
             PRAGMA analysis_limit = 100000; ANALYZE";
        store.read().execute_unprepared(rows).await.unwrap();
        check().await;
    }
}
