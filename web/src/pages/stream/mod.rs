//! One stream: the picture, who watches, the tokens that open it, and how to publish to it.

mod acts;
mod edit;
mod end_session;
mod ingest;
mod most;
mod refusals;
mod sessions;
mod token_new;
mod tokens;
mod watching;

use leptos::prelude::*;
use leptos_router::{components::A, hooks::use_params_map};

pub(super) use self::end_session::EndSession;
pub(crate) use self::ingest::Ingest;
use self::{
    acts::Acts, edit::EditStream, most::Most, refusals::Refusals, sessions::Sessions, tokens::StreamTokens,
    watching::Watching,
};
use crate::{
    api::{
        client::use_api,
        events::{self, LiveCounters},
        live::use_live,
        people::Permission,
        scalar::StreamState,
        streams::{self, SecurePlayback, Stream},
    },
    kit::{Badge, Button, Card, Icon, Load, Loaded, PageHead, Skeleton, Stat, StateBadge, Tone, When},
    session::may,
    time,
};

/// The page of the stream that the address names.
#[component]
pub(crate) fn StreamPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|params| params.get("name").unwrap_or_default()));
    // Another stream is another page.
    move || view! { <OneStream name=name.get()/> }
}

/// Counts the changes of the ingest key made here, so that an old one is not left on the page.
#[derive(Clone, Copy)]
struct KeyChanged(RwSignal<u32>);

#[component]
fn OneStream(name: String) -> impl IntoView {
    let (api, live) = (use_api(), use_live());
    let named = StoredValue::new(name);
    let load = Load::new(move || async move { streams::one(api, &named.get_value()).await }).anew_when(move || {
        live.times_connected();
    });
    live.subscribe(
        || Some(events::stream_states()),
        move |event| {
            let event = event.stream_state;
            load.value().update(|stream| {
                if let Some(stream) = stream.as_mut().filter(|stream| stream.name == event.name) {
                    stream.state = event.state;
                }
            });
        },
    );
    let editing = RwSignal::new(false);
    let state = Signal::derive(move || {
        load.value()
            .with(|stream| stream.as_ref().map_or(StreamState::Deleted, |stream| stream.state))
    });
    provide_context(KeyChanged(RwSignal::new(0)));
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <A href="/streams"><Icon of=icondata_lu::LuArrowLeft/>"Streams"</A>
        </nav>
        <PageHead title=Signal::derive(move || load.value().with(|stream| stream.as_ref().map_or_else(|| named.get_value(), Stream::caption)))>
            <Show when=move || load.value().with(Option::is_some)>
                {may(Permission::StreamUpdate).then(|| view! {
                    <Button icon=icondata_lu::LuPencil on_press=move |_| editing.set(true)>"Edit"</Button>
                })}
                <Acts name=named.get_value() state/>
            </Show>
        </PageHead>
        <EditStream open=editing stream=load.value() on_saved=move |saved| load.value().set(Some(saved))/>
        <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
            <Content load/>
        </Loaded>
    }
}

#[component]
fn Content(load: Load<Stream>) -> impl IntoView {
    let Some(first) = load.value().get_untracked() else {
        return ().into_any();
    };
    let stream = Memo::new({
        let first = first.clone();
        move |_| load.value().get().unwrap_or_else(|| first.clone())
    });
    let state = Memo::new(move |_| stream.with(|stream| stream.state));
    let name = StoredValue::new(first.name.clone());
    let counters = RwSignal::new(None::<LiveCounters>);
    use_live().subscribe(
        move || Some(events::counters(Some(name.get_value()))),
        move |event| counters.set(Some(event.live)),
    );
    let viewers = Signal::derive(move || {
        counters
            .with(|now| now.as_ref().map(|now| now.viewers))
            .unwrap_or_else(|| stream.with(|stream| stream.viewers))
            .to_string()
    });
    let going_out = Signal::derive(move || {
        counters.with(|now| {
            now.as_ref()
                .map_or_else(|| "–".into(), |now| time::bitrate(now.bytes_per_second * 8.0))
        })
    });
    view! {
        <div class="under-head">
            <StateBadge state/>
            <span class="mono">{name.get_value()}</span>
            {move || stream.with(|stream| stream.tags.iter().map(|tag| view! { <span class="tag">{tag.name.clone()}</span> }).collect_view())}
            {move || stream.with(|stream| stream.secure_playback == SecurePlayback::Open).then(|| view! { <Badge tone=Tone::Warn text="Open to everybody"/> })}
            <span class="soft">"Created "<When at=first.created_at/></span>
        </div>
        <Show when=move || state.get() != StreamState::Deleted fallback=|| view! {
            <p class="soft">"This stream was deleted. Its addresses answer like those of a stream that never was."</p>
        }>
            <div class="split">
                <div class="stack">
                    <Watching name=name.get_value() state/>
                    <Sessions name=name.get_value()/>
                    <Refusals name=name.get_value()/>
                </div>
                <div class="stack">
                    <dl class="stats stats-two">
                        <Stat label="Watching now" value=viewers/>
                        <Stat label="Going out" value=going_out/>
                        {may(Permission::AnalyticsRead).then(|| view! { <Most name=name.get_value() counters/> })}
                    </dl>
                    <StreamTokens name=name.get_value()/>
                    {may(Permission::IngestKeyRead).then(|| view! { <Card title="Publish"><Ingest name=name.get_value()/></Card> })}
                </div>
            </div>
        </Show>
    }
    .into_any()
}
