//! Sessions on a line of time.

use leptos::prelude::*;

use super::act::Ways;
use crate::{
    api::{
        client::{Api, use_api},
        failure::Failure,
        misuse::{self, Filter, TimeRange},
        page::Page,
        people::Permission,
        sessions::{Door, Session},
    },
    kit::{Button, Load, Look, More},
    session::may,
    time,
};

/// The sessions of a panel, the newest first: those that have arrived, and whose they are.
#[derive(Clone, PartialEq)]
pub(super) struct Watched {
    page: Page<Session>,
    range: TimeRange,
    filter: Filter,
}

/// Asks for them.
pub(super) async fn watched(api: Api, range: TimeRange, filter: Filter) -> Result<Watched, Failure> {
    Ok(Watched {
        page: misuse::sessions(api, range.clone(), filter.clone(), None).await?,
        range,
        filter,
    })
}

/// Sessions on a line of time, the newest first, and the way to the earlier ones; those that go on can be ended.
#[component]
pub(super) fn Timeline(sessions: Watched, ways: Ways) -> impl IntoView {
    let api = use_api();
    let Watched { page, range, filter } = sessions;
    let (load, whose) = (Load::of(page), StoredValue::new((range, filter)));
    let ask = move |after: Option<String>| {
        let (range, filter) = whose.get_value();
        misuse::sessions(api, range, filter, after)
    };
    let known = move || {
        load.value()
            .with(|page| page.as_ref().map_or(0, |page| page.nodes.len()))
    };
    let total = move || load.value().with(|page| page.as_ref().map_or(0, |page| page.total));
    let some = move || {
        let is_part = usize::try_from(total()).is_ok_and(|total| known() < total);
        is_part.then(|| view! { <p class="soft chart-note">{format!("The latest {} of {}", known(), total())}</p> })
    };
    let lines = move || {
        load.value()
            .with(|page| page.as_ref().map(|page| drawn(page.nodes.clone(), ways)))
    };
    view! {
        <section class="panel-part">
            <h3>"Sessions"</h3>
            {some}
            {lines}
            <More load ask/>
        </section>
    }
}

/// The lines.
fn drawn(sessions: Vec<Session>, ways: Ways) -> impl IntoView {
    let may_end = may(Permission::SessionEnd);
    let now = js_sys::Date::now();
    let ends = |session: &Session| session.ended_at.as_ref().map_or(now, time::millis);
    let first = sessions
        .iter()
        .map(|one| time::millis(&one.started_at))
        .fold(now, f64::min);
    let last = sessions.iter().map(ends).fold(first + 1.0, f64::max);
    let whole = last - first;
    let (from, to) = (time::exact_ms(first), time::exact_ms(last));
    let can_end = |session: &Session| may_end && session.ended_at.is_none() && session.door == Door::Playback;
    let acts = sessions.iter().any(can_end);
    let rows = sessions.into_iter().map(|session| {
        let (began, ended) = (time::millis(&session.started_at), ends(&session));
        let style = format!(
            "--from: {:.4}; --much: {:.4}",
            (began - first) / whole,
            (ended - began) / whole
        );
        let running = session.ended_at.is_none();
        let lasted = time::span(began, ended);
        let said = format!(
            "{} from {}, {}, {}{}",
            session.stream,
            session.address,
            time::exact(&session.started_at),
            lasted,
            if running { ", goes on" } else { "" }
        );
        let title = said.clone();
        let end = can_end(&session).then(|| {
            let label = format!("End the session from {}", session.address);
            let whole = StoredValue::new(session.clone());
            view! { <Button look=Look::Quiet on_press=move |_| ways.end.set(vec![whole.get_value()]) attr:aria-label=label>"End"</Button> }
        });
        view! {
            <li title=title>
                <span class="sr-only">{said}</span>
                <span class="mono ellipsis" aria-hidden="true">{session.address}</span>
                <span class="track" aria-hidden="true"><span class="track-part" data-running=running.to_string() style=style></span></span>
                <span class="num soft" aria-hidden="true">{lasted}</span>
                {end}
            </li>
        }
    });
    let rows = rows.collect_view();
    view! {
        <ol class="timeline" class:timeline-acts=acts>{rows}</ol>
        <p class="timeline-ends soft" class:timeline-acts=acts aria-hidden="true"><span>{from}</span><span>{to}</span></p>
    }
}
