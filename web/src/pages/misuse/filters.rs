//! The bar above a view: its time, and what narrows it.

use std::time::Duration;

use leptos::{
    ev::{Event, SubmitEvent},
    prelude::*,
};

use super::{
    place::{DAY_MIN, DAY_MS, FILTERS, Place, Span},
    value,
};
use crate::{
    api::{events, findings, live::use_live, people::Permission, sessions::Protocol},
    country,
    kit::{Button, Icon, Load, Select, fresh_id},
    session::may,
    time,
};

/// Minutes until now, and what they are called.
const LASTS: [(u32, &str); 6] = [
    (15, "Last 15 minutes, live"),
    (60, "Last hour, live"),
    (360, "Last 6 hours, live"),
    (DAY_MIN, "Last 24 hours, live"),
    (7 * DAY_MIN, "Last 7 days, live"),
    (30 * DAY_MIN, "Last 30 days, live"),
];

const BETWEEN: &str = "between";

/// Nobody is to know how protocols are written: this filter comes with a link.
const CHOSEN_ELSEWHERE: &str = "protocol";

/// News are waited for so long, so that they are asked for together.
const SETTLED: Duration = Duration::from_secs(5);

/// How many rows there are is asked for so long after news.
const COUNTED: Duration = Duration::from_mins(1);

/// Time, chips, and a way to add one. `found`: how many rows there are, in words; `beside`: what the view has of its own.
#[component]
pub(super) fn Bar(place: Place, #[prop(into)] found: Signal<Option<String>>, beside: AnyView) -> impl IntoView {
    view! {
        <div class="filters">
            <When place/>
            {beside}
            <Add place/>
            <p class="filters-count" role="status">{found}</p>
        </div>
        <Chips place/>
    }
}

/// The time alone.
#[component]
pub(in crate::pages) fn When(place: Place) -> impl IntoView {
    let between = Memo::new(move |_| matches!(place.span(), Span::Between(..)));
    let options = Signal::derive(move || {
        let mut options = LASTS
            .map(|(minutes, label)| (minutes.to_string(), label.to_owned()))
            .to_vec();
        if let Span::Last(minutes) = place.span()
            && LASTS.iter().all(|(one, _)| *one != minutes)
        {
            options.push((minutes.to_string(), format!("Last {minutes} minutes, live")));
        }
        options.push((BETWEEN.to_owned(), "Between two moments".to_owned()));
        options
    });
    let chosen = Signal::derive(move || match place.span() {
        Span::Last(minutes) => minutes.to_string(),
        Span::Between(..) => BETWEEN.to_owned(),
    });
    let choose = move |word: String| {
        if word == BETWEEN {
            let now = js_sys::Date::now();
            let (from, to) = (time::minute_in_utc(now - DAY_MS), time::minute_in_utc(now));
            place.go([("last", String::new()), ("from", from), ("to", to)]);
        } else {
            place.go([("last", word), ("from", String::new()), ("to", String::new())]);
        }
    };
    let moment = move |label: &'static str, name: &'static str| {
        let shown = move || time::field(&place.of(name));
        let change =
            move |event: Event| place.go([(name, time::in_utc(&event_target_value(&event)).unwrap_or_default())]);
        view! {
            <label class="beside">
                <span>{label}</span>
                <input type="datetime-local" prop:value=shown on:change=change/>
            </label>
        }
    };
    view! {
        <Select label="Time" options chosen on_choose=choose/>
        <Show when=move || between.get()>{moment("From", "from")}{moment("To", "to")}</Show>
    }
}

