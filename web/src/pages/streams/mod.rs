//! All streams of the organisation. States and viewers move by subscription; filters live in the address.

mod create;
mod list;

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use self::{create::CreateStream, list::StreamRows};
use crate::{
    api::{
        client::use_api,
        events::{self, LiveCounters, SessionEventKind},
        live::use_live,
        people::Permission,
        scalar::StreamState,
        sessions::Door,
        streams::{self, Stream},
    },
    kit::{Button, Choice, Choices, Empty, Icon, Load, Loaded, Look, PageHead, Skeleton, Stat},
    session::may,
    time,
};

/// Which states are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    All,
    Live,
    Offline,
    Closed,
}

impl Shown {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::All, "", "All"),
        (Self::Live, "live", "Live"),
        (Self::Offline, "offline", "Offline"),
        (Self::Closed, "closed", "Stopped or locked"),
    ];

    fn from_address(word: Option<&str>) -> Self {
        Self::ALL
            .into_iter()
            .find(|(_, name, _)| Some(*name) == word)
            .map_or(Self::All, |(shown, ..)| shown)
    }

    const fn takes(self, state: StreamState) -> bool {
        match self {
            Self::All => true,
            Self::Live => matches!(state, StreamState::Live),
            Self::Offline => matches!(state, StreamState::Created | StreamState::Ended),
            Self::Closed => matches!(state, StreamState::Stopped | StreamState::Locked),
        }
    }
}

/// The list of streams.
#[component]
pub(crate) fn Streams() -> impl IntoView {
    let (api, live, may_create) = (use_api(), use_live(), may(Permission::StreamCreate));
    let load = Load::new(move || streams::all(api)).anew_when(move || {
        live.times_connected(); // what was missed while the connection was away
    });
    follow(load);
    let (query, navigate) = (use_query_map(), use_navigate());
    let text = RwSignal::new(query.with_untracked(|query| query.get("q").unwrap_or_default()));
    let shown = Memo::new(move |_| query.with(|query| Shown::from_address(query.get("state").as_deref())));
    let go = Callback::new(move |(text, shown): (String, Shown)| {
        navigate(
            &address(&text, shown),
            NavigateOptions {
                replace: true,
                scroll: false,
                ..NavigateOptions::default()
            },
        );
    });
    Effect::new(move |before: Option<String>| {
        let now = text.get();
        if before.is_some_and(|before| before != now) {
            go.run((now.clone(), shown.get_untracked()));
        }
        now
    });
    let creating = RwSignal::new(false);
    let filtered = Memo::new(move |_| {
        let needle = text.get().to_lowercase();
        load.value().with(|streams| {
            streams
                .iter()
                .flatten()
                .filter(|one| shown.get().takes(one.state) && fits(one, &needle))
                .cloned()
                .collect::<Vec<_>>()
        })
    });
    let none_at_all = Memo::new(move |_| load.value().with(|streams| streams.as_ref().is_some_and(Vec::is_empty)));
    view! {
        <PageHead title="Streams" lead="Everything this organisation can put on air.">
            {may_create.then(|| view! {
                <Button look=Look::Primary icon=icondata_lu::LuPlus on_press=move |_| creating.set(true)>"New stream"</Button>
            })}
        </PageHead>
        <Figures/>
        <Loaded load skeleton=|| view! { <Skeleton lines=6/> }>
            <Show when=move || !none_at_all.get() fallback=move || view! { <Nothing may_create creating/> }>
                <div class="filters">
                    <label class="search">
                        <span class="sr-only">"Search streams"</span>
                        <Icon of=icondata_lu::LuSearch/>
                        <input type="search" placeholder="Title, name or tag" bind:value=text/>
                    </label>
                    <Choices
                        legend="State" legend_hidden=true
                        options=Shown::ALL.map(|(shown, _, label)| Choice::new(shown, label)).to_vec()
                        chosen=shown on_choose=move |shown| go.run((text.get_untracked(), shown))
                    />
                    <p class="filters-count" role="status">{move || time::count(i32::try_from(filtered.with(Vec::len)).unwrap_or(i32::MAX), "stream", "streams")}</p>
                </div>
                <Show when=move || !filtered.with(Vec::is_empty) fallback=move || view! {
                    <Empty icon=icondata_lu::LuSearch title="No stream fits" text="Try another word or another state.">
                        <Button on_press=move |_| { text.set(String::new()); go.run((String::new(), Shown::All)); }>"Show all"</Button>
                    </Empty>
                }>
                    <StreamRows streams=filtered/>
                </Show>
            </Show>
        </Loaded>
        <CreateStream open=creating on_made=move |made: Stream| load.value().update(|streams| {
            if let Some(streams) = streams {
                streams.insert(0, made);
            }
        })/>
    }
}

