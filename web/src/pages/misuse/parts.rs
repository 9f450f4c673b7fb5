//! What both views and both panels are made of.

use leptos::prelude::*;

use super::{
    act::{BlockButton, Ways},
    block::Reach,
    place::{FILTERS, Place},
    words,
};
use crate::{
    api::{
        misuse::{Bucket, Indicator},
        rules::Kind,
        scalar::DateTime,
    },
    kit::{Badge, Button, Empty, Icon, Load, Tone},
    time,
};

/// So many rows stand on a page of a view.
pub(super) const ROWS: i32 = 50;

/// Says until when a response keeps somebody out, and leads to those in force. Once that is over, `after` stands there.
/// `short`: for a column of a table, with the time behind it.
#[component]
pub(super) fn HeldUntil(
    at: DateTime,
    #[prop(optional, into)] after: ViewFn,
    #[prop(optional)] short: bool,
) -> impl IntoView {
    let (now, until) = (time::use_now(), format!("Held until {}", time::exact(&at)));
    let why = "A response keeps them out: see Responses.";
    let (text, title, name) = if short {
        ("Held".to_owned(), format!("{until}. {why}"), Some(until))
    } else {
        (until, why.to_owned(), None)
    };
    let holds = Memo::new(move |_| now.get() < time::millis(&at));
    move || {
        if holds.get() {
            let (text, title, name) = (text.clone(), title.clone(), name.clone());
            view! { <a href="/misuse/responses?state=applied" title=title aria-label=name><Badge tone=Tone::Bad text/></a> }.into_any()
        } else {
            after.run()
        }
    }
}

/// A score with what it is made of behind it.
#[component]
pub(super) fn Score(score: i32, indicators: Vec<Indicator>) -> impl IntoView {
    let tone = tone_of(score);
    let why: Vec<_> = indicators
        .into_iter()
        .map(|one| format!("{} (+{}): {}", words::label(&one.code), one.weight, one.evidence))
        .collect();
    view! { <span title=why.join("\n")><Badge tone text=score.to_string()/></span> }
}

/// What a score is made of.
#[component]
pub(super) fn Indicators(indicators: Vec<Indicator>) -> impl IntoView {
    if indicators.is_empty() {
        return view! { <p class="soft">"Nothing within this time looks like misuse."</p> }.into_any();
    }
    view! {
        <ul class="findings">
            {indicators.into_iter().map(|one| view! {
                <li>
                    <Badge tone=tone_of(one.weight * 2) text=format!("+{}", one.weight)/>
                    <span><strong>{words::label(&one.code)}</strong>": "{one.evidence}</span>
                </li>
            }).collect_view()}
        </ul>
    }
    .into_any()
}

/// From 50 on it is called misuse.
pub(super) const fn tone_of(score: i32) -> Tone {
    match score {
        50.. => Tone::Bad,
        1..50 => Tone::Warn,
        _ => Tone::Calm,
    }
}

/// A head that orders the rows; the mark says by what they go, and how. Where `SortList` does so it is a name only.
#[component]
pub(in crate::pages) fn SortHead(
    place: Place,
    label: &'static str,
    word: &'static str,
    #[prop(default = false)] is_text: bool,
) -> impl IntoView {
    let sorted = place.sorted(word);
    let (is_score, is_state) = (word == "score", word == "status");
    let stays = is_score || is_state;
    let said = move || {
        sorted
            .get()
            .map(|ascending| if ascending { "ascending" } else { "descending" })
    };
    view! {
        <th scope="col" aria-sort=said class:stay=stays class:stay-score=is_score class:stay-state=is_state>
            <button type="button" class="sort" on:click=move |_| place.sort(word, is_text)>
                <span>{label}</span>
                {move || match sorted.get() {
                    Some(true) => view! { <Icon of=icondata_lu::LuArrowUp/> }.into_any(),
                    Some(false) => view! { <Icon of=icondata_lu::LuArrowDown/> }.into_any(),
                    None => ().into_any(),
                }}
            </button>
            <span class="sort-name">{label}</span>
        </th>
    }
}

/// The columns by which rows can go, as a list: for narrow places, where heads are out of sight.
#[component]
pub(in crate::pages) fn SortList(place: Place, columns: Vec<(&'static str, &'static str, bool)>) -> impl IntoView {
    let options: Vec<_> = columns
        .iter()
        .map(|(word, label, _)| ((*word).to_owned(), (*label).to_owned()))
        .collect();
    let chosen = Signal::derive(move || place.column());
    let choose = move |chosen: String| {
        if let Some((word, _, is_text)) = columns.iter().find(|(word, ..)| *word == chosen) {
            let dir = if *is_text { "asc" } else { "desc" };
            place.go([("sort", (*word).to_owned()), ("dir", dir.to_owned())]);
        }
    };
    view! {
        <div class="sort-list">
            <crate::kit::Select label="Order" options chosen on_choose=choose/>
        </div>
    }
}

