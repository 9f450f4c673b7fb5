//! Where in the world sessions began: a map for the eye, and beside it a list that says the same.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        overview::{self, CountryValue, WorldMetric},
        sessions::Protocol,
    },
    country,
    kit::{Card, Choice, Choices, Load, Loaded, Select, Skeleton},
    pages::{
        located::Credits,
        misuse::{Place, follow, is_open, whole},
    },
    time,
};

static PROTOCOLS: [(Option<Protocol>, &str, &str); 5] = [
    (None, "", "Every protocol"),
    (Some(Protocol::Hls), "hls", "HLS"),
    (Some(Protocol::Progressive), "progressive", "Progressive MP4"),
    (Some(Protocol::WebSocket), "websocket", "WebSocket"),
    (Some(Protocol::Rtmp), "rtmp", "RTMP"),
];

/// So many countries are in the list; the others are told together.
const LISTED: usize = 12;

/// The card.
#[component]
pub(super) fn World(place: Place) -> impl IntoView {
    let api = use_api();
    let (metric, protocol) = (RwSignal::new(WorldMetric::Playback), RwSignal::new(String::new()));
    let load = Load::new(move || {
        let (range, metric, chosen) = (place.span().range(), metric.get(), protocol.get());
        let by = PROTOCOLS.iter().find(|(_, word, _)| *word == chosen);
        overview::world(api, range, metric, by.and_then(|(protocol, ..)| protocol.clone()))
    });
    follow(place, move || load.again());
    let doors = vec![
        Choice::new(WorldMetric::Playback, "Viewers"),
        Choice::new(WorldMetric::Ingest, "Broadcasters"),
    ];
    let protocols: Vec<_> = PROTOCOLS
        .iter()
        .map(|(_, word, label)| ((*word).to_owned(), (*label).to_owned()))
        .collect();
    view! {
        <Card title="Where in the world">
            <div class="filters world-filters">
                <Choices legend="Of whom" legend_hidden=true options=doors chosen=metric on_choose=move |one| metric.set(one)/>
                <Select label="By" options=protocols chosen=protocol on_choose=move |word| protocol.set(word)/>
            </div>
            <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
                <div class="world">
                    <Map values=Signal::derive(move || load.value().get().unwrap_or_default())/>
                    {move || view! { <List values=load.value().get().unwrap_or_default()/> }}
                </div>
            </Loaded>
            <Credits/>
        </Card>
    }
}

/// A country on the map.
#[derive(Clone, PartialEq)]
struct Land {
    code: String,
    middle: String,
    outline: String,
}

#[component]
fn Map(values: Signal<Vec<CountryValue>>) -> impl IntoView {
    let lands = Load::new(|| async { country::outlines().await });
    let most = Memo::new(move |_| values.with(|all| all.iter().map(|one| one.value).fold(1.0, f64::max)));
    let label = move || {
        values.with(|all| {
            let first: Vec<_> = all.iter().take(3).map(|one| country::name(&one.country)).collect();
            match first.as_slice() {
                [] => "World map. No session began.".to_owned(),
                some => format!(
                    "World map. Most sessions began in: {}. The list says all.",
                    some.join(", ")
                ),
            }
        })
    };
    let drawn = move || {
        let lands = lands.value().with(|text| text.as_deref().map(read).unwrap_or_default());
        lands
            .into_iter()
            .map(|land| {
                let code = land.code.clone();
                let value = Memo::new(move |_| {
                    values.with(|all| {
                        all.iter()
                            .find(|one| !code.is_empty() && one.country == code)
                            .map_or(0.0, |one| one.value)
                    })
                });
                // Few are seen beside many: by the root.
                let style = move || format!("--much: {:.3}", (value.get() / most.get()).sqrt());
                let name = country::name(&land.code);
                let title = move || match value.get() {
                    0.0 => name.clone(),
                    value => format!("{name}: {}", time::count(whole(value), "session", "sessions")),
                };
                let (x, y) = land.middle.split_once(' ').unwrap_or_default();
                let (x, y, outline) = (x.to_owned(), y.to_owned(), land.outline);
                let is_small = outline.is_empty();
                view! {
                    <g class="land" class:land-on=move || { value.get() > 0.0 } style=style>
                        <title>{title}</title>
                        {if is_small {
                            // Too small for an outline: a dot, where there is something to say.
                            view! { <circle cx=x cy=y r="3"/> }.into_any()
                        } else {
                            view! { <path d=outline/> }.into_any()
                        }}
                    </g>
                }
            })
            .collect_view()
    };
    view! { <svg class="map" viewBox="60 0 920 425" role="img" aria-label=label>{drawn}</svg> }
}

fn read(text: &str) -> Vec<Land> {
    let land = |line: &str| {
        let mut parts = line.split('\t').map(str::to_owned);
        Some(Land {
            code: parts.next()?,
            middle: parts.next()?,
            outline: parts.next()?,
        })
    };
    text.lines().filter_map(land).collect()
}

#[component]
fn List(values: Vec<CountryValue>) -> impl IntoView {
    if values.is_empty() {
        return view! { <p class="soft">"Within this time no session began."</p> }.into_any();
    }
    let most = values.iter().map(|one| one.value).fold(1.0, f64::max);
    let others = values.get(LISTED..).unwrap_or_default();
    let rest: f64 = others.iter().map(|one| one.value).sum();
    let others = (!others.is_empty()).then(|| {
        let many = i32::try_from(others.len()).unwrap_or(i32::MAX);
        format!(
            "{} more with {}",
            time::count(many, "country", "countries"),
            time::count(whole(rest), "session", "sessions")
        )
    });
    let rows = values.into_iter().take(LISTED).map(|one| {
        let style = format!("--much: {:.4}", one.value / most);
        let name = country::name(&one.country);
        // Down to who it is, for whom that is open.
        let name = if is_open() && !one.country.is_empty() {
            let href = format!("/misuse/tokens?country={}", one.country);
            view! { <a class="quiet-link" href=href>{name}</a> }.into_any()
        } else {
            view! { <span>{name}</span> }.into_any()
        };
        view! {
            <li>
                <span class="bar-label">{name}</span>
                <span class="bar" style=style aria-hidden="true"></span>
                <span class="bar-value num">{one.value}</span>
            </li>
        }
    });
    view! {
        <div>
            <ol class="bars" aria-label="Sessions by country">{rows.collect_view()}</ol>
            {others.map(|text| view! { <p class="soft chart-note">{text}</p> })}
        </div>
    }
    .into_any()
}
