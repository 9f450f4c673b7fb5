//! Of whom misuse was found since an alert began: the worst of it, and how many they are.

use std::collections::HashMap;

use entity::{Tenanted, finding, finding::Column};
use guard::Timestamp;
use ids::OrganisationId;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, Query},
};

use super::{rule::Definition, warm};

/// Tokens, viewers and addresses.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    /// What was found, the worst first: so much is named.
    pub(super) worst: Vec<finding::Model>,
    /// Of each kind, how many have the score that counts.
    many: HashMap<String, i64>,
}

impl Subjects {
    /// Those of an alert that began then, on the streams that count.
    pub(super) async fn of(
        connection: &impl ConnectionTrait,
        organisation: OrganisationId,
        rule: &Definition,
        opened: Timestamp,
    ) -> Result<Self, DbErr> {
        let since = opened.minus(rule.window()).us();
        let mut found = finding::Entity::in_tenant(organisation).filter(Column::LastAt.gte(since));
        if let Some(indicator) = &rule.indicator {
            found = found.filter(Column::Indicator.eq(indicator));
        }
        if let Some(scope) = warm::scope(connection, organisation, rule).await? {
            found = found.filter(Column::Id.in_subquery(warm::seen_on(organisation, &scope)));
        }
        let many = many(connection, organisation, rule.min_score, found.clone()).await?;
        let worst = found
            .order_by_desc(Column::Points)
            .order_by_desc(Column::Id)
            .limit(NAMED)
            .all(connection)
            .await?;
        Ok(Self { worst, many })
    }

    /// How many of that kind there are, whether they are named or not.
    pub(super) fn many(&self, kind: &str) -> i64 {
        self.many.get(kind).copied().unwrap_or(0)
    }
}

/// Each subject counts once, and each of its indicators once for the score, however often it was found of it.
async fn many(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    min_score: u32,
    found: Select<finding::Entity>,
) -> Result<HashMap<String, i64>, DbErr> {
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
    let subjects = Query::select()
        .columns(subject)
        .from_subquery(indicators, "indicators")
        .group_by_columns(subject)
        .and_having(Expr::col("points").sum().gte(i64::from(min_score)))
        .take();
    let mut all = finding::Entity::in_tenant(organisation);
    QuerySelect::query(&mut all)
        .from_clear()
        .from_subquery(subjects, finding::Entity);
    let rows: Vec<(String, i64)> = all
        .select_only()
        .column(Column::Kind)
        .expr_as(Func::count(Expr::cust("*")), "times")
        .group_by(Column::Kind)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Findings that are named.
const NAMED: u64 = 10;
