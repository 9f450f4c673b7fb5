//! Sends what is due to collectors, each in a lane of its own, and keeps the log of what became of mails.
//!
//! Whoever takes a notification moves its next attempt into the future first, in a transaction: two processes on one
//! database do not send it both, and one that dies leaves it to be tried again.

use std::{collections::HashSet, sync::Arc, time::Duration};

use entity::{Table, Tenanted, alert, alert_delivery, alert_receiver, mail, organisation};
use guard::Timestamp;
use ids::{AlertDeliveryId, OrganisationId};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, LockBehavior, LockType},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Event,
    notify::{self, Facts},
    receiver::{self, Collector, Place},
    syslog::{self, Message},
    words,
};
use crate::{fault::Fault, mail as post, state::State};

/// The task. Ends with `stop`; what is being sent has a moment to end.
pub(crate) async fn run(state: Arc<State>, stop: CancellationToken) {
    let mut lanes = JoinSet::new();
    let mut busy = HashSet::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(done) = lanes.join_next() => match done {
                Ok(receiver) => _ = busy.remove(&receiver),
                Err(error) => {
                    // Which one it was is not known: none is kept out for that.
                    tracing::error!(%error, "telling a receiver failed");
                    busy.clear();
                }
            },
            () = state.alerts.wanted.notified() => {}
            _ = tick.tick() => {}
        }
        match due_receivers(&state).await {
            Ok(receivers) => {
                for receiver in receivers {
                    if lanes.len() < LANES && busy.insert(receiver) {
                        let state = state.clone();
                        lanes.spawn(async move {
                            lane(&state, receiver).await;
                            receiver
                        });
                    }
                }
            }
            Err(error) => tracing::error!(%error, "notifications wait: the database refused"),
        }
    }
    let ending = async { while lanes.join_next().await.is_some() {} };
    // What is not over by then is tried again after the next start.
    let _ = tokio::time::timeout(ENDING, ending).await;
}

async fn due_receivers(state: &State) -> Result<Vec<Uuid>, DbErr> {
    due(state.now())
        .select_only()
        .column(alert_delivery::Column::ReceiverId)
        .distinct()
        .into_tuple()
        .all(state.store.read())
        .await
}

/// Sends what is due to one receiver, the oldest first, for a while.
async fn lane(state: &State, receiver: Uuid) {
    for _ in 0..IN_A_ROW {
        match one(state, receiver).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::error!(?error, "notifications to a receiver wait");
                return;
            }
        }
    }
    state.alerts.wake();
}

/// Sends one; whether there was any.
async fn one(state: &State, receiver: Uuid) -> Result<bool, Fault> {
    let now = state.now();
    let write = state.store.write().await?;
    let row = due(now)
        .filter(alert_delivery::Column::ReceiverId.eq(receiver))
        .order_by_asc(alert_delivery::Column::NextAt)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(&*write)
        .await?;
    let Some(row) = row else { return Ok(false) };
    let attempts = row.attempts.saturating_add(1);
    let taken = alert_delivery::ActiveModel {
        id: Set(row.id),
        attempts: Set(attempts),
        next_at: Set(Some(now.plus(pause(attempts)).us())),
        tried_at: Set(Some(now.us())),
        ..Default::default()
    };
    let row = taken.update(&*write).await?;
    let organisation = OrganisationId::from_uuid(row.organisation_id);
    let to = alert_receiver::Entity::in_tenant(organisation)
        .filter(alert_receiver::Column::Id.eq(receiver))
        .one(&*write)
        .await?;
    write.commit().await?;
    let collector = to.filter(|to| to.enabled).and_then(|to| match receiver::place(&to) {
        Place::Syslog(collector) => Some(collector),
        Place::Email(_) => None,
    });
    let (outcome, again) = match collector {
        Some(collector) => (tell(state, &row, &collector).await?, attempts < ATTEMPTS),
        None => (Err("the receiver is switched off"), false),
    };
    let mut after = alert_delivery::ActiveModel {
        id: Set(row.id),
        tried_at: Set(Some(state.now_us())),
        trouble: Set(outcome.err().map(ToOwned::to_owned)),
        ..Default::default()
    };
    if outcome.is_ok() || !again {
        after.state = Set(if outcome.is_ok() { "delivered" } else { "failed" }.to_owned());
        after.next_at = Set(None);
    }
    crate::count::alert_delivery(
        "syslog",
        if outcome.is_ok() {
            "delivered"
        } else if again {
            "waiting"
        } else {
            "failed"
        },
    );
    let write = state.store.write().await?;
    match after.update_without_returning(&*write).await {
        // It was removed meanwhile.
        Err(DbErr::RecordNotUpdated) => {}
        Err(error) => return Err(error.into()),
        Ok(_) => write.commit().await?,
    }
    Ok(true)
}

