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
    service::{
        Work,
        responses::{Standing, applying::SUBNET},
    },
};

/// Responses about addresses, one or more, go by when those were seen; one that keeps an address out goes with its end. What is said of
/// others may name an address: the evidence one that was seen, a note one that was known to who wrote it.
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
            .add(Column::Kind.is_in([ADDRESS, SUBNET]))
            .add(Column::LastAt.lt(to))
    };
    let in_force = || {
        Condition::all()
            .add(Column::EndedAt.is_null())
            .add(Column::UntilAt.is_not_null())
    };
    response::Entity::change_in_tenant(organisation)
        .filter(old())
        .filter(in_force())
        .col_expr(Column::Forget, Expr::value(true))
        .exec(connection)
        .await?;
    response::Entity::remove_in_tenant(organisation)
        .filter(old())
        .filter(in_force().not())
        .exec(connection)
        .await?;
    let within = |column: Column| Condition::all().add(column.gte(from)).add(column.lt(to));
    let rows = response::Entity::in_tenant(organisation)
        .filter(Column::Kind.is_not_in([ADDRESS, SUBNET]))
        .filter(
            Condition::any()
                .add(within(Column::LastAt))
                .add(within(Column::ProposedAt)),
        )
        .all(connection)
        .await?;
    for row in rows {
        let (mut evidence, mut note) = (None, None);
        if (from..to).contains(&row.last_at) {
            let mask = keys.of(connection, row.last_at).await?;
            evidence = masked_within(&row.evidence, &mask);
        }
        if (from..to).contains(&row.proposed_at) {
            let mask = keys.of(connection, row.proposed_at).await?;
            note = row.note.as_deref().and_then(|note| masked_within(note, &mask));
        }
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

/// Responses about a viewer go; one that keeps them out goes with its end. Nothing that people wrote names them. Whether
/// anything was forgotten by it.
pub(super) async fn erase(work: &Work<'_>, user: &str) -> Result<bool, DbErr> {
    use response::Column;
    response::Entity::change_in_tenant(work.organisation)
        .filter(Column::Kind.eq(USER))
        .filter(Column::Subject.eq(user))
        .filter(Standing::Applied.filter(work.at.us()))
        .col_expr(Column::Forget, Expr::value(true))
        .exec(&*work.write)
        .await?;
    let gone = response::Entity::remove_in_tenant(work.organisation)
        .filter(Column::Kind.eq(USER))
        .filter(Column::Subject.eq(user))
        .filter(Column::Forget.eq(false))
        .exec(&*work.write)
        .await?;
    let noted = response::Entity::in_tenant(work.organisation)
        .filter(names(Column::Note, user))
        .all(&*work.write)
        .await?;
    let forgotten = gone.rows_affected > 0 || !noted.is_empty();
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
    Ok(forgotten)
}