#[component]
fn Nothing(may_create: bool, creating: RwSignal<bool>) -> impl IntoView {
    let text = if may_create {
        "A stream has a name for viewers and a secret key for the encoder. Create one, point OBS or ffmpeg at it, and it appears here as live."
    } else {
        "Nobody has created a stream yet. Your role may watch streams; ask an administrator to create one."
    };
    view! {
        <Empty icon=icondata_lu::LuRadioTower title="No streams yet" text>
            {may_create.then(|| view! {
                <Button look=Look::Primary icon=icondata_lu::LuPlus on_press=move |_| creating.set(true)>"Create the first stream"</Button>
            })}
        </Empty>
    }
}

/// What is counted now, over all streams.
#[component]
fn Figures() -> impl IntoView {
    let counters = RwSignal::new(None::<LiveCounters>);
    use_live().subscribe(
        || Some(events::counters(None)),
        move |event| counters.set(Some(event.live)),
    );
    let figure = move |read: fn(&LiveCounters) -> String| {
        Signal::derive(move || counters.with(|now| now.as_ref().map_or_else(|| "–".to_owned(), read)))
    };
    view! {
        <dl class="stats">
            <Stat label="On air" value=figure(|now| now.ingests.to_string())/>
            <Stat label="Watching now" value=figure(|now| now.viewers.to_string())/>
            <Stat label="Going out" value=figure(|now| time::bitrate(now.bytes_per_second * 8.0))/>
        </dl>
    }
}

/// Lets states and viewers of the loaded streams move with the events.
fn follow(load: Load<Vec<Stream>>) {
    let live = use_live();
    live.subscribe(
        || Some(events::stream_states()),
        move |event| {
            let event = event.stream_state;
            load.value().update(|streams| {
                let Some(streams) = streams else { return };
                if event.state == StreamState::Deleted {
                    streams.retain(|one| one.name != event.name);
                } else if let Some(one) = streams.iter_mut().find(|one| one.name == event.name) {
                    one.state = event.state;
                } else {
                    load.again(); // a new one, made elsewhere
                }
            });
        },
    );
    live.subscribe(
        || Some(events::session_events(None, Some(Door::Playback))),
        move |event| {
            let event = event.session_events;
            let step = match event.kind {
                SessionEventKind::Started => 1,
                SessionEventKind::Ended => -1,
                SessionEventKind::Denied => return,
            };
            load.value().update(|streams| {
                for one in streams.iter_mut().flatten().filter(|one| one.name == event.stream) {
                    one.viewers = (one.viewers + step).max(0);
                }
            });
        },
    );
}

fn fits(stream: &Stream, needle: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(needle);
    has(&stream.name) || stream.title.as_deref().is_some_and(has) || stream.tags.iter().any(|tag| has(&tag.name))
}

fn address(text: &str, shown: Shown) -> String {
    let word = Shown::ALL
        .into_iter()
        .find(|(one, ..)| *one == shown)
        .map_or("", |(_, word, _)| word);
    let pairs = BTreeMap::from([("q", text.trim()), ("state", word)]);
    let query: Vec<_> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{key}={}", js_sys::encode_uri_component(value)))
        .collect();
    if query.is_empty() {
        "/streams".into()
    } else {
        format!("/streams?{}", query.join("&"))
    }
}
