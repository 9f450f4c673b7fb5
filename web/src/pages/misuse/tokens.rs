//! The Token view: what each token was used for.

use leptos::prelude::*;

use super::{
    Page as Frame,
    act::{Dialogs, Revoke, Ways},
    export,
    filters::{Bar, follow},
    parts::{ExportButton, NoSessions, Open, Pager, Score, SortHead, SortList, lasted, opened, tops},
    place::Place,
    token::Panel,
};
use crate::{
    api::{
        client::use_api,
        misuse::{self, Part, TokenUsage, TokenUsageOrder},
        scalar::TokenStatus,
    },
    country,
    kit::{Dialog, Load, Loaded, Name, Skeleton, StatusBadge, When, nodes, use_toasts},
    time,
};

/// A column by which rows can go: its name in the address, what it is called, whether it has letters.
type Column = (TokenUsageOrder, &'static str, &'static str, bool);

const COLUMNS: [Column; 15] = [
    (TokenUsageOrder::Jti, "jti", "JTI", true),
    (TokenUsageOrder::User, "user", "User", true),
    (TokenUsageOrder::Tag, "tag", "Tag", true),
    (TokenUsageOrder::DurationSum, "duration", "Duration sum", false),
    (TokenUsageOrder::DurationAvg, "average", "Duration average", false),
    (TokenUsageOrder::Sessions, "sessions", "Sessions", false),
    (TokenUsageOrder::Streams, "streams", "Streams", false),
    (TokenUsageOrder::Ips, "ips", "IPs", false),
    (TokenUsageOrder::Providers, "providers", "Top providers", false),
    (TokenUsageOrder::Countries, "countries", "Top countries", false),
    (TokenUsageOrder::Referrers, "referrers", "Top referrers", false),
    (TokenUsageOrder::FirstStart, "first", "First start", false),
    (TokenUsageOrder::LastEnd, "last-end", "Last end", false),
    (TokenUsageOrder::MaxConcurrency, "concurrency", "Max concurrency", false),
    (TokenUsageOrder::Score, "score", "Score", false),
];

/// The view.
#[component]
pub(crate) fn TokenView() -> impl IntoView {
    let place = Place::at("/misuse/tokens");
    let busy = RwSignal::new(false);
    let export = move || view! { <ExportButton busy on_press=move |()| export(place, busy)/> };
    view! {
        <Frame part="Token view" lead="What each token was used for, those that look like misuse first." acts=ViewFn::from(export)>
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
        misuse::tokens(api, part, order)
    });
    // The time until now begins later with each asking.
    let again = move || {
        let (order, part) = untrack(|| asked(place));
        let before = asked_for.get_untracked();
        leptos::task::spawn_local(async move {
            if let Ok(page) = misuse::tokens(api, part, order).await
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
        load.value()
            .with(|page| page.as_ref().map(|page| time::count(page.total, "token", "tokens")))
    });
    let (open, subject) = opened(place);
    view! {
        <Bar place found/>
        <SortList place columns=COLUMNS.map(|(_, word, label, is_text)| (word, label, is_text)).to_vec()/>
        <Loaded load skeleton=|| view! { <Skeleton lines=10/> }>
            <Show when=move || !rows.with(Vec::is_empty) fallback=|| view! { <NoSessions/> }>
                <div class="table-wrap" tabindex="0" role="region" aria-label="Token view">
                    <table class="table table-dense">
                        <caption class="sr-only">"Token view"</caption>
                        <thead><tr>
                            {COLUMNS.map(|(_, word, label, is_text)| view! { <SortHead place label word is_text/> }).collect_view()}
                            <th scope="col">"Status"</th>
                            <th scope="col">"Revoke"</th>
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
        <Dialog open title="Token" drawer=true>
            {move || (!subject.with(String::is_empty)).then(|| view! { <Panel place jti=subject.get() ways/> })}
        </Dialog>
        <Dialogs ways on_done=move |()| again()/>
    }
}

