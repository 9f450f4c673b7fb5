//! Tokens in the order of how they stand: revoked, expired, active; as [`standing`] says it beside each. Viewers in the
//! order of whether they are banned, addresses in that of whether a rule blocks them, as [`blocking`] says it.
//!
//! What has a record, what was revoked by itself and what expired is in tables, and the database orders by them. What was
//! revoked together with others (by viewer, label, stream, key or moment) and has no record is guard's to judge, and so is
//! which rule decides about an address: all are judged first, and those whom it meets are named in the statement. Where
//! they are too many for that, the order is refused.

use entity::{
    Tenanted, banned_viewer, playback_token, revocation,
    session::{self, Column},
};
use guard::{
    Timestamp,
    policy::{FOREIGN_LEEWAY, Subject},
};
use ids::OrganisationId;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, JoinType, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{CaseStatement, Expr, ExprTrait, Func, Query, SelectStatement, SimpleExpr},
};
use serde_json::Value as Json;

use super::{
    blocking,
    findings::TOKEN,
    standing,
    usage::{By, Sessions, bigint, case},
};
use crate::{
    fault::Fault,
    publisher::policy,
    service::{reading::TokenIs, revocation::latest_bulk},
    state::State,
};

/// What says how tokens, viewers or addresses stand, beside their sessions.
#[derive(Clone, Debug)]
pub(super) enum Stands {
    Tokens {
        now: Timestamp,
        /// Those without a record that were revoked together with others.
        together: SelectStatement,
    },
    Viewers,
    /// Addresses, subnets or networks.
    Sources {
        by: By,
        /// Those from where no viewer is let in.
        blocked: SelectStatement,
    },
}

impl Stands {
    /// Of the tokens, viewers or addresses of these sessions. Refused where more than 2000 tokens may have been revoked
    /// together, and where [`blocking::of_all`] refuses.
    pub(super) async fn of(state: &State, sessions: &Sessions, by: By) -> Result<Self, Fault> {
        match by {
            By::Token => Self::of_tokens(state, sessions).await,
            By::Viewer => Ok(Self::Viewers),
            By::Address | By::Subnet | By::Network => {
                let connection = state.store.read();
                let blocked = blocking::of_all(connection, sessions, by, state.now()).await?;
                Ok(Self::Sources {
                    by,
                    blocked: names(connection, blocked),
                })
            }
        }
    }

    async fn of_tokens(state: &State, sessions: &Sessions) -> Result<Self, Fault> {
        let (connection, now) = (state.store.read(), state.now());
        let maybe = maybe_together(connection, sessions).await?;
        if maybe.len() > MANY {
            return Err(TOO_MANY);
        }
        let stands = standing::tokens(state, connection, sessions.organisation, &maybe, now).await?;
        let revoked = stands.into_iter().filter(|(_, stand)| stand.is == TokenIs::Revoked);
        Ok(Self::Tokens {
            now,
            together: names(connection, revoked.map(|(jti, _)| jti)),
        })
    }

    /// The place of a group of sessions. Of a token 2 where it is revoked, 1 where it is expired, else 0; of a viewer 1 where
    /// they are banned, of an address 1 where it is blocked, else 0.
    pub(super) fn rank(&self) -> SimpleExpr {
        match self {
            Self::Tokens { now, together } => rank_of_token(*now, together),
            Self::Viewers => bigint(case(max(BANNED).is_not_null(), Expr::val(1), Expr::val(0))),
            Self::Sources { by, blocked } => {
                let is_blocked = by.subject().in_subquery(blocked.clone());
                bigint(case(is_blocked, Expr::val(1), Expr::val(0)))
            }
        }
    }

    /// Adds what [`Stands::rank`] looks at.
    pub(super) fn join(&self, select: &mut SelectStatement, organisation: OrganisationId) {
        let mut join = |beside: SelectStatement, name: &'static str, column: &'static str, of: Column| {
            let same = Expr::col((name, column)).equals((session::Entity, of));
            select.join_subquery(JoinType::LeftJoin, beside, name, same);
        };
        match self {
            Self::Tokens { .. } => {
                join(records(organisation), "records", RECORD, Column::Jti);
                join(taken(organisation), "taken", TAKEN, Column::Jti);
            }
            Self::Viewers => join(banned(organisation), "bans", BANNED, Column::Viewer),
            Self::Sources { .. } => {}
        }
    }
}

fn max(column: &'static str) -> SimpleExpr {
    Func::max(Expr::col(column)).into()
}

/// However many names, in one parameter.
fn names(connection: &impl ConnectionTrait, names: impl IntoIterator<Item = String>) -> SelectStatement {
    let list = Json::from_iter(names).to_string();
    let mut each = Query::select();
    match connection.get_database_backend() {
        DbBackend::Sqlite => each
            .column("value")
            .from_function(Func::cust("json_each").arg(list), "names"),
        _ => each.expr(Func::cust("jsonb_array_elements_text").arg(Expr::val(list).cast_as("jsonb"))),
    };
    each
}

