//! Where somebody was of late: the newest sessions of tokens, viewers or addresses.
//!
//! So many of each are read from the end of an index, all by one statement: it costs as much however long somebody watched.

use std::collections::{HashMap, HashSet};

use entity::{
    Tenanted,
    session::{self, Column},
    session_token,
};
use guard::Door;
use ids::OrganisationId;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, FromQueryResult, IdenStatic, Iterable, JoinType, Order,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, SelectStatement},
};

use super::findings::Suspect;
use crate::{live::shown::BESIDE, service::page::together};

/// The newest sessions of each of these, the newest first. A token's are those that it let in, and those that ran on it
/// before they got another; what they say of a token is said of this one.
pub(crate) async fn newest(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    suspects: &[Suspect],
) -> Result<HashMap<Suspect, Vec<session::Model>>, DbErr> {
    let mut found: HashMap<Suspect, Vec<session::Model>> = HashMap::new();
    for some in suspects.chunks(TOGETHER) {
        let tokens = some.iter().filter(|suspect| matches!(suspect, Suspect::Token(_)));
        let parts = some.iter().map(|suspect| of_one(organisation, suspect));
        let parts = parts.chain(tokens.map(|token| before(organisation, token.name())));
        let Some(statement) = together(parts) else { continue };
        let named: HashSet<_> = some.iter().collect();
        for row in connection.query_all(&statement).await? {
            let row = session::Model::from_query_result(&row, "")?;
            for suspect in named_by(&row).filter(|suspect| named.contains(suspect)) {
                found.entry(suspect).or_default().push(row.clone());
            }
        }
    }
    for rows in found.values_mut() {
        rows.sort_by_key(|row| std::cmp::Reverse((row.started_at, row.id)));
        // Two tokens of one session bring it once each, and an address brings what a token brought.
        rows.dedup_by_key(|row| row.id);
        rows.truncate(usize::try_from(MANY).unwrap_or(usize::MAX));
    }
    Ok(found)
}

/// Sessions as those of the tokens that they ran on before their newest, once for each. Tokens are read first: they are few
/// beside sessions, and a database that begins with sessions looks each of the tokens up for each of them.
pub(super) fn earlier(organisation: OrganisationId) -> SelectStatement {
    let mut select = session_token::Entity::in_tenant(organisation)
        .select_only()
        .into_query();
    let same =
        Expr::col((session::Entity, Column::Id)).equals((session_token::Entity, session_token::Column::SessionId));
    select
        .join(JoinType::CrossJoin, session::Entity, Condition::all())
        .and_where(same)
        .and_where(Column::OrganisationId.eq(organisation.uuid()));
    for column in Column::iter() {
        let beside = BESIDE.iter().find(|(newest, _)| newest.as_str() == column.as_str());
        match beside {
            Some((_, of_token)) => select.expr_as(Expr::col((session_token::Entity, *of_token)), column),
            None => select.column((session::Entity, column)),
        };
    }
    select
}

/// The newest sessions of one.
fn of_one(organisation: OrganisationId, suspect: &Suspect) -> SelectStatement {
    let column = match suspect {
        Suspect::Token(_) => Column::Jti,
        Suspect::User(_) => Column::Viewer,
        Suspect::Address(_) => Column::AddressBlock,
    };
    let started = match suspect {
        // No index has them in order: that of everybody's beginnings would be read to its other end.
        Suspect::User(_) => Column::StartedAt.into_expr().add(0),
        Suspect::Token(_) | Suspect::Address(_) => Column::StartedAt.into_expr(),
    };
    session::Entity::in_tenant(organisation)
        .filter(column.eq(suspect.name()))
        .filter(Column::Door.eq(Door::Playback.as_str()))
        .order_by_desc(started)
        .limit(MANY)
        .into_query()
}

/// The newest sessions that ran on a token before they got another.
fn before(organisation: OrganisationId, jti: &str) -> SelectStatement {
    let mut select = earlier(organisation);
    select
        .and_where(session_token::Column::Jti.eq(jti))
        .and_where(Column::Door.eq(Door::Playback.as_str()))
        .order_by((session::Entity, Column::StartedAt), Order::Desc)
        .limit(MANY);
    select
}

/// Whom a session is of.
fn named_by(row: &session::Model) -> impl Iterator<Item = Suspect> {
    let token = row.jti.clone().map(Suspect::Token);
    let user = row.viewer.clone().map(Suspect::User);
    let address = row.address_block.clone().map(Suspect::Address);
    [token, user, address].into_iter().flatten()
}

/// So many of each.
const MANY: u64 = 20;
/// `SQLite` takes 500 parts in a statement; a token has two.
const TOGETHER: usize = 100;
