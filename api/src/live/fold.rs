//! Folds what nodes tell into the register, the tables and the subscriptions, in batches.

use std::{sync::Arc, time::Duration};

use entity::{Tenanted, stream};
use guard::Timestamp;
use ids::{OrganisationId, StreamId};
use link::{Event, Kind};
use sea_orm::{ColumnTrait, QueryFilter};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Denied, What, record::Row};
use crate::{
    alerts::Watches,
    count,
    state::State,
    store::once_there,
    webhooks::notices::{self, Notice},
};

/// The task. Ends when `stop` is cancelled, or when no node can tell anything any more; what was told is written.
pub(crate) async fn run(state: Arc<State>, mut events: mpsc::Receiver<Event>, stop: CancellationToken) {
    loop {
        let mut batch = Vec::new();
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            received = events.recv_many(&mut batch, BATCH) => if received == 0 { break },
        }
        let is_full = batch.len() == BATCH;
        fold(&state, batch, &stop).await;
        // What comes in meanwhile is one transaction, not many; behind a full one more waits already.
        if !is_full {
            tokio::time::sleep(PAUSE).await;
        }
    }
    events.close();
    let mut rest = Vec::new();
    while events.recv_many(&mut rest, BATCH).await > 0 {
        fold(&state, std::mem::take(&mut rest), &stop).await;
    }
}

/// News of an organisation.
type Told = (OrganisationId, Timestamp, What);
/// A stream that may be in another state.
type Changed = (OrganisationId, StreamId, Timestamp);

/// Behind this, what is told waits: where the database is away, until it is there again.
async fn fold(state: &State, mut batch: Vec<Event>, stop: &CancellationToken) {
    let _writing = state.privacy.late.forget(&mut batch).await;
    let mut rows = Vec::new();
    let mut news = Vec::new();
    let mut streams = Vec::new();
    let (begun, taken) = (Instant::now(), batch.len());
    let turn = state.alerts.folding().await;
    let gathered = state.analytics.take(state, &batch, stop).await;
    {
        let mut watches = state.alerts.watches();
        watches.found(gathered.found(), state.now());
        for event in batch {
            one(state, event, &mut watches, (&mut rows, &mut news, &mut streams));
        }
    }
    let found = gathered.found().iter().filter_map(Notice::found);
    let notices: Vec<_> = told(&news).into_iter().chain(found).collect();
    let queue = once_there(stop, || notices::wanted(state, state.store.read(), &notices))
        .await
        .inspect_err(|error| tracing::error!(%error, "customers' addresses are not told what happened"))
        .unwrap_or_default();
    super::record::write(state, &rows, &gathered, queue, stop).await;
    drop(turn);
    count::events(taken, begun.elapsed());
    if !gathered.found().is_empty() {
        state.responses.wake();
    }
    state.analytics.tell(gathered);
    for (organisation, id, at) in streams {
        if let Some(row) = stream_row(state, organisation, id).await {
            state.live.tell(organisation, at, What::Stream(Box::new(row)));
        }
    }
    for (organisation, at, what) in news {
        state.live.tell(organisation, at, what);
    }
}

/// What of it customers' addresses are told.
fn told(news: &[Told]) -> Vec<Notice> {
    news.iter()
        .filter_map(|(organisation, at, what)| match what {
            What::Ended(session, reason) => Some(Notice::ended(session, *reason, *at)),
            What::Denied(denied) => Notice::denied(*organisation, denied, *at),
            What::Stream(_) | What::Started(_) | What::Beat => None,
        })
        .collect()
}

fn one(
    state: &State,
    Event { at, node, kind }: Event,
    watches: &mut Watches,
    (rows, news, streams): (&mut Vec<Row>, &mut Vec<Told>, &mut Vec<Changed>),
) {
    let mut register = state.live.register();
    match kind {
        Kind::Started(facts) => {
            let organisation = facts.organisation;
            watches.started(&facts, at);
            let session = register.started(facts, node, at);
            rows.push(Row::Started(Box::new(session.clone())));
            news.push((organisation, at, What::Started(session)));
        }
        Kind::Beat {
            session,
            organisation,
            bytes,
            requests,
        } => {
            if let Some((session, more)) = register.beat(session, (bytes, requests), at) {
                watches.bytes(&session.facts, more, at);
            }
            rows.push(Row::Beat {
                session,
                bytes,
                requests,
                at,
            });
            news.push((organisation, at, What::Beat));
        }
        Kind::Renewed {
            session,
            organisation,
            grant,
        } => {
            if register.renewed(session, &grant) {
                rows.push(Row::Renewed {
                    session,
                    organisation,
                    grant,
                    at,
                });
            }
        }
        Kind::Ended(end) => {
            rows.push(Row::Ended {
                session: end.session,
                passed: Some((end.bytes, end.requests)),
                at,
                reason: end.reason,
            });
            if let Some(mut session) = register.ended(end.session) {
                watches.bytes(&session.facts, end.bytes.saturating_sub(session.bytes), at);
                watches.ended(&session.facts, end.reason, at);
                session.bytes = end.bytes;
                session.requests = end.requests;
                news.push((end.organisation, at, What::Ended(session, end.reason)));
            }
        }
        Kind::Denied {
            organisation: Some(organisation),
            stream,
            door,
            protocol,
            address,
            reason,
            decision,
            trace,
            visitor,
        } => {
            watches.denied(organisation, (&stream, protocol, visitor.place.country), reason, at);
            let denied = Denied {
                stream: stream.to_string(),
                door,
                protocol,
                address,
                reason,
                decision,
                trace,
                visitor,
            };
            rows.push(Row::Denied(organisation, at, denied.clone()));
            news.push((organisation, at, What::Denied(denied)));
        }
        // Written by the minute, and nowhere else.
        Kind::Quality { session, quality, .. } => {
            if let Some(session) = register.session(session) {
                watches.quality(&session.facts, &quality, at);
            }
        }
        Kind::Denied { organisation: None, .. } => {}
        Kind::RulesMet { organisation, rules } => rows.push(Row::RulesMet {
            organisation,
            rules,
            at,
        }),
        Kind::Live { stream, organisation } => {
            register.publishing.insert(stream, node);
            rows.push(Row::Live { stream, at });
            streams.push((organisation, stream, at));
        }
        Kind::Offline { stream, organisation } => {
            register.publishing.remove(&stream);
            streams.push((organisation, stream, at));
        }
        Kind::NodeLost => {
            let lost: Vec<_> = register
                .on_node(node)
                .map(|session| {
                    (
                        session.facts.session,
                        session.facts.organisation,
                        session.facts.stream,
                        session.beat,
                    )
                })
                .collect();
            register.publishing.retain(|_, on| *on != node);
            for (session, organisation, stream, beat) in lost {
                rows.push(Row::Ended {
                    session,
                    passed: None,
                    at: beat,
                    reason: None,
                });
                if let Some(session) = register.ended(session) {
                    watches.ended(&session.facts, None, at);
                    news.push((organisation, at, What::Ended(session, None)));
                }
                streams.push((organisation, stream, at));
            }
        }
    }
}

async fn stream_row(state: &State, organisation: OrganisationId, id: StreamId) -> Option<stream::Model> {
    stream::Entity::in_tenant(organisation)
        .filter(stream::Column::Id.eq(id.uuid()))
        .one(state.store.read())
        .await
        .inspect_err(|error| tracing::error!(%error, "a stream's state cannot be told"))
        .ok()
        .flatten()
}

const BATCH: usize = 2048;
const PAUSE: Duration = Duration::from_millis(50);