fn rank_of_token(now: Timestamp, together: &SelectStatement) -> SimpleExpr {
    let has_record = max(RECORD_ENDS).is_not_null();
    let is_taken = || max(TAKEN).is_not_null();
    // As a session says it of its token; those of before that was kept say nothing.
    let shown = || {
        Condition::all()
            .add(Column::TokenExpiresAt.is_not_null())
            .add(Column::TokenRevocable.is_not_null())
            .add(Column::TokenWord.is_not_null())
    };
    let kept = shown().add(Column::TokenRevocable.eq(false));
    let revocable: SimpleExpr = CaseStatement::new()
        .case(kept, Expr::val(0))
        .finally(Expr::val(1))
        .into();
    let by_itself = is_taken().and(Expr::expr(Func::min(revocable)).eq(1));
    let is_together = By::Token.subject().in_subquery(together.clone());
    let of_record = Condition::any().add(max(RECORD_REVOKED).is_not_null()).add(is_taken());
    let revoked = Condition::any()
        .add(Condition::all().add(has_record).add(of_record))
        .add(
            Condition::all()
                .add(max(RECORD_ENDS).is_null())
                .add(Condition::any().add(by_itself).add(is_together)),
        );
    let ends: SimpleExpr = CaseStatement::new()
        .case(shown(), Column::TokenExpiresAt.into_expr())
        .into();
    let ends = Func::coalesce([max(RECORD_ENDS), Func::max(ends).into()]);
    let expired = Expr::expr(ends).lte(now.us());
    bigint(
        CaseStatement::new()
            .case(revoked, Expr::val(2))
            .case(expired, Expr::val(1))
            .finally(Expr::val(0)),
    )
}

/// The records of tokens.
fn records(organisation: OrganisationId) -> SelectStatement {
    use playback_token::Column as Record;
    playback_token::Entity::in_tenant(organisation)
        .select_only()
        .column_as(Record::Jti, RECORD)
        .column_as(Record::ExpiresAt, RECORD_ENDS)
        .column_as(Record::RevokedAt, RECORD_REVOKED)
        .into_query()
}

/// Tokens that were revoked by themselves, each once.
fn taken(organisation: OrganisationId) -> SelectStatement {
    revocation::Entity::in_tenant(organisation)
        .filter(revocation::Column::Kind.eq(TOKEN))
        .select_only()
        .column_as(revocation::Column::Subject, TAKEN)
        .group_by(revocation::Column::Subject)
        .into_query()
}

/// Viewers who are banned, each once.
fn banned(organisation: OrganisationId) -> SelectStatement {
    banned_viewer::Entity::in_tenant(organisation)
        .select_only()
        .column_as(banned_viewer::Column::Viewer, BANNED)
        .group_by(banned_viewer::Column::Viewer)
        .into_query()
}

/// Tokens of these sessions without a record that may have been revoked together with others, 2001 at most.
async fn maybe_together(connection: &impl ConnectionTrait, sessions: &Sessions) -> Result<Vec<String>, DbErr> {
    use revocation::Column as Taken;
    let organisation = sessions.organisation;
    let Some(latest) = latest_bulk(connection, organisation).await? else {
        return Ok(Vec::new());
    };
    let taken = || revocation::Entity::in_tenant(organisation).select_only();
    let rows: Vec<(String, String)> = taken()
        .columns([Taken::Kind, Taken::Subject])
        .filter(Taken::Kind.is_in(["stream", "everything"]))
        .into_tuple()
        .all(connection)
        .await?;
    let (mut streams, mut has_all) = (Vec::new(), false);
    for (kind, subject) in rows {
        match policy::subject(&kind, &subject)? {
            Subject::Stream(stream) => streams.push(stream.uuid()),
            Subject::Everything => has_all = true,
            Subject::Token(_) | Subject::User(_) | Subject::Tag(_) | Subject::Key(_) => {}
        }
    }
    let named = |kind: &str| taken().column(Taken::Subject).filter(Taken::Kind.eq(kind)).into_query();
    let is_named = Condition::any()
        .add(Column::Viewer.in_subquery(named("user")))
        .add(Column::Tag.in_subquery(named("tag")))
        .add(Column::TokenKid.in_subquery(named("key")))
        .add(Column::StreamId.is_in(streams));
    let record = playback_token::Entity::in_tenant(organisation)
        .filter(Expr::col((playback_token::Entity, playback_token::Column::Jti)).equals((session::Entity, Column::Jti)))
        .select_only()
        .column(playback_token::Column::Jti)
        .into_query();
    let issued = Column::TokenIssuedAt;
    let old_enough = sessions
        .of(By::Token, None)
        .filter(Expr::not_exists(record))
        .filter(issued.is_null().or(issued.lte(latest.plus(FOREIGN_LEEWAY).us())));
    let maybe = if has_all {
        old_enough
    } else {
        old_enough.filter(is_named)
    };
    maybe
        .select_only()
        .column(Column::Jti)
        .distinct()
        .limit(MANY as u64 + 1)
        .into_tuple()
        .all(connection)
        .await
}

const TOO_MANY: Fault = Fault::Invalid(
    "more than 2000 tokens of your own may have been revoked together: to order by status, choose a shorter time or a filter",
);
/// So many are judged at most.
const MANY: usize = 2_000;
const RECORD: &str = "record_jti";
const RECORD_ENDS: &str = "record_ends";
const RECORD_REVOKED: &str = "record_revoked";
const TAKEN: &str = "taken_jti";
const BANNED: &str = "banned_viewer";
