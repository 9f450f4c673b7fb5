//! Of whom misuse was found within a rule's window: the worst of them, and how many they are.

use std::collections::HashMap;

use entity::{Tenanted, finding, finding::Column};
use guard::Timestamp;
use ids::OrganisationId;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, Query, SelectStatement},
};

use super::{rule::Definition, warm};

/// Tokens, viewers and addresses that have the score that counts.
#[derive(Debug)]
pub(super) struct Subjects {
    /// Those with the highest scores, each by what adds most to its own: so many are named.
    pub(super) worst: Vec<finding::Model>,
    /// How many there are of each kind.
    many: HashMap<String, i64>,
}

impl Subjects {
    /// Those of a rule's window that ends then, on the streams that count.
    pub(super) async fn of(
        connection: &impl ConnectionTrait,
        organisation: OrganisationId,
        rule: &Definition,
        at: Timestamp,
    ) -> Result<Self, DbErr> {
        let since = at.minus(rule.window()).us();
        // A message may be tried again much later: what was seen once more since then was there then.
        let mut found = finding::Entity::in_tenant(organisation)
            .filter(Column::LastAt.gt(since))
            .filter(Column::FirstAt.lte(at.us()));
        if let Some(indicator) = &rule.indicator {
            found = found.filter(Column::Indicator.eq(indicator));
        }
        if let Some(scope) = warm::scope(connection, organisation, rule).await? {
            found = found.filter(Column::Id.in_subquery(warm::seen_on(organisation, &scope)));
        }
        let scored = scored(found.clone(), rule.min_score);
        Ok(Self {
            many: many(connection, organisation, scored.clone()).await?,
            worst: worst(connection, organisation, scored, &found).await?,
        })
    }

    /// How many of that kind there are, whether they are named or not.
    pub(super) fn many(&self, kind: &str) -> i64 {
        self.many.get(kind).copied().unwrap_or(0)
    }
}

/// Whoever has that score, once: each indicator counts once for it, however often it was found.
fn scored(found: Select<finding::Entity>, min_score: u32) -> SelectStatement {
    let subject = [Column::OrganisationId, Column::Kind, Column::Subject];
    let indicators = found
        .select_only()
        .columns(subject)
        .expr_as(Func::max(Expr::col(Column::Points)), "points")
        .group_by(Column::OrganisationId)
        .group_by(Column::Kind)
        .group_by(Column::Subject)
        .group_by(Column::Indicator)
        .into_query();
    Query::select()
        .columns(subject)
        .expr_as(Expr::col("points").sum(), "score")
        .from_subquery(indicators, "indicators")
        .group_by_columns(subject)
        .and_having(Expr::col("points").sum().gte(i64::from(min_score)))
        .take()
}

/// A look at those.
fn among(organisation: OrganisationId, scored: SelectStatement) -> Select<finding::Entity> {
    let mut all = finding::Entity::in_tenant(organisation);
    QuerySelect::query(&mut all)
        .from_clear()
        .from_subquery(scored, finding::Entity);
    all.select_only()
}

async fn many(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    scored: SelectStatement,
) -> Result<HashMap<String, i64>, DbErr> {
    let rows: Vec<(String, i64)> = among(organisation, scored)
        .column(Column::Kind)
        .expr_as(Func::count(Expr::cust("*")), "times")
        .group_by(Column::Kind)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

async fn worst(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    scored: SelectStatement,
    found: &Select<finding::Entity>,
) -> Result<Vec<finding::Model>, DbErr> {
    let subjects: Vec<(String, String)> = among(organisation, scored)
        .columns([Column::Kind, Column::Subject])
        .order_by_desc(Expr::col("score"))
        .order_by_asc(Column::Kind)
        .order_by_asc(Column::Subject)
        .limit(NAMED)
        .into_tuple()
        .all(connection)
        .await?;
    let mut worst = Vec::new();
    for (kind, subject) in subjects {
        let most = found
            .clone()
            .filter(Column::Kind.eq(kind))
            .filter(Column::Subject.eq(subject))
            .order_by_desc(Column::Points)
            .order_by_desc(Column::Id)
            .one(connection)
            .await?;
        worst.extend(most);
    }
    Ok(worst)
}

/// Tokens, viewers and addresses that are named.
const NAMED: u64 = 10;
