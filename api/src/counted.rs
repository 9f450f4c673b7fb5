//! Counts for all nodes together, before they let somebody in: the addresses that tokens lock themselves to, and uses.
//!
//! An answer is given once it is durable. INVARIANT: one task counts, and one process at a time on the same database; so of
//! two who ask at once one is counted first.

use std::{sync::Arc, time::Duration};

use entity::{Table, Tenanted, token_address, token_use};
use guard::{Binding, Use};
use ids::{OrganisationId, UseId};
use link::{Answer, Counted, Question, Waiting};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, DbErr, PaginatorTrait, QueryFilter,
};
use tokio::sync::mpsc;

use crate::{
    live::{denials, weak},
    service::sessions,
    state::State,
};

/// The task. Ends with whoever hands it what is asked, after all of that is counted.
pub(crate) async fn run(state: Arc<State>, mut asked: mpsc::Receiver<Waiting>) {
    let mut tidy = tokio::time::interval(TIDY);
    loop {
        let mut batch = Vec::new();
        tokio::select! {
            received = asked.recv_many(&mut batch, BATCH) => {
                if received == 0 {
                    return;
                }
                answer(&state, batch).await;
            }
            _ = tidy.tick() => {
                if let Err(error) = forget(&state).await {
                    tracing::error!(%error, "what expired tokens were used for stays");
                }
            }
        }
    }
}

/// Counts a batch in one transaction. Where the database refuses, one is not refused for another: each is tried alone, and
/// who is refused then is not answered, and not let in.
async fn answer(state: &State, batch: Vec<Waiting>) {
    match count_all(state, &batch).await {
        Ok(answers) => give(batch, answers),
        Err(error) if batch.len() == 1 => tracing::error!(%error, "a token cannot be counted"),
        Err(_) => {
            for waiting in batch {
                match count_all(state, std::slice::from_ref(&waiting)).await {
                    Ok(answers) => give(vec![waiting], answers),
                    Err(error) => tracing::error!(%error, "a token cannot be counted"),
                }
            }
        }
    }
}

fn give(batch: Vec<Waiting>, answers: Vec<Option<Answer>>) {
    for (waiting, answer) in batch.into_iter().zip(answers) {
        if let Some(answer) = answer {
            waiting.answer(answer);
        }
    }
}

async fn count_all(state: &State, batch: &[Waiting]) -> Result<Vec<Option<Answer>>, DbErr> {
    let write = state.store.write().await?;
    if write.get_database_backend() == DbBackend::Postgres {
        let statement = format!("SELECT pg_advisory_xact_lock({ADVISORY})");
        write.execute_unprepared(&statement).await?;
    }
    let mut answers = Vec::with_capacity(batch.len());
    for waiting in batch {
        answers.push(count(state, &*write, &waiting.question).await?);
    }
    write.commit().await?;
    Ok(answers)
}

async fn count(state: &State, connection: &impl ConnectionTrait, question: &Question) -> Result<Option<Answer>, DbErr> {
    Ok(match question {
        Question::Binding { token, address, most } => {
            let binding = bind(state, connection, token, &address.to_string(), *most).await?;
            Some(Answer::Binding(binding))
        }
        Question::Use { token, id, most } => Some(Answer::Use(reserve(state, connection, token, *id, *most).await?)),
        Question::GiveBack { organisation, id } => {
            give_back(connection, *organisation, *id).await?;
            None
        }
        Question::Backend(_) | Question::Key { .. } => None,
    })
}

async fn bind(
    state: &State,
    connection: &impl ConnectionTrait,
    token: &Counted,
    address: &str,
    most: u32,
) -> Result<Binding, DbErr> {
    let bound = token_address::Entity::in_tenant(token.organisation)
        .filter(token_address::Column::Jti.eq(&*token.jti))
        .all(connection)
        .await?;
    if bound.iter().any(|row| row.address == address) {
        return Ok(Binding::Bound);
    }
    if u32::try_from(bound.len()).is_ok_and(|bound| bound >= most) {
        return Ok(Binding::Elsewhere);
    }
    let id: UseId = state.mint();
    token_address::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(token.organisation.uuid()),
        jti: Set(token.jti.to_string()),
        address: Set(address.to_owned()),
        created_at: Set(state.now_us()),
        keep_until: Set(keep_until(token)),
    }
    .insert(connection)
    .await?;
    Ok(Binding::Bound)
}

async fn reserve(
    state: &State,
    connection: &impl ConnectionTrait,
    token: &Counted,
    id: UseId,
    most: u32,
) -> Result<Use, DbErr> {
    let used = token_use::Entity::in_tenant(token.organisation)
        .filter(token_use::Column::Jti.eq(&*token.jti))
        .count(connection)
        .await?;
    if used >= u64::from(most) {
        return Ok(Use::Exhausted);
    }
    token_use::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(token.organisation.uuid()),
        jti: Set(token.jti.to_string()),
        created_at: Set(state.now_us()),
        keep_until: Set(keep_until(token)),
    }
    .insert(connection)
    .await?;
    Ok(Use::Reserved)
}

async fn give_back(connection: &impl ConnectionTrait, organisation: OrganisationId, id: UseId) -> Result<(), DbErr> {
    token_use::Entity::remove_in_tenant(organisation)
        .filter(token_use::Column::Id.eq(id.uuid()))
        .exec(connection)
        .await
        .map(drop)
}

/// Forgets what expired tokens were used for, who is kept out no longer, old refusals, and which weak tokens were seen.
async fn forget(state: &State) -> Result<(), DbErr> {
    let (now, write) = (state.now_us(), state.store.write().await?);
    token_address::Entity::remove_across_tenants("addresses of tokens that have expired")
        .filter(token_address::Column::KeepUntil.lt(now))
        .exec(&*write)
        .await?;
    token_use::Entity::remove_across_tenants("uses of tokens that have expired")
        .filter(token_use::Column::KeepUntil.lt(now))
        .exec(&*write)
        .await?;
    sessions::forget(&*write, state.now()).await?;
    denials::forget(&*write, state.now()).await?;
    weak::forget(&*write, state.now()).await?;
    write.commit().await
}

/// A customer's clock may be off.
fn keep_until(token: &Counted) -> i64 {
    token.expires.plus(DAY).us()
}

/// An arbitrary number that no other program on the same database should use.
const ADVISORY: i64 = 0x0070_6f72_7463_7573;
const BATCH: usize = 256;
const TIDY: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
