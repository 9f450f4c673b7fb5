//! How well it plays, by the players' own account: how fast pictures come, how long they stand still, how late they are, and
//! with what and where they do so.

mod apart;
mod over_time;
mod words;

use leptos::prelude::*;

use self::{apart::Apart, over_time::OverTime, words as said};
use super::{
    activity::Parts,
    misuse::{ExportButton, Place, Span, When, asked_time, asked_word, follow},
    timeline::Steps,
};
use crate::{
    api::{
        client::use_api,
        misuse::Filter,
        organisation::Package,
        people::Permission,
        quality::{self, Whole},
    },
    kit::{Empty, Icon, Load, Loaded, PageHead, Skeleton, Stat},
    pages::lacking::{Lacking, use_overview},
    session::may,
    time,
};

/// What is known of a time: in which steps, and how well it played.
type Known = (Steps, Whole);

/// The page.
#[component]
pub(crate) fn Quality() -> impl IntoView {
    let overview = use_overview();
    let has = Memo::new(move |_| {
        let known = overview.value();
        known.with(|known| known.as_ref().map(|known| known.has(Package::Analytics)))
    });
    let lacking = Signal::derive(move || has.get() == Some(false));
    let place = Place::at("/overview/quality").going_by(apart::FIRST);
    let open = Memo::new(move |_| may(Permission::AnalyticsRead) && has.get() == Some(true));
    let export = move || {
        let given = move |()| {
            let (range, filter) = untrack(|| (place.span().range(), narrowed(place)));
            let stream = filter.stream.map(|stream| ("stream", stream));
            let by = ("by", untrack(|| apart::chosen(place)).1.to_uppercase());
            let (order, direction) = untrack(|| apart::ordered(place));
            asked_time(range)
                .into_iter()
                .chain(stream)
                .chain([
                    by,
                    ("orderBy", asked_word(&order)),
                    ("direction", asked_word(&direction)),
                ])
                .collect::<Vec<_>>()
        };
        open.get()
            .then(|| view! { <ExportButton table="quality" narrowed=given/> })
    };
    view! {
        <PageHead title="Playback quality" tab="Overview" lead="What viewers lived through, as their players tell it: the first picture, standing still, delay and failures.">{export}</PageHead>
        <Parts/>
        <Loaded load=overview skeleton=|| view! { <Skeleton lines=8/> }>
            <Lacking package=Package::Analytics when=lacking so="how well it plays is not told"/>
            <Show when=move || open.get()>
                <div class="filters"><When place/></div>
                <Only place/>
                <Whole place/>
            </Show>
        </Loaded>
    }
}

/// The stream that it is narrowed to, if it is.
#[component]
fn Only(place: Place) -> impl IntoView {
    let stream = place.signal("stream");
    view! {
        <Show when=move || !stream.with(String::is_empty)>
            <ul class="several" aria-label="Filters">
                <li class="chip">
                    <span>"Stream: "{stream}</span>
                    <button type="button" aria-label="Remove the filter Stream" on:click=move |_| place.go([("stream", String::new())])>
                        <Icon of=icondata_lu::LuX/>
                    </button>
                </li>
            </ul>
        </Show>
    }
}

#[component]
fn Whole(place: Place) -> impl IntoView {
    let api = use_api();
    let asked = asked(place);
    let load = Load::new(move || {
        let (span, filter) = asked.get();
        let range = span.range();
        async move {
            let steps = Steps::of(&range);
            Ok((steps, quality::whole(api, range, filter, steps.interval).await?))
        }
    });
    follow(place, load);
    let told = Memo::new(move |_| {
        load.value().with(|known| {
            let all = known.as_ref().and_then(|(_, whole)| whole.quality.first());
            all.is_some_and(|all| all.attempts > 0 || all.played > 0.0)
        })
    });
    view! {
        <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
            <Show when=move || told.get() fallback=|| view! {
                <Empty icon=icondata_lu::LuTv title="No player has told anything in this time" text="The platform's own player tells how well it plays, wherever it is embedded. Other players may tell it, too."/>
            }>
                <Figures load/>
                <OverTime place load/>
                <Apart place/>
            </Show>
        </Loaded>
    }
}

/// The figures of the whole time.
#[component]
fn Figures(load: Load<Known>) -> impl IntoView {
    let figure = move |of: fn(&quality::Quality) -> String| {
        Signal::derive(move || {
            load.value().with(|known| {
                let all = known.as_ref().and_then(|(_, whole)| whole.quality.first());
                all.map_or_else(|| said::NOTHING.to_owned(), of)
            })
        })
    };
    view! {
        <dl class="stats stats-four" aria-label="In this time">
            <Stat label="Saw a picture" value=figure(|all| said::share(all.start_success_ratio))/>
            <Stat label="First picture after" value=figure(|all| said::seconds(all.average_start_ms))/>
            <Stat label="Stood still" value=figure(|all| said::share(all.buffering_ratio))/>
            <Stat label="Behind live" value=figure(|all| said::seconds(all.average_latency_ms))/>
        </dl>
        <p class="soft num">{figure(|all| format!(
            "{} set out, {} of those who saw a picture saw it within 2 s, {} watched, pictures stood still {}.",
            time::count(all.attempts, "player", "players"),
            said::share(all.quick_start_ratio),
            said::long(all.played),
            time::count(all.stalls, "time", "times"),
        ))}</p>
    }
}

/// What is asked for: what else stands in the address changes nothing of it.
fn asked(place: Place) -> Memo<(Span, Filter)> {
    Memo::new(move |_| (place.span(), narrowed(place)))
}

/// What of the place counts here.
fn narrowed(place: Place) -> Filter {
    Filter {
        stream: Some(place.of("stream")).filter(|stream| !stream.is_empty()),
        ..Filter::default()
    }
}
