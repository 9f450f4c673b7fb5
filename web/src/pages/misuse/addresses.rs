//! The IP view: what was watched from each address.

use leptos::prelude::*;

use super::{
    Page as Frame,
    act::{BlockButton, Dialogs, Ways},
    address::Panel,
    block::Reach,
    export,
    filters::{Bar, follow},
    parts::{ExportButton, NoSessions, Open, Pager, Score, SortHead, SortList, lasted, opened},
    place::Place,
};
use crate::{
    api::{
        client::use_api,
        misuse::{self, AddressUsage, AddressUsageOrder, Part},
    },
    country,
    kit::{Badge, Dialog, Load, Loaded, Name, Skeleton, Tone, When, nodes, use_toasts},
    time,
};

/// A column by which rows can go: its name in the address, what it is called, whether it has letters.
type Column = (AddressUsageOrder, &'static str, &'static str, bool);

const COLUMNS: [Column; 13] = [
    (AddressUsageOrder::Ip, "ip", "IP", true),
    (AddressUsageOrder::DurationSum, "duration", "Duration sum", false),
    (AddressUsageOrder::DurationAvg, "average", "Duration average", false),
    (AddressUsageOrder::Sessions, "sessions", "Sessions", false),
    (AddressUsageOrder::Streams, "streams", "Streams", false),
    (AddressUsageOrder::Tokens, "tokens", "Tokens", false),
    (AddressUsageOrder::Tags, "tags", "Tags", false),
    (AddressUsageOrder::Provider, "provider", "Provider", true),
    (AddressUsageOrder::Country, "country", "Country", true),
    (AddressUsageOrder::FirstStart, "first", "First start", false),
    (AddressUsageOrder::LastEnd, "last-end", "Last end", false),
    (
        AddressUsageOrder::MaxConcurrency,
        "concurrency",
        "Max concurrency",
        false,
    ),
    (AddressUsageOrder::Score, "score", "Score", false),
];

/// The view.
#[component]
pub(crate) fn IpView() -> impl IntoView {
    let place = Place::at("/misuse/addresses");
    let busy = RwSignal::new(false);
    let export = move || view! { <ExportButton busy on_press=move |()| export(place, busy)/> };
    view! {
        <Frame part="IP view" lead="What was watched from each address, those that look like misuse first." acts=ViewFn::from(export)>
            <View place/>
        </Frame>
    }
}

#[component]
fn View(place: Place) -> impl IntoView {
    let api = use_api();
    let asked_for = Memo::new(move |_| asked(place));
    let load = Load::new(move || {
        let (order, part) = asked_for.get();
        misuse::addresses(api, part, order)
    });
    // The time until now begins later with each asking.
    let again = move || {
        let (order, part) = untrack(|| asked(place));
        let before = asked_for.get_untracked();
        leptos::task::spawn_local(async move {
            if let Ok(page) = misuse::addresses(api, part, order).await
                && asked_for.try_get_untracked() == Some(before)
            {
                load.failure().try_set(None);
                load.value().try_set(Some(page));
            }
        });
    };
    follow(place, again);
    let ways = Ways::new();
    let rows = nodes(load);
    let found = Signal::derive(move || {
        load.value().with(|page| {
            page.as_ref()
                .map(|page| time::count(page.total, "address", "addresses"))
        })
    });
    let (open, subject) = opened(place);
    view! {
        <Bar place found/>
        <SortList place columns=COLUMNS.map(|(_, word, label, is_text)| (word, label, is_text)).to_vec()/>
        <Loaded load skeleton=|| view! { <Skeleton lines=10/> }>
            <Show when=move || !rows.with(Vec::is_empty) fallback=|| view! { <NoSessions/> }>
                <div class="table-wrap" tabindex="0" role="region" aria-label="IP view">
                    <table class="table table-dense">
                        <caption class="sr-only">"IP view"</caption>
                        <thead><tr>
                            {COLUMNS.map(|(_, word, label, is_text)| view! { <SortHead place label word is_text/> }).collect_view()}
                            <th scope="col">"Blocked"</th>
                            <th scope="col">"Block"</th>
                        </tr></thead>
                        <tbody>
                            <For each=move || rows.get() key=|row| format!("{row:?}") let:row>
                                <Row row place ways/>
                            </For>
                        </tbody>
                    </table>
                </div>
                <Pager place load/>
            </Show>
        </Loaded>
        <Dialog open title="Address" drawer=true>
            {move || (!subject.with(String::is_empty)).then(|| view! { <Panel place ip=subject.get() ways/> })}
        </Dialog>
        <Dialogs ways on_done=move |()| again()/>
    }
}