/// One more filter: what it is about, and its value.
#[component]
fn Add(place: Place) -> impl IntoView {
    let (name, text) = (RwSignal::new("stream".to_owned()), RwSignal::new(String::new()));
    let wrong = RwSignal::new(None::<&'static str>);
    let (list, error) = (fresh_id("countries"), fresh_id("error"));
    let (listed, said) = (StoredValue::new(list.clone()), error.clone());
    let is_country = Memo::new(move |_| name.with(|name| name == "country"));
    let options: Vec<_> = FILTERS
        .iter()
        .filter(|(name, _)| *name != CHOSEN_ELSEWHERE)
        .map(|(name, label)| ((*name).to_owned(), (*label).to_owned()))
        .collect();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let value = text.get_untracked().trim().to_owned();
        let chosen = name.get_untracked();
        if let (false, Some((name, _))) = (value.is_empty(), FILTERS.iter().find(|(one, _)| *one == chosen)) {
            match value::read(name, &value) {
                Ok(value) => {
                    place.go([(*name, value)]);
                    text.set(String::new());
                }
                Err(why) => wrong.set(Some(why)),
            }
        }
    };
    let choose = move |word: String| {
        name.set(word);
        wrong.set(None);
    };
    view! {
        <form class="add-filter" on:submit=submit>
            <Select label="Only" options chosen=name on_choose=choose/>
            <input
                class="field-alone"
                type="text"
                aria-label="Value, exactly"
                placeholder="Value, exactly"
                autocapitalize="off"
                autocomplete="off"
                spellcheck="false"
                maxlength=value::LONGEST.to_string()
                list=list
                aria-invalid=move || wrong.get().map(|_| "true")
                aria-describedby=move || wrong.get().map(|_| said.clone())
                bind:value=text
                on:input=move |_| wrong.set(None)
            />
            <Show when=move || is_country.get()><Countries id=listed.get_value()/></Show>
            <Button submit=true>"Add filter"</Button>
            <p class="field-error" id=error role="alert" hidden=move || wrong.get().is_none()>{move || wrong.get()}</p>
        </form>
    }
}

/// Countries by name, for who does not know their codes.
#[component]
fn Countries(id: String) -> impl IntoView {
    let options = country::all()
        .into_iter()
        .map(|(country, name)| view! { <option value=country.to_string()>{name}</option> })
        .collect_view();
    view! { <datalist id=id>{options}</datalist> }
}

/// What narrows the view now; each goes by its cross.
#[component]
fn Chips(place: Place) -> impl IntoView {
    let set = Memo::new(move |_| {
        FILTERS
            .iter()
            .map(|(name, label)| (*name, *label, shown(name, place.of(name))))
            .filter(|(_, _, value)| !value.is_empty())
            .collect::<Vec<_>>()
    });
    let all = move |_| place.go(FILTERS.iter().map(|(name, _)| (*name, String::new())));
    view! {
        <Show when=move || !set.with(Vec::is_empty)>
            <ul class="several" aria-label="Filters">
                <For each=move || set.get() key=|chip| chip.clone() let:chip>
                    <li class="chip">
                        <span>{chip.1}": "{chip.2.clone()}</span>
                        <button type="button" aria-label=format!("Remove the filter {}", chip.1) on:click=move |_| place.go([(chip.0, String::new())])>
                            <Icon of=icondata_lu::LuX/>
                        </button>
                    </li>
                </For>
                <li><button type="button" class="link quiet-link" on:click=all>"Remove all"</button></li>
            </ul>
        </Show>
    }
}

/// A filter's value as people read it.
fn shown(name: &str, value: String) -> String {
    match Protocol::of(&value) {
        Some(protocol) if name == CHOSEN_ELSEWHERE => protocol.label(),
        _ => value,
    }
}

/// Asks `load` once more a moment after something happened to sessions or was found, while the time goes until now.
pub(in crate::pages) fn follow<T: Send + Sync + 'static>(place: Place, load: Load<T>) {
    hear(place, load.following(SETTLED));
}

/// Does the same for a page of a view, and counts its rows, which looks at everybody, less often.
pub(super) fn follow_counted<T, C>(place: Place, load: Load<T>, count: Load<C>)
where
    T: Send + Sync + 'static,
    C: Send + Sync + 'static,
{
    let (page, count) = (load.following(SETTLED), count.following(COUNTED));
    hear(place, move || {
        page();
        count();
    });
}

/// Calls `told` whenever something happened to sessions or was found, while the time goes until now.
fn hear(place: Place, told: impl Fn() + Copy + 'static) {
    let live = use_live();
    let tick = move || {
        if untrack(|| matches!(place.span(), Span::Last(_))) {
            told();
        }
    };
    live.subscribe(|| Some(events::counters(None)), move |_| tick());
    if may(Permission::AnalyticsRead) {
        live.subscribe(|| Some(findings::any()), move |_| tick());
    }
}