#[component]
fn Row(row: TokenUsage, place: Place, ways: Ways) -> impl IntoView {
    let jti = row.jti.clone();
    let status = status(ways, &row);
    let running = row.last_end.is_none();
    let barred = move || barred(status.get(), running);
    let revoke = {
        let jti = jti.clone();
        move || (status.get() != TokenStatus::Revoked).then(|| view! { <Revoke ways jti=jti.clone() barred=barred()/> })
    };
    view! {
        <tr>
            <th scope="row"><Open place of=jti.inner().to_owned()/></th>
            <td data-label="User">{row.user.map(|of| view! { <Name of/> })}</td>
            <td data-label="Tag">{row.tag.map(|tag| view! { <span class="tag">{tag}</span> })}</td>
            <td data-label="Duration sum" class="num">{lasted(row.duration_sum_s)}</td>
            <td data-label="Duration average" class="num">{lasted(row.duration_avg_s)}</td>
            <td data-label="Sessions" class="num">{row.sessions}</td>
            <td data-label="Streams" class="num">{row.streams}</td>
            <td data-label="IPs" class="num">{row.ips}</td>
            <td data-label="Top providers">{tops(&row.top_providers, str::to_owned)}</td>
            <td data-label="Top countries">{tops(&row.top_countries, country::name)}</td>
            <td data-label="Top referrers">{tops(&row.top_referrers, str::to_owned)}</td>
            <td data-label="First start" class="soft"><When at=row.first_start/></td>
            <td data-label="Last end" class="soft">{match row.last_end {
                Some(at) => view! { <When at/> }.into_any(),
                None => "Watches now".into_any(),
            }}</td>
            <td data-label="Max concurrency" class="num">{row.max_concurrency}</td>
            <td data-label="Score"><Score score=row.score indicators=row.indicators/></td>
            <td data-label="Status"><StatusBadge status/></td>
            <td class="acts">{revoke}</td>
        </tr>
    }
}

/// As the view has it, or revoked where that was done here.
pub(super) fn status(ways: Ways, row: &TokenUsage) -> Signal<TokenStatus> {
    let (jti, given) = (row.jti.clone(), row.status);
    Signal::derive(move || {
        if ways.revoked.with(|all| all.contains(&jti)) {
            TokenStatus::Revoked
        } else {
            given
        }
    })
}

/// Why revoking would do nothing.
pub(super) fn barred(status: TokenStatus, running: bool) -> Option<String> {
    (status == TokenStatus::Expired && !running).then(|| "It has expired, and no session runs on it.".to_owned())
}

/// What is asked for now.
fn asked(place: Place) -> (TokenUsageOrder, Part) {
    let word = place.of("sort");
    let column = COLUMNS.iter().find(|(_, one, ..)| *one == word);
    (
        column.map_or(TokenUsageOrder::Score, |(order, ..)| *order),
        place.part(),
    )
}

const FIELDS: &str = "jti,user,tag,duration_sum_s,duration_avg_s,sessions,streams,ips,top_providers,top_countries,top_referrers,first_start,last_end,max_concurrency,score,status,indicators";

fn export(place: Place, busy: RwSignal<bool>) {
    let (api, toasts) = (use_api(), use_toasts());
    let (order, part) = untrack(|| asked(place));
    let ask = move |after| {
        let part = Part {
            after,
            first: export::ROWS,
            ..part.clone()
        };
        misuse::tokens(api, part, order)
    };
    export::run(busy, toasts, "tokens.csv", FIELDS, ask, |row: &TokenUsage| {
        vec![
            row.jti.inner().to_owned(),
            row.user.clone().unwrap_or_default(),
            row.tag.clone().unwrap_or_default(),
            format!("{:.3}", row.duration_sum_s),
            format!("{:.3}", row.duration_avg_s),
            row.sessions.to_string(),
            row.streams.to_string(),
            row.ips.to_string(),
            export::listed(&row.top_providers),
            export::listed(&row.top_countries),
            export::listed(&row.top_referrers),
            row.first_start.0.clone(),
            row.last_end.as_ref().map(|at| at.0.clone()).unwrap_or_default(),
            row.max_concurrency.to_string(),
            row.score.to_string(),
            row.status.as_word().to_owned(),
            export::signs(&row.indicators),
        ]
    });
}
