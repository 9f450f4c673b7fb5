//! What is pushed. A subscription ends when the sign-in ends, the membership goes, or the role changes.
#![expect(
    clippy::unused_async,
    reason = "the library wants subscriptions to be async, awaiting or not"
)]

use std::{net::IpAddr, sync::Arc, time::Duration};

use async_graphql::{Context, ID, Result, Subscription};
use authz::Action;
use futures_util::{Stream, StreamExt, future, stream};
use guard::policy::Package;
use ids::StreamId;
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, IntervalStream};

use super::{
    caller,
    query::change_row,
    state,
    types::{
        AlertEvent, Change, ChangeProgress, LiveCounters, MisuseFinding, MisuseResponse, SessionEvent, SessionFilter,
        StreamStateEvent,
    },
};
use crate::{
    analytics::Found,
    fault::Fault,
    live::{Live, News, What},
    people::{Acting, Caller, still_may},
    publisher::Progress,
    service::streams,
    state::State,
};

/// What is pushed, over graphql-transport-ws.
pub(crate) struct Subscription;

#[Subscription]
impl Subscription {
    /// Streams that come to another state; those of these names, or all.
    async fn stream_state(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Public names; all of the organisation's streams unless said.")] names: Option<Vec<String>>,
    ) -> Result<impl Stream<Item = Result<StreamStateEvent>>> {
        let (state, acting) = allowed(context, Action::StreamRead)?;
        let wanted = move |name: &str| {
            names
                .as_ref()
                .is_none_or(|names| names.iter().any(|wanted| wanted == name))
        };
        let events = news(&state.live, &acting).filter_map({
            let state = state.clone();
            move |news| {
                let event = StreamStateEvent::of(&state, &news).filter(|event| wanted(&event.name));
                future::ready(event)
            }
        });
        Ok(while_allowed(state, caller(context), acting, events))
    }

    /// Counters: the first at once, then at most one a second, when they changed.
    async fn live(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Of one stream, by its public name; of the organisation unless said.")] stream: Option<String>,
    ) -> Result<impl Stream<Item = Result<LiveCounters>>> {
        let (state, acting) = allowed(context, Action::OrganisationRead)?;
        let only = match stream {
            Some(name) => {
                let row = streams::by_name(state.store.read(), acting.id, &name).await?;
                Some(StreamId::from_uuid(row.id))
            }
            None => None,
        };
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (register, organisation) = (state.clone(), acting.id);
        let mut last = None;
        let counters = IntervalStream::new(seconds).filter_map(move |_| {
            let now = LiveCounters::from(register.live.counters(organisation, only));
            let changed = (last.as_ref() != Some(&now)).then(|| now.clone());
            last = Some(now);
            future::ready(changed)
        });
        Ok(while_allowed(state, caller(context), acting, counters))
    }

    /// Viewers and broadcasters that come, go, or are refused. `nanoReadOnly` sees addresses masked, and no users.
    async fn session_events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] filter: Option<SessionFilter>,
    ) -> Result<impl Stream<Item = Result<SessionEvent>>> {
        let (state, acting) = allowed(context, Action::SessionRead)?;
        let personal = acting.may(&state, Action::SessionReadPersonal);
        let filter = filter.unwrap_or_default();
        if filter.is_personal() && !personal {
            return Err(Fault::Forbidden.into());
        }
        let events = news(&state.live, &acting).filter_map(move |news| {
            let event = Some(&news)
                .filter(|news| fits(&filter, news))
                .and_then(|news| SessionEvent::of(news, personal));
            future::ready(event)
        });
        Ok(while_allowed(state, caller(context), acting, events))
    }

    /// Signs of misuse as they are found; not for `nanoReadOnly`.
    async fn misuse(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Those that add this much to a score, at least.")] min_score: Option<i32>,
    ) -> Result<impl Stream<Item = Result<MisuseFinding>>> {
        let (state, acting) = allowed(context, Action::AnalyticsRead)?;
        if !acting.may(&state, Action::SessionReadPersonal) {
            return Err(Fault::Forbidden.into());
        }
        acting.needs(&state, Package::Analytics).await?;
        let organisation = acting.id;
        let least = u32::try_from(min_score.unwrap_or(0)).unwrap_or(0);
        let found = BroadcastStream::new(state.analytics.news()).filter_map(move |found| {
            let wanted = |found: &Arc<Found>| found.organisation == organisation && found.finding.points >= least;
            let found = found.ok().filter(wanted);
            future::ready(found.map(|found| MisuseFinding::of(&found)))
        });
        Ok(while_allowed_with(
            Some(Package::Analytics),
            state,
            caller(context),
            acting,
            found,
        ))
    }

    /// What becomes of alerts: they begin, are measured otherwise, are told again, taken on, and over.
    async fn alerts(&self, context: &Context<'_>) -> Result<impl Stream<Item = Result<AlertEvent>>> {
        let (state, acting) = allowed(context, Action::AlertRead)?;
        let organisation = acting.id;
        let events = BroadcastStream::new(state.alerts.news()).filter_map(move |news| {
            let news = news.ok().filter(|news| news.organisation == organisation);
            future::ready(news.map(|news| AlertEvent::of(&news)))
        });
        Ok(while_allowed(state, caller(context), acting, events))
    }

    /// What becomes of responses to misuse: they are suggested, applied, refused, taken back, and over; `null` where one is
    /// forgotten. Not for `nanoReadOnly`.
    async fn responses(&self, context: &Context<'_>) -> Result<impl Stream<Item = Result<Option<MisuseResponse>>>> {
        let (state, acting) = allowed(context, Action::ResponseRead)?;
        let organisation = acting.id;
        let news = BroadcastStream::new(state.responses.news()).filter_map(move |news| {
            let news = news.ok().filter(|news| news.organisation == organisation);
            future::ready(news.map(|news| news.response.clone().map(MisuseResponse)))
        });
        Ok(while_allowed(state, caller(context), acting, news))
    }

    /// How far a change got: at once, and then until every node acknowledged it. Without an id, how far each got that is
    /// made from now on.
    async fn change_progress(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id that the mutation answered with; every change unless said.")] id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<ChangeProgress>>> {
        let (state, acting) = allowed(context, Action::ChangeRead)?;
        let news = state.desk.news();
        let (first, most) = match &id {
            None => (None, usize::MAX),
            Some(id) => {
                let row = change_row(&state, &acting, id).await?;
                let more = usize::from(row.delivered_at.is_none());
                (Some(ChangeProgress::from(Change::from(row))), more)
            }
        };
        let organisation = acting.id;
        let wanted = move |progress: &Progress| id.as_ref().is_none_or(|id| progress.change.to_string() == **id);
        let later = BroadcastStream::new(news)
            .filter_map(move |news| {
                let progress = news
                    .ok()
                    .filter(|(whose, progress)| *whose == organisation && wanted(progress))
                    .map(|(_, progress)| ChangeProgress::from(Change::from(progress)));
                future::ready(progress)
            })
            .take(most);
        let progress = stream::iter(first).chain(later);
        Ok(while_allowed(state, caller(context), acting, progress))
    }
}

