//! May somebody come in, or go on? The organisation's own backend says so, or what it wishes where it does not answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use entity::{Tenanted, webhook, webhook_delivery};
use guard::{Door, Timestamp, Verdict};
use ids::{OrganisationId, WebhookDeliveryId};
use link::{Answer, Inquiry, Question, Waiting};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{Call, Content, Exchange, Outage, call, wants};
use crate::{count, state::State};

/// Turns to ask, of each organisation its own: whoever is slow delays nobody else's.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<OrganisationId, Arc<Semaphore>>>);

/// What a question came to.
struct Answered {
    verdict: Verdict,
    state: &'static str,
    trouble: Option<String>,
}

impl Turns {
    /// The organisation's turns; none where too many wait for one already.
    fn of(&self, organisation: OrganisationId) -> Option<Arc<Semaphore>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let fresh = || Arc::new(Semaphore::new(AT_ONCE));
        let turns = all.entry(organisation).or_insert_with(fresh);
        // Each question holds one, whether it has its turn or waits for it.
        (Arc::strong_count(turns) <= AT_ONCE + WAITING).then(|| turns.clone())
    }
}

/// Has a question answered by a task of its own; where the organisation asks too much at once it is not, and refuses.
pub(crate) fn hand(state: &Arc<State>, waiting: Waiting) {
    let Question::Backend(inquiry) = &waiting.question else {
        return;
    };
    let inquiry = inquiry.clone();
    let Some(turns) = state.hooks.turns.of(inquiry.organisation) else {
        count::webhook_refused();
        return;
    };
    let state = state.clone();
    tokio::spawn(async move {
        let verdict = ask(&state, &turns, *inquiry).await;
        waiting.answer(Answer::Backend(verdict));
    });
}

/// Asks the organisation's backend.
async fn ask(state: &State, turns: &Arc<Semaphore>, inquiry: Inquiry) -> Verdict {
    match asked(state, turns, inquiry).await {
        Ok(verdict) => verdict,
        Err(error) => {
            tracing::error!(%error, "a customer's backend cannot be asked: the database refused");
            Verdict::Unavailable
        }
    }
}

async fn asked(state: &State, turns: &Arc<Semaphore>, inquiry: Inquiry) -> Result<Verdict, DbErr> {
    let rows = webhook::Entity::in_tenant(inquiry.organisation)
        .filter(webhook::Column::Enabled.eq(true))
        .order_by_asc(webhook::Column::Id)
        .all(state.store.read())
        .await?;
    let updates = rows.iter().any(|row| wants(row, Call::PublishUpdate));
    let subject = match (inquiry.door, inquiry.running) {
        (Door::Playback, _) => Call::Play,
        (Door::Ingest, false) => Call::Publish,
        (Door::Ingest, true) => Call::PublishUpdate,
    };
    let judge = rows
        .iter()
        .find(|row| row.judges_tokens && inquiry.credential.is_some());
    let asked = match subject {
        Call::PublishUpdate => None,
        _ => judge,
    };
    let verdict = match asked.or_else(|| rows.iter().find(|row| wants(row, subject))) {
        Some(row) => question(state, turns, row, subject, &inquiry).await,
        // A broadcaster comes in without a question where only their going on is asked about; and goes on where that was
        // switched off meanwhile.
        None if inquiry.running || (subject == Call::Publish && updates) => Verdict::Allowed { until: None },
        // Who was to be asked was removed meanwhile: whoever's token was believed comes in, as the next one does.
        None if inquiry.credential.is_none() => Verdict::Allowed { until: None },
        None => Verdict::Unavailable,
    };
    Ok(match (verdict, inquiry.door) {
        (Verdict::Allowed { .. }, Door::Ingest) => Verdict::Allowed {
            until: updates.then(|| state.now().plus(PERIOD)),
        },
        (verdict, _) => verdict,
    })
}

