//! Sessions, and how often rules were met, as rows.

use std::collections::{BTreeMap, HashMap};

use entity::{Table, Tenanted, guardian_rule, session, session_token, stream};
use guard::{Door, Grant, Reason, Timestamp, lint::Marks};
use ids::{OrganisationId, RuleId, SessionId, StreamId};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Func, IntoIden, OnConflict, Query, TableRef, ValueTuple},
};
use tokio_util::sync::CancellationToken;

use super::{
    Denied, LiveSession,
    denials::{Kept, Refusal},
    shown::{BESIDE, Shown},
    weak::Weak,
};
use crate::{
    analytics::Gathered,
    count, privacy,
    state::State,
    store::{Parts, once_there},
    webhooks::notices::{self, Notice, Queue},
};

/// What becomes of an event in the tables.
pub(super) enum Row {
    /// A new session.
    Started(Box<LiveSession>),
    /// A session goes on.
    Beat {
        session: SessionId,
        bytes: u64,
        requests: u64,
        at: Timestamp,
    },
    /// A session runs on a newer token.
    Renewed {
        session: SessionId,
        organisation: OrganisationId,
        grant: Grant,
        at: Timestamp,
    },
    /// A session is over; bytes and requests where they are known.
    Ended {
        session: SessionId,
        passed: Option<(u64, u64)>,
        at: Timestamp,
        reason: Option<Reason>,
    },
    /// Guardian rules were met, so often each.
    RulesMet {
        organisation: OrganisationId,
        rules: Vec<(RuleId, u32)>,
        at: Timestamp,
    },
    /// A request was refused.
    Denied(OrganisationId, Timestamp, Denied),
    /// A stream went live.
    Live { stream: StreamId, at: Timestamp },
}

impl Row {
    /// Whose address it brings, and of when.
    fn recorded(&self) -> Option<(OrganisationId, Timestamp)> {
        match self {
            Self::Started(session) => Some((session.facts.organisation, session.started)),
            Self::Denied(organisation, at, _) => Some((*organisation, *at)),
            _ => None,
        }
    }
}

/// What was told of a session.
struct Told {
    /// Bytes and requests, as far as they are known.
    passed: Option<(u64, u64)>,
    at: Timestamp,
    /// Why the platform ended it.
    reason: Option<Reason>,
}

/// Writes a batch, what analytics made of it and what customers' addresses are told of it, in one transaction, once the
/// database is there. Where it refuses, each is tried by itself, so that nobody's is lost for somebody else's; what it
/// refuses then too is logged, counted and lost. Watching never waits for this.
pub(super) async fn write(state: &State, rows: &[Row], gathered: &Gathered, queue: Queue, stop: &CancellationToken) {
    if rows.is_empty() && gathered.is_empty() && queue.is_empty() {
        return;
    }
    let queued = &queue;
    let attempt = move || async move {
        let write = state.store.write().await?;
        all(&*write, rows).await?;
        state.live.kept.write(&*write, Kept::choose(refusals(rows))).await?;
        gathered.insert(state, &*write).await?;
        queued.insert(&*write).await?;
        privacy::go_back(&*write, rows.iter().filter_map(Row::recorded), state.now()).await?;
        write.commit().await?;
        state.hooks.wake();
        Ok::<_, DbErr>(())
    };
    if let Err(error) = once_there(stop, attempt).await {
        tracing::warn!(%error, rows = rows.len(), "what nodes told is recorded one by one");
        apart(state, rows, gathered, queue, stop).await;
        state.hooks.wake();
    }
}

/// Writes what could not be written together.
async fn apart(state: &State, rows: &[Row], gathered: &Gathered, queue: Queue, stop: &CancellationToken) {
    let mut parts = Parts::of(rows);
    while let Some(part) = parts.next() {
        let attempt = move || async move {
            let write = state.store.write().await?;
            all(&*write, part).await?;
            let refusals = Kept::choose(refusals(part));
            state.live.kept.write(&*write, refusals).await?;
            privacy::go_back(&*write, part.iter().filter_map(Row::recorded), state.now()).await?;
            write.commit().await
        };
        parts.tried(part, once_there(stop, attempt).await);
    }
    let mut lost = parts.refused();
    lost.extend(gathered.insert_apart(state, stop).await);
    lost.extend(queue.insert_apart(state, stop).await);
    for (many, error) in lost {
        count::unrecorded(many);
        tracing::error!(%error, rows = many, "what nodes told was not recorded");
    }
}

fn refusals(rows: &[Row]) -> Vec<Refusal> {
    let refusals = rows.iter().filter_map(|row| match row {
        Row::Denied(organisation, at, denied) => Some(Refusal {
            organisation: *organisation,
            at: *at,
            denied: denied.clone(),
        }),
        _ => None,
    });
    refusals.collect()
}