#[component]
fn Row(row: AddressUsage, place: Place, ways: Ways) -> impl IntoView {
    let reaches = reaches(&row);
    view! {
        <tr>
            <th scope="row"><Open place of=row.ip.clone()/></th>
            <td data-label="Duration sum" class="num">{lasted(row.duration_sum_s)}</td>
            <td data-label="Duration average" class="num">{lasted(row.duration_avg_s)}</td>
            <td data-label="Sessions" class="num">{row.sessions}</td>
            <td data-label="Streams" class="num">{row.streams}</td>
            <td data-label="Tokens" class="num">{row.tokens}</td>
            <td data-label="Tags">{row.tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> }).collect_view()}</td>
            <td data-label="Provider">{row.provider.map(|of| view! { <Name of/> })}</td>
            <td data-label="Country">{row.country.map(|code| country::name(&code))}</td>
            <td data-label="First start" class="soft"><When at=row.first_start/></td>
            <td data-label="Last end" class="soft">{match row.last_end {
                Some(at) => view! { <When at/> }.into_any(),
                None => "Watches now".into_any(),
            }}</td>
            <td data-label="Max concurrency" class="num">{row.max_concurrency}</td>
            <td data-label="Score"><Score score=row.score indicators=row.indicators/></td>
            <td data-label="Blocked">{if row.blocked { view! { <Badge tone=Tone::Bad text="Blocked"/> }.into_any() } else { "No".into_any() }}</td>
            <td class="acts"><BlockButton ways reaches barred=barred(row.blocked)/></td>
        </tr>
    }
}

/// What a rule could look for, to keep that address out.
pub(super) fn reaches(row: &AddressUsage) -> Vec<Reach> {
    let asn = row.asn.map(|asn| asn.0);
    Reach::around(&row.ip, asn, row.provider.as_deref(), row.country.as_deref())
}

/// Why blocking would do nothing.
pub(super) fn barred(blocked: bool) -> Option<String> {
    blocked.then(|| "A rule keeps it out already: see the Guardian page.".to_owned())
}

/// What is asked for now.
fn asked(place: Place) -> (AddressUsageOrder, Part) {
    let word = place.of("sort");
    let column = COLUMNS.iter().find(|(_, one, ..)| *one == word);
    (
        column.map_or(AddressUsageOrder::Score, |(order, ..)| *order),
        place.part(),
    )
}

const FIELDS: &str = "ip,duration_sum_s,duration_avg_s,sessions,streams,tokens,tags,provider,asn,country,first_start,last_end,max_concurrency,score,blocked,indicators";

fn export(place: Place, busy: RwSignal<bool>) {
    let (api, toasts) = (use_api(), use_toasts());
    let (order, part) = untrack(|| asked(place));
    let ask = move |after| {
        let part = Part {
            after,
            first: export::ROWS,
            ..part.clone()
        };
        misuse::addresses(api, part, order)
    };
    export::run(busy, toasts, "addresses.csv", FIELDS, ask, |row: &AddressUsage| {
        vec![
            row.ip.clone(),
            format!("{:.3}", row.duration_sum_s),
            format!("{:.3}", row.duration_avg_s),
            row.sessions.to_string(),
            row.streams.to_string(),
            row.tokens.to_string(),
            row.tags.join("; "),
            row.provider.clone().unwrap_or_default(),
            row.asn.map(|asn| asn.0.to_string()).unwrap_or_default(),
            row.country.clone().unwrap_or_default(),
            row.first_start.0.clone(),
            row.last_end.as_ref().map(|at| at.0.clone()).unwrap_or_default(),
            row.max_concurrency.to_string(),
            row.score.to_string(),
            row.blocked.to_string(),
            export::signs(&row.indicators),
        ]
    });
}
