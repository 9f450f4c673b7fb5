//! Where in the world sessions began: a map for the eye and the mouse, and beside it a list that says the same and leads
//! where the map does.

use leptos::{ev::MouseEvent, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    api::{
        client::use_api,
        overview::{self, CountryValue, WorldMetric},
        sessions::Protocol,
    },
    country,
    kit::{Button, Card, Choice, Choices, Load, Loaded, Look, Select, Skeleton},
    pages::{
        located::Credits,
        misuse::{ExportButton, Place, asked_time, asked_word, follow, is_open, whole},
    },
    time,
};

/// The ways in and out that there are, by their words in the address.
const PROTOCOLS: [&str; 4] = ["hls", "progressive", "websocket", "rtmp"];

/// In the address, where it is not of viewers.
const BROADCASTERS: &str = "broadcasters";

/// In the address, where every country is in the list.
const ALL: &str = "all";

/// So many countries are in the list until all are asked for; the others are told together.
const LISTED: usize = 12;

/// The card.
#[component]
pub(super) fn World(place: Place) -> impl IntoView {
    let api = use_api();
    let span = Memo::new(move |_| place.span());
    let metric = Memo::new(move |_| match place.of("door").as_str() {
        BROADCASTERS => WorldMetric::Ingest,
        _ => WorldMetric::Playback,
    });
    let protocol = Memo::new(move |_| Protocol::of(&place.of("protocol")));
    let load = Load::new(move || overview::world(api, span.get().range(), metric.get(), protocol.get()));
    follow(place, load);
    let doors = vec![
        Choice::new(WorldMetric::Playback, "Viewers"),
        Choice::new(WorldMetric::Ingest, "Broadcasters"),
    ];
    let choose = move |metric: WorldMetric| {
        let word = match metric {
            WorldMetric::Ingest => BROADCASTERS,
            WorldMetric::Playback => "",
        };
        place.go([("door", word.to_owned())]);
    };
    let named = |word: &str| Protocol::of(word).map_or_else(|| "Every protocol".to_owned(), |one| one.label());
    let protocols: Vec<_> = std::iter::once("")
        .chain(PROTOCOLS)
        .map(|word| (word.to_owned(), named(word)))
        .collect();
    let choose_protocol = move |word: String| place.go([("protocol", word)]);
    let values = Signal::derive(move || load.value().get().unwrap_or_default());
    let is_open = is_open();
    let way = Way {
        place,
        leads: Memo::new(move |_| is_open && metric.get() == WorldMetric::Playback),
    };
    let narrowed = move |()| {
        let (range, metric, protocol) = untrack(|| (span.get().range(), metric.get(), protocol.get()));
        let mut given = asked_time(range);
        given.extend([
            ("metric", asked_word(&metric)),
            ("protocol", protocol.as_ref().map(asked_word).unwrap_or_default()),
        ]);
        given
    };
    view! {
        <Card title="Where in the world" acts=move || view! { <ExportButton table="world" narrowed look=Look::Quiet/> }>
            <div class="filters world-filters">
                <Choices legend="Of whom" legend_hidden=true options=doors chosen=metric on_choose=choose/>
                <Select label="By" options=protocols chosen=place.signal("protocol") on_choose=choose_protocol/>
            </div>
            <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
                <div class="world">
                    <Map values way/>
                    <List values way/>
                </div>
            </Loaded>
            <Credits/>
        </Card>
    }
}

/// Where countries lead.
#[derive(Clone, Copy)]
struct Way {
    place: Place,
    /// Whether they lead anywhere: no page lists broadcasters by where they were, and not everybody sees who watched.
    leads: Memo<bool>,
}

impl Way {
    /// To who watched from there, of the same time and by the same protocol.
    fn to(self, country: &str) -> Option<String> {
        let filters = [("protocol", self.place.of("protocol")), ("country", country.to_owned())];
        (self.leads.get() && !country.is_empty()).then(|| self.place.way("/misuse/addresses", filters))
    }