/// The pages of a view, one at a time: however many rows there are, so many are in the page.
#[component]
pub(super) fn Pager<T>(place: Place, load: Load<crate::api::page::Page<T>>) -> impl IntoView
where
    T: Send + Sync + 'static,
{
    let next = Memo::new(move |_| {
        load.value()
            .with(|page| page.as_ref().and_then(|page| page.next.clone()))
    });
    let later = Memo::new(move |_| !place.of("after").is_empty());
    let is_first = Signal::derive(move || (!later.get()).then(|| "This is the first page.".to_owned()));
    let is_last = Signal::derive(move || {
        let is_last = next.with(Option::is_none);
        load.wait()
            .or_else(|| is_last.then(|| "This is the last page.".to_owned()))
    });
    view! {
        <Show when=move || later.get() || next.with(Option::is_some)>
            <nav class="pager" aria-label="Pages">
                <Button barred=is_first keeps_focus=true on_press=move |_| place.go_on([("after", String::new())])>"First page"</Button>
                <Button barred=is_last keeps_focus=true on_press=move |_| {
                    if let Some(next) = next.get_untracked() {
                        place.go_on([("after", next)]);
                    }
                }>"Next page"</Button>
            </nav>
        </Show>
    }
}

/// What stands where no session fits.
#[component]
pub(super) fn NoSessions(place: Place) -> impl IntoView {
    let narrowed = Memo::new(move |_| FILTERS.iter().any(|(name, _)| !place.of(name).is_empty()));
    move || {
        let text = if narrowed.get() {
            "Within this time no session fits the filters. Choose a longer time, or remove a filter."
        } else {
            "Within this time there was no session. Choose a longer time."
        };
        view! { <Empty icon=icondata_lu::LuSearch title="Nobody watched" text/> }
    }
}

/// Names in a row of a view, the most common first.
pub(super) fn tops(buckets: &[Bucket], named: fn(&str) -> String) -> impl IntoView + use<> {
    let shown: Vec<_> = buckets.iter().map(|one| named(&one.name)).collect();
    let whole: Vec<_> = buckets
        .iter()
        .map(|one| {
            format!(
                "{}: {}",
                named(&one.name),
                time::count(whole(one.value), "session", "sessions")
            )
        })
        .collect();
    (!shown.is_empty()).then(|| view! { <span class="tops ellipsis" title=whole.join("\n")>{shown.join(", ")}</span> })
}

/// Values of sessions with how many there were, each with the way to keep it out.
#[component]
pub(super) fn Values(
    #[prop(into)] title: String,
    values: Vec<(String, Bucket)>,
    #[prop(optional)] kind: Option<Kind>,
    ways: Ways,
    #[prop(default = "Not known")] unknown: &'static str,
) -> impl IntoView {
    if values.is_empty() {
        return ().into_any();
    }
    let most = values.iter().map(|(_, one)| one.value).fold(1.0, f64::max);
    let rows = values.into_iter().map(|(label, bucket)| {
        let label = if label.is_empty() { unknown.to_owned() } else { label };
        let style = format!("--much: {:.4}", bucket.value / most);
        let block = kind.map(|kind| {
            let reaches = vec![Reach::of(kind, &bucket.name, label.clone())];
            view! { <BlockButton ways reaches/> }
        });
        view! {
            <li>
                <span class="bar-label" title=label.clone()>{label.clone()}</span>
                <span class="bar" style=style aria-hidden="true"></span>
                <span class="bar-value num">{time::count(whole(bucket.value), "session", "sessions")}</span>
                {block}
            </li>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="panel-part">
            <h3>{title}</h3>
            <ul class="bars">{rows}</ul>
        </section>
    }
    .into_any()
}

/// The row of the view, in pairs.
pub(super) fn pairs(pairs: impl IntoIterator<Item = (&'static str, String)>) -> impl IntoView {
    let rows: Vec<_> = pairs.into_iter().collect();
    view! {
        <dl class="figures">
            {rows.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}
        </dl>
    }
}

/// "1:05:09", from seconds.
pub(super) fn lasted(seconds: f64) -> String {
    time::span(0.0, seconds * 1e3)
}

/// A number of things that were counted.
pub(in crate::pages) fn whole(value: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "what is counted here fits")]
    let whole = value.round() as i32;
    whole
}

/// A way to the row's panel.
#[component]
pub(super) fn Open(place: Place, #[prop(into)] of: String) -> impl IntoView {
    let (name, to, title) = (format!("Details of {of}"), of.clone(), of.clone());
    view! {
        <button type="button" class="link mono ellipsis row-open" title=title aria-label=name aria-haspopup="dialog" on:click=move |_| place.go_on([("open", to.clone())])>{of}</button>
    }
}

/// Whatever is open in the panel; closing it takes it out of the address.
pub(super) fn opened(place: Place) -> (RwSignal<bool>, Memo<String>) {
    let subject = Memo::new(move |_| place.of("open"));
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(!subject.with(String::is_empty)));
    Effect::new(move |before: Option<bool>| {
        let open = open.get();
        if before == Some(true) && !open && !subject.with_untracked(String::is_empty) {
            place.go([("open", String::new())]);
        }
        open
    });
    (open, subject)
}