/// Closes what a crash left open, at the last moment it was heard of; customers' addresses are told of it. How many
/// there were.
pub(crate) async fn close_abandoned(state: &State) -> Result<usize, DbErr> {
    let mut closed = 0;
    loop {
        // So many at a time: a second crash finds the rest open, and nobody waits long to write.
        let write = state.store.write().await?;
        let open = session::Entity::across_tenants("sessions that a crash left open")
            .filter(session::Column::EndedAt.is_null())
            .limit(CLOSED_AT_ONCE)
            .all(&*write)
            .await?;
        if open.is_empty() {
            return Ok(closed);
        }
        session::Entity::change_across_tenants("sessions that a crash left open")
            .filter(session::Column::Id.is_in(open.iter().map(|row| row.id)))
            .col_expr(session::Column::EndedAt, Expr::col(session::Column::BeatAt))
            .exec(&*write)
            .await?;
        let told: Vec<_> = open.iter().map(Notice::abandoned).collect();
        notices::wanted(state, &*write, &told).await?.insert(&*write).await?;
        write.commit().await?;
        closed += open.len();
    }
}

async fn all(connection: &impl ConnectionTrait, rows: &[Row]) -> Result<(), DbErr> {
    // The last beat of a session is all that matters of a batch.
    let (mut beats, mut ends) = (BTreeMap::new(), BTreeMap::new());
    let mut met = HashMap::new();
    let mut started = Vec::new();
    let mut weak = Weak::default();
    for row in rows {
        match row {
            Row::Started(session) => {
                started.push(model(session));
                if let Some(grant) = &session.facts.grant {
                    weak.note(session.facts.organisation, grant, session.started);
                }
            }
            Row::Renewed {
                organisation,
                grant,
                at,
                ..
            } => weak.note(*organisation, grant, *at),
            Row::Beat {
                session,
                bytes,
                requests,
                at,
            } => {
                beats.insert(
                    *session,
                    Told {
                        passed: Some((*bytes, *requests)),
                        at: *at,
                        reason: None,
                    },
                );
            }
            Row::Ended {
                session,
                passed,
                at,
                reason,
            } => {
                ends.insert(
                    *session,
                    Told {
                        passed: *passed,
                        at: *at,
                        reason: *reason,
                    },
                );
            }
            Row::RulesMet {
                organisation,
                rules,
                at,
            } => {
                for (rule, times) in rules {
                    let (sum, last) = met.entry((*organisation, *rule)).or_insert((0, *at));
                    *sum += i64::from(*times);
                    *last = (*last).max(*at);
                }
            }
            Row::Denied(..) | Row::Live { .. } => {}
        }
    }
    weak.write(connection).await?;
    for chunk in started.chunks(ROWS) {
        session::Entity::insert_many(chunk.to_vec())
            .on_conflict(OnConflict::column(session::Column::Id).do_nothing().to_owned())
            .exec_without_returning(connection)
            .await?;
    }
    told(connection, beats.into_iter().collect(), false).await?;
    for ((organisation, rule), (times, at)) in met {
        rule_met(connection, organisation, rule, times, at).await?;
    }
    for row in rows {
        match row {
            Row::Renewed { session, grant, .. } => {
                keep_earlier(connection, *session).await?;
                let shown = Shown::of(Some(grant));
                session::Entity::change_across_tenants("sessions as their node tells of them, by id")
                    .filter(session::Column::Id.eq(session.uuid()))
                    .col_expr(session::Column::Jti, Expr::value(&*grant.jti))
                    .col_expr(session::Column::Tag, Expr::value(grant.tag.as_deref()))
                    .col_expr(session::Column::TokenMarks, Expr::value(marks(Some(grant))))
                    .col_expr(session::Column::TokenKid, Expr::value(shown.kid))
                    .col_expr(session::Column::TokenIssuedAt, Expr::value(shown.issued_at))
                    .col_expr(session::Column::TokenExpiresAt, Expr::value(shown.expires_at))
                    .col_expr(session::Column::TokenRevocable, Expr::value(shown.revocable))
                    .col_expr(session::Column::TokenWord, Expr::value(shown.word))
                    .exec(connection)
                    .await?;
            }
            Row::Live { stream, at } => {
                stream::ActiveModel {
                    id: Set(stream.uuid()),
                    last_live_at: Set(Some(at.us())),
                    ..Default::default()
                }
                .update_without_returning(connection)
                .await?;
            }
            Row::Started(_) | Row::Beat { .. } | Row::Ended { .. } | Row::RulesMet { .. } | Row::Denied(..) => {}
        }
    }
    told(connection, ends.into_iter().collect(), true).await
}

/// Keeps the token that a session runs on beside it, before a newer one takes its place: it is found by both.
async fn keep_earlier(connection: &impl ConnectionTrait, id: SessionId) -> Result<(), DbErr> {
    use session::Column;
    let now = session::Entity::across_tenants("sessions as their node tells of them, by id")
        .select_only()
        .columns([Column::Id, Column::OrganisationId])
        .columns(BESIDE.map(|(newest, _)| newest))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::Jti.is_not_null())
        .into_query();
    let whose = [session_token::Column::SessionId, session_token::Column::OrganisationId];
    let mut insert = Query::insert();
    insert
        .into_table(session_token::Entity)
        .columns(whose.into_iter().chain(BESIDE.map(|(_, earlier)| earlier)))
        .select_from(now)
        .map_err(|error| DbErr::Custom(error.to_string()))?
        .on_conflict(OnConflict::new().do_nothing().to_owned());
    connection.execute(&insert).await.map(drop)
}