async fn question(
    state: &State,
    turns: &Arc<Semaphore>,
    row: &webhook::Model,
    subject: Call,
    inquiry: &Inquiry,
) -> Verdict {
    let id: WebhookDeliveryId = state.mint();
    let (content, at) = (said(state, subject, inquiry), state.now());
    let exchange = match tokio::time::timeout(SOON, turns.acquire()).await {
        Ok(_turn) => call(state, row, id, &content).await,
        Err(_) => Exchange {
            status: None,
            took: Duration::ZERO,
            answer: Err("too many questions at once"),
        },
    };
    let answered = Answered::of(&exchange, Outage::of(row), state.now());
    count::webhook(subject.as_str(), answered.state);
    if answered.state == "failed" {
        state.alerts.hook_failed(inquiry.organisation, state.now());
    }
    state.hooks.log.note(webhook_delivery::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(row.organisation_id),
        webhook_id: Set(row.id),
        call: Set(subject.as_str().to_owned()),
        stream_name: Set(Some(inquiry.stream.to_string())),
        state: Set(answered.state.to_owned()),
        status: Set(exchange.status.map(i32::from)),
        took_ms: Set(Some(exchange.took_ms())),
        trouble: Set(answered.trouble),
        attempts: Set(1),
        next_at: Set(None),
        content: Set(None),
        created_at: Set(at.us()),
        tried_at: Set(Some(at.us())),
        forget: Set(false),
    });
    answered.verdict
}

/// What the backend is told.
fn said(state: &State, subject: Call, inquiry: &Inquiry) -> Content {
    let now = state.now();
    let running = state.live.session(inquiry.client);
    let since = running
        .as_ref()
        .map_or(Duration::ZERO, |session| now.since(session.started));
    let bytes = running.as_ref().map_or(0, |session| session.bytes);
    let (bytes_in, bytes_out) = match inquiry.door {
        Door::Ingest => (bytes, 0),
        Door::Playback => (0, bytes),
    };
    let mut content = Content::new(json!({
        "call": subject.as_str(),
        "name": inquiry.stream.to_string(),
        "app": APP,
        "addr": inquiry.address.to_string(),
        "clientid": inquiry.client.to_string(),
        "time": since.as_secs(),
        "timestamp": now.ms(),
        "bytes_in": bytes_in,
        "bytes_out": bytes_out,
        "token": inquiry.credential,
    }));
    if subject == Call::Play {
        content.add(json!({
            "protocol": inquiry.protocol.as_str(),
            "session": inquiry.client.to_string(),
            "user_agent": inquiry.user_agent,
            "referrer": inquiry.referrer,
        }));
    }
    content.beside(inquiry.parameters.clone())
}

impl Answered {
    fn of(exchange: &Exchange, outage: Outage, now: Timestamp) -> Self {
        match (exchange.status, &exchange.answer) {
            (Some(200..300), Ok(body)) => match lifetime(body) {
                Ok(lifetime) => Self {
                    verdict: Verdict::Allowed {
                        until: lifetime.map(|lifetime| now.plus(lifetime)),
                    },
                    state: "delivered",
                    trouble: None,
                },
                Err(why) => Self::outage(outage, Some(why.to_owned()), now),
            },
            (Some(400..500), Ok(_)) => Self {
                verdict: Verdict::Denied,
                state: "denied",
                trouble: None,
            },
            _ => Self::outage(outage, exchange.trouble(), now),
        }
    }

    /// It did not answer, or not sensibly. Whoever comes in meanwhile is asked about again before long.
    fn outage(outage: Outage, trouble: Option<String>, now: Timestamp) -> Self {
        Self {
            verdict: match outage {
                Outage::Open => Verdict::Allowed {
                    until: Some(now.plus(MEANWHILE)),
                },
                Outage::Closed => Verdict::Unavailable,
            },
            state: "failed",
            trouble,
        }
    }
}

