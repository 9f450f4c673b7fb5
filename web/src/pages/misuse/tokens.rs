//! The Token view: what each token was used for.

use std::future::Future;

use leptos::prelude::*;

use super::{
    act::{Revoke, Ways},
    parts::{HeldUntil, Open, Score, lasted, tops},
    place::Place,
    token::Panel,
    view::{Column, Row, whole},
};
use crate::{
    api::{
        client::Api,
        failure::{Failure, sentence},
        misuse::{self, Part, TokenUsage, TokenUsageOrder},
        page::Page,
        scalar::{DateTime, TokenStatus},
    },
    country,
    kit::{Name, StatusBadge, When},
    time,
};

/// The view.
#[component]
pub(crate) fn TokenView() -> impl IntoView {
    whole::<TokenUsage>()
}

impl Row for TokenUsage {
    type Order = TokenUsageOrder;
    const FIRST: TokenUsageOrder = TokenUsageOrder::Score;
    const PATH: &'static str = "/misuse/tokens";
    const TITLE: &'static str = "Token view";
    const LEAD: &'static str = "What each token was used for, those that look like misuse first.";
    const TABLE: &'static str = "token-usage";
    const COLUMNS: &'static [Column<TokenUsageOrder>] = &[
        Column::of(TokenUsageOrder::Jti, "jti", "JTI", true),
        Column::of(TokenUsageOrder::User, "user", "User", true),
        Column::of(TokenUsageOrder::Tag, "tag", "Tag", true),
        Column::of(TokenUsageOrder::DurationSum, "duration", "Duration sum", false),
        Column::of(TokenUsageOrder::DurationAvg, "average", "Duration average", false),
        Column::of(TokenUsageOrder::Sessions, "sessions", "Sessions", false),
        Column::of(TokenUsageOrder::Streams, "streams", "Streams", false),
        Column::of(TokenUsageOrder::Ips, "ips", "IPs", false),
        Column::of(TokenUsageOrder::Providers, "providers", "Top providers", false),
        Column::of(TokenUsageOrder::Countries, "countries", "Top countries", false),
        Column::of(TokenUsageOrder::Referrers, "referrers", "Top referrers", false),
        Column::of(TokenUsageOrder::FirstStart, "first", "First start", false),
        Column::of(TokenUsageOrder::LastEnd, "last-end", "Last end", false),
        Column::of(TokenUsageOrder::MaxConcurrency, "concurrency", "Max concurrency", false),
        Column::of(TokenUsageOrder::Score, "score", "Score", false),
        Column::of(TokenUsageOrder::Status, "status", "Status", false),
    ];
    const LAST: &'static str = "Revoke";
    const BLOCKS: bool = false;
    const SUBJECT: &'static str = "Token";

    fn page(
        api: Api,
        part: Part,
        order: TokenUsageOrder,
    ) -> impl Future<Output = Result<Page<Self>, Failure>> + 'static {
        misuse::tokens(api, part, order)
    }

    fn count(api: Api, part: Part) -> impl Future<Output = Result<i32, Failure>> + 'static {
        misuse::count_tokens(api, part)
    }

    fn counted(total: i32, _: Place) -> String {
        time::count(total, "token", "tokens")
    }

    fn panel(place: Place, subject: String, ways: Ways) -> AnyView {
        view! { <Panel place jti=subject ways/> }.into_any()
    }

    fn cells(self, place: Place, ways: Ways) -> AnyView {
        let status = status(ways, &self);
        let revoke = revoke(ways, &self);
        view! {
            <tr>
                <th scope="row"><Open place of=self.jti.inner().to_owned()/></th>
                <td data-label="User">{self.user.map(|of| view! { <Name of/> })}</td>
                <td data-label="Tag">{self.tag.map(|tag| view! { <span class="tag">{tag}</span> })}</td>
                <td data-label="Duration sum" class="num">{lasted(self.duration_sum_s)}</td>
                <td data-label="Duration average" class="num">{lasted(self.duration_avg_s)}</td>
                <td data-label="Sessions" class="num">{self.sessions}</td>
                <td data-label="Streams" class="num">{self.streams}</td>
                <td data-label="IPs" class="num">{self.ips}</td>
                <td data-label="Top providers">{tops(&self.top_providers, str::to_owned)}</td>
                <td data-label="Top countries">{tops(&self.top_countries, country::name)}</td>
                <td data-label="Top referrers">{tops(&self.top_referrers, str::to_owned)}</td>
                <td data-label="First start" class="soft"><When at=self.first_start/></td>
                <td data-label="Last end" class="soft">{match self.last_end {
                    Some(at) => view! { <When at/> }.into_any(),
                    None => "Watches now".into_any(),
                }}</td>
                <td data-label="Max concurrency" class="num">{self.max_concurrency}</td>
                <td data-label="Score" class="stay stay-score"><Score score=self.score indicators=self.indicators/></td>
                <td data-label="Status" class="stay stay-state"><StandsShort status held=self.held_until/></td>
                <td class="acts stay stay-acts">{revoke}</td>
            </tr>
        }
        .into_any()
    }
}

/// How a token stands, and until when a response keeps it out that is not revoked.
#[component]
pub(super) fn Stands(status: Signal<TokenStatus>, held: Option<DateTime>) -> impl IntoView {
    let held = StoredValue::new(held);
    let held = move || {
        held.get_value()
            .filter(|_| status.get() != TokenStatus::Revoked)
            .map(|at| view! { <HeldUntil at/> })
    };
    view! { <span class="line"><StatusBadge status/>{held}</span> }
}

/// The same in one word, for a column of a table: who is held is not called active there.
#[component]
pub(super) fn StandsShort(status: Signal<TokenStatus>, held: Option<DateTime>) -> impl IntoView {
    let held = StoredValue::new(held);
    let stands = move || view! { <StatusBadge status/> };
    move || match held.get_value().filter(|_| status.get() == TokenStatus::Active) {
        Some(at) => view! { <HeldUntil at after=stands short=true/> }.into_any(),
        None => stands().into_any(),
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

/// The way to take a token back, in its row; where that would do nothing it says why, also where it was done here.
pub(super) fn revoke(ways: Ways, row: &TokenUsage) -> impl IntoView + use<> {
    let (status, jti) = (status(ways, row), row.jti.clone());
    let given = row.not_revocable_because.as_deref().map(sentence);
    move || {
        let barred = if status.get() == TokenStatus::Revoked {
            Some("It is revoked already.".to_owned())
        } else {
            given.clone()
        };
        view! { <Revoke ways jti=jti.clone() barred/> }
    }
}
