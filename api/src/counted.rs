//! Counts for all nodes together, before they let somebody in: the addresses that tokens lock themselves to, and uses.
//!
//! An answer is given once it is durable. INVARIANT: one task counts, so of two who ask at once one is counted first.

use std::{sync::Arc, time::Duration};

use entity::{Table, Tenanted, token_address, token_use};
use guard::{Binding, Use};
use ids::{OrganisationId, UseId};
use link::{Counted, Question, Questions};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::state::State;

/// The task. Ends when `stop` is cancelled; what was asked by then is counted.
pub(crate) async fn run(state: Arc<State>, mut questions: Questions, stop: CancellationToken) {
    let mut tidy = tokio::time::interval(TIDY);
    loop {
        let mut batch = Vec::new();
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            received = questions.recv_many(&mut batch, BATCH) => {
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
    questions.close();
    let mut rest = Vec::new();
    while questions.recv_many(&mut rest, BATCH).await > 0 {
        answer(&state, std::mem::take(&mut rest)).await;
    }
}

/// An answer that waits to be durable.
enum Answer {
    Binding(Binding, oneshot::Sender<Binding>),
    Use(Use, oneshot::Sender<Use>),
}

/// Counts a batch in one transaction; where the database refuses, nobody is answered, and nobody is let in.
async fn answer(state: &State, batch: Vec<Question>) {
    let attempt = async {
        let write = state.store.write().await?;
        let mut answers = Vec::new();
        for question in batch {
            answers.extend(count(state, &*write, question).await?);
        }
        write.commit().await?;
        Ok::<_, DbErr>(answers)
    };
    match attempt.await {
        Ok(answers) => answers.into_iter().for_each(Answer::give),
        Err(error) => tracing::error!(%error, "tokens cannot be counted"),
    }
}

async fn count(state: &State, connection: &impl ConnectionTrait, question: Question) -> Result<Option<Answer>, DbErr> {
    Ok(match question {
        Question::Bind {
            token,
            address,
            most,
            answer,
        } => {
            let binding = bind(state, connection, &token, &address.to_string(), most).await?;
            Some(Answer::Binding(binding, answer))
        }
        Question::Reserve {
            token,
            id,
            most,
            answer,
        } => Some(Answer::Use(reserve(state, connection, &token, id, most).await?, answer)),
        Question::GiveBack { organisation, id } => {
            give_back(connection, organisation, id).await?;
            None
        }
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

/// Forgets what expired tokens were used for.
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
    write.commit().await
}

impl Answer {
    fn give(self) {
        // Whoever asked may have stopped waiting.
        let _ = match self {
            Self::Binding(binding, answer) => answer.send(binding).is_ok(),
            Self::Use(used, answer) => answer.send(used).is_ok(),
        };
    }
}

/// A customer's clock may be off.
fn keep_until(token: &Counted) -> i64 {
    token.expires.plus(DAY).us()
}

const BATCH: usize = 256;
const TIDY: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
