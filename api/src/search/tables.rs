//! The database as the store of searches: one statement for each kind, within the tenant.
//!
//! An id or name that fits exactly is found by an index, however old it is. Parts of texts are looked for among the newest
//! [`WINDOW`] objects of a kind, so that a search costs no more as an organisation grows older.

use entity::{Tenanted, app_user, audit_entry, guardian_rule, member, playback_token, stream, stream_tag};
use ids::{AuditId, MemberId, OrganisationId, RuleId, StreamId, TokenId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
    sea_query::{BinOper, CaseStatement, Condition, Expr, Order, Query, SelectStatement, UnionType},
};

use super::{
    Found, Kind, MOST,
    text::{Place, Text},
};

/// What of one kind has the text: the best places first, then the newest.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    kind: Kind,
    text: &Text,
) -> Result<Vec<Found>, DbErr> {
    let looks = Looks {
        backend: connection.get_database_backend(),
        text,
    };
    let mut parts = match kind {
        Kind::Stream => streams(organisation, &looks),
        Kind::Token => tokens(organisation, &looks),
        Kind::Rule => rules(organisation, &looks),
        Kind::Member => members(organisation, &looks),
        Kind::Audit => audit(organisation, &looks),
    }
    .into_iter();
    let Some(mut all) = parts.next() else {
        return Ok(Vec::new());
    };
    all.unions(parts.map(|part| (UnionType::All, part)));
    let best = Query::select()
        .column("id")
        .expr_as(Expr::col("place").min(), "best")
        .from_subquery(all, "found")
        .group_by_col("id")
        .order_by("best", Order::Asc)
        .order_by("id", Order::Desc)
        .limit(MOST)
        .take();
    let rows = connection.query_all(&best).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Found {
                kind,
                id: row.try_get("", "id")?,
                place: Place::of_column(row.try_get("", "best")?),
            })
        })
        .collect()
}

fn streams(organisation: OrganisationId, looks: &Looks<'_>) -> Vec<SelectStatement> {
    use stream::Column;
    let all = || stream::Entity::in_tenant(organisation).filter(Column::DeletedAt.is_null());
    let newest = newest(all(), Column::CreatedAt, [Column::Id, Column::Name, Column::Title]);
    let mut parts = vec![
        // Without the organisation's hash and its hyphen a name is what its people chose.
        looks.at(newest, &["name", "substr(name, 7)", "title"]),
        looks.at(tags(organisation), &["name"]),
    ];
    if let Ok(id) = looks.text.as_str().parse::<StreamId>() {
        parts.push(exactly(all().filter(Column::Id.eq(id.uuid())), Column::Id));
    }
    parts
}

/// Which stream has which tag; deleted streams have none.
fn tags(organisation: OrganisationId) -> SelectStatement {
    use stream_tag::Column;
    stream_tag::Entity::in_tenant(organisation)
        .select_only()
        .column_as(Column::StreamId, "id")
        .column(Column::Name)
        .order_by_desc(Column::StreamId)
        .limit(WINDOW)
        .into_query()
}

fn tokens(organisation: OrganisationId, looks: &Looks<'_>) -> Vec<SelectStatement> {
    use playback_token::Column;
    let all = || playback_token::Entity::in_tenant(organisation);
    let columns = [Column::Id, Column::Jti, Column::Viewer, Column::Tag];
    let newest = newest(all(), Column::CreatedAt, columns);
    let mut parts = vec![looks.at(newest, &["jti", "viewer", "tag"])];
    for column in [Column::Jti, Column::Viewer, Column::Tag] {
        parts.push(exactly(all().filter(column.eq(looks.text.as_str())), Column::Id));
    }
    if let Ok(id) = looks.text.as_str().parse::<TokenId>() {
        parts.push(exactly(all().filter(Column::Id.eq(id.uuid())), Column::Id));
    }
    parts
}

