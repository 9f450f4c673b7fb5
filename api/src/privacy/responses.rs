//! Responses to misuse, which are forgotten like what they were about, and what people wrote beside them.

use entity::{Tenanted, response};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, QueryFilter, sea_query::Expr,
};

use super::{
    cases::{names, without},
    mask::Keys,
    masked::masked_within,
};
use crate::{
    analytics::findings::{ADDRESS, USER},
    service::{Work, responses::Standing},
};

/// Responses about addresses go; one that keeps an address out goes with its end.
pub(super) async fn mask(
    connection: &impl ConnectionTrait,
    keys: &mut Keys<'_>,
    from: i64,
    to: i64,
) -> Result<(), DbErr> {
    use response::Column;
    let organisation = keys.organisation;
    let old = || {
        Condition::all()
            .add(Column::Kind.eq(ADDRESS))
            .add(Column::ProposedAt.lt(to))
    };
    response::Entity::change_in_tenant(organisation)
        .filter(old())
        .filter(Column::EndedAt.is_null())
        .filter(Column::UntilAt.is_not_null())
        .col_expr(Column::Forget, Expr::value(true))
        .exec(connection)
        .await?;
    response::Entity::remove_in_tenant(organisation)
        .filter(old())
        .filter(Column::Forget.eq(false))
        .exec(connection)
        .await?;
    // What is said of others may name an address.
    let rows = response::Entity::in_tenant(organisation)
        .filter(Column::Kind.ne(ADDRESS))
        .filter(Column::ProposedAt.gte(from))
        .filter(Column::ProposedAt.lt(to))
        .all(connection)
        .await?;
    for row in rows {
        let mask = keys.of(connection, row.proposed_at).await?;
        let evidence = masked_within(&row.evidence, &mask);
        let note = row.note.as_deref().and_then(|note| masked_within(note, &mask));
        if evidence.is_some() || note.is_some() {
            let after = response::ActiveModel {
                id: Set(row.id),
                evidence: Set(evidence.unwrap_or(row.evidence)),
                note: Set(note.or(row.note)),
                ..Default::default()
            };
            after.update_without_returning(connection).await?;
        }
    }
    Ok(())
}

/// Responses about a viewer go; one that keeps them out goes with its end. Nothing that people wrote names them.
pub(super) async fn erase(work: &Work<'_>, user: &str) -> Result<(), DbErr> {
    use response::Column;
    response::Entity::change_in_tenant(work.organisation)
        .filter(Column::Kind.eq(USER))
        .filter(Column::Subject.eq(user))
        .filter(Standing::Applied.filter(work.at.us()))
        .col_expr(Column::Forget, Expr::value(true))
        .exec(&*work.write)
        .await?;
    response::Entity::remove_in_tenant(work.organisation)
        .filter(Column::Kind.eq(USER))
        .filter(Column::Subject.eq(user))
        .filter(Column::Forget.eq(false))
        .exec(&*work.write)
        .await?;
    let noted = response::Entity::in_tenant(work.organisation)
        .filter(names(Column::Note, user))
        .all(&*work.write)
        .await?;
    for row in noted {
        if let Some(note) = row.note.as_deref().and_then(|note| without(note, user)) {
            let after = response::ActiveModel {
                id: Set(row.id),
                note: Set(Some(note)),
                ..Default::default()
            };
            after.update_without_returning(&*work.write).await?;
        }
    }
    Ok(())
}