async fn rule_met(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    rule: RuleId,
    times: i64,
    at: Timestamp,
) -> Result<(), DbErr> {
    use guardian_rule::Column;
    guardian_rule::Entity::change_in_tenant(organisation)
        .filter(Column::Id.eq(rule.uuid()))
        .col_expr(Column::Matches, Expr::col(Column::Matches).add(times))
        .col_expr(Column::LastMatchAt, Expr::value(at.us()))
        .exec(connection)
        .await
        .map(drop)
}

/// Writes what was told of sessions, many by one statement; `over` where it is that they ended.
async fn told(connection: &impl ConnectionTrait, sessions: Vec<(SessionId, Told)>, over: bool) -> Result<(), DbErr> {
    use session::Column;
    // Both databases name the columns of a list so.
    let [id, at, bytes, requests, reason] =
        ["column1", "column2", "column3", "column4", "column5"].map(|column| (TOLD, column));
    let known = |said, column| Func::coalesce([Expr::col(said), Expr::col((session::Entity, column))]);
    for chunk in sessions.chunks(ROWS) {
        let rows = chunk.iter().map(|(id, told)| {
            let passed = |of: fn((u64, u64)) -> u64| told.passed.map(|passed| column(of(passed)));
            ValueTuple::Many(vec![
                id.uuid().into(),
                told.at.us().into(),
                passed(|(bytes, _)| bytes).into(),
                passed(|(_, requests)| requests).into(),
                told.reason.map(Reason::as_str).into(),
            ])
        });
        let mut update = session::Entity::change_across_tenants("sessions as their node tells of them, by id")
            .filter(Expr::col((session::Entity, Column::Id)).equals(id))
            .col_expr(Column::BeatAt, Expr::col(at))
            .col_expr(Column::Bytes, known(bytes, Column::Bytes).into())
            .col_expr(Column::Requests, known(requests, Column::Requests).into());
        if over {
            update = update
                .col_expr(Column::EndedAt, Expr::col(at))
                .col_expr(Column::Reason, Expr::col(reason));
        }
        QueryTrait::query(&mut update).from(TableRef::ValuesList(rows.collect(), TOLD.into_iden()));
        update.exec(connection).await?;
    }
    Ok(())
}

fn model(session: &LiveSession) -> session::ActiveModel {
    let facts = &session.facts;
    let text = |text: Option<&str>| Set(text.map(str::to_owned));
    let shown = Shown::of(facts.grant.as_ref());
    session::ActiveModel {
        id: Set(facts.session.uuid()),
        organisation_id: Set(facts.organisation.uuid()),
        stream_id: Set(facts.stream.uuid()),
        stream_name: Set(facts.name.to_string()),
        node_id: Set(session.node.uuid()),
        door: Set(facts.door.as_str().to_owned()),
        protocol: Set(facts.protocol.as_str().to_owned()),
        address: Set(facts.address.to_string()),
        address_block: Set(Some(guard::block(facts.address).to_string())),
        country: Set(facts.place.country.map(|country| country.to_string())),
        asn: Set(facts.place.asn.map(|asn| asn.number().into())),
        provider: text(facts.provider.as_deref()),
        encrypted: Set(facts.encrypted),
        jti: text(facts.jti()),
        viewer: text(facts.user()),
        tag: text(facts.tag()),
        user_agent: text(facts.user_agent.as_deref()),
        referrer: text(facts.referrer.as_deref()),
        started_at: Set(session.started.us()),
        beat_at: Set(session.started.us()),
        ended_at: Set(None),
        bytes: Set(0),
        requests: Set(None),
        reason: Set(None),
        token_marks: Set(marks(facts.grant.as_ref())),
        token_kid: Set(shown.kid),
        token_issued_at: Set(shown.issued_at),
        token_expires_at: Set(shown.expires_at),
        token_revocable: Set(shown.revocable),
        token_word: Set(shown.word),
    }
}

/// The column `token_marks`.
fn marks(grant: Option<&Grant>) -> Option<i32> {
    grant.map(|grant| grant.marks.bits().into())
}

/// What a column `token_marks` says.
pub(crate) fn marks_of(column: Option<i32>) -> Marks {
    Marks::of_bits(column.and_then(|bits| u16::try_from(bits).ok()).unwrap_or(0))
}

/// What a column `door` says.
pub(crate) fn door_of(column: &str) -> Door {
    if column == Door::Ingest.as_str() {
        Door::Ingest
    } else {
        Door::Playback
    }
}

fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Sessions that are closed in one transaction.
const CLOSED_AT_ONCE: u64 = 500;
/// SQLite allows 32766 parameters in a statement.
const ROWS: usize = 500;
/// What a list of sessions is called in a statement.
const TOLD: &str = "told";
