//! The most sessions at once: exactly, by going through beginnings and ends in order.

use std::collections::HashMap;

use entity::session;
use sea_orm::{
    ConnectionTrait, DbErr, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, Query, SelectStatement, SimpleExpr, UnionType},
};

use super::usage::{Among, By, Sessions, bigint, case};

/// For each of these tokens or addresses.
pub(crate) async fn most_at_once(
    connection: &impl ConnectionTrait,
    sessions: &Sessions,
    by: By,
    subjects: &[String],
) -> Result<HashMap<String, i64>, DbErr> {
    let select = sessions.of(by, Some(Among::these(subjects)));
    let statement = statement(&select, sessions, &by.subject());
    let rows = connection.query_all(&statement).await?;
    let row = |row: &sea_orm::QueryResult| Ok((row.try_get("", "subject")?, row.try_get("", "most")?));
    rows.iter().map(row).collect()
}

/// Of all of them together.
pub(crate) async fn most_of_all(connection: &impl ConnectionTrait, sessions: &Sessions) -> Result<i64, DbErr> {
    let statement = statement(&sessions.select(), sessions, &Expr::val("all"));
    let row = connection.query_one(&statement).await?;
    row.map_or(Ok(0), |row| row.try_get("", "most"))
}

/// The greatest running sum over beginnings and ends. An end comes before a beginning of the same moment; a session that
/// took no time is alone.
pub(super) fn statement(
    select: &Select<session::Entity>,
    sessions: &Sessions,
    subject: &SimpleExpr,
) -> SelectStatement {
    let turn = |at: SimpleExpr, step: i64| {
        let mut turn = select
            .clone()
            .select_only()
            .expr_as(subject.clone(), "subject")
            .into_query();
        turn.expr_as(at, "at").expr_as(Expr::val(step), "step");
        turn
    };
    let mut turns = turn(sessions.begins(), 1);
    turns.union(UnionType::All, turn(sessions.ends(), -1));
    let mut running = Query::select();
    running.column("subject").from_subquery(turns, "turns").expr_as(
        Expr::cust("SUM(step) OVER (PARTITION BY subject ORDER BY at, step ROWS UNBOUNDED PRECEDING)"),
        "running",
    );
    let mut most = Query::select();
    let top = || bigint(Func::max(Expr::col("running")));
    most.column("subject")
        .expr_as(case(top().lt(1), Expr::val(1), top()), "most")
        .from_subquery(running, "counted_up")
        .and_where(Expr::col("subject").is_not_null())
        .group_by_col("subject");
    most
}