fn rules(organisation: OrganisationId, looks: &Looks<'_>) -> Vec<SelectStatement> {
    use guardian_rule::Column;
    let all = || guardian_rule::Entity::in_tenant(organisation);
    let newest = newest(all(), Column::CreatedAt, [Column::Id, Column::Value, Column::Note]);
    let mut parts = vec![
        looks.at(newest, &["value", "note"]),
        exactly(all().filter(Column::Value.eq(looks.text.as_str())), Column::Id),
    ];
    if let Ok(id) = looks.text.as_str().parse::<RuleId>() {
        parts.push(exactly(all().filter(Column::Id.eq(id.uuid())), Column::Id));
    }
    parts
}

fn members(organisation: OrganisationId, looks: &Looks<'_>) -> Vec<SelectStatement> {
    use member::Column;
    let all = || member::Entity::in_tenant(organisation);
    let mut people = newest(all(), Column::CreatedAt, [Column::Id]);
    people
        .column(app_user::Column::Name.as_column_ref())
        .column(app_user::Column::Email.as_column_ref())
        .inner_join(
            app_user::Entity,
            Expr::col(app_user::Column::Id.as_column_ref()).equals(Column::UserId.as_column_ref()),
        );
    let mut parts = vec![looks.at(people, &["name", "email"])];
    if let Ok(id) = looks.text.as_str().parse::<MemberId>() {
        parts.push(exactly(all().filter(Column::Id.eq(id.uuid())), Column::Id));
    }
    parts
}

fn audit(organisation: OrganisationId, looks: &Looks<'_>) -> Vec<SelectStatement> {
    use audit_entry::Column;
    let all = || audit_entry::Entity::in_tenant(organisation);
    let columns = [
        Column::Id,
        Column::Action,
        Column::Object,
        Column::Personal,
        Column::RequestId,
    ];
    let newest = newest(all(), Column::CreatedAt, columns);
    let fields = [
        "action",
        "object",
        "request_id",
        "(personal ->> 'object')",
        "(personal ->> 'email')",
        "(personal ->> 'address')",
    ];
    let mut parts = vec![looks.at(newest, &fields)];
    for column in [Column::Object, Column::RequestId] {
        parts.push(exactly(all().filter(column.eq(looks.text.as_str())), Column::Id));
    }
    if let Ok(id) = looks.text.as_str().parse::<AuditId>() {
        parts.push(exactly(all().filter(Column::Id.eq(id.uuid())), Column::Id));
    }
    parts
}

/// The newest rows, so many at most.
fn newest<E: EntityTrait, const N: usize>(all: Select<E>, by: E::Column, columns: [E::Column; N]) -> SelectStatement {
    all.select_only()
        .columns(columns)
        .order_by_desc(by)
        .limit(WINDOW)
        .into_query()
}

/// Rows that fit by an index, as a part of the whole.
fn exactly<E: EntityTrait>(fitting: Select<E>, id: E::Column) -> SelectStatement {
    let fitting = fitting.select_only().column(id).limit(MOST).into_query();
    Query::select()
        .column("id")
        .expr_as(Expr::cust("0"), "place")
        .from_subquery(fitting, "fitting")
        .take()
}

/// How a text is looked for on a database.
struct Looks<'a> {
    backend: DbBackend,
    text: &'a Text,
}

impl Looks<'_> {
    /// The rows in which one of the fields has the text, with the best place.
    fn at(&self, rows: SelectStatement, fields: &[&'static str]) -> SelectStatement {
        let best = CaseStatement::new()
            .case(self.any(fields, Place::Whole), Expr::cust("0"))
            .case(self.any(fields, Place::Beginning), Expr::cust("1"))
            .finally(Expr::cust("2"));
        Query::select()
            .column("id")
            .expr_as(best, "place")
            .from_subquery(rows, "looked")
            .cond_where(self.any(fields, Place::Inside))
            .take()
    }

    fn any(&self, fields: &[&'static str], place: Place) -> Condition {
        let (operator, pattern) = match self.backend {
            DbBackend::Sqlite => ("GLOB", self.text.glob(place)),
            _ => ("~", self.text.regex(place)),
        };
        fields.iter().fold(Condition::any(), |any, field| {
            any.add(Expr::cust(*field).binary(BinOper::Custom(operator), Expr::val(pattern.clone())))
        })
    }
}

/// Objects of a kind that are looked through.
const WINDOW: u64 = 50_000;