/// For how long an answer allows: `lifetime_s` of its JSON; none where it says nothing.
fn lifetime(body: &[u8]) -> Result<Option<Duration>, &'static str> {
    let said = serde_json::from_slice::<Value>(body).unwrap_or_default();
    match &said["lifetime_s"] {
        Value::Null => Ok(None),
        value => value
            .as_f64()
            .filter(|seconds| *seconds > 0.0)
            .map(|seconds| Some(Duration::from_secs_f64(seconds.min(LONGEST_S))))
            .ok_or("`lifetime_s` is not a number above 0"),
    }
}

/// The application in `rtmp://host/live/NAME`.
pub(crate) const APP: &str = "live";
/// Questions of one organisation beside each other, and how many more may wait.
const AT_ONCE: usize = 256;
const WAITING: usize = 4096;
const REMEMBERED: usize = 1000;
/// How long a question waits for its turn; with the call itself it is over before a node stops waiting, and before a word
/// of 20 s or more that is asked again ends.
const SOON: Duration = Duration::from_millis(800);
/// A broadcaster is asked about every 30 s: nodes ask 5 s before a word ends.
const PERIOD: Duration = Duration::from_secs(35);
/// How long somebody is in whom an outage let in.
const MEANWHILE: Duration = Duration::from_mins(1);
/// The longest word that is taken: a day.
const LONGEST_S: f64 = 86_400.0;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_s(1_800_000_000);

    fn verdict(status: Option<u16>, body: &str, outage: Outage) -> (Verdict, &'static str) {
        let exchange = Exchange {
            status,
            took: Duration::ZERO,
            answer: status.map(|_| body.as_bytes().to_vec()).ok_or("no answer within 3 s"),
        };
        let answered = Answered::of(&exchange, outage, NOW);
        (answered.verdict, answered.state)
    }

    #[test]
    fn success_allows_the_callers_fault_denies_and_the_rest_is_an_outage() {
        let until = |seconds| Verdict::Allowed {
            until: Some(NOW.plus(Duration::from_secs(seconds))),
        };
        let always = Verdict::Allowed { until: None };
        let closed = |status, body| verdict(status, body, Outage::Closed);
        for (status, body, wanted) in [
            (200, "", always),
            (204, "", always),
            (200, "not json", always),
            (200, "[1]", always),
            (200, "{\"lifetime_s\": null}", always),
            (201, "{\"lifetime_s\": 20, \"more\": 1}", until(20)),
            (200, "{\"lifetime_s\": 1e300}", until(86_400)),
        ] {
            assert_eq!(closed(Some(status), body), (wanted, "delivered"), "{status} {body}");
        }
        for status in [400, 401, 403, 404, 429, 499] {
            assert_eq!(
                closed(Some(status), "{\"lifetime_s\": 60}"),
                (Verdict::Denied, "denied")
            );
        }
        for (status, body) in [
            (None, ""),
            (Some(301), ""),
            (Some(302), ""),
            (Some(500), "{\"lifetime_s\": 60}"),
            (Some(503), ""),
            (Some(200), "{\"lifetime_s\": 0}"),
            (Some(200), "{\"lifetime_s\": -5}"),
            (Some(200), "{\"lifetime_s\": \"60\"}"),
        ] {
            assert_eq!(
                closed(status, body),
                (Verdict::Unavailable, "failed"),
                "{status:?} {body}"
            );
            assert_eq!(
                verdict(status, body, Outage::Open),
                (until(60), "failed"),
                "{status:?} {body}"
            );
        }
    }

    #[test]
    fn an_organisation_that_uses_all_its_turns_takes_none_of_anothers() {
        let turns = Turns::default();
        let (slow, other) = (OrganisationId::mint(1, [1; 10]), OrganisationId::mint(1, [2; 10]));
        let mut held: Vec<_> = (0..AT_ONCE + WAITING)
            .map(|_| turns.of(slow).expect("a place"))
            .collect();
        assert!(turns.of(slow).is_none(), "the crowd is bounded");
        assert!(turns.of(other).is_some());
        held.pop();
        assert!(turns.of(slow).is_some());
    }
}
