//! Sends what is due: a few mails beside each other, so that a slow one holds up nobody.
//!
//! Whoever takes a mail moves its next attempt into the future first, in a transaction: two processes on one database
//! never send it both, and one that dies leaves it to be tried again. An attempt is over well before the next is due.

use std::{sync::Arc, time::Duration};

use entity::{Table, mail};
use guard::Timestamp;
use ids::MailId;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{LockBehavior, LockType},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    Content, Kind, content,
    way::{Trouble, hand_over},
};
use crate::{alerts, count, fault::Fault, people::password_reset, state::State};

/// The task. Ends with `stop`; what is being sent has a moment to end.
pub(crate) async fn run(state: Arc<State>, stop: CancellationToken) {
    let mut under_way = JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(done) = under_way.join_next() => note(done),
            () = state.post.wanted.notified() => {}
            _ = tick.tick() => {}
        }
        while under_way.len() < AT_ONCE {
            match take(&state).await {
                Ok(Some(row)) => {
                    let state = state.clone();
                    under_way.spawn(async move { deliver(&state, row).await });
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "mails wait: the database refused");
                    break;
                }
            }
        }
    }
    let ending = async {
        while let Some(done) = under_way.join_next().await {
            note(done);
        }
    };
    // What is not over by then is tried again after the next start.
    let _ = tokio::time::timeout(ENDING, ending).await;
}

fn note(done: Result<(), tokio::task::JoinError>) {
    if let Err(error) = done {
        tracing::error!(%error, "sending a mail failed");
    }
}

/// The mail that is due for longest, taken.
async fn take(state: &State) -> Result<Option<mail::Model>, DbErr> {
    let now = state.now();
    if due(now).one(state.store.read()).await?.is_none() {
        return Ok(None);
    }
    let write = state.store.write().await?;
    let row = due(now)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(&*write)
        .await?;
    let Some(mut row) = row else { return Ok(None) };
    row.attempts = row.attempts.saturating_add(1);
    row.next_at = now.plus(pause(row.attempts)).us();
    let taken = mail::ActiveModel {
        id: Set(row.id),
        attempts: Set(row.attempts),
        next_at: Set(row.next_at),
        ..Default::default()
    };
    taken.update_without_returning(&*write).await?;
    write.commit().await?;
    Ok(Some(row))
}

async fn deliver(state: &State, row: mail::Model) {
    let id = MailId::from_uuid(row.id);
    let outcome = attempt(state, id, &row).await;
    // Whatever the outcome says: the mail is tried again unless it is known to be gone.
    if let Err(error) = mark(state, &row, outcome).await {
        tracing::error!(%error, mail.id = %id, "what came of a mail cannot be written");
    }
}

/// Sends it, or says why not. `false` where there was nothing to send.
async fn attempt(state: &State, id: MailId, row: &mail::Model) -> Result<bool, Trouble> {
    let fault = |_: Fault| Trouble::Later("the mail cannot be written".to_owned());
    let letter = match content(state, row).map_err(fault)? {
        None => return Ok(false),
        Some(Content::Written(letter)) => letter,
        Some(Content::Forgotten { address, request }) => {
            match password_reset::compose(state, row, address, request)
                .await
                .map_err(fault)?
            {
                Some(letter) => letter,
                None => return Ok(false),
            }
        }
    };
    let message = letter
        .message(
            id,
            state.post.settings.from(),
            &row.recipient,
            Timestamp::from_us(row.created_at),
        )
        .map_err(|error| Trouble::ForGood(error.to_string()))?;
    hand_over(state.post.settings.way(), id, message).await.map(|()| true)
}

async fn mark(state: &State, row: &mail::Model, outcome: Result<bool, Trouble>) -> Result<(), DbErr> {
    let (id, now) = (MailId::from_uuid(row.id), state.now_us());
    let mut after = mail::ActiveModel {
        id: Set(row.id),
        ..Default::default()
    };
    let mut told = ("delivered", None);
    match outcome {
        Ok(false) => return Ok(()),
        Ok(true) => {
            tracing::info!(mail.id = %id, kind = row.kind, attempts = row.attempts, "sent a mail");
            count::mail("sent");
            after.sent_at = Set(Some(now));
            after.trouble = Set(None);
            if !state.demo {
                after.content_sealed = Set(Vec::new());
            }
        }
        Err(trouble) => {
            let late = row.next_at >= Timestamp::from_us(row.created_at).plus(PATIENCE).us();
            let (words, given_up) = match trouble {
                Trouble::Later(words) => (words, late),
                Trouble::ForGood(words) => (words, true),
            };
            let trouble: String = words.chars().filter(|c| !c.is_control()).take(TROUBLE).collect();
            tracing::warn!(mail.id = %id, kind = row.kind, attempts = row.attempts, given_up, trouble, "a mail was not sent");
            count::mail(if given_up { "given_up" } else { "waiting" });
            told = (if given_up { "failed" } else { "waiting" }, Some(trouble.clone()));
            after.trouble = Set(Some(trouble));
            if given_up {
                after.given_up_at = Set(Some(now));
                after.content_sealed = Set(Vec::new());
            }
        }
    }
    let write = state.store.write().await?;
    if row.kind == Kind::Alert.as_str() {
        alerts::mailed(&*write, row, (told.0, told.1.as_deref()), now).await?;
    }
    match after.update_without_returning(&*write).await {
        // It was removed meanwhile.
        Err(DbErr::RecordNotUpdated) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => write.commit().await,
    }
}

fn due(now: Timestamp) -> Select<mail::Entity> {
    mail::Entity::across_tenants("mails are sent in the order of all")
        .filter(mail::Column::SentAt.is_null())
        .filter(mail::Column::GivenUpAt.is_null())
        .filter(mail::Column::NextAt.lte(now.us()))
        .order_by_asc(mail::Column::NextAt)
        .order_by_asc(mail::Column::Id)
}

/// How long after the attempt of that number comes the next: a minute, twice as long each time, an hour at most.
fn pause(attempts: i32) -> Duration {
    let doubled = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(6);
    (MINUTE * (1 << doubled)).min(HOUR)
}

const TICK: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
/// How long a mail is tried.
const PATIENCE: Duration = Duration::from_hours(3 * 24);
/// Mails that are sent beside each other.
const AT_ONCE: usize = 8;
const ENDING: Duration = Duration::from_secs(1);
/// Characters of a server's words that are kept.
const TROUBLE: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_from_a_minute_to_an_hour() {
        let minutes: Vec<_> = (1..=9).map(|n| pause(n).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pause(i32::MAX), HOUR);
    }
}