/// One attempt to tell a collector.
async fn tell(
    state: &State,
    row: &alert_delivery::Model,
    collector: &Collector,
) -> Result<Result<(), syslog::Trouble>, Fault> {
    let connection = state.store.read();
    let organisation = OrganisationId::from_uuid(row.organisation_id);
    let whose = organisation::Entity::in_tenant(organisation).one(connection).await?;
    let facts = match row.alert_id {
        None => None,
        Some(id) => {
            let alert = alert::Entity::in_tenant(organisation)
                .filter(alert::Column::Id.eq(id))
                .one(connection)
                .await?;
            let Some(alert) = alert else {
                return Ok(Err("the alert is gone"));
            };
            let rule = words::definition(&alert.definition);
            let event = match row.event.as_str() {
                "resolved" => Event::Resolved,
                "reminded" => Event::Reminded,
                _ => Event::Opened,
            };
            let at = Timestamp::from_us(row.created_at);
            Some(Facts::of(state, connection, organisation, event, &alert, rule, at).await?)
        }
    };
    let message = Message {
        id: AlertDeliveryId::from_uuid(row.id),
        event: &row.event,
        facts: facts.as_ref(),
        organisation: whose.as_ref().map_or("", |row| &row.hash),
        at: Timestamp::from_us(row.created_at),
    };
    Ok(syslog::hand_over(state, collector, &message).await)
}

/// Sends a trial to a receiver, as its alerts are sent, and says what came of it. One row for each address.
pub(crate) async fn try_out(
    state: &State,
    to: &alert_receiver::Model,
    organisation_name: &str,
) -> Result<Vec<alert_delivery::Model>, Fault> {
    let about = (None, TEST);
    let now = state.now();
    match receiver::place(to) {
        Place::Syslog(collector) => {
            let row = notify::delivery(state, to, about, collector.to_string(), now);
            let write = state.store.write().await?;
            let row = row.insert(&*write).await?;
            write.commit().await?;
            let outcome = tell(state, &row, &collector).await?;
            let after = alert_delivery::ActiveModel {
                id: Set(row.id),
                state: Set(if outcome.is_ok() { "delivered" } else { "failed" }.to_owned()),
                attempts: Set(1),
                trouble: Set(outcome.err().map(ToOwned::to_owned)),
                tried_at: Set(Some(state.now_us())),
                ..Default::default()
            };
            let write = state.store.write().await?;
            let row = after.update(&*write).await?;
            write.commit().await?;
            Ok(vec![row])
        }
        Place::Email(addresses) => {
            let write = state.store.write().await?;
            let mut ids = Vec::new();
            for address in &addresses {
                let letter = post::alert_trial(organisation_name, &to.name, &state.addresses.http);
                ids.push(
                    notify::post(state, &*write, to, about, (address, letter), now)
                        .await?
                        .id,
                );
            }
            write.commit().await?;
            state.post.wake();
            outcomes(state, OrganisationId::from_uuid(to.organisation_id), ids).await
        }
    }
}

/// What becomes of mails, as far as it is known soon.
async fn outcomes(
    state: &State,
    organisation: OrganisationId,
    ids: Vec<Uuid>,
) -> Result<Vec<alert_delivery::Model>, Fault> {
    let until = tokio::time::Instant::now() + TRIAL;
    loop {
        let rows = alert_delivery::Entity::in_tenant(organisation)
            .filter(alert_delivery::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(alert_delivery::Column::Id)
            .all(state.store.read())
            .await?;
        let known = |row: &alert_delivery::Model| row.state != "waiting" || row.trouble.is_some();
        if rows.iter().all(known) || tokio::time::Instant::now() >= until {
            return Ok(rows);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Writes down what became of an alert's mail, as part of a transaction.
pub(crate) async fn mailed(
    connection: &impl ConnectionTrait,
    row: &mail::Model,
    (state, trouble): (&'static str, Option<&str>),
    now: i64,
) -> Result<(), DbErr> {
    let Some(organisation) = row.organisation_id.map(OrganisationId::from_uuid) else {
        return Ok(());
    };
    alert_delivery::Entity::change_in_tenant(organisation)
        .filter(alert_delivery::Column::MailId.eq(row.id))
        .col_expr(alert_delivery::Column::State, Expr::value(state.to_owned()))
        .col_expr(
            alert_delivery::Column::Trouble,
            Expr::value(trouble.map(ToOwned::to_owned)),
        )
        .col_expr(alert_delivery::Column::Attempts, Expr::value(row.attempts))
        .col_expr(alert_delivery::Column::TriedAt, Expr::value(now))
        .exec(connection)
        .await?;
    crate::count::alert_delivery("email", state);
    Ok(())
}

fn due(now: Timestamp) -> Select<alert_delivery::Entity> {
    alert_delivery::Entity::across_tenants("notifications are sent to all receivers")
        .filter(alert_delivery::Column::State.eq("waiting"))
        .filter(alert_delivery::Column::NextAt.lte(now.us()))
}

/// How long after the attempt of that number comes the next.
fn pause(attempts: i32) -> Duration {
    let number = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    Duration::from_secs(PAUSES_S[number.min(PAUSES_S.len() - 1)])
}

/// The column `event` of a trial.
const TEST: &str = "test";
const TICK: Duration = Duration::from_secs(1);
const ENDING: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(100);
/// How long a trial waits for a mail's outcome.
const TRIAL: Duration = Duration::from_secs(10);
/// Receivers that are told beside each other, and notifications in one lane.
const LANES: usize = 64;
const IN_A_ROW: usize = 16;
/// From one attempt to the next: about a day in all.
const PAUSES_S: [u64; 9] = [5, 30, 120, 600, 1800, 7200, 14_400, 28_800, 43_200];
const ATTEMPTS: i32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_is_tried_again_for_a_day() {
        let all: Duration = (1..ATTEMPTS).map(pause).sum();
        assert!((24..30).contains(&(all.as_secs() / 3_600)), "{all:?}");
        assert!((1..ATTEMPTS - 1).all(|attempts| pause(attempts) < pause(attempts + 1)));
    }
}