fn allowed(context: &Context<'_>, action: Action) -> Result<(Arc<State>, Acting), Fault> {
    let state = state(context);
    let acting = caller(context).may(state, action)?;
    Ok((state.clone(), acting.clone()))
}

/// The news of one organisation. Who falls behind misses some.
fn news(live: &Live, acting: &Acting) -> impl Stream<Item = Arc<News>> + use<> {
    let organisation = acting.id;
    BroadcastStream::new(live.news())
        .filter_map(|news| future::ready(news.ok()))
        .filter(move |news| future::ready(news.organisation == organisation))
}

/// `items`, for as long as the caller may see them; then why not, where it is not the role.
fn while_allowed<T>(
    state: Arc<State>,
    caller: &Caller,
    acting: Acting,
    items: impl Stream<Item = T>,
) -> impl Stream<Item = Result<T>> {
    while_allowed_with(None, state, caller, acting, items)
}

/// The same of what the organisation needs a package for.
fn while_allowed_with<T>(
    package: Option<Package>,
    state: Arc<State>,
    caller: &Caller,
    acting: Acting,
    items: impl Stream<Item = T>,
) -> impl Stream<Item = Result<T>> {
    let caller = caller.clone();
    let (over, is_over) = tokio::sync::oneshot::channel();
    let until = async move {
        let mut changes = state.access.changes();
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                changed = changes.recv() => match changed {
                    Ok(whose) if !whose.concerns(&caller, &acting) => continue,
                    Err(broadcast::error::RecvError::Closed) => return,
                    _ => {}
                },
            }
            if let Err(fault) = still_may(&state, &caller, &acting, package).await {
                let _ = over.send(fault);
                return;
            }
        }
    };
    let why = async move { is_over.await.ok().map(|fault| Err(fault.into())) };
    items
        .map(Ok)
        .take_until(Box::pin(until))
        .chain(stream::once(why).filter_map(future::ready))
}

fn fits(filter: &SessionFilter, news: &News) -> bool {
    let is = |wanted: Option<&str>, is: Option<&str>| wanted.is_none_or(|wanted| is == Some(wanted));
    let from = |address: IpAddr| {
        filter.address().is_none_or(|wanted| match wanted.strip_suffix("/64") {
            Some(block) => guard::block(address).to_string() == block,
            None => guard::fold(address).to_string() == wanted,
        })
    };
    match &news.what {
        What::Started(session) | What::Ended(session, _) => {
            let facts = &session.facts;
            is(filter.stream.as_deref(), Some(facts.name.as_str()))
                && filter.door.is_none_or(|door| door == facts.door.into())
                && is(filter.user.as_deref(), facts.user())
                && is(filter.tag.as_deref(), facts.tag())
                && from(facts.address)
                && filter
                    .jti
                    .as_ref()
                    .is_none_or(|jti| session.tokens().any(|token| *token.jti == **jti))
        }
        What::Denied(denied) => {
            is(filter.stream.as_deref(), Some(&denied.stream))
                && filter.door.is_none_or(|door| door == denied.door.into())
                && from(denied.address)
                && filter.user.is_none()
                && filter.tag.is_none()
                && filter.jti.is_none()
        }
        What::Stream(_) | What::Beat => false,
    }
}

/// How often a subscription looks whether it is still allowed, where nothing told it: what another process changed.
const LOOK: Duration = Duration::from_secs(5);