    /// Whether every country is in the list.
    fn lists_all(self) -> bool {
        self.place.of("listed") == ALL
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
fn Map(values: Signal<Vec<CountryValue>>, way: Way) -> impl IntoView {
    let lands = Load::new(|| async { country::outlines().await });
    let most = Memo::new(move |_| values.with(|all| most(all)));
    let label = move || values.with(|all| in_words(all, way));
    // What leads on is there for screen readers too.
    let role = move || if way.leads.get() { "group" } else { "img" };
    let drawn = move || {
        let lands = lands.value().with(|text| text.as_deref().map(read).unwrap_or_default());
        lands
            .into_iter()
            .map(|land| view! { <Drawn land values most way/> })
            .collect_view()
    };
    view! {
        <div role=role aria-label=label>
            <svg class="map" viewBox="60 0 920 425">{drawn}</svg>
        </div>
    }
}

#[component]
fn Drawn(land: Land, values: Signal<Vec<CountryValue>>, most: Memo<f64>, way: Way) -> impl IntoView {
    let Land { code, middle, outline } = land;
    let name = country::name(&code);
    let value = {
        let code = code.clone();
        Memo::new(move |_| {
            if code.is_empty() {
                0.0
            } else {
                values.with(|all| value_of(all, &code))
            }
        })
    };
    // Few are seen beside many: by the root.
    let style = move || format!("--much: {:.3}", (value.get() / most.get()).sqrt());
    let title = Signal::derive(move || match value.get() {
        0.0 => name.clone(),
        value => format!("{name}: {}", time::count(whole(value), "session", "sessions")),
    });
    let href = Memo::new(move |_| if value.get() > 0.0 { way.to(&code) } else { None });
    let navigate = use_navigate();
    let click = move |event: MouseEvent| {
        let is_plain =
            event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
        if let (true, Some(href)) = (is_plain, href.get_untracked()) {
            // The router follows links of HTML by itself, and not those of drawings.
            event.prevent_default();
            navigate(&href, NavigateOptions::default());
        }
    };
    let (x, y) = middle.split_once(' ').unwrap_or_default();
    let (x, y) = (x.to_owned(), y.to_owned());
    let is_small = outline.is_empty();
    // Out of the order of tabs, which would be as long as the world: by keyboard the list leads there.
    view! {
        <g class="land" class:land-on=move || { value.get() > 0.0 } style=style>
            <a href=move || href.get() tabindex="-1" aria-label=move || href.get().map(|_| title.get()) on:click=click>
                <title>{title}</title>
                {if is_small {
                    // Too small for an outline: a dot, where there is something to say.
                    view! { <circle cx=x cy=y r="3"/> }.into_any()
                } else {
                    view! { <path d=outline/> }.into_any()
                }}
            </a>
        </g>
    }
}

/// The map, for whoever does not see it.
fn in_words(values: &[CountryValue], way: Way) -> String {
    let first: Vec<_> = values.iter().take(3).map(|one| country::name(&one.country)).collect();
    if first.is_empty() {
        return "World map. No session began.".to_owned();
    }
    let list = if way.lists_all() || values.len() <= LISTED {
        "The list says all.".to_owned()
    } else {
        format!("The list says the first {LISTED}, and all when asked.")
    };
    let leads = if way.leads.get() {
        " Countries lead to who watched from there: here by mouse, in the list by keyboard."
    } else {
        ""
    };
    format!("World map. Most sessions began in: {}. {list}{leads}", first.join(", "))
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
fn List(values: Signal<Vec<CountryValue>>, way: Way) -> impl IntoView {
    let most = Memo::new(move |_| values.with(|all| most(all)));
    let all = Memo::new(move |_| way.lists_all());
    let shown = Memo::new(move |_| {
        let many = if all.get() { usize::MAX } else { LISTED };
        let code = |one: &CountryValue| one.country.clone();
        values.with(|values| values.iter().take(many).map(code).collect::<Vec<_>>())
    });
    let is_long = Memo::new(move |_| values.with(Vec::len) > LISTED);
    let others = move || {
        let others = values.with(|values| {
            let others = values.get(LISTED..).unwrap_or_default();
            let many = i32::try_from(others.len()).unwrap_or(i32::MAX);
            let sessions: f64 = others.iter().map(|one| one.value).sum();
            (many, whole(sessions))
        });
        (is_long.get() && !all.get()).then(|| {
            let countries = time::count(others.0, "country", "countries");
            let sessions = time::count(others.1, "session", "sessions");
            view! { <p class="soft chart-note">{format!("{countries} more with {sessions}")}</p> }
        })
    };
    let turn = move |_| {
        let word = if all.get_untracked() { "" } else { ALL };
        way.place.go([("listed", word.to_owned())]);
    };
    view! {
        <Show when=move || !values.with(Vec::is_empty) fallback=|| view! { <p class="soft">"Within this time no session began."</p> }>
            <div>
                <ol class="bars" aria-label="Sessions by country">
                    <For each=move || shown.get() key=Clone::clone let:country>
                        <Listed country values most way/>
                    </For>
                </ol>
                {others}
                <Show when=move || is_long.get()>
                    <div class="more">
                        <Button look=Look::Quiet on_press=turn>{move || if all.get() { "Show fewer" } else { "Show all" }}</Button>
                    </div>
                </Show>
            </div>
        </Show>
    }
}

#[component]
fn Listed(country: String, values: Signal<Vec<CountryValue>>, most: Memo<f64>, way: Way) -> impl IntoView {
    let name = country::name(&country);
    let value = {
        let country = country.clone();
        Memo::new(move |_| values.with(|all| value_of(all, &country)))
    };
    let style = move || format!("--much: {:.4}", value.get() / most.get());
    let href = Memo::new(move |_| way.to(&country));
    let label = move || match href.get() {
        Some(href) => view! { <a class="quiet-link" href=href>{name.clone()}</a> }.into_any(),
        None => view! { <span>{name.clone()}</span> }.into_any(),
    };
    view! {
        <li>
            <span class="bar-label">{label}</span>
            <span class="bar" style=style aria-hidden="true"></span>
            <span class="bar-value num">{value}</span>
        </li>
    }
}

fn value_of(values: &[CountryValue], country: &str) -> f64 {
    values
        .iter()
        .find(|one| one.country == country)
        .map_or(0.0, |one| one.value)
}

fn most(values: &[CountryValue]) -> f64 {
    values.iter().map(|one| one.value).fold(1.0, f64::max)
}
