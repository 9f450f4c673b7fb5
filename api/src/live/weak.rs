//! What speaks against the tokens that nodes let in, as rows: one for each key and kind of finding, however many are shown.

use std::{collections::HashMap, time::Duration};

use entity::{Table, Tenanted, weak_token};
use guard::{Grant, Timestamp, Word, lint::Severity};
use ids::OrganisationId;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use crate::people::Actor;

/// What was seen in one batch.
#[derive(Debug, Default)]
pub(super) struct Weak<'a>(HashMap<Kind<'a>, Seen<'a>>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Kind<'a> {
    organisation: OrganisationId,
    kid: &'a str,
    mark: u8,
}

#[derive(Debug)]
struct Seen<'a> {
    ours: bool,
    sessions: i64,
    first: Timestamp,
    last: Timestamp,
    jti: &'a str,
}

impl<'a> Weak<'a> {
    /// Takes note of a token that a session runs on. What is only good to know is left out, and so are the tokens of the
    /// dashboard's own player, about which nobody can do anything.
    pub(super) fn note(&mut self, organisation: OrganisationId, grant: &'a Grant, at: Timestamp) {
        let ours = matches!(grant.word, Word::Signed { ours: true });
        if ours && grant.user.as_deref().is_some_and(Actor::is_viewer) {
            return;
        }
        let weighty = grant
            .marks
            .each()
            .filter(|(_, finding)| finding.severity != Severity::Info);
        for (mark, _) in weighty {
            let kind = Kind {
                organisation,
                kid: grant.kid.as_deref().unwrap_or_default(),
                mark,
            };
            let seen = self.0.entry(kind).or_insert(Seen {
                ours,
                sessions: 0,
                first: at,
                last: at,
                jti: &grant.jti,
            });
            seen.sessions += 1;
            seen.first = seen.first.min(at);
            if at >= seen.last {
                (seen.last, seen.jti) = (at, &grant.jti);
            }
        }
    }

    /// Adds it to what was seen before.
    pub(super) async fn write(self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        use weak_token::Column;
        let rows: Vec<_> = self.0.into_iter().map(row).collect();
        for chunk in rows.chunks(ROWS) {
            let conflict = OnConflict::columns([Column::OrganisationId, Column::Kid, Column::Mark])
                .value(Column::Sessions, Expr::cust("weak_token.sessions + excluded.sessions"))
                .update_columns([Column::Ours, Column::LastAt, Column::Jti])
                .to_owned();
            weak_token::Entity::insert_many(chunk.to_vec())
                .on_conflict(conflict)
                .exec_without_returning(connection)
                .await?;
        }
        Ok(())
    }
}

/// What speaks against an organisation's tokens of late, the last seen first.
pub(crate) async fn of(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Vec<weak_token::Model>, DbErr> {
    use weak_token::Column;
    weak_token::Entity::in_tenant(organisation)
        .filter(Column::LastAt.gte(now.minus(AGE).us()))
        .order_by_desc(Column::LastAt)
        .order_by_asc(Column::Kid)
        .order_by_asc(Column::Mark)
        .limit(SHOWN)
        .all(connection)
        .await
}

/// Forgets what was not seen for long.
pub(crate) async fn forget(connection: &impl ConnectionTrait, now: Timestamp) -> Result<(), DbErr> {
    weak_token::Entity::remove_across_tenants("what speaks against tokens that nobody shows any more")
        .filter(weak_token::Column::LastAt.lt(now.minus(AGE).us()))
        .exec(connection)
        .await
        .map(drop)
}

fn row((kind, seen): (Kind<'_>, Seen<'_>)) -> weak_token::ActiveModel {
    weak_token::ActiveModel {
        organisation_id: Set(kind.organisation.uuid()),
        kid: Set(kind.kid.to_owned()),
        mark: Set(kind.mark.into()),
        ours: Set(seen.ours),
        sessions: Set(seen.sessions),
        first_at: Set(seen.first.us()),
        last_at: Set(seen.last.us()),
        jti: Set(seen.jti.to_owned()),
    }
}

/// For how long it is kept that such a token was seen: a key that signs good ones since is forgiven.
const AGE: Duration = Duration::from_hours(30 * 24);
/// A key has nine at most.
const SHOWN: u64 = 500;
/// SQLite allows 32766 parameters in a statement.
const ROWS: usize = 500;
