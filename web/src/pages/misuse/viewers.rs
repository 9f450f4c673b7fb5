//! Viewers: what each of them watched, with whatever tokens.

use std::future::Future;

use leptos::prelude::*;

use super::{
    act::{BanButton, Ways},
    parts::{HeldUntil, Open, Score, lasted, tops},
    place::Place,
    view::{Column, Row, whole},
    viewer::Panel,
};
use crate::{
    api::{
        client::Api,
        failure::Failure,
        misuse::Part,
        page::Page,
        viewer_usage::{self, ViewerUsage, ViewerUsageOrder},
    },
    country,
    kit::{Badge, Tone, When},
    time,
};

/// The view.
#[component]
pub(crate) fn ViewerView() -> impl IntoView {
    whole::<ViewerUsage>()
}

impl Row for ViewerUsage {
    type Order = ViewerUsageOrder;
    const FIRST: ViewerUsageOrder = ViewerUsageOrder::Score;
    const PATH: &'static str = "/misuse/viewers";
    const TITLE: &'static str = "Viewers";
    const LEAD: &'static str = "What each viewer watched, with whatever tokens, those that look like misuse first.";
    const TABLE: &'static str = "viewer-usage";
    const COLUMNS: &'static [Column<ViewerUsageOrder>] = &[
        Column::of(ViewerUsageOrder::User, "user", "User", true),
        Column::of(ViewerUsageOrder::DurationSum, "duration", "Duration sum", false),
        Column::of(ViewerUsageOrder::DurationAvg, "average", "Duration average", false),
        Column::of(ViewerUsageOrder::Sessions, "sessions", "Sessions", false),
        Column::of(ViewerUsageOrder::Streams, "streams", "Streams", false),
        Column::of(ViewerUsageOrder::Tokens, "tokens", "Tokens", false),
        Column::of(ViewerUsageOrder::Ips, "ips", "IPs", false),
        Column::of(ViewerUsageOrder::Providers, "providers", "Top providers", false),
        Column::of(ViewerUsageOrder::Countries, "countries", "Top countries", false),
        Column::of(ViewerUsageOrder::Bytes, "bytes", "Media", false),
        Column::of(ViewerUsageOrder::FirstStart, "first", "First start", false),
        Column::of(ViewerUsageOrder::LastEnd, "last-end", "Last end", false),
        Column::of(
            ViewerUsageOrder::MaxConcurrency,
            "concurrency",
            "Max concurrency",
            false,
        ),
        Column::of(ViewerUsageOrder::Score, "score", "Score", false),
        Column::of(ViewerUsageOrder::Banned, "status", "Banned", false),
    ];
    const LAST: &'static str = "Ban";
    const BLOCKS: bool = false;
    const SUBJECT: &'static str = "Viewer";

    fn page(
        api: Api,
        part: Part,
        order: ViewerUsageOrder,
    ) -> impl Future<Output = Result<Page<Self>, Failure>> + 'static {
        viewer_usage::page(api, part, order)
    }

    fn count(api: Api, part: Part) -> impl Future<Output = Result<i32, Failure>> + 'static {
        viewer_usage::count(api, part)
    }

    fn counted(total: i32, _: Place) -> String {
        time::count(total, "viewer", "viewers")
    }

    fn panel(place: Place, subject: String, ways: Ways) -> AnyView {
        view! { <Panel place user=subject ways/> }.into_any()
    }

    fn cells(self, place: Place, ways: Ways) -> AnyView {
        let (banned, no) = (self.banned, || "No");
        let ban = (!banned).then(|| view! { <BanButton ways user=self.user.clone()/> });
        view! {
            <tr>
                <th scope="row"><Open place of=self.user/></th>
                <td data-label="Duration sum" class="num">{lasted(self.duration_sum_s)}</td>
                <td data-label="Duration average" class="num">{lasted(self.duration_avg_s)}</td>
                <td data-label="Sessions" class="num">{self.sessions}</td>
                <td data-label="Streams" class="num">{self.streams}</td>
                <td data-label="Tokens" class="num">{self.tokens}</td>
                <td data-label="IPs" class="num">{self.ips}</td>
                <td data-label="Top providers">{tops(&self.top_providers, str::to_owned)}</td>
                <td data-label="Top countries">{tops(&self.top_countries, country::name)}</td>
                <td data-label="Media" class="num">{time::bytes(self.bytes)}</td>
                <td data-label="First start" class="soft"><When at=self.first_start/></td>
                <td data-label="Last end" class="soft">{match self.last_end {
                    Some(at) => view! { <When at/> }.into_any(),
                    None => "Watches now".into_any(),
                }}</td>
                <td data-label="Max concurrency" class="num">{self.max_concurrency}</td>
                <td data-label="Score" class="stay stay-score"><Score score=self.score indicators=self.indicators/></td>
                <td data-label="Banned" class="stay stay-state">{match self.held_until {
                    _ if banned => view! { <Badge tone=Tone::Bad text="Banned"/> }.into_any(),
                    Some(at) => view! { <HeldUntil at after=no short=true/> }.into_any(),
                    None => no().into_any(),
                }}</td>
                <td class="acts stay stay-acts">{ban}</td>
            </tr>
        }
        .into_any()
    }
}
